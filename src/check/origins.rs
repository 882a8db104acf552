//! Where the env files of a change come from. One that is moved, copied or brought back keeps what it had where it last
//! stood: its key, the policy over its names, and what is owed to removed members.

use std::cell::{Cell, OnceCell};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::error::GuardError;
use super::files::is_judged;
use super::history::read_ahead;
use super::policies::Policies;
use super::teams::Teams;
use super::view::View;
use crate::check::rules::{EnvReport, EnvText, env_file};
use crate::config::EnvName;
use crate::crypto::{PublicKey, Refs};
use crate::git::{Changed, FileKind, FileRef, ObjectId, Repo};
use crate::team::Policy;

/// What held for the env files of a commit.
pub(super) struct Past {
    pub(super) policies: Policies,
    pub(super) teams: Teams,
}

impl Past {
    /// Reads the policies and team files of `view`.
    pub(super) fn of(view: &View<'_>) -> Result<Self, GuardError> {
        Ok(Self { policies: Policies::of(view)?, teams: Teams::of(view)? })
    }
}

/// An env file as it stood before.
pub(super) struct Origin {
    /// Where it stood.
    pub(super) path: PathBuf,
    /// Its public key.
    pub(super) key: Option<PublicKey>,
    /// Whether it stands there no more.
    pub(super) is_gone: bool,
    /// The commit that had it last; none where it is the one before the change.
    pub(super) commit: Option<ObjectId>,
    /// What held for it.
    pub(super) past: Rc<Past>,
    names: BTreeSet<String>,
    hidden: BTreeMap<String, (usize, Refs)>,
}

impl Origin {
    /// Whether it had a variable of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The names that a variable could refer to, if it showed nothing of what it held.
    pub(super) fn hidden(&self, name: &str) -> Option<&Refs> {
        self.hidden.get(name).map(|(_, refs)| refs)
    }

    /// Whether it could hold this name as plain text: by a policy, or because it was left out.
    pub(super) fn allows(&self, name: &str) -> bool {
        let policies = &self.past.policies;
        policies.excludes(&self.path) || policies.for_file(&self.path).1.is_plain(name)
    }
}

/// Finds the origins of a change's env files.
pub(super) struct Origins<'a> {
    before: &'a View<'a>,
    after: HashSet<&'a Path>,
    past: Rc<Past>,
    /// The repository, and the commits whose history counts; none where only the commit before does.
    history: Option<(&'a Repo, Vec<ObjectId>)>,
    /// Whether an env file is there no more.
    any_gone: bool,
    there: OnceCell<Vec<Rc<Origin>>>,
    once: OnceCell<Vec<Rc<Origin>>>,
    cut: Cell<Option<ObjectId>>,
}

impl<'a> Origins<'a> {
    /// Among the files of `before`, for which `past` held.
    pub(super) fn new(before: &'a View<'a>, after: &'a View<'a>, past: Rc<Past>) -> Self {
        let after = after.paths();
        let any_gone = before.files().any(|path| is_judged(path) && !after.contains(path));
        let (there, once) = (OnceCell::new(), OnceCell::new());
        Self { before, after, past, history: None, any_gone, there, once, cut: Cell::default() }
    }

    /// Also among the files that stood in the history of `tips`.
    pub(super) fn with_history(self, objects: &'a Repo, tips: Vec<ObjectId>) -> Self {
        Self { history: Some((objects, tips)), ..self }
    }

    /// The commit at which a shallow clone ends, where history was asked: what an env file had before is not known then.
    pub(super) fn cut(&self) -> Option<ObjectId> {
        self.cut.get()
    }

