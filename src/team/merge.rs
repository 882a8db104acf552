//! Three-way merge of team files, entry by entry.
//!
//! An entry is a key whose value is not a table: a grant, a member, a list of the policy. A change on one side is
//! taken, and so is the same change on both. Different changes are resolved if nothing is lost (see `resolve`).
//! Otherwise they are a conflict, with markers around that entry alone: the text is then not TOML, and every command
//! rejects it. Ours stays byte for byte if nothing comes from theirs. An entry that theirs added keeps the comments
//! above it, and is inserted in order if the table is sorted.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Array, DocumentMut};

use super::entries::{TomlEntry, entries};
use super::policy::{POLICY_LISTS, push_as_written};
use super::{Exposure, ExposureState, MemberName, TeamFile};
use crate::config::EnvName;
use crate::dotenv::{ConflictStyle, MergeConflicts, MergeVersions, MergedText, conflict_text, merge_parts};

/// The keys that lead to an entry.
type EntryPath = Vec<String>;

/// Merges three versions of a team file.
pub(crate) fn merge_team(versions: &MergeVersions<'_>, style: &ConflictStyle<'_>) -> MergedText {
    let texts = [versions.base, versions.ours, versions.theirs];
    merge_parts(versions, style, |style| merge_entries(texts, style))
}

/// Returns None if the whole file is the conflict: a side is not TOML, or the sides write their tables too differently.
fn merge_entries(texts: [&[u8]; 3], style: &ConflictStyle<'_>) -> Option<MergedText> {
    let [base, ours, theirs] = texts.map(TeamVersion::read);
    let sides = [base?, ours?, theirs?];
    let (mut chosen, mut conflicts) = (BTreeMap::new(), Vec::new());
    let paths: BTreeSet<_> = sides.iter().flat_map(|side| side.leaves.keys()).collect();
    for path in paths {
        let leaves = sides.each_ref().map(|side| side.leaves.get(path));
        let merged = match choose(leaves) {
            MergeChoice::Gone => continue,
            MergeChoice::Take(leaf) => leaf.clone(),
            MergeChoice::BothChanged => resolve(path, texts, leaves).unwrap_or_else(|| {
                conflicts.push(path.join("."));
                let [base, ours, theirs] = leaves.map(|leaf| leaf.map_or("", |leaf| &leaf.body).as_bytes());
                let text = conflict_text(style, &MergeVersions { base, ours, theirs }).to_vec();
                EntryText::new(String::from_utf8(text).expect("made of text"), String::new())
            }),
        };
        let lead = merged_text(leaves.map(|leaf| leaf.map(|leaf| &leaf.lead)));
        chosen.insert(path, EntryText { lead, ..merged });
    }
    let text = assemble(&sides, &chosen);
    let merged = |conflicts| MergedText { text: text.clone().into_bytes().into(), conflicts };
    if !conflicts.is_empty() {
        return Some(merged(MergeConflicts::Names(conflicts)));
    }
    // Tables written in two ways, as `[a.b]` and as `b = {…}`, can't be merged.
    let read = TeamVersion::read(text.as_bytes())?;
    let values = read.leaves.iter().map(|(path, leaf)| (path, &leaf.value));
    let is_whole = values.eq(chosen.iter().map(|(path, leaf)| (*path, &leaf.value)));
    is_whole.then(|| merged(MergeConflicts::None))
}

/// A version of the file, split into its entries.
struct TeamVersion<'t> {
    /// The comments at the beginning that belong to no entry.
    head: Cow<'t, str>,
    /// The first has no header.
    tables: Vec<MergeTable<'t>>,
    leaves: BTreeMap<EntryPath, EntryText<'t>>,
    /// The text after the last entry.
    tail: Cow<'t, str>,
}

/// A header and the leaves below it.
struct MergeTable<'t> {
    path: EntryPath,
    header: Option<EntryText<'t>>,
    leaves: Vec<EntryPath>,
}

/// The text above an entry, its own lines, and its value alone.
#[derive(Clone)]
struct EntryText<'t> {
    lead: Cow<'t, str>,
    body: Cow<'t, str>,
    value: Cow<'t, str>,
}

impl EntryText<'_> {
    /// Returns an entry that is neither side's.
    fn new(body: String, value: String) -> Self {
        Self { lead: "".into(), body: body.into(), value: value.into() }
    }

    /// Adds the empty line above a header that comes below other tables.
    fn set_off(mut self, is_first: bool) -> Self {
        if !is_first && !self.lead.starts_with(['\n', '\r']) {
            self.lead.to_mut().insert(0, '\n');
        }
        self
    }
}

