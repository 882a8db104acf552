//! `envseal log`.

use serde_json::Value;

use crate::support::{TestEnv, contains_all};

/// Commits everything. `minute` sets the time of the commit, and so the order of commits.
pub(crate) fn commit(env: &TestEnv, minute: u32, message: &str) -> String {
    env.git(&["add", "-A"]);
    commit_index(env, minute, message)
}

/// Writes this file, and commits everything.
pub(crate) fn write_commit(env: &TestEnv, minute: u32, message: &str, path: &str, text: impl AsRef<[u8]>) {
    env.write(path, text);
    commit(env, minute, message);
}

pub(crate) fn commit_index(env: &TestEnv, minute: u32, message: &str) -> String {
    let date = format!("2026-01-02T03:{minute:02}:00+01:30");
    env.program("git", &["commit", "-q", "--allow-empty", "-m", message])
        .var("GIT_AUTHOR_DATE", &date)
        .var("GIT_COMMITTER_DATE", &date)
        .ok();
    env.git(&["rev-parse", "HEAD"]).trim().to_owned()
}

/// Returns each change as `SUBJECT FILE NAME KIND`.
pub(crate) fn lines(json: &str) -> Vec<String> {
    let list: Vec<Value> = serde_json::from_str(json).unwrap();
    let field = |change: &Value, name: &str| change[name].as_str().unwrap().to_owned();
    list.iter()
        .map(|c| ["subject", "file", "name", "kind"].map(|name| field(c, name)).join(" "))
        .filter(|line| !line.contains("ENVSEAL_"))
        .collect()
}

fn log(env: &TestEnv, arguments: &[&str]) -> Vec<String> {
    lines(&env.ok(&[&["log", "--json"], arguments].concat()))
}

#[test]
fn every_kind_of_change() {
    let env = TestEnv::new();
    let (one, two) = (env.secret("one"), env.secret("two"));
    env.write_sealed(".env", format!("A={one}\nB={two}\nP=1 # envseal: plain\n"));
    let first = commit(&env, 1, "first");
    env.ok(&["set", "A", &env.secret("three")]);
    env.ok(&["unset", "B"]);
    env.ok(&["set", "C", &env.secret("four")]);
    write_commit(&env, 2, "second", ".env", env.read(".env").replace("P=1", "P=2"));
    env.ok(&["set", "C", "public", "--plain"]);
    write_commit(&env, 3, "third", ".env", env.read(".env").replace("P=2", "P='2'"));
    env.ok(&["encrypt", "--reseal", "--all"]);
    commit(&env, 4, "fourth");
    env.ok(&["set", "C", "public", "--seal"]);
    commit(&env, 5, "fifth");
    commit(&env, 6, "empty");
    let expected = [
        "fifth .env C changed",
        "fourth .env A re-sealed",
        "third .env C plain",
        "second .env A changed",
        "second .env P changed",
        "second .env C added",
        "second .env B removed",
        "first .env A added",
        "first .env B added",
        "first .env P added",
    ];
    assert_eq!(log(&env, &[]), expected);
    assert_eq!(log(&env, &["C"]), [expected[0], expected[2], expected[5]]);
    assert_eq!(log(&env, &["-n", "2"]), expected[..2]);
    assert_eq!(log(&env, &["-n", "0"]), [""; 0]);
    let json: Vec<Value> = serde_json::from_str(&env.ok(&["log", "--json"])).unwrap();
    let last = json.last().unwrap().as_object().unwrap();
    assert_eq!(last["commit"], first);
    assert_eq!(last["time"], "2026-01-02T03:01:00+01:30");
    assert_eq!((&last["author"], &last["email"]), (&"Alice".into(), &"alice@example.com".into()));
    assert_eq!(last["signature"], "none");
    let mut fields: Vec<_> = last.keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["author", "commit", "email", "file", "kind", "name", "signature", "subject", "time"]);
    // Without the keys, a new sealed value counts as a change.
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    assert_eq!(log(&env, &[])[1], "fourth .env A changed");
}

