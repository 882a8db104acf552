//! `envseal run`.

use envseal::testing::crypto::{PlaintextKind, PrivateKey, PublicKey, Refs, Sealer};

use crate::support::{Start, TestEnv};

/// Creates a repository whose `.env` has a key and one sealed value, `A`.
fn with_a() -> TestEnv {
    static START: Start = Start::new();
    TestEnv::copy_of(&START, |env| env.write_sealed(".env", "A=1\n"))
}

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
fn the_process_wins_over_files_and_earlier_files_over_later_also_in_references() {
    let env = TestEnv::new();
    env.write_sealed(".env.a", "X=a\nONLY_A=1\nP=a\nFROM_A=$X\n");
    env.write_sealed(".env.b", "X=b\nONLY_B=1\nP=b\nFROM_B=$X\n");
    let run = |before: &[&str]| {
        let script = "echo $X \"[$P]\" $ONLY_A $ONLY_B $FROM_A $FROM_B";
        env.envseal(&[&["run"], before, &["--", "sh", "-c", script]].concat())
    };
    for (before, shown) in [
        (&["-e", "a", "-e", "b"][..], "a [process] 1 1 a a\n"),
        (&["-e", "b", "-e", "a"], "b [process] 1 1 b b\n"),
        (&["-f", ".env.b", "-e", "a"], "b [process] 1 1 b b\n"),
        (&["-e", "a", "-f", ".env.b"], "a [process] 1 1 a a\n"),
        (&["-e", "a", "-e", "b", "--overload"], "b [b] 1 1 a b\n"),
        (&["--overload", "-f", ".env.b", "-e", "a"], "a [a] 1 1 a b\n"),
    ] {
        assert_eq!(run(before).var("P", "process").ok(), shown, "{before:?}");
    }
    assert_eq!(run(&["-e", "a"]).var("X", "process").ok(), "process [a] 1 process\n");
    // An empty variable of the process wins too.
    assert_eq!(run(&["-e", "a"]).var("P", "").ok(), "a [] 1 a\n");
    assert_eq!(run(&["-e", "a", "--overload"]).var("P", "").ok(), "a [a] 1 a\n");
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
    let env = with_a();
    let names: Vec<_> = (1..=12).map(|number| format!("N{number}")).collect();
    sealed_by_hand(&env, ".env", &names.iter().map(|name| (name.as_str(), "1")).collect::<Vec<_>>());
    let own = std::fs::read_to_string("/proc/self/status").unwrap();
    let cores = own.lines().find(|line| line.starts_with("Cpus_allowed:")).unwrap();
    let script = "grep ^Cpus_allowed: /proc/self/status; echo $N1 $N12";
    assert_eq!(env.ok(&["run", "--", "sh", "-c", script]), format!("{cores}\n1 1\n"));
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
fn an_injected_variable_holds_one_key_or_several_and_nothing_else() {
    let env = with_a();
    let good = env.private_key("ENVSEAL_PRIVATE_KEY");
    let other = PrivateKey::generate().to_text().expose().to_owned();
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let run = |keys: &str| env.envseal(&["run", "--", "touch", "started"]).var("ENVSEAL_PRIVATE_KEY", keys);
    let last = if good.ends_with('A') { 'B' } else { 'A' };
    for (keys, words) in [
        (String::new(), "empty"),
        (" ".into(), "is not a private key"),
        (format!("{}{last}", &good[..good.len() - 1]), "is not a private key"),
        (format!("{good},"), "is not a private key"),
        (format!("x,{good}"), "is not a private key"),
        (other.clone(), "holds key "),
    ] {
        let stderr = run(&keys).fails(3);
        assert!(stderr.contains("ENVSEAL_PRIVATE_KEY") && stderr.contains(words), "{keys:?}: {stderr}");
        assert!(keys.len() < 3 || !stderr.contains(&keys), "the key itself is shown: {stderr}");
    }
    assert!(!env.path("started").exists());
    for keys in [
        format!("{good}\n"),
        format!(" {good} , {good}"),
        format!("{other},{good}"),
        format!("{good},{other}"),
        format!("{other}, {good}"),
    ] {
        run(&keys).ok();
    }
}

#[test]
#[cfg(unix)]
fn the_program_takes_envseals_place() {
    use std::process::Stdio;
    let env = with_a();
    let mut command = env.envseal(&["run", "--", "sh", "-c", "echo $$"]).into_command();
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    let pid = child.id().to_string();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), pid);
}

#[test]
#[cfg(target_os = "linux")]
fn the_program_starts_with_the_signals_of_a_shells_child() {
    let env = with_a();
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
    let env = with_a();
    let status = |script: &str| env.envseal(&["run", "--", "sh", "-c", script]).output().status;
    for code in [0, 1, 126, 255] {
        assert_eq!(status(&format!("exit {code}")), code);
    }
    #[cfg(unix)]
    assert_eq!((status("kill -9 $$"), status("kill -15 $$")), (137, 143));
}

