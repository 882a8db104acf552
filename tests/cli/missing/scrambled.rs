//! Damages git's own files: truncates them, flips or zeroes bytes, or copies another file. A check must then give the
//! answer that git would give from what is left, or report the damage.
//!
//! `CI_LONG=1` runs more cases, and `ENVSEAL_TEST_SEED` selects different ones.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::text;
use crate::support::{Output, Run, TestEnv, is_long};

/// The largest address space of a process, in KiB.
const MEMORY: &str = "2900000";

/// A generator of pseudorandom numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}

/// A repository with every kind of file that git keeps, and with plaintext in the commits of `leaks`.
struct Scrambled {
    env: TestEnv,
    files: Vec<PathBuf>,
    leaks: Vec<(&'static str, String)>,
    ends: [String; 2],
}

impl Scrambled {
    fn new() -> Self {
        let env = TestEnv::new();
        let id = |revision: &str| env.git(&["rev-parse", revision]).trim().to_owned();
        let mut leaks = Vec::new();
        env.envseal(&["set", "-q", "URL"]).stdin("one").ok();
        env.commit("sealed");
        let sealed = env.read(".env");
        let mut leak = |name: &'static str| {
            env.write(".env", format!("{sealed}{name}=not-a-canary-{name}\n"));
            env.commit(name);
            leaks.push((name, id("HEAD")));
            env.write(".env", &sealed);
            env.commit("taken back");
        };
        leak("LEAK_OLD");
        env.git(&["checkout", "-qb", "side"]);
        leak("LEAK_MERGED");
        env.git(&["checkout", "-q", "main"]);
        env.write("notes", "text\n".repeat(500));
        env.commit("notes");
        env.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
        env.git(&["branch", "-qD", "side"]);
        env.git(&["checkout", "-qb", "feature"]);
        leak("LEAK_BRANCH");
        env.git(&["checkout", "-q", "--detach", "main"]);
        leak("LEAK_TAG");
        env.git(&["tag", "-a", "-m", "tag", "v1"]);
        env.git(&["tag", "light", "HEAD~1"]);
        env.git(&["checkout", "-q", "main"]);
        env.git(&["repack", "-qadb"]);
        env.git(&["commit-graph", "write", "--reachable", "--changed-paths"]);
        env.git(&["pack-refs", "--all"]);
        env.write("notes", "text\n".repeat(501));
        env.commit("more notes");
        let base = id("HEAD");
        leak("LEAK_RANGE");
        env.git(&["repack", "-qd"]);
        env.git(&["multi-pack-index", "write", "--bitmap"]);
        env.git(&["branch", "loose"]);
        env.write("notes", "text\n".repeat(502));
        env.commit("the last notes");
        env.write(".env", format!("{sealed}LEAK_STAGED=not-a-canary\n"));
        env.git(&["add", ".env"]);
        let ends = [base, id("HEAD")];
        let mut files = Vec::new();
        files_below(&env.path(".git"), &mut files);
        files.sort();
        Self { env, files, leaks, ends }
    }

