//! Symlinks to another environment's file, or to something outside the project.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::{public_key, sealed_project};
use crate::support::TestEnv;

/// Commands that write to the production env file. None has a value on its command line.
const WRITING: [&[&str]; 9] = [
    &["set", "NEW", "-e", "production"],
    &["set", "NEW", "--plain", "-e", "production"],
    &["unset", "HELLO", "-e", "production"],
    &["rename", "HELLO", "NEW", "-e", "production"],
    &["edit", "-e", "production"],
    &["encrypt", "-e", "production"],
    &["decrypt", "-e", "production"],
    &["key", "generate", "-e", "production"],
    &["import", "dotenv", "more", "-e", "production"],
];

/// Asserts that these commands refuse `.env.production` before they prompt, and write nothing through it.
#[track_caller]
fn not_written_through(env: &TestEnv, says: &str) {
    env.write("more", "MORE=1\n");
    let before = env.snapshot();
    for arguments in WRITING {
        let output = env.envseal(arguments).soon();
        assert_eq!(output.status, 4, "{arguments:?} {}", output.stderr);
        let told = output.stderr.starts_with("error: .env.production is a symlink to ");
        assert!(told && output.stderr.contains(says), "{arguments:?} {says}: {}", output.stderr);
        assert_eq!(env.snapshot(), before, "{arguments:?}");
    }
    std::fs::remove_file(env.path("more")).unwrap();
}

/// Replaces `.env.production` with a symlink.
fn link(env: &TestEnv, target: impl AsRef<Path>) {
    let _ = std::fs::remove_file(env.path(".env.production"));
    symlink(target, env.path(".env.production")).unwrap();
}

#[test]
fn no_secret_is_encrypted_with_another_environments_key() {
    let (env, _) = sealed_project();
    env.write("sub/.env.staging", "");
    symlink("sub", env.path("folder")).unwrap();
    symlink(".env", env.path("hop")).unwrap();
    let absolute = env.path(".env");
    for (target, says) in [
        (Path::new(".env"), "symlink to .env, the env file of default; envseal does not write through it\n"),
        (Path::new("hop"), "symlink to .env, the env file of default"),
        (Path::new("sub/../.env"), "symlink to .env, the env file of default"),
        (&absolute, "symlink to .env, the env file of default"),
        (Path::new("folder/.env.staging"), "symlink to sub/.env.staging, the env file of staging"),
    ] {
        link(&env, target);
        not_written_through(&env, says);
    }
    // The hint does what it says.
    let said = env.fails(4, &["set", "NEW", "x", "-e", "production"]);
    assert!(said.ends_with("\nhint: if you mean that file, name it: -f sub/.env.staging\n"), "{said}");
    // A new production file doesn't take default's key through the link, either.
    link(&env, ".env");
    env.ok(&["set", "NEW", "x", "-f", "sub/.env.production"]);
    assert_ne!(public_key(&env, "sub/.env.production"), public_key(&env, ".env"));
    assert!(env.ok(&["get", "NEW", "-f", "sub/.env.production"]) == "x\n");
    // Reading through the link reads the other environment, with its key.
    assert!(env.ok(&["get", "HELLO", "-e", "production"]).starts_with("canary"));
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let read = |variable: &str| {
        env.envseal(&["get", "HELLO", "-f", ".env.production"]).var(variable, &key).output().status
    };
    assert_eq!((read("ENVSEAL_PRIVATE_KEY"), read("ENVSEAL_PRIVATE_KEY_PRODUCTION")), (0, 3));
}

