//! `envseal rename`.

use crate::support::{TestEnv, contains_all};

#[test]
fn a_sealed_value_is_sealed_again_under_its_new_name() {
    let env = TestEnv::new();
    let secret = env.secret("renamed");
    env.ok(&["set", "OLD", &secret, "-e", "p"]);
    let text = env.read(".env.p") + "Z=1 # envseal: plain\n";
    env.write(".env.p", text.replace("OLD=", "  export OLD = ").replace("\nZ", " # why\nZ"));
    let output = env.envseal(&["rename", "OLD", "NEW", "-e", "p"]).output();
    assert_eq!((output.status, &*output.stderr), (0, "Renamed OLD to NEW in .env.p\n"));
    assert_eq!(env.ok(&["get", "NEW", "-e", "p"]), format!("{secret}\n"));
    env.fails(4, &["get", "OLD", "-e", "p"]);
    let after = env.read(".env.p");
    contains_all(&after, &["\n  export NEW = envseal:1:", " # why\nZ=1 # envseal: plain\n"]);
}

#[test]
fn a_plain_value_needs_no_key_and_keeps_its_bytes() {
    let env = TestEnv::new();
    env.write(".env", "A='x\ny' # c\r\nB=2");
    env.ok(&["rename", "A", "LONGER"]);
    assert_eq!(env.read(".env"), "LONGER='x\ny' # c\r\nB=2");
}

#[test]
fn a_sealed_value_takes_the_private_key() {
    let env = TestEnv::new();
    env.ok(&["set", "A", "1"]);
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let stderr = env.refuses(3, &["rename", "A", "B"]);
    assert!(stderr.contains("no private key for default (key ") && stderr.contains("\nhint: "), "{stderr}");
}

#[test]
fn references_survive_and_none_is_left_behind_without_a_word() {
    let env = TestEnv::new();
    let secret = env.secret("host");
    env.write_plain(".env", format!("HOST={secret}\nURL=http://$HOST/\nLIT='$HOST'\nOTHER=${{HOST:-x}}\n"));
    env.ok(&["encrypt", "-x", "OTHER"]);
    let output = env.envseal(&["rename", "URL", "LINK"]).output();
    assert_eq!(output.stderr, "Renamed URL to LINK in .env\n");
    assert_eq!(env.ok(&["get", "LINK"]), format!("http://{secret}/\n"));
    env.write(".env.local", "DOCS=$HOST/docs # envseal: plain\n");
    env.write(".env.other", "HOST=1 # envseal: plain\nDOCS=$HOST # envseal: plain\n");
    env.write(".env.example", "HOST=\n");
    assert_eq!(
        env.refuses(4, &["rename", "HOST", "NAME"]),
        "error: .env:4 HOST is referenced by LINK in .env, OTHER in .env, DOCS in .env.local, .env.example\n\
         hint: change those first, or rename it anyway with --force\n"
    );
    env.write(".env.local", "DOCS=$NAME/docs # envseal: plain\n");
    env.write(".env.example", "HOST=\nNAME=\n");
    let output = env.envseal(&["rename", "HOST", "NAME", "--force"]).output();
    assert_eq!(
        output.stderr,
        "Renamed HOST to NAME in .env\nnote: LINK in .env still refers to HOST\nnote: OTHER in .env still refers to HOST\n"
    );
}

#[test]
fn a_value_that_refers_to_itself_has_its_new_name_in_the_note() {
    let env = TestEnv::new();
    env.write(".env", "D=${D:-z}y # envseal: plain\n");
    assert!(env.fails(4, &["rename", "D", "E"]).contains(".env:1 D is referenced by D in .env"));
    let output = env.envseal(&["rename", "D", "E", "--force"]).output();
    assert_eq!(output.stderr, "Renamed D to E in .env\nnote: E in .env still refers to D\n");
}

#[test]
fn what_is_refused_changes_nothing() {
    let env = TestEnv::new();
    let secret = env.secret("kept");
    env.write(".env", "P=1 # envseal: plain\n");
    env.ok(&["set", "A", &secret]);
    env.ok(&["set", "B", &secret]);
    let before = env.snapshot();
    let line = before.iter().find(|(path, _)| path.ends_with(".env")).map(|(_, text)| {
        String::from_utf8(text.clone()).unwrap().lines().position(|line| line.starts_with("B=")).unwrap() + 1
    });
    assert_eq!(
        env.fails(4, &["rename", "A", "B"]),
        format!("error: .env:{} B already exists\nhint: replace B with --force\n", line.unwrap())
    );
    assert_eq!(env.fails(2, &["rename", "A", "A"]), "error: A already has that name\n");
    assert_eq!(env.fails(2, &["rename", "A", "A", "--force"]), "error: A already has that name\n");
    assert!(env.fails(2, &["rename", "A", "PATH"]).contains("PATH is never encrypted"));
    assert!(env.fails(4, &["rename", "NONE", "C"]).contains("NONE is not in .env"));
    for (old, new) in
        [("A", "ENVSEAL_PUBLIC_KEY"), ("ENVSEAL_PUBLIC_KEY", "C"), ("A", "b-c"), ("A", "1x"), ("A", "")]
    {
        env.fails(2, &["rename", old, new]);
    }
    assert_eq!(env.snapshot(), before);
    env.ok(&["rename", "P", "PATH"]);
    env.ok(&["rename", "A", "B", "--force"]);
    let text = env.read(".env");
    assert_eq!((text.matches("\nA=").count(), text.matches("\nB=").count()), (0, 1));
    assert_eq!(env.ok(&["get", "B"]), format!("{secret}\n"));
}

#[test]
fn a_doubled_name_moves_whole() {
    let env = TestEnv::new();
    env.write(".env", "A=1\nB=0\nA=2\nB=9\n");
    env.ok(&["rename", "A", "B", "--force"]);
    assert_eq!(env.read(".env"), "B=1\nB=2\n");
}
