//! A folder with env files becomes a submodule, in which other keys are trusted, and nothing is checked.

use crate::support::TestEnv;

#[test]
fn a_range_says_so() {
    let env = TestEnv::new();
    std::fs::create_dir(env.path("api")).unwrap();
    env.envseal(&["-C", "api", "set", "DB", "-e", "production"]).stdin(env.secret("db")).ok();
    env.commit("api");
    let evil = env.outside().join("evil");
    env.program("git", &["init", "-q"]).arg(&evil).ok();
    env.envseal(&["set", "DB", "-e", "production"]).dir(&evil).stdin(env.secret("evil")).ok();
    for words in [&["add", ".env.production"][..], &["commit", "-q", "-m", "evil"]] {
        env.program("git", words).dir(&evil).ok();
    }
    env.git(&["rm", "-r", "-q", "--cached", "api"]);
    std::fs::remove_dir_all(env.path("api")).unwrap();
    env.add_submodule(&evil, "api");
    let told = env.check(&["--staged"]);
    assert!(told.contains(&"api:- policy-widened -".to_owned()), "{told:?}");
    env.commit("submodule");
    let told = env.check(&["--range", "HEAD~1..HEAD"]);
    assert!(told.contains(&"api:- !policy-widened -".to_owned()), "{told:?}");
}
