//! The value of a sealed variable, copied into another file.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::{KNOWN, commit_stopped, each_stopped};

/// A different value of the same form, which is not secret.
const HARMLESS: &str = "another?value/of\"the~same~ké";

/// A file, and its text with the known value and with the harmless one.
type Copied = (String, [String; 2]);

/// Returns a file that contains a spelling of the value between these two texts.
fn copy(file: &str, before: &str, spell: impl Fn(&str) -> String, after: &str) -> Copied {
    (file.to_owned(), [KNOWN, HARMLESS].map(|value| format!("{before}{}{after}", spell(value))))
}

/// Commits each of these files.
fn stopped(files: &[Copied]) {
    each_stopped(
        files,
        |(file, _)| [file.rsplit('/').next().unwrap(), "HELLO", "[secret-value]"],
        |way, (file, [known, harmless])| way.add(file, way.pick(known, harmless)),
    );
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
    let rows = [
        ("src/config.js", "export const password = `", "`;\n"),
        ("deploy/values.yaml", "db:\n  password: ", "\n"),
        ("main.py", "# was: ", "\n"),
        ("README.md", "", ""),
        ("a.bin", "\0\u{1}\u{2}", "\0"),
        ("tests/fixtures/x.txt", "prefix", "suffix\n"),
        ("über/mit leer.txt", "\r\n", "\r\n"),
        (".env.example", "HELLO=", "\n"),
    ];
    stopped(&rows.map(|(file, before, after)| copy(file, before, str::to_owned, after)));
}

#[test]
fn in_base64_at_each_of_the_three_alignments() {
    let mut files = vec![
        copy("unpadded.yaml", "auth: ", |value| STANDARD_NO_PAD.encode(value), "\n"),
        copy("url.yaml", "auth: ", |value| URL_SAFE.encode(value), "\n"),
        copy("url-unpadded.yaml", "auth: '", |value| URL_SAFE_NO_PAD.encode(format!("a:{value}")), "'\n"),
    ];
    for lead in ["", "u", "us", "use", "user:"] {
        for tail in ["", "x", "xy"] {
            let encode = |value: &str| STANDARD.encode(format!("{lead}{value}{tail}"));
            files.push(copy(&format!("{}.yaml", files.len()), "auth: ", encode, "\n"));
        }
    }
    stopped(&files);
}

/// JSON in ASCII is escaped like by Python's `json.dumps` and PHP's `json_encode`.
#[test]
fn escaped_for_urls_hex_or_json() {
    let json = |value: &str| serde_json::to_string(value).unwrap();
    let ascii = |value: &str| json(value).replace('é', "\\u00e9");
    let hex = |value: &str| value.bytes().map(|b| format!("{b:02x}")).collect::<String>();
    stopped(&[
        copy("upper.sh", "curl https://u:", |value| percent(value, true), "@host/\n"),
        copy("lower.sh", "curl https://u:", |value| percent(value, false), "@host/\n"),
        copy("upper.c", "0x", |value| hex(value).to_uppercase(), ";\n"),
        copy("lower.c", "0x", hex, ";\n"),
        copy("a.json", "{\"p\": ", json, "}\n"),
        copy("ascii.json", "{\"p\": ", ascii, "}\n"),
        copy("slashes.json", "{\"p\": ", |value| ascii(value).replace('/', "\\/"), "}\n"),
    ]);
}

#[test]
fn in_the_middle_of_a_large_file_and_on_a_line_that_changes() {
    let filler = "nothing to see here\n".repeat(20_000);
    stopped(&[copy("large.txt", &filler, str::to_owned, &filler)]);
    commit_stopped(&["a.js:2", "HELLO", "[secret-value]"], |way| {
        way.add("a.js", "first\nsecond\nthird\n");
        way.git(&["commit", "-q", "-m", "before"]).ok();
        way.add("a.js", format!("first\nx = \"{}\"\nthird\n", way.pick(KNOWN, HARMLESS)));
    });
}

#[test]
fn moved_out_of_the_file_in_the_same_commit() {
    // The value is still recognized after its line is removed from `.env` in the same commit.
    commit_stopped(&["a.js", "HELLO", "[secret-value]"], |way| {
        let rest = way.env.read(".env").lines().filter(|line| !line.starts_with("HELLO")).collect::<String>();
        way.add(".env", rest + "\n");
        way.add("a.js", way.pick(KNOWN, HARMLESS));
    });
}

#[test]
fn under_another_name_declared_plain() {
    commit_stopped(&[".env", "HELLO", "[secret-value]"], |way| {
        let text = way.env.read(".env");
        let value = way.pick(KNOWN, HARMLESS).replace('"', "\\\"");
        way.add(".env", format!("{text}COPY=\"{value}\" # envseal: plain\n"));
    });
}

#[test]
fn as_the_target_of_a_symlink() {
    commit_stopped(&["link", "HELLO", "[secret-value]"], |way| {
        let target = way.pick(KNOWN, HARMLESS);
        let blob = way.git(&["hash-object", "-w", "--stdin"]).stdin(target).ok();
        way.git(&["update-index", "--add", "--cacheinfo", &format!("120000,{},link", blob.trim())]).ok();
    });
}
