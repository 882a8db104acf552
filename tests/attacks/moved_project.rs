//! Move an env file with its key into another project, to lose the records of removed members and exposed values.

use envseal::testing::crypto::{PrivateKey, TagKey};
use envseal::testing::project::put_tag_key;
use envseal::testing::team::{ExposureState, TeamFile};

use crate::check::team::{Team, name, production};

/// A team from which Mallory was removed, with an exposure; the key was rotated, unless it is `pending`.
fn removed(pending: bool) -> Team {
    let mut team = Team::new(&["alice", "mallory"]);
    let grant = team.file.grant(&production(), &name("mallory")).unwrap().clone();
    if !pending {
        team.rekey();
        team.file.take_grant(&grant.env, &name("mallory"));
        team.grant("alice", "alice");
    }
    team.remove("mallory");
    team.expose("mallory", "A", ExposureState::Exposed);
    if pending {
        team.file.put_grant(grant);
    }
    team.commit("mallory is out");
    team
}

/// Returns the text of a team file without these tables, as someone leaves them out who copies a member list.
fn without(text: &str, tables: &[&str]) -> String {
    let mut kept = true;
    let lines = text.lines().filter(|line| {
        if line.starts_with('[') {
            kept = !tables.iter().any(|table| line.starts_with(&format!("[{table}")));
        }
        kept
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// Returns the team file of the new project, with or without Mallory.
fn copied(team: &mut Team, with_mallory: bool) -> String {
    let text = without(&team.file.text(), &["removed", "exposures", "exposure-tags"]);
    let mut file = TeamFile::parse(text.as_bytes()).unwrap();
    if with_mallory {
        let key = team.identity("mallory").public();
        file.put_member(&name("mallory"), &key);
        let key = team.key.clone();
        file.put_grant(team.line("production", &key, "mallory", "alice"));
    }
    file.text()
}

const NEW: &str = "api/.env.production";

/// Asserts that only the last change's range has all of `wanted`, and that a single change has it uncommitted, too.
#[track_caller]
fn found_in(team: &Team, changes: &[&dyn Fn(&Team)], wanted: &[&str]) {
    for (at, change) in changes.iter().enumerate() {
        change(team);
        team.env.git(&["add", "-A"]);
        if changes.len() == 1 {
            for arguments in [&[][..], &["--staged"]] {
                let found = team.env.check(arguments);
                assert!(
                    wanted.iter().all(|wanted| found.iter().any(|f| f == wanted)),
                    "{arguments:?} {found:?}"
                );
            }
        }
        let found = team.env.check_commit("a change");
        let is_last = at + 1 == changes.len();
        for wanted in wanted {
            assert_eq!(found.iter().any(|found| found == wanted), is_last, "{at} {wanted}: {found:?}");
        }
    }
}

fn mv(team: &Team, from: &str, to: &str) {
    std::fs::create_dir_all(team.env.path(to).parent().unwrap()).unwrap();
    team.env.git(&["mv", from, to]);
}

/// Asserts that Mallory is found as this member of the copied team file after these changes.
#[track_caller]
fn found_back(team: &Team, text: &str, member: &str, changes: &[&dyn Fn(&Team)]) {
    let line = text.lines().position(|line| line.starts_with(&format!("{member} = "))).unwrap() + 1;
    found_in(team, changes, &[&format!("api/envseal.toml:{line} !member-changed -")]);
}

#[test]
fn a_removed_member_does_not_come_back_with_the_env_file() {
    for member in ["mallory", "nobody"] {
        let mut team = removed(false);
        let text = copied(&mut team, true).replace("mallory", member);
        let at_once = |team: &Team| {
            team.env.write("api/envseal.toml", &text);
            mv(team, ".env.production", NEW);
        };
        found_back(&team, &text, member, &[&at_once]);
    }
    for way in ["a copy", "around a moved file", "another environment", "in steps", "in steps around another"]
    {
        println!("{way}");
        let mut team = removed(false);
        let text = copied(&mut team, true);
        let file = team.env.read(".env.production");
        let own = |team: &Team| team.env.write("api/envseal.toml", &text);
        let again = |team: &Team| team.env.write(NEW, &file);
        let gone = |team: &Team| drop(team.env.git(&["rm", "-q", ".env.production"]));
        let with_copy = |team: &Team| {
            own(team);
            again(team);
        };
        let renamed = |team: &Team| {
            own(team);
            team.env.write("api/.env.prod", file.replace("KEY_PRODUCTION", "KEY_PROD"));
            gone(team);
        };
        let hollow = |team: &Team| {
            own(team);
            team.env.write(NEW, "C=1 # envseal: plain\n");
        };
        let changes: &[&dyn Fn(&Team)] = match way {
            "a copy" => &[&with_copy],
            "around a moved file" => {
                mv(&team, ".env.production", NEW);
                team.env.commit("moved within the project");
                &[&own]
            }
            "another environment" => &[&renamed],
            "in steps" => &[&gone, &own, &again],
            _ => &[&hollow, &gone, &again],
        };
        found_back(&team, &text, "mallory", changes);
    }
}

#[test]
fn what_is_owed_goes_along_or_is_missed() {
    let mut team = removed(false);
    let text = copied(&mut team, false);
    let moved = |team: &Team| {
        team.env.write("api/envseal.toml", &text);
        mv(team, ".env.production", NEW);
    };
    let missed = ["api/envseal.toml:- !member-changed -", "api/envseal.toml:- !exposure-altered A"];
    found_in(&team, &[&moved], &missed);
    // Copying the whole team file, with those lines, is fine.
    let team = removed(false);
    team.env.write("api/envseal.toml", team.file.text());
    mv(&team, ".env.production", NEW);
    team.env.commit("with its lines");
    assert_eq!(team.env.errors(&["--range", "HEAD~1..HEAD"]), [""; 0]);
    // The whole project moves into a folder; then the env file moves out, to where there is no team file.
    let team = removed(false);
    mv(&team, "envseal.toml", "api/envseal.toml");
    mv(&team, ".env.production", NEW);
    team.env.commit("a project in a folder");
    assert_eq!(team.env.errors(&["--range", "HEAD~1..HEAD"]), [""; 0]);
    found_in(&team, &[&|team| mv(team, NEW, ".env.production")], &[".env.production:- !exposure-altered -"]);
}

/// The records have the name that the environment had then.
#[test]
fn what_is_owed_goes_along_if_the_environment_was_renamed_before() {
    let mut team = removed(false);
    put_tag_key(&mut team.file, &production(), &team.key.clone(), &TagKey::generate());
    team.save();
    let text = copied(&mut team, false);
    team.env.write(".env.prod", team.env.read(".env.production").replace("KEY_PRODUCTION", "KEY_PROD"));
    team.env.git(&["rm", "-qf", ".env.production"]);
    team.env.commit("renamed");
    let moved = |team: &Team| {
        team.env.write("api/envseal.toml", &text);
        mv(team, ".env.prod", "api/.env.prod");
    };
    found_in(&team, &[&moved], &["api/envseal.toml:- !exposure-altered A"]);
}

#[test]
fn a_team_file_elsewhere_is_not_that_of_the_env_file() {
    let decoy = |team: &Team| mv(team, "envseal.toml", "decoy/envseal.toml");
    let team = removed(false);
    found_in(&team, &[&decoy], &[".env.production:- !exposure-altered -"]);
    // The same if the env file is deleted in between.
    let mut team = removed(false);
    let text = copied(&mut team, false);
    let file = team.env.read(".env.production");
    let gone = |team: &Team| {
        decoy(team);
        team.env.git(&["rm", "-q", ".env.production"]);
    };
    let back = |team: &Team| {
        team.env.write("api/envseal.toml", &text);
        team.env.write(NEW, &file);
    };
    found_in(&team, &[&gone, &back], &["api/envseal.toml:- !member-changed -"]);
    let team = removed(false);
    let without_decoy = |team: &Team| drop(team.env.git(&["rm", "-q", "decoy/envseal.toml"]));
    found_in(&team, &[&decoy, &without_decoy], &["decoy/envseal.toml:- !exposure-altered -"]);
}

#[test]
fn who_can_still_read_it_from_where_it_was_is_told() {
    let mut team = removed(true);
    let text = copied(&mut team, false);
    let removed_table = team.file.text();
    let at = removed_table.find("[removed]").unwrap();
    let table = removed_table[at..].split("\n\n").next().unwrap();
    let text = without(&text, &["grants"]);
    team.env.write("api/envseal.toml", format!("{text}\n{table}\n"));
    mv(&team, ".env.production", NEW);
    let found = team.env.check_commit("moved before it was rotated");
    assert!(found.iter().any(|found| found.contains("!removal-pending")), "{found:?}");
}

#[test]
fn an_unrelated_project_owes_nothing() {
    let team = removed(false);
    let key = PrivateKey::generate();
    let text = format!("ENVSEAL_PUBLIC_KEY_PRODUCTION={}\nA=1 # envseal: plain\n", key.public());
    team.env.write("web/.env.production", text);
    let members = without(&team.file.text(), &["removed", "exposures", "exposure-tags", "grants"]);
    team.env.write("web/envseal.toml", members);
    team.env.commit("a project beside it");
    assert_eq!(team.env.errors(&["--range", "HEAD~1..HEAD"]), [""; 0]);
}
