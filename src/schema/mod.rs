//! Schemas: an example file describes variables by comment decorators of @env-spec: which are required, their types,
//! and which aren't secret. `docs/schema.md` lists the decorators.

mod decorator;
mod value_type;

use std::borrow::Cow;
use std::collections::HashMap;

use crate::config::is_own_name;
use crate::dotenv::{Document, is_reserved};
use decorator::{Argument, Decorator, decorators, members};
use value_type::UNKNOWN_TYPE;
pub(crate) use value_type::ValueType;

/// The content of an example file. A file without decorators allows everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    items: Vec<SchemaItem>,
    positions: HashMap<String, usize>,
    defaults: Defaults,
    pub problems: Vec<SchemaProblem>,
}

/// The rules for one variable; None if the file doesn't say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SchemaItem {
    pub name: String,
    /// Counts from 1.
    pub line: usize,
    pub required: Option<bool>,
    pub value_type: Option<ValueType>,
    pub sensitive: Option<bool>,
    /// The decorator that makes it plain, if it is not sensitive.
    pub plain_by: &'static str,
}

/// A decorator that isn't clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchemaProblem {
    /// The variable's line, from 1; 1 if the file can't be read.
    pub line: usize,
    pub name: Option<String>,
    pub message: String,
    /// True if the file can't be used, because the decorator is about all variables. Other problems are ignored.
    pub is_refused: bool,
}

/// How a variable violates its schema. Contains no byte of its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SchemaViolation {
    #[error("is required but missing")]
    Missing,
    #[error("is required but empty")]
    Empty,
    #[error("{0}")]
    Type(String),
}

/// A variable of the env files beside an example file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExampleName {
    pub name: String,
    /// True if every env file has a value for it.
    pub is_everywhere: bool,
    /// True if it is plain in every env file.
    pub is_plain: bool,
}

impl Schema {
    /// Reads an example file; `problems` lists what is unclear in it.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let mut schema = Self::default();
        let document = match Document::parse(text.to_vec()) {
            Ok(document) => document,
            Err(error) => {
                let message = error.to_string();
                schema.problems.push(SchemaProblem { line: 1, name: None, message, is_refused: false });
                return schema;
            }
        };
        let comments: HashMap<usize, Cow<'_, str>> =
            document.comments().map(|(line, text)| (line, String::from_utf8_lossy(text))).collect();
        schema.defaults = Defaults::read(&document, &mut schema.problems);
        for entry in document.entries().iter().filter(|entry| !is_own_name(document.name(entry))) {
            let above =
                (1..entry.line).rev().map_while(|line| comments.get(&line).filter(|c| !is_divider(c)));
            let mut block: Vec<&str> = above.map(|comment| &**comment).collect();
            block.reverse();
            let behind = document.comment(entry).map(String::from_utf8_lossy);
            block.extend(behind.as_deref());
            let decorators = block.iter().flat_map(|comment| decorators(comment));
            let (name, line) = (document.name(entry), entry.line);
            let mut item = ItemReader { name, line, problems: &mut schema.problems }.read(decorators);
            item.required = item.required.or(schema.defaults.required(!document.source(entry).is_empty()));
            if item.sensitive.is_none() {
                (item.sensitive, item.plain_by) = schema.defaults.sensitive(name);
            }
            schema.add(item);
        }
        schema
    }

    pub(crate) fn get(&self, name: &str) -> Option<&SchemaItem> {
        self.positions.get(name).map(|at| &self.items[*at])
    }

    /// Returns every variable, in the order of the file.
    pub(crate) fn items(&self) -> &[SchemaItem] {
        &self.items
    }

    /// Returns the variables that are not sensitive.
    pub(crate) fn plain(&self) -> impl Iterator<Item = &SchemaItem> {
        self.items.iter().filter(|item| item.sensitive == Some(false))
    }

    fn add(&mut self, item: SchemaItem) {
        let Some(at) = self.positions.get(&item.name).copied() else {
            self.positions.insert(item.name.clone(), self.items.len());
            self.items.push(item);
            return;
        };
        let message =
            format!("{} is already on line {}; only the last one counts", item.name, self.items[at].line);
        let name = Some(item.name.clone());
        self.problems.push(SchemaProblem { line: item.line, name, message, is_refused: false });
        self.items[at] = item;
    }
}

