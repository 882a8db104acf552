//! Objects and commits: read through one `git cat-file --batch-command`. Each is hashed and compared with the requested
//! id, because git does not do that when it reads.

use std::fmt::{self, Write as _};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use sha1::Sha1;
use sha2::Sha256;
use sha2::digest::DynDigest;

use super::command::{IN_PIECES, complaint, not_started, output, split};
use super::{GitError, Repo};

/// The length of the longest id, SHA-256's, in bytes.
const LONGEST: usize = 32;

/// The id of an object: printed in hexadecimal, 40 digits with SHA-1, 64 with SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectId {
    bytes: [u8; LONGEST],
    format: ObjectFormat,
}

/// The hash by which a repository identifies its objects (git-init(1), `--object-format`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum ObjectFormat {
    Sha1,
    Sha256,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FileKind {
    /// A regular file, executable or not.
    File,
    /// A symlink; its blob is the path it leads to.
    Link,
    /// Another repository's commit: its files are not in this one.
    Submodule,
}

/// A file of a commit or of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileRef {
    /// The blob, or for a submodule the commit.
    pub id: ObjectId,
    pub kind: FileKind,
}

/// The target of a revision with tags resolved (gitglossary(7), peel).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peeled {
    Commit(ObjectId),
    /// [`Repo::files`] and [`Repo::file`] accept its id instead of a commit's.
    Tree(ObjectId),
    Blob(ObjectId),
}

/// A path, relative to the root, at which two commits, or a commit and the index, differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChangedFile {
    pub path: PathBuf,
    pub before: Option<FileRef>,
    pub after: Option<FileRef>,
}

/// A commit, with names as recorded. `.mailmap` is not applied: it is a file of the repository, so anyone who can write
/// to it could attribute a change to somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    pub id: ObjectId,
    /// Whether in this clone or not.
    pub parents: Vec<ObjectId>,
    pub author: String,
    pub email: String,
    /// The author's date: seconds since 1970.
    pub time: i64,
    /// The author's offset from UTC, in minutes.
    pub offset: i32,
    /// The first paragraph of its message, on one line.
    pub subject: String,
    pub signed: Option<SignedPayload>,
}

/// A commit's signature, and the signed bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignedPayload {
    /// The armoured signature: `-----BEGIN SSH SIGNATURE-----` or another kind.
    pub signature: Vec<u8>,
    /// The commit without its signature.
    pub payload: Vec<u8>,
}

impl ObjectFormat {
    pub(super) fn parse(name: &[u8]) -> Option<Self> {
        match name {
            b"sha1" => Some(Self::Sha1),
            b"sha256" => Some(Self::Sha256),
            _ => None,
        }
    }

    /// Returns the number of bytes of an id.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    fn hasher(self) -> Box<dyn DynDigest> {
        match self {
            Self::Sha1 => Box::<Sha1>::default(),
            Self::Sha256 => Box::<Sha256>::default(),
        }
    }

    /// Starts the hash of an object's kind, size and bytes, which is its id (gitformat-loose(5)).
    fn object_hasher(self, kind: &str, size: u64) -> Box<dyn DynDigest> {
        let mut hash = self.hasher();
        hash.update(format!("{kind} {size}\0").as_bytes());
        hash
    }

    fn finish(self, mut hash: Box<dyn DynDigest>) -> Vec<u8> {
        let mut sum = vec![0; self.len()];
        hash.finalize_into_reset(&mut sum).expect("as long as the hash");
        sum
    }

    /// Returns the hash that git appends to its own files with these bytes (gitformat-index(5)).
    pub(super) fn sum(self, bytes: &[u8]) -> Vec<u8> {
        let mut hash = self.hasher();
        hash.update(bytes);
        self.finish(hash)
    }

    pub(super) fn id_of(self, kind: &str, bytes: &[u8]) -> ObjectId {
        let mut hash = self.object_hasher(kind, bytes.len() as u64);
        hash.update(bytes);
        ObjectId::from_raw(&self.finish(hash), self)
    }
}

impl ObjectId {
    /// Reads a whole id in hexadecimal.
    pub(crate) fn parse(hex: &[u8]) -> Option<Self> {
        let format = match hex.len() {
            40 => ObjectFormat::Sha1,
            64 => ObjectFormat::Sha256,
            _ => return None,
        };
        let mut bytes = [0; LONGEST];
        base16ct::mixed::decode(hex, &mut bytes).ok()?;
        Some(Self { bytes, format })
    }

