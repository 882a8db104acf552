//! `envseal blame`.

use serde_json::Value;

use crate::log::{commit, commit_index, lines, write_commit};
use crate::support::TestEnv;

fn blame(env: &TestEnv, arguments: &[&str]) -> Vec<String> {
    lines(&env.ok(&[&["blame", "--json"], arguments].concat()))
}

#[test]
fn each_variable_has_its_last_change() {
    let env = TestEnv::new();
    env.write_sealed(".env", format!("A={}\nB={}\n", env.secret("a"), env.secret("b")));
    write_commit(&env, 1, "made", ".env", env.read(".env") + "P=1 # envseal: plain\n");
    env.ok(&["set", "B", &env.secret("b2")]);
    commit(&env, 2, "set");
    env.ok(&["encrypt", "--reseal", "--all"]);
    commit(&env, 3, "resealed");
    let expected = ["made .env A added", "set .env B changed", "made .env P added"];
    assert_eq!(blame(&env, &[]), expected);
    // Uncommitted changes, as in git blame.
    env.ok(&["set", "P", "2"]);
    env.ok(&["set", "N", &env.secret("n")]);
    let json = env.ok(&["blame", "--json"]);
    let list: Vec<Value> = serde_json::from_str(&json).unwrap();
    let of = |name: &str| list.iter().find(|line| line["name"] == name).unwrap();
    for (name, kind) in [("P", "changed"), ("N", "added")] {
        assert_eq!(of(name)["commit"], "0".repeat(40));
        assert_eq!(of(name)["author"], "not committed yet");
        assert_eq!(of(name)["kind"], kind);
        assert_eq!(of(name)["signature"], "none");
    }
    assert_eq!(of("A")["subject"], "made");
    let table = env.ok(&["blame"]);
    let line =
        |name: &str| table.lines().find(|line| line.ends_with(&format!(" {name}"))).unwrap().to_owned();
    assert!(line("A").contains("  sealed  added    A"), "{table}");
    assert!(
        line("P").starts_with("0000000000  not committed yet  ") && line("P").contains("plain"),
        "{table}"
    );
    // Without the key, re-encryption can't be told from a change.
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    assert_eq!(blame(&env, &[])[0], "resealed .env A changed");
}

#[test]
fn a_merge_hands_down_to_the_side_that_was_taken() {
    let env = TestEnv::new();
    write_commit(&env, 1, "base", ".env", "A=1\n\n\nB=1\n");
    env.git(&["checkout", "-q", "-b", "side"]);
    write_commit(&env, 5, "side", ".env", "A=side\n\n\nB=1\n");
    env.git(&["checkout", "-q", "main"]);
    write_commit(&env, 2, "main", ".env", "A=main\n\n\nB=2\n");
    env.git(&["merge", "-q", "--no-commit", "-s", "ours", "side"]);
    commit_index(&env, 6, "merge");
    // Though the side's change is newer.
    assert_eq!(blame(&env, &[]), ["main .env A changed", "main .env B changed"]);
    env.write(".env", "A=side\n\n\nB=evil\n");
    env.git(&["commit", "-q", "-a", "--amend", "-m", "evil"]);
    assert_eq!(blame(&env, &[]), ["side .env A changed", "evil .env B changed"]);
}

#[test]
fn a_commit_that_two_children_lead_to_is_asked_once_for_both() {
    let env = TestEnv::new();
    write_commit(&env, 1, "base", ".env", "A=1\n\n\nB=1\n\n\nC=1\n");
    for (branch, from, to) in [("one", "A=1", "A=2"), ("two", "C=1", "C=2")] {
        env.git(&["checkout", "-q", "-b", branch, "main"]);
        env.write(".env", env.read(".env").replace(from, to));
        // As with a wrong clock, these commits are older than their parent.
        commit(&env, 0, branch);
    }
    env.git(&["merge", "-q", "-m", "merge", "one"]);
    assert_eq!(blame(&env, &[]), ["one .env A changed", "base .env B added", "two .env C changed"]);
}

#[test]
fn renames_committed_and_not() {
    let env = TestEnv::new();
    write_commit(&env, 1, "made", ".env.prod", "A=1\nB=1\nC=1\n");
    env.git(&["mv", ".env.prod", ".env.production"]);
    env.write(".env.production", "A=1\nB=2\nC=1\n");
    assert_eq!(
        blame(&env, &["-e", "production"]),
        ["made .env.production A added", " .env.production B changed", "made .env.production C added"]
    );
    commit(&env, 2, "moved");
    assert_eq!(
        blame(&env, &["-e", "production"]),
        ["made .env.production A added", "moved .env.production B changed", "made .env.production C added"]
    );
}

#[cfg(unix)]
#[test]
fn a_symlink_to_an_env_file_is_that_file() {
    let env = TestEnv::new();
    write_commit(&env, 1, "made", ".env", "A=1\nB=1\n");
    std::fs::create_dir(env.path("shared")).unwrap();
    env.git(&["mv", ".env", "shared/.env"]);
    std::os::unix::fs::symlink("shared/.env", env.path(".env")).unwrap();
    let made = ["made shared/.env A added", "made shared/.env B added"];
    assert_eq!(blame(&env, &[]), made);
    assert_eq!(env.ok(&["get", "A", "--at", "HEAD"]), "1\n");
    commit(&env, 2, "moved");
    assert_eq!(blame(&env, &[]), made);
    assert_eq!(blame(&env, &["-f", "shared/.env"]), made);
    let names = env.ok(&["ls", "--names", "--age"]);
    assert!(!names.contains("uncommitted"), "{names}");
    for revision in ["HEAD", "HEAD~"] {
        assert_eq!(env.ok(&["get", "A", "--at", revision]), "1\n");
    }
    assert!(env.ok(&["log", "-f", ".env"]).contains("made"));
    env.write("shared/.env", "A=1\nB=2\n");
    assert_eq!(blame(&env, &[]), [made[0], " shared/.env B changed"]);
    for diff in [&["diff"][..], &["diff", "-f", ".env"]] {
        assert_eq!(env.ok(diff), "shared/.env\n  changed    B\n", "{diff:?}");
    }
}

#[test]
fn before_the_first_commit_and_without_the_file() {
    let env = TestEnv::new();
    env.write(".env", "A=1\n");
    assert_eq!(blame(&env, &[]), [" .env A added"]);
    assert!(env.refuses(4, &["blame", "-e", "nope"]).contains(".env.nope"));
}
