//! `envseal diff`.

use serde_json::Value;

use crate::log::{commit, write_commit};
use crate::support::TestEnv;

/// Returns each change as `FILE NAME KIND`.
fn diff(env: &TestEnv, arguments: &[&str]) -> Vec<String> {
    let list: Vec<Value> = serde_json::from_str(&env.ok(&[&["diff", "--json"], arguments].concat())).unwrap();
    list.iter()
        .map(|c| ["file", "name", "kind"].map(|name| c[name].as_str().unwrap()).join(" "))
        .filter(|line| !line.contains("ENVSEAL_"))
        .collect()
}

#[test]
fn head_and_the_worktree_one_commit_and_the_worktree_two_commits() {
    let env = TestEnv::new();
    env.write_sealed(
        ".env",
        format!("A={}\nB={}\nC={}\n", env.secret("a"), env.secret("b"), env.secret("c")),
    );
    assert_eq!(diff(&env, &[]), [".env A added", ".env B added", ".env C added"]);
    let first = commit(&env, 1, "one");
    assert_eq!(env.ok(&["diff"]), "");
    env.ok(&["set", "A", &env.secret("a2")]);
    let second = commit(&env, 2, "two");
    env.ok(&["encrypt", "--reseal", "--all"]);
    env.ok(&["unset", "B"]);
    env.ok(&["set", "C", "public", "--plain"]);
    env.write("sub dir/.env.é", "N=1\n");
    let worktree = [".env A re-sealed", ".env C plain", ".env B removed", "sub dir/.env.é N added"];
    assert_eq!(diff(&env, &[]), worktree);
    assert_eq!(diff(&env, &["HEAD"]), worktree);
    assert_eq!(diff(&env, &["HEAD~1"])[0], ".env A changed");
    assert_eq!(diff(&env, &["HEAD~1", "HEAD"]), [".env A changed"]);
    assert_eq!(diff(&env, &["HEAD", "HEAD~1"]), [".env A changed"]);
    assert_eq!(diff(&env, &["-f", "sub dir/.env.é"]), worktree[3..]);
    assert_eq!(
        env.ok(&["diff"]),
        ".env\n  re-sealed  A\n  plain      C\n  removed    B\nsub dir/.env.é\n  added      N\n"
    );
    let json: Vec<Value> = serde_json::from_str(&env.ok(&["diff", "--json"])).unwrap();
    assert_eq!(
        (&json[0]["commit"], &json[0]["author"]),
        (&"0".repeat(40).into(), &"not committed yet".into())
    );
    let json: Vec<Value> = serde_json::from_str(&env.ok(&["diff", "--json", &first, &second])).unwrap();
    assert_eq!((&json[0]["commit"], &json[0]["subject"]), (&second.into(), &"two".into()));
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    assert_eq!(diff(&env, &[])[0], ".env A changed");
}

/// What envseal seals for itself, such as the key of the exposure tags, is not shown if it was pasted into an env file.
#[test]
fn a_value_of_envseals_own_is_not_shown() {
    use envseal::testing::crypto::{PlaintextKind, PublicKey, Refs, Sealer};
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A=1"]);
    commit(&env, 1, "one");
    let text = env.read(".env");
    let key = text.lines().find_map(|line| line.strip_prefix("ENVSEAL_PUBLIC_KEY=")).unwrap();
    let mut sealer = Sealer::new(&PublicKey::parse(key).unwrap()).unwrap();
    let name = "ENVSEAL_EXPOSURE_TAGS";
    let token = sealer.seal(name, &Refs::none(), PlaintextKind::Value, b"hidden").unwrap();
    env.write(".env", format!("{text}{name}={token}\n"));
    let shown = env.ok(&["diff", "--show"]);
    assert!(shown.contains(name) && !shown.contains("hidden"), "{shown}");
}

#[test]
fn values_are_shown_only_when_asked_for() {
    let env = TestEnv::new();
    env.write(".env", "A='old\nlines'\nB=gone\nS=same\nR=\"x $B\"\n");
    env.ok(&["encrypt"]);
    commit(&env, 1, "one");
    env.ok(&["set", "A", "new\u{1b}[31m"]);
    env.ok(&["unset", "B"]);
    env.ok(&["set", "N", "here"]);
    env.ok(&["encrypt", "--reseal", "--all"]);
    let shown = env.ok(&["diff", "--show"]);
    let expected = ".env\n  changed    A\n    - old\n    - lines\n    + new\u{1b}[31m\n  re-sealed  S\n  \
                    re-sealed  R\n  added      N\n    + here\n  removed    B\n    - gone\n";
    assert_eq!(shown, expected);
    assert!(!env.ok(&["diff"]).contains("new"));
    assert!(!env.ok(&["diff", "--json"]).contains("gone"));
    assert_eq!(env.envseal(&["diff", "--show", "--json"]).output().status, 2);
    #[cfg(unix)]
    if let Some((_, terminal)) = crate::support::on_terminal(&env, &["diff", "--show", "--no-pager"], None) {
        assert!(terminal.contains("new\\u{1b}[31m"), "{terminal}");
    }
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let sealed = env.ok(&["diff", "--show"]);
    assert!(
        sealed.contains("  changed    A\n    - (encrypted; no key here decrypts it)\n    + (encrypted; "),
        "{sealed}"
    );
}

