//! Steer envseal, or take its keys, with `ENVSEAL_*` variables in an env file.

use envseal::testing::crypto::PrivateKey;

use super::{append, sealed_project};

#[test]
fn nothing_in_a_file_steers_envseal_or_reaches_the_child() {
    let (env, _) = sealed_project();
    let key = PrivateKey::generate();
    append(
        &env,
        ".env",
        format!(
            "ENVSEAL_PRIVATE_KEY={}\nENVSEAL_KEYS_FILE=/evil\nENVSEAL_ENV=production\nexport ENVSEAL_X=1\nA=1\n",
            key.to_text().expose()
        ),
    );
    let out = env.envseal(&["run", "--", "env"]).var("ENVSEAL_Y", "2").ok();
    assert!(out.contains("A=1") && !out.contains("ENVSEAL"), "{out}");
    assert_eq!(env.ok(&["get", "HELLO"]), "canary-hello-0\n");
    // Not even if there is no other key.
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    assert!(env.fails(3, &["get", "HELLO"]).contains("no private key"));
    for format in ["json", "shell", "dotenv"] {
        assert!(!env.ok(&["get", "-x", "HELLO", "--format", format]).contains("ENVSEAL"));
    }
}

#[test]
fn no_value_can_hold_a_private_key() {
    let (env, _) = sealed_project();
    let keys = env.read(".env.keys");
    let key = keys.lines().last().unwrap().split_once('=').unwrap().1;
    append(
        &env,
        ".env",
        "A=$ENVSEAL_PRIVATE_KEY\nB=\"${ENVSEAL_PRIVATE_KEY:-no}\"\nC=${ENVSEAL_PRIVATE_KEY+yes}\nX=PRIVATE_KEY\n\
         E=`$ENVSEAL_PRIVATE_KEY_PRODUCTION`\nF=${ENVSEAL_PUBLIC_KEY}\n",
    );
    let run = |arguments: &[&str]| {
        env.envseal(arguments).var("ENVSEAL_PRIVATE_KEY", key).var("ENVSEAL_PRIVATE_KEY_PRODUCTION", key)
    };
    let out = run(&["run", "-f", ".env", "--", "env"]).ok();
    assert!(out.contains("\nB=no\n") && out.contains("HELLO=canary"), "{out}");
    assert!(!out.contains("envseal-sk1-") && !out.contains("yes") && !out.contains("ENVSEAL"), "{out}");
    assert!(!run(&["get", "-f", ".env"]).ok().contains("envseal-sk1-"));
    // A name can't be built from a value.
    append(&env, ".env", "D=${ENVSEAL_${X}}\n");
    for arguments in [&["run", "-f", ".env", "--", "env"][..], &["get", "-f", ".env"]] {
        assert!(!run(arguments).fails(3).contains("envseal-sk1-"));
    }
}

#[test]
fn its_own_names_are_not_set_by_hand() {
    let (env, _) = sealed_project();
    let before = env.snapshot();
    for name in ["ENVSEAL_PUBLIC_KEY", "ENVSEAL_PRIVATE_KEY", "ENVSEAL_X"] {
        env.envseal(&["set", name]).stdin("x").fails(2);
        env.fails(2, &["unset", name]);
        env.fails(2, &["rename", name, "A"]);
        env.fails(2, &["rename", "HELLO", name]);
    }
    assert_eq!(env.snapshot(), before);
}

#[test]
fn a_file_with_sealed_values_and_no_key_gets_no_new_one() {
    let (env, key) = sealed_project();
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    env.write(".env", env.read(".env").replace(&format!("ENVSEAL_PUBLIC_KEY={key}\n"), ""));
    let before = env.snapshot();
    for arguments in [&["set", "NEW", "x"][..], &["encrypt"], &["key", "generate"]] {
        let said = env.fails(3, arguments);
        assert!(said.contains("but its line ENVSEAL_PUBLIC_KEY is missing"), "{said}");
        assert!(
            said.contains("find the line and restore it: git log -p -SENVSEAL_PUBLIC_KEY -- .env"),
            "{said}"
        );
    }
    assert_eq!(env.snapshot(), before);
}
