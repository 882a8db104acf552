//! `envseal key list`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::Serialize;

use crate::commands::files::{FileArgs, note_pipes};
use crate::commands::{Context, env_names_of, working_dir};
use crate::config::EnvName;
use crate::crypto::PublicKey;
use crate::error::Error;
use crate::fs;
use crate::git::{Repo, display_path};
use crate::keys::{FoundKey, KeyLookupError, KeyPlace, KeysFile};
use crate::members::{ExposedValue, exposures};
use crate::project::{EnvFile, is_keys_file_tracked, path_in_commits};
use crate::team::{GrantLine, TeamFile};
use crate::time::{Moment, rfc3339};
use crate::ui;

/// List keys, where each private key is, and who has a grant
///
/// Includes every environment with an env file in this project, or with a private key here. Never prompts for a
/// passphrase, and runs no key command.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key list
  envseal key list --json | jq -r '.[] | select(.private == null).environment'")]
pub(in crate::commands) struct KeyListArgs {
    #[command(flatten)]
    files: FileArgs<true>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The keys found for an environment.
#[derive(Default)]
struct EnvKeys {
    files: Vec<PathBuf>,
    key: Option<PublicKey>,
    private: Vec<FoundKey>,
}

/// An environment, in the table and as JSON.
#[derive(Serialize)]
struct KeyRow {
    environment: String,
    files: Vec<String>,
    key: Option<String>,
    public_key: Option<String>,
    private: Option<PrivateKeyRow>,
    older_keys: Vec<String>,
    holders: Vec<HolderRow>,
    /// The time of the first commit that has the public key.
    since: Option<String>,
    /// True if a shallow clone ends there, so that the key may be older.
    since_is_cut: bool,
    keys_file: Option<KeysFileRow>,
    /// The number of exposed values that are not replaced yet.
    exposures: usize,
}

#[derive(Clone, Serialize)]
struct PrivateKeyRow {
    /// `key-command` if that may have the key: it is not run.
    place: &'static str,
    path: Option<String>,
    locked: bool,
}

/// A member who has a grant.
#[derive(Serialize)]
struct HolderRow {
    member: String,
    valid: bool,
    fault: Option<String>,
}

#[derive(Clone, Serialize)]
struct KeysFileRow {
    path: String,
    mode: Option<String>,
    tracked: Option<bool>,
    /// Why its keys are not used.
    refused: Option<String>,
}

pub(super) fn run(context: &Context, args: &KeyListArgs) -> Result<(), Error> {
    note_pipes(context);
    let here = working_dir()?;
    let project = context.project_of(&here)?;
    let team = project.team()?;
    let (keys_file_row, keys_files) = read_keys_files(context, &here)?;
    let mut envs: BTreeMap<EnvName, EnvKeys> = BTreeMap::new();
    for path in project.env_files(project.root())? {
        let file = EnvFile::load(&path)?;
        let keys = envs.entry(file.env().clone()).or_default();
        keys.key = keys.key.or(file.public_key().copied());
        keys.files.push(path);
    }
    let known: Vec<_> = envs.iter().map(|(env, keys)| (env.clone(), keys.key)).collect();
    let private = context.store.at_hand(&here, &keys_files, &known)?;
    for found in private {
        envs.entry(found.env.clone()).or_default().private.push(found);
    }
    if !args.files.is_empty() {
        let named = env_names_of(&args.files.existing(context)?.paths(context.process)?)?;
        for env in &named {
            envs.entry(env.clone()).or_default();
        }
        envs.retain(|env, _| named.contains(env));
    }
    let repo = project.git_root().map(|root| context.store.repositories().open(root)).transpose()?;
    // Keys are listed even if one of them is refused or decrypts no record of exposures.
    let compared = exposures(&project, Some(&context.store.unasking()), &team);
    let exposed = compared.or_else(|_| exposures(&project, None, &team))?;
    let by_command = PrivateKeyRow { place: "key-command", path: None, locked: false };
    let places = (keys_file_row, context.store.has_key_command().then_some(by_command));
    let row = |(env, keys)| KeyRow::new(&env, keys, (&team, &exposed), places.clone(), repo.as_deref());
    let rows = envs.into_iter().map(row).collect::<Result<Vec<_>, _>>()?;
    if args.json {
        return ui::json(&rows);
    }
    if rows.is_empty() {
        context.ui.say("No keys here; create one: envseal set NAME");
        return Ok(());
    }
    let head = ["ENVIRONMENT", "KEY", "PRIVATE KEY", "GRANTED TO", "SINCE", "KEYS FILE", "EXPOSED"];
    ui::table(&head, rows.iter().map(KeyRow::cells)).print()
}

/// Reads the keys files, even those refused because of how they are kept: the row of the first one shows that.
fn read_keys_files(
    context: &Context,
    here: &Path,
) -> Result<(Option<KeysFileRow>, Vec<Rc<KeysFile>>), Error> {
    let store = &context.store;
    let (mut row, mut files) = (None, Vec::new());
    for (path, file) in store.keys_file_paths(here).zip(store.keys_files(here)) {
        let (file, refused) = match file {
            Err(error @ KeyLookupError::RefusedKeysFile(_)) => {
                (Rc::new(KeysFile::load_refused(&path)?), Some(error.to_string()))
            }
            file => (file?, None),
        };
        if row.is_none() {
            let tracked = is_keys_file_tracked(file.path(), store)?;
            let mode = fs::mode_bits(file.path()).map(|mode| format!("{mode:04o}"));
            row = Some(KeysFileRow { path: display_path(file.path()), mode, tracked, refused });
        }
        files.push(file);
    }
    Ok((row, files))
}

impl KeyRow {
    fn new(
        env: &EnvName,
        EnvKeys { files, key, private }: EnvKeys,
        (team, exposed): (&TeamFile, &[ExposedValue]),
        (keys_file, may_be): (Option<KeysFileRow>, Option<PrivateKeyRow>),
        repo: Option<&Repo>,
    ) -> Result<Self, Error> {
        let key = key.or_else(|| private.first().map(|found| found.key.public()));
        let since = repo.map(|repo| first_commit_with(key, &files, repo)).transpose()?.flatten();
        let (current, older): (Vec<_>, Vec<_>) =
            private.iter().partition(|found| Some(found.key.public()) == key);
        let exposed = exposed.iter().filter(|it| it.present == *env && it.verdict.is_open());
        let exposed: BTreeSet<_> = exposed.map(|it| &it.exposure.name).collect();
        Ok(Self {
            environment: env.to_string(),
            files: files.iter().map(|path| display_path(path)).collect(),
            key: key.map(|key| key.id().to_string()),
            public_key: key.map(|key| key.to_string()),
            private: current
                .first()
                .map(|found| PrivateKeyRow::new(found))
                .or(may_be.filter(|_| key.is_some())),
            older_keys: older.iter().map(|found| found.key.public().id().to_string()).collect(),
            holders: holders(env, key, team),
            since: since.map(|(time, _)| rfc3339(time)),
            since_is_cut: since.is_some_and(|(_, is_cut)| is_cut),
            keys_file,
            exposures: exposed.len(),
        })
    }

