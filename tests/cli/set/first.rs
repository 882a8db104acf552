//! The first value of an environment: file, key pair, ignore rules.

use std::path::Path;

use crate::support::{TestEnv, contains_all};

#[test]
fn it_says_what_it_made() {
    let env = TestEnv::new();
    let output = env.envseal(&["set", "A", "1", "-e", "production"]).output();
    let id = env.ok(&["ls", "--json"]).split("\"key\": \"").nth(1).unwrap()[..8].to_owned();
    assert_eq!(
        output.stderr,
        format!(
            "Added the keys file to .gitignore\n\
             Created a key pair; the private key is in .env.keys. Back it up: envseal key backup FILE\n\
             Created .env.production, a new environment\n\
             Encrypted A in .env.production (key {id})\n"
        )
    );
    assert_eq!((output.status, output.stdout), (0, Vec::new()));
    let text = env.read(".env.production");
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("# "));
    assert!(lines.next().unwrap().starts_with("ENVSEAL_PUBLIC_KEY_PRODUCTION=envseal-pk1-"));
    assert!(
        lines.next().unwrap().starts_with("A=envseal:1:") && lines.next().is_none() && text.ends_with('\n')
    );
    let keys = env.read(".env.keys");
    assert!(keys.contains("\nENVSEAL_PRIVATE_KEY_PRODUCTION=envseal-sk1-") && keys.ends_with('\n'), "{keys}");
}

#[test]
fn quiet_says_nothing() {
    let env = TestEnv::new();
    let output = env.envseal(&["set", "A", "1", "-q"]).output();
    assert_eq!((output.status, output.stderr, output.stdout), (0, String::new(), Vec::new()));
}

