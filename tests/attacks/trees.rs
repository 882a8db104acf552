//! Send trees that git would refuse to create, and that programs read differently. envseal refuses to check them.

use std::path::PathBuf;

use crate::support::{TestEnv, set_mode};

/// Not a canary: it is put among git's objects on purpose.
const PLAINTEXT: &str = "sk_live_51HG8vnotforgit";

/// An entry of a tree: mode, name, object.
type Entry = (Vec<u8>, Vec<u8>, String);

/// Makes a bad tree out of the entries of a good one; the object is a file that holds plaintext.
type Change = fn(Vec<Entry>, &str, &str) -> Vec<Entry>;

fn entry(mode: &str, name: &[u8], id: &str) -> Entry {
    (mode.into(), name.into(), id.into())
}

fn with(mut entries: Vec<Entry>, more: &[Entry]) -> Vec<Entry> {
    entries.extend_from_slice(more);
    // As git orders them: a folder's name ends in a slash.
    entries.sort_by_key(|(mode, name, _)| {
        let end: &[u8] = if mode.ends_with(b"40000") { b"/" } else { b"" };
        [name, end].concat()
    });
    entries
}

/// What is wrong with a tree, and how to make it from good entries, a plaintext file and a folder that holds one.
const BAD: &[(&str, Change)] = &[
    ("two entries of one name, the bad one last", |entries, file, _| {
        with(entries, &[entry("100644", b".env", file)])
    }),
    ("two entries of one name, the bad one first", |entries, file, _| {
        with([vec![entry("100644", b".env", file)], entries].concat(), &[])
    }),
    ("two entries of one name and different modes", |entries, file, _| {
        with(entries, &[entry("100755", b".env", file)])
    }),
    ("a folder of a file's name", |entries, _, folder| with(entries, &[entry("40000", b".env", folder)])),
    ("a folder of a file's name, others between them", |entries, file, folder| {
        let more = [
            ("100644", &b"a"[..], file),
            ("100644", b"a-b", file),
            ("100644", b"a.b", file),
            ("40000", b"a", folder),
        ];
        with(entries, &more.map(|(mode, name, id)| entry(mode, name, id)))
    }),
    ("not sorted", |mut entries, file, _| {
        entries.insert(0, entry("100644", b"z.env", file));
        entries
    }),
    ("sorted backwards", |entries, file, _| {
        with(entries, &[entry("100644", b".env.x", file)]).into_iter().rev().collect()
    }),
    ("a folder sorted as a file", |mut entries, file, folder| {
        entries.push(entry("40000", b"x", folder));
        entries.push(entry("100644", b"x-y", file));
        entries
    }),
    ("a slash in a name", |entries, file, _| with(entries, &[entry("100644", b"sub/.env", file)])),
    ("a name that begins with a slash", |entries, file, _| with(entries, &[entry("100644", b"/.env", file)])),
    (".git", |entries, _, folder| with(entries, &[entry("40000", b".git", folder)])),
    (".git as a file", |entries, file, _| with(entries, &[entry("100644", b".git", file)])),
    (".GIT", |entries, _, folder| with(entries, &[entry("40000", b".GIT", folder)])),
    (".", |entries, _, folder| with(entries, &[entry("40000", b".", folder)])),
    ("..", |entries, _, folder| with(entries, &[entry("40000", b"..", folder)])),
    ("no name", |entries, file, _| with(entries, &[entry("100644", b"", file)])),
    ("a folder without a name", |entries, _, folder| with(entries, &[entry("40000", b"", folder)])),
    ("a mode of no kind", |entries, file, _| with(entries, &[entry("170000", b"x.env", file)])),
    ("a device's mode", |entries, file, _| with(entries, &[entry("60644", b"x.env", file)])),
    ("mode 0", |entries, file, _| with(entries, &[entry("0", b"x.env", file)])),
    ("a mode with a sign", |entries, file, _| with(entries, &[entry("-100644", b"x.env", file)])),
    ("a mode that is no number", |entries, file, _| with(entries, &[entry("10064x", b"x.env", file)])),
    ("no mode", |entries, file, _| with(entries, &[entry("", b"x.env", file)])),
    ("an object that cannot be", |entries, _, _| {
        with(entries, &[entry("100644", b"x.env", &"0".repeat(40))])
    }),
    ("a file that is a folder", |entries, _, folder| with(entries, &[entry("100644", b"x.env", folder)])),
    ("a folder that is a file", |entries, file, _| with(entries, &[entry("40000", b"x", file)])),
];