impl SchemaItem {
    /// Checks a value, or its absence. An empty value has no type.
    pub(crate) fn check(&self, value: Option<&[u8]>) -> Result<(), SchemaViolation> {
        match (value, &self.value_type) {
            (None, _) if self.required == Some(true) => Err(SchemaViolation::Missing),
            (Some([]), _) if self.required == Some(true) => Err(SchemaViolation::Empty),
            (Some(value @ [_, ..]), Some(value_type)) if !value_type.accepts(value) => {
                Err(SchemaViolation::Type(value_type.rejection()))
            }
            _ => Ok(()),
        }
    }
}

/// Rules for every variable without its own (@env-spec, "Root decorators").
#[derive(Clone, Debug, Default)]
struct Defaults {
    required: Option<RequiredDefault>,
    sensitive: Option<SensitiveDefault>,
}

#[derive(Clone, Debug)]
enum RequiredDefault {
    Always(bool),
    /// `infer`
    IfItHasAValue,
}

#[derive(Clone, Debug)]
enum SensitiveDefault {
    Always(bool),
    /// `inferFromPrefix(PREFIX)`
    Without(String),
}

impl Defaults {
    fn read(document: &Document, problems: &mut Vec<SchemaProblem>) -> Self {
        let (mut defaults, mut is_refused) = (Self::default(), false);
        let first = document.entries().first().map_or(usize::MAX, |entry| entry.line);
        for (line, comment) in document.comments() {
            for Decorator { name, argument } in decorators(&String::from_utf8_lossy(comment)) {
                let (is_twice, is_understood, forms) = match name {
                    "defaultRequired" => {
                        let is_twice = defaults.required.is_some();
                        defaults.required = RequiredDefault::parse(&argument);
                        (is_twice, defaults.required.is_some(), "true, false or infer")
                    }
                    "defaultSensitive" => {
                        let is_twice = defaults.sensitive.is_some();
                        defaults.sensitive = SensitiveDefault::parse(&argument);
                        (is_twice, defaults.sensitive.is_some(), "true, false or inferFromPrefix(PREFIX)")
                    }
                    _ => continue,
                };
                let fault = match (line < first, is_twice, is_understood) {
                    (true, false, true) => continue,
                    (false, ..) => "it must be above the first variable".to_owned(),
                    (_, true, _) => "it is given twice".to_owned(),
                    _ => format!("write {forms}"),
                };
                let message = format!("@{name} can't be used: {fault}");
                problems.push(SchemaProblem { line, name: None, message, is_refused: true });
                is_refused = true;
            }
        }
        if is_refused { Self::default() } else { defaults }
    }

    fn required(&self, has_value: bool) -> Option<bool> {
        self.required.as_ref().map(|default| match default {
            RequiredDefault::Always(required) => *required,
            RequiredDefault::IfItHasAValue => has_value,
        })
    }

    /// Returns whether the variable is sensitive, and the decorator that makes it plain if not.
    fn sensitive(&self, name: &str) -> (Option<bool>, &'static str) {
        use SensitiveDefault::{Always, Without};
        match &self.sensitive {
            None => (None, ""),
            Some(Always(sensitive)) => (Some(*sensitive), "@defaultSensitive=false"),
            Some(Without(of)) => (Some(!name.starts_with(of)), "@defaultSensitive=inferFromPrefix(…)"),
        }
    }
}

impl RequiredDefault {
    fn parse(argument: &Argument<'_>) -> Option<Self> {
        match argument {
            Argument::Word("infer") => Some(Self::IfItHasAValue),
            _ => argument.as_bool().map(Self::Always),
        }
    }
}

