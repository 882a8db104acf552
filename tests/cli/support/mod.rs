//! A hermetic place in which to run the binary and the real git, with its own environment and home. At the end it is
//! searched everywhere for plaintext that should not be there.

mod locked;
#[cfg(unix)]
mod person;
#[cfg(unix)]
mod terminal;
mod tree;
mod watch;

use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use envseal::testing::crypto::Identity;
use ssh_key::private::{Ed25519Keypair, KeypairData};

pub(crate) use locked::{lock_keys, relock_keys};
#[cfg(unix)]
pub(crate) use person::Person;
#[cfg(unix)]
pub(crate) use terminal::{Session, on_terminal, on_terminal_answering, run_on_columns, run_on_terminal};
pub(crate) use tree::Tree;

/// How long a program that a test starts may run: far longer than any needs on a busy machine.
const LIMIT: Duration = Duration::from_secs(180);

/// Turns off additional work of git that takes longer than the commands themselves.
const GIT_CONFIG: &str = "[core]\nfsync = none\n[gc]\nauto = 0\n[maintenance]\nauto = false\n";

const SETUP_MARK: &str = ".git/envseal-hooks";

/// A scratch folder with a repository, a home and a temporary folder.
pub(crate) struct TestEnv {
    root: tempfile::TempDir,
    canaries: RefCell<Vec<String>>,
    plaintext: RefCell<Vec<PathBuf>>,
    said: RefCell<Vec<u8>>,
}

/// Creates a folder in memory if there is room and programs can be started from it, because on a busy disk the tests
/// take twice as long. `TMPDIR` chooses another.
pub(crate) fn scratch_folder() -> tempfile::TempDir {
    #[cfg(target_os = "linux")]
    if std::env::var_os("TMPDIR").is_none()
        && let Ok(memory) = rustix::fs::statvfs("/dev/shm")
        && memory.f_bavail * memory.f_frsize > 2 << 30
        && !memory.f_flag.contains(rustix::fs::StatVfsMountFlags::NOEXEC)
        && let Ok(folder) = tempfile::tempdir_in("/dev/shm")
    {
        return folder;
    }
    tempfile::tempdir().unwrap()
}

/// Returns the binary that is tested: the one that cargo built, unless `ENVSEAL_TEST_BINARY` names another.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("ENVSEAL_TEST_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_envseal").into()).into()
}

/// What several tests start from: a scratch folder, and the secrets in it.
pub(crate) type Start = OnceLock<(Tree, Vec<String>)>;