/// Raw bytes after the entries. Git's own readers refuse them, so such a tree cannot be pushed.
const CUT: &[(&str, &[u8])] = &[
    ("an id that is cut short", b"100644 x.env\x00\x01\x02\x03"),
    ("a name without its end", b"100644 x.env"),
    ("a mode without its end", b"100644"),
    ("no id", b"100644 x.env\0"),
    ("a NUL", b"\0"),
];

struct Forge {
    env: TestEnv,
    /// The commit that everything is built on, and the entries of its tree.
    base: String,
    entries: Vec<Entry>,
    /// A file, which holds plaintext by default, and a folder that holds it as `.env`.
    file: String,
    folder: String,
}

impl Forge {
    fn new() -> Self {
        let env = TestEnv::new();
        let secret = env.secret("hello");
        env.envseal(&["set", "-q", "HELLO"]).stdin(secret).ok();
        env.write("notes", "notes\n");
        let base = env.commit("sealed");
        Self::on(env, base, &format!("SECRET={PLAINTEXT}\n"))
    }

    /// Creates a `Forge` with this text in the file that trees get.
    fn on(env: TestEnv, base: String, text: &str) -> Self {
        let listed = env.git(&["ls-tree", &base]);
        let of_line = |line: &str| {
            let (head, name) = line.split_once('\t').unwrap();
            let [mode, _, id] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            entry(mode.trim_start_matches('0'), name.as_bytes(), id)
        };
        let entries = listed.lines().map(of_line).collect();
        let file = env.program("git", &["hash-object", "-w", "--stdin"]).stdin(text).ok().trim().to_owned();
        let forge = Self { env, base, entries, file, folder: String::new() };
        let folder = forge.tree(&[entry("100644", b".env", &forge.file)], b"");
        Self { folder, ..forge }
    }

    /// Writes a tree with exactly these entries, past git's checks.
    fn tree(&self, entries: &[Entry], end: &[u8]) -> String {
        let mut bytes = Vec::new();
        for (mode, name, id) in entries {
            bytes.extend_from_slice(&[mode, &b" "[..], name, b"\0"].concat());
            let digits = id.as_bytes().chunks(2).map(|two| std::str::from_utf8(two).unwrap());
            bytes.extend(digits.map(|two| u8::from_str_radix(two, 16).unwrap()));
        }
        bytes.extend_from_slice(end);
        let write = ["hash-object", "-t", "tree", "--literally", "-w", "--stdin"];
        self.env.program("git", &write).stdin(bytes).ok().trim().to_owned()
    }

    fn commit(&self, tree: &str, parent: &str) -> String {
        self.env.git(&["commit-tree", "-p", parent, "-m", "x", tree]).trim().to_owned()
    }

    /// Returns a tree that has this one as a folder.
    fn around(&self, tree: &str) -> String {
        self.tree(&with(self.entries.clone(), &[entry("40000", b"sub", tree)]), b"")
    }

