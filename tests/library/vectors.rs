//! Every file of `tests/vectors/` gives the result that it states.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    fs,
    path::Path,
};

use base16ct::lower::encode_string as hex;
use envseal::testing::crypto::{
    Grant, GrantTerms, Identity, IdentityKey, KeyError, LockError, LockedKey, Opener, PlaintextKind,
    PrivateKey, PublicKey, SealedValue, SecretText, TokenError, Unlocker, claims_to_be_sealed,
};

const MINIMUM: usize = 60;

/// Every identifier of `docs/format.md`; each must occur.
const ERRORS: &str = "not-sealed unknown-version encoding length enc-top-bit refs \
    other-key zero-shared other-name damaged padding kind refs-with-value \
    key-prefix private-given public-given key-length key-encoding key-checksum non-canonical low-order \
    grant-form grant-signature grant-recipient grant-key grant-proof \
    locked-prefix locked-encoding locked-length locked-parameters locked-passphrase locked-damaged locked-key";

/// The headers that are inputs.
const INPUTS: &str =
    "comment type name private-key ikm-e environment public-key recipient-seed granter-hex passphrase";

type Headers = BTreeMap<String, String>;

#[test]
fn every_vector_gives_the_result_it_states() {
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
        for input in INPUTS.split(' ') {
            if let Some(value) = expected.get(input) {
                found.insert(input.to_owned(), value.clone());
            }
        }
        assert_eq!(found, expected, "{}", path.display());
        expectations.insert(expected["expect"].clone());
        count += 1;
    }
    assert!(count >= MINIMUM, "{count} vectors");
    let every =
        ERRORS.split_whitespace().map(|error| format!("error: {error}")).chain(["success".to_owned()]);
    assert_eq!(expectations, every.collect());
}

fn read(file: &[u8]) -> (Headers, Vec<u8>) {
    let end = file.windows(2).position(|pair| pair == b"\n\n").expect("a blank line");
    let head = std::str::from_utf8(&file[..end]).unwrap();
    let headers = head.lines().map(|line| line.split_once(": ").expect("key: value"));
    let headers = headers.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    (headers, file[end + 2..].strip_suffix(b"\n").expect("a last newline").to_vec())
}

fn outcome(headers: &Headers, line: &[u8]) -> Result<Headers, String> {
    let found = match headers.get("type").map(String::as_str) {
        None => return open(headers, line),
        Some("public-key") => PublicKey::parse(text(line)).map_err(|error| key_error(&error))?,
        Some("private-key") => PrivateKey::parse(text(line)).map_err(|error| key_error(&error))?.public(),
        Some("grant") => return open_grant(headers, text(line)),
        Some("locked-key") => return open_locked(headers, text(line)),
        Some(other) => panic!("unknown type {other}"),
    };
    Ok(success([("public-hex", hex(found.as_bytes())), ("key-id", found.id().to_string())]))
}

fn open(headers: &Headers, line: &[u8]) -> Result<Headers, String> {
    let private = PrivateKey::parse(&headers["private-key"]).unwrap();
    let parsed = SealedValue::parse(line);
    assert_eq!(claims_to_be_sealed(line), parsed != Err(TokenError::NotSealed));
    let value = parsed.map_err(|error| identifier("", &error))?;
    assert_eq!(value.to_string().as_bytes(), line, "a token has one spelling");
    let opened =
        Opener::new(private).open(&headers["name"], &value).map_err(|error| identifier("", &error))?;
    let kind = match opened.kind {
        PlaintextKind::Value => "value",
        PlaintextKind::Source => "source",
    };
    let mut found = success([("kind", kind.to_owned()), ("plaintext-hex", hex(opened.bytes.expose()))]);
    if !value.refs().is_empty() {
        found.insert("refs".to_owned(), value.refs().to_string());
    }
    Ok(found)
}

fn open_grant(headers: &Headers, line: &str) -> Result<Headers, String> {
    let grant: Grant = line.parse().map_err(|error| identifier("grant-", &error))?;
    assert_eq!(grant.to_string(), line, "a grant has one spelling");
    let key = PublicKey::parse(&headers["public-key"]).unwrap();
    let recipient = Identity::from_seed(&unhex(&headers["recipient-seed"]));
    // Step 2, like the signature.
    let granter = IdentityKey::from_bytes(&unhex(&headers["granter-hex"]));
    let granter = granter.map_err(|_| "grant-signature".to_owned())?;
    let public = recipient.public();
    let terms = GrantTerms { env: &headers["environment"], key: &key, recipient: &public, granter: &granter };
    let opened = grant.open(&terms, &recipient).map_err(|error| identifier("grant-", &error))?;
    Ok(success([("opened", opened.to_text().expose().to_owned())]))
}

fn open_locked(headers: &Headers, line: &str) -> Result<Headers, String> {
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

fn unhex(digits: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    base16ct::lower::decode(digits, &mut bytes).unwrap();
    bytes
}

/// Returns the name of the variant in kebab case behind `prefix`.
fn identifier(prefix: &str, error: &dyn Debug) -> String {
    let debug = format!("{error:?}");
    let mut identifier = prefix.to_owned();
    for (at, letter) in debug.char_indices().take_while(|(_, letter)| letter.is_alphabetic()) {
        if letter.is_uppercase() && at > 0 {
            identifier.push('-');
        }
        identifier.push(letter.to_ascii_lowercase());
    }
    identifier
}

fn lock_error(error: LockError) -> String {
    match error {
        LockError::Public(error) => key_error(&error),
        error => identifier("locked-", &error),
    }
}

fn key_error(error: &KeyError) -> String {
    let is_of_text =
        matches!(error, KeyError::Prefix | KeyError::Length { .. } | KeyError::Encoding | KeyError::Checksum);
    identifier(if is_of_text { "key-" } else { "" }, error)
}
