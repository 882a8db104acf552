//! The decorators of one comment (@env-spec, "Decorators"): `# @name @name=value @name=call(…) @name(…) # more words`.

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decorator<'a> {
    pub(super) name: &'a str,
    pub(super) argument: Argument<'a>,
}

/// The text after a decorator's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Argument<'a> {
    /// `@required`
    None,
    /// `@required=false`
    Word(&'a str),
    /// A text in quotes.
    Quoted,
    /// A call: its name, and the text between its parentheses.
    Call(&'a str, &'a str),
    /// `@docs(…)`
    Arguments,
    /// `{…}` or `[…]`
    Literal,
    /// Incomplete, or directly followed by other text.
    Broken,
}

impl Argument<'_> {
    /// Returns the meaning of `@name`, `@name=true` and `@name=false`.
    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::None | Self::Word("true") => Some(true),
            Self::Word("false") => Some(false),
            _ => None,
        }
    }
}

/// Returns the decorators of a comment, `#` included. One whose text doesn't start with `@` has none.
pub(super) fn decorators(comment: &str) -> Vec<Decorator<'_>> {
    let mut found = Vec::new();
    let mut rest = comment.strip_prefix('#').unwrap_or(comment).trim_start_matches(BLANKS);
    if !rest.starts_with('@') {
        return found;
    }
    while !rest.is_empty() && !rest.starts_with('#') {
        let named = rest.strip_prefix('@').filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()));
        if let Some(named) = named {
            let (name, behind) = split(named, |c| matches!(c, ' ' | '\t' | '=' | '(' | ')' | '#' | '@'));
            let (argument, behind) = argument(behind);
            found.push(Decorator { name, argument });
            rest = behind;
        } else {
            // Other words.
            rest = split(rest, |c| BLANKS.contains(&c)).1;
        }
        rest = rest.trim_start_matches(BLANKS);
    }
    found
}

/// Returns the members of a list such as `a, "b c", 'd'`, or None if one isn't plain text.
pub(super) fn members(list: &str) -> Option<Vec<String>> {
    let mut members = Vec::new();
    let mut rest = list.trim_matches(BLANKS);
    while !rest.is_empty() {
        let (member, behind) = if rest.starts_with(QUOTES) {
            let end = quoted_end(rest)?;
            (unquoted(&rest[..end]), &rest[end..])
        } else {
            let (word, behind) = split(rest, |c| c == ',' || BLANKS.contains(&c));
            // A reference or a call, whose value isn't known here.
            if word.is_empty() || word.contains(['$', '(', '{', '[']) {
                return None;
            }
            (word.to_owned(), behind)
        };
        members.push(member);
        rest = behind.trim_start_matches(BLANKS);
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind.trim_start_matches(BLANKS),
            None if rest.is_empty() => {}
            None => return None,
        }
    }
    Some(members)
}

const BLANKS: [char; 2] = [' ', '\t'];
const QUOTES: [char; 3] = ['"', '\'', '`'];

/// Returns the argument at the start of `text`, and the text after it.
fn argument(text: &str) -> (Argument<'_>, &str) {
    if text.starts_with('(') {
        return ended(text, balanced_end(text), Argument::Arguments);
    }
    let Some(text) = text.strip_prefix('=') else { return ended(text, Some(0), Argument::None) };
    if text.starts_with(QUOTES) {
        return ended(text, quoted_end(text), Argument::Quoted);
    }
    if text.starts_with(['{', '[']) {
        return ended(text, balanced_end(text), Argument::Literal);
    }
    let called = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    if called > 0 && text[called..].starts_with('(') {
        let end = balanced_end(&text[called..]).map(|end| called + end);
        let list = end.map_or("", |end| &text[called + 1..end - 1]);
        return ended(text, end, Argument::Call(&text[..called], list));
    }
    let (word, behind) = split(text, |c| c == '#' || BLANKS.contains(&c));
    (if word.is_empty() { Argument::Broken } else { Argument::Word(word) }, behind)
}

/// Returns the argument that ends at `end`, unless other text directly follows it.
fn ended<'a>(text: &'a str, end: Option<usize>, argument: Argument<'a>) -> (Argument<'a>, &'a str) {
    let Some(end) = end else { return (Argument::Broken, "") };
    let behind = &text[end..];
    if behind.is_empty() || behind.starts_with([' ', '\t', '#']) {
        return (argument, behind);
    }
    (Argument::Broken, split(behind, |c| BLANKS.contains(&c)).1)
}

