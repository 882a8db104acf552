//! `envseal set`.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::files::{FileArgs, confirm_new_environments, say_created};
use super::{Context, env_names_of};
use crate::crypto::{SecretBytes, holds_sealed};
use crate::dotenv::{Document, VarName, VarNameError, is_reserved, references, unescape};
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::hint::Hint;
use crate::project::{
    Assignment, EnvFile, How, Outcome, UpdatedFile, Write, last_of_each, needs_key, refuse_links, set,
    similar_env_file,
};
use crate::ui;

const SET: &str = "set";

/// Encrypt a value
///
/// Prompts for VALUE, hidden (several lines may be pasted), or reads it from stdin; one newline at its end is dropped.
/// Needs no private key: anyone with a checkout can add or change a secret. The first `set` creates the file and its key
/// pair.
///
/// A plain value that is marked plain stays plain.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal set DB_PASSWORD -e production            # prompts, hidden
  pass show db | envseal set DB_PASSWORD           # from stdin
  envseal set - < more.env                         # NAME=value lines
  envseal set SESSION_SECRET --generate            # 32 random letters and digits
  envseal set DB_PASSWORD 'correct horse'          # stays in the shell history
  envseal set HOST=db.local PORT=5432 --plain      # not secret")]
pub(super) struct SetArgs {
    /// The variable, or NAME=VALUE (repeats), or - to read NAME=value lines from stdin
    #[arg(value_name = "NAME")]
    first: OsString,
    /// The value; use `--` before one that starts with `-`. Prompted for, or read from stdin, if omitted
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    value: Option<OsString>,
    /// More NAME=VALUE
    #[arg(value_name = "NAME=VALUE", hide = true)]
    rest: Vec<OsString>,
    #[command(flatten)]
    pub(super) files: FileArgs,
    /// Write as plain text, marked `# envseal: plain`
    #[arg(long, conflicts_with = "seal")]
    plain: bool,
    /// Encrypt, and remove the mark `# envseal: plain`
    #[arg(long)]
    seal: bool,
    /// Generate the value and encrypt it: LENGTH random letters and digits [default: 32]
    #[arg(long, value_name = "LENGTH", num_args = 0..=1, require_equals = true, default_missing_value = "32")]
    #[arg(value_parser = clap::value_parser!(u16).range(8..=1024), conflicts_with_all = ["value", "plain"])]
    generate: Option<u16>,
    /// The number of words after `--`
    #[arg(skip)]
    literals: usize,
}

impl SetArgs {
    /// Counts the words after `--` in the command line: they are values even if they look like options.
    pub(super) fn count_literals(&mut self, arguments: &[OsString]) {
        let dashes = arguments.iter().position(|argument| argument == "--");
        self.literals = dashes.map_or(0, |at| arguments.len() - at - 1);
    }
}

