//! `envseal doctor`: why a file can or can't be decrypted, and the one command that fixes it.

use envseal::testing::crypto::PrivateKey;
use serde_json::{Value, json};

use crate::support::{Start, TestEnv};

/// Returns doctor's exit status, and what it says about the files and the clone.
fn doctor(env: &TestEnv) -> (i32, Value) {
    let output = env.envseal(&["doctor", "--json"]).output();
    (output.status, serde_json::from_slice(&output.stdout).unwrap())
}

/// Returns the troubles of the only file, which must have some.
fn troubles(env: &TestEnv) -> Vec<Value> {
    let (status, said) = doctor(env);
    let files = said["files"].as_array().unwrap();
    assert_eq!((status, files.len()), (1, 1), "{said:#}");
    let troubles = files[0]["troubles"].as_array().unwrap().clone();
    assert!(!troubles.is_empty());
    troubles
}

/// Returns the only trouble of the only file.
fn trouble(env: &TestEnv) -> Value {
    let troubles = troubles(env);
    assert_eq!(troubles.len(), 1, "{troubles:#?}");
    troubles[0].clone()
}

/// Runs a fix as if a user pasted it.
fn paste(env: &TestEnv, fix: &Value) {
    env.shell(fix.as_str().unwrap()).ok();
}

/// A file with the sealed values A and B in a repository with hooks and drivers.
fn healthy() -> TestEnv {
    static START: Start = Start::new();
    TestEnv::copy_of(&START, |env| {
        env.ok(&["init", "-q"]);
        env.ok(&["set", "A", &env.secret("a")]);
        env.ok(&["set", "B", &env.secret("b")]);
    })
}

#[test]
fn a_fix_for_another_folder_works_from_where_the_person_stands() {
    let env = TestEnv::new();
    for (folder, name) in [("..", "ABOVE"), (".", "HERE"), ("a b", "THERE")] {
        env.write(format!("sub/{folder}/.env"), format!("{name}=a plain value\n"));
    }
    let import = ["-C", "sub", "-C", "a b", "import", "dotenv", "old", "-e", "new", "--yes"];
    for folder in [".", "sub", "sub/a b"] {
        env.write(format!("{folder}/old"), "OLD=a plain value\n");
    }
    let said = env.envseal(&import).output().stderr;
    assert!(said.contains(": rm 'sub/a b/old'\n"), "{said}");
    let output = env.envseal(&["-C", "sub", "-C", "a b", "doctor"]).output();
    let text = String::from_utf8(output.stdout).unwrap();
    let fix =
        text.lines().find_map(|line| line.trim().strip_prefix("fix: ").filter(|fix| fix.contains("encrypt")));
    paste(&env, &fix.expect(&text).into());
    assert!(env.read("sub/a b/.env").contains("THERE=envseal:1:"));
    assert!(!env.read(".env").contains("envseal:") && !env.read("sub/.env").contains("envseal:"));
}

fn lines_of(text: &str, but: &str) -> String {
    text.lines().filter(|line| !line.starts_with(but)).map(|line| format!("{line}\n")).collect()
}

fn key_id(env: &TestEnv) -> String {
    doctor(env).1["files"][0]["key"].as_str().unwrap().to_owned()
}

/// Gives the environment a new key pair by hand: the public key in the file, the private key before the older one.
fn rotate(env: &TestEnv) {
    let older = env.private_key("ENVSEAL_PRIVATE_KEY");
    let (old, new) = (PrivateKey::parse(&older).unwrap(), PrivateKey::generate());
    let public = [&old, &new].map(|key| key.public().to_string());
    env.write(".env", env.read(".env").replace(&public[0], &public[1]));
    let both = format!("{},{older}", new.to_text().expose());
    env.write(".env.keys", env.read(".env.keys").replace(&older, &both));
}

#[test]
fn all_is_well() {
    let env = healthy();
    let id = key_id(&env);
    assert_eq!(env.envseal(&["doctor", "-q"]).output().stderr, "");
    assert_eq!(
        doctor(&env),
        (
            0,
            json!({
                "files": [{
                    "file": ".env", "environment": "default", "key": id, "sealed": 2, "plain": 0, "unmarked": 0,
                    "private_key": "ENVSEAL_PRIVATE_KEY in .env.keys", "troubles": []
                }],
                "clone": {
                    "hooks_folder": ".git/hooks", "pre_commit_hook": "installed", "pre_merge_commit_hook": "installed",
                    "pre_push_hook": "installed", "merge_and_diff_drivers": "installed"
                },
                "lacking": [],
                "suggestions": []
            })
        )
    );
}

