//! The text of a sealed value: its structure only.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use base64::{Engine, display::Base64Display, engine::general_purpose::URL_SAFE_NO_PAD};
use thiserror::Error;

use super::KeyId;

pub(crate) const TOKEN_PREFIX: &str = "envseal:1:";

/// The prefix of every version.
const SCHEME: &str = "envseal:";

const ENC: usize = 4;
const COMMITMENT: usize = ENC + 32;
pub(super) const HEADER_LEN: usize = COMMITMENT + 32;
const TAG_LEN: usize = 16;
pub(super) const PADDING_STEP: usize = 32;

/// The first step of `docs/format.md`, section "Opening", that a text fails, in the order of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenError {
    #[error("not a sealed value")]
    NotSealed,
    /// A sealed value is only a part of it, or its prefix is not in lower case.
    #[error("a sealed value must be the whole value, exactly as envseal wrote it")]
    Misplaced,
    /// Contains the version, if a newer envseal could have written it.
    #[error("a sealed value of {}", .0.map_or("an unknown version".into(), described_version))]
    UnknownVersion(Option<u8>),
    /// The data is not base64url in canonical form, without padding (RFC 4648, sections 3.5 and 5).
    #[error("the sealed value is not canonical base64url")]
    Encoding,
    /// The data is not 84 + 32k bytes long, k at least 1.
    #[error("the sealed value has an impossible length")]
    Length,
    #[error("the sealed value's encapsulated key is not in canonical form")]
    EncTopBit,
    /// The list is empty, unsorted, repeats a name, or contains something that is not a name.
    #[error("the sealed value's list of names is malformed")]
    Refs,
}

/// Returns true if `text` has the prefix of a sealed value of any version. It need not be one: see
/// [`SealedValue::parse`].
pub fn claims_to_be_sealed(text: &[u8]) -> bool {
    text.starts_with(SCHEME.as_bytes())
}

/// Returns true if `text` seems to contain a sealed value, anywhere and in any letter case: `envseal:`, a version, `:`
/// and 32 characters of base64url.
pub(crate) fn holds_sealed(text: &[u8]) -> bool {
    memchr::memchr_iter(b':', text).any(|colon| {
        let start = colon.checked_sub(SCHEME.len() - 1);
        let scheme = start.is_some_and(|start| text[start..=colon].eq_ignore_ascii_case(SCHEME.as_bytes()));
        let digits = text[colon + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let data = &text[(colon + 1 + digits).min(text.len())..];
        let is_data = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        scheme
            && digits > 0
            && data.first() == Some(&b':')
            && data[1..].iter().take(32).filter(is_data).count() == 32
    })
}

/// Describes a version that is newer than this envseal.
pub(super) fn described_version(version: u8) -> String {
    format!("version {version}, which a newer envseal wrote; this one reads version 1")
}

/// Returns the version that `text` begins with, followed by `end`, if it is later than 1 and written as a newer envseal
/// would: at most 255, so that no more of a secret can be mistaken for a version.
pub(super) fn newer_version(text: &[u8], end: u8) -> Option<u8> {
    let digits = &text[..memchr::memchr(end, &text[..text.len().min(4)])?];
    let version: u8 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (version > 1 && version.to_string().as_bytes() == digits).then_some(version)
}

/// A structurally valid sealed value. Nothing in it has been authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValue {
    pub(super) blob: Vec<u8>,
    refs: Refs,
}