/// What a program returned and printed.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl TestEnv {
    /// Creates a git repository at [`Self::repo`].
    pub(crate) fn new() -> Self {
        let env = Self::without_git();
        env.init();
        env
    }

    fn init(&self) {
        static EMPTY: OnceLock<Tree> = OnceLock::new();
        let empty = EMPTY.get_or_init(|| {
            let env = Self::without_git();
            env.git(&["init", "-q", "-b", "main"]);
            for sample in std::fs::read_dir(env.path(".git/hooks")).into_iter().flatten() {
                std::fs::remove_file(sample.unwrap().path()).unwrap();
            }
            Self::settle(&env.repo());
            Tree::read(&env.repo())
        });
        empty.write(&self.repo());
    }

    /// Creates a repository that `make` fills, which runs only for the first test that has this start.
    pub(crate) fn copy_of(start: &Start, make: impl FnOnce(&Self)) -> Self {
        let env = Self::without_git();
        env.start_as(start, |env| {
            env.init();
            make(env);
        });
        env
    }

    /// Marks a clone as one whose user has been asked about the hooks.
    pub(crate) fn settle(clone: &Path) {
        std::fs::write(clone.join(SETUP_MARK), "settled\n").unwrap();
    }

    /// Creates a repository whose user has not been asked about the hooks.
    pub(crate) fn unsettled() -> Self {
        let env = Self::new();
        std::fs::remove_file(env.path(SETUP_MARK)).unwrap();
        env
    }

    /// Creates an empty folder at [`Self::repo`].
    pub(crate) fn without_git() -> Self {
        watch::start();
        let root = scratch_folder();
        for folder in ["repo", "home", "tmp"] {
            std::fs::create_dir(root.path().join(folder)).unwrap();
        }
        std::fs::write(root.path().join("gitconfig"), GIT_CONFIG).unwrap();
        Self { root, canaries: RefCell::default(), plaintext: RefCell::default(), said: RefCell::default() }
    }

    /// Returns the folder in which commands run.
    pub(crate) fn repo(&self) -> PathBuf {
        self.root.path().join("repo").canonicalize().unwrap()
    }

    /// Returns a path in the repository.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.repo().join(path)
    }

    /// Returns the folder above the repository, for keys files, clones and the like.
    pub(crate) fn outside(&self) -> PathBuf {
        self.root.path().canonicalize().unwrap()
    }

    /// Returns a new plaintext that may appear only where a test puts it on purpose.
    pub(crate) fn secret(&self, label: &str) -> String {
        let text = format!("canary-{label}-{}", self.canaries.borrow().len());
        self.canaries.borrow_mut().push(text.clone());
        text
    }

    /// Declares that this file may contain plaintext.
    pub(crate) fn plaintext_in(&self, path: impl AsRef<Path>) {
        self.plaintext.borrow_mut().push(self.path(path));
    }

    /// Writes a file of the repository.
    pub(crate) fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Writes a source `.env` file, which may contain plaintext.
    pub(crate) fn write_plain(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        self.plaintext_in(path.as_ref());
        self.write(path, text);
    }

    /// Writes an env file and encrypts every value in it that is not plain.
    pub(crate) fn write_sealed(&self, path: &str, text: impl AsRef<[u8]>) {
        self.write(path, text);
        self.ok(&["encrypt", "-f", path]);
    }

    /// Returns the private key under this name in `.env.keys`.
    pub(crate) fn private_key(&self, variable: &str) -> String {
        let keys = self.read(".env.keys");
        let line = keys.lines().find_map(|line| line.strip_prefix(&format!("{variable}=")));
        line.unwrap_or_else(|| panic!("no {variable}")).to_owned()
    }

    /// Locks every private key in `.env.keys`, at a lower cost than `key lock`.
    pub(crate) fn lock_keys(&self, passphrase: &str) {
        self.write(".env.keys", lock_keys(&self.read(".env.keys"), passphrase));
    }

    /// Locks one private key in `.env.keys`, at a lower cost than `key lock`.
    pub(crate) fn lock_key(&self, variable: &str, passphrase: &str) {
        let key = self.private_key(variable);
        self.write(".env.keys", self.read(".env.keys").replace(&key, &lock_keys(&key, passphrase)));
    }

    /// Returns the text of a file in the repository.
    pub(crate) fn read(&self, path: impl AsRef<Path>) -> String {
        String::from_utf8(self.bytes(path)).unwrap()
    }

    /// Returns the bytes of a file in the repository.
    pub(crate) fn bytes(&self, path: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(path);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Prepares `envseal` with these arguments, in the repository.
    pub(crate) fn envseal<'a>(&'a self, arguments: &[&str]) -> Run<'a> {
        let mut command = Command::new(binary());
        command.args(arguments);
        self.command(command)
    }

    /// Prepares any program, in the repository and the hermetic environment.
    pub(crate) fn program<'a>(&'a self, program: &str, arguments: &[&str]) -> Run<'a> {
        let mut command = Command::new(program);
        command.args(arguments);
        self.command(command)
    }

    /// Runs envseal, which must succeed, and returns its stdout.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        self.envseal(arguments).ok()
    }

    /// Runs envseal, which must fail with this status, and returns its stderr.
    pub(crate) fn fails(&self, status: i32, arguments: &[&str]) -> String {
        self.envseal(arguments).fails(status)
    }

    /// Runs envseal, which must fail with this status and change no file. Returns its stderr.
    #[track_caller]
    pub(crate) fn refuses(&self, status: i32, arguments: &[&str]) -> String {
        self.envseal(arguments).refuses(status)
    }

    /// Returns true if all of these programs are installed; otherwise says that a test is skipped.
    pub(crate) fn has(&self, programs: &[&str]) -> bool {
        let is_there =
            |name: &str| self.program("sh", &["-c", "command -v \"$0\"", name]).output().status == 0;
        let missing = programs.iter().find(|name| !is_there(name));
        missing.inspect(|name| println!("skipped: {name} is not installed")).is_none()
    }

    /// Runs git in the repository, which must succeed, and returns its stdout.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.program("git", arguments).ok()
    }

    /// Prepares `git` with these arguments, in the repository. Its hooks and drivers find envseal.
    pub(crate) fn git_with_envseal<'a>(&'a self, arguments: &[&str]) -> Run<'a> {
        self.program("git", arguments).with_envseal()
    }

    /// Prepares a line for a shell that finds envseal, as if a person had pasted it.
    pub(crate) fn shell<'a>(&'a self, line: &str) -> Run<'a> {
        self.program("sh", &["-c", line]).with_envseal()
    }

    /// Adds the repository at `source` as a submodule of this one, and returns its folder.
    pub(crate) fn add_submodule(&self, source: impl AsRef<Path>, name: &str) -> PathBuf {
        let arguments = ["-c", "protocol.file.allow=always", "submodule", "add", "-q"];
        self.program("git", &arguments).arg(source.as_ref()).arg(name).ok();
        self.path(name)
    }

    /// Returns every file of the repository and its bytes, except in `.git`. Proves that nothing changed.
    pub(crate) fn snapshot(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        walk(&self.repo(), &mut |path| {
            if !path.components().any(|part| part.as_os_str() == ".git") {
                files.push((path.to_owned(), std::fs::read(path).unwrap_or_default()));
            }
        });
        files.sort();
        files
    }

    /// Fills the new scratch folder as `make` does, which runs only for the first test that has this start.
    pub(crate) fn start_as(&self, start: &Start, make: impl FnOnce(&Self)) {
        let (tree, canaries) = start.get_or_init(|| {
            let env = Self::without_git();
            make(&env);
            (Tree::read(&env.outside()), env.canaries.borrow().clone())
        });
        tree.write(&self.outside());
        assert!(self.canaries.replace(canaries.clone()).is_empty(), "the scratch folder is new");
    }

    /// Returns the text of a `.env` with a new key of its own.
    pub(crate) fn new_env_file() -> String {
        let env = Self::new();
        env.ok(&["key", "generate"]);
        env.read(".env")
    }

    /// Records what was shown to a person other than through [`Run`].
    #[cfg(unix)]
    pub(crate) fn heard(&self, text: &str) {
        self.said.borrow_mut().extend_from_slice(text.as_bytes());
    }

    fn command(&self, mut command: Command) -> Run<'_> {
        watch::note();
        let root = self.outside();
        command
            .current_dir(self.repo())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", root.join("home"))
            .env("TMPDIR", root.join("tmp"))
            .env("XDG_RUNTIME_DIR", root.join("tmp"))
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("EDITOR", "vi")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", root.join("gitconfig"))
            .env("GIT_AUTHOR_NAME", "Alice")
            .env("GIT_AUTHOR_EMAIL", "alice@example.com")
            .env("GIT_COMMITTER_NAME", "Alice")
            .env("GIT_COMMITTER_EMAIL", "alice@example.com")
            .env("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z")
            .env("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z");
        Run { env: self, command, stdin: Vec::new() }
    }

    /// Looks for the canaries in every file, file name and git object, and in everything that was printed.
    fn find_leaks(&self) -> Vec<String> {
        if self.canaries.borrow().is_empty() {
            return Vec::new();
        }
        let mut places = vec![("stderr".to_owned(), self.said.borrow().clone())];
        walk(&self.outside(), &mut |path| {
            if !self.plaintext.borrow().iter().any(|allowed| allowed == path) {
                let name = path.display().to_string();
                places.push((format!("the name of {name}"), name.clone().into_bytes()));
                places.push((name, std::fs::read(path).unwrap_or_default()));
            }
        });
        for (at, folder) in git_folders(&self.outside()).into_iter().enumerate() {
            let objects = Command::new("git")
                .args(["cat-file", "--batch", "--batch-all-objects"])
                .current_dir(folder)
                .output();
            places.push((
                format!("git objects of repository {at}"),
                objects.map(|o| o.stdout).unwrap_or_default(),
            ));
        }
        let canaries = self.canaries.borrow();
        let mut leaks = Vec::new();
        for (place, bytes) in &places {
            let found =
                canaries.iter().filter(|canary| memchr::memmem::find(bytes, canary.as_bytes()).is_some());
            leaks.extend(found.map(|canary| format!("{canary} in {place}")));
        }
        leaks
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        watch::forget();
        if !std::thread::panicking() {
            let leaks = self.find_leaks();
            assert!(leaks.is_empty(), "plaintext leaked: {leaks:#?}");
        }
    }
}

