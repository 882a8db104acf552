//! Ways to get a plaintext secret past the hooks, each tried with the real git. Every one must fail. Each is then tried
//! again with the same value sealed and must succeed, which proves that it was not stopped for another reason.

mod attributes;
mod commits;
mod copies;
mod forms;
mod keys;
mod names;
mod policy;
mod pushes;
mod schema;
mod staging;
mod tokens;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use envseal::testing::config::EnvName;
use envseal::testing::crypto::{PlaintextKind, PrivateKey, PublicKey};

use crate::attacks::{public_key, token};
use crate::support::{Output, Run, Start, TestEnv};

/// The secret that the tests try to commit. It is not a canary, because staging a file writes it to git's objects.
const PLAINTEXT: &str = "sk_live_51HG8vnotforgit";
/// The env file of most tests, and what is found in its text.
const PROD: &str = ".env.production";
const SAID: [&str; 2] = [".env.production:2: error: SECRET", "[plaintext]"];
/// The value of `HELLO`, which is sealed and committed from the start. Its private key is available.
const KNOWN: &str = "correct?horse/battery\"staple~é";

/// A repository with the hooks installed and a remote that has `main`, in which one way is tried, with plaintext or with
/// a sealed value.
struct Way {
    env: TestEnv,
    /// The public key of every environment except that of `.env`. No test uses two of these environments.
    key: PublicKey,
    /// The public key of `.env`.
    own: PublicKey,
    sealed: bool,
}

impl Way {
    fn new(sealed: bool) -> Self {
        static START: Start = Start::new();
        static KEY: OnceLock<PublicKey> = OnceLock::new();
        let env = TestEnv::without_git();
        env.start_as(&START, |env| {
            env.git(&["init", "-q", "-b", "main", "--template="]);
            env.envseal(&["set", "HELLO", "-q"]).stdin(KNOWN).ok();
            env.ok(&["hook", "install", "-q"]);
            env.git(&["add", "-A"]);
            env.git_with_envseal(&["commit", "-q", "-m", "start"]).ok();
            env.git(&["init", "-q", "--bare", "--template=", "../remote.git"]);
            env.git(&["remote", "add", "origin", env.outside().join("remote.git").to_str().unwrap()]);
            env.git_with_envseal(&["push", "-q", "origin", "main"]).ok();
        });
        let own = public_key(&env, ".env");
        let key = KEY.get_or_init(|| PrivateKey::generate().public());
        Self { env, key: *key, own, sealed }
    }

    /// Runs git with the hooks.
    fn git(&self, arguments: &[&str]) -> Run<'_> {
        self.env.git_with_envseal(arguments)
    }

    /// Runs git without hooks, for what happened elsewhere or bypassed them.
    fn unhooked(&self, arguments: &[&str]) -> Run<'_> {
        let all = [&["-c", "core.hooksPath=/dev/null"], arguments].concat();
        self.env.program("git", &all)
    }

    /// Commits what is staged.
    fn commit(&self) -> Run<'_> {
        self.git(&["commit", "-m", "x"])
    }

    /// Commits what is staged without hooks.
    fn commit_unhooked(&self) {
        self.unhooked(&["commit", "-q", "-m", "x"]).ok();
    }

    /// Pushes `main`, and then has the remote run the `pre-receive` recipe.
    fn guard_remote(&self) {
        self.unhooked(&["push", "-q", "origin", "main"]).ok();
        let recipe = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pre-receive");
        let hooks = self.env.outside().join("remote.git/hooks");
        std::fs::create_dir(&hooks).unwrap();
        std::fs::copy(recipe, hooks.join("pre-receive")).unwrap();
    }

    fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        self.env.write(path, text);
    }

    fn add(&self, path: &str, text: impl AsRef<[u8]>) {
        self.write(path, text);
        self.env.git(&["add", "-f", "--", path]);
    }

    /// Returns `plain` in the round that must be stopped, `sealed` in the round that must pass.
    fn pick<T>(&self, plain: T, sealed: T) -> T {
        if self.sealed { sealed } else { plain }
    }

    /// Returns a sealed value, which anyone with a checkout can create.
    fn token(&self, name: &str) -> String {
        Self::sealed_to(&self.key, name)
    }

    fn sealed_to(key: &PublicKey, name: &str) -> String {
        token(key, name, PlaintextKind::Value, &[], PLAINTEXT.as_bytes())
    }

    /// Returns the text to the right of `SECRET=`.
    fn value(&self) -> String {
        self.pick(PLAINTEXT.to_owned(), self.token("SECRET"))
    }

    /// Returns the line with the public key for this env file.
    fn header(&self, path: &str) -> String {
        let name = Self::environment(path).public_key_name();
        format!("{name}={}\n", self.key_of(path))
    }

    fn key_of(&self, path: &str) -> &PublicKey {
        if Self::environment(path).is_of_dotenv() { &self.own } else { &self.key }
    }

    /// Returns the environment of an env file. For other files, such as copies, it returns that of `.env`.
    fn environment(path: &str) -> EnvName {
        EnvName::of_file(Path::new(path)).unwrap_or_else(|_| EnvName::of_dotenv())
    }

    /// Returns the text of an env file with one variable, `SECRET`.
    fn text(&self, path: &str) -> String {
        let value = self.pick(PLAINTEXT.to_owned(), Self::sealed_to(self.key_of(path), "SECRET"));
        format!("{}SECRET={value}\n", self.header(path))
    }

    /// Returns every file below the scratch folder (working trees, refs, configuration, hooks) and the entries of each
    /// index. Leaves out git's objects and its temporary notes.
    fn state(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        self.look(&self.env.outside(), &mut found);
        found.sort();
        found
    }

    fn look(&self, folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
        for item in std::fs::read_dir(folder).unwrap().flatten() {
            let (path, name) = (item.path(), item.file_name());
            let passing = ["objects", "index", "COMMIT_EDITMSG", "ORIG_HEAD", "AUTO_MERGE", "sequencer"];
            if passing.iter().any(|passing| name == *passing) {
                continue;
            }
            if name == ".git" {
                let index = self.env.program("git", &["ls-files", "-s", "-v"]).dir(folder).output();
                found.push((path.join("index"), index.stdout));
            }
            let kind = item.file_type().unwrap();
            if kind.is_dir() {
                self.look(&path, found);
            } else if kind.is_symlink() {
                found.push((
                    path.clone(),
                    std::fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
                ));
            } else {
                found.push((path.clone(), std::fs::read(&path).unwrap()));
            }
        }
    }
}

