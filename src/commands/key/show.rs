//! `envseal key show`.

use std::collections::BTreeMap;

use crate::commands::Context;
use crate::commands::select::Files;
use crate::error::Error;
use crate::project::{EnvFile, VaultError};
use crate::ui;

/// Print an environment's public key, or its private one
///
/// For one file the key alone, for several NAME=KEY lines.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key show -e production
  envseal key show --private -e production | gh secret set ENVSEAL_PRIVATE_KEY_PRODUCTION")]
pub(in crate::commands) struct Args {
    #[command(flatten)]
    files: Files,
    /// The private key: whoever has it can read everything sealed to it
    #[arg(long)]
    private: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the keys.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let mut keys = Vec::new();
    for path in args.files.reading(context)?.named_or_default(context.process)? {
        let file = EnvFile::load(&path)?;
        let env = file.env();
        let public = file.public_key().ok_or_else(|| file.no_public_key())?;
        keys.push(if args.private {
            let private = context.store().find(env, public, &file.dir()).map_err(VaultError::from)?;
            (env.private_key_name(), zeroize::Zeroizing::new(private.to_text().expose().to_owned()))
        } else {
            (env.public_key_name(), zeroize::Zeroizing::new(public.to_string()))
        });
    }
    if args.json {
        let map: BTreeMap<_, _> = keys.iter().map(|(name, key)| (name, key.as_str())).collect();
        return ui::json(&map).map_err(Error::io("write to stdout"));
    }
    let text = match &keys[..] {
        [(_, key)] => format!("{}\n", key.as_str()),
        keys => keys.iter().map(|(name, key)| format!("{name}={}\n", key.as_str())).collect(),
    };
    ui::data(zeroize::Zeroizing::new(text).as_bytes()).map_err(Error::io("write to stdout"))
}
