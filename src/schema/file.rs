//! A schema: what the decorators of an example file say, name by name.

use std::borrow::Cow;
use std::collections::HashMap;

use super::decorator::{Decorator, Value, decorators};
use super::kind::{Named, Type};
use crate::config::is_own_name;
use crate::dotenv::Document;

/// What a file says of its variables. One that says nothing is as good as none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    items: Vec<Item>,
    places: HashMap<String, usize>,
    troubles: Vec<Trouble>,
}

/// What is said of one variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Item {
    /// Its name.
    pub name: String,
    /// The line it stands on, from 1.
    pub line: usize,
    /// Whether it is required, where that is said.
    pub required: Option<bool>,
    /// The type of its value, where one is named that is known.
    pub kind: Option<Type>,
    /// Whether it is a secret, where that is said.
    pub sensitive: Option<bool>,
}

/// A decorator that does not say what it should. It says nothing, then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// The line of the variable, from 1; 1 where the whole file cannot be read.
    pub line: usize,
    /// The variable.
    pub name: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// How a variable is not as its schema says. Holds no byte of its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Required, and not there.
    #[error("is required, and missing")]
    Missing,
    /// Required, and nothing.
    #[error("is required, and empty")]
    Empty,
    /// Of another type.
    #[error("{0}")]
    Type(String),
}

impl Schema {
    /// Reads the text of an example file. What is wrong in it is in [`Self::troubles`].
    pub(crate) fn parse(text: &[u8]) -> Self {
        let mut schema = Self::default();
        let document = match Document::parse(text.to_vec()) {
            Ok(document) => document,
            Err(error) => {
                schema.troubles.push(Trouble { line: 1, name: None, message: error.to_string() });
                return schema;
            }
        };
        let comments: HashMap<usize, Cow<'_, str>> =
            document.comments().map(|(line, text)| (line, String::from_utf8_lossy(text))).collect();
        for entry in document.entries().iter().filter(|entry| !is_own_name(document.name(entry))) {
            let above =
                (1..entry.line).rev().map_while(|line| comments.get(&line).filter(|c| !is_divider(c)));
            let mut block: Vec<&str> = above.map(|comment| &**comment).collect();
            block.reverse();
            let behind = document.comment(entry).map(String::from_utf8_lossy);
            block.extend(behind.as_deref());
            let said = block.iter().flat_map(|comment| decorators(comment));
            let mut reader =
                Reader { name: document.name(entry), line: entry.line, troubles: &mut schema.troubles };
            let item = reader.item(said);
            schema.put(item);
        }
        schema
    }

    /// What is said of this variable.
    pub(crate) fn get(&self, name: &str) -> Option<&Item> {
        self.places.get(name).map(|at| &self.items[*at])
    }

    /// Every variable, in the order of the file.
    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }

    /// The variables that are said to be no secrets.
    pub(crate) fn plain(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.sensitive == Some(false))
    }

    /// What is wrong in the file.
    pub(crate) fn troubles(&self) -> &[Trouble] {
        &self.troubles
    }

    /// As in any such file, the last of two counts.
    fn put(&mut self, item: Item) {
        let Some(at) = self.places.get(&item.name).copied() else {
            self.places.insert(item.name.clone(), self.items.len());
            self.items.push(item);
            return;
        };
        let message = format!(
            "{} stands on line {} already; only the last one is read",
            item.name, self.items[at].line
        );
        self.troubles.push(Trouble { line: item.line, name: Some(item.name.clone()), message });
        self.items[at] = item;
    }
}

impl Item {
    /// Whether a value, or none, is as the schema says. Nothing is asked of an empty value but whether it may be.
    pub(crate) fn judge(&self, value: Option<&[u8]>) -> Result<(), Violation> {
        match (value, &self.kind) {
            (None, _) if self.required == Some(true) => Err(Violation::Missing),
            (Some([]), _) if self.required == Some(true) => Err(Violation::Empty),
            (Some(value @ [_, ..]), Some(kind)) if !kind.takes(value) => Err(Violation::Type(kind.refusal())),
            _ => Ok(()),
        }
    }
}

/// Reads what is said of one variable.
struct Reader<'a> {
    name: &'a str,
    line: usize,
    troubles: &'a mut Vec<Trouble>,
}

impl Reader<'_> {
    fn item<'d>(&mut self, said: impl Iterator<Item = Decorator<'d>>) -> Item {
        let (mut required, mut kinds, mut sensitive) = (Vec::new(), Vec::new(), Vec::new());
        for Decorator { name, value } in said {
            match name {
                "required" => required.push(self.truth(name, &value)),
                "optional" => required.push(self.truth(name, &value).map(|optional| !optional)),
                // `{…}` are another program's settings for secrets.
                "sensitive" if value == Value::Literal => sensitive.push(Some(true)),
                "sensitive" => sensitive.push(self.truth(name, &value)),
                "type" => kinds.push(self.kind(&value)),
                _ => {}
            }
        }
        Item {
            name: self.name.to_owned(),
            line: self.line,
            required: self.one("whether it is required", required),
            kind: self.one("its type", kinds),
            sensitive: self.one("whether it is sensitive", sensitive),
        }
    }

    fn truth(&mut self, decorator: &str, value: &Value<'_>) -> Option<bool> {
        match value {
            Value::None | Value::Word("true") => Some(true),
            Value::Word("false") => Some(false),
            _ => {
                self.trouble(format!(
                    "@{decorator} of {} is neither true nor false, and says nothing here",
                    self.name
                ));
                None
            }
        }
    }

    fn kind(&mut self, value: &Value<'_>) -> Option<Type> {
        let named = match value {
            Value::Word(name) => Type::named(name, None),
            Value::Call(name, options) => Type::named(name, Some(options)),
            _ => Named::Unknown,
        };
        match named {
            Named::Known(kind) => return Some(kind),
            Named::Bent => {}
            Named::NoMembers => self.trouble(format!(
                "@type of {} needs its members on the same line, in words or quotes: enum(a, \"b c\")",
                self.name
            )),
            Named::Unknown => self.trouble(format!(
                "@type of {} is none that is known here: string, number, integer, boolean, port, url, email, enum(…)",
                self.name
            )),
        }
        None
    }

    /// What is said once; nothing where it is said twice, for nobody knows which was meant.
    fn one<T>(&mut self, what: &str, mut said: Vec<Option<T>>) -> Option<T> {
        if said.len() > 1 {
            self.trouble(format!("of {} it is said twice {what}, so it counts as not said", self.name));
            return None;
        }
        said.pop().flatten()
    }

    fn trouble(&mut self, message: String) {
        self.troubles.push(Trouble { line: self.line, name: Some(self.name.to_owned()), message });
    }
}

