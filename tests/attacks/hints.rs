//! Put `$(…)`, a space or an option into the name of an environment, a member, a file or a variable, so that users
//! paste it from a hint. The tests paste every hint of a hostile repository into a shell.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Session, Start, TestEnv, write_script};

/// What each hostile name ends in: an argument with it must hold the whole name.
const END: &str = "qz";
const NAMES: &[&str] = &[
    "$(touch pwned)qz",
    "`touch pwned`qz",
    "a bqz",
    "'; touch pwned; 'qz",
    "&& touch pwned #qz",
    "-rfqz",
    "*qz",
    "!xqz",
    "éaqz",
    "{file}qz",
];
/// Hostile names of variables.
const VARIABLES: &[&str] = &["-xqz", "DUP-qz"];
/// Names that a path may have, but that no hint may show.
const HIDDEN: &[&str] = &["a\nbqz", "\u{1b}[2Jqz", "\u{202e}qz", "\u{7}qz"];

/// A folder where the only programs are `touch` and ones that record their arguments.
struct Shell {
    dir: tempfile::TempDir,
    pasted: BTreeSet<String>,
    /// Names that arrived whole.
    arrived: BTreeSet<String>,
}

impl Shell {
    fn new() -> Self {
        let dir = crate::support::scratch_folder();
        let bin = dir.path().join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::create_dir(dir.path().join("here")).unwrap();
        // What a shell would expand `*qz` to.
        std::fs::write(dir.path().join("here/globqz"), "").unwrap();
        let note = format!("for a; do printf '%s\\0' \"$a\" >>'{}/noted'; done", dir.path().display());
        for program in ["envseal", "git", "rm", "mv", "cp", "chmod", "cut", "vi", "env", "sops", "iconv"] {
            write_script(bin.join(program), &note);
        }
        let touch =
            ["/usr/bin/touch", "/bin/touch"].into_iter().find(|path| Path::new(path).exists()).unwrap();
        std::os::unix::fs::symlink(touch, bin.join("touch")).unwrap();
        Self { dir, pasted: BTreeSet::new(), arrived: BTreeSet::new() }
    }

    /// Runs a line, and returns the arguments that programs got.
    fn run(&self, shell: &str, line: &str) -> Vec<Vec<u8>> {
        let noted = self.dir.path().join("noted");
        std::fs::write(&noted, "").unwrap();
        let here = self.dir.path().join("here");
        let shell = if shell == "sh" { "/bin/sh" } else { shell };
        let output = std::process::Command::new(shell)
            .args(["-c", line])
            .current_dir(&here)
            .env_clear()
            .env("PATH", self.dir.path().join("bin"))
            .env("HOME", self.dir.path())
            .stdin(std::process::Stdio::null())
            .output();
        output.unwrap();
        for folder in [&here, &self.dir.path().to_owned()] {
            assert!(!folder.join("pwned").exists(), "{line:?}");
        }
        let arguments = std::fs::read(&noted).unwrap();
        arguments.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
    }

    /// Pastes a hint as a whole and each of its commands. A hostile name in it must arrive unchanged.
    fn paste(&mut self, hint: &str) {
        if !self.pasted.insert(hint.to_owned()) {
            return;
        }
        assert!(!hint.chars().any(|c| c.is_control() || c == '\u{202e}'), "{hint:?}");
        for command in commands(hint) {
            for argument in self.run("sh", command) {
                let argument = String::from_utf8(argument).unwrap();
                if argument.contains(END) {
                    let whole = NAMES.iter().chain(VARIABLES).find(|name| argument.contains(*name));
                    let whole = whole.unwrap_or_else(|| panic!("{argument:?} of {command:?}"));
                    self.arrived.insert((*whole).to_owned());
                }
            }
        }
    }

    /// Pastes each hint of a command's output.
    fn paste_all(&mut self, env: &TestEnv, arguments: &[&str]) {
        let output = env.envseal(arguments).output();
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        for hint in hints(&stdout).into_iter().chain(hints(&output.stderr)) {
            self.paste(&hint);
        }
    }
}

/// Returns what a user would paste from an output: the text after `hint:` and `fix:`, the member `fix` of JSON, and a
/// command at the end of any other line.
fn hints(text: &str) -> Vec<String> {
    if let Ok(json) = serde_json::from_str::<Value>(text) {
        let mut found = Vec::new();
        fixes(&json, &mut found);
        return found;
    }
    let of_line = |line: &str| {
        let line = line.trim_start();
        let labelled = ["hint: ", "fix: "].into_iter().find_map(|label| line.strip_prefix(label));
        let at_end = || {
            let starts = [": envseal ", ": git ", ": rm ", ": chmod "]
                .into_iter()
                .filter_map(|start| line.find(start));
            starts.min().map(|at| &line[at + 2..])
        };
        labelled.or_else(at_end).map(str::to_owned)
    };
    text.lines().filter_map(of_line).collect()
}

