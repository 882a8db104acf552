//! Reads the team file, and edits it with comments and order preserved.

use std::collections::BTreeMap;
use std::fmt::Display;

use toml_edit::{Datetime, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::config::EnvName;
use crate::crypto::{Grant, IdentityKey, Proof, PublicKey, SealedValue};
use crate::time::{self, Moment};

use super::{Exposure, ExposureState, GrantLine, MemberName, RemovedMember, Rotation};

const HEADER: &str =
    "# envseal: team members and what they can decrypt. Review changes like code: see docs/team.md.\n";

/// The members, grants, rotations and exposures of a team file; [`super::Policy`] reads its policy.
#[derive(Clone, Debug, Default)]
pub struct TeamFile {
    document: DocumentMut,
    /// The text that it was read from.
    read: String,
    members: BTreeMap<MemberName, IdentityKey>,
    removed: BTreeMap<MemberName, RemovedMember>,
    grants: Vec<GrantLine>,
    rotations: Vec<Rotation>,
    tag_keys: BTreeMap<EnvName, SealedValue>,
    exposures: Vec<Exposure>,
}

/// Why a team file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}{what}", line.map_or(String::new(), |line| format!("line {line}: ")))]
pub struct TeamError {
    /// The line of a malformed member, grant, rotation or exposure, from 1. None for an error of the whole file or of
    /// its policy.
    pub line: Option<usize>,
    pub what: String,
}

impl TeamFile {
    /// Reads a team file's text; an empty one is a team without members.
    pub fn parse(text: &[u8]) -> Result<Self, TeamError> {
        let document = super::policy::parsed(text)?;
        let reader = EntryReader::new(document.raw(), document.as_table());
        let mut file = Self { read: document.raw().to_owned(), ..Self::default() };
        for at in reader.entries(&["members"])? {
            file.members.insert(at.name()?, at.parse(IdentityKey::parse)?);
        }
        for at in reader.entries(&["removed"])? {
            let key = at.field("key")?.parse(IdentityKey::parse)?;
            file.removed.insert(at.name()?, RemovedMember { key, since: at.field("since")?.moment()? });
        }
        for env in reader.entries(&["grants"])? {
            for at in reader.entries(&["grants", env.key])? {
                file.grants.push(at.grant(env.env()?)?);
            }
        }
        for env in reader.entries(&["rotations"])? {
            for at in reader.entries(&["rotations", env.key])? {
                file.rotations.push(at.rotation(env.env()?)?);
            }
        }
        for at in reader.entries(&["exposure-tags"])? {
            file.tag_keys.insert(at.env()?, at.parse(|text| SealedValue::parse(text.as_bytes()))?);
        }
        for env in reader.entries(&["exposures"])? {
            for member in reader.entries(&["exposures", env.key])? {
                for at in reader.entries(&["exposures", env.key, member.key])? {
                    file.exposures.push(at.exposure(env.env()?, member.name()?)?);
                }
            }
        }
        file.document = document.into_mut();
        Ok(file)
    }

    pub fn members(&self) -> &BTreeMap<MemberName, IdentityKey> {
        &self.members
    }

    /// Returns the name of the member who has this key.
    pub fn member_of(&self, key: &IdentityKey) -> Option<&MemberName> {
        self.members.iter().find(|(_, there)| *there == key).map(|(name, _)| name)
    }

    pub fn removed(&self) -> &BTreeMap<MemberName, RemovedMember> {
        &self.removed
    }

    /// Returns the grants in the file's order.
    pub fn grants(&self) -> &[GrantLine] {
        &self.grants
    }

    pub fn grant(&self, env: &EnvName, member: &MemberName) -> Option<&GrantLine> {
        self.grants.iter().find(|line| line.env == *env && line.member == *member)
    }

    pub fn rotations(&self, env: &EnvName) -> impl Iterator<Item = &Rotation> {
        self.rotations.iter().filter(move |rotation| rotation.env == *env)
    }

    pub fn all_rotations(&self) -> impl Iterator<Item = &Rotation> {
        self.rotations.iter()
    }

    /// Returns the key for exposure tags, encrypted with the environment's key.
    pub fn tag_key(&self, env: &EnvName) -> Option<&SealedValue> {
        self.tag_keys.get(env)
    }

    /// Returns the exposures in the file's order.
    pub fn exposures(&self) -> &[Exposure] {
        &self.exposures
    }

    /// Adds a member, or replaces a member's key.
    pub fn put_member(&mut self, name: &MemberName, key: &IdentityKey) {
        self.put(&["members"], name.as_str(), key.to_string().into());
        self.members.insert(name.clone(), *key);
    }

    /// Gives a member another key, and moves the old one to the removed members, under the name `removed_as`.
    pub fn replace_member(
        &mut self,
        name: &MemberName,
        key: &IdentityKey,
        removed_as: &MemberName,
        since: Moment,
    ) {
        let Some(old) = self.members.insert(name.clone(), *key) else { return };
        self.put(&["members"], name.as_str(), key.to_string().into());
        self.put_removed(removed_as, old, since);
        self.rename_in_grants(name, removed_as);
    }

    /// Moves a member to the removed members. Someone may have put the name back by hand: a record of the same key
    /// stays as it is, and another key is recorded under the name of [`name_of_old_key`](Self::name_of_old_key),
    /// because a removed key must stay on record.
    pub fn remove_member(&mut self, name: &MemberName, since: Moment) {
        let Some(key) = self.members.remove(name) else { return };
        self.take(&["members"], name.as_str());
        match self.removed.get(name) {
            None => self.put_removed(name, key, since),
            Some(was) if was.key == key => {}
            Some(_) => {
                let removed_as = self.name_of_old_key(name, since);
                self.put_removed(&removed_as, key, since);
                self.rename_in_grants(name, &removed_as);
            }
        }
    }

    /// Renames a removed key in the grants to and by it, because its old name means another key. That key's own grants
    /// keep the name: they are signed for it.
    fn rename_in_grants(&mut self, name: &MemberName, removed_as: &MemberName) {
        for line in self.grants.clone() {
            let names = |of: &MemberName| {
                if of == name { vec![removed_as.clone(), of.clone()] } else { vec![of.clone()] }
            };
            let mut lines = Vec::new();
            for member in names(&line.member) {
                let read = |by| GrantLine { member: member.clone(), by, ..line.clone() };
                lines.extend(names(&line.by).into_iter().map(read));
            }
            let renamed = lines.iter().find(|line| self.is_signed(line)).unwrap_or(&lines[0]).clone();
            if renamed.member != line.member {
                self.take_grant(&line.env, name);
            }
            if renamed != line {
                self.put_grant(renamed);
            }
        }
    }

    fn put_removed(&mut self, name: &MemberName, key: IdentityKey, since: Moment) {
        let line = inline([("key", key.to_string().into()), ("since", datetime(since))]);
        self.put(&["removed"], name.as_str(), line);
        self.removed.insert(name.clone(), RemovedMember { key, since });
    }

    /// Returns a free name for a removed key whose member's name is in use: the name and the date.
    pub fn name_of_old_key(&self, name: &MemberName, since: Moment) -> MemberName {
        let day = &time::rfc3339(since)[..10];
        let mut names = (1..).map(|count| match count {
            1 => name.with_suffix(&format!("-{day}")),
            _ => name.with_suffix(&format!("-{day}.{count}")),
        });
        names.find(|name| self.key_of(name).is_none()).expect("there is always another")
    }

    /// Adds a grant, or replaces the one of this environment to this member.
    pub fn put_grant(&mut self, line: GrantLine) {
        let item = inline([
            ("key", line.key.to_string().into()),
            ("by", line.by.as_str().into()),
            ("grant", line.grant.to_string().into()),
        ]);
        self.put(&["grants", line.env.as_str()], line.member.as_str(), item);
        self.grants.retain(|there| there.env != line.env || there.member != line.member);
        self.grants.push(line);
    }

    pub fn take_grant(&mut self, env: &EnvName, member: &MemberName) {
        self.take(&["grants", env.as_str()], member.as_str());
        self.grants.retain(|line| line.env != *env || line.member != *member);
    }

    pub fn put_rotation(&mut self, rotation: Rotation) {
        let item = inline([
            ("old", rotation.old.to_string().into()),
            ("new", rotation.new.to_string().into()),
            ("proof", rotation.proof.to_string().into()),
        ]);
        let key = format!("{}-{}", rotation.old.id(), rotation.new.id());
        self.put(&["rotations", rotation.env.as_str()], &key, item);
        self.rotations.push(rotation);
    }

    /// Sets the encrypted key for an environment's exposure tags.
    pub fn put_tag_key(&mut self, env: &EnvName, sealed: SealedValue) {
        self.put(&["exposure-tags"], env.as_str(), sealed.to_string().into());
        self.tag_keys.insert(env.clone(), sealed);
    }

    /// Adds an exposure, or replaces the one of this member and variable.
    pub fn put_exposure(&mut self, exposure: Exposure) {
        let tags: toml_edit::Array = exposure.tags.iter().map(Proof::to_string).collect();
        let item = inline([
            ("since", datetime(exposure.since)),
            ("state", exposure.state.as_str().into()),
            ("tags", tags.into()),
            ("proof", exposure.proof.to_string().into()),
        ]);
        let (env, member) = (exposure.env.as_str(), exposure.member.as_str());
        self.put(&["exposures", env, member], &exposure.name, item);
        let same = |there: &Exposure| {
            there.env == exposure.env && there.member == exposure.member && there.name == exposure.name
        };
        match self.exposures.iter().position(same) {
            Some(at) => self.exposures[at] = exposure,
            None => self.exposures.push(exposure),
        }
    }

    /// Returns the text; a line that was not changed stays as it was, line end included.
    pub fn text(&self) -> String {
        super::policy::written(&self.document, &self.read)
    }

    /// Sets a key in a table. If the table is sorted, a new key is inserted in order.
    fn put(&mut self, path: &[&str], key: &str, value: Value) {
        if self.document.as_table().is_empty() && self.document.trailing().as_str().unwrap_or("").is_empty() {
            self.document.set_trailing("");
            self.document.as_table_mut().decor_mut().set_prefix(HEADER);
        }
        let Some(table) = table_mut(self.document.as_table_mut(), path) else { return };
        if let Some(Item::Value(there)) = table.get_mut(key) {
            let decor = there.decor().clone();
            *there = value;
            *there.decor_mut() = decor;
            return;
        }
        let sorted = table.iter().map(|(key, _)| key).is_sorted();
        table.insert(key, Item::Value(value));
        if sorted {
            table.sort_values();
        }
    }

    fn take(&mut self, path: &[&str], key: &str) {
        let mut table: &mut dyn TableLike = self.document.as_table_mut();
        for part in path {
            let Some(inner) = table.get_mut(part).and_then(Item::as_table_like_mut) else { return };
            table = inner;
        }
        table.remove(key);
    }
}

/// Returns the table at `path`, and creates it if it is missing. Returns None if a key on the way is not a table.
fn table_mut<'a>(root: &'a mut Table, path: &[&str]) -> Option<&'a mut dyn TableLike> {
    let mut table: &mut dyn TableLike = root;
    for (depth, part) in path.iter().enumerate() {
        let last = depth + 1 == path.len();
        let made = || {
            let mut table = Table::new();
            // Only the table that contains lines gets its own header.
            table.set_implicit(!last);
            Item::Table(table)
        };
        table = table.entry(part).or_insert_with(made).as_table_like_mut()?;
    }
    Some(table)
}

