//! The story that must always work: a developer without the production key, an operator who has it, a shared bare
//! remote that checks what it is given; hooks and drivers on, and nothing but git between them.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Person, TestEnv};

/// The bare remote with the recipe in its hooks, a clone of the operator's with two environments, and Alice's.
fn team(env: &TestEnv) -> [Person<'_>; 2] {
    let bare = env.outside().join("shared.git");
    env.git(&["init", "-q", "--bare", "-b", "main", bare.to_str().unwrap()]);
    let hook = bare.join("hooks/pre-receive");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pre-receive"), &hook).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let operator = Person::clone_of(env, &bare, "Olga");
    operator.says(&["init", "-q"]);
    operator.says(&["set", "-q", "URL", &env.secret("url")]);
    operator.says(&["set", "-q", "URL", &env.secret("url-of-production"), "-e", "production"]);
    operator.does(&["add", "-A"]);
    operator.does(&["commit", "-qm", "start"]);
    operator.does(&["push", "-q", "-u", "origin", "HEAD:main"]);
    let alice = Person::clone_of(env, &bare, "Alice");
    alice.says(&["init", "-q"]);
    [alice, operator]
}

#[test]
fn a_value_of_production_goes_through_review_by_name() {
    let env = TestEnv::without_git();
    let [alice, operator] = team(&env);

    // Alice forgets to seal. The hook stops her, and what it prints mends it.
    alice.does(&["checkout", "-qb", "hello"]);
    alice.add_line(".env", "HELLO=development");
    let stopped = alice.git(&["commit", "-aqm", "hello"]);
    assert_eq!(stopped.status, 1);
    assert!(stopped.stderr.contains(".env:4: error: HELLO is plain text [plaintext]"), "{}", stopped.stderr);
    let fix = stopped.stderr.split("fix: ").nth(1).unwrap().lines().next().unwrap();
    assert_eq!(fix, "envseal encrypt -f .env -k HELLO");
    alice.pastes(fix);
    let then = stopped.stderr.lines().last().unwrap().rsplit(": ").next().unwrap();
    assert_eq!(then, "git add .env");
    alice.pastes(then);
    alice.does(&["commit", "-qm", "hello"]);
    alice.does(&["push", "-q", "-u", "origin", "hello"]);

    // The operator adds production's value, and mistypes its name.
    operator.does(&["fetch", "-q"]);
    operator.does(&["checkout", "-q", "hello"]);
    let production = env.secret("production");
    operator.says(&["set", "-q", "HRLLO", &production, "-e", "production"]);
    let told = operator.does(&["commit", "-aqm", "hello of production"]);
    assert!(told.contains("HRLLO is in no other file, HELLO in .env: did you mean HELLO?"), "{told}");
    operator.does(&["push", "-q"]);

    // Alice sees by name what was done and by whom, and can open nothing of it.
    alice.does(&["pull", "-q"]);
    let changes = ".env\n  added      HELLO\n.env.production\n  added      HRLLO\n";
    assert_eq!(alice.says(&["diff", "main...hello"]), changes);
    let log = alice.says(&["log", "HRLLO"]);
    assert!(log.contains("Author: Olga <olga@example.com>") && log.contains("added      HRLLO"), "{log}");
    let shown = alice.git(&["log", "-p", "-1"]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("\n+HRLLO=<sealed ") && !shown.contains("envseal:1:"), "{shown}");
    let found = alice.says(&["check"]);
    assert_eq!(
        found,
        ".env.production:4: advice: HRLLO is in no other file, HELLO in .env: did you mean HELLO? [missing-name]\n  \
         fix: envseal rename HRLLO HELLO -f .env.production\n"
    );
    assert_eq!(alice.envseal(&["get", "HRLLO", "-e", "production"]).status, 3);

    // The operator pastes the fix; CI runs with one key.
    operator.pastes("envseal rename HRLLO HELLO -f .env.production");
    operator.does(&["commit", "-aqm", "typo"]);
    operator.does(&["push", "-q"]);
    alice.does(&["fetch", "-q"]);
    alice.does(&["checkout", "-q", "main"]);
    alice.does(&["merge", "-q", "--no-ff", "-m", "hello", "origin/hello"]);
    alice.does(&["push", "-q", "origin", "main"]);
    let keys = std::fs::read_to_string(operator.clone.join(".env.keys")).unwrap();
    let key = keys.lines().find_map(|line| line.strip_prefix("ENVSEAL_PRIVATE_KEY_PRODUCTION=")).unwrap();
    let ci = env.outside().join("ci");
    env.git(&["clone", "-q", env.outside().join("shared.git").to_str().unwrap(), ci.to_str().unwrap()]);
    let with_key = |arguments: &[&str]| {
        env.envseal(arguments).dir(&ci).var("ENVSEAL_PRIVATE_KEY_PRODUCTION", key).output()
    };
    assert_eq!(with_key(&["check", "--strict"]).status, 0);
    let run = with_key(&["run", "--", "printenv", "HELLO"]);
    assert_eq!((run.status, String::from_utf8(run.stdout).unwrap()), (0, format!("{production}\n")));

    // Who changed it, ever after: through the wrong name's commit too, for that one is named.
    let blame = alice.says(&["blame", "-e", "production"]);
    let line = blame.lines().find(|line| line.ends_with("  HELLO")).unwrap();
    assert!(line.contains("Olga") && line.contains("sealed"), "{line}");
    let before = operator.says(&["get", "HRLLO", "-e", "production", "--at", "HEAD~"]);
    assert_eq!(before, format!("{production}\n"));
}

