//! Differences between working tree and index. What is staged is what gets committed.

use super::{PROD, SAID, Way, commit_stopped, refused, stopped};

#[test]
fn staged_and_sealed_in_the_worktree_only() {
    commit_stopped(&SAID, |way| {
        way.add(PROD, way.text(PROD));
        way.write(PROD, format!("{}SECRET={}\n", way.header(PROD), way.token("SECRET")));
    });
}

#[test]
fn staged_and_gone_from_the_worktree() {
    commit_stopped(&SAID, |way| {
        way.add(PROD, way.text(PROD));
        std::fs::remove_file(way.env.path(PROD)).unwrap();
    });
}

/// Commits a sealed file, then changes it only in the working tree.
fn tracked(way: &Way) {
    let sealed =
        format!("{}OTHER={}\nSECRET={}\n", way.header(PROD), way.token("OTHER"), way.token("SECRET"));
    way.add(PROD, &sealed);
    way.git(&["commit", "-q", "-m", "sealed"]).ok();
    way.write(PROD, way.text(PROD));
}

#[test]
fn added_by_commit_itself() {
    for arguments in [
        &["commit", "-a", "-m", "x"][..],
        &["commit", "-am", "x", "--quiet"],
        &["commit", "-m", "x", "--", PROD],
        &["commit", "-m", "x", "--only", PROD],
        &["commit", "-m", "x", "--include", PROD],
        &["commit", "-m", "x", "."],
        &["commit", "-m", "x", "--pathspec-from-file=list"],
    ] {
        stopped(&SAID, |way| {
            tracked(way);
            way.write("list", PROD);
            way.git(arguments)
        });
    }
}

#[test]
fn picked_hunk_by_hunk() {
    stopped(&SAID, |way| {
        tracked(way);
        way.git(&["commit", "-p", "-m", "x"]).stdin("y\n".repeat(9))
    });
    // Of two hunks far apart, only the first is staged; the working tree has both.
    commit_stopped(&SAID, |way| {
        let filler = "# filler\n".repeat(30);
        let old = format!("{}SECRET={}\n{filler}# end\n", way.header(PROD), way.token("SECRET"));
        way.add(PROD, &old);
        way.git(&["commit", "-q", "-m", "sealed"]).ok();
        way.write(PROD, format!("{}SECRET={}\n{filler}# the end\n", way.header(PROD), way.value()));
        way.git(&["add", "-p", PROD]).stdin("y\nn\n").ok();
    });
}

#[test]
fn put_into_the_index_by_its_name_or_as_a_patch() {
    commit_stopped(&SAID, |way| {
        let blob = way.git(&["hash-object", "-w", "--stdin"]).stdin(way.text(PROD)).ok();
        let entry = format!("100644,{},{PROD}", blob.trim());
        way.git(&["update-index", "--add", "--cacheinfo", &entry]).ok();
    });
    commit_stopped(&SAID, |way| {
        tracked(way);
        let patch = way.git(&["diff"]).ok();
        way.git(&["checkout", "-q", PROD]).ok();
        way.git(&["apply", "--cached"]).stdin(patch).ok();
    });
}

#[test]
fn another_index_than_the_usual_one() {
    stopped(&SAID, |way| {
        let index = way.env.outside().join("other").join("index");
        std::fs::create_dir(index.parent().unwrap()).unwrap();
        way.write(PROD, way.text(PROD));
        way.git(&["read-tree", "HEAD"]).var("GIT_INDEX_FILE", &index).ok();
        way.git(&["add", "-A"]).var("GIT_INDEX_FILE", &index).ok();
        way.commit().var("GIT_INDEX_FILE", index)
    });
}

#[test]
fn announced_first_and_added_later() {
    stopped(&SAID, |way| {
        way.write(PROD, way.text(PROD));
        way.git(&["add", "-N", PROD]).ok();
        way.git(&["commit", "-a", "-m", "x"])
    });
}

#[test]
fn behind_the_indexs_own_flags() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        commit_stopped(&SAID, |way| {
            tracked(way);
            way.git(&["add", PROD]).ok();
            way.git(&["update-index", flag, PROD]).ok();
            way.write(PROD, "");
        });
    }
}

#[test]
fn from_a_subfolder_and_from_elsewhere() {
    stopped(&SAID, |way| {
        way.write("a/b/file", "");
        way.add(PROD, way.text(PROD));
        way.commit().dir(way.env.path("a/b"))
    });
    stopped(&SAID, |way| {
        way.add(PROD, way.text(PROD));
        let repo = way.env.repo();
        way.git(&["-C", repo.to_str().unwrap(), "commit", "-m", "x"]).dir(way.env.outside())
    });
    stopped(&SAID, |way| {
        way.add(PROD, way.text(PROD));
        let git = way.commit().dir(way.env.outside().join("home"));
        git.var("GIT_DIR", way.env.path(".git")).var("GIT_WORK_TREE", way.env.repo())
    });
    stopped(&SAID, |way| {
        way.add(PROD, way.text(PROD));
        let dir = format!("--git-dir={}", way.env.path(".git").display());
        let tree = format!("--work-tree={}", way.env.repo().display());
        way.git(&[&dir, &tree, "commit", "-m", "x"]).dir(way.env.outside().join("home"))
    });
}

#[test]
fn in_a_sparse_checkout() {
    commit_stopped(&SAID, |way| {
        way.add("kept/file", "");
        way.git(&["commit", "-q", "-m", "folder"]).ok();
        way.git(&["sparse-checkout", "set", "--no-sparse-index", "kept"]).ok();
        way.write(PROD, way.text(PROD));
        way.git(&["add", "--sparse", PROD]).ok();
    });
}

/// The check also reads an index that is split, sparse, or of version 4.
#[test]
fn an_index_in_another_form() {
    for form in [
        &["update-index", "--split-index"][..],
        &["update-index", "--index-version", "4"],
        &["sparse-checkout", "set", "--sparse-index", "kept"],
    ] {
        println!("{form:?}");
        refused(&["kept/.env:2: error: SECRET is plain text"], |way| {
            way.add("kept/file", "");
            way.add("left/out/file", "");
            way.git(&["commit", "-q", "-m", "folders"]).ok();
            way.git(form).ok();
            way.write("kept/.env", way.text(".env"));
            way.git(&["add", "--sparse", "kept/.env"]).ok();
            way.commit()
        });
    }
}
