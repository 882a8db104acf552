//! Beside dotenvy: that reads the plain `.env.local` of a developer's machine, envseal the sealed `.env` that is committed,
//! into one configuration.
//!
//! For the port and the reader what the process has wins over `.env.local`, and that over `.env`, as dotenvy's users expect.
//! The password is the sealed one of `.env`, whatever the process or `.env.local` has under its name: so nothing left over
//! in a shell or on one machine takes its place unseen, and nobody has a reason to write it there, in the open. Another
//! password is set where everyone sees that it was: `envseal set DATABASE_PASSWORD`.
//!
//! ```sh
//! cargo run --example beside_dotenvy
//! ```

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;

use envseal::{Options, Value, Vault};

/// What the program is configured by.
#[derive(Debug)]
pub struct Config {
    /// Where to listen.
    pub port: u16,
    /// Whom to greet.
    pub reader: String,
    /// Stays a [`Value`]: it is wiped when it is dropped, and `Debug` does not show it.
    pub password: Value,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/quickstart"));
    let config = Config::read(folder, Vault::options().keys_file(folder.join("demo.keys")))?;
    println!("{config:?}");
    println!("the password has {} bytes", config.password.expose().len());
    Ok(())
}

impl Config {
    /// From the process, then `.env.local`, then the sealed `.env` of the folder; the password from that alone.
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
        // Not by `text`: nothing outside the sealed file has a say in it.
        let password = sealed.take("DATABASE_PASSWORD").ok_or("DATABASE_PASSWORD is not set")?;
        Ok(Self { port, reader, password })
    }
}
