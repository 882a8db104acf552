//! Masking what stands for a secret in a stream of bytes, whatever chunks it comes in.
//!
//! [`Forms`] are what is looked for, a [`Masker`] is one stream's place in the search. Pure: bytes in, bytes out.

mod forms;
mod masker;
#[cfg(test)]
mod tests;

pub use forms::Forms;
use forms::MIN_FORM;
pub use masker::Masker;
