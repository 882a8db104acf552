//! Leaving the team.

use super::{approve, exposed, is_in_order, is_reported, let_in, public_key, reads, two_members};
use crate::support::{Person, TestEnv, contains_all};

#[test]
fn who_leaves_reads_nothing_new_and_what_was_read_is_counted() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    // Bob could read the current values, and the earlier ones too, because he has the history.
    let staging = public_key(&alice, "staging");
    let before = public_key(&alice, "production");
    let told = alice.envseal(&["team", "remove", "bob", "--yes"]);
    assert_eq!(told.status, 0, "{}", told.stderr);
    assert!(told.stderr.contains("Exposed to bob: 2 values of production"), "{}", told.stderr);
    assert_ne!(public_key(&alice, "production"), before);
    assert_eq!(public_key(&alice, "staging"), staging, "Bob never had it");
    alice.pushes("bob is out");
    assert_eq!(exposed(&alice), ["bob production TOKEN", "bob production URL"]);
    let list = alice.json(&["team", "list", "--json"]);
    assert_eq!(
        (
            list["grants"].to_string().matches(r#""member":"bob""#).count(),
            list["removed"][0]["name"].as_str()
        ),
        (0, Some("bob"))
    );

    // Bob can still read the old values, but nothing that is set from now on.
    alice.says(&["set", "URL", &env.secret("after"), "-e", "production"]);
    alice.pushes("another url");
    bob.pulls();
    // A removed member is not told to do what would be refused.
    let stopped = bob.fails(3, &["run", "-e", "production", "--", "true"]);
    assert!(stopped.contains("was removed from the team as bob"), "{stopped}");
    assert!(!stopped.contains("team request, and"), "{stopped}");
    let whoami = bob.envseal(&["team", "whoami"]);
    assert!(!whoami.stderr.contains("team request"), "{}", whoami.stderr);
    assert!(String::from_utf8_lossy(&whoami.stdout).starts_with("not a member: removed as bob\n"));
    let refused = bob.fails(4, &["team", "request"]);
    assert!(refused.contains("was removed from the team as bob"), "{refused}");
    assert_eq!(exposed(&alice), ["bob production TOKEN"]);
    is_in_order(&alice);
}

/// Values that were changed after he lost access don't count; those that he could read in the history do.
#[test]
fn history_decides_what_could_be_read_also_when_a_grant_was_taken_out_by_hand() {
    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    let text = alice.read("envseal.toml");
    let kept: String =
        text.lines().filter(|line| !line.contains("envseal-gr1-")).map(|line| format!("{line}\n")).collect();
    alice.write("envseal.toml", kept);
    alice.pushes("bob needs it no more");
    let refused = alice.fails(4, &["key", "rotate", "-e", "production"]);
    assert!(refused.contains("would take access from bob"), "{refused}");
    alice.says(&["key", "rotate", "-e", "production", "--leave-out", "bob"]);
    alice.says(&["set", "URL", &env.secret("new-url"), "-e", "production"]);
    alice.says(&["set", "LATER", &env.secret("later"), "-e", "production"]);
    alice.pushes("rotated");
    let before = public_key(&alice, "production");
    alice.says(&["team", "remove", "bob", "--yes"]);
    assert_eq!(public_key(&alice, "production"), before, "he never had this one");
    assert_eq!(exposed(&alice), ["bob production TOKEN"]);
}

/// What is listed and what is counted is the same.
#[test]
fn a_value_that_is_gone_does_not_count() {
    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    alice.says(&["unset", "TOKEN", "-e", "production"]);
    alice.pushes("no token");
    let told = alice.envseal(&["team", "remove", "bob", "--yes"]).stderr;
    assert!(told.contains("Exposed to bob: 1 value of production"), "{told}");
    assert_eq!(exposed(&alice), ["bob production URL"]);
    // It counts again if it comes back.
    assert!(alice.read("envseal.toml").contains("TOKEN = {"));
}

#[test]
fn a_value_whose_key_is_lost_counts() {
    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    alice.says(&["key", "rotate", "-e", "production"]);
    alice.says(&["set", "URL", &env.secret("new-url"), "-e", "production"]);
    alice.pushes("rotated");
    // Carol never had the older key, so she can't rule out that he had read the new URL.
    let carol = Person::clone_of(&env, &env.outside().join("shared.git"), "Carol");
    let_in(&alice, &carol, "production");
    let keep = format!("alice={}", alice.fingerprint());
    carol.says(&["team", "remove", "bob", "--yes", "--keep", &keep]);
    assert_eq!(exposed(&carol), ["bob production TOKEN", "bob production URL"]);
}

