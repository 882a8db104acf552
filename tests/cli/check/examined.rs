//! Which files are checked: "no findings" is said only if there were some, and the pre-commit framework says which.

use super::{append, project};
use crate::support::{Output, TestEnv};

/// Runs envseal as `.pre-commit-hooks.yaml` tells the framework to, outside of any commit. `refs` is a range to check.
fn framework(env: &TestEnv, refs: Option<[&str; 2]>) -> Output {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml")).unwrap();
    let entries: Vec<_> =
        text.lines().filter_map(|line| line.trim().strip_prefix("entry: envseal ")).collect();
    assert!(entries.len() == 2 && entries[0] == entries[1], "{entries:?}");
    let run = env.envseal(&entries[0].split(' ').collect::<Vec<_>>()).var("PRE_COMMIT", "1");
    match refs {
        Some([from, to]) => run.var("PRE_COMMIT_FROM_REF", from).var("PRE_COMMIT_TO_REF", to).output(),
        None => run.output(),
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), output.stderr)
}

#[test]
fn the_framework_checks_all_files_or_the_range_that_it_names() {
    let env = project();
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    let before = env.commit("good");
    assert_eq!(framework(&env, None).status, 0);
    env.write_plain("notes.txt", format!("{key}\n"));
    let leak = env.commit("a private key");
    env.git(&["rm", "-q", "notes.txt"]);
    let taken_back = env.commit("taken back");
    // Nothing is staged in any of these.
    assert_eq!(framework(&env, None).status, 0, "it is in no file now");
    for refs in [[&*before, "HEAD"], [&before, &leak], [&before, &taken_back], ["HEAD~2", "main"]] {
        let output = framework(&env, Some(refs));
        assert_eq!(output.status, 1, "{refs:?} {}", said(&output));
        assert!(said(&output).contains("[private-key]") && !said(&output).contains(&key[..30]));
    }
    assert_eq!(framework(&env, Some([&leak, "HEAD"])).status, 0);
    assert_eq!(framework(&env, Some(["nowhere", "HEAD"])).status, 4);
    env.git(&["checkout", "-q", &leak]);
    let output = framework(&env, None);
    assert_eq!(output.status, 1, "{}", said(&output));
    assert!(said(&output).contains("notes.txt:1: error: "), "{}", said(&output));
    // The key is also found if something else is staged, and so is what is staged.
    append(&env, ".env", "A=abc\n");
    env.git(&["add", ".env"]);
    let output = framework(&env, None);
    assert!(
        said(&output).contains("[private-key]") && said(&output).contains("[plaintext]"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_check_of_nothing_is_no_all_clear() {
    let env = TestEnv::new();
    env.git(&["commit", "-q", "--allow-empty", "-m", "start"]);
    env.git(&["commit", "-q", "--allow-empty", "-m", "more"]);
    for (arguments, why) in [
        (&["check", "--staged"][..], "nothing is staged"),
        (&["check", "--range", "HEAD~1..HEAD"], "the range changes no file"),
        (&["check", "--range", "HEAD..HEAD"], "the range changes no file"),
        (&["check", "--history"], "no commit has a file"),
        (&["check"], "there is no file here that git tracks or would add"),
    ] {
        let output = env.envseal(arguments).output();
        assert_eq!(
            (output.status, said(&output)),
            (0, format!("Nothing was checked: {why}\n")),
            "{arguments:?}"
        );
    }
    let outside = env.outside().join("outside");
    std::fs::create_dir_all(&outside).unwrap();
    let output = env.envseal(&["check"]).dir(&outside).output();
    let why = "there is no env file here, and no git repository";
    assert_eq!((output.status, said(&output)), (0, format!("Nothing was checked: {why}\n")));
    env.write("file", "x\n");
    let output = env.envseal(&["check"]).output();
    assert!(
        said(&output).starts_with("0 errors") && said(&output).contains("1 file scanned"),
        "{}",
        said(&output)
    );
}

/// A sparse checkout leaves files out, but the next commit has them.
#[test]
fn what_a_sparse_checkout_leaves_out_is_not_gone() {
    let env = project();
    std::fs::create_dir(env.path("pkg")).unwrap();
    env.write("pkg/envseal.toml", "[policy]\nplain = ['PORT']\n");
    env.ok(&["-C", "pkg", "set", "-q", "A", &env.secret("a"), "-e", "staging"]);
    env.ok(&["-C", "pkg", "team", "request", "-q", "--name", "alice"]);
    append(&env, "pkg/.env.staging", "PORT=1\n");
    env.commit("package");
    append(&env, "pkg/.env.staging", "TOKEN=plain-as-day\n");
    env.commit("plain text");
    let found = env.check(&[]);
    assert_eq!(found, ["pkg/.env.staging:5 !plaintext TOKEN"]);
    let patterns = ["/*", "!/pkg/", "/pkg/.env.keys"];
    env.git(&[&["sparse-checkout", "set", "--no-cone"], &patterns[..]].concat());
    assert!(!env.path("pkg/.env.staging").exists() && !env.path("pkg/envseal.toml").exists());
    assert_eq!(env.check(&[]), found);
    assert_eq!(env.ok(&["diff"]), "");
    let hint = format!("git -C {} sparse-checkout add pkg\n", env.repo().display());
    let told = env.check_text(&[]);
    assert!(told.ends_with(&format!("fix: {hint}")), "{told}");
    // A new file there would replace what the next commit has.
    for file in ["pkg/.env.staging", "pkg/../pkg/.env.staging"] {
        let said = env.envseal(&["set", "-q", "B", "plain-as-day", "-f", file]).fails(4);
        assert!(said.contains("sparse checkout leaves out pkg/.env.staging\n"), "{said}");
        assert!(said.ends_with(&format!("hint: {hint}")), "{said}");
    }
    assert_eq!(env.envseal(&["check", "--fix"]).output().status, 1);
    assert!(!env.path("pkg/.env.staging").exists());
    env.write("envseal.toml", "[policy]\nplain = ['PORT']\n");
    env.commit("team file");
    env.git(&["sparse-checkout", "set", "--no-cone", "/*", "!/envseal.toml"]);
    let said = env.envseal(&["team", "request", "-q", "--name", "alice"]).fails(4);
    assert!(said.contains("sparse checkout leaves out envseal.toml\n"), "{said}");
}
