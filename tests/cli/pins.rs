//! The key that this machine trusts stays the one to encrypt to; `envseal key trust`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use envseal::testing::config::EnvName;
use envseal::testing::crypto::{Identity, PrivateKey, PublicKey};
use envseal::testing::team::{GrantLine, MemberName, Rotation, TeamFile};

use crate::attacks::public_key;
use crate::support::{Start, TestEnv, contains_all, identity_text, on_terminal, set_mode};

/// Creates a repository with commits in which `.env.production` is encrypted to a key that this machine trusts.
pub(crate) fn pinned() -> (TestEnv, PrivateKey) {
    static START: Start = Start::new();
    let env = TestEnv::copy_of(&START, |env| {
        for (name, commit) in [("HELLO", "first"), ("SECOND", "second")] {
            env.envseal(&["set", name, "-e", "production"]).stdin(env.secret(commit)).ok();
            self::commit(env, commit);
        }
    });
    let key = PrivateKey::parse(&env.private_key("ENVSEAL_PRIVATE_KEY_PRODUCTION")).unwrap();
    assert_eq!(lists(&env).len(), 1);
    (env, key)
}

pub(crate) fn commit(env: &TestEnv, message: &str) {
    env.git(&["add", "-A"]);
    env.git(&["commit", "-q", "-m", message]);
}

/// Replaces the public key in an env file.
pub(crate) fn replace_key(env: &TestEnv, file: &str, old: &PublicKey, new: &PublicKey) {
    let text = env.read(file);
    assert!(text.contains(&old.to_string()));
    env.write(file, text.replace(&old.to_string(), &new.to_string()));
}

/// Returns the paths of the lists of trusted keys.
pub(crate) fn lists(env: &TestEnv) -> Vec<PathBuf> {
    let folder = env.outside().join("home/.local/share/envseal/pins");
    let Ok(listing) = folder.read_dir() else { return Vec::new() };
    listing.flatten().map(|item| item.path()).collect()
}

fn list(env: &TestEnv) -> String {
    std::fs::read_to_string(&lists(env)[0]).unwrap()
}

/// Asserts that nothing is encrypted into the file and that neither it nor the trusted keys change. Returns the output.
#[track_caller]
pub(crate) fn refuses(env: &TestEnv, file: &str) -> String {
    for arguments in [&["set", "HELLO", "-f", file][..], &["encrypt", "--reseal", "-f", file]] {
        refuses_command(env, file, arguments);
    }
    // These encrypt a new line.
    let text = env.read(file);
    env.plaintext_in(file);
    env.write(file, format!("{text}OPEN={}\n", env.secret("harvest")));
    for arguments in [&["encrypt", "-f", file][..], &["encrypt", "-f", file, "--stdout"]] {
        refuses_command(env, file, arguments);
    }
    env.write(file, text);
    refuses_set(env, file)
}

/// Like [`refuses`], where what is trusted is the point and not the command that asks.
#[track_caller]
fn refuses_set(env: &TestEnv, file: &str) -> String {
    refuses_command(env, file, &["set", "NEW", "-f", file])
}

#[track_caller]
fn refuses_command(env: &TestEnv, file: &str, arguments: &[&str]) -> String {
    let state = || {
        (env.snapshot(), lists(env).into_iter().map(|list| std::fs::read(list).unwrap()).collect::<Vec<_>>())
    };
    let before = state();
    let said = env.envseal(arguments).stdin(env.secret("harvest")).fails(3);
    let why = [
        "differs from the one this machine trusts",
        "has an older public key of",
        "has the key of production from before its rotation",
    ];
    assert!(why.iter().any(|why| said.contains(why)), "{file} {arguments:?}: {said}");
    assert_eq!(state(), before, "{file} {arguments:?}");
    said
}

/// Writes rotations into the team file.
pub(crate) fn write_rotations(env: &TestEnv, rotations: &[Rotation]) {
    let text = std::fs::read(env.path("envseal.toml")).unwrap_or_default();
    let mut team = TeamFile::parse(&text).unwrap();
    for rotation in rotations {
        team.put_rotation(rotation.clone());
    }
    env.write("envseal.toml", team.text());
}

pub(crate) fn production() -> EnvName {
    EnvName::new("production").unwrap()
}

