//! What sops keeps: told by what it writes into a file. Opening is left to sops itself, for its keys are in many places.
//!
//! sops puts its metadata into the file (getsops/sops, `stores`): a `sops` object in JSON, a `sops:` mapping in YAML, a
//! `[sops]` section in INI, and `sops_…` variables in dotenv. All that it does not know by its name it keeps whole, as
//! "binary": JSON with the one string `data`. So it keeps `.env.production` where it is not told `--input-type dotenv`;
//! what comes out of such a file is dotenv text, whose comments were sealed: see [`super::without_comments`].
//!
//! Its JSON is read as [`super::json`]. Numbers, booleans and dates of YAML come as sops keeps them, which is by their
//! type: `0755` was `493` from the day it was sealed. Of dotenv it takes `\n` for a line break, and keeps quotes.
//! Comments, which it seals as well, are not in its JSON, and so never in the clear.

use std::collections::HashMap;

use crate::crypto::SecretBytes;

use super::tree::{Items, Node, Object};
use super::{ImportError, Item, json, yaml};

/// What a sealed value starts with.
const SEALED: &[u8] = b"ENC[";

/// How a file of sops's is made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Variables.
    Dotenv,
    /// Sections of names and values.
    Ini,
    /// Repo.
    Json,
    /// Mappings.
    Yaml,
    /// Any text, whole.
    Binary,
}

impl Form {
    /// How the file `name`, which holds `text`, is made up; `None` where it is not sops's at all.
    ///
    /// The name matters only for JSON that holds nothing but `data`.
    pub fn of(name: &str, text: &[u8]) -> Option<Self> {
        let trimmed = text.trim_ascii_start();
        if trimmed.starts_with(b"{") {
            let object = json::object(text).ok()?;
            let Some(Node::Object(metadata)) = object.get("sops") else { return None };
            metadata.get("mac").or_else(|| metadata.get("version"))?;
            let whole = object.nodes().count() == 2 && matches!(object.get("data"), Some(Node::Text(_)));
            return Some(if whole && !name.to_ascii_lowercase().ends_with(".json") {
                Self::Binary
            } else {
                Self::Json
            });
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

    /// What sops calls it: for `--input-type`.
    pub fn input_type(self) -> &'static str {
        match self {
            Self::Dotenv => "dotenv",
            Self::Ini => "ini",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Binary => "binary",
        }
    }

    /// What is asked of sops: for `--output-type`. JSON is for [`read`], binary is the text itself.
    pub fn output_type(self) -> &'static str {
        if self == Self::Binary { "binary" } else { "json" }
    }
}

/// Refuses, before sops is asked, what it would not open as a whole: of several documents its JSON has the first alone.
///
/// Errors: [`ImportError::Documents`]; [`ImportError::Syntax`] where the text is not of its form.
pub fn refuse_documents(form: Form, sealed: &[u8]) -> Result<(), ImportError> {
    if form == Form::Yaml { yaml::refuse_documents(sealed) } else { Ok(()) }
}

/// Reads what sops made of the file that holds `sealed`: its JSON. sops leaves values in the clear by their names, so what
/// was sealed is looked up in the file; what is not found there counts as sealed.
///
/// Errors: those of [`json::read`], and [`ImportError::Unholdable`] for what is not UTF-8, which JSON cannot hold.
pub fn read(
    form: Form,
    sealed: &[u8],
    opened: &[u8],
    wants: &dyn Fn(&str) -> bool,
) -> Result<Vec<Item>, ImportError> {
    let found = match form {
        Form::Dotenv => variables(sealed),
        Form::Ini => sections(sealed),
        Form::Json => json::object(sealed).unwrap_or_default(),
        Form::Yaml => yaml::object(sealed).unwrap_or_default(),
        Form::Binary => Object::default(),
    };
    Items::of(marked(json::object_of_sops(opened)?, Some(&found)), wants)
}

