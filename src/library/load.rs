//! The process's own environment, for programs that expect their configuration there.
//!
//! The one place of the crate that is `unsafe`, and that changes the process it runs in: tests/library/architecture.rs.
#![expect(
    unsafe_code,
    reason = "changing the process's environment is what this is for, and it cannot be made safe"
)]

use std::path::Path;

use super::path::{EnvPath, load_files};
use super::{Options, Value, Vars, Vault};
use crate::error::{Error, ErrorKind};
use crate::project::Precedence;

/// Puts the variables of `.env` in the working directory into this process's environment: [`load_from`] that file.
///
/// # Safety
///
/// As [`load_from`].
pub unsafe fn load() -> Result<(), Error> {
    // SAFETY: the caller's promise.
    unsafe { load_from(".env") }
}

/// Puts the variables of the env file at `path` into this process's environment, opened, as users of dotenvy expect it:
/// all of them or none. What the process has already wins, and is not even opened; and the rules of `envseal run` hold.
///
/// ```no_run
/// fn main() -> Result<(), envseal::Error> {
///     // SAFETY: the first line of main; no other thread has been started.
///     unsafe { envseal::load_from(".env.production")? };
///     start_the_runtime();
///     Ok(())
/// }
/// # fn start_the_runtime() {}
/// ```
///
/// Know what this is: from then on every secret is in the open in this process. Every library in it can read them,
/// every program it starts inherits them (and the private key, if that was injected through the environment), and crash
/// reporters send environments along. Nothing is ever wiped. [`Vault::vars`] has none of that; and a program that is
/// started by `envseal run` needs no line of code.
///
/// [`Vault::vars`]: super::Vault::vars
///
/// # Safety
///
/// No other thread may read or write the environment while this runs, as [`std::env::set_var`] asks for: on Unix that
/// cannot be told of any C library that is linked in. Call it first in `main`, before a runtime starts its threads.
pub unsafe fn load_from(path: impl AsRef<Path>) -> Result<(), Error> {
    // SAFETY: the caller's promise.
    unsafe { Vault::options().load([path]) }
}

impl Options {
    /// Puts the variables of some env files into this process's environment, as [`load_from`] does; the earlier file
    /// wins over the later one, and the process over all. Each must be there, but for those that are
    /// [`EnvPath::optional`].
    ///
    /// # Safety
    ///
    /// As [`load_from`].
    pub unsafe fn load(&self, paths: impl IntoIterator<Item = impl Into<EnvPath>>) -> Result<(), Error> {
        let vars = self.read(&load_files(paths)?, Precedence::Process)?;
        fit(&vars)?;
        for (name, value) in vars.iter() {
            // SAFETY: the caller's promise. No name holds `=` or NUL, by the dialect, and no value NUL: `fit`.
            unsafe { std::env::set_var(name, os_value(value)) };
        }
        Ok(())
    }
}

/// Refuses, before any is set, what no environment can hold.
fn fit(vars: &Vars) -> Result<(), Error> {
    for (name, value) in vars.iter() {
        if value.expose().contains(&0) {
            let message = format!("the value of {name} holds a NUL byte, which no environment can hold");
            return Err(Error::new(ErrorKind::Refused, message));
        }
        if cfg!(not(unix)) && value.to_str().is_err() {
            let message =
                format!("the value of {name} is not UTF-8, which this system's environment cannot hold");
            return Err(Error::new(ErrorKind::Refused, message));
        }
    }
    Ok(())
}

#[cfg(unix)]
fn os_value(value: &Value) -> &std::ffi::OsStr {
    value.to_os_str()
}

#[cfg(not(unix))]
fn os_value(value: &Value) -> &str {
    value.to_str().expect("it was looked at")
}
