//! People who share a bare remote. Each has a clone, a name and a home.

use std::path::{Path, PathBuf};

use super::{Output, Run, TestEnv};

/// A person with a clone.
pub(crate) struct Person<'a> {
    pub(crate) env: &'a TestEnv,
    pub(crate) name: &'static str,
    pub(crate) clone: PathBuf,
    /// The value of `HOME`.
    pub(crate) home: PathBuf,
}

impl<'a> Person<'a> {
    /// Returns a person who has a clone already.
    pub(crate) fn of(env: &'a TestEnv, name: &'static str) -> Self {
        let clone = env.outside().join(name);
        let home = env.outside().join(format!("home-of-{name}"));
        Self { env, name, clone, home }
    }

    /// Clones the remote for a new person.
    pub(crate) fn clone_of(env: &'a TestEnv, remote: &Path, name: &'static str) -> Self {
        let person = Self::of(env, name);
        std::fs::create_dir(&person.home).unwrap();
        env.git(&["clone", "-q", remote.to_str().unwrap(), person.clone.to_str().unwrap()]);
        TestEnv::settle(&person.clone);
        person.does(&["config", "user.email", &person.email()]);
        person
    }

    fn email(&self) -> String {
        format!("{}@example.com", self.name.to_lowercase())
    }

    /// Makes a program run as this person.
    pub(crate) fn run<'r>(&self, run: Run<'r>) -> Run<'r> {
        run.dir(&self.clone)
            .var("HOME", &self.home)
            .var("GIT_AUTHOR_NAME", self.name)
            .var("GIT_AUTHOR_EMAIL", self.email())
            .var("GIT_COMMITTER_NAME", self.name)
            .var("GIT_COMMITTER_EMAIL", self.email())
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> Output {
        self.run(self.env.git_with_envseal(arguments)).output()
    }

    /// Runs git, which must succeed. Returns its stderr.
    #[track_caller]
    pub(crate) fn does(&self, arguments: &[&str]) -> String {
        let output = self.git(arguments);
        assert_eq!(output.status, 0, "git {arguments:?}: {}", output.stderr);
        output.stderr
    }

    pub(crate) fn envseal(&self, arguments: &[&str]) -> Output {
        self.run(self.env.envseal(arguments)).output()
    }

    /// Runs envseal, which must succeed. Returns its stdout.
    #[track_caller]
    pub(crate) fn says(&self, arguments: &[&str]) -> String {
        let output = self.envseal(arguments);
        assert_eq!(output.status, 0, "envseal {arguments:?}: {}", output.stderr);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs envseal, which must fail with this status. Returns its stderr.
    #[track_caller]
    pub(crate) fn fails(&self, status: i32, arguments: &[&str]) -> String {
        let output = self.envseal(arguments);
        assert_eq!(output.status, status, "envseal {arguments:?}: {}", output.stderr);
        output.stderr
    }

    /// Runs envseal and returns its stdout as JSON, whatever the status.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.envseal(arguments);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{arguments:?}: {}", output.stderr))
    }

    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.clone.join(file)).unwrap()
    }

    pub(crate) fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.clone.join(file), text).unwrap();
    }

    pub(crate) fn add_line(&self, file: &str, line: &str) {
        let text = self.read(file) + line + "\n";
        self.write(file, text);
    }

    /// Commits everything and pushes it.
    #[track_caller]
    pub(crate) fn pushes(&self, subject: &str) {
        self.does(&["add", "-A"]);
        self.does(&["commit", "-qm", subject]);
        self.does(&["push", "-q", "origin", "HEAD:main"]);
    }

    #[track_caller]
    pub(crate) fn pulls(&self) {
        self.does(&["pull", "-q", "--rebase", "origin", "main"]);
    }

    /// Returns the fingerprint of this person's identity.
    #[track_caller]
    pub(crate) fn fingerprint(&self) -> String {
        self.json(&["team", "whoami", "--json"])["fingerprint"].as_str().unwrap().to_owned()
    }

    /// Runs a printed line in a shell, as if the person had pasted it.
    #[track_caller]
    pub(crate) fn pastes(&self, line: &str) {
        self.run(self.env.shell(line)).ok();
    }
}
