//! `envseal resolve`, and `envseal edit` in the middle of a merge.

use envseal::testing::crypto::PrivateKey;

use crate::edit::edit;
use crate::merge::{diverge, get, line, merge, project, set};
use crate::pins::lists;
use crate::support::{Session, TestEnv, run_on_terminal};

const DELETE_MARKERS: &str = "sed -i '/^<<<<<<< /d; /^=======/d; /^>>>>>>> /d' \"$1\"";
const KEEP_THEIRS: &str = "sed -i '/^<<<<<<< /,/^=======/d; /^>>>>>>> /d' \"$1\"";

const A_TWICE: &str = "note: more than one line of .env sets A; the last one counts\n";

/// Starts a merge in which both sides changed these names. Returns their lines, ours and theirs.
fn in_conflict(env: &TestEnv, names: &[&str]) -> Vec<(String, String)> {
    let change = || {
        for name in names {
            drop(set(env, ".env", name));
        }
        names.iter().map(|name| line(env, ".env", name)).collect::<Vec<_>>()
    };
    let (theirs, ours) = diverge(env, change, change);
    assert_eq!(merge(env).output().status, 1);
    ours.into_iter().zip(theirs).collect()
}

/// Asserts that the command fails with this status and changes nothing. Returns its output.
#[track_caller]
fn refuses(env: &TestEnv, status: i32, arguments: &[&str]) -> String {
    env.envseal(&[&["resolve"], arguments].concat()).stdin("new").refuses(status)
}

#[test]
fn one_name_is_resolved_by_a_side_or_a_new_value_and_nothing_is_staged() {
    let env = project(".env", &["A", "B", "C", "D"]);
    let lines = in_conflict(&env, &["A", "B", "C"]);
    let keys = env.read(".env.keys");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let before = env.read(".env");
    assert!(
        refuses(&env, 4, &["D", "--ours"]).contains("D is not in conflict in .env\n  in conflict: A, B, C\n")
    );
    refuses(&env, 2, &["A", "--ours", "--theirs"]);
    let said = env.envseal(&["resolve", "A", "--theirs"]).output().stderr;
    assert_eq!(said, "Resolved A in .env with their version\nStill in conflict: B, C\n");
    let block =
        |at: usize| format!("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> feature\n", lines[at].0, lines[at].1);
    assert_eq!(env.read(".env"), before.replace(&block(0), &format!("{}\n", lines[0].1)));
    let secret = env.secret("resolved");
    let said = env.envseal(&["resolve", "B"]).stdin(&secret).output().stderr;
    assert_eq!(said, "Encrypted B in .env\nStill in conflict: C\n");
    assert!(env.read(".env").contains(&block(2)) && !env.read(".env").contains(&lines[1].0));
    let said = env.envseal(&["resolve", "C", "--ours"]).output().stderr;
    assert_eq!(said, "Resolved C in .env with our version\nThen stage it: git add .env\n");
    assert_eq!(env.git(&["status", "--porcelain"]), "UU .env\n");
    assert_eq!((line(&env, ".env", "A"), line(&env, ".env", "C")), (lines[0].1.clone(), lines[2].0.clone()));
    env.write(".env.keys", keys);
    assert_eq!(get(&env, ".env", "B").trim_end(), secret);
    assert!(refuses(&env, 4, &["A", "--ours"]).contains(".env has no merge conflict"));
}

