//! Symlinks that have a secret, or a rule to ignore one, written to another file.

use std::os::unix::fs::symlink;

use crate::support::TestEnv;

#[test]
fn a_keys_file_that_leads_to_a_file_for_git_is_refused_as_what_it_is() {
    let env = TestEnv::new();
    env.write(".gitignore", ".env.keys\n");
    std::fs::create_dir(env.path("sub")).unwrap();
    for target in ["keys.txt", ".git/keys"] {
        symlink(target, env.path(".env.keys")).unwrap();
        for (folder, up) in [(".", ""), ("sub", "../")] {
            let set = env.envseal(&["set", "A", "-f", &format!("{up}.env")]).dir(env.path(folder));
            let expected = format!(
                "error: {up}.env.keys is a symlink to {up}{target}, which git does not ignore\nhint: remove it: rm \
                 {up}.env.keys\n"
            );
            assert_eq!(set.stdin("x").fails(4), expected);
            assert!(!env.path(target).exists() && !env.path(".env").exists());
        }
        std::fs::remove_file(env.path(".env.keys")).unwrap();
    }
    env.ok(&["set", "A", "1"]);
    std::fs::rename(env.path(".env.keys"), env.path("keys.txt")).unwrap();
    symlink("keys.txt", env.path(".env.keys")).unwrap();
    let said = env.fails(4, &["set", "B", "2", "-e", "production"]);
    assert!(said.contains("hint: have git ignore keys.txt, or "), "{said}");
    env.write(".gitignore", env.read(".gitignore") + "keys.txt\n");
    env.ok(&["set", "B", "2", "-e", "production"]);
    assert_eq!(env.ok(&["get", "A"]), "1\n");
}

#[test]
fn no_rule_is_written_through_a_link_to_another_kind_of_file() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1"]);
    env.write("Dockerfile", "FROM scratch\n");
    std::fs::create_dir(env.path("docker")).unwrap();
    env.write("envseal.toml", "");
    env.write(".env.ignore", "");
    for target in [".env", "envseal.toml", ".env.keys", "Dockerfile", ".env.ignore"] {
        symlink(target, env.path(".dockerignore")).unwrap();
        let before = env.bytes(target);
        let said = env.fails(4, &["check", "--fix"]);
        let expected =
            format!("error: .dockerignore is a symlink to {target}, which is not an ignore file\n");
        assert!(said.starts_with(&expected), "{said}");
        assert_eq!(env.bytes(target), before, "{target}");
        std::fs::remove_file(env.path(".dockerignore")).unwrap();
    }
    env.write("docker/app.dockerignore", "");
    symlink("docker/app.dockerignore", env.path(".dockerignore")).unwrap();
    env.ok(&["check", "--fix"]);
    assert!(env.read("docker/app.dockerignore").contains("**/.env.keys\n"));
}