#[test]
fn nothing_outside_the_project_is_written() {
    let (env, _) = sealed_project();
    env.commit("one");
    env.write("other/envseal.toml", "");
    env.write("other/.env.production", "A=1\n");
    let outside = env.outside().join(".env.production");
    std::fs::write(&outside, "A=1\n").unwrap();
    let worktree = env.outside().join("linked");
    env.git(&["worktree", "add", "-q", worktree.to_str().unwrap()]);
    std::fs::write(worktree.join(".env.production"), "A=1\n").unwrap();
    let sub = env.path("module");
    env.program("git", &["init", "-q", "module"]).ok();
    std::fs::write(sub.join(".env.production"), "A=1\n").unwrap();
    env.write(".git/.env.production", "A=1\n");
    for target in [
        "other/.env.production",
        "../.env.production",
        "../linked/.env.production",
        ".git/.env.production",
        "module/.env.production",
    ] {
        for tracked in [false, true] {
            link(&env, target);
            if tracked {
                env.git(&["add", "-f", ".env.production"]);
            }
            not_written_through(&env, ", outside the project; envseal does not write through it");
            env.git(&["rm", "-q", "--cached", "--ignore-unmatch", ".env.production"]);
        }
        env.ok(&["get", "A", "-e", "production"]);
    }
    for file in [&outside, &worktree.join(".env.production"), &sub.join(".env.production")] {
        assert_eq!(std::fs::read_to_string(file).unwrap(), "A=1\n");
    }
}

#[test]
fn nothing_that_is_no_env_file_is_written() {
    let (env, _) = sealed_project();
    env.write("envseal.toml", "");
    for (file, says) in [
        (".env.example", "a template"),
        (".env.production.bak", "a copy"),
        (".env.vault", "a file of dotenv-vault"),
        (".env.keys", "the keys file"),
        ("envseal.toml", "the team file"),
        (".env.none", "the env file of none"),
        ("settings.txt", "which is not named as an env file"),
        ("gone/away", "which does not exist"),
        ("sub/.env.production", "which does not exist"),
    ] {
        if !matches!(file, ".env.keys" | "envseal.toml" | ".env.none") && !file.contains('/') {
            env.write(file, "A=1\n");
        }
        std::fs::create_dir_all(env.path("sub")).unwrap();
        link(&env, file);
        let says = if file == "gone/away" { "envseal does not write through it" } else { says };
        not_written_through(&env, says);
    }
    link(&env, ".env.example");
    let said = env.fails(4, &["set", "A", "x", "-e", "production"]);
    assert!(
        said.ends_with("\nhint: to start from it: rm .env.production && cp .env.example .env.production\n"),
        "{said}"
    );
    env.program("sh", &["-c", "rm .env.production && cp .env.example .env.production"]).ok();
    env.ok(&["set", "A", "x", "-e", "production"]);
    assert_eq!(env.read(".env.example"), "A=1\n");
    // A symlink to itself leads nowhere.
    link(&env, ".env.production");
    env.fails(4, &["set", "A", "x", "-e", "production"]);
    env.fails(4, &["get", "-e", "production"]);
}

#[test]
fn no_tracked_folder_leads_out_of_the_worktree() {
    let (env, _) = sealed_project();
    let other = env.outside().join("other");
    std::fs::create_dir_all(other.join("deep")).unwrap();
    std::fs::write(other.join("deep/.env"), "A=1\n").unwrap();
    symlink("../other", env.path("web")).unwrap();
    env.git(&["add", "web"]);
    for arguments in [
        &["set", "B", "-f", "web/deep"][..],
        &["encrypt", "-f", "web/deep/.env"],
        &["edit", "-f", "web/deep/.env"],
    ] {
        let output = env.envseal(arguments).soon();
        let told = output.stderr.contains("/web is a symlink that git tracks, and leads to ");
        assert!(output.status == 4 && told, "{arguments:?} {}", output.stderr);
    }
    assert_eq!(std::fs::read_to_string(other.join("deep/.env")).unwrap(), "A=1\n");
    // An untracked symlink is the user's own, and may lead elsewhere.
    env.git(&["rm", "-q", "--cached", "web"]);
    env.ok(&["set", "B", "x", "-f", "web/deep"]);
}

