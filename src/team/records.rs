//! The entries of the team file: members, grants, rotations and exposures, and their proofs.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;

use crate::config::{EnvName, looks_like_another};
use crate::crypto::{
    Grant, GrantError, GrantTerms, Identity, IdentityKey, KeyId, PRIVATE_PREFIX, PrivateKey, Proof,
    PublicKey, SealedValue,
};
use crate::error::Error;
use crate::hint::{Word, Words};
use crate::time::Moment;

use super::TeamFile;

/// A member's name: 1 to 64 bytes of letters, digits, `.`, `_`, `-` and `@`, of which the first is a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberName(String);

/// In bytes.
const MAX_NAME_LEN: usize = 64;

impl MemberName {
    /// Rejects any other name.
    pub fn new(name: &str) -> Result<Self, Error> {
        let fits = |c: char| c.is_alphanumeric() || "._-@".contains(c);
        let good = name.len() <= MAX_NAME_LEN
            && name.chars().next().is_some_and(char::is_alphanumeric)
            && name.chars().all(fits)
            && !name.contains(PRIVATE_PREFIX);
        if good {
            return Ok(Self(name.into()));
        }
        let message = format!("{name:?} is not a member name: use letters, digits, `.`, `_`, `-` and `@`");
        Err(Error::refused(message).with_status(2))
    }

    /// Returns why the name can pass for one of these others; None if it can't.
    pub fn imitates<'n>(&self, others: impl IntoIterator<Item = &'n Self>) -> Option<String> {
        let lower = self.0.to_lowercase();
        let is_same = |other: &&Self| **other != *self && other.0.to_lowercase() == lower;
        match others.into_iter().find(is_same) {
            _ if looks_like_another(&self.0) => {
                Some(format!("the name {self} has letters that look like those of another alphabet"))
            }
            other => Some(format!("{self} and {} differ only in letter case", other?)),
        }
    }

    /// Returns the name with a suffix of characters that a name may have. A long name is cut before it.
    pub(super) fn with_suffix(&self, suffix: &str) -> Self {
        let fits = |end: &usize| end + suffix.len() <= MAX_NAME_LEN && self.0.is_char_boundary(*end);
        let end = (0..=self.0.len()).rev().find(fits).unwrap_or(0);
        Self(format!("{}{suffix}", &self.0[..end]))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Words for MemberName {
    fn words(&self) -> Vec<Word> {
        self.as_str().words()
    }
}

impl Borrow<str> for MemberName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A line of `[removed]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedMember {
    pub key: IdentityKey,
    pub since: Moment,
}

/// A line of `[grants.ENV]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantLine {
    pub env: EnvName,
    pub member: MemberName,
    /// The granter.
    pub by: MemberName,
    /// The environment's public key.
    pub key: PublicKey,
    /// The environment's private key, wrapped.
    pub grant: Grant,
    /// From 1; 0 if it is not written yet.
    pub line: usize,
}

/// Why a grant is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantFault {
    #[error("{0} was removed from the team")]
    Removed(MemberName),
    #[error("{0} is not a member")]
    NoMember(MemberName),
    #[error("it was granted by {0}, who is not a member")]
    NoGranter(MemberName),
    #[error(transparent)]
    Grant(#[from] GrantError),
}

/// A line of `[rotations.ENV]`: a holder of `old` proves that `new` replaced it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub env: EnvName,
    pub old: PublicKey,
    pub new: PublicKey,
    pub proof: Proof,
    /// From 1; 0 if it is not written yet.
    pub line: usize,
}

impl Rotation {
    pub fn make(env: &EnvName, old: &PrivateKey, new: &PublicKey) -> Self {
        let proof = Proof::of_rotation(env.as_str(), old, new);
        Self { env: env.clone(), old: old.public(), new: *new, proof, line: 0 }
    }

    /// Returns true if a holder of `old`, this rotation's old key, made it.
    pub fn is_proven_by(&self, old: &PrivateKey) -> bool {
        old.public() == self.old && Proof::of_rotation(self.env.as_str(), old, &self.new) == self.proof
    }
}

impl TeamFile {
    /// Verifies the signature of a grant to a member by a member. Needs no private key.
    pub fn verify(&self, line: &GrantLine) -> Result<(), GrantFault> {
        Ok(line.grant.verify(&self.terms(line)?)?)
    }

    /// Returns true if the signature of a grant is valid between people who are or were members.
    pub fn is_signed(&self, line: &GrantLine) -> bool {
        let (Some(recipient), Some(granter)) = (self.key_of(&line.member), self.key_of(&line.by)) else {
            return false;
        };
        let terms = GrantTerms { env: line.env.as_str(), key: &line.key, recipient, granter };
        line.grant.verify(&terms).is_ok()
    }

    /// Verifies the signature, and that the granter had `key`, the private key that the grant claims to contain.
    pub fn prove(&self, line: &GrantLine, key: &PrivateKey) -> Result<(), GrantFault> {
        self.terms(line)?;
        self.prove_of_old(line, key)
    }

    /// Like [`Self::prove`], for a granter who may have been removed since.
    pub fn prove_of_old(&self, line: &GrantLine, key: &PrivateKey) -> Result<(), GrantFault> {
        let terms = self.terms_of_old(line)?;
        line.grant.verify(&terms)?;
        Ok(line.grant.verify_proof(&terms, key)?)
    }

    /// Decrypts a grant to `me`, and verifies everything. The granter may have been removed since: earlier grants stay
    /// valid until someone with access to the environment has reviewed them.
    pub fn open(&self, line: &GrantLine, me: &Identity) -> Result<PrivateKey, GrantFault> {
        Ok(line.grant.open(&self.terms_of_old(line)?, me)?)
    }

