//! The repository that a folder lies in: asked of git once, in one process.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::rc::Rc;

use super::cat_file::CatFile;
use super::command::{self, Network, complaint, has_complaint, output};
use super::objects::{FileRef, ObjectFormat, ObjectId};
use super::paths::{from_git, real_entry, real_folder};
use super::root::named_worktree;
use super::tree::Trees;
use super::{GitError, find_root};
use crate::config::{self, GitLocation};
use crate::fs::FsError;

/// The oldest git that works. Older ones do not know `safe.bareRepository`, and are told by an option that came with
/// this version.
pub(crate) const OLDEST: &str = "2.39";

/// A git repository: a plain one, a linked worktree, a submodule, or a bare one that `GIT_DIR` names.
pub struct Repo {
    root: PathBuf,
    /// The worktree's root with its symlinks followed; None in a bare repository.
    real_root: Option<PathBuf>,
    git_dir: PathBuf,
    common_dir: PathBuf,
    pub(super) exclude: PathBuf,
    pub(super) index_path: PathBuf,
    attributes: PathBuf,
    pub(super) format: ObjectFormat,
    shallow: bool,
    /// What the process's environment says of where this repository is; absolute.
    pub(super) location: GitLocation,
    network: Cell<Network>,
    head: OnceCell<Option<ObjectId>>,
    /// The remote that has what a partial clone lacks; looked for when something is missing.
    promisor: OnceCell<Option<OsString>>,
    pub(super) reader: RefCell<Option<CatFile>>,
    pub(super) trees: RefCell<Trees>,
    pub(super) commit_trees: RefCell<HashMap<ObjectId, ObjectId>>,
    pub(super) index: OnceCell<Vec<(PathBuf, FileRef)>>,
    /// Files that git listed for this command as tracked, or as not ignored; relative to the root.
    pub(super) listed: RefCell<HashSet<PathBuf>>,
}

/// What git says of a repository.
struct Facts {
    git_dir: PathBuf,
    common_dir: PathBuf,
    exclude: PathBuf,
    index: PathBuf,
    attributes: PathBuf,
    format: ObjectFormat,
    shallow: bool,
    /// None in a bare repository.
    top: Option<PathBuf>,
    /// None where HEAD names no commit, or was not said.
    head: Option<ObjectId>,
}

impl Repo {
    /// Returns the repository that `path`, a folder, lies in; None outside git. A bare repository is one only where
    /// `GIT_DIR` names it, as git does for its hooks.
    ///
    /// What git's environment names (`GIT_DIR`, `GIT_WORK_TREE`, `GIT_INDEX_FILE`) counts for the folders of the
    /// worktree that it means, and is no word on other repositories. A repository of another user is
    /// [`GitError::Owner`], unless git's `safe.directory` allows it.
    pub fn discover(path: &Path) -> Result<Option<Self>, GitError> {
        let location = config::git_location();
        let start = real_folder(&std::path::absolute(path).map_err(|e| FsError::io(path, "resolve", e))?)?;
        if let Some(git_dir) = &location.git_dir {
            if let Some(facts) = Facts::ask(Path::new("."), &location)? {
                let root = facts.top.as_ref().unwrap_or(&facts.git_dir).clone();
                if start.starts_with(real_folder(&root)?) {
                    return Self::new(root, facts, location).map(Some);
                }
            } else if let Some((root, _)) = named_worktree()
                && start.starts_with(real_folder(&root)?)
            {
                let message = "GIT_DIR names it, and git does not recognize it".to_owned();
                return Err(GitError::Failed { path: git_dir.clone(), doing: "open", message });
            }
        }
        let Some(root) = find_root(path) else { return Ok(None) };
        let here = find_root(Path::new(".")).is_some_and(|here| same_folder(&here, &root));
        let location = if here && location.git_dir.is_none() { location } else { GitLocation::default() };
        // A `.git` stands there: what git does not take for a repository is damaged, and not absent.
        let dot_git = root.join(".git");
        let passed_over = |facts: &Facts| {
            location.git_dir.is_none() && dot_git.is_dir() && !same_folder(&facts.git_dir, &dot_git)
        };
        let Some(facts) = Facts::ask(&root, &location)?.filter(|facts| !passed_over(facts)) else {
            let message = format!("git does not recognize {}; it may be damaged", dot_git.display());
            return Err(GitError::Failed { path: root, doing: "open", message });
        };
        match facts.top.clone() {
            // The caller's spelling, unless core.worktree points elsewhere.
            Some(top) => Self::new(if same_folder(&top, &root) { root } else { top }, facts, location),
            // Beside the worktrees of a bare repository, with a `.git` that leads to it: history can be read there.
            None => {
                let git_dir = facts.git_dir.clone();
                Self::new(git_dir.clone(), facts, location.with_git_dir(git_dir))
            }
        }
        .map(Some)
    }

