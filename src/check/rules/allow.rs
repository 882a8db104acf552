//! `# envseal: allow RULE`: the reviewed way to silence one finding.

use super::rule::Rule;
use crate::dotenv::Mark;

/// Whether a line of text (of an env file or any other) allows this rule. The mark stands behind a `#`, in any
/// file: `//`, `--` and other comment signs may come before it.
pub(crate) fn allows(line: &[u8], rule: Rule) -> bool {
    rule.can_be_allowed() && Mark::all(line).any(|mark| mark == Mark::Allow(rule.id()))
}

/// The text of a line, numbered from 1.
pub(crate) fn line_of(text: &[u8], line: usize) -> &[u8] {
    text.split(|b| *b == b'\n').nth(line.saturating_sub(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_names_its_rule() {
        assert!(allows(b"A=1 # envseal: allow plaintext", Rule::Plaintext));
        assert!(allows(b"key: x  # why # envseal: allow private-key\r", Rule::PrivateKey));
        assert!(allows(b"let key = \"x\"; // # envseal: allow private-key", Rule::PrivateKey));
        assert!(!allows(b"A=1 # envseal: allow plaintext", Rule::DuplicateName));
        assert!(!allows(b"A=1 # envseal: allow public-key-changed", Rule::PublicKeyChanged));
        assert!(!allows(b"A=1 envseal: allow plaintext", Rule::Plaintext));
        assert_eq!(line_of(b"a\nb\n", 2), b"b");
        assert_eq!(line_of(b"a", 7), b"");
    }
}
