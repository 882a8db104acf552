//! Tests `docs/pre-receive`, as a user copies it, with real pushes to a bare repository.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::{Output, Start, TestEnv};

/// Not a canary, because a push adds it to git's objects.
const PLAINTEXT: &str = "sk_live_51HG8vnotforgit";

/// Creates a project with one sealed file, pushed to a bare repository that has the recipe in its hooks.
fn server() -> (TestEnv, PathBuf) {
    static START: Start = Start::new();
    let env = TestEnv::copy_of(&START, |env| {
        env.envseal(&["set", "HELLO"]).stdin("a value of no matter").ok();
        env.commit("start");
        let bare = env.outside().join("server.git");
        env.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
        let hook = bare.join("hooks/pre-receive");
        std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pre-receive"), &hook).unwrap();
        assert_ne!(hook.metadata().unwrap().permissions().mode() & 0o111, 0, "the recipe is executable");
        env.git(&["remote", "add", "origin", bare.to_str().unwrap()]);
        push(env, &["main"]).unwrap();
    });
    let bare = env.outside().join("server.git");
    (env, bare)
}

/// Creates another bare repository with the recipe, to which this clone pushes from now on.
fn empty_server(env: &TestEnv) -> PathBuf {
    let bare = env.outside().join("empty.git");
    env.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
    std::fs::copy(env.outside().join("server.git/hooks/pre-receive"), bare.join("hooks/pre-receive"))
        .unwrap();
    env.git(&["remote", "set-url", "origin", bare.to_str().unwrap()]);
    bare
}

/// Pushes these refs. Returns the output if the push was refused.
fn push(env: &TestEnv, refs: &[&str]) -> Result<(), Output> {
    let arguments = [&["push", "-q", "origin"], refs].concat();
    let output = env.git_with_envseal(&arguments).output();
    if output.status == 0 { Ok(()) } else { Err(output) }
}

fn refs(env: &TestEnv, bare: &PathBuf) -> String {
    env.program("git", &["for-each-ref"]).dir(bare).ok()
}

fn commit(env: &TestEnv, file: &str, text: impl AsRef<[u8]>) {
    env.write(file, text);
    env.git(&["add", "-f", "--", file]);
    env.git(&["commit", "-q", "-m", file]);
}

/// Asserts that this push is refused with these words, moves no ref, and leaves no object behind.
#[track_caller]
fn refused(env: &TestEnv, bare: &PathBuf, names: &[&str], said: &[&str]) {
    let objects = |env: &TestEnv| env.program("git", &["count-objects", "-v"]).dir(bare).ok();
    let before = (refs(env, bare), objects(env));
    let output = push(env, names).expect_err("it was accepted");
    for words in said {
        assert!(output.stderr.contains(words), "{words:?} was not printed: {}", output.stderr);
    }
    assert!(!output.stderr.contains(&PLAINTEXT[..8]));
    assert_eq!((refs(env, bare), objects(env)), before);
}

#[test]
fn a_push_with_plaintext_is_refused_and_forgotten() {
    let (env, bare) = server();
    let good = env.read(".env");
    commit(&env, ".env", format!("{good}SECRET={PLAINTEXT}\n"));
    let said =
        ["error: SECRET is plain text", "[plaintext]", "pre-receive: refs/heads/main was not accepted"];
    refused(&env, &bare, &["main"], &said);
    // After a fix in a second commit, the push still contains the first one.
    commit(&env, ".env", &good);
    refused(&env, &bare, &["main"], &["error: SECRET is plain text"]);
    // A new branch; a tag; two branches, one of which is good.
    refused(&env, &bare, &["main:refs/heads/new"], &["refs/heads/new was not accepted"]);
    env.git(&["tag", "-a", "-m", "x", "v1"]);
    refused(&env, &bare, &["v1"], &["refs/tags/v1 was not accepted"]);
    refused(&env, &bare, &["main:refs/heads/new", "origin/main:refs/heads/other"], &["refs/heads/new"]);
    // Without that commit it passes.
    env.git(&["reset", "-q", "--hard", "origin/main"]);
    env.envseal(&["set", "SECRET"]).stdin(PLAINTEXT).ok();
    env.git(&["commit", "-q", "-a", "-m", "sealed"]);
    push(&env, &["main"]).unwrap();
    push(&env, &["main:refs/heads/new"]).unwrap();
    push(&env, &[":refs/heads/new"]).unwrap();
    assert!(!refs(&env, &bare).contains("refs/heads/new"));
}

#[test]
fn the_policy_is_the_one_that_stood_there_before() {
    let (env, bare) = server();
    let good = env.read(".env");
    env.write("envseal.toml", "[policy]\nplain = [\"SECRET\"]\n");
    env.git(&["add", "envseal.toml"]);
    commit(&env, ".env", format!("{good}SECRET={PLAINTEXT}\n"));
    refused(&env, &bare, &["main"], &["[plaintext]", "[policy-widened]"]);
    refused(&env, &bare, &["main:refs/heads/new"], &["[policy-widened]"]);
    // After a review, the server's owner accepts the policy, and nothing else with it.
    env.program("git", &["config", "envseal.acceptPolicy", "true"]).dir(&bare).ok();
    push(&env, &["main"]).unwrap();
    commit(&env, ".env.other", format!("OTHER={PLAINTEXT}\n"));
    refused(&env, &bare, &["main"], &["OTHER is plain text"]);
}