    /// Returns the repository that git would use for a command given here: the one that `GIT_DIR` names, wherever that
    /// is, else that of the current folder.
    pub fn current() -> Result<Self, GitError> {
        let location = config::git_location();
        let here = std::path::absolute(".").map_err(|e| FsError::io(Path::new("."), "resolve", e))?;
        if location.git_dir.is_none() {
            return Self::open(&here);
        }
        let facts = Facts::ask(&here, &location)?.ok_or(GitError::NotARepository { path: here })?;
        let root = facts.top.as_ref().unwrap_or(&facts.git_dir).clone();
        Self::new(root, facts, location)
    }

    /// As [`Self::discover`]; [`GitError::NotARepository`] outside git, and where the folder lies in no worktree.
    pub fn open(path: &Path) -> Result<Self, GitError> {
        Self::discover(path)?.ok_or_else(|| GitError::NotARepository { path: path.to_path_buf() })
    }

    fn new(root: PathBuf, facts: Facts, location: GitLocation) -> Result<Self, GitError> {
        let real_root = facts.top.as_deref().map(real_folder).transpose()?;
        let head = facts.head.map(Some).map_or_else(OnceCell::new, OnceCell::from);
        Ok(Self {
            root,
            real_root,
            git_dir: facts.git_dir,
            common_dir: facts.common_dir,
            exclude: facts.exclude,
            index_path: facts.index,
            attributes: facts.attributes,
            format: facts.format,
            shallow: facts.shallow,
            location,
            network: Cell::new(Network::Forbidden),
            head,
            promisor: OnceCell::new(),
            reader: RefCell::default(),
            trees: RefCell::default(),
            commit_trees: RefCell::default(),
            index: OnceCell::new(),
            listed: RefCell::default(),
        })
    }

    /// Lets git fetch what a partial clone lacks; but not where a push is being judged (git-receive-pack(1),
    /// quarantine): what that brings has to be whole.
    pub fn allow_fetching(&self) {
        if !self.location.is_quarantine() {
            self.network.set(Network::Allowed);
        }
    }

    /// The worktree's root, absolute, spelled as it was found or given where that is the same folder; of a bare
    /// repository its own folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it has no worktree.
    pub fn is_bare(&self) -> bool {
        self.real_root.is_none()
    }

    /// The git folder of this worktree; for a linked worktree `.git/worktrees/NAME` of the main one.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The git folder that all worktrees share, with the hooks, `info/exclude` and the configuration.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The attributes that hold for this clone alone, in all its worktrees (gitattributes(5)). The file need not exist.
    pub fn attributes_path(&self) -> &Path {
        &self.attributes
    }

    /// Whether a merge is to be concluded by the next commit (gitrevisions(7), `MERGE_HEAD`).
    pub fn is_merging(&self) -> bool {
        self.git_dir.join("MERGE_HEAD").exists()
    }

    /// Whether history ends where it was cut off.
    pub fn is_shallow(&self) -> bool {
        self.shallow
    }