fn split(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

/// Returns the position after the bracket that closes the one at the start of `text`.
fn balanced_end(text: &str) -> Option<usize> {
    let (mut depth, mut before, mut at) = (0_usize, ' ', 0);
    while let Some(c) = text[at..].chars().next() {
        // An apostrophe inside a word is not a quote.
        if QUOTES.contains(&c) && "([{,= \t".contains(before) {
            at += quoted_end(&text[at..])?;
            before = c;
            continue;
        }
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        at += c.len_utf8();
        before = c;
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Returns the position after the quote that closes the one at the start of `text`.
fn quoted_end(text: &str) -> Option<usize> {
    let quote = text.chars().next()?;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn unquoted(text: &str) -> String {
    let quote = &text[..1];
    let text = text[1..text.len() - 1].replace(&format!("\\{quote}"), quote);
    if quote == "'" { text } else { text.replace("\\n", "\n") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(comment: &str) -> Vec<(&str, Argument<'_>)> {
        decorators(comment).into_iter().map(|found| (found.name, found.argument)).collect()
    }

    #[test]
    fn several_decorators_share_a_line() {
        use Argument::{Arguments, Call, Literal, None, Quoted, Word};
        assert_eq!(read("# @required @type=port"), [("required", None), ("type", Word("port"))]);
        assert_eq!(read("#@a=1#b @c"), [("a", Word("1"))]);
        assert_eq!(read("# @a by me@home and you @b # @c"), [("a", None), ("b", None)]);
        let list = "a, \"b)\", 'c'";
        assert_eq!(
            read("# @type=enum(a, \"b)\", 'c') @docs(Bob's page, \"x @y\") @s={a=[1, 2]} @l=[a] @q=\"@z\""),
            [
                ("type", Call("enum", list)),
                ("docs", Arguments),
                ("s", Literal),
                ("l", Literal),
                ("q", Quoted)
            ]
        );
        for none in ["# words @required", "#", "# ", "", "# @", "# @1 x", "# --- @a"] {
            assert_eq!(read(none), [], "{none}");
        }
    }

    #[test]
    fn unterminated_arguments_are_broken() {
        for broken in ["@a=", "@a=f(x", "@a=\"x", "@a={", "@a(x", "@a=\"x\"y", "@a=f(x)y", "@a)"] {
            assert_eq!(read(broken)[0], ("a", Argument::Broken), "{broken}");
        }
        assert_eq!(read("@a=f(x)y @b"), [("a", Argument::Broken), ("b", Argument::None)]);
    }

    #[test]
    fn members_are_words_or_quoted() {
        assert_eq!(members("a, b,c").unwrap(), ["a", "b", "c"]);
        let quoted = r#" "a, b" , 'c"', `d\`e`, "f\ng", 1, "#;
        assert_eq!(members(quoted).unwrap(), ["a, b", "c\"", "d`e", "f\ng", "1"]);
        assert_eq!(members("").unwrap(), [""; 0]);
        for bad in ["a b", ",", "a,,b", "$LIST", "f(x)", "\"a", "'a' b", "[a]"] {
            assert_eq!(members(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,60}|[#@a=(){}\\[\\]\"'`\\\\ ,é]{0,40}") {
            for found in decorators(&text) {
                prop_assert!(!found.name.is_empty() && text.contains(found.name));
                if let Argument::Call(_, list) = found.argument {
                    let _ = members(list);
                }
            }
            let _ = members(&text);
        }

        #[test]
        fn written_members_are_read(wanted in proptest::collection::vec("[^'\\\\]{0,6}", 0..5)) {
            let list = wanted.iter().map(|member| format!("'{member}'")).collect::<Vec<_>>().join(", ");
            prop_assert_eq!(members(&list).unwrap(), wanted.clone());
            let line = format!("# @type=enum({list}) @required");
            let found = decorators(&line);
            prop_assert_eq!(&found[0].argument, &Argument::Call("enum", list.as_str()));
            prop_assert_eq!(found[1].name, "required");
        }
    }
}
