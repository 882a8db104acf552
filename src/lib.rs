//! Secrets in `.env` files, encrypted value by value to a public key, and decrypted in the program that needs them.
//!
//! The files are those of the `envseal` command, which is this crate's binary: the `.env` file with the sealed values
//! is committed, the private key never is. The command encrypts, reviews, rotates and shares. This library decrypts,
//! and also encrypts, for programs that issue secrets. A program that only needs its variables needs no library:
//! `envseal run -- program` starts it with them.
//!
//! ```
//! use envseal::Vault;
//!
//! # let key = include_str!("../examples/quickstart/demo.keys").rsplit('=').next().unwrap().trim();
//! let vault = Vault::options()
//!     .private_key(key.parse()?) // else: ENVSEAL_PRIVATE_KEY, .env.keys, or a grant to you
//!     .open("examples/quickstart/.env")?;
//! let vars = vault.vars()?;
//! let password = vars.get("DATABASE_PASSWORD").expect("it is in the file");
//! assert!(password.is_sealed());
//! connect(vars.get("READER").expect("so is this").to_str()?, password.expose());
//! # fn connect(_: &str, _: &[u8]) {}
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to | use |
//! | --- | --- |
//! | decrypt a file's values | [`Vault::open`] and [`Vault::vars`]; [`Options`] says where keys come from |
//! | change a file's values | [`Vault::set`] and others; encrypting needs no private key |
//! | encrypt without a file | [`Sealer`], which makes a [`Token`] |
//! | read or edit a file's text | [`document`] |
//!
//! # What is read, and from where
//!
//! [`Vault::open`] reads the env file, and the names of the files beside it. Decrypting reads the process's environment
//! (`ENVSEAL_PRIVATE_KEY…`, `ENVSEAL_KEYS_FILE`, `ENVSEAL_IDENTITY`, `ENVSEAL_PASSPHRASE`, and names that values refer
//! to), the keys file, the team file `envseal.toml` with this user's identity, and `.env.schema` or `.env.example`.
//! Changing a file also reads the project's other env files, asks `git`, and remembers the trusted public key in the
//! user's data folder. Nothing is sent or printed, the working directory stays, and only [`Options::ask`] asks for a
//! passphrase. Reading starts only `git`, if git's index doesn't show whether the keys file is tracked. A key rotation
//! that was interrupted in the repository is finished or undone by the next reader, including this library.
//!
//! # What is not promised
//!
//! A [`Value`] is wiped when dropped, as are the buffers that it went through. A program's own copies are not wiped,
//! nor are swapped memory, core dumps, or the process's own environment, of which a copy is read each time that keys
//! are looked up. The command's threat model, `docs/threat-model.md` in the repository, applies.
//!
//! # Stability
//!
//! The API is what is documented here. It follows semver: while the version is 0.x, a breaking change raises the minor
//! version, and so does requiring a newer Rust than the `rust-version` of `Cargo.toml`. The file format has its own
//! version: values that version 1 encrypted stay readable. Modules that are not documented here belong to the binary,
//! are public only for its tests, and may change in any release.
//!
//! # Features
//!
//! `cli`, on by default, is the binary and all that it needs. Programs that embed the library should leave it out:
//!
//! ```sh
//! cargo add --git https://github.com/OWNER/envseal --tag v0.1.0 --no-default-features envseal
//! ```
//!
//! `OWNER/envseal` stands for the repository. The crate called `envseal` on crates.io is another project's.

// The compiler finds dead code in the whole build. The library alone needs less of the shared modules.
#![cfg_attr(not(feature = "cli"), allow(dead_code, unreachable_pub, unused_imports))]

#[macro_use]
mod hint;
#[cfg(feature = "cli")]
mod check;
#[cfg(feature = "cli")]
mod commands;
mod config;
mod crypto;
mod dotenv;
mod error;
#[cfg(feature = "cli")]
mod exec;
#[cfg(feature = "cli")]
mod export;
mod fs;
mod git;
#[cfg(feature = "cli")]
mod history;
#[cfg(feature = "cli")]
mod hooks;
#[cfg(feature = "cli")]
mod import;
mod keys;
mod library;
#[cfg(feature = "cli")]
mod members;
mod project;
mod schema;
mod team;
mod time;
#[cfg(feature = "cli")]
mod ui;

pub use error::{Error, ErrorKind};
pub use library::{
    Changed, EnvPath, Options, PrivateKey, PublicKey, Sealer, Token, Value, Vars, Vault, document,
};

#[doc(hidden)]
#[cfg(feature = "cli")]
pub use commands::main;
#[doc(hidden)]
pub mod testing;