    #[track_caller]
    fn refuses(&self, what: &str, arguments: &[&str]) {
        let output = self.env.envseal(arguments).soon();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), output.stderr);
        assert_eq!(output.status, 4, "{what}: {arguments:?}: {said}");
        assert!(!said.contains(&PLAINTEXT[..8]), "{what}: {said}");
    }

    /// Asserts that every check refuses a commit with this tree.
    #[track_caller]
    fn refused(&self, what: &str, tree: &str) {
        let (env, base) = (&self.env, &self.base);
        let good = format!("{base}^{{tree}}");
        let bad = self.commit(tree, base);
        let mended = self.commit(&good, &bad);
        let later = self.commit(&good, &mended);
        // As the end of a range, within one, and as its base.
        self.refuses(what, &["check", "--range", &format!("{base}..{bad}")]);
        self.refuses(what, &["check", "--range", &format!("{base}..{mended}")]);
        self.refuses(what, &["check", "--range", &format!("{base}..{later}")]);
        self.refuses(what, &["check", "--range", &format!("{bad}..{mended}")]);
        self.refuses(what, &["check", "--range", &format!("{}..{bad}", "0".repeat(40))]);
        self.refuses(what, &["check", "--range", &format!("{base}..{later}"), "--accept-policy"]);
        // Anywhere in the past of any ref.
        env.git(&["update-ref", "refs/heads/aside", &later]);
        self.refuses(what, &["check", "--history"]);
        env.git(&["update-ref", "-d", "refs/heads/aside"]);
        // At HEAD, with which staged files are compared.
        env.git(&["update-ref", "HEAD", &bad]);
        for arguments in [&["check"][..], &["check", "--staged"], &["hook", "run", "pre-commit"]] {
            self.refuses(what, arguments);
        }
        env.git(&["update-ref", "HEAD", base]);
    }
}

#[test]
fn none_is_judged() {
    let forge = Forge::new();
    for (what, change) in BAD {
        println!("{what}");
        let entries = change(forge.entries.clone(), &forge.file, &forge.folder);
        let tree = forge.tree(&entries, b"");
        forge.refused(what, &tree);
    }
}

#[test]
fn nor_in_a_folder() {
    let forge = Forge::new();
    for (what, change) in BAD {
        println!("{what}");
        let entries = change(forge.entries.clone(), &forge.file, &forge.folder);
        let tree = forge.around(&forge.around(&forge.tree(&entries, b"")));
        let bad = forge.commit(&tree, &forge.base);
        forge.refuses(what, &["check", "--range", &format!("{}..{bad}", forge.base)]);
        forge.env.git(&["update-ref", "refs/heads/aside", &bad]);
        forge.refuses(what, &["check", "--history"]);
    }
}

#[test]
fn nor_one_that_is_cut() {
    let forge = Forge::new();
    for (what, end) in CUT {
        println!("{what}");
        let tree = forge.tree(&forge.entries, end);
        forge.refused(what, &tree);
        let bad = forge.commit(&forge.around(&tree), &forge.base);
        forge.refuses(what, &["check", "--range", &format!("{}..{bad}", forge.base)]);
    }
}

/// Good trees written in the same way are checked, so the refusals above are due to the changes.
#[test]
fn what_git_would_write_is_judged() {
    let forge = Forge::new();
    let (env, base) = (&forge.env, &forge.base);
    let of = |mode: &str, name: &[u8], id: &str| {
        forge.commit(&forge.tree(&with(forge.entries.clone(), &[entry(mode, name, id)]), b""), base)
    };
    let range = |commit: &str| env.errors(&["--range", &format!("{base}..{commit}")]);
    let notes = forge.entries.iter().find(|(_, name, _)| name == b"notes").unwrap().2.clone();
    // Modes that git has written in the past, and names that are merely odd.
    for (mode, name) in [
        ("100644", &b"x"[..]),
        ("100755", b"x"),
        ("100664", b"x"),
        ("100644", b".gitx"),
        ("100644", b"git"),
        ("100644", b"..."),
        ("100644", b"\xff\xfe"),
        ("100644", b" "),
        ("100644", b"a\nb"),
        ("100644", b"a:b"),
    ] {
        assert!(range(&of(mode, name, &notes)).is_empty(), "{mode} {name:?}");
    }
    let nested = forge.tree(&[entry("100644", b"x", &notes)], b"");
    assert!(range(&of("40000", b"sub", &nested)).is_empty());
    assert!(range(&of("160000", b"module", base)).is_empty());
    assert_eq!(range(&of("40000", b"sub", &forge.folder)), ["sub/.env:1 !plaintext SECRET"]);
    assert_eq!(range(&of("100644", b".env.x", &forge.file)), [".env.x:1 !plaintext SECRET"]);
}