#[test]
fn the_first_push_into_an_empty_repository_is_checked_whole() {
    let (env, _) = server();
    commit(&env, ".env.production", format!("SECRET={PLAINTEXT}\n"));
    commit(&env, "file", "later\n");
    let bare = empty_server(&env);
    refused(&env, &bare, &["main"], &[".env.production:1: error: SECRET"]);
    push(&env, &["main~2:refs/heads/main"]).unwrap();
}

#[test]
fn a_forced_push_and_a_keys_file_are_met_too() {
    let (env, bare) = server();
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    env.git(&["commit", "-q", "--amend", "-m", "other"]);
    commit(&env, "notes.txt", format!("{key}\n"));
    refused(&env, &bare, &["+main"], &["notes.txt", "[private-key]"]);
    env.git(&["reset", "-q", "--hard", "HEAD~"]);
    push(&env, &["+main"]).unwrap();
}

#[test]
fn a_server_without_envseal_accepts_nothing() {
    let (env, bare) = server();
    env.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    let before = refs(&env, &bare);
    let output = env.program("git", &["push", "-q", "origin", "main"]).output();
    assert_ne!(output.status, 0);
    assert!(output.stderr.contains("envseal is not on the PATH of this server"), "{}", output.stderr);
    assert_eq!(refs(&env, &bare), before);
}

/// Puts the tip of this clone's `main` on another ref of the server without running its hooks, as a forge does.
fn placed(env: &TestEnv, bare: &PathBuf, name: &str) {
    env.program("git", &["fetch", "-q", env.repo().to_str().unwrap(), &format!("+main:{name}")])
        .dir(bare)
        .ok();
}

#[test]
fn what_only_a_pull_request_has_is_not_known() {
    let (env, bare) = server();
    commit(&env, ".env.production", format!("SECRET={PLAINTEXT}\n"));
    placed(&env, &bare, "refs/pull/1/head");
    let before = refs(&env, &bare);
    for target in ["main:refs/heads/new", "main:refs/tags/v1", "main", "main:refs/pull/2/head"] {
        let output = push(&env, &[target]).expect_err(target);
        assert!(output.stderr.contains("error: SECRET is plain text"), "{target}: {}", output.stderr);
        assert_eq!(refs(&env, &bare), before);
    }
    // Nothing in a push can change that.
    commit(&env, ".gitconfig", "[envseal]\n\tknownRefs = refs/pull/*\n");
    placed(&env, &bare, "refs/pull/1/head");
    env.program("git", &["config", "receive.advertisePushOptions", "true"]).dir(&bare).ok();
    let option = ["-o", "envseal.knownRefs=refs/pull/*", "main:refs/heads/new"];
    assert!(push(&env, &option).is_err());
    let own = ["-c", "envseal.knownRefs=refs/", "push", "-q", "origin", "main:refs/heads/new"];
    assert_ne!(env.git_with_envseal(&own).output().status, 0);
}

#[test]
fn the_server_says_which_refs_are_known() {
    let (env, bare) = server();
    commit(&env, ".env.production", format!("SECRET={PLAINTEXT}\n"));
    placed(&env, &bare, "refs/reviewed/1/head");
    let set =
        |value: &str| env.program("git", &["config", "--add", "envseal.knownRefs", value]).dir(&bare).ok();
    // A folder must match by its whole name; an empty name or an invalid glob matches nothing.
    for other in ["refs/review", "refs/reviewed/[", "", "refs/reviewed/2/*"] {
        set(other);
        assert!(push(&env, &["main:refs/heads/new"]).is_err(), "{other:?}");
    }
    for known in ["refs/reviewed", "refs/reviewed/", "refs/reviewed/*", "refs/reviewed/1/head"] {
        env.program("git", &["config", "--unset-all", "envseal.knownRefs"]).dir(&bare).ok();
        set("refs/heads/");
        set(known);
        push(&env, &["main:refs/heads/new"]).unwrap_or_else(|output| panic!("{known}: {}", output.stderr));
        push(&env, &[":refs/heads/new"]).unwrap();
    }
    // All branches count by default, but not once other refs are configured.
    env.program("git", &["config", "--unset-all", "envseal.knownRefs"]).dir(&bare).ok();
    push(&env, &["origin/main:refs/heads/other"]).unwrap();
    env.program("git", &["update-ref", "refs/heads/leaky", "refs/reviewed/1/head"]).dir(&bare).ok();
    push(&env, &["main:refs/heads/new"]).unwrap();
    push(&env, &[":refs/heads/new"]).unwrap();
    set("refs/heads/main");
    assert!(push(&env, &["main:refs/heads/new"]).is_err());
}

