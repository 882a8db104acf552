//! Tells the same story in every kind of repository that git supports. Nothing in it may depend on how git stores its
//! data.

mod bytes;
mod called;
mod kinds;
mod owner;
mod root;
mod story;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::support::{Output, Run, TestEnv};

/// A secret that a hook must stop. It is not a canary, because it is put among git's objects on purpose.
const PLAINTEXT: &str = "sk_live_51HG8vnotforgit";

/// A repository of one kind, with three commits that do not involve envseal.
struct Place {
    env: TestEnv,
    /// The folder that commands run in.
    work: PathBuf,
    /// A folder in it, for the part of the story that takes place below the root.
    below: OsString,
    /// Environment variables for every command.
    vars: Vec<(&'static str, OsString)>,
    /// Arguments between `git` and its command.
    options: &'static [&'static str],
    /// The first and the second value of `URL`.
    values: [String; 2],
}

impl Place {
    fn new(env: TestEnv, work: PathBuf) -> Self {
        let values = [env.secret("first"), env.secret("second")];
        Self { env, work, below: "packages/a".into(), vars: Vec::new(), options: &[], values }
    }

    fn vars(mut self, vars: &[(&'static str, &dyn AsRef<OsStr>)]) -> Self {
        self.vars.extend(vars.iter().map(|&(name, value)| (name, OsStr::to_owned(value.as_ref()))));
        self
    }

    fn there<'r>(&self, mut run: Run<'r>) -> Run<'r> {
        for (name, value) in &self.vars {
            run = run.var(name, value);
        }
        run.dir(&self.work)
    }

    fn envseal(&self, arguments: &[&str]) -> Run<'_> {
        self.there(self.env.envseal(arguments))
    }

    /// Runs git, which finds envseal for its hooks and drivers.
    fn git(&self, arguments: &[&str]) -> Run<'_> {
        self.there(self.env.git_with_envseal(&[self.options, arguments].concat()))
    }

    /// Runs envseal, which must succeed. Returns its stdout.
    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.envseal(arguments).output();
        assert_eq!(output.status, 0, "envseal {arguments:?}: {}{}", text(&output), output.stderr);
        text(&output)
    }

    /// Runs git, which must succeed. Returns its stdout, trimmed.
    #[track_caller]
    fn does(&self, arguments: &[&str]) -> String {
        let output = self.git(arguments).output();
        assert_eq!(output.status, 0, "git {arguments:?}: {}{}", text(&output), output.stderr);
        text(&output).trim().to_owned()
    }

    /// Runs envseal, which must exit with this status. Returns the JSON that it printed.
    #[track_caller]
    fn json(&self, status: i32, arguments: &[&str]) -> Vec<serde_json::Value> {
        let output = self.envseal(arguments).output();
        assert_eq!(output.status, status, "envseal {arguments:?}: {}{}", text(&output), output.stderr);
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Returns the errors that `check` finds, as `FILE RULE NAME`.
    #[track_caller]
    fn errors(&self, arguments: &[&str]) -> Vec<String> {
        let output = self.envseal(&[&["check", "--json"], arguments].concat()).output();
        errors_of(&output, arguments)
    }

    fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.work.join(path)
    }

    fn read(&self, path: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(path);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn append(&self, path: &str, text: &str) {
        self.write(path, [self.read(path), text.into()].concat());
    }

    /// Returns the path of a file in git's own folder.
    fn git_path(&self, path: &str) -> PathBuf {
        self.path(self.does(&["rev-parse", "--git-path", path]))
    }

    fn head(&self) -> String {
        self.does(&["rev-parse", "HEAD"])
    }

    /// Makes three commits, so that there is a history.
    fn plain_commits(&self) {
        for number in 1..=3 {
            self.write("README", format!("{number}\n"));
            self.write(format!("src/{number}"), format!("source {number}\n"));
            self.write(format!("other/{number}"), format!("other {number}\n"));
            self.does(&["add", "."]);
            self.does(&["commit", "-q", "-m", &format!("plain {number}")]);
        }
    }
}

/// Returns the errors that a `check --json` found, as `FILE RULE NAME`. Asserts that its status matches them.
#[track_caller]
pub(crate) fn errors_of(output: &Output, arguments: &[&str]) -> Vec<String> {
    assert!(matches!(output.status, 0 | 1), "check {arguments:?}: {}{}", output.status, output.stderr);
    let found: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let field = |finding: &serde_json::Value, name: &str| finding[name].as_str().unwrap_or("-").to_owned();
    let errors = found.iter().filter(|finding| field(finding, "severity") == "error");
    let errors: Vec<_> =
        errors.map(|it| ["file", "rule", "name"].map(|name| field(it, name)).join(" ")).collect();
    assert_eq!(output.status, i32::from(!errors.is_empty()), "the status must match {errors:?}");
    errors
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
