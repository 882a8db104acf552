//! `[policy]`: which names are plain, which only the target machine sets, which files are left out.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use toml_edit::{Array, Document, DocumentMut, Item, Table, value};

/// Longer globs, and more of them, than any team writes. Deeply nested ones would exhaust the matcher's stack.
const MAX_GLOB: usize = 256;
const MAX_GLOBS: usize = 1000;

/// What the team has declared in `[policy]`.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    plain: GlobSet,
    /// Names that are declared one by one, in a schema beside the env files.
    names: BTreeSet<String>,
    exclude: GlobSet,
    external: GlobSet,
}

/// Why a team file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not UTF-8, or not TOML.
    #[error("it is not TOML: {0}")]
    Toml(String),
    /// `[policy]`, `plain` or `exclude` is of another type than it should be.
    #[error("`{0}` must be an array of strings")]
    Type(&'static str),
    /// A glob that cannot be understood.
    #[error("`{key}` holds a glob that cannot be understood: {glob:?}")]
    Glob {
        /// `policy.plain` or `policy.exclude`.
        key: &'static str,
        /// The glob as written.
        glob: String,
    },
    /// The globs together are more than is worth matching.
    #[error("`{0}` holds more globs, or longer ones, than envseal takes")]
    TooLarge(&'static str),
}

impl Policy {
    /// Reads the policy out of a team file's text; without a `[policy]` it is empty.
    pub fn parse(text: &[u8]) -> Result<Self, PolicyError> {
        let document = document(text)?;
        Ok(Self {
            plain: globs(&document, "plain", "policy.plain")?,
            names: BTreeSet::new(),
            exclude: globs(&document, "exclude", "policy.exclude")?,
            external: globs(&document, "external", "policy.external")?,
        })
    }

    /// With these names, which a schema declares to be not secret.
    #[must_use]
    pub fn with_names<'a>(mut self, names: impl Iterator<Item = &'a str>) -> Self {
        self.names.extend(names.map(str::to_owned));
        self
    }

    /// Whether variables of this name are declared to be not secret.
    pub fn is_plain(&self, name: &str) -> bool {
        self.is_plain_by_glob(name) || self.names.contains(name)
    }

    /// Whether the team file declares them so.
    pub fn is_plain_by_glob(&self, name: &str) -> bool {
        self.plain.is_match(name)
    }

    /// Whether the target machine is declared to set variables of this name.
    pub fn is_external(&self, name: &str) -> bool {
        self.external.is_match(name)
    }

    /// Whether the file at this path, relative to the team file's folder, is left out.
    pub fn is_excluded(&self, path: &std::path::Path) -> bool {
        self.exclude.is_match(path)
    }
}

/// The globs of a team file's text, each with the key it stands under (`plain`, `exclude` or `external`), as written; none of a
/// text that cannot be read.
pub(crate) fn policy_globs(text: &[u8]) -> Vec<(&'static str, String)> {
    let Ok(document) = document(text) else { return Vec::new() };
    let policy = document.get("policy").and_then(Item::as_table_like);
    let of = |key: &'static str| {
        let list = policy.and_then(|policy| policy.get(key)).and_then(Item::as_array);
        let globs = list.into_iter().flat_map(|list| list.iter().filter_map(|item| item.as_str()));
        globs.map(move |glob| (key, glob.to_owned())).collect::<Vec<_>>()
    };
    [of("plain"), of("exclude"), of("external")].concat()
}

/// Names that are plainly not secret, in every project that has them.
const NOT_SECRET: [&str; 6] = ["NODE_ENV", "PORT", "HOST", "LOG_LEVEL", "NEXT_PUBLIC_*", "VITE_*"];

/// The globs worth proposing for a project with these variable names.
pub(crate) fn propose_plain(names: &[&str]) -> Vec<&'static str> {
    let matches = |glob: &str, name: &str| match glob.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == glob,
    };
    NOT_SECRET.into_iter().filter(|glob| names.iter().any(|name| matches(glob, name))).collect()
}

/// A team file's text with `globs` added to `[policy] plain`; what stands there already stays as it is.
pub(crate) fn with_plain(text: &[u8], globs: &[&str]) -> Result<String, PolicyError> {
    with_globs(text, "plain", "policy.plain", globs)
}

/// A team file's text with `names` added to `[policy] external`; what stands there already stays as it is.
pub(crate) fn with_external(text: &[u8], names: &[&str]) -> Result<String, PolicyError> {
    with_globs(text, "external", "policy.external", names)
}

fn with_globs(text: &[u8], key: &str, name: &'static str, globs: &[&str]) -> Result<String, PolicyError> {
    let mut document = document(text)?;
    let policy = document.entry("policy").or_insert_with(|| Item::Table(Table::new()));
    let policy = policy.as_table_like_mut().ok_or(PolicyError::Type("policy"))?;
    let list = policy.entry(key).or_insert_with(|| value(Array::new()));
    let list = list.as_array_mut().ok_or(PolicyError::Type(name))?;
    for glob in globs {
        if !list.iter().any(|present| present.as_str() == Some(glob)) {
            push_as_written(list, glob);
        }
    }
    Ok(document.to_string())
}

