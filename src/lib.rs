//! envseal keeps secrets in `.env` files, sealed value by value to a public key, and coordinates through git alone.

pub mod access;
pub mod commands;
pub mod config;
pub mod crypto;
pub mod dotenv;
pub mod error;
pub mod exec;
pub mod export;
pub mod fsio;
pub mod git;
pub mod guard;
pub mod history;
pub mod hooks;
pub mod import;
pub mod keystore;
pub mod scan;
pub mod schema;
pub mod team;
pub mod time;
pub mod ui;
pub mod vault;
