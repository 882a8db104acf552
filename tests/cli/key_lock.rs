//! `envseal key lock` and `envseal key unlock`.

use envseal::testing::crypto::PrivateKey;

use crate::support::{Start, TestEnv, contains_all, relock_keys};
#[cfg(unix)]
use crate::support::{on_terminal, on_terminal_answering};

/// The variable that holds the passphrase.
const PASSPHRASE: &str = "ENVSEAL_PASSPHRASE";

/// Creates two environments with a sealed value each. Returns the values, as `get` prints them, and a passphrase.
fn two_environments() -> (TestEnv, [String; 2], String) {
    static START: Start = Start::new();
    let env = TestEnv::copy_of(&START, |env| {
        env.envseal(&["set", "A"]).stdin(env.secret("one")).ok();
        env.envseal(&["set", "A", "-e", "p"]).stdin(env.secret("two")).ok();
    });
    let values = ["canary-one-0\n", "canary-two-1\n"].map(str::to_owned);
    let passphrase = env.secret("passphrase");
    (env, values, passphrase)
}

/// Makes what `key lock` wrote cheap to unlock. `keys` is the text with the private keys.
fn relock(env: &TestEnv, passphrase: &str, keys: &str) {
    env.write(".env.keys", relock_keys(&env.read(".env.keys"), passphrase, keys));
}

fn locked(env: &TestEnv) -> [usize; 2] {
    let keys = env.read(".env.keys");
    [keys.matches("envseal-lk1-").count(), keys.matches("envseal-sk1-").count()]
}

#[test]
fn what_is_locked_opens_with_the_passphrase_and_only_so() {
    let (env, values, passphrase) = two_environments();
    let with_passphrase = |arguments: &[&str]| env.envseal(arguments).var(PASSPHRASE, &passphrase);
    let before = env.read(".env.keys");
    let said = with_passphrase(&["key", "lock"]).output();
    assert_eq!((said.status, &*said.stderr), (0, "Locked 2 keys in .env.keys\n"));
    assert_eq!(locked(&env), [2, 0]);
    let print = ["run", "--", "printenv", "A"];
    assert_eq!(with_passphrase(&print).ok(), values[0]);
    relock(&env, &passphrase, &before);
    assert_eq!(with_passphrase(&["get", "A", "-e", "p"]).ok(), values[1]);

    let said = env.envseal(&print).var(PASSPHRASE, "another").fails(3);
    assert!(said.contains(": wrong passphrase"), "{said}");
    assert!(said.contains("hint: try again with the passphrase it was locked with"), "{said}");
    let said = env.fails(3, &print);
    assert!(said.contains("is locked, and there is no terminal to ask for its passphrase"), "{said}");
    assert!(said.contains("hint: put the passphrase in ENVSEAL_PASSPHRASE"), "{said}");
    // Encrypting needs no private key, and listing unlocks none.
    env.envseal(&["set", "B"]).stdin("1").ok();
    assert!(env.ok(&["ls"]).contains("yes, locked"));
    env.ok(&["check"]);

    let again = with_passphrase(&["key", "lock"]).output();
    assert_eq!((again.status, &*again.stderr), (0, "Already locked: 2 keys in .env.keys\n"));
    let unlock = with_passphrase(&["key", "unlock"]).output();
    assert_eq!((unlock.status, &*unlock.stderr), (0, "Unlocked 2 keys in .env.keys\n"));
    assert_eq!(env.read(".env.keys"), before, "byte for byte what it was");
    assert_eq!(env.ok(&["get", "A"]), values[0]);
}

#[test]
fn a_bare_key_is_locked_listed_and_backed_up_like_any_other() {
    let (env, values, passphrase) = two_environments();
    let with_passphrase = |arguments: &[&str]| env.envseal(arguments).var(PASSPHRASE, &passphrase);
    let named = env.read(".env.keys");
    let named = named.lines().find(|line| line.contains("KEY_P=")).unwrap();
    let bare = env.private_key("ENVSEAL_PRIVATE_KEY");
    let [one, two, three] = std::array::from_fn(|_| PrivateKey::generate().to_text());
    let [one, two, three] = [one.expose(), two.expose(), three.expose()];
    let text = format!("# {bare}\n{named}\r\n\n  {bare}\n{one},{two} \r\n{three}");
    env.write(".env.keys", &text);
    let rows = env.ok(&["key", "list"]);
    assert_eq!(rows.matches(" keys file ").count(), 2, "{rows}");
    let make = with_passphrase(&["key", "backup", "../backup"]).output();
    assert!(make.stderr.starts_with("Backed up 5 keys of default and p in "), "{}", make.stderr);

    let said = with_passphrase(&["key", "lock"]).output();
    assert_eq!((said.status, &*said.stderr), (0, "Locked 5 keys in .env.keys\n"));
    assert_eq!(locked(&env), [5, 1], "the one in the comment is text");
    relock(&env, &passphrase, &text);
    assert_eq!(with_passphrase(&["get", "A"]).ok(), values[0]);
    with_passphrase(&["key", "unlock"]).ok();
    assert_eq!(env.read(".env.keys"), text);
    // Alone in a file; then a new key is locked, too.
    env.write(".env.keys", &bare);
    let said = with_passphrase(&["key", "lock", "-e", "default"]).fails(4);
    assert!(said.ends_with("to include those, leave out -e default\n"), "{said}");
    env.lock_keys(&passphrase);
    with_passphrase(&["key", "rotate"]).ok();
    assert_eq!(locked(&env)[1], 0);
}

