//! `envseal key backup` and `envseal key recover`.

use std::path::{Path, PathBuf};

use envseal::testing::config::EnvName;
use envseal::testing::crypto::{Identity, PrivateKey};
use envseal::testing::team::{GrantLine, MemberName, TeamFile};

#[cfg(unix)]
use crate::support::Session;
use crate::support::{Run, Start, TestEnv, contains_all, relock_keys, write_identity};

const PASSPHRASE: &str = "ENVSEAL_PASSPHRASE";

struct Saved {
    env: TestEnv,
    value: &'static str,
    passphrase: &'static str,
    file: PathBuf,
}

impl Saved {
    /// Creates an environment with an older and a newer key, another environment, and a backup of both. A second backup,
    /// `as-made.txt`, takes as long to unlock as any.
    fn new() -> Self {
        static START: Start = Start::new();
        let env = TestEnv::copy_of(&START, |env| {
            let (value, passphrase) = (env.secret("one"), env.secret("passphrase"));
            env.envseal(&["set", "A", "-e", "default,p.local"]).stdin(&value).ok();
            let newer = env.private_key("ENVSEAL_PRIVATE_KEY");
            let older = PrivateKey::generate();
            let list = format!("{newer},{}", older.to_text().expose());
            env.write(".env.keys", env.read(".env.keys").replace(&newer, &list));
            let made = env.outside().join("home/as-made.txt");
            env.envseal(&["key", "backup"]).arg(&made).var(PASSPHRASE, &passphrase).ok();
            let file = env.outside().join("home/saved.txt");
            std::fs::copy(&made, &file).unwrap();
            relock(&file, &passphrase, &env.read(".env.keys"));
        });
        let file = env.outside().join("home/saved.txt");
        Self { env, value: "canary-one-0", passphrase: "canary-passphrase-1", file }
    }

    fn path(&self) -> &str {
        self.file.to_str().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Run<'_> {
        self.env.envseal(arguments).var(PASSPHRASE, self.passphrase)
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.file).unwrap()
    }
}

/// Makes a backup cheap to unlock. `keys` is a text with its private keys.
fn relock(backup: &Path, passphrase: &str, keys: &str) {
    let text = std::fs::read_to_string(backup).unwrap();
    std::fs::write(backup, relock_keys(&text, passphrase, keys)).unwrap();
}

#[test]
fn a_lost_keys_file_comes_back() {
    let saved = Saved::new();
    let env = &saved.env;
    let keys = env.read(".env.keys");
    let made = env.outside().join("home/as-made.txt");
    let text = std::fs::read_to_string(&made).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(
        lines[0].starts_with(&format!("default {} envseal-lk1-", env.ok(&["key", "show"]).trim())),
        "{text}"
    );
    assert!(
        lines[2].starts_with("p.local envseal-pk1-"),
        "the whole name of an environment that has a file: {text}"
    );
    assert!(text.starts_with("# envseal backup: ") && text.contains("envseal key recover FILE"), "{text}");
    assert!(!text.contains("envseal-sk1-"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&made).unwrap().permissions().mode() & 0o7777, 0o600);
    }

    std::fs::remove_file(env.path(".env.keys")).unwrap();
    env.fails(3, &["get", "A"]);
    let said = saved.run(&["key", "recover"]).arg(&made).output();
    assert_eq!(said.status, 0, "{}", said.stderr);
    assert!(
        said.stderr.contains("Added 2 keys of default to .env.keys\nAdded 1 key of p.local to .env.keys\n"),
        "{}",
        said.stderr
    );
    assert_eq!(
        env.read(".env.keys").lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>(),
        keys.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>()
    );
    for arguments in [&["get", "A"][..], &["get", "A", "-e", "p.local"]] {
        assert_eq!(env.ok(arguments), format!("{}\n", saved.value));
    }
    let before = env.snapshot();
    let again = saved.run(&["key", "recover", saved.path()]).output();
    assert_eq!(
        again.stderr,
        ".env.keys already has 2 keys of default\n.env.keys already has 1 key of p.local\n"
    );
    assert_eq!(env.snapshot(), before);
}

