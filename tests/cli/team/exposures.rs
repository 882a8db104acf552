//! What removed members could read, until it is replaced.

use super::{alice_and_bob, bob_has_left, is_in_order, is_reported, let_in, two_members, without_own_grants};
use crate::support::{Person, TestEnv, lock_keys};

/// Returns the name and state of each listed exposure, and whether the state is verified.
fn listed(person: &Person<'_>, arguments: &[&str]) -> Vec<(String, String, bool)> {
    let list = person.json(&[&["team", "exposures", "--json"], arguments].concat());
    let one = |exposed: &serde_json::Value| {
        let text = |key: &str| exposed[key].as_str().unwrap().to_owned();
        (text("name"), text("state"), exposed["verified"].as_bool().unwrap())
    };
    list.as_array().unwrap().iter().map(one).collect()
}

/// Returns the state of every exposure as `NAME STATE`, with `?` behind a state that is not verified.
fn states(person: &Person<'_>) -> Vec<String> {
    let all = listed(person, &["--all"]).into_iter();
    all.map(|(name, state, verified)| format!("{name} {state}{}", if verified { "" } else { "?" })).collect()
}

fn state(person: &Person<'_>, name: &str) -> (String, bool) {
    let all = listed(person, &["--all"]);
    let found = all.into_iter().find(|(other, ..)| other == name);
    found.map_or_else(|| panic!("no {name}"), |(_, state, verified)| (state, verified))
}

#[test]
fn a_value_is_replaced_by_another_value_and_by_nothing_else() {
    let env = TestEnv::without_git();
    let [alice, _] = bob_has_left(&env);
    assert_eq!(states(&alice), ["TOKEN exposed", "URL exposed"]);
    let value = alice.says(&["get", "URL", "-e", "production"]);
    // Encrypting the same value again, in whatever way, does not replace it.
    alice.says(&["decrypt", "-e", "production", "-k", "URL"]);
    alice.says(&["encrypt", "-e", "production"]);
    alice.says(&["unset", "TOKEN", "-e", "production"]);
    assert_eq!(states(&alice), ["TOKEN gone", "URL exposed"]);
    assert_eq!(listed(&alice, &[]), [("URL".into(), "exposed".into(), true)]);
    // A different value replaces it. The person who commits learns that the team file changed with it.
    let said = alice.envseal(&["set", "URL", &env.secret("new"), "-e", "production"]).stderr;
    let recorded = "Recorded in envseal.toml: URL of production is replaced; commit both\n";
    assert!(said.contains(recorded), "{said}");
    assert!(alice.read("envseal.toml").contains("state = \"replaced\""));
    let said = alice.envseal(&["set", "URL", &env.secret("newer"), "-e", "production"]).stderr;
    assert!(!said.contains("envseal.toml"), "nothing new: {said}");
    assert_eq!(states(&alice), ["TOKEN gone", "URL replaced"]);
    assert_eq!(listed(&alice, &[]), []);
    // Restoring the old one undoes that.
    alice.says(&["set", "URL", value.trim_end(), "-e", "production"]);
    assert_eq!(states(&alice), ["TOKEN gone", "URL exposed"]);
    // Plain text is not a secret that could be exposed.
    alice.says(&["set", "URL", "of-no-matter", "--plain", "-e", "production"]);
    assert_eq!(states(&alice), ["TOKEN gone", "URL gone"]);
}

/// In a folder below, `-e` would create a file there.
#[test]
fn the_value_to_change_is_named_with_its_file() {
    let env = TestEnv::without_git();
    let [alice, _] = bob_has_left(&env);
    std::fs::create_dir(alice.clone.join("sub")).unwrap();
    for (folder, select) in
        [(".", "-C . set TOKEN -e production"), ("sub", "-C sub set TOKEN -f ../.env.production")]
    {
        let said = alice.envseal(&["-C", folder, "team", "exposures"]).stderr;
        assert!(said.contains(&format!(", as in: envseal {select}\n")), "{said}");
    }
    let token = env.secret("new");
    alice.says(&["-C", "sub", "set", "TOKEN", &token, "-f", "../.env.production"]);
    assert_eq!(state(&alice, "TOKEN"), ("replaced".into(), true));
}

