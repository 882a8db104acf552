//! `-e`, `-f`, `-C`, `-K` and where keys are found.

use crate::support::TestEnv;

fn names(env: &TestEnv, arguments: &[&str]) -> String {
    let json = env.ok(arguments);
    let names = json.lines().filter_map(|line| line.trim_start().strip_prefix('"')?.split('"').next());
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_folder_is_where_environments_are_looked_for() {
    let env = TestEnv::new();
    for path in [".env", ".env.b", "sub/.env", "sub/.env.b", "other/b.env", "odd/.env.Prod"] {
        env.write(path, format!("{}=1\n", path.replace(['/', '.'], "_").to_uppercase()));
    }
    assert_eq!(names(&env, &["get"]), "_ENV");
    assert_eq!(names(&env, &["get", "-f", "sub"]), "SUB__ENV");
    assert_eq!(names(&env, &["get", "-f", "sub/", "-f", "."]), "SUB__ENV _ENV");
    assert_eq!(names(&env, &["get", "-f", "sub", "-e", "b"]), "SUB__ENV_B");
    assert_eq!(names(&env, &["get", "-e", "b", "-f", "sub"]), "SUB__ENV_B");
    assert_eq!(names(&env, &["get", "-f", "other", "-e", "b"]), "OTHER_B_ENV");
    assert_eq!(names(&env, &["get", "-f", "odd", "-e", "prod"]), "ODD__ENV_PROD");
    assert_eq!(names(&env, &["get", "-e", "B", "-e", "default"]), "_ENV_B _ENV");
    assert_eq!(names(&env, &["get", "-C", "sub"]), "SUB__ENV");
    assert_eq!(names(&env, &["get", "-C", "sub", "-f", "../.env.b"]), "_ENV_B");
}

#[test]
fn a_folder_beside_a_file_is_not_forgotten() {
    let env = TestEnv::new();
    env.write(".env.b", "B=1\n");
    env.write("sub/.env", "S=1\n");
    assert_eq!(names(&env, &["get", "-f", "sub", "-f", ".env.b"]), "S B");
    assert_eq!(names(&env, &["get", "-f", ".env.b", "-f", "sub"]), "B S");
}

#[test]
fn names_that_are_no_environment() {
    let env = TestEnv::new();
    for name in ["", "../x", "a/b", "a=b", ".x", "x."] {
        let stderr = env.fails(2, &["get", "-e", name]);
        assert!(stderr.contains("isn't a valid environment name"), "{stderr}");
    }
    for path in [".env.keys", ".env.example", ".env.default", "notes.txt"] {
        env.write(path, "A=1\n");
        let output = env.envseal(&["get", "-f", path]).output();
        assert!(matches!(output.status, 2 | 4), "{path}: {}", output.stderr);
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn files_that_fold_to_one_key_name_are_refused_side_by_side() {
    for (one, two) in [(".env.a.b", ".env.a_b"), (".env.x", "x.env"), (".env.X", ".env.x")] {
        let env = TestEnv::new();
        env.write(one, "A=1\n");
        env.write(two, "B=1\n");
        for path in [one, two] {
            let stderr = env.fails(4, &["get", "-f", path]);
            assert!(stderr.contains(one) && stderr.contains(two), "{stderr}");
            env.fails(4, &["encrypt", "-f", path]);
        }
    }
}

#[test]
fn the_keys_file_is_looked_for_up_to_the_git_root() {
    let env = TestEnv::new();
    env.write_sealed("a/b/.env", "A=1\n");
    let here = env.path("a/b/.env.keys");
    std::fs::rename(env.path(".env.keys"), &here).unwrap();
    let get = ["get", "A", "-f", "a/b/.env"];
    for place in ["a/.env.keys", ".env.keys"] {
        std::fs::copy(&here, env.path(place)).unwrap();
        let aside = env.path("a/b/aside");
        std::fs::rename(&here, &aside).unwrap();
        assert_eq!(env.ok(&get), "1\n", "{place}");
        // A nearer one hides it, whatever it holds.
        env.write("a/b/.env.keys", "");
        env.fails(3, &get);
        std::fs::remove_file(&here).unwrap();
        std::fs::rename(&aside, &here).unwrap();
        std::fs::remove_file(env.path(place)).unwrap();
    }
    std::fs::rename(&here, env.outside().join(".env.keys")).unwrap();
    env.fails(3, &get);
    assert_eq!(env.ok(&["get", "A", "-f", "a/b/.env", "-K", "../.env.keys"]), "1\n");
}

#[test]
fn outside_git_only_beside_the_file() {
    let env = TestEnv::without_git();
    env.write_sealed("a/.env", "A=1\n");
    assert_eq!(env.ok(&["get", "A", "-f", "a/.env"]), "1\n");
    std::fs::rename(env.path("a/.env.keys"), env.path(".env.keys")).unwrap();
    let stderr = env.fails(3, &["get", "A", "-f", "a/.env"]);
    assert!(stderr.contains(" or a/.env.keys\n"), "{stderr}");
}

#[test]
fn a_tracked_keys_file_is_refused_unless_named() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    env.git(&["add", "-f", ".env.keys"]);
    for arguments in [&["get", "A"][..], &["run", "--", "touch", "started"], &["decrypt"]] {
        let stderr = env.fails(3, arguments);
        assert!(stderr.contains(".env.keys is tracked by git"), "{stderr}");
    }
    assert!(!env.path("started").exists());
    assert_eq!(env.ok(&["get", "A", "-K", ".env.keys"]), "1\n");
    // An injected key makes the file needless.
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    assert_eq!(env.envseal(&["get", "A"]).var("ENVSEAL_PRIVATE_KEY", key).ok(), "1\n");
}

#[test]
#[cfg(unix)]
fn a_keys_file_of_another_user_is_refused_unless_named() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    if std::os::unix::fs::chown(env.path(".env.keys"), Some(65_534), None).is_err() {
        eprintln!("skipped: only root can give a file away");
        return;
    }
    let stderr = env.fails(3, &["run", "--", "true"]);
    assert!(stderr.contains(".env.keys belongs to another user") && stderr.contains("-K "), "{stderr}");
    assert_eq!(env.ok(&["get", "A", "-K", ".env.keys"]), "1\n");
}

#[test]
fn a_named_keys_file_that_is_missing_or_broken_is_an_error() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let stderr = env.fails(4, &["get", "A", "-K", "nowhere.keys"]);
    assert!(stderr.contains("nowhere.keys"), "{stderr}");
    env.write("bad.keys", "# mine\nENVSEAL_PRIVATE_KEY=envseal-sk1-nonsense\n");
    let stderr = env.fails(3, &["get", "A", "-K", "bad.keys"]);
    assert!(stderr.contains("bad.keys:2") && !stderr.contains("nonsense"), "{stderr}");
}

#[test]
fn what_a_file_says_never_steers_envseal() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    env.write(".env", format!("{}ENVSEAL_PRIVATE_KEY={key}\n", env.read(".env")));
    env.fails(3, &["get", "A"]);
    env.fails(3, &["run", "--", "touch", "started"]);
    assert!(!env.path("started").exists());
}
