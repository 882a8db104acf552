//! A case for each rule about files as they are.

use super::{append, project};
use crate::support::{TestEnv, contains_all};

#[test]
fn lines_that_are_nothing_and_lines_in_order() {
    let env = project();
    append(
        &env,
        ".env",
        "just some words\nDB_PASSWORD=\n# OLD=abc\nA=\"$(id)\" # envseal: plain\nB=#value\n",
    );
    let wanted = [
        "4 !stray-line -",
        "5 !duplicate-name DB_PASSWORD",
        "6 commented-value OLD",
        "7 command-substitution A",
        "8 !plaintext B",
        "8 read-otherwise B",
    ];
    assert_eq!(env.check(&[]), wanted.map(|finding| format!(".env:{finding}")));
    env.git(&["checkout", "-q", ".env"]);
    let text = env.read(".env");
    append(&env, ".env", "A=\nB=''\nC=abc # envseal: plain\nD= # a comment\nPATH=/bin\n# just words\n\n");
    assert_eq!(env.check(&[]), [""; 0]);
    // Text that touches a sealed value belongs to it.
    env.write(".env", format!("{}#value\n", text.trim_end()));
    assert!(env.check(&[]).contains(&".env:3 !plaintext DB_PASSWORD".to_owned()), "{:?}", env.check(&[]));
}

