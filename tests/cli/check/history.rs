//! `--history`: everything that was ever committed.

use super::{append, project};
use crate::support::TestEnv;

#[test]
fn what_was_taken_back_is_still_there() {
    let env = project();
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    let sealed = env.read(".env");
    env.write("old/.env.prod", "A=abc\n");
    env.write("key.txt", &key);
    append(&env, ".env", "B=envseal:1:sk_live\n");
    let first = env.commit("all of it");
    env.git(&["rm", "-rq", "old", "key.txt"]);
    env.write(".env", sealed);
    env.commit("gone");
    assert!(env.check(&[]).is_empty());
    assert_eq!(
        env.check(&["--history"]),
        [".env:4 !malformed-token B", "key.txt:1 !private-key -", "old/.env.prod:1 !plaintext A"]
    );
    let text = env.check_text(&["--history"]);
    assert_eq!(text.matches(&format!("in commit {}", &first[..12])).count(), 3, "{text}");
}

#[test]
fn values_of_every_time_are_known() {
    let env = TestEnv::new();
    env.envseal(&["set", "A"]).stdin("the-first-value").ok();
    env.commit("first");
    env.envseal(&["set", "A"]).stdin("the-second-value").ok();
    env.write("notes", "it was the-first-value\n");
    env.commit("second");
    std::fs::remove_file(env.path("notes")).unwrap();
    env.commit("gone");
    assert_eq!(env.check(&["--history"]), ["notes:1 !secret-value A"]);
}

#[cfg(unix)]
#[test]
fn what_an_env_file_led_to_counts() {
    use std::os::unix::fs::symlink;
    let env = project();
    env.write("shared/x", "A=abc\n");
    env.commit("not an env file yet");
    symlink("shared/../hop", env.path(".env.x")).unwrap();
    symlink("./shared/x", env.path("hop")).unwrap();
    symlink("../../elsewhere", env.path(".env.y")).unwrap();
    env.commit("links");
    assert_eq!(env.check(&["--history"]), [".env.x:1 !plaintext A"]);
    env.git(&["rm", "-q", ".env.x", ".env.y", "hop"]);
    env.commit("gone");
    assert_eq!(env.check(&["--history"]), [".env.x:1 !plaintext A"]);
}

/// A commit is named only for a path that it has.
#[cfg(unix)]
#[test]
fn an_env_file_leads_only_to_what_its_own_commits_have() {
    use std::os::unix::fs::symlink;
    let env = project();
    symlink("notes.txt", env.path(".env.dev")).unwrap();
    env.commit("leads nowhere");
    env.git(&["rm", "-q", ".env.dev"]);
    env.commit("gone");
    env.write("notes.txt", "A=abc\n");
    env.commit("notes");
    assert!(env.check(&["--history"]).is_empty());
    env.write("v1/plain.txt", "B=abc\n");
    env.commit("no env file yet");
    symlink("v1", env.path("current")).unwrap();
    symlink("current/plain.txt", env.path(".env.prod")).unwrap();
    let linked = env.commit("through a folder");
    env.git(&["rm", "-q", ".env.prod"]);
    env.git(&["mv", "notes.txt", ".env.x"]);
    let moved = env.commit("an env file");
    assert_eq!(env.check(&["--history"]), [".env.prod:1 !plaintext B", ".env.x:1 !plaintext A"]);
    let text = env.check_text(&["--history"]);
    for commit in [linked, moved] {
        assert_eq!(text.matches(&format!("in commit {}", &commit[..12])).count(), 1, "{text}");
    }
}

#[test]
fn notes_and_tags_of_files_and_folders_count() {
    let env = project();
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    let head = env.git(&["rev-parse", "HEAD"]);
    env.git(&["notes", "add", "-m", &key]);
    env.write("key.txt", format!("the key\n{key}\n"));
    let blob = env.git(&["hash-object", "-w", "key.txt"]);
    env.git(&["tag", "file", blob.trim()]);
    std::fs::remove_file(env.path("key.txt")).unwrap();
    env.write_plain(".env.x", "A=plain-as-day\n");
    env.commit("plain text");
    env.git(&["tag", "-m", "folder", "folder", "HEAD^{tree}"]);
    env.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let mut wanted = [
        ".env.x:1 !plaintext A".to_owned(),
        format!("{}:1 !private-key -", head.trim()),
        format!("{}:2 !private-key -", blob.trim()),
    ];
    wanted.sort();
    assert_eq!(env.check(&["--history"]), wanted);
}

#[test]
fn many_blobs_on_every_core() {
    let env = project();
    for at in 0..300 {
        env.write(format!("f/{at}.txt"), format!("file {at}\n"));
    }
    env.write("f/last.txt", env.private_key("ENVSEAL_PRIVATE_KEY"));
    env.commit("many");
    assert_eq!(env.check(&["--history"]), ["f/last.txt:1 !private-key -"]);
}

#[test]
fn a_mark_counts_where_any_check_reads_it() {
    for text in [
        // Within a value, and on a line that ends differently for other readers.
        "SECRET=\"hunter2hunter2 # envseal: allow plaintext # x\"\n",
        "# a\rSECRET=hunter2hunter2\n# x # envseal: allow plaintext\n",
    ] {
        let env = TestEnv::new();
        env.write_plain(".env", text);
        env.commit("marked");
        let told = env.check(&["--history"]);
        assert!(told.iter().any(|it| it.contains("!plaintext SECRET")), "{text:?}: {told:?}");
    }
}
