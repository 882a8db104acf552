//! `envseal edit`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Context;
use super::files::{FileArgs, confirm_new_environments, say_created};
use crate::error::Error;
use crate::exec::{Editor, Watch};
use crate::git::{display_path, users_setting};
use crate::project::{Edited, Editing, Outcome, PrivateEditFile, UpdatedFile, Write};
use crate::ui::{self, DefaultAnswer};

/// An editor that returns in less time was not used by a person.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Edit a file's values in your editor, then encrypt the changes
///
/// The editor is git's: `GIT_EDITOR`, your core.editor (not the repository's), `VISUAL`, `EDITOR`, or vi at a terminal. It
/// gets the values as plain text in a private file, kept in memory where the system allows and wiped afterwards. Unchanged
/// values keep their sealed value; changed and new ones are encrypted, except on lines marked `# envseal: plain`.
///
/// In a file with merge conflicts, keep one version of each between the markers.
///
/// envseal can't wipe copies that an editor makes elsewhere (undo files, local history): docs/files.md says how to turn
/// them off.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal edit -e production
  GIT_EDITOR='code --wait' envseal edit")]
pub(super) struct EditArgs {
    #[command(flatten)]
    pub(super) files: FileArgs,
}

pub(super) fn run(context: &Context, args: &EditArgs) -> Result<u8, Error> {
    let path = one_file(args.files.paths_or_default(context.process)?, "edit")?;
    let editor = find_editor(context)?;
    let new = confirm_new_environments(context, std::slice::from_ref(&path))?;
    let opened = context.update_in_merge(&path, Write::Nothing, |target| {
        let editing = Editing::open(target)?;
        Ok((target.file().document().clone(), editing))
    });
    let mut editing = opened?.into_outcome();
    for left in editing.left() {
        context.ui.note(format_args!("{} stays encrypted in the editor: {}", left.name, left.reason));
    }
    // Before the file exists, so that it is always wiped.
    let _held = ui::HeldSignals::new()?;
    let private_file = PrivateEditFile::default();
    let wiper = private_file.wiper();
    let watch = Watch::start(move || wiper.wipe()).map_err(Error::io("watch for signals"))?;
    let (private_path, is_in_memory) = private_file.set_up(context.process, &path)?;
    if !is_in_memory {
        context.ui.note("the plain text is on disk while you edit: this system has no folder in memory");
    }
    loop {
        private_file.put(editing.text())?;
        let started = Instant::now();
        let again = || hint!("nothing was written; start again: envseal edit -f {path}", path);
        editor
            .edit(&private_path, context.process.inherited(), &watch)
            .map_err(|error| if error.hint().is_some() { error } else { error.with_hint(again()) })?;
        let text = private_file.read().map_err(|error| error.with_hint(again()))?;
        if !editing.typed(text) {
            context.ui.say("No changes");
            if started.elapsed() < AT_ONCE
                && let Some(command) = editor.waiting()
            {
                let how = format!("to make it wait: GIT_EDITOR='{command}'");
                context.ui.note(format_args!("the editor returned at once; {how}"));
            }
            return Ok(0);
        }
        let encrypted = context.update_in_merge(&path, Write::Files, |target| {
            let edited = editing.seal(target)?;
            Ok((edited.document.clone(), (target.file().exists(), edited)))
        });
        let error = match encrypted {
            Ok(updated) => {
                let UpdatedFile { outcome: (existed, edited), is_changed, .. } = &updated.files[0];
                if !existed {
                    say_created(context, &path, &new);
                }
                context.print_notices(&updated.notices);
                print_outcome(context, &path, edited, *is_changed);
                context.note_ignored(&updated);
                return Ok(0);
            }
            Err(error) => error,
        };
        let discarded = "Nothing was written; the edit is discarded";
        if !ui::can_ask() {
            return Err(error.with_details([discarded.to_owned()]));
        }
        ui::error(&error);
        if !ui::confirm("Keep editing?", DefaultAnswer::Yes)? {
            context.ui.say(discarded);
            return Ok(error.status());
        }
    }
}

/// Returns the only one of these paths; `command` takes no more.
pub(super) fn one_file(mut paths: Vec<PathBuf>, command: &str) -> Result<PathBuf, Error> {
    paths.dedup();
    match paths.as_slice() {
        [path] => Ok(path.clone()),
        _ => {
            let hint = hint!("name one: envseal {command} -e NAME", command);
            Err(Error::usage(format!("{command} takes one file"), hint))
        }
    }
}

/// Finds the editor that git would start (git-var(1), `GIT_EDITOR`), but ignores the repository's own configuration: a
/// repository from elsewhere, such as an archive, must not choose which program gets the plain text.
fn find_editor(context: &Context) -> Result<Editor, Error> {
    let set = |name| context.process.non_empty(name).map(OsStr::to_owned);
    let command = match set("GIT_EDITOR") {
        Some(command) => Some(command),
        None => users_setting("core.editor")?.filter(|command| !command.is_empty()).map(OsString::from),
    };
    let command = match command.or_else(|| set("VISUAL")).or_else(|| set("EDITOR")) {
        Some(command) => command,
        None if ui::can_ask() && ui::is_stdout_terminal() => "vi".into(),
        None => {
            let hint = "name one: GIT_EDITOR='code --wait' envseal edit";
            return Err(Error::usage("no editor is configured, and there is no terminal for vi", hint));
        }
    };
    Editor::find(&command, &context.process.path_list("PATH"))
}

fn print_outcome(context: &Context, path: &Path, edited: &Edited, is_changed: bool) {
    if edited.was_in_merge {
        context.suggest_staging(path);
    }
    let path = display_path(path);
    for (name, outcome) in &edited.outcomes {
        context.ui.say(match outcome {
            Outcome::Sealed => format!("Encrypted {name} in {path}"),
            _ => format!("Wrote {name} to {path} as plain text"),
        });
    }
    if !edited.removed.is_empty() {
        context.ui.say(format_args!("Removed {} from {path}", edited.removed.join(", ")));
    }
    if !edited.repeated.is_empty() {
        let names = edited.repeated.join(", ");
        context.ui.note(format_args!("more than one line of {path} sets {names}; the last one counts"));
    }
    if !is_changed {
        context.ui.say("No changes");
    } else if edited.outcomes.is_empty() && edited.removed.is_empty() {
        context.ui.say(format_args!("Wrote {path}"));
    }
}
