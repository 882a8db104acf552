//! `completions/` holds what `envseal completions` prints.
//!
//! `UPDATE=1 cargo test --test cli completions` updates them.

use std::path::Path;

use crate::support::TestEnv;

/// Each shell with its script's name, and the option with which it checks one.
const SHELLS: [(&str, &str, &str); 5] = [
    ("bash", "envseal.bash", "-n"),
    ("zsh", "_envseal", "-n"),
    ("fish", "envseal.fish", "--no-execute"),
    ("powershell", "_envseal.ps1", ""),
    ("elvish", "envseal.elv", ""),
];

#[test]
fn the_committed_scripts_are_those_that_are_generated_and_their_shells_read_them() {
    let env = TestEnv::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, name, check) in SHELLS {
        let generated = env.ok(&["completions", shell]);
        let path = folder.join(name);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == generated,
            "completions/{name} is out of date: UPDATE=1 cargo test --test cli completions"
        );
        if !check.is_empty() && env.has(&[shell]) {
            env.program(shell, &[check]).arg(&path).ok();
        }
    }
}

/// Returns the completions of the last word of a line, asked for as a shell's script does.
fn completed(env: &TestEnv, words: &[&str]) -> Vec<String> {
    let asked = env.envseal(&[&["--", "envseal"], words].concat()).var("ENVSEAL_COMPLETE", "bash").output();
    assert_eq!((asked.status, &*asked.stderr), (0, ""), "{words:?}");
    String::from_utf8(asked.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn names_environments_members_and_files_complete() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "DB_HOST=x", "DB_PASSWORD=y"]);
    env.ok(&["set", "-q", "API_KEY=z", "-e", "production"]);
    env.write("sub/.env.staging", "SUB=\n");
    env.ok(&["team", "request", "--name", "bob"]);
    let before = env.snapshot();
    for (line, candidates) in [
        ("get DB_", "DB_HOST DB_PASSWORD"),
        ("-q get -e production API", "API_KEY"),
        ("unset DB_HOST DB_P", "DB_PASSWORD"),
        ("rename API", "API_KEY"),
        ("blame -e production A", "API_KEY"),
        ("run -k DB_H", "DB_HOST"),
        ("get -e ", "default production"),
        ("get --env=prod", "--env=production"),
        ("run -e default,p", "default,production"),
        ("-C sub get -e ", "staging"),
        ("-C sub get S", "SUB"),
        ("team approve ", "bob"),
        ("team approve bob -e p", "production"),
        ("get -f .env.p", ".env.production"),
        ("get -f sub/", "sub/.env.staging"),
        ("get -f ", ".env .env.production sub/"),
        ("key ro", "rotate"),
        ("get --fo", "--format"),
        ("get --format pow", "powershell"),
        ("-C nowhere get ", ""),
    ] {
        let words: Vec<_> = line.split(' ').collect();
        let given = completed(&env, &words);
        let given: Vec<_> =
            given.iter().filter(|word| !word.starts_with('-') || line.contains("--")).collect();
        assert_eq!(given.into_iter().map(String::as_str).collect::<Vec<_>>().join(" "), candidates, "{line}");
    }
    assert_eq!(env.snapshot(), before, "nothing is written");
}

#[cfg(unix)]
#[test]
fn whoever_writes_the_repository_types_nothing_for_others() {
    let env = TestEnv::new();
    for name in [
        ".env.$(touch pwned)",
        ".env.`touch pwned`",
        ".env.a;touch pwned",
        ".env.a\n b",
        ".env.*",
        ".env.ok",
        "-x.env",
    ] {
        env.write(name, "GOOD=1\nBAD$(touch pwned)=1\n");
    }
    env.write("$(touch pwned)/.env", "");
    env.write("envseal.toml", "[members]\n\"a$(touch pwned)\" = \"x\"\n");
    env.program("mkfifo", &[".env.pipe"]).ok();
    assert_eq!(completed(&env, &["get", "-e", ""]), ["ok", "pipe"]);
    assert_eq!(completed(&env, &["get", "GOO"]), ["GOOD"]);
    for line in
        [&["get", "-f", ""][..], &["get", "-f", ".env"], &["get", "B"], &["team", "approve", ""], &["-K", ""]]
    {
        let given = completed(&env, line);
        assert!(
            given.iter().all(|word| !word.contains(['$', '`', ';', '*', ' ', '('])),
            "{line:?} {given:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn an_installed_script_completes_in_its_shell() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "DB_HOST=x", "DB_PASSWORD=y", "API_KEY=z"]);
    let home = env.outside().join("home");
    // Call the function that a script registers, as completion systems do.
    let bash = "source \"$1\"; COMP_WORDS=(envseal get DB_) COMP_CWORD=2; _clap_complete_envseal envseal DB_ get; \
                printf '%s\\n' \"${COMPREPLY[@]}\"";
    let zsh = "compdef() { true }; _describe() { print -l ${(P)3} }; source $1; words=(envseal get DB_) CURRENT=3; \
               _clap_dynamic_completer_envseal";
    let fish = "source $argv[1]; complete -C 'envseal get DB_'";
    for (shell, file, ask) in [
        ("bash", ".local/share/bash-completion/completions/envseal", bash),
        ("zsh", ".local/share/envseal/completions/envseal.zsh", zsh),
        ("fish", ".config/fish/completions/envseal.fish", fish),
    ] {
        let installed =
            env.envseal(&["completions", "--install"]).var("SHELL", format!("/usr/bin/{shell}")).output();
        let file = home.join(file);
        assert!(
            installed.status == 0 && installed.stderr.contains(&format!("Wrote {}\n", file.display())),
            "{}",
            installed.stderr
        );
        assert_eq!(installed.stderr.contains("Load it in ~/.zshrc, below compinit: source "), shell == "zsh");
        if !env.has(&[shell]) {
            continue;
        }
        let arguments = if shell == "fish" { vec!["-c", ask] } else { vec!["-c", ask, shell] };
        let given = env.program(shell, &arguments).arg(&file).with_envseal().ok();
        let given: Vec<_> = given.split_whitespace().collect();
        assert_eq!(given, ["DB_HOST", "DB_PASSWORD"], "{shell}");
    }
    let there = env.envseal(&["completions", "powershell", "--install"]).output();
    assert!(there.stderr.contains("Load it in $PROFILE: . "), "{}", there.stderr);
    assert_eq!(env.envseal(&["completions", "--install"]).var("SHELL", "/bin/none").output().status, 2);
    env.fails(2, &["completions"]);
}
