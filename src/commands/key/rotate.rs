//! `envseal key rotate`.

use std::path::PathBuf;

use super::super::Context;
use super::super::report::{counted, listed, notices};
use super::super::select::Files;
use crate::config::EnvName;
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::members::removal_pending;
use crate::project::{DroppedGrant, Rotated, RotatedEnv, Rotation, Scope, TeamChange, VaultError, rotate};
use crate::team::{GrantFault, GrantLine, MemberName, TeamFile};

/// Give an environment a new key pair, and seal every value to it
///
/// Every file of the environment changes, or none. Members whose grant was made by someone who could read the
/// environment get a new one; other grants are taken out. The old private key stays in .env.keys, behind the new one,
/// so that history still opens: rotating takes nothing back from who has the old key and the old commits.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key rotate -e production
  envseal key rotate -e production -e staging && git add -u && git commit -m 'Rotate keys'")]
pub(in crate::commands) struct Args {
    #[command(flatten)]
    files: Files,
}

/// All grants whose proof holds are made anew.
struct Everyone;

impl TeamChange for Everyone {
    fn before(&mut self, _: &mut TeamFile) -> Result<(), VaultError> {
        Ok(())
    }

    fn keeps(&mut self, _: &GrantLine) -> bool {
        true
    }

    fn after(&mut self, _: &mut TeamFile, _: &Rotated<'_>) -> Result<(), VaultError> {
        Ok(())
    }
}

/// Rotates the environments named.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let paths = args.files.named_or_default(context.process)?;
    let envs = paths.iter().map(|path| EnvName::of_file(path)).collect::<Result<Vec<_>, _>>();
    let envs = envs.map_err(VaultError::from)?;
    let folder = |path: &PathBuf| match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let dir = folder(&paths[0]);
    let scope = |dir: &PathBuf| {
        Scope::of(&dir.canonicalize().unwrap_or_else(|_| dir.clone()), context.store().repositories())
    };
    let root = scope(&dir)?.root().to_owned();
    for other in paths.iter().map(folder).filter(|other| *other != dir) {
        if scope(&other)?.root() != root {
            return Err(Error::usage(
                format!("{} and {} belong to different teams", dir.display(), other.display()),
                "rotate one at a time",
            ));
        }
    }
    let team = scope(&dir)?.team()?;
    let pending = team
        .grants()
        .iter()
        .find(|line| envs.contains(&line.env) && team.removed().contains_key(&line.member));
    if let Some(GrantLine { member, env, .. }) = pending {
        return Err(removal_pending(member, env));
    }
    let working = context.ui.working("sealing to new keys");
    let rotation = rotate(&dir, &envs, context.store(), &|| context.waiting(), &mut Everyone)?;
    drop(working);
    notices(context, &rotation.notices);
    for env in &rotation.envs {
        told(context, env);
    }
    let keys: Vec<_> = rotation.keys_files.iter().map(|path| display_path(path)).collect();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    context.ui.say(format_args!(
        "the new private {} in {}, in front of the old: keep a copy somewhere safe",
        if rotation.envs.len() == 1 { "key is" } else { "keys are" },
        listed(&keys)
    ));
    told_of_locked(context, &rotation);
    for env in &rotation.envs {
        context.ui.say(format_args!(
            "where the key of {} is injected: {} takes both, as NEW,OLD, until every branch has the new one",
            env.env,
            env.env.private_key_name()
        ));
    }
    let files = rotation.envs.iter().flat_map(|env| &env.files).chain(&rotation.team_file);
    let files: Vec<_> = files.map(|path| relative_path(path)).collect();
    context.ui.suggest(&hint!("now commit it: git add {files} && git commit", files));
    Ok(())
}

/// Says where new keys lie in the open beside locked ones.
pub(in crate::commands) fn told_of_locked(context: &Context, rotation: &Rotation) {
    for path in &rotation.beside_locked {
        let path = display_path(path);
        context
            .ui
            .note(format_args!("other keys in {path} are locked, the new ones are not: envseal key lock"));
    }
}

/// Says what became of an environment.
pub(in crate::commands) fn told(context: &Context, env: &RotatedEnv) {
    let RotatedEnv { old, new, .. } = env;
    context.ui.say(format_args!(
        "{}: key {old} → {new}; sealed {} in {} anew",
        env.env,
        counted(env.resealed, "value"),
        counted(env.files.len(), "file")
    ));
    for left in &env.left {
        context.ui.note(format_args!(
            "{}:{} {} is sealed to key {}, which is not at hand; it was left as it is",
            display_path(&left.path),
            left.line,
            left.name,
            left.key
        ));
    }
    let granted: Vec<_> = env.granted.iter().map(MemberName::as_str).collect();
    if !granted.is_empty() {
        context.ui.say(format_args!("{}: granted anew to {}", env.env, listed(&granted)));
    }
    for name in &env.left_out {
        let words =
            format!("{}: {name} has let others in but has no grant, so does not get the new key", env.env);
        let hint = hint!("if {name} is to: envseal team approve {name} -e {env}", name, env = env.env);
        context.ui.note(hint.after(words));
    }
    for dropped in &env.dropped {
        context.ui.note(format_args!(
            "{}: {} has no access any more: {}",
            env.env,
            dropped.line.member,
            why(env, dropped)
        ));
        // In a rotation of its own nothing is counted.
        if let Some(GrantFault::Removed(name)) = &dropped.fault {
            let hint = hint!("to count what {name} could read: envseal team remove {name}", name);
            context.ui.note(hint.or(format_args!("what {name} could read is not counted")));
        }
    }
    if env.exposures > 0 {
        context.ui.say(format_args!("{}: {} recorded anew", env.env, counted(env.exposures, "exposure")));
    }
    for exposure in &env.unproven {
        context.ui.note(format_args!(
            "envseal.toml:{}: the exposure of {} to {} was recorded by nobody who could read {}; it was left as it is",
            exposure.line, exposure.name, exposure.member, env.env
        ));
    }
    if env.tags_lost {
        context.ui.note(format_args!(
            "{}: the key that exposed values are told by does not open, so what is recorded cannot be verified",
            env.env
        ));
    }
}

fn why(env: &RotatedEnv, dropped: &DroppedGrant) -> String {
    match &dropped.fault {
        _ if dropped.line.key.id() != env.old => {
            format!("the grant was of key {}, not of {}", dropped.line.key.id(), env.old)
        }
        Some(fault) => format!("the grant was not made anew, for {fault}"),
        None => "the grant was not made anew".into(),
    }
}