pub(super) fn run(context: &Context, args: SetArgs) -> Result<(), Error> {
    let generate = args.generate;
    // A generated value is a secret, whatever the one before was.
    let how = how(args.plain, args.seal || generate.is_some());
    let paths = args.files.paths_or_default(context.process)?;
    // Before the prompt, and before stdin is read.
    paths.iter().try_for_each(|path| refuse_links(path, context.store.repositories()))?;
    let new = confirm_new_environments(context, &paths)?;
    let typed = args.value.is_some() || has_equals(&args.first);
    let keys_on_stdin = context.store.reads_stdin();
    if keys_on_stdin && args.first == "-" {
        return Err(keys_and_values());
    }
    // For each file: true if it existed, the key, the outcome of each variable, and the project.
    let change = |write, assignments: &[Assignment]| {
        context.update(&paths, write, |target| {
            let needs_key = needs_key(target.file(), target.document(), target.project(), assignments, how)?;
            let key = if needs_key { Some(target.seal_to()?) } else { None };
            let mut opener = target.opener()?;
            let (file, document, project) = (target.file(), target.document(), target.project());
            let (document, outcomes) =
                set(file, document, project, key.as_ref(), assignments, how, opener.as_mut())?;
            Ok((document, (file.exists(), key, outcomes, project.clone())))
        })
    };
    if generate.is_some() {
        refuse_to_generate(&args, &paths)?;
    }
    let assignments = match (parse_words(args, &paths, keys_on_stdin)?, generate) {
        (SetInput::Values(assignments), _) => assignments,
        (SetInput::Name(name), Some(length)) => {
            vec![Assignment { name, value: SecretBytes::random_text(length.into()) }]
        }
        (SetInput::Name(name), None) => {
            let piped = if keys_on_stdin { None } else { ui::stdin_value()? };
            let value = match piped {
                Some(piped) => piped,
                None => {
                    // Reports a refusal before the prompt.
                    let any = Assignment { name: name.clone(), value: SecretBytes::new(b"?".to_vec()) };
                    change(Write::Plan, &[any])?;
                    prompt(context, &name, &paths, SET)?
                }
            };
            vec![assign_input(name, value, SET)?]
        }
    };
    let updated = change(Write::Files, &assignments)?;
    context.print_notices(&updated.notices);
    for UpdatedFile { path: path_given, outcome: (existed, key, outcomes, project), .. } in &updated.files {
        let path = display_path(path_given);
        if !existed {
            say_created(context, path_given, &new);
            if let Some((env, similar)) = similar_env_file(path_given) {
                let message = format!("there is also an environment {env}, in {}", similar.display());
                let path = relative_path(path_given);
                let hint = hint!("if you meant that one: rm {path}, and set it there", path);
                context.ui.note(hint.after(message));
            }
        }
        for (name, outcome) in outcomes {
            context.ui.say(match outcome {
                Outcome::Sealed => {
                    let key = key.map_or_else(String::new, |key| format!(" (key {})", key.id()));
                    format!("Encrypted {name} in {path}{key}")
                }
                Outcome::Plain => format!("Wrote {name} to {path} as plain text"),
                Outcome::StayedPlain => {
                    let why = match project.declaring_plain(name) {
                        _ if is_reserved(name) => "it is a reserved name".into(),
                        Some(by) => format!("{} declares it plain", display_path(&by)),
                        None => "it is marked plain (use --seal to encrypt it)".into(),
                    };
                    format!("Wrote {name} to {path} as plain text, because {why}")
                }
                Outcome::Unchanged => format!("{name} in {path} already has this value"),
            });
        }
    }
    context.note_ignored(&updated);
    if typed && how != How::Plain && ui::is_stderr_terminal() {
        context.ui.note("that value is now in your shell history; omit it next time to be prompted");
    }
    Ok(())
}

pub(super) fn how(plain: bool, seal: bool) -> How {
    match (plain, seal) {
        (true, _) => How::Plain,
        (false, true) => How::Seal,
        (false, false) => How::AsMarked,
    }
}

pub(super) fn keys_and_values() -> Error {
    Error::usage("stdin can't hold both the keys and the values", "put the keys in a file: -K FILE")
}

/// Rejects `--generate` for anything but one NAME, and for several environments: a leaked value must open only one.
fn refuse_to_generate(args: &SetArgs, paths: &[PathBuf]) -> Result<(), Error> {
    let takes = |what, hint: &'static str| Err(Error::usage(format!("--generate takes {what}"), hint));
    if args.first == "-" || has_equals(&args.first) {
        return takes("one NAME, without a value", "envseal set NAME --generate");
    }
    let envs = env_names_of(paths)?;
    if envs.iter().all(|env| env == &envs[0]) {
        return Ok(());
    }
    takes(
        "one environment, because each needs a value of its own",
        "envseal set NAME --generate -e ENVIRONMENT",
    )
}

enum SetInput {
    Values(Vec<Assignment>),
    /// A variable whose value is still to be read.
    Name(VarName),
}

/// Parses the words of the command line, and stdin for `-`.
fn parse_words(args: SetArgs, paths: &[PathBuf], keys_on_stdin: bool) -> Result<SetInput, Error> {
    let SetArgs { mut first, mut value, mut rest, literals, .. } = args;
    let is_literal = literals > rest.len();
    if first == "-" {
        if value.is_some() {
            return Err(Error::usage("- takes no other argument", "envseal set - < FILE"));
        }
        let text = ui::stdin_value()?.filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| Error::usage("stdin was empty", "envseal set - < FILE"))?;
        return Ok(SetInput::Values(parse_batch(&text)?));
    }
    // A pasted `export NAME=VALUE`, whose quotes the shell has removed.
    if first == "export" {
        match value.take().filter(|pair| has_equals(pair)) {
            Some(pair) => first = pair,
            None => {
                let hint = "omit it: envseal set NAME VALUE";
                return Err(Error::usage("`export` is a shell keyword, not a variable", hint));
            }
        }
        value = (!rest.is_empty()).then(|| rest.remove(0));
    }
    if has_equals(&first) {
        let all = std::iter::once(first).chain(value).chain(rest);
        let all = all.map(|argument| parse_pair(argument, paths)).collect::<Result<_, _>>()?;
        return Ok(SetInput::Values(last_of_each(all)));
    }
    let name = parse_name(first.to_str().unwrap_or("\u{fffd}"), paths)?;
    if let Some(value) = value.as_ref().filter(|_| !is_literal) {
        refuse_typo(&name, value.as_encoded_bytes(), !keys_on_stdin)?;
    }
    if !rest.is_empty() {
        let hint = "envseal set NAME VALUE, or envseal set NAME=VALUE NAME=VALUE …";
        return Err(Error::usage("set takes one NAME and one VALUE", hint));
    }
    Ok(match value {
        Some(value) => SetInput::Values(vec![Assignment { name, value: bytes(value)? }]),
        None => SetInput::Name(name),
    })
}