impl SensitiveDefault {
    fn parse(argument: &Argument<'_>) -> Option<Self> {
        match argument {
            Argument::Call("inferFromPrefix", prefix) => match &members(prefix)?[..] {
                [prefix] if !prefix.is_empty() => Some(Self::Without(prefix.clone())),
                _ => None,
            },
            _ => argument.as_bool().map(Self::Always),
        }
    }
}

struct ItemReader<'a> {
    name: &'a str,
    line: usize,
    problems: &'a mut Vec<SchemaProblem>,
}

impl ItemReader<'_> {
    fn read<'d>(&mut self, decorators: impl Iterator<Item = Decorator<'d>>) -> SchemaItem {
        let (mut required, mut types, mut sensitive) = (Vec::new(), Vec::new(), Vec::new());
        for Decorator { name, argument } in decorators {
            match name {
                "required" => required.push(self.read_bool(name, &argument)),
                "optional" => required.push(self.read_bool(name, &argument).map(|optional| !optional)),
                // `{…}` are another program's settings for secrets.
                "sensitive" if argument == Argument::Literal => sensitive.push(Some(true)),
                "sensitive" => sensitive.push(self.read_bool(name, &argument)),
                "type" => types.push(self.read_type(&argument)),
                _ => {}
            }
        }
        SchemaItem {
            name: self.name.to_owned(),
            line: self.line,
            required: self.only("@required or @optional", required),
            value_type: self.only("@type", types),
            sensitive: self.only("@sensitive", sensitive),
            plain_by: "@sensitive=false",
        }
    }

    fn read_bool(&mut self, decorator: &str, argument: &Argument<'_>) -> Option<bool> {
        let parsed = argument.as_bool();
        if parsed.is_none() {
            self.add_problem(format!("@{decorator} of {} is ignored: not true or false", self.name));
        }
        parsed
    }

    fn read_type(&mut self, argument: &Argument<'_>) -> Option<ValueType> {
        let parsed = match argument {
            Argument::Word(name) => ValueType::parse(name, None),
            Argument::Call(name, options) => ValueType::parse(name, Some(options)),
            _ => Err(UNKNOWN_TYPE),
        };
        parsed.unwrap_or_else(|fault| {
            self.add_problem(format!("@type of {} {fault}", self.name));
            None
        })
    }

    /// Returns a decorator's meaning, or None if there are several, because it is unclear which was meant.
    fn only<T>(&mut self, decorator: &str, mut found: Vec<Option<T>>) -> Option<T> {
        if found.len() > 1 {
            self.add_problem(format!("{decorator} of {} is ignored: it is given twice", self.name));
            return None;
        }
        found.pop().flatten()
    }

    fn add_problem(&mut self, message: String) {
        let name = Some(self.name.to_owned());
        self.problems.push(SchemaProblem { line: self.line, name, message, is_refused: false });
    }
}

/// Returns true for a line that separates two parts (@env-spec, "Dividers").
fn is_divider(comment: &str) -> bool {
    let text = comment[1..].trim_start_matches([' ', '\t']);
    text.chars().take_while(|c| "-=*#".contains(*c)).count() >= 3
}

/// Appends the names that an example file lacks, without values. Returns the text and the number of names added.
/// Existing bytes stay the same.
pub(crate) fn add_names(text: &[u8], names: &[ExampleName], line_break: &str) -> (Vec<u8>, usize) {
    let schema = Schema::parse(text);
    let mut whole = text.to_vec();
    let mut count = 0;
    for ExampleName { name, is_everywhere, is_plain } in names {
        if schema.get(name).is_some() {
            continue;
        }
        // A blank line, so that no comment above belongs to this name.
        while !whole.is_empty() && !ends_in_blank_line(&whole) {
            whole.extend_from_slice(line_break.as_bytes());
        }
        let required = if *is_everywhere { "@required" } else { "@optional" };
        let plain = match (is_plain, schema.defaults.sensitive(name).0 == Some(false)) {
            (true, false) => " @sensitive=false",
            (false, true) if !is_reserved(name) => " @sensitive",
            _ => "",
        };
        whole.extend_from_slice(format!("# {required}{plain}{line_break}{name}={line_break}").as_bytes());
        count += 1;
    }
    (whole, count)
}

