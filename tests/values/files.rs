//! Which files contain values: templates, copies and other tools' files aren't env files; two commands read a pipe.

use super::Case;
use crate::support::TestEnv;

/// Names of files that are not env files, each with what it is.
const OTHERS: [(&str, &str); 12] = [
    (".env.bak", "a copy"),
    (".env.production.OLD", "a copy"),
    (".env~", "a copy"),
    ("production.env.orig", "a copy"),
    ("#.env#", "a copy"),
    (".env.example", "a template"),
    ("example.env", "a template"),
    (".env.Docker.Sample", "a template"),
    (".env.vault", "a file of dotenv-vault"),
    (".env.d.ts", "source code"),
    (".env.production.gpg", "a file of GPG"),
    (".env.json", "a data file"),
];

#[test]
fn no_command_takes_another_file_for_an_env_file() {
    let env = TestEnv::new();
    for (file, what) in OTHERS {
        env.write(file, "A=Hunter2word\n");
        let says = format!("{file} is not an env file: by its name it is {what}\nhint: ");
        let get = ["get", "-f", file];
        Case { files: &[], run: &get, status: 4, says: &says, hides: "Hunter2word" }.holds_in(&env);
    }
    for run in [
        &["run", "-f", ".env.bak", "--", "true"][..],
        &["set", "A", "x", "-f", ".env.bak"],
        &["unset", "A", "-f", ".env.bak"],
        &["rename", "A", "B", "-f", ".env.bak"],
        &["edit", "-f", ".env.bak"],
        &["encrypt", "-f", ".env.bak"],
        &["decrypt", "-f", ".env.bak"],
        &["key", "generate", "-f", ".env.bak"],
        &["key", "show", "-f", ".env.bak"],
    ] {
        let says = ".env.bak is not an env file: by its name it is a copy\nhint: ";
        Case { files: &[], run, status: 4, says, hides: "Hunter2word" }.holds_in(&env);
    }
    let import = ["import", "json", "-f", ".env.bak", "--yes"];
    assert!(env.envseal(&import).stdin("{\"A\": \"b\"}").fails(4).contains("by its name it is a copy"));
    // A command that searches for files itself doesn't use them either.
    Case { files: &[], run: &["encrypt"], status: 2, says: "no env file here", hides: "" }.holds_in(&env);
    assert_eq!(env.ok(&["ls", "--json"]), "[]\n");
}

#[test]
fn an_environment_does_not_mean_them() {
    for (name, what) in [
        ("bak", "a copy"),
        ("production.old", "a copy"),
        ("example", "a template"),
        ("vault", "a file of dotenv-vault"),
    ] {
        let (file, says) =
            (format!(".env.{name}"), format!(".env.{name} is not an env file: by its name it is {what}"));
        let files = [(file.as_str(), "A=Hunter2word\n")];
        for run in
            [&["run", "-e", name, "--", "true"][..], &["set", "A", "x", "-e", name], &["get", "-e", name]]
        {
            Case { files: &files, run, status: 2, says: &says, hides: "Hunter2word" }.holds();
            Case { files: &[], run, status: 2, says: &says, hides: "" }.holds();
        }
    }
    // `NAME.env` may have such a name.
    let files = [("backup.env", "A=1 # envseal: plain\n"), (".env.backup", "A=2\n")];
    Case { files: &files, run: &["get", "A", "-e", "backup"], status: 0, says: "1\n", hides: "" }.holds();
}

#[test]
fn plain_text_in_a_copy_is_an_error_and_in_no_template() {
    let env = TestEnv::new();
    let text = "# envseal\nENVSEAL_PUBLIC_KEY=x\nA=Hunter2word\nnot a variable\nB=1 # envseal: plain\n";
    let mut expected = Vec::new();
    for (file, what) in OTHERS {
        env.write(file, text);
        if what == "a copy" {
            expected.extend([format!("{file}:3 !plaintext A"), format!("{file}:4 !stray-line -")]);
        }
    }
    expected.sort();
    let found = |arguments: &[&str]| {
        let mut found = env.check(arguments);
        found.sort();
        found
    };
    assert_eq!(found(&[]), expected);
    env.git(&["add", "-f", "."]);
    assert_eq!(found(&["--staged"]), expected);
    env.commit("it");
    assert_eq!(found(&["--history"]), expected);
    let before = env.snapshot();
    let said = String::from_utf8(env.envseal(&["check", "--fix"]).output().stdout).unwrap();
    assert_eq!(env.snapshot(), before);
    let words = "envseal doesn't encrypt copies of env files";
    assert!(said.contains(words) && !said.contains("envseal encrypt"), "{said}");
}

