//! Identities that are created, named, injected or unusable.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::{alice_and_bob, let_in, reads, two_members};
use crate::support::{Person, TestEnv, contains_all, run_on_terminal, set_mode};

fn made(person: &Person<'_>) -> PathBuf {
    person.home.join(".local/share/envseal/identity")
}

/// Runs `ssh-keygen` and returns true if it succeeds. If it is not installed, prints a line and returns false.
fn ssh_keygen(env: &TestEnv, arguments: &[&str]) -> bool {
    if std::process::Command::new("ssh-keygen").arg("-?").output().is_err() {
        println!("skipped: no ssh-keygen");
        return false;
    }
    env.program("ssh-keygen", arguments).output().status == 0
}

#[test]
fn what_request_makes_is_a_private_openssh_key() {
    let env = TestEnv::without_git();
    let [_, bob] = alice_and_bob(&env);
    bob.says(&["team", "request", "-q"]);
    let file = made(&bob);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(std::fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    let path = file.to_str().unwrap();
    if ssh_keygen(&env, &["-lf", path]) {
        let told = env.program("ssh-keygen", &["-lf", path]).ok();
        assert!(told.contains(&bob.fingerprint()) && told.contains("(ED25519)"), "{told}");
    }
    // A file that others can read is not used.
    set_mode(&file, 0o644);
    let refused = bob.fails(3, &["team", "whoami"]);
    contains_all(&refused, &["can be read by other users", "hint: chmod 600 "]);
}

#[test]
fn an_ssh_key_serves_with_its_passphrase() {
    let env = TestEnv::without_git();
    let [alice, bob] = alice_and_bob(&env);
    let key = env.outside().join("id_ed25519");
    let path = key.to_str().unwrap();
    // One round for the passphrase: it is asked for again and again.
    if !ssh_keygen(&env, &["-q", "-t", "ed25519", "-a", "1", "-N", "open sesame", "-f", path]) {
        return;
    }
    let with = |arguments: &[&str]| bob.run(env.envseal(arguments)).var("ENVSEAL_IDENTITY", path);
    let locked = with(&["team", "request"]).output();
    assert!(locked.status == 3 && locked.stderr.contains("has a passphrase"), "{}", locked.stderr);
    let wrong = with(&["team", "request"]).var("ENVSEAL_PASSPHRASE", "x").output();
    assert!(wrong.status == 3 && wrong.stderr.contains("wrong passphrase for"), "{}", wrong.stderr);
    with(&["team", "request", "-q"]).var("ENVSEAL_PASSPHRASE", "open sesame").ok();
    assert!(!made(&bob).exists());
    bob.pushes("bob");
    alice.pulls();
    let whoami = with(&["team", "whoami", "--json"]).var("ENVSEAL_PASSPHRASE", "open sesame").ok();
    let fingerprint = serde_json::from_str::<serde_json::Value>(&whoami).unwrap()["fingerprint"].clone();
    alice.says(&[
        "team",
        "approve",
        "bob",
        "-e",
        "production",
        "--fingerprint",
        fingerprint.as_str().unwrap(),
    ]);
    alice.pushes("let bob in");
    bob.pulls();
    let wanted = reads(&alice, "production", "URL");
    let run = ["run", "-e", "production", "-i", path, "--", "printenv", "URL"];
    let found = bob.run(env.envseal(&run)).var("ENVSEAL_PASSPHRASE", "open sesame").ok();
    assert_eq!(found.trim_end(), wanted);
    // On a terminal, envseal asks for it.
    let run = bob.run(env.envseal(&["run", "-e", "production", "-i", path, "--", "true"]));
    let Some((status, shown)) = run_on_terminal(run, Some(b"open sesame\n")) else { return };
    assert!(status == 0 && shown.starts_with(&format!("Passphrase of {path}: ")), "{shown}");
}

#[test]
fn a_ci_is_a_member_whose_identity_is_injected() {
    let env = TestEnv::without_git();
    let [alice, ci] = alice_and_bob(&env);
    let_in(&alice, &ci, "production");
    let key = std::fs::read_to_string(made(&ci)).unwrap();
    std::fs::remove_dir_all(ci.home.join(".local")).unwrap();
    ci.fails(3, &["run", "-e", "production", "--", "true"]);
    for text in [key.as_str(), key.trim_end()] {
        let run = ci.run(env.envseal(&["run", "-e", "production", "--", "printenv", "URL"]));
        assert_eq!(run.var("ENVSEAL_IDENTITY", text).ok().trim_end(), reads(&alice, "production", "URL"));
    }
    // The program gets no variable of envseal's.
    let run = ci.run(env.envseal(&["run", "-e", "production", "--", "env"])).var("ENVSEAL_IDENTITY", &key);
    assert!(!run.ok().contains("ENVSEAL_"));
}

/// A secret that arrives damaged, such as without its first line, is taken for a path. No byte of it is printed.
#[test]
fn what_the_variable_holds_is_never_shown() {
    let env = TestEnv::without_git();
    let [_, ci] = alice_and_bob(&env);
    ci.says(&["team", "request", "-q"]);
    let key = std::fs::read_to_string(made(&ci)).unwrap();
    let body = key.lines().nth(3).unwrap();
    for text in [body, &key.lines().skip(1).collect::<Vec<_>>().join("\n"), &body.repeat(100)] {
        let said = ci.run(env.envseal(&["team", "whoami"])).var("ENVSEAL_IDENTITY", text).fails(3);
        assert!(!said.contains(&body[..8]) && said.contains("ENVSEAL_IDENTITY is neither"), "{said}");
        assert!(said.contains("hint: "), "{said}");
    }
    // If a job did not get the secret, the error says so.
    std::fs::remove_dir_all(ci.home.join(".local")).unwrap();
    let run = ci.run(env.envseal(&["run", "-e", "production", "--", "true"]));
    let said = run.var("ENVSEAL_IDENTITY", "").fails(3);
    assert!(said.contains("ENVSEAL_IDENTITY is set, but empty"), "{said}");
}

#[test]
fn what_cannot_open_anything_is_refused_by_name() {
    let env = TestEnv::without_git();
    let [_, bob] = alice_and_bob(&env);
    let public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea\n";
    let sk = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIA==\n";
    for (text, expected) in [
        (public, "an agent can sign, but not decrypt"),
        (sk, "is a public key"),
        (
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "is not an ssh-ed25519 private key in OpenSSH's format",
        ),
        ("", "is not an ssh-ed25519 private key in OpenSSH's format"),
    ] {
        let path = env.outside().join("key");
        std::fs::write(&path, text).unwrap();
        set_mode(&path, 0o600);
        let refused = bob.fails(3, &["team", "request", "-i", path.to_str().unwrap()]);
        assert!(refused.contains(expected) && refused.contains("hint: "), "{text:?}: {refused}");
    }
    let rsa = env.outside().join("rsa");
    if ssh_keygen(&env, &["-q", "-t", "ecdsa", "-N", "", "-f", rsa.to_str().unwrap()]) {
        let refused = bob.fails(3, &["team", "request", "-i", rsa.to_str().unwrap()]);
        contains_all(&refused, &["ssh-ed25519 private key", "ssh-keygen -t ed25519"]);
    }
    assert!(!made(&bob).exists());
}

/// Whoever adds a CI has its private key for a moment, and their own keys beside it.
#[test]
fn an_identity_named_for_somebody_else_is_granted_nothing() {
    let env = TestEnv::without_git();
    let [alice, ci] = alice_and_bob(&env);
    ci.says(&["team", "request", "-q"]);
    let key = made(&ci);
    let key = key.to_str().unwrap();
    let grants = |person: &Person<'_>, name: &str| {
        let list = person.json(&["team", "list", "--json"]);
        list["grants"].as_array().unwrap().iter().filter(|grant| grant["member"] == name).count()
    };
    let asked = alice.envseal(&["team", "request", "--name", "ci", "-i", key]);
    let said = asked.stderr;
    assert!(asked.status == 0 && said.contains("Added ci to envseal.toml (SHA256:"), "{said}");
    assert!(said.contains("run: envseal team approve ci -e ENVIRONMENT"), "{said}");
    assert!(!said.contains("You can decrypt") && !said.contains("Once this is merged"), "{said}");
    assert_eq!(grants(&alice, "ci"), 0);
    alice.says(&["team", "approve", "ci", "-e", "staging", "--fingerprint", &ci.fingerprint()]);
    alice.pushes("a CI");
    for arguments in [
        &["team", "request", "-i", key][..],
        &["team", "approve", "alice", "-e", "staging", "-i", key, "--fingerprint", &alice.fingerprint()],
    ] {
        let done = alice.envseal(arguments);
        assert!(done.status == 0 && !done.stderr.contains("Granted you"), "{arguments:?}: {}", done.stderr);
        assert_eq!(grants(&alice, "ci"), 1, "{arguments:?}");
    }
    // As the first member of a team, too.
    alice.write("envseal.toml", "");
    alice.pushes("no team");
    alice.says(&["team", "request", "-q", "--name", "ci", "-i", key]);
    assert_eq!(grants(&alice, "ci"), 0);
}

