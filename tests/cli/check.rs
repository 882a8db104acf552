//! `envseal check`: each rule through the binary, and whose policy applies to a file.

mod examined;
mod foreign;
mod history;
mod many;
mod proposed;
mod range;
mod rules;
mod staged;
pub(crate) mod team;
mod values;

use crate::support::{Output, Start, TestEnv};

/// Returns findings as `file:line rule name`, with `!` before an error's rule.
fn findings(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let list: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    let one = |finding: &serde_json::Value| {
        let keys: Vec<_> = finding.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["file", "fix", "line", "message", "name", "rule", "severity"]);
        let text = |key: &str| finding[key].as_str().unwrap_or("-").to_owned();
        let line = finding["line"].as_u64().map_or("-".to_owned(), |line| line.to_string());
        let mark = if text("severity") == "error" { "!" } else { "" };
        assert!(
            !text("fix").contains("{file}")
                && !text("fix").contains("{range}")
                && !text("message").is_empty()
        );
        format!("{}:{line} {mark}{} {}", text("file"), text("rule"), text("name"))
    };
    list.as_array().unwrap().iter().map(one).collect()
}

impl TestEnv {
    /// Returns what `check` finds, and asserts that its exit status matches.
    #[track_caller]
    pub(crate) fn check(&self, arguments: &[&str]) -> Vec<String> {
        let output = self.envseal(&[&["check", "--json"], arguments].concat()).output();
        let found = findings(&output);
        let errors = found.iter().any(|finding| finding.contains('!'));
        assert_eq!(output.status, i32::from(errors), "{found:?} {}", output.stderr);
        found
    }

    /// Returns what `check` prints on stdout, whatever it finds.
    pub(crate) fn check_text(&self, arguments: &[&str]) -> String {
        let output = self.envseal(&[&["check"], arguments].concat()).output();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Returns only the errors that `check` finds.
    #[track_caller]
    pub(crate) fn errors(&self, arguments: &[&str]) -> Vec<String> {
        self.check(arguments).into_iter().filter(|finding| finding.contains('!')).collect()
    }

    /// Commits the change. Returns what `check` finds in the working tree, and asserts that it finds the same staged and
    /// in the commit's range.
    #[track_caller]
    pub(crate) fn check_throughout(&self) -> Vec<String> {
        let worktree = self.check(&[]);
        self.git(&["add", "-A"]);
        assert_eq!(self.check(&["--staged"]), worktree, "staged");
        self.git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", "change"]);
        let mut range = self.check(&["--range", "HEAD~1..HEAD"]);
        // Only a check of a range reports these.
        range.retain(|found| !found.contains(" self-granted "));
        assert_eq!(range, worktree, "in a range");
        worktree
    }

    /// Commits everything, and returns what `check` finds in a range of this commit alone.
    #[track_caller]
    pub(crate) fn check_commit(&self, message: &str) -> Vec<String> {
        self.commit(message);
        self.check(&["--range", "HEAD~1..HEAD"])
    }

    /// Commits everything without hooks.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }
}

/// A repository with a sealed `.env`, committed.
fn project() -> TestEnv {
    static START: Start = Start::new();
    TestEnv::copy_of(&START, |env| {
        env.envseal(&["set", "DB_PASSWORD"]).stdin(env.secret("db-password")).ok();
        env.commit("sealed");
    })
}

/// Adds lines to the end of a file.
fn append(env: &TestEnv, file: &str, lines: &str) {
    let text = env.read(file) + lines;
    env.write(file, text);
}

#[test]
fn quiet_prints_findings_alone_and_strict_lets_a_suggestion_fail() {
    let env = project();
    assert!(env.envseal(&["check"]).output().stderr.contains("0 errors, 0 suggestions"));
    append(&env, ".env", "HOME_PAGE=`x` # envseal: plain\n");
    assert_eq!(env.check(&[]), [".env:4 read-otherwise HOME_PAGE"]);
    let output = env.envseal(&["check", "--strict", "--quiet"]).output();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status == 1 && text.contains("[read-otherwise]"), "{text}");
    assert_eq!(output.stderr, "");
}

#[test]
fn sarif_is_what_code_scanning_takes() {
    let env = project();
    env.write("ü b/.env", "TOKEN=abc\n");
    let output = env.envseal(&["check", "--sarif"]).output();
    assert_eq!(output.status, 1);
    let log: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let result = run["results"].as_array().unwrap().iter().find(|r| r["ruleId"] == "plaintext").unwrap();
    assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "%C3%BC%20b/.env");
    assert_eq!(place["region"]["startLine"], 1);
    assert_eq!(result["level"], "error");
}

