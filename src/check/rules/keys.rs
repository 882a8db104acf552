//! Public keys: one for each environment of a project, and replaced by a proven rotation only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::env_file::EnvReport;
use super::rule::{Finding, Rule};
use crate::config::{EnvName, TEAM_FILE, misspelled};
use crate::crypto::{KeyId, PrivateKey, PublicKey};
use crate::hint::Hint;
use crate::team::{Rotation, TeamFile};

/// Returns the finding for a file whose name only some file systems take for that of a team file or a schema.
pub(crate) fn misspelled_file(path: &Path) -> Option<Finding> {
    let name = misspelled(path)?;
    let message = format!("envseal doesn't read this file, but some file systems take it for {name}");
    let fix = hint!("rename it: git mv {file} {name}", name = path.with_file_name(name));
    let rule = if name == TEAM_FILE { Rule::TeamFile } else { Rule::SchemaMalformed };
    Some(Finding::new(rule, path, message, fix).into_error())
}

/// Compares the keys and the names of env files, given in byte order of their paths, by projects. An environment's key is
/// that of a file that had it before, else of one whose key is known, else of the file in the uppermost folder.
pub(crate) fn compare_keys<'a>(
    files: &'a BTreeMap<PathBuf, EnvReport>,
    before: &BTreeMap<PathBuf, PublicKey>,
    project_of: impl Fn(&Path) -> &'a Path,
) -> Vec<Finding> {
    let is_old = |key: &PublicKey| before.values().any(|old| old == key);
    let mut files: Vec<_> = files.iter().map(|(path, report)| (path.as_path(), report)).collect();
    files.sort_by_cached_key(|(path, report)| {
        let key = report.key.map(|(key, _)| key);
        let (is_new, depth) = (!key.is_some_and(|key| is_old(&key)), |path: &Path| path.components().count());
        (key != before.get(*path).copied(), is_new, depth(project_of(path)), depth(path))
    });
    let mut findings = Vec::new();
    let mut first: BTreeMap<(&Path, EnvName), (&Path, PublicKey)> = BTreeMap::new();
    let mut beside: BTreeMap<(Option<&Path>, String), &Path> = BTreeMap::new();
    let mut named: BTreeMap<(&Path, String), (EnvName, &Path)> = BTreeMap::new();
    let mut holders: Vec<(&Path, PublicKey, EnvName, &Path)> = Vec::new();
    for (path, report) in files {
        let (Ok(env), project) = (EnvName::of_file(path), project_of(path)) else { continue };
        let variable = env.public_key_name();
        let found = |rule, message: String, fix: Hint| Finding::new(rule, path, message, fix);
        if let Some(other) = beside.insert((path.parent(), variable.clone()), path) {
            let message = format!("shares the key name {variable} with {} beside it", other.display());
            findings.push(found(Rule::SideBySide, message, "keep one of the two".into()));
        } else {
            let named = named.entry((project, variable.clone()));
            let (other_env, other) = named.or_insert_with(|| (env.clone(), path));
            if *other_env != env {
                let message = format!("shares the key name {variable} with {}", other.display());
                let fix = "rename one of the two environments: git mv {file} …";
                findings.push(found(Rule::SideBySide, message, fix.into()));
            }
        }
        let Some((key, line)) = report.key else { continue };
        let mut sharing = holders.iter().filter(|holder| holder.1 == key);
        let own = sharing.clone().find(|holder| holder.0 == project);
        let other = own.map_or_else(|| sharing.next(), |own| Some(own).filter(|own| own.2 != env));
        if let Some((of, _, other_env, other)) = other {
            let (of, fix) = if *of == project {
                // Which of the two the key belongs to can't be seen here.
                (
                    "",
                    "see who added it: git log -p -- {file}; then restore the key of this environment".into(),
                )
            } else {
                let fix = hint!("give it a key of its own: envseal -C {folder} key rotate -e {env}", env);
                (", of another project", fix)
            };
            let other = other.display();
            let message = format!(
                "{env} has the same public key as {other_env} ({other}{of}): access to one is access to both"
            );
            let finding = found(Rule::KeyShared, message, fix).at(line).about(&variable);
            findings.push(if of.is_empty() { finding } else { finding.into_advice() });
        }
        if own.is_none() {
            holders.push((project, key, env.clone(), path));
        }
        match first.get(&(project, env.clone())) {
            Some((other, other_key)) if *other_key != key => {
                let message = format!(
                    "uses key {}, but {} uses key {}: an environment has one key",
                    key.id(),
                    other.display(),
                    other_key.id()
                );
                let share = if is_old(other_key) {
                    hint!("replace the line of the key with that of {other}, ", other)
                } else {
                    // A new key may be anyone's.
                    "give both files the key of your team, ".into()
                };
                let share = share.and("then: envseal encrypt --reseal -f {file}");
                let fix = if other.parent() == path.parent() {
                    share
                } else {
                    Hint::from("for a separate project: touch {folder}/envseal.toml; otherwise ").and(share)
                };
                findings.push(found(Rule::KeysDisagree, message, fix).at(line).about(&variable));
            }
            Some(_) => {}
            None => {
                first.insert((project, env), (path, key));
            }
        }
    }
    findings
}

