//! What someone who can write to the repository must not be able to do (docs/threat-model.md): one file per attack.

mod altered;
#[cfg(unix)]
mod bare_in_folder;
mod code;
mod conflict;
#[cfg(unix)]
mod escapes;
mod forged;
mod grants;
mod hidden;
mod hidden_elsewhere;
#[cfg(unix)]
mod hints;
mod huge;
#[cfg(unix)]
mod ignore_links;
#[cfg(unix)]
mod keys_file;
#[cfg(unix)]
mod links;
#[cfg(unix)]
mod lock;
mod locked_keys;
#[cfg(unix)]
mod lockout;
mod marked;
mod member_names;
mod moved;
mod moved_project;
mod names;
#[cfg(unix)]
mod older_key;
#[cfg(unix)]
mod owner;
#[cfg(target_os = "linux")]
mod parent;
#[cfg(unix)]
mod paths;
mod replaced_folder;
#[cfg(unix)]
mod replaced_key;
#[cfg(unix)]
mod sock_puppet;
mod steering;
mod team_file;
#[cfg(unix)]
mod trees;

use envseal::testing::crypto::{PlaintextKind, PublicKey, Refs, Sealer};

use crate::support::{Start, TestEnv};

/// Returns the public key in a file.
pub(crate) fn public_key(env: &TestEnv, file: &str) -> PublicKey {
    let text = env.read(file);
    let line = text.lines().find(|line| line.starts_with("ENVSEAL_PUBLIC_KEY")).unwrap();
    PublicKey::parse(line.split_once('=').unwrap().1).unwrap()
}

/// Returns a sealed value. Anyone with a checkout can make one.
pub(crate) fn token(key: &PublicKey, name: &str, kind: PlaintextKind, refs: &[&str], bytes: &[u8]) -> String {
    let refs = Refs::new(refs.iter().map(|name| (*name).to_owned())).unwrap();
    Sealer::new(key).unwrap().seal(name, &refs, kind, bytes).unwrap().to_string()
}

/// Adds a variable with such a value to the end of `.env`.
fn append_token(env: &TestEnv, name: &str, kind: PlaintextKind, refs: &[&str], bytes: impl AsRef<[u8]>) {
    let token = token(&public_key(env, ".env"), name, kind, refs, bytes.as_ref());
    append(env, ".env", format!("{name}={token}\n"));
}

/// Returns the text right of `NAME=` in a file.
fn text_of(env: &TestEnv, file: &str, name: &str) -> String {
    let start = format!("{name}=");
    env.read(file).lines().find_map(|line| line.strip_prefix(&start)).unwrap().to_owned()
}

/// Returns the first cell of each row of a table of reserved names in the specification.
fn reserved_names(heading: &str) -> impl Iterator<Item = &'static str> {
    let text = include_str!("../../docs/format.md");
    let table = text.split(heading).nth(1).unwrap().split("\n#").next().unwrap();
    table.lines().filter_map(|line| line.strip_prefix("| `")?.split('|').next())
}

/// Adds lines to the end of a file.
fn append(env: &TestEnv, file: &str, lines: impl AsRef<[u8]>) {
    let mut text = env.bytes(file);
    text.extend_from_slice(lines.as_ref());
    env.write(file, text);
}

/// Creates a repository whose `.env` has a key and one sealed value, `HELLO`.
fn sealed_project() -> (TestEnv, PublicKey) {
    static START: Start = Start::new();
    let env = TestEnv::copy_of(&START, |env| {
        env.envseal(&["set", "HELLO"]).stdin(env.secret("hello")).ok();
    });
    let key = public_key(&env, ".env");
    (env, key)
}

/// Asserts that nothing was started, neither by `run` nor by a command in a value.
#[track_caller]
fn nothing_ran(env: &TestEnv) {
    for made in ["pwned", "started"] {
        assert!(!env.path(made).exists(), "{made} exists");
    }
}
