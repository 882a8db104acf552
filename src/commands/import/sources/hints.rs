//! What to try where a source cannot be read: by what is wrong with it, and only what helps.

use super::super::{Args, Kind, itself};
use super::{Text, failed};
use crate::error::{Error, quoted};
use crate::import::{ImportError, dotenv_vault};

/// The error of a source that cannot be read.
pub(super) fn refused(args: &Args, text: &Text, error: ImportError) -> Error {
    let hint = of_source(args, text, &error);
    failed(&text.label, vec![error], hint.as_deref())
}

fn of_source(args: &Args, text: &Text, error: &ImportError) -> Option<String> {
    let (kind, file) = (args.kind, quoted(&text.label));
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
        let name = quoted(name);
        return Some(match error {
            ImportError::Twice { .. } => {
                format!("rename one of them, or leave both out: -x {name}{elsewhere}")
            }
            _ => format!("leave it out: -x {name}{elsewhere}"),
        });
    }
    let table = kind == Kind::Heroku && !text.bytes.trim_ascii_start().starts_with(b"{");
    Some(match error {
        ImportError::Ambiguous { .. } => "heroku config --json | envseal import heroku -e NAME".into(),
        ImportError::Syntax { .. } if table => "heroku config --json | envseal import heroku -e NAME".into(),
        ImportError::NotUtf8 { .. } if kind != Kind::Sops => {
            let utf16 = text.bytes.starts_with(b"\xff\xfe") || text.bytes.starts_with(b"\xfe\xff");
            let encoding = if utf16 { "UTF-16" } else { "ISO-8859-1" };
            format!("iconv -f {encoding} -t UTF-8 {file} | envseal import {} - -e NAME", word(kind))
        }
        ImportError::Documents { .. } if kind == Kind::Sops => {
            format!("a file for each of them, or one after the other: sops decrypt {file} shows all")
        }
        ImportError::Documents { .. } => "a file for each of them: split it where a line is ---".into(),
        ImportError::NoPublicKey => format!("what is in the clear: envseal import json {file}"),
        ImportError::NoValue { .. } if kind == Kind::Yaml => {
            "in quotes a value may hold commas; what holds nothing is left out by its name: -x NAME".into()
        }
        ImportError::NoValue { .. } => "take the line out, or give it a value: NAME=VALUE".into(),
        ImportError::Repeated { .. } | ImportError::Twice { .. } => "take one of the two out".into(),
        ImportError::Syntax { .. } if kind == Kind::Vercel => {
            format!("what a person wrote: envseal import dotenv {file}")
        }
        ImportError::Syntax { .. } if kind == Kind::Json => {
            format!(
                "mend that line; with comments or a comma too many it is YAML: envseal import yaml {file}"
            )
        }
        ImportError::Syntax { .. } if kind == Kind::Yaml => {
            format!("mend that line; what is NAME=VALUE: envseal import dotenv {file}")
        }
        ImportError::Unquotable { .. } => "take the line out, and: envseal set NAME".into(),
        _ => return None,
    })
}

/// Whether `-x` reaches every value that one of these kinds holds.
fn takes_paths(kind: Kind) -> bool {
    matches!(kind, Kind::Json | Kind::Yaml | Kind::Sops | Kind::Ejson | Kind::Heroku)
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
pub(super) fn of_dotenvx(variable: &str, errors: &[ImportError]) -> String {
    if errors
        .iter()
        .any(|error| matches!(error, ImportError::KeyMissing { .. } | ImportError::KeyForm { .. }))
    {
        return format!(
            "{variable}=… envseal import dotenvx, or --source-keys FILE; armored keys: dotenvx armor down first"
        );
    }
    if errors.iter().any(|error| matches!(error, ImportError::Sealed { .. })) {
        return format!("set {variable} to the key that dotenvx opens it with: dotenvx keypair");
    }
    let names: Vec<_> = errors.iter().filter_map(ImportError::variable).collect();
    if names.is_empty() {
        return "is it dotenvx's? in the clear: envseal import dotenv FILE".into();
    }
    format!(
        "leave it out: {}",
        names.iter().map(|name| format!("-x {}", quoted(name))).collect::<Vec<_>>().join(" ")
    )
}

/// For a `.env.vault` that holds `environments`.
pub(super) fn of_vault(environments: &[String], error: &ImportError) -> Option<String> {
    match error {
        ImportError::Environment { .. } if environments.is_empty() => {
            Some("it holds none; in the clear: envseal import dotenv FILE".into())
        }
        ImportError::Environment { .. } => Some(format!("it holds these: -e {}", environments.join(", -e "))),
        ImportError::KeyMissing { .. } | ImportError::KeyForm { .. } | ImportError::Sealed { .. } => {
            let key = dotenv_vault::KEY_VARIABLE;
            Some(format!("{key}='dotenv://…' envseal import dotenv-vault; `npx dotenv-vault keys` shows it"))
        }
        ImportError::Malformed { .. } => {
            Some("make the file anew: npx dotenv-vault build; or take the other environments: -e NAME".into())
        }
        _ => None,
    }
}
