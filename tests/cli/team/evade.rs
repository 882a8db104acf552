//! Ways to keep access, or to make values uncounted, for which no command is meant.

use envseal::testing::crypto::Identity;

use super::{
    alice_and_bob, approve, bob_has_left, exposed, is_in_order, is_reported, let_in, public_key, reads,
    two_members, without_lines, without_own_grants,
};
use crate::support::{Person, TestEnv, contains_all};

/// Renames the env file of production, and the names of its keys.
fn rename_production(person: &Person<'_>, to: &str) {
    person.does(&["mv", ".env.production", &format!(".env.{to}")]);
    for file in [&format!(".env.{to}"), ".env.keys"] {
        let text = person.read(file).replace("KEY_PRODUCTION", &format!("KEY_{}", to.to_uppercase()));
        person.write(file, text);
    }
}

#[test]
fn a_key_is_known_under_whatever_name_its_environment_has_by_now() {
    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    rename_production(&alice, "prod");
    alice.pushes("a shorter name");
    let before = public_key(&alice, "prod");
    alice.says(&["team", "remove", "bob", "--yes"]);
    assert_ne!(public_key(&alice, "prod"), before);
    assert_eq!(exposed(&alice), ["bob prod TOKEN", "bob prod URL"]);
}

#[test]
fn renaming_the_environment_or_a_value_replaces_nothing() {
    let env = TestEnv::without_git();
    let [alice, _] = bob_has_left(&env);
    alice.says(&["rename", "TOKEN", "TICKET", "-e", "production"]);
    assert_eq!(exposed(&alice), ["bob production TICKET", "bob production URL"]);
    alice.says(&["key", "rotate", "-e", "production"]);
    assert_eq!(exposed(&alice), ["bob production TICKET", "bob production URL"]);
    alice.says(&["set", "TICKET", &env.secret("ticket"), "-e", "production"]);
    assert_eq!(exposed(&alice), ["bob production URL"]);
    alice.pushes("another ticket");
    rename_production(&alice, "prod");
    alice.pushes("a shorter name");
    assert_eq!(exposed(&alice), ["bob production URL"]);
    // By whatever name, it is compared, and a new value replaces it.
    let open = || alice.json(&["team", "exposures", "--json"])[0]["verified"] == true;
    assert!(open());
    let check = || String::from_utf8(alice.envseal(&["check"]).stdout).unwrap();
    assert!(check().contains("1 value of production that removed members could read"), "{}", check());
    alice.says(&["key", "rotate", "-e", "prod"]);
    assert_eq!(exposed(&alice), ["bob production URL"]);
    assert!(open());
    alice.pushes("rotated");
    let told = alice.says(&["team", "exposures"]) + &alice.envseal(&["team", "exposures"]).stderr;
    assert!(told.contains("as in: envseal set URL -e prod\n"), "{told}");
    let told = alice.envseal(&["set", "URL", &env.secret("after"), "-e", "prod"]).stderr;
    assert!(told.contains("envseal.toml"), "{told}");
    assert!(alice.read("envseal.toml").contains("state = \"replaced\""));
    assert!(exposed(&alice).is_empty());
    alice.pushes("another url");
    is_in_order(&alice);
}

