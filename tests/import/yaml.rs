//! YAML, as `PyYAML` emits it.

use std::io::Write;
use std::process::Command;

use envseal::testing::import::yaml;

#[test]
#[allow(clippy::explicit_write)] // the harness hides `eprintln!` of a test that passes
fn output_of_pyyaml_is_read() {
    let script = super::fixtures().join("emit.py");
    let output = Command::new("python3").arg(script).args(["1", "500"]).output();
    let Some(output) = output.ok().filter(|output| output.status.success()) else {
        writeln!(std::io::stderr(), "SKIPPED: python3 with PyYAML is not here: none of its YAML was read")
            .unwrap();
        return;
    };
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(lines.lines().count(), 500);
    for line in lines.lines() {
        let (text, expected): (String, serde_json::Map<String, serde_json::Value>) =
            serde_json::from_str(line).unwrap();
        let items =
            yaml::read(text.as_bytes(), &|_| true).unwrap_or_else(|error| panic!("{error}\n{text:?}"));
        let found: Vec<_> = items.iter().map(|item| (item.name.as_str(), item.value.expose())).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap().as_bytes()))
            .collect();
        assert!(found == expected, "{text:?}");
    }
}
