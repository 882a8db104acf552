//! A member's name that imitates another's: a reviewer, and whoever approves or removes, must see who is who.

use envseal::testing::crypto::Identity;

use crate::support::TestEnv;

fn start() -> TestEnv {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A=value"]);
    env.ok(&["team", "request", "-q", "--name", "alice"]);
    env.commit("start");
    env
}

#[test]
fn a_name_that_imitates_another_is_not_added() {
    let env = start();
    let before = env.snapshot();
    let add = |name: &str| {
        let key = Identity::generate().public();
        let arguments = ["team", "add", "-q", name, "--key", "-", "--fingerprint", &key.fingerprint()];
        env.envseal(&arguments).stdin(key.to_string()).output()
    };
    for name in ["\u{430}lice", "Alice", "ALICE", "ali\u{441}e", "bob\u{3b1}"] {
        let added = add(name);
        assert!(added.status == 2 && added.stderr.contains("letter"), "{name}: {}", added.stderr);
        let identity = env.outside().join("other");
        crate::support::write_identity(&identity, &Identity::generate());
        let stderr = env.fails(2, &["-i", identity.to_str().unwrap(), "team", "request", "--name", name]);
        assert!(stderr.contains("letter"), "{name}: {stderr}");
    }
    assert_eq!(env.snapshot(), before);
    for name in ["иван", "jürgen", "alice2"] {
        assert_eq!(add(name).status, 0, "{name}");
    }
    env.ok(&["check", "-q"]);
}

#[test]
fn a_name_that_was_written_by_hand_is_an_error_of_check() {
    for name in ["\u{430}lice", "Alice"] {
        let env = start();
        let text = env.read("envseal.toml");
        let key = Identity::generate().public().to_string();
        env.write("envseal.toml", text.replace("[members]\n", &format!("[members]\n{name:?} = {key:?}\n")));
        let output = env.envseal(&["check"]).output();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &output.stderr;
        assert!(output.status == 1 && said.contains("team-file") && said.contains(name), "{said}");
        // The file can still be read.
        assert_eq!(env.ok(&["get", "A"]), "value\n");
        env.ok(&["team", "list"]);
    }
}
