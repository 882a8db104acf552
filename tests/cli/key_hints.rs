//! Situations in which a key is missing or wrong: the hint that is shown, and that following it helps.

use envseal::testing::config::EnvName;
use envseal::testing::crypto::PrivateKey;
use envseal::testing::team::{GrantLine, TeamFile};

use crate::rotate::{member, person, team};
use crate::support::{TestEnv, relock_keys};

/// Each row has the setup, a command that then fails, how its hint begins, and how a user follows the hint; `{}` is the
/// command in the hint. After that the failed command works, or the one after `=>`.
///
/// `$P` and `$D` are the private keys of production and default, also in `../keys`; `$F` is Alice's fingerprint.
const ROWS: &[[&str; 4]] = &[
    // An injected key.
    ["export ENVSEAL_PRIVATE_KEY=$P", "envseal get A -e production", "give it its own name: ", "{}"],
    [
        "export ENVSEAL_PRIVATE_KEY=$D",
        "envseal get A -e production",
        "ENVSEAL_PRIVATE_KEY is the key of default; set ENVSEAL_PRIVATE_KEY_PRODUCTION to what ",
        "export ENVSEAL_PRIVATE_KEY_PRODUCTION=$({} -K ../keys)",
    ],
    [
        "export ENVSEAL_PRIVATE_KEY_PRODUCTION=$D",
        "envseal get A -e production",
        "ENVSEAL_PRIVATE_KEY_PRODUCTION is the key of default; set ENVSEAL_PRIVATE_KEY_PRODUCTION to ",
        "export ENVSEAL_PRIVATE_KEY_PRODUCTION=$({} -K ../keys)",
    ],
    ["export ENVSEAL_PRIVATE_KEY=\"'$D'\"", "envseal get A", "leave the key alone in it: ", "{}"],
    [
        "export ENVSEAL_PRIVATE_KEY=ENVSEAL_PRIVATE_KEY=\\\"$D\\\"",
        "envseal get A",
        "leave the key alone in it: ",
        "{}",
    ],
    [
        "export ENVSEAL_PRIVATE_KEY=\"$(cat ../keys)\"",
        "envseal get A",
        "set ENVSEAL_PRIVATE_KEY to what this prints where the key is: ",
        "export ENVSEAL_PRIVATE_KEY=$(env -u ENVSEAL_PRIVATE_KEY {} -K ../keys)",
    ],
    [
        "export ENVSEAL_KEYS_FILE=../mine; touch ../mine",
        "envseal get A",
        "request access: envseal team request; or put the private key of default in ../mine as ENVSEAL_PRIVATE_KEY",
        "echo ENVSEAL_PRIVATE_KEY=$D > ../mine",
    ],
    [
        "export ENVSEAL_PRIVATE_KEY=$(envseal key show)",
        "envseal get A",
        "set ENVSEAL_PRIVATE_KEY to what this prints where the key is: ",
        "export ENVSEAL_PRIVATE_KEY=$(env -u ENVSEAL_PRIVATE_KEY {} -K ../keys)",
    ],
    [
        "export ENVSEAL_PRIVATE_KEY=",
        "envseal get A -K ../keys",
        "give this job the key as ENVSEAL_PRIVATE_KEY, or ",
        "unset ENVSEAL_PRIVATE_KEY",
    ],
    // The lost key of the only member, and of one who granted access to another.
    [
        "export ENVSEAL_IDENTITY=../alice.identity; mv solo envseal.toml",
        "envseal get A",
        "nobody else is in the team; recover ",
        "{}",
    ],
    [
        "export ENVSEAL_IDENTITY=../alice.identity; mv two envseal.toml",
        "envseal get A",
        "ask bob to run: ",
        "ENVSEAL_IDENTITY=../bob.identity {} --fingerprint $F",
    ],
    // Subcommands that don't exist.
    ["true", "envseal key export", "use: ", "{} -K ../keys => true"],
    ["true", "envseal hook add", "use: ", "{} => envseal hook install"],
    // Names that can't be set.
    [
        "printf 'my-key=1\\n' >> .env",
        "envseal set my-key 2",
        "rename it first: ",
        "{} => envseal set my_key 2",
    ],
    ["true", "envseal set 1st 2", "a name has only letters, digits and _: ", "{} 2 => true"],
];