#[test]
fn a_changed_key_is_refused_until_a_person_accepts_it() {
    let (env, old) = pinned();
    let new = PrivateKey::generate().public();
    replace_key(&env, ".env.production", &old.public(), &new);
    let text = env.read(".env.production");
    commit(&env, "a better key");
    let said = refuses(&env, ".env.production");
    let (was, is) = (old.public().fingerprint(), new.fingerprint());
    assert!(said.contains(&was) && said.contains(&is), "{said}");
    assert!(said.contains("hint: ") && said.contains("envseal key trust -e production"), "{said}");
    let elsewhere = env.envseal(&["set", "A", "1", "-f", "../.env.production"]).dir(sub(&env)).output();
    assert!(elsewhere.stderr.contains("envseal key trust -f ../.env.production"), "{}", elsewhere.stderr);
    // The file to be trusted is the one that a new file would take the key from.
    let from = env.path(".env.production").display().to_string();
    let said = env.fails(3, &["set", "A", "1", "-f", "sub/.env.production"]);
    contains_all(&said, &[&format!("error: {from}: production's"), &format!("envseal key trust -f {from}")]);
    assert!(!env.path("sub/.env.production").exists());
    let trusted = list(&env);
    let told = String::from_utf8(env.envseal(&["doctor", "-e", "production"]).output().stdout).unwrap();
    contains_all(&told, &["differs from the one this machine trusts", "envseal key trust -", &was]);
    assert_eq!(list(&env), trusted);

    // Without a terminal; with another fingerprint; with an empty one.
    let said = env.fails(2, &["key", "trust", "-e", "production"]);
    contains_all(&said, &[&was, &is, "Alice <alice@example.com>"]);
    assert!(said.contains(&env.git(&["rev-parse", "HEAD"]).trim().to_owned()), "{said}");
    let said = env.fails(2, &["key", "trust", "-e", "production", "--fingerprint", &was]);
    assert!(said.contains("not SHA256:"), "{said}");
    env.fails(2, &["key", "trust", "-e", "production", "--fingerprint", ""]);
    refuses_set(&env, ".env.production");

    let said = env.envseal(&["key", "trust", "-e", "production", "--fingerprint", &is]).output();
    assert_eq!((said.status, said.stdout.len()), (0, 0), "{}", said.stderr);
    assert_eq!(env.read(".env.production"), text, "the env file must not change");
    let secret = env.secret("after");
    env.envseal(&["set", "HELLO", "-e", "production"]).stdin(secret).ok();
    // Going back to the older key is a change too.
    replace_key(&env, ".env.production", &new, &old.public());
    refuses_set(&env, ".env.production");
}

fn sub(env: &TestEnv) -> PathBuf {
    std::fs::create_dir_all(env.path("sub")).unwrap();
    env.path("sub")
}

#[test]
fn a_person_is_asked_on_the_terminal() {
    let (env, old) = pinned();
    let new = PrivateKey::generate().public();
    replace_key(&env, ".env.production", &old.public(), &new);
    let trust = ["key", "trust", "-e", "production"];
    for answer in [&b"n\n"[..], b"\n", b"yep\n"] {
        let Some((status, shown)) = on_terminal(&env, &trust, Some(answer)) else { return };
        assert_eq!(status, 2, "{shown}");
        assert!(shown.contains("not committed yet") && shown.contains(&new.fingerprint()), "{shown}");
        assert!(shown.contains("keeping the old key"), "{shown}");
    }
    refuses_set(&env, ".env.production");
    let (status, shown) = on_terminal(&env, &trust, Some(b"y\n")).unwrap();
    assert!(status == 0 && shown.contains("the key of production on this machine"), "{shown}");
    env.ok(&["set", "A", "1", "-e", "production"]);
}

#[test]
fn trusting_what_is_trusted_and_what_was_never_seen() {
    let (env, key) = pinned();
    let before = list(&env);
    let said = env.envseal(&["key", "trust", "-e", "production"]).ok_stderr();
    assert!(said.starts_with("Already trusting the key of production") && said.contains("SHA256:"), "{said}");
    assert_eq!(list(&env), before);
    std::fs::remove_file(&lists(&env)[0]).unwrap();
    let said = env.envseal(&["key", "trust", "-e", "production"]).ok_stderr();
    assert!(said.contains(&key.public().fingerprint()), "{said}");
    assert!(!said.contains("Already"), "{said}");
    assert_eq!(lists(&env).len(), 1);
    env.fails(4, &["key", "trust", "-e", "none"]);
    env.write(".env.plain", "A=1\n");
    env.fails(3, &["key", "trust", "-e", "plain"]);
}

#[test]
fn nothing_is_pinned_before_the_first_commit_nor_outside_git() {
    for env in [TestEnv::new(), TestEnv::without_git()] {
        env.ok(&["set", "A", "1"]);
        let key = PrivateKey::generate().public();
        let old = public_key(&env, ".env");
        assert!(env.fails(2, &["key", "trust"]).contains("no key is remembered"));
        replace_key(&env, ".env", &old, &key);
        env.ok(&["set", "A", "2"]);
        assert!(lists(&env).is_empty());
    }
}

#[test]
fn what_encrypts_nothing_neither_asks_nor_pins() {
    let (env, old) = pinned();
    env.write(".env.production", env.read(".env.production") + "PLAIN=1 # envseal: plain\n");
    replace_key(&env, ".env.production", &old.public(), &PrivateKey::generate().public());
    env.ok(&["set", "PLAIN", "2", "-e", "production"]);
    env.ok(&["set", "OTHER=3", "--plain", "-e", "production"]);
    env.ok(&["unset", "OTHER", "-e", "production"]);
    env.ok(&["rename", "PLAIN", "STILL", "-e", "production"]);
    refuses_set(&env, ".env.production");
    // What only reads needs no list, even a damaged one.
    let before = list(&env);
    std::fs::write(&lists(&env)[0], "damaged").unwrap();
    let run = ["run", "-x", "*", "-e", "production", "--", "true"];
    env.ok(&run);
    env.ok(&["ls"]);
    std::fs::write(&lists(&env)[0], &before).unwrap();
    std::fs::remove_file(env.path(".git/envseal-root")).unwrap();
    env.ok(&run);
    assert!(!env.path(".git/envseal-root").exists());
}

