//! `envseal team remove`.

use std::path::Path;

use crate::commands::key::rotate::{AccessArgs, ask_about, print_rotation};
use crate::commands::{Context, env_names};
use crate::error::Error;
use crate::git::{display_path, path_to_add, relative_path};
use crate::hint::Hint;
use crate::members::{RemovalPlan, access_choices, plan_removal, remove};
use crate::project::{Project, to_check_out};
use crate::ui::{self, DefaultAnswer, counted};

/// Remove a member: drop grants, rotate keys, and list exposed values
///
/// Every environment whose key the member has gets a new key, and its values are re-encrypted. Every unchanged value that
/// the member could ever decrypt becomes an exposed value: `envseal team exposures` lists it until it is replaced. Removing
/// someone can't undo what they've seen.
///
/// Prompts for each grant that the member made, that goes back to one, or that someone else made to themselves. Refuses if
/// anyone else who can decrypt an environment would lose access (see --leave-out).
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal team remove bob
  envseal team remove bob -e production     # bob also has production's key in his .env.keys
  envseal team remove bob --yes --keep ci=SHA256:…")]
pub(in crate::commands) struct TeamRemoveArgs {
    #[arg(value_name = "MEMBER")]
    name: String,
    /// Also rotate this environment, whose key the member has without a grant (repeats)
    #[arg(short, long = "env", value_name = "NAME", value_delimiter = ',')]
    environment: Vec<String>,
    #[command(flatten)]
    access: AccessArgs,
    /// Don't prompt
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(context: &Context, args: &TeamRemoveArgs) -> Result<u8, Error> {
    let project = context.project()?;
    let also = env_names(&args.environment)?;
    let team = project.team()?;
    let mut decisions = args.access.decisions(&team)?;
    let plan = context.ui.working("reading history", || {
        plan_removal(&project, &context.store, &args.name, &also, &decisions)
    })?;
    print_plan(context, &plan);
    if !args.yes && !ui::can_ask() {
        let choices =
            access_choices(&team, &plan.doubtful, &decisions).map(|choices| Hint::from("; ").and(choices));
        let hint = Hint::from("to confirm, add: --yes").and(choices.unwrap_or("".into()));
        return Err(Error::usage(format!("confirmation needed to remove {}", plan.name), hint));
    }
    ask_about(context, &team, &plan.doubtful, &mut decisions, !args.yes)?;
    if !args.yes && !ui::confirm(&format!("Remove {}?", plan.name), DefaultAnswer::No)? {
        let hint = "see who has access: envseal team list";
        return Err(Error::usage("not confirmed; nobody was removed", hint));
    }
    let remove = || remove(&project, &context.store, &plan, &decisions);
    let removal = context.ui.working("re-encrypting", remove)?;
    let name = &plan.name;
    print_rotation(context, &removal.rotation);
    for line in &removal.dropped {
        context.ui.say(format_args!("Removed the grant of {} for {}", line.env, line.member));
    }
    for ((env, member), count) in &removal.exposed {
        context.ui.say(format_args!("Exposed to {member}: {} of {env}", counted(*count, "value")));
    }
    for (env, key) in &plan.out_of_reach {
        let message = format!("Left {env} unchanged: you have no private key for {key}");
        context.ui.say(hint!("someone who has it must run: envseal team remove {name}", name).after(message));
    }
    for (path, key) in &plan.sealed_outside {
        let why = format!("it is encrypted to key {}, which {name} has", key.id());
        let message =
            format!("Left {} unchanged: {why}, but is not an env file of this project", display_path(path));
        let hint = hint!("rotate its key there, then again: envseal team remove {name}", name);
        context.ui.say(checked_out(&project, path, "; then ").and(hint).after(message));
    }
    for (of, called) in &plan.elsewhere {
        let (path, folder) = (relative_path(of), relative_path(of.parent().unwrap_or(of)));
        let message = format!("{name} is also a member in {}", path.display());
        let hint = hint!("envseal -C {folder} team remove {called}", folder, called);
        context.ui.say(checked_out(&project, of, " && ").and(hint).joined(message, ": "));
    }
    let team_file = project.team_file();
    let files = removal.rotation.envs.iter().flat_map(|env| &env.files).chain([&team_file]);
    let files: Vec<_> = files.map(|path| relative_path(&path_to_add(path))).collect();
    let message = format!("Remove {name}");
    context.ui.say(format_args!("Removed {name}"));
    context.ui.suggest(&hint!("Next: git add {files} && git commit -m {message}", files, message));
    if !removal.exposed.is_empty() {
        context.ui.suggest(&"See the exposed values: envseal team exposures".into());
    }
    Ok(u8::from(!plan.out_of_reach.is_empty() || !plan.sealed_outside.is_empty()))
}

/// Returns the start of a hint about a file: if a sparse checkout leaves it out, the command that adds it.
fn checked_out(project: &Project, path: &Path, joint: &'static str) -> Hint {
    match project.git_root() {
        Some(root) if !path.exists() => to_check_out(root, path).and(joint),
        _ => "".into(),
    }
}

fn print_plan(context: &Context, plan: &RemovalPlan) {
    let RemovalPlan { name, key, .. } = plan;
    context.ui.say(format_args!("{name} ({})", key.fingerprint()));
    for alias in &plan.aliases {
        context.ui.say(format_args!("  also a member as {alias}, which is removed too"));
    }
    for env in &plan.rotated {
        context.ui.say(format_args!("  has the key of {env}, which will be rotated"));
    }
    for env in &plan.older {
        context.ui.say(format_args!("  has older keys of {env}"));
    }
    for (env, key) in &plan.out_of_reach {
        context.ui.say(format_args!("  has the key of {env} ({key}), which you don't have"));
    }
}
