//! The value of a sealed variable, copied into another file.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::{KNOWN, Way, stopped};

/// A different value of the same form, which is not secret.
const HARMLESS: &str = "another?value/of\"the~same~ké";

/// Commits a file that contains a spelling of the known value between these two texts.
fn copied(file: &str, before: &str, spell: impl Fn(&str) -> String, after: &str) {
    println!("{file}: {before:.20} {}", spell(KNOWN));
    let name = file.rsplit('/').next().unwrap();
    stopped(&[name, "HELLO", "[secret-value]"], |way| {
        let text = spell(way.pick(KNOWN, HARMLESS));
        way.add(file, format!("{before}{text}{after}"));
        way.git(&["commit", "-m", "x"])
    });
}

fn percent(value: &str, upper: bool) -> String {
    let code = |b: u8| if upper { format!("%{b:02X}") } else { format!("%{b:02x}") };
    let one = |b: u8| {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) { char::from(b).into() } else { code(b) }
    };
    value.bytes().map(one).collect()
}

#[test]
fn as_it_is() {
    for (file, before, after) in [
        ("src/config.js", "export const password = `", "`;\n"),
        ("deploy/values.yaml", "db:\n  password: ", "\n"),
        ("main.py", "# was: ", "\n"),
        ("README.md", "", ""),
        ("a.bin", "\0\u{1}\u{2}", "\0"),
        ("tests/fixtures/x.txt", "prefix", "suffix\n"),
        ("über/mit leer.txt", "\r\n", "\r\n"),
        (".env.example", "HELLO=", "\n"),
    ] {
        copied(file, before, str::to_owned, after);
    }
}

#[test]
fn in_base64_at_each_of_the_three_alignments() {
    for lead in ["", "u", "us", "use", "user:"] {
        for tail in ["", "x", "xy"] {
            copied("a.yaml", "auth: ", |value| STANDARD.encode(format!("{lead}{value}{tail}")), "\n");
        }
    }
    copied("a.yaml", "auth: ", |value| STANDARD_NO_PAD.encode(value), "\n");
    copied("a.yaml", "auth: ", |value| URL_SAFE.encode(value), "\n");
    copied("a.yaml", "auth: '", |value| URL_SAFE_NO_PAD.encode(format!("a:{value}")), "'\n");
}

#[test]
fn escaped_for_urls_hex_or_json() {
    copied("a.sh", "curl https://u:", |value| percent(value, true), "@host/\n");
    copied("a.sh", "curl https://u:", |value| percent(value, false), "@host/\n");
    for upper in [false, true] {
        copied(
            "a.c",
            "0x",
            |value| {
                value.bytes().map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") }).collect()
            },
            ";\n",
        );
    }
    copied("a.json", "{\"p\": ", |value| serde_json::to_string(value).unwrap(), "}\n");
}

/// Escapes like Python's `json.dumps` and PHP's `json_encode`.
#[test]
fn escaped_for_json_in_ascii() {
    let ascii = |value: &str| serde_json::to_string(value).unwrap().replace('é', "\\u00e9");
    copied("a.json", "{\"p\": ", ascii, "}\n");
    copied("b.json", "{\"p\": ", |value| ascii(value).replace('/', "\\/"), "}\n");
}

#[test]
fn in_the_middle_of_a_large_file_and_on_a_line_that_changes() {
    let filler = "nothing to see here\n".repeat(20_000);
    copied("large.txt", &filler, str::to_owned, &filler);
    stopped(&["a.js:2", "HELLO", "[secret-value]"], |way| {
        way.add("a.js", "first\nsecond\nthird\n");
        way.git(&["commit", "-q", "-m", "before"]).ok();
        way.add("a.js", format!("first\nx = \"{}\"\nthird\n", way.pick(KNOWN, HARMLESS)));
        way.git(&["commit", "-m", "x"])
    });
}

#[test]
fn moved_out_of_the_file_in_the_same_commit() {
    // The value is still recognized after its line is removed from `.env` in the same commit.
    stopped(&["a.js", "HELLO", "[secret-value]"], |way| {
        let rest = way.env.read(".env").lines().filter(|line| !line.starts_with("HELLO")).collect::<String>();
        way.add(".env", rest + "\n");
        way.add("a.js", way.pick(KNOWN, HARMLESS));
        way.git(&["commit", "-m", "x"])
    });
}

#[test]
fn under_another_name_declared_plain() {
    stopped(&[".env", "HELLO", "[secret-value]"], |way| {
        let text = way.env.read(".env");
        let value = way.pick(KNOWN, HARMLESS).replace('"', "\\\"");
        way.add(".env", format!("{text}COPY=\"{value}\" # envseal: plain\n"));
        way.git(&["commit", "-m", "x"])
    });
}

#[test]
fn as_the_target_of_a_symlink() {
    stopped(&["link", "HELLO", "[secret-value]"], |way: &Way| {
        let target = way.pick(KNOWN, HARMLESS);
        let blob = way.git(&["hash-object", "-w", "--stdin"]).stdin(target).ok();
        way.git(&["update-index", "--add", "--cacheinfo", &format!("120000,{},link", blob.trim())]).ok();
        way.git(&["commit", "-m", "x"])
    });
}