fn fixes(json: &Value, found: &mut Vec<String>) {
    match json {
        Value::Array(list) => list.iter().for_each(|item| fixes(item, found)),
        Value::Object(members) => {
            found.extend(members.get("fix").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| fixes(member, found));
        }
        _ => {}
    }
}

/// Returns the whole hint, and each further command in it, from its first word to the hint's end.
fn commands(hint: &str) -> Vec<&str> {
    let (mut quoted, mut found) = (false, Vec::new());
    for (at, c) in hint.char_indices() {
        // `\'` occurs only between quoted parts.
        quoted ^= c == '\'' && !hint[..at].ends_with('\\');
        let is_start = hint[..at].ends_with(": ") || hint[..at].ends_with("; ");
        if at == 0 || !quoted && is_start {
            found.push(&hint[at..]);
        }
    }
    found
}

/// Creates a project in which every name that can be hostile is hostile.
fn hostile() -> TestEnv {
    static START: Start = Start::new();
    TestEnv::copy_of(&START, make_hostile)
}

fn make_hostile(env: &TestEnv) {
    env.ok(&["set", "HELLO", "generated"]);
    env.ok(&["team", "request", "--name", "alice"]);
    let token = super::text_of(env, ".env", "HELLO");
    let whoami = env.ok(&["team", "whoami"]);
    let fingerprint = whoami.lines().find_map(|line| line.trim().strip_prefix("fingerprint: ")).unwrap();
    for name in NAMES {
        env.ok(&["set", "A", "generated", &format!("--env={name}")]);
        env.ok(&["team", "approve", "alice", &format!("--env={name}"), "--fingerprint", fingerprint]);
    }
    for name in NAMES {
        let file = format!(".env.{name}");
        let sealed = env.read(&file);
        let broken = format!(
            "-xqz=1\nDUP-qz=1\nDUP-qz=2\nBAD=envseal:1:AAAA\nMOVED={token}\nPATH={token}\nLONG=$NOWHERE\nsk_test\n\
             D=encrypted:AAAA\n"
        );
        super::append(env, &file, &broken);
        env.write(format!("{name}/.env"), format!("{sealed}{broken}"));
        env.write(format!("{name}/.env.example"), "# @required\nNEEDED=\nOTHER=\n");
        env.write(format!("{name}/more/.env"), "A=1\n<<<<<<< HEAD\n");
        env.write(format!("{name}/{name}.json"), "{\"a\": \n");
    }
    // The grants are now by alice, who is no longer a member.
    let team = env.read("envseal.toml").replace("alice = ", "bob = ");
    env.write("envseal.toml", team);
}

#[test]
fn of_a_check() {
    let (env, mut shell) = (hostile(), Shell::new());
    let branch = "$(touch${IFS}pwned)qz";
    shell.paste_all(&env, &["check"]);
    shell.paste_all(&env, &["check", "-v"]);
    shell.paste_all(&env, &["check", "--json"]);
    env.git(&["add", "-A", "-f"]);
    shell.paste_all(&env, &["check", "--staged"]);
    shell.paste_all(&env, &["check", "--staged", "--json"]);
    env.git(&["commit", "-q", "--no-verify", "-m", "x"]);
    env.git(&["checkout", "-q", "-b", branch]);
    env.write("envseal.toml", "[policy]\nplain = [\"*qz\"]\n");
    env.git(&["commit", "-q", "--no-verify", "-a", "-m", "y"]);
    for arguments in [
        &["check", "--range", "main..$(touch${IFS}pwned)qz", "--json"][..],
        &["check", "--history", "--json"],
    ] {
        let output = env.envseal(arguments).output();
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut found = Vec::new();
        fixes(&json, &mut found);
        // The branch in a range is not one of `NAMES`, so its hint is run below, without `paste`.
        found.retain(|fix| !fix.contains("--range"));
        for fix in &found {
            shell.paste(fix);
        }
        let range = "envseal check --range 'main..$(touch${IFS}pwned)qz' --accept-policy";
        shell.run("sh", range);
        assert!(json.to_string().contains(range) || arguments.contains(&"--history"), "{json}");
    }
    // In these formats the hint is part of a message.
    for form in ["--sarif", "--github"] {
        let text = env.check_text(&[form]);
        assert!(text.contains("'$(touch pwned)qz/"), "{text}");
    }
    assert_eq!(shell.arrived.len(), NAMES.len() + VARIABLES.len(), "{:?}", shell.arrived);
    assert!(shell.pasted.len() > 15 * NAMES.len(), "{}", shell.pasted.len());
}

