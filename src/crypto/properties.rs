//! Property tests of the whole module, and helpers that its tests share.

use std::collections::HashSet;

use proptest::{collection::vec, prelude::*, sample::Index};
use rand_core::{CryptoRng, RngCore};

use super::*;

/// An rng that replays given bytes once, for vectors.
pub(super) struct Replay(pub(super) Vec<u8>);

impl RngCore for Replay {
    fn next_u32(&mut self) -> u32 {
        unimplemented!("hpke asks for bytes")
    }
    fn next_u64(&mut self) -> u64 {
        unimplemented!("hpke asks for bytes")
    }
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        let rest = self.0.split_off(dest.len());
        dest.copy_from_slice(&std::mem::replace(&mut self.0, rest));
    }
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Replay {}

pub(super) fn hex(digits: &str) -> Vec<u8> {
    base16ct::lower::decode_vec(digits).unwrap()
}

const NAME: &str = "[A-Za-z0-9_.-]{1,20}";

fn refs_for(kind: PlaintextKind, names: Vec<String>) -> Refs {
    if kind == PlaintextKind::Source { Refs::new(names).unwrap() } else { Refs::none() }
}

fn kinds() -> impl Strategy<Value = PlaintextKind> {
    prop_oneof![Just(PlaintextKind::Value), Just(PlaintextKind::Source)]
}

