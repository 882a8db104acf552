//! Reading what other tools keep: one file per format. Nothing here writes a file, prints or seals.
//!
//! Each reader takes bytes and gives [`Item`]s; where the bytes come from, and where the values go, is not its matter.

mod comments;
pub(crate) mod dotenvx;
pub mod ejson;
mod error;
pub mod json;
#[cfg(test)]
mod properties;
pub(crate) mod sops;
#[cfg(test)]
mod testing;
mod tree;
pub mod yaml;

pub use comments::without_comments;
pub use error::ImportError;

use crate::crypto::SecretBytes;
use crate::dotenv::VarName;

/// One value of a source that is no dotenv text.
#[derive(Debug)]
pub struct Item {
    /// Where it stands in the source, as a person would say it: `database.password`, or the name itself.
    pub origin: String,
    /// The variable it becomes.
    pub name: VarName,
    /// The exact bytes; literal, nothing in them is a reference.
    pub value: SecretBytes,
    /// Whether it was sealed there. Beside sealed values, ejson and sops keep others in the clear.
    pub was_sealed: bool,
}

/// `text` without its byte order mark.
fn utf8(text: &[u8]) -> Result<&str, ImportError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    std::str::from_utf8(text).map_err(|error| {
        let line = 1 + memchr::memchr_iter(b'\n', &text[..error.valid_up_to()]).count();
        ImportError::NotUtf8 { line }
    })
}