impl SealedValue {
    /// Reads the whole of `text`, without quotes or space around it.
    pub fn parse(text: &[u8]) -> Result<Self, TokenError> {
        if !claims_to_be_sealed(text) {
            return Err(TokenError::NotSealed);
        }
        let rest = text
            .strip_prefix(TOKEN_PREFIX.as_bytes())
            .ok_or_else(|| TokenError::UnknownVersion(newer_version(&text[SCHEME.len()..], b':')))?;
        let (data, refs) = match memchr::memchr(b':', rest) {
            Some(colon) => (&rest[..colon], Some(&rest[colon + 1..])),
            None => (rest, None),
        };
        let blob = URL_SAFE_NO_PAD.decode(data).map_err(|_| TokenError::Encoding)?;
        let overhead = HEADER_LEN + TAG_LEN;
        if blob.len() <= overhead || !(blob.len() - overhead).is_multiple_of(PADDING_STEP) {
            return Err(TokenError::Length);
        }
        if blob[COMMITMENT - 1] & 0x80 != 0 {
            return Err(TokenError::EncTopBit);
        }
        let refs = refs.map_or(Ok(Refs::none()), Refs::parse)?;
        Ok(Self { blob, refs })
    }

    /// Returns the text in a buffer that is no larger than necessary: it may be megabytes.
    pub fn to_text(&self) -> Vec<u8> {
        let refs = if self.refs.is_empty() { 0 } else { 1 + self.refs.0.len() };
        let mut text = String::with_capacity(TOKEN_PREFIX.len() + self.blob.len().div_ceil(3) * 4 + refs);
        let _ = write!(text, "{self}");
        text.into_bytes()
    }

    /// Returns the id of the key that this value claims to be encrypted with.
    pub fn key_id(&self) -> KeyId {
        KeyId([self.blob[0], self.blob[1], self.blob[2], self.blob[3]])
    }

    /// Returns the names that the decrypted value may refer to.
    pub fn refs(&self) -> &Refs {
        &self.refs
    }

    /// Creates a value from key id, `enc`, commitment, ciphertext and tag, whose lengths the caller has checked.
    pub(super) fn from_blob(blob: Vec<u8>, refs: Refs) -> Self {
        Self { blob, refs }
    }

    pub(super) fn enc(&self) -> &[u8; 32] {
        self.blob[ENC..].first_chunk().expect("the length was checked")
    }

    pub(super) fn commitment(&self) -> &[u8; 32] {
        self.blob[COMMITMENT..].first_chunk().expect("the length was checked")
    }

    /// Returns the ciphertext, a multiple of 32 bytes, and the tag, 16 bytes.
    pub(super) fn ciphertext_and_tag(&self) -> (&[u8], &[u8; TAG_LEN]) {
        self.blob[HEADER_LEN..].split_last_chunk().expect("the length was checked")
    }
}

impl fmt::Display for SealedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{TOKEN_PREFIX}{}", Base64Display::new(&self.blob, &URL_SAFE_NO_PAD))?;
        if self.refs.is_empty() { Ok(()) } else { write!(f, ":{}", self.refs) }
    }
}

/// The names that a sealed value may refer to: sorted by their bytes, distinct, each `[A-Za-z0-9_.-]+`.
// Stored as the joined text, which is authenticated, printed and read; one allocation at most.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Refs(String);

impl Refs {
    pub fn none() -> Self {
        Self::default()
    }

    /// Sorts `names` and drops duplicates.
    pub fn new(names: impl IntoIterator<Item = String>) -> Result<Self, TokenError> {
        let sorted: BTreeSet<String> = names.into_iter().collect();
        if !sorted.iter().all(|name| is_name(name)) {
            return Err(TokenError::Refs);
        }
        Ok(Self(sorted.into_iter().collect::<Vec<_>>().join(",")))
    }

    pub fn contains(&self, name: &str) -> bool {
        self.iter().any(|listed| listed == name)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(',').filter(|name| !name.is_empty())
    }

    /// Returns the exporter context of a value: `name ‖ 0x00 ‖ names`.
    // No list contains a zero byte, so the last one separates name and list: distinct pairs give distinct contexts.
    pub(super) fn bound_to(&self, name: &str) -> Vec<u8> {
        [name.as_bytes(), &[0], self.0.as_bytes()].concat()
    }