#[test]
fn a_person_may_name_their_own_key() {
    let env = TestEnv::without_git();
    let [_, bob] = alice_and_bob(&env);
    bob.says(&["team", "request", "-q"]);
    let key = env.outside().join("id_ed25519");
    std::fs::rename(made(&bob), &key).unwrap();
    let key = key.to_str().unwrap();
    bob.does(&["checkout", "-q", "--", "envseal.toml"]);
    bob.write("envseal.toml", "");
    bob.says(&["key", "generate", "-q", "-e", "test"]);
    let asked = bob.envseal(&["team", "request", "-i", key]).stderr;
    assert!(asked.contains("Added you to envseal.toml as bob"), "{asked}");
    bob.pushes("bob");
    let again = bob.envseal(&["team", "request", "-i", key]).stderr;
    assert!(again.contains("Granted you access to test too"), "{asked}{again}");
}

#[test]
fn a_new_key_under_an_old_name_replaces_the_old_one() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    let old = made(&bob);
    std::fs::remove_file(&old).unwrap();
    let said = bob.fails(2, &["team", "request"]);
    let hint = "hint: if that is you with a new key: envseal team request --replace";
    assert!(said.contains("bob is the name of another member") && said.contains(hint), "{said}");
    bob.pastes("envseal team request --replace");
    let said = alice.fails(2, &["team", "request", "-i", old.to_str().unwrap(), "--name", "alice"]);
    assert!(said.contains("alice is the name of another member") && said.contains("--name NAME"), "{said}");
    bob.pushes("a new laptop");
    alice.pulls();
    alice.says(&["team", "remove", "bob", "--yes"]);
    alice.pushes("without bob");
    bob.pulls();
    std::fs::remove_file(&old).unwrap();
    let said = bob.fails(2, &["team", "request"]);
    let hint = "hint: choose another: envseal team request --name NAME";
    assert!(said.contains("bob is the name of a removed member") && said.contains(hint), "{said}");
}

