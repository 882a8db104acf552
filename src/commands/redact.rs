//! What `run --redact` masks.

use super::Context;
use crate::exec::Forms;
use crate::scan::{MIN_MASKED, spellings};
use crate::vault::Reading;

/// The forms of every sealed value, also of those that the program is not given: another variable may hold the same.
/// Tells of values that are too short.
pub(super) fn forms(context: &Context, reading: &Reading<'_>) -> Forms {
    let mut short = Vec::new();
    let mut secrets = Vec::new();
    for (name, value) in reading.sealed() {
        let forms = spellings(value);
        if !forms.is_empty() {
            secrets.push((name.to_owned(), forms));
        } else if !value.is_empty() {
            short.push(name);
        }
    }
    if !short.is_empty() {
        context.ui.note(format_args!("shorter than {MIN_MASKED} bytes and not masked: {}", short.join(", ")));
    }
    Forms::new(secrets)
}
