//! The operators of references: those of POSIX that give text, those that require a variable, and others, refused.

use super::Case;
use crate::support::{TestEnv, contains_all};

/// Each with its value if X is unset, empty and `v`; None if it is refused because X is missing.
const OPERATORS: [(&str, [Option<&str>; 3]); 15] = [
    ("${X}", [Some(""), Some(""), Some("v")]),
    ("${X:-d}", [Some("d"), Some("d"), Some("v")]),
    ("${X-d}", [Some("d"), Some(""), Some("v")]),
    ("${X:=d}", [Some("d"), Some("d"), Some("v")]),
    ("${X=d}", [Some("d"), Some(""), Some("v")]),
    ("${X:+d}", [Some(""), Some(""), Some("d")]),
    ("${X+d}", [Some(""), Some("d"), Some("d")]),
    ("${X:?Hunter2}", [None, None, Some("v")]),
    ("${X?Hunter2}", [None, Some(""), Some("v")]),
    ("${X:?}", [None, None, Some("v")]),
    ("${Y:-${X:?Hunter2}}", [None, None, Some("v")]),
    ("${X:-${X-d}}", [Some("d"), Some(""), Some("v")]),
    // An operand that isn't needed isn't evaluated.
    ("${X:+${NO:+${NO:?Hunter2}}e}", [Some(""), Some(""), Some("e")]),
    ("${X-${X=${NO-d}}}", [Some("d"), Some(""), Some("v")]),
    ("${X:=d}${X:-e}", [Some("de"), Some("de"), Some("vv")]),
];

#[rustfmt::skip]
const REFUSED: [&str; 29] = [
    "${X:0:2}", "${X:2}", "${X^^}", "${X,,}", "${!X}", "${X[0]}", "${X[@]}", "${#X}", "${X%Hunter2}", "${X%%Hunter2}",
    "${X#Hunter2}", "${X/a/Hunter2}", "${X@Q}", "${X:}", "${ X }", "${}", "${X_${X}}", "${$X}", "${{ X }}", "${X:-{}}",
    "a${X:-b${X:0:2}}", "${é}", "${X", "${X:-${X}", "${", "${X$X}${$X:-d}", "${$X {x} ${X$X}", "${${NO:-N-x}}",
    "${X {x ${X$X",
];

const X: [&str; 3] = ["", "X=\n", "X=v\n"];

/// Returns each value without quotes, in double quotes and in backticks: lines that set `S0`, `S1` and so on.
fn in_quotes<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let sources = values.flat_map(|value| ["", "\"", "`"].map(|quote| format!("{quote}{value}{quote}")));
    sources.enumerate().map(|(at, source)| format!("S{at}={source}\n")).collect()
}

/// Asserts that each line of a file is named with this problem, from this line on, and that no value is shown.
#[track_caller]
fn each_is_named(told: &str, (first, count): (usize, usize), problem: &str) {
    for at in 0..count {
        let words = format!(".env:{} S{at}: {problem}", first + at);
        assert!(told.contains(&words), "no {words:?} in: {told}");
    }
    assert!(!told.contains("Hunter2"), "{told}");
}

#[test]
fn each_gives_what_it_gives_in_a_posix_shell() {
    for (state, x) in X.into_iter().enumerate() {
        let env = TestEnv::new();
        let given = || OPERATORS.into_iter().filter_map(|(value, expected)| Some((value, expected[state]?)));
        env.write(".env", format!("{x}{}", in_quotes(given().map(|(value, _)| value))));
        let all: serde_json::Value = serde_json::from_str(&env.ok(&["get"])).unwrap();
        for (at, (value, expected)) in given().enumerate() {
            for at in 3 * at..3 * at + 3 {
                assert_eq!(all[format!("S{at}")], expected, "{value} in line {at} behind {x:?}");
            }
        }
        let missing = OPERATORS.into_iter().filter(|(_, expected)| expected[state].is_none());
        let missing = in_quotes(missing.map(|(value, _)| value));
        if missing.is_empty() {
            continue;
        }
        env.write(".env", format!("{x}{missing}"));
        let lines = (1 + x.lines().count(), missing.lines().count());
        for run in [&["get"][..], &["run", "--", "printenv"], &["get", "S0"]] {
            let lines = if run.len() == 2 { (lines.0, 1) } else { lines };
            each_is_named(&env.fails(3, run), lines, "it requires X, which is empty or not set\n");
        }
    }
    // A shell gives the same results; `?` makes it exit.
    #[cfg(unix)]
    for (value, expected) in OPERATORS {
        for (x, expected) in X.into_iter().zip(expected) {
            let script = format!("{x}printf '%s\\n' \"{value}\"");
            let shell = std::process::Command::new("sh").env_clear().args(["-c", &script]).output().unwrap();
            let said = shell.status.success().then(|| String::from_utf8(shell.stdout).unwrap());
            // In a shell, `=` assigns.
            let assigned = value == "${X:=d}${X:-e}";
            assert!(assigned || said == expected.map(|text| format!("{text}\n")), "{script}: {said:?}");
        }
    }
}

