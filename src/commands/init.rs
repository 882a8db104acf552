//! `envseal init`.

use std::path::{Path, PathBuf};

use super::clone_setup::set_up_drivers;
use super::files::note_pipes;
use super::{Context, hook, working_dir};
use crate::error::Error;
use crate::fs::is_pipe;
use crate::git::{display_path, relative_path};
use crate::hint::Hint;
use crate::project::{
    EnvFile, Project, Write, add_to_policy, counts, first_foreign, guard_keys_file, propose_plain, sweep,
    take_back_in, unseen_of,
};
use crate::ui::{self, DefaultAnswer, listed};

/// Set up this project: env file, .gitignore, git hooks and drivers
///
/// Also proposes which variables are not secret. Hooks and drivers belong to one clone: after git clone, run it there
/// too. Running it again changes nothing that is set up already.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal init              # prompts before it changes anything
  envseal init --yes        # in a script")]
pub(super) struct InitArgs {
    /// Accept every proposal without prompting
    #[arg(short, long)]
    yes: bool,
}

pub(super) fn run(context: &Context, args: &InitArgs) -> Result<(), Error> {
    let here = working_dir()?;
    let project = context.project_of(&here)?;
    // Before anything is changed, so that an unreadable file changes nothing.
    if load_all(&project, &here)?.is_empty() {
        context.store.refuse_piped()?;
    }
    let ignored = unseen_of(project.passed_over(&here, &[])?, &here);
    ignored.iter().try_for_each(|path| EnvFile::load(path).map(drop))?;
    for keys_file in context.store.keys_files_to_ignore(&here) {
        context.print_notices(&guard_keys_file(&keys_file, &project)?);
    }
    let has_hooks = hook::set_up(context)?;
    let has_drivers = set_up_drivers(context, has_hooks)?;
    let ignored = unignore(context, args, &project, ignored, has_hooks)?;
    let files = load_all(&project, &here)?;
    note_pipes(context);
    if files.is_empty() && is_pipe(Path::new(".env")) {
        context.ui.suggest(&"Next: envseal run -- CMD".into());
        return Ok(());
    }
    if files.is_empty() && ignored.is_empty() {
        let created = context.update(&[PathBuf::from(".env")], Write::Files, |target| {
            target.seal_to()?;
            Ok((target.document().clone(), ()))
        })?;
        context.print_notices(&created.notices);
        context.ui.say("Created .env");
    }
    sweep(&here, context.store.repositories());
    mark_plain(context, args, &project, &files)?;
    let next = next_step(context, &project, &files, &ignored, has_hooks && has_drivers)?;
    context.ui.suggest(&next);
    Ok(())
}

fn next_step(
    context: &Context,
    project: &Project,
    files: &[EnvFile],
    ignored: &[PathBuf],
    is_installed: bool,
) -> Result<Hint, Error> {
    let mut has_plaintext = false;
    for file in files {
        // Read again: the policy may have changed.
        has_plaintext |= counts(file, &context.project_of(&file.dir())?).unmarked > 0;
    }
    let foreign = files.iter().find_map(|file| Some((file.path(), first_foreign(file)?)));
    Ok(if let Some((path, foreign)) = foreign {
        Hint::from("Next: ").and(foreign.import).with("file", &relative_path(path))
    } else if !ignored.is_empty() {
        let files: Vec<_> = ignored.iter().map(|path| relative_path(path)).collect();
        hint!("Next: envseal encrypt -f {files} && git add --force {files}", files)
    } else if has_plaintext && project.git_root().is_none() {
        "Next: envseal encrypt".into()
    } else if has_plaintext {
        "Next: envseal encrypt && git add -A; then review git diff --staged, and commit".into()
    } else if files.iter().all(|file| counts(file, project).sealed == 0) {
        "Next: envseal set NAME".into()
    } else if project.git_root().is_none() {
        "The env files are set up. See what you can decrypt: envseal ls".into()
    } else if !is_installed {
        "The env files are set up, but some hooks or drivers are not. See why: envseal doctor".into()
    } else {
        "Everything is set up. See what you can decrypt: envseal ls".into()
    })
}

fn load_all(project: &Project, here: &Path) -> Result<Vec<EnvFile>, Error> {
    let files = project.env_files(here)?;
    files.iter().map(|path| EnvFile::load(path)).collect()
}

/// Makes git stop ignoring env files, if a person agrees and a hook checks them. Returns those that are still ignored.
fn unignore(
    context: &Context,
    args: &InitArgs,
    project: &Project,
    ignored: Vec<PathBuf>,
    has_hooks: bool,
) -> Result<Vec<PathBuf>, Error> {
    if ignored.is_empty() {
        return Ok(ignored);
    }
    let list = listed(ignored.iter().map(|path| display_path(path)));
    let (it, they, theirs) =
        if ignored.len() == 1 { ("it", "it", "that file") } else { ("them", "they", "those files") };
    let question = format!("git ignores {list}. Stop ignoring {it} so {they} can be committed?");
    if has_hooks
        && (args.yes || ui::confirm(&question, DefaultAnswer::Yes)?)
        && let Some(ignore) = take_back_in(&ignored, project)?
    {
        context.ui.say(format_args!("Stopped ignoring {list}, in {}", display_path(&ignore)));
        let how = format!("ask them to move {theirs} away first");
        context.ui.note(format_args!("pulling this overwrites a teammate's own {list}; {how}"));
        return Ok(Vec::new());
    }
    context.ui.note(format_args!("git ignores {list}; encrypted values are meant to be committed"));
    Ok(ignored)
}

/// Proposes the names that look non-secret, and adds them to the policy if a person agrees.
fn mark_plain(context: &Context, args: &InitArgs, project: &Project, files: &[EnvFile]) -> Result<(), Error> {
    let globs = propose_plain(project, files);
    if globs.is_empty() {
        return Ok(());
    }
    let list = globs.join(", ");
    let team_file = display_path(&project.team_file());
    let question = format!("These look non-secret: {list}. Mark them as plain in {team_file}?");
    if args.yes || ui::confirm(&question, DefaultAnswer::Yes)? {
        add_to_policy(project, "plain", &globs)?;
        context.ui.say(format_args!("Marked as plain in {team_file}: {list}"));
    } else {
        let how = "to mark them as plain: envseal init --yes";
        context.ui.note(format_args!("these look non-secret: {list}; {how}"));
    }
    Ok(())
}
