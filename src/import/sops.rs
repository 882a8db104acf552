//! sops files (getsops/sops, `stores`). sops itself decrypts them; this module recognizes them and reads sops's JSON output.
//!
//! The metadata that sops adds is a `sops` object in JSON, a `sops:` mapping in YAML, a `[sops]` section in INI, and `sops_…`
//! variables in dotenv. A file whose name sops doesn't know is encrypted as a whole ("binary"): JSON with one string, `data`.
//! That happens to `.env.production`, unless `--input-type dotenv` is given.
//!
//! sops keeps numbers, booleans and dates of YAML by type: `0755` became `493` when it was encrypted. In dotenv it
//! reads `\n` as a line break, and keeps quotes. Its JSON has no comments, which it encrypts, too.

use std::collections::HashMap;

use super::tree::{Node, Object};
use super::{ImportError, json, yaml};
use crate::crypto::SecretBytes;
use crate::dotenv::Document;
use crate::project::ImportItem;

const ENCRYPTED: &[u8] = b"ENC[";
/// The section of INI names before the first header.
const NO_SECTION: &str = "DEFAULT";
/// Encloses an INI value of several lines.
const BLOCK: &str = "\"\"\"";

/// The format of a sops file, as in `--input-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SopsFormat {
    Dotenv,
    Ini,
    Json,
    Yaml,
    /// Any text, encrypted as a whole.
    Binary,
}

impl SopsFormat {
    /// Returns None if `text` isn't a sops file. The file's `name` matters only for JSON with nothing but `data`.
    pub fn detect(name: &str, text: &[u8]) -> Option<Self> {
        if text.trim_ascii_start().starts_with(b"{") {
            let object = json::object(text).ok()?;
            let Some(Node::Object(metadata)) = object.get("sops") else { return None };
            metadata.get("mac").or_else(|| metadata.get("version"))?;
            let has_only_data =
                object.entries().len() == 2 && matches!(object.get("data"), Some(Node::Text(_)));
            let is_binary = has_only_data && !name.to_ascii_lowercase().ends_with(".json");
            return Some(if is_binary { Self::Binary } else { Self::Json });
        }
        let lines = || text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end);
        let starts = |start: &str| lines().any(|line| line.starts_with(start.as_bytes()));
        let is = |whole: &str| lines().any(|line| line == whole.as_bytes());
        if starts("sops_mac=") && starts("sops_version=") {
            Some(Self::Dotenv)
        } else if is("sops:") && lines().any(|line| line.trim_ascii_start().starts_with(b"mac: ")) {
            Some(Self::Yaml)
        } else if is("[sops]") && starts("mac") {
            Some(Self::Ini)
        } else {
            None
        }
    }

    pub fn input_type(self) -> &'static str {
        match self {
            Self::Dotenv => "dotenv",
            Self::Ini => "ini",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Binary => "binary",
        }
    }

    /// Returns the `--output-type`: JSON for [`read`], or the text itself.
    pub fn output_type(self) -> &'static str {
        if self == Self::Binary { "binary" } else { "json" }
    }
}

/// Rejects a file with several YAML documents: sops's JSON contains only the first.
pub fn refuse_documents(format: SopsFormat, encrypted: &[u8]) -> Result<(), ImportError> {
    if format == SopsFormat::Yaml { yaml::refuse_documents(encrypted) } else { Ok(()) }
}

/// Reads `decrypted`, the JSON that sops made of the file `encrypted`. sops leaves some values unencrypted, by name; a value
/// counts as encrypted unless it is in plaintext in the file.
///
/// A value that isn't UTF-8 is an error, because JSON can't hold it.
pub fn read(
    format: SopsFormat,
    encrypted: &[u8],
    decrypted: &[u8],
    wants: &dyn Fn(&str) -> bool,
) -> Result<Vec<ImportItem>, ImportError> {
    let in_file = match format {
        SopsFormat::Dotenv => dotenv_object(encrypted),
        SopsFormat::Ini => ini_object(encrypted),
        SopsFormat::Json => json::object(encrypted).unwrap_or_default(),
        SopsFormat::Yaml => yaml::object(encrypted).unwrap_or_default(),
        SopsFormat::Binary => Object::default(),
    };
    mark_decrypted(json::sops_object(decrypted)?, Some(&in_file)).into_items(wants)
}