/// The environment that was renamed keeps its records, and the new one gets its own.
#[test]
fn a_second_environment_under_the_name_of_a_renamed_one_has_records_of_its_own() {
    let env = TestEnv::without_git();
    let [alice, _] = bob_has_left(&env);
    rename_production(&alice, "qa");
    alice.pushes("another name");
    alice.says(&["set", "-q", "URL", &env.secret("second"), "-e", "production"]);
    alice.pushes("a second production");
    let eve = Person::clone_of(&env, &env.outside().join("shared.git"), "Eve");
    let_in(&alice, &eve, "production");
    approve(&alice, &eve, "qa");
    let before = exposed(&alice);
    assert_eq!(before, ["bob production TOKEN", "bob production URL"]);
    let told = alice.envseal(&["key", "rotate", "-e", "production"]);
    assert!(told.status == 0 && !told.stderr.contains("note:"), "{}", told.stderr);
    assert!(!told.stderr.contains("Recorded") && !told.stderr.contains("Moved"), "{}", told.stderr);

    let told = alice.envseal(&["team", "remove", "eve", "--yes"]);
    assert!(told.status == 0 && !told.stderr.contains("note:"), "{}", told.stderr);
    assert!(told.stderr.contains("Moved 2 exposure records of qa to the new key"), "{}", told.stderr);
    alice.pushes("eve is out");
    let of_eve = ["eve production_2 URL", "eve qa TOKEN", "eve qa URL"];
    assert_eq!(
        exposed(&alice),
        [&before.iter().map(String::as_str).collect::<Vec<_>>()[..], &of_eve].concat()
    );
    let list = || alice.json(&["team", "exposures", "--json"]);
    let is_verified =
        |list: serde_json::Value| list.as_array().unwrap().iter().all(|it| it["verified"] == true);
    assert!(is_verified(list()));
    let shown = alice.says(&["team", "exposures"]);
    contains_all(&shown, &["production (now qa)", "production_2 (now production)"]);
    // Eve could also read the TOKEN that production had under its old key. It is gone from production.
    let keys = alice.json(&["key", "list", "--json"]);
    let counts =
        keys.as_array().unwrap().iter().map(|it| (it["environment"].as_str(), it["exposures"].as_u64()));
    assert_eq!(
        counts.collect::<Vec<_>>(),
        [(Some("production"), Some(1)), (Some("qa"), Some(2)), (Some("staging"), Some(0))]
    );

    let told = alice.envseal(&["key", "rotate", "-e", "qa", "-e", "production"]);
    assert!(told.status == 0 && !told.stderr.contains("note:"), "{}", told.stderr);
    assert!(told.stderr.contains("Moved 4 exposure records of qa to the new key"), "{}", told.stderr);
    assert!(told.stderr.contains("Moved 2 exposure records of production to the new key"), "{}", told.stderr);
    assert!(is_verified(list()));
    alice.says(&["set", "URL", &env.secret("third"), "-e", "production"]);
    assert_eq!(
        exposed(&alice),
        [&before.iter().map(String::as_str).collect::<Vec<_>>()[..], &of_eve[1..]].concat()
    );
    alice.pushes("rotated");
    is_in_order(&alice);
}

#[test]
fn a_second_name_of_the_same_key_goes_as_well() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    let doubled: String = bob
        .read("envseal.toml")
        .lines()
        .flat_map(|line| [line.to_owned(), line.replacen("bob =", "puppet =", 1)])
        .fold(Vec::new(), |mut lines: Vec<String>, line| {
            if lines.last() != Some(&line) {
                lines.push(line);
            }
            lines
        })
        .join("\n");
    let doubled = doubled + "\n";
    bob.write("envseal.toml", &doubled);
    bob.pushes("two names");
    alice.pulls();
    let told = alice.envseal(&["team", "remove", "bob", "--yes"]);
    assert!(told.status == 0 && told.stderr.contains("also a member as puppet"), "{}", told.stderr);
    let text = without_lines(&alice.read("envseal.toml"), &["alice = "]);
    assert!(!text.contains("grant = "), "{text}");
    alice.pushes("bob is out");
    bob.pulls();
    bob.fails(3, &["run", "-e", "production", "--", "true"]);
    // Both names were removed, and nothing is left to do.
    is_in_order(&alice);
    // Bob puts back his lines under the other name only: no rotation grants him access again.
    let lines = without_lines(&doubled, &["bob = ", "alice = "]);
    let put_back = |table: &str| {
        let at = lines.find(table).unwrap();
        lines[at..].lines().find(|line| line.starts_with("puppet = ")).unwrap().to_owned()
    };
    for table in ["[members]", "[grants.production]"] {
        let text = bob.read("envseal.toml");
        let line = put_back(table);
        let text = if text.contains(table) {
            text.replacen(table, &format!("{table}\n{line}"), 1)
        } else {
            format!("{text}\n{table}\n{line}\n")
        };
        bob.write("envseal.toml", text);
    }
    assert_eq!(bob.envseal(&["check"]).status, 1);
    bob.does(&["commit", "-q", "--no-verify", "-a", "-m", "back"]);
    bob.does(&["push", "-q", "--no-verify"]);
    alice.pulls();
    assert_eq!(alice.envseal(&["check"]).status, 1);
    let refused = alice.fails(4, &["key", "rotate", "-e", "production"]);
    assert!(
        refused.ends_with("hint: finish the removal, which rotates it: envseal team remove puppet\n"),
        "{refused}"
    );
    let removed = record_of(&alice, "puppet");
    // The second removal must not have the date of the first.
    std::thread::sleep(std::time::Duration::from_secs(1));
    alice.says(&["team", "remove", "puppet", "--yes"]);
    assert_eq!(record_of(&alice, "puppet"), removed);
    assert!(!alice.read("envseal.toml").contains(&put_back("[grants.production]")));
    is_in_order(&alice);
    alice.pushes("rotated again");
    bob.pulls();
    bob.fails(3, &["run", "-e", "production", "--", "true"]);
}

