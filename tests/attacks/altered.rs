//! Change one bit, truncate, re-encode, add fields.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use envseal::testing::crypto::PlaintextKind;

use super::{append, nothing_ran, sealed_project, token};

/// A description, and the change of a sealed value.
type Change = (String, Box<dyn Fn(&[u8]) -> Vec<u8>>);

const PREFIX: &str = "envseal:1:";

/// Encrypts a value for each change, makes the change, and expects each to be refused with its name and line.
fn all_refused(changes: &[Change]) {
    let (env, key) = sealed_project();
    let before = env.read(".env").lines().count();
    let mut text = Vec::new();
    for (at, (_, change)) in changes.iter().enumerate() {
        let name = format!("V{at}");
        let value = token(&key, &name, PlaintextKind::Value, &[], b"canary-altered");
        text.extend([name.as_bytes(), b"=", &change(value.as_bytes()), b"\n"].concat());
    }
    append(&env, ".env", text);
    for arguments in [&["get"][..], &["run", "--", "touch", "started"]] {
        let said = env.fails(3, arguments);
        for (at, (what, _)) in changes.iter().enumerate() {
            let place = format!(".env:{} V{at}: ", before + at + 1);
            assert!(said.contains(&place), "{what}: {place} was not refused");
        }
        assert!(!said.contains("canary"));
    }
    nothing_ran(&env);
    assert_eq!(env.ok(&["get", "HELLO"]), "canary-hello-0\n", "its neighbours are still decrypted");
}

fn change(what: String, change: impl Fn(&[u8]) -> Vec<u8> + 'static) -> Change {
    (what, Box::new(change))
}

fn on_blob(what: String, edit: impl Fn(&mut Vec<u8>) + 'static) -> Change {
    change(what, move |token| {
        let mut blob = URL_SAFE_NO_PAD.decode(&token[PREFIX.len()..]).unwrap();
        edit(&mut blob);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(blob)).into_bytes()
    })
}

#[test]
fn no_flipped_bit_is_decrypted() {
    // A short value's blob is 116 bytes long.
    let bits =
        (0..116 * 8).map(|bit| on_blob(format!("bit {bit}"), move |blob| blob[bit / 8] ^= 1 << (bit % 8)));
    all_refused(&bits.collect::<Vec<_>>());
}

#[test]
fn no_flipped_bit_of_the_text_is_decrypted() {
    let mut changes = Vec::new();
    for at in "envseal:".len()..PREFIX.len() + 155 {
        for bit in 0..8 {
            changes.push(change(format!("bit {bit} of character {at}"), move |token| {
                let mut token = token.to_vec();
                token[at] ^= 1 << bit;
                // A line break would truncate it, which another test does.
                if matches!(token[at], b'\n' | b'\r') {
                    token[at] = b'=';
                }
                token
            }));
        }
    }
    all_refused(&changes);
}

#[test]
fn no_truncated_value_is_decrypted() {
    let lengths = "envseal:".len()..PREFIX.len() + 155;
    all_refused(
        &lengths
            .map(|len| change(format!("length {len}"), move |token| token[..len].to_vec()))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_other_spelling_is_decrypted() {
    let data = |token: &[u8]| URL_SAFE_NO_PAD.decode(&token[PREFIX.len()..]).unwrap();
    let text = |before: &'static str, after: &'static str| {
        change(format!("{before}…{after}"), move |token| {
            [before.as_bytes(), token, after.as_bytes()].concat()
        })
    };
    let mut changes = vec![
        change("padding".into(), move |t| format!("{PREFIX}{}", STANDARD.encode(data(t))).into_bytes()),
        change("standard alphabet".into(), move |t| {
            format!("{PREFIX}{}/+", &STANDARD_NO_PAD.encode(data(t))[..153]).into_bytes()
        }),
        change("trailing bits".into(), |t| {
            // 116 bytes leave two bits over, which are zero.
            let mut token = t.to_vec();
            let last = token.last_mut().unwrap();
            *last = if last.is_ascii_alphanumeric() { *last + 1 } else { b'B' };
            token
        }),
        change("blank inside".into(), |t| [b"'", &t[..40], b" ", &t[40..], b"'"].concat()),
        change("newline inside".into(), |t| [b"\"", &t[..40], b"\\n", &t[40..], b"\""].concat()),
        change("twice".into(), |t| [t, b":", t].concat()),
        change("backticks".into(), |t| [b"`", t, b"`"].concat()),
        change("version 2".into(), |t| [b"envseal:2:", &t[PREFIX.len()..]].concat()),
        change("version 01".into(), |t| [b"envseal:01:", &t[PREFIX.len()..]].concat()),
        on_blob("one more block".into(), |blob| blob.extend([0; 32])),
        on_blob("one more byte".into(), |blob| blob.push(0)),
        on_blob("a block less".into(), |blob| blob.truncate(84)),
        on_blob("nothing".into(), Vec::clear),
    ];
    for after in [
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
    ] {
        changes.push(text("", after));
    }
    all_refused(&changes);
}
