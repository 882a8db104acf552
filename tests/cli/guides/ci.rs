//! The guides for CI: their snippets are run on the events that they are for.

use saphyr::{LoadableYamlNode, Yaml};

use super::blocks;
use crate::support::{Output, TestEnv};

/// A policy that was widened, and the plaintext that it allows: a change that a reviewer has to accept.
fn proposed() -> (TestEnv, String) {
    let env = TestEnv::new();
    env.envseal(&["set", "DB_PASSWORD"]).stdin("hunter2 hunter2").ok();
    let base = env.commit("sealed");
    env.write("envseal.toml", "[policy]\nplain = ['PORT']\n");
    env.write(".env", env.read(".env") + "PORT=8080\n");
    env.commit("a policy of its own");
    (env, base)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &output.stderr
}

/// Evaluates a GitHub expression in Python, where `&&` and `||` also return one of their operands.
fn evaluated(env: &TestEnv, expression: &str, event: &str, label: &str) -> String {
    let inner = expression.trim().strip_prefix("${{").unwrap().strip_suffix("}}").unwrap();
    let inner = inner.replace("&&", " and ").replace("||", " or ").replace("!startsWith", "not startsWith");
    assert!(!inner.contains('!') && !inner.contains("labels"), "{inner}");
    let python = format!(
        "import sys
from types import SimpleNamespace as Object
def startsWith(text, start): return text.lower().startswith(start.lower())
name, label = sys.argv[1:]
github = Object(event_name=name, event=Object(label=Object(name=label or None)))
print({inner})"
    );
    env.program("python3", &["-c", &python, event, label]).ok().trim().to_owned()
}

#[test]
fn github_accepts_what_a_label_says_was_reviewed_and_nothing_else() {
    let workflow = &blocks("github-actions.md", "yaml")[0];
    let workflow = Yaml::load_from_str(workflow).unwrap();
    let types = workflow[0]["on"]["pull_request"]["types"].as_vec().unwrap();
    let types: Vec<_> = types.iter().map(|kind| kind.as_str().unwrap()).collect();
    assert_eq!(types, ["opened", "synchronize", "reopened", "labeled"], "setting the label starts a run");
    let recipe = Yaml::load_from_str(&blocks("github-actions.md", "yaml")[1]).unwrap();
    let recipe = recipe[0][0]["with"]["command"].as_str().unwrap();

    let (env, base) = proposed();
    if !env.has(&["bash", "python3"]) {
        return;
    }
    let check = |event: &str, label: &str, before: &str| {
        let head = env.git(&["rev-parse", "HEAD"]).trim().to_owned();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/.github/action/check.sh");
        let run = env.program("bash", &[script]).with_envseal().var("GITHUB_EVENT_NAME", event);
        let run = run.var("INPUT_COMMAND", evaluated(&env, recipe, event, label));
        let run = run.var("DEFAULT_BRANCH", "main").var("GITHUB_REF", "refs/heads/main");
        let run = run.var("PULL_BASE", before).var("PULL_HEAD", &head);
        let run = run.var("GROUP_BASE", before).var("GROUP_HEAD", &head);
        run.var("PUSH_BEFORE", before).var("PUSH_AFTER", &head).output()
    };
    let zeros = "0".repeat(40);
    for (event, label, before, status) in [
        // The event of a later push has no label, whatever labels the pull request has.
        ("pull_request", "", &base, 1),
        ("pull_request", "another", &base, 1),
        ("pull_request", "not-policy-reviewed", &base, 1),
        ("pull_request", "policy-reviewed", &base, 0),
        // Events that the pull request can influence accept nothing by themselves.
        ("pull_request_target", "", &base, 1),
        ("pull_request_review", "", &base, 0), // brings no commits
        ("merge_group", "", &base, 0),
        ("push", "", &base, 0),
        // All of history, and the current files: there is no range in which to accept anything.
        ("push", "", &zeros, 0),
        ("schedule", "", &base, 0),
    ] {
        let output = check(event, label, before);
        assert_eq!(output.status, status, "{event} {label:?} {before}: {}", said(&output));
    }
    // Plaintext is an error with or without acceptance.
    env.write(".env", env.read(".env") + "TOKEN=abc\n");
    env.commit("and more");
    for (event, label) in [("pull_request", "policy-reviewed"), ("merge_group", "")] {
        let output = check(event, label, &base);
        assert!(output.status == 1 && said(&output).contains("TOKEN is plain text"), "{}", said(&output));
    }
}

