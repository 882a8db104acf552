//! Checks a push or a proposed merge: ranges of commits, and tags of other objects.

use std::collections::HashSet;
use std::path::PathBuf;
use std::rc::Rc;

use globset::GlobBuilder;

use super::change::{CheckedChange, Review};
use super::range::{plaintext_in, range};
use super::search::{FileContent, SearchedFile};
use super::secrets::EnvTexts;
use super::settings::Settings;
use super::snapshot::Snapshot;
use super::{CheckOptions, CheckReport};
use crate::error::Error;
use crate::git::{FileKind, FileRef, ObjectId, Peeled, RangeEnds, Repo};

#[derive(Clone, Debug)]
pub(crate) struct CommitRange {
    /// The commit whose policy applies and with which the last commit is compared. None if everything is new.
    pub base: Option<ObjectId>,
    /// The commit at which the last commit parted from the base, if it is to be merged into it: files that only the
    /// base has changed since then are as they are there.
    pub fork: Option<ObjectId>,
    /// The last commit.
    pub tip: ObjectId,
    /// Commits that can be reached from these are not checked.
    pub known: Vec<ObjectId>,
}

/// The target of a ref.
#[derive(Clone, Debug)]
pub(crate) enum Pushed {
    Commits(CommitRange),
    /// A tag can name a folder without a history, or a single file.
    Loose(Peeled),
}

impl Pushed {
    /// Finds what `A..B` adds. Zeros for `A` mean a new ref: every commit of `B` that no known ref has (githooks(5),
    /// pre-receive). `A...B` is what a merge of `B` into `A` brings.
    pub(crate) fn of_range(repo: &Repo, ends: &RangeEnds<'_>) -> Result<Self, Error> {
        let tip = match repo.peel(ends.end)? {
            Peeled::Commit(tip) => tip,
            loose => return Ok(Self::Loose(loose)),
        };
        let is_new = ends.start.bytes().all(|b| b == b'0');
        let start = if is_new { None } else { Some(repo.peel(ends.start)?) };
        // A ref that didn't name a commit has no history to start from.
        let Some(Peeled::Commit(start)) = start else {
            return Ok(Self::Commits(CommitRange::new_ref(repo, tip, known_tips(repo)?)?));
        };
        // Of several merge bases, an author can choose one that hides what was undone since another.
        let fork = match ends.is_merge.then(|| repo.merge_bases(start, tip)).transpose()?.as_deref() {
            Some([fork]) => Some(*fork),
            _ => None,
        };
        Ok(Self::Commits(CommitRange { base: Some(start), fork, tip, known: vec![start] }))
    }

    /// Returns true if the last commit of the range lacks commits of its base. What they changed may count as undone.
    pub(crate) fn is_behind(&self, repo: &Repo) -> bool {
        let Self::Commits(CommitRange { base: Some(base), tip, .. }) = self else { return false };
        repo.merge_base(*base, *tip).is_ok_and(|common| common.is_some_and(|common| common != *base))
    }

    pub(crate) fn check(&self, repo: &Repo, options: &CheckOptions<'_>) -> Result<CheckReport, Error> {
        match self {
            Self::Commits(commits) => range(repo, commits, options),
            Self::Loose(object) => check_loose(repo, *object, options),
        }
    }
}

impl CommitRange {
    /// Returns what a new ref adds to the history of `known`, by the policy of the last known commit that it starts from.
    pub(crate) fn new_ref(repo: &Repo, tip: ObjectId, known: Vec<ObjectId>) -> Result<Self, Error> {
        let new = repo.commits(&[tip], &known)?;
        let is_new: HashSet<_> = new.iter().copied().collect();
        let mut base = Some(tip).filter(|tip| !is_new.contains(tip));
        // Looks at every commit, since an unrelated history may have been merged in, on either side.
        let mut commits = new.iter().rev();
        while base.is_none()
            && let Some(commit) = commits.next()
        {
            base = repo.parents(*commit)?.into_iter().find(|parent| !is_new.contains(parent));
        }
        Ok(Self { base, fork: None, tip, known })
    }
}

