//! Files that `-e` and `-f` name, and how messages name files.

use crate::support::TestEnv;

#[test]
fn a_misspelled_environment_has_no_diff() {
    let env = TestEnv::new();
    env.write_sealed(".env.production", "A=1\n");
    env.write_sealed(".env.gone", "A=1\n");
    env.git(&["add", "-A"]);
    env.git(&["commit", "-q", "-m", "one"]);
    std::fs::remove_file(env.path(".env.gone")).unwrap();
    env.write_sealed(".env.new", "B=2\n");
    for (arguments, expected) in [
        (&["diff", "-e", "production"][..], ""),
        (&["diff", "-e", "gone"], ".env.gone"),
        (&["diff", "-e", "new"], ".env.new"),
        (&["diff", "HEAD", "HEAD", "-e", "gone"], ""),
    ] {
        let said = env.ok(arguments);
        assert_eq!(said.lines().next().unwrap_or_default(), expected, "{arguments:?}");
    }
    for arguments in [
        &["diff", "-e", "prodution"][..],
        &["diff", "-e", "production", "-e", "prodution"],
        &["diff", "HEAD", "HEAD", "-e", "prodution"],
    ] {
        let expected = "error: cannot read .env.prodution: it does not exist\nhint: did you mean production, in .env.production?\n";
        assert_eq!(env.fails(4, arguments), expected);
    }
}
