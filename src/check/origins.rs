//! Finds the origins of the env files of a change. What applied to a moved, copied or restored file at its last place
//! must still apply: its key, the policy for its names, and the records of removed members.

use std::cell::{Cell, OnceCell};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::change::CheckedChange;
use super::history::read_ahead;
use super::settings::Settings;
use super::snapshot::{Snapshot, is_guarded};
use crate::check::rules::{EnvReport, EnvText, check_env_file};
use crate::config::EnvName;
use crate::crypto::{PublicKey, Refs};
use crate::error::Error;
use crate::git::{ChangedFile, FileKind, FileRef, ObjectId, Repo, once};
use crate::team::Policy;

/// An env file as it was before.
pub(super) struct FileOrigin {
    pub(super) path: PathBuf,
    pub(super) key: Option<PublicKey>,
    /// True if there is no file at that path any more.
    pub(super) is_gone: bool,
    /// The last commit that had it. None for the commit before the change.
    pub(super) commit: Option<ObjectId>,
    /// The settings of that commit.
    pub(super) settings: Rc<Settings>,
    names: BTreeSet<String>,
    hidden: BTreeMap<String, (usize, Refs)>,
}

impl FileOrigin {
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Returns the names that a variable could refer to. Returns None if its value was not hidden.
    pub(super) fn hidden(&self, name: &str) -> Option<&Refs> {
        self.hidden.get(name).map(|(_, refs)| refs)
    }

    /// Returns true if this name was allowed to be plain text: by a policy, or because the file was excluded.
    pub(super) fn allows(&self, name: &str) -> bool {
        self.settings.excludes(&self.path) || self.settings.policy(&self.path).is_plain(name)
    }
}

pub(super) struct Origins<'a> {
    pub(super) change: &'a CheckedChange<'a>,
    /// Commits whose history is searched too. Empty if only the commit before the change counts.
    tips: Vec<ObjectId>,
    any_gone: bool,
    before: OnceCell<Vec<Rc<FileOrigin>>>,
    in_history: OnceCell<Vec<Rc<FileOrigin>>>,
    cut: Cell<Option<ObjectId>>,
}

impl<'a> Origins<'a> {
    pub(super) fn new(change: &'a CheckedChange<'a>, tips: Vec<ObjectId>) -> Self {
        let any_gone = change.before.guarded_files().any(|path| !change.after.lists(path));
        let (before, in_history) = (OnceCell::new(), OnceCell::new());
        Self { change, tips, any_gone, before, in_history, cut: Cell::default() }
    }

    /// Returns the commit at which a shallow clone ends, if history was needed: earlier files are not known.
    pub(super) fn cut(&self) -> Option<ObjectId> {
        self.cut.get()
    }

    /// Returns the files that an env file may come from: the previous file at its path, files with the same key, and
    /// deleted files of its environment that share a name with it. All but the first are looked for only if a file was
    /// deleted, or if this one is new or has a new key; then history is searched too, if no deleted file was found.
    pub(super) fn of(&self, path: &Path, report: &EnvReport) -> Result<Vec<Rc<FileOrigin>>, Error> {
        let key = report.key.map(|(key, _)| key);
        let change = self.change;
        let own = change.before.read(path)?;
        let own = own.map(|text| self.origin(path, &text, None, &change.settings_before));
        let is_as_before = own.as_ref().is_some_and(|own| own.key == key);
        let mut origins: Vec<_> = own.into_iter().collect();
        if is_as_before && !self.any_gone {
            return Ok(origins);
        }
        let env = EnvName::of_file(path).ok();
        let is_origin = |origin: &&Rc<FileOrigin>| {
            let has_key = origin.key.is_some() && origin.key == key;
            let is_env = || env.is_some() && EnvName::of_file(&origin.path).ok() == env;
            let shares = || report.names.iter().any(|(name, _)| origin.has(name));
            origin.path == path || !is_as_before && has_key || origin.is_gone && is_env() && shares()
        };
        let there = self.all_before()?.iter().filter(|origin| origin.path != path);
        origins.extend(there.filter(is_origin).cloned());
        if !is_as_before && !origins.iter().any(|origin| origin.is_gone) {
            origins.extend(self.all_in_history()?.iter().filter(is_origin).cloned());
        }
        Ok(origins)
    }