#[test]
fn a_conflict_of_the_text_is_taken_apart_by_name() {
    for style in ["merge", "diff3"] {
        let env = project(".env", &["A", "B"]);
        let base = env.read(".env");
        for part in ["merge.envseal", "diff.envseal"] {
            env.git(&["config", "--remove-section", part]);
        }
        env.git(&["config", "merge.conflictStyle", style]);
        let lines = in_conflict(&env, &["A", "B"]);
        assert!(env.read(".env").contains(&format!("{}\n{}\n", lines[0].0, lines[1].0)), "one conflict");
        env.ok(&["resolve", "A", "--ours"]);
        let (ours, theirs) = &lines[1];
        let of_base = base.lines().find(|line| line.starts_with("B=")).unwrap();
        let text = env.read(".env");
        let (start, end) = (
            format!("{}\n<<<<<<< HEAD\n{ours}\n", lines[0].0),
            format!("=======\n{theirs}\n>>>>>>> feature\n"),
        );
        assert!(text.contains(&start) && text.ends_with(&end), "{text}");
        assert_eq!(
            text.contains("\n||||||| ") && text.contains(&format!("\n{of_base}\n=======")),
            style == "diff3",
            "{text}"
        );
        env.ok(&["resolve", "B", "--theirs"]);
        assert!(env.read(".env").ends_with(&format!("\n{}\n{theirs}\n", lines[0].0)));
    }
}

/// The sides may differ in order, comments or line ends alone.
#[test]
fn statements_that_both_sides_have_can_be_resolved() {
    let env = project(".env", &["A"]);
    let text = env.read(".env");
    for (ours, theirs) in [("B=1\n# c\nC=2\n", "C=2\nB=1\n"), ("B=1\r\n", "B=1\n")] {
        env.write(".env", format!("{text}<<<<<<< a\n{ours}=======\n{theirs}>>>>>>> b\n"));
        env.ok(&["resolve", "B", "--ours"]);
        let line = ours.split_inclusive('\n').next().unwrap();
        assert!(env.read(".env").contains(line), "{}", env.read(".env"));
    }
}

#[test]
fn the_driver_writes_the_ancestor_where_git_asks_for_it() {
    let env = project(".env", &["A"]);
    let base = line(&env, ".env", "A");
    let change = || (set(&env, ".env", "A"), line(&env, ".env", "A")).1;
    let (theirs, ours) = diverge(&env, change, change);
    let output =
        env.git_with_envseal(&["-c", "merge.conflictStyle=zdiff3", "merge", "-q", "feature"]).output();
    assert_eq!(output.status, 1);
    let text = env.read(".env");
    let (start, end) = (
        format!("<<<<<<< HEAD\n{ours}\n||||||| "),
        format!("\n{base}\n=======\n{theirs}\n>>>>>>> feature\n"),
    );
    assert!(text.contains(&start) && text.ends_with(&end), "{text}");
    // A commit's subject is shown, but can't start a line of its own.
    env.git(&["merge", "--abort"]);
    env.git(&["checkout", "-q", "feature"]);
    env.git(&["commit", "-q", "--amend", "-m", "\u{1b}[31m $(touch x)\r=======\rA='"]);
    let output = env.git_with_envseal(&["rebase", "-q", "main"]).output();
    assert_eq!(output.status, 1);
    let text = env.read(".env");
    assert!(!text.contains(['\u{1b}', '\r']) && text.contains("$(touch x)"), "{text}");
    assert!(
        output.stderr.contains("--show HEAD ") && !output.stderr.contains("touch x)' -f"),
        "{}",
        output.stderr
    );
    env.ok(&["resolve", "A", "--theirs"]);
    assert_eq!(line(&env, ".env", "A"), theirs);
}

