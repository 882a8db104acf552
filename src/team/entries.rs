//! Assigns each line of a TOML text to a header or a leaf, so that together they give the text.

use std::ops::Range;

use toml_edit::{Item, Key, Table};

use super::TeamFile;

/// A header or a leaf. A leaf is a key whose value is not a table; an inline table is a leaf's value.
#[derive(Clone, Debug)]
pub(super) struct TomlEntry {
    /// The keys that lead to the entry.
    pub(super) path: Vec<String>,
    /// True for `[a.b]`.
    pub(super) is_header: bool,
    /// The comments and empty lines above it, in bytes of the text.
    pub(super) lead: Range<usize>,
    /// Its own lines, with the line end.
    pub(super) body: Range<usize>,
    /// A leaf's value alone.
    pub(super) value: Range<usize>,
}

/// Returns the entries in the order of the text, and the end of the last one. Returns None if the text is not TOML, or
/// has an array of tables, whose entries cannot be distinguished by their keys.
pub(super) fn entries(text: &str) -> Option<(Vec<TomlEntry>, usize)> {
    let document = super::policy::parsed(text.as_bytes()).ok()?;
    let mut found = Vec::new();
    collect(document.as_table(), &mut Vec::new(), &mut found)?;
    found.sort_by_key(|entry| entry.body.start);
    let mut end = 0;
    for entry in &mut found {
        let start = text[..entry.body.start].rfind('\n').map_or(0, |at| at + 1);
        let stop = text[entry.body.end..].find('\n').map_or(text.len(), |at| entry.body.end + at + 1);
        if start < end {
            return None;
        }
        entry.lead = end..start;
        entry.body = start..stop;
        end = stop;
    }
    Some((found, end))
}

/// Returns the line, from 1, of the entry with these keys.
pub(crate) fn line_of_entry(team: &TeamFile, path: &[&str]) -> Option<usize> {
    let text = team.text();
    let (found, _) = entries(&text)?;
    let entry = found.iter().find(|entry| entry.path == path)?;
    Some(text[..entry.body.start].bytes().filter(|byte| *byte == b'\n').count() + 1)
}

/// Returns None if there is an array of tables.
fn collect(table: &Table, path: &mut Vec<String>, found: &mut Vec<TomlEntry>) -> Option<()> {
    for (name, item) in table {
        path.push(name.to_owned());
        let key = table.key(name).and_then(Key::span);
        let here = path.clone();
        let entry = |body: Range<usize>, value: Range<usize>, is_header| TomlEntry {
            path: here.clone(),
            is_header,
            lead: 0..0,
            body,
            value,
        };
        match item {
            Item::None => {}
            Item::ArrayOfTables(_) => return None,
            Item::Value(value) => {
                let value = value.span()?;
                found.push(entry(key?.start..value.end, value, false));
            }
            Item::Table(inner) => {
                // Otherwise it has no line of its own.
                if !inner.is_implicit() && !inner.is_dotted() {
                    found.push(entry(key?, 0..0, true));
                }
                collect(inner, path, found)?;
            }
        }
        path.pop();
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_the_line_it_begins_on() {
        let team = TeamFile::parse(b"# top\n[policy]\nplain = [\n'A',\n]\n\n# why\nexclude = []\n").unwrap();
        let line = |path: &[&str]| line_of_entry(&team, path);
        assert_eq!((line(&["policy"]), line(&["plain"])), (Some(2), None));
        assert_eq!((line(&["policy", "plain"]), line(&["policy", "exclude"])), (Some(3), Some(8)));
    }

    #[test]
    fn every_byte_is_some_entrys() {
        let text = "# top\na = 1 # one\n\n# two\n[x.y] # h\n\"b c\" = { z = 1 }\nd.e = [\n 1, # c\n 2,\n] # end\n[x]\nf = '''\n[no]\n'''\n# tail";
        let (found, end) = entries(text).unwrap();
        let paths = found.iter().map(|entry| (entry.path.join("/"), entry.is_header)).collect::<Vec<_>>();
        let headers = paths.iter().filter(|(_, header)| *header).map(|(path, _)| &**path);
        assert_eq!(headers.collect::<Vec<_>>(), ["x/y", "x"]);
        let paths: Vec<_> = paths.iter().map(|(path, _)| &**path).collect();
        assert_eq!(paths, ["a", "x/y", "x/y/b c", "x/y/d/e", "x", "x/f"]);
        let parts = found.iter().flat_map(|entry| [&text[entry.lead.clone()], &text[entry.body.clone()]]);
        assert_eq!(parts.collect::<String>() + &text[end..], text);
        assert_eq!(&text[found[1].lead.clone()], "\n# two\n");
        assert_eq!(&text[found[1].body.clone()], "[x.y] # h\n");
        assert_eq!(&text[found[3].body.clone()], "d.e = [\n 1, # c\n 2,\n] # end\n");
        assert_eq!(&text[found[3].value.clone()], "[\n 1, # c\n 2,\n]");
        assert_eq!(&text[end..], "# tail");
        assert!(entries("[[a]]\nb = 1\n").is_none());
        assert!(entries("[a\n").is_none());
        assert_eq!(entries("").unwrap().1, 0);
    }
}
