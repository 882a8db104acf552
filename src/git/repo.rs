//! The repository of a folder, which git describes in a single call, and its name, which is the same in every clone.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::rc::Rc;

use super::command::{bytes_arg, complaint, fetching_git, git, has_complaint, output, split};
use super::history::FileVersions;
use super::objects::{CatFile, FileRef, ObjectFormat, ObjectId};
use super::paths::{absolute, from_git, named_worktree, real_entry, real_folder, same_folder};
use super::tree::TreeCache;
use super::{GitError, find_root};
use crate::config::{self, GitLocation};
use crate::fs;

/// The oldest git that works: older ones do not know `safe.bareRepository`. They are recognized by an option of
/// `rev-parse` that was added in the same version.
pub(crate) const OLDEST: &str = "2.39";

/// A git repository: a plain one, a linked worktree, a submodule, or a bare one that `GIT_DIR` names.
pub struct Repo {
    root: PathBuf,
    /// The worktree's root with its symlinks resolved; None in a bare repository.
    real_root: Option<PathBuf>,
    pub(super) facts: RepoFacts,
    /// The absolute paths in the process's environment that locate this repository.
    pub(super) location: GitLocation,
    may_fetch: Cell<bool>,
    head: OnceCell<Option<ObjectId>>,
    /// The remote with the objects that a partial clone lacks.
    promisor: OnceCell<Option<String>>,
    pub(super) reader: RefCell<Option<CatFile>>,
    pub(super) trees: RefCell<TreeCache>,
    pub(super) commit_trees: RefCell<HashMap<ObjectId, ObjectId>>,
    pub(super) index: OnceCell<Vec<(PathBuf, FileRef)>>,
    /// Files of `index` that git does not look for in the worktree (git-update-index(1), skip-worktree).
    pub(super) skipped: RefCell<HashSet<PathBuf>>,
    /// Files that git listed for this command as tracked, or as not ignored; relative to the root.
    pub(super) listed: RefCell<HashSet<PathBuf>>,
    /// Git's answers about the worktree, each with [`fs::changes`] from before it was asked.
    answers: RefCell<HashMap<Question, (usize, Rc<Output>)>>,
    /// By path: versions in the history of HEAD.
    pub(super) versions: RefCell<HashMap<PathBuf, FileVersions>>,
}

/// The arguments of a call of git, and its input.
type Question = (Vec<OsString>, Vec<u8>);

/// Git's answer about a repository.
pub(super) struct RepoFacts {
    git_dir: PathBuf,
    common_dir: PathBuf,
    pub(super) exclude: PathBuf,
    pub(super) index: PathBuf,
    attributes: PathBuf,
    pub(super) format: ObjectFormat,
    shallow: bool,
    /// None in a bare repository.
    top: Option<PathBuf>,
    /// None if HEAD names no commit, or git did not print it.
    head: Option<ObjectId>,
}

impl Repo {
    /// Returns the repository that the folder `path` is in, or None outside git. `found` is the result of [`find_root`].
    /// A bare repository counts only if `GIT_DIR` names it, as git does for its hooks.
    ///
    /// Git's environment (`GIT_DIR`, `GIT_WORK_TREE`, `GIT_INDEX_FILE`) applies only to the folders of the worktree
    /// that it names. Rejects another user's repository, unless git's `safe.directory` allows it.
    fn discover(path: &Path, found: Option<PathBuf>) -> Result<Option<Self>, GitError> {
        let location = config::git_location();
        let start = real_folder(&absolute(path)?)?;
        if let Some(git_dir) = &location.git_dir {
            if let Some(facts) = RepoFacts::ask(Path::new("."), &location)? {
                let root = facts.top.as_ref().unwrap_or(&facts.git_dir).clone();
                if start.starts_with(real_folder(&root)?) {
                    return Self::new(root, facts, location).map(Some);
                }
            } else if let Some((root, _)) = named_worktree()
                && start.starts_with(real_folder(&root)?)
            {
                return Err(GitError::failed(
                    git_dir,
                    "open",
                    "GIT_DIR names it, and git does not recognize it",
                ));
            }
        }
        let Some(root) = found else { return Ok(None) };
        let here = find_root(Path::new(".")).is_some_and(|here| same_folder(&here, &root));
        let location = if here && location.git_dir.is_none() { location } else { GitLocation::default() };
        // There is a `.git`: if git does not recognize it as a repository, it is damaged, not absent.
        let dot_git = root.join(".git");
        let passed_over = |facts: &RepoFacts| {
            location.git_dir.is_none() && dot_git.is_dir() && !same_folder(&facts.git_dir, &dot_git)
        };
        let Some(facts) = RepoFacts::ask(&root, &location)?.filter(|facts| !passed_over(facts)) else {
            let message = format!("git does not recognize {}; it may be damaged", dot_git.display());
            return Err(GitError::failed(&root, "open", &message));
        };
        match facts.top.clone() {
            // The caller's spelling, unless core.worktree points elsewhere.
            Some(top) => Self::new(if same_folder(&top, &root) { root } else { top }, facts, location),
            // A `.git` beside worktrees that leads to a bare repository: its history can be read.
            None => {
                let git_dir = facts.git_dir.clone();
                Self::new(git_dir.clone(), facts, location.with_git_dir(git_dir))
            }
        }
        .map(Some)
    }

