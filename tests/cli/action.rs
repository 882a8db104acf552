//! The GitHub action: its scripts, run as a runner runs them, against releases in a folder and commits in a repository.

use std::path::{Path, PathBuf};

use crate::support::{Output, Run, Start, TestEnv};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const SOURCE: &str = env!("CARGO_MANIFEST_DIR");

/// The variables of a runner for Linux on x86-64.
fn installer(env: &TestEnv) -> Run<'_> {
    let script = format!("{SOURCE}/.github/action/install.sh");
    env.program("bash", &[&script])
        .var("RUNNER_OS", "Linux")
        .var("RUNNER_ARCH", "X64")
        .var("RUNNER_TEMP", env.outside().join("tmp"))
        .var("GITHUB_PATH", env.outside().join("path"))
        .var("GITHUB_ACTION_PATH", SOURCE)
        .var("RELEASES", format!("file://{}", env.outside().join("releases").display()))
}

/// The folder that the installer put on the PATH.
fn installed(env: &TestEnv) -> Option<PathBuf> {
    let path = std::fs::read_to_string(env.outside().join("path")).unwrap_or_default();
    path.lines().last().map(PathBuf::from)
}

fn archive_name() -> String {
    format!("envseal-{VERSION}-x86_64-unknown-linux-musl")
}

/// Makes a release whose program says that it is `version`. `sums` makes the checksum file from the true checksum, which
/// is returned.
fn release(env: &TestEnv, version: &str, sums: impl Fn(&str) -> String) -> String {
    let folder = env.outside().join(format!("releases/v{VERSION}"));
    let name = archive_name();
    std::fs::create_dir_all(folder.join(&name)).unwrap();
    std::fs::write(folder.join(&name).join("envseal"), format!("#!/bin/sh\necho envseal {version}\n"))
        .unwrap();
    let archive = format!("{name}.tar.gz");
    env.program("tar", &["-czf", &archive, &name]).dir(&folder).ok();
    let sum = sum_of(env, &folder.join(archive));
    std::fs::write(folder.join("SHA256SUMS"), sums(&sum)).unwrap();
    sum
}

fn sum_of(env: &TestEnv, archive: &Path) -> String {
    let sum = env.program("sha256sum", &[archive.to_str().unwrap()]).ok();
    sum.split(' ').next().unwrap().to_owned()
}

/// Creates a scratch folder with a release and returns its checksum, too; None if a program is missing.
fn released() -> Option<(TestEnv, String)> {
    let env = TestEnv::without_git();
    if !env.has(&["bash", "curl", "sha256sum", "tar"]) {
        return None;
    }
    let sum = release(&env, VERSION, listed);
    Some((env, sum))
}

fn listed(sum: &str) -> String {
    format!("{}  another.tar.gz\n{sum}  {}.tar.gz\n", "0".repeat(64), archive_name())
}

/// Asserts that nothing was put on the PATH, and that the error is an annotation of one line.
#[track_caller]
fn refused(env: &TestEnv, output: &Output, words: &str) {
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status, 1, "{said} {}", output.stderr);
    let told = said.lines().last().unwrap_or_default();
    assert!(told.starts_with("::error title=envseal was not installed::") && told.contains(words), "{said}");
    assert_eq!(installed(env), None);
}

#[test]
fn a_release_is_installed_that_has_its_checksum() {
    let Some((env, sum)) = released() else { return };
    for version in ["", VERSION, &format!("v{VERSION}")] {
        installer(&env).var("INPUT_VERSION", version).ok();
        let program = installed(&env).unwrap().join("envseal");
        let says = env.program(program.to_str().unwrap(), &["--version"]).ok();
        assert_eq!(says, format!("envseal {VERSION}\n"));
    }
    // PowerShell's Get-FileHash prints it in upper case.
    for given in [&sum, &sum.to_uppercase()] {
        installer(&env).var("INPUT_SHA256", given).ok();
    }
}

