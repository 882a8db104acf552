//! The types of `@type`.

use std::net::Ipv6Addr;

use super::decorator::members;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ValueType {
    String,
    /// A finite decimal number, as JavaScript reads it.
    Number,
    /// Decimal digits with an optional sign.
    Integer,
    /// One of [`BOOLEANS`], in any letter case.
    Boolean,
    /// 0 to 65535; 0 lets the system choose (@env-spec).
    Port,
    /// `scheme://host…`
    Url,
    /// `someone@example.com`
    Email,
    /// Exactly one of these texts.
    Enum(Vec<String>),
}

pub(super) const UNKNOWN_TYPE: &str =
    "is unknown; known are string, number, integer, boolean, port, url, email, enum(…)";
/// For `enum` without members, or with members that the file alone doesn't give.
const NO_MEMBERS: &str = "needs its members on the same line, as words or in quotes: enum(a, \"b c\")";

impl ValueType {
    /// Parses a type's name. Other programs check options such as `string(minLength=3)`. Returns None for a type with
    /// an option that allows other values. An error is a predicate for a message about the type.
    pub(super) fn parse(name: &str, options: Option<&str>) -> Result<Option<Self>, &'static str> {
        Ok(Some(match name {
            "string" => Self::String,
            "number" => Self::Number,
            "integer" => Self::Integer,
            "boolean" => Self::Boolean,
            "port" => Self::Port,
            "url" if options.is_some_and(|options| options.contains("prependHttps")) => {
                return Ok(None);
            }
            "url" => Self::Url,
            "email" => Self::Email,
            "enum" => match options.and_then(members) {
                Some(list) if !list.is_empty() => Self::Enum(list),
                _ => return Err(NO_MEMBERS),
            },
            _ => return Err(UNKNOWN_TYPE),
        }))
    }

    pub(crate) fn accepts(&self, value: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(value) else { return *self == Self::String };
        match self {
            Self::String => true,
            Self::Number => is_number(text),
            Self::Integer => is_digits(text.strip_prefix(['+', '-']).unwrap_or(text)),
            Self::Boolean => BOOLEANS.iter().any(|word| text.eq_ignore_ascii_case(word)),
            Self::Port => is_digits(text) && text.parse::<u16>().is_ok(),
            Self::Url => is_url(text),
            Self::Email => is_email(text),
            Self::Enum(members) => members.iter().any(|member| member == text),
        }
    }

    /// Returns the predicate of an error about a value that isn't of this type.
    pub(super) fn rejection(&self) -> String {
        match self {
            Self::String => "is not a text".into(),
            Self::Number => "is not a number".into(),
            Self::Integer => "is not an integer".into(),
            Self::Boolean => "is not a boolean: true, false, t, f, yes, no, on, off, 1 or 0".into(),
            Self::Port => "is not a port: a number from 0 to 65535".into(),
            Self::Url => "is not a URL: scheme://host".into(),
            Self::Email => "is not an email address".into(),
            Self::Enum(members) => format!("is not one of: {}", members.join(", ")),
        }
    }
}

/// The words of varlock's `boolean`, the type's reference.
const BOOLEANS: [&str; 10] = ["true", "t", "yes", "on", "1", "false", "f", "no", "off", "0"];

/// The schemes that need a host (WHATWG URL, "special scheme", without `file`).
const WITH_HOST: [&str; 5] = ["http", "https", "ws", "wss", "ftp"];

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_number(text: &str) -> bool {
    // Rust's decimals are JavaScript's (`StrDecimalLiteral`), except for `inf`, `nan` and the like.
    text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b))
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Checks only for typing errors: requires a scheme, a host if the scheme needs one, a valid port, and only characters
/// of URLs.
fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if !is_scheme || rest.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"`".contains(c)) {
        return false;
    }
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
    if WITH_HOST.iter().any(|with| scheme.eq_ignore_ascii_case(with)) {
        return is_host(hosts);
    }
    if authority.is_empty() {
        // `sqlite:///path`, `postgres:///name`.
        return behind.len() > 1;
    }
    // Database drivers accept several hosts.
    hosts.split(',').all(is_host)
}

/// `host`, `host:port` or `[::1]:port`
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() => {
            ("6", port.strip_prefix(':').or_else(|| port.is_empty().then_some("0")))
        }
        Some(_) => return false,
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, Some("0")),
        },
    };
    let forbidden = |c: char| "%^|[]{}\\@:,".contains(c);
    !host.is_empty()
        && !host.chars().any(forbidden)
        && !host.split('.').rev().skip(1).any(str::is_empty)
        && port.is_some_and(|port| ValueType::Port.accepts(port.as_bytes()))
}

