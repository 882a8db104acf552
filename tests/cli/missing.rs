//! What is not in the clone is never taken for what was not there: exit status 4, and the command that completes the
//! clone; or git fetches it, where it may.

mod damaged;
mod partial;
mod remotes;
mod replaced;
mod scrambled;
mod shallow;

use std::path::PathBuf;

use crate::repositories::{errors_of, text};
use crate::support::{Run, TestEnv};

/// In no clone's worktree. No canary: it is committed on purpose.
const PLAINTEXT: &str = "sk_live_51HG8vnotforgit";

/// A repository with a past, at `TestEnv::repo`:
///
/// | commit | |
/// |---|---|
/// | `sealed` | `.env` with `URL`; alice and bob are members |
/// | `changed` | `URL` has another value |
/// | `leak` | `LEAKED` in the open |
/// | `taken back` | as `changed` |
/// | `swapped` | another public key in `.env`, with all of it sealed anew to that; another key for bob |
/// | `later` | a file that is no env file |
struct Past {
    env: TestEnv,
}

impl Past {
    fn new() -> Self {
        let past = Self { env: TestEnv::new() };
        let env = &past.env;
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
        past
    }

    fn url(&self) -> String {
        format!("file://{}", self.env.repo().display())
    }

    /// A clone with these options, in this folder beside it.
    fn clone(&self, options: &[&str], name: &str) -> Clone<'_> {
        let folder = self.env.outside().join(name);
        let url = self.url();
        self.env.git(&[&["clone", "-q"], options, &[&url, folder.to_str().unwrap()]].concat());
        Clone { env: &self.env, folder }
    }
}

/// A clone that not everything is in.
struct Clone<'a> {
    env: &'a TestEnv,
    folder: PathBuf,
}

impl Clone<'_> {
    fn envseal(&self, arguments: &[&str]) -> Run<'_> {
        self.env.envseal(arguments).dir(&self.folder)
    }

    /// git, which must succeed; its stdout, trimmed.
    #[track_caller]
    fn git(&self, arguments: &[&str]) -> String {
        self.env.program("git", arguments).dir(&self.folder).ok().trim().to_owned()
    }

    /// That this is refused for what is missing, with the command that completes the clone.
    #[track_caller]
    fn incomplete(&self, arguments: &[&str], hint: &str) {
        let output = self.envseal(arguments).soon();
        assert_eq!(output.status, 4, "{arguments:?}: {}{}", text(&output), output.stderr);
        assert!(output.stderr.contains(hint), "{arguments:?}: {}", output.stderr);
    }

    /// The errors that `check` finds, as `FILE RULE NAME`.
    #[track_caller]
    fn errors(&self, arguments: &[&str]) -> Vec<String> {
        errors_of(&self.envseal(&[&["check", "--json"], arguments].concat()).soon(), arguments)
    }
}
