//! Expanding references: `$NAME`, `${NAME}`, and those of POSIX's operators (Shell Command Language, section 2.6.2)
//! that work without assigning or measuring: `${NAME:-text}`, `:=`, `:?`, `:+`, and each without the colon. They nest.
//!
//! `:=` gives the same as `:-` and assigns nothing. Every other `${` is refused, because another reader may read it
//! differently; `\$` is a dollar sign. The value of a reference is never scanned again, so no value can refer to
//! another.

use std::collections::BTreeSet;

use zeroize::{Zeroize, Zeroizing};

use super::name::is_name_byte;

/// How deep references nest.
const MAX_DEPTH: usize = 64;

/// The value of a name while a text is expanded.
pub enum ReferenceValue<'a> {
    Value(&'a [u8]),
    /// Reads as empty, or as the operator's text.
    Unset,
    /// The text may not refer to this name: the reference stays as text.
    Text,
}

/// A value that cannot be expanded. Contains none of its text but a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// A `${` that begins none of the supported forms.
    #[error("unsupported `${{…}}`: write ${{NAME}} or ${{NAME:-text}} (or := :? :+ - = ? + instead of :-)")]
    Malformed,
    /// The variable of `${NAME:?text}` or `${NAME?text}`, which is unset, or empty.
    #[error("it requires {0}, which is empty or not set")]
    Missing(String),
}

/// Expands the references in `text`, a value as read from a source whose quote expands. `look_up` is called for the
/// names that matter, in order of appearance.
pub fn expand<'a>(
    text: &[u8],
    look_up: &mut dyn FnMut(&str) -> ReferenceValue<'a>,
) -> Result<Zeroizing<Vec<u8>>, ExpandError> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() * 2));
    resolve(&parse(text)?, look_up, &mut out)?;
    Ok(out)
}

/// Returns the value of `text` if nothing in it is a reference.
pub(crate) fn unescape(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    for (at, byte) in text.iter().enumerate() {
        if !(*byte == b'\\' && text.get(at + 1) == Some(&b'$')) {
            out.push(*byte);
        }
    }
    out
}

/// Returns the names that `text` (a value as read from a source whose quote expands) refers to, in any branch.
pub fn references(text: &[u8]) -> Result<BTreeSet<String>, ExpandError> {
    names(text, |_| true)
}

/// Returns the names that `text` refers to without an operator for the case that they are unset.
pub(crate) fn required(text: &[u8]) -> Result<BTreeSet<String>, ExpandError> {
    names(text, |operator| operator == Operator::None)
}

