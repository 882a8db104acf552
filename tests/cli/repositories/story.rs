//! The story, step by step.

use super::{PLAINTEXT, Place, text};

/// A line with [`PLAINTEXT`].
const LEAK: &str = "LEAKED=sk_live_51HG8vnotforgit\n";
const FOUND: &str = ".env plaintext LEAKED";

type Step = fn(&Place);

/// Each step begins and ends with a clean working tree.
const STEPS: &[(&str, Step)] = &[
    ("init", init),
    ("set", set),
    ("encrypt", encrypt),
    ("commit", commit),
    ("refused commit", refused_commit),
    ("what is staged counts", what_is_staged_counts),
    ("ls", ls),
    ("check", check),
    ("check --staged", check_staged),
    ("check --range", check_range),
    ("check --history", check_history),
    ("diff", diff),
    ("log", log),
    ("blame", blame),
    ("get --at", get_at),
    ("run", run),
    ("ignored", ignored),
    ("below", below),
    ("team", team),
    ("merge", merge),
    ("doctor", doctor),
    ("push", push),
    ("doctor without a hook", doctor_without_a_hook),
];

/// Steps about the history, which is read without the index, whatever is configured.
pub(super) const HISTORY: &[&str] =
    &["check --history", "diff", "log", "blame", "get --at", "below", "team", "push"];

/// Steps that call git for nothing that no other step does.
pub(super) const REPEATED: &[&str] =
    &["refused commit", "what is staged counts", "ignored", "below", "merge", "doctor without a hook"];

/// Tells the story in this place, without the steps that make no sense there, or that prove nothing new.
pub(super) fn tell(place: &Place, left_out: &[&[&str]]) {
    let left_out = left_out.concat();
    for name in &left_out {
        assert!(STEPS.iter().any(|(step, _)| step == name), "{name} is not a step");
    }
    for (name, step) in STEPS.iter().filter(|(name, _)| !left_out.contains(name)) {
        println!("step: {name}");
        step(place);
        assert_eq!(place.does(&["status", "--porcelain"]), "", "{name} must leave a clean working tree");
    }
}

fn init(p: &Place) {
    p.ok(&["init", "-q"]);
    for hook in ["pre-commit", "pre-merge-commit", "pre-push"] {
        let path = p.git_path(&format!("hooks/{hook}"));
        let script = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(script.contains(&format!("envseal hook run {hook}")), "{script}");
    }
    assert!(p.does(&["check-attr", "merge", ".env"]).ends_with("merge: envseal"));
    p.does(&["check-ignore", "-q", ".env.keys"]);
    p.does(&["add", "-A"]);
    p.does(&["commit", "-q", "-m", "init"]);
}

fn set(p: &Place) {
    p.envseal(&["set", "-q", "URL"]).stdin(&p.values[0]).ok();
    let file = String::from_utf8(p.read(".env")).unwrap();
    assert!(file.contains("URL=envseal:1:"), "{file}");
    assert_eq!(p.ok(&["get", "URL"]).trim_end(), p.values[0]);
    p.does(&["add", "-A"]);
    p.does(&["commit", "-q", "-m", "first"]);
}

fn encrypt(p: &Place) {
    p.write(".env.staging", format!("URL={}\n", p.values[0]));
    p.ok(&["encrypt", "-q", "-e", "staging"]);
    let file = String::from_utf8(p.read(".env.staging")).unwrap();
    assert!(file.contains("URL=envseal:1:"), "{file}");
    p.does(&["add", "-A"]);
    p.does(&["commit", "-q", "-m", "staging"]);
}

fn commit(p: &Place) {
    p.envseal(&["set", "-q", "URL"]).stdin(&p.values[1]).ok();
    p.does(&["commit", "-q", "-a", "-m", "second"]);
    assert_eq!(p.git(&["cat-file", "blob", "HEAD:./.env"]).output().stdout, p.read(".env"));
    let tracked = p.does(&["ls-files"]);
    assert!(
        tracked.lines().any(|file| file == ".env.staging") && !tracked.contains(".env.keys"),
        "{tracked}"
    );
}

