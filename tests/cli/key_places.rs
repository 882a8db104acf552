//! Keys that are somewhere else than where they are looked for, and keys from before a rotation.

use crate::support::{TestEnv, write_script};
use crate::team::two_members;

/// Moves production's env file to an environment with another name.
fn rename_production(person: &crate::support::Person<'_>) {
    person.does(&["mv", ".env.production", ".env.prod"]);
    let text = person.read(".env.prod").replace("PUBLIC_KEY_PRODUCTION", "PUBLIC_KEY_PROD");
    person.write(".env.prod", text);
}

#[test]
fn after_a_rename_the_key_is_found_under_its_former_name() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    let url = alice.says(&["get", "URL", "-e", "production"]);
    rename_production(&alice);
    let fix = "in .env.keys, copy the line of ENVSEAL_PRIVATE_KEY_PRODUCTION and name the copy ENVSEAL_PRIVATE_KEY_PROD";
    let stderr = alice.fails(3, &["get", "URL", "-e", "prod"]);
    assert!(stderr.contains(fix), "{stderr}");
    let report = alice.json(&["doctor", "-e", "prod", "--json"]);
    assert_eq!(report["files"][0]["troubles"][0]["fix"], fix, "{report}");
    alice.write(".env.keys", alice.read(".env.keys").replace("KEY_PRODUCTION=", "KEY_PROD="));
    assert_eq!(alice.says(&["get", "URL", "-e", "prod"]), url);

    // Bob has the key by a grant, and nobody else can have it under the new name.
    rename_production(&bob);
    let stderr = bob.fails(3, &["get", "URL", "-e", "prod"]);
    assert!(stderr.contains("envseal key backup FILE && envseal key recover FILE"), "{stderr}");
    assert!(!stderr.contains("team approve"), "{stderr}");
    let report = bob.json(&["doctor", "-e", "prod", "--json"]);
    assert!(
        report.to_string().contains("key backup FILE") && !report.to_string().contains("team approve"),
        "{report}"
    );
    let backup = env.outside().join("backup").to_str().unwrap().to_owned();
    for action in ["backup", "recover"] {
        bob.run(env.envseal(&["key", action, &backup])).var("ENVSEAL_PASSPHRASE", "a passphrase").ok();
    }
    bob.write(".env.keys", bob.read(".env.keys").replace("KEY_PRODUCTION=", "KEY_PROD="));
    assert_eq!(bob.says(&["get", "URL", "-e", "prod"]), url);
}

/// A job can't request access: it needs the key that replaced the one it has.
#[test]
fn a_job_with_the_key_before_a_rotation_is_told_to_set_the_new_one() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "URL=value", "-e", "production"]);
    let old = env.private_key("ENVSEAL_PRIVATE_KEY_PRODUCTION");
    env.commit("start");
    env.ok(&["key", "rotate", "-q", "-e", "production"]);
    std::fs::rename(env.path(".env.keys"), env.outside().join("keys")).unwrap();
    let fix = "set ENVSEAL_PRIVATE_KEY_PRODUCTION to what this prints where the key is: envseal key show --private -e production";
    for arguments in [&["run", "-e", "production", "--", "true"][..], &["doctor", "-e", "production"]] {
        let output = env.envseal(arguments).var("ENVSEAL_PRIVATE_KEY_PRODUCTION", &old).output();
        let said = format!("{}{}", output.stderr, String::from_utf8_lossy(&output.stdout));
        assert!(
            output.status != 0 && said.contains(fix) && !said.contains("team request"),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn key_list_says_that_a_key_command_may_have_the_key() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "URL=value"]);
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let (command, log) = (env.outside().join("command"), env.outside().join("log"));
    write_script(&command, &format!("echo x >> {}; echo {key}", log.display()));
    let list = |arguments: &[&str]| env.envseal(arguments).var("ENVSEAL_KEY_COMMAND", &command).ok();
    assert!(list(&["key", "list"]).contains("unknown: key command"));
    let rows: serde_json::Value = serde_json::from_str(&list(&["key", "list", "--json"])).unwrap();
    assert_eq!(
        rows[0]["private"],
        serde_json::json!({"place": "key-command", "path": null, "locked": false})
    );
    assert!(!log.exists(), "listing runs no program");
    assert_eq!(list(&["get", "URL"]), "value\n");
    assert!(env.ok(&["key", "list"]).contains("none"));
}
