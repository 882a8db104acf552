//! Recording what someone could read.

use std::collections::{BTreeMap, BTreeSet};

use super::past::Past;
use crate::config::EnvName;
use crate::crypto::{KeyId, Opener, PrivateKey, Proof, PublicKey, TagKey};
use crate::project::{EnvFile, put_tag_key, tag_key, value_tag};
use crate::team::{Exposure, ExposureState, MemberName, TeamFile};
use crate::time::Moment;

/// The values of one environment, as they were and as they are.
pub(super) struct Environment<'a> {
    pub(super) env: &'a EnvName,
    /// The key that proves what is recorded.
    pub(super) key: &'a PrivateKey,
    /// The key that the files are sealed to, which may be the one before.
    pub(super) of_files: &'a PrivateKey,
    /// Older keys, for older values.
    pub(super) older: &'a [PrivateKey],
    pub(super) files: &'a [EnvFile],
    pub(super) past: &'a Past,
}

/// What was found out about one variable.
#[derive(Default)]
struct Read {
    /// The tags of what could be read.
    tags: BTreeSet<Proof>,
    /// Whether there was something that nobody here can open any more.
    unknown: bool,
}

impl Environment<'_> {
    /// Records every value that `member`, who had `keys`, could read and that has not been changed since. Returns how
    /// many there are.
    pub(super) fn record(
        &self,
        team: &mut TeamFile,
        member: &MemberName,
        keys: &BTreeSet<PublicKey>,
        now: Moment,
    ) -> usize {
        let tags = self.tag_key(team);
        let mut openers: BTreeMap<KeyId, Opener> = BTreeMap::new();
        for key in self.older.iter().chain([self.of_files, self.key]) {
            openers.entry(key.public().id()).or_insert_with(|| Opener::new(key.clone()));
        }
        let ids: Vec<_> = keys.iter().map(PublicKey::id).collect();
        let mut read: BTreeMap<&str, Read> = BTreeMap::new();
        for value in self.past.values(&ids) {
            let opener = openers.get_mut(&value.token.key_id());
            let of_name = read.entry(value.name).or_default();
            match opener.and_then(|opener| opener.open(value.name, &value.token).ok()) {
                Some(opened) => {
                    of_name.tags.insert(value_tag(&tags, self.env, value.name, &opened));
                }
                None => of_name.unknown = true,
            }
        }
        let mut current = self.current(&tags);
        let mut count = 0;
        for (name, Read { tags: mut seen, unknown }) in read {
            if let Some(now) = current.remove(name) {
                if unknown || now.unknown {
                    // It may be what nobody can open any more, so it counts.
                    seen.extend(&now.tags);
                } else if now.tags.is_disjoint(&seen) {
                    continue;
                }
            }
            self.put(team, member, name, seen, now);
            count += 1;
        }
        count
    }

    fn tag_key(&self, team: &mut TeamFile) -> TagKey {
        tag_key(team, self.env, self.key).unwrap_or_else(|| {
            let made = TagKey::generate();
            put_tag_key(team, self.env, self.key, &made);
            made
        })
    }

    /// The sealed values that the files have.
    fn current(&self, tags: &TagKey) -> BTreeMap<String, Read> {
        let mut opener = Opener::new(self.of_files.clone());
        let mut current: BTreeMap<String, Read> = BTreeMap::new();
        for file in self.files {
            for (_, entry) in file.variables() {
                let name = file.document().name(entry);
                let Some(token) = file.token(entry) else { continue };
                let of_name = current.entry(name.to_owned()).or_default();
                match token.ok().and_then(|token| opener.open(name, &token).ok()) {
                    Some(opened) => drop(of_name.tags.insert(value_tag(tags, self.env, name, &opened))),
                    None => of_name.unknown = true,
                }
            }
        }
        current
    }

    /// What was recorded of an earlier time stays in it.
    fn put(&self, team: &mut TeamFile, member: &MemberName, name: &str, tags: BTreeSet<Proof>, now: Moment) {
        let same =
            |there: &&Exposure| there.env == *self.env && there.member == *member && there.name == name;
        let before = team.exposures().iter().find(same);
        let since =
            before.filter(|before| before.state != ExposureState::Replaced).map(|before| before.since);
        let tags: BTreeSet<_> =
            tags.into_iter().chain(before.into_iter().flat_map(|b| b.tags.clone())).collect();
        let mut exposure = Exposure {
            env: self.env.clone(),
            member: member.clone(),
            name: name.to_owned(),
            since: since.unwrap_or(now),
            state: ExposureState::Exposed,
            tags: tags.into_iter().collect(),
            proof: Proof::of_exposure(self.env.as_str(), self.key, &[]),
            line: 0,
        };
        exposure.proof = exposure.proof_by(self.key);
        team.put_exposure(exposure);
    }
}