    /// Returns the repository that git would use for a command given here: the one that `GIT_DIR` names, wherever that
    /// is, otherwise that of the current folder.
    fn current() -> Result<Self, GitError> {
        let location = config::git_location();
        let here = absolute(Path::new("."))?;
        if location.git_dir.is_none() {
            return Self::open(&here);
        }
        let facts = RepoFacts::ask(&here, &location)?.ok_or_else(|| GitError::not_a_repository(&here))?;
        let root = facts.top.as_ref().unwrap_or(&facts.git_dir).clone();
        Self::new(root, facts, location)
    }

    /// Like [`Self::discover`], with an error outside git.
    pub fn open(path: &Path) -> Result<Self, GitError> {
        Self::discover(path, find_root(path))?.ok_or_else(|| GitError::not_a_repository(path))
    }

    fn new(root: PathBuf, facts: RepoFacts, location: GitLocation) -> Result<Self, GitError> {
        Ok(Self {
            root,
            real_root: facts.top.as_deref().map(real_folder).transpose()?,
            head: facts.head.map(Some).map_or_else(OnceCell::new, OnceCell::from),
            facts,
            location,
            may_fetch: Cell::new(false),
            promisor: OnceCell::new(),
            reader: RefCell::default(),
            trees: RefCell::default(),
            commit_trees: RefCell::default(),
            index: OnceCell::new(),
            skipped: RefCell::default(),
            listed: RefCell::default(),
            answers: RefCell::default(),
            versions: RefCell::default(),
        })
    }

    /// Lets git fetch what a partial clone lacks, but for a push in quarantine, which must be whole (git-receive-pack(1)).
    pub(crate) fn allow_fetching(&self) {
        if !self.location.is_quarantine() {
            self.may_fetch.set(true);
        }
    }

