//! What newcomers stumbled over in somebody else's project, and how it works now (docs/first-ten-minutes.md).

use crate::support::{Start, TestEnv, on_terminal};

/// Creates a typical project, in which `.env` and all its variants are ignored.
fn project() -> TestEnv {
    static START: Start = Start::new();
    TestEnv::copy_of(&START, |env| {
        env.write(".gitignore", "node_modules\n.env\n.env.*\n!.env.example\n");
        env.write(".env.example", "SECRET=\nPORT=\n");
        env.write("package.json", "{}\n");
        env.commit("a project");
    })
}

#[test]
fn an_ignored_file_is_sealed_and_committed_by_what_is_printed() {
    let env = project();
    // Not a canary: staging it below puts it into an object of this clone, though the commit fails.
    env.write(".env", "PORT=3000\nSECRET=s3\n");
    env.write(".env.local", "PORT=1\n");
    let said = env.envseal(&["init", "--yes"]).output().stderr;
    assert!(
        said.contains(
            "Stopped ignoring .env, in .gitignore\nnote: pulling this overwrites a teammate's own .env"
        ),
        "{said}"
    );
    assert!(said.contains("Marked as plain in envseal.toml: PORT\n"), "{said}");
    assert_eq!(env.read(".gitignore"), "node_modules\n.env\n.env.*\n!.env.example\n.env.keys\n!/.env\n");
    // Between `init` and `encrypt`, plain text can't be committed.
    env.git(&["add", "-A"]);
    assert_eq!(env.git_with_envseal(&["commit", "-qm", "x"]).output().status, 1);
    let next = said.lines().last().unwrap();
    assert_eq!(next, "Next: envseal encrypt && git add -A; then review git diff --staged, and commit");
    env.ok(&["encrypt"]);
    env.git(&["add", "-A"]);
    let output = env.git_with_envseal(&["commit", "-qm", "seal"]).output();
    assert_eq!((output.status, &*output.stderr), (0, ""));
    let committed = env.git(&["ls-files"]);
    assert_eq!(committed, ".env\n.env.example\n.gitignore\nenvseal.toml\npackage.json\n");
    assert_eq!(env.ok(&["get", "SECRET"]), "s3\n");
}

#[test]
fn a_person_may_say_no_and_is_told_the_other_way() {
    let env = project();
    env.write(".env", "SECRET=x\n");
    let Some((status, shown)) = on_terminal(&env, &["init"], Some(b"n\n")) else { return };
    assert_eq!(status, 0);
    assert!(shown.contains("git ignores .env. Stop ignoring it so it can be committed? [Y/n]"), "{shown}");
    assert!(shown.contains("Next: envseal encrypt -f .env && git add --force .env"), "{shown}");
    assert!(!env.read(".gitignore").contains("!/.env"));
    env.plaintext_in(".env");
}

#[test]
fn where_no_hook_stops_plain_text_git_is_not_shown_any() {
    let env = project();
    env.write(".env", "SECRET=x\n");
    env.write(".git/hooks/pre-commit", "#!/usr/bin/env python3\n");
    let said = env.envseal(&["init", "--yes"]).output().stderr;
    assert!(said.contains("hooks are not installed") && said.contains("note: git ignores .env;"), "{said}");
    assert!(!env.read(".gitignore").contains("!/.env"));
    env.plaintext_in(".env");
}

#[test]
fn what_one_rule_does_not_take_back_in_is_left_alone() {
    let env = TestEnv::new();
    env.write(".gitignore", "a/\n");
    env.write("a/.env", "SECRET=x\n");
    let said = env.envseal(&["init", "--yes"]).dir(env.path("a")).output().stderr;
    assert!(said.contains("Next: envseal encrypt -f .env && git add --force .env\n"), "{said}");
    assert!(!env.read(".gitignore").contains('!'));
}

#[test]
fn where_git_ignores_a_file_the_way_to_commit_it_is_named() {
    let env = project();
    env.write(".env", "SECRET=x\n");
    let hint = "envseal encrypt -f .env && git add --force .env";
    assert_eq!(
        env.fails(2, &["encrypt"]),
        format!(
            "note: skipped .env, which git ignores; to include it, use -f\nerror: all env files here are ignored by git\nhint: {hint}\n"
        )
    );
    let listed = env.envseal(&["ls"]).output();
    assert_eq!(listed.stderr, "note: skipped .env, which git ignores; to include it, use -f\n");
    let said = env.envseal(&["encrypt", "-f", ".env"]).output().stderr;
    assert!(said.ends_with("note: git ignores .env; to commit it: git add --force .env\n"), "{said}");
    env.git(&["add", "--force", ".env"]);
    let set = |environment: &str| env.envseal(&["set", "B=c", "-e", environment]).output().stderr;
    assert!(!set("default").contains("git ignores"));
    let note = "note: git ignores .env.production; to commit it: git add --force .env.production\n";
    assert!(set("production").contains(note));
    // A file that is local to a clone is ignored on purpose.
    assert!(!set("local").contains("git ignores"));
}

