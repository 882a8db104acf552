//! Opened values.

use std::fmt;
use std::str::Utf8Error;

use crate::crypto::SecretBytes;
use crate::project::Variable;

/// The value of a variable, opened: any bytes at all. It is wiped when it is dropped.
///
/// It cannot be shown by accident: it has no `Display`, and `Debug` shows none of it. It cannot be cloned either; who
/// copies what [`Self::expose`] returns answers for the copy.
pub struct Value {
    bytes: SecretBytes,
    sealed: bool,
}

impl Value {
    pub(super) fn new(bytes: SecretBytes, sealed: bool) -> Self {
        Self { bytes, sealed }
    }

    /// The bytes themselves. Whoever calls this answers for where they go.
    pub fn expose(&self) -> &[u8] {
        self.bytes.expose()
    }

    /// The value as text, or where it stops being UTF-8. Whoever calls this answers for where it goes.
    pub fn to_str(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(self.expose())
    }

    /// The value as the operating system takes it, in arguments, paths and environments.
    #[cfg(unix)]
    pub fn to_os_str(&self) -> &std::ffi::OsStr {
        std::os::unix::ffi::OsStrExt::from_bytes(self.expose())
    }

    /// Whether it was sealed, or was put together from a value that was.
    pub fn is_sealed(&self) -> bool {
        self.sealed
    }
}

/// Shows whether it is sealed, and no byte of it.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.sealed { "Value(sealed, …)" } else { "Value(…)" })
    }
}

/// The variables of a file, or of several, in the order in which they stand there. Each name is there once.
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

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.iter().find(|(there, _)| *there == name).map(|(_, value)| value)
    }

    /// The value of a variable, taken out.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.all.iter().position(|(there, _)| there == name)?;
        Some(self.all.remove(at).1)
    }

    /// The variables and their values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.all.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
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
    fn what_is_dropped_is_wiped_and_what_is_printed_shows_nothing() {
        fn wiped<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        let value = Value::new(SecretBytes::new(b"hunter2".to_vec()), true);
        wiped(&value.bytes);
        assert_eq!(format!("{value:?}"), "Value(sealed, …)");
        let vars = Vars { all: vec![("A".into(), value)] };
        assert_eq!(format!("{vars:?}"), "Vars { all: [(\"A\", Value(sealed, …))] }");
    }

    #[test]
    fn a_value_taken_out_is_gone() {
        let value = |text: &str| Value::new(SecretBytes::new(text.into()), false);
        let mut vars = Vars { all: vec![("A".into(), value("1")), ("B".into(), value("2"))] };
        assert_eq!(vars.take("A").unwrap().expose(), b"1");
        assert!(vars.take("A").is_none() && vars.get("A").is_none());
        assert_eq!(vars.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["B"]);
    }
}
