//! Damaged objects. A command that needs one fails soon and gives no answer.

use std::path::PathBuf;

use super::text;
use crate::support::{Start, TestEnv};

type Arguments = &'static [&'static str];

const RANGE: Arguments = &["check", "--range", "HEAD~1..HEAD"];
const LONGER_RANGE: Arguments = &["check", "--range", "HEAD~2..HEAD"];
const HISTORY: Arguments = &["check", "--history"];
const LOG: Arguments = &["log"];
const DIFF: Arguments = &["diff", "HEAD~1", "HEAD"];
const BLAME: Arguments = &["blame"];
const AT_HEAD: Arguments = &["get", "URL", "--at", "HEAD"];
const AT_BEFORE: Arguments = &["get", "URL", "--at", "HEAD~1"];

/// Each damaged object, and the commands that can't be answered without it.
const NEEDED: &[(&str, &[Arguments])] = &[
    ("HEAD", &[RANGE, HISTORY, LOG, DIFF, BLAME, AT_HEAD]),
    ("HEAD^{tree}", &[RANGE, HISTORY, LOG, DIFF, AT_HEAD]),
    ("HEAD:.env", &[RANGE, HISTORY, DIFF, AT_HEAD]),
    ("HEAD~1", &[RANGE, LONGER_RANGE, HISTORY, LOG, DIFF, AT_BEFORE]),
    ("HEAD~1^{tree}", &[RANGE, HISTORY, LOG, DIFF, AT_BEFORE]),
    ("HEAD~1:.env", &[RANGE, LONGER_RANGE, HISTORY, LOG, DIFF, AT_BEFORE]),
];

/// A way to damage a loose object, given its bytes.
type Damage = fn(&[u8]) -> Option<Vec<u8>>;

/// Each way leaves less than a whole object and has a test of its own.
macro_rules! damages {
    ($($name:ident: $damage:expr;)+) => {
        const DAMAGES: &[(&str, Damage)] = &[$((stringify!($name), $damage)),+];

        mod each_object {
            $(
                #[test]
                fn $name() {
                    super::is_needed(stringify!($name), $damage);
                }
            )+
        }
    };
}

damages! {
    cut_in_half: |bytes| Some(bytes[..bytes.len() / 2].to_vec());
    without_its_last_bytes: |bytes| Some(bytes[..bytes.len() - 6].to_vec());
    all_zeros: |bytes| Some(vec![0; bytes.len()]);
    empty: |_| Some(Vec::new());
    gone: |_| None;
}

/// Creates a repository with three commits that each change `URL`, with every object loose.
fn loose() -> TestEnv {
    static START: Start = Start::new();
    TestEnv::copy_of(&START, |env| {
        for value in ["one", "two", "three"] {
            env.envseal(&["set", "-q", "URL"]).stdin(value).ok();
            env.commit(value);
        }
    })
}

fn object(env: &TestEnv, name: &str) -> PathBuf {
    let id = env.git(&["rev-parse", name]);
    let (folder, rest) = id.trim().split_at(2);
    env.path(".git/objects").join(folder).join(rest)
}

/// Replaces the bytes of a loose object. Returns the original bytes.
fn damage(path: &PathBuf, how: Damage) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let damaged = how(&bytes);
    std::fs::remove_file(path).unwrap();
    if let Some(damaged) = damaged {
        std::fs::write(path, damaged).unwrap();
    }
    bytes
}

/// Replaces an object with another. Returns its path and its original bytes.
fn swap(env: &TestEnv, name: &str, other: &str) -> (PathBuf, Vec<u8>) {
    let (path, other) = (object(env, name), object(env, other));
    let whole = damage(&path, |_| None);
    std::fs::copy(other, &path).unwrap();
    (path, whole)
}

fn mend(path: &PathBuf, bytes: &[u8]) {
    let _ = std::fs::remove_file(path);
    std::fs::write(path, bytes).unwrap();
}

/// Asserts that a command fails because something is damaged. Returns its stderr.
#[track_caller]
fn refuses(env: &TestEnv, what: &str, arguments: &[&str]) -> String {
    let output = env.envseal(arguments).soon();
    assert_eq!(output.status, 4, "{what}: {arguments:?}: {}{}", text(&output), output.stderr);
    assert!(output.stderr.contains("error: "), "{what}: {arguments:?}: {}", output.stderr);
    output.stderr
}

fn is_needed(how: &str, damaged: Damage) {
    let env = loose();
    for (name, commands) in NEEDED {
        let path = object(&env, name);
        let whole = damage(&path, damaged);
        for arguments in *commands {
            refuses(&env, &format!("{name} {how}"), arguments);
        }
        mend(&path, &whole);
    }
    // After the repair, every command answers.
    for arguments in [RANGE, LONGER_RANGE, HISTORY, LOG, DIFF, BLAME, AT_HEAD, AT_BEFORE] {
        env.ok(arguments);
    }
}