#[test]
fn a_value_encrypted_with_another_key_than_the_files_is_shown() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=base\nB=same\n");
    commit(&env, 1, "one");
    env.git(&["checkout", "-q", "-b", "feature"]);
    env.ok(&["set", "A", "theirs"]);
    commit(&env, 2, "two");
    env.git(&["checkout", "-q", "main"]);
    env.ok(&["key", "rotate"]);
    commit(&env, 3, "three");
    let rotated = env.read(".env");
    let line = |text: &str| text.lines().find(|line| line.starts_with("A=")).unwrap().to_owned();
    let theirs = line(&env.git(&["show", "feature:.env"]));
    env.write(".env", rotated.replace(&line(&rotated), &theirs));
    assert_eq!(env.ok(&["diff", "--show"]), ".env\n  changed    A\n    - base\n    + theirs\n");
}

#[test]
fn markdown_names_what_changes_in_each_environment() {
    let env = TestEnv::new();
    env.write(".env.production", "A=1\nB=2\nC=3\nD=4\n");
    env.ok(&["encrypt", "-e", "production"]);
    let base = commit(&env, 1, "one");
    env.ok(&["set", "-q", "A=5", "E=6", "-e", "production"]);
    env.ok(&["set", "-q", "--plain", "D=public", "-e", "production"]);
    env.ok(&["unset", "-q", "B", "-e", "production"]);
    // Names that someone chose so that Markdown reads them as something else.
    let evil = "a`](x) <b>``\n# ok|/.env";
    env.write(evil, "A=\n");
    env.write("b/.env.default", "A=\n");
    commit(&env, 2, "two");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let range = format!("{base}...HEAD");
    let expected = "### `production` in `.env.production`\n\n- changed: `A`\n- added: `E`\n- removed: `B`\n\
                    - **now plain text**: `D`\n\n### `default` in ```a`](x) <b>``\\u{a}# ok|/.env```\n\n- added: `A`\n\n### `b/.env.default`\n\n- added: `A`\n\n";
    assert_eq!(env.ok(&["diff", &range, "--format", "markdown"]), expected);
    assert_eq!(env.ok(&["diff", "HEAD", "--format", "markdown"]), "");
    env.fails(2, &["diff", &range, "--format", "markdown", "--show"]);
    assert_eq!(env.ok(&["diff", &range, "--format", "json"]), env.ok(&["diff", &range, "--json"]));
}

#[test]
fn plain_text_that_was_sealed_is_a_change_and_quotes_are_none() {
    let env = TestEnv::new();
    write_commit(&env, 1, "one", ".env", "A=x\nB=y\nC=$A\n");
    env.write(".env", "A='x'\nB=y # c\nC='$A'\n");
    assert_eq!(diff(&env, &[]), [".env C changed"]);
    env.write(".env", "A=x\nB=y\nC=$A\n");
    env.ok(&["encrypt", "-k", "B"]);
    assert_eq!(diff(&env, &[]), [".env B changed"]);
}

#[test]
fn renames_and_files_that_git_ignores() {
    let env = TestEnv::new();
    env.write(".gitignore", "*.local\n");
    write_commit(&env, 1, "one", ".env.a", "A=1\nB=2\n");
    std::fs::rename(env.path(".env.a"), env.path(".env.b")).unwrap();
    env.write(".env.local", "L=1\n");
    assert_eq!(env.ok(&["diff"]), ".env.a -> .env.b\n");
    assert_eq!(diff(&env, &["-f", ".env.local"]), [".env.local L added"]);
}

#[test]
fn bare_and_wrong_revisions() {
    let env = TestEnv::new();
    write_commit(&env, 1, "one", ".env", "A=1\n");
    write_commit(&env, 2, "two", ".env", "A=2\n");
    let bare = env.outside().join("bare.git");
    env.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    assert!(
        env.envseal(&["diff"]).dir(&bare).var("GIT_DIR", ".").fails(4).contains("envseal diff HEAD~ HEAD")
    );
    let json = env.envseal(&["diff", "--json", "HEAD~", "HEAD"]).dir(&bare).var("GIT_DIR", ".").ok();
    assert!(json.contains("\"changed\""), "{json}");
    env.fails(4, &["diff", "HEAD:.env"]);
    // A file is told from what is nothing at all.
    for (word, hint) in [
        (".env", "if you mean the file: -f .env"),
        (".env.gone", "see what there is: git log --oneline --all"),
    ] {
        let said = env.fails(4, &["diff", word]);
        assert_eq!(said, format!("error: unknown revision \"{word}\"\nhint: {hint}\n"));
    }
}

#[test]
fn many_files_are_no_trouble() {
    let env = TestEnv::new();
    for number in 0..300 {
        env.write(format!("p{number}/.env"), format!("A={number}\n"));
    }
    assert_eq!(diff(&env, &[]).len(), 300);
}

#[test]
fn a_range_is_taken_as_git_diff_takes_it() {
    let env = TestEnv::new();
    let commit = |name: &str| {
        env.ok(&["set", "-q", name, &env.secret(name)]);
        env.commit(name);
    };
    commit("BASE");
    env.git(&["checkout", "-qb", "side"]);
    commit("SIDE");
    env.git(&["checkout", "-q", "main"]);
    commit("MAIN");
    let all = ".env\n  added      SIDE\n  removed    MAIN\n";
    assert_eq!(env.ok(&["diff", "main..side"]), all);
    assert_eq!(env.ok(&["diff", "main", "side"]), all);
    assert_eq!(env.ok(&["diff", "..side"]), all);
    assert_eq!(env.ok(&["diff", "side.."]), ".env\n  added      MAIN\n  removed    SIDE\n");
    assert_eq!(env.ok(&["diff", "main...side"]), ".env\n  added      SIDE\n");
    assert_eq!(env.ok(&["diff", "...side"]), ".env\n  added      SIDE\n");
    assert!(env.fails(4, &["diff", "main..nope"]).contains("unknown revision \"nope\""));
}
