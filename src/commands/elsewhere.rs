//! The warnings of `run` about programs that read env files themselves.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

use super::Context;
use crate::check::rules::{Framework, is_mode, list_names};
use crate::check::{ProgramStart, find_other_readers};
use crate::config::EnvName;
use crate::hint::Hint;
use crate::project::{EnvFile, Variable};

/// Warns if the program that is about to start is likely to read a file itself and use its sealed values as they are,
/// or to expand values again. Returns true if Next.js must be told that there is nothing left to read.
pub(super) fn warn(
    context: &Context,
    command: &[OsString],
    files: &[EnvFile],
    whole: bool,
    mode: Option<&EnvName>,
    variables: &[Variable<'_>],
) -> bool {
    let set = std::cell::OnceCell::new();
    let value = |name: &str| {
        let set: &HashMap<&str, &[u8]> = set.get_or_init(|| {
            variables.iter().map(|variable| (variable.name, variable.value.expose())).collect()
        });
        set.get(name).copied()
    };
    let node_env = context.process.get("NODE_ENV").map(std::ffi::OsStr::as_encoded_bytes);
    let node_env = node_env.or_else(|| value("NODE_ENV")).and_then(|value| std::str::from_utf8(value).ok());
    let found = find_other_readers(&ProgramStart {
        command,
        loaded: files,
        whole,
        mode,
        node_env,
        is_set: &|name| value(name).is_some() || context.process.get(name).is_some(),
        has_dollar: &|name| value(name).is_some_and(|value| value.contains(&b'$')),
    });
    let is_told = found.next.as_ref().is_some_and(|next| next.left_out.is_none());
    if context.ui.quiet {
        return is_told;
    }
    let remedy = |framework: &Framework, file: &Path| remedy(framework, file, files, mode);
    // `run` itself notes values that could not be decrypted and may be missing.
    for sealed in found.sealed {
        let names: Vec<_> = sealed.names.iter().map(String::as_str).collect();
        let words = format!(
            "{} reads {} itself and gets the sealed value{} of {}, which this run doesn't set",
            sealed.framework.name(),
            sealed.file.display(),
            if names.len() == 1 { "" } else { "s" },
            list_names(&names),
        );
        context.ui.note(remedy(&sealed.framework, &sealed.file).joined(words, ": "));
    }
    if let Some(next) = found.next.filter(|next| !next.expanded.is_empty()) {
        let names: Vec<_> = next.expanded.iter().map(String::as_str).collect();
        let names = list_names(&names);
        if next.reads_anyway {
            context.ui.note(format_args!(
                "before Next.js 16, `next dev` expands every `$` in the value of {names} again; keep it in a file that \
                 Next.js doesn't read, such as dev.env: envseal run -f dev.env -f .env -- …"
            ));
        } else if let Some(file) = next.left_out {
            let words = format!(
                "Next.js may read {} itself, and then expands every `$` in the value of {names} again",
                file.display(),
            );
            context.ui.note(remedy(&Framework::Next, &file).joined(words, ": "));
        }
    }
    if found.dotenvx {
        let has_command =
            |variable: &&Variable<'_>| variable.value.expose().windows(2).any(|two| two == b"$(");
        let names: Vec<_> = variables.iter().filter(has_command).map(|variable| variable.name).collect();
        if !names.is_empty() {
            context.ui.note(format_args!(
                "dotenvx runs the `$(…)` in the value of {} if a file that it reads has that name; start the program \
                 without dotenvx",
                list_names(&names),
            ));
        }
    }
    is_told
}

/// Returns what to add to this run.
fn remedy(framework: &Framework, file: &Path, files: &[EnvFile], mode: Option<&EnvName>) -> Hint {
    if files.iter().any(|loaded| loaded.path() == file) {
        return "include all of its variables: remove -k and -x".into();
    }
    let of_file = EnvName::of_file(file).ok();
    // The convention itself takes the mode from ENVSEAL_ENV or NODE_ENV, and not from the command.
    match files.iter().map(EnvFile::env).chain(mode).chain(&of_file).find(|env| is_mode(env)) {
        Some(env) if *framework == Framework::Next => {
            hint!("envseal run --convention nextjs -e {env} -- …", env)
        }
        // Overlays go first.
        _ if of_file.as_ref().is_some_and(EnvName::is_overlay) => hint!("load it first: -f {file}", file),
        _ => hint!("load it last: -f {file}", file),
    }
}
