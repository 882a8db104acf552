//! What a repository is known by, whatever folder it was cloned to and whatever it is called there.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::command::output;
use super::paths::real_folder;
use super::{GitError, ObjectId, Repo};
use crate::fs::{self, FsError};

/// In the git folder that all worktrees share: root commits, an id on each line; and what the clone was known by while it
/// was shallow (`remote ADDRESS`, `folder PATH`).
///
/// More than a cache: whoever can push may merge so that another root is the first. A clone that has found a root
/// keeps it.
const FILE: &str = "envseal-root";

/// What a repository is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepoName {
    /// Its root commits: two clones that share one are one repository.
    Roots(BTreeSet<ObjectId>),
    /// Of a shallow clone, which has no root: the address it was cloned from, without credentials.
    Remote(String),
    /// Of a shallow clone that has not one remote to be known by: the folder that its worktrees share.
    Folder(PathBuf),
}

impl Repo {
    /// Everything that the repository is known by: its [`Self::name`], and of a clone that was shallow once, what it was
    /// known by then. None of it before the first commit.
    pub fn names(&self) -> Result<Vec<RepoName>, GitError> {
        let mut names: Vec<_> = self.name()?.into_iter().collect();
        for line in self.kept_lines()? {
            names.extend(of_shallow(&line).filter(|name| !names.contains(name)));
        }
        Ok(names)
    }

    /// What the repository is known by; None before the first commit.
    pub fn name(&self) -> Result<Option<RepoName>, GitError> {
        let kept = self.kept_roots()?;
        if !kept.is_empty() {
            return Ok(Some(RepoName::Roots(kept)));
        }
        let Some(head) = self.head()? else { return Ok(None) };
        if self.is_shallow() {
            let name = match self.address() {
                Some(address) => RepoName::Remote(address),
                None => RepoName::Folder(real_folder(self.common_dir())?),
            };
            self.keep(line_of(&name).into_iter())?;
            return Ok(Some(name));
        }
        let mut call = self.call();
        call.args(["rev-list", "--max-parents=0", &head.to_string(), "--"]);
        let said = self.ask("walk the history of", call, &[])?;
        let roots: BTreeSet<_> = said.split(|byte| *byte == b'\n').filter_map(ObjectId::parse).collect();
        self.keep(roots.iter().map(ToString::to_string))?;
        Ok(Some(RepoName::Roots(roots)))
    }

    /// Keeps these lines, and those that a shallow clone had. Where they cannot be kept, as in a git folder that is
    /// read-only, they are looked for again next time.
    fn keep(&self, lines: impl Iterator<Item = String>) -> Result<(), GitError> {
        let before = self.kept_lines()?;
        let earlier = before.iter().filter(|line| of_shallow(line).is_some()).cloned();
        let mut after: Vec<_> = earlier.collect();
        after.extend(lines);
        after.sort();
        after.dedup();
        if after != before {
            let text: String = after.iter().map(|line| format!("{line}\n")).collect();
            // Nor are they if this is cut short: what is no id of a commit counts for nothing.
            let _ = std::fs::write(self.common_dir().join(FILE), text);
        }
        Ok(())
    }

    /// The roots that were found before.
    fn kept_roots(&self) -> Result<BTreeSet<ObjectId>, GitError> {
        let ids = self.kept_lines()?.into_iter().filter_map(|line| ObjectId::parse(line.as_bytes()));
        Ok(ids.filter(|id| self.object(*id, "commit").is_ok()).collect())
    }

    /// The lines of the file, which is this clone's own, and is never part of a commit.
    fn kept_lines(&self) -> Result<Vec<String>, GitError> {
        let text = match fs::read(&self.common_dir().join(FILE)) {
            Err(FsError::NotFound { .. }) => return Ok(Vec::new()),
            text => text?,
        };
        Ok(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
    }

    /// The address of the remote `origin`, else of the only one there is.
    fn address(&self) -> Option<String> {
        let mut call = self.call();
        call.args(["config", "--null", "--get-regexp", r"^remote\..*\.url$"]);
        let said = output(call, &[]).ok()?.stdout;
        let text = String::from_utf8(said).ok()?;
        let remotes: Vec<_> = text
            .split('\0')
            .filter_map(|entry| entry.split_once('\n'))
            .filter_map(|(name, url)| Some((name.strip_prefix("remote.")?.strip_suffix(".url")?, url)))
            .collect();
        let url = match remotes[..] {
            [(_, only)] => only,
            _ => remotes.into_iter().find(|(name, _)| *name == "origin")?.1,
        };
        Some(without_credentials(url)).filter(|address| !address.is_empty())
    }
}

/// The line that keeps the name of a shallow clone; None of a name that no line can hold.
fn line_of(name: &RepoName) -> Option<String> {
    let line = match name {
        RepoName::Roots(_) => return None,
        RepoName::Remote(address) => format!("remote {address}"),
        RepoName::Folder(path) => format!("folder {}", path.to_str()?),
    };
    (!line.contains(['\n', '\r'])).then_some(line)
}

/// The name of a shallow clone that a line keeps.
fn of_shallow(line: &str) -> Option<RepoName> {
    match line.split_once(' ')? {
        ("remote", address) => Some(RepoName::Remote(address.to_owned())),
        ("folder", path) => Some(RepoName::Folder(path.into())),
        _ => None,
    }
}

/// An address without what only this clone needs to get in: `https://USER:TOKEN@HOST/PATH?QUERY`, `USER@HOST:PATH`.
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
    use std::path::Path;

