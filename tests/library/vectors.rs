//! Every file of `tests/vectors/`, whatever there is, comes to what it says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
};

use envseal::testing::crypto::{
    Grant, GrantError, Identity, IdentityKey, KeyError, Kind, LockError, LockedKey, OpenError, Opener,
    PrivateKey, PublicKey, SealedValue, SecretText, Terms, TokenError, Unlocker, claims_to_be_sealed,
};

const MINIMUM: usize = 60;

/// Every identifier of `docs/format.md`; each must occur.
const ERRORS: [&str; 33] = [
    "not-sealed",
    "unknown-version",
    "encoding",
    "length",
    "enc-top-bit",
    "refs",
    "other-key",
    "zero-shared",
    "other-name",
    "damaged",
    "padding",
    "kind",
    "refs-with-value",
    "key-prefix",
    "private-given",
    "public-given",
    "key-length",
    "key-encoding",
    "key-checksum",
    "non-canonical",
    "low-order",
    "grant-form",
    "grant-signature",
    "grant-recipient",
    "grant-key",
    "grant-proof",
    "locked-prefix",
    "locked-encoding",
    "locked-length",
    "locked-parameters",
    "locked-passphrase",
    "locked-damaged",
    "locked-key",
];

/// The headers that are input.
const INPUTS: [&str; 10] = [
    "comment",
    "type",
    "name",
    "private-key",
    "ikm-e",
    "environment",
    "public-key",
    "recipient-seed",
    "granter-hex",
    "passphrase",
];

type Headers = BTreeMap<String, String>;

#[test]
fn every_vector_comes_to_what_it_says() {
    let mut expectations = BTreeSet::new();
    let mut count = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let (expected, line) = read(&fs::read(&path).unwrap());
        let mut found = outcome(&expected, &line)
            .unwrap_or_else(|error| Headers::from([("expect".to_owned(), format!("error: {error}"))]));
        for input in INPUTS {
            if let Some(value) = expected.get(input) {
                found.insert(input.to_owned(), value.clone());
            }
        }
        assert_eq!(found, expected, "{}", path.display());
        expectations.insert(expected["expect"].clone());
        count += 1;
    }
    assert!(count >= MINIMUM, "{count} vectors");
    let every = ERRORS.iter().map(|error| format!("error: {error}")).chain(["success".to_owned()]);
    assert_eq!(expectations, every.collect());
}

fn read(file: &[u8]) -> (Headers, Vec<u8>) {
    let end = file.windows(2).position(|pair| pair == b"\n\n").expect("a blank line");
    let head = std::str::from_utf8(&file[..end]).unwrap();
    let headers = head.lines().map(|line| line.split_once(": ").expect("key: value"));
    let headers = headers.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    (headers, file[end + 2..].strip_suffix(b"\n").expect("a last newline").to_vec())
}

fn outcome(headers: &Headers, line: &[u8]) -> Result<Headers, &'static str> {
    let found = match headers.get("type").map(String::as_str) {
        None => return open(headers, line),
        Some("public-key") => PublicKey::parse(text(line)).map_err(key_error)?,
        Some("private-key") => PrivateKey::parse(text(line)).map_err(key_error)?.public(),
        Some("grant") => return open_grant(headers, text(line)),
        Some("locked-key") => return open_locked(headers, text(line)),
        Some(other) => panic!("unknown type {other}"),
    };
    Ok(success([("public-hex", hex(found.as_bytes())), ("key-id", found.id().to_string())]))
}

fn open(headers: &Headers, line: &[u8]) -> Result<Headers, &'static str> {
    let private = PrivateKey::parse(&headers["private-key"]).unwrap();
    let parsed = SealedValue::parse(line);
    assert_eq!(claims_to_be_sealed(line), parsed != Err(TokenError::NotSealed));
    let value = parsed.map_err(token_error)?;
    assert_eq!(value.to_string().as_bytes(), line, "a token has one spelling");
    let opened = Opener::new(private).open(&headers["name"], &value).map_err(open_error)?;
    let kind = match opened.kind {
        Kind::Value => "value",
        Kind::Source => "source",
    };
    let mut found = success([("kind", kind.to_owned()), ("plaintext-hex", hex(opened.bytes.expose()))]);
    if !value.refs().is_empty() {
        found.insert("refs".to_owned(), value.refs().to_string());
    }
    Ok(found)
}

