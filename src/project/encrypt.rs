//! Whole files: encrypt, decrypt, reseal.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use zeroize::Zeroizing;

use super::change::{self, with_sources};
use super::committed::document_in_head;
use super::file::{EnvFile, token, variables};
use super::line_errors::{
    FailureReason as Reason, ValueFailure, ambiguous_hash, at_line, cannot_decrypt, cannot_seal, cut_off,
    malformed_reference, sealed_but_declared, sealed_but_plain, stray_line,
};
use super::projects::Project;
use super::references::{DollarSigns, Referable, literal, names_in};
use super::update::Target;
use crate::crypto::{
    OpenError, OpenedValue, Opener, PlaintextKind, PrivateKey, PublicKey, Refs, SealedValue, Sealer,
    TokenError, claims_to_be_sealed,
};
use crate::dotenv::{Document, Entry, ForeignFormat, foreign_value, is_reserved};
use crate::error::{Error, ErrorKind};

/// The variables that a command works on.
pub struct Pick<'a> {
    /// Returns true if the variable of this name is selected.
    pub wants: &'a dyn Fn(&str) -> bool,
    /// True if nothing was selected, so that the command works on the whole file.
    pub all: bool,
}

/// How a value is stored in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueState {
    Sealed,
    /// Sealed with another key than the file's.
    OutdatedKey,
    /// Plain by mark, by policy or by a reserved name, or empty.
    Plain,
    /// Plain text that nothing declares plain.
    Unmarked,
}

pub(crate) fn value_state(file: &EnvFile, project: &Project, entry: &Entry) -> ValueState {
    match file.token(entry) {
        Some(Ok(token)) if is_outdated(file, &token) => ValueState::OutdatedKey,
        Some(Ok(_)) => ValueState::Sealed,
        // Anyone can read what follows the prefix.
        Some(Err(_)) => ValueState::Unmarked,
        None if is_secret(file, project, entry) => ValueState::Unmarked,
        None => ValueState::Plain,
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub sealed: usize,
    /// The sealed values that are encrypted with another key than the file's.
    pub outdated: usize,
    pub plain: usize,
    pub unmarked: usize,
}

pub(crate) fn counts(file: &EnvFile, project: &Project) -> Counts {
    let mut counts = Counts::default();
    for (_, entry) in file.variables() {
        let state = value_state(file, project, entry);
        match state {
            ValueState::Sealed | ValueState::OutdatedKey => counts.sealed += 1,
            ValueState::Plain => counts.plain += 1,
            ValueState::Unmarked => counts.unmarked += 1,
        }
        counts.outdated += usize::from(state == ValueState::OutdatedKey);
    }
    counts
}

/// Encrypts in one batch every value that is neither plain (by mark, policy or name) nor empty nor sealed. Returns
/// `document`, which may have a header that the file lacks, with these values encrypted, and their number.
///
/// Rejects a line in which it is unclear what is secret, and a reference to a name that nothing sets.
///
/// `committed` holds the last commit's sealed values, to be reused for values that were only decrypted since then.
pub fn encrypt(
    file: &EnvFile,
    document: &Document,
    project: &Project,
    public_key: &PublicKey,
    pick: &Pick<'_>,
    dollars: &DollarSigns,
    mut committed: Option<CommittedValues>,
) -> Result<(Document, usize), Error> {
    if let Some(stray) = file.document().strays().first().filter(|_| pick.all) {
        return Err(stray_line(file.path(), file.document(), stray));
    }
    let seal_error = cannot_seal(file.path());
    let mut sealer = Sealer::new(public_key).map_err(seal_error)?;
    let added = document.entries().len() - file.document().entries().len();
    let mut sealed = Vec::new();
    let referable = Referable::new(file, file.path(), project, dollars);
    for (at, entry) in file.variables() {
        let (name, line) = (file.document().name(entry), entry.line);
        if !(pick.wants)(name) {
            continue;
        }
        let refuse = |reason| cannot_decrypt(&[ValueFailure::new(file, entry, reason)]);
        if let Some(token) = file.token(entry) {
            token.map_err(|error| refuse(error.into()))?;
            refuse_marked(file, entry)?;
            match project.declaring_plain(name) {
                Some(by) => return Err(sealed_but_declared(file.path(), line, name, name, &by)),
                None => continue,
            }
        }
        let is_literal = dollars.is_literal(name);
        if let Some(foreign) = foreign_of(file, entry).filter(|_| !is_literal) {
            return Err(refuse(Reason::Foreign(foreign)));
        }
        if project.policy().leaves_plain(file.document(), entry) {
            continue;
        }
        if file.document().comment_is_ambiguous(entry) {
            return Err(ambiguous_hash(file.path(), line, name));
        }
        if file.document().is_cut_off(entry) {
            return Err(cut_off(file.path(), line, name));
        }
        if file.document().value(entry).1.is_empty() {
            continue;
        }
        let source = file.document().source(entry);
        let token = if is_literal {
            sealer.seal(name, &Refs::none(), PlaintextKind::Value, literal(source).expose())
        } else {
            referable.refuse_dangling(name, Some(at), source, (file.path(), line))?;
            let refs = refs_of(file, entry)?;
            match committed.as_mut().and_then(|committed| committed.token(name, source, &refs)) {
                Some(token) => Ok(token),
                None => sealer.seal(name, &refs, PlaintextKind::Source, source),
            }
        };
        sealed.push((at + added, token.map_err(seal_error)?.to_text()));
    }
    Ok((with_sources(file, document, &sealed)?, sealed.len()))
}

/// The sealed values of an env file in the last commit, and what decrypts them.
pub struct CommittedValues {
    by_name: HashMap<String, Vec<SealedValue>>,
    /// For the key that the file's values are encrypted to now.
    opener: Opener,
}

impl CommittedValues {
    /// Returns the sealed value of `name` that `decrypt` would write as exactly this source, which refers to `refs`;
    /// None if there is none, or it can't be decrypted with the file's key.
    fn token(&mut self, name: &str, source: &[u8], refs: &Refs) -> Option<SealedValue> {
        let mut of_name = self.by_name.get(name)?.iter().filter(|token| token.refs() == refs);
        let reads_so = |token: &&SealedValue| {
            let opened = self.opener.open(name, token).ok();
            opened.and_then(|opened| plain_source(opened, token).ok()).is_some_and(|text| *text == source)
        };
        of_name.find(reads_so).cloned()
    }
}

impl Target<'_> {
    /// Returns the file's values in the last commit, if the private key for `public_key`, the file's, takes no prompt.
    pub(crate) fn committed_values(&self, public_key: &PublicKey) -> Result<Option<CommittedValues>, Error> {
        let Some(opener) = self.opener()?.filter(|opener| opener.public_key() == *public_key) else {
            return Ok(None);
        };
        let document = document_in_head(self.file().path(), self.project().repositories());
        Ok(document.map(|document| {
            let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
            for entry in document.entries() {
                if let Some(Ok(token)) = token(&document, entry) {
                    by_name.entry(document.name(entry).to_owned()).or_default().push(token);
                }
            }
            CommittedValues { by_name, opener }
        }))
    }
}

