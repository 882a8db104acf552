//! `envseal get --at`.

use crate::log::commit;
use crate::support::TestEnv;

#[test]
fn a_value_of_then_with_a_key_of_then() {
    let env = TestEnv::new();
    let (old, new) = (env.secret("old"), env.secret("new"));
    env.write_sealed(".env", format!("A={old}\nB=\"see $A\"\n"));
    commit(&env, 1, "one");
    let old_key = env.private_key("ENVSEAL_PRIVATE_KEY");
    env.ok(&["key", "rotate"]);
    let keys = env.private_key("ENVSEAL_PRIVATE_KEY");
    let (new_key, _) = keys.split_once(',').unwrap();
    env.ok(&["set", "A", &new]);
    commit(&env, 2, "two");
    assert_eq!(env.ok(&["get", "A"]), format!("{new}\n"));
    assert_eq!(env.ok(&["get", "A", "--at", "HEAD~"]), format!("{old}\n"));
    assert_eq!(env.ok(&["get", "B", "--at", "HEAD~1", "--format", "raw"]), format!("see {old}"));
    assert_eq!(env.ok(&["get", "A", "--at", "HEAD", "--json"]), format!("{{\n  \"A\": \"{new}\"\n}}\n"));
    assert!(env.ok(&["get", "--at", "HEAD~", "--format", "shell"]).contains(&format!("export A='{old}'")));
    // Only the keys file is needed.
    std::fs::remove_file(env.path(".env")).unwrap();
    assert_eq!(env.ok(&["get", "A", "--at", "HEAD~"]), format!("{old}\n"));
    // Injected keys are enough, also older ones after a comma.
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let get = |keys: &str| {
        env.envseal(&["get", "A", "--at", "HEAD~", "-f", ".env"]).var("ENVSEAL_PRIVATE_KEY", keys)
    };
    assert_eq!(get(&format!("{new_key},{old_key}")).ok(), format!("{old}\n"));
    assert!(get(new_key).fails(3).contains("no private key"));
    let bare = env.outside().join("bare.git");
    env.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    get(&old_key).dir(&bare).fails(4);
    // A bare repository is used if GIT_DIR names it, as it does for a hook.
    assert_eq!(get(&old_key).dir(&bare).var("GIT_DIR", ".").ok(), format!("{old}\n"));
    // An older key decrypts nothing in the current file.
    env.write(".env.keys", format!("ENVSEAL_PRIVATE_KEY={old_key}\n"));
    env.git(&["checkout", "-q", "--", ".env"]);
    env.fails(3, &["get", "A"]);
}

#[test]
fn the_path_of_today_or_of_then() {
    let env = TestEnv::new();
    let value = env.secret("value");
    env.write_sealed(".env.prod", format!("A={value}\nB=1\nC=2\n"));
    commit(&env, 1, "one");
    std::fs::create_dir(env.path("deep dir")).unwrap();
    env.git(&["mv", ".env.prod", "deep dir/.env.prod"]);
    commit(&env, 2, "moved");
    env.git(&["mv", "deep dir/.env.prod", ".env.production"]);
    let keys = env.read(".env.keys").replace("_PROD=", "_PRODUCTION=");
    env.write(".env.keys", keys);
    env.write(".env.production", env.read(".env.production").replace("_PROD=", "_PRODUCTION="));
    commit(&env, 3, "renamed");
    for revision in ["HEAD", "HEAD~1", "HEAD~2"] {
        assert_eq!(
            env.ok(&["get", "A", "-e", "production", "--at", revision]),
            format!("{value}\n"),
            "{revision}"
        );
    }
    assert_eq!(env.ok(&["get", "A", "-e", "prod", "--at", "HEAD~2"]), format!("{value}\n"));
    assert_eq!(env.ok(&["get", "A", "-f", "deep dir/.env.prod", "--at", "HEAD~"]), format!("{value}\n"));
    let stderr = env.refuses(4, &["get", "A", "-e", "nope", "--at", "HEAD~2"]);
    assert!(stderr.contains(".env.nope is not in HEAD~2") && stderr.contains("-f .env.prod"), "{stderr}");
    env.refuses(4, &["get", "A", "-e", "production", "--at", "nope"]);
    assert!(env.refuses(4, &["get", "a", "-e", "production", "--at", "HEAD~"]).contains("did you mean A?"));
    // From a subfolder of a linked worktree.
    let linked = env.outside().join("linked");
    env.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "HEAD"]);
    std::fs::create_dir(linked.join("x")).unwrap();
    let keys = env.path(".env.keys");
    let arguments = ["get", "A", "-f", "../.env.production", "--at", "HEAD~2", "-K", keys.to_str().unwrap()];
    assert_eq!(env.envseal(&arguments).dir(linked.join("x")).ok(), format!("{value}\n"));
}

#[test]
fn a_folder_that_was_there_then() {
    let env = TestEnv::new();
    env.write("services/api/.env.production", "A=1\n");
    env.write("services/api/.env", "A=2\n");
    env.write("services/web/.env", "A=3\n");
    env.write(".env", "A=4\n");
    commit(&env, 1, "one");
    std::fs::create_dir(env.path("apps")).unwrap();
    env.git(&["mv", "services/api", "apps/api"]);
    commit(&env, 2, "moved");
    for folder in ["services/api", "apps/api"] {
        let get = |more: &[&str]| env.ok(&[&["get", "A", "--at", "HEAD~", "-f", folder], more].concat());
        assert_eq!((get(&["-e", "production"]), get(&[])), ("1\n".into(), "2\n".into()));
    }
    // A file of another project is no answer.
    let said = env.fails(4, &["get", "A", "--at", "HEAD", "-f", "services/api", "-e", "production"]);
    assert!(said.starts_with("error: services/api/.env.production is not in HEAD\n"), "{said}");
    assert!(said.contains("git ls-tree"), "{said}");
    // The environment's file may have had its other name.
    env.git(&["mv", ".env", "staging.env"]);
    commit(&env, 3, "two");
    env.git(&["rm", "-q", "staging.env"]);
    assert_eq!(env.ok(&["get", "A", "-e", "staging", "--at", "HEAD"]), "4\n");
}

#[test]
fn what_run_refuses_is_refused_then_too() {
    let env = TestEnv::new();
    env.write(".env", "<<<<<<< x\nA=1\n=======\nA=2\n>>>>>>> y\n");
    commit(&env, 1, "conflict");
    env.write_sealed(".env", format!("A={}\n", env.secret("a")));
    commit(&env, 2, "sealed");
    let text = env.read(".env");
    env.write(".env", text.replace("A=", "B="));
    commit(&env, 3, "moved to another name");
    assert!(env.fails(4, &["get", "A", "--at", "HEAD~2"]).contains("merge"));
    assert!(env.fails(3, &["get", "B", "--at", "HEAD"]).contains("encrypted for another name"));
}

#[test]
fn the_other_file_is_named_as_it_is_pasted_here() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A", &env.secret("a")]);
    commit(&env, 1, "one");
    env.write("my app/x", "");
    let here = env.path("my app");
    let said = env.envseal(&["get", "A", "--at", "HEAD"]).dir(&here).fails(4);
    assert_eq!(said, "error: my app/.env is not in HEAD\nhint: it has another one: -f ../.env\n");
    let value = env.envseal(&["get", "A", "--at", "HEAD", "-f", "../.env"]).dir(&here).ok();
    assert_eq!(value, env.ok(&["get", "A"]));
}
