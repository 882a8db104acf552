//! dotenvx: `.env` files with values encrypted one by one, `NAME="encrypted:…"`.
//!
//! The format is dotenvx 2.38's (its package `@dotenvx/primitives`): base64 of an ECIES ciphertext over secp256k1 (an
//! uncompressed ephemeral public key, then nonce, tag and ciphertext of AES-256-GCM under HKDF-SHA256 of the shared point, as
//! eciesjs makes it). Private keys are 64 hexadecimal digits in `.env.keys` or in the process, as `DOTENV_PRIVATE_KEY` or with
//! the environment appended; several are separated by commas.
//!
//! How dotenvx reads a decrypted value was found by experiment: the quotes around it decide. In single quotes the text
//! is the value; otherwise references in it are live, `\$` is `$`, `$(…)` is run, and nothing else is an escape.

use std::collections::{BTreeSet, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{ImportError, ImportErrorKind, decode_key};
use crate::crypto::{SecretBytes, SecretText};
use crate::dotenv::{Document, Edit, Entry, Quote, ReferenceValue, expand, read, references, unescape};
use crate::project::{ImportText, ItemValue};

const ENCRYPTED: &[u8] = b"encrypted:";
const PUBLIC_KEY: &str = "DOTENV_PUBLIC_KEY";
/// The variable of a private key, or the start of its name.
pub(crate) const PRIVATE_KEY: &str = "DOTENV_PRIVATE_KEY";

/// The decrypted content of a dotenvx file.
pub(crate) struct Dotenvx {
    /// The file without the header that dotenvx wrote.
    pub text: ImportText,
    /// The names whose value, encrypted or not, dotenvx runs as a command, in whole or in part. To envseal it is text.
    pub commands: Vec<String>,
    /// The other names whose value dotenvx reads differently, as far as the file alone shows.
    pub read_differently: BTreeSet<String>,
}

/// Returns true if the value of `entry` is encrypted by dotenvx.
pub(crate) fn is_encrypted(document: &Document, entry: &Entry) -> bool {
    token(document, entry).is_some()
}

/// Returns true for dotenvx's own variable, the public key.
pub(crate) fn is_own_name(name: &str) -> bool {
    name.strip_prefix(PUBLIC_KEY).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

/// Returns the private keys in a keys file, with their variables.
pub(crate) fn private_keys(file: &[u8]) -> Result<Vec<(String, SecretText)>, ImportError> {
    let document = parse(file)?;
    let keys = document.entries().iter().filter_map(|entry| {
        let name = document.name(entry);
        name.strip_prefix(PRIVATE_KEY).filter(|rest| rest.is_empty() || rest.starts_with('_'))?;
        let (_, value) = document.value(entry);
        Some((name.to_owned(), SecretText::new(std::str::from_utf8(&value).ok()?.to_owned())))
    });
    Ok(keys.collect())
}

/// Decrypts the values of `text` that are wanted, each with the first of `keys` that can; Decrypts all of them, or
/// returns an error for each that can't be decrypted. dotenvx's header stays if a value stays encrypted.
///
/// The key is expected under `variable`. Keys of other names are tried, too, but an invalid key is an error only under
/// `variable`: another environment's may be armored.
pub(crate) fn decrypt(
    text: &[u8],
    variable: &str,
    keys: &[(String, SecretText)],
    wants: &dyn Fn(&str) -> bool,
) -> Result<Dotenvx, Vec<ImportError>> {
    let mut document = parse(text).map_err(|error| vec![error])?;
    let stays_encrypted = |entry: &Entry| !wants(document.name(entry)) && is_encrypted(&document, entry);
    let is_whole = !document.entries().iter().any(stays_encrypted);
    // Errors give the lines of the file.
    let stays = |entry: &&Entry| !(is_whole && is_own_name(document.name(entry)));
    let lines: Vec<_> = document.entries().iter().filter(stays).map(|entry| entry.line).collect();
    if is_whole {
        document = without_header(&document).map_err(|error| vec![error])?;
    }
    let (secrets, bad_key) = secrets(variable, keys);
    let mut content = ImportText { lines, ..ImportText::plaintext(Document::empty()) };
    let (mut commands, mut errors) = (Vec::new(), Vec::new());
    for (at, entry) in document.entries().iter().enumerate() {
        let name = document.name(entry);
        if is_own_name(name) || is_encrypted(&document, entry) {
            content.not_secret.insert(at);
        }
        if !wants(name) {
            continue;
        }
        let mut note_command = |quote: Quote, text: &[u8]| {
            let is_command = quote.expands() && has_command(text);
            if is_command && !commands.iter().any(|known| known == name) {
                commands.push(name.to_owned());
            }
            is_command
        };
        let Some((quote, token)) = token(&document, entry) else {
            let (quote, text) = document.value(entry);
            note_command(quote, &text);
            continue;
        };
        if secrets.is_empty() {
            let message = format!("{variable} was found neither in the environment nor in a keys file");
            return Err(vec![bad_key.unwrap_or_else(|| ImportError::new(ImportErrorKind::NoKey, message))]);
        }
        let origin = format!("line {}: {name}", content.lines[at]);
        let result = decrypt_token(&origin, name, &token, &secrets).and_then(|text| {
            // dotenvx expands nothing in the output of a command, nor in a value that still looks encrypted.
            if note_command(quote, text.expose()) || text.expose().starts_with(ENCRYPTED) {
                return Ok(ItemValue::Literal(text));
            }
            item_value(quote, text).ok_or_else(|| {
                let message = format!("{origin} has references in a text that no .env file can hold");
                ImportError::of_variable(ImportErrorKind::Unsupported, name, message)
            })
        });
        match result {
            Ok(value) => drop(content.decrypted.insert(at, value)),
            Err(error) => errors.push(error),
        }
    }
    if let Some(bad_key) = bad_key
        && errors.iter().any(|error| error.kind == ImportErrorKind::Undecryptable)
    {
        return Err(vec![bad_key]);
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    content.document = document;
    // The process's variables may be set or not.
    let both = [None, Some(&b"x"[..])].into_iter().flat_map(|set| read_differently(&content, set));
    let read_differently = both.filter(|name| wants(name) && !commands.contains(name)).collect();
    Ok(Dotenvx { text: content, commands, read_differently })
}

/// Returns the names whose value dotenvx reads differently, if every name that isn't set above has the value `elsewhere`.
fn read_differently(text: &ImportText, elsewhere: Option<&[u8]>) -> BTreeSet<String> {
    let document = &text.document;
    let mut names = BTreeSet::new();
    // Each value, and true if dotenvx takes it as literal.
    let mut above: HashMap<&[u8], (Zeroizing<Vec<u8>>, bool)> = HashMap::new();
    for (at, entry) in document.entries().iter().enumerate() {
        let name = document.name(entry);
        let (quote, text) = match text.decrypted.get(&at) {
            Some(ItemValue::Literal(value)) => (Quote::Single, Zeroizing::new(value.expose().to_vec())),
            Some(ItemValue::Source(source)) => read(source.expose()),
            None => document.value(entry),
        };
        let value = if quote.expands() {
            let get = |name: &[u8]| above.get(name).map(|(value, _)| &value[..]).or(elsewhere);
            let ours = expand(&text, &mut |name| {
                get(name.as_bytes()).map_or(ReferenceValue::Unset, ReferenceValue::Value)
            });
            let is_literal = |name: &[u8]| above.get(name).is_some_and(|(_, literal)| *literal);
            let theirs = expand_as_dotenvx(&text, &get, &is_literal).map(|text| unescape(&text));
            if ours.as_ref().ok() != theirs.as_ref() {
                names.insert(name.to_owned());
            }
            ours.unwrap_or_default()
        } else {
            text
        };
        above.insert(name.as_bytes(), (value, !quote.expands()));
    }
    names
}

/// Expands the references in `text` as dotenvx does (`@dotenvx/primitives` 2.38.2): it replaces the first text that
/// equals the first live reference, and starts again with the result. Returns None if that never ends, or if
/// JavaScript's `replace` interprets part of a value as a pattern.
fn expand_as_dotenvx<'v>(
    text: &[u8],
    get: &dyn Fn(&[u8]) -> Option<&'v [u8]>,
    is_literal: &dyn Fn(&[u8]) -> bool,
) -> Option<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(text.to_vec());
    for _ in 0..100 {
        let Some((whole, inside)) = live_reference(&text) else { return Some(text) };
        let operator = inside.iter().position(|byte| matches!(byte, b'-' | b'+'));
        let colon = operator.is_some_and(|at| at > 0 && inside[at - 1] == b':');
        // Without an operator it splits the name at `null`.
        let end = operator
            .map_or_else(|| memchr::memmem::find(inside, b"null"), |at| Some(at - usize::from(colon)));
        let (name, word) = (&inside[..end.unwrap_or(inside.len())], operator.map(|at| &inside[at + 1..]));
        let value = get(name);
        let is_set = value.is_some_and(|value| !(colon && value.is_empty()));
        let by = match operator.map(|at| inside[at]) {
            Some(b'-') if !is_set => word,
            Some(b'+') if is_set => word,
            Some(b'+') => None,
            _ => value,
        };
        let by = by.unwrap_or_default();
        if by.windows(2).any(|two| two[0] == b'$' && b"$&`'".contains(&two[1])) {
            return None;
        }
        let at = memchr::memmem::find(&text, whole)?;
        let next = Zeroizing::new([&text[..at], by, &text[at + whole.len()..]].concat());
        let ends = value == Some(&**next)
            || is_literal(name) && value.is_some_and(|value| live_reference(value).is_some());
        text = next;
        if ends {
            return Some(text);
        }
    }
    None
}

/// Returns the first `${…}` or `$NAME` without a backslash before it, and its inside.
fn live_reference(text: &[u8]) -> Option<(&[u8], &[u8])> {
    memchr::memchr_iter(b'$', text).filter(|at| *at == 0 || text[at - 1] != b'\\').find_map(|at| {
        let rest = &text[at + 1..];
        let (inside, braces) = match rest {
            [b'{', rest @ ..] => {
                let len = rest.iter().position(|byte| matches!(byte, b'{' | b'}'))?;
                if len == 0 || rest[len] == b'{' {
                    return None;
                }
                (&rest[..len], 2)
            }
            [b'A'..=b'Z' | b'a'..=b'z' | b'_', ..] => {
                let len =
                    rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
                (&rest[..len], 0)
            }
            _ => return None,
        };
        Some((&text[at..at + 1 + inside.len() + braces], inside))
    })
}

fn has_command(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"$(").is_some_and(|at| memchr::memchr(b')', &text[at..]).is_some())
}

