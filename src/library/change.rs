//! Changing a file: under the lock that every envseal takes, all of it or nothing.

use super::Vault;
use crate::config::ProcessEnv;
use crate::crypto::SecretBytes;
use crate::dotenv::{Document, VarName};
use crate::error::Error;
use crate::project::{
    self, Assignment, EnvFile, How, Notice, Outcome, Target, VaultError, Write, last_of_each, update,
};

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it tells what was not asked for: a key that was made or taken over, names that still refer to an old one"]
pub struct Changed {
    names: Vec<String>,
    notes: Vec<String>,
}

impl Changed {
    /// The variables whose lines are others now. With the private key at hand, one that is set to the value it has
    /// already keeps its line, and is not among them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What a person should know beyond what was asked for, one line each: that a key pair was made and where, that the
    /// environment's key was taken over or has been rotated, which names still refer to one that was renamed. For a
    /// log, not for a program to read. No value is in them.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// Changes to the file. Each takes the lock that `envseal` takes and waits for it, reads the file anew, and either
/// writes all of its change durably or leaves every byte as it was. Files that git tracks stay uncommitted: that is for
/// the caller.
///
/// Sealing takes no private key. It is refused where the public key in the file is not the one that this user has
/// sealed to before, as the command refuses it: what would be sealed could be for someone else.
impl Vault {
    /// Seals a value, any bytes, under `name`, whether or not there is one. A line that is marked as plain loses its
    /// mark.
    ///
    /// Errors: [`Malformed`] for what is no name (`[A-Za-z_][A-Za-z0-9_]*`); [`Refused`] for a name that is never
    /// sealed, and for a public key that was replaced; [`NoKey`] where the file has no public key, unless
    /// [`Options::create`] says that one may be made.
    ///
    /// [`Malformed`]: crate::error::ErrorKind::Malformed
    /// [`Refused`]: crate::error::ErrorKind::Refused
    /// [`NoKey`]: crate::error::ErrorKind::NoKey
    /// [`Options::create`]: super::Options::create
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Changed, Error> {
        self.set_all([(name, value)])
    }

    /// Seals several values as one batch, written at once. On a name given twice the last value counts.
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

