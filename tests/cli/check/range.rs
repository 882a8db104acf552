//! `--range`: every commit counts, and the policy is the base's.

use envseal::testing::crypto::Identity;
use envseal::testing::team::{ExposureState, GrantLine, TeamFile};

use super::team::{Team, name, production};
use super::{append, findings, project};
use crate::support::{Output, TestEnv, contains_all};

#[test]
fn what_a_later_commit_takes_back_stays_told() {
    let env = project();
    let sealed = env.read(".env");
    append(&env, ".env", "A=abc\n");
    let bad = env.commit("plaintext");
    env.write(".env", sealed);
    env.commit("taken back");
    assert!(env.check(&[]).is_empty());
    assert_eq!(env.check(&["--range", "HEAD~2..HEAD"]), [".env:4 !plaintext A"]);
    assert!(env.check(&["--range", "HEAD~1.."]).is_empty());
    let text = env.check_text(&["--range", "HEAD~2..HEAD"]);
    // Another commit on top would still push this one.
    let bad = &bad[..12];
    contains_all(&text, &[&format!("in commit {bad}"), &format!("fix: git rebase -i {bad}~\n")]);
    env.git(&["rev-parse", &format!("{bad}~")]);
    let env = TestEnv::new();
    env.write(".env", "A=abc\n");
    let output = first_push(&env, &env.commit("root"));
    // In a history of its own, everything is new.
    assert_eq!(findings(&output), [".env:1 !plaintext A"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("git rebase -i --root\""));
}

#[test]
fn a_range_cannot_widen_its_own_policy() {
    let env = project();
    env.write("envseal.toml", "[policy]\nplain = ['OLD']\n");
    env.commit("policy");
    env.write("envseal.toml", "[policy]\nplain = ['OLD', 'A']\nexclude = ['fixtures/**']\n");
    append(&env, ".env", "A=abc\n");
    env.write("fixtures/.env", "B=abc\n");
    env.git(&["add", "-A"]);
    assert_eq!(
        env.check(&["--staged"]),
        ["envseal.toml:2 policy-widened -", "envseal.toml:3 policy-widened -"],
        "locally the policy applies, and is reported"
    );
    assert_eq!(
        env.check_commit("both at once"),
        [
            ".env:4 !plaintext A",
            "envseal.toml:2 !policy-widened -",
            "envseal.toml:3 !policy-widened -",
            "fixtures/.env:1 !plaintext B",
        ]
    );
    let accepted = env.check(&["--range", "HEAD~1..HEAD", "--accept-policy"]);
    assert_eq!(accepted, ["envseal.toml:2 policy-widened -", "envseal.toml:3 policy-widened -"]);
}

#[test]
fn a_range_cannot_allow_its_own_findings() {
    let env = project();
    append(&env, ".env", "A=abc # envseal: allow plaintext\n");
    assert_eq!(env.check_commit("allowed"), [".env:4 !allow-added A"]);
    assert_eq!(env.check(&["--range", "HEAD~1..HEAD", "--accept-policy"]), [".env:4 allow-added A"]);
    // A mark that the base has holds for every commit.
    for value in ["A=abd", "A=abe"] {
        let text = env.read(".env");
        env.write(".env", text.replace(&text[text.find("A=ab").unwrap()..][..5], value));
        env.commit(value);
    }
    assert!(env.check(&["--range", "HEAD~2..HEAD"]).is_empty());
}

#[test]
fn only_what_is_touched_is_judged() {
    let env = project();
    env.write("legacy/.env", "A=abc\n");
    env.commit("legacy");
    env.write("README.md", "words\n");
    assert!(env.check_commit("words").is_empty());
    env.write("legacy/.env", "A=abc\nB=abc\n");
    assert_eq!(env.check_commit("touched"), ["legacy/.env:1 !plaintext A", "legacy/.env:2 !plaintext B"]);
}

#[test]
fn a_branch_that_is_behind_is_judged_by_what_it_brings_and_by_the_newer_policy() {
    let mut team = Team::new(&["alice", "bob"]);
    team.env.write("envseal.toml", format!("[policy]\nplain = [\"PORT\"]\n\n{}", team.file.text()));
    team.env.commit("a policy");
    team.env.git(&["branch", "feature"]);
    team.expel("bob");
    team.expose("bob", "A", ExposureState::Exposed);
    let old = team.rekey();
    team.prove(&old);
    team.grant("alice", "alice");
    // Also narrows the policy.
    team.save();
    let secret = "a value of main alone";
    team.env.envseal(&["set", "-q", "TOKEN_OF_MAIN", "-e", "production"]).stdin(secret).ok();
    team.env.commit("Remove bob");
    team.env.git(&["checkout", "-q", "feature"]);
    team.env.write("unrelated", "");
    team.env.commit("unrelated");
    let check = |range: &str| team.env.check(&["--range", range]);
    assert!(check("main...feature").is_empty());
    let output = team.env.envseal(&["check", "--range", "main..feature"]).output();
    assert!(output.status == 1, "a push that replaces main undoes the removal");
    assert!(
        output.stderr.contains(
            "note: what only main has counts as undone; what a merge brings: envseal check --range main...feature\n"
        ),
        "{}",
        output.stderr
    );
    // What main no longer permits, a grant by someone who is no member there, and a value that only main has.
    append(&team.env, ".env.production", "PORT=1\n");
    team.env.commit("plain");
    assert!(check("main...feature").contains(&".env.production:5 !plaintext PORT".to_owned()));
    let output = team.env.envseal(&["check", "--range", "main...feature"]).output();
    let both = "files that both sides changed are checked as the branch has them; merge main into the branch first: git merge main\n";
    assert!(output.stderr.contains(both), "{}", output.stderr);
    team.env.git(&["reset", "-q", "--hard", "HEAD~1"]);
    // What was undone on main, in another folder.
    for file in ["envseal.toml", ".env.production"] {
        team.env.write(format!("svc/{file}"), team.env.read(file));
    }
    team.env.commit("a copy");
    let found = check("main...feature");
    assert!(found.iter().any(|one| one.contains("svc/envseal.toml") && one.contains('!')), "{found:?}");
    team.env.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let mut file = TeamFile::parse(team.env.read("envseal.toml").as_bytes()).unwrap();
    let puppet = Identity::generate().public();
    file.put_member(&name("puppet"), &puppet);
    let bob = team.identity("bob").clone();
    file.put_grant(GrantLine::make(&production(), &old, (&name("puppet"), &puppet), (&name("bob"), &bob)));
    team.env.write("envseal.toml", file.text());
    team.env.commit("puppet");
    let check = |range: &str| team.env.check(&["--range", range]);
    assert!(check("main...feature").iter().any(|one| one.contains("!grant-invalid")));
    team.env.git(&["reset", "-q", "--hard", "HEAD~1"]);
    team.env.write("leak", secret);
    team.env.commit("leak");
    assert_eq!(check("main...feature"), ["leak:1 !secret-value TOKEN_OF_MAIN"]);
}

#[test]
fn a_merge_base_of_the_authors_choice_hides_nothing() {
    let mut team = Team::new(&["alice"]);
    let old = team.env.read(".env.production");
    team.env.git(&["checkout", "-qb", "harmless"]);
    team.env.write("harmless", "");
    team.env.commit("harmless");
    team.env.git(&["checkout", "-q", "main"]);
    let key = team.rekey();
    team.prove(&key);
    team.grant("alice", "alice");
    team.save();
    let rotation = team.env.commit("rotation");
    team.env.git(&["merge", "-q", "--no-verify", "--no-ff", "-m", "merge", "harmless"]);
    team.env.git(&["checkout", "-q", "-b", "evil", "harmless"]);
    team.env.git(&["merge", "-q", "--no-commit", "--no-ff", &rotation]);
    team.env.write(".env.production", old);
    team.env.git(&["rm", "-q", "-f", "envseal.toml"]);
    team.env.commit("merge main");
    assert_eq!(team.env.git(&["merge-base", "--all", "main", "evil"]).lines().count(), 2);
    let found = team.env.check(&["--range", "main...evil"]);
    assert!(found.iter().any(|one| one.contains("!public-key-changed")), "{found:?}");
}

/// Checks a push of `tip` into a new repository as a git hook does: its objects are in quarantine.
fn first_push(env: &TestEnv, tip: &str) -> Output {
    let bare = env.outside().join("first.git");
    env.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
    let range = format!("{}..{tip}", "0".repeat(40));
    let run = env.envseal(&["check", "--json", "--range", &range]).dir(&bare).var("GIT_DIR", ".");
    let objects = env.path(".git/objects");
    run.var("GIT_OBJECT_DIRECTORY", &objects).var("GIT_QUARANTINE_PATH", &objects).output()
}

#[test]
fn a_bare_clone_needs_no_worktree() {
    let env = project();
    append(&env, ".env", "A=abc\n");
    env.commit("plaintext");
    env.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
    let bare = env.outside().join("bare.git");
    for arguments in [&["check", "--json", "--range", "HEAD~1..HEAD"][..], &["check", "--json", "--history"]]
    {
        let output = env.envseal(arguments).dir(&bare).var("GIT_DIR", ".").output();
        assert_eq!(findings(&output), [".env:4 !plaintext A"], "{arguments:?}");
    }
}

#[test]
fn a_team_file_that_a_change_mends_is_no_finding() {
    let env = project();
    env.write("envseal.toml", "[policy\n");
    assert_eq!(env.check_commit("broken"), ["envseal.toml:- !team-file -"]);
    env.write("envseal.toml", "[policy]\n");
    assert!(env.check_commit("mended").is_empty());
}

#[test]
fn a_twin_that_was_there_before_is_told_with_the_new_one() {
    let env = project();
    env.write("x.env", "");
    env.commit("one");
    env.write(".env.x", "");
    assert_eq!(env.check_commit("its twin"), ["x.env:- !side-by-side -"]);
}

#[test]
fn the_first_push_of_a_project_brings_its_policy() {
    let env = project();
    append(&env, ".env", "PORT=80\n");
    env.write("envseal.toml", "[policy]\nplain = ['PORT']\n");
    let tip = env.commit("policy");
    let output = first_push(&env, &tip);
    assert_eq!((output.status, findings(&output).len()), (0, 0), "{}", output.stderr);
}

#[test]
fn a_mark_on_a_line_of_its_own_is_none_for_later_lines() {
    let env = project();
    append(&env, ".env", "# envseal: allow plaintext\nB= # envseal: allow plaintext\n");
    env.commit("a mark that allows nothing");
    append(&env, ".env", "A=abc # envseal: allow plaintext\n");
    assert_eq!(env.check_commit("used"), [".env:6 !allow-added A"]);
}

#[test]
fn a_mark_is_of_the_variable_on_its_line() {
    let env = TestEnv::new();
    env.envseal(&["set", "A"]).stdin("value-that-is-long").ok();
    let line = "B=value-that-is-long # envseal: plain # envseal: allow secret-value\n";
    env.write(".env.x", line);
    env.commit("allowed");
    env.write(".env.x", format!("C=\n{}", line.replace("B=", "B=1")));
    env.commit("changed");
    assert_eq!(env.errors(&["--range", "HEAD~1..HEAD"]), [""; 0]);
}

/// Merges `main` and an unrelated history that declares its value plain. Returns the merge, and deletes the branches.
fn joined(env: &TestEnv, merge: &[&str]) -> String {
    env.git(&["checkout", "-q", "--orphan", "alone"]);
    env.git(&["rm", "-rqf", "."]);
    env.write("envseal.toml", "[policy]\nplain = ['S']\n");
    env.write(".env.x", "S=abc\n");
    let old = "2000-01-01T00:00:00Z";
    env.git(&["add", "-A"]);
    env.program("git", &["commit", "-qm", "alone"]).var("GIT_COMMITTER_DATE", old).ok();
    env.git(&["checkout", "-q", "-b", "joined", merge[0]]);
    env.git(&["merge", "-q", "--allow-unrelated-histories", "-m", "join", merge[1]]);
    let tip = env.git(&["rev-parse", "HEAD"]).trim().to_owned();
    env.git(&["checkout", "-q", "main"]);
    env.git(&["branch", "-qD", "joined", "alone"]);
    tip
}

#[test]
fn a_history_of_its_own_brings_no_policy_to_one_that_is_there() {
    for merge in [["main", "alone"], ["alone", "main"]] {
        let env = project();
        let tip = joined(&env, &merge);
        let found = env.check(&["--range", &format!("{}..{tip}", "0".repeat(40))]);
        assert!(found.contains(&".env.x:1 !plaintext S".to_owned()), "{merge:?} {found:?}");
        assert!(found.contains(&"envseal.toml:2 !policy-widened -".to_owned()), "{merge:?} {found:?}");
    }
    let env = project();
    env.git(&["checkout", "-q", "--orphan", "alone"]);
    env.write("envseal.toml", "[policy]\nplain = ['S']\n");
    append(&env, ".env", "S=abc\n");
    let tip = env.commit("alone");
    env.git(&["checkout", "-q", "main"]);
    env.git(&["branch", "-qD", "alone"]);
    let found = env.check(&["--range", &format!("{}..{tip}", "0".repeat(40))]);
    assert!(found.contains(&".env:4 !plaintext S".to_owned()), "{found:?}");
}

#[cfg(unix)]
#[test]
fn what_a_symlink_led_to_in_between_is_told() {
    let env = project();
    std::os::unix::fs::symlink("settings", env.path(".env.x")).unwrap();
    env.write("settings", "A=abc\n");
    env.commit("through a link");
    env.write("settings", "A=abd\n");
    env.commit("the target alone");
    env.git(&["rm", "-q", ".env.x", "settings"]);
    env.commit("gone");
    assert_eq!(env.check(&["--range", "HEAD~3..HEAD"]), [".env.x:1 !plaintext A", ".env.x:1 !plaintext A"]);
    assert_eq!(env.check(&["--range", "HEAD~2..HEAD"]), [".env.x:1 !plaintext A"]);
    assert!(env.check(&["--range", "HEAD~1..HEAD"]).is_empty());
}

#[test]
fn a_policy_that_is_taken_away_widens_where_another_lies_above() {
    let env = project();
    env.write("envseal.toml", "[policy]\nplain = ['A']\n");
    env.write("sub/envseal.toml", "[policy]\n");
    env.commit("two scopes");
    env.git(&["rm", "-q", "sub/envseal.toml"]);
    assert_eq!(env.check(&["--staged"]), ["sub/envseal.toml:- policy-widened -"]);
    assert_eq!(env.check_commit("one scope"), ["sub/envseal.toml:- !policy-widened -"]);
    env.git(&["rm", "-q", "envseal.toml"]);
    assert!(env.check_commit("none").is_empty());
}
