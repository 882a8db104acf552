//! The command blocks of the docs are run, at a terminal, in a project with a team and a remote.

use std::collections::BTreeMap;

use super::{pages, shell_blocks};
use crate::support::{Person, Session, TestEnv, Tree, write_script};

/// Blocks that are not run: the page, the positions of the blocks on it, and why.
const NOT_RUN: [(&str, &[usize], &str); 9] = [
    ("platforms.md", &[0], "is run by tests/cli/guides/platforms.rs"),
    (
        "password-managers.md",
        &[1, 2, 3, 4, 5],
        "stores keys elsewhere, and is run by tests/cli/key_custody.rs",
    ),
    ("contributing.md", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "builds and tests envseal itself"),
    ("docker.md", &[0, 1, 3], "starts containers"),
    ("format.md", &[0], "needs a key, a name and a value, and is run by tests/library"),
    ("install.md", &[0, 1, 2], "downloads releases; .ci/package-test installs what this build makes"),
    ("git.md", &[1], "writes to a server's /srv"),
    ("library.md", &[0], "downloads envseal"),
    ("speed.md", &[0], "measures for minutes"),
];

/// The programs that the blocks start, besides envseal and git: each reads its stdin, unless that is the terminal.
const STAND_INS: [&str; 13] = [
    "npm",
    "next",
    "vite",
    "node",
    "code",
    "gh",
    "ssh",
    "docker",
    "watch_file",
    "sudo",
    "python",
    "gunicorn",
    "uvicorn",
];

/// Questions, each with the keys that answer it.
type Talk = &'static [(&'static str, &'static str)];

/// Alice and Bob, who share a project. Alice is a member who can decrypt everything; Bob has only cloned it.
struct World<'a> {
    alice: Person<'a>,
    bob: Person<'a>,
    path: String,
    start: Tree,
}

impl<'a> World<'a> {
    fn new(env: &'a TestEnv) -> Self {
        let stand_ins = env.outside().join("stand-ins");
        std::fs::create_dir(&stand_ins).unwrap();
        for name in STAND_INS {
            write_script(stand_ins.join(name), "[ -t 0 ] || cat >/dev/null");
        }
        let bin = std::path::Path::new(env!("CARGO_BIN_EXE_envseal")).parent().unwrap();
        let path = format!("{}:{}:{}", stand_ins.display(), bin.display(), std::env::var("PATH").unwrap());
        let bare = env.outside().join("shared.git");
        env.git(&["init", "-q", "--bare", "-b", "main", bare.to_str().unwrap()]);
        let alice = Person::clone_of(env, &bare, "Alice");
        for name in ["default", "production", "staging", "development"] {
            alice.says(&["set", "-q", "DB_PASSWORD=pw", "AWS_KEY=key", &format!("OF={name}"), "-e", name]);
        }
        for program in ["server", "deploy"] {
            write_script(alice.clone.join(program), "true");
        }
        alice.says(&["init", "-q", "--yes"]);
        alice.says(&["team", "request", "-q"]);
        let fingerprint = alice.fingerprint();
        for name in ["default", "production", "staging", "development"] {
            alice.says(&["team", "approve", "alice", "-q", "-e", name, "--fingerprint", &fingerprint]);
        }
        alice.pushes("A project");
        alice.does(&["branch", "-q", "-u", "origin/main"]);
        let bob = Person::clone_of(env, &bare, "Bob");
        Self { alice, bob, path, start: Tree::read(&env.outside()) }
    }

    /// Puts every file back as it was at first.
    fn restore(&self) {
        let folder = self.alice.env.outside();
        std::fs::read_dir(&folder).unwrap().flatten().for_each(|item| remove(&item.path()));
        self.start.write(&folder);
    }

    /// Runs the lines of a block at a terminal, after its page's setup, and answers each question. Asserts that
    /// everything succeeds and, if the block commits, that nothing is left uncommitted.
    #[track_caller]
    fn runs(&self, person: &Person<'_>, setup: &str, block: &str, talk: &[(&str, &str)]) {
        let clean = if block.contains("git commit") {
            "test -z \"$(git status --porcelain | tee /dev/stderr)\""
        } else {
            ""
        };
        let run = person.env.program("sh", &["-ec", &format!("{setup}\n{block}\n{clean}")]);
        let run = person.run(run).var("PATH", &self.path).var("EDITOR", "code").var("GIT_PAGER", "cat");
        let Some(mut session) = Session::start(run) else { return };
        for (question, answer) in talk {
            session.until(question);
            session.keys(answer);
        }
        let (status, _, shown) = session.end();
        assert_eq!(status, 0, "{block}\n{shown}");
    }
}

fn example_of_a_rotation(world: &World<'_>) -> String {
    let help = world.alice.says(&["key", "rotate", "--help"]);
    let example = help.split("Examples:\n").nth(1).unwrap();
    assert!(example.contains("git commit"), "{example}");
    example.to_owned()
}

fn remove(path: &std::path::Path) {
    if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
}

const PLAINTEXT_PROJECT: &str = "rm -rf .git .gitignore .env* envseal.toml; git init -q -b main
    printf '.env\\n' >.gitignore; printf 'PORT=3000\\nSECRET=s3cret\\n' >.env; git add -A; git commit -qm start";

const CONFLICT: &str = "git checkout -q -b feature; echo theirs | envseal set -q DB_PASSWORD; git commit -qam theirs
    git checkout -q main; echo ours | envseal set -q DB_PASSWORD; git commit -qam ours; git merge feature || true";