#[test]
fn what_is_missing_goes_behind_what_is_newer() {
    let saved = Saved::new();
    let env = &saved.env;
    let list = env.private_key("ENVSEAL_PRIVATE_KEY");
    let (newer, older) = list.split_once(',').unwrap();
    let newest = PrivateKey::generate().to_text();
    let newest = newest.expose();
    let of_p = env.private_key("ENVSEAL_PRIVATE_KEY_P_LOCAL");
    // Windows has its own line endings, and some programs omit the last one.
    std::fs::write(&saved.file, saved.text().trim_end().replace('\n', "\r\n")).unwrap();
    for (there, expected) in [
        (newest.to_owned(), format!("{newest},{newer},{older}")),
        (format!("{newest},{older}"), format!("{newest},{newer},{older}")),
        (older.to_owned(), format!("{newer},{older}")),
        (newer.to_owned(), format!("{newer},{older}")),
        (format!("{newer},{newest}"), format!("{newer},{newest},{older}")),
    ] {
        env.write(".env.keys", format!("# mine\nOTHER=1 # x\nENVSEAL_PRIVATE_KEY={there} # keep\n"));
        saved.run(&["key", "recover", saved.path(), "-e", "default"]).ok();
        assert_eq!(
            env.read(".env.keys"),
            format!("# mine\nOTHER=1 # x\nENVSEAL_PRIVATE_KEY={expected} # keep\n")
        );
    }
    saved.run(&["key", "recover", saved.path(), "-e", "p.local"]).ok();
    assert_eq!(env.private_key("ENVSEAL_PRIVATE_KEY_P_LOCAL"), of_p);
}

#[test]
fn nothing_is_written_unless_every_key_opens() {
    let saved = Saved::new();
    let env = &saved.env;
    env.write(".env.keys", "");
    let text = saved.text();
    let said = env.envseal(&["key", "recover", saved.path()]).var(PASSPHRASE, "another").refuses(3);
    assert!(said.contains(": wrong passphrase"), "{said}");
    assert!(env.refuses(3, &["key", "recover", saved.path()]).contains("no terminal"));
    let said = saved.run(&["key", "recover", saved.path(), "-e", "q"]).refuses(2);
    assert!(said.contains("has no key of q\nhint: it has keys of default and p.local"), "{said}");

    let lines: Vec<_> = text.lines().collect();
    let [first, .., last] = lines[4..] else { panic!("{text}") };
    let words: Vec<_> = last.split(' ').collect();
    let other: Vec<_> = first.split(' ').collect();
    for (line, expected) in [
        (format!("{} {} {}", words[0], words[1], other[2]), "the locked key is for another public key"),
        (format!("{} {}", words[0], words[2]), ""),
        (words[2].to_owned(), "neither a comment nor"),
        (format!("a/b {} {}", words[1], words[2]), "\"a/b\" isn't a valid environment name"),
        (format!("{} {} {}", words[0], words[1], &words[2][..100]), "the locked key"),
        (format!("{last} "), ""),
        (format!(" {last}x"), ""),
        ("half a line".to_owned(), ""),
    ] {
        std::fs::write(&saved.file, text.replace(last, &line)).unwrap();
        let said = saved.run(&["key", "recover", saved.path()]).refuses(4);
        assert!(said.contains(&format!("line 7: {expected}")), "{line}: {said}");
    }
    for (bytes, expected) in [(&b"# nothing\n"[..], "it holds no key"), (b"\xff", "it is not UTF-8")] {
        std::fs::write(&saved.file, bytes).unwrap();
        assert!(saved.run(&["key", "recover", saved.path()]).refuses(4).contains(expected));
    }
    std::fs::remove_file(&saved.file).unwrap();
    assert!(saved.run(&["key", "recover", saved.path()]).refuses(4).contains("does not exist"));
}

/// Git is asked again after the prompt.
#[cfg(unix)]
#[test]
fn a_backup_that_git_stopped_ignoring_meanwhile_is_not_written() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A", "1"]);
    let ignored = env.read(".gitignore");
    env.write(".gitignore", format!("{ignored}saved.txt\n"));
    let Some(mut session) = Session::start(env.envseal(&["key", "backup", "saved.txt"])) else { return };
    session.until(": ");
    env.write(".gitignore", ignored);
    session.keys("passphrase\n");
    session.until(": ");
    session.keys("passphrase\n");
    let (status, _, shown) = session.end();
    assert!(status == 4 && shown.contains("git would add saved.txt"), "{shown}");
    assert!(!env.path("saved.txt").exists());
}

