//! Pins: the public keys that this user trusts, by repository, in the user's data folder.
//!
//! A repository's list is lines of five words. Every line that is not as it is written here is an error, whereas TOML
//! would allow a table that is ignored. A repository with several root commits has a list under each of them, so that a
//! clone with only one of them finds it too.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{KeyLookupError, malformed};
use crate::config::EnvName;
use crate::crypto::PublicKey;
use crate::error::Error;
use crate::fs::{self, FolderLock, NewMode};
use crate::git::RepoName;
use crate::time::{Moment, rfc3339};

/// The folder of the lists, in the user's data folder.
const FOLDER: &str = "pins";
const HEADER: &str = "envseal-pins 2";
/// In this version the lines have four words: none of [`ORIGINS`].
const HEADER_1: &str = "envseal-pins 1";
/// How the key came here. Nothing depends on it; envseal used to tell them apart.
const ORIGINS: [&str; 2] = ["seen", "made"];

/// The trusted keys of a repository.
#[derive(Clone, Debug)]
pub(crate) struct Pins {
    lists: Vec<PinList>,
}

/// The trusted keys under one name of a repository.
#[derive(Clone, Debug)]
struct PinList {
    path: PathBuf,
    /// The second line of the file.
    repository: String,
    pins: Vec<Pin>,
}

/// A trusted key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    pub key: PublicKey,
    /// RFC 3339.
    pub seen: String,
    env: String,
    place: String,
}

/// A key to be trusted at places: projects' folders and env files, relative to the repository's root.
#[derive(Clone, Debug)]
pub(crate) struct NewPins {
    pub env: EnvName,
    pub key: PublicKey,
    pub places: BTreeSet<PathBuf>,
    /// The keys that it replaces at other places, too.
    pub replaced: BTreeSet<PublicKey>,
    /// Other places that keep a key, because it is in use there.
    pub kept: BTreeSet<(PathBuf, PublicKey)>,
}

impl NewPins {
    /// Returns a key that is trusted nowhere yet and replaces none.
    pub(crate) fn of(env: &EnvName, key: &PublicKey) -> Self {
        let (replaced, kept) = (BTreeSet::new(), BTreeSet::new());
        Self { env: env.clone(), key: *key, places: BTreeSet::new(), replaced, kept }
    }
}

impl Pins {
    /// Returns the trusted keys of a repository with these names. There are none if there is no list, or if its path
    /// can't be one that this user wrote to.
    pub(crate) fn load(data_dir: &Path, repository: &[RepoName]) -> Result<Self, Error> {
        let names = |name: &RepoName| match name {
            RepoName::Roots(ids) => ids.iter().map(|id| (format!("root {id}"), id.to_string())).collect(),
            RepoName::Remote(address) => vec![hashed(format!("remote {}", word(address.as_bytes())))],
            RepoName::Folder(path) => {
                vec![hashed(format!("folder {}", word(path.as_os_str().as_encoded_bytes())))]
            }
        };
        let mut lists = Vec::new();
        for (repository, name) in repository.iter().flat_map(names) {
            let path = data_dir.join(FOLDER).join(name);
            let pins = read(&path, &repository)?;
            lists.push(PinList { path, repository, pins });
        }
        Ok(Self { lists })
    }

    /// Returns the keys of an environment that are trusted at `place`: several if lists disagree.
    pub(crate) fn at<'a>(&'a self, env: &EnvName, place: &Path) -> impl Iterator<Item = &'a Pin> {
        let place = place_word(place);
        self.of(env).filter(move |pin| pin.place == place)
    }

    /// Returns the keys of an environment that are trusted anywhere in the repository.
    pub(crate) fn of<'a>(&'a self, env: &EnvName) -> impl Iterator<Item = &'a Pin> {
        let env = word(env.as_str().as_bytes());
        self.lists.iter().flat_map(|list| &list.pins).filter(move |pin| pin.env == env)
    }

    /// Trusts a key at its places, instead of those that [`Self::at`] returns there. A replaced key is replaced at every
    /// place of the environment, except at those that keep it. A pin that another process has changed in the meantime
    /// stays as it is.
    pub(crate) fn accept(&self, new: &NewPins) -> Result<(), Error> {
        let here = new.places.iter().flat_map(|place| self.at(&new.env, place)).map(|pin| pin.key);
        let replaced = here.chain(new.replaced.iter().copied()).collect();
        let folder = self.lists.first().and_then(|list| list.path.parent()).expect("a repository has a name");
        fs::make_private_folder(folder).map_err(KeyLookupError::from)?;
        // Held only while a few small files are written.
        let _lock = FolderLock::acquire(folder).map_err(KeyLookupError::from)?;
        fs::sweep(folder, |_| true);
        self.lists.iter().try_for_each(|list| list.accept(new, &replaced))
    }
}