/// The line of a member in `[removed]`.
fn record_of(person: &Person<'_>, name: &str) -> String {
    let text = person.read("envseal.toml");
    let (_, removed) = text.split_once("[removed]").unwrap();
    removed.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap().to_owned()
}

#[test]
fn another_key_under_a_removed_name_does_not_take_the_record_of_the_first() {
    let env = TestEnv::without_git();
    let [alice, bob] = bob_has_left(&env);
    let removed = record_of(&alice, "bob");
    bob.pulls();
    let new = Identity::generate().public();
    let text = bob.read("envseal.toml").replacen("[members]\n", &format!("[members]\nbob = \"{new}\"\n"), 1);
    bob.write("envseal.toml", text);
    bob.does(&["commit", "-q", "--no-verify", "-a", "-m", "back"]);
    bob.does(&["push", "-q", "--no-verify"]);
    alice.pulls();
    assert_eq!(alice.envseal(&["check"]).status, 1);
    alice.says(&["team", "remove", "bob", "--yes"]);
    assert_eq!(record_of(&alice, "bob"), removed);
    assert!(alice.read("envseal.toml").contains(&format!("key = \"{new}\", since = ")));
    is_in_order(&alice);
    alice.pushes("bob is out again");
}

/// Removes Bob, puts his name back by hand with the key of Eve, and grants that key an environment.
fn with_eve_as_bob(alice: &Person<'_>, environment: &str) {
    alice.says(&["team", "remove", "bob", "--yes"]);
    alice.pushes("bob is out");
    let eve = Person::clone_of(alice.env, &alice.env.outside().join("shared.git"), "Eve");
    eve.says(&["team", "request", "-q"]);
    let key = eve.json(&["team", "whoami", "--json"])["key"].as_str().unwrap().to_owned();
    let text = alice.read("envseal.toml");
    alice.write("envseal.toml", text.replacen("[members]\n", &format!("[members]\nbob = \"{key}\"\n"), 1));
    alice.says(&["team", "approve", "bob", "-e", environment, "--fingerprint", &eve.fingerprint()]);
    alice.does(&["commit", "-q", "--no-verify", "-a", "-m", "bob is back"]);
    alice.does(&["push", "-q", "--no-verify"]);
}

#[test]
fn another_key_under_a_removed_name_loses_what_it_was_granted() {
    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    with_eve_as_bob(&alice, "production");
    // As a reader of `check` may do, and forget who has the key.
    let (members, rest) = alice
        .read("envseal.toml")
        .split_once("[removed]")
        .map(|(one, other)| (one.to_owned(), other.to_owned()))
        .unwrap();
    let (head, members) =
        members.split_once("[members]").map(|(one, other)| (one.to_owned(), other.to_owned())).unwrap();
    let members = without_lines(&members, &["bob = \"ssh-"]);
    alice.write("envseal.toml", format!("{head}[members]{members}[removed]{rest}"));
    alice.does(&["commit", "-q", "--no-verify", "-a", "-m", "bob is no member"]);
    let before = public_key(&alice, "production");
    // History has the other key under that name: whether it is somebody who stays is for a person to say.
    let refused = alice.fails(4, &["team", "remove", "bob", "--yes"]);
    contains_all(&refused, &["would take access from bob", "--leave-out bob"]);
    alice.says(&["team", "remove", "bob", "--yes", "--leave-out", "bob"]);
    assert_ne!(public_key(&alice, "production"), before);
    assert!(!alice.read("envseal.toml").contains("bob = { key = \"envseal-pk1-"));
    is_in_order(&alice);
}

