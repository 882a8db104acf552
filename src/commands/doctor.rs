//! `envseal doctor`.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::Context;
use super::clone_state::{CloneState, Lack};
use super::report::counted;
use super::select::{Files, found_from_here};
use crate::config::KEYS_FILE;
use crate::crypto::{KeyId, OpenError, PublicKey};
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::hint::Hint;
use crate::keys::{KeyLookupError, KeyPlace, KeyStore};
use crate::project::{
    Counts, EnvFile, FailureReason, Pinning, Precedence, Projects, ValueFailure, VaultError, cannot_decrypt,
    counts, pin_trouble, read_files,
};
use crate::ui;

/// Tell why env files can or cannot be opened here, and what to do about it
///
/// For each file: which key it is sealed to, where that key was looked for, and every value that does not open; then
/// whether this clone has envseal's hooks and drivers. Without -e and -f: every env file from here downward that git
/// does not ignore. Exit status 1 if a file wants mending, or a hook or driver is not installed.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal doctor
  envseal doctor -e production
  envseal doctor --json | jq -r '.files[].troubles[].fix'")]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is known of one env file.
struct Patient {
    path: PathBuf,
    environment: Option<String>,
    key: Option<String>,
    counts: Option<Counts>,
    /// Where the private key is.
    found_in: Option<String>,
    troubles: Vec<Trouble>,
}

/// Something that wants mending, in one command.
struct Trouble {
    message: String,
    details: Vec<String>,
    fix: Option<Hint>,
}

/// Examines every file named or found, and this clone. Returns the exit status.
pub(super) fn run(context: &Context, args: &Args) -> Result<u8, Error> {
    let paths = if args.files.is_empty() {
        found_from_here(context)?.files
    } else {
        args.files.reading(context)?.named(context.process)?
    };
    let (mut projects, mut pinning) = (Projects::new(context.store().repositories()), Pinning::default());
    let mut known = (&mut projects, &mut pinning);
    let patients: Vec<_> = paths.into_iter().map(|path| examine(context, &mut known, path)).collect();
    let clone = CloneState::here(context)?;
    let lacks: Vec<_> = clone.iter().flat_map(CloneState::lacks).map(Trouble::from).collect();
    if args.json {
        ui::json(&as_json(&patients, clone.as_ref(), &lacks))
    } else {
        ui::text(as_text(&patients, clone.as_ref(), &lacks).as_bytes())
    }
    .map_err(Error::io("write to stdout"))?;
    let well = patients.iter().all(|patient| patient.troubles.is_empty());
    if patients.is_empty() {
        context.ui.say("no env file here; make one: envseal set NAME");
    } else if well && lacks.is_empty() {
        context.ui.say("all is well");
    }
    Ok(u8::from(!well || !lacks.is_empty()))
}

/// What is found out about projects and pins, each once.
type Known<'a> = (&'a mut Projects, &'a mut Pinning);

fn examine(context: &Context, known: &mut Known<'_>, path: PathBuf) -> Patient {
    let mut patient =
        Patient { path, environment: None, key: None, counts: None, found_in: None, troubles: Vec::new() };
    if let Err(error) = look_into(context, known, &mut patient) {
        patient.troubles.push(Trouble::of(&error.into()));
    }
    patient
}

fn look_into(
    context: &Context,
    (projects, pinning): &mut Known<'_>,
    patient: &mut Patient,
) -> Result<(), VaultError> {
    let file = projects.load(&patient.path)?;
    let scope = projects.scope_of(&file.dir())?;
    let found = counts(&file, &scope);
    patient.environment = Some(file.env().to_string());
    patient.key = file.public_key().map(|key| key.id().to_string());
    patient.counts = Some(found);
    // A token that is none is told below: encrypt does not take it for plain text.
    let tokens = file.variables().filter_map(|(_, entry)| file.token(entry));
    let open = found.unmarked - tokens.filter(Result::is_err).count();
    if open > 0 {
        let fix = hint!("envseal encrypt -f {path}", path = patient.path);
        patient.troubles.push(Trouble::new(format!("{} in plain text", counted(open, "value")), fix));
    }
    if let Some(key) = file.public_key() {
        let located = context.store().locate(file.env(), key, &file.dir());
        let is_at_hand = located.is_ok();
        match located {
            Ok((_, place)) => {
                patient.found_in = Some(match place {
                    KeyPlace::Given | KeyPlace::Process => {
                        format!("{} in {place}", file.env().private_key_name())
                    }
                    KeyPlace::KeysFile(path) => {
                        format!("{} in {}", file.env().private_key_name(), display_path(&path))
                    }
                    KeyPlace::Grant(path) => format!("granted to you in {}", display_path(&path)),
                });
            }
            Err(error @ KeyLookupError::NotFound { .. }) => {
                patient.troubles.push(key_not_found(context, &file, key, error)?);
            }
            Err(error) => return Err(error.into()),
        }
        let pin = pin_trouble(&file, &scope, context.store(), pinning)?;
        patient.troubles.extend(pin.map(|error| Trouble::of(&error)));
        patient.troubles.extend(sealed_to_others(context, &file, key, is_at_hand)?);
    }
    // What is there to be opened, opens; or it is told value by value why not.
    let files = [file];
    let reading = read_files(&files, context.store(), Precedence::EarlierFile)?;
    patient.troubles.extend(unopened(reading.failures()));
    Ok(())
}

