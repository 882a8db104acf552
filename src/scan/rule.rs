//! The rules: their ids, how much they weigh, and what they are about.

use super::finding::Severity;

/// A rule of `check`. Its id is frozen: scripts, `allow` marks and code scanning go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A value in an env file that is neither sealed, nor plain by mark, policy or name, nor empty.
    Plaintext,
    /// A line of an env file that is neither variable nor comment: whatever stands there, nobody seals it.
    StrayLine,
    /// An env file whose text cannot be read.
    Unreadable,
    /// A value that only looks sealed: its structure, length or form is wrong.
    MalformedToken,
    /// A value that another tool encrypted.
    ForeignSealed,
    /// A value that is sealed to another key than the one that stands in its file.
    OtherKey,
    /// A value that is sealed to a key at hand, and does not open with it.
    DoesNotOpen,
    /// A public key that is missing, malformed, doubled, or of another environment.
    PublicKey,
    /// Another public key than before, without a proof that its holder made it.
    PublicKeyChanged,
    /// Files of one environment that hold different public keys.
    KeysDisagree,
    /// Two env files whose names fold to one key name: side by side, or of two environments of a project.
    SideBySide,
    /// Two environments of a project that have one public key.
    KeyShared,
    /// A keys file that is committed, or about to be.
    KeysFile,
    /// A private key, in any file.
    PrivateKey,
    /// The value of a sealed variable, in any file.
    SecretValue,
    /// A merge-conflict marker in an env file.
    ConflictMarker,
    /// A name by whose value programs run code, sealed.
    ReservedSealed,
    /// A name by whose value programs trust someone or send something somewhere, newly sealed.
    RedirectSealed,
    /// A sealed value that refers to more than before.
    ReferenceAdded,
    /// A name that stands twice in one file.
    DuplicateName,
    /// A sealed value that a mark or a glob calls plain.
    PlainSealed,
    /// A keys file that git does not ignore.
    KeysFileNotIgnored,
    /// A keys file that a Docker build would copy.
    KeysFileDocker,
    /// A keys file that others on this machine may read.
    KeysFileMode,
    /// A team file that cannot be read.
    TeamFile,
    /// A grant that does not hold, or not to the key that the environment has.
    GrantInvalid,
    /// Something of a removed member that still counts: a grant to them, or by them.
    RemovalPending,
    /// A member's name that stands for someone else than before.
    MemberChanged,
    /// An exposure that is gone, or says something else than before.
    ExposureAltered,
    /// A policy that calls more plain, or leaves more out, than before.
    PolicyWidened,
    /// An `allow` mark that was not there before.
    AllowAdded,
    /// Values that removed members could read.
    Exposed,
    /// A reference, without a default, to a name that nothing sets.
    DanglingReference,
    /// A `${` that begins no reference of a known form.
    MalformedReference,
    /// `$(`: text here, a command elsewhere.
    CommandSubstitution,
    /// A plain value that other programs would read otherwise.
    ReadOtherwise,
    /// A name that one environment has and another lacks.
    MissingName,
    /// A sealed name in a file that another program reads by itself, where a run may not set it.
    SealedElsewhere,
    /// A name that the example file lacks.
    ExampleMissing,
    /// A name that only the example file has.
    ExampleExtra,
    /// A name that the schema requires, and that is missing or empty.
    RequiredMissing,
    /// A value of another type than the schema says.
    WrongType,
    /// A schema that does not say clearly what it says.
    SchemaMalformed,
    /// A comment that looks like a variable put aside, value and all.
    CommentedValue,
    /// An env file that is a symlink to what it does not stand for.
    Symlink,
}

impl Rule {
    /// Every rule, in the order of the documentation.
    pub const ALL: [Self; 45] = [
        Self::Plaintext,
        Self::StrayLine,
        Self::Unreadable,
        Self::MalformedToken,
        Self::ForeignSealed,
        Self::OtherKey,
        Self::DoesNotOpen,
        Self::PublicKey,
        Self::PublicKeyChanged,
        Self::KeysDisagree,
        Self::SideBySide,
        Self::KeyShared,
        Self::KeysFile,
        Self::PrivateKey,
        Self::SecretValue,
        Self::ConflictMarker,
        Self::ReservedSealed,
        Self::RedirectSealed,
        Self::ReferenceAdded,
        Self::DuplicateName,
        Self::PlainSealed,
        Self::KeysFileNotIgnored,
        Self::KeysFileDocker,
        Self::KeysFileMode,
        Self::TeamFile,
        Self::GrantInvalid,
        Self::RemovalPending,
        Self::MemberChanged,
        Self::ExposureAltered,
        Self::PolicyWidened,
        Self::AllowAdded,
        Self::Exposed,
        Self::DanglingReference,
        Self::MalformedReference,
        Self::CommandSubstitution,
        Self::ReadOtherwise,
        Self::MissingName,
        Self::SealedElsewhere,
        Self::ExampleMissing,
        Self::ExampleExtra,
        Self::RequiredMissing,
        Self::WrongType,
        Self::SchemaMalformed,
        Self::CommentedValue,
        Self::Symlink,
    ];

