//! Text that only looks like a sealed value. (A token of the right form and key with random content can be told from
//! a real one only with the private key.)

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use envseal::testing::crypto::PrivateKey;

use super::{PLAINTEXT, PROD, SAID, Way, commit_stopped, each_stopped};

const PREFIX: &str = "envseal:1:";

/// Commits `SECRET` with each of these values, which are made from a real token.
fn forged(make: impl Fn(&str) -> Vec<String>) {
    each_stopped(
        &make(&Way::new(false).token("SECRET")),
        |_| [SAID[0]],
        |way, value| {
            let value = way.pick(value.clone(), way.value());
            way.add(PROD, format!("{}SECRET={value}\n", way.header(PROD)));
        },
    );
}

fn blob_of(token: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(&token[PREFIX.len()..]).unwrap()
}

#[test]
fn a_prefix_before_the_plaintext() {
    let prefixes =
        ["envseal:", "envseal:1", "envseal:1:", "envseal:2:", "ENVSEAL:1:", "envseal:1::", "encrypted:"];
    let mut values = prefixes.map(|prefix| format!("{prefix}{PLAINTEXT}")).to_vec();
    values.push(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(PLAINTEXT)));
    values.push(format!("{PREFIX}{}", STANDARD.encode(PLAINTEXT.repeat(7))));
    forged(|_| values.clone());
}

#[test]
fn a_token_cut_or_lengthened() {
    forged(|token| {
        let mut values =
            [PREFIX.len(), PREFIX.len() + 1, 100, 164].map(|keep| token[..keep].to_owned()).to_vec();
        values.extend([
            format!("{token}{PLAINTEXT}"),
            format!("{token} {PLAINTEXT}"),
            format!("{PLAINTEXT}{token}"),
            format!("\"{token}\n{PLAINTEXT}\""),
            format!("{token}:{PLAINTEXT}/x"),
            format!("{token}:"),
            format!("{token}=="),
        ]);
        values
    });
}

#[test]
fn a_token_in_another_spelling() {
    forged(|token| {
        // The unused bits of the last character.
        let (head, last) = token.split_at(token.len() - 1);
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let at = alphabet.iter().position(|b| *b == last.as_bytes()[0]).unwrap();
        // The plaintext inside a blob of the right length, behind the right key's id.
        let mut blob = blob_of(token);
        blob[35] |= 0x80;
        blob[84..84 + PLAINTEXT.len()].copy_from_slice(PLAINTEXT.as_bytes());
        vec![
            format!("{PREFIX}{}", STANDARD.encode(blob_of(token))),
            format!("{head}{}", char::from(alphabet[at ^ 1])),
            format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(blob)),
        ]
    });
}

#[test]
fn a_token_of_another_key() {
    forged(|_| vec![Way::sealed_to(&PrivateKey::generate().public(), "SECRET")]);
}

#[test]
fn a_key_line_that_is_none() {
    for name in ["ENVSEAL_PUBLIC_KEY_PRODUCTION", "ENVSEAL_SECRET"] {
        commit_stopped(&[".env.production:1: error: ENVSEAL_"], |way| {
            let line = way.pick(format!("{name}={PLAINTEXT}\n"), way.header(PROD));
            way.add(PROD, format!("{line}A=\n"));
        });
    }
}
