//! Every file name and every `ENVSEAL_*` variable, and the process's own environment: read here and nowhere else.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroize;

use crate::crypto::{PRIVATE_PREFIX, claims_to_be_sealed};

/// Holds private keys; never committed.
pub(crate) const KEYS_FILE: &str = ".env.keys";
/// Holds members, grants and policy; committed.
pub(crate) const TEAM_FILE: &str = "envseal.toml";
/// Declare the variables and their types; the first one found beside the env files counts.
pub(crate) const SCHEMA_FILES: [&str; 2] = [".env.schema", ".env.example"];
/// Match every env, example and schema file of a repository, and more, as git's pathspecs (gitglossary(7)).
pub(crate) const ENV_FILE_GLOBS: [&str; 2] = [":(top,glob,icase)**/.env*", ":(top,glob,icase)**/*.env"];
pub(crate) const TEAM_FILE_GLOB: &str = ":(top,glob,icase)**/envseal.toml";
/// Variables with this prefix belong to envseal: none reaches a child, and none in an env file configures envseal.
const OWN_PREFIX: &str = "ENVSEAL_";

const PUBLIC_KEY: &str = "ENVSEAL_PUBLIC_KEY";
const PRIVATE_KEY: &str = "ENVSEAL_PRIVATE_KEY";
const KEYS_FILE_VARIABLE: &str = "ENVSEAL_KEYS_FILE";
/// The user's command that prints private keys, and its name in [`CONFIG_FILE`].
pub(crate) const KEY_COMMAND: &str = "ENVSEAL_KEY_COMMAND";
pub(crate) const KEY_COMMAND_ENTRY: &str = "key-command";
/// The user's settings, in the folder for configuration.
const CONFIG_FILE: &str = "config.toml";
const IDENTITY: &str = "ENVSEAL_IDENTITY";
const PASSPHRASE: &str = "ENVSEAL_PASSPHRASE";
const ENVIRONMENT: &str = "ENVSEAL_ENV";
const NODE_ENVIRONMENT: &str = "NODE_ENV";
const DEFAULT: &str = "default";
/// Set by completion scripts to the name of their shell.
pub(crate) const COMPLETE: &str = "ENVSEAL_COMPLETE";
/// The process variables that configure envseal, for the manual. `[_ENV]` stands for the suffix of an environment.
pub(crate) const VARIABLES: [(&str, &str); 10] = [
    (
        "ENVSEAL_PRIVATE_KEY[_ENV]",
        "The private key of an environment, or several joined by commas, the newest first. It also selects the files that \
         run and get load if nothing else does. An empty value is an error.",
    ),
    (KEYS_FILE_VARIABLE, "The keys file, as -K names it."),
    (
        KEY_COMMAND,
        "A command that prints a private key or a keys file, instead of key-command in config.toml. It gets ENVSEAL_KEY_FOR, the \
         environment, and ENVSEAL_PUBLIC_KEY.",
    ),
    (IDENTITY, "Your identity: the path of its file, or the file's text."),
    (PASSPHRASE, "The passphrase of locked keys and identities, if nobody can be prompted."),
    (ENVIRONMENT, "The environment to use without -e and -f, instead of that of .env."),
    (NODE_ENVIRONMENT, "The environment of --convention without -e and ENVSEAL_ENV."),
    ("GIT_EDITOR, VISUAL, EDITOR", "The editor of edit, chosen as git chooses it."),
    ("GIT_PAGER, PAGER", "The pager of log, diff and blame, chosen as git chooses it."),
    ("NO_COLOR, CLICOLOR_FORCE", "No colours; colours even if the output is not a terminal."),
];
/// The files that envseal knows by name, for the manual.
pub(crate) const FILES: [(&str, &str); 6] = [
    (".env, .env.NAME, NAME.env", "An env file: committed, with encrypted values."),
    (KEYS_FILE, "Private keys: never committed."),
    (TEAM_FILE, "Members, grants, exposures and policy: committed."),
    (".env.schema, .env.example", "The variables and their types."),
    (
        "~/.config/envseal/config.toml",
        "key-command, your key command; elsewhere the system's configuration folder.",
    ),
    (
        "~/.local/share/envseal",
        "Your identity and your trusted public keys; elsewhere the system's data folder.",
    ),
];
/// Any of these between dots marks a template: `example.env`, `.env.docker.example`.
const TEMPLATE_PARTS: [&str; 5] = ["dist", "example", "sample", "schema", "template"];
/// Any of these after a dot marks a copy, also with a number or a date at the end: `.env.bak2`.
const COPY_PARTS: [&str; 16] = [
    "backup", "bak", "bkp", "copy", "old", "orig", "previous", "rej", "save", "swm", "swn", "swo", "swp",
    "swx", "temp", "tmp",
];
/// Suffixes that Windows, macOS, browsers and the editors of `JetBrains` give to copies.
const COPY_ENDS: [&str; 4] = [" - copy", " copy", " (", "___jb_"];
/// Suffixes that `git mergetool` gives to files, before a number.
const MERGE_ENDS: [&str; 4] = ["_backup_", "_base_", "_local_", "_remote_"];
/// Suffixes of `.env.…` for files of other tools and kinds. Leaves out files that can hold `NAME=value` lines, such as
/// `.env.sh` or `.env.txt`: those are searched for plain text.
const FOREIGN_ENDS: [(&[&str], &str); 10] = [
    (&["keys"], "a file of private keys"),
    (&["me", "vault"], "a file of dotenv-vault"),
    (&["asc", "gpg", "pgp", "sig"], "a file of GPG"),
    (&["age"], "a file of age"),
    (&["sops"], "a file of sops"),
    (&["ejson", "enc"], "encrypted by another tool"),
    (&["7z", "bz2", "gz", "rar", "tar", "tbz2", "tgz", "txz", "xz", "zip", "zst"], "an archive"),
    (&["json", "json5", "jsonc", "toml", "xml", "yaml", "yml"], "a data file"),
    (
        &[
            "cjs", "cts", "dart", "go", "java", "js", "jsx", "kt", "mjs", "mts", "php", "py", "rb", "ts",
            "tsx",
        ],
        "source code",
    ),
    (
        &["ctmpl", "erb", "gotmpl", "hbs", "j2", "jinja", "lock", "mustache", "tmpl", "tpl"],
        "another program's file",
    ),
];

