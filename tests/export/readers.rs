//! Readers of what an export format writes. Each returns the values of `names`, in that order. If its program is not
//! installed, it prints a line and returns `None`.

#![allow(clippy::unnecessary_wraps)] // one signature for all readers, whether they can be absent or not

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Command;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saphyr::{LoadableYamlNode, Yaml};

type Values = Option<Vec<Vec<u8>>>;

/// Runs `program` on a script file in a folder of its own, with the export beside it. Returns its output.
fn run(
    program: &str,
    flags: &[&str],
    locale: &str,
    text: &[u8],
    suffix: &str,
    script: &str,
) -> Option<Vec<u8>> {
    if cfg!(windows) && program != "pwsh" {
        return skip(program, "is a Unix shell's business");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path(&format!("export{suffix}")), text).unwrap();
    std::fs::write(path(&format!("script{suffix}")), script).unwrap();

    let output = Command::new(program)
        .args(flags)
        .arg(path(&format!("script{suffix}")))
        .current_dir(&folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder.path())
        .env("LC_ALL", locale)
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return skip(program, "is not installed");
        }
        Err(error) => panic!("{program}: {error}"),
    };
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{program}: {} {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!path("x").exists(), "{program} ran a value");
    Some(output.stdout)
}

/// Prints, once per program, what could not be tested. `eprintln!` won't do: the harness hides it when a test passes.
#[allow(clippy::explicit_write)]
fn skip<T>(program: &str, why: &str) -> Option<T> {
    static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut said = SAID.lock().unwrap();
    if !said.iter().any(|other| other == program) {
        writeln!(std::io::stderr(), "SKIPPED: {program} {why}, so nothing was read back by it").unwrap();
        said.push(program.to_owned());
    }
    None
}

fn split_nul(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.strip_suffix(b"\0").unwrap_or_default().split(|&b| b == 0).map(<[u8]>::to_vec).collect()
}

fn pick<K: AsRef<[u8]>>(pairs: Vec<(K, Vec<u8>)>, names: &[String]) -> Vec<Vec<u8>> {
    let count = pairs.len();
    let mut found: HashMap<Vec<u8>, Vec<u8>> =
        pairs.into_iter().map(|(name, value)| (name.as_ref().to_vec(), value)).collect();
    assert_eq!(found.len(), count, "a name came back twice");
    assert_eq!(count, names.len(), "more or fewer variables came back than went in");
    names
        .iter()
        .map(|name| found.remove(name.as_bytes()).unwrap_or_else(|| panic!("{name} is gone")))
        .collect()
}

fn print_nul(names: &[String]) -> String {
    names.iter().fold(String::new(), |mut script, name| {
        writeln!(script, "printf '%s\\0' \"${name}\"").unwrap();
        script
    })
}

/// As a person does it: `eval "$(envseal get --format shell)"`.
pub(crate) fn eval(shell: &str, text: &[u8], names: &[String]) -> Values {
    let script = format!("set -eu\neval \"$(cat export)\"\n{}", print_nul(names));
    run(shell, &[], "C.UTF-8", text, "", &script).map(|out| split_nul(&out))
}

/// `. ./export`, and the variables as a child sees them.
pub(crate) fn dot(shell: &str, text: &[u8], names: &[String]) -> Values {
    let script = "set -eu\n. ./export\nexec env -0\n";
    run(shell, &[], "C", text, "", script).map(|out| child(&out, names))
}

/// `envseal get --format fish | source`, and the variables as a child sees them.
pub(crate) fn fish(locale: &str, text: &[u8], names: &[String]) -> Values {
    let script = "cat export.fish | source\nexec env -0\n";
    run("fish", &["--no-config"], locale, text, ".fish", script).map(|out| child(&out, names))
}

fn child(environment: &[u8], names: &[String]) -> Vec<Vec<u8>> {
    let pairs = split_nul(environment)
        .into_iter()
        .map(|entry| {
            let at = entry.iter().position(|&b| b == b'=').unwrap();
            (entry[..at].to_vec(), entry[at + 1..].to_vec())
        })
        .filter(|(name, _)| name.starts_with(b"V_"))
        .collect();
    pick(pairs, names)
}

pub(crate) fn pwsh(text: &[u8], names: &[String]) -> Values {
    let mut script = "Get-Content export.ps1 | Out-String | Invoke-Expression\n".to_owned();
    for name in names {
        writeln!(script, "[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes(\"$env:{name}\"))")
            .unwrap();
    }
    let out = run("pwsh", &["-NoProfile", "-NonInteractive", "-File"], "C.UTF-8", text, ".ps1", &script)?;
    Some(String::from_utf8(out).unwrap().lines().map(|line| STANDARD.decode(line).unwrap()).collect())
}

/// Lines of `$env:NAME = EXPRESSION`: single-quoted strings, in which five characters are quotes, and `[char]N`.
pub(crate) fn powershell(text: &[u8], names: &[String]) -> Values {
    let text = std::str::from_utf8(text).unwrap();
    assert!(text.bytes().all(|b| b == b'\n' || (b' '..=b'~').contains(&b)), "not printable ASCII");
    let pairs = text.lines().map(|line| {
        let (name, expression) = line.strip_prefix("$env:").unwrap().split_once(" = ").unwrap();
        let items =
            expression.strip_prefix("-join (").map_or(expression, |rest| rest.strip_suffix(')').unwrap());
        let mut units: Vec<u16> = Vec::new();
        let mut rest = items;
        while !rest.is_empty() {
            rest = rest.strip_prefix(", ").unwrap_or(rest);
            if let Some(number) = rest.strip_prefix("[char]") {
                let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
                units.push(number[..end].parse().unwrap());
                rest = &number[end..];
            } else {
                let mut chars = rest.strip_prefix('\'').unwrap().chars();
                loop {
                    let next = chars.next().unwrap();
                    if matches!(next, '\'' | '\u{2018}'..='\u{201b}') {
                        let after = chars.clone().next();
                        if !matches!(after, Some('\'' | '\u{2018}'..='\u{201b}')) {
                            break;
                        }
                        chars.next();
                    }
                    units.extend_from_slice(next.encode_utf16(&mut [0; 2]));
                }
                rest = chars.as_str();
            }
        }
        (name, String::from_utf16(&units).unwrap().into_bytes())
    });
    Some(pick(pairs.collect(), names))
}

