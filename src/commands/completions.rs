//! `envseal completions`, and the answers that completion scripts ask for.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::rc::Rc;

use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, PathCompleter, ValueCompleter as _};
use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Zsh};
use clap_complete::{CompletionCandidate, Shell, generate};

use super::files::env_files_in;
use super::{Context, definition, working_dir};
use crate::config::{COMPLETE, EnvName, ProcessEnv, change_dir, is_env_file, is_own_name};
use crate::dotenv::Document;
use crate::error::Error;
use crate::fs::{self, NewMode, make_folder, write_atomic};
use crate::git::Repositories;
use crate::project::Project;
use crate::ui;

/// Print a completion script for a shell, or install one
///
/// The printed script knows commands and options. The installed one asks envseal, and so completes the names,
/// environments, members and files that are here too; it reads env files, decrypts nothing and runs nothing else.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal completions --install             # for the shell in $SHELL
  envseal completions --install zsh
  envseal completions bash > /usr/share/bash-completion/completions/envseal")]
pub(super) struct CompletionsArgs {
    #[arg(required_unless_present = "install")]
    shell: Option<Shell>,
    /// Install a script that completes what is in the project too
    #[arg(long)]
    install: bool,
}

pub(super) fn run(context: &Context, args: &CompletionsArgs) -> Result<(), Error> {
    let of_user = || Shell::from_shell_path(context.process.path("SHELL")?);
    match args.shell.or_else(of_user) {
        Some(shell) if args.install => install(context, shell),
        Some(shell) => {
            let mut script = Vec::new();
            generate(shell, &mut definition(), "envseal", &mut script);
            ui::data(&script)
        }
        None => {
            Err(Error::usage("SHELL names no known shell", "name one: envseal completions --install bash"))
        }
    }
}

/// Writes the script to where the shell looks for it, or says how to load it.
fn install(context: &Context, shell: Shell) -> Result<(), Error> {
    let own = || Some(context.process.data_dir()?.join("completions"));
    let user = |variable: &str, below: &str| {
        let home = || Some(context.process.path("HOME")?.join(below));
        context.process.path(variable).filter(|path| path.is_absolute()).or_else(home)
    };
    // bash-completion's README.md; complete in fish's manual.
    let (folder, name) = match shell {
        Shell::Bash => (
            user("XDG_DATA_HOME", ".local/share").map(|dir| dir.join("bash-completion/completions")),
            "envseal",
        ),
        Shell::Fish => {
            (user("XDG_CONFIG_HOME", ".config").map(|dir| dir.join("fish/completions")), "envseal.fish")
        }
        Shell::PowerShell => (own(), "envseal.ps1"),
        Shell::Elvish => (own(), "envseal.elv"),
        _ => (own(), "envseal.zsh"),
    };
    let no_home = || Error::usage("no home folder to install in", "print it: envseal completions SHELL");
    let folder = folder.ok_or_else(no_home)?;
    make_folder(&folder)?;
    let path = folder.join(name);
    write_atomic(&path, &registration(shell)?, NewMode::Default)?;
    context.ui.say(format_args!("Wrote {}", path.display()));
    let load = match shell {
        Shell::Zsh => hint!("Load it in ~/.zshrc, below compinit: source {path}", path),
        Shell::PowerShell => hint!("Load it in $PROFILE: . {path}", path),
        Shell::Elvish => hint!("Load it in rc.elv: eval (slurp < {path})", path),
        _ => return Ok(()),
    };
    context.ui.suggest(&load);
    Ok(())
}

/// Returns a script that makes a shell call [`complete`].
fn registration(shell: Shell) -> Result<Vec<u8>, Error> {
    // Never clap_complete's for PowerShell: it would evaluate what was typed so far, including `$(…)`.
    let completer: &dyn EnvCompleter = match shell {
        Shell::Bash => &Bash,
        Shell::Fish => &Fish,
        Shell::Elvish => &Elvish,
        Shell::Zsh => &Zsh,
        _ => return Ok(POWERSHELL.replace("VAR", COMPLETE).into_bytes()),
    };
    let mut script = Vec::new();
    let written = completer.write_registration(COMPLETE, "envseal", "envseal", "envseal", &mut script);
    written.map_err(Error::io("write the script"))?;
    Ok(script)
}

const POWERSHELL: &str = r#"Register-ArgumentCompleter -Native -CommandName envseal -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text })
    if ($wordToComplete -eq '') { $words += '' }
    $env:_CLAP_COMPLETE_INDEX = $words.Count - 1
    $env:VAR = 'powershell'
    try { $lines = & envseal -- @words } finally { Remove-Item Env:\VAR, Env:\_CLAP_COMPLETE_INDEX }
    $lines | ForEach-Object {
        $value, $help = $_.Split("`t", 2)
        if (-not $help) { $help = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
    }
}
"#;

