//! Tests `.ci/package` and `.ci/check-tag`, which make a release, run as in the release workflow.

use crate::support::{Run, TestEnv, write_script};

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
fn stand_in(env: &TestEnv, version: &str) -> String {
    let page = "echo page >\"$4/envseal-team-approve.1\"";
    let answers = format!("case $* in\n--version) echo envseal {version} ;;\n*) {page} ;;\nesac");
    write_script(env.path("stand-in"), &answers);
    env.path("stand-in").to_str().unwrap().to_owned()
}

#[test]
fn an_archive_holds_what_a_packager_needs_and_always_has_the_same_bytes() {
    let env = TestEnv::without_git();
    if !env.has(&["python3", "tar"]) {
        return;
    }
    let binary = stand_in(&env, VERSION);
    for (target, list) in [
        (
            "x86_64-unknown-linux-musl",
            "import sys, tarfile; print('\\n'.join(tarfile.open(sys.argv[1]).getnames()))",
        ),
        (
            "x86_64-pc-windows-msvc",
            "import sys, zipfile; print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))",
        ),
    ] {
        // The list of its parts needs the crates of this target in addition to the host's.
        let fetch =
            ["fetch", "--locked", "--target", target, "--manifest-path", &format!("{SOURCE}/Cargo.toml")];
        if with_cargo(env.program("cargo", &fetch)).output().status != 0 && target.contains("windows") {
            println!("skipped: the crates of {target} can't be downloaded");
            continue;
        }
        let top = format!("envseal-{VERSION}-{target}");
        let (ending, program) =
            if target.contains("windows") { ("zip", "envseal.exe") } else { ("tar.gz", "envseal") };
        let (one, other) = (pack(&env, target, &binary, "one"), pack(&env, target, &binary, "other"));
        assert_eq!(one, format!("one/{top}.{ending}"));
        assert!(env.bytes(&one) == env.bytes(other), "{target}");
        let names = env.program("python3", &["-c", list, &one]).ok();
        let names: Vec<_> = names.lines().collect();
        for name in [
            program,
            "README.md",
            "CHANGELOG.md",
            "LICENSE-MIT",
            "LICENSE-APACHE",
            "THIRD-PARTY.txt",
            "sbom.cdx.json",
            "completions/_envseal",
            "completions/envseal.bash",
            "man/envseal-team-approve.1",
        ] {
            assert!(names.contains(&&*format!("{top}/{name}")), "{name}: {names:?}");
        }
        assert!(names.iter().all(|name| name.starts_with(&top) && !name.contains("..")), "{names:?}");
        if ending == "tar.gz" {
            env.program("tar", &["-xzf", &one]).ok();
            let unpacked = env.path(&top).join(program);
            let version = env.program(unpacked.to_str().unwrap(), &["--version"]).ok();
            assert_eq!(version, format!("envseal {VERSION}\n"));
            assert!(std::fs::read(unpacked).unwrap() == env.bytes("stand-in"));
        }
    }
}

#[test]
fn a_binary_of_another_version_is_not_packed() {
    let env = TestEnv::without_git();
    if !env.has(&["python3", "tar"]) {
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