#[test]
fn a_key_named_for_somebody_else_is_offered_a_name_of_its_own_before_yours() {
    let env = TestEnv::without_git();
    let [_, bob] = two_members(&env);
    let (mine, ci) = (env.outside().join("mine"), env.outside().join("ci"));
    std::fs::rename(made(&bob), &mine).unwrap();
    bob.says(&["team", "request", "-q", "--name", "ci"]);
    bob.does(&["checkout", "-q", "--", "envseal.toml"]);
    std::fs::rename(made(&bob), &ci).unwrap();
    std::fs::rename(&mine, made(&bob)).unwrap();
    let request = format!("envseal -i {} team request", ci.display());
    let said = bob.fails(2, &["team", "request", "-i", ci.to_str().unwrap()]);
    let hint = format!("hint: choose another: {request} --name NAME; to replace your own key: --replace\n");
    assert!(said.contains("bob is the name of another member") && said.ends_with(&hint), "{said}");
    bob.pastes(&format!("{request} --name ci"));
    let text = bob.read("envseal.toml");
    assert!(text.contains("bob = ") && text.contains("ci = ") && !text.contains("[removed]"), "{text}");
}

#[test]
fn the_identity_that_was_named_is_repeated_in_hints() {
    let env = TestEnv::without_git();
    let [alice, bob] = alice_and_bob(&env);
    let named = env.outside().join("named");
    bob.says(&["team", "request", "-q"]);
    bob.does(&["checkout", "-q", "--", "envseal.toml"]);
    std::fs::rename(made(&bob), &named).unwrap();
    let named = named.to_str().unwrap();
    let said = bob.fails(3, &["-i", named, "get", "URL", "-e", "production"]);
    let again = format!("envseal -i {named} team request");
    assert!(said.contains(&format!("hint: request access: {again}, and commit what it writes\n")), "{said}");
    let said = bob.envseal(&["team", "whoami", "-i", named]).stderr;
    assert!(said.ends_with(&format!("Request access: {again}\n")), "{said}");
    bob.pastes(&again);
    assert!(bob.read("envseal.toml").contains("bob = "), "{}", bob.read("envseal.toml"));
    // One that can't be used is not.
    let broken = env.outside().join("broken");
    std::fs::write(&broken, "x").unwrap();
    set_mode(&broken, 0o600);
    let said = alice.fails(3, &["team", "whoami", "-i", broken.to_str().unwrap()]);
    assert!(said.contains("hint: use another key: envseal team request makes one"), "{said}");
    let said = alice.fails(3, &["team", "whoami", "-K", ".env.keys", "-i", broken.to_str().unwrap()]);
    assert!(said.contains("hint: use another key: envseal -K .env.keys team request makes one"), "{said}");
    let said = bob.envseal(&["-K", "none", "-i", named, "get", "URL", "-e", "production"]).stderr;
    assert!(said.ends_with("hint: see where your keys are: envseal key list\n"), "{said}");
    // Nor is one in front of another, or whose path can't be shown.
    let said = alice.fails(2, &["-i", made(&alice).to_str().unwrap(), "team", "request", "--replace"]);
    let hint = "hint: name the new one: envseal team request --replace -i FILE\n";
    assert!(said.ends_with(hint), "{said}");
    let odd = env.outside().join("a\tb");
    std::fs::copy(named, &odd).unwrap();
    let said = bob.envseal(&["-C", ".", "-C", ".", "-i", odd.to_str().unwrap(), "get", "URL", "-e", "none"]);
    assert!(said.stderr.ends_with("envseal -C . -C . ls\n"), "{}", said.stderr);
}
