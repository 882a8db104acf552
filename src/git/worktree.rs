//! The files of a worktree: which of them git tracks, ignores or would add, and what is staged.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;

#[cfg(feature = "cli")]
use git2::{DiffOptions, Patch};

use super::command::{bytes_arg, complaint, git, output, split};
use super::history::parse_sides;
use super::index_bytes::refuse_cut_short;
use super::objects::{ChangedFile, FileKind, FileRef};
use super::paths::{from_git, to_git};
use super::repo::once;
use super::tree::parse_file_mode;
use super::{GitError, ObjectId, Repo};
use crate::config::{GitLocation, SCHEMA_FILES, is_team_file};
use crate::fs::{
    FolderLock, FsError, NewMode, append_line, folder_of, has_temporaries, make_folder, sweep, with_lines,
};

pub(super) const READ_INDEX: &str = "read the index of";

/// Receives a file name, with or without folders, and returns true if the file is wanted.
type NameFilter<'a> = &'a dyn Fn(&Path) -> bool;

/// Tracked and ignored files.
impl Repo {
    /// Returns the files in the folder `under` and below it that match one of `globs` (our own constant pathspecs;
    /// without any, all files) and whose names satisfy `want`: every tracked one that exists, and every untracked one
    /// that git does not ignore.
    ///
    /// Files are regular files, and symlinks that do not lead to a folder. Other repositories and submodules are not
    /// entered. Paths are below [`Repo::root`], in byte order, each once.
    pub(crate) fn list_files(
        &self,
        under: &Path,
        globs: &[&str],
        want: NameFilter<'_>,
    ) -> Result<Vec<PathBuf>, GitError> {
        self.refuse_damaged_index()?;
        let under = self.relative_folder(under)?;
        let mut call = self.call(&["ls-files", "-z", "--full-name", "--cached", "--others"]);
        call.args(["--exclude-standard", "--"]);
        if globs.is_empty() && !under.as_os_str().is_empty() {
            call.arg(bytes_arg(&[b":(top,literal)", &to_git(&under)?[..]].concat()));
        }
        call.args(globs);
        let done = self.ask_worktree(call, &[])?;
        if !done.status.success() {
            return Err(self.failed("list the files of", &done));
        }
        let mut found: Vec<PathBuf> = Vec::new();
        for path in split(&done.stdout, 0).filter(|path| !path.ends_with(b"/")) {
            let Some(path) = from_git(path).filter(|path| path.starts_with(&under)) else { continue };
            if path.file_name().is_some_and(|name| want(Path::new(name))) && self.is_file_in_place(path) {
                found.push(path.to_owned());
            }
        }
        found.sort_by(|a, b| bytes(a).cmp(bytes(b)));
        found.dedup();
        self.listed.borrow_mut().extend(found.iter().cloned());
        Ok(found.into_iter().map(|path| self.root().join(path)).collect())
    }

    /// Returns the files directly in the folder `under` that satisfy `want` and that [`Repo::list_files`] skips because
    /// git ignores and does not track them, in byte order. Git is not asked about the files in `listed`.
    pub(crate) fn untracked_ignored(
        &self,
        under: &Path,
        listed: &[PathBuf],
        want: NameFilter<'_>,
    ) -> Result<Vec<PathBuf>, GitError> {
        let mut paths = plain_list_files(&self.root().join(self.relative_folder(under)?), want)?;
        paths.retain(|path| !listed.contains(path));
        let relative: Result<Vec<_>, _> = paths.iter().map(|path| self.relative(path)).collect();
        let relative = relative?;
        let ignored = self.ignored(&relative, &[])?;
        let ignored = paths.into_iter().zip(relative).filter(|(_, relative)| ignored.contains(relative));
        Ok(ignored.map(|(path, _)| path).collect())
    }

