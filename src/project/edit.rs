//! Editing a file as plain text: what the editor shows, and how the edited text is encrypted again.
//!
//! A value is recognised by its name and source text, in the file's order. An unchanged value gets its old token back,
//! even if its line moved. Everything else is encrypted as `encrypt` does it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::change::{Outcome, with_sources};
use super::encrypt::{fitting, refs_of, refuse_marked, source_of};
use super::file::{EnvFile, refuse_links, token, variables};
use super::line_errors::{
    FailureReason as Reason, ValueFailure, ambiguous_hash, at_line, cannot_decrypt, cannot_seal,
    changed_meanwhile, cut_off, merge_conflict, not_text, reserved, sealed_but_plain, stray_line,
};
use super::projects::Project;
use super::references::{DollarSigns, Referable};
use super::setup::with_header;
use super::update::Target;
use crate::config::{EnvName, ProcessEnv, is_own_name};
use crate::crypto::{OpenError, Opener, PlaintextKind, PublicKey, Refs, Sealer, claims_to_be_sealed};
use crate::dotenv::{
    self, ConflictStyle, Document, Edit, Entry, MergeConflicts, MergeVersions, Quote, VarName, is_reserved,
};
use crate::error::{Error, ErrorKind};
use crate::fs::PrivateFile;
use crate::team::Policy;

/// Conflict markers as git writes them.
const MARKER_SIZE: usize = 7;

pub(crate) struct Editing {
    /// The file as it was when it was opened or last merged.
    base: Document,
    /// The same with its values decrypted, entry for entry.
    shown: Document,
    /// The text for the editor to show next; after the editor has exited, the edited text.
    text: Zeroizing<Vec<u8>>,
    opener: Option<Opener>,
    /// Every name that had a sealed value: the policy alone never makes a new value of it plain.
    sealed: BTreeSet<String>,
    /// The sealed values that the editor shows as tokens, still encrypted.
    left: Vec<ValueFailure>,
    /// True if the editor has shown conflict markers.
    was_in_conflict: bool,
}

pub(crate) struct Edited {
    pub document: Document,
    /// The variables with a new value, and the outcome for each, in the file's order.
    pub outcomes: Vec<(String, Outcome)>,
    pub removed: Vec<String>,
    /// True if the file had conflict markers.
    pub was_in_merge: bool,
    /// The variables that several lines set after a conflict.
    pub repeated: Vec<String>,
}

