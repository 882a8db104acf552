//! Declaring a secret plain in a schema. A commit may do that, with a suggestion; in a range, the schema before the
//! range counts.

use super::policy::remote;
use super::{PLAINTEXT, Way, told};

const PROD: &str = ".env.production";
const PLAIN: &str = "# @sensitive=false\nSECRET=\n";

/// Like `[policy] plain`, this can be committed, and pushed to a remote that checks nothing; a guarded one refuses it.
#[test]
fn called_plain_in_the_same_commit() {
    for (schema, text) in [
        (".env.schema", PLAIN.to_owned()),
        (".env.example", PLAIN.to_owned()),
        (".env.schema", "# words\nOTHER=\nSECRET=x # @sensitive=false\n".to_owned()),
        (".env.schema", "# @sensitive\nSECRET=\n# @sensitive=false\nSECRET=\n".to_owned()),
        (".env.schema", "# @defaultSensitive=false\n# ---\nSECRET=\n".to_owned()),
        (".env.schema", "# @defaultSensitive=inferFromPrefix(SECR)\n\nOTHER=\nSECRET=\n".to_owned()),
    ] {
        let way = Way::new(false);
        remote(&way, true);
        way.add(schema, &text);
        way.add(PROD, format!("{}SECRET={PLAINTEXT}\n", way.header(PROD)));
        let output = way.git(&["commit", "-m", "x"]).output();
        assert_eq!(output.status, 0, "a suggestion does not stop a commit: {}", output.stderr);
        told(&output, &[schema, "suggestion: ", "SECRET", "policy-widened"]);
        let before = way.state();
        for target in ["main", "main:refs/heads/new"] {
            let output = way.git(&["push", "origin", target]).output();
            assert_ne!(output.status, 0, "{text}");
            told(&output, &["policy-widened", "[plaintext]", "remote: pre-receive: refs/heads/"]);
            assert!(super::changed(&before, &way.state()).is_empty());
        }
    }
}

/// Only these exact words declare a name plain. What another program might accept as such keeps the value secret.
#[test]
fn called_plain_in_other_words() {
    for text in [
        "# @sensitive=\"false\"\nSECRET=\n",
        "# @sensitive=False\nSECRET=\n",
        "# @sensitive={enabled=false}\nSECRET=\n",
        "# @sensitive=forEnv(dev)\nSECRET=\n",
        "# @sensitive=false @sensitive=false\nSECRET=\n",
        "# @sensitive=false @sensitive\nSECRET=\n",
        "# @defaultSensitive=false\n# ---\n# @sensitive\nSECRET=\n",
        "# @defaultSensitive=inferFromPrefix(PUBLIC_)\n\nSECRET=\n",
        "# @public\nSECRET=\n",
        "# @sensitive=false\n\nSECRET=\n",
        "# @sensitive=false\n# ---\nSECRET=\n",
        "# not @sensitive=false\nSECRET=\n",
        "# @docs(x @sensitive=false)\nSECRET=\n",
        "# @example=\"x @sensitive=false\"\nSECRET=\n",
        "# @sensitive=false\nSECRET=\n# @sensitive\nSECRET=\n",
        "# @sensitive=false\nsecret=\n",
        "A='\n# @sensitive=false\nSECRET=\n'\n",
    ] {
        super::stopped(&[".env.production:2: error: SECRET", "[plaintext]"], |way| {
            way.add(".env.schema", text);
            way.add(PROD, way.text(PROD));
            way.git(&["commit", "-m", "x"])
        });
    }
}

/// A schema with an error declares nothing plain, and everything that depends on it is stopped.
#[test]
fn called_plain_in_a_form_that_is_refused() {
    for text in [
        "# @defaultSensitive=False\n# ---\nSECRET=\n",
        "# @defaultSensitive=false @defaultSensitive=false\n# ---\nOTHER=\n# @sensitive\nSECRET=\n",
        "# @defaultSensitive=inferFromPrefix(\"\")\n\nSECRET=\n",
        "OTHER=\n# @defaultSensitive=false\nSECRET=\n",
    ] {
        let way = Way::new(false);
        way.add(".env.schema", text);
        way.add(PROD, way.text(PROD));
        let output = way.git(&["commit", "-m", "x"]).output();
        assert_ne!(output.status, 0, "{text}");
        told(
            &output,
            &["can't be used: ", "[schema-malformed]", ".env.production:2: error: SECRET", "[plaintext]"],
        );
        way.env.write(".env", "A=1 # envseal: plain\n");
        assert!(way.env.fails(1, &["run", "--", "touch", "started"]).contains("can't be used: "));
        assert!(!way.env.path("started").exists());
    }
}

