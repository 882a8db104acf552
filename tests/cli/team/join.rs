//! From a new colleague to running production.

use super::{alice_and_bob, approve, reads, two_members, without_own_grants};
use crate::support::{Person, TestEnv, contains_all};

/// The seven commands of docs/team.md.
#[test]
fn a_newcomer_needs_a_reviewed_line_and_a_pull() {
    let env = TestEnv::without_git();
    let [alice, bob] = alice_and_bob(&env);
    let wanted = alice.says(&["get", "URL", "-e", "production"]);
    let stopped = bob.fails(3, &["run", "-e", "production", "--", "printenv", "URL"]);
    assert!(stopped.contains("hint: request access: envseal team request"), "{stopped}");

    let asked = bob.envseal(&["team", "request"]).stderr;
    assert!(asked.contains("Added you to envseal.toml as bob (SHA256:"), "{asked}");
    bob.pastes(asked.lines().find_map(|line| line.strip_prefix("Next: ")).unwrap());
    bob.does(&["push", "-q", "origin", "HEAD:main"]);
    let stopped = bob.fails(3, &["run", "-e", "production", "--", "printenv", "URL"]);
    assert!(stopped.contains("no grant of production for you (bob)"), "{stopped}");
    let hint = stopped.lines().find_map(|line| line.split(" to run: ").nth(1)).unwrap();
    assert_eq!(hint, "envseal team approve bob -e production");

    alice.pulls();
    let asks = alice.fails(2, &["team", "approve", "bob", "-e", "production"]);
    let pasted = asks.lines().find_map(|line| line.strip_prefix("hint: if it is right: ")).unwrap();
    assert!(pasted.ends_with(&bob.fingerprint()), "{asks}");
    let before = alice.read(".env.production");
    alice.pastes(pasted);
    assert_eq!(alice.read(".env.production"), before, "a grant touches no env file");
    alice.pushes("let bob in");

    bob.pulls();
    assert_eq!(reads(&bob, "production", "URL"), wanted.trim_end());
    assert!(!bob.clone.join(".env.keys").exists());
    bob.fails(3, &["run", "-e", "staging", "--", "true"]);
    let carol = Person::clone_of(&env, &env.outside().join("shared.git"), "Carol");
    carol.says(&["team", "request", "-q"]);
    let stopped = carol.fails(3, &["run", "-e", "production", "--", "true"]);
    contains_all(&stopped, &["hint: ask alice or bob to run: envseal team approve carol -e production"]);
    let doctor = String::from_utf8(bob.envseal(&["doctor", "-e", "production"]).stdout).unwrap();
    assert!(doctor.contains("granted to you in envseal.toml"), "{doctor}");
}

#[test]
fn the_list_tells_who_when_and_where() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    let list = bob.json(&["team", "list", "--json"]);
    let grant = list["grants"].as_array().unwrap().iter().find(|grant| grant["member"] == "bob").unwrap();
    assert_eq!(grant["by"].as_str(), Some("alice"));
    assert_eq!((grant["state"].as_str(), grant["author"].as_str()), (Some("proven"), Some("Alice")));
    let head = bob.git(&["rev-parse", "HEAD"]).stdout;
    assert_eq!(grant["commit"].as_str().unwrap().as_bytes(), head.trim_ascii());
    let text = bob.says(&["team", "list"]);
    let row = |text: &str, start: [&str; 3]| {
        let is_it = |line: &&str| line.split_whitespace().take(3).eq(start);
        text.lines().filter(is_it).count()
    };
    assert_eq!(row(&text, ["alice", "production", "proven"]), 1, "{text}");
    // Grants of an environment that was renamed: the lines to delete are named.
    alice.does(&["mv", ".env.staging", ".env.qa"]);
    alice.write(".env.qa", alice.read(".env.qa").replace("_STAGING=", "_QA="));
    alice.write(".env.keys", alice.read(".env.keys").replace("_STAGING=", "_QA="));
    let before = alice.read("envseal.toml");
    let listed = alice.envseal(&["team", "list"]);
    let listed = (listed.status, String::from_utf8(listed.stdout).unwrap());
    let line = listed.1.lines().find_map(|line| line.split_once("deleted, delete line ")).unwrap().1;
    let line: usize = line.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(listed.0, 1);
    let left = before.lines().enumerate().filter(|(at, _)| at + 1 != line);
    alice.write("envseal.toml", left.map(|(_, line)| format!("{line}\n")).collect::<String>());
    alice.says(&["team", "list"]);
    alice.does(&["reset", "-q", "--hard"]);
    alice.write(".env.keys", alice.read(".env.keys").replace("_QA=", "_STAGING="));
    // Without the key, only the signature can be verified.
    let carol = Person::clone_of(&env, &env.outside().join("shared.git"), "Carol");
    let states = carol.json(&["team", "list", "--json"])["grants"].clone();
    let states: Vec<_> = states.as_array().unwrap().iter().map(|grant| grant["state"].clone()).collect();
    assert_eq!(states, ["signed", "signed", "signed"]);
    // A founder without grants is known to hold a key by the grants she made, and to herself by her keys.
    without_own_grants(&alice);
    alice.pushes("no grants of her own");
    carol.pulls();
    let text = carol.says(&["team", "list"]);
    assert_eq!(row(&text, ["alice", "production", "has"]), 1, "{text}");
    assert_eq!(row(&text, ["alice", "staging", "has"]), 0, "{text}");
    let holders = alice.json(&["team", "list", "--json"])["holders"].clone();
    let known: Vec<_> = holders.as_array().unwrap().iter().map(|holder| holder["known_as"].clone()).collect();
    assert_eq!(known, ["granter", "you"], "{holders}");
}

