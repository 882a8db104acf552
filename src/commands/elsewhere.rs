//! `run`'s warning of programs that read env files by themselves.

use std::collections::HashSet;

use super::Context;
use super::select::Names;
use crate::config::EnvName;
use crate::guard::{TakenElsewhere, taken_elsewhere};
use crate::hint::Hint;
use crate::scan::{Framework, told};
use crate::vault::{EnvFile, Variable};

/// Warns where the program that is about to be started is likely to read a file by itself, and to take tokens in it
/// for values.
pub(super) fn warn(context: &Context, files: &[EnvFile], names: &Names, variables: &[Variable<'_>]) {
    if context.ui.quiet {
        return;
    }
    let mode = context.process.node_environment().and_then(Result::ok);
    let set = std::cell::OnceCell::new();
    let is_set = |name: &str| {
        let set: &HashSet<&str> =
            set.get_or_init(|| variables.iter().map(|variable| variable.name).collect());
        set.contains(name) || context.process.get(name).is_some()
    };
    // What could not be opened and may be missing was told by its name.
    for taken in taken_elsewhere(files, mode.as_ref(), names.is_all(), &is_set) {
        let names: Vec<_> = taken.names.iter().map(String::as_str).collect();
        let remedy = if files.iter().any(|file| file.path() == taken.file) {
            "leave out neither with -k nor -x what stands there".into()
        } else {
            remedy(&taken, files, mode.as_ref())
        };
        let tokens = if names.len() == 1 { "its token" } else { "each token" };
        let words = format!(
            "{} reads {} by itself, and takes {tokens} for the value of {}, which this run does not set",
            taken.framework.name(),
            taken.file.display(),
            told(&names),
        );
        context.ui.note(remedy.joined(words, ": "));
    }
}

/// What to add to this run.
fn remedy(taken: &TakenElsewhere, files: &[EnvFile], mode: Option<&EnvName>) -> Hint {
    let file = &taken.file;
    let known = |env: &&EnvName| ["development", "production", "test"].contains(&env.as_str());
    match files.iter().map(EnvFile::env).chain(mode).find(known) {
        Some(env) if taken.framework == Framework::Next => {
            hint!("envseal run --convention nextjs -e {env} -- …", env)
        }
        // What lies over other files goes before them.
        _ if EnvName::of_file(&taken.file).is_ok_and(|env| env.is_overlay()) => {
            hint!("load it too, first: -f {file}", file)
        }
        _ => hint!("load it too, last: -f {file}", file),
    }
}
