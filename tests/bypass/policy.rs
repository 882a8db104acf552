//! Changing the policy to allow plaintext. A commit may, with a suggestion; in a range the policy before it counts.

use super::{PLAINTEXT, Way, told};

const PROD: &str = ".env.production";

/// Commits a plaintext file together with whatever should allow it. Returns the output of the commit.
fn allowed(way: &Way, team: &str, line: &str) -> crate::support::Output {
    way.add("envseal.toml", team);
    way.add(PROD, format!("{}{line}\n", way.header(PROD)));
    way.git(&["commit", "-m", "x"]).output()
}

/// Creates a remote that has `main`. With `guarded`, it runs the `pre-receive` recipe.
pub(super) fn remote(way: &Way, guarded: bool) {
    let bare = way.env.outside().join("remote.git");
    way.git(&["init", "-q", "--bare", bare.to_str().unwrap()]).ok();
    way.git(&["remote", "add", "origin", bare.to_str().unwrap()]).ok();
    way.unhooked(&["push", "-q", "origin", "main"]).ok();
    if guarded {
        let recipe = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pre-receive");
        std::fs::copy(recipe, bare.join("hooks/pre-receive")).unwrap();
    }
}

/// A changed policy can be committed and pushed, with a suggestion; the server refuses it.
#[test]
fn widened_in_the_same_commit() {
    let plain = format!("SECRET={PLAINTEXT}");
    for (team, line, rule) in [
        ("[policy]\nplain = [\"SECRET\"]\n", plain.clone(), "policy-widened"),
        ("[policy]\nplain = [\"S*\"]\n", plain.clone(), "policy-widened"),
        ("[policy]\nexclude = [\"**\"]\n", plain.clone(), "policy-widened"),
        ("[policy]\nexclude = [\".env.production\"]\n", plain.clone(), "policy-widened"),
        ("# nothing\n", format!("{plain} # envseal: allow plaintext"), "allow-added"),
    ] {
        let way = Way::new(false);
        remote(&way, true);
        let output = allowed(&way, team, &line);
        assert_eq!(output.status, 0, "a suggestion does not stop a commit: {}", output.stderr);
        told(&output, &[rule, "suggestion: "]);
        let before = way.state();
        for target in ["main", "main:refs/heads/new"] {
            let output = way.git(&["push", "origin", target]).output();
            assert_ne!(output.status, 0, "{team}");
            told(&output, &[rule, "remote: pre-receive: refs/heads/"]);
            assert!(super::changed(&before, &way.state()).is_empty());
        }
    }
}

#[test]
fn widened_first_and_used_later_in_one_push() {
    let way = Way::new(false);
    remote(&way, false);
    way.add("envseal.toml", "[policy]\nplain = [\"SECRET\"]\n");
    way.git(&["commit", "-q", "-m", "policy"]).ok();
    way.add(PROD, format!("{}SECRET={PLAINTEXT}\n", way.header(PROD)));
    way.git(&["commit", "-q", "-m", "use"]).ok();
    // The policy is narrowed again, so that the end result shows no trace of it.
    way.add("envseal.toml", "[policy]\nplain = []\n");
    way.git(&["rm", "-q", "-f", PROD]).ok();
    way.git(&["commit", "-q", "-m", "narrow"]).ok();
    let before = way.state();
    let output = way.git(&["push", "origin", "main"]).output();
    assert_ne!(output.status, 0);
    told(&output, &[".env.production", "SECRET", "[plaintext]"]);
    assert!(super::changed(&before, &way.state()).is_empty());
}

/// Nothing in a file need change for it to be refused: the next commit of anybody would be.
#[test]
fn narrowed_while_a_file_relies_on_it() {
    for policy in ["plain = [\"SECRET\"]", "exclude = [\".env.*\"]"] {
        let way = Way::new(false);
        way.add("envseal.toml", format!("[policy]\n{policy}\n"));
        way.add(PROD, format!("{}SECRET={PLAINTEXT}\n", way.header(PROD)));
        way.unhooked(&["commit", "-q", "-m", "base"]).ok();
        remote(&way, true);
        way.add("envseal.toml", "[policy]\n");
        way.unhooked(&["commit", "-q", "-m", "narrow"]).ok();
        let output = way.git(&["push", "origin", "main"]).output();
        assert_ne!(output.status, 0, "{policy}");
        told(&output, &[".env.production", "SECRET", "[plaintext]"]);
        let output = way.env.envseal(&["check", "--accept-policy", "--range", "HEAD~1..HEAD"]).output();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said.matches("[plaintext]").count(), 1, "{policy}: {said}");
    }
}

#[test]
fn left_in_the_worktree_only() {
    // The policy in the index counts, not the one in the working tree.
    super::stopped(&[".env.production:2: error: SECRET", "[plaintext]"], |way| {
        way.write("envseal.toml", "[policy]\nplain = [\"SECRET\"]\nexclude = [\"**\"]\n");
        way.add(PROD, way.text(PROD));
        way.git(&["commit", "-m", "x"])
    });
}

