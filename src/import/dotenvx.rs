//! dotenvx: a `.env` file whose values are sealed one by one, `NAME="encrypted:…"`.
//!
//! The format is dotenvx 2.38's (its package `@dotenvx/primitives`): behind `encrypted:` stands base64 of an ECIES
//! ciphertext over secp256k1 (an uncompressed ephemeral public key, then nonce, tag and ciphertext of AES-256-GCM under
//! HKDF-SHA256 of the shared point, as eciesjs makes it). Private keys are 64 hexadecimal digits in `.env.keys` or in the
//! process, as `DOTENV_PRIVATE_KEY`, or with the environment behind it; several with commas between.
//!
//! How dotenvx reads what it has opened was found out by trying: the quotes around the token decide. Within single quotes
//! the text is the value; else references in it are live, `\$` is `$`, `$(…)` is run, and nothing else is an escape.

use std::collections::{BTreeSet, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::ImportError;
use crate::crypto::{SecretBytes, SecretText};
use crate::dotenv::{Document, Edit, Entry, Found, Quote, expand, read, references, unescape};

/// What a sealed value starts with.
const SEALED: &[u8] = b"encrypted:";
const PUBLIC_KEY: &str = "DOTENV_PUBLIC_KEY";
/// The variable that private keys stand under, or the start of its name.
pub(crate) const PRIVATE_KEY: &str = "DOTENV_PRIVATE_KEY";

/// What dotenvx's file holds, opened.
pub(crate) struct Dotenvx {
    /// The file's text without what dotenvx wrote at its top. Sealed values stand there as they were.
    pub document: Document,
    /// What stands behind each sealed value, by its entry in the document.
    pub opened: Vec<(usize, Clear)>,
    /// The names whose value, sealed or in the clear, dotenvx would have run as a command, in part or whole. To envseal it
    /// is text.
    pub commands: Vec<String>,
    /// The other names whose value dotenvx reads differently, as far as can be told without the process's environment.
    pub read_otherwise: BTreeSet<String>,
}

/// A value in the clear.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Clear {
    /// Its exact bytes.
    Value(SecretBytes),
    /// Source text that holds live references, to be read by the dialect's rules.
    Source(SecretBytes),
}

/// Whether any value of this text is sealed by dotenvx.
pub(crate) fn is_dotenvx(document: &Document) -> bool {
    sealed_entries(document).next().is_some()
}

/// The entries whose values are sealed by dotenvx.
pub(crate) fn sealed_entries(document: &Document) -> impl Iterator<Item = usize> {
    let entries = document.entries().iter().enumerate();
    entries.filter(|(_, entry)| token(document, entry).is_some()).map(|(at, _)| at)
}

/// The entries that are dotenvx's: its sealed values and its public key.
pub(crate) fn own_entries(document: &Document) -> impl Iterator<Item = usize> {
    let entries = document.entries().iter().enumerate();
    let is_own = |entry: &Entry| is_own_name(document.name(entry)) || token(document, entry).is_some();
    entries.filter(move |(_, entry)| is_own(entry)).map(|(at, _)| at)
}

/// The private keys that a keys file holds, each line's under its name.
///
/// Errors: [`ImportError::Syntax`] where it is no dotenv text.
pub(crate) fn keys(file: &[u8]) -> Result<Vec<(String, SecretText)>, ImportError> {
    let document = parse(file)?;
    let keys = document.entries().iter().filter_map(|entry| {
        let name = document.name(entry);
        name.strip_prefix(PRIVATE_KEY).filter(|rest| rest.is_empty() || rest.starts_with('_'))?;
        let (_, value) = document.value(entry);
        Some((name.to_owned(), SecretText::new(std::str::from_utf8(&value).ok()?.to_owned())))
    });
    Ok(keys.collect())
}