fn refused_commit(p: &Place) {
    let head = p.head();
    let commits: [&[&[&str]]; 4] = [
        &[&["add", ".env"], &["commit", "-q", "-m", "x"]],
        &[&["commit", "-q", "-a", "-m", "x"]],
        &[&["commit", "-q", "-m", "x", "--", ".env"]],
        &[&["commit", "-q", "-i", "-m", "x", "--", ".env"]],
    ];
    for commands in commits {
        p.append(".env", LEAK);
        let (last, first) = commands.split_last().unwrap();
        for command in first {
            p.does(command);
        }
        let output = p.git(last).output();
        assert_eq!(output.status, 1, "{last:?}: {}{}", text(&output), output.stderr);
        crate::support::contains_all(&output.stderr, &["LEAKED", "[plaintext]"]);
        assert!(!output.stderr.contains(&PLAINTEXT[..10]), "{}", output.stderr);
        assert_eq!(p.head(), head, "{last:?}");
        p.does(&["reset", "-q", "--hard"]);
    }
}

fn what_is_staged_counts(p: &Place) {
    let (head, sealed) = (p.head(), p.read(".env"));
    // Plain text in the index, a sealed value in the working tree.
    p.append(".env", LEAK);
    p.does(&["add", ".env"]);
    p.write(".env", &sealed);
    assert_eq!(p.git(&["commit", "-q", "-m", "x"]).output().status, 1);
    assert_eq!(p.head(), head);
    p.does(&["reset", "-q", "--hard"]);
    // A sealed value in the index, plain text in the working tree.
    p.write("README", "4\n");
    p.append(".env", LEAK);
    p.does(&["add", "README"]);
    p.does(&["commit", "-q", "-m", "sealed"]);
    p.does(&["reset", "-q", "--hard"]);
    p.does(&["reset", "-q", "--hard", "HEAD~1"]);
}

fn ls(p: &Place) {
    let files = p.json(0, &["ls", "--json"]);
    let field = |file: &serde_json::Value| {
        format!("{} {} {}", file["file"].as_str().unwrap(), file["environment"], file["opens"])
    };
    let found: Vec<_> = files.iter().map(field).collect();
    assert_eq!(found, [".env \"default\" true", ".env.staging \"staging\" true"]);
}

fn check(p: &Place) {
    assert!(p.errors(&[]).is_empty());
    p.append(".env", LEAK);
    assert_eq!(p.errors(&[]), [FOUND]);
    p.does(&["reset", "-q", "--hard"]);
    // A file that git would track and that is not an env file.
    p.write("notes.txt", p.ok(&["key", "show", "--private"]));
    assert!(p.errors(&[]).contains(&"notes.txt private-key -".to_owned()));
    std::fs::remove_file(p.path("notes.txt")).unwrap();
}

fn check_staged(p: &Place) {
    assert!(p.errors(&["--staged"]).is_empty());
    p.append(".env", LEAK);
    assert!(p.errors(&["--staged"]).is_empty(), "the change is not staged");
    p.does(&["add", ".env"]);
    assert_eq!(p.errors(&["--staged"]), [FOUND]);
    p.does(&["reset", "-q", "--hard"]);
}

fn check_range(p: &Place) {
    assert!(p.errors(&["--range", "HEAD~1..HEAD"]).is_empty());
    leak(p);
    // The next commit takes it back, but the range still contains it.
    p.does(&["revert", "-n", "HEAD"]);
    p.does(&["commit", "-q", "-m", "taken back"]);
    assert_eq!(p.errors(&["--range", "HEAD~2..HEAD"]), [FOUND]);
    p.does(&["reset", "-q", "--hard", "HEAD~2"]);
}

