//! A value's source text: reading it (trim, unquote, unescape, as dotenvx 2.38 does), writing it, and recognising
//! values that other tools encrypted.

use zeroize::Zeroizing;

use super::document::Document;
use super::expand::{references, unescape};
use super::parse::trim;

/// The quotes around a value, determined by its first character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// None: `A=x`.
    None,
    /// `'`: nothing is expanded; `\'` is a quote.
    Single,
    /// `"`: `\n`, `\r` and `\t` are control characters; references are expanded.
    Double,
    /// A backtick: references are expanded.
    Backtick,
}

impl Quote {
    /// Returns true if `${…}` and `$NAME` in such a value are references, and `\$` an escaped `$`.
    pub fn expands(self) -> bool {
        self != Self::Single
    }
}

/// Reads source text (the text to the right of `=`): the quote, and the value with quotes and escapes resolved and line
/// ends as `\n`. References are left for `expand`.
pub fn read(source: &[u8]) -> (Quote, Zeroizing<Vec<u8>>) {
    let source = trim(source);
    let quote = match source.first() {
        Some(b'\'') => Quote::Single,
        Some(b'"') => Quote::Double,
        Some(b'`') => Quote::Backtick,
        _ => Quote::None,
    };
    let inner = match (quote, source) {
        (Quote::None, _) => source,
        (_, [open, inner @ .., close]) if open == close => inner,
        _ => source,
    };
    if memchr::memchr2(b'\\', b'\r', inner).is_none() {
        return (quote, Zeroizing::new(inner.to_vec()));
    }
    // Never grows past the source, so no copy is left behind.
    let mut value = Zeroizing::new(Vec::with_capacity(inner.len()));
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let resolved = match (byte, quote, bytes.peek()) {
            (b'\r', _, Some(b'\n')) | (b'\\', Quote::Double, Some(b'n')) => Some(b'\n'),
            (b'\\', Quote::Double, Some(b'r')) => Some(b'\r'),
            (b'\\', Quote::Double, Some(b't')) => Some(b'\t'),
            (b'\\', Quote::Single, Some(b'\'')) => Some(b'\''),
            _ => None,
        };
        if let Some(resolved) = resolved {
            bytes.next();
            value.push(resolved);
        } else {
            value.push(if byte == b'\r' { b'\n' } else { byte });
        }
    }
    (quote, value)
}

/// Returns source text that reads as exactly `value` and refers to nothing, or None if the dialect cannot express it.
///
/// Uses the plainest form that works: bare, then quotes that every dotenv reader treats the same way, then those that
/// only some unescape. Each candidate is verified by reading it back, if possible with quotes in the lines after it.
/// Otherwise those lines have no quotes, and the edit of a file must check the rest.
pub fn quote(value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let forms: [QuoteForm; 8] = [
        |v| bare(v, |b| b.is_ascii_alphanumeric() || b"_./:@%+,-=".contains(&b)),
        |v| literal(v, b'\''),
        |v| literal(v, b'"'),
        |v| literal(v, b'`'),
        |v| bare(v, |b| b > b' ' && !b"#$'\"`".contains(&b)),
        |v| (!v.contains(&b'"')).then(|| escaped(v, b'"', double_escape)),
        |v| Some(escaped(v, b'\'', |b| (b == b'\'').then_some(b'\''))),
        // A backslash at the end would escape a closing quote.
        |v| bare(v, |b| b >= b' ' && !b"#$".contains(&b)),
    ];
    let proved = |behind: &[u8]| {
        forms.iter().filter_map(|form| form(value)).find(|source| reads_as(source, value, behind))
    };
    proved(QUOTES_BEHIND).or_else(|| proved(NONE_BEHIND))
}

type QuoteForm = fn(&[u8]) -> Option<Zeroizing<Vec<u8>>>;

fn bare(value: &[u8], allowed: fn(u8) -> bool) -> Option<Zeroizing<Vec<u8>>> {
    (!value.is_empty() && value.iter().all(|b| allowed(*b))).then(|| Zeroizing::new(value.to_vec()))
}

