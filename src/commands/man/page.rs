//! One page: what `clap_mangen` makes of a command, and the sections that are ours (man-pages(7)).

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::config::{FILES, VARIABLES};

/// What an exit status means. The last two are those of the started program alone.
const STATUSES: [(&str, &str); 7] = [
    ("0", "Success."),
    ("1", "A check found something."),
    ("2", "Wrong usage."),
    ("3", "A value could not be opened: no key, another key, or it was altered."),
    ("4", "An error of a file or of git."),
    ("126, 127", "The program could not be started, or was not found, as a shell has it."),
    ("any other", "The program's own; 128 + N where it died of signal N."),
];

/// A page's name: `envseal-team-approve`. The command has been built.
pub(super) fn title(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

/// The page of a command that has been built, in roff. Two calls give the same bytes.
pub(super) fn page(command: &Command, parent: Option<&Command>) -> Vec<u8> {
    let usage = command.clone().render_usage().to_string();
    // clap_mangen would list every option by name, and none with its value.
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    let man = Man::new(command.clone().override_usage(usage).mut_args(with_values))
        .title(title(command).to_uppercase())
        .date("\"\"")
        .source(concat!("envseal ", env!("CARGO_PKG_VERSION")))
        .manual("envseal");
    let mut text = Vec::new();
    let written = (|| {
        man.render_title(&mut text)?;
        // No word is to be broken that somebody may type.
        text.extend(b".nh\n.ad l\n");
        man.render_name_section(&mut text)?;
        man.render_synopsis_section(&mut text)?;
        man.render_description_section(&mut text)?;
        man.render_options_section(&mut text)?;
        if command.has_subcommands() { man.render_subcommands_section(&mut text) } else { Ok(()) }
    })();
    written.expect("memory takes all that is written");
    let mut own = Roff::default();
    if title(command) == "envseal" || title(command) == "envseal-run" {
        defined(&mut own, "EXIT STATUS", &STATUSES);
    } else {
        defined(&mut own, "EXIT STATUS", &STATUSES[..5]);
    }
    if parent.is_none() {
        defined(&mut own, "ENVIRONMENT", &VARIABLES);
        defined(&mut own, "FILES", &FILES);
    }
    examples(&mut own, command);
    see_also(&mut own, command, parent);
    own.to_writer(&mut text).expect("memory takes all that is written");
    pasteable(&String::from_utf8(text).expect("made of text")).into_bytes()
}

/// Every part brings a head of its own, of which one is enough; and what a shell is to read keeps its ASCII form where
/// groff would set it nicely (`groff_man_style(7)`).
fn pasteable(text: &str) -> String {
    const HEAD: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";
    let text = text.replace(HEAD, "").replace('~', "\\(ti").replace('^', "\\(ha").replace('`', "\\(ga");
    format!("{HEAD}{text}")
}

/// The values that an option takes, within its help: `clap_mangen` would make a list of them that mandoc finds fault with.
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

/// A section of terms, each with what it means.
fn defined(roff: &mut Roff, section: &str, entries: &[(&str, &str)]) {
    roff.control("SH", [section]);
    for (term, meaning) in entries {
        roff.control("TP", []).text([bold(*term)]).text([roman(*meaning)]);
    }
}

/// What `--help` shows under `Examples:`, line by line.
fn examples(roff: &mut Roff, command: &Command) {
    let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let Some((_, examples)) = help.split_once("Examples:\n") else { return };
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in examples.lines().take_while(|line| !line.is_empty()) {
        roff.text([roman(line.trim_start())]);
    }
    roff.control("fi", []);
}

/// The page above, and those beside this one.
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