fn check_history(p: &Place) {
    assert!(p.errors(&["--history"]).is_empty());
    p.does(&["checkout", "-q", "-b", "aside"]);
    leak(p);
    p.does(&["checkout", "-q", "-"]);
    assert_eq!(p.errors(&["--history"]), [FOUND]);
    p.does(&["branch", "-q", "-D", "aside"]);
    assert!(p.errors(&["--history"]).is_empty());
}

/// Makes a commit that no hook has checked.
fn leak(p: &Place) {
    p.append(".env", LEAK);
    p.does(&["commit", "-q", "-a", "--no-verify", "-m", "leak"]);
}

/// Returns these fields of each change, without the changes of public keys.
fn fields(p: &Place, names: &[&str], arguments: &[&str]) -> Vec<String> {
    let list = p.json(0, arguments);
    let text = |change: &serde_json::Value, name: &str| change[name].as_str().unwrap().to_owned();
    let lines = list.iter().map(|it| names.iter().map(|name| text(it, name)).collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.contains("ENVSEAL_")).collect()
}

fn changes(p: &Place, arguments: &[&str]) -> Vec<String> {
    fields(p, &["subject", "file", "name", "kind"], arguments)
}

fn diff(p: &Place) {
    let diff =
        |arguments: &[&str]| fields(p, &["file", "name", "kind"], &[&["diff", "--json"], arguments].concat());
    assert_eq!(diff(&["HEAD~1", "HEAD"]), [".env URL changed"]);
    assert_eq!(diff(&["HEAD~2", "HEAD"]), [".env URL changed", ".env.staging URL added"]);
    assert_eq!(diff(&["HEAD~1"]), [".env URL changed"]);
    assert!(diff(&[]).is_empty());
    p.ok(&["set", "-q", "--plain", "PORT", "1"]);
    assert_eq!(diff(&[]), [".env PORT added"]);
    p.does(&["reset", "-q", "--hard"]);
}

fn log(p: &Place) {
    let expected = ["second .env URL changed", "staging .env.staging URL added", "first .env URL added"];
    assert_eq!(changes(p, &["log", "--json"]), expected);
    assert_eq!(changes(p, &["log", "URL", "--json", "-e", "staging"]), expected[1..2]);
}

fn blame(p: &Place) {
    assert_eq!(changes(p, &["blame", "--json"]), ["second .env URL changed"]);
    let list = p.json(0, &["blame", "--json"]);
    assert!(list.iter().any(|line| line["commit"] == p.head().as_str()), "whole ids: {list:?}");
}

fn get_at(p: &Place) {
    assert_eq!(p.ok(&["get", "URL", "--at", "HEAD~2"]).trim_end(), p.values[0]);
    assert_eq!(p.ok(&["get", "URL", "--at", "HEAD"]).trim_end(), p.values[1]);
}

fn run(p: &Place) {
    assert_eq!(p.ok(&["run", "--", "printenv", "URL"]).trim_end(), p.values[1]);
}

/// Ignored files are skipped, whichever file tells git to ignore them.
fn ignored(p: &Place) {
    if p.git(&["check-ignore", "-q", ".env.mine"]).output().status != 0 {
        let exclude = p.git_path("info/exclude");
        std::fs::create_dir_all(exclude.parent().unwrap()).unwrap();
        std::fs::write(exclude, ".env.mine\n").unwrap();
    }
    p.write(".env.mine", LEAK);
    assert!(!p.ok(&["ls"]).contains(".env.mine"));
    assert!(p.errors(&[]).is_empty());
    std::fs::remove_file(p.path(".env.mine")).unwrap();
}