#[test]
fn another_key_under_a_removed_name_keeps_what_it_reads_under_its_own_record() {
    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    with_eve_as_bob(&alice, "staging");
    // Carol has no access to staging.
    let carol = Person::clone_of(&env, &env.outside().join("shared.git"), "Carol");
    let_in(&alice, &carol, "production");
    let keep = format!("--keep=alice={}", alice.fingerprint());
    assert_eq!(carol.envseal(&["team", "remove", "bob", "--yes", &keep]).status, 1);
    carol.does(&["commit", "-q", "--no-verify", "-a", "-m", "bob is out of production"]);
    carol.does(&["push", "-q", "--no-verify"]);
    alice.pulls();
    let found = is_reported(&alice, &[], "envseal team remove bob-20");
    let at = found.find("envseal team remove bob-20").unwrap();
    let before = public_key(&alice, "staging");
    alice.pastes(&format!("{} --yes", found[at..].lines().next().unwrap()));
    assert_ne!(public_key(&alice, "staging"), before);
    is_in_order(&alice);
    assert!(exposed(&alice).iter().any(|it| it.ends_with(" staging URL")), "{:?}", exposed(&alice));
}

#[test]
fn a_file_that_is_not_rotated_stays_pending_and_is_said() {
    let env = TestEnv::without_git();
    let [alice, bob] = alice_and_bob(&env);
    std::fs::create_dir(bob.clone.join("legacy")).unwrap();
    bob.write("legacy/.env.production", bob.read(".env.production"));
    bob.add_line("envseal.toml", "\n[policy]\nexclude = [\"legacy/**\"]");
    bob.pushes("legacy");
    alice.pulls();
    let_in(&alice, &bob, "production");
    let before = public_key(&alice, "production");
    let told = alice.envseal(&["team", "remove", "bob", "--yes"]);
    assert_eq!(told.status, 1, "{}", told.stderr);
    assert!(told.stderr.contains("Left legacy/.env.production unchanged"), "{}", told.stderr);
    assert!(!told.stderr.contains("no longer has access"), "{}", told.stderr);
    let rotated = public_key(&alice, "production");
    assert_ne!(rotated, before);
    is_reported(&alice, &[], "[removal-pending]");
    let refused = alice.fails(4, &["key", "rotate", "-f", "legacy/.env.production"]);
    assert!(
        refused.contains("legacy/.env.production is not rotated with production: the policy excludes it"),
        "{refused}"
    );
    assert_eq!(public_key(&alice, "production"), rotated);
    // The project's own files can be rotated, and what is pending stays so.
    alice.says(&["key", "rotate", "-e", "production"]);
    is_reported(&alice, &[], "[removal-pending]");
    std::fs::remove_file(alice.clone.join("legacy/.env.production")).unwrap();
    alice.says(&["team", "remove", "bob", "--yes"]);
    is_in_order(&alice);
}

/// Bob made the grant himself, and no rotation came in between.
#[test]
fn whom_one_let_in_and_who_is_kept_keeps_access_at_every_moment() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    approve(&alice, &bob, "staging");
    alice.pushes("staging too");
    bob.pulls();
    let carol = Person::clone_of(&env, &env.outside().join("shared.git"), "Carol");
    let_in(&bob, &carol, "production");
    approve(&bob, &carol, "staging");
    bob.pushes("carol, staging");
    alice.pulls();
    // Dave has no access to staging.
    let dave = Person::clone_of(&env, &env.outside().join("shared.git"), "Dave");
    let_in(&alice, &dave, "production");
    let keep =
        [&alice, &carol].map(|who| format!("--keep={}={}", who.name.to_lowercase(), who.fingerprint()));
    assert_eq!(dave.envseal(&["team", "remove", "bob", "--yes", &keep[0], &keep[1]]).status, 1);
    dave.pushes("bob is out of production");
    carol.pulls();
    assert_eq!(reads(&carol, "production", "URL"), reads(&dave, "production", "URL"));
    assert!(!reads(&carol, "staging", "URL").is_empty(), "until the removal is finished");
    // Carol can finish the removal.
    let before = public_key(&carol, "staging");
    carol.says(&["team", "remove", "bob", "--yes", &keep[0]]);
    assert_ne!(public_key(&carol, "staging"), before);
    is_in_order(&carol);
    assert!(exposed(&carol).contains(&"bob staging URL".to_owned()), "{:?}", exposed(&carol));
}