    /// Creates an id from its raw bytes, which must have the format's length.
    pub(super) fn from_raw(raw: &[u8], format: ObjectFormat) -> Self {
        let mut bytes = [0; LONGEST];
        bytes[..format.len()].copy_from_slice(raw);
        Self { bytes, format }
    }

    /// Returns the id of forty zeros, which git prints for content that is not committed yet.
    pub(crate) fn none() -> Self {
        Self { bytes: [0; LONGEST], format: ObjectFormat::Sha1 }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base16ct::lower::encode_string(&self.bytes[..self.format.len()]))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

struct HashedReader<'a> {
    from: io::Take<&'a mut BufReader<ChildStdout>>,
    hash: Box<dyn DynDigest>,
}

impl Read for HashedReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}

/// The most bytes to reserve for an object by its claimed size, before its bytes are read.
const MOST_RESERVED: u64 = 1 << 20;

/// Receives an object: its id, its kind, its bytes and its size.
type TakeObject<'a> = dyn FnMut(ObjectId, &str, &mut dyn Read, u64) -> io::Result<()> + 'a;

/// Reads objects. If this clone lacks one, that is [`GitError::Missing`].
impl Repo {
    pub(crate) fn blob(&self, id: ObjectId) -> Result<Vec<u8>, GitError> {
        self.object(id, "blob")
    }

    /// Returns None if this clone lacks the blob. Use it only if nothing becomes allowed because a blob is missing.
    pub(crate) fn blob_if_there(&self, id: ObjectId) -> Result<Option<Vec<u8>>, GitError> {
        match self.blob(id) {
            Err(GitError::Missing(_)) => Ok(None),
            read => read.map(Some),
        }
    }

    /// Passes the bytes of each blob to `take`, piece by piece, in the order of the list. Their hashes are known to match
    /// only after this function returns.
    pub(crate) fn read_blobs(
        &self,
        ids: &[ObjectId],
        take: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>,
    ) -> Result<(), GitError> {
        self.each(ids, Some("blob"), &mut |_, _, from, _| take(from))
    }

    /// Returns the id that a file with these bytes has in this repository.
    pub(crate) fn id_of(&self, bytes: &[u8]) -> ObjectId {
        self.facts.format.id_of("blob", bytes)
    }

    /// Reads an object of this kind. Before reading many, fetch them at once with [`Self::obtain`].
    pub(super) fn object(&self, id: ObjectId, kind: &'static str) -> Result<Vec<u8>, GitError> {
        let read = match self.objects(&[id], kind) {
            Err(GitError::Missing(_)) if self.obtain(&[id])? => self.objects(&[id], kind),
            read => read,
        };
        Ok(read?.pop().expect("one for each id"))
    }

    /// Reads many objects of one kind at once, in the order of `ids`.
    pub(super) fn objects(&self, ids: &[ObjectId], kind: &'static str) -> Result<Vec<Vec<u8>>, GitError> {
        let mut all = Vec::with_capacity(ids.len());
        self.each(ids, Some(kind), &mut |_, _, from, size| {
            all.push(read_whole(from, size)?);
            Ok(())
        })?;
        Ok(all)
    }

    /// Returns what these objects lead to with tags resolved. Git does not hash the tags that it follows.
    pub(crate) fn peeled(&self, ids: &[ObjectId]) -> Result<Vec<Peeled>, GitError> {
        let mut found = Vec::with_capacity(ids.len());
        let mut level = ids.to_vec();
        while !level.is_empty() {
            let mut tags = Vec::new();
            self.each(&level, None, &mut |id, kind, from, size| {
                match kind {
                    "tag" => tags.push((id, read_whole(from, size)?)),
                    "tree" => found.push(Peeled::Tree(id)),
                    "blob" => found.push(Peeled::Blob(id)),
                    _ => found.push(Peeled::Commit(id)),
                }
                Ok(())
            })?;
            let target = |(id, text): (ObjectId, Vec<u8>)| {
                let line = text.split(|byte| *byte == b'\n').next();
                let target = line.and_then(|line| ObjectId::parse(line.strip_prefix(b"object ")?));
                target.ok_or_else(|| GitError::damaged(id, "it is not a tag that git could read"))
            };
            level = tags.into_iter().map(target).collect::<Result<_, _>>()?;
        }
        Ok(found)
    }

