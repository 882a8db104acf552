//! The commits to be checked that are pushed, or proposed for a merge; and tags of something else.

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
use crate::git::{FileKind, FileRef, ObjectId, Peeled, Repo, range_ends};

#[derive(Clone, Debug)]
pub(crate) struct CommitRange {
    /// The commit whose policy holds, and with which the end is compared. None if all is new.
    pub base: Option<ObjectId>,
    /// The last commit.
    pub tip: ObjectId,
    /// Commits that can be reached from these are not checked.
    pub known: Vec<ObjectId>,
}

/// The target of a ref. A tag can name a folder without a history, or a single file.
#[derive(Clone, Debug)]
pub(crate) enum Pushed {
    Commits(CommitRange),
    Tree(ObjectId),
    Blob(ObjectId),
}

impl Pushed {
    /// Parses `A..B`, either side HEAD if omitted. Zeros for `A` stand for a new ref: every commit of `B` that no known ref
    /// has (githooks(5), pre-receive). `A...B` starts where the two have parted.
    pub(crate) fn parse(repo: &Repo, text: &str) -> Result<Self, Error> {
        let (start, end, parted) = range_ends(text).unwrap_or((text, "", false));
        let tip = match repo.peel(if end.is_empty() { "HEAD" } else { end })? {
            Peeled::Commit(tip) => tip,
            Peeled::Tree(tree) => return Ok(Self::Tree(tree)),
            Peeled::Blob(blob) => return Ok(Self::Blob(blob)),
        };
        let is_new = !start.is_empty() && start.bytes().all(|b| b == b'0');
        let start =
            if is_new { None } else { Some(repo.peel(if start.is_empty() { "HEAD" } else { start })?) };
        // A ref that stood on no commit has no history to go on from.
        let Some(Peeled::Commit(start)) = start else {
            return Ok(Self::Commits(CommitRange::new_ref(repo, tip, known_tips(repo)?)?));
        };
        let base = if parted { repo.merge_base(start, tip)?.unwrap_or(start) } else { start };
        Ok(Self::Commits(CommitRange { base: Some(base), tip, known: vec![base] }))
    }

    pub(crate) fn check(&self, repo: &Repo, options: &CheckOptions<'_>) -> Result<CheckReport, Error> {
        match self {
            Self::Commits(commits) => range(repo, commits, options),
            Self::Tree(id) => loose_files(repo, *id, &repo.files(Some(*id))?, options),
            Self::Blob(id) => {
                let file = FileRef { id: *id, kind: FileKind::File };
                loose_files(repo, *id, &[(PathBuf::from(id.to_string()), file)], options)
            }
        }
    }
}

impl CommitRange {
    /// Returns what a new ref brings if the commits below `known` are known. The policy is that of the last known commit it
    /// starts from.
    pub(crate) fn new_ref(repo: &Repo, tip: ObjectId, known: Vec<ObjectId>) -> Result<Self, Error> {
        let new = repo.commits(&[tip], &known)?;
        let is_new: HashSet<_> = new.iter().copied().collect();
        if !is_new.contains(&tip) {
            return Ok(Self { base: Some(tip), tip, known });
        }
        // Every commit is asked, since a history of its own may have been merged in, on either side.
        for commit in new.iter().rev() {
            let parents = repo.parents(*commit)?;
            if let Some(base) = parents.into_iter().find(|parent| !is_new.contains(parent)) {
                return Ok(Self { base: Some(base), tip, known });
            }
        }
        Ok(Self { base: None, tip, known })
    }
}

/// The refs whose commits count as checked, unless `envseal.knownRefs` names others. A forge fills other namespaces with
/// whatever anyone proposes (`refs/pull/*`, `refs/merge-requests/*`, `refs/changes/*`), and asks no hook.
const KNOWN_REFS: [&str; 2] = ["refs/heads/", "refs/tags/"];

/// Returns the commits that the known refs of this repository stand on. Its own configuration says which these are: nothing
/// that is pushed has a part in it.
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

/// Returns the commits that a remote's branches and tags stood on when they were last fetched or pushed. What was fetched
/// into the same folder from other refs, such as those of pull requests, is left out (git-config(1), `remote.<name>.fetch`).
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

/// Checks files that no commit holds. No policy is theirs, so nothing in env files among them is plain except by a mark.
fn loose_files(
    repo: &Repo,
    id: ObjectId,
    files: &[(PathBuf, FileRef)],
    options: &CheckOptions<'_>,
) -> Result<CheckReport, Error> {
    let change = CheckedChange {
        repo: Some(repo),
        root: repo.root(),
        before: Snapshot::empty(),
        after: Snapshot::listed(repo, id, files.to_vec()),
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
