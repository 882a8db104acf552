//! What is read for an import, and where it goes.

mod hints;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use self::hints::refused;
use super::super::Context;
use super::super::select::found_naming;
use super::{Args, Kind, itself};
use crate::config::EnvName;
use crate::crypto::{SecretBytes, SecretText};
use crate::dotenv::Document;
use crate::error::Error;
use crate::exec::Sops;
use crate::git::display_path;
use crate::hint::Hint;
use crate::import::{ImportError, Item, dotenvx, ejson, json, sops, without_comments, yaml};
use crate::project::{Incoming, VaultError, other_keys_file, source_text};
use crate::ui;

/// One source, opened, and where it goes.
pub(super) struct Source {
    /// What it is called in front of a person.
    pub(super) label: String,
    /// The env file that it goes into.
    pub(super) target: PathBuf,
    /// What is to be known of it.
    pub(super) notes: Vec<String>,
    /// The variables that its tool reads differently.
    pub(super) read_otherwise: BTreeSet<String>,
    /// The variable under which its tool looks for the private key.
    pub(super) key_variable: Option<String>,
    /// Whether it came through stdin.
    pub(super) is_piped: bool,
    /// The file it was read from whole.
    pub(super) path: Option<PathBuf>,
    /// What it holds.
    pub(super) content: Content,
}

/// What a source holds.
pub(super) enum Content {
    /// dotenv text; the values of these entries were sealed in it, and are these.
    Text(Document, HashMap<usize, Incoming>),
    /// Values, with whether their source keeps them sealed; not each of them needs to be.
    Items(Vec<Item>, bool),
}

/// The other tool's keys file, and its text.
type KeptKeys = (PathBuf, Zeroizing<Vec<u8>>);

/// The text of a source, and its path unless it is stdin.
struct Text {
    label: String,
    path: Option<PathBuf>,
    bytes: Zeroizing<Vec<u8>>,
}

