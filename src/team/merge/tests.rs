#![cfg(test)]
//! Tests properties of the merge with texts of many shapes, and its results for a team's entries.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::config::EnvName;
use crate::crypto::{Identity, PrivateKey, Proof};
use crate::dotenv::{ConflictedText, MergeSide};
use crate::team::{Exposure, ExposureState, GrantLine, MemberName, Policy, TeamFile};
use crate::time::Moment;

/// Maps a table and a key in it to a value, and to true if the entry has a comment above it.
type Model = BTreeMap<(usize, usize), (u8, bool)>;

const TABLES: [&str; 4] = ["", "members", "grants.x", "grants.y"];
const KEYS: [&str; 5] = ["a", "b", "\"c d\"", "e", "f"];

fn render(model: &Model) -> String {
    let mut text = String::from("# head\n\n");
    for (table, name) in TABLES.iter().enumerate() {
        let mut entries = model.range((table, 0)..(table + 1, 0)).peekable();
        if entries.peek().is_some() && table > 0 {
            let _ = writeln!(text, "\n[{name}] # t{table}");
        }
        for ((_, key), (value, comment)) in entries {
            if *comment {
                let _ = writeln!(text, "# above {table} {key}");
            }
            let _ = writeln!(text, "{} = {{ v = {value} }} # v{value}", KEYS[*key]);
        }
    }
    text
}

fn read(text: &str) -> BTreeMap<EntryPath, String> {
    let side = TeamVersion::read(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
    side.leaves.iter().map(|(path, leaf)| (path.clone(), leaf.value.to_string())).collect()
}

fn model() -> impl Strategy<Value = Model> {
    proptest::collection::btree_map((0..TABLES.len(), 0..KEYS.len()), (0..3_u8, any::<bool>()), 0..12)
}

/// Any text, TOML or not.
fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        model().prop_map(|model| render(&model).into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..40),
        "(\\[a\\]|\\[\\[b\\]\\]|a\\.b|c|=|1|\\{|\\}|'x'|\"|#|\n|\r\n| |<<<<<<<|\u{feff}){0,20}"
            .prop_map(String::into_bytes),
    ]
}

fn merge_team(base: &[u8], ours: &[u8], theirs: &[u8], marker_size: usize) -> MergedText {
    super::merge_team(&MergeVersions { base, ours, theirs }, &ConflictStyle::of_size(marker_size))
}

/// Merges with markers of 7 characters.
fn merge_texts(base: &str, ours: &str, theirs: &str) -> (String, MergeConflicts) {
    let merged = merge_team(base.as_bytes(), ours.as_bytes(), theirs.as_bytes(), 7);
    (String::from_utf8(merged.text.to_vec()).unwrap(), merged.conflicts)
}

proptest! {
    #[test]
    fn a_change_on_one_side_is_taken_byte_for_byte(o in text(), a in text()) {
        for (base, ours, theirs, wanted) in [(&o, &a, &o, &a), (&o, &o, &a, &a), (&o, &a, &a, &a)] {
            let merged = merge_team(base, ours, theirs, 7);
            prop_assert_eq!(&*merged.text, wanted);
            prop_assert_eq!(merged.conflicts, MergeConflicts::None);
        }
    }

    #[test]
    fn any_texts_are_merged_or_marked_as_a_conflict(o in text(), a in text(), b in text(), size in 0..600_usize) {
        let merged = merge_team(&o, &a, &b, size);
        match merged.conflicts {
            MergeConflicts::None if a != b && o != a && o != b => prop_assert!(TeamVersion::read(&merged.text).is_some()),
            MergeConflicts::None => {}
            _ => prop_assert!(TeamFile::parse(&merged.text).is_err()),
        }
    }

    /// Compares each entry with a second, simple implementation of the rule.
    #[test]
    fn no_entry_of_either_side_is_lost(o in model(), a in model(), b in model()) {
        let [base, ours, theirs] = [&o, &a, &b].map(render);
        let (shown, merged_conflicts) = merge_texts(&base, &ours, &theirs);
        let value = |model: &Model, at: (usize, usize)| model.get(&at).map(|(value, _)| *value);
        let mut wanted = BTreeMap::new();
        let mut conflicts = 0;
        let all: BTreeSet<_> = [&o, &a, &b].into_iter().flat_map(|model| model.keys().copied()).collect();
        for at in all {
            let [o, a, b] = [&o, &a, &b].map(|model| value(model, at));
            let result = if a == b || b == o { a } else if a == o { b } else { conflicts += 1; continue };
            if let Some(value) = result {
                let table = TABLES[at.0].split('.').filter(|part| !part.is_empty());
                let path: EntryPath = table.chain([KEYS[at.1].trim_matches('"')]).map(str::to_owned).collect();
                wanted.insert(path, format!("{{ v = {value} }}"));
            }
        }
        match merged_conflicts {
            MergeConflicts::None => {
                prop_assert_eq!(conflicts, 0);
                prop_assert_eq!(read(&shown), wanted);
                // If the tables were sorted, they still are.
                for table in &TeamVersion::read(shown.as_bytes()).unwrap().tables {
                    prop_assert!(table.leaves.is_sorted(), "{}", shown);
                }
            }
            MergeConflicts::Names(entries) => {
                prop_assert_eq!(entries.len(), conflicts);
                prop_assert!(shown.lines().any(|line| line == "<<<<<<< ours"));
                // Without the markers, and with one side taken, everything else is there.
                for side in [MergeSide::Ours, MergeSide::Theirs] {
                    let chosen = ConflictedText::read(shown.as_bytes()).unwrap().side(side);
                    let mut there = read(std::str::from_utf8(&chosen).unwrap());
                    there.retain(|path, _| !entries.contains(&path.join(".")));
                    prop_assert_eq!(&there, &wanted, "{}", &shown);
                }
            }
            MergeConflicts::File => prop_assert!(false, "{}", shown),
        }
        prop_assert_eq!(shown.matches("# head\n").count(), 1, "{}", &shown);
    }

    #[test]
    fn the_direction_of_the_merge_does_not_matter(o in model(), a in model(), b in model()) {
        let [base, ours, theirs] = [&o, &a, &b].map(render);
        let (one, other) = (merge_texts(&base, &ours, &theirs), merge_texts(&base, &theirs, &ours));
        prop_assert_eq!(&one.1, &other.1);
        if one.1 == MergeConflicts::None {
            prop_assert_eq!(read(&one.0), read(&other.0));
        }
    }
}