#[test]
fn an_environment_out_of_reach_is_named_and_left() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    approve(&alice, &bob, "staging");
    alice.pushes("staging too");
    // Carol has no access to staging.
    let carol = Person::clone_of(&env, &env.outside().join("shared.git"), "Carol");
    let_in(&alice, &carol, "production");
    let staging = carol.read(".env.staging");
    let keep = format!("alice={}", alice.fingerprint());
    let told = carol.envseal(&["team", "remove", "bob", "--yes", "--keep", &keep]);
    assert_eq!(told.status, 1);
    contains_all(&told.stderr, &["Left staging unchanged: ", "envseal team remove bob"]);
    assert_eq!(carol.read(".env.staging"), staging);
    carol.pushes("bob is out of production");
    is_reported(&carol, &[], "[removal-pending]");
    // Someone with access finishes the removal. A rotation alone would not record what Bob could read.
    alice.pulls();
    let refused = alice.fails(4, &["key", "rotate", "-e", "staging"]);
    contains_all(&refused, &["hint: finish the removal, which rotates it: envseal team remove bob"]);
    assert_eq!(alice.read(".env.staging"), staging);
    let production = alice.read(".env.production");
    // The keys of production were already rotated.
    alice.says(&["team", "remove", "bob", "--yes"]);
    assert_eq!(alice.read(".env.production"), production);
    assert_eq!(exposed(&alice).iter().filter(|line| line.contains("staging")).count(), 1);
}

#[test]
fn whom_one_let_in_is_asked_about_one_by_one() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    let bare = env.outside().join("shared.git");
    let carol = Person::clone_of(&env, &bare, "Carol");
    let_in(&bob, &carol, "production");
    let sock = Person::clone_of(&env, &bare, "Sock");
    let_in(&carol, &sock, "production");
    // After a rotation the grants are Alice's, but it is still known who first granted access.
    alice.pulls();
    alice.says(&["key", "rotate", "-e", "production"]);
    alice.pushes("rotated");
    let before = alice.read("envseal.toml");
    let asked = alice.fails(2, &["team", "remove", "bob"]);
    assert!(asked.contains("--keep carol=SHA256:") && asked.contains("--keep sock=SHA256:"), "{asked}");
    assert_eq!(alice.read("envseal.toml"), before);
    let wrong = alice
        .fails(2, &["team", "remove", "bob", "--yes", "--keep", &format!("carol={}", sock.fingerprint())]);
    assert!(wrong.contains("the fingerprint of carol is"), "{wrong}");

    // A person loses access only if the command names them.
    let keep = format!("carol={}", carol.fingerprint());
    let asked = alice.fails(2, &["team", "remove", "bob", "--yes", "--keep", &keep]);
    assert!(asked.contains("--leave-out sock") && !asked.contains("--leave-out carol"), "{asked}");
    assert_eq!(alice.read("envseal.toml"), before);
    alice.says(&["team", "remove", "bob", "--yes", "--keep", &keep, "--leave-out", "sock"]);
    alice.pushes("bob is out");
    carol.pulls();
    sock.pulls();
    assert_eq!(reads(&carol, "production", "URL"), reads(&alice, "production", "URL"));
    let stopped = sock.fails(3, &["run", "-e", "production", "--", "true"]);
    assert!(stopped.contains(" for you (sock) in "), "{stopped}");
    let exposed = exposed(&alice);
    assert!(
        exposed.contains(&"sock production URL".into()) && exposed.contains(&"bob production URL".into()),
        "{exposed:?}"
    );
    assert!(!exposed.iter().any(|line| line.starts_with("carol")), "{exposed:?}");
}

