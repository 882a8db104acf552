//! The forms in which a value may appear elsewhere.

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// The shortest line of encoded text in a value, in bytes, that is looked for on its own.
const MIN_LINE: usize = 16;
/// The shortest other line, in bytes. A shorter one, such as one of a JSON text, is in many files by chance.
const MIN_WORDS: usize = 64;

/// How many bytes of a form are looked for: more of a long value would only take memory.
const MAX_FORM: usize = 4096;

/// The shortest value that is masked, in bytes; shorter ones are in too much text by chance.
pub(crate) const MIN_MASKED: usize = 6;

/// The columns at which base64(1) and openssl wrap base64, and xxd(1) wraps hex.
const BASE64_COLUMNS: [usize; 2] = [76, 64];
const HEX_COLUMNS: usize = 60;

/// Returns the texts to mask so that a value is not shown: all its forms at full length and, if it has many lines, all
/// forms of each line. Ignores line ends around the value, so that masking never holds one back. Returns nothing for a
/// value of fewer than `MIN_MASKED` bytes.
pub fn spellings(value: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let value = trim_line_ends(value);
    if value.len() < MIN_MASKED {
        return Vec::new();
    }
    let mut forms = whole(value);
    for columns in BASE64_COLUMNS {
        forms.extend(wrapped(&base64_at(&STANDARD_NO_PAD, value, 0), columns));
    }
    for upper in [false, true] {
        forms.extend(wrapped(&hex(value, upper), HEX_COLUMNS));
    }
    if value.contains(&b'\n') {
        // A terminal ends lines with CR LF.
        forms.push(with_returns(value));
        let lines = value.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
        forms.extend(lines.filter(|line| line.len() >= MIN_MASKED).flat_map(whole));
    }
    forms.sort_by(|a, b| a.as_slice().cmp(b));
    forms.dedup();
    forms
}

fn trim_line_ends(mut value: &[u8]) -> &[u8] {
    while let [b'\r' | b'\n', rest @ ..] | [rest @ .., b'\r' | b'\n'] = value {
        value = rest;
    }
    value
}

/// Returns a text wrapped into lines, with the line ends of files and of terminals. Returns nothing if it fits on one.
fn wrapped(text: &[u8], columns: usize) -> Vec<Zeroizing<Vec<u8>>> {
    if text.len() <= columns {
        return Vec::new();
    }
    let lines = Zeroizing::new(text.chunks(columns).collect::<Vec<_>>().join(&b'\n'));
    vec![with_returns(&lines), lines]
}