/// Git's environment variables that locate a repository (git(1)), with absolute paths. Git sets them for its hooks.
#[derive(Clone, Debug, Default)]
pub(crate) struct GitLocation {
    /// `GIT_DIR`: the repository that git works in.
    pub git_dir: Option<PathBuf>,
    others: Vec<(&'static str, OsString)>,
}

/// Variables that hold one path.
const GIT_PATHS: [&str; 4] = ["GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"];
/// Variables that hold a list of absolute paths, a prefix of refs, and a folder that only git reads.
const GIT_LISTS: [&str; 3] = ["GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_QUARANTINE_PATH"];

pub(crate) fn git_location() -> GitLocation {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let path =
        |name: &str| set(name).map(|value| std::path::absolute(&value).unwrap_or_else(|_| value.into()));
    let paths = GIT_PATHS.iter().filter_map(|name| Some((*name, path(name)?.into_os_string())));
    let lists = GIT_LISTS.iter().filter_map(|name| Some((*name, set(name)?)));
    GitLocation { git_dir: path("GIT_DIR"), others: paths.chain(lists).collect() }
}

impl GitLocation {
    /// Returns `GIT_WORK_TREE`: the worktree, if it is not the one that the repository names.
    pub(crate) fn work_tree(&self) -> Option<&Path> {
        self.get("GIT_WORK_TREE").map(Path::new)
    }

    #[must_use]
    pub(crate) fn with_git_dir(self, git_dir: PathBuf) -> Self {
        Self { git_dir: Some(git_dir), ..self }
    }

    /// Returns true if git is receiving a push that is not accepted yet.
    pub(crate) fn is_quarantine(&self) -> bool {
        self.get("GIT_QUARANTINE_PATH").is_some()
    }

    /// Returns every variable, with its value if it is set.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, Option<&OsStr>)> {
        let others = GIT_PATHS.iter().chain(&GIT_LISTS).map(|name| (*name, self.get(name)));
        others.chain([("GIT_DIR", self.git_dir.as_ref().map(|path| path.as_os_str()))])
    }

    fn get(&self, name: &str) -> Option<&OsStr> {
        self.others.iter().find(|(there, _)| *there == name).map(|(_, value)| value.as_os_str())
    }
}

/// Returns the shell whose completion script asks.
pub(crate) fn completing_shell() -> Option<String> {
    std::env::var(COMPLETE).ok()
}

/// Returns the folders where git stops looking for a repository (git(1), `GIT_CEILING_DIRECTORIES`).
pub(crate) fn git_ceilings() -> Vec<PathBuf> {
    let list = std::env::var_os("GIT_CEILING_DIRECTORIES").unwrap_or_default();
    std::env::split_paths(&list).filter(|path| path.is_absolute()).collect()
}

/// Returns the process variables that belong to envseal, which no other program may see.
pub(crate) fn own_variable_names() -> Vec<OsString> {
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter(|name| name.to_string_lossy().to_uppercase().starts_with(OWN_PREFIX)).collect()
}

/// An environment: an env file's suffix in lower case, `default` for `.env`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvName(String);