/// Asserts that a commit of plaintext is stopped as [`refused`] does, and that the same commit succeeds with a sealed
/// value.
#[track_caller]
fn stopped(said: &[&str], way: impl for<'a> Fn(&'a Way) -> Run<'a>) {
    refused(said, &way);
    passes(way);
}

/// Like [`stopped`], for a commit of what `stage` stages.
#[track_caller]
fn commit_stopped(said: &[&str], stage: impl Fn(&Way)) {
    stopped(said, |way| {
        stage(way);
        way.commit()
    });
}

/// Asserts that a commit of what `stage` stages is stopped for each row, with the row's words, and that one commit of all
/// rows succeeds with sealed values.
#[track_caller]
fn each_stopped<Row: std::fmt::Debug, const N: usize>(
    rows: &[Row],
    said: impl for<'r> Fn(&'r Row) -> [&'r str; N],
    stage: impl Fn(&Way, &Row),
) {
    for row in rows {
        println!("{row:?}");
        refused(&said(row), |way| {
            stage(way, row);
            way.commit()
        });
    }
    passes(|way| {
        for row in rows {
            stage(way, row);
        }
        way.commit()
    });
}

/// Asserts that this fails, and that the output contains every word of `said` and no part of the value.
#[track_caller]
fn fails(run: Run<'_>, said: &[&str]) {
    let mut output = run.output();
    if output.stdout.starts_with(b"diff --git") {
        // Git itself prints the lines that `commit -p` asks about.
        output.stdout.clear();
    }
    assert_ne!(output.status, 0, "it was accepted");
    told(&output, said);
}

/// Asserts that this way [`fails`], and that nothing changed.
#[track_caller]
fn refused(said: &[&str], way: impl for<'a> Fn(&'a Way) -> Run<'a>) {
    let open = Way::new(false);
    let git = way(&open);
    let before = open.state();
    fails(git, said);
    let changed = changed(&before, &open.state());
    assert!(changed.is_empty(), "it changed {changed:?}");
}

/// Asserts that this way succeeds with a sealed value.
#[track_caller]
fn passes(way: impl for<'a> Fn(&'a Way) -> Run<'a>) {
    let sealed = Way::new(true);
    let git = way(&sealed);
    let before = sealed.state();
    let output = git.output();
    assert_eq!(output.status, 0, "it must pass with a sealed value: {}{}", text(&output), output.stderr);
    assert!(!changed(&before, &sealed.state()).is_empty(), "nothing was committed");
}

/// Asserts that the output contains every one of these words and no part of the values.
#[track_caller]
fn told(output: &Output, said: &[&str]) {
    let all = format!("{}{}", text(output), output.stderr);
    for words in said {
        assert!(all.contains(words), "{words:?} was not printed: {all}");
    }
    let parts = |value: &str| {
        let chars: Vec<_> = value.chars().collect();
        chars.windows(8).map(|part| part.iter().collect()).collect::<Vec<String>>()
    };
    for part in parts(PLAINTEXT).into_iter().chain(parts(KNOWN)) {
        assert!(!all.contains(&part), "{part:?} was printed: {all}");
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn changed(before: &[(PathBuf, Vec<u8>)], after: &[(PathBuf, Vec<u8>)]) -> Vec<PathBuf> {
    let lacks = |one: &[(PathBuf, Vec<u8>)], entry: &(PathBuf, Vec<u8>)| one.binary_search(entry).is_err();
    let gone = before.iter().filter(|entry| lacks(after, entry));
    let new = after.iter().filter(|entry| lacks(before, entry));
    gone.chain(new).map(|(path, _)| path.clone()).collect()
}
