//! `envseal key rotate`.

use std::path::PathBuf;

use envseal::testing::config::EnvName;
use envseal::testing::crypto::{Identity, PrivateKey, TagKey};
use envseal::testing::project::{put_tag_key, tag_key};
use envseal::testing::team::{Exposure, ExposureState, GrantLine, MemberName, TeamFile};
use envseal::testing::time::Moment;

use crate::log::commit;
use crate::support::{Run, TestEnv, write_identity};

pub(crate) fn member(name: &str) -> MemberName {
    MemberName::new(name).unwrap()
}

fn named(env: &str) -> EnvName {
    EnvName::new(env).unwrap()
}

/// Creates a person's identity. Returns it and the file that contains it.
pub(crate) fn person(env: &TestEnv, name: &str) -> (Identity, PathBuf) {
    let (identity, path) = (Identity::generate(), env.outside().join(format!("{name}.identity")));
    write_identity(&path, &identity);
    (identity, path)
}

/// Returns the keys of an environment in `.env.keys`, newest first.
fn keys(env: &TestEnv, variable: &str) -> Vec<PrivateKey> {
    env.private_key(variable).split(',').map(|key| PrivateKey::parse(key).unwrap()).collect()
}

pub(crate) fn team(env: &TestEnv) -> TeamFile {
    TeamFile::parse(&std::fs::read(env.path("envseal.toml")).unwrap_or_default()).unwrap()
}

/// Makes these people members. The first of them grants each access to `name`.
pub(crate) fn grant(env: &TestEnv, name: &str, variable: &str, people: &[(&str, &Identity)]) {
    let (mut team, key) = (team(env), keys(env, variable).remove(0));
    let by = (&member(people[0].0), people[0].1);
    for (who, identity) in people {
        team.put_member(&member(who), &identity.public());
        team.put_grant(GrantLine::make(&named(name), &key, (&member(who), &identity.public()), by));
    }
    env.write("envseal.toml", team.text());
}

/// Runs envseal as someone who has only an identity.
fn as_other<'a>(env: &'a TestEnv, arguments: &[&str], identity: &PathBuf) -> Run<'a> {
    let nowhere = env.outside().join("no.keys");
    std::fs::write(&nowhere, "").unwrap();
    env.envseal(&[&["-K", nowhere.to_str().unwrap()], arguments].concat()).var("ENVSEAL_IDENTITY", identity)
}

#[test]
fn all_files_get_the_new_key_and_nothing_else_changes() {
    let env = TestEnv::new();
    let (a, b) = (env.secret("a"), env.secret("b"));
    let text = format!(
        "#!/bin/env\r\n# ours\r\nexport A = {a} # one\r\nB='{b}'\r\nC=\"see $A\"\nPLAIN=1 # envseal: plain\nE=\n\n# end"
    );
    env.write_sealed(".env.production", &text);
    env.ok(&["set", "-q", &format!("D={a}"), "-f", ".env.production"]);
    env.write("sub/x", "");
    env.ok(&["set", "-q", &format!("A={b}"), "-f", "sub/.env.production"]);
    env.ok(&["set", "-q", "A=other", "-e", "staging"]);
    let staging = env.bytes(".env.staging");
    let files = [".env.production", "sub/.env.production"];
    let before = files.map(|file| env.read(file));
    let old = keys(&env, "ENVSEAL_PRIVATE_KEY_PRODUCTION").remove(0);
    let json = env.ok(&["get", "-e", "production"]);
    // Shows whether a value has its text as in a file, and what it may refer to.
    let decrypted = || files.map(|file| env.ok(&["decrypt", "--stdout", "-f", file]));
    let decrypted_before = decrypted();

    let said = env.envseal(&["key", "rotate", "-e", "production"]).ok_stderr();
    let new = keys(&env, "ENVSEAL_PRIVATE_KEY_PRODUCTION");
    assert_eq!(new.len(), 2);
    assert_eq!(new[1].public(), old.public());
    let (old_id, new_id) = (old.public().id(), new[0].public().id());
    let rotated = format!("Rotated production: key {old_id} → {new_id}; re-encrypted 5 values in 2 files\n");
    assert!(said.contains(&rotated), "{said}");
    assert!(said.ends_with("git add .env.production sub/.env.production envseal.toml && git commit\n"));

    assert_eq!(env.ok(&["get", "-e", "production"]), json);
    let with_new_key = |text: String| text.replace(&old.public().to_string(), &new[0].public().to_string());
    assert_eq!(decrypted(), decrypted_before.map(with_new_key));
    let sealed = regex::Regex::new("envseal:1:[A-Za-z0-9_-]+").unwrap();
    for (file, before) in files.into_iter().zip(before) {
        let after = env.read(file);
        assert!(sealed.find_iter(&before).all(|value| !after.contains(value.as_str())), "{after}");
        let around = |text: &str| sealed.replace_all(text, "…").into_owned();
        assert_eq!(around(&after), with_new_key(around(&before)));
    }
    let team = team(&env);
    let rotation = team.rotations(&named("production")).next().unwrap();
    assert!(rotation.is_proven_by(&old) && rotation.new == new[0].public());
    assert_eq!(env.bytes(".env.staging"), staging);
    assert!(!env.path(".git/envseal-journal").exists());
    assert_eq!(env.git(&["status", "--short", "-uall"]).matches(".envseal").count(), 0);

    // A second rotation: now there are three keys.
    env.ok(&["key", "rotate", "-f", ".env.production"]);
    assert_eq!(keys(&env, "ENVSEAL_PRIVATE_KEY_PRODUCTION").len(), 3);
    assert_eq!(env.ok(&["get", "-e", "production"]), json);
}

