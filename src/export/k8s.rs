//! A Kubernetes `v1` `Secret`, type `Opaque`, for `kubectl apply -f -`.
//!
//! `data` is base64 (RFC 4648, section 4), so it holds every value, NUL included. The limits are the API server's:
//! keys by `IsConfigMapKey` and the name by `IsDNS1123Subdomain` (apimachinery, `util/validation`), 1 MiB of values by
//! `ValidateSecret`. Keys and values are quoted, because YAML doesn't read `NO` or `1e3` as a string.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{Format, Output, Variable, sized};
use crate::error::Error;

/// `DNS1123SubdomainMaxLength`, for keys too.
const NAME: usize = 253;
/// `MaxSecretSize`
const VALUES: usize = 1024 * 1024;

pub(super) fn write(vars: &[Variable<'_>], name: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    if !is_subdomain(name) {
        // `metadata.name` is a DNS subdomain (RFC 1123).
        let rule = "lower-case letters, digits, '-' and '.', at most 253";
        return Err(
            Error::refused(format!("{name:?} can't name a Kubernetes Secret: use {rule}")).with_status(3)
        );
    }
    let mut total = 0;
    for var in vars {
        var.require_dotted_name(Format::K8s)?;
        // Keys become file names in a volume, where `.` and `..*` have a meaning.
        if var.name.len() > NAME || var.name == "." || var.name.starts_with("..") {
            return Err(var.bad_name(Format::K8s));
        }
        total += var.value.len();
        if total > VALUES {
            return Err(var.bad_value(Format::K8s, &format!("goes past {VALUES} bytes")));
        }
    }
    Ok(sized(|out| {
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
    }))
}

/// Encodes in groups of whole triples, through one buffer that is wiped.
fn base64(value: &[u8], out: &mut Output) {
    let mut text = Zeroizing::new([0; 64]);
    for group in value.chunks(48) {
        let length = STANDARD.encode_slice(group, text.as_mut_slice()).expect("64 characters hold 48 bytes");
        out.put(&text[..length]);
    }
}

/// Returns true for an RFC 1123 subdomain: labels of `[a-z0-9-]` that start and end in a letter or digit, joined by dots.
fn is_subdomain(name: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    name.len() <= NAME
        && name.split('.').all(|label| {
            let bytes = label.as_bytes();
            bytes.first().is_some_and(|&b| alphanumeric(b))
                && bytes.last().is_some_and(|&b| alphanumeric(b))
                && bytes.iter().all(|&b| alphanumeric(b) || b == b'-')
        })
}
