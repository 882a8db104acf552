//! `completions/` holds what `envseal completions` prints.
//!
//! `UPDATE=1 cargo test --test cli completions` writes it anew.

use std::path::Path;

use crate::support::TestEnv;

const SHELLS: [(&str, &str); 5] = [
    ("bash", "envseal.bash"),
    ("zsh", "_envseal"),
    ("fish", "envseal.fish"),
    ("powershell", "_envseal.ps1"),
    ("elvish", "envseal.elv"),
];

#[test]
fn the_committed_scripts_are_those_that_are_generated() {
    let env = TestEnv::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, name) in SHELLS {
        let generated = env.ok(&["completions", shell]);
        let path = folder.join(name);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == generated,
            "completions/{name} is out of date: UPDATE=1 cargo test --test cli completions"
        );
    }
}

#[test]
fn the_scripts_are_read_by_their_shells() {
    let env = TestEnv::new();
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        if env.program("sh", &["-c", &format!("command -v {shell}")]).output().status != 0 {
            println!("skipped: {shell} is not installed");
            continue;
        }
        let script = env.ok(&["completions", shell]);
        env.write("script", script);
        env.program(shell, &[check, "script"]).ok();
    }
}

#[test]
fn another_shell_is_a_usage_error() {
    let env = TestEnv::new();
    let stderr = env.fails(2, &["completions", "csh"]);
    assert!(stderr.contains("[possible values: bash, elvish, fish, powershell, zsh]"), "{stderr}");
}