/// `opened`, where every value is marked that does not stand in the clear in `sealed`.
fn marked(opened: Object, sealed: Option<&Object>) -> Object {
    let sealed: HashMap<&str, &Node> = sealed.into_iter().flat_map(Object::entries).collect();
    let mut object = Object::default();
    for (name, node) in opened.into_entries() {
        let there = sealed.get(name.as_str()).copied();
        let in_the_clear = matches!(there, Some(Node::Text(text)) if !text.expose().starts_with(SEALED));
        let node = match (node, there) {
            (Node::Object(members), Some(Node::Object(sealed))) => {
                Node::Object(marked(members, Some(sealed)))
            }
            (Node::Object(members), _) => Node::Object(marked(members, None)),
            (Node::Text(text), _) if !in_the_clear => Node::Opened(text),
            (node, _) => node,
        };
        object.add(name, node);
    }
    object
}

/// Where INI's names stand that come before any section's header.
const NO_SECTION: &str = "DEFAULT";
/// Around a value of several lines in INI.
const BLOCK: &str = "\"\"\"";

/// The names and values of dotenv.
fn variables(text: &[u8]) -> Object {
    let mut found = Object::default();
    for (name, value) in String::from_utf8_lossy(text).lines().filter_map(|line| line.split_once('=')) {
        note(&mut found, name, value);
    }
    found
}

/// The sections of INI, each with its names and values.
fn sections(text: &[u8]) -> Object {
    let mut found = Object::default();
    let (mut section, mut members) = (NO_SECTION.to_owned(), Object::default());
    // Within a value of several lines nothing is a name.
    let (mut block, mut continued) = (false, false);
    for line in String::from_utf8_lossy(text).lines().map(str::trim) {
        let inside = block || continued;
        continued = line.ends_with('\\');
        if inside {
            block &= !line.ends_with(BLOCK);
        } else if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            found.add_members(std::mem::replace(&mut section, header.into()), std::mem::take(&mut members));
        } else if let Some((name, value)) = line.split_once('=') {
            let value = value.trim();
            block = value.strip_prefix(BLOCK).is_some_and(|rest| !rest.ends_with(BLOCK));
            note(&mut members, name.trim().trim_matches('`'), value);
        }
    }
    found.add_members(section, members);
    found
}