    /// Writes a value as plain text, marked `# envseal: plain`: for what is no secret. A sealed value that stands there
    /// is replaced, for that is what is asked for.
    ///
    /// Errors: [`Malformed`] for what is no name; [`Refused`] for a value that no quotes can hold in an env file.
    ///
    /// [`Malformed`]: crate::error::ErrorKind::Malformed
    /// [`Refused`]: crate::error::ErrorKind::Refused
    pub fn set_plain(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Changed, Error> {
        self.assign(&[assignment(name, value.as_ref())?], How::Plain)
    }

    /// Takes a variable out, its whole line with the comment.
    ///
    /// Errors: [`NotFound`] where there is none of that name.
    ///
    /// [`NotFound`]: crate::error::ErrorKind::NotFound
    pub fn unset(&mut self, name: &str) -> Result<Changed, Error> {
        let mut changed = self.update(|target| project::unset(target.file(), &[name.to_owned()]))?;
        changed.names.push(name.to_owned());
        Ok(changed)
    }

    /// Gives a variable another name. A sealed value is bound to its name, so it is opened and sealed again: that takes
    /// the private key. Values that refer to the old name are left as they are; the notes name them.
    ///
    /// Errors: [`NotFound`], [`NoKey`]; [`Refused`] where there is one of the new name already.
    ///
    /// [`NotFound`]: crate::error::ErrorKind::NotFound
    /// [`NoKey`]: crate::error::ErrorKind::NoKey
    /// [`Refused`]: crate::error::ErrorKind::Refused
    pub fn rename(&mut self, old: &str, new: &str) -> Result<Changed, Error> {
        let new = VarName::new(new)?;
        let mut referring = Vec::new();
        let mut changed = self.update(|target| {
            let mut keys = if target.is_sealed(old) {
                Some((target.opener_or_fail()?, target.key_in_file()?))
            } else {
                None
            };
            let keys = keys.as_mut().map(|(opener, key)| (&*key, opener));
            let (document, names) = project::rename(target.file(), old, &new, false, keys)?;
            referring = names;
            Ok(document)
        })?;
        changed.names.push(new.to_string());
        changed.notes.extend(referring.iter().map(|name| format!("{name} still refers to {old}")));
        Ok(changed)
    }

    fn assign(&mut self, assignments: &[Assignment], how: How) -> Result<Changed, Error> {
        let mut outcomes = Vec::new();
        let may_make_key = self.options.creates();
        let mut changed = self.update(|target| {
            let key = match how {
                How::Plain => None,
                // Nobody who embeds this is to find a key pair made that was not asked for.
                _ if may_make_key => Some(target.seal_to()?),
                _ => Some(target.key_in_file()?),
            };
            let mut opener = target.opener()?;
            let (file, document, scope) = (target.file(), target.document(), target.scope());
            let change =
                project::set(file, document, scope, key.as_ref(), assignments, how, opener.as_mut())?;
            outcomes = change.outcomes;
            Ok(change.document)
        })?;
        let written = outcomes.into_iter().filter(|(_, outcome)| *outcome != Outcome::Unchanged);
        changed.names.extend(written.map(|(name, _)| name));
        Ok(changed)
    }

    fn update(
        &mut self,
        mut change: impl FnMut(&mut Target<'_>) -> Result<Document, VaultError>,
    ) -> Result<Changed, Error> {
        let (paths, creates) = ([self.path.clone()], self.options.creates());
        let updated = self.options.with_store(&ProcessEnv::capture(), |store| {
            let prepare = |target: &mut Target<'_>| {
                if !creates {
                    target.must_exist()?;
                }
                change(target)
            };
            Ok(update(&paths, store, Write::Files, &|| {}, prepare)?)
        })?;
        self.file = EnvFile::load(&self.path)?;
        let notes = updated.notices.iter().filter_map(note).collect();
        Ok(Changed { names: Vec::new(), notes })
    }
}

fn assignment(name: &str, value: &[u8]) -> Result<Assignment, Error> {
    Ok(Assignment { name: VarName::new(name)?, value: SecretBytes::new(value.to_vec()) })
}

/// What was made or found on the way, for a log; that a key was seen for the first time is in the order of things.
fn note(notice: &Notice) -> Option<String> {
    Some(match notice {
        Notice::KeyMade(path) => {
            format!("made a key pair; its private half is in {}: keep a copy somewhere safe", path.display())
        }
        Notice::KeyCopied(path) => {
            format!("put the private key into {} too, which is looked into first", path.display())
        }
        Notice::KeyTaken { key, from } => {
            format!("took key {key}, which the environment has in {}", from.display())
        }
        Notice::MadePrivate(path) => format!("took {} from others' eyes", path.display()),
        Notice::Ignored(path) => format!("added the keys file to {}", path.display()),
        Notice::Noted { env, name, state, path } => {
            format!(
                "{name} of {env}, which a removed member could read, is {} now: noted in {}",
                state.as_str(),
                path.display()
            )
        }
        Notice::Pinned { .. } => return None,
        Notice::PinMoved { env, from, to } => format!(
            "the key of {env} was rotated, and who held the one before has proven it: {} now, {} before",
            to.fingerprint(),
            from.fingerprint()
        ),
        Notice::PinGaveWay { env, from, to } => format!(
            "the committed key of {env} replaces the one that was created here and never committed: {} now, {} before",
            to.fingerprint(),
            from.fingerprint()
        ),
        Notice::NotPinned { env, why } => {
            let why = why.as_deref().unwrap_or("this user has no home folder");
            format!(
                "could not keep which key of {env} was sealed to, so a replaced one would not be noticed: {why}"
            )
        }
    })
}