/// Opens the sealed values of `text` that are wanted, each with the first of `keys` that does; all of them, or an error for
/// each that does not open. What dotenvx wrote at the top stays where a sealed value does.
///
/// Each of `keys` stands under its variable's name. Those of other names than `variable`, the one under which the key is
/// expected, are tried, too, but for what is no key at all: it is not this file's, and may be armored.
///
/// Errors: [`ImportError::Syntax`] where it is no dotenv text; where no key opens it, [`ImportError::KeyForm`] for what
/// stands under `variable` and is no key, and [`ImportError::KeyMissing`] where there is none at all;
/// [`ImportError::Sealed`] or [`ImportError::Malformed`] for each value that does not open; [`ImportError::Unwritable`]
/// for one whose references no dotenv text can hold.
pub(crate) fn open(
    text: &[u8],
    variable: &str,
    keys: &[(String, SecretText)],
    wants: &dyn Fn(&str) -> bool,
) -> Result<Dotenvx, Vec<ImportError>> {
    let mut document = parse(text).map_err(|error| vec![error])?;
    let stays_sealed = |entry: &Entry| !wants(document.name(entry)) && token(&document, entry).is_some();
    let whole = !document.entries().iter().any(stays_sealed);
    // As they are in the file, for errors.
    let stays = |entry: &&Entry| !(whole && is_own_name(document.name(entry)));
    let lines: Vec<_> = document.entries().iter().filter(stays).map(|entry| entry.line).collect();
    if whole {
        document = without_header(&document).map_err(|error| vec![error])?;
    }
    let Keys { usable, broken } = secrets(variable, keys);
    let key_form = || vec![ImportError::KeyForm { id: variable.into() }];
    let (mut opened, mut commands, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for (at, entry) in document.entries().iter().enumerate() {
        let name = document.name(entry);
        if !wants(name) {
            continue;
        }
        let mut tell_command = |quote: Quote, text: &[u8]| {
            let command = quote.expands() && holds_command(text);
            if command && !commands.iter().any(|known| known == name) {
                commands.push(name.to_owned());
            }
            command
        };
        let Some((quote, token)) = token(&document, entry) else {
            let (quote, text) = document.value(entry);
            tell_command(quote, &text);
            continue;
        };
        if usable.is_empty() {
            let missing = || vec![ImportError::KeyMissing { id: variable.into() }];
            return Err(if broken { key_form() } else { missing() });
        }
        let (origin, variable) = (|| format!("line {}: {name}", lines[at]), || Some(name.to_owned()));
        let result = match decrypted(&token, &usable) {
            Err(Some(found)) => Err(ImportError::Malformed { origin: origin(), name: variable(), found }),
            Err(None) => Err(ImportError::Sealed { origin: origin(), name: variable() }),
            // dotenvx expands nothing in what it has run, nor in what looks sealed still.
            Ok(text) if tell_command(quote, text.expose()) || text.expose().starts_with(SEALED) => {
                Ok(Clear::Value(text))
            }
            Ok(text) => clear(quote, text)
                .ok_or_else(|| ImportError::Unwritable { origin: origin(), name: name.to_owned() }),
        };
        match result {
            Ok(clear) => opened.push((at, clear)),
            Err(error) => errors.push(error),
        }
    }
    if broken && errors.iter().any(|error| matches!(error, ImportError::Sealed { .. })) {
        return Err(key_form());
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    // With the variables of the process unset, and set.
    let both = [None, Some(&b"x"[..])].into_iter().flat_map(|set| read_otherwise(&document, &opened, set));
    let read_otherwise = both.filter(|name| wants(name) && !commands.contains(name)).collect();
    Ok(Dotenvx { document, opened, commands, read_otherwise })
}

/// Returns the names whose value dotenvx reads differently, where every name that is set nowhere above is `elsewhere`.
fn read_otherwise(
    document: &Document,
    opened: &[(usize, Clear)],
    elsewhere: Option<&[u8]>,
) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    // With whether dotenvx takes the value as literal.
    let mut above: HashMap<&[u8], (Zeroizing<Vec<u8>>, bool)> = HashMap::new();
    for (at, entry) in document.entries().iter().enumerate() {
        let name = document.name(entry);
        let (quote, text) = match opened.binary_search_by_key(&at, |(at, _)| *at).map(|at| &opened[at].1) {
            Ok(Clear::Value(value)) => (Quote::Single, Zeroizing::new(value.expose().to_vec())),
            Ok(Clear::Source(source)) => read(source.expose()),
            Err(_) => document.value(entry),
        };
        let value = if quote.expands() {
            let get = |name: &[u8]| above.get(name).map(|(value, _)| &value[..]).or(elsewhere);
            let ours = expand(&text, &mut |name| get(name.as_bytes()).map_or(Found::Unset, Found::Value));
            let is_literal = |name: &[u8]| above.get(name).is_some_and(|(_, literal)| *literal);
            let theirs = expanded(&text, &get, &is_literal).map(|text| unescape(&text));
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

/// What dotenvx makes of the references in `text` (`@dotenvx/primitives` 2.38.2): it replaces the first text that is like
/// the first live reference, and begins again with what came out. None where that never ends, or JavaScript's `replace` takes
/// part of a value for a pattern.
fn expanded<'v>(
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

/// The first of `${…}` and `$NAME` that no backslash stands before, and what is inside.
fn live_reference(text: &[u8]) -> Option<(&[u8], &[u8])> {
    memchr::memchr_iter(b'$', text).filter(|at| *at == 0 || text[at - 1] != b'\\').find_map(|at| {
        let rest = &text[at + 1..];
        let (inside, braces) = match rest {
            [b'{', rest @ ..] => {
                let len = rest.iter().position(|byte| matches!(byte, b'{' | b'}'))?;
                (&rest[..len], if rest[len] == b'}' { 2 } else { 0 })
            }
            [b'A'..=b'Z' | b'a'..=b'z' | b'_', ..] => {
                let len =
                    rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
                (&rest[..len], 0)
            }
            _ => return None,
        };
        let is_whole = !inside.is_empty() && (rest[0] != b'{' || braces == 2);
        is_whole.then(|| (&text[at..at + 1 + inside.len() + braces], inside))
    })
}

/// Whether a variable is dotenvx's own: the public key.
pub(crate) fn is_own_name(name: &str) -> bool {
    name.strip_prefix(PUBLIC_KEY).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

fn holds_command(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"$(").is_some_and(|at| memchr::memchr(b')', &text[at..]).is_some())
}

fn parse(text: &[u8]) -> Result<Document, ImportError> {
    let not_text = |_| ImportError::Syntax { line: 1, why: "is in UTF-16".into() };
    Document::parse(text.to_vec()).map_err(not_text)
}

fn token(document: &Document, entry: &Entry) -> Option<(Quote, Vec<u8>)> {
    let (quote, value) = document.value(entry);
    // A token is no secret.
    value.strip_prefix(SEALED).map(|token| (quote, token.to_vec()))
}

struct Keys {
    usable: Vec<Zeroizing<[u8; 32]>>,
    /// Whether what is no key stands under the name of the one that is wanted.
    broken: bool,
}

fn secrets(variable: &str, keys: &[(String, SecretText)]) -> Keys {
    let mut found = Keys { usable: Vec::new(), broken: false };
    for (name, texts) in keys {
        for text in texts.expose().split(',').map(str::trim).filter(|text| !text.is_empty()) {
            let mut key = Zeroizing::new([0; 32]);
            match base16ct::mixed::decode(text, &mut *key).map(<[u8]>::len) {
                Ok(32) => found.usable.push(key),
                _ => found.broken |= name == variable,
            }
        }
    }
    found
}

/// What a token holds; else what is wrong with its form, if it is that.
fn decrypted(token: &[u8], keys: &[Zeroizing<[u8; 32]>]) -> Result<SecretBytes, Option<&'static str>> {
    let blob = STANDARD.decode(token).map_err(|_| "not base64")?;
    // The ephemeral key, nonce and tag: eciesjs, src/config.ts.
    if blob.len() < 65 + 16 + 16 {
        return Err(Some("too short"));
    }
    let opened = keys.iter().find_map(|key| ecies::decrypt(&**key, &blob).ok());
    opened.map(SecretBytes::new).ok_or(None)
}

/// What an opened text is, read as dotenvx reads it.
fn clear(quote: Quote, text: SecretBytes) -> Option<Clear> {
    if !quote.expands() {
        return Some(Clear::Value(text));
    }
    // What envseal would refuse in the clear is text to dotenvx where it finds no reference.
    let names = references(text.expose());
    if names.map_or_else(|_| live_reference(text.expose()).is_none(), |names| names.is_empty()) {
        let mut value = unescape(text.expose());
        return Some(Clear::Value(SecretBytes::new(std::mem::take(&mut *value))));
    }
    source(text.expose()).map(Clear::Source)
}

/// Source text that is read as this text, references live: unquoted, in backticks or in double quotes.
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

/// Takes out dotenvx's public key and the frame of comments (`#/…`) above it.
fn without_header(document: &Document) -> Result<Document, ImportError> {
    let public = |entry: &&Entry| is_own_name(document.name(entry));
    let keys: Vec<_> = document.entries().iter().filter(public).map(|entry| entry.line).collect();
    let edits = document.entries().iter().enumerate().filter(|(_, entry)| public(entry));
    let edits: Vec<_> = edits.map(|(entry, _)| Edit::Remove { entry }).collect();
    let broken =
        |_| ImportError::Syntax { line: 1, why: "would be read otherwise without dotenvx's key".into() };
    let text = document.edited(&edits).map_err(broken)?;
    // Each key took its own line with it, so what stood above the first one is where it was.
    let Some(first) = keys.first() else { return Ok(text) };
    let lines: Vec<&[u8]> = text.as_bytes().split_inclusive(|byte| *byte == b'\n').collect();
    let (above, below) = lines.split_at((first - 1).min(lines.len()));
    let frame = above.iter().rev().take_while(|line| line.starts_with(b"#/")).count();
    let blank = below.first().is_some_and(|line| line.trim_ascii().is_empty());
    let kept = [&above[..above.len() - frame], &below[usize::from(blank)..]].concat().concat();
    parse(&Zeroizing::new(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key pair, and a token of this text, as dotenvx makes it.
    fn sealed(text: &[u8]) -> (SecretText, String) {
        let (secret, public) = ecies::utils::generate_keypair();
        let blob = ecies::encrypt(&public.serialize(), text).unwrap();
        let key = base16ct::lower::encode_string(&secret.serialize());
        (SecretText::new(key), STANDARD.encode(blob))
    }

    /// Keys under the name at which a file's is expected.
    fn own(keys: Vec<SecretText>) -> Vec<(String, SecretText)> {
        keys.into_iter().map(|key| (PRIVATE_KEY.to_owned(), key)).collect()
    }

    fn opened(quote: &str, text: &str) -> Result<Clear, ImportError> {
        let (key, token) = sealed(text.as_bytes());
        let file = format!("A={quote}encrypted:{token}{quote}\n");
        open(file.as_bytes(), PRIVATE_KEY, &own(vec![key]), &|_| true)
            .map(|mut file| file.opened.remove(0).1)
            .map_err(|mut errors| errors.remove(0))
    }

    #[test]
    fn the_quotes_around_a_token_decide_how_it_is_read() {
        let value = |text: &str| Ok(Clear::Value(SecretBytes::new(text.into())));
        let source = |text: &str| Ok(Clear::Source(SecretBytes::new(text.into())));
        for quote in ["", "\"", "`"] {
            assert_eq!(opened(quote, "a\\nb 'c' \"d\" # e"), value("a\\nb 'c' \"d\" # e"));
            assert_eq!(opened(quote, "lit\\$B"), value("lit$B"));
            assert_eq!(opened(quote, "$(id) ${B} \\$"), value("$(id) ${B} \\$"));
            assert_eq!(opened(quote, "$( ${B}"), source("$( ${B}"));
            assert_eq!(opened(quote, "encrypted:${B}"), value("encrypted:${B}"));
            assert_eq!(opened(quote, "${B}/x"), source("${B}/x"));
            assert_eq!(opened(quote, " ${B} # x"), source("` ${B} # x`"));
            assert_eq!(opened(quote, "`${B}` \\n '"), source("`${B}` \\n '"));
            assert_eq!(opened(quote, "l1\n${B}"), source("`l1\n${B}`"));
            assert_eq!(opened(quote, "`l1\n${B}"), source("\"`l1\n${B}\""));
            assert_eq!(opened(quote, ""), value(""));
        }
        assert_eq!(opened("'", "${B} \\$"), value("${B} \\$"));
        let unwritable = Err(ImportError::Unwritable { origin: "line 1: A".into(), name: "A".into() });
        assert_eq!(opened("", "`l1\n${B}\\n"), unwritable);
    }

    #[test]
    fn every_value_that_does_not_open_is_named() {
        let (key, token) = sealed(b"x");
        let (other, _) = sealed(b"x");
        let mut damaged = token.clone().into_bytes();
        let last = damaged.len() - 4;
        damaged[last] = if damaged[last] == b'A' { b'B' } else { b'A' };
        let damaged = String::from_utf8(damaged).unwrap();
        let file =
            format!("A=encrypted:{token}\nB=encrypted:{damaged}\nC=encrypted:x\nD=encrypted:eA==\nE=plain\n");
        let errors = open(file.as_bytes(), PRIVATE_KEY, &own(vec![other, key]), &|_| true).err().unwrap();
        let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "line 2: B is damaged, or sealed to another key",
                "line 3: C is not base64",
                "line 4: D is too short"
            ]
        );
        let missing = open(file.as_bytes(), PRIVATE_KEY, &[], &|_| true).err().unwrap();
        assert_eq!(missing, [ImportError::KeyMissing { id: PRIVATE_KEY.into() }]);
        for bad in ["x", "00", &"0".repeat(66)] {
            let errors =
                open(file.as_bytes(), PRIVATE_KEY, &own(vec![SecretText::new(bad.into())]), &|_| true)
                    .err()
                    .unwrap();
            assert_eq!(errors, [ImportError::KeyForm { id: PRIVATE_KEY.into() }]);
        }
        // No key of a curve: it opens nothing, and does not panic.
        for bad in ["0", "f"] {
            let errors =
                open(file.as_bytes(), PRIVATE_KEY, &own(vec![SecretText::new(bad.repeat(64))]), &|_| true)
                    .err()
                    .unwrap();
            assert_eq!(errors.len(), 4);
        }
    }

    #[test]
    fn what_is_no_key_hinders_only_the_file_that_it_is_for() {
        let (key, token) = sealed(b"x");
        let text = format!("A=encrypted:{token}\n");
        let with = |keys: &[(&str, &str)]| {
            let keys: Vec<_> =
                keys.iter().map(|(name, key)| ((*name).into(), SecretText::new((*key).into()))).collect();
            open(text.as_bytes(), "DOTENV_PRIVATE_KEY_PROD", &keys, &|_| true).err()
        };
        let (own, other, key) = ("DOTENV_PRIVATE_KEY_PROD", "DOTENV_PRIVATE_KEY_CI", key.expose());
        let (form, missing) =
            (ImportError::KeyForm { id: own.into() }, ImportError::KeyMissing { id: own.into() });
        let wrong = "12".repeat(32);
        assert_eq!(with(&[(own, key), (other, "armored:abc")]), None);
        assert_eq!(with(&[(other, &format!("armored:abc,{key}"))]), None);
        assert_eq!(with(&[(other, "armored:abc")]), Some(vec![missing]));
        // Its own is told of, unless it is not needed: the process has another one, in clear.
        assert_eq!(with(&[(own, "armored:abc"), (other, "00")]), Some(vec![form.clone()]));
        assert_eq!(with(&[(own, &format!("armored:abc,{wrong}"))]), Some(vec![form.clone()]));
        assert_eq!(with(&[(own, "armored:abc"), (other, &wrong)]), Some(vec![form]));
        assert_eq!(with(&[(own, key), (own, "armored:abc")]), None);
    }

    /// dotenvx 2.38.2 runs `$(…)` of values in the clear, too, wherever it expands, escaped or not.
    #[test]
    fn commands_are_named_sealed_or_in_the_clear() {
        let (key, token) = sealed(b"$(id)");
        let text = format!(
            "A=encrypted:{token}\nB='encrypted:{token}'\nC=clear$(id)\nD=\"x$(id)\"\nE=`$(id)`\nF='$(id)'\nG=\"\\$(id)\"\nH=$(id\n\
             C=$(id)\nOUT=$(id)\n"
        );
        let file = open(text.as_bytes(), PRIVATE_KEY, &own(vec![key]), &|name| name != "OUT").ok().unwrap();
        assert_eq!(file.commands, ["A", "C", "D", "E", "G"]);
    }

    #[test]
    fn what_dotenvx_wrote_at_the_top_goes_and_nothing_else() {
        let frame = "#/---[DOTENV_PUBLIC_KEY]---/\n#/ public-key encryption /\n#/----/\n";
        for (before, after) in [
            (format!("{frame}DOTENV_PUBLIC_KEY=\"02ab\"\n\n# .env\nA=1\n"), "# .env\nA=1\n"),
            (format!("#!/x\n{frame}DOTENV_PUBLIC_KEY_CI='02ab' # c\nA=1\n\n"), "#!/x\nA=1\n\n"),
            ("A=1\n#/ mine\n\nDOTENV_PUBLIC_KEYS=1\n".into(), "A=1\n#/ mine\n\nDOTENV_PUBLIC_KEYS=1\n"),
            (format!("\r\n{frame}DOTENV_PUBLIC_KEY=x\r\nA=1"), "\r\nA=1"),
            ("DOTENV_PUBLIC_KEY=x".into(), ""),
        ] {
            let file = open(before.as_bytes(), PRIVATE_KEY, &[], &|_| true).ok().unwrap();
            assert_eq!(String::from_utf8_lossy(file.document.as_bytes()), after, "{before:?}");
        }
    }

    #[test]
    fn what_is_not_wanted_stays_with_its_key() {
        let (key, token) = sealed(b"x");
        let text = format!("#/---/\nDOTENV_PUBLIC_KEY=x\n\nA=encrypted:{token}\nB=encrypted:none\n");
        let file = open(text.as_bytes(), PRIVATE_KEY, &own(vec![key]), &|name| name == "A").ok().unwrap();
        assert_eq!(file.document.as_bytes(), text.as_bytes());
        assert_eq!(file.opened, [(1, Clear::Value(SecretBytes::new(b"x".into())))]);
    }

    #[test]
    fn keys_are_told_by_their_names() {
        let file = b"#/ frame\n# .env\nDOTENV_PRIVATE_KEY=\"ab\"\nDOTENV_PRIVATE_KEY_CI=cd,ef\nDOTENV_PRIVATE_KEYS=x\nOTHER=y\n";
        let keys = keys(file).unwrap();
        let keys: Vec<_> = keys.iter().map(|(name, key)| (name.as_str(), key.expose())).collect();
        assert_eq!(keys, [("DOTENV_PRIVATE_KEY", "ab"), ("DOTENV_PRIVATE_KEY_CI", "cd,ef")]);
    }
}
