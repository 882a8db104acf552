//! The private key itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Way, stopped};

fn private_key(way: &Way) -> String {
    way.env.private_key("ENVSEAL_PRIVATE_KEY")
}

/// Commits a file that contains the private key; in the second round, the public key.
fn held(file: &str, rule: &str, text: impl Fn(&str) -> String) {
    let name = file.rsplit('/').next().unwrap();
    stopped(&[name, rule], |way| {
        let key = private_key(way);
        way.add(file, text(&way.pick(key, way.key.to_string())));
        way.git(&["commit", "-m", "x"])
    });
}

#[test]
fn in_any_file() {
    for file in
        ["ci.yaml", "tests/key.txt", "keys", ".env_keys.bak", "my-env.keys", "a/b/c/x.rs", "Dockerfile"]
    {
        held(file, "[private-key]", |key| format!("name: x\nkey: {key}\n"));
    }
    held("one-line.json", "[private-key]", |key| format!("{{\"key\":\"{key}\",\"x\":1}}"));
    held("x.bin", "[private-key]", |key| format!("\0\0{key}\0"));
}

#[test]
fn in_base64() {
    for lead in ["", "k", "ke"] {
        held("secret.yaml", "secret.yaml", |key| {
            format!("data: {}\n", STANDARD.encode(format!("{lead}{key}")))
        });
    }
}

#[test]
fn in_an_excluded_folder() {
    stopped(&["old/notes.txt", "[private-key]"], |way| {
        way.add("envseal.toml", "[policy]\nexclude = [\"old/**\"]\n");
        way.git(&["commit", "-q", "-m", "policy"]).ok();
        let key = private_key(way);
        way.add("old/notes.txt", way.pick(key, way.key.to_string()));
        way.git(&["commit", "-m", "x"])
    });
}

#[test]
fn in_an_env_file_declared_plain() {
    stopped(&[".env.production:2", "[private-key]"], |way| {
        let key = private_key(way);
        let value = way.pick(key, way.key.to_string());
        let header = way.header(".env.production");
        way.add(".env.production", format!("{header}K={value} # envseal: plain\n"));
        way.git(&["commit", "-m", "x"])
    });
}

#[test]
fn the_keys_file_added_by_force_here_or_below() {
    for file in [".env.keys", "sub/.env.keys", "tests/.env.keys", ".ENV.KEYS"] {
        stopped(
            &["nv.keys", "[keys-file]"]
                .map(|words| if file == ".ENV.KEYS" && words == "nv.keys" { "NV.KEYS" } else { words }),
            |way| {
                let text = format!("ENVSEAL_PRIVATE_KEY={}\n", private_key(way));
                way.add(
                    &way.pick(file.to_owned(), format!("{file}.example")),
                    way.pick(text, "nothing\n".into()),
                );
                way.git(&["commit", "-m", "x"])
            },
        );
    }
    // A keys file is refused even without a key in it: whatever is written there later must not be tracked.
    stopped(&["sub/.env.keys", "[keys-file]"], |way| {
        way.add(way.pick("sub/.env.keys", "sub/env-keys"), "# nothing yet\n");
        way.git(&["commit", "-m", "x"])
    });
}

#[test]
fn the_keys_file_renamed() {
    for name in ["keys.txt", "env.keys", ".env.keys.old", "backup/.env.keys~"] {
        stopped(&[name, "[private-key]"], |way| {
            let text = way.env.read(".env.keys");
            way.add(name, way.pick(text, "NOTHING=\n".into()));
            way.git(&["commit", "-m", "x"])
        });
    }
}