#[test]
fn a_link_to_the_same_environments_file_is_that_file() {
    let env = TestEnv::new();
    let secret = env.secret("s");
    env.write("api/.env.keys", "");
    env.write("api/x", "");
    symlink("api/.env", env.path(".env")).unwrap();
    env.write("api/.env", "B=1 # envseal: plain\n");
    env.envseal(&["set", "S"]).stdin(&secret).ok();
    // Key, ignore rule and values are where they would be for `api/.env`.
    assert!(env.read("api/.env.keys").contains("envseal-sk1-") && !env.path(".env.keys").exists());
    for arguments in [&["get", "S"][..], &["get", "S", "-f", "api"], &["run", "--", "printenv", "S"]] {
        assert_eq!(env.ok(arguments), format!("{secret}\n"));
    }
    // One file under two names is written once.
    env.write("api/.env", env.read("api/.env") + "C=2\n");
    let output = env.envseal(&["encrypt"]).output();
    assert!(
        output.status == 0 && output.stderr.matches("Encrypted 1 value").count() == 1,
        "{}",
        output.stderr
    );
    env.ok(&["key", "rotate"]);
    assert!(env.path(".env").is_symlink());
    assert_eq!(env.ok(&["get", "C"]), "2\n");
    env.commit("all");
    assert_eq!(env.check(&[]), [""; 0]);
    // The key that is trusted for the file is trusted for the link.
    env.ok(&["set", "T", "x", "-f", "api"]);
    let other = TestEnv::new_env_file();
    env.write("api/.env", other);
    let said = env.fails(3, &["set", "S", "x"]);
    assert!(said.contains("key trust"), "{said}");
}

#[test]
fn a_grant_is_not_of_the_environment_that_a_link_stands_for() {
    let (env, _) = sealed_project();
    env.commit("one");
    link(&env, ".env");
    let said = env.envseal(&["key", "rotate", "-e", "production"]).fails(4);
    assert!(said.contains("production"), "{said}");
    let list: serde_json::Value = serde_json::from_str(&env.ok(&["ls", "--json"])).unwrap();
    let of = |file: &str| {
        list.as_array().unwrap().iter().find(|row| row["file"] == file).unwrap()["environment"].clone()
    };
    assert_eq!((of(".env"), of(".env.production")), ("default".into(), "default".into()));
}

#[test]
fn check_tells_of_them_as_git_has_them() {
    let (env, _) = sealed_project();
    env.write(".env.example", "HELLO=\n");
    env.write("other/envseal.toml", "");
    env.write("other/.env.production", "");
    env.commit("one");
    let outside = env.outside().join("x.env");
    std::fs::write(&outside, "").unwrap();
    for target in [
        Path::new(".env"),
        Path::new("other/.env.production"),
        Path::new(".env.example"),
        Path::new("../x.env"),
        &outside,
    ] {
        link(&env, target);
        let told = [".env.production:- symlink -"];
        assert_eq!(env.check(&[]), told, "{target:?}");
        env.git(&["add", "-A"]);
        // The link in the worktree has another target.
        link(&env, "nowhere");
        assert_eq!(env.check(&["--staged"]), told, "{target:?}");
        env.git(&["commit", "-q", "--no-verify", "-m", "link"]);
        assert_eq!(env.check(&["--range", "HEAD~1..HEAD"]), [".env.production:- !symlink -"], "{target:?}");
        env.write("unrelated", target.to_str().unwrap());
        env.git(&["add", "unrelated"]);
        env.git(&["commit", "-q", "--no-verify", "-m", "unrelated"]);
        assert_eq!(env.check(&["--range", "HEAD~1..HEAD"]), [""; 0], "it was there before");
        env.git(&["reset", "-q", "--hard", "HEAD~2"]);
    }
    // Changing only one link of the chain is reported, too.
    env.write("shared/.env.production", "HELLO=\n");
    symlink("shared/.env.production", env.path("hop")).unwrap();
    link(&env, "hop");
    assert_eq!(env.check_commit("fine"), [""; 0]);
    std::fs::remove_file(env.path("hop")).unwrap();
    symlink(".env", env.path("hop")).unwrap();
    assert_eq!(env.check_commit("turned"), [".env.production:- !symlink -"]);
}

