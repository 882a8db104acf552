//! `envseal team remove`.

use std::io::IsTerminal;

use super::super::Context;
use super::super::key::rotate::{told, told_of_locked};
use super::super::report::{counted, notices};
use super::scope_here;
use crate::config::EnvName;
use crate::crypto::IdentityKey;
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::hint::Hint;
use crate::members::{RemovalPlan, check_fingerprint, no_member, plan_removal, remove};
use crate::project::{Scope, VaultError};
use crate::team::MemberName;
use crate::ui;

/// Take a member out: grants go, keys are rotated, and what could be read is recorded
///
/// Every environment whose key the member has gets a new one, and its values are sealed anew. Every value that the
/// member could ever open, and that is still the same, becomes an exposure: `envseal team exposures` lists them until
/// they are replaced. What was in a clone stays readable there: removal cannot unshare it, only count it.
///
/// Grants that the member made, or people whom the member let in, are asked for one by one; those that nobody confirms
/// are dropped.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal team remove bob
  envseal team remove bob -e production     # bob also had production's key in his .env.keys
  envseal team remove bob --yes --keep ci=SHA256:…")]
pub(in crate::commands) struct Args {
    /// The member
    #[arg(value_name = "MEMBER")]
    name: String,
    /// Rotate this environment too: the member had its key without a grant, as in a .env.keys (repeats)
    #[arg(short, long = "env", value_name = "NAME")]
    environment: Vec<String>,
    /// Keep what this member was granted by the one who leaves, or in turn (repeats)
    #[arg(long, value_name = "MEMBER=SHA256:…")]
    keep: Vec<String>,
    /// Ask nothing: grants that --keep does not name are dropped
    #[arg(long)]
    yes: bool,
}

/// Asks, and removes the member.
pub(super) fn run(context: &Context, args: &Args) -> Result<u8, Error> {
    let scope = scope_here(context)?;
    let objects = scope.repository()?;
    let also: Vec<_> = args
        .environment
        .iter()
        .map(|name| EnvName::new(name))
        .collect::<Result<_, _>>()
        .map_err(VaultError::from)?;
    let mut keep = kept(&scope, &args.keep)?;
    let working = context.ui.working("reading history");
    let leaving = plan_removal(&scope, context.store(), objects.as_deref(), &args.name, &also)?;
    drop(working);
    tell(context, &leaving);
    if !args.yes {
        ask(&leaving, &scope, &mut keep)?;
    }
    let working = context.ui.working("sealing to new keys");
    let removal = remove(&scope, context.store(), &leaving, &keep, &|| context.waiting())?;
    drop(working);
    let name = &leaving.name;
    notices(context, &removal.rotation.notices);
    told_of_locked(context, &removal.rotation);
    for env in &removal.rotation.envs {
        told(context, env);
    }
    for line in &removal.dropped {
        context.ui.say(format_args!("{} can no longer open {}", line.member, line.env));
    }
    for ((env, member), count) in &removal.exposed {
        let values = counted(*count, "value");
        context.ui.say(format_args!("to be replaced: {values} of {env}, which {member} could read"));
    }
    for (env, key) in &leaving.out_of_reach {
        let words = format!("{env} is left as it is: you have no private key for {key}");
        context.ui.say(hint!("whoever has: envseal team remove {name}", name).after(words));
    }
    for (path, key) in &leaving.sealed_outside {
        let words = format!(
            "{} is left as it is: it is sealed to key {}, which {name} has, but no file of this scope",
            display_path(path),
            key.id()
        );
        let hint = hint!("rotate it where it is one, then again: envseal team remove {name}", name);
        context.ui.say(hint.after(words));
    }
    for (path, called) in &leaving.elsewhere {
        let (path, folder) = (relative_path(path), relative_path(path.parent().unwrap_or(path)));
        let words = format!("{name} is in {} too", path.display());
        let hint = hint!(
            "{name} is in {path} too: envseal -C {folder} team remove {called}",
            name,
            path,
            folder,
            called
        );
        context.ui.say(hint.or(words));
    }
    let team_file = scope.team_file();
    let files = removal.rotation.envs.iter().flat_map(|env| &env.files).chain([&team_file]);
    let files: Vec<_> = files.map(|path| relative_path(path)).collect();
    let message = format!("Remove {name}");
    let hint = hint!("commit it: git add {files} && git commit -m {message}", files, message);
    context.ui.say(hint.after(format_args!("{name} is out")));
    if !removal.exposed.is_empty() {
        context.ui.say("to see what is still to be replaced: envseal team exposures");
    }
    Ok(u8::from(!leaving.out_of_reach.is_empty() || !leaving.sealed_outside.is_empty()))
}

/// Says what is about to be done.
fn tell(context: &Context, leaving: &RemovalPlan) {
    let RemovalPlan { name, key, .. } = leaving;
    context.ui.say(format_args!("{name} ({})", key.fingerprint()));
    for alias in &leaving.aliases {
        context.ui.say(format_args!("  is a member as {alias} too, which goes as well"));
    }
    for env in &leaving.rotated {
        context.ui.say(format_args!("  has the key of {env}, which is to be rotated"));
    }
    for env in &leaving.older {
        context.ui.say(format_args!("  has older keys of {env}"));
    }
    for (env, key) in &leaving.out_of_reach {
        context.ui.say(format_args!("  has the key of {env} ({key}), which you have not"));
    }
}

fn ask(leaving: &RemovalPlan, scope: &Scope, keep: &mut Vec<(MemberName, IdentityKey)>) -> Result<(), Error> {
    let name = &leaving.name;
    let team = scope.team()?;
    if !std::io::stdin().is_terminal() {
        let mut hint = hint!("if that is meant: envseal team remove {name} --yes", name);
        let doubtful = leaving.dependent_grants.iter().filter_map(|line| {
            let print = team.members().get(&line.member)?.fingerprint();
            Some(hint!("--keep {member}={print}", member = line.member, print))
        });
        let doubtful: Vec<_> = doubtful.collect();
        if !doubtful.is_empty() {
            let keep = Hint::list(doubtful, " ", " ");
            hint = hint.and(hint!("; to keep whom {name} let in: ", name)).and(keep);
        }
        return Err(Error::usage(format!("nobody is there to say whether {name} is to be removed"), hint));
    }
    for line in &leaving.dependent_grants {
        let Some(key) = team.members().get(&line.member) else { continue };
        if keep.iter().any(|(kept, _)| *kept == line.member) {
            continue;
        }
        let question = format!(
            "{} ({}) can open {} and was let in by {name}, or by whom {name} let in. Keep that?",
            line.member,
            key.fingerprint(),
            line.env
        );
        if ui::confirm(&question).map_err(Error::io("ask"))? {
            keep.push((line.member.clone(), *key));
        }
    }
    if ui::confirm(&format!("Remove {name}?")).map_err(Error::io("ask"))? {
        return Ok(());
    }
    Err(Error::usage("nobody was removed", "to see who can open what: envseal team list"))
}

/// The members that `--keep` names, each with the fingerprint it has.
fn kept(scope: &Scope, arguments: &[String]) -> Result<Vec<(MemberName, IdentityKey)>, Error> {
    let team = scope.team()?;
    let one = |argument: &String| {
        let (name, given) = argument.split_once('=').ok_or_else(|| {
            Error::usage(format!("{argument:?} says no fingerprint"), "write it so: --keep MEMBER=SHA256:…")
        })?;
        let (name, key) = team.members().get_key_value(name).ok_or_else(|| no_member(&team, name))?;
        check_fingerprint(name, key, given)?;
        Ok((name.clone(), *key))
    };
    arguments.iter().map(one).collect()
}