#[test]
fn one_environment_of_each_keys_file_is_locked_and_every_other_byte_stays() {
    let (env, values, passphrase) = two_environments();
    let with_passphrase = |arguments: &[&str]| env.envseal(arguments).var(PASSPHRASE, &passphrase);
    let (one, two) = (env.private_key("ENVSEAL_PRIVATE_KEY"), env.private_key("ENVSEAL_PRIVATE_KEY_P"));
    let older = PrivateKey::generate().to_text();
    let older = older.expose();
    let text = format!(
        "# mine\r\nexport ENVSEAL_PRIVATE_KEY_P = \"{two}, {older}\" # two\r\n\nOTHER={one}\nENVSEAL_PRIVATE_KEY={one}"
    );
    env.write(".env.keys", &text);
    env.write("sub/.env.keys", "");
    env.ok(&["set", "-q", "A=1", "-f", "sub/.env.q"]);
    let sub = env.read("sub/.env.keys");
    let run = |command, files: [&str; 2]| {
        env.envseal(&["key", command, files[0], files[1], "-f", "sub/.env.q"]).var(PASSPHRASE, &passphrase)
    };
    run("lock", ["-e", "p"]).ok();
    let keys = env.read(".env.keys");
    let locked: Vec<_> = keys.split(|c: char| !(c.is_alphanumeric() || "-_".contains(c))).collect();
    let locked: Vec<_> = locked.into_iter().filter(|word| word.starts_with("envseal-lk1-")).collect();
    assert_eq!(keys, text.replace(&two, locked[0]).replace(older, locked[1]));
    relock(&env, &passphrase, &text);
    env.write("sub/.env.keys", relock_keys(&env.read("sub/.env.keys"), &passphrase, &sub));
    // The other environment needs no passphrase.
    assert_eq!(env.ok(&["get", "A"]), values[0]);
    let get = ["get", "A", "-e", "p"];
    assert_eq!(with_passphrase(&get).ok(), values[1]);
    run("unlock", ["-f", ".env.p"]).ok();
    assert_eq!((env.read(".env.keys"), env.read("sub/.env.keys")), (text, sub.clone()));
    // All of them are written, or none.
    env.write("sub/.env.keys", sub + "ENVSEAL_PRIVATE_KEY_Q=x\n");
    let before = env.snapshot();
    run("lock", ["-f", ".env.p"]).fails(3);
    assert_eq!(env.snapshot(), before);
}

#[test]
fn whatever_fails_leaves_the_keys_file_as_it_was() {
    let (env, _, passphrase) = two_environments();
    env.lock_key("ENVSEAL_PRIVATE_KEY", &passphrase);
    assert_eq!(locked(&env), [1, 1]);
    let fails = |status, arguments: &[&str], passphrase: &str| {
        env.envseal(arguments).var(PASSPHRASE, passphrase).refuses(status)
    };
    // One key is already locked, with another passphrase.
    assert!(fails(3, &["key", "lock"], "another").contains("wrong passphrase"));
    assert!(fails(3, &["key", "lock", "-e", "default"], "another").contains("wrong passphrase"));
    assert!(fails(3, &["key", "unlock"], "another").contains("wrong passphrase"));
    // An empty passphrase counts as none, and there is no terminal.
    let said = fails(2, &["key", "lock"], "");
    contains_all(&said, &["no terminal", "hint: put the passphrase in ENVSEAL_PASSPHRASE"]);
    assert!(fails(3, &["key", "unlock"], "").contains("no terminal"));
    let said = fails(4, &["key", "lock", "-e", "q"], "x");
    assert!(
        said.contains(".env.keys has no key for environment q\nhint: see which keys there are"),
        "{said}"
    );
    fails(4, &["key", "lock", "-f", ".envrc"], "x");
    #[cfg(unix)]
    {
        crate::support::set_mode(env.path(".env.keys"), 0o444);
        let said = fails(4, &["key", "unlock"], &passphrase);
        assert!(said.contains("is read-only"), "{said}");
        crate::support::set_mode(env.path(".env.keys"), 0o600);
    }
    env.write(".env.keys", env.read(".env.keys") + "ENVSEAL_PRIVATE_KEY_Q=nonsense\n");
    let said = fails(3, &["key", "lock"], &passphrase);
    assert!(said.contains("ENVSEAL_PRIVATE_KEY_Q in "), "{said}");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    for command in ["lock", "unlock"] {
        let said = fails(4, &["key", command], "x");
        assert!(said.contains(".env.keys: it does not exist"), "{said}");
    }
}

