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
    let exposure = team.exposure("mallory", "A", ExposureState::Exposed);
    team.file.put_exposure(exposure);
    if pending {
        team.file.put_grant(grant);
    }
    team.save();
    team.env.commit("mallory is out");
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
        team.env.commit("a change");
        let found = team.env.check(&["--range", "HEAD~1..HEAD"]);
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

#[test]
fn a_removed_member_does_not_come_back_with_the_env_file() {
    let back = ["api/envseal.toml:5 !member-changed -"];
    let at_once = |team: &Team, text: &str| {
        team.env.write("api/envseal.toml", text);
        mv(team, ".env.production", NEW);
    };
    let mut team = removed(false);
    let text = copied(&mut team, true);
    let line = text.lines().position(|line| line.starts_with("mallory = ")).unwrap() + 1;
    let back_at = back[0].replace(":5 ", &format!(":{line} "));
    found_in(&team, &[&|team| at_once(team, &text)], &[&back_at]);

    // Under another name.
    let mut team = removed(false);
    let text = copied(&mut team, true).replace("mallory", "nobody");
    let line = text.lines().position(|line| line.starts_with("nobody = ")).unwrap() + 1;
    found_in(
        &team,
        &[&|team| at_once(team, &text)],
        &[&format!("api/envseal.toml:{line} !member-changed -")],
    );

    // A copied file; a project made around a moved file; another environment name; several changes.
    let plain = |team: &Team| team.env.read(".env.production");
    let key_of = |text: &str| text.replace("KEY_PRODUCTION", "KEY_PROD");
    for way in 0..5 {
        let mut team = removed(false);
        let text = copied(&mut team, true);
        let line = text.lines().position(|line| line.starts_with("mallory = ")).unwrap() + 1;
        let wanted = format!("api/envseal.toml:{line} !member-changed -");
        let own = text.as_str();
        let write_team = |team: &Team| team.env.write("api/envseal.toml", own);
        let file = plain(&team);
        match way {
            0 => found_in(
                &team,
                &[&|team| {
                    write_team(team);
                    team.env.write(NEW, plain(team));
                }],
                &[&wanted],
            ),
            1 => {
                mv(&team, ".env.production", NEW);
                team.env.commit("moved within the project");
                found_in(&team, &[&write_team], &[&wanted]);
            }
            2 => found_in(
                &team,
                &[&|team| {
                    write_team(team);
                    team.env.write("api/.env.prod", key_of(&plain(team)));
                    team.env.git(&["rm", "-q", ".env.production"]);
                }],
                &[&wanted],
            ),
            3 => {
                let gone = |team: &Team| {
                    team.env.git(&["rm", "-q", ".env.production"]);
                };
                let again = |team: &Team| team.env.write(NEW, &file);
                found_in(&team, &[&gone, &write_team, &again], &[&wanted]);
            }
            _ => {
                let hollow = |team: &Team| {
                    write_team(team);
                    team.env.write(NEW, "C=1 # envseal: plain\n");
                };
                let gone = |team: &Team| {
                    team.env.git(&["rm", "-q", ".env.production"]);
                };
                let again = |team: &Team| team.env.write(NEW, &file);
                found_in(&team, &[&hollow, &gone, &again], &[&wanted]);
            }
        }
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
    let found = team.env.check(&["--range", "HEAD~1..HEAD"]);
    assert!(!found.iter().any(|found| found.contains('!')), "{found:?}");
    // The whole project moves into a folder; then the env file moves out, to where there is no team file.
    let team = removed(false);
    mv(&team, "envseal.toml", "api/envseal.toml");
    mv(&team, ".env.production", NEW);
    team.env.commit("a project in a folder");
    let found = team.env.check(&["--range", "HEAD~1..HEAD"]);
    assert!(!found.iter().any(|found| found.contains('!')), "{found:?}");
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
    found_in(
        &team,
        &[&decoy, &|team| {
            team.env.git(&["rm", "-q", "decoy/envseal.toml"]);
        }],
        &["decoy/envseal.toml:- !exposure-altered -"],
    );
}

#[test]
fn who_can_still_read_it_from_where_it_was_is_told() {
    let mut team = removed(true);
    let text = copied(&mut team, false);
    let removed_table = team.file.text();
    let at = removed_table.find("[removed]").unwrap();
    let table = removed_table[at..].split("\n\n").next().unwrap().to_owned();
    let moved = |team: &Team| {
        let text = without(&text, &["grants"]);
        team.env.write("api/envseal.toml", format!("{text}\n{table}\n"));
        mv(team, ".env.production", NEW);
    };
    moved(&team);
    team.env.commit("moved before it was rotated");
    let found = team.env.check(&["--range", "HEAD~1..HEAD"]);
    assert!(found.iter().any(|found| found.contains("!removal-pending")), "{found:?}");
}

#[test]
fn an_unrelated_project_owes_nothing() {
    let team = removed(false);
    let key = PrivateKey::generate();
    let text = format!("ENVSEAL_PUBLIC_KEY_PRODUCTION={}\nA=1 # envseal: plain\n", key.public());
    team.env.write("web/.env.production", text);
    let mallory = team.env.read("envseal.toml");
    team.env
        .write("web/envseal.toml", without(&mallory, &["removed", "exposures", "exposure-tags", "grants"]));
    team.env.commit("a project beside it");
    let found = team.env.check(&["--range", "HEAD~1..HEAD"]);
    assert!(!found.iter().any(|found| found.contains('!')), "{found:?}");
}