#[test]
fn each_hint_helps() {
    let env = TestEnv::new();
    let secret = env.secret("a");
    env.envseal(&["set", "-q", "A", "-e", "default,production"]).stdin(&secret).ok();
    let ((alice, _), (bob, _)) = (person(&env, "alice"), person(&env, "bob"));
    let mut solo = team(&env);
    solo.put_member(&member("alice"), &alice.public());
    // Alice granted Bob access, and has no grant herself.
    let mut two = TeamFile::parse(solo.text().as_bytes()).unwrap();
    two.put_member(&member("bob"), &bob.public());
    let key = PrivateKey::parse(&env.private_key("ENVSEAL_PRIVATE_KEY")).unwrap();
    let to_bob = (&member("bob"), &bob.public());
    two.put_grant(GrantLine::make(&EnvName::of_dotenv(), &key, to_bob, (&member("alice"), &alice)));
    let (private, production) =
        (env.private_key("ENVSEAL_PRIVATE_KEY"), env.private_key("ENVSEAL_PRIVATE_KEY_PRODUCTION"));
    std::fs::rename(env.path(".env.keys"), env.outside().join("keys")).unwrap();
    let before: Vec<_> = [".env", ".env.production"].map(|name| (name, env.bytes(name))).into();
    let backup = env.outside().join("backup");
    env.envseal(&["key", "backup", "-K", "../keys"]).arg(&backup).var("ENVSEAL_PASSPHRASE", "a b c d e").ok();
    let text = std::fs::read_to_string(&backup).unwrap();
    let relocked = relock_keys(&text, "a b c d e", &format!("{private} {production}"));
    std::fs::write(&backup, relocked).unwrap();
    let run = |script: &str| {
        let run = env.shell(script).var("ENVSEAL_PASSPHRASE", "a b c d e");
        run.var("P", &production).var("D", &private).var("F", alice.public().fingerprint()).output()
    };
    for [amiss, fails, begin, follow] in ROWS {
        for (name, bytes) in &before {
            env.write(name, bytes);
        }
        env.write("solo", solo.text());
        env.write("two", two.text());
        for gone in [".env.keys", "envseal.toml"] {
            let _ = std::fs::remove_file(env.path(gone));
        }
        let failed = run(&format!("{amiss}; {fails}"));
        assert!(failed.status != 0, "{amiss}; {fails}");
        let shown = failed
            .stderr
            .lines()
            .find_map(|line| line.strip_prefix("hint: ").or_else(|| line.trim_start().strip_prefix("tip: ")));
        let hint = shown.unwrap_or_else(|| panic!("{amiss}; {fails}: {}", failed.stderr));
        let rest = hint.strip_prefix(begin).unwrap_or_else(|| panic!("{amiss}; {fails}: {hint}"));
        let command =
            rest.rsplit_once(": ").filter(|_| !begin.ends_with(": ")).map_or(rest, |(_, command)| command);
        let command =
            if rest.contains("key recover FILE") { "envseal key recover ../backup" } else { command };
        let command = command.replace("NAME", "production");
        let (follow, then) = follow.split_once(" => ").unwrap_or((follow, fails));
        // The setup already ran, and moves files, so only its exports are repeated.
        let exports =
            amiss.split("; ").filter(|part| part.starts_with("export")).collect::<Vec<_>>().join("; ");
        let exports = if exports.is_empty() { "true" } else { &exports };
        let script = format!("{exports}; {} && {then}", follow.replace("{}", &command));
        let helped = run(&script);
        assert_eq!(helped.status, 0, "{amiss}; {fails}: {hint}\n{script}\n{}", helped.stderr);
    }
}

