//! Exposed values: finds out whether they are still the ones that a removed member could read.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::file::{EnvFile, Listings, entries_of, real_place, token};
use super::projects::Project;
use super::references::{literal, names_in};
use super::setup::{Notice, with_policy};
use super::team_file::tag_key;
use crate::config::EnvName;
use crate::crypto::{IdentityKey, OpenedValue, Opener, PlaintextKind, PrivateKey, Proof, TagKey};
use crate::dotenv::{Document, read};
use crate::error::Error;
use crate::git::relative_path;
use crate::keys::KeyStore;
use crate::team::{Exposure, ExposureState, MemberName, TeamFile};
use crate::time::Moment;

/// The relation of a value to the exposed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is one that the member could read, or that can't be ruled out, in the document with this index.
    Same(usize),
    Other,
    /// No sealed value has the name any more.
    Gone,
}

/// The length, in bytes, from which a value is recognised in another variable or in a longer value. Shorter values may
/// be there by chance.
const MIN_PART: usize = 6;

/// Returns the tag of a value as it is read: without quotes and escapes, and with nothing expanded.
pub(crate) fn value_tag(tags: &TagKey, env: &EnvName, name: &str, opened: &OpenedValue) -> Proof {
    tags.tag(env.as_str(), name, TextForms::of(opened).text())
}

/// A value as it is read, then in the forms that tags were made of when `\$` was left in them.
struct TextForms([Zeroizing<Vec<u8>>; 3]);

impl TextForms {
    fn of(OpenedValue { kind, bytes }: &OpenedValue) -> Self {
        match kind {
            PlaintextKind::Value => Self::new(bytes.expose(), bytes.expose()),
            PlaintextKind::Source => Self::of_source(bytes.expose()),
        }
    }

    fn of_source(source: &[u8]) -> Self {
        Self::new(literal(source).expose(), &read(source).1)
    }

    fn new(text: &[u8], unresolved: &[u8]) -> Self {
        let escaped = text.split(|byte| *byte == b'$').collect::<Vec<_>>().join(&br"\$"[..]);
        Self([text.to_vec(), unresolved.to_vec(), escaped].map(Zeroizing::new))
    }

    fn text(&self) -> &[u8] {
        &self.0[0]
    }

    fn is_tagged(&self, exposure: &Exposure, tags: &TagKey) -> bool {
        let tag = |text| tags.tag(exposure.env.as_str(), &exposure.name, text);
        self.0.iter().any(|text| exposure.tags.contains(&tag(text)))
    }
}

/// Compares an exposed value, one of the environment's `exposures`, with the values in the environment's files.
///
/// A value still counts as exposed if it refers, through any number of variables, to one that holds the exposed value,
/// or to one whose own value the same member could read.
pub(crate) fn standing(
    exposure: &Exposure,
    exposures: &[Exposure],
    tags: &TagKey,
    opener: &mut Opener,
    documents: &[&Document],
) -> Standing {
    let is_sealed = |document: &&Document| has_sealed(document, &exposure.name);
    if !documents.iter().any(is_sealed) {
        return Standing::Gone;
    }
    // Each with the document whose value refers to it.
    let (mut names, mut seen) = (vec![(exposure.name.clone(), None)], BTreeSet::new());
    while let Some((name, referring)) = names.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let could_read = |there: &&Exposure| there.member == exposure.member && there.name == name;
        for (at, document) in documents.iter().enumerate() {
            let at = referring.unwrap_or(at);
            for (_, entry) in entries_of(document, &name) {
                let text = match token(document, entry) {
                    Some(token) => {
                        let opened =
                            token.ok().and_then(|token| Some((opener.open(&name, &token).ok()?, token)));
                        let Some((opened, token)) = opened else { return Standing::Same(at) };
                        names.extend(token.refs().iter().map(|name| (name.to_owned(), Some(at))));
                        TextForms::of(&opened)
                    }
                    // Anyone can read plain text, so it is no longer a secret that could be replaced.
                    None if name == exposure.name => continue,
                    None => {
                        let referred = names_in(document.source(entry)).into_iter().flatten();
                        names.extend(referred.map(|name| (name, Some(at))));
                        TextForms::of_source(document.source(entry))
                    }
                };
                let is_tagged = |of: &Exposure| text.is_tagged(of, tags);
                if is_tagged(exposure) || exposures.iter().filter(could_read).any(is_tagged) {
                    return Standing::Same(at);
                }
            }
        }
    }
    Standing::Other
}

