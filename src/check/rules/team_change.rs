//! What a change did to a team file: who is behind a name, and what is owed to those who are gone.

use std::collections::BTreeSet;
use std::path::Path;

use super::finding::Finding;
use super::rule::Rule;
use super::team::TeamText;
use crate::config::EnvName;
use crate::crypto::{IdentityKey, PrivateKey, PublicKey};
use crate::hint::Hint;
use crate::team::{Exposure, GrantLine, MemberName, TeamFile, line_of_entry};

/// The findings for members and exposures of `before` that are not as they were.
pub(crate) fn team_changed(before: &TeamFile, file: &TeamText<'_>) -> Vec<Finding> {
    let any = |_: &EnvName| true;
    [members(before, file), tag_keys(before, file, &any), exposures(before, file, &any)].concat()
}

/// The findings for an env file that has `key` now, and came here from the project of another team file, as `env`: who was removed there is
/// removed here, who can still read it from there can do so here, and what is exposed there is exposed here.
pub(crate) fn team_followed(
    (from, before): (&Path, &TeamFile),
    (env, key): (&EnvName, Option<PublicKey>),
    file: &TeamText<'_>,
) -> Vec<Finding> {
    let after = file.team;
    let shown = from.display();
    let mut findings = Vec::new();
    let mut found = |rule, entry: [&str; 2], message: String, fix: Hint| {
        let line = line_of_entry(after, &entry);
        findings.push(Finding { line, ..Finding::new(rule, file.path, message, fix) });
    };
    for (name, removed) in before.removed() {
        let back = after.members().iter().find(|(member, key)| **key == removed.key || *member == name);
        if let Some((member, _)) = back {
            let message =
                format!("{member} was removed in {shown}, where {env} comes from, and is a member here");
            let fix = hint!("take the [members] line of {member} out of {file}", member);
            found(Rule::MemberChanged, ["members", member.as_str()], message, fix);
        } else if !after.removed().values().any(|there| there.key == removed.key) {
            let message = format!(
                "{shown}, where {env} comes from, records that {name} was removed; this file does not"
            );
            let fix = hint!("copy the [removed] line of {name} from {from} to {file}", name, from);
            found(Rule::MemberChanged, ["removed", name.as_str()], message, fix);
        }
        let can_read = |line: &GrantLine| line.env == *env && line.member == *name && Some(line.key) == key;
        if before.grants().iter().any(can_read) {
            let message =
                format!("{name} was removed in {shown} but can still read {env}, which comes from there");
            let fix = hint!("someone who can open it: envseal key rotate -e {env}", env);
            found(Rule::RemovalPending, ["removed", name.as_str()], message, fix);
        }
    }
    let of_env = |other: &EnvName| other == env;
    let owed = [tag_keys(before, file, &of_env), exposures(before, file, &of_env)].concat();
    let copied = |found: Finding| {
        let message = format!("{}; {env} comes from {shown}", found.message);
        Finding { message, fix: hint!("copy the line from {from} to {file}", from), ..found }
    };
    findings.extend(owed.into_iter().map(copied));
    findings
}

/// The finding for an env file that is now in no team's project, but comes from one that owes something.
pub(crate) fn team_left(path: &Path, from: &Path, before: &TeamFile, env: &EnvName) -> Option<Finding> {
    let owed = !before.removed().is_empty() || before.exposures().iter().any(|exposure| exposure.env == *env);
    let message = format!(
        "it comes from the project of {}, and no team file here records who was removed there",
        from.display()
    );
    let fix = hint!("bring envseal.toml along: git mv {from} {folder}/envseal.toml", from);
    owed.then(|| Finding::new(Rule::ExposureAltered, path, message, fix))
}

/// The findings for grants by someone who was no member yet at the base of a range, whose members' keys are `base`:
/// whoever adds a member cannot have them let others in with the same change.
pub(crate) fn strange_granters(base: &BTreeSet<IdentityKey>, file: &TeamText<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in file.team.grants() {
        // Who is no member at all is told already.
        let Some(granter) = file.team.members().get(&line.by) else { continue };
        if !base.contains(granter) {
            let message = format!(
                "the grant of {} to {} is by {}, who was no member before this range",
                line.env, line.member, line.by
            );
            let fix = hint!("have the member {by} merged first, in a change of its own", by = line.by);
            findings.push(Finding::new(Rule::GrantInvalid, file.path, message, fix).at(line.line));
        }
    }
    findings
}

