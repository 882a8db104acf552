//! Every file of `tests/vectors/`, whatever there is, comes to what it says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
};

use envseal::crypto::{
    KeyError, Kind, OpenError, Opener, PrivateKey, PublicKey, SealedValue, TokenError, claims_to_be_sealed,
};

const MINIMUM: usize = 60;

/// Every identifier of `docs/format.md`; each must occur.
const ERRORS: [&str; 21] = [
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
        for input in ["comment", "type", "name", "private-key", "ikm-e"] {
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

fn token_error(error: TokenError) -> &'static str {
    match error {
        TokenError::NotSealed => "not-sealed",
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