#[test]
fn two_changes_of_one_value_meet_and_a_person_chooses() {
    let env = TestEnv::without_git();
    let [alice, operator] = team(&env);
    operator.does(&["checkout", "-q", "-B", "main", "origin/main"]);

    // Each adds a variable at the end, and both change URL.
    operator.says(&["set", "-q", "FROM_OLGA", &env.secret("olga")]);
    operator.says(&["set", "-q", "URL", &env.secret("olgas")]);
    operator.does(&["commit", "-aqm", "olga"]);
    operator.does(&["push", "-q", "origin", "main"]);
    alice.says(&["set", "-q", "FROM_ALICE", &env.secret("alice")]);
    let hers = env.secret("hers");
    alice.says(&["set", "-q", "URL", &hers]);
    alice.does(&["commit", "-aqm", "alice"]);
    alice.does(&["fetch", "-q"]);
    let merge = alice.git(&["merge", "origin/main"]);
    assert_eq!(merge.status, 1);
    assert!(merge.stderr.contains(".env: both sides changed URL; choose between"), "{}", merge.stderr);
    let status = String::from_utf8(alice.git(&["status", "--short"]).stdout).unwrap();
    assert_eq!(status, "UU .env\n");
    assert_eq!(alice.envseal(&["run", "--", "true"]).status, 4);

    // Unresolved it does not pass, whatever is staged.
    let stopped = alice.git(&["commit", "-aqm", "merge"]);
    assert!(stopped.status == 1 && stopped.stderr.contains("[conflict-marker]"), "{}", stopped.stderr);

    // She keeps her own, as an editor would leave it.
    let text = std::fs::read_to_string(alice.clone.join(".env")).unwrap();
    let (before, rest) = text.split_once("<<<<<<< ").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    let (ours, rest) = rest.split_once("=======\n").unwrap();
    let (_, rest) = rest.split_once(">>>>>>> ").unwrap();
    let (_, after) = rest.split_once('\n').unwrap();
    std::fs::write(alice.clone.join(".env"), [before, ours, after].concat()).unwrap();
    alice.does(&["add", ".env"]);
    alice.does(&["commit", "-qm", "merge"]);
    alice.does(&["push", "-q", "origin", "main"]);

    operator.does(&["pull", "-q"]);
    assert_eq!(operator.says(&["get", "URL"]), format!("{hers}\n"));
    let names: serde_json::Value = serde_json::from_str(&operator.says(&["get"])).unwrap();
    let names: Vec<_> = names.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["FROM_ALICE", "FROM_OLGA", "URL"]);
    assert_eq!(operator.envseal(&["doctor"]).status, 0);
}

#[test]
fn plain_text_pushed_past_the_hooks_stops_at_the_remote() {
    let env = TestEnv::without_git();
    let [alice, _] = team(&env);
    alice.add_line(".env", "TOKEN=of-no-matter");
    alice.does(&["commit", "-aqnm", "in a hurry"]);
    let stopped = alice.git(&["push", "origin", "main"]);
    let told = String::from_utf8(stopped.stdout).unwrap();
    assert!(stopped.status == 1 && told.contains(".env:4: error: TOKEN is plain text"), "{told}");
    let pushed = alice.git(&["push", "--no-verify", "origin", "main"]);
    assert_eq!(pushed.status, 1);
    assert!(pushed.stderr.contains("refs/heads/main was not accepted"), "{}", pushed.stderr);
    // Squashed into one commit that never held it, it passes.
    alice.says(&["encrypt", "-q"]);
    alice.does(&["reset", "-q", "--soft", "origin/main"]);
    alice.does(&["commit", "-aqm", "sealed"]);
    alice.does(&["push", "-q", "origin", "main"]);
}
