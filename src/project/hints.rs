//! The hints of the errors about env files.

use std::path::Path;

use super::{Breach, EditFault, Failure, Reason, VaultError};
use crate::config::{EnvName, FileRole, NameError, is_env_file};
use crate::crypto::{OpenError, TokenError};
use crate::fs::fs_hint;
use crate::git::git_hint;
use crate::hint::Hint;
use crate::keys::missing_key_hint;

pub(crate) fn vault_hint(error: &VaultError) -> Option<Hint> {
    Some(match error {
        VaultError::Unopened(failures) => return reason_hint(failures.first()?.root()),
        VaultError::Breaches(breaches) => return breaches.first().map(breach_hint),
        VaultError::Keystore(_) | VaultError::Other(_) => return None,
        VaultError::Fs(error) => return fs_hint(error),
        VaultError::Git(error) => return git_hint(error),
        // Not `git mergetool`: what it leaves beside an env file has the names of env files.
        VaultError::Conflict { path, .. } => {
            hint!("resolve the merge first: ${EDITOR:-vi} {path} && git add {path}", path)
        }
        VaultError::SideBySide { first, second, .. } => {
            hint!("keep one of the two: git mv {second} …, or merge {first} into it", second, first)
        }
        VaultError::NoEnvFile { env, similar, .. } => hint!("did you mean {env}, in {similar}?", env, similar),
        VaultError::NoneOfConvention { looked, .. } => {
            hint!("make one of them: envseal set NAME -f {first}", first = looked.first()?)
        }
        VaultError::WouldShow { names, .. } => leave_out(names),
        VaultError::NotVerified { .. } => "this is a bug in envseal; please report it".into(),
        VaultError::Meanwhile(_) => "check the file, then run the command again".into(),
        VaultError::NoVariable { name, .. } if is_env_file(Path::new(name)) => {
            hint!("a file goes behind -f: -f {name}", name = Path::new(name))
        }
        VaultError::NoVariable { similar: Some(similar), .. } => hint!("did you mean {similar}?", similar),
        VaultError::NoVariable { path, .. } => {
            hint!("see the names that are there: cut -d= -f1 {path}", path)
        }
        VaultError::Referred { .. } => "change those first, or rename it all the same with --force".into(),
        VaultError::Exists { name, .. } => hint!("replace {name} with --force", name),
        VaultError::Reserved { path, name } => {
            hint!("write it as plain text: envseal set {name} --plain -f {path}", name, path)
        }
        VaultError::ReservedDepends { on, .. } => {
            hint!(
                "if {on} is no secret, end its line in `# envseal: plain`; else write the value without it",
                on
            )
        }
        VaultError::PolicyPlain { path, name, .. } => {
            hint!(
                "say which: envseal set {name} -f {path} --plain, or envseal set {name} -f {path} --seal",
                name,
                path
            )
        }
        VaultError::AmbiguousHash { .. } => {
            "put the value in quotes if `#` belongs to it, or a space before `#` if a comment starts there"
                .into()
        }
        VaultError::Stray { .. } => {
            "if it belongs to the value above it, put that value in quotes; otherwise make it NAME=value, or remove it".into()
        }
        VaultError::SealedTwice { name, .. } => {
            hint!("to copy the value of another variable: envseal get OTHER | envseal set {name}", name)
        }
        VaultError::Unquoted { line, .. } => hint!("put the value of line {line} in quotes", line),
        VaultError::MalformedReference { .. } => {
            "if that is text, put the value in single quotes; `encrypt` and `import` take --literal NAME, too".into()
        }
        VaultError::Dangling { .. } => {
            "if that is text, put the value in single quotes; for other cases: envseal encrypt --help".into()
        }
        VaultError::Interrupted { journal, .. } => hint!(
            "to keep the files as they are now and give the change up: rm {journal}, then see: envseal check",
            journal
        ),
        VaultError::Unfinished(_) => "the next command finishes it: envseal check".into(),
        VaultError::ChangedMeanwhile(_) => "try again".into(),
        VaultError::NoFiles { .. } => "see which there are: envseal ls".into(),
        VaultError::NotAMember { .. } => {
            "ask to be let in: envseal team request, and commit what it writes".into()
        }
        VaultError::NotIgnored(_) => "take the rule that starts with `!` out of .gitignore".into(),
        VaultError::Unwritable { path, name } => {
            hint!("seal it instead: envseal set {name} --seal -f {path}", name, path)
        }
        VaultError::SealedButPlain { path, name, .. } => {
            hint!(
                "take the mark off that line, or with a new value: envseal set {name} --seal -f {path}",
                name,
                path
            )
        }
        error => return place_hint(error),
    })
}