/// Answers a completion script: prints the candidates for the word at the cursor of the line, which follows `--`.
pub(super) fn complete(shell: &str, arguments: &[OsString]) -> Result<u8, Error> {
    let process = ProcessEnv::capture();
    let mut words: Vec<_> = arguments.iter().skip_while(|word| *word != "--").skip(1).cloned().collect();
    let index = process.get("_CLAP_COMPLETE_INDEX").and_then(|index| index.to_str()?.parse().ok());
    let index = index.unwrap_or(words.len().saturating_sub(1));
    // Zsh leaves an empty word out.
    words.resize(words.len().max(index + 1), OsString::new());
    let mut dirs = words[..index].windows(2).filter(|pair| pair[0] == "-C").map(|pair| Path::new(&pair[1]));
    if dirs.any(|dir| change_dir(dir).is_err()) {
        return Ok(0);
    }
    let here = working_dir()?;
    let found =
        clap_complete::engine::complete(&mut with_completers(definition()), words, index, Some(&here));
    let mut lines = Vec::new();
    for candidate in found.unwrap_or_default() {
        let Some(value) = candidate.get_value().to_str().filter(|value| is_plain(value)) else { continue };
        let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
        let help = help.lines().next().unwrap_or_default();
        lines.push(match shell {
            _ if help.is_empty() => value.to_owned(),
            "zsh" => format!("{value}:{help}"),
            "fish" | "powershell" => format!("{value}\t{help}"),
            _ => value.to_owned(),
        });
    }
    let separator = process.get("_CLAP_IFS").and_then(OsStr::to_str).unwrap_or("\n");
    ui::data(lines.join(separator).as_bytes())?;
    Ok(0)
}

/// Returns true for a word without special characters of any shell. Some shells insert it as it is, and anyone who can
/// write to the repository chooses the names of files, environments and members.
fn is_plain(word: &str) -> bool {
    word.chars().all(|c| c.is_alphanumeric() || "_-.,/=+@%".contains(c))
}

/// Adds completers to the arguments that name something in the project.
fn with_completers(command: Command) -> Command {
    let name = command.get_name().to_owned();
    command.mut_args(|arg| with_completer(arg, &name)).mut_subcommands(with_completers)
}

fn with_completer(arg: Arg, command: &str) -> Arg {
    let words: fn() -> BTreeSet<String> = match (command, arg.get_id().as_str()) {
        (_, "env" | "environment") => environments,
        (_, "file") if !matches!(command, "backup" | "recover") => {
            return arg.add(ArgValueCompleter::new(env_files));
        }
        (_, "only" | "except" | "literal" | "allow_missing")
        | ("get" | "unset" | "blame", "keys")
        | ("set", "first")
        | ("rename", "old")
        | ("log" | "resolve", "key") => names,
        ("approve" | "remove", "name") => members,
        _ => return arg,
    };
    arg.add(ArgValueCandidates::new(move || {
        // Skips words that would be read as options.
        let words = words().into_iter().filter(|word| !word.starts_with('-'));
        words.map(CompletionCandidate::new).collect()
    }))
}

fn env_files(typed: &OsStr) -> Vec<CompletionCandidate> {
    let found = PathCompleter::any().filter(is_env_file).complete(typed);
    let is_folder = |path: &CompletionCandidate| path.get_value().to_string_lossy().ends_with('/');
    // Shows env files too, although their names begin with a dot.
    found.into_iter().map(|path| if is_folder(&path) { path } else { path.hide(false) }).collect()
}

fn environments() -> BTreeSet<String> {
    let files = env_files_in(Path::new("."));
    files.iter().filter_map(|path| Some(EnvName::of_file(path).ok()?.to_string())).collect()
}

/// Returns the names of the variables in the env files here.
fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let texts = env_files_in(Path::new(".")).into_iter().filter_map(|path| fs::read_secret(&path).ok());
    for document in texts.filter_map(|mut text| Document::parse(std::mem::take(&mut *text)).ok()) {
        names.extend(document.entries().iter().map(|entry| document.name(entry).to_owned()));
    }
    names.retain(|name| !is_own_name(name));
    names
}

fn members() -> BTreeSet<String> {
    let team = || Project::of(&working_dir()?, &Rc::new(Repositories::default()))?.team();
    team().map_or_else(|_| BTreeSet::new(), |team| team.members().keys().map(ToString::to_string).collect())
}