/// The file that has the name first may have another value by now.
#[test]
fn the_file_that_still_has_the_exposed_value_is_named() {
    let env = TestEnv::without_git();
    let [alice, bob] = alice_and_bob(&env);
    std::fs::create_dir(alice.clone.join("sub")).unwrap();
    alice.says(&["set", "-q", "TOKEN", &env.secret("sub"), "-f", "sub/.env.production"]);
    alice.pushes("another file");
    bob.pulls();
    let_in(&alice, &bob, "production");
    alice.says(&["team", "remove", "bob", "--yes", "-q"]);
    for (file, next) in
        [(".env.production", "TOKEN -f sub/.env.production"), ("sub/.env.production", "URL -e production")]
    {
        alice.says(&["set", "-q", "TOKEN", &env.secret(&format!("new {file}")), "-f", file]);
        let said = alice.envseal(&["team", "exposures"]).stderr;
        assert!(said.contains(&format!(", as in: envseal set {next}\n")), "{said}");
    }
}

/// Exposures are no reason to ask for a passphrase, because encrypting needs no private key.
#[test]
fn a_set_beside_locked_keys_asks_for_nothing() {
    let env = TestEnv::without_git();
    let [alice, _] = bob_has_left(&env);
    let passphrase = env.secret("passphrase");
    alice.write(".env.keys", lock_keys(&alice.read(".env.keys"), &passphrase));
    let said = alice.envseal(&["set", "URL", &env.secret("new"), "-e", "production"]);
    assert_eq!(said.status, 0, "{}", said.stderr);
    assert!(
        said.stderr.contains(
            "Recorded in envseal.toml: URL of production may be replaced; someone who can decrypt it can tell"
        ),
        "{}",
        said.stderr
    );
    assert_eq!(state(&alice, "URL"), ("unverified".into(), false));
    let confirm = ["team", "exposures", "--confirm"];
    alice.run(env.envseal(&confirm)).var("ENVSEAL_PASSPHRASE", &passphrase).ok();
    assert_eq!(state(&alice, "URL").0, "replaced");
}

/// Two values that two people could read count as two.
#[test]
fn a_value_counts_once_whoever_could_read_it() {
    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    let carol = Person::clone_of(&env, &env.outside().join("shared.git"), "Carol");
    let_in(&alice, &carol, "production");
    for name in ["bob", "carol"] {
        alice.says(&["team", "remove", name, "--yes", "-q"]);
        alice.pushes("out");
    }
    let said = alice.envseal(&["team", "exposures"]);
    assert_eq!(String::from_utf8_lossy(&said.stdout).lines().count(), 5, "{}", said.stderr);
    assert!(said.stderr.starts_with("2 exposed values"), "{}", said.stderr);
    let keys = alice.json(&["key", "list", "--json", "-e", "production"]);
    assert_eq!(keys[0]["exposures"], 2, "{keys}");
}

#[test]
fn a_blind_set_is_unverified_until_a_holder_looks() {
    let env = TestEnv::without_git();
    let [alice, _] = bob_has_left(&env);
    without_own_grants(&alice);
    let keys = alice.read(".env.keys");
    std::fs::remove_file(alice.clone.join(".env.keys")).unwrap();
    assert_eq!(states(&alice), ["TOKEN exposed?", "URL exposed?"]);
    alice.says(&["set", "URL", &env.secret("blind"), "-e", "production"]);
    assert_eq!(states(&alice), ["TOKEN exposed?", "URL unverified?"]);
    alice.write(".env.keys", &keys);
    assert_eq!(states(&alice), ["TOKEN exposed", "URL replaced"]);
    // The next change by someone with the key records that for everyone; so does --confirm.
    let unconfirmed = alice.read("envseal.toml");
    alice.says(&["set", "OTHER", &env.secret("other"), "-e", "production"]);
    let by_set = alice.read("envseal.toml");
    alice.write("envseal.toml", &unconfirmed);
    alice.says(&["team", "exposures", "--confirm"]);
    assert_eq!(alice.read("envseal.toml"), by_set);
    assert_ne!(by_set, unconfirmed);
    std::fs::remove_file(alice.clone.join(".env.keys")).unwrap();
    assert_eq!(states(&alice), ["TOKEN exposed?", "URL replaced?"]);
}

