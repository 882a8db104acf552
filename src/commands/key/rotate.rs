//! `envseal key rotate`.

use std::collections::HashSet;
use std::path::Path;

use crate::commands::files::FileArgs;
use crate::commands::{Context, env_names_of};
use crate::error::Error;
use crate::fs::folder_of;
use crate::git::{display_path, path_to_add, relative_path};
use crate::keys::in_project;
use crate::members::{
    AccessDecisions, DoubtfulGrant, check_fingerprint, no_member, plan_rotation, rotate_planned,
};
use crate::project::{DroppedGrant, RotatedEnv, Rotation, refuse_not_rotated};
use crate::team::{Exposure, MemberName, TeamFile};
use crate::ui::{self, DefaultAnswer, counted, listed};

/// Replace an environment's key pair and re-encrypt every value
///
/// Changes every file of the environment, or none. Grants made by someone who could decrypt the environment are re-issued;
/// others are removed. Prompts for each grant that a member made to themselves, and refuses if someone who can decrypt the
/// environment would lose access (see --leave-out). The old private key stays in .env.keys, after the new one, so that history can still be decrypted.
/// People who have the old key can still read old commits.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key rotate -e production,staging
  git add .env.production .env.staging envseal.toml && git commit -m 'Rotate keys'")]
pub(in crate::commands) struct KeyRotateArgs {
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    access: AccessArgs,
}

/// Who keeps access to what is rotated.
#[derive(clap::Args)]
pub(in crate::commands) struct AccessArgs {
    /// Keep this member's grants without a prompt (repeats)
    #[arg(long, value_name = "MEMBER=SHA256:…")]
    keep: Vec<String>,
    /// Leave this member without access (repeats)
    #[arg(long, value_name = "MEMBER")]
    leave_out: Vec<String>,
}

impl AccessArgs {
    /// Parses the options. A member to be kept must have the given fingerprint in the team file.
    pub(in crate::commands) fn decisions(&self, team: &TeamFile) -> Result<AccessDecisions, Error> {
        let parse = |argument: &String| {
            let (name, given) = argument.split_once('=').ok_or_else(|| {
                Error::usage(format!("{argument:?} has no fingerprint"), "--keep MEMBER=SHA256:…")
            })?;
            let (name, key) = team.members().get_key_value(name).ok_or_else(|| no_member(team, name))?;
            check_fingerprint(name, key, given)?;
            Ok((name.clone(), *key))
        };
        Ok(AccessDecisions {
            kept: self.keep.iter().map(parse).collect::<Result<_, Error>>()?,
            left_out: self.leave_out.iter().map(|name| MemberName::new(name)).collect::<Result<_, _>>()?,
            dropped: Vec::new(),
        })
    }
}

/// Lists the doubtful grants that an option decides about. If `may_ask` and somebody can answer, asks about the others.
pub(in crate::commands) fn ask_about(
    context: &Context,
    team: &TeamFile,
    doubtful: &[DoubtfulGrant],
    decisions: &mut AccessDecisions,
    may_ask: bool,
) -> Result<(), Error> {
    for doubt in doubtful {
        if !decisions.is_open(team, &doubt.line) {
            context.ui.say(doubt);
        } else if !may_ask || !ui::can_ask() {
            // The error about undecided grants lists them.
        } else if ui::confirm(&format!("{doubt}. Keep it?"), DefaultAnswer::No)? {
            decisions.kept.push((doubt.line.member.clone(), doubt.key));
        } else {
            decisions.dropped.push(doubt.line.clone());
        }
    }
    Ok(())
}