    use super::*;
    use crate::git::testing::Fixture;

    fn said(g: &Fixture, args: &[&str]) -> String {
        String::from_utf8(Fixture::try_git(g.root(), args).stdout).unwrap().trim().to_owned()
    }

    fn name(root: &Path) -> Option<RepoName> {
        Repo::open(root).unwrap().name().unwrap()
    }

    fn root_of(root: &Path) -> String {
        match name(root) {
            Some(RepoName::Roots(ids)) => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_roots_found_once_and_kept() {
        let g = Fixture::new();
        assert_eq!(name(g.root()), None, "nothing before the first commit");
        assert!(!g.root().join(".git/envseal-root").exists());
        g.commit("a", "1");
        let root = said(&g, &["rev-parse", "HEAD"]);
        // Another root comes in as a second parent.
        g.git(&["checkout", "-q", "--orphan", "other"]);
        g.git(&["commit", "-q", "-m", "other root"]);
        g.git(&["checkout", "-q", "main"]);
        g.git(&["merge", "-q", "--allow-unrelated-histories", "-m", "merge", "other"]);
        g.commit("b", "2");
        let roots = root_of(g.root());
        assert!(roots.contains(&root) && roots.len() == 2 * 40 + 1);
        let kept = fs::read_to_string(g.root().join(".git/envseal-root")).unwrap();
        assert_eq!(kept, format!("{}\n", roots.replace(',', "\n")));
        // A clone elsewhere, a linked worktree.
        let clone = g.outside("elsewhere");
        g.git(&["clone", "-q", ".", clone.to_str().unwrap()]);
        assert_eq!(root_of(&clone), roots);
        let linked = g.outside("linked");
        g.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
        fs::remove_file(g.root().join(".git/envseal-root")).unwrap();
        assert_eq!(root_of(&linked), roots);
        assert!(g.root().join(".git/envseal-root").exists(), "it is kept where all worktrees find it");
        // Where HEAD has another root only, what is kept stays.
        g.git(&["checkout", "-q", "other"]);
        assert_eq!(root_of(g.root()), roots);
    }

    #[test]
    fn a_submodule_has_its_own() {
        let g = Fixture::new();
        g.commit("a", "1");
        let sub = g.with_submodule("sub");
        let own = String::from_utf8(Fixture::try_git(&sub, &["rev-parse", "HEAD"]).stdout).unwrap();
        assert_eq!(root_of(&sub), own.trim());
        assert!(g.root().join(".git/modules/sub/envseal-root").exists());
    }

    #[test]
    fn what_was_kept_counts_only_if_it_is_a_commit_of_this_repository() {
        let g = Fixture::new();
        g.commit("a", "1");
        let (root, tree) = (said(&g, &["rev-parse", "HEAD"]), said(&g, &["rev-parse", "HEAD^{tree}"]));
        let kept = g.root().join(".git/envseal-root");
        for bad in
            ["", "\n", "x\n", &format!("{}\n", &root[..39]), &format!("{root} \n"), &format!("{tree}\n")]
        {
            fs::write(&kept, bad).unwrap();
            assert_eq!(root_of(g.root()), root, "{bad:?}");
            assert_eq!(fs::read_to_string(&kept).unwrap(), format!("{root}\n"), "{bad:?}");
        }
        fs::write(&kept, format!("{}\n", "1".repeat(40))).unwrap();
        assert_eq!(root_of(g.root()), root);
    }

    #[test]
    fn a_shallow_clone_is_known_by_its_remote_else_by_its_folder() {
        let g = Fixture::new();
        g.commit("a", "1");
        g.commit("b", "2");
        let shallow = g.outside("shallow");
        let source = format!("file://{}", g.root().display());
        g.git(&["clone", "-q", "--depth", "1", &source, shallow.to_str().unwrap()]);
        assert_eq!(name(&shallow), Some(RepoName::Remote(source)));
        let git = |args: &[&str]| Fixture::git_in(&shallow, args);
        git(&["remote", "rename", "origin", "upstream"]);
        git(&["remote", "set-url", "upstream", "https://me:token@host/a.git"]);
        assert_eq!(name(&shallow), Some(RepoName::Remote("https://host/a.git".into())));
        git(&["remote", "add", "second", "https://host/b.git"]);
        assert_eq!(name(&shallow), Some(RepoName::Folder(fs::canonicalize(shallow.join(".git")).unwrap())));
        git(&["remote", "add", "origin", "https://host/c.git"]);
        assert_eq!(name(&shallow), Some(RepoName::Remote("https://host/c.git".into())));
        let before = Repo::open(&shallow).unwrap().names().unwrap();
        // Whole, it has a root.
        git(&["remote", "set-url", "origin", g.root().to_str().unwrap()]);
        git(&["fetch", "-q", "--unshallow", "origin"]);
        assert_eq!(root_of(&shallow), root_of(g.root()));
        // And by what it was known by before.
        let after = Repo::open(&shallow).unwrap().names().unwrap();
        assert!(before.iter().all(|name| after.contains(name)), "{before:?} {after:?}");
        assert!(after.iter().any(|name| matches!(name, RepoName::Roots(_))) && after.len() == 5, "{after:?}");
        assert_eq!(Repo::open(g.root()).unwrap().names().unwrap().len(), 1);
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
