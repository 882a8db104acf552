//! The table of kinds of repositories.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::story::{HISTORY, REPEATED, tell};
use super::{Place, text};
use crate::support::TestEnv;

/// Creates one test for each kind: how the repository is made, and which steps are left out.
macro_rules! kinds {
    ($($name:ident: $make:expr, without [$($steps:expr),*];)+) => {
        mod told_in {
            use super::{HISTORY, Place, REPEATED, changed, cloned, init, partial, tell};
            $(
                #[test]
                fn $name() {
                    let make: fn() -> Option<Place> = $make;
                    match make() {
                        Some(place) => tell(&place, &[$($steps),*]),
                        None => println!("skipped: {}", stringify!($name)),
                    }
                }
            )+
        }
    };
}

kinds! {
    // How objects and refs are stored.
    sha1_and_files: || init(&[]), without [];
    sha256: || init(&["--object-format=sha256"]), without [];
    reftable: || init(&["--ref-format=reftable"]), without [REPEATED];
    packed: || changed(&[&["gc", "-q"], &["commit-graph", "write", "--reachable"], &["pack-refs", "--all"]]), without [REPEATED];
    alternates: || Some(cloned(&["--shared"])), without [REPEATED];
    worktree_configuration: || changed(&[&["config", "extensions.worktreeConfig", "true"]]), without [HISTORY, REPEATED];
    relative_worktrees: || changed(&[&["config", "extensions.relativeWorktrees", "true"],
        &["config", "core.repositoryFormatVersion", "1"], &["rev-parse", "HEAD"]]), without [HISTORY, REPEATED];

    // How the index is stored.
    index_v4: || changed(&[&["config", "index.version", "4"], &["update-index", "--index-version", "4"]]), without [HISTORY];
    split_index: || changed(&[&["config", "core.splitIndex", "true"], &["update-index", "--split-index"]]), without [HISTORY];
    index_without_hash: || changed(&[&["config", "index.skipHash", "true"], &["update-index", "--force-write-index"]]), without [HISTORY];
    untracked_cache: || changed(&[&["update-index", "--force-untracked-cache"]]), without [HISTORY];
    sparse: super::sparse, without [HISTORY];

    // Where the git folder is.
    linked_worktree: super::linked_worktree, without [];
    bare_layout: super::bare_layout, without [HISTORY];
    submodule: super::submodule, without [HISTORY];
    separate_git_dir: super::separate_git_dir, without [HISTORY];
    symlinked_git_dir: super::symlinked_git_dir, without [HISTORY];
    below_bytes_that_are_no_text: super::below_bytes_that_are_no_text, without [];

    // Missing objects have tests of their own, in `missing`. An empty server would have to receive all commits, so
    // all of them would have to be checked; but a push fetches nothing.
    partial_clone: || Some(partial(&["--filter=blob:none"])), without [&["push"], REPEATED];
    treeless_clone: || Some(partial(&["--filter=tree:0"])), without [&["push"], REPEATED];
    // The history ends at the graft, so nothing before it is known, nor whether a key was rotated away and put back.
    // That stops `team approve`. And git does not push such a clone to another server.
    shallow_clone: || Some(cloned(&["--depth", "2"])), without [&["check --history", "log", "push", "team"], REPEATED];

    // How git is called, and how it calls its hooks.
    git_with_options: super::git_with_options, without [HISTORY, &["ls", "check", "check --staged", "check --range", "run"]];
    git_dir_variable: super::git_dir_variable, without [];
    git_index_file_variable: super::git_index_file_variable, without [HISTORY];

    // Where git's configuration comes from. It says where the hooks are and what is ignored, so what is read of the
    // history is in one of the stories only.
    configured_by_remote: super::configured_by_remote, without [];
    configured_by_system: super::configured_by_system, without [HISTORY];
    configured_by_count: super::configured_by_count, without [HISTORY];
    configured_by_parameters: super::configured_by_parameters, without [HISTORY];
}

/// Runs `git init` with these options. Returns None if the installed git does not support them.
fn init(options: &[&str]) -> Option<Place> {
    let env = TestEnv::without_git();
    let output = env.program("git", &[&["init", "-q", "-b", "main"], options].concat()).output();
    if output.status != 0 {
        println!("skipped: {options:?}: {}", output.stderr);
        return None;
    }
    let work = env.repo();
    let place = Place::new(env, work);
    place.plain_commits();
    Some(place)
}