fn parse(text: &[u8]) -> Result<Document, ImportError> {
    Document::parse(text.to_vec()).map_err(|error| ImportError::syntax(1, error))
}

/// Returns the quotes around an encrypted value, and its base64.
fn token(document: &Document, entry: &Entry) -> Option<(Quote, Vec<u8>)> {
    let (quote, value) = document.value(entry);
    value.strip_prefix(ENCRYPTED).map(|token| (quote, token.to_vec()))
}

/// Returns the keys, and an error if `variable` contains something that isn't a key.
fn secrets(variable: &str, keys: &[(String, SecretText)]) -> (Vec<Zeroizing<[u8; 32]>>, Option<ImportError>) {
    let (mut secrets, mut bad_key) = (Vec::new(), None);
    for (name, texts) in keys {
        for text in texts.expose().split(',').map(str::trim).filter(|text| !text.is_empty()) {
            if let Some(key) = decode_key(text.as_bytes()) {
                secrets.push(key);
            } else if name == variable {
                let message = format!("{variable} is not a private key of 64 hexadecimal digits");
                bad_key = Some(ImportError::new(ImportErrorKind::BadKey, message));
            }
        }
    }
    (secrets, bad_key)
}

fn decrypt_token(
    origin: &str,
    name: &str,
    token: &[u8],
    secrets: &[Zeroizing<[u8; 32]>],
) -> Result<SecretBytes, ImportError> {
    let malformed =
        |why: &str| ImportError::of_variable(ImportErrorKind::Malformed, name, format!("{origin} {why}"));
    let blob = STANDARD.decode(token).map_err(|_| malformed("is not base64"))?;
    // The ephemeral key, nonce and tag: eciesjs, src/config.ts.
    if blob.len() < 65 + 16 + 16 {
        return Err(malformed("is too short"));
    }
    let decrypted = secrets.iter().find_map(|key| ecies::decrypt(&**key, &blob).ok());
    decrypted.map(SecretBytes::new).ok_or_else(|| ImportError::undecryptable(origin, name))
}

