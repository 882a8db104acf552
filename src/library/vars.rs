//! Decrypted values.

use std::fmt;
use std::str::Utf8Error;

use crate::crypto::SecretBytes;
use crate::project::Variable;

/// The decrypted value of a variable: any bytes. It is wiped when dropped.
///
/// It can't be shown by accident: it has no `Display`, and `Debug` shows none of it. It can't be cloned either. If a
/// program copies what [`Self::expose`] returns, the program must wipe the copies.
pub struct Value {
    bytes: SecretBytes,
    sealed: bool,
}

impl Value {
    pub(super) fn new(bytes: SecretBytes, sealed: bool) -> Self {
        Self { bytes, sealed }
    }

    /// Returns the bytes.
    pub fn expose(&self) -> &[u8] {
        self.bytes.expose()
    }

    /// Returns the value as text, or the position where it isn't UTF-8.
    pub fn to_str(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(self.expose())
    }

    /// Returns the value for arguments, paths and environments.
    #[cfg(unix)]
    pub fn to_os_str(&self) -> &std::ffi::OsStr {
        std::os::unix::ffi::OsStrExt::from_bytes(self.expose())
    }

    /// Returns true if it was encrypted, or refers to a value that was.
    pub fn is_sealed(&self) -> bool {
        self.sealed
    }
}

/// Shows whether it was encrypted, but none of its bytes.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.sealed { "Value(sealed, …)" } else { "Value(…)" })
    }
}

/// The variables of one or more files, in their order. Each name appears once.
#[derive(Debug)]
pub struct Vars {
    all: Vec<(String, Value)>,
}

impl Vars {
    pub(super) fn new(variables: Vec<Variable<'_>>) -> Self {
        let owned =
            |variable: Variable<'_>| (variable.name.to_owned(), Value::new(variable.value, variable.sealed));
        Self { all: variables.into_iter().map(owned).collect() }
    }

    /// Returns the value of a variable.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.iter().find(|(there, _)| *there == name).map(|(_, value)| value)
    }

    /// Removes a variable and returns its value.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.all.iter().position(|(there, _)| there == name)?;
        Some(self.all.remove(at).1)
    }

    /// Iterates over the variables and their values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.all.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Returns the number of variables.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Returns true if there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

impl IntoIterator for Vars {
    type Item = (String, Value);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_wiped_and_not_printed() {
        fn wiped<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        let value = Value::new(SecretBytes::new(b"hunter2".to_vec()), true);
        wiped(&value.bytes);
        assert_eq!(format!("{value:?}"), "Value(sealed, …)");
        let vars = Vars { all: vec![("A".into(), value)] };
        assert_eq!(format!("{vars:?}"), "Vars { all: [(\"A\", Value(sealed, …))] }");
    }

    #[test]
    fn take_removes_a_value() {
        let value = |text: &str| Value::new(SecretBytes::new(text.into()), false);
        let mut vars = Vars { all: vec![("A".into(), value("1")), ("B".into(), value("2"))] };
        assert_eq!(vars.take("A").unwrap().expose(), b"1");
        assert!(vars.take("A").is_none() && vars.get("A").is_none());
        assert_eq!(vars.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["B"]);
    }
}