/// A command that is about to run.
pub(crate) struct Run<'a> {
    env: &'a TestEnv,
    command: Command,
    stdin: Vec<u8>,
}

impl Run<'_> {
    /// Has it find envseal.
    pub(crate) fn with_envseal(self) -> Self {
        let folder = binary().parent().unwrap().to_owned();
        let path = std::env::var_os("PATH").unwrap();
        let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path)));
        self.var("PATH", path.unwrap())
    }

    /// Sets an environment variable for it.
    pub(crate) fn var(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it in another folder.
    pub(crate) fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Sets its stdin.
    pub(crate) fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    /// Adds an argument that need not be UTF-8.
    pub(crate) fn arg(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds more arguments.
    #[cfg(unix)]
    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    /// Has this program start it, such as strace(1).
    #[cfg(unix)]
    pub(crate) fn under(mut self, program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).arg(self.command.get_program()).args(self.command.get_args()).env_clear();
        command.current_dir(self.command.get_current_dir().unwrap());
        command.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        self.command = command;
        self
    }

    /// Returns the command in its hermetic environment, for tests that start it in their own way.
    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    /// Runs it.
    #[track_caller]
    pub(crate) fn output(self) -> Output {
        self.run_within(LIMIT)
    }

    /// Runs it. It must end within ten seconds, whatever the result.
    #[cfg(unix)]
    pub(crate) fn soon(self) -> Output {
        self.run_within(Duration::from_secs(10))
    }

    #[track_caller]
    fn run_within(mut self, limit: Duration) -> Output {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let id = child.id();
        let (mut stdin, text) = (child.stdin.take().unwrap(), self.stdin);
        // Waits in a thread, because another process may keep a pipe open after this one has ended.
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || send.send(child.wait_with_output()));
        // A pipe can hold this much that a program has not read yet.
        if text.len() > 4096 {
            std::thread::spawn(move || stdin.write_all(&text));
        } else {
            // A program need not read its stdin.
            let _ = stdin.write_all(&text);
            drop(stdin);
        }
        let Ok(output) = receive.recv_timeout(limit) else {
            kill(id);
            panic!("{:?} does not end within {limit:?}", self.command);
        };
        let output = output.unwrap();
        self.env.said.borrow_mut().extend_from_slice(&output.stderr);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Output { status: status(output.status), stdout: output.stdout, stderr }
    }

    /// Runs it. Asserts that it succeeds, and returns its stdout.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        let output = self.output();
        assert_eq!(output.status, 0, "stderr: {}", output.stderr);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it. Asserts that it succeeds, and returns its stderr.
    #[track_caller]
    pub(crate) fn ok_stderr(self) -> String {
        let output = self.output();
        assert_eq!(output.status, 0, "stderr: {}", output.stderr);
        output.stderr
    }

    /// Runs it. Asserts that it fails with this status and prints nothing on stdout. Returns its stderr.
    #[track_caller]
    pub(crate) fn fails(self, status: i32) -> String {
        let output = self.output();
        assert_eq!(output.status, status, "stderr: {}", output.stderr);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "a failed command prints no data");
        output.stderr
    }

    /// Runs it. Asserts that it fails as [`Self::fails`] does, and changes no file of the repository. Returns its stderr.
    #[track_caller]
    pub(crate) fn refuses(self, status: i32) -> String {
        let env = self.env;
        let before = env.snapshot();
        let stderr = self.fails(status);
        assert!(env.snapshot() == before, "a refusal changes no file: {stderr}");
        stderr
    }
}