/// A whole object is stored under another object's id. Git reads it as if it were that object.
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
        let (path, whole) = swap(&env, name, other);
        for range in [RANGE, HISTORY] {
            refuses(&env, &format!("{other} in the place of {name}"), range);
        }
        mend(&path, &whole);
    }
    assert_eq!(env.envseal(&["check", "--history"]).soon().status, 0);
}

/// A known commit is replaced by an unknown one. The commits before it would then count as known too.
#[test]
fn another_commit_in_the_place_of_a_known_one() {
    let env = loose();
    let plain = env.read(".env");
    env.write(".env", format!("{plain}LEAK=not-a-canary\n"));
    env.commit("leak");
    env.write(".env", plain);
    env.commit("taken back");
    let range: &[&str] = &["check", "--range", "HEAD~2..HEAD"];
    assert_eq!(env.envseal(range).soon().status, 1);
    let (path, whole) = swap(&env, "HEAD~3", "HEAD");
    assert_eq!(env.git(&["rev-list", "--count", "HEAD~2..HEAD"]).trim(), "1", "git does not see the leak");
    refuses(&env, "a known commit", range);
    mend(&path, &whole);
    assert_eq!(env.envseal(range).soon().status, 1);
}

/// Two tags, one of which is the only ref that leads to a leak.
#[test]
fn another_tag_in_the_place_of_one() {
    let env = loose();
    let plain = env.read(".env");
    env.git(&["tag", "-a", "-m", "x", "old", "HEAD~1"]);
    env.git(&["checkout", "-q", "--detach"]);
    env.write(".env", format!("{plain}LEAK=not-a-canary\n"));
    env.commit("leak");
    env.git(&["tag", "-a", "-m", "x", "new"]);
    env.git(&["checkout", "-q", "main"]);
    assert_eq!(env.envseal(HISTORY).soon().status, 1);
    let (path, whole) = swap(&env, "new", "old");
    refuses(&env, "a tag", HISTORY);
    refuses(&env, "a tag", &["check", "--range", "HEAD~1..new"]);
    mend(&path, &whole);
    assert_eq!(env.envseal(HISTORY).soon().status, 1);
}

/// The contents of a commit-graph are not used.
#[test]
fn a_commit_graph_that_hides_a_commit() {
    let env = loose();
    let good = env.git(&["rev-parse", "HEAD"]).trim().to_owned();
    env.write(".env", format!("{}LEAK=not-a-canary\n", env.read(".env")));
    env.commit("leak");
    env.git(&["rm", "-q", ".env"]);
    env.commit("gone");
    env.git(&["commit-graph", "write", "--reachable"]);
    let graph = env.path(".git/objects/info/commit-graph");
    let mut bytes = std::fs::read(&graph).unwrap();
    // Parents of the last commit: its second word of data, behind the tree (gitformat-commit-graph(5), CDAT).
    let row = |bytes: &[u8], name: &[u8]| {
        let at = bytes.windows(4).position(|it| it == name).unwrap() + 4;
        usize::try_from(u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap())).unwrap()
    };
    let order = env.git(&["rev-list", "--all"]);
    let mut order: Vec<_> = order.lines().map(str::to_owned).collect();
    let head = order[0].clone();
    order.sort();
    let place = |id: &str| order.iter().position(|it| it == id).unwrap();
    let at = row(&bytes, b"CDAT") + place(&head) * 36 + 20;
    bytes[at..at + 4].copy_from_slice(&u32::try_from(place(&good)).unwrap().to_be_bytes());
    mend(&graph, &bytes);
    assert_eq!(env.git(&["rev-list", "--count", "HEAD"]).trim(), "4", "git does not see the leak");
    for arguments in [HISTORY, RANGE, LONGER_RANGE, &["check", "--range", &format!("{good}..HEAD")]] {
        let found = env.envseal(arguments).soon();
        assert!(found.status == 1 || arguments == RANGE && found.status == 0, "{arguments:?} {found:?}");
    }
    assert_eq!(env.envseal(LOG).soon().stdout.windows(4).filter(|it| it == b"LEAK").count(), 2);
}

/// There are commits, but no ref leads to them. That must not count as a history without findings.
#[test]
fn no_ref_leads_to_what_is_there() {
    let new = TestEnv::new();
    assert!(new.envseal(HISTORY).soon().stderr.contains("Nothing was checked"));
    let env = loose();
    let id = env.git(&["rev-parse", "HEAD"]).trim().to_owned();
    env.git(&["gc", "-q"]);
    env.ok(HISTORY);
    mend(&env.path(".git/packed-refs"), b"");
    let range = format!("{}..{id}", "0".repeat(40));
    for arguments in [&["check", "--range", &range][..], RANGE, &["check", "--range", "main..HEAD"]] {
        refuses(&env, "no refs", arguments);
    }
    let said = refuses(&env, "no refs", HISTORY);
    let hint = said.lines().find_map(|line| line.strip_prefix("hint: see which commits are lost: ")).unwrap();
    assert!(env.program("sh", &["-c", hint]).ok().contains(&id), "{hint}");
    env.git(&["update-ref", "refs/heads/main", &id]);
    env.ok(HISTORY);
}

