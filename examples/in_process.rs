//! Decrypts the values of examples/quickstart in this process; no variable, child or file ever holds them.
//!
//! ```sh
//! cargo run --example in_process
//! ```

use std::error::Error;
use std::fmt::Write;

use envseal::Vault;

fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", lengths(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/quickstart"))?);
    Ok(())
}

/// Returns one line for each variable of the folder's `.env`, with the length of its value.
pub fn lengths(folder: &str) -> Result<String, Box<dyn Error>> {
    // Your program only needs `Vault::open(".env")`: the key is found in `.env.keys`, in `ENVSEAL_PRIVATE_KEY` or in a grant.
    // This demonstration's key is published, so it has to be named.
    let key = include_str!("quickstart/demo.keys").rsplit('=').next().unwrap_or_default().trim();
    let vault = Vault::options().private_key(key.parse()?).open(format!("{folder}/.env"))?;
    let mut text = String::new();
    for (name, value) in vault.vars()?.iter() {
        let kind = if value.is_sealed() { "sealed" } else { "plain" };
        writeln!(text, "{name}: {} bytes, {kind}", value.expose().len())?;
    }
    Ok(text)
}
