//! The merge driver and the team file, called by the real git.

use crate::check::team::Team;
use crate::support::TestEnv;

/// Creates a team with merge drivers and without hooks.
fn team(members: &[&str]) -> Team {
    let team = Team::new(members);
    team.env.ok(&["init", "-q", "-y"]);
    team.env.ok(&["hook", "uninstall", "-q"]);
    team.env.commit("set up");
    team
}

/// Commits the changes of `theirs` on the branch `feature`, then those of `ours` on `main`.
fn diverge(team: &mut Team, theirs: impl FnOnce(&mut Team), ours: impl FnOnce(&mut Team)) {
    let start = team.file.clone();
    team.env.git(&["checkout", "-q", "-b", "feature"]);
    theirs(team);
    team.save();
    team.env.commit("theirs");
    team.env.git(&["checkout", "-q", "main"]);
    team.file = start;
    ours(team);
    team.save();
    team.env.commit("ours");
}

fn merge(env: &TestEnv) -> crate::support::Output {
    env.git_with_envseal(&["merge", "-q", "--no-edit", "feature"]).output()
}

#[test]
fn two_approvals_merge_and_hold() {
    let mut team = team(&["alice"]);
    for newcomer in ["bob", "carol"] {
        team.join(newcomer);
    }
    team.save();
    team.env.commit("requests");
    diverge(&mut team, |team| team.grant("carol", "alice"), |team| team.grant("bob", "alice"));
    // A plain text merge is a conflict.
    let clone = team.env.outside().join("clone");
    team.env.git(&["clone", "-q", ".", clone.to_str().unwrap()]);
    let plain = team.env.git_with_envseal(&["merge", "-q", "origin/feature"]).dir(&clone).output();
    assert_eq!(plain.status, 1, "a plain text merge would do");
    let merged = merge(&team.env);
    assert_eq!(merged.status, 0, "{}", merged.stderr);
    assert_eq!(team.env.git(&["status", "--porcelain"]), "");
    let text = team.env.read("envseal.toml");
    let grants = text.lines().filter(|line| line.contains("envseal-gr1-"));
    let names: Vec<_> = grants.map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["alice", "bob", "carol"]);
    assert!(team.env.check(&[]).is_empty());
    assert!(team.env.check(&["--range", "HEAD~1.."]).is_empty());
}

#[test]
fn a_conflict_is_refused_by_everything_until_it_is_resolved() {
    let mut team = team(&["alice", "bob"]);
    let other = envseal::testing::crypto::PrivateKey::generate();
    diverge(
        &mut team,
        |team| {
            let line = team.line("production", &other, "bob", "alice");
            team.file.put_grant(line);
        },
        |team| team.grant("bob", "alice"),
    );
    let ours = team.env.read("envseal.toml");
    let merged = merge(&team.env);
    assert_eq!(merged.status, 1);
    let said = String::from_utf8(merged.stdout).unwrap() + &merged.stderr;
    let expected =
        "envseal.toml: both sides changed grants.production.bob; pick one between the conflict markers";
    assert!(said.contains(expected), "{said}");
    assert_eq!(team.env.git(&["status", "--porcelain"]), "UU envseal.toml\n");
    let text = team.env.read("envseal.toml");
    let at = text.find("<<<<<<< HEAD\nbob = {").expect("markers around the entry");
    assert!(text[at..].contains("\n=======\nbob = {") && text[at..].contains("\n>>>>>>> feature\n"));
    assert!(text[..at].contains("alice = {"), "the other entries are outside the markers");
    let before = team.env.snapshot();
    let said = team.env.fails(4, &["set", "A", "x", "-e", "production"]);
    let line = text[..at].lines().count() + 1;
    assert!(said.contains(&format!("envseal.toml: unresolved merge conflict on line {line}\n")), "{said}");
    assert_eq!(team.env.snapshot(), before);
    let found = team.env.check(&[]);
    assert!(found.contains(&format!("envseal.toml:{line} !conflict-marker -")), "{found:?}");
    team.env.write("envseal.toml", &ours);
    team.env.commit("resolved");
    assert!(team.env.check(&[]).is_empty());
}

#[test]
fn other_files_are_refused_and_left_alone() {
    let env = TestEnv::new();
    for (name, text) in [("base", "a = 1\n"), ("ours", "a = 2\n"), ("theirs", "a = 3\n")] {
        env.write(name, text);
    }
    for path in ["Cargo.toml", "envseal.toml.bak", "xenvseal.toml", "envseal.toml/x"] {
        let said = env.refuses(129, &["hook", "run", "merge", "base", "ours", "theirs", "7", path]);
        assert!(said.contains("error: "), "{said}");
    }
    assert_eq!(
        env.envseal(&["hook", "run", "merge", "base", "ours", "theirs", "7", "sub/envseal.toml"])
            .output()
            .status,
        1
    );
    assert_eq!(env.read("ours"), "<<<<<<< ours\na = 2\n=======\na = 3\n>>>>>>> theirs\n");
}

#[test]
fn an_older_envseals_drivers_are_told_of_and_brought_up_to_date() {
    let env = TestEnv::new();
    env.ok(&["init", "-q", "-y"]);
    let attributes = env.path(".git/info/attributes");
    let new = std::fs::read_to_string(&attributes).unwrap();
    let old = new.replace("envseal.toml merge=envseal\n", "");
    assert_ne!(old, new);
    std::fs::write(&attributes, &old).unwrap();
    let output = env.envseal(&["doctor"]).output();
    let said = String::from_utf8(output.stdout).unwrap() + &output.stderr;
    assert!(said.contains("the merge and diff drivers are from an older envseal"), "{said}");
    env.ok(&["init", "-q", "-y"]);
    assert_eq!(std::fs::read_to_string(&attributes).unwrap(), new);
    let said = env.git(&["check-attr", "merge", "diff", "--", "a/envseal.toml"]);
    assert!(said.contains("merge: envseal") && said.contains("diff: unspecified"), "{said}");
}
