//! The merge driver and the diff driver in this clone: git's configuration says how to call them, its attributes for
//! which files. Both are in the git folder and never committed, because each clone decides what a driver runs.

use std::ops::Range;
use std::path::Path;

use super::read_settings;
use crate::error::{Error, ErrorKind};
use crate::fs::{self, FolderLock, FsError, NewMode};
use crate::git::{Repo, Setting};

const DRIVER: &str = "merge.envseal.driver";
const TEXTCONV: &str = "diff.envseal.textconv";

/// The beginnings of our drivers, of any version.
const OUR_DRIVER: &str = "envseal hook run merge ";
const OUR_TEXTCONV: &str = "envseal hook run textconv";

/// Git quotes what it puts in place of `%P` itself; the other names are its own temporary files (gitattributes(5)).
///
/// If the shell finds no envseal (127), as in a window program with another `PATH`, the text is merged as git does it
/// without a driver, and shown unchanged. Otherwise git would take the 127 for a conflict and show ours alone, without a
/// marker; and `git log -p` would end at the first env file.
const SETTINGS: [(&str, &str); 4] = [
    ("merge.envseal.name", "envseal: env files by name, envseal.toml by entry"),
    (
        DRIVER,
        "envseal hook run merge %O %A %B %L %P -L %X -L %S -L %Y; s=$?; \
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
/// A file for each of these patterns, and true if it has a diff driver.
const NAMED: [(&str, bool); 4] =
    [(".env", true), (".env.example", true), ("example.env", true), ("envseal.toml", false)];
/// Written after [`BEGIN`] if the file was made for the block, or its last line got its line break from it, so that the
/// block can be removed without a trace.
const MADE: &str = " (in a file made for them)";
const BROKEN: &str = " (with the line break above)";

/// The drivers' state in one clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriverState {
    /// Git calls them as this envseal sets them up.
    Installed,
    /// None of it is there, or not all.
    Missing,
    /// An older envseal's are there.
    Outdated,
    /// Someone else has configured a driver under our name in this clone: the variable.
    Foreign(String),
    /// The drivers are there, but git goes by something else, in words.
    Overridden(String),
}

/// Tells if git, in this clone, calls the drivers as this envseal would set them up.
pub fn inspect(repo: &Repo) -> Result<DriverState, Error> {
    inspect_by(repo, &read_settings(repo)?)
}

/// Like [`inspect`], by these [`read_settings`].
pub(crate) fn inspect_by(repo: &Repo, settings: &[Setting]) -> Result<DriverState, Error> {
    if let Some(key) = foreign(settings) {
        return Ok(DriverState::Foreign(key));
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
            let how = format!("{name} is set to another program, in scope {scope}");
            return Ok(DriverState::Overridden(how));
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
            return Ok(DriverState::Overridden(format!("other lines in {path} unset the attributes")));
        }
    }
    Ok(match (configured && named, called && any_named) {
        (true, _) => DriverState::Installed,
        (false, true) => DriverState::Outdated,
        (false, false) => DriverState::Missing,
    })
}

/// Sets the drivers up, or brings them up to date. Returns true if anything changed. Refused ([`ErrorKind::Refused`]) if
/// someone else has configured a driver of our name.
pub fn install(repo: &Repo) -> Result<bool, Error> {
    let _lock = FolderLock::acquire(repo.common_dir(), || ())?;
    let there = read_settings(repo)?;
    if let Some(key) = foreign(&there) {
        let config = repo.common_dir().join("config");
        let section = key.rsplit_once('.').map_or(&*key, |(section, _)| section);
        return Err(Error::refused(format!("{} has a {key} that is not envseal's", config.display()))
            .with_hint(hint!(
                "if it is not needed: git config --local --remove-section {section}",
                section
            )));
    }
    if inspect_by(repo, &there)? == DriverState::Installed {
        return Ok(false);
    }
    let missing = SETTINGS.into_iter().filter(|(name, value)| local(&there, name) != [*value]);
    let settings: Vec<_> = missing.map(|(name, value)| (name, Some(value))).collect();
    let before = read(repo.attributes_path())?;
    let after = with_block(before.as_deref()).ok_or_else(|| no_end(repo))?;
    repo.make_info_folder()?;
    change(repo, &there, &settings, before.as_deref(), Some(&after))
}

/// Removes what [`install`] set up, to the byte. Returns true if anything changed; someone else's driver of our name stays.
pub fn uninstall(repo: &Repo) -> Result<bool, Error> {
    let _lock = FolderLock::acquire(repo.common_dir(), || ())?;
    let there = read_settings(repo)?;
    let theirs = foreign(&there).and_then(|key| key.rsplit_once('.').map(|(section, _)| section.to_owned()));
    let is_theirs = |name: &str| theirs.as_deref().is_some_and(|section| name.starts_with(section));
    let names = SETTINGS.iter().map(|(name, _)| *name);
    let ours = names.filter(|name| !is_theirs(name) && local(&there, name).len() == 1);
    let settings: Vec<_> = ours.map(|name| (name, None)).collect();
    let before = read(repo.attributes_path())?;
    let after = match &before {
        Some(text) => without_block(text).ok_or_else(|| no_end(repo))?,
        None => None,
    };
    change(repo, &there, &settings, before.as_deref(), after.as_deref())
}

