//! Damaged objects: whatever needs one ends soon, and with no answer.

use std::path::PathBuf;

use super::text;
use crate::support::TestEnv;

/// What is damaged, and what cannot be answered without it.
const NEEDED: &[(&str, &[&[&str]])] = &[
    (
        "HEAD",
        &[
            &["check", "--range", "HEAD~1..HEAD"],
            &["check", "--history"],
            &["log"],
            &["diff", "HEAD~1", "HEAD"],
            &["blame"],
            &["get", "URL", "--at", "HEAD"],
        ],
    ),
    (
        "HEAD^{tree}",
        &[
            &["check", "--range", "HEAD~1..HEAD"],
            &["check", "--history"],
            &["log"],
            &["diff", "HEAD~1", "HEAD"],
            &["get", "URL", "--at", "HEAD"],
        ],
    ),
    (
        "HEAD:.env",
        &[
            &["check", "--range", "HEAD~1..HEAD"],
            &["check", "--history"],
            &["diff", "HEAD~1", "HEAD"],
            &["get", "URL", "--at", "HEAD"],
        ],
    ),
    (
        "HEAD~1",
        &[
            &["check", "--range", "HEAD~1..HEAD"],
            &["check", "--range", "HEAD~2..HEAD"],
            &["check", "--history"],
            &["log"],
            &["diff", "HEAD~1", "HEAD"],
            &["get", "URL", "--at", "HEAD~1"],
        ],
    ),
    (
        "HEAD~1^{tree}",
        &[
            &["check", "--range", "HEAD~1..HEAD"],
            &["check", "--history"],
            &["log"],
            &["diff", "HEAD~1", "HEAD"],
            &["get", "URL", "--at", "HEAD~1"],
        ],
    ),
    (
        "HEAD~1:.env",
        &[
            &["check", "--range", "HEAD~1..HEAD"],
            &["check", "--range", "HEAD~2..HEAD"],
            &["check", "--history"],
            &["log"],
            &["diff", "HEAD~1", "HEAD"],
            &["get", "URL", "--at", "HEAD~1"],
        ],
    ),
];

/// A way to damage a loose object, given its bytes.
type Damage = fn(&[u8]) -> Option<Vec<u8>>;

/// Each leaves less than a whole object.
const DAMAGES: &[(&str, Damage)] = &[
    ("cut in half", |bytes| Some(bytes[..bytes.len() / 2].to_vec())),
    ("without its last bytes", |bytes| Some(bytes[..bytes.len() - 6].to_vec())),
    ("all zeros", |bytes| Some(vec![0; bytes.len()])),
    ("empty", |_| Some(Vec::new())),
    ("gone", |_| None),
];

/// A repository with three commits, `URL` changed in each, all of it in loose objects.
fn loose() -> TestEnv {
    let env = TestEnv::new();
    for value in ["one", "two", "three"] {
        env.envseal(&["set", "-q", "URL"]).stdin(value).ok();
        env.commit(value);
    }
    env
}

fn object(env: &TestEnv, name: &str) -> PathBuf {
    let id = env.git(&["rev-parse", name]);
    let (folder, rest) = id.trim().split_at(2);
    env.path(".git/objects").join(folder).join(rest)
}

/// Replaces the bytes of a loose object, and returns what they were.
fn damage(path: &PathBuf, how: Damage) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let damaged = how(&bytes);
    std::fs::remove_file(path).unwrap();
    if let Some(damaged) = damaged {
        std::fs::write(path, damaged).unwrap();
    }
    bytes
}

fn mend(path: &PathBuf, bytes: &[u8]) {
    let _ = std::fs::remove_file(path);
    std::fs::write(path, bytes).unwrap();
}

#[track_caller]
fn refuses(env: &TestEnv, what: &str, arguments: &[&str]) {
    println!("{what}: {arguments:?}");
    let output = env.envseal(arguments).soon();
    assert_eq!(output.status, 4, "{what}: {arguments:?}: {}{}", text(&output), output.stderr);
    assert!(output.stderr.contains("error: "), "{what}: {arguments:?}: {}", output.stderr);
}

fn each(how: &str) {
    let env = loose();
    let (_, damaged) = DAMAGES.iter().find(|(name, _)| *name == how).unwrap();
    for (name, commands) in NEEDED {
        let path = object(&env, name);
        let whole = damage(&path, *damaged);
        for arguments in *commands {
            refuses(&env, &format!("{name} {how}"), arguments);
        }
        mend(&path, &whole);
    }
    // What is whole is answered.
    for (_, commands) in NEEDED {
        commands.iter().for_each(|arguments| drop(env.ok(arguments)));
    }
}

#[test]
fn cut_in_half() {
    each("cut in half");
}

#[test]
fn without_its_last_bytes() {
    each("without its last bytes");
}

#[test]
fn all_zeros() {
    each("all zeros");
}

#[test]
fn empty() {
    each("empty");
}

