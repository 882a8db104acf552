//! Resolving a conflict in an env file in the middle of a merge: takes one side, or sets a new value.

use zeroize::Zeroizing;

use super::change::{Assignment, How, Outcome, needs_key, refuse_own, set};
use super::encrypt::{is_outdated, refuse_marked};
use super::file::{EnvFile, token};
use super::line_errors::{refused_in, reserved};
use super::pin::KeyTrust;
use super::projects::Project;
use super::update::Target;
use crate::config::is_own_name;
use crate::crypto::PublicKey;
use crate::dotenv::{ConflictedText, Document, MergeSide, is_reserved};
use crate::error::{Error, ErrorKind};
use crate::hint::Hint;
use crate::keys::KeyStore;

/// How to resolve a conflict.
pub(crate) enum Resolution<'a> {
    /// This side, even if it removed the variable. Plain text may replace a sealed value only if `plain`.
    Side { side: MergeSide, plain: bool },
    /// A new value, written as `set` writes it.
    Value { assignment: &'a Assignment, how: How },
    /// The side whose key is trusted on this machine. Only for a public key.
    TrustedKey,
}

pub(crate) struct Resolved {
    pub document: Document,
    /// The trusted key, if the file's public key was in conflict.
    pub key: Option<PublicKey>,
    /// None if a side was taken.
    pub outcome: Option<Outcome>,
    /// True if the value, or if `key` was resolved any value, is encrypted with another key than the file's.
    pub is_outdated: bool,
    /// The names that are still in conflict.
    pub left: Vec<String>,
}

impl EnvFile {
    /// Resolves a conflict about the public key to the side whose key is trusted on this machine or a proven rotation
    /// of one. Fails if that is neither side, or two different keys: no push may choose the key for new values.
    pub(super) fn resolve_key(&mut self, project: &Project, store: &KeyStore<'_>) -> Result<(), Error> {
        let (name, text) = (self.env().public_key_name(), self.document().as_bytes().to_vec());
        let text = Zeroizing::new(text);
        let Some(conflicts) = ConflictedText::read(&text).filter(|_| self.public_key().is_none()) else {
            return Ok(());
        };
        let of_side = |side| self.with_text(&conflicts.side(side));
        let sides =
            [(MergeSide::Ours, of_side(MergeSide::Ours)?), (MergeSide::Theirs, of_side(MergeSide::Theirs)?)];
        if sides.iter().all(|(_, file)| file.public_key().is_none()) {
            return Ok(());
        }
        let mut trusted = Vec::new();
        for (side, file) in &sides {
            if (KeyTrust { file, project, store }).is_trusted()? {
                trusted.push((*side, file.public_key()));
            }
        }
        let differ = trusted.iter().any(|(_, key)| *key != trusted[0].1);
        let Some((side, _)) = trusted.first().filter(|_| !differ) else {
            let keys = sides.iter().map(|(side, file)| {
                let key = file.public_key().map_or("none".to_owned(), PublicKey::fingerprint);
                let side = if *side == MergeSide::Ours { "ours" } else { "theirs" };
                format!("{side}: {key}")
            });
            let path = self.path();
            let which = if differ { "both keys are" } else { "neither key is" };
            let what = format!(
                "both sides changed {name}, and {which} trusted on this machine or a proven rotation of a trusted one"
            );
            return Err(refused_in(path, what)
                .with_status(3)
                .with_details(keys.collect::<Vec<_>>())
                .with_hint(hint!(
                    "ask your team which one is right, and keep that line: ${EDITOR:-vi} {path}",
                    path
                )));
        };
        let resolved = conflicts.resolved(&name, *side).ok_or_else(|| entangled(self, &name))?;
        let mut file = self.with_text(&resolved)?;
        file.before = Some(text);
        *self = file;
        Ok(())
    }
}