/// Returns the finding for a public key that changed without proof that a holder of the old key replaced it. `from` is
/// the file that had the old key, and `team_file` the project's.
pub(crate) fn check_key_change(
    (path, line): (&Path, usize),
    from: &Path,
    team_file: &Path,
    env: &EnvName,
    [before, after]: [&PublicKey; 2],
    proof: &RotationProof,
) -> Option<Finding> {
    let variable = env.public_key_name();
    let what = match proof {
        RotationProof::Proven => return None,
        RotationProof::None => {
            "whoever made the new key can decrypt what is encrypted from now on".to_owned()
        }
        RotationProof::Forged(old) => {
            format!("the rotation proof in envseal.toml is forged, since it was not made with key {old}")
        }
        RotationProof::Unverified(old) => {
            let ids: Vec<_> = old.iter().map(ToString::to_string).collect();
            format!("verifying the rotation proof in envseal.toml takes private key {}", ids.join(", "))
        }
    };
    let fix = match proof {
        RotationProof::Unverified(_) => hint!(
            "have a holder of that key check it; in CI, provide both keys: {variable}=NEW,OLD",
            variable = env.private_key_name()
        ),
        RotationProof::None if from == path => hint!(
            "after a rotation, add its record: git add {team_file}; otherwise ask who changed it: git log -p -- {file}",
            team_file
        ),
        _ => "ask who changed it: git log -p -- {file}".into(),
    };
    let place = if from == path { String::new() } else { format!(" in {}", from.display()) };
    let message = format!("{variable} changed from key {}{place} to key {}: {what}", before.id(), after.id());
    Some(Finding::new(Rule::PublicKeyChanged, path, message, fix).at(line).about(&variable))
}

/// How far the rotations in a team file prove that one public key came after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RotationProof {
    /// Every step was made by a holder of the key before it.
    Proven,
    /// Every path has a forged step: it was not made with this key.
    Forged(KeyId),
    /// A path has no forged step, but verifying it takes these keys, which are not available.
    Unverified(Vec<KeyId>),
    /// No rotation leads there.
    None,
}

/// Looks for the most trusted path from `old` to `new` in the rotations of `env`, verified with the keys in `held`.
pub(crate) fn find_rotation(
    team: Option<&TeamFile>,
    env: &EnvName,
    [old, new]: [&PublicKey; 2],
    held: &[PrivateKey],
) -> RotationProof {
    let key_of = |step: &Rotation| held.iter().find(|key| key.public() == step.old);
    let steps: Vec<_> = team.into_iter().flat_map(|team| team.rotations(env)).collect();
    let is_proven = |step: &&Rotation| key_of(step).is_some_and(|key| step.is_proven_by(key));
    let is_forged = |step: &&Rotation| key_of(step).is_some_and(|key| !step.is_proven_by(key));
    let path = |may_use: &dyn Fn(&&Rotation) -> bool| {
        let steps: Vec<_> = steps.iter().copied().filter(may_use).collect();
        shortest_path(&steps, old, new)
    };
    if path(&is_proven).is_some() {
        return RotationProof::Proven;
    }
    if let Some(path) = path(&|step| !is_forged(step)) {
        let unverified = path.iter().filter(|step| key_of(step).is_none());
        return RotationProof::Unverified(unverified.map(|step| step.old.id()).collect());
    }
    let forged = path(&|_| true).and_then(|path| path.into_iter().find(is_forged));
    forged.map_or(RotationProof::None, |step| RotationProof::Forged(step.old.id()))
}

