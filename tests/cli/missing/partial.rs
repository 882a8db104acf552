//! Partial clones (`--filter=blob:none`): which commands may make git fetch, and which must not.

use std::path::PathBuf;

use super::{Clone, Past, text};
use crate::support::{TestEnv, write_script};

/// Completes a partial clone.
const HINT: &str = "git fetch --refetch --no-filter";

/// Commands that may make git fetch what is missing.
const MAY_FETCH: &[&[&str]] = &[
    &["check", "--json", "--range", "HEAD~5..HEAD~2"],
    &["check", "--json", "--range", "HEAD~2..HEAD~1"],
    &["check", "--json", "--range", "HEAD~2..HEAD"],
    &["check", "--json", "--history"],
    &["log", "--json"],
    &["log", "URL", "--json"],
    &["diff", "--json", "HEAD~5", "HEAD~4"],
    &["blame", "--json"],
    &["get", "URL", "--at", "HEAD~4"],
];

impl Past {
    /// Returns a clone without the older blobs, and a record of its fetches.
    fn blobless(&self) -> (Clone<'_>, Fetches) {
        let clone = self.clone(&["--filter=blob:none"], "blobless");
        std::fs::copy(self.env.path(".env.keys"), clone.folder.join(".env.keys")).unwrap();
        let missing = clone.git(&["rev-list", "--objects", "--all", "--missing=print"]);
        assert!(missing.matches('?').count() >= 4, "{missing}");
        let fetches = Fetches::of(&clone);
        (clone, fetches)
    }

    /// Like [`Self::blobless`], but the remote is gone.
    fn orphaned(&self) -> Clone<'_> {
        let (clone, _) = self.blobless();
        let gone = self.env.outside().join("gone.git");
        clone.git(&["config", "remote.origin.url", &format!("file://{}", gone.display())]);
        clone
    }
}

/// Each line of this file is one fetch.
struct Fetches(PathBuf);

impl Fetches {
    /// Makes the clone's remote use a program that records each call and then runs git-upload-pack.
    fn of(clone: &Clone<'_>) -> Self {
        let notes = clone.folder.with_extension("fetches");
        let program = clone.folder.with_extension("upload-pack");
        let lines = format!("echo fetched >> '{}'\nexec git upload-pack \"$@\"", notes.display());
        write_script(&program, &lines);
        clone.git(&["config", "remote.origin.uploadpack", program.to_str().unwrap()]);
        Self(notes)
    }

    fn count(&self) -> usize {
        std::fs::read_to_string(&self.0).unwrap_or_default().lines().count()
    }
}

/// The answers are the same as in the whole repository, with one fetch for everything that is missing.
#[test]
fn the_answers_are_those_of_the_whole_repository() {
    let past = Past::new();
    for arguments in MAY_FETCH {
        let (clone, fetches) = past.blobless();
        let expected = past.env.envseal(arguments).output();
        let finds: &[&str] = match arguments.last().unwrap() {
            &"HEAD~5..HEAD~2" | &"--history" => &["LEAKED is plain text"],
            range if range.starts_with("HEAD~2..") => &["\"public-key-changed\"", "\"member-changed\""],
            _ => &[],
        };
        assert!(finds.iter().all(|words| text(&expected).contains(words)), "{arguments:?}: {expected:?}");
        let output = clone.envseal(arguments).soon();
        assert_eq!(
            (output.status, text(&output)),
            (expected.status, text(&expected)),
            "{arguments:?}: {}",
            output.stderr
        );
        assert_eq!(fetches.count(), 1, "{arguments:?}: in one batch");
        // Now it is there.
        assert_eq!(text(&clone.envseal(arguments).soon()), text(&expected));
        assert_eq!(fetches.count(), 1, "{arguments:?}: only once");
        std::fs::remove_dir_all(&clone.folder).unwrap();
        let _ = std::fs::remove_file(&fetches.0);
    }
}