impl<'t> TeamVersion<'t> {
    fn read(text: &'t [u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let (mut entries, end) = entries(text)?;
        // The head ends at an empty line, or at the first table.
        let first = entries.first();
        let lead = &text[..first.map_or(text.len(), |entry| entry.lead.end)];
        let head = match lead.rfind("\n\n") {
            Some(at) => at + 1,
            None if first.is_some_and(|entry| !entry.is_header) => 0,
            None => lead.len(),
        };
        if let Some(first) = entries.first_mut() {
            first.lead.start = head;
        }
        let top = MergeTable { path: EntryPath::new(), header: None, leaves: Vec::new() };
        let mut side = Self {
            tables: vec![top],
            leaves: BTreeMap::new(),
            head: text[..head].into(),
            tail: text[end.max(head)..].into(),
        };
        for TomlEntry { path, is_header, lead, body, value } in entries {
            let [lead, body, value] = [lead, body, value].map(|range| text[range].into());
            let leaf = EntryText { lead, body, value };
            if is_header {
                side.tables.push(MergeTable { path, header: Some(leaf), leaves: Vec::new() });
            } else {
                side.tables.last_mut().expect("the first").leaves.push(path.clone());
                side.leaves.insert(path, leaf);
            }
        }
        Some(side)
    }

    fn table(&self, path: &EntryPath) -> Option<&MergeTable<'t>> {
        self.tables.iter().find(|table| table.path == *path)
    }
}

enum MergeChoice<'s, 't> {
    Gone,
    Take(&'s EntryText<'t>),
    BothChanged,
}

/// Chooses between base, ours and theirs.
fn choose<'s, 't>(leaves: [Option<&'s EntryText<'t>>; 3]) -> MergeChoice<'s, 't> {
    let is_same_line =
        |base: &EntryText<'t>, side: &EntryText<'t>| base.body.trim_end() == side.body.trim_end();
    match leaves {
        [_, None, None] => MergeChoice::Gone,
        [None, Some(one), None] | [None, None, Some(one)] => MergeChoice::Take(one),
        [Some(base), Some(one), None] | [Some(base), None, Some(one)] if base.value == one.value => {
            MergeChoice::Gone
        }
        [_, Some(_), None] | [_, None, Some(_)] => MergeChoice::BothChanged,
        [base, Some(ours), Some(theirs)] => {
            // A changed comment after a value is taken, but is not a conflict.
            if base.is_some_and(|base| is_same_line(base, ours)) {
                MergeChoice::Take(theirs)
            } else if base.is_some_and(|base| is_same_line(base, theirs)) || ours.value == theirs.value {
                MergeChoice::Take(ours)
            } else if base.is_some_and(|base| base.value == ours.value) {
                MergeChoice::Take(theirs)
            } else if base.is_some_and(|base| base.value == theirs.value) {
                MergeChoice::Take(ours)
            } else {
                MergeChoice::BothChanged
            }
        }
    }
}

/// Returns the text of the side that changed it; ours if both did.
fn merged_text<'t>([base, ours, theirs]: [Option<&Cow<'t, str>>; 3]) -> Cow<'t, str> {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if base == Some(ours) => theirs.clone(),
        (Some(text), _) | (None, Some(text)) => text.clone(),
        (None, None) => "".into(),
    }
}

/// Returns an entry that both sides changed. Returns None if a person has to choose.
///
/// - A grant of the same key to the same member on both sides: ours, if both are valid.
/// - An exposure that differs only in its state, or that a rotation on one side renewed: that side, as `unverified`,
///   which is true for both.
/// - A list of the policy: both sides' additions and removals are applied, unless the sides order their common items
///   differently.
fn resolve<'t>(
    path: &[String],
    texts: [&[u8]; 3],
    [base, ours, theirs]: [Option<&EntryText<'t>>; 3],
) -> Option<EntryText<'t>> {
    let (ours, theirs) = (ours?, theirs?);
    let path: Vec<_> = path.iter().map(String::as_str).collect();
    match path[..] {
        ["grants", env, member] if is_same_grant(env, member, texts) => Some(ours.clone()),
        ["exposures", env, member, name] => merged_exposure([env, member, name], texts, [ours, theirs]),
        ["policy", key] if POLICY_LISTS.contains(&key) => {
            let base = base.map_or("[]", |base| &base.value);
            merge_globs(key, base, &ours.body, &theirs.value)
        }
        _ => None,
    }
}

