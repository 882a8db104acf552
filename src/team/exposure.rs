//! Exposures: values that someone who left could read.

use crate::config::EnvName;
use crate::crypto::{PrivateKey, Proof};
use crate::time::Moment;

use super::MemberName;

/// What is known of a value that was exposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExposureState {
    /// It is the one that the member could read.
    Exposed,
    /// It was set without the private key at hand, so nobody knows whether it is another one.
    Unverified,
    /// It is another one.
    Replaced,
}

impl ExposureState {
    /// As it is written: `exposed`, `unverified`, `replaced`.
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
    /// Of which environment.
    pub env: EnvName,
    /// Who could read it.
    pub member: MemberName,
    /// The variable.
    pub name: String,
    /// Since when the member is gone.
    pub since: Moment,
    /// What is known; without the private key it can only be believed.
    pub state: ExposureState,
    /// The tags of the plaintexts that the member could read, in their order.
    pub tags: Vec<Proof>,
    /// That a holder of the environment's key recorded all of this but the state.
    pub proof: Proof,
    /// The line, from 1.
    pub line: usize,
}

impl Exposure {
    /// The proof that a holder of `key` recorded this.
    pub fn proof_by(&self, key: &PrivateKey) -> Proof {
        let (since, tags) = (self.since.seconds.to_le_bytes(), self.tags.iter().map(Proof::to_string));
        let tags: Vec<_> = tags.collect();
        let record = [self.name.as_bytes(), self.member.as_str().as_bytes(), &since];
        let record: Vec<&[u8]> = record.into_iter().chain(tags.iter().map(String::as_bytes)).collect();
        Proof::of_exposure(self.env.as_str(), key, &record)
    }
}