/// A NUON record of strings in double quotes, by the rules of Nushell's documentation.
pub(crate) fn nushell(text: &[u8], names: &[String]) -> Values {
    let text = std::str::from_utf8(text).unwrap();
    let lines = text.strip_prefix("{\n").unwrap().strip_suffix("}\n").unwrap();
    let pairs = lines.split_terminator('\n').map(|line| {
        let quoted = line.strip_prefix("  \"").unwrap().strip_suffix('"').unwrap();
        let (name, value) = quoted.split_once("\": \"").unwrap();
        let (mut found, mut rest) = (String::new(), value.chars());
        while let Some(c) = rest.next() {
            assert_ne!(c, '"', "it ends in the middle: {line}");
            found.push(match c {
                '\\' => match rest.next().unwrap() {
                    c @ ('"' | '\\') => c,
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let digits: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                        char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap()
                    }
                    other => panic!("no escape: {other}"),
                },
                c => c,
            });
        }
        (name, found.into_bytes())
    });
    Some(pick(pairs.collect(), names))
}

/// Reads the same with Nushell itself.
pub(crate) fn nu(text: &[u8], names: &[String]) -> Values {
    let mut script = "open --raw export.nuon | from nuon | load-env\n".to_owned();
    for name in names {
        writeln!(script, "print ($env.{name} | encode base64)").unwrap();
    }
    let out = run("nu", &["--no-config-file"], "C.UTF-8", text, ".nuon", &script)?;
    Some(String::from_utf8(out).unwrap().lines().map(|line| STANDARD.decode(line).unwrap()).collect())
}

pub(crate) fn json(text: &[u8], names: &[String]) -> Values {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(text).unwrap();
    let pairs = object.into_iter().map(|(name, value)| (name, value.as_str().unwrap().as_bytes().to_vec()));
    Some(pick(pairs.collect(), names))
}

/// Reads like docker/cli's `kvfile`, as its package comment describes it.
pub(crate) fn docker(text: &[u8], names: &[String]) -> Values {
    let mut pairs = Vec::new();
    for (number, line) in text.split_inclusive(|&b| b == b'\n').enumerate() {
        assert!(line.len() <= 64 * 1024, "bufio.Scanner: token too long");
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut line = std::str::from_utf8(line).expect("invalid utf8 bytes");
        if number == 0 {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').unwrap();
        assert!(!name.contains([' ', '\t']));
        pairs.push((name, value.as_bytes().to_vec()));
    }
    Some(pick(pairs, names))
}

/// A Kubernetes Secret, by a YAML parser.
pub(crate) fn k8s(text: &[u8], names: &[String]) -> Values {
    let documents = Yaml::load_from_str(std::str::from_utf8(text).unwrap()).unwrap();
    let [secret] = &documents[..] else { panic!("{} documents", documents.len()) };
    let head = ["apiVersion", "kind", "type"].map(|name| secret[name].as_str().unwrap());
    assert_eq!(head, ["v1", "Secret", "Opaque"]);
    assert_eq!(secret["metadata"]["name"].as_str(), Some("app"));
    let data = secret["data"].as_mapping().unwrap().iter();
    let pairs = data.map(|(name, value)| {
        let [name, value] = [name, value].map(|node| node.as_str().unwrap());
        (name, STANDARD.decode(value).unwrap())
    });
    Some(pick(pairs.collect(), names))
}

/// The runner's file of `$GITHUB_ENV`: lines of `NAME=VALUE`, or `NAME<<DELIMITER` up to the delimiter's line.
pub(crate) fn github(windows: bool, text: &[u8], names: &[String]) -> Values {
    let text = std::str::from_utf8(text).unwrap();
    let next_line = |at: usize| -> Option<(&str, usize, usize)> {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let end = rest.find('\n').unwrap_or(rest.len());
        let line = &rest[..end];
        let content = if windows { line.strip_suffix('\r').unwrap_or(line) } else { line };
        Some((content, at + content.len(), (at + end + 1).min(text.len())))
    };

    let mut pairs = Vec::new();
    let mut at = 0;
    while let Some((line, _, next)) = next_line(at) {
        at = next;
        if line.is_empty() {
            continue;
        }
        let heredoc = line.find("<<").unwrap_or(usize::MAX);
        if line.find('=').is_some_and(|equals| equals < heredoc) {
            let (name, value) = line.split_once('=').unwrap();
            pairs.push((name, value.as_bytes().to_vec()));
            continue;
        }
        let (name, delimiter) = line.split_once("<<").expect("invalid format");
        assert!(!name.is_empty() && !delimiter.is_empty(), "invalid format");
        let start = at;
        let mut end = at;
        loop {
            let (line, line_end, next) = next_line(at).expect("matching delimiter not found");
            at = next;
            if line == delimiter {
                break;
            }
            end = line_end;
        }
        pairs.push((name, text.as_bytes()[start..end].to_vec()));
    }
    Some(pick(pairs, names))
}