fn members(before: &TeamFile, file: &TeamText<'_>) -> Vec<Finding> {
    let after = file.team;
    let mut findings = Vec::new();
    let mut found = |table: &str, name: &MemberName, message: String, fix: Hint| {
        let line = line_of_entry(after, &[table, name.as_str()]);
        findings.push(Finding { line, ..Finding::new(Rule::MemberChanged, file.path, message, fix) });
    };
    let other_name = Hint::from("who comes in takes a name of their own: envseal team request --name …");
    for (name, key) in before.members() {
        match after.members().get(name) {
            Some(now) if now == key => {}
            Some(now) => {
                let message = format!("{name} was {} and is {}", key.fingerprint(), now.fingerprint());
                found(
                    "members",
                    name,
                    message,
                    other_name.clone().and(hint!("; or first: envseal team remove {name}", name)),
                );
            }
            None if after.removed().get(name).is_some_and(|removed| removed.key == *key) => {}
            None if after.removed().contains_key(name) => {
                let message = format!("{name} was removed with another key than {}", key.fingerprint());
                found("removed", name, message, "bring the line back: git log -p -- {file}".into());
            }
            // Whoever was never let in anywhere may go without a trace.
            None if before.grants().iter().any(|line| line.member == *name) => {
                let message =
                    format!("{name} is gone without a removal: what they could read is not counted");
                found(
                    "members",
                    name,
                    message,
                    hint!("bring {name} back, then: envseal team remove {name}", name),
                );
            }
            None => {}
        }
    }
    for (name, removed) in before.removed() {
        if after.members().contains_key(name) {
            let message = format!("{name} was removed and is a member again");
            found("members", name, message, other_name.clone());
        } else if after.removed().get(name) != Some(removed) {
            let message = format!("what is recorded of the removal of {name} is gone, or another");
            found("removed", name, message, "bring the line back: git log -p -- {file}".into());
        }
    }
    findings
}

/// What exposed values are told by is made once; rotations alone seal it anew.
fn tag_keys(before: &TeamFile, file: &TeamText<'_>, wanted: &dyn Fn(&EnvName) -> bool) -> Vec<Finding> {
    let envs = before.exposures().iter().map(|exposure| &exposure.env);
    let envs: BTreeSet<_> = envs.filter(|env| wanted(env)).collect();
    let is_other =
        |env: &&EnvName| before.tag_key(env).is_some_and(|was| file.team.tag_key(env) != Some(was));
    let found = |env: &EnvName| {
        let what = if file.team.tag_key(env).is_some() { "is another" } else { "is gone" };
        let message = format!("the key that exposed values of {env} are told by {what}");
        let fix = "bring the line back: git log -p -- {file}";
        let line = line_of_entry(file.team, &["exposure-tags", env.as_str()]);
        Finding { line, ..Finding::new(Rule::ExposureAltered, file.path, message, fix) }
    };
    envs.into_iter().filter(is_other).filter(|env| !is_rotated(env, before, file)).map(found).collect()
}

fn exposures(before: &TeamFile, file: &TeamText<'_>, wanted: &dyn Fn(&EnvName) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for old in before.exposures().iter().filter(|old| wanted(&old.env)) {
        let Exposure { env, member, name, .. } = old;
        let same = |now: &&Exposure| now.env == *env && now.member == *member && now.name == *name;
        let now = file.team.exposures().iter().find(same);
        let what = match now {
            None => "is gone",
            Some(now) if is_fine(old, now, before, file) => continue,
            Some(now) if now.since != old.since => "has another date",
            Some(now) if now.tags != old.tags => "has other tags",
            Some(_) => "has another proof",
        };
        let message = format!("the exposure of {name} of {env} to {member} {what}");
        let fix = "bring the line back: git log -p -- {file}";
        let found = Finding::new(Rule::ExposureAltered, file.path, message, fix).about(name);
        findings.push(Finding { line: now.map(|now| now.line), ..found });
    }
    findings
}

/// Whether an exposure is as it was but for its state, or a holder of the environment's key has written it anew.
fn is_fine(old: &Exposure, now: &Exposure, before: &TeamFile, file: &TeamText<'_>) -> bool {
    let same_facts = now.since == old.since && now.tags == old.tags;
    if same_facts && now.proof == old.proof {
        return true;
    }
    let keys = file.environments.get(&old.env).map_or(&[][..], |environment| &environment.keys);
    let held = (file.held)(&old.env);
    let at_hand: Vec<&PrivateKey> = held.iter().filter(|key| keys.contains(&key.public())).collect();
    if at_hand.is_empty() {
        // A rotation renews the proofs, and nothing else. Whether they hold is for a holder to tell.
        return same_facts && is_rotated(&old.env, before, file);
    }
    at_hand.iter().any(|key| now.proof_by(key) == now.proof)
}

/// Whether the change brings a rotation to the key that the environment has.
fn is_rotated(env: &EnvName, before: &TeamFile, file: &TeamText<'_>) -> bool {
    let keys = file.environments.get(env).map_or(&[][..], |environment| &environment.keys);
    let known: Vec<_> = before.rotations(env).map(|step| (step.old, step.new)).collect();
    let new =
        |step: &crate::team::Rotation| !known.contains(&(step.old, step.new)) && keys.contains(&step.new);
    file.team.rotations(env).any(new)
}

/// The finding for a team file with exposures, or removed members, that is gone as a whole.
pub(crate) fn team_gone(path: &Path, before: &TeamFile) -> Option<Finding> {
    let owed = !before.exposures().is_empty() || !before.removed().is_empty();
    let message = "the team file is gone, and with it what is recorded of removed members";
    owed.then(|| Finding::new(Rule::ExposureAltered, path, message, "bring it back: git log -p -- {file}"))
}
