//! Runs the README's console blocks and compares their output.
//!
//! `UPDATE=1 cargo test --test cli readme` rewrites the outputs and the picture.

use crate::support::TestEnv;
use crate::transcripts::constant;

/// Returns the commands (after `$ `) of the README's console blocks, each with the output that follows it.
fn commands() -> Vec<(String, String)> {
    let readme = include_str!("../../README.md");
    let mut commands: Vec<(String, String)> = Vec::new();
    for block in readme.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            match line.strip_prefix("$ ") {
                Some(command) => commands.push((command.to_owned(), String::new())),
                None => commands.last_mut().unwrap().1.extend([line, "\n"]),
            }
        }
    }
    commands
}

#[test]
fn the_readme_shows_what_happens() {
    let env = TestEnv::unsettled();
    env.write("server", "#!/bin/sh\nexit 0\n");
    env.program("chmod", &["+x", "server"]).ok();
    let commands = commands();
    assert!(commands.len() >= 9, "{commands:?}");
    let (mut readme, mut from) = (include_str!("../../README.md").to_owned(), 0);
    for (command, expected) in commands {
        let output = env.shell(&format!("{{ {command}\n}} 2>&1")).output();
        let shown = constant(&String::from_utf8(output.stdout).unwrap(), &env);
        if std::env::var_os("UPDATE").is_some() {
            let quoted = format!("$ {command}\n{expected}");
            let at = from + readme[from..].find(&quoted).unwrap();
            let renewed = format!("$ {command}\n{shown}");
            readme.replace_range(at..at + quoted.len(), &renewed);
            from = at + renewed.len();
        } else {
            assert_eq!(shown, expected, "$ {command}: UPDATE=1 cargo test --test cli readme");
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"), readme).unwrap();
    }
}

#[test]
fn the_quickstart_runs() {
    let env = TestEnv::without_git();
    let quickstart = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/quickstart");
    let key = std::fs::read(format!("{quickstart}/demo.keys")).unwrap();
    let run = ["run", "-C", quickstart, "-K", "-", "--", "./greet.sh"];
    let greeting = env.envseal(&run).stdin(key).ok();
    assert!(greeting.starts_with("Hello, quickstart reader! Listening on port 8080.\n"), "{greeting}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_picture_shows_what_happens() {
    let env = TestEnv::without_git();
    if !env.has(&["python3"]) {
        return;
    }
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let (script, committed) = (docs.join("session.py"), docs.join("session.svg"));
    let drawn = env.path("session.svg");
    let run = env.program("python3", &[script.to_str().unwrap(), env!("CARGO_BIN_EXE_envseal")]);
    run.arg(&drawn).ok();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::copy(&drawn, committed).unwrap();
    } else {
        let [drawn, committed] = [drawn, committed].map(|path| std::fs::read_to_string(path).unwrap());
        assert!(drawn == committed, "docs/session.svg is out of date: UPDATE=1 cargo test --test cli readme");
    }
}