    /// Returns true if the index contains exactly this path, in any stage of a merge. The file need not exist.
    ///
    /// Symlinked folders on the way are resolved, but not the path's last name. If git ignores letter case
    /// (`core.ignorecase`), so does this. Rejects a path outside the worktree.
    pub(crate) fn is_tracked(&self, path: &Path) -> Result<bool, GitError> {
        is_tracked_in(self.root(), &self.location, &to_git(&self.relative(path)?)?)
    }

    /// Returns true if git's ignore rules match `path`: `.gitignore` files, `info/exclude` and `core.excludesFile`;
    /// even if the file is tracked. A path that does not exist counts as a file.
    pub(crate) fn is_ignored(&self, path: &Path) -> Result<bool, GitError> {
        let relative = self.relative(path)?;
        if relative.as_os_str().is_empty() {
            return Ok(false);
        }
        Ok(self.ignored(std::slice::from_ref(&relative), &["--no-index"])?.contains(&relative))
    }

    /// Returns those of these paths that git ignores and does not track. Rejects a path outside the worktree.
    pub(crate) fn ignored_among(&self, paths: &[PathBuf]) -> Result<HashSet<PathBuf>, GitError> {
        let mut unlisted = BTreeMap::new();
        for path in paths {
            let relative = self.relative(path)?;
            if !self.listed.borrow().contains(&relative) {
                unlisted.insert(relative, path.clone());
            }
        }
        let ignored = self.ignored(&unlisted.keys().cloned().collect::<Vec<_>>(), &[])?;
        Ok(ignored.iter().filter_map(|relative| unlisted.remove(relative)).collect())
    }

    /// Returns those of these paths below the root that git ignores and, without `--no-index`, does not track. With it, git
    /// is always asked: a file with private keys may be about to be written there.
    fn ignored(&self, paths: &[PathBuf], options: &[&str]) -> Result<HashSet<PathBuf>, GitError> {
        let mut input = Vec::new();
        for path in paths {
            input.extend(to_git(path)?);
            input.push(0);
        }
        if input.is_empty() {
            return Ok(HashSet::new());
        }
        let mut call = self.call(&["check-ignore", "-z", "--stdin"]);
        call.args(options);
        let done = if options.is_empty() {
            self.ask_worktree(call, &input)?
        } else {
            Rc::new(output(call, &input)?)
        };
        // 1: none is ignored.
        if !matches!(done.status.code(), Some(0 | 1)) {
            return Err(self.failed("read the ignore rules of", &done));
        }
        Ok(split(&done.stdout, 0).filter_map(from_git).map(Path::to_path_buf).collect())
    }

    /// Adds the ignore rule `pattern` to `info/exclude`, which all worktrees of this clone share and which is not committed.
    /// Returns false if it is there already.
    pub(crate) fn ensure_excluded(&self, pattern: &str) -> Result<bool, GitError> {
        let exclude = &self.facts.exclude;
        make_folder(folder_of(exclude))?;
        // Usually there is nothing to do, and no need to wait for the lock.
        if with_lines(exclude, &[pattern], NewMode::Default)?.is_none() {
            return Ok(false);
        }
        let _lock = FolderLock::acquire(self.common_dir())?;
        Ok(append_line(exclude, pattern, NewMode::Default)?)
    }

    /// Removes temporary files that a killed command left in the git folder and in its `info`.
    pub(crate) fn sweep_temporaries(&self) -> Result<(), GitError> {
        let folders = [Some(self.common_dir()), self.facts.exclude.parent()];
        let folders: Vec<_> =
            folders.into_iter().flatten().filter(|folder| has_temporaries(folder)).collect();
        if !folders.is_empty() {
            let _lock = FolderLock::acquire(self.common_dir())?;
            for folder in folders {
                sweep(folder, |_| true);
            }
        }
        Ok(())
    }

    /// Returns true if the path is a file that is not reached through a symlink in place of a folder.
    fn is_file_in_place(&self, relative: &Path) -> bool {
        let path = self.root().join(relative);
        let by_link = relative
            .ancestors()
            .skip(1)
            .any(|folder| !folder.as_os_str().is_empty() && self.root().join(folder).is_symlink());
        !by_link && fs::symlink_metadata(&path).is_ok_and(|meta| is_file(&path, meta.file_type()))
    }
}

