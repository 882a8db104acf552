//! Adding members by their public keys, and members who replace their keys.

use envseal::testing::crypto::Identity;
use envseal::testing::team::TeamFile;

use super::{alice_and_bob, is_in_order, is_reported, let_in, reads, two_members};
use crate::rotate::{member, person};
use crate::support::{Person, TestEnv, contains_all, run_on_terminal};

fn team(person: &Person<'_>) -> TeamFile {
    TeamFile::parse(person.read("envseal.toml").as_bytes()).unwrap()
}

#[test]
fn a_public_key_makes_a_member() {
    let env = TestEnv::without_git();
    let [alice, _] = alice_and_bob(&env);
    let (dave, identity) = person(&env, "dave");
    let (key, print) = (dave.public().to_string(), dave.public().fingerprint());
    alice.write(
        "../keys",
        format!("# of a forge\nssh-rsa AAAAB3NzaC1yc2E= dave\n\n{key} dave@example\n{key}\n"),
    );
    let add = |more: &[&str]| {
        let run = env.envseal(&[&["team", "add", "dave", "--key", "-"], more].concat());
        alice.run(run).stdin(alice.read("../keys")).output()
    };
    // Without a terminal, the error shows the fingerprint.
    let before = alice.read("envseal.toml");
    let asked = add(&[]);
    contains_all(&asked.stderr, &[&format!("add: --fingerprint {print}")]);
    assert!(asked.status == 2, "{}", asked.stderr);
    let wrong = add(&["--fingerprint", "SHA256:x"]);
    assert!(wrong.status == 2 && wrong.stderr.contains(&print), "{}", wrong.stderr);
    assert_eq!(add(&["-e", "none", "--fingerprint", &print]).status, 4);
    assert_eq!(alice.read("envseal.toml"), before);
    let added = add(&["-e", "production", "--fingerprint", &print]);
    assert!(added.status == 0 && added.stderr.contains("Added dave to the team"), "{}", added.stderr);
    alice.pastes(added.stderr.lines().find_map(|line| line.strip_prefix("Next: ")).unwrap());
    let found = alice.says(&["check", "--range", "HEAD~1.."]);
    assert!(!found.contains("envseal.toml"), "{found}");
    let get = alice.run(env.envseal(&["get", "URL", "-e", "production"]));
    let clone = env.outside().join("dave");
    env.git(&["clone", "-q", alice.clone.to_str().unwrap(), clone.to_str().unwrap()]);
    let got =
        env.envseal(&["get", "URL", "-e", "production"]).dir(&clone).var("ENVSEAL_IDENTITY", &identity).ok();
    assert_eq!(got, get.ok());
    // The second time dave is not a new member, but can get more access.
    let again = add(&["-e", "staging", "--fingerprint", &print]);
    assert!(again.status == 0 && again.stderr.contains("dave is already a member"), "{}", again.stderr);
}

/// A change of the team file leaves every other byte as it is, whatever ends a line.
#[test]
fn line_ends_and_a_byte_order_mark_stay() {
    let [alice, dave] = [(); 2].map(|()| Identity::generate().public());
    let text =
        format!("[members]\nalice = \"{alice}\"\n\n[policy]\n# why\nplain = [\n  'A', # one\n\n  'B',\n]\n");
    let ends: [fn(usize) -> &'static str; 4] = [
        |_| "\n",
        |_| "\r\n",
        |at| if at % 3 == 0 { "\r\n" } else { "\n" },
        |at| if at == 0 { "\n" } else { "\r\n" },
    ];
    for (mark, end) in ["", "\u{feff}"].into_iter().flat_map(|mark| ends.map(|end| (mark, end))) {
        let lines = text.lines().enumerate().map(|(at, line)| line.to_owned() + end(at));
        let before = mark.to_owned() + &lines.collect::<String>();
        let mut team = TeamFile::parse(before.as_bytes()).unwrap();
        team.put_member(&member("dave"), &dave);
        let after = team.text();
        let (new, rest): (Vec<_>, Vec<_>) =
            after.split_inclusive('\n').partition(|line| line.starts_with("dave = "));
        assert_eq!(rest.concat(), before);
        assert_eq!(new, [format!("dave = \"{dave}\"{}", end(0))]);
    }
}

