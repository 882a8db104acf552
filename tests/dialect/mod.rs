//! Random texts that a `.env` reader has to make sense of.

use proptest::prelude::*;

/// Texts made of the pieces the dialect is sensitive to.
pub(crate) fn dialect() -> impl Strategy<Value = String> {
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