/// Returns the names that a value refers to, which its token must list.
pub(super) fn refs_of(file: &EnvFile, entry: &Entry) -> Result<Refs, Error> {
    refs_of_source(file.document().source(entry))
        .ok_or_else(|| malformed_reference(file.path(), entry.line, file.document().name(entry)))
}

/// Like [`refs_of`], for source text; None if a reference in it is malformed.
pub(super) fn refs_of_source(source: &[u8]) -> Option<Refs> {
    Some(Refs::new(names_in(source)?.into_iter().collect::<Vec<_>>()).expect("names as they are read"))
}

/// Rejects a change after which a reserved name's value depends on a sealed one, through any chain of references: the
/// file would no longer read as it did. One that did so before is `check`'s.
pub fn refuse_reserved_dependents(file: &EnvFile, document: &Document) -> Result<(), Error> {
    match new_reserved_dependent(file, document) {
        Some((line, name, on)) => Err(reserved_depends(file.path(), line, name, &on)),
        None => Ok(()),
    }
}

/// Returns the line, the reserved name and the sealed one of what [`refuse_reserved_dependents`] rejects.
pub(super) fn new_reserved_dependent<'a>(
    file: &EnvFile,
    document: &'a Document,
) -> Option<(usize, &'a str, String)> {
    let before: HashSet<_> = reserved_dependents(file.document()).map(|(_, name, _)| name).collect();
    let (entry, name, on) = reserved_dependents(document).find(|(_, name, _)| !before.contains(name))?;
    // The line in the file, which has no header yet.
    let line = file.document().last(name).map_or(entry.line, |at| file.document().entries()[at].line);
    Some((line, name, on))
}