#[test]
fn a_doctored_exposure_still_counts() {
    let env = TestEnv::without_git();
    let [alice, _] = bob_has_left(&env);
    let text = alice.read("envseal.toml");
    let max_age = |age: &str| alice.envseal(&["team", "exposures", &format!("--max-age={age}")]);
    assert_eq!(max_age("7d").status, 0);
    for wrong in ["7", "d", "-1d", "7y", ""] {
        assert_eq!(max_age(wrong).status, 2, "{wrong}");
    }
    // A forged date is detected, and still counts.
    let year = text.split("since = ").nth(1).unwrap()[..4].to_owned();
    alice.write("envseal.toml", text.replace(&format!("since = {year}"), "since = 2020"));
    let told = max_age("7d");
    assert!(told.status == 1 && told.stderr.contains("2 values older than --max-age"), "{}", told.stderr);
    assert_eq!(state(&alice, "URL"), ("altered".into(), true));
    // The recorded state is only a claim. With the key, the real one is shown.
    alice.write("envseal.toml", text.replace("state = \"exposed\"", "state = \"replaced\""));
    assert_eq!(state(&alice, "URL"), ("exposed".into(), true));
    // With other tags, the value would pass for a different one. A holder who sets another does not believe them.
    let tag = text.split("tags = [\"").nth(1).unwrap()[..43].to_owned();
    // The first character is changed, because it stands for six bits, and the last for only four.
    let other = if tag.starts_with('A') { "B" } else { "A" };
    for altered in [format!("{other}{}", &tag[1..]), "A".repeat(43)] {
        alice.write("envseal.toml", text.replace(&tag, &altered));
        let states: Vec<_> = listed(&alice, &[]).into_iter().map(|(_, state, _)| state).collect();
        assert!(states.contains(&"altered".to_owned()) && states.len() == 2, "{states:?}");
    }
    alice.says(&["set", "LATER", &env.secret("later"), "-e", "production"]);
    assert!(!alice.read("envseal.toml").contains("replaced"), "{}", alice.read("envseal.toml"));
    assert_eq!(listed(&alice, &[]).len(), 2);
    // Another tag key, which anyone can encrypt. Nothing can be verified any more, and the error says so.
    let start = text.find("production = \"envseal:1:").unwrap();
    let sealed = &text[start..start + text[start..].find('\n').unwrap()];
    let blind = TestEnv::new();
    blind.ok(&["set", "X", "y"]);
    let token = blind.read(".env").lines().find_map(|line| line.strip_prefix("X=")).unwrap().to_owned();
    alice.write("envseal.toml", text.replace(sealed, &format!("production = \"{token}\"")));
    let told = alice.fails(3, &["team", "exposures"]);
    assert!(told.contains("the exposure tags of production in envseal.toml cannot be decrypted"), "{told}");
}

/// Writes these lines below the public key and encrypts them.
fn rewrite(alice: &Person<'_>, lines: &str) {
    let text = alice.read(".env.production");
    let head: String = text.split_inclusive('\n').filter(|line| line.contains("ENVSEAL_")).collect();
    std::fs::write(alice.clone.join(".env.production"), head + lines).unwrap();
    alice.says(&["encrypt", "-f", ".env.production"]);
}

/// An exposed value is still in use if another value refers to it.
#[test]
fn a_reference_to_an_exposed_value_replaces_nothing() {
    let env = TestEnv::without_git();
    let [alice, _] = bob_has_left(&env);
    let team = alice.read("envseal.toml") + "[policy]\nexternal = ['URL']\n";
    let token = alice.says(&["get", "TOKEN", "-e", "production"]);
    for (at, url) in [
        "URL=\"${TOKEN}rest\"\n",
        "URL=$TOKEN\n",
        "URL=${NO:-${TOKEN:+x}}\n",
        "MID=\"a${TOKEN}\"\nURL=\"${MID}b\"\n",
        "MID=$TOKEN # envseal: plain\nURL=$MID\n",
        "MID=${URL}${TOKEN}\nURL=$MID\nURL=${URL}$MID\n",
    ]
    .into_iter()
    .enumerate()
    {
        alice.write("envseal.toml", &team);
        rewrite(&alice, &format!("TOKEN={}\n{url}", token.trim_end()));
        assert_eq!(states(&alice), ["TOKEN exposed", "URL exposed"], "{url}");
        alice.says(&["team", "exposures", "--confirm"]);
        assert!(!alice.read("envseal.toml").contains("state = \"replaced\""), "{url}");
        alice.says(&["set", "TOKEN", &env.secret(&format!("new-{at}")), "-e", "production"]);
        assert_eq!(states(&alice), ["TOKEN replaced", "URL replaced"], "{url}");
    }
}

