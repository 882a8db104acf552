//! The one place that sees every module's error: what to say, which exit status, and what to try next.

use std::fmt::Display;

use crate::access::AccessError;
use crate::config::{EnvName, NameError};
use crate::crypto::{LockError, OpenError};
use crate::exec::ExecError;
use crate::export::ExportError;
use crate::fsio::FsError;
use crate::git::GitError;
use crate::guard::GuardError;
use crate::history::HistoryError;
use crate::hooks::drivers::DriverError;
use crate::hooks::{InstallError, Unfit};
use crate::keystore::{IdentityFileError, KeystoreError, Missed, PassphraseError, Place, Tried};
use crate::vault::{Failure, Reason, VaultError};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line asks for something that makes no sense.
    #[error("{message}")]
    Usage {
        /// What is wrong; holds no value.
        message: String,
        /// What to type instead.
        hint: Option<String>,
    },
    /// A file, a key or a value.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The repository.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The repository's hooks.
    #[error(transparent)]
    Hooks(#[from] InstallError),
    /// The drivers' set-up.
    #[error(transparent)]
    Drivers(#[from] DriverError),
    /// Who has access.
    #[error(transparent)]
    Access(AccessError),
    /// The history of env files.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A format that cannot hold a value.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A program that was not started.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// A value that no process's environment can hold.
    #[error("the value of {0} holds a NUL byte, which no environment can hold")]
    Nul(String),
    /// Reading stdin, writing stdout or changing the folder failed.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl Error {
    /// A usage error.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    /// An input or output error.
    pub fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// Whether nobody reads our output any more: no error to speak of.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// Whether a person broke off at a prompt.
    pub fn is_interrupted(&self) -> bool {
        let (Self::Io { source, .. }
        | Self::Vault(VaultError::Keystore(
            KeystoreError::Ask { source } | KeystoreError::Identity(IdentityFileError::Ask { source, .. }),
        ))) = self
        else {
            return false;
        };
        source.kind() == std::io::ErrorKind::Interrupted
    }

    /// The exit status (DESIGN section 3).
    pub fn status(&self) -> u8 {
        match self {
            Self::Usage { .. } | Self::Vault(VaultError::Name(NameError::Environment(_))) => 2,
            Self::Nul(_) | Self::Export(_) => 3,
            Self::Vault(error) => match error {
                VaultError::Unopened(_)
                | VaultError::NoPublicKey { .. }
                | VaultError::KeyLost { .. }
                | VaultError::PinDiffers { .. }
                | VaultError::Unwritable { .. } => 3,
                VaultError::Keystore(error) => match error {
                    KeystoreError::Fs(_)
                    | KeystoreError::Git(_)
                    | KeystoreError::Pins { .. }
                    | KeystoreError::Backup { .. } => 4,
                    KeystoreError::Passphrase(_) => 2,
                    _ => 3,
                },
                VaultError::Reserved { .. }
                | VaultError::OwnName(_)
                | VaultError::SameName(_)
                | VaultError::PolicyPlain { .. } => 2,
                _ => 4,
            },
            Self::Exec(error) => error.status(),
            Self::Access(error) => match error {
                AccessError::NoMember { .. }
                | AccessError::NameTaken { .. }
                | AccessError::NoName
                | AccessError::Name(_)
                | AccessError::Fingerprint { .. } => 2,
                AccessError::NoIdentity | AccessError::NotAMember { .. } | AccessError::TagKey { .. } => 3,
                _ => 4,
            },
            Self::Git(_) | Self::Hooks(_) | Self::Drivers(_) | Self::History(_) | Self::Io { .. } => 4,
        }
    }

    /// Lines that say more: each value that could not be opened, each place a key was looked for.
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::Vault(VaultError::Unopened(failures)) => unopened(failures),
            Self::Vault(VaultError::Keystore(KeystoreError::NotFound { tried, .. })) => looked(tried),
            Self::Vault(VaultError::PinDiffers { change, .. }) => vec![
                format!("accepted before: {} ({})", change.pinned.fingerprint(), change.seen),
                format!("in the file now: {}", change.found.fingerprint()),
            ],
            Self::Hooks(error) => error.lines().iter().map(|line| (*line).to_owned()).collect(),
            _ => Vec::new(),
        }
    }

    /// The one thing to try next.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } => hint.clone(),
            Self::Vault(error) => vault_hint(error),
            Self::Git(error) => git_hint(error),
            Self::Hooks(error) => hooks_hint(error),
            Self::Drivers(error) => driver_hint(error),
            Self::History(error) => history_hint(error),
            Self::Access(error) => access_hint(error),
            Self::Export(error) => Some(format!("leave it out: -x {}", export_name(error)?)),
            Self::Exec(ExecError::TooLarge { program, largest }) => Some(format!(
                "if it is not needed: envseal run -x {} -- {} …",
                largest.display(),
                quoted(program.display())
            )),
            Self::Nul(name) => Some(format!("leave it out: -x {name}")),
            Self::Exec(_) | Self::Io { .. } => None,
        }
    }
}

