//! The `.env` dialect: a lossless document, its reading, its expansion and its edits. Pure text.
//!
//! The reading is dotenvx 2.38's: a statement is what dotenv's line pattern matches, a value is trimmed,
//! unquoted and unescaped as dotenv does it, and `${…}` and `$NAME` are expanded as POSIX does it; `$(…)` is text.
//! `docs/files.md` lists the rules and the differences.

mod document;
mod edit;
mod expand;
mod foreign;
mod mark;
mod merge;
mod name;
mod parse;
mod quote;
mod reserved;
mod space;
mod value;

pub use document::{Document, Entry, Stray};
pub use edit::{Edit, EditError};
pub(crate) use expand::{ExpandError, required, unescape};
pub use expand::{Found, expand, references};
pub(crate) use foreign::{Foreign, foreign_value};
pub use mark::Mark;
pub(crate) use merge::{BothChanged, Side};
pub use merge::{Conflicts, Merged, Versions, merge};
pub use name::VarName;
pub(crate) use name::{NameError, is_set_everywhere};
pub use parse::ParseError;
pub use quote::quote;
pub use reserved::is_reserved;
pub(crate) use reserved::{is_redirecting, why_reserved};
pub use value::{Quote, read};