    /// Returns the names of all members who have this key.
    pub fn names_of(&self, key: &IdentityKey) -> Vec<MemberName> {
        self.members().iter().filter(|(_, there)| *there == key).map(|(name, _)| name.clone()).collect()
    }

    fn terms<'a>(&'a self, line: &'a GrantLine) -> Result<GrantTerms<'a>, GrantFault> {
        let terms = self.terms_of_old(line)?;
        if self.is_removed(terms.granter) {
            return Err(GrantFault::NoGranter(line.by.clone()));
        }
        Ok(terms)
    }

    fn terms_of_old<'a>(&'a self, line: &'a GrantLine) -> Result<GrantTerms<'a>, GrantFault> {
        let recipient = self.members().get(&line.member).ok_or_else(|| {
            let removed = self.removed().contains_key(&line.member);
            let fault = if removed { GrantFault::Removed } else { GrantFault::NoMember };
            fault(line.member.clone())
        })?;
        // A removed key has no access under any other name either.
        if self.is_removed(recipient) {
            return Err(GrantFault::Removed(line.member.clone()));
        }
        let granter = self.key_of(&line.by).ok_or_else(|| GrantFault::NoGranter(line.by.clone()))?;
        Ok(GrantTerms { env: line.env.as_str(), key: &line.key, recipient, granter })
    }

    /// Returns the ids of the keys that go with an environment's exposures: the one that the tag key is encrypted with, and
    /// those that rotations led to. The rotations need no proof: at worst, a value counts needlessly.
    pub fn exposure_keys(&self, env: &EnvName) -> BTreeSet<KeyId> {
        let mut keys: BTreeSet<_> = self.tag_key(env).map(SealedValue::key_id).into_iter().collect();
        loop {
            let before = keys.len();
            let steps = self.all_rotations().filter(|step| keys.contains(&step.old.id()));
            let news: Vec<_> = steps.map(|step| step.new.id()).collect();
            keys.extend(news);
            if keys.len() == before {
                return keys;
            }
        }
    }

    /// Returns the names under which exposures are recorded.
    pub fn exposed_names(&self) -> BTreeSet<&EnvName> {
        self.exposures().iter().map(|exposure| &exposure.env).collect()
    }

    /// Returns the exposures recorded under `name`.
    pub fn exposures_of(&self, name: &EnvName) -> Vec<Exposure> {
        self.exposures().iter().filter(|exposure| exposure.env == *name).cloned().collect()
    }

    /// Returns the environment that has the values of the exposures recorded under `name`: the one of that name, or if
    /// it was renamed, the one that has its key by now. `keys` are the public keys of the environments.
    pub fn exposed_environment<'a>(
        &self,
        name: &'a EnvName,
        keys: impl Iterator<Item = (&'a EnvName, PublicKey)>,
    ) -> &'a EnvName {
        let known = self.exposure_keys(name);
        let having = keys.filter(|(_, key)| known.contains(&key.id())).map(|(env, _)| env);
        having.min_by_key(|env| *env != name).unwrap_or(name)
    }

    /// Returns the key of a member or a removed member.
    pub fn key_of(&self, name: &MemberName) -> Option<&IdentityKey> {
        self.members().get(name).or_else(|| self.removed().get(name).map(|was| &was.key))
    }

    /// Returns true if the recipient made the grant, under any name.
    pub fn is_self_granted(&self, line: &GrantLine) -> bool {
        self.members().get(&line.member).is_some_and(|key| self.key_of(&line.by) == Some(key))
    }

    /// Returns true if a member with this key was removed.
    pub fn is_removed(&self, key: &IdentityKey) -> bool {
        self.removed().values().any(|was| was.key == *key)
    }
}

impl GrantLine {
    /// Creates a grant of `key`, the private key of `env`, to the member `to` by the member `by`.
    pub fn make(
        env: &EnvName,
        key: &PrivateKey,
        to: (&MemberName, &IdentityKey),
        by: (&MemberName, &Identity),
    ) -> Self {
        let grant = Grant::make(env.as_str(), key, to.1, by.1);
        Self { env: env.clone(), member: to.0.clone(), by: by.0.clone(), key: key.public(), grant, line: 0 }
    }
}

/// The known state of an exposed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExposureState {
    /// The value is the one that the member could read.
    Exposed,
    /// The value was set without the private key, so it is not known whether it is a different one.
    Unverified,
    /// The value is a different one.
    Replaced,
}

impl ExposureState {
    /// Returns `exposed`, `unverified` or `replaced`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exposed => "exposed",
            Self::Unverified => "unverified",
            Self::Replaced => "replaced",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Exposed, Self::Unverified, Self::Replaced].into_iter().find(|state| state.as_str() == text)
    }
}

/// A line of `[exposures.ENV.MEMBER]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    pub env: EnvName,
    pub member: MemberName,
    /// The variable's name.
    pub name: String,
    /// When the member was removed.
    pub since: Moment,
    /// Not covered by `proof`.
    pub state: ExposureState,
    /// The tags of the plaintexts that the member could read, sorted.
    pub tags: Vec<Proof>,
    /// Proves that a holder of the environment's key recorded this.
    pub proof: Proof,
    /// From 1; 0 if it is not written yet.
    pub line: usize,
}

impl Exposure {
    /// Returns the proof that a holder of `key` recorded this.
    pub fn proof_by(&self, key: &PrivateKey) -> Proof {
        let (since, tags) = (self.since.seconds.to_le_bytes(), self.tags.iter().map(Proof::to_string));
        let tags: Vec<_> = tags.collect();
        let record = [self.name.as_bytes(), self.member.as_str().as_bytes(), &since];
        let record: Vec<&[u8]> = record.into_iter().chain(tags.iter().map(String::as_bytes)).collect();
        Proof::of_exposure(self.env.as_str(), key, &record)
    }
}
