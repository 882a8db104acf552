//! Variable names.

use std::fmt;

/// A name that envseal writes: `[A-Za-z_][A-Za-z0-9_]*`, which every shell and every reader accepts.
///
/// When a file is read, more names are accepted (`[A-Za-z0-9_.-]+`, as in dotenv); those are plain `&str`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VarName(String);

/// A text that is not such a name. Does not contain the text, which may be a value typed in the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VarNameError {
    #[error("the variable name is empty")]
    Empty,
    #[error("a variable name cannot start with a digit")]
    StartsWithDigit,
    #[error("a variable name may contain only A-Z, a-z, 0-9 and _")]
    Character,
}

impl VarName {
    pub fn new(name: &str) -> Result<Self, VarNameError> {
        match name.as_bytes() {
            [] => Err(VarNameError::Empty),
            [b'0'..=b'9', ..] => Err(VarNameError::StartsWithDigit),
            bytes if bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') => Ok(Self(name.into())),
            _ => Err(VarNameError::Character),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VarName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns true if every process may have a variable of this name: one that POSIX sets at login (XBD, section 8.3), or
/// one with a reserved name, which belongs to the machine.
pub(crate) fn is_set_everywhere(name: &str) -> bool {
    matches!(name, "HOME" | "LOGNAME" | "PATH" | "PWD" | "SHELL" | "USER") || super::is_reserved(name)
}

/// Returns true if names may contain `byte` when a file is read.
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
        assert_eq!(VarName::new(""), Err(VarNameError::Empty));
        assert_eq!(VarName::new("1A"), Err(VarNameError::StartsWithDigit));
        for bad in ["A-B", "A.B", "A B", "A=B", "É", "A\n", "A;id"] {
            assert_eq!(VarName::new(bad), Err(VarNameError::Character), "{bad:?}");
        }
    }
}
