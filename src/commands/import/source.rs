//! The sources of an import.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::super::files::find_files;
use super::super::set::keys_and_values;
use super::super::{Context, typed};
use super::{Args, Kind};
use crate::config::EnvName;
use crate::crypto::{SecretBytes, SecretText, claims_to_be_sealed, holds_sealed};
use crate::dotenv::{Document, VarName, foreign_value};
use crate::error::Error;
use crate::exec::Sops;
use crate::fs;
use crate::git::display_path;
use crate::hint::Hint;
use crate::import::{ImportError, ImportErrorKind, dotenvx, ejson, json, sops, yaml};
use crate::keys::KeyStore;
use crate::project::{
    DollarSigns, ImportItem, ImportPlan, ImportText, ItemValue, ambiguous_hash, merge_conflict, not_text,
    other_keys_file, same_file, stray_line,
};
use crate::ui;

/// A decrypted source, and its target.
pub(super) struct Source {
    /// The file's path, or `stdin`.
    pub(super) label: String,
    /// None for stdin.
    pub(super) path: Option<PathBuf>,
    target: PathBuf,
    content: Content,
    pub(super) notes: Vec<String>,
    /// The variables that dotenvx reads differently.
    pub(super) read_differently: BTreeSet<String>,
    /// The variable in which dotenvx looks for the private key.
    pub(super) key_variable: Option<String>,
}

enum Content {
    Text(ImportText),
    Items(Vec<ImportItem>),
}

/// A source before it is decrypted.
struct SourceText {
    label: String,
    path: Option<PathBuf>,
    bytes: Zeroizing<Vec<u8>>,
}

