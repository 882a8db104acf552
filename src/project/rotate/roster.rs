//! The team file's part of a rotation: grants, the proof of the rotation, exposures.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::roster::{put_tag_key, tag_key};
use super::env::Current;
use super::{DroppedGrant, RotatedEnv, TeamChange};
use crate::crypto::Identity;
use crate::error::Error;
use crate::keys::KeyStore;
use crate::team::{Exposure, GrantLine, MemberName, Rotation, TeamFile};

/// Makes anew what stood under the environment's old key. A grant whose proof does not hold was not made by someone who
/// could read the environment: it is taken out, and never made anew.
pub(super) fn renew(
    team: &mut TeamFile,
    path: &Path,
    current: &Current,
    store: &KeyStore<'_>,
    change: &mut dyn TeamChange,
    report: &mut RotatedEnv,
) -> Result<(), Error> {
    let Current { env, old, new, .. } = current;
    let lines: Vec<_> = team.grants().iter().filter(|line| line.env == *env).cloned().collect();
    let (mut me, mut makers) = (None, BTreeSet::new());
    for line in lines {
        let stands = change.stands_for(&line.by);
        let fault = if stands { team.prove_of_old(&line, old) } else { team.prove(&line, old) }.err();
        if fault.is_some() || !change.keeps(&line) {
            team.take_grant(env, &line.member);
            report.dropped.push(DroppedGrant { line, fault });
            continue;
        }
        if me.is_none() {
            me = Some(member(team, path, current, store)?);
        }
        let (name, identity) = me.as_ref().expect("just found");
        let key = team.members()[&line.member];
        team.put_grant(GrantLine::make(env, new, (&line.member, &key), (name, identity)));
        report.granted.push(line.member);
        makers.insert(line.by);
    }
    if let Some((me, _)) = me {
        makers.retain(|by| *by != me && team.members().contains_key(by) && team.grant(env, by).is_none());
        report.left_out.extend(makers);
    }
    team.put_rotation(Rotation::make(env, old, &new.public()));

    let exposures: Vec<_> = team.exposures().iter().filter(|it| it.env == *env).cloned().collect();
    match tag_key(team, env, old) {
        Some(tags) => put_tag_key(team, env, new, &tags),
        None => report.tags_lost = !exposures.is_empty() || team.tag_key(env).is_some(),
    }
    for exposure in exposures {
        if exposure.proof == exposure.proof_by(old) {
            let proof = exposure.proof_by(new);
            team.put_exposure(Exposure { proof, ..exposure });
            report.exposures += 1;
        } else {
            report.unproven.push(exposure);
        }
    }
    Ok(())
}

/// Who this user is in the team.
fn member<'a>(
    team: &TeamFile,
    path: &Path,
    current: &Current,
    store: &'a KeyStore<'_>,
) -> Result<(MemberName, &'a Identity), Error> {
    let me = store.me()?.map(|me| &me.identity);
    let name = me.and_then(|me| team.member_of(&me.public())).cloned();
    name.zip(me).ok_or_else(|| {
        let who = match me {
            Some(me) => format!("you ({}) are not one", me.public().fingerprint()),
            None => "you have no identity".into(),
        };
        let path = path.display();
        Error::refused(format!(
            "only a member can re-issue the grants of {} in {path}, and {who}",
            current.env
        ))
        .with_hint("request access: envseal team request, and commit what it writes")
    })
}
