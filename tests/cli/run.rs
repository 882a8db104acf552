//! `envseal run`.

use envseal::testing::crypto::{PlaintextKind, PublicKey, Refs, Sealer};

use crate::support::TestEnv;

/// Returns what a child would see of these variables, one per line.
fn seen(env: &TestEnv, before: &[&str], names: &[&str]) -> String {
    let script: String = names.iter().map(|name| format!("echo \"{name}=${{{name}-(unset)}}\"; ")).collect();
    env.ok(&[&["run"], before, &["--", "sh", "-c", &script]].concat())
}

/// Asserts that `run` fails with status 3 and starts nothing. Returns its output.
#[track_caller]
fn starts_nothing(env: &TestEnv, before: &[&str]) -> String {
    let stderr = env.fails(3, &[&["run"], before, &["--", "touch", "started"]].concat());
    assert!(!env.path("started").exists(), "the program was started");
    stderr
}

#[test]
fn the_process_wins_over_files_and_earlier_files_over_later() {
    let env = TestEnv::new();
    env.write_sealed(".env.a", "X=a\nONLY_A=1\nP=a\n");
    env.write_sealed(".env.b", "X=b\nONLY_B=1\nP=b\n");
    let x = |before: &[&str]| {
        let script = "echo $X $P $ONLY_A $ONLY_B";
        let arguments = [&["run"], before, &["--", "sh", "-c", script]].concat();
        env.envseal(&arguments).var("P", "process").ok()
    };
    assert_eq!(x(&["-e", "a", "-e", "b"]), "a process 1 1\n");
    assert_eq!(x(&["-e", "b", "-e", "a"]), "b process 1 1\n");
    assert_eq!(x(&["-f", ".env.b", "-e", "a"]), "b process 1 1\n");
    assert_eq!(x(&["-e", "a", "-f", ".env.b"]), "a process 1 1\n");
    assert_eq!(x(&["-e", "a", "-e", "b", "--overload"]), "b b 1 1\n");
    assert_eq!(x(&["--overload", "-f", ".env.b", "-e", "a"]), "a a 1 1\n");
}

#[test]
fn a_reference_sees_what_wins() {
    let env = TestEnv::new();
    env.write_sealed(".env.a", "X=a\nFROM_A=$X\n");
    env.write_sealed(".env.b", "X=b\nFROM_B=$X\n");
    let both = ["-e", "a", "-e", "b"];
    assert_eq!(seen(&env, &both, &["FROM_A", "FROM_B"]), "FROM_A=a\nFROM_B=a\n");
    let over = ["-e", "a", "-e", "b", "--overload"];
    assert_eq!(seen(&env, &over, &["FROM_A", "FROM_B"]), "FROM_A=a\nFROM_B=b\n");
    let script = "echo $FROM_A";
    assert_eq!(env.envseal(&["run", "-e", "a", "--", "sh", "-c", script]).var("X", "p").ok(), "p\n");
}

/// Bun, compose's `env_file:` and others put the text of an env file into the environment unchanged.
#[test]
fn a_sealed_value_in_the_process_counts_as_not_set() {
    let env = TestEnv::new();
    env.write_sealed(".env", "X=file\nY=${OTHER:-none}\n");
    let token = env.read(".env").lines().find_map(|line| line.strip_prefix("X=").map(str::to_owned)).unwrap();
    let script = ["run", "--", "sh", "-c", "echo $X $Y ${OTHER-unset}"];
    let output = env.envseal(&script).var("X", &token).output();
    assert_eq!((&output.stdout[..], &*output.stderr), (&b"file none unset\n"[..], ""));
    let output = env.envseal(&script).var("OTHER", &token).output();
    assert_eq!(output.stdout, b"file none unset\n");
    assert_eq!(output.stderr, "note: OTHER of the process is a sealed value and counts as not set\n");
    assert_eq!(env.envseal(&["get", "Y"]).var("OTHER", &token).ok(), "none\n");
}

/// The threads that decrypt avoid the core that they start on. The program must not inherit that.
#[cfg(target_os = "linux")]
#[test]
fn the_program_may_use_the_same_cores() {
    let env = TestEnv::new();
    for number in 1..=12 {
        env.ok(&["set", "-q", &format!("N{number}"), &number.to_string()]);
    }
    let own = std::fs::read_to_string("/proc/self/status").unwrap();
    let cores = own.lines().find(|line| line.starts_with("Cpus_allowed:")).unwrap();
    let script = "grep ^Cpus_allowed: /proc/self/status; echo $N1 $N12";
    assert_eq!(env.ok(&["run", "--", "sh", "-c", script]), format!("{cores}\n1 12\n"));
}