/// Creates a default repository and runs these git commands. Returns None if git does not support one of them.
fn changed(commands: &[&[&str]]) -> Option<Place> {
    let place = init(&[])?;
    commands.iter().all(|command| known(&place, command)).then_some(place)
}

/// Returns true if git could run the command.
fn known(place: &Place, command: &[&str]) -> bool {
    let output = place.git(command).output();
    if output.status != 0 {
        println!("skipped: {command:?}: {}", output.stderr);
    }
    output.status == 0
}

/// Clones a repository that is beside it, over a file:// address unless with `--shared`.
fn cloned(options: &[&str]) -> Place {
    let env = TestEnv::without_git();
    let source = Place { work: env.outside().join("source"), ..Place::new(env, PathBuf::new()) };
    std::fs::create_dir(&source.work).unwrap();
    source.does(&["init", "-q", "-b", "main"]);
    for name in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        source.does(&["config", name, "true"]);
    }
    source.plain_commits();
    let shared = options == ["--shared"];
    let url =
        if shared { source.work.display().to_string() } else { format!("file://{}", source.work.display()) };
    let work = source.env.repo();
    source.does(&[&["clone", "-q"], options, &[&url, work.to_str().unwrap()]].concat());
    Place { work, ..source }
}

fn partial(options: &[&str]) -> Place {
    let place = cloned(options);
    let missing = place.does(&["rev-list", "--objects", "--all", "--missing=print"]);
    assert!(missing.lines().any(|line| line.starts_with('?')), "{missing}");
    place
}

fn sparse() -> Option<Place> {
    let place = init(&[])?;
    place.does(&["sparse-checkout", "set", "--cone", "--sparse-index", "src", "packages"]);
    assert!(!place.path("other").exists());
    let entries = place.does(&["ls-files", "--sparse"]);
    assert!(entries.lines().any(|entry| entry == "other/"), "{entries}");
    Some(place)
}

fn linked_worktree() -> Option<Place> {
    let place = init(&[])?;
    let work = place.env.outside().join("linked");
    place.does(&["worktree", "add", "-q", work.to_str().unwrap()]);
    Some(Place { work, ..place })
}

