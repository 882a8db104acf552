//! `envseal key list`.

use envseal::testing::config::EnvName;
use envseal::testing::crypto::{Identity, PrivateKey, Proof};
use envseal::testing::team::{Exposure, ExposureState, GrantLine, MemberName, TeamFile};
use envseal::testing::time::Moment;

use crate::support::TestEnv;

fn member(name: &str) -> MemberName {
    MemberName::new(name).unwrap()
}

/// Returns the list as JSON.
fn listed(env: &TestEnv, more: &[&str]) -> Vec<serde_json::Value> {
    let text = env.ok(&[&["key", "list", "--json"][..], more].concat());
    serde_json::from_str(&text).unwrap()
}

fn key_id(env: &TestEnv, name: &str) -> String {
    let key = env.ok(&["key", "show", "-e", name]);
    envseal::testing::crypto::PublicKey::parse(key.trim()).unwrap().id().to_string()
}

#[test]
fn a_line_for_every_environment() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1", "-e", "default,p"]);
    env.commit("first");
    // A file that is not committed, and a key without a file.
    env.ok(&["set", "A", "1", "-e", "q"]);
    let key = PrivateKey::generate();
    let line = format!("ENVSEAL_PRIVATE_KEY_GONE={}\n", key.to_text().expose());
    env.write(".env.keys", env.read(".env.keys") + &line);
    std::fs::remove_file(env.path(".env.q")).unwrap();
    env.write(".env.r", "A=1\n");
    let expected = format!(
        "ENVIRONMENT  KEY       PRIVATE KEY  GRANTED TO  SINCE       KEYS FILE       EXPOSED\n\
         default      {}  keys file    -           2026-01-02  .env.keys 0600  0\n\
         gone         {}  keys file    -           -           .env.keys 0600  0\n\
         p            {}  keys file    -           2026-01-02  .env.keys 0600  0\n",
        key_id(&env, "default"),
        key.public().id(),
        key_id(&env, "p"),
    );
    let found = env.ok(&["key", "list", "-e", "default", "-e", "p", "-e", "gone"]);
    assert_eq!(found, expected);
    let all: Vec<_> = listed(&env, &[]).iter().map(|row| row["environment"].to_string()).collect();
    assert_eq!(all, ["\"default\"", "\"gone\"", "\"p\"", "\"q\"", "\"r\""]);
    let r = &listed(&env, &["-e", "r"])[0];
    assert!(r["key"].is_null() && r["private"].is_null() && r["since"].is_null(), "{r}");
}

#[test]
fn the_json_has_stable_names() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1", "-e", "p"]);
    env.commit("first");
    env.lock_keys("x");
    let rows = listed(&env, &[]);
    assert_eq!(
        rows[0],
        serde_json::json!({
            "environment": "p",
            "files": [".env.p"],
            "key": key_id(&env, "p"),
            "public_key": env.ok(&["key", "show", "-e", "p"]).trim(),
            "private": { "place": "keys-file", "path": ".env.keys", "locked": true },
            "older_keys": [],
            "holders": [],
            "since": "2026-01-02T03:04:05+00:00",
            "since_is_cut": false,
            "keys_file": { "path": ".env.keys", "mode": "0600", "tracked": false, "refused": null },
            "exposures": 0,
        })
    );
    assert!(env.ok(&["key", "list"]).contains("keys file, locked"));
}

/// `key list` shows how a keys file is stored, even one that other commands refuse.
#[cfg(unix)]
#[test]
fn a_keys_file_that_git_tracks_and_others_can_read() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1"]);
    env.git(&["add", "-f", ".env.keys"]);
    crate::support::set_mode(env.path(".env.keys"), 0o644);
    let text = env.ok(&["key", "list"]);
    assert!(text.contains("keys file, refused") && text.contains(".env.keys 0644, tracked by git"), "{text}");
    let row = &listed(&env, &[])[0];
    assert_eq!(row["keys_file"]["tracked"], true);
    assert!(row["keys_file"]["refused"].as_str().unwrap().contains("is tracked by git"), "{row}");
}

