//! The next step, as a line that can be pasted into a shell: constant text, and quoted words from elsewhere.
//!
//! Words are quoted for POSIX shells (POSIX.1-2024, Shell Command Language, 2.2). PowerShell reads `'…'` the same way
//! unless the word contains a `'`. cmd.exe has no such quotes, so a line with a quoted word can't be pasted there.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, OnceLock};

use crate::config::EnvName;
use crate::crypto::PRIVATE_PREFIX;

/// Placeholders in findings that are filled only when printed: the finding's file, its folder, the checked range.
const LATER: [&str; 3] = ["file", "folder", "range"];

/// What commands in hints repeat. Each option has a space at its end, and is empty if there is nothing to repeat.
#[derive(Clone, Default)]
struct CommandOptions {
    /// `-C` of both programs: the folders that the person named.
    folders: String,
    /// `-C` of git for a file in another repository.
    repository: String,
    /// `-K` of envseal as the person named the file, and with its absolute path; the variable for hooks of `git commit`.
    keys_file: [String; 3],
    /// The same of `-i`.
    identity: [String; 3],
    /// `-C` of envseal for a command that works on the project of its folder.
    project: String,
    /// The same if somebody else is to run it, with nothing of the above.
    others: String,
}

/// The folder that `-C` named, and the options: a hint is pasted where the person stands.
static START: OnceLock<(PathBuf, CommandOptions)> = OnceLock::new();

/// The folder of the project that the person stands in, as seen from the repository's root. Found when it is needed.
static PROJECT: OnceLock<LazyLock<PathBuf>> = OnceLock::new();

/// Returns the root of a file's repository if that is not the person's own.
type OtherRepository = fn(&Path) -> Option<PathBuf>;

static REPOSITORY: OnceLock<OtherRepository> = OnceLock::new();

/// A command as typed, `envseal set`, and the options with which it named its files.
static FILES: OnceLock<(String, Hint)> = OnceLock::new();

/// Makes commands of this name in hints repeat `files`, the options of the running one, unless they name files themselves.
pub(crate) fn repeat_files(command: &str, files: Hint) {
    FILES.get_or_init(|| (format!("envseal {command}"), files));
}

/// Makes the commands in hints work in these folders, each as seen from the one before, and with the files that `-K` and
/// `-i` named, as seen from the last, unless their paths can't be shown. What somebody else is to run works in the folder
/// that `project` returns, as seen from the repository's root.
///
/// If `repository` returns the root of a file's repository, git commands with that file work there.
pub(crate) fn start_in(
    folders: &[PathBuf],
    keys_file: Option<&Path>,
    identity: Option<&Path>,
    project: fn() -> PathBuf,
    repository: OtherRepository,
) {
    PROJECT.get_or_init(|| LazyLock::new(project));
    REPOSITORY.get_or_init(|| repository);
    let written = |option: &str, variable: &str, file: Option<&Path>| {
        let Some(file) = file else { return Default::default() };
        let absolute = std::path::absolute(file).unwrap_or_default();
        [(option, file), (option, &*absolute), (variable, &*absolute)]
            .map(|(name, path)| self::option(name, path).unwrap_or_default())
    };
    let keys_file = written("-K ", "ENVSEAL_KEYS_FILE=", keys_file);
    let identity = written("-i ", "ENVSEAL_IDENTITY=", identity);
    let options = |folders| CommandOptions { folders, keys_file, identity, ..CommandOptions::default() };
    if let Some(named) = folders.iter().map(|folder| option("-C ", folder)).collect() {
        START.get_or_init(|| (folders.iter().collect(), options(named)));
    }
}

/// Returns the option for a path, or nothing for an empty one.
fn option(name: &str, path: &Path) -> Option<String> {
    let word = || Some(format!("{name}{} ", Word::Path(path.to_owned()).quoted(true)?.0));
    if path.as_os_str().is_empty() { Some(String::new()) } else { word() }
}

