//! Every way for an edit to end, with the plain text wiped: errors, questions, signals.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::time::Instant;

use super::{assert_wiped, edit, sealed};
use crate::support::{TestEnv, run_on_terminal};

/// An editor that types a secret, says so, and doesn't exit. Its process id is in the file `pid`.
const WAITS: &str = "echo SECRET >>\"$1\"; cp \"$1\" \"$1.swp\"; echo $$ >pid; echo ready; exec sleep 1000";

fn waiting(env: &TestEnv, script: &str) -> Child {
    let mut command = edit(env, script, &[]).into_command();
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut ready = [0; 6];
    child.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
    assert_eq!(&ready, b"ready\n");
    child
}

fn send(signal: &str, pid: &str) -> bool {
    let status = std::process::Command::new("kill").args([signal, pid.trim()]).stderr(Stdio::null()).status();
    status.unwrap().success()
}

fn ended_by(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.signal(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn an_editor_that_fails_writes_nothing() {
    let env = sealed();
    let secret = env.secret("typed");
    let stderr = edit(&env, &format!("echo B={secret} >>\"$1\"; exit 3"), &[]).refuses(4);
    let expected = "error: the editor sh failed: exit status: 3\n\
                    hint: nothing was written; start again: envseal edit -f .env\n";
    assert_eq!(stderr, expected);
    let stderr = edit(&env, &format!("echo B={secret} >>\"$1\"; kill -9 $$"), &[]).refuses(4);
    assert!(stderr.contains("the editor sh failed: signal: 9"), "{stderr}");
    let stderr = edit(&env, "rm \"$1\"", &[]).refuses(4);
    assert!(stderr.ends_with("\nhint: nothing was written; start again: envseal edit -f .env\n"), "{stderr}");
    assert_wiped(&env);
}

#[test]
fn a_signal_ends_the_editor_too_and_leaves_nothing() {
    let env = sealed();
    let secret = env.secret("typed");
    // signal(7): the numbers of x86-64 and ARM.
    let others = [
        ("-USR1", 10),
        ("-USR2", 12),
        ("-ALRM", 14),
        ("-VTALRM", 26),
        ("-PROF", 27),
        ("-XCPU", 24),
        ("-ABRT", 6),
    ];
    let others = others.into_iter().filter(|_| cfg!(target_os = "linux"));
    for (signal, number) in [("-TERM", 15), ("-HUP", 1)].into_iter().chain(others) {
        let before = env.read(".env");
        let child = waiting(&env, &WAITS.replace("SECRET", &secret));
        assert!(send(signal, &child.id().to_string()));
        assert_eq!(ended_by(child), (Some(number), String::new()));
        assert_wiped(&env);
        assert_eq!(env.read(".env"), before);
        assert!(!send("-0", &env.read("pid")), "the editor still runs");
    }
}

#[test]
fn an_editor_that_does_not_listen_is_killed() {
    let env = TestEnv::new();
    let secret = env.secret("typed");
    let script = format!(
        "trap '' TERM HUP; echo {secret} >>\"$1\"; echo $$ >pid; echo ready; while :; do sleep 1; done"
    );
    let child = waiting(&env, &script);
    assert!(send("-TERM", &child.id().to_string()));
    assert_eq!(ended_by(child), (Some(15), String::new()));
    assert!(!send("-0", &env.read("pid")), "the editor still runs");
    assert_wiped(&env);
}

#[test]
fn ctrl_c_is_the_editors_own() {
    let env = sealed();
    for signal in ["-INT", "-QUIT"] {
        // The editor sends it to envseal, then goes on and saves.
        let output = edit(&env, &format!("kill {signal} $PPID; echo '# {signal}' >>\"$1\""), &[]).output();
        assert_eq!((output.status, &*output.stderr), (0, "Wrote .env\n"));
    }
    assert!(env.read(".env").ends_with("# -INT\n# -QUIT\n"));
}

#[test]
fn a_refused_text_can_be_edited_on_and_nothing_of_it_is_lost() {
    let env = sealed();
    let secret = env.secret("typed");
    let script = format!(
        "if [ -e again ]; then cp \"$1\" again; sed -i 's/^{secret}$/B={secret}/' \"$1\"
         else touch again; echo {secret} >>\"$1\"; fi"
    );
    env.plaintext_in("again");
    let Some((status, shown)) = run_on_terminal(edit(&env, &script, &[]), Some(b"\n")) else { return };
    assert_eq!(status, 0, "{shown}");
    assert!(shown.starts_with("error: .env:5 ") && !shown.contains("discarded"), "{shown}");
    assert!(shown.ends_with("\nKeep editing? [Y/n] \nEncrypted B in .env\n"), "{shown}");
    assert!(env.read("again").ends_with(&format!("A=1\n{secret}\n")));
    assert_eq!(env.ok(&["get", "B"]), format!("{secret}\n"));
    assert_wiped(&env);
}

#[test]
fn a_no_drops_the_edit() {
    let env = sealed();
    let secret = env.secret("typed");
    let before = env.snapshot();
    for answer in [&b"n\n"[..], b"No\n", b"\x04", b"\x03"] {
        let run = edit(&env, &format!("echo {secret} >>\"$1\""), &[]);
        let Some((status, shown)) = run_on_terminal(run, Some(answer)) else { return };
        // Ctrl-C ends envseal.
        if answer == b"\x03" {
            assert_ne!(status, 0, "{shown}");
        } else {
            assert_eq!(status, 4, "{shown}");
            assert!(shown.ends_with("\nNothing was written; the edit is discarded\n"), "{shown}");
        }
        assert_eq!(env.snapshot(), before, "{answer:?}");
        assert_wiped(&env);
    }
}

#[test]
fn no_moment_to_be_ended_at_leaves_anything() {
    let env = TestEnv::new();
    let secret = env.secret("old");
    env.write_sealed(".env", format!("A={secret}\n"));
    let run = || edit(&env, "echo \"B=$$\" >>\"$1\"; cp \"$1\" \"$1~\"", &[]).into_command();
    let started = Instant::now();
    assert!(run().stderr(Stdio::null()).status().unwrap().success());
    // The kills are spread from the start to past the end of a run on this machine.
    let step = started.elapsed() / 20;
    for delay in 0..24 {
        let before = env.read(".env");
        let mut child = run().stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(step * delay);
        // Nobody has waited for it yet, so its id can't have been reused.
        send("-TERM", &child.id().to_string());
        let status = child.wait().unwrap();
        assert!(status.success() || status.signal() == Some(15), "{status}");
        assert_wiped(&env);
        let after = env.read(".env");
        assert!(after == before || after.starts_with(&before), "half an edit");
        env.ok(&["get"]);
    }
}
