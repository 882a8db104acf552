//! Name a variable so that an export breaks out of the shell.

use super::{append, nothing_ran, sealed_project};

#[test]
fn text_that_is_no_name_sets_no_variable() {
    let lines = [
        "A;touch pwned=1",
        "A$(touch pwned)=1",
        "A`touch pwned`=1",
        "A b=1",
        "\u{c9}=1",
        "A\u{202e}=1",
        "$A=1",
        "A'=1",
        "A&B=1",
    ];
    let (env, _) = sealed_project();
    let before = env.read(".env");
    append(&env, ".env", lines.map(|line| format!("{line}\n")).concat());
    let names: serde_json::Value = serde_json::from_str(&env.ok(&["get", "--json"])).unwrap();
    assert_eq!(names.as_object().unwrap().keys().collect::<Vec<_>>(), ["HELLO"]);
    let script = env.ok(&["get", "--format", "shell"]);
    env.program("sh", &["-c", &script]).ok();
    nothing_ran(&env);
    for line in lines {
        env.write(".env", format!("{before}{line}\n"));
        let said = env.fails(4, &["encrypt"]);
        assert!(said.contains(".env:4 is neither a variable nor a comment"), "{line}: {said}");
        assert!(!said.contains("touch"), "{said}");
    }
}

#[test]
fn shell_formats_refuse_names_that_shells_cannot_have() {
    for name in ["a.b", "a-b", "1A", "-e", "--", ".", "-"] {
        let (env, _) = sealed_project();
        append(&env, ".env", format!("{name}=1\n"));
        for format in ["shell", "fish", "powershell", "github"] {
            let said = env.fails(3, &["get", "--format", format]);
            assert!(said.contains(&format!("{name:?} is not a valid name in the {format} format")), "{said}");
            let joint = if name.starts_with('-') { '=' } else { ' ' };
            assert!(said.contains(&format!("hint: leave it out: -x{joint}{name}")), "{said}");
        }
        for format in ["json", "dotenv"] {
            assert!(env.ok(&["get", "--format", format]).contains(name));
        }
    }
}

#[test]
fn invalid_names_are_never_written() {
    let (env, _) = sealed_project();
    let before = env.snapshot();
    for name in ["A;touch pwned", "a.b", "a-b", "1A", "", "A\nB", "\u{c9}", "$(touch pwned)"] {
        env.envseal(&["set", name]).stdin("x").fails(2);
        env.fails(2, &["set", &format!("{name}=x")]);
        env.fails(2, &["rename", "HELLO", name]);
    }
    env.envseal(&["set", "-"]).stdin("a.b=x\n").fails(2);
    assert_eq!(env.snapshot(), before);
    nothing_ran(&env);
}

#[test]
fn shell_formats_refuse_names_that_bash_evaluates() {
    // bash evaluates values of these as arithmetic, subscripts with commands included.
    for name in ["RANDOM", "SRANDOM", "HISTCMD", "OPTIND"] {
        let (env, _) = sealed_project();
        env.envseal(&["set", name]).stdin("a[$(touch pwned)]").ok();
        assert!(env.fails(3, &["get", "--format", "shell"]).contains(name));
    }
}
