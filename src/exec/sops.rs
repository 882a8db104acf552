//! Runs sops, because only sops can decrypt its files: their keys may be in age, gpg, or a cloud service.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::{find_program, read_output};
use crate::error::{Error, ErrorKind};

/// The largest output in bytes: more than any environment holds.
const LARGEST: usize = 16 << 20;

/// The path of the program.
pub struct Sops(PathBuf);

impl Sops {
    /// Looks for sops in the absolute paths among `folders`, never in the working directory.
    pub fn find(folders: &[PathBuf]) -> Result<Self, Error> {
        find_program("sops", folders).map(Self).map_err(|why| {
            Error::new(ErrorKind::Io, why).with_hint(
                "install it (https://getsops.io), or decrypt where it is: sops decrypt FILE | envseal import yaml -e NAME",
            )
        })
    }

    /// Decrypts `file`. The types are sops's: `dotenv`, `ini`, `json`, `yaml`, `binary`.
    ///
    /// Its environment is `vars` and nothing else. It inherits stdin and stderr, so that it can ask for a passphrase
    /// and print errors. The plaintext comes through a pipe and is never on disk.
    pub fn decrypt<'a>(
        &self,
        file: &Path,
        input_type: &str,
        output_type: &str,
        vars: impl Iterator<Item = (&'a OsStr, &'a OsStr)>,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut command = Command::new(&self.0);
        // Uses the option, because the command `decrypt` exists only since 3.9.
        command.args(["--decrypt", "--input-type", input_type, "--output-type", output_type]);
        // With `./`, a name that starts with `-` isn't an option.
        command.arg(Path::new(".").join(file)).env_clear().envs(vars).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(Error::io("run sops"))?;
        let mut stdout = child.stdout.take().expect("it is a pipe");
        let text = read_output(&mut stdout, LARGEST);
        // If it wasn't read to its end, the broken pipe ends sops.
        drop(stdout);
        let status = child.wait().map_err(Error::io("run sops"))?;
        let error = |message| Error::new(ErrorKind::Io, message);
        let name = file.display();
        match text.map_err(Error::io("run sops"))? {
            None => Err(error(format!("sops's output for {name} is larger than {} MiB", LARGEST >> 20))),
            Some(_) if !status.success() => {
                Err(error(format!("sops could not decrypt {name}: {status}")).with_status(3).with_hint(
                    hint!("see the message of sops above; to try without envseal: sops decrypt {file}", file),
                ))
            }
            Some(text) => Ok(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_read_up_to_a_limit() {
        for length in [0_usize, 1, 4095, 4096, 4097, 20_000] {
            let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            assert_eq!(*read_output(&mut &*bytes, 20_000).unwrap().unwrap(), bytes);
            assert_eq!(read_output(&mut &*bytes, length.saturating_sub(1)).unwrap().is_none(), length > 0);
        }
        assert!(read_output(&mut std::io::repeat(7), LARGEST).unwrap().is_none());
    }

    #[test]
    fn only_absolute_folders_are_searched() {
        let folders = ["", ".", "relative", "/no-such-folder"].map(PathBuf::from);
        let error = Sops::find(&folders).err().unwrap();
        assert!(error.to_string().contains("was not found"), "{error}");
    }

    #[cfg(unix)]
    mod stand_in {
        use super::*;

        /// Decrypts with a program called sops that is this script.
        fn open(script: &str) -> Result<Vec<u8>, String> {
            use std::os::unix::fs::PermissionsExt;
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("sops");
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
            let sops = Sops::find(&[folder.path().to_owned()]).unwrap();
            loop {
                let vars = [(OsStr::new("GIVEN"), OsStr::new("given"))];
                match sops.decrypt(Path::new("-x.env"), "dotenv", "json", vars.into_iter()) {
                    // A child that another test forked holds the script open until it executes.
                    Err(error) if error.to_string().contains("Text file busy") => (),
                    result => break result.map(|text| text.to_vec()).map_err(|error| error.to_string()),
                }
            }
        }

        #[test]
        fn arguments_and_environment_are_passed_and_output_of_a_failure_is_dropped() {
            let told = open(r#"printf '%s|' "$@" "$GIVEN" "$HOME""#).unwrap();
            let told = String::from_utf8(told).unwrap();
            assert_eq!(told, "--decrypt|--input-type|dotenv|--output-type|json|./-x.env|given||");
            for script in ["echo '{}'; exit 128", "echo '{}'; kill -9 $$"] {
                assert!(open(script).unwrap_err().starts_with("sops could not decrypt -x.env: "));
            }
            assert!(open("exec cat /dev/zero").unwrap_err().ends_with("is larger than 16 MiB"));
        }
    }
}