/// Rejects a VALUE that was probably meant as something else, without repeating it.
fn refuse_typo(variable: &VarName, value: &[u8], may_be_piped: bool) -> Result<(), Error> {
    let name = variable.as_str();
    let takes_a_value = |letter: &u8| b"CKefi".contains(letter);
    let is_value = || hint!("if it is the value: envseal set {name} -- VALUE", name);
    let from_stdin = || hint!("omit VALUE to read it from stdin: envseal set {name}", name);
    let (message, hint) = match value {
        [b'=', ..] => (
            format!("VALUE starts with `=`, as in `{name} = VALUE`"),
            hint!("without spaces: envseal set {name}=VALUE; ", name).and(is_value()),
        ),
        _ if repeats_name(variable, value) => (
            format!("VALUE starts with `{name}=`"),
            hint!("write it once: envseal set {name}=VALUE; ", name).and(is_value()),
        ),
        _ if value.starts_with(b"-----BEGIN") => return Ok(()),
        b"-" if may_be_piped && matches!(ui::stdin_value(), Ok(Some(text)) if !text.is_empty()) => (
            "VALUE is `-`, which doesn't stand for stdin".into(),
            from_stdin().and(hint!("; if it is the value: envseal set {name} -- -", name)),
        ),
        [b'-', b'-', option @ ..] if memchr::memmem::find(option, b"stdin").is_some() => {
            ("set has no such option".into(), from_stdin())
        }
        [b'-', option, _, ..] if takes_a_value(option) => (
            "VALUE looks like an option with its value".into(),
            Hint::from("put a space between the two, as in -f FILE; ").and(is_value()),
        ),
        [b'-', b'-' | b'a'..=b'z' | b'A'..=b'Z', ..] => {
            ("VALUE looks like an option that set does not have".into(), is_value())
        }
        _ => return Ok(()),
    };
    Err(Error::usage(message, hint))
}

/// Returns true if a value is a whole NAME=value line of this name.
fn repeats_name(name: &VarName, value: &[u8]) -> bool {
    let line = value.trim_ascii_start();
    let line = line.strip_prefix(b"export ").unwrap_or(line).trim_ascii_start();
    line.strip_prefix(name.as_str().as_bytes()).is_some_and(|rest| rest.trim_ascii_start().starts_with(b"="))
}

/// Asks for a value, and names the files at `paths` unless it is `.env`.
pub(super) fn prompt(
    context: &Context,
    name: &VarName,
    paths: &[PathBuf],
    command: &'static str,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let files: Vec<_> = paths.iter().map(|path| display_path(path)).collect();
    let place = if files == [".env"] { String::new() } else { format!(" in {}", files.join(", ")) };
    let place = ui::one_line(&place);
    let typed = match ui::hidden(&format!("Value of {name}{place} (not shown): ")) {
        // Ctrl-D.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            return Err(no_value("nothing was typed", name, command));
        }
        typed => typed.map_err(Error::io("ask on the terminal"))?,
    };
    let lines = typed.strip_suffix(b"\n").unwrap_or(&typed).split(|byte| *byte == b'\n').count();
    if lines > 1 {
        context.ui.say(format_args!("Read {} lines, {} bytes", grouped(lines), grouped(typed.len())));
    }
    if typed.is_empty() || *typed == b"\n" {
        return Err(no_value("nothing was typed", name, command));
    }
    Ok(typed)
}

/// Returns a number with a comma between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