fn ends_in_blank_line(text: &[u8]) -> bool {
    text.ends_with(b"\n\n") || text.ends_with(b"\r\n\r\n") || text == b"\n" || text == b"\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(text: &str) -> SchemaItem {
        Schema::parse(text.as_bytes()).items().last().unwrap().clone()
    }

    fn problems(text: &str) -> Vec<SchemaProblem> {
        Schema::parse(text.as_bytes()).problems
    }

    #[test]
    fn the_comments_directly_above_and_behind_count() {
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
            ("# @defaultRequired @requiredly\nA=", Some(true)),
            ("# @defaultRequired=false\n\nA=", Some(false)),
            ("# words\n# @defaultRequired=infer\n# ---\nA=", Some(false)),
            ("# @defaultRequired=infer\n\nA=x", Some(true)),
            ("# @defaultRequired=infer\n\n# @required\nA=", Some(true)),
            ("# @defaultRequired\n\n# @optional\nA=", Some(false)),
            ("A=\n# @required", None),
            ("# @type=url(prependHttps=true)\nA=\n# @public @x=(\nB=", None),
        ] {
            assert_eq!(item(text).required, required, "{text:?}");
            assert_eq!(problems(text), [], "{text:?}");
        }
    }

    #[test]
    fn unclear_decorators_are_ignored_and_reported() {
        let decorators = "@required @optional|@required=forEnv(prod)|@required=\"false\"|@required(x)|@required=|@type=colour|\
             @type=enum|@type=enum()|@type=enum($LIST)|@type=enum(a,|@type|@type=\"port\"|@type=port @type=url|@sensitive=no|\
             @sensitive=\"false\"|@sensitive=false @sensitive|@sensitive=forEnv(dev)";
        let mut texts: Vec<_> = decorators.split('|').map(|text| format!("# {text}\nA=")).collect();
        texts.push("# @required\nA= # @required".into());
        for text in &texts {
            let SchemaItem { required, value_type, sensitive, .. } = item(text);
            assert_eq!((required, value_type, sensitive), (None, None, None), "{text:?}");
            assert_eq!(problems(text).len(), 1, "{text:?}: {:?}", problems(text));
        }
        assert_eq!(item("# @sensitive={preventLeaks=false}\nA=").sensitive, Some(true));
        let repeated = "# @sensitive=false\nA=\nA=\n";
        assert_eq!(item(repeated).sensitive, None);
        assert_eq!(problems(repeated)[0].message, "A is already on line 2; only the last one counts");
        assert_eq!((problems(repeated).len(), problems(repeated)[0].line), (1, 3));
        assert!(Schema::parse(b"# @sensitive=false\nENVSEAL_PUBLIC_KEY=x").items().is_empty());
    }

    #[test]
    fn defaults_are_of_every_variable_or_the_file_is_refused() {
        let sensitive = |text: &str| item(text).sensitive;
        assert_eq!(sensitive("# @defaultSensitive=false\n# ---\nA="), Some(false));
        assert_eq!(sensitive("# @defaultSensitive\n# ---\nA="), Some(true));
        assert_eq!(sensitive("# @defaultSensitive=false\n# ---\n# @sensitive\nA="), Some(true));
        let prefix = "# @defaultSensitive=inferFromPrefix('PUBLIC_')\n# ---\n";
        assert_eq!(sensitive(&format!("{prefix}PUBLIC_A=")), Some(false));
        assert_eq!(sensitive(&format!("{prefix}MY_PUBLIC_A=")), Some(true));
        let texts = "# @defaultSensitive=no\n\nA=|# @defaultSensitive=\"false\"\n\nA=|\
                     # @defaultSensitive=inferFromPrefix()\n\nA=|\
                     # @defaultSensitive=inferFromPrefix(a, b)\n\nA=|\
                     # @defaultSensitive=inferFromName(a)\n\nA=|\
                     # @defaultRequired=forEnv(prod)\n\nA=|B=\n# @defaultRequired\nA=|\
                     # @defaultRequired=no\n# @type=port\nA=";
        for text in texts.split('|') {
            let found = problems(text);
            assert!(found.len() == 1 && found[0].is_refused, "{text:?}: {found:?}");
            assert_eq!((item(text).required, item(text).sensitive), (None, None), "{text:?}");
        }
        let twice = "# @defaultRequired\n# @defaultRequired=false\n\nA=";
        assert!(problems(twice)[0].is_refused);
    }

    #[test]
    fn values_are_checked() {
        for (text, value, violation) in [
            ("# @type=port\nA=", None, None),
            ("# @type=port\nA=", Some(""), None),
            ("# @type=port\nA=", Some("x"), Some("is not a port: a number from 0 to 65535")),
            ("# @type=enum(a, 'b c') @required\nA=", None, Some("is required but missing")),
            ("# @type=enum(a, 'b c') @required\nA=", Some(""), Some("is required but empty")),
            ("# @type=enum(a, 'b c') @required\nA=", Some("c"), Some("is not one of: a, b c")),
            ("# @type=enum(a, 'b c') @required\nA=", Some("b c"), None),
        ] {
            let found = item(text).check(value.map(str::as_bytes)).err().map(|error| error.to_string());
            assert_eq!(found.as_deref(), violation, "{text:?} {value:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(
            text in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..120),
                "(#|@|default|Required|Sensitive|required|sensitive=false|type=|enum\\(|port|[A-Z=\n ,()'\"{}é]){0,40}".prop_map(String::into_bytes),
            ],
        ) {
            let schema = Schema::parse(&text);
            let lines = text.split(|b| *b == b'\n' || *b == b'\r').count();
            for item in schema.items() {
                prop_assert!((1..=lines).contains(&item.line) && schema.get(&item.name) == Some(item));
            }
            prop_assert!(schema.problems.iter().all(|found| (1..=lines.max(1)).contains(&found.line)));
        }

        #[test]
        fn names_are_appended_once(
            defaults in "(# @default(Required|Sensitive)(|=(true|false|infer|inferFromPrefix\\([A-E]\\)))\n){0,2}",
            before in "(# ?|@required|@sensitive=false|[A-C]=|\r?\n|'|\"|x| ){0,20}",
            names in proptest::collection::btree_map("[A-H]", (any::<bool>(), any::<bool>()), 0..6),
            line_break in "\r?\n",
        ) {
            let name = |(name, (is_everywhere, is_plain))| ExampleName { name, is_everywhere, is_plain };
            let names: Vec<_> = names.into_iter().map(name).collect();
            let before = defaults + &before;
            let old = Schema::parse(before.as_bytes());
            let (text, count) = add_names(before.as_bytes(), &names, &line_break);
            prop_assert!(text.starts_with(before.as_bytes()));
            let new = Schema::parse(&text);
            for item in old.items() {
                prop_assert_eq!(new.get(&item.name), Some(item));
            }
            let added: Vec<_> = names.iter().filter(|name| old.get(&name.name).is_none()).collect();
            prop_assert_eq!(added.len(), count);
            for name in added {
                let item = new.get(&name.name).unwrap();
                prop_assert_eq!(item.required, Some(name.is_everywhere));
                prop_assert_eq!(item.sensitive == Some(false), name.is_plain);
            }
            prop_assert_eq!(add_names(&text, &names, &line_break), (text, 0));
        }
    }
}