fn open_grant(headers: &Headers, line: &str) -> Result<Headers, &'static str> {
    let grant: Grant = line.parse().map_err(grant_error)?;
    assert_eq!(grant.to_string(), line, "a grant has one spelling");
    let key = PublicKey::parse(&headers["public-key"]).unwrap();
    let recipient = Identity::from_seed(&unhex(&headers["recipient-seed"]));
    let granter = IdentityKey::from_bytes(&unhex(&headers["granter-hex"])).unwrap();
    let public = recipient.public();
    let terms = Terms { env: &headers["environment"], key: &key, recipient: &public, granter: &granter };
    let opened = grant.open(&terms, &recipient).map_err(grant_error)?;
    Ok(success([("opened", opened.to_text().expose().to_owned())]))
}

fn open_locked(headers: &Headers, line: &str) -> Result<Headers, &'static str> {
    let locked: LockedKey = line.parse().map_err(lock_error)?;
    assert_eq!(locked.to_string(), line, "a locked key has one spelling");
    let unlocker = Unlocker::new(SecretText::new(headers["passphrase"].clone()));
    let opened = unlocker.open(&locked).map_err(lock_error)?;
    Ok(success([
        ("public-hex", hex(locked.public().as_bytes())),
        ("opened", opened.to_text().expose().to_owned()),
    ]))
}

fn success<const N: usize>(more: [(&str, String); N]) -> Headers {
    let all = more.into_iter().chain([("expect", "success".to_owned())]);
    all.map(|(key, value)| (key.to_owned(), value)).collect()
}

fn text(line: &[u8]) -> &str {
    std::str::from_utf8(line).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    let mut digits = String::new();
    for byte in bytes {
        write!(digits, "{byte:02x}").unwrap();
    }
    digits
}

fn unhex(digits: &str) -> [u8; 32] {
    let byte = |at: usize| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap();
    std::array::from_fn(byte)
}

fn grant_error(error: GrantError) -> &'static str {
    match error {
        GrantError::Form => "grant-form",
        GrantError::Signature => "grant-signature",
        GrantError::Recipient => "grant-recipient",
        GrantError::Key => "grant-key",
        GrantError::Proof => "grant-proof",
    }
}

fn lock_error(error: LockError) -> &'static str {
    match error {
        LockError::Prefix => "locked-prefix",
        LockError::Encoding => "locked-encoding",
        LockError::Length { .. } => "locked-length",
        LockError::Parameters { .. } => "locked-parameters",
        LockError::Public(error) => key_error(error),
        LockError::Memory(_) => "locked-memory",
        LockError::Passphrase => "locked-passphrase",
        LockError::Damaged => "locked-damaged",
        LockError::Key => "locked-key",
    }
}

fn token_error(error: TokenError) -> &'static str {
    match error {
        TokenError::NotSealed => "not-sealed",
        TokenError::Misplaced => unreachable!("a token that is parsed stands alone"),
        TokenError::UnknownVersion => "unknown-version",
        TokenError::Encoding => "encoding",
        TokenError::Length => "length",
        TokenError::EncTopBit => "enc-top-bit",
        TokenError::Refs => "refs",
    }
}

fn open_error(error: OpenError) -> &'static str {
    match error {
        OpenError::OtherKey { .. } => "other-key",
        OpenError::ZeroShared => "zero-shared",
        OpenError::OtherName => "other-name",
        OpenError::Damaged => "damaged",
        OpenError::Padding => "padding",
        OpenError::Kind => "kind",
        OpenError::RefsWithValue => "refs-with-value",
    }
}

fn key_error(error: KeyError) -> &'static str {
    match error {
        KeyError::Prefix => "key-prefix",
        KeyError::PrivateGiven => "private-given",
        KeyError::PublicGiven => "public-given",
        KeyError::Length { .. } => "key-length",
        KeyError::Encoding => "key-encoding",
        KeyError::Checksum => "key-checksum",
        KeyError::NonCanonical => "non-canonical",
        KeyError::LowOrder => "low-order",
    }
}
