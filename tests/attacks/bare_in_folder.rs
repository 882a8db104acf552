//! Commit a bare repository as plain files in a folder. Git's discovery takes that folder for a repository, and its
//! configuration names programs.

use std::path::{Path, PathBuf};

use crate::support::{Output, Start, TestEnv, write_script};

/// Not a canary: it is committed on purpose.
const PLAINTEXT: &str = "sk_live_51HG8vnotforgit";

/// Folders that are a bare repository in plain files, each with the settings of a bare repository, of one with its
/// worktree elsewhere, or of an ordinary one.
const VENDORS: [(&str, &str); 3] = [
    ("vendor-bare", "\tbare = true\n"),
    ("vendor-elsewhere", "\tbare = false\n\tworktree = ..\n"),
    ("vendor-ordinary", "\tbare = false\n"),
];

/// Folders below each, from which discovery reaches it.
const BELOW: [&str; 3] = ["", "/objects", "/refs/heads"];

/// A project with a leak in it, an ordinary folder `src`, and the folders of [`VENDORS`].
struct Planted {
    env: TestEnv,
    /// A file that every program in those folders' configuration creates.
    pwned: PathBuf,
}

impl Planted {
    fn new() -> Self {
        static START: Start = Start::new();
        let env = TestEnv::copy_of(&START, Self::make);
        let pwned = env.outside().join("pwned");
        let planted = Self { env, pwned };
        planted.arm();
        planted
    }

    fn make(env: &TestEnv) {
        env.envseal(&["set", "-q", "HELLO"]).stdin(env.secret("hello")).ok();
        env.write("src/.env", "");
        env.write("src/notes", "x\n");
        env.commit("sealed");
        // The planted repository has a harmless history and no env files.
        let made = env.outside().join("made");
        let git = |arguments: &[&str]| env.program("git", arguments).dir(&made).ok();
        env.git(&["init", "-q", "-b", "main", made.to_str().unwrap()]);
        std::fs::write(made.join("harmless"), "x\n").unwrap();
        git(&["add", "-A"]);
        git(&["commit", "-q", "-m", "planted"]);
        git(&["commit", "-q", "--allow-empty", "-m", "planted too"]);
        for (vendor, core) in VENDORS {
            for item in ["HEAD", "index", "objects", "refs"] {
                copy(&made.join(".git").join(item), &env.path(vendor).join(item));
            }
            env.write(format!("{vendor}/config"), format!("[core]\n\trepositoryFormatVersion = 0\n{core}"));
            env.write(format!("{vendor}/info/attributes"), "* filter=x diff=x merge=x\n");
            env.write(format!("{vendor}/.gitattributes"), "");
            env.write(format!("{vendor}/.env"), "");
            // Git itself takes the folder for the repository.
            let taken = env.program("git", &["rev-parse", "--absolute-git-dir"]).dir(env.path(vendor)).ok();
            assert_eq!(Path::new(taken.trim()), env.path(vendor));
        }
        env.commit("vendored");
        let sealed = env.read(".env");
        env.write(".env", format!("{sealed}LEAKED={PLAINTEXT}\n"));
        env.commit("leak");
    }

    /// Adds the programs, which create `pwned`, to the planted configuration, and the hooks.
    fn arm(&self) {
        let (env, pwned) = (&self.env, self.pwned.display());
        let program = format!("touch {pwned}");
        let config = format!(
            "[core]\n\
             \tpager = {program}\n\tfsmonitor = {program}\n\tsshCommand = {program}\n\teditor = {program}\n\
             \taskPass = {program}\n\thooksPath = hooks\n\tgitProxy = {program}\n\talternateRefsCommand = {program}\n\
             [pager]\n\tlog = {program}\n\tdiff = {program}\n\
             [diff]\n\texternal = {program}\n\
             [diff \"x\"]\n\ttextconv = {program}\n\tcommand = {program}\n\
             [filter \"x\"]\n\tclean = {program}\n\tsmudge = {program}\n\tprocess = {program}\n\trequired = true\n\
             [merge \"x\"]\n\tdriver = {program}\n\
             [gpg]\n\tprogram = {program}\n\
             [gpg \"ssh\"]\n\tprogram = {program}\n\
             [log]\n\tshowSignature = true\n\
             [credential]\n\thelper = !{program}\n\
             [uploadpack]\n\tpackObjectsHook = {program}\n\
             [remote \"origin\"]\n\turl = ext::sh -c touch% {pwned}\n\tpromisor = true\n\tpartialCloneFilter = blob:none\n\
             [protocol \"ext\"]\n\tallow = always\n\
             [safe]\n\tdirectory = *\n\tbareRepository = all\n",
        );
        for (vendor, _) in VENDORS {
            super::append(env, &format!("{vendor}/config"), &config);
            std::fs::create_dir(env.path(format!("{vendor}/hooks"))).unwrap();
            for hook in ["pre-commit", "post-index-change", "reference-transaction", "post-checkout"] {
                write_script(env.path(format!("{vendor}/hooks/{hook}")), &program);
            }
        }
    }