#[test]
fn an_injected_key_opens_and_an_empty_or_malformed_one_is_told() {
    let env = healthy();
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let with = |key: &str| env.envseal(&["doctor"]).var("ENVSEAL_PRIVATE_KEY", key).output();
    let said = with(&key);
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(text.contains("private key ENVSEAL_PRIVATE_KEY in the environment\n"), "{text}");
    assert_eq!(said.status, 0);
    for (key, words) in [("", "but empty"), ("nonsense", "is not a private key: not an envseal key")] {
        let said = with(key);
        let text = String::from_utf8(said.stdout).unwrap();
        assert!(text.contains(words) && text.contains("\n    fix: "), "{text}");
        assert_eq!(said.status, 1);
    }
}

#[test]
fn a_wrong_key_is_told_by_its_id() {
    let env = healthy();
    let other = PrivateKey::generate();
    env.write(".env.keys", format!("ENVSEAL_PRIVATE_KEY={}\n", other.to_text().expose()));
    let trouble = trouble(&env);
    let held = format!(" holds key {}", other.public().id());
    assert!(trouble["details"][1].as_str().unwrap().ends_with(&held), "{trouble}");
}

#[test]
fn a_key_under_another_environments_name_is_found() {
    let env = healthy();
    std::fs::rename(env.path(".env"), env.path(".env.base")).unwrap();
    assert_eq!(
        trouble(&env)["fix"],
        "if it was renamed: rename that line to ENVSEAL_PUBLIC_KEY_BASE, and ENVSEAL_PRIVATE_KEY in .env.keys to \
         ENVSEAL_PRIVATE_KEY_BASE; if it was copied: delete the file, then: envseal get --format dotenv -e default | envseal \
         import dotenv --yes -f .env.base"
    );
    env.write(".env.base", env.read(".env.base").replace("PUBLIC_KEY=", "PUBLIC_KEY_BASE="));
    let trouble = trouble(&env);
    assert_eq!(
        trouble["fix"],
        "in .env.keys, copy the line of ENVSEAL_PRIVATE_KEY and name the copy ENVSEAL_PRIVATE_KEY_BASE"
    );
    let there = "ENVSEAL_PRIVATE_KEY in .env.keys holds this key, which is ENVSEAL_PRIVATE_KEY_BASE by name";
    assert_eq!(trouble["details"][1], there);
    env.write(".env.keys", env.read(".env.keys").replace("PRIVATE_KEY=", "PRIVATE_KEY_BASE="));
    assert_eq!(doctor(&env).0, 0);
}

#[test]
fn values_sealed_to_an_older_key_are_resealed_by_the_fix() {
    let env = healthy();
    let (older, older_key) = (key_id(&env), env.private_key("ENVSEAL_PRIVATE_KEY"));
    rotate(&env);
    let told = json!({
        "message": format!("2 values encrypted to another key than the file's: {older}"),
        "details": [".env:3 A", ".env:4 B"],
        "fix": "envseal encrypt --reseal -f .env"
    });
    let before = (env.snapshot(), env.bytes(".git/config"));
    assert_eq!(trouble(&env), told);
    assert_eq!((env.snapshot(), env.bytes(".git/config")), before, "doctor changes nothing");
    let both = env.read(".env.keys");
    env.write(".env.keys", both.replace(&format!(",{older_key}"), ""));
    let fix = trouble(&env)["fix"].as_str().unwrap().to_owned();
    assert_eq!(
        fix,
        format!(
            "with the private key of {older}: envseal encrypt --reseal -f .env; or if nobody has it any more, with new values: \
             envseal set A -f .env; envseal set B -f .env"
        )
    );
    env.write(".env.keys", both);
    paste(&env, &told["fix"]);
    assert_eq!(doctor(&env).0, 0);
}