fn name(name: &str) -> MemberName {
    MemberName::new(name).unwrap()
}

fn production() -> EnvName {
    EnvName::new("production").unwrap()
}

/// Returns a team of these members, the key of production, and the identities.
fn team(names: &[&str]) -> (TeamFile, PrivateKey, Vec<Identity>) {
    let mut team = TeamFile::parse(b"").unwrap();
    let identities: Vec<_> = names.iter().map(|_| Identity::generate()).collect();
    for (member, identity) in names.iter().zip(&identities) {
        team.put_member(&name(member), &identity.public());
    }
    (team, PrivateKey::generate(), identities)
}

/// Returns a grant of production by alice.
fn grant_line(key: &PrivateKey, (member, to): (&str, &Identity), alice: &Identity) -> GrantLine {
    GrantLine::make(&production(), key, (&name(member), &to.public()), (&name("alice"), alice))
}

fn with_grant(team: &TeamFile, line: GrantLine) -> TeamFile {
    let mut team = team.clone();
    team.put_grant(line);
    team
}

fn merged(base: &TeamFile, ours: &TeamFile, theirs: &TeamFile) -> (String, MergeConflicts) {
    merge_texts(&base.text(), &ours.text(), &theirs.text())
}

#[test]
fn grants_on_two_branches_are_merged() {
    let (base, key, identities) = team(&["alice", "bob", "carol", "dave"]);
    let grant = |team: &TeamFile, at: usize, to: &str| {
        with_grant(team, grant_line(&key, (to, &identities[at]), &identities[0]))
    };
    for base in [base.clone(), grant(&base, 0, "alice")] {
        let (text, conflicts) = merged(&base, &grant(&base, 3, "dave"), &grant(&base, 1, "bob"));
        assert_eq!(conflicts, MergeConflicts::None);
        let read = TeamFile::parse(text.as_bytes()).unwrap();
        for line in read.grants() {
            assert_eq!(read.prove(line, &key), Ok(()), "{text}");
        }
        let members: Vec<_> = read.grants().iter().map(|line| line.member.as_str()).collect();
        assert!(members.is_sorted() && members.ends_with(&["bob", "dave"]), "{text}");
        assert_eq!(text.matches("[grants.production]").count(), 1, "{text}");
        assert_eq!(text.matches("# envseal: team").count(), 1, "{text}");
    }
}

#[test]
fn two_new_files_are_merged() {
    let empty = TeamFile::parse(b"").unwrap();
    let (alice, bob) = (team(&["alice"]).0, team(&["bob"]).0);
    let (text, conflicts) = merged(&empty, &bob, &alice);
    assert_eq!(conflicts, MergeConflicts::None);
    assert!(text.starts_with("# envseal: team") && text.matches("# envseal: team").count() == 1, "{text}");
    let read = TeamFile::parse(text.as_bytes()).unwrap();
    assert_eq!(read.members().len(), 2);
    assert!(text.find("alice = ") < text.find("bob = "), "{text}");
}

