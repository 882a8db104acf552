//! Every format is read back by its real reader, or, if none can run here, by one written from its rules.

mod readers;
mod values;

use envseal::testing::export::{Format, Variable, write};
use proptest::prelude::*;
use values::{adversarial, text, value};

const ALL: [Format; 7] = [
    Format::Json,
    Format::Shell,
    Format::Fish,
    Format::Powershell,
    Format::Docker,
    Format::K8s,
    Format::Github,
];

fn names(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("V_{index}")).collect()
}

fn variables<'a>(names: &'a [String], values: &'a [Vec<u8>]) -> Vec<Variable<'a>> {
    names.iter().zip(values).map(|(name, value)| Variable { name, value }).collect()
}

/// Returns what the error says, if there is one.
fn refusal(format: Format, vars: &[Variable<'_>], k8s_name: &str) -> Option<String> {
    write(format, vars, k8s_name).err().map(|error| error.to_string())
}

fn bad_value(name: &str, format: Format, why: &str) -> String {
    format!("the value of {name} {why}, which the {format} format can't hold")
}

/// Returns the values that `format` accepts. Asserts that it refuses each other one by name and reason.
fn taken(format: Format, expect: impl Fn(&[u8]) -> Option<&'static str>) -> Vec<Vec<u8>> {
    adversarial()
        .into_iter()
        .filter(|value| {
            let refused = refusal(format, &[Variable { name: "V_0", value }], "app");
            let expected = expect(value).map(|why| bad_value("V_0", format, why));
            assert_eq!(
                refused,
                expected,
                "{format} of {:?}",
                String::from_utf8_lossy(&value[..value.len().min(80)])
            );
            expected.is_none()
        })
        .collect()
}

/// Writes `values` in `format`, and asserts that `read` returns the same values.
fn round_trip(format: Format, values: &[Vec<u8>], read: impl Fn(&[u8], &[String]) -> Option<Vec<Vec<u8>>>) {
    let names = names(values.len());
    let written = write(format, &variables(&names, values), "app").unwrap();
    assert_eq!(written.capacity(), written.len(), "{format} outgrew its buffer");
    let Some(back) = read(&written, &names) else { return };
    assert_eq!(back.len(), values.len(), "{format}");
    for (back, value) in back.iter().zip(values) {
        assert!(
            back == value,
            "{format}: {:?} was read back as {:?}",
            String::from_utf8_lossy(&value[..value.len().min(300)]),
            String::from_utf8_lossy(&back[..back.len().min(300)])
        );
    }
}

fn utf8(value: &[u8]) -> Option<&'static str> {
    std::str::from_utf8(value).is_err().then_some("is not UTF-8")
}

#[test]
fn json_is_read_by_serde_json() {
    let values = taken(Format::Json, utf8);
    round_trip(Format::Json, &values, readers::json);
    assert_eq!(
        write(
            Format::Json,
            &[Variable { name: "a.b-c", value: b"x\0\n" }, Variable { name: "A", value: b"" }],
            ""
        )
        .unwrap()
        .as_slice(),
        b"{\n  \"a.b-c\": \"x\\u0000\\n\",\n  \"A\": \"\"\n}\n"
    );
}

#[test]
fn shell_is_read_by_dash_and_bash() {
    let values = taken(Format::Shell, |_| None);
    for shell in ["dash", "bash", "sh"] {
        round_trip(Format::Shell, &values, |text, names| readers::eval(shell, text, names));
        round_trip(Format::Shell, &values, |text, names| readers::dot(shell, text, names));
    }
}

#[test]
fn fish_is_read_by_fish() {
    let values = taken(Format::Fish, |_| None);
    for locale in ["C", "C.UTF-8"] {
        round_trip(Format::Fish, &values, |text, names| readers::fish(locale, text, names));
    }
}

#[test]
fn nushell_is_read_by_its_rules_and_by_nu() {
    let values = taken(Format::Nushell, utf8);
    round_trip(Format::Nushell, &values, readers::nushell);
    round_trip(Format::Nushell, &values, readers::nu);
    let name = |name: &'static str| write(Format::Nushell, &[Variable { name, value: b"x" }], "");
    assert_eq!(name("A").unwrap()[..], *b"{\n  \"A\": \"x\"\n}\n");
    assert!(name("PWD").is_err() && name("pwd").is_err() && name("A.B").is_err());
    let two = ["A", "a"].map(|name| Variable { name, value: b"x" });
    assert!(write(Format::Nushell, &two, "").is_err());
}

