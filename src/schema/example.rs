//! Writing an example file.

use super::file::Schema;

/// A variable of the env files beside an example file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its name.
    pub name: String,
    /// Whether every env file has a value for it.
    pub everywhere: bool,
    /// Whether it is declared to be no secret wherever it stands.
    pub plain: bool,
}

/// The text of an example file with the names that it lacks at its end, and how many those are. What stands there stays,
/// byte for byte. No value is written, for an example file is read by everyone.
pub(crate) fn with_names(text: &[u8], names: &[Known], line_break: &str) -> (Vec<u8>, usize) {
    let schema = Schema::parse(text);
    let mut whole = text.to_vec();
    let mut count = 0;
    for known in names.iter().filter(|known| schema.get(&known.name).is_none()) {
        // A blank line, so that no comment above is taken for one about this name.
        while !whole.is_empty() && !ends_in_blank_line(&whole) {
            whole.extend_from_slice(line_break.as_bytes());
        }
        let required = if known.everywhere { "@required" } else { "@optional" };
        let plain = if known.plain { " @sensitive=false" } else { "" };
        whole.extend_from_slice(
            format!("# {required}{plain}{line_break}{}={line_break}", known.name).as_bytes(),
        );
        count += 1;
    }
    (whole, count)
}

fn ends_in_blank_line(text: &[u8]) -> bool {
    text.ends_with(b"\n\n") || text.ends_with(b"\r\n\r\n") || text == b"\n" || text == b"\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known(name: &str, everywhere: bool, plain: bool) -> Known {
        Known { name: name.into(), everywhere, plain }
    }

    #[test]
    fn what_stands_there_stays_and_the_rest_is_put_behind_it() {
        let names = [known("A", true, false), known("B", false, true), known("C", true, false)];
        let (text, count) = with_names(b"", &names, "\n");
        let whole = "# @required\nA=\n\n# @optional @sensitive=false\nB=\n\n# @required\nC=\n";
        assert_eq!((std::str::from_utf8(&text).unwrap(), count), (whole, 3));
        let before = "# ours\n# @type=port\nB=80 # words\nOLD=\n# @sensitive=false";
        let (text, count) = with_names(before.as_bytes(), &names, "\n");
        let whole = format!("{before}\n\n# @required\nA=\n\n# @required\nC=\n");
        assert_eq!((std::str::from_utf8(&text).unwrap(), count), (whole.as_str(), 2));
    }

    proptest! {
        #[test]
        fn a_second_time_nothing_changes(
            before in "(# ?|@required|@sensitive=false|[A-C]=|\r?\n|'|\"|x| ){0,20}",
            names in proptest::collection::btree_map("[A-H]", (any::<bool>(), any::<bool>()), 0..6),
            line_break in "\r?\n",
        ) {
            let names: Vec<_> = names.iter().map(|(name, (all, plain))| known(name, *all, *plain)).collect();
            let old = Schema::parse(before.as_bytes());
            let (text, count) = with_names(before.as_bytes(), &names, &line_break);
            prop_assert!(text.starts_with(before.as_bytes()));
            let new = Schema::parse(&text);
            // What was said is said still, and of the new names what they were found to be.
            for item in old.items() {
                prop_assert_eq!(new.get(&item.name), Some(item));
            }
            let added: Vec<_> = names.iter().filter(|known| old.get(&known.name).is_none()).collect();
            prop_assert_eq!(added.len(), count);
            for known in added {
                let item = new.get(&known.name).unwrap();
                prop_assert_eq!(item.required, Some(known.everywhere));
                prop_assert_eq!(item.sensitive == Some(false), known.plain);
            }
            prop_assert_eq!(with_names(&text, &names, &line_break), (text, 0));
        }
    }
}
