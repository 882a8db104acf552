//! `envseal init`.

use crate::support::TestEnv;

#[test]
fn an_empty_repository_gets_file_key_and_ignore_rule_once() {
    let env = TestEnv::new();
    env.ok(&["init"]);
    assert_eq!(env.ok(&["ls"]).lines().count(), 2);
    let again = env.envseal(&["init"]).output();
    assert_eq!((again.status, &*again.stderr), (0, "Next: envseal set NAME\n"));
    env.ok(&["set", "-q", "A", &env.secret("a")]);
    let sealed = env.envseal(&["init"]).output();
    assert_eq!(sealed.stderr, "Everything is set up. See what you can decrypt: envseal ls\n");
    let before = env.snapshot();
    env.ok(&["init", "--yes", "-q"]);
    assert_eq!(env.snapshot(), before);
}

#[cfg(unix)]
#[test]
fn the_next_steps_repeat_the_keys_file_that_was_named() {
    let env = TestEnv::new();
    let said = env.envseal(&["-K", "../my keys", "init"]).output().stderr;
    assert!(said.contains("Back it up: envseal -K '../my keys' key backup FILE\n"), "{said}");
    assert!(said.ends_with("\nNext: envseal -K '../my keys' set NAME\n"), "{said}");
    // Others may have the project's own keys file.
    assert_eq!(env.check(&[]), [""; 0]);
    assert!(env.read(".gitignore").contains(".env.keys"));
    env.ok(&["-K", "../my keys", "set", "-q", "A=1"]);
    env.commit("one");
    let said = env.envseal(&["-K", "../my keys", "key", "rotate"]).output().stderr;
    let next = said.lines().find_map(|line| line.strip_prefix("Next: ")).unwrap();
    env.shell(&format!("{next} -m rotated")).ok();
    assert_eq!(env.git(&["status", "--porcelain"]), "");
}

#[cfg(unix)]
#[test]
fn a_missing_folder_for_temporary_files_is_named() {
    let env = TestEnv::new();
    let said = env.envseal(&["init"]).var("TMPDIR", "/nonexistent").fails(4);
    assert!(said.contains("/nonexistent"), "{said}");
}

#[test]
fn exactly_the_names_that_are_there_are_proposed() {
    let env = TestEnv::new();
    env.write_plain(".env", "NODE_ENV=x\nSECRET=y\nVITE_A=1\nMY_PORT=1\nport=2\n");
    env.write("a/.env.b", "LOG_LEVEL=debug\n");
    let output = env.envseal(&["init"]).output();
    let end = "note: these look non-secret: NODE_ENV, LOG_LEVEL, VITE_*; to mark them as plain: envseal init --yes\n\
               Next: envseal encrypt && git add -A; then review git diff --staged, and commit\n";
    assert!(output.stderr.ends_with(end), "{}", output.stderr);
    assert!(!env.path("envseal.toml").exists());
    env.ok(&["init", "--yes"]);
    assert_eq!(env.read("envseal.toml"), "[policy]\nplain = [\"NODE_ENV\", \"LOG_LEVEL\", \"VITE_*\"]\n");
    env.write("c.env", "PORT=1\nVITE_B=1\n");
    env.write(
        "envseal.toml",
        "# ours\n[policy]\nexclude = [\"old/**\"]\nplain = [\"NODE_ENV\", \"LOG_LEVEL\", \"VITE_*\"] # why\n",
    );
    env.write("old/.env", "HOST=1\n");
    env.ok(&["init", "-y"]);
    assert_eq!(
        env.read("envseal.toml"),
        "# ours\n[policy]\nexclude = [\"old/**\"]\nplain = [\"NODE_ENV\", \"LOG_LEVEL\", \"VITE_*\", \"PORT\"] # why\n"
    );
    let before = env.snapshot();
    env.ok(&["init", "-y"]);
    assert_eq!(env.snapshot(), before);
}

#[test]
fn in_a_subfolder_the_file_is_made_there_and_the_rule_at_the_root() {
    let env = TestEnv::new();
    env.write("a/b/x", "");
    env.envseal(&["init"]).dir(env.path("a/b")).ok();
    assert!(env.path("a/b/.env").exists() && env.path(".env.keys").exists());
    assert_eq!(env.read(".gitignore"), ".env.keys\n");
    assert_eq!(env.git(&["status", "--porcelain", "-uall"]), "?? .gitignore\n?? a/b/.env\n?? a/b/x\n");
}

#[test]
fn without_git_it_sets_up_the_folder() {
    let env = TestEnv::without_git();
    let said = env.envseal(&["init"]).output().stderr;
    assert!(said.contains("note: not in a git repository, so nothing is checked at a commit: "), "{said}");
    assert!(!said.contains("driver"), "{said}");
    let files: Vec<_> =
        env.snapshot().into_iter().map(|(path, _)| path.file_name().unwrap().to_owned()).collect();
    assert_eq!(files, [".env", ".env.keys", ".gitignore"]);
    env.write(".env", "A=b\n");
    assert!(env.envseal(&["init"]).output().stderr.ends_with("\nNext: envseal encrypt\n"));
}

#[test]
fn a_file_that_git_ignores_is_pointed_out_and_none_is_made() {
    let env = TestEnv::new();
    env.write(".gitignore", ".env\n");
    env.write(".env", "A=1\n");
    let output = env.envseal(&["init"]).output();
    let end = "note: git ignores .env; encrypted values are meant to be committed\n\
               Next: envseal encrypt -f .env && git add --force .env\n";
    assert!(output.status == 0 && output.stderr.ends_with(end), "{}", output.stderr);
    assert_eq!((env.read(".env"), env.read(".gitignore")), ("A=1\n".into(), ".env\n.env.keys\n".into()));
}

#[test]
fn a_name_that_is_sealed_is_not_proposed_as_plain() {
    let env = TestEnv::new();
    env.write_sealed(".env", "PORT=1\n");
    env.write(".env.production", "PORT=2\nHOST=x\n");
    env.ok(&["init", "--yes"]);
    assert_eq!(env.read("envseal.toml"), "[policy]\nplain = [\"HOST\"]\n");
}

#[test]
fn a_tracked_keys_file_or_a_damaged_file_stops_it() {
    let env = TestEnv::new();
    env.write(".env.keys", "");
    env.git(&["add", ".env.keys"]);
    assert!(env.refuses(3, &["init"]).contains("is tracked by git"));
    let env = TestEnv::new();
    env.write(".env", "<<<<<<< HEAD\n");
    assert!(env.refuses(4, &["init", "--yes"]).contains(":1 contains a merge-conflict marker"));
}
