//! `envseal key rotate`.

use std::path::PathBuf;

use crate::commands::files::FileArgs;
use crate::commands::notices::print_notices;
use crate::commands::{Context, env_names_of};
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::members::removal_pending;
use crate::project::{DroppedGrant, Rotated, RotatedEnv, Rotation, TeamChange, rotate};
use crate::team::{GrantFault, GrantLine, MemberName, TeamFile};
use crate::ui::{counted, listed};

/// Replace an environment's key pair and re-encrypt every value
///
/// Changes every file of the environment, or none. Grants made by someone who could decrypt the environment are re-issued;
/// others are removed. The old private key stays in .env.keys, after the new one, so that history can still be decrypted.
/// People who have the old key can still read old commits.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key rotate -e production
  envseal key rotate -e production -e staging && git add -u && git commit -m 'Rotate keys'")]
pub(in crate::commands) struct KeyRotateArgs {
    #[command(flatten)]
    files: FileArgs,
}

/// Re-issues every grant with a valid proof.
struct KeepAllGrants;

impl TeamChange for KeepAllGrants {
    fn before(&mut self, _: &mut TeamFile) -> Result<(), Error> {
        Ok(())
    }

    fn keeps(&mut self, _: &GrantLine) -> bool {
        true
    }

    fn after(&mut self, _: &mut TeamFile, _: &Rotated<'_>) -> Result<(), Error> {
        Ok(())
    }
}

pub(super) fn run(context: &Context, args: &KeyRotateArgs) -> Result<(), Error> {
    let paths = args.files.paths_or_default(context.process)?;
    let envs = env_names_of(&paths)?;
    let folder = |path: &PathBuf| match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let dir = folder(&paths[0]);
    let project = |dir: &PathBuf| context.project_of(&dir.canonicalize().unwrap_or_else(|_| dir.clone()));
    let root = project(&dir)?.root().to_owned();
    for other in paths.iter().map(folder).filter(|other| *other != dir) {
        if project(&other)?.root() != root {
            return Err(Error::usage(
                format!("{} and {} belong to different projects", dir.display(), other.display()),
                "rotate one at a time",
            ));
        }
    }
    let team = project(&dir)?.team()?;
    let pending = team
        .grants()
        .iter()
        .find(|line| envs.contains(&line.env) && team.removed().contains_key(&line.member));
    if let Some(GrantLine { member, env, .. }) = pending {
        return Err(removal_pending(member, env));
    }
    let working = context.ui.working("re-encrypting");
    let rotation = rotate(&dir, &envs, context.store(), &|| context.waiting(), &mut KeepAllGrants)?;
    drop(working);
    print_notices(context, &rotation.notices);
    for env in &rotation.envs {
        print_rotated(context, env);
    }
    let keys: Vec<_> = rotation.keys_files.iter().map(|path| display_path(path)).collect();
    context.ui.say(format_args!(
        "Added the new private {} to {}, before the old. Back {} up",
        if rotation.envs.len() == 1 { "key" } else { "keys" },
        listed(&keys),
        if rotation.envs.len() == 1 { "it" } else { "them" }
    ));
    note_unlocked_keys(context, &rotation);
    for env in &rotation.envs {
        context.ui.say(format_args!(
            "Where {} is injected, set it to NEW,OLD until every branch has the new key",
            env.env.private_key_name()
        ));
    }
    let files = rotation.envs.iter().flat_map(|env| &env.files).chain(&rotation.team_file);
    let files: Vec<_> = files.map(|path| relative_path(path)).collect();
    context.ui.suggest(&hint!("Next: git add {files} && git commit", files));
    Ok(())
}

/// Notes new keys that are not locked, beside locked ones.
pub(in crate::commands) fn note_unlocked_keys(context: &Context, rotation: &Rotation) {
    for path in &rotation.beside_locked {
        let path = display_path(path);
        context
            .ui
            .note(format_args!("other keys in {path} are locked, the new ones are not: envseal key lock"));
    }
}

/// Prints the outcome for an environment.
pub(in crate::commands) fn print_rotated(context: &Context, env: &RotatedEnv) {
    let RotatedEnv { old, new, .. } = env;
    context.ui.say(format_args!(
        "Rotated {}: key {old} → {new}; re-encrypted {} in {}",
        env.env,
        counted(env.resealed, "value"),
        counted(env.files.len(), "file")
    ));
    for left in &env.left {
        context.ui.note(format_args!(
            "{}:{} {} was left unchanged: it is encrypted to key {}, which was not found",
            display_path(&left.path),
            left.line,
            left.name,
            left.key
        ));
    }
    let granted: Vec<_> = env.granted.iter().map(MemberName::as_str).collect();
    if !granted.is_empty() {
        context.ui.say(format_args!("Re-issued the grant of {} for {}", env.env, listed(&granted)));
    }
    for name in &env.left_out {
        let message = format!(
            "{}: {name} granted access to others but has no grant, so doesn't get the new key",
            env.env
        );
        let hint = hint!("to grant it: envseal team approve {name} -e {env}", name, env = env.env);
        context.ui.note(hint.after(message));
    }
    for dropped in &env.dropped {
        context.ui.note(format_args!(
            "{}: {} no longer has access: {}",
            env.env,
            dropped.line.member,
            drop_reason(env, dropped)
        ));
        // Only `team remove` records exposures.
        if let Some(GrantFault::Removed(name)) = &dropped.fault {
            let hint = hint!("to list what {name} could read: envseal team remove {name}", name);
            context.ui.note(hint.or(format_args!("what {name} could read is not listed")));
        }
    }
    if env.exposures > 0 {
        context.ui.say(format_args!(
            "Recorded {} of {} again",
            counted(env.exposures, "exposed value"),
            env.env
        ));
    }
    for exposure in &env.unproven {
        context.ui.note(format_args!(
            "envseal.toml:{}: the exposure of {} to {} was left unchanged: it was not recorded by someone who could read {}",
            exposure.line, exposure.name, exposure.member, env.env
        ));
    }
    if env.tags_lost {
        context.ui.note(format_args!(
            "{}: the key for exposed values can't be decrypted, so recorded exposures can't be verified",
            env.env
        ));
    }
}

fn drop_reason(env: &RotatedEnv, dropped: &DroppedGrant) -> String {
    match &dropped.fault {
        _ if dropped.line.key.id() != env.old => {
            format!("the grant was for key {}, not for {}", dropped.line.key.id(), env.old)
        }
        Some(fault) => format!("the grant was not re-issued: {fault}"),
        None => "the grant was not re-issued".into(),
    }
}