impl PinList {
    fn accept(&self, new: &NewPins, replaced: &BTreeSet<PublicKey>) -> Result<(), Error> {
        let mut pins = read(&self.path, &self.repository)?;
        let (env, seen) = (word(new.env.as_str().as_bytes()), rfc3339(Moment::now()));
        let places: BTreeSet<_> = new.places.iter().map(|place| place_word(place)).collect();
        let kept: BTreeSet<_> = new.kept.iter().map(|(place, key)| (place_word(place), *key)).collect();
        for pin in pins.iter_mut().filter(|pin| pin.env == env && pin.key != new.key) {
            let is_kept = !places.contains(&pin.place) && kept.contains(&(pin.place.clone(), pin.key));
            if replaced.contains(&pin.key) && !is_kept {
                (pin.key, pin.seen) = (new.key, seen.clone());
            }
        }
        for place in places {
            if pins.iter().all(|pin| pin.env != env || pin.place != place) {
                pins.push(Pin { key: new.key, seen: seen.clone(), env: env.clone(), place });
            }
        }
        pins.sort_by(|a, b| (&a.env, &a.place).cmp(&(&b.env, &b.place)));
        let mut text = format!("{HEADER}\n{}\n", self.repository);
        for Pin { key, seen, env, place } in &pins {
            let _ = writeln!(text, "{key} {seen} {} {env} {place}", ORIGINS[0]);
        }
        Ok(fs::write_atomic(&self.path, text.as_bytes(), NewMode::Private).map_err(KeyLookupError::from)?)
    }
}

fn read(path: &Path, repository: &str) -> Result<Vec<Pin>, Error> {
    if fs::is_out_of_reach(path) {
        return Ok(Vec::new());
    }
    let text = fs::read(path).map_err(KeyLookupError::from)?;
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let version = first.strip_prefix(b"envseal-pins ").and_then(|rest| std::str::from_utf8(rest).ok());
    if let Some(version @ 3..) = version.and_then(|version| version.parse::<u8>().ok()) {
        let place = path.display();
        let message =
            format!("{place} is of version {version}, which a newer envseal wrote; this one reads version 2");
        return Err(malformed(message).with_status(4).with_hint("update envseal"));
    }
    parse(&text, repository).map_err(|line| {
        let message = format!("{}:{line} is not a valid line in the list of trusted keys", path.display());
        malformed(message).with_status(4).with_hint(hint!(
            "restore it from a backup; or have every key trusted again at first sight: rm {path}",
            path
        ))
    })
}

/// Returns the pins of a list's text. The error is the number of the line at fault, from 1.
fn parse(text: &[u8], repository: &str) -> Result<Vec<Pin>, usize> {
    let text = std::str::from_utf8(text).map_err(|_| 1_usize)?;
    let mut pins: Vec<Pin> = Vec::new();
    let (mut lines, mut is_first_version) = (0, false);
    for (at, line) in text.split_inclusive('\n').enumerate() {
        lines = at + 1;
        // A list that was cut short lacks the last line's end.
        let line = line.strip_suffix('\n').ok_or(lines)?;
        match at {
            0 if line == HEADER => {}
            0 if line == HEADER_1 => is_first_version = true,
            1 if line == repository => {}
            0 | 1 => return Err(lines),
            _ => {
                let pin = pin(line, is_first_version).ok_or(lines)?;
                if pins.iter().any(|other| other.env == pin.env && other.place == pin.place) {
                    return Err(lines);
                }
                pins.push(pin);
            }
        }
    }
    if lines < 2 { Err(lines + 1) } else { Ok(pins) }
}

