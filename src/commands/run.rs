//! `envseal run`.

use std::ffi::{OsStr, OsString};

use super::convention::ByConvention;
use super::elsewhere;
use super::select::{Files, Names};
use super::{Context, redact};
use crate::check::rules::NEXT_PROCESSED;
use crate::config::own_program;
use crate::error::Error;
use crate::exec::{Forms, Program, no_terminal};
use crate::project::{Precedence, Variable, hold_to_schemas, read_files};
use crate::ui;

/// Run a program with the opened values in its environment
///
/// Values are opened in memory; nothing touches the disk. The process's own variables win over those of files, and
/// earlier files over later ones. If any value that is needed cannot be opened, or is not as the .env.schema or
/// .env.example beside the files says, nothing is started.
///
/// Without -e and -f: the file of the environment in `ENVSEAL_ENV`, else the files whose private keys are in
/// `ENVSEAL_PRIVATE_KEY_*`, else .env. A pipe that -f names is read once.
///
/// In a project of Next.js whose env files are all loaded, `__NEXT_PROCESSED_ENV` is set too: Next.js then leaves values as
/// they are.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "Examples:
  envseal run -- npm start
  envseal run -e production -- ./server --port 8080
  envseal run --convention nextjs -e production -- next build
  envseal run -f packages/web -f packages/api -e production -- turbo run start
  envseal run -f '?.env.local' -e development -- npm run dev   # .env.local if it is there
  ENVSEAL_PRIVATE_KEY_PRODUCTION=… envseal run -- ./server      # loads .env.production")]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    convention: ByConvention,
    #[command(flatten)]
    names: Names,
    /// Let files win over the process's own variables, and later files over earlier ones
    #[arg(long)]
    overload: bool,
    /// Start even if NAME cannot be opened, or is required and missing, and leave it out (repeats)
    #[arg(long, value_name = "NAME")]
    allow_missing: Vec<String>,
    /// Mask sealed values in what the program writes, as [NAME] (log hygiene: a program that means to can get round it)
    #[arg(long)]
    redact: bool,
    /// For envseal itself: CMD is started in a session of its own, with what is in the environment
    #[arg(long, hide = true)]
    in_session: bool,
    /// The program and its arguments
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true)]
    command: Vec<OsString>,
}

impl Args {
    /// Whether envseal has started itself, to hold a session for CMD: then no file is to be opened.
    pub(super) fn is_session(&self) -> bool {
        self.in_session
    }
}

/// Starts the program in a session of its own, with what is in the environment.
pub(super) fn session(args: &Args) -> Result<u8, Error> {
    let (program, arguments) = args.command.split_first().expect("clap asks for at least one");
    Ok(Program::session(program, arguments)?)
}

/// A program with the environment that it is to have, and what to mask in what it writes.
pub(super) struct Prepared {
    program: Program,
    masked: Option<Forms>,
}

impl Prepared {
    /// Starts it. Returns only where it could not take this process's place.
    pub(super) fn start(self) -> Result<u8, Error> {
        match self.masked {
            Some(forms) if !forms.is_empty() => {
                // Signals are for the program, also where somebody was asked for a passphrase.
                let _deaf = ui::Deaf::again();
                let own = own_program().map_err(no_terminal)?;
                Ok(self.program.run_masked(forms, &own, &["run", "--in-session", "--"])?)
            }
            _ => Ok(self.program.run()?),
        }
    }
}

/// Decrypts the files and prepares the program.
pub(super) fn prepare(context: &Context, args: &Args) -> Result<Prepared, Error> {
    let paths = args.convention.files(context, &args.files, args.overload)?;
    let files = args.files.load(&paths)?;
    let precedence = if args.overload { Precedence::LaterFile } else { Precedence::Process };
    let reading = read_files(&files, context.store(), precedence)?;
    let masked = args.redact.then(|| redact::forms(context, &reading));
    let wanted = args.names.filter()?;
    for file in &files {
        let key = file.public_key().map_or_else(|| "no key".into(), |key| format!("key {}", key.id()));
        context.ui.detail(format_args!("read {} (environment {}, {key})", file.path().display(), file.env()));
    }
    let (variables, missing) = reading.variables(&wanted, &args.allow_missing)?;
    hold_to_schemas(&files, &variables, context.process, &wanted, &args.allow_missing)?;
    for name in missing {
        context.ui.note(format_args!("{name} could not be opened and is left out"));
    }
    let mode = args.convention.mode(context, &args.files);
    let whole = args.names.is_all();
    let next_is_done = elsewhere::warn(context, &args.command, &files, whole, mode.as_ref(), &variables);
    Ok(Prepared { program: program(context, args, variables, next_is_done)?, masked })
}

fn program(
    context: &Context,
    args: &Args,
    variables: Vec<Variable<'_>>,
    next_is_done: bool,
) -> Result<Program, Error> {
    let overload = args.overload;
    let (program, arguments) = args.command.split_first().expect("clap asks for at least one");
    if let Some(nul) = variables.iter().find(|variable| variable.value.expose().contains(&0)) {
        let message = format!("the value of {} holds a NUL byte, which no environment can hold", nul.name);
        let hint = hint!("leave it out: -x {name}", name = nul.name);
        return Err(Error::refused(message).with_status(3).with_hint(hint));
    }
    let mut program = Program::new(program, arguments);
    let inherit = |program: &mut Program| {
        context.process.inherited().for_each(|(name, value)| program.set(name, value));
    };
    if next_is_done {
        program.set(NEXT_PROCESSED, "true");
    }
    // Whichever comes last wins.
    if overload {
        inherit(&mut program);
    }
    // Each goes as it is handed over, and leaves its memory to the next.
    for variable in variables {
        program.set(variable.name, os_value(&variable)?);
    }
    if !overload {
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