#[test]
fn a_rename_seals_anew_and_is_held_to_it_too() {
    let (env, old) = pinned();
    let new = PrivateKey::generate();
    // The attacker encrypted a value to a key of their own, and this user has its private key.
    replace_key(&env, ".env.production", &old.public(), &new.public());
    env.write(".env.keys", format!("ENVSEAL_PRIVATE_KEY_PRODUCTION={}\n", new.to_text().expose()));
    let secret = env.secret("planted");
    env.envseal(&["set", "HELLO", "-e", "production"])
        .var("HOME", env.outside().join("tmp"))
        .stdin(secret)
        .ok();
    std::fs::remove_dir_all(env.outside().join("tmp/.local")).unwrap();
    assert!(
        env.refuses(3, &["rename", "HELLO", "HALLO", "-e", "production"]).contains("differs from the one")
    );
}

#[test]
fn a_rotation_that_is_proven_moves_the_pin() {
    let (env, old) = pinned();
    let (middle, new) = (PrivateKey::generate(), PrivateKey::generate());
    replace_key(&env, ".env.production", &old.public(), &new.public());
    let steps = [
        Rotation::make(&production(), &middle, &new.public()),
        Rotation::make(&production(), &old, &middle.public()),
    ];
    write_rotations(&env, &steps);
    // The private key in between is missing, so the proof for its step can't be verified.
    refuses_set(&env, ".env.production");
    let keys = [&new, &middle, &old].map(|key| key.to_text().expose().to_owned()).join(",");
    env.write(".env.keys", format!("ENVSEAL_PRIVATE_KEY_PRODUCTION={keys}\n"));
    let secret = env.secret("rotated");
    let said = env.envseal(&["set", "HELLO", "-e", "production"]).stdin(&secret).ok_stderr();
    contains_all(&said, &["was rotated", &new.public().fingerprint()]);
    let again = env.envseal(&["set", "HELLO", "x", "-e", "production"]).ok_stderr();
    assert!(!again.contains("rotated"), "{again}");
    // Neither the first key nor the one in between is accepted again.
    for older in [&old, &middle] {
        replace_key(&env, ".env.production", &new.public(), &older.public());
        refuses_set(&env, ".env.production");
        replace_key(&env, ".env.production", &older.public(), &new.public());
    }
}

#[test]
fn the_key_before_may_be_injected_or_an_old_grant() {
    let (env, old) = pinned();
    let new = PrivateKey::generate();
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    replace_key(&env, ".env.production", &old.public(), &new.public());
    write_rotations(&env, &[Rotation::make(&production(), &old, &new.public())]);
    refuses_set(&env, ".env.production");
    let state = list(&env);
    let set = env.envseal(&["set", "A", "1", "-e", "production"]);
    let said = set.var("ENVSEAL_PRIVATE_KEY_PRODUCTION", old.to_text().expose()).ok_stderr();
    assert!(said.contains("was rotated"), "{said}");
    // Back to the trusted key of before, now with a grant that is in a commit but no longer in a file.
    std::fs::write(&lists(&env)[0], state).unwrap();
    env.git(&["checkout", "-q", "HEAD", "--", ".env.production"]);
    let (me, alice) = (Identity::generate(), MemberName::new("alice").unwrap());
    let mut team = TeamFile::parse(&env.bytes("envseal.toml")).unwrap();
    team.put_member(&alice, &me.public());
    let without = team.text();
    team.put_grant(GrantLine::make(&production(), &old, (&alice, &me.public()), (&alice, &me)));
    env.write("envseal.toml", team.text());
    commit(&env, "granted");
    env.write("envseal.toml", without);
    replace_key(&env, ".env.production", &old.public(), &new.public());
    commit(&env, "rotated");
    refuses_set(&env, ".env.production");
    let with_identity = env.envseal(&["set", "A", "1", "-e", "production"]);
    let said = with_identity.var("ENVSEAL_IDENTITY", identity_text(&me)).ok_stderr();
    assert!(said.contains("was rotated"), "{said}");
}

