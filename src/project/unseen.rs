//! Env files that git ignores, as in most projects at first: lets git see them once they are safe to commit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::file::place_of;
use super::line_errors::ignore_file_is_link;
use super::projects::Project;
use super::transaction::WriteLock;
use crate::config::EnvName;
use crate::error::Error;
use crate::fs::{self, NewMode};
use crate::git::{self, Repositories};

/// Returns those of the files from [`Project::passed_over`] that are directly in `folder` and should be committed once
/// they are encrypted: not those that are private to each clone by convention, such as `.env.local`.
pub(crate) fn unseen_of(mut passed_over: Vec<PathBuf>, folder: &Path) -> Vec<PathBuf> {
    passed_over.retain(|path| path.parent() == Some(folder) && !is_own_clones(path));
    passed_over
}

/// Returns those env files among `paths` that git ignores and does not track, so that they will not be committed.
/// Leaves out those that are private to each clone, and those that git can't be asked about.
pub(crate) fn unseen_among<'a>(
    paths: impl Iterator<Item = &'a Path>,
    repositories: &Repositories,
) -> Vec<&'a Path> {
    let mut by_root: BTreeMap<PathBuf, Vec<(&Path, PathBuf)>> = BTreeMap::new();
    for path in paths {
        let place = place_of(path);
        if let Some(root) = place.parent().and_then(git::find_root).filter(|_| !is_own_clones(&place)) {
            by_root.entry(root).or_default().push((path, place));
        }
    }
    let mut unseen = Vec::new();
    for (root, paths) in by_root {
        let places: Vec<_> = paths.iter().map(|(_, place)| place.clone()).collect();
        let ignored =
            repositories.open(&root).and_then(|repo| repo.ignored_among(&places)).unwrap_or_default();
        unseen.extend(paths.into_iter().filter(|(_, place)| ignored.contains(place)).map(|(path, _)| path));
    }
    unseen
}

/// Stops git from ignoring these env files, by a line each in the `.gitignore` of the worktree's root, and returns its
/// path. Returns None and changes nothing if that is not enough, as below a folder that is ignored as a whole.
pub(crate) fn take_back_in(paths: &[PathBuf], project: &Project) -> Result<Option<PathBuf>, Error> {
    let Some(root) = project.git_root() else { return Ok(None) };
    let ignore = root.join(".gitignore");
    let _lock = WriteLock::acquire(std::slice::from_ref(&ignore), &[], project.repositories())?;
    if ignore.is_symlink() {
        return Err(ignore_file_is_link(&ignore));
    }
    let Some(rules) = paths.iter().map(|path| rule(root, path)).collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    let before = fs::read(&ignore).ok();
    let lines: Vec<_> = rules.iter().map(String::as_str).collect();
    if let Some(staged) = fs::with_lines(&ignore, &lines, NewMode::Default)? {
        staged.commit()?;
    }
    let Some(repo) = project.repository()? else { return Ok(None) };
    for path in paths {
        if repo.is_ignored(path)? {
            match before {
                Some(text) => fs::write_atomic(&ignore, &text, NewMode::Default)?,
                None => fs::remove(&ignore)?,
            }
            return Ok(None);
        }
    }
    Ok(Some(ignore))
}

fn is_own_clones(path: &Path) -> bool {
    EnvName::of_file(path).is_ok_and(|env| env.is_overlay())
}

/// Returns the rule that stops git from ignoring this one file (gitignore(5)); None if its name is not UTF-8, or has a
/// line break.
fn rule(root: &Path, path: &Path) -> Option<String> {
    let mut rule = "!".to_owned();
    for part in path.strip_prefix(root).ok()?.components() {
        rule.push('/');
        for c in part.as_os_str().to_str()?.chars() {
            match c {
                '\n' | '\r' => return None,
                '\\' | '*' | '?' | '[' | ' ' | '\t' => rule.extend(['\\', c]),
                c => rule.push(c),
            }
        }
    }
    Some(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_speaks_of_one_file() {
        let rule = |path: &str| rule(Path::new("/r"), Path::new(path));
        assert_eq!(rule("/r/.env").unwrap(), "!/.env");
        assert_eq!(rule("/r/a b/[x]*.env").unwrap(), r"!/a\ b/\[x]\*.env");
        assert_eq!(rule("/r/a\nb.env"), None);
        assert_eq!(rule("/elsewhere/.env"), None);
    }
}
