//! What happens to values: tables of cases, each with its input, the command, the expected bytes and the exit status.

mod crafted;
mod dollars;
mod files;
mod foreign;
mod misplaced;
mod multiline;
mod operators;
#[cfg(unix)]
mod readers;
mod shapes;
mod typos;

use envseal::testing::crypto::{PlaintextKind, PublicKey};

use crate::attacks;
use crate::support::TestEnv;

/// Encrypts a source text.
fn token(key: &PublicKey, name: &str, refs: &[&str], source: &[u8]) -> String {
    attacks::token(key, name, PlaintextKind::Source, refs, source)
}

/// One case. A command that fails must leave every file as it was.
struct Case<'a> {
    /// The files that exist, and their text.
    files: &'a [(&'a str, &'a str)],
    /// The command's arguments.
    run: &'a [&'a str],
    /// Its exit status.
    status: i32,
    /// Its stdout, or, if it fails, a part of its stderr.
    says: &'a str,
    /// What neither stream may contain; ignored if it is empty.
    hides: &'a str,
}

impl Case<'_> {
    /// Runs it in a new repository, which is returned.
    #[track_caller]
    fn holds(&self) -> TestEnv {
        let env = TestEnv::new();
        for (path, text) in self.files {
            env.write(path, text);
        }
        self.holds_in(&env);
        env
    }

    #[track_caller]
    fn holds_in(&self, env: &TestEnv) {
        let before = env.snapshot();
        let output = env.envseal(self.run).output();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let case = format!("{:?} {:?}\n{stdout}{}", self.files, self.run, output.stderr);
        assert_eq!(output.status, self.status, "{case}");
        if self.status == 0 {
            assert_eq!(stdout, self.says, "{case}");
        } else {
            assert!(output.stderr.contains(self.says) || stdout.contains(self.says), "{case}");
            assert_eq!(env.snapshot(), before, "{case}");
        }
        let hidden = self.hides.is_empty() || !(stdout + &output.stderr).contains(self.hides);
        assert!(hidden, "{case}");
    }
}