    /// Passes these objects to `take`, and compares the hash of each with its id. Accepts any kind if `kind` is None.
    fn each(
        &self,
        ids: &[ObjectId],
        kind: Option<&'static str>,
        take: &mut TakeObject<'_>,
    ) -> Result<(), GitError> {
        let mut chunks = ids.chunks(CatFile::AT_ONCE).peekable();
        self.request(chunks.peek().copied().unwrap_or_default())?;
        while let Some(some) = chunks.next() {
            // Git reads these while the current ones are processed here.
            let next = chunks.peek().copied().unwrap_or_default();
            self.request(next)?;
            for (at, id) in some.iter().enumerate() {
                match self.answer(*id, kind, IN_PIECES, take) {
                    Ok(true) => {}
                    // If a large object is shorter than announced, git waits for the next request. So it is requested last.
                    Ok(false) => {
                        self.request(&[*id])?;
                        self.reader.borrow_mut().as_mut().map(CatFile::end_requests);
                        self.answer(*id, kind, u64::MAX, take)?;
                        *self.reader.borrow_mut() = None;
                        self.request(&some[at + 1..])?;
                        self.request(next)?;
                    }
                    Err(error) => {
                        // The other answers will not be read.
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
            none => none.insert(CatFile::start(self.call(&[]))?).request(ids),
        };
        // If git has stopped, its answer says why. Otherwise git could wait for the request while we wait for git.
        if asked.is_err() {
            reader.as_mut().map(CatFile::end_requests);
        }
        Ok(())
    }

    /// Reads the answer to a request for an object, and compares the hash with the id. Stops git and returns false if
    /// the object has more than `most` bytes.
    fn answer(
        &self,
        id: ObjectId,
        wanted: Option<&'static str>,
        most: u64,
        take: &mut TakeObject<'_>,
    ) -> Result<bool, GitError> {
        let kind = wanted.unwrap_or("object");
        let mut reader = self.reader.borrow_mut();
        let Some(cat_file) = reader.as_mut() else { return Err(self.unreadable(id, kind)) };
        let (found, size) = match cat_file.header() {
            Ok(Some(header)) => header,
            // Git also says "missing" for an object that exists but cannot be read.
            Ok(None) => return Err(self.unreadable(id, kind)),
            Err(_) => {
                *reader = None;
                return Err(self.unreadable(id, kind));
            }
        };
        if size > most {
            *reader = None;
            return Ok(false);
        }
        let (format, is_wanted) = (self.facts.format, wanted.is_none_or(|kind| found == kind));
        let mut read = || -> io::Result<ObjectId> {
            let hash = format.object_hasher(&found, size);
            let mut object = HashedReader { from: cat_file.stdout().take(size), hash };
            if is_wanted {
                take(id, &found, &mut object, size)?;
            }
            io::copy(&mut object, &mut io::sink())?;
            let is_whole = object.from.limit() == 0;
            let actual = ObjectId::from_raw(&format.finish(object.hash), format);
            cat_file.end()?;
            if is_whole { Ok(actual) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
        };
        let Ok(actual) = read() else {
            *reader = None;
            return Err(match self.unreadable(id, kind) {
                GitError::Missing(_) => GitError::damaged(id, "it is shorter than it says"),
                error => error,
            });
        };
        if actual != id {
            return Err(GitError::damaged(id, &format!("its bytes are those of {actual}")));
        }
        if !is_wanted {
            return Err(GitError::damaged(id, &format!("it is a {found}, not a {kind}")));
        }
        Ok(true)
    }

    /// Returns the error for an object that `cat-file` could not read: that it is missing, or git's own message.
    pub(super) fn unreadable(&self, id: ObjectId, kind: &str) -> GitError {
        let id_text = id.to_string();
        let mut call = match kind {
            // Any folder of a commit may be meant.
            "tree" => self.call(&["ls-tree", "-r", "-t", "--name-only", &id_text]),
            "object" => self.call(&["cat-file", "-p", &id_text]),
            kind => self.call(&["cat-file", kind, &id_text]),
        };
        call.stdout(Stdio::null());
        let said = output(call, &[]).map(|done| done.stderr).unwrap_or_default();
        let is_damaged = split(&said, b'\n').any(|line| line.starts_with(b"error: "))
            || memchr::memmem::find(&said, b"corrupt").is_some();
        if is_damaged {
            return GitError::damaged(id, &complaint(&said));
        }
        // A shallow clone has the files of each commit that it has.
        let is_cut_off = self.is_shallow() && !matches!(kind, "blob" | "tree");
        GitError::missing(format_args!("{kind} {id}"), self.root(), is_cut_off)
    }
}

fn read_whole(from: &mut dyn Read, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(MOST_RESERVED)).unwrap_or(0));
    from.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A running `git cat-file --batch-command` (git-cat-file(1)).
pub(super) struct CatFile {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
}

impl CatFile {
    /// The most requests at once. Twice as many fit into a pipe's buffer, which can be as small as 16 KiB (pipe(7)), so
    /// that neither side waits for the other.
    const AT_ONCE: usize = 100;

    fn start(mut command: Command) -> Result<Self, GitError> {
        command.args(["cat-file", "--batch-command", "--buffer"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|e| not_started(&e))?;
        let stdout = child.stdout.take().map(BufReader::new);
        Ok(Self { stdin: child.stdin.take(), stdout, child })
    }

    /// Requests at most [`Self::AT_ONCE`] objects; the answers come in the same order.
    fn request(&mut self, ids: &[ObjectId]) -> io::Result<()> {
        let mut text = String::new();
        for id in ids {
            let _ = writeln!(text, "contents {id}");
        }
        text.push_str("flush\n");
        self.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write_all(text.as_bytes())
    }

    /// Makes git exit after the last answer.
    fn end_requests(&mut self) {
        self.stdin = None;
    }

    /// Reads the kind and size of the next object. Returns None if it is missing.
    fn header(&mut self) -> io::Result<Option<(String, u64)>> {
        let mut line = Vec::new();
        self.stdout().read_until(b'\n', &mut line)?;
        let line = line.strip_suffix(b"\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let line = String::from_utf8_lossy(line);
        match line.split(' ').collect::<Vec<_>>()[..] {
            [_, "missing"] => Ok(None),
            [_, kind, size] => {
                let size = size.parse().map_err(|_| io::ErrorKind::InvalidData)?;
                Ok(Some((kind.to_owned(), size)))
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    fn stdout(&mut self) -> &mut BufReader<ChildStdout> {
        self.stdout.as_mut().expect("open until it is dropped")
    }

    /// Reads the line break after an object's bytes.
    fn end(&mut self) -> io::Result<()> {
        let mut end = [0];
        self.stdout().read_exact(&mut end)?;
        if end == *b"\n" { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

impl Drop for CatFile {
    fn drop(&mut self) {
        // When they are closed, git exits by itself, even in the middle of an answer.
        self.stdin = None;
        self.stdout = None;
        let _ = self.child.wait();
    }
}

/// Parses commits (git-commit-tree(1), gitformat-signature(5)).
impl Repo {
    pub(crate) fn read_commit(&self, id: ObjectId) -> Result<Commit, GitError> {
        let text = self.object(id, "commit")?;
        let (head, message) = split_message(&text);
        let field = |name: &[u8]| {
            let mut lines = head.split(|byte| *byte == b'\n');
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(b" "))
        };
        let is_latin1 = field(b"encoding").is_some_and(is_latin1);
        let decode = |bytes: &[u8]| -> String {
            if is_latin1 {
                return bytes.iter().map(|byte| char::from(*byte)).collect();
            }
            String::from_utf8_lossy(bytes).into_owned()
        };
        let (name, email, time, offset) = parse_person(field(b"author").unwrap_or_default());
        Ok(Commit {
            id,
            parents: tree_and_parents(id, &text)?.1,
            author: decode(name),
            email: decode(email),
            time,
            offset,
            subject: decode(&subject(message)),
            signed: split_signature(&text, head.len()),
        })
    }

    /// Returns the parents that a commit itself names, whether in this clone or not.
    pub(crate) fn parents(&self, commit: ObjectId) -> Result<Vec<ObjectId>, GitError> {
        let text = self.object(commit, "commit")?;
        Ok(tree_and_parents(commit, &text)?.1)
    }

    /// Like [`Self::parents`], for many commits.
    pub(super) fn all_parents(&self, commits: &[ObjectId]) -> Result<Vec<Vec<ObjectId>>, GitError> {
        let mut all = Vec::with_capacity(commits.len());
        for some in commits.chunks(1024) {
            for (id, text) in some.iter().zip(self.objects(some, "commit")?) {
                let (tree, parents) = tree_and_parents(*id, &text)?;
                self.commit_trees.borrow_mut().insert(*id, tree);
                all.push(parents);
            }
        }
        Ok(all)
    }

    /// Returns the tree of a commit. Also accepts a tree's own id.
    pub(super) fn tree_of(&self, commit: ObjectId) -> Result<ObjectId, GitError> {
        if let Some(tree) = self.commit_trees.borrow().get(&commit) {
            return Ok(*tree);
        }
        let tree = match self.object(commit, "commit") {
            Err(GitError::Damaged(_)) if self.object(commit, "tree").is_ok() => commit,
            text => tree_and_parents(commit, &text?)?.0,
        };
        self.commit_trees.borrow_mut().insert(commit, tree);
        Ok(tree)
    }
}

fn tree_and_parents(id: ObjectId, text: &[u8]) -> Result<(ObjectId, Vec<ObjectId>), GitError> {
    let read = || {
        let mut lines = text.split(|byte| *byte == b'\n');
        let tree = ObjectId::parse(lines.next()?.strip_prefix(b"tree ")?)?;
        let parents = lines.map_while(|line| line.strip_prefix(b"parent ")).map(ObjectId::parse);
        Some((tree, parents.collect::<Option<_>>()?))
    };
    read().ok_or_else(|| GitError::damaged(id, "it is not a commit that git could read"))
}

/// Returns the header, its last line break included, and the message.
fn split_message(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memmem::find(text, b"\n\n") {
        Some(at) => (&text[..=at], &text[at + 2..]),
        None => (text, b""),
    }
}

/// Reads `NAME <EMAIL> SECONDS ±HHMM`: name, email, seconds and the offset in minutes. Malformed numbers count as 0.
fn parse_person(text: &[u8]) -> (&[u8], &[u8], i64, i32) {
    let close = memchr::memrchr(b'>', text).unwrap_or(text.len());
    let open = memchr::memchr(b'<', &text[..close]).unwrap_or(close);
    let email = text.get(open + 1..close).unwrap_or_default();
    let tail = String::from_utf8_lossy(text.get(close + 1..).unwrap_or_default());
    let mut words = tail.split_ascii_whitespace();
    let time = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let offset = words.next().and_then(|word| word.parse::<i32>().ok());
    let minutes = offset.map_or(0, |offset| offset / 100 * 60 + offset % 100);
    let minutes = if minutes.abs() < 24 * 60 { minutes } else { 0 };
    (text[..open].trim_ascii(), email.trim_ascii(), time, minutes)
}

/// Returns git's `%s`: the lines of the first paragraph, joined by blanks.
fn subject(message: &[u8]) -> Vec<u8> {
    let lines = message.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let paragraph = lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(&b' ')
}

/// Separates the signature, whose lines continue with a blank, from the signed bytes. `head` is the header's length.
fn split_signature(text: &[u8], head: usize) -> Option<SignedPayload> {
    const LEAD: &[u8] = b"gpgsig ";
    let starts_line = |at: &usize| *at == 0 || text[at - 1] == b'\n';
    let start = memchr::memmem::find_iter(&text[..head], LEAD).find(starts_line)?;
    let mut end = start;
    let mut signature = Vec::new();
    for line in text[start..head].split_inclusive(|byte| *byte == b'\n') {
        let Some(part) = line.strip_prefix(if end == start { LEAD } else { b" " }) else { break };
        signature.extend_from_slice(part);
        end += line.len();
    }
    Some(SignedPayload { signature, payload: [&text[..start], &text[end..]].concat() })
}

fn is_latin1(name: &[u8]) -> bool {
    let names = [&b"ISO-8859-1"[..], b"ISO8859-1", b"latin1", b"latin-1"];
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Fixture;

    #[test]
    fn an_object_that_is_missing_or_another_is_an_error_and_the_next_is_read() {
        let g = Fixture::new();
        for text in ["one", "two", "three"] {
            g.commit(text, text);
        }
        let repo = g.repo();
        let id = |text: &str| repo.id_of(text.as_bytes());
        assert_eq!((ObjectId::parse(b"12"), ObjectId::parse("z".repeat(40).as_bytes())), (None, None));
        let place = |text: &str| {
            let hex = id(text).to_string();
            g.path(format!(".git/objects/{}/{}", &hex[..2], &hex[2..]))
        };
        assert!(matches!(repo.blob(id("none")), Err(GitError::Missing(_))));
        assert_eq!(repo.blob_if_there(id("none")).unwrap(), None);
        assert!(matches!(repo.object(repo.head().unwrap().unwrap(), "blob"), Err(GitError::Damaged(_))));
        assert_eq!(repo.blob(id("one")).unwrap(), b"one");
        let one = std::fs::read(place("one")).unwrap();
        for other in [&one[..], &one[..9]] {
            std::fs::remove_file(place("two")).unwrap();
            std::fs::write(place("two"), other).unwrap();
            let repo = g.repo();
            let failed = repo.blob(id("two"));
            assert!(matches!(failed, Err(GitError::Damaged(_))), "{failed:?}");
            assert_eq!(repo.blob(id("three")).unwrap(), b"three");
        }
    }

    #[test]
    fn a_commit_says_what_git_says() {
        let g = Fixture::new();
        g.commit("a", "1");
        g.add("a", "2");
        let options = ["--author", "Zoë  <b>  Ünï <z@example.com>", "--date", "1700000000 -0730"];
        let message = ["--cleanup=verbatim", "-m", "\n\nfirst line  \nsecond\n\nbody\ngpgsig no"];
        g.git(&[&["commit", "-q"][..], &options, &message].concat());
        let repo = g.repo();
        let commit = repo.read_commit(repo.head().unwrap().unwrap()).unwrap();
        let Commit { id, author, email, time, subject, .. } = &commit;
        let said = format!("{id}|{author}|{email}|{time}|{subject}");
        assert_eq!(said, g.git(&["log", "-1", "--format=%H|%an|%ae|%at|%s"]));
        assert_eq!((commit.offset, commit.parents.len(), commit.signed), (-450, 1, None));
    }

    #[test]
    fn latin_1_is_decoded() {
        let g = Fixture::new();
        g.git(&["-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-q", "--allow-empty", "-m", "x"]);
        let raw = g.git(&["cat-file", "commit", "HEAD"]).replace("\n\nx", "\n\n\u{1}");
        let bytes: Vec<u8> = raw.bytes().map(|byte| if byte == 1 { 0xe9 } else { byte }).collect();
        std::fs::write(g.outside("commit"), bytes).unwrap();
        let id = g.git(&["hash-object", "-w", "-t", "commit", "../commit"]);
        let id = ObjectId::parse(id.as_bytes()).unwrap();
        assert_eq!(g.repo().read_commit(id).unwrap().subject, "é");
    }

    #[test]
    fn a_signature_is_taken_out_of_what_it_signs() {
        let plain = "tree 1\nauthor A <a> 1 +0000\nencoding X\n\ngpgsig in the message\n";
        let text = plain.replace("encoding", "gpgsig -----BEGIN\n line\n \n -----END\nencoding");
        let of = |text: &str| split_signature(text.as_bytes(), split_message(text.as_bytes()).0.len());
        let signed = of(&text).unwrap();
        assert_eq!(signed.signature, b"-----BEGIN\nline\n\n-----END\n");
        assert_eq!(signed.payload, plain.as_bytes());
        assert_eq!(of(plain), None);
    }

    #[test]
    fn odd_persons() {
        for (text, name, email, time, offset) in [
            ("A B <a@b> 12 +0130", "A B", "a@b", 12, 90),
            ("A <x> B <a@b> 12 -0130", "A", "x> B <a@b", 12, -90),
            ("", "", "", 0, 0),
            ("A <a> x y", "A", "a", 0, 0),
            ("A <a> -5 +9999", "A", "a", -5, 0),
        ] {
            assert_eq!(parse_person(text.as_bytes()), (name.as_bytes(), email.as_bytes(), time, offset));
        }
    }
}