fn with_returns(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let ends = memchr::memchr_iter(b'\n', text).count();
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() + ends));
    for byte in text {
        if *byte == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

/// Returns the distinct texts that reveal a value: itself, percent-encoded, in hex, JSON-escaped, quoted for shells, and
/// in base64 at each of its three offsets in a longer text (RFC 4648, sections 4 and 5). If the value has many lines,
/// includes each longer line, which may be indented elsewhere.
pub(super) fn encodings(value: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut forms = whole(value);
    let lines = value.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    // Headers such as `-----BEGIN PRIVATE KEY-----` are not secret.
    let encoded = |line: &[u8]| line.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=_-".contains(b));
    let long = |line: &[u8]| line.len() >= if encoded(line) { MIN_LINE } else { MIN_WORDS };
    let telling = lines.filter(|line| long(line) && !line.starts_with(b"-----") && *line != value);
    forms.extend(telling.map(|line| Zeroizing::new(line.to_vec())));
    for form in &mut forms {
        form.truncate(MAX_FORM);
    }
    forms.sort_by(|a, b| a.as_slice().cmp(b));
    forms.dedup();
    forms
}

fn whole(value: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut forms = vec![Zeroizing::new(value.to_vec())];
    let mut add = |form: Zeroizing<Vec<u8>>| {
        if !forms.contains(&form) {
            // Copied to its exact size: the buffers have room for the longest encoding, up to six times as much.
            forms.push(form.as_slice().to_vec().into());
        }
    };
    for upper in [false, true] {
        add(hex(value, upper));
        for (kept, blank) in PERCENT_KEPT {
            add(percent_encoded(value, kept, blank, upper));
        }
    }
    for start in 0..3 {
        add(base64_at(&STANDARD_NO_PAD, value, start));
        add(base64_at(&URL_SAFE_NO_PAD, value, start));
    }
    for (special, before, behind) in QUOTED {
        add(quoted(value, special, before, behind));
    }
    if let Ok(text) = std::str::from_utf8(value) {
        for (html, ascii) in [(false, false), (true, false), (false, true), (true, true)] {
            let escaped = |c: char| html && is_html(c) || ascii && !is_shown_ascii(c);
            for (upper, slash) in [(false, false), (true, false), (false, true), (true, true)] {
                add(json_escaped(text, escaped, upper, slash));
            }
        }
        // System.Text.Json.
        let escaped = |c: char| is_html(c) || !is_shown_ascii(c) || "\"'+`".contains(c);
        add(json_escaped(text, escaped, true, false));
    }
    forms
}

fn hex(value: &[u8], upper: bool) -> Zeroizing<Vec<u8>> {
    let encode = if upper { base16ct::upper::encode } else { base16ct::lower::encode };
    let mut out = Zeroizing::new(vec![0; value.len() * 2]);
    encode(value, &mut out).expect("two digits a byte");
    out
}

/// The characters that percent-encoders keep besides letters and digits, and how they encode a space.
const PERCENT_KEPT: [(&[u8], &[u8]); 8] = [
    // RFC 3986, section 2.3; and with the slash, as Python's `quote`.
    (b"-._~", b"%20"),
    (b"-._~/", b"%20"),
    // JavaScript's `encodeURIComponent` and `encodeURI` (ECMA-262, section 19.2.6).
    (b"-._~!*'()", b"%20"),
    (b"-._~!*'();,/?:@&=+$#", b"%20"),
    // Go's `url.PathEscape`.
    (b"-._~$&+=:@", b"%20"),
    // Forms: Go and Python; browsers, Java and Ruby (WHATWG URL, section 5.2); PHP.
    (b"-._~", b"+"),
    (b"-._*", b"+"),
    (b"-._", b"+"),
];

fn percent_encoded(value: &[u8], kept: &[u8], blank: &[u8], upper: bool) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(value.len() * 3));
    for byte in value {
        match byte {
            b' ' => out.extend_from_slice(blank),
            _ if byte.is_ascii_alphanumeric() || kept.contains(byte) => out.push(*byte),
            _ => {
                out.push(b'%');
                out.extend_from_slice(&hex(&[*byte], upper));
            }
        }
    }
    out
}

/// The characters that shells and Python quote inside a word, with the bytes before and behind each.
const QUOTED: [(&[u8], &[u8], &[u8]); 6] = [
    (b"'", b"'\\", b"'"),                        // `set -x` and `set` in bash and zsh
    (b"'", b"'\"", b"\"'"),                      // `set` in dash
    (b"\"$\\`", b"\\", b""),                     // `declare -p` in bash
    (b" \t!\"$&'()*,;<>?[\\]^`{|}", b"\\", b""), // `printf %q` in bash
    (b"\\", b"\\", b""),                         // Python's `repr`
    (b"'\\", b"\\", b""),                        // Python's `repr` of a text with both quotes
];

fn quoted(value: &[u8], special: &[u8], before: &[u8], behind: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(value.len() * 5));
    for byte in value {
        let (before, behind) = if special.contains(byte) { (before, behind) } else { Default::default() };
        for part in [before, &[*byte], behind] {
            out.extend_from_slice(part);
        }
    }
    out
}

/// Returns the base64 characters that depend on the value alone if it starts `start` bytes into a group of three.
fn base64_at(engine: &impl base64::Engine, value: &[u8], start: usize) -> Zeroizing<Vec<u8>> {
    let mut padded = Zeroizing::new(Vec::with_capacity(start + value.len()));
    padded.resize(start, 0);
    padded.extend_from_slice(value);
    let text = Zeroizing::new(engine.encode(&*padded));
    let first = (start * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    text.as_bytes()[first..end].to_vec().into()
}

/// Returns true for characters that serializers such as Go's and Rails' escape to embed JSON in HTML and JavaScript.
fn is_html(c: char) -> bool {
    matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}')
}

fn is_shown_ascii(c: char) -> bool {
    matches!(c, ' '..='~')
}