#[test]
fn sealing_what_was_committed_in_plain_text_says_so() {
    let env = TestEnv::new();
    env.write_plain(".env", "OLD=1\nPORT=2 # envseal: plain\n");
    env.commit("x");
    env.write_plain(".env", "OLD=1\nPORT=2 # envseal: plain\nNEW=3\n");
    let note = "note: git's history still contains OLD in plain text; change what is secret at its source\n";
    let said = env.envseal(&["encrypt"]).output().stderr;
    assert!(said.ends_with(note), "{said}");
    env.commit("y");
    env.write(".env", env.read(".env") + "MORE=1\n");
    assert!(!env.envseal(&["encrypt"]).output().stderr.contains("history"));
}

#[test]
fn a_policy_that_is_not_staged_is_named_and_not_encrypt() {
    let env = TestEnv::new();
    env.write(".env", "SECRET=x\nPORT=1\n");
    env.commit("x");
    env.plaintext_in(".env");
    env.ok(&["init", "--yes"]);
    env.ok(&["encrypt"]);
    let stopped = env.git_with_envseal(&["commit", "-qam", "seal"]).output();
    assert_eq!(stopped.status, 1);
    let told = ".env:5: error: PORT is plain text; envseal.toml declares it plain, but that isn't staged [plaintext]\n  fix: git add :/envseal.toml\n";
    assert!(stopped.stderr.starts_with(told), "{}", stopped.stderr);
    let more = ["Then stage the fix", "If it isn't secret"];
    assert!(more.iter().all(|words| !stopped.stderr.contains(words)), "{}", stopped.stderr);
    env.git(&["add", ":/envseal.toml"]);
    env.git_with_envseal(&["commit", "-qam", "seal"]).ok();
}

#[test]
fn who_requests_access_is_told_whom_to_ask_or_what_they_can_grant() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A=b"]);
    let (here, away) = (env.path(".env.keys"), env.outside().join("keys"));
    let request = |name: &str| {
        let run = env.envseal(&["team", "request", "--name", name]);
        run.var("HOME", env.outside().join(name)).output().stderr
    };
    std::fs::rename(&here, &away).unwrap();
    let said = request("bob");
    let last = said.lines().last().unwrap();
    assert_eq!(last, "Next, ask someone with access to run: envseal team approve bob -e default");
    std::fs::rename(&away, &here).unwrap();
    env.ok(&["set", "-q", "A=b", "-e", "production"]);
    let said = request("ann");
    let told = "You can grant access to all that you can decrypt: envseal team approve NAME -e ENVIRONMENT";
    assert!(said.contains(told), "{said}");
}

#[test]
fn words_of_other_tools_and_misplaced_files_get_a_tip() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A=b"]);
    for (typed, tip) in [
        (&["rotate"][..], "  tip: use: envseal key rotate\n"),
        (&["encrypt", ".env"], "  tip: name a file with -f: -f .env\n"),
        (&["edit", "a/.env.production"], "  tip: name a file with -f: -f a/.env.production\n"),
        (&["team", "request", "bob"], "  tip: name yourself with --name: --name bob\n"),
        (&["docter"], "  tip: a similar subcommand exists: 'doctor'\n"),
    ] {
        let said = env.fails(2, typed);
        assert!(said.contains(tip), "{typed:?}: {said}");
        assert_eq!(said.matches("tip:").count(), 1, "{said}");
    }
    assert!(env.fails(4, &["get", ".env"]).ends_with("hint: select a file with -f: -f .env\n"));
    // A word that may be a value is not repeated.
    assert!(!env.fails(2, &["set", "A", "b", "--", "x.env"]).contains("x.env"));
}

#[test]
fn help_is_a_command_too() {
    let env = TestEnv::new();
    for words in [&[][..], &["set"], &["team", "approve"]] {
        let asked = [&["help"], words].concat();
        assert_eq!(env.ok(&asked), env.ok(&[words, &["--help"]].concat()), "{words:?}");
    }
    assert_eq!(env.envseal(&["help", "nonsense"]).output().status, 2);
}

