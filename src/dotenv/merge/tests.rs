//! Tests merges by example, and properties of every merge.
#![cfg(test)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[path = "../../../tests/dialect/mod.rs"]
mod dialect;

fn of<'a>(base: &'a [u8], ours: &'a [u8], theirs: &'a [u8]) -> MergeVersions<'a> {
    MergeVersions { base, ours, theirs }
}

fn merge_with(versions: &MergeVersions<'_>, marker_size: usize) -> MergedText {
    merge(versions, &ConflictStyle::of_size(marker_size), &mut |_| None)
}

fn merged_with(
    decide: &mut dyn FnMut(&BothChanged<'_>) -> Option<MergeSide>,
    base: &str,
    ours: &str,
    theirs: &str,
) -> (String, MergeConflicts) {
    let versions = of(base.as_bytes(), ours.as_bytes(), theirs.as_bytes());
    let merged = merge(&versions, &ConflictStyle::of_size(7), decide);
    (String::from_utf8(merged.text.to_vec()).unwrap(), merged.conflicts)
}

fn merged(base: &str, ours: &str, theirs: &str) -> (String, MergeConflicts) {
    merged_with(&mut |_| None, base, ours, theirs)
}

#[track_caller]
fn clean(base: &str, ours: &str, theirs: &str) -> String {
    let (text, conflicts) = merged(base, ours, theirs);
    assert_eq!(conflicts, MergeConflicts::None, "{text}");
    text
}

/// Returns the merged text with its markers shortened to `<`, `=` and `>`.
#[track_caller]
fn conflict(base: &str, ours: &str, theirs: &str) -> String {
    let (text, conflicts) = merged(base, ours, theirs);
    assert!(matches!(conflicts, MergeConflicts::Names(_)), "{conflicts:?}: {text}");
    let markers = [("<<<<<<< ours", "<"), ("=======", "="), (">>>>>>> theirs", ">")];
    markers.iter().fold(text, |text, (marker, short)| text.replace(marker, short))
}

#[track_caller]
fn whole_file(base: &str, ours: &str, theirs: &str) {
    let (text, conflicts) = merged(base, ours, theirs);
    assert_eq!(conflicts, MergeConflicts::File, "{text}");
    assert_eq!(text, format!("<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n"));
}

#[test]
fn both_sides_add_at_the_end() {
    assert_eq!(clean("A=1\n", "A=1\nB=2\n", "A=1\nC=3\n"), "A=1\nB=2\nC=3\n");
    assert_eq!(clean("A=1", "A=1\nB=2", "A=1\nC=3"), "A=1\nB=2\nC=3");
    assert_eq!(clean("", "B=2\n", "C=3\n"), "B=2\nC=3\n");
    let wanted = "A=1\n\n# about B\nB=2\n\n# about C\nC=3\n";
    assert_eq!(clean("A=1\n", "A=1\n\n# about B\nB=2\n", "A=1\n\n# about C\nC=3\n"), wanted);
}

#[test]
fn changes_of_neighbours_and_deletions_are_merged() {
    assert_eq!(clean("A=1\nB=2\nC=3\n", "A=x\nB=2\nC=3\n", "A=1\nB=y\nC=3\n"), "A=x\nB=y\nC=3\n");
    assert_eq!(clean("A=1\nB=2\nC=3\n", "B=2\nC=3\n", "A=1\nC=3\n"), "C=3\n");
    assert_eq!(clean("# c\nA=1\nB=2\n", "A=1\nB=3\n", "# c\nA=1\nB=2\n# d\n"), "A=1\nB=3\n# d\n");
    assert_eq!(clean("A=1\nB=2\n", "A=x\nB=2\n", "A=x\nB=2\nC=3\n"), "A=x\nB=2\nC=3\n");
    assert_eq!(clean("A=1\nB=2\n", "B=2\n", "B=2\nC=3\n"), "B=2\nC=3\n");
}

#[test]
fn a_name_changed_on_both_sides_is_a_conflict_of_its_own() {
    let text = conflict("# c\nA=1\nB=2\n", "# c\nA=x\nB=2\nC=3\n", "# c\nA=y\nB=z\n");
    assert_eq!(text, "# c\n<\nA=x\n=\nA=y\n>\nB=z\nC=3\n");
    assert_eq!(conflict("A=1\nB=2", "A=1\nB='x\ny'", "A=1\nB=z"), "A=1\n<\nB='x\ny'\n=\nB=z\n>\n");
    assert_eq!(conflict("A=1\r\n", "A=x\r\n", "A=y\r\n"), "<\r\nA=x\r\n=\r\nA=y\r\n>\r\n");
    // Added on both sides, and a change of the comment or of `export`.
    conflict("", "A=1\n", "A=2\n");
    conflict("A=1\n", "A=1 # envseal: plain\n", "A=2\n");
    conflict("A=1\n", "export A=1\n", "A=2\n");
}

#[test]
fn a_deletion_and_a_change_are_a_conflict() {
    let (base, without, changed) = ("A=1\nB=2\nC=3\n", "A=1\nC=3\n", "A=1\nB=x\nC=3\n");
    assert_eq!(conflict(base, without, changed), "A=1\n<\n=\nB=x\n>\nC=3\n");
    assert_eq!(conflict(base, changed, without), "A=1\n<\nB=x\n=\n>\nC=3\n");
    // `decide` is not called, so an available key makes no difference.
    let (_, conflicts) = merged_with(&mut |_| panic!("not asked"), "A=1\n", "", "A=2\n");
    assert_eq!(conflicts, MergeConflicts::Names(vec!["A".into()]));
}

#[test]
fn markers_have_the_size_asked_for_as_long_as_they_are_seen() {
    let merged = |size| {
        let text = merge_with(&of(b"A=1\n", b"A=2\n", b"A=3\n"), size).text;
        String::from_utf8(text.to_vec()).unwrap()
    };
    assert_eq!(merged(11).lines().next().unwrap(), "<<<<<<<<<<< ours");
    assert_eq!(merged(7), "<<<<<<< ours\nA=2\n=======\nA=3\n>>>>>>> theirs\n");
    assert_eq!(merged(4).lines().nth(2).unwrap(), "====");
    assert_eq!(merged(0).lines().next().unwrap(), "<<< ours");
    assert!(merged(usize::MAX).len() < 10_000);
    let whole = merge_with(&of(b"A=1\n", b"A=1\nA=2\n", b"A=3\n"), 4);
    assert_eq!((whole.text.starts_with(b"<<<< ours\n"), whole.conflicts), (true, MergeConflicts::File));
}

#[test]
fn what_moved_stays_moved_and_takes_the_other_sides_change() {
    assert_eq!(clean("A=1\nB=2\nC=3\n", "C=3\nA=1\nB=2\n", "A=1\nB=2\nC=x\n"), "C=x\nA=1\nB=2\n");
    assert_eq!(clean("A=1\nB=2\nC=3\n", "A=1\nB=2\nC=x\n", "C=3\nA=1\nB=2\n"), "C=x\nA=1\nB=2\n");
    assert_eq!(clean("A=1\nB=2\nC=3\n", "A=1\nB=2\n", "C=3\nA=1\nB=2\n"), "A=1\nB=2\n");
    assert_eq!(clean("C=1\nB=2\nA=3\n", "A=3\nB=2\nC=1\n", "A=3\nB=2\nC=1\nD=4\n"), "A=3\nB=2\nC=1\nD=4\n");
    // Text merging would duplicate E, and readers would take the older value.
    let text = clean("C=1\nexport E=1\nG=1\n", "E=2\nA=1\nC=1\nG=1\n", "C=1\nG=1\nF=\nexport E=1");
    assert_eq!(variables(text.as_bytes())["E"], b"2");
}

#[test]
fn lines_never_conflict_and_none_is_lost() {
    assert_eq!(clean("# a\nA=1\n", "# b\nA=1\n", "# c\nA=1\n"), "# b\n# c\nA=1\n");
    assert_eq!(clean("# a\nA=1\n", "# b\nA=1\n", "# b\nA=1\nB=2\n"), "# b\nA=1\nB=2\n");
    assert_eq!(clean("A=1\n", "stray\nA=1\n", "A=1\n!\n"), "stray\nA=1\n!\n");
    assert_eq!(clean("", "# head\nA=1\nB=2\n", "# head\nA=1\nC=3\n"), "# head\nA=1\nB=2\nC=3\n");
}

#[test]
fn line_breaks_and_byte_order_mark_are_those_that_changed() {
    assert_eq!(clean("A=1\nB=2\n", "A=1\r\nB=2\r\n", "A=1\nB=3\n"), "A=1\r\nB=3\r\n");
    assert_eq!(clean("A=1\nB=2\n", "A=1\nB=3\n", "A=1\r\nB=2\r\n"), "A=1\r\nB=3\r\n");
    assert_eq!(clean("A=1\nB=2\n", "\u{feff}A=1\nB=2\n", "A=3\nB=2\n"), "\u{feff}A=3\nB=2\n");
    assert_eq!(clean("\u{feff}A=1\nB=2\n", "\u{feff}A=1\nB=3\n", "A=1\nB=2\n"), "A=1\nB=3\n");
    assert_eq!(clean("A=1\nB=2\n", "A=1\nB=2", "A=1\nB=2\nC=3\n"), "A=1\nB=2\nC=3\n");
    assert_eq!(clean("", "A=1\r", "\nB=2\n"), "A=1\r\n\nB=2\n");
    assert_eq!(clean("A=1\nB=2", "A=1\nC=3\nB=2", "A=1\nB=2\n"), "A=1\nC=3\nB=2\n");
}

#[test]
fn repeated_names_are_settled_as_a_whole() {
    assert_eq!(clean("A=1\nB=2\n", "A=1\nB=2\nA=3\n", "A=1\nB=4\n"), "A=1\nB=4\nA=3\n");
    assert_eq!(clean("A=1\nB=2\nA=3\n", "B=2\nA=3\n", "A=1\nB=2\nA=3\nC=4\n"), "B=2\nA=3\nC=4\n");
    whole_file("A=1\nB=2\nA=3\n", "A=x\nB=2\nA=3\n", "A=1\nB=2\nA=y\n");
    whole_file("A=1\n", "A=1\nA=2\n", "A=3\n");
}

#[test]
fn what_cannot_be_merged_by_name_is_a_conflict_of_the_whole_file() {
    // The two added quotes would enclose a line in between.
    whole_file("A=1\nB=2\n", "A='1\nB=2\n", "A=1\nB=2'\n");
    whole_file("A=1\n", "A=2\n<<<<<<< x\n", "A=3\n");
    whole_file("A=1\n", "A=2\n", "A=3\n>>>>>>> x\n");
    let versions = MergeVersions { base: b"A=1\n", ours: b"\xff\xfeA\0=\x001\0", theirs: b"A=2\n" };
    let merged = merge_with(&versions, 7);
    assert_eq!(merged.conflicts, MergeConflicts::File);
    let kept = |part: &[u8]| merged.text.windows(part.len()).any(|w| w == part);
    assert!(kept(versions.ours) && kept(versions.theirs));
}

#[test]
fn an_ancestor_in_conflict_says_nothing_of_the_names_in_conflict() {
    let base = "A=1\n<<<<<<<<< ours\nB=2\n=========\nB=3\n>>>>>>>>> theirs\nC=4\n";
    assert_eq!(clean(base, "A=1\nB=2\nC=x\n", "A=y\nB=2\nC=4\n"), "A=y\nB=2\nC=x\n");
    // Ours equals one side of the ancestor's conflict. Theirs must not be taken because of that.
    let text = conflict(base, "A=1\nB=2\nC=4\n", "A=1\nB=5\nC=4\n");
    assert_eq!(text, "A=1\n<\nB=2\n=\nB=5\n>\nC=4\n");
    conflict(base, "A=1\nB=2\nC=4\n", "A=1\nC=4\n");
}

#[test]
fn whoever_knows_better_is_asked_and_loses_nothing() {
    let mut theirs = |both: &BothChanged<'_>| {
        assert_eq!((both.name, both.ours, both.theirs), ("A", &b"x"[..], &b"y"[..]));
        Some(MergeSide::Theirs)
    };
    let (text, conflicts) = merged_with(&mut theirs, "A=1 # c\n", "A=x # c\n", "A=y # d\n");
    assert_eq!((&*text, conflicts), ("A=y # d\n", MergeConflicts::None));
    // Ours has a comment that would be lost.
    let (_, conflicts) = merged_with(&mut theirs, "A=1 # c\n", "A=x # d\n", "A=y # c\n");
    assert_eq!(conflicts, MergeConflicts::Names(vec!["A".into()]));
    let (text, _) = merged_with(&mut theirs, "", "A=x\n", "A=y\n");
    assert_eq!(text, "A=y\n");
    let (_, conflicts) = merged_with(&mut theirs, "", "A=x\n", "A=y # d\n");
    assert_eq!(conflicts, MergeConflicts::Names(vec!["A".into()]));
}

