//! The diff driver, called by the real git.

use crate::merge::{project, set};
use crate::support::TestEnv;

fn is_shown(line: &str, sign: char) -> bool {
    let hash = line.strip_prefix(sign).and_then(|line| line.strip_prefix("A=<sealed "));
    hash.and_then(|hash| hash.strip_suffix('>'))
        .is_some_and(|hash| hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[track_caller]
fn shows_the_change(text: &str) {
    let lines = |sign: char| text.lines().filter(|line| is_shown(line, sign)).collect::<Vec<_>>();
    let (old, new) = (lines('-'), lines('+'));
    assert!(!old.is_empty() && !new.is_empty(), "{text}");
    assert_ne!(old[0][1..], new[0][1..]);
    assert!(!text.contains("envseal:1:"), "{text}");
}

#[test]
fn every_way_of_looking_at_a_change_shows_hashes() {
    let file = "päckage, the 'first'/$x/prod stage.env";
    let env = project(file, &["A"]);
    set(&env, file, "A");
    env.git(&["commit", "-q", "-a", "-m", "two"]);
    std::fs::remove_file(env.path(file).with_file_name(".env.keys")).ok();
    let git = |arguments: &[&str]| env.git_with_envseal(arguments).ok();
    shows_the_change(&git(&["show"]));
    shows_the_change(&git(&["log", "-p"]));
    shows_the_change(&git(&["diff", "HEAD~1"]));
    shows_the_change(&git(&["diff", "HEAD~1", "HEAD"]));
    assert!(git(&["blame", file]).contains(") A=<sealed "));
    env.envseal(&["set", "-q", "A", "-f", file]).stdin(env.secret("three")).ok();
    shows_the_change(&git(&["diff"]));
    env.git(&["add", "-A"]);
    shows_the_change(&git(&["diff", "--cached"]));
    let linked = env.outside().join("linked");
    env.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    shows_the_change(&env.git_with_envseal(&["show"]).dir(&linked).ok());
    // A patch is of the file itself.
    assert!(git(&["format-patch", "-1", "--stdout"]).contains("+A=envseal:1:"));
    // Git keeps no cache of the output.
    assert_eq!(env.git(&["for-each-ref", "refs/notes"]), "");
}

#[test]
fn everything_else_stays_and_odd_files_are_shown_as_they_are() {
    let env = TestEnv::new();
    let token = |env: &TestEnv| {
        env.envseal(&["set", "-q", "A", "-f", "x.env"]).stdin(env.secret("x")).ok();
        env.read("x.env").lines().find_map(|line| line.strip_prefix("A=")).unwrap().to_owned()
    };
    let (one, two) = (token(&env), token(&env));
    let show = |text: &str| {
        env.write("some file", text);
        env.ok(&["hook", "run", "textconv", "some file"])
    };
    let hash = |token: &str| show(&format!("A={token}"))["A=<sealed ".len()..][..8].to_owned();
    assert_ne!(hash(&one), hash(&two));
    let sum = env.program("sha256sum", &[]).stdin(&one).ok();
    assert_eq!(hash(&one), sum[..8]);
    let text = |one: &str, two: &str| {
        format!("\u{feff}# c\r\nexport A = '{one}' # d\r\n\r\nB=\"{two}\"\nstray\nC=plain\n")
    };
    let shown = text(&format!("<sealed {}>", hash(&one)), &format!("<sealed {}>", hash(&two)));
    assert_eq!(show(&text(&one, &two)), shown);
    let literal = show(&shown);
    assert!(literal.contains("<\\sealed ") && literal != shown);
    env.write("utf16", b"\xff\xfeA\0");
    assert_eq!(env.envseal(&["hook", "run", "textconv", "utf16"]).output().stdout, b"\xff\xfeA\0");
    env.write("-q.env", "A=1\n");
    assert_eq!(env.ok(&["hook", "run", "textconv", "-q.env"]), "A=1\n");
    assert!(env.fails(4, &["hook", "run", "textconv", "none"]).contains("does not exist"));
}

#[test]
fn names_that_a_value_may_refer_to_are_shown() {
    let env = TestEnv::new();
    env.write("envseal.toml", "[policy]\nexternal = ['*']\n");
    let secret = env.secret("part");
    env.write_sealed(".env", format!("USER=u # envseal: plain\nURL={secret}-${{USER}}-${{B}}\n"));
    let shown = env.ok(&["hook", "run", "textconv", ".env"]);
    assert!(shown.contains(" refs:B,USER>\n"), "{shown}");
}

#[test]
fn large_files_are_shown_whole() {
    let env = TestEnv::new();
    let text: String = (0..50_000).map(|n| format!("NAME_{n}=value <sealed {n}>\n")).collect();
    env.write("large.env", &text);
    let shown = env.ok(&["hook", "run", "textconv", "large.env"]);
    assert_eq!(shown, text.replace("<sealed", "<\\sealed"));
}