#[test]
fn nothing_is_installed_that_is_not_what_the_release_says() {
    let Some((env, sum)) = released() else { return };
    for given in [&sum[1..], &format!("{sum}0"), &format!("g{}", &sum[1..]), &format!(" {sum}"), "0x", " "] {
        let output = installer(&env).var("INPUT_SHA256", given).output();
        refused(&env, &output, "the input sha256 is not 64 hex digits");
    }
    refused(&env, &installer(&env).var("INPUT_SHA256", "b".repeat(64)).output(), "another SHA-256");
    release(&env, VERSION, |_| listed(&"a".repeat(64)));
    refused(&env, &installer(&env).output(), "another SHA-256");
    for sums in ["", "nonsense", &format!("abc  {}.tar.gz\n", archive_name())] {
        release(&env, VERSION, |_| sums.to_owned());
        refused(&env, &installer(&env).output(), "there is not one SHA-256");
    }
    // A name that is listed twice is refused. The name must match as a whole word, and is not a pattern.
    release(&env, VERSION, |sum| listed(sum) + &listed(sum));
    refused(&env, &installer(&env).output(), "there is not one SHA-256");
    release(&env, VERSION, |sum| listed(sum).replace("envseal-", "xenvseal-"));
    refused(&env, &installer(&env).output(), "there is not one SHA-256");
    release(&env, "6.6.6", listed);
    refused(&env, &installer(&env).output(), "holds another version");
    let folder = env.outside().join(format!("releases/v{VERSION}"));
    std::fs::remove_file(folder.join("SHA256SUMS")).unwrap();
    refused(&env, &installer(&env).output(), "could not fetch");
    std::fs::remove_dir_all(folder).unwrap();
    refused(&env, &installer(&env).output(), "could not fetch");
}

#[test]
fn where_the_actions_repository_is_not_known_nothing_is_fetched() {
    let Some((env, _)) = released() else { return };
    // The value that action.yml gives, for a workflow in another repository that names no repository for the action.
    let text = std::fs::read_to_string(Path::new(SOURCE).join("action.yml")).unwrap();
    let given = text.lines().find_map(|line| line.trim().strip_prefix("RELEASES: ")).unwrap();
    let known = given.replace("${{ github.server_url }}", "https://127.0.0.1:1");
    let unknown = known.replace("${{ github.action_repository }}", "");
    assert!(!unknown.contains("${{"), "{unknown}");
    refused(&env, &installer(&env).var("RELEASES", &unknown).output(), "set the input from");
    let known = known.replace("${{ github.action_repository }}", "owner/envseal");
    refused(&env, &installer(&env).var("RELEASES", &known).output(), "could not fetch");
    let from = format!("file://{}", env.outside().join("releases").display());
    installer(&env).var("RELEASES", &unknown).var("INPUT_FROM", from).ok();
    assert!(installed(&env).is_some());
}

#[test]
fn an_archive_writes_nowhere_else() {
    let Some((env, _)) = released() else { return };
    if !env.has(&["python3"]) {
        return;
    }
    let folder = env.outside().join(format!("releases/v{VERSION}"));
    let pack = "import io, sys, tarfile
path, name, kind = sys.argv[1:]
with tarfile.open(path, 'w:gz') as archive:
    def add(name, data=b'#!/bin/sh\\n', **how):
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        for key, value in how.items(): setattr(entry, key, value)
        archive.addfile(entry, io.BytesIO(data))
    if kind == 'climbs':
        add(name + '/../../../escaped')
        add('/' + 'tmp/escaped')
        add('../escaped')
    else:
        add(name + '/envseal', b'', type=tarfile.SYMTYPE, linkname='/bin/sh')
";
    let archive = folder.join(format!("{}.tar.gz", archive_name()));
    for kind in ["climbs", "link"] {
        env.program("python3", &["-c", pack, archive.to_str().unwrap(), &archive_name(), kind]).ok();
        let sum = sum_of(&env, &archive);
        refused(&env, &installer(&env).var("INPUT_SHA256", sum).output(), "holds no envseal");
    }
    let found = env.program("find", &[env.outside().to_str().unwrap(), "-name", "escaped"]).ok();
    assert_eq!(found, "");
}

