//! What a release is made of: `.ci/package` and `.ci/check-tag`, run as the release workflow runs them.

use crate::support::TestEnv;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const SOURCE: &str = env!("CARGO_MANIFEST_DIR");

/// Packs the binary under test for `target`, and returns the archive's path.
fn pack(env: &TestEnv, target: &str, out: &str) -> String {
    let script = format!("{SOURCE}/.ci/package");
    let run = env.program("python3", &[&script, target, env!("CARGO_BIN_EXE_envseal"), out]);
    run.var("SOURCE_DATE_EPOCH", "1700000000").ok().trim().to_owned()
}

fn has_python(env: &TestEnv) -> bool {
    let has = env.program("sh", &["-c", "command -v python3 && command -v tar"]).output().status == 0;
    if !has {
        println!("skipped: python3 or tar is not installed");
    }
    has
}

#[test]
fn an_archive_holds_what_a_packager_needs() {
    let env = TestEnv::without_git();
    if !has_python(&env) {
        return;
    }
    let archive = pack(&env, "x86_64-unknown-linux-musl", "out");
    let top = format!("envseal-{VERSION}-x86_64-unknown-linux-musl");
    assert_eq!(archive, format!("out/{top}.tar.gz"));
    let names = env.program("tar", &["-tzf", &archive]).ok();
    let names: Vec<_> = names.lines().collect();
    for name in [
        "envseal",
        "README.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "completions/_envseal",
        "completions/envseal.bash",
        "man/envseal.1",
        "man/envseal-team-approve.1",
    ] {
        assert!(names.contains(&&*format!("{top}/{name}")), "{name}: {names:?}");
    }
    assert!(names.iter().all(|name| name.starts_with(&top) && !name.contains("..")), "{names:?}");
    env.program("tar", &["-xzf", &archive]).ok();
    let program = env.path(&top).join("envseal");
    assert_eq!(env.program(program.to_str().unwrap(), &["--version"]).ok(), format!("envseal {VERSION}\n"));
    assert!(std::fs::read(program).unwrap() == std::fs::read(env!("CARGO_BIN_EXE_envseal")).unwrap());
}

#[test]
fn the_same_commit_and_binary_give_the_same_bytes() {
    let env = TestEnv::without_git();
    if !has_python(&env) {
        return;
    }
    for (target, ending) in [("aarch64-apple-darwin", ".tar.gz"), ("x86_64-pc-windows-msvc", ".zip")] {
        let (one, other) = (pack(&env, target, "one"), pack(&env, target, "other"));
        assert!(one.ends_with(ending), "{one}");
        assert!(env.bytes(one) == env.bytes(other), "{target}");
    }
    let list = "import sys, zipfile; print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))";
    let archive = format!("one/envseal-{VERSION}-x86_64-pc-windows-msvc.zip");
    let names = env.program("python3", &["-c", list, &archive]).ok();
    assert!(names.lines().any(|name| name.ends_with("-msvc/envseal.exe")), "{names}");
}

#[test]
fn a_binary_of_another_version_is_not_packed() {
    let env = TestEnv::without_git();
    if !has_python(&env) {
        return;
    }
    env.write("other", "#!/bin/sh\necho envseal 6.6.6\n");
    env.program("chmod", &["+x", "other"]).ok();
    let script = format!("{SOURCE}/.ci/package");
    let run = env.program("python3", &[&script, "x86_64-unknown-linux-musl", "other", "out"]);
    let said = run.var("SOURCE_DATE_EPOCH", "0").fails(1);
    assert!(said.contains("says that it is envseal 6.6.6"), "{said}");
    assert!(!env.path("out").exists());
}

#[test]
fn a_tag_is_released_that_the_sources_know() {
    let env = TestEnv::without_git();
    env.write(
        "Cargo.toml",
        "[package]\nname = \"envseal\"\nversion = \"1.2.3\"\n\n[dependencies]\nx = \"1\"\n",
    );
    env.write("Cargo.lock", "[[package]]\nname = \"envseal\"\nversion = \"1.2.3\"\n");
    let script = std::fs::read(format!("{SOURCE}/.ci/check-tag")).unwrap();
    env.write(".ci/check-tag", script);
    let changes = "# Changelog\n\n## [Unreleased]\n\n- later\n\n## [1.2.3] - 2026-01-02\n\n### Added\n\n- this\n\n## [1.2.2]\n\n- old\n";
    env.write("CHANGELOG.md", changes);
    let check = |tag: &str| env.program("bash", &[".ci/check-tag", tag]);
    let notes = check("v1.2.3").ok();
    assert_eq!(notes.trim(), "### Added\n\n- this");
    for tag in ["v1.2.4", "1.2.3", "v1.2.3-rc.1", "v1.2.30", ""] {
        check(tag).fails(1);
    }
    env.write("CHANGELOG.md", changes.replace("[1.2.3]", "[1.2.30]"));
    assert!(check("v1.2.3").fails(1).contains("CHANGELOG.md tells nothing of 1.2.3"));
    env.write("CHANGELOG.md", "## [1.2.3]\n\n## [1.2.2]\n\n- old\n");
    check("v1.2.3").fails(1);
    env.write("CHANGELOG.md", changes);
    env.write("Cargo.lock", "[[package]]\nname = \"envseal\"\nversion = \"1.2.2\"\n");
    assert!(check("v1.2.3").fails(1).contains("Cargo.lock"));
}