impl Editing {
    /// Decrypts the file's values, all of them or none. The private key is needed only if something is sealed.
    ///
    /// A value stays a token if an editor might not preserve it (control characters, bytes that are not text), or if
    /// it would be read differently as plain text. The key that changes are encrypted to must be trusted.
    pub(crate) fn open(target: &mut Target<'_>) -> Result<Self, Error> {
        refuse_links(target.file().path(), target.project().repositories())?;
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
        let was_in_conflict = shown.conflict_marker().is_some();
        Ok(Self { base: file.document().clone(), shown, text, opener: None, sealed, left, was_in_conflict })
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(crate) fn left(&self) -> &[ValueFailure] {
        &self.left
    }

    /// Takes the edited text. Returns true if it differs from what was shown.
    pub(crate) fn typed(&mut self, text: Zeroizing<Vec<u8>>) -> bool {
        self.text = text;
        *self.text != self.shown.as_bytes()
    }

    /// Returns the file with the edited text encrypted. If the file has changed since it was opened, both changes are
    /// merged by name first. If they conflict, this fails, and [`Self::text`] then holds both sides.
    pub(crate) fn seal(&mut self, target: &mut Target<'_>) -> Result<Edited, Error> {
        self.catch_up(target)?;
        self.keep_own_lines_once();
        let (path, env) = (target.file().path().to_owned(), target.file().env().clone());
        let project = Rc::clone(target.project());
        self.sealed(&path, env, &project, || target.seal_to())
    }

    fn sealed(
        &self,
        path: &Path,
        env: EnvName,
        project: &Project,
        seal_to: impl FnOnce() -> Result<PublicKey, Error>,
    ) -> Result<Edited, Error> {
        let document = Document::parse(self.text.to_vec()).map_err(not_text(path))?;
        if let Some(line) = document.conflict_marker() {
            return Err(merge_conflict(path, line, b"")
                .with_hint("keep one version of each conflict, and remove the lines with markers"));
        }
        let typed = EnvFile::of_text(path, env, self.text.to_vec())?;
        let (base, shown, sealed) = (&self.base, &self.shown, &self.sealed);
        let plan = EditPlan { base, shown, typed: &typed, sealed, policy: project.policy() };
        plan.refuse_own_lines()?;
        plan.refuse_strays()?;
        let actions = plan.actions()?;
        let any = actions.iter().any(|(.., action)| matches!(action, EditAction::Encrypt(_)));
        let key = if any { Some(seal_to()?) } else { None };
        let seal_error = cannot_seal(path);
        let mut sealer = key.as_ref().map(Sealer::new).transpose().map_err(seal_error)?;
        let (mut sources, mut outcomes) = (Vec::new(), Vec::new());
        let dollars = DollarSigns::default();
        let referable = Referable::new(&typed, path, project, &dollars);
        for (at, entry, action) in actions {
            let name = typed.document().name(entry);
            match action {
                EditAction::Keep => {}
                EditAction::Plain => outcomes.push((name.to_owned(), Outcome::Plain)),
                EditAction::KeepSealed(source) => sources.push((at, source.to_vec())),
                EditAction::Encrypt(refs) => {
                    let sealer = sealer.as_mut().expect("there is a key where something is to be sealed");
                    let source = typed.document().source(entry);
                    referable.refuse_dangling(name, Some(at), source, (path, entry.line))?;
                    let token =
                        sealer.seal(name, &refs, PlaintextKind::Source, source).map_err(seal_error)?;
                    sources.push((at, token.to_text()));
                    outcomes.push((name.to_owned(), Outcome::Sealed));
                }
            }
        }
        let mut document = with_sources(&typed, typed.document(), &sources)?;
        if let Some(key) = key.filter(|_| typed.public_key().is_none()) {
            document = with_header(&typed, &document, &key)?;
        }
        let was_in_merge = self.base.conflict_marker().is_some();
        let repeated = by_name(&document).into_iter().filter(|(_, at)| self.was_in_conflict && at.len() > 1);
        let repeated = repeated.map(|(name, _)| name.to_owned()).collect();
        Ok(Edited { document, outcomes, removed: plan.removed(), was_in_merge, repeated })
    }

    /// Removes the lines of envseal's own that are left from the second side of a conflict.
    fn keep_own_lines_once(&mut self) {
        let resolved = |text: &Document| self.was_in_conflict && text.conflict_marker().is_none();
        let Some(document) = Document::parse(self.text.to_vec()).ok().filter(resolved) else { return };
        let mut seen = Vec::new();
        let again = own_lines(&document).into_iter().filter_map(|(entry, _, line)| {
            let is_again = seen.contains(&line);
            seen.push(line);
            is_again.then_some(Edit::Remove { entry })
        });
        if let Ok(once) = document.edited(&again.collect::<Vec<_>>()) {
            self.text = Zeroizing::new(once.as_bytes().to_vec());
        }
    }

    /// Merges what someone else has changed in the file in the meantime.
    fn catch_up(&mut self, target: &mut Target<'_>) -> Result<(), Error> {
        let file = target.file();
        if file.document().as_bytes() == self.base.as_bytes() {
            return Ok(());
        }
        let has_key =
            self.opener.as_ref().is_some_and(|opener| Some(&opener.public_key()) == file.public_key());
        if !has_key && file.has_sealed(&|_| true) {
            // Never ask for a passphrase while the file is locked.
            let opener = target.opener()?;
            self.opener = Some(opener.ok_or_else(|| changed_meanwhile(file.path()))?);
        }
        let now = Self::of(target.file(), self.opener.as_mut())?;
        let versions =
            MergeVersions { base: self.shown.as_bytes(), ours: &self.text, theirs: now.shown.as_bytes() };
        let merged = dotenv::merge(&versions, &ConflictStyle::of_size(MARKER_SIZE), &mut |_| None);
        self.sealed.extend(now.sealed);
        (self.base, self.shown, self.left) = (now.base, now.shown, now.left);
        self.was_in_conflict |= now.was_in_conflict || merged.conflicts != MergeConflicts::None;
        self.text = merged.text;
        let of = match merged.conflicts {
            MergeConflicts::None => return Ok(()),
            MergeConflicts::Names(names) => format!(" of {}", names.join(", ")),
            MergeConflicts::File => String::new(),
        };
        let path = target.file().path();
        let message = format!(
            "{} was changed meanwhile; both versions{of} are between the conflict markers",
            path.display()
        );
        Err(Error::refused(message).with_hint(hint!(
            "see what was changed: git diff -- {path}, then again: envseal edit -f {path}",
            path
        )))
    }
}

/// Returns the file's document with its values decrypted, and the values that can't be shown decrypted.
fn opened(file: &EnvFile, mut opener: Option<&mut Opener>) -> Result<(Document, Vec<ValueFailure>), Error> {
    let (mut sources, mut failures, mut left) = (Vec::new(), Vec::new(), Vec::new());
    // One side of a merge may be from before a rotation.
    let in_merge = file.document().conflict_marker().is_some();
    for (at, entry) in file.variables() {
        let Some(token) = file.token(entry) else { continue };
        refuse_marked(file, entry)?;
        let name = file.document().name(entry);
        let opener = opener.as_deref_mut().expect("a key was found where a value is sealed");
        let source = token.map_err(Reason::from).and_then(|token| source_of(file, name, &token, opener));
        match source {
            Ok(source) if is_for_editors(&source) => sources.push((at, source)),
            Ok(_) => left.push(ValueFailure::new(file, entry, Reason::UNWRITABLE)),
            Err(reason) => {
                let failure = ValueFailure::new(file, entry, reason);
                match failure.reason {
                    Reason::StaysSealed(_) => left.push(failure),
                    Reason::Open(OpenError::OtherKey { .. }) if in_merge => left.push(failure),
                    _ => failures.push(failure),
                }
            }
        }
    }
    if !failures.is_empty() {
        return Err(cannot_decrypt(&failures));
    }
    let (document, misfits) = fitting(file, sources);
    let entries = file.document().entries();
    left.extend(misfits.into_iter().map(|at| ValueFailure::new(file, &entries[at], Reason::UNWRITABLE)));
    Ok((document, left))
}

/// Returns true if every editor preserves this text: UTF-8 without unusual control characters.
fn is_for_editors(source: &[u8]) -> bool {
    let odd = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{2028}' | '\u{2029}');
    std::str::from_utf8(source).is_ok_and(|text| !text.replace("\r\n", "\n").contains(odd))
}

enum EditAction<'a> {
    /// Plain text that was there before.
    Keep,
    /// New plain text.
    Plain,
    /// The sealed value that was there before: its source text.
    KeepSealed(&'a [u8]),
    /// A new sealed value, which refers to these names.
    Encrypt(Refs),
}

/// Compares the edited text with what was shown.
struct EditPlan<'a> {
    base: &'a Document,
    shown: &'a Document,
    typed: &'a EnvFile,
    sealed: &'a BTreeSet<String>,
    policy: &'a Policy,
}