#[test]
fn a_clean_environment_has_the_files_variables_and_what_a_program_needs() {
    let env = TestEnv::new();
    env.write_sealed(".env", "X=file\nY=2\n");
    let text =
        env.read(".env") + "STOLEN=${TOKEN:-nothing} # envseal: plain\nHOME_OF=$HOME # envseal: plain\n";
    env.write(".env", text);
    let run = |options: &[&str], script: &str| {
        let arguments = [&["run", "--clean-env"], options, &["--", "sh", "-c", script]].concat();
        env.envseal(&arguments).var("TOKEN", "process").var("X", "process").var("LANG", "C.UTF-8").output()
    };
    let names = "env | sed 's/=.*//' | grep -vx 'PWD\\|_\\|SHLVL\\|OLDPWD' | sort | tr '\\n' ' '";
    let output = run(&["-k", "X"], names);
    let wanted: Vec<_> = ["HOME", "LANG", "PATH", "TERM", "TMPDIR", "X"].into();
    let found = String::from_utf8(output.stdout).unwrap();
    assert!(found.split_whitespace().all(|name| wanted.contains(&name)), "{found}");
    assert!(["HOME", "LANG", "PATH", "X"].iter().all(|name| found.contains(name)), "{found}");
    // Other variables of the process neither take precedence nor can be referenced.
    let output = run(&[], "echo $X $Y $STOLEN; test $HOME = $HOME_OF && echo same");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "file 2 nothing\nsame\n");
    let output = run(&["--overload"], "echo $X $Y $STOLEN");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "file 2 nothing\n");
    // Variables that the schema requires must be in the files.
    env.write(".env.schema", "X=\n# @required\nTOKEN=\n");
    let output = run(&[], "echo started");
    assert!(
        output.status != 0 && output.stdout.is_empty() && output.stderr.contains("TOKEN"),
        "{}",
        output.stderr
    );
}

#[test]
fn an_empty_variable_of_the_process_wins_too() {
    let env = TestEnv::new();
    env.write_sealed(".env", "X=file\n");
    let run = |before: &[&str]| {
        let arguments = [&["run"], before, &["--", "sh", "-c", "echo \"[$X]\""]].concat();
        env.envseal(&arguments).var("X", "").ok()
    };
    assert_eq!(run(&[]), "[]\n");
    assert_eq!(run(&["--overload"]), "[file]\n");
}

#[test]
fn only_and_except_pick_variables() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A_KEY=1\nB_KEY=2\nC=3\n");
    let names = ["A_KEY", "B_KEY", "C"];
    assert_eq!(seen(&env, &["-k", "*_KEY"], &names), "A_KEY=1\nB_KEY=2\nC=(unset)\n");
    assert_eq!(seen(&env, &["-x", "A*", "-x", "C"], &names), "A_KEY=(unset)\nB_KEY=2\nC=(unset)\n");
    assert_eq!(seen(&env, &["-k", "*_KEY", "-x", "A*"], &names), "A_KEY=(unset)\nB_KEY=2\nC=(unset)\n");
    assert!(env.fails(2, &["run", "-k", "[", "--", "true"]).contains("isn't a glob"));
}

#[test]
fn a_missing_file_is_never_a_silent_empty_start() {
    let env = TestEnv::new();
    for arguments in [
        &["run", "--", "touch", "started"][..],
        &["run", "-e", "production", "--", "touch", "started"],
        &["run", "-f", "nowhere/.env", "--", "touch", "started"],
        &["run", "-f", ".", "--", "touch", "started"],
    ] {
        let stderr = env.fails(4, arguments);
        assert!(stderr.contains("does not exist"), "{stderr}");
        assert!(stderr.contains("\nhint: "), "{stderr}");
    }
    env.write_sealed(".env", "A=1\n");
    env.fails(4, &["run", "-f", ".env", "-e", "production", "--", "touch", "started"]);
    assert!(!env.path("started").exists());
}

#[test]
fn injected_keys_say_which_files_are_meant() {
    let env = TestEnv::new();
    env.write_sealed(".env", "WHO=default\n");
    env.write_sealed(".env.production", "WHO=production\nP=1\n");
    env.write_sealed(".env.ci", "WHO=ci\nC=1\n");
    let key = |name: &str| env.private_key(name);
    let (production, ci) = (key("ENVSEAL_PRIVATE_KEY_PRODUCTION"), key("ENVSEAL_PRIVATE_KEY_CI"));
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let show = ["run", "--", "sh", "-c", "echo $WHO $P $C"];
    assert_eq!(env.envseal(&show).var("ENVSEAL_PRIVATE_KEY_PRODUCTION", &production).ok(), "production 1\n");
    let both = env.envseal(&show).var("ENVSEAL_PRIVATE_KEY_PRODUCTION", &production);
    assert_eq!(both.var("ENVSEAL_PRIVATE_KEY_CI", &ci).ok(), "ci 1 1\n");
    // Named files take precedence over implied ones.
    let named = env.envseal(&["run", "-e", "ci", "--", "sh", "-c", "echo $WHO"]);
    let named = named.var("ENVSEAL_PRIVATE_KEY_PRODUCTION", &production);
    assert_eq!(named.var("ENVSEAL_PRIVATE_KEY_CI", &ci).ok(), "ci\n");
    // A key of an environment that has no file here.
    let stderr = env.envseal(&show).var("ENVSEAL_PRIVATE_KEY_STAGING", &ci).fails(2);
    assert!(stderr.contains("ENVSEAL_PRIVATE_KEY_STAGING"), "{stderr}");
}