#[test]
fn a_locked_key_may_be_injected() {
    let (env, values, passphrase) = two_environments();
    env.lock_keys(&passphrase);
    let key = env.private_key("ENVSEAL_PRIVATE_KEY_P");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let older = PrivateKey::generate().to_text();
    let list = format!("{},{key}", older.expose());
    let get = || env.envseal(&["get", "A", "-e", "p"]).var("ENVSEAL_PRIVATE_KEY_P", &list);
    assert_eq!(get().var(PASSPHRASE, &passphrase).ok(), values[1]);
    let said = get().fails(3);
    assert!(said.contains("in the environment is locked"), "{said}");
}

/// A key that is not in use is not unlocked, so it may be damaged. Commands about history unlock no key.
#[test]
fn only_the_key_that_is_wanted_is_unlocked() {
    let (env, values, passphrase) = two_environments();
    let with_passphrase = |arguments: &[&str]| env.envseal(arguments).var(PASSPHRASE, &passphrase);
    env.lock_keys(&passphrase);
    let (one, two) = (env.private_key("ENVSEAL_PRIVATE_KEY"), env.private_key("ENVSEAL_PRIVATE_KEY_P"));
    let damaged = format!("{}A{}", &two[..two.len() - 2], &two[two.len() - 1..]);
    env.write(".env.keys", format!("ENVSEAL_PRIVATE_KEY={damaged},{one}\n"));
    assert_eq!(with_passphrase(&["get", "A"]).ok(), values[0]);
    env.commit("one");
    env.ok(&["log"]);
    env.ok(&["check", "--history"]);
    assert_eq!(with_passphrase(&["get", "A", "--at", "HEAD"]).ok(), values[0]);
}

/// A locked key in a tracked file gives no key away, but a keys file in git is still an error.
#[test]
fn check_takes_a_locked_key_for_no_key_in_the_open() {
    let (env, _, passphrase) = two_environments();
    env.lock_keys(&passphrase);
    env.write("notes.txt", env.private_key("ENVSEAL_PRIVATE_KEY"));
    env.git(&["add", "."]);
    env.ok(&["check"]);
    env.ok(&["check", "--staged"]);
    env.git(&["add", "-f", ".env.keys"]);
    let found = env.envseal(&["check", "--staged"]).output();
    assert_eq!(found.status, 1);
    assert!(String::from_utf8(found.stdout).unwrap().contains("keys-file"));
}

/// Unlocking keys that were locked together costs one run of Argon2id, not one for each.
#[test]
fn a_batch_costs_one_run() {
    let env = TestEnv::new();
    let all = "e0,e1,e2,e3,e4,e5,e6,e7";
    env.ok(&["set", "-q", "A=1", "-e", all]);
    let timed = |arguments: &[&str]| {
        let start = std::time::Instant::now();
        env.envseal(arguments).var(PASSPHRASE, "p").ok();
        start.elapsed()
    };
    env.lock_keys("p");
    let one = timed(&["get", "A", "-e", "e0"]);
    let all = timed(&["get", "A", "-e", all]);
    assert!(all < one * 4, "{all:?} for eight, {one:?} for one");
}