/// Reads a decrypted text as dotenvx does. Returns None if no dotenv text can express its references.
fn item_value(quote: Quote, text: SecretBytes) -> Option<ItemValue> {
    if !quote.expands() {
        return Some(ItemValue::Literal(text));
    }
    // Text that envseal rejects as a reference is plain text to dotenvx, unless dotenvx finds one there.
    let names = references(text.expose());
    if names.map_or_else(|_| live_reference(text.expose()).is_none(), |names| names.is_empty()) {
        let mut value = unescape(text.expose());
        return Some(ItemValue::Literal(SecretBytes::new(std::mem::take(&mut *value))));
    }
    source(text.expose()).map(ItemValue::Source)
}

/// Returns source text that reads as `text` with live references: unquoted, in backticks or in double quotes.
fn source(text: &[u8]) -> Option<SecretBytes> {
    [&b""[..], b"`", b"\""].into_iter().find_map(|quote| {
        let source = Zeroizing::new([quote, text, quote].concat());
        let line = Document::parse([b"X=", &**source, b"\n"].concat()).ok()?;
        let (kind, value) = read(&source);
        let alone = line.entries().len() == 1 && line.strays().is_empty();
        let whole = line.entries().first().is_some_and(|entry| line.source(entry) == &**source);
        (alone && whole && kind.expands() && *value == text).then(|| SecretBytes::new(source.to_vec()))
    })
}

