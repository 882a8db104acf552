//! Reads plain values of a developer's `.env.local` with dotenvy, and sealed ones of the committed `.env` with envseal,
//! into one configuration.
//!
//! For the port and the reader, the process's variables win over `.env.local`, and that over `.env`, as with dotenvy.
//! The password is always the sealed one of `.env`: nothing left over in a shell or on one machine replaces it unnoticed, and
//! nobody has a reason to write it in plain text. `envseal set DATABASE_PASSWORD` changes it where everyone sees it.
//!
//! ```sh
//! cargo run --example beside_dotenvy
//! ```

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;

use envseal::{Options, Value, Vault};

/// The program's configuration.
#[derive(Debug)]
pub struct Config {
    /// The port to listen on.
    pub port: u16,
    /// The name to greet.
    pub reader: String,
    /// Stays a [`Value`]: it is wiped when dropped, and `Debug` doesn't show it.
    pub password: Value,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/quickstart"));
    let key = include_str!("quickstart/demo.keys").rsplit('=').next().unwrap_or_default().trim();
    let config = Config::read(folder, Vault::options().private_key(key.parse()?))?;
    println!("{config:?}");
    println!("the password has {} bytes", config.password.expose().len());
    Ok(())
}

impl Config {
    /// Reads the process's variables, then `.env.local`, then the sealed `.env` of `folder`; the password from that alone.
    pub fn read(folder: &Path, options: Options) -> Result<Self, Box<dyn Error>> {
        let local: HashMap<String, String> = match dotenvy::from_path_iter(folder.join(".env.local")) {
            Ok(lines) => lines.collect::<Result<_, _>>()?,
            Err(error) if error.not_found() => HashMap::new(),
            Err(error) => return Err(error.into()),
        };
        let mut sealed = options.open(folder.join(".env"))?.vars()?;
        let text = |name: &str| -> Result<String, Box<dyn Error>> {
            if let Ok(value) = std::env::var(name) {
                return Ok(value);
            }
            match (local.get(name), sealed.get(name)) {
                (Some(value), _) => Ok(value.clone()),
                (None, Some(value)) => Ok(value.to_str()?.to_owned()),
                (None, None) => Err(format!("{name} is not set").into()),
            }
        };
        let (port, reader) = (text("PORT")?.parse()?, text("READER")?);
        // Not by `text`: only the sealed file counts.
        let password = sealed.take("DATABASE_PASSWORD").ok_or("DATABASE_PASSWORD is not set")?;
        Ok(Self { port, reader, password })
    }
}