/// An object's header may claim that it is larger than memory.
#[test]
fn an_object_of_any_size() {
    let env = loose();
    let path = object(&env, "HEAD:.env");
    for size in ["99999999999999999", "18446744073709551615", "3000000000"] {
        // A zlib stream without compression.
        let text = format!("blob {size}\0A=1\n");
        let length = u16::try_from(text.len()).unwrap();
        let sum = text.bytes().fold((1u32, 0u32), |(a, b), byte| {
            let a = (a + u32::from(byte)) % 65521;
            (a, (a + b) % 65521)
        });
        let head = [&[0x78, 0x01, 0x01][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
        let bytes = [&head, text.as_bytes(), &(sum.1 << 16 | sum.0).to_be_bytes()].concat();
        let whole = damage(&path, |_| None);
        std::fs::write(&path, bytes).unwrap();
        for arguments in [RANGE, HISTORY, DIFF] {
            refuses(&env, size, arguments);
        }
        mend(&path, &whole);
    }
}

/// A large file is read in pieces, between other files.
#[test]
fn a_large_file_between_others() {
    let env = TestEnv::new();
    env.git(&["config", "core.compression", "0"]);
    for at in 0..3 {
        env.write("large", vec![b'a' + at; (16 << 20) + 1]);
        env.write(format!("small{at}"), format!("{at}\n"));
        env.commit("more");
    }
    let other = TestEnv::new();
    other.ok(&["key", "generate"]);
    let key = other.private_key("ENVSEAL_PRIVATE_KEY");
    env.write("large", format!("{}\n{key}\n", "x".repeat(17 << 20)));
    env.commit("a key");
    let output = env.envseal(HISTORY).soon();
    assert_eq!(output.status, 1, "{}", output.stderr);
    assert!(output.stderr.contains("1 error"), "{}", output.stderr);
}

/// The staged object, and the one that it is compared with.
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
            mend(&path, &whole);
        }
        assert_eq!(env.envseal(&["check", "--staged"]).soon().status, 0);
    }
    // A whole object under another object's id.
    let env = loose();
    env.envseal(&["set", "-q", "URL"]).stdin("four").ok();
    env.git(&["add", ".env"]);
    let (path, whole) = swap(&env, ":.env", "HEAD:.env");
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
    let all = |what: &str| {
        for arguments in [RANGE, HISTORY, LOG, DIFF, AT_BEFORE] {
            refuses(&env, what, arguments);
        }
    };
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
    // One flipped byte, at many places of the pack.
    for at in (first..last).step_by(37) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        mend(&path, &bytes);
        let output = env.envseal(&["check", "--history"]).soon();
        assert_eq!(output.status, 4, "byte {at}: {}{}", text(&output), output.stderr);
    }
}

/// A revision that names something other than a commit, or nothing, is not damage. One that names a damaged commit is.
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

/// Refs and HEAD that point to nothing.
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

/// A git folder that git does not recognize is damaged. It is not a missing repository, and none should be created.
#[test]
fn a_git_folder_that_git_does_not_recognize() {
    let env = loose();
    let head = std::fs::read(env.path(".git/HEAD")).unwrap();
    let all = |what: &str| {
        for arguments in [
            &["check"][..],
            &["check", "--staged"],
            RANGE,
            HISTORY,
            LOG,
            BLAME,
            &["set", "NEW", "value"],
            &["set", "NEW", "value", "-e", "new"],
            &["encrypt"],
        ] {
            let told = refuses(&env, what, arguments);
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
    // The same if a submodule was copied without its repository.
    std::fs::rename(env.path(".git"), env.outside().join("away")).unwrap();
    env.write(".git", "gitdir: ../nowhere\n");
    all("it is elsewhere, and not there");
}

/// A repository that `GIT_DIR` names is not absent either if git does not recognize it.
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

/// From an index that is cut short git reads fewer files; from one with a changed byte, other files.
#[test]
fn an_index_that_is_damaged() {
    let env = loose();
    let whole = std::fs::read(env.path(".git/index")).unwrap();
    let name = whole.windows(5).position(|it| it == b".env\0").unwrap();
    let mut flipped = whole.clone();
    flipped[name + 3] ^= 1;
    for (what, bytes) in [("cut short", &whole[..100]), ("with another name", &flipped)] {
        std::fs::write(env.path(".git/index"), bytes).unwrap();
        for arguments in [&["check"][..], &["check", "--staged"], &["hook", "run", "pre-commit"]] {
            refuses(&env, what, arguments);
        }
    }
    std::fs::write(env.path(".git/index"), &whole).unwrap();
    env.ok(&["check"]);
}

/// Trace output that the user asked git for is not an error.
#[test]
fn what_git_traces_is_no_damage() {
    let env = loose();
    for arguments in [HISTORY, RANGE] {
        env.envseal(arguments).var("GIT_TRACE", "1").ok();
    }
    let new = TestEnv::new();
    new.envseal(&["check", "--staged"]).var("GIT_TRACE", "1").ok();
}
