//! The private key itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{PROD, Way, commit_stopped, each_stopped};

fn private_key(way: &Way) -> String {
    way.env.private_key("ENVSEAL_PRIVATE_KEY")
}

/// Commits each of these files, with the private key in place of `@`; at last, with the public key.
fn held(said: &str, files: &[(&str, &str)]) {
    each_stopped(
        files,
        |(file, _)| [file.rsplit('/').next().unwrap(), said],
        |way, (file, text)| {
            let key = way.pick(private_key(way), way.key.to_string());
            way.add(file, text.replace('@', &key));
        },
    );
}

#[test]
fn in_any_file() {
    let files =
        ["ci.yaml", "tests/key.txt", "keys", ".env_keys.bak", "my-env.keys", "a/b/c/x.rs", "Dockerfile"];
    held("[private-key]", &files.map(|file| (file, "name: x\nkey: @\n")));
    held("[private-key]", &[("one-line.json", "{\"key\":\"@\",\"x\":1}"), ("x.bin", "\0\0@\0")]);
}

#[test]
fn in_base64() {
    each_stopped(
        &["", "k", "ke"],
        |_| ["secret.yaml"],
        |way, lead| {
            let key = way.pick(private_key(way), way.key.to_string());
            way.add("secret.yaml", format!("data: {}\n", STANDARD.encode(format!("{lead}{key}"))));
        },
    );
}

#[test]
fn in_an_excluded_folder() {
    commit_stopped(&["old/notes.txt", "[private-key]"], |way| {
        way.add("envseal.toml", "[policy]\nexclude = [\"old/**\"]\n");
        way.git(&["commit", "-q", "-m", "policy"]).ok();
        let key = private_key(way);
        way.add("old/notes.txt", way.pick(key, way.key.to_string()));
    });
}

#[test]
fn in_an_env_file_declared_plain() {
    commit_stopped(&[".env.production:2", "[private-key]"], |way| {
        let key = private_key(way);
        let value = way.pick(key, way.key.to_string());
        way.add(PROD, format!("{}K={value} # envseal: plain\n", way.header(PROD)));
    });
}

/// A keys file is refused even without a key in it: whatever is written there later must not be tracked.
#[test]
fn the_keys_file_added_by_force_here_or_below() {
    each_stopped(
        &[
            (".env.keys", "ENVSEAL_PRIVATE_KEY=@\n"),
            ("sub/.env.keys", "ENVSEAL_PRIVATE_KEY=@\n"),
            ("tests/.env.keys", "ENVSEAL_PRIVATE_KEY=@\n"),
            (".ENV.KEYS", "ENVSEAL_PRIVATE_KEY=@\n"),
            ("sub/.env.keys", "# nothing yet\n"),
        ],
        |(file, _)| [file, "[keys-file]"],
        |way, (file, text)| {
            let text = text.replace('@', &private_key(way));
            way.add(
                &way.pick((*file).to_owned(), format!("{file}.example")),
                way.pick(text, "nothing\n".into()),
            );
        },
    );
}

#[test]
fn the_keys_file_renamed() {
    each_stopped(
        &["keys.txt", "env.keys", ".env.keys.old", "backup/.env.keys~"],
        |name| [name, "[private-key]"],
        |way, name| {
            let text = way.env.read(".env.keys");
            way.add(name, way.pick(text, "NOTHING=\n".into()));
        },
    );
}