#[test]
fn what_was_encrypted_on_either_side_stays_so() {
    let env = project(".env", &["A", "B", "PATH_A"]);
    let plain = |name: &str| {
        let text = env.read(".env").replace(&line(&env, ".env", name), &format!("{name}=x # envseal: plain"));
        env.write(".env", text);
    };
    diverge(&env, || plain("A"), || set(&env, ".env", "A"));
    assert_eq!(merge(&env).output().status, 1);
    assert!(
        refuses(&env, 4, &["A", "--theirs"])
            .contains("A is plain text on that side, and encrypted on the other")
    );
    let secret = env.secret("kept");
    env.envseal(&["resolve", "A"]).stdin(&secret).ok();
    assert!(line(&env, ".env", "A").starts_with("A=envseal:1:") && !line(&env, ".env", "A").contains('#'));
    env.git(&["checkout", "-q", "-m", "--", ".env"]);
    env.ok(&["resolve", "A", "--theirs", "--plain"]);
    assert_eq!(line(&env, ".env", "A"), "A=x # envseal: plain");
    // A mark on a sealed value does not make the new value plain, and a reserved name can't take a sealed value.
    let token = line(&env, ".env", "B").split_once('=').unwrap().1.to_owned();
    let text = |one: &str, other: &str| {
        format!(
            "{}\n<<<<<<< a\n{one}\n=======\n{other}\n>>>>>>> b\n",
            line(&env, ".env", "ENVSEAL_PUBLIC_KEY")
        )
    };
    env.write(".env", text(&format!("B={token} # envseal: plain"), "B=1 # envseal: plain"));
    refuses(&env, 4, &["B", "--ours"]);
    env.envseal(&["resolve", "B"]).stdin(&secret).ok();
    assert!(line(&env, ".env", "B").starts_with("B=envseal:1:"), "{}", env.read(".env"));
    env.write(".env", text(&format!("PATH={token}"), "PATH=/bin"));
    refuses(&env, 2, &["PATH", "--ours"]);
    env.ok(&["resolve", "PATH", "--theirs", "--plain"]);
}

#[test]
fn the_public_key_is_never_chosen() {
    let env = project(".env", &["A"]);
    // After a commit, `set` makes this machine trust the key.
    set(&env, ".env", "A");
    env.git(&["commit", "-q", "-a", "-m", "again"]);
    let first = line(&env, ".env", "ENVSEAL_PUBLIC_KEY");
    let (pins, keys) = (std::fs::read(&lists(&env)[0]).unwrap(), env.read(".env.keys"));
    let attacker = format!("ENVSEAL_PUBLIC_KEY={}", PrivateKey::generate().public());
    let put = |line: &str| env.write(".env", env.read(".env").replace(&first, line));
    let ((), ours) = diverge(
        &env,
        || put(&attacker),
        || {
            env.ok(&["key", "rotate"]);
            line(&env, ".env", "ENVSEAL_PUBLIC_KEY")
        },
    );
    assert_eq!(merge(&env).output().status, 1);
    let merged = env.read(".env");
    assert!(
        refuses(&env, 4, &["ENVSEAL_PUBLIC_KEY", "--theirs"]).contains("only be resolved to the trusted key")
    );
    assert!(refuses(&env, 4, &["ENVSEAL_PUBLIC_KEY", "x"]).contains("only be resolved to the trusted key"));
    // Neither key is trusted; then, the old key is, and its private key proves that one side was rotated from it.
    let pinned = lists(&env)[0].clone();
    std::fs::remove_file(&pinned).unwrap();
    for arguments in [&["ENVSEAL_PUBLIC_KEY"][..], &["ENVSEAL_PUBLIC_KEY", "--ours"], &["A", "new"]] {
        let said = refuses(&env, 3, arguments);
        assert!(said.contains("both sides changed ENVSEAL_PUBLIC_KEY, and neither key is trusted"), "{said}");
    }
    let output = edit(&env, "echo x >>\"$1\"", &[]).output();
    assert!(output.status == 3 && env.read(".env") == merged, "{}", output.stderr);
    let rotated = env.read(".env.keys");
    std::fs::write(&pinned, pins).unwrap();
    env.write(".env.keys", "");
    refuses(&env, 3, &["ENVSEAL_PUBLIC_KEY"]);
    env.write(".env.keys", keys);
    let said = env.envseal(&["resolve", "ENVSEAL_PUBLIC_KEY"]).output().stderr;
    assert!(said.starts_with("Kept the trusted public key (") && said.contains("git add .env"), "{said}");
    assert_eq!(line(&env, ".env", "ENVSEAL_PUBLIC_KEY"), ours);
    // A new value for another name also resolves the key to the trusted one, and is encrypted to it.
    env.write(".env", format!("{merged}<<<<<<< a\nN=1\n=======\nN=2\n>>>>>>> b\n"));
    let secret = env.secret("after");
    env.envseal(&["resolve", "N"]).stdin(&secret).ok();
    assert_eq!(line(&env, ".env", "ENVSEAL_PUBLIC_KEY"), ours);
    env.write(".env.keys", rotated);
    assert_eq!(get(&env, ".env", "N").trim_end(), secret);
}

