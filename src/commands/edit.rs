//! `envseal edit`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Context;
use super::report::{notices, unseen};
use super::select::Files;
use crate::error::Error;
use crate::exec::{Editor, Watch};
use crate::git::display_path;
use crate::project::{Desk, Edited, Editing, Outcome, Updated, Write, update};
use crate::ui;

/// What nobody types anything in.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Edit a file's values in your editor, and seal what changed
///
/// The editor is $VISUAL, else $EDITOR, else vi. It is given the values as plain text, in a private file that is kept in
/// memory where the system has a place for that, and wiped afterwards. Values that are unchanged stay sealed as they
/// were; changed and new ones are sealed, but for lines marked `# envseal: plain`.
///
/// What an editor copies elsewhere (undo files, local history) envseal cannot wipe: docs/files.md tells how to turn that
/// off.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal edit -e production
  VISUAL='code --wait' envseal edit")]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
}

/// Edits the one file named. Returns the exit status.
pub(super) fn run(context: &Context, args: &Args) -> Result<u8, Error> {
    let path = one(args.files.named_or_default(context.process)?)?;
    let editor = editor(context)?;
    let mut editing = open(context, &path)?;
    for left in editing.left() {
        context.ui.note(format_args!("{} stays sealed in the editor: {}", left.name, left.why));
    }
    // First of all, so that nothing lies there before it is looked after.
    let _deaf = ui::Deaf::new().map_err(Error::io("hold back Ctrl-C"))?;
    let mut desk = Desk::default();
    let broom = desk.broom();
    let watch = Watch::start(move || broom.wipe()).map_err(Error::io("watch for signals"))?;
    desk.set_up(context.process, &path)?;
    if !desk.is_in_memory() {
        context.ui.note("there is no place in memory for it, so the plain text is on disk while you edit");
    }
    loop {
        desk.put(editing.text())?;
        let started = Instant::now();
        editor.edit(desk.path(), context.process.inherited(), &watch)?;
        if !editing.typed(desk.read()?) {
            context.ui.say("nothing changed");
            if started.elapsed() < AT_ONCE
                && let Some(command) = editor.waiting()
            {
                context
                    .ui
                    .note(format_args!("the editor came back at once; to have it wait: VISUAL='{command}'"));
            }
            return Ok(0);
        }
        let error = match seal(context, &path, &mut editing) {
            Ok((updated, edited)) => {
                report(context, &path, &updated, &edited);
                unseen(context, &updated);
                return Ok(0);
            }
            Err(error) => error,
        };
        let mut details = error.details().to_vec();
        let can_ask = ui::can_ask();
        if !can_ask {
            details.push("nothing was written, and the edit is dropped".into());
        }
        ui::error(error.message(), &details, error.command_hint());
        if !can_ask || !ui::go_on("go on editing?").map_err(Error::io("ask on the terminal"))? {
            if can_ask {
                context.ui.say("nothing was written, and the edit is dropped");
            }
            return Ok(error.status());
        }
    }
}

fn one(mut paths: Vec<PathBuf>) -> Result<PathBuf, Error> {
    paths.dedup();
    match paths.as_slice() {
        [path] => Ok(path.clone()),
        _ => Err(Error::usage("one file is edited at a time", "name one: envseal edit -e NAME")),
    }
}

fn editor(context: &Context) -> Result<Editor, Error> {
    let set = |name| context.process.get(name).filter(|command| !command.is_empty());
    let command = set("VISUAL").or_else(|| set("EDITOR")).unwrap_or(OsStr::new("vi"));
    Ok(Editor::find(command, &context.process.path_list("PATH"))?)
}

fn open(context: &Context, path: &Path) -> Result<Editing, Error> {
    let mut opened = None;
    update(&[path.to_owned()], context.store(), Write::Nothing, &|| (), |target| {
        opened = Some(Editing::open(target)?);
        Ok(target.file().document().clone())
    })?;
    Ok(opened.expect("there is one file"))
}

fn seal(context: &Context, path: &Path, editing: &mut Editing) -> Result<(Updated, Edited), Error> {
    let mut sealed = None;
    let updated =
        update(&[path.to_owned()], context.store(), Write::Files, &|| context.waiting(), |target| {
            let edited = editing.seal(target)?;
            let document = edited.document.clone();
            sealed = Some((target.file().exists(), edited));
            Ok(document)
        })?;
    let (existed, edited) = sealed.expect("there is one file");
    if !existed {
        context.ui.say(format_args!("made {}", display_path(path)));
    }
    Ok((updated, edited))
}

fn report(context: &Context, path: &Path, updated: &Updated, edited: &Edited) {
    notices(context, &updated.notices);
    let path = display_path(path);
    for (name, outcome) in &edited.outcomes {
        context.ui.say(match outcome {
            Outcome::Sealed => format!("sealed {name} in {path}"),
            _ => format!("wrote {name} to {path} as plain text"),
        });
    }
    if !edited.removed.is_empty() {
        context.ui.say(format_args!("took {} out of {path}", edited.removed.join(", ")));
    }
    let told = !edited.outcomes.is_empty() || !edited.removed.is_empty();
    match updated.files.first() {
        Some((.., true)) if !told => context.ui.say(format_args!("wrote {path}")),
        Some((.., false)) => context.ui.say("nothing changed"),
        _ => {}
    }
}
