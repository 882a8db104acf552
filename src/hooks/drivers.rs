//! The merge driver and the diff driver in this clone: git's configuration says how to call them, its attributes for
//! which files. Both lie in the git folder and are never committed: what a driver runs is for each clone to say.

use crate::error::{Error, ErrorKind};
use crate::fs::fs_hint;
use crate::git::git_hint;
use crate::hint::Hint;
use std::ops::Range;
use std::path::PathBuf;

use super::settings;
use crate::fs::{self, FsError, Lock, NewMode};
use crate::git::{GitError, Repo, Setting};

const DRIVER: &str = "merge.envseal.driver";
const TEXTCONV: &str = "diff.envseal.textconv";

/// How ours begin, whichever envseal wrote them.
const OUR_DRIVER: &str = "envseal hook run merge ";
const OUR_TEXTCONV: &str = "envseal hook run textconv";

/// Git quotes what it puts in place of `%P` itself; the other names are its own temporary files (gitattributes(5)).
///
/// Where the shell finds no envseal (127), as in a window program with another `PATH`, the text is merged as git does it
/// without a driver, and shown as it stands. Git would else take the 127 for a conflict and show ours alone, without a
/// marker; and `git log -p` would end at the first env file.
const SETTINGS: [(&str, &str); 4] = [
    ("merge.envseal.name", "envseal: env files by name, envseal.toml by entry"),
    (
        DRIVER,
        "envseal hook run merge %O %A %B %L %P; s=$?; \
         test $s -ne 127 || { git merge-file --marker-size=%L -L ours -L base -L theirs %A %O %B; s=$?; }; exit $s",
    ),
    (TEXTCONV, "f() { envseal hook run textconv \"$1\" || cat \"$1\"; }; f"),
    ("diff.envseal.cachetextconv", "false"),
];

const BEGIN: &str = "# >>> envseal: drivers for env files";
const END: &str = "# <<< envseal";
const LINES: &str = ".env merge=envseal diff=envseal\n\
                     .env.* merge=envseal diff=envseal\n\
                     *.env merge=envseal diff=envseal\n\
                     envseal.toml merge=envseal\n";
/// A file for each of these patterns, and whether it has a diff driver.
const NAMED: [(&str, bool); 4] =
    [(".env", true), (".env.example", true), ("example.env", true), ("envseal.toml", false)];
/// Said behind [`BEGIN`] where the file was made for the block, or its last line got its line break from it: so that
/// the block can be taken out without a trace.
const MADE: &str = " (in a file made for them)";
const BROKEN: &str = " (with the line break above)";

/// Whether this clone has the drivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It has.
    Installed,
    /// It has not, or not all of it.
    Missing,
    /// It has those of an older envseal.
    Outdated,
    /// Someone else has configured a driver under our name, here.
    Foreign(String),
    /// It has, but git goes by something else, in words.
    Overridden(String),
}