#[test]
fn usage_is_told_from_findings() {
    let env = project();
    for arguments in [
        &["check", "--staged", "--range", "a..b"][..],
        &["check", "--fix", "--history"],
        &["check", "--accept-policy"],
        &["check", "--range", ""],
        &["check", "--range", ".."],
        &["check", "--range", "..."],
    ] {
        env.fails(2, arguments);
    }
}

#[test]
fn outside_git_the_folder_is_judged() {
    let env = TestEnv::without_git();
    env.envseal(&["set", "A"]).stdin("value").ok();
    assert!(env.check(&[]).is_empty());
    append(&env, ".env", "B=x\n");
    assert_eq!(env.check(&[]), [".env:4 !plaintext B"]);
    let said = env.fails(4, &["check", "--staged"]);
    assert!(said.contains("hint: "), "{said}");
}

#[test]
fn fix_mends_and_checks_again() {
    let env = project();
    let plain = env.secret("fixed");
    append(&env, ".env", &format!("TOKEN={plain}\n"));
    env.write(".gitignore", "");
    env.write("Dockerfile", "");
    #[cfg(unix)]
    crate::support::set_mode(env.path(".env.keys"), 0o644);
    let found = env.errors(&[]);
    assert_eq!(found.len(), if cfg!(unix) { 4 } else { 3 }, "{found:?}");
    let output = env.envseal(&["check", "--fix"]).output();
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(output.stderr.contains("Encrypted 1 value in .env"), "{}", output.stderr);
    assert!(env.check(&[]).is_empty());
    assert_eq!(env.ok(&["get", "TOKEN"]).trim_end(), plain);
}

#[test]
fn a_fix_that_cannot_be_made_changes_nothing() {
    let env = project();
    append(&env, ".env", "TOKEN=a#b\n");
    env.write("a/.env", env.read(".env").replace("TOKEN=a#b", "OTHER=ab"));
    env.write("Dockerfile", "");
    env.write(".gitignore", "");
    let before = env.snapshot();
    let said = env.fails(4, &["check", "--fix"]);
    assert!(said.contains("TOKEN") && said.contains("hint: "), "{said}");
    assert_eq!(env.snapshot(), before);
}

#[cfg(unix)]
#[test]
fn from_a_folder_below_paths_can_be_pasted_there_and_so_in_a_hook() {
    let env = project();
    env.ok(&["hook", "install", "-q"]);
    env.write("my app/deep/x", "");
    env.write("my app/.env.qa", "TOKEN=abc\n");
    append(&env, ".env", "OTHER=def\n");
    env.git(&["add", "."]);
    let deep = env.path("my app/deep");
    let expected =
        "../../.env:4: error: OTHER is plain text [plaintext]\n  fix: envseal encrypt -f ../../.env -k OTHER";
    let found = env.envseal(&["check", "--staged"]).dir(&deep).output();
    let text = String::from_utf8(found.stdout).unwrap();
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("\n  fix: envseal encrypt -f ../.env.qa -k TOKEN"), "{text}");
    // Git changes to the root before it calls a hook, but the user is still in the subfolder.
    let commit = env.git_with_envseal(&["commit", "-m", "1"]).dir(&deep).output();
    assert_eq!(commit.status, 1);
    assert!(commit.stderr.contains(expected), "{}", commit.stderr);
    let last = "Then stage the fix: git add ../../.env ../.env.qa\n";
    assert!(commit.stderr.ends_with(last), "{}", commit.stderr);
    let fix = "envseal encrypt -q -f ../../.env -k OTHER && envseal encrypt -q -f ../.env.qa -k TOKEN";
    env.shell(&format!("{fix} && git add ../../.env ../.env.qa && git commit -q -m 1")).dir(&deep).ok();
}

#[cfg(unix)]
#[test]
fn a_hook_that_finds_nothing_says_nothing() {
    let env = project();
    env.ok(&["hook", "install", "-q"]);
    env.ok(&["set", "-q", "MORE", &env.secret("more")]);
    let commit = |name: &str| env.git_with_envseal(&["commit", "-aqm", name]).output();
    assert_eq!(commit("1").stderr, "");
    env.ok(&["set", "-q", "MORE", &env.secret("again")]);
    std::fs::rename(env.path(".env.keys"), env.outside().join("keys")).unwrap();
    assert_eq!(
        commit("2").stderr,
        "note: no key for default, so files weren't scanned for its values\n",
        "it still says what was not scanned"
    );
}

