//! `envseal doctor`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::clone_setup::CloneSetup;
use super::files::ListArgs;
use super::{Context, grouped};
use crate::config::is_keys_file;
use crate::crypto::{KeyId, OpenError, PublicKey};
use crate::dotenv::{Entry, foreign_value, is_dotenvx_key};
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::hint::Hint;
use crate::keys::{KeyLookupError, KeyPlace};
use crate::project::{
    EnvFile, FailureReason, KeyTrust, Pinning, Precedence, Projects, ValueFailure, ValueState,
    cannot_decrypt, counts, read_files, value_state,
};
use crate::ui::{self, counted, one_line};

/// Diagnose why something can't be decrypted
///
/// For each file: the key it is encrypted to, where that key was looked for, and every value that can't be decrypted;
/// then whether this clone has envseal's hooks and drivers. Without -e and -f: every env file from here downward that git
/// does not ignore. Exit status 1 if there is a problem.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal doctor
  envseal doctor -e production
  envseal doctor --json | jq -r '.files[].troubles[].fix'")]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    listing: ListArgs,
}

#[derive(Serialize)]
struct DoctorReport {
    files: Vec<FileReport>,
    /// The parts of the clone's setup and their states; null outside git.
    clone: Option<BTreeMap<String, String>>,
    lacking: Vec<Problem>,
    /// Possible improvements, which are not problems.
    suggestions: Vec<Problem>,
}

#[derive(Default, Serialize)]
struct FileReport {
    file: String,
    environment: Option<String>,
    key: Option<String>,
    sealed: Option<usize>,
    plain: Option<usize>,
    unmarked: Option<usize>,
    /// The place where the private key was found.
    private_key: Option<String>,
    /// The keys file that has it, if grants make that file unnecessary.
    #[serde(skip)]
    needless: Option<PathBuf>,
    troubles: Vec<Problem>,
}

/// A problem, and the command that fixes it.
#[derive(Serialize)]
struct Problem {
    message: String,
    details: Vec<String>,
    fix: Option<String>,
}

/// Examines every file named or found, and this clone. Returns the exit status.
pub(super) fn run(context: &Context, args: &DoctorArgs) -> Result<u8, Error> {
    let paths = args.listing.find(context)?.files;
    let (mut projects, mut pinning) = (Projects::new(context.store.repositories()), Pinning::default());
    let files: Vec<_> =
        paths.iter().map(|path| FileReport::new(context, &mut projects, &mut pinning, path)).collect();
    let clone = CloneSetup::here(context)?;
    let lacking: Vec<_> = clone.iter().flat_map(CloneSetup::gaps).map(|gap| Problem::from(&gap)).collect();
    let is_well = lacking.is_empty() && files.iter().all(|file| file.troubles.is_empty());
    let is_empty = files.is_empty();
    let needless: BTreeSet<_> = files.iter().filter_map(|file| file.needless.as_deref()).collect();
    let suggestions: Vec<_> = needless.into_iter().map(suggest_removal).collect();
    if args.listing.json {
        let field = |part: String| part.replace([' ', '-'], "_");
        let parts = |clone: CloneSetup| clone.parts().into_iter().map(|(part, state)| (field(part), state));
        let clone = clone.map(|clone| parts(clone).collect());
        ui::json(&DoctorReport { files, clone, lacking, suggestions })?;
    } else {
        let mut text = render(&files, clone.as_ref(), &lacking);
        for suggestion in &suggestions {
            suggestion.write_to(&mut text, "suggestion");
        }
        ui::text(text.as_bytes())?;
    }
    if is_empty {
        context.ui.say("No env file here; create one: envseal set NAME");
    } else if is_well {
        context.ui.say("No problems found");
    }
    Ok(u8::from(!is_well))
}

impl FileReport {
    fn new(context: &Context, projects: &mut Projects, pinning: &mut Pinning, path: &Path) -> Self {
        let mut report = Self { file: path.display().to_string(), ..Self::default() };
        if let Err(error) = report.examine(context, projects, pinning, path) {
            report.troubles.push(Problem::from(&error));
        }
        report
    }

