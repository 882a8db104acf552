//! A literal `$`: whatever follows it must be neither listed in plain text as a name nor lost.

use super::Case;
use crate::support::TestEnv;

/// Lines in which a `$` is followed by a name that nothing sets.
const DANGLING: [&str; 9] = [
    "S=S3cret$Hunter2word\n",
    "S=\"S3cret$Hunter2word\"\n",
    "S=`S3cret${Hunter2word}`\n",
    "S=$2b$10$Hunter2word/x\n",
    "S=${A:-x$Hunter2word}\n",
    "S=x$Hunter2word\nHunter2word=1\n",
    "S=x$Hunter2word\nT=$S\n",
    "Hunter2words=1\nS=x$Hunter2word\n",
    "Hunter2word=${Hunter2word}x\n",
];

/// Values whose references all lead somewhere.
const KNOWN: [&str; 8] = [
    "x${A}$A",
    "'x$Hunter2word'",
    "x\\$Hunter2word",
    "${NO:-x}${NO-x}${NO:+x}${NO+x}",
    "$HOME/x:$PATH",
    "x$1$",
    "x$OTHER",
    "x$IN_SCHEMA",
];

const BESIDE: [(&str, &str); 2] = [(".env.other", "OTHER=1\n"), (".env.example", "IN_SCHEMA=\n")];

#[test]
fn a_dollar_that_leads_nowhere_is_refused_by_line() {
    for (row, text) in DANGLING.into_iter().enumerate() {
        let mut files = vec![(".env", text), ("old", text)];
        files.extend(BESIDE);
        let line = text
            .lines()
            .position(|line| ["$Hunter2word", "${Hunter2word}"].iter().any(|it| line.contains(it)));
        let says = format!(".env:{} ", line.unwrap() + 1);
        let refused = |run: &[&str], status: i32, says: &str| {
            // The name may be part of a secret that is not encrypted yet.
            Case { files: &files, run, status, says, hides: "$Hunter" }.holds();
        };
        refused(&["encrypt", "-f", ".env"], 4, &says);
        refused(&["check"], 1, "dangling-reference");
        if row == 0 {
            refused(&["encrypt", "-f", ".env"], 4, "hint: if that is text, put the value in single quotes");
            refused(&["check", "--fix"], 4, &says);
            refused(&["import", "dotenv", ".env", "--yes", "-q"], 4, &says);
            // A text for another file is refused before it is read into it.
            refused(&["import", "dotenv", "old", "-f", ".env.new", "--yes", "-q"], 4, "contains a `$`");
        }
    }
}

#[test]
fn a_reference_that_leads_somewhere_is_listed_as_ever() {
    let env = TestEnv::new();
    for (path, text) in BESIDE {
        env.write(path, text);
    }
    let lines: Vec<_> = KNOWN.iter().enumerate().map(|(at, value)| format!("S{at}={value}\n")).collect();
    let text = format!("A=1\n{}", lines.concat());
    env.write(".env", &text);
    let before = env.ok(&["get"]);
    env.ok(&["encrypt"]);
    assert_eq!(env.ok(&["get"]), before);
    env.ok(&["check"]);
    assert_eq!(env.read(".env").matches("=envseal:1:").count(), 1 + KNOWN.len());
    env.ok(&["decrypt", "-f", ".env"]);
    assert!(env.read(".env").ends_with(&text));
}