#[test]
fn several_environments_and_files_that_git_ignores() {
    let env = TestEnv::new();
    let secret = env.secret("a");
    env.write(".gitignore", ".env.keys\n.env\n");
    env.ok(&["set", "-q", &format!("A={secret}")]);
    env.ok(&["set", "-q", &format!("A={secret}"), "-e", "p"]);
    env.ok(&["key", "rotate", "-e", "default", "-e", "p", "-f", ".env"]);
    for variable in ["ENVSEAL_PRIVATE_KEY", "ENVSEAL_PRIVATE_KEY_P"] {
        assert_eq!(keys(&env, variable).len(), 2, "{variable}");
    }
    assert_eq!(env.ok(&["get", "A"]), format!("{secret}\n"));
    assert_eq!(env.ok(&["get", "A", "-e", "p"]), format!("{secret}\n"));
    // Wherever they are, those that are named are rotated with the rest.
    env.write(".gitignore", ".env.keys\n/one/\n/two/\n");
    for folder in ["one", "two"] {
        env.write(format!("{folder}/.env"), env.read(".env"));
    }
    let rotate = ["key", "rotate", "-f", ".env", "-f", "one/.env", "-f", "two/.env"];
    let said = env.envseal(&rotate).output().stderr;
    assert!(said.contains("Next: git add .env envseal.toml && git commit"), "{said}");
    for folder in ["one", "two"] {
        let key =
            |path: &str| env.read(path).lines().find(|line| line.contains("PUBLIC_KEY")).map(str::to_owned);
        assert_eq!(key(&format!("{folder}/.env")), key(".env"));
        assert_eq!(env.ok(&["get", "A", "-f", folder]), format!("{secret}\n"));
    }
}

#[test]
fn each_keys_file_gets_the_key_also_where_there_was_none() {
    let env = TestEnv::new();
    let secret = env.secret("a");
    env.ok(&["set", "-q", &format!("A={secret}")]);
    env.write("a/.env", env.read(".env"));
    env.write("a/b/.env", env.read(".env"));
    env.write("a/b/.env.keys", env.read(".env.keys"));
    env.ok(&["key", "rotate"]);
    for folder in [".", "a", "a/b"] {
        assert_eq!(env.ok(&["get", "A", "-f", folder]), format!("{secret}\n"));
    }
    // The key came only from a variable. The new key is written where all files find it.
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    std::fs::remove_file(env.path("a/b/.env.keys")).unwrap();
    env.envseal(&["key", "rotate", "-f", "a/b/.env"]).var("ENVSEAL_PRIVATE_KEY", &key).ok();
    let now = env.private_key("ENVSEAL_PRIVATE_KEY");
    assert!(now.ends_with(key.split(',').next().unwrap()) && now.matches("envseal-sk1-").count() == 2);
    for folder in [".", "a", "a/b"] {
        assert_eq!(env.ok(&["get", "A", "-f", folder]), format!("{secret}\n"));
    }
}