    fn examine(
        &mut self,
        context: &Context,
        projects: &mut Projects,
        pinning: &mut Pinning,
        path: &Path,
    ) -> Result<(), Error> {
        let file = projects.load(path)?;
        let project = projects.of_folder(&file.dir())?;
        let counts = counts(&file, &project);
        self.environment = Some(file.env().to_string());
        self.key = file.public_key().map(|key| key.id().to_string());
        (self.sealed, self.plain, self.unmarked) =
            (Some(counts.sealed), Some(counts.plain), Some(counts.unmarked));
        // A malformed sealed value and one of another tool are reported below: `encrypt` refuses them.
        let is_open = |entry: &Entry| {
            let (name, (_, text)) = (file.document().name(entry), file.document().value(entry));
            value_state(&file, &project, entry) == ValueState::Unmarked
                && file.token(entry).is_none()
                && foreign_value(&text).is_none()
                && !is_dotenvx_key(name, &text)
        };
        let open = file.variables().filter(|(_, entry)| is_open(entry)).count();
        if open > 0 {
            let fix = hint!("envseal encrypt -f {path}", path);
            self.troubles.push(Problem::new(format!("{} in plain text", counted(open, "value")), Some(&fix)));
        }
        if let Some(key) = file.public_key() {
            let located = context.store.locate(file.env(), key, &file.dir());
            let has_private_key = located.is_ok();
            match located {
                Ok((_, place)) => {
                    self.private_key = Some(describe(&place, &file));
                    self.needless = needless_keys_file(context, place, &file)?;
                }
                Err(error @ KeyLookupError::NotFound { .. }) => {
                    self.troubles.push(key_not_found(context, &file, error));
                }
                Err(error) => return Err(error.into()),
            }
            let trust = KeyTrust { file: &file, project: &project, store: &context.store };
            let pin = pinning.trouble(trust)?;
            self.troubles.extend(pin.map(|error| Problem::from(&error)));
            self.troubles.extend(under_other_keys(context, &file, key, has_private_key)?);
        }
        let files = [file];
        let reading = read_files(&files, &context.store, context.process, Precedence::EarlierFile)?;
        self.troubles.extend(group_failures(reading.failures()));
        Ok(())
    }
}

/// Returns the worktree's own keys file if the key is from it, and if HEAD grants this user every key in it.
fn needless_keys_file(context: &Context, place: KeyPlace, file: &EnvFile) -> Result<Option<PathBuf>, Error> {
    let KeyPlace::KeysFile(path) = place else { return Ok(None) };
    let dir = file.dir();
    if context.store.keys_file_path(&dir) != path || !is_keys_file(&path) {
        return Ok(None);
    }
    let Some(keys) = context.store.keys_file(&dir)? else { return Ok(None) };
    Ok(context.store.is_granted_whole(&keys, &dir)?.then_some(path))
}

/// Suggests moving the keys out of the tree. The command tests the backup before it removes anything.
fn suggest_removal(path: &Path) -> Problem {
    let path = relative_path(path);
    let message = format!("{} needn't stay here: each key in it is granted to you", path.display());
    let fix = hint!(
        "envseal key backup ~/envseal-keys.txt && envseal key recover ~/envseal-keys.txt && rm {path}",
        path
    );
    Problem::new(message, Some(&fix))
}

fn describe(place: &KeyPlace, file: &EnvFile) -> String {
    let name = file.env().private_key_name();
    match place {
        KeyPlace::Given | KeyPlace::Process => format!("{name} in {place}"),
        KeyPlace::Command => format!("from {place}"),
        KeyPlace::KeysFile(path) => format!("{name} in {}", display_path(path)),
        KeyPlace::Grant(path) => format!("granted to you in {}", display_path(path)),
    }
}

/// Reports a private key that was not found, not even under another name, as after a rename of the env file.
fn key_not_found(context: &Context, file: &EnvFile, error: KeyLookupError) -> Problem {
    let is_misnamed = matches!(&error, KeyLookupError::NotFound { tried, .. }
        if tried.iter().any(|tried| tried.missing.is_misnamed()));
    let mut problem = Problem::from(&Error::from(error));
    if !is_misnamed {
        let keys_file = context.store.keys_file_path(&file.dir());
        problem.details.extend([
            "if you had it, a backup restores it: envseal key recover FILE".into(),
            format!("or copy {} from an older clone or another machine", display_path(&keys_file)),
            "if nobody has it any more, start over: see docs/lost-keys.md".into(),
        ]);
    }
    problem
}

