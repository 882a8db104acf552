//! Runs every command that writes, and makes each system call that it writes by fail in turn. strace makes the
//! calls fail, so this includes those that a crate makes by itself.
//!
//! What must hold after the next command: everything is old or everything is new; every sealed value decrypts; only the
//! owner can read the keys file; no temporary file is left; git works; and the exit status was true.
//!
//! The short form tries a sample; `CI_LONG=1` tries every call.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use envseal::Vault;
use envseal::testing::team::TeamFile;

use crate::rotate::{grant, member, person, team};
use crate::rotate_killed::has_strace;
use crate::support::{Output, TestEnv, Tree, is_long};

/// The calls, and how each may fail.
const FAULTS: [(&str, &[&str]); 9] = [
    ("write", &["ENOSPC", "EIO"]),
    ("fsync", &["EIO"]),
    ("rename", &["EIO", "EACCES"]),
    ("renameat2", &["ENOSPC"]),
    ("openat", &["EACCES", "EMFILE", "EIO"]),
    ("unlink", &["EIO"]),
    ("mkdir", &["ENOSPC", "EACCES"]),
    ("flock", &["ENOLCK"]),
    ("fchmod", &["EPERM"]),
];

/// Commands that write. The slow ones belong to the long form.
const COMMANDS: [&[&str]; 13] = [
    &["set", "A=new", "-e", "p"],
    &["set", "A=new", "-e", "p", "-e", "q"],
    &["set", "A=new", "-e", "fresh"],
    &["unset", "A", "-e", "p"],
    &["rename", "A", "Z", "-e", "p"],
    &["encrypt", "-f", ".env.plain", "-f", ".env.p"],
    &["encrypt", "--reseal", "--all", "-e", "p"],
    &["decrypt", "-e", "p"],
    &["key", "rotate", "-e", "p"],
    &["team", "approve", "carol", "-e", "p", "--fingerprint", "CAROL"],
    &["team", "remove", "bob", "--yes"],
    &["import", "dotenv", "incoming", "-e", "p", "--yes"],
    &["init", "--yes"],
];

/// A project with two environments, two members and one who requested access, a file to be encrypted and one to be
/// imported, and what all of it was at first.
struct World {
    env: TestEnv,
    start: Tree,
    identity: PathBuf,
    carol: String,
    keys: BTreeMap<String, String>,
}

impl World {
    fn new() -> Self {
        let env = TestEnv::new();
        env.ok(&["set", "-q", "A=one", "B=two", "-e", "p"]);
        env.ok(&["set", "-q", "A=three", "-e", "q"]);
        env.write_plain(".env.plain", "ONLY=four\n");
        env.write("incoming", "C=five\n");
        let ((alice, identity), (bob, _), (carol, _)) =
            (person(&env, "alice"), person(&env, "bob"), person(&env, "carol"));
        grant(&env, "p", "ENVSEAL_PRIVATE_KEY_P", &[("alice", &alice), ("bob", &bob)]);
        let mut waiting = team(&env);
        waiting.put_member(&member("carol"), &carol.public());
        env.write("envseal.toml", waiting.text());
        env.git(&["add", "-A"]);
        env.git(&["commit", "-qm", "old"]);
        // From now on this machine trusts the key.
        env.ok(&["set", "-q", "B=two", "-e", "p"]);
        let start = Tree::read(&env.outside());
        let world = Self { carol: carol.public().fingerprint(), env, start, identity, keys: BTreeMap::new() };
        let keys = world.public_keys();
        Self { keys, ..world }
    }

    fn restore(&self) {
        for folder in ["repo", "home"] {
            std::fs::remove_dir_all(self.env.outside().join(folder)).unwrap();
        }
        self.start.write(&self.env.outside());
    }