#[test]
fn renames_are_followed_also_with_an_edit_and_a_rotation() {
    let env = TestEnv::new();
    let value = env.secret("value");
    env.write_sealed("a b/.env.prod", format!("A={value}\nB=x\nC=y\n"));
    commit(&env, 1, "made");
    env.git(&["mv", "a b/.env.prod", ".env.prod"]);
    commit(&env, 2, "moved");
    env.git(&["mv", ".env.prod", ".env.production"]);
    let text = env.read(".env.production").replace("_PROD", "_PRODUCTION");
    env.write(".env.production", text);
    env.write(".env.keys", env.read(".env.keys").replace("_PROD=", "_PRODUCTION="));
    env.ok(&["set", "A", &env.secret("new"), "-e", "production"]);
    commit(&env, 3, "renamed");
    env.ok(&["key", "rotate", "-q", "-e", "production"]);
    commit(&env, 4, "rotated");
    write_commit(&env, 5, "other", ".env.other", "Z=1\n");
    let of_file = [
        "rotated .env.production A re-sealed",
        "rotated .env.production B re-sealed",
        "rotated .env.production C re-sealed",
        "renamed .env.production A changed",
        "made a b/.env.prod A added",
        "made a b/.env.prod B added",
        "made a b/.env.prod C added",
    ];
    assert_eq!(log(&env, &["-e", "production"]), of_file);
    assert_eq!(log(&env, &[])[1..], of_file);
    assert_eq!(log(&env, &[])[0], "other .env.other Z added");
    // The file's name at that time works, too.
    assert_eq!(log(&env, &["-f", "a b/.env.prod"]), of_file[4..]);
    assert_eq!(log(&env, &["-f", ".env.prod"]), of_file[3..]);
    let shown = env.ok(&["log", "-n", "3"]);
    contains_all(&shown, &["  .env.prod -> .env.production\n", "    changed    A\n"]);
}

#[test]
fn two_files_of_the_same_names_are_not_mixed_up() {
    let env = TestEnv::new();
    env.write("a/.env", "A=1\nB=2\n");
    write_commit(&env, 1, "made", "b/.env", "A=3\nB=4\n");
    std::fs::create_dir(env.path("c")).unwrap();
    env.git(&["mv", "b/.env", "c/.env"]);
    env.git(&["mv", "a/.env", "b/.env"]);
    write_commit(&env, 2, "swapped", "c/.env", "A=3\nB=5\n");
    let all = log(&env, &[]);
    // `b/.env` exists before and after, so as in git it is one file. `a/.env` became `c/.env`, or was deleted.
    assert!(all.contains(&"swapped b/.env A changed".to_owned()), "{all:?}");
    assert_eq!(all.len(), 8, "{all:?}");
}

#[test]
fn merges_are_told_only_of_what_is_in_no_parent() {
    let env = TestEnv::new();
    write_commit(&env, 1, "base", ".env", "A=1\n\n\nB=1\n\n\nC=1\n");
    env.git(&["checkout", "-q", "-b", "side"]);
    write_commit(&env, 2, "side", ".env", "A=2\n\n\nB=1\n\n\nC=1\n");
    env.git(&["checkout", "-q", "main"]);
    write_commit(&env, 3, "main", ".env", "A=1\n\n\nB=2\n\n\nC=1\n");
    env.git(&["merge", "-q", "--no-commit", "side"]);
    let merged = env.read(".env");
    commit(&env, 4, "merge");
    let honest = ["main .env B changed", "side .env A changed"];
    assert_eq!(log(&env, &[])[..2], honest);
    env.write(".env", merged.replace("C=1", "C=evil") + "D=evil\n");
    env.git(&["commit", "-q", "-a", "--amend", "-m", "evil"]);
    assert_eq!(log(&env, &[])[..4], ["evil .env C changed", "evil .env D added", honest[0], honest[1]]);
    assert!(env.ok(&["log", "-n", "1"]).contains("\nMerge: "));
    // A merge that takes one side is not a change; one that takes neither is.
    env.write(".env", merged.replace("A=2", "A=3"));
    env.git(&["commit", "-q", "-a", "--amend", "-m", "neither"]);
    assert_eq!(log(&env, &["A"])[..2], ["neither .env A changed", "side .env A changed"]);
}

#[test]
fn a_rename_on_one_side_and_an_edit_on_the_other() {
    let env = TestEnv::new();
    write_commit(&env, 1, "base", ".env.prod", "A=1\nB=1\nC=1\nD=1\n");
    env.git(&["checkout", "-q", "-b", "side"]);
    write_commit(&env, 2, "edit", ".env.prod", "A=2\nB=1\nC=1\nD=1\n");
    env.git(&["checkout", "-q", "main"]);
    env.git(&["mv", ".env.prod", ".env.production"]);
    commit(&env, 3, "rename");
    env.git(&["merge", "-q", "-m", "merge", "side"]);
    let expected = ["edit .env.prod A changed", "base .env.prod A added"];
    assert_eq!(log(&env, &["A", "-e", "production"]), expected);
    assert_eq!(log(&env, &["A"]), expected);
}

