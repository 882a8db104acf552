//! Whether one public key came after another: by the rotations in the team file, and the private keys at hand.

use crate::config::EnvName;
use crate::crypto::{KeyId, PrivateKey, PublicKey};
use crate::team::{Rotation, TeamFile};

/// What is known of a way from one key of an environment to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lineage {
    /// Each step was proven by who held the key before it.
    Proven,
    /// There is a way, but not without a step that the holder of this key did not make.
    Forged(KeyId),
    /// There is a way on which nothing is wrong, but these keys, which are not at hand, have to verify it.
    Unverified(Vec<KeyId>),
    /// No rotation leads there.
    None,
}

/// How far a step can be believed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Belief {
    Proven,
    Unverified,
    Forged,
}

/// Looks for the way from `old` to `new` in the rotations of `env`, and verifies it with the keys in `held`: the one that
/// can be believed most, if there are several.
pub(crate) fn lineage(
    team: Option<&TeamFile>,
    env: &EnvName,
    [old, new]: [&PublicKey; 2],
    held: &[PrivateKey],
) -> Lineage {
    let steps: Vec<_> = team.into_iter().flat_map(|team| team.rotations(env)).collect();
    let steps: Vec<_> = steps.into_iter().map(|step| (step, belief(step, held))).collect();
    for least in [Belief::Proven, Belief::Unverified, Belief::Forged] {
        let Some(way) = way(&steps, old, new, least) else { continue };
        let of = |belief| way.iter().filter(move |step| step.1 == belief).map(|step| step.0.old.id());
        return match least {
            Belief::Proven => Lineage::Proven,
            Belief::Unverified => Lineage::Unverified(of(Belief::Unverified).collect()),
            Belief::Forged => Lineage::Forged(of(Belief::Forged).next().unwrap_or_else(|| old.id())),
        };
    }
    Lineage::None
}

fn belief(step: &Rotation, held: &[PrivateKey]) -> Belief {
    match held.iter().find(|key| key.public() == step.old) {
        Some(key) if step.is_proven_by(key) => Belief::Proven,
        Some(_) => Belief::Forged,
        None => Belief::Unverified,
    }
}

/// The shortest way over steps that can be believed at least so far.
fn way<'t>(
    steps: &[(&'t Rotation, Belief)],
    old: &PublicKey,
    new: &PublicKey,
    least: Belief,
) -> Option<Vec<(&'t Rotation, Belief)>> {
    let mut ways = vec![(*old, Vec::new())];
    let mut seen = vec![*old];
    let mut at = 0;
    while let Some((key, way)) = ways.get(at).cloned() {
        if key == *new {
            return Some(way);
        }
        for step in steps.iter().filter(|step| step.1 <= least && step.0.old == key) {
            if !seen.contains(&step.0.new) {
                seen.push(step.0.new);
                ways.push((step.0.new, [way.as_slice(), &[*step]].concat()));
            }
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> EnvName {
        EnvName::new("production").unwrap()
    }

    fn team(steps: &[Rotation]) -> TeamFile {
        let mut team = TeamFile::parse(b"").unwrap();
        for step in steps {
            team.put_rotation(step.clone());
        }
        TeamFile::parse(team.text().as_bytes()).unwrap()
    }

    #[test]
    fn each_step_wants_its_own_key() {
        let [a, b, c] = [(); 3].map(|()| PrivateKey::generate());
        let [pa, pb, pc] = [&a, &b, &c].map(PrivateKey::public);
        let both = team(&[Rotation::make(&env(), &a, &pb), Rotation::make(&env(), &b, &pc)]);
        let of = |held: &[PrivateKey]| lineage(Some(&both), &env(), [&pa, &pc], held);
        assert_eq!(of(&[a.clone(), b.clone()]), Lineage::Proven);
        assert_eq!(of(std::slice::from_ref(&a)), Lineage::Unverified(vec![pb.id()]));
        assert_eq!(
            of(std::slice::from_ref(&c)),
            Lineage::Unverified(vec![pa.id(), pb.id()]),
            "a new one proves nothing"
        );
        assert_eq!(
            lineage(Some(&both), &env(), [&pc, &pa], &[a.clone(), b.clone(), c]),
            Lineage::None,
            "backwards"
        );
        let other = EnvName::new("staging").unwrap();
        assert_eq!(
            lineage(Some(&both), &other, [&pa, &pb], &[a, b]),
            Lineage::None,
            "of another environment"
        );
        assert_eq!(lineage(None, &env(), [&pa, &pb], &[]), Lineage::None);
    }

    #[test]
    fn a_forged_step_is_told_and_a_true_one_beside_it_found() {
        let [a, b, mallory] = [(); 3].map(|()| PrivateKey::generate());
        let [pa, pb, pm] = [&a, &b, &mallory].map(PrivateKey::public);
        let forged = Rotation { old: pa, ..Rotation::make(&env(), &mallory, &pm) };
        let held = [a.clone(), b.clone()];
        let only = team(std::slice::from_ref(&forged));
        assert_eq!(lineage(Some(&only), &env(), [&pa, &pm], &held), Lineage::Forged(pa.id()));
        assert_eq!(lineage(Some(&only), &env(), [&pa, &pm], &[mallory]), Lineage::Unverified(vec![pa.id()]));
        let detour = Rotation { old: pm, new: pb, ..Rotation::make(&env(), &b, &pa) };
        let circle = Rotation::make(&env(), &b, &pa);
        let steps = team(&[forged, detour, circle, Rotation::make(&env(), &a, &pb)]);
        assert_eq!(lineage(Some(&steps), &env(), [&pa, &pb], &held), Lineage::Proven);
    }
}