/// Returns each plain entry of a reserved name that depends on a sealed value, with that value's name.
fn reserved_dependents(document: &Document) -> impl Iterator<Item = (&Entry, &str, String)> {
    let mut hidden = BTreeSet::new();
    variables(document).filter_map(move |(_, entry)| {
        let (name, source) = (document.name(entry), document.source(entry));
        // A value may be large, so a sealed one is not copied.
        let is_sealed = claims_to_be_sealed(source) || token(document, entry).is_some();
        let names = if is_sealed { None } else { names_in(source) };
        let on = names.into_iter().flatten().find(|on| hidden.contains(on.as_str()));
        if is_sealed || on.is_some() {
            hidden.insert(name)
        } else {
            hidden.remove(name)
        };
        on.filter(|_| is_reserved(name)).map(|on| (entry, name, on))
    })
}

pub(super) fn reserved_depends(path: &Path, line: usize, name: &str, on: &str) -> Error {
    let what = format!("{name} must stay readable, but depends on {on}, which would be encrypted");
    at_line(ErrorKind::Refused, path, line, what).with_hint(hint!(
        "if {on} is not secret, add `# envseal: plain` to its line; otherwise write the value without it",
        on
    ))
}

/// Decrypts the sealed values and writes them as the text they were encrypted from; all of them or none. Returns the
/// document and the number of decrypted values.
///
/// A reserved name stays sealed: as plain text its value would take effect, though no reviewer could read it.
pub fn decrypt(
    file: &EnvFile,
    project: &Project,
    pick: &Pick<'_>,
    opener: &mut Opener,
) -> Result<(Document, usize), Vec<ValueFailure>> {
    let mut sources = Vec::new();
    let mut failures = Vec::new();
    for (at, entry, token) in tokens(file, pick) {
        let name = file.document().name(entry);
        if is_reserved(name) {
            continue;
        }
        let source = match (project.declaring_plain(name), token) {
            _ if file.document().is_marked_plain(entry) => Err(Reason::Marked),
            (Some(by), _) => Err(Reason::DeclaredPlain(by)),
            (None, Ok(token)) => source_of(file, name, &token, opener),
            (None, Err(error)) => Err(error.into()),
        };
        match source {
            Ok(source) => sources.push((at, source)),
            Err(reason) => failures.push(ValueFailure::new(file, entry, reason)),
        }
    }
    let count = sources.len();
    let (document, misfits) = fitting(file, sources);
    let entries = file.document().entries();
    failures.extend(misfits.into_iter().map(|at| ValueFailure::new(file, &entries[at], Reason::UNWRITABLE)));
    failures.sort_by_key(|failure| failure.line);
    if failures.is_empty() { Ok((document, count)) } else { Err(failures) }
}

/// Writes as many of these entries' sources as the file can hold. Returns the document, and the entries whose source
/// would change how other lines are read, or make the file look like one with a merge conflict.
pub(super) fn fitting(file: &EnvFile, sources: Vec<(usize, Zeroizing<Vec<u8>>)>) -> (Document, Vec<usize>) {
    let in_merge = file.document().conflict_marker().is_some();
    let (mut document, mut fit, mut misfits) = (file.document().clone(), Vec::new(), Vec::new());
    let mut untried = vec![sources];
    while let Some(more) = untried.pop().filter(|more| !more.is_empty()) {
        let (before, count) = (fit.len(), more.len());
        fit.extend(more);
        match with_sources(file, file.document(), &fit) {
            Ok(changed) if in_merge || changed.conflict_marker().is_none() => document = changed,
            _ if count == 1 => misfits.extend(fit.pop().map(|(entry, _)| entry)),
            _ => {
                let mut first = fit.split_off(before);
                let second = first.split_off(count / 2);
                untried.extend([second, first]);
            }
        }
    }
    (document, misfits)
}

/// Decrypts every value that is not encrypted to `public_key`, the file's (or `all` sealed values), with the matching
/// one of the `keys`, and encrypts it to `public_key` in one batch. Returns the document and the number of values.
///
/// `keys` is only called if there is anything to decrypt.
pub fn reseal(
    file: &EnvFile,
    public_key: &PublicKey,
    pick: &Pick<'_>,
    all: bool,
    keys: impl FnOnce() -> Result<Vec<PrivateKey>, Error>,
) -> Result<(Document, usize), Error> {
    let is_current = |token: &SealedValue| !all && token.key_id() == public_key.id();
    let mut tokens =
        tokens(file, pick).filter(|(_, _, token)| !token.as_ref().is_ok_and(is_current)).peekable();
    if tokens.peek().is_none() {
        return Ok((file.document().clone(), 0));
    }
    let seal_error = cannot_seal(file.path());
    let mut sealer = Sealer::new(public_key).map_err(seal_error)?;
    let mut openers: Vec<_> = keys()?.into_iter().map(Opener::new).collect();
    let (mut sources, mut failures) = (Vec::new(), Vec::new());
    for (at, entry, token) in tokens {
        let name = file.document().name(entry);
        let opened = token.map_err(Reason::from).and_then(|token| {
            let opener = openers.iter_mut().find(|opener| opener.public_key().id() == token.key_id());
            let opener = opener.ok_or(OpenError::OtherKey { sealed_to: token.key_id() })?;
            Ok((opener.open(name, &token)?, token))
        });
        match opened {
            Ok((OpenedValue { kind, bytes }, token)) => {
                let token = sealer.seal(name, token.refs(), kind, bytes.expose()).map_err(seal_error)?;
                sources.push((at, token.to_text()));
            }
            Err(reason) => failures.push(ValueFailure::new(file, entry, reason)),
        }
    }
    if failures.is_empty() {
        Ok((with_sources(file, file.document(), &sources)?, sources.len()))
    } else {
        Err(cannot_decrypt(&failures))
    }
}