#[test]
fn an_empty_or_malformed_injected_key_is_refused() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let run = ["run", "--", "touch", "started"];
    let good = env.private_key("ENVSEAL_PRIVATE_KEY");
    let last = if good.ends_with('A') { 'B' } else { 'A' };
    let typo = format!("{}{last}", &good[..good.len() - 1]);
    for (key, words) in [
        ("", "empty"),
        (" ", "is not a private key"),
        ("x", "is not a private key"),
        (&typo, "is not a private key"),
        (&format!("{good},"), "is not a private key"),
        (&format!("x,{good}"), "is not a private key"),
    ] {
        let stderr = env.envseal(&run).var("ENVSEAL_PRIVATE_KEY", key).fails(3);
        assert!(stderr.contains("ENVSEAL_PRIVATE_KEY") && stderr.contains(words), "{key:?}: {stderr}");
        assert!(key.trim().len() < 3 || !stderr.contains(key), "the key itself is shown: {stderr}");
    }
    assert!(!env.path("started").exists());
    for key in [format!("{good}\n"), format!(" {good} , {good}")] {
        env.envseal(&["run", "--", "true"]).var("ENVSEAL_PRIVATE_KEY", key).ok();
    }
}

#[test]
fn several_keys_stand_in_one_variable() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let good = env.private_key("ENVSEAL_PRIVATE_KEY");
    let other = TestEnv::new();
    other.write_sealed(".env", "A=1\n");
    let other = other.private_key("ENVSEAL_PRIVATE_KEY");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    for keys in [format!("{other},{good}"), format!("{good},{other}"), format!("{other}, {good}")] {
        env.envseal(&["run", "--", "true"]).var("ENVSEAL_PRIVATE_KEY", keys).ok();
    }
    let stderr = env.envseal(&["run", "--", "touch", "started"]).var("ENVSEAL_PRIVATE_KEY", &other).fails(3);
    assert!(stderr.contains("holds key "), "says which key is there instead: {stderr}");
}

#[test]
#[cfg(unix)]
fn the_program_takes_envseals_place() {
    use std::process::Stdio;
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let mut command = env.envseal(&["run", "--", "sh", "-c", "echo $$"]).into_command();
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    let pid = child.id().to_string();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), pid);
}

#[test]
#[cfg(target_os = "linux")]
fn the_program_starts_with_the_signals_of_a_shells_child() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let script = "grep -E 'Sig(Ign|Blk)' /proc/self/status";
    // Signals after the first 31 belong to the C library.
    let standard = |text: String| {
        let masks =
            text.lines().map(|line| u64::from_str_radix(line.split_at(8).1, 16).unwrap() & 0x7fff_ffff);
        masks.collect::<Vec<_>>()
    };
    let direct = standard(env.program("sh", &["-c", script]).ok());
    assert_eq!(standard(env.ok(&["run", "--", "sh", "-c", script])), direct);
    let pipe = "set -o pipefail 2>/dev/null; yes | head -n1; echo ${PIPESTATUS[0]}";
    assert_eq!(env.ok(&["run", "--", "bash", "-c", pipe]), "y\n141\n");
}

#[test]
fn the_exit_status_is_the_programs() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let status = |script: &str| env.envseal(&["run", "--", "sh", "-c", script]).output().status;
    for code in [0, 1, 2, 3, 77, 126, 255] {
        assert_eq!(status(&format!("exit {code}")), code);
    }
    #[cfg(unix)]
    assert_eq!((status("kill -9 $$"), status("kill -15 $$")), (137, 143));
}

#[test]
fn what_cannot_be_started_is_126_or_127_as_in_a_shell() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    env.write("script", "#!/nowhere/interpreter\n");
    env.write("folder/x", "");
    for (program, status) in
        [("no-such-program", 127), ("./no-such", 127), ("./script", 126), ("./folder", 126)]
    {
        let stderr = env.fails(status, &["run", "--", program]);
        assert!(stderr.contains(program), "{stderr}");
    }
    #[cfg(unix)]
    {
        crate::support::set_mode(env.path("script"), 0o755);
        // The same status as that of dash and bash.
        env.fails(127, &["run", "--", "./script"]);
    }
}

