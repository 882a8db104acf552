//! The files of a worktree: which git tracks, which it ignores, and which it would take.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::command::{Network, complaint, git, output};
use super::paths::{from_git, to_git};
use super::repo::bytes_arg;
use super::{GitError, Repo};
use crate::config::GitLocation;
use crate::fs::{FsError, Lock, NewMode, append_line, has_temporaries, sweep, with_lines};

/// Says of a file name alone, without folders, whether it is looked for.
type Want<'a> = &'a dyn Fn(&Path) -> bool;

impl Repo {
    /// The files in the folder `under` and all folders below it that one of `globs` matches (pathspecs, constants of
    /// ours; all files if there is none) and whose names `want` holds for: every tracked one that exists, and every
    /// untracked one that git does not ignore.
    ///
    /// Files are regular files, and symlinks that do not lead to a folder. Other repositories are not entered, nor
    /// submodules. Paths stand below [`Repo::root`], in byte order, each once.
    pub fn list_files(&self, under: &Path, globs: &[&str], want: Want<'_>) -> Result<Vec<PathBuf>, GitError> {
        self.refuse_damaged_index()?;
        let under = self.relative_folder(under)?;
        let mut call = self.call();
        call.args(["ls-files", "-z", "--full-name", "--cached", "--others", "--exclude-standard", "--"]);
        if globs.is_empty() && !under.as_os_str().is_empty() {
            call.arg(bytes_arg(&[b":(top,literal)", &to_git(&under)?[..]].concat()));
        }
        call.args(globs);
        let said = self.ask("list the files of", call, &[])?;
        let mut found: Vec<PathBuf> = Vec::new();
        for path in said.split(|byte| *byte == 0).filter(|path| !path.is_empty() && !path.ends_with(b"/")) {
            let Some(path) = from_git(path).filter(|path| path.starts_with(&under)) else { continue };
            if path.file_name().is_some_and(|name| want(Path::new(name))) && self.stands(path) {
                found.push(path.to_owned());
            }
        }
        found.sort_by(|a, b| bytes(a).cmp(bytes(b)));
        found.dedup();
        self.listed.borrow_mut().extend(found.iter().cloned());
        Ok(found.into_iter().map(|path| self.root().join(path)).collect())
    }

    /// The files directly in the folder `under` that `want` holds for, and that [`Repo::list_files`] passes over
    /// because git ignores and does not track them; those that it is known to have `listed` are not asked of. In byte
    /// order.
    pub fn untracked_ignored(
        &self,
        under: &Path,
        listed: &[PathBuf],
        want: Want<'_>,
    ) -> Result<Vec<PathBuf>, GitError> {
        let under = self.relative_folder(under)?;
        let mut names = plain_list_files(&self.root().join(&under), want)?;
        names.retain(|path| !listed.contains(path));
        let relative: Vec<_> = names
            .iter()
            .filter_map(|path| path.strip_prefix(self.root()).ok().map(Path::to_path_buf))
            .collect();
        let ignored = self.ignored(&relative, &[])?;
        Ok(names
            .into_iter()
            .zip(relative)
            .filter(|(_, path)| ignored.contains(path))
            .map(|(path, _)| path)
            .collect())
    }

    /// Whether the index holds exactly this path, in any stage of a merge; whether the file exists does not matter.
    ///
    /// Symlinked folders on the way are resolved; of a symlink, it is the link that is looked for. Where git ignores
    /// letter case (`core.ignorecase`), so does this. A path outside the worktree is [`GitError::OutsideWorktree`].
    pub fn is_tracked(&self, path: &Path) -> Result<bool, GitError> {
        tracks(self.root(), &self.location, &to_git(&self.relative(path)?)?)
    }

    /// Whether git's ignore rules hold for `path`: `.gitignore` files, `info/exclude` and `core.excludesFile`. That a
    /// file is tracked all the same is not considered. A path that does not exist is judged as a file.
    pub fn is_ignored(&self, path: &Path) -> Result<bool, GitError> {
        let relative = self.relative(path)?;
        if relative.as_os_str().is_empty() {
            return Ok(false);
        }
        Ok(self.ignored(std::slice::from_ref(&relative), &["--no-index"])?.contains(&relative))
    }

    /// Those of these paths that git ignores and does not track. None may lie outside the worktree.
    pub fn ignored_among(&self, paths: &[&Path]) -> Result<HashSet<PathBuf>, GitError> {
        let mut unlisted = HashMap::new();
        for path in paths {
            let relative = self.relative(path)?;
            if !self.listed.borrow().contains(&relative) {
                unlisted.insert(relative, path.to_path_buf());
            }
        }
        let ignored = self.ignored(&unlisted.keys().cloned().collect::<Vec<_>>(), &[])?;
        Ok(ignored.iter().filter_map(|relative| unlisted.remove(relative)).collect())
    }