fn inline<const N: usize>(fields: [(&str, Value); N]) -> Value {
    fields.into_iter().collect::<InlineTable>().into()
}

fn datetime(moment: Moment) -> Value {
    let text = time::rfc3339(Moment { offset: 0, ..moment });
    text.replace("+00:00", "Z").parse::<Datetime>().expect("RFC 3339").into()
}

/// Reads entries, and finds their lines.
struct EntryReader<'a> {
    root: &'a Table,
    /// Computed once, because there may be thousands of exposures.
    line_ends: Vec<usize>,
}

/// A key and its value.
struct EntryToRead<'a> {
    key: &'a str,
    item: &'a Item,
    /// The keys that lead here, joined with dots, for errors.
    path: String,
    line: usize,
}

impl<'a> EntryReader<'a> {
    fn new(text: &str, root: &'a Table) -> Self {
        Self { root, line_ends: memchr::memchr_iter(b'\n', text.as_bytes()).collect() }
    }

    /// Returns the entries of the table at `path`, or none if there is no such table.
    fn entries(&self, path: &[&str]) -> Result<Vec<EntryToRead<'a>>, TeamError> {
        let mut table: &'a dyn TableLike = self.root;
        for part in path {
            let Some(inner) = table.get(part) else { return Ok(Vec::new()) };
            table = inner.as_table_like().ok_or_else(|| TeamError {
                line: Some(self.line(inner)),
                what: format!("{}: must be a table", path.join(".")),
            })?;
        }
        let at = |(key, item): (&'a str, &'a Item)| EntryToRead {
            key,
            item,
            path: format!("{}.{key}", path.join(".")),
            line: self.line(item),
        };
        Ok(table.iter().map(at).collect())
    }

    fn line(&self, item: &Item) -> usize {
        let start = item.span().map_or(0, |span| span.start);
        self.line_ends.partition_point(|end| *end < start) + 1
    }
}

