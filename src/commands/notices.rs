//! Messages about what a change of env files did besides.

use std::path::Path;

use super::Context;
use crate::git::{display_path, relative_path};
use crate::project::{Notice, Updated, unseen_among};
use crate::team::ExposureState;

/// Says what is left to do once a file's merge conflicts are resolved.
pub(super) fn suggest_staging(context: &Context, path: &Path) {
    context.ui.suggest(&hint!("Then stage it: git add {path}", path = relative_path(path)));
}

pub(super) fn print_notices(context: &Context, notices: &[Notice]) {
    let ui = context.ui;
    for notice in notices {
        match notice {
            Notice::KeyMade(path) => {
                context.has_created.set(true);
                ui.say(format_args!(
                    "Created a key pair; the private key is in {}. Back it up: envseal key backup FILE",
                    display_path(path)
                ));
            }
            Notice::KeyCopied(path) => {
                ui.say(format_args!("Copied the private key to {}, which is searched first", display_path(path)));
            }
            Notice::KeyTaken { key, from } => {
                ui.say(format_args!("Using the existing key {key} from {}", display_path(from)));
            }
            Notice::MadePrivate(path) => {
                ui.say(format_args!("Made {} private (0600)", display_path(path)));
            }
            Notice::Ignored(path) => ui.say(format_args!("Added the keys file to {}", display_path(path))),
            Notice::Noted { env, name, state, path } => {
                let path = display_path(path);
                ui.say(match state {
                    ExposureState::Replaced => format!("Recorded in {path}: {name} of {env} is replaced; commit both"),
                    ExposureState::Unverified => format!(
                        "Recorded in {path}: {name} of {env} may be replaced; someone who can decrypt it can tell. Commit both"
                    ),
                    ExposureState::Exposed => format!(
                        "Recorded in {path}: {name} of {env} is again a value that a removed member could read; commit both"
                    ),
                });
            }
            Notice::Pinned { env, key } => {
                ui.detail(format_args!("Trusting the key of {env} on this machine: {}", key.fingerprint()));
            }
            Notice::PinMoved { env, from, to } => ui.note(format_args!(
                "the key of {env} was rotated by a holder of the previous key: {} now, {} before",
                to.fingerprint(),
                from.fingerprint()
            )),
            Notice::PinGaveWay { env, from, to } => ui.note(format_args!(
                "the committed key of {env} replaces the one created here, which was never committed: {} now, {} before",
                to.fingerprint(),
                from.fingerprint()
            )),
            Notice::NotPinned { env, why: Some(why) } => ui.note(format_args!(
                "couldn't record the trusted key of {env}, so a replaced key would go unnoticed: {why}"
            )),
            Notice::NotPinned { env, why: None } => ui.detail(format_args!(
                "No home folder to record the trusted key of {env} in, so a replaced key would go unnoticed"
            )),
        }
    }
}

/// Notes each changed file that git ignores, for it will not be committed.
pub(super) fn note_ignored(context: &Context, updated: &Updated) {
    let changed = updated.files.iter().filter(|(.., changed)| *changed);
    for path in unseen_among(changed.map(|(path, ..)| path.as_path()), context.store().repositories()) {
        let path = relative_path(path);
        let hint = hint!("to commit it: git add --force {path}", path);
        context.ui.note(hint.after(format_args!("git ignores {}", path.display())));
    }
}
