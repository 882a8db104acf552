//! The rules and their findings.

use std::path::{Path, PathBuf};

use crate::hint::Hint;
use Severity::{Advice, Error};

/// An error fails the check. A suggestion does not, unless `--strict` is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Error,
    Advice,
}

impl Severity {
    /// Returns the word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Error => "error",
            Advice => "advice",
        }
    }

    /// Returns the word shown to a person.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Error => "error",
            Advice => "suggestion",
        }
    }
}

/// Defines the rules, one per line: name, id, default severity, and what it finds.
macro_rules! rules {
    ($($name:ident $id:literal $severity:ident $about:literal;)*) => {
        /// A rule of `check`. Its id must never change: scripts, `allow` marks and code scanning refer to it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = $about] $name,)*
        }

        /// In the order of the enum.
        const TABLE: &[(&str, Severity, &str)] = &[$(($id, $severity, $about)),*];

        impl Rule {
            /// Every rule, in the order of the documentation.
            pub const ALL: [Self; TABLE.len()] = [$(Self::$name),*];
        }
    };
}

rules! {
    Plaintext "plaintext" Error "A value in an env file that is neither encrypted nor marked plain";
    StrayLine "stray-line" Error "A line of an env file that is neither a variable nor a comment";
    Unreadable "unreadable" Error "An env file, or sealed values, that no command reads";
    MalformedToken "malformed-token" Error "A value that only looks sealed";
    ForeignSealed "foreign-sealed" Error "A value that another tool encrypted";
    OtherKey "other-key" Error "A value encrypted with another key than its file's";
    DoesNotOpen "does-not-open" Error "A value that an available key can't decrypt";
    PublicKey "public-key" Error "A public key that is missing, malformed, doubled or another environment's";
    PublicKeyChanged "public-key-changed" Error "Another public key than before, without proof of a rotation";
    KeysDisagree "keys-disagree" Error "Files of one environment with different public keys";
    SideBySide "side-by-side" Error "Two env files of a project that share one key name";
    KeyShared "key-shared" Error "Two environments of a project with one public key";
    KeysFile "keys-file" Error "A keys file in git";
    PrivateKey "private-key" Error "A private key in a file";
    SecretValue "secret-value" Error "The value of a sealed variable in a file";
    ConflictMarker "conflict-marker" Error "An unfinished merge in an env file or a team file";
    ReservedSealed "reserved-sealed" Error "A name by which programs run code that is sealed, or refers to a sealed value";
    RedirectSealed "redirect-sealed" Advice "A newly sealed name that redirects trust or traffic";
    ReferenceAdded "reference-added" Advice "A sealed value that refers to more names than before";
    DuplicateName "duplicate-name" Error "A name that is set twice in one env file";
    PlainSealed "plain-sealed" Error "A sealed value that is marked plain";
    KeysFileNotIgnored "keys-file-not-ignored" Error "A keys file that git would add";
    KeysFileDocker "keys-file-docker" Error "A keys file that a Docker build would copy";
    KeysFileMode "keys-file-mode" Error "A keys file that other users can read";
    TeamFile "team-file" Error "A team file that can't be read, or contradicts itself";
    GrantInvalid "grant-invalid" Error "A grant that does not verify, or is for another key than the environment's";
    SelfGranted "self-granted" Advice "A new grant that its recipient made";
    RemovalPending "removal-pending" Error "A removed member who can still decrypt an environment, or made a grant";
    MemberChanged "member-changed" Error "A member's name that stands for someone else than before";
    MemberReplaced "member-replaced" Error "A member's new key, whose old one is removed in the same change";
    ExposureAltered "exposure-altered" Error "A record of an exposed value that is missing or changed";
    PolicyWidened "policy-widened" Advice "A policy that treats more as plain, or excludes more, than before";
    AllowAdded "allow-added" Advice "An `allow` mark that was not there before";
    Exposed "exposed" Advice "Values that removed members could read, still to be replaced";
    DanglingReference "dangling-reference" Error "A reference to a name that nothing sets";
    MalformedReference "malformed-reference" Error "A `${` that starts no known reference";
    CommandSubstitution "command-substitution" Advice "`$(` in a value: text to envseal, a command elsewhere";
    ReadOtherwise "read-otherwise" Advice "A plain value that another reader reads differently";
    MissingName "missing-name" Advice "A name that other environments of the folder have";
    SealedElsewhere "sealed-elsewhere" Advice "A sealed value in a file that another program reads itself";
    ExampleMissing "example-missing" Advice "A name that the example file lacks";
    ExampleExtra "example-extra" Advice "A name that only the example file has";
    RequiredMissing "required-missing" Error "A name that the schema requires, missing or empty";
    WrongType "wrong-type" Error "A value that is not of the schema's type";
    SchemaMalformed "schema-malformed" Advice "A decorator in a schema that can't be understood";
    CommentedValue "commented-value" Advice "A variable in a comment, with its value";
    OldValue "old-value" Error "A sealed value that has not changed for longer than `--max-age`";
    Symlink "symlink" Advice "An env file that is a symlink to anything but a file of its environment in the project";
}

