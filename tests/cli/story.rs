//! The story that must always work: a developer without the production key, an operator who has it, and a shared bare
//! remote that checks every push. Hooks and drivers are installed, and the people share nothing but git.

use crate::support::{Person, TestEnv, set_mode};

/// Creates the bare remote with the recipe in its hooks, the operator's clone with two environments, and Alice's clone.
fn team(env: &TestEnv) -> [Person<'_>; 2] {
    let bare = env.outside().join("shared.git");
    env.git(&["init", "-q", "--bare", "-b", "main", bare.to_str().unwrap()]);
    let hook = bare.join("hooks/pre-receive");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pre-receive"), &hook).unwrap();
    set_mode(&hook, 0o755);
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

    // Alice forgets to encrypt. The hook stops her, and it prints the command that fixes it.
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

    // The operator adds the value for production, and mistypes its name.
    operator.does(&["fetch", "-q"]);
    operator.does(&["checkout", "-q", "hello"]);
    let production = env.secret("production");
    operator.says(&["set", "-q", "HRLLO", &production, "-e", "production"]);
    let told = operator.does(&["commit", "-aqm", "hello of production"]);
    assert!(told.contains("HRLLO is in no other file, but HELLO is in .env: did you mean HELLO?"), "{told}");
    operator.does(&["push", "-q"]);

    // Alice sees which names were changed and by whom, but can't decrypt any of it.
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
        ".env.production:4: suggestion: HRLLO is in no other file, but HELLO is in .env: did you mean HELLO? [missing-name]\n  \
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

    // Later, `blame` says who changed it, and the commit with the wrong name can still be read by that name.
    let blame = alice.says(&["blame", "-e", "production"]);
    let line = blame.lines().find(|line| line.ends_with("  HELLO")).unwrap();
    assert!(line.contains("Olga") && line.contains("sealed"), "{line}");
    let before = operator.says(&["get", "HRLLO", "-e", "production", "--at", "HEAD~"]);
    assert_eq!(before, format!("{production}\n"));
}

