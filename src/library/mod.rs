//! What a Rust program has of envseal: the API that is held to semver. Every other room is the binary's inside.

mod change;
pub mod document;
mod keys;
mod options;
mod path;
mod seal;
mod vars;
mod vault;

pub use change::Changed;
pub use keys::{PrivateKey, PublicKey};
pub use options::Options;
pub use path::EnvPath;
pub use seal::{Sealer, Token};
pub use vars::{Value, Vars};
pub use vault::Vault;