#[test]
fn a_grant_made_twice_is_resolved_if_both_are_valid() {
    let (base, key, identities) = team(&["alice", "bob"]);
    let line = |key: &PrivateKey, to: &Identity| grant_line(key, ("bob", to), &identities[0]);
    let with = |line: GrantLine| with_grant(&base, line);
    let ours = with(line(&key, &identities[1]));
    let result = merged(&base, &ours, &with(line(&key, &identities[1])));
    assert_eq!(result, (ours.text(), MergeConflicts::None));
    // For another key, or invalid: a conflict for a person to resolve.
    let other = PrivateKey::generate();
    let forged = line(&key, &Identity::generate());
    for theirs in [line(&other, &identities[1]), forged] {
        let theirs = with(theirs);
        for (one, two) in [(&ours, &theirs), (&theirs, &ours)] {
            let (text, conflicts) = merged(&base, one, two);
            assert_eq!(conflicts, MergeConflicts::Names(vec!["grants.production.bob".into()]));
            assert!(TeamFile::parse(text.as_bytes()).is_err());
        }
    }
}

#[test]
fn an_exposure_is_resolved_to_unverified() {
    let (mut base, key, _) = team(&["alice"]);
    let mut exposure = Exposure {
        env: production(),
        member: name("bob"),
        name: "A".into(),
        since: Moment { seconds: 1_767_323_045, offset: 0 },
        state: ExposureState::Exposed,
        tags: Vec::new(),
        proof: Proof::of_exposure("", &key, &[]),
        line: 0,
    };
    exposure.proof = exposure.proof_by(&key);
    base.put_exposure(exposure.clone());
    let with = |state, proof: Proof| {
        let mut team = base.clone();
        team.put_exposure(Exposure { state, proof, ..exposure.clone() });
        team
    };
    let (unverified, replaced) = (ExposureState::Unverified, ExposureState::Replaced);
    let renewed = exposure.proof_by(&PrivateKey::generate());
    let (doubtful, rotated) = (with(unverified, exposure.proof), with(exposure.state, renewed));
    let set = with(replaced, exposure.proof);
    // A rotation on one side renews the proof.
    for (one, two, proof) in [
        (&doubtful, &set, exposure.proof),
        (&set, &doubtful, exposure.proof),
        (&rotated, &set, renewed),
        (&set, &rotated, renewed),
    ] {
        let (text, conflicts) = merged(&base, one, two);
        assert_eq!(conflicts, MergeConflicts::None);
        let read = TeamFile::parse(text.as_bytes()).unwrap();
        assert_eq!((read.exposures()[0].state, read.exposures()[0].proof), (unverified, proof));
    }
    let other = with(unverified, exposure.proof_by(&PrivateKey::generate()));
    let (_, conflicts) = merged(&base, &rotated, &other);
    assert_eq!(conflicts, MergeConflicts::Names(vec!["exposures.production.bob.A".into()]));
}

#[test]
fn lists_of_the_policy_are_merged_as_sets() {
    let merge = |base: &str, ours: &str, theirs: &str| {
        let text = |list: &str| format!("# why\n[policy]\nplain = {list} # ours\n");
        merge_texts(&text(base), &text(ours), &text(theirs))
    };
    let (text, conflicts) = merge("['A', 'B']", "['A', 'B', 'C']", "['B', 'D']");
    assert_eq!(conflicts, MergeConflicts::None);
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let plain: Vec<_> = ["A", "B", "C", "D"].into_iter().filter(|name| policy.is_plain(name)).collect();
    assert_eq!(plain, ["B", "C", "D"], "{text}");
    assert!(text.starts_with("# why\n[policy]\nplain = [") && text.ends_with("] # ours\n"), "{text}");
    let (text, conflicts) = merge("['A', 'B']", "['B', 'A']", "['A', 'B', 'C']");
    assert_eq!(conflicts, MergeConflicts::Names(vec!["policy.plain".into()]), "the order is a person's");
    assert!(Policy::parse(text.as_bytes()).is_err());
    let (_, conflicts) = merge("[]", "['A', 1]", "['B']");
    assert_ne!(conflicts, MergeConflicts::None);
    let lines = "[\n  'A', # a\n]";
    let (text, conflicts) = merge(lines, "[\n  'A', # a\n  'B', # b\n]", "[\n  'A', # a\n  'C', # c\n]");
    assert_eq!(conflicts, MergeConflicts::None);
    assert!(text.contains("  'A', # a\n  'B', # b\n  \"C\",\n]"), "{text}");
    // Both sides create the list, with dotted keys.
    for list in ["plain", "exclude", "external"] {
        let side = |glob: &str| format!("policy.{list} = ['{glob}']\n");
        assert_eq!(merge_texts("", &side("A"), &side("B")).0, format!("policy.{list} = ['A', \"B\"]\n"));
    }
}

