//! A file edited as plain text: what an editor is shown, and how what was typed is sealed again.
//!
//! A value is known again by its name and its source text, in the file's order: unchanged, it has its very token back,
//! wherever it stands. Whatever else was typed is sealed as `encrypt` seals it.

mod fate;

use std::collections::BTreeSet;
use std::path::Path;

use zeroize::Zeroizing;

use super::change::{Outcome, is_for_this_file};
use super::encrypt::{failure, fitting, plain_source, refuse_marked, refuse_reserved_dependents};
use super::file::{EnvFile, refuse_links};
use super::line_errors::{cannot_edit, cannot_seal, changed_meanwhile};
use super::references::{DollarSigns, Referable, known};
use super::setup::with_header;
use super::update::Target;
use super::value_failure::{FailureReason as Reason, cannot_decrypt};
use crate::config::EnvName;
use crate::crypto::{Kind, Opener, PublicKey, SealedValue, Sealer};
use crate::dotenv::{self, Conflicts, Document, Edit, Versions};
use crate::error::Error;
use crate::team::Policy;

use fate::{Fate, Judge};

/// Conflict markers as git writes them.
const MARKER_SIZE: usize = 7;

/// An env file that is being edited.
pub(crate) struct Editing {
    /// The file as it stood when it was opened, or was last merged with.
    base: Document,
    /// The same with its values opened. Entry for entry, as the base has them.
    shown: Document,
    /// What the editor is shown next; what was typed, once it came back.
    text: Zeroizing<Vec<u8>>,
    opener: Option<Opener>,
    /// Every name that was seen sealed: what is typed for it is never plain text by the policy alone.
    sealed: BTreeSet<String>,
    left: Vec<LeftAsToken>,
}

/// A sealed value that the editor is shown as its token.
pub(crate) struct LeftAsToken {
    /// The variable.
    pub name: String,
    /// Why.
    pub why: Reason,
}

/// What an edit comes to.
pub(crate) struct Edited {
    /// The document to be saved.
    pub document: Document,
    /// The variables that were typed anew, and what became of each, in the file's order.
    pub outcomes: Vec<(String, Outcome)>,
    /// The variables that are there no more.
    pub removed: Vec<String>,
}

impl Editing {
    /// Opens the file's values, all of them or none. The private key is needed only where something is sealed.
    ///
    /// A value that no editor gives back as it was (control characters, bytes that are no text), or that would read
    /// otherwise as plain text, is left as its token. The key that changes are to be sealed to must be the accepted one.
    pub(crate) fn open(target: &mut Target<'_>) -> Result<Self, Error> {
        refuse_links(target.file().path(), target.scope().repositories())?;
        if target.file().public_key().is_some() {
            target.key_in_file()?;
        }
        let has_sealed = target.file().has_sealed(&|_| true);
        let mut opener = if has_sealed { Some(target.opener_or_fail()?) } else { None };
        let mut editing = Self::of(target.file(), opener.as_mut())?;
        editing.opener = opener;
        Ok(editing)
    }

    fn of(file: &EnvFile, opener: Option<&mut Opener>) -> Result<Self, Error> {
        let (shown, left) = opened(file, opener)?;
        let sealed = file.variables().filter(|(_, entry)| file.token_text(entry).is_some());
        let sealed = sealed.map(|(_, entry)| file.document().name(entry).to_owned()).collect();
        let text = Zeroizing::new(shown.as_bytes().to_vec());
        Ok(Self { base: file.document().clone(), shown, text, opener: None, sealed, left })
    }

    /// What the editor is to show.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The values that it shows as their tokens.
    pub(crate) fn left(&self) -> &[LeftAsToken] {
        &self.left
    }

    /// Takes what was typed. Returns whether it is something else than the file holds.
    pub(crate) fn typed(&mut self, text: Zeroizing<Vec<u8>>) -> bool {
        self.text = text;
        *self.text != self.shown.as_bytes()
    }

    /// The file with what was typed, sealed. Where the file has changed since it was opened, both changes are merged by
    /// name first; where they meet, it fails, and [`Self::text`] holds both sides from then on.
    pub(crate) fn seal(&mut self, target: &mut Target<'_>) -> Result<Edited, Error> {
        self.catch_up(target)?;
        let (path, env) = (target.file().path().to_owned(), target.file().env().clone());
        let policy = target.scope().policy().clone();
        let (scope, dollars) = (target.shared_scope(), DollarSigns::default());
        self.sealed(&path, env, &policy, &known(&scope, &path, &dollars), || target.seal_to())
    }

