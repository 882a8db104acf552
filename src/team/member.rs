//! Members and what is granted to them.

use std::borrow::Borrow;
use std::fmt;

use crate::config::EnvName;
use crate::crypto::{Grant, GrantError, Identity, IdentityKey, PrivateKey, Proof, PublicKey, Terms};
use crate::error::Error;
use crate::hint::{Word, Words};
use crate::time::Moment;

use super::TeamFile;

/// The name a member goes by: 1 to 64 letters, digits, `.`, `_`, `-` and `@`, of which the first is a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberName(String);

impl MemberName {
    /// Rejects any other name.
    pub fn new(name: &str) -> Result<Self, Error> {
        let fits = |c: char| c.is_alphanumeric() || "._-@".contains(c);
        let good = name.len() <= 64
            && name.chars().next().is_some_and(char::is_alphanumeric)
            && name.chars().all(fits);
        if good {
            return Ok(Self(name.into()));
        }
        let message = format!("{name:?} is not a member name: use letters, digits, `.`, `_`, `-` and `@`");
        Err(Error::refused(message).with_status(2))
    }

    /// The name.
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

/// Someone who was a member, and is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The key the member had.
    pub key: IdentityKey,
    /// Since when.
    pub since: Moment,
}

/// A line of `[grants.ENV]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantLine {
    /// Of which environment.
    pub env: EnvName,
    /// To whom.
    pub member: MemberName,
    /// By whom.
    pub by: MemberName,
    /// The public half of the key that is granted.
    pub key: PublicKey,
    /// The private half, wrapped.
    pub grant: Grant,
    /// The line, from 1; 0 of one that is not written yet.
    pub line: usize,
}

/// What is wrong with a grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantFault {
    /// It is granted to someone who was removed.
    #[error("{0} was removed from the team")]
    Removed(MemberName),
    /// It is granted to someone who is no member.
    #[error("{0} is no member")]
    NoMember(MemberName),
    /// It was granted by someone who is no member.
    #[error("it was granted by {0}, who is no member")]
    NoGranter(MemberName),
    /// It does not hold.
    #[error(transparent)]
    Grant(#[from] GrantError),
}

/// A line of `[rotations.ENV]`: that `new` took the place of `old`, proven by who held `old`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Of which environment.
    pub env: EnvName,
    /// The key before.
    pub old: PublicKey,
    /// The key after.
    pub new: PublicKey,
    /// The proof.
    pub proof: Proof,
    /// The line, from 1.
    pub line: usize,
}

impl Rotation {
    /// The rotation of `env` from `old` to `new`, by who holds `old`.
    pub fn make(env: &EnvName, old: &PrivateKey, new: &PublicKey) -> Self {
        let proof = Proof::of_rotation(env.as_str(), old, new);
        Self { env: env.clone(), old: old.public(), new: *new, proof, line: 0 }
    }

    /// Whether the holder of `old`, which is this rotation's old key, made it.
    pub fn is_proven_by(&self, old: &PrivateKey) -> bool {
        old.public() == self.old && Proof::of_rotation(self.env.as_str(), old, &self.new) == self.proof
    }
}

impl TeamFile {
    /// Whether a grant's signature holds, to a member and by a member. Anyone can tell.
    pub fn verify(&self, line: &GrantLine) -> Result<(), GrantFault> {
        Ok(line.grant.verify(&self.terms(line)?)?)
    }

    /// As [`Self::verify`], and whether whoever made it held `key`, the private key that it says it grants.
    pub fn prove(&self, line: &GrantLine, key: &PrivateKey) -> Result<(), GrantFault> {
        let terms = self.terms(line)?;
        line.grant.verify(&terms)?;
        Ok(line.grant.verify_proof(&terms, key)?)
    }

    /// As [`Self::prove`], of a grant that may have been made by someone who was removed since.
    pub fn prove_of_old(&self, line: &GrantLine, key: &PrivateKey) -> Result<(), GrantFault> {
        let terms = self.terms_of_old(line)?;
        line.grant.verify(&terms)?;
        Ok(line.grant.verify_proof(&terms, key)?)
    }

    /// Opens a grant to `me`, with all that can be verified. Whoever made it may have been removed since: what was let in
    /// is not locked out until someone who can read the environment has looked at it.
    pub fn open(&self, line: &GrantLine, me: &Identity) -> Result<PrivateKey, GrantFault> {
        Ok(line.grant.open(&self.terms_of_old(line)?, me)?)
    }

    /// The names of all members who have this key: nobody keeps a second name.
    pub fn names_of(&self, key: &IdentityKey) -> Vec<MemberName> {
        self.members().iter().filter(|(_, there)| *there == key).map(|(name, _)| name.clone()).collect()
    }

    fn terms<'a>(&'a self, line: &'a GrantLine) -> Result<Terms<'a>, GrantFault> {
        let none = || GrantFault::NoGranter(line.by.clone());
        let granter = self.members().get(&line.by).filter(|key| !self.is_removed(key)).ok_or_else(none);
        self.terms_by(line, granter)
    }

    fn terms_of_old<'a>(&'a self, line: &'a GrantLine) -> Result<Terms<'a>, GrantFault> {
        let removed = || self.removed().get(&line.by).map(|was| &was.key);
        let granter = self.members().get(&line.by).or_else(removed);
        self.terms_by(line, granter.ok_or_else(|| GrantFault::NoGranter(line.by.clone())))
    }

    fn terms_by<'a>(
        &'a self,
        line: &'a GrantLine,
        granter: Result<&'a IdentityKey, GrantFault>,
    ) -> Result<Terms<'a>, GrantFault> {
        let recipient = self.members().get(&line.member).ok_or_else(|| {
            let removed = self.removed().contains_key(&line.member);
            let fault = if removed { GrantFault::Removed } else { GrantFault::NoMember };
            fault(line.member.clone())
        })?;
        // Who was removed is out, whatever other name the key has.
        if self.is_removed(recipient) {
            return Err(GrantFault::Removed(line.member.clone()));
        }
        Ok(Terms { env: line.env.as_str(), key: &line.key, recipient, granter: granter? })
    }

    fn is_removed(&self, key: &IdentityKey) -> bool {
        self.removed().values().any(|was| was.key == *key)
    }
}

impl GrantLine {
    /// Grants `key`, the private key of `env`, to a member, by the member `by` whose identity is `me`.
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