impl<'a> EntryToRead<'a> {
    fn fail(&self, what: impl Display) -> TeamError {
        TeamError { line: Some(self.line), what: format!("{}: {what}", self.path) }
    }

    fn name(&self) -> Result<MemberName, TeamError> {
        MemberName::new(self.key).map_err(|error| self.fail(error))
    }

    fn env(&self) -> Result<EnvName, TeamError> {
        let env = EnvName::new(self.key).map_err(|error| self.fail(error))?;
        // Two spellings of one environment would be two grants to one member.
        if env.as_str() == self.key { Ok(env) } else { Err(self.fail("must be in lower case")) }
    }

    fn field(&self, key: &'static str) -> Result<Self, TeamError> {
        let item = self.item.as_table_like().and_then(|table| table.get(key));
        let item = item.ok_or_else(|| self.fail(format!("has no `{key}`")))?;
        Ok(Self { key, item, path: format!("{}.{key}", self.path), line: self.line })
    }

    fn text(&self) -> Result<&'a str, TeamError> {
        self.item.as_str().ok_or_else(|| self.fail("must be a string"))
    }

    fn parse<T, E: Display>(&self, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<T, TeamError> {
        parse(self.text()?).map_err(|error| self.fail(error))
    }

    fn moment(&self) -> Result<Moment, TeamError> {
        let text = self.item.as_datetime().map(Datetime::to_string);
        let moment = text.and_then(|text| time::parse_rfc3339(&text));
        moment.ok_or_else(|| self.fail("must be a date and time with an offset"))
    }

    fn grant(&self, env: EnvName) -> Result<GrantLine, TeamError> {
        Ok(GrantLine {
            env,
            member: self.name()?,
            by: self.field("by")?.parse(MemberName::new)?,
            key: self.field("key")?.parse(PublicKey::parse)?,
            grant: self.field("grant")?.parse(str::parse::<Grant>)?,
            line: self.line,
        })
    }

    fn rotation(&self, env: EnvName) -> Result<Rotation, TeamError> {
        Ok(Rotation {
            env,
            old: self.field("old")?.parse(PublicKey::parse)?,
            new: self.field("new")?.parse(PublicKey::parse)?,
            proof: self.field("proof")?.parse(str::parse::<Proof>)?,
            line: self.line,
        })
    }

    fn exposure(&self, env: EnvName, member: MemberName) -> Result<Exposure, TeamError> {
        let tags = self.field("tags")?;
        let array = tags.item.as_array().ok_or_else(|| tags.fail("must be an array of strings"))?;
        let tag = |value: &Value| value.as_str()?.parse::<Proof>().ok();
        let parsed = array.iter().map(tag).collect::<Option<Vec<_>>>();
        let state = self.field("state")?;
        Ok(Exposure {
            env,
            member,
            name: self.key.into(),
            since: self.field("since")?.moment()?,
            state: ExposureState::parse(state.text()?)
                .ok_or_else(|| state.fail("must be `exposed`, `unverified` or `replaced`"))?,
            tags: parsed.ok_or_else(|| tags.fail("must hold tags only"))?,
            proof: self.field("proof")?.parse(str::parse::<Proof>)?,
            line: self.line,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::GrantFault;
    use super::*;
    use crate::crypto::{Identity, PrivateKey};
    use crate::hint::Words;

    fn name(name: &str) -> MemberName {
        MemberName::new(name).unwrap()
    }

    fn env(name: &str) -> EnvName {
        EnvName::new(name).unwrap()
    }

    #[test]
    fn what_is_put_is_read_again() {
        let (alice, bob, key) = (Identity::generate(), Identity::generate(), PrivateKey::generate());
        let mut file = TeamFile::parse(b"").unwrap();
        file.put_member(&name("bob"), &bob.public());
        file.put_member(&name("alice"), &alice.public());
        let production = env("production.local");
        for (member, to) in [("bob", &bob), ("alice", &alice)] {
            let to = (&name(member), &to.public());
            file.put_grant(GrantLine::make(&production, &key, to, (&name("alice"), &alice)));
        }
        let new = PrivateKey::generate();
        file.put_rotation(Rotation::make(&production, &key, &new.public()));
        let text = file.text();
        assert!(text.starts_with("# envseal"), "{text}");
        assert_eq!(text.lines().filter(|line| line.contains("envseal-gr1-")).count(), 2);
        let read = TeamFile::parse(text.as_bytes()).unwrap();
        assert_eq!(read.members(), file.members());
        assert_eq!(name("bob").words(), "bob".words());
        assert!(read.members().contains_key("bob") && !read.members().contains_key("carol"));
        assert_eq!(read.member_of(&bob.public()), Some(&name("bob")));
        assert_eq!(read.names_of(&bob.public()), [name("bob")]);
        let line = read.grant(&production, &name("bob")).unwrap();
        assert_eq!(read.open(line, &bob).unwrap().public(), key.public());
        assert!(text.lines().nth(line.line - 1).unwrap().starts_with("bob = {"), "{}: {text}", line.line);
        assert!(read.prove(line, &key).is_ok());
        assert!(read.rotations(&production).next().unwrap().is_proven_by(&key));
        assert_eq!((read.all_rotations().count(), read.rotations(&env("x")).count()), (1, 0));
        let lines: Vec<_> = text.lines().filter(|line| line.contains(" = ")).map(|line| &line[..3]).collect();
        assert_eq!(lines[..4], ["ali", "bob", "ali", "bob"], "sorted: {text}");
        assert_eq!(read.text(), text);
    }

    /// Returns the file as it is in memory, and as parsed from its text.
    fn both(file: &TeamFile) -> [TeamFile; 2] {
        [file.clone(), TeamFile::parse(file.text().as_bytes()).unwrap()]
    }

    #[test]
    fn a_grant_is_taken_from_its_member_in_its_environment_alone() {
        let (alice, key) = (Identity::generate(), PrivateKey::generate());
        let mut file = TeamFile::parse(b"").unwrap();
        for (in_env, member) in [("x", "alice"), ("x", "bob"), ("y", "alice")] {
            let to = (&name(member), &alice.public());
            file.put_grant(GrantLine::make(&env(in_env), &key, to, (&name("alice"), &alice)));
        }
        file.take_grant(&env("x"), &name("alice"));
        for file in both(&file) {
            let left = file.grants().iter().map(|line| (line.env.as_str(), line.member.as_str()));
            assert_eq!(left.collect::<Vec<_>>(), [("x", "bob"), ("y", "alice")]);
        }
    }

    #[test]
    fn an_exposure_takes_the_place_of_its_own_alone() {
        let key = PrivateKey::generate();
        let proof = Proof::of_rotation("x", &key, &key.public());
        let mut file = TeamFile::parse(b"").unwrap();
        let mut put = |in_env, member, variable: &str, state| {
            let (env, member, since) = (env(in_env), name(member), Moment { seconds: 0, offset: 0 });
            let (name, tags, proof) = (variable.to_owned(), vec![proof], proof);
            file.put_exposure(Exposure { env, member, name, since, state, tags, proof, line: 0 });
        };
        for (env, member, variable) in
            [("x", "bob", "A"), ("x", "bob", "B"), ("x", "carol", "A"), ("y", "bob", "A")]
        {
            put(env, member, variable, ExposureState::Exposed);
        }
        put("x", "bob", "A", ExposureState::Replaced);
        for file in both(&file) {
            let all: Vec<_> = file.exposures().iter().map(|there| there.state).collect();
            assert_eq!(all[0], ExposureState::Replaced);
            assert_eq!(all[1..], [ExposureState::Exposed; 3]);
        }
    }

    #[test]
    fn hands_own_comments_and_order_stay() {
        let key = Identity::generate().public();
        let text = format!(
            "# ours\n[policy]\nplain = [ \"PORT\" ] # a port\n\n[members] # us\nzoe = \"{key}\" # left-handed\n# the boss\nadam = \"{key}\"\n"
        );
        let mut file = TeamFile::parse(text.as_bytes()).unwrap();
        file.put_member(&name("bob"), &key);
        assert_eq!(file.text(), format!("{text}bob = \"{key}\"\n"));
        file.remove_member(&name("bob"), Moment { seconds: 1_767_323_045, offset: 60 });
        let removed = format!("\n[removed]\nbob = {{ key = \"{key}\", since = 2026-01-02T03:04:05Z }}\n");
        assert_eq!(file.text(), format!("{text}{removed}"));
        let read = TeamFile::parse(file.text().as_bytes()).unwrap();
        assert_eq!(read.removed()[&name("bob")].since.seconds, 1_767_323_045);
    }

    #[test]
    fn a_removed_key_stays_on_record_when_its_name_is_put_back() {
        let (old, new) = (Identity::generate().public(), Identity::generate().public());
        let bob = name(&format!("bob.{}é", "x".repeat(50)));
        let mut file = TeamFile::parse(b"").unwrap();
        file.put_member(&bob, &old);
        file.remove_member(&bob, Moment { seconds: 0, offset: 0 });
        let removed = file.text();
        file.put_member(&bob, &old);
        file.remove_member(&bob, Moment { seconds: 86_400, offset: 0 });
        assert_eq!(file.text(), removed, "the first removal counts");
        for other in [new, Identity::generate().public()] {
            file.put_member(&bob, &other);
            file.remove_member(&bob, Moment { seconds: 86_400, offset: 0 });
            assert!(file.is_removed(&old) && file.is_removed(&other));
        }
        let read = TeamFile::parse(file.text().as_bytes()).unwrap();
        assert_eq!(read.removed(), file.removed());
        assert_eq!((read.removed()[&bob].since.seconds, read.removed().len()), (0, 3));
    }

    #[test]
    fn each_of_two_keys_of_one_name_keeps_its_grants() {
        let [alice, old, new] = [(); 3].map(|()| Identity::generate());
        let [bob, carol] = ["bob", "carol"].map(name);
        let (now, key) = (Moment { seconds: 0, offset: 0 }, PrivateKey::generate());
        let mut file = TeamFile::parse(b"").unwrap();
        for (name, identity) in [(&name("alice"), &alice), (&bob, &old), (&carol, &alice)] {
            file.put_member(name, &identity.public());
        }
        file.remove_member(&bob, now);
        file.put_member(&bob, &new.public());
        let carols = (&carol, &alice.public());
        file.put_grant(GrantLine::make(&env("a"), &key, carols, (&bob, &old)));
        file.put_grant(GrantLine::make(&env("b"), &key, (&bob, &old.public()), (&bob, &old)));
        file.put_grant(GrantLine::make(&env("c"), &key, carols, (&bob, &new)));
        file.put_grant(GrantLine::make(&env("d"), &key, (&bob, &new.public()), (&bob, &old)));
        file.remove_member(&bob, now);
        for file in both(&file) {
            let parties = |line: &GrantLine| format!("{} {} {}", line.env, line.member, line.by);
            let mut grants: Vec<_> = file.grants().iter().map(parties).collect();
            grants.sort();
            assert_eq!(
                grants,
                ["a carol bob", "b bob bob", "c carol bob-1970-01-01", "d bob-1970-01-01 bob"]
            );
            assert!(file.grants().iter().all(|line| file.is_signed(line)));
        }
    }

    #[test]
    fn a_moment_has_an_offset() {
        let key = Identity::generate().public();
        let since = |moment: &str| {
            let text = format!("[removed]\nbob = {{ key = \"{key}\", since = {moment} }}\n");
            TeamFile::parse(text.as_bytes()).map(|file| file.removed()["bob"].since.seconds)
        };
        for (moment, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-02T03:04:05Z", 97_445),
            ("1970-01-01T01:02:03+01:00", 123),
            ("1969-12-31T22:30:00-01:30", 0),
        ] {
            assert_eq!(since(moment).unwrap(), seconds, "{moment}");
        }
        for bad in ["1970-01-01", "03:04:05", "1970-01-01T00:00:00", "'1970-01-01T00:00:00Z'"] {
            assert!(since(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let key = Identity::generate().public();
        for (text, expected) in [
            ("\n\n[members]\nbob = 1\n".to_owned(), "line 4: members.bob: must be a string"),
            ("[members]\n\"a b\" = \"\"\n".into(), "line 2: members.a b:"),
            ("[grants]\nproduction = 1\n".into(), "line 2: grants.production: must be a table"),
            ("[grants.Prod]\nbob = {}\n".into(), "must be in lower case"),
            (format!("[removed]\nbob = {{ key = \"{key}\" }}\n"), "line 2: removed.bob: has no `since`"),
            ("<<<<<<< ours\n".into(), "unresolved merge conflict on line 1"),
            ("bob\n".into(), "it is not TOML: line 1"),
        ] {
            let error = TeamFile::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_removed_granter_grants_nothing() {
        let (alice, bob, key) = (Identity::generate(), Identity::generate(), PrivateKey::generate());
        let mut file = TeamFile::parse(b"").unwrap();
        file.put_member(&name("alice"), &alice.public());
        file.put_member(&name("bob"), &bob.public());
        let line = GrantLine::make(&env("x"), &key, (&name("bob"), &bob.public()), (&name("alice"), &alice));
        assert_eq!(file.verify(&line), Ok(()));
        let mut swapped = file.clone();
        file.remove_member(&name("alice"), Moment { seconds: 0, offset: 0 });
        assert_eq!(file.verify(&line), Err(GrantFault::NoGranter(name("alice"))));
        file.remove_member(&name("bob"), Moment { seconds: 0, offset: 0 });
        assert_eq!(file.open(&line, &bob).unwrap_err(), GrantFault::Removed(name("bob")));
        swapped.put_member(&name("bob"), &alice.public());
        assert!(matches!(swapped.verify(&line), Err(GrantFault::Grant(_))), "swapped under the same name");
    }
}
