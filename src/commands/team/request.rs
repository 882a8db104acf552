//! `envseal team request`.

use crate::commands::Context;
use crate::config::EnvName;
use crate::error::Error;
use crate::fs::folder_of;
use crate::git::{path_to_add, relative_path};
use crate::hint::Hint;
use crate::keys::IdentityPlace;
use crate::members::{Joined, ReplacedKey, join, replace_key, trusted_file};
use crate::project::Project;
use crate::team::GrantLine;
use crate::ui::{counted, listed};

use super::approve::say_own;

/// Request access: add yourself to the team file
///
/// Creates an identity in your data folder if you have none. A member has no access yet: someone who can decrypt an
/// environment grants it with `envseal team approve`. The first member, and a member who runs it again later, are granted
/// what they can decrypt with their keys file: someone else's rotation then doesn't lock them out. An identity given with
/// -i under another name than git's is taken for someone else's, and granted nothing.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal team request
  envseal team request -i ~/.ssh/id_ed25519            # with an SSH key
  envseal team request --replace                       # on a new laptop")]
pub(in crate::commands) struct TeamRequestArgs {
    /// Your member name [default: git's user.email before the @]
    #[arg(long)]
    name: Option<String>,
    /// Replace your key, as on a new laptop; the old one is removed
    #[arg(long)]
    replace: bool,
}

pub(super) fn run(context: &Context, args: &TeamRequestArgs) -> Result<(), Error> {
    let project = context.project()?;
    if args.replace {
        print_replaced(context, &project, &replace_key(&project, &context.store, args.name.as_deref())?);
        return Ok(());
    }
    let joined = join(&project, &context.store, args.name.as_deref())?;
    let Joined { name, key, created, added, first, is_own, own, not_own } = &joined;
    say_created(context, created.as_ref());
    let fingerprint = key.fingerprint();
    let path = relative_path(&path_to_add(&project.team_file()));
    let message = if *added {
        context.ui.say(match is_own {
            true => format!("Added you to {} as {name} ({fingerprint})", path.display()),
            false => format!("Added {name} to {} ({fingerprint})", path.display()),
        });
        format!("Add {name} to the team")
    } else {
        let whose = if *is_own { "You are already a member:" } else { "Already a member:" };
        context.ui.say(format_args!("{whose} {name} ({fingerprint})"));
        format!("Grant {name} access to {}", listed(own))
    };
    say_own(context, own);
    for error in not_own {
        let message = format!("you were not granted access yourself: {error}");
        context.ui.note(error.command_hint().map_or(message.clone(), |hint| hint.joined(&message, "; ")));
    }
    if *added || !own.is_empty() {
        context.ui.suggest(&hint!("Next: git add {path} && git commit -m {message} {path}", path, message));
    }
    if !added {
        return Ok(());
    }
    context.has_created.set(true);
    // The request is done: an unreadable env file is no reason to fail.
    let (mut mine, others) = split_by_access(context, &project, *is_own).unwrap_or_else(|error| {
        context.ui.note(error);
        Default::default()
    });
    // Who could decrypt another project too is granted nothing.
    let has_access = !mine.is_empty();
    mine.retain(|env| trusted_file(&project, &context.store, env).is_ok());
    if has_access && mine.is_empty() && others.is_empty() {
        return Ok(());
    }
    context.ui.suggest(&match (&*mine, &*others) {
        ([], []) if *first && *is_own => {
            "As the first member, grant access to others: envseal team approve NAME -e ENVIRONMENT".into()
        }
        ([], [env]) => {
            hint!("Next, ask someone with access to run: envseal team approve {name} -e {env}", env, name)
        }
        ([], _) => {
            hint!("Next, ask someone with access to run: envseal team approve {name} -e ENVIRONMENT", name)
        }
        ([env], _) => {
            hint!("You can decrypt {env}, and grant access to it: envseal team approve NAME -e {env}", env)
        }
        _ => "You can grant access to all that you can decrypt: envseal team approve NAME -e ENVIRONMENT"
            .into(),
    });
    if !mine.is_empty() && own.is_empty() {
        let again =
            "Once this is merged, so that someone else's rotation can't lock you out: envseal team request";
        context.ui.suggest(&again.into());
    }
    Ok(())
}

fn say_created(context: &Context, identity: Option<&IdentityPlace>) {
    if let Some(place) = identity {
        context.ui.say(format_args!("Created your identity in {place}. Back it up, never share it"));
    }
}

fn print_replaced(context: &Context, project: &Project, replaced: &ReplacedKey) {
    let ReplacedKey { name, key, old, removed_as, .. } = replaced;
    say_created(context, replaced.created.as_ref());
    let (old, key) = (old.fingerprint(), key.fingerprint());
    let done = format!("Replaced the key of {name}: {old} → {key}");
    context.ui.say(format_args!("{done}; removed the old one, as {removed_as}"));
    for (env, count) in &replaced.exposed {
        context.ui.say(format_args!("Exposed to {removed_as}: {} of {env}", counted(*count, "value")));
    }
    // A user who is alone can't ask anyone else.
    let (someone, next) = if replaced.is_alone {
        ("", "Next: ")
    } else {
        ("ask someone with access to run: ", "Next, ask someone with access to run: ")
    };
    let finish = Hint::from(someone).and(hint!("envseal team remove {removed_as}", removed_as));
    for env in &replaced.pending {
        let message = format!("What the old key could read of {env} isn't recorded: you can't decrypt it");
        context.ui.note(finish.joined(message, "; "));
    }
    for GrantLine { env, member, .. } in &replaced.made_by_old {
        let hint = Hint::from(someone).and(hint!("envseal team approve {member} -e {env}", member, env));
        context.ui.note(hint.after(format_args!("the old key granted {env} to {member}")));
    }
    let (path, message) =
        (relative_path(&path_to_add(&project.team_file())), format!("Replace the key of {name}"));
    context.ui.suggest(&hint!("Next: git add {path} && git commit -m {message} {path}", path, message));
    if !replaced.granted.is_empty() {
        let envs = &replaced.granted;
        let approve = hint!("envseal team approve {name} -e {envs}", name, envs);
        context.ui.suggest(&Hint::from(next).and(approve));
    }
    let lost = "If the old key is lost or stolen, what it could read must be rotated";
    context.ui.say(finish.joined(lost, ": "));
}

/// Returns the environments that this user can decrypt here, and the others. Somebody else has none here.
fn split_by_access(
    context: &Context,
    project: &Project,
    is_own: bool,
) -> Result<(Vec<EnvName>, Vec<EnvName>), Error> {
    let (mut mine, mut others) = (Vec::new(), Vec::new());
    for (env, (path, key)) in project.environments()? {
        let found = || context.store.find_unasked(&env, &key, folder_of(&path));
        let is_mine = is_own && matches!(found(), Ok(Some(_)));
        if is_mine { mine.push(env) } else { others.push(env) }
    }
    Ok((mine, others))
}
