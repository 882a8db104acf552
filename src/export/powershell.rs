//! `$env:NAME = 'value'` for `… | Out-String | Invoke-Expression` in `PowerShell`, Windows' own 5.1 included.
//!
//! The output is printable ASCII, one line a variable, so that it survives being piped line by line and decoded by
//! whatever code page the console has. Within single quotes only a single quote is special, and is doubled; U+2018,
//! U+2019, U+201A and U+201B count as one too (`about_Quoting_Rules`, and `CharTraits` in its tokenizer). Those, like
//! line breaks, control characters and everything beyond ASCII, are written as UTF-16 units: `[char]10`. The parts are
//! put together by one flat `-join (…)`: a chain of `+` would nest as deep as the value has line breaks.
//!
//! Before `PowerShell` 7.5 an empty value removes the variable: no assignment there can hold it.

use std::io::Write as _;

use zeroize::Zeroizing;

use super::out::{Out, sized};
use super::{ExportError, Format, Variable};

pub(super) fn write(vars: &[Variable<'_>]) -> Result<Zeroizing<Vec<u8>>, ExportError> {
    let mut texts = Vec::with_capacity(vars.len());
    for var in vars {
        var.identifier(Format::Powershell)?;
        var.no_nul(Format::Powershell)?;
        texts.push((var.name, var.text(Format::Powershell)?));
    }
    Ok(sized(|out| {
        for (name, value) in &texts {
            out.put("$env:");
            out.put(name);
            out.put(" = ");
            expression(value, out);
            out.put("\n");
        }
    }))
}

fn expression(value: &str, out: &mut Out) {
    if value.chars().all(literal) {
        return quote(value, out);
    }
    out.put("-join (");
    let mut rest = value;
    let mut separator = "";
    while let Some(first) = rest.chars().next() {
        out.put(separator);
        separator = ", ";
        if literal(first) {
            let end = rest.find(|c| !literal(c)).unwrap_or(rest.len());
            quote(&rest[..end], out);
            rest = &rest[end..];
        } else {
            units(first, out);
            rest = &rest[first.len_utf8()..];
        }
    }
    out.put(")");
}

fn literal(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic()
}

fn quote(text: &str, out: &mut Out) {
    out.put("'");
    out.put_escaped(text.as_bytes(), |byte| (byte == b'\'').then_some("''"));
    out.put("'");
}

fn units(c: char, out: &mut Out) {
    let mut separator = "";
    for unit in c.encode_utf16(&mut [0; 2]) {
        write!(out, "{separator}[char]{unit}").expect("the buffer takes every write");
        separator = ", ";
    }
}