/// Returns true if the index of the worktree at `root` contains this path, in git's form and relative to `root`.
pub(super) fn is_tracked_in(root: &Path, location: &GitLocation, name: &[u8]) -> Result<bool, GitError> {
    if name.is_empty() {
        return Ok(false);
    }
    let mut call = git(root, location);
    call.args(["ls-files", "-z", "--full-name", "--cached", "--"]);
    call.arg(bytes_arg(&[b":(top,literal,icase)", name].concat()));
    let done = output(call, &[])?;
    if !done.status.success() {
        return Err(GitError::failed(root, READ_INDEX, &complaint(&done.stderr)));
    }
    let mut paths = split(&done.stdout, 0).filter(|path| path.len() == name.len()).peekable();
    let is_like = paths.peek().is_some();
    if paths.any(|path| path == name) || !is_like {
        return Ok(is_like);
    }
    // Only the letter case differs.
    let mut call = git(root, location);
    call.args(["config", "--type=bool", "--get", "core.ignorecase"]);
    Ok(output(call, &[])?.stdout.trim_ascii() == b"true")
}

/// Returns the files directly in the folder `under` whose names satisfy `want`, in byte order, for use outside git.
///
/// Files are regular files, and symlinks that do not lead to a folder. A missing folder is an error.
pub(crate) fn plain_list_files(under: &Path, want: NameFilter<'_>) -> Result<Vec<PathBuf>, GitError> {
    let fail = |e| FsError::io(under, "list", e);
    let mut found = Vec::new();
    for entry in fs::read_dir(under).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let kind = match entry.file_type() {
            // It was removed in the meantime.
            Err(e) if e.kind() == ErrorKind::NotFound => continue,
            kind => kind.map_err(fail)?,
        };
        if want(Path::new(&entry.file_name())) && is_file(&entry.path(), kind) {
            found.push(entry.path());
        }
    }
    found.sort_by(|a, b| bytes(a).cmp(bytes(b)));
    Ok(found)
}

fn is_file(path: &Path, kind: FileType) -> bool {
    // No command reads a schema or a team file that leads to a folder; `check` says so.
    let is_settings =
        |path: &Path| is_team_file(path) || SCHEMA_FILES.iter().any(|name| path.ends_with(name));
    kind.is_file() || kind.is_symlink() && (is_settings(path) || !path.is_dir())
}

/// Returns bytes to compare, as git does. `Path` compares folder by folder, which puts `a/b` before `a-b`.
fn bytes(path: &Path) -> &[u8] {
    OsStr::as_encoded_bytes(path.as_os_str())
}

/// The index, which the next commit contains.
impl Repo {
    /// Returns every file of the index that would be committed, in git's order. Reads once: a check sees one state.
    pub(crate) fn index_files(&self) -> Result<&[(PathBuf, FileRef)], GitError> {
        once(&self.index, || self.read_index()).map(Vec::as_slice)
    }

    fn read_index(&self) -> Result<Vec<(PathBuf, FileRef)>, GitError> {
        self.refuse_damaged_index()?;
        let said =
            self.ask(READ_INDEX, self.call(&["ls-files", "-t", "--stage", "-z", "--full-name"]), &[])?;
        let mut files = Vec::new();
        for entry in split(&said, 0) {
            let (tag, stage, file, path) = parse_index_entry(entry).ok_or_else(|| self.garbled_index())?;
            if let ("0", Some(file), Some(path)) = (stage, file, from_git(path)) {
                files.push((path.to_owned(), file));
                if tag == "S" {
                    self.skipped.borrow_mut().insert(path.to_owned());
                }
            }
        }
        // An announced file (`git add -N`) is listed as an empty one, but not against an empty commit, which takes longer.
        let empty = self.facts.format.id_of("blob", b"");
        if files.iter().any(|(_, file)| file.id == empty) {
            let staged: HashSet<_> = self.staged(None)?.into_iter().map(|file| file.path).collect();
            files.retain(|(path, file)| file.id != empty || staged.contains(path));
        }
        Ok(files)
    }

