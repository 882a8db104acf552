//! Change one bit, truncate, re-encode, add fields.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use envseal::testing::crypto::PlaintextKind;

use super::{append, nothing_ran, sealed_project, token};

const PREFIX: &str = "envseal:1:";

/// Encrypts a value for each change, which `change` describes and makes by its number until it returns None. Expects each
/// to be refused with its name and line.
fn all_refused(change: impl Fn(usize, &[u8]) -> Option<(String, Vec<u8>)>) {
    let (env, key) = sealed_project();
    let before = env.read(".env").lines().count();
    let (mut text, mut changes) = (Vec::new(), Vec::new());
    for at in 0.. {
        let name = format!("V{at}");
        let value = token(&key, &name, PlaintextKind::Value, &[], b"canary-altered");
        let Some((what, changed)) = change(at, value.as_bytes()) else { break };
        text.extend([name.as_bytes(), b"=", &changed, b"\n"].concat());
        changes.push((format!(".env:{} {name}: ", before + at + 1), what));
    }
    append(&env, ".env", text);
    for arguments in [&["get"][..], &["run", "--", "touch", "started"]] {
        let said = env.fails(3, arguments);
        for (place, what) in &changes {
            assert!(said.contains(place), "{what}: {place} was not refused");
        }
        assert!(!said.contains("canary"));
    }
    nothing_ran(&env);
    assert_eq!(env.ok(&["get", "HELLO"]), "canary-hello-0\n", "its neighbours are still decrypted");
}

fn blob_of(token: &[u8]) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(&token[PREFIX.len()..]).unwrap()
}

fn token_of(blob: &[u8]) -> Vec<u8> {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(blob)).into_bytes()
}

#[test]
fn no_flipped_bit_is_decrypted() {
    all_refused(|bit, token| {
        let mut blob = blob_of(token);
        *blob.get_mut(bit / 8)? ^= 1 << (bit % 8);
        Some((format!("bit {bit}"), token_of(&blob)))
    });
}

/// The places in a token behind `envseal:`.
const PLACES: std::ops::Range<usize> = "envseal:".len()..PREFIX.len() + 155;

#[test]
fn no_flipped_bit_of_the_text_is_decrypted() {
    all_refused(|at, token| {
        let (place, bit) = (PLACES.clone().nth(at / 8)?, at % 8);
        let mut token = token.to_vec();
        token[place] ^= 1 << bit;
        // A line break would truncate it, which another test does.
        if matches!(token[place], b'\n' | b'\r') {
            token[place] = b'=';
        }
        Some((format!("bit {bit} of character {place}"), token))
    });
}

#[test]
fn no_truncated_value_is_decrypted() {
    all_refused(|at, token| {
        let length = PLACES.clone().nth(at)?;
        Some((format!("length {length}"), token[..length].to_vec()))
    });
}

#[test]
fn no_other_spelling_is_decrypted() {
    all_refused(|at, t| {
        let blob = blob_of(t);
        let changes: [(&str, Vec<u8>); 13] = [
            ("padding", format!("{PREFIX}{}", STANDARD.encode(&blob)).into_bytes()),
            ("standard alphabet", {
                format!("{PREFIX}{}/+", &STANDARD_NO_PAD.encode(&blob)[..153]).into_bytes()
            }),
            ("trailing bits", {
                // 116 bytes leave two bits over, which are zero.
                let (last, head) = t.split_last().unwrap();
                let other = if last.is_ascii_alphanumeric() { *last + 1 } else { b'B' };
                [head, &[other]].concat()
            }),
            ("blank inside", [b"'", &t[..40], b" ", &t[40..], b"'"].concat()),
            ("newline inside", [b"\"", &t[..40], b"\\n", &t[40..], b"\""].concat()),
            ("twice", [t, b":", t].concat()),
            ("backticks", [b"`", t, b"`"].concat()),
            ("version 2", [b"envseal:2:", &t[PREFIX.len()..]].concat()),
            ("version 01", [b"envseal:01:", &t[PREFIX.len()..]].concat()),
            ("one more block", token_of(&[&blob[..], &[0; 32]].concat())),
            ("one more byte", token_of(&[&blob[..], &[0]].concat())),
            ("a block less", token_of(&blob[..84])),
            ("nothing", token_of(&[])),
        ];
        let ends = [
            ":",
            "::",
            ":HELLO",
            ":HELLO,",
            ":A,A",
            ":B,A",
            ":a:b",
            ":$(touch pwned)",
            "=",
            "==",
            "AAAA",
            "\u{e9}",
        ];
        let ends = ends.map(|end| (end, [t, end.as_bytes()].concat()));
        let (what, changed) = changes.into_iter().chain(ends).nth(at)?;
        Some((what.to_owned(), changed))
    });
}