/// The private key is in none of the places where it belongs. It may be at hand under another name, as after the env
/// file was renamed.
fn key_not_found(
    context: &Context,
    file: &EnvFile,
    key: &PublicKey,
    error: KeyLookupError,
) -> Result<Trouble, VaultError> {
    let mut trouble = Trouble::of(&VaultError::from(error).into());
    let at_hand = context.store().every(&file.dir())?;
    if at_hand.iter().any(|private| private.public() == *key) {
        trouble.details.push("it is at hand under the name of another environment".into());
        trouble.fix = Some(hint!("give it the name {name} there", name = file.env().private_key_name()));
    } else if let Some(keys_file) = in_main_worktree(context, file, key) {
        let here = context.store().keys_file_path(&file.dir());
        trouble.details.push(format!("it is in the main worktree: {}", display_path(&keys_file)));
        trouble.fix =
            Some(hint!("cp -p {from} {to}", from = relative_path(&keys_file), to = relative_path(&here)));
    }
    Ok(trouble)
}

/// The keys file at the root of the main worktree, if that holds the key: a linked worktree begins without one, for it
/// is not committed (git-worktree(1)). Where there is one here, that is not to be overwritten.
fn in_main_worktree(context: &Context, file: &EnvFile, key: &PublicKey) -> Option<PathBuf> {
    if !matches!(context.store().keys_file(&file.dir()), Ok(None)) {
        return None;
    }
    let repo = context.store().repositories().discover(&file.dir()).ok().flatten()?;
    let keys_file = repo.common_dir().parent()?.join(KEYS_FILE);
    let store = KeyStore::new(context.process, Some(keys_file.clone()));
    store.find(file.env(), key, &file.dir()).is_ok().then_some(keys_file)
}

/// The values that are sealed to another key than the file's, as they are after a rotation on another branch: key by
/// key. No private key is needed to see them.
fn sealed_to_others(
    context: &Context,
    file: &EnvFile,
    key: &PublicKey,
    is_at_hand: bool,
) -> Result<Vec<Trouble>, VaultError> {
    let mut others: Vec<(KeyId, Vec<(usize, &str)>)> = Vec::new();
    for (_, entry) in file.variables() {
        let Some(Ok(token)) = file.token(entry) else { continue };
        let (id, value) = (token.key_id(), (entry.line, file.document().name(entry)));
        match others.iter_mut().find(|(other, _)| *other == id) {
            _ if id == key.id() => {}
            Some((_, values)) => values.push(value),
            None => others.push((id, vec![value])),
        }
    }
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let older = context.store().all(file.env(), &file.dir())?;
    let path = file.path();
    let trouble = |(id, values): (KeyId, Vec<(usize, &str)>)| {
        let names: Vec<_> = values.iter().map(|(_, name)| *name).collect();
        let mut reseal = hint!("envseal encrypt --reseal -f {path}", path);
        if !is_at_hand {
            // The others do not open here.
            reseal = reseal.and(hint!(" -k {names}", names));
        }
        let message =
            format!("{} sealed to another key than the file's: {id}", counted(values.len(), "value"));
        let fix = if older.iter().any(|older| older.public().id() == id) {
            reseal
        } else {
            let set = names.iter().map(|name| hint!("envseal set {name} -f {path}", name, path));
            hint!("with the private key of {id}: ", id = id.to_string())
                .and(reseal)
                .and("; or where nobody has it any more, with new values: ")
                .and(Hint::list(set, "; ", "; "))
        };
        let detail = |(line, name): &(usize, &str)| format!("{}:{line} {name}", file.path().display());
        Trouble { message, details: values.iter().map(detail).collect(), fix: Some(fix) }
    };
    Ok(others.into_iter().map(trouble).collect())
}

