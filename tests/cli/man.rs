//! The manual has a page for each command, and the programs that display manuals accept it without warnings.

use crate::help::commands;
use crate::support::TestEnv;

fn file_name(command: &[String]) -> String {
    let words: Vec<_> = ["envseal"].into_iter().chain(command.iter().map(String::as_str)).collect();
    format!("{}.1", words.join("-"))
}

#[test]
fn every_command_has_a_page_and_dir_writes_what_is_printed() {
    let env = TestEnv::new();
    let said = env.envseal(&["man", "--dir", "deep/pages"]).output();
    assert_eq!((said.status, &*said.stdout), (0, &b""[..]), "{}", said.stderr);
    let all = commands();
    assert_eq!(said.stderr, format!("Wrote {} pages to deep/pages\n", all.len()));
    let mut written: Vec<_> = std::fs::read_dir(env.path("deep/pages"))
        .unwrap()
        .map(|item| item.unwrap().file_name().into_string().unwrap())
        .collect();
    written.sort();
    let mut expected: Vec<_> = all.iter().map(|command| file_name(command)).collect();
    expected.sort();
    assert_eq!(written, expected);
    let main = env.read("deep/pages/envseal.1");
    let definition = envseal::testing::commands::definition();
    for command in &all {
        let words: Vec<_> = command.iter().map(String::as_str).collect();
        let page = env.read(format!("deep/pages/{}", file_name(command)));
        if matches!(words[..], [] | ["set"] | ["team", ..]) {
            assert!(page == env.ok(&[&["man"], &words[..]].concat()), "{command:?}");
        }
        if let [name] = words[..] {
            assert!(main.contains(&format!("envseal\\-{name}(1)")), "{name} is not in the main page");
        }
        let help = definition.clone().try_get_matches_from([&["envseal"], &words[..], &["--help"]].concat());
        let has_examples = help.unwrap_err().to_string().contains("Examples:\n");
        assert_eq!(page.contains("\n.SH EXAMPLES\n.nf\n"), has_examples, "{command:?}");
    }
}

#[test]
fn a_page_says_what_help_says() {
    let env = TestEnv::new();
    let page = env.ok(&["man", "team", "approve"]);
    assert!(page.contains(".TH ENVSEAL-TEAM-APPROVE 1 \"\" \"envseal "), "{page}");
    assert!(page.contains("envseal team approve\\fR [OPTIONS] \\-\\-env <NAME> <MEMBER>"), "{page}");
    for section in
        ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "\"EXIT STATUS\"", "EXAMPLES", "\"SEE ALSO\""]
    {
        assert!(page.contains(&format!("\n.SH {section}\n")), "{section}: {page}");
    }
    let main = env.ok(&["man"]);
    for name in ["ENVSEAL_PRIVATE_KEY[_ENV]", "ENVSEAL_IDENTITY", "ENVSEAL_PASSPHRASE", "ENVSEAL_ENV"] {
        assert!(main.contains(name), "{name}: {main}");
    }
    // What --help hides is hidden here too.
    let run = env.ok(&["man", "run"]);
    assert!(run.contains("\\-\\-overload") && run.contains("nextjs, flow"), "{run}");
    assert!(!run.contains("in\\-session") && !run.contains("in-session"), "{run}");
}

#[test]
fn what_shows_manuals_finds_no_fault() {
    let env = TestEnv::new();
    env.ok(&["man", "--dir", "pages"]);
    let tries = [
        ("groff", "groff -man -ww -Tutf8 -k pages/*.1 >shown"),
        (
            "mandoc",
            "mandoc -Tlint -W warning pages/*.1 | grep -v 'missing date' >&2; mandoc -Tutf8 pages/*.1 >shown",
        ),
        ("man", "MANROFFSEQ= man --warnings -E UTF-8 -l pages/*.1 >shown"),
    ];
    for (program, script) in tries {
        if !env.has(&[program]) {
            continue;
        }
        let output = env.program("sh", &["-c", script]).output();
        assert_eq!((&*output.stderr, output.status), ("", 0), "{program}");
        assert!(env.read("shown").contains("envseal team request  "), "{program}");
    }
}

#[test]
fn what_is_no_command_has_no_page() {
    let env = TestEnv::new();
    let said = env.fails(2, &["man", "nonsense"]);
    assert_eq!(said, "error: no such command: nonsense\nhint: list the commands: envseal --help\n");
    env.fails(2, &["man", "team", "nonsense"]);
    env.fails(2, &["man", "set", "set"]);
    env.fails(2, &["man", "set", "--dir", "pages"]);
    assert!(!env.path("pages").exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let env = TestEnv::new();
    env.write("pages", "a file");
    let said = env.fails(4, &["man", "--dir", "pages/below"]);
    assert!(said.contains("pages/below"), "{said}");
    assert_eq!(env.read("pages"), "a file");
}