/// Escapes a text for use in a JSON string (RFC 8259, section 7). Serializers differ in what they escape beyond what
/// they must, in the case of the letters in `\u003c`, and in whether they escape a slash.
fn json_escaped(text: &str, escaped: impl Fn(char) -> bool, upper: bool, slash: bool) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() * 6));
    for c in text.chars() {
        let short = match c {
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\\' => '\\',
            '"' if !escaped(c) => '"',
            '/' if slash => '/',
            _ if c >= ' ' && !escaped(c) => {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(b"\\u");
                    out.extend_from_slice(&hex(&unit.to_be_bytes(), upper));
                }
                continue;
            }
        };
        out.extend([b'\\', short as u8]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    fn contains(text: &[u8], form: &[u8]) -> bool {
        text.windows(form.len().max(1)).any(|window| window == form)
    }

    proptest! {
        #[test]
        fn base64_gives_it_away_wherever_it_stands(
            before in proptest::collection::vec(any::<u8>(), 0..9),
            value in proptest::collection::vec(any::<u8>(), 6..40),
            after in proptest::collection::vec(any::<u8>(), 0..9),
        ) {
            let text = STANDARD.encode([&before[..], &value, &after].concat());
            let form = base64_at(&STANDARD_NO_PAD, &value, before.len() % 3);
            prop_assert!(form.len() >= value.len());
            prop_assert!(contains(text.as_bytes(), &form));
        }
    }

    #[test]
    fn escapes() {
        for (value, forms) in [
            (
                "a b/é\"",
                r#"a b/é"|a%20b%2F%C3%A9%22|a%20b%2f%c3%a9%22|a+b%2F%C3%A9%22|a b/é\"|a b\/é\"|a b/\u00e9\"|6120622fc3a922|6120622FC3A922"#,
            ),
            ("a\x08b\tc\nd\x0ce\rf\\\x01", r"a\bb\tc\nd\fe\rf\\\u0001"),
            // System.Text.Json.
            ("<a>'+`\"\u{7f}é~", r"\u003Ca\u003E\u0027\u002B\u0060\u0022\u007F\u00E9~"),
        ] {
            let found = encodings(value.as_bytes());
            for form in forms.split('|') {
                assert!(found.iter().any(|there| there.as_slice() == form.as_bytes()), "{form}");
            }
        }
    }

    #[test]
    fn what_is_masked_has_all_lines_in_all_forms() {
        let has = |value: &[u8], text: &[u8]| spellings(value).iter().any(|form| form.as_slice() == text);
        let value = b"\r\n-----BEGIN KEY-----\n  second line\nshort\nthe third\n\n";
        for text in [
            &b"-----BEGIN KEY-----\n  second line\nshort\nthe third"[..],
            b"-----BEGIN KEY-----\r\n  second line\r\nshort\r\nthe third",
            b"-----BEGIN KEY-----",
            b"second line",
            b"second%20line",
            b"7365636f6e64206c696e65",
            b"c2Vjb25kIGxpbm",
        ] {
            assert!(has(value, text), "{}", String::from_utf8_lossy(text));
        }
        assert!(!has(value, b"short") && !has(value, b"  second line"));
        for short in [&b""[..], b"12345", b"12345\n", b"\n\n\n\n\n\n\n"] {
            assert!(spellings(short).is_empty());
        }
        assert!(has(b"123456\n", b"123456"));
    }

    #[test]
    fn long_forms_are_looked_for_in_lines_too() {
        let value = b"x".repeat(5000);
        let forms = spellings(&value);
        let text = STANDARD.encode(&value);
        for columns in [64, 76] {
            let lines: Vec<_> = text.as_bytes().chunks(columns).collect();
            for end in [&b"\n"[..], b"\r\n"] {
                let text = lines.join(end);
                assert!(forms.iter().any(|form| form.len() > 5000 && contains(&text, form)), "{columns}");
            }
        }
        assert!(forms.iter().any(|form| form.as_slice() == value));
    }

    #[test]
    fn long_lines_count_on_their_own_and_words_of_a_text_do_not() {
        let has = |value: &str, line: &str| {
            encodings(value.as_bytes()).iter().any(|form| form.as_slice() == line.as_bytes())
        };
        let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nshort\n";
        assert!(has(key, "MIIEvQIBADANBgkqhkiG") && !has(key, "short") && !has(key, "-----BEGIN KEY-----"));
        let long = format!("  \"private_key\": \"{}\",", "x".repeat(64));
        let account = format!("{{\n  \"type\": \"service_account\",\n{long}\n}}\n");
        assert!(has(&account, long.trim()) && !has(&account, "\"type\": \"service_account\","));
    }
}
