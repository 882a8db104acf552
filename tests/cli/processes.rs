//! Counts the git processes that a command starts. Each takes longer than everything that envseal itself does.

use std::path::{Path, PathBuf};

use envseal::testing::config::EnvName;
use envseal::testing::crypto::{PrivateKey, Proof, TagKey};
use envseal::testing::project::put_tag_key;
use envseal::testing::team::{Exposure, ExposureState};
use envseal::testing::time::Moment;

use crate::rotate::{member, team};
use crate::support::{Run, Start, TestEnv, write_script};

/// A `git` that records each call and its arguments.
struct Counted {
    env: TestEnv,
    path: std::ffi::OsString,
    notes: PathBuf,
}

impl Counted {
    fn new(env: TestEnv) -> Self {
        let (folder, notes) = (env.outside().join("counted"), env.outside().join("calls"));
        std::fs::create_dir(&folder).unwrap();
        let path = std::env::var_os("PATH").unwrap();
        let real =
            std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.exists()).unwrap();
        let lines = format!("echo \"$*\" >> '{}'\nexec '{}' \"$@\"", notes.display(), real.display());
        write_script(folder.join("git"), &lines);
        let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path))).unwrap();
        let counted = Self { env, path, notes };
        // The counting works.
        counted.env.program("git", &["--version"]).var("PATH", &counted.path).ok();
        assert_eq!(counted.calls(), ["--version"]);
        counted
    }

    fn envseal(&self, arguments: &[&str]) -> Run<'_> {
        self.env.envseal(arguments).var("PATH", &self.path)
    }

    /// Returns the arguments of git's calls since the last time.
    fn calls(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.notes).unwrap_or_default();
        let _ = std::fs::remove_file(&self.notes);
        text.lines().map(str::to_owned).collect()
    }

    /// Runs a command in this folder. It must succeed with at most this many calls of git.
    #[track_caller]
    fn at_most(&self, most: usize, folder: impl AsRef<Path>, arguments: &[&str]) {
        self.envseal(arguments).dir(folder).ok();
        let calls = self.calls();
        assert!(calls.len() <= most, "{arguments:?} called git {} times: {calls:#?}", calls.len());
    }
}

/// A clone with hooks, two environments and a few commits.
fn project() -> Counted {
    static START: Start = Start::new();
    Counted::new(TestEnv::copy_of(&START, |env| {
        env.ok(&["init", "-q"]);
        env.ok(&["set", "-q", "URL", "value", "-e", "default", "-e", "production"]);
        for number in 0..5 {
            env.write("README", format!("{number}\n"));
            env.commit("more");
        }
    }))
}

#[test]
fn run_and_get_start_none() {
    let counted = project();
    let env = &counted.env;
    std::fs::create_dir_all(env.path("packages/a")).unwrap();
    let linked = env.outside().join("linked");
    env.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    for folder in [env.repo(), linked] {
        for arguments in [
            &["run", "--", "true"][..],
            &["run", "-e", "production", "--", "true"],
            &["get", "URL"],
            &["get", "URL", "-e", "production"],
            &["get", "--format", "json"],
        ] {
            counted.at_most(0, &folder, arguments);
        }
    }
    // The same with every index version that envseal can read itself.
    for version in ["2", "3"] {
        env.git(&["update-index", "--index-version", version]);
        counted.at_most(0, env.repo(), &["get", "URL"]);
    }
    counted.envseal(&["get", "URL", "-f", "../.."]).dir(env.path("packages/a")).ok();
    assert!(counted.calls().is_empty());
}

#[test]
fn where_the_index_is_of_another_kind_git_is_asked() {
    for change in [
        &["update-index", "--index-version", "4"][..],
        &["update-index", "--split-index"],
        &["-c", "index.skipHash=true", "update-index", "--force-write-index"],
    ] {
        let counted = project();
        let env = &counted.env;
        env.git(change);
        counted.at_most(1, env.repo(), &["get", "URL"]);
        counted.at_most(1, env.repo(), &["run", "--", "true"]);
        // The call has a reason: a keys file that git tracks is not used.
        env.git(&["add", "-f", ".env.keys"]);
        env.git(change);
        for arguments in [&["get", "URL"][..], &["run", "--", "true"]] {
            let output = counted.envseal(arguments).output();
            assert_eq!(output.status, 3, "{change:?} {arguments:?}: {}", output.stderr);
        }
    }
}