/// Why a name or a file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// An invalid environment name.
    #[error("{0:?} isn't a valid environment name")]
    Environment(String),
    /// A file whose name is not `.env`, `.env.NAME` or `NAME.env`, or is reserved for another kind of file.
    #[error("{} is not an env file: {why}", path.display())]
    NotEnvFile { path: PathBuf, why: String },
    /// An invalid environment name in a process variable.
    #[error("{variable} is set to {name:?}, which isn't a valid environment name")]
    Variable { variable: String, name: String },
    /// `.env.default` or `default.env`, which would be a second file for the environment of `.env`.
    #[error("{} is refused: `default` is the environment of .env", .0.display())]
    DefaultFile(PathBuf),
}

impl EnvName {
    /// Parses a name; letters become lower case. Refuses a comma (`-e a,b` names two) and a private key (it would name a file).
    pub fn new(name: &str) -> Result<Self, NameError> {
        let bad = name.is_empty()
            || name.starts_with(['.', ' '])
            || name.ends_with(['.', ' '])
            || name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | '=' | ','))
            || name.contains(PRIVATE_PREFIX)
            || looks_like_another(name);
        if bad { Err(NameError::Environment(name.into())) } else { Ok(Self(name.to_lowercase())) }
    }

    /// Returns the environment of `.env`.
    pub fn of_dotenv() -> Self {
        Self(DEFAULT.into())
    }

    /// Returns true for the environment of `.env`.
    pub fn is_of_dotenv(&self) -> bool {
        self.0 == DEFAULT
    }

    /// Returns true for a file that overrides another on one machine: `.env.local`, `.env.production.local`.
    pub fn is_overlay(&self) -> bool {
        self.0.rsplit('.').next() == Some("local")
    }

    /// Returns the environment of the env file at `path`, by its name alone.
    pub fn of_file(path: &Path) -> Result<Self, NameError> {
        match FileRole::of(path) {
            FileRole::EnvFile(env) => Ok(env),
            FileRole::DefaultFile => Err(NameError::DefaultFile(path.into())),
            role => {
                let works = || "envseal works on .env, .env.NAME and NAME.env".to_owned();
                let why = role.what().map_or_else(works, |what| format!("by its name it is {what}"));
                Err(NameError::NotEnvFile { path: path.into(), why })
            }
        }
    }

    /// Returns the environment whose public key has this name. A `_` may replace another character, which is lost.
    pub fn of_public_key_name(variable: &str) -> Option<Self> {
        let rest = variable.strip_prefix(PUBLIC_KEY)?;
        Self::of_private_key_name(&format!("{PRIVATE_KEY}{rest}"))
    }

    /// Returns the names that this environment's file may have, the usual one first.
    pub fn file_names(&self) -> Vec<String> {
        if self.0 == DEFAULT {
            return vec![".env".into()];
        }
        let names = [format!(".env.{}", self.0), format!("{}.env", self.0)];
        names.into_iter().filter(|name| is_env_file(Path::new(name))).collect()
    }

    /// Returns the name in lower case, `default` for `.env`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the variable of the public key in the env file: `ENVSEAL_PUBLIC_KEY`, or with the suffix.
    pub fn public_key_name(&self) -> String {
        format!("{PUBLIC_KEY}{}", self.key_suffix())
    }

    /// Returns the variable of the private key in the keys file and the process: `ENVSEAL_PRIVATE_KEY`, or with the suffix.
    pub fn private_key_name(&self) -> String {
        format!("{PRIVATE_KEY}{}", self.key_suffix())
    }

    /// Returns the environment whose private key has this name. A `_` may replace another character, which is lost.
    /// Returns None if no environment's key can have this name.
    pub fn of_private_key_name(variable: &str) -> Option<Self> {
        let rest = variable.strip_prefix(PRIVATE_KEY)?;
        let env = if rest.is_empty() { DEFAULT } else { rest.strip_prefix('_')? };
        Self::new(env).ok().filter(|env| env.private_key_name() == variable)
    }

    /// Returns the only environment whose public or private key has this name: with a `_` there may be others.
    pub fn only_of_key_name(variable: &str) -> Option<Self> {
        let env = Self::of_public_key_name(variable).or_else(|| Self::of_private_key_name(variable));
        env.filter(|env| !env.0.contains('_'))
    }

    /// Returns the suffix of its keys' variables: `_` and the upper-case name, with `_` for other characters; empty for `.env`.
    pub fn key_suffix(&self) -> String {
        if self.0 == DEFAULT {
            return String::new();
        }
        let upper = self.0.chars().flat_map(char::to_uppercase);
        std::iter::once('_').chain(upper.map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })).collect()
    }
}

