//! The policies, schemas and teams in a snapshot. The nearest team file upward, and the schema beside it, apply to a file.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::snapshot::{Snapshot, folder};
use crate::check::rules::{Finding, Rule, SchemaFile};
use crate::config::{SCHEMA_FILES, is_team_file};
use crate::error::Error;
use crate::git::{GitError, ObjectId, Repo, settings_link_fault};
use crate::schema::Schema;
use crate::team::{Policy, TeamError, TeamFile, conflict_marker};

/// Each map is keyed by the folder of the file.
#[derive(Default)]
pub(super) struct Settings {
    projects: BTreeMap<PathBuf, ProjectSettings>,
    /// The policies, widened by the names that the folder's schema makes plain.
    with_schema: BTreeMap<PathBuf, Policy>,
    schemas: BTreeMap<PathBuf, (PathBuf, Schema)>,
    none: Policy,
    /// Findings for schemas and team files that can't be read. These make nothing plain and exclude nothing.
    pub(super) findings: Vec<Finding>,
    /// The commit at which a shallow clone ends, if an earlier version of a team file is needed.
    pub(super) cut: Option<ObjectId>,
}

/// A team file, and the policy in it.
struct ProjectSettings {
    path: PathBuf,
    /// None if it can't be read: nobody knows what it records.
    team: Option<TeamFile>,
    /// Versions of the other sides of merges, if it can't be read since then.
    others: Vec<TeamFile>,
    policy: Policy,
}

