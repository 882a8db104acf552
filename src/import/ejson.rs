//! Shopify's ejson (ejson(5)): JSON with strings encrypted to the public key under `_public_key`.
//!
//! An encrypted string is `EJ[1:P:N:M]`, in base64: an ephemeral public key, a nonce and a `NaCl` box (X25519,
//! XSalsa20-Poly1305). A string whose name starts with `_` isn't encrypted; that doesn't extend into objects. The
//! private key is in a separate file, named by the public key, both in hexadecimal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_box::aead::Aead as _;
use crypto_box::{Nonce, PublicKey, SalsaBox, SecretKey};

use super::tree::{ItemList, Node, Object, Path};
use super::{ImportError, ImportErrorKind, decode_key, json};
use crate::crypto::{SecretBytes, SecretText};
use crate::project::ImportItem;

/// The variable that names the folder of private keys.
pub const KEY_DIR_VARIABLE: &str = "EJSON_KEYDIR";
/// The folder of private keys if that variable isn't set.
pub const KEY_DIR: &str = "/opt/ejson/keys";
const PUBLIC_KEY: &str = "_public_key";
const ENVIRONMENT: &str = "environment";

#[derive(Debug)]
pub struct Ejson {
    /// In the order of the source, except that those of the object `environment` come first. Those keep their names, as
    /// in ejson2env; other names are made from the path.
    pub items: Vec<ImportItem>,
    /// The paths of wanted values that ejson should have encrypted and didn't.
    pub unencrypted: Vec<String>,
}

/// Reads and decrypts `text`; a value whose name isn't wanted isn't decrypted and may be of any kind. `find_key` returns the
/// private key of a public key, both in hexadecimal. It is called once at most, and only if something is encrypted.
pub fn read(
    text: &[u8],
    find_key: &dyn Fn(&str) -> Option<SecretText>,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Ejson, ImportError> {
    let mut object = json::object(text)?;
    let public = public_key(object.take(PUBLIC_KEY))?;
    let mut reader = Reader { public, find_key, wants, secret: None, unencrypted: Vec::new() };
    let mut items = ItemList::new(wants);
    let top = Path::default();
    match object.take(ENVIRONMENT) {
        Some(Node::Object(environment)) => {
            items.add_object(&top, reader.decrypt(&top.join(ENVIRONMENT), &top, environment)?)?;
        }
        Some(node) => items.add(&top.join(ENVIRONMENT), node)?,
        None => {}
    }
    items.add_object(&top, reader.decrypt(&top, &top, object)?)?;
    Ok(Ejson { items: items.items, unencrypted: reader.unencrypted })
}

/// Returns true if `text` is an object with a public key.
pub fn is_ejson(text: &[u8]) -> bool {
    json::object(text).is_ok_and(|mut object| public_key(object.take(PUBLIC_KEY)).is_ok())
}

/// Returns the key in lower-case hexadecimal.
fn public_key(node: Option<Node>) -> Result<String, ImportError> {
    let key = match node {
        Some(Node::Text(text)) => decode_key(text.expose()),
        _ => None,
    };
    key.map(|key| base16ct::lower::encode_string(&*key)).ok_or_else(|| {
        ImportError::new(ImportErrorKind::NoPublicKey, "no _public_key of 64 hexadecimal digits")
    })
}

struct Reader<'a> {
    public: String,
    find_key: &'a dyn Fn(&str) -> Option<SecretText>,
    wants: &'a dyn Fn(&str) -> bool,
    secret: Option<SecretKey>,
    unencrypted: Vec<String>,
}

impl Reader<'_> {
    /// Decrypts the wanted values in `object`, whose path is `place`; `name` starts the names of its variables.
    fn decrypt(&mut self, place: &Path, name: &Path, object: Object) -> Result<Object, ImportError> {
        let mut decrypted = Object::default();
        for (member, node) in object.into_entries() {
            let (place, name) = (place.join(&member), name.join(&member));
            let node = match node {
                Node::Object(object) => Node::Object(self.decrypt(&place, &name, object)?),
                Node::Text(text) if (self.wants)(&name.name) && !member.starts_with('_') => {
                    if text.expose().starts_with(b"EJ[") {
                        Node::Decrypted(self.decrypt_value(&place.origin, &name.name, &text)?)
                    } else {
                        self.unencrypted.push(place.origin);
                        Node::Text(text)
                    }
                }
                other => other,
            };
            decrypted.add(member, node);
        }
        Ok(decrypted)
    }

    fn decrypt_value(
        &mut self,
        origin: &str,
        name: &str,
        text: &SecretBytes,
    ) -> Result<SecretBytes, ImportError> {
        let (ephemeral, nonce, message) = parse_box(text.expose()).map_err(|why| {
            ImportError::of_variable(ImportErrorKind::Malformed, name, format!("{origin} {why}"))
        })?;
        let secret = match &mut self.secret {
            Some(secret) => secret,
            none => none.insert(private_key(&self.public, self.find_key)?),
        };
        let plaintext = SalsaBox::new(&ephemeral, secret).decrypt(&nonce, &*message);
        plaintext.map(SecretBytes::new).map_err(|_| ImportError::undecryptable(origin, name))
    }
}

