//! Puts the chosen entries of a merge where they belong: ours where ours has them, theirs in the order of things.

use std::collections::BTreeMap;

use super::merge::{Block, Path, Piece, Side, merged_lead};

/// A header of the result and the leaves below it.
struct Out {
    path: Path,
    header: Option<Piece>,
    leaves: Vec<(Path, Piece)>,
}

/// The text of all `chosen` leaves, with the headers of base, ours and theirs.
pub(super) fn weave(sides: &[Side<'_>; 3], mut chosen: BTreeMap<Path, Piece>) -> String {
    let [base, ours, theirs] = sides;
    let mut blocks: Vec<_> = ours
        .blocks
        .iter()
        .map(|block| Out {
            path: block.path.clone(),
            header: header(sides, &block.path),
            leaves: block.leaves.iter().filter_map(|path| chosen.remove_entry(path)).collect(),
        })
        .collect();
    for (number, block) in theirs.blocks.iter().enumerate() {
        let new: Vec<_> = block.leaves.iter().filter_map(|path| chosen.remove_entry(path)).collect();
        let at = match blocks.iter().position(|out| out.path == block.path) {
            Some(at) => at,
            // Ours took it away, and nothing is left of it.
            None if new.is_empty() && base.block(&block.path).is_some() => continue,
            None => {
                let at = place_of(&blocks, theirs, number);
                let lead = set_off(block, blocks[..at].iter().all(Out::is_empty));
                let body = block.header.map_or("", |header| header.body).to_owned();
                let header = Some(Piece { lead, body });
                blocks.insert(at, Out { path: block.path.clone(), header, leaves: Vec::new() });
                at
            }
        };
        for (path, piece) in new {
            blocks[at].put(block, path, piece);
        }
    }
    // What theirs took away, and nothing is left of.
    blocks.retain(|out| {
        !out.leaves.is_empty() || theirs.block(&out.path).is_some() || base.block(&out.path).is_none()
    });
    let mut text = merged_lead([Some(base.head), Some(ours.head), Some(theirs.head)]).to_owned();
    for out in blocks {
        for piece in out.header.into_iter().chain(out.leaves.into_iter().map(|(_, piece)| piece)) {
            push(&mut text, &piece.lead);
            push(&mut text, &piece.body);
        }
    }
    push(&mut text, merged_lead([Some(base.tail), Some(ours.tail), Some(theirs.tail)]));
    text
}

impl Out {
    fn is_empty(&self) -> bool {
        self.header.is_none() && self.leaves.is_empty()
    }

    /// Where the order wants it, if there is one; else behind what it stands behind in `theirs`.
    fn put(&mut self, theirs: &Block<'_>, path: Path, piece: Piece) {
        let at = if self.leaves.is_sorted_by(|(one, _), (other, _)| one <= other) {
            self.leaves.partition_point(|(there, _)| *there < path)
        } else {
            let before = theirs.leaves.iter().take_while(|there| **there != path);
            let place = |wanted: &Path| self.leaves.iter().position(|(there, _)| there == wanted);
            before.filter_map(place).last().map_or(self.leaves.len(), |at| at + 1)
        };
        self.leaves.insert(at, (path, piece));
    }
}

/// Our header, with what theirs changed of it.
fn header(sides: &[Side<'_>; 3], path: &Path) -> Option<Piece> {
    let [base, ours, theirs] = sides.each_ref().map(|side| side.block(path).and_then(|block| block.header));
    let ours = ours?;
    let lead = merged_lead([base, Some(ours), theirs].map(|header| header.map(|header| header.lead)));
    let body = merged_lead([base, Some(ours), theirs].map(|header| header.map(|header| header.body)));
    Some(Piece { lead: lead.to_owned(), body: body.to_owned() })
}

/// Where a table that only theirs has goes: behind the one that it stands behind there, and behind what ours has added
/// there that comes first by its name; else before the one that it stands before.
fn place_of(blocks: &[Out], theirs: &Side<'_>, number: usize) -> usize {
    let place = |block: &Block<'_>| {
        let at = blocks.iter().position(|out| out.path == block.path)?;
        block.header.is_some().then_some(at)
    };
    let path = &theirs.blocks[number].path;
    if let Some(at) = theirs.blocks[..number].iter().rev().find_map(place) {
        let ours_first = |out: &&Out| theirs.block(&out.path).is_none() && out.path < *path;
        return at + 1 + blocks[at + 1..].iter().take_while(ours_first).count();
    }
    theirs.blocks[number + 1..].iter().find_map(place).unwrap_or(blocks.len())
}

/// What stands above a table that only theirs has; below others an empty line comes first.
fn set_off(block: &Block<'_>, is_first: bool) -> String {
    let lead = block.header.map_or("", |header| header.lead);
    if is_first || lead.starts_with(['\n', '\r']) { lead.to_owned() } else { format!("\n{lead}") }
}

fn push(text: &mut String, piece: &str) {
    if !piece.is_empty() && !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(piece);
}