/// Returns true if both sides grant the same to the same identity, and both grants are valid.
fn is_same_grant(env: &str, member: &str, texts: [&[u8]; 3]) -> bool {
    let [_, Ok(ours), Ok(theirs)] = texts.map(TeamFile::parse) else { return false };
    let (Ok(env), Ok(member)) = (EnvName::new(env), MemberName::new(member)) else { return false };
    let teams = [&ours, &theirs];
    let [Some(ours), Some(theirs)] = teams.map(|team| team.grant(&env, &member)) else { return false };
    let identities = teams.map(|team| team.members().get(&member));
    ours.key == theirs.key
        && identities[0] == identities[1]
        && teams[0].verify(ours).is_ok()
        && teams[1].verify(theirs).is_ok()
}

/// Returns an exposure that is the same on both sides except for its state, and for a proof that one side renewed.
fn merged_exposure<'t>(
    [env, member, name]: [&str; 3],
    texts: [&[u8]; 3],
    leaves: [&EntryText<'t>; 2],
) -> Option<EntryText<'t>> {
    let is_it = |exposure: &&Exposure| {
        exposure.env.as_str() == env && exposure.member.as_str() == member && exposure.name == name
    };
    let find = |text| TeamFile::parse(text).ok()?.exposures().iter().find(is_it).cloned();
    let [base, Some(ours), Some(theirs)] = texts.map(find) else { return None };
    if ours.since != theirs.since || ours.tags != theirs.tags {
        return None;
    }
    let is_right = |side: &Exposure, other: &Exposure| match &base {
        _ if side.proof == other.proof => side.state == ExposureState::Unverified,
        base => base.as_ref().is_some_and(|base| base.proof == other.proof),
    };
    let sides = [(&ours, &theirs, leaves[0]), (&theirs, &ours, leaves[1])];
    let (side, _, leaf) = sides.into_iter().find(|(side, other, _)| is_right(side, other))?;
    let state = if ours.state == theirs.state { side.state } else { ExposureState::Unverified };
    let [from, to] = [side.state, state].map(|state| format!("state = \"{}\"", state.as_str()));
    let with_state = |text: &str| text.replacen(&from, &to, 1);
    leaf.value.contains(&from).then(|| EntryText::new(with_state(&leaf.body), with_state(&leaf.value)))
}

/// Returns our lines with theirs' additions and without theirs' removals.
fn merge_globs<'t>(key: &str, base: &str, ours: &str, theirs: &str) -> Option<EntryText<'t>> {
    let [base, theirs] = [base, theirs].map(|text| strings(&format!("x = {text}\n").parse().ok()?, "x"));
    let (base, theirs) = (base?, theirs?);
    let mut document: DocumentMut = ours.parse().ok()?;
    let mine = strings(&document, key)?;
    let shared = |list: &[String], other: &[String]| {
        list.iter().filter(|glob| other.contains(glob)).cloned().collect::<Vec<_>>()
    };
    if shared(&mine, &theirs) != shared(&theirs, &mine) {
        return None;
    }
    let array = array_mut(&mut document, key)?;
    let gone = |glob: &str| base.iter().any(|old| old == glob) && !theirs.iter().any(|now| now == glob);
    for at in (0..array.len()).rev() {
        if array.get(at).and_then(toml_edit::Value::as_str).is_some_and(gone) {
            array.remove(at);
        }
    }
    for glob in theirs.iter().filter(|glob| !base.contains(glob) && !mine.contains(glob)) {
        push_as_written(array, glob);
    }
    let mut value = toml_edit::Value::Array(array.clone());
    value.decor_mut().clear();
    Some(EntryText::new(document.to_string(), value.to_string()))
}

/// Returns the array under `key`, or under `policy.key`.
fn array_mut<'d>(document: &'d mut DocumentMut, key: &str) -> Option<&'d mut Array> {
    let table = document.as_table_mut();
    if table.contains_key("policy") {
        return table.get_mut("policy")?.as_table_like_mut()?.get_mut(key)?.as_array_mut();
    }
    table.get_mut(key)?.as_array_mut()
}

/// Returns the strings of an array. Returns None if it contains anything else, or a string twice.
fn strings(document: &DocumentMut, key: &str) -> Option<Vec<String>> {
    let mut document = document.clone();
    let array = array_mut(&mut document, key)?;
    let list: Option<Vec<_>> = array.iter().map(|item| item.as_str().map(str::to_owned)).collect();
    let list = list?;
    let distinct: BTreeSet<_> = list.iter().collect();
    (distinct.len() == list.len()).then_some(list)
}