/// The refs whose commits count as checked, unless `envseal.knownRefs` names others. A forge puts anyone's proposals
/// into other namespaces (`refs/pull/*`, `refs/merge-requests/*`, `refs/changes/*`), and runs no hook for them.
const KNOWN_REFS: [&str; 2] = ["refs/heads/", "refs/tags/"];

/// Returns the commits that the known refs of this repository point to. Only the repository's own configuration says
/// which refs these are, so a push can't change it.
fn known_tips(repo: &Repo) -> Result<Vec<ObjectId>, Error> {
    let mut wanted = repo.settings("envseal.knownRefs")?;
    if wanted.is_empty() {
        wanted = KNOWN_REFS.map(str::to_owned).to_vec();
    }
    // An invalid glob matches nothing, so that more is checked.
    let globs: Vec<_> = wanted.iter().filter_map(|text| GlobBuilder::new(text).build().ok()).collect();
    let globs: Vec<_> = globs.iter().map(globset::Glob::compile_matcher).collect();
    let is_below = |name: &str, folder: &str| {
        let rest = name.strip_prefix(folder.trim_end_matches('/'));
        !folder.is_empty() && rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let is_known = |name: &[u8]| {
        let name = String::from_utf8_lossy(name);
        globs.iter().any(|glob| glob.is_match(&*name)) || wanted.iter().any(|folder| is_below(&name, folder))
    };
    Ok(repo.tips_of(&is_known)?)
}

/// Returns the commits that a remote's branches and tags pointed to when they were last fetched or pushed. Leaves out
/// other refs fetched into the same folder, such as pull requests (git-config(1), `remote.<name>.fetch`).
pub(crate) fn known_of_remote(repo: &Repo, remote: &str) -> Result<Vec<ObjectId>, Error> {
    let specs = repo.settings(&format!("remote.{remote}.fetch"))?;
    let others = specs.iter().filter_map(|spec| spec.trim_start_matches('+').split_once(':'));
    let others = others.filter(|(from, _)| !KNOWN_REFS.iter().any(|known| from.starts_with(known)));
    let others: Vec<_> = others.map(|(_, to)| to.split_once('*').unwrap_or((to, ""))).collect();
    let folder = format!("refs/remotes/{remote}/");
    let is_known = |name: &[u8]| {
        let name = String::from_utf8_lossy(name);
        let is_other = |(start, end): &(&str, &str)| name.starts_with(start) && name.ends_with(end);
        name.starts_with(&folder) && !others.iter().any(is_other)
    };
    Ok(repo.tips_of(&is_known)?)
}

/// Returns the files of a folder or a file that is in no commit. A single file has its id as its name.
pub(super) fn loose_files(repo: &Repo, object: Peeled) -> Result<Vec<(PathBuf, FileRef)>, Error> {
    Ok(match object {
        Peeled::Commit(_) => Vec::new(),
        Peeled::Tree(id) => repo.files(Some(id))?,
        Peeled::Blob(id) => vec![(id.to_string().into(), FileRef { id, kind: FileKind::File })],
    })
}

/// Checks files that are not in a commit. No policy applies to them, so in env files only a mark makes a value plain.
fn check_loose(repo: &Repo, object: Peeled, options: &CheckOptions<'_>) -> Result<CheckReport, Error> {
    let files = loose_files(repo, object)?;
    let (Peeled::Commit(id) | Peeled::Tree(id) | Peeled::Blob(id)) = object;
    let change = CheckedChange {
        repo: Some(repo),
        root: repo.root(),
        before: Snapshot::empty(),
        after: Snapshot::listed(repo, id, files.clone()),
        settings_before: Rc::default(),
        settings: Settings::default(),
        review: Review::Pending,
        is_whole: false,
    };
    let mut report = CheckReport::default();
    let (search, found) = change.search(EnvTexts::new(), options, &mut report)?;
    report.findings = found;
    for (done, (path, now)) in files.iter().enumerate() {
        (options.progress)(done, files.len());
        if now.kind != FileKind::Submodule {
            let text = repo.blob(now.id)?;
            let file = SearchedFile { path, content: FileContent::Text(&text), before: None, base: None };
            search.check(&file, &mut report)?;
            report.findings.extend(plaintext_in(path, &text, change.rules(), now.kind));
        }
    }
    Ok(report.sorted())
}