#[test]
fn gone() {
    each("gone");
}

/// A whole object under the id of another: git reads it as if it were that one.
#[test]
fn another_object_in_its_place() {
    let env = loose();
    for (name, other) in [
        ("HEAD", "HEAD~2"),
        ("HEAD~1", "HEAD~2"),
        ("HEAD^{tree}", "HEAD~1^{tree}"),
        ("HEAD~1^{tree}", "HEAD~2^{tree}"),
        ("HEAD:.env", "HEAD~1:.env"),
        ("HEAD~1:.env", "HEAD~2:.env"),
        ("HEAD:.env", "HEAD:.gitignore"),
        ("HEAD:.env", "HEAD"),
    ] {
        let (path, other_path) = (object(&env, name), object(&env, other));
        let whole = damage(&path, |_| None);
        std::fs::copy(other_path, &path).unwrap();
        for range in [&["check", "--range", "HEAD~1..HEAD"][..], &["check", "--history"]] {
            refuses(&env, &format!("{other} in the place of {name}"), range);
        }
        mend(&path, &whole);
    }
    assert_eq!(env.envseal(&["check", "--history"]).soon().status, 0);
}

/// What is staged, and what it is compared with.
#[test]
fn in_the_index() {
    for (how, damaged) in DAMAGES {
        let env = loose();
        env.envseal(&["set", "-q", "URL"]).stdin("four").ok();
        env.git(&["add", ".env"]);
        for name in [":.env", "HEAD:.env"] {
            let path = object(&env, name);
            let whole = damage(&path, *damaged);
            refuses(&env, &format!("{name} {how}"), &["check", "--staged"]);
            refuses(&env, &format!("{name} {how}"), &["hook", "run", "pre-commit"]);
            let head = env.git(&["rev-parse", "HEAD"]);
            env.ok(&["hook", "install", "-q"]);
            let commit = env.git_with_envseal(&["commit", "-qm", "x"]).soon();
            assert_ne!(commit.status, 0, "{name} {how}");
            assert_eq!(env.git(&["rev-parse", "HEAD"]), head);
            mend(&path, &whole);
        }
        assert_eq!(env.envseal(&["check", "--staged"]).soon().status, 0);
    }
    // A whole object under another's id.
    let env = loose();
    env.envseal(&["set", "-q", "URL"]).stdin("four").ok();
    env.git(&["add", ".env"]);
    let (path, other) = (object(&env, ":.env"), object(&env, "HEAD:.env"));
    let whole = damage(&path, |_| None);
    std::fs::copy(other, &path).unwrap();
    refuses(&env, "another in place of what is staged", &["check", "--staged"]);
    mend(&path, &whole);
}

#[test]
fn in_a_pack() {
    let env = loose();
    env.git(&["gc", "-q"]);
    let folder = env.path(".git/objects/pack");
    let pack = |ending: &str| {
        let paths = folder.read_dir().unwrap().flatten().map(|item| item.path());
        paths.into_iter().find(|path| path.extension().is_some_and(|it| it == ending)).unwrap()
    };
    let (path, index) = (pack("pack"), pack("idx"));
    let whole = std::fs::read(&path).unwrap();
    let index_bytes = std::fs::read(&index).unwrap();
    let commands: [&[&str]; 5] = [
        &["check", "--range", "HEAD~1..HEAD"],
        &["check", "--history"],
        &["log"],
        &["diff", "HEAD~1", "HEAD"],
        &["get", "URL", "--at", "HEAD~1"],
    ];
    let all = |what: &str| commands.iter().for_each(|arguments| refuses(&env, what, arguments));
    let (first, last) = (12, whole.len() - 20);
    let zeros = [&whole[..first], &vec![0; last - first], &whole[last..]].concat();
    mend(&path, &zeros);
    all("a pack of zeros");
    mend(&path, &whole[..whole.len() / 2]);
    all("half a pack");
    mend(&path, b"");
    all("an empty pack");
    std::fs::remove_file(&path).unwrap();
    all("an index without its pack");
    mend(&path, &whole);
    mend(&index, &index_bytes[..index_bytes.len() / 2]);
    all("half an index");
    mend(&index, &index_bytes);
    assert_eq!(env.envseal(&["check", "--history"]).soon().status, 0);
    // One byte of one object, wherever it is.
    for at in (first..last).step_by(37) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        mend(&path, &bytes);
        let output = env.envseal(&["check", "--history"]).soon();
        assert_eq!(output.status, 4, "byte {at}: {}{}", text(&output), output.stderr);
    }
}

