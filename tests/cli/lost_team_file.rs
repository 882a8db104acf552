//! A package that lost its `envseal.toml`, so that it is no separate project any more.

use crate::support::TestEnv;

/// The values of a package that lost its `envseal.toml` must not be mixed with those of the project above.
#[test]
fn a_package_without_its_team_file_is_first_told_to_restore_it() {
    let env = TestEnv::new();
    env.write("pkg/envseal.toml", "");
    env.ok(&["set", "-q", "ROOT=value", "-e", "production"]);
    env.ok(&["-C", "pkg", "set", "-q", "PKG=value", "-e", "production"]);
    env.commit("two projects");
    std::fs::remove_file(env.path("pkg/envseal.toml")).unwrap();
    let before = env.snapshot();
    for folder in ["pkg", "."] {
        let run = env.envseal(&["set", "NEW=value", "-e", "production"]).dir(env.path(folder));
        let stderr = run.fails(4);
        let [team_file, above, below] = match folder {
            "." => ["pkg/envseal.toml", ".env.production", "pkg/.env.production"],
            _ => ["envseal.toml", "../.env.production", ".env.production"],
        };
        let first =
            format!("for a separate project: touch {team_file}; otherwise, if {above} has the right key");
        assert!(
            stderr.contains(&first) && stderr.contains(&format!("--reseal -f {below}")),
            "{folder}: {stderr}"
        );
    }
    assert_eq!(env.snapshot(), before);
    env.envseal(&["set", "NEW=value", "-e", "production"]).dir(env.path("pkg")).fails(4);
    env.write("pkg/envseal.toml", "");
    env.ok(&["-C", "pkg", "set", "-q", "NEW=value", "-e", "production"]);
}
