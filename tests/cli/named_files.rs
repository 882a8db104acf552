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

#[test]
fn files_of_this_project_are_named_as_seen_from_here() {
    let env = TestEnv::new();
    env.ok(&["init", "-y"]);
    env.write("envseal.toml", "[policy]\nplain = [\"PUBLIC_*\"]\n");
    env.write(".env", env.read(".env") + "C=abc#def\n");
    std::fs::create_dir(env.path("sub")).unwrap();
    for (folder, up) in [(".", ""), ("sub", "../")] {
        let said = env.envseal(&["check", "--fix"]).dir(env.path(folder)).output().stderr;
        assert!(said.contains(&format!("error: {up}.env:")), "{said}");
        let set = env.envseal(&["set", "PUBLIC_X", "1", "--seal", "-f", &format!("{up}.env")]);
        let said = set.dir(env.path(folder)).output().stderr;
        let expected = format!(
            "error: {up}.env: PUBLIC_X can't be encrypted, because {up}envseal.toml declares PUBLIC_X plain\nhint: if it \
             is secret, change {up}envseal.toml so that it no longer declares PUBLIC_X plain\n"
        );
        assert_eq!(said, expected);
    }
}

#[test]
fn values_of_another_tool_are_not_called_plain_text() {
    let env = TestEnv::new();
    let key = format!("03{}", "7".repeat(64));
    let sealed = format!("encrypted:{}", "B".repeat(172));
    env.write(".env.qa", format!("DOTENV_PUBLIC_KEY_QA=\"{key}\"\nX=\"{sealed}\"\n"));
    let said = env.envseal(&["doctor", "-e", "qa"]).output().stdout;
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("fix: envseal import dotenvx .env.qa") && !said.contains("plain text"), "{said}");
    env.write(".env.qa", env.read(".env.qa") + "Y=plain\n");
    let said = String::from_utf8(env.envseal(&["doctor", "-e", "qa"]).output().stdout).unwrap();
    assert!(said.contains("1 value in plain text"), "{said}");
}
