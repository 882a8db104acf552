//! What a promisor remote must not make git do: run a program or prompt a person.

use std::io::{Read, Write};

use super::{Clone, Past, text};
use crate::support::write_script;

const MAY_FETCH: &[&[&str]] = &[
    &["check", "--range", "HEAD~5..HEAD~3"],
    &["check", "--history"],
    &["log"],
    &["diff", "HEAD~5", "HEAD~4"],
    &["blame"],
    &["get", "URL", "--at", "HEAD~4"],
];

#[track_caller]
fn all_refuse(clone: &Clone<'_>) {
    for arguments in MAY_FETCH {
        let output = clone.envseal(arguments).soon();
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
    all_refuse(&clone);
    assert!(!made.exists(), "it was run");
    // The same command by way of `insteadOf`.
    clone.git(&["config", "remote.origin.url", "https://example.com/x"]);
    clone.git(&["config", &format!("url.{url}.insteadOf"), "https://example.com/x"]);
    all_refuse(&clone);
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
    write_script(&program, &format!("touch '{}'\necho x", asked.display()));
    let history = || clone.envseal(&["check", "--history"]);
    assert_eq!(history().var("GIT_ASKPASS", &program).soon().status, 4);
    assert_eq!(history().var("SSH_ASKPASS", &program).var("DISPLAY", ":0").soon().status, 4);
    clone.git(&["config", "core.askPass", program.to_str().unwrap()]);
    all_refuse(&clone);
    assert!(!asked.exists(), "a person was prompted");
    // Git itself would ask.
    clone.env.program("git", &["cat-file", "blob", "HEAD~5:.env"]).dir(&clone.folder).output();
    assert!(asked.exists());
}
