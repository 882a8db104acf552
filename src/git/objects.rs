//! Objects and their contents: through one `git cat-file --batch-command`, and each is hashed and compared with the id that was
//! asked for, for git does not do that when it reads.

use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::cat_file::{CatFile, Header};
use super::command::IN_PIECES;
use super::{GitError, Repo};

/// The longest id, SHA-256's, in bytes.
const LONGEST: usize = 32;

/// The name of an object: printed in hexadecimal, 40 digits with SHA-1, 64 with SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    bytes: [u8; LONGEST],
    format: ObjectFormat,
}

/// How a repository names its objects (git-init(1), `--object-format`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum ObjectFormat {
    Sha1,
    Sha256,
}

/// What stands at a path in a commit or in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A regular file, executable or not.
    File,
    /// A symlink; its blob is the path it leads to.
    Link,
    /// Another repository's commit: its files are not in this one.
    Submodule,
}

/// One file of a commit or of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileRef {
    /// Its blob; of a submodule, the commit.
    pub id: ObjectId,
    /// Which sort it is.
    pub kind: FileKind,
}

/// What a revision leads to once tags are followed (gitglossary(7), peel).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peeled {
    /// A commit.
    Commit(ObjectId),
    /// A folder: [`Repo::files`] and [`Repo::file`] take its id in the place of a commit's.
    Tree(ObjectId),
    /// A single file.
    Blob(ObjectId),
}

/// A path at which two commits, or a commit and the index, differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The path, relative to the root.
    pub path: PathBuf,
    /// What stood there before.
    pub before: Option<FileRef>,
    /// What stands there after.
    pub after: Option<FileRef>,
}

impl ObjectFormat {
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "sha1" => Some(Self::Sha1),
            "sha256" => Some(Self::Sha256),
            _ => None,
        }
    }

    /// How many bytes an id has.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The hash of a file of git's that ends in it (gitformat-index(5)).
    pub(super) fn sum(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(bytes).to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
        }
    }

    /// The id of an object of this kind and these bytes.
    pub(super) fn id_of(self, kind: &str, bytes: &[u8]) -> ObjectId {
        let mut hash = Hash::new(self, kind, bytes.len() as u64);
        hash.update(bytes);
        hash.id()
    }
}

impl ObjectId {
    /// Reads an id of whole length in hexadecimal; None if it is none.
    pub fn parse(hex: &[u8]) -> Option<Self> {
        let format = match hex.len() {
            40 => ObjectFormat::Sha1,
            64 => ObjectFormat::Sha256,
            _ => return None,
        };
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let mut bytes = [0; LONGEST];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self { bytes, format })
    }

    /// Takes an id's own bytes, which must have that format's length.
    pub(super) fn from_raw(raw: &[u8], format: ObjectFormat) -> Self {
        let mut bytes = [0; LONGEST];
        bytes[..format.len()].copy_from_slice(raw);
        Self { bytes, format }
    }

    fn raw(&self) -> &[u8] {
        &self.bytes[..self.format.len()]
    }

    /// The id of forty zeros, which git prints for what is not committed yet.
    pub fn none() -> Self {
        Self { bytes: [0; LONGEST], format: ObjectFormat::Sha1 }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The hash that names an object, of its kind, its size and its bytes (gitformat-loose(5)).
pub(super) enum Hash {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Hash {
    fn new(format: ObjectFormat, kind: &str, size: u64) -> Self {
        let mut hash = match format {
            ObjectFormat::Sha1 => Self::Sha1(Sha1::new()),
            ObjectFormat::Sha256 => Self::Sha256(Sha256::new()),
        };
        hash.update(format!("{kind} {size}\0").as_bytes());
        hash
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hash) => hash.update(bytes),
            Self::Sha256(hash) => hash.update(bytes),
        }
    }

    fn id(self) -> ObjectId {
        match self {
            Self::Sha1(hash) => ObjectId::from_raw(&hash.finalize(), ObjectFormat::Sha1),
            Self::Sha256(hash) => ObjectId::from_raw(&hash.finalize(), ObjectFormat::Sha256),
        }
    }
}

