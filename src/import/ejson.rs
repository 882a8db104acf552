//! Shopify's ejson: JSON in which strings are sealed to the public key that stands under `_public_key`.
//!
//! Format: ejson(5). A sealed string is `EJ[1:P:N:M]`, in base64: an ephemeral public key, a nonce, and a `NaCl` box
//! (X25519, XSalsa20-Poly1305). A string under a name that starts with `_` is not sealed; that does not go down into
//! an object. The private key is in a file of its own, named by the public key, both in hexadecimal.
//!
//! What is in an `environment` object at the top goes by its own names, as ejson2env exports it; all else by its path,
//! names that start with `_` included. `_public_key` is no variable.

use crypto_box::aead::Aead as _;
use crypto_box::{Nonce, PublicKey, SalsaBox, SecretKey};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::crypto::{SecretBytes, SecretText};

use super::tree::{Items, Node, Object, Path};
use super::{ImportError, Item, json};

/// The variable that names the folder of private keys.
pub const KEY_DIR_VARIABLE: &str = "EJSON_KEYDIR";
/// The folder of private keys, where that variable is not set.
pub const KEY_DIR: &str = "/opt/ejson/keys";
const PUBLIC_KEY: &str = "_public_key";
const ENVIRONMENT: &str = "environment";

/// What an ejson file holds.
#[derive(Debug)]
pub struct Ejson {
    /// Its values, opened; in the order of the source, but for `environment`, which comes first.
    pub items: Vec<Item>,
    /// Where wanted values stand that were not sealed, though their name does not start with `_`: they are in the source,
    /// and in its history, for all to read.
    pub clear: Vec<String>,
}

/// Reads `text`. `find` is asked at most once, and only where something is sealed: for the private key, in hexadecimal,
/// of a public key, in 64 lower-case hexadecimal digits. White space around what it returns is passed over.
///
/// Errors: those of [`json::read`]; [`ImportError::KeyMissing`], [`ImportError::KeyForm`], [`ImportError::KeyOther`];
/// [`ImportError::Sealed`].
pub fn read(text: &[u8], find: &dyn Fn(&str) -> Option<SecretText>) -> Result<Ejson, ImportError> {
    read_wanted(text, find, &|_| true)
}

/// As [`read`], where a value whose name is not wanted may be anything, and is not opened.
pub fn read_wanted(
    text: &[u8],
    find: &dyn Fn(&str) -> Option<SecretText>,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Ejson, ImportError> {
    let mut object = json::object(text)?;
    let public = public_key(object.take(PUBLIC_KEY))?;
    let mut reader = Reader { public, find, wants, secret: None, clear: Vec::new() };
    let mut items = Items::wanting(wants);
    let top = Path::default();
    match object.take(ENVIRONMENT) {
        Some(Node::Object(environment)) => {
            items.object(&top, reader.open(&top.to(ENVIRONMENT), &top, environment)?)?;
        }
        Some(node) => items.node(&top.to(ENVIRONMENT), node)?,
        None => (),
    }
    items.object(&top, reader.open(&top, &top, object)?)?;
    Ok(Ejson { items: items.into_items(), clear: reader.clear })
}

/// Whether a text is ejson's: an object with a public key.
pub fn is_ejson(text: &[u8]) -> bool {
    json::object(text).is_ok_and(|mut object| public_key(object.take(PUBLIC_KEY)).is_ok())
}

fn public_key(node: Option<Node>) -> Result<String, ImportError> {
    let Some(Node::Text(text)) = node else { return Err(ImportError::NoPublicKey) };
    let mut key = [0; 32];
    let decoded = base16ct::mixed::decode(text.expose(), &mut key).map_err(|_| ImportError::NoPublicKey)?;
    if decoded.len() != key.len() {
        return Err(ImportError::NoPublicKey);
    }
    Ok(base16ct::lower::encode_string(&key))
}

struct Reader<'a> {
    public: String,
    find: &'a dyn Fn(&str) -> Option<SecretText>,
    wants: &'a dyn Fn(&str) -> bool,
    secret: Option<SecretKey>,
    clear: Vec<String>,
}

