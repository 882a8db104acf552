//! Keys outside `.env.keys`: a bare key, a pipe, stdin, and the key command.

use std::path::PathBuf;

use crate::rotate::{grant, person};
use crate::support::{Run, Start, TestEnv, run_on_terminal, write_script};

/// Creates a committed project with A in `.env` and `.env.p`. Returns A's value, and the keys file, which is outside.
fn project() -> (TestEnv, String, PathBuf) {
    static START: Start = Start::new();
    let env = TestEnv::copy_of(&START, |env| {
        env.envseal(&["set", "-q", "A", "-e", "default,p"]).stdin(env.secret("a")).ok();
        env.commit("one");
        std::fs::rename(env.path(".env.keys"), env.outside().join("keys")).unwrap();
    });
    let keys = env.outside().join("keys");
    (env, "canary-a-0\n".into(), keys)
}

/// Writes an executable script into a folder that [`with_programs`] puts on PATH.
fn program(env: &TestEnv, name: &str, script: &str) -> PathBuf {
    let path = env.outside().join("bin").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    write_script(&path, script);
    path
}

fn with_programs<'a>(env: &TestEnv, run: Run<'a>) -> Run<'a> {
    let envseal = PathBuf::from(env!("CARGO_BIN_EXE_envseal"));
    let folders = [env.outside().join("bin"), envseal.parent().unwrap().to_owned()];
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&path))).unwrap();
    run.var("PATH", path)
}

fn shell<'a>(env: &'a TestEnv, script: &str) -> Run<'a> {
    with_programs(env, env.program("sh", &["-ec", script]))
}

#[test]
fn a_bare_key_a_pipe_and_stdin_are_keys_files_of_which_only_a_file_is_written() {
    let (env, value, keys) = project();
    let keys = keys.to_str().unwrap();
    let key = env.ok(&["key", "show", "--private", "-e", "p", "-K", keys]);
    let bare = env.outside().join("bare");
    std::fs::write(&bare, &key).unwrap();
    let get = ["get", "A", "-e", "p"];
    assert_eq!(env.envseal(&get).arg("-K").arg(&bare).ok(), value);
    assert_eq!(env.envseal(&get).var("ENVSEAL_KEYS_FILE", &bare).ok(), value);
    for file in ["-", "/dev/stdin"] {
        assert_eq!(env.envseal(&get).args(&["-K", file]).stdin(&key).ok(), value);
        assert_eq!(env.envseal(&get).args(&["-K", file]).stdin(std::fs::read(keys).unwrap()).ok(), value);
    }
    let run = "printf %s KEY | envseal run -K - -e p -- sh -c 'cat; echo $A'".replace("KEY", key.trim());
    assert_eq!(shell(&env, &run).ok(), value);
    let pipe = "mkfifo ../fifo; cat ../bare > ../fifo & envseal get A -K ../fifo -e p";
    assert_eq!(shell(&env, pipe).ok(), value);
    // Another key than the file's, and no key.
    assert!(env.envseal(&["get", "A", "-K", "-"]).stdin(&key).fails(3).contains("stdin holds key "));
    let nothing = env.envseal(&["get", "A", "-K", "-"]).fails(3);
    assert!(nothing.contains("or stdin"), "{nothing}");
    assert!(
        env.envseal(&["get", "A", "-K", "-"])
            .stdin("envseal-sk1-x\n")
            .fails(3)
            .contains("-:1 is not a private key")
    );
    // No key can be stored in stdin, and nothing is changed.
    let before = env.snapshot();
    for arguments in [
        "set B=1 -e new",
        "key generate -e new",
        "key rotate -e p",
        "key lock",
        "key unlock",
        "import dotenv - -e n",
        "set -",
    ] {
        let arguments: Vec<_> = arguments.split(' ').chain(["-K", "-"]).collect();
        let output = env.envseal(&arguments).stdin(&key).output();
        assert!([2, 4].contains(&output.status), "{arguments:?}: {}", output.stderr);
        assert_eq!(env.snapshot(), before, "{arguments:?}");
    }
    let empty = TestEnv::new();
    empty.envseal(&["init", "-K", "-"]).stdin(&key).fails(4);
    assert!(empty.snapshot().is_empty() && !empty.path(".git/hooks/pre-commit").exists());
    // A value comes from the arguments or the terminal.
    env.envseal(&["set", "-q", "B=1", "-e", "p", "-K", "-"]).stdin(&key).ok();
    let typed = "cat ../bare | envseal set C -e p -K -";
    if let Some((status, said)) = run_on_terminal(shell(&env, typed), Some(b"typed\r")) {
        assert_eq!(status, 0, "{said}");
        assert_eq!(env.ok(&["get", "C", "-e", "p", "-K", keys]), "typed\n");
    }
    // A new key is added after a bare one.
    env.envseal(&["set", "-q", "B=1", "-e", "new", "-K"]).arg(&bare).ok();
    for (name, env_name) in [("A", "p"), ("B", "new")] {
        env.envseal(&["get", name, "-e", env_name, "-K"]).arg(&bare).ok();
    }
}