/// Resolves the conflict about a variable. Every other name reads as before, on both sides.
pub(crate) fn resolve(
    target: &mut Target<'_>,
    name: &str,
    resolution: &Resolution<'_>,
) -> Result<Resolved, Error> {
    target.must_exist()?;
    let file = target.file();
    let key_name = file.env().public_key_name();
    let key = file.public_key().copied().filter(|_| file.before.is_some());
    let text = Zeroizing::new(file.document().as_bytes().to_vec());
    let conflicts = ConflictedText::read(&text);
    if name == key_name && key.is_some() {
        refuse_other_side(file, name, resolution)?;
        let left = conflicts.map(|conflicts| conflicts.names()).unwrap_or_default().into_iter().collect();
        let document = file.document().clone();
        let mut tokens = file.variables().filter_map(|(_, entry)| file.token(entry)?.ok());
        let is_outdated = tokens.any(|token| is_outdated(file, &token));
        return Ok(Resolved { document, key, outcome: None, is_outdated, left });
    }
    let conflicts = conflicts.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("{} has no merge conflict", file.path().display()))
    })?;
    if !conflicts.names().contains(name) {
        return Err(not_in_conflict(file, name, &conflicts));
    }
    // Both sides have the same public key here, so either line is right.
    if name != key_name || matches!(resolution, Resolution::Value { .. }) {
        refuse_own(name)?;
    }
    let ours = file.with_text(&conflicts.side(MergeSide::Ours))?;
    let theirs = file.with_text(&conflicts.side(MergeSide::Theirs))?;
    let is_sealed = |file: &EnvFile| file.has_sealed(&|there| there == name);
    let side = match resolution {
        Resolution::Side { side, .. } => *side,
        // A value that was sealed on either side stays sealed, even if the other side is marked as plain.
        Resolution::Value { .. } if ours.document().last(name).is_none() => MergeSide::Theirs,
        Resolution::Value { .. } if is_sealed(&theirs) && !is_sealed(&ours) => MergeSide::Theirs,
        Resolution::Value { .. } | Resolution::TrustedKey => MergeSide::Ours,
    };
    if let Resolution::Side { plain, .. } = resolution {
        let (taken, other) = if side == MergeSide::Ours { (&ours, &theirs) } else { (&theirs, &ours) };
        refuse_side(taken, other, name, *plain)?;
    }
    let text = conflicts.resolved(name, side).ok_or_else(|| entangled(file, name))?;
    let resolved = file.with_text(&text)?;
    let (mut document, mut outcome) = (resolved.document().clone(), None);
    if let Resolution::Value { assignment, how } = resolution {
        let assignments = std::slice::from_ref(*assignment);
        let needs_key = needs_key(&resolved, &document, target.project(), assignments, *how)?;
        let key = if needs_key { Some(target.key_in_file()?) } else { None };
        let mut opener = target.opener()?;
        let (changed, outcomes) =
            set(&resolved, &document, target.project(), key.as_ref(), assignments, *how, opener.as_mut())?;
        (document, outcome) = (changed, outcomes.first().map(|(_, outcome)| *outcome));
        if !conflicts.differs_only_in(name, document.as_bytes()) {
            return Err(entangled(&resolved, name));
        }
    }
    let left = ConflictedText::read(document.as_bytes()).map(|left| left.names()).unwrap_or_default();
    let token = document.last(name).and_then(|at| token(&document, &document.entries()[at])?.ok());
    let is_outdated = token.is_some_and(|token| is_outdated(&resolved, &token));
    Ok(Resolved { document, key, outcome, is_outdated, left: left.into_iter().collect() })
}

/// Rejects a choice of the public key other than the trusted one, to which `file` is resolved.
fn refuse_other_side(file: &EnvFile, name: &str, resolution: &Resolution<'_>) -> Result<(), Error> {
    let before = ConflictedText::read(file.on_disk()).expect("it was in conflict");
    let is_it = match resolution {
        Resolution::Side { side, .. } => {
            file.with_text(&before.side(*side))?.public_key() == file.public_key()
        }
        Resolution::TrustedKey => true,
        Resolution::Value { .. } => false,
    };
    if is_it {
        return Ok(());
    }
    let key = file.public_key().map_or_else(String::new, PublicKey::fingerprint);
    let path = file.path();
    Err(refused_in(path, format!("{name} can only be resolved to the trusted key, {key}")).with_hint(hint!(
        "envseal resolve {name} -f {path}",
        name,
        path
    )))
}

/// Rejects what `set` rejects: replacing a sealed value with plain text, unless `plain` asks for it, and a sealed value
/// whose name is reserved or whose line is marked as plain.
fn refuse_side(taken: &EnvFile, other: &EnvFile, name: &str, plain: bool) -> Result<(), Error> {
    let path = taken.path();
    let mut entries = taken.variables().filter(|(_, entry)| taken.document().name(entry) == name).peekable();
    let becomes_plain = entries.peek().is_some() && !taken.has_sealed(&|there| there == name);
    if becomes_plain && !plain && other.has_sealed(&|there| there == name) {
        let what = format!("{name} is plain text on that side, and encrypted on the other");
        return Err(refused_in(path, what).with_hint(hint!(
            "encrypt a new value: envseal resolve {name} -f {path}; if it is not secret, add --plain",
            name,
            path
        )));
    }
    for (_, entry) in entries.filter(|(_, entry)| taken.token_text(entry).is_some()) {
        refuse_marked(taken, entry)?;
        if is_reserved(name) {
            return Err(reserved(path, name).with_hint(hint!(
                "write it as plain text: envseal resolve {name} --plain -f {path}",
                name,
                path
            )));
        }
    }
    Ok(())
}

/// Returns the command to resolve one of the conflicts in `{file}`; if possible, one about a variable. It takes no private
/// key. Returns None if only an editor can resolve them.
///
/// `git mergetool` can't: the files that it leaves beside an env file have the names of env files.
pub(crate) fn resolve_hint(conflicts: &ConflictedText<'_>) -> Option<Hint> {
    let names = conflicts.names();
    let name = names.iter().min_by_key(|name| is_own_name(name))?;
    Some(if is_own_name(name) {
        hint!("envseal resolve {name} -f {file}", name)
    } else {
        hint!("envseal resolve {name} --ours -f {file}, or envseal resolve {name} --theirs -f {file}", name)
    })
}

fn not_in_conflict(file: &EnvFile, name: &str, conflicts: &ConflictedText<'_>) -> Error {
    let path = file.path();
    let names: Vec<_> = conflicts.names().into_iter().filter(|name| !is_own_name(name)).collect();
    let error = Error::new(ErrorKind::NotFound, format!("{name} is not in conflict in {}", path.display()));
    if names.is_empty() {
        return error.with_hint(hint!("resolve the rest by hand: ${EDITOR:-vi} {path}", path));
    }
    error.with_details([format!("in conflict: {}", names.join(", "))])
}

/// Returns the error for a conflict that can't be resolved by name alone: other lines would be read differently.
fn entangled(file: &EnvFile, name: &str) -> Error {
    let path = file.path();
    refused_in(path, format!("the conflict about {name} can't be separated from other lines"))
        .with_hint(hint!("resolve it by hand: ${EDITOR:-vi} {path}", path))
}