#[test]
fn what_is_no_members_key_changes_nothing() {
    let env = TestEnv::without_git();
    let [alice, _] = two_members(&env);
    let (one, other) = (Identity::generate().public(), Identity::generate().public());
    let bobs = team(&alice).members().get("bob").unwrap().to_string();
    let before = alice.read("envseal.toml");
    for (text, name, expected) in [
        ("Not Found\n".to_owned(), "eve", "keys:1: not a public key"),
        (String::new(), "eve", "has no ssh-ed25519 key;"),
        (
            "ssh-rsa AAAA\nsk-ssh-ed25519@openssh.com AAAA\n".into(),
            "eve",
            "(it has sk-ssh-ed25519@openssh.com, ssh-rsa)",
        ),
        (format!("{one}\n{other}\n"), "eve", "confirmation needed: eve has 2 keys"),
        (one.to_string(), "bob", "bob is the name of another member"),
        (bobs, "eve", "is a member already, as bob"),
        (one.to_string(), "a b", "is not a member name"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\n".into(), "eve", "has a private key"),
    ] {
        alice.write("../keys", &text);
        let told = alice.envseal(&["team", "add", name, "--key", "../keys"]);
        assert!(told.status != 0 && told.stderr.contains(expected), "{expected}: {}", told.stderr);
    }
    assert_eq!(alice.read("envseal.toml"), before);
    // With several keys, each is asked about, on the terminal, although stdin is a pipe.
    alice.write("../keys", format!("{one}\n{other}\n"));
    let script = format!("cat ../keys | {} team add eve --key -", env!("CARGO_BIN_EXE_envseal"));
    let Some((status, text)) = run_on_terminal(alice.run(env.program("sh", &["-c", &script])), Some(b"y\n"))
    else {
        return;
    };
    assert!(status == 0 && text.contains(&format!("eve has 2 keys:\n  {}", one.fingerprint())), "{text}");
    assert_eq!(team(&alice).members().get("eve"), Some(&one));
    // A removed member can't be added again, under any name.
    alice.pushes("eve");
    alice.says(&["team", "remove", "eve", "--yes"]);
    alice.write("../keys", one.to_string());
    for name in ["eve", "eva"] {
        let add = ["team", "add", name, "--key", "../keys", "--fingerprint", &one.fingerprint()];
        assert!(alice.fails(4, &add).contains("was removed from the team as eve"));
    }
}

/// Returns the same person with another home, as on a new laptop.
fn on_new_laptop<'a>(person: &Person<'a>) -> Person<'a> {
    let home = person.env.outside().join(format!("new-home-of-{}", person.name));
    std::fs::create_dir(&home).unwrap();
    Person { env: person.env, name: person.name, clone: person.clone.clone(), home }
}

#[test]
fn a_new_laptop_has_a_new_key_and_no_access_before_an_approval() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    let carol = Person::clone_of(&env, &env.outside().join("shared.git"), "Carol");
    let_in(&bob, &carol, "production");
    let old = bob.fingerprint();
    assert!(bob.fails(2, &["team", "request", "--replace"]).contains("is the key that bob has already"));
    let bob = on_new_laptop(&bob);
    bob.says(&["hook", "install", "-q"]);
    assert!(bob.fails(2, &["team", "request", "--replace", "--name", "bub"]).contains("did you mean bob?"));
    let told = bob.envseal(&["team", "request", "--replace"]).stderr;
    let new = bob.fingerprint();
    assert!(
        told.contains(&format!("Replaced the key of bob: {old} → {new}; removed the old one, as bob-20")),
        "{told}"
    );
    assert!(told.contains("the old key granted production to carol; ask someone with access to run: envseal team approve carol -e production"), "{told}");
    let removed_as = team(&bob).removed().keys().next().unwrap().to_string();
    let finish = format!("envseal team remove {removed_as}");
    assert!(
        told.contains(&format!(
            "isn't recorded: you can't decrypt it; ask someone with access to run: {finish}"
        )),
        "{told}"
    );
    assert!(
        told.contains("If the old key is lost or stolen, what it could read must be rotated: "),
        "{told}"
    );
    bob.pastes(told.lines().find_map(|line| line.strip_prefix("Next: ")).unwrap());
    bob.does(&["push", "-q", "--no-verify", "origin", "HEAD:main"]);
    // A reviewer has to accept it.
    is_reported(&bob, &["--range", "HEAD~1.."], "[member-replaced]");
    let accepted = bob.says(&["check", "--range", "HEAD~1..", "--accept-policy"]);
    assert!(accepted.contains("suggestion: bob's key was replaced"), "{accepted}");
    // The new key gets no access; people to whom the old key granted access keep it.
    bob.fails(3, &["run", "-e", "production", "--", "true"]);
    carol.pulls();
    assert_eq!(reads(&carol, "production", "URL"), reads(&alice, "production", "URL"));

    alice.pulls();
    alice.fails(2, &["team", "approve", "bob", "-e", "production", "--fingerprint", &old]);
    let told = alice.envseal(&["team", "approve", "bob", "-e", "production", "--fingerprint", &new]).stderr;
    assert!(told.contains("carol's grant of production was made by bob-20"), "{told}");
    assert!(told.contains("envseal team approve carol -e production"), "{told}");
    let print = carol.fingerprint();
    alice.says(&["team", "approve", "carol", "-e", "production", "--fingerprint", &print]);
    let found = is_reported(&alice, &[], &finish);
    assert_eq!(found.matches("[removal-pending]").count(), 1, "{found}");
    alice.pushes("bob again");
    // The old key is removed like a lost one: keys are rotated, and what it could read is listed.
    let keep = format!("--keep=carol={print}");
    alice.says(&["team", "remove", &removed_as, "--yes", &keep]);
    alice.pushes("the old laptop is out");
    is_in_order(&alice);
    let exposed = alice.says(&["team", "exposures"]);
    assert!(exposed.contains(&format!("URL    {removed_as}")), "{exposed}");
    for person in [&bob, &carol] {
        person.pulls();
        assert_eq!(reads(person, "production", "URL"), reads(&alice, "production", "URL"));
    }
}