pub(super) fn run(context: &Context, args: &KeyRotateArgs) -> Result<(), Error> {
    let paths = args.files.paths_or_default(context.process)?;
    let envs = env_names_of(&paths)?;
    let dir = folder_of(&paths[0]);
    let project_of = |dir: &Path| context.project_of(&dir.canonicalize().unwrap_or_else(|_| dir.to_owned()));
    let project = project_of(dir)?;
    for other in paths.iter().map(|path| folder_of(path)).filter(|other| *other != dir) {
        if project_of(other)?.root() != project.root() {
            let message = format!("{} and {} belong to different projects", dir.display(), other.display());
            return Err(Error::usage(message, "rotate one at a time"));
        }
    }
    refuse_not_rotated(&project, &paths)?;
    let team = project.team()?;
    let mut decisions = args.access.decisions(&team)?;
    let of_project = |error: Error| {
        let hint = error.command_hint().map(|hint| in_project(project.root(), hint.clone()));
        error.with_hint_if(hint)
    };
    let plan = plan_rotation(&project, &context.store, &envs, &decisions).map_err(of_project)?;
    ask_about(context, &team, &plan.doubtful, &mut decisions, true)?;
    let rotate = || rotate_planned((&project, &paths), &context.store, &plan, &decisions);
    let rotation = context.ui.working("re-encrypting", rotate).map_err(of_project)?;
    print_rotation(context, &rotation);
    let files = rotation.envs.iter().flat_map(|env| &env.files).chain(&rotation.team_file);
    let files: Vec<_> = files.map(|path| path_to_add(path)).collect();
    let ignored = project.repository()?.map_or(Ok(HashSet::new()), |repo| repo.ignored_among(&files))?;
    let seen = files.iter().filter(|path| !ignored.contains(*path));
    let files: Vec<_> = seen.map(|path| relative_path(path)).collect();
    context.ui.suggest(&hint!("Next: git add {files} && git commit", files));
    Ok(())
}

/// Prints what was rotated, where the new private keys are, and where else they are needed.
pub(in crate::commands) fn print_rotation(context: &Context, rotation: &Rotation) {
    context.print_notices(&rotation.notices);
    for env in &rotation.envs {
        print_rotated(context, env);
    }
    if rotation.envs.is_empty() {
        return;
    }
    let (keys, them) = if rotation.envs.len() == 1 { ("key", "it") } else { ("keys", "them") };
    let keys_files = listed(rotation.keys_files.iter().map(|path| display_path(path)));
    let done = format!("Added the new private {keys} to {keys_files}, before the old");
    context.ui.say(format_args!("{done}. Back {them} up"));
    for path in &rotation.beside_locked {
        let there = format!("other keys in {} are locked", display_path(path));
        context.ui.note(format_args!("{there}, the new ones are not: envseal key lock"));
    }
    for RotatedEnv { env, .. } in &rotation.envs {
        let (name, until) = (env.private_key_name(), "until every branch has the new key");
        context.ui.say(format_args!("Where {name} is injected, set it to NEW,OLD {until}"));
    }
}

fn print_rotated(context: &Context, rotated: &RotatedEnv) {
    let RotatedEnv { env, old, new, .. } = rotated;
    let (values, files) = (counted(rotated.resealed, "value"), counted(rotated.files.len(), "file"));
    context.ui.say(format_args!("Rotated {env}: key {old} → {new}; re-encrypted {values} in {files}"));
    for left in &rotated.left {
        let what = format!("{}:{} {} was left unchanged", display_path(&left.path), left.line, left.name);
        context.ui.note(format_args!("{what}: it is encrypted to key {}, which was not found", left.key));
    }
    if !rotated.granted.is_empty() {
        context.ui.say(format_args!("Re-issued the grant of {env} for {}", listed(&rotated.granted)));
    }
    for DroppedGrant { line, fault } in &rotated.dropped {
        let key = line.key.id();
        let why = match fault {
            _ if key != *old => format!("the grant was for key {key}, not for {old}"),
            Some(fault) => format!("the grant was not re-issued: {fault}"),
            None => "left out".into(),
        };
        context.ui.note(format_args!("{env}: {} no longer has access: {why}", line.member));
    }
    if rotated.exposures > 0 {
        let records = counted(rotated.exposures, "exposure record");
        context.ui.say(format_args!("Moved {records} of {env} to the new key"));
    }
    for Exposure { line, name, member, .. } in &rotated.unproven {
        let what = format!("envseal.toml:{line}: the exposure of {name} to {member} was left unchanged");
        context.ui.note(format_args!("{what}: it was not recorded by someone who could read {env}"));
    }
    if rotated.tags_lost {
        let why = "the key for exposed values can't be decrypted, so recorded exposures can't be verified";
        context.ui.note(format_args!("{env}: {why}"));
    }
}
