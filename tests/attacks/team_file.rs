//! A malicious `envseal.toml`.

use std::time::Instant;

use super::{nothing_ran, sealed_project};

#[test]
fn bad_ones_stop_what_leans_on_them_and_nothing_else() {
    let many = format!("[policy]\nplain = [{}]\n", "'{a,b}*c*', ".repeat(20_000));
    let deep = format!("[policy]\nplain = {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let wide = format!("[policy]\nplain = ['{}']\n", "{a,b}".repeat(100_000));
    let nested = format!("[policy]\nplain = ['{}a{}']\n", "{".repeat(50_000), "}".repeat(50_000));
    let stars = format!("[policy]\nplain = ['{}']\n", "*a".repeat(100_000));
    let dotted = format!("policy{} = 1\n", ".a".repeat(100_000));
    let long = format!("#{}\n[policy]\nplain = [\n", "x".repeat(1_000_000));
    let texts = [
        "[",
        "\u{0}",
        "[policy]\nplain = 'x",
        "[policy]\n[policy]\n",
        "policy = []",
        "[policy]\nplain = {}",
        "[policy]\nplain = ['[']",
        "[policy]\nplain = ['{a']",
        &deep,
        &wide,
        &nested,
        &stars,
        &dotted,
        &long,
        &many,
    ];
    for text in texts {
        let (env, _) = sealed_project();
        env.write("envseal.toml", text);
        let before = env.snapshot();
        let start = Instant::now();
        let what: String = text.chars().take(40).collect();
        let output = env.envseal(&["set", "HELLO", "x"]).output();
        assert!(matches!(output.status, 0 | 4), "{what}: {} {}", output.status, output.stderr);
        assert!(output.stderr.len() < 1000, "{what}: {} bytes on stderr", output.stderr.len());
        if output.status == 4 {
            assert!(output.stderr.contains("envseal.toml: "), "{what}: {}", output.stderr);
            assert_eq!(env.snapshot(), before);
        }
        let output = env.envseal(&["encrypt"]).output();
        assert!(matches!(output.status, 0 | 4), "{what}: {} {}", output.status, output.stderr);
        // Decrypting doesn't need it.
        env.ok(&["get", "HELLO"]);
        println!("{what:?}: {:?}", start.elapsed());
        assert!(start.elapsed().as_secs() < 30, "{what}: {:?}", start.elapsed());
        nothing_ran(&env);
    }
}

#[test]
fn one_that_is_no_file() {
    let (env, _) = sealed_project();
    std::fs::create_dir(env.path("envseal.toml")).unwrap();
    assert!(env.fails(4, &["set", "HELLO", "x"]).contains("envseal.toml: it is not a regular file"));
    // Nor does a folder begin a project.
    std::fs::rename(env.path("envseal.toml"), env.path("sub")).unwrap();
    std::fs::create_dir(env.path("sub/envseal.toml")).unwrap();
    let said = env.fails(4, &["set", "HELLO", "x", "-f", "sub/.env"]);
    assert!(said.contains("envseal.toml: it is not a regular file"), "{said}");
    env.ok(&["get", "HELLO"]);
}