/// The creator of the keys gets grants for them with the first request, or with the next approval; each says so.
#[test]
fn a_founder_has_a_grant_of_what_they_can_decrypt() {
    let env = TestEnv::without_git();
    let [alice, bob] = alice_and_bob(&env);
    let own = |person: &Person<'_>| person.read("envseal.toml").matches("alice = { key").count();
    assert_eq!(own(&alice), 2, "{}", alice.read("envseal.toml"));
    bob.says(&["team", "request", "-q"]);
    bob.pushes("let me in");
    alice.pulls();
    without_own_grants(&alice);
    let print = bob.fingerprint();
    let told = alice.envseal(&["team", "approve", "bob", "-e", "staging", "--fingerprint", &print]).stderr;
    assert!(told.contains("Granted you access to staging too") && own(&alice) == 1, "{told}");
    let told = alice.envseal(&["team", "request"]).stderr;
    assert!(told.contains("Granted you access to production too") && own(&alice) == 2, "{told}");
    let next = told.lines().find_map(|line| line.strip_prefix("Next: ")).unwrap();
    alice.pastes(next);
    alice.does(&["push", "-q", "origin", "HEAD:main"]);
    assert!(!alice.envseal(&["team", "request"]).stderr.contains("Granted"));
    // Therefore no other person's rotation takes her access.
    bob.pulls();
    bob.says(&["key", "rotate", "-e", "staging", "--keep", &format!("alice={}", alice.fingerprint())]);
    bob.pushes("rotated");
    alice.pulls();
    assert_eq!(reads(&alice, "staging", "URL"), reads(&bob, "staging", "URL"));
}

#[test]
fn asking_twice_changes_nothing_and_names_are_not_taken_over() {
    let env = TestEnv::without_git();
    let [alice, bob] = alice_and_bob(&env);
    let before = alice.read("envseal.toml");
    let told = alice.envseal(&["team", "request"]);
    assert!(told.status == 0 && told.stderr.contains("You are already a member: alice"), "{}", told.stderr);
    for (person, name, expected) in [
        (&alice, "alicia", "are a member already, as alice"),
        (&bob, "alice", "alice is the name of another member"),
        (&bob, "a b", "is not a member name"),
        (&bob, "-x", "is not a member name"),
    ] {
        let told = person.fails(2, &["team", "request", &format!("--name={name}")]);
        assert!(told.contains(expected), "{name}: {told}");
        assert_eq!(person.read("envseal.toml"), before);
    }
    // No identity was created for the person who was refused.
    assert!(!bob.home.join(".local").exists());
}