#[test]
fn into_a_plaintext_file_the_header_comes_on_top_and_the_rest_stays() {
    let env = TestEnv::new();
    let new = env.secret("new");
    for rest in ["A=1\nB=2\n", "# c\r\n\r\nexport A = 'x' # d\r\nB: 2\r\n", "\n\nA=1\nB=2", "Z='a\nb'\nA=1"] {
        env.write(".env", rest);
        env.ok(&["set", "A", &new]);
        let text = env.read(".env");
        let eol = if rest.contains("\r\n") { "\r\n" } else { "\n" };
        let (header, body) = text.split_once(&format!("{eol}{eol}")).unwrap();
        assert_eq!(header.matches(eol).count(), 1, "{header}");
        let (before, after) = body.split_once("envseal:1:").unwrap();
        let after = &after[after.find([' ', '\r', '\n']).unwrap_or(after.len())..];
        let value = if rest.contains("'x'") { "'x'" } else { "1" };
        assert_eq!(format!("{before}{value}{after}"), rest);
        assert_eq!(env.ok(&["get", "A"]), format!("{new}\n"));
        std::fs::remove_file(env.path(".env")).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn the_keys_file_is_the_owners_alone_and_never_widened() {
    use std::os::unix::fs::PermissionsExt;
    let env = TestEnv::new();
    let mode = || std::fs::metadata(env.path(".env.keys")).unwrap().permissions().mode() & 0o777;
    env.ok(&["set", "A", "1"]);
    assert_eq!(mode(), 0o600);
    crate::support::set_mode(env.path(".env.keys"), 0o400);
    let before = env.snapshot();
    let stderr = env.fails(4, &["set", "A", "1", "-e", "b"]);
    assert!(
        stderr.contains(".env.keys: it is read-only\nhint: if you mean to change it: chmod u+w "),
        "{stderr}"
    );
    assert_eq!(env.snapshot(), before);
}

#[test]
fn docker_ignores_the_keys_file_where_there_is_a_dockerfile() {
    let env = TestEnv::new();
    env.write("Dockerfile", "");
    env.write(".dockerignore", "target");
    env.write("app/web.Dockerfile", "");
    env.write("app/.env.keys", "");
    env.ok(&["set", "A", "1", "-f", "app/.env"]);
    assert_eq!(env.read(".dockerignore"), "target\n.env.keys\n**/.env.keys\n");
    assert_eq!(env.read("app/.dockerignore"), ".env.keys\n**/.env.keys\n");
    env.ok(&["set", "A", "1", "-f", "app/.env.b"]);
    assert_eq!(env.read("app/.dockerignore"), ".env.keys\n**/.env.keys\n");
    let other = TestEnv::new();
    other.ok(&["set", "A", "1"]);
    assert!(!other.path(".dockerignore").exists());
}

#[test]
fn a_tracked_keys_file_is_refused_and_nothing_written() {
    let env = TestEnv::new();
    env.write(".env.keys", "# mine\n");
    env.git(&["add", ".env.keys"]);
    let before = env.snapshot();
    let stderr = env.fails(3, &["set", "A", "1"]);
    contains_all(&stderr, &[".env.keys is tracked by git", "hint: git rm --cached "]);
    assert_eq!(env.snapshot(), before);
    // It is still tracked, although it was deleted from the folder.
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    env.fails(3, &["set", "A", "1"]);
    assert_eq!(env.snapshot(), []);
}

#[test]
fn a_rule_that_takes_the_keys_file_back_in_is_refused() {
    for (path, rules) in [
        (".gitignore", ".env.keys\n!.env.keys\n"),
        ("p/.gitignore", "!.env.keys\n"),
        ("p/.gitignore", "!.env*\n"),
    ] {
        let env = TestEnv::new();
        env.write("p/.env.keys", "");
        env.write(path, rules);
        let before = env.snapshot();
        let stderr = env.fails(4, &["set", "A", "1", "-f", "p/.env"]);
        assert!(stderr.contains("git does not ignore "), "{stderr}");
        assert_eq!(env.snapshot(), before, "{path}");
    }
}

#[test]
fn a_keys_file_with_other_environments_is_kept_byte_for_byte() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1", "-e", "one"]);
    let before = env.read(".env.keys") + "# mine\r\nexport OTHER='x' # y";
    env.write(".env.keys", &before);
    env.ok(&["set", "A", "1", "-e", "two"]);
    let after = env.read(".env.keys");
    assert!(after.starts_with(&before), "{after}");
    assert_eq!(env.ok(&["get", "A", "-e", "one"]) + &env.ok(&["get", "A", "-e", "two"]), "1\n1\n");
    assert_eq!(env.read(".gitignore"), ".env.keys\n");
}

#[test]
fn a_keys_file_in_a_parent_folder_is_used() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1", "-e", "one"]);
    env.write("a/b/x", "");
    env.envseal(&["set", "A", "2", "-e", "two"]).dir(env.path("a/b")).ok();
    assert!(!env.path("a/b/.env.keys").exists() && env.read(".env.keys").contains("_TWO=envseal-sk1-"));
    assert_eq!(env.ok(&["get", "A", "-f", "a/b/.env.two"]), "2\n");
}

#[test]
fn the_first_key_is_kept_at_the_projects_root() {
    let env = TestEnv::new();
    let secret = env.secret("one");
    env.write("packages/api/envseal.toml", "");
    env.write("packages/old/.env.keys", "");
    let set = |path: &str| {
        env.write(Path::new(path).with_file_name("x"), "");
        env.envseal(&["set", "A", "-q", "-f", path]).stdin(&secret).ok();
    };
    for (path, keys_file) in [
        ("packages/api/src/.env.one", "packages/api/.env.keys"),
        ("packages/old/.env.two", "packages/old/.env.keys"),
        ("packages/web/.env.three", ".env.keys"),
    ] {
        set(path);
        assert_eq!(env.read(keys_file).matches("envseal-sk1-").count(), 1, "{keys_file}");
    }
    assert!(!env.git(&["status", "--porcelain", "-uall"]).contains("keys"));
    // A folder beside it uses the environment's key, and can decrypt with it.
    set("packages/worker/.env.three");
    assert_eq!(env.ok(&["get", "A", "-f", "packages/worker/.env.three"]), format!("{secret}\n"));
}

#[test]
fn a_named_keys_file_is_made_and_taken_as_given() {
    let env = TestEnv::new();
    let keys = env.outside().join("my.keys");
    let keys = keys.to_str().unwrap();
    env.ok(&["set", "A", "1", "-K", keys]);
    assert!(!env.path(".env.keys").exists() && !env.outside().join(".gitignore").exists());
    assert_eq!(env.ok(&["get", "A", "--keys-file", keys]), "1\n");
    env.fails(3, &["get", "A"]);
    env.ok(&["set", "A", "1", "-e", "b", "-K", "b.keys"]);
    assert_eq!(env.read(".gitignore"), ".env.keys\nb.keys\n");
    assert!(
        env.fails(4, &["get", "A", "-e", "b", "-K", "none.keys"]).contains("none.keys: it does not exist")
    );
}

