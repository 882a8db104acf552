//! Secrets in any file: private keys by their form, and known values.

use std::collections::BTreeSet;
use std::io::{self, Read};

use aho_corasick::AhoCorasick;
use zeroize::Zeroizing;

use super::encodings::encodings;
use crate::crypto::PRIVATE_PREFIX;

/// The shortest value that is looked for, in bytes; shorter ones are in every file by chance.
const MIN_VALUE: usize = 6;

/// A value of fewer bytes may be in a text by chance. As part of a longer word it is ignored.
const MIN_CERTAIN: usize = 12;

/// How many bytes of a private key must follow its prefix: documentation mentions the prefix alone.
const MIN_KEY: usize = 16;

/// How many bytes of each form are in the automaton, which takes longer to build if larger; the rest is compared in place.
const HEAD: usize = 8;

/// How many bytes of a file are searched at a time.
const CHUNK: usize = 256 * 1024;

pub struct SecretValue {
    /// For a person: `DB_PASSWORD in .env.production`.
    pub label: String,
    /// The variable.
    pub name: String,
    /// Decrypted.
    pub value: Zeroizing<Vec<u8>>,
}

impl SecretValue {
    /// Returns true if the value is too long to be in a text by chance.
    pub(crate) fn is_certain(&self) -> bool {
        self.value.len() >= MIN_CERTAIN
    }
}

/// Finds private keys and known values in text.
pub struct Leaks {
    secrets: Vec<SecretValue>,
    /// Finds the first [`HEAD`] bytes of each of `forms`.
    automaton: AhoCorasick,
    /// Sorted by their bytes.
    forms: Vec<EncodedForm>,
    /// The most bytes, from the beginning of a leak, that are needed to recognise it.
    longest: usize,
}

