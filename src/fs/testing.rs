//! Helpers for tests of files: another process, another user, a small disk.
#![cfg(test)]

use std::path::{Path, PathBuf};
use std::process::Command;

const FOLDER: &str = "ENVSEAL_TEST_FOLDER";

/// Returns a command that runs the test `name` alone, in a process of its own, with `folder` for [`given_folder`].
pub(crate) fn this_test(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]).env(FOLDER, folder);
    command
}

/// Returns the folder that the process was started for, if a test started it.
pub(crate) fn given_folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// Runs the test `name` again, in `folder`, as a user without privileges. Prints a line if that is impossible.
#[cfg(unix)]
pub(crate) fn as_nobody(name: &str, folder: &Path) {
    use std::os::unix::process::CommandExt;
    if !rustix::process::geteuid().is_root() {
        println!("skipped: {name} needs files of root and of another user");
        return;
    }
    match this_test(name, folder).uid(65534).gid(65534).output() {
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stdout);
            assert!(done.status.success() && said.contains("1 passed"), "{said}");
        }
        Err(e) => println!("skipped: {name} cannot be run as another user: {e}"),
    }
}

/// A tmpfs of 64 KiB, unmounted when dropped.
#[cfg(unix)]
pub(crate) struct Tmpfs(tempfile::TempDir);

#[cfg(unix)]
impl Tmpfs {
    pub(crate) fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        match mount.args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(dir.path()).output() {
            Ok(done) if done.status.success() => Some(Self(dir)),
            _ => {
                println!("skipped: mounting a tmpfs is not permitted here");
                None
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn make_read_only(&self) {
        let done = Command::new("mount").args(["-o", "remount,ro"]).arg(self.path()).status().unwrap();
        assert!(done.success());
    }
}

#[cfg(unix)]
impl Drop for Tmpfs {
    fn drop(&mut self) {
        // The folder below can only be removed once nothing is mounted on it.
        let _ = Command::new("umount").arg(self.path()).status();
    }
}
