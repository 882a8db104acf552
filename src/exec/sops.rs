//! Mozilla's, now the CNCF's, sops: it alone opens its files, for their keys may be in age, gpg, or any of the clouds.

use crate::error::{Error, ErrorKind};
use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use zeroize::Zeroizing;

use super::find::look_up;

/// More than any environment holds.
const LARGEST: usize = 16 << 20;

/// Why sops has opened nothing.
#[derive(Debug, thiserror::Error)]
pub enum SopsError {
    /// No `sops` in any absolute folder of `PATH`.
    #[error("sops is in no absolute folder of PATH")]
    NotFound,
    /// It could not be started, or what it wrote could not be read.
    #[error("sops could not be run: {0}")]
    NotRun(io::Error),
    /// It has said why, on stderr.
    #[error("sops could not open {}: {status}", file.display())]
    Failed {
        /// The file.
        file: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
    /// It wrote more than any environment holds.
    #[error("what sops makes of {} is larger than {} MiB", .0.display(), LARGEST >> 20)]
    TooLarge(
        /// The file.
        PathBuf,
    ),
}

/// The program.
pub struct Sops(PathBuf);

impl Sops {
    /// Looks for it in the absolute ones of `folders`, but not in the working directory.
    pub fn find(folders: &[PathBuf]) -> Result<Self, SopsError> {
        look_up("sops", folders).map(Self).ok_or(SopsError::NotFound)
    }

    /// What `file` holds, in the clear. The types are what sops calls them: `dotenv`, `ini`, `json`, `yaml`, `binary`.
    ///
    /// Its environment is `vars` and nothing else. stdin and stderr are its own, so that it can ask for a passphrase and
    /// say what is wrong. What it opens is read from a pipe and never on disk.
    pub fn open<'a>(
        &self,
        file: &Path,
        input_type: &str,
        output_type: &str,
        vars: impl Iterator<Item = (&'a OsStr, &'a OsStr)>,
    ) -> Result<Zeroizing<Vec<u8>>, SopsError> {
        let mut command = Command::new(&self.0);
        // The option, and not the command `decrypt`, which came with 3.9.
        command.args(["--decrypt", "--input-type", input_type, "--output-type", output_type]);
        // A name that starts with `-` is no option.
        command.arg(Path::new(".").join(file)).env_clear().envs(vars).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(SopsError::NotRun)?;
        let mut stdout = child.stdout.take().expect("it is a pipe");
        let text = read(&mut stdout, LARGEST);
        // Where it was not read to its end, sops ends by the broken pipe.
        drop(stdout);
        let status = child.wait().map_err(SopsError::NotRun)?;
        match text.map_err(SopsError::NotRun)? {
            None => Err(SopsError::TooLarge(file.to_owned())),
            Some(_) if !status.success() => Err(SopsError::Failed { file: file.to_owned(), status }),
            Some(text) => Ok(text),
        }
    }
}

/// All of `source`, or nothing where it is more than `largest` bytes. A buffer that is outgrown is wiped.
fn read(source: &mut impl Read, largest: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut text = Zeroizing::new(vec![0; 4096]);
    let mut length = 0;
    loop {
        if length == text.len() {
            let mut larger = Zeroizing::new(vec![0; length * 2]);
            larger[..length].copy_from_slice(&text);
            text = larger;
        }
        match source.read(&mut text[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            Err(error) => return Err(error),
        }
        if length > largest {
            return Ok(None);
        }
    }
    text.truncate(length);
    Ok(Some(text))
}

impl From<SopsError> for Error {
    fn from(error: SopsError) -> Self {
        let this = Error::of(ErrorKind::Io, &error);
        match error {
            SopsError::NotFound => this.with_hint(
                "install it (https://getsops.io); or where it is: sops decrypt FILE | envseal import yaml -e NAME",
            ),
            SopsError::Failed { file, .. } => this
                .with_status(3)
                .with_hint(hint!("sops has said why, above; the same without envseal: sops decrypt {file}", file)),
            SopsError::NotRun(_) | SopsError::TooLarge(_) => this,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_whole_up_to_a_bound() {
        for length in [0_usize, 1, 4095, 4096, 4097, 20_000] {
            let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            assert_eq!(*read(&mut &*bytes, 20_000).unwrap().unwrap(), bytes);
            assert_eq!(read(&mut &*bytes, length.saturating_sub(1)).unwrap().is_none(), length > 0);
        }
        assert!(read(&mut io::repeat(7), LARGEST).unwrap().is_none());
    }

    #[test]
    fn it_is_looked_for_in_absolute_folders_only() {
        let folders = ["", ".", "relative", "/no-such-folder"].map(PathBuf::from);
        assert!(matches!(Sops::find(&folders), Err(SopsError::NotFound)));
    }

    #[cfg(unix)]
    mod stand_in {
        use super::*;

        /// A program called sops, which does what `script` says.
        fn sops(script: &str) -> (tempfile::TempDir, Sops) {
            use std::os::unix::fs::PermissionsExt;
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("sops");
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
            let sops = Sops::find(&[folder.path().to_owned()]).unwrap();
            (folder, sops)
        }

        fn open(script: &str) -> Result<Vec<u8>, SopsError> {
            let (_folder, sops) = sops(script);
            loop {
                let vars = [(OsStr::new("GIVEN"), OsStr::new("given"))];
                match sops.open(Path::new("-x.env"), "dotenv", "json", vars.into_iter()) {
                    // A child that another test has just forked holds the script open, until it executes.
                    Err(SopsError::NotRun(error)) if error.kind() == io::ErrorKind::ExecutableFileBusy => (),
                    result => return result.map(|text| text.to_vec()),
                }
            }
        }

        #[test]
        fn it_is_told_what_to_open_and_in_what_environment() {
            let told = open(r#"printf '%s|' "$@" "$GIVEN" "$HOME""#).unwrap();
            let told = String::from_utf8(told).unwrap();
            assert_eq!(told, "--decrypt|--input-type|dotenv|--output-type|json|./-x.env|given||");
        }

        #[test]
        fn what_a_failing_one_wrote_is_not_taken() {
            assert!(matches!(open("echo '{}'; exit 128"), Err(SopsError::Failed { .. })));
            assert!(matches!(open("echo '{}'; kill -9 $$"), Err(SopsError::Failed { .. })));
        }

        #[test]
        fn one_that_does_not_end_is_ended() {
            assert!(matches!(open("exec cat /dev/zero"), Err(SopsError::TooLarge(_))));
        }
    }
}
