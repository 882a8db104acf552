//! envseal's marks in inline comments: `# envseal: plain` and `# envseal: allow RULE`.

/// What an inline comment tells envseal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark<'a> {
    /// The value is not secret.
    Plain,
    /// One finding of this rule is accepted on this line.
    Allow(&'a str),
}

impl<'a> Mark<'a> {
    /// The text that marks a value as plain.
    pub const PLAIN_COMMENT: &'static str = "# envseal: plain";

    /// The marks in a comment (`#` included): each stands behind a `#` of its own.
    pub fn all(comment: &'a [u8]) -> impl Iterator<Item = Self> {
        comment.split(|b| *b == b'#').filter_map(Self::parse)
    }

    /// Whether the comment marks its value as plain.
    pub fn is_plain(comment: Option<&[u8]>) -> bool {
        comment.is_some_and(|c| Mark::all(c).any(|mark| mark == Mark::Plain))
    }

    /// The comment without its plain mark, or nothing if no other text is left. Blanks before what is
    /// taken out go with it.
    pub fn without_plain(comment: &[u8]) -> Option<Vec<u8>> {
        let kept: Vec<_> = comment
            .split(|b| *b == b'#')
            .skip(1)
            .filter(|part| Mark::parse(part) != Some(Mark::Plain))
            .collect();
        let text = kept.iter().flat_map(|part| [b"#", *part].concat()).collect::<Vec<_>>();
        (!kept.is_empty()).then(|| text.trim_ascii_end().to_vec())
    }

    fn parse(part: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(part).ok()?.trim().strip_prefix("envseal:")?.trim();
        match text.split_once(char::is_whitespace) {
            None if text == "plain" => Some(Self::Plain),
            Some(("allow", rule)) => Some(Self::Allow(rule.trim())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_behind_a_hash_of_their_own() {
        assert!(Mark::is_plain(Some(b"# envseal: plain")));
        assert!(Mark::is_plain(Some(b"#envseal:plain")));
        assert!(Mark::is_plain(Some(b"# the port # envseal: plain")));
        assert!(!Mark::is_plain(Some(b"# not envseal: plain")));
        assert!(!Mark::is_plain(Some(b"# envseal: plainly")));
        assert!(!Mark::is_plain(None));
        let marks: Vec<_> = Mark::all(b"# envseal: allow duplicate-name # envseal: plain").collect();
        assert_eq!(marks, [Mark::Allow("duplicate-name"), Mark::Plain]);
    }

    #[test]
    fn taking_the_mark_off_keeps_the_rest() {
        assert_eq!(Mark::without_plain(b"# envseal: plain"), None);
        assert_eq!(Mark::without_plain(b"# the port # envseal: plain").unwrap(), b"# the port");
        assert_eq!(Mark::without_plain(b"# envseal: plain # why").unwrap(), b"# why");
    }
}