/// An object's bytes as they come, hashed on the way.
struct Hashed<'a> {
    from: io::Take<&'a mut dyn Read>,
    hash: Hash,
}

impl Read for Hashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}

/// Of what an object says of its size, so much is believed before its bytes are there.
const MOST_RESERVED: u64 = 1 << 20;

/// Told of an object's place among those asked for, its kind, its bytes and its size.
type Take<'a> = dyn FnMut(usize, &str, &mut dyn Read, u64) -> io::Result<()> + 'a;

impl Repo {
    /// The bytes of a file. One that this clone lacks is [`GitError::Missing`].
    pub fn blob(&self, id: ObjectId) -> Result<Vec<u8>, GitError> {
        self.object(id, "blob")
    }

    /// The bytes of a file, or None where this clone lacks it: only where nothing is allowed for not being there.
    pub fn blob_if_there(&self, id: ObjectId) -> Result<Option<Vec<u8>>, GitError> {
        match self.blob(id) {
            Err(GitError::Missing { .. }) => Ok(None),
            read => read.map(Some),
        }
    }

    /// Hands the bytes of a file to `take`, piece by piece. Once that is done they are known to be those asked for.
    pub fn read_blob(
        &self,
        id: ObjectId,
        take: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>,
    ) -> Result<(), GitError> {
        self.each(&[id], Some("blob"), &mut |_, _, from, _| take(from))
    }

    /// Hands the bytes of each of these files to `take`, piece by piece, with its place in the list. Once all of them
    /// have been read they are known to be those that were asked for.
    pub fn read_blobs(
        &self,
        ids: &[ObjectId],
        take: &mut dyn FnMut(usize, &mut dyn Read) -> io::Result<()>,
    ) -> Result<(), GitError> {
        self.each(ids, Some("blob"), &mut |at, _, from, _| take(at, from))
    }

    /// The id that a file of these bytes has in this repository.
    pub fn id_of(&self, bytes: &[u8]) -> ObjectId {
        self.format.id_of("blob", bytes)
    }

    /// The bytes of an object of this kind.
    pub(super) fn object(&self, id: ObjectId, kind: &'static str) -> Result<Vec<u8>, GitError> {
        let read = match self.objects(&[id], kind) {
            // Whoever needs many of them has them obtained in one go.
            Err(GitError::Missing { .. }) if self.obtain(&[id])? => self.objects(&[id], kind),
            read => read,
        };
        Ok(read?.pop().expect("one for each id"))
    }

    /// The bytes of many objects of one kind, in the order of their ids; asked for in one go.
    pub(super) fn objects(&self, ids: &[ObjectId], kind: &'static str) -> Result<Vec<Vec<u8>>, GitError> {
        let mut all = Vec::with_capacity(ids.len());
        self.each(ids, Some(kind), &mut |_, _, from, size| {
            all.push(read_whole(from, size)?);
            Ok(())
        })?;
        Ok(all)
    }

    /// What these objects lead to once tags are followed, and its kind. Git does not hash the tags that it follows.
    pub(super) fn peeled(&self, ids: &[ObjectId]) -> Result<Vec<(ObjectId, String)>, GitError> {
        let mut found = Vec::with_capacity(ids.len());
        let mut level = ids.to_vec();
        while !level.is_empty() {
            let mut next = Vec::new();
            self.each(&level, None, &mut |at, kind, from, size| {
                if kind == "tag" {
                    next.push((level[at], read_whole(from, size)?));
                } else {
                    found.push((level[at], kind.to_owned()));
                }
                Ok(())
            })?;
            let named = |(id, text): (ObjectId, Vec<u8>)| {
                let line = text.split(|byte| *byte == b'\n').next();
                let named = line.and_then(|line| ObjectId::parse(line.strip_prefix(b"object ")?));
                let reason = || "it is no tag that git could read".to_owned();
                named.ok_or_else(|| GitError::Damaged { id, reason: reason() })
            };
            level = next.into_iter().map(named).collect::<Result<_, _>>()?;
        }
        Ok(found)
    }