impl Reader<'_> {
    /// `object`, which stands at `place`, with what is sealed in it and wanted opened. Its variables are named from `top`
    /// on.
    fn open(&mut self, place: &Path, top: &Path, object: Object) -> Result<Object, ImportError> {
        let mut opened = Object::default();
        for (name, node) in object.into_entries() {
            let (place, variable) = (place.to(&name), top.to(&name));
            let node = match node {
                Node::Object(object) => Node::Object(self.open(&place, &variable, object)?),
                node if !(self.wants)(variable.name()) => node,
                Node::Text(text) if name.starts_with('_') => Node::Text(text),
                Node::Text(text) if text.expose().starts_with(b"EJ[") => {
                    Node::Opened(self.unseal(place.origin(), variable.name(), &text)?)
                }
                Node::Text(text) => {
                    self.clear.push(place.origin().to_owned());
                    Node::Text(text)
                }
                other => other,
            };
            opened.add(name, node);
        }
        Ok(opened)
    }

    fn unseal(&mut self, origin: &str, name: &str, text: &SecretBytes) -> Result<SecretBytes, ImportError> {
        let (origin, name) = (origin.to_owned(), Some(name.to_owned()));
        let sealed = match Sealed::parse(text.expose()) {
            Ok(sealed) => sealed,
            Err(found) => return Err(ImportError::Malformed { origin, name, found }),
        };
        if self.secret.is_none() {
            self.secret = Some(self.private_key()?);
        }
        let secret = self.secret.as_ref().expect("it was found just now");
        SalsaBox::new(&PublicKey::from(sealed.ephemeral), secret)
            .decrypt(&Nonce::from(sealed.nonce), &*sealed.message)
            .map(SecretBytes::new)
            .map_err(|_| ImportError::Sealed { origin, name })
    }

    fn private_key(&self) -> Result<SecretKey, ImportError> {
        let id = || self.public.clone();
        let text = (self.find)(&self.public).ok_or_else(|| ImportError::KeyMissing { id: id() })?;
        let mut bytes = Zeroizing::new([0; 32]);
        match base16ct::mixed::decode(text.expose().trim(), &mut *bytes) {
            Ok(decoded) if decoded.len() == 32 => (),
            _ => return Err(ImportError::KeyForm { id: id() }),
        }
        let secret = SecretKey::from(*bytes);
        if base16ct::lower::encode_string(secret.public_key().as_bytes()) == self.public {
            Ok(secret)
        } else {
            Err(ImportError::KeyOther { id: id() })
        }
    }
}

/// `EJ[1:P:N:M]`
struct Sealed {
    ephemeral: [u8; 32],
    nonce: [u8; 24],
    message: Vec<u8>,
}