#[test]
fn inputs_are_words_and_never_commands() {
    let Some((env, _)) = released() else { return };
    for version in ["1.0.0; touch hacked", "$(touch hacked)", "../../x", "1.0.0\n::add-mask::x", "latest"] {
        refused(&env, &installer(&env).var("INPUT_VERSION", version).output(), "is no version");
    }
    refused(&env, &installer(&env).var("RUNNER_ARCH", "X86").output(), "no release for X86");
    refused(&env, &installer(&env).var("INPUT_FROM", "http://127.0.0.1:1").output(), "could not fetch");
    assert!(!env.path("hacked").exists());
    let text = std::fs::read_to_string(Path::new(SOURCE).join("action.yml")).unwrap();
    let mut runs = 0;
    for line in text.lines().filter(|line| line.trim_start().starts_with("run:")) {
        assert!(!line.contains("${{"), "the shell would read an expression: {line}");
        runs += 1;
    }
    assert_eq!(runs, 2);
}

/// Returns the check as a runner starts it on `event`.
fn checker<'a>(env: &'a TestEnv, event: &str) -> Run<'a> {
    let script = format!("{SOURCE}/.github/action/check.sh");
    let run = env.program("bash", &[&script]).with_envseal();
    run.var("GITHUB_EVENT_NAME", event).var("DEFAULT_BRANCH", "main")
}

fn on_pull(env: &TestEnv, base: &str, head: &str) -> (i32, String) {
    shown(&checker(env, "pull_request").var("PULL_BASE", base).var("PULL_HEAD", head).output())
}

fn on_push(env: &TestEnv, before: &str, after: &str, branch: &str) -> (i32, String) {
    let run = checker(env, "push").var("GITHUB_REF", format!("refs/heads/{branch}"));
    shown(&run.var("PUSH_BEFORE", before).var("PUSH_AFTER", after).output())
}

fn shown(output: &Output) -> (i32, String) {
    (output.status, String::from_utf8_lossy(&output.stdout).into_owned() + &output.stderr)
}

/// Creates a repository with a sealed value. Returns its commit, too.
fn project() -> (TestEnv, String) {
    static START: Start = Start::new();
    let env = TestEnv::copy_of(&START, |env| {
        env.envseal(&["set", "DB_PASSWORD"]).stdin("hunter2 hunter2").ok();
        env.commit("sealed");
    });
    let base = env.git(&["rev-parse", "HEAD"]).trim().to_owned();
    (env, base)
}

/// Commits plain text and then removes it, so that only a check of each commit finds it.
fn leak_and_mend(env: &TestEnv) -> String {
    let before = env.read(".env");
    env.write_plain(".env", format!("{before}TOKEN=plain-as-day\n"));
    env.commit("oops");
    env.write(".env", before);
    env.commit("mended")
}

#[test]
fn a_pull_request_with_plain_text_fails() {
    let (env, base) = project();
    env.ok(&["set", "API_KEY", "another value"]);
    let clean = env.commit("clean");
    let (status, said) = on_pull(&env, &base, &clean);
    assert_eq!(status, 0, "{said}");
    let head = leak_and_mend(&env);
    let (status, said) = on_pull(&env, &base, &head);
    assert_eq!(status, 1, "{said}");
    let line = said.lines().find(|line| line.starts_with("::error file=.env,line=")).unwrap_or_default();
    assert!(line.contains(",title=envseal plaintext::TOKEN"), "{said}");
    assert!(!said.contains("plain-as-day"), "{said}");
    // The same commits in a merge queue, and on an event that has access to secrets.
    let queue = checker(&env, "merge_group").var("GROUP_BASE", &base).var("GROUP_HEAD", &head).output();
    assert_eq!(queue.status, 1);
    let target =
        checker(&env, "pull_request_target").var("PULL_BASE", &base).var("PULL_HEAD", &head).output();
    let (status, said) = shown(&target);
    assert!(status == 1 && said.contains("::warning title=envseal::pull_request_target"), "{said}");
    for key in ["ENVSEAL_PRIVATE_KEY", "ENVSEAL_PRIVATE_KEY_PRODUCTION", "ENVSEAL_IDENTITY"] {
        let target = checker(&env, "pull_request_target").var("PULL_BASE", &base).var("PULL_HEAD", &base);
        let (status, said) = shown(&target.var(key, "x").output());
        assert!(status == 2 && said.contains("must not be given a key"), "{said}");
    }
}

