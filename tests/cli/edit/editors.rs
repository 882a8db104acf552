//! Which editor is started, how, and what it is given.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{assert_wiped, edit, editor, runtime};
use crate::support::TestEnv;

/// An executable that notes that it was started.
fn program(path: &Path, script: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn no_editor_is_looked_up_in_the_working_directory() {
    let env = TestEnv::new();
    for name in ["vi", "nano"] {
        program(&env.path(name), "touch started");
    }
    let here = env.repo().display().to_string();
    let absolute = env.outside().join("bin");
    for path in [".", "", ":", "repo", "./", &format!("{here}:{here}/.:.")] {
        for visual in ["", "nano -x"] {
            let run = env.envseal(&["edit"]).var("PATH", path).var("VISUAL", visual);
            let name = if visual.is_empty() { "vi" } else { "nano" };
            let expected = format!(
                "error: the editor {name} was not found in an absolute folder of PATH\nhint: use another one, as in: \
                 VISUAL=nano envseal edit\n"
            );
            assert_eq!(run.fails(2), expected);
        }
    }
    for relative in ["./vi", "./nano -w", "../repo/vi"] {
        let stderr = env.envseal(&["edit"]).var("VISUAL", relative).fails(2);
        let name = relative.split(' ').next().unwrap();
        assert!(stderr.starts_with(&format!("error: the editor {name} is a relative path\n")), "{stderr}");
    }
    assert!(!env.path("started").exists());
    program(&absolute.join("vi"), "touch absolute");
    let path = format!(".:{}:/usr/bin:/bin", absolute.display());
    env.envseal(&["edit"]).var("PATH", path).ok();
    assert!(env.path("absolute").exists() && !env.path("started").exists());
}

#[test]
fn the_words_of_a_command_are_its_own_and_no_shell_reads_them() {
    let env = TestEnv::new();
    let path = env.outside().join("my editor");
    program(&path, "echo \"$#:$1:$2:$3:$(basename \"$4\")\" >got");
    let visual = format!("'{}' --wait \"a b\" '$(id);`id`'", path.display());
    env.envseal(&["edit", "-e", "production"]).var("VISUAL", visual).ok();
    assert_eq!(env.read("got"), "4:--wait:a b:$(id);`id`:.env.production\n");
    let stderr = env.envseal(&["edit"]).var("VISUAL", "'vi").fails(2);
    assert!(stderr.starts_with("error: cannot parse the editor command 'vi\nhint: "), "{stderr}");
}

#[test]
fn visual_comes_before_editor_and_an_empty_one_is_none() {
    let env = TestEnv::new();
    let said = |visual: Option<&str>, editor: &str| {
        let run = env.envseal(&["edit"]).var("EDITOR", editor);
        let run = if let Some(visual) = visual { run.var("VISUAL", visual) } else { run };
        run.output().stderr
    };
    assert!(said(Some("false v"), "true").contains("the editor false failed:"));
    assert!(said(None, "false e").contains("the editor false failed:"));
    assert!(said(Some(""), "false e").contains("the editor false failed:"));
}

#[test]
fn an_editor_gets_nothing_of_ours_but_the_file() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    edit(&env, "env >got; pwd >>got", &[]).var("ENVSEAL_PRIVATE_KEY", &key).var("OTHER", "x").ok();
    let got = env.read("got");
    assert!(!got.contains("ENVSEAL_") && !got.contains(&key) && got.contains("OTHER=x\n"), "{got}");
    assert!(got.ends_with(&format!("{}\n", env.repo().display())), "{got}");
}

#[test]
fn the_place_is_private_and_in_memory_where_it_can_be() {
    let env = TestEnv::new();
    env.write_sealed(".env", "A=1\n");
    let script = "stat -c '%a' \"$1\" \"$(dirname \"$1\")\" >got; dirname \"$1\" >place";
    let place = |run: crate::support::Run<'_>| {
        let output = run.output();
        assert_eq!((output.status, env.read("got")), (0, "600\n700\n".into()), "{}", output.stderr);
        let place = env.read("place").trim_end().to_owned();
        assert!(!Path::new(&place).exists(), "{place} is left");
        (place, output.stderr)
    };
    let folder = runtime(&env);
    assert!(place(edit(&env, script, &[])).0.starts_with(&*folder.to_string_lossy()));
    if !Path::new("/dev/shm").is_dir() {
        println!("skipped: no /dev/shm");
        return;
    }
    let open = env.outside().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
    let none = env.outside().join("none");
    for unfit in ["", "tmp", ".", none.to_str().unwrap(), open.to_str().unwrap(), "/etc"] {
        let (place, stderr) = place(edit(&env, script, &[]).var("XDG_RUNTIME_DIR", unfit));
        assert!(place.starts_with("/dev/shm/envseal-"), "{unfit}: {place}");
        assert_eq!(stderr, "No changes\n");
    }
}

#[test]
fn what_an_editor_leaves_beside_the_file_is_wiped() {
    let env = TestEnv::new();
    let secret = env.secret("left");
    env.write_sealed(".env", format!("A={secret}\n"));
    let script =
        "cp \"$1\" \"$1~\"; cp \"$1\" \"$1.swp\"; chmod 400 \"$1.swp\"; mkdir -p \"$(dirname \"$1\")/un/do\"
        cp \"$1\" \"$(dirname \"$1\")/un/do/x\"; ln -s \"$PWD/.env.keys\" \"$1.link\"
        (cat \"$1\"; echo B=2) >\"$1.new\"; mv \"$1.new\" \"$1\"";
    let keys = env.read(".env.keys");
    assert_eq!(edit(&env, script, &[]).output().stderr, "Encrypted B in .env\n");
    assert_eq!(env.read(".env.keys"), keys);
    assert_wiped(&env);
}

#[test]
fn a_window_that_does_not_wait_is_told_how() {
    let env = TestEnv::new();
    let code = env.outside().join("bin/code");
    program(&code, ":");
    let stderr = |visual: &str| {
        let path = format!("{}:/usr/bin:/bin", code.parent().unwrap().display());
        env.envseal(&["edit"]).var("PATH", path).var("VISUAL", visual).output().stderr
    };
    let note = "note: the editor returned at once; to make it wait: VISUAL='code --wait'\n";
    assert_eq!(stderr("code"), format!("No changes\n{note}"));
    assert_eq!(stderr("code --wait"), "No changes\n");
    assert_eq!(stderr(&editor(&env, ":")), "No changes\n");
}
