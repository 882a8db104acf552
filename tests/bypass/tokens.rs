//! Text that only looks like a sealed value. (A token of the right form and key with random content can be told from
//! a real one only with the private key.)

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use envseal::testing::crypto::{PlaintextKind, PrivateKey, Refs, Sealer};

use super::{PLAINTEXT, Way, stopped};

const PREFIX: &str = "envseal:1:";

/// Commits `SECRET` with a value derived from a real token.
fn forged(make: impl Fn(&Way, &str) -> String) {
    stopped(&[".env.production:2: error: SECRET"], |way| {
        let token = way.token("SECRET");
        let value = way.pick(make(way, &token), token.clone());
        println!("{value}");
        way.add(".env.production", format!("{}SECRET={value}\n", way.header(".env.production")));
        way.git(&["commit", "-m", "x"])
    });
}

#[test]
fn a_prefix_before_the_plaintext() {
    for prefix in
        ["envseal:", "envseal:1", "envseal:1:", "envseal:2:", "ENVSEAL:1:", "envseal:1::", "encrypted:"]
    {
        forged(|_, _| format!("{prefix}{PLAINTEXT}"));
    }
    forged(|_, _| format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(PLAINTEXT)));
    forged(|_, _| format!("{PREFIX}{}", STANDARD.encode(PLAINTEXT.repeat(7))));
}

#[test]
fn a_token_cut_or_lengthened() {
    for keep in [PREFIX.len(), PREFIX.len() + 1, 100, 164] {
        forged(|_, token| token[..keep].to_owned());
    }
    forged(|_, token| format!("{token}{PLAINTEXT}"));
    forged(|_, token| format!("{token} {PLAINTEXT}"));
    forged(|_, token| format!("{PLAINTEXT}{token}"));
    forged(|_, token| format!("\"{token}\n{PLAINTEXT}\""));
    forged(|_, token| format!("{token}:{PLAINTEXT}/x"));
    forged(|_, token| format!("{token}:"));
    forged(|_, token| format!("{token}=="));
}

#[test]
fn a_token_in_another_spelling() {
    forged(|_, token| {
        let blob = URL_SAFE_NO_PAD.decode(&token[PREFIX.len()..]).unwrap();
        format!("{PREFIX}{}", STANDARD.encode(blob))
    });
    // The unused bits of the last character.
    forged(|_, token| {
        let last = token.as_bytes()[token.len() - 1];
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let at = alphabet.iter().position(|b| *b == last).unwrap();
        format!("{}{}", &token[..token.len() - 1], char::from(alphabet[at ^ 1]))
    });
    // The plaintext inside a blob of the right length, behind the right key's id.
    forged(|_, token| {
        let mut blob = URL_SAFE_NO_PAD.decode(&token[PREFIX.len()..]).unwrap();
        blob[35] |= 0x80;
        blob[84..84 + PLAINTEXT.len()].copy_from_slice(PLAINTEXT.as_bytes());
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(blob))
    });
}

#[test]
fn a_token_of_another_key() {
    forged(|_, _| {
        let other = PrivateKey::generate().public();
        let refs = Refs::new(std::iter::empty::<String>()).unwrap();
        let token =
            Sealer::new(&other).unwrap().seal("SECRET", &refs, PlaintextKind::Value, PLAINTEXT.as_bytes());
        token.unwrap().to_string()
    });
}

#[test]
fn a_key_line_that_is_none() {
    for line in
        [format!("ENVSEAL_PUBLIC_KEY_PRODUCTION={PLAINTEXT}\n"), format!("ENVSEAL_SECRET={PLAINTEXT}\n")]
    {
        stopped(&[".env.production:1: error: ENVSEAL_"], |way| {
            let line = way.pick(line.clone(), way.header(".env.production"));
            way.add(".env.production", format!("{line}A=\n"));
            way.git(&["commit", "-m", "x"])
        });
    }
}