fn looked(tried: &[Tried]) -> Vec<String> {
    tried.iter().map(|tried| format!("looked for {tried}")).collect()
}

/// One line for each value; where a key was looked for is said once.
fn unopened(failures: &[Failure]) -> Vec<String> {
    let mut lines: Vec<_> = failures
        .iter()
        .map(|f| format!("{}:{} {}: {}", f.path.display(), f.line, f.name, f.reason))
        .collect();
    let mut places: Vec<&[Tried]> = Vec::new();
    for failure in failures {
        if let Reason::NoKey { tried, .. } = &failure.reason
            && !places.contains(&&**tried)
        {
            places.push(tried);
            lines.extend(looked(tried));
        }
    }
    lines
}

fn export_name(error: &ExportError) -> Option<&str> {
    match error {
        ExportError::Name { name, .. }
        | ExportError::Reserved { name, .. }
        | ExportError::Repeated { name, .. }
        | ExportError::Value { name, .. } => Some(name),
        ExportError::SecretName { .. } => None,
    }
}

fn vault_hint(error: &VaultError) -> Option<String> {
    let file = |path: &std::path::Path| quoted(path.display());
    Some(match error {
        VaultError::Unopened(failures) => return failures.first().map(reason_hint),
        VaultError::Keystore(error) => return keystore_hint(error),
        VaultError::Fs(error) => return fs_hint(error),
        VaultError::Git(error) => return git_hint(error),
        // Not `git mergetool`: what it leaves beside an env file has the names of env files.
        VaultError::Conflict { path, .. } => {
            format!("resolve the merge first: ${{EDITOR:-vi}} {0} && git add {0}", file(path))
        }
        VaultError::SideBySide { first, second, .. } => {
            format!("keep one of the two: git mv {} …, or merge {} into it", file(second), file(first))
        }
        VaultError::KeysDisagree { second, .. } => format!(
            "keep one key: copy its line into the other file, then envseal encrypt --reseal -f {}",
            file(second)
        ),
        VaultError::PublicKeyName { path, found, wanted, .. } => format!(
            "if it was renamed: call that line {wanted}, and the line {} of .env.keys {}; if it was copied: take that \
             line out of {}, and envseal set its values anew",
            found.replace("PUBLIC", "PRIVATE"),
            wanted.replace("PUBLIC", "PRIVATE"),
            file(path)
        ),
        VaultError::PublicKeyTwice { .. } => {
            "keep one of the two lines: git log -p tells which is older".into()
        }
        VaultError::PublicKey { path, .. } => {
            format!("bring the line back: git checkout HEAD -- {}", file(path))
        }
        VaultError::NoVariable { similar: Some(similar), .. } => format!("did you mean {similar}?"),
        VaultError::NoVariable { path, .. } => {
            format!("see the names that are there: cut -d= -f1 {}", file(path))
        }
        VaultError::Exists { name, .. } => format!("replace {name} with --force"),
        VaultError::Reserved { path, name } => {
            format!("write it as plain text: envseal set {name} --plain -f {}", file(path))
        }
        VaultError::ReservedDepends { on, .. } => {
            format!(
                "if {on} is no secret, end its line in `# envseal: plain`; else write the value without it"
            )
        }
        VaultError::PolicyPlain { path, name, .. } => {
            let set = format!("envseal set {name} -f {}", file(path));
            format!("say which: {set} --plain, or {set} --seal")
        }
        VaultError::AmbiguousHash { .. } => {
            "put the value in quotes if `#` belongs to it, or a space before `#` if a comment starts there"
                .into()
        }
        VaultError::Stray { .. } => "make it a comment (#), or a variable (NAME=value)".into(),
        VaultError::ComputedReference { .. } => {
            "write the name out, or mark the line: # envseal: plain".into()
        }
        VaultError::NoPublicKey { path, .. } => {
            format!("make a key for it: envseal key generate -f {}", file(path))
        }
        VaultError::KeyLost { path, variable, .. } => {
            format!("find the line and bring it back: git log -p -S{variable} -- {}", file(path))
        }
        VaultError::PinDiffers { path, env, .. } => {
            let beside = path.parent().is_none_or(|folder| folder.as_os_str().is_empty());
            let named = if beside { format!("-e {}", quoted(env)) } else { format!("-f {}", file(path)) };
            format!("ask your team whether they changed it; if they did: envseal key trust {named}")
        }
        VaultError::KeyExists { path, .. } => format!("see it: envseal key show -f {}", file(path)),
        VaultError::Interrupted { journal, .. } => format!(
            "to keep the files as they are now and give the rotation up: rm {}, then see: envseal check",
            file(journal)
        ),
        VaultError::ChangedMeanwhile(_) => "try again".into(),
        VaultError::NoFiles { .. } => "see which there are: envseal ls".into(),
        VaultError::NotAMember { .. } => {
            "ask to be let in: envseal team request, and commit what it writes".into()
        }
        VaultError::NotIgnored(_) => "take the rule that starts with `!` out of .gitignore".into(),
        VaultError::Unwritable { path, name } => {
            format!("seal it instead: envseal set {name} --seal -f {}", file(path))
        }
        VaultError::SealedButPlain { path, name, .. } => {
            format!(
                "take the mark off that line, or with a new value: envseal set {name} --seal -f {}",
                file(path)
            )
        }
        VaultError::LeadsOutside { target, .. } => {
            format!("if you mean that file, name it: -f {}", file(target))
        }
        VaultError::NoKeyOf { .. } => "see which keys there are: envseal key list".into(),
        VaultError::BackupExists(_) => "give the new one another name".into(),
        VaultError::BackupInSight(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            format!("put it elsewhere: envseal key backup ~/{}", quoted(name))
        }
        VaultError::IgnoreFileLink(path) => {
            format!("make it a file: cp --remove-destination \"$(readlink -f {0})\" {0}", file(path))
        }
        VaultError::Name(NameError::NotEnvFile(_)) => "see which files are: envseal ls".into(),
        VaultError::Name(NameError::DefaultFile(_)) => "call it .env, or give it another name".into(),
        VaultError::Policy { path, .. } | VaultError::Team { path, .. } => {
            format!("mend {} and try again", file(path))
        }
        _ => return None,
    })
}

