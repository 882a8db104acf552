//! `envseal run`.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::files::ReadArgs;
use super::{Context, clone_setup};
use crate::check::rules::{Framework, MIN_MASKED, NEXT_PROCESSED, is_mode, list_names, spellings};
use crate::check::{ProgramStart, find_other_readers};
use crate::config::{EnvName, ProcessEnv, own_program};
use crate::error::Error;
use crate::exec::{Forms, Program, no_terminal};
use crate::hint::Hint;
use crate::project::{EnvFile, Precedence, Reading, Variable, hold_to_schemas, read_files};
use crate::ui;

/// The variables of the process that a program needs to start at all and that hold no secret.
#[cfg(unix)]
const KEPT_IN_CLEAN_ENV: [&str; 5] = ["PATH", "HOME", "TERM", "LANG", "TMPDIR"];
#[cfg(not(unix))]
const KEPT_IN_CLEAN_ENV: [&str; 6] = ["PATH", "PATHEXT", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE"];

/// Run a program with the decrypted values in its environment
///
/// Values are decrypted in memory; nothing touches the disk. The process's own variables win over those of files, and
/// earlier files over later ones. If a value can't be decrypted, or doesn't match the .env.schema or .env.example beside
/// the files, the program is not started.
///
/// Without -e and -f: the file of the environment in `ENVSEAL_ENV`, or the files whose private keys are in
/// `ENVSEAL_PRIVATE_KEY_*`, or .env. An env file may be a pipe, which is read once.
///
/// In a Next.js project whose env files are all loaded, `__NEXT_PROCESSED_ENV` is set too, so that Next.js leaves the
/// values as they are.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "Examples:
  envseal run -- npm start
  envseal run -e production -- ./server --port 8080
  envseal run --convention nextjs -e production -- next build
  envseal run -f packages/web -f packages/api -e production -- turbo run start
  envseal run -f '?.env.local' -e development -- npm run dev   # .env.local if it exists
  envseal run --clean-env -k 'DB_*' -- ./migrate                # these variables, and no others
  ENVSEAL_PRIVATE_KEY_PRODUCTION=… envseal run -- ./server      # loads .env.production")]
#[allow(clippy::struct_excessive_bools, reason = "they are the flags as typed")]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) reading: ReadArgs,
    /// Let files override the process's own variables, and later files earlier ones
    #[arg(long)]
    overload: bool,
    /// Start without NAME if it can't be decrypted, or is required but missing (repeats)
    #[arg(long, value_name = "NAME")]
    allow_missing: Vec<String>,
    /// Pass on no variables of the process but PATH, HOME, TERM, LANG and TMPDIR
    #[arg(long)]
    clean_env: bool,
    /// Mask encrypted values in the program's output as [NAME] (not a security boundary)
    #[arg(long)]
    redact: bool,
    /// Start CMD in a session of its own, with the environment as it is; used by envseal itself
    #[arg(long, hide = true)]
    pub(super) in_session: bool,
    /// Run this program with its arguments
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true)]
    command: Vec<OsString>,
}

/// Runs CMD in the session for which envseal started itself. Reads no file.
pub(super) fn run_in_session(args: &RunArgs) -> Result<u8, Error> {
    let (program, arguments) = args.command.split_first().expect("clap asks for at least one");
    Program::session(program, arguments)
}

/// A program with its environment, and the values to mask in its output.
pub(super) struct PreparedProgram {
    program: Program,
    masked: Option<Forms>,
}

impl PreparedProgram {
    /// Starts it. Returns only if it did not replace this process.
    pub(super) fn start(self) -> Result<u8, Error> {
        match self.masked {
            Some(forms) if !forms.is_empty() => {
                // Signals go to the program, even after a passphrase prompt.
                let _held = ui::HeldSignals::again();
                let own = own_program().map_err(no_terminal)?;
                self.program.run_masked(forms, &own, &["run", "--in-session", "--"])
            }
            _ => self.program.run(),
        }
    }
}

pub(super) fn prepare(context: &Context, args: &RunArgs) -> Result<PreparedProgram, Error> {
    let paths = args.reading.paths(context, args.overload)?;
    let files = args.reading.load(context, &paths, |file| hint!("envseal run -f {file} -- CMD", file))?;
    let precedence = if args.overload { Precedence::LaterFile } else { Precedence::Process };
    let clean = args.clean_env.then(|| context.process.narrowed(&KEPT_IN_CLEAN_ENV));
    let process = clean.as_ref().unwrap_or(context.process);
    let reading = read_files(&files, &context.store, process, precedence)?;
    let masked = args.redact.then(|| masked_forms(context, &reading));
    let wanted = args.reading.variables.filter()?;
    for file in &files {
        let key = file.public_key().map_or_else(|| "no key".into(), |key| format!("key {}", key.id()));
        context.ui.detail(format_args!("Read {} (environment {}, {key})", file.path().display(), file.env()));
    }
    let (variables, missing) = reading.variables(&wanted, &args.allow_missing)?;
    hold_to_schemas(&files, &variables, process, &wanted, &args.allow_missing)?;
    let is_given = |name: &&OsStr| variables.iter().any(|variable| *name == variable.name);
    for name in process.sealed_names().filter(|name| !is_given(name)) {
        let name = name.display();
        context.ui.note(format_args!("{name} of the process is a sealed value and counts as not set"));
    }
    for name in missing {
        context.ui.note(format_args!("{name} couldn't be decrypted and is skipped"));
    }
    clone_setup::mention(context, files.iter().map(EnvFile::dir));
    let next_is_done = warn_of_other_readers(context, args, &files, &variables);
    Ok(PreparedProgram { program: program(process, args, variables, next_is_done)?, masked })
}