impl fmt::Display for EnvName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns true if a name can pass for another one: it has a character that is not ASCII and becomes ASCII in another letter
/// case (`ı`, `ſ`, the Kelvin sign), one that is neither letter nor digit (a zero-width space, a second kind of hyphen),
/// a part of a letter that has a code point of its own (`e` and U+0301, Hangul Jamo), or letters of another script among
/// Latin ones.
pub(crate) fn looks_like_another(name: &str) -> bool {
    let is_part = |c: char| matches!(c, '\u{300}'..='\u{36f}' | '\u{1100}'..='\u{11ff}');
    // Latin-1 Supplement, Latin Extended-A and -B, Latin Extended Additional.
    let is_latin = |c: char| matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}');
    let becomes_ascii = |c: char| c.to_uppercase().chain(c.to_lowercase()).any(|c| c.is_ascii()) && c != 'ß';
    let has_latin = name.bytes().any(|byte| byte.is_ascii_alphabetic());
    name.chars()
        .filter(|c| !c.is_ascii())
        .any(|c| becomes_ascii(c) || !c.is_alphanumeric() || is_part(c) || has_latin && !is_latin(c))
}

/// Returns true for a keys file, also in a spelling that some file systems treat as the same name.
pub(crate) fn is_keys_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == KEYS_FILE || is_spelling_of(name, KEYS_FILE))
}

/// Returns the correct name for a misspelled team file or schema that some file systems treat as the same file.
pub(crate) fn misspelled(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?;
    let names = [TEAM_FILE, SCHEMA_FILES[0], SCHEMA_FILES[1]];
    names.into_iter().find(|wanted| is_spelling_of(name, wanted))
}

/// Returns true if `name` is not `wanted`, but the same to a file system that ignores letter case (NTFS, APFS), the
/// code points that HFS+ ignores, or dots and spaces at the end (Windows). `wanted` is in lower case.
fn is_spelling_of(name: &OsStr, wanted: &str) -> bool {
    let bytes = name.as_encoded_bytes();
    // Called for every file of a repository: the length check excludes most of them.
    if bytes == wanted.as_bytes() || bytes.len() < wanted.len() {
        return false;
    }
    if bytes.len() == wanted.len() && bytes.is_ascii() {
        return bytes.eq_ignore_ascii_case(wanted.as_bytes());
    }
    // The list of git's `utf8.c`.
    let is_ignored = |c: &char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let text = name.to_string_lossy();
    let folded = text.chars().filter(|c| !is_ignored(c)).flat_map(char::to_uppercase);
    folded.flat_map(char::to_lowercase).collect::<String>().trim_end_matches(['.', ' ']) == wanted
}

/// The role of a file, by its name alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileRole {
    EnvFile(EnvName),
    /// `.env.default` or `default.env`, which is refused.
    DefaultFile,
    /// A template, such as `.env.example`: never encrypted, loaded or guarded.
    Template,
    /// A copy of an env file, such as `.env.bak`: guarded as one, but neither encrypted nor loaded.
    Copy,
    /// A file of another tool or kind, with its description.
    Foreign(&'static str),
    KeysFile,
    /// Named like an env file, but with an invalid environment name: a control character, `=`, `,`, `\`, bytes that
    /// aren't Unicode, or a name that passes for another.
    Misnamed,
    Other,
}

impl FileRole {
    pub(crate) fn of(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default();
        // Called for every file of a repository: these two checks exclude most of them.
        if is_keys_file(path) {
            return Self::KeysFile;
        }
        if !name.as_encoded_bytes().windows(4).any(|four| four.eq_ignore_ascii_case(b".env")) {
            return Self::Other;
        }
        let name = name.to_string_lossy();
        if name.eq_ignore_ascii_case(".env") {
            return Self::EnvFile(EnvName::of_dotenv());
        }
        // ASCII only: in Unicode, the Kelvin sign becomes `k`.
        let lower = name.to_ascii_lowercase();
        let original = original_of(&lower);
        let Some(stem) = stem(&original) else { return Self::Other };
        if stem.split('.').any(|part| TEMPLATE_PARTS.contains(&part)) {
            return Self::Template;
        }
        let end = original.starts_with(".env.").then(|| stem.rsplit('.').next()).flatten();
        let foreign = FOREIGN_ENDS.iter().find(|(ends, _)| end.is_some_and(|end| ends.contains(&end)));
        if let Some((_, what)) = foreign.filter(|_| original != KEYS_FILE) {
            return Self::Foreign(what);
        }
        if original != lower {
            return Self::Copy;
        }
        // The original spelling.
        match self::stem(&name).map(EnvName::new) {
            Some(Ok(env)) if env.0 == DEFAULT => Self::DefaultFile,
            Some(Ok(env)) => Self::EnvFile(env),
            _ => Self::Misnamed,
        }
    }

