//! `envseal set`.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::PathBuf;

use super::select::Files;
use super::{Context, report};
use crate::crypto::{PublicKey, SecretBytes, holds_sealed};
use crate::dotenv::{Document, VarName, VarNameError, references, unescape};
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::keys::KeyStore;
use crate::project::{
    Assignment, EnvFile, How, Outcome, Updated, VaultError, Write, last_of_each, needs_key, refuse_links,
    set, similar_env_file, update,
};
use crate::ui;

/// Seal a value
///
/// Asks for VALUE without showing it (several lines may be pasted), or reads it from stdin; one newline at its end is
/// dropped. Needs no private key: anyone with a checkout can add or change a secret. A first `set` makes the file and
/// its key pair.
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
    /// Its value; use -- before one that looks like an option. Asked for, or read from stdin, when left out
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
    /// How many of the words stand behind `--`
    #[arg(skip)]
    literal: usize,
}

impl Args {
    /// Notes which words stand behind `--` in the command line: those are no options, whatever they look like.
    pub(super) fn note_literal(&mut self, arguments: &[OsString]) {
        let dashes = arguments.iter().position(|argument| argument == "--");
        self.literal = dashes.map_or(0, |at| arguments.len() - at - 1);
    }
}

/// Sets the variables in every file named.
pub(super) fn run(context: &Context, args: Args) -> Result<(), Error> {
    let how = match (args.plain, args.seal) {
        (true, _) => How::Plain,
        (_, true) => How::Seal,
        _ => How::AsMarked,
    };
    let paths = args.files.named_or_default(context.process)?;
    // Before a secret is asked for, or stdin is read.
    paths.iter().try_for_each(|path| refuse_links(path, context.store().repositories()))?;
    let typed = args.value.is_some() || has_equals(&args.first);
    let change = |store: &KeyStore<'_>, write, assignments: &[Assignment]| {
        changed(context, &paths, store, write, assignments, how)
    };
    let assignments = match given(args, &paths)? {
        Given::Values(assignments) => assignments,
        Given::Name(name) => {
            let value = match ui::stdin_value().map_err(Error::io("read stdin"))? {
                Some(piped) => piped,
                None => {
                    // Whatever refuses the change does so before anybody is asked for a secret.
                    let any = Assignment { name: name.clone(), value: SecretBytes::new(b"?".to_vec()) };
                    change(&context.store().afresh(), Write::Plan, &[any])?;
                    ask(context, &name)?
                }
            };
            vec![answered(name, value)?]
        }
    };
    let (updated, outcomes) = change(context.store(), Write::Files, &assignments)?;
    report::notices(context, &updated.notices);
    for ((path_given, ..), (existed, key, outcomes)) in updated.files.iter().zip(outcomes) {
        let path = display_path(path_given);
        if !existed {
            context.ui.say(format_args!("made {path}"));
            if let Some((env, similar)) = similar_env_file(path_given) {
                let words = format!("there is an environment {env} already, in {}", similar.display());
                let hint =
                    hint!("if that was meant: rm {path}, and set it there", path = relative_path(path_given));
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

/// What became of each file: whether it was there, the key, and what became of each variable.
type Outcomes = Vec<(bool, Option<PublicKey>, Vec<(String, Outcome)>)>;

fn changed(
    context: &Context,
    paths: &[PathBuf],
    store: &KeyStore<'_>,
    write: Write,
    assignments: &[Assignment],
    how: How,
) -> Result<(Updated, Outcomes), VaultError> {
    let mut outcomes = Vec::new();
    let updated = update(paths, store, write, &|| context.waiting(), |target| {
        let needs_key = needs_key(target.file(), target.document(), target.scope(), assignments, how)?;
        let key = if needs_key { Some(target.seal_to()?) } else { None };
        let mut opener = target.opener()?;
        let (file, scope) = (target.file(), target.scope());
        let change = set(file, target.document(), scope, key.as_ref(), assignments, how, opener.as_mut())?;
        outcomes.push((file.exists(), key, change.outcomes));
        Ok(change.document)
    })?;
    Ok((updated, outcomes))
}

/// What the command line and stdin hold.
enum Given {
    Values(Vec<Assignment>),
    /// A variable whose value is to be asked for.
    Name(VarName),
}

fn given(args: Args, paths: &[PathBuf]) -> Result<Given, Error> {
    let Args { mut first, mut value, mut rest, literal, .. } = args;
    let is_literal = literal > rest.len();
    if first == "-" {
        if value.is_some() {
            return Err(Error::usage("- takes no other argument", "envseal set - < FILE"));
        }
        return Ok(Given::Values(batch(stdin("lines")?.as_slice())?));
    }
    // A line of a shell, whose quotes the shell has taken off.
    if first == "export" {
        match value.take().filter(|pair| has_equals(pair)) {
            Some(pair) => first = pair,
            None => {
                let hint = "leave it out: envseal set NAME VALUE";
                return Err(Error::usage("`export` is a word of the shell, not a variable", hint));
            }
        }
        value = (!rest.is_empty()).then(|| rest.remove(0));
    }
    if has_equals(&first) {
        let all = std::iter::once(first).chain(value).chain(rest);
        let all = all.map(|argument| pair(argument, paths)).collect::<Result<_, _>>()?;
        return Ok(Given::Values(last_of_each(all)));
    }
    let name = name(first.to_str().unwrap_or("\u{fffd}"), paths)?;
    if let Some(value) = value.as_ref().filter(|_| !is_literal) {
        refuse_typo(&name, value.as_encoded_bytes())?;
    }
    if !rest.is_empty() {
        let hint = "envseal set NAME VALUE, or envseal set NAME=VALUE NAME=VALUE …";
        return Err(Error::usage("set takes a NAME and one VALUE", hint));
    }
    Ok(match value {
        Some(value) => Given::Values(vec![Assignment { name, value: bytes(value)? }]),
        None => Given::Name(name),
    })
}

/// Refuses a VALUE that was most likely meant as something else. Says nothing of what it holds.
fn refuse_typo(name: &VarName, value: &[u8]) -> Result<(), Error> {
    let written = name;
    let name = written.as_str();
    let takes_a_value = |letter: &u8| b"CKefi".contains(letter);
    let (message, hint) = match value {
        [b'=', ..] => (
            format!("VALUE begins with `=`, as in `{name} = VALUE`"),
            hint!(
                "without spaces: envseal set {name}=VALUE; with the `=`: envseal set {name} -- VALUE",
                name
            ),
        ),
        _ if repeats(written, value) => (
            format!("VALUE begins with `{name}=`"),
            hint!(
                "once is enough: envseal set {name}=VALUE; if it belongs to the value: envseal set {name} -- VALUE",
                name
            ),
        ),
        _ if value.starts_with(b"-----BEGIN") => return Ok(()),
        [b'-', b'-', option @ ..] if memchr::memmem::find(option, b"stdin").is_some() => (
            "set has no such option".into(),
            hint!("stdin is read when VALUE is left out: envseal set {name}", name),
        ),
        [b'-', option, _, ..] if takes_a_value(option) => (
            "VALUE looks like an option with its value".into(),
            hint!(
                "leave a space between the two, as in -f FILE; or, if it is the value: envseal set {name} -- VALUE",
                name
            ),
        ),
        [b'-', b'-' | b'a'..=b'z' | b'A'..=b'Z', ..] => (
            "VALUE looks like an option that set does not have".into(),
            hint!("if it is the value: envseal set {name} -- VALUE", name),
        ),
        _ => return Ok(()),
    };
    Err(Error::usage(message, hint))
}

/// Whether a value is a whole NAME=value line of its own name.
fn repeats(name: &VarName, value: &[u8]) -> bool {
    let line = value.trim_ascii_start();
    let line = line.strip_prefix(b"export ").unwrap_or(line).trim_ascii_start();
    line.strip_prefix(name.as_str().as_bytes()).is_some_and(|rest| rest.trim_ascii_start().starts_with(b"="))
}

/// Asks for the value on the terminal.
fn ask(context: &Context, name: &VarName) -> Result<zeroize::Zeroizing<Vec<u8>>, Error> {
    let typed = match ui::hidden(&format!("Value of {name} (not shown): ")) {
        // Ctrl-D.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(nothing(name, "was typed")),
        typed => typed.map_err(Error::io("ask on the terminal"))?,
    };
    let lines = typed.strip_suffix(b"\n").unwrap_or(&typed).split(|byte| *byte == b'\n').count();
    if lines > 1 {
        context.ui.say(format_args!("Read {} lines, {} bytes", grouped(lines), grouped(typed.len())));
    }
    if typed.is_empty() || *typed == b"\n" {
        return Err(nothing(name, "was typed"));
    }
    Ok(typed)
}

/// A number with a comma between each three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

/// The assignment of what came from stdin or the terminal.
fn answered(name: VarName, mut value: zeroize::Zeroizing<Vec<u8>>) -> Result<Assignment, Error> {
    if value.is_empty() {
        return Err(nothing(&name, "came from stdin"));
    }
    ui::drop_line_end(&mut value);
    if repeats(&name, &value) && !holds_sealed(&value) {
        let hint = "for lines of NAME=value: envseal set - < FILE";
        return Err(Error::usage(format!("the value of {name} begins with `{name}=`"), hint));
    }
    Ok(Assignment { name, value: SecretBytes::new(std::mem::take(&mut *value)) })
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

fn pair(argument: OsString, paths: &[PathBuf]) -> Result<Assignment, Error> {
    let value = bytes(argument)?;
    let Some(equals) = value.expose().iter().position(|b| *b == b'=') else {
        let hint = "envseal set NAME VALUE, or envseal set NAME=VALUE NAME=VALUE …";
        return Err(Error::usage("after a NAME=VALUE, every argument is one", hint));
    };
    let text = std::str::from_utf8(&value.expose()[..equals]).unwrap_or("\u{fffd}");
    if text.split_ascii_whitespace().next() == Some("export") && text != "export" {
        let message = "`export` is a word of the shell, not a part of NAME";
        return Err(Error::usage(message, "leave it out: envseal set NAME=VALUE"));
    }
    let name = name(text, paths)?;
    Ok(Assignment { name, value: SecretBytes::new(value.expose()[equals + 1..].to_vec()) })
}

fn has_equals(argument: &OsStr) -> bool {
    argument.as_encoded_bytes().contains(&b'=')
}

/// The name, if envseal writes such names. What was typed is not repeated, for it may be a value in the wrong place;
/// unless a variable is called so in the files at `paths`.
fn name(text: &str, paths: &[PathBuf]) -> Result<VarName, Error> {
    let refuse = |error: VarNameError| {
        let there = paths
            .iter()
            .find(|path| EnvFile::load(path).is_ok_and(|file| file.document().last(text).is_some()));
        let Some(path) = there else { return Error::usage(error.to_string(), "envseal set NAME") };
        let digit = if error == VarNameError::StartsWithDigit { "_" } else { "" };
        let new = text.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let path = display_path(path);
        Error::usage(
            format!("{text} in {path} can be read, but not written: {error}"),
            hint!(
                "rename it first: envseal rename {text} {new} -f {path}",
                text,
                new = format!("{digit}{new}"),
                path = std::path::Path::new(&path)
            ),
        )
    };
    VarName::new(text).map_err(refuse)
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