fn pin(line: &str, is_first_version: bool) -> Option<Pin> {
    let words: Vec<_> = line.split(' ').collect();
    let [key, seen, origin, env, place] = match words[..] {
        [key, seen, env, place] if is_first_version => [key, seen, ORIGINS[0], env, place],
        [key, seen, origin, env, place] if !is_first_version => [key, seen, origin, env, place],
        _ => return None,
    };
    let key = PublicKey::parse(key).ok()?;
    let shape = "0000-00-00T00:00:00+00:00";
    let digit = |(is, wanted): (u8, u8)| if wanted == b'0' { is.is_ascii_digit() } else { is == wanted };
    let is_moment = seen.len() == shape.len() && seen.bytes().zip(shape.bytes()).all(digit);
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| is_plain(byte) || byte == b'%');
    (is_moment && ORIGINS.contains(&origin) && is_word(env) && is_word(place)).then(|| Pin {
        key,
        seen: seen.into(),
        env: env.into(),
        place: place.into(),
    })
}

/// Returns the folders and the file's name, joined with `/`; `.` for the root.
fn place_word(place: &Path) -> String {
    let parts = place.components().filter(|part| !matches!(part, Component::CurDir));
    let parts: Vec<_> = parts.map(|part| word(part.as_os_str().as_encoded_bytes())).collect();
    if parts.is_empty() { ".".into() } else { parts.join("/") }
}

/// Percent-encodes bytes that are neither letters nor digits nor common in names, so that they are one word.
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

