//! Hide a reference or a command in a sealed value.

use envseal::testing::crypto::PlaintextKind;

use super::{append, append_token, nothing_ran, reserved_names, sealed_project, token};
use crate::support::{TestEnv, contains_all};

const TEXTS: [&str; 7] = [
    "${HELLO}",
    "$HELLO",
    "${NO:-${HELLO}}",
    "${HELLO:+x}",
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
];

/// The variables that have these texts as values.
const NAMES: [&str; 7] = ["A", "B", "C", "D", "E", "F", "G"];
const SHOW: &str = r#"printf '%s\n' "$A" "$B" "$C" "$D" "$E" "$F" "$G""#;

/// Returns a project with each of [`TEXTS`], encrypted as `kind` between `quote`s.
fn with_texts(kind: PlaintextKind, quote: &str) -> TestEnv {
    let (env, _) = sealed_project();
    for (name, text) in NAMES.iter().zip(TEXTS) {
        append_token(&env, name, kind, &[], format!("{quote}{text}{quote}"));
    }
    env
}

#[test]
fn a_value_is_literal() {
    let env = with_texts(PlaintextKind::Value, "");
    let lines = TEXTS.map(|text| format!("{text}\n")).concat();
    assert_eq!(env.ok(&["run", "--", "sh", "-c", SHOW]), lines);
    for (name, text) in NAMES.iter().zip(TEXTS) {
        assert_eq!(env.ok(&["get", name]), format!("{text}\n"));
    }
    let script = format!("eval \"$1\"; {SHOW}");
    let shell = env.ok(&["get", "--format", "shell"]);
    assert_eq!(env.program("sh", &["-c", &script, "-", &shell]).ok(), lines);
    nothing_ran(&env);
}

#[test]
fn a_source_without_a_list_is_literal_too() {
    let env = with_texts(PlaintextKind::Source, "\"");
    let out = env.ok(&["run", "--", "sh", "-c", SHOW]);
    assert!(out.lines().count() >= NAMES.len() && !out.contains("canary"), "{out}");
    nothing_ran(&env);
}

#[test]
fn a_list_covers_its_names_alone() {
    let (env, key) = sealed_project();
    let sealed =
        token(&key, "URL", PlaintextKind::Source, &["HOST"], b"\"$HOST ${HELLO} ${HOST:+${HELLO}}\"");
    append(&env, ".env", format!("HOST=h\nURL={sealed}\n"));
    assert_eq!(env.ok(&["get", "URL"]), "h ${HELLO} ${HELLO}\n");
    // `decrypt` doesn't write it out, which would make the reference live.
    let before = env.snapshot();
    assert!(env.fails(3, &["decrypt", "-k", "URL"]).contains("names that its sealed value does not list"));
    assert_eq!(env.snapshot(), before);
}

#[test]
fn a_list_cannot_be_edited() {
    let (env, key) = sealed_project();
    let without = token(&key, "URL", PlaintextKind::Source, &[], b"\"${HELLO}\"");
    let with = token(&key, "URL", PlaintextKind::Source, &["HOST"], b"\"${HELLO}$HOST\"");
    let value = token(&key, "URL", PlaintextKind::Value, &[], b"${HELLO}");
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
        assert!(said.contains(".env:4 URL: encrypted for another name, or altered"), "{said}");
        nothing_ran(&env);
    }
}

#[test]
fn a_name_that_no_list_can_hold_is_refused() {
    // bash puts functions in the environment under such names.
    for kind in [PlaintextKind::Source, PlaintextKind::Value] {
        let (env, _) = sealed_project();
        let text = b"\"<${BASH_FUNC_f%%}>\"";
        append_token(&env, "URL", kind, &[], text);
        append(&env, ".env", "PLAIN=\"<${BASH_FUNC_f%%}>\"\n");
        let get = |name| env.envseal(&["get", name]).var("BASH_FUNC_f%%", "() { :; }");
        assert!(get("PLAIN").fails(3).contains(".env:5 PLAIN: unsupported `${…}`"));
        if kind == PlaintextKind::Source {
            assert!(get("URL").fails(3).contains(".env:4 URL: unsupported `${…}`"));
        } else {
            assert_eq!(get("URL").ok(), "\"<${BASH_FUNC_f%%}>\"\n");
        }
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
        let (env, _) = sealed_project();
        append_token(&env, "URL", PlaintextKind::Source, &[], source);
        append(&env, ".env", "B=\"1\"\n");
        let before = env.snapshot();
        let output = env.envseal(&["decrypt", "-k", "URL"]).output();
        assert_eq!(output.status, 3, "{source:?}: {}", output.stderr);
        assert!(output.stderr.contains(".env:4 URL: the value cannot be written"), "{}", output.stderr);
        assert_eq!(env.snapshot(), before);
        env.fails(3, &["decrypt", "--stdout", "-k", "URL"]);
    }
}