    fn sealed(
        &self,
        path: &Path,
        env: EnvName,
        policy: &Policy,
        known: &dyn Fn(&str) -> Result<bool, Error>,
        seal_to: impl FnOnce() -> Result<PublicKey, Error>,
    ) -> Result<Edited, Error> {
        let typed = EnvFile::of_text(path, env, self.text.to_vec())?;
        let judge =
            Judge { base: &self.base, shown: &self.shown, typed: &typed, sealed: &self.sealed, policy };
        judge.refuse_own_lines()?;
        judge.refuse_strays()?;
        let fates = judge.fates()?;
        let stays_sealed =
            |at| fates.get(&at).is_some_and(|fate| matches!(fate, Fate::Token(_) | Fate::Seal(_)));
        refuse_reserved_dependents(&typed, stays_sealed)?;
        let any = fates.values().any(|fate| matches!(fate, Fate::Seal(_)));
        let key = if any { Some(seal_to()?) } else { None };
        let seal_error = cannot_seal(path);
        let mut sealer = key.as_ref().map(Sealer::new).transpose().map_err(seal_error)?;
        let (mut sources, mut outcomes) = (Vec::new(), Vec::new());
        let referable = Referable::new(&typed, known);
        for (at, entry) in typed.variables() {
            let name = typed.document().name(entry);
            match &fates[&at] {
                Fate::Stays => {}
                Fate::Plain => outcomes.push((name.to_owned(), Outcome::Plain)),
                Fate::Token(source) => sources.push((at, Zeroizing::new(source.to_vec()))),
                Fate::Seal(refs) => {
                    let sealer = sealer.as_mut().expect("there is a key where something is to be sealed");
                    let source = typed.document().source(entry);
                    referable.refuse_dangling(name, at, source)?;
                    let token = sealer.seal(name, refs, Kind::Source, source).map_err(seal_error)?;
                    sources.push((at, Zeroizing::new(token.to_text())));
                    outcomes.push((name.to_owned(), Outcome::Sealed));
                }
            }
        }
        let mut document = replaced(&typed, &sources)?;
        if let Some(key) = key.filter(|_| typed.public_key().is_none()) {
            document = with_header(&typed, &document, &key)?;
        }
        Ok(Edited { document, outcomes, removed: judge.removed() })
    }

    /// Takes in what somebody else has made of the file meanwhile.
    fn catch_up(&mut self, target: &mut Target<'_>) -> Result<(), Error> {
        let file = target.file();
        if file.document().as_bytes() == self.base.as_bytes() {
            return Ok(());
        }
        let has_key =
            self.opener.as_ref().is_some_and(|opener| Some(&opener.public_key()) == file.public_key());
        if !has_key && file.has_sealed(&|_| true) {
            // Nobody is asked for a passphrase while the file is locked.
            let opener = target.opener()?;
            self.opener = Some(opener.ok_or_else(|| changed_meanwhile(file.path()))?);
        }
        let now = Self::of(target.file(), self.opener.as_mut())?;
        let versions =
            Versions { base: self.shown.as_bytes(), ours: &self.text, theirs: now.shown.as_bytes() };
        let merged = dotenv::merge(&versions, MARKER_SIZE, &mut |_| None);
        self.sealed.extend(now.sealed);
        (self.base, self.shown, self.left) = (now.base, now.shown, now.left);
        self.text = merged.text;
        let conflict = match merged.conflicts {
            Conflicts::None => return Ok(()),
            Conflicts::Names(names) => {
                format!("{} stand between conflict markers, in both versions", names.join(", "))
            }
            Conflicts::File => "both versions of it stand between conflict markers".into(),
        };
        let path = target.file().path();
        Err(Error::refused(format!("{} was changed meanwhile, and so {conflict}", path.display())).with_hint(
            hint!("see what was changed: git diff -- {path}, then again: envseal edit -f {path}", path),
        ))
    }
}

/// The file's document with its values opened, and what could not be shown so.
fn opened(file: &EnvFile, mut opener: Option<&mut Opener>) -> Result<(Document, Vec<LeftAsToken>), Error> {
    let (mut sources, mut failures, mut left) = (Vec::new(), Vec::new(), Vec::new());
    for (at, entry) in file.variables() {
        let Some(token) = file.token(entry) else { continue };
        refuse_marked(file, entry)?;
        let name = file.document().name(entry);
        let source = token.map_err(Reason::from).and_then(|token| source_of(file, name, &token, &mut opener));
        match source {
            Ok(source) if is_for_editors(&source) => sources.push((at, source)),
            Ok(_) => left.push(LeftAsToken { name: name.to_owned(), why: Reason::Unwritable }),
            Err(why @ (Reason::Unwritable | Reason::UnlistedReference)) => {
                left.push(LeftAsToken { name: name.to_owned(), why });
            }
            Err(reason) => failures.push(failure(file, entry, reason)),
        }
    }
    if !failures.is_empty() {
        return Err(cannot_decrypt(&failures));
    }
    let (document, misfits) = fitting(file, sources);
    let entries = file.document().entries();
    let unwritable = |at: usize| {
        let name = file.document().name(&entries[at]).to_owned();
        LeftAsToken { name, why: Reason::Unwritable }
    };
    left.extend(misfits.into_iter().map(unwritable));
    Ok((document, left))
}

fn source_of(
    file: &EnvFile,
    name: &str,
    token: &SealedValue,
    opener: &mut Option<&mut Opener>,
) -> Result<Zeroizing<Vec<u8>>, Reason> {
    is_for_this_file(file, token)?;
    let opener = opener.as_mut().ok_or_else(|| Reason::NoPublicKey(file.env().public_key_name()))?;
    plain_source(opener.open(name, token)?, token).map(Zeroizing::new)
}

/// Whether any editor gives this text back as it was: UTF-8, without control characters but the usual ones.
fn is_for_editors(source: &[u8]) -> bool {
    let odd = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{2028}' | '\u{2029}');
    std::str::from_utf8(source).is_ok_and(|text| !text.replace("\r\n", "\n").contains(odd))
}

/// The file's document with these entries' sources in place.
fn replaced(file: &EnvFile, sources: &[(usize, Zeroizing<Vec<u8>>)]) -> Result<Document, Error> {
    let edits: Vec<_> =
        sources.iter().map(|(entry, source)| Edit::Source { entry: *entry, source }).collect();
    file.document().edited(&edits).map_err(cannot_edit(file.path()))
}

#[cfg(test)]
mod tests;
