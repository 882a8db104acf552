//! Trees, read from their bytes: `MODE SP NAME NUL ID`, in an order that has folders as `NAME/` (gitformat-pack(5),
//! `base_name_compare` in git's tree-diff). Quicker than asking libgit2 entry by entry, and history is long.

use std::cmp::Ordering;

use git2::{Odb, Oid};

use super::objects::{FileRef, file_ref};

/// One entry of a tree.
#[derive(Clone, Copy)]
pub(super) struct RawEntry<'a> {
    pub(super) mode: u32,
    pub(super) name: &'a [u8],
    /// The id's twenty bytes: most entries are looked at only to see that they are known.
    pub(super) raw: &'a [u8; 20],
}

impl RawEntry<'_> {
    pub(super) fn id(&self) -> Oid {
        Oid::from_bytes(self.raw).expect("twenty bytes")
    }
}

/// Told a path, and what stands there before and after.
pub(super) type Visit<'v> = dyn FnMut(&[u8], Option<FileRef>, Option<FileRef>) + 'v;

/// The mode of a folder.
pub(super) const FOLDER: u32 = 0o040_000;

/// Git itself stops at 2,048 (`core.maxTreeDepth`).
pub(super) const MAX_DEPTH: usize = 2048;

/// The entries of a tree's bytes; what is malformed ends them.
pub(super) fn entries(data: &[u8]) -> impl Iterator<Item = RawEntry<'_>> {
    let mut cursor = Cursor::new(data);
    std::iter::from_fn(move || cursor.take())
}

/// Visits the entries of a tree's bytes, each with where it starts; says whether all of them could be read.
pub(super) fn for_each<'a>(data: &'a [u8], visit: &mut dyn FnMut(usize, &RawEntry<'a>)) -> bool {
    let mut cursor = Cursor { rest: data, next: None };
    while !cursor.rest.is_empty() {
        let start = data.len() - cursor.rest.len();
        match cursor.parse() {
            Some(entry) => visit(start, &entry),
            None => return false,
        }
    }
    true
}

/// A tree's bytes and the entry that comes next in them.
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    pub(super) next: Option<RawEntry<'a>>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        let mut cursor = Self { rest: data, next: None };
        cursor.take();
        cursor
    }

    pub(super) fn take(&mut self) -> Option<RawEntry<'a>> {
        let taken = self.next.take();
        self.next = self.parse();
        taken
    }

    fn parse(&mut self) -> Option<RawEntry<'a>> {
        let space = memchr::memchr(b' ', self.rest)?;
        let nul = memchr::memchr(0, self.rest)?;
        let digits = self.rest.get(..space).filter(|digits| digits.len() < 8)?;
        let mode = digits.iter().fold(0, |mode, digit| mode << 3 | u32::from(digit & 7));
        let raw = self.rest.get(nul + 1..)?.first_chunk()?;
        let name = self.rest.get(space + 1..nul)?;
        self.rest = &self.rest[nul + 21..];
        Some(RawEntry { mode, name, raw })
    }

    /// Whether nothing is left, so that no file is hidden behind bytes that could not be read.
    pub(super) fn is_whole(&self) -> bool {
        self.next.is_some() || self.rest.is_empty()
    }
}

/// Walks two trees side by side. Folders with one id are not entered.
pub(super) fn changes(
    odb: &Odb<'_>,
    before: Option<Oid>,
    after: Option<Oid>,
    path: &mut Vec<u8>,
    visit: &mut Visit<'_>,
) -> Result<(), git2::Error> {
    walk(odb, [before, after], path, visit, 0)
}

fn walk(
    odb: &Odb<'_>,
    trees: [Option<Oid>; 2],
    path: &mut Vec<u8>,
    visit: &mut Visit<'_>,
    depth: usize,
) -> Result<(), git2::Error> {
    if trees[0] == trees[1] {
        return Ok(());
    }
    if depth > MAX_DEPTH {
        return Err(git2::Error::from_str("its folders are nested too deep"));
    }
    let read = |id: Option<Oid>| id.map(|id| odb.read(id)).transpose();
    let (before, after) = (read(trees[0])?, read(trees[1])?);
    let mut left = Cursor::new(before.as_ref().map_or(&[], |object| object.data()));
    let mut right = Cursor::new(after.as_ref().map_or(&[], |object| object.data()));
    loop {
        if !(left.is_whole() && right.is_whole()) {
            return Err(git2::Error::from_str("one of its folders is damaged"));
        }
        let order = match (&left.next, &right.next) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => compare(one, other),
        };
        let one = if order == Ordering::Greater { None } else { left.take() };
        let other = if order == Ordering::Less { None } else { right.take() };
        if let (Some(one), Some(other)) = (&one, &other)
            && (one.raw, one.mode) == (other.raw, other.mode)
        {
            continue;
        }
        let Some(entry) = one.as_ref().or(other.as_ref()) else { continue };
        let length = path.len();
        if length > 0 {
            path.push(b'/');
        }
        path.extend_from_slice(entry.name);
        let files = [&one, &other].map(|entry| entry.as_ref().and_then(file_ref));
        if files != [None, None] {
            visit(path, files[0], files[1]);
        }
        let folders = [&one, &other]
            .map(|entry| entry.as_ref().filter(|entry| file_ref(entry).is_none()).map(RawEntry::id));
        if folders != [None, None] {
            walk(odb, folders, path, visit, depth + 1)?;
        }
        path.truncate(length);
    }
}

/// Git's order: a folder's name counts as if it ended in a slash. So a file and a folder of one name are two.
pub(super) fn compare(one: &RawEntry<'_>, other: &RawEntry<'_>) -> Ordering {
    let shared = one.name.len().min(other.name.len());
    let end = |entry: &RawEntry<'_>| match entry.name.get(shared) {
        Some(byte) => Some(*byte),
        None => file_ref(entry).is_none().then_some(b'/'),
    };
    one.name[..shared].cmp(&other.name[..shared]).then_with(|| end(one).cmp(&end(other)))
}
