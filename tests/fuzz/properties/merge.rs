//! Three versions merge without loss, and no clean merge reads a value that neither side has.

use envseal::testing::dotenv::{ConflictStyle, Document, MergeConflicts, MergeVersions, MergedText, merge};

/// Separates the versions.
const CUT: u8 = 0xff;

/// Panics if the property does not hold for these bytes as base, ours and theirs.
pub(crate) fn holds(data: &[u8]) {
    let mut versions = data.splitn(3, |byte| *byte == CUT);
    let mut next = || versions.next().unwrap_or_default();
    let (base, ours, theirs) = (next(), next(), next());
    let merged = |base, ours, theirs| {
        merge(&MergeVersions { base, ours, theirs }, &ConflictStyle::of_size(7), &mut |_| None)
    };
    for (result, text) in [
        (merged(base, ours, ours), ours),
        (merged(base, base, theirs), theirs),
        (merged(base, ours, base), ours),
    ] {
        assert_eq!(result.conflicts, MergeConflicts::None);
        assert_eq!(&**result.text, text);
    }
    let MergedText { text, conflicts } = merged(base, ours, theirs);
    let Ok(document) = Document::parse(text.to_vec()) else { return };
    if conflicts != MergeConflicts::None {
        return assert!(document.conflict_marker().is_some(), "an invisible conflict");
    }
    let sides = [ours, theirs].map(|side| Document::parse(side.to_vec()).ok());
    for entry in document.entries() {
        let (name, source) = (document.name(entry), document.source(entry));
        let has = |side: &Document| {
            side.entries().iter().any(|other| side.name(other) == name && side.source(other) == source)
        };
        assert!(sides.iter().flatten().any(has), "{name} is from neither side");
    }
}