#[test]
fn the_key_of_dotenv_under_the_name_that_one_would_guess() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A=b"]);
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    let said = env.envseal(&["run", "--", "true"]).var("ENVSEAL_PRIVATE_KEY_DEFAULT", key).fails(2);
    assert!(said.ends_with("hint: set the key of .env as ENVSEAL_PRIVATE_KEY\n"), "{said}");
}

#[test]
fn below_the_folder_of_an_env_file_the_command_that_reads_it_is_named() {
    for env in [TestEnv::new(), TestEnv::without_git()] {
        env.ok(&["set", "-q", "A", "b"]);
        env.ok(&["set", "-q", "A", "c", "-e", "production"]);
        let below = env.path("src/deep");
        std::fs::create_dir_all(&below).unwrap();
        // Running the hint in a shell does what was meant.
        let retried = |arguments: &[&str], answer: &str, var: Option<(&str, &str)>| {
            let run = env.envseal(arguments).dir(&below);
            let said = var.into_iter().fold(run, |run, (name, value)| run.var(name, value)).fails(4);
            let hint = said.split("hint: ").nth(1).unwrap_or_else(|| panic!("no hint: {said}")).trim();
            let command =
                hint.replace("CMD", "sh -c 'echo $A'").replacen("envseal", env!("CARGO_BIN_EXE_envseal"), 1);
            assert_eq!(env.program("sh", &["-c", &command]).dir(&below).ok(), answer, "{said}");
        };
        retried(&["run", "--", "true"], "b\n", None);
        retried(&["run", "-e", "production", "--", "true"], "c\n", None);
        retried(&["get", "A"], "b\n", None);
        retried(&["get", "A"], "c\n", Some(("ENVSEAL_ENV", "production")));
        let key = env.private_key("ENVSEAL_PRIVATE_KEY_PRODUCTION");
        if !env.path(".git").exists() {
            continue; // where paths are absolute
        }
        let injected =
            env.envseal(&["run", "--", "true"]).dir(&below).var("ENVSEAL_PRIVATE_KEY_PRODUCTION", key);
        assert!(injected.fails(2).ends_with("hint: use the one above: -f ../../.env.production\n"));
        let listed = env.envseal(&["ls"]).dir(&below).output();
        let line = "No env file here, but above: ../../.env. List it: envseal -C ../.. ls\n";
        assert_eq!((listed.status, &*listed.stderr), (0, line));
    }
    // A file outside the repository is not suggested.
    let env = TestEnv::new();
    std::fs::write(env.outside().join(".env"), "A=b\n").unwrap();
    assert!(!env.fails(4, &["run", "--", "true"]).contains(".."));
}

#[test]
fn a_new_environment_is_confirmed_by_a_person_and_leaves_nothing_if_not() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A", "b", "-e", "production"]);
    let before = env.snapshot();
    let question = "prod is a new environment; there is also production. Create .env.prod? [y/N] ";
    for command in [&["set", "A", "b"][..], &["set", "A"], &["edit"], &["key", "generate"]] {
        let arguments = [command, &["-e", "prod"]].concat();
        let Some((status, shown)) = on_terminal(&env, &arguments, Some(b"\n")) else { return };
        assert!(status == 2 && shown.contains(question), "{command:?}: {shown}");
        assert!(shown.ends_with("nothing was written\nhint: for the other one: -e production\n"), "{shown}");
        assert!(env.snapshot() == before, "{command:?}");
    }
    let (status, shown) = on_terminal(&env, &["set", "A", "b", "-e", "staging"], Some(b"y\n")).unwrap();
    assert!(
        status == 0 && shown.contains("staging is a new environment. Create .env.staging? [y/N] "),
        "{shown}"
    );
    // An environment that has a key, and the first file of a project, need no question.
    std::fs::create_dir(env.path("sub")).unwrap();
    let (_, shown) = on_terminal(&env, &["set", "A", "b", "-f", "sub/.env.staging"], None).unwrap();
    assert!(!shown.contains('?'), "{shown}");
    let (_, shown) = on_terminal(&TestEnv::new(), &["set", "A", "b"], None).unwrap();
    assert!(shown.contains("Created .env\n"), "{shown}");
    // Without a terminal it goes ahead.
    let said = env.envseal(&["set", "A", "b", "-e", "qa"]).output().stderr;
    assert!(said.contains("Created .env.qa, a new environment\n"), "{said}");
}
