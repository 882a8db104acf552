//! An env file, open for a program.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use super::document::Document;
use super::{Options, PublicKey, Value, Vars};
use crate::config::ProcessEnv;
use crate::error::Error;
use crate::project::{EnvFile, Precedence, read_files};

/// An env file whose values can be opened, and sealed into.
///
/// It is read once, when it is opened: what another program writes to the file afterwards shows after [`Self::reload`].
/// What is changed through it ([`Self::set`] and its like) starts from the file as it is by then, under the lock that
/// every `envseal` takes, so that nothing is lost that others write meanwhile; after that the vault has the file anew.
///
/// Private keys are looked for each time that they are needed, and not kept but for those given to [`Options`].
pub struct Vault {
    pub(super) options: Options,
    pub(super) path: PathBuf,
    pub(super) file: EnvFile,
}

impl Vault {
    /// Reads the env file at `path` (`.env`, `.env.NAME` or `NAME.env`), which must be there. Private keys are looked
    /// for where the command looks; [`Self::options`] says otherwise.
    ///
    /// ```no_run
    /// let vars = envseal::Vault::open(".env.production")?.vars()?;
    /// let password = vars.get("DB_PASSWORD").expect("it is in the file").to_str()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Errors: as [`Options::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::options().open(path)
    }

    /// Says where private keys come from, before a file is opened.
    pub fn options() -> Options {
        Options::default()
    }

    pub(super) fn new(options: Options, path: &Path) -> Result<Self, Error> {
        // A program may go to another folder before it writes.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
        let file = load(&options, &path)?;
        Ok(Self { options, path, file })
    }

    /// Every variable of the file, opened and expanded, all or nothing: a value that does not open is an error, even if
    /// nobody asks for it.
    ///
    /// The file's own values are what it holds, whatever the process has under the same names; the process's
    /// environment is used only where a value refers to a name that the file does not set. Envseal's own lines
    /// (`ENVSEAL_…`) are not among them. What `.env.schema` or `.env.example` beside the file asks for, they keep by
    /// themselves: a variable that only the process has is missing here.
    ///
    /// Errors: [`NoKey`], [`CannotOpen`], [`Refused`] (a schema, or a sealed name by which programs run code); the
    /// error's details name each variable and its line.
    ///
    /// [`NoKey`]: crate::error::ErrorKind::NoKey
    /// [`CannotOpen`]: crate::error::ErrorKind::CannotOpen
    /// [`Refused`]: crate::error::ErrorKind::Refused
    pub fn vars(&self) -> Result<Vars, Error> {
        self.options.read(std::slice::from_ref(&self.file))
    }

    /// One variable, opened and expanded; others need not open, and no schema is asked.
    ///
    /// Errors: [`NotFound`] where the file has no such variable; else as [`Self::vars`].
    ///
    /// [`NotFound`]: crate::error::ErrorKind::NotFound
    pub fn get(&self, name: &str) -> Result<Value, Error> {
        self.options.with_store(&ProcessEnv::capture(), |store| {
            let files = std::slice::from_ref(&self.file);
            let reading = read_files(files, store, Precedence::EarlierFile)?;
            if !reading.names().any(|there| there == name) {
                return Err(reading.no_variable(name, &self.path).into());
            }
            let (variables, _) = reading.variables(|there| there == name, &[])?;
            let found = variables.into_iter().next().expect("the name is there, and it was opened");
            Ok(Value::new(found.value, found.sealed))
        })
    }

    /// The names of the variables, in the order in which they first stand in the file; needs no key.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut seen = HashSet::new();
        let names = self.file.variables().map(|(_, entry)| self.file.document().name(entry));
        names.filter(move |name| seen.insert(*name))
    }

    /// The environment that the file's name tells: `production` for `.env.production`, `default` for `.env`.
    pub fn environment(&self) -> &str {
        self.file.env().as_str()
    }

    /// The public key that stands in the file.
    pub fn public_key(&self) -> Option<PublicKey> {
        self.file.public_key().copied().map(PublicKey::of)
    }

    /// The file's path, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's text, parsed, with sealed values as the tokens that stand there.
    pub fn document(&self) -> &Document {
        self.file.document()
    }

    /// Reads the file again.
    pub fn reload(&mut self) -> Result<(), Error> {
        self.file = load(&self.options, &self.path)?;
        Ok(())
    }
}

/// The file at `path`, or an empty one where it may be made.
fn load(options: &Options, path: &Path) -> Result<EnvFile, Error> {
    Ok(if options.creates() { EnvFile::load_or_new(path) } else { EnvFile::load(path) }?)
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (environment, public_key) = (self.environment(), self.public_key());
        f.debug_struct("Vault")
            .field("path", &self.path)
            .field("environment", &environment)
            .field("public_key", &public_key)
            .finish_non_exhaustive()
    }
}
