//! Two people create the same environment, each with a key of their own.

use crate::support::{TestEnv, contains_all};
use crate::team::alice_and_bob;

#[test]
fn whoever_pulls_is_told_of_the_other_key_and_can_take_it() {
    let env = TestEnv::without_git();
    let [alice, bob] = alice_and_bob(&env);
    alice.says(&["set", "-q", "DB", &env.secret("of-alice"), "-e", "qa"]);
    alice.pushes("qa by alice");
    bob.says(&["set", "-q", "MAIL", &env.secret("of-bob"), "-e", "qa"]);
    bob.does(&["add", "-A"]);
    bob.does(&["commit", "-qm", "qa by bob"]);
    let merged = bob.git(&["pull", "-q", "--no-rebase", "origin", "main"]);
    assert_ne!(merged.status, 0);
    // His own key can't decrypt her value, and he never had hers.
    let told = bob.envseal(&["resolve", "ENVSEAL_PUBLIC_KEY_QA", "-e", "qa"]).stderr;
    contains_all(&told, &["Kept the trusted public key", "If you don't have that key", "docs/team.md"]);
    // Her file instead: the trusted key differs, and it is shown where hers comes from.
    bob.does(&["checkout", "-q", "--theirs", ".env.qa"]);
    bob.does(&["add", "-A"]);
    let shown = bob.fails(2, &["key", "trust", "-e", "qa"]);
    assert!(shown.contains("git log -p MERGE_HEAD -- .env.qa"), "{shown}");
    assert!(!shown.contains("not committed yet"), "{shown}");
    // A key that no commit has is still told apart.
    bob.does(&["merge", "--abort"]);

    // The way out that the guide shows.
    bob.pastes("git pull -q --rebase origin main || git rebase --skip");
    let print =
        alice.json(&["key", "list", "-e", "qa", "--json"])[0]["public_key"].as_str().unwrap().to_owned();
    assert!(bob.read(".env.qa").contains(&print));
    let print = envseal::testing::crypto::PublicKey::parse(&print).unwrap().fingerprint();
    bob.says(&["key", "trust", "-e", "qa", "--fingerprint", &print]);
    bob.says(&["set", "-q", "MAIL", &env.secret("of-bob"), "-e", "qa"]);
    bob.pushes("mail");
    alice.pulls();
    assert!(alice.says(&["get", "MAIL", "-e", "qa"]).contains("of-bob"));
}