/// Creates a bare repository that accepts everything except what the hook docs/pre-receive refuses.
fn server(env: &TestEnv) -> PathBuf {
    let bare = env.outside().join("server.git");
    env.git(&["init", "-q", "--bare", "-b", "main", bare.to_str().unwrap()]);
    let hook = bare.join("hooks/pre-receive");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pre-receive"), &hook).unwrap();
    set_mode(&hook, 0o755);
    for name in ["receive.fsckObjects", "transfer.fsckObjects"] {
        env.program("git", &["config", name, "false"]).dir(&bare).ok();
    }
    bare
}

/// Asserts that the server refuses such a commit, alone or with one on top that repairs it.
#[track_caller]
fn stops(forge: &Forge, bare: &PathBuf, what: &str, tree: &str) {
    let env = &forge.env;
    let refs = || env.program("git", &["for-each-ref"]).dir(bare).ok();
    let before = refs();
    let bad = forge.commit(tree, &forge.base);
    let mended = forge.commit(&format!("{}^{{tree}}", forge.base), &bad);
    for refspec in [format!("{bad}:refs/heads/main"), format!("{mended}:refs/heads/new")] {
        let push = ["push", "-q", "--no-verify", bare.to_str().unwrap(), &refspec];
        let output = env.git_with_envseal(&push).soon();
        assert_ne!(output.status, 0, "{what}: {refspec} was accepted");
        assert_eq!(refs(), before, "{what}");
    }
}

#[test]
fn none_is_taken_by_a_server() {
    // The file has no plaintext: nothing but the tree is wrong.
    let Forge { env, base, .. } = Forge::new();
    let forge = Forge::on(env, base, "# nothing\n");
    let bare = server(&forge.env);
    let start = format!("{}:refs/heads/main", forge.base);
    forge.env.git_with_envseal(&["push", "-q", bare.to_str().unwrap(), &start]).ok();
    for (what, change) in BAD {
        println!("{what}");
        let entries = change(forge.entries.clone(), &forge.file, &forge.folder);
        let tree = forge.tree(&entries, b"");
        stops(&forge, &bare, what, &tree);
        stops(&forge, &bare, what, &forge.around(&tree));
    }
}

/// The hook is not the only protection: in a clone that has such a tree, the checks refuse it, too.
#[test]
fn a_removed_member_does_not_come_back_in_the_second_of_two_team_files() {
    let env = TestEnv::new();
    env.envseal(&["set", "-q", "HELLO"]).stdin(env.secret("hello")).ok();
    for (name, home) in [("alice", "home"), ("bob", "home-of-bob")] {
        let home = env.outside().join(home);
        std::fs::create_dir_all(&home).unwrap();
        env.envseal(&["team", "request", "-q", "--name", name]).var("HOME", home).ok();
    }
    env.commit("team");
    let with_bob = env.git(&["rev-parse", "HEAD:envseal.toml"]).trim().to_owned();
    env.ok(&["team", "remove", "-q", "bob", "--yes"]);
    let base = env.commit("bob is removed");
    assert!(!env.read("envseal.toml").contains("bob = \"ssh-"));
    let forge = Forge::on(env, base, "# nothing\n");
    let bare = server(&forge.env);
    forge.env.program("git", &["config", "envseal.acceptPolicy", "true"]).dir(&bare).ok();
    let start = format!("{}:refs/heads/main", forge.base);
    forge.env.git_with_envseal(&["push", "-q", "--no-verify", bare.to_str().unwrap(), &start]).ok();
    let back = entry("100644", b"envseal.toml", &with_bob);
    // It doesn't matter which of the two a program reads.
    let last = with(forge.entries.clone(), std::slice::from_ref(&back));
    let first = with([vec![back.clone()], forge.entries.clone()].concat(), &[]);
    let mut far = forge.entries.clone();
    far.insert(0, back);
    for (what, entries) in [("last", last), ("first", first), ("far from the other", far)] {
        let tree = forge.tree(&entries, b"");
        forge.refused(what, &tree);
        stops(&forge, &bare, what, &tree);
    }
}
