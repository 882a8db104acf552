//! `-h`: one screen, with the global options listed at the root only, but accepted everywhere.

use clap::{Command, error::ErrorKind};

use crate::support::TestEnv;

/// Commands whose `-h` is longer than a screen, and why.
const LONG: [(&[&str], &str); 1] = [(&[], "has a line for each command and each global option")];

/// Returns every command as words, envseal itself first.
pub(crate) fn commands() -> Vec<Vec<String>> {
    fn below(command: &Command, path: &[String], found: &mut Vec<Vec<String>>) {
        found.push(path.to_owned());
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            below(sub, &[path, &[sub.get_name().to_owned()]].concat(), found);
        }
    }
    let mut found = Vec::new();
    below(&envseal::testing::commands::definition(), &[], &mut found);
    found
}

/// Returns the help that a command line shows, at 80 columns.
fn help(words: &[&str]) -> String {
    let definition = envseal::testing::commands::definition().term_width(80);
    let shown = definition.try_get_matches_from([&["envseal"], words].concat()).unwrap_err();
    assert_eq!(shown.kind(), ErrorKind::DisplayHelp, "{words:?}: {shown}");
    shown.to_string()
}

#[test]
fn it_fits_on_a_screen_and_lists_the_global_options_once() {
    let short_globals = ["-C=.", "-Kk", "-ii", "-q", "-v"];
    let long_globals = ["--keys-file=k", "--identity=i", "--quiet", "--verbose", "--no-pager"];
    for path in commands() {
        let words: Vec<_> = path.iter().map(String::as_str).collect();
        let short = help(&[&words[..], &["-h"]].concat());
        let is_long = LONG.iter().any(|(path, _)| *path == words);
        assert_eq!(short.lines().count() > 24, is_long, "{} lines:\n{short}", short.lines().count());
        assert!(short.lines().all(|line| line.chars().count() <= 80), "{short}");
        for global in long_globals {
            let name = global.split('=').next().unwrap();
            assert_eq!(short.contains(name), words.is_empty(), "{name}: {short}");
        }
        for globals in [&short_globals, &long_globals] {
            help(&[globals, &words[..], &["-h"]].concat());
            // A hook's arguments come from git.
            if !path.starts_with(&["hook".into(), "run".into()]) {
                help(&[&words[..], globals, &["-h"]].concat());
            }
        }
    }
}

#[test]
fn every_command_has_examples_and_each_is_a_command() {
    for path in commands() {
        let words: Vec<_> = path.iter().map(String::as_str).collect();
        let long = help(&[&words[..], &["--help"]].concat());
        // Git calls these subcommands; nobody types them.
        let is_gits = path.starts_with(&["hook".into(), "run".into()]);
        assert!(is_gits || long.contains("\nExamples:\n"), "{path:?}");
    }
}

#[test]
fn several_environments_are_one_word_or_several() {
    let env = TestEnv::new();
    for name in ["a", "b", "c"] {
        env.ok(&["set", "-q", &format!("WHO={name}"), &format!("{}=1", name.to_uppercase()), "-e", name]);
    }
    let names = |selected: &[&str]| env.ok(&[&["get"], selected].concat());
    let all = names(&["-e", "a", "-e", "b", "-f", ".env.c"]);
    assert!(all.contains("\"WHO\": \"a\"") && all.matches("\"1\"").count() == 3, "{all}");
    for same in
        [&["-e", "a,b", "-f", ".env.c"][..], &["-ea,b", "-f.env.c"], &["--env=a,b,c"], &["-e", "a,b,c"]]
    {
        assert_eq!(names(same), all, "{same:?}");
    }
    env.ok(&["set", "-q", "N=2", "-e", "a,c"]);
    assert_eq!(env.ok(&["get", "N", "-e", "c"]), "2\n");
    assert!(env.fails(2, &["set", "N=2", "-e", "a,"]).contains("isn't a valid environment name"));
    // So no environment's name may have a comma.
    env.write(".env.a,b", "N=1\n");
    assert!(env.fails(4, &["get", "-f", ".env.a,b"]).contains(".env.a,b"));
    assert!(String::from_utf8(env.envseal(&["check"]).output().stdout).unwrap().contains(".env.a,b"));
}

#[test]
fn a_name_that_is_almost_right_is_suggested() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "DATABASE_URL=x", "API_KEY=y"]);
    env.commit("one");
    let blame = env.fails(4, &["blame", "API_KEYS"]);
    assert_eq!(blame, "error: API_KEYS is not in .env\nhint: did you mean API_KEY?\n");
    let one = env.ok(&["blame", "API_KEY"]);
    assert!(one.contains("API_KEY") && !one.contains("DATABASE_URL"), "{one}");
    // A word with a value gets no suggestion, and is not repeated.
    assert!(!env.envseal(&["log", "DATABASE_URL=hunter2"]).output().stderr.contains("hunter2"));
    assert!(!env.fails(4, &["blame", "DATABASE_URL=hunter2"]).contains("hunter2"));
}
