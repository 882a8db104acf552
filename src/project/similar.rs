//! Finds the environment or the variable that was meant by a name that does not exist.

use std::path::{Path, PathBuf};

use super::file::folder_of;
use crate::config::{EnvName, is_env_file};
use crate::error::Error;
use crate::fs::{self, FsError};
use crate::git;

/// Returns the names of the env files in a folder; none if it can't be listed.
pub(crate) fn env_file_names(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let listing = folder.read_dir().into_iter().flatten().flatten();
    listing.map(|item| PathBuf::from(item.file_name())).filter(|name| is_env_file(name))
}

/// Returns the env file beside `path` whose environment's name is most like that of `path`, and that environment; None
/// if no name is easily confused with it.
pub(crate) fn similar_env_file(path: &Path) -> Option<(EnvName, PathBuf)> {
    let asked = EnvName::of_file(path).ok()?;
    let others =
        env_file_names(fs::folder_of(path)).filter_map(|name| Some((EnvName::of_file(&name).ok()?, name)));
    let near = others.filter_map(|(env, name)| Some((distance(asked.as_str(), env.as_str())?, env, name)));
    // Of equally near ones, the first by name.
    let (_, env, name) = near.min()?;
    Some((env, path.with_file_name(name)))
}

/// Returns the nearest env file in a folder above that of `path` whose name `is_it` accepts. It must be in the same
/// worktree; outside git it must belong to this user, because anyone may write to a folder like `/tmp`.
pub(crate) fn env_file_above(path: &Path, is_it: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let folder = folder_of(path);
    let root = git::find_root(&folder);
    let is_near = |above: &&Path| root.as_ref().is_none_or(|root| above.starts_with(root));
    folder.ancestors().skip(1).take_while(is_near).find_map(|above| {
        let file = above.join(env_file_names(above).filter(|name| is_it(name)).min()?);
        (root.is_some() || fs::owned_by_this_user(&file).ok()?).then_some(file)
    })
}

/// Returns the error for an env file that does not exist; it suggests one that may be meant.
pub(super) fn no_env_file(path: &Path) -> Error {
    let similar = similar_env_file(path);
    let hint = similar.map(|(env, similar)| hint!("did you mean {env}, in {similar}?", env, similar));
    Error::from(FsError::NotFound { path: path.into(), doing: "read" }).with_hint_if(hint)
}

/// Returns the one of `names` that is most like `name`, if the two are easily confused.
pub(crate) fn nearest_name<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Letter case and `_` do not make names different.
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let asked = plain(name);
    let (distance, nearest) =
        names.map(|there| (strsim::osa_distance(&plain(there), &asked), there)).min()?;
    (distance <= (asked.len() / 3).min(2)).then_some(nearest)
}

/// Returns the distance of two names that are easily confused: by a typo, or because one is short for the other
/// (`prod`). `qa1` and `qa2` differ on purpose, and so do `production` and `production.local`.
fn distance(asked: &str, there: &str) -> Option<usize> {
    let (asked, there) = match (asked.strip_suffix(".local"), there.strip_suffix(".local")) {
        (Some(asked), Some(there)) => (asked, there),
        _ => (asked, there),
    };
    let letters = |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let parts = |name: &str| name.matches(['.', '-', '_']).count();
    if asked == there || letters(asked) == letters(there) || parts(asked) != parts(there) {
        return None;
    }
    let (short, long) = if asked.len() < there.len() { (asked, there) } else { (there, asked) };
    let distance = strsim::osa_distance(asked, there);
    let is_short_form = short.len() >= 3 && long.starts_with(short);
    (is_short_form || distance <= (asked.len() / 3).min(2)).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_and_a_short_form_are_told_and_no_more() {
        let near = "prodution production|prod production|stagign staging|defualt default";
        let apart = "qa1 qa2|production production.local|eu us|default production|dev dev2|p production|\
                     a.local b.local|same same";
        for (pairs, is_near) in [(near, true), (apart, false)] {
            for pair in pairs.split('|') {
                let (asked, there) = pair.split_once(' ').unwrap();
                assert_eq!(distance(asked, there).is_some(), is_near, "{pair}");
            }
        }
    }
}