/// How a value is written makes no difference: with `\$` in double quotes, in single quotes, or by `set`.
#[test]
fn the_same_value_written_otherwise_replaces_nothing() {
    let env = TestEnv::without_git();
    let [alice, bob] = alice_and_bob(&env);
    let secret = env.secret("dollar");
    rewrite(&alice, &format!("TOKEN=\"a\\$9{secret}\"\nURL='x{secret}'\n"));
    alice.pushes("with a dollar sign");
    bob.pulls();
    let_in(&alice, &bob, "production");
    alice.says(&["team", "remove", "bob", "--yes", "-q"]);
    alice.says(&["set", "TOKEN", "-q", "x", "-e", "production"]);
    assert_eq!(state(&alice, "TOKEN"), ("replaced".into(), true));
    alice.says(&["set", "TOKEN", "-q", &format!("a$9{secret}"), "-e", "production"]);
    assert_eq!(state(&alice, "TOKEN"), ("exposed".into(), true));
    rewrite(&alice, "TOKEN=x\nURL=x\n");
    assert_eq!(state(&alice, "TOKEN"), ("replaced".into(), true));
    rewrite(&alice, &format!("TOKEN='a$9{secret}'\nURL=x\n"));
    assert_eq!(state(&alice, "TOKEN"), ("exposed".into(), true));
}

/// It is also still in use under another name, or as a part of another value.
#[test]
fn an_exposed_value_that_goes_on_elsewhere_is_followed() {
    let env = TestEnv::without_git();
    let [alice, _] = bob_has_left(&env);
    let old = alice.says(&["get", "URL", "-e", "production"]);
    let old = old.trim_end();
    alice.says(&["set", "URL", &format!("{old}-2026"), "-e", "production"]);
    alice.says(&["team", "exposures", "--confirm"]);
    assert_eq!(state(&alice, "URL"), ("exposed".into(), true));
    alice.says(&["set", "URL", old, "-e", "production"]);
    let pairs = [format!("COPY={old}"), format!("LONGER=x{old}"), format!("FRESH={}", env.secret("fresh"))];
    alice.says(&["set", &pairs[0], &pairs[1], &pairs[2], "-e", "production"]);
    assert_eq!(states(&alice), ["COPY exposed", "LONGER exposed", "TOKEN exposed", "URL exposed"]);
    alice.says(&["set", "URL", &env.secret("new"), "-e", "production"]);
    assert_eq!(state(&alice, "URL"), ("replaced".into(), true));
    let copy = alice.says(&["get", "COPY", "-e", "production"]);
    rewrite(&alice, &format!("COPY={}\nURL=$COPY\n", copy.trim_end()));
    assert_eq!(state(&alice, "URL"), ("exposed".into(), true));
    alice.says(&["set", "COPY", &env.secret("copy"), "-e", "production"]);
    assert_eq!(state(&alice, "URL"), ("replaced".into(), true));
}

/// Bob has the old key, and what a branch of before his removal has encrypted with it.
#[test]
fn a_value_that_comes_from_a_branch_of_before_is_exposed() {
    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    let carol = Person::clone_of(&env, &env.outside().join("shared.git"), "Carol");
    let url = env.secret("url-of-branch");
    carol.says(&["set", "-q", "URL", &url, "-e", "production"]);
    carol.says(&["set", "-q", "ADDED", &env.secret("added"), "-e", "production"]);
    let branch = carol.read(".env.production");
    alice.says(&["team", "remove", "bob", "--yes", "-q"]);
    alice.pushes("bob is out");
    // A merge that takes the lines of the branch, and the new public key.
    let line = |text: &str, name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let now = alice.read(".env.production");
    let merged = now.replace(&line(&now, "URL="), &line(&branch, "URL=")) + &line(&branch, "ADDED=") + "\n";
    alice.write(".env.production", merged);
    alice.pushes("merged");
    for command in [&["encrypt", "--reseal"][..], &["key", "rotate"]] {
        alice.does(&["reset", "-q", "--hard", "origin/main"]);
        let told = alice.envseal(&[command, &["-e", "production"]].concat()).stderr;
        assert!(told.contains("ADDED of production is a value that a removed member could read"), "{told}");
        assert_eq!(alice.says(&["get", "URL", "-e", "production"]).trim_end(), url);
        assert_eq!(states(&alice), ["ADDED exposed", "TOKEN exposed", "URL exposed"]);
    }
    alice.says(&["set", "URL", &env.secret("new"), "-e", "production"]);
    assert_eq!(state(&alice, "URL"), ("replaced".into(), true));
    // A value that is set over one with an older key is not that one.
    let text = alice.read(".env.production");
    alice.write(".env.production", text.replace(&line(&text, "ADDED="), &line(&branch, "ADDED=")));
    alice.says(&["set", "ADDED", &env.secret("fresh"), "-e", "production"]);
    assert_eq!(state(&alice, "ADDED"), ("replaced".into(), true));
}