    /// Returns where the env file at `path`, which holds what `report` says, may come from: the file at that path before,
    /// one with the same key, and one of its environment that is gone and had some of the same names. Others than the
    /// first are looked for only where a file is gone, or this one is new or has a key that it had not; history, where it
    /// is new or has such a key, and no file is gone that it could come from.
    pub(super) fn of(&self, path: &Path, report: &EnvReport) -> Result<Vec<Rc<Origin>>, GuardError> {
        let key = report.key.map(|(key, _)| key);
        let own = self.before.read(path)?.map(|text| self.origin(path, &text, None, &self.past));
        let is_as_before = own.as_ref().is_some_and(|own| own.key == key);
        let mut origins: Vec<_> = own.into_iter().collect();
        if is_as_before && !self.any_gone {
            return Ok(origins);
        }
        let env = EnvName::of_file(path).ok();
        let is_one = |origin: &&Rc<Origin>| {
            let has_key = origin.key.is_some() && origin.key == key;
            let is_env = || env.is_some() && EnvName::of_file(&origin.path).ok() == env;
            let shares = || report.names.iter().any(|(name, _)| origin.has(name));
            origin.path == path || !is_as_before && has_key || origin.is_gone && is_env() && shares()
        };
        let there = self.all_there()?.iter().filter(|origin| origin.path != path);
        origins.extend(there.filter(is_one).cloned());
        if !is_as_before && !origins.iter().any(|origin| origin.is_gone) {
            origins.extend(self.all_once()?.iter().filter(is_one).cloned());
        }
        Ok(origins)
    }

    /// The env files of the commit before.
    fn all_there(&self) -> Result<&[Rc<Origin>], GuardError> {
        if let Some(found) = self.there.get() {
            return Ok(found);
        }
        let mut found = Vec::new();
        for path in self.before.files().filter(|path| is_judged(path)) {
            if let Some(text) = self.before.read(path)? {
                found.push(self.origin(path, &text, None, &self.past));
            }
        }
        Ok(self.there.get_or_init(|| found))
    }

    /// The env files that only the history had, the newest first.
    fn all_once(&self) -> Result<&[Rc<Origin>], GuardError> {
        let Some((objects, tips)) = &self.history else { return Ok(&[]) };
        if let Some(found) = self.once.get() {
            return Ok(found);
        }
        let there = self.before.paths();
        let mut pasts: HashMap<ObjectId, Rc<Past>> = HashMap::new();
        let mut found = Vec::new();
        let (stood, cut) = last_stood(objects, tips, is_judged)?;
        self.cut.set(self.cut.get().or(cut));
        for Stood { path, file, commit } in stood {
            if there.contains(path.as_path()) {
                continue;
            }
            let past = match pasts.entry(commit) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(Rc::new(Past::of(&View::commit(objects, Some(commit))?)?)),
            };
            found.push(self.origin(&path, &objects.blob(file.id)?, Some(commit), past));
        }
        Ok(self.once.get_or_init(|| found))
    }

    fn origin(&self, path: &Path, text: &[u8], commit: Option<ObjectId>, past: &Rc<Past>) -> Rc<Origin> {
        let report = env_file(EnvText { path, text, policy: &Policy::default() });
        Rc::new(Origin {
            path: path.to_owned(),
            key: report.key.map(|(key, _)| key),
            is_gone: !self.after.contains(path),
            commit,
            past: Rc::clone(past),
            hidden: report.hidden,
            names: report.names.into_iter().map(|(name, _)| name).collect(),
        })
    }
}

/// A file that stood in a history.
pub(super) struct Stood {
    path: PathBuf,
    file: FileRef,
    /// The last commit that had it.
    commit: ObjectId,
}

/// Returns the regular files that stood in the history of `tips` at paths that `wanted` takes, each path once, as the
/// newest commit had it; and the commit at which a shallow clone ends, where what stood there before is not known.
pub(super) fn last_stood(
    objects: &Repo,
    tips: &[ObjectId],
    wanted: fn(&Path) -> bool,
) -> Result<(Vec<Stood>, Option<ObjectId>), GuardError> {
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    let (mut commits, cut) = objects.commits_of(tips)?;
    commits.reverse();
    for (at, (commit, parents)) in commits.iter().enumerate() {
        read_ahead(objects, &commits, at)?;
        let root = parents.is_empty().then_some(None);
        for parent in parents.iter().copied().map(Some).chain(root) {
            for Changed { path, before, after } in objects.changes(parent, Some(*commit))? {
                let (file, commit) = match (after, before, parent) {
                    (Some(file), ..) => (file, *commit),
                    (None, Some(file), Some(parent)) => (file, parent),
                    _ => continue,
                };
                if file.kind == FileKind::File && wanted(&path) && seen.insert(path.clone()) {
                    found.push(Stood { path, file, commit });
                }
            }
        }
    }
    Ok((found, cut))
}