/// Where it can, the refusal comes before a person has to compare fingerprints.
#[test]
fn only_a_member_who_can_open_it_can_grant() {
    let env = TestEnv::without_git();
    let [alice, bob] = alice_and_bob(&env);
    let approve = |environment| ["team", "approve", "alice", "-e", environment];
    let refused = bob.fails(3, &approve("production"));
    assert!(refused.contains("you have no identity yet"), "{refused}");
    bob.says(&["team", "request", "-q"]);
    let before = bob.read("envseal.toml");
    let told = bob.fails(2, &["team", "approve", "alise", "-e", "production"]);
    assert!(told.contains("did you mean alice?"), "{told}");
    let told = bob.fails(4, &approve("productoin"));
    assert!(told.contains("has a key for productoin"), "{told}");
    let print = alice.fingerprint();
    for (given, status, expected) in
        [("SHA256:x", 2, &*format!("is {print}, not SHA256:x")), (&print, 3, "no private key for ")]
    {
        let told = bob.fails(status, &[&approve("production")[..], &["--fingerprint", given]].concat());
        assert!(told.contains(expected), "{told}");
    }
    assert_eq!(bob.read("envseal.toml"), before);
    // Access to all environments is granted, or to none.
    bob.pushes("bob");
    alice.pulls();
    let before = alice.read("envseal.toml");
    let both = ["team", "approve", "bob", "-e", "production", "-e", "none", "--fingerprint"];
    alice.fails(4, &[&both[..], &[&bob.fingerprint()]].concat());
    assert_eq!(alice.read("envseal.toml"), before);
}

#[test]
fn the_order_of_places_is_process_keys_file_grant() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    let found = |person: &Person<'_>| {
        person.json(&["doctor", "-e", "production", "--json"])["files"][0]["private_key"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(found(&bob), "granted to you in envseal.toml");
    // If the file has another key than the one that was granted, the fix is not to request access like a stranger.
    let text = bob.read(".env.production");
    let other = envseal::testing::crypto::PrivateKey::generate().public().to_string();
    let was = text.lines().find_map(|line| line.strip_prefix("ENVSEAL_PUBLIC_KEY_PRODUCTION=")).unwrap();
    bob.write(".env.production", text.replace(was, &other));
    let doctor = String::from_utf8(bob.envseal(&["doctor", "-e", "production"]).stdout).unwrap();
    let fix = "fix: see who changed the key: git log -p -G ENVSEAL_PUBLIC_KEY_PRODUCTION; if that is right, ask \
               someone with access to run: envseal team approve bob -e production";
    assert!(doctor.contains(fix) && !doctor.contains("team request"), "{doctor}");
    bob.write(".env.production", text);
    assert_eq!(found(&alice), "ENVSEAL_PRIVATE_KEY_PRODUCTION in .env.keys");
    approve(&alice, &alice, "production");
    std::fs::remove_file(alice.clone.join(".env.keys")).unwrap();
    assert_eq!(found(&alice), "granted to you in envseal.toml");
    // A broken identity doesn't matter if the key is found elsewhere first. Otherwise it is an error.
    let key = alice.says(&["key", "show", "--private", "-e", "production"]);
    let run = |key: Option<&str>| {
        let run = bob
            .run(env.envseal(&["run", "-e", "production", "--", "true"]))
            .var("ENVSEAL_IDENTITY", "/nowhere");
        match key {
            Some(key) => run.var("ENVSEAL_PRIVATE_KEY_PRODUCTION", key.trim_end()).output(),
            None => run.output(),
        }
    };
    assert_eq!(run(Some(&key)).status, 0);
    let refused = run(None);
    contains_all(&refused.stderr, &["ENVSEAL_IDENTITY is neither"]);
    assert!(refused.status != 0, "{}", refused.stderr);
}