/// The story of the README from end to end: Alice has no production key, Olga has it, Bob is new, and there is a CI.
/// They share nothing but git. The remote checks every push, and hooks and drivers are installed.
#[test]
#[allow(clippy::too_many_lines, reason = "one story, read from its first line to its last")]
fn a_team_from_the_first_secret_to_the_last_account() {
    let env = TestEnv::without_git();
    let [alice, olga] = team(&env);
    let merged = |person: &Person<'_>, subject: &str| {
        person.does(&["commit", "-qm", subject]);
        person.does(&["push", "-q", "origin", "HEAD:main"]);
    };
    let on_main = |person: &Person<'_>| {
        person.does(&["fetch", "-q"]);
        person.does(&["checkout", "-q", "-B", "main", "origin/main"]);
    };
    let printed = |person: &Person<'_>, name: &str| {
        let run = person.says(&["run", "-e", "production", "--", "printenv", name]);
        run.trim_end().to_owned()
    };

    // Alice sets a value in her pull request that she can't read back. Olga reads it by name.
    let hello = env.secret("hello");
    alice.does(&["checkout", "-qb", "hello"]);
    alice.says(&["set", "-q", "HELLO", &hello, "-e", "production"]);
    alice.does(&["commit", "-aqm", "hello of production"]);
    alice.does(&["push", "-q", "-u", "origin", "hello"]);
    assert_eq!(alice.envseal(&["get", "HELLO", "-e", "production"]).status, 3);
    olga.does(&["fetch", "-q"]);
    let seen = olga.says(&["diff", "origin/main", "origin/hello"]);
    assert_eq!(seen, ".env.production\n  added      HELLO\n");
    on_main(&olga);
    olga.does(&["merge", "-q", "--no-ff", "-m", "hello", "origin/hello"]);
    olga.does(&["push", "-q", "origin", "main"]);
    assert_eq!(printed(&olga, "HELLO"), hello);

    // Olga is the first member. The CI requests access, and so does Bob.
    olga.says(&["team", "request", "-q"]);
    olga.does(&["add", "envseal.toml"]);
    merged(&olga, "the team");
    let bare = env.outside().join("shared.git");
    let (ci, bob) = (Person::clone_of(&env, &bare, "CI"), Person::clone_of(&env, &bare, "Bob"));
    for newcomer in [&ci, &bob] {
        newcomer.says(&["init", "-q"]);
        on_main(newcomer);
        newcomer.says(&["team", "request", "-q"]);
        newcomer.does(&["checkout", "-qb", newcomer.name]);
        newcomer.does(&["commit", "-aqm", "let me in"]);
        newcomer.does(&["push", "-q", "origin", newcomer.name]);
    }
    // Two requests on two branches do not conflict.
    on_main(&olga);
    for newcomer in [&ci, &bob] {
        olga.does(&["merge", "-q", "--no-ff", "-m", "let in", &format!("origin/{}", newcomer.name)]);
        let name = newcomer.name.to_lowercase();
        let fingerprint = newcomer.fingerprint();
        olga.says(&["team", "approve", &name, "-e", "production", "--fingerprint", &fingerprint]);
        olga.does(&["commit", "-aqm", "approved"]);
    }
    olga.does(&["push", "-q", "origin", "main"]);
    for newcomer in [&ci, &bob] {
        on_main(newcomer);
        assert_eq!(printed(newcomer, "HELLO"), hello);
        assert!(!newcomer.clone.join(".env.keys").exists());
        assert_eq!(newcomer.envseal(&["check"]).status, 0);
    }
    let listed = bob.says(&["team", "list"]);
    assert!(listed.lines().any(|line| line.starts_with("bob") && line.contains("proven")), "{listed}");

    // The key is rotated. Everyone continues after a pull, and the history can still be decrypted. Alice's clone
    // refuses the new key until she trusts it.
    olga.says(&["key", "rotate", "-q", "-e", "production"]);
    olga.does(&["add", "-u"]);
    olga.does(&["commit", "-qm", "rotated"]);
    // The remote has no key to verify the rotation with, so it accepts it only when a reviewer vouches for it.
    let refused = olga.git(&["push", "-q", "origin", "HEAD:main"]);
    assert!(refused.status == 1 && refused.stderr.contains("[public-key-changed]"), "{}", refused.stderr);
    let reviewed = |vouch: &str, push: &dyn Fn()| {
        let config = ["-C", bare.to_str().unwrap(), "config", "envseal.acceptPolicy"];
        env.git(&[&config[..], &[vouch]].concat());
        push();
        env.git(&[&config[..], &["false"]].concat());
    };
    reviewed("true", &|| drop(olga.does(&["push", "-q", "origin", "HEAD:main"])));
    for newcomer in [&ci, &bob] {
        on_main(newcomer);
        assert_eq!(printed(newcomer, "HELLO"), hello);
        let before = newcomer.says(&["get", "HELLO", "-e", "production", "--at", "HEAD~"]);
        assert_eq!(before.trim_end(), hello);
    }
    // Alice has no key to verify it with, and merges it anyway.
    alice.does(&["fetch", "-q"]);
    alice.does(&["checkout", "-q", "hello"]);
    alice.says(&["set", "-q", "MINE", &env.secret("mine")]);
    alice.does(&["commit", "-aqm", "mine"]);
    let merged_by_alice = alice.does(&["merge", "--no-edit", "origin/main"]);
    assert!(
        merged_by_alice.contains("suggestion: ENVSEAL_PUBLIC_KEY_PRODUCTION changed from key"),
        "{merged_by_alice}"
    );
    on_main(&alice);
    let another = env.secret("another");
    let refused = alice.fails(3, &["set", "ANOTHER", &another, "-e", "production"]);
    let hint = refused.lines().find_map(|line| line.split("if they did: ").nth(1)).unwrap();
    assert_eq!(hint, "envseal key trust -e production");
    let shown = olga.says(&["key", "show", "-e", "production"]);
    let fingerprint = envseal::testing::crypto::PublicKey::parse(shown.trim_end()).unwrap().fingerprint();
    alice.says(&["key", "trust", "-q", "-e", "production", "--fingerprint", &fingerprint]);
    alice.says(&["set", "-q", "ANOTHER", &another, "-e", "production"]);
    alice.does(&["add", "-u"]);
    merged(&alice, "another");

    // Bob leaves. What he could read is listed until it is replaced, and the CI fails if that takes too long.
    on_main(&olga);
    olga.says(&["team", "remove", "bob", "--yes", "-q"]);
    olga.does(&["add", "-u"]);
    reviewed("true", &|| merged(&olga, "bob is out"));
    on_main(&ci);
    on_main(&bob);
    assert_eq!(bob.envseal(&["run", "-e", "production", "--", "true"]).status, 3);
    let names = |person: &Person<'_>| {
        let list = person.json(&["team", "exposures", "--json"]);
        let name = |exposed: &serde_json::Value| exposed["name"].as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names(&ci), ["ANOTHER", "HELLO", "URL"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(ci.envseal(&["team", "exposures", "--max-age", "0s"]).status, 1);
    assert_eq!(ci.envseal(&["team", "exposures", "--max-age", "7d"]).status, 0);
    for name in ["ANOTHER", "HELLO", "URL"] {
        olga.says(&["set", "-q", name, &env.secret("replaced"), "-e", "production"]);
    }
    olga.does(&["add", "-u"]);
    merged(&olga, "what bob could read is replaced");
    on_main(&ci);
    assert_eq!(names(&ci), Vec::<String>::new());
    assert_eq!(ci.envseal(&["check"]).status, 0);
    // The log shows who changed what and when, through rotation and removal.
    let log = ci.says(&["log", "HELLO", "-e", "production"]);
    let kinds: Vec<_> = log
        .lines()
        .filter(|line| line.ends_with("  HELLO"))
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert_eq!(kinds, ["changed", "re-sealed", "re-sealed", "added"], "{log}");
}
