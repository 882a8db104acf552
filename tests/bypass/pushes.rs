//! Commits for which git does not call `pre-commit`. They are stopped at the push.

use super::{PROD, SAID, Way, changed, stopped, told};

/// Asserts that `push` is refused after `commit` with plaintext, and succeeds with a sealed value.
fn met(commit: impl Fn(&Way), push: &[&str]) {
    stopped(&SAID, |way| {
        commit(way);
        way.git(push)
    });
}

/// Commits the file with `--no-verify`.
fn no_verify(way: &Way) {
    way.add(PROD, way.text(PROD));
    way.git(&["commit", "-q", "--no-verify", "-m", "x"]).ok();
}

/// Creates a commit on `side` that contains the file.
fn side(way: &Way) {
    way.git(&["checkout", "-q", "-b", "side"]).ok();
    no_verify(way);
    way.git(&["checkout", "-q", "main"]).ok();
    way.add("file", "x\n");
    way.git(&["commit", "-q", "-m", "main"]).ok();
}

#[test]
fn committed_with_no_verify() {
    for push in [
        &["push", "origin", "main"][..],
        &["push", "origin", "HEAD:refs/heads/new"],
        &["push", "origin", "HEAD^{/x| y}:refs/heads/new"],
        &["push", "origin", "HEAD:refs/heads/main"],
        &["push", "--force", "origin", "main"],
        &["push", "origin", "+main:main"],
        &["push", "--all", "origin"],
        &["push", "--mirror", "origin"],
        &["push", "-u", "origin", "main"],
        &["push", "../remote.git", "main"],
        &["push", "../remote.git", "HEAD:refs/heads/new"],
        &["push", "--atomic", "origin", "main", "HEAD:refs/heads/b"],
        &["push", "origin", "HEAD:refs/for/main"],
    ] {
        met(no_verify, push);
    }
}

#[test]
fn cherry_picked_rebased_or_merged_fast() {
    for bring in [
        &["cherry-pick", "side"][..],
        &["rebase", "side"],
        &["rebase", "main", "side"],
        &["reset", "-q", "--hard", "side"],
    ] {
        met(
            |way| {
                side(way);
                way.git(bring).ok();
            },
            &["push", "origin", "HEAD:refs/heads/topic"],
        );
    }
}

#[test]
fn applied_from_a_mail() {
    met(
        |way| {
            side(way);
            let mail = way.git(&["format-patch", "-1", "--stdout", "side"]).ok();
            way.git(&["branch", "-q", "-D", "side"]).ok();
            way.git(&["am", "-q"]).stdin(mail).ok();
        },
        &["push", "origin", "main"],
    );
}

#[test]
fn put_together_without_git_commit() {
    met(
        |way| {
            way.add(PROD, way.text(PROD));
            let tree = way.git(&["write-tree"]).ok();
            let commit = way.git(&["commit-tree", tree.trim(), "-p", "HEAD", "-m", "x"]).ok();
            way.git(&["update-ref", "HEAD", commit.trim()]).ok();
        },
        &["push", "origin", "main"],
    );
}

#[test]
fn taken_away_again_by_a_later_commit() {
    met(
        |way| {
            no_verify(way);
            way.git(&["rm", "-q", PROD]).ok();
            way.git(&["commit", "-q", "-m", "y"]).ok();
        },
        &["push", "origin", "main"],
    );
}

#[test]
fn brought_in_by_a_merge() {
    met(
        |way| {
            side(way);
            way.git(&["merge", "-q", "--no-verify", "--no-edit", "side"]).ok();
        },
        &["push", "origin", "main"],
    );
    // Only the merge commit contains it.
    met(
        |way| {
            way.git(&["checkout", "-q", "-b", "side"]).ok();
            way.add("other", "x\n");
            way.git(&["commit", "-q", "-m", "side"]).ok();
            way.git(&["checkout", "-q", "main"]).ok();
            way.git(&["commit", "-q", "--allow-empty", "-m", "main"]).ok();
            way.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]).ok();
            way.add(PROD, way.text(PROD));
            way.git(&["commit", "-q", "--no-verify", "--no-edit"]).ok();
        },
        &["push", "origin", "main"],
    );
}

#[test]
fn pushed_as_a_tag() {
    for tag in [&["tag", "v1"][..], &["tag", "-a", "-m", "x", "v1"]] {
        met(
            |way| {
                no_verify(way);
                way.git(tag).ok();
                way.git(&["reset", "-q", "--hard", "HEAD~"]).ok();
            },
            &["push", "origin", "v1"],
        );
    }
}

#[test]
fn one_good_ref_beside_a_bad_one() {
    met(side, &["push", "origin", "main", "side"]);
    met(side, &["push", "origin", ":refs/heads/gone", "side"]);
}

#[test]
fn from_a_second_worktree_or_a_subfolder() {
    stopped(&SAID, |way| {
        side(way);
        way.git(&["worktree", "add", "-q", "../linked", "side"]).ok();
        way.git(&["push", "origin", "side"]).dir(way.env.outside().join("linked"))
    });
    stopped(&SAID, |way| {
        side(way);
        way.write("below/file", "");
        way.git(&["push", "origin", "side"]).dir(way.env.path("below"))
    });
}

#[test]
fn over_a_history_that_is_not_known_here() {
    // The remote has a commit that this clone lacks, and the push is forced over it.
    met(
        |way| {
            let other = way.env.outside().join("other");
            way.git(&["clone", "-q", "../remote.git", "../other", "-b", "main"]).ok();
            way.git(&["commit", "-q", "--allow-empty", "-m", "theirs"]).dir(&other).ok();
            way.git(&["push", "-q", "origin", "main"]).dir(&other).ok();
            no_verify(way);
        },
        &["push", "--force", "origin", "main"],
    );
}

#[test]
fn fetched_from_a_pull_request() {
    // A forge's ref of a pull request was never checked, whichever ref it is fetched to.
    for fetch in ["+refs/pull/*/head:refs/remotes/origin/pr/*", "+refs/pull/1/head:refs/remotes/origin/one"] {
        met(
            |way| {
                way.git(&["config", "--add", "remote.origin.fetch", fetch]).ok();
                side(way);
                way.unhooked(&["push", "-q", "origin", "side:refs/pull/1/head"]).ok();
                way.git(&["fetch", "-q", "origin"]).ok();
                let refs = way.env.git(&["for-each-ref", "refs/remotes/origin"]);
                assert!(refs.contains("/one") || refs.contains("/pr/1"), "{refs}");
            },
            &["push", "origin", "side"],
        );
    }
}

#[test]
fn what_brings_nothing_is_not_stopped() {
    let way = Way::new(false);
    way.git(&["push", "-q", "origin", "main"]).ok();
    way.git(&["push", "-q", "origin", "main:refs/heads/topic"]).ok();
    // The plaintext was pushed long ago. Deleting that branch, or pushing another, adds no new plaintext.
    side(&way);
    way.unhooked(&["push", "-q", "origin", "side"]).ok();
    way.git(&["push", "-q", "origin", "main"]).ok();
    way.git(&["push", "-q", "origin", ":refs/heads/side", ":refs/heads/topic"]).ok();
    way.git(&["push", "-q", "--tags", "origin"]).ok();
    let before = way.state();
    let output = way.git(&["push", "--no-verify", "--dry-run", "origin", "side"]).output();
    assert!(output.status == 0 && changed(&before, &way.state()).is_empty());
    told(&output, &[]);
}
