//! The sorts of change, and what is told of each.

use std::path::{Path, PathBuf};

use crate::git::{Commit, ObjectId};
use crate::time::{Moment, rfc3339};

/// What became of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another value, or may have: without the keys one token cannot be told from another. Also where plain
    /// text was sealed, for the value may have been changed on the way.
    Changed,
    /// It was sealed, and now stands in plain text.
    Plain,
    /// Its token is another, its value is the same.
    ReSealed,
}

impl Kind {
    /// As it is printed: `added`, `removed`, `changed`, `plain`, `re-sealed`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Plain => "plain",
            Self::ReSealed => "re-sealed",
        }
    }
}

/// What is known of a commit's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SignatureState {
    /// By a member, in the parent commit, of every project whose files are told of.
    Good,
    /// It does not belong to this commit, or its SSH key is not that of a member of each such project.
    Bad,
    /// There is one, and nothing to verify it with: it is no SSH key's, or a project had no members yet.
    Unknown,
    /// There is none.
    None,
}

impl SignatureState {
    /// As it is printed: `good`, `bad`, `unknown`, `none`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
            Self::None => "none",
        }
    }
}

/// A changed variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub kind: Kind,
}

/// The changed variables of one env file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileChanges {
    /// The file, relative to the root; of a file that is gone, where it was.
    pub path: PathBuf,
    /// Where it was before, if that is another place.
    pub from: Option<PathBuf>,
    /// In the file's order; those that are gone last.
    pub changes: Vec<Change>,
}

impl FileChanges {
    /// Where the file is, and where it was.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(&*self.path).chain(self.from.as_deref())
    }
}

/// Who made a change: a commit, or whoever is at work here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Author {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// When.
    pub time: Moment,
    /// The commit; forty zeros for what is not committed yet.
    pub commit: ObjectId,
    /// Its subject.
    pub subject: String,
    /// Its signature.
    pub signature: SignatureState,
}

impl Author {
    /// A commit's, whose signature was judged.
    pub(super) fn of(commit: &Commit, signature: SignatureState) -> Self {
        Self {
            name: commit.author.clone(),
            email: commit.email.clone(),
            time: Moment { seconds: commit.time, offset: commit.offset },
            commit: commit.id,
            subject: commit.subject.clone(),
            signature,
        }
    }

    /// As git has it for what is in the worktree only.
    pub(crate) fn not_yet() -> Self {
        Self {
            name: "not committed yet".into(),
            email: String::new(),
            time: Moment::now(),
            commit: ObjectId::none(),
            subject: String::new(),
            signature: SignatureState::None,
        }
    }

    /// The frozen fields of a change, as texts, in their order.
    pub(crate) fn fields(&self, file: &Path, name: &str, kind: Kind) -> [(&'static str, String); 9] {
        [
            ("time", rfc3339(self.time)),
            ("author", self.name.clone()),
            ("email", self.email.clone()),
            ("commit", self.commit.to_string()),
            ("subject", self.subject.clone()),
            ("file", file.display().to_string()),
            ("name", name.to_owned()),
            ("kind", kind.as_str().to_owned()),
            ("signature", self.signature.as_str().to_owned()),
        ]
    }
}
