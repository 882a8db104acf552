//! `envseal completions`.

use clap_complete::{Shell, generate};

use super::definition;
use crate::error::Error;
use crate::ui;

/// Print a completion script for a shell
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal completions bash > ~/.local/share/bash-completion/completions/envseal
  envseal completions fish > ~/.config/fish/completions/envseal.fish")]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(args: &Args) -> Result<(), Error> {
    let mut script = Vec::new();
    generate(args.shell, &mut definition(), "envseal", &mut script);
    ui::data(&script).map_err(Error::io("write to stdout"))
}