/// Adds `text` to `line`, with the options of each `envseal` and `git` that starts a command. What somebody else is to run
/// only gets the folder of its project, and a line to be added to a hook nothing.
fn add_text(line: &mut String, text: &str, options: &CommandOptions) {
    const GIT: &str = " add checkout commit config diff fetch init log ls-tree merge mv rebase rm show ";
    let mut rest = text;
    for word in text.split_inclusive(' ') {
        rest = &rest[word.len()..];
        let is_mine = !["run: ", "where the key is: "].iter().any(|end| line.ends_with(end));
        let verb = rest.split(|c: char| !c.is_alphanumeric() && c != '-').next().unwrap_or_default();
        let is_ours = word == "envseal " && !rest.starts_with("hook run");
        let is_git = word == "git " && GIT.contains(&format!(" {verb} "));
        let of_project = is_ours && (verb == "team" || rest.starts_with("key rotate -e "));
        let project = if of_project { &*options.project } else { "" };
        let seen_from = usize::from(!project.is_empty() || rest.starts_with("-C "));
        let CommandOptions { folders, repository, keys_file, identity, .. } = options;
        line.extend(match (is_mine, is_ours, is_git) {
            (true, true, _) => [word, folders, project, &keys_file[seen_from], &identity[seen_from]],
            (true, _, true) if verb == "commit" => [&keys_file[2], &identity[2], word, folders, repository],
            (true, _, true) => [word, folders, repository, "", ""],
            (false, ..) if of_project => [word, &options.others, "", "", ""],
            _ => [word, "", "", "", ""],
        });
    }
}