    /// Runs envseal in this folder, and asserts that it started no program of the planted configuration.
    #[track_caller]
    fn run(&self, folder: &str, arguments: &[&str]) -> Output {
        let output = self.env.envseal(arguments).dir(self.env.path(folder)).soon();
        assert!(!self.pwned.exists(), "{arguments:?} in {folder} started a program: {}", output.stderr);
        output
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap();
        from.read_dir().unwrap().flatten().for_each(|item| copy(&item.path(), &to.join(item.file_name())));
    } else {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    }
}

/// Commands that read.
const READING: [&[&str]; 14] = [
    &["check", "--json"],
    &["check", "--staged", "--json"],
    &["check", "--range", "HEAD~1..HEAD", "--json"],
    &["check", "--history", "--json"],
    &["ls", "--json", "-f", "."],
    &["log", "--json"],
    &["log"],
    &["diff"],
    &["diff", "HEAD~1", "HEAD"],
    &["diff", "HEAD~2"],
    &["get", "HELLO", "--at", "HEAD"],
    &["team", "list"],
    &["key", "list"],
    &["hook", "run", "pre-commit"],
];

#[test]
fn what_is_read_there_is_read_of_the_outer_repository() {
    let planted = Planted::new();
    std::fs::create_dir_all(planted.env.path("src/a/b")).unwrap();
    for (below, ordinary) in BELOW.into_iter().zip(["src", "src/a", "src/a/b"]) {
        let text = |output: &Output, place: &str| {
            (output.status, String::from_utf8_lossy(&output.stdout).replace(place, "PLACE"))
        };
        let expected = READING.map(|arguments| text(&planted.run(ordinary, arguments), ordinary));
        for (vendor, _) in VENDORS {
            let folder = format!("{vendor}{below}");
            for (arguments, expected) in READING.iter().zip(&expected) {
                let output = planted.run(&folder, arguments);
                assert_eq!(&text(&output, &folder), expected, "{arguments:?} in {folder}: {}", output.stderr);
            }
            let found = planted.run(&folder, &["check", "--json"]);
            assert_eq!(found.status, 1, "the leak is found from {folder}: {}", found.stderr);
            assert!(String::from_utf8_lossy(&found.stdout).contains("LEAKED"));
            let file = format!("{}.env", "../".repeat(folder.split('/').count()));
            let log = planted.run(&folder, &["log", "--json", "-f", &file]);
            assert!(String::from_utf8_lossy(&log.stdout).contains("\"leak\""), "{folder}: {}", log.stderr);
            // With -C, too.
            let there = planted.run(".", &["-C", &folder, "check", "--json"]);
            assert_eq!((there.status, there.stdout), (found.status, found.stdout), "-C {folder}");
        }
    }
    for (vendor, _) in VENDORS {
        planted.run(vendor, &["doctor"]);
        planted.run(vendor, &["blame"]);
    }
}

#[test]
fn what_is_written_there_belongs_to_the_outer_repository() {
    for folder in VENDORS.into_iter().flat_map(|(vendor, _)| BELOW.map(|below| format!("{vendor}{below}"))) {
        let planted = Planted::new();
        let env = &planted.env;
        let config = format!("{}/config", folder.split('/').next().unwrap());
        let before = env.bytes(&config);
        let key = |file: &str| {
            let text = env.read(file);
            text.lines().find(|line| line.starts_with("ENVSEAL_PUBLIC_KEY=")).map(str::to_owned)
        };
        let set = planted.run(&folder, &["set", "-q", "NEW", "value"]);
        assert_eq!(set.status, 0, "{folder}: {}", set.stderr);
        let file = format!("{folder}/.env");
        assert!(env.read(&file).contains("NEW=envseal:1:"));
        assert_eq!(key(&file), key(".env"), "{folder}: the outer repository's key");
        assert!(!env.path(&folder).join(".env.keys").exists(), "{folder}: the outer repository's keys file");
        assert_eq!(planted.run(&folder, &["hook", "install"]).status, 0);
        assert!(env.path(".git/hooks/pre-commit").exists(), "{folder}");
        assert_eq!(planted.run(&folder, &["init", "-q"]).status, 0);
        planted.run(&folder, &["encrypt"]);
        planted.run(&folder, &["team", "request", "-q", "--name", "alice"]);
        assert!(env.path("envseal.toml").exists(), "{folder}: at the outer repository's root");
        assert_eq!(env.bytes(&config), before, "{folder}");
    }
}