    /// Hands these objects to `take`, and compares the hash of each with its id; of any kind, if none is named.
    fn each(
        &self,
        ids: &[ObjectId],
        kind: Option<&'static str>,
        take: &mut Take<'_>,
    ) -> Result<(), GitError> {
        let mut chunks = ids.chunks(CatFile::AT_ONCE).enumerate().peekable();
        if let Some((_, first)) = chunks.peek() {
            self.request(first)?;
        }
        while let Some((chunk, some)) = chunks.next() {
            // Git reads these while the others are looked at here.
            let next = chunks.peek().map_or(&[][..], |(_, next)| *next);
            self.request(next)?;
            for (at, id) in some.iter().enumerate() {
                let place = chunk * CatFile::AT_ONCE + at;
                let take = &mut |kind: &str, from: &mut dyn Read, size| take(place, kind, from, size);
                match self.answer(*id, kind, IN_PIECES, take) {
                    Ok(true) => {}
                    // Of what comes in pieces there may be less than was said, and git waits for the next request: for
                    // this one there is none.
                    Ok(false) => {
                        self.request(&[*id])?;
                        self.reader.borrow_mut().as_mut().map(CatFile::end_requests);
                        self.answer(*id, kind, u64::MAX, take)?;
                        *self.reader.borrow_mut() = None;
                        self.request(&some[at + 1..])?;
                        self.request(next)?;
                    }
                    Err(error) => {
                        // Answers that nobody will read.
                        if at + 1 < some.len() || !next.is_empty() {
                            *self.reader.borrow_mut() = None;
                        }
                        return Err(error);
                    }
                }
            }
        }
        Ok(())
    }

    fn request(&self, ids: &[ObjectId]) -> Result<(), GitError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut reader = self.reader.borrow_mut();
        let asked = match &mut *reader {
            Some(reader) => reader.request(ids),
            none => none.insert(CatFile::start(self.call())?).request(ids),
        };
        // It has stopped, or stops now, and the answer says why; a git that waits for the request would be waited for.
        if asked.is_err() {
            reader.as_mut().map(CatFile::end_requests);
        }
        Ok(())
    }

    /// Reads the answer to a request, and compares its hash with the id. Returns false, and stops git, if the object is
    /// larger than `most`.
    fn answer(
        &self,
        id: ObjectId,
        wanted: Option<&'static str>,
        most: u64,
        take: &mut dyn FnMut(&str, &mut dyn Read, u64) -> io::Result<()>,
    ) -> Result<bool, GitError> {
        let kind = wanted.unwrap_or("object");
        let mut reader = self.reader.borrow_mut();
        let Some(cat_file) = reader.as_mut() else { return Err(self.unreadable(id, kind)) };
        let mut is_there = false;
        let read = cat_file.header().and_then(|header| {
            let Header::Object { kind: found, size } = header else { return Ok(Err(None)) };
            if size > most {
                return Ok(Ok(false));
            }
            is_there = true;
            let mut object =
                Hashed { from: cat_file.bytes().take(size), hash: Hash::new(self.format, &found, size) };
            let is_wanted = wanted.is_none_or(|kind| found == kind);
            if is_wanted {
                take(&found, &mut object, size)?;
            }
            io::copy(&mut object, &mut io::sink())?;
            let whole = object.from.limit() == 0;
            let actual = object.hash.id();
            cat_file.end()?;
            Ok(match () {
                () if !whole => return Err(io::ErrorKind::UnexpectedEof.into()),
                () if actual != id => Err(Some(format!("its bytes are those of {actual}"))),
                () if !is_wanted => Err(Some(format!("it is a {found}, not a {kind}"))),
                () => Ok(true),
            })
        });
        match read {
            Ok(Ok(true)) => Ok(true),
            Ok(Ok(false)) => {
                *reader = None;
                Ok(false)
            }
            Ok(Err(Some(reason))) => Err(GitError::Damaged { id, reason }),
            // So it says of what is there and cannot be read, too.
            Ok(Err(None)) => Err(self.unreadable(id, kind)),
            Err(_) => {
                *reader = None;
                Err(match self.unreadable(id, kind) {
                    GitError::Missing { .. } if is_there => {
                        GitError::Damaged { id, reason: "it is shorter than it says".to_owned() }
                    }
                    error => error,
                })
            }
        }
    }

    /// The error for an object that `cat-file` did not hand over: that it is missing, or git's own words.
    pub(super) fn unreadable(&self, id: ObjectId, kind: &str) -> GitError {
        let mut call = self.call();
        match kind {
            // Of a commit's folders, any of them.
            "tree" => call.args(["ls-tree", "-r", "-t", "--name-only", &id.to_string()]),
            "object" => call.args(["cat-file", "-p", &id.to_string()]),
            kind => call.args(["cat-file", kind, &id.to_string()]),
        };
        call.stdout(std::process::Stdio::null());
        let said = super::command::output(call, &[]).map(|done| done.stderr).unwrap_or_default();
        let is_damaged = said.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"error: "))
            || memchr::memmem::find(&said, b"corrupt").is_some();
        if is_damaged {
            return GitError::Damaged { id, reason: super::command::complaint(&said) };
        }
        self.missing(format_args!("{kind} {id}"))
    }
}

