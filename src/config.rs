//! Every file name and every `ENVSEAL_*` variable, and the process's own environment: read here and nowhere else.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroize;

/// The file that holds private keys. Never committed.
pub(crate) const KEYS_FILE: &str = ".env.keys";
/// The committed file that holds members, grants and policy.
pub(crate) const TEAM_FILE: &str = "envseal.toml";
/// The files that say which variables there are, and of which type: the first that is there, beside the env files.
pub(crate) const SCHEMA_FILES: [&str; 2] = [".env.schema", ".env.example"];
/// What matches every env file and every example and schema file in a repository, as git's pathspecs (gitglossary(7)); and
/// more, so that names are still to be looked at.
pub(crate) const ENV_FILE_GLOBS: [&str; 2] = [":(top,glob,icase)**/.env*", ":(top,glob,icase)**/*.env"];
/// What matches every team file.
pub(crate) const TEAM_FILE_GLOB: &str = ":(top,glob,icase)**/envseal.toml";
/// Names that start so belong to envseal: none reaches a child, none in an env file steers envseal.
const OWN_PREFIX: &str = "ENVSEAL_";

const PUBLIC_KEY: &str = "ENVSEAL_PUBLIC_KEY";
const PRIVATE_KEY: &str = "ENVSEAL_PRIVATE_KEY";
const IDENTITY: &str = "ENVSEAL_IDENTITY";
const PASSPHRASE: &str = "ENVSEAL_PASSPHRASE";
const ENVIRONMENT: &str = "ENVSEAL_ENV";
const NODE_ENVIRONMENT: &str = "NODE_ENV";
const DEFAULT: &str = "default";
/// The variables of the process that steer envseal, each with what it does: for the manual. What is made of a name, as by
/// [`EnvName::private_key_name`], stands as `[_ENV]`.
pub(crate) const VARIABLES: [(&str, &str); 8] = [
    (
        "ENVSEAL_PRIVATE_KEY[_ENV]",
        "The private key of an environment, or a list of them joined by commas, the newest first. It also says which files \
         run and get load where nothing else does. Set to nothing, it is an error.",
    ),
    (IDENTITY, "Your identity: the path of its file, or the file's text."),
    (PASSPHRASE, "The passphrase of locked keys and identities, where nobody can be asked."),
    (
        ENVIRONMENT,
        "The environment that is meant where neither -e nor a file is named, instead of that of .env.",
    ),
    (NODE_ENVIRONMENT, "The environment of --convention where neither -e nor ENVSEAL_ENV names one."),
    ("VISUAL, EDITOR", "The editor of edit."),
    ("GIT_PAGER, PAGER", "The pager of log, diff and blame, chosen as git chooses it."),
    ("NO_COLOR, CLICOLOR_FORCE", "No colours; colours also where the output is no terminal."),
];
/// The files that envseal knows by name, each with what it is: for the manual.
pub(crate) const FILES: [(&str, &str); 5] = [
    (".env, .env.NAME, NAME.env", "An env file: committed, its values sealed."),
    (KEYS_FILE, "Private keys: never committed."),
    (TEAM_FILE, "Members, grants, exposures and policy: committed."),
    (".env.schema, .env.example", "Which variables there are, and of which type."),
    (
        "~/.local/share/envseal",
        "Your identity, and the public keys that you have sealed to; its like on other systems.",
    ),
];
/// Any of these between the dots of a name makes it a template's: `example.env`, `.env.docker.example`.
const TEMPLATE_PARTS: [&str; 5] = ["dist", "example", "sample", "schema", "template"];
/// Behind a dot, with a number or a date at its end or without, any of these makes a name a copy's: `.env.bak2`.
const COPY_PARTS: [&str; 16] = [
    "backup", "bak", "bkp", "copy", "old", "orig", "previous", "rej", "save", "swm", "swn", "swo", "swp",
    "swx", "temp", "tmp",
];
/// What other programs and people put behind the name of a file that they copy: Windows, macOS, browsers, and
/// the editors of `JetBrains`.
const COPY_ENDS: [&str; 4] = [" - copy", " copy", " (", "___jb_"];
/// What `git mergetool` leaves, a number behind each.
const MERGE_ENDS: [&str; 4] = ["_backup_", "_base_", "_local_", "_remote_"];
/// At the end of `.env.…`, files of other tools and kinds, and what each is. None that can hold `NAME=value` lines, such as
/// `.env.sh` or `.env.txt`: in those, plain text is looked for.
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

