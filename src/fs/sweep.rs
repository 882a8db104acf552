//! Temporary files that a killed process left behind.

use std::fs;
use std::path::Path;

use super::lock::LOCK_FILE;
use super::meta::owned_by_this_user;

/// What the names of all temporary files begin with. Meant for `info/exclude` and for hooks, too.
pub(crate) const TEMP_PREFIX: &str = ".envseal-tmp-";

/// Whether there may be temporary files in `dir`, a lock file among them, so that it is worth locking.
pub(crate) fn has_temporaries(dir: &Path) -> bool {
    let Ok(entries) = fs::read_dir(dir) else { return false };
    entries.flatten().any(|entry| entry.file_name().as_encoded_bytes().starts_with(TEMP_PREFIX.as_bytes()))
}

/// Removes the temporary files in `dir` that `may_go` lets go, and returns how many there were.
///
/// To be called with the folder's lock held: then nobody writes, and any that exist are dead. Only regular files of this user
/// are touched. What cannot be listed or removed is left for the next time.
pub(crate) fn sweep(dir: &Path, may_go: impl Fn(&Path) -> bool) -> usize {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            // The lock file is for its holder to remove.
            name.as_encoded_bytes().starts_with(TEMP_PREFIX.as_bytes())
                && name != LOCK_FILE
                && entry.file_type().is_ok_and(|kind| kind.is_file())
                && owned_by_this_user(&entry.path()).unwrap_or(false)
                && may_go(&entry.path())
                && fs::remove_file(entry.path()).is_ok()
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_only_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in [".envseal-tmp-a1", ".envseal-tmp-", ".envseal-tm", "x.envseal-tmp-a", ".env", LOCK_FILE]
        {
            fs::write(at(name), "x").unwrap();
        }
        fs::create_dir(at(".envseal-tmp-dir")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(".env", at(".envseal-tmp-link")).unwrap();
        assert!(has_temporaries(dir.path()) && !has_temporaries(&at(".envseal-tmp-dir")));
        assert_eq!(sweep(dir.path(), |path| !path.ends_with(".envseal-tmp-")), 1);
        assert_eq!(sweep(dir.path(), |_| true), 1);
        assert_eq!(sweep(dir.path(), |_| true), 0);
        for name in [".envseal-tm", "x.envseal-tmp-a", ".env", ".envseal-tmp-dir", LOCK_FILE] {
            assert!(at(name).exists(), "{name}");
        }
        #[cfg(unix)]
        assert!(at(".envseal-tmp-link").is_symlink());
        assert_eq!(sweep(&at("none"), |_| true), 0);
    }
}