#[test]
fn a_backup_is_written_nowhere_that_git_sees_and_over_nothing() {
    let saved = Saved::new();
    let env = &saved.env;
    let (before, text) = (env.snapshot(), saved.text());
    let said = saved.run(&["key", "backup", saved.path()]).fails(4);
    assert!(said.contains("saved.txt already exists"), "{said}");
    for path in ["saved.txt", "./a/../saved.txt", env.path("saved.txt").to_str().unwrap()] {
        let said = saved.run(&["key", "backup", path]).fails(4);
        contains_all(&said, &["git would add ", "hint: put it elsewhere: envseal key backup ~/saved.txt"]);
    }
    #[cfg(unix)]
    {
        // Through another name of the folder, and through a link to a file that doesn't exist yet.
        std::os::unix::fs::symlink(env.repo(), env.outside().join("home/repo")).unwrap();
        let inside = env.outside().join("home/repo/saved.txt");
        assert!(saved.run(&["key", "backup", inside.to_str().unwrap()]).fails(4).contains("git would add"));
        let link = env.outside().join("home/link");
        std::os::unix::fs::symlink(env.path("saved.txt"), &link).unwrap();
        assert!(saved.run(&["key", "backup", link.to_str().unwrap()]).fails(4).contains("already exists"));
    }
    assert_eq!((env.snapshot(), saved.text()), (before, text));
    env.write(".gitignore", env.read(".gitignore") + "*.backup\n");
    saved.run(&["key", "backup", "mine.backup"]).ok();
    assert!(!env.git(&["status", "--porcelain"]).contains("mine.backup"));
}

#[test]
fn without_a_passphrase_or_a_key_there_is_no_backup() {
    let env = TestEnv::new();
    let file = env.outside().join("home/b");
    let backup = ["key", "backup", file.to_str().unwrap()];
    let said = env.envseal(&backup).var(PASSPHRASE, "p").fails(2);
    assert!(said.contains("no private keys found"), "{said}");
    env.ok(&["set", "A", "1"]);
    assert!(env.fails(2, &backup).contains("ENVSEAL_PASSPHRASE"));
    assert!(!file.exists());
}

/// Injected, granted and locked keys are each listed once, newest first. Another clone recovers all of them.
#[test]
fn keys_from_every_place_are_in_it() {
    let env = TestEnv::new();
    let passphrase = env.secret("passphrase");
    env.ok(&["set", "A", "1"]);
    let own = env.private_key("ENVSEAL_PRIVATE_KEY");
    env.lock_keys(&passphrase);
    let injected = [PrivateKey::generate(), PrivateKey::generate()];
    let list = injected.each_ref().map(|key| key.to_text().expose().to_owned()).join(",");

    let (me, granted) = (Identity::generate(), PrivateKey::generate());
    let home = env.outside().join("home/.local/share/envseal");
    std::fs::create_dir_all(&home).unwrap();
    write_identity(&home.join("identity"), &me);
    let alice = MemberName::new("alice").unwrap();
    let mut team = TeamFile::parse(b"").unwrap();
    team.put_member(&alice, &me.public());
    let production = EnvName::new("production").unwrap();
    team.put_grant(GrantLine::make(&production, &granted, (&alice, &me.public()), (&alice, &me)));
    env.write("envseal.toml", team.text());

    let file = env.outside().join("home/b");
    let run = |arguments: &[&str]| env.envseal(arguments).var(PASSPHRASE, &passphrase);
    run(&["key", "backup", file.to_str().unwrap()]).var("ENVSEAL_PRIVATE_KEY_CI_1", &list).ok();
    let text = std::fs::read_to_string(&file).unwrap();
    let heads: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.rsplit_once(' ').unwrap().0.to_owned())
        .collect();
    let expected = [
        format!("ci_1 {}", injected[0].public()),
        format!("ci_1 {}", injected[1].public()),
        format!("default {}", env.ok(&["key", "show"]).trim()),
        format!("production {}", granted.public()),
    ];
    assert_eq!(heads, expected, "{text}");

    std::fs::remove_file(env.path("envseal.toml")).unwrap();
    relock(&file, &passphrase, &format!("{own} {list} {}", granted.to_text().expose()));
    let keys = env.bytes(".env.keys");
    let said = run(&["key", "recover", file.to_str().unwrap()]).output().stderr;
    assert!(said.contains("note: other keys in it are locked, these are not: envseal key lock"), "{said}");
    assert!(env.bytes(".env.keys").starts_with(&keys));
    assert_eq!(env.private_key("ENVSEAL_PRIVATE_KEY_CI_1"), list);
    assert_eq!(env.private_key("ENVSEAL_PRIVATE_KEY_PRODUCTION"), granted.to_text().expose());
    assert_eq!(env.git(&["status", "--porcelain", "-uall"]).matches("keys").count(), 0);
}