#[test]
fn what_cannot_be_started_is_126_or_127_as_in_a_shell() {
    let env = with_a();
    env.write("script", "#!/nowhere/interpreter\n");
    env.write("folder/x", "");
    for (program, status) in [("./no-such", 127), ("./script", 126), ("./folder", 126)] {
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
    env.write("envseal.toml", "[policy]\nexternal = ['ENVSEAL_*', 'NO']\n");
    env.write_sealed(
        ".env",
        "A=1\nENVSEAL_EXTRA=x\nENVSEAL_PRIVATE_KEYS=y\nB=${ENVSEAL_EXTRA}[$ENVSEAL_PUBLIC_KEY]\n\
         C=${NO:-${ENVSEAL_PRIVATE_KEY:-x}}\n",
    );
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    for over in [&["--overload"][..], &[]] {
        let arguments = [&["run"], over, &["--", "env"]].concat();
        let run = env.envseal(&arguments).var("ENVSEAL_PRIVATE_KEY", &key).var("ENVSEAL_ANYTHING", "z");
        let output = run.ok();
        assert!(!output.contains("ENVSEAL_") && !output.contains(&key), "{output}");
        assert!(output.contains("\nB=[]\n") && output.contains("\nC=x\n"), "{output}");
    }
}

#[test]
fn a_private_key_in_place_of_a_keys_file_is_not_shown() {
    let env = with_a();
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

/// The hint is not `set`, because pasting that would overwrite the secret.
#[test]
fn what_refers_to_a_value_without_its_key_is_told_of_the_key() {
    let env = with_a();
    env.write(".env", env.read(".env") + "C=${A}-c # envseal: plain\nD=$C # envseal: plain\n");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    assert_eq!(starts_nothing(&env, &[]).matches("not found in").count(), 1, "said once");
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
fn a_file_without_sealed_values_needs_no_key_and_runs_no_command() {
    let env = TestEnv::new();
    env.write(".env", "A=\"$(touch started)\"\n");
    assert_eq!(seen(&env, &[], &["A"]), "A=$(touch started)\n");
    assert!(!env.path("started").exists());
    env.write_sealed(".env.b", "S=1\nP=2 # envseal: plain\n");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    assert_eq!(seen(&env, &["-e", "b", "-k", "P"], &["P"]), "P=2\n");
}

/// Writes an env file with the sealed values of `lines`, even under reserved names. An attacker can do this, because
/// anyone can encrypt.
fn sealed_by_hand(env: &TestEnv, path: &str, lines: &[(&str, &str)]) {
    let mut text = env.read(path);
    let key = text.lines().find_map(|line| line.strip_prefix("ENVSEAL_PUBLIC_KEY=")).unwrap();
    let public = PublicKey::parse(key).unwrap();
    for (name, value) in lines {
        let mut sealer = Sealer::new(&public).unwrap();
        let token = sealer.seal(name, &Refs::none(), PlaintextKind::Value, value.as_bytes()).unwrap();
        text = format!("{text}{name}={token}\n");
    }
    env.write(path, text);
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
fn no_option_and_no_file_before_lets_a_reserved_name_be_sealed_or_depend_on_a_sealed_value() {
    let env = TestEnv::new();
    env.write_sealed(".env", "S=1\n");
    env.write(".env.chain", "M=$S # envseal: plain\nN=\"<${M}>\" # envseal: plain\nNODE_OPTIONS=${NO:-$N}\n");
    for more in [&[][..], &["--overload"], &["-x", "N*"], &["--allow-missing", "NODE_OPTIONS"]] {
        let stderr = starts_nothing(&env, &[&["-e", "default", "-e", "chain"], more].concat());
        assert!(stderr.contains("NODE_OPTIONS: a reserved name must not depend on"), "{more:?}: {stderr}");
    }
    // The process's own value is not a sealed one.
    let run = env.envseal(&["run", "-e", "chain", "--", "sh", "-c", "echo $NODE_OPTIONS"]);
    assert_eq!(run.var("S", "s").ok(), "<s>\n");
    // A plain value that takes precedence does not make a sealed one acceptable.
    sealed_by_hand(&env, ".env", &[("LD_PRELOAD", "/tmp/x.so")]);
    env.write(".env.first", "LD_PRELOAD=\n");
    let stderr = starts_nothing(&env, &["-e", "first", "-e", "default"]);
    assert!(stderr.contains(" LD_PRELOAD: a reserved name"), "{stderr}");
}

#[test]
fn a_sealed_value_refers_to_the_names_that_its_token_lists() {
    let env = TestEnv::new();
    env.write_sealed(".env", "PASSWORD='p$A'\nURL=\"db://${PASSWORD}@${HOST_NAME:-h}\"\n");
    assert!(env.read(".env").contains(":HOST_NAME,PASSWORD\n"));
    assert_eq!(seen(&env, &[], &["URL"]), "URL=db://p$A@h\n");
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
fn of_a_duplicated_name_the_last_is_read() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\nB=$A\nA=2\nC=$A\n");
    assert_eq!(seen(&env, &[], &["A", "B", "C"]), "A=2\nB=1\nC=2\n");
    // An entry that is not read need not be decryptable.
    env.write(".env", format!("{}D=envseal:1:forged\nD=3\n", env.read(".env")));
    assert_eq!(seen(&env, &[], &["D"]), "D=3\n");
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
    let env = with_a();
    let program = ["sh", "-c", "for a; do printf '<%s>' \"$a\"; done", "sh"];
    let arguments = ["-e", "x", "--", "$A", "", "--overload", "a b", "-C", "/"];
    for run in [&["run", "--"][..], &["run"]] {
        let shown = env.ok(&[run, &program, &arguments].concat());
        assert_eq!(shown, "<-e><x><--><$A><><--overload><a b><-C></>", "{run:?}");
        env.fails(2, run);
    }
}

#[test]
fn stdin_and_stdout_are_the_programs() {
    let env = with_a();
    let output = env.envseal(&["run", "--", "cat"]).stdin("through\0\n").output();
    assert_eq!((output.stdout.as_slice(), output.stderr.as_str()), (&b"through\0\n"[..], ""));
}
