//! Variable names.

use std::fmt;

/// A name that envseal writes: `[A-Za-z_][A-Za-z0-9_]*`, the names every shell and every reader knows.
///
/// Files may hold more when they are read (`[A-Za-z0-9_.-]+`, as dotenv reads); those names are plain `&str`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VarName(String);

/// Why a text is no name that envseal writes. Holds no text: what stands there may be a value typed in the
/// wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No name at all.
    #[error("the variable's name is empty")]
    Empty,
    /// The first character is a digit.
    #[error("a variable's name cannot start with a digit")]
    StartsWithDigit,
    /// A character outside `[A-Za-z0-9_]`.
    #[error("a variable's name is made of A-Z, a-z, 0-9 and _ only")]
    Character,
}

impl VarName {
    /// Takes a name if it is one that envseal writes.
    pub fn new(name: &str) -> Result<Self, NameError> {
        match name.as_bytes() {
            [] => Err(NameError::Empty),
            [b'0'..=b'9', ..] => Err(NameError::StartsWithDigit),
            bytes if bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') => Ok(Self(name.into())),
            _ => Err(NameError::Character),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VarName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a process has a variable of this name wherever it runs: what POSIX has a login set (XBD, section 8.3), and
/// reserved names, which belong to the machine.
pub(crate) fn is_set_everywhere(name: &str) -> bool {
    matches!(name, "HOME" | "LOGNAME" | "PATH" | "PWD" | "SHELL" | "USER") || super::is_reserved(name)
}

/// Whether `byte` may stand in a name when a file is read.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_shell_names_only() {
        for good in ["A", "_", "a1", "DB_PASSWORD"] {
            assert!(VarName::new(good).is_ok(), "{good}");
        }
        assert_eq!(VarName::new(""), Err(NameError::Empty));
        assert_eq!(VarName::new("1A"), Err(NameError::StartsWithDigit));
        for bad in ["A-B", "A.B", "A B", "A=B", "É", "A\n", "A;id"] {
            assert_eq!(VarName::new(bad), Err(NameError::Character), "{bad:?}");
        }
    }
}
