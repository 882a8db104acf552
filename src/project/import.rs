//! Importing into an env file. A plan says what happens to each variable, for a person to review. Then every value is
//! encrypted, decrypted again and compared, before a file is replaced.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::change::{edited, outdated_mark, own_name, plain_source, reads_as, refuse_half, refuse_own};
use super::encrypt::{is_secret, new_reserved_dependent, refs_of_source, reserved_depends};
use super::file::{EnvFile, folder_of, place_of, refuse_links, token};
use super::keys::backup_exists;
use super::line_errors::{
    ValueFailure, ambiguous_hash, cannot_decrypt, cannot_seal, cut_off, malformed_reference, not_text,
    unwritable,
};
use super::projects::Project;
use super::references::{DollarSigns, Referable, literal, names_in};
use super::setup::with_header;
use super::update::Target;
use crate::config::is_own_name;
use crate::crypto::{OpenedValue, Opener, PlaintextKind, PrivateKey, PublicKey, Refs, Sealer, SecretBytes};
use crate::dotenv::{Document, Edit, VarName};
use crate::error::Error;
use crate::fs::{self, NewMode};
use crate::keys::{KeyStore, KeysFile};

/// A variable read from a source.
#[derive(Clone, Debug)]
pub struct ImportItem {
    /// Its place in the source, as messages show it: `database.password`, or the name itself.
    pub origin: String,
    /// Its line in the source, from 1; 0 if the source is not dotenv text, in which nothing is a reference.
    pub line: usize,
    /// The variable it becomes.
    pub name: VarName,
    /// Its decrypted value.
    pub value: ItemValue,
    /// True if the source kept it encrypted: then it is never written as plain text.
    pub was_encrypted: bool,
}

/// A value read from a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemValue {
    /// The exact bytes; nothing in them is a reference.
    Literal(SecretBytes),
    /// Source text of an env file, quotes included.
    Source(SecretBytes),
}

impl ItemValue {
    /// Returns the bytes of the value or the source text.
    pub fn expose(&self) -> &[u8] {
        let (Self::Literal(bytes) | Self::Source(bytes)) = self;
        bytes.expose()
    }

    /// Returns the names that it refers to; None if a reference in it is malformed.
    fn names(&self) -> Option<BTreeSet<String>> {
        match self {
            Self::Literal(_) => Some(BTreeSet::new()),
            Self::Source(source) => names_in(source.expose()),
        }
    }

    /// Returns the value, with every `$` taken literally.
    fn literal(&self) -> SecretBytes {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Source(source) => literal(source.expose()),
        }
    }
}

/// A source that is dotenv text.
#[derive(Clone)]
pub(crate) struct ImportText {
    pub document: Document,
    /// The values of the entries that were encrypted.
    pub decrypted: HashMap<usize, ItemValue>,
    /// The entries that hold another tool's encrypted values or public key.
    pub not_secret: HashSet<usize>,
    /// The line of each entry in the source.
    pub lines: Vec<usize>,
    /// True if the source was encrypted as a whole, so that no line of this text is in its file.
    pub was_whole: bool,
}

impl ImportText {
    pub(crate) fn plaintext(document: Document) -> Self {
        let lines = lines_of(&document);
        Self { document, decrypted: HashMap::new(), not_secret: HashSet::new(), lines, was_whole: false }
    }

    /// Returns the text of a source that was encrypted as a whole. `original` has the same entries, and comments.
    pub(crate) fn encrypted(document: Document, original: &Document) -> Self {
        let value = |entry| ItemValue::Source(SecretBytes::new(document.source(entry).to_vec()));
        let decrypted = document.entries().iter().map(value).enumerate().collect();
        Self { decrypted, lines: lines_of(original), was_whole: true, ..Self::plaintext(document) }
    }
}