/// A person is not told to ask themselves.
#[test]
fn a_new_key_of_the_only_member_is_theirs_to_approve() {
    let env = TestEnv::without_git();
    let [old, _] = alice_and_bob(&env);
    let print = old.fingerprint();
    let alice = on_new_laptop(&old);
    let told = alice.envseal(&["team", "request", "--replace"]).stderr;
    assert!(!told.contains("ask someone"), "{told}");
    assert!(told.contains("\nNext: envseal team approve alice -e production -e staging\n"), "{told}");
    assert!(told.contains(" must be rotated: envseal team remove alice-20"), "{told}");
    let approve = ["team", "approve", "alice", "-e", "production", "--fingerprint", &alice.fingerprint()];
    let refused = old.fails(3, &approve);
    let message = format!("error: your key ({print}) was removed from the team as alice-20");
    assert!(refused.starts_with(&message), "{refused}");
    assert!(refused.contains("hint: name the identity that you have now: -i FILE\n"), "{refused}");
    // The fix for a reviewer is not shown to the person who replaced the key.
    alice.does(&["add", "-A"]);
    let told = String::from_utf8(alice.envseal(&["check", "--staged"]).stdout).unwrap();
    contains_all(&told, &["fix: tell whoever reviews it your new fingerprint: envseal team whoami"]);
    alice.pushes("a new laptop");
    alice.says(&approve);
}

/// If the person can decrypt, such as with a keys file, what the old key could read is recorded at once.
#[test]
fn a_new_key_of_somebody_who_can_decrypt_leaves_nothing_pending() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    let alice = on_new_laptop(&alice);
    let told = alice.envseal(&["team", "request", "--replace"]).stderr;
    assert!(told.contains("2 values of production") && told.contains("1 value of staging"), "{told}");
    assert!(!told.contains("isn't recorded"), "{told}");
    let team = team(&alice);
    let removed_as = team.removed().keys().next().unwrap();
    assert!(team.exposures().len() == 3 && team.exposures().iter().all(|it| it.member == *removed_as));
    // She has no grant herself, although she has the key.
    assert!(team.grants().iter().all(|line| line.member.as_str() == "bob" && line.by == *removed_as));
    assert_eq!(alice.json(&["team", "exposures", "--json"]).as_array().unwrap().len(), 3);
    alice.pushes("a new laptop");
    bob.pulls();
    // A rotation must not take access from someone whose grant was not made again.
    assert!(alice.fails(4, &["key", "rotate", "-e", "production"]).contains("would take access from bob"));
    bob.says(&["team", "approve", "alice", "-e", "production", "--fingerprint", &alice.fingerprint()]);
    is_in_order(&bob);
}
