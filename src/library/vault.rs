//! An env file in a program: reading and changing its values.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use super::document::Document;
use super::{Options, PublicKey, Value, Vars};
use crate::crypto::SecretBytes;
use crate::dotenv::VarName;
use crate::error::Error;
use crate::project::{
    self, Assignment, EnvFile, How, Notice, Outcome, Precedence, Target, Write, last_of_each, read_files,
    update,
};

/// An env file whose values can be decrypted and changed.
///
/// It is read once, when it is opened; [`Self::reload`] reads it again. A change ([`Self::set`] and others) starts from
/// the file's current content, under the command's lock, so that no other changes are lost. Afterwards the vault has
/// the new content.
///
/// Private keys are looked up each time they are needed. Only those given to [`Options`] are kept.
pub struct Vault {
    options: Options,
    path: PathBuf,
    file: EnvFile,
}

/// The result of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it reports what was not asked for: a key that was created or adopted, names that still refer to an old one"]
pub struct Changed {
    names: Vec<String>,
    notes: Vec<String>,
}

impl Changed {
    /// Returns the variables whose lines changed. If the private key is available, a variable that already had the value
    /// keeps its line and isn't included.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns what a person should know, one line each: that a key pair was created and where, that the environment's key
    /// was adopted or rotated, which names still refer to a renamed one. Meant for a log; contains no value.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl Vault {
    /// Reads the env file at `path` (`.env`, `.env.NAME` or `NAME.env`), which must exist. Private keys are looked up
    /// where the command looks, unless [`Self::options`] are given.
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

    /// Returns options to set before opening: where private keys come from, whether files may be created.
    pub fn options() -> Options {
        Options::default()
    }

    pub(super) fn new(options: Options, path: &Path) -> Result<Self, Error> {
        // The program may change its working directory before it writes.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
        let file = load(&options, &path)?;
        Ok(Self { options, path, file })
    }

    /// Decrypts and expands every variable, or none: an undecryptable value is an error, even if it isn't used.
    ///
    /// The file's values win over the process's variables, which are used only if a value refers to a name that the file
    /// doesn't set. envseal's own lines (`ENVSEAL_…`) are left out. The result satisfies `.env.schema` or `.env.example`
    /// beside the file without the process's variables.
    ///
    /// Errors: [`NoKey`](crate::ErrorKind::NoKey), [`CannotOpen`](crate::ErrorKind::CannotOpen),
    /// [`Refused`](crate::ErrorKind::Refused) (a schema, or an encrypted reserved name); the details name each variable and
    /// its line.
    pub fn vars(&self) -> Result<Vars, Error> {
        self.options.read(std::slice::from_ref(&self.file))
    }

    /// Decrypts and expands one variable; others may be undecryptable, and the schema isn't checked.
    ///
    /// Errors: [`NotFound`](crate::ErrorKind::NotFound) if the file has no such variable; otherwise as [`Self::vars`].
    pub fn get(&self, name: &str) -> Result<Value, Error> {
        self.options.with_store(|store| {
            let files = std::slice::from_ref(&self.file);
            let reading = read_files(files, store, store.process(), Precedence::EarlierFile)?;
            if !reading.names().any(|known| known == name) {
                return Err(reading.no_variable(name, &self.path));
            }
            let (variables, _) = reading.variables(|known| known == name, &[])?;
            let found = variables.into_iter().next().expect("the name is known, and was decrypted");
            Ok(Value::new(found.value, found.sealed))
        })
    }

    /// Returns the names of the variables in the order of the file, each once. Needs no key.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut seen = HashSet::new();
        let names = self.file.variables().map(|(_, entry)| self.file.document().name(entry));
        names.filter(move |name| seen.insert(*name))
    }

    /// Returns the environment in the file's name: `production` for `.env.production`, `default` for `.env`.
    pub fn environment(&self) -> &str {
        self.file.env().as_str()
    }

    /// Returns the public key in the file.
    pub fn public_key(&self) -> Option<PublicKey> {
        self.file.public_key().copied().map(PublicKey)
    }

    /// Returns the file's path, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the file's text, parsed. It contains sealed values as text.
    pub fn document(&self) -> &Document {
        self.file.document()
    }

    /// Reads the file again.
    pub fn reload(&mut self) -> Result<(), Error> {
        self.file = load(&self.options, &self.path)?;
        Ok(())
    }
}