/// In a folder below the root, whatever bytes its name contains.
fn below(p: &Place) {
    let folder = p.path(&p.below);
    std::fs::create_dir_all(&folder).unwrap();
    p.envseal(&["set", "-q", "URL"]).stdin(&p.values[0]).dir(&folder).ok();
    assert_eq!(p.envseal(&["get", "URL"]).dir(&folder).ok().trim_end(), p.values[0]);
    assert_eq!(p.envseal(&["get", "URL", "-f"]).arg(p.path(&p.below)).ok().trim_end(), p.values[0]);
    assert_eq!(p.json(0, &["ls", "--json"]).len(), 3);
    p.does(&["add", "-A"]);
    p.does(&["commit", "-q", "-m", "below"]);
    let tracked = p.does(&["ls-tree", "-r", "-z", "--name-only", "HEAD"]);
    assert_eq!(tracked.matches("/.env\0").count(), 1, "{tracked:?}");
    assert_eq!(p.envseal(&["blame", "--json"]).dir(&folder).ok().matches("\"below\"").count(), 2);
    // A leak is refused here as at the root, and the output says which file is meant.
    let file = p.path(&p.below).join(".env");
    let sealed = std::fs::read(&file).unwrap();
    std::fs::write(&file, [&sealed[..], LEAK.as_bytes()].concat()).unwrap();
    for check in [&[][..], &["--staged"], &["--range", "HEAD~1..HEAD"]] {
        if check == ["--staged"] {
            assert_eq!(p.git(&["commit", "-q", "-a", "-m", "x"]).output().status, 1);
            p.does(&["add", "-A"]);
        }
        if check.len() == 2 {
            p.does(&["commit", "-q", "--no-verify", "-m", "leak"]);
        }
        let found = p.errors(check);
        assert!(found.len() == 1 && found[0].ends_with("/.env plaintext LEAKED"), "{check:?}: {found:?}");
    }
    p.does(&["reset", "-q", "--hard", "HEAD~1"]);
}

/// Bob, with a home of his own and no keys file, requests access, and Alice grants it.
fn team(p: &Place) {
    let home = p.env.outside().join("home-of-bob");
    let none = p.env.outside().join("no.keys");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(&none, "").unwrap();
    let as_bob = |arguments: &[&str]| {
        p.envseal(&[&["-K", none.to_str().unwrap()], arguments].concat()).var("HOME", &home).output()
    };
    p.ok(&["team", "request", "-q", "--name", "alice"]);
    let asked = as_bob(&["team", "request", "-q", "--name", "bob"]);
    assert_eq!(asked.status, 0, "{}", asked.stderr);
    p.does(&["add", "-A"]);
    p.does(&["commit", "-q", "-m", "team"]);
    assert_eq!(as_bob(&["get", "URL"]).status, 3);
    let whoami: serde_json::Value =
        serde_json::from_slice(&as_bob(&["team", "whoami", "--json"]).stdout).unwrap();
    let fingerprint = whoami["fingerprint"].as_str().unwrap();
    p.ok(&["team", "approve", "-q", "bob", "-e", "default", "--fingerprint", fingerprint]);
    p.does(&["commit", "-q", "-a", "-m", "grant"]);
    let read = as_bob(&["get", "URL"]);
    assert_eq!((read.status, text(&read).trim_end()), (0, &p.values[1][..]), "{}", read.stderr);
    assert!(p.errors(&["--range", "HEAD~1..HEAD"]).is_empty());
    // A member's key is swapped for another.
    let team = String::from_utf8(p.read("envseal.toml")).unwrap();
    let line = |name: &str| team.lines().find(|line| line.starts_with(&format!("{name} = \"ssh-"))).unwrap();
    p.write("envseal.toml", team.replace(line("bob"), &line("alice").replace("alice = ", "bob = ")));
    p.does(&["add", "-A"]);
    assert!(p.errors(&["--staged"]).iter().any(|found| found.contains("member-changed")));
    p.does(&["commit", "-q", "--no-verify", "-m", "swapped"]);
    assert!(p.errors(&["--range", "HEAD~1..HEAD"]).iter().any(|found| found.contains("member-changed")));
    p.does(&["reset", "-q", "--hard", "HEAD~1"]);
}

