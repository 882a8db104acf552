//! Checks team files: as they are (invalid grants, what is left of removed members), and what a change did to them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::rule::{Finding, Rule};
use crate::config::EnvName;
use crate::crypto::{GrantError, IdentityKey, KeyId, PrivateKey, PublicKey};
use crate::hint::Hint;
use crate::team::{
    Exposure, ExposureState, GrantFault, GrantLine, MemberName, Rotation, TeamFile, line_of_entry,
    policy_globs,
};

const RESTORE_LINE: &str = "restore the line: git log -p -- {file}";

/// The keys and names of an environment in a project's env files.
#[derive(Clone, Debug, Default)]
pub(crate) struct EnvironmentNames {
    /// A single public key, unless the files disagree.
    pub keys: Vec<PublicKey>,
    pub names: BTreeSet<String>,
    pub files: Vec<PathBuf>,
}

/// A team file, and what is known about its project.
#[derive(Clone, Copy)]
pub(crate) struct TeamText<'a> {
    /// Relative to the root of what is checked.
    pub path: &'a Path,
    pub team: &'a TeamFile,
    /// The environments of its project.
    pub environments: &'a BTreeMap<EnvName, EnvironmentNames>,
    /// Returns the available private keys of an environment, older ones too.
    pub held: &'a dyn Fn(&EnvName) -> Vec<PrivateKey>,
    /// Returns true for the key of this user's identity.
    pub is_me: &'a dyn Fn(&IdentityKey) -> bool,
    /// Returns the environment's files that have this key in the working tree and are only to be staged.
    pub unstaged: &'a dyn Fn(&EnvName, KeyId) -> Vec<PathBuf>,
    /// Returns true if the rotation to the key of the environment's files is recorded in the working tree's team file only.
    pub is_record_unstaged: &'a dyn Fn(&EnvName) -> bool,
}

impl TeamText<'_> {
    fn found(&self, rule: Rule, message: impl Into<String>, fix: impl Into<Hint>) -> Finding {
        Finding::new(rule, self.path, message, fix)
    }

    /// Makes a finding at the line of an entry, if there is one.
    fn found_at(
        &self,
        rule: Rule,
        entry: [&str; 2],
        message: impl Into<String>,
        fix: impl Into<Hint>,
    ) -> Finding {
        self.found(rule, message, fix).at(line_of_entry(self.team, &entry))
    }

    fn present<'e>(&'e self, name: &'e EnvName) -> &'e EnvName {
        let keys = self.environments.iter().flat_map(|(env, of)| of.keys.iter().map(move |key| (env, *key)));
        self.team.exposed_environment(name, keys)
    }

    /// Returns `fix`, unless the environment's files have this key in the working tree and are only to be staged.
    fn fix_for_key(&self, env: &EnvName, key: KeyId, fix: Hint) -> Hint {
        let files = (self.unstaged)(env, key);
        if files.is_empty() { fix } else { hint!("git add {files}", files) }
    }

    fn keys(&self, env: &EnvName) -> &[PublicKey] {
        self.environments.get(env).map_or(&[], |environment| &environment.keys)
    }
}

/// Checks a team file by itself and by the env files of its project. `before` is the team file before a change: what it
/// still had of a removed member doesn't stop the change, which may be the removal itself.
pub(crate) fn check_team_file(file: &TeamText<'_>, before: Option<&TeamFile>) -> Vec<Finding> {
    let mut findings = check_members(file, before);
    findings.extend(file.team.grants().iter().filter_map(|line| check_grant(file, line, before)));
    findings.extend(count_exposed(file));
    findings.extend(check_tag_keys(file, before));
    findings
}

/// Returns the findings for tag keys by which no exposed value can be verified: a merge brought them together with a
/// rotation, which didn't know them.
fn check_tag_keys(file: &TeamText<'_>, before: Option<&TeamFile>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for env in file.team.exposed_names() {
        let (Some(tags), keys) = (file.team.tag_key(env), file.keys(file.present(env))) else { continue };
        if keys.is_empty() || keys.iter().any(|key| key.id() == tags.key_id()) {
            continue;
        }
        let message = format!(
            "the tag key for exposed values of {env} is for key {}, but its env files use key {}",
            tags.key_id(),
            keys[0].id()
        );
        let fix = hint!("take {file} of the side that rotated {env}, then remove the member again", env);
        let fix = file.fix_for_key(file.present(env), tags.key_id(), fix);
        let found = file.found_at(Rule::ExposureAltered, ["exposure-tags", env.as_str()], message, fix);
        let is_old = before.is_some_and(|before| before.tag_key(env) == Some(tags));
        findings.push(if is_old { found.into_advice() } else { found });
    }
    findings
}

