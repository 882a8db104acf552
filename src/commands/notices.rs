//! Messages about the side effects of changing env files.

use std::path::Path;

use super::Context;
use crate::git::{path_to_add, relative_path};
use crate::hint::Hint;
use crate::project::{Notice, Updated, unseen_among};

/// Says what is left to do once a file's merge conflicts are resolved.
pub(super) fn suggest_staging(context: &Context, path: &Path) {
    context.ui.suggest(&hint!("Then stage it: git add {path}", path = relative_path(&path_to_add(path))));
}

pub(super) fn print_notices(context: &Context, notices: &[Notice]) {
    let ui = context.ui;
    for notice in notices {
        match notice {
            Notice::KeyMade(_) => {
                context.has_created.set(true);
                ui.say(Hint::from("envseal key backup FILE").joined(notice, ": "));
            }
            Notice::PinMoved { .. } | Notice::PinGaveWay { .. } | Notice::NotPinned { why: Some(_), .. } => {
                ui.note(notice);
            }
            Notice::Pinned { .. } | Notice::NotPinned { why: None, .. } => ui.detail(notice),
            _ => ui.say(notice),
        }
    }
}

/// Notes each changed file that git ignores, because it will not be committed.
pub(super) fn note_ignored<T>(context: &Context, updated: &Updated<T>) {
    let changed = updated.files.iter().filter(|file| file.is_changed);
    for path in unseen_among(changed.map(|file| file.path.as_path()), context.store.repositories()) {
        let path = relative_path(path);
        let hint = hint!("to commit it: git add --force {path}", path);
        context.ui.note(hint.after(format_args!("git ignores {}", path.display())));
    }
}