#[test]
fn with_nothing_to_fetch_from_no_answer_is_given() {
    let past = Past::new();
    let clone = past.orphaned();
    for arguments in MAY_FETCH {
        clone.incomplete(arguments, HINT);
    }
    // A range for which nothing is missing is checked.
    assert!(clone.errors(&["--range", "HEAD~1..HEAD"]).is_empty());
    // The same without a remote that promised what is missing.
    clone.git(&["config", "--unset", "remote.origin.promisor"]);
    for arguments in MAY_FETCH {
        clone.incomplete(arguments, "");
    }
}

/// Even the trees are missing.
#[test]
fn with_trees_missing_too() {
    let past = Past::new();
    let clone = past.clone(&["--filter=tree:0"], "treeless");
    clone.git(&["config", "remote.origin.url", "file:///nowhere/at/all.git"]);
    for arguments in MAY_FETCH {
        clone.incomplete(arguments, HINT);
    }
}

/// All other commands work with what is there, and do not treat missing objects as absent.
#[test]
fn nothing_else_fetches() {
    let past = Past::new();
    let (clone, fetches) = past.blobless();
    // Even the files of HEAD are missing, because that commit was never checked out.
    clone.git(&["update-ref", "refs/heads/main", "HEAD~3"]);
    clone.git(&["read-tree", "HEAD"]);
    let missing = clone.git(&["rev-list", "--objects", "HEAD", "--missing=print"]);
    let file = past.env.git(&["rev-parse", "HEAD~3:.env"]);
    assert!(missing.contains(&format!("?{}", file.trim())), "{missing}");
    for arguments in [
        &["check"][..],
        &["check", "--staged"],
        &["ls"],
        &["get", "URL"],
        &["run", "--", "true"],
        &["doctor"],
        &["hook", "install"],
        &["init"],
        &["set", "A", "1"],
        &["set", "A", "1", "-e", "new"],
        &["encrypt"],
        &["team", "list"],
        &["team", "whoami"],
        &["key", "list"],
    ] {
        let output = clone.envseal(arguments).soon();
        assert_eq!(fetches.count(), 0, "{arguments:?} fetched: {}", output.stderr);
    }
    // The program that records fetches works.
    clone.git(&["cat-file", "blob", "HEAD:.env"]);
    assert_eq!(fetches.count(), 1);
}

/// Hooks fetch nothing either, and what is missing lets nothing pass.
#[test]
fn no_hook_fetches() {
    let past = Past::new();
    let (clone, fetches) = past.blobless();
    let [old, new] = ["HEAD~5", "HEAD~2"].map(|rev| clone.git(&["rev-parse", rev]));
    let run = clone.envseal(&["hook", "run", "pre-push", "elsewhere", "file:///elsewhere"]);
    let push = run.stdin(format!("refs/heads/main {new} refs/heads/main {old}\n")).soon();
    // The pre-commit framework makes its hooks check a range. They still count as hooks.
    let run = clone.envseal(&["hook", "run", "pre-commit"]);
    let framework = run.var("PRE_COMMIT_FROM_REF", "HEAD~5").var("PRE_COMMIT_TO_REF", "HEAD~3").soon();
    for output in [push, framework] {
        assert_eq!(output.status, 4, "{}{}", text(&output), output.stderr);
        assert!(output.stderr.contains(HINT), "{}", output.stderr);
    }
    // The working tree has the swapped key, and HEAD the one before, which is missing: they can't be compared.
    let sealed = std::fs::read(clone.folder.join(".env")).unwrap();
    clone.git(&["update-ref", "refs/heads/main", "HEAD~3"]);
    clone.git(&["read-tree", "HEAD"]);
    std::fs::write(clone.folder.join(".env"), sealed).unwrap();
    clone.git(&["add", ".env"]);
    for arguments in [&["check", "--staged"][..], &["check"], &["hook", "run", "pre-commit"]] {
        clone.incomplete(arguments, HINT);
    }
    assert_eq!(fetches.count(), 0);
}

