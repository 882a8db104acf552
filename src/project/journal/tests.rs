//! Recovery, state by state: what a process that dies at any step can leave behind, and what others can do to it.
#![cfg(test)]

use super::*;
use crate::config::EnvName;
use crate::crypto::PrivateKey;
use std::fs;

struct World {
    dir: tempfile::TempDir,
}

const OLD: [(&str, &str); 3] = [(".env.keys", "OLD"), (".env", "A=old"), ("sub/.env", "B=old")];
const NEW: [(&str, &str); 3] = [(".env.keys", "NEW,OLD"), (".env", "A=new"), ("sub/.env", "B=new")];

impl World {
    /// Stages everything, writes the journal, and puts the first `steps` files, keys first, in their place.
    fn interrupted(steps: usize) -> Self {
        Self::interrupted_in(steps, true)
    }

    /// Like [`Self::interrupted`]; without keys, the first file is one like the others.
    fn interrupted_in(steps: usize, with_keys: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = Self { dir };
        fs::create_dir_all(world.at(".git")).unwrap();
        fs::create_dir(world.at("sub")).unwrap();
        fs::write(world.at(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        for name in ["objects", "refs"] {
            fs::create_dir(world.at(".git").join(name)).unwrap();
        }
        for (path, text) in OLD {
            fs::write(world.at(path), text).unwrap();
        }
        let stage = |at: usize| {
            let staged =
                crate::fs::stage(&world.at(NEW[at].0), NEW[at].1.as_bytes(), crate::fs::NewMode::Private)
                    .unwrap();
            let keys = if at == 0 && with_keys { vec![PrivateKey::generate().public()] } else { Vec::new() };
            ReadyFile { staged, before: Some(OLD[at].1.as_bytes()), after: NEW[at].1.as_bytes(), keys }
        };
        let files = vec![stage(0), stage(1), stage(2)];
        let text = Journal::new(&world.root(), &files).unwrap().to_text();
        let leave = |ready: ReadyFile<'_>| {
            let path = ready.staged.path().to_owned();
            ready.staged.leave().unwrap();
            path
        };
        let temps: Vec<_> = files.into_iter().map(leave).collect();
        for (temp, (path, _)) in temps.iter().zip(NEW).take(steps) {
            fs::rename(temp, world.at(path)).unwrap();
        }
        fs::write(world.journal(), text).unwrap();
        world
    }

    fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    fn journal(&self) -> PathBuf {
        self.at(".git").join(NAME)
    }

    fn temps(&self) -> Vec<PathBuf> {
        let items = ["", "sub"].map(|folder| fs::read_dir(self.at(folder)).unwrap().flatten());
        let paths = items.into_iter().flatten().map(|item| item.path());
        let lock = |path: &PathBuf| path.ends_with(".envseal-tmp-lock") && cfg!(windows); // where it stays
        paths.filter(|path| path.to_string_lossy().contains(TEMP_PREFIX) && !lock(path)).collect()
    }

    #[track_caller]
    fn is(&self, state: &[(&str, &str)]) {
        for (path, text) in state {
            assert_eq!(fs::read_to_string(self.at(path)).unwrap(), *text, "{path}");
        }
        assert_eq!(self.temps(), [""; 0].map(PathBuf::from));
        assert!(!self.journal().exists());
    }

    /// Asserts that recovery fails for this reason, and touches nothing.
    #[track_caller]
    fn is_stuck(&self, why: &str) {
        let all = || {
            let paths = OLD.iter().map(|(path, _)| self.at(path)).chain(self.temps()).chain([self.journal()]);
            paths.map(|path| (path.clone(), fs::read(path).ok())).collect::<Vec<_>>()
        };
        let before = all();
        for _ in 0..2 {
            let error = recover(&self.root()).unwrap_err().to_string();
            assert!(error.ends_with(&format!("a change was interrupted, and {why}")), "{error}");
        }
        assert_eq!(all(), before);
    }
}

#[test]
fn before_the_keys_file_it_is_undone_after_it_finished() {
    for steps in 0..=3 {
        let world = World::interrupted(steps);
        recover_interrupted(&world.at("sub")).unwrap();
        world.is(if steps == 0 { &OLD } else { &NEW });
        recover_interrupted(&world.root()).unwrap();
    }
}

#[test]
fn undoing_leaves_what_a_person_wrote() {
    let world = World::interrupted(0);
    fs::write(world.at(".env"), "A=mine").unwrap();
    recover(&world.root()).unwrap();
    world.is(&[OLD[0], (".env", "A=mine"), OLD[2]]);
    // Also if some of the temporary files are gone already, as after an interrupted undo.
    let world = World::interrupted(0);
    fs::remove_file(&world.temps()[0]).unwrap();
    recover(&world.root()).unwrap();
    world.is(&OLD);
}

#[test]
fn what_was_changed_meanwhile_stops_it() {
    let world = World::interrupted(1);
    fs::write(world.at("sub/.env"), "B=mine").unwrap();
    world.is_stuck(CHANGED_SINCE);
    let world = World::interrupted(2);
    fs::write(world.at(".env"), "A=mine").unwrap();
    world.is_stuck(CHANGED_SINCE);
    for steps in 0..3 {
        let world = World::interrupted(steps);
        fs::remove_file(world.at(".env.keys")).unwrap();
        world.is_stuck(CHANGED_SINCE);
        fs::write(world.at(".env.keys"), "OTHER").unwrap();
        // The new keys are not in it.
        if steps < 2 {
            recover(&world.root()).unwrap();
            world.is(&[(".env.keys", "OTHER"), OLD[1], OLD[2]]);
        } else {
            world.is_stuck(CHANGED_SINCE);
        }
    }
    // Someone put back the old keys file: values encrypted to the new key can't be decrypted any more.
    let world = World::interrupted(2);
    fs::write(world.at(".env.keys"), OLD[0].1).unwrap();
    world.is_stuck(CHANGED_SINCE);
    for text in [None, Some("A=evil")] {
        let world = World::interrupted(1);
        let temp = &world.temps()[0];
        text.map_or_else(|| fs::remove_file(temp), |text| fs::write(temp, text)).unwrap();
        world.is_stuck(NEW_CONTENT_GONE);
    }
}

#[cfg(unix)]
#[test]
fn no_link_is_followed() {
    use std::os::unix::fs::symlink;
    let world = World::interrupted(1);
    fs::rename(world.at("sub"), world.at("moved")).unwrap();
    symlink("moved", world.at("sub")).unwrap();
    world.is_stuck(IMPOSSIBLE_PATH);
    let world = World::interrupted(1);
    let temp = world.temps().remove(0);
    fs::rename(&temp, world.at("elsewhere")).unwrap();
    symlink(world.at("elsewhere"), &temp).unwrap();
    world.is_stuck(NEW_CONTENT_GONE);
    let world = World::interrupted(1);
    fs::rename(world.at(".env"), world.at("elsewhere")).unwrap();
    symlink("elsewhere", world.at(".env")).unwrap();
    world.is_stuck(CHANGED_SINCE);
}

#[test]
fn a_journal_that_was_never_whole_means_that_nothing_began() {
    let world = World::interrupted(0);
    let text = fs::read(world.journal()).unwrap();
    fs::remove_file(world.journal()).unwrap();
    fs::write(world.at(".git").join(super::NEW), &text[..text.len() / 2]).unwrap();
    recover(&world.root()).unwrap();
    assert!(!world.at(".git").join(super::NEW).exists());
    crate::fs::sweep(&world.root(), |_| true);
    crate::fs::sweep(&world.at("sub"), |_| true);
    world.is(&OLD);
}

#[test]
fn a_file_that_changed_while_it_was_prepared_stops_everything() {
    let world = World::interrupted(0);
    let journal = Journal::parse(&fs::read(world.journal()).unwrap()).unwrap();
    fs::remove_file(world.journal()).unwrap();
    fs::write(world.at("sub/.env"), "B=mine").unwrap();
    let error = journal.begin(&world.root()).unwrap_err();
    assert!(error.to_string().contains(".env was changed by another program"), "{error}");
    world.is(&[OLD[0], OLD[1], ("sub/.env", "B=mine")]);
}

#[test]
fn it_holds_neither_key_nor_plaintext_and_is_the_owners_own() {
    let world = World::interrupted(0);
    let text = fs::read_to_string(world.journal()).unwrap();
    assert!(!text.contains("OLD") && !text.contains("A=") && text.contains("\"path\": \"sub/.env\""));
    let journal = Journal::parse(text.as_bytes()).unwrap();
    assert_eq!(journal.to_text(), text);
    crate::fs::write_by(&world.journal(), &world.at(".git").join(super::NEW), text.as_bytes()).unwrap();
    #[cfg(unix)]
    assert_eq!(crate::fs::mode_bits(&world.journal()), Some(0o600));
}

#[test]
fn several_keys_files_are_finished_as_soon_as_one_is_the_new_one() {
    for steps in 0..=2 {
        let world = World::interrupted(0);
        let journal = fs::read_to_string(world.journal()).unwrap();
        let mut journal: Value = serde_json::from_str(&journal).unwrap();
        // Make the second file another keys file.
        journal["files"][1]["keys"] = journal["files"][0]["keys"].clone();
        fs::write(world.journal(), journal.to_string()).unwrap();
        for entry in journal["files"].as_array().unwrap().iter().take(steps) {
            let at = |name: &str| world.at(entry[name].as_str().unwrap());
            fs::rename(at("temp"), at("path")).unwrap();
        }
        recover(&world.root()).unwrap();
        world.is(if steps == 0 { &OLD } else { &NEW });
    }
}

#[test]
fn without_keys_the_first_file_decides_and_a_persons_own_change_ends_it() {
    for steps in 0..=3 {
        let world = World::interrupted_in(steps, false);
        recover(&world.root()).unwrap();
        world.is(if steps == 0 { &OLD } else { &NEW });
    }
    for (steps, left) in [(1, [NEW[0], OLD[1]]), (2, [NEW[0], NEW[1]])] {
        let world = World::interrupted_in(steps, false);
        fs::write(world.at("sub/.env"), "B=mine").unwrap();
        assert_eq!(recover(&world.root()).unwrap(), Some(RecoveredChange::Undone));
        world.is(&[left[0], left[1], ("sub/.env", "B=mine")]);
        let world = World::interrupted_in(steps, false);
        fs::remove_file(&world.temps()[0]).unwrap();
        recover(&world.root()).unwrap();
        assert!(!world.journal().exists());
    }
}

#[test]
fn a_keys_file_that_another_repository_added_a_key_to_is_told_by_its_keys() {
    for is_begun in [false, true] {
        let world = World::interrupted(usize::from(is_begun));
        let text = fs::read_to_string(world.journal()).unwrap();
        let mut journal: Value = serde_json::from_str(&text).unwrap();
        let (new, other) = (PrivateKey::generate(), PrivateKey::generate());
        journal["files"][0]["keys"] = json!([new.public().to_string()]);
        fs::write(world.journal(), journal.to_string()).unwrap();
        let mut file = KeysFile::new(Path::new("k"));
        file.add(&EnvName::of_dotenv(), &[other]).unwrap();
        if is_begun {
            file.add(&EnvName::new("p").unwrap(), &[new]).unwrap();
        }
        let keys = String::from_utf8(file.text().to_vec()).unwrap();
        fs::write(world.at(".env.keys"), &keys).unwrap();
        let settled = recover(&world.root()).unwrap();
        assert_eq!(settled, Some(if is_begun { RecoveredChange::Finished } else { RecoveredChange::Undone }));
        let [_, one, two] = if is_begun { NEW } else { OLD };
        world.is(&[(".env.keys", &keys), one, two]);
    }
}