    fn all_before(&self) -> Result<&[Rc<FileOrigin>], Error> {
        let CheckedChange { before, settings_before, .. } = self.change;
        let origin = |path| {
            let text = before.read(path)?;
            Ok(text.map(|text| self.origin(path, &text, None, settings_before)))
        };
        let find = || before.guarded_files().map(origin).filter_map(Result::transpose).collect();
        once(&self.before, find).map(Vec::as_slice)
    }

    /// Returns the env files that exist only in history, newest first.
    fn all_in_history(&self) -> Result<&[Rc<FileOrigin>], Error> {
        let Some(repo) = self.change.repo.filter(|_| !self.tips.is_empty()) else { return Ok(&[]) };
        once(&self.in_history, || self.find_in_history(repo)).map(Vec::as_slice)
    }

    fn find_in_history(&self, repo: &Repo) -> Result<Vec<Rc<FileOrigin>>, Error> {
        let mut settings: HashMap<ObjectId, Rc<Settings>> = HashMap::new();
        let mut found = Vec::new();
        let (past, cut) = past_files(repo, &self.tips, is_guarded)?;
        self.cut.set(self.cut.get().or(cut));
        for PastFile { path, file, commit } in past {
            if self.change.before.lists(&path) {
                continue;
            }
            let settings = match settings.entry(commit) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(free) => {
                    let files = Snapshot::commit(repo, Some(commit))?;
                    let then = Settings::of_commit(&files, Some((repo, commit)))?;
                    self.cut.set(self.cut.get().or(then.cut));
                    free.insert(Rc::new(then))
                }
            };
            found.push(self.origin(&path, &repo.blob(file.id)?, Some(commit), settings));
        }
        Ok(found)
    }

    fn origin(
        &self,
        path: &Path,
        text: &[u8],
        commit: Option<ObjectId>,
        settings: &Rc<Settings>,
    ) -> Rc<FileOrigin> {
        let report = check_env_file(EnvText { path, text, policy: &Policy::default() });
        Rc::new(FileOrigin {
            path: path.to_owned(),
            key: report.key.map(|(key, _)| key),
            is_gone: !self.change.after.lists(path),
            commit,
            settings: Rc::clone(settings),
            hidden: report.hidden,
            names: report.names.into_iter().map(|(name, _)| name).collect(),
        })
    }
}

pub(super) struct PastFile {
    path: PathBuf,
    file: FileRef,
    /// The last commit that had it.
    commit: ObjectId,
}

/// Returns the regular files in the history of `tips` at wanted paths, each path once, as the newest commit had it; and the
/// commit at which a shallow clone ends.
pub(super) fn past_files(
    repo: &Repo,
    tips: &[ObjectId],
    is_wanted: fn(&Path) -> bool,
) -> Result<(Vec<PastFile>, Option<ObjectId>), Error> {
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    let (mut commits, cut) = repo.reachable(tips, &[])?;
    commits.reverse();
    for (at, (commit, parents)) in commits.iter().enumerate() {
        read_ahead(repo, &commits, at)?;
        let root = parents.is_empty().then_some(None);
        for parent in parents.iter().copied().map(Some).chain(root) {
            for ChangedFile { path, before, after } in repo.changes(parent, Some(*commit))? {
                let (file, commit) = match (after, before, parent) {
                    (Some(file), ..) => (file, *commit),
                    (None, Some(file), Some(parent)) => (file, parent),
                    _ => continue,
                };
                if file.kind == FileKind::File && is_wanted(&path) && seen.insert(path.clone()) {
                    found.push(PastFile { path, file, commit });
                }
            }
        }
    }
    Ok((found, cut))
}