/// Why the drivers were not set up or not taken out. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// Someone else has configured a driver under our name.
    #[error("{} has a {key} that is not envseal's", path.display())]
    Foreign {
        /// The configuration.
        path: PathBuf,
        /// The variable.
        key: String,
    },
    /// Our block in the attributes has no end, so nobody can say what is ours.
    #[error("{} has a line `{BEGIN}`, but no line `{END}` behind it", path.display())]
    NoEnd {
        /// The attributes.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// Git's configuration could not be read or edited.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Whether git, in this clone, calls the drivers as this envseal would set them up.
pub fn state(repo: &Repo) -> Result<State, DriverError> {
    state_by(repo, &settings(repo)?)
}

/// As [`state`], by these [`settings`].
pub(crate) fn state_by(repo: &Repo, settings: &[Setting]) -> Result<State, DriverError> {
    if let Some(key) = foreign(settings) {
        return Ok(State::Foreign(key));
    }
    let (mut configured, mut called) = (true, true);
    for (name, value) in SETTINGS {
        // Git goes by the last one.
        let last = settings.iter().rfind(|setting| setting.name == name);
        configured &= last.is_some_and(|setting| setting.value == value);
        called &= last.is_some();
        if let Some(Setting { scope, value, .. }) = last
            && [DRIVER, TEXTCONV].contains(&name)
            && !is_ours(name, value)
            && matches!(&**scope, "worktree" | "command")
        {
            return Ok(State::Overridden(format!("{name} is set to another program, in scope {scope}")));
        }
    }
    let values = repo.attributes(&["merge", "diff"], &NAMED.map(|(path, _)| path))?;
    let is_wanted = |(values, (_, diff)): (&[String], (&str, bool))| {
        values[0] == "envseal" && (!diff || values[1] == "envseal")
    };
    let named = values.chunks_exact(2).zip(NAMED).all(is_wanted);
    let any_named = values.iter().any(|value| value == "envseal");
    if !named {
        let text = read(repo.attributes_path())?;
        if text.is_some() && with_block(text.as_deref()) == text {
            let path = repo.attributes_path().display();
            return Ok(State::Overridden(format!("other lines in {path} take the attributes away")));
        }
    }
    Ok(match (configured && named, called && any_named) {
        (true, _) => State::Installed,
        (false, true) => State::Outdated,
        (false, false) => State::Missing,
    })
}

/// Sets the drivers up, or brings them up to date. Returns whether anything changed. A driver of our name that is
/// someone else's is [`DriverError::Foreign`].
pub fn install(repo: &Repo) -> Result<bool, DriverError> {
    let _lock = Lock::acquire(repo.common_dir(), || ())?;
    let there = settings(repo)?;
    if let Some(key) = foreign(&there) {
        return Err(DriverError::Foreign { path: repo.common_dir().join("config"), key });
    }
    if state_by(repo, &there)? == State::Installed {
        return Ok(false);
    }
    let missing = SETTINGS.into_iter().filter(|(name, value)| local(&there, name) != [*value]);
    let settings: Vec<_> = missing.map(|(name, value)| (name, Some(value))).collect();
    let path = repo.attributes_path();
    let before = read(path)?;
    let after = with_block(before.as_deref()).ok_or_else(|| DriverError::NoEnd { path: path.into() })?;
    repo.make_info_folder()?;
    change(repo, &there, &settings, before.as_deref(), Some(&after))
}

/// Takes out what [`install`] set up, to the byte. Returns whether anything changed; someone else's driver of our name
/// stays.
pub fn uninstall(repo: &Repo) -> Result<bool, DriverError> {
    let _lock = Lock::acquire(repo.common_dir(), || ())?;
    let there = settings(repo)?;
    let theirs = foreign(&there).and_then(|key| key.rsplit_once('.').map(|(section, _)| section.to_owned()));
    let mut settings = Vec::new();
    for (name, _) in SETTINGS {
        let is_theirs = theirs.as_deref().is_some_and(|section| name.starts_with(section));
        if !is_theirs && local(&there, name).len() == 1 {
            settings.push((name, None));
        }
    }
    let path = repo.attributes_path();
    let before = read(path)?;
    let after = match &before {
        Some(text) => without_block(text).ok_or_else(|| DriverError::NoEnd { path: path.into() })?,
        None => None,
    };
    change(repo, &there, &settings, before.as_deref(), after.as_deref())
}

/// Changes the configuration, and then the attributes from `before` to `after` (None: no file); all of it or nothing.
/// Returns whether there was anything to be changed.
fn change(
    repo: &Repo,
    there: &[Setting],
    settings: &[(&str, Option<&str>)],
    before: Option<&[u8]>,
    after: Option<&[u8]>,
) -> Result<bool, DriverError> {
    let path = repo.attributes_path();
    let differs = before != after;
    let staged = match after.filter(|_| differs) {
        Some(after) => Some(fs::stage(path, after, NewMode::Default)?),
        None => None,
    };
    let mut done: Vec<(&str, Option<String>)> = Vec::new();
    let attempt = || -> Result<(), DriverError> {
        for (name, value) in settings {
            let was = local(there, name).pop().map(str::to_owned);
            repo.set_local(name, *value)?;
            done.push((name, was));
        }
        match staged {
            Some(staged) => staged.commit()?,
            None if differs => fs::remove(path)?,
            None => {}
        }
        Ok(())
    };
    if let Err(error) = attempt() {
        for (name, was) in done.into_iter().rev() {
            // What fails here has failed for the reason that is being told.
            let _ = repo.set_local(name, was.as_deref());
        }
        return Err(error);
    }
    Ok(differs || !settings.is_empty())
}

/// The values that the local configuration, which all worktrees of a clone share, has under `name`.
fn local<'a>(settings: &'a [Setting], name: &str) -> Vec<&'a str> {
    let is_it = |setting: &&Setting| setting.scope == "local" && setting.name == name;
    settings.iter().filter(is_it).map(|setting| &*setting.value).collect()
}

/// The variable under which someone else's driver of our name stands in this clone's configuration.
fn foreign(settings: &[Setting]) -> Option<String> {
    let is_foreign = |name: &&str| {
        let values = local(settings, name);
        values.len() > 1 || !values.iter().all(|value| is_ours(name, value))
    };
    [DRIVER, TEXTCONV].into_iter().find(is_foreign).map(str::to_owned)
}

/// Whether the driver calls envseal, of whichever version.
fn is_ours(name: &str, value: &str) -> bool {
    let ours = if name == DRIVER { OUR_DRIVER } else { OUR_TEXTCONV };
    value.strip_prefix("f() { ").unwrap_or(value).starts_with(ours)
}

