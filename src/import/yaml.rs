//! YAML (1.2.2): one document, a mapping, which may hold others.
//!
//! A plain scalar keeps its text: `0755`, `1_000`, `1.10`, `yes` and `2024-01-01` stay as written, whatever type a
//! reader would give them. Quoted and block scalars follow YAML's rules.
//!
//! Aliases are resolved, up to a limit. `<<` merges one mapping, whose names yield to those beside it (YAML 1.1's merge
//! type). The tags of strings, numbers, booleans, null and `!!binary` are accepted; others are rejected.
//!
//! The parser keeps scalars in its own buffers, which are not wiped.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use zeroize::Zeroizing;

use super::tree::{DEPTH, LIST, NULL, Node, Object};
use super::{ImportError, ImportErrorKind};
use crate::crypto::SecretBytes;
use crate::project::ImportItem;

/// The most that all aliases together may expand to, in values and bytes of values.
const EXPANDED: usize = 1 << 20;

/// Returns the variables of `text` in its order. A value whose name isn't wanted may be of any kind.
pub fn read(text: &[u8], wants: &dyn Fn(&str) -> bool) -> Result<Vec<ImportItem>, ImportError> {
    object(text)?.into_items(wants)
}

pub(super) fn object(text: &[u8]) -> Result<Object, ImportError> {
    let mut reader = Reader::default();
    let text = super::utf8(text)?;
    let unfinished = (!text.ends_with(['\n', '\r'])).then(|| text.chars().count());
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| parser_error(&error))?;
        // The parser would add a line break (YAML 1.2.2, production 165).
        if let Event::Scalar(value, ScalarStyle::Literal | ScalarStyle::Folded, ..) = &event
            && Some(span.end.index()) == unfinished
            && value.ends_with('\n')
        {
            return Err(ImportError::syntax(span.end.line(), "a block has no line break at its end"));
        }
        reader.take(event, span.start.line())?;
    }
    match reader.root {
        Some(Node::Object(object)) => Ok(object),
        Some(_) => Err(ImportError::syntax(1, "expected a mapping")),
        None => Err(ImportError::syntax(1, "the file is empty")),
    }
}

/// Rejects a text with several documents, whatever they contain.
pub(super) fn refuse_documents(text: &[u8]) -> Result<(), ImportError> {
    let mut started = false;
    for event in Parser::new_from_str(super::utf8(text)?) {
        let (event, span) = event.map_err(|error| parser_error(&error))?;
        if matches!(event, Event::DocumentStart(_)) && std::mem::replace(&mut started, true) {
            return Err(second_document(span.start.line()));
        }
    }
    Ok(())
}

fn second_document(line: usize) -> ImportError {
    ImportError::new(ImportErrorKind::Documents, format!("line {line}: a second document starts here"))
}

fn parser_error(error: &saphyr_parser::ScanError) -> ImportError {
    let why = match error.info() {
        // This message quotes the text, which may be a value's first character.
        info if info.starts_with("unexpected character") => {
            "a value that starts with this character needs quotes"
        }
        info => info,
    };
    ImportError::syntax(error.marker().line(), why)
}

/// Builds a tree from the parser's events.
#[derive(Default)]
struct Reader {
    open: Vec<Collection>,
    /// Complete values that have an anchor, with the size that [`size`] returns.
    anchors: HashMap<usize, (Node, usize)>,
    expanded: usize,
    documents: usize,
    root: Option<Node>,
}

