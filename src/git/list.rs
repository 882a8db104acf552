//! Finding files in a worktree.

use std::ffi::OsStr;
use std::fs::{self, DirEntry, FileType};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{GitError, Repo, find_root, root::is_root};
use crate::fsio::FsError;

/// Says of a file name alone, without folders, whether it is looked for.
type Want<'a> = &'a dyn Fn(&Path) -> bool;

impl Repo {
    /// The files in the folder `under` and all folders below it whose names `want` holds for (it is handed the bare
    /// file name): every tracked one that exists, and every untracked one that git does not ignore.
    ///
    /// Files are regular files, and symlinks that do not lead to a folder. Not entered are ignored folders, `.git`,
    /// other repositories (so submodules, too), symlinked folders, and folders this user may not read; tracked files
    /// come from the index. Paths stand below [`Repo::root`], in byte order, each once.
    pub fn list_files(&self, under: &Path, want: Want<'_>) -> Result<Vec<PathBuf>, GitError> {
        let under = self.relative_folder(under)?;
        let mut found = self.tracked_paths(|path| {
            path.starts_with(&under) && path.file_name().is_some_and(|name| want(Path::new(name)))
        })?;
        found.retain(|path| self.stands(path));
        // Inside an ignored folder, another repository, or `.git`, there is nothing untracked to find.
        let folder = self.root().join(&under);
        let closed = under.starts_with(".git")
            || find_root(&folder).is_some_and(|root| root != self.root())
            || self.is_ignored(&folder)?;
        if !closed {
            self.walk(under, want, &mut found)?;
        }
        found.sort_by(|a, b| bytes(a).cmp(bytes(b)));
        found.dedup();
        Ok(found.into_iter().map(|path| self.root().join(path)).collect())
    }

    /// The files directly in the folder `under` that `want` holds for, and that [`Repo::list_files`] passes over
    /// because git ignores and does not track them. In byte order.
    pub fn untracked_ignored(&self, under: &Path, want: Want<'_>) -> Result<Vec<PathBuf>, GitError> {
        let under = self.relative_folder(under)?;
        let names = plain_list_files(&self.root().join(&under), want)?;
        let mut found = Vec::new();
        for path in names {
            if self.is_ignored(&path)? && !self.is_tracked(&path)? {
                found.push(path);
            }
        }
        Ok(found)
    }

    /// Adds the untracked files below `start`; tracked ones may come along.
    fn walk(&self, start: PathBuf, want: Want<'_>, found: &mut Vec<PathBuf>) -> Result<(), GitError> {
        let mut folders = vec![start];
        while let Some(folder) = folders.pop() {
            let full = self.root().join(&folder);
            let entries = entries_of(&full)?;
            let has_git = entries.iter().any(|(entry, _)| entry.file_name() == ".git");
            if has_git && full != self.root() && is_root(&full) {
                continue;
            }
            for (entry, kind) in entries {
                let name = entry.file_name();
                let path = folder.join(&name);
                if kind.is_dir() {
                    if name != ".git" && !self.rules_ignore(&path, true)? {
                        folders.push(path);
                    }
                } else if want(Path::new(&name))
                    && is_file(&entry.path(), kind)
                    && !self.rules_ignore(&path, false)?
                {
                    found.push(path);
                }
            }
        }
        Ok(())
    }

    /// Whether a tracked path is there as a file, and not only by way of a symlink that took a folder's place.
    fn stands(&self, relative: &Path) -> bool {
        let path = self.root().join(relative);
        let by_link = relative
            .ancestors()
            .skip(1)
            .any(|folder| !folder.as_os_str().is_empty() && self.root().join(folder).is_symlink());
        !by_link && fs::symlink_metadata(&path).is_ok_and(|meta| is_file(&path, meta.file_type()))
    }
}

/// The files directly in the folder `under` whose names `want` holds for, for use outside git. In byte order.
///
/// Files are regular files, and symlinks that do not lead to a folder. A missing folder is an error.
pub fn plain_list_files(under: &Path, want: Want<'_>) -> Result<Vec<PathBuf>, GitError> {
    let entries = fs::read_dir(under).map_err(|e| FsError::io(under, "list", e))?;
    let mut found = Vec::new();
    for entry in entries {
        let (entry, kind) = kind_of(entry).map_err(|e| FsError::io(under, "list", e))?;
        if want(Path::new(&entry.file_name())) && is_file(&entry.path(), kind) {
            found.push(entry.path());
        }
    }
    found.sort_by(|a, b| bytes(a).cmp(bytes(b)));
    Ok(found)
}

/// What stands in `dir`; nothing where it is gone meanwhile, or closed to us: git passes over such folders as well.
fn entries_of(dir: &Path) -> Result<Vec<(DirEntry, FileType)>, FsError> {
    match fs::read_dir(dir).and_then(|entries| entries.map(kind_of).collect()) {
        Ok(entries) => Ok(entries),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => Ok(Vec::new()),
        Err(e) => Err(FsError::io(dir, "list", e)),
    }
}

fn kind_of(entry: std::io::Result<DirEntry>) -> std::io::Result<(DirEntry, FileType)> {
    let entry = entry?;
    let kind = entry.file_type()?;
    Ok((entry, kind))
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
        short(g, &repo.list_files(&g.root().join(under), &env).unwrap())
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
        let passed = |under: &str| short(&g, &repo.untracked_ignored(&g.root().join(under), &env).unwrap());
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
        let found = repo.list_files(&g.root().join("sub"), &env).unwrap();
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
        let found = repo.list_files(g.root(), &env).unwrap();
        let relative: Vec<_> = found.iter().map(|p| bytes(p.strip_prefix(g.root()).unwrap())).collect();
        let odd_ones = [&b"\xff\xfe/.env.\xfd"[..], b"\xff\xfe/.env.\xfe", b"\xff\xfe/.env.\xff"];
        assert_eq!(relative, [&[&b".env"[..], b".env.dangling", b"real/.env"][..], &odd_ones].concat());
        assert_eq!(repo.list_files(&g.root().join("alias"), &env).unwrap(), [g.root().join("real/.env")]);
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
                let found = repo.list_files(g.root(), &env).unwrap();
                println!("{what}: open {opened:?}, list {:?}, found {}", start.elapsed(), found.len());
            }
            g.git(&["read-tree", "--empty"]);
        }
    }
}
