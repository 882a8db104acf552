//! Variable names.

use std::fmt;

/// A name that envseal writes: `[A-Za-z_][A-Za-z0-9_]*`, which every shell and every reader accepts.
///
/// When a file is read, more names are accepted (`[A-Za-z0-9_.-]+`, as in dotenv); those are plain `&str`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VarName(String);

/// A text that is not such a name. Does not contain the text, which may be a value typed in the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VarNameError(&'static str);

impl VarName {
    pub fn new(name: &str) -> Result<Self, VarNameError> {
        match name.as_bytes() {
            [] => Err(VarNameError("the variable name is empty")),
            [b'0'..=b'9', ..] => Err(VarNameError("a variable name cannot start with a digit")),
            bytes if bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') => Ok(Self(name.into())),
            _ => Err(VarNameError("a variable name may contain only A-Z, a-z, 0-9 and _")),
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
        let refused = |name: &str| VarName::new(name).unwrap_err().to_string();
        assert_eq!(refused(""), "the variable name is empty");
        assert_eq!(refused("1A"), "a variable name cannot start with a digit");
        for bad in ["A-B", "A.B", "A B", "A=B", "É", "A\n", "A;id"] {
            assert_eq!(refused(bad), "a variable name may contain only A-Z, a-z, 0-9 and _", "{bad:?}");
        }
    }
}
