//! Expanding references: `$NAME`, `${NAME}`, `${NAME:-text}`, `-`, `:+` and `+`, nested.
//!
//! As dotenvx 2.38 does it: a braced reference holds no other brace once the references inside it are
//! resolved, the first operator in it ends the name, an unset name is empty, and `\$` is a dollar sign.
//! A bare `$NAME` is resolved in an operator's text, but is part of the name before it: `${$A}` is unset.
//! Unlike dotenvx, text that a reference brought in is never scanned again, so no value can refer to another,
//! and a reference ends where it is written, whatever stands behind it.

use std::collections::BTreeSet;

use zeroize::{Zeroize, Zeroizing};

use super::name::is_name_byte;

/// How deep references nest; one deeper is text. Each level reads what is inside it, so this bounds the work.
const MAX_DEPTH: usize = 64;

/// What a name stands for while a value is expanded.
pub enum Found<'a> {
    /// It has this value.
    Value(&'a [u8]),
    /// It has none: empty, or the operator's text.
    Unset,
    /// This value may not refer to it: the reference stays as text.
    Text,
}

/// Expands the references in `text`, a value as read from a source whose quote expands.
///
/// `look_up` is asked for each name, in the order in which they are met; it may be asked for any text that
/// stands where a name should, also one that no variable can have.
pub fn expand<'a>(text: &[u8], look_up: &mut dyn FnMut(&str) -> Found<'a>) -> Zeroizing<Vec<u8>> {
    expand_each(text, &mut |name, _| look_up(name))
}

/// As [`expand`]; `look_up` is told the operator too.
fn expand_each(text: &[u8], look_up: &mut LookUp<'_, '_>) -> Zeroizing<Vec<u8>> {
    if memchr::memchr(b'$', text).is_none() {
        return Zeroizing::new(text.to_vec());
    }
    let mut out = Output::with_room(text.len() * 2);
    let mut closed = closed_braces(text).into_iter().peekable();
    let mut open_braces: Vec<OpenBrace> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            (b'$', Some(b'{')) if closed.next_if_eq(&at).is_some() => {
                open_braces.push(OpenBrace { start: out.len(), in_name: true });
                out.push_raw(b"${");
                at += 2;
            }
            (b'$', Some(first)) if is_bare_start(*first) && !out.ends_with_raw(b'\\') => {
                let end = bare_end(text, at + 1);
                let start = out.len();
                out.push_raw(&text[at..end]);
                if !open_braces.last().is_some_and(|brace| brace.in_name) {
                    out.resolve(start, start + 1, look_up);
                }
                at = end;
            }
            (b'}', _) => {
                at += 1;
                match open_braces.pop() {
                    Some(OpenBrace { start, .. }) if out.len() > start + 2 => {
                        out.resolve(start, start + 2, look_up);
                    }
                    // `${}` is text, and no reference encloses text that holds a brace.
                    _ => {
                        out.push_raw(b"}");
                        open_braces.clear();
                    }
                }
            }
            (byte, _) => {
                if let (b'-' | b'+', Some(brace)) = (byte, open_braces.last_mut()) {
                    brace.in_name = false;
                }
                out.push_raw(&[byte]);
                at += 1;
            }
        }
    }
    out.finish()
}

/// The names that a text refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum References {
    /// These, possibly none.
    Names(BTreeSet<String>),
    /// A name is put together from another reference's value (`${A_${B}}`), so nobody can list them.
    Computed,
}

/// Lists the names that `text` (a value as read from a source whose quote expands) refers to, in whichever
/// branch. Text that stands where a name should but is none is left out: it is always unset.
pub fn references(text: &[u8]) -> References {
    // A mark that no name holds stands in for every value, so a name built from one gives itself away.
    const VALUE: &[u8] = b"\0";
    let mut names = BTreeSet::new();
    let mut computed = false;
    let mut collect = |name: &str, answer: Found<'static>| {
        computed |= name.contains('\0');
        if !name.is_empty() && name.bytes().all(is_name_byte) {
            names.insert(name.to_owned());
        }
        answer
    };
    expand(text, &mut |name| collect(name, Found::Value(VALUE)));
    if computed { References::Computed } else { References::Names(names) }
}

/// Lists the names that `text` refers to without saying, by an operator, what holds where they are unset.
pub fn required(text: &[u8]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    expand_each(text, &mut |name, operator| {
        if matches!(operator, Operator::None) && !name.is_empty() && name.bytes().all(is_name_byte) {
            names.insert(name.to_owned());
        }
        Found::Unset
    });
    names
}

type LookUp<'f, 'a> = dyn FnMut(&str, Operator) -> Found<'a> + 'f;

/// A braced reference whose end has not been reached.
struct OpenBrace {
    /// Where its `${` stands in the output.
    start: usize,
    /// Whether no operator has been met yet.
    in_name: bool,
}