#[test]
fn powershell_is_read_by_its_rules_and_by_pwsh() {
    let values = taken(Format::Powershell, utf8);
    round_trip(Format::Powershell, &values, readers::powershell);
    // Before 7.5 an empty value removes the variable, which reads as empty all the same.
    round_trip(Format::Powershell, &values, readers::pwsh);

    let line = |value: &str| {
        let vars = [Variable { name: "A", value: value.as_bytes() }];
        String::from_utf8(write(Format::Powershell, &vars, "").unwrap().to_vec()).unwrap()
    };
    assert_eq!(line("it's $x"), "$env:A = 'it''s $x'\n");
    assert_eq!(line("a\nb"), "$env:A = -join ('a', [char]10, 'b')\n");
    assert_eq!(line("\u{2019}🦭"), "$env:A = -join ([char]8217, [char]55358, [char]56749)\n");
}

#[test]
fn docker_is_read_by_its_rules() {
    let values = taken(Format::Docker, |value| {
        if let Some(why) = utf8(value) {
            Some(why)
        } else if value.contains(&b'\n') {
            Some("has a line break")
        } else if value.last() == Some(&b'\r') {
            Some("ends in a carriage return")
        } else {
            (value.len() > 65_531).then_some("goes past 65535 bytes")
        }
    });
    round_trip(Format::Docker, &values, readers::docker);
    // The longest line that Go's scanner takes, and one byte more.
    round_trip(Format::Docker, &[vec![b'x'; 65_531]], readers::docker);
    assert!(write(Format::Docker, &[Variable { name: "V_0", value: &vec![b'x'; 65_532] }], "").is_err());
}

#[test]
fn k8s_is_read_by_a_yaml_parser() {
    let mut values = taken(Format::K8s, |_| None);
    values.push(b"\0".to_vec());
    round_trip(Format::K8s, &values, readers::k8s);
    assert_eq!(
        write(Format::K8s, &[Variable { name: "NO", value: b"\x9e\xe9\x65" }], "app.v1").unwrap().as_slice(),
        b"apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"app.v1\"\ntype: Opaque\ndata:\n  \"NO\": \"null\"\n"
    );
}

#[test]
fn github_is_read_by_the_runners_rules() {
    let values = taken(Format::Github, |value| {
        utf8(value).or_else(|| value.ends_with(b"\r").then_some("ends in a carriage return"))
    });
    for windows in [false, true] {
        round_trip(Format::Github, &values, |text, names| readers::github(windows, text, names));
        for value in &values {
            let value = std::slice::from_ref(value);
            round_trip(Format::Github, value, |text, names| readers::github(windows, text, names));
        }
    }
}

#[test]
fn nul_is_held_by_json_and_k8s_alone() {
    for format in ALL {
        let result = write(format, &[Variable { name: "A", value: b"hunter2\0b" }], "app");
        match (format, result) {
            (Format::Json | Format::K8s, result) => assert!(result.is_ok()),
            (_, Ok(_)) => panic!("{format} holds it"),
            (_, Err(error)) => {
                assert_eq!(error.to_string(), bad_value("A", format, "has a NUL byte"));
                assert!(!format!("{error:?}").contains("hunter"));
            }
        }
    }
}

#[test]
fn names_that_a_reader_rejects_are_refused() {
    let refused = |format, name: &str| refusal(format, &[Variable { name, value: b"1" }], "app");
    let name = |format, name: &str| Some(format!("{name:?} is not a valid name in the {format} format"));
    let reserved =
        |format, name: &str| Some(format!("{name} is reserved by the reader of the {format} format"));

    for format in [Format::Shell, Format::Fish, Format::Powershell, Format::Github] {
        for bad in ["", "1A", "a.b", "a-b", "A;B", "A B", "A=", "A$(x)", "Ä", "A\n"] {
            assert_eq!(refused(format, bad), name(format, bad));
        }
        assert_eq!(refused(format, "_a1"), None);
    }
    for format in [Format::Docker, Format::K8s] {
        for good in ["1A", "a.b", "a-b", ".a", "-"] {
            assert_eq!(refused(format, good), None);
        }
        for bad in ["", "#a", "a b", "a=b", "a\n", "Ä"] {
            assert_eq!(refused(format, bad), name(format, bad));
        }
    }
    for bad in [".", "..", "..a", &"a".repeat(254)] {
        assert_eq!(refused(Format::K8s, bad), name(Format::K8s, bad));
    }
    assert_eq!(refused(Format::K8s, &"a".repeat(253)), None);

    for bad in ["NODE_OPTIONS", "node_options", "GITHUB_SHA", "GITHUB_ENV", "RUNNER_TEMP"] {
        assert_eq!(refused(Format::Github, bad), reserved(Format::Github, bad));
    }
    for good in ["GITHUB_TOKEN", "GITHUB_CLIENT_SECRET", "RUNNER_TOKEN", "NODE_ENV"] {
        assert_eq!(refused(Format::Github, good), None);
    }
    assert_eq!(refused(Format::Shell, "UID"), reserved(Format::Shell, "UID"));
    assert_eq!(refused(Format::Fish, "status"), reserved(Format::Fish, "status"));
}

