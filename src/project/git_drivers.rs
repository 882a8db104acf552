//! For git's drivers: how `git diff` shows env files, and how three versions of one are merged by name.

use std::ops::Range;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::file::folder_of;
use crate::config::EnvName;
use crate::crypto::{Opener, PlaintextKind, Refs, SealedValue, SecretBytes, claims_to_be_sealed};
use crate::dotenv::{self, BothChanged, ConflictStyle, Document, MergeSide, MergeVersions, MergedText, read};
use crate::keys::KeyStore;

const WORD: &[u8] = b"sealed ";

/// Returns the text with each token as `<sealed HASH>` or `<sealed HASH refs:A,B>`. HASH is the first four bytes of the
/// SHA-256 of the token's text, in hexadecimal. All other bytes stay, quotes around a token too, except that any
/// `<sealed ` in the text itself gets a backslash after the `<`, or one more: so no two texts are shown alike. What
/// only looks sealed, or can't be parsed, is shown as it is. Nothing is decrypted.
pub fn textconv(text: &[u8]) -> Vec<u8> {
    let Ok(document) = Document::parse(text.to_vec()) else { return text.to_vec() };
    let mut shown = Vec::with_capacity(text.len());
    let mut at = 0;
    for (entry, source) in document.entries().iter().map(|entry| (entry, document.source(entry))) {
        let Some(token) = token_in(source) else { continue };
        let start = document.source_start(entry) + token.start;
        escape(&text[at..start], &mut shown);
        at = start + token.len();
        show(&source[token], &mut shown);
    }
    escape(&text[at..], &mut shown);
    shown
}

/// Returns the range of a well-formed token in source text: the whole of it, or all between its quotes.
pub(super) fn token_in(source: &[u8]) -> Option<Range<usize>> {
    let start = source.len() - source.trim_ascii_start().len();
    let token = match &source[start..] {
        [b'\'', .., b'\''] | [b'"', .., b'"'] => start + 1..source.len() - 1,
        _ => start..source.len(),
    };
    let text = source.get(token.clone())?;
    (claims_to_be_sealed(text) && SealedValue::parse(text).is_ok()).then_some(token)
}

fn show(token: &[u8], shown: &mut Vec<u8>) {
    let hash = Sha256::digest(token);
    shown.push(b'<');
    shown.extend_from_slice(WORD);
    shown.extend_from_slice(base16ct::lower::encode_string(&hash[..4]).as_bytes());
    let prefix = crate::crypto::TOKEN_PREFIX.len();
    if let Some(colon) = memchr::memchr(b':', &token[prefix..]) {
        shown.extend_from_slice(b" refs");
        shown.extend_from_slice(&token[prefix + colon..]);
    }
    shown.push(b'>');
}

/// Appends `text` to `shown`, with one more backslash in each sequence of `<`, any number of backslashes and `sealed `.
fn escape(text: &[u8], shown: &mut Vec<u8>) {
    let mut at = 0;
    for open in memchr::memchr_iter(b'<', text) {
        let rest = &text[open + 1..];
        let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
        if rest[slashes..].starts_with(WORD) {
            shown.extend_from_slice(&text[at..=open]);
            shown.push(b'\\');
            at = open + 1;
        }
    }
    shown.extend_from_slice(&text[at..]);
}

/// Merges three versions of the env file at `path`, which need not exist; see [`dotenv::merge`].
///
/// If both sides changed a sealed value, but one only re-encrypted it, takes the other; if the values are the same,
/// ours. That takes the private keys of all the versions. If one is not available, or looking for it fails, it is a
/// conflict: this never prompts and never fails.
pub(crate) fn merge(
    path: &Path,
    versions: &MergeVersions<'_>,
    style: &ConflictStyle<'_>,
    store: &KeyStore<'_>,
) -> MergedText {
    let mut openers = None;
    let mut decide = |both: &BothChanged<'_>| {
        // A person has to see what one side turned into plain text.
        if token_in(both.ours).is_none() || token_in(both.theirs).is_none() {
            return None;
        }
        let openers = openers.get_or_insert_with(|| {
            let keys = EnvName::of_file(path).ok().and_then(|env| store.all(&env, &folder_of(path)).ok());
            keys.unwrap_or_default().into_iter().map(Opener::new).collect::<Vec<_>>()
        });
        side_that_changed(both, openers)
    };
    dotenv::merge(versions, style, &mut decide)
}

fn side_that_changed(both: &BothChanged<'_>, openers: &mut [Opener]) -> Option<MergeSide> {
    let ours = content(both.name, both.ours, openers)?;
    let theirs = content(both.name, both.theirs, openers)?;
    if ours.is(&theirs) {
        return Some(MergeSide::Ours);
    }
    let base = content(both.name, both.base?, openers)?;
    match (ours.is(&base), theirs.is(&base)) {
        (true, _) => Some(MergeSide::Theirs),
        (_, true) => Some(MergeSide::Ours),
        _ => None,
    }
}

/// A value as it is read, however it was encrypted.
enum ValueContent {
    Literal(SecretBytes),
    /// Source text that may refer to other variables and, if it was sealed, the names it may refer to.
    Source(SecretBytes, Option<Refs>),
}

