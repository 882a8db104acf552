//! A plain value of a name that runs code, or redirects, takes what another env file seals.

use super::{append, sealed_project};

#[test]
fn through_any_chain_over_files() {
    let proxy = "HTTPS_PROXY=${EVIL:-} # envseal: plain\n";
    for (lines, staging, found) in [
        (proxy, "", "redirect-sealed HTTPS_PROXY"),
        // Though this file sets it in the open, an earlier file wins.
        (
            "EVIL=http://proxy.test # envseal: plain\nHTTPS_PROXY=${EVIL} # envseal: plain\n",
            "",
            "redirect-sealed HTTPS_PROXY",
        ),
        (
            "HTTPS_PROXY=${VIA:-} # envseal: plain\n",
            "VIA=${EVIL:-} # envseal: plain\n",
            "redirect-sealed HTTPS_PROXY",
        ),
        ("NODE_OPTIONS=${EVIL:-} # envseal: plain\n", "", "reserved-sealed NODE_OPTIONS"),
    ] {
        let (env, _) = sealed_project();
        env.commit("base");
        append(&env, ".env", lines);
        if !staging.is_empty() {
            env.write(".env.staging", staging);
        }
        env.envseal(&["set", "EVIL", "-e", "production"]).stdin("http://evil.test").ok();
        env.commit("both");
        let is_it = |it: &String| it.ends_with(found);
        let told = env.check(&["--range", "HEAD~1..HEAD"]);
        assert!(told.iter().any(|it| is_it(it) && it.contains(" !")), "{lines}: {told:?}");
        // It is reported where it is new.
        append(&env, ".env", "LATER=1 # envseal: plain\n");
        env.commit("later");
        let told = env.check(&["--range", "HEAD~1..HEAD"]);
        assert!(!told.iter().any(is_it), "{lines}: {told:?}");
    }
}

#[test]
fn a_plain_value_of_another_file_hides_nothing() {
    let (env, _) = sealed_project();
    env.commit("base");
    append(&env, ".env", "HTTPS_PROXY=${HOST:-} # envseal: plain\n");
    env.write(".env.staging", "HOST=proxy.test # envseal: plain\n");
    env.commit("both");
    let told = env.check(&["--range", "HEAD~1..HEAD"]);
    assert!(!told.iter().any(|it| it.contains("redirect-sealed")), "{told:?}");
}
