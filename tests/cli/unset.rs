//! `envseal unset`.

use crate::support::TestEnv;

#[test]
fn the_whole_entry_goes_and_nothing_else() {
    let env = TestEnv::new();
    let text = "# head\nA=1 # gone too\n\nexport B='x\ny' # c\r\n  C = 3\nD=4";
    for (name, after) in [
        ("A", "# head\n\nexport B='x\ny' # c\r\n  C = 3\nD=4"),
        ("B", "# head\nA=1 # gone too\n\n  C = 3\nD=4"),
        ("C", "# head\nA=1 # gone too\n\nexport B='x\ny' # c\r\nD=4"),
        ("D", "# head\nA=1 # gone too\n\nexport B='x\ny' # c\r\n  C = 3\n"),
    ] {
        env.write(".env", text);
        let output = env.envseal(&["unset", name]).output();
        assert_eq!((output.status, &*output.stderr), (0, &*format!("Removed {name} from .env\n")));
        assert_eq!(env.read(".env"), after);
    }
}

#[test]
fn every_statement_of_the_name_goes() {
    let env = TestEnv::new();
    env.write(".env", "A=1\nB=2\nA=3\nAA=4\n");
    env.ok(&["unset", "A", "A"]);
    assert_eq!(env.read(".env"), "B=2\nAA=4\n");
}

#[test]
fn a_sealed_value_goes_without_any_key() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1"]);
    let header = env.read(".env").split("A=envseal").next().unwrap().to_owned();
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    env.ok(&["unset", "A"]);
    assert_eq!(env.read(".env"), header);
}

#[test]
fn all_or_nothing() {
    let env = TestEnv::new();
    env.write(".env", "HELLO=1\nB=2\n");
    env.write(".env.b", "B=2\n");
    assert!(env.refuses(4, &["unset", "B", "HELO"]).contains("did you mean HELLO?"));
    env.refuses(4, &["unset", "HELLO", "-f", ".env", "-e", "b"]);
    env.refuses(4, &["unset", "B", "-e", "none"]);
    // The value is not repeated.
    env.refuses(4, &["unset", &format!("X={}", env.secret("typed"))]);
    env.refuses(2, &["unset", "ENVSEAL_PUBLIC_KEY"]);
    env.refuses(2, &["unset"]);
    env.ok(&["unset", "B", "-f", ".env", "-e", "b", "-q"]);
    assert_eq!((env.read(".env"), env.read(".env.b")), ("HELLO=1\n".into(), String::new()));
}

#[test]
fn a_name_that_could_not_be_set_can_be_taken_out() {
    let env = TestEnv::new();
    env.write(".env", "a.b-c=1\nB=2\n");
    env.ok(&["unset", "a.b-c"]);
    assert_eq!(env.read(".env"), "B=2\n");
}
