//! Move a sealed value to another variable, to another environment's file, or to a file with a newer key.

use envseal::testing::crypto::{PlaintextKind, PrivateKey};

use super::{append, nothing_ran, public_key, sealed_project, text_of, token};

#[test]
fn to_another_variable() {
    let (env, _) = sealed_project();
    append(&env, ".env", format!("PUBLIC_URL={}\n", text_of(&env, ".env", "HELLO")));
    let said = env.fails(3, &["run", "--", "touch", "started"]);
    assert!(said.contains(".env:4 PUBLIC_URL: encrypted for another name, or altered"), "{said}");
    assert!(said.contains("hint: see who changed it: git log -p -- .env"), "{said}");
    assert!(env.ok(&["get", "HELLO"]).starts_with("canary-hello"));
    env.fails(3, &["get", "PUBLIC_URL"]);
    env.fails(3, &["decrypt"]);
    nothing_ran(&env);
}

#[test]
fn to_another_environments_file() {
    let (env, _) = sealed_project();
    let other = env.secret("production");
    env.envseal(&["set", "OTHER", "-e", "production"]).stdin(other).ok();
    append(&env, ".env.production", format!("HELLO={}\n", text_of(&env, ".env", "HELLO")));
    let said = env.fails(3, &["run", "-e", "production", "--", "touch", "started"]);
    let id = public_key(&env, ".env").id();
    assert!(said.contains(&format!("HELLO: encrypted with another key: {id}")), "{said}");
    nothing_ran(&env);
}

#[test]
fn to_a_file_with_a_newer_key() {
    let (env, old) = sealed_project();
    // The key was changed, and the older one is still available.
    let new = PrivateKey::generate();
    let keys = env
        .read(".env.keys")
        .replace("ENVSEAL_PRIVATE_KEY=", &format!("ENVSEAL_PRIVATE_KEY={},", new.to_text().expose()));
    env.write(".env.keys", keys);
    env.write(".env", env.read(".env").replace(&old.to_string(), &new.public().to_string()));
    append(&env, ".env", format!("NEW={}\n", token(&new.public(), "NEW", PlaintextKind::Value, &[], b"new")));
    assert_eq!(env.ok(&["get", "NEW"]), "new\n");
    for arguments in [&["get", "HELLO"][..], &["run", "--", "touch", "started"], &["decrypt"]] {
        let said = env.fails(3, arguments);
        assert!(said.contains(&format!(".env:3 HELLO: encrypted with another key: {}", old.id())), "{said}");
    }
    nothing_ran(&env);
    // `--reseal` decrypts it with the older key and encrypts it with the new one.
    env.ok(&["encrypt", "--reseal"]);
    assert_eq!(env.ok(&["get", "HELLO"]), "canary-hello-0\n");
}