#[test]
fn of_other_commands() {
    let (env, mut shell) = (hostile(), Shell::new());
    env.write(".gitignore", "*/more/\n.env.keys\n");
    for arguments in [
        &["ls"][..],
        &["doctor"],
        &["doctor", "--json"],
        &["encrypt"],
        &["init"],
        &["team", "exposures"],
        &["team", "list"],
        &["key", "list", "-v"],
        &["hook", "install"],
        &["import", "dotenvx", "-v"],
        &["run", "-x", "nothing", "--", "true"],
    ] {
        shell.paste_all(&env, arguments);
    }
    let keys = env.path(".env.keys");
    for name in NAMES {
        let (selected, file) = (format!("--env={name}"), format!("./{name}/.env"));
        let (json, more) = (format!("./{name}/{name}.json"), format!("./{name}/more/.env"));
        let folder = format!("./{name}");
        for arguments in [
            &["run", &selected, "--", "true"][..],
            &["get", "NOPE", &selected],
            &["get", "-f", &file],
            &["get", "-f", &more],
            &["get", "-f", &format!("./{name}/none.env")],
            &["set", "PATH", "x", &selected],
            &["set", "HELLO", "", "-f", &more],
            &["rename", "A", "-f", &file, "BAD"],
            &["unset", "NOPE", "-f", &file],
            &["unset", "-f", &file, "--", "-xqz-"],
            &["encrypt", "-f", &file],
            &["encrypt", &selected],
            &["decrypt", "-f", &file],
            &["edit", &selected],
            &["edit", "-f", &file],
            &["log", "-f", &file],
            &["log", &file],
            &["diff", "-f", &file],
            &["resolve", "A", "--ours", "-f", &more],
            &["team", "approve", "bob", &selected],
            &["team", "approve", name, &selected],
            &["team", "remove", name],
            &["key", "show", &selected],
            &["key", "show", "-f", &file],
            &["key", "generate", &selected],
            &["key", "rotate", "-f", &file],
            &["key", "trust", &selected, "--fingerprint", "SHA256:x"],
            &["key", "backup", &folder],
            &["import", "json", &json],
            &["import", "json", &json, "-e", "new"],
            &["import", "dotenvx", "-f", &file],
            &["import", "yaml", &file, "-e", "new"],
            &["-K", &more, "set", "B", "x"],
            &["-K", &format!("{folder}/none.keys"), "run", &selected, "--", "true"],
            &["-C", &folder, "doctor"],
            &["-C", &folder, "check"],
            &["run", "-f", &format!("?{folder}"), "--", "true"],
            &[&folder],
            &["get", &file],
        ] {
            shell.paste_all(&env, arguments);
        }
        // Only for the first name are the keys there.
        let _ = std::fs::rename(&keys, env.outside().join("kept"));
    }
    assert_eq!(shell.arrived.len(), NAMES.len() + VARIABLES.len(), "{:?}", shell.arrived);
    assert!(shell.pasted.len() > 10 * NAMES.len(), "{}", shell.pasted.len());
}

#[test]
fn nothing_that_nobody_sees_is_in_a_hint() {
    let env = TestEnv::new();
    env.ok(&["set", "HELLO", "generated"]);
    for name in HIDDEN {
        env.write(format!("{name}/.env"), "A=1\nA=2\n-x=1\n");
        env.write(format!("{name}/more/.env"), "A=1\n<<<<<<< HEAD\n");
    }
    let told = |arguments: &[&str]| {
        let output = env.envseal(arguments).output();
        let stdout = String::from_utf8(output.stdout).unwrap();
        for hint in hints(&stdout).into_iter().chain(hints(&output.stderr)) {
            assert!(!hint.contains(END), "{arguments:?}: {hint:?}");
        }
        let told = stdout + &output.stderr;
        assert!(told.contains(END) && !told.contains('\u{1b}') || arguments.contains(&"--json"), "{told:?}");
    };
    for name in HIDDEN {
        let [file, more, none] = [".env", "more/.env", "none.env"].map(|file| format!("{name}/{file}"));
        told(&["encrypt", "-f", &file]);
        told(&["get", "A", "-f", &more]);
        told(&["get", "A", "-f", &none]);
        told(&["unset", "NOPE", "-f", &file]);
        told(&["doctor", "-f", &file]);
        told(&["edit", "-f", &file]);
        told(&["key", "trust", "-f", &file]);
    }
    for arguments in [&["check"][..], &["check", "--json"], &["doctor"], &["doctor", "--json"]] {
        told(arguments);
    }
    let json: Value = serde_json::from_slice(&env.envseal(&["check", "--json"]).output().stdout).unwrap();
    let of_file = |finding: &&Value| finding["file"].as_str().unwrap().contains(END);
    let findings = json.as_array().unwrap();
    assert!(findings.iter().any(|finding| of_file(&finding) && finding["fix"].is_null()), "{json:#}");
}

