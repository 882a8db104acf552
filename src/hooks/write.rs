//! Several files changed as one step.

use std::path::PathBuf;

use crate::fs::{FsError, NewMode, Staged, remove, stage};

/// One file's content before and after; none where there is no file.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) path: PathBuf,
    pub(super) before: Option<Vec<u8>>,
    pub(super) after: Option<Vec<u8>>,
    /// Whether it is to be executable afterwards, whatever it was before.
    pub(super) executable: bool,
}

/// A change whose content, old and new, is on the disk already.
struct Step {
    path: PathBuf,
    backup: Option<Staged>,
    new: Option<Staged>,
}

/// Makes all changes or none.
pub(super) fn write_all(changes: Vec<Change>) -> Result<(), FsError> {
    finish(changes.into_iter().map(prepare).collect::<Result<_, _>>()?)
}

fn prepare(change: Change) -> Result<Step, FsError> {
    let Change { path, before, after, executable } = change;
    let staged = |bytes: &Option<Vec<u8>>| {
        bytes.as_ref().map(|bytes| stage(&path, bytes, NewMode::Default)).transpose()
    };
    let (backup, new) = (staged(&before)?, staged(&after)?);
    let new = if executable { new.map(Staged::executable).transpose()? } else { new };
    Ok(Step { path, backup, new })
}

fn finish(steps: Vec<Step>) -> Result<(), FsError> {
    let mut done = Vec::new();
    for Step { path, backup, new } in steps {
        let result = match new {
            Some(new) => new.commit(),
            None => remove(&path),
        };
        done.push((path, backup));
        if let Err(error) = result {
            for (path, backup) in done.into_iter().rev() {
                // What fails here has failed for the reason that is being told.
                let _ = match backup {
                    Some(backup) => backup.commit(),
                    None => remove(&path),
                };
            }
            return Err(error);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use super::*;
    #[cfg(unix)]
    use std::fs;
    #[cfg(unix)]
    use std::os::unix::fs::PermissionsExt;

    #[cfg(unix)]
    #[test]
    fn a_failure_at_the_last_undoes_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for (name, mode) in [("changed", 0o640), ("removed", 0o755)] {
            fs::write(path(name), name).unwrap();
            fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let change = |name: &str, before: Option<&str>, after: Option<&str>| Change {
            path: path(name),
            before: before.map(Into::into),
            after: after.map(Into::into),
            executable: true,
        };
        let steps = [
            change("changed", Some("changed"), Some("new")),
            change("removed", Some("removed"), None),
            change("made", None, Some("made")),
            change("last", None, Some("last")),
        ];
        let steps = steps.into_iter().map(prepare).collect::<Result<_, _>>().unwrap();
        // A folder comes to stand where the last one goes, after everything was prepared.
        fs::create_dir(path("last")).unwrap();
        assert!(finish(steps).is_err());
        for (name, mode) in [("changed", 0o640), ("removed", 0o755)] {
            assert_eq!(fs::read_to_string(path(name)).unwrap(), name);
            assert_eq!(fs::metadata(path(name)).unwrap().permissions().mode() & 0o7777, mode);
        }
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["changed", "last", "removed"]);
    }

    #[cfg(unix)]
    #[test]
    fn executable_is_for_those_who_may_read() {
        let dir = tempfile::tempdir().unwrap();
        for (mode, wanted) in [(0o600, 0o700), (0o640, 0o750), (0o644, 0o755), (0o755, 0o755)] {
            let path = dir.path().join("f");
            fs::write(&path, "a").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let after = Some(b"b".to_vec());
            write_all(vec![Change {
                path: path.clone(),
                before: Some(b"a".to_vec()),
                after,
                executable: true,
            }])
            .unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, wanted);
            assert_eq!(fs::read(&path).unwrap(), b"b");
        }
    }
}