/// What git's environment says of where a repository is (git(1)); absolute paths, relative ones being as seen from the
/// current folder. Git sets these for its hooks.
#[derive(Clone, Debug, Default)]
pub(crate) struct GitLocation {
    /// `GIT_DIR`: the repository that git is at work in.
    pub git_dir: Option<PathBuf>,
    rest: Vec<(&'static str, PathBuf)>,
    lists: Vec<(&'static str, OsString)>,
}

/// The variables of [`GitLocation`] that hold one path.
const GIT_PATHS: [&str; 4] = ["GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"];
/// Those that hold something else: a list of absolute paths, a prefix of refs, and a folder that git alone looks at.
const GIT_LISTS: [&str; 3] = ["GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_QUARANTINE_PATH"];

/// What git's environment says of where a repository is.
pub(crate) fn git_location() -> GitLocation {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let path =
        |name: &str| set(name).map(|value| std::path::absolute(&value).unwrap_or_else(|_| value.into()));
    GitLocation {
        git_dir: path("GIT_DIR"),
        rest: GIT_PATHS.iter().filter_map(|name| Some((*name, path(name)?))).collect(),
        lists: GIT_LISTS.iter().filter_map(|name| Some((*name, set(name)?))).collect(),
    }
}

impl GitLocation {
    /// `GIT_WORK_TREE`: the worktree, where it is not the one that the repository names.
    pub(crate) fn work_tree(&self) -> Option<&Path> {
        self.rest.iter().find(|(name, _)| *name == "GIT_WORK_TREE").map(|(_, path)| path.as_path())
    }

    /// As it is, but for the repository, which is this one.
    #[must_use]
    pub(crate) fn with_git_dir(self, git_dir: PathBuf) -> Self {
        Self { git_dir: Some(git_dir), ..self }
    }

    /// Whether git is receiving a push that is not accepted yet.
    pub(crate) fn is_quarantine(&self) -> bool {
        self.lists.iter().any(|(name, _)| *name == "GIT_QUARANTINE_PATH")
    }

    /// Every variable of the kind, with its value where it has one.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, Option<&OsStr>)> {
        let paths = self.rest.iter().map(|(name, path)| (*name, path.as_os_str()));
        let lists = self.lists.iter().map(|(name, value)| (*name, value.as_os_str()));
        let git_dir = self.git_dir.iter().map(|path| ("GIT_DIR", path.as_os_str()));
        let set: Vec<_> = paths.chain(lists).chain(git_dir).collect();
        let names = GIT_PATHS.iter().chain(&GIT_LISTS).chain(&["GIT_DIR"]).copied();
        names.map(move |name| (name, set.iter().find(|(there, _)| *there == name).map(|(_, value)| *value)))
    }
}

/// The folders that git does not look above, nor in, for a repository (git(1), `GIT_CEILING_DIRECTORIES`).
pub(crate) fn git_ceilings() -> Vec<PathBuf> {
    let list = std::env::var_os("GIT_CEILING_DIRECTORIES").unwrap_or_default();
    std::env::split_paths(&list).filter(|path| path.is_absolute()).collect()
}

/// The variables of the process that are envseal's own: no other program is to see them.
pub(crate) fn own_variable_names() -> Vec<OsString> {
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter(|name| name.to_string_lossy().to_uppercase().starts_with(OWN_PREFIX)).collect()
}

/// An environment: an env file's suffix in lower case, `default` for `.env`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvName(String);

/// Why a name or a file is not one envseal works with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No environment can have this name.
    #[error("{0:?} is no name for an environment")]
    Environment(String),
    /// The file's name is not `.env`, `.env.NAME` or `NAME.env`, or is one of those set aside.
    #[error("{} is not an env file: {why}", path.display())]
    NotEnvFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The same, of a name that a variable of the process holds.
    #[error("{variable} is set to {name:?}, which is no name for an environment")]
    Variable {
        /// The variable.
        variable: String,
        /// What it holds.
        name: String,
    },
    /// `.env.default` and `default.env` would be a second file for the environment of `.env`.
    #[error("{} is refused: `default` is the environment of .env", .0.display())]
    DefaultFile(PathBuf),
}