/// Removes dotenvx's public key and the frame of comments (`#/…`) above it.
fn without_header(document: &Document) -> Result<Document, ImportError> {
    let is_public = |entry: &&Entry| is_own_name(document.name(entry));
    let keys: Vec<_> = document.entries().iter().filter(is_public).map(|entry| entry.line).collect();
    let edits = document.entries().iter().enumerate().filter(|(_, entry)| is_public(entry));
    let edits: Vec<_> = edits.map(|(entry, _)| Edit::Remove { entry }).collect();
    let broken = |_| ImportError::syntax(1, "would read differently without dotenvx's public key");
    let text = document.edited(&edits).map_err(broken)?;
    // Each key's line is gone, so the lines above the first one haven't moved.
    let Some(first) = keys.first() else { return Ok(text) };
    let lines: Vec<&[u8]> = text.as_bytes().split_inclusive(|byte| *byte == b'\n').collect();
    let (above, below) = lines.split_at((first - 1).min(lines.len()));
    let frame = above.iter().rev().take_while(|line| line.starts_with(b"#/")).count();
    let blank = below.first().is_some_and(|line| line.trim_ascii().is_empty());
    let kept = [&above[..above.len() - frame], &below[usize::from(blank)..]].concat().concat();
    let kept = parse(&Zeroizing::new(kept))?;
    // What looks like the frame may be part of a value.
    Ok(if kept.strays().is_empty() && super::has_same_variables(&kept, &text) { kept } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a private key, and a token of this text as dotenvx makes it.
    fn encrypted(text: &[u8]) -> (String, String) {
        let (secret, public) = ecies::utils::generate_keypair();
        let blob = ecies::encrypt(&public.serialize(), text).unwrap();
        (base16ct::lower::encode_string(&secret.serialize()), STANDARD.encode(blob))
    }

    fn decrypt_with(
        text: &str,
        keys: &[(&str, &str)],
        wants: &dyn Fn(&str) -> bool,
    ) -> Result<Dotenvx, Vec<ImportError>> {
        let key = |(name, key): &(&str, &str)| ((*name).to_owned(), SecretText::new((*key).to_owned()));
        let keys: Vec<_> = keys.iter().map(key).collect();
        decrypt(text.as_bytes(), keys.first().map_or(PRIVATE_KEY, |(name, _)| name), &keys, wants)
    }

    fn value(quote: &str, text: &str) -> Result<ItemValue, String> {
        let (key, token) = encrypted(text.as_bytes());
        let file = format!("A={quote}encrypted:{token}{quote}\n");
        decrypt_with(&file, &[(PRIVATE_KEY, &key)], &|_| true)
            .map(|mut file| file.text.decrypted.remove(&0).unwrap())
            .map_err(|errors| errors[0].message.clone())
    }

    #[test]
    fn the_quotes_around_a_token_decide_how_it_is_read() {
        let literal = |text: &str| Ok(ItemValue::Literal(SecretBytes::new(text.into())));
        let source = |text: &str| Ok(ItemValue::Source(SecretBytes::new(text.into())));
        for quote in ["", "\"", "`"] {
            for (text, expected) in [
                ("a\\nb 'c' \"d\" # e", literal("a\\nb 'c' \"d\" # e")),
                ("lit\\$B", literal("lit$B")),
                ("$(id) ${B} \\$", literal("$(id) ${B} \\$")),
                ("$( ${B}", source("$( ${B}")),
                ("encrypted:${B}", literal("encrypted:${B}")),
                ("${B}/x", source("${B}/x")),
                (" ${B} # x", source("` ${B} # x`")),
                ("`${B}` \\n '", source("`${B}` \\n '")),
                ("l1\n${B}", source("`l1\n${B}`")),
                ("`l1\n${B}", source("\"`l1\n${B}\"")),
                ("", literal("")),
            ] {
                assert_eq!(value(quote, text), expected, "{quote}{text}");
            }
        }
        assert_eq!(value("'", "${B} \\$"), literal("${B} \\$"));
        let unsupported = "line 1: A has references in a text that no .env file can hold";
        assert_eq!(value("", "`l1\n${B}\\n"), Err(unsupported.into()));
    }

    #[test]
    fn every_value_that_is_not_decrypted_is_named() {
        let (key, token) = encrypted(b"x");
        let (other, _) = encrypted(b"x");
        let (start, end) = token.split_at(token.len() - 4);
        let damaged = format!("{start}{}{}", if end.starts_with('A') { "B" } else { "A" }, &end[1..]);
        let file =
            format!("A=encrypted:{token}\nB=encrypted:{damaged}\nC=encrypted:x\nD=encrypted:eA==\nE=plain\n");
        let messages = |keys: &[(&str, &str)]| -> Vec<_> {
            let errors = decrypt_with(&file, keys, &|_| true).err().unwrap();
            errors.into_iter().map(|error| error.message).collect()
        };
        let damaged = "line 2: B is damaged or encrypted with another key";
        let named = [damaged, "line 3: C is not base64", "line 4: D is too short"];
        assert_eq!(messages(&[(PRIVATE_KEY, &other), (PRIVATE_KEY, &key)]), named);
        let missing = "DOTENV_PRIVATE_KEY was found neither in the environment nor in a keys file";
        assert_eq!(messages(&[]), [missing]);
        for bad in ["x", "00", &"0".repeat(66)] {
            let message = "DOTENV_PRIVATE_KEY is not a private key of 64 hexadecimal digits";
            assert_eq!(messages(&[(PRIVATE_KEY, bad)]), [message]);
        }
        // Not keys of the curve: they decrypt nothing, and don't panic.
        for bad in ["0", "f"] {
            assert_eq!(messages(&[(PRIVATE_KEY, &bad.repeat(64))]).len(), 4);
        }
    }

    #[test]
    fn a_bad_key_is_an_error_only_for_its_own_file() {
        use ImportErrorKind::{BadKey, NoKey};
        let (key, token) = encrypted(b"x");
        let wrong = "12".repeat(32);
        let (own, other) = ("DOTENV_PRIVATE_KEY_PROD", "DOTENV_PRIVATE_KEY_CI");
        let both = format!("armored:abc,{key}");
        let wrong_too = format!("armored:abc,{wrong}");
        for (keys, expected) in [
            (&[(own, &*key), (other, "armored:abc")][..], None),
            (&[(own, ""), (other, &both)], None),
            (&[(own, ""), (other, "armored:abc")], Some(NoKey)),
            (&[(own, "armored:abc"), (other, "00")], Some(BadKey)),
            (&[(own, &wrong_too)], Some(BadKey)),
            (&[(own, "armored:abc"), (other, &wrong)], Some(BadKey)),
            (&[(own, &key), (own, "armored:abc")], None),
        ] {
            let result = decrypt_with(&format!("A=encrypted:{token}\n"), keys, &|_| true);
            assert_eq!(result.err().map(|errors| errors[0].kind), expected, "{keys:?}");
        }
    }

    /// dotenvx 2.38.2 runs `$(…)` wherever it expands, in encrypted and plaintext values, escaped or not.
    #[test]
    fn commands_are_named() {
        let (key, token) = encrypted(b"$(id)");
        let text = format!(
            "A=encrypted:{token}\nB='encrypted:{token}'\nC=clear$(id)\nD=\"x$(id)\"\nE=`$(id)`\nF='$(id)'\nG=\"\\$(id)\"\nH=$(id\n\
             C=$(id)\nOUT=$(id)\n"
        );
        let file = decrypt_with(&text, &[(PRIVATE_KEY, &key)], &|name| name != "OUT").ok().unwrap();
        assert_eq!(file.commands, ["A", "C", "D", "E", "G"]);
    }

    #[test]
    fn only_the_header_of_dotenvx_is_removed() {
        let frame = "#/---[DOTENV_PUBLIC_KEY]---/\n#/ public-key encryption /\n#/----/\n";
        for (before, after) in [
            (format!("{frame}DOTENV_PUBLIC_KEY=\"02ab\"\n\n# .env\nA=1\n"), "# .env\nA=1\n"),
            (format!("#!/x\n{frame}DOTENV_PUBLIC_KEY_CI='02ab' # c\nA=1\n\n"), "#!/x\nA=1\n\n"),
            ("A=1\n#/ mine\n\nDOTENV_PUBLIC_KEYS=1\n".into(), "A=1\n#/ mine\n\nDOTENV_PUBLIC_KEYS=1\n"),
            (format!("\r\n{frame}DOTENV_PUBLIC_KEY=x\r\nA=1"), "\r\nA=1"),
            ("DOTENV_PUBLIC_KEY=x".into(), ""),
        ] {
            let file = decrypt_with(&before, &[], &|_| true).ok().unwrap();
            assert_eq!(String::from_utf8_lossy(file.text.document.as_bytes()), after, "{before:?}");
        }
        // The header stays if a value stays encrypted.
        let (key, token) = encrypted(b"x");
        let text = format!("#/---/\nDOTENV_PUBLIC_KEY=x\n\nA=encrypted:{token}\nB=encrypted:none\n");
        let file = decrypt_with(&text, &[(PRIVATE_KEY, &key)], &|name| name == "A").ok().unwrap();
        assert_eq!(file.text.document.as_bytes(), text.as_bytes());
        let value = ItemValue::Literal(SecretBytes::new(b"x".into()));
        assert_eq!(file.text.decrypted, HashMap::from([(1, value)]));
    }

    #[test]
    fn keys_are_found_by_name() {
        let file = b"#/ frame\n# .env\nDOTENV_PRIVATE_KEY=\"ab\"\nDOTENV_PRIVATE_KEY_CI=cd,ef\nDOTENV_PRIVATE_KEYS=x\nOTHER=y\n";
        let keys = private_keys(file).unwrap();
        let keys: Vec<_> = keys.iter().map(|(name, key)| (name.as_str(), key.expose())).collect();
        assert_eq!(keys, [("DOTENV_PRIVATE_KEY", "ab"), ("DOTENV_PRIVATE_KEY_CI", "cd,ef")]);
    }
}
