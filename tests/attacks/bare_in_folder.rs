//! Commit a bare repository as plain files in a folder. Git's discovery takes that folder for a repository, and its
//! configuration names programs.

use std::path::{Path, PathBuf};

use crate::support::{Output, TestEnv, set_mode};

/// Not a canary: it is committed on purpose.
const PLAINTEXT: &str = "sk_live_51HG8vnotforgit";

/// A project with a leak in it, an ordinary folder `src`, and `vendor`, which is a bare repository in plain files.
struct Planted {
    env: TestEnv,
    /// A file that every program in that configuration creates.
    pwned: PathBuf,
}

impl Planted {
    /// Creates it with these lines in its `[core]`.
    fn new(core: &str) -> Self {
        let env = TestEnv::new();
        let pwned = env.outside().join("pwned");
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
        for item in ["HEAD", "config", "index", "objects", "refs"] {
            copy(&made.join(".git").join(item), &env.path("vendor").join(item));
        }
        let program = format!("touch {}", pwned.display());
        let program = program.as_str();
        let config = format!(
            "[core]\n\trepositoryFormatVersion = 0\n{core}\
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
             [remote \"origin\"]\n\turl = ext::sh -c touch% {}\n\tpromisor = true\n\tpartialCloneFilter = blob:none\n\
             [protocol \"ext\"]\n\tallow = always\n\
             [safe]\n\tdirectory = *\n\tbareRepository = all\n",
            pwned.display()
        );
        env.write("vendor/config", config);
        env.write("vendor/info/attributes", "* filter=x diff=x merge=x\n");
        env.write("vendor/.gitattributes", "");
        for hook in ["pre-commit", "post-index-change", "reference-transaction", "post-checkout"] {
            env.write(format!("vendor/hooks/{hook}"), format!("#!/bin/sh\n{program}\n"));
            let path = env.path(format!("vendor/hooks/{hook}"));
            set_mode(path, 0o755);
        }
        env.write("vendor/.env", "");
        env.commit("vendored");
        let sealed = env.read(".env");
        env.write(".env", format!("{sealed}LEAKED={PLAINTEXT}\n"));
        env.commit("leak");
        // Git itself takes `vendor` for the repository.
        let taken = env.program("git", &["rev-parse", "--absolute-git-dir"]).dir(env.path("vendor")).ok();
        assert_eq!(Path::new(taken.trim()), env.path("vendor"));
        let _ = std::fs::remove_file(&pwned);
        Self { env, pwned }
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

/// The settings of a bare repository, of one with its worktree elsewhere, and of an ordinary one.
const CORES: [&str; 3] = ["\tbare = true\n", "\tbare = false\n\tworktree = ..\n", "\tbare = false\n"];

/// `vendor`, and folders from which discovery reaches it.
const FOLDERS: [&str; 3] = ["vendor", "vendor/objects", "vendor/refs/heads"];

#[test]
fn what_is_read_there_is_read_of_the_outer_repository() {
    for core in CORES {
        let planted = Planted::new(core);
        let env = &planted.env;
        std::fs::create_dir_all(env.path("src/a/b")).unwrap();
        for (folder, ordinary) in FOLDERS.into_iter().zip(["src", "src/a", "src/a/b"]) {
            for arguments in [
                &["check", "--json"][..],
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
            ] {
                let expected = planted.run(ordinary, arguments);
                let output = planted.run(folder, arguments);
                let text = |output: &Output, place: &str| {
                    String::from_utf8_lossy(&output.stdout).replace(place, "PLACE")
                };
                assert_eq!(
                    (output.status, text(&output, folder)),
                    (expected.status, text(&expected, ordinary)),
                    "{core} {arguments:?} in {folder}: {}",
                    output.stderr
                );
            }
            let found = planted.run(folder, &["check", "--json"]);
            assert_eq!(found.status, 1, "{core} the leak is found from {folder}: {}", found.stderr);
            assert!(String::from_utf8_lossy(&found.stdout).contains("LEAKED"));
            let log = planted.run(
                folder,
                &["log", "--json", "-f", &format!("{}.env", "../".repeat(folder.split('/').count()))],
            );
            assert!(
                String::from_utf8_lossy(&log.stdout).contains("\"leak\""),
                "{core} {folder}: {}",
                log.stderr
            );
            // With -C, too.
            let there = planted.run(".", &["-C", folder, "check", "--json"]);
            assert_eq!((there.status, there.stdout), (found.status, found.stdout), "{core} -C {folder}");
        }
        for arguments in [&["doctor"][..], &["blame"]] {
            planted.run("vendor", arguments);
        }
    }
}

#[test]
fn what_is_written_there_belongs_to_the_outer_repository() {
    for core in CORES {
        for folder in FOLDERS {
            let planted = Planted::new(core);
            let env = &planted.env;
            let config = env.bytes("vendor/config");
            let key = |file: &str| {
                let text = env.read(file);
                text.lines().find(|line| line.starts_with("ENVSEAL_PUBLIC_KEY=")).map(str::to_owned)
            };
            let set = planted.run(folder, &["set", "-q", "NEW", "value"]);
            assert_eq!(set.status, 0, "{core} {folder}: {}", set.stderr);
            let file = format!("{folder}/.env");
            assert!(env.read(&file).contains("NEW=envseal:1:"));
            assert_eq!(key(&file), key(".env"), "{core} {folder}: the outer repository's key");
            assert!(
                !env.path(folder).join(".env.keys").exists(),
                "{core} {folder}: the outer repository's keys file"
            );
            assert_eq!(planted.run(folder, &["hook", "install"]).status, 0);
            assert!(env.path(".git/hooks/pre-commit").exists(), "{core} {folder}");
            assert_eq!(planted.run(folder, &["init", "-q"]).status, 0);
            planted.run(folder, &["encrypt"]);
            planted.run(folder, &["team", "request", "-q", "--name", "alice"]);
            assert!(env.path("envseal.toml").exists(), "{core} {folder}: at the outer repository's root");
            assert_eq!(env.bytes("vendor/config"), config, "{core} {folder}");
        }
    }
}
