//! Everything that touches files: whole reads, atomic writes, the lock on a folder, and what a file's owner and
//! mode are.
//!
//! Knows nothing of the crate, nor of what the bytes mean. Every error names the path and what was being done.

mod append;
mod error;
mod folder;
mod lock;
mod meta;
mod private;
mod read;
mod steps;
mod sweep;
mod testing;
mod write;

pub(crate) use append::{append_line, with_lines};
pub(crate) use error::FsError;
pub(crate) use folder::{has_entry, make_folder, make_private_folder, read_entry, remove_empty_folder};
pub use lock::Lock;
pub(crate) use meta::{is_executable, make_private, mode_bits, owned_by_this_user};
pub(crate) use private::PrivateFile;
#[cfg(unix)]
pub(crate) use read::open_terminal;
pub(crate) use read::{holds, read, read_by, read_pipe, read_secret};
pub(crate) use steps::{flush_folder, is_regular, put, remove_if_there, write_by};
pub(crate) use sweep::{TEMP_PREFIX, has_temporaries, sweep};
pub(crate) use write::{NewMode, Staged, final_target, remove, stage, write_atomic};

use std::path::Path;

/// The folder that holds `path`, `.` for a bare file name.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
