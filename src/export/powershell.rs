//! `$env:NAME = 'value'` for `… | Out-String | Invoke-Expression` in `PowerShell`, Windows' own 5.1 included.
//!
//! The output is printable ASCII, one line for each variable, so that it survives a pipe and any code page of the
//! console. In single quotes only a single quote is special, and is doubled; U+2018, U+2019, U+201A and U+201B count as
//! one (`about_Quoting_Rules`; `CharTraits` in the tokenizer). Those, line breaks, control characters and non-ASCII are
//! written as UTF-16 units: `[char]10`. One flat `-join (…)` joins the parts: a chain of `+` would nest per line break.
//!
//! Before `PowerShell` 7.5 an empty value removes the variable.

use std::io::Write as _;

use super::{Output, Variable};

pub(super) fn put(vars: &[Variable<'_>], out: &mut Output) {
    for var in vars {
        out.put("$env:");
        out.put(var.name);
        out.put(" = ");
        put_expression(var.text(), out);
        out.put("\n");
    }
}

fn put_expression(value: &str, out: &mut Output) {
    if value.chars().all(is_literal) {
        return put_quoted(value, out);
    }
    out.put("-join (");
    let mut rest = value;
    let mut separator = "";
    while let Some(first) = rest.chars().next() {
        out.put(separator);
        separator = ", ";
        if is_literal(first) {
            let end = rest.find(|c| !is_literal(c)).unwrap_or(rest.len());
            put_quoted(&rest[..end], out);
            rest = &rest[end..];
        } else {
            put_units(first, out);
            rest = &rest[first.len_utf8()..];
        }
    }
    out.put(")");
}

fn is_literal(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic()
}

fn put_quoted(text: &str, out: &mut Output) {
    out.put("'");
    out.put_escaped(text.as_bytes(), |byte| (byte == b'\'').then_some("''"));
    out.put("'");
}

fn put_units(c: char, out: &mut Output) {
    let mut separator = "";
    for unit in c.encode_utf16(&mut [0; 2]) {
        write!(out, "{separator}[char]{unit}").expect("the buffer takes every write");
        separator = ", ";
    }
}
