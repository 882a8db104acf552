//! A policy that the range itself brings: a finding that only this policy allows stays an error, and says so.

use super::{append, project};
use crate::support::TestEnv;

/// Returns the findings of a range: place and rule, with `!` before an error's, message and fix of each.
fn told(env: &TestEnv, range: &str) -> Vec<[String; 3]> {
    let output = env.envseal(&["check", "--json", "--range", range]).output();
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap_or("-").to_owned();
    let one = |finding: &serde_json::Value| {
        let mark = if finding["severity"] == "error" { "!" } else { "" };
        let place = format!("{}:{} {mark}{}", text(finding, "file"), finding["line"], text(finding, "rule"));
        [place, text(finding, "message"), text(finding, "fix")]
    };
    let found: Vec<_> = list.as_array().unwrap().iter().map(one).collect();
    let errors = found.iter().any(|[place, ..]| place.contains('!'));
    assert_eq!(output.status, i32::from(errors), "{found:?}");
    found
}

#[test]
fn the_commit_that_first_seals_a_project_is_for_review() {
    let env = TestEnv::new();
    env.write(".gitignore", ".env\n");
    let base = env.commit("before envseal");
    let secret = env.secret("db-password");
    env.write(".env", format!("PORT=8080\nNODE_ENV=production\nDB_PASSWORD={secret}\n"));
    env.ok(&["init", "--yes", "-q"]);
    env.ok(&["encrypt", "-q"]);
    env.commit("Adopt envseal");
    let range = format!("{base}..HEAD");
    let found = told(&env, &range);
    let fix = format!("envseal check --range {range} --accept-policy");
    assert_eq!(found.len(), 2, "{found:?}");
    for ([place, message, said], name) in found.iter().zip(["PORT", "NODE_ENV"]) {
        assert!(place.starts_with(".env:") && place.ends_with(" !plaintext"), "{place}");
        let words = format!("{name} is plain text; a policy in this change allows it; needs review");
        assert_eq!((message, said), (&words, &fix));
    }
    env.shell(&fix).ok();
    for form in ["--github", "--sarif", "--quiet"] {
        let output = env.envseal(&["check", "--range", &range, form]).output();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status, 1, "{text}");
        assert_eq!(text.matches("a policy in this change allows it; needs review").count(), 2, "{text}");
        assert_eq!(text.matches(&fix).count(), 2, "{text}");
        assert!(!text.contains("rebase") && !text.contains("replace the secret"), "{text}");
    }
}

/// Ways for a change to allow its own plaintext: a file that holds policy, and its text.
const POLICIES: [(&str, &str); 9] = [
    ("envseal.toml", "[policy]\nplain = ['A']\n"),
    ("envseal.toml", "[policy]\nplain = ['*']\n"),
    ("envseal.toml", "[policy]\nexclude = ['**']\n"),
    ("envseal.toml", "[policy]\nexclude = ['sub/.env.x']\n"),
    ("sub/envseal.toml", "[policy]\nplain = ['A', 'B']\nexclude = ['*']\n"),
    ("other/envseal.toml", "[policy]\nplain = ['*']\nexclude = ['**']\n"),
    ("envseal.toml", "[policy\nplain = ['*']\n"),
    ("sub/.env.schema", "# @sensitive=false\nA=\n# @sensitive=false\nB=\n"),
    ("sub/.env.example", "# @sensitive=false\nA=\nB=\nC=\n"),
];

/// An env file with every sort of line that must not be in plain text.
const OPEN: &str = "A=abc\nB=\"abc\" # words\nstray\nC=envseal:1:abc\nENVSEAL_X=abc\nPATH=/bin\nB=def\nD=abc#x # envseal: allow stray-line\nE=abc # envseal: allow plaintext\n";