/// A mapping or list that hasn't ended.
#[derive(Default)]
struct Collection {
    /// None for a list, whose values are dropped.
    object: Option<Object>,
    /// The name whose value comes next.
    name: Option<String>,
    name_line: usize,
    /// True if that name is `<<`, without quotes.
    merges: bool,
    merged: Option<Object>,
    anchor: usize,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), ImportError> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(second_document(line));
                }
            }
            Event::Scalar(text, style, anchor, _) if self.expects_name() => {
                let Some(open) = self.open.last_mut() else { return Ok(()) };
                open.merges = style == ScalarStyle::Plain && text == "<<";
                open.name_line = line;
                if anchor != 0 {
                    let node = Node::Text(SecretBytes::new(text.as_bytes().to_vec()));
                    self.anchors.insert(anchor, (node, 1 + text.len()));
                }
                open.name = Some(text.into_owned());
            }
            Event::Scalar(text, style, anchor, tag) => {
                // A missing value is reported by whatever follows it, which may be lines below its name.
                let named = self.open.last().filter(|open| open.name.is_some() && text.is_empty());
                let line = named.map_or(line, |open| open.name_line);
                let node = scalar(&text, style, tag.as_deref(), line)?;
                self.put(node, anchor, line)?;
            }
            Event::MappingStart(anchor, tag) => {
                check_tag(tag.as_deref(), &["map"], line)?;
                self.start(Some(Object::default()), anchor, line)?;
            }
            Event::SequenceStart(anchor, tag) => {
                check_tag(tag.as_deref(), &["seq"], line)?;
                self.start(None, anchor, line)?;
            }
            Event::MappingEnd | Event::SequenceEnd => {
                let open = self.open.pop().expect("the parser ends what it started");
                let node = open.object.map_or(LIST, |mut object| {
                    for (name, node) in open.merged.map(Object::into_entries).unwrap_or_default() {
                        object.add(name, node);
                    }
                    Node::Object(object)
                });
                self.put(node, open.anchor, line)?;
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor) else {
                    return Err(ImportError::syntax(line, "an alias refers to itself"));
                };
                self.expanded += size;
                if self.expanded > EXPANDED {
                    return Err(ImportError::syntax(line, "aliases expand to more than 1 MiB"));
                }
                self.put(node.clone(), 0, line)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn expects_name(&self) -> bool {
        self.open.last().is_some_and(|open| open.object.is_some() && open.name.is_none())
    }

    fn start(&mut self, object: Option<Object>, anchor: usize, line: usize) -> Result<(), ImportError> {
        if self.open.len() == DEPTH {
            return Err(ImportError::syntax(line, format!("more than {DEPTH} nested mappings")));
        }
        if self.expects_name() {
            return Err(ImportError::syntax(line, COLLECTION_AS_NAME));
        }
        self.open.push(Collection { object, name_line: line, anchor, ..Collection::default() });
        Ok(())
    }

    /// Adds a complete value.
    fn put(&mut self, node: Node, anchor: usize, line: usize) -> Result<(), ImportError> {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size(&node)));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        let Some(object) = &mut open.object else { return Ok(()) };
        match (open.name.take(), node) {
            // An alias can be a name.
            (None, Node::Text(text)) => {
                open.merges = false;
                open.name = Some(String::from_utf8_lossy(text.expose()).into_owned());
                open.name_line = line;
            }
            (None, _) => return Err(ImportError::syntax(line, COLLECTION_AS_NAME)),
            (Some(_), Node::Object(merged)) if open.merges && open.merged.is_none() => {
                open.merged = Some(merged);
            }
            (Some(_), _) if open.merges => {
                return Err(ImportError::syntax(line, "<< takes one mapping, and only once"));
            }
            (Some(name), node) => {
                if !object.add(name.clone(), node) {
                    let above = self.open.iter().filter_map(|open| open.name.as_deref());
                    let path: Vec<_> = above.chain([&*name]).collect();
                    return Err(ImportError::repeated(&path.join(".")));
                }
            }
        }
        Ok(())
    }
}

const COLLECTION_AS_NAME: &str = "a name can't be a mapping or a list";

