//! JSON (RFC 8259): one object, in which objects may stand.
//!
//! A string is what its escapes say, and a number is the text that stands there: `1.10` stays `1.10`, and neither 20
//! digits nor `1e400` are rounded. `null` and lists are refused by their path. A name that stands twice in one object
//! is refused: readers differ in which one counts (RFC 8259, section 4).
//!
//! `serde_json` reads it, one object at a time; what it borrows is `text` itself. Where a string holds an escape, its
//! parts go through a buffer of `serde_json`'s own that is not wiped, and that is out of our reach.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::crypto::SecretBytes;

use super::tree::{DEPTH, Items, Node, Object, Path};
use super::{ImportError, Item};

/// Reads `text`: UTF-8, with or without a byte order mark. In the order of the source.
///
/// Errors: [`ImportError::Syntax`], [`ImportError::Unholdable`], [`ImportError::Repeated`], and for names
/// [`ImportError::Name`] and [`ImportError::Twice`].
pub fn read(text: &[u8]) -> Result<Vec<Item>, ImportError> {
    read_wanted(text, &|_| true)
}

/// As [`read`], where a value whose name is not wanted may be one that no variable can hold.
pub fn read_wanted(text: &[u8], wants: &dyn Fn(&str) -> bool) -> Result<Vec<Item>, ImportError> {
    Items::of(object(text)?, wants)
}

/// The object that `text` is.
pub(super) fn object(text: &[u8]) -> Result<Object, ImportError> {
    read_object(text, false)
}

/// The object that `text` is, which sops wrote.
///
/// In Go's JSON, bytes that are not UTF-8 have become `\ufffd`; that character itself is written as it is. And sops writes
/// an object of one name twice, for the section of INI that has no header and that which is called so: they are one.
pub(super) fn object_of_sops(text: &[u8]) -> Result<Object, ImportError> {
    read_object(text, true)
}

fn read_object(text: &[u8], of_sops: bool) -> Result<Object, ImportError> {
    let text = super::utf8(text)?;
    let source = Source { text, of_sops };
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| source.syntax(text, &error))?;
    match source.node(raw.get(), &Path::default(), 0)? {
        Node::Object(object) => Ok(object),
        _ => Err(ImportError::Syntax { line: 1, why: "the top level is no object".into() }),
    }
}

/// All of the text, to tell the line of a part, and whether sops wrote it.
struct Source<'a> {
    text: &'a str,
    of_sops: bool,
}

impl<'a> Source<'a> {
    /// `raw`, which is well-formed JSON and a part of the text, `depth` objects deep.
    fn node(&self, raw: &'a str, path: &Path, depth: usize) -> Result<Node, ImportError> {
        let text = |bytes: &[u8]| Node::Text(SecretBytes::new(bytes.to_vec()));
        match raw.as_bytes().first() {
            Some(b'{') if depth == DEPTH => {
                let why = format!("objects stand more than {DEPTH} deep in each other");
                Err(ImportError::Syntax { line: self.line(raw), why })
            }
            Some(b'{') => self.members(raw, path, depth).map(Node::Object),
            Some(b'[') => Ok(Node::Unholdable("a list")),
            Some(b'n') => Ok(Node::Null),
            Some(b'"') if self.of_sops && holds_replacement(raw) => Ok(Node::Unholdable(NOT_UTF8)),
            Some(b'"') => {
                let value = serde_json::Deserializer::from_str(raw)
                    .deserialize_str(Text)
                    .map_err(|error| self.syntax(raw, &error))?;
                Ok(Node::Text(value))
            }
            _ => Ok(text(raw.as_bytes())),
        }
    }

    fn members(&self, raw: &'a str, path: &Path, depth: usize) -> Result<Object, ImportError> {
        let members = serde_json::Deserializer::from_str(raw)
            .deserialize_map(Members)
            .map_err(|error| self.syntax(raw, &error))?;
        let mut object = Object::default();
        for (name, value) in members {
            let path = path.to(&name);
            let node = self.node(value.get(), &path, depth + 1)?;
            let added = match node {
                Node::Object(members) if self.of_sops => object.add_members(name, members),
                node => object.add(name, node),
            };
            if !added {
                return Err(ImportError::Repeated { origin: path.origin().to_owned() });
            }
        }
        Ok(object)
    }