#[test]
fn fish_refuses_the_path_entries_it_would_rewrite() {
    let path = |value: &[u8]| refusal(Format::Fish, &[Variable { name: "PATH", value }], "");
    let why = bad_value("PATH", Format::Fish, "has an empty entry");
    for value in [&b""[..], b":", b"/a:", b":/a", b"/a::/b"] {
        assert_eq!(path(value), Some(why.clone()));
    }
    assert_eq!(path(b"/a:/b"), None);
}

#[test]
fn a_name_given_twice_is_refused() {
    for format in ALL {
        let pair =
            |second| refusal(format, &["A_a", second].map(|name| Variable { name, value: b"" }), "app");
        let repeated =
            |name: &str| Some(format!("{name} appears more than once, which the {format} format can't hold"));
        assert_eq!(pair("A_a"), repeated("A_a"));
        assert_eq!(pair("a_A"), if format == Format::Powershell { repeated("a_A") } else { None });
    }
}

#[test]
fn a_kubernetes_secret_keeps_the_api_servers_limits() {
    let named = |name: &str| refusal(Format::K8s, &[], name);
    for bad in ["", "A", "a_b", "-a", "a-", ".a", "a.", "a..b", "a.-b", "a\nb", "a\"b", &"a".repeat(254)] {
        let start = format!("{bad:?} can't name a Kubernetes Secret: ");
        assert!(named(bad).unwrap().starts_with(&start), "{bad}");
    }
    for good in ["a", "1", "a-b.c", "my-app.prod", &"a".repeat(253)] {
        assert_eq!(named(good), None);
    }

    let half = vec![b'x'; 512 * 1024];
    let vars = [("A", &half[..]), ("B", &half[..]), ("C", b""), ("D", b"x")]
        .map(|(name, value)| Variable { name, value });
    assert!(write(Format::K8s, &vars[..3], "app").is_ok());
    assert_eq!(
        refusal(Format::K8s, &vars, "app"),
        Some(bad_value("D", Format::K8s, "goes past 1048576 bytes"))
    );
}

#[test]
fn nothing_in_nothing_out() {
    for format in ALL {
        let expected: &[u8] = match format {
            Format::Json => b"{}\n",
            Format::K8s => {
                b"apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"app\"\ntype: Opaque\ndata: {}\n"
            }
            _ => b"",
        };
        assert_eq!(write(format, &[], "app").unwrap().as_slice(), expected, "{format}");
    }
}

proptest! {
    // 16 x 64 values: a process per batch, not per value.
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_pass_through_the_shells(values in prop::collection::vec(value(), 64)) {
        for shell in ["sh", "bash"] {
            round_trip(Format::Shell, &values, |text, names| readers::eval(shell, text, names));
        }
        round_trip(Format::Fish, &values, |text, names| readers::fish("C.UTF-8", text, names));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_held_or_refused(values in prop::collection::vec(prop_oneof![value(), text()], 1..6)) {
        type Reader = fn(&[u8], &[String]) -> Option<Vec<Vec<u8>>>;
        let readers: [(Format, Reader); 7] = [
            (Format::Nushell, readers::nushell),
            (Format::Json, readers::json),
            (Format::Powershell, readers::powershell),
            (Format::Docker, readers::docker),
            (Format::K8s, readers::k8s),
            (Format::Github, |text, names| readers::github(false, text, names)),
            (Format::Github, |text, names| readers::github(true, text, names)),
        ];
        for (format, reader) in readers {
            let held: Vec<Vec<u8>> = values
                .iter()
                .filter(|value| write(format, &[Variable { name: "A", value }], "app").is_ok())
                .cloned()
                .collect();
            round_trip(format, &held, reader);
        }
    }
}