#[test]
fn a_second_environment_has_a_key_of_its_own() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1"]);
    env.ok(&["set", "A", "1", "-e", "production"]);
    let keys = (env.ok(&["key", "show"]), env.ok(&["key", "show", "-e", "production"]));
    assert_ne!(keys.0, keys.1);
}

#[test]
fn the_same_environment_in_another_folder_takes_its_key() {
    let env = TestEnv::new();
    let secret = env.secret("b");
    env.ok(&["set", "A", "1", "-e", "production"]);
    let before = env.bytes(".env.keys");
    let keys_away = env.outside().join("keys");
    std::fs::rename(env.path(".env.keys"), &keys_away).unwrap();
    env.write("packages/web/x", "");
    let output = env.envseal(&["set", "B", &secret, "-f", "packages/web/.env.production"]).output();
    let said: Vec<_> = output
        .stderr
        .lines()
        .map(|line| line.split(" (key ").next().unwrap().split(" key ").next().unwrap())
        .collect();
    assert_eq!(
        said,
        [
            "Using the existing",
            "Created packages/web/.env.production",
            "Encrypted B in packages/web/.env.production"
        ]
    );
    assert!(output.stderr.contains("from .env.production\n"), "{}", output.stderr);
    assert!(!env.path(".env.keys").exists() && !env.path("packages/web/.env.keys").exists());
    env.write(".env.keys", before);
    assert_eq!(env.ok(&["get", "B", "-f", "packages/web/.env.production"]), format!("{secret}\n"));
}

#[test]
fn files_of_one_environment_that_disagree_are_refused() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1"]);
    env.write("a/x", "");
    env.write("a/.env", TestEnv::new_env_file());
    let before = env.snapshot();
    for file in [".env", "a/.env", "b.env"] {
        let (file, more): (_, &[&str]) =
            if file == "b.env" { (".env", &["-f", "a/.env"]) } else { (file, &[]) };
        let stderr = env.fails(4, &[&["set", "A", "2", "-f", file], more].concat());
        assert!(stderr.contains("one environment has one key"), "{stderr}");
        let [first, second] = if file == "a/.env" { ["a/.env", ".env"] } else { [".env", "a/.env"] };
        let hint = format!(
            "hint: if {first} has the right key, replace the line ENVSEAL_PUBLIC_KEY of {second} with that of {first}, \
             then: envseal encrypt --reseal -f {second}\n"
        );
        assert!(stderr.ends_with(&hint), "{stderr}");
    }
    env.write("c/x", "");
    env.fails(4, &["set", "A", "2", "-f", "c/.env"]);
    std::fs::remove_file(env.path("c/x")).unwrap();
    assert_eq!(env.snapshot(), before);
    let line =
        |text: &str| text.lines().find(|line| line.starts_with("ENVSEAL_PUBLIC_KEY=")).unwrap().to_owned();
    let (right, other) = (line(&env.read(".env")), env.read("a/.env"));
    env.write("a/.env", other.replace(&line(&other), &right));
    env.ok(&["encrypt", "--reseal", "-f", "a/.env"]);
    env.ok(&["set", "A", "2", "-f", "a/.env"]);
}

#[test]
fn a_nested_team_file_is_a_scope_of_its_own() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "outer"]);
    env.write("p/envseal.toml", "");
    env.ok(&["set", "A", "inner", "-f", "p/.env"]);
    assert_ne!(env.ok(&["key", "show"]), env.ok(&["key", "show", "-f", "p"]));
    assert_eq!(env.ok(&["get", "A"]) + &env.ok(&["get", "A", "-f", "p"]), "outer\ninner\n");
    env.ok(&["set", "A", "inner", "-f", "p/q.env"]);
    env.write("p/sub/x", "");
    env.ok(&["set", "A", "deep", "-f", "p/sub/.env"]);
    assert_eq!(env.ok(&["key", "show", "-f", "p/sub"]), env.ok(&["key", "show", "-f", "p"]));
    env.ok(&["set", "A", "outer again"]);
    assert_eq!(env.ok(&["get", "A"]), "outer again\n");
    assert_eq!(env.ok(&["ls"]).lines().count(), 5, "ls lists the projects further in");
}

