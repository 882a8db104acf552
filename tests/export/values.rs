//! Values to test: chosen by hand, and random.

use proptest::prelude::*;

#[rustfmt::skip]
const ADVERSARIAL: [&str; 76] = [
    "", "'", "''", "'\\''", "\"", "\"quoted\"", "'quoted'", "`touch x`", "$(touch x)", "$HOME ${HOME}", "\\",
    "\\\\", "\\'", "a\\", "a\n", "a\n\n\n", "\n", "\n\n", "\na", " a", "a ", "  ", "\ta\t", "#", "# a",
    "a #b", "=", "=a=b=", "%", "%PATH% %s", "!", "!!", "a!b", "~", "*", "? [a]", "a;b|c&d>e<f", "{a,b}", "-n",
    "--", "ünïcödé", "日本語", "🦭", "\u{200b}\u{feff}\u{2028}", "\u{feff}a", "\u{1b}[31mred\u{1b}[0m",
    "\u{7}\u{8}\u{c}\u{7f}\u{85}", "\u{2018}it\u{2019}s\u{201a}\u{201b}",
    "\u{2018}; Write-Output x; \u{2019}", "\u{201c}\u{201d}\u{201e}", "a\r\nb", "a\r\nb\r\n", "a\rb", "\r",
    "a\r", "\u{1}\u{2}\u{81}", "true", "null", "NO", "1e3", "0x10", "-", "ENVSEAL_EOF",
    "a\nENVSEAL_EOF\nPATH=/evil\n", "ENVSEAL_EOF\nENVSEAL_EOF_1\nENVSEAL_EOF_2",
    "a\r\nENVSEAL_EOF\r\nEVIL<<X\r\nevil\r\nX", "a\nENVSEAL_EOF", "ENVSEAL_EOF\n\nB<<E\nevil\nE\n",
    "X<<ENVSEAL_EOF", "-----BEGIN KEY-----\nAAAA\nBBBB\n-----END KEY-----\n", "{\"a\": \"b\\n\"}", "[char]10",
    "') ; evil (", "${env:PATH}", "/a:/b:/c", "\u{fdd0}\u{f600}\u{f6ff}",
];

/// Values that break a writer that forgets a case.
pub(crate) fn adversarial() -> Vec<Vec<u8>> {
    let mut values: Vec<_> = ADVERSARIAL.iter().map(|text| text.as_bytes().to_vec()).collect();
    values.push((1..=255).collect());
    values.push(b"\xff\xfe'\xc3\x28\\".to_vec());
    values.push("'\\\n$x\u{2019}".repeat(12 * 1024).into_bytes());
    values.push(vec![b'x'; 100 * 1024]);
    values
}

/// Any bytes but NUL, with more of those that matter to a shell.
pub(crate) fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        2 => 1..=255u8,
        2 => prop::sample::select(b"'\"\\$`!\n\r #=%(){}[]*?~;&|<>\x01\x7f\x81\x88\x9b".to_vec()),
        1 => prop::sample::select(b"abc019_-".to_vec()),
    ];
    prop::collection::vec(byte, 0..120)
}

/// Valid UTF-8, including unusual characters.
pub(crate) fn text() -> impl Strategy<Value = Vec<u8>> {
    let odd = prop::sample::select(
        "'\"\\$`\n\r\u{2018}\u{2019}\u{201a}\u{201b}\u{2028}\u{feff}\u{85}\u{1b}E<_=#"
            .chars()
            .collect::<Vec<_>>(),
    );
    let one = prop_oneof![any::<char>(), odd, prop::char::range(' ', '~')];
    prop::collection::vec(one.prop_filter("NUL", |c| *c != '\0'), 0..60)
        .prop_map(|chars| chars.into_iter().collect::<String>().into_bytes())
}