#[test]
fn what_is_required_may_come_from_the_process_and_starts_nothing_without() {
    for seal in [false, true] {
        let env = TestEnv::new();
        env.write(".env", "A=1\nS=${X:?Hunter2}\n");
        if seal {
            env.ok(&["encrypt"]);
            assert!(env.read(".env").contains(":X\n"), "the name is listed");
            env.ok(&["check"]);
        }
        let run = |value: &str| env.envseal(&["run", "--", "printenv", "S"]).var("X", value).output();
        assert_eq!((run("v").status, run("v").stdout), (0, b"v\n".to_vec()));
        let line = if seal { 5 } else { 2 };
        for output in [
            run(""),
            env.envseal(&["run", "--", "touch", "started"]).output(),
            env.envseal(&["get"]).output(),
        ] {
            assert_eq!(output.status, 3);
            let says = format!(".env:{line} S: it requires X, which is empty or not set\n");
            assert!(output.stderr.contains(&says), "{}", output.stderr);
            assert!(!output.stderr.contains("Hunter2") && !env.path("started").exists());
        }
        assert_eq!(env.ok(&["get", "A"]), "1\n", "a value that does not depend on it is available");
        env.ok(&["run", "--allow-missing", "S", "--", "true"]);
    }
}

#[test]
fn all_others_are_refused_by_line() {
    let env = TestEnv::new();
    let lines = in_quotes(REFUSED.into_iter());
    env.write(".env", format!("X=v\n{lines}"));
    let problem = "unsupported `${…}`";
    let all = (2, lines.lines().count());
    for run in [&["get"][..], &["run", "--", "true"]] {
        each_is_named(&env.fails(3, run), all, problem);
    }
    each_is_named(&env.fails(3, &["get", "S0"]), (2, 1), problem);
    let found = env.check(&[]);
    for at in 0..all.1 {
        let finding = format!(".env:{} !malformed-reference S{at}", 2 + at);
        assert!(found.contains(&finding), "no {finding:?} in: {found:?}");
    }
    // Whatever is refused when it is read is refused before it is written (`tests/fuzz/properties/value.rs`).
    let files = [(".env", "X=v\nS=\"${X%Hunter2}\"\n")];
    for run in [&["encrypt"][..], &["check", "--fix"], &["import", "dotenv", ".env", "--yes", "-q"]] {
        let says = ".env:2 S: unsupported `${…}`";
        Case { files: &files, run, status: 4, says, hides: "Hunter2" }.holds();
    }
    let told = env.envseal(&["set", "-"]).stdin("S=${X%Hunter2}\n").fails(2);
    assert!(told.contains("line 1 of stdin") && !told.contains("Hunter2"), "{told}");
    // In single quotes it is text.
    let lines = REFUSED.iter().enumerate().map(|(at, value)| format!("S{at}='{value}'\n"));
    env.write(".env", lines.collect::<String>());
    let all: serde_json::Value = serde_json::from_str(&env.ok(&["get"])).unwrap();
    for (at, value) in REFUSED.into_iter().enumerate() {
        assert_eq!(all[format!("S{at}")], value);
    }
}

#[test]
fn a_value_that_was_sealed_with_one_is_refused_and_comes_back() {
    let env = TestEnv::new();
    env.write_sealed(".env", "X=v\n");
    let key = crate::attacks::public_key(&env, ".env");
    let token = super::token(&key, "S", &["X"], b"\"${X:0:2}$X\"");
    env.write(".env", env.read(".env") + "S=" + &token + "\n");
    for run in [&["run", "--", "true"][..], &["get", "S"]] {
        let told = env.fails(3, run);
        contains_all(&told, &[".env:5 S: unsupported `${…}`", "envseal edit -f .env"]);
    }
    let found = env.envseal(&["check"]).output();
    let said = String::from_utf8(found.stdout).unwrap();
    assert!(found.status == 1 && said.contains("[malformed-reference]"), "{said}");
    env.ok(&["decrypt"]);
    assert!(env.read(".env").ends_with("X=v\nS=\"${X:0:2}$X\"\n"));
}