fn check_members(file: &TeamText<'_>, before: Option<&TeamFile>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut names = BTreeMap::new();
    let mut by_letters: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for name in file.team.members().keys() {
        by_letters.entry(name.as_str().to_lowercase()).or_default().push(name);
    }
    for (name, key) in file.team.members() {
        let found = |message: String, fix: Hint| {
            file.found_at(Rule::TeamFile, ["members", name.as_str()], message, fix)
        };
        if file.team.removed().contains_key(name) {
            let fix = "a returning member needs a new name: remove the [members] line from {file}";
            findings.push(found(format!("{name} is both a member and removed"), fix.into()));
        }
        let alike = &by_letters[&name.as_str().to_lowercase()];
        if let Some(why) = name.imitates(alike.iter().copied().take(2)) {
            let fix = "see who wrote it: git log -p -- {file}; a new member can choose another name";
            let found = found(why, fix.into());
            // Nobody can rename a member.
            let is_old = before.is_some_and(|before| before.members().get(name) == Some(key));
            findings.push(if is_old { found.into_advice() } else { found });
        }
        if let Some(other) = names.insert(key, name) {
            let message = format!("{other} and {name} have the same key, so it is unclear who is meant");
            let fix = hint!("remove the line of {other} or of {name} from {file}", other, name);
            findings.push(found(message, fix));
        }
    }
    findings
}

fn check_grant(file: &TeamText<'_>, line: &GrantLine, before: Option<&TeamFile>) -> Option<Finding> {
    let GrantLine { env, member, by, .. } = line;
    let what = format!("the grant of {env} to {member}");
    let again = hint!("ask someone with access to run: envseal team approve {member} -e {env}", member, env);
    let invalid =
        |message: String, fix: Hint| Some(file.found(Rule::GrantInvalid, message, fix).at(line.line));
    let pending = |message: String, fix: Hint| {
        let found = file.found(Rule::RemovalPending, message, fix).at(line.line);
        // A member whose key was replaced has another name since.
        let is_same = |old: &GrantLine| old.env == line.env && old.grant == line.grant;
        let is_old = before.is_some_and(|before| before.grants().iter().any(is_same));
        Some(if is_old { found.into_advice() } else { found })
    };
    match file.team.verify(line) {
        Err(GrantFault::Removed(name)) => {
            let fix = hint!("ask someone with access to run: envseal team remove {name}", name);
            return pending(format!("{name} was removed but still has a grant of {env}"), fix);
        }
        Err(GrantFault::NoGranter(name)) if file.team.removed().contains_key(&name) => {
            return pending(format!("{what} was made by {name}, who was removed"), again);
        }
        Err(GrantFault::NoMember(name)) => {
            let fix = hint!("remove the line of {name} from {file}", name);
            return invalid(format!("{what} is to someone who isn't a member"), fix);
        }
        Err(fault) => return invalid(format!("{what}: {fault}"), again),
        Ok(()) => {}
    }
    let keys = file.keys(env);
    if !keys.is_empty() && !keys.contains(&line.key) {
        let ids: Vec<_> = keys.iter().map(|key| key.id().to_string()).collect();
        let message =
            format!("{what} is for key {}, but its env files use key {}", line.key.id(), ids.join(", "));
        let lead = if (file.is_record_unstaged)(env) {
            "after a rotation, add its record: git add {file}; otherwise "
        } else {
            "after a rotation, "
        };
        let found = invalid(message, file.fix_for_key(env, line.key.id(), Hint::from(lead).and(again)));
        return found.map(|found| found.about(&env.public_key_name()));
    }
    let held = (file.held)(env);
    let key = held.iter().find(|key| key.public() == line.key)?;
    match file.team.prove(line, key) {
        Err(GrantFault::Grant(GrantError::Proof)) => {
            let message = format!("{what} is forged: {by}, who made it, couldn't read {env}");
            invalid(message, hint!("remove the line and ask {by}; see: git log -p -- {file}", by))
        }
        _ => None,
    }
}