/// The age is the public key's, not the file's.
#[test]
fn a_key_is_as_old_as_its_first_commit() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1"]);
    let commit = |date: &str| {
        env.git(&["add", "."]);
        env.program("git", &["commit", "-qm", "x"])
            .var("GIT_AUTHOR_DATE", date)
            .var("GIT_COMMITTER_DATE", date)
            .ok();
    };
    commit("2026-02-01T00:00:00Z");
    std::fs::remove_file(env.path(".env")).unwrap();
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    env.ok(&["key", "generate", "--force"]);
    assert_eq!(listed(&env, &[])[0]["since"], serde_json::Value::Null, "not committed yet");
    commit("2026-03-01T00:00:00Z");
    env.ok(&["set", "B", "1"]);
    commit("2026-04-01T00:00:00Z");
    assert_eq!(listed(&env, &[])[0]["since"], "2026-03-01T00:00:00+00:00");
}

#[test]
fn who_holds_a_key_and_what_is_exposed() {
    let env = TestEnv::new();
    env.ok(&["set", "A=1", "B=1", "-e", "p"]);
    let key = PrivateKey::parse(&env.private_key("ENVSEAL_PRIVATE_KEY_P")).unwrap();
    let (alice, bob, eve) = (Identity::generate(), Identity::generate(), Identity::generate());
    let p = EnvName::new("p").unwrap();
    let mut team = TeamFile::parse(b"").unwrap();
    for (name, identity) in [("alice", &alice), ("bob", &bob), ("eve", &eve)] {
        team.put_member(&member(name), &identity.public());
    }
    let by = (&member("alice"), &alice);
    team.put_grant(GrantLine::make(&p, &key, (&member("bob"), &bob.public()), by));
    // A grant of a key that is not the environment's, and one that was made for another member.
    let older = PrivateKey::generate();
    team.put_grant(GrantLine::make(&p, &older, (&member("alice"), &alice.public()), by));
    let mut stolen = GrantLine::make(&p, &key, (&member("bob"), &bob.public()), by);
    stolen.member = member("eve");
    team.put_grant(stolen);
    for (name, state) in
        [("A", ExposureState::Exposed), ("B", ExposureState::Unverified), ("C", ExposureState::Replaced)]
    {
        let mut exposure = Exposure {
            env: p.clone(),
            member: member("zed"),
            name: name.into(),
            since: Moment { seconds: 0, offset: 0 },
            state,
            tags: Vec::new(),
            proof: Proof::of_rotation("", &key, &key.public()),
            line: 0,
        };
        exposure.proof = exposure.proof_by(&key);
        team.put_exposure(exposure);
    }
    env.write("envseal.toml", team.text());
    let row = &listed(&env, &[])[0];
    assert_eq!(row["exposures"], 2, "a replaced value is no longer exposed");
    let holders: Vec<_> = row["holders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|h| (h["member"].to_string(), h["valid"].to_string()))
        .collect();
    let expected = [("alice", "false"), ("bob", "true"), ("eve", "false")];
    let quoted = expected.map(|(name, valid)| (format!("\"{name}\""), valid.to_owned()));
    assert_eq!(holders, quoted);
    let text = env.ok(&["key", "list"]);
    assert!(text.contains(&format!("alice (invalid: for another key: {})", older.public().id())), "{text}");
    assert!(text.contains("bob, eve (invalid: its signature is not valid"), "{text}");
}

#[test]
fn without_any_key_it_says_so() {
    let env = TestEnv::new();
    let output = env.envseal(&["key", "list"]).output();
    assert_eq!((output.status, &*output.stderr), (0, "No keys here; create one: envseal set NAME\n"));
    assert_eq!(env.ok(&["key", "list", "--json"]), "[]\n");
}
