//! Shallow clones: the history ends at a graft, and what came before is unknown.

use super::{PLAINTEXT, Past, text};

/// Completes a shallow clone.
const HINT: &str = "git fetch --unshallow";

#[test]
fn a_history_that_ends_at_a_graft_is_not_all_clear() {
    let past = Past::new();
    let clone = past.clone(&["--depth", "1"], "shallow");
    // With `--json` too, and even if nothing was found.
    for arguments in [
        &["check", "--history"][..],
        &["check", "--history", "--json"],
        &["log"],
        &["log", "--json"],
        &["blame"],
    ] {
        clone.incomplete(arguments, HINT);
    }
    // After fetching the rest, the leak is found.
    clone.git(&["fetch", "-q", "--unshallow"]);
    assert!(clone.errors(&["--history"]).contains(&".env plaintext LEAKED".to_owned()));
    assert_eq!(clone.envseal(&["log"]).soon().status, 0);
}

/// Findings on this side of the graft are still reported.
#[test]
fn what_is_there_is_judged() {
    let past = Past::new();
    past.env.write(".env.other", format!("SECRET={PLAINTEXT}\n"));
    past.env.commit("another leak");
    let clone = past.clone(&["--depth", "1"], "shallow");
    let output = clone.envseal(&["check", "--history", "--json"]).soon();
    assert_eq!(output.status, 4, "{}", output.stderr);
    assert!(output.stderr.contains(HINT), "{}", output.stderr);
    assert!(text(&output).contains("SECRET"), "{}", text(&output));
}

/// CI fetched the two ends of the range separately, and the commits in between are missing.
#[test]
fn a_range_with_a_gap_is_not_judged() {
    let past = Past::new();
    let clone = past.clone(&["--depth", "1"], "gap");
    let [before, leak, back, last] =
        ["HEAD~4", "HEAD~3", "HEAD~2", "HEAD"].map(|rev| past.env.git(&["rev-parse", rev]).trim().to_owned());
    clone.git(&["fetch", "-q", "--depth", "1", "origin", &before, &back]);
    clone.git(&["cat-file", "-e", &format!("{before}^{{commit}}")]);
    for range in [
        format!("{before}..{back}"),
        format!("{before}...{back}"),
        format!("{before}..{last}"),
        format!("{back}..{last}"),
    ] {
        clone.incomplete(&["check", "--range", &range], HINT);
        clone.incomplete(&["check", "--range", &range, "--accept-policy"], HINT);
    }
    // Two commits can still be compared.
    let diff = clone.envseal(&["diff", "--json", &before, &back]).soon();
    assert_eq!((diff.status, text(&diff)), (0, "[]\n".into()));
    // The same with one more commit on this side of the gap.
    clone.git(&["fetch", "-q", "--depth", "2", "origin", &last]);
    clone.incomplete(&["check", "--range", &format!("{back}..{last}")], HINT);
    clone.git(&["fetch", "-q", "--unshallow"]);
    clone.git(&["cat-file", "-e", &leak]);
    for range in [format!("{before}..{back}"), format!("{before}..{last}")] {
        let found = clone.errors(&["--range", &range]);
        assert!(found.contains(&".env plaintext LEAKED".to_owned()), "{range}: {found:?}");
    }
}

/// For a new ref, the commits that other refs lack are checked. Behind the graft, these are unknown.
#[test]
fn a_new_ref_over_a_graft_is_not_judged() {
    let past = Past::new();
    let clone = past.clone(&["--depth", "1"], "new");
    clone.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    clone.git(&["symbolic-ref", "-d", "refs/remotes/origin/HEAD"]);
    clone.git(&["checkout", "-q", "--detach"]);
    clone.git(&["update-ref", "-d", "refs/heads/main"]);
    let zeros = "0".repeat(40);
    clone.incomplete(&["check", "--range", &format!("{zeros}..HEAD")], HINT);
}

/// The error says that a base behind the graft is missing, not that the revision is unknown.
#[test]
fn a_base_behind_the_graft() {
    let past = Past::new();
    let clone = past.clone(&["--depth", "2"], "behind");
    let base = past.env.git(&["rev-parse", "HEAD~3"]);
    let output = clone.envseal(&["check", "--range", &format!("{}..HEAD", base.trim())]).soon();
    assert!(matches!(output.status, 2 | 4), "{}{}", text(&output), output.stderr);
    assert!(output.stderr.contains(HINT), "{}", output.stderr);
    clone.incomplete(&["diff", base.trim(), "HEAD"], HINT);
}

/// Whatever needs no history behind the graft works as usual.
#[test]
fn what_lies_before_the_graft_is_enough_for_the_hooks() {
    let past = Past::new();
    let clone = past.clone(&["--depth", "1"], "hooks");
    clone.envseal(&["hook", "install", "-q"]).ok();
    clone.git(&["config", "remote.origin.push", "HEAD:refs/heads/topic"]);
    let git = |arguments: &[&str]| clone.env.git_with_envseal(arguments).dir(&clone.folder).soon();
    std::fs::write(clone.folder.join("notes"), "more\n").unwrap();
    assert_eq!(git(&["commit", "-qam", "notes"]).status, 0);
    assert!(clone.errors(&["--range", "origin/main..HEAD"]).is_empty());
    let pushed = git(&["push", "-q"]);
    assert_eq!(pushed.status, 0, "{}", pushed.stderr);
    let file = clone.folder.join(".env");
    let sealed = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{sealed}LEAKED={PLAINTEXT}\n")).unwrap();
    assert_eq!(git(&["commit", "-qam", "leak"]).status, 1);
    assert_eq!(git(&["commit", "-qam", "leak", "--no-verify"]).status, 0);
    let pushed = git(&["push", "-q"]);
    assert_ne!(pushed.status, 0);
    let said = text(&pushed) + &pushed.stderr;
    assert!(said.contains("[plaintext]"), "{said}");
}

/// A push to a server that is a shallow clone.
#[test]
fn a_push_onto_a_shallow_server() {
    let past = Past::new();
    let env = &past.env;
    let server = past.clone(&["--bare", "--depth", "1"], "server.git");
    std::fs::copy(
        concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pre-receive"),
        server.folder.join("hooks/pre-receive"),
    )
    .unwrap();
    let to = format!("file://{}", server.folder.display());
    // A commit on top needs no missing object.
    env.write("notes", "more\n");
    env.commit("more");
    let pushed = env.git_with_envseal(&["push", "-q", "--no-verify", &to, "main"]).soon();
    assert_eq!(pushed.status, 0, "{}", pushed.stderr);
    env.write(".env.x", format!("SECRET={PLAINTEXT}\n"));
    env.commit("leak");
    let pushed = env.git_with_envseal(&["push", "-q", "--no-verify", &to, "main"]).soon();
    assert!(pushed.status != 0 && pushed.stderr.contains("[plaintext]"), "{}", pushed.stderr);
}