/// Creates a bare repository in `.bare`, a `.git` file that points to it, and a working tree beside them.
fn bare_layout() -> Option<Place> {
    let place = init(&[])?;
    let root = place.env.outside().join("layout");
    let bare = root.join(".bare");
    place.does(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    std::fs::write(root.join(".git"), "gitdir: ./.bare\n").unwrap();
    let place = Place { work: root.clone(), ..place };
    place.does(&["worktree", "add", "-q", "-b", "work", "work"]);
    Some(Place { work: root.join("work"), ..place })
}

fn submodule() -> Option<Place> {
    let place = init(&[])?;
    let outer = Place { work: place.env.outside().join("outer"), ..place };
    std::fs::create_dir(&outer.work).unwrap();
    outer.does(&["init", "-q", "-b", "main"]);
    let source = outer.env.repo();
    let add =
        ["-c", "protocol.file.allow=always", "submodule", "add", "-q", source.to_str().unwrap(), "a sub"];
    outer.does(&add);
    outer.does(&["commit", "-q", "-m", "sub"]);
    Some(Place { work: outer.work.join("a sub"), ..outer })
}

fn separate_git_dir() -> Option<Place> {
    init(&["--separate-git-dir=../separate"])
}

fn symlinked_git_dir() -> Option<Place> {
    let place = init(&[])?;
    let moved = place.env.outside().join("moved.git");
    std::fs::rename(place.path(".git"), &moved).unwrap();
    std::os::unix::fs::symlink(&moved, place.path(".git")).unwrap();
    Some(place)
}

fn below_bytes_that_are_no_text() -> Option<Place> {
    let env = TestEnv::without_git();
    let name = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    let work = env.outside().join(name(b"caf\xe9"));
    if let Err(error) = std::fs::create_dir(&work) {
        println!("skipped: names that are not UTF-8: {error}");
        return None;
    }
    let place = Place { below: name(b"pack\xffages/\xc3\x28"), ..Place::new(env, work) };
    place.does(&["init", "-q", "-b", "main"]);
    place.plain_commits();
    Some(place)
}

/// `git --git-dir=.git --work-tree=. commit`: hooks get both as relative paths in their environment.
fn git_with_options() -> Option<Place> {
    let place = init(&[])?;
    Some(Place { options: &["--git-dir=.git", "--work-tree=."], ..place })
}

/// As some people keep their dot files: the git folder is elsewhere, and only variables say where.
fn git_dir_variable() -> Option<Place> {
    let place = init(&[])?;
    let folder = place.env.outside().join("dots.git");
    std::fs::rename(place.path(".git"), &folder).unwrap();
    let work = place.work.clone();
    Some(place.vars(&[("GIT_DIR", &folder), ("GIT_WORK_TREE", &work)]))
}

fn git_index_file_variable() -> Option<Place> {
    let place = init(&[])?;
    let index = place.env.outside().join("another.index");
    std::fs::rename(place.path(".git/index"), &index).unwrap();
    let place = place.vars(&[("GIT_INDEX_FILE", &index)]);
    Some(place)
}

/// Writes a configuration file that sets the folder of hooks and the file of ignored names.
fn configuration(env: &TestEnv) -> PathBuf {
    let (file, excludes) = (env.outside().join("configuration"), env.outside().join("excludes"));
    std::fs::write(&excludes, ".env.mine\n").unwrap();
    let text = format!("[core]\n\thooksPath = .githooks\n\texcludesFile = {}\n", excludes.display());
    std::fs::write(&file, text).unwrap();
    file
}

/// Returns the place, or None if git does not use the configuration.
fn configured(place: Place) -> Option<Place> {
    if place.git_path("hooks") != place.path(".githooks") {
        println!("skipped: this git takes no configuration from there");
        return None;
    }
    place.does(&["check-ignore", "-q", ".env.mine"]);
    Some(place)
}

fn configured_by_remote() -> Option<Place> {
    let place = init(&[])?;
    let (included, global) = (configuration(&place.env), place.env.outside().join("global"));
    let text = format!(
        "[includeIf \"hasconfig:remote.*.url:https://example.com/**\"]\n\tpath = {}\n",
        included.display()
    );
    std::fs::write(&global, text).unwrap();
    place.does(&["remote", "add", "origin", "https://example.com/team/project.git"]);
    configured(place.vars(&[("GIT_CONFIG_GLOBAL", &global)]))
}

fn configured_by_system() -> Option<Place> {
    let place = init(&[])?;
    let file = configuration(&place.env);
    configured(place.vars(&[("GIT_CONFIG_SYSTEM", &file), ("GIT_CONFIG_NOSYSTEM", &"0")]))
}

fn configured_by_count() -> Option<Place> {
    let place = init(&[])?;
    let excludes = configuration(&place.env).with_file_name("excludes");
    configured(place.vars(&[
        ("GIT_CONFIG_COUNT", &"2"),
        ("GIT_CONFIG_KEY_0", &"core.hooksPath"),
        ("GIT_CONFIG_VALUE_0", &".githooks"),
        ("GIT_CONFIG_KEY_1", &"core.excludesFile"),
        ("GIT_CONFIG_VALUE_1", &excludes),
    ]))
}

/// Git passes what is behind `git -c` to the programs it starts in this form.
fn configured_by_parameters() -> Option<Place> {
    let place = init(&[])?;
    let excludes = configuration(&place.env).with_file_name("excludes");
    let parameters = format!("'core.hooksPath'='.githooks' 'core.excludesFile'='{}'", excludes.display());
    configured(place.vars(&[("GIT_CONFIG_PARAMETERS", &parameters)]))
}

/// Each fixture is of the kind that its name says. The table can't show that.
#[test]
fn the_fixtures_are_of_their_kind() {
    let said = |place: &Place, arguments: &[&str]| text(&place.git(arguments).output()).trim().to_owned();
    if let Some(place) = init(&["--object-format=sha256"]) {
        assert_eq!(said(&place, &["rev-parse", "--show-object-format"]), "sha256");
    }
    if let Some(place) = init(&["--ref-format=reftable"]) {
        assert!(place.path(".git/reftable").is_dir());
    }
    let index = |commands: &[&[&str]]| changed(commands).map(|place| place.read(".git/index"));
    if let Some(bytes) = index(&[&["update-index", "--index-version", "4"]]) {
        assert_eq!(bytes[4..8], [0, 0, 0, 4]);
    }
    if let Some(place) = changed(&[&["update-index", "--split-index"]]) {
        let shared = |name: &Path| name.to_string_lossy().contains("sharedindex.");
        assert!(place.path(".git").read_dir().unwrap().flatten().any(|item| shared(&item.path())));
    }
    let shallow = cloned(&["--depth", "2"]);
    assert_eq!(said(&shallow, &["rev-parse", "--is-shallow-repository"]), "true");
    assert!(separate_git_dir().unwrap().path(".git").is_file());
}

/// What a sparse checkout leaves out would keep its old key, and a removed member would go on reading it.
#[test]
fn a_rotation_needs_every_file_of_its_project() {
    let env = TestEnv::without_git();
    let [alice, bob] = crate::team::alice_and_bob(&env);
    for folder in ["pkg", "nested"] {
        std::fs::create_dir(alice.clone.join(folder)).unwrap();
    }
    alice.says(&["set", "-q", "URL", &env.secret("pkg"), "-f", "pkg/.env.production"]);
    alice.write("nested/envseal.toml", "");
    alice.says(&["set", "-q", "URL", &env.secret("nested"), "-f", "nested/.env.production"]);
    alice.pushes("packages");
    bob.pulls();
    crate::team::let_in(&alice, &bob, "staging");
    alice.does(&["mv", ".env.staging", "pkg/"]);
    alice.pushes("move");
    bob.pulls();
    for person in [&alice, &bob] {
        person.does(&["sparse-checkout", "set", "--no-cone", "/*", "!/pkg/", "!/nested/"]);
    }
    assert!(
        !alice.clone.join("pkg/.env.production").exists()
            && !alice.clone.join("nested").join("envseal.toml").exists()
    );
    let before = (alice.read("envseal.toml"), alice.read(".env.production"));
    let mut hint = String::new();
    for arguments in [&["key", "rotate", "-e", "production"][..], &["team", "remove", "bob", "--yes"]] {
        let said = alice.fails(4, arguments);
        assert!(said.contains("the sparse checkout leaves out") && said.contains("pkg/.env."), "{said}");
        said.rsplit_once("hint: ").unwrap().1.clone_into(&mut hint);
    }
    assert_eq!((alice.read("envseal.toml"), alice.read(".env.production")), before);
    let said = bob.fails(4, &["team", "request", "--replace"]);
    assert!(said.contains("the sparse checkout leaves out"), "{said}");
    // Neither another project's files are needed, nor those of an environment that is not rotated.
    alice.does(&["sparse-checkout", "set", "--no-cone", "/*", "!/pkg/", "!/nested/", "/pkg/.env.production"]);
    alice.says(&["key", "rotate", "-e", "production"]);
    alice.fails(4, &["key", "rotate", "-e", "staging"]);
    alice.fails(4, &["team", "remove", "bob", "--yes"]);
    alice.pastes(&hint);
    assert!(
        alice.clone.join("pkg/.env.staging").exists() && !alice.clone.join("nested/.env.production").exists()
    );
    alice.says(&["team", "remove", "bob", "--yes"]);
    let keys = [".env.production", "pkg/.env.production"].map(|file| {
        alice.read(file).lines().find(|line| line.starts_with("ENVSEAL_PUBLIC_KEY")).unwrap().to_owned()
    });
    assert_eq!(keys[0], keys[1]);
    assert!(alice.read("envseal.toml").contains("[rotations"));
}

/// Where a removed member's access goes on is seen in files that a sparse checkout leaves out, too.
#[test]
fn a_removal_names_what_a_sparse_checkout_leaves_out() {
    let env = TestEnv::without_git();
    let [alice, _] = crate::team::two_members(&env);
    let team = alice.read("envseal.toml");
    for (folder, text) in [("nested", team.as_str()), ("other", "")] {
        std::fs::create_dir(alice.clone.join(folder)).unwrap();
        alice.write(&format!("{folder}/envseal.toml"), text);
    }
    alice.write("other/.env.production", alice.read(".env.production"));
    alice.pushes("others");
    alice.does(&["sparse-checkout", "set", "--no-cone", "/*", "!/nested/", "!/other/"]);
    let told = alice.envseal(&["team", "remove", "bob", "--yes"]);
    assert_eq!(told.status, 1, "{}", told.stderr);
    assert!(told.stderr.contains("Left other/.env.production unchanged"), "{}", told.stderr);
    let (_, hint) = told.stderr.split_once("bob is also a member in nested/envseal.toml: ").unwrap();
    let (add, remove) = hint.lines().next().unwrap().split_once(" && ").unwrap();
    assert_eq!(remove, "envseal -C nested team remove bob");
    alice.pastes(add);
    assert!(alice.clone.join("nested/envseal.toml").exists());
}