/// Adds an item in the way the array is written: on a line of its own where the last one is, behind its comment.
pub(super) fn push_as_written(array: &mut Array, text: &str) {
    let last = array.iter().last().and_then(|last| last.decor().prefix()?.as_str()).unwrap_or("").to_owned();
    let trailing = array.trailing().as_str().unwrap_or("").to_owned();
    let Some((indent, line_end)) =
        last.rfind('\n').zip(trailing.rfind('\n')).filter(|_| array.trailing_comma())
    else {
        return array.push(text);
    };
    let prefix = format!("{}{}", &trailing[..=line_end], &last[indent + 1..]);
    let mut item = toml_edit::Value::from(text);
    *item.decor_mut() = toml_edit::Decor::new(prefix, "");
    array.push_formatted(item);
    array.set_trailing(&trailing[line_end..]);
}

fn document(text: &[u8]) -> Result<DocumentMut, PolicyError> {
    Ok(parsed(text)?.into_mut())
}

/// The text as TOML, with the places of its entries.
pub(super) fn parsed(text: &[u8]) -> Result<Document<&str>, PolicyError> {
    let text = std::str::from_utf8(text).map_err(|_| PolicyError::Toml("not UTF-8".into()))?;
    Document::parse(text).map_err(|error| {
        let before = error.span().map_or("", |span| text.get(..span.start).unwrap_or(text));
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        PolicyError::Toml(format!("line {line}: {}", error.message().trim_end().replace('\n', "; ")))
    })
}

fn globs(document: &DocumentMut, key: &str, name: &'static str) -> Result<GlobSet, PolicyError> {
    let Some(policy) = document.get("policy") else { return Ok(GlobSet::empty()) };
    let policy = policy.as_table_like().ok_or(PolicyError::Type("policy"))?;
    let Some(list) = policy.get(key) else { return Ok(GlobSet::empty()) };
    let list = list.as_array().ok_or(PolicyError::Type(name))?;
    let mut set = GlobSetBuilder::new();
    if list.len() > MAX_GLOBS
        || list.iter().any(|item| item.as_str().is_some_and(|text| text.len() > MAX_GLOB))
    {
        return Err(PolicyError::TooLarge(name));
    }
    for item in list {
        let text = item.as_str().ok_or(PolicyError::Type(name))?;
        let bad = |_| PolicyError::Glob { key: name, glob: text.into() };
        set.add(GlobBuilder::new(text).literal_separator(key == "exclude").build().map_err(bad)?);
    }
    set.build().map_err(|_| PolicyError::TooLarge(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_over_whole_names() {
        let policy = Policy::parse(b"[policy]\nplain = ['PORT', 'NEXT_PUBLIC_*']\n").unwrap();
        assert!(policy.is_plain("PORT") && policy.is_plain("NEXT_PUBLIC_URL"));
        assert!(!policy.is_plain("PORT2") && !policy.is_plain("port"));
        assert!(!Policy::parse(b"").unwrap().is_plain("PORT"));
    }

    #[test]
    fn each_list_is_for_its_own() {
        let text = b"[policy]\nexternal = ['AWS_*']\nexclude = ['fixtures/**', 'a.env']\nplain = ['PORT']\n";
        let policy = Policy::parse(text).unwrap();
        assert!(policy.is_external("AWS_REGION") && !policy.is_external("PORT"));
        for (path, is_excluded) in
            [("fixtures/x/.env", true), ("a.env", true), (".env", false), ("x/fixtures/.env", false)]
        {
            assert_eq!(policy.is_excluded(std::path::Path::new(path)), is_excluded, "{path}");
        }
        assert!(!policy.is_plain("AWS_REGION"));
        let globs =
            [("plain", "PORT"), ("exclude", "fixtures/**"), ("exclude", "a.env"), ("external", "AWS_*")];
        assert_eq!(policy_globs(text), globs.map(|(key, glob)| (key, glob.to_owned())));
        assert!(policy_globs(b"[policy").is_empty() && policy_globs(b"plain = ['PORT']").is_empty());
    }

    #[test]
    fn a_policy_of_another_shape_is_refused() {
        for bad in [
            "policy = 1",
            "[policy]\nplain = 'PORT'",
            "[policy]\nplain = [1]",
            "[policy]\nplain = ['[']",
            "[",
        ] {
            assert!(Policy::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn adding_a_glob_keeps_comments_and_order() {
        let before = "# ours\n[policy]\nplain = [\n  'B', # why\n]\n[x]\ny = 1\n";
        let after = with_plain(before.as_bytes(), &["B", "PORT"]).unwrap();
        let list = "# ours
[policy]
plain = [
  'B', # why
  \"PORT\",
]
";
        assert_eq!(
            after,
            format!(
                "{list}[x]
y = 1
"
            )
        );
        assert!(Policy::parse(after.as_bytes()).unwrap().is_plain("PORT"));
        assert_eq!(with_plain(b"", &["PORT"]).unwrap(), "[policy]\nplain = [\"PORT\"]\n");
    }

    #[test]
    fn only_names_the_project_has_are_proposed() {
        assert_eq!(propose_plain(&["PORT", "SECRET", "VITE_URL"]), ["PORT", "VITE_*"]);
    }
}
