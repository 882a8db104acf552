//! Entries that both sides changed, where one text loses nothing of either.

use std::collections::BTreeSet;

use toml_edit::{Array, DocumentMut};

use super::merge::Leaf;
use super::policy::push_as_written;
use super::{ExposureState, MemberName, TeamFile};
use crate::config::EnvName;

/// The lines and the value of an entry that base, ours and theirs have in three ways; none where a person has to choose.
///
/// - A grant of one key to one member, made on both sides: ours, if both hold. They let the same person in.
/// - An exposure of which only the state differs: the side that says `unverified`, which is true of both.
/// - A list of the policy: what either side added is in it, what either took out is not. Not where the sides have what
///   they share in another order.
pub(super) fn settle(
    path: &[String],
    texts: [&[u8]; 3],
    [base, ours, theirs]: [Option<Leaf<'_>>; 3],
) -> Option<(String, String)> {
    let (ours, theirs) = (ours?, theirs?);
    let of = |leaf: Leaf<'_>| Some((leaf.body.to_owned(), leaf.value.to_owned()));
    let path: Vec<_> = path.iter().map(String::as_str).collect();
    match path[..] {
        ["grants", env, member] => grant(env, member, texts).then_some(ours).and_then(of),
        ["exposures", env, member, name] => {
            let is_unverified = exposure(env, member, name, texts)?;
            of(if is_unverified == Which::Ours { ours } else { theirs })
        }
        ["policy", key @ ("plain" | "exclude")] => {
            let base = base.map_or("[]", |base| base.value);
            policy(key, base, ours.body, theirs.value)
        }
        _ => None,
    }
}

fn teams([_, ours, theirs]: [&[u8]; 3]) -> Option<[TeamFile; 2]> {
    Some([TeamFile::parse(ours).ok()?, TeamFile::parse(theirs).ok()?])
}

/// Whether both sides grant the same to the same identity, and both grants hold.
fn grant(env: &str, member: &str, texts: [&[u8]; 3]) -> bool {
    let (Ok(env), Ok(member), Some(teams)) = (EnvName::new(env), MemberName::new(member), teams(texts))
    else {
        return false;
    };
    let lines = teams.each_ref().map(|team| team.grant(&env, &member));
    let [Some(ours), Some(theirs)] = lines else { return false };
    let identities = teams.each_ref().map(|team| team.members().get(&member));
    ours.key == theirs.key
        && identities[0] == identities[1]
        && teams[0].verify(ours).is_ok()
        && teams[1].verify(theirs).is_ok()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Ours,
    Theirs,
}

/// The side that says `unverified` of an exposure that is else the same on both.
fn exposure(env: &str, member: &str, name: &str, texts: [&[u8]; 3]) -> Option<Which> {
    let teams = teams(texts)?;
    let find = |team: &TeamFile| {
        let is =
            |e: &&super::Exposure| e.env.as_str() == env && e.member.as_str() == member && e.name == name;
        team.exposures().iter().find(is).cloned()
    };
    let (ours, theirs) = (find(&teams[0])?, find(&teams[1])?);
    let same = ours.since == theirs.since && ours.tags == theirs.tags && ours.proof == theirs.proof;
    match (ours.state, theirs.state) {
        (ExposureState::Unverified, _) if same => Some(Which::Ours),
        (_, ExposureState::Unverified) if same => Some(Which::Theirs),
        _ => None,
    }
}

/// Our lines with what theirs added, and without what theirs took out.
fn policy(key: &str, base: &str, ours: &str, theirs: &str) -> Option<(String, String)> {
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
    Some((document.to_string(), value.to_string()))
}

/// The array under `key`, which may stand under `policy` with dots between.
fn array_mut<'d>(document: &'d mut DocumentMut, key: &str) -> Option<&'d mut Array> {
    let table = document.as_table_mut();
    if table.contains_key("policy") {
        return table.get_mut("policy")?.as_table_like_mut()?.get_mut(key)?.as_array_mut();
    }
    table.get_mut(key)?.as_array_mut()
}

/// The strings of an array in which there is nothing else, and nothing twice.
fn strings(document: &DocumentMut, key: &str) -> Option<Vec<String>> {
    let mut document = document.clone();
    let array = array_mut(&mut document, key)?;
    let list: Option<Vec<_>> = array.iter().map(|item| item.as_str().map(str::to_owned)).collect();
    let list = list?;
    let distinct: BTreeSet<_> = list.iter().collect();
    (distinct.len() == list.len()).then_some(list)
}
