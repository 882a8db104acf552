//! The file's name, its folder, and the target of a link.

use super::{PROD, SAID, commit_stopped, each_stopped};

/// Commits `.env` in each of these folders.
fn in_folders(folders: &[&str]) {
    each_stopped(
        folders,
        |_| ["SECRET", "[plaintext]"],
        |way, folder| way.add(&format!("{folder}/.env"), way.text(".env")),
    );
}

#[test]
fn in_folders_that_one_does_not_look_into() {
    in_folders(&[
        "tests",
        "test/fixtures",
        "node_modules/pkg",
        "vendor/bundle",
        "target/debug",
        "dist",
        ".github/workflows",
        ".hidden",
        "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/services/api",
        ".env.d",
    ]);
}

#[test]
fn in_a_folder_that_git_ignores() {
    commit_stopped(&["build/.env:2: error: SECRET"], |way| {
        way.add(".gitignore", ".env.keys\nbuild/\n.env\n");
        way.git(&["commit", "-q", "-m", "ignored"]).ok();
        way.add("build/.env", way.text(".env"));
    });
}

#[test]
fn in_folders_with_odd_names() {
    in_folders(&[
        "with space",
        "über/straße",
        "日本",
        "q'uo\"te",
        "back\\slash",
        "new\nline",
        "-dash",
        "*",
        "$(id)",
        "a:b",
    ]);
}

#[test]
fn under_other_spellings() {
    for name in [
        ".env.PRODUCTION",
        "PROD.env",
        "sub/.ENV",
        ".Env.Staging",
        "config/PROD.ENV",
        ".env.production.local",
        ".env.a b",
        ".env.ü",
        ".env.production.bak",
        ".env.old",
        ".env~",
        "#.env#",
        ".env - Copy (2)",
        "production.env.orig",
        ".env.save.1",
        ".production.env.swp",
    ] {
        println!("{name}");
        commit_stopped(&["SECRET", "[plaintext]"], |way| way.add(name, way.text(name)));
    }
}

#[cfg(unix)]
#[test]
fn through_a_symlink_to_a_file_in_the_repository() {
    for (link, target, at) in [
        (".env.production", "settings/prod.txt", "settings/prod.txt"),
        ("app/.env.production", "../settings/prod.txt", "settings/prod.txt"),
        (".env.production", "alias", "alias-target"),
        (".env.production", "linked-folder/prod.txt", "settings/prod.txt"),
    ] {
        commit_stopped(&[".env.production", "SECRET", "[plaintext]"], |way| {
            std::os::unix::fs::symlink("alias-target", way.env.path("alias")).unwrap();
            std::os::unix::fs::symlink("settings", way.env.path("linked-folder")).unwrap();
            way.add(at, way.text(PROD));
            std::fs::create_dir_all(way.env.path(link).parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(target, way.env.path(link)).unwrap();
            way.git(&["add", "-A"]).ok();
        });
    }
}

#[cfg(unix)]
#[test]
fn through_a_change_of_what_a_symlink_leads_to() {
    commit_stopped(&[".env.production", "SECRET", "[plaintext]"], |way| {
        way.add("prod.txt", format!("{}A=\n", way.header(PROD)));
        std::os::unix::fs::symlink("prod.txt", way.env.path(PROD)).unwrap();
        way.git(&["add", "-A"]).ok();
        way.git(&["commit", "-q", "-m", "link"]).ok();
        way.add("prod.txt", way.text(PROD));
    });
    // Only the link changes.
    commit_stopped(&[".env.production", "SECRET", "[plaintext]"], |way| {
        way.add("empty.txt", way.header(PROD));
        way.add("prod.txt", way.text(PROD));
        std::os::unix::fs::symlink("empty.txt", way.env.path(PROD)).unwrap();
        way.git(&["add", "-A"]).ok();
        way.commit_unhooked();
        std::fs::remove_file(way.env.path(PROD)).unwrap();
        std::os::unix::fs::symlink("prod.txt", way.env.path(PROD)).unwrap();
        way.git(&["add", "-A"]).ok();
    });
}

#[cfg(unix)]
#[test]
fn a_symlink_in_the_worktree_over_a_staged_file() {
    commit_stopped(&SAID[..1], |way| {
        way.add(PROD, way.text(PROD));
        std::fs::remove_file(way.env.path(PROD)).unwrap();
        std::os::unix::fs::symlink(".env", way.env.path(PROD)).unwrap();
    });
}