/// Our block in the attributes.
enum Block<'a> {
    None,
    /// It has no end.
    Open,
    /// Where it stands, and what is said behind [`BEGIN`].
    At(Range<usize>, &'a [u8]),
}

fn find_block(text: &[u8]) -> Block<'_> {
    let mut at = 0;
    let mut begun: Option<(usize, &[u8])> = None;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        let words = line.trim_ascii_end();
        match begun {
            None => begun = words.strip_prefix(BEGIN.as_bytes()).map(|said| (at, said)),
            Some((start, said)) if words == END.as_bytes() => return Block::At(start..end, said),
            Some(_) => {}
        }
        at = end;
    }
    if begun.is_some() { Block::Open } else { Block::None }
}

/// The attributes with our block, as it is now; none where the one that stands there has no end.
fn with_block(before: Option<&[u8]>) -> Option<Vec<u8>> {
    let block = |said: &str| format!("{BEGIN}{said}\n{LINES}{END}\n").into_bytes();
    let Some(text) = before else { return Some(block(MADE)) };
    Some(match find_block(text) {
        Block::Open => return None,
        Block::At(range, said) => {
            let said = String::from_utf8_lossy(said);
            [&text[..range.start], &block(&said), &text[range.end..]].concat()
        }
        Block::None if text.is_empty() || text.ends_with(b"\n") => [text, &block("")].concat(),
        Block::None => [text, b"\n", &block(BROKEN)].concat(),
    })
}

/// The attributes without our block; `Some(None)` where no file is to be left, none where the block has no end.
#[allow(clippy::option_option)] // the three cases are what it is about
fn without_block(text: &[u8]) -> Option<Option<Vec<u8>>> {
    let (range, said) = match find_block(text) {
        Block::None => return Some(Some(text.to_vec())),
        Block::Open => return None,
        Block::At(range, said) => (range, said),
    };
    let (mut before, after) = (&text[..range.start], &text[range.end..]);
    if said == BROKEN.as_bytes() && after.is_empty() {
        before = before.strip_suffix(b"\n").unwrap_or(before);
    }
    let left = [before, after].concat();
    Some(if left.is_empty() && said == MADE.as_bytes() { None } else { Some(left) })
}

fn read(path: &std::path::Path) -> Result<Option<Vec<u8>>, FsError> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(FsError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn driver_hint(error: &DriverError) -> Option<Hint> {
    match error {
        DriverError::Foreign { key, .. } => {
            let section = key.rsplit_once('.').map_or(&**key, |(section, _)| section);
            Some(hint!("if it is not needed: git config --local --remove-section {section}", section))
        }
        DriverError::NoEnd { path } => Some(hint!("take that block out of it: ${EDITOR:-vi} {path}", path)),
        DriverError::Fs(error) => fs_hint(error),
        DriverError::Git(error) => git_hint(error),
    }
}

impl From<DriverError> for Error {
    fn from(error: DriverError) -> Self {
        Error::of(ErrorKind::Refused, &error).with_hint_if(driver_hint(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(before: Option<&str>) -> (String, Option<String>) {
        let with = with_block(before.map(str::as_bytes)).unwrap();
        assert_eq!(with_block(Some(&with)).unwrap(), with, "idempotent");
        let without = without_block(&with).unwrap();
        (String::from_utf8(with).unwrap(), without.map(|text| String::from_utf8(text).unwrap()))
    }

    #[test]
    fn the_block_comes_and_goes_without_a_trace() {
        for before in
            [None, Some(""), Some("*.png binary\n"), Some("*.png binary"), Some("\r\n"), Some("a b\r\nc d")]
        {
            let (with, without) = around(before);
            assert!(
                with.starts_with(before.unwrap_or("")) && with.ends_with(&format!("{LINES}{END}\n")),
                "{with}"
            );
            assert_eq!(without.as_deref(), before);
        }
    }

    #[test]
    fn what_others_wrote_around_it_stays() {
        for before in [None, Some("a b\n"), Some("a b")] {
            let (with, _) = around(before);
            let more = format!("{with}c d\n");
            assert_eq!(with_block(Some(more.as_bytes())).unwrap(), more.as_bytes());
            let left = without_block(more.as_bytes()).unwrap().unwrap();
            let wanted = before.map_or(String::new(), |text| format!("{}\n", text.trim_end())) + "c d\n";
            assert_eq!(String::from_utf8(left).unwrap(), wanted);
        }
        let older = format!("a b\n{BEGIN}\n.env merge=envseal\n{END}\nc d\n");
        let newer = with_block(Some(older.as_bytes())).unwrap();
        assert_eq!(String::from_utf8(newer).unwrap(), format!("a b\n{BEGIN}\n{LINES}{END}\nc d\n"));
        assert_eq!(with_block(Some(format!("{BEGIN}\na b\n").as_bytes())), None);
        assert_eq!(without_block(format!("{BEGIN}\na b\n").as_bytes()), None);
    }
}
