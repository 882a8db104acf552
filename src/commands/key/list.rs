//! `envseal key list`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::commands::Context;
use crate::commands::select::Files;
use crate::config::EnvName;
use crate::crypto::PublicKey;
use crate::error::Error;
use crate::git::Repo;
use crate::git::display_path;
use crate::keys::{FoundKey, KeyLookupError, KeyPlace, KeysFile};
use crate::project::{EnvFile, KeysFileState, Scope, VaultError, keys_file_state};
use crate::team::{ExposureState, TeamFile};
use crate::time::{Moment, rfc3339};
use crate::ui;

/// List keys: of which environment, where the private half is, to whom it was granted
///
/// Every environment that has an env file in this scope, or a key at hand. Nothing is opened, and no passphrase asked.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key list
  envseal key list --json | jq -r '.[] | select(.private == null).environment'")]
pub(in crate::commands) struct Args {
    #[command(flatten)]
    files: Files,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

struct Row {
    env: EnvName,
    files: Vec<PathBuf>,
    key: Option<PublicKey>,
    at_hand: Vec<FoundKey>,
    holders: Vec<Holder>,
    since: Option<Since>,
    exposures: usize,
}

/// A member who has a grant.
struct Holder {
    member: String,
    /// What is wrong with the grant.
    fault: Option<String>,
}

/// The first commit that has the public key.
struct Since {
    moment: Moment,
    /// A shallow clone ends there, so it may be older.
    cut: bool,
}

/// Where the keys file is, and how it is kept.
struct Kept {
    path: PathBuf,
    state: KeysFileState,
    /// Why its keys are not used.
    refused: Option<KeyLookupError>,
}

/// Prints a line for each environment.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let here = Path::new(".").canonicalize().map_err(Error::io("find the working directory"))?;
    let scope = Scope::of(&here, context.store().repositories())?;
    let team = scope.team()?;
    let (kept, keys_file) = keys_file(context, &here)?;
    let mut rows: BTreeMap<EnvName, Row> = BTreeMap::new();
    for path in scope.env_files(scope.root())? {
        let file = EnvFile::load(&path)?;
        let row = rows.entry(file.env().clone()).or_insert_with_key(Row::new);
        row.key = row.key.or(file.public_key().copied());
        row.files.push(path);
    }
    let envs: Vec<_> = rows.keys().cloned().collect();
    let found = context.store().at_hand(&here, keys_file.as_ref(), &envs).map_err(VaultError::from)?;
    for at_hand in found {
        rows.entry(at_hand.env.clone()).or_insert_with_key(Row::new).at_hand.push(at_hand);
    }
    if !args.files.is_empty() {
        let named = args.files.reading(context)?.named(context.process)?;
        let named: Vec<_> = named
            .iter()
            .map(|path| EnvName::of_file(path))
            .collect::<Result<_, _>>()
            .map_err(VaultError::from)?;
        for env in &named {
            rows.entry(env.clone()).or_insert_with_key(Row::new);
        }
        rows.retain(|env, _| named.contains(env));
    }
    let objects = scope.git_root().map(|root| context.store().repositories().open(root)).transpose()?;
    for row in rows.values_mut() {
        row.key = row.key.or_else(|| row.at_hand.first().map(|at_hand| at_hand.key.public()));
        row.look_up(&team);
        if let Some(objects) = &objects {
            row.since = row.first_seen(objects)?;
        }
    }
    let rows: Vec<_> = rows.into_values().collect();
    if args.json {
        let list = Value::Array(rows.iter().map(|row| as_json(row, kept.as_ref())).collect());
        return ui::json(&list).map_err(Error::io("write to stdout"));
    }
    if rows.is_empty() {
        context.ui.say("no key here; make one: envseal set NAME");
        return Ok(());
    }
    let head = ["ENVIRONMENT", "KEY", "PRIVATE KEY", "GRANTED TO", "SINCE", "KEYS FILE", "EXPOSED"];
    let table = ui::table(&head, &rows.iter().map(|row| cells(row, kept.as_ref())).collect::<Vec<_>>());
    table.print().map_err(Error::io("write to stdout"))
}

/// The keys file, also one that no key is taken from because of how it is kept: that is what this is to show.
fn keys_file(context: &Context, here: &Path) -> Result<(Option<Kept>, Option<KeysFile>), Error> {
    let store = context.store();
    let (file, refused) = match store.keys_file(here) {
        Ok(None) => return Ok((None, None)),
        Ok(Some(file)) => (file, None),
        Err(error @ KeyLookupError::RefusedKeysFile(_)) => {
            let file = KeysFile::load_as_given(&store.keys_file_path(here)).map_err(VaultError::from)?;
            (file, Some(error))
        }
        Err(error) => return Err(VaultError::from(error).into()),
    };
    let (path, state) = (file.path().to_owned(), keys_file_state(file.path(), store)?);
    Ok((Some(Kept { path, state, refused }), Some(file)))
}

impl Row {
    fn new(env: &EnvName) -> Self {
        Self {
            env: env.clone(),
            files: Vec::new(),
            key: None,
            at_hand: Vec::new(),
            holders: Vec::new(),
            since: None,
            exposures: 0,
        }
    }

