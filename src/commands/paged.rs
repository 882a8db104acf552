//! Printing what may be long: through a pager where a person looks at it, else to stdout.

use std::ffi::OsStr;

use serde_json::{Map, Value};

use super::Context;
use crate::error::Error;
use crate::exec::Pager;
use crate::git::Repo;
use crate::history::{Author, ChangeKind, FileChanges};
use crate::ui::{self, Look, Page};

/// Where a command's words of history go.
pub(super) enum Paged {
    Stdout,
    Pager(Box<Pager>),
}

impl Paged {
    /// Opens a pager if stdout is a terminal and none of git's settings says no.
    pub(super) fn new(context: &Context, objects: &Repo) -> Self {
        if context.no_pager || !ui::person_looks() {
            return Self::Stdout;
        }
        let var = |name: &str| context.process.get(name).and_then(OsStr::to_str);
        let setting = objects.setting("core.pager");
        let Some(command) = ui::pager(var("GIT_PAGER"), setting.as_deref(), var("PAGER")) else {
            return Self::Stdout;
        };
        let defaults = [("LESS", ui::LESS), ("LV", ui::LV)];
        let unset = defaults.into_iter().filter(|(name, _)| context.process.get(name).is_none());
        let vars = context.process.inherited().chain(unset.map(|(n, v)| (OsStr::new(n), OsStr::new(v))));
        Pager::start(&command, vars).map_or(Self::Stdout, |pager| Self::Pager(Box::new(pager)))
    }

    /// Prints; on a terminal with control characters made visible. A reader who has gone is [`Error::is_broken_pipe`].
    pub(super) fn print(&mut self, page: &Page) -> Result<(), Error> {
        match self {
            Self::Stdout => page.print(),
            Self::Pager(pager) => page.print_through(&mut **pager),
        }
        .map_err(Error::io("write to stdout"))
    }
}

/// The frozen fields of one change.
pub(super) fn as_json(author: &Author, file: &FileChanges, name: &str, kind: ChangeKind) -> Value {
    let fields = author.fields(&file.path, name, kind);
    let object: Map<_, _> =
        fields.into_iter().map(|(field, text)| (field.into(), Value::String(text))).collect();
    Value::Object(object)
}

/// Prints a list of changes as a JSON array.
pub(super) fn print_json(list: &[Value]) -> Result<(), Error> {
    ui::json(&list).map_err(Error::io("write to stdout"))
}

/// The look of a kind of change.
pub(super) fn look(kind: ChangeKind) -> Look {
    match kind {
        ChangeKind::Added => Look::Good,
        ChangeKind::Removed | ChangeKind::Plain => Look::Bad,
        _ => Look::Warning,
    }
}

/// The file's name, and where it was before.
pub(super) fn headline(file: &FileChanges) -> String {
    let path = file.path.display().to_string();
    let line = match &file.from {
        Some(from) => format!("{} -> {path}", from.display()),
        None => path,
    };
    ui::safe_line(&line)
}
