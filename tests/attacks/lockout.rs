//! Lock a colleague out of what they can decrypt, or keep access by a grant that nobody else agreed to.

use envseal::testing::config::EnvName;
use envseal::testing::crypto::{Identity, PrivateKey};
use envseal::testing::team::{GrantLine, MemberName, TeamFile};

use crate::support::{Person, TestEnv, contains_all, run_on_terminal};
use crate::team::{alice_and_bob, let_in, reads, two_members, without_lines};

fn name(name: &str) -> MemberName {
    MemberName::new(name).unwrap()
}

fn state(person: &Person<'_>) -> [String; 3] {
    ["envseal.toml", ".env.production", ".env.keys"]
        .map(|file| std::fs::read_to_string(person.clone.join(file)).unwrap_or_default())
}

/// A clone of somebody who was granted nothing and has copied Alice's keys file.
fn mallory<'a>(alice: &Person<'a>) -> Person<'a> {
    let env = alice.env;
    let mallory = Person::clone_of(env, &env.outside().join("shared.git"), "Mallory");
    mallory.says(&["team", "request", "-q"]);
    mallory.pushes("mallory asks");
    std::fs::copy(alice.clone.join(".env.keys"), mallory.clone.join(".env.keys")).unwrap();
    mallory
}

/// Bob removes the lines that give Alice access from the team file, and rotates.
#[test]
fn whose_lines_were_taken_out_is_not_rotated_out() {
    for taken in [&["alice = { key"][..], &["alice = "]] {
        let env = TestEnv::without_git();
        let [alice, bob] = two_members(&env);
        let carol = Person::clone_of(&env, &env.outside().join("shared.git"), "Carol");
        let_in(&alice, &carol, "production");
        bob.pulls();
        bob.write("envseal.toml", without_lines(&bob.read("envseal.toml"), taken));
        bob.pushes("tidied");
        // If Alice is not a member, the grants she made are not valid, so Bob needs the keys file.
        std::fs::copy(alice.clone.join(".env.keys"), bob.clone.join(".env.keys")).unwrap();
        let before = state(&bob);
        let rotate = ["key", "rotate", "-e", "production"];
        // Removing somebody else rotates too, and refuses.
        let removal = ["team", "remove", "carol", "--yes"];
        for command in [&rotate[..], &removal] {
            let refused = bob.fails(4, command);
            let lost = format!("from alice ({})", alice.fingerprint());
            contains_all(&refused, &["rotating production would take access from ", &lost]);
            assert!(refused.contains("--leave-out alice"), "{refused}");
        }
        assert_eq!(state(&bob), before);
        // With `--leave-out` the rotation goes ahead.
        bob.says(&[&rotate[..], &["--leave-out", "alice", "--leave-out", "carol"]].concat());
        bob.pushes("without alice");
        // Alice no longer has access that could be lost, so the removal succeeds.
        bob.says(&removal);
    }
}

/// A forged grant blocks no command, now or in history. A rotation drops it, and lists it if it is in the file.
#[test]
fn forged_grants_make_nothing_refuse() {
    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    let (mallory, production) = (Identity::generate(), EnvName::new("production").unwrap());
    // Signed by a member; it wraps a key of their own, but names the real one.
    let forge = |text: &str| {
        let mut team = TeamFile::parse(text.as_bytes()).unwrap();
        let key = team.grant(&production, &name("bob")).unwrap().key;
        let to = (&name("mallory"), &mallory.public());
        let line = GrantLine::make(&production, &PrivateKey::generate(), to, (&name("mallory"), &mallory));
        team.put_member(&name("mallory"), &mallory.public());
        team.put_grant(GrantLine { key, ..line });
        team.text()
    };
    let clean = alice.read("envseal.toml");
    // The forged grant is in history only.
    alice.write("envseal.toml", forge(&clean));
    alice.pushes("forged");
    alice.write("envseal.toml", &clean);
    alice.pushes("gone again");
    alice.says(&["key", "rotate", "-q", "-e", "staging"]);
    let rotated = alice.envseal(&["key", "rotate", "-e", "production"]);
    assert!(rotated.status == 0 && !rotated.stderr.contains("mallory"), "{}", rotated.stderr);
    alice.pushes("rotated");
    // The forged grant is in the file now.
    alice.write("envseal.toml", forge(&alice.read("envseal.toml")));
    alice.pushes("forged again");
    let told = alice.envseal(&["key", "rotate", "-e", "production"]);
    assert_eq!(told.status, 0, "{}", told.stderr);
    assert!(told.stderr.contains("production: mallory no longer has access"), "{}", told.stderr);
    assert!(!told.stderr.contains("granted themselves"), "{}", told.stderr);
    alice.pushes("rotated again");
    alice.says(&["team", "remove", "bob", "--yes"]);
}