fn reason_hint(failure: &Failure) -> String {
    let file = quoted(failure.path.display());
    let name = &failure.name;
    match &failure.reason {
        Reason::NoKey { env, tried, .. } => missing_key_hint(env, tried),
        Reason::NoPublicKey(_) => format!("bring the line back: git log -p -- {file}"),
        Reason::ReservedSealed => format!("write it as plain text: envseal set {name} --plain -f {file}"),
        Reason::ReservedDepends(_) => format!("write {name} without that reference"),
        Reason::DependsOn(other) => format!("set {other} first: envseal set {other} -f {file}"),
        Reason::Open(OpenError::OtherKey { .. }) => format!(
            "it was sealed before the key changed, or moved here: envseal encrypt --reseal -f {file}, or \
             envseal set {name} -f {file}"
        ),
        Reason::Open(_) | Reason::Token(_) => {
            format!("see who changed it: git log -p -- {file}; or set it anew: envseal set {name} -f {file}")
        }
        Reason::UnlistedReference | Reason::Unwritable | Reason::TooLarge => {
            format!("leave it sealed: -x {name}")
        }
    }
}

fn keystore_hint(error: &KeystoreError) -> Option<String> {
    Some(match error {
        KeystoreError::NotFound { env, tried, .. } => missing_key_hint(env, tried),
        KeystoreError::Identity(error) => return identity_hint(error),
        KeystoreError::Team { path, .. } => format!("mend {} and try again", quoted(path.display())),
        KeystoreError::Grant { path, env, member, .. } => format!(
            "see who changed it: git log -p -- {}; or have it granted anew: envseal team approve {member} -e {env}",
            quoted(path.display())
        ),
        KeystoreError::Empty { variable } => {
            format!(
                "hand the key to this job as {variable}, or leave the variable unset: env -u {variable} …"
            )
        }
        KeystoreError::Malformed { variable, .. } => {
            format!("set {variable} to what `envseal key show --private` prints where the key is")
        }
        KeystoreError::NotOwned(path) => {
            format!("if you trust it, say so: -K {}", quoted(path.display()))
        }
        KeystoreError::Tracked(path) => format!(
            "git rm --cached {}, then make new keys: whoever has a clone has these",
            quoted(path.display())
        ),
        KeystoreError::Pins { path, .. } => format!(
            "bring it back from a backup; or have every key accepted anew at first sight: rm {}",
            quoted(path.display())
        ),
        KeystoreError::Fs(error) => return fs_hint(error),
        KeystoreError::Git(error) => return git_hint(error),
        KeystoreError::Locked { .. } | KeystoreError::Passphrase(PassphraseError::NoTerminal) => {
            "put the passphrase in ENVSEAL_PASSPHRASE".into()
        }
        KeystoreError::Unlock { source: LockError::Passphrase, .. } => {
            "try again with the passphrase that it was locked with".into()
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
fn missing_key_hint(env: &EnvName, tried: &[Tried]) -> String {
    let granted = tried.iter().find(|tried| matches!(tried.place, Place::Grant(_)));
    match granted.map(|tried| &tried.found) {
        Some(Missed::NotGranted { member, holders }) => {
            let who = match &holders[..] {
                [] => format!("someone who can open {env}"),
                holders => holders.join(" or "),
            };
            format!("have {who} let you in: envseal team approve {member} -e {env}")
        }
        Some(Missed::NoIdentity | Missed::NoMember { .. }) => {
            "ask to be let in: envseal team request, and commit what it writes".into()
        }
        _ => format!(
            "ask to be let in: envseal team request; or put the private key of {env} in .env.keys as {}",
            env.private_key_name()
        ),
    }
}

fn identity_hint(error: &IdentityFileError) -> Option<String> {
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
        IdentityFileError::Open(path) => format!("chmod 600 {}", quoted(path.display())),
        IdentityFileError::NoHome => "set HOME, or name a key: --identity FILE".into(),
        IdentityFileError::Exists(_) => "see whose it is: envseal team whoami".into(),
        IdentityFileError::Passphrase(_) | IdentityFileError::Ask { .. } => return None,
    })
}

fn fs_hint(error: &FsError) -> Option<String> {
    let path = quoted(error.path().display());
    match error {
        FsError::NotFound { path: missing, .. } if crate::config::is_env_file(missing) => {
            Some(format!("see which files there are: envseal ls; or make it: envseal set NAME -f {path}"))
        }
        FsError::ReadOnly { .. } => Some(format!("if you mean to change it: chmod u+w {path}")),
        FsError::NoSpace { .. } => Some("make room on the disk and try again; nothing was changed".into()),
        _ => None,
    }
}

fn history_hint(error: &HistoryError) -> Option<String> {
    Some(match error {
        HistoryError::Git(error) => return git_hint(error),
        HistoryError::Fs(error) => return fs_hint(error),
        HistoryError::Bare(_) => "name two revisions: envseal diff HEAD~ HEAD".into(),
        HistoryError::NoCommit => "make one: git commit".into(),
        HistoryError::NoFile { other: Some(other), .. } => {
            format!("it has another one: -f {}", quoted(other.display()))
        }
        HistoryError::NoFile { revision, .. } => {
            format!("see the files that are there: git ls-tree -r --name-only {}", quoted(revision))
        }
    })
}

fn git_hint(error: &GitError) -> Option<String> {
    Some(match error {
        GitError::Owner { path } => {
            format!("if you trust it: git config --global --add safe.directory {}", quoted(path.display()))
        }
        GitError::UnreadableIndex { .. } => {
            "git update-index --no-split-index && git sparse-checkout reapply --no-sparse-index".into()
        }
        GitError::ConfigLocked { path } => {
            format!("if no git is at work here: rm {}", quoted(path.display()))
        }
        GitError::UnknownRevision { revision } if crate::config::is_env_file(revision.as_ref()) => {
            format!("if you mean the file: -f {}", quoted(revision))
        }
        GitError::UnknownRevision { .. } => "see what there is: git log --oneline --all".into(),
        GitError::NotARepository { .. } => "go to a clone, or make this one: git init".into(),
        GitError::Fs(error) => return fs_hint(error),
        _ => return None,
    })
}

fn hooks_hint(error: &InstallError) -> Option<String> {
    Some(match error {
        InstallError::Bare { path } => format!(
            "on a server the check belongs into pre-receive: cp docs/pre-receive {}",
            quoted(path.join("hooks/pre-receive").display())
        ),
        InstallError::Shared { .. } => {
            "call `envseal hook run pre-commit` from the hook there, and the others alike; or \
                                        give this repository its own: git config core.hooksPath .githooks"
                .into()
        }
        InstallError::Foreign { path, why: Unfit::Damaged, .. } => {
            format!("take those lines out of {} and try again: envseal hook install", quoted(path.display()))
        }
        InstallError::Foreign { hook, .. } => format!(
            "have that hook call this, with its arguments and stdin, and stop where it fails: {}",
            hook.call()
        ),
        InstallError::Managed { manager, hook, file, .. } => match error.lines() {
            [] => format!("have it write them: {}", manager.command(*hook)),
            _ => format!("add those lines to {}, then: {}", quoted(file.display()), manager.command(*hook)),
        },
        InstallError::Fs(error) => return fs_hint(error),
        InstallError::Git(error) => return git_hint(error),
    })
}

fn driver_hint(error: &DriverError) -> Option<String> {
    match error {
        DriverError::Foreign { key, .. } => {
            let section = key.rsplit_once('.').map_or(&**key, |(section, _)| section);
            Some(format!("if it is not needed: git config --local --remove-section {section}"))
        }
        DriverError::NoEnd { path } => {
            Some(format!("take that block out of it: ${{EDITOR:-vi}} {}", quoted(path.display())))
        }
        DriverError::Fs(error) => fs_hint(error),
        DriverError::Git(error) => git_hint(error),
    }
}

/// A path as it can be pasted into a shell.
pub(crate) fn quoted(path: impl Display) -> String {
    let text = path.to_string();
    let plain = text.chars().all(|c| c.is_alphanumeric() || "._-/+:@,%".contains(c));
    if plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// What access failed on is told as what it is.
impl From<AccessError> for Error {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Vault(error) => Self::Vault(error),
            AccessError::Git(error) => Self::Git(error),
            error => Self::Access(error),
        }
    }
}

fn access_hint(error: &AccessError) -> Option<String> {
    Some(match error {
        AccessError::NoIdentity | AccessError::NotAMember { .. } => {
            "become a member: envseal team request".into()
        }
        AccessError::NoMember { similar: Some(similar), .. } => format!("did you mean {similar}?"),
        AccessError::NoMember { .. } => "see who is: envseal team list".into(),
        AccessError::NameTaken { .. } | AccessError::NoName => {
            "choose another: envseal team request --name NAME".into()
        }
        AccessError::WasRemoved { .. } => {
            "make a new identity: ssh-keygen -t ed25519 -f FILE, then envseal team request -i FILE --name NAME".into()
        }
        AccessError::Fingerprint { name, .. } => {
            format!("have {name} read it to you: envseal team whoami")
        }
        AccessError::NoEnvironment { .. } => "see which there are: envseal ls".into(),
        AccessError::Myself => "have another member do it: envseal team remove".into(),
        AccessError::Shallow => "git fetch --unshallow".into(),
        AccessError::Partial(_) => "git fetch --refetch --no-filter".into(),
        AccessError::NoRepository(_) => "git init".into(),
        AccessError::TagKey { .. } => "see who changed it: git log -p -- envseal.toml".into(),
        AccessError::Name(_) | AccessError::Vault(_) | AccessError::Git(_) => return None,
    })
}

/// What a check failed on is told as what it is.
impl From<GuardError> for Error {
    fn from(error: GuardError) -> Self {
        match error {
            GuardError::Git(error) => Self::Git(error),
            GuardError::Fs(error) => Self::Vault(error.into()),
            GuardError::Vault(error) => Self::Vault(error),
        }
    }
}
