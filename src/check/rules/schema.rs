//! Env files held to the schema beside them.

use std::collections::BTreeSet;
use std::path::Path;

use super::env_file::EnvText;
use super::finding::Finding;
use super::names::is_overlay;
use super::rule::Rule;
use crate::crypto::claims_to_be_sealed;
use crate::dotenv::{Document, Quote, references, unescape};
use crate::schema::{Schema, SchemaItem, SchemaViolation};

/// A schema and its file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ruled<'a> {
    /// The file's path, relative to the root of what is checked.
    pub path: &'a Path,
    /// What it says.
    pub schema: &'a Schema,
}

/// What is wrong in a schema itself.
pub(crate) fn schema_file(ruled: Ruled<'_>) -> Vec<Finding> {
    let found = ruled.schema.problems().iter().map(|trouble| {
        let found = Finding::new(Rule::SchemaMalformed, ruled.path, &trouble.message, "mend {file}");
        Finding { name: trouble.name.clone(), ..found.at(trouble.line) }
    });
    found.collect()
}

/// Holds what can be read of an env file without a key to the schema beside it: which names there are, and plain values.
pub(crate) fn values_held(file: EnvText<'_>, ruled: Ruled<'_>) -> Vec<Finding> {
    let Ok(document) = Document::parse(file.text.to_vec()) else { return Vec::new() };
    // Nothing is missing from a file that has no names yet.
    let whole = !is_overlay(file.path)
        && document.entries().iter().any(|entry| !crate::config::is_own_name(document.name(entry)));
    let mut findings = Vec::new();
    for item in ruled.schema.items() {
        let Some(at) = document.last(&item.name) else {
            if whole && item.check(None).is_err() {
                findings.push(told(file.path, None, item, &SchemaViolation::Missing, ruled));
            }
            continue;
        };
        let entry = &document.entries()[at];
        let (quote, text) = document.value(entry);
        if !claims_to_be_sealed(&text) {
            findings.extend(value_held(file.path, entry.line, item, (quote, &text), ruled));
        }
    }
    findings
}

/// Holds one value, unquoted and not expanded, to the schema. What it refers to is not known here, so one that refers
/// to anything is not judged.
pub(crate) fn value_held(
    path: &Path,
    line: usize,
    item: &SchemaItem,
    (quote, text): (Quote, &[u8]),
    ruled: Ruled<'_>,
) -> Option<Finding> {
    let expanded;
    let value: &[u8] = if quote.expands() && text.contains(&b'$') {
        if references(text).map_or(true, |names| !names.is_empty()) {
            return None;
        }
        expanded = unescape(text);
        &expanded
    } else {
        text
    };
    match item.check(Some(value)) {
        Err(SchemaViolation::Empty) if is_overlay(path) => None,
        judged => judged.err().map(|violation| told(path, Some(line), item, &violation, ruled)),
    }
}

/// The findings for names that `after` calls plain and `before` did not, by whatever it was told.
pub(crate) fn schema_widened(after: Ruled<'_>, before: impl Fn(&str) -> bool) -> Vec<Finding> {
    let new = after.schema.plain().filter(|item| !before(&item.name));
    let found = new.map(|item| {
        let message = format!("`@sensitive=false` newly calls {} plain", item.name);
        let fix = "have it reviewed in a change of its own";
        Finding::new(Rule::PolicyWidened, after.path, message, fix).at(item.line).about(&item.name)
    });
    found.collect()
}

