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
    assert_eq!(names(&env, &["get", "-f", "sub", "-f", ".env.b"]), "SUB__ENV _ENV_B");
    assert_eq!(names(&env, &["get", "-f", ".env.b", "-f", "sub"]), "_ENV_B SUB__ENV");
    assert_eq!(names(&env, &["get", "-C", "sub"]), "SUB__ENV");
    assert_eq!(names(&env, &["get", "-C", "sub", "-f", "../.env.b"]), "_ENV_B");
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
        env.refuses(4, &["set", "B", "1", "-f", two]);
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
        // A nearer keys file takes precedence, whatever it contains.
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
fn a_linked_worktree_shares_the_keys_of_the_main_one() {
    let env = TestEnv::new();
    let secret = env.secret("shared");
    env.envseal(&["set", "A", "-e", "p"]).stdin(&secret).ok();
    env.git(&["add", "."]);
    env.git(&["commit", "-qm", "one"]);
    let linked = env.outside().join("linked");
    env.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    std::fs::create_dir_all(linked.join("only/here")).unwrap();
    // A keys file above both worktrees belongs to neither.
    std::fs::write(env.outside().join(".env.keys"), "").unwrap();
    let there = |arguments: &[&str]| env.envseal(arguments).dir(&linked);
    let get = ["get", "A", "-e", "p"];
    assert_eq!(there(&get).ok(), format!("{secret}\n"));
    assert_eq!(there(&["run", "-e", "p", "--", "printenv", "A"]).ok(), format!("{secret}\n"));
    // A key that is created in the linked worktree is stored in the main one, because it must survive the linked one.
    let output = there(&["set", "B=1", "-f", "only/here/.env.new"]).output();
    let told = format!("the private key is in {}. ", env.path(".env.keys").display());
    assert!(output.stderr.contains(&told), "{}", output.stderr);
    there(&["key", "rotate", "-e", "p"]).ok();
    assert_eq!(there(&get).ok(), format!("{secret}\n"));
    assert_eq!(env.ok(&get), format!("{secret}\n"), "the branch here has the old key");
    assert!(!linked.join(".env.keys").exists() && !linked.join("only/here/.env.keys").exists());
    let keys = env.read(".env.keys");
    assert_eq!(keys.matches("envseal-sk1-").count(), 3, "{keys}");
    // The worktree's own keys file comes first, and the other is searched as well.
    std::fs::write(linked.join(".env.keys"), "# mine\n").unwrap();
    assert_eq!(there(&get).ok(), format!("{secret}\n"));
    there(&["set", "-q", "C=1", "-e", "later"]).ok();
    assert_eq!(std::fs::read_to_string(linked.join(".env.keys")).unwrap(), "# mine\n");
    assert!(env.read(".env.keys").contains("ENVSEAL_PRIVATE_KEY_LATER="));
    // Anyone can write a `.git` file, so a forged one gives no access.
    let forged = env.outside().join("forged");
    std::fs::create_dir(&forged).unwrap();
    for name in [".git", ".env.p"] {
        std::fs::copy(linked.join(name), forged.join(name)).unwrap();
    }
    env.envseal(&get).dir(&forged).fails(3);
    // The main worktree's index counts, whatever its version, and whatever git tells a hook of the linked one.
    env.git(&["add", "-f", ".env.keys"]);
    for version in ["2", "4"] {
        env.git(&["update-index", "--index-version", version]);
        let git_dir = env.path(".git/worktrees/linked");
        let in_hook = there(&get).var("GIT_INDEX_FILE", git_dir.join("index")).var("GIT_DIR", git_dir);
        for get in [there(&get), in_hook] {
            let stderr = get.fails(3);
            assert!(stderr.contains(".env.keys is tracked by git"), "{stderr}");
        }
    }
    env.git(&["rm", "-q", "--cached", ".env.keys"]);
    env.git(&["worktree", "remove", "--force", linked.to_str().unwrap()]);
    assert!(env.read(".env.keys").contains("ENVSEAL_PRIVATE_KEY_NEW="));
}

#[test]
fn worktrees_of_a_bare_repository_share_the_keys_in_the_folder_above() {
    let env = TestEnv::without_git();
    env.git(&["init", "-q", "--bare", "-b", "main", ".git"]);
    let commit = env.git(&["commit-tree", "-m", "empty", env.git(&["mktree"]).trim()]);
    env.git(&["branch", "main", commit.trim()]);
    env.git(&["worktree", "add", "-q", "main"]);
    env.envseal(&["set", "-q", "A=1"]).dir(env.path("main")).ok();
    assert_eq!(env.read("main/.gitignore"), ".env.keys\n");
    assert!(env.path(".env.keys").exists() && !env.path("main/.env.keys").exists());
    env.program("git", &["add", "."]).dir(env.path("main")).ok();
    env.program("git", &["commit", "-qm", "one"]).dir(env.path("main")).ok();
    env.git(&["worktree", "add", "-q", "-b", "side", "side"]);
    assert_eq!(env.envseal(&["get", "A"]).dir(env.path("side")).ok(), "1\n");
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
fn a_tracked_keys_file_is_refused_however_it_is_named() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    env.git(&["add", "-f", ".env.keys"]);
    for how in [&["get", "A", "-K", ".env.keys"][..], &["set", "-K", ".env.keys", "B=1", "-e", "new"]] {
        let stderr = env.fails(3, how);
        assert!(stderr.contains(".env.keys is tracked by git"), "{stderr}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(env.path(".env.keys"), env.outside().join("link")).unwrap();
        let link = env.outside().join("link");
        for how in [
            env.envseal(&["get", "A", "-K", link.to_str().unwrap()]),
            env.envseal(&["get", "A"]).var("ENVSEAL_KEYS_FILE", &link),
        ] {
            let stderr = how.fails(3);
            assert!(stderr.contains("is tracked by git"), "{stderr}");
        }
    }
    // With a key from stdin or from a variable, the file isn't needed.
    let text = std::fs::read(env.path(".env.keys")).unwrap();
    assert_eq!(env.envseal(&["get", "A", "-K", "-"]).stdin(text).ok(), "1\n");
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    assert_eq!(env.envseal(&["get", "A"]).var("ENVSEAL_PRIVATE_KEY", key).ok(), "1\n");
}

#[test]
#[cfg(unix)]
fn no_command_writes_to_a_keys_file_of_another_user() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    if std::os::unix::fs::chown(env.path(".env.keys"), Some(65_534), None).is_err() {
        eprintln!("skipped: only root can give a file away");
        return;
    }
    for named in [&[][..], &["-K", ".env.keys"]] {
        let stderr = env.refuses(3, &[named, &["set", "B=1", "-e", "new"]].concat());
        assert!(stderr.contains("hint: if you trust it: sudo chown \"$(id -u)\" "), "{stderr}");
    }
}

#[test]
fn a_named_keys_file_that_is_broken_is_an_error() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    env.write("bad.keys", "# mine\nENVSEAL_PRIVATE_KEY=envseal-sk1-nonsense\n");
    let stderr = env.fails(3, &["get", "A", "-K", "bad.keys"]);
    assert!(stderr.contains("bad.keys:2") && !stderr.contains("nonsense"), "{stderr}");
}