#[test]
fn set_starts_three_and_two_more_the_first_time_in_a_clone() {
    let counted = project();
    let clone = counted.env.outside().join("clone");
    counted.env.git(&["clone", "-q", counted.env.repo().to_str().unwrap(), clone.to_str().unwrap()]);
    counted.at_most(5, &clone, &["set", "-q", "A", "1"]);
    // With the private keys available, too.
    counted.at_most(5, counted.env.repo(), &["set", "-q", "A", "1"]);
    counted.at_most(3, counted.env.repo(), &["set", "-q", "A", "2"]);
    for arguments in [
        &["set", "-q", "A", "2"][..],
        &["set", "-q", "B", "1"],
        &["set", "-q", "URL", "2", "-e", "production"],
        &["set", "-q", "--plain", "PORT", "1"],
        &["set", "-q", "C=1", "D=2"],
    ] {
        counted.at_most(3, &clone, arguments);
    }
}

#[test]
fn ls_starts_five() {
    let counted = project();
    let env = &counted.env;
    counted.at_most(4, env.repo(), &["ls"]);
    env.write(".gitignore", ".env.keys\n.env.local\n");
    env.write(".env.local", "");
    counted.at_most(5, env.repo(), &["ls"]);
    std::fs::remove_file(env.path(".env.local")).unwrap();
    env.git(&["config", "core.hooksPath", ".githooks"]);
    counted.at_most(5, env.repo(), &["ls"]);
}

/// Git is asked anew only what a lock or a write can have changed.
#[test]
fn the_number_does_not_depend_on_the_environments_that_are_rotated() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "URL", "value", "-e", "a,b,c,d"]);
    env.ok(&["team", "request", "-q", "--name", "alice"]);
    env.commit("team");
    let counted = Counted::new(env);
    let repo = counted.env.repo();
    counted.at_most(15, &repo, &["key", "rotate", "-q", "-e", "a"]);
    counted.at_most(14, &repo, &["key", "rotate", "-q", "-e", "a", "-e", "b", "-e", "c", "-e", "d"]);
}

/// The number does not depend on the size of the repository.
#[test]
fn no_command_starts_more_of_them_in_a_larger_repository() {
    let counted = project();
    let env = &counted.env;
    let commands: [&[&str]; 9] = [
        &["ls"],
        &["check"],
        &["check", "--staged"],
        &["check", "--range", "HEAD~2..HEAD"],
        &["check", "--history"],
        &["log"],
        &["blame"],
        &["diff", "HEAD~2", "HEAD"],
        &["set", "-q", "URL", "3"],
    ];
    let count = |arguments: &[&str]| {
        counted.envseal(arguments).ok();
        counted.calls().len()
    };
    let small: Vec<_> = commands.iter().map(|arguments| count(arguments)).collect();
    for folder in 0..10 {
        let files = [".env", ".env.production"].map(|name| format!("p{folder}/{name}"));
        std::fs::create_dir(env.path(format!("p{folder}"))).unwrap();
        env.ok(&["set", "-q", "URL", "value", "-f", &files[0], "-f", &files[1]]);
        env.commit(&format!("package {folder}"));
    }
    env.ok(&["set", "-q", "URL", "other", "-f", "p1/.env"]);
    env.git(&["add", "-A"]);
    counted.calls();
    for (arguments, small) in commands.iter().zip(small) {
        let large = count(arguments);
        assert!(large <= small + 2, "{arguments:?}: {small} git processes before, {large} now");
    }
}

/// The value stays exposed if a removed member had the older key: the history of the team file tells who had it.
#[test]
fn history_is_walked_once_for_a_value_of_an_older_key() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A", &env.secret("a"), "-e", "p"]);
    env.ok(&["team", "request", "-q", "--name", "alice"]);
    env.commit("start");
    let line = |text: String| text.lines().find(|line| line.starts_with("A=")).unwrap().to_owned();
    let before = line(env.read(".env.p"));
    env.ok(&["key", "rotate", "-q", "-e", "p"]);
    let (mut file, p) = (team(&env), EnvName::new("p").unwrap());
    let key = PrivateKey::parse(env.private_key("ENVSEAL_PRIVATE_KEY_P").split(',').next().unwrap()).unwrap();
    put_tag_key(&mut file, &p, &key, &TagKey::generate());
    let since = Moment { seconds: 1_767_323_045, offset: 0 };
    let (name, state, tags) = ("B".into(), ExposureState::Exposed, Vec::new());
    let proof = Proof::of_exposure("p", &key, &[]);
    let mut exposure = Exposure { env: p, member: member("bob"), name, since, state, tags, proof, line: 0 };
    exposure.proof = exposure.proof_by(&key);
    file.put_exposure(exposure);
    env.write("envseal.toml", file.text());
    env.write(".env.p", env.read(".env.p").replace(&line(env.read(".env.p")), &before));
    env.commit("a value of before");

    let counted = Counted::new(env);
    counted.envseal(&["encrypt", "--reseal", "-e", "p"]).ok();
    let calls = counted.calls();
    let walks = calls.iter().filter(|call| call.contains("diff-tree") && call.ends_with("envseal.toml"));
    assert_eq!(walks.count(), 1, "{calls:#?}");
}