/// What advice would say again, or what the schema says is fine, left out: of `findings` about names side by side, given
/// what was found by the schema.
pub(crate) fn said_once(findings: Vec<Finding>, held: &[Finding], ruled: Ruled<'_>) -> Vec<Finding> {
    let missing = held.iter().filter(|found| found.rule == Rule::RequiredMissing);
    let missing: BTreeSet<(&Path, &str)> =
        missing.filter_map(|found| Some((found.file.as_path(), found.name.as_deref()?))).collect();
    let names: BTreeSet<&str> = missing.iter().map(|(_, name)| *name).collect();
    let said = |found: &Finding, name: &str| match found.rule {
        // Where it stands on no line, this file lacks it.
        Rule::MissingName if found.line.is_none() => missing.contains(&(found.file.as_path(), name)),
        Rule::ExampleExtra => names.contains(name),
        _ => false,
    };
    let fine = |found: &Finding, name: &str| {
        let optional = ruled.schema.get(name).is_some_and(|item| item.required == Some(false));
        optional
            && (found.rule == Rule::ExampleExtra || found.rule == Rule::MissingName && found.line.is_none())
    };
    let kept = findings.into_iter().filter(|found| {
        let name = found.name.as_deref().unwrap_or_default();
        !said(found, name) && !fine(found, name)
    });
    kept.collect()
}

fn told(
    path: &Path,
    line: Option<usize>,
    item: &SchemaItem,
    violation: &SchemaViolation,
    ruled: Ruled<'_>,
) -> Finding {
    let rule = match violation {
        SchemaViolation::Missing | SchemaViolation::Empty => Rule::RequiredMissing,
        SchemaViolation::Type(_) => Rule::WrongType,
    };
    let schema = ruled.path.file_name().unwrap_or_default().to_string_lossy();
    let message = format!("{} {violation} ({schema}:{})", item.name, item.line);
    let fix = hint!("envseal set {name} -f {file}", name = item.name);
    Finding { line, ..Finding::new(rule, path, message, fix).about(&item.name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::team::Policy;
    use proptest::prelude::*;

    fn held(path: &str, text: &str, schema: &str) -> Vec<String> {
        let (policy, schema) = (Policy::default(), Schema::parse(schema.as_bytes()));
        let file = EnvText { path: Path::new(path), text: text.as_bytes(), policy: &policy };
        let found = values_held(file, Ruled { path: Path::new("a/.env.schema"), schema: &schema });
        found.iter().map(|f| format!("{:?} {} {}", f.line, f.rule.id(), f.message)).collect()
    }

    const PORT: &str = "# @required @type=port\nPORT=\n";

    #[test]
    fn what_is_there_is_held_to_its_type_and_what_is_not_is_missing() {
        let wrong = "wrong-type PORT is not a port: a number from 0 to 65535 (.env.schema:2)";
        for text in ["PORT=x", "PORT='${A}'", "PORT=1\nPORT=x", "PORT='80'x", "PORT=\\$A"] {
            let line = text.lines().count();
            assert_eq!(held("a/.env", text, PORT), [format!("Some({line}) {wrong}")], "{text}");
        }
        for text in [
            "PORT=80",
            "PORT='80'",
            "PORT=x\nPORT=\"80\"",
            "PORT=$A",
            "PORT=80${A:-}",
            "",
            "ENVSEAL_PUBLIC_KEY=x",
        ] {
            assert!(held("a/.env", text, PORT).is_empty(), "{text}");
        }
        let missing = "required-missing PORT is required but missing (.env.schema:2)";
        assert_eq!(held("a/.env", "A=1", PORT), [format!("None {missing}")]);
        let empty = "required-missing PORT is required but empty (.env.schema:2)";
        assert_eq!(held("a/.env", "PORT=''", PORT), [format!("Some(1) {empty}")]);
        for text in ["A=1", "PORT="] {
            assert!(held("a/.env.x.local", text, PORT).is_empty(), "{text}");
        }
        assert!(!held("a/.env.local", "PORT=x", PORT).is_empty());
    }

    proptest! {
        #[test]
        fn no_finding_holds_a_value(value in "[a-z]{6,12}") {
            prop_assume!(!"required missing number schema values".contains(&value));
            for found in held("a/.env", &format!("PORT={value}"), PORT) {
                prop_assert!(!found.contains(&value), "{}", found);
            }
        }
    }
}
