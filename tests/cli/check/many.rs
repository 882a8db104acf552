//! Many findings of one kind.

use crate::support::TestEnv;

/// Creates env files in one folder, each with two names of its own and one that all have.
fn folder(count: usize) -> TestEnv {
    let env = TestEnv::new();
    for at in 0..count {
        env.write(format!(".env.e{at}"), format!("A_{at}=1\nB_{at}=2\nCOMMON=3\n"));
    }
    env
}

#[test]
fn what_is_said_grows_with_the_files_and_not_with_their_pairs() {
    let said = |count: usize| {
        let output = folder(count).envseal(&["check", "--json"]).output();
        output.stdout.len()
    };
    let (some, many) = (said(30), said(120));
    assert!(many < 5 * some, "four times the files: {some}, {many}");
}

#[test]
fn many_of_one_kind_in_a_folder_are_folded() {
    let env = folder(30);
    env.write("sub/.env", "A=1\n");
    let text = |arguments: &[&str]| {
        let output = env.envseal(&[&["check"], arguments].concat()).output();
        assert_eq!(output.status, 1, "{}", output.stderr);
        assert!(output.stderr.contains("91 errors, 60 "), "{}", output.stderr);
        String::from_utf8(output.stdout).unwrap()
    };
    let folded = text(&[]);
    for (rule, rest) in
        [("plaintext", "error: 87 more in 29 files"), ("missing-name", "suggestion: 57 more in")]
    {
        let line = folded.lines().find(|line| line.starts_with(&format!(".: {rest}")));
        assert!(line.is_some_and(|line| line.ends_with(&format!("[{rule}]"))), "{folded}");
    }
    assert_eq!(folded.matches("[plaintext]").count(), 3 + 1 + 1, "{folded}");
    assert!(
        folded.contains("sub/.env:1: error: A is plain text"),
        "another folder is not folded into it: {folded}"
    );
    assert!(folded.contains("  fix: list all of them with -v or --json\n"), "{folded}");
    assert_eq!(text(&["-v"]).matches("[plaintext]").count(), 91);
    assert_eq!(env.check(&[]).len(), 151);
}