#[test]
fn from_a_folder_that_is_not_above_it() {
    super::stopped(&[".env.production:2: error: SECRET", "[plaintext]"], |way| {
        way.add("other/envseal.toml", "[policy]\nplain = [\"*\"]\nexclude = [\"../**\"]\n");
        way.add(PROD, way.text(PROD));
        way.git(&["commit", "-m", "x"])
    });
}

#[test]
fn by_a_policy_that_cannot_be_read() {
    super::stopped(&["envseal.toml"], |way| {
        way.add("envseal.toml", way.pick("[policy\nplain = [\"*\"]\n", "[policy]\n"));
        way.add(PROD, way.text(PROD));
        way.git(&["commit", "-m", "x"])
    });
}

#[test]
fn by_a_mark_on_a_sealed_value() {
    // The next `set` would write plaintext there.
    super::stopped(&[".env.production:2: error: SECRET", "[plain-sealed]"], |way| {
        let mark = way.pick(" # envseal: plain", "");
        way.add(PROD, format!("{}SECRET={}{mark}\n", way.header(PROD), way.token("SECRET")));
        way.git(&["commit", "-m", "x"])
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
    way.unhooked(&["commit", "-q", "-m", "sealed"]).ok();
    remote(&way, true);
    for files in pushes {
        committed(&way, files);
        let output = way.git(&["push", "--no-verify", "origin", "main"]).output();
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
        remote(&way, true);
        way
    };
    let push = |way: &Way| way.git(&["push", "--no-verify", "origin", "main"]).output();
    let back = ("b/.env.production", Some(OPEN));
    for steps in [&[&[(PROD, None), back][..]][..], &[&[(PROD, None)], &[back]]] {
        let way = start();
        for (at, files) in steps.iter().enumerate() {
            committed(&way, files);
            let output = push(&way);
            assert_eq!(output.status != 0, at + 1 == steps.len(), "{}", output.stderr);
            if output.status != 0 {
                told(
                    &output,
                    &[
                        "b/.env.production:1: error: DB_PASSWORD",
                        "before (.env.production",
                        "--accept-policy",
                    ],
                );
            }
        }
        // After a review, the push succeeds.
        way.git(&["config", "envseal.acceptPolicy", "true"]).dir(way.env.outside().join("remote.git")).ok();
        assert_eq!(push(&way).status, 0);
    }
    // The policy applies to new files, and to a file beside those that it already covers.
    let way = start();
    committed(
        &way,
        &[("b/.env.production", Some("DB_NAME=x\n")), ("b/.env.staging", Some("DB_HOST=y\nDB_NAME=x\n"))],
    );
    let output = push(&way);
    assert_eq!(output.status, 0, "{}", output.stderr);
}

#[test]
fn on_a_branch_without_a_history() {
    let way = Way::new(false);
    remote(&way, true);
    way.git(&["checkout", "-q", "--orphan", "alone"]).ok();
    way.unhooked(&["rm", "-rqf", "."]).ok();
    committed(&way, &[("envseal.toml", Some(WIDE))]);
    let output = way.git(&["push", "--no-verify", "origin", "alone"]).output();
    assert_ne!(output.status, 0);
    told(&output, &["[policy-widened]"]);
    // Without a policy there is nothing to review.
    committed(&way, &[("envseal.toml", None), ("page.html", Some("x\n"))]);
    way.unhooked(&["checkout", "-q", "--orphan", "pages"]).ok();
    committed(&way, &[]);
    way.git(&["push", "-q", "--no-verify", "origin", "pages"]).ok();
}

#[test]
fn by_a_mark_that_allowed_nothing_when_it_was_pushed() {
    for (before, after) in [
        ("SECRET= # envseal: allow plaintext\n".to_owned(), OPEN.replace("DB_PASSWORD", "SECRET")),
        ("SECRET=TOKEN # envseal: allow plaintext\n".to_owned(), OPEN.replace("DB_PASSWORD", "SECRET")),
    ] {
        let way = Way::new(false);
        remote(&way, true);
        let before = before.replace("TOKEN", &way.token("SECRET"));
        committed(&way, &[(PROD, Some(&format!("{}{before}", way.header(PROD))))]);
        way.git(&["push", "-q", "--no-verify", "origin", "main"]).ok();
        let after = after.replace('\n', " # envseal: allow plaintext\n");
        committed(&way, &[(PROD, Some(&format!("{}{after}", way.header(PROD))))]);
        let output = way.git(&["push", "--no-verify", "origin", "main"]).output();
        assert_ne!(output.status, 0, "{before}");
        told(&output, &["[allow-added]"]);
    }
}