/// Returns true if `text` is a sealed value that decrypts under `name`.
fn opens(opener: &mut Opener, name: &str, text: &[u8]) -> bool {
    SealedValue::parse(text).is_ok_and(|value| opener.open(name, &value).is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_sealed_opens(
        name in NAME,
        kind in kinds(),
        names in vec(NAME, 0..4),
        bytes in vec(any::<u8>(), 0..200),
    ) {
        let private = PrivateKey::generate();
        let refs = refs_for(kind, names);
        let value = Sealer::new(&private.public()).unwrap().seal(&name, &refs, kind, &bytes).unwrap();
        let read = SealedValue::parse(value.to_string().as_bytes()).unwrap();
        prop_assert_eq!(&read, &value);
        prop_assert_eq!(read.refs(), &refs);
        let opened = Opener::new(private).open(&name, &read).unwrap();
        prop_assert_eq!(opened.kind, kind);
        prop_assert_eq!(opened.bytes.expose(), bytes);
    }

    #[test]
    fn no_context_seals_a_name_twice(names in vec("[AB]{1,2}", 1..40), refs in vec(any::<bool>(), 40)) {
        let private = PrivateKey::generate();
        let mut sealer = Sealer::new(&private.public()).unwrap();
        let mut opener = Opener::new(private);
        let mut seen = HashSet::new();
        for (name, with_refs) in names.iter().zip(refs) {
            let refs = refs_for(PlaintextKind::Source, if with_refs { vec!["R".to_owned()] } else { vec![] });
            let value = sealer.seal(name, &refs, PlaintextKind::Source, name.as_bytes()).unwrap();
            prop_assert!(seen.insert((*value.enc(), name.clone())));
            let opened = opener.open(name, &value).unwrap();
            prop_assert_eq!(opened.bytes.expose(), name.as_bytes());
        }
    }

    #[test]
    fn nothing_opens_under_another_name_or_other_refs(
        name in NAME,
        other in NAME,
        names in vec(NAME, 0..3),
        other_names in vec(NAME, 0..3),
    ) {
        let private = PrivateKey::generate();
        let (refs, other_refs) = (Refs::new(names).unwrap(), Refs::new(other_names).unwrap());
        let value = Sealer::new(&private.public()).unwrap().seal(&name, &refs, PlaintextKind::Source, b"x").unwrap();
        let mut opener = Opener::new(private);
        if name != other {
            prop_assert_eq!(opener.open(&other, &value), Err(OpenError::OtherName));
        }
        if refs != other_refs {
            let text = value.to_string();
            let data = text.split(':').nth(2).unwrap();
            let colon = if other_refs.is_empty() { "" } else { ":" };
            let moved = format!("{TOKEN_PREFIX}{data}{colon}{other_refs}");
            let moved = SealedValue::parse(moved.as_bytes()).unwrap();
            prop_assert_eq!(opener.open(&name, &moved), Err(OpenError::OtherName));
        }
    }

    #[test]
    fn a_changed_character_of_the_text_does_not_open(
        bytes in vec(any::<u8>(), 0..70),
        at in any::<Index>(),
        replacement in any::<u8>(),
    ) {
        let private = PrivateKey::generate();
        let refs = Refs::new(["DB_USER".to_owned()]).unwrap();
        let value = Sealer::new(&private.public()).unwrap().seal("A", &refs, PlaintextKind::Source, &bytes).unwrap();
        let mut text = value.to_string().into_bytes();
        let at = at.index(text.len());
        prop_assume!(text[at] != replacement);
        text[at] = replacement;
        prop_assert!(!opens(&mut Opener::new(private), "A", &text));
    }

    #[test]
    fn length_shows_only_in_steps_of_32(first in 0usize..300, second in 0usize..300) {
        let mut sealer = Sealer::new(&PrivateKey::generate().public()).unwrap();
        let mut text_len = |len| {
            sealer.seal("A", &Refs::none(), PlaintextKind::Value, &vec![7; len]).unwrap().to_string().len()
        };
        prop_assert_eq!(text_len(first) == text_len(second), (first + 1) / 32 == (second + 1) / 32);
    }
}

/// With a vector's randomness, encrypting gives exactly the vector's sealed value.
#[test]
fn sealing_agrees_with_the_vectors() {
    for vector in [
        include_str!("../../tests/vectors/003-short.txt"),
        include_str!("../../tests/vectors/006-boundary-31.txt"),
        include_str!("../../tests/vectors/018-refs-many.txt"),
    ] {
        let (head, token) = vector.split_once("\n\n").unwrap();
        let header = |key: &str| head.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("");
        let private = PrivateKey::parse(header("private-key: ")).unwrap();
        let kind = if header("kind: ") == "source" { PlaintextKind::Source } else { PlaintextKind::Value };
        let names = header("refs: ").split(',').filter(|name| !name.is_empty());
        let refs = Refs::new(names.map(str::to_owned)).unwrap();
        let mut sealer = Sealer::with_rng(&private.public(), &mut Replay(hex(header("ikm-e: ")))).unwrap();
        let value = sealer.seal(header("name: "), &refs, kind, &hex(header("plaintext-hex: "))).unwrap();
        assert_eq!(value.to_string(), token.trim_end());
    }
}

/// Returns a sealed value of the name A, and what decrypts it.
fn sealed() -> (SealedValue, Opener) {
    let private = PrivateKey::generate();
    let mut sealer = Sealer::new(&private.public()).unwrap();
    let value = sealer.seal("A", &Refs::none(), PlaintextKind::Value, b"hunter2").unwrap();
    let mut opener = Opener::new(private);
    assert!(opener.open("A", &value).is_ok());
    (value, opener)
}

/// Flips every bit, not a sample: it takes a fraction of a second.
#[test]
fn no_flipped_bit_is_decrypted() {
    let (value, mut opener) = sealed();
    for bit in 0..value.blob.len() * 8 {
        let mut flipped = value.blob.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let text = SealedValue::from_blob(flipped, Refs::none()).to_string();
        assert!(!opens(&mut opener, "A", text.as_bytes()), "bit {bit}");
    }
}

/// Tries characters of the alphabet, and some outside it, at every position.
#[test]
fn no_changed_character_opens() {
    let (value, mut opener) = sealed();
    let text = value.to_string().into_bytes();
    for at in 0..text.len() {
        for replacement in b"AQghw019-_+/=:, \n" {
            let mut changed = text.clone();
            if std::mem::replace(&mut changed[at], *replacement) != *replacement {
                assert!(!opens(&mut opener, "A", &changed), "{} at {at}", char::from(*replacement));
            }
        }
    }
}