impl ValueContent {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(one), Self::Literal(other)) => one == other,
            (Self::Source(one, refs), Self::Source(other, other_refs)) => {
                one == other && (refs.is_none() || other_refs.is_none() || refs == other_refs)
            }
            _ => false,
        }
    }
}

/// Returns the value of source text, decrypted if it is sealed; None if it can't be decrypted.
fn content(name: &str, source: &[u8], openers: &mut [Opener]) -> Option<ValueContent> {
    let (bytes, refs) = match token_in(source) {
        Some(range) => {
            let token = SealedValue::parse(&source[range]).ok()?;
            let opener = openers.iter_mut().find(|opener| opener.public_key().id() == token.key_id())?;
            let opened = opener.open(name, &token).ok()?;
            if opened.kind == PlaintextKind::Value {
                return Some(ValueContent::Literal(opened.bytes));
            }
            (opened.bytes, Some(token.refs().clone()))
        }
        None => (SecretBytes::new(source.to_vec()), None),
    };
    let (quote, mut text) = read(bytes.expose());
    if quote.expands() && memchr::memchr(b'$', &text).is_some() {
        return Some(ValueContent::Source(bytes, refs));
    }
    Some(ValueContent::Literal(SecretBytes::new(std::mem::take(&mut *text))))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::crypto::{PlaintextKind, PrivateKey, Refs, Sealer};

    /// Returns typical tokens: of one batch, with names to refer to, and one altered so that it still parses.
    fn tokens() -> Vec<String> {
        let mut sealer = Sealer::new(&PrivateKey::generate().public()).unwrap();
        let mut seal = |name: &str, refs: &[&str]| {
            let refs = Refs::new(refs.iter().map(|name| (*name).to_owned())).unwrap();
            sealer.seal(name, &refs, PlaintextKind::Source, b"hunter2").unwrap().to_string()
        };
        let mut tokens = vec![seal("A", &[]), seal("B", &[]), seal("A", &["B", "C.d"]), seal("A", &["B"])];
        tokens.push(format!("{}:B", tokens[0]));
        tokens
    }

    fn shown(text: &str) -> String {
        String::from_utf8(textconv(text.as_bytes())).unwrap()
    }

    #[test]
    fn what_only_looks_sealed_or_cannot_be_parsed_stays() {
        let token = &tokens()[0];
        for text in [
            format!("A=`{token}`\n"),
            format!("A={token}x\n"),
            format!("A=x{token}\n"),
            format!("# {token}\n{token}\n"),
            "A=envseal:1:x\nB=envseal:2:y\nC='\n".into(),
            String::new(),
        ] {
            assert_eq!(shown(&text), text);
        }
        let utf16 = b"\xff\xfeA\0=\0<sealed 1>";
        assert_eq!(textconv(utf16), utf16);
    }

    #[test]
    fn the_words_themselves_are_told_apart() {
        assert_eq!(shown("A=<sealed 1234abcd>\n"), "A=<\\sealed 1234abcd>\n");
        assert_eq!(shown("A=<\\sealed x\n# <<\\\\sealed "), "A=<\\\\sealed x\n# <<\\\\\\sealed ");
        assert_eq!(shown("<\\x <sealed<sealedx <"), "<\\x <sealed<sealedx <");
    }

    #[test]
    fn any_changed_token_is_a_changed_line() {
        let shown: Vec<_> = tokens().iter().map(|token| shown(&format!("A={token}\n"))).collect();
        for (at, line) in shown.iter().enumerate() {
            assert!(!shown[..at].contains(line), "{line}");
        }
    }

    /// Texts that share tokens, hashes and the words that tokens are shown as.
    fn texts() -> impl Strategy<Value = Vec<u8>> {
        thread_local!(static PIECES: Vec<Vec<u8>> = {
            let tokens = tokens();
            let shown: Vec<_> = tokens.iter().map(|token| shown(&format!("A={token}"))[2..].to_owned()).collect();
            let rest = ["A=", "A=", "B=", "\n", "\n", "\"", "'", " ", "#", "<", "\\", "<sealed ", "<\\sealed ", "sealed ", ">", "x", "`", "\r\n"];
            let all = tokens.into_iter().chain(shown).chain(rest.map(str::to_owned));
            all.map(String::into_bytes).chain([b"\xff\xfe".to_vec(), b"\xff".to_vec()]).collect()
        });
        let piece = PIECES.with(|pieces| prop::sample::select(pieces.clone()));
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_two_texts_are_shown_alike(texts in prop::collection::vec(texts(), 2..12)) {
            let mut seen: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
            for text in texts {
                let shown = textconv(&text);
                let lines = |text: &[u8]| text.split(|byte| *byte == b'\n').count();
                prop_assert_eq!(lines(&text), lines(&shown));
                // The shown text itself is the most likely to be confused with the original.
                for text in [text, shown] {
                    let other = seen.entry(textconv(&text)).or_insert_with(|| text.clone());
                    prop_assert_eq!(&*other, &text);
                }
            }
        }
    }
}
