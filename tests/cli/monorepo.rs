//! One repository with many packages: folders in `-f`, one keys file above them all, and projects of their own.

use crate::support::{Start, TestEnv};

/// Creates two packages with one key pair for each environment, and all private keys in one file at the root.
fn packages() -> TestEnv {
    static START: Start = Start::new();
    TestEnv::copy_of(&START, |env| {
        for package in ["a", "b"] {
            env.write(format!("packages/{package}/package.json"), "{}");
            let file = format!("packages/{package}/.env.production");
            env.ok(&["set", "SHARED", package, "-f", &file]);
            env.ok(&["set", &package.to_uppercase(), "1", "-f", &file]);
            env.ok(&["set", "SHARED", &format!("{package}-default"), "-f", &format!("packages/{package}")]);
        }
    })
}

fn committed(env: &TestEnv) {
    env.git(&["add", "."]);
    env.git(&["commit", "-qm", "first"]);
}

fn keys(env: &TestEnv, path: &str) -> usize {
    env.read(path).matches("envseal-sk1-").count()
}

#[test]
fn one_keys_file_serves_every_package() {
    let env = packages();
    assert_eq!(keys(&env, ".env.keys"), 2, "one for each environment, not for each package");
    assert!(!env.path("packages/.env.keys").exists() && !env.path("packages/a/.env.keys").exists());
    for (dir, arguments) in [
        (".", &["get", "SHARED", "-f", "packages/a", "-e", "production"][..]),
        ("packages", &["get", "SHARED", "-f", "a", "-e", "production"]),
        ("packages/a", &["get", "SHARED", "-e", "production"]),
        ("packages/b", &["get", "SHARED", "-f", "../a", "-e", "production"]),
    ] {
        assert_eq!(env.envseal(arguments).dir(env.path(dir)).ok(), "a\n", "{dir}");
    }
}

#[test]
fn every_command_takes_several_folders() {
    let env = packages();
    let both = ["-f", "packages/a", "-f", "packages/b/", "-e", "production"];
    let with = |command: &[&str], end: &[&str]| env.ok(&[command, &both, end].concat());
    let shown = with(&["run"], &["--", "sh", "-c", "echo $SHARED$A$B"]);
    assert_eq!(shown, "a11\n", "the earlier folder wins");
    assert_eq!(with(&["run", "--overload"], &["--", "sh", "-c", "echo $SHARED$A$B"]), "b11\n");
    assert_eq!(with(&["get", "SHARED"], &[]), "a\n");
    let listed = with(&["ls"], &[]);
    assert!(listed.contains("packages/a/.env.production") && listed.contains("packages/b/.env.production"));
    assert_eq!(listed.lines().count(), 3, "{listed}");
    assert_eq!(with(&["key", "show"], &[]).matches("envseal-pk1-").count(), 2);
    assert_eq!(with(&["decrypt", "--stdout"], &[]).matches("SHARED=").count(), 2);
    with(&["set", "NEW", "1"], &[]);
    with(&["rename", "NEW", "NEWER"], &[]);
    with(&["unset", "NEWER"], &[]);
    // The only complaint is that this clone is not set up.
    let output = env.envseal(&[&["doctor", "--json"], &both[..]].concat()).output();
    let doctor: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let files = doctor["files"].as_array().unwrap();
    assert!(
        files.len() == 2 && files.iter().all(|file| file["troubles"] == serde_json::json!([])),
        "{doctor:#}"
    );
    assert_eq!((output.status, doctor["lacking"].as_array().unwrap().len()), (1, 1), "{doctor:#}");
    committed(&env);
    assert_eq!(with(&["blame", "--json"], &[]).matches("\"SHARED\"").count(), 2);
    assert_eq!(with(&["log", "--json"], &[]).matches("\"SHARED\"").count(), 2);
    with(&["set", "SHARED", "new"], &[]);
    assert_eq!(with(&["diff", "--json"], &[]).matches("\"SHARED\"").count(), 2);
    assert_eq!(with(&["get", "SHARED", "--at", "HEAD"], &[]), "a\n");
    with(&["key", "rotate"], &[]);
    assert_eq!(with(&["get", "SHARED"], &[]), "new\n");
    with(&["decrypt"], &[]);
    with(&["encrypt"], &[]);
    // Without -e, the command uses each folder's .env.
    let listed = env.ok(&["ls", "-f", "packages/a", "-f", "packages/b"]);
    assert!(listed.contains("packages/a/.env ") && listed.contains("packages/b/.env "), "{listed}");
}