#[test]
fn values_of_older_keys_are_sealed_anew_or_left_and_told() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", &format!("A={}", env.secret("a")), &format!("B={}", env.secret("b"))]);
    let line_of = |name: &str| env.read(".env").lines().find(|l| l.starts_with(name)).unwrap().to_owned();
    let (old_a, old_keys) = (line_of("A="), env.private_key("ENVSEAL_PRIVATE_KEY"));
    env.ok(&["key", "rotate"]);
    // Someone restores an old line.
    let brought_back = env.read(".env").replace(&line_of("A="), &old_a);
    env.write(".env", &brought_back);
    let both = env.read(".env.keys");
    env.write(".env.keys", both.replace(&format!(",{old_keys}"), ""));
    let said = env.envseal(&["key", "rotate"]).ok_stderr();
    assert!(said.contains("note: .env:3 A was left unchanged: it is encrypted to key "), "{said}");
    assert_eq!(line_of("A="), old_a);
    env.fails(3, &["get", "A"]);
    // With that private key available, the value is re-encrypted.
    let now = env.private_key("ENVSEAL_PRIVATE_KEY");
    env.write(".env.keys", format!("ENVSEAL_PRIVATE_KEY={now},{old_keys}\n"));
    env.ok(&["key", "rotate"]);
    assert!(env.ok(&["get", "A"]).starts_with("canary-a-"));
}

#[test]
fn what_cannot_be_rotated_changes_nothing() {
    let outside = TestEnv::without_git();
    outside.write_sealed(".env", format!("A={}\n", outside.secret("a")));
    assert!(outside.refuses(4, &["key", "rotate"]).contains("git init"));

    let env = TestEnv::new();
    env.write_sealed(".env", format!("A={}\nB={}\n", env.secret("a"), env.secret("b")));
    env.write("sub/.env", env.read(".env"));
    let good = env.read("sub/.env");
    let swapped = good.replacen("B=", "X=", 1).replacen("A=", "B=", 1).replacen("X=", "A=", 1);
    for (bad, status, words) in [
        (swapped, 3, "sub/.env:4 B: "),
        (good.replace("A=envseal:1:", "A=envseal:1:A"), 3, "sub/.env:4 A: the sealed value "),
        (format!("{good}<<<<<<< ours\n=======\n>>>>>>> theirs\n"), 4, "merge-conflict"),
        (TestEnv::new_env_file(), 4, "one environment has one key"),
        (good.replace("ENVSEAL_PUBLIC_KEY=", "ENVSEAL_PUBLIC_KEY_X="), 4, "has ENVSEAL_PUBLIC_KEY_X"),
        (
            good.lines().filter(|l| !l.contains("PUBLIC_KEY")).map(|l| format!("{l}\n")).collect(),
            3,
            "is missing",
        ),
    ] {
        env.write("sub/.env", bad);
        let said = env.refuses(status, &["key", "rotate"]);
        assert!(said.contains(words), "{said}");
    }
    env.write("sub/.env", &good);
    assert!(
        env.fails(4, &["key", "rotate", "-e", "nope"]).contains("there is no env file of environment nope")
    );
    env.git(&["add", "-f", ".env.keys"]);
    assert!(env.refuses(3, &["key", "rotate"]).contains("tracked by git"));
    env.git(&["rm", "-q", "--cached", ".env.keys"]);
    let keys = env.read(".env.keys");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    assert!(env.refuses(3, &["key", "rotate"]).contains("no private key"));
    env.write(".env.keys", keys);
    env.write("envseal.toml", "[members]\nx = 1\n");
    assert!(env.refuses(4, &["key", "rotate"]).contains("members.x"));
    std::fs::remove_file(env.path("envseal.toml")).unwrap();
    env.ok(&["key", "rotate"]);
}