#[test]
fn the_key_command_is_the_users_and_comes_before_the_keys_file() {
    let (env, value, keys) = project();
    let log = env.outside().join("log");
    let get = ["get", "A", "-e", "p"];
    let script = format!(
        "env | grep ^ENVSEAL_ | sort >> {0}; cat; grep \"ENVSEAL_PRIVATE_KEY_P=\" {1}",
        log.display(),
        keys.display()
    );
    let command = program(&env, "keys-of", &script);
    let with = |arguments: &[&str], command: &str| {
        with_programs(&env, env.envseal(arguments)).var("ENVSEAL_KEY_COMMAND", command)
    };
    assert_eq!(with(&get, "keys-of").var("ENVSEAL_IDENTITY", "").ok(), value);
    let public = env.ok(&["key", "show", "-e", "p"]);
    let told = format!("ENVSEAL_KEY_FOR=p\nENVSEAL_PUBLIC_KEY={public}");
    assert_eq!(std::fs::read_to_string(&log).unwrap(), told, "once, and with no other variable of envseal");
    assert_eq!(with(&["run", "-e", "p", "--", "printenv", "A"], command.to_str().unwrap()).ok(), value);
    let doctor = String::from_utf8(with(&["doctor", "-e", "p"], "keys-of").output().stdout).unwrap();
    assert!(doctor.contains("private key from the key command"), "{doctor}");
    std::fs::remove_file(&log).unwrap();
    // It isn't run if no key is needed, nor if one is injected.
    with(&["set", "-q", "B=1", "-e", "p"], "keys-of").ok();
    with(&["check"], "keys-of").output();
    assert!(with(&["ls"], "keys-of").ok().contains("unknown: key command"));
    let key = std::fs::read_to_string(&keys).unwrap();
    let key = key.lines().find_map(|line| line.strip_prefix("ENVSEAL_PRIVATE_KEY_P=")).unwrap();
    assert_eq!(with(&get, "keys-of").var("ENVSEAL_PRIVATE_KEY_P", key).ok(), value);
    assert!(!log.exists());
    // If a keys file has the key, empty output is ignored, but failures are still errors.
    std::fs::copy(&keys, env.path(".env.keys")).unwrap();
    for silent in ["true", "sh -c 'echo; echo \"  \"'"] {
        assert_eq!(with(&get, silent).ok(), value, "{silent}");
    }
    std::os::unix::fs::symlink(&command, env.path("keys-of")).unwrap();
    for (failing, why) in [
        ("sh -c 'keys-of; exit 1'", "failed: sh: exit status: 1"),
        ("./keys-of", "./keys-of is a relative path"),
        ("no-such-program", "was not found"),
        ("echo nonsense", "neither a private key nor a keys file"),
        ("echo envseal-sk1-x", "is not a private key"),
        ("sh -c 'x", "cannot be parsed"),
    ] {
        let stderr = with(&get, failing).fails(3);
        assert!(stderr.contains(why), "{failing}: {stderr}");
    }
    std::fs::remove_file(env.path("keys-of")).unwrap();
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    // The user's own configuration counts; a repository's, or git's, does not.
    let setting = format!("key-command = \"{}\"\n", command.display());
    env.write("config.toml", &setting);
    env.write(".config/envseal/config.toml", &setting);
    env.write("envseal.toml", "");
    env.git(&["config", "envseal.key-command", "keys-of"]);
    with_programs(&env, env.envseal(&get)).fails(3);
    let configured = |text: &str| {
        let folder = env.outside().join("configuration/envseal");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), text).unwrap();
        env.envseal(&get).var("XDG_CONFIG_HOME", folder.parent().unwrap())
    };
    if cfg!(target_os = "linux") {
        assert_eq!(configured(&setting).ok(), value);
        for broken in ["key-command = 1\n", "key-command\n"] {
            assert!(configured(broken).fails(3).contains("config.toml: "));
        }
    }
}