/// Returns the number of values in `node`, plus their bytes.
fn size(node: &Node) -> usize {
    match node {
        Node::Text(text) | Node::Decrypted(text) => 1 + text.len(),
        Node::Missing(_) | Node::Unsupported(_) => 1,
        Node::Object(object) => 1 + object.entries().iter().map(|(_, node)| size(node)).sum::<usize>(),
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, line: usize) -> Result<Node, ImportError> {
    let value = || SecretBytes::new(text.as_bytes().to_vec());
    let is_plain = style == ScalarStyle::Plain;
    let Some(tag) = tag else {
        return Ok(match text {
            "" if is_plain => Node::Missing(line),
            "~" | "null" | "Null" | "NULL" if is_plain => NULL,
            _ => Node::Text(value()),
        });
    };
    match (tag.is_yaml_core_schema(), tag.suffix.as_str()) {
        (true, "null") => Ok(NULL),
        (true, "binary") => Ok(decode_base64(text).map_or(Node::Unsupported("is not base64"), Node::Text)),
        _ => {
            check_tag(Some(tag), &["str", "int", "float", "bool", "timestamp"], line)?;
            Ok(Node::Text(value()))
        }
    }
}

/// Decodes standard base64 (RFC 4648, section 4) with white space between the characters.
fn decode_base64(text: &str) -> Option<SecretBytes> {
    let mut packed = Zeroizing::new(Vec::with_capacity(text.len()));
    packed.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let mut bytes = Zeroizing::new(vec![0; packed.len()]);
    let length = STANDARD.decode_slice(&*packed, &mut bytes).ok()?;
    Some(SecretBytes::new(bytes[..length].to_vec()))
}

/// Accepts YAML's own tags among `names`, and `!`, which means no other tag (YAML 1.2.2, section 6.9.1).
fn check_tag(tag: Option<&Tag>, names: &[&str], line: usize) -> Result<(), ImportError> {
    let is_known = |tag: &Tag| {
        let (handle, suffix) = (tag.handle.as_str(), tag.suffix.as_str());
        tag.is_yaml_core_schema() && names.contains(&suffix)
            || matches!((handle, suffix), ("", "!") | ("!", ""))
    };
    if tag.is_none_or(is_known) { Ok(()) } else { Err(ImportError::syntax(line, "unknown tag")) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::shown;

    fn read(text: impl AsRef<[u8]>) -> String {
        shown(super::read(text.as_ref(), &|_| true))
    }

    #[test]
    fn values_are_read() {
        for (text, expected) in [
            (
                "mode: 0755\nn: 1_000\nx: 0x1F\nv: 1.10\nyes: yes\nno: NO\nday: 2024-01-01\nt: true\nsix: 12:30:45\ne: 1e3\n",
                r#"mode="0755" n="1_000" x="0x1F" v="1.10" yes="yes" no="NO" day="2024-01-01" t="true" six="12:30:45" e="1e3""#,
            ),
            (
                "big: 123456789012345678901234567890\ninf: .inf\nurl: https://u:p@h/#x\nw: two words # comment\n",
                r#"big="123456789012345678901234567890" inf=".inf" url="https://u:p@h/#x" w="two words""#,
            ),
            (
                "a: 'it''s'\nb: \"x\\n\\u00e9\\x41\"\nc: |\n  one\n   two\n\nd: |-\n  one\n  two\ne: >\n  folded\n  text\nf: |+\n  keep\n\n",
                r#"a="it's" b="x\néA" c="one\n two\n" d="one\ntwo" e="folded text\n" f="keep\n\n""#,
            ),
            ("a: |\n  x\n# end", r#"a="x\n""#),
            ("\u{feff}a: |-\n  é\nb: x", r#"a="é" b="x""#),
            ("a: |-\n  x", r#"a="x""#),
            ("g: ''\nh: \"null\"\ni: '~'\nj: two\n  lines\n", r#"g="" h="null" i="~" j="two lines""#),
            ("---\na: \"\u{feff}x\"\n...\n", r#"a="\u{feff}x""#),
            ("\u{feff}a: 1\r\nb: 2\r\n", r#"a="1" b="2""#),
            ("{a: {b: 1, \"c\": 'x'}, d-e: y}", r#"a_b="1" a_c="x" d_e="y""#),
            (
                "base: &base\n  host: &h db\n  port: 5432\nprod:\n  <<: *base\n  port: 1\n  peer: *h\n",
                r#"base_host="db" base_port="5432" prod_port="1" prod_peer="db" prod_host="db""#,
            ),
            ("a: {'<<': {b: x}}", r#"a____b="x""#),
            ("&k name: x\nother: *k\n", r#"name="x" other="name""#),
            ("k: &k name\n*k : x\n", r#"k="name" name="x""#),
            (
                "a: !!str 1\nb: !!int 0x1\nc: !!binary aGVs\n  bG8=\nd: ! x\n",
                r#"a="1" b="0x1" c="hello" d="x""#,
            ),
            ("!!map\na: !!map {b: c}\n", r#"a_b="c""#),
            (
                "apiVersion: v1\nkind: Secret\ndata: {A: aGVsbG8=}\n",
                r#"apiVersion="v1" kind="Secret" data_A="aGVsbG8=""#,
            ),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn errors_name_the_line_or_the_path() {
        let missing = "line 2: a name without a value, or the rest of the value above";
        for (text, message) in [
            ("x: 1\na:\n", missing),
            ("x: 1\na: # b\ny: 2\n", missing),
            ("x: {y: hun,\n ter2}", missing),
            ("x: {y: 1,\n z: \n \n}", missing),
            ("x: 1\n? hunter2", missing),
            ("a:\n  b: ~\n", "a.b is null, not a value"),
            ("a: {b: null}", "a.b is null, not a value"),
            ("a: {b: !!null ''}", "a.b is null, not a value"),
            ("a: {b: NULL}", "a.b is null, not a value"),
            ("a: [{b: c}, [d]]", "a is a list, not a single value"),
            ("a: !!seq [x]", "a is a list, not a single value"),
            ("1a: x", "1a can't be a variable name"),
            ("a: {b: 1}\na_b: 2", "a.b and a_b would both become a_b"),
            ("a:\n  b: 1\n  'b': 1", "a.b appears twice"),
            ("a: !!binary hunter2!", "a is not base64"),
            ("a: &a {x: 1}\nb:\n  <<: [*a, *a]", "line 3: << takes one mapping, and only once"),
            ("a: &a\n  b: *a", "line 2: an alias refers to itself"),
            ("a: 1\n---\nb: 2\n", "line 2: a second document starts here"),
            ("x: 1\na: !vault hunter2", "line 2: unknown tag"),
            ("x: 1\na: !Sub {b: c}", "line 2: unknown tag"),
            ("x: 1\na: !!omap [b]", "line 2: unknown tag"),
            ("# nothing", "line 1: the file is empty"),
            ("~", "line 1: expected a mapping"),
            ("[]", "line 1: expected a mapping"),
            ("x: 1\na: |\n  é", "line 3: a block has no line break at its end"),
            ("a: >+\n  x\n  ", "line 3: a block has no line break at its end"),
            ("a: |+\n ", "line 2: a block has no line break at its end"),
            ("a: !!binary |\n  aGVs\n  bG8=", "line 3: a block has no line break at its end"),
        ] {
            assert_eq!(read(text), message, "{text}");
        }
    }

    #[test]
    fn syntax_errors_name_the_line_and_no_value() {
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
            let message = read(text);
            let found: usize = message["line ".len()..].split(':').next().unwrap().parse().unwrap();
            assert!(found.abs_diff(line) <= 1, "{text:?}: {message}");
            assert!(!message.contains("hunter") && !message.contains(['@', '`', '%']), "{message}");
        }
    }

    #[test]
    fn aliases_expand_up_to_a_limit() {
        let levels = (1..40).map(|level| format!("a{level}: &a{level} {{l: *a{0}, r: *a{0}}}\n", level - 1));
        let laughs = format!("a0: &a0 {{x: lol}}\n{}", levels.collect::<String>());
        let many: String = (0..50).map(|n| format!("b{n}: *a\n")).collect();
        let long = format!("a: &a {}\n{many}", "x".repeat(100_000));
        for text in [laughs, long] {
            assert!(read(&text).ends_with("aliases expand to more than 1 MiB"));
        }
    }

    #[test]
    fn nesting_does_not_overflow_the_stack() {
        for open in ["{a: ", "[", "- ", "? "] {
            assert!(read(open.repeat(5_000)).starts_with("line "));
        }
        let nested: String = (0..100).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        assert!(read(nested).ends_with("more than 64 nested mappings"));
    }
}