impl<'a> EditPlan<'a> {
    /// Rejects a change to envseal's own lines. A line that both sides of a conflict have may be kept once.
    fn refuse_own_lines(&self) -> Result<(), Error> {
        let (before, now) = (own_lines(self.shown), own_lines(self.typed.document()));
        let changed = now.iter().find(|(.., line)| before.iter().all(|(.., other)| other != line));
        let changed = changed
            .or_else(|| before.iter().find(|(.., line)| now.iter().all(|(.., other)| other != line)))
            .or_else(|| now.last().filter(|_| now.len() > before.len()));
        let Some((_, line, (name, _))) = changed else { return Ok(()) };
        let what = format!("{name} belongs to envseal and can't be changed by hand");
        Err(self.refused(*line, what).with_hint(hint!(
            "leave that line as it was; to create another key: envseal key rotate -f {path}",
            path = self.typed.path()
        )))
    }

    /// Rejects a new line that is neither a variable nor a comment.
    fn refuse_strays(&self) -> Result<(), Error> {
        let known: HashSet<_> =
            self.shown.strays().iter().map(|stray| self.shown.stray_text(stray)).collect();
        let document = self.typed.document();
        match document.strays().iter().find(|stray| !known.contains(document.stray_text(stray))) {
            None => Ok(()),
            Some(stray) => Err(stray_line(self.typed.path(), document, stray)),
        }
    }

    /// Returns the action for each variable, with its entry and that one's index.
    fn actions(&self) -> Result<Vec<(usize, &'a Entry, EditAction<'a>)>, Error> {
        let known = known_again(self.shown, self.typed.document());
        let names: HashSet<_> = variables(self.shown).map(|(_, entry)| self.shown.name(entry)).collect();
        let mut actions = Vec::new();
        for (at, entry) in self.typed.variables() {
            let document = self.typed.document();
            let name = document.name(entry);
            if let Some(before) = known.get(&at) {
                actions.push((at, entry, self.known(entry, *before)?));
                continue;
            }
            if !names.contains(name) {
                VarName::new(name).map_err(|error| {
                    self.refused(entry.line, error).with_hint("use letters, digits and _, as in DB_PASSWORD")
                })?;
            }
            actions.push((at, entry, self.typed_anew(entry)?));
        }
        Ok(actions)
    }