/// Returns the names that redirect trust or traffic, only the first of each row.
fn redirecting() -> Vec<String> {
    let rows = reserved_names("### Names that redirect trust or traffic\n");
    rows.map(|cell| cell.split('`').next().unwrap().replace('*', "X")).collect()
}

/// Returns what `check` finds by the rules about what a reviewer cannot see.
fn found(env: &TestEnv, arguments: &[&str]) -> Vec<String> {
    let mut found = env.check(arguments);
    found.retain(|it| {
        it.contains("redirect-sealed") || it.contains("reference-added") || it.contains("allow-added")
    });
    found
}

#[test]
fn where_programs_send_and_whom_they_trust() {
    let (env, key) = sealed_project();
    env.commit("base");
    let names = redirecting();
    assert!(names.len() >= 15 && names.contains(&"HTTP_PROXY".to_owned()), "{names:?}");
    let all: Vec<_> =
        names.iter().map(String::as_str).chain(["https_proxy", "no_proxy", "AWS_ENDPOINT_URL_S3"]).collect();
    let secrets = ["DATABASE_URL", "SENTRY_DSN", "NPM_TOKEN", "PGPASSWORD", "AWS_SESSION_TOKEN"];
    for name in all.iter().chain(&secrets) {
        append_token(&env, name, PlaintextKind::Value, &[], "http://evil.test");
    }
    let told = |mark: &str| -> Vec<_> {
        all.iter()
            .enumerate()
            .map(|(at, name)| format!(".env:{} {mark}redirect-sealed {name}", at + 4))
            .collect()
    };
    // Outside a range it is a suggestion.
    assert_eq!(found(&env, &[]), told(""));
    env.git(&["add", "-A"]);
    assert_eq!(found(&env, &["--staged"]), told(""));
    env.commit("sealed");
    assert_eq!(found(&env, &["--range", "HEAD~1..HEAD"]), told("!"));
    assert_eq!(found(&env, &["--range", "HEAD~1..HEAD", "--accept-policy"]), told(""));
    assert!(found(&env, &[]).is_empty(), "it was reviewed");
    let said = env.check_text(&["--range", "HEAD~1..HEAD"]);
    contains_all(&said, &["through this proxy", "fix: envseal check --range 'HEAD~1..HEAD' --accept-policy"]);
    // A new value of a variable that was sealed before is not reported, nor is a moved file.
    let again = token(&key, "HTTP_PROXY", PlaintextKind::Value, &[], b"http://other.test");
    env.write(".env", env.read(".env").replace(&super::text_of(&env, ".env", "HTTP_PROXY"), &again));
    env.commit("changed");
    env.write("sub/x", "");
    env.git(&["mv", ".env", "sub/.env"]);
    env.commit("moved");
    assert!(found(&env, &["--range", "HEAD~2..HEAD"]).is_empty());
    assert!(found(&env, &["--range", "HEAD~1..HEAD"]).is_empty());
}