/// Without the key nobody can verify them, so they must not be taken out either.
#[test]
fn tags_that_a_holder_added_are_for_a_holder_to_check() {
    let env = TestEnv::without_git();
    let [alice, _] = bob_has_left(&env);
    let url = alice.says(&["get", "URL", "-e", "production"]);
    alice.says(&["set", "TOKEN", url.trim_end(), "-e", "production"]);
    alice.pushes("the same for both");
    let carol = Person::clone_of(&env, &env.outside().join("shared.git"), "Carol");
    let words = "the exposure of TOKEN of production to bob has other tags";
    let found = is_reported(&carol, &["--range", "HEAD~1.."], words);
    assert!(found.contains("have a holder of the key of production check it"), "{found}");
    assert!(!found.contains("restore the line"), "{found}");
    assert_eq!(alice.envseal(&["check", "--range", "HEAD~1.."]).status, 0);
}

/// Exposures of one branch, and a rotation of another that doesn't know them.
#[test]
fn a_merge_with_a_rotation_is_reported_before_nothing_can_be_verified() {
    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    alice.says(&["init", "-q", "-y"]);
    alice.says(&["key", "rotate", "-q", "-e", "production", "--leave-out", "bob"]);
    alice.pushes("rotated");
    alice.does(&["checkout", "-q", "-b", "leave"]);
    alice.says(&["team", "remove", "bob", "--yes", "-q"]);
    alice.does(&["commit", "-qam", "bob is out"]);
    alice.does(&["checkout", "-q", "main"]);
    alice.says(&["key", "rotate", "-q", "-e", "production"]);
    alice.pushes("rotated again");
    alice.does(&["merge", "-q", "leave", "--no-verify", "-m", "both"]);
    for arguments in [&[][..], &["--range", "origin/main.."]] {
        is_reported(&alice, arguments, " of production is for key ");
    }
    // As the fix says.
    alice.does(&["reset", "-q", "--hard", "HEAD~1"]);
    alice.does(&["merge", "-q", "--no-commit", "--no-ff", "leave"]);
    alice.does(&["checkout", "-q", "HEAD", "--", "envseal.toml"]);
    alice.says(&["team", "remove", "bob", "--yes", "-q"]);
    alice.pushes("both");
    is_in_order(&alice);
    assert_eq!(listed(&alice, &[]).len(), 2);
}

/// The files on disk have the markers until then, and neither has to be resolved before the other.
#[test]
fn conflicts_after_a_removal_are_resolved_one_by_one() {
    let env = TestEnv::without_git();
    let [alice, _] = bob_has_left(&env);
    std::fs::create_dir(alice.clone.join("sub")).unwrap();
    let files = [".env.production", "sub/.env.production"];
    alice.says(&["set", "-q", "URL", &env.secret("base"), "-f", files[1]]);
    alice.pushes("two");
    let set = |branch: &str, value: &str| {
        alice.does(&["checkout", "-q", branch]);
        for file in files {
            alice.says(&["set", "-q", "URL", &env.secret(value), "-f", file]);
        }
        alice.does(&["commit", "-qam", value]);
    };
    alice.does(&["branch", "feature"]);
    set("main", "ours");
    set("feature", "theirs");
    alice.does(&["checkout", "-q", "main"]);
    for by_hand in [false, true] {
        alice.git(&["merge", "feature"]);
        for file in files {
            assert!(alice.read(file).contains("<<<<<<<"), "{}", alice.read(file));
            if by_hand {
                let run = alice.run(env.envseal(&["edit", "-f", file]));
                run.var("VISUAL", "sed -i -e '/^<<<<<<</d' -e '/^=======/,/^>>>>>>>/d'").ok();
            } else {
                alice.says(&["resolve", "URL", "--theirs", "-f", file]);
            }
            assert!(!alice.read(file).contains("<<<<<<<"), "{}", alice.read(file));
        }
        assert_eq!(state(&alice, "URL"), ("replaced".into(), true), "{by_hand}");
        alice.does(&["merge", "--abort"]);
    }
}