impl EnvName {
    /// Takes an environment's name as typed; letters become lower case.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let bad = name.is_empty()
            || name.starts_with('.')
            || name.ends_with('.')
            || name.starts_with(' ')
            || name.ends_with(' ')
            || name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | '='))
            || looks_like_another(name);
        if bad { Err(NameError::Environment(name.into())) } else { Ok(Self(name.to_lowercase())) }
    }

    /// The environment of `.env`.
    pub fn of_dotenv() -> Self {
        Self(DEFAULT.into())
    }

    /// Whether it is that of `.env`.
    pub fn is_of_dotenv(&self) -> bool {
        self.0 == DEFAULT
    }

    /// Whether its file lies over another, with what differs on one machine: `.env.local`, `.env.production.local`.
    pub fn is_overlay(&self) -> bool {
        self.0.rsplit('.').next() == Some("local")
    }

    /// The environment of the env file at `path`, told by its name alone.
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

    /// The environment whose public key has this name, as far as that tells: which characters `_` stands for is lost.
    pub fn of_public_key_name(variable: &str) -> Option<Self> {
        let rest = variable.strip_prefix(PUBLIC_KEY)?;
        Self::of_private_key_name(&format!("{PRIVATE_KEY}{rest}"))
    }

    /// The names that this environment's file may have, the usual one first.
    pub fn file_names(&self) -> Vec<String> {
        if self.0 == DEFAULT {
            return vec![".env".into()];
        }
        let names = [format!(".env.{}", self.0), format!("{}.env", self.0)];
        names.into_iter().filter(|name| is_env_file(Path::new(name))).collect()
    }

    /// The name as text: lower case, `default` for `.env`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `ENVSEAL_PUBLIC_KEY`, or with the suffix: the variable that holds the public key in the env file.
    pub fn public_key_name(&self) -> String {
        format!("{PUBLIC_KEY}{}", self.key_suffix())
    }

    /// `ENVSEAL_PRIVATE_KEY`, or with the suffix: in the keys file and in the process's environment.
    pub fn private_key_name(&self) -> String {
        format!("{PRIVATE_KEY}{}", self.key_suffix())
    }

    /// The environment that a private key's variable is of, as far as its name tells: which characters `_` stands for
    /// is lost. None where no environment's key stands under that name.
    pub fn of_private_key_name(variable: &str) -> Option<Self> {
        let rest = variable.strip_prefix(PRIVATE_KEY)?;
        let env = if rest.is_empty() { DEFAULT } else { rest.strip_prefix('_')? };
        Self::new(env).ok().filter(|env| env.private_key_name() == variable)
    }

    /// What stands behind `…_KEY` in the names of its keys: `_` and its name upper-cased, every other character `_`;
    /// nothing for `.env`.
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
/// case (`ı`, `ſ`, the Kelvin sign), one that is neither letter, digit nor accent (a zero-width space, a second kind of
/// hyphen), or letters of another script among Latin ones.
fn looks_like_another(name: &str) -> bool {
    let is_accent = |c: char| ('\u{300}'..='\u{36f}').contains(&c);
    // Latin-1 Supplement, Latin Extended-A and -B, Latin Extended Additional.
    let is_latin = |c: char| matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}') || is_accent(c);
    let becomes_ascii = |c: char| c.to_uppercase().chain(c.to_lowercase()).any(|c| c.is_ascii()) && c != 'ß';
    let has_latin = name.bytes().any(|byte| byte.is_ascii_alphabetic());
    name.chars()
        .filter(|c| !c.is_ascii())
        .any(|c| becomes_ascii(c) || !(c.is_alphanumeric() || is_accent(c)) || has_latin && !is_latin(c))
}

/// Whether a file is a keys file, also under a name that some file systems take for that of one.
pub(crate) fn is_keys_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == KEYS_FILE || is_spelling_of(name, KEYS_FILE))
}

/// Returns the name that a team file or a schema has to have, if this one has another that some file systems take for it.
pub(crate) fn misspelled(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?;
    let names = [TEAM_FILE, SCHEMA_FILES[0], SCHEMA_FILES[1]];
    names.into_iter().find(|wanted| is_spelling_of(name, wanted))
}

