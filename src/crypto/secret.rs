//! Newtypes for what must not be printed, compared in variable time, or left behind in memory.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Secret bytes, wiped when dropped. No `Display`; `Debug` shows no content; equality takes constant time for
/// equal lengths (a difference in length shows).
#[derive(Clone)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes over `bytes` without copying. Size the buffer up front: a `Vec` that grew has left copies behind.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves. Whoever calls this answers for where they go.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl ZeroizeOnDrop for SecretBytes {}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }
}

impl Eq for SecretBytes {}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(…)")
    }
}

/// Secret text, wiped when dropped. No `Display`; `Debug` shows no content; equality takes constant time for
/// equal lengths (a difference in length shows).
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes over `text` without copying. Size the buffer up front: a `String` that grew has left copies behind.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl PartialEq for SecretText {
    fn eq(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }
}

impl Eq for SecretText {}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_content() {
        assert_eq!(format!("{:?}", SecretBytes::new(b"hunter2".to_vec())), "SecretBytes(…)");
        assert_eq!(format!("{:#?}", SecretText::new("hunter2".to_owned())), "SecretText(…)");
    }

    #[test]
    fn equality_is_by_content() {
        let secret = SecretBytes::new(b"hunter2".to_vec());
        assert_eq!(secret, secret.clone());
        assert_ne!(secret, SecretBytes::new(b"hunter3".to_vec()));
        assert_ne!(secret, SecretBytes::new(b"hunter".to_vec()));
        assert_ne!(SecretText::new("a".to_owned()), SecretText::new("b".to_owned()));
    }

    #[test]
    fn lengths_are_in_bytes() {
        assert_eq!(SecretText::new("é".to_owned()).len(), 2);
        assert_eq!(SecretBytes::new(vec![0; 3]).len(), 3);
        assert!(SecretBytes::new(Vec::new()).is_empty());
        assert!(SecretText::new(String::new()).is_empty());
    }
}