#[test]
fn nothing_of_envseals_reaches_the_program() {
    let env = TestEnv::new();
    env.write("envseal.toml", "[policy]\nexternal = ['ENVSEAL_*']\n");
    env.write_sealed(
        ".env",
        "A=1\nENVSEAL_EXTRA=x\nENVSEAL_PRIVATE_KEYS=y\nB=${ENVSEAL_EXTRA}[$ENVSEAL_PUBLIC_KEY]\n",
    );
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    for over in [&["--overload"][..], &[]] {
        let arguments = [&["run"], over, &["--", "env"]].concat();
        let run = env.envseal(&arguments).var("ENVSEAL_PRIVATE_KEY", &key).var("ENVSEAL_ANYTHING", "z");
        let output = run.ok();
        assert!(!output.contains("ENVSEAL_") && !output.contains(&key), "{output}");
        assert!(output.contains("\nB=[]\n"), "{output}");
    }
}

#[test]
fn a_private_key_in_place_of_a_keys_file_is_not_shown() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    for said in
        [env.fails(4, &["get", "-K", &key]), env.envseal(&["get"]).var("ENVSEAL_KEYS_FILE", &key).fails(4)]
    {
        assert!(!said.contains(&key), "{said}");
        assert!(said.ends_with("use -K - and stdin, or a variable ENVSEAL_PRIVATE_KEY_…\n"), "{said}");
    }
    // Tips repeat what was typed, but never a key.
    for typed in [
        &["team", "request", &key][..],
        &["encrypt", &format!("{key}.env")],
        &[&key],
        &["run", &format!("--{key}")],
        &["get", &format!("--x-{key}")],
    ] {
        let said = env.fails(2, typed);
        assert!(!said.contains(&key), "{said}");
    }
    // A fix would repeat the name of the file.
    env.write(format!(".env.{key}"), "");
    let said = env.envseal(&["check"]).output().stdout;
    assert!(!String::from_utf8_lossy(&said).contains(&key));
    let name = key.to_uppercase().replace('-', "_");
    let said = env.envseal(&["run", "true"]).var(&format!("ENVSEAL_PRIVATE_KEY_{name}"), "x").fails(2);
    assert!(!said.contains(&name), "{said}");
}

#[test]
fn a_plain_value_cannot_hand_the_key_over() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let sealed = env.read(".env");
    let tricks = "T1=${ENVSEAL_PRIVATE_KEY}\nT2=$ENVSEAL_PRIVATE_KEY\nN=ENVSEAL_PRIVATE_KEY\nT5=${NO:-${ENVSEAL_PRIVATE_KEY:-x}}\nT6=${ENVSEAL_PRIVATE_KEY+set}\n";
    env.write(".env", format!("{sealed}{tricks}"));
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    let output = env.envseal(&["run", "--", "env"]).var("ENVSEAL_PRIVATE_KEY", &key).ok();
    assert!(!output.contains(&key) && !output.contains("envseal-sk1-"), "{output}");
    for line in ["T1=", "T2=", "T5=x", "T6="] {
        assert!(output.lines().any(|there| there == line), "{line} in {output}");
    }
    // A reference can't build a name from a value.
    for trick in ["T=${$N}", "T=${${N}}"] {
        env.write(".env", format!("{sealed}N=ENVSEAL_PRIVATE_KEY\n{trick}\n"));
        let output = env.envseal(&["run", "--", "env"]).var("ENVSEAL_PRIVATE_KEY", &key).output();
        assert_eq!((output.status, &*output.stdout), (3, &b""[..]), "{trick}: {}", output.stderr);
        assert!(!output.stderr.contains(&key));
    }
}

#[test]
fn everything_that_fails_is_listed_and_nothing_started() {
    let env = TestEnv::new();
    env.write_sealed(".env", "GOOD=1\nMOVED=2\nBROKEN=3\nDEPENDS=4\n");
    let text = env.read(".env");
    let token =
        |name: &str| text.lines().find_map(|l| l.strip_prefix(&format!("{name}="))).unwrap().to_owned();
    let bent = format!("{}x", &token("BROKEN")[..token("BROKEN").len() - 1]);
    let text = text
        .replace(&token("BROKEN"), &bent)
        .replace(&token("MOVED"), &token("GOOD"))
        .replace(&token("DEPENDS"), "\"see $MOVED and ${NO:-$BROKEN}\"");
    let text = format!("{text}LATE=envseal:1:forged\nLATER=envseal:9:x\n");
    env.write(".env", text);
    let stderr = starts_nothing(&env, &[]);
    for name in ["MOVED", "BROKEN", "DEPENDS", "LATE", "LATER"] {
        assert!(stderr.lines().any(|line| line.contains(&format!(" {name}: "))), "{name} in {stderr}");
    }
    assert!(stderr.contains("error: 5 values could not be decrypted"), "{stderr}");
    assert!(stderr.contains("DEPENDS: it refers to MOVED, which could not be decrypted"), "{stderr}");
    assert!(
        !stderr.contains(" GOOD: ") && !stderr.contains("envseal:1:") && !stderr.contains("forged"),
        "{stderr}"
    );
    assert_eq!(stderr.matches("\nhint: ").count(), 1);
}

