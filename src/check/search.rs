//! The search for known values and private keys in files of any sort.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::CheckReport;
use super::settings::Settings;
use super::snapshot::is_guarded;
use crate::check::rules::{EnvText, Finding, Leak, Leaks, Rule, plain_values};
use crate::config::is_keys_file;
use crate::error::Error;
use crate::fs::{self, FsError};
use crate::git::{FileKind, FileRef, ObjectId, Repo, added_lines};

/// A file's bytes; for a symlink, the path of its target.
pub(super) enum FileContent<'t> {
    Disk(PathBuf),
    Blob(&'t Repo, ObjectId),
    Text(&'t [u8]),
}

impl FileContent<'_> {
    /// Passes the bytes to `take` as a reader, from the beginning on each call, so that a large file need not be in
    /// memory as a whole. Returns false if there is no regular file.
    fn read(&self, take: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>) -> Result<bool, Error> {
        match self {
            Self::Text(text) => take(&mut &**text).expect("reading memory does not fail"),
            Self::Blob(repo, id) => repo.read_blobs(&[*id], take)?,
            Self::Disk(path) => match fs::read_by(path, take) {
                Err(FsError::NotFound { .. } | FsError::NotRegular { .. }) => return Ok(false),
                read => read?,
            },
        }
        Ok(true)
    }
}

pub(super) struct SearchedFile<'t> {
    pub(super) path: &'t Path,
    pub(super) content: FileContent<'t>,
    pub(super) before: Option<FileRef>,
    /// The commit before the change.
    pub(super) base: Option<ObjectId>,
}

pub(super) struct SecretSearch<'a> {
    leaks: Leaks,
    repo: Option<&'a Repo>,
    rules: &'a Settings,
    /// For each earlier commit, the values that were public in it, as indices into [`Leaks::secrets`].
    public: RefCell<HashMap<ObjectId, BTreeSet<usize>>>,
}

impl<'a> SecretSearch<'a> {
    pub(super) fn new(leaks: Leaks, repo: Option<&'a Repo>, rules: &'a Settings) -> Self {
        Self { leaks, repo, rules, public: RefCell::default() }
    }

    /// Adds the findings in a file to the report, and counts it if there is such a file.
    pub(super) fn check(&self, file: &SearchedFile<'_>, report: &mut CheckReport) -> Result<(), Error> {
        if let Some(found) = self.findings(file)? {
            report.findings.extend(found);
            report.searched += 1;
        }
        Ok(())
    }

    /// Finds private keys anywhere in a file, and known values on its new lines. Returns None if there is no such file.
    pub(super) fn findings(&self, file: &SearchedFile<'_>) -> Result<Option<Vec<Finding>>, Error> {
        if is_keys_file(file.path) {
            return Ok(Some(vec![keys_file_finding(file.path)]));
        }
        let (mut findings, mut found) = (Vec::new(), Vec::new());
        if !file.content.read(&mut |from| self.leaks.find_in(from).map(|leaks| found = leaks))? {
            return Ok(None);
        }
        let mut added: Option<BTreeSet<usize>> = None;
        for found in found {
            let finding = leak_finding(file.path, found.leak, &self.leaks).at(found.line);
            let Leak::Value(at) = found.leak else {
                findings.push(finding);
                continue;
            };
            let new = match &mut added {
                Some(new) => new,
                // Read only when needed, because nearly always nothing is found.
                None => added.insert(self.added_lines(file)?),
            };
            if (found.line..=found.last_line).any(|line| new.contains(&line)) {
                let was_public = self.was_public(file.base, at)?;
                findings.push(if was_public { finding.into_advice() } else { finding });
            }
        }
        Ok(Some(findings))
    }

    /// Returns the new lines of a file; all of them if there was no regular file at its path.
    fn added_lines(&self, file: &SearchedFile<'_>) -> Result<BTreeSet<usize>, Error> {
        let mut text = Vec::new();
        file.content.read(&mut |from| from.read_to_end(&mut text).map(drop))?;
        let old = match (self.repo, file.before) {
            (Some(repo), Some(FileRef { id, kind: FileKind::File })) => repo.blob(id)?,
            _ => Vec::new(),
        };
        Ok(added_lines(&old, &text).into_iter().collect())
    }

    /// Returns true if a value was already public in the commit before.
    fn was_public(&self, base: Option<ObjectId>, at: usize) -> Result<bool, Error> {
        let (Some(base), Some(repo)) = (base, self.repo) else { return Ok(false) };
        if let Some(public) = self.public.borrow().get(&base) {
            return Ok(public.contains(&at));
        }
        let public = self.public_in(repo, base)?;
        let is_public = public.contains(&at);
        self.public.borrow_mut().insert(base, public);
        Ok(is_public)
    }

    /// Returns the values that are public in a commit: anywhere in a file that is not an env file, and where an env
    /// file declares them plain. Any other value in an env file just hasn't been encrypted yet.
    fn public_in(&self, repo: &Repo, commit: ObjectId) -> Result<BTreeSet<usize>, Error> {
        let (values, mut found) = (self.leaks.values(), BTreeSet::new());
        let mut look_in = |text: &[u8]| {
            let hits = values.find_overlapping_iter(text);
            found.extend(hits.map(|hit| hit.pattern().as_usize()));
        };
        let mut files = repo.files(Some(commit))?;
        files.retain(|(_, now)| now.kind == FileKind::File);
        repo.obtain(&files.iter().map(|(_, now)| now.id).collect::<Vec<_>>())?;
        for (path, now) in &files {
            // A file that a partial clone lacks counts as missing.
            let Some(text) = repo.blob_if_there(now.id)? else { continue };
            if is_guarded(path) && !self.rules.excludes(path) {
                let policy = self.rules.policy(path);
                for value in plain_values(EnvText { path, text: &text, policy }) {
                    look_in(&value);
                }
            } else {
                look_in(&text);
            }
        }
        Ok(found)
    }
}

pub(super) fn keys_file_finding(path: &Path) -> Finding {
    let message = "private keys in git: everyone with a clone has them";
    let fix = "git rm --cached {file}; if pushed, rotate the keys and replace the secrets";
    Finding::new(Rule::KeysFile, path, message, fix)
}

pub(super) fn leak_finding(path: &Path, leak: Leak, leaks: &Leaks) -> Finding {
    let message = match leak {
        Leak::PrivateKey => "contains a private key",
        Leak::EncodedKey => "contains an encoded private key",
        Leak::Value(at) => {
            let secret = &leaks.secrets()[at];
            let message = format!("contains the value of {}", secret.label);
            let fix = hint!(
                "read {name} from the environment instead; if pushed, replace the secret",
                name = secret.name
            );
            let finding = Finding::new(Rule::SecretValue, path, message, fix).about(&secret.name);
            return if secret.is_certain() { finding } else { finding.into_advice() };
        }
    };
    let fix = "remove it; if pushed, rotate the key and replace the secrets";
    Finding::new(Rule::PrivateKey, path, message, fix)
}