/// Returns one finding for each environment, with how many values are still to be replaced.
fn count_exposed(file: &TeamText<'_>) -> Vec<Finding> {
    let mut open: BTreeMap<&EnvName, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for exposure in file.team.exposures().iter().filter(|e| e.state != ExposureState::Replaced) {
        // A variable that is gone need not be replaced.
        let names = file.environments.get(file.present(&exposure.env)).map(|environment| &environment.names);
        if names.is_some_and(|names| names.contains(&exposure.name)) {
            let entry = open.entry(&exposure.env).or_insert((exposure.line, BTreeSet::new()));
            entry.1.insert(&exposure.name);
        }
    }
    let found = open.into_iter().map(|(env, (line, names))| {
        let values = if names.len() == 1 { "1 value".into() } else { format!("{} values", names.len()) };
        let message =
            format!("{values} of {env} that removed members could read, recorded as still to be replaced");
        file.found(Rule::Exposed, message, "compare them with the values: envseal team exposures").at(line)
    });
    found.collect()
}

/// Returns the findings for members and exposures of `before` that changed or are missing.
pub(crate) fn compare_teams(before: &TeamFile, file: &TeamText<'_>) -> Vec<Finding> {
    [compare_members(before, file), compare_exposures(before, file, &|_| true)].concat()
}

/// Returns the findings for an env file that has `key` now and came, as `env`, from the project of another team file:
/// members removed there must be removed here and must not be able to read it, and values exposed there must be exposed
/// here.
pub(crate) fn compare_with_origin(
    (from, before): (&Path, &TeamFile),
    (env, key): (&EnvName, Option<PublicKey>),
    file: &TeamText<'_>,
) -> Vec<Finding> {
    let after = file.team;
    let source = from.display();
    let mut findings = Vec::new();
    for (name, removed) in before.removed() {
        let back = after.members().iter().find(|(member, key)| **key == removed.key || *member == name);
        if let Some((member, _)) = back {
            let message =
                format!("{member} was removed in {source}, where {env} comes from, but is a member here");
            let fix = hint!("remove the [members] line of {member} from {file}", member);
            findings.push(file.found_at(Rule::MemberChanged, ["members", member.as_str()], message, fix));
        } else if !after.removed().values().any(|there| there.key == removed.key) {
            let message = format!(
                "{source}, where {env} comes from, records that {name} was removed; this file doesn't"
            );
            let fix = hint!("copy the [removed] line of {name} from {from} to {file}", name, from);
            findings.push(file.found_at(Rule::MemberChanged, ["removed", name.as_str()], message, fix));
        }
        let can_read = |line: &GrantLine| line.env == *env && line.member == *name && Some(line.key) == key;
        if before.grants().iter().any(can_read) {
            let message =
                format!("{name} was removed in {source} but can still read {env}, which comes from there");
            let fix = hint!("ask someone with access to run: envseal key rotate -e {env}", env);
            findings.push(file.found_at(Rule::RemovalPending, ["removed", name.as_str()], message, fix));
        }
    }
    let has_key = |name: &EnvName| key.is_some_and(|key| before.exposure_keys(name).contains(&key.id()));
    let of_env = |name: &EnvName| name == env || has_key(name);
    let owed = compare_exposures(before, file, &of_env);
    findings.extend(owed.into_iter().map(|found| {
        let message = format!("{}; {env} comes from {source}", found.message);
        Finding { message, fix: hint!("copy the line from {from} to {file}", from), ..found }
    }));
    findings
}

/// Returns the finding for an env file that is now in no team's project, but comes from one that has records of removals.
pub(crate) fn check_left_team(path: &Path, from: &Path, before: &TeamFile, env: &EnvName) -> Option<Finding> {
    let owed = !before.removed().is_empty() || before.exposures().iter().any(|exposure| exposure.env == *env);
    let message = format!(
        "comes from the project of {}, but no team file here records who was removed there",
        from.display()
    );
    let fix = hint!("move the team file too: git mv {from} {folder}/envseal.toml", from);
    owed.then(|| Finding::new(Rule::ExposureAltered, path, message, fix))
}

/// Returns the finding for a team file with exposures, or removed members, that is gone.
pub(crate) fn check_removed_team(path: &Path, before: &TeamFile) -> Option<Finding> {
    let owed = !before.exposures().is_empty() || !before.removed().is_empty();
    let message = "the team file is gone, and with it the records of removed members";
    owed.then(|| Finding::new(Rule::ExposureAltered, path, message, "restore it: git log -p -- {file}"))
}

