//! Runs the unchanged examples for programs in `examples/`.

#[path = "../../examples/beside_dotenvy.rs"]
#[allow(unreachable_pub, dead_code, reason = "an example is a program of its own")]
pub(crate) mod beside_dotenvy;
#[path = "../../examples/in_process.rs"]
#[allow(unreachable_pub, dead_code, reason = "an example is a program of its own")]
mod in_process;

use beside_dotenvy::Config;
use envseal::{Options, PrivateKey, Vault};

use crate::{Folder, quickstart};

/// Returns the key of `examples/quickstart`.
pub(crate) fn key() -> PrivateKey {
    include_str!("../../examples/quickstart/demo.keys").rsplit('=').next().unwrap().trim().parse().unwrap()
}

pub(crate) fn options() -> Options {
    Vault::options().private_key(key())
}

#[test]
fn in_process_prints_lengths_and_no_values() {
    let text = in_process::lengths(quickstart().to_str().unwrap()).unwrap();
    assert_eq!(text.lines().count(), 5);
    assert!(
        text.starts_with("PORT: 4 bytes, plain\nGREETING: 5 bytes, plain\nREADER: 17 bytes, sealed\n"),
        "{text}"
    );
}

#[test]
fn dotenvy_and_envseal_make_one_configuration() {
    let folder = Folder::new();
    for name in [".env", "envseal.toml"] {
        std::fs::copy(quickstart().join(name), folder.path(name)).unwrap();
    }
    let read = || Config::read(folder.0.path(), options());
    let config = read().unwrap();
    assert_eq!((config.port, &*config.reader), (8080, "quickstart reader"));
    assert!(config.password.is_sealed());
    let shown = format!("{config:?}");
    assert!(!shown.contains(config.password.to_str().unwrap()), "{shown}");
    folder.write(".env.local", "PORT=9090\nDATABASE_PASSWORD=local\n");
    let local = read().unwrap();
    assert_eq!((local.port, local.password.expose()), (9090, config.password.expose()));
    folder.write(".env.local", "PORT='open\n");
    assert!(read().is_err());
}
