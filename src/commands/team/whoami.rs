//! `envseal team whoami`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::super::Context;
use super::scope_here;
use crate::error::Error;
use crate::hint::Hint;
use crate::members::own_identity;
use crate::ui;

/// Show who you are: your identity, your name in the team, and what you were granted
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal team whoami
  envseal team whoami -i ~/.ssh/id_ed25519")]
pub(in crate::commands) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints it.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let me = own_identity(context.store())?;
    let key = me.identity.public();
    let team = scope_here(context)?.team()?;
    let name = team.member_of(&key);
    let removed = team.removed().iter().find(|(_, was)| was.key == key).map(|(name, _)| name);
    let granted: Vec<_> = team.grants().iter().filter(|line| Some(&line.member) == name).collect();
    let envs: Vec<_> = granted.iter().map(|line| line.env.to_string()).collect();
    if args.json {
        ui::json(&json!({
            "name": name.map(|name| Value::from(name.as_str())),
            "fingerprint": key.fingerprint(),
            "key": key.to_string(),
            "identity": me.place.to_string(),
            "granted": envs,
        }))
    } else {
        let mut text = match (name, removed) {
            (Some(name), _) => format!("{name}\n"),
            (None, Some(was)) => format!("not in the team: removed as {was}\n"),
            (None, None) => "not in the team\n".to_owned(),
        };
        let _ = writeln!(text, "  fingerprint: {}", key.fingerprint());
        let _ = writeln!(text, "  key: {key}");
        let _ = writeln!(text, "  identity: {}", ui::safe_line(&me.place.to_string()));
        let _ =
            writeln!(text, "  granted: {}", if envs.is_empty() { "nothing".into() } else { envs.join(", ") });
        ui::text(text.as_bytes())
    }
    .map_err(Error::io("write to stdout"))?;
    if name.is_none() && removed.is_none() {
        let hint = Hint::from("to ask for access: envseal team request");
        let identity = context.identity.as_ref().map(|path| hint!(" -i {path}", path));
        context.ui.suggest(&hint.and(identity.unwrap_or("".into())));
    }
    Ok(())
}