#[test]
fn past_a_failure_only_by_name() {
    let env = TestEnv::new();
    env.write_sealed(".env", "GOOD=1\nA=2\nB=3\nUSES_A=$A\n");
    let text = env.read(".env");
    let text: String = text
        .lines()
        .map(|line| match line.split_once('=') {
            Some((name @ ("A" | "B"), _)) => format!("{name}=envseal:1:forged\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    env.write(".env", text);
    let allow = ["--allow-missing", "A", "--allow-missing", "B"];
    let stderr = starts_nothing(&env, &allow);
    assert!(stderr.contains("USES_A") && !stderr.contains(" B: "), "{stderr}");
    starts_nothing(&env, &["--allow-missing", "A", "--allow-missing", "USES_A"]);
    starts_nothing(&env, &["--allow-missing", "*"]);
    let all = [&allow[..], &["--allow-missing", "USES_A"]].concat();
    assert_eq!(seen(&env, &all, &["GOOD", "A", "USES_A"]), "GOOD=1\nA=(unset)\nUSES_A=(unset)\n");
    // Variables that the program doesn't get don't matter.
    assert_eq!(seen(&env, &["-k", "GOOD"], &["GOOD", "A"]), "GOOD=1\nA=(unset)\n");
    assert_eq!(seen(&env, &["-x", "A", "-x", "B", "-x", "USES_A"], &["GOOD"]), "GOOD=1\n");
    // But one that it gets and that refers to them still fails.
    starts_nothing(&env, &["-x", "A", "-x", "B"]);
    // If the process sets a variable, its sealed value isn't decrypted.
    let run = env.envseal(&["run", "--", "sh", "-c", "echo $A $B $USES_A"]);
    assert_eq!(run.var("A", "pa").var("B", "pb").ok(), "pa pb pa\n");
}

#[test]
fn without_a_key_every_place_looked_at_is_told() {
    let env = TestEnv::new();
    env.write_sealed(".env.production", "A=1\nB=2\n");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let stderr = starts_nothing(&env, &["-e", "production"]);
    for words in [
        ".env.production:4 A: ",
        ".env.production:5 B: ",
        "  not found in ENVSEAL_PRIVATE_KEY_PRODUCTION or .env.keys\n",
        "hint: request access: envseal team request",
    ] {
        assert!(stderr.contains(words), "{words:?} in {stderr}");
    }
    assert_eq!(stderr.matches("not found in").count(), 1, "said once: {stderr}");
}

/// The hint is not `set`, because pasting that would overwrite the secret.
#[test]
fn what_refers_to_a_value_without_its_key_is_told_of_the_key() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    env.write(".env", env.read(".env") + "C=${A}-c # envseal: plain\nD=$C # envseal: plain\n");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    for (name, on) in [("C", "A"), ("D", "C")] {
        for arguments in [&["get", name][..], &["run", "-k", name, "--", "true"]] {
            let stderr = env.fails(3, arguments);
            let lines: Vec<_> = stderr.lines().collect();
            assert!(
                lines[0].starts_with("error: .env:")
                    && lines[0]
                        .ends_with(&format!(" {name}: it refers to {on}, which could not be decrypted")),
                "{stderr}"
            );
            assert!(lines[1].starts_with("  .env:4 A: no private key for default (key "), "{stderr}");
            assert_eq!(lines[2], "  not found in ENVSEAL_PRIVATE_KEY or .env.keys");
            assert!(
                lines[3].starts_with("hint: request access: ") && !lines[3].contains("envseal set"),
                "{stderr}"
            );
        }
    }
}

#[test]
fn where_a_key_was_looked_for_is_told_as_seen_from_here() {
    let env = TestEnv::new();
    env.write_sealed("packages/web/.env", "A=1\n");
    env.write(".env.keys", "");
    for (here, file, keys) in [
        (".", "packages/web/.env", ".env.keys"),
        ("packages/web", ".env", "../../.env.keys"),
        ("packages", "web/.env", "../.env.keys"),
    ] {
        let told = format!("not found in ENVSEAL_PRIVATE_KEY or {keys}\n");
        let stderr = env.fails(3, &["run", "-C", here, "-f", file, "--", "true"]);
        assert!(stderr.contains(&told), "{here}: {stderr}");
        let output = env.envseal(&["doctor", "-C", here, "-f", file]).output();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(&told), "{here}: {text}");
    }
}

#[test]
fn a_file_without_sealed_values_needs_no_key() {
    let env = TestEnv::new();
    env.write(".env", "A=plain\n");
    assert_eq!(seen(&env, &[], &["A"]), "A=plain\n");
    env.write_sealed(".env.b", "S=1\nP=2 # envseal: plain\n");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    assert_eq!(seen(&env, &["-e", "b", "-k", "P"], &["P"]), "P=2\n");
}

/// Writes an env file with the sealed values of `lines`, even under reserved names. An attacker can do this, because
/// anyone can encrypt.
fn sealed_by_hand(env: &TestEnv, path: &str, lines: &[(&str, &str)]) {
    let public = PublicKey::parse(env.ok(&["key", "show", "-f", path]).trim()).unwrap();
    let mut text = env.read(path);
    for (name, value) in lines {
        let mut sealer = Sealer::new(&public).unwrap();
        let token = sealer.seal(name, &Refs::none(), PlaintextKind::Value, value.as_bytes()).unwrap();
        text = format!("{text}{name}={token}\n");
    }
    env.write(path, text);
}

#[test]
fn a_reserved_name_is_refused_sealed_whoever_overrides_it() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    sealed_by_hand(&env, ".env", &[("LD_PRELOAD", "/tmp/x.so"), ("PATH", "/tmp"), ("GIT_CONFIG_COUNT", "0")]);
    for before in [
        &[][..],
        &["--overload"],
        &["-x", "LD_PRELOAD", "-x", "PATH", "-x", "GIT*"],
        &["-k", "A"],
        &["--allow-missing", "LD_PRELOAD", "--allow-missing", "PATH", "--allow-missing", "GIT_CONFIG_COUNT"],
    ] {
        let stderr = starts_nothing(&env, before);
        for name in ["LD_PRELOAD", "PATH", "GIT_CONFIG_COUNT"] {
            assert!(stderr.contains(&format!(" {name}: a reserved name")), "{stderr}");
        }
    }
    let run =
        env.envseal(&["run", "--", "touch", "started"]).var("LD_PRELOAD", "").var("GIT_CONFIG_COUNT", "0");
    run.fails(3);
    // Even if an earlier file has a plain value that takes precedence.
    env.write(".env.first", "LD_PRELOAD=\nGIT_CONFIG_COUNT=0\nPATH=/bin:/usr/bin\n");
    starts_nothing(&env, &["-e", "first", "-e", "default"]);
    assert!(!env.path("started").exists());
}