    /// Describes a file whose name resembles an env file's on purpose.
    pub(crate) fn what(&self) -> Option<&'static str> {
        match self {
            Self::Template => Some("a template"),
            Self::Copy => Some("a copy"),
            Self::Foreign(what) => Some(what),
            Self::KeysFile => Some("the keys file"),
            Self::EnvFile(_) | Self::DefaultFile | Self::Misnamed | Self::Other => None,
        }
    }

    /// Returns true if plain text in the file is an error.
    pub(crate) fn is_guarded(&self) -> bool {
        matches!(self, Self::EnvFile(_) | Self::DefaultFile | Self::Copy | Self::Misnamed)
    }
}

/// Returns the part of a name before or after `.env`. Returns None for names that don't resemble an env file's.
fn stem(name: &str) -> Option<&str> {
    let end = name.len().saturating_sub(4);
    if name.eq_ignore_ascii_case(".env") {
        Some("")
    } else if name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(".env.")) {
        name.get(5..)
    } else {
        name.get(..end).filter(|_| name.get(end..).is_some_and(|end| end.eq_ignore_ascii_case(".env")))
    }
}

/// Returns the name of the file that this one is a copy of, or the name itself if it is no copy. `name` is in lower case.
fn original_of(lower: &str) -> String {
    // Locks, autosaves and backups of editors: `.#.env`, `#.env#`, `.~lock..env#`, `.env~`, `.env.~1~`.
    let mut name = lower;
    for start in [".~lock.", ".#", "#"] {
        name = name.strip_prefix(start).unwrap_or(name);
    }
    name = name.trim_end_matches(['#', '~']);
    let is_number = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    let ends = COPY_ENDS.iter().map(|end| (end, false)).chain(MERGE_ENDS.iter().map(|end| (end, true)));
    for (end, numbered) in ends {
        if let Some((before, rest)) = name.split_once(end)
            && (!numbered || is_number(rest))
            && stem(before).is_some()
        {
            name = before;
        }
    }
    // `sed -i -e` on macOS.
    name = name.strip_suffix("-e").filter(|before| before.rsplit('.').next() == Some("env")).unwrap_or(name);
    let (mut kept, mut is_behind) = (Vec::new(), false);
    for (at, part) in name.split('.').enumerate() {
        let is_numbering = is_behind && part.bytes().all(|b| b.is_ascii_digit());
        is_behind = at > 0 && is_copy_part(part) || is_numbering;
        if !is_behind {
            kept.push(part);
        }
    }
    kept.join(".")
}

fn is_copy_part(part: &str) -> bool {
    let (word, rest) = part.split_at(part.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(part.len()));
    let is_dated = || rest.bytes().all(|b| b.is_ascii_digit() || b"-_:tz".contains(&b));
    COPY_PARTS.contains(&word) && is_dated()
        || part.starts_with("sync-conflict-")
        || part.strip_prefix('~').is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns true for an env file, also a refused one such as `.env.default`.
pub(crate) fn is_env_file(path: &Path) -> bool {
    matches!(FileRole::of(path), FileRole::EnvFile(_) | FileRole::DefaultFile)
}

pub(crate) fn is_team_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == TEAM_FILE)
}

/// The fault of a symlink from an env file to a file with a name of no kind that is known.
pub(crate) const NOT_NAMED: &str = "which is not named as an env file";
/// What to do about it.
pub(crate) const NAME_TARGET: &str =
    "name the file that it leads to as an env file, such as shared/.env.production, and link to that";

/// Returns what is wrong with a symlink from the env file `link` to `target`; None if that may be that env file. It must be
/// named as one, because history, pins and exposures know env files by their names.
pub(crate) fn link_fault(link: &Path, target: &Path) -> Option<String> {
    match FileRole::of(target) {
        FileRole::EnvFile(env) => {
            let is_other = EnvName::of_file(link).is_ok_and(|own| own != env);
            is_other.then(|| format!("the env file of {env}"))
        }
        FileRole::DefaultFile => Some("refused as an env file".into()),
        _ if is_team_file(target) => Some("the team file".into()),
        role => Some(role.what().unwrap_or(NOT_NAMED).into()),
    }
}