    /// Returns the leaks that are in these commits.
    fn among(&self, commits: &str) -> BTreeSet<&'static str> {
        let found = self.leaks.iter().filter(|(_, id)| commits.lines().any(|line| line == id));
        found.map(|(name, _)| *name).collect()
    }

    /// Returns what git prints about the repository in its current state, or None if git fails.
    fn git(&self, arguments: &[&str]) -> Option<String> {
        let output = self.env.program("git", &["-c", "core.commitGraph=false"]).args(arguments).output();
        (output.status == 0).then(|| text(&output))
    }

    fn limited(&self, arguments: &[&str]) -> Run<'_> {
        let script = format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"");
        self.env.program("sh", &["-c", &script, env!("CARGO_BIN_EXE_envseal")]).args(arguments)
    }

    /// Asserts that this check answers correctly or fails with an error.
    fn is_answered(&self, what: &str, which: usize) {
        let range = format!("{}..{}", self.ends[0], self.ends[1]);
        let in_range = ["--range", &range];
        let kind: &[&str] = [&["--history"][..], &["--staged"], &in_range, &[]][which];
        let output = self.limited(&[&["check", "--json"], kind].concat()).soon();
        let told = format!("{what}: check {kind:?}: {}\n{}{}", output.status, text(&output), output.stderr);
        if output.status == 4 {
            assert!(output.stderr.contains("error: "), "{told}");
            return;
        }
        let expected = match kind {
            ["--history"] => {
                let commits = self.git(&["rev-list", "--all", "HEAD"]);
                let commits = commits.or_else(|| self.git(&["rev-list", "--all"])).unwrap_or_default();
                assert!(!commits.is_empty(), "an answer without a commit: {told}");
                assert!(self.git(&["rev-list", "--objects", "--all"]).is_some(), "lacks objects: {told}");
                self.among(&commits)
            }
            ["--range", _] => BTreeSet::from(["LEAK_RANGE"]),
            _ => BTreeSet::from(["LEAK_STAGED"]),
        };
        assert_eq!(output.status, i32::from(!expected.is_empty()), "expected {expected:?}: {told}");
        assert_eq!(names(&output), expected, "{told}");
    }
}

/// Returns the variables that were found in plain text.
fn names(output: &Output) -> BTreeSet<&'static str> {
    let text = text(output);
    let all = ["LEAK_OLD", "LEAK_MERGED", "LEAK_BRANCH", "LEAK_TAG", "LEAK_RANGE", "LEAK_STAGED"];
    all.into_iter().filter(|name| text.contains(&format!("{name} is plain text"))).collect()
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for item in folder.read_dir().unwrap().flatten() {
        if item.file_type().unwrap().is_dir() {
            files_below(&item.path(), files);
        } else if item.path().extension().is_none_or(|it| it != "sample") {
            files.push(item.path());
        }
    }
}

/// Damages the bytes in a random way. Returns a description and the damaged bytes.
fn damaged(bytes: &[u8], other: &Path, random: &mut Random) -> (String, Vec<u8>) {
    let mut new = bytes.to_vec();
    let at = random.below(bytes.len());
    let length = 1 + random.below(40).min(bytes.len().saturating_sub(at + 1));
    match random.below(8) {
        0 | 1 => {
            let at = if random.below(4) == 0 { 0 } else { at };
            new.truncate(at);
            (format!("cut off at {at}"), new)
        }
        2 | 3 => {
            for byte in new.iter_mut().skip(at).take(length) {
                *byte = 0;
            }
            (format!("{length} zeros at {at}"), new)
        }
        4 => (format!("the bytes of {}", other.display()), std::fs::read(other).unwrap()),
        _ => {
            let mut flips = Vec::new();
            for _ in 0..=random.below(3) {
                let (at, by) = (random.below(bytes.len()), u8::try_from(1 + random.below(255)).unwrap());
                if let Some(byte) = new.get_mut(at) {
                    *byte ^= by;
                }
                flips.push((at, by));
            }
            (format!("flipped {flips:?}"), new)
        }
    }
}

fn replace(path: &Path, bytes: &[u8]) {
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn any_file_of_git() {
    let repository = Scrambled::new();
    for which in 0..4 {
        repository.is_answered("whole", which);
    }
    let (cases, from) = if is_long() { (2_400, 2) } else { (150, 1) };
    let seed = std::env::var("ENVSEAL_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(from);
    let mut random = Random(seed);
    let mut failed = Vec::new();
    for case in 0..cases {
        let path = &repository.files[random.below(repository.files.len())];
        let other = &repository.files[random.below(repository.files.len())];
        let whole = std::fs::read(path).unwrap();
        let (how, bytes) = damaged(&whole, other, &mut random);
        let what = format!("seed {seed}, case {case}: {} {how}", path.display());
        replace(path, &bytes);
        let which = [0, 0, 0, 1, 2, 2, 3][random.below(7)];
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            repository.is_answered(&what, which);
        }));
        replace(path, &whole);
        if checked.is_err() {
            failed.push(what);
        }
    }
    assert!(failed.is_empty(), "{} of {cases}: {failed:#?}", failed.len());
}