/// Two branches each add a variable at the end, which git alone would not merge.
fn merge(p: &Place) {
    let branch = p.does(&["symbolic-ref", "--short", "HEAD"]);
    for name in ["LEFT", "RIGHT"] {
        p.does(&["checkout", "-q", "-b", name, &branch]);
        p.envseal(&["set", "-q", name]).stdin(name).ok();
        p.does(&["commit", "-q", "-a", "-m", name]);
    }
    p.does(&["merge", "-q", "--no-edit", "LEFT"]);
    for name in ["LEFT", "RIGHT"] {
        assert_eq!(p.ok(&["get", name]).trim_end(), name);
    }
    p.does(&["checkout", "-q", &branch]);
    p.does(&["merge", "-q", "--ff-only", "RIGHT"]);
    p.does(&["branch", "-q", "-D", "LEFT", "RIGHT"]);
}

fn doctor(p: &Place) {
    let said = p.ok(&["doctor"]);
    assert!(said.contains("pre-commit") && !said.contains("not installed"), "{said}");
}

fn doctor_without_a_hook(p: &Place) {
    let hook = p.git_path("hooks/pre-commit");
    let script = std::fs::read(&hook).unwrap();
    std::fs::write(&hook, "#!/bin/sh\n").unwrap();
    let output = p.envseal(&["doctor"]).output();
    assert_eq!(output.status, 1, "a hook that git runs does not call envseal: {}", text(&output));
    std::fs::write(hook, script).unwrap();
}

/// Pushes to a bare repository of the same formats, which checks new objects while they are in quarantine.
fn push(p: &Place) {
    let bare = p.env.outside().join("server.git");
    let objects = p.does(&["rev-parse", "--show-object-format"]);
    let mut init = vec!["init", "-q", "--bare", "-b", "main"];
    let object_format = format!("--object-format={objects}");
    if objects != "sha1" {
        init.push(&object_format);
    }
    let refs = p.git(&["rev-parse", "--show-ref-format"]).output();
    if text(&refs).trim() == "reftable" {
        init.push("--ref-format=reftable");
    }
    p.env.program("git", &init).arg(&bare).ok();
    // The repository's own hooks, whatever the system's configuration says.
    p.env.program("git", &["config", "core.hooksPath", "hooks"]).dir(&bare).ok();
    let hook = bare.join("hooks/pre-receive");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pre-receive"), &hook).unwrap();
    let url = format!("file://{}", bare.display());
    let ids = || {
        let listed = p.env.program("git", &["for-each-ref", "--format=%(objectname)"]).dir(&bare).ok();
        listed.trim().to_owned()
    };
    p.does(&["push", "-q", &url, "HEAD:refs/heads/main"]);
    let accepted = p.head();
    assert_eq!(ids(), accepted);
    leak(p);
    for options in [&["push", "-q"][..], &["push", "-q", "--no-verify"]] {
        for to in ["HEAD:refs/heads/main", "HEAD:refs/heads/new"] {
            let output = p.git(&[options, &[&url, to]].concat()).output();
            assert_ne!(output.status, 0, "{options:?} {to}");
            let said = text(&output) + &output.stderr;
            assert!(said.contains("[plaintext]"), "{options:?} {to}: {said}");
            assert_eq!(ids(), accepted);
        }
    }
    p.does(&["reset", "-q", "--hard", "HEAD~1"]);
    let there = p.env.envseal(&["check", "--history"]).dir(&bare).var("GIT_DIR", &bare).output();
    assert_eq!(there.status, 0, "{}", there.stderr);
    let log = p.env.envseal(&["log", "--json", "-f", ".env"]).dir(&bare).var("GIT_DIR", &bare).ok();
    assert!(log.contains("\"first\"") && log.contains("\"second\""), "{log}");
}
