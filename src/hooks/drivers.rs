//! The merge driver and the diff driver in this clone. Git's configuration says how to call them, its attributes for
//! which files. Both are in the git folder and never committed, because each clone decides what a driver runs.

use std::ops::Range;

use super::read_settings;
use crate::error::{Error, ErrorKind};
use crate::fs::{self, FolderLock, NewMode};
use crate::git::{Repo, Setting, runs_filter};

const DRIVER: &str = "merge.envseal.driver";
const TEXTCONV: &str = "diff.envseal.textconv";

/// The starts of our drivers' commands in every version.
const OUR_DRIVER: &str = "envseal hook run merge ";
const OUR_TEXTCONV: &str = "envseal hook run textconv";

/// Git itself quotes the value of `%P`; the other names are its own temporary files (gitattributes(5)).
///
/// If the shell finds no envseal (127), as in a GUI program with another `PATH`, the text is merged as by git without a
/// driver, and shown unchanged. Otherwise git would take the 127 for a conflict and leave only ours, without a marker,
/// and `git log -p` would end at the first env file.
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
const ENV_FILES: &str = ".env merge=envseal diff=envseal\n\
                         .env.* merge=envseal diff=envseal\n\
                         *.env merge=envseal diff=envseal\n";
const TEAM_FILE: &str = "envseal.toml merge=envseal\n";
/// Ends the lines of env files if dotenvx's filter would refuse to stage sealed values: `dotenvx protect` installs it
/// for all of a user's repositories. (gitattributes(5): these lines override any that a repository commits.)
const NO_FILTER: &str = " -filter\n";
/// A file name for each of these patterns, and true if it has a diff driver.
const NAMED: [(&str, bool); 4] =
    [(".env", true), (".env.example", true), ("example.env", true), ("envseal.toml", false)];
/// Written after [`BEGIN`] if the file was created for the block, or the block added a line break to the line above, so
/// that the block can be removed without a trace.
const MADE: &str = " (in a file made for them)";
const BROKEN: &str = " (with the line break above)";

/// The drivers' state in one clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DriverState {
    /// Git calls them as this version of envseal sets them up.
    Installed,
    /// None or only a part of them is there.
    Missing,
    /// Those of an older envseal are there.
    Outdated,
    /// Someone else has configured a driver under our name in this clone. Contains the variable.
    Foreign(&'static str),
    /// The drivers are there, but git uses something else, which is described.
    Overridden(String),
}

/// Returns true for the filter of `dotenvx protect`, which refuses everything that dotenvx has not encrypted.
pub(crate) fn is_of_dotenvx(filter: &str) -> bool {
    filter == "dotenvx" || filter.starts_with("dotenvx.")
}

/// Returns the state of the drivers in this clone, given [`read_settings`], and the filter that git runs on env files
/// before it stores them, if there is one (gitattributes(5), `filter`).
pub(crate) fn inspect(repo: &Repo, settings: &[Setting]) -> Result<(DriverState, Option<String>), Error> {
    let values = repo.attributes(&["merge", "diff", "filter"], &NAMED.map(|(path, _)| path))?;
    let mut rows = NAMED.iter().zip(values.chunks_exact(3));
    let filter = rows.find_map(|((_, is_env_file), values)| {
        (*is_env_file && runs_filter(settings, &values[2])).then(|| values[2].clone())
    });
    Ok((drivers_by(repo, settings, &values)?, filter))
}

