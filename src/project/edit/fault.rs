//! What is wrong with a line that was typed.

use crate::dotenv::NameError;

/// Why a line that was typed in an editor is refused. Holds no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditFault {
    /// A line of envseal's own was added, changed or taken out: the variable.
    #[error("{0} belongs to envseal and is not changed by hand")]
    OwnLine(String),
    /// A new name that envseal does not write.
    #[error("{0}")]
    Name(NameError),
    /// Text that looks sealed and was not there before: the variable.
    #[error("{0} looks like a sealed value, but not like the one that was there")]
    Token(String),
    /// A quote that is not closed: the variable.
    #[error("{0}: the quote is not closed")]
    OpenQuote(String),
}