/// The next step. `hint!` and constant text are the only ways to make one, so that every other word is quoted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hint {
    parts: Vec<HintPart>,
    /// The folder of its project, if that is not the person's own: as seen by the person, and from the repository's root.
    project: Option<[PathBuf; 2]>,
    /// The options, `-K` or `-i`, that its commands don't repeat.
    without: &'static [&'static str],
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum HintPart {
    Text(&'static str),
    Words(Vec<Word>),
    Later(&'static str),
}

/// An argument of a command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    Text(String),
    /// Kept byte for byte.
    Path(PathBuf),
}

/// Makes a [`Hint`] from a constant template: `hint!("envseal set {name} -f {file}", name, file = path)`. Each `{…}`
/// becomes one argument, or several for a list; a one-letter option before the list is repeated.
macro_rules! hint {
    ($template:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {{
        const { assert!($crate::hint::is_template($template, &[$(stringify!($name)),*])) };
        $crate::hint::Hint::filled($template, &[$((stringify!($name), hint!(@ $name $($value)?))),*])
    }};
    (@ $name:ident) => {{ use $crate::hint::Words as _; $name.words() }};
    (@ $name:ident $value:expr) => {{ use $crate::hint::Words as _; $value.words() }};
}

/// Values for a `{…}` of a template.
pub trait Words {
    fn words(&self) -> Vec<Word>;
}

impl Words for str {
    fn words(&self) -> Vec<Word> {
        vec![Word::Text(self.to_owned())]
    }
}

impl Words for String {
    fn words(&self) -> Vec<Word> {
        self.as_str().words()
    }
}

impl Words for usize {
    fn words(&self) -> Vec<Word> {
        self.to_string().words()
    }
}

impl Words for EnvName {
    fn words(&self) -> Vec<Word> {
        self.as_str().words()
    }
}

impl Words for Path {
    fn words(&self) -> Vec<Word> {
        vec![Word::Path(self.to_owned())]
    }
}

impl Words for PathBuf {
    fn words(&self) -> Vec<Word> {
        self.as_path().words()
    }
}

impl<T: Words> Words for [T] {
    fn words(&self) -> Vec<Word> {
        self.iter().flat_map(Words::words).collect()
    }
}

impl<T: Words + ?Sized> Words for &T {
    fn words(&self) -> Vec<Word> {
        (**self).words()
    }
}

impl From<&'static str> for Hint {
    fn from(template: &'static str) -> Self {
        debug_assert!(is_template(template, &[]), "{template}");
        Self::filled(template, &[])
    }
}

impl Hint {
    /// Fills a template; called by `hint!`.
    pub fn filled(mut template: &'static str, words: &[(&'static str, Vec<Word>)]) -> Self {
        let mut parts = Vec::new();
        let names_identity = template.contains(" -i FILE");
        while let Some((at, name)) = placeholder(template) {
            parts.push(HintPart::Text(&template[..at]));
            let given = words.iter().find(|(given, _)| *given == name);
            parts.push(given.map_or(HintPart::Later(name), |(_, words)| HintPart::Words(words.clone())));
            template = &template[at + name.len() + 2..];
        }
        parts.push(HintPart::Text(template));
        Self { parts, project: None, without: if names_identity { &["-i"] } else { &[] } }
    }

    #[must_use]
    pub fn and(mut self, more: impl Into<Self>) -> Self {
        let more = more.into();
        self.parts.extend(more.parts);
        self.project = self.project.or(more.project);
        self.without = if self.without.is_empty() { more.without } else { self.without };
        self
    }

    /// Makes its commands work in a project: in the folder `seen` by the person, and `from_root` by somebody else.
    #[must_use]
    pub(crate) fn in_project(self, seen: PathBuf, from_root: PathBuf) -> Self {
        Self { project: Some([seen, from_root]), ..self }
    }

    /// Makes its commands repeat none of these options: the file that `-K` or `-i` named can't be used.
    #[must_use]
    pub(crate) fn without(self, without: &'static [&'static str]) -> Self {
        Self { without, ..self }
    }

    /// Returns true if it only stages files.
    pub(crate) fn is_staging(&self) -> bool {
        matches!(self.parts[..], [HintPart::Text(text), ..] if text.starts_with("git add "))
    }

    /// Joins the hints with `joint`, and the last one with `last`.
    pub fn list(hints: impl IntoIterator<Item = Self>, joint: &'static str, last: &'static str) -> Self {
        let mut hints: Vec<_> = hints.into_iter().collect();
        let end = hints.pop();
        let start = hints.into_iter().reduce(|list, hint| list.and(joint).and(hint));
        match (start, end) {
            (Some(start), Some(end)) => start.and(last).and(end),
            (_, end) => end.unwrap_or("".into()),
        }
    }

    /// Fills the placeholder `{name}` if it is not filled yet.
    #[must_use]
    pub fn with(mut self, name: &str, words: &(impl Words + ?Sized)) -> Self {
        for part in
            self.parts.iter_mut().filter(|part| matches!(part, HintPart::Later(later) if *later == name))
        {
            *part = HintPart::Words(words.words());
        }
        self
    }

    /// Replaces each path that is a whole argument.
    #[must_use]
    pub fn seen(mut self, seen: impl Fn(&Path) -> PathBuf) -> Self {
        let mut alone = true;
        for part in &mut self.parts {
            match part {
                HintPart::Text(text) => alone = text.ends_with(' '),
                HintPart::Words(words) if alone => {
                    for word in words {
                        if let Word::Path(path) = word {
                            *path = seen(path);
                        }
                    }
                }
                _ => {}
            }
        }
        self
    }

    /// Returns the line. Returns None if a word contains a private key, or a character that a terminal hides or acts on, such
    /// as a line break or an escape sequence: people could not see what they paste.
    pub fn line(&self) -> Option<String> {
        let mut hint = self.clone();
        if let Some((command, files)) = FILES.get() {
            hint = hint.naming_files(command, files);
        }
        let (folder, mut options) = START.get().cloned().unwrap_or_default();
        if let Some(root) = hint.other_repository() {
            options.repository = option("-C ", &root)?;
            hint = hint.seen(|path| std::path::absolute(path).unwrap_or_else(|_| path.into()));
        }
        if hint.names_another_program() {
            hint = hint.seen(|path| folder.join(path));
            options = CommandOptions { repository: options.repository, ..CommandOptions::default() };
        }
        hint.written(options)
    }

    /// Returns the root of the repository of its first path if it has a git command, and that is not the person's own.
    fn other_repository(&self) -> Option<PathBuf> {
        let is_git = |part: &HintPart| matches!(part, HintPart::Text(text) if text.contains("git "));
        let path = self.parts.iter().find_map(|part| {
            let HintPart::Words(words) = part else { return None };
            words.iter().find_map(|word| if let Word::Path(path) = word { Some(path) } else { None })
        })?;
        if self.parts.iter().any(is_git) { REPOSITORY.get()?(path) } else { None }
    }

    /// Adds the options `files` to each `command` that names no file.
    fn naming_files(mut self, command: &str, files: &Self) -> Self {
        let mut at = 0;
        while let Some(part) = self.parts.get(at) {
            at += 1;
            let HintPart::Text(text) = *part else { continue };
            let Some(start) = text.find(command) else { continue };
            let (before, after) = text.split_at(start + command.len());
            let text = |part: &HintPart| if let HintPart::Text(text) = part { *text } else { "" };
            let rest = after.to_owned() + &self.parts[at..].iter().map(text).collect::<String>();
            let rest = rest.split(ENDS).next().unwrap_or_default();
            let is_named = [" -e ", " -f "].iter().any(|option| rest.contains(option));
            let added = if is_named { &[] } else { &files.parts[..] };
            let parts = [&[HintPart::Text(before)], added, &[HintPart::Text(after)]].concat();
            self.parts.splice(at - 1..at, parts);
            at += added.len();
        }
        self
    }

    /// Like [`Self::line`], for somebody in the repository's root, whatever `-C` says.
    pub(crate) fn line_at_root(&self) -> Option<String> {
        self.written(CommandOptions::default())
    }

    /// Returns true for a command of a program that has no `-C`.
    fn names_another_program(&self) -> bool {
        const OTHERS: [&str; 5] = ["${EDITOR:-vi} ", "chmod ", "cp ", "mv ", "rm "];
        self.parts.iter().any(|part| {
            let HintPart::Text(text) = part else { return false };
            let words: Vec<_> = text.split_inclusive(' ').collect();
            let is_other = |at: usize| OTHERS.contains(&words[at]) && (at == 0 || words[at - 1] != "git ");
            (0..words.len()).any(is_other)
        })
    }

    fn written(&self, options: CommandOptions) -> Option<String> {
        let current = || PROJECT.get().map(|project| (**project).clone()).unwrap_or_default();
        let [project, others] = self.project.clone().unwrap_or_else(|| [PathBuf::new(), current()]);
        let (project, others) = (option("-C ", &project)?, option("-C ", &others)?);
        let mut options = CommandOptions { project, others, ..options };
        for (name, file) in [("-K", &mut options.keys_file), ("-i", &mut options.identity)] {
            file.iter_mut().filter(|_| self.without.contains(&name)).for_each(String::clear);
        }
        let mut line = String::new();
        // Arguments that look like options, and those after them, go after a `--` at the command's end.
        let mut behind = Vec::new();
        let mut is_ours = false;
        for part in &self.parts {
            match part {
                HintPart::Later(_) => return None,
                HintPart::Text(text) => {
                    let before = line.len();
                    add_text(&mut line, text, &options);
                    let text = line.split_off(before);
                    let text = text.as_str();
                    let (rest, next) = text.split_at(text.find(ENDS).unwrap_or(text.len()));
                    line.push_str(rest);
                    if !next.is_empty() {
                        flush(&mut line, &mut behind);
                        line.push_str(if rest.ends_with(' ') && !line.ends_with(' ') { " " } else { "" });
                        line.push_str(next);
                        is_ours = false;
                    }
                    let command = text.rsplit(ENDS).next().unwrap_or(text);
                    is_ours = (is_ours || command.contains("envseal ")) && !command.contains(" -- ");
                }
                HintPart::Words(words) => {
                    let alone = line.is_empty() || line.ends_with(' ');
                    let option = option_before(&line).map_or(String::new(), |option| format!("{option} "));
                    for (at, word) in words.iter().enumerate() {
                        let (text, is_option) = word.quoted(alone)?;
                        if at > 0 {
                            line.push(' ');
                            line.push_str(&option);
                        }
                        if !option.is_empty() && is_option {
                            line.truncate(line.trim_end().len());
                            line.push('=');
                        } else if is_ours && alone && option.is_empty() && (is_option || !behind.is_empty()) {
                            line.truncate(line.trim_end().len());
                            behind.push(text);
                            continue;
                        }
                        line.push_str(&text);
                    }
                }
            }
        }
        flush(&mut line, &mut behind);
        Some(line)
    }

    /// Returns `words`, then `; ` and the line if there is one.
    pub fn after(&self, words: impl fmt::Display) -> String {
        self.joined(words, "; ")
    }

    /// Returns `words`, then `joint` and the line if there is one.
    pub fn joined(&self, words: impl fmt::Display, joint: &str) -> String {
        self.line().map_or_else(|| words.to_string(), |line| format!("{words}{joint}{line}"))
    }

    /// Returns the line, or `words` if there is none.
    pub fn or(&self, words: impl fmt::Display) -> String {
        self.line().unwrap_or_else(|| words.to_string())
    }
}