/// Adds quotes without escaping, if no reader could see an end or an escape inside.
fn literal(value: &[u8], quote: u8) -> Option<Zeroizing<Vec<u8>>> {
    (!value.contains(&quote) && !value.ends_with(b"\\")).then(|| escaped(value, quote, |_| None))
}

fn double_escape(byte: u8) -> Option<u8> {
    match byte {
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        b'\t' => Some(b't'),
        b'$' => Some(b'$'),
        _ => None,
    }
}

fn escaped(value: &[u8], quote: u8, escape: fn(u8) -> Option<u8>) -> Zeroizing<Vec<u8>> {
    let mut source = Zeroizing::new(Vec::with_capacity(value.len() * 2 + 2));
    source.push(quote);
    for &byte in value {
        match escape(byte) {
            Some(letter) => source.extend_from_slice(&[b'\\', letter]),
            None => source.push(byte),
        }
    }
    source.push(quote);
    source
}

/// After `\"` a value continues up to the next quote at the end of a line, if there is one.
const QUOTES_BEHIND: &[u8] = b" # c\nB=1\"\nB=1'\nB=1`\n";
const NONE_BEHIND: &[u8] = b" # c\nB=1\n";

/// Returns true if `source`, in a file with `behind` after it, reads as `value`.
fn reads_as(source: &[u8], value: &[u8], behind: &[u8]) -> bool {
    let mut text = Zeroizing::new(Vec::with_capacity(source.len() + 2 + behind.len()));
    text.extend_from_slice(b"A=");
    text.extend_from_slice(source);
    text.extend_from_slice(behind);
    let Ok(document) = Document::parse(std::mem::take(&mut *text)) else { return false };
    let [entry, others @ ..] = document.entries() else { return false };
    // A line of the value that looks like a merge conflict would make readers refuse the whole file.
    if document.conflict_marker().is_some() {
        return false;
    }
    let lines = memchr::memchr_iter(b'\n', behind).count();
    let all = others.len() == lines - 1 && others.iter().all(|entry| document.name(entry) == "B");
    if document.source(entry) != source || !all || !document.strays().is_empty() {
        return false;
    }
    let (quote, read) = document.value(entry);
    if quote.expands() {
        references(&read).is_ok_and(|names| names.is_empty()) && *unescape(&read) == value
    } else {
        *read == value
    }
}

/// A format of values that another tool encrypted, or that only another tool can look up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignFormat {
    pub tool: &'static str,
    /// The command that imports its values; `{file}` stands for the env file.
    pub import: &'static str,
    begins: &'static [u8],
    ends: &'static [u8],
    /// True if the rest must be base64.
    base64: bool,
}

/// Prefixes and suffixes from dotenvx 2.38, sops 3.10 (`aes/cipher.go`), ejson (README, "Secret format"), 1Password's
/// secret references, varlock's values, age (C2SP/age.md), `OpenPGP` (RFC 9580, section 6.2), Ansible's vault,
/// `HashiCorp` Vault's transit engine, git-crypt (`commands.cpp`, in base64).
const FORMS: [ForeignFormat; 10] = [
    form("dotenvx", "envseal import dotenvx {file}", b"encrypted:", b"", true),
    form("sops", "envseal import sops {file}", b"ENC[", b"]", false),
    form("ejson", "envseal import ejson FILE.ejson -f {file}", b"EJ[", b"]", false),
    form("1Password", "op inject -i {file} | envseal import dotenv -f {file}", b"op://", b"", false),
    form("varlock", "varlock load --format env | envseal import dotenv -f {file}", b"varlock(", b")", false),
    form("age", DECRYPTED, b"-----BEGIN AGE ENCRYPTED FILE-----", b"", false),
    form("GPG", DECRYPTED, b"-----BEGIN PGP MESSAGE-----", b"", false),
    form("Ansible's vault", DECRYPTED, b"$ANSIBLE_VAULT;", b"", false),
    form("Vault", DECRYPTED, b"vault:v", b"", false),
    form("git-crypt", "git-crypt unlock && envseal import dotenv {file}", b"AEdJVENSWVBU", b"", true),
];

/// The import of values that the tool itself must decrypt first.
const DECRYPTED: &str = "envseal import dotenv DECRYPTED -f {file}";