/// The values that do not open for reasons of their own, those together that one command mends.
fn unopened(failures: &[ValueFailure]) -> Vec<Trouble> {
    let mut groups: Vec<(Hint, Vec<ValueFailure>)> = Vec::new();
    for failure in failures {
        // Told of the key they are sealed to, or of the value they refer to.
        if let FailureReason::NoKey { .. }
        | FailureReason::Open(OpenError::OtherKey { .. })
        | FailureReason::DependsOn { .. } = failure.reason
        {
            continue;
        }
        let hint = failure.hint();
        match groups.iter_mut().find(|(other, _)| *other == hint) {
            Some((_, group)) => group.push(failure.clone()),
            None => groups.push((hint, vec![failure.clone()])),
        }
    }
    groups.into_iter().map(|(_, group)| Trouble::of(&cannot_decrypt(&group))).collect()
}

impl From<Lack> for Trouble {
    fn from(lack: Lack) -> Self {
        Self { message: lack.message, details: Vec::new(), fix: lack.fix }
    }
}

impl Trouble {
    fn new(message: String, fix: Hint) -> Self {
        Self { message, details: Vec::new(), fix: Some(fix) }
    }

    fn fix(&self) -> Option<String> {
        self.fix.as_ref().and_then(Hint::line)
    }

    fn of(error: &Error) -> Self {
        Self {
            message: error.message().into(),
            details: error.details().to_vec(),
            fix: error.command_hint().cloned(),
        }
    }
}

fn as_text(patients: &[Patient], clone: Option<&CloneState>, lacks: &[Trouble]) -> String {
    let mut text = String::new();
    for patient in patients {
        let _ = writeln!(text, "{}", ui::safe_line(&patient.path.display().to_string()));
        if let (Some(environment), Some(counts)) = (&patient.environment, &patient.counts) {
            let Counts { sealed, plain, unmarked } = counts;
            let _ = writeln!(
                text,
                "  environment {environment}: {sealed} sealed, {plain} plain, {unmarked} unmarked"
            );
        }
        match (&patient.key, &patient.found_in) {
            (None, _) => {}
            (Some(key), Some(place)) => {
                let _ =
                    writeln!(text, "  sealed to key {key}, whose private half is {}", ui::safe_line(place));
            }
            (Some(key), None) => {
                let _ = writeln!(text, "  sealed to key {key}");
            }
        }
        for trouble in &patient.troubles {
            write_trouble(&mut text, trouble);
        }
    }
    if let Some(clone) = clone {
        let _ = writeln!(text, "this clone");
        for (what, state) in clone.parts() {
            let _ = writeln!(text, "  {what}: {}", ui::safe_line(&state));
        }
        for trouble in lacks {
            write_trouble(&mut text, trouble);
        }
    }
    text
}

fn write_trouble(text: &mut String, trouble: &Trouble) {
    let _ = writeln!(text, "  trouble: {}", ui::safe_line(&trouble.message));
    for detail in &trouble.details {
        let _ = writeln!(text, "    {}", ui::safe_line(detail));
    }
    if let Some(fix) = trouble.fix() {
        let _ = writeln!(text, "    fix: {fix}");
    }
}

fn as_json(patients: &[Patient], clone: Option<&CloneState>, lacks: &[Trouble]) -> Value {
    let trouble = |trouble: &Trouble| json!({ "message": trouble.message, "details": trouble.details, "fix": trouble.fix() });
    let patient = |patient: &Patient| {
        json!({
            "file": patient.path.display().to_string(),
            "environment": patient.environment,
            "key": patient.key,
            "sealed": patient.counts.map(|counts| counts.sealed),
            "plain": patient.counts.map(|counts| counts.plain),
            "unmarked": patient.counts.map(|counts| counts.unmarked),
            "private_key": patient.found_in,
            "troubles": patient.troubles.iter().map(trouble).collect::<Vec<_>>(),
        })
    };
    let parts = clone.map(|clone| {
        let parts = clone.parts().into_iter().map(|(what, state)| (what, Value::from(state)));
        Value::Object(parts.collect())
    });
    json!({
        "files": patients.iter().map(patient).collect::<Vec<_>>(),
        "clone": parts,
        "lacking": lacks.iter().map(trouble).collect::<Vec<_>>(),
    })
}