#[cfg(unix)]
#[test]
fn a_hook_lists_only_suggestions_about_changed_lines() {
    let env = project();
    env.ok(&["set", "-q", "ODD=`x`", "--plain"]);
    for name in ["A", "B", "C"] {
        env.ok(&["set", "-q", name, &env.secret(name)]);
    }
    env.ok(&["set", "-q", "OTHER", &env.secret("other"), "-e", "production"]);
    env.write(".env.example", "DB_PASSWORD=\n");
    env.commit("suggestions");
    env.ok(&["hook", "install", "-q"]);
    env.git(&["init", "-q", "--bare", "../bare"]);
    env.git(&["push", "-q", "--no-verify", "../bare", "main"]);
    let git = |arguments: &[&str]| {
        let output = env.git_with_envseal(arguments).output();
        assert_eq!(output.status, 0, "{}", output.stderr);
        // Git redirects the stdout of pre-commit to stderr, but not that of pre-push.
        String::from_utf8(output.stdout).unwrap() + &output.stderr
    };
    let suggestions = env.check(&[]).len();
    assert!(suggestions > 8);
    let rest = |listed: usize| {
        format!("{} suggestions on unchanged lines; to list them: envseal check\n", suggestions - listed)
    };
    // A new value of a name that is missing elsewhere brings no new suggestion.
    env.ok(&["set", "-q", "DB_PASSWORD", &env.secret("new")]);
    assert_eq!(git(&["commit", "-qam", "one value"]), rest(0));
    assert_eq!(git(&["push", "-q", "../bare", "main"]), rest(0));
    env.ok(&["set", "-q", "DB_PASSWORT", &env.secret("typo")]);
    let about_typo = ".env.production: suggestion: DB_PASSWORT is in .env, but not here [missing-name]\n  \
                      fix: envseal set DB_PASSWORT -f .env.production\n";
    let told = git(&["commit", "-qam", "one name"]);
    assert!(told.starts_with(".env:") && told.contains(about_typo), "{told}");
    env.git(&["reset", "-q", "--hard", "HEAD~"]);
    // The keys in the team file's tables are not variables.
    let none = "[exposures.default.bob]\nDB_PASSWORD = {}\nA = {}\n";
    let judge = || env.envseal(&["hook", "run", "pre-commit"]).var("GIT_INDEX_FILE", ".git/index").output();
    env.write("envseal.toml", none);
    env.git(&["add", "envseal.toml"]);
    let told = git(&["commit", "-qm", "a team", "--no-verify"])
        + &git(&["push", "-q", "--no-verify", "../bare", "main"]);
    assert_eq!(told, "");
    env.write("envseal.toml", none.replace("A = {}", "B = {}"));
    env.git(&["add", "envseal.toml"]);
    let told = String::from_utf8(judge().stdout).unwrap();
    assert!(told.contains("[team-file]") && !told.contains("missing-name"), "{told}");
    env.git(&["reset", "-q", "--hard", "HEAD~"]);
    // A removed name counts as a changed line, whichever file it is now missing from.
    env.ok(&["unset", "-q", "OTHER", "-e", "production"]);
    env.ok(&["set", "-q", "OTHER", &env.secret("here")]);
    let told = git(&["commit", "-qam", "moved"]);
    let listed: Vec<_> = told.lines().filter(|line| line.contains("suggestion: ")).collect();
    assert!(listed.iter().all(|line| line.contains("OTHER")) && listed.len() == 1, "{told}");
    // With -v all of them are listed.
    env.ok(&["set", "-q", "C", &env.secret("c again")]);
    env.git(&["add", ".env"]);
    let all = env.check(&["--staged"]).len();
    let run = env.envseal(&["hook", "run", "pre-commit", "-v"]).var("GIT_INDEX_FILE", ".git/index").output();
    assert!(all > 3 && run.stderr.starts_with(&format!("0 errors, {all} suggestions")), "{}", run.stderr);
    // A commit can change what an unchanged line means.
    env.write("envseal.toml", "[policy]\nplain = ['X_*']\n");
    env.git(&["add", "envseal.toml"]);
    let told = git(&["commit", "-qm", "policy"]);
    assert!(told.contains("[policy-widened]"), "{told}");
}
