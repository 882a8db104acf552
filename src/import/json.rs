//! JSON (RFC 8259): one object, which may hold others.
//!
//! Strings are unescaped; numbers keep their text, so `1.10` stays `1.10`, and neither 20 digits nor `1e400` are rounded.
//! A name that appears twice in one object is rejected, because readers differ in which one counts (RFC 8259, section 4).
//!
//! `serde_json` reads one object at a time and borrows from the text. It unescapes strings in its own buffer, which is
//! not wiped.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::ImportError;
use super::tree::{DEPTH, LIST, NULL, Node, Object, Path};
use crate::crypto::SecretBytes;
use crate::project::ImportItem;

/// Returns the variables of `text` in its order. A value whose name isn't wanted may be of any kind.
pub fn read(text: &[u8], wants: &dyn Fn(&str) -> bool) -> Result<Vec<ImportItem>, ImportError> {
    object(text)?.into_items(wants)
}

pub(super) fn object(text: &[u8]) -> Result<Object, ImportError> {
    read_object(text, false)
}

/// Reads an object that sops wrote.
///
/// In Go's JSON, bytes that aren't UTF-8 became `\ufffd`; that character itself is written unescaped. sops also writes an
/// INI section twice, if the section without a header and `[DEFAULT]` are both there: their members are merged.
pub(super) fn sops_object(text: &[u8]) -> Result<Object, ImportError> {
    read_object(text, true)
}

fn read_object(text: &[u8], of_sops: bool) -> Result<Object, ImportError> {
    let text = super::utf8(text)?;
    let source = Source { text, of_sops };
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| source.syntax(text, &error))?;
    match source.node(raw.get(), &Path::default(), 0)? {
        Node::Object(object) => Ok(object),
        _ => Err(ImportError::syntax(1, "expected an object")),
    }
}

struct Source<'a> {
    text: &'a str,
    of_sops: bool,
}

impl<'a> Source<'a> {
    /// Reads `raw`, a well-formed part of the text that is `depth` objects deep.
    fn node(&self, raw: &'a str, path: &Path, depth: usize) -> Result<Node, ImportError> {
        Ok(match raw.as_bytes().first() {
            Some(b'{') if depth == DEPTH => {
                return Err(ImportError::syntax(self.line(raw), format!("more than {DEPTH} nested objects")));
            }
            Some(b'{') => Node::Object(self.members(raw, path, depth)?),
            Some(b'[') => LIST,
            Some(b'n') => NULL,
            Some(b'"') if self.of_sops && has_replacement_escape(raw) => Node::Unsupported("is not UTF-8"),
            Some(b'"') => {
                let value: String = serde_json::from_str(raw).map_err(|error| self.syntax(raw, &error))?;
                Node::Text(SecretBytes::new(value.into_bytes()))
            }
            _ => Node::Text(SecretBytes::new(raw.as_bytes().to_vec())),
        })
    }

    fn members(&self, raw: &'a str, path: &Path, depth: usize) -> Result<Object, ImportError> {
        let members = serde_json::Deserializer::from_str(raw)
            .deserialize_map(Members)
            .map_err(|error| self.syntax(raw, &error))?;
        let mut object = Object::default();
        for (name, value) in members {
            let path = path.join(&name);
            let is_new = match self.node(value.get(), &path, depth + 1)? {
                Node::Object(members) if self.of_sops => object.merge(name, members),
                node => object.add(name, node),
            };
            if !is_new {
                return Err(ImportError::repeated(&path.origin));
            }
        }
        Ok(object)
    }

    /// Returns the line on which `part` of the text starts.
    fn line(&self, part: &str) -> usize {
        let at = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize).min(self.text.len());
        1 + memchr::memchr_iter(b'\n', &self.text.as_bytes()[..at]).count()
    }

    /// Keeps only messages about the syntax: others of `serde_json` quote the text.
    fn syntax(&self, part: &str, error: &serde_json::Error) -> ImportError {
        let line = self.line(part) + error.line().max(1) - 1;
        match error.classify() {
            Category::Syntax | Category::Eof => {
                let message = error.to_string();
                ImportError::syntax(line, message.split(" at line ").next().unwrap_or_default())
            }
            Category::Data | Category::Io => ImportError::syntax(line, "can't be read"),
        }
    }
}

/// Returns true if a well-formed string has the escape `\ufffd`.
fn has_replacement_escape(raw: &str) -> bool {
    let mut escapes = raw.match_indices('\\');
    while let Some((at, _)) = escapes.next() {
        if raw[at + 1..].starts_with("ufffd") {
            return true;
        }
        // The escaped character may be a backslash itself.
        if raw[at + 1..].starts_with('\\') {
            escapes.next();
        }
    }
    false
}

