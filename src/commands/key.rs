//! `envseal key`.

use serde_json::{Map, Value};

use super::select::Files;
use super::{Context, report, rotate};
use crate::error::Error;
use crate::ui;
use crate::vault::{EnvFile, VaultError, Write, update};

/// Show and make keys
#[derive(clap::Subcommand)]
pub(super) enum Command {
    Show(Show),
    Generate(Generate),
    Rotate(rotate::Args),
    Trust(super::trust::Args),
}

/// Print an environment's public key, or its private one
///
/// For one file the key alone, for several NAME=KEY lines.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal key show -e production
  envseal key show --private -e production | gh secret set ENVSEAL_PRIVATE_KEY_PRODUCTION")]
pub(super) struct Show {
    #[command(flatten)]
    files: Files,
    /// The private key: whoever has it can read everything sealed to it
    #[arg(long)]
    private: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Make the key pair of an environment that has none
///
/// The public key goes into the env file, the private one into .env.keys. `set` and `encrypt` do this by themselves.
#[derive(clap::Args)]
pub(super) struct Generate {
    #[command(flatten)]
    files: Files,
}

/// Carries out one of the commands.
pub(super) fn run(context: &Context, command: Command) -> Result<(), Error> {
    match command {
        Command::Show(args) => show(context, &args),
        Command::Generate(args) => generate(context, &args),
        Command::Rotate(args) => rotate::run(context, &args),
        Command::Trust(args) => super::trust::run(context, &args),
    }
}

fn show(context: &Context, args: &Show) -> Result<(), Error> {
    let mut keys = Vec::new();
    for path in args.files.named_or_default()? {
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
    let text = match &keys[..] {
        keys if args.json => {
            let map: Map<_, _> = keys.iter().map(|(n, k)| (n.clone(), Value::from(k.as_str()))).collect();
            format!("{}\n", serde_json::to_string_pretty(&map).expect("text"))
        }
        [(_, key)] => format!("{}\n", key.as_str()),
        keys => keys.iter().map(|(name, key)| format!("{name}={}\n", key.as_str())).collect(),
    };
    ui::data(zeroize::Zeroizing::new(text).as_bytes()).map_err(Error::io("write to stdout"))
}

fn generate(context: &Context, args: &Generate) -> Result<(), Error> {
    let paths = args.files.named_or_default()?;
    let mut keys = Vec::new();
    let updated = update(&paths, context.store(), Write::Files, &|| context.waiting(), |target| {
        if let Some(key) = target.file().public_key() {
            return Err(VaultError::KeyExists { path: target.file().path().into(), key: key.id() });
        }
        keys.push(target.seal_to()?);
        Ok(target.document().clone())
    })?;
    report::notices(context, &updated.notices);
    for ((path, ..), key) in updated.files.iter().zip(keys) {
        context.ui.say(format_args!("{} is sealed to key {} from now on", report::shown(path), key.id()));
        ui::data(format!("{key}\n").as_bytes()).map_err(Error::io("write to stdout"))?;
    }
    Ok(())
}