/// Returns the env files with the values of an environment's exposures: its own, or if it was renamed, those that have
/// its key by now. Skips other environments' files that can't be parsed. A changed file is not read again, because it may
/// be one that can't be: it is being resolved or repaired.
pub(crate) fn exposure_files(
    project: &Project,
    team: &TeamFile,
    env: &EnvName,
    changed: &[ChangedFile<'_>],
) -> Result<Vec<EnvFile>, Error> {
    let keys = team.exposure_keys(env);
    let has_key = |file: &EnvFile| file.public_key().is_some_and(|key| keys.contains(&key.id()));
    let changed: HashMap<_, _> = changed.iter().map(|(file, _)| (real_place(file.path()), file)).collect();
    let load = |path: &PathBuf| match changed.get(&real_place(path)) {
        Some(file) => file.with_text(file.document().as_bytes()),
        None if changed.is_empty() => EnvFile::load(&relative_path(path)),
        // Another file of a merge may be in conflict still. Then the values of both sides count.
        None => EnvFile::load_or_new_among(path, &mut Listings::default(), true),
    };
    let paths = project.env_files(project.root())?;
    let (own, others): (Vec<_>, Vec<_>) =
        paths.iter().partition(|path| EnvName::of_file(path).ok().as_ref() == Some(env));
    let own = own.into_iter().map(load).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() || own.iter().any(has_key) {
        return Ok(own);
    }
    let mut renamed: Vec<_> = others.into_iter().filter_map(|path| load(path).ok()).collect();
    renamed.retain(has_key);
    Ok(if renamed.is_empty() { own } else { renamed })
}

/// Returns the names under which exposures of `env`, which has `key`, are recorded, the one for new records first: its
/// own, unless an environment that was renamed still has its records there.
pub(crate) fn exposure_names(
    project: &Project,
    team: &TeamFile,
    env: &EnvName,
    key: &PrivateKey,
) -> Result<Vec<EnvName>, Error> {
    let id = key.public().id();
    let is_proven = || team.exposures_of(env).iter().any(|it| it.proof == it.proof_by(key));
    let mut others = team.exposed_names();
    others.retain(|name| *name != env && team.exposure_keys(name).contains(&id));
    let mut names = Vec::new();
    for name in std::iter::once(env).chain(others) {
        let files = exposure_files(project, team, name, &[])?;
        // Anyone can replace a tag key. What this key proves stays this environment's.
        if files.first().is_none_or(|file| file.env() == env) || name == env && is_proven() {
            names.push(name.clone());
        }
    }
    if names.is_empty() {
        let mut free = (2..).filter_map(|number| EnvName::new(&format!("{env}_{number}")).ok());
        names.extend(free.find(|name| team.tag_key(name).is_none() && team.exposures_of(name).is_empty()));
    }
    Ok(names)
}

fn has_sealed(document: &Document, name: &str) -> bool {
    entries_of(document, name).any(|(_, entry)| token(document, entry).is_some())
}

/// An env file and the document that will replace its content.
pub(crate) type ChangedFile<'a> = (&'a EnvFile, &'a Document);

/// A team file's old text, None if there is no file; its new text; and what a person should know of the change.
pub(super) struct TeamFileChange {
    pub(super) before: Option<Vec<u8>>,
    pub(super) after: String,
    pub(super) notices: Vec<Notice>,
}

/// Returns the change to the team file if the changed files change the state of an exposure, or if there are `external`
/// names to declare. With the environment's key, values are compared; without it, a changed value becomes unverified.
pub(super) fn renewed(
    project: &Project,
    store: &KeyStore<'_>,
    changed: &[ChangedFile<'_>],
    external: &[&str],
) -> Result<Option<TeamFileChange>, Error> {
    let before = project.team_text()?;
    let team = project.parse_team(before.as_deref().unwrap_or_default())?;
    let (mut renewed, mut noted) = (team.clone(), Vec::new());
    for env in team.exposed_names() {
        let keys = team.exposure_keys(env);
        let may_hold = |(file, _): &&ChangedFile<'_>| {
            file.env() == env || file.public_key().is_some_and(|key| keys.contains(&key.id()))
        };
        if !changed.iter().any(|changed| may_hold(&changed)) {
            continue;
        }
        let mut others = exposure_files(project, &team, env, changed)?;
        let present = others.first().map_or(env, EnvFile::env).clone();
        let of_env: Vec<_> = changed.iter().filter(|(file, _)| *file.env() == present).copied().collect();
        let Some((file, _)) = of_env.first() else { continue };
        let Some(public) = file.public_key() else { continue };
        // A change needs no private key, so this never asks for a passphrase.
        let key = store.find_unasked(&present, public, &file.dir())?;
        let mut known = key.and_then(|key| Some((Opener::new(key.clone()), tag_key(&team, env, &key)?, key)));
        let places: Vec<_> = of_env.iter().map(|(file, _)| real_place(file.path())).collect();
        others.retain(|file| !places.contains(&real_place(file.path())));
        let changed_documents = of_env.iter().map(|(_, document)| *document);
        let documents: Vec<_> = changed_documents.chain(others.iter().map(EnvFile::document)).collect();
        if let Some((_, tags, key)) = &known {
            let news = carry_all(&mut renewed, env, tags, key, &of_env, store)?;
            noted.extend(news.into_iter().map(|name| (env.clone(), name, ExposureState::Exposed)));
        }
        let exposures = renewed.exposures_of(env);
        for exposure in &exposures {
            let state = match &mut known {
                Some((opener, tags, key)) => match standing(exposure, &exposures, tags, opener, &documents) {
                    Standing::Same(_) => ExposureState::Exposed,
                    Standing::Other if exposure.proof_by(key) == exposure.proof => ExposureState::Replaced,
                    // Tags from someone without the key match nothing, so the value would always look replaced.
                    Standing::Other | Standing::Gone => exposure.state,
                },
                None if of_env.iter().any(|changed| is_other(changed, &exposure.name)) => {
                    ExposureState::Unverified
                }
                None => exposure.state,
            };
            if state != exposure.state {
                noted.push((env.clone(), exposure.name.clone(), state));
                renewed.put_exposure(Exposure { state, ..exposure.clone() });
            }
        }
    }
    let mut after = renewed.text();
    // If several people could read a value, keep one notice: any other state rather than `Replaced`.
    noted.sort_by_key(|(env, name, state)| (env.clone(), name.clone(), *state == ExposureState::Replaced));
    noted.dedup_by(|(env, name, _), (first_env, first_name, _)| {
        (&*env, &*name) == (&*first_env, &*first_name)
    });
    let path = project.team_file();
    let notice = |(env, name, state)| Notice::Noted { env, name, state, path: path.clone() };
    let mut notices: Vec<_> = noted.into_iter().map(notice).collect();
    if !external.is_empty() {
        after = with_policy(project, after.as_bytes(), "external", external)?;
        notices.push(Notice::External { names: external.join(", "), path });
    }
    Ok((after != team.text()).then_some(TeamFileChange { before, after, notices }))
}

/// Carries the exposures of `env`, which `key` proves, on to the changed files: records one for each name whose new value
/// is, or contains, the exposed one, or was encrypted until now with an older key that the member had. Returns the
/// names with a new record of a value that an older key encrypted before.
pub(super) fn carry_all(
    team: &mut TeamFile,
    env: &EnvName,
    tags: &TagKey,
    key: &PrivateKey,
    changed: &[ChangedFile<'_>],
    store: &KeyStore<'_>,
) -> Result<Vec<String>, Error> {
    let mut opener = Opener::new(key.clone());
    let (before, written) = (team.exposures_of(env), written(&mut opener, changed, store)?);
    for exposure in before.iter().filter(|it| !written.is_empty() && it.proof_by(key) == it.proof) {
        let goes = changed.iter().any(|(file, document)| {
            has_sealed(file.document(), &exposure.name) && !has_sealed(document, &exposure.name)
        });
        let old = changed.iter().map(|(file, _)| file.document());
        let mut parts = opened(&mut opener, old, |name| name == exposure.name);
        parts.retain(|(_, forms)| forms.text().len() >= MIN_PART && forms.is_tagged(exposure, tags));
        let was = team.removed().get(&exposure.member).map(|was| was.key);
        for (name, forms, had) in &written {
            let text = forms.text();
            let whole = was.is_some_and(|key| had.contains(&key))
                || forms.is_tagged(exposure, tags) && (goes || text.len() >= MIN_PART);
            if whole || parts.iter().any(|(_, part)| memchr::memmem::find(text, part.text()).is_some()) {
                let tag = tags.tag(env.as_str(), name, text);
                put_exposed(team, key, (env, &exposure.member, name), exposure.since, [tag]);
            }
        }
    }
    let is_resealed = |of: &str| written.iter().any(|(name, _, had)| *name == of && !had.is_empty());
    let news = team.exposures_of(env).into_iter().filter(|it| is_resealed(&it.name) && !before.contains(it));
    Ok(news.map(|it| it.name).collect())
}

/// Records that the member could read the values with these tags, since they were removed. Keeps the tags of an earlier
/// record, and unless that value was replaced, its time. `key` proves it.
pub(crate) fn put_exposed(
    team: &mut TeamFile,
    key: &PrivateKey,
    (env, member, name): (&EnvName, &MemberName, &str),
    since: Moment,
    tags: impl IntoIterator<Item = Proof>,
) {
    let is_same = |it: &&Exposure| it.env == *env && it.member == *member && it.name == name;
    let before = team.exposures().iter().find(is_same);
    let kept = before.filter(|before| before.state != ExposureState::Replaced).map(|before| before.since);
    let tags: BTreeSet<_> =
        tags.into_iter().chain(before.into_iter().flat_map(|before| before.tags.clone())).collect();
    let mut exposure = Exposure {
        env: env.clone(),
        member: member.clone(),
        name: name.to_owned(),
        since: kept.unwrap_or(since),
        state: ExposureState::Exposed,
        tags: tags.into_iter().collect(),
        proof: Proof::of_exposure(env.as_str(), key, &[]),
        line: before.map_or(0, |before| before.line),
    };
    exposure.proof = exposure.proof_by(key);
    team.put_exposure(exposure);
}

/// The name of a sealed value whose text changed, the value, and who had the older key that it was encrypted with before.
type Written<'a> = (&'a str, TextForms, HashSet<IdentityKey>);

fn written<'a>(
    opener: &mut Opener,
    changed: &[ChangedFile<'a>],
    store: &KeyStore<'_>,
) -> Result<Vec<Written<'a>>, Error> {
    let mut found = Vec::new();
    for (file, document) in changed {
        let before = file.document();
        let old: HashSet<_> =
            before.entries().iter().map(|entry| (before.name(entry), before.source(entry))).collect();
        let entries = document.entries().iter().map(|entry| (document.name(entry), document.source(entry)));
        let new: HashSet<&str> = entries.filter(|entry| !old.contains(entry)).map(|(name, _)| name).collect();
        let is_older = |entry| {
            token(before, entry)
                .is_some_and(|token| token.is_ok_and(|token| token.key_id() != opener.public_key().id()))
                && new.contains(before.name(entry))
        };
        let mut older = Vec::new();
        if before.entries().iter().any(is_older) {
            for (key, had) in store.unasking().older(file.env(), &opener.public_key(), &file.dir())? {
                let found = opened(&mut Opener::new(key), [before].into_iter(), |name| new.contains(name));
                older.extend(found.into_iter().map(|(name, text)| (name, text, had.clone())));
            }
        }
        for (name, text) in opened(opener, [*document].into_iter(), |name| new.contains(name)) {
            let was = older.iter().filter(|(of, was, _)| *of == name && was.text() == text.text());
            let had = was.flat_map(|(.., had)| had).copied().collect();
            found.push((name, text, had));
        }
    }
    Ok(found)
}