/// Keeps repeated names, which a map would lose.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        std::iter::from_fn(|| map.next_entry().transpose()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ImportErrorKind;
    use super::super::testing::shown;
    use super::*;

    fn read(text: impl AsRef<[u8]>) -> Result<Vec<ImportItem>, ImportError> {
        super::read(text.as_ref(), &|_| true)
    }

    #[test]
    fn values_are_exact() {
        let text = br#" { "A" : "x", "n": 1.10, "big": 123456789012345678901234567890, "e": 1e400, "m": -0,
            "t": true, "f": false, "empty": "", "u": "\u00e9\n\ud83d\ude00\"\\\/" } "#;
        let expected = r#"A="x" n="1.10" big="123456789012345678901234567890" e="1e400" m="-0" t="true" f="false" empty="" u="é\n😀\"\\/""#;
        assert_eq!(shown(read(text)), expected);
        assert_eq!(shown(read("\u{feff}{\"a\": 1}")), r#"a="1""#);
        assert_eq!(shown(read("{}")), "");
    }

    #[test]
    fn paths_become_names() {
        let text = br#"{"db": {"pass-word": "1", "a.b": {"": "2", "c d": "3"}}, "_x": "4", "\u00e9": "5"}"#;
        let items = read(text).unwrap();
        let origins: Vec<_> = items.iter().map(|item| item.origin.as_str()).collect();
        assert_eq!(origins, ["db.pass-word", "db.a.b.", "db.a.b.c d", "_x", "é"]);
        let names: Vec<_> = items.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(names, ["db_pass_word", "db_a_b_", "db_a_b_c_d", "_x", "_"]);
    }

    #[test]
    fn unsupported_values_and_names_are_rejected_by_path() {
        for (text, message) in [
            (r#"{"a": {"b": null}}"#, "a.b is null, not a value"),
            (r#"{"a": {"b": [{"c": 1}]}}"#, "a.b is a list, not a single value"),
            (r#"{"1a": "x"}"#, "1a can't be a variable name"),
            (r#"{"": "x"}"#, " can't be a variable name"),
            (r#"{"a": {"b": 1}, "a_b": 2}"#, "a.b and a_b would both become a_b"),
            (r#"{"a-b": 1, "a.b": 2}"#, "a-b and a.b would both become a_b"),
            (r#"{"a": {"b": "x", "\u0062": "x"}}"#, "a.b appears twice"),
            (r#"{"a": {}, "a": {"b": 1}}"#, "a appears twice"),
            (r#"{"D": {}, "D": {"y": "2"}}"#, "D appears twice"),
            ("{\n\"a\": \"hunter2\"", "line 2: EOF while parsing an object"),
        ] {
            assert_eq!(shown(read(text)), message, "{text}");
        }
        assert!(read(r#"{"a": {"x": 1}, "b": {"x": 1}}"#).is_ok());
    }

    #[test]
    fn syntax_errors_name_the_line_and_no_value() {
        for (text, line) in [
            (&b"{\n\"a\": \"hunter2\",\n}"[..], 3),
            (b"{\n\"a\": \"hunter2\" hunter2}", 2),
            (b"{\n\"a\": \"hunter2\n\"}", 2),
            (b"{\n\n\"a\": {\n\"b\": \"hunter2\\ud800\"}}", 4),
            (b"{\n\"a\": \"hunter2", 2),
            (b"{\"a\": hunter2}", 1),
            (b"{\"a\": 1} {\"b\": 2}", 1),
            (b"{'hunter2': 1}", 1),
            (b"\"hunter2\"", 1),
            (b"[\"hunter2\"]", 1),
            (b"", 1),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.kind, ImportErrorKind::Syntax);
            assert!(error.message.starts_with(&format!("line {line}: ")), "{text:?}: {error}");
            assert!(!error.message.contains("hunter") && !error.message.contains(" at line"), "{error}");
        }
        let error = read(b"{\n\"a\": \"hunter2\xff\"}").unwrap_err();
        assert_eq!((error.kind, &*error.message), (ImportErrorKind::NotUtf8, "line 2: not UTF-8"));
    }

    #[test]
    fn sops_loses_bytes_and_writes_one_section_twice() {
        let of_sops =
            |text: &str| shown(sops_object(text.as_bytes()).and_then(|it| it.into_items(&|_| true)));
        for (text, value) in
            [("\u{fffd}", "\u{fffd}"), (r"\\ufffd", r"\ufffd"), (r#"\\\"ufffd"#, r#"\"ufffd"#)]
        {
            assert_eq!(of_sops(&format!("{{\"a\": \"{text}\"}}")), format!("a={value:?}"));
        }
        for text in ["\\ufffd", "x\\n\\\\\\ufffdy"] {
            let text = format!("{{\"s\": {{\"a\": \"{text}\"}}}}");
            assert_eq!(of_sops(&text), "s.a is not UTF-8");
            assert!(read(&text).is_ok());
        }
        let merged = of_sops(r#"{"D": {}, "D": {"y": "2"}, "D": {"z": "3"}, "e": {}, "e": {}}"#);
        assert_eq!(merged, r#"D_y="2" D_z="3""#);
        for text in [
            r#"{"D": {"x": "1"}, "D": {"x": "2"}}"#,
            r#"{"D": {}, "D": "1"}"#,
            r#"{"D": "1", "D": {}}"#,
            r#"{"D": {"x": {}}, "D": {"x": "1"}}"#,
        ] {
            assert_eq!(of_sops(text), "D appears twice", "{text}");
        }
    }

    #[test]
    fn nesting_does_not_overflow_the_stack() {
        let nested =
            |open: &str, close: &str, depth| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert_eq!(read(nested("{\"a\":", "}", DEPTH)).unwrap().len(), 1);
        for depth in [DEPTH + 1, 50_000] {
            let error = read(nested("{\"a\":", "}", depth)).unwrap_err();
            assert_eq!(error.message, "line 1: more than 64 nested objects");
        }
        assert_eq!(read(nested("[", "]", 50_000)).unwrap_err().kind, ImportErrorKind::Syntax);
        let list = format!("{{\"a\":{}}}", nested("[", "]", 50_000));
        assert_eq!(shown(read(list)), "a is a list, not a single value");
    }
}