/// Reports values encrypted to another key than the file's, by key, as after a rotation on another branch.
fn under_other_keys(
    context: &Context,
    file: &EnvFile,
    key: &PublicKey,
    has_private_key: bool,
) -> Result<Vec<Problem>, Error> {
    let others = grouped(file.variables().filter_map(|(_, entry)| {
        let id = file.token(entry)?.ok()?.key_id();
        (id != key.id()).then(|| (id, (entry.line, file.document().name(entry))))
    }));
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let older = context.store.all(file.env(), &file.dir())?;
    let path = file.path();
    let problem = |(id, values): (KeyId, Vec<(usize, &str)>)| {
        let names: Vec<_> = values.iter().map(|(_, name)| *name).collect();
        let mut reseal = hint!("envseal encrypt --reseal -f {path}", path);
        if !has_private_key {
            // The other values can't be decrypted here.
            reseal = reseal.and(hint!(" -k {names}", names));
        }
        let message =
            format!("{} encrypted to another key than the file's: {id}", counted(values.len(), "value"));
        let fix = if older.iter().any(|older| older.public().id() == id) {
            reseal
        } else {
            let set = names.iter().map(|name| hint!("envseal set {name} -f {path}", name, path));
            hint!("with the private key of {id}: ", id = id.to_string())
                .and(reseal)
                .and("; or if nobody has it any more, with new values: ")
                .and(Hint::list(set, "; ", "; "))
        };
        let detail = |(line, name): &(usize, &str)| format!("{}:{line} {name}", file.path().display());
        Problem { details: values.iter().map(detail).collect(), ..Problem::new(message, Some(&fix)) }
    };
    Ok(others.into_iter().map(problem).collect())
}

/// Groups failures by the command that fixes them. Skips those reported by key, or with the value that they reference.
fn group_failures(failures: &[ValueFailure]) -> Vec<Problem> {
    use FailureReason::{DependsOn, NoKey, Open};
    let is_reported = |failure: &&ValueFailure| {
        matches!(failure.reason, NoKey { .. } | Open(OpenError::OtherKey { .. }) | DependsOn { .. })
    };
    let others = failures.iter().filter(|failure| !is_reported(failure));
    let groups = grouped(others.map(|failure| (failure.hint(), failure.clone())));
    groups.iter().map(|(_, group)| Problem::from(&cannot_decrypt(group))).collect()
}

impl Problem {
    fn new(message: String, fix: Option<&Hint>) -> Self {
        Self { message, details: Vec::new(), fix: fix.and_then(Hint::line) }
    }

    fn write_to(&self, text: &mut String, severity: &str) {
        let _ = writeln!(text, "  {severity}: {}", one_line(&self.message));
        for detail in &self.details {
            let _ = writeln!(text, "    {}", one_line(detail));
        }
        if let Some(fix) = &self.fix {
            let _ = writeln!(text, "    fix: {fix}");
        }
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        Self { details: error.details().to_vec(), ..Self::new(error.message().into(), error.command_hint()) }
    }
}

fn render(files: &[FileReport], clone: Option<&CloneSetup>, lacking: &[Problem]) -> String {
    let mut text = String::new();
    for file in files {
        let _ = writeln!(text, "{}", one_line(&file.file));
        if let FileReport {
            environment: Some(environment),
            sealed: Some(sealed),
            plain: Some(plain),
            unmarked: Some(unmarked),
            ..
        } = file
        {
            let counts = format!("{sealed} sealed, {plain} plain, {unmarked} unmarked");
            let _ = writeln!(text, "  environment {environment}: {counts}");
        }
        if let Some(key) = &file.key {
            let place = file.private_key.as_ref().map(|place| format!(", private key {}", one_line(place)));
            let _ = writeln!(text, "  encrypted to key {key}{}", place.unwrap_or_default());
        }
        for problem in &file.troubles {
            problem.write_to(&mut text, "problem");
        }
    }
    if let Some(clone) = clone {
        let _ = writeln!(text, "this clone");
        for (part, state) in clone.parts() {
            let _ = writeln!(text, "  {part}: {}", one_line(&state));
        }
        for problem in lacking {
            problem.write_to(&mut text, "problem");
        }
    }
    text
}
