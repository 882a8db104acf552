//! Grafts and replacements, which change the history in this clone only (gitglossary(7), git-replace(1)).

use super::Past;

/// The commits between two others are checked, whatever parents this clone gives them.
#[test]
fn a_leak_behind_a_graft_or_a_replacement_is_found() {
    let past = Past::new();
    let clone = past.clone(&[], "replaced");
    let leaks = || {
        for range in [&["--range", "HEAD~5..HEAD~2"][..], &["--history"]] {
            let found = clone.errors(range);
            assert!(found.contains(&".env plaintext LEAKED".to_owned()), "{range:?}: {found:?}");
        }
        let log = clone.envseal(&["log", "--json"]).soon();
        assert!(super::text(&log).contains("LEAKED"), "{}", log.stderr);
    };
    leaks();
    let [base, leak, after] = ["HEAD~4", "HEAD~3", "HEAD~2"].map(|rev| clone.git(&["rev-parse", rev]));
    let grafts = clone.folder.join(".git/info/grafts");
    // The graft puts the leak before the base, or removes it.
    for graft in [format!("{base} {leak}\n"), format!("{after} {base}\n"), format!("{after}\n")] {
        std::fs::write(&grafts, &graft).unwrap();
        leaks();
        std::fs::remove_file(&grafts).unwrap();
        let elsewhere = clone.folder.join("grafts");
        std::fs::write(&elsewhere, &graft).unwrap();
        let check = clone.envseal(&["check", "--range", "HEAD~5..HEAD~2"]).var("GIT_GRAFT_FILE", &elsewhere);
        assert_eq!(check.soon().status, 1, "{graft}");
    }
    clone.git(&["replace", "--graft", &after, &base]);
    leaks();
}