/// A file that is no env file may hold plain text; it is an env file's content once a link on the way leads there.
#[test]
fn a_link_on_the_way_is_turned_to_a_file_that_was_pushed_before() {
    for (link_at, target, turned) in [("hop", "v1/x", "v2/x"), ("cur", "v1", "v2")] {
        let (env, _) = sealed_project();
        env.ok(&["set", "-q", "HELLO=x", "-e", "production"]);
        env.write("v1/x", env.read(".env.production"));
        symlink(target, env.path(link_at)).unwrap();
        link(&env, if link_at == "hop" { "hop" } else { "cur/x" });
        env.commit("base");
        env.write("v2/x", env.read("v1/x") + "A=hunter\n");
        assert_eq!(env.check_commit("no env file"), [""; 0]);
        std::fs::remove_file(env.path(link_at)).unwrap();
        symlink(turned, env.path(link_at)).unwrap();
        env.commit("turned");
        let line = env.read("v2/x").lines().count();
        for range in ["HEAD~1..HEAD", "HEAD~1...HEAD"] {
            let found = env.errors(&["--range", range]);
            let plaintext = format!(".env.production:{line} !plaintext A");
            assert_eq!(found, [".env.production:- !symlink -", &plaintext], "{link_at} {range}");
        }
        // A merge takes what only the other branch changed from there.
        env.git(&["checkout", "-q", "-b", "topic", "HEAD~1"]);
        env.write("unrelated", "");
        env.commit("unrelated");
        assert_eq!(env.check(&["--range", "main...HEAD"]), [""; 0], "{link_at}");
    }
}

#[test]
fn plain_text_behind_such_a_link_is_told_once() {
    let (env, _) = sealed_project();
    env.write("settings.txt", "A=hunter\n");
    env.write(".env.example", "A=hunter\n");
    env.write(".env", env.read(".env") + "A=hunter\n");
    for (target, told) in [
        (".env", &[".env.production:- symlink -"][..]),
        (".env.example", &[".env.production:- symlink -", ".env.production:1 !plaintext A"]),
        ("settings.txt", &[".env.production:- symlink -", ".env.production:1 !plaintext A"]),
    ] {
        link(&env, target);
        env.git(&["add", "-A"]);
        for how in [&[][..], &["--staged"]] {
            let mut found = env.check(how);
            found.retain(|finding| {
                finding.starts_with(".env.production") && !finding.contains("missing-name")
            });
            assert_eq!(found, told, "{target} {how:?}");
        }
    }
}