#[test]
fn what_only_looks_sealed() {
    let env = project();
    let token = env.read(".env").lines().last().unwrap().split_once('=').unwrap().1.to_owned();
    let other = TestEnv::new();
    other.ok(&["set", "-q", "H=value"]);
    let foreign = other.read(".env").lines().last().unwrap().to_owned();
    let lines = [
        ("A=envseal:1:sk_live_plain".to_owned(), "!malformed-token A"),
        (format!("B={}", &token[..token.len() - 4]), "!malformed-token B"),
        (format!("C={token}="), "!malformed-token C"),
        (format!("D={token}:b,a"), "!malformed-token D"),
        (format!("E='{token}x'"), "!malformed-token E"),
        (format!("F=`{token}`"), "!malformed-token F"),
        (format!("G={token} # envseal: plain"), "!plain-sealed G"),
        (foreign, "!other-key H"),
        (format!("PATH={token}"), "!reserved-sealed PATH"),
        ("LD_PRELOAD=\"${DB_PASSWORD}/bin\"".into(), "!reserved-sealed LD_PRELOAD"),
    ];
    append(&env, ".env", &lines.clone().map(|(line, _)| line + "\n").concat());
    // A glob in the policy counts like a mark.
    env.write("envseal.toml", "[policy]\nplain = ['DB_*']\n");
    let found = env.check(&[]);
    for (at, finding) in ["!plain-sealed DB_PASSWORD"].into_iter().chain(lines.map(|it| it.1)).enumerate() {
        let finding = format!(".env:{} {finding}", at + 3);
        assert!(found.contains(&finding), "{finding}: {found:?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let env = project();
    let text: Vec<u8> = "\u{feff}A=abc\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    env.write(".env.staging", text);
    env.write("a/.env.default", "A=\n");
    let found = env.check(&[]);
    assert_eq!(found, [".env.staging:- !unreadable -", "a/.env.default:- !unreadable -"]);
}

#[test]
fn public_keys() {
    let env = project();
    let text = env.read(".env");
    let key = text.lines().find(|line| line.starts_with("ENVSEAL_PUBLIC_KEY=")).unwrap().to_owned();
    for (changed, finding) in [
        (text.replace(&key, ""), "3 !public-key DB_PASSWORD"),
        (text.replace(&key, &key[..key.len() - 1]), "2 !public-key ENVSEAL_PUBLIC_KEY"),
        (format!("{text}{key}\n"), "4 !public-key ENVSEAL_PUBLIC_KEY"),
        (text.replace("PUBLIC_KEY=", "PUBLIC_KEY_X="), "2 !public-key ENVSEAL_PUBLIC_KEY_X"),
        (TestEnv::new_env_file(), "2 !public-key-changed ENVSEAL_PUBLIC_KEY"),
    ] {
        env.write(".env", &changed);
        let found = env.check(&[]);
        assert!(found.contains(&format!(".env:{finding}")), "{finding}: {found:?}");
    }
    // No mark silences a changed key.
    let changed = TestEnv::new_env_file();
    let line = changed.lines().find(|line| line.starts_with("ENVSEAL_PUBLIC_KEY=")).unwrap();
    env.write(".env", changed.replace(line, &format!("{line} # envseal: allow public-key-changed")));
    assert!(env.check(&[])[0].contains("!public-key-changed"));
    // Nor does moving the file to another spelling of the environment.
    let env = TestEnv::new();
    env.envseal(&["set", "A", "-e", "x"]).stdin("value").ok();
    env.commit("sealed");
    std::fs::remove_file(env.path(".env.x")).unwrap();
    env.write("x.env", TestEnv::new_env_file().replace("PUBLIC_KEY=", "PUBLIC_KEY_X="));
    assert_eq!(env.check(&[]), ["x.env:2 !public-key-changed ENVSEAL_PUBLIC_KEY_X"]);
}

/// The first by name is the new one here.
#[test]
fn another_key_is_that_of_the_file_that_brings_it() {
    let env = TestEnv::new();
    std::fs::create_dir(env.path("web")).unwrap();
    env.ok(&["set", "A", &env.secret("a"), "-f", "web/.env"]);
    env.commit("web");
    env.write("api/.env", TestEnv::new_env_file());
    let told = |arguments: &[&str]| {
        let (what, _, fix) = only_error(&env, arguments);
        assert_eq!(what, "keys-disagree:api/.env");
        assert!(fix.contains("replace the line of the key with that of web/.env,"), "{fix}");
    };
    told(&[]);
    env.git(&["add", "-A"]);
    told(&["--staged"]);
    env.commit("api");
    told(&["--range", "HEAD~1..HEAD"]);
    // A file above has not been reviewed either.
    env.git(&["rm", "-q", "api/.env"]);
    env.write(".env", TestEnv::new_env_file());
    assert!(env.check(&[]).contains(&".env:2 !keys-disagree ENVSEAL_PUBLIC_KEY".to_owned()));
    // A key that is new in both is not to be copied.
    env.git(&["rm", "-qf", "web/.env"]);
    env.git(&["commit", "-qm", "none"]);
    env.write("b/.env", TestEnv::new_env_file());
    let (_, _, fix) = only_error(&env, &[]);
    assert!(fix.contains("give both files the key of your team, then:"), "{fix}");
}

#[test]
fn a_project_that_shares_the_key_of_another_is_told_to_rotate() {
    let env = project();
    std::fs::create_dir(env.path("web")).unwrap();
    env.ok(&["set", "A", &env.secret("a"), "-f", "web/.env"]);
    env.commit("web");
    env.write("web/envseal.toml", "");
    let wanted = ["web/.env:2 key-shared ENVSEAL_PUBLIC_KEY"];
    assert_eq!(env.check_throughout(), wanted);
    env.write("other", "");
    assert!(env.check_commit("something else").is_empty());
    let said = env.check_text(&[]);
    let fix = "fix: give it a key of its own: envseal -C web key rotate -e default\n";
    assert!(said.contains(fix), "{said}");
    env.ok(&["-C", "web", "key", "rotate", "-e", "default"]);
    assert!(env.check(&[]).is_empty(), "{:?}", env.check(&[]));
}

#[test]
fn two_environments_have_two_keys_and_two_key_names() {
    let env = project();
    let key = env.ok(&["key", "show"]);
    env.write("sub/.env.staging", format!("ENVSEAL_PUBLIC_KEY_STAGING={key}"));
    env.write(".env.eu-x", "");
    env.write("sub/.env.eu.x", "");
    let wanted =
        ["sub/.env.eu.x:- !side-by-side -", "sub/.env.staging:1 !key-shared ENVSEAL_PUBLIC_KEY_STAGING"];
    assert_eq!(env.check_throughout(), wanted);
    // Another project has names of its own.
    env.git(&["rm", "-q", "sub/.env.staging"]);
    env.write("sub/envseal.toml", "");
    assert!(env.check(&[]).is_empty(), "{:?}", env.check(&[]));
    let names = ["productıon", "ſtaging", "\u{212a}", "prod\u{200b}uction", "prоduction"];
    for name in names {
        let file = format!(".env.{name}");
        env.write(&file, "");
        env.fails(4, &["set", "A", "1", "-f", &file]);
        env.fails(2, &["set", "A", "1", "-e", name]);
    }
    let found = env.check(&[]);
    assert!(found.len() == names.len() && found.iter().all(|one| one.contains("!unreadable")), "{found:?}");
}

#[test]
fn what_some_file_systems_take_for_a_team_file_or_a_schema() {
    let env = project();
    env.write("Envseal.toml", "[policy]\nplain = ['*']\nexclude = ['**']\n");
    env.write("sub/envſeal.toml", "[policy]\nplain = ['*']\n");
    env.write(".ENV.SCHEMA", "# @sensitive=false\nOPEN=\n");
    let wanted = [
        ".ENV.SCHEMA:- !schema-malformed -",
        "Envseal.toml:- !team-file -",
        "sub/envſeal.toml:- !team-file -",
    ];
    assert_eq!(env.check_throughout(), wanted);
    // Their contents have no effect.
    env.plaintext_in(".env");
    env.write(".env", env.read(".env") + "OPEN=abc\n");
    assert!(env.check(&[]).iter().any(|found| found.contains("!plaintext OPEN")), "{:?}", env.check(&[]));
    env.ok(&["encrypt"]);
    assert!(!env.read(".env").contains("OPEN=abc"));
    assert!(env.ok(&["ls"]).contains(".env"));
}

#[test]
fn a_keys_file_in_other_letters() {
    let env = project();
    let file = ".Env.Keys";
    std::fs::rename(env.path(".env.keys"), env.path(file)).unwrap();
    assert_eq!(env.check(&[]), [".Env.Keys:- !keys-file-not-ignored -"]);
    // It is found and checked as a keys file.
    let sealed = env.read(".env");
    env.ok(&["decrypt"]);
    env.write_plain(".env", sealed);
    env.ok(&["key", "generate", "-e", "fresh"]);
    assert!(!env.path(".env.keys").exists());
    assert!(env.read(".gitignore").lines().any(|line| line == file), "{}", env.read(".gitignore"));
    assert!(env.check(&[]).is_empty(), "{:?}", env.check(&[]));
    env.git(&["add", "-f", file]);
    assert_eq!(env.check(&["--staged"]), [".Env.Keys:- !keys-file -"]);
    assert!(env.fails(3, &["decrypt", "--stdout"]).contains("is tracked by git"));
}

#[test]
fn the_keys_file_is_for_nobody_else() {
    let env = project();
    env.write(".gitignore", "");
    assert_eq!(env.check(&[]), [".env.keys:- !keys-file-not-ignored -"]);
    env.git(&["add", "-f", ".env.keys"]);
    assert_eq!(env.check(&[]), [".env.keys:- !keys-file -"]);
    env.git(&["rm", "-q", "--cached", ".env.keys"]);
    env.write(".gitignore", ".env.keys\n");
    env.write("docker/app.Dockerfile", "");
    assert!(env.check(&[]).is_empty());
    env.write("Dockerfile.prod", "");
    assert_eq!(env.check(&[]), [".env.keys:- !keys-file-docker -"]);
    // The fix works in any folder, and behind a line without an end.
    env.write(".gitignore", "*.log");
    env.write(".dockerignore", "*.log");
    let text = env.envseal(&["check"]).dir(env.path("docker")).output();
    let text = String::from_utf8(text.stdout).unwrap();
    assert_eq!(text.matches("fix: envseal check --fix\n").count(), 2, "{text}");
    env.envseal(&["check", "--fix"]).dir(env.path("docker")).ok();
    assert_eq!(env.read(".gitignore"), "*.log\n.env.keys\n");
    assert_eq!(env.read(".dockerignore"), "*.log\n.env.keys\n**/.env.keys\n");
    env.write(".dockerignore", "**/.env.keys\n");
    assert!(env.check(&[]).is_empty());
    #[cfg(unix)]
    {
        crate::support::set_mode(env.path(".env.keys"), 0o640);
        assert_eq!(env.check(&[]), [".env.keys:- !keys-file-mode -"]);
    }
}

#[test]
fn the_last_pattern_of_a_dockerignore_decides() {
    let env = project();
    for folder in ["a", "a/b"] {
        env.write(format!("{folder}/.env"), env.read(".env"));
        std::fs::copy(env.path(".env.keys"), env.path(folder).join(".env.keys")).unwrap();
    }
    env.write("Dockerfile", "");
    for (text, found) in [
        ("", &[".env.keys", "a/.env.keys", "a/b/.env.keys"][..]),
        ("# .env.keys", &[".env.keys", "a/.env.keys", "a/b/.env.keys"]),
        ("*\n!.env*", &[".env.keys"]),
        (".env.keys", &["a/.env.keys", "a/b/.env.keys"]),
        (".env*", &["a/.env.keys", "a/b/.env.keys"]),
        ("/a/", &[".env.keys"]),
        ("**/.env.keys", &[]),
    ] {
        env.write(".dockerignore", text);
        let mut told = env.check(&[]);
        told.retain(|finding| finding.contains(" !keys-file-docker "));
        let wanted: Vec<_> = found.iter().map(|file| format!("{file}:- !keys-file-docker -")).collect();
        assert_eq!(told, wanted, "{text:?}");
    }
}

#[test]
fn names_across_environments_and_the_example() {
    let env = TestEnv::new();
    env.ok(&["set", "HELLO=development", "--plain"]);
    env.envseal(&["set", "HRLLO", "-e", "production"]).stdin("value").ok();
    assert_eq!(env.check(&[]), [".env.production:3 missing-name HRLLO"]);
    let text = env.check_text(&[]);
    assert!(text.contains("did you mean HELLO?") && text.contains("envseal rename HRLLO HELLO"), "{text}");
    env.ok(&["rename", "HRLLO", "HELLO", "-e", "production"]);
    assert!(env.check(&[]).is_empty());
    env.write(".env.example", "HELLO=\nMORE=\n");
    env.envseal(&["set", "LESSER"]).stdin("value").ok();
    let example = [".env:5 example-missing LESSER", ".env.example:2 example-extra MORE"];
    assert_eq!(env.check(&[]), [&example[..], &[".env.production:- missing-name LESSER"]].concat());
    // Another environment may lack a plain or empty value.
    env.ok(&["set", "LESSER=1", "--plain"]);
    assert_eq!(env.check(&[]), example);
    env.ok(&["set", "LESSER=", "HELLO=", "-e", "staging", "--plain"]);
    assert_eq!(env.check(&[]), example);
}

#[test]
fn old_values_are_reported_when_asked_for() {
    let env = TestEnv::new();
    env.ok(&["set", "-q", "P=1", "--plain"]);
    env.ok(&["set", "-q", "OLD", &env.secret("old")]);
    env.ok(&["set", "-q", "SET", &env.secret("set")]);
    let commit = |date: &str| {
        env.git(&["add", "-A"]);
        env.program("git", &["commit", "-qm", date]).var("GIT_AUTHOR_DATE", date).ok();
    };
    commit("2020-01-02T03:04:05+01:30");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    env.ok(&["set", "-q", "SET", &env.secret("set again")]);
    commit(&format!("@{now} +0000"));
    env.ok(&["key", "rotate", "-q"]);
    commit(&format!("@{now} +0000"));
    env.ok(&["set", "-q", "NEW", &env.secret("new")]);
    assert!(env.check(&[]).is_empty());
    let old = [".env:5 !old-value OLD"];
    assert_eq!(env.check(&["--max-age", "90d"]), old);
    assert_eq!(env.check(&["--max-age", "12w"]), old);
    assert!(env.check(&["--max-age", "9999w"]).is_empty());
    let told = env.check_text(&["--max-age", "90d"]);
    contains_all(&told, &["OLD last changed 2020-01-02, ", "envseal set OLD -f .env"]);
    for wrong in ["90", "d", "-1d", "9999999999d", "1é"] {
        env.fails(2, &["check", &format!("--max-age={wrong}")]);
    }
    env.fails(2, &["check", "--staged", "--max-age", "90d"]);
    // A shallow clone does not know how old a value is.
    let url = format!("file://{}", env.repo().display());
    env.git(&["clone", "-q", "--depth", "1", &url, "../shallow"]);
    env.envseal(&["check", "--max-age", "90d"]).dir(env.outside().join("shallow")).fails(4);
    let outside = env.outside().join("tmp");
    env.envseal(&["check", "--max-age", "90d"]).dir(outside).fails(4);
}

#[test]
fn excluded_and_ignored_files_and_unreadable_policies() {
    let env = project();
    env.write(".gitignore", ".env.keys\n.env.local\n");
    env.write_plain(".env.local", "A=abc\n");
    env.write("fixtures/.env", "A=abc\n");
    env.write("envseal.toml", "[policy]\nexclude = ['fixtures/**']\n");
    env.commit("policy");
    assert!(env.check(&[]).is_empty());
    // Only env files are excluded: a private key is reported anywhere.
    env.write("fixtures/k", env.private_key("ENVSEAL_PRIVATE_KEY"));
    assert_eq!(env.check(&[]), ["fixtures/k:1 !private-key -"]);
    std::fs::remove_file(env.path("fixtures/k")).unwrap();
    env.write("envseal.toml", "[policy\n");
    let found = env.check(&[]);
    assert!(found.iter().any(|finding| finding.starts_with("envseal.toml:- !team-file")), "{found:?}");
    assert!(found.contains(&"fixtures/.env:1 !plaintext A".to_owned()), "{found:?}");
}

#[test]
fn an_allow_silences_its_rule_and_is_told_once() {
    let env = project();
    append(&env, ".env", "A=abc # envseal: allow plaintext\n");
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    env.write("config/secret.yaml", format!("\n{key} # envseal: allow private-key\n"));
    assert_eq!(env.check(&[]), [".env:4 allow-added A", "config/secret.yaml:2 allow-added -"]);
    env.commit("allowed");
    assert!(env.check(&[]).is_empty());
    // The mark still applies to a new value, but not to another rule or name.
    env.write(".env", env.read(".env").replace("A=abc", "A=abd"));
    assert!(env.check(&[]).is_empty());
    env.write(".env", env.read(".env").replace("A=abd", "B=abd"));
    assert_eq!(env.check(&[]), [".env:4 allow-added B"]);
    append(&env, ".env", "B=x # envseal: allow plaintext\n");
    let found = env.check(&[]);
    assert!(found.contains(&".env:5 !duplicate-name B".to_owned()), "{found:?}");
}

#[test]
fn with_the_key_at_hand_a_crafted_token_is_told() {
    let env = project();
    env.envseal(&["set", "OTHER"]).stdin("value").ok();
    let tokens: Vec<_> = env
        .read(".env")
        .lines()
        .filter_map(|l| l.split_once("=envseal:"))
        .map(|(_, t)| t.to_owned())
        .collect();
    // One is moved to another variable; the other has plaintext in place of its list of names.
    append(&env, ".env", &format!("MOVED=envseal:{}\nLISTED=envseal:{}:hunter2\n", tokens[0], tokens[1]));
    let told =
        [".env:5 !does-not-open MOVED", ".env:6 !does-not-open LISTED", ".env:6 dangling-reference LISTED"];
    assert_eq!(env.check(&[]), told);
    env.git(&["add", "-A"]);
    assert_eq!(env.check(&["--staged"]), told);
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    assert_eq!(env.check(&[]), told[2..], "this can't be known without the key");
}

#[cfg(unix)]
#[test]
fn a_name_that_no_env_file_may_have_is_no_way_out() {
    use std::os::unix::ffi::OsStrExt;
    let env = project();
    let names = [&b".env.prod\x01"[..], b".env.a=b", b".env.a\\b", b".env.\xff", b".env."];
    for name in names {
        std::fs::write(env.path(std::ffi::OsStr::from_bytes(name)), "A=abc\n").unwrap();
    }
    env.git(&["add", "-A"]);
    for arguments in [&["--staged"][..], &[]] {
        let found = env.check(arguments);
        let unreadable = found.iter().filter(|finding| finding.ends_with(":- !unreadable -")).count();
        assert_eq!(unreadable, names.len(), "{arguments:?}: {found:?}");
    }
}

/// Returns the rule and file, the message and the fix of the only error that the check finds.
#[track_caller]
fn only_error(env: &TestEnv, arguments: &[&str]) -> (String, String, String) {
    let output = env.envseal(&[&["check", "--json"], arguments].concat()).output();
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let errors: Vec<_> = list.as_array().unwrap().iter().filter(|f| f["severity"] == "error").collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    let text = |key: &str| errors[0][key].as_str().unwrap().to_owned();
    (format!("{}:{}", text("rule"), text("file")), text("message"), text("fix"))
}

#[test]
fn a_new_folder_with_a_key_of_its_own_is_told_what_makes_it_a_project() {
    // `+` comes before `.`, so that the new file is the first of the two by name.
    for folder in ["sub", "+a b"] {
        let env = project();
        let file = format!("{folder}/.env");
        env.write(&file, TestEnv::new_env_file());
        env.git(&["add", "-A"]);
        let told = |arguments: &[&str]| {
            let (what, message, fix) = only_error(&env, arguments);
            assert_eq!(what, format!("keys-disagree:{file}"));
            assert!(
                !message.contains(" changed from key ") && message.contains(", but .env uses key "),
                "{message}"
            );
            fix
        };
        let fix = told(&["--staged"]);
        assert_eq!(told(&[]), fix);
        env.commit("a folder");
        assert_eq!(told(&["--range", "HEAD~1..HEAD"]), fix);
        let command = fix.strip_prefix("for a separate project: ").unwrap().split(';').next().unwrap();
        env.program("sh", &["-c", command]).ok();
        env.commit("a project of its own");
        for arguments in [&[][..], &["--staged"], &["--range", "HEAD~2..HEAD"], &["--range", "HEAD~1..HEAD"]]
        {
            assert_eq!(env.errors(arguments), [""; 0], "{folder} {arguments:?}");
        }
    }
}

#[test]
fn a_key_that_changes_as_the_file_moves_is_told_with_the_file_that_had_it() {
    for own in [false, true] {
        let env = project();
        if own {
            env.write("sub/envseal.toml", "");
        }
        env.git(&["rm", "-q", ".env"]);
        let secret = env.secret("db-password");
        env.write("sub/.env", TestEnv::new_env_file());
        env.envseal(&["set", "-q", "DB_PASSWORD", "-f", "sub/.env"]).stdin(secret).output();
        let text = env.read("sub/.env");
        if !text.contains("DB_PASSWORD") {
            env.write("sub/.env", format!("{text}DB_PASSWORD=\n"));
        }
        env.git(&["add", "-A"]);
        env.commit("moved");
        for arguments in [&["--range", "HEAD~1..HEAD"][..], &["--range", "HEAD~1..HEAD", "--accept-policy"]] {
            let (what, message, _) = only_error(&env, arguments);
            assert_eq!(what, "public-key-changed:sub/.env");
            assert!(message.contains(" in .env to key "), "{message}");
        }
    }
}

#[test]
fn both_sides_of_a_conflict_are_not_judged_as_one_file() {
    let (env, other) = (project(), TestEnv::new());
    other.ok(&["set", "-q", "DB_PASSWORD=other"]);
    let before = env.read(".env");
    append(&env, ".env", &format!("<<<<<<< a\n=======\n{}A=1\n>>>>>>> b\n", other.read(".env")));
    assert_eq!(env.check(&[]), [".env:4 !conflict-marker -", ".env:9 !plaintext A"]);
    let said = env.envseal(&["check"]).output();
    let said = String::from_utf8(said.stdout).unwrap() + &said.stderr;
    let fix = "fix: envseal resolve A --ours -f .env, or envseal resolve A --theirs -f .env\n";
    assert!(said.contains(fix), "{said}");
    // A single marker is no conflict.
    env.write(".env", before + "=======\nDB_PASSWORD=\n");
    assert_eq!(env.check(&[]), [".env:4 !conflict-marker -", ".env:5 !duplicate-name DB_PASSWORD"]);
}

#[test]
fn no_value_takes_the_policy_of_another_project_that_is_gone() {
    let env = TestEnv::new();
    env.write("dev/envseal.toml", "[policy]\nplain = ['PASSWORD']\n");
    env.write("dev/.env", "PASSWORD=dev\n");
    env.write("prod/envseal.toml", "");
    env.envseal(&["set", "-q", "PASSWORD", "-f", "prod/.env"]).stdin("value of no matter").ok();
    env.commit("two projects");
    env.git(&["mv", "dev", "live"]);
    env.git(&["rm", "-rq", "prod"]);
    env.write("live/.env", "PASSWORD=in-the-clear\n");
    env.commit("moved");
    let found = env.check(&["--range", "HEAD~..HEAD"]);
    assert_eq!(found, ["live/.env:1 !plaintext PASSWORD"]);
}

#[test]
fn a_project_that_moves_as_a_whole_widens_nothing() {
    let env = TestEnv::new();
    env.envseal(&["set", "-q", "A"]).stdin("value of no matter").ok();
    env.write("svc/envseal.toml", "[policy]\nplain = ['PORT']\n");
    env.write("svc/.env.x", "PORT=1\n");
    env.commit("a project");
    std::fs::create_dir(env.path("apps")).unwrap();
    env.git(&["mv", "svc", "apps/svc"]);
    env.git(&["add", "-A"]);
    assert!(env.check(&["--staged"]).is_empty(), "{:?}", env.check(&["--staged"]));
    env.commit("moved");
    let range = |to: &str| env.check(&["--range", &format!("HEAD~..{to}")]);
    assert!(range("HEAD").is_empty(), "{:?}", range("HEAD"));
    // The move allows nothing that the base did not: neither another name, nor a value of a project without a policy.
    env.write("apps/svc/.env.x", "PORT=1\nHOST=1\n");
    env.write("apps/svc/envseal.toml", "[policy]\nplain = ['PORT', 'HOST']\n");
    env.git(&["commit", "-qa", "--amend", "--no-edit"]);
    assert_eq!(
        range("HEAD"),
        ["apps/svc/.env.x:2 !plaintext HOST", "apps/svc/envseal.toml:2 !policy-widened -"]
    );
    env.git(&["reset", "-q", "--soft", "HEAD~"]);
    env.write("apps/svc/.env.x", "PORT=1\n");
    env.write("apps/svc/envseal.toml", "[policy]\nplain = ['PORT']\n");
    // A policy that moves without its files, or comes to cover more files, is a new one.
    env.write("apps/svc/.env.y", "PORT=1\n");
    env.git(&["add", "-A"]);
    assert_eq!(env.check(&["--staged"]), ["apps/svc/envseal.toml:2 policy-widened -"]);
    env.git(&["rm", "-qf", "apps/svc/.env.y"]);
    env.git(&["mv", "apps/svc/envseal.toml", "envseal.toml"]);
    assert_eq!(env.check(&["--staged"]), ["envseal.toml:2 policy-widened -"]);
}
