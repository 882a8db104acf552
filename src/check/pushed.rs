//! What is pushed, or proposed for a merge: the commits that are to be judged, or what a tag holds that is no commit.

use std::collections::HashSet;
use std::path::PathBuf;

use globset::GlobBuilder;

use super::error::GuardError;
use super::policies::Policies;
use super::range::{leaks_of_env_file, range};
use super::report::{Options, Report};
use super::schemas::Schemas;
use super::search::{Change, Search, in_memory};
use super::secrets::known_values;
use super::staged::{Texts, env_texts};
use super::view::View;
use crate::git::{FileKind, FileRef, ObjectId, Peeled, Repo, range_ends};

/// Commits that are to be judged.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    /// The commit whose policy holds, and with which the end is compared; none where all is new.
    pub base: Option<ObjectId>,
    /// The last commit.
    pub tip: ObjectId,
    /// What can be reached from these is not judged.
    pub known: Vec<ObjectId>,
}

/// What a ref is to stand on.
#[derive(Clone, Debug)]
pub(crate) enum Pushed {
    /// A commit, with others before it.
    Commits(Range),
    /// A folder without a history, as a tag can name one.
    Tree(ObjectId),
    /// A single file, as a tag can name one.
    Blob(ObjectId),
}

impl Pushed {
    /// `A..B`, either side HEAD when left out. `A` of zeros stands for a ref that is new: every commit of `B` that no
    /// known ref has (githooks(5), pre-receive). `A...B` starts where the two have parted.
    pub(crate) fn parse(objects: &Repo, text: &str) -> Result<Self, GuardError> {
        let (start, end, parted) = range_ends(text).unwrap_or((text, "", false));
        let tip = match objects.peel(if end.is_empty() { "HEAD" } else { end })? {
            Peeled::Commit(tip) => tip,
            Peeled::Tree(tree) => return Ok(Self::Tree(tree)),
            Peeled::Blob(blob) => return Ok(Self::Blob(blob)),
        };
        let is_new = !start.is_empty() && start.bytes().all(|b| b == b'0');
        let start =
            if is_new { None } else { Some(objects.peel(if start.is_empty() { "HEAD" } else { start })?) };
        // A ref that stood on no commit has no history to go on from.
        let Some(Peeled::Commit(start)) = start else {
            return Ok(Self::Commits(Range::new_ref(objects, tip, known_tips(objects)?)?));
        };
        let base = if parted { objects.merge_base(start, tip)?.unwrap_or(start) } else { start };
        Ok(Self::Commits(Range { base: Some(base), tip, known: vec![base] }))
    }

    /// Checks it.
    pub(crate) fn check(&self, objects: &Repo, options: &Options<'_>) -> Result<Report, GuardError> {
        match self {
            Self::Commits(commits) => range(objects, commits, options),
            Self::Tree(id) => loose(objects, *id, &objects.files(Some(*id))?, options),
            Self::Blob(id) => {
                let file = FileRef { id: *id, kind: FileKind::File };
                loose(objects, *id, &[(PathBuf::from(id.to_string()), file)], options)
            }
        }
    }
}

impl Range {
    /// What a ref that is new brings, when the commits below `known` are known. The policy is that of the last known
    /// commit it starts from.
    pub(crate) fn new_ref(objects: &Repo, tip: ObjectId, known: Vec<ObjectId>) -> Result<Self, GuardError> {
        let new = objects.commits(&[tip], &known)?;
        let is_new: HashSet<_> = new.iter().copied().collect();
        if !is_new.contains(&tip) {
            return Ok(Self { base: Some(tip), tip, known });
        }
        // Every commit is asked, for a history of its own may have been merged in, on either side.
        for commit in new.iter().rev() {
            let parents = objects.parents(*commit)?;
            if let Some(base) = parents.into_iter().find(|parent| !is_new.contains(parent)) {
                return Ok(Self { base: Some(base), tip, known });
            }
        }
        Ok(Self { base: None, tip, known })
    }
}

/// The refs whose commits count as judged, unless `envseal.knownRefs` names others. A forge fills other namespaces with
/// whatever anyone proposes (`refs/pull/*`, `refs/merge-requests/*`, `refs/changes/*`), and asks no hook.
const KNOWN_REFS: [&str; 2] = ["refs/heads/", "refs/tags/"];

/// Returns the commits that the known refs of this repository stand on. Which these are is said by its own configuration:
/// nothing that is pushed has a part in it.
fn known_tips(objects: &Repo) -> Result<Vec<ObjectId>, GuardError> {
    let mut wanted = objects.settings("envseal.knownRefs")?;
    if wanted.is_empty() {
        wanted = KNOWN_REFS.map(str::to_owned).to_vec();
    }
    // What is no glob matches nothing, so that more is judged.
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
    Ok(objects.tips_of(&is_known)?)
}

/// Returns the commits that a remote's branches and tags stood on when they were last fetched or pushed. What was fetched
/// into the same folder from other refs, such as those of pull requests, is left out (git-config(1), `remote.<name>.fetch`).
pub(crate) fn known_of_remote(objects: &Repo, remote: &str) -> Result<Vec<ObjectId>, GuardError> {
    let specs = objects.settings(&format!("remote.{remote}.fetch"))?;
    let others = specs.iter().filter_map(|spec| spec.trim_start_matches('+').split_once(':'));
    let others = others.filter(|(from, _)| !KNOWN_REFS.iter().any(|known| from.starts_with(known)));
    let others: Vec<_> = others.map(|(_, to)| to.split_once('*').unwrap_or((to, ""))).collect();
    let folder = format!("refs/remotes/{remote}/");
    let is_known = |name: &[u8]| {
        let name = String::from_utf8_lossy(name);
        let is_other = |(start, end): &(&str, &str)| name.starts_with(start) && name.ends_with(end);
        name.starts_with(&folder) && !others.iter().any(is_other)
    };
    Ok(objects.tips_of(&is_known)?)
}

/// Checks files that no commit holds. No policy is theirs, so that in env files among them nothing is plain but by a mark.
fn loose(
    objects: &Repo,
    id: ObjectId,
    files: &[(PathBuf, FileRef)],
    options: &Options<'_>,
) -> Result<Report, GuardError> {
    let mut report = Report::default();
    let policies = Policies::of(&View::nothing())?;
    let view = View::commit_of(objects, id, files.iter().cloned());
    let texts = env_texts(&view, &policies)?;
    report.env_files = texts.len();
    let root = objects.root();
    let known = known_values(&texts, &Texts::new(), &Schemas::default(), root, options, &mut report);
    report.findings = known.findings;
    let search = Search::new(known.leaks, Some(objects), &policies);
    for (done, (path, now)) in files.iter().enumerate() {
        (options.progress)(done, files.len());
        if now.kind != FileKind::Submodule {
            let text = objects.blob(now.id)?;
            let bytes = in_memory(&text);
            let change = Change { path, bytes: &bytes, before: None, base: None };
            report.findings.extend(search.findings(&change)?);
            report.findings.extend(leaks_of_env_file(path, &text, &policies, now.kind));
            report.searched += 1;
        }
    }
    Ok(report.sorted())
}
