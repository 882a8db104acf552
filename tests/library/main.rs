//! The library without the binary: as a program that embeds it, and its modules against other implementations.

mod architecture;
mod change;
#[path = "../dialect/mod.rs"]
mod dialect;
mod examples;
mod guide;
#[path = "../cli/support/locked.rs"]
#[expect(dead_code, reason = "the other half is for the binary's tests")]
mod locked;
mod open;
mod oracle;
#[cfg(unix)]
mod process;
mod reading;
mod surface;
mod vectors;

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use envseal::{Error, ErrorKind, Options, Vault};

/// A secret that must not be in any error, nor in any file other than where it is put on purpose.
const CANARY: &str = "canary-in-a-library";

/// A folder outside any repository.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Creates a folder with a sealed `.env` that contains `SECRET`, and its keys file.
    fn sealed() -> Self {
        let folder = Self::new();
        let changed = Folder::creating().open(folder.path(".env")).unwrap().set("SECRET", CANARY).unwrap();
        assert_eq!(changed.names(), ["SECRET"]);
        assert!(changed.notes().iter().any(|note| note.starts_with("Created a key pair")), "{changed:?}");
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn append(&self, name: &str, text: &str) {
        self.write(name, self.read(name) + text);
    }

    fn creating() -> Options {
        Vault::options().create(true)
    }

    fn open(&self) -> Vault {
        Vault::open(self.path(".env")).unwrap()
    }

    /// Returns the text to the right of the `=` of a line.
    fn source(&self, name: &str) -> String {
        let text = self.read(".env");
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no {name}")).to_owned()
    }

    /// Returns the private key in the keys file.
    fn private_key(&self) -> String {
        let keys = self.read(".env.keys");
        keys.lines().find_map(|line| line.strip_prefix("ENVSEAL_PRIVATE_KEY=")).unwrap().to_owned()
    }

    /// Returns every file and its bytes.
    fn snapshot(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let items = std::fs::read_dir(self.0.path()).unwrap().flatten();
        let mut files: Vec<_> =
            items.map(|item| (item.path(), std::fs::read(item.path()).unwrap())).collect();
        files.sort();
        files
    }
}

/// Returns the error. Asserts that it is of this kind and that it shows neither the canary nor a private key.
#[track_caller]
fn refused<T: Debug>(result: Result<T, Error>, kind: ErrorKind) -> Error {
    let error = result.expect_err("it must be refused");
    assert_eq!(error.kind(), kind, "{error:?}");
    let said = format!("{error}\n{error:?}\n{:?}\n{:?}", error.details(), error.hint());
    assert!(!said.contains(CANARY) && !said.contains("envseal-sk1-"), "{said}");
    assert!(!error.to_string().contains('\n'), "one line: {error}");
    let hint = error.hint().unwrap_or_default();
    assert!(hint.split("; ").all(is_whole), "options without a command: {hint}");
    error
}

/// Returns true if this part of a hint can be used as it is: options come only after the program that takes them.
fn is_whole(part: &str) -> bool {
    let mut words = part.split_whitespace();
    let programs = ["envseal", "git", "cut", "env", "chmod", "ssh-keygen"];
    let first = words.find(|word| word.starts_with('-') || programs.contains(word));
    !first.is_some_and(|word| word.starts_with('-'))
}

/// Returns the values of a file as text.
fn texts(vault: &Vault) -> Vec<(String, String)> {
    let vars = vault.vars().unwrap();
    vars.iter().map(|(name, value)| (name.to_owned(), value.to_str().unwrap().to_owned())).collect()
}

fn quickstart() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/quickstart"))
}
