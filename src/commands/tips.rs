//! What was meant by a word that is none of envseal's: one of another tool, or a file where none goes.

use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::config::is_env_file;

/// What other tools call it, and what it is here.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (&["add", "put", "create", "new", "seal"], "set NAME"),
    (&["show", "view", "cat", "print", "export", "read", "open"], "get"),
    (&["delete", "remove", "rm", "del"], "unset NAME"),
    (&["move", "mv"], "rename OLD NEW"),
    (&["exec", "exec-env", "x", "with"], "run -- CMD"),
    (&["list", "status", "env", "envs", "info"], "ls"),
    (&["lock"], "key lock"),
    (&["unlock"], "key unlock"),
    (&["unseal"], "decrypt"),
    (&["rotate", "rekey", "updatekeys"], "key rotate"),
    (&["keypair", "keys"], "key show"),
    (&["keygen", "generate"], "key generate"),
    (&["backup"], "key backup FILE"),
    (&["trust"], "key trust"),
    (&["request", "join", "login", "register"], "team request"),
    (&["approve", "grant", "share", "invite"], "team approve MEMBER"),
    (&["revoke", "kick"], "team remove MEMBER"),
    (&["members", "users"], "team list"),
    (&["whoami"], "team whoami"),
    (&["exposures"], "team exposures"),
    (&["scan", "lint", "verify", "audit", "precommit", "validate"], "check"),
    (&["install", "hooks"], "hook install"),
    (&["history"], "log"),
    (&["annotate"], "blame"),
    (&["genexample", "example"], "ls --example"),
    (&["version"], "--version"),
];

/// Adds to clap's error what was most likely meant.
pub(super) fn add_tip(error: &mut clap::Error) {
    let typed = |error: &clap::Error, kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let tip = match error.kind() {
        ErrorKind::InvalidSubcommand => typed(error, ContextKind::InvalidSubcommand).and_then(|word| {
            let (_, here) = ELSEWHERE.iter().find(|(words, _)| words.contains(&word.as_str()))?;
            error.remove(ContextKind::SuggestedSubcommand);
            Some(format!("that is: envseal {here}"))
        }),
        ErrorKind::UnknownArgument => typed(error, ContextKind::InvalidArg)
            .filter(|word| is_env_file(Path::new(word)))
            .and_then(|file| hint!("a file goes behind -f: -f {file}", file = Path::new(&file)).line()),
        _ => None,
    };
    if let Some(tip) = tip {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tip_is_a_command_and_no_word_is_one() {
        let definition = super::super::definition();
        for (words, here) in ELSEWHERE {
            let mut at = &definition;
            for word in here.split(' ').filter(|word| word.chars().all(|c| c.is_ascii_lowercase())) {
                at = at.find_subcommand(word).unwrap_or_else(|| panic!("{here}"));
            }
            assert!(words.iter().all(|word| definition.find_subcommand(word).is_none()), "{words:?}");
        }
    }
}
