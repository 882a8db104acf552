//! Random texts for a `.env` reader.

use proptest::prelude::*;

/// Texts made of pieces to which the dialect is sensitive.
#[rustfmt::skip]
pub(crate) fn dialect() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "A", "B_1", "PATH", "c.d-e", "export", " ", "  ", "\t", "=", "=", "=", ":", ": ", "#", " #", "'", "\"",
        "`", "\\'", "\\\"", "\\`", "\\", "\\n", "\n", "\n", "\n", "\r\n", "\r", "x", "$A", "${A}", "${A:-",
        "}", "\u{feff}", "\u{a0}", "é", "envseal:1:x", "#!/bin/sh\n",
    ]);
    let pieces = |size| prop::collection::vec(piece.clone(), size).prop_map(|pieces| pieces.concat());
    let start = prop::sample::select(vec![
        "A=", "PATH=", "B_1 = ", "export C=", "d.e: ", "A='", "B=\"", "C=`", "=", "",
    ]);
    let line = (start, pieces(0..6), prop::sample::select(vec!["\n", "\r\n", "'\n", "\"\n", "` # c\n", ""]))
        .prop_map(|(start, middle, end)| [start, &middle, end].concat());
    prop_oneof![pieces(0..40), prop::collection::vec(line, 0..8).prop_map(|lines| lines.concat())]
}

/// Files that a person would write: every line is a statement, a comment or blank.
#[rustfmt::skip]
pub(crate) fn statements() -> impl Strategy<Value = String> {
    let text = prop::collection::vec(
        prop::sample::select(vec![
            "x", " ", "é", "$A", "${A}", "${B:-$A}", "${C+${A}}", "\\$A", "\\", "\\n", "$", "{", "}", "$$A",
            "${B:=$A}", "${A?}", "${A", "%", "=", ":", "-", "(", "a b",
        ]),
        0..6,
    )
    .prop_map(|pieces| pieces.concat());
    let value =
        (text, prop::sample::select(vec!["", "'", "\"", "`", "'\n", "\"\r\n"])).prop_map(|(text, quote)| {
            let close = quote.get(..1).unwrap_or("");
            if close.is_empty() { text } else { format!("{quote}{text}#{}{close}", &quote[1..]) }
        });
    let start = prop::sample::select(vec![
        "A=", "A=", "B = ", "export C=", "d.e: ", " \tE=", "PATH=", "ENVSEAL_X=", "A=\n",
    ]);
    let end = prop::sample::select(vec!["", "", "  ", " # c", "\t#'c", " # envseal: plain", "\n\n# it's\n"]);
    let line = (start, value, end).prop_map(|(start, value, end)| [start, &value, end].concat());
    let eol = prop::sample::select(vec!["\n", "\n", "\r\n", "\r"]);
    let head = prop::sample::select(vec!["", "", "\u{feff}", "#!/bin/sh\n", "\n\n", "# it's\n"]);
    (head, prop::collection::vec(line, 1..7), eol, any::<bool>()).prop_map(|(head, lines, eol, ended)| {
        format!("{head}{}{}", lines.join(eol), if ended { eol } else { "" })
    })
}