#[test]
fn one_name_in_two_scopes_has_two_keys() {
    let (env, old) = pinned();
    env.write("web/envseal.toml", "");
    env.ok(&["set", "A", "1", "-f", "web/.env.production"]);
    commit(&env, "web");
    env.ok(&["set", "A", "2", "-f", "web/.env.production"]);
    let web = public_key(&env, "web/.env.production");
    assert_ne!(web, old.public());
    // The first look is at every project: a `set` in one of them makes this machine trust the key of the other.
    std::fs::remove_file(&lists(&env)[0]).unwrap();
    env.ok(&["set", "A", "2", "-e", "production"]);
    let new = PrivateKey::generate().public();
    replace_key(&env, "web/.env.production", &web, &new);
    assert!(refuses_set(&env, "web/.env.production").contains(&web.fingerprint()));
    replace_key(&env, "web/.env.production", &new, &web);
    // This does not concern an environment that had no key yet.
    env.ok(&["set", "A", "1", "-f", "web/.env.staging"]);
    replace_key(&env, "web/.env.production", &web, &old.public());
    refuses_set(&env, "web/.env.production");
    env.ok(&["set", "A", "2", "-e", "production"]);
    env.ok(&["key", "trust", "-f", "web/.env.production", "--fingerprint", &old.public().fingerprint()]);
    env.ok(&["set", "A", "2", "-f", "web/.env.production"]);
    // Trusting a key in one project says nothing about the other.
    replace_key(&env, ".env.production", &old.public(), &web);
    refuses_set(&env, ".env.production");
}

/// Clones this repository into a folder outside of it.
fn clone(env: &TestEnv, name: &str, options: &[&str]) -> PathBuf {
    let folder = env.outside().join(name);
    let source = format!("file://{}", env.repo().display());
    env.program("git", &[&["clone", "-q"], options, &[&source]].concat()).arg(&folder).ok();
    folder
}

/// Asserts that another key is refused in the clone.
#[track_caller]
fn refuses_another_key(env: &TestEnv, clone: &Path, old: &PrivateKey) {
    let file = clone.join(".env.production");
    let text = std::fs::read_to_string(&file).unwrap();
    let new = PrivateKey::generate().public();
    std::fs::write(&file, text.replace(&old.public().to_string(), &new.to_string())).unwrap();
    let said = env.envseal(&["set", "A", "1", "-e", "production"]).dir(clone).fails(3);
    contains_all(&said, &["differs from the one this machine trusts", &old.public().fingerprint()]);
    std::fs::write(&file, text).unwrap();
}

fn set_in(env: &TestEnv, clone: &Path) {
    env.envseal(&["set", "A", "1", "-e", "production"]).dir(clone).ok();
}

#[test]
fn two_repositories_have_two_lists_and_two_clones_share_one() {
    let (env, old) = pinned();
    refuses_another_key(&env, &clone(&env, "another name", &[]), &old);
    // Another repository, with the same folder, environment and file.
    let other = env.outside().join("other");
    env.program("git", &["init", "-q"]).arg(&other).ok();
    let new = PrivateKey::generate().public();
    std::fs::write(other.join(".env.production"), format!("ENVSEAL_PUBLIC_KEY_PRODUCTION={new}\n")).unwrap();
    for arguments in [&["add", "-A"][..], &["commit", "-q", "-m", "other"]] {
        env.program("git", arguments).dir(&other).ok();
    }
    set_in(&env, &other);
    assert_eq!(lists(&env).len(), 2);
}

#[test]
fn a_shallow_clone_is_known_by_its_address() {
    let (env, old) = pinned();
    for name in ["one", "two"] {
        let clone = clone(&env, name, &["--depth", "1"]);
        set_in(&env, &clone);
        refuses_another_key(&env, &clone, &old);
        assert_eq!(lists(&env).len(), 2);
    }
}

/// Once it is complete, it is identified by its root commit, and it is still the same repository.
#[test]
fn a_shallow_clone_that_becomes_whole_keeps_what_it_trusts() {
    let (env, old) = pinned();
    std::fs::remove_file(&lists(&env)[0]).unwrap();
    let clone = clone(&env, "clone", &["--depth", "1"]);
    set_in(&env, &clone);
    env.program("git", &["fetch", "-q", "--unshallow"]).dir(&clone).ok();
    refuses_another_key(&env, &clone, &old);
    set_in(&env, &clone);
}

#[test]
fn moving_the_bounds_of_a_scope_frees_no_file_of_its_key() {
    // A project of its own for a file that had the key of the project above, even if this file was never set here.
    let (env, old) = pinned();
    env.ok(&["set", "A", "1", "-f", ".env.production"]);
    std::fs::create_dir(env.path("web")).unwrap();
    env.write("web/.env.production", format!("ENVSEAL_PUBLIC_KEY_PRODUCTION={}\n", old.public()));
    commit(&env, "web");
    std::fs::remove_file(&lists(&env)[0]).unwrap();
    env.ok(&["set", "A", "2", "-f", ".env.production"]);
    let new = PrivateKey::generate().public();
    env.write("web/envseal.toml", "");
    replace_key(&env, "web/.env.production", &old.public(), &new);
    refuses_set(&env, "web/.env.production");
    // The other way round: the project's `envseal.toml` is removed, and with it the project.
    env.ok(&["key", "trust", "-f", "web/.env.production", "--fingerprint", &new.fingerprint()]);
    std::fs::remove_file(env.path("web/envseal.toml")).unwrap();
    std::fs::remove_file(env.path(".env.production")).unwrap();
    replace_key(&env, "web/.env.production", &new, &PrivateKey::generate().public());
    refuses_set(&env, "web/.env.production");
}

