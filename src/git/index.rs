//! What is staged: the index that is to be committed, and how it differs from a commit.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use super::command::output;
use super::objects::{Changed, FileRef};
use super::paths::{from_git, to_git};
use super::quick::refuse_cut_short;
use super::tree::kind_of_mode;
use super::{GitError, ObjectId, Repo};
use crate::fs::{self, FsError};

impl Repo {
    /// Every file of the index that would be committed, in git's order: read once, for a check sees one state.
    pub fn index_files(&self) -> Result<&[(PathBuf, FileRef)], GitError> {
        if let Some(files) = self.index.get() {
            return Ok(files);
        }
        self.refuse_damaged_index()?;
        let mut call = self.call();
        call.args(["ls-files", "--stage", "-z", "--full-name"]);
        let said = self.ask("read the index of", call, &[])?;
        let mut files = Vec::new();
        for entry in said.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let (stage, file, path) = entry_of(entry).ok_or_else(|| self.garbled_index())?;
            if let (0, Some(file), Some(path)) = (stage, file, from_git(path)) {
                files.push((path.to_owned(), file));
            }
        }
        Ok(self.index.get_or_init(|| files))
    }

    /// What the index holds at exactly this path, relative to the root.
    pub fn index_file_at(&self, path: &Path) -> Result<Option<FileRef>, GitError> {
        let (files, path) = (self.index_files()?, to_git(path)?);
        let order =
            |(there, _): &(PathBuf, FileRef)| to_git(there).map_or(Ordering::Less, |there| there.cmp(&path));
        Ok(files.binary_search_by(order).ok().map(|at| files[at].1))
    }

    /// Every path at which the index differs from a commit (None: from nothing), in git's order. Paths in an
    /// unfinished merge are left out: git commits none of them.
    pub fn staged(&self, commit: Option<ObjectId>) -> Result<Vec<Changed>, GitError> {
        self.refuse_damaged_index()?;
        let base = commit.unwrap_or_else(|| self.format.id_of("tree", b""));
        let mut call = self.call();
        call.args(["diff-index", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff"])
            .args(["--ignore-submodules=none", "--ita-invisible-in-index", &base.to_string(), "--"]);
        let done = output(call, &[])?;
        if !done.status.success() {
            // Where a folder of the commit is not there, or cannot be read, that is why.
            self.changes(None, commit)?;
            return Err(self.failed("read the index of", &done));
        }
        let said = done.stdout;
        let mut fields = said.split(|byte| *byte == 0).filter(|field| !field.is_empty());
        let mut found = Vec::new();
        while let Some(field) = fields.next() {
            let path = fields.next().ok_or_else(|| self.garbled_index())?;
            if field.ends_with(b" U") {
                continue;
            }
            let (before, after) = super::history::sides(field).ok_or_else(|| self.garbled_index())?;
            if let Some(path) = from_git(path) {
                found.push(Changed { path: path.to_owned(), before, after });
            }
        }
        Ok(found)
    }

    /// Rejects an index that is cut short, or is not what git wrote: of that, git may see fewer files, or others, and
    /// says nothing.
    pub(super) fn refuse_damaged_index(&self) -> Result<(), GitError> {
        let bytes = match fs::read(&self.index_path) {
            // Nothing was ever added.
            Err(FsError::NotFound { .. }) => return Ok(()),
            bytes => bytes?,
        };
        refuse_cut_short(&bytes, bytes.len() as u64, self.root())?;
        let (text, sum) = bytes.split_at(bytes.len().saturating_sub(self.format.len()));
        // Zeros where git was told to write no hash (git-config(1), `index.skipHash`).
        if sum == self.format.sum(text) || sum.iter().all(|byte| *byte == 0) && bytes.starts_with(b"DIRC") {
            return Ok(());
        }
        Err(self.index_error("its index is damaged"))
    }

    fn garbled_index(&self) -> GitError {
        self.index_error("git's answer cannot be understood")
    }

    fn index_error(&self, message: &str) -> GitError {
        GitError::Failed {
            path: self.root().to_owned(),
            doing: "read the index of",
            message: message.to_owned(),
        }
    }
}

/// Stage, file and path of `MODE ID STAGE TAB PATH` (git-ls-files(1), `--stage`).
fn entry_of(entry: &[u8]) -> Option<(u8, Option<FileRef>, &[u8])> {
    let (info, path) = entry.split_at(memchr::memchr(b'\t', entry)?);
    let words: Vec<_> = std::str::from_utf8(info).ok()?.split(' ').collect();
    let [mode, id, stage] = words[..] else { return None };
    let id = ObjectId::parse(id.as_bytes())?;
    Some((stage.parse().ok()?, kind_of_mode(mode).map(|kind| FileRef { id, kind }), &path[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::FileKind;
    use crate::git::testing::Fixture;

    #[track_caller]
    fn agrees_with_git(g: &Fixture, count: usize) {
        let repo = Repo::open(g.root()).unwrap();
        let status = |changed: &Changed| match (changed.before, changed.after) {
            (None, _) => 'A',
            (_, None) => 'D',
            (Some(before), Some(after)) if before.kind != after.kind => 'T',
            _ => 'M',
        };
        let found = repo.staged(repo.head().unwrap()).unwrap();
        let ours: Vec<_> = found.iter().map(|it| format!("{}\t{}", status(it), it.path.display())).collect();
        let args = ["-c", "core.quotePath=false", "diff", "--cached", "--name-status", "--no-renames"];
        assert_eq!(ours.join("\n"), g.say(&args));
        assert_eq!(ours.len(), count);
    }

    #[test]
    fn every_form_of_the_index_is_read() {
        let g = Fixture::new();
        agrees_with_git(&g, 0);
        for at in 0..30 {
            g.write(&format!("d{}/e{}/f{at}", at % 7, at % 3), &at.to_string());
        }
        g.git(&["add", "-A"]);
        agrees_with_git(&g, 30);
        g.git(&["commit", "-qm", "many"]);
        g.add("d1/e1/new", "");
        g.write("unstaged", "");
        g.git(&["add", "-N", "unstaged"]);
        for form in ["2", "3", "4"] {
            g.git(&["update-index", "--index-version", form]);
            g.add("d2/e2/more", form);
            agrees_with_git(&g, 2);
        }
        g.git(&["update-index", "--split-index"]);
        agrees_with_git(&g, 2);
        g.git(&["update-index", "--no-split-index"]);
        g.git(&["rm", "-q", "--cached", "unstaged"]);
        g.git(&["commit", "-qm", "all"]);
        g.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "d1"]);
        g.add("d1/e1/f1", "changed");
        agrees_with_git(&g, 1);
        let repo = Repo::open(g.root()).unwrap();
        let all = repo.index_files().unwrap();
        assert_eq!(all.len(), 32 + usize::from(!all.iter().any(|(path, _)| path.ends_with("f1"))));
        for (path, file) in all {
            assert_eq!(repo.index_file_at(path).unwrap(), Some(*file), "{}", path.display());
        }
        for none in ["d2", "d2/e2", "d2/e2/none", "none", "d2/e2/more/x"] {
            assert_eq!(repo.index_file_at(Path::new(none)).unwrap(), None, "{none}");
        }
    }

    #[test]
    fn submodules_links_and_conflicts() {
        let g = Fixture::new();
        g.commit("f", "");
        g.with_submodule("sub");
        agrees_with_git(&g, 2);
        let sub = Repo::open(g.root()).unwrap().index_file_at(Path::new("sub")).unwrap();
        assert_eq!(sub.unwrap().kind, FileKind::Submodule);
        g.git(&["commit", "-qm", "sub"]);
        g.git(&["checkout", "-q", "-b", "side"]);
        g.commit(".env", "A=1\n");
        g.git(&["checkout", "-q", "main"]);
        g.commit(".env", "A=2\n");
        assert!(!Fixture::try_git(g.root(), &["merge", "-q", "side"]).status.success());
        let repo = Repo::open(g.root()).unwrap();
        assert!(repo.staged(repo.head().unwrap()).unwrap().is_empty());
        assert_eq!(repo.index_file_at(Path::new(".env")).unwrap(), None);
    }
}