    fn parse(text: &[u8]) -> Result<Self, TokenError> {
        let text = std::str::from_utf8(text).map_err(|_| TokenError::Refs)?;
        let mut previous = "";
        for name in text.split(',') {
            if !is_name(name) || name <= previous {
                return Err(TokenError::Refs);
            }
            previous = name;
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Refs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Result<Refs, TokenError> {
        Refs::new(list.iter().map(|name| (*name).to_owned()))
    }

    fn token(blob: &[u8]) -> String {
        format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(blob))
    }

    #[test]
    fn refs_are_sorted_and_distinct() {
        let refs = names(&["B", "A.x", "B", "A-1"]).unwrap();
        assert_eq!(refs.to_string(), "A-1,A.x,B");
        assert_eq!(refs.iter().collect::<Vec<_>>(), ["A-1", "A.x", "B"]);
        assert!(refs.contains("B") && !refs.contains("A") && !refs.contains(""));
        assert_eq!(names(&[]), Ok(Refs::none()));
        assert_eq!(Refs::none().iter().count(), 0);
        for bad in ["", "A,B", "A B", "É", "A:B"] {
            assert_eq!(names(&[bad]), Err(TokenError::Refs));
        }
    }

    #[test]
    fn the_list_in_a_token_is_strict() {
        let plain = token(&[0; 116]);
        for bad in [":", ":B,A", ":A,A", ":A,", ":,A", ":A,,B", ":A B", ":A:B", ":\u{e9}"] {
            let text = format!("{plain}{bad}");
            assert_eq!(SealedValue::parse(text.as_bytes()), Err(TokenError::Refs), "{bad}");
        }
        for refs in ["", ":A", ":A,B,a", ":A,B.c"] {
            let good = format!("{plain}{refs}");
            let parsed = SealedValue::parse(good.as_bytes()).unwrap();
            assert_eq!((parsed.to_text(), parsed.to_string()), (good.clone().into_bytes(), good));
        }
    }

    #[test]
    fn the_length_is_84_and_a_positive_multiple_of_32() {
        for len in 0..300 {
            let found = SealedValue::parse(token(&vec![0; len]).as_bytes());
            assert_eq!(found.is_ok(), matches!(len, 116 | 148 | 180 | 212 | 244 | 276), "{len}");
        }
    }

    #[test]
    fn a_sealed_value_is_seen_anywhere_in_a_text() {
        let data = "aZ09-_".repeat(6);
        for (before, after) in [
            ("envseal:1:", ""),
            ("x=\"EnvSeal:1:", "\""),
            ("a:envseal:envseal:12:", ""),
            ("::envseal:207:", ":A"),
        ] {
            assert!(holds_sealed(format!("{before}{data}{after}").as_bytes()), "{before}");
        }
        let befores = "|:1:|envseal:|envseal::|envseal:1|envseal:x:|nvseal:1:|envseal-1:|envseal:1:.";
        for before in befores.split('|') {
            assert!(!holds_sealed(format!("{before}{data}").as_bytes()), "{before}");
        }
        assert!(holds_sealed(format!("envseal:1:{}", &data[..32]).as_bytes()));
        assert!(!holds_sealed(format!("envseal:1:{}", &data[..31]).as_bytes()));
        assert!(!holds_sealed(b"envseal:1") && !holds_sealed(b"envseal:"));
    }

    #[test]
    fn prefixes() {
        assert_eq!(SealedValue::parse(b""), Err(TokenError::NotSealed));
        assert_eq!(SealedValue::parse(b"ENVSEAL:1:"), Err(TokenError::NotSealed));
        assert_eq!(SealedValue::parse(b"envseal:"), Err(TokenError::UnknownVersion(None)));
        for (version, is_newer) in
            [("10", true), ("2", true), ("01", false), ("0", false), ("256", false), ("+2", false)]
        {
            let error = SealedValue::parse(format!("envseal:{version}:").as_bytes()).unwrap_err();
            let newer = version.parse().ok().filter(|_| is_newer);
            assert_eq!(error, TokenError::UnknownVersion(newer), "{version}");
        }
        assert!(claims_to_be_sealed(b"envseal:2:x") && !claims_to_be_sealed(b"envseal"));
    }
}
