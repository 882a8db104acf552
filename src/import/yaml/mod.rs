//! YAML (1.2.2): one document, a mapping, in which mappings may stand.
//!
//! A plain scalar is the text that stands there: `0755`, `1_000`, `1.10`, `yes` and `2024-01-01` stay what a person
//! wrote, whatever type a reader would give them. Quoted and block scalars are what YAML's quotes and folding make of
//! them. `null`, `~` and lists are refused by their path, and so is a name that stands twice; a name without a value by its
//! line.
//!
//! Aliases are resolved, up to a bound. `<<` takes in a mapping, whose names give way to those beside it (YAML 1.1's
//! merge type); a list of mappings is refused there. Of tags, those of strings, numbers, booleans and null are
//! known, and `!!binary`; others are refused, for only their own reader knows what they mean.
//!
//! The parser holds scalars in buffers of its own that are not wiped; those are out of our reach.

mod build;

use saphyr_parser::{Event, Parser};

use build::Builder;

use super::tree::{Items, Node, Object};
use super::{ImportError, Item};

/// Reads `text`: UTF-8, with or without a byte order mark. In the order of the source.
///
/// Errors: [`ImportError::Syntax`], [`ImportError::Unholdable`], [`ImportError::NoValue`],
/// [`ImportError::Repeated`], and for names [`ImportError::Name`] and [`ImportError::Twice`].
pub fn read(text: &[u8]) -> Result<Vec<Item>, ImportError> {
    read_wanted(text, &|_| true)
}

/// As [`read`], where a value whose name is not wanted may be one that no variable can hold.
pub fn read_wanted(text: &[u8], wants: &dyn Fn(&str) -> bool) -> Result<Vec<Item>, ImportError> {
    let Node::Object(object) = document(super::utf8(text)?)? else {
        return Err(ImportError::Syntax { line: 1, why: "the top level is no mapping".into() });
    };
    Items::of(object, wants)
}

/// The mapping that `text` is, if it is one.
pub(super) fn object(text: &[u8]) -> Option<Object> {
    match document(super::utf8(text).ok()?).ok()? {
        Node::Object(object) => Some(object),
        _ => None,
    }
}

/// Refuses a text of several documents, whatever is in them.
pub(super) fn refuse_documents(text: &[u8]) -> Result<(), ImportError> {
    let mut started = false;
    for event in Parser::new_from_str(super::utf8(text)?) {
        let (event, span) = event.map_err(|error| syntax(error.marker().line(), reason(error.info())))?;
        if matches!(event, Event::DocumentStart(_)) && std::mem::replace(&mut started, true) {
            return Err(ImportError::Documents { line: span.start.line() });
        }
    }
    Ok(())
}

/// The one document of `text`.
fn document(text: &str) -> Result<Node, ImportError> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| syntax(error.marker().line(), reason(error.info())))?;
        builder.take(event, span.start.line())?;
    }
    builder.finish().ok_or_else(|| syntax(1, "there is nothing in it"))
}

fn syntax(line: usize, why: &str) -> ImportError {
    ImportError::Syntax { line, why: why.to_owned() }
}

