//! Wrong command lines: removes values from clap's error, and adds what was probably meant.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::config::is_env_file;
use crate::ui;

/// A group of commands or none, words of other tools after it, and the command to use here.
const TIPS: &[(&str, &[&str], &str)] = &[
    ("", &["add", "put", "create", "new", "seal"], "set NAME"),
    ("", &["show", "view", "cat", "print", "export", "read", "open"], "get"),
    ("", &["delete", "remove", "rm", "del"], "unset NAME"),
    ("", &["move", "mv"], "rename OLD NEW"),
    ("", &["exec", "exec-env", "x", "with"], "run -- CMD"),
    ("", &["list", "status", "env", "envs", "info"], "ls"),
    ("", &["lock"], "key lock"),
    ("", &["unlock"], "key unlock"),
    ("", &["unseal"], "decrypt"),
    ("", &["rotate", "rekey", "updatekeys"], "key rotate"),
    ("", &["keypair", "keys"], "key show"),
    ("", &["keygen", "generate"], "key generate"),
    ("", &["backup"], "key backup FILE"),
    ("", &["trust"], "key trust"),
    ("", &["request", "join", "login", "register"], "team request"),
    ("", &["approve", "grant", "share", "invite"], "team approve MEMBER"),
    ("", &["revoke", "kick"], "team remove MEMBER"),
    ("", &["members", "users"], "team list"),
    ("", &["whoami"], "team whoami"),
    ("", &["exposures"], "team exposures"),
    ("", &["scan", "lint", "verify", "audit", "precommit", "validate"], "check"),
    ("", &["install", "hooks"], "hook install"),
    ("", &["history"], "log"),
    ("", &["annotate"], "blame"),
    ("", &["genexample", "example"], "ls --example"),
    ("", &["version"], "--version"),
    ("key", &["export", "print", "get", "cat"], "key show --private -e NAME"),
    ("key", &["add", "create", "new", "make", "init"], "key generate -e NAME"),
    ("key", &["restore", "import"], "key recover FILE"),
    ("team", &["join"], "team request"),
    ("team", &["invite", "grant"], "team approve MEMBER"),
    ("team", &["revoke", "delete", "rm", "kick"], "team remove MEMBER"),
    ("hook", &["add", "init", "setup", "enable"], "hook install"),
    ("hook", &["remove", "rm", "delete", "disable"], "hook uninstall"),
];

/// Adds to clap's error the command that was probably meant by these arguments.
pub(super) fn add_tip(error: &mut clap::Error, arguments: &[OsString]) {
    // No tip repeats a private key.
    let typed = |error: &clap::Error, kind| match error.get(kind) {
        Some(ContextValue::String(text)) if matches!(ui::without_private_keys(text), Cow::Borrowed(_)) => {
            Some(text.clone())
        }
        _ => None,
    };
    let tip = match error.kind() {
        ErrorKind::InvalidSubcommand => typed(error, ContextKind::InvalidSubcommand).and_then(|word| {
            let at = arguments.iter().position(|argument| *argument == *word)?;
            let before = arguments[..at].last().and_then(|before| before.to_str()).unwrap_or_default();
            let group = TIPS.iter().map(|(group, ..)| *group).find(|group| *group == before).unwrap_or("");
            let is_meant =
                |(of, words, _): &&(&str, &[&str], _)| *of == group && words.contains(&word.as_str());
            let (.., command) = TIPS.iter().find(is_meant)?;
            error.remove(ContextKind::SuggestedSubcommand);
            Some(format!("use: envseal {command}"))
        }),
        ErrorKind::UnknownArgument => typed(error, ContextKind::InvalidArg).and_then(|word| {
            let is_request = arguments.windows(2).any(|words| words == ["team", "request"]);
            if is_env_file(Path::new(&word)) {
                hint!("name a file with -f: -f {file}", file = Path::new(&word)).line()
            } else if is_request && !word.starts_with('-') {
                hint!("name yourself with --name: --name {word}", word).line()
            } else {
                None
            }
        }),
        _ => None,
    };
    if let Some(tip) = tip {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
}

/// Removes from clap's error what may be a value: the text after an `=`, in a `set` every word that clap does not know, and
/// private keys.
pub(super) fn hide_values(error: &mut clap::Error, is_set: bool) {
    use ErrorKind::{InvalidSubcommand, TooManyValues, UnknownArgument, ValueValidation};
    const KINDS: [ContextKind; 3] =
        [ContextKind::InvalidSubcommand, ContextKind::InvalidArg, ContextKind::InvalidValue];
    for kind in KINDS {
        if let Some(ContextValue::String(text)) = error.get(kind)
            && let Cow::Owned(hidden) = ui::without_private_keys(text)
        {
            error.insert(kind, ContextValue::String(hidden));
            error.remove(ContextKind::Suggested);
        }
    }
    let is_option = is_set && error.kind() == ValueValidation;
    if !is_option && !matches!(error.kind(), UnknownArgument | TooManyValues | InvalidSubcommand) {
        return;
    }
    for kind in KINDS {
        let Some(ContextValue::String(text)) = error.get(kind) else { continue };
        let is_known = error.kind() == TooManyValues && kind == ContextKind::InvalidArg;
        let hidden = match text.split_once('=') {
            _ if is_option && kind == ContextKind::InvalidArg => continue,
            _ if is_set && !is_known => "…".to_owned(),
            Some((name, _)) => format!("{name}=…"),
            None => continue,
        };
        let wants_stdin = text.starts_with("--stdin");
        error.insert(kind, ContextValue::String(hidden));
        error.remove(ContextKind::Suggested);
        if wants_stdin {
            let tip = "omit VALUE to read it from stdin".into();
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tip_is_a_command_and_no_word_is_one() {
        let definition = super::super::definition();
        for (group, words, command) in TIPS {
            let group = if group.is_empty() { Some(&definition) } else { definition.find_subcommand(group) };
            let group = group.unwrap();
            let mut at = &definition;
            for word in command.split(' ').filter(|word| word.chars().all(|c| c.is_ascii_lowercase())) {
                at = at.find_subcommand(word).unwrap_or_else(|| panic!("{command}"));
            }
            assert!(words.iter().all(|word| group.find_subcommand(word).is_none()), "{words:?}");
        }
    }
}
