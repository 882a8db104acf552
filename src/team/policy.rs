//! `[policy]`: globs of names that are plain, of names that only the target machine sets, and of excluded files.

use std::collections::{BTreeSet, HashMap, VecDeque};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use toml_edit::{Array, Document, DocumentMut, Item, Table, value};

use super::TeamError;
use crate::dotenv::{self, Entry, is_reserved};

/// Limits beyond any team's needs. Deeply nested globs would exhaust the matcher's stack.
const MAX_GLOB: usize = 256;
const MAX_GLOBS: usize = 1000;

/// The lists of globs in `[policy]`.
pub(super) const POLICY_LISTS: [&str; 3] = ["plain", "exclude", "external"];

/// The team's declarations in `[policy]`.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    plain: GlobSet,
    /// Names that a schema beside the env files declares as plain.
    names: BTreeSet<String>,
    exclude: GlobSet,
    external: GlobSet,
}

fn unusable(what: impl Into<String>) -> TeamError {
    TeamError { line: None, what: what.into() }
}

fn not_strings(key: &str) -> TeamError {
    unusable(format!("`{key}` must be an array of strings"))
}

fn too_large(key: &str) -> TeamError {
    unusable(format!("`{key}` has too many globs, or too long ones"))
}

impl Policy {
    /// Reads the policy from a team file's text; without `[policy]` it is empty.
    pub fn parse(text: &[u8]) -> Result<Self, TeamError> {
        let document = parsed(text)?;
        Ok(Self {
            plain: globs(&document, "plain")?,
            names: BTreeSet::new(),
            exclude: globs(&document, "exclude")?,
            external: globs(&document, "external")?,
        })
    }

    /// Adds names that a schema declares as plain.
    #[must_use]
    pub fn with_names<'a>(mut self, names: impl Iterator<Item = &'a str>) -> Self {
        self.names.extend(names.map(str::to_owned));
        self
    }

    /// Returns true if the team file or a schema declares the name as plain.
    pub fn is_plain(&self, name: &str) -> bool {
        self.is_plain_by_glob(name) || self.names.contains(name)
    }

    /// Returns true if the team file declares the name as plain.
    pub fn is_plain_by_glob(&self, name: &str) -> bool {
        self.plain.is_match(name)
    }

    /// Returns true if the variable is not secret: a reserved name, or plain by the policy, a schema or its comment.
    pub fn leaves_plain(&self, document: &dotenv::Document, entry: &Entry) -> bool {
        self.leaves_name_plain(document.name(entry)) || document.is_marked_plain(entry)
    }

    /// Like [`leaves_plain`](Self::leaves_plain), for a name that has no line yet.
    pub fn leaves_name_plain(&self, name: &str) -> bool {
        is_reserved(name) || self.is_plain(name)
    }

    /// Returns true if the target machine is declared to set this name.
    pub fn is_external(&self, name: &str) -> bool {
        self.external.is_match(name)
    }

    /// Returns true if the file at this path, relative to the team file's folder, is excluded.
    pub fn is_excluded(&self, path: &std::path::Path) -> bool {
        self.exclude.is_match(path)
    }
}

/// Returns the globs of a team file's text, each with its list (of [`POLICY_LISTS`]); none if it can't be parsed.
pub(crate) fn policy_globs(text: &[u8]) -> Vec<(&'static str, String)> {
    let Ok(document) = parsed(text) else { return Vec::new() };
    let lists = POLICY_LISTS.into_iter().filter_map(|key| Some((key, list(&document, key).ok()??)));
    lists
        .flat_map(|(key, list)| list.iter().filter_map(move |glob| Some((key, glob.as_str()?.to_owned()))))
        .collect()
}

/// Names that are not secret in any project.
const NOT_SECRET: [&str; 6] = ["NODE_ENV", "PORT", "HOST", "LOG_LEVEL", "NEXT_PUBLIC_*", "VITE_*"];

/// Returns the globs of [`NOT_SECRET`] that match any of these variable names.
pub(crate) fn propose_plain(names: &[&str]) -> Vec<&'static str> {
    let matches = |glob: &str, name: &str| match glob.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == glob,
    };
    NOT_SECRET.into_iter().filter(|glob| names.iter().any(|name| matches(glob, name))).collect()
}

/// Adds `globs` to the list `key` of `[policy]` in a team file's text; its other bytes stay as they are.
pub(crate) fn with_globs(text: &[u8], key: &str, globs: &[&str]) -> Result<String, TeamError> {
    let mut document = parsed(text)?.into_mut();
    let policy = document.entry("policy").or_insert_with(|| Item::Table(Table::new()));
    let policy = policy.as_table_like_mut().ok_or_else(|| not_strings("policy"))?;
    let list = policy.entry(key).or_insert_with(|| value(Array::new()));
    let list = list.as_array_mut().ok_or_else(|| not_strings(&list_name(key)))?;
    for glob in globs {
        if !list.iter().any(|present| present.as_str() == Some(glob)) {
            push_as_written(list, glob);
        }
    }
    Ok(written(&document, std::str::from_utf8(text).unwrap_or_default()))
}

