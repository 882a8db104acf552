//! Merging env files: by name, and where the private keys are at hand with an eye on what the values are.

use std::path::Path;

use zeroize::Zeroizing;

use super::file::folder_of;
use super::textconv::token_in;
use crate::config::EnvName;
use crate::crypto::{Kind, Opener, Refs, SealedValue, SecretBytes};
use crate::dotenv::{self, BothChanged, Merged, Side, Versions, read};
use crate::error::Error;
use crate::fs::{self, NewMode};
use crate::keys::KeyStore;

/// Merges three versions of the env file at `path`, which need not be there; see [`dotenv::merge`].
///
/// Of a sealed value that both sides changed, the side is taken that really changed it when the other only sealed it
/// anew; ours, where both come to the same. That takes the private keys of every era that the versions are of. Where
/// they are not at hand, or their place is not as it should be, it is a conflict: nobody is asked and nothing fails.
pub(crate) fn merge(
    path: &Path,
    versions: &Versions<'_>,
    marker_size: usize,
    store: &KeyStore<'_>,
) -> Merged {
    let mut openers = None;
    let mut decide = |both: &BothChanged<'_>| {
        // What one side moved to plain text, a person has to see.
        if token_in(both.ours).is_none() || token_in(both.theirs).is_none() {
            return None;
        }
        side_that_changed(both, openers.get_or_insert_with(|| openers_for(path, store)))
    };
    dotenv::merge(versions, marker_size, &mut decide)
}

/// Reads one version of an env file, wherever git has put it.
pub(crate) fn read_version(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    Ok(fs::read_secret(path)?)
}

/// Writes a merged text where git looks for it.
pub(crate) fn write_version(path: &Path, text: &[u8]) -> Result<(), Error> {
    Ok(fs::write_atomic(path, text, NewMode::Private)?)
}

fn openers_for(path: &Path, store: &KeyStore<'_>) -> Vec<Opener> {
    let keys = EnvName::of_file(path).ok().and_then(|env| store.all(&env, &folder_of(path)).ok());
    keys.unwrap_or_default().into_iter().map(Opener::new).collect()
}

fn side_that_changed(both: &BothChanged<'_>, openers: &mut [Opener]) -> Option<Side> {
    let ours = content(both.name, both.ours, openers)?;
    let theirs = content(both.name, both.theirs, openers)?;
    if ours.is(&theirs) {
        return Some(Side::Ours);
    }
    let base = content(both.name, both.base?, openers)?;
    match (ours.is(&base), theirs.is(&base)) {
        (true, _) => Some(Side::Theirs),
        (_, true) => Some(Side::Ours),
        _ => None,
    }
}

/// What a value comes to, whichever way it was sealed.
enum Content {
    /// These bytes.
    Literal(SecretBytes),
    /// Source text that may refer to other variables; the names it is held to, where it was sealed.
    Source(SecretBytes, Option<Refs>),
}

impl Content {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(one), Self::Literal(other)) => one == other,
            (Self::Source(one, refs), Self::Source(other, other_refs)) => {
                one == other && (refs.is_none() || other_refs.is_none() || refs == other_refs)
            }
            _ => false,
        }
    }
}

/// What source text comes to, opened if it is sealed; none if it cannot be opened.
fn content(name: &str, source: &[u8], openers: &mut [Opener]) -> Option<Content> {
    let (bytes, refs) = match token_in(source) {
        Some(range) => {
            let token = SealedValue::parse(&source[range]).ok()?;
            let opener = openers.iter_mut().find(|opener| opener.public_key().id() == token.key_id())?;
            let opened = opener.open(name, &token).ok()?;
            if opened.kind == Kind::Value {
                return Some(Content::Literal(opened.bytes));
            }
            (opened.bytes, Some(token.refs().clone()))
        }
        None => (SecretBytes::new(source.to_vec()), None),
    };
    let (quote, mut text) = read(bytes.expose());
    if quote.expands() && memchr::memchr(b'$', &text).is_some() {
        return Some(Content::Source(bytes, refs));
    }
    Some(Content::Literal(SecretBytes::new(std::mem::take(&mut *text))))
}
