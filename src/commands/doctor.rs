//! `envseal doctor`.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::Context;
use super::clone_state::CloneState;
use super::report::{counted, shown};
use super::select::{Files, found_from_here};
use crate::error::{Error, quoted};
use crate::ui;
use crate::vault::{Counts, EnvFile, Precedence, Scope, VaultError, counts, read_files};

/// Tell why env files can or cannot be opened here, and what to do about it
///
/// For each file: which key it is sealed to, where that key was looked for, and every value that does not open.
/// Exit status 1 if a file wants mending.
#[derive(clap::Args)]
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
    fix: Option<String>,
}

/// Examines every file named or found, and this clone. Returns the exit status.
pub(super) fn run(context: &Context, args: &Args) -> Result<u8, Error> {
    let paths = if args.files.is_empty() { found_from_here(context)? } else { args.files.named()? };
    let patients: Vec<_> = paths.into_iter().map(|path| examine(context, path)).collect();
    let clone = CloneState::here(context)?;
    let lacking = clone.as_ref().and_then(lacks);
    let text = if args.json {
        as_json(&patients, clone.as_ref(), lacking.as_ref())
    } else {
        as_text(&patients, clone.as_ref(), lacking.as_ref())
    };
    ui::text(text.as_bytes()).map_err(Error::io("write to stdout"))?;
    let well = patients.iter().all(|patient| patient.troubles.is_empty());
    if well && lacking.is_none() {
        context.ui.say("all is well");
    }
    Ok(u8::from(!well))
}

/// What this clone lacks, and the command that gives it.
fn lacks(clone: &CloneState) -> Option<Trouble> {
    let missing = clone.lacking();
    (!missing.is_empty()).then(|| Trouble {
        message: format!("this clone lacks {}", missing.join(", ")),
        details: Vec::new(),
        fix: Some("envseal init".into()),
    })
}

fn examine(context: &Context, path: PathBuf) -> Patient {
    let mut patient =
        Patient { path, environment: None, key: None, counts: None, found_in: None, troubles: Vec::new() };
    if let Err(error) = look_into(context, &mut patient) {
        patient.troubles.push(Trouble::of(&error.into()));
    }
    patient
}

fn look_into(context: &Context, patient: &mut Patient) -> Result<(), VaultError> {
    let file = EnvFile::load(&patient.path)?;
    let scope = Scope::of(&file.dir())?;
    let found = counts(&file, &scope);
    patient.environment = Some(file.env().to_string());
    patient.key = file.public_key().map(|key| key.id().to_string());
    patient.counts = Some(found);
    if found.unmarked > 0 {
        let path = quoted(patient.path.display());
        patient.troubles.push(Trouble {
            message: format!("{} in plain text", counted(found.unmarked, "value")),
            details: Vec::new(),
            fix: Some(format!("envseal encrypt -f {path}")),
        });
    }
    if let Some(key) = file.public_key() {
        let variable = file.env().private_key_name();
        let (_, place) = context.store().locate(file.env(), key, &file.dir())?;
        let place = place.map_or_else(|| "the process's environment".into(), |path| shown(&path));
        patient.found_in = Some(format!("{variable} in {place}"));
    }
    // What is there to be opened, opens; or it is told value by value why not.
    let files = [file];
    read_files(&files, &context.store(), Precedence::EarlierFile)?.variables(|_| true, &[])?;
    Ok(())
}

impl Trouble {
    fn of(error: &Error) -> Self {
        Self { message: error.to_string(), details: error.details(), fix: error.hint() }
    }
}

fn as_text(patients: &[Patient], clone: Option<&CloneState>, lacking: Option<&Trouble>) -> String {
    let mut text = String::new();
    for patient in patients {
        let _ = writeln!(text, "{}", patient.path.display());
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
                let _ = writeln!(text, "  sealed to key {key}, whose private half is {place}");
            }
            (Some(key), None) => {
                let _ = writeln!(text, "  sealed to key {key}");
            }
        }
        patient.troubles.iter().for_each(|trouble| write_trouble(&mut text, trouble));
    }
    if let Some(clone) = clone {
        let _ = writeln!(text, "this clone");
        for (what, state) in clone.parts() {
            let _ = writeln!(text, "  {what}: {state}");
        }
        lacking.into_iter().for_each(|trouble| write_trouble(&mut text, trouble));
    }
    text
}

fn write_trouble(text: &mut String, trouble: &Trouble) {
    let _ = writeln!(text, "  trouble: {}", trouble.message);
    for detail in &trouble.details {
        let _ = writeln!(text, "    {detail}");
    }
    if let Some(fix) = &trouble.fix {
        let _ = writeln!(text, "    fix: {fix}");
    }
}

fn as_json(patients: &[Patient], clone: Option<&CloneState>, lacking: Option<&Trouble>) -> String {
    let trouble = |trouble: &Trouble| json!({ "message": trouble.message, "details": trouble.details, "fix": trouble.fix });
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
    let all = json!({
        "files": patients.iter().map(patient).collect::<Vec<_>>(),
        "clone": parts,
        "lacking": lacking.map(trouble),
    });
    let text = serde_json::to_string_pretty(&all).expect("values of our own");
    format!("{text}\n")
}