pub(super) fn read_sources(
    context: &Context,
    args: &Args,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Vec<Source>, Error> {
    let texts = read_texts(context, args)?;
    let targets = args.files.paths(context.process)?;
    if targets.len() > 1 {
        return Err(Error::usage("several targets named", "name one: -e NAME or -f FILE"));
    }
    let target = targets.first().map(PathBuf::as_path);
    if texts.len() > 1 && target.is_some() {
        let hint = "name one FILE, or leave out -e and -f";
        return Err(Error::usage("several FILEs can't go into one env file", hint));
    }
    texts.into_iter().map(|text| decrypt(context, args, text, target, wants)).collect()
}

fn read_texts(context: &Context, args: &Args) -> Result<Vec<SourceText>, Error> {
    let read = |path: &PathBuf| {
        Ok(SourceText { label: display_path(path), path: Some(path.clone()), bytes: fs::read_secret(path)? })
    };
    match args.sources.as_slice() {
        [only] if only.as_os_str() == "-" => Ok(vec![read_stdin(context, args.kind)?]),
        sources if sources.iter().any(|path| path.as_os_str() == "-") => {
            Err(Error::usage("- can't be combined with files", "name files, or - alone"))
        }
        [] => match args.kind {
            Kind::Dotenvx => {
                let found = find_files(context, "name it: envseal import dotenvx {file}")?;
                let mut texts = found.files.iter().map(read).collect::<Result<Vec<_>, Error>>()?;
                texts.retain(|text| is_encrypted_by_dotenvx(&text.bytes, &|_| true));
                if texts.is_empty() {
                    let hint = "name one: envseal import dotenvx FILE";
                    return Err(Error::usage("no env file here is encrypted by dotenvx", hint));
                }
                Ok(texts)
            }
            Kind::Sops | Kind::Ejson => {
                let hint = hint!("envseal import {kind} FILE", kind = typed(&args.kind));
                Err(Error::usage("no FILE given", hint))
            }
            Kind::Dotenv | Kind::Json | Kind::Yaml => Ok(vec![read_stdin(context, args.kind)?]),
        },
        sources => sources.iter().map(read).collect(),
    }
}

fn read_stdin(context: &Context, kind: Kind) -> Result<SourceText, Error> {
    if context.store.reads_stdin() {
        return Err(keys_and_values());
    }
    let bytes = ui::stdin_value()?.filter(|text| !text.is_empty());
    let hint = || hint!("name a file: envseal import {kind} FILE", kind = typed(&kind));
    let bytes = bytes.ok_or_else(|| Error::usage("stdin was empty", hint()))?;
    Ok(SourceText { label: "stdin".into(), path: None, bytes })
}

fn decrypt(
    context: &Context,
    args: &Args,
    text: SourceText,
    target: Option<&Path>,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Source, Error> {
    let fail = |error: ImportError| {
        let hint = hint_for(args, &text, &error);
        failed(&text.label, &[error], hint)
    };
    let (mut notes, mut read_differently, mut key_variable) = (Vec::new(), BTreeSet::new(), None);
    if matches!(args.kind, Kind::Dotenv | Kind::Json | Kind::Yaml) {
        refuse_encrypted(&text, wants)?;
    }
    let content = match args.kind {
        Kind::Dotenvx => {
            parse(&text, &text.bytes)?;
            let (variable, found) = decrypt_dotenvx(context, args, &text, wants)?;
            let note =
                |name| format!("{name}: dotenvx runs its `$(…)` as a command; envseal keeps it as text");
            notes.extend(found.commands.iter().map(note));
            read_differently = found.read_differently;
            key_variable = Some(variable);
            Content::Text(found.text)
        }
        Kind::Sops => decrypt_sops(context, &text, wants, &fail)?,
        Kind::Ejson => {
            let found = ejson::read(&text.bytes, &|public| ejson_key(context, args, public), wants);
            let found = found.map_err(fail)?;
            let places = format!("in {} and in its git history", text.label);
            let note = |origin| format!("{origin} is in plain text {places}; change it at its source");
            notes.extend(found.unencrypted.iter().map(note));
            Content::Items(found.items)
        }
        Kind::Dotenv => Content::Text(ImportText::plaintext(parse(&text, &text.bytes)?)),
        Kind::Json => Content::Items(json::read(&text.bytes, wants).map_err(fail)?),
        Kind::Yaml => Content::Items(yaml::read(&text.bytes, wants).map_err(fail)?),
    };
    let itself = text.path.as_deref().filter(|path| EnvName::of_file(path).is_ok());
    let target = target.or(itself).ok_or_else(|| {
        let message = format!("{} is not an env file, so the target must be named", text.label);
        Error::usage(message, "name it: -e NAME or -f FILE")
    });
    let target = target?.to_owned();
    let SourceText { label, path, .. } = text;
    Ok(Source { label, path, target, content, notes, read_differently, key_variable })
}

fn is_encrypted_by_dotenvx(bytes: &[u8], wants: &dyn Fn(&str) -> bool) -> bool {
    Document::parse(bytes.to_vec()).is_ok_and(|document| {
        let mut wanted = document.entries().iter().filter(|entry| wants(document.name(entry)));
        wanted.any(|entry| dotenvx::is_encrypted(&document, entry))
    })
}

/// Rejects another tool's encrypted values as plaintext.
fn refuse_encrypted(text: &SourceText, wants: &dyn Fn(&str) -> bool) -> Result<(), Error> {
    let name = text.path.as_ref().and_then(|path| path.file_name()).unwrap_or_default();
    let tool = if sops::SopsFormat::detect(&name.to_string_lossy(), &text.bytes).is_some() {
        "sops"
    } else if ejson::is_ejson(&text.bytes) {
        "ejson"
    } else if is_encrypted_by_dotenvx(&text.bytes, wants) {
        "dotenvx"
    } else {
        return Ok(());
    };
    let file = text.path.as_deref().unwrap_or(Path::new("FILE"));
    let hint = hint!("envseal import {tool} {file}", tool, file);
    Err(Error::usage(format!("{} is encrypted by {tool}", text.label), hint))
}

/// Parses the dotenv text of a source. Rejects a merge conflict, and a line that is neither a variable nor a comment.
fn parse(source: &SourceText, text: &[u8]) -> Result<Document, Error> {
    let path = source.path.as_deref().unwrap_or(Path::new(&source.label));
    let document = Document::parse(text.to_vec()).map_err(not_text(path))?;
    if let Some(line) = document.conflict_marker() {
        // The source may be plain text, so there is no `git add`.
        let file = source.path.as_deref().unwrap_or(Path::new("FILE"));
        let hint = hint!("resolve the merge first: ${EDITOR:-vi} {file}", file);
        return Err(merge_conflict(path, line, b"").with_hint(hint));
    }
    match document.strays().first() {
        Some(stray) => Err(stray_line(path, &document, stray)),
        None => Ok(document),
    }
}

fn decrypt_dotenvx(
    context: &Context,
    args: &Args,
    text: &SourceText,
    wants: &dyn Fn(&str) -> bool,
) -> Result<(String, dotenvx::Dotenvx), Error> {
    let env = text.path.as_deref().and_then(|path| EnvName::of_file(path).ok());
    let suffix = env.map_or_else(String::new, |env| env.key_suffix());
    let variable = format!("{}{suffix}", dotenvx::PRIVATE_KEY);
    let mut keys = Vec::new();
    let set = context.process.get(&variable).and_then(|value| value.to_str());
    keys.extend(set.map(|key| (variable.clone(), SecretText::new(key.to_owned()))));
    let keys_file = match &args.source_keys {
        Some(named) => Some(named.clone()),
        None => other_keys_file(text.path.as_deref().map_or(Path::new("."), fs::folder_of)),
    };
    if let Some(path) = keys_file {
        let file = fs::read_secret(&path)?;
        let mut found =
            dotenvx::private_keys(&file).map_err(|error| failed(&display_path(&path), &[error], None))?;
        // The file's own key is tried first.
        found.sort_by_key(|(name, _)| *name != variable);
        keys.extend(found);
    }
    let decrypted = dotenvx::decrypt(&text.bytes, &variable, &keys, wants).map_err(|errors| {
        let any = |kinds: &[ImportErrorKind]| errors.iter().any(|error| kinds.contains(&error.kind));
        let names: Vec<_> = errors.iter().filter_map(|error| error.variable.as_deref()).collect();
        let hint = if any(&[ImportErrorKind::NoKey, ImportErrorKind::BadKey]) {
            hint!("set {variable}, or name a keys file: --source-keys FILE; if keys are armored: dotenvx armor down", variable)
        } else if any(&[ImportErrorKind::Undecryptable]) {
            hint!("set {variable} to the key that decrypts it: dotenvx keypair", variable)
        } else if names.is_empty() {
            "if it is plain text: envseal import dotenv FILE".into()
        } else {
            hint!("leave it out: -x {names}", names)
        };
        failed(&text.label, &errors, Some(hint))
    })?;
    Ok((variable, decrypted))
}

fn decrypt_sops(
    context: &Context,
    text: &SourceText,
    wants: &dyn Fn(&str) -> bool,
    fail: &dyn Fn(ImportError) -> Error,
) -> Result<Content, Error> {
    let Some(path) = &text.path else {
        return Err(Error::usage("sops can't decrypt stdin", "envseal import sops FILE -e NAME"));
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(format) = sops::SopsFormat::detect(&name, &text.bytes) else {
        let hint = "if it is plain text: envseal import yaml FILE, or json, or dotenv";
        return Err(Error::usage(format!("{} is not a sops file", text.label), hint));
    };
    sops::refuse_documents(format, &text.bytes).map_err(fail)?;
    let sops = Sops::find(&context.process.path_list("PATH"))?;
    let decrypted =
        sops.decrypt(path, format.input_type(), format.output_type(), context.process.inherited())?;
    if format != sops::SopsFormat::Binary {
        return Ok(Content::Items(sops::read(format, &text.bytes, &decrypted, wants).map_err(fail)?));
    }
    if EnvName::of_file(path).is_err() {
        let message = format!("sops encrypted {} as one text, and its name is not an env file's", text.label);
        let hint = hint!("if it holds variables: sops decrypt {path} | envseal import dotenv -e NAME", path);
        return Err(Error::usage(message, hint));
    }
    let document = parse(text, &decrypted)?;
    let mut wanted = document.entries().iter().filter(|entry| wants(document.name(entry)));
    if let Some(entry) = wanted.find(|entry| document.comment_is_ambiguous(entry)) {
        return Err(ambiguous_hash(path, entry.line, document.name(entry)));
    }
    let bare = sops::without_comments(&document).map_err(|error| failed(&text.label, &[error], None))?;
    Ok(Content::Text(ImportText::encrypted(bare, &document)))
}

fn ejson_key(context: &Context, args: &Args, public: &str) -> Option<SecretText> {
    let folder = args.source_keys.clone().or_else(|| context.process.path(ejson::KEY_DIR_VARIABLE));
    let text = fs::read_secret(&folder.unwrap_or_else(|| ejson::KEY_DIR.into()).join(public)).ok()?;
    Some(SecretText::new(std::str::from_utf8(&text).ok()?.to_owned()))
}

impl Source {
    /// Returns its path if it is plain text and not the target itself.
    pub(super) fn plaintext_path(&self, kind: Kind) -> Option<&Path> {
        let is_plain = match &self.content {
            Content::Text(text) => text.decrypted.is_empty(),
            Content::Items(_) => matches!(kind, Kind::Json | Kind::Yaml),
        };
        self.path.as_deref().filter(|path| is_plain && !same_file(path, &self.target))
    }

    /// Returns the source as errors call it.
    fn place(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new(&self.label))
    }

    /// Returns true if variables that are left out would not stay in the source's file as they are.
    fn is_indivisible(&self) -> bool {
        !matches!(&self.content, Content::Text(text) if !text.was_whole)
    }

    /// Plans the import. Rejects values encrypted by envseal elsewhere or by another tool, and lines with two readings.
    pub(super) fn plan(
        &self,
        args: &Args,
        wants: &dyn Fn(&str) -> bool,
        dollars: &DollarSigns,
        store: &KeyStore<'_>,
    ) -> Result<ImportPlan, Error> {
        let is_in_place = self.path.as_deref().is_some_and(|path| same_file(path, &self.target));
        if is_in_place && self.is_indivisible() && !args.names.is_all() {
            let hint = "import into another file: -e NAME or -f FILE";
            return Err(Error::usage(format!("{} can't be converted in part", self.label), hint));
        }
        self.refuse_encrypted_values(is_in_place, wants)?;
        // A selection of a text's variables is not the same file, so the text is not copied.
        let is_copied = args.names.is_all() && self.target.symlink_metadata().is_err();
        let items = match &self.content {
            Content::Text(text) if is_in_place || is_copied => {
                let text = text.clone();
                return ImportPlan::convert(&self.target, self.place(), text, wants, dollars, store);
            }
            Content::Text(text) => self.variables(text, wants)?,
            Content::Items(items) => items.iter().filter(|item| wants(item.name.as_str())).cloned().collect(),
        };
        ImportPlan::set(&self.target, self.place(), items, is_in_place, dollars, store)
    }

    /// Rejects values that envseal encrypted for another place: encrypted again, they would decrypt to a token. Rejects
    /// another tool's encrypted values in what the source has in plain text.
    fn refuse_encrypted_values(&self, is_in_place: bool, wants: &dyn Fn(&str) -> bool) -> Result<(), Error> {
        let judge = |origin: &str, name: &str, value: &[u8], is_sealed: bool, may_be_foreign: bool| {
            if is_sealed {
                return Some(ImportError::sealed_elsewhere(origin));
            }
            let format = foreign_value(value).filter(|_| !may_be_foreign)?;
            Some(ImportError::foreign(origin, name, format.tool))
        };
        let errors: Vec<_> = match &self.content {
            Content::Text(ImportText { document, decrypted, lines, .. }) => {
                let judge_entry = |(at, entry)| {
                    let (name, value) = (document.name(entry), document.value(entry).1);
                    let opened = decrypted.get(&at).map(ItemValue::expose);
                    let (value, was_encrypted) = (opened.unwrap_or(&value), opened.is_some());
                    // Sealed values that are in the file itself stay.
                    let is_sealed = (was_encrypted || !is_in_place)
                        && (holds_sealed(value) || !was_encrypted && claims_to_be_sealed(value));
                    let may_be_foreign = was_encrypted || document.is_marked_plain(entry);
                    judge(&format!("line {}: {name}", lines[at]), name, value, is_sealed, may_be_foreign)
                };
                let entries = document.entries().iter().enumerate();
                entries.filter(|(_, entry)| wants(document.name(entry))).filter_map(judge_entry).collect()
            }
            Content::Items(items) => {
                let judge_item = |ImportItem { origin, name, value, was_encrypted, .. }: &ImportItem| {
                    let value = value.expose();
                    judge(origin, name.as_str(), value, holds_sealed(value), *was_encrypted)
                };
                items.iter().filter(|item| wants(item.name.as_str())).filter_map(judge_item).collect()
            }
        };
        let names: Vec<_> = errors.iter().filter_map(|error| error.variable.as_deref()).collect();
        let hint = match &self.path {
            _ if errors.is_empty() => return Ok(()),
            _ if names.len() == errors.len() => {
                let elsewhere = if is_in_place && self.is_indivisible() { " -e NAME" } else { "" };
                Some(hint!("leave it out: -x {names}", names).and(elsewhere))
            }
            Some(path) if EnvName::of_file(path).is_ok() => Some(hint!(
                "import its decrypted values: envseal get --format dotenv -f {path} | envseal import dotenv -e NAME --yes",
                path
            )),
            _ => None,
        };
        Err(failed(&self.label, &errors, hint))
    }

    fn variables(&self, text: &ImportText, wants: &dyn Fn(&str) -> bool) -> Result<Vec<ImportItem>, Error> {
        let document = &text.document;
        let mut items = Vec::new();
        for (at, entry) in document.entries().iter().enumerate() {
            let name = document.name(entry);
            if !wants(name) {
                continue;
            }
            let value = text.decrypted.get(&at);
            let is_ambiguous = document.comment_is_ambiguous(entry) && !document.is_marked_plain(entry);
            if value.is_none() && is_ambiguous {
                return Err(ambiguous_hash(self.place(), text.lines[at], name));
            }
            let bad_name = |_| failed(&self.label, &[ImportError::bad_name(name)], None);
            let in_file = || ItemValue::Source(SecretBytes::new(document.source(entry).to_vec()));
            items.push(ImportItem {
                origin: name.to_owned(),
                line: text.lines[at],
                name: VarName::new(name).map_err(bad_name)?,
                was_encrypted: value.is_some(),
                value: value.cloned().unwrap_or_else(in_file),
            });
        }
        Ok(items)
    }
}

fn failed(label: &str, errors: &[ImportError], hint: Option<Hint>) -> Error {
    let status = if errors.iter().any(ImportError::is_about_keys) { 3 } else { 4 };
    let error = match errors {
        [error] => Error::refused(format!("{label}: {error}")),
        errors => Error::refused(format!("{label}: {} values can't be decrypted", errors.len()))
            .with_details(errors.iter().map(ToString::to_string)),
    };
    error.with_status(status).with_hint_if(hint)
}

fn hint_for(args: &Args, text: &SourceText, error: &ImportError) -> Option<Hint> {
    use ImportErrorKind as E;
    let file = text.path.as_deref().unwrap_or(Path::new("FILE"));
    if let Some(name) = &error.variable {
        let hint = match error.kind {
            E::Ambiguous => hint!("rename one of them, or leave both out: -x {name}", name),
            _ => hint!("leave it out: -x {name}", name),
        };
        // A file that is converted in place is converted whole.
        let is_in_place = args.files.is_empty() && EnvName::of_file(file).is_ok();
        return Some(hint.and(if is_in_place { " -e NAME" } else { "" }));
    }
    Some(match (error.kind, args.kind) {
        (E::NoKey | E::BadKey, _) => {
            "put the private key into $EJSON_KEYDIR or /opt/ejson/keys, or name its folder: --source-keys DIR"
                .into()
        }
        (E::NotUtf8, kind) if kind != Kind::Sops => {
            let is_utf16 = text.bytes.starts_with(b"\xff\xfe") || text.bytes.starts_with(b"\xfe\xff");
            let encoding = if is_utf16 { "UTF-16" } else { "ISO-8859-1" };
            hint!(
                "iconv -f {encoding} -t UTF-8 {file} | envseal import {kind} - -e NAME",
                encoding,
                file,
                kind = typed(&kind)
            )
        }
        (E::Documents, _) => "split it into one file per document".into(),
        (E::NoPublicKey, _) => hint!("if it is plain text: envseal import json {file}", file),
        (E::NoValue, _) => "quote a value that has commas, or leave the name out: -x NAME".into(),
        (E::Repeated, _) => "remove one of the two".into(),
        (E::Syntax, Kind::Json) => {
            hint!("fix that line; if it has comments or trailing commas: envseal import yaml {file}", file)
        }
        (E::Syntax, Kind::Yaml) => {
            hint!("fix that line; for NAME=VALUE lines: envseal import dotenv {file}", file)
        }
        _ => return None,
    })
}