/// Returns the state of the drivers, given the `values` of merge, diff and filter of each file in [`NAMED`].
fn drivers_by(repo: &Repo, settings: &[Setting], values: &[String]) -> Result<DriverState, Error> {
    if let Some(key) = foreign(settings) {
        return Ok(DriverState::Foreign(key));
    }
    let (mut configured, mut called) = (true, true);
    for (name, value) in SETTINGS {
        // Git uses the last one.
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
    let is_wanted = |(values, (_, diff)): (&[String], (&str, bool))| {
        values[0] == "envseal" && (!diff || values[1] == "envseal")
    };
    let named = values.chunks_exact(3).zip(NAMED).all(is_wanted);
    let any_named = values.iter().any(|value| value == "envseal");
    if !named {
        let text = fs::read_if_there(repo.attributes_path())?;
        if text.is_some() && with_block(text.as_deref(), has_no_filter(text.as_deref())) == text {
            let path = repo.attributes_path().display();
            let how = format!("other lines in {path} unset the attributes");
            return Ok(DriverState::Overridden(how));
        }
    }
    Ok(match (configured && named, called && any_named) {
        (true, _) => DriverState::Installed,
        (false, true) => DriverState::Outdated,
        (false, false) => DriverState::Missing,
    })
}

/// Sets the drivers up, or updates them. Returns true if anything changed. Fails with [`ErrorKind::Refused`] if someone
/// else has configured a driver of our name.
///
/// If our hooks stop plaintext (`has_hooks`), turns off dotenvx's filter for env files, and never any other filter.
pub fn install(repo: &Repo, has_hooks: bool) -> Result<bool, Error> {
    let _lock = FolderLock::acquire(repo.common_dir())?;
    let there = read_settings(repo)?;
    if let Some(key) = foreign(&there) {
        let config = repo.common_dir().join("config");
        let section = section(key);
        return Err(Error::refused(format!("{} has a {key} that is not envseal's", config.display()))
            .with_hint(hint!(
                "if it is not needed: git config --local --remove-section {section}",
                section
            )));
    }
    let (state, filter) = inspect(repo, &there)?;
    let no_filter = has_hooks && filter.as_deref().is_some_and(is_of_dotenvx);
    if state == DriverState::Installed && !no_filter {
        return Ok(false);
    }
    let missing = SETTINGS.into_iter().filter(|(name, value)| local(&there, name) != [*value]);
    let settings: Vec<_> = missing.map(|(name, value)| (name, Some(value))).collect();
    let before = fs::read_if_there(repo.attributes_path())?;
    let no_filter = no_filter || has_no_filter(before.as_deref());
    let after = with_block(before.as_deref(), no_filter).ok_or_else(|| no_end(repo))?;
    fs::make_folder(fs::folder_of(repo.attributes_path()))?;
    change(repo, &there, &settings, before.as_deref(), Some(&after))
}

/// Removes exactly what [`install`] set up. Returns true if anything changed. Someone else's driver of our name stays.
pub fn uninstall(repo: &Repo) -> Result<bool, Error> {
    let _lock = FolderLock::acquire(repo.common_dir())?;
    let there = read_settings(repo)?;
    let theirs = foreign(&there).map(section);
    let is_theirs = |name: &str| theirs.is_some_and(|section| name.starts_with(section));
    let names = SETTINGS.iter().map(|(name, _)| *name);
    let ours = names.filter(|name| !is_theirs(name) && local(&there, name).len() == 1);
    let settings: Vec<_> = ours.map(|name| (name, None)).collect();
    let before = fs::read_if_there(repo.attributes_path())?;
    let after = match &before {
        Some(text) => without_block(text).ok_or_else(|| no_end(repo))?,
        None => None,
    };
    change(repo, &there, &settings, before.as_deref(), after.as_deref())
}

/// Returns true if [`install`] has turned dotenvx's filter off.
pub(crate) fn leaves_out_filter(repo: &Repo) -> Result<bool, Error> {
    Ok(has_no_filter(fs::read_if_there(repo.attributes_path())?.as_deref()))
}

/// Lets dotenvx's filter guard env files again, for when the hooks are removed. Returns false if it was not turned off.
pub(crate) fn restore_filter(repo: &Repo) -> Result<bool, Error> {
    let _lock = FolderLock::acquire(repo.common_dir())?;
    let before = fs::read_if_there(repo.attributes_path())?;
    if !has_no_filter(before.as_deref()) {
        return Ok(false);
    }
    let after = with_block(before.as_deref(), false).ok_or_else(|| no_end(repo))?;
    change(repo, &[], &[], before.as_deref(), Some(&after))
}

/// Returns the error for attributes in which our block has no end.
fn no_end(repo: &Repo) -> Error {
    let path = repo.attributes_path();
    let message = format!("{} has a line `{BEGIN}`, but no line `{END}` after it", path.display());
    Error::new(ErrorKind::Malformed, message)
        .with_hint(hint!("remove that block from it: ${EDITOR:-vi} {path}", path))
}

/// Changes the configuration and the attributes (None: no file), all or nothing. Returns false if nothing differs.
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
            // A failure here has the same cause as the returned error.
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

/// Returns the variable in this clone's configuration that contains someone else's driver of our name.
fn foreign(settings: &[Setting]) -> Option<&'static str> {
    let is_foreign = |name: &&str| {
        let values = local(settings, name);
        values.len() > 1 || !values.iter().all(|value| is_ours(name, value))
    };
    [DRIVER, TEXTCONV].into_iter().find(is_foreign)
}