/// Returns true if `name` is not `wanted`, but the same to a file system that ignores letter case (NTFS, APFS), the
/// code points that HFS+ ignores, or dots and spaces at the end (Windows). `wanted` is in lower case.
fn is_spelling_of(name: &OsStr, wanted: &str) -> bool {
    let bytes = name.as_encoded_bytes();
    // Asked for every file of a repository: most are told by their length.
    if bytes == wanted.as_bytes() || bytes.len() < wanted.len() {
        return false;
    }
    if bytes.len() == wanted.len() && bytes.is_ascii() {
        return bytes.eq_ignore_ascii_case(wanted.as_bytes());
    }
    // As git's `utf8.c` has them.
    let is_ignored = |c: &char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let text = name.to_string_lossy();
    let folded = text.chars().filter(|c| !is_ignored(c)).flat_map(char::to_uppercase);
    folded.flat_map(char::to_lowercase).collect::<String>().trim_end_matches(['.', ' ']) == wanted
}

/// What a file is, told by its name alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileRole {
    /// The env file of this environment.
    EnvFile(EnvName),
    /// `.env.default` or `default.env`, which is refused.
    DefaultFile,
    /// A template, such as `.env.example`: never encrypted, loaded or guarded.
    Template,
    /// A copy of an env file, such as `.env.bak`: guarded as one, but neither encrypted nor loaded.
    Copy,
    /// A file of another tool or kind, and what it is.
    Foreign(&'static str),
    /// The keys file.
    KeysFile,
    /// Named as an env file is, though no environment can be called so: a control character, a `=`, a `\`, bytes that
    /// are no text, or a name that passes for another.
    Misnamed,
    /// Something else.
    Other,
}

impl FileRole {
    /// Classifies the file at `path`.
    pub(crate) fn of(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default();
        // Asked for every file of a repository: most are told by these two alone.
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
        // Not in Unicode's lower case, in which the Kelvin sign is a `k`.
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
        // As it is written.
        match self::stem(&name).map(EnvName::new) {
            Some(Ok(env)) if env.0 == DEFAULT => Self::DefaultFile,
            Some(Ok(env)) => Self::EnvFile(env),
            _ => Self::Misnamed,
        }
    }

    /// Says what the file is, where its name is made like an env file's on purpose.
    pub(crate) fn what(&self) -> Option<&'static str> {
        match self {
            Self::Template => Some("a template"),
            Self::Copy => Some("a copy"),
            Self::Foreign(what) => Some(what),
            Self::KeysFile => Some("the keys file"),
            Self::EnvFile(_) | Self::DefaultFile | Self::Misnamed | Self::Other => None,
        }
    }

    /// Whether plain text in the file is an error.
    pub(crate) fn is_guarded(&self) -> bool {
        matches!(self, Self::EnvFile(_) | Self::DefaultFile | Self::Copy | Self::Misnamed)
    }
}

/// What stands before or behind `.env` in a name. None for names that are not made like an env file's.
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

/// The name of the file that one of this name, in lower case, is a copy of; the name itself where it is no copy's.
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
    // What `sed -i -e` makes on macOS.
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

/// Whether a file of this name is an env file (also one that is refused, such as `.env.default`).
pub(crate) fn is_env_file(path: &Path) -> bool {
    matches!(FileRole::of(path), FileRole::EnvFile(_) | FileRole::DefaultFile)
}

/// What is wrong with a symlink that stands for the env file at `link` and leads to `target`, told by their names; None
/// where the target may stand for it.
pub(crate) fn link_fault(link: &Path, target: &Path) -> Option<String> {
    match FileRole::of(target) {
        FileRole::EnvFile(env) => {
            let is_other = EnvName::of_file(link).is_ok_and(|own| own != env);
            is_other.then(|| format!("the env file of {env}"))
        }
        FileRole::DefaultFile => Some("refused as an env file".into()),
        _ if target.file_name().is_some_and(|name| name == TEAM_FILE) => Some("the team file".into()),
        role => role.what().map(Into::into),
    }
}

