//! `envseal man`: pages that `clap_mangen` makes of each command, with sections of our own (man-pages(7)).

use std::path::PathBuf;

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::{Context, definition};
use crate::config::{FILES, VARIABLES};
use crate::error::Error;
use crate::fs::{NewMode, make_folder, write_atomic};
use crate::git::display_path;
use crate::ui::{self, counted};

/// Print a manual page, as roff
///
/// Without a command: the page of envseal itself, which lists the others. Pages hold no date, so that a version always
/// prints the same.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:
  envseal man | man -l -                                 # read it
  envseal man team approve | man -l -                    # the page of one command
  envseal man --dir ~/.local/share/man/man1              # install all pages: man envseal-run")]
pub(super) struct ManArgs {
    /// Print the page of this command, such as: team approve
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write every page into DIR: envseal.1, envseal-set.1, …
    #[arg(long = "dir", value_name = "DIR", conflicts_with = "command")]
    into: Option<PathBuf>,
}

pub(super) fn run(context: &Context, args: &ManArgs) -> Result<(), Error> {
    let mut whole = definition();
    whole.build();
    if let Some(dir) = &args.into {
        make_folder(dir)?;
        let mut pages = Vec::new();
        collect(&whole, None, &mut pages);
        for (name, bytes) in &pages {
            write_atomic(&dir.join(name), bytes, NewMode::Default)?;
        }
        context.ui.say(format_args!("Wrote {} to {}", counted(pages.len(), "page"), display_path(dir)));
        return Ok(());
    }
    let (mut command, mut parent) = (&whole, None);
    for name in &args.command {
        parent = Some(command);
        command = command.find_subcommand(name).filter(|found| !found.is_hide_set()).ok_or_else(|| {
            let message = format!("no such command: {}", args.command.join(" "));
            Error::usage(message, "list the commands: envseal --help")
        })?;
    }
    ui::data(&page(command, parent))
}

fn collect(command: &Command, parent: Option<&Command>, pages: &mut Vec<(String, Vec<u8>)>) {
    pages.push((format!("{}.1", title(command)), page(command, parent)));
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        collect(below, Some(command), pages);
    }
}

/// The meaning of each exit status. Only commands that start a program have the last two.
const STATUSES: [(&str, &str); 7] = [
    ("0", "Success."),
    ("1", "A check found something."),
    ("2", "Wrong usage."),
    ("3", "A value could not be decrypted: no key, another key, or it was altered."),
    ("4", "An error of a file or of git."),
    ("126, 127", "The program could not be started, or was not found, as in a shell."),
    ("any other", "The program's own; 128 + N if signal N killed it."),
];

/// Returns a page's name: `envseal-team-approve`. The command must be built.
fn title(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

/// Returns the page of a built command, in roff. Two calls return the same bytes.
fn page(command: &Command, parent: Option<&Command>) -> Vec<u8> {
    let usage = command.clone().render_usage().to_string();
    // clap_mangen would list every option without its value.
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    let man = Man::new(command.clone().override_usage(usage).mut_args(with_values))
        .title(title(command).to_uppercase())
        .date("\"\"")
        .source(concat!("envseal ", env!("CARGO_PKG_VERSION")))
        .manual("envseal");
    let mut text = Vec::new();
    let written = (|| {
        man.render_title(&mut text)?;
        // No hyphenation: words may be typed as they are.
        text.extend(b".nh\n.ad l\n");
        man.render_name_section(&mut text)?;
        man.render_synopsis_section(&mut text)?;
        man.render_description_section(&mut text)?;
        man.render_options_section(&mut text)?;
        if command.has_subcommands() { man.render_subcommands_section(&mut text) } else { Ok(()) }
    })();
    written.expect("writing to memory");
    let mut own = Roff::default();
    let starts_programs = matches!(&*title(command), "envseal" | "envseal-run");
    defined(&mut own, "EXIT STATUS", if starts_programs { &STATUSES } else { &STATUSES[..5] });
    if parent.is_none() {
        defined(&mut own, "ENVIRONMENT", &VARIABLES);
        defined(&mut own, "FILES", &FILES);
    }
    examples(&mut own, command);
    see_also(&mut own, command, parent);
    own.to_writer(&mut text).expect("writing to memory");
    pasteable(&String::from_utf8(text).expect("roff is text")).into_bytes()
}

/// Removes the head that every section repeats, and keeps ASCII for the shell (`groff_man_style(7)`).
fn pasteable(text: &str) -> String {
    const HEAD: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";
    let text = text.replace(HEAD, "").replace('~', "\\(ti").replace('^', "\\(ha").replace('`', "\\(ga");
    format!("{HEAD}{text}")
}

/// Lists the possible values of an option in its help: mandoc rejects the list that `clap_mangen` makes.
fn with_values(arg: Arg) -> Arg {
    let values: Vec<_> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string);
    match (arg.get_num_args().is_some_and(|count| count.takes_values()), help) {
        (true, Some(help)) if !values.is_empty() => {
            let help = format!("{help}; one of {}", values.join(", "));
            arg.hide_possible_values(true).help(help.clone()).long_help(help)
        }
        _ => arg,
    }
}

fn defined(roff: &mut Roff, section: &str, entries: &[(&str, &str)]) {
    roff.control("SH", [section]);
    for (term, meaning) in entries {
        roff.control("TP", []).text([bold(*term)]).text([roman(*meaning)]);
    }
}

fn examples(roff: &mut Roff, command: &Command) {
    let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let Some((_, examples)) = help.split_once("Examples:\n") else { return };
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in examples.lines().take_while(|line| !line.is_empty()) {
        roff.text([roman(line.trim_start())]);
    }
    roff.control("fi", []);
}

fn see_also(roff: &mut Roff, command: &Command, parent: Option<&Command>) {
    let mut pages = Vec::new();
    if let Some(parent) = parent {
        pages.push("envseal".to_owned());
        pages.push(title(parent));
        pages.extend(parent.get_subcommands().filter(|beside| !beside.is_hide_set()).map(title));
    }
    pages.extend(command.get_subcommands().filter(|below| !below.is_hide_set()).map(title));
    pages.retain(|page| *page != title(command));
    pages.dedup();
    roff.control("SH", ["SEE ALSO"]);
    let last = pages.len().saturating_sub(1);
    for (at, page) in pages.iter().enumerate() {
        roff.text([bold(page), roman(if at == last { "(1)" } else { "(1)," })]);
    }
}