#[test]
fn what_was_sealed_before_its_name_was_reserved_is_set_anew_by_the_hint() {
    let env = TestEnv::new();
    env.write_sealed("a b/.env", "A=1\n");
    for name in ["JAVA_HOME", "PREFIX", "KUBECONFIG", "CARGO_TARGET_X86_64_PC_WINDOWS_MSVC_LINKER"] {
        sealed_by_hand(&env, "a b/.env", &[(name, "/opt")]);
        let stderr = starts_nothing(&env, &["-f", "a b/.env"]);
        let hint = format!("hint: write it as plain text: envseal set {name} --plain -f 'a b/.env'\n");
        assert!(stderr.ends_with(&hint), "{stderr}");
        assert!(stderr.contains(&format!(
            "{name}: a reserved name must not be encrypted, because a reviewer could not read it: "
        )));
        env.envseal(&["set", name, "--plain", "-f", "a b/.env"]).stdin("/opt").ok();
        assert_eq!(env.ok(&["run", "-f", "a b/.env", "--", "printenv", name]), "/opt\n");
    }
}

#[test]
fn a_reserved_name_is_accepted_plain() {
    let env = TestEnv::new();
    let text = "NODE_OPTIONS=--max-old-space-size=1\nPAGER=less # c\nBASE=/opt # envseal: plain\nPYTHONPATH=$BASE/lib\nA=1\n";
    env.write_sealed(".env", text);
    assert!(env.read(".env").contains("NODE_OPTIONS=--max-old-space-size=1\nPAGER=less # c\n"));
    let want = "NODE_OPTIONS=--max-old-space-size=1\nPAGER=less\nPYTHONPATH=/opt/lib\n";
    assert_eq!(seen(&env, &[], &["NODE_OPTIONS", "PAGER", "PYTHONPATH"]), want);
}

