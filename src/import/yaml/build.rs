//! The parser's events, made into a tree.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saphyr_parser::{Event, ScalarStyle, Tag};
use zeroize::Zeroizing;

use crate::crypto::SecretBytes;

use super::super::ImportError;
use super::super::tree::{DEPTH, Node, Object, Path};
use super::syntax;

/// What all aliases together may unfold to: values, and bytes of them.
const UNFOLDED: usize = 1 << 20;

/// A document that is being read, event by event.
#[derive(Default)]
pub(super) struct Builder {
    open: Vec<Open>,
    /// Complete values that have an anchor, with what they unfold to.
    anchors: HashMap<usize, (Node, usize)>,
    unfolded: usize,
    documents: usize,
    root: Option<Node>,
}

/// A mapping or list that has not ended.
struct Open {
    /// None for a list.
    object: Option<Object>,
    /// The name whose value comes next.
    name: Option<String>,
    /// Whether that name is `<<`, without quotes.
    merges: bool,
    /// Where the last name stands.
    line: usize,
    /// What `<<` has brought.
    merged: Option<Object>,
    anchor: usize,
    path: Path,
}

impl Builder {
    /// Takes the next event, which starts on `line`.
    pub(super) fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), ImportError> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(ImportError::Documents { line });
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(open) = self.open.last_mut()
                    && open.object.is_some()
                    && open.name.is_none()
                {
                    open.merges = style == ScalarStyle::Plain && text == "<<";
                    if anchor != 0 {
                        let name = Node::Text(SecretBytes::new(text.as_bytes().to_vec()));
                        self.anchors.insert(anchor, (name, 1 + text.len()));
                    }
                    open.name = Some(text.into_owned());
                    open.line = line;
                    return Ok(());
                }
                // Where nothing stands is told by what comes after it, which may be lines below its name.
                let named = self.open.last().filter(|open| open.name.is_some() && text.is_empty());
                let line = named.map_or(line, |open| open.line);
                let node = scalar(&text, style, tag.as_deref(), line)?;
                self.put(node, anchor, line)
            }
            Event::MappingStart(anchor, tag) => {
                known(tag.as_deref(), &["map"], line)?;
                self.start(Some(Object::default()), anchor, line)
            }
            Event::SequenceStart(anchor, tag) => {
                known(tag.as_deref(), &["seq"], line)?;
                self.start(None, anchor, line)
            }
            Event::MappingEnd | Event::SequenceEnd => {
                let open = self.open.pop().expect("the parser ends what it started");
                let node = match open.object {
                    Some(object) => Node::Object(with_merged(object, open.merged)),
                    None => Node::Unholdable("a list"),
                };
                self.put(node, open.anchor, line)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor) else {
                    return Err(syntax(line, "an alias stands within what it names"));
                };
                self.unfolded += size;
                if self.unfolded > UNFOLDED {
                    return Err(syntax(line, "the aliases unfold to more than any environment holds"));
                }
                self.put(node.clone(), 0, line)
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    /// What the document holds, if anything.
    pub(super) fn finish(self) -> Option<Node> {
        self.root
    }

    fn start(&mut self, object: Option<Object>, anchor: usize, line: usize) -> Result<(), ImportError> {
        if self.open.len() == DEPTH {
            return Err(syntax(line, &format!("mappings stand more than {DEPTH} deep in each other")));
        }
        if let Some(open) = self.open.last()
            && open.object.is_some()
            && open.name.is_none()
        {
            return Err(syntax(line, "a name is a mapping or a list"));
        }
        let path = self.path();
        self.open.push(Open { object, name: None, merges: false, line, merged: None, anchor, path });
        Ok(())
    }

    /// Where the value that comes next stands.
    fn path(&self) -> Path {
        match self.open.last() {
            None => Path::default(),
            Some(open) => open.name.as_ref().map_or_else(|| open.path.clone(), |name| open.path.to(name)),
        }
    }

    /// A value that is complete.
    fn put(&mut self, node: Node, anchor: usize, line: usize) -> Result<(), ImportError> {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size(&node)));
        }
        let path = self.path();
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        let Some(object) = &mut open.object else { return Ok(()) };
        match (open.name.take(), node) {
            (None, Node::Text(text)) => {
                open.merges = false;
                open.name = Some(String::from_utf8_lossy(text.expose()).into_owned());
                open.line = line;
            }
            (None, _) => return Err(syntax(line, "a name is a mapping or a list")),
            (Some(_), Node::Object(merged)) if open.merges && open.merged.is_none() => {
                open.merged = Some(merged);
            }
            (Some(_), _) if open.merges => {
                return Err(syntax(line, "<< takes one mapping here, and once"));
            }
            (Some(name), node) => {
                if !object.add(name, node) {
                    return Err(ImportError::Repeated { origin: path.origin().to_owned() });
                }
            }
        }
        Ok(())
    }
}

/// What stands in a mapping, then what `<<` brings and is not there.
fn with_merged(mut object: Object, merged: Option<Object>) -> Object {
    for (name, node) in merged.map(Object::into_entries).unwrap_or_default() {
        object.add(name, node);
    }
    object
}

/// How much a value holds: one, for each value, and its bytes.
fn size(node: &Node) -> usize {
    match node {
        Node::Text(text) | Node::Opened(text) => 1 + text.len(),
        Node::Null | Node::Nothing(_) | Node::Unholdable(_) => 1,
        Node::Object(object) => 1 + object.nodes().map(size).sum::<usize>(),
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, line: usize) -> Result<Node, ImportError> {
    let value = || SecretBytes::new(text.as_bytes().to_vec());
    let plain = style == ScalarStyle::Plain;
    let Some(tag) = tag else {
        return Ok(match text {
            "" if plain => Node::Nothing(line),
            "~" | "null" | "Null" | "NULL" if plain => Node::Null,
            _ => Node::Text(value()),
        });
    };
    match (tag.is_yaml_core_schema(), tag.suffix.as_str()) {
        (true, "null") => Ok(Node::Null),
        (true, "binary") => Ok(unbase64(&value()).map_or(Node::Unholdable("not base64"), Node::Text)),
        _ => {
            known(Some(tag), &["str", "int", "float", "bool", "timestamp"], line)?;
            Ok(Node::Text(value()))
        }
    }
}

/// Decodes standard base64 (RFC 4648, section 4); white space between the characters is passed over.
fn unbase64(text: &SecretBytes) -> Option<SecretBytes> {
    let mut packed = Zeroizing::new(Vec::with_capacity(text.len()));
    packed.extend(text.expose().iter().filter(|byte| !byte.is_ascii_whitespace()));
    let mut bytes = Zeroizing::new(vec![0; packed.len()]);
    let length = STANDARD.decode_slice(&*packed, &mut bytes).ok()?;
    Some(SecretBytes::new(bytes[..length].to_vec()))
}

/// Refuses a tag that is none of YAML's own `names`, nor `!`, which says that there is no other (YAML 1.2.2, section
/// 6.9.1).
fn known(tag: Option<&Tag>, names: &[&str], line: usize) -> Result<(), ImportError> {
    let fine = |tag: &Tag| {
        let (handle, suffix) = (tag.handle.as_str(), tag.suffix.as_str());
        tag.is_yaml_core_schema() && names.contains(&suffix)
            || matches!((handle, suffix), ("", "!") | ("!", ""))
    };
    if tag.is_none_or(fine) {
        Ok(())
    } else {
        Err(syntax(line, "a tag that only its own reader understands"))
    }
}