    fn removed(&self) -> Vec<String> {
        let document = self.typed.document();
        let now: HashSet<_> = self.typed.variables().map(|(_, entry)| document.name(entry)).collect();
        let before = variables(self.shown).map(|(_, entry)| self.shown.name(entry));
        let gone: BTreeSet<_> = before.filter(|name| !now.contains(name)).collect();
        gone.into_iter().map(str::to_owned).collect()
    }

    /// Returns the action for a value that was there before, as the entry `before`.
    fn known(&self, entry: &Entry, before: usize) -> Result<EditAction<'a>, Error> {
        let (old, shown) = (&self.base.entries()[before], &self.shown.entries()[before]);
        let marked = self.is_marked(entry);
        if token(self.base, old).is_some() {
            if !marked {
                self.refuse_ambiguous(entry)?;
                return Ok(EditAction::KeepSealed(self.base.source(old)));
            }
            if token(self.shown, shown).is_some() {
                // Its plain text was never shown.
                return Err(self.sealed_but_plain(entry));
            }
            self.refuse_old_mark(entry)?;
            return Ok(EditAction::Plain);
        }
        let lifted = self.base.is_marked_plain(old) && !marked;
        if lifted && !self.is_plain(entry) {
            return self.sealed(entry);
        }
        let same = self.shown.statement(shown) == self.typed.document().statement(entry);
        if !same && !self.is_plain(entry) {
            self.refuse_ambiguous(entry)?;
        }
        Ok(EditAction::Keep)
    }

    /// Returns the action for a value that was not there before.
    fn typed_anew(&self, entry: &Entry) -> Result<EditAction<'a>, Error> {
        let document = self.typed.document();
        let name = document.name(entry);
        let (quote, text) = document.value(entry);
        let looks_sealed = claims_to_be_sealed(&text) || token(document, entry).is_some();
        if looks_sealed {
            let what = format!("{name} looks like a sealed value, but not like the one that was there");
            return Err(self.refused(entry.line, what).with_hint(hint!(
                "write the value in plain text, or: envseal set {name} -f {path}",
                name,
                path = self.typed.path()
            )));
        }
        if quote != Quote::None && !is_closed(document.source(entry)) {
            return Err(self
                .refused(entry.line, format!("{name}: the quote is not closed"))
                .with_hint("close it; a value that begins with a quote is put in other quotes: '\"so'"));
        }
        if self.is_plain(entry) {
            if self.is_marked(entry) {
                self.refuse_old_mark(entry)?;
            } else if self.sealed.contains(name) {
                // Only a reserved name gets here, and it should not have been sealed.
                return Err(reserved(self.typed.path(), name));
            }
            return Ok(EditAction::Plain);
        }
        self.sealed(entry)
    }

    fn sealed(&self, entry: &Entry) -> Result<EditAction<'a>, Error> {
        self.refuse_ambiguous(entry)?;
        if self.typed.document().is_cut_off(entry) {
            let name = self.typed.document().name(entry);
            return Err(cut_off(self.typed.path(), entry.line, name));
        }
        if self.typed.document().value(entry).1.is_empty() {
            return Ok(EditAction::Plain);
        }
        refs_of(self.typed, entry).map(EditAction::Encrypt)
    }

    fn is_marked(&self, entry: &Entry) -> bool {
        self.typed.document().is_marked_plain(entry)
    }

    /// Returns true if the entry's value is not secret. For a name that was sealed, that takes a mark.
    fn is_plain(&self, entry: &Entry) -> bool {
        let name = self.typed.document().name(entry);
        let by_policy = self.policy.is_plain(name) && !self.sealed.contains(name);
        is_reserved(name) || by_policy || self.is_marked(entry)
    }

    /// Rejects plain text for a sealed variable if the mark was there before this edit: someone else may have put it
    /// there to get the value written as plain text.
    fn refuse_old_mark(&self, entry: &Entry) -> Result<(), Error> {
        let name = self.typed.document().name(entry);
        let mut old = variables(self.base).filter(|(_, old)| self.base.name(old) == name);
        if self.sealed.contains(name) && old.any(|(_, old)| self.base.is_marked_plain(old)) {
            return Err(self.sealed_but_plain(entry));
        }
        Ok(())
    }

    fn refuse_ambiguous(&self, entry: &Entry) -> Result<(), Error> {
        let document = self.typed.document();
        if !document.comment_is_ambiguous(entry) {
            return Ok(());
        }
        Err(ambiguous_hash(self.typed.path(), entry.line, document.name(entry)))
    }

    fn refused(&self, line: usize, what: impl Display) -> Error {
        at_line(ErrorKind::Refused, self.typed.path(), line, what)
    }

    fn sealed_but_plain(&self, entry: &Entry) -> Error {
        sealed_but_plain(self.typed.path(), entry.line, self.typed.document().name(entry))
    }
}

