//! Changing the policy to allow plaintext. A commit may, with a suggestion; in a range the policy before it counts.

use super::{PLAINTEXT, PROD, SAID, Way, changed, commit_stopped, fails, told};
use crate::support::Run;

/// Returns the line `SECRET` in the open, behind the file's key.
fn open(way: &Way) -> String {
    format!("{}SECRET={PLAINTEXT}\n", way.header(PROD))
}

fn push_main(way: &Way) -> Run<'_> {
    way.git(&["push", "--no-verify", "origin", "main"])
}

/// Asserts that this can be committed with plaintext, with a suggestion, and that the guarded remote refuses it, on a
/// branch that it has and on a new one.
#[track_caller]
pub(super) fn refused_by_the_remote(files: &[(&str, &str)], suggested: &[&str], refused: &[&str]) {
    let way = Way::new(false);
    way.guard_remote();
    way.add(PROD, open(&way));
    for (file, text) in files {
        way.add(file, text.replace("KEY\n", &way.header(PROD)));
    }
    let output = way.commit().output();
    assert_eq!(output.status, 0, "{files:?}: a suggestion does not stop a commit: {}", output.stderr);
    told(&output, &[suggested, &["suggestion: "]].concat());
    let before = way.state();
    for target in ["main", "main:refs/heads/new"] {
        println!("{files:?}");
        let push = way.git(&["push", "origin", target]);
        fails(push, &[refused, &["remote: pre-receive: refs/heads/"]].concat());
        assert!(changed(&before, &way.state()).is_empty(), "{files:?}");
    }
}

#[test]
fn widened_in_the_same_commit() {
    for policy in
        ["plain = [\"SECRET\"]", "plain = [\"S*\"]", "exclude = [\"**\"]", "exclude = [\".env.production\"]"]
    {
        let policy = format!("[policy]\n{policy}\n");
        refused_by_the_remote(&[("envseal.toml", &policy)], &["policy-widened"], &["policy-widened"]);
    }
    let marked = format!("KEY\nSECRET={PLAINTEXT} # envseal: allow plaintext\n");
    refused_by_the_remote(&[(PROD, &marked)], &["allow-added"], &["allow-added"]);
}

/// The policy or schema is narrowed again, so that the end result shows no trace of it.
#[test]
fn widened_first_and_used_later_in_one_push() {
    for (file, text, narrowed) in [
        ("envseal.toml", "[policy]\nplain = [\"SECRET\"]\n", "[policy]\nplain = []\n"),
        (".env.schema", "# @sensitive=false\nSECRET=\n", ""),
    ] {
        let way = Way::new(false);
        way.add(file, text);
        way.git(&["commit", "-q", "-m", "policy"]).ok();
        way.add(PROD, open(&way));
        way.git(&["commit", "-q", "-m", "use"]).ok();
        way.add(file, narrowed);
        way.git(&["rm", "-q", "-f", PROD]).ok();
        way.git(&["commit", "-q", "-m", "narrow"]).ok();
        let before = way.state();
        println!("{file}");
        fails(way.git(&["push", "origin", "main"]), &[".env.production", "SECRET", "[plaintext]"]);
        assert!(changed(&before, &way.state()).is_empty(), "{file}");
    }
}

/// Nothing in a file need change for it to be refused: the next commit of anybody would be.
#[test]
fn narrowed_while_a_file_relies_on_it() {
    for policy in ["plain = [\"SECRET\"]", "exclude = [\".env.*\"]"] {
        let way = Way::new(false);
        way.add("envseal.toml", format!("[policy]\n{policy}\n"));
        way.add(PROD, open(&way));
        way.commit_unhooked();
        way.guard_remote();
        way.add("envseal.toml", "[policy]\n");
        way.commit_unhooked();
        println!("{policy}");
        fails(way.git(&["push", "origin", "main"]), &[".env.production", "SECRET", "[plaintext]"]);
        let output = way.env.envseal(&["check", "--accept-policy", "--range", "HEAD~1..HEAD"]).output();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said.matches("[plaintext]").count(), 1, "{policy}: {said}");
    }
}

#[test]
fn left_in_the_worktree_only() {
    // The policy in the index counts, not the one in the working tree.
    commit_stopped(&SAID, |way| {
        way.write("envseal.toml", "[policy]\nplain = [\"SECRET\"]\nexclude = [\"**\"]\n");
        way.add(PROD, way.text(PROD));
    });
}

#[test]
fn from_a_folder_that_is_not_above_it() {
    commit_stopped(&SAID, |way| {
        way.add("other/envseal.toml", "[policy]\nplain = [\"*\"]\nexclude = [\"../**\"]\n");
        way.add(PROD, way.text(PROD));
    });
}

#[test]
fn by_a_policy_that_cannot_be_read() {
    commit_stopped(&["envseal.toml"], |way| {
        way.add("envseal.toml", way.pick("[policy\nplain = [\"*\"]\n", "[policy]\n"));
        way.add(PROD, way.text(PROD));
    });
}

#[test]
fn by_a_mark_on_a_sealed_value() {
    // The next `set` would write plaintext there.
    commit_stopped(&[".env.production:2: error: SECRET", "[plain-sealed]"], |way| {
        let mark = way.pick(" # envseal: plain", "");
        way.add(PROD, format!("{}SECRET={}{mark}\n", way.header(PROD), way.token("SECRET")));
    });
}

