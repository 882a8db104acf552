//! Typos are not stored as a secret or run as a command, and what may contain a secret is not repeated.

use super::Case;
use crate::support::TestEnv;

/// The command, its status, what is printed, and what neither stream may contain.
type Typo<'a> = (&'a [&'a str], i32, &'a str, &'a str);

const TEXT: &str = "DB=1 # envseal: plain\nA-B=1 # envseal: plain\n";

fn hold(typos: &[Typo<'_>]) {
    for (run, status, says, hides) in typos {
        Case { files: &[(".env", TEXT)], run, status: *status, says, hides }.holds();
    }
}

#[test]
fn an_option_that_is_none_is_no_value() {
    let escape = "hint: if it is the value: envseal set DB -- VALUE\n";
    hold(&[
        (&["set", "DB", "--stdin"], 2, "hint: omit VALUE to read it from stdin: envseal set DB\n", "--stdin"),
        (&["set", "DB", "--from-stdin"], 2, "omit VALUE to read it from stdin", "--from"),
        (&["set", "--stdin", "DB"], 2, "omit VALUE to read it from stdin", "--stdin"),
        (&["set", "DB", "v", "--stdin"], 2, "omit VALUE to read it from stdin", "--stdin"),
        (&["set", "DB", "--Hunter2"], 2, escape, "Hunter2"),
        (&["set", "DB", "-Hunter2"], 2, escape, "Hunter2"),
        (&["set", "DB", "---"], 2, escape, "---"),
        (&["set", "DB", "-----END Hunter2"], 2, escape, "Hunter2"),
        (&["set", "DB", "-q", "--Hunter2"], 2, escape, "Hunter2"),
        (
            &["set", "DB", "--Hunter2", "-e", "p"],
            2,
            "hint: if it is the value: envseal set -e p DB -- VALUE\n",
            "Hunter2",
        ),
        // An option joined to its value may be meant as either.
        (&["set", "DB", "-fk"], 2, "put a space between the two, as in -f FILE; if it is", "-fk"),
        (&["set", "DB", "-eHunter2"], 2, "put a space between the two", "Hunter2"),
        (&["set", "DB", "--Hunter2", "--", "x"], 2, "error: ", "Hunter2"),
    ]);
}

#[test]
fn an_option_that_is_none_is_no_command_and_no_name() {
    hold(&[
        (&["run", "--overlaod", "--", "true"], 2, "a similar argument exists: '--overload'", ""),
        (&["run", "-z", "--", "true"], 2, "unexpected argument '-z'", ""),
        (&["run", "-z", "true"], 2, "unexpected argument '-z'", ""),
        (&["run", "-zk", "true"], 2, "unexpected argument '-z'", ""),
        (&["run", "--", "-x"], 127, "-x: command not found", ""),
        (
            &["run", "-fk", "--", "true"],
            4,
            "hint: if -fk was meant as two options, separate them: -f FILE -k\n",
            "",
        ),
        (&["get", "-fk"], 4, "hint: if -fk was meant as two options", ""),
        (&["get", "-f", "notes"], 4, "hint: see which files are: envseal ls\n", ""),
        (&["run", "-ekx", "--", "true"], 4, "cannot read .env.kx: it does not exist", ""),
        (&["get", "--jsn"], 2, "a similar argument exists: '--json'", ""),
        (&["get", "-z"], 2, "unexpected argument '-z'", ""),
        (&["unset", "-z"], 2, "unexpected argument '-z'", ""),
        (&["unset", "--", "-z"], 4, "-z is not in .env", ""),
        (&["rename", "-z", "NEW"], 2, "unexpected argument '-z'", ""),
        (&["rename", "DB", "-z"], 2, "unexpected argument '-z'", ""),
        (&["rename", "DB", "--", "-z"], 2, "a variable name may contain only", ""),
        (&["import", "dotenv", "-z"], 2, "unexpected argument '-z'", ""),
        (&["team", "approve", "-z"], 2, "unexpected argument '-z'", ""),
    ]);
    // After CMD, every word belongs to the program.
    let env = TestEnv::new();
    env.write(".env", TEXT);
    for run in [&["run", "printf", "%s", "-z"][..], &["run", "--", "printf", "%s", "-z"]] {
        assert_eq!(env.ok(run), "-z");
    }
}

#[test]
fn a_line_of_a_shell_is_read_as_one_or_refused() {
    let shell = "`export` is a shell keyword, not a ";
    hold(&[
        (&["set", "export", "Hunter2"], 2, shell, "Hunter2"),
        (&["set", "export"], 2, shell, ""),
        (&["set", "export", "DB", "=", "Hunter2"], 2, shell, "Hunter2"),
        (
            &["set", "export", "DB=1", "Hunter2"],
            2,
            "every argument after NAME=VALUE must be NAME=VALUE too",
            "Hunter2",
        ),
        (&["set", "export DB=Hunter2"], 2, shell, "Hunter2"),
        (&["set", "A=1", "export DB=Hunter2"], 2, shell, "Hunter2"),
        (&["set", "DB", "=", "Hunter2"], 2, "hint: without spaces: envseal set DB=VALUE; ", "Hunter2"),
        (&["set", "DB", "=Hunter2"], 2, "hint: without spaces: envseal set DB=VALUE; ", "Hunter2"),
        (&["set", "DB", "="], 2, "hint: without spaces: envseal set DB=VALUE; ", ""),
        (&["set", "DB=", "Hunter2"], 2, "every argument after NAME=VALUE must be NAME=VALUE too", "Hunter2"),
        (&["set", "DB", "DB=Hunter2"], 2, "hint: write it once: envseal set DB=VALUE; ", "Hunter2"),
        (&["set", "DB", "export DB=Hunter2"], 2, "hint: write it once", "Hunter2"),
        (&["set", "DB: Hunter2"], 2, "a variable name may contain only", "Hunter2"),
        (&["set", "Hunter-2", "x"], 2, "a variable name may contain only", "Hunter"),
        (&["set", "A-B", "Hunter2"], 2, "hint: rename it first: envseal rename A-B A_B -f .env\n", "Hunter2"),
        (&["set", "A-B=Hunter2"], 2, "A-B in .env can be read but not written", "Hunter2"),
    ]);
    let env = TestEnv::new();
    env.ok(&["set", "export", "A=a b", "B=2"]);
    env.ok(&["set", "export=3"]);
    assert_eq!(env.ok(&["get"]), "{\n  \"A\": \"a b\",\n  \"B\": \"2\",\n  \"export\": \"3\"\n}\n");
    let line = env.envseal(&["set", "A"]).stdin("export A = Hunter2\n").fails(2);
    assert_eq!(
        line,
        "error: the value of A starts with `A=`\nhint: for lines of NAME=value: envseal set - < FILE\n"
    );
}

#[test]
fn what_only_looks_like_a_typo_is_a_value() {
    let env = TestEnv::new();
    let mut expected = serde_json::Map::new();
    let mut set = |name: String, value: &str, arguments: &[&str], stdin: &str| {
        env.envseal(&[&["set", "-q"], arguments].concat()).stdin(stdin).ok();
        expected.insert(name, value.into());
    };
    let pem = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----";
    let values = ["-5", "-.5", "-1e3", "-", "-=", "-$x", "-5a", pem, "A=1", "x=", "A10X=1", "a -x"];
    for (at, value) in values.into_iter().enumerate() {
        let name = format!("A{at}");
        set(name.clone(), value, &[&name, value], "");
    }
    for (at, value) in
        ["--stdin", "-x", "-fk", "--", "-", "=", "=x", "B=1", "-----END"].into_iter().enumerate()
    {
        let [before, behind, joined, typed] = ["B", "C", "D", "E"].map(|letter| format!("{letter}{at}"));
        set(before.clone(), value, &[&before, "--", value], "");
        set(behind.clone(), value, &["--", &behind, value], "");
        set(joined.clone(), value, &[&format!("{joined}={value}")], "");
        set(typed.clone(), value, &[&typed], value);
    }
    // The name in front of its own value is a typo only where nothing says that it isn't.
    for arguments in [&["DB", "--", "DB=1"][..], &["--", "DB", "DB=1"], &["DB=DB=1"]] {
        set("DB".into(), "DB=1", arguments, "");
    }
    assert_eq!(serde_json::from_str::<serde_json::Map<_, _>>(&env.ok(&["get"])).unwrap(), expected);
    let said = env.envseal(&["set", "DB", "-"]).stdin("piped").fails(2);
    assert!(said.contains("stdin: envseal set DB; if it is the value: envseal set DB -- -\n"), "{said}");
}