/// Returns true if there is anything for [`encrypt`] to encrypt or to reject.
pub(super) fn has_secrets(file: &EnvFile, project: &Project, wants: &dyn Fn(&str) -> bool) -> bool {
    let matters = |entry: &Entry| {
        is_secret(file, project, entry)
            || file.token_text(entry).is_some()
            || (!project.policy().leaves_plain(file.document(), entry)
                && file.document().comment_is_ambiguous(entry))
    };
    !file.document().strays().is_empty()
        || file.variables().any(|(_, entry)| wants(file.document().name(entry)) && matters(entry))
}

/// Rejects a plain mark on a sealed value: once decrypted, it would never be encrypted again.
pub(super) fn refuse_marked(file: &EnvFile, entry: &Entry) -> Result<(), Error> {
    if !file.document().is_marked_plain(entry) {
        return Ok(());
    }
    Err(sealed_but_plain(file.path(), entry.line, file.document().name(entry)))
}

/// Returns the format of an entry's value if it is another tool's; None if not, or if its line is marked as plain.
pub(super) fn foreign_of(file: &EnvFile, entry: &Entry) -> Option<&'static ForeignFormat> {
    let marked = file.document().is_marked_plain(entry);
    foreign_value(&file.document().value(entry).1).filter(|_| !marked)
}

/// Returns the first value of another tool in a file.
pub(crate) fn first_foreign(file: &EnvFile) -> Option<&'static ForeignFormat> {
    file.variables().find_map(|(_, entry)| foreign_of(file, entry))
}

pub(super) fn is_secret(file: &EnvFile, project: &Project, entry: &Entry) -> bool {
    !project.policy().leaves_plain(file.document(), entry) && !file.document().value(entry).1.is_empty()
}

fn tokens<'a>(
    file: &'a EnvFile,
    pick: &'a Pick<'_>,
) -> impl Iterator<Item = (usize, &'a Entry, Result<SealedValue, TokenError>)> {
    let picked = file.variables().filter(|(_, entry)| (pick.wants)(file.document().name(entry)));
    picked.filter_map(|(at, entry)| file.token(entry).map(|token| (at, entry, token)))
}

/// Returns true if a value is sealed with another key than the file's.
pub(super) fn is_outdated(file: &EnvFile, token: &SealedValue) -> bool {
    file.public_key().is_some_and(|key| key.id() != token.key_id())
}

/// Decrypts a value with the file's key, as the source text it has in plain text.
pub(super) fn source_of(
    file: &EnvFile,
    name: &str,
    token: &SealedValue,
    opener: &mut Opener,
) -> Result<Zeroizing<Vec<u8>>, Reason> {
    if is_outdated(file, token) {
        return Err(OpenError::OtherKey { sealed_to: token.key_id() }.into());
    }
    plain_source(opener.open(name, token)?, token)
}

/// Returns the source text for a decrypted value.
fn plain_source(
    OpenedValue { kind, bytes }: OpenedValue,
    token: &SealedValue,
) -> Result<Zeroizing<Vec<u8>>, Reason> {
    let source = match kind {
        PlaintextKind::Value => change::plain_source(bytes.expose()).ok_or(Reason::UNWRITABLE),
        PlaintextKind::Source => {
            // A malformed reference is rejected in plain text, too.
            let names = names_in(bytes.expose()).unwrap_or_default();
            let listed = names.iter().all(|name| token.refs().contains(name));
            if listed { Ok(bytes.expose().to_vec()) } else { Err(Reason::UNLISTED_REFERENCE) }
        }
    };
    source.map(Zeroizing::new)
}
