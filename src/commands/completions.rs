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
pub(super) struct CompletionsArgs {
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs) -> Result<(), Error> {
    let mut script = Vec::new();
    generate(args.shell, &mut definition(), "envseal", &mut script);
    ui::data(&script)
}
