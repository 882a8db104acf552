//! Env files checked by the schema beside them.

use std::collections::BTreeSet;
use std::path::Path;

use super::env_file::EnvText;
use super::names::is_overlay;
use super::rule::{Finding, Rule};
use crate::crypto::claims_to_be_sealed;
use crate::dotenv::{Document, Quote, references, unescape};
use crate::schema::{Schema, SchemaItem, SchemaViolation};

#[derive(Clone, Copy, Debug)]
pub(crate) struct SchemaFile<'a> {
    /// Relative to the root of what is checked.
    pub path: &'a Path,
    pub schema: &'a Schema,
}

/// Returns what is wrong in a schema itself.
pub(crate) fn check_schema(file: SchemaFile<'_>) -> Vec<Finding> {
    let found = file.schema.problems.iter().map(|trouble| {
        let found = Finding::new(Rule::SchemaMalformed, file.path, &trouble.message, "fix {file}");
        let found = Finding { name: trouble.name.clone(), ..found.at(trouble.line) };
        if trouble.is_refused { found.into_error() } else { found }
    });
    found.collect()
}

/// Checks what can be read of an env file without a key: its names and its plain values.
pub(crate) fn check_values(file: EnvText<'_>, schema: SchemaFile<'_>) -> Vec<Finding> {
    let Ok(document) = Document::parse(file.text.to_vec()) else { return Vec::new() };
    // Nothing is missing from a file that has no names yet.
    let whole = !is_overlay(file.path)
        && document.entries().iter().any(|entry| !crate::config::is_own_name(document.name(entry)));
    let mut findings = Vec::new();
    for item in schema.schema.items() {
        let Some(at) = document.last(&item.name) else {
            if whole && item.check(None).is_err() {
                findings.push(violated(file.path, None, item, &SchemaViolation::Missing, schema));
            }
            continue;
        };
        let entry = &document.entries()[at];
        let (quote, text) = document.value(entry);
        if !claims_to_be_sealed(&text) {
            findings.extend(check_value(file.path, entry.line, item, (quote, &text), schema));
        }
    }
    findings
}

/// Checks one value, unquoted and not expanded. Skips a value with references, since their values are not known.
pub(crate) fn check_value(
    path: &Path,
    line: usize,
    item: &SchemaItem,
    (quote, text): (Quote, &[u8]),
    schema: SchemaFile<'_>,
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
        judged => judged.err().map(|violation| violated(path, Some(line), item, &violation, schema)),
    }
}

/// Returns the findings for names that `after` makes plain and that were not plain before.
pub(crate) fn compare_plain_names(after: SchemaFile<'_>, was_plain: impl Fn(&str) -> bool) -> Vec<Finding> {
    let new = after.schema.plain().filter(|item| !was_plain(&item.name));
    let found = new.map(|item| {
        let message = format!("{} is newly treated as plain (`{}`)", item.name, item.plain_by);
        let fix = "have it reviewed in a separate change";
        Finding::new(Rule::PolicyWidened, after.path, message, fix).at(item.line).about(&item.name)
    });
    found.collect()
}

/// Drops findings from comparing names that repeat a finding by the schema, or that the schema makes needless.
pub(crate) fn drop_repeated(
    findings: Vec<Finding>,
    by_schema: &[Finding],
    schema: SchemaFile<'_>,
) -> Vec<Finding> {
    let missing = by_schema.iter().filter(|found| found.rule == Rule::RequiredMissing);
    let missing: BTreeSet<(&Path, &str)> =
        missing.filter_map(|found| Some((found.file.as_path(), found.name.as_deref()?))).collect();
    let names: BTreeSet<&str> = missing.iter().map(|(_, name)| *name).collect();
    let kept = findings.into_iter().filter(|found| {
        let name = found.name.as_deref().unwrap_or_default();
        let is_optional = schema.schema.get(name).is_some_and(|item| item.required == Some(false));
        match found.rule {
            // Without a line: this file lacks the name.
            Rule::MissingName if found.line.is_none() => {
                !is_optional && !missing.contains(&(found.file.as_path(), name))
            }
            Rule::ExampleExtra => !is_optional && !names.contains(name),
            _ => true,
        }
    });
    kept.collect()
}

fn violated(
    path: &Path,
    line: Option<usize>,
    item: &SchemaItem,
    violation: &SchemaViolation,
    schema: SchemaFile<'_>,
) -> Finding {
    let rule = match violation {
        SchemaViolation::Missing | SchemaViolation::Empty => Rule::RequiredMissing,
        SchemaViolation::Type(_) => Rule::WrongType,
    };
    let schema = schema.path.file_name().unwrap_or_default().to_string_lossy();
    let message = format!("{} {violation} ({schema}:{})", item.name, item.line);
    let fix = hint!("envseal set {name} -f {file}", name = item.name);
    Finding::new(rule, path, message, fix).at(line).about(&item.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::team::Policy;
    use proptest::prelude::*;

    fn check(path: &str, text: &str, schema: &str) -> Vec<String> {
        let (policy, schema) = (Policy::default(), Schema::parse(schema.as_bytes()));
        let file = EnvText { path: Path::new(path), text: text.as_bytes(), policy: &policy };
        let found = check_values(file, SchemaFile { path: Path::new("a/.env.schema"), schema: &schema });
        found.iter().map(|f| format!("{:?} {} {}", f.line, f.rule.id(), f.message)).collect()
    }

    const PORT: &str = "# @required @type=port\nPORT=\n";

    #[test]
    fn values_are_of_their_type_and_required_names_are_there() {
        let wrong = "wrong-type PORT is not a port: a number from 0 to 65535 (.env.schema:2)";
        for text in ["PORT=x", "PORT='${A}'", "PORT=1\nPORT=x", "PORT='80'x", "PORT=\\$A"] {
            let line = text.lines().count();
            assert_eq!(check("a/.env", text, PORT), [format!("Some({line}) {wrong}")], "{text}");
        }
        let texts = "PORT=80|PORT='80'|PORT=x\nPORT=\"80\"|PORT=$A|PORT=80${A:-}||ENVSEAL_PUBLIC_KEY=x";
        for text in texts.split('|') {
            assert!(check("a/.env", text, PORT).is_empty(), "{text}");
        }
        let missing = "required-missing PORT is required but missing (.env.schema:2)";
        assert_eq!(check("a/.env", "A=1", PORT), [format!("None {missing}")]);
        let empty = "required-missing PORT is required but empty (.env.schema:2)";
        assert_eq!(check("a/.env", "PORT=''", PORT), [format!("Some(1) {empty}")]);
        for text in ["A=1", "PORT="] {
            assert!(check("a/.env.x.local", text, PORT).is_empty(), "{text}");
        }
        assert!(!check("a/.env.local", "PORT=x", PORT).is_empty());
    }

    proptest! {
        #[test]
        fn no_finding_holds_a_value(value in "[a-z]{6,12}") {
            prop_assume!(!"required but missing number schema values".contains(&value));
            for found in check("a/.env", &format!("PORT={value}"), PORT) {
                prop_assert!(!found.contains(&value), "{}", found);
            }
        }
    }
}