#[test]
fn comments_follow_their_entries() {
    let base = "# head\n[members] # us\nadam = 1 # first\nzoe = 2\n";
    let ours = "# head\n[members] # us\nadam = 1 # the boss\nzoe = 2\n\n# last words\n";
    let theirs = "# head\n[members] # us\nadam = 1 # first\n# new here\nbob = 3 # third\nzoe = 2\n\n# access\n[grants.x]\nbob = 4\n";
    let wanted = "# head\n[members] # us\nadam = 1 # the boss\n# new here\nbob = 3 # third\nzoe = 2\n\n# access\n[grants.x]\nbob = 4\n\n# last words\n";
    assert_eq!(merge_texts(base, ours, theirs).0, wanted);
    // In an unsorted table, an entry goes after the entry that it follows in theirs.
    let mixed = |text: &str| format!("[members]\n{text}");
    let [base, ours, theirs] =
        ["z = 1\na = 2\n", "z = 1\na = 2\nb = 5\n", "z = 1\nm = 3\na = 2\n"].map(mixed);
    assert_eq!(merge_texts(&base, &ours, &theirs).0, mixed("z = 1\nm = 3\na = 2\nb = 5\n"));
}

#[test]
fn a_conflict_is_around_the_entry_alone() {
    let (text, conflicts) =
        merge_texts("[m]\na = 1\nb = 1\n", "[m]\n# c\na = 2\nb = 1\n", "[m]\na = 3\nb = 4");
    assert_eq!(text, "[m]\n# c\n<<<<<<< ours\na = 2\n=======\na = 3\n>>>>>>> theirs\nb = 4");
    assert_eq!(conflicts, MergeConflicts::Names(vec!["m.a".into()]));
    let (text, _) = merge_texts("[m]\na = 1\n", "[x]\n", "[m]\na = 2\n");
    assert_eq!(text, "[x]\n\n[m]\n<<<<<<< ours\n=======\na = 2\n>>>>>>> theirs\n");
    // A table written in two ways cannot be merged as text.
    let (_, conflicts) = merge_texts("", "[m]\na = 1\n", "m = { b = 1 }\n");
    assert_eq!(conflicts, MergeConflicts::File);
    let whole = merge_team(b"", b"[m\xff\n", b"a = 1\n", 9);
    assert_eq!(*whole.text, b"<<<<<<<<< ours\n[m\xff\n=========\na = 1\n>>>>>>>>> theirs\n");
    assert_eq!(whole.conflicts, MergeConflicts::File);
    let entry = merge_team(b"a = 1\n", b"a = 2\n", b"a = 3\n", 9);
    assert_eq!(*entry.text, b"<<<<<<<<< ours\na = 2\n=========\na = 3\n>>>>>>>>> theirs\n");
}

#[test]
fn a_comment_that_one_side_changed_is_taken() {
    let text =
        |head: &str, above: &str, value: u8| format!("{head}[members]\n{above}a = {{ v = {value} }}\n");
    let base = text("# head\n", "# above\n", 1);
    for (head, above) in
        [("# head\n", "# new\n"), ("# new\n", "# above\n"), ("", "# above\n"), ("# head\n", "")]
    {
        let (commented, changed) = (text(head, above, 1), text("# head\n", "# above\n", 2));
        let wanted = (text(head, above, 2), MergeConflicts::None);
        assert_eq!(merge_texts(&base, &commented, &changed), wanted);
        assert_eq!(merge_texts(&base, &changed, &commented), wanted);
    }
}

#[test]
fn tables_of_both_sides_stand_in_order() {
    let text = |tables: &[&str]| {
        tables.iter().map(|table| format!("[{table}]\na = 1\n")).collect::<Vec<_>>().join("\n")
    };
    let merged = |base: &[&str], ours: &[&str], theirs: &[&str]| {
        merge_texts(&text(base), &text(ours), &text(theirs)).0
    };
    let (base, all) = (["members"], text(&["members", "x.a", "x.b", "x.c", "x.d"]));
    assert_eq!(merged(&base, &["members", "x.b", "x.d"], &["members", "x.a", "x.c"]), all);
    assert_eq!(merged(&base, &["members", "x.a", "x.c"], &["members", "x.b", "x.d"]), all);
    assert_eq!(merged(&["z"], &["z"], &["a", "b", "z"]), text(&["a", "b", "z"]));
    assert_eq!(merged(&["z"], &["y", "z"], &["a", "z"]), text(&["y", "a", "z"]));
}
