//! A sealed value or key that parses prints the same text; any other is refused without a panic.

use envseal::testing::crypto::{Opener, PrivateKey, PublicKey, SealedValue};

/// Panics if the property does not hold for these bytes as a token or a key.
pub(crate) fn holds(data: &[u8]) {
    if let Ok(token) = SealedValue::parse(data) {
        assert_eq!(token.to_string().as_bytes(), data);
        thread_local!(static KEY: PrivateKey = PrivateKey::generate());
        KEY.with(|key| assert!(Opener::new(key.clone()).open("NAME", &token).is_err()));
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(key) = PublicKey::parse(text) {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(key) = PrivateKey::parse(text) {
        assert_eq!(key.to_text().expose(), text);
    }
}