/// Returns the findings for grants by someone whose key is not in `base`, the members at the base of a range: a new
/// member can't be added and grant access in the same change.
pub(crate) fn check_granters(base: &BTreeSet<IdentityKey>, file: &TeamText<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line @ GrantLine { env, member, by, .. } in file.team.grants() {
        // A granter who is not a member at all is reported by `check_grant`.
        if file.team.members().get(by).is_some_and(|granter| !base.contains(granter)) {
            let message =
                format!("the grant of {env} to {member} is by {by}, who wasn't a member before this range");
            let fix = hint!("merge the new member {by} first, in a separate change", by);
            findings.push(file.found(Rule::GrantInvalid, message, fix).at(line.line));
        }
    }
    findings
}

/// Returns the findings for new grants that their own recipients made: anyone with the key can write one, without
/// anyone's consent. Users don't get a finding for their own.
pub(crate) fn check_self_granted(before: Option<&TeamFile>, file: &TeamText<'_>) -> Vec<Finding> {
    let is_new = |line: &&GrantLine| {
        before
            .and_then(|before| before.grant(&line.env, &line.member))
            .is_none_or(|was| was.grant != line.grant)
    };
    let is_mine = |line: &&GrantLine| file.team.members().get(&line.member).is_some_and(file.is_me);
    let lines = file.team.grants().iter().filter(|line| file.team.is_self_granted(line));
    let lines = lines.filter(is_new).filter(|line| !is_mine(line));
    let found = lines.map(|GrantLine { env, member, line, .. }| {
        let message = format!("{member} granted themselves {env}");
        let fix =
            hint!("ask {member} where the key is from; if it is wrong: envseal team remove {member}", member);
        file.found(Rule::SelfGranted, message, fix).at(*line)
    });
    found.collect()
}

/// Returns the findings for globs of `[policy]` that were not there before. A text that can't be read counts as empty.
pub(crate) fn compare_policy(path: &Path, before: &[u8], after: &[u8]) -> Vec<Finding> {
    let known = policy_globs(before);
    let new = policy_globs(after).into_iter().filter(|glob| !known.contains(glob));
    let text = String::from_utf8_lossy(after);
    let found = new.map(|(key, glob)| {
        let what = match key {
            "plain" => "treated as plain",
            "external" => "treated as set by the target machine",
            _ => "excluded",
        };
        let quoted = [format!("\"{glob}\""), format!("'{glob}'")];
        let line = text.lines().position(|line| quoted.iter().any(|quoted| line.contains(quoted.as_str())));
        let message = format!("{glob:?} is newly {what}");
        let found = Finding::new(Rule::PolicyWidened, path, message, "have it reviewed in a separate change");
        found.at(line.map_or(1, |at| at + 1))
    });
    found.collect()
}

fn compare_members(before: &TeamFile, file: &TeamText<'_>) -> Vec<Finding> {
    let after = file.team;
    let (mut findings, mut replaced) = (Vec::new(), Vec::new());
    let mut found = |table: &str, name: &MemberName, message: String, fix: Hint| {
        findings.push(file.found_at(Rule::MemberChanged, [table, name.as_str()], message, fix));
    };
    let other_name = Hint::from("a new person needs a new name: envseal team request --name …");
    for (name, key) in before.members() {
        match after.members().get(name) {
            Some(now) if now == key => {}
            Some(now) if is_replaced(before, after, (key, now)) => {
                let message =
                    format!("{name}'s key was replaced: {} → {}", key.fingerprint(), now.fingerprint());
                let fix = if (file.is_me)(now) {
                    "tell whoever reviews it your new fingerprint: envseal team whoami".into()
                } else {
                    hint!(
                        "have {name} read the new fingerprint to you; then --accept-policy accepts it",
                        name
                    )
                };
                let entry = ["members", name.as_str()];
                replaced.push(file.found_at(Rule::MemberReplaced, entry, message, fix));
            }
            Some(now) => {
                let message = format!("{name} changed from {} to {}", key.fingerprint(), now.fingerprint());
                let fix = other_name.clone().and(hint!("; or first: envseal team remove {name}", name));
                found("members", name, message, fix);
            }
            None if after.is_removed(key) => {}
            None if after.removed().contains_key(name) => {
                let message = format!("{name} was removed with another key than {}", key.fingerprint());
                found("removed", name, message, RESTORE_LINE.into());
            }
            // A member without grants may be deleted without a record.
            None if before.grants().iter().any(|line| line.member == *name) => {
                let message =
                    format!("{name} is gone without `team remove`: what they could read isn't recorded");
                let fix = hint!("restore the line of {name}, then: envseal team remove {name}", name);
                found("members", name, message, fix);
            }
            None => {}
        }
    }
    for (name, removed) in before.removed() {
        if after.members().contains_key(name) {
            let message = format!("{name} was removed and is a member again");
            found("members", name, message, other_name.clone());
        } else if after.removed().get(name) != Some(removed) {
            let message = format!("the record of the removal of {name} is missing or changed");
            found("removed", name, message, RESTORE_LINE.into());
        }
    }
    findings.append(&mut replaced);
    findings
}