/// Characters that end a command in a template.
const ENDS: [char; 6] = [';', ',', '|', '&', '<', '>'];

fn flush(line: &mut String, behind: &mut Vec<String>) {
    if !behind.is_empty() {
        line.truncate(line.trim_end().len());
        line.push_str(" -- ");
        line.push_str(&behind.join(" "));
        behind.clear();
    }
}

/// Returns the one-letter option at the end of a line, as in `envseal ls -e `.
fn option_before(line: &str) -> Option<&str> {
    let option = line.strip_suffix(' ')?.rsplit(' ').next()?;
    matches!(option.as_bytes(), [b'-', letter] if letter.is_ascii_alphabetic()).then_some(option)
}

impl Word {
    /// Returns the quoted word, and true if it looks like an option. An `alone` path gets `./` instead.
    fn quoted(&self, alone: bool) -> Option<(String, bool)> {
        let (bytes, text) = match self {
            Self::Text(text) => (text.as_bytes(), text.into()),
            Self::Path(path) => (path.as_os_str().as_encoded_bytes(), path.to_string_lossy()),
        };
        if text.chars().any(is_hidden) || text.contains(PRIVATE_PREFIX) {
            return None;
        }
        let dashed = alone && bytes.starts_with(b"-");
        let is_path = matches!(self, Self::Path(_));
        let lead = if dashed && is_path { "./" } else { "" };
        let Ok(text) = std::str::from_utf8(bytes) else {
            // POSIX.1-2024, 2.2.4; bash and zsh support it, too.
            let escaped = |byte: &u8| match byte {
                b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
                b' '..=b'~' => char::from(*byte).to_string(),
                byte => format!("\\{byte:03o}"),
            };
            return Some((
                format!("$'{lead}{}'", bytes.iter().map(escaped).collect::<String>()),
                dashed && !is_path,
            ));
        };
        let plain = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "._-/+:@,%".contains(c));
        let text =
            if plain { format!("{lead}{text}") } else { format!("'{lead}{}'", text.replace('\'', r"'\''")) };
        Some((text, dashed && !is_path))
    }
}