#[test]
fn of_a_path_that_is_no_text() {
    let (env, shell) = (TestEnv::new(), Shell::new());
    let folder = PathBuf::from(OsStr::from_bytes(b"-\xff'$(touch pwned)"));
    env.write(folder.join(".env"), "A=1\n<<<<<<< HEAD\n");
    let stderr = env.envseal(&["encrypt", "-f"]).arg(Path::new(".").join(&folder).join(".env")).fails(4);
    let hint = stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap();
    let text = env.check_text(&[]);
    let fix = text.lines().find_map(|line| line.trim().strip_prefix("fix: ")).unwrap();
    let Some(bash) = ["/bin/bash", "/usr/bin/bash"].into_iter().find(|path| Path::new(path).exists()) else {
        return;
    };
    let path = b"-\xff'$(touch pwned)/.env";
    for command in commands(hint).into_iter().chain([fix]).filter(|command| command.starts_with("${EDITOR")) {
        let arguments = shell.run(bash, command);
        assert!(
            arguments.iter().filter(|argument| argument.ends_with(path)).count() >= 2,
            "{command}: {arguments:?}"
        );
        assert!(arguments.iter().all(|argument| !argument.starts_with(b"-")), "{command}: {arguments:?}");
    }
}

/// Only interactive shells have history expansion.
#[test]
fn typed_at_a_prompt() {
    let (env, shell) = (TestEnv::new(), Shell::new());
    let Some(bash) = ["/bin/bash", "/usr/bin/bash"].into_iter().find(|path| Path::new(path).exists()) else {
        return;
    };
    let run =
        env.program(bash, &["--norc", "--noprofile", "-i"]).var("PS1", "> ").var("INPUTRC", "/dev/null");
    let run = run.var("PATH", shell.dir.path().join("bin")).dir(shell.dir.path().join("here"));
    let Some(mut session) = Session::start(run) else { return };
    for name in NAMES {
        session.until("> ");
        env.write(format!("{name}/.env"), "A=1\n<<<<<<< HEAD\n");
        let stderr = env.fails(4, &["encrypt", "-f", &format!("./{name}/.env")]);
        let (_, command) = stderr.split_once("hint: resolve the merge first: ").unwrap();
        session.keys(&format!("{}\r", command.trim_end()));
    }
    session.until("> ");
    session.keys("exit\r");
    let (_, _, text) = session.end();
    assert!(!shell.dir.path().join("here/pwned").exists(), "{text}");
    let noted = String::from_utf8(std::fs::read(shell.dir.path().join("noted")).unwrap()).unwrap();
    // `vi FILE` and `git add FILE`.
    let wanted =
        NAMES.iter().flat_map(|name| [format!("./{name}/.env"), "add".into(), format!("./{name}/.env")]);
    assert_eq!(noted.split_terminator('\0').collect::<Vec<_>>(), wanted.collect::<Vec<_>>(), "{text}");
}

/// The forms that hints use for a name that begins like an option are parsed as a name.
#[test]
fn a_name_like_an_option_is_none() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "generated", "-e=-rf"]);
    env.write("-rf.env.keep", "");
    assert!(env.ok(&["ls", "-e=-rf"]).contains("-rf"));
    assert!(env.ok(&["get", "A", "-f", "./.env.-rf"]).len() > 1);
    super::append(&env, ".env.-rf", "-x=1\n");
    let file = ".env.-rf";
    for arguments in [
        &["encrypt", "-f", file, "-k=-x"][..],
        &["get", "-f", file, "--", "-x"],
        &["run", "-f", file, "-x=-x", "--", "true"],
        &["log", "-f", file, "--", "-x"],
        &["rename", "-f", file, "--", "-x", "B"],
        &["unset", "-f", file, "--", "B"],
    ] {
        let output = env.envseal(arguments).output();
        assert_ne!(output.status, 2, "{arguments:?}: {}", output.stderr);
    }
}
