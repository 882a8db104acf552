//! Which editor is started, how, and what it is given.

use std::path::Path;

use super::{assert_wiped, edit, editor, runtime, sealed};
use crate::support::{TestEnv, run_on_terminal, set_mode, write_script};

/// Writes an executable script.
fn program(path: &Path, script: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    write_script(path, script);
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
        let said = env.envseal(&["edit"]).var("PATH", path).var("VISUAL", "nano -x").fails(2);
        let expected = "error: the editor nano was not found in an absolute folder of PATH\nhint: use another one, as in: \
                        GIT_EDITOR=vi envseal edit\n";
        assert_eq!(said, expected, "{path}");
    }
    for relative in ["./vi", "./nano -w", "../repo/vi"] {
        let stderr = env.envseal(&["edit"]).var("VISUAL", relative).fails(2);
        let name = relative.split(' ').next().unwrap();
        assert!(stderr.starts_with(&format!("error: the editor {name} is a relative path\n")), "{stderr}");
    }
    assert!(!env.path("started").exists());
    program(&absolute.join("vi"), "touch absolute");
    let path = format!(".:{}:/usr/bin:/bin", absolute.display());
    env.envseal(&["edit"]).var("PATH", path).var("VISUAL", "vi").ok();
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
fn the_editor_is_gits_but_never_the_repositorys() {
    let env = TestEnv::new();
    let bin = env.outside().join("bin");
    for name in ["vi", "git-editor", "call", "global", "visual", "editor", "repository"] {
        program(&bin.join(name), &format!("echo {name} >'{}'", env.path("got").display()));
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let all = ["GIT_EDITOR=git-editor", "core=global", "VISUAL=visual", "EDITOR=editor"];
    let run = |set: &[&str]| {
        let has_core = set.contains(&"core=global");
        env.git(&["config", "--global", "core.editor", if has_core { "global" } else { "" }]);
        let run = env.envseal(&["edit"]).var("PATH", &path).var("EDITOR", "");
        let pairs = set.iter().filter_map(|pair| pair.split_once('='));
        pairs.fold(run, |run, (name, value)| run.var(name, value))
    };
    let started = |run: crate::support::Run<'_>| {
        run.ok();
        env.read("got").trim_end().to_owned()
    };
    // An editor from the repository's configuration, directly, by include or for this worktree, is ignored.
    env.git(&["config", "core.editor", "repository"]);
    env.git(&["config", "include.path", "../included"]);
    env.write("included", "[core]\neditor = repository\n");
    env.git(&["config", "extensions.worktreeConfig", "true"]);
    env.git(&["config", "--worktree", "core.editor", "repository"]);
    for at in 0..all.len() {
        let expected = ["git-editor", "global", "visual", "editor"][at];
        assert_eq!(started(run(&all[at..])), expected);
        let empty: Vec<_> =
            all[..at].iter().map(|pair| format!("{}=", pair.split('=').next().unwrap())).collect();
        let empty: Vec<_> = empty.iter().map(String::as_str).chain(all[at..].iter().copied()).collect();
        assert_eq!(started(run(&empty)), expected, "an empty variable counts as unset");
    }
    let call =
        ["GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=core.editor", "GIT_CONFIG_VALUE_0=call", all[1], all[2]];
    assert_eq!(started(run(&call)), "call");
    assert_eq!(
        run(&[]).fails(2),
        "error: no editor is configured, and there is no terminal for vi\n\
         hint: name one: GIT_EDITOR='code --wait' envseal edit\n"
    );
    let Some((status, shown)) = run_on_terminal(run(&[]), None) else { return };
    assert_eq!((status, env.read("got").as_str()), (0, "vi\n"), "{shown}");
    // Outside a repository, too.
    let env = TestEnv::without_git();
    env.git(&["config", "--global", "core.editor", "false x"]);
    assert!(env.envseal(&["edit"]).var("EDITOR", "true").fails(4).contains("the editor false failed"));
}

#[test]
fn an_editor_gets_nothing_of_ours_but_the_file() {
    let env = sealed();
    let key = env.private_key("ENVSEAL_PRIVATE_KEY");
    edit(&env, "env >got; pwd >>got", &[]).var("ENVSEAL_PRIVATE_KEY", &key).var("OTHER", "x").ok();
    let got = env.read("got");
    assert!(!got.contains("ENVSEAL_") && !got.contains(&key) && got.contains("OTHER=x\n"), "{got}");
    assert!(got.ends_with(&format!("{}\n", env.repo().display())), "{got}");
}

#[test]
fn the_place_is_private_and_in_memory_where_it_can_be() {
    let env = sealed();
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
    set_mode(&open, 0o755);
    let none = env.outside().join("none");
    for unfit in ["", "tmp", none.to_str().unwrap(), open.to_str().unwrap()] {
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
    let note = "note: the editor returned at once; to make it wait: GIT_EDITOR='code --wait'\n";
    assert_eq!(stderr("code"), format!("No changes\n{note}"));
    assert_eq!(stderr("code --wait"), "No changes\n");
    assert_eq!(stderr(&editor(&env, ":")), "No changes\n");
}
