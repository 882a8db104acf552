//! Secrets in files of any sort.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::io::{self, Read};
use std::path::Path;

use super::error::GuardError;
use super::files::is_judged;
use super::policies::Policies;
use crate::check::rules::{EnvText, Finding, Leak, Leaks, Rule, plain_values};
use crate::config::is_keys_file;
use crate::git::{FileKind, FileRef, ObjectId, Repo, added_lines};

/// From this length on a value that turns up is no accident.
const CERTAIN: usize = 12;

/// Looks for secrets in changed files.
pub(super) struct Search<'a> {
    pub(super) leaks: Leaks,
    objects: Option<&'a Repo>,
    policies: &'a Policies,
    /// The values that stood in the open in a commit before, by their places in the list.
    stood: RefCell<HashMap<ObjectId, BTreeSet<usize>>>,
}

/// Opens a file and has its bytes read, from the beginning each time it is called: so that no more of a large file need be
/// in memory than is looked at.
pub(super) type Bytes<'t> = dyn Fn(&mut ReadBytes<'_>) -> Result<(), GuardError> + 't;
pub(super) type ReadBytes<'t> = dyn FnMut(&mut dyn Read) -> io::Result<()> + 't;

/// The bytes of a text that is in memory.
pub(super) fn in_memory(text: &[u8]) -> impl Fn(&mut ReadBytes<'_>) -> Result<(), GuardError> {
    move |read| {
        read(&mut &*text).expect("reading memory does not fail");
        Ok(())
    }
}

/// One changed file.
pub(super) struct Change<'t> {
    pub(super) path: &'t Path,
    /// Its bytes; of a symlink, where it leads.
    pub(super) bytes: &'t Bytes<'t>,
    /// What stood at its path before.
    pub(super) before: Option<FileRef>,
    /// The commit before.
    pub(super) base: Option<ObjectId>,
}

impl<'a> Search<'a> {
    /// For `leaks`, in changes of this repository, by these policies.
    pub(super) fn new(leaks: Leaks, objects: Option<&'a Repo>, policies: &'a Policies) -> Self {
        Self { leaks, objects, policies, stood: RefCell::default() }
    }

    /// The secrets in a changed file: private keys wherever they stand, values on the lines that are new.
    pub(super) fn findings(&self, change: &Change<'_>) -> Result<Vec<Finding>, GuardError> {
        let path = change.path;
        if is_keys_file(path) {
            return Ok(vec![keys_file(path)]);
        }
        let mut added: Option<BTreeSet<usize>> = None;
        let (mut findings, mut leaks) = (Vec::new(), Vec::new());
        (change.bytes)(&mut |from| self.leaks.find_in(from).map(|found| leaks = found))?;
        for found in leaks {
            let finding = of_leak(path, found.leak, &self.leaks).at(found.line);
            let Leak::Value(at) = found.leak else {
                findings.push(finding);
                continue;
            };
            let new = match &mut added {
                Some(new) => new,
                // Nearly always nothing is found, and nobody need know what stood there.
                None => {
                    let mut text = Vec::new();
                    (change.bytes)(&mut |from| from.read_to_end(&mut text).map(drop))?;
                    added.insert(added_lines(&self.before(change)?, &text).into_iter().collect())
                }
            };
            if !(found.line..=found.last_line).any(|line| new.contains(&line)) {
                continue;
            }
            let stood = self.stood_before(change.base, at)?;
            findings.push(if stood { finding.as_advice() } else { finding });
        }
        Ok(findings)
    }

    /// What stood at a changed file's path before; nothing if it was no regular file.
    fn before(&self, change: &Change<'_>) -> Result<Vec<u8>, GuardError> {
        match (self.objects, change.before) {
            (Some(objects), Some(FileRef { id, kind: FileKind::File })) => Ok(objects.blob(id)?),
            _ => Ok(Vec::new()),
        }
    }

    /// Whether a value already stood in the open in the commit before.
    fn stood_before(&self, base: Option<ObjectId>, at: usize) -> Result<bool, GuardError> {
        let (Some(base), Some(objects)) = (base, self.objects) else { return Ok(false) };
        if let Some(known) = self.stood.borrow().get(&base) {
            return Ok(known.contains(&at));
        }
        let stood = self.in_the_open(objects, base)?;
        let stands = stood.contains(&at);
        self.stood.borrow_mut().insert(base, stood);
        Ok(stands)
    }

    /// The values that stand in the open in a commit: anywhere in a file that is no env file, and in env files where
    /// they are declared plain. Elsewhere in those it has only not been sealed yet.
    fn in_the_open(&self, objects: &Repo, commit: ObjectId) -> Result<BTreeSet<usize>, GuardError> {
        let (values, mut found) = (self.leaks.values(), BTreeSet::new());
        let mut look = |text: &[u8]| in_memory(text)(&mut |from| values.find_in(from, &mut found));
        let mut files = objects.files(Some(commit))?;
        files.retain(|(_, now)| now.kind == FileKind::File);
        objects.obtain(&files.iter().map(|(_, now)| now.id).collect::<Vec<_>>())?;
        for (path, now) in files {
            // What a partial clone lacks stands nowhere, as far as can be told.
            let Some(text) = objects.blob_if_there(now.id)? else { continue };
            let path = &path;
            if is_judged(path) && !self.policies.excludes(path) {
                let (_, policy) = self.policies.for_file(path);
                for value in plain_values(EnvText { path, text: &text, policy }) {
                    look(&value)?;
                }
            } else {
                look(&text)?;
            }
        }
        Ok(found)
    }
}

/// The finding for a keys file in git.
pub(super) fn keys_file(path: &Path) -> Finding {
    let message = "private keys in git: whoever has a clone has them";
    let fix = "git rm --cached {file}; once pushed, make new keys and replace the secrets";
    Finding::new(Rule::KeysFile, path, message, fix)
}

/// The finding for a secret in a file.
pub(super) fn of_leak(path: &Path, leak: Leak, leaks: &Leaks) -> Finding {
    let message = match leak {
        Leak::PrivateKey => "a private key stands here",
        Leak::EncodedKey => "a private key stands here, in another encoding",
        Leak::Value(at) => {
            let secret = &leaks.secrets()[at];
            let message = format!("the value of {} stands here", secret.label);
            let fix = hint!(
                "read {name} from the environment instead; once pushed, replace the secret",
                name = secret.name
            );
            let finding = Finding::new(Rule::SecretValue, path, message, fix).about(&secret.name);
            return if secret.value.len() < CERTAIN { finding.as_advice() } else { finding };
        }
    };
    let fix = "take it out; once pushed, make a new key and replace the secrets";
    Finding::new(Rule::PrivateKey, path, message, fix)
}
