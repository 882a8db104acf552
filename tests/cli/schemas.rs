//! `docs/schemas/`: what every `--json` prints, and `envseal.toml`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::TestEnv;
use crate::team::two_members;

/// Each command with `--json` (alone and with options that change its output), and its schema.
const OUTPUTS: [(&[&str], &str); 13] = [
    (&["get"], "get"),
    (&["ls"], "ls"),
    (&["ls", "--names", "--age"], "ls-names"),
    (&["check"], "check"),
    (&["diff", "HEAD~1"], "changes"),
    (&["log"], "changes"),
    (&["blame"], "changes"),
    (&["doctor"], "doctor"),
    (&["key", "list"], "key-list"),
    (&["key", "show"], "key-show"),
    (&["team", "list"], "team-list"),
    (&["team", "whoami"], "team-whoami"),
    (&["team", "exposures"], "team-exposures"),
];

fn schema(name: &str) -> Value {
    let path = format!("{}/docs/schemas/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Returns where `value` violates `schema`. Reads only the JSON Schema 2020-12 keywords that the schemas here use.
fn violations(value: &Value, schema: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (keyword, wanted) in schema.as_object().unwrap() {
        let holds = match keyword.as_str() {
            "$schema" | "title" | "description" | "properties" | "additionalProperties" => true,
            "type" => {
                let is = |name: &Value| match name.as_str().unwrap() {
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "boolean" => value.is_boolean(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    "null" => value.is_null(),
                    other => panic!("{other}"),
                };
                wanted.as_array().map_or_else(|| is(wanted), |names| names.iter().any(is))
            }
            "enum" => wanted.as_array().unwrap().contains(value),
            "const" => wanted == value,
            "minimum" => value.is_null() || value.as_i64() >= wanted.as_i64(),
            "pattern" => {
                let start = wanted.as_str().unwrap().strip_prefix('^').unwrap();
                value.as_str().is_some_and(|text| text.starts_with(start))
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                found
                    .extend(items.flat_map(|(at, item)| violations(item, wanted, &format!("{place}[{at}]"))));
                true
            }
            "required" => {
                value.is_null()
                    || wanted
                        .as_array()
                        .unwrap()
                        .iter()
                        .all(|name| value.get(name.as_str().unwrap()).is_some())
            }
            other => panic!("{other}"),
        };
        if !holds {
            found.push(format!("{place}: {value} is not {keyword} {wanted}"));
        }
    }
    for (name, item) in value.as_object().into_iter().flatten() {
        assert!(!name.contains(' '), "{place}: a key with a space: {name}");
        let place = format!("{place}.{name}");
        match schema.get("properties").and_then(|properties| properties.get(name)) {
            Some(wanted) => found.extend(violations(item, wanted, &place)),
            None => match &schema["additionalProperties"] {
                Value::Bool(false) => found.push(format!("{place} is not in the schema")),
                Value::Null => panic!("{place}: the schema does not say"),
                wanted => found.extend(violations(item, wanted, &place)),
            },
        }
    }
    found
}

/// Converts a TOML value to JSON; dates become text.
fn as_json(item: &toml_edit::Item) -> Value {
    let value = match item {
        toml_edit::Item::Value(value) => value.clone(),
        toml_edit::Item::Table(table) => table.clone().into_inline_table().into(),
        other => panic!("{other:?}"),
    };
    match value {
        toml_edit::Value::String(text) => text.into_value().into(),
        toml_edit::Value::Integer(number) => number.into_value().into(),
        toml_edit::Value::Datetime(moment) => moment.into_value().to_string().into(),
        toml_edit::Value::Array(array) => {
            array.into_iter().map(|value| as_json(&toml_edit::Item::Value(value))).collect()
        }
        toml_edit::Value::InlineTable(table) => {
            let pairs = table
                .into_iter()
                .map(|(name, value)| (name.clone(), as_json(&toml_edit::Item::Value(value))));
            pairs.collect::<serde_json::Map<_, _>>().into()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_output_and_the_team_file_are_as_their_schema_says() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    alice.says(&["init", "-q", "--yes"]);
    alice.says(&["set", "-q", "A=1", "--plain", "-e", "staging"]);
    alice.write(
        "envseal.toml",
        "[policy]\nplain = ['X_*']\nexclude = []\nexternal = ['Y']\n".to_owned()
            + &alice.read("envseal.toml"),
    );
    alice.pushes("more");
    let mut used = BTreeSet::from(["envseal.toml".to_owned()]);
    let hold = |person: &crate::support::Person<'_>, is_empty_fine: bool| {
        // Without a key there is nothing to get.
        for (command, name) in OUTPUTS.into_iter().filter(|(_, name)| !is_empty_fine || *name != "get") {
            let needs_file = matches!(command[0], "get" | "key" | "blame") && command != ["key", "list"];
            let file: &[&str] = if needs_file { &["-e", "production"] } else { &[] };
            let output = person.json(&[command, file, &["--json"]].concat());
            let found = violations(&output, &schema(name), name);
            assert!(found.is_empty(), "{found:#?}");
            let is_empty = output.as_array().is_some_and(Vec::is_empty);
            assert!(is_empty_fine || !is_empty || name == "team-exposures", "{command:?} shows nothing");
        }
        let text: toml_edit::DocumentMut = person.read("envseal.toml").parse().unwrap();
        let found = violations(&as_json(text.as_item()), &schema("envseal.toml"), "envseal.toml");
        assert!(found.is_empty(), "{found:#?}");
    };
    hold(&alice, false);
    alice.says(&["team", "remove", "bob", "--yes"]);
    hold(&alice, false);
    assert_ne!(alice.json(&["team", "exposures", "--json"]).as_array().unwrap().len(), 0);
    // With problems, and without keys.
    alice.pushes("bob is out");
    bob.pulls();
    hold(&bob, true);
    used.extend(OUTPUTS.iter().map(|(_, name)| (*name).to_owned()));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schemas");
    let there =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(
        there.map(|name| name.strip_suffix(".json").unwrap().to_owned()).collect::<BTreeSet<_>>(),
        used
    );
}

#[test]
fn every_command_that_prints_json_has_a_schema() {
    fn commands(command: &clap::Command, path: &[&str], found: &mut Vec<Vec<String>>) {
        for sub in command.get_subcommands() {
            let path = [path, &[sub.get_name()]].concat();
            if sub.get_arguments().any(|argument| argument.get_long() == Some("json")) {
                found.push(path.iter().map(|word| (*word).to_owned()).collect());
            }
            commands(sub, &path, found);
        }
    }
    let mut found = Vec::new();
    commands(&envseal::testing::commands::definition(), &[], &mut found);
    for command in found {
        let has = |(words, _): &(&[&str], &str)| {
            words.iter().zip(&command).take(command.len()).all(|(a, b)| a == b)
        };
        assert!(OUTPUTS.iter().any(has), "{command:?}");
    }
}

/// Tests `violations` itself.
#[test]
fn a_violation_is_found() {
    let row =
        |text: &str| violations(&serde_json::from_str(text).unwrap(), &schema("team-whoami"), "x").len();
    let whole = r#"{"name": null, "fingerprint": "a", "key": "b", "identity": "c", "granted": ["d"]}"#;
    assert_eq!(row(whole), 0);
    assert_eq!(row(&whole.replace("null", "1")), 1);
    assert_eq!(row(&whole.replace("[\"d\"]", "[1]")), 1);
    assert_eq!(row(&whole.replace("\"key\"", "\"other\"")), 2);
    assert_eq!(row("[]"), 2);
}