/// Pasted in the repository's root, a hint without `-C` would grant access in another project.
#[test]
fn hints_name_the_project_of_the_team() {
    let env = TestEnv::without_git();
    let [alice, bob] = alice_and_bob(&env);
    let (folder, production) = ("services/api", ["-e", "production"]);
    std::fs::create_dir_all(alice.clone.join(folder)).unwrap();
    alice.write("services/api/envseal.toml", "");
    let secret = env.secret("of-the-api");
    alice.says(&[&["-C", folder, "set", "-q", "API", &secret], &production[..]].concat());
    alice.says(&["-C", folder, "team", "request", "-q"]);
    alice.pushes("a project");

    bob.pulls();
    bob.says(&["team", "request", "-q"]);
    let run = ["run", "-f", folder, "-e", "production", "--", "true"];
    let stopped = bob.fails(3, &run);
    assert!(stopped.contains("request access: envseal -C services/api team request"), "{stopped}");
    let stopped = bob.fails(3, &["-C", folder, "run", "-e", "production", "--", "true"]);
    assert!(stopped.contains("request access: envseal -C services/api team request"), "{stopped}");
    let asked = bob.envseal(&["-C", folder, "team", "request"]).stderr;
    let approve = "run: envseal -C services/api team approve bob -e production";
    assert!(asked.contains(approve), "{asked}");
    let stopped = bob.fails(3, &run);
    assert!(stopped.contains(approve), "{stopped}");
    bob.pushes("bob in both");

    alice.pulls();
    let approve =
        ["-C", folder, "team", "approve", "bob", "-e", "production", "--fingerprint", &bob.fingerprint()];
    alice.says(&approve);
    alice.pushes("a grant");
    let granted = alice.read("services/api/envseal.toml");
    alice.says(&[&["-C", folder, "key", "rotate"], &production[..]].concat());
    // As a merge with a branch that made the grant.
    let rotated = alice.read("services/api/envseal.toml");
    let is_grant = |line: &&str| line.starts_with("bob = { key");
    let line = |text: &str| text.lines().find(is_grant).unwrap().to_owned();
    alice.write("services/api/envseal.toml", rotated.replace(&line(&rotated), &line(&granted)));
    for arguments in [&["check"][..], &["-C", folder, "check"], &["check", "--json"]] {
        let output = alice.envseal(arguments);
        let shown = String::from_utf8(output.stdout).unwrap();
        let fix = "run: envseal -C services/api team approve bob -e production";
        assert!(output.status == 1 && shown.contains(fix), "{arguments:?}: {shown}");
    }
    alice.write("services/api/envseal.toml", &rotated);
    alice.pushes("rotate");

    let removed = alice.envseal(&["-C", folder, "team", "remove", "bob", "--yes"]).stderr;
    assert!(removed.contains("See the exposed values: envseal -C services/api team exposures"), "{removed}");
    let shown = String::from_utf8(alice.envseal(&["check"]).stdout).unwrap();
    contains_all(&shown, &["fix: compare them with the values: envseal -C services/api team exposures"]);
    let listed = alice.envseal(&["team", "exposures"]).stderr;
    let noted =
        "services/api/envseal.toml has exposed values too; list them: envseal -C services/api team exposures";
    assert!(listed.contains(noted), "{listed}");
    let listed = alice.envseal(&["-C", folder, "team", "exposures"]).stderr;
    assert!(listed.contains("1 exposed value") && !listed.contains("note:"), "{listed}");
}

#[test]
fn a_project_with_the_key_of_another_grants_it_to_nobody() {
    let env = TestEnv::new();
    for folder in ["api", "web"] {
        std::fs::create_dir(env.path(folder)).unwrap();
        env.ok(&["set", "A", &env.secret(folder), "-f", &format!("{folder}/.env")]);
    }
    env.git(&["add", "-A"]);
    env.git(&["commit", "-qm", "first"]);
    env.write("api/envseal.toml", "");
    let said = env.envseal(&["-C", "api", "team", "request", "--name", "alice"]).output().stderr;
    let hint = "give this project a key of its own: envseal -C api key rotate -e default\n";
    assert!(said.contains("web/.env has the same public key as default (") && said.contains(hint), "{said}");
    assert!(!said.contains("You can decrypt") && !said.contains("Once this is merged"), "{said}");
    let bob = envseal::testing::crypto::Identity::generate().public();
    env.write("bob.pub", format!("{bob}\n"));
    let add = ["-C", "api", "team", "add", "bob", "--key", "../bob.pub", "-e", "default", "--fingerprint"];
    let fingerprint = bob.fingerprint();
    let add = [&add[..], &[&fingerprint]].concat();
    let said = env.fails(4, &add);
    assert!(said.contains("access to both") && said.ends_with(&format!("hint: {hint}")), "{said}");
    env.ok(&["-C", "api", "key", "rotate", "-e", "default"]);
    env.ok(&add);
}
