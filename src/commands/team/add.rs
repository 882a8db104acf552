//! `envseal team add`.

use std::path::{Path, PathBuf};

use super::approve::print_approval;
use crate::commands::{Context, env_names};
use crate::config::EnvName;
use crate::crypto::IdentityKey;
use crate::error::Error;
use crate::fs;
use crate::members::{Candidate, approve, new_candidate, parse_keys, refuse_approval};
use crate::project::Project;
use crate::ui::{self, DefaultAnswer, listed};

/// Add a member by their public key
///
/// Reads OpenSSH public keys, one a line, and takes an ssh-ed25519 key. Shows its fingerprint and asks for confirmation on
/// the terminal: anyone can publish a key under any name. With -e, also grants access.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  curl -sf https://github.com/bob.keys | envseal team add bob --key -
  envseal team add ci --key ci.pub -e production --fingerprint SHA256:…")]
pub(in crate::commands) struct TeamAddArgs {
    #[arg(value_name = "MEMBER")]
    name: String,
    /// The file with the public key; `-` for stdin
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Also grant this environment (repeats)
    #[arg(short, long = "env", value_name = "NAME")]
    environment: Vec<String>,
    /// Don't prompt; take the key that has this fingerprint
    #[arg(long, value_name = "SHA256:…")]
    fingerprint: Option<String>,
}

pub(super) fn run(context: &Context, args: &TeamAddArgs) -> Result<(), Error> {
    let project = context.project()?;
    let envs = env_names(&args.environment)?;
    let keys = read_keys(&args.key)?;
    if !envs.is_empty() {
        refuse_approval(&project, &context.store, &envs)?;
    }
    let member = match &args.fingerprint {
        Some(given) => new_candidate(&project, &args.name, with_fingerprint(&keys, given)?)?,
        None => choose(context, &project, &args.name, &keys, &envs)?,
    };
    let approval = approve(&project, &context.store, &member, &envs)?;
    let (name, fingerprint) = (&member.name, member.key.fingerprint());
    if member.is_new {
        context.ui.say(format_args!("Added {name} to the team ({fingerprint})"));
    } else {
        context.ui.say(format_args!("{name} is already a member ({fingerprint})"));
    }
    print_approval(context, &project, &member, &approval)
}

fn read_keys(path: &Path) -> Result<Vec<IdentityKey>, Error> {
    if path.as_os_str() != "-" {
        return parse_keys(&fs::read(path)?, &path.display().to_string());
    }
    let text = ui::stdin_value()?.ok_or_else(|| {
        Error::usage("stdin is the terminal, where a public key is expected", "name a file: --key FILE")
    })?;
    parse_keys(&text, "stdin")
}

fn with_fingerprint(keys: &[IdentityKey], given: &str) -> Result<IdentityKey, Error> {
    keys.iter().find(|key| key.fingerprint() == given).copied().ok_or_else(|| {
        let message = format!("no ssh-ed25519 key there has the fingerprint {given}");
        let hint = "have the member read theirs to you: ssh-keygen -lf FILE, or envseal team whoami";
        let there = keys.iter().map(|key| format!("there is {}", key.fingerprint()));
        Error::usage(message, hint).with_details(there)
    })
}

/// Asks a person which key is the member's.
fn choose(
    context: &Context,
    project: &Project,
    name: &str,
    keys: &[IdentityKey],
    envs: &[EnvName],
) -> Result<Candidate, Error> {
    let (mut possible, mut refused) = (Vec::new(), None);
    for key in keys {
        match new_candidate(project, name, *key) {
            Ok(candidate) => possible.push(candidate),
            Err(error) => drop(refused.get_or_insert(error)),
        }
    }
    if let Some(error) = refused.filter(|_| possible.is_empty()) {
        return Err(error);
    }
    let prints: Vec<_> = possible.iter().map(|candidate| candidate.key.fingerprint()).collect();
    if prints.len() > 1 {
        context.ui.say(format_args!("{name} has {} keys:", prints.len()));
        for print in &prints {
            context.ui.say(format_args!("  {print}"));
        }
    }
    let what = match envs {
        [] => "Add them to the team?".to_owned(),
        envs => format!("Add them to the team, and grant access to {}?", listed(envs)),
    };
    for (candidate, print) in possible.into_iter().zip(&prints) {
        let question = format!("{name}'s fingerprint is {print}. Have you verified it with {name}? {what}");
        let answer = if ui::can_ask() {
            Some(ui::confirm(&question, DefaultAnswer::No)?)
        } else {
            ui::confirm_beside_pipe(&question)?
        };
        match answer {
            Some(true) => return Ok(candidate),
            Some(false) => {}
            None if prints.len() == 1 => {
                let message = format!("confirmation needed: {name}'s fingerprint is {print}");
                return Err(Error::usage(
                    message,
                    hint!("if it is right, add: --fingerprint {print}", print),
                ));
            }
            None => {
                let message = format!("confirmation needed: {name} has {} keys", prints.len());
                let hint = "verify one, and add: --fingerprint SHA256:…";
                return Err(Error::usage(message, hint).with_details(prints.clone()));
            }
        }
    }
    let hint = "have the member read their fingerprint to you: ssh-keygen -lf FILE, or envseal team whoami";
    Err(Error::usage("not confirmed; nobody was added", hint))
}