#[test]
fn grants_whose_proof_holds_are_made_anew_and_no_other() {
    let env = TestEnv::new();
    let secret = env.secret("a");
    env.ok(&["set", "-q", &format!("A={secret}"), "-e", "p"]);
    let ((alice, alice_file), (bob, bob_file), (mallory, mallory_file)) =
        (person(&env, "alice"), person(&env, "bob"), person(&env, "mallory"));
    grant(&env, "p", "ENVSEAL_PRIVATE_KEY_P", &[("alice", &alice), ("bob", &bob)]);
    let p = named("p");
    let mut file = team(&env);
    // Mallory, a member, signs a grant that claims to hold the key; zoe's grant holds another key, signed by alice.
    file.put_member(&member("mallory"), &mallory.public());
    let mut forged = GrantLine::make(
        &p,
        &PrivateKey::generate(),
        (&member("mallory"), &mallory.public()),
        (&member("mallory"), &mallory),
    );
    forged.key = keys(&env, "ENVSEAL_PRIVATE_KEY_P")[0].public();
    file.put_grant(forged);
    let strange = PrivateKey::generate();
    file.put_member(&member("zoe"), &mallory.public());
    file.put_grant(GrantLine::make(
        &p,
        &strange,
        (&member("zoe"), &mallory.public()),
        (&member("alice"), &alice),
    ));
    env.write("envseal.toml", file.text());

    // Only a member can make grants.
    let said = env.refuses(4, &["key", "rotate", "-e", "p"]);
    assert!(said.contains("you have no identity") && said.contains("envseal team request"), "{said}");
    let (_, stranger) = person(&env, "stranger");
    let said = env.envseal(&["key", "rotate", "-e", "p"]).var("ENVSEAL_IDENTITY", &stranger).refuses(4);
    assert!(said.contains("you (SHA256:") && said.contains(") are not one"), "{said}");

    let output = env.envseal(&["key", "rotate", "-e", "p"]).var("ENVSEAL_IDENTITY", &alice_file).output();
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(output.stderr.contains("Re-issued the grant of p for alice and bob\n"), "{}", output.stderr);
    for who in ["mallory", "zoe"] {
        assert!(
            output.stderr.contains(&format!("note: p: {who} no longer has access: ")),
            "{}",
            output.stderr
        );
    }
    let (file, new) = (team(&env), keys(&env, "ENVSEAL_PRIVATE_KEY_P").remove(0));
    assert_eq!(file.grants().iter().map(|line| line.member.as_str()).collect::<Vec<_>>(), ["alice", "bob"]);
    for line in file.grants() {
        assert_eq!(file.prove(line, &new), Ok(()));
        assert_eq!(line.by, member("alice"));
    }
    assert_eq!(as_other(&env, &["get", "A", "-e", "p"], &bob_file).ok(), format!("{secret}\n"));
    as_other(&env, &["get", "A", "-e", "p"], &mallory_file).fails(3);
    // Bob, who has only a grant, rotates. A keys file is created, git ignores it, and it contains both keys.
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let keep = format!("--keep=alice={}", alice.public().fingerprint());
    let rotate = ["key", "rotate", "-e", "p", &keep];
    env.envseal(&rotate).var("ENVSEAL_IDENTITY", &bob_file).ok();
    let both = keys(&env, "ENVSEAL_PRIVATE_KEY_P");
    assert!(both.len() == 2 && both[1].public() == new.public());
    env.git(&["check-ignore", "-q", ".env.keys"]);
    assert_eq!(as_other(&env, &["get", "A", "-e", "p"], &alice_file).ok(), format!("{secret}\n"));
}

#[test]
fn exposures_move_to_the_new_key_where_they_are_proven() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", &format!("A={}", env.secret("a")), "-e", "p"]);
    let (p, old, tags) = (named("p"), keys(&env, "ENVSEAL_PRIVATE_KEY_P").remove(0), TagKey::generate());
    let mut file = team(&env);
    put_tag_key(&mut file, &p, &old, &tags);
    let tag = tags.tag("p", "A", b"x");
    for (name, key) in [("A", &old), ("B", &PrivateKey::generate())] {
        let mut exposure = Exposure {
            env: p.clone(),
            member: member("bob"),
            name: name.into(),
            since: Moment { seconds: 1_767_323_045, offset: 0 },
            state: ExposureState::Exposed,
            tags: vec![tag],
            proof: tag,
            line: 0,
        };
        exposure.proof = exposure.proof_by(key);
        file.put_exposure(exposure);
    }
    env.write("envseal.toml", file.text());
    let output = env.envseal(&["key", "rotate", "-e", "p"]).output();
    assert!(output.stderr.contains("Moved 1 exposure record of p to the new key\n"), "{}", output.stderr);
    assert!(output.stderr.contains("the exposure of B to bob was left unchanged"), "{}", output.stderr);
    assert!(!output.stderr.contains("Recorded in envseal.toml"), "{}", output.stderr);
    let (file, new) = (team(&env), keys(&env, "ENVSEAL_PRIVATE_KEY_P").remove(0));
    assert_eq!(tag_key(&file, &p, &new).unwrap().tag("p", "A", b"x"), tag);
    assert!(tag_key(&file, &p, &old).is_none());
    let proven: Vec<_> = file.exposures().iter().map(|it| it.proof == it.proof_by(&new)).collect();
    assert_eq!(proven, [true, false]);
    assert!(file.exposures().iter().all(|it| it.tags == [tag] && it.state == ExposureState::Exposed));
}

