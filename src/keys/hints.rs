//! What to try next: keys and identities.

use super::{IdentityFileError, KeystoreError, Missed, PassphraseError, Place, Tried};
use crate::config::EnvName;
use crate::crypto::LockError;
use crate::fs::{FsError, fs_hint};
use crate::git::git_hint;
use crate::hint::Hint;

pub(crate) fn keystore_hint(error: &KeystoreError) -> Option<Hint> {
    Some(match error {
        KeystoreError::NotFound { env, tried, .. } => missing_key_hint(env, tried),
        KeystoreError::Identity(error) => return identity_hint(error),
        KeystoreError::Team { path, .. } => hint!("mend {path} and try again", path),
        KeystoreError::Grant { path, env, member, .. } => hint!(
            "see who changed it: git log -p -- {path}; or have it granted anew: envseal team approve {member} -e {env}",
            path,
            member,
            env
        ),
        KeystoreError::Empty { variable } => {
            hint!(
                "hand the key to this job as {variable}, or leave the variable unset: env -u {variable} …",
                variable
            )
        }
        KeystoreError::Malformed { variable, .. } => {
            hint!("set {variable} to what `envseal key show --private` prints where the key is", variable)
        }
        KeystoreError::NotOwned(path) => {
            hint!("if you trust it, say so: -K {path}", path)
        }
        KeystoreError::Tracked(path) => hint!("git rm --cached {path}, then make new keys: whoever has a clone has these", path),
        KeystoreError::Pins { path, .. } => hint!("bring it back from a backup; or have every key accepted anew at first sight: rm {path}", path),
        KeystoreError::Fs(FsError::NotFound { .. }) => "see where your keys are: envseal key list".into(),
        KeystoreError::Fs(error) => return fs_hint(error),
        KeystoreError::Git(error) => return git_hint(error),
        KeystoreError::Locked { .. } | KeystoreError::Passphrase(PassphraseError::NoTerminal) => {
            "put the passphrase in ENVSEAL_PASSPHRASE".into()
        }
        KeystoreError::Unlock { source: LockError::Passphrase, .. } => {
            "try again with the passphrase that it was locked with; ENVSEAL_PASSPHRASE, where it is set, is taken for it"
                .into()
        }
        KeystoreError::Unlock { .. } => "have it again from a backup: envseal key recover FILE".into(),
        KeystoreError::Passphrase(PassphraseError::Differ | PassphraseError::Empty) => {
            "try again, or put it in ENVSEAL_PASSPHRASE".into()
        }
        KeystoreError::Passphrase(PassphraseError::Lock(_))
        | KeystoreError::Ask { .. }
        | KeystoreError::PassphraseText
        | KeystoreError::Backup { .. }
        | KeystoreError::Parse { .. }
        | KeystoreError::Edit { .. } => return None,
    })
}

/// What to do where no place has the private key: being let in is a pull request away.
pub(crate) fn missing_key_hint(env: &EnvName, tried: &[Tried]) -> Hint {
    let granted = tried.iter().find(|tried| matches!(tried.place, Place::Grant(_)));
    match granted.map(|tried| &tried.found) {
        Some(Missed::NotGranted { member, holders }) => {
            let who = match &holders[..] {
                [] => hint!("someone who can open {env}", env),
                holders => Hint::list(holders.iter().map(|name| hint!("{name}", name)), ", ", " or "),
            };
            Hint::from("have ").and(who).and(hint!(
                " let you in: envseal team approve {member} -e {env}",
                member,
                env
            ))
        }
        Some(Missed::GrantedOther { member, .. }) => hint!(
            "see who changed the key: git log -p -G {variable}; if that was meant, whoever can open it: envseal team approve \
             {member} -e {env}",
            variable = env.public_key_name(),
            member,
            env
        ),
        Some(Missed::Removed { .. }) => {
            "if that was a mistake, join with a new identity: ssh-keygen -t ed25519 -f FILE, then envseal team request -i FILE --name NAME"
                .into()
        }
        Some(Missed::EmptyIdentity) => {
            "hand the identity to this job as ENVSEAL_IDENTITY, or leave the variable unset: env -u ENVSEAL_IDENTITY …".into()
        }
        Some(Missed::NoIdentity | Missed::NoMember { .. }) => {
            "ask to be let in: envseal team request, and commit what it writes".into()
        }
        _ => hint!(
            "ask to be let in: envseal team request; or put the private key of {env} in .env.keys as {variable}",
            env,
            variable = env.private_key_name()
        ),
    }
}

pub(crate) fn identity_hint(error: &IdentityFileError) -> Option<Hint> {
    Some(match error {
        IdentityFileError::Form(_) | IdentityFileError::Kind { .. } | IdentityFileError::Fido(_) => {
            "use another key: envseal team request makes one, as does ssh-keygen -t ed25519".into()
        }
        IdentityFileError::Public(_) => {
            "name the file of the private key: --identity ~/.ssh/id_ed25519; or leave it out, and envseal team request \
             makes a key of its own"
                .into()
        }
        IdentityFileError::Locked(_) => "put it in ENVSEAL_PASSPHRASE".into(),
        IdentityFileError::Open(path) => hint!("chmod 600 {path}", path),
        IdentityFileError::Variable => {
            "give it a path, or the whole text of the key with its first and last line; or leave it unset: \
             env -u ENVSEAL_IDENTITY …"
                .into()
        }
        IdentityFileError::NoHome => "set HOME, or name a key: --identity FILE".into(),
        IdentityFileError::Exists(_) => "see whose it is: envseal team whoami".into(),
        IdentityFileError::Passphrase(_) => {
            "try again; ENVSEAL_PASSPHRASE, where it is set, is taken for it".into()
        }
        IdentityFileError::Ask { .. } => return None,
    })
}