fn lines_of(document: &Document) -> Vec<usize> {
    document.entries().iter().map(|entry| entry.line).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImportAction {
    Encrypt,
    /// Encrypt it in place of another value.
    Replace,
    /// The file has that value already.
    Keep,
    /// Write plain text, because a mark, the policy or its name says so.
    WritePlain,
    /// Write it unencrypted, because it is empty.
    WriteEmpty,
}

impl ImportAction {
    pub(crate) fn encrypts(self) -> bool {
        matches!(self, Self::Encrypt | Self::Replace)
    }
}

struct PlannedItem {
    origin: String,
    line: usize,
    name: String,
    value: ItemValue,
    was_encrypted: bool,
    /// The entry of the base document that gets the value; None to append a line.
    entry: Option<usize>,
    action: ImportAction,
}

/// What an import does with one env file.
pub(crate) struct ImportPlan {
    path: PathBuf,
    /// The source, as errors call it.
    label: PathBuf,
    /// The file's bytes when this was planned; None if there was no file.
    before: Option<Zeroizing<Vec<u8>>>,
    /// The file that the items are written into.
    base: EnvFile,
    items: Vec<PlannedItem>,
    plaintext_secret: Option<String>,
}

impl ImportPlan {
    /// Plans to make `text` the env file at `path`, with its comments and order. Variables that aren't wanted stay as
    /// they are.
    pub(crate) fn convert(
        path: &Path,
        label: &Path,
        text: ImportText,
        wants: &dyn Fn(&str) -> bool,
        dollars: &DollarSigns,
        store: &KeyStore<'_>,
    ) -> Result<Self, Error> {
        let (file, project) = load(path, store)?;
        refuse_another_files_key(&file, &text.document)?;
        let base = EnvFile::of_text(label, file.env().clone(), text.document.as_bytes().to_vec())?;
        let is_known = |at| text.decrypted.contains_key(&at) || text.not_secret.contains(&at);
        let plaintext_secret = plaintext_secret(&base, &project, is_known);
        let items = plan_text(&base, path, &project, text, wants, dollars)?;
        refuse_dangling(&items, label, Referable::new(&base, path, &project, dollars))?;
        let before = bytes_of(&file);
        Self { path: path.into(), label: label.into(), before, base, items, plaintext_secret }.checked()
    }

    /// Plans to set `items`, in the source's order, in the env file at `path`; in place, to make it of nothing else. Of a
    /// repeated name the last counts.
    pub(crate) fn set(
        path: &Path,
        label: &Path,
        mut items: Vec<ImportItem>,
        is_in_place: bool,
        dollars: &DollarSigns,
        store: &KeyStore<'_>,
    ) -> Result<Self, Error> {
        let (file, project) = load(path, store)?;
        let before = bytes_of(&file);
        let base = if is_in_place { EnvFile::of_text(path, file.env().clone(), Vec::new())? } else { file };
        for item in items.iter_mut().filter(|item| dollars.is_literal(item.name.as_str())) {
            item.value = ItemValue::Literal(item.value.literal());
        }
        let source: Vec<_> = items
            .iter()
            .map(|item| (item.name.to_string(), item.value.names().unwrap_or_default()))
            .collect();
        let last: HashMap<_, _> = source.iter().enumerate().map(|(at, (name, _))| (name, at)).collect();
        let mut at = 0..;
        items.retain(|item| at.next() == last.get(&item.name.to_string()).copied());
        let items = plan_items(&base, &project, items, is_in_place, store)?;
        refuse_dangling(&items, label, Referable::new(&base, path, &project, dollars))?;
        refuse_read_otherwise(&base, &source, &items)?;
        let is_secret = |item: &&PlannedItem| item.action.encrypts() && !item.was_encrypted;
        let plaintext_secret = if is_in_place {
            items.iter().find(is_secret).map(|item| item.name.clone())
        } else {
            plaintext_secret(&base, &project, |_| false)
        };
        Self { path: path.into(), label: label.into(), before, base, items, plaintext_secret }.checked()
    }

    /// Rejects a plan whose document can't be made, or in which a reserved name would come to depend on an encrypted
    /// value.
    fn checked(self) -> Result<Self, Error> {
        let encrypts = self.items.iter().any(|item| item.action.encrypts());
        let document = self.encrypted(encrypts.then(|| PrivateKey::generate().public()).as_ref())?;
        let Some((line, name, on)) = new_reserved_dependent(&self.base, &document) else { return Ok(self) };
        let item = self.items.iter().rfind(|item| item.name == name);
        let (path, line) = item.map_or((self.base.path(), line), |item| (&self.label, item.line));
        Err(reserved_depends(path, line, name, &on))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file_exists(&self) -> bool {
        self.before.is_some()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = (&str, &str, ImportAction)> {
        self.items.iter().map(|item| (item.origin.as_str(), item.name.as_str(), item.action))
    }

    /// Returns true if a byte of the file would change.
    pub(crate) fn changes_file(&self) -> bool {
        let Some(before) = &self.before else { return !self.items.is_empty() };
        let changes = |item: &PlannedItem| match item.action {
            ImportAction::Keep => false,
            ImportAction::WritePlain | ImportAction::WriteEmpty => {
                self.changed_plain_source(item).map_or(true, |source| source.is_some())
            }
            ImportAction::Encrypt | ImportAction::Replace => true,
        };
        self.base.document().as_bytes() != before.as_slice() || self.items.iter().any(changes)
    }

    /// Returns a variable whose value is a plaintext secret in the file that is replaced.
    pub(crate) fn plaintext_secret(&self) -> Option<&str> {
        self.plaintext_secret.as_deref().filter(|_| self.file_exists())
    }

    /// Makes the env file's new document, and decrypts and compares every encrypted value in it.
    pub(crate) fn document(&self, target: &mut Target<'_>) -> Result<Document, Error> {
        let now = target.file().exists().then(|| target.file().document().as_bytes());
        if now != self.before.as_ref().map(|before| before.as_slice()) {
            let message = format!(
                "{} was changed by another program meanwhile; nothing was written",
                self.path.display()
            );
            return Err(Error::refused(message).with_hint("check the file, then run the command again"));
        }
        let encrypts = self.items.iter().any(|item| item.action.encrypts());
        let key = if encrypts { Some(target.seal_to()?) } else { None };
        let document = self.encrypted(key.as_ref())?;
        if encrypts {
            self.verify(&document, target.opener_of_its_key()?)?;
        }
        Ok(document)
    }

    fn encrypted(&self, key: Option<&PublicKey>) -> Result<Document, Error> {
        let seal_error = cannot_seal(&self.path);
        let mut sealer = key.map(Sealer::new).transpose().map_err(seal_error)?;
        let mut sources = Vec::with_capacity(self.items.len());
        for item in &self.items {
            let source = match item.action {
                ImportAction::Keep => None,
                ImportAction::WritePlain | ImportAction::WriteEmpty => self.changed_plain_source(item)?,
                ImportAction::Encrypt | ImportAction::Replace => {
                    let (kind, refs, bytes) = self.plaintext(item)?;
                    let sealer = sealer.as_mut().ok_or_else(|| self.base.no_public_key())?;
                    Some(sealer.seal(&item.name, &refs, kind, bytes).map_err(seal_error)?.to_text())
                }
            };
            sources.extend(source.map(|source| (item, source)));
        }
        let mut edits: Vec<_> = sources
            .iter()
            .map(|(item, source)| match item.entry {
                Some(entry) => Edit::Source { entry, source },
                None => Edit::Append { name: &item.name, source, plain: false },
            })
            .collect();
        let encrypted = self.items.iter().filter(|item| item.action.encrypts());
        edits.extend(encrypted.filter_map(|item| outdated_mark(self.base.document(), item.entry?)));
        let document = edited(&self.base, self.base.document(), &edits)?;
        match key {
            Some(key) if self.base.public_key().is_none() => with_header(&self.base, &document, key),
            _ => Ok(document),
        }
    }

    fn plaintext<'a>(&self, item: &'a PlannedItem) -> Result<(PlaintextKind, Refs, &'a [u8]), Error> {
        Ok(match &item.value {
            ItemValue::Literal(value) => (PlaintextKind::Value, Refs::none(), value.expose()),
            ItemValue::Source(source) => {
                let refs = refs_of_source(source.expose());
                let refs = refs.ok_or_else(|| malformed_reference(&self.label, item.line, &item.name))?;
                (PlaintextKind::Source, refs, source.expose())
            }
        })
    }

    /// Returns the plain text to write for an item, or None if the file has it already.
    fn changed_plain_source(&self, item: &PlannedItem) -> Result<Option<Vec<u8>>, Error> {
        let source = match &item.value {
            ItemValue::Source(source) => source.expose().to_vec(),
            ItemValue::Literal(value) => {
                plain_source(value.expose()).ok_or_else(|| unwritable(&self.path, &item.name))?
            }
        };
        let document = self.base.document();
        let is_there = item.entry.is_some_and(|at| document.source(&document.entries()[at]) == source);
        Ok((!is_there).then_some(source))
    }

    /// Parses the document again, and decrypts and compares every value that was encrypted.
    fn verify(&self, document: &Document, mut opener: Opener) -> Result<(), Error> {
        let document = Document::parse(document.as_bytes().to_vec()).map_err(not_text(&self.path))?;
        let is_appended = |item: &&PlannedItem| item.entry.is_none() && item.action != ImportAction::Keep;
        let own = self.base.document().entries().len() + self.items.iter().filter(is_appended).count();
        // A new header's entry is above the others.
        let header = document.entries().len().checked_sub(own);
        for item in self.items.iter().filter(|item| item.action.encrypts()) {
            let at = match item.entry {
                Some(entry) => header.map(|header| entry + header),
                None => document.last(&item.name),
            };
            let (kind, refs, bytes) = self.plaintext(item)?;
            let is_same = at.and_then(|at| document.entries().get(at)).is_some_and(|entry| {
                let Some(Ok(sealed)) = token(&document, entry) else { return false };
                let opened = opener.open(document.name(entry), &sealed);
                document.name(entry) == item.name
                    && *sealed.refs() == refs
                    && opened.is_ok_and(|opened| opened.kind == kind && opened.bytes.expose() == bytes)
            });
            if !is_same {
                let (path, name) = (self.path.display(), &item.name);
                return Err(Error::refused(format!(
                    "{path}: the encrypted value of {name} does not decrypt to the original; nothing was written"
                ))
                .with_hint("this is a bug in envseal; please report it"));
            }
        }
        Ok(())
    }
}

fn load(path: &Path, store: &KeyStore<'_>) -> Result<(EnvFile, Project), Error> {
    refuse_links(path, store.repositories())?;
    let file = EnvFile::load_or_new(path)?;
    let project = Project::of(&file.dir(), store.repositories())?;
    Ok((file, project))
}

fn bytes_of(file: &EnvFile) -> Option<Zeroizing<Vec<u8>>> {
    file.exists().then(|| Zeroizing::new(file.document().as_bytes().to_vec()))
}

/// Returns the first plaintext value that isn't marked plain, skipping the entries for which `is_known` returns true.
fn plaintext_secret(file: &EnvFile, project: &Project, is_known: impl Fn(usize) -> bool) -> Option<String> {
    let mut secrets = file.variables().filter(|(at, entry)| {
        !is_known(*at) && file.token(entry).is_none() && is_secret(file, project, entry)
    });
    secrets.next().map(|(_, entry)| file.document().name(entry).to_owned())
}

/// Rejects a text with another file's public key: values encrypted now would be next to others under another key.
fn refuse_another_files_key(file: &EnvFile, text: &Document) -> Result<(), Error> {
    let own = |document: &Document| {
        let entries = document.entries().iter().filter(|entry| is_own_name(document.name(entry)));
        entries.map(|entry| document.statement(entry).to_vec()).collect::<Vec<_>>()
    };
    if own(text) == own(file.document()) {
        return Ok(());
    }
    let name = text.entries().iter().map(|entry| text.name(entry)).find(|name| is_own_name(name));
    Err(own_name(name.unwrap_or("ENVSEAL_PUBLIC_KEY")))
}

/// Plans each variable of a text that becomes the file at `path`.
fn plan_text(
    base: &EnvFile,
    path: &Path,
    project: &Project,
    mut text: ImportText,
    wants: &dyn Fn(&str) -> bool,
    dollars: &DollarSigns,
) -> Result<Vec<PlannedItem>, Error> {
    let document = base.document();
    let (mut items, mut shown) = (Vec::new(), Vec::new());
    for (at, entry) in base.variables().filter(|(_, entry)| wants(document.name(entry))) {
        let (name, line) = (document.name(entry).to_owned(), text.lines[at]);
        let (was_encrypted, is_plain) =
            (text.decrypted.contains_key(&at), project.policy().leaves_plain(base.document(), entry));
        let action = match token(document, entry) {
            // Encrypted by envseal: a file may be converted in parts.
            Some(Ok(_)) => ImportAction::Keep,
            Some(Err(error)) => return Err(cannot_decrypt(&[ValueFailure::new(base, entry, error.into())])),
            None if was_encrypted && is_plain => {
                shown.push(name);
                continue;
            }
            None if !is_plain && document.comment_is_ambiguous(entry) => {
                return Err(ambiguous_hash(base.path(), line, &name));
            }
            None if !is_plain && document.is_cut_off(entry) => {
                return Err(cut_off(base.path(), line, &name));
            }
            None if is_plain => ImportAction::WritePlain,
            None if !was_encrypted && document.value(entry).1.is_empty() => ImportAction::WriteEmpty,
            None => ImportAction::Encrypt,
        };
        let in_file = || ItemValue::Source(SecretBytes::new(document.source(entry).to_vec()));
        let mut value = text.decrypted.remove(&at).unwrap_or_else(in_file);
        if action.encrypts() && dollars.is_literal(&name) {
            value = ItemValue::Literal(value.literal());
        }
        let (origin, entry) = (name.clone(), Some(at));
        items.push(PlannedItem { origin, line, name, value, was_encrypted, entry, action });
    }
    refuse_to_show(path, &shown, text.was_whole)?;
    Ok(items)
}

/// Plans each variable that goes into a file by the rules of `set`.
fn plan_items(
    file: &EnvFile,
    project: &Project,
    items: Vec<ImportItem>,
    is_in_place: bool,
    store: &KeyStore<'_>,
) -> Result<Vec<PlannedItem>, Error> {
    let document = file.document();
    let mut opener = match file.public_key() {
        Some(key) => store.find_unasked(file.env(), key, &file.dir())?.map(Opener::new),
        None => None,
    };
    let (mut planned, mut shown) = (Vec::new(), Vec::new());
    for ImportItem { origin, line, name, value, was_encrypted } in items {
        let name = name.to_string();
        refuse_own(&name)?;
        let entry = document.last(&name);
        refuse_half(file, document, project, entry)?;
        let is_sealed = |entry| document.name(entry) == name && token(document, entry).is_some();
        let is_plain = match entry {
            Some(at) => project.policy().leaves_plain(document, &document.entries()[at]),
            None => project.policy().leaves_name_plain(&name),
        };
        // A sealed value is replaced by a sealed one, whatever a mark or the policy says.
        let action = if document.entries().iter().any(is_sealed) {
            let is_same = entry.is_some_and(|at| has_value(document, at, &value, opener.as_mut()));
            if is_same { ImportAction::Keep } else { ImportAction::Replace }
        } else if is_plain && was_encrypted {
            shown.push(name);
            continue;
        } else if is_plain {
            ImportAction::WritePlain
        } else if entry.is_some() {
            ImportAction::Replace
        } else {
            ImportAction::Encrypt
        };
        planned.push(PlannedItem { origin, line, name, value, was_encrypted, entry, action });
    }
    refuse_to_show(file.path(), &shown, is_in_place)?;
    Ok(planned)
}

/// Rejects plain text for values that the source kept encrypted. Where `is_whole`, a target must be named to leave one
/// out.
fn refuse_to_show(path: &Path, names: &[String], is_whole: bool) -> Result<(), Error> {
    let [name, ..] = names else { return Ok(()) };
    let message = format!(
        "{}: {} {} encrypted in the source, but a mark, the policy or the name would make it plain text here",
        path.display(),
        names.join(", "),
        if names.len() == 1 { "was" } else { "were" }
    );
    let hint = hint!("leave it out: -x {names}", names);
    Err(Error::refused(message).with_hint(if is_whole {
        hint.and(" -e NAME")
    } else {
        hint.and(hint!("; then write it yourself: envseal set {name} --plain -f {path}", name, path))
    }))
}

/// Returns true if a sealed entry has this value: as it would be encrypted now, or as a text that reads as it.
fn has_value(document: &Document, at: usize, value: &ItemValue, opener: Option<&mut Opener>) -> bool {
    let entry = &document.entries()[at];
    match value {
        ItemValue::Source(source) if value.names().is_none_or(|names| !names.is_empty()) => {
            let (Some(Ok(sealed)), Some(opener)) = (token(document, entry), opener) else { return false };
            let opened = opener.open(document.name(entry), &sealed);
            opened.is_ok_and(|OpenedValue { kind, bytes }| kind == PlaintextKind::Source && *source == bytes)
        }
        _ => reads_as(document, at, value.literal().expose(), true, opener),
    }
}

/// Rejects values that refer to a name that nothing sets.
fn refuse_dangling<'a>(
    items: &'a [PlannedItem],
    label: &Path,
    mut referable: Referable<'a>,
) -> Result<(), Error> {
    for item in items {
        if let ItemValue::Source(source) = &item.value
            && item.action.encrypts()
        {
            referable.refuse_dangling(&item.name, item.entry, source.expose(), (label, item.line))?;
        }
        // Lines are appended in the order of the items.
        if item.entry.is_none() {
            referable.append(&item.name);
        }
    }
    Ok(())
}

/// A line of a source: its name, and the names that its value refers to.
type SourceLine = (String, BTreeSet<String>);

/// Rejects values that would read otherwise in the env file than in the source: a reference sees the last line of its
/// name above its own. Names that are not imported may have any value.
fn refuse_read_otherwise(base: &EnvFile, source: &[SourceLine], items: &[PlannedItem]) -> Result<(), Error> {
    let all = || source.iter().enumerate().map(|(at, (name, _))| (name.as_str(), at));
    let last: HashMap<_, _> = all().collect();
    let imported: HashMap<_, _> =
        items.iter().filter_map(|item| Some((item.entry?, last[&*item.name]))).collect();
    let standing = base.variables().map(|(at, entry)| (base.document().name(entry), imported.get(&at)));
    let standing = standing.filter(|(name, _)| last.contains_key(name));
    // No line of the source has this number.
    let standing = standing.map(|(name, line)| (name, line.map_or(source.len(), |line| *line)));
    let appended = items.iter().filter(|item| item.entry.is_none()).map(|item| &*item.name);
    let here = lines_seen(source, standing.chain(appended.map(|name| (name, last[name]))));
    let there = lines_seen(source, all());
    match items.iter().find(|item| there[&*item.name] != here[&*item.name]) {
        None => Ok(()),
        Some(PlannedItem { name, .. }) => Err(Error::refused(format!(
            "{}: {name} would not read as in the source, because the lines above it that it refers to differ",
            base.path().display()
        ))
        .with_hint(hint!(
            "leave it out: -x {name}; then: envseal set {name} -f {path}",
            name,
            path = base.path()
        ))),
    }
}

/// Returns, for the last line of each name, the line that each of its references sees. `lines` are names from top to
/// bottom, each with the number of its line in the source.
fn lines_seen<'a>(
    source: &[SourceLine],
    lines: impl Iterator<Item = (&'a str, usize)>,
) -> HashMap<&'a str, Vec<Option<usize>>> {
    let (mut above, mut seen) = (HashMap::new(), HashMap::new());
    for (name, line) in lines {
        if let Some((_, names)) = source.get(line) {
            seen.insert(name, names.iter().map(|on| above.get(on.as_str()).copied()).collect());
        }
        above.insert(name, line);
    }
    seen
}