/// Where each `${` stands that a `}` closes with no other brace between them but those of such references.
fn closed_braces(text: &[u8]) -> Vec<usize> {
    let (mut open, mut closed) = (Vec::new(), Vec::new());
    for at in memchr::memchr3_iter(b'$', b'{', b'}', text) {
        match text[at] {
            b'$' if text.get(at + 1) == Some(&b'{') && (at == 0 || text[at - 1] != b'\\') => {
                // One level too deep is a brace like any other.
                if open.len() < MAX_DEPTH {
                    open.push(at);
                }
            }
            b'{' if open.last().is_some_and(|start| start + 1 == at) => {}
            b'}' if open.last().is_some_and(|start| start + 2 < at) => closed.extend(open.pop()),
            b'$' => {}
            _ => open.clear(),
        }
    }
    closed.sort_unstable();
    closed
}

fn is_bare_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn bare_end(text: &[u8], start: usize) -> usize {
    let len = text[start..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    start + len
}

/// The expanded text so far, each byte marked as raw (it stood in the value) or brought in by a reference.
struct Output {
    bytes: Zeroizing<Vec<u8>>,
    raw: Vec<bool>,
}

impl Output {
    fn with_room(room: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(room)), raw: Vec::with_capacity(room) }
    }

    fn len(&self) -> usize {
        self.bytes.len()
    }

    fn ends_with_raw(&self, byte: u8) -> bool {
        self.bytes.last() == Some(&byte) && self.raw.last() == Some(&true)
    }

    fn push_raw(&mut self, text: &[u8]) {
        self.push(text, true);
    }

    fn push(&mut self, text: &[u8], raw: bool) {
        if self.bytes.capacity() - self.bytes.len() < text.len() {
            // Growing in place would leave the old copy behind in freed memory.
            let mut larger = Vec::with_capacity((self.bytes.len() + text.len()) * 2);
            larger.extend_from_slice(&self.bytes);
            self.bytes.zeroize();
            self.bytes = Zeroizing::new(larger);
        }
        self.bytes.extend_from_slice(text);
        self.raw.resize(self.bytes.len(), raw);
    }

    /// Puts the value of the reference whose text starts at `start`, and its inside at `inside`, in its place.
    fn resolve(&mut self, start: usize, inside: usize, look_up: &mut LookUp<'_, '_>) {
        let (name_end, operator) = self.operator(inside);
        let found = match std::str::from_utf8(&self.bytes[inside..name_end]) {
            Ok(name) => look_up(name, operator),
            Err(_) => Found::Unset,
        };
        let value: &[u8] = match found {
            Found::Text => {
                let closing: &[u8] = if inside - start == 2 { b"}" } else { b"" };
                self.push_raw(closing);
                self.settle(start);
                return;
            }
            Found::Value(value) => value,
            Found::Unset => b"",
        };
        let is_set = matches!(found, Found::Value(_));
        let takes_text = match operator {
            Operator::None => false,
            Operator::IfEmpty => value.is_empty(),
            Operator::IfUnset => !is_set,
            Operator::IfNotEmpty => !value.is_empty(),
            Operator::IfSet => is_set,
        };
        if takes_text {
            let text = name_end + operator.len();
            self.bytes.drain(start..text);
            self.raw.drain(start..text);
            self.settle(start);
        } else {
            let keep = matches!(operator, Operator::None | Operator::IfEmpty | Operator::IfUnset);
            self.truncate(start);
            self.push(if keep { value } else { b"" }, false);
        }
    }

    /// The first operator from `inside` on that stood in the value itself, and where it starts.
    fn operator(&self, inside: usize) -> (usize, Operator) {
        let raw = |at: usize, byte: u8| self.bytes.get(at) == Some(&byte) && self.raw[at];
        for at in inside..self.len() {
            if raw(at, b':') && raw(at + 1, b'-') {
                return (at, Operator::IfEmpty);
            } else if raw(at, b':') && raw(at + 1, b'+') {
                return (at, Operator::IfNotEmpty);
            } else if raw(at, b'-') {
                return (at, Operator::IfUnset);
            } else if raw(at, b'+') {
                return (at, Operator::IfSet);
            }
        }
        (self.len(), Operator::None)
    }

    /// Resolves `\$` from `start` on and marks that text as done: nothing in it is scanned again.
    fn settle(&mut self, start: usize) {
        let mut kept = start;
        for at in start..self.len() {
            let escape = self.raw[at] && self.bytes[at] == b'$' && kept > start && {
                self.raw[kept - 1] && self.bytes[kept - 1] == b'\\'
            };
            kept -= usize::from(escape);
            self.bytes[kept] = self.bytes[at];
            self.raw[kept] = self.raw[at] && !escape;
            kept += 1;
        }
        self.truncate(kept);
        self.raw[start..].fill(false);
    }

    fn truncate(&mut self, len: usize) {
        self.bytes[len..].zeroize();
        self.bytes.truncate(len);
        self.raw.truncate(len);
    }

    fn finish(mut self) -> Zeroizing<Vec<u8>> {
        self.settle(0);
        self.bytes
    }
}

