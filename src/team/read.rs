//! Reading the team file's entries.

use std::fmt::Display;

use toml_edit::{Item, Table, TableLike, Value};

use super::{Exposure, ExposureState, GrantLine, MemberName, Rotation, TeamError};
use crate::config::EnvName;
use crate::crypto::{Grant, Proof, PublicKey};
use crate::time::{self, Moment};

/// Reads entries, and says of which line an error is.
pub(super) struct Reader {
    /// Where each line ends: counted once, for there may be thousands of exposures.
    line_ends: Vec<usize>,
}

/// One entry: its key, its value, and what both are called.
pub(super) struct At<'a> {
    reader: &'a Reader,
    pub(super) key: &'a str,
    item: &'a Item,
    called: String,
    line: usize,
}

/// A text, and the entry it is of.
pub(super) struct Text<'a>(&'a str, &'a At<'a>);

impl Reader {
    pub(super) fn new(text: &str) -> Self {
        Self { line_ends: memchr::memchr_iter(b'\n', text.as_bytes()).collect() }
    }

    /// The entries of the table at `path`, none if there is no such table.
    pub(super) fn entries<'a>(&'a self, root: &'a Table, path: &[&str]) -> Result<Vec<At<'a>>, TeamError> {
        let mut table: &'a dyn TableLike = root;
        for part in path {
            let Some(inner) = table.get(part) else { return Ok(Vec::new()) };
            table = inner.as_table_like().ok_or_else(|| TeamError::Entry {
                line: self.line(inner),
                entry: path.join("."),
                what: "must be a table".into(),
            })?;
        }
        let at = |(key, item): (&'a str, &'a Item)| At {
            reader: self,
            key,
            item,
            called: format!("{}.{key}", path.join(".")),
            line: self.line(item),
        };
        Ok(table.iter().map(at).collect())
    }

    fn line(&self, item: &Item) -> usize {
        let start = item.span().map_or(0, |span| span.start);
        self.line_ends.partition_point(|end| *end < start) + 1
    }
}

impl<'a> At<'a> {
    pub(super) fn fail(&self, what: impl Display) -> TeamError {
        TeamError::Entry { line: self.line, entry: self.called.clone(), what: what.to_string() }
    }

    pub(super) fn name(&self) -> Result<MemberName, TeamError> {
        MemberName::new(self.key).map_err(|error| self.fail(error))
    }

    pub(super) fn env(&self) -> Result<EnvName, TeamError> {
        let env = EnvName::new(self.key).map_err(|error| self.fail(error))?;
        // Two spellings of one environment would be two grants to one member.
        if env.as_str() == self.key { Ok(env) } else { Err(self.fail("must be in lower case")) }
    }

    pub(super) fn field(&self, key: &'static str) -> Result<At<'a>, TeamError> {
        let item = self.item.as_table_like().and_then(|table| table.get(key));
        let item = item.ok_or_else(|| self.fail(format!("has no `{key}`")))?;
        Ok(At { reader: self.reader, key, item, called: format!("{}.{key}", self.called), line: self.line })
    }

    pub(super) fn text(&self) -> Result<Text<'_>, TeamError> {
        self.item.as_str().map(|text| Text(text, self)).ok_or_else(|| self.fail("must be a string"))
    }

    pub(super) fn moment(&self) -> Result<Moment, TeamError> {
        let fail = || self.fail("must be a date and time with an offset");
        let at = self.item.as_datetime().ok_or_else(fail)?;
        let (date, time, offset) = (at.date.ok_or_else(fail)?, at.time.ok_or_else(fail)?, at.offset);
        let offset = match offset.ok_or_else(fail)? {
            toml_edit::Offset::Z => 0,
            toml_edit::Offset::Custom { minutes } => i64::from(minutes),
        };
        let days = time::days(date.year.into(), date.month.into(), date.day.into());
        let second = time.second.unwrap_or(0);
        let of_day = i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(second);
        Ok(Moment { seconds: days * 86_400 + of_day - offset * 60, offset: 0 })
    }

    pub(super) fn grant(&self, env: EnvName) -> Result<GrantLine, TeamError> {
        Ok(GrantLine {
            env,
            member: self.name()?,
            by: self.field("by")?.text()?.parsed(MemberName::new)?,
            key: self.field("key")?.text()?.parsed(PublicKey::parse)?,
            grant: self.field("grant")?.text()?.parsed(str::parse::<Grant>)?,
            line: self.line,
        })
    }

    pub(super) fn rotation(&self, env: EnvName) -> Result<Rotation, TeamError> {
        Ok(Rotation {
            env,
            old: self.field("old")?.text()?.parsed(PublicKey::parse)?,
            new: self.field("new")?.text()?.parsed(PublicKey::parse)?,
            proof: self.field("proof")?.text()?.parsed(str::parse::<Proof>)?,
            line: self.line,
        })
    }

    pub(super) fn exposure(&self, env: EnvName, member: MemberName) -> Result<Exposure, TeamError> {
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
            state: ExposureState::parse(state.text()?.0)
                .ok_or_else(|| state.fail("must be `exposed`, `unverified` or `replaced`"))?,
            tags: parsed.ok_or_else(|| tags.fail("holds what is no tag"))?,
            proof: self.field("proof")?.text()?.parsed(str::parse::<Proof>)?,
            line: self.line,
        })
    }
}

impl Text<'_> {
    pub(super) fn parsed<T, E: Display>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, TeamError> {
        parse(self.0).map_err(|error| self.1.fail(error))
    }
}