fn program(
    process: &ProcessEnv,
    args: &RunArgs,
    variables: Vec<Variable<'_>>,
    next_is_done: bool,
) -> Result<Program, Error> {
    let (program, arguments) = args.command.split_first().expect("clap asks for at least one");
    if let Some(nul) = variables.iter().find(|variable| variable.value.expose().contains(&0)) {
        let message =
            format!("the value of {} contains a NUL byte, which environment variables can't hold", nul.name);
        let hint = hint!("skip it: -x {name}", name = nul.name);
        return Err(Error::refused(message).with_status(3).with_hint(hint));
    }
    let mut program = Program::new(program, arguments);
    let inherit = |program: &mut Program| {
        process.inherited().for_each(|(name, value)| program.set(name, value));
    };
    if next_is_done {
        program.set(NEXT_PROCESSED, "true");
    }
    // The last one set wins.
    if args.overload {
        inherit(&mut program);
    }
    // Freed one by one, so that the next one can reuse the memory.
    for variable in variables {
        program.set(variable.name, os_value(&variable)?);
    }
    if !args.overload {
        inherit(&mut program);
    }
    Ok(program)
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere it fails")]
fn os_value<'a>(variable: &'a Variable<'_>) -> Result<&'a OsStr, Error> {
    Ok(std::os::unix::ffi::OsStrExt::from_bytes(variable.value.expose()))
}

#[cfg(not(unix))]
fn os_value<'a>(variable: &'a Variable<'_>) -> Result<&'a OsStr, Error> {
    let text = std::str::from_utf8(variable.value.expose());
    text.map(OsStr::new).map_err(|_| crate::project::unwritable(&variable.path, variable.name))
}

/// Warns if the program that is about to start is likely to read a file itself and use its sealed values as they are,
/// or to expand values again. Returns true if Next.js must be told that there is nothing left to read.
fn warn_of_other_readers(
    context: &Context,
    args: &RunArgs,
    files: &[EnvFile],
    variables: &[Variable<'_>],
) -> bool {
    let mode = args.reading.mode(context);
    let mode = mode.as_ref();
    let set = OnceCell::new();
    let value = |name: &str| {
        let set: &HashMap<&str, &[u8]> = set.get_or_init(|| {
            variables.iter().map(|variable| (variable.name, variable.value.expose())).collect()
        });
        set.get(name).copied()
    };
    let node_env = context.process.get("NODE_ENV").map(OsStr::as_encoded_bytes);
    let node_env = node_env.or_else(|| value("NODE_ENV")).and_then(|value| std::str::from_utf8(value).ok());
    let found = find_other_readers(&ProgramStart {
        command: &args.command,
        loaded: files,
        whole: args.reading.variables.is_all(),
        mode,
        node_env,
        is_set: &|name| value(name).is_some() || context.process.get(name).is_some(),
        has_dollar: &|name| value(name).is_some_and(|value| value.contains(&b'$')),
    });
    let is_told = found.next.as_ref().is_some_and(|next| next.left_out.is_none());
    if context.ui.quiet {
        return is_told;
    }
    let remedy = |framework: &Framework, file: &Path| remedy(framework, file, files, mode);
    // `run` itself notes values that could not be decrypted and may be missing.
    for sealed in found.sealed {
        let names: Vec<_> = sealed.names.iter().map(String::as_str).collect();
        let words = format!(
            "{} reads {} itself and gets the sealed value{} of {}, which this run doesn't set",
            sealed.framework.name(),
            sealed.file.display(),
            if names.len() == 1 { "" } else { "s" },
            list_names(&names),
        );
        context.ui.note(remedy(&sealed.framework, &sealed.file).joined(words, ": "));
    }
    if let Some(next) = found.next.filter(|next| !next.expanded.is_empty()) {
        let names: Vec<_> = next.expanded.iter().map(String::as_str).collect();
        let names = list_names(&names);
        if next.reads_anyway {
            context.ui.note(format_args!(
                "before Next.js 16, `next dev` expands every `$` in the value of {names} again; keep it in a file that \
                 Next.js doesn't read, such as dev.env: envseal run -f dev.env -f .env -- …"
            ));
        } else if let Some(file) = next.left_out {
            let words = format!(
                "Next.js may read {} itself, and then expands every `$` in the value of {names} again",
                file.display(),
            );
            context.ui.note(remedy(&Framework::Next, &file).joined(words, ": "));
        }
    }
    if found.dotenvx {
        let has_command =
            |variable: &&Variable<'_>| variable.value.expose().windows(2).any(|two| two == b"$(");
        let names: Vec<_> = variables.iter().filter(has_command).map(|variable| variable.name).collect();
        if !names.is_empty() {
            context.ui.note(format_args!(
                "dotenvx runs the `$(…)` in the value of {} if a file that it reads has that name; start the program \
                 without dotenvx",
                list_names(&names),
            ));
        }
    }
    is_told
}

fn remedy(framework: &Framework, file: &Path, files: &[EnvFile], mode: Option<&EnvName>) -> Hint {
    if files.iter().any(|loaded| loaded.path() == file) {
        return "include all of its variables: remove -k and -x".into();
    }
    let of_file = EnvName::of_file(file).ok();
    // The convention itself takes the mode from ENVSEAL_ENV or NODE_ENV, and not from the command.
    match files.iter().map(EnvFile::env).chain(mode).chain(&of_file).find(|env| is_mode(env)) {
        Some(env) if *framework == Framework::Next => {
            hint!("envseal run --convention nextjs -e {env} -- …", env)
        }
        // Overlays go first.
        _ if of_file.as_ref().is_some_and(EnvName::is_overlay) => hint!("load it first: -f {file}", file),
        _ => hint!("load it last: -f {file}", file),
    }
}

/// Returns the spellings of every sealed value, also of those left out: another variable may have the same value. Notes
/// those too short to mask.
fn masked_forms(context: &Context, reading: &Reading<'_>) -> Forms {
    let mut short = Vec::new();
    let mut secrets = Vec::new();
    for (name, value) in reading.sealed() {
        let forms = spellings(value);
        if !forms.is_empty() {
            secrets.push((name.to_owned(), forms));
        } else if !value.is_empty() {
            short.push(name);
        }
    }
    if !short.is_empty() {
        let names = short.join(", ");
        context.ui.note(format_args!("not masked because shorter than {MIN_MASKED} bytes: {names}"));
    }
    Forms::new(secrets)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Percent-encodes every byte that is not in `kept`.
    fn percent(value: &str, upper: bool, kept: &str) -> String {
        value
            .bytes()
            .map(|byte| match char::from(byte) {
                c if c.is_ascii_alphanumeric() || kept.contains(c) => c.to_string(),
                _ if upper => format!("%{byte:02X}"),
                _ => format!("%{byte:02x}"),
            })
            .collect()
    }

    /// JSON-escapes what must be escaped, and what `more` names: `html`, `ascii`, `slash`.
    fn json(value: &str, upper: bool, more: &str) -> String {
        let unit = |unit: u16| if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
        let whole = serde_json::to_string(value).unwrap();
        whole[1..whole.len() - 1]
            .chars()
            .map(|c| match c {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if more.contains("html") => unit(c as u16),
                '/' if more.contains("slash") => "\\/".into(),
                '\u{80}'.. if more.contains("ascii") => {
                    c.encode_utf16(&mut [0; 2]).iter().map(|u| unit(*u)).collect()
                }
                _ => c.to_string(),
            })
            .collect()
    }

    /// Returns the forms of a one-line value that docs/redact.md says are masked.
    fn claimed(value: &str) -> Vec<String> {
        let mut texts = vec![value.to_owned()];
        for upper in [false, true] {
            let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
            texts.push(if upper { hex.to_uppercase() } else { hex });
            let kept = ["-._~", "-._~/", "-._~!*'()", "-._~!*'();,/?:@&=+$#", "-._~$&+=:@"];
            texts.extend(kept.map(|kept| percent(value, upper, kept)));
            texts.extend(["-._~", "-._*", "-._"].map(|kept| percent(value, upper, kept).replace("%20", "+")));
            let more =
                ["", "slash", "html", "html slash", "ascii", "ascii slash", "ascii html", "ascii html slash"];
            texts.extend(more.map(|more| json(value, upper, more)));
        }
        texts
    }

    proptest! {
        #[test]
        fn every_form_that_the_docs_claim_is_masked(
            // Characters that some encoder treats in its own way, and any other printable ones.
            value in "([-a-z ._~!*'();,/?:@&=+$#<>\"\\\\|\u{2028}\u{2029}é😀]|[^\\p{C}\u{7f}]){3,12}",
        ) {
            prop_assume!(value.len() >= MIN_MASKED);
            let forms = spellings(value.as_bytes());
            for form in claimed(&value) {
                prop_assert!(forms.iter().any(|there| there.as_slice() == form.as_bytes()), "{}", form);
            }
        }
    }
}