#[test]
fn where_programs_send_by_a_reference_to_a_sealed_value() {
    let (env, _) = sealed_project();
    append(&env, ".env", "HTTPS_PROXY=http://proxy.test # envseal: plain\n");
    env.commit("base");
    let base = env.read(".env");
    for (lines, line) in [
        ("HTTPS_PROXY=\"http://${HELLO}\" # envseal: plain\n", 4),
        ("MIDDLE=$HELLO # envseal: plain\nHTTPS_PROXY=${NO:-$MIDDLE} # envseal: plain\n", 5),
    ] {
        env.write(".env", base.replace("HTTPS_PROXY=http://proxy.test # envseal: plain\n", lines));
        env.commit("hidden");
        assert_eq!(
            found(&env, &["--range", "HEAD~1..HEAD"]),
            [format!(".env:{line} !redirect-sealed HTTPS_PROXY")]
        );
        env.write(".env", &base);
        env.commit("back");
        assert!(found(&env, &["--range", "HEAD~1..HEAD"]).is_empty());
    }
    for lines in ["HTTPS_PROXY='${HELLO}' # envseal: plain\n", "HTTPS_PROXY=http://$USER # envseal: plain\n"]
    {
        env.write(".env", base.replace("HTTPS_PROXY=http://proxy.test # envseal: plain\n", lines));
        assert!(found(&env, &[]).is_empty(), "{lines}");
    }
}

#[test]
fn what_a_mark_allows() {
    let (env, key) = sealed_project();
    env.commit("base");
    let line = format!(
        "PIP_INDEX_URL={}",
        token(&key, "PIP_INDEX_URL", PlaintextKind::Value, &[], b"http://u:p@evil.test")
    );
    append(&env, ".env", format!("{line} # envseal: allow redirect-sealed\n"));
    assert_eq!(found(&env, &[]), [".env:4 allow-added PIP_INDEX_URL"]);
    env.commit("both");
    assert_eq!(found(&env, &["--range", "HEAD~1..HEAD"]), [".env:4 !allow-added PIP_INDEX_URL"]);
}

#[test]
fn a_secret_taken_over_by_another_variable() {
    let (env, key) = sealed_project();
    let with = |refs: &[&str]| {
        let text = refs.iter().map(|name| format!("${{{name}}}")).collect::<String>();
        format!("PUBLIC_URL={}\n", token(&key, "PUBLIC_URL", PlaintextKind::Source, refs, text.as_bytes()))
    };
    let base = env.read(".env");
    append(&env, ".env", with(&["HOST"]));
    append(&env, ".env", "HOST=h # envseal: plain\n");
    env.commit("base");
    let old = format!("PUBLIC_URL={}\n", super::text_of(&env, ".env", "PUBLIC_URL"));
    let step = |new: String| {
        let before = format!("PUBLIC_URL={}\n", super::text_of(&env, ".env", "PUBLIC_URL"));
        env.write(".env", env.read(".env").replace(&before, &new));
        assert!(found(&env, &[]).is_empty(), "it is for a reviewer, not for the author");
        env.commit("step");
        found(&env, &["--range", "HEAD~1..HEAD"])
    };
    let told = [".env:4 reference-added PUBLIC_URL"];
    assert_eq!(step(with(&["HELLO", "HOST"])), told);
    let said = env.check_text(&["--range", "HEAD~1.."]);
    assert!(said.contains("PUBLIC_URL newly refers to HELLO [reference-added]"), "{said}");
    assert!(step(with(&["HELLO", "HOST"])).is_empty(), "re-encrypted");
    assert!(step(with(&["HOST"])).is_empty());
    assert!(step(with(&[])).is_empty());
    assert_eq!(step(with(&["HELLO"])), told);
    assert!(step(old).len() == 1);
    // A new value with a reference is reported; a moved file brings no new references.
    append_token(&env, "NEW", PlaintextKind::Source, &["HELLO"], "$HELLO");
    env.commit("new");
    assert_eq!(found(&env, &["--range", "HEAD~1..HEAD"]), [".env:6 reference-added NEW"]);
    env.write("sub/x", "");
    env.git(&["mv", ".env", "sub/.env"]);
    env.commit("moved");
    assert!(found(&env, &["--range", "HEAD~1..HEAD"]).is_empty());
    // Nor does a rotation, which re-encrypts all values with another key.
    env.git(&["mv", "sub/.env", ".env"]);
    env.commit("back");
    env.ok(&["key", "rotate", "-f", ".env"]);
    assert_ne!(env.read(".env").lines().nth(1), base.lines().nth(1));
    env.commit("rotated");
    assert!(found(&env, &["--range", "HEAD~1..HEAD"]).is_empty());
}