/// Returns true if the change removes a member's old key, and the new key was nobody's and is part of no grant. Nothing
/// depends on the new key yet, so a reviewer can decide whether it is the same person.
fn is_replaced(before: &TeamFile, after: &TeamFile, (old, new): (&IdentityKey, &IdentityKey)) -> bool {
    let is_known = before.member_of(new).is_some() || before.is_removed(new) || after.is_removed(new);
    let has_part =
        |line: &GrantLine| [&line.member, &line.by].iter().any(|name| after.key_of(name) == Some(new));
    after.is_removed(old) && !is_known && !after.grants().iter().any(has_part)
}

/// Finds exposures that changed or are missing, and tag keys, by which exposed values are recognised. Only rotations
/// re-encrypt these.
fn compare_exposures(
    before: &TeamFile,
    file: &TeamText<'_>,
    wanted: &dyn Fn(&EnvName) -> bool,
) -> Vec<Finding> {
    let envs = before.exposed_names().into_iter().filter(|env| wanted(env));
    let is_other =
        |env: &&EnvName| before.tag_key(env).is_some_and(|was| file.team.tag_key(env) != Some(was));
    let found = |env: &EnvName| {
        let what = if file.team.tag_key(env).is_some() { "changed" } else { "missing" };
        let message = format!("the tag key for exposed values of {env} is {what}");
        file.found_at(Rule::ExposureAltered, ["exposure-tags", env.as_str()], message, RESTORE_LINE)
    };
    let others = envs.filter(is_other).filter(|env| !is_rotated(env, before, file));
    let mut findings: Vec<_> = others.map(found).collect();
    for old in before.exposures().iter().filter(|old| wanted(&old.env)) {
        let Exposure { env, member, name, .. } = old;
        let is_same = |now: &&Exposure| now.env == *env && now.member == *member && now.name == *name;
        let now = file.team.exposures().iter().find(is_same);
        let what = match now {
            None => "is missing",
            Some(now) if is_unaltered(old, now, before, file) => continue,
            Some(now) if now.since != old.since => "has another date",
            Some(now) if now.tags != old.tags => "has other tags",
            Some(_) => "has another proof",
        };
        let message = format!("the exposure of {name} of {env} to {member} {what}");
        let grew = now.is_some_and(|now| old.tags.iter().all(|tag| now.tags.contains(tag)));
        let fix = if grew && available_keys(env, file).is_empty() {
            // A holder adds tags. Restoring the line would take out a value that can be read.
            let variable = file.present(env).private_key_name();
            hint!("have a holder of the key of {env} check it; in CI, provide {variable}", env, variable)
        } else {
            RESTORE_LINE.into()
        };
        let line = now.map(|now| now.line);
        findings.push(file.found(Rule::ExposureAltered, message, fix).at(line).about(name));
    }
    findings
}

/// Returns true if only the state of an exposure changed, or if a holder of the environment's key wrote it.
fn is_unaltered(old: &Exposure, now: &Exposure, before: &TeamFile, file: &TeamText<'_>) -> bool {
    let same_facts = now.since == old.since && now.tags == old.tags;
    if same_facts && now.proof == old.proof {
        return true;
    }
    let available = available_keys(&old.env, file);
    if available.is_empty() {
        // A rotation renews the proofs and nothing else. Only a holder of the key can verify them.
        return same_facts && is_rotated(&old.env, before, file);
    }
    available.iter().any(|key| now.proof_by(key) == now.proof)
}

/// Returns the available private keys by which exposures can be verified.
fn available_keys(env: &EnvName, file: &TeamText<'_>) -> Vec<PrivateKey> {
    let present = file.present(env);
    let mut held = (file.held)(present);
    held.retain(|key| file.keys(present).contains(&key.public()));
    held
}

/// Returns true if the change adds a rotation to the key that the environment has now.
fn is_rotated(env: &EnvName, before: &TeamFile, file: &TeamText<'_>) -> bool {
    let env = file.present(env);
    let known: Vec<_> = before.rotations(env).map(|step| (step.old, step.new)).collect();
    let is_new =
        |step: &Rotation| !known.contains(&(step.old, step.new)) && file.keys(env).contains(&step.new);
    file.team.rotations(env).any(is_new)
}
