//! Env files that are something else, or lead somewhere else.

use std::os::unix::fs::symlink;
use std::time::Instant;

use super::{nothing_ran, sealed_project};
use crate::support::TestEnv;

#[test]
fn no_device_or_folder_is_read_nor_a_pipe_by_a_symlink() {
    let fifo = |env: &TestEnv| {
        env.program("mkfifo", &["pipe"]).ok();
        symlink("pipe", env.path(".env")).unwrap();
    };
    let device = |env: &TestEnv| symlink("/dev/zero", env.path(".env")).unwrap();
    let folder = |env: &TestEnv| std::fs::create_dir(env.path(".env")).unwrap();
    let terminal = |env: &TestEnv| symlink("/dev/tty", env.path(".env")).unwrap();
    let cycle = |env: &TestEnv| symlink(".env", env.path(".env")).unwrap();
    for make in [&fifo as &dyn Fn(&TestEnv), &device, &folder, &terminal, &cycle] {
        let env = TestEnv::new();
        make(&env);
        let start = Instant::now();
        for arguments in
            [&["run", "--", "touch", "started"][..], &["get"], &["set", "A", "x"], &["encrypt", "-f", ".env"]]
        {
            let output = env.envseal(arguments).output();
            assert_eq!(output.status, 4, "{arguments:?}: {}", output.stderr);
            assert!(output.stderr.contains(".env"), "{}", output.stderr);
        }
        env.envseal(&["ls"]).output();
        env.envseal(&["init"]).output();
        assert!(start.elapsed().as_secs() < 20, "something hung");
        nothing_ran(&env);
        assert!(!env.path(".env.keys").exists());
    }
    // Input that is meant for CMD is not taken for an env file.
    let env = TestEnv::new();
    symlink("/dev/stdin", env.path(".env")).unwrap();
    for arguments in [&["run", "--", "touch", "started"][..], &["get"]] {
        assert!(env.envseal(arguments).stdin("A=1\n").fails(4).contains("cannot read .env: "));
    }
    nothing_ran(&env);
}

#[test]
fn a_committed_symlink_out_of_the_worktree_is_not_written_through() {
    let (env, _) = sealed_project();
    let outside = env.outside().join("home/.bashrc");
    std::fs::write(&outside, "A=1\n").unwrap();
    let hook = env.path(".git/hooks/pre-commit");
    for (target, environment) in [(&outside, "a"), (&hook, "b"), (&env.path("../home/new"), "c")] {
        let file = &format!(".env.{environment}");
        symlink(target, env.path(file)).unwrap();
        env.git(&["add", "-f", file]);
        for arguments in [&["set", "B", "x", "-e", environment][..], &["key", "generate", "-e", environment]]
        {
            let said = env.fails(4, arguments);
            let told = said.starts_with(&format!("error: {file} is a symlink to "));
            assert!(told && said.contains(", outside the project; "), "{said}");
            assert!(said.ends_with(&format!("remove the link: rm {file}\n")), "{said}");
        }
        env.git(&["rm", "-q", "-f", file]);
    }
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "A=1\n");
    assert!(!hook.exists() && !env.outside().join("home/new").exists());
    // The same for a command that finds the files itself.
    symlink(&outside, env.path(".env.a")).unwrap();
    env.git(&["add", "-f", ".env.a"]);
    env.fails(4, &["encrypt"]);
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "A=1\n");
    // An untracked link is refused, too.
    env.git(&["rm", "-q", "--cached", ".env.a"]);
    env.fails(4, &["set", "B", "x", "-e", "a"]);
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "A=1\n");
}

#[test]
fn committed_symlinks_inside_it_are_followed() {
    let (env, _) = sealed_project();
    env.write("config/.env.a", "");
    symlink("config/.env.a", env.path(".env.a")).unwrap();
    env.git(&["add", "-f", ".env.a"]);
    env.ok(&["set", "B", "x", "-e", "a"]);
    assert!(env.read("config/.env.a").contains("B=envseal:1:"));
}

#[test]
fn other_files_by_link_are_not_appended_to() {
    for name in [".dockerignore", "envseal.toml"] {
        let env = TestEnv::new();
        let outside = env.outside().join("home/authorized_keys");
        std::fs::write(&outside, "").unwrap();
        symlink(&outside, env.path(name)).unwrap();
        env.write("Dockerfile", "FROM scratch\n");
        env.write(".env.x", "PORT=1\n");
        env.git(&["add", "-f", name, ".env.x"]);
        let said = env.fails(4, &["init", "--yes"]);
        assert!(said.contains(name), "{said}");
        assert_eq!(std::fs::read_to_string(&outside).unwrap(), "");
    }
}

#[test]
fn odd_ways_to_a_file() {
    let (env, _) = sealed_project();
    env.write("sub/x", "");
    symlink("loop", env.path("loop")).unwrap();
    symlink("..", env.path("sub/up")).unwrap();
    for file in ["./.env", "sub/../.env", "sub/up/.env", "sub/up/sub/up/.env", "./././/.env"] {
        assert!(env.ok(&["get", "HELLO", "-f", file]).starts_with("canary"), "{file}");
        env.ok(&["set", "N", "1", "-f", file]);
    }
    let before = env.snapshot();
    for file in [
        "loop/.env",
        "loop",
        "no/.env",
        ".env/x.env",
        ".env/",
        ".env.keys",
        "/dev/stdin",
        "",
        "sub/x",
        ".env.default",
    ] {
        let output = env.envseal(&["set", "A", "x", "-f", file]).output();
        assert!(matches!(output.status, 2 | 4), "{file}: {} {}", output.status, output.stderr);
        assert_eq!(env.snapshot(), before, "{file}");
    }
    for name in ["../x", "..", "/etc/passwd", "keys", "a/../../b", ""] {
        let output = env.envseal(&["set", "A", "x", "-e", name]).output();
        assert!(output.status == 2 || env.path("keys.env").exists(), "{name}: {}", output.stderr);
    }
    assert!(env.fails(4, &["run", "-K", "/dev/null", "--", "true"]).contains("not a regular file"));
}
