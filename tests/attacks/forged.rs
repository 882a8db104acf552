//! Forge a prefix, so that plain text passes for a sealed value.

use super::{append, nothing_ran, sealed_project};

const FORGED: &str = "envseal:1:sk_live_plain";

#[test]
fn a_prefix_alone_is_not_a_sealed_value() {
    for (text, line) in
        [(FORGED.to_owned(), "canonical"), ("envseal:1:".into(), "length"), ("envseal:".into(), "version")]
    {
        let (env, _) = sealed_project();
        append(&env, ".env", format!("STRIPE={text}\n"));
        for arguments in
            [&["run", "--", "touch", "started"][..], &["get", "STRIPE"], &["encrypt"], &["decrypt"]]
        {
            let before = env.snapshot();
            let said = env.fails(3, arguments);
            assert!(said.contains(".env:4 STRIPE: ") && said.contains(line), "{arguments:?}: {said}");
            assert!(!said.contains("sk_live"), "{said}");
            assert_eq!(env.snapshot(), before);
        }
        nothing_ran(&env);
        let listed: serde_json::Value = serde_json::from_str(&env.ok(&["ls", "--json"])).unwrap();
        assert_eq!((&listed[0]["sealed"], &listed[0]["unmarked"]), (&1.into(), &1.into()), "{listed}");
        // The next value is encrypted.
        env.envseal(&["set", "STRIPE"]).stdin("new").ok();
        assert_eq!(env.ok(&["get", "STRIPE"]), "new\n");
        assert!(!env.read(".env").contains("=new"));
    }
}

#[test]
fn a_plain_mark_does_not_help() {
    let (env, _) = sealed_project();
    append(&env, ".env", format!("STRIPE={FORGED} # envseal: plain\n"));
    env.fails(3, &["run", "--", "touch", "started"]);
    env.fails(3, &["encrypt"]);
    let listed: serde_json::Value = serde_json::from_str(&env.ok(&["ls", "--json"])).unwrap();
    assert_eq!(listed[0]["unmarked"], 1);
}