#[test]
fn sealed_values_in_them_are_told() {
    let sealed = TestEnv::new();
    sealed.write_sealed(".env", "A=Hunter2word\n");
    let text = sealed.read(".env");
    let token = text.trim_end().rsplit_once('=').unwrap().1;
    let env = TestEnv::new();
    for text in [&text, &format!("\n{{\"A\": \"{token}\",\n\"B\": \"{token}\"}}\n")] {
        let line = 1 + text[..text.find(token).unwrap()].matches('\n').count();
        let mut expected = OTHERS.map(|(file, what)| {
            env.write(file, text);
            format!("{file}:{line} {}unreadable -", if what == "a copy" { "" } else { "!" })
        });
        let mut found = env.check(&[]);
        found.retain(|finding| !finding.contains("stray-line"));
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{text}");
    }
    // Text that only looks like a sealed value, as in an explanation, is accepted.
    for (file, _) in OTHERS {
        env.write(file, "# A=envseal:1:…\n# envseal:1:AAAA\n");
    }
    assert_eq!(env.check(&[]), [""; 0]);
}

#[cfg(unix)]
mod unix {
    use super::*;

    /// Runs a script in a shell, with the binary as `$0`. Returns the status and the output.
    fn in_shell(env: &TestEnv, script: &str) -> (i32, String) {
        let output = env.program("bash", &["-c", script, env!("CARGO_BIN_EXE_envseal")]).soon();
        (output.status, String::from_utf8(output.stdout).unwrap() + &output.stderr)
    }

    #[test]
    fn run_and_get_read_a_pipe_that_is_named_once() {
        let env = TestEnv::new();
        let secret = env.secret("s");
        env.envseal(&["set", "S", "-e", "production"]).stdin(&secret).ok();
        env.program("mkfifo", &["pipe", ".env.production2"]).ok();
        std::fs::rename(env.path(".env.production"), env.path("kept")).unwrap();
        let said = format!("{secret}\n");
        for script in [
            "\"$0\" get S -f <(cat kept)",
            "\"$0\" run -f <(cat kept) -- printenv S",
            "cat kept | \"$0\" get S -f /dev/stdin",
            "cat kept >pipe & \"$0\" get S -f pipe",
            "cat kept >pipe & \"$0\" run -f pipe -f ./pipe -- printenv S",
            "mkfifo .env.production; cat kept >.env.production & \"$0\" get S -e production",
            "cat kept >.env.production & ENVSEAL_ENV=production \"$0\" run -- printenv S",
            "cat kept >.env.production & \"$0\" run --convention flow -e production -- printenv S",
        ] {
            assert_eq!(in_shell(&env, script), (0, said.clone()), "{script}");
        }
        // The pipe's name decides its environment, and this environment has a different key name.
        let (status, told) = in_shell(&env, "cat kept >.env.production2 & \"$0\" get S -f .env.production2");
        assert!(status == 4 && told.contains("ENVSEAL_PUBLIC_KEY_PRODUCTION2"), "{told}");
        assert_eq!(in_shell(&env, "printf 'A=1' | \"$0\" get A -f /dev/stdin"), (0, "1\n".into()));
        // It prints a note while it waits, but no value.
        let late = "(sleep 2.5; cat kept) >.env.production & \"$0\" get S -e production";
        let note = "note: waiting for the program that writes .env.production, a pipe\n";
        assert_eq!(in_shell(&env, late), (0, format!("{said}{note}")));
        // Two names with one key name are refused, as with files.
        env.write("production.env", "");
        let (status, told) = in_shell(&env, "\"$0\" get -e production");
        assert!(status == 4 && told.contains("share the key name"), "{told}");
        std::fs::remove_file(env.path("production.env")).unwrap();
        // A piped private key is not a variable.
        assert_eq!(in_shell(&env, "cat .env.keys | \"$0\" get -f /dev/stdin"), (0, "{}\n".into()));
    }

    #[test]
    fn no_other_command_waits_for_a_pipe() {
        let env = TestEnv::new();
        env.ok(&["set", "A", "1", "-e", "kept"]);
        env.commit("kept");
        env.program("mkfifo", &[".env", ".env.production", ".env.example", ".env.bak", "p"]).ok();
        for arguments in [
            &["get", "-f", ".env.bak"][..],
            &["get", "-f", ".env.example"],
            &["set", "A", "x", "-f", ".env"],
            &["set", "A", "x", "-f", "p"],
            &["edit", "-f", ".env"],
            &["decrypt", "--stdout", "-f", ".env"],
            &["encrypt", "--stdout", "-f", ".env.production"],
            &["key", "show", "-f", ".env"],
            &["import", "dotenv", "-f", ".env", "--yes"],
        ] {
            let output = env.envseal(arguments).stdin("A=1\n").soon();
            assert_eq!(output.status, 4, "{arguments:?} {}", output.stderr);
        }
        let hint = "hint: only run and get read a pipe; name another file with -e or -f\n";
        assert!(env.fails(4, &["set", "A", "x"]).ends_with(hint));
        let note = "note: skipped .env, a pipe, which only run and get read\n";
        for arguments in
            [&["ls"][..], &["encrypt"], &["check"], &["check", "--fix"], &["doctor"], &["key", "list"]]
        {
            let output = env.envseal(arguments).soon();
            assert!(output.stderr.contains(note), "{arguments:?} {}", output.stderr);
        }
        for arguments in [
            &["check", "--staged"][..],
            &["init", "--yes"],
            &["diff"],
            &["log"],
            &["key", "rotate", "-e", "kept"],
            &["ls", "--example"],
            &["run", "-e", "kept", "--", "true"],
        ] {
            env.envseal(arguments).soon();
        }
    }
}
