//! The rules: their ids, how much they weigh, and what they are about.

use super::finding::Severity::{self, Advice, Error};

/// Makes the rules of one line each: its documentation, its name, its id, how much a finding weighs, and what it finds.
macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident $id:literal $severity:ident $about:literal;)*) => {
        /// A rule of `check`. Its id is frozen: scripts, `allow` marks and code scanning go by it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[$doc])* $name,)*
        }

        /// Each rule's id, its severity, and what it finds; in the order of the enum.
        const TABLE: &[(&str, Severity, &str)] = &[$(($id, $severity, $about)),*];

        impl Rule {
            /// Every rule, in the order of the documentation.
            pub const ALL: [Self; TABLE.len()] = [$(Self::$name),*];
        }
    };
}

rules! {
    /// A value in an env file that is neither sealed, nor plain by mark, policy or name, nor empty.
    Plaintext "plaintext" Error "A value in an env file that is neither sealed nor declared plain";
    /// A line of an env file that is neither variable nor comment: whatever stands there, nobody seals it.
    StrayLine "stray-line" Error "A line of an env file that is neither variable nor comment";
    /// An env file whose text cannot be read.
    Unreadable "unreadable" Error "An env file whose text cannot be read";
    /// A value that only looks sealed: its structure, length or form is wrong.
    MalformedToken "malformed-token" Error "A value that only looks sealed";
    /// A value that another tool encrypted.
    ForeignSealed "foreign-sealed" Error "A value that another tool encrypted";
    /// A value that is sealed to another key than the one that stands in its file.
    OtherKey "other-key" Error "A value sealed to another key than its file's";
    /// A value that is sealed to a key at hand, and does not open with it.
    DoesNotOpen "does-not-open" Error "A value sealed to a key at hand that does not open with it";
    /// A public key that is missing, malformed, doubled, or of another environment.
    PublicKey "public-key" Error "A public key that is missing, malformed, doubled or another environment's";
    /// Another public key than before, without a proof that its holder made it.
    PublicKeyChanged "public-key-changed" Error "Another public key than before, without proof of a rotation";
    /// Files of one environment that hold different public keys.
    KeysDisagree "keys-disagree" Error "Files of one environment that hold different public keys";
    /// Two env files whose names fold to one key name: side by side, or of two environments of a project.
    SideBySide "side-by-side" Error "Two env files of a project that share one key name";
    /// Two environments of a project that have one public key.
    KeyShared "key-shared" Error "Two environments of a project that have one public key";
    /// A keys file that is committed, or about to be.
    KeysFile "keys-file" Error "A keys file in git";
    /// A private key, in any file.
    PrivateKey "private-key" Error "A private key in a file";
    /// The value of a sealed variable, in any file.
    SecretValue "secret-value" Error "The value of a sealed variable in a file";
    /// A merge-conflict marker in an env file.
    ConflictMarker "conflict-marker" Error "A merge-conflict marker in an env file";
    /// A name by whose value programs run code, sealed.
    ReservedSealed "reserved-sealed" Error "A sealed value under a name by which programs run code";
    /// A name by whose value programs trust someone or send something somewhere, newly sealed.
    RedirectSealed "redirect-sealed" Advice "A name by which programs trust or send, newly sealed";
    /// A sealed value that refers to more than before.
    ReferenceAdded "reference-added" Advice "A sealed value that refers to more than before";
    /// A name that stands twice in one file.
    DuplicateName "duplicate-name" Error "A name that stands twice in one env file";
    /// A sealed value that a mark or a glob calls plain.
    PlainSealed "plain-sealed" Error "A sealed value that is declared plain";
    /// A keys file that git does not ignore.
    KeysFileNotIgnored "keys-file-not-ignored" Error "A keys file that git does not ignore";
    /// A keys file that a Docker build would copy.
    KeysFileDocker "keys-file-docker" Error "A keys file that a Docker build would copy";
    /// A keys file that others on this machine may read.
    KeysFileMode "keys-file-mode" Error "A keys file that other users may read";
    /// A team file that cannot be read.
    TeamFile "team-file" Error "A team file that cannot be read, or contradicts itself";
    /// A grant that does not hold, or not to the key that the environment has.
    GrantInvalid "grant-invalid" Error "A grant that does not hold, or is of another key than the environment's";
    /// Something of a removed member that still counts: a grant to them, or by them.
    RemovalPending "removal-pending" Error "A removed member who can still read an environment, or let others in";
    /// A member's name that stands for someone else than before.
    MemberChanged "member-changed" Error "A member's name that stands for someone else than before";
    /// An exposure that is gone, or says something else than before.
    ExposureAltered "exposure-altered" Error "An exposure that is gone, or says something else than before";
    /// A policy that calls more plain, or leaves more out, than before.
    PolicyWidened "policy-widened" Advice "A policy that calls more plain, or leaves more out, than before";
    /// An `allow` mark that was not there before.
    AllowAdded "allow-added" Advice "An `allow` mark that was not there before";
    /// Values that removed members could read.
    Exposed "exposed" Advice "Values that removed members could read, still to be replaced";
    /// A reference, without a default, to a name that nothing sets.
    DanglingReference "dangling-reference" Error "A reference to a name that no env file and no schema sets";
    /// A `${` that begins no reference of a known form.
    MalformedReference "malformed-reference" Error "A `${` that begins no reference of a known form";
    /// `$(`: text here, a command elsewhere.
    CommandSubstitution "command-substitution" Advice "`$(` in a value: text to envseal, a command elsewhere";
    /// A plain value that other programs would read otherwise.
    ReadOtherwise "read-otherwise" Advice "A plain value that other programs would read otherwise";
    /// A name that one environment has and another lacks.
    MissingName "missing-name" Advice "A name that one environment has and another lacks";
    /// A sealed name in a file that another program reads by itself, where a run may not set it.
    SealedElsewhere "sealed-elsewhere" Advice "A sealed value in a file that another program reads by itself";
    /// A name that the example file lacks.
    ExampleMissing "example-missing" Advice "A name that the example file lacks";
    /// A name that only the example file has.
    ExampleExtra "example-extra" Advice "A name that only the example file has";
    /// A name that the schema requires, and that is missing or empty.
    RequiredMissing "required-missing" Error "A name that the schema requires, missing or empty";
    /// A value of another type than the schema says.
    WrongType "wrong-type" Error "A value of another type than the schema says";
    /// A schema that does not say clearly what it says.
    SchemaMalformed "schema-malformed" Advice "A schema that cannot be understood";
    /// A comment that looks like a variable put aside, value and all.
    CommentedValue "commented-value" Advice "A variable put aside in a comment, with its value";
    /// An env file that is a symlink to what it does not stand for.
    Symlink "symlink" Advice "An env file that is a symlink to another environment's file or out of the project";
}

impl Rule {
    /// Its id, as in JSON and behind `allow`.
    pub fn id(self) -> &'static str {
        TABLE[self as usize].0
    }

    /// How much a finding weighs, unless the occasion says otherwise.
    pub fn severity(self) -> Severity {
        TABLE[self as usize].1
    }

    /// What it finds, in a line.
    pub fn about(self) -> &'static str {
        TABLE[self as usize].2
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