#[test]
fn called_plain_where_nobody_looks() {
    let schemas: [fn(&Way); 7] = [
        // Not staged.
        |way| way.write(".env.schema", PLAIN),
        // In another folder, or by another name.
        |way| way.add("sub/.env.schema", PLAIN),
        |way| way.add(".env.production.schema", PLAIN),
        // This name is refused in any case, so the second round uses another.
        |way| way.add(way.pick(".ENV.SCHEMA", ".env.x.schema"), PLAIN),
        // Another file takes precedence.
        |way| {
            way.add(".env.schema", "SECRET=\n");
            way.add(".env.example", PLAIN);
        },
        // These links are refused in any case, so the second round leads to a schema.
        |way| {
            way.add("sub/.env.schema", "SECRET=\n");
            let target = way.pick("nowhere", "sub/.env.schema");
            std::os::unix::fs::symlink(target, way.env.path(".env.schema")).unwrap();
            way.git(&["add", ".env.schema"]).ok();
            way.add(".env.example", PLAIN);
        },
        // Not in the repository.
        |way| {
            way.add("sub/.env.schema", "SECRET=\n");
            let outside = way.env.outside().join("schema");
            std::fs::write(&outside, PLAIN).unwrap();
            let target = way.pick(outside, "sub/.env.schema".into());
            std::os::unix::fs::symlink(target, way.env.path(".env.schema")).unwrap();
            way.git(&["add", ".env.schema"]).ok();
        },
    ];
    for schema in schemas {
        super::stopped(&[".env.production:2: error: SECRET", "[plaintext]"], |way| {
            schema(way);
            way.add(PROD, way.text(PROD));
            way.git(&["commit", "-m", "x"])
        });
    }
}

#[test]
fn called_plain_first_used_later_and_taken_back_in_one_push() {
    let way = Way::new(false);
    remote(&way, false);
    way.add(".env.schema", PLAIN);
    way.git(&["commit", "-q", "-m", "schema"]).ok();
    way.add(PROD, format!("{}SECRET={PLAINTEXT}\n", way.header(PROD)));
    way.git(&["commit", "-q", "-m", "use"]).ok();
    way.git(&["rm", "-q", "-f", PROD, ".env.schema"]).ok();
    way.git(&["commit", "-q", "-m", "narrow"]).ok();
    let before = way.state();
    let output = way.git(&["push", "origin", "main"]).output();
    assert_ne!(output.status, 0);
    told(&output, &[".env.production", "SECRET", "[plaintext]"]);
    assert!(super::changed(&before, &way.state()).is_empty());
}

/// Removing the schema that took precedence makes the next one count.
#[test]
fn called_plain_by_the_one_behind_it() {
    let way = Way::new(false);
    remote(&way, true);
    way.add(".env.schema", "SECRET=\n");
    way.add(".env.example", PLAIN);
    way.git(&["commit", "-q", "-m", "both"]).ok();
    way.git(&["push", "-q", "origin", "main"]).ok();
    way.git(&["rm", "-q", ".env.schema"]).ok();
    let output = way.git(&["commit", "-m", "x"]).output();
    told(&output, &["suggestion: ", "SECRET", "policy-widened"]);
    let output = way.git(&["push", "origin", "main"]).output();
    assert_ne!(output.status, 0);
    told(&output, &["policy-widened"]);
}

/// Once reviewed, a plain name stays plain. Even so, `set` encrypts the new value of a variable that is sealed.
#[test]
fn a_sealed_value_that_is_called_plain_later() {
    super::stopped(&[".env.production:2: error: SECRET", "[plain-sealed]"], |way| {
        way.add(".env.schema", way.pick(PLAIN, "SECRET=\n"));
        way.add(PROD, format!("{}SECRET={}\n", way.header(PROD), way.token("SECRET")));
        way.git(&["commit", "-m", "x"])
    });
    let way = Way::new(true);
    way.write(".env.schema", PLAIN.replace("SECRET", "HELLO"));
    way.env.envseal(&["set", "HELLO"]).stdin(PLAINTEXT).ok();
    assert!(!way.env.read(".env").contains(PLAINTEXT));
}
