//! Secrets, which must not be printed, compared in variable time, or left behind in memory.

use std::{fmt, ops::Deref};

use rand_core::{OsRng, RngCore};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A secret, wiped when dropped. No `Display`; `Debug` shows no content; equality takes constant time for equal
/// lengths (a difference in length shows).
#[derive(Clone)]
pub struct SecretBuffer<T: Zeroize>(Zeroizing<T>);

pub type SecretBytes = SecretBuffer<Vec<u8>>;
pub type SecretText = SecretBuffer<String>;

impl<T: Zeroize + Deref + AsRef<[u8]>> SecretBuffer<T> {
    /// Takes `content` without copying it. Allocate the buffer at its full size: one that grew has left copies behind.
    pub fn new(content: T) -> Self {
        Self(Zeroizing::new(content))
    }

    /// Returns the content; the caller must keep it secret.
    pub fn expose(&self) -> &T::Target {
        &self.0
    }

    /// Returns the length in bytes.
    pub fn len(&self) -> usize {
        self.bytes().len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    fn bytes(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

impl SecretBytes {
    /// Returns `length` random letters and digits, all equally likely: 5.95 bits each.
    pub fn random_text(length: usize) -> Self {
        const CHARACTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut text = Vec::with_capacity(length);
        let mut byte = Zeroizing::new([0]);
        while text.len() < length {
            OsRng.fill_bytes(&mut *byte);
            // Larger bytes, up to 255, would make some characters likelier.
            if byte[0] < 4 * 62 {
                text.push(CHARACTERS[usize::from(byte[0]) % 62]);
            }
        }
        Self::new(text)
    }
}

impl<T: Zeroize> ZeroizeOnDrop for SecretBuffer<T> {}

impl<T: Zeroize + Deref + AsRef<[u8]>> PartialEq for SecretBuffer<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes().ct_eq(other.bytes()).into()
    }
}

impl<T: Zeroize + Deref + AsRef<[u8]>> Eq for SecretBuffer<T> {}

impl<T: Zeroize> fmt::Debug for SecretBuffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBuffer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_compared_counted_in_bytes_and_not_shown() {
        let secret = SecretBytes::new(b"hunter2".to_vec());
        assert_eq!(secret, secret.clone());
        assert_ne!(secret, SecretBytes::new(b"hunter3".to_vec()));
        assert_ne!(secret, SecretBytes::new(b"hunter".to_vec()));
        assert_ne!(SecretText::new("a".to_owned()), SecretText::new("b".to_owned()));
        let shown = format!("{secret:?} {:#?}", SecretText::new("hunter2".to_owned()));
        assert_eq!(shown, "SecretBuffer(…) SecretBuffer(…)");
        assert_eq!((secret.len(), SecretText::new("é".to_owned()).len()), (7, 2));
        assert!(!secret.is_empty() && SecretText::new(String::new()).is_empty());
    }

    #[test]
    fn random_text_has_every_character_about_as_often() {
        let text = SecretBytes::random_text(62_000);
        let mut counts = std::collections::BTreeMap::new();
        for byte in text.expose() {
            *counts.entry(*byte).or_insert(0) += 1;
        }
        assert_eq!((text.len(), counts.len()), (62_000, 62));
        let is_often = |(byte, count): (&u8, &_)| byte.is_ascii_alphanumeric() && (800..1200).contains(count);
        assert!(counts.iter().all(is_often));
    }
}