    /// Which of these paths, relative to the root, git ignores (git-check-ignore(1)): without `--no-index`, those that
    /// it does not track either.
    fn ignored(&self, paths: &[PathBuf], options: &[&str]) -> Result<HashSet<PathBuf>, GitError> {
        let mut input = Vec::new();
        for path in paths {
            input.extend(to_git(path)?);
            input.push(0);
        }
        if input.is_empty() {
            return Ok(HashSet::new());
        }
        let mut call = self.call();
        call.args(["check-ignore", "-z", "--stdin"]).args(options);
        let done = output(call, &input)?;
        // 1: none of them is.
        if !matches!(done.status.code(), Some(0 | 1)) {
            return Err(self.failed("read the ignore rules of", &done));
        }
        let said = done.stdout.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        Ok(said.filter_map(from_git).map(Path::to_path_buf).collect())
    }

    /// Adds the ignore rule `pattern` to `info/exclude`, which holds for all worktrees of this clone and is not
    /// committed, unless it stands there. Returns whether it was added.
    pub fn ensure_excluded(&self, pattern: &str) -> Result<bool, GitError> {
        let info = self.exclude.parent().unwrap_or(self.common_dir());
        fs::create_dir_all(info).map_err(|e| FsError::io(info, "make", e))?;
        // Most often there is nothing to be done, and nobody has to wait.
        if with_lines(&self.exclude, &[pattern], NewMode::Default)?.is_none() {
            return Ok(false);
        }
        let _lock = Lock::acquire(self.common_dir(), || ())?;
        Ok(append_line(&self.exclude, pattern, NewMode::Default)?)
    }

    /// Removes temporary files that a killed command left in the git folder and in its `info`.
    pub fn sweep_temporaries(&self) -> Result<(), GitError> {
        let folders = [Some(self.common_dir()), self.exclude.parent()];
        let folders: Vec<_> =
            folders.into_iter().flatten().filter(|folder| has_temporaries(folder)).collect();
        if !folders.is_empty() {
            let _lock = Lock::acquire(self.common_dir(), || ())?;
            for folder in folders {
                sweep(folder, |_| true);
            }
        }
        Ok(())
    }

    /// Makes the folder that [`Self::attributes_path`] is in.
    pub fn make_info_folder(&self) -> Result<(), GitError> {
        let Some(info) = self.attributes_path().parent() else { return Ok(()) };
        Ok(fs::create_dir_all(info).map_err(|e| FsError::io(info, "make", e))?)
    }

    /// Whether a path is there as a file, and not only by way of a symlink that took a folder's place.
    fn stands(&self, relative: &Path) -> bool {
        let path = self.root().join(relative);
        let by_link = relative
            .ancestors()
            .skip(1)
            .any(|folder| !folder.as_os_str().is_empty() && self.root().join(folder).is_symlink());
        !by_link && fs::symlink_metadata(&path).is_ok_and(|meta| is_file(&path, meta.file_type()))
    }
}

/// Whether the index of the worktree at `root` holds this path, in git's spelling and relative to it.
pub(super) fn tracks(root: &Path, location: &GitLocation, name: &[u8]) -> Result<bool, GitError> {
    let failed = |done: &std::process::Output| GitError::Failed {
        path: root.to_path_buf(),
        doing: "read the index of",
        message: complaint(&done.stderr),
    };
    if name.is_empty() {
        return Ok(false);
    }
    let mut call = git(root, location, Network::Forbidden);
    call.args(["ls-files", "-z", "--full-name", "--cached", "--"]);
    call.arg(bytes_arg(&[b":(top,literal,icase)", name].concat()));
    let done = output(call, &[])?;
    if !done.status.success() {
        return Err(failed(&done));
    }
    let mut paths = done.stdout.split(|byte| *byte == 0).filter(|path| path.len() == name.len()).peekable();
    let is_like = paths.peek().is_some();
    if paths.any(|path| path == name) || !is_like {
        return Ok(is_like);
    }
    // Only the letter case differs.
    let mut call = git(root, location, Network::Forbidden);
    call.args(["config", "--type=bool", "--get", "core.ignorecase"]);
    Ok(output(call, &[])?.stdout.trim_ascii() == b"true")
}