#[test]
fn a_package_with_a_team_file_has_keys_of_its_own() {
    let env = packages();
    env.write("packages/own/envseal.toml", "");
    env.ok(&["set", "SHARED", "own", "-f", "packages/own", "-e", "production"]);
    let key = |package: &str| {
        let text = env.read(format!("packages/{package}/.env.production"));
        text.lines().find(|line| line.starts_with("ENVSEAL_PUBLIC_KEY_PRODUCTION=")).unwrap().to_owned()
    };
    assert_eq!(key("a"), key("b"));
    assert_ne!(key("a"), key("own"));
    // Both private keys are in the same keys file, under the same name.
    assert_eq!(keys(&env, ".env.keys"), 3);
    // A folder in that project belongs to it, and `ls` lists all projects.
    std::fs::create_dir(env.path("packages/own/deep")).unwrap();
    env.ok(&["set", "SHARED", "deep", "-f", "packages/own/deep", "-e", "production"]);
    assert_eq!(key("own/deep"), key("own"));
    assert_eq!(env.ok(&["ls", "-q"]).lines().count(), 7);
    let all = ["-f", "packages/own", "-f", "packages/a", "-e", "production"];
    assert_eq!(env.ok(&[&["get", "SHARED"], &all[..]].concat()), "own\n");
    assert_eq!(env.ok(&["get", "SHARED", "-C", "packages/b", "-e", "production"]), "b\n");
    // A rotation in one project leaves the others unchanged.
    committed(&env);
    let (a, own) = (key("a"), key("own"));
    env.ok(&["key", "rotate", "-f", "packages/own", "-e", "production"]);
    assert_eq!(key("a"), a);
    assert_ne!(key("own"), own);
    assert_eq!(env.ok(&[&["get", "SHARED"], &all[..]].concat()), "own\n");
    env.ok(&["key", "rotate", "-f", "packages/a", "-e", "production"]);
    assert_eq!(key("a"), key("b"), "a scope's files are rotated together");
    assert_eq!(env.ok(&["get", "SHARED", "-f", "packages/b", "-e", "production"]), "b\n");
    assert_eq!(env.ok(&[&["get", "SHARED"], &all[..]].concat()), "own\n");
}

#[test]
fn an_injected_key_opens_a_packages_file() {
    let env = packages();
    let key = env.private_key("ENVSEAL_PRIVATE_KEY_PRODUCTION");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let run = env.envseal(&["run", "--", "printenv", "SHARED"]).dir(env.path("packages/b"));
    assert_eq!(run.var("ENVSEAL_PRIVATE_KEY_PRODUCTION", &key).ok(), "b\n");
    let run = env.envseal(&["run", "-f", "packages/a", "--", "printenv", "SHARED"]);
    let run = run.var("ENVSEAL_PRIVATE_KEY_PRODUCTION", &key).var("ENVSEAL_ENV", "production");
    assert_eq!(run.ok(), "a\n");
}

#[test]
fn conventions_of_packages_go_together() {
    let env = packages();
    env.ok(&["set", "SHARED", "local", "-f", "packages/b/.env.local"]);
    let get = |folders: &[&str]| {
        let folders = folders.iter().flat_map(|folder| ["-f", folder]).collect::<Vec<_>>();
        let start = ["get", "SHARED", "--convention", "nextjs", "-e", "production"];
        env.ok(&[&start[..], &folders].concat())
    };
    assert_eq!(get(&["packages/a", "packages/b"]), "a\n");
    assert_eq!(get(&["packages/b", "packages/a"]), "local\n");
}

#[test]
fn a_submodule_is_a_repository_of_its_own() {
    let library = packages();
    committed(&library);
    let env = TestEnv::new();
    env.write(".env.keys", "");
    env.ok(&["set", "TOP", "1", "-e", "production"]);
    let submodule = env.add_submodule(library.repo(), "library");
    let get = |run: &[&str]| env.envseal(&[run, &["-e", "production"]].concat());
    // The keys file above belongs to another repository.
    let top = env.read(".env.keys");
    std::fs::copy(library.path(".env.keys"), env.path(".env.keys")).unwrap();
    let stderr = get(&["get", "SHARED", "-f", "library/packages/a"]).fails(3);
    assert!(stderr.contains(" or library/.env.keys\n"), "{stderr}");
    env.write(".env.keys", top);
    std::fs::copy(library.path(".env.keys"), submodule.join(".env.keys")).unwrap();
    assert_eq!(get(&["get", "SHARED", "-f", "library/packages/a"]).ok(), "a\n");
    assert_eq!(get(&["get", "TOP"]).dir(env.repo()).ok(), "1\n");
    // Both files at once, each with its own keys.
    let all = get(&["run", "-f", ".", "-f", "library/packages/b"]).arg("--").arg("sh");
    assert_eq!(all.arg("-c").arg("echo $TOP$SHARED").ok(), "1b\n");
    // The first `set` in the submodule uses the submodule's project, not the one above.
    let set = get(&["set", "NEW", "1"]).dir(submodule.join("packages/a"));
    set.ok();
    assert_eq!(env.read(".env.keys").matches("envseal-sk1-").count(), 1);
}
