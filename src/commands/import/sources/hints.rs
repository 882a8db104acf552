//! What to try where a source cannot be read: by what is wrong with it, and only what helps.

use std::path::Path;

use super::super::{Args, Kind, itself};
use super::{Text, failed};
use crate::error::Error;
use crate::hint::Hint;
use crate::import::ImportError;

/// The error of a source that cannot be read.
pub(super) fn refused(args: &Args, text: &Text, error: ImportError) -> Error {
    let hint = of_source(args, text, &error);
    failed(&text.label, vec![error], hint)
}

fn of_source(args: &Args, text: &Text, error: &ImportError) -> Option<Hint> {
    let (kind, file) = (args.kind, text.path.as_deref().unwrap_or(Path::new("stdin")));
    if is_of_one_key(error) {
        // Of these kinds only ejson has one.
        return Some(
            "put the private key into $EJSON_KEYDIR or /opt/ejson/keys, or name its folder: --source-keys DIR"
                .into(),
        );
    }
    if takes_paths(kind)
        && let Some(name) = error.variable()
    {
        // What is converted where it is, is converted whole.
        let in_place = args.files.is_empty() && text.path.as_deref().and_then(itself).is_some();
        let elsewhere = if in_place { " -e NAME" } else { "" };
        let hint = match error {
            ImportError::Twice { .. } => hint!("rename one of them, or leave both out: -x {name}", name),
            _ => hint!("leave it out: -x {name}", name),
        };
        return Some(hint.and(elsewhere));
    }
    Some(match error {
        ImportError::NotUtf8 { .. } if kind != Kind::Sops => {
            let utf16 = text.bytes.starts_with(b"\xff\xfe") || text.bytes.starts_with(b"\xfe\xff");
            let encoding = if utf16 { "UTF-16" } else { "ISO-8859-1" };
            hint!(
                "iconv -f {encoding} -t UTF-8 {file} | envseal import {kind} - -e NAME",
                encoding,
                file,
                kind = word(kind)
            )
        }
        ImportError::Documents { .. } if kind == Kind::Sops => {
            hint!("a file for each of them, or one after the other: sops decrypt {file} shows all", file)
        }
        ImportError::Documents { .. } => "a file for each of them: split it where a line is ---".into(),
        ImportError::NoPublicKey => hint!("what is in the clear: envseal import json {file}", file),
        ImportError::NoValue { .. } => {
            "in quotes a value may hold commas; what holds nothing is left out by its name: -x NAME".into()
        }
        ImportError::Repeated { .. } | ImportError::Twice { .. } => "take one of the two out".into(),
        ImportError::Syntax { .. } if kind == Kind::Json => {
            hint!(
                "mend that line; with comments or a comma too many it is YAML: envseal import yaml {file}",
                file
            )
        }
        ImportError::Syntax { .. } if kind == Kind::Yaml => {
            hint!("mend that line; what is NAME=VALUE: envseal import dotenv {file}", file)
        }
        _ => return None,
    })
}

/// Whether `-x` reaches every value that one of these kinds holds.
fn takes_paths(kind: Kind) -> bool {
    matches!(kind, Kind::Json | Kind::Yaml | Kind::Sops | Kind::Ejson)
}

/// Whether another private key could help.
fn is_of_one_key(error: &ImportError) -> bool {
    matches!(
        error,
        ImportError::KeyMissing { .. } | ImportError::KeyForm { .. } | ImportError::KeyOther { .. }
    )
}

/// A kind, as it is typed.
fn word(kind: Kind) -> String {
    use clap::ValueEnum as _;
    kind.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// For a file of dotenvx's, whose key is under `variable`.
pub(super) fn of_dotenvx(variable: &str, errors: &[ImportError]) -> Hint {
    if errors
        .iter()
        .any(|error| matches!(error, ImportError::KeyMissing { .. } | ImportError::KeyForm { .. }))
    {
        return hint!(
            "{variable}=… envseal import dotenvx, or --source-keys FILE; armored keys: dotenvx armor down first",
            variable
        );
    }
    if errors.iter().any(|error| matches!(error, ImportError::Sealed { .. })) {
        return hint!("set {variable} to the key that dotenvx opens it with: dotenvx keypair", variable);
    }
    let names: Vec<_> = errors.iter().filter_map(ImportError::variable).collect();
    if names.is_empty() {
        return "is it of dotenvx? in the clear: envseal import dotenv FILE".into();
    }
    hint!("leave it out: -x {names}", names)
}