/// Returns a repository's line, and a file name made from it.
fn hashed(line: String) -> (String, String) {
    let name = base16ct::lower::encode_string(&Sha256::digest(&line)[..20]);
    (line, name)
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

    fn new(name: &str, place: &Path, key: PublicKey) -> NewPins {
        NewPins { places: [place.to_owned()].into(), ..NewPins::of(&env(name), &key) }
    }

    fn accept(dir: &Path, keys: &[NewPins]) {
        keys.iter().try_for_each(|new| load(dir).unwrap().accept(new)).unwrap();
    }

    fn load(dir: &Path) -> Result<Pins, Error> {
        Pins::load(dir, &[RepoName::Remote("https://host/a b".into())])
    }

    #[test]
    fn trusted_keys_are_found_again_at_their_places_alone() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("no/such/yet");
        let odd = Path::new("a b/%20/ü=\n/.env");
        let keys = [
            new("my env%", Path::new(""), key()),
            new("my env%", odd, key()),
            new("my", Path::new("web"), key()),
        ];
        accept(&data, &keys);
        let pins = load(&data).unwrap();
        for new in &keys {
            let found: Vec<_> = pins.at(&new.env, new.places.first().unwrap()).collect();
            assert_eq!(found.iter().map(|pin| pin.key).collect::<Vec<_>>(), [new.key]);
        }
        assert_eq!(pins.of(&env("my env%")).count(), 2);
        assert_eq!(pins.at(&env("default"), Path::new("")).next(), None);
        assert_eq!(pins.at(&keys[0].env, Path::new("a b")).next(), None);
        assert_eq!(pins.at(&keys[0].env, Path::new("a b/ /ü=\n/.env")).next(), None);
        for other in [RepoName::Remote("https://host/a".into()), RepoName::Folder("https://host/a b".into())]
        {
            assert!(Pins::load(&data, &[other]).unwrap().lists[0].pins.is_empty());
        }
    }

    #[test]
    fn a_key_replaces_only_the_one_that_was_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let (first, second, third) = (key(), key(), key());
        let accept = |pins: &Pins, key| pins.accept(&new("p", Path::new(""), key)).unwrap();
        let now = || load(dir.path()).unwrap().at(&env("p"), Path::new("")).next().unwrap().key;
        let empty = load(dir.path()).unwrap();
        accept(&empty, first);
        let seen = load(dir.path()).unwrap();
        // A process that loaded the list before does not undo it.
        accept(&empty, second);
        assert_eq!(now(), first);
        accept(&seen, second);
        accept(&seen, third);
        assert_eq!(now(), second);
    }

    #[test]
    fn a_key_is_replaced_at_every_place_of_its_environment() {
        let dir = tempfile::tempdir().unwrap();
        let (first, second, other) = (key(), key(), key());
        let [root, web, app] = ["", "web", "app"].map(Path::new);
        let start =
            [new("p", root, first), new("p", web, first), new("p", app, other), new("q", root, first)];
        accept(dir.path(), &start);
        accept(dir.path(), &[new("p", web, second)]);
        let pins = load(dir.path()).unwrap();
        let at = |name: &str, place| pins.at(&env(name), place).next().unwrap().key;
        let now = [at("p", root), at("p", web), at("p", app), at("q", root)];
        assert_eq!(now, [second, second, other, first]);
    }

    #[test]
    fn the_first_version_is_read_and_upgraded() {
        let dir = tempfile::tempdir().unwrap();
        let path = load(dir.path()).unwrap().lists.remove(0).path;
        fs::make_private_folder(path.parent().unwrap()).unwrap();
        let key = key();
        let head = "envseal-pins 1\nremote https://host/a%20b\n";
        std::fs::write(&path, format!("{head}{key} 2026-01-02T03:04:05+00:00 p .\n")).unwrap();
        let pins = load(dir.path()).unwrap();
        let found: Vec<_> = pins.at(&env("p"), Path::new("")).collect();
        assert!(found.len() == 1 && found[0].key == key, "{found:?}");
        pins.accept(&new("q", Path::new(""), key)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("envseal-pins 2\n") && text.contains(":05+00:00 seen p ."), "{text}");
    }

    #[test]
    fn any_root_commit_leads_to_the_list() {
        let dir = tempfile::tempdir().unwrap();
        let [one, two] = [b"1", b"2"].map(|digit| crate::git::ObjectId::parse(&digit.repeat(40)).unwrap());
        let load = |ids: &[crate::git::ObjectId]| {
            Pins::load(dir.path(), &[RepoName::Roots(ids.iter().copied().collect())]).unwrap()
        };
        let (mine, theirs) = (key(), key());
        load(&[one]).accept(&new("p", Path::new(""), mine)).unwrap();
        load(&[two]).accept(&new("p", Path::new(""), theirs)).unwrap();
        // Two lists that disagree are both used; a key trusted then is trusted in both.
        let both: Vec<_> = load(&[one, two]).of(&env("p")).map(|pin| pin.key).collect();
        assert!(both.len() == 2 && both.contains(&mine) && both.contains(&theirs));
        load(&[one, two]).accept(&new("p", Path::new(""), mine)).unwrap();
        assert!(load(&[two]).of(&env("p")).all(|pin| pin.key == mine));
    }

    #[test]
    fn every_damage_is_rejected_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let pins = load(dir.path()).unwrap();
        accept(dir.path(), &[new("p", Path::new(""), key()), new("q", Path::new("a"), key())]);
        let path = &pins.lists[0].path;
        let good = String::from_utf8(fs::read(path).unwrap()).unwrap();
        let line_of = |text: &str| {
            std::fs::write(path, text).unwrap();
            let error = load(dir.path()).err()?.to_string();
            let line =
                error.strip_prefix(&format!("{}:", path.display())).unwrap().split(' ').next().unwrap();
            Some(line.parse::<usize>().unwrap())
        };
        assert_eq!(line_of(&good), None);
        // Cut short anywhere, except after a whole line.
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
        std::fs::write(path, b"\xff").unwrap();
        assert!(load(dir.path()).unwrap_err().to_string().contains(":1 is not a valid line"));
        assert!(pins.accept(&new("p", Path::new(""), key())).is_err(), "nor is it written over");
        assert_eq!(std::fs::read(path).unwrap(), b"\xff");
        std::fs::remove_file(path).unwrap();
        std::fs::create_dir(path).unwrap();
        assert_eq!(load(dir.path()).unwrap_err().kind(), crate::error::ErrorKind::Io);
    }
}