fn mark_decrypted(decrypted: Object, in_file: Option<&Object>) -> Object {
    let in_file: HashMap<&str, &Node> =
        in_file.into_iter().flat_map(Object::entries).map(|(name, node)| (name.as_str(), node)).collect();
    let mut object = Object::default();
    for (name, node) in decrypted.into_entries() {
        let node = match (node, in_file.get(name.as_str()).copied()) {
            (Node::Object(members), Some(Node::Object(in_file))) => {
                Node::Object(mark_decrypted(members, Some(in_file)))
            }
            (Node::Object(members), _) => Node::Object(mark_decrypted(members, None)),
            (node, Some(Node::Text(text))) if !text.expose().starts_with(ENCRYPTED) => node,
            (Node::Text(text), _) => Node::Decrypted(text),
            (node, _) => node,
        };
        object.add(name, node);
    }
    object
}

fn dotenv_object(text: &[u8]) -> Object {
    let mut object = Object::default();
    for (name, value) in String::from_utf8_lossy(text).lines().filter_map(|line| line.split_once('=')) {
        add_encrypted_first(&mut object, name, value);
    }
    object
}

fn ini_object(text: &[u8]) -> Object {
    let mut object = Object::default();
    let (mut section, mut members) = (NO_SECTION.to_owned(), Object::default());
    // A multi-line value contains no names.
    let (mut block, mut continued) = (false, false);
    for line in String::from_utf8_lossy(text).lines().map(str::trim) {
        let inside = block || continued;
        continued = line.ends_with('\\');
        if inside {
            block &= !line.ends_with(BLOCK);
        } else if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            object.merge(std::mem::replace(&mut section, header.into()), std::mem::take(&mut members));
        } else if let Some((name, value)) = line.split_once('=') {
            let value = value.trim();
            block = value.strip_prefix(BLOCK).is_some_and(|rest| !rest.ends_with(BLOCK));
            add_encrypted_first(&mut members, name.trim().trim_matches('`'), value);
        }
    }
    object.merge(section, members);
    object
}

/// Adds a value. If a name is repeated, an encrypted value wins.
fn add_encrypted_first(object: &mut Object, name: &str, value: &str) {
    if value.as_bytes().starts_with(ENCRYPTED) {
        object.take(name);
    }
    object.add(name.to_owned(), Node::Text(SecretBytes::new(value.as_bytes().to_vec())));
}

