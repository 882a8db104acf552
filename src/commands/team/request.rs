//! `envseal team request`.

use super::super::Context;
use super::scope_here;
use crate::config::EnvName;
use crate::error::Error;
use crate::git::relative_path;
use crate::keys::IdentityPlace;
use crate::members::{Joined, join};
use crate::project::Scope;

/// Ask to be let in: add yourself to the team file, ready to be committed
///
/// Makes an identity of your own, where you have none, in your user's data folder. As a member you have access to
/// nothing yet: whoever can open an environment grants it, with `envseal team approve`.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal team request
  envseal team request --name alice -i ~/.ssh/id_ed25519
  envseal team request --name ci -i ../ci-identity     # for somebody else: as who has that key")]
pub(in crate::commands) struct Args {
    /// What you are to be called; else the part of git's user.email before the @
    #[arg(long)]
    name: Option<String>,
}

/// Adds this user to the members.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let scope = scope_here(context)?;
    let objects = scope.repository()?;
    let joined =
        join(&scope, context.store(), objects.as_deref(), args.name.as_deref(), &|| context.waiting())?;
    let Joined { name, key, place, made, added, first, team_file } = &joined;
    if let (true, IdentityPlace::File(path)) = (made, place) {
        context.ui.say(format_args!(
            "made your identity: {}; keep a copy somewhere safe, and show it to nobody",
            path.display()
        ));
    }
    let fingerprint = key.fingerprint();
    if !added {
        context.ui.say(format_args!("you are a member already: {name} ({fingerprint})"));
        return Ok(());
    }
    let path = relative_path(team_file);
    context.ui.say(format_args!("added you to {}: {name} ({fingerprint})", path.display()));
    let message = format!("Add {name} to the team");
    context.ui.suggest(&hint!("commit it: git add {path} && git commit -m {message} {path}", path, message));
    // You have been added by now: an env file that can't be read is no reason to fail.
    let (mine, others) = opened(context, &scope).unwrap_or_else(|error| {
        context.ui.note(&error);
        (Vec::new(), Vec::new())
    });
    context.ui.suggest(&match (&*mine, &*others) {
        ([], []) if *first => "the first member lets the others in: envseal team approve NAME -e ENVIRONMENT".into(),
        ([], [env]) => hint!("then whoever can open {env} lets you in: envseal team approve {name} -e {env}", env, name),
        ([], _) => {
            hint!("then whoever can open an environment lets you in: envseal team approve {name} -e ENVIRONMENT", name)
        }
        ([env, ..], _) => hint!(
            "you can open {env} already, and let others in: envseal team approve NAME -e {env}; yourself too, to need \
             no keys file",
            env
        ),
    });
    Ok(())
}

/// The environments that this user can open here, and the others.
fn opened(context: &Context, scope: &Scope) -> Result<(Vec<EnvName>, Vec<EnvName>), Error> {
    let (mut mine, mut others) = (Vec::new(), Vec::new());
    for (env, (path, key)) in scope.environments()? {
        let near = path.parent().unwrap_or(scope.root());
        let opens = matches!(context.store().find_unasked(&env, &key, near), Ok(Some(_)));
        if opens { mine.push(env) } else { others.push(env) }
    }
    Ok((mine, others))
}