#[test]
fn a_public_key_that_both_sides_have_is_not_in_conflict() {
    // Git's own merge, with other line ends on one side.
    let env = project(".env", &["A", "B"]);
    env.git(&["config", "--remove-section", "merge.envseal"]);
    let crlf = || {
        drop(set(&env, ".env", "A"));
        env.write(".env", env.read(".env").replace('\n', "\r\n"));
        line(&env, ".env", "A")
    };
    let (theirs, _) = diverge(&env, crlf, || set(&env, ".env", "A"));
    assert_eq!(merge(&env).output().status, 1);
    let merged = env.read(".env");
    assert_eq!(merged.matches("ENVSEAL_PUBLIC_KEY=").count(), 2, "{merged}");
    let said = refuses(&env, 4, &["ENVSEAL_PUBLIC_KEY"]);
    assert!(said.contains("ENVSEAL_PUBLIC_KEY is not in conflict in .env\n  in conflict: A\n"), "{said}");
    let said = env.envseal(&["resolve", "A", "--theirs"]).output().stderr;
    assert_eq!(said, "Resolved A in .env with their version\nThen stage it: git add .env\n");
    assert_eq!(line(&env, ".env", "A"), theirs);
    env.write(".env", &merged);
    edit(&env, KEEP_THEIRS, &[]).ok();
    assert_eq!(line(&env, ".env", "A"), theirs);
    // Only the markers are deleted, so the key's line is there twice.
    env.write(".env", &merged);
    let said = edit(&env, DELETE_MARKERS, &[]).ok_stderr();
    let text = env.read(".env");
    assert_eq!(text.matches("ENVSEAL_PUBLIC_KEY=").count(), 1, "{text}");
    assert!(text.matches("\nA=").count() == 2 && text.contains(&theirs), "{text}");
    let note = A_TWICE.replace("A;", "A, B;");
    assert!(said.contains(&note), "{said}");
    // A line that differs only in its comment is the same key: either line is right.
    let key = line(&env, ".env", "ENVSEAL_PUBLIC_KEY");
    let (ours, theirs) = (format!("{key} # ours"), format!("{key} # theirs"));
    env.write(".env", format!("<<<<<<< a\n{ours}\n=======\n{theirs}\n>>>>>>> b\n"));
    refuses(&env, 2, &["ENVSEAL_PUBLIC_KEY", "x"]);
    env.ok(&["resolve", "ENVSEAL_PUBLIC_KEY", "--theirs"]);
    assert_eq!(env.read(".env"), format!("{theirs}\n"));

    // A name that is set twice: the whole file is the conflict. The key is trusted only after a commit and a `set`.
    for is_pinned in [false, true] {
        let env = project(".env", &["A"]);
        env.write(".env", env.read(".env") + "P=1 # envseal: plain\nP=2 # envseal: plain\n");
        env.git(&["commit", "-q", "-a", "-m", "twice"]);
        if is_pinned {
            set(&env, ".env", "A");
            env.git(&["commit", "-q", "-a", "-m", "pinned"]);
        }
        let change = |to: &str| env.write(".env", env.read(".env").replace("P=2", to));
        diverge(&env, || change("P=3"), || change("P=4"));
        assert_eq!(merge(&env).output().status, 1);
        let key = line(&env, ".env", "ENVSEAL_PUBLIC_KEY");
        edit(&env, KEEP_THEIRS, &[]).ok();
        let text = env.read(".env");
        assert!(text.starts_with('#') && text.contains(&key) && text.contains("P=3"), "{text}");
    }
}

