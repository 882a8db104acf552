//! `envseal ls --example`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Context;
use super::report::counted;
use super::select::Files;
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::project;
use crate::ui;

/// Prints the example file of the folder that is meant, or writes it.
pub(super) fn run(context: &Context, files: &Files, write: bool) -> Result<(), Error> {
    let folder = folder(context, files)?;
    if write {
        let example = project::write_example(&folder, context.store(), &|| context.waiting())?;
        let path = display_path(&example.path);
        match example.added {
            0 => context.ui.say(format_args!("{path} has every name already")),
            added => context.ui.say(format_args!("added {} to {path}", counted(added, "name"))),
        }
        return Ok(());
    }
    let example = project::example(&folder, context.store())?;
    if example.is_emptied && !ui::person_looks() {
        let path = relative_path(&example.path);
        let hint = hint!("if `>` has just emptied it: git checkout -- {path}, then use --write", path);
        context.ui.note(hint.after(format_args!("{} was empty when it was read", path.display())));
    }
    ui::text(&example.text).map_err(Error::io("write to stdout"))
}

/// The one folder that the files named are in; else this one.
fn folder(context: &Context, files: &Files) -> Result<PathBuf, Error> {
    let named = files.named_or_default(context.process)?;
    let folders: BTreeSet<_> = named.iter().map(|path| path.parent().unwrap_or(Path::new(""))).collect();
    let mut folders = folders.into_iter();
    match (folders.next(), folders.next()) {
        (Some(folder), None) => Ok(folder.to_owned()),
        _ => Err(Error::usage("an example file is that of one folder", "name one: -f DIR")),
    }
}
