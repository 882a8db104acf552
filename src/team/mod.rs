//! The team file, `envseal.toml`: for now its `[policy]`. Read and edited as text; comments and order stay.

mod policy;

pub use policy::{Policy, PolicyError, policy_globs, propose_plain, with_plain};