/// What the parser says, but for the one message that quotes the text: it may be a value's first character.
fn reason(info: &str) -> &str {
    if info.starts_with("unexpected character") {
        "a value that starts with this character wants quotes"
    } else {
        info
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_pairs, refused};
    use super::*;

    fn reads(text: &str, expected: &[(&str, &str)]) {
        assert_pairs(read(text.as_bytes()), expected, text);
    }

    #[test]
    fn plain_scalars_are_as_they_are_written() {
        reads(
            "mode: 0755\nn: 1_000\nx: 0x1F\nv: 1.10\nyes: yes\nno: NO\nday: 2024-01-01\nt: true\nsix: 12:30:45\ne: 1e3\n\
             big: 123456789012345678901234567890\ninf: .inf\nurl: https://u:p@h/#x\nw: two words # comment\n",
            &[
                ("mode", "0755"),
                ("n", "1_000"),
                ("x", "0x1F"),
                ("v", "1.10"),
                ("yes", "yes"),
                ("no", "NO"),
                ("day", "2024-01-01"),
                ("t", "true"),
                ("six", "12:30:45"),
                ("e", "1e3"),
                ("big", "123456789012345678901234567890"),
                ("inf", ".inf"),
                ("url", "https://u:p@h/#x"),
                ("w", "two words"),
            ],
        );
    }

    #[test]
    fn quotes_and_blocks_are_yamls() {
        reads(
            "a: 'it''s'\nb: \"x\\n\\u00e9\\x41\"\nc: |\n  one\n   two\n\nd: |-\n  one\n  two\ne: >\n  folded\n  text\nf: |+\n  keep\n\n\
             g: ''\nh: \"null\"\ni: '~'\nj: two\n  lines\n",
            &[
                ("a", "it's"),
                ("b", "x\néA"),
                ("c", "one\n two\n"),
                ("d", "one\ntwo"),
                ("e", "folded text\n"),
                ("f", "keep\n\n"),
                ("g", ""),
                ("h", "null"),
                ("i", "~"),
                ("j", "two lines"),
            ],
        );
        reads("---\na: \"\u{feff}x\"\n...\n", &[("a", "\u{feff}x")]);
        reads("\u{feff}a: 1\r\nb: 2\r\n", &[("a", "1"), ("b", "2")]);
        reads("{a: {b: 1, \"c\": 'x'}, d-e: y}", &[("a_b", "1"), ("a_c", "x"), ("d_e", "y")]);
    }

    #[test]
    fn what_no_variable_can_hold_is_named() {
        for nothing in [
            "x: 1\na:\n",
            "x: 1\na: # b\ny: 2\n",
            "x: {\n hunter2}",
            "x: {y: hun,\n ter2}",
            "x: {y: 1,\n z: \n \n}",
            "x: 1\n? hunter2",
        ] {
            let error = "line 2: a name without a value, or the rest of the value before it";
            assert_eq!(refused(read(nothing.as_bytes())), error, "{nothing}");
        }
        for null in ["a:\n  b: ~\n", "a: {b: null}", "a: {b: !!null ''}", "a: {b: NULL}"] {
            assert_eq!(refused(read(null.as_bytes())), "a.b is null, which no variable can hold", "{null}");
        }
        for list in ["a:\n- x\n", "a: []", "a: [{b: c}, [d]]", "a: !!seq [x]"] {
            assert_eq!(refused(read(list.as_bytes())), "a is a list, which no variable can hold", "{list}");
        }
        assert_eq!(refused(read(b"1a: x")), "1a is no name for a variable");
        assert_eq!(refused(read(b"a: {b: 1}\na_b: 2")), "a.b and a_b would both be a_b");
        assert_eq!(refused(read(b"a:\n  b: 1\n  'b': 1")), "a.b stands there twice");
        for top in ["", "# nothing", "x", "- x", "~", "[]"] {
            assert!(matches!(read(top.as_bytes()), Err(ImportError::Syntax { line: 1, .. })), "{top}");
        }
    }

    #[test]
    fn aliases_and_merges() {
        reads(
            "base: &base\n  host: &h db\n  port: 5432\nprod:\n  <<: *base\n  port: 1\n  peer: *h\n",
            &[
                ("base_host", "db"),
                ("base_port", "5432"),
                ("prod_port", "1"),
                ("prod_peer", "db"),
                ("prod_host", "db"),
            ],
        );
        reads("a: {'<<': {b: x}}", &[("a____b", "x")]);
        reads("&k name: x\nother: *k\n", &[("name", "x"), ("other", "name")]);
        reads("k: &k name\n*k : x\n", &[("k", "name"), ("name", "x")]);
        assert_eq!(
            refused(read(b"a: &a {x: 1}\nb:\n  <<: [*a, *a]")),
            "line 3: << takes one mapping here, and once"
        );
        assert_eq!(refused(read(b"a: &a\n  b: *a")), "line 2: an alias stands within what it names");
        assert!(matches!(read(b"a: *nowhere"), Err(ImportError::Syntax { line: 1, .. })));
    }

    #[test]
    fn a_billion_laughs_end_soon() {
        let levels = (1..40).map(|level| format!("a{level}: &a{level} {{l: *a{0}, r: *a{0}}}\n", level - 1));
        let text = format!("a0: &a0 {{x: lol}}\n{}", levels.collect::<String>());
        assert!(refused(read(text.as_bytes())).contains("the aliases unfold to more"));
        let long = format!("a: &a {}\n", "x".repeat(100_000));
        let many: String = (0..50).map(|n| format!("b{n}: *a\n")).collect();
        assert!(refused(read((long + &many).as_bytes())).contains("the aliases unfold to more"));
    }

    #[test]
    fn one_document_and_known_tags() {
        assert_eq!(
            refused(read(b"a: 1\n---\nb: 2\n")),
            "line 2: a second document starts; take one at a time"
        );
        reads(
            "a: !!str 1\nb: !!int 0x1\nc: !!binary aGVs\n  bG8=\nd: ! x\n",
            &[("a", "1"), ("b", "0x1"), ("c", "hello"), ("d", "x")],
        );
        for tagged in
            ["x: 1\na: !vault hunter2", "x: 1\na: !Sub {b: c}", "x: 1\na: !!set {b}", "x: 1\na: !!omap [b]"]
        {
            assert_eq!(
                refused(read(tagged.as_bytes())),
                "line 2: a tag that only its own reader understands",
                "{tagged}"
            );
        }
        reads("!!map\na: !!map {b: c}\n", &[("a_b", "c")]);
        assert_eq!(refused(read(b"a: !!binary hunter2!")), "a is not base64, which no variable can hold");
    }

    #[test]
    fn errors_name_the_line_and_no_value() {
        for (text, line) in [
            ("a: 1\nb: @hunter2\n", 2),
            ("a: `hunter2`\n", 1),
            ("a: %hunter2\n", 1),
            ("a: *hunter2\n", 1),
            ("a: \"hunter2\n", 1),
            ("a: {hunter2\n", 1),
            ("a: 1\n\thunter2: x\n", 2),
            ("a: \"\\hunter2\"\n", 1),
        ] {
            let Err(ImportError::Syntax { line: found, why }) = read(text.as_bytes()) else {
                panic!("{text:?}")
            };
            assert!(found.abs_diff(line) <= 1, "{text:?}: {found} {why}");
            assert!(!why.contains("hunter") && !why.contains(['@', '`', '%']), "{why}");
        }
    }

    #[test]
    fn depth_does_not_end_the_stack() {
        for open in ["{a: ", "[", "- ", "? "] {
            let error = refused(read(open.repeat(5_000).as_bytes()));
            assert!(error.starts_with("line "), "{error}");
        }
        let nested: String = (0..100).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        assert!(refused(read(nested.as_bytes())).contains("64 deep"));
    }
}