#[test]
fn a_reserved_name_depends_on_no_sealed_value_through_any_chain() {
    let env = TestEnv::new();
    env.write_sealed(".env", "S=1\n");
    let sealed = env.read(".env");
    env.write(".env.plain", "NODE_OPTIONS=\"--x=${FROM:-}$S\"\n");
    env.write(".env.chain", "M=$S # envseal: plain\nN=\"<${M}>\" # envseal: plain\nNODE_OPTIONS=${NO:-$N}\n");
    for tail in [
        "NODE_OPTIONS=$S",
        "NODE_OPTIONS=\"${NO:-$S}\"",
        "NODE_OPTIONS=${S:+x}",
        "NODE_OPTIONS=${S+x}",
        "NODE_OPTIONS=${NO:+$S}",
        "M=${S}\nNODE_OPTIONS=$M",
        "M='x'\nM=$S\nNODE_OPTIONS=`$M`",
    ] {
        env.write(".env", format!("{sealed}{tail}\n"));
        let stderr = starts_nothing(&env, &[]);
        assert!(stderr.contains("NODE_OPTIONS: a reserved name must not depend on"), "{tail}: {stderr}");
        starts_nothing(&env, &["-x", "NODE_OPTIONS"]);
        starts_nothing(&env, &["--allow-missing", "NODE_OPTIONS"]);
    }
    env.write(".env", &sealed);
    for before in [
        &["-e", "default", "-e", "plain"][..],
        &["-e", "default", "-e", "chain"],
        &["-e", "default", "-e", "plain", "--overload"],
        &["-e", "default", "-e", "chain", "-x", "N*"],
    ] {
        let stderr = starts_nothing(&env, before);
        assert!(stderr.contains("NODE_OPTIONS: a reserved name must not depend on"), "{stderr}");
    }
    // The process's own value is not a sealed one.
    let run = env.envseal(&["run", "-e", "chain", "--", "sh", "-c", "echo $NODE_OPTIONS"]);
    assert_eq!(run.var("S", "s").ok(), "<s>\n");
}

#[test]
fn an_opened_value_is_literal_unless_its_token_lists_the_names() {
    let env = TestEnv::new();
    env.write_sealed(".env", "PASSWORD='p$A'\nURL=\"db://${PASSWORD}@${HOST_NAME:-h}\"\n");
    assert!(env.read(".env").contains(":HOST_NAME,PASSWORD\n"));
    sealed_by_hand(&env, ".env", &[("SMUGGLED", "${PASSWORD} $PASSWORD $(id) `id`")]);
    let want = "URL=db://p$A@h\nSMUGGLED=${PASSWORD} $PASSWORD $(id) `id`\n";
    assert_eq!(seen(&env, &[], &["URL", "SMUGGLED"]), want);
    // A source that was encrypted without a list refers to nothing.
    let public = PublicKey::parse(env.ok(&["key", "show"]).trim()).unwrap();
    let mut sealer = Sealer::new(&public).unwrap();
    let source = b"\"<${PASSWORD}> ${URL:-x} \\$A ${NO:-PASSWORD} ${NO:-$PASSWORD}\"";
    let token = sealer.seal("SOURCE", &Refs::none(), PlaintextKind::Source, source).unwrap();
    env.write(".env", format!("{}SOURCE={token}\n", env.read(".env")));
    let got = seen(&env, &[], &["SOURCE"]);
    assert!(!got.contains("p$A"), "{got}");
    // A list that was extended by hand makes the sealed value invalid.
    env.write(
        ".env",
        env.read(".env").replace(&format!("SOURCE={token}"), &format!("SOURCE={token}:PASSWORD")),
    );
    assert!(starts_nothing(&env, &[]).contains("SOURCE: encrypted for another name, or altered"));
}

#[test]
fn what_looks_like_a_command_is_text() {
    let env = TestEnv::new();
    env.write_sealed(
        ".env",
        "A=$(touch started)\nB=\"`touch started`\"\nC=\"$(touch started)\" # envseal: plain\n",
    );
    assert_eq!(seen(&env, &[], &["A", "C"]), "A=$(touch started)\nC=$(touch started)\n");
    assert!(!env.path("started").exists());
}

#[test]
fn a_nul_is_refused_by_name() {
    let env = TestEnv::new();
    env.envseal(&["set", "A"]).stdin("x\0y").ok();
    let stderr = starts_nothing(&env, &[]);
    assert!(stderr.contains("A contains a NUL byte") && stderr.contains("-x A"), "{stderr}");
    env.ok(&["run", "-x", "A", "--", "true"]);
}

#[test]
#[cfg(unix)]
fn any_other_bytes_reach_the_program() {
    let env = TestEnv::new();
    let value: Vec<u8> = (1..=255).filter(|b| *b != b'\n').collect();
    env.envseal(&["set", "A"]).stdin(&value).ok();
    let output = env.envseal(&["run", "--", "sh", "-c", "printf %s \"$A\""]).output();
    assert_eq!((output.status, output.stdout), (0, value));
}