/// Returns the section of the configuration that a variable is in.
pub(crate) fn section(key: &str) -> &str {
    key.rsplit_once('.').map_or(key, |(section, _)| section)
}

/// Returns true if the driver calls envseal in any version.
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

/// Returns true if our block turns filters off.
fn has_no_filter(text: Option<&[u8]>) -> bool {
    text.is_some_and(|text| match find_block(text) {
        AttributesBlock::At(range, _) => memchr::memmem::find(&text[range], NO_FILTER.as_bytes()).is_some(),
        AttributesBlock::None | AttributesBlock::Open => false,
    })
}

/// Returns the attributes with our block up to date, or None if the existing block has no end.
fn with_block(before: Option<&[u8]>, no_filter: bool) -> Option<Vec<u8>> {
    let line_end = if no_filter { NO_FILTER } else { "\n" };
    let lines = [&ENV_FILES.replace('\n', line_end), TEAM_FILE].concat();
    let block = |said: &str| format!("{BEGIN}{said}\n{lines}{END}\n").into_bytes();
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

/// Returns the attributes without our block; `Some(None)` to remove the file, None if the block has no end.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_comes_and_goes_and_what_others_wrote_stays() {
        for (before, ended) in [
            (None, ""),
            (Some(""), ""),
            (Some("*.png binary\n"), "*.png binary\n"),
            (Some("*.png binary"), "*.png binary\n"),
            (Some("\r\n"), "\r\n"),
            (Some("a b\r\nc d"), "a b\r\nc d\n"),
        ] {
            let before = before.map(str::as_bytes);
            let with = with_block(before, false).unwrap();
            assert!(with.starts_with(ended.as_bytes()), "{before:?}");
            assert!(with.ends_with(format!("{ENV_FILES}{TEAM_FILE}{END}\n").as_bytes()), "{before:?}");
            assert_eq!(with_block(Some(&with), false).unwrap(), with, "idempotent");
            let unfiltered = with_block(Some(&with), true).unwrap();
            assert!(has_no_filter(Some(&unfiltered)) && !has_no_filter(Some(&with)));
            assert_eq!(with_block(Some(&unfiltered), false).unwrap(), with);
            assert_eq!(without_block(&with).unwrap().as_deref(), before);
            let more = [&with[..], b"c d\n"].concat();
            assert_eq!(with_block(Some(&more), false).unwrap(), more);
            let left = [ended.as_bytes(), b"c d\n"].concat();
            assert_eq!(without_block(&more).unwrap().unwrap(), left);
        }
        let block = |lines: &str| format!("a b\n{BEGIN}\n{lines}{END}\nc d\n").into_bytes();
        assert_eq!(
            with_block(Some(&block(".env merge=envseal\n")), false).unwrap(),
            block(&[ENV_FILES, TEAM_FILE].concat())
        );
        let open = format!("{BEGIN}\na b\n");
        assert_eq!((with_block(Some(open.as_bytes()), false), without_block(open.as_bytes())), (None, None));
    }
}
