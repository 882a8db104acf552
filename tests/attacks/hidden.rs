//! Hide a reference or a command in a sealed value.

use envseal::crypto::Kind;

use super::{append, nothing_ran, sealed_project, token};

const TEXTS: [&str; 7] = [
    "${HELLO}",
    "$HELLO",
    "${NO:-${HELLO}}",
    "${HELLO:+x}",
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
];

#[test]
fn a_value_is_literal() {
    for text in TEXTS {
        let (env, key) = sealed_project();
        append(&env, ".env", format!("URL={}\n", token(&key, "URL", Kind::Value, &[], text.as_bytes())));
        assert_eq!(env.ok(&["run", "--", "printenv", "URL"]), format!("{text}\n"));
        assert_eq!(env.ok(&["get", "URL"]), format!("{text}\n"));
        let out = env.program(
            "sh",
            &["-c", "eval \"$1\"; printf '%s\\n' \"$URL\"", "-", &env.ok(&["get", "--format", "shell"])],
        );
        assert_eq!(out.ok(), format!("{text}\n"));
        nothing_ran(&env);
    }
}

#[test]
fn a_source_without_a_list_is_literal_too() {
    for text in TEXTS {
        let (env, key) = sealed_project();
        let source = format!("\"{text}\"");
        append(&env, ".env", format!("URL={}\n", token(&key, "URL", Kind::Source, &[], source.as_bytes())));
        let out = env.ok(&["run", "--", "printenv", "URL"]);
        assert!(!out.contains("canary"), "{text} gave {out}");
        nothing_ran(&env);
    }
}

#[test]
fn a_list_covers_its_names_alone() {
    let (env, key) = sealed_project();
    let sealed = token(&key, "URL", Kind::Source, &["HOST"], b"\"$HOST ${HELLO} ${HOST:+${HELLO}}\"");
    append(&env, ".env", format!("HOST=h\nURL={sealed}\n"));
    assert_eq!(env.ok(&["get", "URL"]), "h ${HELLO} ${HELLO}\n");
    // Nor does it become live by being written out.
    let before = env.snapshot();
    assert!(env.fails(3, &["decrypt", "-k", "URL"]).contains("names that its token does not list"));
    assert_eq!(env.snapshot(), before);
}

#[test]
fn a_list_cannot_be_edited() {
    let (env, key) = sealed_project();
    let without = token(&key, "URL", Kind::Source, &[], b"\"${HELLO}\"");
    let with = token(&key, "URL", Kind::Source, &["HOST"], b"\"${HELLO}$HOST\"");
    let value = token(&key, "URL", Kind::Value, &[], b"${HELLO}");
    let edits = [
        format!("{without}:HELLO"),
        format!("{value}:HELLO"),
        with.replace(":HOST", ":HELLO"),
        with.replace(":HOST", ":HELLO,HOST"),
        with.replace(":HOST", ""),
    ];
    let before = env.read(".env");
    for edited in edits {
        env.write(".env", format!("{before}URL={edited}\n"));
        let said = env.fails(3, &["run", "--", "touch", "started"]);
        assert!(said.contains(".env:4 URL: sealed for another name, or altered"), "{said}");
        nothing_ran(&env);
    }
}

#[test]
fn a_name_that_no_list_can_hold_is_unset() {
    // bash puts functions in the environment under such names.
    for kind in [Kind::Source, Kind::Value] {
        let (env, key) = sealed_project();
        let text = b"\"<${BASH_FUNC_f%%}>\"";
        append(
            &env,
            ".env",
            format!("URL={}\nPLAIN=\"<${{BASH_FUNC_f%%}}>\"\n", token(&key, "URL", kind, &[], text)),
        );
        let get = |name| env.envseal(&["get", name]).var("BASH_FUNC_f%%", "() { :; }").ok();
        assert!(!get("URL").contains("()"), "{}", get("URL"));
        assert_eq!(get("PLAIN"), "<>\n");
    }
}

#[test]
fn an_opened_source_cannot_break_out_of_its_line() {
    for source in [
        &b"x\nLD_PRELOAD=/evil.so"[..],
        b"x\rLD_PRELOAD=/evil.so",
        b"x # envseal: plain",
        b"'x' # envseal: plain",
        b"'x'\nB='y'",
        b"x\n# y",
    ] {
        let (env, key) = sealed_project();
        append(&env, ".env", format!("URL={}\nB=\"1\"\n", token(&key, "URL", Kind::Source, &[], source)));
        let before = env.snapshot();
        let output = env.envseal(&["decrypt", "-k", "URL"]).output();
        assert_eq!(output.status, 4, "{source:?}: {}", output.stderr);
        assert_eq!(env.snapshot(), before);
        env.fails(4, &["decrypt", "--stdout", "-k", "URL"]);
    }
}