fn names(text: &[u8], wants: fn(Operator) -> bool) -> Result<BTreeSet<String>, ExpandError> {
    fn collect(parts: &[Segment<'_>], wants: fn(Operator) -> bool, names: &mut BTreeSet<String>) {
        for part in parts {
            if let Segment::Reference { name, operator, word, .. } = part {
                if wants(*operator) {
                    names.insert((*name).to_owned());
                }
                collect(word, wants, names);
            }
        }
    }
    let mut names = BTreeSet::new();
    collect(&parse(text)?, wants, &mut names);
    Ok(names)
}

enum Segment<'t> {
    Text(&'t [u8]),
    Reference {
        /// The text before the word: `${NAME:-`, or `$NAME`.
        head: &'t [u8],
        name: &'t str,
        operator: Operator,
        /// An empty value counts as unset.
        colon: bool,
        word: Vec<Segment<'t>>,
        /// The text after the word: `}`, or nothing.
        tail: &'static [u8],
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    None,
    /// `-` and `=`
    Default,
    /// `?`
    Required,
    /// `+`
    Alternative,
}

fn resolve<'a>(
    parts: &[Segment<'_>],
    look_up: &mut dyn FnMut(&str) -> ReferenceValue<'a>,
    out: &mut Zeroizing<Vec<u8>>,
) -> Result<(), ExpandError> {
    for part in parts {
        let (head, name, operator, colon, word, tail) = match part {
            Segment::Text(text) => {
                push(out, text);
                continue;
            }
            Segment::Reference { head, name, operator, colon, word, tail } => {
                (head, name, operator, colon, word, tail)
            }
        };
        let value = match look_up(name) {
            ReferenceValue::Text => {
                push(out, head);
                resolve(word, look_up, out)?;
                push(out, tail);
                continue;
            }
            ReferenceValue::Value(value) => Some(value).filter(|value| !(*colon && value.is_empty())),
            ReferenceValue::Unset => None,
        };
        match (operator, value) {
            (Operator::None | Operator::Alternative, None) => {}
            (Operator::Default, None) | (Operator::Alternative, Some(_)) => resolve(word, look_up, out)?,
            (Operator::Required, None) => return Err(ExpandError::Missing((*name).to_owned())),
            (_, Some(value)) => push(out, value),
        }
    }
    Ok(())
}

fn push(out: &mut Zeroizing<Vec<u8>>, text: &[u8]) {
    if out.capacity() - out.len() < text.len() {
        // Growing in place would leave the old copy behind in freed memory.
        let mut larger = Vec::with_capacity((out.len() + text.len()) * 2);
        larger.extend_from_slice(out);
        out.zeroize();
        *out = Zeroizing::new(larger);
    }
    out.extend_from_slice(text);
}

fn parse(text: &[u8]) -> Result<Vec<Segment<'_>>, ExpandError> {
    Parser { text, at: 0 }.parts(0)
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Parser<'t> {
    /// Reads up to the `}` that ends the enclosing reference, or to the end.
    fn parts(&mut self, depth: usize) -> Result<Vec<Segment<'t>>, ExpandError> {
        let (mut parts, mut start) = (Vec::new(), self.at);
        loop {
            let (text, at) = (self.text, self.at);
            let before = Segment::Text(&text[start..at]);
            match &text[at..] {
                [b'\\', b'$', ..] => {
                    parts.push(before);
                    (start, self.at) = (at + 1, at + 2);
                }
                [b'$', b'{', ..] => {
                    parts.extend([before, self.braced(depth)?]);
                    start = self.at;
                }
                [b'$', b'A'..=b'Z' | b'a'..=b'z' | b'_', ..] => {
                    self.at += 1;
                    let name = self.name(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                    let (head, operator, word) = (&text[at..self.at], Operator::None, Vec::new());
                    let reference =
                        Segment::Reference { head, name, operator, colon: false, word, tail: b"" };
                    parts.extend([before, reference]);
                    start = self.at;
                }
                // Some readers would expect this brace to be closed, too.
                [] | [b'{', ..] if depth > 0 => return Err(ExpandError::Malformed),
                [b'}', ..] if depth == 0 => self.at += 1,
                [] | [b'}', ..] => {
                    parts.push(before);
                    return Ok(parts);
                }
                _ => self.at += 1,
            }
        }
    }

    /// Reads from `${` to its `}`.
    fn braced(&mut self, depth: usize) -> Result<Segment<'t>, ExpandError> {
        let start = self.at;
        self.at += 2;
        let name = self.name(|byte| byte != b'-' && is_name_byte(byte));
        let colon = self.text.get(self.at) == Some(&b':');
        self.at += usize::from(colon);
        let operator = match self.text.get(self.at) {
            Some(b'}') if !colon => Operator::None,
            Some(b'-' | b'=') => Operator::Default,
            Some(b'?') => Operator::Required,
            Some(b'+') => Operator::Alternative,
            _ => return Err(ExpandError::Malformed),
        };
        if name.is_empty() || depth == MAX_DEPTH {
            return Err(ExpandError::Malformed);
        }
        self.at += usize::from(operator != Operator::None);
        let head = &self.text[start..self.at];
        let word = self.parts(depth + 1)?;
        self.at += 1;
        Ok(Segment::Reference { head, name, operator, colon, word, tail: b"}" })
    }

    fn name(&mut self, is_of_name: fn(u8) -> bool) -> &'t str {
        let start = self.at;
        self.at += self.text[start..].iter().take_while(|byte| is_of_name(**byte)).count();
        std::str::from_utf8(&self.text[start..self.at]).expect("names are ASCII")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn try_expanded(text: &str) -> Result<String, ExpandError> {
        let out = expand(text.as_bytes(), &mut |name| match name {
            "A" | "d.e" => ReferenceValue::Value(b"a"),
            "EMPTY" => ReferenceValue::Value(b""),
            "EVIL" => ReferenceValue::Value(b"$A ${A} \\$A }"),
            "SECRET" => ReferenceValue::Text,
            _ => ReferenceValue::Unset,
        });
        Ok(String::from_utf8(out?.to_vec()).unwrap())
    }

    fn expanded(text: &str) -> String {
        try_expanded(text).unwrap()
    }

    #[test]
    fn references_are_expanded() {
        for (text, want) in [
            ("$A-${A}${d.e}", "a-aa"),
            ("${NO:-d}${EMPTY:-d}${A:-d}", "dda"),
            ("${NO-d}${EMPTY-d}${A-d}", "da"),
            ("${NO:=d}${EMPTY:=d}${A:=d}${NO}", "dda"),
            ("${NO=d}${EMPTY=d}${A=d}${NO}", "da"),
            ("${NO:+d}${EMPTY:+d}${A:+d}", "d"),
            ("${NO+d}${EMPTY+d}${A+d}", "dd"),
            ("${A:?d}${A?d}${EMPTY?d}${A:?}${A?}", "aaaa"),
            ("${NO:-${EMPTY:-$A}}", "a"),
            ("${A:-${NO:?d}}${NO:+${NO:?d}}", "a"),
            ("${NO:--}${NO-:=?}", "-:=?"),
            ("$$A$", "$a$"),
            ("$1$ } {}", "$1$ } {}"),
            ("${NO:-$A}x", "ax"),
            ("{$A}", "{a}"),
            // A backslash makes a dollar sign.
            (r"\$A \${A} ${NO:-\$A} \\$A", r"$A ${A} $A \$A"),
            // A value that a reference brings in is never scanned.
            ("$EVIL${NO:-$EVIL}", "$A ${A} \\$A }$A ${A} \\$A }"),
            ("${NO:-$EVIL} ${A}", "$A ${A} \\$A } a"),
            // A name outside the list stays text.
            ("$SECRET ${SECRET} ${SECRET:-$A}", "$SECRET ${SECRET} ${SECRET:-a}"),
            ("${NO:-${SECRET}}${SECRET:?\\$x}", "${SECRET}${SECRET:?$x}"),
        ] {
            assert_eq!(expanded(text), want, "{text}");
        }
        for text in ["${NO:?d}", "${EMPTY:?d}", "${NO?d}", "${NO:-${NO?}}", "${NO:?$A}", "x${NO:?$SECRET}"] {
            let missing = if text.contains("EMPTY") { "EMPTY" } else { "NO" };
            assert_eq!(try_expanded(text), Err(ExpandError::Missing(missing.into())), "{text}");
        }
    }

    #[test]
    fn all_else_in_braces_is_refused() {
        let refused = "${A:0:2}|${A^^}|${A,,}|${!A}|${A[0]}|${#A}|${A%x}|${A#x}|${A/x/y}|${A@Q}|${A:}|${A:x}|${ A }|\
                       ${}|${-}|${:-x}|${$A}|${A$A}|${X_${A}}|${NO:-{}}|${NO:-\\${x}}|${{A}}|${é}|${A\n}|${A\\$}|\
                       ${NO:-${A:0:2}}|${NO:?${A:0:2}}|${SECRET:1}|${|${A|${A ${A}|${A:-|${A:";
        for text in refused.split('|') {
            assert_eq!(try_expanded(text), Err(ExpandError::Malformed), "{text}");
            assert_eq!(references(text.as_bytes()), Err(ExpandError::Malformed), "{text}");
            assert_eq!(*unescape(text.as_bytes()), text.replace("\\$", "$").into_bytes());
        }
    }

    #[test]
    fn what_outgrows_its_buffer_is_moved_and_wiped() {
        let mut out = Zeroizing::new(Vec::with_capacity(4));
        push(&mut out, b"abcd");
        assert_eq!(out.capacity(), 4);
        push(&mut out, b"e");
        assert_eq!((out.as_slice(), out.capacity()), (&b"abcde"[..], 10));
    }

    #[test]
    fn deep_nesting_costs_no_more_than_length() {
        let nested = |depth: usize| format!("{}x{}", "${NO:-y".repeat(depth), "}".repeat(depth));
        assert_eq!(expanded(&nested(MAX_DEPTH)), format!("{}x", "y".repeat(MAX_DEPTH)));
        assert_eq!(try_expanded(&nested(MAX_DEPTH + 1)), Err(ExpandError::Malformed));
        let start = std::time::Instant::now();
        let _ = try_expanded(&nested(1_000_000));
        let _ = try_expanded(&"${NO:-y".repeat(1_000_000));
        assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    }

    #[test]
    fn references_are_listed_in_every_branch_and_required_without_an_operator() {
        for (text, all, without_operator) in [
            ("x", "", ""),
            ("$B${A:-${C+$D}} \\$E \\${F} ${G:?msg}", "A,B,C,D,G", "B,D"),
            ("S3cret$Hunter2word", "Hunter2word", "Hunter2word"),
            ("$B${C} ${A:-x}${A-}${A:+$D}${A+}${A:?}${A=} \\$E $1 $ '$F'", "A,B,C,D,F", "B,C,D,F"),
        ] {
            let joined = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(",");
            assert_eq!(joined(references(text.as_bytes()).unwrap()), all, "{text}");
            assert_eq!(joined(required(text.as_bytes()).unwrap()), without_operator, "{text}");
        }
    }
}
