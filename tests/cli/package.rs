//! Tests `.ci/package` and `.ci/check-tag`, which make a release, run as in the release workflow.

use crate::support::{Run, TestEnv};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const SOURCE: &str = env!("CARGO_MANIFEST_DIR");

/// Packs a binary for `target` and returns the archive's path.
fn pack(env: &TestEnv, target: &str, binary: &str, out: &str) -> String {
    let script = format!("{SOURCE}/.ci/package");
    let run = env.program("python3", &[&script, target, binary, out]);
    with_cargo(run).var("SOURCE_DATE_EPOCH", "1700000000").ok().trim().to_owned()
}

/// Lets a program find cargo and the crates that this build has downloaded.
fn with_cargo(mut run: Run<'_>) -> Run<'_> {
    for name in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
        if let Some(value) = std::env::var_os(name) {
            run = run.var(name, value);
        }
    }
    run
}

/// Returns a program that answers `.ci/package` like the binary, but is packed faster.
#[cfg(unix)]
fn stand_in(env: &TestEnv, version: &str) -> String {
    env.write(
        "stand-in",
        format!("#!/bin/sh\ncase $* in\n--version) echo envseal {version} ;;\n*) echo page >\"$4/envseal.1\" ;;\nesac\n"),
    );
    env.program("chmod", &["+x", "stand-in"]).ok();
    env.path("stand-in").to_str().unwrap().to_owned()
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
    let archive = pack(&env, "x86_64-unknown-linux-musl", env!("CARGO_BIN_EXE_envseal"), "out");
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
        "THIRD-PARTY.txt",
        "sbom.cdx.json",
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

#[cfg(unix)]
#[test]
fn the_same_commit_and_binary_give_the_same_bytes() {
    let env = TestEnv::without_git();
    if !has_python(&env) {
        return;
    }
    let binary = stand_in(&env, VERSION);
    for (target, ending) in [("x86_64-unknown-linux-musl", ".tar.gz"), ("x86_64-pc-windows-msvc", ".zip")] {
        // The list of its parts needs the crates of this target in addition to the host's.
        let fetch =
            ["fetch", "--locked", "--target", target, "--manifest-path", &format!("{SOURCE}/Cargo.toml")];
        if with_cargo(env.program("cargo", &fetch)).output().status != 0 {
            println!("skipped: the crates of {target} can't be downloaded");
            continue;
        }
        let (one, other) = (pack(&env, target, &binary, "one"), pack(&env, target, &binary, "other"));
        assert!(one.ends_with(ending), "{one}");
        assert!(env.bytes(&one) == env.bytes(other), "{target}");
        if ending == ".zip" {
            let list = "import sys, zipfile; print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))";
            let names = env.program("python3", &["-c", list, &one]).ok();
            assert!(names.lines().any(|name| name.ends_with("-msvc/envseal.exe")), "{names}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_binary_of_another_version_is_not_packed() {
    let env = TestEnv::without_git();
    if !has_python(&env) {
        return;
    }
    let script = format!("{SOURCE}/.ci/package");
    let run =
        env.program("python3", &[&script, "x86_64-unknown-linux-musl", &stand_in(&env, "6.6.6"), "out"]);
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
