//! This version reads files of every release so far, and refuses files of a later one.

use std::path::{Path, PathBuf};

use crate::support::TestEnv;

/// Each file of a release, and its path in the test's folder.
const FILES: [(&str, &str); 6] = [
    ("env.txt", "repo/.env"),
    ("env.production.txt", "repo/.env.production"),
    ("team.toml", "repo/envseal.toml"),
    ("keys.txt", "repo/.env.keys"),
    ("identity.txt", "home/.local/share/envseal/identity"),
    ("pins.txt", "home/.local/share/envseal/pins"),
];

fn releases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/upgrades")
}

/// Creates a repository with the root commit and the files of a release.
fn of_release(folder: &Path) -> TestEnv {
    let env = TestEnv::new();
    env.git(&["commit", "-q", "--allow-empty", "-m", "root"]);
    let root = env.git(&["rev-parse", "HEAD"]);
    for (name, path) in FILES {
        let mut path = env.outside().join(path);
        if name == "pins.txt" {
            path = path.join(root.trim());
        }
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(folder.join(name), &path).unwrap();
        crate::support::set_mode(path, 0o600);
    }
    env.write(".gitignore", ".env.keys\n");
    env.commit("release");
    env
}

#[test]
fn what_each_release_wrote_is_read() {
    let this = releases().join(env!("CARGO_PKG_VERSION"));
    assert!(
        this.is_dir(),
        "a release has its files here: tests/upgrades/write.sh ENVSEAL {}",
        this.display()
    );
    for folder in std::fs::read_dir(releases()).unwrap().flatten().map(|item| item.path()) {
        if !folder.is_dir() {
            continue;
        }
        let env = of_release(&folder);
        assert_eq!(env.ok(&["get", "--json"]), std::fs::read_to_string(folder.join("values.json")).unwrap());
        assert_eq!(env.ok(&["get", "TOKEN", "-e", "production"]), "first\n");
        env.ok(&["check"]);
        // The trusted key still counts.
        let trusted = env.read(".env");
        env.write(".env", TestEnv::new_env_file());
        assert!(env.fails(3, &["set", "NEW=1"]).contains("trusts"));
        env.write(".env", trusted);
        env.ok(&["set", "-q", "TOKEN=second", "-e", "production"]);
        // The identity and the grant still work.
        std::fs::remove_file(env.path(".env.keys")).unwrap();
        assert_eq!(env.ok(&["get", "TOKEN", "-e", "production"]), "second\n");
        assert!(env.ok(&["team", "list"]).contains("alice"));
    }
}

#[test]
fn what_a_later_release_wrote_is_refused_with_its_version() {
    let pins = |env: &TestEnv| env.outside().join("home/.local/share/envseal/pins");
    let text = |env: &TestEnv, path: &str| (env.path(path), env.read(path));
    for (path, now, later, command) in [
        (".env", "=envseal:1:", "=envseal:2:", &["get", "LITERAL"][..]),
        (".env", "=envseal:1:", "=envseal:2:", &["check"]),
        (".env", "=envseal-pk1-", "=envseal-pk2-", &["set", "NEW=1"]),
        (".env.keys", "=envseal-sk1-", "=envseal-sk2-", &["get", "LITERAL"]),
        (".env.keys", "=envseal-sk1-", "=envseal-lk2-", &["get", "LITERAL"]),
        ("envseal.toml", "[members]", "version = 2\n[members]", &["team", "list"]),
        ("envseal.toml", "[members]", "version = 2\n[members]", &["set", "NEW=1"]),
        ("envseal.toml", "[members]", "version = 2\n[members]", &["check"]),
        ("pins", "envseal-pins 2", "envseal-pins 3", &["set", "NEW=1"]),
    ] {
        let env = of_release(&releases().join("0.1.0"));
        let (place, old) = match path {
            "pins" => {
                let list = std::fs::read_dir(pins(&env)).unwrap().next().unwrap().unwrap().path();
                let old = std::fs::read_to_string(&list).unwrap();
                (list, old)
            }
            path => text(&env, path),
        };
        assert!(old.contains(now), "{path}");
        let new = old.replace(now, later);
        std::fs::write(&place, &new).unwrap();
        let before = env.snapshot();
        let output = env.envseal(command).output();
        let told = String::from_utf8(output.stdout).unwrap() + &output.stderr;
        let version = if path == "pins" { "version 3" } else { "version 2" };
        assert!(output.status != 0 && told.contains(version), "{path} {command:?}: {told}");
        assert!(
            env.snapshot() == before && std::fs::read_to_string(&place).unwrap() == new,
            "{path} {command:?}"
        );
    }
}