    /// Its id, as in JSON and behind `allow`.
    pub fn id(self) -> &'static str {
        self.row().0
    }

    /// How much a finding weighs, unless the occasion says otherwise.
    pub fn severity(self) -> Severity {
        self.row().1
    }

    /// What it finds, in a line.
    pub fn about(self) -> &'static str {
        self.row().2
    }

    /// Whether `# envseal: allow RULE` silences it.
    pub fn can_be_allowed(self) -> bool {
        // What a change did is for its reviewer to judge, not for the change itself.
        let of_a_change = [
            Self::PublicKeyChanged,
            Self::MemberChanged,
            Self::ExposureAltered,
            Self::PolicyWidened,
            Self::AllowAdded,
        ];
        !of_a_change.contains(&self)
    }

    fn row(self) -> (&'static str, Severity, &'static str) {
        use Severity::{Advice, Error};
        match self {
            Self::Plaintext => {
                ("plaintext", Error, "A value in an env file that is neither sealed nor declared plain")
            }
            Self::StrayLine => {
                ("stray-line", Error, "A line of an env file that is neither variable nor comment")
            }
            Self::Unreadable => ("unreadable", Error, "An env file whose text cannot be read"),
            Self::MalformedToken => ("malformed-token", Error, "A value that only looks sealed"),
            Self::ForeignSealed => ("foreign-sealed", Error, "A value that another tool encrypted"),
            Self::OtherKey => ("other-key", Error, "A value sealed to another key than its file's"),
            Self::DoesNotOpen => {
                ("does-not-open", Error, "A value sealed to a key at hand that does not open with it")
            }
            Self::PublicKey => (
                "public-key",
                Error,
                "A public key that is missing, malformed, doubled or another environment's",
            ),
            Self::PublicKeyChanged => {
                ("public-key-changed", Error, "Another public key than before, without proof of a rotation")
            }
            Self::KeysDisagree => {
                ("keys-disagree", Error, "Files of one environment that hold different public keys")
            }
            Self::SideBySide => ("side-by-side", Error, "Two env files of a project that share one key name"),
            Self::KeyShared => {
                ("key-shared", Error, "Two environments of a project that have one public key")
            }
            Self::KeysFile => ("keys-file", Error, "A keys file in git"),
            Self::PrivateKey => ("private-key", Error, "A private key in a file"),
            Self::SecretValue => ("secret-value", Error, "The value of a sealed variable in a file"),
            Self::ConflictMarker => ("conflict-marker", Error, "A merge-conflict marker in an env file"),
            Self::ReservedSealed => {
                ("reserved-sealed", Error, "A sealed value under a name by which programs run code")
            }
            Self::RedirectSealed => {
                ("redirect-sealed", Advice, "A name by which programs trust or send, newly sealed")
            }
            Self::ReferenceAdded => {
                ("reference-added", Advice, "A sealed value that refers to more than before")
            }
            Self::DuplicateName => ("duplicate-name", Error, "A name that stands twice in one env file"),
            Self::PlainSealed => ("plain-sealed", Error, "A sealed value that is declared plain"),
            Self::KeysFileNotIgnored => {
                ("keys-file-not-ignored", Error, "A keys file that git does not ignore")
            }
            Self::KeysFileDocker => ("keys-file-docker", Error, "A keys file that a Docker build would copy"),
            Self::KeysFileMode => ("keys-file-mode", Error, "A keys file that other users may read"),
            Self::TeamFile => ("team-file", Error, "A team file that cannot be read, or contradicts itself"),
            Self::GrantInvalid => (
                "grant-invalid",
                Error,
                "A grant that does not hold, or is of another key than the environment's",
            ),
            Self::RemovalPending => (
                "removal-pending",
                Error,
                "A removed member who can still read an environment, or let others in",
            ),
            Self::MemberChanged => {
                ("member-changed", Error, "A member's name that stands for someone else than before")
            }
            Self::ExposureAltered => {
                ("exposure-altered", Error, "An exposure that is gone, or says something else than before")
            }
            Self::PolicyWidened => {
                ("policy-widened", Advice, "A policy that calls more plain, or leaves more out, than before")
            }
            Self::AllowAdded => ("allow-added", Advice, "An `allow` mark that was not there before"),
            Self::Exposed => {
                ("exposed", Advice, "Values that removed members could read, still to be replaced")
            }
            Self::DanglingReference => {
                ("dangling-reference", Error, "A reference to a name that no env file and no schema sets")
            }
            Self::MalformedReference => {
                ("malformed-reference", Error, "A `${` that begins no reference of a known form")
            }
            Self::CommandSubstitution => {
                ("command-substitution", Advice, "`$(` in a value: text to envseal, a command elsewhere")
            }
            Self::ReadOtherwise => {
                ("read-otherwise", Advice, "A plain value that other programs would read otherwise")
            }
            Self::MissingName => {
                ("missing-name", Advice, "A name that one environment has and another lacks")
            }
            Self::SealedElsewhere => {
                ("sealed-elsewhere", Advice, "A sealed value in a file that another program reads by itself")
            }
            Self::ExampleMissing => ("example-missing", Advice, "A name that the example file lacks"),
            Self::ExampleExtra => ("example-extra", Advice, "A name that only the example file has"),
            Self::RequiredMissing => {
                ("required-missing", Error, "A name that the schema requires, missing or empty")
            }
            Self::WrongType => ("wrong-type", Error, "A value of another type than the schema says"),
            Self::SchemaMalformed => ("schema-malformed", Advice, "A schema that cannot be understood"),
            Self::CommentedValue => {
                ("commented-value", Advice, "A variable put aside in a comment, with its value")
            }
            Self::Symlink => (
                "symlink",
                Advice,
                "An env file that is a symlink to another environment's file or out of the project",
            ),
        }
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
        // The page may be in parts.
        let docs = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).unwrap().flatten();
        let docs = docs.filter(|item| item.file_name().to_string_lossy().starts_with("check."));
        let docs: String = docs.map(|item| std::fs::read_to_string(item.path()).unwrap()).collect();
        for rule in Rule::ALL {
            assert!(docs.contains(&format!("| `{}` |", rule.id())), "docs/check.md lacks {}", rule.id());
        }
    }
}