    fn cells(&self) -> Vec<String> {
        let or_dash = |cell: Option<String>| cell.unwrap_or_else(|| "-".to_owned());
        let private = self.private.as_ref().map(|private| {
            let place = match private.place {
                "process" => "environment",
                "keys-file" if self.keys_file.as_ref().is_some_and(|file| file.refused.is_some()) => {
                    "keys file, refused"
                }
                "keys-file" => "keys file",
                "key-command" => "unknown: key command",
                place => place,
            };
            if private.locked { format!("{place}, locked") } else { place.to_owned() }
        });
        let holder = |HolderRow { member, fault, .. }: &HolderRow| match fault {
            None => member.clone(),
            Some(fault) => format!("{member} (invalid: {fault})"),
        };
        let holders: Vec<_> = self.holders.iter().map(holder).collect();
        let since = self.since.as_ref().map(|since| {
            let date = &since[..10];
            if self.since_is_cut { format!("{date} or before") } else { date.to_owned() }
        });
        let keys_file = self.keys_file.as_ref().map(|file| {
            let mode = file.mode.as_ref().map(|mode| format!(" {mode}")).unwrap_or_default();
            let tracked = if file.tracked == Some(true) { ", tracked by git" } else { "" };
            format!("{}{mode}{tracked}", file.path)
        });
        vec![
            self.environment.clone(),
            or_dash(self.key.clone()),
            private.unwrap_or_else(|| "none".into()),
            or_dash((!holders.is_empty()).then(|| holders.join(", "))),
            or_dash(since),
            or_dash(keys_file),
            self.exposures.to_string(),
        ]
    }
}

impl PrivateKeyRow {
    fn new(found: &FoundKey) -> Self {
        let (place, path) = match &found.place {
            KeyPlace::Given | KeyPlace::Process => ("process", None),
            KeyPlace::Command => ("key-command", None),
            KeyPlace::KeysFile(path) => ("keys-file", Some(path)),
            KeyPlace::Grant(path) => ("grant", Some(path)),
        };
        Self { place, path: path.map(|path| display_path(path)), locked: found.key.is_locked() }
    }
}

/// Returns the members with a grant of an environment, and what is wrong with the grant.
fn holders(env: &EnvName, key: Option<PublicKey>, team: &TeamFile) -> Vec<HolderRow> {
    let holder = |line: &GrantLine| {
        let fault = match team.verify(line) {
            Err(fault) => Some(fault.to_string()),
            Ok(()) if Some(line.key) == key => None,
            Ok(()) => Some(format!("for another key: {}", line.key.id())),
        };
        HolderRow { member: line.member.to_string(), valid: fault.is_none(), fault }
    };
    team.grants().iter().filter(|line| line.env == *env).map(holder).collect()
}

/// Returns the time of the first commit with the public key in a file, and true if a shallow clone ends there.
fn first_commit_with(
    key: Option<PublicKey>,
    files: &[PathBuf],
    repo: &Repo,
) -> Result<Option<(Moment, bool)>, Error> {
    let mut first: Option<(Moment, bool)> = None;
    for path in files {
        let found = repo.versions(&path_in_commits(repo, path)?)?;
        let mut is_oldest = true;
        for version in found.versions.iter().rev() {
            let is_cut = std::mem::take(&mut is_oldest) && found.cut.is_some();
            let Some(text) = repo.blob_if_there(version.blob)? else { continue };
            let Ok(file) = EnvFile::of_the_past(path, text, None) else { continue };
            if file.public_key().copied() != key {
                continue;
            }
            let commit = repo.read_commit(version.commit)?;
            if first.is_none_or(|(first, _)| commit.time < first.seconds) {
                first = Some((Moment { seconds: commit.time, offset: commit.offset }, is_cut));
            }
        }
    }
    Ok(first)
}