/// Reads every source that is named, or that is there.
pub(super) fn read_all(
    context: &Context,
    args: &Args,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Vec<Source>, Error> {
    let texts = texts(context, args)?;
    let named = named_target(context, args)?;
    if texts.len() > 1 && named.is_some() {
        return Err(Error::usage("several files cannot become one", "name one FILE, or leave -e and -f out"));
    }
    texts.into_iter().map(|text| source(context, args, text, named.as_deref(), wants)).collect()
}

fn source(
    context: &Context,
    args: &Args,
    text: Text,
    named: Option<&Path>,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Source, Error> {
    let (mut notes, mut read_otherwise) = (Vec::new(), BTreeSet::new());
    let mut key_variable = None;
    let fail = |error: ImportError| refused(args, &text, error);
    refuse_sealed_by_another(args.kind, &text, wants)?;
    let content = match args.kind {
        Kind::Dotenvx => {
            let (content, variable) =
                of_dotenvx(context, args, &text, wants, &mut notes, &mut read_otherwise)?;
            key_variable = Some(variable);
            content
        }
        Kind::Sops => of_sops(context, args, &text, wants)?,
        Kind::Ejson => {
            let opened = ejson::read_wanted(&text.bytes, &|public| ejson_key(context, args, public), wants)
                .map_err(fail)?;
            notes.extend(opened.clear.iter().map(|origin| {
                format!("{origin} was not sealed in {}, nor in its history: replace it", text.label)
            }));
            Content::Items(opened.items, true)
        }
        Kind::Dotenv => Content::Text(document(&text.label, &text.bytes)?, HashMap::new()),
        Kind::Json => Content::Items(json::read_wanted(&text.bytes, wants).map_err(fail)?, false),
        Kind::Yaml => Content::Items(yaml::read_wanted(&text.bytes, wants).map_err(fail)?, false),
    };
    let target = match (named, text.path.as_deref().and_then(itself)) {
        (Some(named), _) => named.to_owned(),
        (None, Some(itself)) => itself,
        (None, None) => {
            let hint = "name the env file: -e NAME or -f FILE";
            return Err(Error::usage(
                format!("{} is no env file, so it does not say where its values go", text.label),
                hint,
            ));
        }
    };
    let is_piped = text.path.is_none();
    let (label, path) = (text.label, text.path);
    Ok(Source { label, target, notes, read_otherwise, key_variable, is_piped, path, content })
}

/// Refuses what another tool has sealed where it is taken for text in the clear: its tokens would be sealed as values.
fn refuse_sealed_by_another(kind: Kind, text: &Text, wants: &dyn Fn(&str) -> bool) -> Result<(), Error> {
    if matches!(kind, Kind::Dotenvx | Kind::Sops | Kind::Ejson) {
        return Ok(());
    }
    let name = text.path.as_ref().and_then(|path| path.file_name()).unwrap_or_default();
    let by_dotenvx = || {
        let document = Document::parse(text.bytes.to_vec()).ok()?;
        let mut sealed = dotenvx::sealed_entries(&document);
        sealed.any(|at| wants(document.name(&document.entries()[at]))).then_some("dotenvx")
    };
    let tool = if sops::Form::of(&name.to_string_lossy(), &text.bytes).is_some() {
        Some("sops")
    } else if ejson::is_ejson(&text.bytes) {
        Some("ejson")
    } else {
        by_dotenvx()
    };
    let Some(tool) = tool else { return Ok(()) };
    let file = text.path.as_deref().unwrap_or(Path::new("FILE"));
    let hint = hint!("envseal import {tool} {file}", tool, file);
    Err(Error::usage(format!("{} is sealed by {tool}", text.label), hint))
}

/// The env file that `-e` or `-f` names.
fn named_target(context: &Context, args: &Args) -> Result<Option<PathBuf>, Error> {
    if args.files.is_empty() {
        return Ok(None);
    }
    match args.files.named(context.process)?.as_slice() {
        [path] => Ok(Some(path.clone())),
        _ => Err(Error::usage("an import goes into one env file", "name one: -e NAME or -f FILE")),
    }
}

/// The texts of the files named, or of stdin; for dotenvx, of what it has sealed here.
fn texts(context: &Context, args: &Args) -> Result<Vec<Text>, Error> {
    let read = |path: &PathBuf| {
        Ok(Text { label: display_path(path), path: Some(path.clone()), bytes: source_text(path)? })
    };
    if args.sources.iter().any(|path| path.as_os_str() == "-") {
        if args.sources.len() > 1 {
            return Err(Error::usage("- is read by itself", "name files, or - alone"));
        }
        return Ok(vec![stdin()?]);
    }
    if !args.sources.is_empty() {
        return args.sources.iter().map(read).collect();
    }
    match args.kind {
        Kind::Dotenvx => {
            let texts = found_naming(context, &|file| hint!("name it: envseal import dotenvx {file}", file))?
                .files
                .iter()
                .map(read)
                .collect::<Result<Vec<_>, Error>>()?;
            let sealed =
                |text: &Text| document(&text.label, &text.bytes).is_ok_and(|it| dotenvx::is_dotenvx(&it));
            let sealed: Vec<_> = texts.into_iter().filter(sealed).collect();
            if sealed.is_empty() {
                return Err(Error::usage(
                    "there is no env file here that dotenvx has sealed",
                    "name one: envseal import dotenvx FILE",
                ));
            }
            Ok(sealed)
        }
        Kind::Sops | Kind::Ejson => Err(Error::usage("which file?", "name it: envseal import KIND FILE")),
        _ => Ok(vec![stdin()?]),
    }
}

fn stdin() -> Result<Text, Error> {
    let piped = ui::stdin_value().map_err(Error::io("read stdin"))?.filter(|text| !text.is_empty());
    let bytes = piped.ok_or_else(|| {
        Error::usage("nothing came from stdin", "name a file: envseal import KIND FILE, or pipe it in")
    })?;
    Ok(Text { label: "stdin".into(), path: None, bytes })
}

fn document(label: &str, bytes: &[u8]) -> Result<Document, Error> {
    Document::parse(bytes.to_vec()).map_err(|source| VaultError::Parse { path: label.into(), source }.into())
}

fn of_dotenvx(
    context: &Context,
    args: &Args,
    text: &Text,
    wants: &dyn Fn(&str) -> bool,
    notes: &mut Vec<String>,
    read_otherwise: &mut BTreeSet<String>,
) -> Result<(Content, String), Error> {
    let env = text.path.as_deref().and_then(|path| EnvName::of_file(path).ok());
    let suffix = env.map_or_else(String::new, |env| env.key_suffix());
    let variable = format!("{}{suffix}", dotenvx::PRIVATE_KEY);
    let own = |key| (variable.clone(), key);
    let mut keys: Vec<(String, SecretText)> =
        process_secret(context, &variable).map(own).into_iter().collect();
    let mut looked = vec![format!("looked for {variable} in the process's environment")];
    if let Some((path, file)) = keys_file(args, text.path.as_deref())? {
        let mut found =
            dotenvx::keys(&file).map_err(|error| failed(&display_path(&path), vec![error], None))?;
        // Its own first; any other opens nothing that is not its.
        found.sort_by_key(|(name, _)| *name != variable);
        keys.extend(found);
        looked.push(format!("looked for {variable} in {}", display_path(&path)));
    }
    let opened = dotenvx::open(&text.bytes, &variable, &keys, wants).map_err(|errors| {
        let missing = errors.iter().any(|error| matches!(error, ImportError::KeyMissing { .. }));
        let hint = hints::of_dotenvx(&variable, &errors);
        let details = if missing { looked.clone() } else { Vec::new() };
        failed(&text.label, errors, Some(hint)).with_details(details)
    })?;
    *read_otherwise = opened.read_otherwise;
    notes.extend(
        opened
            .commands
            .iter()
            .map(|name| format!("{name} holds `$(…)`, which dotenvx runs as a command; here it is text")),
    );
    let incoming = opened.opened.into_iter().map(|(at, clear)| {
        let incoming = match clear {
            dotenvx::Clear::Value(value) => Incoming::Value(value),
            dotenvx::Clear::Source(source) => Incoming::Source(source),
        };
        (at, incoming)
    });
    Ok((Content::Text(opened.document, incoming.collect()), variable))
}

fn of_sops(
    context: &Context,
    args: &Args,
    text: &Text,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Content, Error> {
    let Some(path) = &text.path else {
        return Err(Error::usage(
            "sops opens files, not what is piped in",
            "envseal import sops FILE -e NAME",
        ));
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(form) = sops::Form::of(&name, &text.bytes) else {
        return Err(Error::usage(
            format!("{} holds nothing of sops's", text.label),
            "if it is in the clear: envseal import yaml FILE, or json, or dotenv",
        ));
    };
    let fail = |error: ImportError| refused(args, text, error);
    sops::refuse_documents(form, &text.bytes).map_err(fail)?;
    let sops = Sops::find(&context.process.path_list("PATH"))?;
    let clear = sops.open(path, form.input_type(), form.output_type(), context.process.inherited())?;
    if form != sops::Form::Binary {
        let items = sops::read(form, &text.bytes, &clear, wants).map_err(fail)?;
        return Ok(Content::Items(items, true));
    }
    if itself(path).is_none() {
        return Err(Error::usage(
            format!("sops has sealed {} whole, as one text, and it is no env file by its name", text.label),
            hint!("if it holds variables: sops decrypt {path} | envseal import dotenv -e NAME", path),
        ));
    }
    // sops has sealed the comments with the rest.
    let document = without_comments(&document(&text.label, &clear)?)
        .map_err(|error| failed(&text.label, vec![error], None))?;
    Ok(sealed_whole(document))
}

/// A text that was sealed as one, each of its values with the rest.
fn sealed_whole(document: Document) -> Content {
    let source = |(at, entry)| (at, Incoming::Source(SecretBytes::new(document.source(entry).to_vec())));
    let opened = document.entries().iter().enumerate().map(source).collect();
    Content::Text(document, opened)
}

fn process_secret(context: &Context, variable: &str) -> Option<SecretText> {
    let text = context.process.get(variable)?.to_str().filter(|text| !text.is_empty())?;
    Some(SecretText::new(text.to_owned()))
}

/// The other tool's keys file: the one named, else the `.env.keys` of the source's folder.
fn keys_file(args: &Args, source: Option<&Path>) -> Result<Option<KeptKeys>, Error> {
    if let Some(named) = &args.source_keys {
        return Ok(Some((named.clone(), source_text(named)?)));
    }
    let folder = source.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
    Ok(other_keys_file(folder.unwrap_or(Path::new(".")))?)
}

/// The private key of an ejson public key, in the folder named, else in ejson's.
fn ejson_key(context: &Context, args: &Args, public: &str) -> Option<SecretText> {
    let folder = args.source_keys.clone().or_else(|| context.process.path(ejson::KEY_DIR_VARIABLE));
    let text = source_text(&folder.unwrap_or_else(|| ejson::KEY_DIR.into()).join(public)).ok()?;
    Some(SecretText::new(std::str::from_utf8(&text).ok()?.to_owned()))
}

/// The error of a source.
pub(super) fn failed(label: &str, errors: Vec<ImportError>, hint: Option<Hint>) -> Error {
    let status = if errors.iter().any(ImportError::is_of_keys) { 3 } else { 4 };
    let error = match &errors[..] {
        [error] => Error::refused(format!("{label}: {error}")),
        errors => Error::refused(format!("{label}: {} values could not be opened", errors.len()))
            .with_details(errors.iter().map(ToString::to_string)),
    };
    let error = error.with_status(status);
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}