/// Requires one `@`, a domain with a dot, and nothing that needs quotes (RFC 5322, `atext` and dots, and non-ASCII).
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let is_atom = |c: char| !c.is_whitespace() && !c.is_control() && !"()<>[]:;@\\,\"".contains(c);
    let dotted = |text: &str| !text.split('.').any(str::is_empty) && text.chars().all(is_atom);
    dotted(local) && dotted(domain) && domain.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::Regex;

    /// `good` and `bad` hold values separated by `|`.
    #[track_caller]
    fn check(value_type: &ValueType, good: &str, bad: &str) {
        for value in good.split('|') {
            assert!(value_type.accepts(value.as_bytes()), "{value_type:?} rejects {value:?}");
        }
        for value in bad.split('|') {
            assert!(!value_type.accepts(value.as_bytes()), "{value_type:?} accepts {value:?}");
        }
    }

    #[test]
    fn values_are_accepted_and_rejected() {
        check(
            &ValueType::Number,
            "0|-1.5|+2|1e9|.5|5.|007",
            "|NaN|inf|Infinity|0x1f|1_000|1,5| 1|1 |1e|1e999|--1|.",
        );
        check(&ValueType::Integer, "0|-1|+2|99999999999999999999", "|1.0|1e3|-|0x1|١");
        check(&ValueType::Boolean, "true|FALSE|Yes|no|on|off|t|f|1|0", "|2|y|n|wahr|true ");
        check(&ValueType::Port, "0|80|65535", "|65536|-1|+80|80.0|http|8 0");
        check(
            &ValueType::Url,
            "http://localhost|https://example.com:8080/a?b#c|postgres://u:p%40@db.local:5432/x|redis://:p@[::1]:6379|\
             sqlite:///var/x.db|file:///x|mongodb://a:1,b:2/x?y=z|mongodb+srv://u:p@c.example|https://bücher.example/|\
             HTTP://X|http://u:p@ss@h|https://example.com.|amqp://h/%2f",
            "|example.com|localhost:3000|//example.com|http:/example.com|http://|http:///x|http://:80|http://a:b|\
             http://a:99999|http://a:|http://a b| http://a|http://a\n|1http://a|ht tp://a|postgres://|sqlite:///|\
             http://[::1|http://[x]|http://[::1]x|http://a..b|http://.a|http://a,b|postgres://a,,b/x|https://https://a|\
             http//a|http://{HOST}/|http://%HOST%/",
        );
        check(
            &ValueType::Email,
            "a@b.co|a.b+c@x-y.example|o'neill@example.com|ü@bücher.example",
            "|a|a@|@b.co|a@b|a@@b.co|a b@c.de|A <a@b.co>|a@b..co|a@b.co.|.a@b.co|a@b,co|a@b.co,c@d.ef|a@b.co\n",
        );
        let colours = ValueType::Enum(vec!["red".into(), "dark blue".into(), "1".into()]);
        check(&colours, "red|dark blue|1", "|Red|red |re|1.0|red, dark blue");
    }

    #[test]
    fn only_strings_accept_other_bytes_than_utf8() {
        for name in ["number", "integer", "boolean", "port", "url", "email"] {
            let kind = ValueType::parse(name, None).unwrap().unwrap();
            assert!(!kind.accepts(b"http://a\xff") && !kind.accepts(b"\xff"), "{kind:?}");
        }
        for value in [&b""[..], b"x", b"\n", b"\xff"] {
            assert!(ValueType::String.accepts(value));
        }
    }

    proptest! {
        #[test]
        fn numbers_follow_the_grammar(text in "[0-9+\\-.eE]{0,7}|\\PC{0,4}|[a-zA-Z]{1,8}|-?[0-9]{1,9}(\\.[0-9]{1,5})?") {
            // ECMA-262, StringNumericLiteral, without Infinity, blanks and other radixes.
            let number = Regex::new(r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$").unwrap();
            let huge = Regex::new(r"[eE]\+?0*[0-9]{3,}$").unwrap().is_match(&text);
            prop_assume!(!huge);
            prop_assert_eq!(ValueType::Number.accepts(text.as_bytes()), number.is_match(&text));
            let integer = Regex::new(r"^[+-]?[0-9]+$").unwrap();
            prop_assert_eq!(ValueType::Integer.accepts(text.as_bytes()), integer.is_match(&text));
        }

        #[test]
        fn urls_are_accepted(
            scheme in "https?|postgres(ql)?|amqps|redis|mongodb[+]srv",
            user in "([a-z]{1,5}(:[a-zA-Z0-9!$&*+=._~-]{1,9})?@)?",
            host in "[a-z0-9-]{1,8}(\\.[a-z]{2,5}){0,2}|127\\.0\\.0\\.1|\\[::1\\]",
            port in proptest::option::of(0_u16..),
            path in "(/[a-z0-9%._~-]{0,6}){0,3}([?][a-z=&]{0,9})?(#[a-z]{0,4})?",
        ) {
            let port = port.map_or(String::new(), |port| format!(":{port}"));
            let text = format!("{scheme}://{user}{host}{port}{path}");
            prop_assert!(ValueType::Url.accepts(text.as_bytes()), "{}", text);
            for bad in [format!("{text} "), text.replacen("://", ":/", 1), format!("{host}{path}")] {
                prop_assert!(!ValueType::Url.accepts(bad.as_bytes()), "{}", bad);
            }
        }

        #[test]
        fn email_addresses_have_one_at(local in "[a-z0-9.+-]{0,6}", domain in "[a-z0-9.-]{0,9}", more in "@?") {
            let text = format!("{local}@{domain}{more}");
            let oracle = Regex::new(r"^[a-z0-9+-]+(\.[a-z0-9+-]+)*@[a-z0-9-]+(\.[a-z0-9-]+)+$").unwrap();
            prop_assert_eq!(ValueType::Email.accepts(text.as_bytes()), oracle.is_match(&text));
        }
    }
}
