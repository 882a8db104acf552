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

use super::json;
use super::tree::Node;

/// How a file of sops's is made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Variables.
    Dotenv,
    /// Sections of names and values.
    Ini,
    /// Objects.
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

    /// What is asked of sops: for `--output-type`. JSON is for [`super::json::read`], binary is the text itself.
    pub fn output_type(self) -> &'static str {
        if self == Self::Binary { "binary" } else { "json" }
    }
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