    /// The commit that HEAD stands on, as it was when it was first asked for; None before the first one.
    pub fn head(&self) -> Result<Option<ObjectId>, GitError> {
        if let Some(head) = self.head.get() {
            return Ok(*head);
        }
        let mut call = self.call();
        call.args(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
        let done = output(call, &[])?;
        let head = match ObjectId::parse(done.stdout.trim_ascii()) {
            Some(head) => Some(head),
            None if self.is_unborn()? => None,
            None if has_complaint(&done.stderr) => return Err(self.failed("read the HEAD of", &done)),
            None => {
                let message = "it leads to no commit that can be read".to_owned();
                return Err(GitError::Failed { path: self.root.clone(), doing: "read the HEAD of", message });
            }
        };
        Ok(*self.head.get_or_init(|| head))
    }

    /// Whether HEAD names a branch that has no commit yet, and not one that cannot be read.
    fn is_unborn(&self) -> Result<bool, GitError> {
        let mut call = self.call();
        call.args(["symbolic-ref", "--quiet", "HEAD"]);
        let branch = output(call, &[])?;
        if !branch.status.success() {
            return Ok(false);
        }
        let mut call = self.call();
        call.args(["for-each-ref", "--format=%(refname)", "--"]).arg(bytes_arg(branch.stdout.trim_ascii()));
        let refs = output(call, &[])?;
        Ok(refs.status.success() && refs.stdout.is_empty() && !has_complaint(&refs.stderr))
    }

    /// `path` relative to the root, as a commit has it: its folder is resolved, its last name is not. In a bare
    /// repository it is taken to be so already.
    pub fn relative(&self, path: &Path) -> Result<PathBuf, GitError> {
        if self.is_bare() { Ok(path.to_owned()) } else { self.below_root(&real_entry(path)?, path) }
    }

    /// The folder `dir` relative to the worktree, fully resolved; empty for the root.
    pub(super) fn relative_folder(&self, dir: &Path) -> Result<PathBuf, GitError> {
        let absolute = std::path::absolute(dir).map_err(|e| FsError::io(dir, "resolve", e))?;
        self.below_root(&real_folder(&absolute)?, dir)
    }

    fn below_root(&self, real: &Path, path: &Path) -> Result<PathBuf, GitError> {
        let outside = || GitError::OutsideWorktree { path: path.to_path_buf(), root: self.root.clone() };
        let bare = || GitError::NotARepository { path: self.root.clone() };
        let root = self.real_root.as_ref().ok_or_else(bare)?;
        real.strip_prefix(root).map(Path::to_path_buf).map_err(|_| outside())
    }

    /// Returns a call of git on this repository, up to the subcommand.
    pub(super) fn call(&self) -> Command {
        self.call_by(Network::Forbidden)
    }

    fn call_by(&self, network: Network) -> Command {
        command::git(&self.root, &self.location, network)
    }

    /// Runs a call that must succeed; returns what it printed.
    pub(super) fn ask(&self, doing: &'static str, call: Command, input: &[u8]) -> Result<Vec<u8>, GitError> {
        let done = output(call, input)?;
        if done.status.success() { Ok(done.stdout) } else { Err(self.failed(doing, &done)) }
    }

    pub(super) fn failed(&self, doing: &'static str, done: &Output) -> GitError {
        GitError::Failed { path: self.root.clone(), doing, message: complaint(&done.stderr) }
    }

    /// The error for history that ends at this commit because the clone is shallow.
    pub fn cut_off(&self, commit: ObjectId) -> GitError {
        self.missing(format_args!("the history before commit {commit}"))
    }

    /// The error for what this clone lacks.
    pub(super) fn missing(&self, what: impl std::fmt::Display) -> GitError {
        GitError::Missing { what: what.to_string(), path: self.root.clone(), shallow: self.shallow }
    }

    /// Whether this is a partial clone that may get what it lacks.
    pub fn may_obtain(&self) -> Result<bool, GitError> {
        Ok(self.network.get() == Network::Allowed && self.promisor()?.is_some())
    }

    /// Gets what this partial clone lacks of these objects from the remote that has promised them, in one go and where
    /// that is allowed; elsewhere reading one is [`GitError::Missing`].
    pub fn obtain(&self, ids: &[ObjectId]) -> Result<bool, GitError> {
        if ids.is_empty() || !self.may_obtain()? {
            return Ok(false);
        }
        let Some(remote) = self.promisor()? else { return Ok(false) };
        let mut call = self.call();
        call.args(["cat-file", "--batch-check=%(objectname)", "--buffer"]);
        let input: String = ids.iter().map(|id| format!("{id}\n")).collect();
        let said = self.ask("look for objects in", call, input.as_bytes())?;
        let lines = said.split(|byte| *byte == b'\n');
        let mut lacking: Vec<_> = lines.filter_map(|line| line.strip_suffix(b" missing")).collect();
        lacking.sort_unstable();
        lacking.dedup();
        if lacking.is_empty() {
            return Ok(false);
        }
        // As git itself gets what was promised (its promisor-remote.c).
        let mut call = self.call_by(Network::Allowed);
        call.args(["-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags"])
            .args(["--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "--stdin"])
            .arg("--end-of-options")
            .arg(remote);
        let done = output(call, &[&lacking.join(&b'\n')[..], b"\n"].concat())?;
        // What did not come is missing when it is read, and that error says what to do.
        *self.reader.borrow_mut() = None;
        if !done.status.success() {
            // Nor would it come the next time.
            self.network.set(Network::Forbidden);
        }
        Ok(done.status.success())
    }

    /// The remote that has what this clone has left out (git-config(1), `remote.NAME.promisor`).
    fn promisor(&self) -> Result<Option<&OsString>, GitError> {
        if self.promisor.get().is_none() {
            let mut call = self.call();
            call.args(["config", "--null", "--get-regexp"]);
            call.arg(r"^(remote\..*\.promisor|extensions\.partialclone)$");
            let said = output(call, &[])?.stdout;
            let remote = said.split(|byte| *byte == 0).find_map(|entry| {
                let (name, value) = entry.split_at(memchr::memchr(b'\n', entry)?);
                let of_name = name.strip_prefix(b"remote.").and_then(|name| name.strip_suffix(b".promisor"));
                of_name.or_else(|| value.get(1..)).map(|remote| bytes_arg(remote).to_owned())
            });
            let _ = self.promisor.set(remote);
        }
        Ok(self.promisor.get().and_then(Option::as_ref))
    }
}

impl Facts {
    /// Asks git of the repository at `dir`; None where there is none, or a bare one that nobody has named.
    fn ask(dir: &Path, location: &GitLocation) -> Result<Option<Self>, GitError> {
        let mut call = command::git(dir, location, Network::Forbidden);
        call.args(["rev-parse", "--exclude-hidden=receive", "--path-format=absolute", "--git-dir"])
            .args(["--git-common-dir", "--git-path", "info/exclude", "--git-path", "index"])
            .args(["--git-path", "info/attributes", "--show-object-format", "--is-shallow-repository"])
            // What may fail comes last: a bare repository has no top, and an unborn branch no commit.
            .args(["--show-toplevel", "HEAD^{commit}"]);
        let done = output(call, &[])?;
        let failed =
            |message: &str| GitError::Failed { path: dir.into(), doing: "open", message: message.into() };
        let lines: Vec<_> = done.stdout.split(|byte| *byte == b'\n').collect();
        if lines.first().is_some_and(|line| line.starts_with(b"--exclude-hidden")) {
            return Err(GitError::TooOld { found: version() });
        }
        let [git_dir, common_dir, exclude, index, attributes, format, shallow, rest @ ..] = &lines[..] else {
            let said = String::from_utf8_lossy(&done.stderr);
            return match () {
                () if said.contains("dubious ownership") => Err(GitError::Owner { path: dir.into() }),
                () if said.contains("not a git repository") => Ok(None),
                () if said.contains("safe.bareRepository") => Ok(None),
                () => Err(failed(&complaint(&done.stderr))),
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
                format: ObjectFormat::parse(std::str::from_utf8(format).ok()?)?,
                shallow: match *shallow {
                    b"true" => true,
                    b"false" => false,
                    _ => return None,
                },
                top,
                head,
            })
        };
        // As where a folder's name holds a line break.
        facts().map(Some).ok_or_else(|| failed("git's answer cannot be understood"))
    }
}

/// The repositories that one command has to do with, each asked for once.
#[derive(Default)]
pub struct Repositories(RefCell<HashMap<PathBuf, Option<Rc<Repo>>>>);

impl Repositories {
    /// As [`Repo::discover`], at the first time for each worktree.
    pub fn discover(&self, path: &Path) -> Result<Option<Rc<Repo>>, GitError> {
        let place = find_root(path).unwrap_or_else(|| path.to_owned());
        if let Some(known) = self.0.borrow().get(&place) {
            return Ok(known.clone());
        }
        let repo = Repo::discover(path)?.map(Rc::new);
        self.0.borrow_mut().insert(place, repo.clone());
        Ok(repo)
    }

    /// As [`Repo::current`], likewise.
    pub fn current(&self) -> Result<Rc<Repo>, GitError> {
        let repo = Rc::new(Repo::current()?);
        self.0.borrow_mut().insert(repo.root().to_owned(), Some(Rc::clone(&repo)));
        Ok(repo)
    }

    /// As [`Repo::open`], likewise.
    pub fn open(&self, path: &Path) -> Result<Rc<Repo>, GitError> {
        self.discover(path)?.ok_or_else(|| GitError::NotARepository { path: path.to_path_buf() })
    }
}

/// The version of the `git` program, for a message.
fn version() -> String {
    let mut call = command::git(Path::new("."), &GitLocation::default(), Network::Forbidden);
    call.arg("version");
    let said = output(call, &[]).map(|done| done.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    said.strip_prefix("git version ").map_or_else(|| said.clone(), str::to_owned)
}

pub(super) fn same_folder(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

/// Git's bytes as an argument.
pub(super) fn bytes_arg(bytes: &[u8]) -> &OsStr {
    from_git(bytes).map_or(OsStr::new(""), Path::as_os_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;

    #[test]
    fn discovers_from_below_and_with_an_unborn_head() {
        let g = Fixture::new();
        let deep = g.root().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        let repo = Repo::discover(&deep).unwrap().unwrap();
        assert_eq!(repo.root(), g.root());
        assert_eq!(repo.head().unwrap(), None);
        assert_eq!(repo.relative(&deep.join(".env")).unwrap(), Path::new("a/b/.env"));
        assert_eq!(repo.relative_folder(g.root()).unwrap(), Path::new(""));
        assert!(matches!(repo.relative(&g.outside("x")), Err(GitError::OutsideWorktree { .. })));
        assert!(Repo::discover(&g.outside("")).unwrap().is_none());
        assert!(matches!(Repo::open(&g.outside("")), Err(GitError::NotARepository { .. })));
    }

    #[test]
    fn a_head_that_cannot_be_read_is_not_unborn() {
        let g = Fixture::new();
        g.commit("f", "");
        assert!(Repo::open(g.root()).unwrap().head().unwrap().is_some());
        let branch = g.root().join(".git/refs/heads/main");
        for broken in ["", "0123", "f00f00f00f00f00f00f00f00f00f00f00f00f00f\n"] {
            fs::write(&branch, broken).unwrap();
            assert!(Repo::open(g.root()).unwrap().head().is_err(), "{broken:?}");
        }
        fs::remove_file(&branch).unwrap();
        assert_eq!(Repo::open(g.root()).unwrap().head().unwrap(), None);
    }

    #[test]
    fn a_bare_repository_is_never_found() {
        let g = Fixture::new();
        let bare = g.outside("bare.git");
        g.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
        assert!(Repo::discover(&bare).unwrap().is_none());
        let inside = g.root().join("inside.git");
        g.git(&["init", "-q", "--bare", inside.to_str().unwrap()]);
        assert_eq!(Repo::discover(&inside).unwrap().unwrap().root(), g.root());
        g.git(&["config", "core.bare", "true"]);
        assert!(Repo::discover(g.root()).unwrap().unwrap().is_bare());
    }

    #[test]
    fn linked_worktrees_and_submodules_have_folders_of_their_own() {
        let g = Fixture::new();
        g.commit("f", "");
        let linked = g.outside("linked");
        g.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
        let repo = Repo::discover(&linked).unwrap().unwrap();
        assert_eq!(repo.root(), linked);
        let real = |path: &Path| fs::canonicalize(path).unwrap();
        assert_eq!(real(repo.common_dir()), real(&g.root().join(".git")));
        assert_eq!(real(repo.git_dir()), real(&g.root().join(".git/worktrees/linked")));
        let sub = g.with_submodule("sub");
        let repo = Repo::discover(&sub).unwrap().unwrap();
        assert_eq!(repo.root(), sub);
        assert_eq!(real(repo.git_dir()), real(&g.root().join(".git/modules/sub")));
    }

    #[test]
    fn core_worktree_is_the_root() {
        let g = Fixture::new();
        let elsewhere = g.outside("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        g.git(&["config", "core.worktree", elsewhere.to_str().unwrap()]);
        let repo = Repo::open(g.root()).unwrap();
        assert_eq!(repo.root(), fs::canonicalize(&elsewhere).unwrap());
        assert_eq!(repo.relative(&elsewhere.join(".env")).unwrap(), Path::new(".env"));
    }

    #[cfg(unix)]
    #[test]
    fn a_repository_of_another_user_is_refused() {
        let g = Fixture::new();
        if std::os::unix::fs::chown(g.root(), Some(12345), None).is_err() {
            println!("skipped: giving a folder away needs root");
            return;
        }
        assert!(matches!(Repo::discover(g.root()), Err(GitError::Owner { path }) if path == g.root()));
    }
}