#[cfg(unix)]
#[test]
fn the_passphrase_is_asked_for_on_the_terminal() {
    let (env, values, passphrase) = two_environments();
    env.plaintext_in("out");
    let (keys, answer) = (env.read(".env.keys"), format!("{passphrase}\n"));
    let twice = [answer.as_bytes(); 2];
    let Some((status, shown)) = on_terminal_answering(&env, &["key", "lock"], &twice) else { return };
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains(".env.keys: ") && shown.contains("Repeat the passphrase: "), "{shown}");
    assert_eq!(locked(&env), [2, 0]);
    relock(&env, &passphrase, &keys);
    let run = ["run", "-e", "default", "-e", "p", "--", "sh", "-c", "printenv A > out"];
    let (status, shown) = on_terminal(&env, &run, Some(answer.as_bytes())).unwrap();
    assert_eq!(status, 0, "{shown}");
    assert_eq!(shown.matches("Passphrase of the keys in ").count(), 1, "asked once: {shown}");
    assert_eq!(env.read("out"), values[0]);
    let before = env.snapshot();
    let (status, shown) = on_terminal(&env, &["get", "A"], Some(b"wrong\n")).unwrap();
    assert_eq!(status, 3);
    assert!(shown.contains("wrong passphrase"), "{shown}");
    // Ctrl-C.
    let (status, _) = on_terminal(&env, &["key", "unlock"], Some(b"\x03")).unwrap();
    assert_eq!(status, 130);
    assert_eq!(env.snapshot(), before);
}

/// Neither by the prompt nor by what catches a limit of a file's size.
#[cfg(target_os = "linux")]
#[test]
fn signals_that_are_ignored_stay_ignored_for_the_program() {
    let (env, _, passphrase) = two_environments();
    env.lock_keys(&passphrase);
    let envseal = env!("CARGO_BIN_EXE_envseal");
    let script = format!("trap '' HUP XFSZ; exec {envseal} run -- grep SigIgn: /proc/self/status");
    let run = env.program("sh", &["-c", &script]);
    let Some((status, shown)) =
        crate::support::run_on_terminal(run, Some(format!("{passphrase}\n").as_bytes()))
    else {
        return;
    };
    assert_eq!(status, 0, "{shown}");
    assert!(shown.trim_end().ends_with("1000001"), "{shown}");
}

#[cfg(unix)]
#[test]
fn what_is_typed_badly_locks_nothing() {
    let (env, ..) = two_environments();
    let before = env.snapshot();
    for (typed, status, said) in [
        (&[&b"one\n"[..], b"two\n"][..], 2, "the two passphrases differ"),
        (&[b"\n"], 2, "an empty passphrase protects nothing"),
        (&[b"\x03"], 130, ""),
        (&[b"one\n", b"\x03"], 130, ""),
        // The second line is not taken as the repetition, nor left for the shell.
        (&[b"one\none\n"], 3, "a passphrase is one line, but several were pasted"),
        (&[b"\x1b[200~one\rone\r\x1b[201~"], 3, "a passphrase is one line, but several were pasted"),
    ] {
        let Some((found, shown)) = on_terminal_answering(&env, &["key", "lock"], typed) else { return };
        assert_eq!(found, status, "{shown}");
        assert!(shown.contains(said), "{shown}");
        assert_eq!(env.snapshot(), before);
    }
}

/// A commit must not stop at a question, so hooks and drivers skip locked keys.
#[cfg(unix)]
#[test]
fn a_hook_asks_nothing() {
    let (env, _, passphrase) = two_environments();
    env.lock_keys(&passphrase);
    env.ok(&["init"]);
    env.git(&["add", "."]);
    for arguments in [&["hook", "run", "pre-commit"][..], &["check"], &["log"], &["ls"], &["key", "list"]] {
        let Some((status, shown)) = on_terminal(&env, arguments, None) else { return };
        assert!(!shown.contains("assphrase"), "{arguments:?}: {shown}");
        assert!(status < 2 || arguments == ["log"], "{arguments:?}: {shown}");
    }
}

/// Nor does a passphrase of another key stop what doesn't need that key.
#[test]
fn a_key_that_a_rotation_makes_is_locked_as_the_one_before_was() {
    let (env, values, passphrase) = two_environments();
    env.ok(&["set", "-q", "A=three", "-e", "q"]);
    env.lock_key("ENVSEAL_PRIVATE_KEY", &env.secret("other"));
    env.lock_key("ENVSEAL_PRIVATE_KEY_P", &passphrase);
    let run = |arguments: &[&str]| env.envseal(arguments).var(PASSPHRASE, &passphrase);
    run(&["set", "B=1"]).ok();
    env.write_plain(".env", format!("{}C={}\n", env.read(".env"), env.secret("c")));
    run(&["encrypt"]).ok();
    env.commit("1");

    env.refuses(3, &["key", "rotate", "-e", "p"]);
    run(&["key", "rotate", "-q", "-e", "p,q"]).ok();
    assert_eq!(locked(&env), [3, 2], "only p has a new key that is locked");
    assert_eq!(run(&["get", "A", "-e", "p"]).ok(), values[1]);
    assert_eq!(env.ok(&["get", "A", "-e", "q"]), "three\n");
    let said = run(&["get", "A"]).fails(3);
    assert!(said.contains("wrong passphrase"), "{said}");
}