/// Returns true if a character acts on the terminal, makes a line read as another one (bidirectional controls, UAX #9),
/// splits it (line separators), or is invisible: Unicode's `Default_Ignorable_Code_Point`, except the variation
/// selectors, which belong to emoji.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Returns the position and the name of the first `{name}` of a template.
fn placeholder(template: &'static str) -> Option<(usize, &'static str)> {
    let named = |(at, _): (usize, &str)| {
        let end = at + template[at..].find('}')?;
        let name = &template[at + 1..end];
        (!name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')).then_some((at, name))
    };
    template.match_indices('{').find_map(named)
}

/// Returns true if every `{…}` has a value, every value is used, and none is inside quotes, which its own would close.
pub(crate) const fn is_template(template: &str, names: &[&str]) -> bool {
    let text = template.as_bytes();
    let (mut at, mut quote) = (0, 0);
    let mut used = 0;
    while at < text.len() {
        match text[at] {
            b'\'' | b'"' | b'`' if quote == 0 => quote = text[at],
            byte if byte == quote => quote = 0,
            b'{' => {
                let mut end = at + 1;
                while end < text.len() && (text[end].is_ascii_lowercase() || text[end] == b'_') {
                    end += 1;
                }
                if end > at + 1 && end < text.len() && text[end] == b'}' {
                    let given = position(text, at + 1, end, names);
                    if quote != 0
                        || given == names.len() && position(text, at + 1, end, &LATER) == LATER.len()
                    {
                        return false;
                    }
                    if given < names.len() {
                        used |= 1 << given;
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    quote == 0 && used == (1 << names.len()) - 1
}

/// Returns the index of the name that equals `text[start..end]`, or `names.len()` if none does.
const fn position(text: &[u8], start: usize, end: usize, names: &[&str]) -> usize {
    let mut which = 0;
    while which < names.len() {
        let name = names[which].as_bytes();
        let mut at = 0;
        while at < name.len() && start + at < end && name[at] == text[start + at] {
            at += 1;
        }
        if at == name.len() && start + at == end {
            return which;
        }
        which += 1;
    }
    which
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(hint: &Hint) -> String {
        hint.line().unwrap()
    }

    #[test]
    fn words_are_quoted_and_text_is_not() {
        for (name, quoted) in [
            ("a", "a"),
            ("é.b-c", "é.b-c"),
            ("a b", "'a b'"),
            ("", "''"),
            ("$(touch pwned)", "'$(touch pwned)'"),
            ("it's", r"'it'\''s'"),
            ("*", "'*'"),
            ("~", "'~'"),
            ("!x", "'!x'"),
            ("{file}", "'{file}'"),
        ] {
            let hint =
                hint!("see who: envseal log {name}; or: ${EDITOR:-vi} {file}", name).with("file", name);
            assert_eq!(line(&hint), format!("see who: envseal log {quoted}; or: ${{EDITOR:-vi}} {quoted}"));
        }
    }

    #[test]
    fn no_line_holds_what_nobody_can_see() {
        for name in ["a\nb", "a\tb", "\u{1b}[2J", "\u{7f}", "\u{9b}", "a\u{202e}b", "\u{2066}", "\u{2028}"] {
            let hint = hint!("envseal set {name}", name);
            assert_eq!(hint.line(), None, "{name:?}");
            assert_eq!(hint.after("so"), "so");
        }
        assert_eq!(hint!("rm {file}", file = ".env.envseal-sk1-x").line(), None);
        assert_eq!(Hint::from("rm {file}").line(), None);
    }

    #[test]
    fn commands_start_in_the_given_folder() {
        let options = CommandOptions {
            folders: "-C svc ".into(),
            repository: "-C /r ".into(),
            keys_file: ["-K k ", "-K /k ", "ENVSEAL_KEYS_FILE=/k "].map(str::to_owned),
            identity: ["-i m ", "-i /m ", "ENVSEAL_IDENTITY=/m "].map(str::to_owned),
            project: "-C api ".into(),
            others: "-C svc/api ".into(),
        };
        for (text, expected) in [
            (
                "envseal get A | envseal set ",
                "envseal -C svc -K k -i m get A | envseal -C svc -K k -i m set ",
            ),
            ("envseal -C api ls", "envseal -C svc -K /k -i /m -C api ls"),
            ("see: git log -p -- ", "see: git -C svc -C /r log -p -- "),
            (
                "git add . && git commit",
                "git -C svc -C /r add . && ENVSEAL_KEYS_FILE=/k ENVSEAL_IDENTITY=/m git -C svc -C /r commit",
            ),
            ("make git ignore it", "make git ignore it"),
            ("or: envseal team list", "or: envseal -C svc -C api -K /k -i /m team list"),
            ("ask alice to run: envseal team approve", "ask alice to run: envseal -C svc/api team approve"),
            (
                "this prints where the key is: envseal key show",
                "this prints where the key is: envseal key show",
            ),
            ("call this: envseal hook run merge", "call this: envseal hook run merge"),
        ] {
            let mut line = String::new();
            add_text(&mut line, text, &options);
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn a_command_repeats_the_files_of_the_running_one() {
        let files = hint!(" -e {env}", env = "-p").and(hint!(" -f {path}", path = Path::new("a b/.env")));
        let repeated = |hint: Hint| line(&hint.naming_files("envseal set", &files));
        assert_eq!(repeated("envseal set A -e B".into()), "envseal set A -e B");
        assert_eq!(repeated(hint!("envseal set -f {file}", file = "x")), "envseal set -f x");
        assert_eq!(
            repeated(hint!("envseal set {name}=VALUE; or: envseal set {name} -- VALUE", name = "A")),
            "envseal set -e=-p -f 'a b/.env' A=VALUE; or: envseal set -e=-p -f 'a b/.env' A -- VALUE"
        );
        assert_eq!(repeated("see: envseal ls".into()), "see: envseal ls");
    }

    #[test]
    fn nothing_is_taken_for_an_option() {
        let (name, path) = ("-x", Path::new("-rf.env"));
        assert_eq!(line(&hint!("rm {path}", path)), "rm ./-rf.env");
        assert_eq!(line(&hint!("git show HEAD:{path}", path)), "git show HEAD:-rf.env");
        assert_eq!(line(&hint!("envseal ls -e {name} --json", name)), "envseal ls -e=-x --json");
        assert_eq!(line(&hint!("take it out: unset {name}", name)), "take it out: unset -x");
        let hint = hint!("envseal unset {name} -f {path}; or: rm {path}", name, path);
        assert_eq!(line(&hint), "envseal unset -f ./-rf.env -- -x; or: rm ./-rf.env");
        let hint = hint!("envseal rename {name} {new} -f {path} && git add {path}", name, new = "A", path);
        assert_eq!(line(&hint), "envseal rename -f ./-rf.env -- -x A && git add ./-rf.env");
        let hint = hint!("envseal get A | envseal set {name} < FILE, then: rm {path}", name, path);
        assert_eq!(line(&hint), "envseal get A | envseal set -- -x < FILE, then: rm ./-rf.env");
        assert_eq!(line(&hint!("envseal run -- {name} …", name)), "envseal run -- -x …");
    }

    #[test]
    fn a_list_repeats_its_option() {
        let (names, paths) = (["A", "-b", "c d"], [Path::new("x y"), Path::new("-")]);
        let hint = hint!("leave it out: -x {names}", names = names[..]);
        assert_eq!(line(&hint), "leave it out: -x A -x=-b -x 'c d'");
        let hint = hint!("git add {paths} && git commit", paths = paths[..]);
        assert_eq!(line(&hint), "git add 'x y' ./- && git commit");
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_kept() {
        use std::os::unix::ffi::OsStrExt as _;
        let path = |bytes| Path::new(std::ffi::OsStr::from_bytes(bytes));
        assert_eq!(line(&hint!("rm {path}", path = path(b"-\xff'x\\"))), r"rm $'./-\377\'x\\'");
        assert_eq!(hint!("rm {path}", path = path(b"\xff\x1b")).line(), None);
    }

    #[test]
    fn templates_are_held_to_their_words() {
        for (template, names, is_valid) in [
            ("{a}", &["a"][..], true),
            ("'x' `y` {a} {b} {a}", &["a", "b"], true),
            ("{file} {folder} {range}", &[], true),
            ("${EDITOR:-vi} {}", &[], true),
            ("{a}", &[], false),
            ("a", &["a"], false),
            ("{a} {ab}", &["a"], false),
            ("'{a}'", &["a"], false),
            ("`{a}`", &["a"], false),
            ("that's {a}", &["a"], false),
            ("that's", &[], false),
        ] {
            assert_eq!(is_template(template, names), is_valid, "{template}");
        }
    }
}