#[test]
fn two_names_for_one_environment_side_by_side_are_refused() {
    for (there, asked) in
        [(".env.x", "x.env"), ("x.env", ".env.x"), (".env.a.b", ".env.a_b"), (".env.X", ".env.x")]
    {
        let env = TestEnv::new();
        env.write(there, "");
        let before = env.snapshot();
        let stderr = env.fails(4, &["set", "A", "1", "-f", asked]);
        assert!(stderr.contains(" are side by side, but share the key name "), "{stderr}");
        assert_eq!(env.snapshot(), before);
    }
}

#[test]
fn files_that_are_no_env_files_are_refused() {
    let env = TestEnv::new();
    for name in [
        ".env.keys",
        ".env.example",
        "x.txt",
        ".env.default",
        "default.env",
        "Default.env",
        ".env.",
        "no/.env",
    ] {
        env.fails(4, &["set", "A", "1", "-f", name]);
    }
    env.fails(2, &["set", "A", "1", "-e", "../x"]);
    assert_eq!(env.snapshot(), []);
    std::fs::create_dir(env.path(".env")).unwrap();
    env.fails(4, &["set", "A", "1", "-f", ".env.x", "-f", ".env/.env/.env"]);
    assert_eq!(env.snapshot(), []);
}

#[test]
fn a_file_that_lost_its_keys_line_gets_no_other_key() {
    let env = TestEnv::new();
    let secret = env.secret("new");
    env.ok(&["set", "A", "1"]);
    let text = env.read(".env");
    env.write(".env", text.split_once("\nA=").unwrap().1.replacen("envseal", "A=envseal", 1));
    std::fs::rename(env.path(".env.keys"), env.outside().join("keys")).unwrap();
    let before = env.snapshot();
    for arguments in [&["set", "B", &secret][..], &["set", "A", &secret], &["key", "generate"]] {
        let stderr = env.fails(3, arguments);
        assert!(stderr.starts_with("error: .env has values encrypted with key "), "{stderr}");
        assert!(
            stderr.ends_with(
                ", but its line ENVSEAL_PUBLIC_KEY is missing\n\
                 hint: find the line and restore it: git log -p -SENVSEAL_PUBLIC_KEY -- .env\n"
            ),
            "{stderr}"
        );
    }
    assert_eq!(env.snapshot(), before);
    // With the private key available, the line is restored.
    std::fs::rename(env.outside().join("keys"), env.path(".env.keys")).unwrap();
    env.ok(&["set", "B", &secret]);
    assert_eq!(env.ok(&["get", "A"]) + &env.ok(&["get", "B"]), format!("1\n{secret}\n"));
}

#[test]
fn an_interrupted_first_set_leaves_a_key_that_the_next_one_takes() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1"]);
    let keys = env.bytes(".env.keys");
    std::fs::remove_file(env.path(".env")).unwrap();
    env.ok(&["set", "A", "2"]);
    assert_eq!(env.bytes(".env.keys"), keys);
    assert_eq!(env.ok(&["get", "A"]), "2\n");
}

#[test]
fn outside_git_it_works_alike() {
    let env = TestEnv::without_git();
    let secret = env.secret("a");
    env.ok(&["set", "A", &secret]);
    assert_eq!(env.ok(&["get", "A"]), format!("{secret}\n"));
    assert_eq!(env.read(".gitignore"), ".env.keys\n");
}

#[cfg(unix)]
#[test]
fn a_keys_file_that_leads_to_what_git_would_take_leaves_no_trace() {
    let env = TestEnv::new();
    env.write("visible", "");
    std::os::unix::fs::symlink("visible", env.path(".env.keys")).unwrap();
    let before = env.snapshot();
    let stderr = env.fails(4, &["set", "A", "1"]);
    assert!(stderr.contains("git does not ignore") && stderr.contains("visible"), "{stderr}");
    assert_eq!(env.snapshot(), before);
    assert!(!env.path(".gitignore").exists());
}