#[test]
fn a_deleted_file_gets_no_new_key_by_accident() {
    let (env, old) = pinned();
    // With the private key available, the environment keeps its key.
    std::fs::remove_file(env.path(".env.production")).unwrap();
    env.ok(&["set", "A", "1", "-e", "production"]);
    assert!(env.read(".env.production").contains(&old.public().to_string()));
    // Without it, no key is created, and a newer one from the keys file isn't used.
    for keys in [None, Some(PrivateKey::generate())] {
        let _ = std::fs::remove_file(env.path(".env.keys"));
        if let Some(key) = &keys {
            env.write(".env.keys", format!("ENVSEAL_PRIVATE_KEY_PRODUCTION={}\n", key.to_text().expose()));
        }
        let _ = std::fs::remove_file(env.path(".env.production"));
        for arguments in
            [&["set", "A", "1", "-e", "production"][..], &["key", "generate", "-e", "production"]]
        {
            let said = env.refuses(3, arguments);
            contains_all(&said, &[&old.public().id().to_string(), "in the last commit"]);
            assert!(said.contains("hint: restore the file: git checkout HEAD -- .env.production"), "{said}");
        }
        // Do what the hint says.
        env.program("git", &["checkout", "HEAD", "--", ":/.env.production"]).dir(sub(&env)).ok();
        env.ok(&["set", "A", "1", "-e", "production"]);
    }
    // If only the key's line is missing, the hint must not overwrite the rest of the file.
    env.git(&["checkout", "-q", "HEAD", "--", ".env.production"]);
    env.plaintext_in(".env.production");
    env.write_plain(".env.production", "A=new\n");
    let said = env.fails(3, &["encrypt", "-e", "production"]);
    assert!(said.contains("git log -p -- .env.production") && !said.contains("checkout"), "{said}");
    // A new key on purpose.
    std::fs::remove_file(env.path(".env.production")).unwrap();
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    env.ok(&["key", "generate", "-e", "production", "--force"]);
    env.ok(&["set", "A", "1", "-e", "production"]);
    assert!(!env.read(".env.production").contains(&old.public().to_string()));
}

#[test]
fn a_key_that_was_created_here_gives_way_to_no_other() {
    let theirs = |env: &TestEnv| {
        env.write(
            ".env.staging",
            format!("ENVSEAL_PUBLIC_KEY_STAGING={}\n", PrivateKey::generate().public()),
        );
        commit(env, "theirs");
    };
    // Not even before it was committed.
    let (env, _) = pinned();
    env.ok(&["set", "A", "1", "-e", "staging"]);
    theirs(&env);
    refuses_set(&env, ".env.staging");

    // After a squash merge that replaced it, when no branch has its commit any more.
    let (env, _) = pinned();
    env.git(&["checkout", "-q", "-b", "mine"]);
    env.ok(&["set", "A", "1", "-e", "staging"]);
    commit(&env, "staging");
    env.git(&["checkout", "-q", "main"]);
    theirs(&env);
    refuses_set(&env, ".env.staging");
    env.git(&["branch", "-q", "-D", "mine"]);
    refuses_set(&env, ".env.staging");

    // A key that was created in place of a trusted one.
    let (env, _) = pinned();
    std::fs::remove_file(env.path(".env.production")).unwrap();
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    env.ok(&["key", "generate", "-e", "production", "--force"]);
    let made = public_key(&env, ".env.production");
    replace_key(&env, ".env.production", &made, &PrivateKey::generate().public());
    commit(&env, "theirs");
    refuses_set(&env, ".env.production");
}

#[test]
fn a_pin_follows_the_environment_to_other_places() {
    let (env, old) = pinned();
    std::fs::create_dir(env.path("web")).unwrap();
    env.ok(&["set", "A", "1", "-f", "web/.env.production"]);
    commit(&env, "web");
    let new = PrivateKey::generate().public();
    // The folder that was used is replaced by a symlink.
    env.git(&["mv", "web", "elsewhere"]);
    std::os::unix::fs::symlink("elsewhere", env.path("web")).unwrap();
    env.ok(&["set", "A", "1", "-f", "web/.env.production"]);
    replace_key(&env, "elsewhere/.env.production", &old.public(), &new);
    std::fs::remove_file(env.path(".env.production")).unwrap();
    refuses_set(&env, "web/.env.production");
    refuses_set(&env, "elsewhere/.env.production");
    // A folder that was never used: another one was moved there, and has its own team file.
    env.git(&["mv", "-k", "elsewhere", "app"]);
    std::fs::rename(env.path("elsewhere"), env.path("app")).ok();
    env.write("app/envseal.toml", "");
    commit(&env, "moved");
    let said = refuses_set(&env, "app/.env.production");
    assert!(said.contains(&old.public().fingerprint()) && said.contains(&new.fingerprint()), "{said}");
    // The trusted key is accepted.
    replace_key(&env, "app/.env.production", &new, &old.public());
    env.ok(&["set", "A", "1", "-f", "app/.env.production"]);
    // Trusting a key in one project does not trust it in others.
    std::fs::create_dir(env.path("lib")).unwrap();
    env.write("lib/envseal.toml", "");
    env.write("lib/.env.production", format!("ENVSEAL_PUBLIC_KEY_PRODUCTION={new}\n"));
    commit(&env, "lib");
    refuses_set(&env, "lib/.env.production");
    env.ok(&["key", "trust", "-f", "lib/.env.production", "--fingerprint", &new.fingerprint()]);
    env.ok(&["set", "A", "1", "-f", "lib/.env.production"]);
    replace_key(&env, "app/.env.production", &old.public(), &new);
    refuses_set(&env, "app/.env.production");
}