impl Sealed {
    fn parse(text: &[u8]) -> Result<Self, &'static str> {
        const FORM: &str = "not of the form EJ[1:…:…:…]";
        let inside = text.strip_prefix(b"EJ[").and_then(|text| text.strip_suffix(b"]")).ok_or(FORM)?;
        let parts: Vec<_> = inside.split(|&byte| byte == b':').collect();
        let &[version, ephemeral, nonce, message] = parts.as_slice() else { return Err(FORM) };
        if version != b"1" {
            return Err("sealed in a version of ejson's format that is not known here");
        }
        let decode = |part| STANDARD.decode(part).map_err(|_| FORM);
        Ok(Self {
            ephemeral: decode(ephemeral)?.try_into().map_err(|_| FORM)?,
            nonce: decode(nonce)?.try_into().map_err(|_| FORM)?,
            message: decode(message)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{pairs, refused};
    use super::*;

    // Shopify/ejson, ejson_test.go: a key pair, another private key, and a file with one sealed value, "b".
    const PUBLIC: &str = "8d8647e2eeb6d2e31228e6df7da3df921ec3b799c3f66a171cd37a1ed3004e7d";
    const PRIVATE: &str = "c5caa31a5b8cb2be0074b37c56775f533b368b81d8fd33b94181f79bd6e47f87";
    const INCORRECT: &str = "c5caa31a5b8cb2be0074b37c56775f533b368b81d8fd33b94181f79bd6e47f00";
    const TOO_SHORT: &str = "8d8647e2eeb6d2e31228e6df7da3df921ec3b799c3f66a171cd37a1e000000";
    const BOX: &str = "EJ[1:KR1IxNZnTZQMP3OR1NdOpDQ1IcLD83FSuE7iVNzINDk=:XnYW1HOxMthBFMnxWULHlnY4scj5mNmX:ls1+kvwwu2ETz5C6apgWE7Q=]";

    fn file(rest: &str) -> Vec<u8> {
        format!(r#"{{"_public_key": "{PUBLIC}", {rest}}}"#).replace("BOX", BOX).into_bytes()
    }

    fn with(private: &str, rest: &str) -> Result<Ejson, ImportError> {
        read(&file(rest), &|public| {
            assert_eq!(public, PUBLIC);
            Some(SecretText::new(private.to_owned()))
        })
    }

    #[test]
    fn the_published_vector_opens() {
        for private in [PRIVATE.to_owned(), format!("{PRIVATE}\n"), PRIVATE.to_uppercase()] {
            let found = with(&private, r#""a": "BOX""#).unwrap();
            assert_eq!(pairs(found.items), [("a".to_owned(), "b".to_owned())]);
            assert!(found.clear.is_empty());
        }
    }

    #[test]
    fn a_key_that_is_not_the_one_is_told_apart() {
        let sealed = r#""a": "BOX""#;
        assert_eq!(with(INCORRECT, sealed).unwrap_err(), ImportError::KeyOther { id: PUBLIC.into() });
        for bad in [TOO_SHORT, "", "hunter2", &format!("{PRIVATE}00"), &"zz".repeat(32)] {
            assert_eq!(with(bad, sealed).unwrap_err(), ImportError::KeyForm { id: PUBLIC.into() });
        }
        let missing = read(&file(sealed), &|_| None);
        assert_eq!(missing.unwrap_err(), ImportError::KeyMissing { id: PUBLIC.into() });
    }

    #[test]
    fn a_box_that_was_touched_does_not_open() {
        for (from, to) in [("KR1I", "KR1J"), ("XnYW", "XnYX"), ("ls1+", "ls2+"), ("E7Q=", "E7Y=")] {
            let changed = BOX.replace(from, to);
            let error = refused(with(PRIVATE, &format!(r#""x": {{"a": "{changed}"}}"#)));
            assert_eq!(error, "x.a is damaged, or sealed to another key");
        }
        for bad in
            ["EJ[", "EJ[]", "EJ[1:a:b:c]", &BOX[..60], &BOX.replace(']', ":x]"), &BOX.replace("E7Q=", "E7Q")]
        {
            let error = refused(with(PRIVATE, &format!(r#""a": "{bad}""#)));
            assert_eq!(error, "a is not of the form EJ[1:…:…:…]", "{bad}");
        }
        let version = BOX.replace("EJ[1", "EJ[2");
        assert!(refused(with(PRIVATE, &format!(r#""a": "{version}""#))).contains("version"));
    }

    #[test]
    fn names_that_start_with_an_underscore_are_not_sealed_and_what_is_below_them_is() {
        let found = with(
            PRIVATE,
            r#""_c": "text", "_o": {"a": "BOX", "_d": "EJ[x"}, "plain": "p", "o": {"n": 1.10, "s": "BOX"}"#,
        )
        .unwrap();
        let expected =
            [("_c", "text"), ("_o_a", "b"), ("_o__d", "EJ[x"), ("plain", "p"), ("o_n", "1.10"), ("o_s", "b")];
        assert_eq!(pairs(found.items), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(found.clear, ["plain", "o.n"]);
    }

    #[test]
    fn what_is_not_wanted_is_neither_opened_nor_told_of() {
        let text =
            file(r#""EJ": "EJ[note]", "plain": "p", "a": "BOX", "environment": {"E": "EJ[x", "K": "k"}"#);
        let key = |_: &str| Some(SecretText::new(PRIVATE.to_owned()));
        let found = read_wanted(&text, &key, &|name| name == "a").unwrap();
        assert_eq!(pairs(found.items), [("a".to_owned(), "b".to_owned())]);
        assert!(found.clear.is_empty());
        // Nothing sealed is wanted: no key is asked for.
        let none = |_: &str| panic!("asked for a key");
        let found = read_wanted(&text, &none, &|name| ["plain", "K"].contains(&name)).unwrap();
        assert_eq!(found.clear, ["environment.K", "plain"]);
        for (wanted, name) in [("EJ", "EJ"), ("E", "environment.E")] {
            let error = read_wanted(&text, &key, &|it| it == wanted).unwrap_err();
            assert_eq!(error.to_string(), format!("{name} is not of the form EJ[1:…:…:…]"));
            assert_eq!(error.variable(), Some(wanted));
        }
    }

    #[test]
    fn what_was_sealed_is_told_from_what_was_not() {
        let rest = r#""_LOG": "debug", "a": "BOX", "n": 1, "o": {"_x": "y", "z": "BOX"}"#;
        let found = with(PRIVATE, rest).unwrap();
        let sealed = found.items.iter().filter(|item| item.was_sealed).map(|item| item.name.as_str());
        assert_eq!(sealed.collect::<Vec<_>>(), ["a", "o_z"]);
    }

    #[test]
    fn an_environment_goes_by_its_own_names() {
        let found =
            with(PRIVATE, r#""other": "BOX", "environment": {"KEY": "BOX", "_PUBLIC": "p"}"#).unwrap();
        let expected = [("KEY", "b"), ("_PUBLIC", "p"), ("other", "b")];
        assert_eq!(pairs(found.items), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let twice = with(PRIVATE, r#""environment": {"a": "BOX"}, "a": "BOX""#);
        assert_eq!(refused(twice), "a and a would both be a");
        assert_eq!(
            refused(with(PRIVATE, r#""environment": ["BOX"]"#)),
            "environment is a list, which no variable can hold"
        );
    }

    #[test]
    fn nothing_sealed_wants_no_key() {
        let found = read(&file(r#""a": "x""#), &|_| panic!("asked for a key")).unwrap();
        assert_eq!(found.clear, ["a"]);
    }

    #[test]
    fn a_public_key_must_be_there() {
        let none = |_: &str| None;
        for text in [
            "{}",
            r#"{"_public_key": 1}"#,
            r#"{"_public_key": "invalid"}"#,
            r#"{"_public_key": "8d86"}"#,
            r#"{"x": {"_public_key": "8d8647e2eeb6d2e31228e6df7da3df921ec3b799c3f66a171cd37a1ed3004e7d"}}"#,
        ] {
            assert!(refused(read(text.as_bytes(), &none)).contains("there is no _public_key"), "{text}");
        }
    }
}