/// The server is itself a partial clone and lacks the blobs that a push replaces.
#[test]
fn a_server_fetches_nothing_while_it_checks_a_push() {
    let past = Past::new();
    let env = &past.env;
    env.git(&["branch", "-q", "before", "HEAD~2"]);
    let server = past.clone(&["--bare", "--filter=blob:none", "-b", "before", "--single-branch"], "server");
    let fetches = Fetches::of(&server);
    // Only fetches while the hook runs count, because git itself may fetch before and after.
    let hook = server.folder.join("hooks/pre-receive");
    let recipe = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pre-receive");
    let (notes, while_checked) = (fetches.0.display(), server.folder.join("while-checked"));
    let lines = format!(
        "rm -f '{notes}'\nsh '{recipe}'\nstatus=$?\nif test -e '{notes}'; then touch '{}'; fi\nexit $status",
        while_checked.display()
    );
    write_script(&hook, &lines);
    let to = format!("file://{}", server.folder.display());
    // The swapped key: the blob that it replaces is not on the server.
    let output = env.git_with_envseal(&["push", "-q", "--no-verify", &to, "main~1:refs/heads/before"]).soon();
    assert_ne!(output.status, 0, "the push was accepted");
    assert!(output.stderr.contains("pre-receive: refs/heads/before was not accepted"), "{}", output.stderr);
    assert!(
        output.stderr.contains(HINT) || output.stderr.contains("public-key-changed"),
        "{}",
        output.stderr
    );
    assert!(!while_checked.exists(), "it fetched: {}", output.stderr);
}

/// A range copies a value. To learn whether the base had it in plain text, all files of the base are searched, and
/// they are fetched in one batch.
#[test]
fn what_stood_in_the_open_before_is_fetched_in_one_batch() {
    let past = Past { env: TestEnv::new() };
    let env = &past.env;
    env.git(&["config", "uploadpack.allowFilter", "true"]);
    env.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    for value in ["0", "1", "2", "3", "known-before-81723"] {
        env.envseal(&["set", "-q", "KNOWN"]).stdin(value).ok();
        env.commit(value);
    }
    for at in 0..20 {
        env.write(format!("old/{at}"), format!("{at}\n"));
    }
    env.write("old/known", "known-before-81723\n");
    env.commit("many");
    env.git(&["rm", "-qr", "old"]);
    env.commit("none");
    env.write("spread", "known-before-81723\n");
    env.commit("spread");
    let (clone, fetches) = past.blobless();
    let range = &["check", "--json", "--range", "HEAD~2..HEAD"];
    let (ours, whole) = (clone.envseal(range).soon(), env.envseal(range).output());
    assert_eq!((ours.status, text(&ours)), (whole.status, text(&whole)), "{}", ours.stderr);
    assert!(fetches.count() <= 2, "{} fetches", fetches.count());
}

/// A remote that has failed is not asked again for each object.
#[test]
fn a_remote_that_fails_is_asked_once() {
    let past = Past::new();
    let (clone, fetches) = past.blobless();
    let program = clone.folder.with_extension("upload-pack");
    std::fs::write(&program, format!("#!/bin/sh\necho asked >> '{}'\nexit 1\n", fetches.0.display()))
        .unwrap();
    for arguments in MAY_FETCH {
        clone.incomplete(arguments, HINT);
        assert_eq!(fetches.count(), 1, "{arguments:?}");
        std::fs::remove_file(&fetches.0).unwrap();
    }
}

/// The trees of the commit that the index is compared with are missing.
#[test]
fn the_index_of_a_clone_without_folders() {
    let past = Past::new();
    let clone = past.clone(&["--filter=tree:0", "--no-checkout"], "folderless");
    clone.incomplete(&["check", "--staged"], HINT);
}

/// Deepening a shallow clone fetches no files that it left out.
#[test]
fn a_shallow_clone_too_needs_its_files() {
    let past = Past::new();
    let clone = past.clone(&["--depth", "1", "--filter=blob:none", "--no-checkout"], "shallow");
    clone.git(&["reset", "-q"]);
    clone.incomplete(&["check", "--staged"], HINT);
    clone.git(&["fetch", "-q", "--refetch", "--no-filter"]);
    assert_eq!(clone.envseal(&["check", "--staged"]).soon().status, 0);
}