#[test]
fn a_symlink_in_the_way_that_was_typed() {
    // The folder that was used is now a symlink to another folder.
    let (env, old) = pinned();
    std::fs::create_dir(env.path("web")).unwrap();
    env.write("web/envseal.toml", "");
    env.ok(&["set", "A", "1", "-f", "web/.env.production"]);
    commit(&env, "web");
    let web = public_key(&env, "web/.env.production");
    // That folder has a key that is trusted, but not there.
    env.git(&["mv", "web", "aside"]);
    std::fs::create_dir(env.path("evil")).unwrap();
    env.write("evil/envseal.toml", "");
    env.write("evil/.env.production", format!("ENVSEAL_PUBLIC_KEY_PRODUCTION={}\n", old.public()));
    std::os::unix::fs::symlink("evil", env.path("web")).unwrap();
    commit(&env, "turned");
    let said = refuses_set(&env, "web/.env.production");
    assert!(said.contains(&web.fingerprint()), "{said}");
}

#[test]
fn a_clone_that_shares_a_root_is_the_same_repository() {
    let (env, old) = pinned();
    let clone = clone(&env, "clone", &[]);
    let in_clone = |arguments: &[&str]| env.program("git", arguments).dir(&clone).ok();
    // A merge brings in another root as its first parent, in a clone whose root was never looked up.
    let first = in_clone(&["commit-tree", "HEAD^{tree}", "-m", "another root"]);
    let merge = in_clone(&["commit-tree", "HEAD^{tree}", "-p", first.trim(), "-p", "HEAD", "-m", "merge"]);
    in_clone(&["reset", "-q", "--hard", merge.trim()]);
    refuses_another_key(&env, &clone, &old);
    set_in(&env, &clone);
}

const OLD_PLACE: &str = "services/api/.env.production";

/// Creates a repository in which a project is moved to `apps/api` and its key rotated there; branch `old` is from before.
/// If `is_pulled`, this machine has not seen the rotation yet.
fn moved_and_rotated(is_pulled: bool) -> (TestEnv, PublicKey) {
    let env = TestEnv::new();
    // The keys file is above the folder that moves.
    env.ok(&["set", "A", "1"]);
    env.write("services/api/envseal.toml", "");
    env.ok(&["set", "A", "1", "-f", OLD_PLACE]);
    commit(&env, "first");
    env.ok(&["set", "A", "2", "-f", OLD_PLACE]);
    commit(&env, "second");
    let old = public_key(&env, OLD_PLACE);
    env.git(&["branch", "old"]);
    std::fs::create_dir(env.path("apps")).unwrap();
    env.git(&["mv", "services/api", "apps/api"]);
    commit(&env, "moved");
    let before = list(&env);
    env.ok(&["-C", "apps/api", "key", "rotate", "-e", "production"]);
    commit(&env, "rotated");
    if is_pulled {
        std::fs::write(&lists(&env)[0], before).unwrap();
        env.ok(&["set", "B", "1", "-f", "apps/api/.env.production"]);
        commit(&env, "a value");
    }
    (env, old)
}

#[test]
fn a_rotation_after_a_move_counts_at_the_place_before() {
    for is_pulled in [false, true] {
        let (env, old) = moved_and_rotated(is_pulled);
        let rotation = env.git(&["log", "--format=%h", "--abbrev=12", "--grep=rotated"]).trim().to_owned();
        env.git(&["checkout", "-q", "old"]);
        let said = refuses_set(&env, OLD_PLACE);
        assert!(said.ends_with(&format!("merge the rotation first: git merge {rotation}\n")), "{said}");
        // Someone puts the old key back there, beside the project that was moved.
        env.git(&["checkout", "-q", "main"]);
        env.git(&["checkout", "-q", "old", "--", "services"]);
        commit(&env, "back");
        refuses_set(&env, OLD_PLACE);
        env.ok(&["set", "B", "2", "-f", "apps/api/.env.production"]);
        refuses_set(&env, OLD_PLACE);
        // In the project of the root, too.
        env.git(&["rm", "-q", "services/api/envseal.toml"]);
        commit(&env, "without a team file");
        refuses_set(&env, OLD_PLACE);
        env.write(".env.production", format!("ENVSEAL_PUBLIC_KEY_PRODUCTION={old}\n"));
        commit(&env, "at a new place");
        refuses_set(&env, ".env.production");
    }
}

