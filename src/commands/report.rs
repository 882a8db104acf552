//! Words that several commands say.

use super::Context;
use crate::error::Error;
use crate::git::{display_path, relative_path};
use crate::project::{Notice, Updated, unseen_among};
use crate::team::ExposureState;
use crate::ui;

/// Says what was made on the way.
pub(super) fn notices(context: &Context, notices: &[Notice]) {
    for notice in notices {
        match notice {
            Notice::KeyMade(path) => context.ui.say(format_args!(
                "made a key pair; its private half is in {}: keep a copy somewhere safe",
                display_path(path)
            )),
            Notice::KeyCopied(path) => context
                .ui
                .say(format_args!("put the private key into {} too, which is looked into first", display_path(path))),
            Notice::KeyTaken { key, from } => {
                context.ui.say(format_args!("took key {key}, which the environment has in {}", display_path(from)));
            }
            Notice::MadePrivate(path) => {
                context.ui.say(format_args!("took {} from others' eyes", display_path(path)));
            }
            Notice::Ignored(path) => context.ui.say(format_args!("added the keys file to {}", display_path(path))),
            Notice::Noted { env, name, state, path } => {
                let words = match state {
                    ExposureState::Replaced => format!("{name} of {env} is replaced"),
                    ExposureState::Unverified => {
                        format!("whether {name} of {env} is replaced, someone who can open it will see")
                    }
                    ExposureState::Exposed => {
                        format!("{name} of {env} is a value again that a removed member could read")
                    }
                };
                context.ui.say(format_args!(
                    "{words}: noted in {}, which is to be committed with it",
                    display_path(path)
                ));
            }
            Notice::Pinned { env, key } => context.ui.detail(format_args!(
                "the key of {env} is accepted on this machine from now on: {}",
                key.fingerprint()
            )),
            Notice::PinMoved { env, from, to } => context.ui.note(format_args!(
                "the key of {env} was rotated, and who held the one before has proven it: {} now, {} before",
                to.fingerprint(),
                from.fingerprint()
            )),
            Notice::PinGaveWay { env, from, to } => context.ui.note(format_args!(
                "the committed key of {env} replaces the one that was created here and never committed: {} now, {} before",
                to.fingerprint(),
                from.fingerprint()
            )),
            Notice::NotPinned { env, why: Some(why) } => context.ui.note(format_args!(
                "could not keep which key of {env} was sealed to, so a replaced one would not be noticed: {why}"
            )),
            Notice::NotPinned { env, why: None } => context.ui.detail(format_args!(
                "no home folder to keep which key of {env} was sealed to, so a replaced one would not be noticed"
            )),
        }
    }
}

/// Tells of the files that were changed and that git ignores, for they will not be committed.
pub(super) fn unseen(context: &Context, updated: &Updated) {
    let changed = updated.files.iter().filter(|(.., changed)| *changed);
    for path in unseen_among(changed.map(|(path, ..)| path.as_path()), context.store().repositories()) {
        let path = relative_path(path);
        let hint = hint!("to commit it: git add --force {path}", path);
        context.ui.note(hint.after(format_args!("git ignores {}", path.display())));
    }
}

/// Prints the documents instead of writing them, as `--stdout` asks.
pub(super) fn documents(updated: &Updated) -> Result<(), Error> {
    updated
        .files
        .iter()
        .try_for_each(|(_, document, _)| ui::text(document.as_bytes()).map_err(Error::io("write to stdout")))
}

/// `1 value`, `2 values`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [word] => (*word).to_owned(),
        [words @ .., last] => format!("{} and {last}", words.join(", ")),
    }
}