/// Returns true if two paths lead to one file. A missing file is compared by its place in an existing folder.
pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| place_of(path));
    one == other || real(one) == real(other)
}

/// Returns the path of the `.env.keys` of another tool for files in `folder`.
pub(crate) fn other_keys_file(folder: &Path) -> Option<PathBuf> {
    KeysFile::nearest(&folder_of(&folder.join("x")))
}

/// Copies the file at `path` to a private file (0600) beside it that is not an env file, and returns its path.
///
/// The caller checks [`ImportPlan::plaintext_secret`] first.
pub(crate) fn keep_backup(path: &Path) -> Result<PathBuf, Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // The name neither begins nor ends like an env file's.
    let backup = path.with_file_name(format!("backup-{}~", name.trim_start_matches('.')));
    let text = fs::read_secret(path)?;
    if backup.symlink_metadata().is_ok() {
        return Err(backup_exists(&backup));
    }
    fs::stage(&backup, &text, NewMode::Private)?.commit_new()?;
    Ok(backup)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProcessEnv;
    use crate::crypto::PrivateKey;

    fn bytes(text: &str) -> SecretBytes {
        SecretBytes::new(text.as_bytes().to_vec())
    }

    fn with_store<T>(work: impl FnOnce(&KeyStore<'_>) -> T) -> T {
        work(&KeyStore::new(&ProcessEnv::from_vars(Vec::new()), None))
    }

    #[test]
    fn altered_values_are_not_verified() {
        let folder = tempfile::tempdir().unwrap();
        let item = |(name, value): (&str, ItemValue)| {
            let name = VarName::new(name).unwrap();
            ImportItem { origin: name.to_string(), line: 1, name, value, was_encrypted: true }
        };
        let items = [
            ("A", ItemValue::Literal(bytes("one"))),
            ("B", ItemValue::Source(bytes("\"${A}/x\""))),
            ("C", ItemValue::Literal(bytes(""))),
        ];
        let (path, dollars) = (folder.path().join(".env"), DollarSigns::default());
        let items = items.map(item).into();
        let plan = with_store(|store| ImportPlan::set(&path, &path, items, false, &dollars, store)).unwrap();
        let key = PrivateKey::generate();
        let document = plan.encrypted(Some(&key.public())).unwrap();
        let verified = |document: &Document, key: &PrivateKey| {
            plan.verify(document, Opener::new(key.clone())).map_err(|error| error.to_string())
        };
        assert_eq!(verified(&document, &key), Ok(()));
        let [a, b, c] = ["A", "B", "C"].map(|name| document.last(name).unwrap());
        let [of_a, of_b, of_c] = [a, b, c].map(|at| document.source(&document.entries()[at]));
        let mut sealer = Sealer::new(&key.public()).unwrap();
        let mut other = |name: &str, kind, text: &str| {
            sealer.seal(name, &Refs::none(), kind, text.as_bytes()).unwrap().to_string()
        };
        let value = other("A", PlaintextKind::Value, "two");
        let kind = other("A", PlaintextKind::Source, "one");
        let refs = other("B", PlaintextKind::Source, "\"${A}/x\"");
        for (entry, source, name) in [
            (a, of_b, "A"),
            (b, of_a, "B"),
            (c, of_a, "C"),
            (a, value.as_bytes(), "A"),
            (a, kind.as_bytes(), "A"),
            (b, refs.as_bytes(), "B"),
            (a, b"one", "A"),
        ] {
            let altered = document.edited(&[Edit::Source { entry, source }]).unwrap();
            let message = verified(&altered, &key).unwrap_err();
            assert!(message.contains(&format!(" {name} ")), "{message}");
        }
        let gone = document.edited(&[Edit::Remove { entry: c }]).unwrap();
        assert!(verified(&gone, &key).is_err() && of_c.starts_with(b"envseal:1:"));
        assert!(verified(&document, &PrivateKey::generate()).is_err());
    }

    #[test]
    fn a_converted_text_keeps_all_other_bytes() {
        use ImportAction::{Encrypt, WriteEmpty, WritePlain};
        let folder = tempfile::tempdir().unwrap();
        let text = b"\xef\xbb\xbf# head\r\nexport A = 'x' # why\r\n\r\nE=\r\nPATH=/bin\r\nA=later".to_vec();
        let mut text = ImportText::plaintext(Document::parse(text).unwrap());
        text.decrypted.insert(3, ItemValue::Literal(bytes("z")));
        let (path, dollars) = (folder.path().join(".env"), DollarSigns::default());
        let plan = with_store(|store| {
            ImportPlan::convert(&path, Path::new("old"), text, &|_| true, &dollars, store)
        })
        .unwrap();
        let actions: Vec<_> = plan.items().map(|(_, name, action)| (name, action)).collect();
        assert_eq!(actions, [("A", Encrypt), ("E", WriteEmpty), ("PATH", WritePlain), ("A", Encrypt)]);
        let key = PrivateKey::generate();
        let encrypted = plan.encrypted(Some(&key.public())).unwrap();
        assert!(plan.verify(&encrypted, Opener::new(key)).is_ok());
        let text = String::from_utf8(encrypted.as_bytes().to_vec()).unwrap();
        let token = regex::Regex::new("envseal:1:[^ \n]+").unwrap();
        let rest: Vec<_> = text.lines().skip(3).collect();
        assert_eq!(
            token.replace_all(&rest.join("\n"), "…"),
            "# head\nexport A = … # why\n\nE=\nPATH=/bin\nA=…"
        );
    }
}