/// What names something else than a commit, or nothing, is not damage; what names a damaged commit is.
#[test]
fn a_revision_that_is_no_commit() {
    let env = loose();
    for revision in ["HEAD^{tree}", "HEAD:.env", "nowhere"] {
        let output = env.envseal(&["get", "URL", "--at", revision]).soon();
        assert_eq!(output.status, 4, "{revision}: {}", output.stderr);
        let expected = format!("error: unknown revision {revision:?}\nhint: see what there is: ");
        assert!(output.stderr.starts_with(&expected), "{revision}: {}", output.stderr);
    }
    let path = object(&env, "HEAD~1");
    let whole = damage(&path, |bytes| Some(bytes[..bytes.len() / 2].to_vec()));
    let output = env.envseal(&["get", "URL", "--at", "HEAD~1"]).soon();
    assert!(output.status == 4 && !output.stderr.contains("unknown revision"), "{}", output.stderr);
    mend(&path, &whole);
    // HEAD itself.
    env.write(".git/HEAD", format!("{}\n", "1".repeat(40)));
    let output = env.envseal(&["check", "--range", "HEAD~1..HEAD"]).soon();
    assert!(output.status == 4 && output.stderr.contains("cannot read the HEAD"), "{}", output.stderr);
}

/// Refs and HEAD that lead nowhere.
#[test]
fn refs_to_what_is_not_there() {
    let nowhere = "1".repeat(40);
    let env = loose();
    env.write(".git/refs/heads/aside", format!("{nowhere}\n"));
    refuses(&env, "a branch", &["check", "--history"]);
    env.write(".git/refs/heads/aside", "no id\n");
    refuses(&env, "a branch that is none", &["check", "--history"]);
    std::fs::remove_file(env.path(".git/refs/heads/aside")).unwrap();
    env.ok(&["check", "--history"]);
    env.write(".git/refs/heads/main", format!("{nowhere}\n"));
    for arguments in [&["check"][..], &["check", "--staged"], &["check", "--history"], &["log"], &["diff"]] {
        refuses(&env, "HEAD", arguments);
    }
}

/// A git folder that git does not take for one is damaged: neither is there no repository, nor is one to be made.
#[test]
fn a_git_folder_that_git_does_not_recognize() {
    let env = loose();
    let head = std::fs::read(env.path(".git/HEAD")).unwrap();
    let all = |what: &str| {
        for arguments in [
            &["check"][..],
            &["check", "--staged"],
            &["check", "--range", "HEAD~1..HEAD"],
            &["check", "--history"],
            &["log"],
            &["blame"],
            &["set", "NEW", "value"],
            &["set", "NEW", "value", "-e", "new"],
            &["encrypt"],
        ] {
            refuses(&env, what, arguments);
            let told = env.envseal(arguments).soon().stderr;
            assert!(!told.contains("git init"), "{what}: {arguments:?}: {told}");
        }
    };
    for text in ["", "garbage\n"] {
        env.write(".git/HEAD", text);
        all("HEAD is garbage");
    }
    std::fs::remove_file(env.path(".git/HEAD")).unwrap();
    all("HEAD is gone");
    std::fs::write(env.path(".git/HEAD"), head).unwrap();
    std::fs::rename(env.path(".git/refs"), env.path(".git/away")).unwrap();
    all("refs are gone");
    std::fs::rename(env.path(".git/away"), env.path(".git/refs")).unwrap();
    env.ok(&["check", "--history"]);
    // As where a submodule was copied without the repository that it belongs to.
    std::fs::rename(env.path(".git"), env.outside().join("away")).unwrap();
    env.write(".git", "gitdir: ../nowhere\n");
    all("it is elsewhere, and not there");
}

/// Nor is what `GIT_DIR` names absent where git does not recognize it.
#[test]
fn a_git_dir_variable_that_names_no_repository() {
    let env = loose();
    let nowhere = env.outside().join("nowhere");
    for arguments in
        [&["check"][..], &["check", "--staged"], &["check", "--history"], &["log"], &["set", "A", "1"]]
    {
        let output = env.envseal(arguments).var("GIT_DIR", &nowhere).soon();
        assert_eq!(output.status, 4, "{arguments:?}: {}{}", text(&output), output.stderr);
    }
}

/// Of an index that is cut short, git sees fewer files.
#[test]
fn an_index_that_is_cut_short() {
    let env = loose();
    let whole = std::fs::read(env.path(".git/index")).unwrap();
    std::fs::write(env.path(".git/index"), &whole[..100]).unwrap();
    for arguments in [&["check"][..], &["check", "--staged"], &["hook", "run", "pre-commit"]] {
        refuses(&env, "an index cut short", arguments);
    }
    std::fs::write(env.path(".git/index"), &whole).unwrap();
    env.ok(&["check"]);
}

/// What somebody asks git to tell besides is no complaint.
#[test]
fn what_git_traces_is_no_damage() {
    let env = loose();
    for arguments in [&["check", "--history"][..], &["check", "--range", "HEAD~1..HEAD"]] {
        env.envseal(arguments).var("GIT_TRACE", "1").ok();
    }
    let new = TestEnv::new();
    new.envseal(&["check", "--staged"]).var("GIT_TRACE", "1").ok();
}