    /// Who holds the key by the team file, and what is still exposed.
    fn look_up(&mut self, team: &TeamFile) {
        for line in team.grants().iter().filter(|line| line.env == self.env) {
            let fault = match team.verify(line) {
                Err(fault) => Some(fault.to_string()),
                Ok(()) if Some(line.key) == self.key => None,
                Ok(()) => Some(format!("it is of another key: {}", line.key.id())),
            };
            self.holders.push(Holder { member: line.member.to_string(), fault });
        }
        let open = team.exposures().iter().filter(|exposure| exposure.env == self.env);
        let open = open.filter(|exposure| exposure.state != ExposureState::Replaced);
        self.exposures = open.map(|exposure| &exposure.name).collect::<BTreeSet<_>>().len();
    }

    /// When the public key came into one of the environment's files; none where no commit has it.
    fn first_seen(&self, objects: &Repo) -> Result<Option<Since>, Error> {
        let mut first: Option<Since> = None;
        for path in &self.files {
            let found = objects.versions(&objects.relative(path)?)?;
            let mut oldest = true;
            for version in found.versions.iter().rev() {
                let cut = std::mem::take(&mut oldest) && found.cut.is_some();
                let Some(text) = objects.blob_if_there(version.blob)? else { continue };
                let Ok(file) = EnvFile::of_the_past(path, text, None) else { continue };
                if file.public_key().copied() != self.key {
                    continue;
                }
                let commit = objects.read_commit(version.commit)?;
                if first.as_ref().is_none_or(|first| commit.time < first.moment.seconds) {
                    first =
                        Some(Since { moment: Moment { seconds: commit.time, offset: commit.offset }, cut });
                }
            }
        }
        Ok(first)
    }

    /// The private half of the key, if it is at hand.
    fn private(&self) -> Option<&FoundKey> {
        self.at_hand.iter().find(|at_hand| Some(at_hand.key.public()) == self.key)
    }

    fn older(&self) -> Vec<String> {
        let others = self.at_hand.iter().map(|at_hand| at_hand.key.public());
        others.filter(|key| Some(*key) != self.key).map(|key| key.id().to_string()).collect()
    }
}

fn cells(row: &Row, kept: Option<&Kept>) -> Vec<String> {
    let dash = || "-".to_owned();
    let private = row.private().map(|at_hand| {
        let place = match &at_hand.place {
            KeyPlace::Given | KeyPlace::Process => "environment",
            KeyPlace::KeysFile(_) if kept.is_some_and(|kept| kept.refused.is_some()) => "keys file, refused",
            KeyPlace::KeysFile(_) => "keys file",
            KeyPlace::Grant(_) => "grant",
        };
        if at_hand.key.is_locked() { format!("{place}, locked") } else { place.to_owned() }
    });
    let holders: Vec<_> = row
        .holders
        .iter()
        .map(|holder| match &holder.fault {
            None => holder.member.clone(),
            Some(fault) => format!("{} (invalid: {fault})", holder.member),
        })
        .collect();
    let since = row.since.as_ref().map(|since| {
        let date = rfc3339(since.moment)[..10].to_owned();
        if since.cut { format!("{date} or before") } else { date }
    });
    let keys_file = kept.map(|kept| {
        let mode = kept.state.mode.map(|mode| format!(" {mode:04o}")).unwrap_or_default();
        let tracked = if kept.state.tracked == Some(true) { ", tracked by git" } else { "" };
        format!("{}{mode}{tracked}", display_path(&kept.path))
    });
    vec![
        row.env.to_string(),
        row.key.map_or_else(dash, |key| key.id().to_string()),
        private.unwrap_or_else(|| "none".into()),
        if holders.is_empty() { dash() } else { holders.join(", ") },
        since.unwrap_or_else(dash),
        keys_file.unwrap_or_else(dash),
        row.exposures.to_string(),
    ]
}

fn as_json(row: &Row, kept: Option<&Kept>) -> Value {
    let private = row.private().map(|at_hand| {
        let (place, path) = match &at_hand.place {
            KeyPlace::Given | KeyPlace::Process => ("process", None),
            KeyPlace::KeysFile(path) => ("keys-file", Some(path)),
            KeyPlace::Grant(path) => ("grant", Some(path)),
        };
        json!({
            "place": place,
            "path": path.map(|path| display_path(path)),
            "locked": at_hand.key.is_locked(),
        })
    });
    let holders = row.holders.iter().map(
        |holder| json!({ "member": holder.member, "valid": holder.fault.is_none(), "fault": holder.fault }),
    );
    let keys_file = kept.map(|kept| {
        json!({
            "path": display_path(&kept.path),
            "mode": kept.state.mode.map(|mode| format!("{mode:04o}")),
            "tracked": kept.state.tracked,
            "refused": kept.refused.as_ref().map(ToString::to_string),
        })
    });
    json!({
        "environment": row.env.as_str(),
        "files": row.files.iter().map(|path| display_path(path)).collect::<Vec<_>>(),
        "key": row.key.map(|key| key.id().to_string()),
        "public_key": row.key.map(|key| key.to_string()),
        "private": private,
        "older_keys": row.older(),
        "holders": holders.collect::<Vec<_>>(),
        "since": row.since.as_ref().map(|since| rfc3339(since.moment)),
        "since_is_cut": row.since.as_ref().is_some_and(|since| since.cut),
        "keys_file": keys_file,
        "exposures": row.exposures,
    })
}
