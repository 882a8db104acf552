//! A Kubernetes `v1` `Secret`, type `Opaque`, for `kubectl apply -f -`.
//!
//! `data` is base64 (RFC 4648, section 4), so it holds every value, NUL included. The limits are the API server's:
//! keys by `IsConfigMapKey` and the name by `IsDNS1123Subdomain` (apimachinery, `util/validation`), 1 MiB of values by
//! `ValidateSecret`. Keys and values are quoted, because YAML doesn't read `NO` or `1e3` as a string.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{Output, Variable};
use crate::error::Error;

/// `DNS1123SubdomainMaxLength`, for keys too.
const NAME: usize = 253;
/// `MaxSecretSize`
pub(super) const VALUES: usize = 1024 * 1024;

/// Requires a DNS subdomain for `metadata.name` (RFC 1123): labels of `[a-z0-9-]` that start and end in a letter or digit,
/// joined by dots.
pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let is_end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_label = |label: &str| {
        label.starts_with(is_end) && label.ends_with(is_end) && label.chars().all(|c| is_end(c) || c == '-')
    };
    if name.len() <= NAME && name.split('.').all(is_label) {
        return Ok(());
    }
    let rule = "lower-case letters, digits, '-' and '.', at most 253";
    Err(Error::refused(format!("{name:?} can't name a Kubernetes Secret: use {rule}")).with_status(3))
}

/// Returns true if a dotted name is a valid key. Keys become file names in a volume, where `.` and `..*` are special.
pub(super) fn is_key(name: &str) -> bool {
    name.len() <= NAME && name != "." && !name.starts_with("..")
}

pub(super) fn put(vars: &[Variable<'_>], name: &str, out: &mut Output) {
    out.put("apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"");
    out.put(name);
    out.put("\"\ntype: Opaque\n");
    out.put(if vars.is_empty() { "data: {}\n" } else { "data:\n" });
    for var in vars {
        out.put("  \"");
        out.put(var.name);
        out.put("\": \"");
        base64(var.value, out);
        out.put("\"\n");
    }
}

/// Encodes in groups of whole triples, through one buffer that is wiped.
fn base64(value: &[u8], out: &mut Output) {
    let mut text = Zeroizing::new([0; 64]);
    for group in value.chunks(48) {
        let length = STANDARD.encode_slice(group, text.as_mut_slice()).expect("64 characters hold 48 bytes");
        out.put(&text[..length]);
    }
}