#[test]
fn history_opens_with_what_was_granted_then_and_nothing_else_does() {
    let env = TestEnv::new();
    let (one, two, same) = (env.secret("one"), env.secret("two"), env.secret("same"));
    env.ok(&["set", "-q", &format!("A={one}"), &format!("S={same}"), "-e", "p"]);
    let ((alice, alice_file), (bob, bob_file)) = (person(&env, "alice"), person(&env, "bob"));
    grant(&env, "p", "ENVSEAL_PRIVATE_KEY_P", &[("alice", &alice), ("bob", &bob)]);
    commit(&env, 1, "one");
    let old_line = env.read(".env.p").lines().find(|l| l.starts_with("S=")).unwrap().to_owned();
    env.envseal(&["key", "rotate", "-e", "p"]).var("ENVSEAL_IDENTITY", &alice_file).ok();
    commit(&env, 2, "rotated");
    env.ok(&["set", "-q", &format!("A={two}"), "-e", "p"]);
    commit(&env, 3, "changed");
    let as_bob = |arguments: &[&str]| as_other(&env, arguments, &bob_file);
    as_bob(&["run", "-e", "p", "--", "sh", "-c", "test ${#A} -gt 3"]).ok();
    assert_eq!(as_bob(&["get", "A", "-e", "p"]).ok(), format!("{two}\n"));
    assert_eq!(as_bob(&["get", "A", "-e", "p", "--at", "HEAD~2"]).ok(), format!("{one}\n"));
    let log = crate::log::lines(&as_bob(&["log", "--json", "-e", "p"]).ok());
    assert!(log.contains(&"rotated .env.p S re-sealed".into()), "{log:?}");
    assert!(log.contains(&"rotated .env.p A re-sealed".into()), "{log:?}");
    assert!(log.contains(&"changed .env.p A changed".into()), "{log:?}");
    let diff = |range: [&str; 2]| as_bob(&["diff", "--json", range[0], range[1]]).ok();
    assert_eq!(diff(["HEAD~2", "HEAD~"]).matches("re-sealed").count(), 2);
    assert!(!diff(["HEAD~", "HEAD"]).contains("re-sealed"));
    // Without an identity, the log says less, but doesn't fail.
    let no_keys = env.outside().join("no.keys");
    let log = env.ok(&["-K", no_keys.to_str().unwrap(), "log", "--json", "-e", "p"]);
    assert!(!log.contains("re-sealed"));
    // `run` and `get` can't decrypt an old value that was restored, but `--reseal` re-encrypts it.
    let text = env.read(".env.p");
    let new_line = text.lines().find(|l| l.starts_with("S=")).unwrap();
    env.write(".env.p", text.replace(new_line, &old_line));
    as_bob(&["run", "-e", "p", "--", "true"]).fails(3);
    as_bob(&["get", "S", "-e", "p"]).fails(3);
    as_bob(&["encrypt", "--reseal", "-e", "p"]).ok();
    assert_eq!(as_bob(&["get", "S", "-e", "p"]).ok(), format!("{same}\n"));
    // A commit in which Mallory gives bob her own key: the grant in it does not match that key, so she gets no access.
    env.git(&["checkout", "-q", "-f", "-b", "side", "HEAD~2"]);
    // A commit that is not an ancestor of HEAD is decrypted with the grant in that commit.
    assert_eq!(as_bob(&["get", "A", "-e", "p", "--at", "main"]).ok(), format!("{two}\n"));
    let (mallory, mallory_file) = person(&env, "mallory");
    let mut file = team(&env);
    file.put_member(&member("bob"), &mallory.public());
    env.write("envseal.toml", file.text());
    commit(&env, 4, "mine");
    as_other(&env, &["get", "A", "-e", "p", "--at", "HEAD"], &mallory_file).fails(3);
}

