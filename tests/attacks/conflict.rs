//! Leave merge-conflict markers in the file.

use super::{nothing_ran, sealed_project};

#[test]
fn every_command_refuses_the_file() {
    let markers = [
        "<<<<<<< HEAD\nA=1\n=======\nA=2\n>>>>>>> x\n",
        "||||||| base\n",
        "=======\n",
        "A='1\n>>>>>>> x\n'\n",
        "<<<<<<< HEAD\r\nA=1\r\n",
        // The attribute `conflict-marker-size`, in the repository's own `.gitattributes`.
        "<<<<<<<<<<<< HEAD\nA=1\n============\nA=2\n>>>>>>>>>>>> x\n",
        "<<<< HEAD\nA=1\n====\nA=2\n>>>> x\n",
    ];
    for marker in markers {
        let (env, _) = sealed_project();
        env.write(".env", env.read(".env") + marker);
        let before = env.snapshot();
        let tries: [&[&str]; 7] = [
            &["run", "--", "touch", "started"],
            &["get", "HELLO"],
            &["set", "HELLO", "x"],
            &["unset", "HELLO"],
            &["encrypt"],
            &["decrypt"],
            &["rename", "HELLO", "B"],
        ];
        for arguments in tries {
            let said = env.fails(4, arguments);
            assert!(said.contains(".env:") && said.contains("merge-conflict marker"), "{marker}: {said}");
            let take = "envseal resolve A --ours -f .env, or envseal resolve A --theirs -f .env\n";
            let next = if marker.contains("\nA=2\n") { take } else { "${EDITOR:-vi} .env" };
            assert!(said.contains(&format!("hint: resolve the merge first: {next}")), "{said}");
        }
        assert_eq!(env.snapshot(), before);
        nothing_ran(&env);
        assert!(env.ok(&["ls"]).contains("merge-conflict"));
    }
}

/// Git would stage the symlink itself.
#[cfg(unix)]
#[test]
fn the_file_behind_a_symlink_is_to_be_staged() {
    let (env, _) = sealed_project();
    std::fs::create_dir(env.path("files")).unwrap();
    std::fs::rename(env.path(".env"), env.path("files/.env")).unwrap();
    std::os::unix::fs::symlink("files/.env", env.path(".env")).unwrap();
    let text = env.read("files/.env");
    env.write("files/.env", text + "=======\n");
    let said = env.fails(4, &["set", "HELLO", "x"]);
    let hint = "hint: resolve the merge first: ${EDITOR:-vi} .env && git add files/.env\n";
    assert!(said.ends_with(hint), "{said}");
}
