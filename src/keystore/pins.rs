//! Pins: the public keys that this user has accepted, in the folder of the user's data, by repository.
//!
//! A repository's list is lines of four words, for nothing else is to be said: any line that is not as this writes it is
//! an error, where TOML would leave room for a table that is passed over.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::KeystoreError;
use crate::config::EnvName;
use crate::crypto::PublicKey;
use crate::fsio::{self, Lock, NewMode};
use crate::git::{ObjectId, RepoName};
use crate::time::{Moment, rfc3339};

/// The folder of the lists, in that of the user's data.
const FOLDER: &str = "pins";
const HEADER: &str = "envseal-pins 1";

/// The keys that were accepted in a repository.
#[derive(Clone, Debug)]
pub struct Pins {
    path: PathBuf,
    /// The repository's line.
    repository: String,
    /// By environment and place.
    accepted: BTreeMap<(String, String), Pin>,
}

/// A key that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The key.
    pub key: PublicKey,
    /// When it was, as RFC 3339 has it.
    pub seen: String,
}

impl Pins {
    /// The keys that were accepted in `repository`; none where there is no such list, or no way to one that this user
    /// could have written.
    pub fn load(data_dir: &Path, repository: &RepoName) -> Result<Self, KeystoreError> {
        let (repository, name) = match repository {
            RepoName::Roots(ids) => {
                // A list that is there was begun under one of them.
                let has_list =
                    |id: &&ObjectId| data_dir.join(FOLDER).join(id.to_string()).symlink_metadata().is_ok();
                let id = ids.iter().find(has_list).or(ids.first()).expect("a repository has a root");
                (format!("root {id}"), id.to_string())
            }
            RepoName::Remote(address) => hashed(format!("remote {}", word(address.as_bytes()))),
            RepoName::Folder(path) => hashed(format!("folder {}", word(path.as_os_str().as_encoded_bytes()))),
        };
        let path = data_dir.join(FOLDER).join(name);
        let accepted = read(&path, &repository)?;
        Ok(Self { path, repository, accepted })
    }

    /// The key of an environment that was accepted at `place`: a scope's folder, or an env file; relative to the
    /// repository's root.
    pub fn get(&self, env: &EnvName, place: &Path) -> Option<&Pin> {
        self.accepted.get(&(word(env.as_str().as_bytes()), place_word(place)))
    }

    /// Accepts keys, each at its place, in the place of those that [`Self::get`] finds here. One that someone else has
    /// changed in the meantime stays as they have it.
    pub fn accept(&self, keys: &[(EnvName, PathBuf, PublicKey)]) -> Result<(), KeystoreError> {
        let folder = self.path.parent().expect("a folder of ours");
        fsio::make_private_folder(folder)?;
        // Held for as long as one small file takes.
        let _lock = Lock::acquire(folder, || ())?;
        fsio::sweep(folder);
        let mut pins = read(&self.path, &self.repository)?;
        for (env, place, key) in keys {
            let at = (word(env.as_str().as_bytes()), place_word(place));
            let there = pins.get(&at).map(|pin| pin.key);
            if there == self.get(env, place).map(|pin| pin.key) && there != Some(*key) {
                pins.insert(at, Pin { key: *key, seen: rfc3339(Moment::now()) });
            }
        }
        let mut text = format!("{HEADER}\n{}\n", self.repository);
        for ((env, place), Pin { key, seen }) in &pins {
            let _ = writeln!(text, "{key} {seen} {env} {place}");
        }
        Ok(fsio::write_atomic(&self.path, text.as_bytes(), NewMode::Private)?)
    }
}

fn read(path: &Path, repository: &str) -> Result<BTreeMap<(String, String), Pin>, KeystoreError> {
    match path.symlink_metadata() {
        // As in a container whose HOME is a device, or another user's.
        Err(error) if is_absence(&error) => Ok(BTreeMap::new()),
        _ => parse(&fsio::read(path)?, repository)
            .map_err(|line| KeystoreError::Pins { path: path.into(), line }),
    }
}

/// The pins of a list's text, or the number of the line at fault.
fn parse(text: &[u8], repository: &str) -> Result<BTreeMap<(String, String), Pin>, usize> {
    let text = std::str::from_utf8(text).map_err(|_| 1_usize)?;
    let mut pins = BTreeMap::new();
    let mut lines = 0;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        lines = at + 1;
        // A list that was cut short lacks the last line's end.
        let line = line.strip_suffix('\n').ok_or(lines)?;
        match at {
            0 if line == HEADER => {}
            1 if line == repository => {}
            0 | 1 => return Err(lines),
            _ => {
                let (at, pin) = pin(line).ok_or(lines)?;
                if pins.insert(at, pin).is_some() {
                    return Err(lines);
                }
            }
        }
    }
    if lines < 2 { Err(lines + 1) } else { Ok(pins) }
}

fn pin(line: &str) -> Option<((String, String), Pin)> {
    let words: Vec<_> = line.split(' ').collect();
    let [key, seen, env, place] = words[..] else { return None };
    let key = PublicKey::parse(key).ok()?;
    let shape = "0000-00-00T00:00:00+00:00";
    let digit = |(is, wanted): (u8, u8)| if wanted == b'0' { is.is_ascii_digit() } else { is == wanted };
    let is_moment = seen.len() == shape.len() && seen.bytes().zip(shape.bytes()).all(digit);
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| is_plain(byte) || byte == b'%');
    (is_moment && is_word(env) && is_word(place))
        .then(|| ((env.into(), place.into()), Pin { key, seen: seen.into() }))
}

