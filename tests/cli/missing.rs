//! Objects that the clone lacks are never treated as absent from the repository. The command fails with status 4 and a
//! hint to complete the clone, or, if allowed, git fetches them.

mod damaged;
mod partial;
mod remotes;
mod replaced;
mod scrambled;
mod shallow;

use std::path::PathBuf;

use crate::repositories::{errors_of, text};
use crate::support::{Run, Start, TestEnv};

/// This text is in no clone's working tree. It is not a canary, because it is committed on purpose.
const PLAINTEXT: &str = "sk_live_51HG8vnotforgit";

/// A repository with a past, at `TestEnv::repo`:
///
/// | commit | |
/// |---|---|
/// | `sealed` | `.env` with `URL`; alice and bob are members |
/// | `changed` | `URL` has another value |
/// | `leak` | `LEAKED` in plain text |
/// | `taken back` | the same as `changed` |
/// | `swapped` | another public key in `.env`, with every value encrypted to it; another key for bob |
/// | `later` | a file that is not an env file |
struct Past {
    env: TestEnv,
}

impl Past {
    fn new() -> Self {
        static START: Start = Start::new();
        let env = TestEnv::copy_of(&START, |env| {
            env.envseal(&["set", "-q", "URL"]).stdin(env.secret("first")).ok();
            for (name, home) in [("alice", "home"), ("bob", "home-of-bob")] {
                let home = env.outside().join(home);
                std::fs::create_dir_all(&home).unwrap();
                env.envseal(&["team", "request", "-q", "--name", name]).var("HOME", home).ok();
            }
            env.commit("sealed");
            env.envseal(&["set", "-q", "URL"]).stdin(env.secret("second")).ok();
            env.commit("changed");
            let sealed = env.read(".env");
            env.write(".env", format!("{sealed}LEAKED={PLAINTEXT}\n"));
            env.commit("leak");
            env.write(".env", &sealed);
            env.commit("taken back");
            let other = TestEnv::new();
            other.envseal(&["set", "-q", "URL"]).stdin("a value of no matter").ok();
            env.write(".env", other.read(".env"));
            other.ok(&["team", "request", "-q", "--name", "bob"]);
            let bob = |text: &str| text.lines().find(|line| line.starts_with("bob = ")).unwrap().to_owned();
            let team = env.read("envseal.toml");
            env.write("envseal.toml", team.replace(&bob(&team), &bob(&other.read("envseal.toml"))));
            env.commit("swapped");
            env.write("notes", "later\n");
            env.commit("later");
            env.git(&["config", "uploadpack.allowFilter", "true"]);
            env.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        });
        Self { env }
    }

    fn url(&self) -> String {
        format!("file://{}", self.env.repo().display())
    }

    /// Clones with these options into this folder beside the repository.
    fn clone(&self, options: &[&str], name: &str) -> Clone<'_> {
        let folder = self.env.outside().join(name);
        let url = self.url();
        self.env.git(&[&["clone", "-q"], options, &[&url, folder.to_str().unwrap()]].concat());
        Clone { env: &self.env, folder }
    }
}

/// A clone that lacks some objects.
struct Clone<'a> {
    env: &'a TestEnv,
    folder: PathBuf,
}

impl Clone<'_> {
    fn envseal(&self, arguments: &[&str]) -> Run<'_> {
        self.env.envseal(arguments).dir(&self.folder)
    }

    /// Runs git, which must succeed. Returns its stdout, trimmed.
    #[track_caller]
    fn git(&self, arguments: &[&str]) -> String {
        self.env.program("git", arguments).dir(&self.folder).ok().trim().to_owned()
    }

    /// Asserts that this fails because objects are missing, with a hint to complete the clone.
    #[track_caller]
    fn incomplete(&self, arguments: &[&str], hint: &str) {
        let output = self.envseal(arguments).soon();
        assert_eq!(output.status, 4, "{arguments:?}: {}{}", text(&output), output.stderr);
        assert!(output.stderr.contains(hint), "{arguments:?}: {}", output.stderr);
    }

    /// Returns the errors that `check` finds, as `FILE RULE NAME`.
    #[track_caller]
    fn errors(&self, arguments: &[&str]) -> Vec<String> {
        errors_of(&self.envseal(&[&["check", "--json"], arguments].concat()).soon(), arguments)
    }
}