pub(super) fn assign_input(
    name: VarName,
    mut value: Zeroizing<Vec<u8>>,
    command: &'static str,
) -> Result<Assignment, Error> {
    if value.is_empty() {
        return Err(no_value("stdin was empty", &name, command));
    }
    ui::strip_line_end(&mut value);
    if repeats_name(&name, &value) && !holds_sealed(&value) {
        let error = Error::refused(format!("the value of {name} starts with `{name}=`")).with_status(2);
        let hint = "for lines of NAME=value: envseal set - < FILE";
        return Err(if command == SET { error.with_hint(hint) } else { error });
    }
    Ok(Assignment { name, value: SecretBytes::new(std::mem::take(&mut *value)) })
}

fn no_value(message: &str, name: &VarName, command: &'static str) -> Error {
    let typed = name.as_str();
    let hint = match command {
        SET => hint!("for an empty value: envseal set {typed} ''", typed),
        _ => hint!("for an empty value: envseal resolve {typed} ''", typed),
    };
    Error::usage(format!("no value for {name}: {message}"), hint)
}

/// Parses dotenv lines. Rejects ambiguous ones by number, because there is nobody to ask.
fn parse_batch(text: &[u8]) -> Result<Vec<Assignment>, Error> {
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
            return Err(refuse(entry.line, "the value spans several lines without quotes"));
        }
        if document.comment_is_ambiguous(entry) {
            return Err(refuse(entry.line, "`#` touches the value"));
        }
        if quote.expands() && references(&value).map_or(true, |names| !names.is_empty()) {
            let why = "the value references other variables, which `set` does not expand";
            return Err(refuse(entry.line, why));
        }
        let name = VarName::new(document.name(entry)).map_err(|e| refuse(entry.line, &e.to_string()))?;
        // Without references only `\$` is left to unescape.
        let mut value = if quote.expands() { unescape(&value) } else { std::mem::take(&mut *value).into() };
        assignments.push(Assignment { name, value: SecretBytes::new(std::mem::take(&mut *value)) });
    }
    if assignments.is_empty() {
        return Err(Error::usage("no NAME=value line on stdin", "envseal set - < FILE"));
    }
    Ok(last_of_each(assignments))
}

fn parse_pair(argument: OsString, paths: &[PathBuf]) -> Result<Assignment, Error> {
    let value = bytes(argument)?;
    let Some(equals) = value.expose().iter().position(|b| *b == b'=') else {
        let hint = "envseal set NAME VALUE, or envseal set NAME=VALUE NAME=VALUE …";
        return Err(Error::usage("every argument after NAME=VALUE must be NAME=VALUE too", hint));
    };
    let text = std::str::from_utf8(&value.expose()[..equals]).unwrap_or("\u{fffd}");
    if text.split_ascii_whitespace().next() == Some("export") && text != "export" {
        let message = "`export` is a shell keyword, not a part of NAME";
        return Err(Error::usage(message, "omit it: envseal set NAME=VALUE"));
    }
    let name = parse_name(text, paths)?;
    Ok(Assignment { name, value: SecretBytes::new(value.expose()[equals + 1..].to_vec()) })
}

fn has_equals(argument: &OsStr) -> bool {
    argument.as_encoded_bytes().contains(&b'=')
}

/// Parses a name to be written. An error repeats it only if a file at `paths` has it: it may be a misplaced value.
fn parse_name(text: &str, paths: &[PathBuf]) -> Result<VarName, Error> {
    let refuse = |error: VarNameError| {
        let has_it =
            |path: &&PathBuf| EnvFile::load(path).is_ok_and(|file| file.document().last(text).is_some());
        let Some(path) = paths.iter().find(has_it) else {
            let hint = "a name has only letters, digits and _: envseal set MY_NAME";
            return Error::usage(error.to_string(), hint);
        };
        let digit = if text.starts_with(|c: char| c.is_ascii_digit()) { "_" } else { "" };
        let new = format!("{digit}{}", text.replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
        let path = relative_path(path);
        let message = format!("{text} in {} can be read but not written: {error}", path.display());
        Error::usage(
            message,
            hint!("rename it first: envseal rename {text} {new} -f {path}", text, new, path),
        )
    };
    VarName::new(text).map_err(refuse)
}

/// Returns the value of an argument: any bytes on Unix, elsewhere Unicode.
pub(super) fn bytes(value: OsString) -> Result<SecretBytes, Error> {
    if cfg!(not(unix)) && value.to_str().is_none() {
        return Err(Error::usage("the value is not Unicode", "pipe it in: envseal set NAME < FILE"));
    }
    Ok(SecretBytes::new(value.into_encoded_bytes()))
}