/// Commits all of `files` without the local hooks (None: removes the file).
fn committed(way: &Way, files: &[(&str, Option<&str>)]) {
    for (path, text) in files {
        match text {
            Some(text) => way.add(path, text),
            None => {
                way.unhooked(&["rm", "-q", "-r", path]).ok();
            }
        }
    }
    way.unhooked(&["commit", "-q", "--allow-empty", "-m", "x"]).ok();
}

/// Pushes each of these commits separately to a guarded remote whose first commit has a sealed `DB_PASSWORD`. Asserts
/// that one of them is refused with the words of `said`.
fn refused(pushes: &[&[(&str, Option<&str>)]], said: &[&str]) {
    let way = Way::new(false);
    way.add(PROD, format!("{}DB_PASSWORD={}\n", way.header(PROD), way.token("DB_PASSWORD")));
    way.commit_unhooked();
    way.guard_remote();
    for files in pushes {
        committed(&way, files);
        let output = push_main(&way).output();
        if output.status != 0 {
            return told(&output, said);
        }
    }
    panic!("every push was accepted");
}

const WIDE: &str = "[policy]\nplain = [\"DB_*\"]\n";
const OPEN: &str = "DB_PASSWORD=sk_live_51HG8vnotforgit\n";

#[test]
fn widened_in_several_pushes() {
    let gone = &[(".env", None), (PROD, None)][..];
    for policy in [
        ("envseal.toml", WIDE),
        ("envseal.toml", "[policy]\nexclude = [\"**\"]\n"),
        ("other/envseal.toml", WIDE),
        (".env.schema", "# @sensitive=false\nDB_PASSWORD=\n"),
        (".env.example", "# @sensitive=false\nDB_PASSWORD=\n"),
    ] {
        let policy = &[(policy.0, Some(policy.1))][..];
        refused(&[gone, policy, &[(PROD, Some(OPEN))]], &["[policy-widened]"]);
        refused(&[gone, &[], policy], &["[policy-widened]"]);
    }
}

#[test]
fn brought_back_under_a_policy_that_another_project_has() {
    // The review covered only the files that existed at the time.
    let start = || {
        let way = Way::new(false);
        way.add(PROD, format!("{}DB_PASSWORD={}\n", way.header(PROD), way.token("DB_PASSWORD")));
        let project = [("b/envseal.toml", Some(WIDE)), ("b/.env.staging", Some("DB_HOST=x\n"))];
        committed(&way, &project);
        way.guard_remote();
        way
    };
    let back = ("b/.env.production", Some(OPEN));
    for steps in [&[&[(PROD, None), back][..]][..], &[&[(PROD, None)], &[back]]] {
        let way = start();
        for (at, files) in steps.iter().enumerate() {
            committed(&way, files);
            let output = push_main(&way).output();
            assert_eq!(output.status != 0, at + 1 == steps.len(), "{}", output.stderr);
            if output.status != 0 {
                let place = "b/.env.production:1: error: DB_PASSWORD";
                told(&output, &[place, "before (.env.production", "--accept-policy"]);
            }
        }
        // After a review, the push succeeds.
        way.git(&["config", "envseal.acceptPolicy", "true"]).dir(way.env.outside().join("remote.git")).ok();
        push_main(&way).ok();
    }
    // The policy applies to new files, and to a file beside those that it already covers.
    let way = start();
    committed(
        &way,
        &[("b/.env.production", Some("DB_NAME=x\n")), ("b/.env.staging", Some("DB_HOST=y\nDB_NAME=x\n"))],
    );
    push_main(&way).ok();
}

#[test]
fn on_a_branch_without_a_history() {
    let way = Way::new(false);
    way.guard_remote();
    way.git(&["checkout", "-q", "--orphan", "alone"]).ok();
    way.unhooked(&["rm", "-rqf", "."]).ok();
    committed(&way, &[("envseal.toml", Some(WIDE))]);
    fails(way.git(&["push", "--no-verify", "origin", "alone"]), &["[policy-widened]"]);
    // Without a policy there is nothing to review.
    committed(&way, &[("envseal.toml", None), ("page.html", Some("x\n"))]);
    way.unhooked(&["checkout", "-q", "--orphan", "pages"]).ok();
    committed(&way, &[]);
    way.git(&["push", "-q", "--no-verify", "origin", "pages"]).ok();
}

/// A mark of a variable also allows its later values, so it is reported when it is added, whatever it allows by then.
#[test]
fn by_a_mark_that_allows_nothing_yet() {
    for line in [
        "SECRET= # envseal: allow plaintext",
        "SECRET=TOKEN # envseal: allow plaintext",
        "SECRET=TOKEN # envseal: allow malformed-token",
        "SECRET=x # envseal: plain # envseal: allow plaintext",
        "SECRET=x # envseal: plain # envseal: allow private-key",
        "SECRET=x # envseal: plain # envseal: allow secret-value",
        "SECRET=x # envseal: plain # envseal: allow foreign-sealed",
        "HTTPS_PROXY=x # envseal: plain # envseal: allow redirect-sealed",
    ] {
        let way = Way::new(false);
        way.guard_remote();
        let line = line.replace("TOKEN", &way.token("SECRET"));
        committed(&way, &[(PROD, Some(&format!("{}{line}\n", way.header(PROD))))]);
        fails(push_main(&way), &["[allow-added]"]);
    }
}
