//! `envseal key show`.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::commands::Context;
use crate::commands::files::FileArgs;
use crate::error::Error;
use crate::project::EnvFile;
use crate::ui;

/// Print an environment's public or private key
///
/// For one file the key alone; for several, NAME=KEY lines.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key show -e production
  envseal key show --private -e production | gh secret set ENVSEAL_PRIVATE_KEY_PRODUCTION")]
pub(in crate::commands) struct KeyShowArgs {
    #[command(flatten)]
    files: FileArgs<true>,
    /// Print the private key, which decrypts everything encrypted to it
    #[arg(long)]
    private: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, args: &KeyShowArgs) -> Result<(), Error> {
    let mut keys = Vec::new();
    for path in args.files.existing(context)?.paths_or_default(context.process)? {
        let file = EnvFile::load(&path)?;
        let env = file.env();
        let public = file.public_key().ok_or_else(|| file.no_public_key())?;
        keys.push(if args.private {
            let private = context.store.find(env, public, &file.dir())?;
            (env.private_key_name(), Zeroizing::new(private.to_text().expose().to_owned()))
        } else {
            (env.public_key_name(), Zeroizing::new(public.to_string()))
        });
    }
    if args.json {
        let map: BTreeMap<_, _> = keys.iter().map(|(name, key)| (name, key.as_str())).collect();
        return ui::json(&map);
    }
    let text = match &keys[..] {
        [(_, key)] => format!("{}\n", key.as_str()),
        keys => keys.iter().map(|(name, key)| format!("{name}={}\n", key.as_str())).collect(),
    };
    ui::data(Zeroizing::new(text).as_bytes())
}