/// Adds a value. Where a name stands twice, one that is sealed counts.
fn note(object: &mut Object, name: &str, value: &str) {
    if value.as_bytes().starts_with(SEALED) {
        object.take(name);
    }
    object.add(name.to_owned(), Node::Text(SecretBytes::new(value.as_bytes().to_vec())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_real_tool_wrote_is_known() {
        let files: [(&str, &[u8], Form); 5] = [
            (".env.production", include_bytes!("../../tests/import/sops/sealed.env.txt"), Form::Dotenv),
            ("config.ini", include_bytes!("../../tests/import/sops/sealed.ini"), Form::Ini),
            ("secrets.json", include_bytes!("../../tests/import/sops/sealed.json"), Form::Json),
            ("secrets.yaml", include_bytes!("../../tests/import/sops/sealed.yaml"), Form::Yaml),
            (".env.staging", include_bytes!("../../tests/import/sops/sealed.binary.txt"), Form::Binary),
        ];
        for (name, text, form) in files {
            assert_eq!(Form::of(name, text), Some(form), "{name}");
            let crlf = String::from_utf8(text.to_vec()).unwrap().replace('\n', "\r\n");
            assert!(Form::of("any", crlf.as_bytes()).is_some(), "{name}");
        }
    }

    #[test]
    fn what_is_not_sopss_is_not_taken_for_it() {
        for text in [
            "",
            "A=1\nsops_mac_address=x\n",
            "sops: yes\nmac: x\n",
            "{\"sops\": \"x\", \"data\": \"y\"}",
            "{\"sops\": {}, \"data\": \"y\"}",
            "{\"sops\": {\"mac\": 1}",
            "[sopsy]\nmac=1\n",
            "\u{0}",
        ] {
            assert_eq!(Form::of("x.json", text.as_bytes()), None, "{text}");
        }
    }

    /// By `read`, which variables were sealed.
    fn sealed(form: Form, file: &[u8], opened: &[u8]) -> Vec<String> {
        let items = read(form, file, opened, &|_| true).unwrap();
        items.into_iter().filter(|item| item.was_sealed).map(|item| item.name.to_string()).collect()
    }

    #[test]
    fn what_was_sealed_is_told_from_what_was_not() {
        let dotenv = b"A=ENC[x]\nB=x\nC=\n#ENC[y]\nD=x\nD=ENC[z]\nF=\xffENC[\nsops_mac=ENC[w]\n";
        let opened = br#"{"A": "x", "B": "x", "C": "", "D": "x", "E": "lost", "F": "x"}"#;
        assert_eq!(sealed(Form::Dotenv, dotenv, opened), ["A", "D", "E"]);
        let json = br#"{"o": {"a": "ENC[x]", "b": 1, "c": {"d": "x"}}, "e": "ENC[y]", "f": "x", "sops": {}}"#;
        let opened =
            br#"{"o": {"a": "x", "b": 1, "c": {"d": "x"}}, "e": {"g": "x"}, "f": "x", "h": {"i": "x"}}"#;
        assert_eq!(sealed(Form::Json, json, opened), ["o_a", "e_g", "h_i"]);
        let yaml =
            b"o:\n    a: ENC[x]\n    b: 1.0\n    l:\n    - ENC[z]\n'k.z': |\n    ENC[\nf: x\nsops: {}\n";
        let opened = br#"{"o": {"a": "x", "b": 1}, "k.z": "x", "f": "x"}"#;
        assert_eq!(sealed(Form::Yaml, yaml, opened), ["o_a", "k_z"]);
        // Where the file cannot be read as what it is, all of it counts as sealed.
        assert_eq!(sealed(Form::Yaml, b"f: [", br#"{"f": "x"}"#), ["f"]);
        let ini = b"x = 1\n[DEFAULT]\ny=ENC[x]\n[s]\na = ENC[x]\nb = \"\"\"one\na = 1\n[t]\n\"\"\"\nc = two \\\n[t]\n`d` = 1\n\
                    e = `ENC[x`\n[t]\na = 1\nlast = ENC[\n";
        let opened = br#"{"DEFAULT": {"x": "1", "y": "2"}, "s": {"a": "x", "b": "x", "c": "x", "d": "x", "e": "x"}, "t": {"a": "x", "last": "x"}}"#;
        assert_eq!(sealed(Form::Ini, ini, opened), ["DEFAULT_y", "s_a", "t_last"]);
    }

    #[test]
    fn of_several_documents_none_is_dropped() {
        for (text, line) in
            [("a: 1\n---\nb: 2\n", 2), ("---\na: 1\n...\n---\n", 4), ("a: {<<: [x]}\n---\nb: 1", 2)]
        {
            assert_eq!(refuse_documents(Form::Yaml, text.as_bytes()), Err(ImportError::Documents { line }));
        }
        assert_eq!(refuse_documents(Form::Yaml, b"# c\n---\na: |\n  ---\n"), Ok(()));
    }

    #[test]
    fn json_with_nothing_but_data_goes_by_the_name() {
        let text = br#"{"data": "ENC[x]", "sops": {"mac": "x"}}"#;
        assert_eq!(Form::of("a.json", text), Some(Form::Json));
        assert_eq!(Form::of("a.JSON", text), Some(Form::Json));
        assert_eq!(Form::of("a.bin", text), Some(Form::Binary));
        let more = br#"{"data": "ENC[x]", "a": 1, "sops": {"mac": "x"}}"#;
        assert_eq!(Form::of("a.bin", more), Some(Form::Json));
    }
}