#[derive(Clone, Copy)]
enum Operator {
    None,
    /// `:-`
    IfEmpty,
    /// `-`
    IfUnset,
    /// `:+`
    IfNotEmpty,
    /// `+`
    IfSet,
}

impl Operator {
    fn len(self) -> usize {
        match self {
            Self::None => 0,
            Self::IfUnset | Self::IfSet => 1,
            Self::IfEmpty | Self::IfNotEmpty => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> String {
        let out = expand(text.as_bytes(), &mut |name| match name {
            "A" => Found::Value(b"a"),
            "EMPTY" => Found::Value(b""),
            "EVIL" => Found::Value(b"$A ${A} \\$A }"),
            "SECRET" => Found::Text,
            "X_a" => Found::Value(b"indirect"),
            _ => Found::Unset,
        });
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn operators() {
        for (text, want) in [
            ("$A-${A}", "a-a"),
            ("${NO:-d}${EMPTY:-d}${A:-d}", "dda"),
            ("${NO-d}${EMPTY-d}${A-d}", "da"),
            ("${NO:+d}${EMPTY:+d}${A:+d}", "d"),
            ("${NO+d}${EMPTY+d}${A+d}", "dd"),
            ("${NO:?msg}", ""),
            ("${NO:-${EMPTY:-$A}}", "a"),
            ("${NO:-{}}", "${NO:-{}}"),
            ("${}${A", "${}${A"),
            ("${A", "${A"),
            ("$$A$", "$a$"),
            ("$1$", "$1$"),
            ("${X_${A}}", "indirect"),
            ("${$A}${A$A}${$A:-d}${NO:-x$A}", "dxa"),
            ("${$A ${A$A {", "${a ${Aa {"),
            ("${$A{}}", "${a{}}"),
            ("${NO:-$A}x", "ax"),
            ("{$A}", "{a}"),
        ] {
            assert_eq!(expanded(text), want, "{text}");
        }
    }

    #[test]
    fn a_backslash_makes_a_dollar_sign() {
        assert_eq!(expanded(r"\$A \${A} ${NO:-\$A} \\$A"), r"$A ${A} $A \$A");
    }

    #[test]
    fn what_a_reference_brings_in_is_never_scanned() {
        assert_eq!(expanded("$EVIL${NO:-$EVIL}"), "$A ${A} \\$A }$A ${A} \\$A }");
        assert_eq!(expanded("${NO:-$EVIL} ${A}"), "$A ${A} \\$A } a");
    }

    #[test]
    fn a_name_outside_the_list_stays_text() {
        assert_eq!(expanded("$SECRET ${SECRET} ${SECRET:-$A}"), "$SECRET ${SECRET} ${SECRET:-a}");
        assert_eq!(expanded("${NO:-${SECRET}}"), "${SECRET}");
    }

    #[test]
    fn deep_nesting_costs_no_more_than_length() {
        let nested = |depth: usize| format!("{}x{}", "${NO:-y".repeat(depth), "}".repeat(depth));
        assert_eq!(expanded(&nested(MAX_DEPTH)), format!("{}x", "y".repeat(MAX_DEPTH)));
        assert!(expanded(&nested(MAX_DEPTH + 1)).contains('$'));
        let start = std::time::Instant::now();
        expanded(&nested(100_000));
        assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    }

    #[test]
    fn names_with_an_operator_are_not_required() {
        let names = |text: &str| required(text.as_bytes()).into_iter().collect::<Vec<_>>().join(",");
        assert_eq!(names("S3cret$Hunter2word"), "Hunter2word");
        assert_eq!(names("$B${C} ${A:-x}${A-}${A:+$D}${A+} \\$E $1 $ '$F'"), "B,C,D,F");
    }

    #[test]
    fn references_are_listed_in_every_branch() {
        let names = |text: &str| match references(text.as_bytes()) {
            References::Names(names) => names.into_iter().collect::<Vec<_>>().join(","),
            References::Computed => "computed".into(),
        };
        assert_eq!(names("x"), "");
        assert_eq!(names("$B${A:-${C+$D}} \\$E \\${F} ${NO:?msg}"), "A,B,C,D");
        assert_eq!(names("${A_${B}}"), "computed");
        assert_eq!(names("${A:-x${B}}"), "A,B");
        assert_eq!(names("${$A}${A$B:-$C}"), "C");
    }
}