#[test]
fn nothing_becomes_less_by_a_policy_that_the_change_brings() {
    let env = project();
    // The change is in a subfolder of the root's project, and the base already has a policy.
    env.write("envseal.toml", "[policy]\nplain = ['F']\n");
    env.write("sub/x", "");
    let base = env.commit("base");
    let range = format!("{base}..HEAD");
    for stays in [true, false] {
        let change = |policy: Option<(&str, &str)>| {
            env.git(&["reset", "-q", "--hard", &base]);
            env.write("sub/.env.x", format!("{OPEN}F=abc\n"));
            if let Some((path, text)) = policy {
                env.write(path, text);
            }
            env.commit("all at once");
            if !stays {
                env.git(&["rm", "-q", "sub/.env.x"]);
                env.commit("and gone again");
            }
        };
        change(None);
        let without = told(&env, &range);
        assert!(without.iter().filter(|[place, ..]| place.contains('!')).count() >= 6, "{without:?}");
        for (policy, text) in POLICIES {
            change(Some((policy, text)));
            let with = told(&env, &range);
            for [error, ..] in without.iter().filter(|[place, ..]| place.contains('!')) {
                let is_there = with.iter().any(|[place, ..]| place == error);
                assert!(is_there, "{policy} {text} stays {stays}: {error} is gone from {with:?}");
            }
            // Only findings that go away once the policy is accepted say so.
            let accepted = env.check(&["--range", &range, "--accept-policy"]);
            for [place, message, fix] in with {
                let (at, rule) = place.split_once(' ').unwrap();
                let rule = rule.trim_start_matches('!');
                let open = ["plaintext", "malformed-token", "stray-line", "unreadable"].contains(&rule);
                if !open || !at.starts_with("sub/.env.x:") {
                    continue;
                }
                let after = format!("{at} !{rule} ");
                let passes = !accepted.iter().any(|found| found.starts_with(&after));
                assert_eq!(
                    message.contains("a policy in this change "),
                    passes,
                    "{policy} {place}: {message}"
                );
                assert_eq!(fix.ends_with(" --accept-policy"), passes, "{policy} {place}: {fix}");
                assert_eq!(message.contains("replace the secret"), !passes, "{policy} {place}: {message}");
                // F is plain by the base's policy, and perhaps not by this one.
                let is_narrowed = at == format!("sub/.env.x:{}", OPEN.lines().count() + 1);
                let is_same = |other: &[String; 3]| other[0] == place && other[1].len() == message.len();
                assert!(passes || is_narrowed || without.iter().any(is_same), "{policy} {place}: {message}");
            }
        }
    }
}

#[test]
fn a_policy_that_only_a_commit_in_between_had_allows_nothing() {
    let env = project();
    let base = env.commit("base");
    env.write("envseal.toml", "[policy]\nplain = ['A']\nexclude = ['sub/**']\n");
    append(&env, ".env", "A=abc\n");
    env.write("sub/.env.x", "B=abc\n");
    env.commit("used");
    env.git(&["rm", "-q", "envseal.toml", "sub/.env.x"]);
    env.commit("narrow");
    let found = told(&env, &format!("{base}..HEAD"));
    assert_eq!(found.len(), 2, "{found:?}");
    for [place, message, fix] in found {
        assert!(
            place.ends_with(" !plaintext") && message.ends_with("replace the secret"),
            "{place} {message}"
        );
        assert!(fix.starts_with("git rebase -i "), "{fix}");
    }
}

#[cfg(unix)]
#[test]
fn through_a_symlink_it_is_the_same() {
    let env = project();
    std::os::unix::fs::symlink("settings", env.path(".env.x")).unwrap();
    env.write("settings", "");
    let base = env.commit("base");
    env.write("settings", "A=abc\n");
    env.commit("through a link");
    env.write("settings", "A=abd\nB=abc\n");
    env.write("envseal.toml", "[policy]\nplain = ['A']\n");
    env.commit("and its policy");
    let found = told(&env, &format!("{base}..HEAD"));
    let of = |place: &str, words: &str| {
        found.iter().filter(|found| found[0] == place && found[1].contains(words)).count()
    };
    assert_eq!(of(".env.x:1 !plaintext", "a policy in this change allows it"), 2, "{found:?}");
    assert_eq!(of(".env.x:2 !plaintext", "a policy"), 0, "{found:?}");
    assert_eq!(of(".env.x:2 !plaintext", "B is plain text"), 1, "{found:?}");
}

#[test]
fn a_widened_policy_names_what_lets_it_in() {
    let env = project();
    env.write("envseal.toml", "[policy]\nplain = ['A']\n");
    env.commit("wider");
    // The fix repeats the range as typed, whatever a branch is called.
    let branch = "b;touch${IFS}hacked;'x'";
    env.git(&["branch", branch]);
    for range in ["HEAD~1..", &format!("HEAD~1..{branch}")] {
        let found = told(&env, range);
        let [[place, message, fix]] = &found[..] else { panic!("{found:?}") };
        assert_eq!(place, "envseal.toml:2 !policy-widened");
        assert!(message.ends_with("is newly treated as plain; needs review"), "{message}");
        env.shell(fix).ok();
        assert!(
            fix.starts_with("envseal check --range 'HEAD~1..") && fix.ends_with(" --accept-policy"),
            "{fix}"
        );
    }
    assert!(!env.path("hacked").exists());
    // Once it is accepted, and before a commit, there is nothing to accept.
    for arguments in [&["check", "--range", "HEAD~1..", "--accept-policy"][..], &["check", "--staged"]] {
        env.git(&["reset", "-q", "--soft", if arguments.len() == 2 { "HEAD~1" } else { "HEAD" }]);
        let output = env.envseal(arguments).output();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status == 0 && text.contains("fix: have it reviewed in a separate change"), "{text}");
    }
}