    /// Returns the files that satisfy `want` and that a sparse checkout leaves out (git-sparse-checkout(1)), relative to
    /// the root and as the index has them. They are not gone: the next commit contains them.
    pub(crate) fn left_out(&self, want: NameFilter<'_>) -> Result<Vec<(PathBuf, FileRef)>, GitError> {
        let (files, skipped) = (self.index_files()?.iter(), self.skipped.borrow());
        let is_left_out = |(path, file): &&(PathBuf, FileRef)| {
            skipped.contains(path)
                && file.kind == FileKind::File
                && want(path)
                && !self.is_file_in_place(path)
        };
        Ok(files.filter(is_left_out).cloned().collect())
    }

    /// Returns the file in the index at exactly this path, relative to the root.
    pub(crate) fn index_file_at(&self, path: &Path) -> Result<Option<FileRef>, GitError> {
        let (files, path) = (self.index_files()?, to_git(path)?);
        let at = files.binary_search_by(|(there, _)| bytes(there).cmp(&path));
        Ok(at.ok().map(|at| files[at].1))
    }

    /// Returns every path at which the index differs from a commit (None: an empty one), in git's order. Paths in an
    /// unfinished merge are left out: git commits none of them.
    pub(crate) fn staged(&self, commit: Option<ObjectId>) -> Result<Vec<ChangedFile>, GitError> {
        self.refuse_damaged_index()?;
        let base = commit.unwrap_or_else(|| self.facts.format.id_of("tree", b"")).to_string();
        let mut call = self.call(&["diff-index", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames"]);
        call.args(["--no-ext-diff", "--ignore-submodules=none", "--ita-invisible-in-index", &base, "--"]);
        let done = output(call, &[])?;
        if !done.status.success() {
            // If a folder of the commit is missing or unreadable, that error says more.
            self.changes(None, commit)?;
            return Err(self.failed(READ_INDEX, &done));
        }
        let mut fields = split(&done.stdout, 0);
        let mut found = Vec::new();
        while let Some(field) = fields.next() {
            let path = fields.next().ok_or_else(|| self.garbled_index())?;
            if field.ends_with(b" U") {
                continue;
            }
            let (before, after) = parse_sides(field).ok_or_else(|| self.garbled_index())?;
            if let Some(path) = from_git(path) {
                found.push(ChangedFile { path: path.to_owned(), before, after });
            }
        }
        Ok(found)
    }

    /// Rejects an index that is cut short, or not git's: git may silently see fewer files in it, or others.
    fn refuse_damaged_index(&self) -> Result<(), GitError> {
        // Without an index, nothing was ever added.
        let Some(bytes) = crate::fs::read_if_there(&self.facts.index)? else { return Ok(()) };
        refuse_cut_short(&bytes, self.root())?;
        let (text, sum) = bytes.split_at(bytes.len().saturating_sub(self.facts.format.len()));
        // The hash is all zeros if `index.skipHash` is set (git-config(1)).
        if sum == self.facts.format.sum(text)
            || sum.iter().all(|byte| *byte == 0) && bytes.starts_with(b"DIRC")
        {
            return Ok(());
        }
        Err(GitError::failed(self.root(), READ_INDEX, "its index is damaged"))
    }

    fn garbled_index(&self) -> GitError {
        GitError::garbled(self.root(), READ_INDEX)
    }
}

/// Reads tag, stage, file and path of `TAG MODE ID STAGE TAB PATH` (git-ls-files(1), `-t --stage`).
fn parse_index_entry(entry: &[u8]) -> Option<(&str, &str, Option<FileRef>, &[u8])> {
    let (info, path) = entry.split_at(memchr::memchr(b'\t', entry)?);
    let [tag, mode, id, stage] = std::str::from_utf8(info).ok()?.split(' ').collect::<Vec<_>>()[..] else {
        return None;
    };
    let id = ObjectId::parse(id.as_bytes())?;
    Some((tag, stage, parse_file_mode(mode).map(|kind| FileRef { id, kind }), &path[1..]))
}

/// Returns the numbers, from 1, of the lines that `after` has and `before` lacks, in ascending order. In a file that
/// git considers binary, all lines are new.
#[cfg(feature = "cli")]
pub(crate) fn added_lines(before: &[u8], after: &[u8]) -> Vec<usize> {
    let mut options = DiffOptions::new();
    // The worktree may have other line ends than the commit (gitattributes(5), `eol`).
    options.context_lines(0).force_text(true).ignore_whitespace_eol(true);
    let Ok(patch) = Patch::from_buffers(before, None, after, None, Some(&mut options)) else {
        return (1..=after.split(|b| *b == b'\n').count()).collect();
    };
    let mut lines = Vec::new();
    for hunk in 0..patch.num_hunks() {
        let Ok((hunk, _)) = patch.hunk(hunk) else { continue };
        let start = hunk.new_start() as usize;
        lines.extend(start..start + hunk.new_lines() as usize);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;

    fn is_env_name(name: &Path) -> bool {
        bytes(name).starts_with(b".env")
    }

    fn short(g: &Fixture, paths: &[PathBuf]) -> String {
        let names = paths.iter().map(|path| path.strip_prefix(g.root()).unwrap().to_str().unwrap());
        names.collect::<Vec<_>>().join(" ")
    }

    fn listed(g: &Fixture, under: &str) -> String {
        short(g, &g.repo().list_files(&g.path(under), &[], &is_env_name).unwrap())
    }

    #[test]
    fn tracked_and_untracked_but_not_ignored() {
        let g = Fixture::new();
        g.write(".gitignore", "/.env\nnode_modules/\nout/\n!out/.env.back\n.env.local\n");
        for name in
            [".env", "a/.env", "a-b/.env", "node_modules/p/.env", "out/.env.back", "a/.env.local", "a/x"]
        {
            g.write(name, "");
        }
        g.add("out/.env.kept", "");
        g.add("a/b/.env.tracked", "");
        g.add("gone/.env", "");
        fs::remove_file(g.path("gone/.env")).unwrap();
        fs::create_dir_all(g.path("a/.env.d")).unwrap();
        for (under, list, ignored) in [
            ("", "a-b/.env a/.env a/b/.env.tracked out/.env.kept", ".env"),
            ("a", "a/.env a/b/.env.tracked", "a/.env.local"),
            ("out", "out/.env.kept", "out/.env.back"),
        ] {
            assert_eq!(listed(&g, under), list);
            let found = g.repo().untracked_ignored(&g.path(under), &[], &is_env_name).unwrap();
            assert_eq!(short(&g, &found), ignored);
        }
        assert_eq!(listed(&g, ".git"), "");
        let args = ["ls-files", "-co", "--exclude-standard", "--", "*.env*", ":!gone"];
        assert_eq!(listed(&g, "").replace(' ', "\n"), g.git(&args));
    }

    #[test]
    fn other_repositories_are_not_entered() {
        let g = Fixture::new();
        let sub = g.with_submodule("sub");
        for name in ["nested/.env", "own/.env", "empty/.env"] {
            g.write(name, "");
        }
        Fixture::git_in(&g.path("nested"), &["init", "-q"]);
        fs::create_dir(g.path("empty/.git")).unwrap();
        for (under, list) in [("", "empty/.env own/.env"), ("nested", ""), ("sub", "")] {
            assert_eq!(listed(&g, under), list);
        }
        let found = Repo::open(&sub).unwrap().list_files(&sub, &[], &is_env_name).unwrap();
        assert_eq!(found, [sub.join(".env")]);
    }

    // On other systems a name must be Unicode.
    #[cfg(target_os = "linux")]
    #[test]
    fn links_and_odd_names() {
        use std::os::unix::{ffi::OsStrExt, fs::symlink};
        let g = Fixture::new();
        let odd = g.path(OsStr::from_bytes(b"\xff\xfe"));
        fs::create_dir(&odd).unwrap();
        fs::write(odd.join(OsStr::from_bytes(b".env.\xfe")), "").unwrap();
        fs::write(odd.join(OsStr::from_bytes(b".env.\xff")), "").unwrap();
        g.git(&["add", "."]);
        fs::write(odd.join(OsStr::from_bytes(b".env.\xfd")), "").unwrap();
        g.write("real/.env", "");
        for (to, name) in
            [("real/.env", ".env"), ("nowhere", ".env.dangling"), ("real", ".env.folder"), ("real", "alias")]
        {
            symlink(to, g.path(name)).unwrap();
        }
        let found = g.repo().list_files(g.root(), &[], &is_env_name).unwrap();
        let relative: Vec<_> = found.iter().map(|path| bytes(path.strip_prefix(g.root()).unwrap())).collect();
        let odd = [&b"\xff\xfe/.env.\xfd"[..], b"\xff\xfe/.env.\xfe", b"\xff\xfe/.env.\xff"];
        assert_eq!(relative, [&[&b".env"[..], b".env.dangling", b"real/.env"][..], &odd].concat());
        assert_eq!(listed(&g, "alias"), "real/.env");
        // A tracked file is gone if a symlink took its folder's place.
        let g = Fixture::new();
        g.add("a/.env", "");
        fs::rename(g.path("a"), g.path("b")).unwrap();
        symlink("b", g.path("a")).unwrap();
        assert_eq!(listed(&g, ""), "b/.env");
    }

    #[test]
    fn outside_git_one_folder_is_listed() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        for name in [".env.b", ".env", "x", "sub/.env"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let found = plain_list_files(dir.path(), &is_env_name).unwrap();
        assert_eq!(found, [dir.path().join(".env"), dir.path().join(".env.b")]);
        assert!(plain_list_files(&dir.path().join("no"), &is_env_name).is_err());
    }

    #[test]
    fn a_path_is_ignored_though_it_is_tracked_or_missing() {
        let g = Fixture::new();
        g.write(".gitignore", "*.keys\nbuild/\n!sub/not.keys\n");
        g.write(".git/info/exclude", "private\n");
        g.write("build/.env", "");
        g.add("sub/.env.keys", "");
        let repo = g.repo();
        for (name, is_ignored) in [
            ("sub/.env.keys", true),
            ("none/.env.keys", true),
            ("build", true),
            ("build/.env", true),
            ("private", true),
            ("sub/not.keys", false),
            // Does not exist, so it is not a folder.
            ("none/build", false),
            ("", false),
        ] {
            assert_eq!(repo.is_ignored(&g.path(name)).unwrap(), is_ignored, "{name}");
        }
    }

    #[test]
    fn exclude_is_shared_among_worktrees_and_written_once() {
        let g = Fixture::new();
        g.commit("f", "");
        g.git(&["worktree", "add", "-q", "../linked"]);
        fs::remove_dir_all(g.path(".git/info")).unwrap();
        let linked = g.outside("linked");
        let repo = Repo::open(&linked).unwrap();
        assert!(!repo.is_ignored(&linked.join(".envseal-tmp-1")).unwrap());
        assert!(repo.ensure_excluded(".envseal-tmp-*").unwrap());
        assert!(!repo.ensure_excluded(".envseal-tmp-*").unwrap());
        assert_eq!(fs::read(g.path(".git/info/exclude")).unwrap(), b".envseal-tmp-*\n");
        assert!(repo.is_ignored(&linked.join(".envseal-tmp-1")).unwrap());
        assert!(g.repo().is_ignored(&g.path("a/.envseal-tmp-1")).unwrap());
    }

    #[test]
    fn a_path_is_tracked_if_the_index_holds_exactly_it() {
        let g = Fixture::new();
        g.add("sub/.env.keys", "");
        g.git(&["config", "core.ignorecase", "false"]);
        let repo = g.repo();
        let is_tracked = |name: &str| repo.is_tracked(&g.path(name)).map_err(|error| error.to_string());
        assert_eq!(is_tracked("sub/.env.keys"), Ok(true));
        for other in
            [".env.keys", "sub", "sub/.env", "other/.env.keys", "sub/.env.keys/x", "Sub/.env.keys", ""]
        {
            assert_eq!(is_tracked(other), Ok(false), "{other}");
        }
        assert!(is_tracked("../.env").unwrap_err().contains("outside"));
        assert!(is_tracked("a\0b").unwrap_err().contains("cannot name"));
        g.git(&["config", "core.ignorecase", "true"]);
        assert_eq!(is_tracked("Sub/.Env.Keys"), Ok(true));
        // Changes of the index are seen, and no file is needed.
        g.write(".env.keys", "");
        for (change, tracked) in [
            (&["add", "-N", ".env.keys"][..], true),
            (&["clean", "-q", "-f"], true),
            (&["rm", "-q", "--cached", "-f", ".env.keys"], false),
        ] {
            g.git(change);
            assert_eq!(is_tracked(".env.keys"), Ok(tracked), "{change:?}");
        }
    }

    #[test]
    fn staged_are_the_changes_of_a_commit() {
        let g = Fixture::new();
        g.commit("f", "");
        g.with_submodule("sub");
        g.add("new/.env", "");
        g.write("intended", "");
        g.git(&["add", "-N", "intended"]);
        let repo = g.repo();
        let staged: Vec<_> =
            repo.staged(repo.head().unwrap()).unwrap().into_iter().map(|it| it.path).collect();
        let args = ["diff", "--cached", "--name-only", "--no-renames"];
        assert_eq!(staged.iter().map(|it| it.to_str().unwrap()).collect::<Vec<_>>().join("\n"), g.git(&args));
        assert_eq!(staged.len(), 3);
        for (path, kind) in
            [("sub", Some(FileKind::Submodule)), ("new/.env", Some(FileKind::File)), ("intended", None)]
        {
            assert_eq!(repo.index_file_at(Path::new(path)).unwrap().map(|file| file.kind), kind, "{path}");
        }
        g.git(&["rm", "-q", "--cached", "intended"]);
        g.git(&["commit", "-qm", "sub"]);
        // In a conflict nothing is staged, but the file is tracked.
        g.git(&["checkout", "-q", "-b", "side"]);
        g.commit(".env", "A=1\n");
        g.git(&["checkout", "-q", "main"]);
        let env = g.commit(".env", "A=2\n");
        assert!(!Fixture::try_git(g.root(), &["merge", "-q", "side"]).status.success());
        let repo = g.repo();
        assert!(repo.staged(repo.head().unwrap()).unwrap().is_empty());
        assert_eq!(repo.index_file_at(Path::new(".env")).unwrap(), None);
        assert!(repo.is_tracked(&env).unwrap());
        assert_eq!(listed(&g, ""), ".env new/.env");
    }

    #[test]
    fn only_new_lines_count() {
        for (before, after, lines) in [
            ("a\nb\nc\n", "a\nx\nc\ny\n", &[2, 4][..]),
            ("", "a\nb", &[1, 2]),
            ("a\n", "a\n", &[]),
            ("a\n", "", &[]),
            ("a\nb\n", "a\r\nb\r\nc\r\n", &[3]),
            ("\0a\n", "\0a\n\0b\n", &[2]),
        ] {
            assert_eq!(added_lines(before.as_bytes(), after.as_bytes()), lines, "{before:?} {after:?}");
        }
    }
}