fn read_whole(from: &mut dyn Read, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(MOST_RESERVED)).unwrap_or(0));
    from.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;

    #[test]
    fn ids_are_those_of_git() {
        for format in ["sha1", "sha256"] {
            let Some(g) = Fixture::of_format(format) else { continue };
            for text in ["", "text", "\0\n"] {
                g.write("f", text);
                let id = g.say(&["hash-object", "f"]);
                let repo = Repo::open(g.root()).unwrap();
                assert_eq!(repo.id_of(text.as_bytes()).to_string(), id);
                assert_eq!(ObjectId::parse(id.as_bytes()).unwrap().to_string(), id);
            }
        }
        assert_eq!(ObjectId::parse(b"12"), None);
        assert_eq!(ObjectId::parse("z".repeat(40).as_bytes()), None);
    }

    #[test]
    fn an_object_that_is_missing_or_another_is_an_error_and_the_next_is_read() {
        let g = Fixture::new();
        for text in ["one", "two", "three"] {
            g.commit(text, text);
        }
        let repo = Repo::open(g.root()).unwrap();
        let id = |text: &str| repo.id_of(text.as_bytes());
        let place = |text: &str| {
            let hex = id(text).to_string();
            g.root().join(".git/objects").join(&hex[..2]).join(&hex[2..])
        };
        let none = repo.id_of(b"none");
        assert!(matches!(repo.blob(none), Err(GitError::Missing { .. })));
        assert_eq!(repo.blob_if_there(none).unwrap(), None);
        assert!(matches!(repo.object(repo.head().unwrap().unwrap(), "blob"), Err(GitError::Damaged { .. })));
        assert_eq!(repo.blob(id("one")).unwrap(), b"one");
        std::fs::remove_file(place("two")).unwrap();
        std::fs::copy(place("one"), place("two")).unwrap();
        let swapped = Repo::open(g.root()).unwrap();
        let failed = swapped.blob(id("two"));
        assert!(matches!(failed, Err(GitError::Damaged { .. })), "{failed:?}");
        assert_eq!(swapped.blob(id("three")).unwrap(), b"three");
        std::fs::remove_file(place("two")).unwrap();
        std::fs::write(place("two"), &std::fs::read(place("one")).unwrap()[..9]).unwrap();
        let cut = Repo::open(g.root()).unwrap();
        assert!(matches!(cut.blob(id("two")), Err(GitError::Damaged { .. })));
        assert_eq!(cut.blob(id("three")).unwrap(), b"three");
    }
}