#[test]
fn who_has_the_older_key_alone_can_still_reseal() {
    let env = healthy();
    let older = env.private_key("ENVSEAL_PRIVATE_KEY");
    rotate(&env);
    let both = env.read(".env.keys");
    // C is encrypted with the new key. Its private key is then removed.
    env.ok(&["set", "C", "-q", &env.secret("c")]);
    let newer_and_older = env.private_key("ENVSEAL_PRIVATE_KEY");
    env.write(".env.keys", both.replace(&newer_and_older, &older));
    let troubles = troubles(&env);
    assert_eq!(troubles.len(), 2, "{troubles:#?}");
    assert!(troubles[0]["message"].as_str().unwrap().starts_with("no private key for default (key "));
    assert_eq!(troubles[1]["fix"], "envseal encrypt --reseal -f .env -k A -k B");
    let line = env.read(".env").lines().last().unwrap().to_owned();
    paste(&env, &troubles[1]["fix"]);
    assert_eq!(env.read(".env").lines().last().unwrap(), line, "C is unchanged");
    env.write(".env.keys", both);
    assert_eq!(doctor(&env).0, 0);
}

#[test]
fn swapped_values_are_whole_and_nobody_is_told_to_write_over_them() {
    let env = healthy();
    let text = env.read(".env");
    env.write(".env", text.replace("\nA=", "\nX=").replace("\nB=", "\nA=").replace("\nX=", "\nB="));
    assert_eq!(
        trouble(&env),
        json!({
            "message": "2 values could not be decrypted",
            "details": [
                ".env:3 B: encrypted for another name, or altered",
                ".env:4 A: encrypted for another name, or altered"
            ],
            "fix": "see who changed it: git log -p -- .env; if a line was renamed or moved by hand, restore its name"
        })
    );
}

#[test]
fn each_damaged_value_is_named_with_its_own_fix() {
    let env = healthy();
    let altered = |line: &str| match line.split_at_checked(130) {
        Some((start, end)) => {
            format!("{start}{}{}\n", if end.starts_with('A') { "B" } else { "A" }, &end[1..])
        }
        None => format!("{line}\n"),
    };
    env.write(".env", env.read(".env").lines().map(altered).collect::<String>());
    let troubles = troubles(&env);
    let of = |at: usize| (troubles[at]["message"].clone(), troubles[at]["fix"].as_str().unwrap().to_owned());
    assert_eq!(of(0).0, ".env:3 A: damaged");
    assert!(of(0).1.ends_with("envseal set A -f .env") && of(1).1.ends_with("envseal set B -f .env"));
    assert_eq!(troubles.len(), 2);
}

#[test]
fn a_lost_public_key_is_one_trouble() {
    let env = healthy();
    env.write(".env", lines_of(&env.read(".env"), "ENVSEAL_"));
    let trouble = trouble(&env);
    assert_eq!(trouble["message"], "2 values could not be decrypted");
    assert_eq!(trouble["details"].as_array().unwrap().len(), 2);
    assert_eq!(trouble["fix"], "restore the line: git log -p -- .env");
}

#[test]
fn plain_text_is_sealed_by_the_fix_and_a_token_that_is_none_is_no_plain_text() {
    let env = healthy();
    std::fs::create_dir(env.path("a b")).unwrap();
    std::fs::rename(env.path(".env"), env.path("a b/.env")).unwrap();
    env.write("a b/.env", env.read("a b/.env") + "C=" + "ccc\n");
    let said = trouble(&env);
    assert_eq!(said["message"], "1 value in plain text");
    assert_eq!(said["fix"], "envseal encrypt -f 'a b/.env'");
    paste(&env, &said["fix"]);
    assert_eq!(doctor(&env).0, 0);
    env.write("a b/.env", env.read("a b/.env") + "D=envseal:1:AAAA\n");
    let said = trouble(&env);
    assert!(said["fix"].as_str().unwrap().contains("envseal set D"), "{said}");
}

#[test]
fn a_file_that_cannot_be_read_does_not_hide_the_others() {
    let env = healthy();
    env.write(".env.b", "<<<<<<< ours\nX=1\n");
    let (status, said) = doctor(&env);
    assert_eq!(status, 1);
    assert_eq!(said["files"][0]["troubles"], json!([]));
    assert_eq!(said["files"][1]["environment"], Value::Null);
    assert_eq!(said["files"][1]["troubles"][0]["message"], ".env.b:1 contains a merge-conflict marker");
    assert_eq!(env.envseal(&["doctor", "-f", ".env"]).output().status, 0);
}

