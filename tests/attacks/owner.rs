//! A repository, or a folder above, that belongs to another user.

use std::os::unix::fs::chown;

use crate::support::TestEnv;

#[test]
fn is_not_written_to() {
    let env = TestEnv::new();
    if chown(env.repo(), Some(12345), None).is_err() {
        println!("skipped: giving a folder away needs root");
        return;
    }
    for arguments in [&["set", "A", "x"][..], &["encrypt"], &["init"]] {
        let said = env.fails(4, arguments);
        assert!(said.contains("hint: if you trust it: git config --global --add safe.directory "), "{said}");
    }
    assert!(
        !env.path(".env").exists() && !env.path(".env.keys").exists() && !env.path(".gitignore").exists()
    );
}

#[test]
fn a_git_folder_planted_above() {
    // This is possible in /tmp, which everyone can write to.
    let env = TestEnv::without_git();
    let key = {
        std::fs::create_dir(env.path("mine")).unwrap();
        env.envseal(&["set", "A", "x"]).dir(env.path("mine")).ok();
        env.git(&["init", "-q"]);
        env.write(".env.keys", "ENVSEAL_PRIVATE_KEY=envseal-sk1-planted\n");
        env.write("envseal.toml", "[policy]\nplain = ['*']\n");
        env.path("mine/.env.keys")
    };
    let planted = [".git", ".env.keys", "envseal.toml", ""];
    if planted.iter().any(|name| chown(env.path(name), Some(12345), None).is_err()) {
        println!("skipped: giving a folder away needs root");
        return;
    }
    let before = env.snapshot();
    for arguments in [&["set", "B", "x"][..], &["encrypt"], &["set", "C", "x", "-e", "new"]] {
        let said = env.envseal(arguments).dir(env.path("mine")).fails(4);
        assert!(said.contains("safe.directory"), "{said}");
    }
    assert_eq!(env.snapshot(), before);
    // The user's own keys file is still the nearest.
    assert!(key.exists());
    assert_eq!(env.envseal(&["get", "A"]).dir(env.path("mine")).ok(), "x\n");
}
