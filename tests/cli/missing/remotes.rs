//! What a promisor remote must not make git do: run a program or prompt a person.

use std::io::{Read, Write};

use super::{Clone, Past, text};

const MAY_FETCH: &[&[&str]] = &[
    &["check", "--range", "HEAD~5..HEAD~3"],
    &["check", "--history"],
    &["log"],
    &["diff", "HEAD~5", "HEAD~4"],
    &["blame"],
    &["get", "URL", "--at", "HEAD~4"],
];

#[track_caller]
fn all_refuse(clone: &Clone<'_>, vars: &[(&str, &str)]) {
    for arguments in MAY_FETCH {
        let mut run = clone.envseal(arguments);
        for (name, value) in vars {
            run = run.var(name, value);
        }
        let output = run.soon();
        assert_eq!(output.status, 4, "{arguments:?}: {}{}", text(&output), output.stderr);
    }
}

#[test]
fn a_remote_that_is_a_command_is_not_run() {
    let past = Past::new();
    let clone = past.clone(&["--filter=blob:none"], "clone");
    let made = past.env.outside().join("pwned");
    let url = format!("ext::sh -c touch% {}", made.display());
    clone.git(&["config", "remote.origin.url", &url]);
    // The user may have allowed these protocols for another purpose.
    clone.git(&["config", "protocol.ext.allow", "always"]);
    clone.git(&["config", "protocol.allow", "always"]);
    all_refuse(&clone, &[]);
    assert!(!made.exists(), "it was run");
    // The same command by way of `insteadOf`.
    clone.git(&["config", "remote.origin.url", "https://example.com/x"]);
    clone.git(&["config", &format!("url.{url}.insteadOf"), "https://example.com/x"]);
    all_refuse(&clone, &[]);
    assert!(!made.exists(), "it was run");
    // Git itself would run it.
    clone.env.program("git", &["cat-file", "blob", "HEAD~5:.env"]).dir(&clone.folder).output();
    assert!(made.exists());
}

/// Starts a server that asks for a name and a password. Returns its port.
fn locked_server() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(
                b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        }
    });
    port
}

#[test]
fn nobody_is_asked_for_a_password() {
    let past = Past::new();
    let clone = past.clone(&["--filter=blob:none"], "clone");
    clone.git(&["config", "remote.origin.url", &format!("http://127.0.0.1:{}/x.git", locked_server())]);
    let (asked, program) = (past.env.outside().join("asked"), past.env.outside().join("askpass"));
    std::fs::write(&program, format!("#!/bin/sh\ntouch '{}'\necho x\n", asked.display())).unwrap();
    crate::support::set_mode(&program, 0o755);
    let program = program.to_str().unwrap();
    all_refuse(&clone, &[("GIT_ASKPASS", program)]);
    all_refuse(&clone, &[("SSH_ASKPASS", program), ("DISPLAY", ":0")]);
    clone.git(&["config", "core.askPass", program]);
    all_refuse(&clone, &[]);
    assert!(!asked.exists(), "a person was prompted");
    // Git itself would ask.
    clone.env.program("git", &["cat-file", "blob", "HEAD~5:.env"]).dir(&clone.folder).output();
    assert!(asked.exists());
}