#[test]
fn a_clone_without_hooks_and_drivers_is_told_and_mended_by_the_fix() {
    let env = healthy();
    env.commit("1");
    let clone = env.outside().join("clone");
    env.git(&["clone", "-q", ".", clone.to_str().unwrap()]);
    std::fs::copy(env.path(".env.keys"), clone.join(".env.keys")).unwrap();
    let output = env.envseal(&["doctor"]).dir(&clone).output();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("merge and diff drivers\n    fix: envseal init\n"), "{text}");
    // The files have no problems, but the clone does.
    assert_eq!((output.status, &*output.stderr), (1, ""));
    env.envseal(&["init", "-q"]).dir(&clone).ok();
    assert_eq!(env.envseal(&["doctor"]).dir(&clone).output().stderr, "No problems found\n");
}

#[cfg(unix)]
#[test]
fn what_stands_in_the_way_of_hooks_and_drivers_is_told_with_a_fix_of_its_own() {
    use crate::support::set_mode;

    let env = healthy();
    set_mode(env.path(".git/hooks/pre-commit"), 0o644);
    env.write(".git/hooks/pre-push", "#!/usr/bin/python3\n");
    set_mode(env.path(".git/hooks/pre-push"), 0o755);
    env.git(&["config", "merge.envseal.driver", "mine"]);
    let (status, said) = doctor(&env);
    assert_eq!(status, 1);
    let told: Vec<_> =
        said["lacking"].as_array().unwrap().iter().map(|it| (&it["message"], &it["fix"])).collect();
    assert_eq!(
        told,
        [
            (
                &json!("the pre-commit hook is not executable, so git skips it"),
                &json!("chmod +x .git/hooks/pre-commit")
            ),
            (
                &json!("the pre-push hook is another program's, which does not call envseal"),
                &json!("envseal hook install")
            ),
            (
                &json!("git's merge.envseal.driver in this clone is not envseal's"),
                &json!("git config --local --remove-section merge.envseal && envseal init")
            ),
        ]
    );
    paste(&env, told[0].1);
    paste(&env, told[2].1);
    // The user must fix this one by hand; the command says how.
    assert!(env.fails(4, &["hook", "install"]).contains("envseal hook run pre-push"));
    let left = doctor(&env).1["lacking"].clone();
    assert_eq!(left.as_array().unwrap().len(), 1, "{left}");
}

const OUTSIDE: &str =
    "note: not in a git repository, so nothing is checked at a commit: git init && envseal init\n";

#[test]
fn outside_git_and_in_a_bare_repository_there_is_no_clone() {
    let env = TestEnv::without_git();
    let nothing = env.envseal(&["doctor"]).output();
    assert_eq!(
        (nothing.status, nothing.stdout.len(), &*nothing.stderr),
        (0, 0, &*format!("{OUTSIDE}No env file here; create one: envseal set NAME\n"))
    );
    env.ok(&["set", "-q", "A", &env.secret("a")]);
    let (status, said) = doctor(&env);
    assert_eq!((status, &said["clone"], &said["lacking"]), (0, &Value::Null, &json!([])));
    assert_eq!(env.envseal(&["doctor", "--json"]).output().stderr, format!("{OUTSIDE}No problems found\n"));
    assert_eq!(env.envseal(&["ls"]).output().stderr, OUTSIDE);
    let in_folder =
        OUTSIDE.replace("git init", "git -C repo init").replace("envseal init", "envseal -C repo init");
    assert_eq!(env.envseal(&["-C", "repo", "ls"]).dir(env.outside()).output().stderr, in_folder);
    assert!(env.envseal(&["init"]).output().stderr.starts_with(OUTSIDE));
    let bare = env.outside().join("bare.git");
    env.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
    let output = env.envseal(&["doctor", "--json"]).dir(&bare).output();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status, said),
        (0, json!({ "files": [], "clone": null, "lacking": [], "suggestions": [] }))
    );
    let output = env.envseal(&["doctor"]).dir(&bare).var("GIT_DIR", ".").output();
    assert!(output.stderr.starts_with("note: this is a bare repository"), "{}", output.stderr);
}