fn shortest_path<'t>(steps: &[&'t Rotation], old: &PublicKey, new: &PublicKey) -> Option<Vec<&'t Rotation>> {
    let mut paths = vec![(*old, Vec::new())];
    let mut seen = vec![*old];
    let mut at = 0;
    while let Some((key, path)) = paths.get(at).cloned() {
        if key == *new {
            return Some(path);
        }
        for step in steps.iter().filter(|step| step.old == key) {
            if !seen.contains(&step.new) {
                seen.push(step.new);
                paths.push((step.new, [path.as_slice(), &[*step]].concat()));
            }
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use RotationProof::{Forged, Proven, Unverified};

    fn find(steps: &[Rotation], from: &PublicKey, to: &PublicKey, held: &[&PrivateKey]) -> RotationProof {
        let mut team = TeamFile::parse(b"").unwrap();
        for step in steps {
            team.put_rotation(step.clone());
        }
        let team = TeamFile::parse(team.text().as_bytes()).unwrap();
        let held: Vec<_> = held.iter().map(|key| (*key).clone()).collect();
        find_rotation(Some(&team), &env(), [from, to], &held)
    }

    fn env() -> EnvName {
        EnvName::new("production").unwrap()
    }

    #[test]
    fn each_step_takes_its_own_key() {
        let [a, b, c] = &[(); 3].map(|()| PrivateKey::generate());
        let [pa, pb, pc] = [a, b, c].map(PrivateKey::public);
        let both = [Rotation::make(&env(), a, &pb), Rotation::make(&env(), b, &pc)];
        assert_eq!(find(&both, &pa, &pc, &[a, b]), Proven);
        assert_eq!(find(&both, &pa, &pc, &[a]), Unverified(vec![pb.id()]));
        assert_eq!(find(&both, &pa, &pc, &[c]), Unverified(vec![pa.id(), pb.id()]), "the new key alone");
        assert_eq!(find(&both, &pc, &pa, &[a, b, c]), RotationProof::None, "backwards");
        let other = EnvName::new("staging").unwrap();
        let of_other = both.map(|step| Rotation { env: other.clone(), ..step });
        assert_eq!(find(&of_other, &pa, &pb, &[a, b]), RotationProof::None, "another environment's");
        assert_eq!(find_rotation(None, &env(), [&pa, &pb], &[]), RotationProof::None);
    }

    #[test]
    fn a_forged_step_is_reported_and_a_true_one_beside_it_found() {
        let [a, b, mallory] = &[(); 3].map(|()| PrivateKey::generate());
        let [pa, pb, pm] = [a, b, mallory].map(PrivateKey::public);
        let forged = Rotation { old: pa, ..Rotation::make(&env(), mallory, &pm) };
        let only = [forged.clone()];
        assert_eq!(find(&only, &pa, &pm, &[a, b]), Forged(pa.id()));
        assert_eq!(find(&only, &pa, &pm, &[mallory]), Unverified(vec![pa.id()]));
        let detour = Rotation { old: pm, new: pb, ..Rotation::make(&env(), b, &pa) };
        let circle = Rotation::make(&env(), b, &pa);
        let steps = [forged, detour, circle, Rotation::make(&env(), a, &pb)];
        assert_eq!(find(&steps, &pa, &pb, &[a, b]), Proven);
    }
}
