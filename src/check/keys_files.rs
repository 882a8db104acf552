//! Checks that the keys files on this machine are private, and in no image and no commit.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;

use super::search::keys_file_finding;
use crate::check::rules::{Finding, Rule};
use crate::error::Error;
use crate::fs;
use crate::git::Repo;
use crate::keys::KeysFile;
use crate::project::has_dockerfile;

/// Writes the lines that are missing in ignore files.
const FIX: &str = "envseal check --fix";

/// Checks the keys files of these folders (relative to `root`), even if not created yet, and those `listed`.
pub(super) fn check_keys_files(
    root: &Path,
    repo: Option<&Repo>,
    folders: &BTreeSet<PathBuf>,
    listed: impl Iterator<Item = PathBuf>,
) -> Result<Vec<Finding>, Error> {
    let of_folders = folders.iter().map(|folder| KeysFile::place(&root.join(folder)));
    let places: BTreeSet<_> = of_folders.chain(listed).collect();
    let mut findings = Vec::new();
    for place in places {
        let path = place.strip_prefix(root).unwrap_or(&place);
        if let Some(mode) = fs::mode_bits(&place).filter(|mode| mode & 0o077 != 0) {
            let message = format!("other users can read it (mode {mode:04o})");
            findings.push(Finding::new(Rule::KeysFileMode, path, message, "chmod 600 {file}"));
        }
        if let Some(repo) = repo {
            if repo.is_tracked(&place)? {
                findings.push(keys_file_finding(path));
            } else if !repo.is_ignored(&place)? {
                let message = "git doesn't ignore it, so `git add` would add it";
                findings.push(Finding::new(Rule::KeysFileNotIgnored, path, message, FIX));
            }
        }
        for folder in place.ancestors().skip(1).take_while(|folder| folder.starts_with(root)) {
            if has_dockerfile(folder) && !docker_ignores(folder, &place) {
                let ignore = folder.join(".dockerignore");
                let ignore = ignore.strip_prefix(root).unwrap_or(&ignore);
                let message =
                    format!("an image built here would contain it: {} doesn't list it", ignore.display());
                findings.push(Finding::new(Rule::KeysFileDocker, path, message, FIX));
            }
        }
    }
    Ok(findings)
}

/// Returns true if the `.dockerignore` in `folder` keeps the file out of a build's context: the last pattern that matches
/// it, or a folder it is in, decides (docs.docker.com, "Building context").
fn docker_ignores(folder: &Path, file: &Path) -> bool {
    let Ok(text) = fs::read(&folder.join(".dockerignore")) else { return false };
    let Ok(path) = file.strip_prefix(folder) else { return false };
    let mut ignored = false;
    for line in String::from_utf8_lossy(&text).lines().map(str::trim) {
        let (pattern, takes_back) = line.strip_prefix('!').map_or((line, false), |rest| (rest, true));
        let pattern = pattern.trim_start_matches("./").trim_matches('/');
        if pattern.is_empty() || pattern.starts_with('#') {
            continue;
        }
        let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() else { continue };
        let glob = glob.compile_matcher();
        let matches = path.ancestors().any(|part| !part.as_os_str().is_empty() && glob.is_match(part));
        if matches {
            ignored = !takes_back;
        }
    }
    ignored
}