#[test]
fn what_github_deploys_was_pushed_and_checked() {
    let blocks = blocks("github-actions.md", "yaml");
    let mut count = 0;
    for block in blocks.iter().filter(|block| block.contains("secrets.")) {
        let jobs = Yaml::load_from_str(block).unwrap();
        for (name, job) in jobs[0].as_mapping().unwrap() {
            let of = |key: &str| job.as_mapping_get(key).and_then(Yaml::as_str);
            assert_eq!(of("if"), Some("github.event_name == 'push'"), "{name:?}");
            // The job that the guide's own workflow has.
            assert_eq!(of("needs"), Some("check"), "{name:?}");
            count += 1;
        }
    }
    assert_eq!(count, 1);
    let workflow = Yaml::load_from_str(&blocks[0]).unwrap();
    assert!(workflow[0]["jobs"].as_mapping_get("check").is_some());
}

#[test]
fn gitlab_accepts_the_commit_that_a_maintainer_names_and_nothing_else() {
    let job = Yaml::load_from_str(&blocks("gitlab.md", "yaml")[0]).unwrap();
    let script = job[0]["envseal"]["script"][0].as_str().unwrap().to_owned();
    let (env, base) = proposed();
    let head = env.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let zeros = "0".repeat(40);
    let run = |shell: &str, variables: &[(&str, &str)]| {
        let mut run = env.program(shell, &["-euc", &script]).with_envseal();
        run = run.var("CI_DEFAULT_BRANCH", "main").var("CI_COMMIT_SHA", &head);
        for (name, value) in variables {
            run = run.var(name, value);
        }
        run.output()
    };
    let merge = [("CI_MERGE_REQUEST_DIFF_BASE_SHA", &*base), ("CI_COMMIT_BEFORE_SHA", &*zeros)];
    let merged = [("CI_COMMIT_SHA", &*base), ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", &*head)];
    let merged = [merge, merged].concat();
    let topic = [("CI_COMMIT_BRANCH", "topic"), ("CI_COMMIT_BEFORE_SHA", &*base)];
    let main = [("CI_COMMIT_BRANCH", "main"), ("CI_COMMIT_BEFORE_SHA", &*base)];
    for shell in ["sh", "bash"].into_iter().filter(|shell| env.has(&[shell])) {
        for (variables, reviewed, status) in [
            (&merge[..], None, 1),
            (&merge, Some(""), 1),
            (&merge, Some(&*base), 1),
            (&merge, Some(&head[..12]), 1),
            (&merge, Some(&*head), 0),
            // A pipeline for merged results builds a commit of its own, and the reviewed one is the branch's.
            (&merged, None, 1),
            (&merged, Some(&*base), 1),
            (&merged, Some(&*head), 0),
            (&topic, None, 1),
            (&topic, Some(&*base), 1),
            (&main, None, 0),
            // All of history.
            (&[main[0], ("CI_COMMIT_BEFORE_SHA", &*zeros)], None, 0),
        ] {
            let reviewed = reviewed.map(|hash| ("POLICY_REVIEWED", hash));
            let variables: Vec<_> = variables.iter().copied().chain(reviewed).collect();
            let output = run(shell, &variables);
            assert_eq!(output.status, status, "{shell} {variables:?}: {}", said(&output));
        }
    }
}

/// On crates.io and `PyPI` the name is another project's. A CI would give that program the production key.
#[test]
fn nothing_says_to_install_the_crate_of_that_name() {
    let env = TestEnv::without_git();
    let source = env!("CARGO_MANIFEST_DIR");
    let safe = format!("safe.directory={source}");
    let files = env.program("git", &["-c", &safe, "-C", source, "ls-files", "-z"]).output();
    if files.status != 0 {
        println!("skipped: this is no clone");
        return;
    }
    let files = String::from_utf8(files.stdout).unwrap();
    let mut count = 0;
    for file in files.split('\0').filter(|file| !file.is_empty() && *file != "CHANGELOG.md") {
        let Ok(bytes) = std::fs::read(std::path::Path::new(source).join(file)) else { continue };
        for line in String::from_utf8_lossy(&bytes).lines() {
            for (tool, verb) in [
                ("cargo", " install "),
                ("cargo", " add "),
                ("cargo", " binstall "),
                ("pip", " install "),
                ("pip3", " install "),
                ("pipx", " install "),
                ("uv", " add "),
            ] {
                let command = &format!("{tool}{verb}");
                for (at, _) in line.match_indices(command) {
                    let rest = line[at + command.len()..].split(['`', ';', '|', '&', '#']).next().unwrap();
                    let named = rest.split_whitespace().any(|word| word.trim_end_matches('.') == "envseal");
                    let placed = rest.contains("--git ") || rest.contains("--path ");
                    assert!(!named || placed, "{file}: {line}");
                    count += usize::from(named);
                }
            }
        }
    }
    assert!(count >= 6, "only {count} were found");
}
