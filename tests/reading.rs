//! The reader is held to a regex engine that runs dotenv's own line pattern, and the document to its promises.

use envseal::dotenv::{Document, Edit, Found, expand, quote, read};
use proptest::prelude::*;

/// dotenv's pattern, as dotenvx 2.38 runs it over text whose line ends are `\n`.
///
/// The white space is ECMAScript's, written out: another engine's `\s` lacks the byte order mark.
fn dotenv_pattern() -> regex::Regex {
    let s =
        r"[\t\n\x0b\x0c\r \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}]";
    let pattern = format!(
        r#"(?m)^{s}*(?:export{s}+)?([A-Za-z0-9_.-]+)(?:{s}*={s}*?|:{s}+?)({s}*'(?:\\'|[^'])*'|{s}*"(?:\\"|[^"])*"|{s}*`(?:\\`|[^`])*`|[^#\r\n]+)?{s}*(?:#(?:.*))?$"#
    );
    regex::Regex::new(&pattern).unwrap()
}

fn js_trim(text: &str) -> &str {
    text.trim_matches(|c: char| {
        matches!(
            c,
            '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'
                ..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}'
        )
    })
}

/// Each statement's name and the value's text as the pattern captures it, trimmed.
fn by_pattern(pattern: &regex::Regex, text: &str) -> Vec<(String, String)> {
    let normal = text.replace("\r\n", "\n").replace('\r', "\n");
    pattern
        .captures_iter(&normal)
        .map(|c| (c[1].to_owned(), js_trim(c.get(2).map_or("", |m| m.as_str())).to_owned()))
        .collect()
}

fn by_document(text: &str) -> Vec<(String, String)> {
    let document = Document::parse(text.as_bytes().to_vec()).unwrap();
    let source = |entry| {
        let source = std::str::from_utf8(document.source(entry)).unwrap();
        js_trim(&source.replace("\r\n", "\n").replace('\r', "\n")).to_owned()
    };
    document.entries().iter().map(|e| (document.name(e).to_owned(), source(e))).collect()
}

/// Texts made of the pieces the dialect is sensitive to.
fn dialect() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "A",
        "B_1",
        "c.d-e",
        "export",
        " ",
        "  ",
        "\t",
        "=",
        "=",
        "=",
        ":",
        ": ",
        "#",
        " #",
        "'",
        "\"",
        "`",
        "\\'",
        "\\\"",
        "\\`",
        "\\",
        "\\n",
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "x",
        "$A",
        "${A}",
        "${A:-",
        "}",
        "\u{feff}",
        "\u{a0}",
        "é",
        "envseal:1:x",
        "#!/bin/sh\n",
    ]);
    let pieces = |size| prop::collection::vec(piece.clone(), size).prop_map(|pieces| pieces.concat());
    let start =
        prop::sample::select(vec!["A=", "B_1 = ", "export C=", "d.e: ", "A='", "B=\"", "C=`", "=", ""]);
    let line = (start, pieces(0..6), prop::sample::select(vec!["\n", "\r\n", "'\n", "\"\n", "` # c\n", ""]))
        .prop_map(|(start, middle, end)| [start, &middle, end].concat());
    prop_oneof![pieces(0..40), prop::collection::vec(line, 0..8).prop_map(|lines| lines.concat())]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reads_what_dotenvs_pattern_reads(text in dialect()) {
        thread_local!(static PATTERN: regex::Regex = dotenv_pattern());
        let want = PATTERN.with(|pattern| by_pattern(pattern, &text));
        prop_assert_eq!(by_document(&text), want, "{:?}", text);
    }

    #[test]
    fn printing_gives_the_bytes_that_were_parsed(text in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(document) = Document::parse(text.clone()) {
            prop_assert_eq!(document.as_bytes(), &text[..]);
        }
    }

    #[test]
    fn an_edit_changes_one_entry_only(text in dialect(), pick in any::<prop::sample::Index>(), new in "[a-z'\" #$]{0,8}") {
        let before = Document::parse(text.into_bytes()).unwrap();
        if before.entries().is_empty() {
            return Ok(());
        }
        let entry = pick.index(before.entries().len());
        let Ok(after) = before.edited(&[Edit::Source { entry, source: new.as_bytes() }]) else { return Ok(()) };
        prop_assert_eq!(before.entries().len(), after.entries().len());
        for (at, (old, now)) in before.entries().iter().zip(after.entries()).enumerate() {
            prop_assert_eq!(before.name(old), after.name(now));
            let want = if at == entry { new.as_bytes() } else { before.source(old) };
            prop_assert_eq!(want, after.source(now));
        }
    }

    #[test]
    fn a_written_value_reads_back(value in prop_oneof![
        "[a-z '\"`$#\\\\{}\n\t=!-]{0,24}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..24),
    ]) {
        let Some(source) = quote(&value) else {
            // Only a carriage return, which no quoting but the double quote's can hold, is beyond the dialect.
            prop_assert!(value.contains(&b'\r') || value.contains(&b'\''), "{:?}", value);
            return Ok(());
        };
        let text = [b"Z=0\nA=", &source[..], b"\nB=1\n"].concat();
        let document = Document::parse(text).unwrap();
        prop_assert_eq!(document.entries().len(), 3);
        let (quoting, read_back) = document.value(&document.entries()[1]);
        let read_back = if quoting.expands() { expand(&read_back, &mut |_| Found::Unset) } else { read_back };
        prop_assert_eq!(&*read_back, &value);
    }

    #[test]
    fn reading_and_expanding_never_panic(source in prop::collection::vec(any::<u8>(), 0..100), tail in dialect()) {
        let source = [source, tail.into_bytes()].concat();
        let (_, value) = read(&source);
        let _ = expand(&value, &mut |name| if name.len() % 2 == 0 { Found::Unset } else { Found::Value(b"$A${") });
    }
}

#[test]
fn ten_megabytes_parse_in_well_under_a_second() {
    let plain = "NAME_OF_A_VARIABLE=some value of ordinary length # and a comment\n".repeat(160_000);
    let hostile_quotes = "A=\"x\\\"y\n".repeat(1_200_000);
    let open_quotes = "A='\n\"`\n".repeat(1_400_000);
    let blank = "\n".repeat(10_000_000) + "x";
    for text in [plain, hostile_quotes, open_quotes, blank] {
        let size = text.len();
        let start = std::time::Instant::now();
        Document::parse(text.into_bytes()).unwrap();
        // An unoptimised build on a busy machine: ten times what a quiet one needs, a fraction of quadratic.
        assert!(start.elapsed().as_secs() < 5, "{size} bytes took {:?}", start.elapsed());
    }
}