/// Returns the newest versions of a file up to `commit` that can be read, one on each side of merges; and the commit at
/// which a shallow clone ends on the way.
fn last_readable(
    repo: &Repo,
    commit: ObjectId,
    path: &Path,
) -> Result<(Vec<TeamFile>, Option<ObjectId>), Error> {
    let (mut found, mut cut) = (Vec::new(), None);
    let (mut seen, mut left) = (HashSet::new(), vec![commit]);
    while let Some(commit) = left.pop() {
        match repo.file(commit, path).and_then(|file| file.map(|file| repo.blob(file.id)).transpose()) {
            Ok(None) => {}
            Ok(Some(text)) => match TeamFile::parse(&text) {
                Ok(team) => found.push(team),
                Err(_) => {
                    left.extend(repo.parents(commit)?.into_iter().filter(|parent| seen.insert(*parent)));
                }
            },
            Err(GitError::Missing(_)) => cut = Some(commit),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((found, cut))
}

impl ProjectSettings {
    fn readable(&self) -> Option<(&Path, &TeamFile)> {
        self.team.as_ref().map(|team| (self.path.as_path(), team))
    }
}

impl Settings {
    pub(super) fn read(files: &Snapshot<'_>) -> Result<Self, Error> {
        let mut settings = Self::default();
        // In the order of the names: only the first schema in a folder counts.
        for name in SCHEMA_FILES {
            for path in files.files().filter(|path| path.file_name().is_some_and(|file| file == name)) {
                if !settings.schemas.contains_key(folder(path)) {
                    let schema = Schema::parse(&settings.text(files, path, Rule::SchemaMalformed)?);
                    settings.schemas.insert(folder(path).to_owned(), (path.to_owned(), schema));
                }
            }
        }
        for path in files.files().filter(|path| is_team_file(path)) {
            let text = settings.text(files, path, Rule::TeamFile)?;
            settings.add_team_file(path, &text);
        }
        for (folder, (_, schema)) in &settings.schemas {
            let mut plain = schema.plain().map(|item| item.name.as_str()).peekable();
            if plain.peek().is_some() {
                let policy = settings.project_policy(folder).clone().with_names(plain);
                settings.with_schema.insert(folder.clone(), policy);
            }
        }
        Ok(settings)
    }

    /// Like [`Self::read`], for the files of a commit. Of a team file that can't be read there, the members and records
    /// are those of its last version that can: whoever repairs it must keep them.
    pub(super) fn of_commit(files: &Snapshot<'_>, commit: Option<(&Repo, ObjectId)>) -> Result<Self, Error> {
        let mut settings = Self::read(files)?;
        let Some((repo, commit)) = commit else { return Ok(settings) };
        for project in settings.projects.values_mut().filter(|project| project.team.is_none()) {
            let (found, cut) = last_readable(repo, commit, &project.path)?;
            let mut found = found.into_iter();
            project.team = found.next();
            project.others = found.collect();
            settings.cut = settings.cut.or(cut);
        }
        Ok(settings)
    }

    /// Returns the text of a schema or team file. One that can't be read counts as empty: neither the next name nor a
    /// team file further up must apply instead.
    fn text(&mut self, files: &Snapshot<'_>, path: &Path, rule: Rule) -> Result<Vec<u8>, Error> {
        let target = files.target(path)?;
        let Some((fault, fix)) = settings_link_fault(path, target.as_deref(), files.has(path)?) else {
            return Ok(files.read(path)?.unwrap_or_default());
        };
        let message = format!("is a symlink {fault}, so it is not read");
        self.findings.push(Finding::new(rule, path, message, fix).into_error());
        Ok(Vec::new())
    }

    fn add_team_file(&mut self, path: &Path, text: &[u8]) {
        let found = |message| Finding::new(Rule::TeamFile, path, message, "fix {file}");
        let policy = Policy::parse(text).unwrap_or_else(|error| {
            let merge = std::str::from_utf8(text).ok().and_then(conflict_marker);
            self.findings.push(match merge {
                Some(line) => Finding::unresolved_merge(path, line, None),
                None => found(error.to_string()),
            });
            Policy::default()
        });
        let team = TeamFile::parse(text);
        // An error of the whole file was already reported for the policy.
        if let Err(TeamError { line: Some(line), what }) = &team {
            self.findings.push(found(what.clone()).at(*line));
        }
        let project = ProjectSettings { path: path.to_owned(), team: team.ok(), others: Vec::new(), policy };
        self.projects.insert(folder(path).to_owned(), project);
    }

    /// Returns the project that the files in `folder` belong to: that of the nearest team file upward.
    fn project(&self, folder: &Path) -> Option<&ProjectSettings> {
        folder.ancestors().find_map(|folder| self.projects.get(folder))
    }

    fn project_policy(&self, folder: &Path) -> &Policy {
        self.project(folder).map_or(&self.none, |project| &project.policy)
    }

    /// Returns the folder of a file's project.
    pub(super) fn project_of(&self, path: &Path) -> &Path {
        self.project(folder(path)).map_or(Path::new(""), |project| folder(&project.path))
    }

    pub(super) fn policy(&self, path: &Path) -> &Policy {
        let folder = folder(path);
        self.with_schema.get(folder).unwrap_or_else(|| self.project_policy(folder))
    }

    /// Returns true if the file's own project excludes it.
    pub(super) fn excludes(&self, path: &Path) -> bool {
        path.strip_prefix(self.project_of(path)).is_ok_and(|relative| self.policy(path).is_excluded(relative))
    }

    pub(super) fn schema(&self, folder: &Path) -> Option<SchemaFile<'_>> {
        self.schemas.get(folder).map(|(path, schema)| SchemaFile { path, schema })
    }

    pub(super) fn schemas(&self) -> impl Iterator<Item = SchemaFile<'_>> {
        self.schemas.values().map(|(path, schema)| SchemaFile { path, schema })
    }

    /// Returns the team file that applies to `folder`, if it can be read.
    pub(super) fn team_for(&self, folder: &Path) -> Option<(&Path, &TeamFile)> {
        self.project(folder).and_then(ProjectSettings::readable)
    }

    /// Returns the team files that can be read.
    pub(super) fn teams(&self) -> impl Iterator<Item = (&Path, &TeamFile)> {
        self.projects.values().filter_map(ProjectSettings::readable)
    }

    /// Returns the versions of the team file at exactly this path of which a change must keep the records.
    pub(super) fn versions_at(&self, path: &Path) -> impl Iterator<Item = &TeamFile> {
        let project = self.projects.get(folder(path));
        project.into_iter().flat_map(|project| project.team.iter().chain(&project.others))
    }

    /// Returns true if a team file is at exactly this path.
    pub(super) fn has_team_at(&self, path: &Path) -> bool {
        self.projects.contains_key(folder(path))
    }

    /// Returns true if the team file that applies to `folder` can't be read.
    pub(super) fn is_team_unreadable(&self, folder: &Path) -> bool {
        self.project(folder).is_some_and(|project| project.team.is_none())
    }
}