/// Mallory, who got hold of the key, grants himself access and waits for somebody else to rotate.
#[test]
fn a_grant_to_oneself_outlives_no_rotation_unasked() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    let mallory = mallory(&alice);
    mallory.says(&["team", "request", "-q"]);
    mallory.pushes("harmless");
    // The reviewer is told; Mallory, who knows it, is not.
    let review = |from: &str| {
        alice.does(&["fetch", "-q"]);
        let range = format!("{from}..origin/main");
        String::from_utf8(alice.envseal(&["check", "--range", &range]).stdout).unwrap()
    };
    let told = review("origin/main~1");
    assert!(told.contains("suggestion: mallory granted themselves production [self-granted]"), "{told}");
    let told = String::from_utf8(mallory.envseal(&["check", "--range", "HEAD~1.."]).stdout).unwrap();
    assert!(!told.contains("[self-granted]"), "{told}");
    // An allow mark doesn't silence it.
    let marked = mallory.read("envseal.toml").replace("\" }\n", "\" } # envseal: allow self-granted\n");
    mallory.write("envseal.toml", marked);
    mallory.pushes("allowed");
    let told = review("origin/main~2");
    assert!(told.contains("[self-granted]"), "{told}");
    mallory.does(&["reset", "-q", "--hard", "HEAD~"]);
    mallory.does(&["push", "-q", "--force", "origin", "HEAD:main"]);

    alice.pulls();
    let before = state(&alice);
    let print = mallory.fingerprint();
    for command in [&["key", "rotate", "-e", "production"][..], &["team", "remove", "bob", "--yes"]] {
        let asked = alice.fails(2, command);
        assert!(
            asked.contains(&format!("mallory ({print}) granted themselves access to production")),
            "{asked}"
        );
        assert!(asked.contains(&format!("--keep mallory={print} or --leave-out mallory")), "{asked}");
        let keep = format!("mallory={}", bob.fingerprint());
        let wrong = [command, &["--keep", &keep]].concat();
        assert!(alice.fails(2, &wrong).contains("the fingerprint of mallory is"));
    }
    assert_eq!(state(&alice), before);
    let rotate = || alice.run(env.envseal(&["key", "rotate", "-e", "production"]));
    let Some((status, text)) = run_on_terminal(rotate(), Some(b"n\n")) else { return };
    assert!(
        status == 0 && text.contains("granted themselves access to production. Keep it? [y/N]"),
        "{text}"
    );
    alice.pushes("rotated");
    mallory.pulls();
    assert!(
        mallory
            .fails(3, &["run", "-e", "production", "--", "true"])
            .contains("no grant of production for you")
    );
    bob.pulls();
    assert_eq!(reads(&bob, "production", "URL"), reads(&alice, "production", "URL"));
    // A grant confirmed with the fingerprint is kept.
    let told = bob.fails(2, &["key", "rotate", "-e", "production"]);
    assert!(told.contains("alice"), "her own rotation made this grant: {told}");
    bob.says(&["key", "rotate", "-e", "production", "--keep", &format!("alice={}", alice.fingerprint())]);
    bob.pushes("rotated again");
    alice.pulls();
    assert_eq!(reads(&bob, "production", "URL"), reads(&alice, "production", "URL"));
}

/// A key that somebody was lent, or had before they were removed, doesn't become a grant by itself.
#[test]
fn nobody_is_granted_a_lent_key_or_after_their_removal() {
    let env = TestEnv::without_git();
    let [alice, bob] = alice_and_bob(&env);
    let grants_of = |person: &Person<'_>| {
        let name = person.name.to_lowercase();
        let list = person.json(&["team", "list", "--json"]);
        list["grants"].as_array().unwrap().iter().filter(|grant| grant["member"] == *name).count()
    };
    // The key is injected, as in a CI.
    bob.says(&["team", "request", "-q"]);
    bob.pushes("bob");
    let key = alice.says(&["key", "show", "--private", "-e", "production"]);
    for arguments in [&["team", "request"][..], &["team", "request", "--name", "bob"]] {
        let lent =
            bob.run(env.envseal(arguments)).var("ENVSEAL_PRIVATE_KEY_PRODUCTION", key.trim_end()).output();
        assert!(lent.status == 0 && !lent.stderr.contains("Granted you"), "{}", lent.stderr);
    }
    assert_eq!(grants_of(&bob), 0);
    // A new member, who has the keys file, waits for the merge.
    let carol = Person::clone_of(&env, &env.outside().join("shared.git"), "Carol");
    std::fs::copy(alice.clone.join(".env.keys"), carol.clone.join(".env.keys")).unwrap();
    let asked = carol.envseal(&["team", "request"]).stderr;
    assert!(
        asked.contains(
            "Once this is merged, so that someone else's rotation can't lock you out: envseal team request"
        ) && grants_of(&carol) == 0,
        "{asked}"
    );
    carol.does(&["add", "envseal.toml"]);
    carol.pushes("carol");
    let found = carol.says(&["check", "--range", "HEAD~1.."]);
    assert!(!found.contains("envseal.toml"), "{found}");
    let asked = carol.envseal(&["team", "request"]).stderr;
    assert!(
        asked.contains("Granted you access to production and staging too") && grants_of(&carol) == 2,
        "{asked}"
    );
    carol.pushes("her own");
    // Carol is removed, and puts herself back by hand under another name.
    alice.pulls();
    alice.says(&["team", "remove", "carol", "--yes"]);
    alice.pushes("carol is out");
    carol.pulls();
    std::fs::copy(alice.clone.join(".env.keys"), carol.clone.join(".env.keys")).unwrap();
    let member = alice.read("envseal.toml");
    let member = member
        .lines()
        .find_map(|line| line.strip_prefix("carol = { key = \"ssh-")?.split('"').next())
        .unwrap();
    let text =
        carol.read("envseal.toml").replace("[members]\n", &format!("[members]\nzed = \"ssh-{member}\"\n"));
    carol.write("envseal.toml", text);
    carol.does(&["commit", "-qam", "zed"]);
    carol.envseal(&["team", "request"]);
    carol.envseal(&["team", "approve", "bob", "-e", "production", "--fingerprint", &bob.fingerprint()]);
    assert!(!carol.read("envseal.toml").contains("zed = { key"), "{}", carol.read("envseal.toml"));
}