/// Returns true if a workflow of `pull_request_target` checks out the files of a pull request, or is given a key.
fn hands_over(workflow: &str) -> bool {
    let given = [
        "pull_request.head",
        "github.head_ref",
        "refs/pull",
        "secrets.",
        "ENVSEAL_PRIVATE_KEY",
        "ENVSEAL_IDENTITY",
    ];
    workflow.contains("pull_request_target") && given.iter().any(|word| workflow.contains(word))
}

#[test]
fn no_example_hands_a_key_or_a_checkout_to_the_author_of_a_pull_request() {
    let listed = TestEnv::without_git().program("git", &["-C", SOURCE, "ls-files", "-z"]).ok();
    let mut workflows = 0;
    for path in listed.split('\0').filter(|path| !path.starts_with("tests/")) {
        let is = |ending: &str| Path::new(path).extension().is_some_and(|it| it == ending);
        let Ok(text) = std::fs::read_to_string(Path::new(SOURCE).join(path)) else { continue };
        let blocks: Vec<_> = if is("yml") || is("yaml") {
            vec![&*text]
        } else if is("md") {
            text.split("```").skip(1).step_by(2).collect()
        } else {
            continue;
        };
        workflows += blocks.iter().filter(|block| block.contains("pull_request")).count();
        let wrong = blocks.iter().find(|block| hands_over(block));
        assert_eq!(wrong, None, "{path}");
    }
    assert!(workflows > 2, "the examples were not found");
    assert!(hands_over("on: pull_request_target\nref: ${{ github.event.pull_request.head.sha }}"));
    assert!(
        hands_over("on: [pull_request_target]\nENVSEAL_PRIVATE_KEY: x")
            && !hands_over("on: pull_request_target")
    );
}

#[test]
fn the_summary_of_a_pull_request_lists_the_names_that_it_changes() {
    let (env, base) = project();
    env.ok(&["set", "API_KEY", "another value"]);
    let head = env.commit("one more");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let summary = env.outside().join("summary");
    let run = |event: &str| {
        let run = checker(&env, event).var("PULL_BASE", &base).var("PULL_HEAD", &head);
        assert_eq!(run.var("GITHUB_STEP_SUMMARY", &summary).output().status, 0);
        std::fs::read_to_string(&summary).unwrap_or_default()
    };
    assert_eq!(run("schedule"), "");
    assert_eq!(run("pull_request"), "### `default` in `.env`\n\n- added: `API_KEY`\n\n");
}

#[test]
fn a_push_is_judged_whatever_came_before_it() {
    let (env, base) = project();
    let zeros = "0".repeat(40);
    env.git(&["update-ref", "refs/remotes/origin/main", &base]);
    let head = leak_and_mend(&env);
    assert_eq!(on_push(&env, &base, &head, "main").0, 1);
    assert_eq!(on_push(&env, &head, &head, "main").0, 0);
    // A new branch; a forced push; the first push of the default branch, whose own ref already has all commits.
    assert_eq!(on_push(&env, &zeros, &head, "topic").0, 1);
    assert_eq!(on_push(&env, &"1".repeat(40), &head, "topic").0, 1);
    env.git(&["update-ref", "refs/remotes/origin/main", &head]);
    env.git(&["update-ref", "refs/remotes/origin/topic", &head]);
    let (status, said) = on_push(&env, &zeros, &head, "main");
    assert!(status == 1 && said.contains("all of history"), "{said}");
    assert_eq!(on_push(&env, &zeros, &head, "topic").0, 0, "it is the same as main, which was checked");
    env.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    assert_eq!(on_push(&env, &zeros, &head, "topic").0, 1, "nothing to compare with");
    let (status, said) = on_push(&env, &head, &zeros, "topic");
    assert!(status == 0 && said.contains("was deleted"), "{said}");
}

