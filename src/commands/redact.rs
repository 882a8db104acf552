//! What `run --redact` masks.

use super::Context;
use crate::check::rules::{MIN_MASKED, spellings};
use crate::exec::Forms;
use crate::project::Reading;

/// The forms of every sealed value, also of those that the program is not given: another variable may hold the same.
/// Tells of values that are too short.
pub(super) fn forms(context: &Context, reading: &Reading<'_>) -> Forms {
    let mut short = Vec::new();
    let mut secrets = Vec::new();
    for (name, value) in reading.sealed() {
        let forms = spellings(value);
        if !forms.is_empty() {
            secrets.push((name.to_owned(), forms));
        } else if !value.is_empty() {
            short.push(name);
        }
    }
    if !short.is_empty() {
        context.ui.note(format_args!("shorter than {MIN_MASKED} bytes and not masked: {}", short.join(", ")));
    }
    Forms::new(secrets)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::exec::Masker;

    /// Percent-encodes every byte that `kept` does not match.
    fn percent(value: &str, upper: bool, kept: &str) -> String {
        value
            .bytes()
            .map(|byte| match char::from(byte) {
                c if c.is_ascii_alphanumeric() || kept.contains(c) => c.to_string(),
                _ if upper => format!("%{byte:02X}"),
                _ => format!("%{byte:02x}"),
            })
            .collect()
    }

    /// JSON-escapes what must be, and what `more` names: `html`, `ascii`, `slash`.
    fn json(value: &str, upper: bool, more: &str) -> String {
        let unit = |unit: u16| if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
        let whole = serde_json::to_string(value).unwrap();
        whole[1..whole.len() - 1]
            .chars()
            .map(|c| match c {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if more.contains("html") => unit(c as u16),
                '/' if more.contains("slash") => "\\/".into(),
                '\u{80}'.. if more.contains("ascii") => {
                    c.encode_utf16(&mut [0; 2]).iter().map(|u| unit(*u)).collect()
                }
                _ => c.to_string(),
            })
            .collect()
    }

    /// What docs/redact.md says is masked, of a value in one line.
    fn claimed(value: &str) -> Vec<String> {
        let mut texts = vec![value.to_owned()];
        for upper in [false, true] {
            let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
            texts.push(if upper { hex.to_uppercase() } else { hex });
            for kept in ["-._~", "-._~/", "-._~!*'()", "-._~!*'();,/?:@&=+$#", "-._~$&+=:@"] {
                texts.push(percent(value, upper, kept));
            }
            for form in ["-._~", "-._*", "-._"] {
                texts.push(percent(value, upper, form).replace("%20", "+"));
            }
            for more in
                ["", "slash", "html", "html slash", "ascii", "ascii slash", "ascii html", "ascii html slash"]
            {
                texts.push(json(value, upper, more));
            }
        }
        texts
    }

    /// Masks `text`, given in these chunks.
    fn masked<'a>(forms: &Arc<Forms>, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let (mut masker, mut out) = (Masker::new(Arc::clone(forms), 8), Vec::new());
        chunks.into_iter().for_each(|chunk| masker.push(chunk, &mut out));
        masker.finish(&mut out);
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_the_docs_claim_is_masked_however_it_is_split(
            // Characters that some encoder treats in its own way, and any others that are shown.
            value in "([-a-z ._~!*'();,/?:@&=+$#<>\"\\\\|\u{2028}\u{2029}é😀]|[^\\p{C}\u{7f}]){3,12}",
            sizes in vec(1_usize..9, 1..6),
        ) {
            prop_assume!(value.len() >= MIN_MASKED);
            let forms = Arc::new(Forms::new(vec![("NAME".to_owned(), spellings(value.as_bytes()))]));
            for form in claimed(&value) {
                // No form has a line end.
                let text = format!("\n{form}\n").into_bytes();
                let in_sizes = {
                    let mut rest = &text[..];
                    let mut sizes = sizes.iter().cycle();
                    std::iter::from_fn(move || {
                        let size = (*sizes.next()?).min(rest.len());
                        let chunk = rest.split_off(..size)?;
                        (!chunk.is_empty()).then_some(chunk)
                    })
                };
                prop_assert_eq!(masked(&forms, in_sizes), b"\n[NAME]\n", "{}", form);
                for at in 0..=text.len() {
                    let (one, other) = text.split_at(at);
                    prop_assert_eq!(masked(&forms, [one, other]), b"\n[NAME]\n", "{} at {}", form, at);
                }
            }
        }
    }
}