#[test]
fn a_deleted_file_keeps_its_history() {
    let env = TestEnv::new();
    write_commit(&env, 1, "made", ".env.x", "A=1\n");
    env.git(&["rm", "-q", ".env.x"]);
    commit(&env, 2, "gone");
    write_commit(&env, 3, "back", ".env.x", "A=2\n");
    std::fs::remove_file(env.path(".env.x")).unwrap();
    let expected = ["back .env.x A added", "gone .env.x A removed", "made .env.x A added"];
    assert_eq!(log(&env, &["-f", ".env.x"]), expected);
    assert_eq!(log(&env, &["-e", "x"]), expected);
}

#[test]
fn what_cannot_be_parsed_stops_nothing() {
    let env = TestEnv::new();
    write_commit(&env, 1, "made", ".env", "A=1\nB=1\n");
    write_commit(&env, 2, "utf-16", ".env", b"\xff\xfeA\0=\0");
    write_commit(&env, 3, "mended", ".env", "A=1\nB=1\n");
    env.write(".env", "A=1\n<<<<<<< x\nB=1\n=======\nB=2\n>>>>>>> y\n");
    write_commit(&env, 4, "conflict", "c/.env", "<<<<<<< x\nB=1\n=======\nB=2\n>>>>>>> y\n");
    write_commit(&env, 5, "forged", ".env", "A=1\nB=envseal:1:forged\n");
    let output = env.envseal(&["log", "--json"]).output();
    assert_eq!(output.status, 0);
    let all = lines(std::str::from_utf8(&output.stdout).unwrap());
    assert_eq!(
        all,
        [
            "forged .env B changed",
            "conflict .env B changed",
            "conflict c/.env B added",
            "mended .env A added",
            "mended .env B added",
            "utf-16 .env A removed",
            "utf-16 .env B removed",
            "made .env A added",
            "made .env B added",
        ]
    );
    let said: Vec<_> = output.stderr.lines().collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("note: .env: ") && said[1].starts_with("note: c/.env: "), "{said:?}");
}

#[test]
fn a_forged_token_is_plain_text_and_a_replaced_public_key_has_a_line_of_its_own() {
    let env = TestEnv::new();
    env.write_sealed(".env", format!("A={}\n", env.secret("a")));
    commit(&env, 1, "sealed");
    let text = env.read(".env");
    let sealed = text.lines().find(|line| line.starts_with("A=")).unwrap();
    write_commit(&env, 2, "forged", ".env", text.replace(sealed, "A=envseal:1:sk_live"));
    assert_eq!(log(&env, &[])[0], "forged .env A plain");
    write_commit(&env, 3, "harvest", ".env", TestEnv::new_env_file() + sealed);
    let json = env.ok(&["log", "--json", "ENVSEAL_PUBLIC_KEY"]);
    let list: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert_eq!((&list[0]["kind"], &list[0]["subject"]), (&"changed".into(), &"harvest".into()));
    assert_eq!(list.len(), 2);
}

#[test]
fn shallow_bare_linked_and_unborn() {
    let env = TestEnv::new();
    assert_eq!(env.ok(&["log"]), "");
    let output = env.envseal(&["log", "--json"]).output();
    assert_eq!((output.stdout, output.stderr.contains("No commits yet")), (b"[]\n".to_vec(), true));
    write_commit(&env, 1, "one", "dé p/.env", "A=1\n");
    write_commit(&env, 2, "two", "dé p/.env", "A=2\n");
    write_commit(&env, 3, "three", "dé p/.env", "A=3\n");
    let all = ["three dé p/.env A changed", "two dé p/.env A changed", "one dé p/.env A added"];
    assert_eq!(log(&env, &["-f", "dé p/.env"]), all);
    let url = format!("file://{}", env.repo().display());
    let at = |name: &str| env.outside().join(name);
    env.git(&["clone", "-q", "--depth", "2", &url, at("shallow").to_str().unwrap()]);
    env.git(&["clone", "-q", "--bare", &url, at("bare.git").to_str().unwrap()]);
    env.git(&["worktree", "add", "-q", at("linked").to_str().unwrap(), "HEAD~1"]);
    env.add_submodule(&url, "sub");
    for (folder, expected) in [("bare.git", &all[..]), ("linked", &all[1..]), ("repo/sub", &all[..])] {
        let mut call = env.envseal(&["log", "--json", "-f", "dé p/.env"]).dir(at(folder));
        if folder == "bare.git" {
            call = call.var("GIT_DIR", ".");
        }
        let output = call.output();
        assert_eq!(output.stderr, "", "{folder}");
        assert_eq!(lines(std::str::from_utf8(&output.stdout).unwrap()), expected, "{folder}");
    }
    let output = env.envseal(&["log", "--json"]).dir(at("shallow")).output();
    assert_eq!(lines(std::str::from_utf8(&output.stdout).unwrap()), all[..1]);
    assert_eq!(output.status, 4);
    assert!(output.stderr.contains("git fetch --unshallow"), "{}", output.stderr);
    let output = env.envseal(&["log", "--json", "-n1"]).dir(at("shallow")).output();
    assert_eq!((output.status, &*output.stderr), (0, ""), "no more history was asked for");
    let json =
        env.envseal(&["blame", "--json", "-f", "dé p/.env"]).dir(at("bare.git")).var("GIT_DIR", ".").ok();
    assert_eq!(lines(&json), all[..1]);
}

