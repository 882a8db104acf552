//! Files that `-e` and `-f` name, and how messages name files.

use crate::support::TestEnv;

#[test]
fn a_misspelled_environment_has_no_diff() {
    let env = TestEnv::new();
    env.write_sealed(".env.production", "A=1\n");
    env.write_sealed(".env.gone", "A=1\n");
    env.git(&["add", "-A"]);
    env.git(&["commit", "-q", "-m", "one"]);
    std::fs::remove_file(env.path(".env.gone")).unwrap();
    env.write_sealed(".env.new", "B=2\n");
    for (arguments, expected) in [
        (&["diff", "-e", "production"][..], ""),
        (&["diff", "-e", "gone"], ".env.gone"),
        (&["diff", "-e", "new"], ".env.new"),
        (&["diff", "HEAD", "HEAD", "-e", "gone"], ""),
    ] {
        let said = env.ok(arguments);
        assert_eq!(said.lines().next().unwrap_or_default(), expected, "{arguments:?}");
    }
    for arguments in [
        &["diff", "-e", "prodution"][..],
        &["diff", "-e", "production", "-e", "prodution"],
        &["diff", "HEAD", "HEAD", "-e", "prodution"],
    ] {
        let expected = "error: cannot read .env.prodution: it does not exist\nhint: did you mean production, in .env.production?\n";
        assert_eq!(env.fails(4, arguments), expected);
    }
}

/// Whether a command takes a file that may be missing is what its help says.
#[test]
fn only_commands_that_take_a_missing_file_offer_it() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    for command in [
        "set B 1",
        "get",
        "unset A",
        "rename A B",
        "resolve A 1",
        "run -- true",
        "edit",
        "encrypt --stdout",
        "decrypt --stdout",
        "ls",
        "diff",
        "log",
        "blame",
        "doctor",
        "import dotenv -y",
        "key list",
        "key show",
        "key generate",
        "key lock",
        "key unlock",
        "key rotate",
        "key trust",
    ] {
        let words: Vec<_> = command.split(' ').collect();
        let verbs = if words[0] == "key" { &words[..2] } else { &words[..1] };
        let (command, rest) = words.split_at(verbs.len());
        let named = [command, &["-f", "?.env.qa"], rest].concat();
        let said = env.envseal(&named).var("EDITOR", "true").stdin("C=1\n").output().stderr;
        let is_refused = said.contains("this command needs a file that exists, not ?.env.qa");
        let help = env.ok(&[verbs, &["--help"]].concat());
        assert_eq!(help.contains("'?FILE'"), !is_refused, "{named:?}: {said}");
    }
}