#[test]
fn what_cannot_be_judged_does_not_pass() {
    let (env, base) = project();
    let head = leak_and_mend(&env);
    for (base, head) in
        [("", &*head), (&*base, ""), (&"1".repeat(40), &head), (&base, "HEAD"), (&base, "$(id)")]
    {
        let (status, said) = on_pull(&env, base, head);
        assert!(status == 2 && said.contains("fetch-depth: 0"), "{base} {head}: {said}");
    }
    assert_eq!(on_push(&env, &base, "", "main").0, 2);
    let url = format!("file://{}", env.repo().display());
    let shallow = env.outside().join("shallow");
    env.git(&["clone", "-q", "--depth", "1", &url, shallow.to_str().unwrap()]);
    let run = checker(&env, "pull_request").var("PULL_BASE", &base).var("PULL_HEAD", &head).dir(&shallow);
    let (status, said) = shown(&run.output());
    assert!(status == 2 && said.contains("shallow"), "{said}");
    let outside = checker(&env, "push").var("PUSH_AFTER", &head).dir(env.outside()).output();
    assert_eq!(outside.status, 2);
}

#[test]
fn other_events_and_other_commands() {
    let (env, base) = project();
    assert_eq!(checker(&env, "schedule").output().status, 0);
    let text = env.read(".env");
    env.write_plain(".env", format!("{text}TOKEN=plain-as-day\n"));
    assert_eq!(checker(&env, "schedule").output().status, 1);
    assert_eq!(
        checker(&env, "workflow_dispatch").var("INPUT_COMMAND", "check --strict --history").output().status,
        0
    );
    // The age of values is that of the files as they are.
    let aged = checker(&env, "pull_request").var("PULL_BASE", &base).var("PULL_HEAD", &base);
    let (status, said) = shown(&aged.var("INPUT_COMMAND", "check --max-age 90d").output());
    assert!(status == 1 && said.contains("::error file=.env,line=4,"), "{said}");
    // A blank input means the default command.
    for blank in ["", "   ", "\n \t"] {
        let (status, said) = shown(&checker(&env, "schedule").var("INPUT_COMMAND", blank).output());
        assert!(status == 1 && said.contains("::error file=.env,line=4,"), "{blank:?}: {said}");
    }
    let (status, said) = shown(&checker(&env, "push").var("INPUT_COMMAND", "none").output());
    assert_eq!((status, &*said), (0, ""));
    let (status, said) = shown(&checker(&env, "push").var("INPUT_COMMAND", "--version").output());
    assert_eq!((status, said), (0, format!("envseal {VERSION}\n")));
    // The input is not run by a shell.
    let (status, _) =
        shown(&checker(&env, "push").var("INPUT_COMMAND", "ls; touch hacked $(touch hacked) *").output());
    assert_eq!(status, 2);
    assert!(!env.path("hacked").exists());
}

#[test]
fn no_name_becomes_a_workflow_command() {
    let (env, base) = project();
    let evil = "sub\n::set-output name=x::y\n%0A/a,line=9::/.env";
    std::fs::create_dir_all(env.path(evil).parent().unwrap()).unwrap();
    env.write_plain(evil, "TOKEN=plain-as-day\n");
    env.write_plain("::add-path::x/.env", "A=plain-as-day\n");
    let head = env.commit("evil");
    let (status, said) = on_pull(&env, &base, &head);
    assert_eq!(status, 1, "{said}");
    let mut stopped = None;
    let mut errors = 0;
    for line in said.lines() {
        match &stopped {
            Some(word) if *line == format!("::{word}::") => stopped = None,
            // A runner ignores commands here.
            Some(_) => {}
            None => match line.strip_prefix("::stop-commands::") {
                Some(word) => stopped = Some(word.to_owned()),
                None if line.starts_with("::error file=") => errors += 1,
                None => assert!(!line.contains("::") && !line.contains("##["), "{line:?} in {said}"),
            },
        }
    }
    assert!(stopped.is_none() && errors >= 2, "{said}");
    assert!(
        said.contains("file=sub%0A%3A%3Aset-output name=x%3A%3Ay%0A%250A/a%2Cline=9%3A%3A/.env,line=1,"),
        "{said}"
    );
}

#[test]
fn the_scripts_are_clean() {
    let env = TestEnv::without_git();
    if !env.has(&["shellcheck"]) {
        return;
    }
    for script in [".github/action/install.sh", ".github/action/check.sh", ".ci/check-tag"] {
        env.program("shellcheck", &[&format!("{SOURCE}/{script}")]).ok();
    }
}
