//! What to try next: env files and git.

use std::path::Path;

use super::keys::{keystore_hint, missing_key_hint};
use super::quoted;
use crate::config::{EnvName, NameError, is_env_file, is_keys_file};
use crate::crypto::{OpenError, TokenError};
use crate::fsio::FsError;
use crate::git::GitError;
use crate::vault::{Breach, EditFault, Failure, Reason, VaultError};

pub fn vault_hint(error: &VaultError) -> Option<String> {
    let file = |path: &Path| quoted(path.display());
    Some(match error {
        VaultError::Unopened(failures) => return reason_hint(failures.first()?.root()),
        VaultError::Breaches(breaches) => return breaches.first().map(breach_hint),
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
        VaultError::NoEnvFile { env, similar, .. } => format!("did you mean {env}, in {}?", file(similar)),
        VaultError::NoneOfConvention { looked, .. } => {
            let first = looked.first().map(|path| file(path)).unwrap_or_default();
            format!("make one of them: envseal set NAME -f {first}")
        }
        VaultError::WouldShow { names, .. } => leave_out(names),
        VaultError::NotVerified { .. } => "this is a mistake of envseal's; please report it".into(),
        VaultError::Meanwhile(_) => "look at it, then run the command again".into(),
        VaultError::NoVariable { name, .. } if is_env_file(Path::new(name)) => {
            format!("a file goes behind -f: -f {name}")
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
        VaultError::Stray { .. } => {
            "if it belongs to the value above it, put that value in quotes; otherwise make it NAME=value, or remove it".into()
        }
        VaultError::SealedTwice { name, .. } => {
            format!("to copy the value of another variable: envseal get OTHER | envseal set {name}")
        }
        VaultError::Unquoted { line, .. } => format!("put the value of line {line} in quotes"),
        VaultError::ComputedReference { .. } => {
            "write the name out, or mark the line: # envseal: plain".into()
        }
        VaultError::Dangling { .. } => {
            "if that is text, put the value in single quotes; for other cases: envseal encrypt --help".into()
        }
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
        error => return place_hint(error),
    })
}

/// Of an environment's public key.
fn public_key_hint(error: &VaultError) -> Option<String> {
    let file = |path: &Path| quoted(path.display());
    Some(match error {
        VaultError::SharedKeyName { path, .. } => {
            format!("give one of the two environments another name: git mv {} …", file(path))
        }
        VaultError::KeyShared { path, .. } => {
            format!("see who put it there: git log -p -- {}", file(path))
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
        VaultError::KeyInHead { path, exists: false, .. } => {
            format!("restore the file: git checkout HEAD -- {}", quoted(format!(":/{}", path.display())))
        }
        VaultError::KeyInHead { path, .. } => {
            format!("see its line for the key: git show {}", quoted(format!("HEAD:{}", path.display())))
        }
        VaultError::KeyReplaced { path, .. } => {
            format!("see who put it back: git log -p -- {}", file(path))
        }
        VaultError::KeyExists { path, .. } => format!("see it: envseal key show -f {}", file(path)),
        _ => return None,
    })
}

fn leave_out(names: &[String]) -> String {
    let left_out: String = names.iter().map(|name| format!(" -x {name}")).collect();
    format!("leave it out:{left_out}; then write it yourself: envseal set NAME --plain")
}

/// How `set` is told of an env file.
fn in_file(path: &std::path::Path) -> String {
    let beside = path.parent().is_none_or(|folder| folder.as_os_str().is_empty());
    match EnvName::of_file(path) {
        Ok(_) if path == std::path::Path::new(".env") => String::new(),
        Ok(env) if beside => format!(" -e {}", quoted(env)),
        _ => format!(" -f {}", quoted(path.display())),
    }
}

fn breach_hint(breach: &Breach) -> String {
    match breach.file() {
        Some(path) => format!("envseal set {}{}", breach.name, in_file(path)),
        None => format!("take it out of the process's environment: unset {}", breach.name),
    }
}

/// Of files that are not where, or what, they should be.
fn place_hint(error: &VaultError) -> Option<String> {
    let file = |path: &Path| quoted(path.display());
    Some(match error {
        VaultError::LeadsOutside { target, .. } => {
            format!("if you mean that file, name it: -f {}", file(target))
        }
        VaultError::NoKeyOf { .. } => "see which keys there are: envseal key list".into(),
        VaultError::BackupExists(_) => "give the new one another name, or move that one away".into(),
        VaultError::BackupInSight(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            format!("put it elsewhere: envseal key backup ~/{}", quoted(name))
        }
        VaultError::IgnoreFileLink(path) => {
            format!("make it a file: cp --remove-destination \"$(readlink -f {0})\" {0}", file(path))
        }
        VaultError::Name(NameError::Variable { variable, .. }) => {
            format!("name it with -e NAME, or leave the variable unset: env -u {variable} …")
        }
        VaultError::Name(NameError::NotEnvFile(_)) => "see which files are: envseal ls".into(),
        VaultError::Name(NameError::DefaultFile(_)) => "call it .env, or give it another name".into(),
        VaultError::Policy { path, .. } | VaultError::Team { path, .. } => {
            format!("mend {} and try again", file(path))
        }
        error => return edit_hint(error),
    })
}

/// Of what was typed in an editor.
fn edit_hint(error: &VaultError) -> Option<String> {
    let (path, fault) = match error {
        VaultError::Typed { path, fault, .. } => (quoted(path.display()), fault),
        VaultError::EditConflict { path, .. } => {
            let file = quoted(path.display());
            return Some(format!(
                "see what was changed: git diff -- {file}, then again: envseal edit -f {file}"
            ));
        }
        error => return public_key_hint(error),
    };
    Some(match fault {
        EditFault::OwnLine(_) => {
            format!("leave that line as it was; another key is made by: envseal key rotate -f {path}")
        }
        EditFault::Name(_) => "call it by letters, digits and _, as in DB_PASSWORD".into(),
        EditFault::Token(name) => {
            format!("write the value as it is to be read, or: envseal set {name} -f {path}")
        }
        EditFault::OpenQuote(_) => {
            "close it; a value that begins with a quote is put in other quotes: '\"so'".into()
        }
    })
}

/// Nothing here says to `set` what may be whole and only lacks its key: that would write over the secret.
fn reason_hint(failure: &Failure) -> Option<String> {
    let file = quoted(failure.path.display());
    let name = &failure.name;
    Some(match &failure.reason {
        Reason::NoKey { env, tried, .. } => missing_key_hint(env, tried),
        Reason::NoPublicKey(_) => format!("bring the line back: git log -p -- {file}"),
        Reason::Foreign(foreign) => foreign.import.replace("{file}", &file),
        Reason::ReservedSealed => format!("write it as plain text: envseal set {name} --plain -f {file}"),
        Reason::ReservedDepends(_) => format!("write {name} without that reference"),
        Reason::DependsOn { root, .. } => return reason_hint(root),
        Reason::Open(OpenError::OtherKey { .. }) => format!(
            "it was sealed before the key changed, or moved here; where the older key is: envseal encrypt --reseal -f {file}"
        ),
        Reason::Open(OpenError::OtherName) => format!(
            "see who changed it: git log -p -- {file}; where a line was renamed or moved by hand, give it its name back"
        ),
        Reason::Token(TokenError::Misplaced) => {
            format!("in line {}, remove what is around the sealed value", failure.line)
        }
        Reason::Open(_) | Reason::Token(_) => {
            format!("see who changed it: git log -p -- {file}; or set it anew: envseal set {name} -f {file}")
        }
        Reason::UnlistedReference | Reason::Unwritable => format!("leave it sealed: -x {name}"),
        Reason::TooLarge => format!("write {name} without references, or with fewer"),
    })
}

pub fn fs_hint(error: &FsError) -> Option<String> {
    let path = quoted(error.path().display());
    match error {
        FsError::NotFound { path: missing, .. } if crate::config::is_env_file(missing) => {
            Some(format!("see which files there are: envseal ls; or make it: envseal set NAME -f {path}"))
        }
        FsError::NotFound { path: missing, .. } if is_keys_file(missing) => {
            Some("see where your keys are: envseal key list".into())
        }
        FsError::ReadOnly { .. } => Some(format!("if you mean to change it: chmod u+w {path}")),
        FsError::NoSpace { .. } => Some("make room on the disk and try again; nothing was changed".into()),
        _ => None,
    }
}

pub fn git_hint(error: &GitError) -> Option<String> {
    Some(match error {
        GitError::Owner { path } => {
            format!("if you trust it: git config --global --add safe.directory {}", quoted(path.display()))
        }
        GitError::ConfigLocked { path } => {
            format!("if no git is at work here: rm {}", quoted(path.display()))
        }
        GitError::NoGit => "install git, and have its folder on PATH".into(),
        GitError::Missing { path, shallow, .. } => {
            let how = if *shallow { "--unshallow" } else { "--refetch --no-filter" };
            // Where git itself would use this repository, it need not be named.
            let here = Path::new(".").canonicalize().ok().zip(path.canonicalize().ok());
            let named = match here {
                Some((here, path)) if here.starts_with(&path) => String::new(),
                _ => format!("-C {} ", quoted(path.display())),
            };
            format!("git {named}fetch {how}")
        }
        GitError::Damaged { .. } => "see what is damaged: git fsck".into(),
        GitError::UnknownRevision { revision }
            if crate::config::is_env_file(revision.as_ref()) && Path::new(revision).exists() =>
        {
            format!("if you mean the file: -f {}", quoted(revision))
        }
        GitError::UnknownRevision { .. } => "see what there is: git log --oneline --all".into(),
        GitError::NotARepository { path } if path.join("HEAD").exists() || path.join(".git").exists() => {
            "go to one of its worktrees: git worktree list".into()
        }
        GitError::NotARepository { .. } => "go to a clone, or make this one: git init".into(),
        GitError::Fs(error) => return fs_hint(error),
        _ => return None,
    })
}
