//! The decorators of one comment (@env-spec, "Decorators"): `# @name @name=value @name=call(…) @name(…) # more words`.

/// One decorator, whoever it is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decorator<'a> {
    pub(super) name: &'a str,
    pub(super) value: Value<'a>,
}

/// What stands behind a decorator's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Nothing: `@required`.
    None,
    /// A word: `@required=false`.
    Word(&'a str),
    /// A text in quotes, whatever it says.
    Quoted,
    /// A call: its name, and what stands between its parentheses.
    Call(&'a str, &'a str),
    /// Arguments without a name: `@docs(…)`.
    Arguments,
    /// `{…}` or `[…]`.
    Literal,
    /// What has no end, no beginning, or something right behind it.
    Broken,
}

/// The decorators of a comment, `#` included. One whose text does not start with `@` has none.
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
            let (value, behind) = value(behind);
            found.push(Decorator { name, value });
            rest = behind;
        } else {
            // A word of somebody's.
            rest = split(rest, |c| BLANKS.contains(&c)).1;
        }
        rest = rest.trim_start_matches(BLANKS);
    }
    found
}

/// The members of a list such as `a, "b c", 'd'`; none where one is no plain text.
pub(super) fn members(list: &str) -> Option<Vec<String>> {
    let mut members = Vec::new();
    let mut rest = list.trim_matches(BLANKS);
    while !rest.is_empty() {
        let (member, behind) = if rest.starts_with(QUOTES) {
            let end = quoted_end(rest)?;
            (unquoted(&rest[..end]), &rest[end..])
        } else {
            let (word, behind) = split(rest, |c| c == ',' || BLANKS.contains(&c));
            // A reference or a call: what it stands for is not said here.
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

/// The value at the start of `text`, and what stands behind it.
fn value(text: &str) -> (Value<'_>, &str) {
    if text.starts_with('(') {
        return ended(text, balanced_end(text), |_| Value::Arguments);
    }
    let Some(text) = text.strip_prefix('=') else { return ended(text, Some(0), |_| Value::None) };
    if text.starts_with(QUOTES) {
        return ended(text, quoted_end(text), |_| Value::Quoted);
    }
    if text.starts_with(['{', '[']) {
        return ended(text, balanced_end(text), |_| Value::Literal);
    }
    let called = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    if called > 0 && text[called..].starts_with('(') {
        let end = balanced_end(&text[called..]).map(|end| called + end);
        return ended(text, end, |whole| Value::Call(&whole[..called], &whole[called + 1..whole.len() - 1]));
    }
    let (word, behind) = split(text, |c| c == '#' || BLANKS.contains(&c));
    (if word.is_empty() { Value::Broken } else { Value::Word(word) }, behind)
}

/// The value that ends at `end`, where it does and nothing stands right behind it.
fn ended<'a>(
    text: &'a str,
    end: Option<usize>,
    value: impl FnOnce(&'a str) -> Value<'a>,
) -> (Value<'a>, &'a str) {
    let Some(end) = end else { return (Value::Broken, "") };
    let (whole, behind) = text.split_at(end);
    if behind.is_empty() || behind.starts_with([' ', '\t', '#']) {
        return (value(whole), behind);
    }
    (Value::Broken, split(behind, |c| BLANKS.contains(&c)).1)
}

fn split(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

/// Where the bracket that `text` starts with is closed.
fn balanced_end(text: &str) -> Option<usize> {
    let (mut depth, mut before, mut at) = (0_usize, ' ', 0);
    while let Some(c) = text[at..].chars().next() {
        // An apostrophe within a word opens nothing.
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

/// Where the quote that `text` starts with is closed.
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

    fn read(comment: &str) -> Vec<(&str, Value<'_>)> {
        decorators(comment).into_iter().map(|found| (found.name, found.value)).collect()
    }

    #[test]
    fn several_stand_on_a_line_with_words_between() {
        use Value::{Arguments, Call, Literal, None, Quoted, Word};
        assert_eq!(read("# @required @type=port"), [("required", None), ("type", Word("port"))]);
        assert_eq!(read("#@a=1#b @c"), [("a", Word("1"))]);
        assert_eq!(read("# @a by me@home and you @b # @c"), [("a", None), ("b", None)]);
        assert_eq!(
            read("# @type=enum(a, \"b)\", 'c') @docs(Bob's page, \"x @y\") @s={a=[1, 2]} @l=[a] @q=\"@z\""),
            [
                ("type", Call("enum", "a, \"b)\", 'c'")),
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
    fn what_has_no_end_is_broken() {
        for broken in ["@a=", "@a=f(x", "@a=\"x", "@a={", "@a(x", "@a=\"x\"y", "@a=f(x)y", "@a)"] {
            assert_eq!(read(broken)[0], ("a", Value::Broken), "{broken}");
        }
        // What stands behind one is read all the same, where its end can be told.
        assert_eq!(read("@a=f(x)y @b"), [("a", Value::Broken), ("b", Value::None)]);
    }

    #[test]
    fn members_are_words_or_in_quotes() {
        assert_eq!(members("a, b,c").unwrap(), ["a", "b", "c"]);
        assert_eq!(
            members(r#" "a, b" , 'c"', `d\`e`, "f\ng", 1, "#).unwrap(),
            ["a, b", "c\"", "d`e", "f\ng", "1"]
        );
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
                if let Value::Call(_, list) = found.value {
                    let _ = members(list);
                }
            }
            let _ = members(&text);
        }

        #[test]
        fn members_that_are_written_are_read(wanted in proptest::collection::vec("[^'\\\\]{0,6}", 0..5)) {
            let list = wanted.iter().map(|member| format!("'{member}'")).collect::<Vec<_>>().join(", ");
            prop_assert_eq!(members(&list).unwrap(), wanted.clone());
            // And through the comment that holds them.
            let line = format!("# @type=enum({list}) @required");
            let found = decorators(&line);
            prop_assert_eq!(&found[0].value, &Value::Call("enum", list.as_str()));
            prop_assert_eq!(found[1].name, "required");
        }
    }
}
