//! Lock a folder as another local user with read access.

use std::fs::File;

use crate::support::TestEnv;

#[test]
fn a_folder_locked_by_another_user_blocks_no_command() {
    let env = TestEnv::new();
    let locks: Vec<_> = ["", ".git"].iter().map(|folder| File::open(env.path(folder)).unwrap()).collect();
    for lock in &locks {
        lock.try_lock().unwrap();
    }
    let secret = env.secret("value");
    let program = env!("CARGO_BIN_EXE_envseal");
    for arguments in
        [&["init", "--yes"][..], &["set", "A"], &["set", "A"], &["hook", "install"], &["encrypt"]]
    {
        let output = env.program("timeout", &[&["30", program], arguments].concat()).stdin(&secret).output();
        assert_eq!(output.status, 0, "{arguments:?}: {}", output.stderr);
        assert!(!output.stderr.contains("waiting"), "{}", output.stderr);
    }
    let left =
        env.snapshot().into_iter().filter(|(path, _)| path.to_string_lossy().contains(".envseal-tmp-"));
    assert_eq!(left.count(), 0);
}