fn private_key(
    public: &str,
    find_key: &dyn Fn(&str) -> Option<SecretText>,
) -> Result<SecretKey, ImportError> {
    let no_key =
        || ImportError::new(ImportErrorKind::NoKey, format!("no private key for the public key {public}"));
    let bad_key = |message| ImportError::new(ImportErrorKind::BadKey, message);
    let text = find_key(public).ok_or_else(no_key)?;
    let key = decode_key(text.expose().trim().as_bytes())
        .ok_or_else(|| bad_key(format!("the private key for {public} is not 64 hexadecimal digits")))?;
    let secret = SecretKey::from(*key);
    if base16ct::lower::encode_string(secret.public_key().as_bytes()) == public {
        Ok(secret)
    } else {
        Err(bad_key(format!("the private key does not belong to {public}")))
    }
}

/// Reads `EJ[1:P:N:M]`.
fn parse_box(text: &[u8]) -> Result<(PublicKey, Nonce, Vec<u8>), &'static str> {
    const FORM: &str = "is not of the form EJ[1:…:…:…]";
    let inside = text.strip_prefix(b"EJ[").and_then(|text| text.strip_suffix(b"]")).ok_or(FORM)?;
    let parts: Vec<_> = inside.split(|&byte| byte == b':').collect();
    let &[version, ephemeral, nonce, message] = parts.as_slice() else { return Err(FORM) };
    if version != b"1" {
        return Err("has an unknown version of ejson's format");
    }
    let decode = |part| STANDARD.decode(part).map_err(|_| FORM);
    let ephemeral: [u8; 32] = decode(ephemeral)?.try_into().map_err(|_| FORM)?;
    let nonce: [u8; 24] = decode(nonce)?.try_into().map_err(|_| FORM)?;
    Ok((ephemeral.into(), nonce.into(), decode(message)?))
}

#[cfg(test)]
mod tests {
    use super::super::testing::shown;
    use super::*;

    // Shopify/ejson, ejson_test.go: a key pair, another private key, and one encrypted value, "b".
    const PUBLIC: &str = "8d8647e2eeb6d2e31228e6df7da3df921ec3b799c3f66a171cd37a1ed3004e7d";
    const PRIVATE: &str = "c5caa31a5b8cb2be0074b37c56775f533b368b81d8fd33b94181f79bd6e47f87";
    const INCORRECT: &str = "c5caa31a5b8cb2be0074b37c56775f533b368b81d8fd33b94181f79bd6e47f00";
    const TOO_SHORT: &str = "8d8647e2eeb6d2e31228e6df7da3df921ec3b799c3f66a171cd37a1e000000";
    const BOX: &str = "EJ[1:KR1IxNZnTZQMP3OR1NdOpDQ1IcLD83FSuE7iVNzINDk=:XnYW1HOxMthBFMnxWULHlnY4scj5mNmX:ls1+kvwwu2ETz5C6apgWE7Q=]";