/// Whether a variable's name is one that an environment's public key stands under.
pub(crate) fn is_public_key_name(name: &str) -> bool {
    name.strip_prefix(PUBLIC_KEY).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

/// Whether a variable's name is one that an environment's private key stands under.
pub(crate) fn is_private_key_name(name: &str) -> bool {
    name.strip_prefix(PRIVATE_KEY).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

/// Whether a variable of this name belongs to envseal; on Windows in any letter case, as variables are there.
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

/// A snapshot of the process's environment.
pub struct ProcessEnv {
    vars: Vec<(OsString, OsString)>,
    /// Whether it is the process's own, whose user has a folder for data.
    own: bool,
}

impl ProcessEnv {
    /// Reads it, once.
    pub fn capture() -> Self {
        Self { vars: std::env::vars_os().collect(), own: true }
    }

    /// An environment of these variables, for tests and for embedding: no user's data belongs to it.
    pub fn from_vars(vars: Vec<(OsString, OsString)>) -> Self {
        Self { vars, own: false }
    }

    /// The folder of this user's data of envseal: `$XDG_DATA_HOME/envseal`, and its like on other systems. None for a
    /// user without a home.
    pub fn data_dir(&self) -> Option<PathBuf> {
        let dirs = self.own.then(|| directories::ProjectDirs::from("", "", "envseal"))??;
        Some(dirs.data_dir().to_owned())
    }

    /// The identity to use: the path of its file, or the file's text.
    pub fn identity(&self) -> Option<&OsStr> {
        self.get(IDENTITY).filter(|value| !value.is_empty())
    }

    /// Whether the variable for the identity is there, with nothing in it.
    pub fn identity_is_empty(&self) -> bool {
        self.get(IDENTITY).is_some_and(OsStr::is_empty)
    }

    /// The passphrase of locked keys and identities, for where nobody can be asked.
    pub fn passphrase(&self) -> Option<&OsStr> {
        self.get(PASSPHRASE).filter(|value| !value.is_empty())
    }

    /// The environment that stands in for `.env` where neither `-e` nor a file is named: `ENVSEAL_ENV`. Unset and empty
    /// are the same.
    pub fn environment(&self) -> Option<Result<EnvName, NameError>> {
        self.env_name(ENVIRONMENT)
    }

    /// The environment that Node's programs go by: `NODE_ENV`. Unset and empty are the same.
    pub fn node_environment(&self) -> Option<Result<EnvName, NameError>> {
        self.env_name(NODE_ENVIRONMENT)
    }

    fn env_name(&self, variable: &str) -> Option<Result<EnvName, NameError>> {
        let name = self.get(variable).filter(|name| !name.is_empty())?;
        Some(EnvName::new(name.to_str().unwrap_or("\u{fffd}=")).map_err(|_| NameError::Variable {
            variable: variable.into(),
            name: name.to_string_lossy().into_owned(),
        }))
    }

    /// A variable's value.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.vars.iter().find(|(n, _)| same_name(n, name)).map(|(_, value)| value.as_os_str())
    }

    /// Whether a `git merge` has called this: it names the commits that it merges (git-merge(1) sets `GITHEAD_…`).
    pub fn is_in_merge(&self) -> bool {
        self.vars.iter().any(|(name, _)| name.as_encoded_bytes().starts_with(b"GITHEAD_"))
    }

    /// A variable that holds a path; unset and empty are the same.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// A variable that holds a list of paths, as `PATH` does.
    pub fn path_list(&self, name: &str) -> Vec<PathBuf> {
        let list = self.get(name).map(std::env::split_paths);
        list.into_iter().flatten().filter(|path| !path.as_os_str().is_empty()).collect()
    }

    /// Every variable but envseal's own: what a child inherits.
    pub fn inherited(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        let own = |name: &OsStr| is_own_name(&name.to_string_lossy());
        self.vars
            .iter()
            .filter(move |(name, _)| !own(name))
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// The names under which private keys are injected, whatever they hold.
    pub fn private_key_names(&self) -> impl Iterator<Item = &str> {
        self.vars.iter().filter_map(|(name, _)| name.to_str()).filter(|name| is_private_key_name(name))
    }
}

impl Drop for ProcessEnv {
    /// Wipes what is envseal's own: private keys and passphrases.
    fn drop(&mut self) {
        for (name, value) in &mut self.vars {
            if is_own_name(&name.to_string_lossy()) {
                std::mem::take(value).into_encoded_bytes().zeroize();
            }
        }
    }
}

/// Windows takes variable names without regard to case.
fn same_name(name: &OsStr, wanted: &str) -> bool {
    if cfg!(windows) { name.eq_ignore_ascii_case(wanted) } else { name == wanted }
}

/// The file that this program runs from.
pub(crate) fn own_program() -> std::io::Result<PathBuf> {
    std::env::current_exe()
}

/// Changes the working directory, as `-C` asks.
pub(crate) fn change_dir(dir: &Path) -> std::io::Result<()> {
    std::env::set_current_dir(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(file: &str) -> Option<String> {
        EnvName::of_file(Path::new(file)).ok().map(|name| name.0)
    }

    #[test]
    fn a_file_tells_its_environment() {
        assert_eq!(env(".env").unwrap(), "default");
        assert_eq!(env("a/.env.Production").unwrap(), "production");
        assert_eq!(env(".env.production.local").unwrap(), "production.local");
        assert_eq!(env("staging.env").unwrap(), "staging");
        for not in [".env.keys", ".envrc", "env", ".env.", "a.environment"] {
            assert_eq!(env(not), None, "{not}");
        }
        for refused in [".env.default", "Default.env"] {
            assert!(matches!(EnvName::of_file(Path::new(refused)), Err(NameError::DefaultFile(_))));
            assert!(is_env_file(Path::new(refused)));
        }
    }

    #[test]
    fn a_name_tells_what_a_file_is() {
        let role = |name: &str| FileRole::of(Path::new(name));
        for name in
            [".env.a=b", "a=b.env", "a\nb.env", ".env.a\\b", ".env.production ", ".env.ſtaging", ".env."]
        {
            assert_eq!(role(name), FileRole::Misnamed, "{name:?}");
        }
        for name in ".env.example|example.env|.env.example.docker|.env.production.SAMPLE|sub/Sample.Env|\
             a.dist.env|.env.schema|.env.template.local|.env.a=b.example|.env.example~|\
             .env.example.bak|#.env.dist#"
            .split('|')
        {
            assert_eq!(role(name), FileRole::Template, "{name:?}");
        }
        for name in ".env.bak|.env.BAK|.env.old|.env~|.env.orig|.env.save|.env.save.1|.env.swp|.env.tmp|\
             .env.backup|.env.copy|#.env#|.#.env|.~lock..env#|.env.~1~|.env.production~|\
             .env.production.old|.env.bak.production|.env.bak2|.env.bak-2024-01-31|\
             .env.backup.20240131|.env.backup_20240131T120000Z|production.env.bak|production.env~|\
             .production.env.swp|..env.swp|production.bak.env|.env copy|.env copy 2|.env - Copy (2)|\
             .env (1)|.env.production copy|a (1).env~|.env-e|.env.un~|.env_BACKUP_123|\
             .env_LOCAL_1.production|.env___jb_tmp___|.env.keys.bak|.env.keys~|\
             .env.sync-conflict-20240131-120000-ABCDEF7|.env.rej"
            .split('|')
        {
            assert_eq!(role(name), FileRole::Copy, "{name:?}");
        }
        for name in ".env.vault|.env.me|.env.gpg|.env.production.gpg|.env.age|.env.sops|.env.d.ts|.env.JSON|\
             .env.yaml|.env.yml|.env.toml|.env.js|.env.ts|.env.py|.env.enc|.env.asc|.env.zip|\
             .env.tar|.env.tar.gz|.env.lock|.env.json~|.env.vault.bak|.env.tpl|.env.production.keys"
            .split('|')
        {
            assert!(matches!(role(name), FileRole::Foreign(_)), "{name:?}: {:?}", role(name));
        }
        // A word that is the whole of `NAME.env`, or a part of one, says nothing.
        for name in "backup.env|old.env|vault.env|json.env|keys.env|.env.examples|.env.my-example|\
             .env.backup-eu|.env.tmpl-eu|.env.json.local|.env.sh|.env.txt|.env.my_local|.env.copycat|\
             .env.oldham|a.json.env"
            .split('|')
        {
            assert!(matches!(role(name), FileRole::EnvFile(_)), "{name:?}: {:?}", role(name));
        }
        for name in
            "env|a=b.envrc||.envrc|.env-example|env.example|a.environment|production.env.gpg".split('|')
        {
            assert_eq!(role(name), FileRole::Other, "{name:?}");
        }
        assert_eq!(role(".ENV.keys"), FileRole::KeysFile);
    }

    #[test]
    fn what_a_symlink_may_lead_to() {
        let fault = |target: &str| link_fault(Path::new("a/.env.production"), Path::new(target));
        for fine in ["b/.env.production", "production.env", "shared/real", ".env.Production"] {
            assert_eq!(fault(fine), None, "{fine}");
        }
        for (target, what) in [
            (".env", "the env file of default"),
            (".env.example", "a template"),
            (".env.production.bak", "a copy"),
            (".env.vault", "a file of dotenv-vault"),
            ("x/.env.keys", "the keys file"),
            ("envseal.toml", "the team file"),
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
    fn an_environment_never_names_the_keys_file() {
        assert_eq!(EnvName::new("keys").unwrap().file_names(), ["keys.env"]);
        for bad in ["", "../x", "a/b", ".x", "a=b", "a\n"] {
            assert!(EnvName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn no_environment_passes_for_another() {
        for bad in [
            "productıon",
            "ſtaging",
            "\u{212a}",
            "proﬁle",
            "prod\u{200b}",
            "prod\u{ad}uction",
            "production\u{2010}eu",
            "production\u{2024}eu",
            "prоduction",
            "ｐrod",
            "a\u{a0}b",
            " prod",
            "prod ",
        ] {
            assert!(EnvName::new(bad).is_err(), "{bad:?}");
        }
        for good in ["é", "größe", "gro\u{308}ße", "straße", "производство", "生产", "a b", "my env%"]
        {
            assert!(EnvName::new(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn a_file_system_may_take_one_name_for_another() {
        for name in [
            ".env.keys",
            ".Env.Keys",
            ".ENV.KEYS",
            ".env.\u{212a}eys",
            ".env.keyſ",
            ".env.keys.",
            ".env.k\u{200c}eys",
        ] {
            assert!(is_keys_file(Path::new(name)), "{name:?}");
        }
        for name in ["Envseal.toml", "ENVSEAL.TOML", "envſeal.toml", "envseal.toml ", "sub/Envseal.Toml"] {
            assert_eq!(misspelled(Path::new(name)), Some(TEAM_FILE), "{name:?}");
        }
        assert_eq!(misspelled(Path::new(".ENV.SCHEMA")), Some(".env.schema"));
        assert_eq!(misspelled(Path::new(".env.Example")), Some(".env.example"));
        for name in
            ["envseal.toml", ".env.schema", ".env.example", "envseal.tom", "envseal.toml.x", ".env.keys", ""]
        {
            assert_eq!(misspelled(Path::new(name)), None, "{name:?}");
        }
        for name in [".env.keysx", ".env.key", "env.keys", ".env_keys"] {
            assert!(!is_keys_file(Path::new(name)), "{name:?}");
        }
    }

    #[test]
    fn a_variable_names_an_environment_or_says_that_it_does_not() {
        let set = |value: &str| ProcessEnv::from_vars(vec![(ENVIRONMENT.into(), value.into())]).environment();
        assert_eq!(set("Production").unwrap().unwrap().as_str(), "production");
        assert!(set("").is_none());
        let told = set("a/b").unwrap().unwrap_err().to_string();
        assert_eq!(told, "ENVSEAL_ENV is set to \"a/b\", which is no name for an environment");
    }

    #[test]
    fn a_child_inherits_nothing_of_ours() {
        let vars = [("PATH", "/bin"), ("ENVSEAL_PRIVATE_KEY", "x"), ("ENVSEAL_ANYTHING", "y")];
        let env = ProcessEnv::from_vars(vars.iter().map(|(n, v)| (n.into(), v.into())).collect());
        assert_eq!(env.inherited().collect::<Vec<_>>(), [(OsStr::new("PATH"), OsStr::new("/bin"))]);
        assert_eq!(env.private_key_names().collect::<Vec<_>>(), ["ENVSEAL_PRIVATE_KEY"]);
    }
}