/// Whether a comment is a line drawn between two parts (@env-spec, "Dividers").
fn is_divider(comment: &str) -> bool {
    let text = comment[1..].trim_start_matches([' ', '\t']);
    text.chars().take_while(|c| "-=*#".contains(*c)).count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(text: &str) -> Item {
        Schema::parse(text.as_bytes()).items().last().unwrap().clone()
    }

    fn troubles(text: &str) -> Vec<(usize, String)> {
        Schema::parse(text.as_bytes())
            .troubles()
            .iter()
            .map(|found| (found.line, found.message.clone()))
            .collect()
    }

    #[test]
    fn what_stands_directly_above_counts() {
        for (text, required) in [
            ("# @required\nA=\n", Some(true)),
            ("# @required\n# words\n# @docs(x)\nA=\n", Some(true)),
            ("# @required=false\nA=", Some(false)),
            ("# @optional\nA=", Some(false)),
            ("# @optional=false\r\nA=", Some(true)),
            ("A= # @required", Some(true)),
            ("A=x # @required # @optional", Some(true)),
            ("\u{feff}  # @required\n  export A=", Some(true)),
            ("# @required\n\nA=", None),
            ("# @required\n# ---\nA=", None),
            ("# @required\n#=== words\nA=", None),
            ("# @required\nB=\nA=", None),
            ("B='\n# @required\n'\nA=", None),
            ("A='# @required'", None),
            ("# is @required\nA=", None),
            ("# @Required\nA=", None),
            ("# @defaultRequired @requiredly\nA=", None),
            ("A=\n# @required", None),
        ] {
            assert_eq!(item(text).required, required, "{text:?}");
            assert!(troubles(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_clear_is_not_said() {
        for text in [
            "# @required @optional\nA=",
            "# @required\nA= # @required",
            "# @required=forEnv(prod)\nA=",
            "# @required=\"false\"\nA=",
            "# @required(x)\nA=",
            "# @required=\nA=",
            "# @type=colour\nA=",
            "# @type=enum\nA=",
            "# @type=enum()\nA=",
            "# @type=enum($LIST)\nA=",
            "# @type=enum(a,\nA=",
            "# @type\nA=",
            "# @type=\"port\"\nA=",
            "# @type=port @type=url\nA=",
            "# @sensitive=no\nA=",
            "# @sensitive=\"false\"\nA=",
            "# @sensitive=false @sensitive\nA=",
            "# @sensitive=forEnv(dev)\nA=",
        ] {
            let found = item(text);
            assert_eq!((found.required, found.kind, found.sensitive), (None, None, None), "{text:?}");
            assert_eq!(troubles(text).len(), 1, "{text:?}: {:?}", troubles(text));
        }
        assert_eq!(item("# @sensitive={preventLeaks=false}\nA=").sensitive, Some(true));
        assert_eq!(troubles("# @type=url(prependHttps=true)\nA=\n# @public @x=(\nB="), []);
    }

    #[test]
    fn the_last_of_two_counts() {
        let text = "# @sensitive=false\nA=\nA=\n";
        assert_eq!(item(text).sensitive, None);
        assert_eq!(troubles(text), [(3, "A stands on line 2 already; only the last one is read".to_owned())]);
        assert!(Schema::parse(b"# @sensitive=false\nENVSEAL_PUBLIC_KEY=x").items().is_empty());
    }

    #[test]
    fn an_empty_value_has_no_type() {
        let port = item("# @type=port\nA=");
        assert_eq!(port.judge(None), Ok(()));
        assert_eq!(port.judge(Some(b"")), Ok(()));
        assert_eq!(
            port.judge(Some(b"x")).unwrap_err().to_string(),
            "is not a port: a number from 0 to 65535"
        );
        let needed = item("# @type=enum(a, 'b c') @required\nA=");
        assert_eq!(needed.judge(None), Err(Violation::Missing));
        assert_eq!(needed.judge(Some(b"")), Err(Violation::Empty));
        assert_eq!(needed.judge(Some(b"c")).unwrap_err().to_string(), "is none of: a, b c");
        assert_eq!(needed.judge(Some(b"b c")), Ok(()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(
            text in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..120),
                "(#|@|required|sensitive=false|type=|enum\\(|port|[A-Z=\n ,()'\"{}é]){0,40}".prop_map(String::into_bytes),
            ],
        ) {
            let schema = Schema::parse(&text);
            let lines = text.split(|b| *b == b'\n' || *b == b'\r').count();
            for item in schema.items() {
                prop_assert!((1..=lines).contains(&item.line) && schema.get(&item.name) == Some(item));
            }
            prop_assert!(schema.troubles().iter().all(|found| (1..=lines.max(1)).contains(&found.line)));
        }
    }
}