/// Of an environment's public key.
fn public_key_hint(error: &VaultError) -> Option<Hint> {
    Some(match error {
        VaultError::SharedKeyName { path, .. } => {
            hint!("give one of the two environments another name: git mv {path} …", path)
        }
        VaultError::KeyShared { path, .. } => {
            hint!("see who put it there: git log -p -- {path}", path)
        }
        VaultError::KeysDisagree { second, .. } => hint!(
            "keep one key: copy its line into the other file, then envseal encrypt --reseal -f {second}",
            second
        ),
        VaultError::PublicKeyName { path, found, wanted, .. } => hint!(
            "if it was renamed: call that line {wanted}, and the line {old} of .env.keys {new}; if it was copied: take that \
             line out of {path}, and envseal set its values anew",
            wanted,
            old = found.replace("PUBLIC", "PRIVATE"),
            new = wanted.replace("PUBLIC", "PRIVATE"),
            path
        ),
        VaultError::PublicKeyTwice { .. } => {
            "keep one of the two lines: git log -p tells which is older".into()
        }
        VaultError::PublicKey { path, .. } => {
            hint!("bring the line back: git checkout HEAD -- {path}", path)
        }
        VaultError::NoPublicKey { path, .. } => {
            hint!("make a key for it: envseal key generate -f {path}", path)
        }
        VaultError::KeyLost { path, variable, .. } => {
            hint!("find the line and bring it back: git log -p -S{variable} -- {path}", variable, path)
        }
        VaultError::PinDiffers { path, env, .. } => {
            let beside = path.parent().is_none_or(|folder| folder.as_os_str().is_empty());
            let named = if beside { hint!("-e {env}", env) } else { hint!("-f {path}", path) };
            Hint::from("ask your team whether they changed it; if they did: envseal key trust ").and(named)
        }
        VaultError::BeforeRotation { rotation, .. } if rotation.is_proven => {
            hint!(
                "merge the rotation first: git merge {commit}",
                commit = format!("{:.12}", rotation.commit.to_string())
            )
        }
        VaultError::BeforeRotation { rotation, .. } => {
            hint!(
                "see whether it is one, then merge it: git show {commit}",
                commit = format!("{:.12}", rotation.commit.to_string())
            )
        }
        VaultError::KeyInHead { path, exists: false, .. } => {
            hint!("restore the file: git checkout HEAD -- :/{path}", path)
        }
        VaultError::KeyInHead { path, .. } => {
            hint!("see its line for the key: git show HEAD:{path}", path)
        }
        VaultError::KeyReplaced { path, .. } => {
            hint!("see who put it back: git log -p -- {path}", path)
        }
        VaultError::KeyExists { path, .. } => hint!("see it: envseal key show -f {path}", path),
        _ => return None,
    })
}

fn leave_out(names: &[String]) -> Hint {
    hint!("leave it out: -x {names}; then write it yourself: envseal set NAME --plain", names)
}

/// How `set` is told of an env file.
fn in_file(path: &std::path::Path) -> Hint {
    let beside = path.parent().is_none_or(|folder| folder.as_os_str().is_empty());
    match EnvName::of_file(path) {
        Ok(_) if path == std::path::Path::new(".env") => "".into(),
        Ok(env) if beside => hint!(" -e {env}", env),
        _ => hint!(" -f {path}", path),
    }
}

fn breach_hint(breach: &Breach) -> Hint {
    match breach.file() {
        Some(path) => hint!("envseal set {name}", name = breach.name).and(in_file(path)),
        None => hint!("take it out of the environment of this process: unset {name}", name = breach.name),
    }
}