/// Returns the error for attributes in which nobody can tell what is ours.
fn no_end(repo: &Repo) -> Error {
    let path = repo.attributes_path();
    let message = format!("{} has a line `{BEGIN}`, but no line `{END}` after it", path.display());
    Error::new(ErrorKind::Malformed, message)
        .with_hint(hint!("remove that block from it: ${EDITOR:-vi} {path}", path))
}

/// Changes the configuration, and then the attributes from `before` to `after` (None: no file); all of it or nothing.
/// Returns false if there was nothing to change.
fn change(
    repo: &Repo,
    there: &[Setting],
    settings: &[(&str, Option<&str>)],
    before: Option<&[u8]>,
    after: Option<&[u8]>,
) -> Result<bool, Error> {
    let path = repo.attributes_path();
    let differs = before != after;
    let staged =
        after.filter(|_| differs).map(|after| fs::stage(path, after, NewMode::Default)).transpose()?;
    let mut done: Vec<(&str, Option<String>)> = Vec::new();
    let attempt = || -> Result<(), Error> {
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
            // A failure here has the reason that is returned.
            let _ = repo.set_local(name, was.as_deref());
        }
        return Err(error);
    }
    Ok(differs || !settings.is_empty())
}

/// Returns the values of `name` in the local configuration, which all worktrees of a clone share.
fn local<'a>(settings: &'a [Setting], name: &str) -> Vec<&'a str> {
    let is_it = |setting: &&Setting| setting.scope == "local" && setting.name == name;
    settings.iter().filter(is_it).map(|setting| &*setting.value).collect()
}

/// Returns the variable of this clone's configuration that holds someone else's driver of our name.
fn foreign(settings: &[Setting]) -> Option<String> {
    let is_foreign = |name: &&str| {
        let values = local(settings, name);
        values.len() > 1 || !values.iter().all(|value| is_ours(name, value))
    };
    [DRIVER, TEXTCONV].into_iter().find(is_foreign).map(str::to_owned)
}

/// Returns true if the driver calls envseal, of any version.
fn is_ours(name: &str, value: &str) -> bool {
    let ours = if name == DRIVER { OUR_DRIVER } else { OUR_TEXTCONV };
    value.strip_prefix("f() { ").unwrap_or(value).starts_with(ours)
}

/// Our block in the attributes.
enum AttributesBlock<'a> {
    None,
    /// Without [`END`].
    Open,
    /// The range of its bytes, and the text after [`BEGIN`].
    At(Range<usize>, &'a [u8]),
}

fn find_block(text: &[u8]) -> AttributesBlock<'_> {
    let mut at = 0;
    let mut begun: Option<(usize, &[u8])> = None;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        let words = line.trim_ascii_end();
        match begun {
            None => begun = words.strip_prefix(BEGIN.as_bytes()).map(|said| (at, said)),
            Some((start, said)) if words == END.as_bytes() => return AttributesBlock::At(start..end, said),
            Some(_) => {}
        }
        at = end;
    }
    if begun.is_some() { AttributesBlock::Open } else { AttributesBlock::None }
}

/// Returns the attributes with our block up to date; None if the one that is there has no end.
fn with_block(before: Option<&[u8]>) -> Option<Vec<u8>> {
    let block = |said: &str| format!("{BEGIN}{said}\n{LINES}{END}\n").into_bytes();
    let Some(text) = before else { return Some(block(MADE)) };
    Some(match find_block(text) {
        AttributesBlock::Open => return None,
        AttributesBlock::At(range, said) => {
            let said = String::from_utf8_lossy(said);
            [&text[..range.start], &block(&said), &text[range.end..]].concat()
        }
        AttributesBlock::None if text.is_empty() || text.ends_with(b"\n") => [text, &block("")].concat(),
        AttributesBlock::None => [text, b"\n", &block(BROKEN)].concat(),
    })
}

/// Returns the attributes without our block; `Some(None)` if no file is to be left, None if the block has no end.
#[allow(clippy::option_option)] // three cases
fn without_block(text: &[u8]) -> Option<Option<Vec<u8>>> {
    let (range, said) = match find_block(text) {
        AttributesBlock::None => return Some(Some(text.to_vec())),
        AttributesBlock::Open => return None,
        AttributesBlock::At(range, said) => (range, said),
    };
    let (mut before, after) = (&text[..range.start], &text[range.end..]);
    if said == BROKEN.as_bytes() && after.is_empty() {
        before = before.strip_suffix(b"\n").unwrap_or(before);
    }
    let left = [before, after].concat();
    Some(if left.is_empty() && said == MADE.as_bytes() { None } else { Some(left) })
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, FsError> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(FsError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
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
        let block = |lines: &str| format!("a b\n{BEGIN}\n{lines}{END}\nc d\n").into_bytes();
        assert_eq!(with_block(Some(&block(".env merge=envseal\n"))).unwrap(), block(LINES));
        let open = format!("{BEGIN}\na b\n");
        assert_eq!((with_block(Some(open.as_bytes())), without_block(open.as_bytes())), (None, None));
    }
}