#[test]
fn a_literal_value_is_its_text_and_comes_back_in_single_quotes() {
    let literal = [
        ("S3cret$Hunter2word", "S3cret$Hunter2word", "'S3cret$Hunter2word'"),
        ("\"a $B ${C:-d} ${D_${E}} \\$F\"", "a $B ${C:-d} ${D_${E}} $F", "'a $B ${C:-d} ${D_${E}} $F'"),
        ("$2b$10$abc/d.e", "$2b$10$abc/d.e", "'$2b$10$abc/d.e'"),
        ("'it\\'s $X'", "it's $X", "\"it's \\$X\""),
    ];
    let lines = |source: fn(&(&'static str, &'static str, &'static str)) -> &'static str| {
        let lines = literal.iter().enumerate().map(|(at, row)| format!("S{at}={} # c\n", source(row)));
        lines.collect::<String>()
    };
    for command in [&["encrypt"][..], &["import", "dotenv", ".env", "--yes"]] {
        let env = TestEnv::new();
        env.write(".env", format!("A=1\n{}", lines(|row| row.0)));
        let names = ["--literal", "S0", "--literal", "S1", "--literal", "S2", "--literal", "S3"];
        env.ok(&[command, &names].concat());
        let text = env.read(".env");
        let mut sealed = text.lines().filter(|line| line.starts_with('S'));
        assert!(sealed.all(|line| line.matches(':').count() == 2), "no name is listed: {text}");
        let all: serde_json::Value = serde_json::from_str(&env.ok(&["get"])).unwrap();
        for (at, (_, value, _)) in literal.iter().enumerate() {
            assert_eq!(all[format!("S{at}")], *value);
        }
        env.ok(&["check"]);
        env.ok(&["decrypt"]);
        let text = env.read(".env");
        assert!(text.ends_with(&format!("A=1\n{}", lines(|row| row.2))), "{text}");
    }
}

#[test]
fn an_external_name_is_declared_once_and_holds_for_everyone() {
    let env = TestEnv::new();
    env.write(".env", "URL=http://$HOST_NAME/\nP=$HOST_NAME # envseal: plain\n");
    let told = String::from_utf8(env.envseal(&["check"]).output().stdout).unwrap();
    assert!(told.contains("refers to HOST_NAME"), "the name in a plain value is printed: {told}");
    env.ok(&["encrypt", "--external", "HOST_NAME"]);
    assert_eq!(env.read("envseal.toml"), "[policy]\nexternal = [\"HOST_NAME\"]\n");
    env.ok(&["check"]);
    let run = env.envseal(&["run", "--", "printenv", "URL"]).var("HOST_NAME", "box");
    assert_eq!(run.ok(), "http://box/\n");
    env.write(".env.b", "URL=http://$HOST_NAME:$PORT_NAME/\n");
    env.fails(4, &["encrypt", "-f", ".env.b"]);
    env.ok(&["import", "dotenv", ".env.b", "--external", "PORT_NAME", "--external", "HOST_NAME", "--yes"]);
    assert_eq!(env.read("envseal.toml"), "[policy]\nexternal = [\"HOST_NAME\", \"PORT_NAME\"]\n");
    env.ok(&["check"]);
    let before = env.snapshot();
    env.fails(2, &["encrypt", "--external", "a=b"]);
    env.write(".env.c", "S=x$Typo\n");
    env.fails(4, &["encrypt", "-f", ".env.c", "--external", "OTHER"]);
    std::fs::remove_file(env.path(".env.c")).unwrap();
    assert_eq!(env.snapshot(), before, "nothing is declared if nothing was encrypted");
    // Only what is new is named.
    let said = env.envseal(&["encrypt", "--external", "PORT_NAME", "--external", "NEW"]).output().stderr;
    assert!(said.contains("Added NEW to `external` in envseal.toml\n"), "{said}");
}

#[cfg(unix)]
#[test]
fn nothing_is_encrypted_if_its_external_name_cannot_be_declared() {
    let env = TestEnv::new();
    env.write("envseal.toml", "");
    let text = "URL=http://$HOST_NAME/\n";
    env.write_plain(".env", text);
    crate::support::set_mode(env.path("envseal.toml"), 0o444);
    env.write_plain("source", "URL=http://$HOST_NAME/x\n");
    for arguments in [&["encrypt"][..], &["import", "dotenv", "source", "-f", ".env", "--yes"]] {
        let said = env.fails(4, &[arguments, &["--external", "HOST_NAME"]].concat());
        assert!(said.contains("envseal.toml: it is read-only"), "{said}");
        assert_eq!(env.read(".env"), text);
        assert!(!env.path(".env.keys").exists());
    }
}

#[test]
fn check_tells_of_names_that_are_gone_and_of_a_widened_policy() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\nB=$A\nC=x$A # envseal: plain\n");
    env.write_sealed(".env.b", "D=$B\n");
    env.git(&["add", "-A"]);
    env.git(&["commit", "-qm", "one"]);
    env.ok(&["check"]);
    env.ok(&["unset", "A"]);
    let output = env.envseal(&["check", "--json"]).output();
    let found = String::from_utf8(output.stdout).unwrap();
    assert_eq!((output.status, found.matches("dangling-reference").count()), (1, 2), "{found}");
    env.git(&["add", "-A"]);
    assert!(env.envseal(&["check", "--staged"]).output().status == 1);
    env.write("envseal.toml", "[policy]\nexternal = ['A']\n");
    env.ok(&["check"]);
    env.git(&["add", "-A"]);
    env.git(&["commit", "-qm", "two"]);
    let range = ["check", "--range", "HEAD~1..HEAD"];
    let output = env.envseal(&range).output();
    let found = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status, 1);
    assert!(found.contains("policy-widened") && found.contains("dangling-reference"), "{found}");
    env.ok(&[&range[..], &["--accept-policy"]].concat());
    // The reference is in another file, which `unset` does not change.
    env.ok(&["unset", "B"]);
    let found = String::from_utf8(env.envseal(&["check", "--json"]).output().stdout).unwrap();
    assert!(found.contains("\"file\": \".env.b\"") || found.contains("\"file\":\".env.b\""), "{found}");
}

#[cfg(unix)]
#[test]
fn edit_refuses_what_encrypt_refuses() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\nB=$A\n");
    let before = env.read(".env");
    let edit = |line: &str| {
        let script = env.outside().join("editor.sh");
        std::fs::write(&script, format!("cat >>\"$1\" <<'END'\n{line}\nEND\n")).unwrap();
        env.envseal(&["edit"]).var("VISUAL", format!("sh '{}'", script.display())).output()
    };
    let refused = edit("S=S3cret$Hunter2word");
    assert_eq!(refused.status, 4);
    assert!(refused.stderr.contains("contains a `$`") && !refused.stderr.contains("Hunter2word"));
    assert_eq!(env.read(".env"), before);
    assert_eq!(edit("S='S3cret$Hunter2word'\nT=$B").status, 0);
    assert_eq!(env.ok(&["get", "S"]), "S3cret$Hunter2word\n");
    assert_eq!(env.ok(&["get", "T"]), "1\n");
}
