//! A team file as it stands: whether its grants hold, and what is left over from members who are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::finding::Finding;
use super::rule::Rule;
use crate::config::EnvName;
use crate::crypto::{GrantError, PrivateKey, PublicKey};
use crate::hint::Hint;
use crate::team::{ExposureState, GrantFault, GrantLine, TeamFile, line_of_entry};

/// What a scope's env files hold of one environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// The public keys: one, unless the files disagree.
    pub keys: Vec<PublicKey>,
    /// The variables.
    pub names: BTreeSet<String>,
}

/// A team file and what is known around it.
#[derive(Clone, Copy)]
pub(crate) struct TeamText<'a> {
    /// Its path, relative to the root of what is checked.
    pub path: &'a Path,
    /// What it says.
    pub team: &'a TeamFile,
    /// The environments of its scope.
    pub environments: &'a BTreeMap<EnvName, Environment>,
    /// The private keys of an environment that are at hand, older ones too.
    pub held: &'a dyn Fn(&EnvName) -> Vec<PrivateKey>,
}

/// Judges a team file by itself and by the env files of its scope. `before` is the one that a change was made from: what
/// was left over of a removed member there already does not stop the change, which may be the very removal.
pub(crate) fn team_file(file: &TeamText<'_>, before: Option<&TeamFile>) -> Vec<Finding> {
    let mut findings = contradictions(file);
    findings.extend(file.team.grants().iter().filter_map(|line| grant(file, line, before)));
    findings.extend(exposed(file));
    findings
}

/// Names that stand for two, and keys that have two names.
fn contradictions(file: &TeamText<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut names = BTreeMap::new();
    for (name, key) in file.team.members() {
        let found = |message: String, fix: Hint| {
            let line = line_of_entry(file.team, &["members", name.as_str()]);
            let found = Finding::new(Rule::TeamFile, file.path, message, fix);
            Finding { line, ..found }
        };
        if file.team.removed().contains_key(name) {
            let message = format!("{name} is both a member and removed");
            findings.push(found(
                message,
                "who comes back takes another name: take the [members] line out of {file}".into(),
            ));
        }
        if let Some(other) = names.insert(key, name) {
            let message = format!("{other} and {name} have the same key, so nobody can tell who is meant");
            findings.push(found(
                message,
                hint!("take the line of one of them out of {file}: {other} or {name}", other, name),
            ));
        }
    }
    findings
}

fn grant(file: &TeamText<'_>, line: &GrantLine, before: Option<&TeamFile>) -> Option<Finding> {
    let GrantLine { env, member, by, .. } = line;
    let what = format!("the grant of {env} to {member}");
    let again = hint!("someone who can open it: envseal team approve {member} -e {env}", member, env);
    let invalid = |message: String, fix: Hint| {
        Some(Finding::new(Rule::GrantInvalid, file.path, message, fix).at(line.line))
    };
    let pending = |message: String, fix: Hint| {
        let found = Finding::new(Rule::RemovalPending, file.path, message, fix).at(line.line);
        let stood = before.is_some_and(|before| before.grants().iter().any(|old| is_same(old, line)));
        Some(if stood { found.as_advice() } else { found })
    };
    match file.team.verify(line) {
        Err(GrantFault::Removed(name)) => {
            return pending(
                format!("{name} was removed but can still read {env}"),
                hint!("someone who can open it: envseal team remove {name}", name),
            );
        }
        Err(GrantFault::NoGranter(name)) if file.team.removed().contains_key(&name) => {
            return pending(format!("{what} was made by {name}, who was removed"), again);
        }
        Err(GrantFault::NoMember(name)) => {
            return invalid(
                format!("{what} is to someone who is no member"),
                hint!("take the line of {name} out of {file}", name),
            );
        }
        Err(fault) => return invalid(format!("{what}: {fault}"), again),
        Ok(()) => {}
    }
    let keys = file.environments.get(env).map_or(&[][..], |environment| &environment.keys);
    if !keys.is_empty() && !keys.contains(&line.key) {
        let ids: Vec<_> = keys.iter().map(|key| key.id().to_string()).collect();
        let message =
            format!("{what} is of key {}, but its env files hold key {}", line.key.id(), ids.join(", "));
        let fix = Hint::from("after a rotation elsewhere, ").and(again);
        return invalid(message, fix).map(|found| found.about(&env.public_key_name()));
    }
    let held = (file.held)(env);
    let key = held.iter().find(|key| key.public() == line.key)?;
    match file.team.prove(line, key) {
        Err(GrantFault::Grant(GrantError::Proof)) => {
            let message = format!("{what} is forged: {by}, who made it, could not read {env}");
            invalid(message, hint!("take the line out and ask {by}; see: git log -p -- {file}", by))
        }
        _ => None,
    }
}

/// Whether both are the same grant, wherever they stand.
fn is_same(one: &GrantLine, other: &GrantLine) -> bool {
    *one == GrantLine { line: one.line, ..other.clone() }
}

/// One for each environment: how much is still to be replaced.
fn exposed(file: &TeamText<'_>) -> Vec<Finding> {
    let mut open: BTreeMap<&EnvName, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for exposure in file.team.exposures().iter().filter(|e| e.state != ExposureState::Replaced) {
        // What is gone need not be replaced.
        let names = file.environments.get(&exposure.env).map(|environment| &environment.names);
        if names.is_some_and(|names| names.contains(&exposure.name)) {
            let entry = open.entry(&exposure.env).or_insert((exposure.line, BTreeSet::new()));
            entry.1.insert(&exposure.name);
        }
    }
    let told = |(env, (line, names)): (&EnvName, (usize, BTreeSet<&str>))| {
        let values = if names.len() == 1 { "1 value".into() } else { format!("{} values", names.len()) };
        let message = format!("{values} of {env} that removed members could read, not known to be replaced");
        Finding::new(Rule::Exposed, file.path, message, "see: envseal team exposures").at(line)
    };
    open.into_iter().map(told).collect()
}
