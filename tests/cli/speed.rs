//! What the speed of `run` rests on.

use crate::support::TestEnv;

#[test]
fn run_asks_nothing_of_git() {
    let env = TestEnv::new();
    let secret = env.secret("first");
    env.envseal(&["set", "HELLO"]).stdin(&secret).ok();
    env.git(&["add", ".env", ".gitignore"]);
    // A repository of a version that git does not know: whoever asks it gets an error.
    let config = env.read(".git/config");
    env.write(".git/config", config.replace("repositoryformatversion = 0", "repositoryformatversion = 99"));
    assert!(env.fails(4, &["ls"]).contains("version"));
    // In two steps, so that the plaintext stands in no argument.
    env.ok(&["run", "--", "sh", "-c", "test ${#HELLO} -gt 1"]);
    env.write(".git/config", config);
}
