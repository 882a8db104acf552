//! The output of `log`, `diff` and `blame`: changes as JSON rows, and text through a pager.

use std::ffi::OsStr;
use std::path::Path;

use serde::Serialize;

use super::Context;
use crate::error::Error;
use crate::exec::Pager;
use crate::git::{ObjectId, users_setting};
use crate::history::{Author, ChangeKind, EnvHistory, FileChanges};
use crate::time::rfc3339;
use crate::ui::{self, Look, Page};

/// A change as JSON. The fields are stable.
#[derive(Serialize)]
pub(super) struct ChangeRow {
    time: String,
    author: String,
    email: String,
    commit: String,
    subject: String,
    file: String,
    name: String,
    kind: &'static str,
    signature: &'static str,
}

impl ChangeRow {
    pub(super) fn new(author: &Author, file: &Path, name: &str, kind: ChangeKind) -> Self {
        Self {
            time: rfc3339(author.time),
            author: author.name.clone(),
            email: author.email.clone(),
            commit: author.commit.to_string(),
            subject: author.subject.clone(),
            file: file.display().to_string(),
            name: name.to_owned(),
            kind: kind.as_str(),
            signature: author.signature.as_str(),
        }
    }

    pub(super) fn of_file(author: &Author, file: &FileChanges) -> impl Iterator<Item = Self> {
        file.changes.iter().map(|change| Self::new(author, &file.path, &change.name, change.kind))
    }
}

/// Prints text through a pager if a person reads it, otherwise to stdout.
pub(super) struct PagedOutput(Option<Pager>);

impl PagedOutput {
    /// Starts the pager of the user's git settings, at a terminal. A repository's own don't count: there may be plaintext.
    pub(super) fn new(context: &Context) -> Self {
        if context.no_pager || !ui::is_stdout_terminal() {
            return Self(None);
        }
        let var = |name: &str| context.process.get(name).and_then(OsStr::to_str);
        let asks_git = var("GIT_PAGER").is_none();
        let setting = if asks_git { users_setting("core.pager").ok().flatten() } else { None };
        let Some(command) = pager(var("GIT_PAGER"), setting.as_deref(), var("PAGER")) else {
            return Self(None);
        };
        // As under git: leave short output alone, pass colours on, and keep the screen.
        let defaults = [("LESS", "FRX"), ("LV", "-c")];
        let unset = defaults.into_iter().filter(|(name, _)| context.process.get(name).is_none());
        let vars = context.process.inherited().chain(unset.map(|(n, v)| (OsStr::new(n), OsStr::new(v))));
        Self(Pager::start(command, vars))
    }

    pub(super) fn print(&mut self, page: &Page) -> Result<(), Error> {
        match &mut self.0 {
            None => page.print(),
            Some(pager) => page.print_through(pager),
        }
    }
}

/// Returns the pager's command: the first of `$GIT_PAGER`, `core.pager` and `$PAGER` that is set, else `less` (`core.pager`
/// in git-config(1), `GIT_PAGER` in git(1)). Returns None if that is empty or `cat`.
fn pager<'a>(
    git_pager: Option<&'a str>,
    core_pager: Option<&'a str>,
    pager: Option<&'a str>,
) -> Option<&'a str> {
    let command = git_pager.or(core_pager).or(pager).unwrap_or("less");
    (!command.trim().is_empty() && command != "cat").then_some(command)
}

pub(super) fn look(kind: ChangeKind) -> Look {
    match kind {
        ChangeKind::Added => Look::Good,
        ChangeKind::Removed | ChangeKind::Plain => Look::Bad,
        _ => Look::Warning,
    }
}

/// Returns a file's path, after its previous one if it was renamed.
pub(super) fn headline(file: &FileChanges) -> String {
    let path = file.path.display().to_string();
    let line = match &file.from {
        Some(from) => format!("{} -> {path}", from.display()),
        None => path,
    };
    ui::one_line(&line)
}

pub(super) fn short_id(id: ObjectId) -> String {
    id.to_string()[..10].to_owned()
}

pub(super) fn print_history_notes(context: &Context, history: &EnvHistory<'_>) {
    for note in history.notes() {
        context.ui.note(note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pager_that_is_set_wins() {
        for (git_pager, core_pager, env_pager, command) in [
            (Some("a"), Some("b"), Some("c"), Some("a")),
            (None, Some("b x"), Some("c"), Some("b x")),
            (None, None, Some("c"), Some("c")),
            (None, None, None, Some("less")),
            (Some(""), Some("b"), None, None),
            (None, Some("cat"), Some("c"), None),
        ] {
            assert_eq!(pager(git_pager, core_pager, env_pager), command);
        }
    }
}
