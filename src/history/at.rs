//! A file as a commit has it, also under the name that it had then.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::error::HistoryError;
use super::log::{Past, names_before};
use super::reader::Reader;
use crate::config::{EnvName, TEAM_FILE};
use crate::git::ObjectId;

/// A file of the past.
pub(crate) struct FileThen {
    /// Where it was, relative to the root.
    pub path: PathBuf,
    /// Its bytes.
    pub text: Vec<u8>,
    /// The bytes of the team file that held for it.
    pub team_file: Option<Vec<u8>>,
}

/// The env file at `path`, relative to the root, as the commit that `revision` names has it: what stands at that path
/// there; else what today's file of that path was called then, followed back from HEAD through its renames; else the
/// other file name of the same environment.
pub(crate) fn file_at(
    reader: &mut Reader<'_>,
    revision: &str,
    path: &Path,
) -> Result<FileThen, HistoryError> {
    let objects = reader.objects();
    let commit = objects.commit(revision)?;
    let files = Past::files(reader, commit)?;
    let there = |path: &Path| files.iter().find(|(there, _)| there == path);
    let mut found = there(path).cloned();
    if found.is_none() {
        found = followed(reader, path, commit)?.and_then(|path| there(&path).cloned());
    }
    let twins = || EnvName::of_file(path).map(|env| env.file_names()).unwrap_or_default();
    let found = found.or_else(|| twins().iter().find_map(|twin| there(&path.with_file_name(twin)).cloned()));
    let Some((path, id)) = found else {
        let other = files.first().map(|(path, _)| path.clone());
        return Err(HistoryError::NoFile { path: path.to_owned(), revision: revision.to_owned(), other });
    };
    let mut team = None;
    for folder in path.ancestors().skip(1) {
        team = objects.file(commit, &folder.join(TEAM_FILE))?.map(|file| file.id);
        if team.is_some() {
            break;
        }
    }
    objects.obtain(&team.into_iter().chain([id]).collect::<Vec<_>>())?;
    let team_file = team.map(|id| objects.blob(id)).transpose()?;
    Ok(FileThen { text: objects.blob(id)?, team_file, path })
}

/// The path that today's file had in `target`, if HEAD comes after it.
fn followed(reader: &mut Reader<'_>, path: &Path, target: ObjectId) -> Result<Option<PathBuf>, HistoryError> {
    let objects = reader.objects();
    let Some(head) = objects.head()? else { return Ok(None) };
    let mut names = std::collections::HashMap::from([(head, BTreeSet::from([path.to_owned()]))]);
    let mut past = Past::new(reader, head, BTreeSet::from([path.to_owned()]))?;
    while let Some(step) = past.step()? {
        let here = names.remove(&step.id).unwrap_or_default();
        if step.id == target {
            // A path that was not renamed on the way was looked for already.
            return Ok(here.into_iter().find(|name| name != path));
        }
        if step.cut {
            return Err(objects.cut_off(step.id).into());
        }
        for (parent, pairs) in step.parents.iter().zip(&step.pairs) {
            names.entry(*parent).or_default().extend(names_before(&here, pairs));
        }
    }
    Ok(None)
}
