//! Reading what other tools keep: one file per format. Nothing here writes a file, prints or seals.
//!
//! Each reader takes bytes and gives [`Imported`]; where the bytes come from, and where the values go, is not its matter.

mod error;

pub use error::ImportError;

use crate::crypto::SecretBytes;
use crate::dotenv::{Document, VarName};

/// What a reader found.
pub enum Imported {
    /// dotenv text in the clear, with its comments and order; its values are still to be read by the dialect's rules.
    Text(Document),
    /// Names and exact values, in the order of the source; no name twice.
    Values(Vec<Item>),
}

/// One value of a source that is no dotenv text.
pub struct Item {
    /// Where it stands in the source, as a person would say it: `database.password`, or the name itself.
    pub origin: String,
    /// The variable it becomes.
    pub name: VarName,
    /// The exact bytes; literal, nothing in them is a reference.
    pub value: SecretBytes,
}
