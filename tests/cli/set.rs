//! `envseal set`.

mod first;
mod marks;
#[cfg(unix)]
mod terminal;
mod values;

use crate::support::TestEnv;

#[test]
fn the_same_value_again_changes_no_byte() {
    let env = TestEnv::new();
    let (a, b) = (env.secret("a"), env.secret("b"));
    env.write_plain(".env", format!("B=\"{b}\" # why\nP=1 # envseal: plain\nQ=\"a\\nb\" # envseal: plain\n"));
    env.ok(&["set", "A", &a]);
    env.ok(&["encrypt"]);
    let (before, time) = (env.bytes(".env"), env.path(".env").metadata().unwrap().modified().unwrap());
    for arguments in [
        &["set", "A", &a][..],
        &["set", "B", &b],
        &["set", "P", "1"],
        &["set", "P", "1", "--plain"],
        &["set", "Q", "a\nb"],
    ] {
        let output = env.envseal(arguments).output();
        assert_eq!(
            (output.status, &*output.stderr),
            (0, &*format!("{} in .env already has this value\n", arguments[1]))
        );
        assert_eq!(env.bytes(".env"), before, "{arguments:?}");
    }
    assert_eq!(env.path(".env").metadata().unwrap().modified().unwrap(), time);
    // Another value in the same batch changes one line.
    env.ok(&["set", &format!("A={a}"), "N=1"]);
    assert!(env.bytes(".env").starts_with(&before));
}

#[test]
fn a_duplicated_name_is_changed_where_it_is_read() {
    let env = TestEnv::new();
    let new = env.secret("new");
    env.write(".env", "A=1\nA=2 # last\nB=3\n");
    env.ok(&["set", "A", &new]);
    let text = env.read(".env");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[3], "A=1");
    assert!(lines[4].starts_with("A=envseal:1:") && lines[4].ends_with(" # last"), "{text}");
    assert_eq!(lines[5], "B=3");
    assert_eq!(env.ok(&["get", "A"]), format!("{new}\n"));
}

#[test]
fn several_files_are_set_or_none() {
    let env = TestEnv::new();
    let (one, two) = (env.secret("one"), env.secret("two"));
    env.ok(&["set", "A", &one, "-e", "a", "-e", "b"]);
    for name in ["a", "b"] {
        assert_eq!(env.ok(&["get", "A", "-e", name]), format!("{one}\n"));
    }
    env.write(".env.c", "<<<<<<< HEAD\n");
    let stderr = env.refuses(4, &["set", "A", &two, "-e", "a", "-e", "c", "-e", "b"]);
    assert!(stderr.contains(".env.c:1 contains a merge-conflict marker"), "{stderr}");
    std::fs::remove_file(env.path(".env.c")).unwrap();
}

#[test]
fn a_touching_hash_is_refused_by_line_and_nothing_is_left_half() {
    let env = TestEnv::new();
    let new = env.secret("new");
    env.write(".env", "X=1\nA=adm#in\nP=80#81 # envseal: plain\nE=#c\n");
    let stderr = env.refuses(4, &["set", "A", &new]);
    assert!(
        stderr.starts_with("error: .env:2 A: `#` touches the value") && !stderr.contains("adm"),
        "{stderr}"
    );
    assert_eq!(env.refuses(4, &["set", "A", &new, "--plain"]), stderr);
    env.ok(&["set", "P", "90"]);
    assert_eq!(env.read(".env"), "X=1\nA=adm#in\nP=90 #81 # envseal: plain\nE=#c\n");
}