    /// The line on which `part`, a part of the text, starts.
    fn line(&self, part: &str) -> usize {
        let at = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize).min(self.text.len());
        1 + memchr::memchr_iter(b'\n', &self.text.as_bytes()[..at]).count()
    }

    /// `error` of `part`. Only what is wrong with the text itself is passed on: other messages of `serde_json` quote.
    fn syntax(&self, part: &str, error: &serde_json::Error) -> ImportError {
        let line = self.line(part) + error.line().max(1) - 1;
        let why = match error.classify() {
            Category::Syntax | Category::Eof => {
                let said = error.to_string();
                said.split(" at line ").next().unwrap_or_default().to_owned()
            }
            Category::Data | Category::Io => "cannot be read".to_owned(),
        };
        ImportError::Syntax { line, why }
    }
}

const NOT_UTF8: &str = "not UTF-8";

/// Whether a string, which is well-formed, holds the escape of the character that stands for bytes that are no text.
fn holds_replacement(raw: &str) -> bool {
    let mut escapes = raw.match_indices('\\');
    while let Some((at, _)) = escapes.next() {
        if raw[at + 1..].starts_with("ufffd") {
            return true;
        }
        // What stands behind it may be a backslash itself.
        if raw[at + 1..].starts_with('\\') {
            escapes.next();
        }
    }
    false
}

/// The names of an object, and what stands there, not yet read.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

/// A string.
struct Text;

