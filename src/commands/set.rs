//! `envseal set`.

use std::ffi::{OsStr, OsString};

use super::select::Files;
use super::{Context, report};
use crate::crypto::SecretBytes;
use crate::dotenv::{Document, VarName, references, unescape};
use crate::error::Error;
use crate::ui;
use crate::vault::{
    Assignment, How, Outcome, Write, last_of_each, needs_key, refuse_links, set, similar_env_file, update,
};

/// Seal a value
///
/// Asks for VALUE without showing it, or reads it from stdin (one newline at its end is dropped). Needs no private
/// key: anyone with a checkout can add or change a secret. A first `set` makes the file and its key pair.
///
/// Where a plain value that is marked as plain stands, the new one stays plain.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal set DB_PASSWORD -e production            # asks, hidden
  pass show db | envseal set DB_PASSWORD           # from stdin
  envseal set - < more.env                         # NAME=value lines, as one batch
  envseal set DB_PASSWORD 'correct horse'          # stays in the shell's history
  envseal set HOST=db.local PORT=5432 --plain      # not secret")]
pub(super) struct Args {
    /// The variable; or NAME=VALUE, several at once; or - for NAME=value lines from stdin
    #[arg(value_name = "NAME")]
    first: OsString,
    /// Its value, whatever it holds (behind -- even what looks like an option); asked for, or read from stdin, when
    /// left out
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    value: Option<OsString>,
    /// More NAME=VALUE
    #[arg(value_name = "NAME=VALUE", hide = true)]
    rest: Vec<OsString>,
    #[command(flatten)]
    files: Files,
    /// Write as plain text, marked `# envseal: plain`
    #[arg(long, conflicts_with = "seal")]
    plain: bool,
    /// Seal, and lift the mark of a line that is marked plain
    #[arg(long)]
    seal: bool,
}

/// Sets the variables in every file named.
pub(super) fn run(context: &Context, args: Args) -> Result<(), Error> {
    let how = match (args.plain, args.seal) {
        (true, _) => How::Plain,
        (_, true) => How::Seal,
        _ => How::AsMarked,
    };
    let paths = args.files.named_or_default(context.process)?;
    // Before a secret is asked for.
    paths.iter().try_for_each(|path| refuse_links(path, context.store().repositories()))?;
    let typed = args.value.is_some() || has_equals(&args.first);
    let assignments = assignments(args.first, args.value, args.rest)?;
    let mut outcomes = Vec::new();
    let updated = update(&paths, context.store(), Write::Files, &|| context.waiting(), |target| {
        let needs_key = needs_key(target.file(), target.document(), target.scope(), &assignments, how)?;
        let key = if needs_key { Some(target.seal_to()?) } else { None };
        let mut opener = target.opener()?;
        let (file, scope) = (target.file(), target.scope());
        let change = set(file, target.document(), scope, key.as_ref(), &assignments, how, opener.as_mut())?;
        outcomes.push((file.exists(), key, change.outcomes));
        Ok(change.document)
    })?;
    report::notices(context, &updated.notices);
    for ((path_given, ..), (existed, key, outcomes)) in updated.files.iter().zip(outcomes) {
        let path = report::shown(path_given);
        if !existed {
            context.ui.say(format_args!("made {path}"));
            if let Some((env, similar)) = similar_env_file(path_given) {
                let words = format!("there is an environment {env} already, in {}", similar.display());
                let hint =
                    hint!("if that was meant: rm {path}, and set it there", path = report::seen(path_given));
                context.ui.note(hint.after(words));
            }
        }
        for (name, outcome) in outcomes {
            context.ui.say(match outcome {
                Outcome::Sealed => {
                    let key = key.map_or_else(String::new, |key| format!(" to key {}", key.id()));
                    format!("sealed {name} in {path}{key}")
                }
                Outcome::Plain => format!("wrote {name} to {path} as plain text"),
                Outcome::StayedPlain => {
                    format!(
                        "wrote {name} to {path} as plain text, as it is marked plain (--seal lifts the mark)"
                    )
                }
                Outcome::Unchanged => format!("{name} in {path} has that value already"),
            });
        }
    }
    report::unseen(context, &updated);
    if typed && how != How::Plain && ui::person_reads() {
        context.ui.note("the value is in your shell's history now; left out, envseal asks for it");
    }
    Ok(())
}

fn assignments(
    first: OsString,
    value: Option<OsString>,
    rest: Vec<OsString>,
) -> Result<Vec<Assignment>, Error> {
    if first == "-" {
        if value.is_some() {
            return Err(Error::usage("- takes no other argument", "envseal set - < FILE"));
        }
        return batch(stdin("lines")?.as_slice());
    }
    if has_equals(&first) {
        let all = std::iter::once(first).chain(value).chain(rest);
        return Ok(last_of_each(all.map(pair).collect::<Result<_, _>>()?));
    }
    if !rest.is_empty() {
        let hint = "envseal set NAME VALUE, or envseal set NAME=VALUE NAME=VALUE …";
        return Err(Error::usage("set takes a NAME and one VALUE", hint));
    }
    let name = name(&first)?;
    let value = match value {
        Some(value) => bytes(value)?,
        None => ask(&name)?,
    };
    Ok(vec![Assignment { name, value }])
}