/// Creates a repository with one project and two folders, `api` and `web`, that share its key.
fn two_folders() -> (TestEnv, PublicKey) {
    let env = TestEnv::new();
    for folder in ["api", "web"] {
        std::fs::create_dir(env.path(folder)).unwrap();
        env.ok(&["set", "A", "1", "-f", &format!("{folder}/.env.production")]);
    }
    commit(&env, "first");
    env.ok(&["set", "A", "2", "-f", "web/.env.production"]);
    commit(&env, "second");
    let key = public_key(&env, "web/.env.production");
    (env, key)
}

#[test]
fn a_project_that_is_split_off_and_rotated_leaves_the_others_their_key() {
    for is_sparse in [false, true] {
        let (env, _) = two_folders();
        env.write("api/envseal.toml", "");
        commit(&env, "split off");
        let sparse = |arguments: &[&str]| env.git(&[&["sparse-checkout"], arguments].concat());
        if is_sparse {
            sparse(&["set", "api"]);
        }
        env.ok(&["-C", "api", "key", "rotate", "-e", "production"]);
        if is_sparse {
            sparse(&["disable"]);
        }
        commit(&env, "rotated");
        for file in ["web/.env.production", "api/.env.production"].repeat(2) {
            env.ok(&["set", "B", "1", "-f", file]);
        }
        // Each has only its own key.
        for (file, other) in [("web", "api"), ("api", "web")] {
            let (file, other) = (format!("{file}/.env.production"), format!("{other}/.env.production"));
            let [own, other] = [&file, &other].map(|file| public_key(&env, file));
            replace_key(&env, &file, &own, &other);
            refuses_set(&env, &file);
            replace_key(&env, &file, &other, &own);
        }
    }
}

#[test]
fn a_folder_that_is_split_off_with_the_key_before_a_rotation_asks() {
    let (env, old) = two_folders();
    let file = env.read("web/.env.production");
    let before = list(&env);
    env.ok(&["key", "rotate", "-f", "api", "-e", "production"]);
    commit(&env, "rotated");
    env.write("web/.env.production", file);
    env.write("web/envseal.toml", "");
    commit(&env, "split off");
    refuses_set(&env, "web/.env.production");
    // The same if the rotation is only seen now.
    std::fs::write(&lists(&env)[0], before).unwrap();
    env.ok(&["set", "A", "3", "-f", "api/.env.production"]);
    refuses_set(&env, "web/.env.production");
    // A person may confirm that it was split off before; then it can be rotated, but nobody is granted the old key.
    env.ok(&["-C", "web", "team", "request", "--name", "alice"]);
    let rotate = ["-C", "web", "key", "rotate", "-e", "production"];
    env.fails(3, &rotate);
    let (trusted, at) = (list(&env), lists(&env).remove(0));
    std::fs::remove_file(&at).unwrap();
    assert!(env.fails(3, &rotate).contains("has an older public key of production"));
    std::fs::write(at, trusted).unwrap();
    env.ok(&["key", "trust", "-f", "web/.env.production", "--fingerprint", &old.fingerprint()]);
    let bob = envseal::testing::crypto::Identity::generate().public();
    env.write("bob.pub", format!("{bob}\n"));
    let add = ["team", "add", "bob", "--key", "../bob.pub", "-e", "production", "--fingerprint"];
    let said = env.fails(3, &[&["-C", "web"], &add[..], &[&bob.fingerprint()]].concat());
    assert!(said.contains("has an older public key of production"), "{said}");
    env.ok(&rotate);
    for file in ["web/.env.production", "api/.env.production"] {
        env.ok(&["set", "B", "1", "-f", file]);
    }
}

#[test]
fn a_clone_that_lacks_the_trusted_key_is_told_to_fetch() {
    let (env, _) = pinned();
    let clone = clone(&env, "clone", &[]);
    env.ok(&["key", "rotate", "-e", "production"]);
    commit(&env, "rotated");
    let set = || env.envseal(&["set", "A", "1", "-e", "production"]).dir(&clone).fails(3);
    let said = set();
    assert!(said.contains("hint: first get the newest commits: git fetch; then ask your team"), "{said}");
    env.program("git", &["fetch", "-q"]).dir(&clone).ok();
    assert!(set().contains("from before its rotation"));
}

#[test]
fn what_the_release_before_kept_still_counts() {
    let (env, old) = pinned();
    let list = lists(&env).remove(0);
    let root = env.git(&["rev-list", "--max-parents=0", "HEAD"]);
    let pin = |place: &str| format!("{} 2026-01-02T03:04:05+00:00 production {place}\n", old.public());
    let text = format!("envseal-pins 1\nroot {root}{}{}", pin("."), pin(".env.production"));
    std::fs::write(&list, text).unwrap();
    replace_key(&env, ".env.production", &old.public(), &PrivateKey::generate().public());
    assert!(refuses_set(&env, ".env.production").contains("2026-01-02T03:04:05+00:00"));
    env.git(&["checkout", "-q", "HEAD", "--", ".env.production"]);
    env.ok(&["set", "A", "1", "-e", "production"]);
}