#[test]
fn what_cannot_be_done_changes_nothing() {
    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    let before = (alice.read("envseal.toml"), alice.read(".env.production"), alice.read(".env.keys"));
    for (arguments, status, expected) in [
        (&["team", "remove", "bob"][..], 2, "confirmation needed to remove bob"),
        (&["team", "remove", "bobby", "--yes"], 2, "did you mean bob?"),
        (&["team", "remove", "bob", "--yes", "-e", "none"], 4, "has a key for none"),
        (&["team", "remove", "bob", "--yes", "--keep", "bob"], 2, "has no fingerprint"),
        (&["team", "remove", "bob", "-e", "staging"], 2, "hint: to confirm, add: --yes\n"),
        (&["team", "remove", "bob", "--yes", "--leave-out", "carol"], 2, "no member is named carol"),
        (&["key", "rotate", "-e", "production", "--leave-out", "bobby"], 2, "did you mean bob?"),
    ] {
        let told = alice.fails(status, arguments);
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
    assert_eq!((alice.read("envseal.toml"), alice.read(".env.production"), alice.read(".env.keys")), before);
}

#[test]
fn other_scopes_of_the_same_member_are_named_and_a_removed_key_is_not_approved() {
    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    std::fs::create_dir_all(alice.clone.join("packages/api")).unwrap();
    let member =
        alice.read("envseal.toml").lines().find(|line| line.starts_with("bob = ")).unwrap().to_owned();
    alice.write("packages/api/envseal.toml", format!("[members]\nrobert = {}\n", &member["bob = ".len()..]));
    let told = alice.envseal(&["team", "remove", "bob", "--yes"]).stderr;
    assert!(
        told.contains(
            "bob is also a member in packages/api/envseal.toml: envseal -C packages/api team remove robert"
        ),
        "{told}"
    );
    // The member's line is restored by hand, under another name.
    let text = alice
        .read("envseal.toml")
        .replace("[members]\n", &format!("[members]\n{}\n", member.replace("bob", "robert")));
    alice.write("envseal.toml", &text);
    let refused = alice.fails(4, &["team", "approve", "robert", "-e", "production", "--fingerprint", "x"]);
    assert!(refused.contains("was removed from the team as bob"), "{refused}");
    assert_eq!(alice.read("envseal.toml"), text);
}

/// The founder never needed a grant, but could read whatever she granted.
#[test]
fn an_environment_that_was_had_without_a_grant_is_named() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    approve(&alice, &bob, "staging");
    alice.pushes("staging too");
    bob.pulls();
    let before = (public_key(&bob, "production"), public_key(&bob, "staging"));
    // She granted both environments, so she could read both.
    let told =
        bob.envseal(&["team", "remove", "alice", "--yes", "--keep", &format!("bob={}", bob.fingerprint())]);
    assert_eq!(told.status, 0, "{}", told.stderr);
    assert_ne!(public_key(&bob, "production"), before.0);
    assert_ne!(public_key(&bob, "staging"), before.1);
    assert_eq!(exposed(&bob).len(), 3);
    assert!(!reads(&bob, "production", "URL").is_empty());
}

/// The team file is committed without the env files that were rotated with it.
#[test]
fn an_env_file_that_is_only_to_be_staged_is_named() {
    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    for rotate in [&["key", "rotate", "-e", "production"][..], &["team", "remove", "bob", "--yes"]] {
        alice.says(rotate);
        alice.does(&["add", "envseal.toml"]);
        let output = alice.envseal(&["check", "--staged"]);
        let found = String::from_utf8(output.stdout).unwrap();
        let errors = found.matches(": error: ").count();
        assert!(output.status == 1 && errors > 0, "{found}");
        assert_eq!(found.matches("  fix: git add .env.production\n").count(), errors, "{found}");
        assert!(!output.stderr.contains("Then stage the fix"), "{}", output.stderr);
        alice.pastes("git add .env.production");
        assert_eq!(alice.envseal(&["check", "--staged"]).status, 0);
        alice.pushes("rotated");
    }
    // In a file that has another key, something else is wrong.
    alice.says(&["key", "rotate", "-q", "-e", "production"]);
    alice.does(&["add", "envseal.toml"]);
    alice.does(&["checkout", "-q", "--", ".env.production"]);
    let found = String::from_utf8(alice.envseal(&["check", "--staged"]).stdout).unwrap();
    assert!(found.contains("fix: after a rotation, ask ") && !found.contains("git add"), "{found}");
}

/// The env files are committed without the team file that was rotated with them.
#[test]
fn a_team_file_that_is_only_to_be_staged_is_named() {
    let env = TestEnv::new();
    env.write("app/envseal.toml", "");
    env.ok(&["-C", "app", "set", "-q", "A", &env.secret("a"), "-e", "production"]);
    env.ok(&["-C", "app", "team", "request", "-q", "--name", "alice"]);
    env.commit("first");
    env.ok(&["-C", "app", "key", "rotate", "-e", "production"]);
    env.git(&["add", "app/.env.production"]);
    let found = |how: &[&str]| String::from_utf8(env.envseal(how).output().stdout).unwrap();
    for (how, file) in [
        (&["check", "--staged"][..], "git add app/envseal.toml"),
        (&["-C", "app", "check", "--staged"], "git -C app add envseal.toml"),
    ] {
        let found = found(how);
        let fix = format!("  fix: after a rotation, add its record: {file}; otherwise ask ");
        assert_eq!(found.matches(&fix).count(), 2, "{found}");
    }
    // A commit has no index, and the record may be nowhere.
    let ask = "  fix: after a rotation, ask someone with access to run: envseal -C app team approve alice ";
    env.git(&["stash", "push", "-q", "--", "app/envseal.toml"]);
    let staged = found(&["check", "--staged"]);
    assert_eq!((staged.matches(ask).count(), staged.matches("git add").count()), (1, 1), "{staged}");
    env.git(&["stash", "pop", "-q"]);
    env.git(&["add", "app/envseal.toml"]);
    assert_eq!(found(&["check", "--staged"]), "");
    env.git(&["reset", "-q", "--", "app/envseal.toml"]);
    env.git(&["commit", "-q", "-m", "rotated"]);
    let range = found(&["check", "--range", "HEAD~..HEAD"]);
    assert_eq!(range.matches(ask).count(), 1, "{range}");
}
