//! Having the policy allow it: a person's own commit may say so, and is told; a range is judged by what stood before.

use super::{PLAINTEXT, Way, told};

const PROD: &str = ".env.production";

/// Commits a file in the open together with what is to allow it; returns what the hook said.
fn allowed(way: &Way, team: &str, line: &str) -> crate::support::Output {
    way.add("envseal.toml", team);
    way.add(PROD, format!("{}{line}\n", way.header(PROD)));
    way.git(&["commit", "-m", "x"]).output()
}

/// A remote that has `main`; with the recipe for a server, if wanted.
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

/// Whoever proposes a policy has to be able to commit and to push it, and is told; the other side does not take it.
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
        assert_eq!(output.status, 0, "advice does not stop a commit: {}", output.stderr);
        told(&output, &[rule, "advice: "]);
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
    // And narrowed again, so that the end result shows nothing of it.
    way.add("envseal.toml", "[policy]\nplain = []\n");
    way.git(&["rm", "-q", "-f", PROD]).ok();
    way.git(&["commit", "-q", "-m", "narrow"]).ok();
    let before = way.state();
    let output = way.git(&["push", "origin", "main"]).output();
    assert_ne!(output.status, 0);
    told(&output, &[".env.production", "SECRET", "[plaintext]"]);
    assert!(super::changed(&before, &way.state()).is_empty());
}

#[test]
fn left_in_the_worktree_only() {
    // The policy is the index's, not the worktree's.
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