    /// Returns the worktree's absolute root, spelled as it was found or given if that is the same folder. For a bare
    /// repository, returns its own folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn is_bare(&self) -> bool {
        self.real_root.is_none()
    }

    /// Returns the git folder of this worktree; for a linked worktree `.git/worktrees/NAME` of the main one.
    pub(crate) fn git_dir(&self) -> &Path {
        &self.facts.git_dir
    }

    /// Returns the git folder that all worktrees share, with the hooks, `info/exclude` and the configuration.
    pub(crate) fn common_dir(&self) -> &Path {
        &self.facts.common_dir
    }

    /// Returns the attributes file for all worktrees of this clone only (gitattributes(5)). It need not exist.
    pub(crate) fn attributes_path(&self) -> &Path {
        &self.facts.attributes
    }

    /// Returns true if the next commit concludes a merge (gitrevisions(7), `MERGE_HEAD`).
    pub(crate) fn is_merging(&self) -> bool {
        self.git_dir().join("MERGE_HEAD").exists()
    }

    pub(crate) fn is_shallow(&self) -> bool {
        self.facts.shallow
    }

    /// Returns the commit of HEAD at the time of the first call, or None before the first commit.
    pub(crate) fn head(&self) -> Result<Option<ObjectId>, GitError> {
        once(&self.head, || self.read_head()).copied()
    }

    fn read_head(&self) -> Result<Option<ObjectId>, GitError> {
        let done = output(self.call(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]), &[])?;
        let doing = "read the HEAD of";
        match ObjectId::parse(done.stdout.trim_ascii()) {
            Some(head) => Ok(Some(head)),
            None if self.is_unborn()? => Ok(None),
            None if has_complaint(&done.stderr) => Err(self.failed(doing, &done)),
            None => Err(GitError::failed(&self.root, doing, "it leads to no commit that can be read")),
        }
    }

    /// Returns true if HEAD names a branch without a commit; false if the branch cannot be read.
    fn is_unborn(&self) -> Result<bool, GitError> {
        let branch = output(self.call(&["symbolic-ref", "--quiet", "HEAD"]), &[])?;
        if !branch.status.success() {
            return Ok(false);
        }
        let mut call = self.call(&["for-each-ref", "--format=%(refname)", "--"]);
        call.arg(bytes_arg(branch.stdout.trim_ascii()));
        let refs = output(call, &[])?;
        Ok(refs.status.success() && refs.stdout.is_empty() && !has_complaint(&refs.stderr))
    }

    /// Returns `path` relative to the root, as in a commit: its folder is resolved, its last name is not. In a bare
    /// repository it must be relative already.
    pub(crate) fn relative(&self, path: &Path) -> Result<PathBuf, GitError> {
        if self.is_bare() { Ok(path.to_owned()) } else { self.below_root(&real_entry(path)?, path) }
    }

    /// Returns the folder `dir`, fully resolved, relative to the worktree; empty for the root.
    pub(super) fn relative_folder(&self, dir: &Path) -> Result<PathBuf, GitError> {
        self.below_root(&real_folder(&absolute(dir)?)?, dir)
    }

    fn below_root(&self, real: &Path, path: &Path) -> Result<PathBuf, GitError> {
        let root = self.real_root.as_ref().ok_or_else(|| GitError::not_a_repository(&self.root))?;
        let below = real.strip_prefix(root).map(Path::to_path_buf);
        below.map_err(|_| GitError::outside_worktree(path, &self.root))
    }

    /// Returns a call of git on this repository.
    pub(super) fn call(&self, args: &[&str]) -> Command {
        let mut call = git(&self.root, &self.location);
        call.args(args);
        call
    }

    /// Runs a call that must succeed; returns its output.
    pub(super) fn ask(&self, doing: &str, call: Command, input: &[u8]) -> Result<Vec<u8>, GitError> {
        let done = output(call, input)?;
        if done.status.success() { Ok(done.stdout) } else { Err(self.failed(doing, &done)) }
    }

    /// Returns git's answer about the worktree. The same is asked again only after this process has locked a folder or
    /// changed a file.
    pub(super) fn ask_worktree(&self, call: Command, input: &[u8]) -> Result<Rc<Output>, GitError> {
        let question: Question = (call.get_args().map(OsStr::to_owned).collect(), input.to_vec());
        let now = fs::changes();
        if let Some((at, answer)) = self.answers.borrow().get(&question)
            && *at == now
        {
            return Ok(Rc::clone(answer));
        }
        let answer = Rc::new(output(call, input)?);
        self.answers.borrow_mut().insert(question, (now, Rc::clone(&answer)));
        Ok(answer)
    }

    pub(super) fn failed(&self, doing: &str, done: &Output) -> GitError {
        GitError::failed(&self.root, doing, &complaint(&done.stderr))
    }

    /// Returns the error for history that ends at this commit because the clone is shallow.
    pub(crate) fn cut_off(&self, commit: ObjectId) -> GitError {
        self.missing(format_args!("the history before commit {commit}"))
    }

    pub(super) fn missing(&self, what: impl std::fmt::Display) -> GitError {
        GitError::missing(what, &self.root, self.is_shallow())
    }

    /// Returns true if this is a partial clone that may fetch what it lacks.
    pub(crate) fn may_obtain(&self) -> Result<bool, GitError> {
        Ok(self.promisor_allowed()?.is_some())
    }

    /// Fetches those of these objects that this partial clone lacks from the promisor remote, at once, if that is
    /// allowed. Returns true if something was fetched.
    pub(crate) fn obtain(&self, ids: &[ObjectId]) -> Result<bool, GitError> {
        if ids.is_empty() {
            return Ok(false);
        }
        let Some(remote) = self.promisor_allowed()? else { return Ok(false) };
        let call = self.call(&["cat-file", "--batch-check=%(objectname)", "--buffer"]);
        let input: String = ids.iter().map(|id| format!("{id}\n")).collect();
        let said = self.ask("look for objects in", call, input.as_bytes())?;
        let mut lacking: Vec<_> =
            split(&said, b'\n').filter_map(|line| line.strip_suffix(b" missing")).collect();
        lacking.sort_unstable();
        lacking.dedup();
        if lacking.is_empty() {
            return Ok(false);
        }
        // The options that git itself uses to fetch promised objects (its promisor-remote.c).
        let mut call = fetching_git(&self.root, &self.location);
        call.args(["-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags"]);
        call.args(["--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "--stdin"]);
        call.args(["--end-of-options", remote]);
        let done = output(call, &[&lacking.join(&b'\n')[..], b"\n"].concat())?;
        // If an object was not fetched, reading it fails, and that error says what to do.
        *self.reader.borrow_mut() = None;
        if !done.status.success() {
            // It would fail the next time, too.
            self.may_fetch.set(false);
        }
        Ok(done.status.success())
    }

    /// Returns the remote with objects that this clone lacks (git-config(1), `remote.NAME.promisor`), if it may fetch.
    fn promisor_allowed(&self) -> Result<Option<&str>, GitError> {
        if !self.may_fetch.get() {
            return Ok(None);
        }
        let remote = once(&self.promisor, || {
            let settings = self.settings_like(r"^(remote\..*\.promisor|extensions\.partialclone)$")?;
            Ok(settings.into_iter().next().map(|setting| {
                let name =
                    setting.name.strip_prefix("remote.").and_then(|name| name.strip_suffix(".promisor"));
                name.map(str::to_owned).unwrap_or(setting.value)
            }))
        });
        remote.map(Option::as_deref)
    }
}

/// Returns the cell's value, which is computed at the first call.
pub(crate) fn once<T, E>(cell: &OnceCell<T>, find: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
    if let Some(known) = cell.get() {
        return Ok(known);
    }
    let found = find()?;
    Ok(cell.get_or_init(|| found))
}

impl RepoFacts {
    /// Asks git about the repository at `dir`. Returns None if there is none, or a bare one that nobody has named.
    fn ask(dir: &Path, location: &GitLocation) -> Result<Option<Self>, GitError> {
        let mut call = git(dir, location);
        call.args(["rev-parse", "--exclude-hidden=receive", "--path-format=absolute", "--git-dir"])
            .args(["--git-common-dir", "--git-path", "info/exclude", "--git-path", "index"])
            .args(["--git-path", "info/attributes", "--show-object-format", "--is-shallow-repository"])
            // These are last because they may fail: a bare repository has no top, and an unborn branch no commit.
            .args(["--show-toplevel", "HEAD^{commit}"]);
        let done = output(call, &[])?;
        let lines: Vec<_> = done.stdout.split(|byte| *byte == b'\n').collect();
        if lines.first().is_some_and(|line| line.starts_with(b"--exclude-hidden")) {
            return Err(GitError::too_old(&version()));
        }
        let [git_dir, common_dir, exclude, index, attributes, format, shallow, rest @ ..] = &lines[..] else {
            let said = String::from_utf8_lossy(&done.stderr);
            return match () {
                () if said.contains("dubious ownership") => Err(GitError::other_owner(dir)),
                () if said.contains("not a git repository") || said.contains("safe.bareRepository") => {
                    Ok(None)
                }
                () => Err(GitError::failed(dir, "open", &complaint(&done.stderr))),
            };
        };
        let path = |line: &[u8]| from_git(line).filter(|path| path.is_absolute()).map(Path::to_path_buf);
        let facts = || {
            let (top, head) = match rest {
                [top, head, ..] => (Some(path(top)?), ObjectId::parse(head)),
                _ => (None, None),
            };
            Some(Self {
                git_dir: path(git_dir)?,
                common_dir: path(common_dir)?,
                exclude: path(exclude)?,
                index: path(index)?,
                attributes: path(attributes)?,
                format: ObjectFormat::parse(format)?,
                shallow: match *shallow {
                    b"true" => true,
                    b"false" => false,
                    _ => return None,
                },
                top,
                head,
            })
        };
        // None if, for example, a folder's name contains a line break.
        facts().map(Some).ok_or_else(|| GitError::garbled(dir, "open"))
    }
}

/// The repositories that a command works with; git is asked about each only once.
#[derive(Default)]
pub struct Repositories(RefCell<HashMap<PathBuf, Option<Rc<Repo>>>>);

impl Repositories {
    /// Calls [`Repo::discover`] the first time for each worktree.
    pub(crate) fn discover(&self, path: &Path) -> Result<Option<Rc<Repo>>, GitError> {
        let root = find_root(path);
        let place = root.clone().unwrap_or_else(|| path.to_owned());
        if let Some(known) = self.0.borrow().get(&place) {
            return Ok(known.clone());
        }
        let repo = Repo::discover(path, root)?.map(Rc::new);
        self.0.borrow_mut().insert(place, repo.clone());
        Ok(repo)
    }

    /// Calls [`Repo::current`], and keeps the result for [`Self::discover`].
    pub(crate) fn current(&self) -> Result<Rc<Repo>, GitError> {
        let repo = Rc::new(Repo::current()?);
        self.0.borrow_mut().insert(repo.root().to_owned(), Some(Rc::clone(&repo)));
        Ok(repo)
    }

    /// Like [`Self::discover`], with an error outside git.
    pub(crate) fn open(&self, path: &Path) -> Result<Rc<Repo>, GitError> {
        self.discover(path)?.ok_or_else(|| GitError::not_a_repository(path))
    }
}

/// Returns the version of the `git` program, for a message.
fn version() -> String {
    let mut call = git(Path::new("."), &GitLocation::default());
    call.arg("version");
    let said = output(call, &[]).map(|done| done.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    said.trim().trim_start_matches("git version ").to_owned()
}

/// The file with a repository's name, in the git folder that all worktrees share. Each line is the id of a root commit,
/// or `remote ADDRESS` or `folder PATH` from the time when the clone was shallow.
///
/// It is more than a cache: anyone who can push could make another root the first one by a merge. A clone that has
/// found a root keeps it.
const NAME_FILE: &str = "envseal-root";

/// A name of a repository that does not depend on the folder of the clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RepoName {
    /// The root commits: two clones with a common root are the same repository.
    Roots(BTreeSet<ObjectId>),
    /// For a shallow clone, which has no root: the address it was cloned from, without credentials.
    Remote(String),
    /// For a shallow clone without a remote, or with several: the folder that its worktrees share.
    Folder(PathBuf),
}

impl Repo {
    /// Returns [`Self::name`], and the names that the clone had while it was shallow. Empty before the first commit.
    pub(crate) fn names(&self) -> Result<Vec<RepoName>, GitError> {
        let mut names: Vec<_> = self.name()?.into_iter().collect();
        for line in self.name_lines()? {
            names.extend(parse_shallow_name(&line).filter(|name| !names.contains(name)));
        }
        Ok(names)
    }

    /// Returns the name of this repository, or None before the first commit.
    pub(crate) fn name(&self) -> Result<Option<RepoName>, GitError> {
        // Roots that were found before, if they are commits of this repository.
        let kept = self.name_lines()?.into_iter().filter_map(|line| ObjectId::parse(line.as_bytes()));
        let kept: BTreeSet<_> = kept.filter(|id| self.has_commit(*id)).collect();
        if !kept.is_empty() {
            return Ok(Some(RepoName::Roots(kept)));
        }
        let Some(head) = self.head()? else { return Ok(None) };
        if self.is_shallow() {
            let name = match self.address() {
                Some(address) => RepoName::Remote(address),
                None => RepoName::Folder(real_folder(self.common_dir())?),
            };
            self.keep_name(write_shallow_name(&name).into_iter())?;
            return Ok(Some(name));
        }
        let call = self.call(&["rev-list", "--max-parents=0", &head.to_string(), "--"]);
        let said = self.ask("walk the history of", call, &[])?;
        let roots: BTreeSet<_> = split(&said, b'\n').filter_map(ObjectId::parse).collect();
        self.keep_name(roots.iter().map(ToString::to_string))?;
        Ok(Some(RepoName::Roots(roots)))
    }

    /// Adds these lines to the names that the clone had while it was shallow. If they cannot be written, as in a
    /// read-only git folder, the name is determined again the next time.
    fn keep_name(&self, lines: impl Iterator<Item = String>) -> Result<(), GitError> {
        let before = self.name_lines()?;
        let earlier = before.iter().filter(|line| parse_shallow_name(line).is_some()).cloned();
        let after: BTreeSet<_> = earlier.chain(lines).collect();
        if !after.iter().eq(&before) {
            let text: String = after.iter().map(|line| format!("{line}\n")).collect();
            // An incomplete write does no harm: a line that is not the id of a commit is ignored.
            let _ = std::fs::write(self.common_dir().join(NAME_FILE), text);
        }
        Ok(())
    }

    fn name_lines(&self) -> Result<Vec<String>, GitError> {
        let text = fs::read_if_there(&self.common_dir().join(NAME_FILE))?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
    }

    /// Returns the address of the only remote, or of `origin` if there are several.
    fn address(&self) -> Option<String> {
        let settings = self.settings_like(r"^remote\..*\.url$").ok()?;
        let url = match &settings[..] {
            [only] => &only.value,
            several => &several.iter().find(|setting| setting.name == "remote.origin.url")?.value,
        };
        Some(without_credentials(url)).filter(|address| !address.is_empty())
    }
}

/// Returns None if the name does not fit on a line.
fn write_shallow_name(name: &RepoName) -> Option<String> {
    let line = match name {
        RepoName::Roots(_) => return None,
        RepoName::Remote(address) => format!("remote {address}"),
        RepoName::Folder(path) => format!("folder {}", path.to_str()?),
    };
    (!line.contains(['\n', '\r'])).then_some(line)
}

fn parse_shallow_name(line: &str) -> Option<RepoName> {
    match line.split_once(' ')? {
        ("remote", address) => Some(RepoName::Remote(address.to_owned())),
        ("folder", path) => Some(RepoName::Folder(path.into())),
        _ => None,
    }
}

/// Removes from an address the parts that only this clone needs: `https://USER:TOKEN@HOST/PATH?QUERY`, `USER@HOST:PATH`.
fn without_credentials(address: &str) -> String {
    if let Some((scheme, rest)) = address.split_once("://") {
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        return format!("{scheme}://{host}{path}");
    }
    let host_end = address.find([':', '/']).unwrap_or(0);
    match address[..host_end].rfind('@') {
        Some(at) if address[host_end..].starts_with(':') => address[at + 1..].to_owned(),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::git::testing::Fixture;

    fn open(root: &Path) -> Repo {
        Repo::open(root).unwrap()
    }

    fn refusal<T>(result: Result<T, GitError>) -> String {
        result.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn discovers_from_below_with_an_unborn_head_and_in_another_worktree() {
        let g = Fixture::new();
        let deep = g.path("a/b");
        fs::create_dir_all(&deep).unwrap();
        let repo = open(&deep);
        assert_eq!((repo.root(), repo.head().unwrap()), (g.root(), None));
        assert_eq!(repo.relative(&deep.join(".env")).unwrap(), Path::new("a/b/.env"));
        assert_eq!(repo.relative_folder(g.root()).unwrap(), Path::new(""));
        assert!(refusal(repo.relative(&g.outside("x"))).contains("outside the git worktree"));
        assert!(Repositories::default().discover(&g.outside("")).unwrap().is_none());
        assert!(refusal(Repo::open(&g.outside(""))).contains("not in a git worktree"));

        let elsewhere = g.outside("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        g.git(&["config", "core.worktree", elsewhere.to_str().unwrap()]);
        assert_eq!(g.repo().root(), elsewhere);
        assert_eq!(g.repo().relative(&elsewhere.join(".env")).unwrap(), Path::new(".env"));
    }

    fn roots_of(root: &Path) -> String {
        match open(root).name().unwrap() {
            Some(RepoName::Roots(ids)) => ids.iter().map(|id| format!("{id}\n")).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_roots_are_found_once_and_kept() {
        let g = Fixture::new();
        let kept = g.path(".git/envseal-root");
        assert_eq!(g.repo().name().unwrap(), None, "nothing before the first commit");
        assert!(!kept.exists());
        g.commit("a", "1");
        let root = g.git(&["rev-parse", "HEAD"]);
        // Another root is merged as a second parent.
        g.git(&["checkout", "-q", "--orphan", "other"]);
        g.git(&["commit", "-q", "-m", "other root"]);
        g.git(&["checkout", "-q", "main"]);
        g.git(&["merge", "-q", "--allow-unrelated-histories", "-m", "merge", "other"]);
        g.commit("b", "2");
        let roots = roots_of(g.root());
        assert!(roots.contains(&root) && roots.lines().count() == 2);
        assert_eq!(fs::read_to_string(&kept).unwrap(), roots);
        g.git(&["clone", "-q", ".", "../clone"]);
        assert_eq!(roots_of(&g.outside("clone")), roots);
        g.git(&["worktree", "add", "-q", "../linked"]);
        fs::remove_file(&kept).unwrap();
        assert_eq!(roots_of(&g.outside("linked")), roots);
        assert!(kept.exists(), "it is kept where all worktrees find it");
        // HEAD has only another root; the recorded one stays.
        g.git(&["checkout", "-q", "other"]);
        assert_eq!(roots_of(g.root()), roots);
        // A submodule has its own roots.
        let sub = g.with_submodule("sub");
        let head = open(&sub).head().unwrap().unwrap();
        assert_eq!(roots_of(&sub), format!("{head}\n"));
        assert!(g.path(".git/modules/sub/envseal-root").exists());
    }

    #[test]
    fn a_kept_root_counts_only_if_it_is_a_commit_of_this_repository() {
        let g = Fixture::new();
        g.commit("a", "1");
        let (root, tree) = (g.git(&["rev-parse", "HEAD"]), g.git(&["rev-parse", "HEAD^{tree}"]));
        let kept = g.path(".git/envseal-root");
        let none = "1".repeat(40);
        for bad in ["", "\n", "x\n", &root[..39], &format!("{root} \n"), &tree, &none] {
            fs::write(&kept, bad).unwrap();
            assert_eq!(roots_of(g.root()), format!("{root}\n"), "{bad:?}");
            assert_eq!(fs::read_to_string(&kept).unwrap(), format!("{root}\n"), "{bad:?}");
        }
    }

    #[test]
    fn a_shallow_clone_is_known_by_its_remote_else_by_its_folder() {
        let g = Fixture::new();
        g.commit("a", "1");
        g.commit("b", "2");
        let shallow = g.outside("shallow");
        let source = format!("file://{}", g.root().display());
        g.git(&["clone", "-q", "--depth", "1", &source, "../shallow"]);
        let (folder, remote) =
            (RepoName::Folder(shallow.join(".git")), |address: &str| RepoName::Remote(address.into()));
        for (change, name) in [
            (&["status"][..], remote(&source)),
            (&["remote", "set-url", "origin", "https://me:token@host/a.git"], remote("https://host/a.git")),
            (&["remote", "rename", "origin", "upstream"], remote("https://host/a.git")),
            (&["remote", "add", "second", "https://host/b.git"], folder),
            (&["remote", "add", "origin", "https://host/c.git"], remote("https://host/c.git")),
        ] {
            Fixture::git_in(&shallow, change);
            assert_eq!(open(&shallow).name().unwrap(), Some(name), "{change:?}");
        }
        let before = open(&shallow).names().unwrap();
        Fixture::git_in(&shallow, &["remote", "set-url", "origin", g.root().to_str().unwrap()]);
        Fixture::git_in(&shallow, &["fetch", "-q", "--unshallow", "origin"]);
        assert_eq!(roots_of(&shallow), roots_of(g.root()));
        let after = open(&shallow).names().unwrap();
        assert!(before.iter().all(|name| after.contains(name)), "{before:?} {after:?}");
        assert!(after.iter().any(|name| matches!(name, RepoName::Roots(_))) && after.len() == 5, "{after:?}");
        assert_eq!(g.repo().names().unwrap().len(), 1);
    }

    #[test]
    fn credentials_are_no_part_of_an_address() {
        for (address, without) in [
            ("https://me:t@k@host:8/a/b@c.git?token=x#y", "https://host:8/a/b@c.git"),
            ("ssh://git@host/a", "ssh://host/a"),
            ("https://user@host", "https://host"),
            ("git@host:a/b@c.git", "host:a/b@c.git"),
            ("host:a", "host:a"),
            ("/srv/me@work/a", "/srv/me@work/a"),
            ("../me@work:a", "../me@work:a"),
            ("me@work", "me@work"),
        ] {
            assert_eq!(without_credentials(address), without);
        }
    }
}
