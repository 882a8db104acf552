//! Hide code: an encrypted `LD_PRELOAD`, `PATH`, `NODE_OPTIONS` and so on, or one that refers to a sealed value.

use std::collections::BTreeSet;

use envseal::testing::crypto::{PlaintextKind, PublicKey, Refs, Sealer};

use super::{append, append_token, nothing_ran, reserved_names, sealed_project, token};
use crate::support::TestEnv;

/// Returns the reserved names that run code.
fn reserved() -> Vec<String> {
    let names = reserved_names("### Names that run code\n").flat_map(|cell| cell.split(['`', ' ']));
    names.filter(|name| !name.is_empty()).map(|name| name.replace('*', "X")).collect()
}

/// Returns a line for each of these names, with the same value, sealed to its name.
fn sealed_lines(key: &PublicKey, names: &[String]) -> String {
    let (mut sealer, none) = (Sealer::new(key).unwrap(), Refs::new([]).unwrap());
    let mut seal = |name: &str| sealer.seal(name, &none, PlaintextKind::Value, b"/evil").unwrap();
    names.iter().map(|name| format!("{name}={}\n", seal(name))).collect()
}

#[test]
fn sealed() {
    let (env, key) = sealed_project();
    let names = reserved();
    assert!(names.len() > 1000, "{}", names.len());
    let before = env.read(".env");
    append(&env, ".env", sealed_lines(&key, &names));
    let tries: [&[&str]; 6] = [
        &["run", "--", "touch", "started"],
        &["run", "--overload", "--", "touch", "started"],
        &["run", "-x", "*", "--", "touch", "started"],
        &["run", "-k", "HELLO", "--", "touch", "started"],
        &["run", "--allow-missing", "LD_PRELOAD", "--allow-missing", "PATH", "--", "touch", "started"],
        &["get", "HELLO"],
    ];
    for arguments in tries {
        // Overridden by the process or not.
        for value in [None, Some("/usr/bin:/bin")] {
            let mut run = env.envseal(arguments);
            if let Some(value) = value {
                for name in ["LD_AUDIT", "NODE_OPTIONS", "PATH"] {
                    run = run.var(name, value);
                }
            }
            let said = run.fails(3);
            let parts = said.split(": a reserved name must not be encrypted");
            let told: BTreeSet<_> = parts.filter_map(|part| part.rsplit(' ').next()).collect();
            for name in &names {
                assert!(told.contains(&**name), "{name}: {said}");
            }
        }
    }
    nothing_ran(&env);
    // No command writes such a value.
    env.write(".env", &before);
    for name in names.iter().step_by(10) {
        let run = env.envseal(&["set", name]).stdin("/evil");
        assert!(run.fails(2).contains("is never encrypted"), "{name}");
    }
    let lines = names.iter().map(|name| format!("{name}=/bin\n")).collect::<String>();
    append(&env, ".env", &lines);
    env.ok(&["encrypt"]);
    assert_eq!(env.read(".env"), before + &lines, "left alone");
}

/// `decrypt` does not write it as plain text, which `encrypt` would leave and `run` would use.
#[test]
fn encrypted_then_decrypted_and_encrypted() {
    let (env, key) = sealed_project();
    let names = reserved();
    append(&env, ".env", sealed_lines(&key, &names));
    append_token(&env, "OTHER", PlaintextKind::Value, &[], "fine");
    for arguments in [&["decrypt", "--stdout"][..], &["decrypt", "-k", "LD_PRELOAD"], &["decrypt"]] {
        let output = env.envseal(arguments).output();
        assert_eq!(output.status, 0, "{}", output.stderr);
        let told = output.stderr;
        assert!(told.contains("note: LD_PRELOAD in .env stays encrypted: it is a reserved name"), "{told}");
        assert!(!String::from_utf8(output.stdout).unwrap().contains("/evil"));
    }
    let plain = env.read(".env");
    assert!(plain.contains("OTHER=fine") && !plain.contains("/evil"));
    env.ok(&["encrypt"]);
    for name in &names {
        assert!(env.read(".env").contains(&format!("\n{name}=envseal:1:")), "{name}");
    }
    assert!(env.fails(3, &["run", "--", "touch", "started"]).contains(" LD_PRELOAD: a reserved name"));
    nothing_ran(&env);
}

#[test]
fn a_sealed_value_under_another_name_renamed() {
    let (env, _) = sealed_project();
    let before = env.snapshot();
    assert!(env.fails(2, &["rename", "HELLO", "LD_PRELOAD"]).contains("LD_PRELOAD"));
    assert_eq!(env.snapshot(), before);
}

#[test]
fn in_other_spellings() {
    // npm takes its settings in any letter case, with `-` for `_`.
    let names = ["NPM_CONFIG_SCRIPT_SHELL", "npm_config_script-shell", "Npm_Config_Node-Options"];
    let (env, _) = sealed_project();
    for name in names {
        append_token(&env, name, PlaintextKind::Value, &[], "/evil");
    }
    let said = env.fails(3, &["run", "--", "touch", "started"]);
    for (name, line) in names.into_iter().zip(4..) {
        assert!(said.contains(&format!(".env:{line} {name}: a reserved name")), "{said}");
    }
    nothing_ran(&env);
}