#[test]
fn large_files_are_merged_in_no_time() {
    let file = |change: &dyn Fn(usize) -> String| (0..20_000).map(change).collect::<String>();
    let base = file(&|n| format!("# about\nNAME_{n}=value\n\n"));
    let ours = file(&|n| format!("# about\nNAME_{n}={}\n\n", if n % 3 == 0 { "ours" } else { "value" }));
    let theirs = file(&|n| {
        // Sorted the other way round, and every line after a blank one.
        format!("\n# about\nNAME_{}={}\n", 19_999 - n, if n % 3 == 0 { "theirs" } else { "value" })
    });
    let started = std::time::Instant::now();
    let (text, _) = merged(&base, &ours, &theirs);
    assert!(text.len() > base.len() / 2);
    let (text, _) = merged("", &ours, &theirs);
    assert!(text.len() > base.len());
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

/// Returns the variables as readers see them: for each name its last value.
fn variables(text: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let Ok(document) = Document::parse(text.to_vec()) else { return BTreeMap::new() };
    let entries = document.entries().iter();
    entries.map(|e| (document.name(e).to_owned(), document.value(e).1.to_vec())).collect()
}

fn names_in_order(text: &str) -> Vec<String> {
    let document = Document::parse(text.into()).unwrap();
    document.entries().iter().map(|e| document.name(e).to_owned()).collect()
}

/// One edit that a person makes to a file of lines.
#[derive(Clone, Debug)]
enum Do {
    Add(usize, &'static str),
    Change(usize, &'static str),
    Delete(usize),
    Move(usize, usize),
}

fn lines() -> impl Strategy<Value = &'static str> {
    let lines = "A=1|A=2|B=1|B=3 # c|C=1|C='x y'|D=1|export E=1|E=2|F=|G=\"a\nb\"|# one|# two|||stray|H: 1|H=1|A=1 # envseal: plain";
    prop::sample::select(lines.split('|').collect::<Vec<_>>())
}

/// Generates an ancestor with each name once, and two sides made from it.
fn histories() -> impl Strategy<Value = (String, String, String)> {
    let base = prop::collection::vec(any::<bool>(), 9).prop_map(|picked| {
        let all = ["# one", "A=1", "B=1", "", "# two", "C=1", "D=1", "export E=1", "G=\"a\nb\""];
        all.into_iter().zip(picked).filter(|(_, picked)| *picked).map(|(line, _)| line).collect::<Vec<_>>()
    });
    let deed = prop_oneof![
        (0..10_usize, lines()).prop_map(|(at, line)| Do::Add(at, line)),
        (0..10_usize, lines()).prop_map(|(at, line)| Do::Change(at, line)),
        (0..10_usize).prop_map(Do::Delete),
        (0..10_usize, 0..10_usize).prop_map(|(from, to)| Do::Move(from, to)),
    ];
    let deeds = || prop::collection::vec(deed.clone(), 0..4);
    let eol = prop::sample::select(vec!["\n", "\n", "\n", "\r\n"]);
    (base, deeds(), deeds(), eol, any::<[bool; 3]>()).prop_map(|(base, ours, theirs, eol, ended)| {
        let after = |deeds: &[Do]| {
            let mut lines = base.clone();
            for deed in deeds {
                let len = lines.len();
                match *deed {
                    Do::Add(at, line) => lines.insert(at % (len + 1), line),
                    _ if len == 0 => {}
                    Do::Change(at, line) => lines[at % len] = line,
                    Do::Delete(at) => drop(lines.remove(at % len)),
                    Do::Move(from, to) => {
                        let line = lines.remove(from % len);
                        lines.insert(to % len, line);
                    }
                }
            }
            lines
        };
        let text =
            |lines: &[&str], ended: bool| lines.join(eol) + if ended && !lines.is_empty() { eol } else { "" };
        (text(&base, ended[0]), text(&after(&ours), ended[1]), text(&after(&theirs), ended[2]))
    })
}

/// Generates anything from files that a person would write to arbitrary bytes.
fn texts() -> impl Strategy<Value = (Vec<u8>, Vec<u8>, Vec<u8>)> {
    let text = || {
        prop_oneof![
            dialect::dialect().prop_map(String::into_bytes),
            dialect::statements().prop_map(String::into_bytes),
            prop::sample::select(vec![
                &b"\xff\xfeA\0"[..],
                b"<<<<<<< x\nA=1\n=======\nA=2\n>>>>>>> y\n",
                b"A:\n",
                b"A=\"\n",
                b"B=2\nA='\n",
                b"'\nC=1",
                b""
            ])
            .prop_map(<[u8]>::to_vec),
            prop::collection::vec(any::<u8>(), 0..30),
        ]
    };
    let similar = (text(), text(), text(), text()).prop_map(|(a, b, c, d)| {
        ([&a[..], &b].concat(), [&a[..], &b, &c].concat(), [&d[..], &a, &b].concat())
    });
    prop_oneof![
        similar,
        (text(), text(), text()),
        histories().prop_map(|(a, b, c)| (a.into_bytes(), b.into_bytes(), c.into_bytes()))
    ]
}

/// Returns the texts of all items, without byte order marks, of which a merge may change the number.
fn bodies(text: &[u8]) -> Vec<Vec<u8>> {
    let Ok(document) = Document::parse(text.to_vec()) else { return Vec::new() };
    let unmarked = |mut body: &[u8]| {
        while let Some(rest) = body.strip_prefix(BOM) {
            body = rest;
        }
        body.to_vec()
    };
    items(&document).iter().map(|item| unmarked(item.body)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_changed_on_one_side_is_the_other_side((o, a, b) in texts()) {
        let result = |base, ours, theirs| merge_with(&of(base, ours, theirs), 7);
        for (merged, wanted) in [(result(&o, &a, &a), &a), (result(&o, &o, &b), &b), (result(&o, &a, &o), &a)] {
            prop_assert_eq!(&*merged.text, wanted);
            prop_assert_eq!(merged.conflicts, MergeConflicts::None);
        }
    }

    #[test]
    fn a_clean_merge_reads_what_one_side_has_and_is_the_same_from_both_sides((o, a, b) in texts()) {
        let (merged, mirrored) = (merge_with(&of(&o, &a, &b), 7), merge_with(&of(&o, &b, &a), 7));
        let clean = merged.conflicts == MergeConflicts::None;
        let read = variables(&merged.text);
        if clean && mirrored.conflicts == MergeConflicts::None {
            prop_assert_eq!(&read, &variables(&mirrored.text));
        }
        let (in_o, in_a, in_b) = (variables(&o), variables(&a), variables(&b));
        if clean {
            for (name, value) in &read {
                prop_assert!(in_a.get(name) == Some(value) || in_b.get(name) == Some(value), "{}", name);
            }
            for name in in_a.keys().chain(in_b.keys()) {
                let (a, b) = (in_a.get(name), in_b.get(name));
                prop_assert!(read.contains_key(name) || a.is_none() || b.is_none(), "{} is gone", name);
            }
        } else {
            let text = Document::parse(merged.text.to_vec()).unwrap();
            prop_assert!(text.conflict_marker().is_some());
        }
        // Neither side alone may decide what both changed.
        for (name, value) in &in_a {
            if let (Some(base), Some(other)) = (in_o.get(name), in_b.get(name)) {
                let unknown = Document::parse(o.clone()).is_ok_and(|o| o.conflict_marker().is_some());
                let is_changed = value != base && other != base && value != other;
                // A repeated name's last value may be untouched while an earlier one changed; never the reverse.
                prop_assert!(!clean || unknown || !is_changed, "{name} was changed on both sides");
            }
        }
    }

    #[test]
    fn no_line_of_either_side_is_lost((o, a, b) in texts()) {
        let merged = merge_with(&of(&o, &a, &b), 7);
        if merged.conflicts == MergeConflicts::File {
            for side in [&a, &b] {
                prop_assert!(side.is_empty() || merged.text.windows(side.len()).any(|w| w == &side[..]));
            }
            return Ok(());
        }
        let (base, left) = (bodies(&o), bodies(&merged.text));
        for side in [&a, &b] {
            for body in bodies(side) {
                // Text that the ancestor has, too, may have been removed by the other side.
                prop_assert!(body.is_empty() || base.contains(&body) || left.contains(&body), "{:?}", String::from_utf8_lossy(&body));
            }
        }
        // Of text that is repeated, each side may have removed a different copy.
        let (in_a, in_b) = (bodies(&a), bodies(&b));
        let once = |body: &&Vec<u8>| [&base, &in_a, &in_b].iter().all(|all| all.iter().filter(|b| b == body).count() == 1);
        for body in base.iter().filter(once) {
            prop_assert!(left.contains(body), "{:?}", String::from_utf8_lossy(body));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_conflict_is_resolved_by_name_to_either_side((o, a, b) in histories(), has_base: bool, ours: bool) {
        let style = ConflictStyle { has_base, ..ConflictStyle::of_size(7) };
        let merged = merge(&of(o.as_bytes(), a.as_bytes(), b.as_bytes()), &style, &mut |_| None);
        let MergeConflicts::Names(names) = merged.conflicts else { return Ok(()) };
        let (side, text) = if ours { (MergeSide::Ours, &a) } else { (MergeSide::Theirs, &b) };
        let mut left = merged.text;
        let by_hand = ConflictedText::read(&left).unwrap().side(side);
        for name in &names {
            let conflicts = ConflictedText::read(&left).unwrap();
            prop_assert!(conflicts.names().contains(name));
            left = conflicts.resolved(name, side).unwrap();
        }
        prop_assert!(ConflictedText::read(&left).is_none());
        let (read, wanted) = (variables(&left), variables(text.as_bytes()));
        prop_assert!(names.iter().all(|name| read.get(name) == wanted.get(name)));
        prop_assert_eq!(read, variables(&by_hand));
    }

    /// Git's text merge leaves conflicts of several names. Resolving one leaves the others as they are on either side.
    #[test]
    fn a_name_is_separated_from_a_conflict_of_several_or_stays((a, _, b) in histories(), name in "[A-H]", ours: bool) {
        let text = conflict_text(&ConflictStyle::of_size(7), &of(b"", a.as_bytes(), b.as_bytes()));
        let Some(conflicts) = ConflictedText::read(&text) else { return Ok(()) };
        let side = if ours { MergeSide::Ours } else { MergeSide::Theirs };
        let Some(resolved) = conflicts.resolved(&name, side) else { return Ok(()) };
        let chosen = if ours { &a } else { &b };
        for (side, before) in [(MergeSide::Ours, &a), (MergeSide::Theirs, &b)] {
            let now = ConflictedText::read(&resolved).map_or(resolved.clone(), |left| left.side(side));
            let (now, mut wanted) = (variables(&now), variables(before.as_bytes()));
            wanted.remove(&name);
            wanted.extend(variables(chosen.as_bytes()).remove_entry(&name));
            prop_assert_eq!(now, wanted);
        }
    }
}

#[test]
fn markers_that_are_no_whole_conflict_are_none() {
    let whole = "A=1\n<<<<<<< x\nB=1\n||||||| y\nB=0\n=======\nB=2\n>>>>>>> z y\n";
    let read = ConflictedText::read(whole.as_bytes()).unwrap();
    let side = |side| String::from_utf8(read.side(side).to_vec()).unwrap();
    assert_eq!((&*side(MergeSide::Ours), &*side(MergeSide::Theirs)), ("A=1\nB=1\n", "A=1\nB=2\n"));
    assert_eq!(read.names(), ["B".to_owned()].into());
    let texts = "A=1\n|<<<<<<< x\nA=1\n|<<<<<<< x\nA=1\n>>>>>>> y\n|\
                 <<<<<<< x\nA='t\n=======\n'\n=======\nA=2\n>>>>>>> y\n|\
                 <<<<<<< x\n<<<<<<< x\nA=1\n=======\n>>>>>>> y\n|=======\n>>>>>>> y\n";
    for text in texts.split('|') {
        assert!(ConflictedText::read(text.as_bytes()).is_none(), "{text}");
    }
    // The ancestor of a criss-cross merge has its own conflicts, with longer markers.
    let nested =
        "<<<<<<< x\nA=1\n||||||| y\n<<<<<<<<< p\nA=3\n=========\nA=4\n>>>>>>>>> q\n=======\nA=2\n>>>>>>> z\n";
    let read = ConflictedText::read(nested.as_bytes()).unwrap();
    assert_eq!(&**read.resolved("A", MergeSide::Theirs).unwrap(), b"A=2\n");
}

/// Returns the result of `git merge-file`, if that is clean.
fn merged_as_text(base: &str, ours: &str, theirs: &str) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("base", base), ("ours", ours), ("theirs", theirs)] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let output = std::process::Command::new("git")
        .args(["merge-file", "-p", "-q", "ours", "base", "theirs"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    output.status.success().then_some(output.stdout)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn where_text_merges_cleanly_the_same_variables_are_read((o, a, b) in histories()) {
        let merged = merge_with(&of(o.as_bytes(), a.as_bytes(), b.as_bytes()), 7);
        let Some(text) = merged_as_text(&o, &a, &b).filter(|_| merged.conflicts == MergeConflicts::None) else {
            return Ok(());
        };
        let (mut by_name, mut by_text) = (variables(&merged.text), variables(&text));
        // Text merging brings back what one side moved and the other removed.
        let (in_o, in_a, in_b) = (names_in_order(&o), names_in_order(&a), names_in_order(&b));
        let taken = |name: &String| in_o.contains(name) && !(in_a.contains(name) && in_b.contains(name));
        // It also duplicates what one side moved and the other changed: one copy is unchanged.
        let in_text = names_in_order(std::str::from_utf8(&text).unwrap());
        let count = |names: &[String], name: &String| names.iter().filter(|other| *other == name).count();
        let twice = |name: &String| count(&in_text, name) > count(&in_a, name).max(count(&in_b, name));
        by_text.retain(|name, _| !taken(name) && !twice(name));
        by_name.retain(|name, _| !taken(name) && !twice(name));
        prop_assert_eq!(by_name, by_text);
    }
}
