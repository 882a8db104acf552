//! The index as git writes it (gitformat-index(5)), read from its bytes.
//!
//! Unlike libgit2's reader this one knows sparse indexes, does not hash the file (git itself leaves that to `git fsck`),
//! and hands out the ids of unchanged folders that git keeps there.

use std::collections::HashMap;

use super::tree::FOLDER;

/// The hash at the file's end.
const HASH: usize = 20;
/// An entry of versions 2 and 3: ten words of the file's state, an id, flags.
const FIXED: usize = 40 + HASH + 2;

/// One path of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// With `/` at its end where a sparse index has a folder.
    pub(super) path: Vec<u8>,
    pub(super) mode: u32,
    pub(super) raw: [u8; 20],
    /// 0, or the side of an unfinished merge.
    pub(super) stage: u8,
    /// The path is known, nothing of it is to be committed yet.
    pub(super) intent_to_add: bool,
}

/// An index, parsed.
#[derive(Debug, Default)]
pub(super) struct IndexFile {
    /// In git's order: by the bytes of their paths, then by stage.
    pub(super) entries: Vec<Entry>,
    /// The ids of folders (the empty path is the root, `a/b` one below) as they would be committed, with how many entries each
    /// has; of those that git has at hand.
    pub(super) folders: Folders,
}

/// Folders by their paths: how many entries each has, and its id.
pub(super) type Folders = HashMap<Vec<u8>, (usize, [u8; 20])>;

/// Parses an index; the error says what is wrong with it.
pub(super) fn parse(bytes: &[u8]) -> Result<IndexFile, &'static str> {
    let mut at = Reader { bytes: bytes.get(..bytes.len().saturating_sub(HASH)).unwrap_or_default(), at: 0 };
    if at.take(4) != Some(b"DIRC") {
        return Err("it is no index");
    }
    let version = at.word().filter(|version| (2..=4).contains(version)).ok_or("its version is unknown")?;
    let count = at.word().ok_or("it is cut off")?;
    let mut index = IndexFile::default();
    let mut path = Vec::new();
    for _ in 0..count {
        index.entries.push(at.entry(version, &mut path).ok_or("it is cut off")?);
    }
    while let Some(signature) = at.take(4) {
        let size = at.word().ok_or("it is cut off")?;
        let data = at.take(size as usize).ok_or("it is cut off")?;
        match signature {
            b"TREE" => index.folders = folders(data).unwrap_or_default(),
            b"link" => return Err("it is split, which envseal does not read"),
            b"sdir" => {}
            // Git's own rule: what it must understand begins with a small letter.
            [b'a'..=b'z', ..] => return Err("it has an extension that envseal does not know"),
            _ => {}
        }
    }
    Ok(index)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn word(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// The next entry; `path` is the one before it, from which version 4 counts.
    fn entry(&mut self, version: u32, path: &mut Vec<u8>) -> Option<Entry> {
        let start = self.at;
        let fixed = self.take(FIXED)?;
        let mode = u32::from_be_bytes(fixed[24..28].try_into().ok()?);
        let raw = fixed[40..60].try_into().ok()?;
        let flags = u16::from_be_bytes(fixed[60..62].try_into().ok()?);
        let extended = if version >= 3 && flags & 0x4000 != 0 {
            u16::from_be_bytes(self.take(2)?.try_into().ok()?)
        } else {
            0
        };
        if version == 4 {
            let dropped = self.offset()?;
            path.truncate(path.len().checked_sub(dropped)?);
        } else {
            path.clear();
        }
        let length = memchr::memchr(0, self.bytes.get(self.at..)?)?;
        path.extend_from_slice(self.take(length)?);
        if version == 4 {
            self.take(1)?;
        } else {
            // One to eight NULs, so that the entry's length is a multiple of eight.
            let taken = self.at - start;
            self.take(8 - taken % 8)?;
        }
        let stage = u8::try_from(flags >> 12 & 3).ok()?;
        Some(Entry { path: path.clone(), mode, raw, stage, intent_to_add: extended & 0x2000 != 0 })
    }

    /// A number as in the offsets of packs (gitformat-pack(5), "offset encoding").
    fn offset(&mut self) -> Option<usize> {
        let mut byte = self.take(1)?[0];
        let mut value = usize::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = self.take(1)?[0];
            value = value.checked_add(1)?.checked_mul(128)? | usize::from(byte & 0x7f);
        }
        Some(value)
    }
}

/// The extension `TREE`: folders in preorder, each as its name, NUL, how many entries it has (-1: not known), blank,
/// how many folders are in it, line feed, and its id.
fn folders(mut data: &[u8]) -> Option<Folders> {
    let mut folders = HashMap::new();
    // The folders we are in: each one's path, and how many of those in it are still to come.
    let mut open: Vec<(Vec<u8>, usize)> = Vec::new();
    while !data.is_empty() {
        let nul = memchr::memchr(0, data)?;
        let line = nul + memchr::memchr(b'\n', &data[nul..])?;
        let numbers = std::str::from_utf8(&data[nul + 1..line]).ok()?;
        let (entries, inside) = numbers.split_once(' ')?;
        let mut path = Vec::new();
        if let Some((parent, left)) = open.last_mut() {
            *left = left.checked_sub(1)?;
            path.extend_from_slice(parent);
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(&data[..nul]);
        }
        data = &data[line + 1..];
        if let Ok(entries) = entries.parse() {
            folders.insert(path.clone(), (entries, data.get(..HASH)?.try_into().ok()?));
            data = &data[HASH..];
        }
        open.push((path, inside.parse().ok()?));
        while open.last().is_some_and(|(_, left)| *left == 0) {
            open.pop();
        }
    }
    Some(folders)
}

impl Entry {
    /// Whether it stands for a whole folder, as in a sparse index.
    pub(super) fn is_folder(&self) -> bool {
        self.mode & 0o170_000 == FOLDER
    }
}