    fn env_files(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.env.repo()).unwrap().flatten();
        let names = names.map(|item| item.file_name().to_string_lossy().into_owned());
        let mut names: Vec<_> =
            names.filter(|name| name.starts_with(".env.") && name != ".env.keys").collect();
        names.extend(self.env.path(".env").exists().then(|| ".env".into()));
        names.retain(|name| !name.starts_with(".envseal"));
        names.sort();
        names
    }

    fn public_keys(&self) -> BTreeMap<String, String> {
        let key = |file: &String| {
            let text = self.env.read(file);
            let line = text.lines().find(|line| line.starts_with("ENVSEAL_PUBLIC_KEY"));
            (file.clone(), line.unwrap_or_default().to_owned())
        };
        self.env_files().iter().map(key).collect()
    }

    /// Returns what the files say: every value, which ones are sealed, whether keys changed, and who may read what.
    /// Asserts that every sealed value decrypts.
    fn state(&self, place: &str) -> String {
        let mut state = String::new();
        for file in self.env_files() {
            let vault = Vault::options().keys_file(self.env.path(".env.keys")).open(self.env.path(&file));
            let text = self.env.read(&file);
            let values: Vec<_> = match vault.and_then(|vault| vault.vars()) {
                Ok(vars) => vars.iter().map(|(name, value)| format!("{name}={:?}", value.to_str())).collect(),
                Err(error) if text.contains("=envseal:1:") => panic!("{place}: {file}: {error}"),
                Err(_) => Vec::new(),
            };
            let sealed = text.lines().filter(|line| line.contains("=envseal:1:"));
            let sealed: Vec<_> = sealed.filter_map(|line| line.split('=').next()).collect();
            let is_same = self.keys.get(&file) == self.public_keys().get(&file);
            let _ = writeln!(state, "{file} {values:?} {sealed:?} {is_same}");
        }
        let text = std::fs::read(self.env.path("envseal.toml")).unwrap_or_default();
        let team = TeamFile::parse(&text).unwrap();
        let exposures = team.exposures().iter().map(|it| format!("{} {:?}", it.name, it.state));
        let grants = team.grants().iter().map(|it| format!("{} {}", it.env, it.member));
        state + &format!("{:?} {:?}", exposures.collect::<Vec<_>>(), grants.collect::<Vec<_>>())
    }

    fn run(&self, command: &[&str], inject: Option<(&str, &str, usize)>) -> (Output, bool) {
        let command: Vec<_> =
            command.iter().map(|word| if *word == "CAROL" { self.carol.as_str() } else { word }).collect();
        let log = self.env.outside().join("strace.log");
        let mut run = self.env.envseal(&command);
        if let Some((syscall, error, nth)) = inject {
            let trace = format!("trace={syscall}");
            let inject = format!("inject={syscall}:error={error}:when={nth}");
            run = run.under("strace", &["-qq", "-o", log.to_str().unwrap(), "-e", &trace, "-e", &inject]);
        }
        let output = run.var("ENVSEAL_IDENTITY", &self.identity).output();
        let was_injected = std::fs::read_to_string(&log).is_ok_and(|log| log.contains("(INJECTED)"));
        let _ = std::fs::remove_file(log);
        (output, was_injected)
    }

    /// Runs the command with one failing call. Adds what does not hold to `problems`. Returns true if it existed.
    fn try_one(
        &self,
        command: &[&str],
        fault: (&str, &str, usize),
        (old, new): (&str, &str),
        problems: &mut Vec<String>,
    ) -> bool {
        self.restore();
        let (output, was_injected) = self.run(command, Some(fault));
        let place = format!("{command:?} {fault:?}: status {}\n{}", output.status, output.stderr);
        let mut must = |holds: bool, words: &str| {
            if !holds {
                problems.push(format!("{words}: {place}"));
            }
        };
        must([0, 1, 2, 3, 4].contains(&output.status), "a panic or a signal");
        // The next command finishes or undoes it.
        let next = self.env.envseal(&["ls", "-q"]).output();
        must(next.status == 0, &format!("the next command fails: {}", next.stderr));
        let is = self.state(&place);
        must(is == new || is == old, &format!("half a change:\n{is}\nold {old}\nnew {new}"));
        if output.status == 0 {
            must(is == new, "it did not do what it said");
        } else if is == new && new != old {
            let words = ["is in place", "could not be finished"];
            must(
                words.iter().any(|words| output.stderr.contains(words)),
                "it was done, and it says that it failed",
            );
        }
        let next = self.env.envseal(&["set", "-q", "NEXT=next", "-e", "q"]).output();
        must(next.status == 0, &format!("the next set fails: {}", next.stderr));
        let mut left = Vec::new();
        for folder in ["", ".git", ".git/info"] {
            let names =
                std::fs::read_dir(self.env.path(folder)).unwrap().flatten().map(|item| item.file_name());
            left.extend(names.filter(|name| name.to_string_lossy().contains("envseal-")));
        }
        left.retain(|name| name != "envseal-root" && name != "envseal-hooks");
        must(left.is_empty(), &format!("{left:?} was left"));
        let mode = std::fs::metadata(self.env.path(".env.keys")).unwrap().permissions().mode();
        must(mode & 0o777 == 0o600, "the keys file's mode");
        must(self.env.program("git", &["status", "--short"]).output().status == 0, "git fails");
        was_injected
    }
}

#[test]
fn whatever_fails_files_are_old_or_new_and_the_status_is_true() {
    if !has_strace() {
        return;
    }
    let (mut tried, mut round, mut problems) = (0, 0, Vec::new());
    let world = World::new();
    let old = world.state("as it was");
    for command in COMMANDS {
        world.restore();
        let (output, _) = world.run(command, None);
        assert_eq!(output.status, 0, "{command:?}: {}", output.stderr);
        let new = world.state("undisturbed");
        for (syscall, errors) in FAULTS {
            round += 1;
            // Each command gets a different sample of the calls.
            let (first, step) = if is_long() { (1, 1) } else { (1 + round % 7, 53) };
            for nth in (first..).step_by(step) {
                let error = errors[(nth + round) % errors.len()];
                if !world.try_one(command, (syscall, error, nth), (&old, &new), &mut problems) {
                    break;
                }
                tried += 1;
            }
        }
    }
    println!("{tried} failing calls");
    assert!(problems.is_empty(), "{} of {tried}:\n{}", problems.len(), problems.join("\n"));
    assert!(tried > 40, "{tried}");
}
