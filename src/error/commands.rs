//! What to try next: what only commands come upon, in hooks, drivers, editors, histories and teams.

use crate::advice::{fs_hint, git_hint};
use crate::exec::EditorError;
use crate::hint::Hint;
use crate::history::HistoryError;
use crate::hooks::drivers::DriverError;
use crate::hooks::{InstallError, Unfit};
use crate::members::AccessError;

pub(super) fn editor_hint(error: &EditorError) -> &'static str {
    match error {
        EditorError::Words(_) => "name a program and its options, as in: VISUAL='code --wait' envseal edit",
        EditorError::Relative(_) => "name it by its whole path, as in: VISUAL=/usr/bin/vi envseal edit",
        EditorError::NotFound(_) | EditorError::NotStarted { .. } => {
            "name another one, as in: VISUAL=nano envseal edit"
        }
        EditorError::Failed { .. } => "nothing was written; start again: envseal edit",
    }
}

pub(super) fn history_hint(error: &HistoryError) -> Option<Hint> {
    Some(match error {
        HistoryError::Git(error) => return git_hint(error),
        HistoryError::Fs(error) => return fs_hint(error),
        HistoryError::Bare(_) => "name two revisions: envseal diff HEAD~ HEAD".into(),
        HistoryError::NoFile { other: Some(other), .. } => {
            hint!("it has another one: -f {other}", other)
        }
        HistoryError::NoFile { revision, .. } => {
            hint!("see the files that are there: git ls-tree -r --name-only {revision}", revision)
        }
    })
}

pub(super) fn hooks_hint(error: &InstallError) -> Option<Hint> {
    Some(match error {
        InstallError::Bare { path } => hint!(
            "on a server the check belongs into pre-receive: cp docs/pre-receive {hook}",
            hook = path.join("hooks/pre-receive")
        ),
        // As /dev/null.
        InstallError::Shared { path } if !path.is_dir() => {
            "give this repository a folder of its own: git config core.hooksPath .githooks".into()
        }
        InstallError::Shared { .. } => {
            "call `envseal hook run pre-commit` from the hook there, and the others alike; or \
                                        give this repository its own: git config core.hooksPath .githooks"
                .into()
        }
        InstallError::Foreign { path, why: Unfit::Damaged, .. } => {
            hint!("take those lines out of {path} and try again: envseal hook install", path)
        }
        InstallError::Foreign { hook, .. } => hint!(
            "have that hook call this, with its arguments and stdin, and stop where it fails: envseal hook run {hook}",
            hook = hook.name()
        ),
        InstallError::Managed { manager, hook, file, .. } => match error.lines() {
            [] => Hint::from("have it write them: ").and(manager.command(*hook)),
            _ => hint!("add those lines to {file}, then: ", file).and(manager.command(*hook)),
        },
        InstallError::Fs(error) => return fs_hint(error),
        InstallError::Git(error) => return git_hint(error),
    })
}

pub(super) fn driver_hint(error: &DriverError) -> Option<Hint> {
    match error {
        DriverError::Foreign { key, .. } => {
            let section = key.rsplit_once('.').map_or(&**key, |(section, _)| section);
            Some(hint!("if it is not needed: git config --local --remove-section {section}", section))
        }
        DriverError::NoEnd { path } => Some(hint!("take that block out of it: ${EDITOR:-vi} {path}", path)),
        DriverError::Fs(error) => fs_hint(error),
        DriverError::Git(error) => git_hint(error),
    }
}

pub(super) fn access_hint(error: &AccessError) -> Option<Hint> {
    Some(match error {
        AccessError::NoIdentity | AccessError::NotAMember { .. } => {
            "become a member: envseal team request".into()
        }
        AccessError::NoMember { similar: Some(similar), .. } => hint!("did you mean {similar}?", similar),
        AccessError::NoMember { .. } => "see who is: envseal team list".into(),
        AccessError::NameTaken { .. } | AccessError::NoName => {
            "choose another: envseal team request --name NAME".into()
        }
        AccessError::IsMember { .. } => {
            "to add somebody else, name their key: envseal team request -i FILE --name NAME".into()
        }
        AccessError::WasRemoved { .. } => {
            "make a new identity: ssh-keygen -t ed25519 -f FILE, then envseal team request -i FILE --name NAME".into()
        }
        AccessError::Fingerprint { name, .. } => {
            hint!("have {name} read it to you: envseal team whoami", name)
        }
        AccessError::NoEnvironment { .. } => "see which there are: envseal ls".into(),
        AccessError::Myself(name) => hint!("have another member do it: envseal team remove {name}", name),
        AccessError::RemovalPending { name, .. } => hint!("finish that, which rotates it: envseal team remove {name}", name),
        AccessError::NoRepository(_) => "git init".into(),
        AccessError::TagKey { .. } => "see who changed it: git log -p -- envseal.toml".into(),
        AccessError::Name(_) | AccessError::Vault(_) | AccessError::Git(_) => return None,
    })
}