/// The values of a copy are encrypted with the key of the environment that it was copied from.
#[test]
fn a_copy_of_another_environments_file_gets_a_key_of_its_own() {
    let env = TestEnv::new();
    let secret = env.secret("a");
    env.envseal(&["set", "-q", "A"]).stdin(&secret).ok();
    let hint = "delete the file, then: envseal get --format dotenv -e default | envseal import dotenv --yes -f .env.staging";
    let of_file = &hint.replace("-e default", "-f .env");
    env.write(".env.staging", env.read(".env"));
    let text = String::from_utf8(env.envseal(&["check"]).output().stdout).unwrap();
    assert!(text.contains(&format!("; if copied, {hint}\n")), "{text}");
    let said = env.envseal(&["get", "A", "-e", "staging"]).output().stderr;
    assert!(said.ends_with(&format!("; if it was copied: {hint}\n")), "{said}");
    let lines = env.read(".env");
    let lines: Vec<_> = lines.lines().filter(|line| !line.starts_with("ENVSEAL_")).collect();
    env.write(".env.staging", lines.join("\n") + "\n");
    let said = env.fails(3, &["set", "B", "1", "-e", "staging"]);
    assert!(said.contains("which is the key of default\n"), "{said}");
    assert!(said.ends_with(&format!("hint: if it was copied: {of_file}\n")), "{said}");
    std::fs::remove_file(env.path(".env.staging")).unwrap();
    env.shell(of_file.split_once(": ").unwrap().1).ok();
    assert_eq!(env.ok(&["get", "A", "-e", "staging"]).trim_end(), secret);
    // The other file is named wherever the person stands.
    std::fs::create_dir(env.path("sub")).unwrap();
    env.write("sub/.env.qa", lines.join("\n") + "\n");
    let said = env.envseal(&["set", "B", "1", "-e", "qa"]).dir(env.path("sub")).fails(3);
    assert!(said.contains("--format dotenv -f ../.env | "), "{said}");
    std::fs::remove_dir_all(env.path("sub")).unwrap();
    assert!(env.check(&[]).is_empty(), "{:?}", env.check(&[]));
}

#[test]
fn access_is_requested_from_the_project_of_the_file() {
    let env = TestEnv::new();
    env.write("app/envseal.toml", "");
    env.ok(&["set", "-q", "A", &env.secret("a"), "-f", ".env.production"]);
    env.write(".env.keys", "");
    let said = env.envseal(&["get", "A", "-f", "../.env.production"]).dir(env.path("app")).fails(3);
    assert!(said.contains("not found in ENVSEAL_PRIVATE_KEY_PRODUCTION or ../.env.keys\n"), "{said}");
    assert!(said.contains("hint: request access: envseal -C .. team request; or put "), "{said}");
    let said = env.envseal(&["get", "A", "-e", "production"]).fails(3);
    assert!(said.contains("hint: request access: envseal team request; or put "), "{said}");
}

/// The folder behind a symlink from elsewhere may be another project than that of the root.
#[cfg(unix)]
#[test]
fn the_roots_team_file_is_not_that_of_a_nested_project() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "A", &env.secret("a")]);
    env.ok(&["team", "request", "-q", "--name", "alice"]);
    env.write("app/envseal.toml", "");
    env.ok(&["set", "-q", "B", &env.secret("b"), "-f", "app/.env"]);
    env.write(".env.keys", "");
    let link = env.outside().join("link");
    std::os::unix::fs::symlink(env.path("app"), &link).unwrap();
    for file in [env.path("app/.env"), link.join(".env")] {
        let said = env.fails(3, &["get", "B", "-f", file.to_str().unwrap()]);
        assert!(!said.contains("alice"), "{said}");
    }
}

#[test]
fn the_environment_of_a_malformed_key_is_named_as_its_file_is() {
    let env = TestEnv::new();
    let variable = "ENVSEAL_PRIVATE_KEY_EU_WEST";
    env.ok(&["set", "-q", "A", &env.secret("a"), "-e", "eu-west"]);
    let key = env.private_key(variable);
    let said = env.envseal(&["get", "A", "-e", "eu-west"]).var(variable, "x").fails(3);
    let hint = "to what this prints where the key is: envseal key show --private -e eu-west\n";
    assert!(said.ends_with(&format!("hint: set {variable} {hint}")), "{said}");
    env.write(".env.keys", format!("{variable}=x\n"));
    let said = env.fails(3, &["get", "A", "-e", "eu-west"]);
    assert!(said.ends_with(&format!("hint: set {variable} {hint}")), "{said}");
    // A keys file alone doesn't tell which of `eu-west`, `eu_west` and `eu.west` it is.
    let said = env.fails(3, &["key", "backup", "../backup"]);
    assert!(said.contains("is not a private key") && !said.contains("hint"), "{said}");
    env.write(".env.keys", format!("{variable}={key}\n"));
}
