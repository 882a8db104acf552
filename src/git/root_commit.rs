//! What a repository is known by, whatever folder it was cloned to and whatever it is called there.

use std::collections::BTreeSet;
use std::path::PathBuf;

use git2::Oid;

use super::log::Walk;
use super::{GitError, HookVars, ObjectId, Objects, Repo};
use crate::fsio::{self, NewMode};

/// In the git folder that all worktrees share: the root commits, each as 40 hex digits and a line end.
///
/// More than a cache: whoever can push may bring another root in, or take one out. A clone that has found its roots
/// keeps them.
const FILE: &str = "envseal-root";

/// What a repository is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepoName {
    /// Its root commits. Two clones that share one are one repository.
    Roots(BTreeSet<ObjectId>),
    /// Of a shallow clone, which has no root: the address it was cloned from, without credentials.
    Remote(String),
    /// Of a shallow clone that has not one remote to be known by: the folder that its worktrees share.
    Folder(PathBuf),
}

impl Repo {
    /// What the repository is known by; none before the first commit.
    pub fn name(&self) -> Result<Option<RepoName>, GitError> {
        let known = self.known_roots();
        if !known.is_empty() {
            return Ok(Some(RepoName::Roots(known)));
        }
        match self.find_root_commits()? {
            Found::Roots(roots) => {
                let text: String = roots.iter().map(|root| format!("{root}\n")).collect();
                // Where it cannot be kept, as in a git folder that is read-only, it is looked for again next time.
                let _ = fsio::write_atomic(&self.common_dir().join(FILE), text.as_bytes(), NewMode::Default);
                Ok(Some(RepoName::Roots(roots)))
            }
            Found::Cut => Ok(Some(match self.address() {
                Some(address) => RepoName::Remote(address),
                None => RepoName::Folder(super::paths::real_folder(self.common_dir())?),
            })),
            Found::NoCommit => Ok(None),
        }
    }

    /// The root commits that were found before, if they are commits of this repository. (All are named by SHA-1: libgit2
    /// opens no others.)
    fn known_roots(&self) -> BTreeSet<ObjectId> {
        let text = fsio::read(&self.common_dir().join(FILE)).unwrap_or_default();
        let lines = text.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
        let is_commit = |id: Oid| {
            let header = self.inner.odb().and_then(|odb| odb.read_header(id));
            header.is_ok_and(|(_, kind)| kind == git2::ObjectType::Commit)
        };
        let ids = lines.filter_map(|line| std::str::from_utf8(line).ok().filter(|id| id.len() == 40));
        ids.filter_map(|id| Oid::from_str(id).ok()).filter(|id| is_commit(*id)).map(ObjectId).collect()
    }

    /// Looks through all that HEAD comes after.
    fn find_root_commits(&self) -> Result<Found, GitError> {
        // By its git folder: where core.worktree points elsewhere, nothing leads back from there.
        let vars = HookVars { git_dir: Some(self.git_dir().into()), ..HookVars::default() };
        let objects = Objects::open(self.root(), vars)?;
        let Some(head) = objects.head()? else { return Ok(Found::NoCommit) };
        let mut walk = Walk::new(&objects)?;
        let mut roots = BTreeSet::new();
        walk.push(head)?;
        while let Some(step) = walk.pop() {
            if step.cut {
                return Ok(Found::Cut);
            }
            if step.parents.is_empty() {
                roots.insert(step.id);
            }
            walk.push_new(&step.parents)?;
        }
        Ok(Found::Roots(roots))
    }

    /// The address of the remote `origin`, else of the only one there is.
    fn address(&self) -> Option<String> {
        let remotes = self.inner.remotes().ok()?;
        let names: Vec<&str> = remotes.iter().filter_map(|name| name.ok().flatten()).collect();
        let name = match names[..] {
            [only] => only,
            _ => names.into_iter().find(|name| *name == "origin")?,
        };
        let remote = self.inner.find_remote(name).ok()?;
        let address = without_credentials(remote.url().ok()?);
        Some(address).filter(|address| !address.is_empty())
    }
}

enum Found {
    Roots(BTreeSet<ObjectId>),
    /// History goes on behind the end of a shallow clone.
    Cut,
    NoCommit,
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

    fn roots_of(root: &Path) -> Vec<String> {
        match name(root) {
            Some(RepoName::Roots(ids)) => ids.iter().map(ObjectId::to_string).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn root_of(root: &Path) -> String {
        let roots = roots_of(root);
        assert_eq!(roots.len(), 1, "{roots:?}");
        roots.into_iter().next().unwrap()
    }

    #[test]
    fn every_root_found_once() {
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
        let mut roots = vec![root, said(&g, &["rev-parse", "other"])];
        roots.sort();
        assert_eq!(roots_of(g.root()), roots);
        let kept = fs::read_to_string(g.root().join(".git/envseal-root")).unwrap();
        assert_eq!(kept, format!("{}\n{}\n", roots[0], roots[1]));
        // A clone elsewhere, a linked worktree.
        let clone = g.outside("elsewhere");
        g.git(&["clone", "-q", ".", clone.to_str().unwrap()]);
        assert_eq!(roots_of(&clone), roots);
        let linked = g.outside("linked");
        g.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
        fs::remove_file(g.root().join(".git/envseal-root")).unwrap();
        assert_eq!(roots_of(&linked), roots);
        assert!(g.root().join(".git/envseal-root").exists(), "it is kept where all worktrees find it");
        // What was kept stays, whatever is checked out.
        g.git(&["checkout", "-q", "--orphan", "third"]);
        g.git(&["commit", "-q", "-m", "third root"]);
        assert_eq!(roots_of(g.root()), roots);
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
        for bad in [
            "",
            "\n",
            "x\n",
            &root,
            &format!("{}\n", &root[..39]),
            &format!("{root} \n"),
            &format!("{tree}\n"),
        ] {
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
        assert!(!shallow.join(".git/envseal-root").exists(), "what will be known better is not kept");
        // Whole, it has a root.
        git(&["remote", "set-url", "origin", g.root().to_str().unwrap()]);
        git(&["fetch", "-q", "--unshallow", "origin"]);
        assert_eq!(root_of(&shallow), root_of(g.root()));
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