#[test]
#[cfg(target_os = "linux")]
fn a_value_too_large_for_the_system_is_told() {
    let env = TestEnv::new();
    env.envseal(&["set", "BIG"]).stdin("x".repeat(200_000)).ok();
    let stderr = env.fails(126, &["run", "--", "touch", "started"]);
    assert!(stderr.contains("BIG") && stderr.contains("hint: "), "{stderr}");
    assert_eq!(env.ok(&["get", "BIG"]).len(), 200_001);
}

#[test]
fn a_value_of_an_older_key_is_not_opened() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let old = env.private_key("ENVSEAL_PRIVATE_KEY");
    let other = TestEnv::new();
    other.write_sealed(".env", "B=2\n");
    let new = other.private_key("ENVSEAL_PRIVATE_KEY");
    let token = env.read(".env").lines().last().unwrap().to_owned();
    env.write(".env", format!("{}{token}\n", other.read(".env")));
    env.write(".env.keys", format!("ENVSEAL_PRIVATE_KEY={new},{old}\n"));
    let stderr = starts_nothing(&env, &[]);
    assert!(stderr.contains(" A: encrypted with another key: "), "{stderr}");
    assert!(env.fails(3, &["get", "A"]).contains("encrypted with another key"));
    env.ok(&["encrypt", "--reseal"]);
    assert_eq!(env.ok(&["get"]), "{\n  \"B\": \"2\",\n  \"A\": \"1\"\n}\n");
}

#[test]
fn of_a_duplicated_name_the_last_is_read() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\nB=$A\nA=2\nC=$A\n");
    assert_eq!(seen(&env, &[], &["A", "B", "C"]), "A=2\nB=1\nC=2\n");
    // An entry that is not read need not be decryptable.
    env.write(".env", format!("{}D=envseal:1:forged\nD=3\n", env.read(".env")));
    assert_eq!(seen(&env, &[], &["D"]), "D=3\n");
}

#[test]
fn merge_markers_are_refused() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let text = env.read(".env");
    env.write(".env", format!("{text}<<<<<<< HEAD\nB=1\n=======\nB=2\n>>>>>>> other\n"));
    let stderr = env.fails(4, &["run", "--", "touch", "started"]);
    assert!(stderr.contains(".env:5 contains a merge-conflict marker"), "{stderr}");
    assert!(!env.path("started").exists());
}

#[test]
fn the_program_is_looked_for_where_it_runs() {
    let env = TestEnv::new();
    env.write_sealed("sub/.env", "A=1\n");
    env.write("sub/hello.sh", "#!/bin/sh\necho hello $A\n");
    #[cfg(unix)]
    {
        crate::support::set_mode(env.path("sub/hello.sh"), 0o755);
        assert_eq!(env.ok(&["run", "-C", "sub", "--", "./hello.sh"]), "hello 1\n");
        assert_eq!(env.ok(&["-C", "sub", "run", "./hello.sh"]), "hello 1\n");
        // PATH decides, as without envseal. The file's PATH has no effect, because the process's takes precedence.
        let run = env.envseal(&["run", "-C", "sub", "hello.sh"]);
        let path = format!("{}:{}", env.path("sub").display(), std::env::var("PATH").unwrap());
        assert_eq!(run.var("PATH", path).ok(), "hello 1\n");
        env.fails(127, &["run", "-C", "sub", "--", "hello.sh"]);
    }
    assert!(env.fails(4, &["run", "-C", "nowhere", "--", "true"]).contains("nowhere"));
}

#[test]
fn arguments_are_passed_as_they_are() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let show = ["sh", "-c", "for a; do printf '<%s>' \"$a\"; done", "sh"];
    let tail = ["-e", "x", "--", "$A", "", "--overload", "a b", "-C", "/"];
    assert_eq!(
        env.ok(&[&["run", "--"], &show[..], &tail].concat()),
        "<-e><x><--><$A><><--overload><a b><-C></>"
    );
    assert_eq!(env.ok(&[&["run"], &show[..], &tail].concat()), "<-e><x><--><$A><><--overload><a b><-C></>");
    assert_eq!(env.envseal(&["run"]).output().status, 2);
    assert_eq!(env.envseal(&["run", "--"]).output().status, 2);
}

#[test]
fn stdin_and_stdout_are_the_programs() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let output = env.envseal(&["run", "--", "cat"]).stdin("through\0\n").output();
    assert_eq!((output.stdout.as_slice(), output.stderr.as_str()), (&b"through\0\n"[..], ""));
}