/// Returns the text of a changed document, with the byte order mark and the line ends of the text `before`, which
/// `toml_edit` doesn't keep. A new line has those of the first line.
pub(super) fn written(document: &DocumentMut, before: &str) -> String {
    let split = |line| str::split_at(line, line.trim_end_matches(['\r', '\n']).len());
    let (mark, before) = before.split_at(if before.starts_with('\u{feff}') { 3 } else { 0 });
    let mut ends = HashMap::<_, VecDeque<_>>::new();
    for (content, end) in before.split_inclusive('\n').map(split) {
        ends.entry(content).or_default().extend((!end.is_empty()).then_some(end));
    }
    let usual = before.split_inclusive('\n').map(|line| split(line).1).find(|end| !end.is_empty());
    let mut text = mark.to_owned();
    for (content, end) in document.to_string().split_inclusive('\n').map(split) {
        let old = ends.get_mut(content).and_then(VecDeque::pop_front).or(usual);
        text.extend([content, old.filter(|_| !end.is_empty()).unwrap_or(end)]);
    }
    text
}

/// Adds an item in the array's style: on its own line if the last item is, after that item's comment.
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

/// Parses the text, with the spans of its entries.
pub(super) fn parsed(text: &[u8]) -> Result<Document<&str>, TeamError> {
    let text = std::str::from_utf8(text).map_err(|_| unusable("it is not TOML: not UTF-8"))?;
    let document = Document::parse(text).map_err(|error| {
        if let Some(line) = conflict_marker(text) {
            return unusable(format!("unresolved merge conflict on line {line}"));
        }
        let before = error.span().map_or("", |span| text.get(..span.start).unwrap_or(text));
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        unusable(format!("it is not TOML: line {line}: {}", error.message().trim_end().replace('\n', "; ")))
    })?;
    match document.get("version").map(Item::as_integer) {
        None | Some(Some(1)) => Ok(document),
        Some(Some(version)) => Err(unusable(format!(
            "it is of version {version}, which another envseal wrote; this one reads version 1"
        ))),
        Some(None) => Err(unusable("`version` must be a number")),
    }
}

/// Returns the number, from 1, of the first line with a merge-conflict marker.
pub(crate) fn conflict_marker(text: &str) -> Option<usize> {
    crate::dotenv::Document::parse(text.into()).ok()?.conflict_marker()
}

fn list_name(key: &str) -> String {
    format!("policy.{key}")
}

fn list<'d>(document: &'d Table, key: &str) -> Result<Option<&'d Array>, TeamError> {
    let Some(policy) = document.get("policy") else { return Ok(None) };
    let policy = policy.as_table_like().ok_or_else(|| not_strings("policy"))?;
    let Some(list) = policy.get(key) else { return Ok(None) };
    list.as_array().map(Some).ok_or_else(|| not_strings(&list_name(key)))
}

fn globs(document: &Table, key: &str) -> Result<GlobSet, TeamError> {
    let Some(list) = list(document, key)? else { return Ok(GlobSet::empty()) };
    let name = &list_name(key);
    let mut set = GlobSetBuilder::new();
    if list.len() > MAX_GLOBS
        || list.iter().any(|item| item.as_str().is_some_and(|text| text.len() > MAX_GLOB))
    {
        return Err(too_large(name));
    }
    for item in list {
        let text = item.as_str().ok_or_else(|| not_strings(name))?;
        let bad = |_| unusable(format!("`{name}` has an invalid glob: {text:?}"));
        set.add(GlobBuilder::new(text).literal_separator(key == "exclude").build().map_err(bad)?);
    }
    set.build().map_err(|_| too_large(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_list_is_for_its_own_and_globs_are_over_whole_names() {
        let text = b"[policy]\nexternal = ['AWS_*']\nexclude = ['fixtures/**', 'a.env']\nplain = ['PORT', 'VITE_*']\n";
        let policy = Policy::parse(text).unwrap();
        assert!(policy.is_external("AWS_REGION") && !policy.is_external("PORT"));
        for (path, is_excluded) in
            [("fixtures/x/.env", true), ("a.env", true), (".env", false), ("x/fixtures/.env", false)]
        {
            assert_eq!(policy.is_excluded(std::path::Path::new(path)), is_excluded, "{path}");
        }
        for (name, is_plain) in
            [("PORT", true), ("VITE_URL", true), ("PORT2", false), ("port", false), ("AWS_REGION", false)]
        {
            assert_eq!(policy.is_plain(name), is_plain, "{name}");
        }
        assert!(!Policy::parse(b"").unwrap().is_plain("PORT"));
        let globs = policy_globs(text).into_iter().map(|(key, glob)| format!("{key} {glob}"));
        let listed = ["plain PORT", "plain VITE_*", "exclude fixtures/**", "exclude a.env", "external AWS_*"];
        assert_eq!(globs.collect::<Vec<_>>(), listed);
        assert!(policy_globs(b"[policy").is_empty() && policy_globs(b"plain = ['PORT']").is_empty());
    }

    #[test]
    fn a_policy_of_another_shape_is_refused() {
        let bads = "policy = 1|[policy]\nplain = 'PORT'|[policy]\nplain = [1]|[policy]\nplain = ['[']|[";
        for bad in bads.split('|') {
            assert!(Policy::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn adding_a_glob_keeps_comments_and_order() {
        let before = "# ours\n[policy]\nplain = [\n  'B', # why\n]\n[x]\ny = 1\n";
        let after = with_globs(before.as_bytes(), "plain", &["B", "PORT"]).unwrap();
        assert_eq!(after, "# ours\n[policy]\nplain = [\n  'B', # why\n  \"PORT\",\n]\n[x]\ny = 1\n");
        assert!(Policy::parse(after.as_bytes()).unwrap().is_plain("PORT"));
        assert_eq!(with_globs(b"", "plain", &["PORT"]).unwrap(), "[policy]\nplain = [\"PORT\"]\n");
    }

    #[test]
    fn only_names_the_project_has_are_proposed() {
        assert_eq!(propose_plain(&["PORT", "SECRET", "VITE_URL"]), ["PORT", "VITE_*"]);
    }
}