/// Returns the text of all `chosen` leaves below their headers: ours at their places in ours, theirs inserted in order.
fn assemble(sides: &[TeamVersion<'_>; 3], chosen: &BTreeMap<&EntryPath, EntryText<'_>>) -> String {
    let [base, ours, theirs] = sides;
    let mut tables: Vec<_> = ours
        .tables
        .iter()
        .map(|table| MergeTable {
            path: table.path.clone(),
            header: merged_header(sides, &table.path),
            leaves: table.leaves.iter().filter(|path| chosen.contains_key(path)).cloned().collect(),
        })
        .collect();
    for (number, table) in theirs.tables.iter().enumerate() {
        let is_new = |path: &&EntryPath| chosen.contains_key(path) && !ours.leaves.contains_key(*path);
        let new: Vec<_> = table.leaves.iter().filter(is_new).collect();
        let at = match tables.iter().position(|out| out.path == table.path) {
            Some(at) => at,
            // Ours removed it, and it is empty.
            None if new.is_empty() && base.table(&table.path).is_some() => continue,
            None => {
                let at = place_of(&tables, theirs, number);
                let is_first = tables[..at].iter().all(MergeTable::is_empty);
                let header = table.header.clone().map(|header| header.set_off(is_first));
                tables.insert(at, MergeTable { path: table.path.clone(), header, leaves: Vec::new() });
                at
            }
        };
        for path in new {
            tables[at].put(table, path.clone());
        }
    }
    // Theirs removed it, and it is empty.
    tables.retain(|out| {
        !out.leaves.is_empty() || theirs.table(&out.path).is_some() || base.table(&out.path).is_none()
    });
    let mut text = merged_text(sides.each_ref().map(|side| Some(&side.head))).into_owned();
    for out in &tables {
        for entry in out.header.iter().chain(out.leaves.iter().map(|path| &chosen[path])) {
            push(&mut text, &entry.lead);
            push(&mut text, &entry.body);
        }
    }
    push(&mut text, &merged_text(sides.each_ref().map(|side| Some(&side.tail))));
    text
}

impl MergeTable<'_> {
    fn is_empty(&self) -> bool {
        self.header.is_none() && self.leaves.is_empty()
    }

    /// Inserts the leaf in order if the table is sorted; otherwise after the leaf that it follows in `theirs`.
    fn put(&mut self, theirs: &MergeTable<'_>, path: EntryPath) {
        let at = if self.leaves.is_sorted() {
            self.leaves.partition_point(|there| *there < path)
        } else {
            let before = theirs.leaves.iter().take_while(|there| **there != path);
            let place = |wanted: &EntryPath| self.leaves.iter().position(|there| there == wanted);
            before.filter_map(place).last().map_or(self.leaves.len(), |at| at + 1)
        };
        self.leaves.insert(at, path);
    }
}

/// Returns our header with theirs' changes.
fn merged_header<'t>(sides: &[TeamVersion<'t>; 3], path: &EntryPath) -> Option<EntryText<'t>> {
    let headers = sides.each_ref().map(|side| side.table(path)?.header.as_ref());
    let ours = headers[1]?.clone();
    let lead = merged_text(headers.map(|header| Some(&header?.lead)));
    let body = merged_text(headers.map(|header| Some(&header?.body)));
    Some(EntryText { lead, body, ..ours })
}

/// Returns the position for a table that only theirs has: after the table that it follows in theirs, and after any that
/// ours added there and that sort before it; otherwise before the table that it precedes in theirs.
fn place_of(tables: &[MergeTable<'_>], theirs: &TeamVersion<'_>, number: usize) -> usize {
    let place = |table: &MergeTable<'_>| {
        let at = tables.iter().position(|out| out.path == table.path)?;
        table.header.is_some().then_some(at)
    };
    let path = &theirs.tables[number].path;
    if let Some(at) = theirs.tables[..number].iter().rev().find_map(place) {
        let ours_first = |out: &&MergeTable<'_>| theirs.table(&out.path).is_none() && out.path < *path;
        return at + 1 + tables[at + 1..].iter().take_while(ours_first).count();
    }
    theirs.tables[number + 1..].iter().find_map(place).unwrap_or(tables.len())
}

fn push(text: &mut String, entry: &str) {
    if !entry.is_empty() && !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(entry);
}

#[cfg(test)]
mod tests;