#[test]
fn where_nothing_can_be_kept_the_command_goes_on_and_what_is_kept_still_stops_it() {
    let (env, old) = pinned();
    let set = |home: &Path| env.envseal(&["set", "A", "1", "-e", "production"]).var("HOME", home).output();
    // HOME is a device; then, the folder of trusted keys is read-only.
    let said = set(Path::new("/dev/null"));
    assert!(said.status == 0 && said.stderr.contains("note: couldn't record"), "{}", said.stderr);
    // Nor is anything else there that decrypting might need.
    let get = |home: &Path| env.envseal(&["get", "A", "-e", "production"]).var("HOME", home);
    assert_eq!(get(Path::new("/dev/null")).ok(), "1\n");
    let keys = env.bytes(".env.keys");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    env.ok(&["team", "request", "--name", "alice"]);
    let said = get(Path::new("/dev/null")).fails(3);
    assert!(said.contains("no private key for production"), "{said}");
    // A file that is there and can't be read is still an error.
    let home = env.outside().join("other");
    std::fs::create_dir_all(home.join(".config/envseal/config.toml")).unwrap();
    assert!(get(&home).fails(4).contains("config.toml: it is not a regular file"));
    env.write(".env.keys", keys);
    let folder = env.outside().join("home/.local/share/envseal/pins");
    set_mode(&folder, 0o500);
    set_mode(&lists(&env)[0], 0o400);
    replace_key(&env, ".env.production", &old.public(), &PrivateKey::generate().public());
    refuses_set(&env, ".env.production");
    set_mode(&folder, 0o700);
}

#[test]
fn a_damaged_list_stops_and_says_how_to_go_on() {
    let (env, _) = pinned();
    let good = list(&env);
    for bad in ["", "x\n", &good[..good.len() - 1], &format!("{good}x\n"), &good.replace("root ", "root")] {
        std::fs::write(&lists(&env)[0], bad).unwrap();
        let said = env.refuses(4, &["set", "A", "1", "-e", "production"]);
        assert!(said.contains("is not a valid line in the list of trusted keys"), "{said}");
        let hint = said.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap();
        assert!(hint.contains(": rm /"), "{hint}");
        assert_eq!(list(&env), bad);
        env.fails(4, &["key", "trust", "-e", "production"]);
    }
    let said = env.fails(4, &["set", "A", "1", "-e", "production"]);
    let rm = said.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap();
    let rm = &rm[rm.find("rm /").unwrap()..];
    env.program("sh", &["-c", rm]).ok();
    env.ok(&["set", "A", "1", "-e", "production"]);
    assert_eq!(list(&env).lines().count(), good.lines().count());
}

#[test]
fn the_list_is_private_and_says_nothing_of_values() {
    let (env, key) = pinned();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&lists(&env)[0]), 0o600);
    assert_eq!(mode(lists(&env)[0].parent().unwrap()), 0o700);
    let root = env.git(&["rev-list", "--max-parents=0", "HEAD"]);
    let text = list(&env);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..2], ["envseal-pins 2", &format!("root {}", root.trim())]);
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[2].starts_with(&key.public().to_string()) && lines[2].ends_with(" production ."), "{text}");
    assert!(lines[3].ends_with(" production .env.production"), "{text}");
}

#[test]
fn many_at_once_lose_no_key() {
    let (env, _) = pinned();
    let names: Vec<_> = (0..8).map(|at| format!("e{at}")).collect();
    let environments: Vec<_> = names.iter().flat_map(|name| ["-e", name]).collect();
    env.ok(&[&["set", "A", "1"], &environments[..]].concat());
    commit(&env, "all");
    std::fs::remove_file(&lists(&env)[0]).unwrap();
    let mut children: Vec<_> = names
        .iter()
        .map(|name| env.envseal(&["key", "trust", "-q", "-e", name]).into_command().spawn().unwrap())
        .collect();
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    assert_eq!(list(&env).lines().count(), 2 + 2 * names.len());
}

/// Checks only the order of magnitude: a history of fifty thousand commits is walked once.
#[test]
fn a_long_history_is_walked_once() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1"]);
    commit(&env, "first");
    let mut stream = String::new();
    for at in 0..50_000 {
        use std::fmt::Write as _;
        let _ = write!(
            stream,
            "commit refs/heads/main\ncommitter A <a@b> {} +0000\ndata 1\nx\n",
            1_800_000_000 + at
        );
        if at == 0 {
            stream.push_str("from refs/heads/main^0\n");
        }
    }
    env.program("git", &["fast-import", "--quiet"]).stdin(stream).ok();
    let start = Instant::now();
    env.ok(&["set", "A", "1"]);
    println!("{:?}", start.elapsed());
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    let root = env.git(&["rev-list", "--max-parents=0", "HEAD"]);
    assert_eq!(env.read(".git/envseal-root"), root);
    // The recorded root is used without another walk.
    let head = env.git(&["rev-parse", "HEAD"]);
    env.write(".git/envseal-root", &head);
    env.ok(&["set", "A", "1"]);
    assert!(lists(&env).iter().any(|list| list.ends_with(head.trim())));
}