/// Returns the sealed values of the wanted names that the key can decrypt, decrypted.
fn opened<'a>(
    opener: &mut Opener,
    documents: impl Iterator<Item = &'a Document>,
    wants: impl Fn(&str) -> bool,
) -> Vec<(&'a str, TextForms)> {
    let mut found = Vec::new();
    for document in documents {
        for entry in document.entries().iter().filter(|entry| wants(document.name(entry))) {
            let (name, token) = (document.name(entry), token(document, entry).and_then(Result::ok));
            let opened = token.and_then(|token| opener.open(name, &token).ok());
            found.extend(opened.map(|opened| (name, TextForms::of(&opened))));
        }
    }
    found
}

/// Returns true if the source text of the name's entries changed.
fn is_other((file, document): &ChangedFile<'_>, name: &str) -> bool {
    fn sources<'a>(document: &'a Document, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        entries_of(document, name).map(|(_, entry)| document.source(entry))
    }
    !sources(file.document(), name).eq(sources(document, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SecretBytes;

    #[test]
    fn a_value_is_recognised_in_what_tags_were_ever_made_of() {
        let of =
            |kind, text: &str| TextForms::of(&OpenedValue { kind, bytes: SecretBytes::new(text.into()) });
        let set = of(PlaintextKind::Value, "pa$word");
        let sources = ["'pa$word'", r#""pa\$word""#].map(|text| of(PlaintextKind::Source, text));
        for forms in [set].into_iter().chain(sources) {
            assert_eq!(forms.text(), b"pa$word");
            assert!(forms.0.iter().any(|form| **form == *br"pa\$word"));
        }
        let mixed = of(PlaintextKind::Source, r"a\$b${C}");
        assert!(mixed.0.iter().any(|form| **form == *br"a\$b${C}"));
    }
}
