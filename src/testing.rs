//! Exports for the tests, benches and fuzz targets. Nothing here is stable.

#[cfg(feature = "cli")]
pub mod check {
    pub mod rules {
        pub use crate::check::rules::{EnvText, Finding, Leaks, Rule, Severity, check_env_file, spellings};
    }
}
#[cfg(feature = "cli")]
pub mod commands {
    pub use crate::commands::definition;
}
pub mod config {
    pub use crate::config::{EnvName, ProcessEnv, is_own_name};
}
pub mod crypto {
    pub use crate::crypto::{
        Grant, GrantError, GrantTerms, Identity, IdentityKey, KeyError, LockError, LockedKey, Locker,
        OpenError, Opener, PlaintextKind, PrivateKey, Proof, PublicKey, Refs, SealedValue, Sealer,
        SecretBytes, SecretText, TagKey, TokenError, Unlocker, claims_to_be_sealed,
    };
}
pub mod dotenv {
    pub use crate::dotenv::{
        CommentMark, ConflictStyle, Document, Edit, Entry, MergeConflicts, MergeVersions, MergedText,
        ReferenceValue, VarName, expand, is_reserved, merge, quote, read, references,
    };
}
#[cfg(feature = "cli")]
pub mod exec {
    pub use crate::exec::{Forms, Masker, Sops};
}
#[cfg(feature = "cli")]
pub mod export {
    pub use crate::export::{Format, Variable, write};
}
pub mod fs {
    pub use crate::fs::FolderLock;
}
pub mod git {
    pub use crate::git::Repo;
}
#[cfg(feature = "cli")]
pub mod hooks {
    pub mod drivers {
        pub use crate::hooks::drivers::{install, uninstall};
    }
}
#[cfg(feature = "cli")]
pub mod import {
    pub use crate::import::{ImportError, ImportErrorKind, ejson, json, yaml};
    pub use crate::project::{ImportItem, ItemValue};
    pub mod sops {
        pub use crate::import::sops::{SopsFormat, read, refuse_documents, without_comments};
    }
}
pub mod keys {
    pub use crate::keys::KeyStore;
}
pub mod project {
    pub use crate::project::{
        Assignment, DollarSigns, EnvFile, How, Pick, Precedence, Project, decrypt, encrypt, put_tag_key,
        read_files, refuse_reserved_dependents, reseal, set, tag_key, textconv,
    };
}
pub mod team {
    pub use crate::team::{Exposure, ExposureState, GrantLine, MemberName, Policy, Rotation, TeamFile};
}
pub mod time {
    pub use crate::time::Moment;
}
#[cfg(feature = "cli")]
pub mod ui {
    pub use crate::ui::report_panics;
}
