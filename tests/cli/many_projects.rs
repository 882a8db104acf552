//! A repository with many projects whose keys are in one `.env.keys` above them.

use envseal::testing::crypto::{PlaintextKind, PrivateKey, Refs, Sealer};

use crate::support::{TestEnv, make_private};

/// Creates so many projects, each with an env file of one value, and commits them.
fn projects(count: usize) -> TestEnv {
    let env = TestEnv::new();
    let mut keys = Vec::new();
    for at in 0..count {
        let key = PrivateKey::generate();
        let mut sealer = Sealer::new(&key.public()).unwrap();
        let value =
            sealer.seal("S", &Refs::new([]).unwrap(), PlaintextKind::Value, b"a value of a project").unwrap();
        env.write(format!("p/{at}/envseal.toml"), "");
        env.write(format!("p/{at}/.env"), format!("ENVSEAL_PUBLIC_KEY={}\nS={value}\n", key.public()));
        keys.push(key.to_text().expose().to_owned());
    }
    env.write(".gitignore", ".env.keys\n");
    env.commit("projects");
    env.write(".env.keys", format!("ENVSEAL_PRIVATE_KEY={}\n", keys.join(",")));
    make_private(&env.path(".env.keys"));
    env
}

/// Returns the processor time that a command takes, in seconds.
fn time_of(env: &TestEnv, arguments: &[&str]) -> f64 {
    let script = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); \
                  print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime)";
    let own = env!("CARGO_BIN_EXE_envseal");
    env.program("python3", &["-c", script, own]).args(arguments).ok().trim().parse().unwrap()
}

#[test]
fn four_times_the_projects_take_about_four_times_as_long() {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        println!("SKIPPED: python3 is not installed");
        return;
    }
    let (few, many) = (projects(50), projects(200));
    for arguments in [&["ls"][..], &["doctor"], &["check"]] {
        env_decrypts(&many, arguments);
        let (short, long) = (time_of(&few, arguments), time_of(&many, arguments));
        assert!(long < 7.5 * short, "{arguments:?}: {short} s for 50 projects, {long} s for 200");
    }
}

/// Makes sure that the command finds the keys: without them there would be nothing to measure.
fn env_decrypts(env: &TestEnv, arguments: &[&str]) {
    let output = env.envseal(arguments).output();
    assert!(!output.stderr.contains("private key"), "{arguments:?}: {}", output.stderr);
}
