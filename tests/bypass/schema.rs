//! Declaring a secret plain in a schema. A commit may do that, with a suggestion; in a range, the schema before the
//! range counts.

use std::path::Path;

use super::policy::refused_by_the_remote;
use super::{PLAINTEXT, PROD, SAID, Way, commit_stopped, fails, told};

const PLAIN: &str = "# @sensitive=false\nSECRET=\n";

/// Like `[policy] plain`, this can be committed, and pushed to a remote that checks nothing; a guarded one refuses it.
#[test]
fn called_plain_in_the_same_commit() {
    for (schema, text) in [
        (".env.schema", PLAIN),
        (".env.example", PLAIN),
        (".env.schema", "# words\nOTHER=\nSECRET=x # @sensitive=false\n"),
        (".env.schema", "# @sensitive\nSECRET=\n# @sensitive=false\nSECRET=\n"),
        (".env.schema", "# @defaultSensitive=false\n# ---\nSECRET=\n"),
        (".env.schema", "# @defaultSensitive=inferFromPrefix(SECR)\n\nOTHER=\nSECRET=\n"),
    ] {
        let suggested = [schema, "SECRET", "policy-widened"];
        refused_by_the_remote(&[(schema, text)], &suggested, &["policy-widened", "[plaintext]"]);
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
        commit_stopped(&SAID, |way| {
            way.add(".env.schema", text);
            way.add(PROD, way.text(PROD));
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
        println!("{text}");
        fails(way.commit(), &["can't be used: ", "[schema-malformed]", SAID[0], SAID[1]]);
        way.env.write(".env", "A=1 # envseal: plain\n");
        assert!(way.env.fails(1, &["run", "--", "touch", "started"]).contains("can't be used: "));
        assert!(!way.env.path("started").exists());
    }
}

/// Makes `.env.schema` a link to this target; in the second round, to a schema.
fn link_schema(way: &Way, target: &Path) {
    way.add("sub/.env.schema", "SECRET=\n");
    let target = way.pick(target, Path::new("sub/.env.schema"));
    std::os::unix::fs::symlink(target, way.env.path(".env.schema")).unwrap();
    way.git(&["add", ".env.schema"]).ok();
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
        // These links are refused in any case, so the second round leads to a schema. One leads out of the repository.
        |way| {
            link_schema(way, Path::new("nowhere"));
            way.add(".env.example", PLAIN);
        },
        |way| {
            let outside = way.env.outside().join("schema");
            std::fs::write(&outside, PLAIN).unwrap();
            link_schema(way, &outside);
        },
    ];
    for schema in schemas {
        commit_stopped(&SAID, |way| {
            schema(way);
            way.add(PROD, way.text(PROD));
        });
    }
}

/// Removing the schema that took precedence makes the next one count.
#[test]
fn called_plain_by_the_one_behind_it() {
    let way = Way::new(false);
    way.guard_remote();
    way.add(".env.schema", "SECRET=\n");
    way.add(".env.example", PLAIN);
    way.git(&["commit", "-q", "-m", "both"]).ok();
    way.git(&["push", "-q", "origin", "main"]).ok();
    way.git(&["rm", "-q", ".env.schema"]).ok();
    let output = way.commit().output();
    told(&output, &["suggestion: ", "SECRET", "policy-widened"]);
    fails(way.git(&["push", "origin", "main"]), &["policy-widened"]);
}

/// Once reviewed, a plain name stays plain. Even so, `set` encrypts the new value of a variable that is sealed.
#[test]
fn a_sealed_value_that_is_called_plain_later() {
    commit_stopped(&[".env.production:2: error: SECRET", "[plain-sealed]"], |way| {
        way.add(".env.schema", way.pick(PLAIN, "SECRET=\n"));
        way.add(PROD, format!("{}SECRET={}\n", way.header(PROD), way.token("SECRET")));
    });
    let way = Way::new(true);
    way.write(".env.schema", PLAIN.replace("SECRET", "HELLO"));
    way.env.envseal(&["set", "HELLO"]).stdin(PLAINTEXT).ok();
    assert!(!way.env.read(".env").contains(PLAINTEXT));
}