/// Of files that are not where, or what, they should be.
fn place_hint(error: &VaultError) -> Option<Hint> {
    Some(match error {
        VaultError::LeadsOutside { target, .. } => {
            hint!("if you mean that file, name it: -f {target}", target)
        }
        // A template is where most env files start from.
        VaultError::Link { path, target, .. } if FileRole::of(target) == FileRole::Template => {
            hint!("to start from it: rm {path} && cp {target} {path}", path, target)
        }
        VaultError::Link { target, .. } if target.exists() && EnvName::of_file(target).is_ok() => {
            hint!("if you mean that file, name it: -f {target}", target)
        }
        VaultError::Link { path, target, .. } if !target.exists() => {
            hint!("create that file, or remove the link: rm {path}", path)
        }
        VaultError::Link { path, .. } => hint!("remove the link: rm {path}", path),
        VaultError::NoKeyOf { .. } => "see which keys there are: envseal key list".into(),
        VaultError::BackupExists(_) => "move it away, or choose another name".into(),
        VaultError::BackupInSight(path) => {
            hint!("put it elsewhere: envseal key backup ~/{name}", name = Path::new(path.file_name()?))
        }
        VaultError::IgnoreFileLink(path) => {
            hint!("make it a file: cp {path} {path}.new && mv {path}.new {path}", path)
        }
        VaultError::Name(NameError::Variable { variable, .. }) => {
            hint!("name it with -e NAME, or leave the variable unset: env -u {variable} …", variable)
        }
        VaultError::Name(NameError::NotEnvFile { path, .. })
            if ["e", "k", "q", "v", "x"].iter().any(|letter| path.as_os_str() == *letter) =>
        {
            let letter = path.to_string_lossy().into_owned();
            hint!("if -f{letter} was meant as two options, write them apart: -f FILE -{letter}", letter)
        }
        VaultError::Name(NameError::NotEnvFile { .. }) => "see which files are: envseal ls".into(),
        VaultError::Name(NameError::DefaultFile(_)) => "call it .env, or give it another name".into(),
        VaultError::Policy { path, .. } | VaultError::Team { path, .. } => {
            hint!("mend {path} and try again", path)
        }
        error => return edit_hint(error),
    })
}

/// Of what was typed in an editor.
fn edit_hint(error: &VaultError) -> Option<Hint> {
    let (path, fault) = match error {
        VaultError::Typed { path, fault, .. } => (path, fault),
        VaultError::EditConflict { path, .. } => {
            return Some(hint!(
                "see what was changed: git diff -- {path}, then again: envseal edit -f {path}",
                path
            ));
        }
        error => return public_key_hint(error),
    };
    Some(match fault {
        EditFault::OwnLine(_) => {
            hint!("leave that line as it was; another key is made by: envseal key rotate -f {path}", path)
        }
        EditFault::Name(_) => "call it by letters, digits and _, as in DB_PASSWORD".into(),
        EditFault::Token(name) => {
            hint!("write the value as it is to be read, or: envseal set {name} -f {path}", name, path)
        }
        EditFault::OpenQuote(_) => {
            "close it; a value that begins with a quote is put in other quotes: '\"so'".into()
        }
    })
}

/// Nothing here says to `set` what may be whole and only lacks its key: that would write over the secret.
fn reason_hint(failure: &Failure) -> Option<Hint> {
    let (file, name) = (&failure.path, &failure.name);
    Some(match &failure.reason {
        Reason::NoKey { env, tried, .. } => missing_key_hint(env, tried),
        Reason::NoPublicKey(_) => hint!("bring the line back: git log -p -- {file}", file),
        Reason::Foreign(foreign) => Hint::from(foreign.import).with("file", file),
        Reason::ReservedSealed(_) => {
            hint!("write it as plain text: envseal set {name} --plain -f {file}", name, file)
        }
        Reason::ReservedDepends(_) => hint!("write {name} without that reference", name),
        Reason::DependsOn { root, .. } => return reason_hint(root),
        Reason::Open(OpenError::OtherKey { .. }) => hint!(
            "it was sealed before the key changed, or moved here; where the older key is: envseal encrypt --reseal -f {file}",
            file
        ),
        Reason::Open(OpenError::OtherName) => hint!(
            "see who changed it: git log -p -- {file}; where a line was renamed or moved by hand, give it its name back",
            file
        ),
        Reason::Token(TokenError::Misplaced) => {
            hint!("in line {line}, remove what is around the sealed value", line = failure.line)
        }
        Reason::Open(_) | Reason::Token(_) => {
            hint!(
                "see who changed it: git log -p -- {file}; or set it anew: envseal set {name} -f {file}",
                name,
                file
            )
        }
        Reason::Marked => {
            hint!(
                "take the mark off that line, or with a new value: envseal set {name} --seal -f {file}",
                name,
                file
            )
        }
        Reason::UnlistedReference | Reason::Unwritable => hint!("leave it sealed: -x {name}", name),
        Reason::Expand(error) => match error.missing() {
            Some(on) => hint!(
                "set {on} in the environment of this process, or above line {line}: envseal edit -f {file}",
                on,
                line = failure.line,
                file
            ),
            None => hint!(
                "if that is text, put the value of {name} in single quotes: envseal edit -f {file}",
                name,
                file
            ),
        },
        Reason::TooLarge => hint!("write {name} without references, or with fewer", name),
    })
}