struct EncodedForm {
    bytes: Zeroizing<Vec<u8>>,
    leak: Leak,
    /// The index of the longest other form that these bytes start with. An equal one counts if it comes before.
    within: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leak {
    PrivateKey,
    /// A private key in another encoding.
    EncodedKey,
    /// The index of the value in [`Leaks::secrets`].
    Value(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeakMatch {
    /// The first line, from 1.
    pub line: usize,
    pub last_line: usize,
    pub leak: Leak,
}

impl Leaks {
    /// Prepares the search for private keys, and for those of the secrets' values that are long enough.
    pub fn new(mut secrets: Vec<SecretValue>) -> Self {
        // A value that is in several files is reported once.
        secrets.retain(|secret| secret.value.len() >= MIN_VALUE);
        secrets.sort_by(|a, b| (a.value.as_slice(), &a.label).cmp(&(b.value.as_slice(), &b.label)));
        secrets.dedup_by(|later, first| later.value == first.value);
        let form = |bytes, leak| EncodedForm { bytes, leak, within: None };
        let mut forms = vec![form(Zeroizing::new(PRIVATE_PREFIX.as_bytes().to_vec()), Leak::PrivateKey)];
        forms.extend(key_encodings().into_iter().map(|bytes| form(bytes, Leak::EncodedKey)));
        for (at, secret) in secrets.iter().enumerate() {
            forms.extend(encodings(&secret.value).into_iter().map(|bytes| form(bytes, Leak::Value(at))));
        }
        forms.sort_by(|a, b| (a.bytes.as_slice(), a.leak).cmp(&(b.bytes.as_slice(), b.leak)));
        // The forms that the next one may begin with, in order: each begins with the one before it.
        let mut open: Vec<usize> = Vec::new();
        for at in 0..forms.len() {
            while open.last().is_some_and(|last| !forms[at].bytes.starts_with(&forms[*last].bytes)) {
                open.pop();
            }
            forms[at].within = open.last().copied();
            open.push(at);
        }
        let mut heads: Vec<_> = forms.iter().map(|form| &form.bytes[..form.bytes.len().min(HEAD)]).collect();
        heads.dedup();
        let automaton = AhoCorasick::new(heads).expect("fewer patterns than it can number");
        let longest = forms.iter().map(|form| form.bytes.len()).max().unwrap_or(0);
        Self { secrets, automaton, forms, longest: longest.max(PRIVATE_PREFIX.len() + MIN_KEY) }
    }

    /// Returns every form that `text` begins with: they are prefixes of one another, and of the last form that doesn't
    /// sort after the text.
    fn forms_at(&self, text: &[u8]) -> impl Iterator<Item = &EncodedForm> {
        let last = self.forms.partition_point(|form| form.bytes.as_slice() <= text).checked_sub(1);
        let all = std::iter::successors(last, |at| self.forms[*at].within).map(|at| &self.forms[at]);
        all.skip_while(move |form| !text.starts_with(&form.bytes))
    }

    pub(crate) fn secrets(&self) -> &[SecretValue] {
        &self.secrets
    }

    /// Returns a matcher for the unencoded values: its patterns have their indices in [`Self::secrets`].
    pub(crate) fn values(&self) -> AhoCorasick {
        let values = self.secrets.iter().map(|secret| secret.value.as_slice());
        AhoCorasick::new(values).expect("fewer patterns than it can number")
    }

    /// Finds every leak in `text`, once for each line that it starts on.
    pub fn find(&self, text: &[u8]) -> Vec<LeakMatch> {
        let (mut found, mut at) = (BTreeSet::new(), BEGINNING);
        self.find_before(text, text.len(), &mut at, &mut found);
        found.into_iter().collect()
    }

    /// Finds every leak in what is read, with little of it in memory at a time.
    pub(crate) fn find_in(&self, from: &mut dyn Read) -> io::Result<Vec<LeakMatch>> {
        self.find_in_chunks(from, CHUNK)
    }

    fn find_in_chunks(&self, from: &mut dyn Read, chunk: usize) -> io::Result<Vec<LeakMatch>> {
        let (mut found, mut at) = (BTreeSet::new(), BEGINNING);
        // A leak at the end of a chunk reaches into the bytes after it, which also start the next text.
        let whole = chunk + self.longest;
        // Most files are small.
        let mut text = Vec::with_capacity(8 * 1024);
        loop {
            from.take((whole - text.len()) as u64).read_to_end(&mut text)?;
            if text.len() < whole {
                self.find_before(&text, text.len(), &mut at, &mut found);
                return Ok(found.into_iter().collect());
            }
            self.find_before(&text, chunk, &mut at, &mut found);
            text.drain(..chunk);
        }
    }

    /// Finds the leaks that start in `text` before `end`. Moves `at` from the start of `text` to `end`.
    fn find_before(&self, text: &[u8], end: usize, at: &mut Position, found: &mut BTreeSet<LeakMatch>) {
        let (mut line, mut seen) = (at.line, 0);
        let mut line_at = |place: usize| {
            line += memchr::memchr_iter(b'\n', &text[seen..place]).count();
            seen = place;
            line
        };
        // Nearly always nothing matches, which is faster to find out.
        if self.automaton.is_match(text) {
            let hits = self.automaton.find_overlapping_iter(text).map(|hit| hit.start());
            let mut starts: Vec<_> = hits.filter(|start| *start < end).collect();
            starts.sort_unstable();
            starts.dedup();
            for start in starts {
                for EncodedForm { bytes, leak, .. } in self.forms_at(&text[start..]) {
                    if *leak == Leak::PrivateKey && !key_follows(&text[start + bytes.len()..]) {
                        continue;
                    }
                    let before = start.checked_sub(1).map_or(at.before, |before| text.get(before).copied());
                    let after = text.get(start + bytes.len()).copied();
                    if self.is_part_of_word(*leak, bytes, [before, after]) {
                        continue;
                    }
                    let line = line_at(start);
                    let last_line = line + memchr::memchr_iter(b'\n', bytes).count();
                    found.insert(LeakMatch { line, last_line, leak: *leak });
                }
            }
        }
        *at = Position { line: line_at(end), before: text[..end].last().copied().or(at.before) };
    }

    /// Returns true if these bytes are a short unencoded value, directly next to a letter, a digit or `_`.
    fn is_part_of_word(&self, leak: Leak, bytes: &[u8], around: [Option<u8>; 2]) -> bool {
        let Leak::Value(at) = leak else { return false };
        let secret = &self.secrets[at];
        let is_word_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !secret.is_certain()
            && bytes == secret.value.as_slice()
            && around.into_iter().flatten().any(is_word_byte)
    }
}

/// A place in what is read: its line, from 1, and the byte before it.
struct Position {
    line: usize,
    before: Option<u8>,
}

const BEGINNING: Position = Position { line: 1, before: None };

/// Returns the prefix of a private key in base64 at each of its three offsets, in hex and in UTF-16.
fn key_encodings() -> Vec<Zeroizing<Vec<u8>>> {
    let prefix = PRIVATE_PREFIX.as_bytes();
    let utf16 = prefix.iter().flat_map(|byte| [*byte, 0]).collect();
    let mut forms = encodings(prefix);
    forms.retain(|form| form.as_slice() != prefix);
    forms.push(Zeroizing::new(utf16));
    forms
}

/// Returns true if the text after a prefix continues like a private key.
fn key_follows(text: &[u8]) -> bool {
    let is_key_byte = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.get(..MIN_KEY).is_some_and(|start| start.iter().all(is_key_byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    fn leaks(values: &[&str]) -> Leaks {
        let secret = |value: &&str| SecretValue {
            label: String::new(),
            name: "A".into(),
            value: Zeroizing::new(value.as_bytes().to_vec()),
        };
        Leaks::new(values.iter().map(secret).collect())
    }

    #[test]
    fn a_private_key_is_known_by_its_form() {
        let key = crate::crypto::PrivateKey::generate().to_text();
        let found = Some(LeakMatch { line: 2, last_line: 2, leak: Leak::PrivateKey });
        let with = |rest: &str| format!("{PRIVATE_PREFIX}{rest}");
        for (key, found) in [
            (key.expose().to_owned(), found),
            (with(""), None),
            (with(&"aZ09-_".repeat(3)), found),
            (with(&"a".repeat(MIN_KEY)), found),
            (with(&"a".repeat(MIN_KEY - 1)), None),
        ] {
            for end in ["", "\n", ".", " and go on"] {
                let text = format!("a\nkey: {key}{end}");
                assert_eq!(leaks(&[]).find(text.as_bytes()), Vec::from_iter(found), "{text:?}");
            }
        }
    }

    #[test]
    fn a_private_key_is_known_in_other_encodings() {
        let key = crate::crypto::PrivateKey::generate().to_text();
        let key = key.expose();
        let hex: String = base16ct::lower::encode_string(key.as_bytes());
        let utf16 = |bytes: fn(u16) -> [u8; 2]| key.encode_utf16().flat_map(bytes).collect::<Vec<_>>();
        let mut texts =
            vec![hex.to_uppercase().into(), hex.into(), utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)];
        for text in ["", "k", "k:"].map(|before| format!("{before}{key}")) {
            texts.extend([STANDARD.encode(&text).into(), URL_SAFE.encode(&text).into()]);
        }
        for text in texts {
            let text = [b"\n\n<", &text[..], b">\n"].concat();
            let found = leaks(&[]).find(&text);
            assert_eq!(found, [LeakMatch { line: 3, last_line: 3, leak: Leak::EncodedKey }], "{text:?}");
        }
    }

    #[test]
    fn what_is_made_to_take_long_does_not() {
        let start = std::time::Instant::now();
        assert_eq!(leaks(&[]).find("envseal-sk1-".repeat(50_000).as_bytes()).len(), 1);
        let long = "a line of text\n\"".repeat(50_000);
        let found = leaks(&[&long]).find(long.as_bytes());
        assert!(found.iter().any(|found| (found.line, found.leak) == (1, Leak::Value(0))));
        assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    }

    #[test]
    fn a_hundred_thousand_values_that_begin_alike_take_no_longer_than_others() {
        let search = |values: Vec<String>| {
            let start = std::time::Instant::now();
            let leaks = leaks(&values.iter().map(String::as_str).collect::<Vec<_>>());
            let found = leaks.find(values.join("\n").as_bytes()).len();
            (found, start.elapsed())
        };
        for (lead, count) in [("a-password-".to_owned(), 100_000), ("a-longer-beginning/".repeat(14), 10_000)]
        {
            let (_, others) = search((0..count / 10).map(|at| format!("{at}-{lead}")).collect());
            let (found, alike) = search((0..count).map(|at| format!("{lead}{at}")).collect());
            // Each value, and those that it starts with: the first digits of its number are another value's number.
            let within = |at: usize| at.max(1).ilog10() as usize + 1;
            assert_eq!(found, (0..count).map(within).sum::<usize>());
            // Ten times as many take about ten times as long; comparing each with each would take thousands of times as
            // long. A busy machine slows both searches down.
            assert!(alike < others * 300 + std::time::Duration::from_secs(1), "{alike:?}, others {others:?}");
        }
    }

    #[test]
    fn overlapping_values_are_all_found() {
        let leaks = leaks(&["abcdefghijkl", "cdefghijklmnop", "short"]);
        let found = leaks.find(b"\nxabcdefghijklmnop");
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|found| found.line == 2));
        assert_eq!(leaks.secrets().len(), 2, "what is too short is not looked for");
        let values = leaks.values();
        let values = values.find_overlapping_iter(b"xabcdefghijklmnop").map(|hit| hit.pattern().as_usize());
        assert_eq!(values.collect::<Vec<_>>(), [0, 1]);
    }

    /// Returns a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = buffer.len().min(self.1).min(self.0.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    proptest! {
        #[test]
        fn every_form_that_a_text_begins_with_is_found(
            values in proptest::collection::vec("(ab|a|b){6,9}", 1..40),
            long in proptest::bool::ANY,
            text in "(ab|a|b){6,20}",
        ) {
            let lead = if long { "x".repeat(256) } else { String::new() };
            let values: Vec<_> = values.iter().map(|value| format!("{lead}{value}")).collect();
            let leaks = leaks(&values.iter().map(String::as_str).collect::<Vec<_>>());
            let text = format!("{lead}{text}");
            let mut found: Vec<_> = leaks.forms_at(text.as_bytes()).map(|form| form.bytes.as_slice()).collect();
            found.sort_unstable();
            let forms = leaks.forms.iter().map(|form| form.bytes.as_slice());
            let expected: Vec<_> = forms.filter(|form| text.as_bytes().starts_with(form)).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn in_chunks_the_same_is_found(
            text in "(secret|first\nsecond|se|\n|_| secret |envseal-sk1-|abcdefghijklmnopq|[a-z ]|c2VjcmV0){0,60}",
            chunk in 1_usize..80,
            at_a_time in 1_usize..50,
        ) {
            let leaks = leaks(&["secret", "first\nsecond"]);
            let found = leaks.find_in_chunks(&mut Slow(text.as_bytes(), at_a_time), chunk).unwrap();
            prop_assert_eq!(found, leaks.find(text.as_bytes()));
        }
    }

    #[test]
    fn a_long_file_is_never_whole_in_memory() {
        /// A long text that records how large a buffer it had to fill at most.
        struct Endless(usize, usize);
        impl Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.1 = self.1.max(buffer.len());
                let count = buffer.len().min(self.0);
                buffer[..count].fill(b'\n');
                self.0 -= count;
                Ok(count)
            }
        }
        let mut endless = Endless(64 * CHUNK, 0);
        let mut from = (&mut endless).chain(&b"secret"[..]);
        let found = leaks(&["secret"]).find_in(&mut from).unwrap();
        let line = 64 * CHUNK + 1;
        assert_eq!(found, [LeakMatch { line, last_line: line, leak: Leak::Value(0) }]);
        assert!(endless.1 <= CHUNK + 4096, "{}", endless.1);
    }

    #[test]
    fn a_value_over_lines_says_where_it_ends() {
        let found = leaks(&["first line\nsecond"]).find(b"x\nfirst line\nsecond\n");
        assert_eq!(found, [LeakMatch { line: 2, last_line: 3, leak: Leak::Value(0) }]);
    }
}