#[test]
fn a_commit_cannot_write_on_the_terminal_nor_add_a_line() {
    let env = TestEnv::new();
    write_commit(&env, 1, "x\u{1b}[31m\u{202e}red\nof two lines\n\nand a body", ".env", "A=1\n");
    let shown = env.ok(&["log"]);
    let end = "\n\n    x\\u{1b}[31m\\u{202e}red of two lines\n\n  .env\n    added      A\n";
    assert!(shown.ends_with(end), "{shown}");
}

#[test]
#[cfg(unix)]
fn a_pager_as_git_uses_one() {
    use crate::support::on_terminal;
    let env = TestEnv::new();
    write_commit(&env, 1, "one\u{1b}[31m", ".env", "A=1\n");
    let page = |value: &str| env.git(&["config", "--global", "core.pager", value]);
    // A pager that the repository sets is ignored: it would get what `diff --show` prints.
    env.git(&["config", "core.pager", "echo REPOSITORY"]);
    page("cat; echo LESS=$LESS LV=$LV KEY=$ENVSEAL_PRIVATE_KEY");
    let Some((status, shown)) = on_terminal(&env, &["log"], None) else { return };
    assert_eq!(status, 0);
    assert!(shown.contains("one\\u{1b}[31m") && shown.ends_with("LESS=FRX LV=-c KEY=\n"), "{shown}");
    // No pager is started for JSON, with --no-pager, or if stdout is not a terminal.
    for arguments in [&["log", "--json"][..], &["log", "--no-pager"]] {
        assert!(!on_terminal(&env, arguments, None).unwrap().1.contains("LESS="));
    }
    assert!(!env.ok(&["log"]).contains("LESS="));
    page("not-installed-anywhere");
    assert!(on_terminal(&env, &["log"], None).unwrap().1.contains("added      A"));
    page("cat");
    assert!(on_terminal(&env, &["log"], None).unwrap().1.contains("added      A"));
    // A pager that exits early is not an error.
    let names: String = (0..5000).map(|number| format!("N{number}=\n")).collect();
    write_commit(&env, 2, "more than a pipe holds", ".env", names);
    page("head -n 1");
    let (status, shown) = on_terminal(&env, &["log"], None).unwrap();
    assert!(status == 0 || status == 141, "{status}");
    assert_eq!(shown.lines().count(), 1, "{shown}");
    page("exit 7");
    let (_, shown) = on_terminal(&env, &["log"], None).unwrap();
    assert_eq!(shown, "");
    // Git is not asked for a setting that does not count.
    let trace = env.outside().join("trace");
    let log = env.envseal(&["log"]).var("GIT_PAGER", "echo OF GIT").var("GIT_TRACE", &trace);
    let (_, shown) = crate::support::run_on_terminal(log, None).unwrap();
    assert_eq!(shown, "OF GIT\n");
    let trace = std::fs::read_to_string(trace).unwrap();
    assert!(trace.contains("rev-parse") && !trace.contains("core.pager"), "{trace}");
}

#[test]
fn what_has_no_history_is_named() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A", &env.secret("a")]);
    env.git(&["add", ".env"]);
    env.git(&["commit", "-qm", "1"]);
    let said = |arguments: &[&str]| env.envseal(arguments).output().stderr;
    assert_eq!(said(&["log", "-e", "production"]), "No changes to .env.production in this history\n");
    assert_eq!(
        said(&["log", "B", "-e", "production"]),
        "No changes to B of .env.production in this history\n"
    );
    assert_eq!(said(&["log", "B"]), "No changes to B in this history\n");
    assert_eq!(
        said(&["log", ".env"]),
        "No changes to a variable .env in this history; for the file: envseal log -f .env\n"
    );
    env.fails(4, &["log", "-f", "../elsewhere/.env"]);
}