impl Rule {
    /// Returns its id, as in JSON and after `allow`.
    pub fn id(self) -> &'static str {
        TABLE[self as usize].0
    }

    pub fn severity(self) -> Severity {
        TABLE[self as usize].1
    }

    pub fn about(self) -> &'static str {
        TABLE[self as usize].2
    }

    /// Returns true if `# envseal: allow RULE` silences it.
    pub(crate) fn can_be_allowed(self) -> bool {
        // A reviewer decides about a change; the change must not be able to allow itself.
        let of_a_change = [
            Self::PublicKeyChanged,
            Self::SelfGranted,
            Self::MemberChanged,
            Self::MemberReplaced,
            Self::ExposureAltered,
            Self::PolicyWidened,
            Self::AllowAdded,
        ];
        !of_a_change.contains(&self)
    }

    /// Returns true if what it finds stays a leak when a later commit fixes it.
    pub(crate) fn shows_plaintext(self) -> bool {
        matches!(self, Self::Plaintext | Self::MalformedToken | Self::StrayLine | Self::Unreadable)
    }
}

/// A finding of a rule. Contains no byte of any value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Relative to the root of what is checked.
    pub file: PathBuf,
    /// From 1; None if the finding is about the whole file.
    pub line: Option<usize>,
    pub rule: Rule,
    pub severity: Severity,
    /// The variable, if it is about one.
    pub name: Option<String>,
    pub message: String,
    /// The one thing to do. `{file}` and `{folder}` stand for the file and its folder, `{range}` for the checked range
    /// as typed. A path that is an argument of its own is relative to the root.
    pub fix: Hint,
}

impl Finding {
    /// Makes a finding about a whole file, as severe as its rule.
    pub(crate) fn new(rule: Rule, file: &Path, message: impl Into<String>, fix: impl Into<Hint>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            rule,
            severity: rule.severity(),
            name: None,
            message: message.into(),
            fix: fix.into(),
        }
    }

    pub(crate) fn unresolved_merge(file: &Path, line: usize, take: Option<Hint>) -> Self {
        let fix = take.unwrap_or("${EDITOR:-vi} {file} && git add {file}".into());
        Self::new(Rule::ConflictMarker, file, "unresolved merge conflict", fix).at(line)
    }

    #[must_use]
    pub(crate) fn at(mut self, line: impl Into<Option<usize>>) -> Self {
        self.line = line.into();
        self
    }

    #[must_use]
    pub(crate) fn about(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    #[must_use]
    pub(crate) fn into_advice(mut self) -> Self {
        self.severity = Advice;
        self
    }

    #[must_use]
    pub(crate) fn into_error(mut self) -> Self {
        self.severity = Error;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_distinct_and_listed() {
        let ids: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
        let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/check.md")).unwrap();
        for rule in Rule::ALL {
            let severity = if rule.severity() == Error { "E" } else { "S" };
            let row = format!("| `{}` | {severity} |", rule.id());
            assert!(docs.contains(&row), "docs/check.md lacks {row}");
        }
    }
}
