//! How files are written: links are followed, others are refused and no byte is lost; leftovers.

use crate::support::TestEnv;

#[test]
fn a_change_that_another_line_would_swallow_is_refused() {
    let env = TestEnv::new();
    env.write(".env", "B=2\nA:");
    let stderr = env.refuses(4, &["set", "N", "1", "--plain"]);
    assert!(stderr.starts_with("error: .env: line "), "{stderr}");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::support::set_mode;

    #[test]
    fn a_symlink_is_followed_and_stays_one() {
        let env = TestEnv::new();
        env.write("shared/.env", "B=1\n");
        symlink("shared/.env", env.path(".env")).unwrap();
        env.ok(&["set", "A", "new"]);
        assert!(env.path(".env").is_symlink() && !env.path("shared/.env").is_symlink());
        assert!(env.read("shared/.env").contains("\nA=envseal:1:"));
        // git holds the file behind it.
        let said = env.envseal(&["key", "rotate"]).output().stderr;
        assert!(said.ends_with("\nNext: git add shared/.env envseal.toml && git commit\n"), "{said}");
        symlink("shared/.env.b", env.path(".env.b")).unwrap();
        let said = env.fails(4, &["set", "A", "new", "-e", "b"]);
        let told = "error: .env.b is a symlink to shared/.env.b, which does not exist; envseal does not write through it\n\
                    hint: create that file, or remove the link: rm .env.b\n";
        assert_eq!(said, told);
        assert!(!env.path("shared/.env.b").exists());
        // By another name, history would not know it as an env file.
        env.write("shared/c", "");
        symlink("shared/c", env.path(".env.c")).unwrap();
        let said = env.fails(4, &["set", "A", "new", "-e", "c"]);
        let told = "error: .env.c is a symlink to shared/c, which is not named as an env file; envseal does not write through \
                    it\nhint: name the file that it leads to as an env file, ";
        assert!(said.starts_with(told), "{said}");
        symlink(".env.loop", env.path(".env.loop")).unwrap();
        env.fails(4, &["set", "A", "new", "-e", "loop"]);
    }

    #[test]
    fn a_read_only_file_is_refused_and_no_other_is_touched() {
        let env = TestEnv::new();
        env.write(".env.a", "A=1\n");
        env.write(".env.b", "A=1\n");
        set_mode(env.path(".env.b"), 0o444);
        let expected =
            "error: cannot write .env.b: it is read-only\nhint: if you mean to change it: chmod u+w .env.b\n";
        for arguments in [
            &["set", "A", "2", "-e", "a", "-e", "b"][..],
            &["set", "A", "2", "--plain", "-e", "a", "-e", "b"],
            &["unset", "A", "-e", "a", "-e", "b"],
            &["rename", "A", "B", "-e", "a", "-e", "b"],
            &["key", "generate", "-e", "a", "-e", "b"],
            &["encrypt", "-e", "a", "-e", "b"],
        ] {
            assert_eq!(env.refuses(4, arguments), expected, "{arguments:?}");
        }
        set_mode(env.path(".env.b"), 0o644);
        env.ok(&["encrypt", "-e", "b"]);
        set_mode(env.path(".env.b"), 0o444);
        assert_eq!(env.refuses(4, &["decrypt", "-e", "b"]), expected);
    }

    #[test]
    fn a_read_only_ignore_file_stops_a_first_set_before_anything_is_written() {
        for (name, first) in [(".gitignore", false), (".dockerignore", false), (".gitignore", true)] {
            let env = TestEnv::new();
            env.write("Dockerfile", "");
            env.write(name, "x\n");
            set_mode(env.path(name), 0o444);
            let arguments: &[&str] = if first { &["init"] } else { &["set", "A", "1"] };
            let stderr = env.refuses(4, arguments);
            assert!(stderr.contains(&format!("{name}: it is read-only\nhint: ")), "{stderr}");
        }
    }

    #[test]
    fn what_is_no_regular_file_is_refused() {
        let env = TestEnv::new();
        env.program("mkfifo", &[".env.pipe"]).ok();
        assert!(env.fails(4, &["set", "A", "1", "-e", "pipe"]).contains("not a regular file"));
        env.program("mkfifo", &[".env"]).ok();
        let told = env.envseal(&["init"]).output();
        assert!(
            told.status == 0
                && told.stderr.ends_with(
                    "note: skipped .env, a pipe, which only run and get read\n\
            note: skipped .env.pipe, a pipe, which only run and get read\nNext: envseal run -- CMD\n"
                ),
            "{}",
            told.stderr
        );
        assert!(!env.path(".env.keys").exists());
    }
}

#[test]
fn concurrent_sets_lose_nothing() {
    let env = TestEnv::new();
    let count = 20;
    std::thread::scope(|scope| {
        for side in ["A", "B"] {
            let env = &env;
            let commands: Vec<_> = (0..count)
                .map(|at| {
                    env.envseal(&["set", &format!("{side}{at}"), &format!("{side}-{at}"), "-e", "p"])
                        .into_command()
                })
                .collect();
            scope.spawn(move || {
                for mut command in commands {
                    let output = command.stdin(std::process::Stdio::null()).output().unwrap();
                    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                }
            });
        }
    });
    let all = env.ok(&["get", "-e", "p"]);
    for at in 0..count {
        for side in ["A", "B"] {
            assert!(all.contains(&format!("\"{side}{at}\": \"{side}-{at}\"")), "{side}{at}: {all}");
        }
    }
    assert_eq!(env.read(".env.keys").matches("envseal-sk1-").count(), 1, "two first sets agree on one key");
    assert!(env.snapshot().iter().all(|(path, _)| !path.display().to_string().contains(".envseal-tmp-")));
}

#[test]
fn leftovers_are_hidden_from_git_and_swept_by_the_next_command() {
    let env = TestEnv::new();
    env.ok(&["set", "A=1", "B=1"]);
    assert_eq!(env.read(".git/info/exclude").lines().filter(|line| *line == ".envseal-tmp-*").count(), 1);
    for command in [&["set", "A", "2"][..], &["ls"], &["get", "A"], &["encrypt"], &["init"], &["unset", "B"]]
    {
        env.write(".envseal-tmp-dead", "x");
        assert!(!env.git(&["status", "--porcelain"]).contains("envseal-tmp"));
        env.ok(command);
        assert!(!env.path(".envseal-tmp-dead").exists(), "{command:?}");
    }
}