/// The files directly in the folder `under` whose names `want` holds for, for use outside git. In byte order.
///
/// Files are regular files, and symlinks that do not lead to a folder. A missing folder is an error.
pub(crate) fn plain_list_files(under: &Path, want: Want<'_>) -> Result<Vec<PathBuf>, GitError> {
    let fail = |e| FsError::io(under, "list", e);
    let mut found = Vec::new();
    for entry in fs::read_dir(under).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let kind = match entry.file_type() {
            // Gone since.
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
    kind.is_file() || kind.is_symlink() && !path.is_dir()
}

/// `Path` compares folder by folder, which puts `a/b` before `a-b`; git and `ls-files` compare bytes.
fn bytes(path: &Path) -> &[u8] {
    OsStr::as_encoded_bytes(path.as_os_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;
    use std::time::Instant;

    fn env(name: &Path) -> bool {
        name.as_os_str().as_encoded_bytes().starts_with(b".env")
    }

    fn listed(g: &Fixture, under: &str) -> Vec<String> {
        let repo = Repo::open(g.root()).unwrap();
        short(g, &repo.list_files(&g.root().join(under), &[], &env).unwrap())
    }

    fn short(g: &Fixture, paths: &[PathBuf]) -> Vec<String> {
        paths.iter().map(|p| p.strip_prefix(g.root()).unwrap().to_str().unwrap().to_owned()).collect()
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
        fs::remove_file(g.root().join("gone/.env")).unwrap();
        fs::create_dir_all(g.root().join("a/.env.d")).unwrap();
        assert_eq!(listed(&g, ""), ["a-b/.env", "a/.env", "a/b/.env.tracked", "out/.env.kept"]);
        let by_git =
            Fixture::try_git(g.root(), &["ls-files", "-co", "--exclude-standard", "--", "*.env*", ":!gone"]);
        assert_eq!(listed(&g, "").join("\n"), String::from_utf8(by_git.stdout).unwrap().trim_end());
        assert_eq!(listed(&g, "a"), ["a/.env", "a/b/.env.tracked"]);
        assert_eq!(listed(&g, "out"), ["out/.env.kept"]);
        assert_eq!(listed(&g, ".git"), [""; 0]);

        let repo = Repo::open(g.root()).unwrap();
        let passed =
            |under: &str| short(&g, &repo.untracked_ignored(&g.root().join(under), &[], &env).unwrap());
        assert_eq!(passed(""), [".env"]);
        assert_eq!(passed("a"), ["a/.env.local"]);
        assert_eq!(passed("out"), ["out/.env.back"]);
    }

    #[test]
    fn other_repositories_are_not_entered() {
        let g = Fixture::new();
        g.with_submodule("sub");
        g.write("nested/.env", "");
        Fixture::git_in(&g.root().join("nested"), &["init", "-q"]);
        g.write("own/.env", "");
        g.write("empty/.env", "");
        fs::create_dir(g.root().join("empty/.git")).unwrap();
        assert_eq!(listed(&g, ""), ["empty/.env", "own/.env"]);
        assert_eq!(listed(&g, "nested"), [""; 0]);
        assert_eq!(listed(&g, "sub"), [""; 0]);
        let repo = Repo::discover(&g.root().join("sub")).unwrap().unwrap();
        let found = repo.list_files(&g.root().join("sub"), &[], &env).unwrap();
        assert_eq!(found, [g.root().join("sub/.env")]);
    }

    // Elsewhere a name has to be Unicode.
    #[cfg(target_os = "linux")]
    #[test]
    fn links_odd_names_and_closed_folders() {
        use std::os::unix::{ffi::OsStrExt, fs::symlink};
        let g = Fixture::new();
        let odd = OsStr::from_bytes(b"\xff\xfe");
        fs::create_dir(g.root().join(odd)).unwrap();
        fs::write(g.root().join(odd).join(OsStr::from_bytes(b".env.\xfe")), "").unwrap();
        fs::write(g.root().join(odd).join(OsStr::from_bytes(b".env.\xff")), "").unwrap();
        g.git(&["add", "."]);
        fs::write(g.root().join(odd).join(OsStr::from_bytes(b".env.\xfd")), "").unwrap();
        g.write("real/.env", "");
        symlink("real/.env", g.root().join(".env")).unwrap();
        symlink("nowhere", g.root().join(".env.dangling")).unwrap();
        symlink("real", g.root().join(".env.folder")).unwrap();
        symlink("real", g.root().join("alias")).unwrap();
        let repo = Repo::open(g.root()).unwrap();
        let found = repo.list_files(g.root(), &[], &env).unwrap();
        let relative: Vec<_> = found.iter().map(|p| bytes(p.strip_prefix(g.root()).unwrap())).collect();
        let odd_ones = [&b"\xff\xfe/.env.\xfd"[..], b"\xff\xfe/.env.\xfe", b"\xff\xfe/.env.\xff"];
        assert_eq!(relative, [&[&b".env"[..], b".env.dangling", b"real/.env"][..], &odd_ones].concat());
        assert_eq!(
            repo.list_files(&g.root().join("alias"), &[], &env).unwrap(),
            [g.root().join("real/.env")]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_tracked_file_behind_a_symlink_is_gone() {
        let g = Fixture::new();
        g.add("a/.env", "");
        fs::rename(g.root().join("a"), g.root().join("b")).unwrap();
        std::os::unix::fs::symlink("b", g.root().join("a")).unwrap();
        assert_eq!(listed(&g, ""), ["b/.env"]);
    }

    #[test]
    fn outside_git_one_folder_is_listed() {
        let g = Fixture::new();
        let dir = g.outside("plain");
        fs::create_dir_all(dir.join("sub")).unwrap();
        for name in [".env.b", ".env", "x", "sub/.env"] {
            fs::write(dir.join(name), "").unwrap();
        }
        assert_eq!(plain_list_files(&dir, &env).unwrap(), [dir.join(".env"), dir.join(".env.b")]);
        assert!(matches!(
            plain_list_files(&dir.join("no"), &env),
            Err(GitError::Fs(FsError::NotFound { .. }))
        ));
    }

    #[test]
    #[ignore = "makes 100,000 files, to print what listing them takes"]
    fn time_of_a_large_repository() {
        let g = Fixture::new();
        g.write(".gitignore", "node_modules/\n*.log\n/dist\n");
        for folder in 0..1000 {
            for file in 0..50 {
                g.write(&format!("src/d{}/d{folder}/f{file}.txt", folder % 40), "");
                g.write(&format!("node_modules/p{folder}/f{file}.js"), "");
            }
        }
        g.write("src/d1/d1/.env", "");
        g.git(&["add", "."]);
        for what in ["all tracked", "nothing tracked"] {
            for _ in 0..3 {
                let start = Instant::now();
                let repo = Repo::discover(g.root()).unwrap().unwrap();
                let opened = start.elapsed();
                let found = repo.list_files(g.root(), &[], &env).unwrap();
                println!("{what}: open {opened:?}, list {:?}, found {}", start.elapsed(), found.len());
            }
            g.git(&["read-tree", "--empty"]);
        }
    }

    #[test]
    fn rules_from_everywhere() {
        let g = Fixture::new();
        g.write(".gitignore", "*.keys\nbuild/\n/only-root\n!sub/not.keys\n");
        g.write("sub/.gitignore", "local\n");
        g.write(".git/info/exclude", "private\n");
        g.write("build/.env", "");
        g.write("file/build", "");
        let repo = Repo::open(g.root()).unwrap();
        let ignored = |name: &str| repo.is_ignored(&g.root().join(name)).unwrap();
        for name in
            [".env.keys", "a/b.keys", "build", "build/.env", "only-root", "sub/local", "private", "x/private"]
        {
            assert!(ignored(name), "{name}");
        }
        for name in [".env", "file/build", "sub/only-root", "local", "sub/not.keys", "sub", ""] {
            assert!(!ignored(name), "{name}");
        }
    }

    #[test]
    fn nothing_below_an_ignored_folder_comes_back() {
        let g = Fixture::new();
        g.write(".gitignore", "out/\n.env\n!.env\n!out/.env\n");
        g.write("out/.env", "");
        let repo = Repo::open(g.root()).unwrap();
        for (name, ignored) in [("out/.env", true), (".env", false), ("a/.env", false)] {
            assert_eq!(repo.is_ignored(&g.root().join(name)).unwrap(), ignored, "{name}");
            assert_eq!(
                Fixture::try_git(g.root(), &["check-ignore", "-q", name]).status.success(),
                ignored,
                "{name}"
            );
        }
    }

    #[test]
    fn a_deeper_file_takes_back_in_what_one_above_ignores() {
        let g = Fixture::new();
        g.write(".gitignore", ".env*\n!.env.example\nout/\n");
        g.write("a/.gitignore", "!.env\n");
        g.write("b/.gitignore", "!/.env.x\n!c/.env\n!*.y\n.env.z.y\n");
        g.write("b/d/.gitignore", ".env.x\n");
        g.write("out/.gitignore", "!.env\n");
        let repo = Repo::open(g.root()).unwrap();
        for (name, ignored) in [
            (".env", true),
            (".env.example", false),
            ("a/.env", false),
            ("a/sub/.env", false),
            ("a/.env.x", true),
            ("b/.env.x", false),
            ("b/c/.env.x", true),
            ("b/d/.env.x", true),
            ("b/c/.env", false),
            ("b/.env.y", false),
            ("b/.env.z.y", true),
            ("out/.env", true),
        ] {
            assert_eq!(repo.is_ignored(&g.root().join(name)).unwrap(), ignored, "{name}");
            let git = Fixture::try_git(g.root(), &["check-ignore", "-q", name]);
            assert_eq!(git.status.success(), ignored, "git on {name}");
        }
    }

    #[test]
    fn exclude_is_shared_among_worktrees_and_written_once() {
        let g = Fixture::new();
        g.commit("f", "");
        let linked = g.outside("linked");
        g.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
        fs::remove_dir_all(g.root().join(".git/info")).unwrap();
        let repo = Repo::open(&linked).unwrap();
        assert!(!repo.is_ignored(&linked.join(".envseal-tmp-1")).unwrap());
        assert!(repo.ensure_excluded(".envseal-tmp-*").unwrap());
        assert!(!repo.ensure_excluded(".envseal-tmp-*").unwrap());
        assert_eq!(fs::read(g.root().join(".git/info/exclude")).unwrap(), b".envseal-tmp-*\n");
        assert!(Repo::open(&linked).unwrap().is_ignored(&linked.join(".envseal-tmp-1")).unwrap());
        assert!(Repo::open(g.root()).unwrap().is_ignored(&g.root().join("a/.envseal-tmp-1")).unwrap());
    }

    #[test]
    fn only_the_exact_path_counts() {
        let g = Fixture::new();
        g.add("sub/.env.keys", "");
        g.git(&["config", "core.ignorecase", "false"]);
        let repo = Repo::open(g.root()).unwrap();
        assert!(repo.is_tracked(&g.root().join("sub/.env.keys")).unwrap());
        for other in
            [".env.keys", "sub", "sub/.env", "other/.env.keys", "sub/.env.keys/x", "Sub/.env.keys", ""]
        {
            assert!(!repo.is_tracked(&g.root().join(other)).unwrap(), "{other}");
        }
        assert!(matches!(repo.is_tracked(&g.outside(".env")), Err(GitError::OutsideWorktree { .. })));
        assert!(matches!(repo.is_tracked(&g.root().join("a\0b")), Err(GitError::UnnameablePath { .. })));
    }

    #[test]
    fn sees_changes_to_the_index_and_needs_no_file() {
        let g = Fixture::new();
        let repo = Repo::open(g.root()).unwrap();
        let keys = g.write(".env.keys", "");
        assert!(!repo.is_tracked(&keys).unwrap());
        g.git(&["add", "-N", ".env.keys"]);
        assert!(repo.is_tracked(&keys).unwrap());
        fs::remove_file(&keys).unwrap();
        assert!(repo.is_tracked(&keys).unwrap());
        g.git(&["rm", "-q", "--cached", "-f", ".env.keys"]);
        assert!(!repo.is_tracked(&keys).unwrap());
    }

    #[test]
    fn a_conflict_counts() {
        let g = Fixture::new();
        g.commit("f", "");
        g.git(&["checkout", "-q", "-b", "side"]);
        g.commit(".env", "A=1\n");
        g.git(&["checkout", "-q", "main"]);
        let env = g.commit(".env", "A=2\n");
        assert!(!Fixture::try_git(g.root(), &["merge", "-q", "side"]).status.success());
        let repo = Repo::open(g.root()).unwrap();
        assert!(repo.is_tracked(&env).unwrap());
        assert_eq!(repo.list_files(g.root(), &[], &|name| name == Path::new(".env")).unwrap(), [env]);
    }

    #[test]
    fn letter_case_is_ignored_where_git_ignores_it() {
        let g = Fixture::new();
        g.add("Sub/.Env.Keys", "");
        g.git(&["config", "core.ignorecase", "true"]);
        let repo = Repo::open(g.root()).unwrap();
        assert!(repo.is_tracked(&g.root().join("sub/.env.keys")).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn folders_are_resolved_and_links_are_not() {
        use std::os::unix::fs::symlink;
        let g = Fixture::new();
        g.add("sub/.env", "");
        symlink("sub", g.root().join("alias")).unwrap();
        symlink("sub/.env", g.root().join("link")).unwrap();
        let repo = Repo::open(g.root()).unwrap();
        assert!(repo.is_tracked(&g.root().join("alias/.env")).unwrap());
        assert!(!repo.is_tracked(&g.root().join("link")).unwrap());
        symlink("..", g.root().join("out")).unwrap();
        assert!(matches!(repo.is_tracked(&g.root().join("out/x")), Err(GitError::OutsideWorktree { .. })));
    }
}