/// Writes an identity as OpenSSH does, in a private file (0600).
pub(crate) fn write_identity(path: &Path, identity: &Identity) {
    std::fs::write(path, identity_text(identity)).unwrap();
    make_private(path);
}

/// Returns an identity as OpenSSH writes it.
pub(crate) fn identity_text(identity: &Identity) -> String {
    let pair = KeypairData::Ed25519(Ed25519Keypair::from_seed(identity.expose()));
    let key = ssh_key::PrivateKey::new(pair, "").unwrap();
    key.to_openssh(ssh_key::LineEnding::LF).unwrap().to_string()
}

/// Makes a file private (0600).
pub(crate) fn make_private(path: &Path) {
    #[cfg(unix)]
    set_mode(path, 0o600);
    #[cfg(not(unix))]
    assert!(path.exists());
}

#[cfg(unix)]
pub(crate) fn set_mode(path: impl AsRef<Path>, mode: u32) {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

/// Writes a shell script that can be executed.
#[cfg(unix)]
pub(crate) fn write_script(path: impl AsRef<Path>, lines: &str) {
    std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    set_mode(path, 0o755);
}

/// Asserts that a text contains each of these words.
#[track_caller]
pub(crate) fn contains_all(text: &str, words: &[&str]) {
    for words in words {
        assert!(text.contains(words), "no {words:?} in: {text}");
    }
}

/// Returns true if the long forms of tests are requested.
#[cfg(unix)]
pub(crate) fn is_long() -> bool {
    std::env::var_os("CI_LONG").is_some()
}

/// Kills a process, whatever it is doing.
fn kill(id: u32) {
    let id = id.to_string();
    let words = if cfg!(windows) { ["taskkill", "/F", "/PID", &id] } else { ["kill", "-s", "KILL", &id] };
    let _ = Command::new(words[0]).args(&words[1..]).status();
}

#[cfg(unix)]
fn status(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap())
}

#[cfg(not(unix))]
fn status(status: std::process::ExitStatus) -> i32 {
    status.code().unwrap()
}

fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    for item in std::fs::read_dir(folder).unwrap().flatten() {
        let kind = item.file_type().unwrap();
        if kind.is_dir() {
            walk(&item.path(), visit);
        } else if kind.is_file() {
            visit(&item.path());
        }
    }
}

fn git_folders(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in std::fs::read_dir(folder).unwrap().flatten() {
        if item.file_type().unwrap().is_dir() {
            if item.path().join("objects").is_dir() && item.path().join("HEAD").is_file() {
                found.push(item.path());
            } else {
                found.extend(git_folders(&item.path()));
            }
        }
    }
    found
}
