//! The `.env` dialect: a lossless document, and how it is read, expanded, edited and merged. Text only.
//!
//! Files are read as by dotenvx 2.38: a statement is what dotenv's line pattern matches, a value is trimmed, unquoted
//! and unescaped as in dotenv, and `${…}` and `$NAME` are expanded as in POSIX; `$(…)` is text. `docs/files.md` lists
//! the rules and the differences.

mod document;
mod edit;
#[allow(missing_docs, reason = "exported for the tests only")]
mod expand;
#[allow(missing_docs, reason = "exported for the tests only")]
mod merge;
#[allow(missing_docs, reason = "exported for the tests only")]
mod name;
mod parse;
mod reserved;
mod value;

pub use document::{CommentMark, Document, Entry, Stray};
pub use edit::{Edit, EditError};
pub(crate) use expand::{ExpandError, required, unescape};
pub use expand::{ReferenceValue, expand, references};
pub(crate) use merge::{BothChanged, ConflictedText, MergeSide, conflict_text, has_markers, merge_parts};
pub use merge::{ConflictStyle, MergeConflicts, MergeVersions, MergedText, merge};
pub use name::VarName;
pub(crate) use name::{VarNameError, is_set_everywhere};
pub use parse::ParseError;
pub use reserved::is_reserved;
pub(crate) use reserved::{is_redirecting, why_reserved};
pub(crate) use value::{ForeignFormat, foreign_value, is_dotenvx_key};
pub use value::{Quote, quote, read};
