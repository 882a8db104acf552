//! No command opens a socket: there is no server, no telemetry and no check for updates.

use crate::rotate_killed::has_strace;
use crate::support::TestEnv;

/// Every command, in an order in which each has something to do. Words are separated by spaces.
const COMMANDS: &[&str] = &[
    "--version",
    "--help",
    "init --yes",
    "set A 1",
    "set B 2 -e production",
    "get A",
    "rename A C",
    "unset C",
    "encrypt",
    "decrypt --stdout -e production",
    "ls",
    "check",
    "check --staged",
    "check --history",
    "diff",
    "log",
    "blame",
    "doctor",
    "import json values.json -e imported --yes",
    "resolve C --ours -f merged/.env",
    "run -e production -- true",
    "run --redact -e production -- true",
    "edit -e production",
    "key list",
    "key show -e production",
    "key generate -e staging",
    "key rotate -e production",
    "key trust -e production",
    "team request --name alice",
    "team whoami",
    "team list",
    "team exposures",
    "hook install",
    "hook run pre-commit",
    "hook uninstall",
    "completions bash",
    "man",
    "man --dir pages",
];

#[test]
fn no_command_opens_a_socket() {
    let env = TestEnv::new();
    if !has_strace() {
        return;
    }
    env.write("values.json", "{\"A\": \"x\"}\n");
    env.plaintext_in("values.json");
    let trace = env.outside().join("trace");
    let trace = trace.to_str().unwrap();
    for command in COMMANDS {
        if command.starts_with("resolve") {
            env.write("merged/.env", "<<<<<<< ours\nC=1\n=======\nC=2\n>>>>>>> theirs\n");
        }
        let envseal = env!("CARGO_BIN_EXE_envseal");
        let strace = ["-f", "-qq", "-e", "trace=socket,connect", "-o", trace, envseal];
        let words: Vec<_> = strace.into_iter().chain(command.split(' ')).collect();
        let output = env.program("strace", &words).var("VISUAL", "true").output();
        // Status 1 is allowed, for a command that reports something or has nothing to do. Any other failure is not.
        let status = output.status;
        assert!(status < 2, "{command}: {}", output.stderr);
        let opened = std::fs::read_to_string(trace).unwrap();
        let calls: Vec<_> = opened.lines().filter(|line| line.contains('(')).collect();
        assert!(calls.is_empty(), "{command}: {calls:?}");
        if *command == "set B 2 -e production" {
            env.git(&["add", "."]);
            env.git(&["commit", "-qnm", "Begin"]);
        }
    }
    let every = envseal::testing::commands::definition();
    for command in every.get_subcommands() {
        let named = COMMANDS.iter().any(|line| line.split(' ').next() == Some(command.get_name()));
        assert!(named, "{} is not in the list", command.get_name());
    }
}

#[test]
fn the_trace_can_see_a_socket() {
    let env = TestEnv::new();
    let trace = env.outside().join("trace");
    let words = ["-f", "-qq", "-e", "trace=socket", "-o", trace.to_str().unwrap(), "sh", "-c"];
    let script = "python3 -c 'import socket; socket.socket()'";
    let output = std::process::Command::new("strace").args(words).arg(script).output();
    if !output.is_ok_and(|output| output.status.success()) {
        println!("skipped: needs strace and python3");
        return;
    }
    assert!(std::fs::read_to_string(&trace).unwrap().contains("socket("));
}