/// Bob had the key before the last two, Carol's branch is encrypted with the one before the last.
#[test]
fn a_value_of_an_older_key_that_the_member_never_had_is_not_exposed() {
    let env = TestEnv::without_git();
    let [alice, _] = bob_has_left(&env);
    for name in ["URL", "TOKEN"] {
        alice.says(&["set", "-q", name, &env.secret(&format!("new-{name}")), "-e", "production"]);
    }
    alice.says(&["set", "-q", "ADDED", &env.secret("added"), "-e", "production"]);
    let branch = alice.read(".env.production");
    alice.says(&["key", "rotate", "-q", "-e", "production"]);
    let line = |text: &str, name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let mut merged = alice.read(".env.production");
    for name in ["URL=", "ADDED="] {
        merged = merged.replace(&line(&merged, name), &line(&branch, name));
    }
    alice.write(".env.production", merged);
    let team = alice.read("envseal.toml");
    let told = alice.envseal(&["encrypt", "--reseal", "-e", "production"]);
    assert!(told.status == 0 && !told.stderr.contains("removed member"), "{}", told.stderr);
    assert_eq!(alice.read("envseal.toml"), team);
    assert_eq!(listed(&alice, &[]), []);
    assert_eq!(listed(&alice, &["--all"]).len(), 2);
}

/// Bob has the key of before his removal: with it he can prove a record of other values, so that his look replaced.
#[test]
fn a_removed_member_does_not_prove_a_record_with_the_key_that_they_had() {
    use envseal::testing::crypto::{PrivateKey, Proof};
    use envseal::testing::team::{Exposure, TeamFile};

    let env = TestEnv::without_git();
    let [alice, _] = bob_has_left(&env);
    let keys = alice.read(".env.keys");
    let keys = keys.lines().find_map(|line| line.strip_prefix("ENVSEAL_PRIVATE_KEY_PRODUCTION=")).unwrap();
    let old = PrivateKey::parse(keys.split(',').nth(1).unwrap()).unwrap();
    let mut team = TeamFile::parse(alice.read("envseal.toml").as_bytes()).unwrap();
    let mut forged: Exposure =
        team.exposures().iter().find(|exposure| exposure.name == "URL").unwrap().clone();
    forged.tags = vec!["A".repeat(43).parse::<Proof>().unwrap()];
    forged.proof = forged.proof_by(&old);
    team.put_exposure(forged);
    alice.write("envseal.toml", team.text());
    assert_eq!(state(&alice, "URL"), ("altered".into(), true));
    assert_eq!(state(&alice, "TOKEN"), ("exposed".into(), true));
    alice.does(&["commit", "-q", "--no-verify", "-am", "nothing to see"]);
    assert_eq!(state(&alice, "URL"), ("altered".into(), true));
    let words = "the exposure of URL of production to bob has other tags";
    is_reported(&alice, &["--range", "HEAD~1.."], words);
}

/// A branch records a copy of an exposed value, while another one rotates, or removes someone else.
#[test]
fn a_record_of_a_branch_of_before_a_rotation_holds_if_nobody_who_had_its_key_was_removed() {
    for leaves in [false, true] {
        let env = TestEnv::without_git();
        let [alice, _] = bob_has_left(&env);
        let carol = Person::clone_of(&env, &env.outside().join("shared.git"), "Carol");
        let_in(&alice, &carol, "production");
        alice.says(&["init", "-q", "-y"]);
        alice.does(&["checkout", "-q", "-b", "copy"]);
        let url = alice.says(&["get", "URL", "-e", "production"]);
        alice.says(&["set", "-q", "COPY", url.trim_end(), "-e", "production"]);
        alice.does(&["commit", "-qam", "a copy"]);
        alice.does(&["checkout", "-q", "main"]);
        let rotate = ["key", "rotate", "-q", "-e", "production"];
        alice.says(if leaves { &["team", "remove", "carol", "--yes", "-q"] } else { &rotate });
        alice.does(&["commit", "-qam", "rotated"]);
        alice.does(&["merge", "-q", "copy", "--no-verify", "-m", "both"]);
        let merged = if leaves { "altered" } else { "exposed" };
        assert_eq!(state(&alice, "COPY"), (merged.into(), true));
        // Re-encrypting it records it under the present key.
        alice.says(&["encrypt", "-q", "--reseal", "-e", "production"]);
        assert_eq!(state(&alice, "COPY"), ("exposed".into(), true));
        alice.says(&["set", "-q", "COPY", &env.secret("copy"), "-e", "production"]);
        assert_eq!(state(&alice, "COPY"), ("replaced".into(), true));
    }
}