/// Changes to the file. Each waits for `envseal`'s lock, reads the file again, and either writes its whole change
/// durably or changes nothing. None commits to git.
///
/// Encrypting needs no private key. As in the command, it is refused if the file's public key isn't the one that this
/// user trusts: the value could be encrypted for someone else.
impl Vault {
    /// Encrypts a value, any bytes, under `name`. A plain mark on the line is removed.
    ///
    /// Errors: [`Malformed`](crate::ErrorKind::Malformed) for an invalid name (`[A-Za-z_][A-Za-z0-9_]*`);
    /// [`Refused`](crate::ErrorKind::Refused) for a reserved name, for one that the policy declares plain (unless its
    /// value is sealed already), and for a public key that was replaced;
    /// [`NoKey`](crate::ErrorKind::NoKey) if the file has no public key and [`Options::create`] isn't set.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Changed, Error> {
        self.set_all([(name, value)])
    }

    /// Encrypts several values as one batch, written at once. The last value of a repeated name counts.
    ///
    /// Errors: as [`Self::set`]; then none is written.
    pub fn set_all<N: AsRef<str>, V: AsRef<[u8]>>(
        &mut self,
        values: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Changed, Error> {
        let values = values.into_iter().map(|(name, value)| assignment(name.as_ref(), value.as_ref()));
        let assignments = last_of_each(values.collect::<Result<_, _>>()?);
        self.assign(&assignments, How::Seal)
    }

    /// Writes a value as plain text, marked `# envseal: plain`. It also replaces a sealed value.
    ///
    /// Errors: [`Malformed`](crate::ErrorKind::Malformed) for an invalid name; [`Refused`](crate::ErrorKind::Refused)
    /// for a value that can't be quoted in an env file.
    pub fn set_plain(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Changed, Error> {
        self.assign(&[assignment(name, value.as_ref())?], How::Plain)
    }

    /// Removes a variable: its whole line with the comment.
    ///
    /// Errors: [`NotFound`](crate::ErrorKind::NotFound) if there is none of that name.
    pub fn unset(&mut self, name: &str) -> Result<Changed, Error> {
        let (mut changed, ()) =
            self.update(|target| Ok((project::unset(target.file(), &[name.to_owned()])?, ())))?;
        changed.names.push(name.to_owned());
        Ok(changed)
    }

    /// Renames a variable. A sealed value is bound to its name, so it is decrypted and encrypted again, which needs the
    /// private key. Values that refer to the old name stay as they are; the notes name them.
    ///
    /// Errors: [`NotFound`](crate::ErrorKind::NotFound), [`NoKey`](crate::ErrorKind::NoKey);
    /// [`Refused`](crate::ErrorKind::Refused) if the new name exists.
    pub fn rename(&mut self, old: &str, new: &str) -> Result<Changed, Error> {
        let new = VarName::new(new)?;
        let (mut changed, referring) = self.update(|target| project::rename(target, old, &new, false))?;
        changed.names.push(new.to_string());
        changed.notes.extend(referring.iter().map(|name| format!("{name} still refers to {old}")));
        Ok(changed)
    }

    fn assign(&mut self, assignments: &[Assignment], how: How) -> Result<Changed, Error> {
        let may_create_key = self.options.create;
        let (mut changed, outcomes) = self.update(|target| {
            let key = match how {
                How::Plain => None,
                _ if may_create_key => Some(target.seal_to()?),
                _ => Some(target.key_in_file()?),
            };
            let mut opener = target.opener()?;
            let (file, document, project) = (target.file(), target.document(), target.project());
            project::set(file, document, project, key.as_ref(), assignments, how, opener.as_mut())
        })?;
        let written = outcomes.into_iter().filter(|(_, outcome)| *outcome != Outcome::Unchanged);
        changed.names.extend(written.map(|(name, _)| name));
        Ok(changed)
    }

    fn update<T>(
        &mut self,
        mut change: impl FnMut(&mut Target<'_>) -> Result<(Document, T), Error>,
    ) -> Result<(Changed, T), Error> {
        let (paths, creates) = ([self.path.clone()], self.options.create);
        let updated = self.options.with_store(|store| {
            update(&paths, store, (Write::Files, false), |target| {
                if !creates {
                    target.must_exist()?;
                }
                change(target)
            })
        })?;
        self.file = EnvFile::load(&self.path)?;
        // The first use of a key is not reported.
        let notes = updated.notices.iter().filter(|notice| !matches!(notice, Notice::Pinned { .. }));
        let notes = notes.map(ToString::to_string).collect();
        Ok((Changed { names: Vec::new(), notes }, updated.into_outcome()))
    }
}

/// Loads the file, or an empty one if it may be created.
fn load(options: &Options, path: &Path) -> Result<EnvFile, Error> {
    if options.create { EnvFile::load_or_new(path) } else { EnvFile::load(path) }
}

fn assignment(name: &str, value: &[u8]) -> Result<Assignment, Error> {
    Ok(Assignment { name: VarName::new(name)?, value: SecretBytes::new(value.to_vec()) })
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("path", &self.path)
            .field("environment", &self.environment())
            .field("public_key", &self.public_key())
            .finish_non_exhaustive()
    }
}