#[test]
fn a_key_that_lives_on_outside_of_the_scope_is_named_and_stays_pending() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    bob.add_line("envseal.toml", "\n[policy]\nexclude = [\".env.production\"]");
    bob.pushes("nobody looks there");
    alice.pulls();
    let told = alice.envseal(&["team", "remove", "bob", "--yes"]);
    assert_eq!(told.status, 1, "{}", told.stderr);
    assert!(told.stderr.contains("Left .env.production unchanged"), "{}", told.stderr);
    is_reported(&alice, &[], "[removal-pending]");
    // Without the exclusion, the removal can be finished.
    let text = alice.read("envseal.toml").replace("exclude = [\".env.production\"]", "");
    alice.write("envseal.toml", text);
    let before = public_key(&alice, "production");
    alice.says(&["team", "remove", "bob", "--yes"]);
    assert_ne!(public_key(&alice, "production"), before);
    assert_eq!(exposed(&alice), ["bob production TOKEN", "bob production URL"]);
    is_in_order(&alice);
}

/// Setting a value needs no private key, so a locked identity that nobody unlocks must not prevent it.
#[test]
fn a_locked_identity_hinders_nobody_who_needs_none() {
    let env = TestEnv::without_git();
    bob_has_left(&env);
    let key = env.outside().join("id");
    let key = key.to_str().unwrap();
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "a passphrase", "-C", "", "-f", key])
        .status()
        .unwrap();
    assert!(made.success());
    let carol = Person::clone_of(&env, &env.outside().join("shared.git"), "Carol");
    let secret = env.secret("blind");
    for arguments in [
        &["set", "URL", &secret, "-e", "production"][..],
        &["ls"],
        &["log"],
        &["diff"],
        &["check"],
        &["team", "exposures"],
        &["unset", "TOKEN", "-e", "production"],
    ] {
        let arguments = [&["-i", key], arguments].concat();
        let output = carol.envseal(&arguments);
        assert_eq!(output.status, 0, "{arguments:?}: {}", output.stderr);
    }
    let text = carol.read("envseal.toml");
    assert!(text.contains("state = \"unverified\""), "{text}");
}

/// With another tag key every value would look replaced, and anyone can encrypt one.
#[test]
fn what_values_are_told_by_is_a_holders_word() {
    use envseal::testing::config::EnvName;
    use envseal::testing::crypto::{PlaintextKind, PrivateKey, PublicKey, Refs, Sealer, TagKey};
    use envseal::testing::team::TeamFile;

    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    let carol = Person::clone_of(&env, &env.outside().join("shared.git"), "Carol");
    let_in(&alice, &carol, "production");
    let keep = format!("carol={}", carol.fingerprint());
    alice.says(&["team", "remove", "bob", "--yes", "--keep", &keep]);
    alice.pushes("bob is out");
    let before = alice.read("envseal.toml");

    // With the key of another environment it looks like a record of that one.
    let [public, staging] =
        ["production", "staging"].map(|of| PublicKey::parse(public_key(&alice, of).trim()).unwrap());
    let name = EnvName::new("production").unwrap();
    let foreign = TagKey::generate().proven("production", &PrivateKey::generate());
    let bytes =
        [(&public, &foreign.expose()[..32]), (&public, foreign.expose()), (&staging, foreign.expose())];
    let mut texts: Vec<String> = bytes
        .iter()
        .map(|(public, bytes)| {
            let mut team = TeamFile::parse(before.as_bytes()).unwrap();
            let sealed = Sealer::new(public).unwrap().seal(
                "ENVSEAL_EXPOSURE_TAGS",
                &Refs::none(),
                PlaintextKind::Value,
                bytes,
            );
            team.put_tag_key(&name, sealed.unwrap());
            team.text()
        })
        .collect();
    // It must not be missing either, or the next removal would create a new one.
    let gone: Vec<_> = before.lines().filter(|line| !line.starts_with("production = \"envseal:1:")).collect();
    texts.push(gone.join("\n") + "\n");
    for text in texts {
        assert_ne!(text, before);
        alice.write("envseal.toml", &text);
        let found = alice.envseal(&["check", "--staged"]);
        assert_eq!(found.status, 0, "not staged yet: {}", found.stderr);
        alice.does(&["add", "-A"]);
        is_reported(&alice, &["--staged"], "[exposure-altered]");
        for arguments in
            [&["team", "exposures", "--all", "--confirm"][..], &["team", "remove", "carol", "--yes"]]
        {
            let stopped = alice.fails(3, arguments);
            contains_all(&stopped, &["the exposure tags of production in envseal.toml cannot be decrypted"]);
            assert_eq!(alice.read("envseal.toml"), text);
        }
        // Setting another value works, and marks nothing else as replaced.
        alice.says(&["set", "LATER", &env.secret("later"), "-e", "production"]);
        assert!(!alice.read("envseal.toml").contains("replaced"));
        alice.write("envseal.toml", &before);
        alice.does(&["reset", "-q"]);
        alice.does(&["checkout", "-q", "."]);
    }
    assert_eq!(exposed(&alice), ["bob production TOKEN", "bob production URL"]);
}