impl Visitor<'_> for Text {
    type Value = SecretBytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(SecretBytes::new(text.as_bytes().to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{pairs, refused};
    use super::*;

    #[test]
    fn values_are_as_they_are_written() {
        let text = br#" { "A" : "x", "n": 1.10, "big": 123456789012345678901234567890, "e": 1e400, "m": -0,
            "t": true, "f": false, "empty": "", "u": "\u00e9\n\ud83d\ude00\"\\\/" } "#;
        let found = pairs(read(text).unwrap());
        let expected = [
            ("A", "x"),
            ("n", "1.10"),
            ("big", "123456789012345678901234567890"),
            ("e", "1e400"),
            ("m", "-0"),
            ("t", "true"),
            ("f", "false"),
            ("empty", ""),
            ("u", "é\n😀\"\\/"),
        ];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn paths_become_names() {
        let items =
            read(br#"{"db": {"pass-word": "1", "a.b": {"": "2", "c d": "3"}}, "_x": "4", "\u00e9": "5"}"#)
                .unwrap();
        let names: Vec<_> = items.iter().map(|item| (item.origin.as_str(), item.name.as_str())).collect();
        assert_eq!(
            names,
            [
                ("db.pass-word", "db_pass_word"),
                ("db.a.b.", "db_a_b_"),
                ("db.a.b.c d", "db_a_b_c_d"),
                ("_x", "_x"),
                ("é", "_"),
            ]
        );
    }

    #[test]
    fn what_no_variable_can_hold_is_named() {
        assert_eq!(refused(read(br#"{"a": {"b": null}}"#)), "a.b is null, which no variable can hold");
        assert_eq!(refused(read(br#"{"a": []}"#)), "a is a list, which no variable can hold");
        assert_eq!(
            refused(read(br#"{"a": {"b": [{"c": 1}]}}"#)),
            "a.b is a list, which no variable can hold"
        );
        assert_eq!(refused(read(br#"{"1a": "x"}"#)), "1a is no name for a variable");
        assert_eq!(refused(read(br#"{"": "x"}"#)), " is no name for a variable");
        assert_eq!(refused(read(br#"{"a": {"b": 1}, "a_b": 2}"#)), "a.b and a_b would both be a_b");
        assert_eq!(refused(read(br#"{"a-b": 1, "a.b": 2}"#)), "a-b and a.b would both be a_b");
    }

    #[test]
    fn a_name_twice_is_refused_with_the_same_value_too() {
        assert_eq!(refused(read(br#"{"a": {"b": "x", "\u0062": "x"}}"#)), "a.b stands there twice");
        assert_eq!(refused(read(br#"{"a": {}, "a": {"b": 1}}"#)), "a stands there twice");
        assert!(read(br#"{"a": {"x": 1}, "b": {"x": 1}}"#).is_ok());
    }

    #[test]
    fn errors_name_the_line_and_no_value() {
        for (text, line) in [
            (&b"{\n\"a\": \"hunter2\",\n}"[..], 3),
            (b"{\n\"a\": \"hunter2\" hunter2}", 2),
            (b"{\n\"a\": \"hunter2\n\"}", 2),
            (b"{\n\n\"a\": {\n\"b\": \"hunter2\\ud800\"}}", 4),
            (b"{\n\"a\": \"hunter2", 2),
            (b"{\"a\": hunter2}", 1),
            (b"{\"a\": 0123}", 1),
            (b"{\"a\": 1} {\"b\": 2}", 1),
            (b"{\"a\": NaN}", 1),
            (b"{'hunter2': 1}", 1),
            (b"\"hunter2\"", 1),
            (b"[\"hunter2\"]", 1),
            (b"", 1),
        ] {
            let Err(ImportError::Syntax { line: found, why }) = read(text) else { panic!("{text:?}") };
            assert_eq!(found, line, "{text:?}: {why}");
            assert!(!why.contains("hunter") && !why.contains(" at line"), "{why}");
        }
    }

    #[test]
    fn what_is_no_text_is_told_by_its_line() {
        let error = read(b"{\n\"a\": \"hunter2\xff\"}").unwrap_err();
        assert_eq!(error, ImportError::NotUtf8 { line: 2 });
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert_eq!(read(b"\xef\xbb\xbf{\"a\": 1}").unwrap().len(), 1);
        assert!(read(b"{}").unwrap().is_empty());
    }

    #[test]
    fn sops_loses_bytes_and_writes_one_section_twice() {
        let of_sops = |text: &[u8]| Items::of(object_of_sops(text)?, &|_| true);
        for (text, value) in
            [(&b"\xef\xbf\xbd"[..], "\u{fffd}"), (b"\\\\ufffd", "\\ufffd"), (b"\\\\\\\"ufffd", "\\\"ufffd")]
        {
            let text = [&b"{\"a\": \""[..], text, b"\"}"].concat();
            assert_eq!(pairs(of_sops(&text).unwrap()), [("a".to_owned(), value.to_owned())]);
        }
        for text in ["\\ufffd", "x\\n\\\\\\ufffdy"] {
            let text = format!("{{\"s\": {{\"a\": \"{text}\"}}}}");
            assert_eq!(refused(of_sops(text.as_bytes())), "s.a is not UTF-8, which no variable can hold");
            assert!(read(text.as_bytes()).is_ok());
        }
        let merged = of_sops(br#"{"D": {}, "D": {"y": "2"}, "D": {"z": "3"}, "e": {}, "e": {}}"#).unwrap();
        assert_eq!(pairs(merged), [("D_y", "2"), ("D_z", "3")].map(|(n, v)| (n.to_owned(), v.to_owned())));
        for (text, told) in [
            (&br#"{"D": {"x": "1"}, "D": {"x": "2"}}"#[..], "D stands there twice"),
            (br#"{"D": {}, "D": "1"}"#, "D stands there twice"),
            (br#"{"D": "1", "D": {}}"#, "D stands there twice"),
            (br#"{"D": {"x": {}}, "D": {"x": "1"}}"#, "D stands there twice"),
        ] {
            assert_eq!(refused(of_sops(text)), told);
        }
        assert_eq!(refused(read(br#"{"D": {}, "D": {"y": "2"}}"#)), "D stands there twice");
    }

    #[test]
    fn depth_does_not_end_the_stack() {
        let nested = |open: &str, close: &str, depth: usize| {
            format!("{}1{}", open.repeat(depth), close.repeat(depth)).into_bytes()
        };
        assert_eq!(read(&nested("{\"a\":", "}", DEPTH)).unwrap().len(), 1);
        assert!(refused(read(&nested("{\"a\":", "}", DEPTH + 1))).contains("64 deep"));
        assert!(refused(read(&nested("{\"a\":", "}", 50_000))).contains("64 deep"));
        assert!(matches!(read(&nested("[", "]", 50_000)), Err(ImportError::Syntax { .. })));
        let list = [&b"{\"a\":"[..], &nested("[", "]", 50_000), b"}"].concat();
        assert_eq!(refused(read(&list)), "a is a list, which no variable can hold");
    }
}