/// Returns the blocks of a section of the guide, by language.
#[cfg(target_os = "linux")]
fn recipe(heading: &str) -> (Option<String>, String) {
    let guide = std::fs::read_to_string("docs/guides/password-managers.md").unwrap();
    let section = guide.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let block = |language: &str| {
        let start = section.split(&format!("```{language}\n")).nth(1)?;
        Some(start.split("```").next().unwrap().to_owned())
    };
    (block("sh"), block("toml").unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn each_recipe_of_the_guide_works() {
    // Each stand-in stores what it is given in a folder, under the name used to ask for it.
    let vault = "mkdir -p \"$HOME/vault\"; cd \"$HOME/vault\"";
    let programs = [
        ("security", format!("{vault}; case $1 in -i) read -r _ _ _ _ _ account _ password; printf '%s\\n' \"$password\" > \"$account\";;
          find-generic-password) test -e \"$5\" || exit 44; cat \"$5\";; *) exit 9;; esac")),
        ("secret-tool", format!("{vault}; case $1 in store) cat > \"$4\";; lookup) test -e \"$3\" || exit 1; cat \"$3\";; *) exit 9;; esac")),
        ("op", "case $1$2 in documentcreate) cp \"$3\" \"$HOME/$5\";; documentget) cat \"$HOME/$3\";; *) exit 9;; esac".into()),
        ("bw", "test \"$*\" = 'get notes envseal-keys' && cat \"$HOME/note\"".into()),
        ("pass", "case $1 in insert) cat > \"$HOME/$3\";; show) cat \"$HOME/$2\";; *) exit 9;; esac".into()),
    ];
    for heading in ["macOS keychain", "secret-tool", "1Password", "Bitwarden", "pass"] {
        let (env, value, keys) = project();
        for (name, script) in &programs {
            program(&env, name, script);
        }
        for text in [".env", ".env.p"] {
            // The guide's environment is production.
            let renamed = env.read(text).replace("_KEY_P=", "_KEY_PRODUCTION=");
            env.write(text, renamed);
        }
        std::fs::rename(env.path(".env.p"), env.path(".env.production")).unwrap();
        let text = std::fs::read_to_string(&keys).unwrap().replace("_KEY_P=", "_KEY_PRODUCTION=");
        env.write(".env.keys", &text);
        let (store, setting) = recipe(heading);
        match store {
            Some(store) => drop(shell(&env, &store).ok()),
            None => std::fs::write(env.outside().join("home/note"), &text).unwrap(),
        }
        let folder = env.outside().join("home/.config/envseal");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), setting).unwrap();
        env.write(".env.keys", "");
        let get = |arguments: &[&str]| with_programs(&env, env.envseal(&[&["get", "A"], arguments].concat()));
        assert_eq!(get(&["-e", "production"]).ok(), value, "{heading}");
        // If the program lacks the key, envseal goes on searching.
        env.write(".env.keys", &text);
        assert_eq!(get(&[]).ok(), value, "{heading}");
    }
}

#[test]
fn doctor_says_when_a_grant_makes_the_keys_file_needless() {
    let (env, value, keys) = project();
    std::fs::copy(&keys, env.path(".env.keys")).unwrap();
    let (alice, identity) = person(&env, "alice");
    let suggestions = || {
        let output = env.envseal(&["doctor", "--json"]).var("ENVSEAL_IDENTITY", &identity).output();
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        said["suggestions"].clone()
    };
    grant(&env, "p", "ENVSEAL_PRIVATE_KEY_P", &[("alice", &alice)]);
    env.commit("one of two");
    assert_eq!(suggestions(), serde_json::json!([]), "the other key is granted to nobody");
    grant(&env, "default", "ENVSEAL_PRIVATE_KEY", &[("alice", &alice)]);
    assert_eq!(suggestions(), serde_json::json!([]), "not committed yet");
    env.commit("both");
    let found = suggestions();
    assert_eq!(found[0]["message"], ".env.keys needn't stay here: each key in it is granted to you");
    let fix = found[0]["fix"].as_str().unwrap();
    let paste = |passphrase: &str| {
        shell(&env, fix).var("ENVSEAL_IDENTITY", &identity).var("ENVSEAL_PASSPHRASE", passphrase).output()
    };
    // If the backup fails, the keys file is kept.
    assert_ne!(paste("").status, 0);
    assert!(env.path(".env.keys").exists());
    let output = paste("a long passphrase");
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(!env.path(".env.keys").exists() && env.outside().join("home/envseal-keys.txt").exists());
    assert_eq!(env.envseal(&["get", "A", "-e", "p"]).var("ENVSEAL_IDENTITY", &identity).ok(), value);
    assert_eq!(suggestions(), serde_json::json!([]));
}
