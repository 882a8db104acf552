//! The first value of an environment: file, key pair, ignore rules.

use std::path::Path;

use crate::support::{TestEnv, contains_all};

#[test]
fn it_says_what_it_made() {
    let env = TestEnv::new();
    let secret = env.secret("first");
    let output = env.envseal(&["set", "A", "-e", "production"]).stdin(&secret).output();
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
    let lines: Vec<_> = text.split('\n').collect();
    let starts = ["# ", "ENVSEAL_PUBLIC_KEY_PRODUCTION=envseal-pk1-", "A=envseal:1:", ""];
    assert_eq!(lines.len(), starts.len(), "{text}");
    assert!(lines.iter().zip(starts).all(|(line, start)| line.starts_with(start)), "{text}");
    let keys = env.read(".env.keys");
    assert!(keys.contains("\nENVSEAL_PRIVATE_KEY_PRODUCTION=envseal-sk1-") && keys.ends_with('\n'), "{keys}");
    assert_eq!(env.read(".gitignore"), ".env.keys\n");
    assert_eq!(env.ok(&["get", "A", "-e", "production"]), format!("{secret}\n"));
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
fn a_read_only_keys_file_stays_so() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1"]);
    crate::support::set_mode(env.path(".env.keys"), 0o400);
    let stderr = env.refuses(4, &["set", "A", "1", "-e", "b"]);
    assert!(
        stderr.contains(".env.keys: it is read-only\nhint: if you mean to change it: chmod u+w "),
        "{stderr}"
    );
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

#[cfg(unix)]
#[test]
fn a_keys_file_that_git_would_take_is_refused_without_a_trace() {
    // It is tracked, although it was deleted from the folder.
    let tracked = |env: &TestEnv| {
        env.write(".env.keys", "# mine\n");
        env.git(&["add", ".env.keys"]);
        std::fs::remove_file(env.path(".env.keys")).unwrap();
    };
    let taken_back = |env: &TestEnv| {
        env.write("p/.env.keys", "");
        env.write("p/.gitignore", "!.env*\n");
    };
    let linked = |env: &TestEnv| {
        env.write("p/visible", "");
        std::os::unix::fs::symlink("visible", env.path("p/.env.keys")).unwrap();
    };
    for (status, file, prepare, why) in [
        (3, ".env", &tracked as &dyn Fn(&TestEnv), ".env.keys is tracked by git"),
        (4, "p/.env", &taken_back, "git does not ignore "),
        (4, "p/.env", &linked, "visible"),
    ] {
        let env = TestEnv::new();
        prepare(&env);
        let stderr = env.refuses(status, &["set", "A", "1", "-f", file]);
        assert!(stderr.contains(why), "{stderr}");
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
fn the_same_environment_in_another_folder_takes_its_key() {
    let env = TestEnv::new();
    let secret = env.secret("b");
    env.ok(&["set", "A", "1", "-e", "production"]);
    let keys_away = env.outside().join("keys");
    std::fs::rename(env.path(".env.keys"), &keys_away).unwrap();
    env.write("packages/web/x", "");
    let output = env.envseal(&["set", "B", &secret, "-f", "packages/web/.env.production"]).output();
    contains_all(
        &output.stderr,
        &[
            "Using the existing key ",
            " from .env.production\nCreated packages/web/.env.production\nEncrypted B in packages/web/.env.production",
        ],
    );
    assert!(!env.path(".env.keys").exists() && !env.path("packages/web/.env.keys").exists());
    std::fs::rename(keys_away, env.path(".env.keys")).unwrap();
    assert_eq!(env.ok(&["get", "B", "-f", "packages/web/.env.production"]), format!("{secret}\n"));
}

#[test]
fn files_of_one_environment_that_disagree_are_refused() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1"]);
    env.write("a/.env", TestEnv::new_env_file());
    for files in [&["-f", ".env"][..], &["-f", "a/.env"], &["-f", ".env", "-f", "a/.env"]] {
        let stderr = env.refuses(4, &[&["set", "A", "2"], files].concat());
        assert!(stderr.contains("one environment has one key"), "{stderr}");
        let hint = "hint: for a separate project: touch a/envseal.toml; otherwise, if .env has the right key, replace the \
                    line ENVSEAL_PUBLIC_KEY of a/.env with that of .env, then: envseal encrypt --reseal -f a/.env\n";
        assert!(stderr.ends_with(hint), "{stderr}");
    }
    std::fs::create_dir(env.path("c")).unwrap();
    env.refuses(4, &["set", "A", "2", "-f", "c/.env"]);
    let line =
        |text: &str| text.lines().find(|line| line.starts_with("ENVSEAL_PUBLIC_KEY=")).unwrap().to_owned();
    let (right, other) = (line(&env.read(".env")), env.read("a/.env"));
    env.write("a/.env", other.replace(&line(&other), &right));
    env.ok(&["encrypt", "--reseal", "-f", "a/.env"]);
    env.ok(&["set", "A", "2", "-f", "a/.env"]);
}

#[test]
fn files_that_are_no_env_files_are_refused() {
    let env = TestEnv::new();
    for name in [".env.keys", "x.txt", ".env.default", "Default.env", ".env.", "no/.env"] {
        env.fails(4, &["set", "A", "1", "-f", name]);
    }
    env.fails(2, &["set", "A", "1", "-e", "../x"]);
    assert_eq!(env.snapshot(), []);
    std::fs::create_dir(env.path(".env")).unwrap();
    env.fails(4, &["set", "A", "1", "-f", ".env.x", "-f", ".env/.env/.env"]);
    assert_eq!(env.snapshot(), []);
}

#[test]
fn a_file_that_lost_its_keys_line_has_it_again_if_the_private_key_is_here() {
    let env = TestEnv::new();
    let secret = env.secret("new");
    env.ok(&["set", "A", "1"]);
    env.write(".env", env.read(".env").lines().last().unwrap());
    env.ok(&["set", "B", &secret]);
    assert_eq!(env.ok(&["get", "A"]) + &env.ok(&["get", "B"]), format!("1\n{secret}\n"));
}