#[test]
fn a_first_push_beside_a_pull_request_is_not_the_first() {
    let (env, _) = server();
    let empty = empty_server(&env);
    placed(&env, &empty, "refs/pull/1/head");
    let good = env.read(".env");
    env.write("envseal.toml", "[policy]\nplain = [\"SECRET\"]\n");
    env.git(&["add", "envseal.toml"]);
    commit(&env, ".env", format!("{good}SECRET={PLAINTEXT}\n"));
    refused(&env, &empty, &["main"], &["[plaintext]"]);
    env.program("git", &["update-ref", "-d", "refs/pull/1/head"]).dir(&empty).ok();
    refused(&env, &empty, &["main"], &["has commits, but no branch or tag leads to any"]);
    env.program("git", &["gc", "-q", "--prune=now"]).dir(&empty).ok();
    push(&env, &["main"]).unwrap();
}

/// Writes an object in this clone and returns its id.
fn object(env: &TestEnv, arguments: &[&str], stdin: &str) -> String {
    env.program("git", arguments).stdin(stdin).ok().trim().to_owned()
}

#[test]
fn a_tag_of_a_file_or_a_folder_is_searched_and_does_not_block() {
    let (env, bare) = server();
    env.ok(&["hook", "install", "-q"]);
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    let blob = |text: &str| object(&env, &["hash-object", "-w", "--stdin"], text);
    let tree = |name: &str, text: &str| {
        let line = format!("100644 blob {}\t{name}\n", blob(text));
        object(&env, &["mktree"], &line)
    };
    for (at, target) in [blob("a note\n"), tree("file", "x\n")].iter().enumerate() {
        let name = format!("good{at}");
        env.git(&["tag", &name, target]);
        env.git(&["tag", "-a", "-m", "x", &format!("{name}-told"), target]);
        push(&env, &[&name, &format!("{name}-told")]).unwrap();
        // From a file to a commit and back: a ref that did not point to a commit counts as new.
        push(&env, &[&format!("+HEAD:refs/tags/{name}"), &format!("{target}:refs/tags/other{at}")]).unwrap();
        push(&env, &[&format!("+{target}:refs/tags/{name}")]).unwrap();
    }
    for (target, said) in [
        (blob(&key), "[private-key]"),
        (tree("notes", &key), "[private-key]"),
        (tree(".env.keys", &key), "[keys-file]"),
        (tree(".env.x", &format!("SECRET={PLAINTEXT}\n")), ".env.x:1: error: SECRET"),
    ] {
        env.git(&["tag", "-f", "-a", "-m", "x", "bad", &target]);
        env.git(&["tag", "-f", "-a", "-m", "x", "twice", "bad"]);
        for name in ["bad", "twice"] {
            let local = env.git_with_envseal(&["push", "-q", "origin", name]).output();
            assert!(local.status != 0 && local.stderr.contains("failed to push"), "{}", local.stderr);
            let output = env.git_with_envseal(&["push", "-q", "--no-verify", "origin", name]).output();
            assert_ne!(output.status, 0);
            for words in [said, &format!("refs/tags/{name} was not accepted")] {
                assert!(output.stderr.contains(words), "{}", output.stderr);
            }
            assert!(
                !output.stderr.contains(&key[..30])
                    && !refs(&env, &bare).contains(&format!("refs/tags/{name}"))
            );
        }
    }
}

#[test]
fn an_accepted_push_says_nothing() {
    let (env, _) = server();
    // Suggestions and the note about a missing key are not printed here.
    let good = env.read(".env");
    commit(&env, ".env", format!("{good}URL=\"$(hostname)\" # envseal: plain\n"));
    for target in ["main", "main:refs/heads/new", "main:refs/heads/same", ":refs/heads/same"] {
        let output = env.git_with_envseal(&["push", "-q", "origin", target]).output();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), output.stderr);
        assert_eq!((output.status, &*said), (0, ""), "{target}");
    }
}

/// A server that has lost its refs must not treat a push as its first one, to which no policy applies.
#[test]
fn a_server_that_has_lost_its_refs_accepts_nothing() {
    let (env, bare) = server();
    env.program("git", &["pack-refs", "--all"]).dir(&bare).ok();
    std::fs::write(bare.join("packed-refs"), "").unwrap();
    let plain = env.read(".env");
    commit(&env, "envseal.toml", "[policy]\nplain = [\"SECRET\"]\n");
    commit(&env, ".env", format!("{plain}SECRET={PLAINTEXT}\n"));
    let said = ["has commits, but no branch or tag leads to any", "fsck", "refs/heads/main was not accepted"];
    refused(&env, &bare, &["main"], &said);
    // A new server accepts several refs at once.
    empty_server(&env);
    env.git(&["branch", "other", "HEAD~1"]);
    push(&env, &["main", "other"]).unwrap();
}