/// Somebody else, with the same keys and an identity of the team, rotates in another clone.
const ROTATED_TWICE: &str =
    "cp -r ~/.local/share ~/other; git clone -q \"$(git remote get-url origin)\" ~/clone
    cp .env.keys ~/clone; (cd ~/clone; export XDG_DATA_HOME=~/other; envseal key rotate -q -e production
    git commit -qam theirs; git push -q); envseal key rotate -q -e production; git commit -qam ours";

const COMMITTED_TODAY: &str = "unset GIT_AUTHOR_DATE GIT_COMMITTER_DATE
    git commit -q --amend --no-edit --reset-author; git push -qf";

/// Public keys of people. A forge publishes one of them.
const PUBLISHED_KEYS: &str = "for name in bob dave; do ssh-keygen -q -t ed25519 -N '' -f ~/$name; done
    cp ~/dave.pub .; curl() { cat ~/bob.pub; }";

#[test]
fn each_block_and_the_example_of_a_rotation_do_what_they_say() {
    let mut left = BTreeMap::new();
    // The README has tests of its own (`tests/cli/readme.rs`).
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");
    for (path, text) in pages().into_iter().filter(|(path, _)| path.starts_with(docs)) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        for (at, block) in shell_blocks(&text).into_iter().enumerate() {
            left.insert((name.clone(), at), block.to_owned());
        }
    }
    for (page, blocks, _) in NOT_RUN {
        for at in blocks {
            assert!(left.remove(&(page.to_owned(), *at)).is_some(), "{page} has no block {at}");
        }
    }
    let mut take = |page: &str, line: &str| {
        let found = left.iter().find(|((of, _), block)| of == page && block.contains(line));
        let place = found.unwrap_or_else(|| panic!("{page}: {line}")).0.clone();
        left.remove(&place).unwrap()
    };
    let (joins, leaves) = (take("team.md", "team approve bob"), take("team.md", "team remove bob"));
    // Blocks with their page's setup and the answers to questions. All other blocks need neither.
    let backed_up = "ENVSEAL_PASSPHRASE=p envseal key backup ~/shop-keys.txt";
    let special: [(&str, &str, &str, Talk); 12] = [
        (
            "agents.md",
            "export ENVSEAL_PRIVATE_KEY_AGENT",
            "echo test | envseal set -q -e agent DB_PASSWORD",
            &[],
        ),
        ("lost-keys.md", "key recover", backed_up, &[("Passphrase", "p\n")]),
        ("lost-keys.md", "key generate", "", &[("Value of DB_PASSWORD", "x\n")]),
        (
            "password-managers.md",
            "key backup",
            "",
            &[("New passphrase", "p\n"), ("Repeat", "p\n"), ("Passphrase", "p\n")],
        ),
        ("git.md", "envseal resolve", CONFLICT, &[]),
        ("check.md", "--max-age", COMMITTED_TODAY, &[]),
        (
            "files.md",
            "envseal set DB_PASSWORD",
            "printf 'NEW=plain\n' >>.env.staging",
            &[("Value of DB_PASSWORD", "x\n")],
        ),
        ("team.md", "team add bob", PUBLISHED_KEYS, &[("[y/N]", "y\n"), ("[y/N]", "y\n")]),
        ("team.md", "git rebase --skip", ROTATED_TWICE, &[("[y/N]", "y\n"), ("Value of DB_PASSWORD", "x\n")]),
        ("team.md", "--replace", "rm -r ~/.local/share/envseal", &[]),
        ("first-ten-minutes.md", "envseal init", PLAINTEXT_PROJECT, &[("[Y/n]", "y\n"), ("[Y/n]", "y\n")]),
        (
            "team.md",
            "envseal key backup",
            "",
            &[
                ("New passphrase", "p\n"),
                ("Repeat", "p\n"),
                ("Passphrase", "p\n"),
                ("New passphrase", "p\n"),
                ("Repeat", "p\n"),
            ],
        ),
    ];
    let env = TestEnv::without_git();
    let world = World::new(&env);
    let own = |block: &str, setup: &str, talk: &[(&str, &str)]| {
        world.restore();
        world.runs(&world.alice, setup, block, talk);
    };
    for (page, line, setup, talk) in special {
        own(&take(page, line), setup, talk);
    }
    own(&example_of_a_rotation(&world), "", &[]);
    let (with_commits, others): (Vec<_>, Vec<_>) =
        left.values().partition(|block| block.contains("git commit"));
    for block in with_commits {
        own(block, "", &[]);
    }
    world.restore();
    // A block without a commit leaves the project as the next one expects it.
    for block in others {
        world.runs(&world.alice, "", block, &[]);
    }
    // A member joins and is removed. Each part is run by the person that its comment names.
    world.restore();
    let parts: Vec<_> = joins.split("\n# ").collect();
    assert!(
        parts.len() == 3
            && parts[0].starts_with("# Bob")
            && parts[1].starts_with("Alice")
            && parts[2].starts_with("Bob")
    );
    let lines = |part: &str| part.split_once('\n').unwrap().1.to_owned();
    world.runs(&world.bob, "", &lines(parts[0]), &[]);
    world.alice.does(&["fetch", "-q"]);
    world.alice.does(&["checkout", "-q", "bob"]);
    world.runs(&world.alice, "", &lines(parts[1]), &[("[y/N]", "y\n")]);
    world.alice.does(&["checkout", "-q", "main"]);
    world.alice.does(&["merge", "-q", "bob"]);
    world.alice.does(&["push", "-q"]);
    world.bob.does(&["checkout", "-q", "main"]);
    world.runs(&world.bob, "", &lines(parts[2]), &[]);
    world.runs(&world.alice, "", &leaves, &[("[y/N]", "y\n")]);
}