/// Returns the statements of a dotenv text that was encrypted as a whole, without comments, blank lines and stray lines.
///
/// Its comments were encrypted too, and may hold secrets: last year's key, commented out. Rejects a text whose variables
/// would read differently: the next line may close a quote that isn't closed.
pub fn without_comments(document: &Document) -> Result<Document, ImportError> {
    let line_break = document.line_break();
    let capacity = document.as_bytes().len() + document.entries().len() * (line_break.len() + 1);
    let mut text = Vec::with_capacity(capacity);
    for entry in document.entries() {
        let statement = document.statement(entry);
        let comment = document.comment(entry).map_or(0, <[u8]>::len);
        let statement = statement[..statement.len() - comment].trim_ascii_start();
        // In `A: ` without a value, the blank belongs to the statement.
        let statement =
            if document.source(entry).is_empty() { statement } else { statement.trim_ascii_end() };
        text.extend_from_slice(statement.strip_prefix(b"\xef\xbb\xbf").unwrap_or(statement));
        // In `A:\r` without a value, the lone CR is a line break: an LF after it would not be another one.
        if text.ends_with(b"\r") {
            text.push(b'\n');
        }
        text.extend_from_slice(line_break.as_bytes());
    }
    let bare = Document::parse(text).map_err(|error| ImportError::syntax(1, error))?;
    if super::has_same_variables(&bare, document)
        && bare.strays().is_empty()
        && bare.comments().next().is_none()
    {
        return Ok(bare);
    }
    Err(ImportError::syntax(1, "its variables would read differently without the comments"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ImportErrorKind;
    use super::*;

    #[test]
    fn formats_are_detected() {
        let files: [(&str, &[u8], SopsFormat); 5] = [
            (".env.production", include_bytes!("../../tests/import/sops/sealed.env.txt"), SopsFormat::Dotenv),
            ("config.ini", include_bytes!("../../tests/import/sops/sealed.ini"), SopsFormat::Ini),
            ("secrets.json", include_bytes!("../../tests/import/sops/sealed.json"), SopsFormat::Json),
            ("secrets.yaml", include_bytes!("../../tests/import/sops/sealed.yaml"), SopsFormat::Yaml),
            (".env.staging", include_bytes!("../../tests/import/sops/sealed.binary.txt"), SopsFormat::Binary),
        ];
        for (name, text, format) in files {
            assert_eq!(SopsFormat::detect(name, text), Some(format), "{name}");
            let crlf = String::from_utf8(text.to_vec()).unwrap().replace('\n', "\r\n");
            assert!(SopsFormat::detect("any", crlf.as_bytes()).is_some(), "{name}");
        }
        let only_data = r#"{"data": "ENC[x]", "sops": {"mac": "x"}}"#;
        for (name, text, format) in [
            ("a.json", only_data, Some(SopsFormat::Json)),
            ("a.JSON", only_data, Some(SopsFormat::Json)),
            ("a.bin", only_data, Some(SopsFormat::Binary)),
            ("a.bin", r#"{"data": "ENC[x]", "a": 1, "sops": {"mac": "x"}}"#, Some(SopsFormat::Json)),
            ("x.json", "", None),
            ("x.json", "A=1\nsops_mac_address=x\n", None),
            ("x.json", "sops: yes\nmac: x\n", None),
            ("x.json", r#"{"sops": "x", "data": "y"}"#, None),
            ("x.json", r#"{"sops": {}, "data": "y"}"#, None),
            ("x.json", r#"{"sops": {"mac": 1}"#, None),
            ("x.json", "[sopsy]\nmac=1\n", None),
            ("x.json", "\u{0}", None),
        ] {
            assert_eq!(SopsFormat::detect(name, text.as_bytes()), format, "{name} {text}");
        }
    }

    #[test]
    fn encrypted_and_plaintext_values_are_told_apart() {
        use SopsFormat::{Dotenv, Ini, Json, Yaml};
        for (format, file, decrypted, expected) in [
            (
                Dotenv,
                &b"A=ENC[x]\nB=x\nC=\n#ENC[y]\nD=x\nD=ENC[z]\nF=\xffENC[\nsops_mac=ENC[w]\n"[..],
                r#"{"A": "x", "B": "x", "C": "", "D": "x", "E": "lost", "F": "x"}"#,
                &["A", "D", "E"][..],
            ),
            (
                Json,
                br#"{"o": {"a": "ENC[x]", "b": 1, "c": {"d": "x"}}, "e": "ENC[y]", "f": "x", "sops": {}}"#,
                r#"{"o": {"a": "x", "b": 1, "c": {"d": "x"}}, "e": {"g": "x"}, "f": "x", "h": {"i": "x"}}"#,
                &["o_a", "e_g", "h_i"],
            ),
            (
                Yaml,
                b"o:\n    a: ENC[x]\n    b: 1.0\n    l:\n    - ENC[z]\n'k.z': |\n    ENC[\nf: x\nsops: {}\n",
                r#"{"o": {"a": "x", "b": 1}, "k.z": "x", "f": "x"}"#,
                &["o_a", "k_z"],
            ),
            // If the file can't be read, everything counts as encrypted.
            (Yaml, b"f: [", r#"{"f": "x"}"#, &["f"]),
            (
                Ini,
                b"x = 1\n[DEFAULT]\ny=ENC[x]\n[s]\na = ENC[x]\nb = \"\"\"one\na = 1\n[t]\n\"\"\"\nc = two \\\n[t]\n`d` = 1\n\
                  e = `ENC[x`\n[t]\na = 1\nlast = ENC[\n",
                r#"{"DEFAULT": {"x": "1", "y": "2"}, "s": {"a": "x", "b": "x", "c": "x", "d": "x", "e": "x"}, "t": {"a": "x", "last": "x"}}"#,
                &["DEFAULT_y", "s_a", "t_last"],
            ),
        ] {
            let items = read(format, file, decrypted.as_bytes(), &|_| true).unwrap();
            let encrypted = items.iter().filter(|item| item.was_encrypted).map(|item| item.name.as_str());
            assert_eq!(encrypted.collect::<Vec<_>>(), expected, "{format:?}");
        }
    }

    #[test]
    fn several_documents_are_refused() {
        for (text, line) in
            [("a: 1\n---\nb: 2\n", 2), ("---\na: 1\n...\n---\n", 4), ("a: {<<: [x]}\n---\nb: 1", 2)]
        {
            let error = refuse_documents(SopsFormat::Yaml, text.as_bytes()).unwrap_err();
            assert_eq!(error.kind, ImportErrorKind::Documents);
            assert!(error.message.starts_with(&format!("line {line}: ")), "{error}");
        }
        assert_eq!(refuse_documents(SopsFormat::Yaml, b"# c\n---\na: |\n  ---\n"), Ok(()));
    }

    #[test]
    fn comments_are_removed_and_statements_kept() {
        for (text, expected) in [
            (
                "# OLD=hunter2\n\n  export A = 'x # y' # note\nB=\"two\nlines # in\"#note\nC=\nhunter2\n#D=1\nE=adm#in",
                "export A = 'x # y'\nB=\"two\nlines # in\"\nC=\nE=adm\n",
            ),
            ("A=1 # x\r\n# y\r\nB=2\r\n", "A=1\r\nB=2\r\n"),
            ("\u{feff}A=1\n", "A=1\n"),
            ("A=1 # x\rB:\r\r\nC=3\r", "A=1\r\nB:\r\n\r\nC=3\r\n"),
            ("B:\r\rC=3", "B:\r\n\nC=3\n"),
            ("# nothing\n", ""),
        ] {
            let bare = without_comments(&Document::parse(text.into()).unwrap()).unwrap();
            assert_eq!(bare.as_bytes(), expected.as_bytes());
        }
        let closed_by_the_next_line = Document::parse(b"A=`\n` x\nB=`\n`".to_vec()).unwrap();
        let error = without_comments(&closed_by_the_next_line).err().unwrap();
        assert_eq!(error.kind, ImportErrorKind::Syntax);
    }

    proptest! {
        /// The result has every value and no comment.
        #[test]
        fn without_comments_keeps_all_values(text in "([A-C]|=|: |#|'|\"|`|\\\\| |\n|\r|\r\n|x|export |\u{feff}|\\$\\{A\\}){0,24}") {
            let document = Document::parse(text.into_bytes()).unwrap();
            let Ok(bare) = without_comments(&document) else {
                let begins_with_quote = |entry| matches!(document.source(entry), [b'\'' | b'"' | b'`', ..]);
                prop_assert!(document.entries().iter().any(begins_with_quote));
                return Ok(());
            };
            let values = |document: &Document| -> Vec<_> {
                let value = |entry| (document.name(entry).to_owned(), document.value(entry).1.to_vec());
                document.entries().iter().map(value).collect()
            };
            prop_assert_eq!(values(&bare), values(&document));
            prop_assert!(bare.entries().iter().all(|entry| bare.comment(entry).is_none()));
        }
    }
}