fn ask(name: &VarName) -> Result<SecretBytes, Error> {
    let mut value = match ui::stdin_value().map_err(Error::io("read stdin"))? {
        Some(piped) if piped.is_empty() => return Err(nothing(name, "came from stdin")),
        Some(mut piped) => {
            let line_end = if piped.ends_with(b"\r\n") { 2 } else { usize::from(piped.ends_with(b"\n")) };
            let end = piped.len() - line_end;
            piped.truncate(end);
            piped
        }
        None => {
            let typed = ui::hidden(&format!("Value of {name} (not shown): "))
                .map_err(Error::io("ask on the terminal"))?;
            if typed.is_empty() {
                return Err(nothing(name, "was typed"));
            }
            // The prompt puts U+FFFD for each byte that it cannot read.
            if std::str::from_utf8(&typed).is_ok_and(|typed| typed.contains('\u{fffd}')) {
                return Err(Error::usage(
                    format!("what was typed for {name} is not UTF-8"),
                    hint!("pipe it in: envseal set {name} < FILE", name = name.as_str()),
                ));
            }
            typed
        }
    };
    Ok(SecretBytes::new(std::mem::take(&mut *value)))
}

fn nothing(name: &VarName, place: &str) -> Error {
    Error::usage(
        format!("nothing {place} for {name}"),
        hint!("an empty value is: envseal set {name} ''", name = name.as_str()),
    )
}

fn stdin(what: &str) -> Result<zeroize::Zeroizing<Vec<u8>>, Error> {
    let piped = ui::stdin_value().map_err(Error::io("read stdin"))?;
    piped
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Error::usage(format!("no {what} came from stdin"), "envseal set - < FILE"))
}

/// Reads dotenv lines. Nobody can ask what a doubtful line means, so it is refused by its number.
fn batch(text: &[u8]) -> Result<Vec<Assignment>, Error> {
    let refuse = |line: usize, why: &str| {
        Error::usage(format!("line {line} of stdin: {why}"), "put the value in single quotes")
    };
    let document = Document::parse(text.to_vec()).map_err(|error| refuse(1, &error.to_string()))?;
    if let Some(stray) = document.strays().first() {
        return Err(refuse(stray.line, "neither NAME=value nor a comment"));
    }
    let mut assignments = Vec::new();
    for entry in document.entries() {
        let (quote, mut value) = document.value(entry);
        if document.is_cut_off(entry) {
            return Err(refuse(
                entry.line,
                "the value continues on the lines below, but it is not in quotes",
            ));
        }
        if document.comment_is_ambiguous(entry) {
            return Err(refuse(entry.line, "`#` touches the value"));
        }
        if quote.expands() && references(&value).map_or(true, |names| !names.is_empty()) {
            return Err(refuse(
                entry.line,
                "the value refers to other variables, which `set` does not expand",
            ));
        }
        let name = VarName::new(document.name(entry)).map_err(|e| refuse(entry.line, &e.to_string()))?;
        // No reference: what is left to do is `\$`.
        let mut value = if quote.expands() { unescape(&value) } else { std::mem::take(&mut *value).into() };
        assignments.push(Assignment { name, value: SecretBytes::new(std::mem::take(&mut *value)) });
    }
    if assignments.is_empty() {
        return Err(Error::usage("no NAME=value line came from stdin", "envseal set - < FILE"));
    }
    Ok(last_of_each(assignments))
}

fn pair(argument: OsString) -> Result<Assignment, Error> {
    let value = bytes(argument)?;
    let Some(equals) = value.expose().iter().position(|b| *b == b'=') else {
        let hint = "envseal set NAME VALUE, or envseal set NAME=VALUE NAME=VALUE …";
        return Err(Error::usage("after a NAME=VALUE, every argument is one", hint));
    };
    let name = std::str::from_utf8(&value.expose()[..equals]).unwrap_or("\u{fffd}");
    let name = VarName::new(name).map_err(bad_name)?;
    Ok(Assignment { name, value: SecretBytes::new(value.expose()[equals + 1..].to_vec()) })
}

fn has_equals(argument: &OsStr) -> bool {
    argument.as_encoded_bytes().contains(&b'=')
}

fn name(argument: &OsStr) -> Result<VarName, Error> {
    VarName::new(argument.to_str().unwrap_or("\u{fffd}")).map_err(bad_name)
}

/// Does not repeat what was typed: it may be a value in the wrong place.
fn bad_name(error: crate::dotenv::NameError) -> Error {
    Error::usage(error.to_string(), "envseal set NAME")
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere it fails")]
fn bytes(value: OsString) -> Result<SecretBytes, Error> {
    Ok(SecretBytes::new(std::os::unix::ffi::OsStringExt::into_vec(value)))
}

#[cfg(not(unix))]
fn bytes(value: OsString) -> Result<SecretBytes, Error> {
    match value.into_string() {
        Ok(text) => Ok(SecretBytes::new(text.into_bytes())),
        Err(_) => Err(Error::usage("the value is not Unicode", "pipe it in: envseal set NAME < FILE")),
    }
}
