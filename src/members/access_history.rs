//! Access in git's history: who was ever granted which key, and by whom; and every value ever encrypted with a key.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use crate::config::{EnvName, is_env_file, is_team_file};
use crate::crypto::{IdentityKey, KeyId, PublicKey, SealedValue};
use crate::dotenv::Document;
use crate::error::Error;
use crate::git::{FileKind, ObjectId, Repo};
use crate::project::{Project, token};
use crate::team::{GrantLine, TeamFile};

/// Every version of the team files and env files that this clone has, on any branch.
pub(super) struct AccessHistory {
    /// The present one first.
    teams: Vec<TeamFile>,
    /// The versions of env files, each with the environments it ever belonged to.
    files: BTreeMap<ObjectId, (Document, BTreeSet<EnvName>)>,
}

impl AccessHistory {
    /// Reads the whole history, and the worktree.
    ///
    /// Every branch counts, including those of remotes: whatever was pushed could be read. Rejects a clone that lacks
    /// part of the history, because an incomplete result would be believed.
    pub(super) fn read(project: &Project, objects: &Repo) -> Result<Self, Error> {
        let mut history = Self { teams: vec![project.team()?], files: BTreeMap::new() };
        let mut teams = HashSet::new();
        let mut walk = objects.walk(&objects.tips()?, is_wanted)?;
        while let Some(step) = walk.step()? {
            if step.cut {
                return Err(objects.cut_off(step.id).into());
            }
            for file in step.changes.iter().flatten().filter(|file| is_wanted(&file.path)) {
                if let Some(now) = file.after.filter(|now| now.kind == FileKind::File) {
                    history.add_version(objects, &file.path, now.id, &mut teams)?;
                }
            }
        }
        for path in project.env_files(project.root())? {
            let text = crate::fs::read(&path)?;
            history.add_file(&path, objects.id_of(&text), text);
        }
        Ok(history)
    }

    /// Returns the environment keys that `who` had, as the recipient or the maker of a grant.
    pub(super) fn keys_of(&self, who: &IdentityKey) -> BTreeMap<EnvName, BTreeSet<PublicKey>> {
        let mut keys: BTreeMap<EnvName, BTreeSet<PublicKey>> = BTreeMap::new();
        let mut add = |line: &GrantLine| keys.entry(line.env.clone()).or_default().insert(line.key);
        for (team, line) in self.grants() {
            let party = |name| team.key_of(name) == Some(who);
            // The signature is all that anyone can verify. A grant forged between members can add keys, never remove any.
            if (party(&line.member) || party(&line.by)) && team.is_signed(line) {
                add(line);
            }
        }
        // A present grant may be to another key that had the name in between, and goes with the name.
        let now = &self.teams[0];
        for line in now.grants().iter().filter(|line| now.key_of(&line.member) == Some(who)) {
            add(line);
        }
        keys
    }

    /// Returns everyone to whom `who` ever granted anything.
    pub(super) fn granted_by(&self, who: &IdentityKey) -> BTreeSet<IdentityKey> {
        let by = |(team, line): &(&TeamFile, &GrantLine)| {
            team.key_of(&line.by) == Some(who) && team.is_signed(line)
        };
        let to = |(team, line): (&TeamFile, &GrantLine)| team.key_of(&line.member).copied();
        self.grants().filter(by).filter_map(to).collect()
    }

    /// Returns everyone who ever granted this environment to `who`.
    pub(super) fn granters(&self, env: &EnvName, who: &IdentityKey) -> BTreeSet<IdentityKey> {
        let to = |(team, line): &(&TeamFile, &GrantLine)| {
            line.env == *env && team.key_of(&line.member) == Some(who) && team.is_signed(line)
        };
        self.grants().filter(to).filter_map(|(team, line)| team.key_of(&line.by).copied()).collect()
    }

    /// Returns every public key that the environment's files ever had.
    pub(super) fn public_keys(&self, env: &EnvName) -> BTreeSet<PublicKey> {
        let variable = env.public_key_name();
        let documents =
            self.files.values().filter(|(_, envs)| envs.contains(env)).map(|(document, _)| document);
        let key = |document: &Document| {
            let at = document.last(&variable)?;
            let (_, text) = document.value(&document.entries()[at]);
            PublicKey::parse(std::str::from_utf8(&text).ok()?).ok()
        };
        documents.filter_map(key).collect()
    }

    /// Returns every value that was ever encrypted with one of these keys, with its name, whatever its file's name was.
    pub(super) fn values(&self, keys: &[KeyId]) -> Vec<(&str, SealedValue)> {
        let mut values = Vec::new();
        let mut known = HashSet::new();
        for (document, _) in self.files.values() {
            for entry in document.entries() {
                let name = document.name(entry);
                let Some(Ok(token)) = token(document, entry) else { continue };
                if keys.contains(&token.key_id()) && known.insert((name, token.to_string())) {
                    values.push((name, token));
                }
            }
        }
        values
    }

    fn grants(&self) -> impl Iterator<Item = (&TeamFile, &GrantLine)> {
        self.teams.iter().flat_map(|team| team.grants().iter().map(move |line| (team, line)))
    }

    fn add_version(
        &mut self,
        objects: &Repo,
        path: &Path,
        id: ObjectId,
        teams: &mut HashSet<ObjectId>,
    ) -> Result<(), Error> {
        let is_team = is_team_file(path);
        if is_team && !teams.insert(id) || !is_team && self.add_env(path, id) {
            return Ok(());
        }
        let text = objects.blob(id)?;
        if !is_team {
            self.add_file(path, id, text);
        } else if let Ok(team) = TeamFile::parse(&text) {
            // A version that can't be parsed granted nothing to anyone.
            self.teams.push(team);
        }
        Ok(())
    }

    /// Records the environment of a version that was read already. Returns false if it was not.
    fn add_env(&mut self, path: &Path, id: ObjectId) -> bool {
        let Some((_, envs)) = self.files.get_mut(&id) else { return false };
        envs.extend(EnvName::of_file(path));
        true
    }

    fn add_file(&mut self, path: &Path, id: ObjectId, text: Vec<u8>) {
        if self.add_env(path, id) {
            return;
        }
        let (Ok(env), Ok(document)) = (EnvName::of_file(path), Document::parse(text)) else { return };
        self.files.insert(id, (document, BTreeSet::from([env])));
    }
}

fn is_wanted(path: &Path) -> bool {
    is_team_file(path) || is_env_file(path)
}