/// The person who created the key never needed a grant. Another's rotation must not take her access silently.
#[test]
fn who_let_others_in_and_has_no_grant_is_not_left_out_by_a_rotation() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    without_own_grants(&alice);
    alice.pushes("no grants of her own");
    bob.pulls();
    let before = bob.read(".env.production");
    let told = bob.fails(4, &["key", "rotate", "-e", "production"]);
    assert!(told.contains("would take access from alice (SHA256:"), "{told}");
    assert!(told.contains("hint: grant it again: envseal team approve alice -e production; or "), "{told}");
    assert_eq!(bob.read(".env.production"), before);
    bob.says(&["team", "approve", "alice", "-e", "production", "--fingerprint", &alice.fingerprint()]);
    bob.says(&["key", "rotate", "-e", "production"]);
    bob.pushes("rotated");
    alice.pulls();
    assert_eq!(reads(&alice, "production", "URL"), reads(&bob, "production", "URL"));
}

#[test]
fn that_a_new_key_is_in_the_open_beside_locked_ones_is_said() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", &format!("A={}", env.secret("a")), "-e", "p"]);
    let key = env.private_key("ENVSEAL_PRIVATE_KEY_P");
    let said = "other keys in .env.keys are locked, the new ones are not: envseal key lock";
    env.lock_keys("of the keys");
    // The injected key needs no passphrase, so the new key can't be locked.
    let rotate = env.envseal(&["key", "rotate", "-e", "p"]).var("ENVSEAL_PRIVATE_KEY_P", key);
    let told = rotate.output();
    assert!(told.status == 0 && told.stderr.contains(said), "{}", told.stderr);
    assert!(env.read(".env.keys").contains("envseal-sk1-"));
    // If the passphrase is known, the new key is locked like the old one.
    env.lock_keys("of the keys");
    let told = env.envseal(&["key", "rotate", "-e", "p"]).var("ENVSEAL_PASSPHRASE", "of the keys").output();
    assert!(told.status == 0 && !told.stderr.contains(said), "{}", told.stderr);
    assert!(!env.read(".env.keys").contains("envseal-sk1-"));
}

/// If history is cut off, it does not prove that a key was never rotated away.
#[test]
fn a_shallow_clone_does_not_tell_which_key_is_the_newest() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    let shallow = env.outside().join("shallow");
    let url = format!("file://{}", env.outside().join("shared.git").display());
    env.git(&["clone", "-q", "--depth", "1", &url, shallow.to_str().unwrap()]);
    std::fs::write(shallow.join(".env.keys"), alice.read(".env.keys")).unwrap();
    let print = bob.fingerprint();
    let approve = ["team", "approve", "bob", "-e", "staging", "--fingerprint", &print];
    for arguments in
        [&approve[..], &["key", "rotate", "-e", "production"], &["team", "remove", "bob", "--yes"]]
    {
        let told = alice.run(env.envseal(arguments)).dir(&shallow).output();
        assert!(told.status == 4 && told.stderr.contains("hint: git fetch --unshallow"), "{}", told.stderr);
    }
    env.program("git", &["fetch", "-q", "--unshallow"]).dir(&shallow).ok();
    let told = alice.run(env.envseal(&approve)).dir(&shallow).output();
    assert_eq!(told.status, 0, "{}", told.stderr);
}