/// The folders and the file's name, with `/` between them; `.` for the root.
fn place_word(place: &Path) -> String {
    let parts = place.components().filter(|part| !matches!(part, Component::CurDir));
    let parts: Vec<_> = parts.map(|part| word(part.as_os_str().as_encoded_bytes())).collect();
    if parts.is_empty() { ".".into() } else { parts.join("/") }
}

/// Bytes as one word: what is not a letter, a digit or common in names stands as `%` and two hexadecimal digits.
fn word(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len()), |mut text, byte| {
        if is_plain(*byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02x}");
        }
        text
    })
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-/:@+,".contains(&byte)
}

/// A repository's line, and a file's name made of it.
fn hashed(line: String) -> (String, String) {
    let name = Sha256::digest(&line)[..20].iter().map(|byte| format!("{byte:02x}")).collect();
    (line, name)
}

fn is_absence(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), NotFound | NotADirectory | PermissionDenied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::PrivateKey;

    fn key() -> PublicKey {
        PrivateKey::generate().public()
    }

    fn env(name: &str) -> EnvName {
        EnvName::new(name).unwrap()
    }

    fn load(dir: &Path) -> Result<Pins, KeystoreError> {
        Pins::load(dir, &RepoName::Remote("https://host/a b".into()))
    }

    #[test]
    fn what_is_accepted_is_found_again_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("no/such/yet");
        let odd = Path::new("a b/%20/ü=\n/.env");
        let keys = [
            (env("my env%"), PathBuf::new(), key()),
            (env("my env%"), odd.to_owned(), key()),
            (env("my"), PathBuf::from("web"), key()),
        ];
        load(&data).unwrap().accept(&keys).unwrap();
        let pins = load(&data).unwrap();
        for (env, place, key) in &keys {
            assert_eq!(pins.get(env, place).unwrap().key, *key);
        }
        assert_eq!(pins.get(&env("default"), Path::new("")), None);
        assert_eq!(pins.get(&keys[0].0, Path::new("a b")), None);
        assert_eq!(pins.get(&keys[0].0, Path::new("a b/ /ü=\n/.env")), None);
        assert!(Pins::load(&data, &RepoName::Remote("https://host/a".into())).unwrap().accepted.is_empty());
        assert!(Pins::load(&data, &RepoName::Folder("https://host/a b".into())).unwrap().accepted.is_empty());
        #[cfg(unix)]
        {
            assert_eq!(fsio::mode_bits(&pins.path), Some(0o600));
            assert_eq!(fsio::mode_bits(pins.path.parent().unwrap()), Some(0o700));
        }
    }

    #[test]
    fn a_key_takes_the_place_of_the_one_that_was_seen_and_of_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let (first, second, third) = (key(), key(), key());
        let accept = |pins: &Pins, key| pins.accept(&[(env("p"), PathBuf::new(), key)]).unwrap();
        let now = || load(dir.path()).unwrap().get(&env("p"), Path::new("")).unwrap().key;
        let empty = load(dir.path()).unwrap();
        accept(&empty, first);
        let seen = load(dir.path()).unwrap();
        // Whoever looked before that does not undo it.
        accept(&empty, second);
        assert_eq!(now(), first);
        accept(&seen, second);
        accept(&seen, third);
        assert_eq!(now(), second);
    }

    #[test]
    fn every_damage_is_an_error_that_names_the_line() {
        let dir = tempfile::tempdir().unwrap();
        let pins = load(dir.path()).unwrap();
        pins.accept(&[(env("p"), PathBuf::new(), key()), (env("q"), "a".into(), key())]).unwrap();
        let good = String::from_utf8(fsio::read(&pins.path).unwrap()).unwrap();
        let line_of = |text: &str| {
            std::fs::write(&pins.path, text).unwrap();
            match load(dir.path()) {
                Ok(_) => None,
                Err(KeystoreError::Pins { line, .. }) => Some(line),
                Err(other) => panic!("{other}"),
            }
        };
        assert_eq!(line_of(&good), None);
        // Cut short anywhere, but for where a whole line ends.
        for end in 0..good.len() {
            let whole = good[..end].ends_with('\n') && good[..end].lines().count() >= 2;
            assert_eq!(line_of(&good[..end]).is_none(), whole, "{:?}", &good[..end]);
        }
        for at in 0..good.len() {
            let mut other = good.clone().into_bytes();
            other[at] = b' ';
            let changed = other != good.as_bytes();
            assert_eq!(line_of(std::str::from_utf8(&other).unwrap()).is_some(), changed, "{at}");
        }
        let last = good.lines().last().unwrap();
        assert_eq!(line_of(&format!("{good}{last}\n")), Some(5), "the same place twice");
        assert_eq!(line_of(&format!("{good}\n")), Some(5));
        assert_eq!(line_of(&good.replace("https", "ftp")), Some(2), "another repository's list");
        assert_eq!(line_of(&good.replace("+00:00", "+0000")), Some(3));
        std::fs::write(&pins.path, b"\xff").unwrap();
        assert!(matches!(load(dir.path()), Err(KeystoreError::Pins { line: 1, .. })));
        assert!(pins.accept(&[]).is_err(), "nor is it written over");
        assert_eq!(std::fs::read(&pins.path).unwrap(), b"\xff");
    }

    #[test]
    fn what_cannot_be_reached_holds_nothing_and_what_cannot_be_read_stops() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        let pins = load(&dir.path().join("file/below")).unwrap();
        assert!(pins.accept(&[(env("p"), PathBuf::new(), key())]).is_err());
        let pins = load(dir.path()).unwrap();
        std::fs::create_dir_all(&pins.path).unwrap();
        assert!(matches!(load(dir.path()), Err(KeystoreError::Fs(_))));
    }
}