    fn file(rest: &str) -> Vec<u8> {
        format!(r#"{{"_public_key": "{PUBLIC}", {rest}}}"#).replace("BOX", BOX).into_bytes()
    }

    fn read_with(private: &str, rest: &str) -> Result<Ejson, ImportError> {
        let find_key = |public: &str| {
            assert_eq!(public, PUBLIC);
            Some(SecretText::new(private.to_owned()))
        };
        read(&file(rest), &find_key, &|_| true)
    }

    fn values(private: &str, rest: &str) -> String {
        shown(read_with(private, rest).map(|found| found.items))
    }

    #[test]
    fn values_are_decrypted_and_named() {
        let upper = PRIVATE.to_uppercase();
        for private in [PRIVATE, &format!("{PRIVATE}\n"), &upper] {
            assert_eq!(values(private, r#""a": "BOX""#), r#"a="b""#);
        }
        let rest =
            r#""_c": "text", "_o": {"a": "BOX", "_d": "EJ[x"}, "plain": "p", "o": {"n": 1.10, "s": "BOX"}"#;
        let found = read_with(PRIVATE, rest).unwrap();
        assert_eq!(found.unencrypted, ["plain", "o.n"]);
        let encrypted = found.items.iter().filter(|item| item.was_encrypted).map(|item| item.name.as_str());
        assert_eq!(encrypted.collect::<Vec<_>>(), ["_o_a", "o_s"]);
        assert_eq!(shown(Ok(found.items)), r#"_c="text" _o_a="b" _o__d="EJ[x" plain="p" o_n="1.10" o_s="b""#);
        let rest = r#""other": "BOX", "environment": {"KEY": "BOX", "_PUBLIC": "p"}"#;
        assert_eq!(values(PRIVATE, rest), r#"KEY="b" _PUBLIC="p" other="b""#);
    }

    #[test]
    fn errors_name_the_path_or_the_key() {
        let bad_form = format!("the private key for {PUBLIC} is not 64 hexadecimal digits");
        let not_decrypted = "x.a is damaged or encrypted with another key";
        let bad_box = "x.a is not of the form EJ[1:…:…:…]";
        let long = format!("{PRIVATE}00");
        for (private, sealed, message) in [
            (INCORRECT, BOX, &*format!("the private key does not belong to {PUBLIC}")),
            (TOO_SHORT, BOX, &bad_form),
            ("", BOX, &bad_form),
            (&long, BOX, &bad_form),
            (&"zz".repeat(32), BOX, &bad_form),
            (PRIVATE, &BOX.replace("KR1I", "KR1J"), not_decrypted),
            (PRIVATE, &BOX.replace("XnYW", "XnYX"), not_decrypted),
            (PRIVATE, &BOX.replace("ls1+", "ls2+"), not_decrypted),
            (PRIVATE, &BOX.replace("E7Q=", "E7Y="), not_decrypted),
            (PRIVATE, "EJ[", bad_box),
            (PRIVATE, "EJ[]", bad_box),
            (PRIVATE, "EJ[1:a:b:c]", bad_box),
            (PRIVATE, &BOX[..60], bad_box),
            (PRIVATE, &BOX.replace(']', ":x]"), bad_box),
            (PRIVATE, &BOX.replace("E7Q=", "E7Q"), bad_box),
            (PRIVATE, &BOX.replace("EJ[1", "EJ[2"), "x.a has an unknown version of ejson's format"),
        ] {
            let rest = format!(r#""x": {{"a": "{sealed}"}}"#);
            assert_eq!(values(private, &rest), message, "{sealed}");
        }
        for (rest, message) in [
            (r#""environment": {"a": "BOX"}, "a": "BOX""#, "a and a would both become a"),
            (r#""environment": ["BOX"]"#, "environment is a list, not a single value"),
        ] {
            assert_eq!(values(PRIVATE, rest), message);
        }
        let error = read(&file(r#""a": "BOX""#), &|_| None, &|_| true).unwrap_err();
        assert_eq!(error.kind, ImportErrorKind::NoKey);
        for text in [
            "{}",
            r#"{"_public_key": 1}"#,
            r#"{"_public_key": "invalid"}"#,
            r#"{"_public_key": "8d86"}"#,
            r#"{"x": {"_public_key": "8d8647e2eeb6d2e31228e6df7da3df921ec3b799c3f66a171cd37a1ed3004e7d"}}"#,
        ] {
            let error = read(text.as_bytes(), &|_| None, &|_| true).unwrap_err();
            assert_eq!(error.kind, ImportErrorKind::NoPublicKey, "{text}");
        }
    }

    #[test]
    fn unwanted_values_are_neither_decrypted_nor_named() {
        let text =
            file(r#""EJ": "EJ[note]", "plain": "p", "a": "BOX", "environment": {"E": "EJ[x", "K": "k"}"#);
        let key = |_: &str| Some(SecretText::new(PRIVATE.to_owned()));
        let found = read(&text, &key, &|name| name == "a").unwrap();
        assert_eq!((&*shown(Ok(found.items)), found.unencrypted.len()), (r#"a="b""#, 0));
        // Nothing encrypted is wanted, so no key is looked for.
        let no_key = |_: &str| panic!("asked for a key");
        let found = read(&text, &no_key, &|name| ["plain", "K"].contains(&name)).unwrap();
        assert_eq!(found.unencrypted, ["environment.K", "plain"]);
        for (wanted, origin) in [("EJ", "EJ"), ("E", "environment.E")] {
            let error = read(&text, &key, &|it| it == wanted).unwrap_err();
            assert_eq!(error.message, format!("{origin} is not of the form EJ[1:…:…:…]"));
            assert_eq!(error.variable.as_deref(), Some(wanted));
        }
    }
}