/// Maps each entry of `typed` whose name and source text were `shown` to its old entry. For a name that occurs more
/// than once, that is the entry at the same position, or else the first one left.
fn known_again(shown: &Document, typed: &Document) -> HashMap<usize, usize> {
    let (mut known, mut used) = (HashMap::new(), HashSet::new());
    let shown_places = by_name(shown);
    for (name, places) in by_name(typed) {
        let before = shown_places.get(name).map_or(&[][..], Vec::as_slice);
        for (now, old) in places.iter().zip(before) {
            if typed.source(&typed.entries()[*now]) == shown.source(&shown.entries()[*old]) {
                known.insert(*now, *old);
                used.insert(*old);
            }
        }
    }
    let mut left: HashMap<_, VecDeque<_>> = HashMap::new();
    for (at, entry) in variables(shown).filter(|(at, _)| !used.contains(at)) {
        left.entry((shown.name(entry), shown.source(entry))).or_default().push_back(at);
    }
    for (at, entry) in variables(typed) {
        if !known.contains_key(&at)
            && let Some(old) = left.get_mut(&(typed.name(entry), typed.source(entry)))
        {
            known.extend(old.pop_front().map(|old| (at, old)));
        }
    }
    known
}

fn by_name(document: &Document) -> BTreeMap<&str, Vec<usize>> {
    let mut places: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (at, entry) in variables(document) {
        places.entry(document.name(entry)).or_default().push(at);
    }
    places
}

type OwnLine<'a> = (&'a str, Zeroizing<Vec<u8>>);

/// Returns each line of envseal's own: its entry's index, its number, and its name with the value.
fn own_lines(document: &Document) -> Vec<(usize, usize, OwnLine<'_>)> {
    let own = document.entries().iter().enumerate().filter(|(_, entry)| is_own_name(document.name(entry)));
    own.map(|(at, entry)| (at, entry.line, (document.name(entry), document.value(entry).1))).collect()
}

/// Returns true if source text ends with the quote that it begins with.
fn is_closed(source: &[u8]) -> bool {
    matches!(source.trim_ascii(), [open, .., close] if open == close)
}

/// A file that only this user can access, in memory if possible. Dropping it wipes the file.
#[derive(Default)]
pub(crate) struct PrivateEditFile(Slot);

/// Wipes the file when the process has to end.
pub(crate) struct Wiper(Slot);

type Slot = Arc<Mutex<Option<PrivateFile>>>;

impl PrivateEditFile {
    /// Creates the folder for a file with the same name as the one at `path`, so that an editor recognises its type.
    ///
    /// Returns its path, and true if it is in memory: never on a disk, unless the system swaps.
    ///
    /// Take its [`Self::wiper`] first: a signal may come at any time.
    pub(crate) fn set_up(&self, process: &ProcessEnv, path: &Path) -> Result<(PathBuf, bool), Error> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut slot = lock(&self.0);
        let file = slot.insert(PrivateFile::new(process.path("XDG_RUNTIME_DIR").as_deref(), &name)?);
        Ok((file.path().to_owned(), file.is_in_memory()))
    }

    /// Writes the text to the file, after wiping what was there before.
    pub(crate) fn put(&self, text: &[u8]) -> Result<(), Error> {
        Ok(lock(&self.0).as_mut().expect("it is set up").put(text)?)
    }

    pub(crate) fn read(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        Ok(lock(&self.0).as_mut().expect("it is set up").read()?)
    }

    /// Returns a handle that wipes it from another thread.
    pub(crate) fn wiper(&self) -> Wiper {
        Wiper(Arc::clone(&self.0))
    }
}

impl Drop for PrivateEditFile {
    fn drop(&mut self) {
        drop(lock(&self.0).take());
    }
}

impl Wiper {
    /// Wipes the file for good. A later `put` waits forever.
    pub(crate) fn wipe(self) {
        let mut slot = lock(&self.0);
        drop(slot.take());
        std::mem::forget(slot);
    }
}

fn lock(slot: &Mutex<Option<PrivateFile>>) -> MutexGuard<'_, Option<PrivateFile>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