/// A schema or team file that commands read, `check` reads too. What a clone would not have, nothing reads.
#[test]
fn schemas_and_team_files_are_read_alike_by_all_or_by_none() {
    let (env, _) = sealed_project();
    env.write("names.txt", "# @sensitive=false\nA=\n");
    env.write("shared/.env.schema", "# @sensitive=false\nA=\n");
    env.write("conf/team.toml", "[policy]\nplain = [\"A\"]\n");
    env.write(".env.example", "# @sensitive=false\nA=\n");
    env.write(".env", env.read(".env") + "A=plain\n");
    let _ = std::fs::remove_file(env.path("envseal.toml"));
    env.commit("base");
    let outside = env.outside();
    std::fs::write(outside.join("out.toml"), "[policy]\nplain = [\"A\"]\n").unwrap();
    std::fs::write(outside.join(".env.schema"), "# @sensitive=false\nA=\n").unwrap();
    let inside = env.path("shared/.env.schema");
    let sealed = env.read(".env");
    for (name, target, says) in [
        (".env.schema", Path::new("names.txt"), "to names.txt, which is neither an example nor a schema"),
        (".env.schema", Path::new("nowhere"), "to nowhere, which is not a file"),
        (".env.schema", Path::new(".env.schema"), "to .env.schema, which is not a file"),
        (".env.schema", Path::new("../.env.schema"), "out of the repository"),
        (".env.schema", &inside, "out of the repository"),
        (".env.schema", Path::new("conf"), "to conf, which is not a file"),
        ("envseal.toml", Path::new("conf"), "to conf, which is not a file"),
        ("envseal.toml", Path::new("nowhere"), "to nowhere, which is not a file"),
        ("envseal.toml", Path::new("../out.toml"), "out of the repository"),
        // A removal looks for grants in the history of this file alone.
        (
            "envseal.toml",
            Path::new("conf/team.toml"),
            "to conf/team.toml, where its history can't be followed",
        ),
    ] {
        symlink(target, env.path(name)).unwrap();
        let rule = if name == ".env.schema" { "schema-malformed" } else { "team-file" };
        let replace = match target.to_str() {
            Some("conf/team.toml") => {
                format!("replace the link with the file: rm {name} && cp conf/team.toml {name}")
            }
            Some(lost @ ("nowhere" | "conf")) => {
                format!("restore the file {lost}, or remove the link: rm {name}")
            }
            _ => format!("remove the link: rm {name}"),
        };
        let told = |how: &[&str]| {
            let found = env.check(how);
            assert!(found.contains(&format!("{name}:- !{rule} -")), "{name} {target:?} {how:?}: {found:?}");
            let shown = env.envseal(&["check"]).args(how).output().stdout;
            let shown = String::from_utf8(shown).unwrap();
            assert!(shown.contains(&format!("  fix: {replace}\n")), "{name} {target:?} {how:?}: {shown}");
        };
        told(&[]);
        env.git(&["add", "-A"]);
        told(&["--staged"]);
        env.git(&["commit", "-q", "--no-verify", "-m", "link"]);
        told(&["--range", "HEAD~1..HEAD"]);
        for arguments in [&["set", "B=2"][..], &["encrypt"], &["ls", "--example"]] {
            let said = env.fails(4, arguments);
            let says = format!("{name} is a symlink {says}\nhint: {replace}");
            assert!(said.contains(&says), "{target:?} {arguments:?}: {said}");
        }
        assert_eq!(env.read(".env"), sealed);
        env.git(&["reset", "-q", "--hard", "HEAD~1"]);
    }
    // In a clone without the keys file it leads nowhere.
    symlink(".env.keys", env.path(".env.example.new")).unwrap();
    std::fs::rename(env.path(".env.example.new"), env.path(".env.example")).unwrap();
    env.git(&["add", "-A"]);
    for how in [&[][..], &["--staged"]] {
        let found = env.check(how);
        assert!(found.contains(&".env.example:- !schema-malformed -".to_owned()), "{how:?}: {found:?}");
    }
    env.git(&["reset", "-q", "--hard"]);
    // Inside of the repository they are what they lead to.
    symlink("shared", env.path("hop")).unwrap();
    symlink("hop/.env.schema", env.path(".env.schema")).unwrap();
    env.git(&["add", "-A"]);
    for how in [&[][..], &["--staged"]] {
        assert_eq!(env.errors(how), [""; 0]);
    }
    env.ok(&["set", "B=2"]);
}

#[test]
fn without_git_a_schema_may_be_a_link_out_of_its_folder() {
    let env = TestEnv::without_git();
    env.write("shared/.env.schema", "A=\n");
    std::fs::create_dir(env.path("app")).unwrap();
    symlink("../shared/.env.schema", env.path("app/.env.schema")).unwrap();
    env.ok(&["set", "A", "1", "-f", "app/.env"]);
    env.ok(&["run", "-f", "app/.env", "--", "true"]);
    env.write("shared/.env.schema", "# @required\nB=\n");
    let said = env.envseal(&["run", "-f", "app/.env", "--", "true"]).output();
    assert!(said.status != 0 && said.stderr.contains('B'), "{}", said.stderr);
}
