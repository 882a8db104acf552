//! `envseal key`.

use crate::support::{TestEnv, contains_all};

#[test]
fn one_file_prints_the_key_alone_several_print_lines() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1", "-e", "default,p"]);
    let (public, p) = (env.ok(&["key", "show"]), env.ok(&["key", "show", "-e", "p"]));
    assert!(public.starts_with("envseal-pk1-") && public.ends_with('\n') && public.lines().count() == 1);
    assert!(env.read(".env").contains(&format!("ENVSEAL_PUBLIC_KEY={public}")));
    let both = ["-e", "default", "-e", "p"];
    assert_eq!(
        env.ok(&[&["key", "show"][..], &both].concat()),
        format!("ENVSEAL_PUBLIC_KEY={public}ENVSEAL_PUBLIC_KEY_P={p}")
    );
    assert_eq!(
        env.ok(&[&["key", "show", "--json"][..], &both].concat()),
        format!(
            "{{\n  \"ENVSEAL_PUBLIC_KEY\": \"{}\",\n  \"ENVSEAL_PUBLIC_KEY_P\": \"{}\"\n}}\n",
            public.trim(),
            p.trim()
        )
    );
}

#[test]
fn the_private_key_is_shown_on_request_and_opens_the_file() {
    let env = TestEnv::new();
    let secret = env.secret("a");
    env.ok(&["set", "A", &secret, "-e", "p"]);
    let private = env.ok(&["key", "show", "--private", "-e", "p"]);
    assert!(private.starts_with("envseal-sk1-") && private.lines().count() == 1);
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let get = env.envseal(&["get", "A", "-e", "p"]).var("ENVSEAL_PRIVATE_KEY_P", private.trim());
    assert_eq!(get.ok(), format!("{secret}\n"));
    let stderr = env.fails(3, &["key", "show", "--private", "-e", "p"]);
    contains_all(&stderr, &["no private key for p (key ", "not found in ENVSEAL_PRIVATE_KEY_P or "]);
    assert!(env.ok(&["key", "show", "-e", "p"]).starts_with("envseal-pk1-"));
}

#[test]
fn a_file_without_a_key_or_no_file_is_an_error() {
    let env = TestEnv::new();
    assert!(env.fails(4, &["key", "show"]).contains(".env: it does not exist"));
    env.write(".env", "A=1\n");
    assert_eq!(
        env.fails(3, &["key", "show"]),
        "error: .env has no public key (ENVSEAL_PUBLIC_KEY)\nhint: create a key for it: envseal key generate -f .env\n"
    );
}

#[test]
fn generate_makes_one_pair_and_refuses_a_second() {
    let env = TestEnv::new();
    env.write(".env", "A=1\n");
    let public = env.ok(&["key", "generate"]);
    assert_eq!(env.ok(&["key", "show"]), public);
    assert!(env.read(".env").ends_with("\n\nA=1\n"));
    env.refuses(4, &["key", "generate"]);
    env.refuses(4, &["key", "generate", "-e", "new", "-f", ".env"]);
}

#[test]
fn files_of_one_environment_share_its_key() {
    let env = TestEnv::new();
    let public = env.ok(&["key", "generate"]);
    env.write("a/x", "");
    assert_eq!(env.ok(&["key", "generate", "-f", "a"]), public);
    assert_eq!(env.read(".env.keys").matches("envseal-sk1-").count(), 1);
    // Also if both are new.
    env.ok(&["set", "A", "1", "-f", ".env.p", "-f", "a/.env.p"]);
    assert_eq!(env.ok(&["key", "show", "-f", ".env.p"]), env.ok(&["key", "show", "-f", "a/.env.p"]));
    assert_eq!(env.read(".env.keys").matches("envseal-sk1-").count(), 2);
}
