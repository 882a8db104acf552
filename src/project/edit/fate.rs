//! What becomes of each variable that comes back from an editor.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Display;

use crate::config::is_own_name;
use crate::crypto::{Refs, claims_to_be_sealed};
use crate::dotenv::{Document, Entry, Mark, Quote, VarName, is_reserved};
use crate::error::{Error, ErrorKind};
use crate::project::encrypt::refs_of;
use crate::project::file::{EnvFile, token};
use crate::project::line_errors::{ambiguous_hash, at_line, cut_off, reserved, sealed_but_plain, stray_line};
use crate::team::Policy;

/// What a variable becomes.
pub(super) enum Fate<'a> {
    /// Plain text that was there before.
    Stays,
    /// New plain text.
    Plain,
    /// The sealed value that was there before: its source text.
    Token(&'a [u8]),
    /// A new sealed value, which refers to these names.
    Seal(Refs),
}

/// Judges what was typed by what was shown.
pub(super) struct Judge<'a> {
    pub(super) base: &'a Document,
    pub(super) shown: &'a Document,
    pub(super) typed: &'a EnvFile,
    pub(super) sealed: &'a BTreeSet<String>,
    pub(super) policy: &'a Policy,
}

impl<'a> Judge<'a> {
    /// Refuses a change to envseal's own lines.
    pub(super) fn refuse_own_lines(&self) -> Result<(), Error> {
        let own = |document: &'a Document| {
            let entries = document.entries().iter().filter(|entry| is_own_name(document.name(entry)));
            entries.map(|entry| (document.name(entry), document.source(entry), entry.line))
        };
        let (before, now): (Vec<_>, Vec<_>) =
            (own(self.shown).collect(), own(self.typed.document()).collect());
        let same = |line: &(&str, &[u8], usize), other: &[(&str, &[u8], usize)]| {
            other.iter().any(|(name, source, _)| (*name, *source) == (line.0, line.1))
        };
        let changed = now.iter().find(|line| !same(line, &before));
        let changed = changed.or_else(|| before.iter().find(|line| !same(line, &now)));
        match changed.or_else(|| now.last().filter(|_| now.len() != before.len())) {
            None => Ok(()),
            Some((name, _, line)) => {
                let error =
                    self.refused(*line, format!("{name} belongs to envseal and can't be changed by hand"));
                Err(error.with_hint(hint!(
                    "leave that line as it was; to create another key: envseal key rotate -f {path}",
                    path = self.typed.path()
                )))
            }
        }
    }

    /// Refuses a line, not there before, that is neither a variable nor a comment.
    pub(super) fn refuse_strays(&self) -> Result<(), Error> {
        let known: HashSet<_> =
            self.shown.strays().iter().map(|stray| self.shown.stray_text(stray)).collect();
        let document = self.typed.document();
        match document.strays().iter().find(|stray| !known.contains(document.stray_text(stray))) {
            None => Ok(()),
            Some(stray) => Err(stray_line(self.typed.path(), document, stray)),
        }
    }

    /// What becomes of each variable, by its entry's index.
    pub(super) fn fates(&self) -> Result<HashMap<usize, Fate<'a>>, Error> {
        let known = known_again(self.shown, self.typed.document());
        let names: HashSet<_> = variables(self.shown).map(|(_, entry)| self.shown.name(entry)).collect();
        let mut fates = HashMap::new();
        for (at, entry) in self.typed.variables() {
            let document = self.typed.document();
            let name = document.name(entry);
            let fate = match known.get(&at) {
                Some(before) => self.known(entry, *before)?,
                None => {
                    if !names.contains(name) {
                        VarName::new(name).map_err(|error| {
                            self.refused(entry.line, error)
                                .with_hint("use letters, digits and _, as in DB_PASSWORD")
                        })?;
                    }
                    self.typed_anew(entry)?
                }
            };
            fates.insert(at, fate);
        }
        Ok(fates)
    }

    /// The names that are there no more.
    pub(super) fn removed(&self) -> Vec<String> {
        let document = self.typed.document();
        let now: HashSet<_> = self.typed.variables().map(|(_, entry)| document.name(entry)).collect();
        let before = variables(self.shown).map(|(_, entry)| self.shown.name(entry));
        let gone: BTreeSet<_> = before.filter(|name| !now.contains(name)).collect();
        gone.into_iter().map(str::to_owned).collect()
    }

    /// A value that was there before, as the entry `before`.
    fn known(&self, entry: &Entry, before: usize) -> Result<Fate<'a>, Error> {
        let (old, shown) = (&self.base.entries()[before], &self.shown.entries()[before]);
        let name = self.base.name(old);
        let marked = self.is_marked(entry);
        if token(self.base, old).is_some() {
            if !marked {
                self.refuse_ambiguous(entry)?;
                return Ok(Fate::Token(self.base.source(old)));
            }
            if token(self.shown, shown).is_some() {
                // Its plain text was never shown.
                return Err(self.sealed_but_plain(entry));
            }
            self.refuse_old_mark(entry)?;
            return Ok(Fate::Plain);
        }
        let lifted = Mark::is_plain(self.base.comment(old)) && !marked;
        if lifted && !self.is_plain(entry) {
            return self.sealed(entry);
        }
        let same = self.shown.statement(shown) == self.typed.document().statement(entry);
        if !same && !self.is_plain(entry) && !is_reserved(name) {
            self.refuse_ambiguous(entry)?;
        }
        Ok(Fate::Stays)
    }

    /// A value that was not there before.
    fn typed_anew(&self, entry: &Entry) -> Result<Fate<'a>, Error> {
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
                // Only a reserved name is left, which should not have been sealed.
                return Err(reserved(self.typed.path(), name));
            }
            return Ok(Fate::Plain);
        }
        self.sealed(entry)
    }

    fn sealed(&self, entry: &Entry) -> Result<Fate<'a>, Error> {
        self.refuse_ambiguous(entry)?;
        if self.typed.document().is_cut_off(entry) {
            return Err(cut_off(self.typed.path(), self.typed.document(), entry));
        }
        if self.typed.document().value(entry).1.is_empty() {
            return Ok(Fate::Plain);
        }
        refs_of(self.typed, entry).map(Fate::Seal)
    }

    fn is_marked(&self, entry: &Entry) -> bool {
        Mark::is_plain(self.typed.document().comment(entry))
    }

    /// Whether what is typed there is not secret. Of a value that was sealed only a person can say so, by a mark.
    fn is_plain(&self, entry: &Entry) -> bool {
        let name = self.typed.document().name(entry);
        let by_policy = self.policy.is_plain(name) && !self.sealed.contains(name);
        is_reserved(name) || by_policy || self.is_marked(entry)
    }

    /// Refuses plain text for a sealed variable where the mark is not of this edit: somebody else may have put it there
    /// for that.
    fn refuse_old_mark(&self, entry: &Entry) -> Result<(), Error> {
        let name = self.typed.document().name(entry);
        let mut old = variables(self.base).filter(|(_, old)| self.base.name(old) == name);
        if self.sealed.contains(name) && old.any(|(_, old)| Mark::is_plain(self.base.comment(old))) {
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

/// For each entry of `typed` whose name and source text were `shown`, the entry that it was: of a name that stands more
/// than once the one in the same place, else the first that is left.
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

/// Where each name stands.
fn by_name(document: &Document) -> HashMap<&str, Vec<usize>> {
    let mut places: HashMap<_, Vec<_>> = HashMap::new();
    for (at, entry) in variables(document) {
        places.entry(document.name(entry)).or_default().push(at);
    }
    places
}

/// The document's variables: the entries of envseal's own names left out.
fn variables(document: &Document) -> impl Iterator<Item = (usize, &Entry)> {
    let entries = document.entries().iter().enumerate();
    entries.filter(|(_, entry)| !is_own_name(document.name(entry)))
}

/// Whether the quote that a source text begins with is also its end.
fn is_closed(source: &[u8]) -> bool {
    matches!(source.trim_ascii(), [open, .., close] if open == close)
}
