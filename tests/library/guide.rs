//! Compiles the Rust of docs/library.md and of the README. Each block must be here, word for word.

use std::error::Error;

/// Replaces the crate `log`.
mod log {
    macro_rules! info {
        ($($text:tt)*) => { println!($($text)*) };
    }
    pub(crate) use info;
}

fn connect(_: &str) {}

fn readme() -> Result<(), Box<dyn Error>> {
    let vars = envseal::Vault::open(".env.production")?.vars()?; // opened in the program, in types that wipe themselves
    drop(vars);
    Ok(())
}

fn open() -> Result<(), Box<dyn Error>> {
    let vars = envseal::Vault::open(".env.production")?.vars()?;
    let password = vars.get("DB_PASSWORD").ok_or("DB_PASSWORD is not set")?;
    connect(password.to_str()?);
    Ok(())
}

fn several_files() -> Result<(), Box<dyn Error>> {
    use envseal::{EnvPath, Vault};
    let vars = Vault::options().vars([EnvPath::optional(".env.local"), ".env".into()])?;
    drop(vars);
    Ok(())
}

#[rustfmt::skip]
fn options(fetched_from_kms: &str, passphrase: String) -> Result<(), Box<dyn Error>> {
    let vault = envseal::Vault::options()
        .private_key(fetched_from_kms.parse()?) // looked at first; or .keys_file(path), .identity(path)
        .passphrase(passphrase)                 // or .ask(|question| …); without them, and ENVSEAL_PASSPHRASE, nobody is asked
        .open(".env.production")?;
    drop(vault);
    Ok(())
}

#[rustfmt::skip]
fn seal(issued_token: &str) -> Result<(), Box<dyn Error>> {
    let mut vault = envseal::Vault::open(".env.production")?;
    let changed = vault.set("API_TOKEN", issued_token)?;                // or set_all([(name, value), …]): one batch, written at once
    for note in changed.notes() { log::info!("{note}"); }
    Ok(())
}

fn seal_without_a_file(typed: &str) -> Result<(), Box<dyn Error>> {
    let key: envseal::PublicKey = "envseal-pk1-…".parse()?;
    let token = envseal::Sealer::new(&key)?.seal("DB_PASSWORD", typed)?; // Display: envseal:1:…
    drop(token);
    Ok(())
}

/// Returns the text without white space, because code here is indented deeper.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn what_the_docs_show_is_what_compiles() {
    let (alone, of_text, with_passphrase) =
        ([readme, open, several_files], [seal, seal_without_a_file], [options]);
    let (here, mut blocks) = (squeezed(include_str!("guide.rs")), 0);
    for page in [include_str!("../../docs/library.md"), include_str!("../../README.md")] {
        for block in page.split("```rust\n").skip(1) {
            // `…` alone on a line stands for the rest of a program.
            let block = block.split("```").next().unwrap().replace("\n    …\n", "\n    Ok(())\n");
            assert!(here.contains(&squeezed(&block)), "not in tests/library/guide.rs: {block}");
            blocks += 1;
        }
    }
    // Each function above is one block.
    assert_eq!(blocks, alone.len() + of_text.len() + with_passphrase.len());
}
