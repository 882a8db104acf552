//! `envseal set`.

use crate::support::TestEnv;

#[test]
fn a_first_set_makes_file_key_and_ignore_rule() {
    let env = TestEnv::new();
    let secret = env.secret("first");
    let output = env.envseal(&["set", "HELLO"]).stdin(format!("{secret}\n")).output();
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert_eq!(env.ok(&["get", "HELLO"]), format!("{secret}\n"));
    assert_eq!(env.read(".gitignore"), ".env.keys\n");
    let text = env.read(".env");
    assert!(text.starts_with("# ") && text.contains("\nENVSEAL_PUBLIC_KEY=envseal-pk1-"), "{text}");
    assert_eq!(text.matches("envseal:1:").count(), 1);
}
