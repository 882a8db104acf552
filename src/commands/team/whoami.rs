//! `envseal team whoami`.

use serde::Serialize;

use crate::commands::Context;
use crate::error::Error;
use crate::members::own_identity;
use crate::ui;

/// Show your identity, your member name and your grants
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal team whoami
  envseal team whoami -i ~/.ssh/id_ed25519")]
pub(in crate::commands) struct TeamWhoamiArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct IdentityReport {
    name: Option<String>,
    fingerprint: String,
    key: String,
    identity: String,
    granted: Vec<String>,
}

pub(super) fn run(context: &Context, args: &TeamWhoamiArgs) -> Result<(), Error> {
    let me = own_identity(&context.store)?;
    let key = me.identity.public();
    let team = context.project()?.team()?;
    let name = team.member_of(&key);
    let removed = team.removed().iter().find(|(_, was)| was.key == key).map(|(name, _)| name);
    let granted = team.grants().iter().filter(|line| Some(&line.member) == name);
    let report = IdentityReport {
        name: name.map(ToString::to_string),
        fingerprint: key.fingerprint(),
        key: key.to_string(),
        identity: me.place.to_string(),
        granted: granted.map(|line| line.env.to_string()).collect(),
    };
    if args.json {
        ui::json(&report)?;
    } else {
        let who = match (name, removed) {
            (Some(name), _) => name.to_string(),
            (None, Some(name)) => format!("not a member: removed as {name}"),
            (None, None) => "not a member".to_owned(),
        };
        let IdentityReport { fingerprint, key, identity, granted, .. } = &report;
        let granted = if granted.is_empty() { "nothing".into() } else { granted.join(", ") };
        let identity = ui::one_line(identity);
        let who = format!("{who}\n  fingerprint: {fingerprint}\n  key: {key}");
        ui::text(format!("{who}\n  identity: {identity}\n  granted: {granted}\n").as_bytes())?;
    }
    if name.is_none() && removed.is_none() {
        context.ui.suggest(&"Request access: envseal team request".into());
    }
    Ok(())
}