#[test]
fn through_references() {
    let chains = [
        "LD_PRELOAD=$HELLO\n",
        "LD_PRELOAD=\"${HELLO}\"\n",
        "LD_PRELOAD=`${HELLO}`\n",
        "LD_PRELOAD=${HELLO:+/evil.so}\n",
        "LD_PRELOAD=${NO:-${HELLO}}\n",
        "LD_PRELOAD=${HELLO-}${NO}\n",
        "A=$HELLO\nB=\"x${A}\"\nC=${B:+/evil.so}\nLD_PRELOAD=$C\n",
        "X=HELLO\nLD_PRELOAD=${NO:=$HELLO}${X:?}\n",
        "LD_PRELOAD=/safe\nLD_PRELOAD=$HELLO\nLD_PRELOAD=/safe\n",
        "export LD_PRELOAD='/x'\nLD_PRELOAD: ${HELLO}\n",
        "LD_PRELOAD=$HELLO # envseal: plain\n",
    ];
    for chain in chains {
        let (env, _) = sealed_project();
        append(&env, ".env", chain);
        for arguments in [
            &["run", "--", "touch", "started"][..],
            &["run", "--overload", "--", "touch", "started"],
            &["get", "HELLO"],
        ] {
            let said = env.envseal(arguments).var("LD_PRELOAD", "").fails(3);
            assert!(
                said.contains("LD_PRELOAD: a reserved name must not depend on the encrypted value of"),
                "{chain}: {said}"
            );
        }
        nothing_ran(&env);
    }
}

#[test]
fn through_references_across_files() {
    let (env, _) = sealed_project();
    let other = env.secret("other");
    env.envseal(&["set", "OTHER", "-e", "b"]).stdin(other).ok();
    append(&env, ".env.b", "MIDDLE=\"${HELLO}\"\n");
    env.write(".env.c", "LAST=$MIDDLE\nNODE_OPTIONS=--require=$LAST\n");
    let files = ["-e", "default", "-e", "b", "-e", "c", "--", "touch", "started"];
    for run in [&["run"][..], &["run", "--overload"]] {
        let said = env.fails(3, &[run, &files].concat());
        let told = ".env.c:2 NODE_OPTIONS: a reserved name must not depend on the encrypted value of LAST";
        assert!(said.contains(told), "{run:?}: {said}");
    }
    nothing_ran(&env);
    // In another order of the files it depends on no encrypted value.
    let out = env.ok(&["run", "-e", "c", "-e", "b", "-e", "default", "--", "printenv", "NODE_OPTIONS"]);
    assert_eq!(out, "--require=\n");
}

#[test]
fn a_reserved_name_that_a_value_refers_to() {
    // A sealed value may refer to PATH, which does not change PATH.
    let (env, key) = sealed_project();
    let sealed = token(&key, "TOOLS", PlaintextKind::Source, &["PATH"], b"\"${PATH}:/opt\"");
    append(&env, ".env", format!("PATH=/opt/bin:${{PATH}}\nTOOLS={sealed}\n"));
    let out = env
        .envseal(&["run", "--overload", "--", "/bin/sh", "-c", "echo \"$TOOLS\""])
        .var("PATH", "/usr/bin:/bin")
        .ok();
    assert_eq!(out, "/opt/bin:/usr/bin:/bin:/opt\n");
}

/// `run` refuses such a file, so neither a command nor the hook lets one come about.
#[test]
fn through_references_that_are_written_later() {
    let env = TestEnv::new();
    env.write(".env", "DIR=/opt # envseal: plain\nPATH=$DIR/bin:/usr/bin:/bin\n");
    env.write("import", "NODE_OPTIONS=$SECRET\n");
    env.envseal(&["set", "-q", "SECRET"]).stdin("s").ok();
    let before = env.snapshot();
    for arguments in [
        &["set", "DIR=/x", "--seal"][..],
        &["set", "DIR=/x", "SECRET=y", "--seal"],
        &["import", "dotenv", "import", "-f", ".env", "-y"],
    ] {
        let said = env.fails(4, arguments);
        assert!(said.contains(" must stay readable, but depends on "), "{said}");
    }
    env.envseal(&["set", "NODE_OPTIONS=${SECRET}", "--plain"]).ok();
    assert!(env.ok(&["get", "NODE_OPTIONS"]).contains("${SECRET}"), "a value that is set is literal");
    env.ok(&["unset", "-q", "NODE_OPTIONS"]);
    assert_eq!(env.snapshot(), before);
    // A line that is there already stops no other change.
    append(&env, ".env", "NODE_OPTIONS=$SECRET\n");
    assert!(env.check(&[]).iter().any(|found| found.ends_with("!reserved-sealed NODE_OPTIONS")));
    env.ok(&["set", "-q", "OTHER=1"]);
    env.fails(4, &["set", "-q", "DIR=/x", "--seal"]);
}