#[test]
fn quotes_make_no_other_public_key() {
    let env = project(".env", &["A"]);
    env.git(&["config", "--remove-section", "merge.envseal"]);
    let set_with = |from: &str, to: &str| {
        env.write(".env", env.read(".env").replace(from, to));
        set(&env, ".env", "A")
    };
    let key = line(&env, ".env", "ENVSEAL_PUBLIC_KEY");
    let quoted = key.replace('=', "=\"") + "\"";
    diverge(&env, || set_with(&key, &quoted), || set_with("\n", "\r\n"));
    assert_eq!(merge(&env).output().status, 1);
    let merged = env.read(".env");
    for (script, kept) in [(DELETE_MARKERS, &key), (KEEP_THEIRS, &quoted)] {
        env.write(".env", &merged);
        edit(&env, script, &[]).ok();
        let text = env.read(".env");
        let keys: Vec<_> = text.lines().filter(|line| line.starts_with("ENVSEAL_PUBLIC_KEY=")).collect();
        assert_eq!(keys, [kept], "{text}");
    }
}

#[test]
fn a_file_that_somebody_resolved_meanwhile_keeps_its_public_key_once() {
    let env = project(".env", &["A"]);
    env.git(&["config", "--remove-section", "merge.envseal"]);
    let crlf = || env.write(".env", env.read(".env").replace('\n', "\r\n"));
    diverge(&env, || (set(&env, ".env", "A"), crlf()), || set(&env, ".env", "A"));
    assert_eq!(merge(&env).output().status, 1);
    let resolve = concat!(env!("CARGO_BIN_EXE_envseal"), " -q resolve A --theirs; ");
    let script = format!("grep -q '^<<<<<<<' .env && {resolve}{DELETE_MARKERS}");
    let Some((status, shown)) = run_on_terminal(edit(&env, &script, &[]), Some(b"y\nn\n")) else { return };
    let text = env.read(".env");
    assert!(status == 0 && shown.contains(".env was changed meanwhile"), "{shown}");
    assert_eq!(text.matches("ENVSEAL_PUBLIC_KEY=").count(), 1, "{text}");
}

#[test]
fn a_name_left_from_both_sides_is_noted() {
    let env = project(".env", &["A", "B"]);
    in_conflict(&env, &["A"]);
    let said = edit(&env, DELETE_MARKERS, &[]).ok_stderr();
    assert!(said.contains(A_TWICE), "{said}");
    assert_eq!(env.read(".env").matches("\nA=").count(), 2);
    let said = edit(&env, "echo C=3 >>\"$1\"", &[]).ok_stderr();
    assert!(!said.contains("counts"), "{said}");
}

#[test]
fn a_new_value_is_asked_for_hidden() {
    let env = project(".env", &["A"]);
    in_conflict(&env, &["A"]);
    let secret = env.secret("typed");
    let Some(mut session) = Session::start(env.envseal(&["resolve", "A"])) else { return };
    session.until("Value of A (not shown): ");
    session.keys(&format!("{secret}\r"));
    let (status, _, text) = session.end();
    assert!(status == 0 && text.contains("Encrypted A in .env") && text.contains("git add .env"), "{text}");
    env.heard(&text);
    assert_eq!(get(&env, ".env", "A").trim_end(), secret);
}

#[test]
fn an_editor_gets_both_versions_and_the_kept_one_keeps_its_sealed_value() {
    let env = project(".env", &["A", "B"]);
    let lines = in_conflict(&env, &["A", "B"]);
    let before = env.snapshot();
    let output = edit(&env, "sed -i '/^>>>>>>> /d' \"$1\"", &[]).output();
    assert_eq!(output.status, 4, "{}", output.stderr);
    assert!(output.stderr.contains("hint: keep one version of each conflict"), "{}", output.stderr);
    assert_eq!(env.snapshot(), before);
    let script = "grep -c 'envseal:1:' \"$1\" >&2; sed -i '/^<<<<<<< /,/^=======/d; /^>>>>>>> /d' \"$1\"";
    let output = edit(&env, script, &[]).output();
    assert_eq!(output.stderr, "0\nThen stage it: git add .env\nWrote .env\n");
    assert_eq!((line(&env, ".env", "A"), line(&env, ".env", "B")), (lines[0].1.clone(), lines[1].1.clone()));
    assert_eq!(env.git(&["status", "--porcelain"]), "UU .env\n");
}