const fn form(
    tool: &'static str,
    import: &'static str,
    begins: &'static [u8],
    ends: &'static [u8],
    base64: bool,
) -> ForeignFormat {
    ForeignFormat { tool, import, begins, ends, base64 }
}

/// Returns the format of a value without quotes; blanks around it are ignored.
pub(crate) fn foreign_value(value: &[u8]) -> Option<&'static ForeignFormat> {
    let value = value.trim_ascii();
    FORMS.iter().find(|form| {
        let Some(inner) = value.strip_prefix(form.begins).and_then(|rest| rest.strip_suffix(form.ends))
        else {
            return false;
        };
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        !inner.is_empty() && (!form.base64 || inner.len() >= 16 && inner.iter().all(is_base64))
    })
}

/// Returns true for a public key that dotenvx wrote: a point of secp256k1, compressed, in hexadecimal.
pub(crate) fn is_dotenvx_key(name: &str, value: &[u8]) -> bool {
    name.starts_with("DOTENV_PUBLIC_KEY")
        && matches!(value, [b'0', b'2' | b'3', rest @ ..] if rest.len() == 64 && rest.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(source: &str) -> String {
        String::from_utf8(read(source.as_bytes()).1.to_vec()).unwrap()
    }

    #[test]
    fn a_source_is_read_as_its_quote_says() {
        for (source, expected) in [
            (r#""a\\nb\tc\"d\q""#, "a\\\nb\tc\\\"d\\q"),
            (r"'a\'b\n'", r"a'b\n"),
            (r"`a\`b\n`", r"a\`b\n"),
            (r"a\nb", r"a\nb"),
            // Only a matching pair of quotes is removed.
            (r#""a"b"#, r#""a"b"#),
            (r#""a" "b""#, r#"a" "b"#),
            ("'", "'"),
            ("''", ""),
            // Line ends are newlines.
            ("'a\r\nb\rc'", "a\nb\nc"),
            (r#""a\r\nb""#, "a\r\nb"),
        ] {
            assert_eq!(value(source), expected, "{source}");
        }
    }

    fn quoted(value: &str) -> Option<String> {
        quote(value.as_bytes()).map(|source| String::from_utf8(source.to_vec()).unwrap())
    }

    #[test]
    fn the_plainest_form_is_taken() {
        for (value, expected) in [
            ("postgres://u:p@h/db?x=1", Some("'postgres://u:p@h/db?x=1'")),
            (r"C:\", Some(r"C:\")),
            ("8080", Some("8080")),
            ("", Some("''")),
            ("a b#$X", Some("'a b#$X'")),
            ("it's", Some("\"it's\"")),
            ("a\nb", Some("'a\nb'")),
            ("a\r\nb", Some("\"a\\r\\nb\"")),
            ("\"'`", Some("'\"\\'`'")),
            // A backslash at the end would escape the closing quote.
            (r"C:\Program Files\", Some(r"C:\Program Files\")),
            (r"it's\", Some(r"it's\")),
            (r"a `b` \", Some(r"a `b` \")),
            // The only form, and correct only if no quotes follow.
            ("l1\nl2\\", Some("\"l1\\nl2\\\"")),
            ("\r'\"`", None),
            ("\r\"", None),
        ] {
            assert_eq!(quoted(value).as_deref(), expected, "{value:?}");
        }
    }

    #[test]
    fn each_is_known_by_its_form() {
        for (value, tool) in [
            ("encrypted:BI+CURwXUuzmWwTWHu9qDwd=", "dotenvx"),
            ("ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]", "sops"),
            ("EJ[1:abc:def:ghi]", "ejson"),
            ("op://vault/item/field", "1Password"),
            ("varlock(\"local:abc\")", "varlock"),
            (" -----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----", "age"),
            ("vault:v1:8SDd3WHDOjf7mq69", "Vault"),
        ] {
            assert_eq!(foreign_value(value.as_bytes()).map(|form| form.tool), Some(tool), "{value}");
        }
        for value in
            ["encrypted:", "encrypted:no", "encrypted: with words in it", "ENC[x", "op://", "x op://a/b"]
        {
            assert_eq!(foreign_value(value.as_bytes()), None, "{value}");
        }
    }
}