#[cfg(unix)]
#[test]
fn a_linked_worktree_and_a_linked_file() {
    let env = TestEnv::new();
    let secret = env.secret("a");
    env.ok(&["set", "-q", &format!("A={secret}"), "-e", "p"]);
    commit(&env, 1, "one");
    let linked = env.outside().join("linked");
    env.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    std::fs::copy(env.path(".env.keys"), linked.join(".env.keys")).unwrap();
    std::fs::create_dir(linked.join("sub")).unwrap();
    std::os::unix::fs::symlink("../.env.p", linked.join("sub/.env.p")).unwrap();
    let here = env.bytes(".env.p");
    // From a folder further down. The file is rotated once, although it has two names.
    let said = env.envseal(&["key", "rotate", "-e", "p"]).dir(linked.join("sub")).ok_stderr();
    assert!(said.contains("re-encrypted 1 value in 1 file"), "{said}");
    assert!(linked.join("sub/.env.p").is_symlink());
    assert_eq!(env.envseal(&["get", "A", "-e", "p"]).dir(&linked).ok(), format!("{secret}\n"));
    assert_eq!(env.bytes(".env.p"), here, "the other worktree must not change");
    assert_eq!(env.ok(&["get", "A", "-e", "p"]), format!("{secret}\n"));
    // The target of a link out of the working tree can't be written together with the other files.
    std::fs::write(env.outside().join(".env.p"), std::fs::read(linked.join(".env.p")).unwrap()).unwrap();
    std::fs::remove_file(linked.join("sub/.env.p")).unwrap();
    std::os::unix::fs::symlink(env.outside().join(".env.p"), linked.join("sub/.env.p")).unwrap();
    let files =
        || [".env.p", ".env.keys", "envseal.toml"].map(|path| std::fs::read(linked.join(path)).unwrap());
    let before = files();
    env.envseal(&["key", "rotate", "-e", "p"]).dir(&linked).fails(4);
    assert_eq!(files(), before);
}

/// The key of a branch from before a rotation is refused, and the error says what to do.
#[cfg(unix)]
#[test]
fn a_branch_from_before_a_rotation() {
    let env = TestEnv::new();
    for (minute, name) in [(1, "FIRST"), (2, "SECOND")] {
        env.envseal(&["set", name, "-e", "production"]).stdin(env.secret("value")).ok();
        commit(&env, minute, name);
    }
    env.git(&["branch", "feature"]);
    env.ok(&["key", "rotate", "-q", "-e", "production"]);
    let id = commit(&env, 3, "rotated")[..12].to_owned();
    env.write("notes", "later");
    commit(&env, 4, "later");
    env.git(&["checkout", "-q", "feature"]);
    let refused = || env.envseal(&["set", "THIRD", "-e", "production"]).stdin(env.secret("third")).refuses(3);
    let expected = format!(
        "error: .env.production has the key of production from before its rotation: commit {id} (2026-01-02) replaced it, \
         and is not in this branch\n"
    );
    let hint = format!("\nhint: merge the rotation first: git merge {id}\n");
    let said = refused();
    assert!(said.starts_with(&expected) && said.ends_with(&hint), "{said}");
    assert!(said.contains("\n  anyone with the older key could read the new value\n"), "{said}");
    let told = env.envseal(&["doctor", "-e", "production"]).output();
    assert!(String::from_utf8_lossy(&told.stdout).contains("from before its rotation"), "{told:?}");
    // Without the older private key, the rotation in that commit can't be proven.
    let keys = env.bytes(".env.keys");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let said = refused();
    assert!(said.starts_with(&expected) && said.contains("could prove that rotation\n"), "{said}");
    assert!(
        said.ends_with(&format!("hint: see whether it is one, then merge it: git show {id}\n")),
        "{said}"
    );
    env.write(".env.keys", keys);
    crate::support::set_mode(env.path(".env.keys"), 0o600);
    // First only a remote branch contains it, then only a tag, then nothing.
    env.git(&["update-ref", "refs/remotes/origin/main", "main"]);
    env.git(&["branch", "-qD", "main"]);
    assert!(refused().ends_with(&hint));
    env.git(&["tag", "-a", "-m", "x", "kept", "origin/main"]);
    env.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    assert!(refused().ends_with(&hint));
    env.git(&["tag", "-d", "kept"]);
    let said = refused();
    assert!(said.contains("production's public key differs from the one this machine trusts"), "{said}");
    assert!(said.contains("no proven rotation in this clone leads from one to the other\n"), "{said}");
    // Do what the hint says.
    env.git(&["merge", "-q", &id]);
    env.envseal(&["set", "THIRD", "-e", "production"]).stdin(env.secret("third")).ok();
    // Where the rotation is known, restoring the old key does not look like an old branch.
    env.git(&["checkout", "-q", "HEAD~1", "--", ".env.production"]);
    env.git(&["commit", "-qam", "put back"]);
    let said = refused();
    assert!(!said.contains("from before its rotation"), "{said}");
}