pub(crate) fn is_public_key_name(name: &str) -> bool {
    name.strip_prefix(PUBLIC_KEY).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

pub(crate) fn is_private_key_name(name: &str) -> bool {
    name.strip_prefix(PRIVATE_KEY).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

/// Returns true for a variable that belongs to envseal; on Windows in any letter case.
pub fn is_own_name(name: &str) -> bool {
    let start = name.as_bytes().get(..OWN_PREFIX.len());
    start.is_some_and(|start| {
        if cfg!(windows) {
            start.eq_ignore_ascii_case(OWN_PREFIX.as_bytes())
        } else {
            start == OWN_PREFIX.as_bytes()
        }
    })
}

/// A snapshot of the process's environment. A sealed value, copied there from an env file, counts as not set.
pub struct ProcessEnv {
    vars: Vec<(OsString, OsString)>,
    /// The names of the variables that held sealed values.
    sealed: Vec<OsString>,
    /// True for the process's own environment, whose user has a data folder.
    own: bool,
}

impl ProcessEnv {
    /// Copies the environment of this process.
    pub fn capture() -> Self {
        let mut process = Self::from_vars(std::env::vars_os().collect());
        process.own = true;
        process
    }

    /// Creates an environment without a user's data, for tests and embedding.
    pub fn from_vars(mut vars: Vec<(OsString, OsString)>) -> Self {
        let is_sealed = |(name, value): &mut (OsString, OsString)| {
            claims_to_be_sealed(value.as_encoded_bytes()) && !is_own_name(&name.to_string_lossy())
        };
        let sealed = vars.extract_if(.., is_sealed).map(|(name, _)| name).collect();
        Self { vars, sealed, own: false }
    }

    /// Returns the names of the variables that count as not set, because they are sealed values.
    pub fn sealed_names(&self) -> impl Iterator<Item = &OsStr> {
        self.sealed.iter().map(OsString::as_os_str)
    }

    /// Returns an environment with only the variables in `names`, so that no key is copied.
    #[must_use]
    pub fn narrowed(&self, names: &[&str]) -> Self {
        let is_kept = |(name, _): &&(OsString, OsString)| names.iter().any(|kept| same_name(name, kept));
        let vars = self.vars.iter().filter(is_kept).cloned().collect();
        Self { vars, sealed: Vec::new(), own: self.own }
    }

    /// Returns envseal's data folder: `$XDG_DATA_HOME/envseal`, or the system's equivalent; None without a home.
    pub fn data_dir(&self) -> Option<PathBuf> {
        Some(self.own_dirs()?.data_dir().to_owned())
    }

    /// Returns the keys file to use without `-K`. Unset and empty are the same.
    pub fn keys_file(&self) -> Option<PathBuf> {
        self.path(KEYS_FILE_VARIABLE)
    }

    /// Returns `ENVSEAL_KEY_COMMAND`. Unset and empty are the same.
    pub fn key_command(&self) -> Option<&OsStr> {
        self.non_empty(KEY_COMMAND)
    }

    /// Returns the file of the user's settings: `$XDG_CONFIG_HOME/envseal/config.toml`, or the system's equivalent.
    pub fn config_file(&self) -> Option<PathBuf> {
        Some(self.own_dirs()?.config_dir().join(CONFIG_FILE))
    }

    fn own_dirs(&self) -> Option<directories::ProjectDirs> {
        self.own.then(|| directories::ProjectDirs::from("", "", "envseal"))?
    }

    /// Returns the variables of the key command: what any child inherits, and whose key is wanted, by name and public key.
    pub fn of_key_command(&self, env: &EnvName, key: &str) -> Vec<(OsString, OsString)> {
        let inherited = self.inherited().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let own = [("ENVSEAL_KEY_FOR", env.as_str()), (PUBLIC_KEY, key)];
        inherited.chain(own.map(|(name, value)| (name.into(), value.into()))).collect()
    }

    /// Returns the identity: the path of its file, or the file's text.
    pub fn identity(&self) -> Option<&OsStr> {
        self.non_empty(IDENTITY)
    }

    /// Returns true if the variable for the identity is set but empty.
    pub fn identity_is_empty(&self) -> bool {
        self.get(IDENTITY).is_some_and(OsStr::is_empty)
    }

    /// Returns the passphrase of locked keys and identities, for use when nobody can be prompted.
    pub fn passphrase(&self) -> Option<&OsStr> {
        self.non_empty(PASSPHRASE)
    }

    /// Returns `ENVSEAL_ENV`: the environment to use without `-e` and `-f`. Unset and empty are the same.
    pub fn environment(&self) -> Option<Result<EnvName, NameError>> {
        self.env_name(ENVIRONMENT)
    }

    /// Returns `NODE_ENV`: the environment of Node programs. Unset and empty are the same.
    pub fn node_environment(&self) -> Option<Result<EnvName, NameError>> {
        self.env_name(NODE_ENVIRONMENT)
    }

    fn env_name(&self, variable: &str) -> Option<Result<EnvName, NameError>> {
        let name = self.non_empty(variable)?;
        Some(EnvName::new(name.to_str().unwrap_or("\u{fffd}=")).map_err(|_| NameError::Variable {
            variable: variable.into(),
            name: name.to_string_lossy().into_owned(),
        }))
    }

    /// Returns a variable's value.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.vars.iter().find(|(n, _)| same_name(n, name)).map(|(_, value)| value.as_os_str())
    }

    /// Returns a variable's value. Unset and empty are the same.
    pub fn non_empty(&self, name: &str) -> Option<&OsStr> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Returns true if `git merge` has started this process: it sets `GITHEAD_…` (git-merge(1)).
    pub fn is_in_merge(&self) -> bool {
        self.vars.iter().any(|(name, _)| name.as_encoded_bytes().starts_with(b"GITHEAD_"))
    }

    /// Returns true if GitHub Actions runs this process (GitHub's documentation, "Default environment variables").
    pub fn is_github_actions(&self) -> bool {
        self.get("GITHUB_ACTIONS").is_some_and(|value| value == "true")
    }

    /// Returns a variable as a path. Unset and empty are the same.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.non_empty(name).map(PathBuf::from)
    }

    /// Returns a variable as a list of paths, like `PATH`.
    pub fn path_list(&self, name: &str) -> Vec<PathBuf> {
        let list = self.get(name).map(std::env::split_paths);
        list.into_iter().flatten().filter(|path| !path.as_os_str().is_empty()).collect()
    }

    /// Returns the variables that a child inherits: all but envseal's own.
    pub fn inherited(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        let own = |name: &OsStr| is_own_name(&name.to_string_lossy());
        self.vars
            .iter()
            .filter(move |(name, _)| !own(name))
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// Returns the names of injected private keys, whatever their values.
    pub fn private_key_names(&self) -> impl Iterator<Item = &str> {
        self.vars.iter().filter_map(|(name, _)| name.to_str()).filter(|name| is_private_key_name(name))
    }
}

impl Drop for ProcessEnv {
    /// Wipes envseal's own variables, which hold private keys and passphrases.
    fn drop(&mut self) {
        for (name, value) in &mut self.vars {
            if is_own_name(&name.to_string_lossy()) {
                std::mem::take(value).into_encoded_bytes().zeroize();
            }
        }
    }
}

/// Windows ignores the case of variable names.
fn same_name(name: &OsStr, wanted: &str) -> bool {
    if cfg!(windows) { name.eq_ignore_ascii_case(wanted) } else { name == wanted }
}

pub(crate) fn own_program() -> std::io::Result<PathBuf> {
    std::env::current_exe()
}

pub(crate) fn change_dir(dir: &Path) -> std::io::Result<()> {
    std::env::set_current_dir(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_tells_its_environment() {
        for (file, name) in [
            (".env", "default"),
            ("a/.env.Production", "production"),
            (".env.production.local", "production.local"),
            ("staging.env", "staging"),
        ] {
            assert_eq!(EnvName::of_file(Path::new(file)).unwrap().as_str(), name, "{file}");
        }
        for not in [".env.keys", ".envrc", "env", ".env.", "a.environment"] {
            assert!(EnvName::of_file(Path::new(not)).is_err(), "{not}");
        }
        for refused in [".env.default", "Default.env"] {
            assert!(matches!(EnvName::of_file(Path::new(refused)), Err(NameError::DefaultFile(_))));
            assert!(is_env_file(Path::new(refused)));
        }
    }

    #[test]
    fn a_name_tells_what_a_file_is() {
        for (kind, names) in [
            ("Misnamed", ".env.a=b|a=b.env|.env.a,b|a\nb.env|.env.production |.env.ſtaging|.env."),
            #[cfg(unix)] // elsewhere it is a path
            ("Misnamed", ".env.a\\b"),
            (
                "Template",
                ".env.example|example.env|.env.example.docker|.env.production.SAMPLE|sub/Sample.Env|a.dist.env|.env.schema|\
                 .env.template.local|.env.a=b.example|.env.example~|.env.example.bak|#.env.dist#",
            ),
            (
                "Copy",
                ".env.bak|.env.BAK|.env.old|.env~|.env.orig|.env.save|.env.save.1|.env.swp|.env.tmp|.env.backup|.env.copy|\
                 #.env#|.#.env|.~lock..env#|.env.~1~|.env.production~|.env.production.old|.env.bak.production|.env.bak2|\
                 .env.bak-2024-01-31|.env.backup.20240131|.env.backup_20240131T120000Z|production.env.bak|\
                 production.env~|.production.env.swp|..env.swp|production.bak.env|.env copy|.env copy 2|\
                 .env - Copy (2)|.env (1)|.env.production copy|a (1).env~|.env-e|.env.un~|.env_BACKUP_123|\
                 .env_LOCAL_1.production|.env___jb_tmp___|.env.keys.bak|.env.keys~|\
                 .env.sync-conflict-20240131-120000-ABCDEF7|.env.rej",
            ),
            (
                "Foreign",
                ".env.vault|.env.me|.env.gpg|.env.production.gpg|.env.age|.env.sops|.env.d.ts|.env.JSON|.env.yaml|.env.yml|\
                 .env.toml|.env.js|.env.ts|.env.py|.env.enc|.env.asc|.env.zip|.env.tar|.env.tar.gz|.env.lock|\
                 .env.json~|.env.vault.bak|.env.tpl|.env.production.keys",
            ),
            // These mean nothing in `NAME.env` or as part of a word.
            (
                "EnvFile",
                "backup.env|old.env|vault.env|json.env|keys.env|.env.examples|.env.my-example|.env.backup-eu|.env.tmpl-eu|\
                 .env.json.local|.env.sh|.env.txt|.env.my_local|.env.copycat|.env.oldham|a.json.env",
            ),
            ("Other", "env|a=b.envrc||.envrc|.env-example|env.example|a.environment|production.env.gpg"),
            ("KeysFile", ".ENV.keys"),
        ] {
            for name in names.split('|') {
                let role = format!("{:?}", FileRole::of(Path::new(name)));
                assert_eq!(role.split('(').next(), Some(kind), "{name:?}");
            }
        }
    }

    #[test]
    fn what_a_symlink_may_lead_to() {
        let fault = |target: &str| link_fault(Path::new("a/.env.production"), Path::new(target));
        for fine in ["b/.env.production", "production.env", ".env.Production"] {
            assert_eq!(fault(fine), None, "{fine}");
        }
        for (target, what) in [
            (".env", "the env file of default"),
            (".env.example", "a template"),
            (".env.production.bak", "a copy"),
            (".env.vault", "a file of dotenv-vault"),
            ("x/.env.keys", "the keys file"),
            ("envseal.toml", "the team file"),
            ("shared/real", "which is not named as an env file"),
        ] {
            assert_eq!(fault(target).as_deref(), Some(what));
        }
    }

    #[test]
    fn key_names() {
        let name = |env: &str| EnvName::new(env).unwrap().public_key_name();
        assert_eq!(name("default"), "ENVSEAL_PUBLIC_KEY");
        assert_eq!(name("production"), "ENVSEAL_PUBLIC_KEY_PRODUCTION");
        assert_eq!(name("a.b-c"), "ENVSEAL_PUBLIC_KEY_A_B_C");
        assert!(is_public_key_name("ENVSEAL_PUBLIC_KEY_X") && !is_public_key_name("ENVSEAL_PUBLIC_KEYS"));
    }

    #[test]
    fn no_environment_passes_for_another() {
        let bad = "productıon|ſtaging|\u{212a}|proﬁle|prod\u{200b}|prod\u{ad}uction|production\u{2010}eu|prоduction|ｐrod\
                   |production\u{2024}eu|a\u{a0}b| prod|prod |gro\u{308}ße|\u{1112}\u{1161}\u{11ab}";
        for bad in bad.split('|').chain(["", "../x", "a/b", ".x", "a=b", "a,b", "a\n"]) {
            assert!(EnvName::new(bad).is_err(), "{bad:?}");
        }
        assert_eq!(EnvName::new("keys").unwrap().file_names(), ["keys.env"], "not the keys file");
        for good in ["é", "größe", "straße", "производство", "生产", "a b", "my env%"] {
            assert!(EnvName::new(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn a_file_system_may_take_one_name_for_another() {
        let names = ".env.keys|.Env.Keys|.ENV.KEYS|.env.\u{212a}eys|.env.keyſ|.env.keys.|.env.k\u{200c}eys";
        for name in names.split('|') {
            assert!(is_keys_file(Path::new(name)), "{name:?}");
        }
        for name in ["Envseal.toml", "ENVSEAL.TOML", "envſeal.toml", "envseal.toml ", "sub/Envseal.Toml"] {
            assert_eq!(misspelled(Path::new(name)), Some(TEAM_FILE), "{name:?}");
        }
        assert_eq!(misspelled(Path::new(".ENV.SCHEMA")), Some(".env.schema"));
        assert_eq!(misspelled(Path::new(".env.Example")), Some(".env.example"));
        for name in "envseal.toml|.env.schema|.env.example|envseal.tom|envseal.toml.x|.env.keys|".split('|') {
            assert_eq!(misspelled(Path::new(name)), None, "{name:?}");
        }
        for name in [".env.keysx", ".env.key", "env.keys", ".env_keys"] {
            assert!(!is_keys_file(Path::new(name)), "{name:?}");
        }
    }
}
