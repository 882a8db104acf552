//! Recovery, state by state: what a process that dies at any step can leave behind, and what others can do to it.
#![cfg(test)]

use super::*;
use crate::config::EnvName;
use crate::crypto::PrivateKey;
use std::fs;

struct World(tempfile::TempDir);

const OLD: [(&str, &str); 3] = [(".env.keys", "OLD"), (".env", "A=old"), ("sub/.env", "B=old")];
const NEW: [(&str, &str); 3] = [(".env.keys", "NEW,OLD"), (".env", "A=new"), ("sub/.env", "B=new")];

impl World {
    /// Stages everything, writes the journal, and puts the first `steps` files, keys first, in their place.
    fn interrupted(steps: usize) -> Self {
        Self::interrupted_with(steps, 1)
    }

    /// Like [`Self::interrupted`]; the first `keys_files` files are keys files, the others are not.
    fn interrupted_with(steps: usize, keys_files: usize) -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        for folder in ["sub", ".git/objects", ".git/refs"] {
            fs::create_dir_all(world.at(folder)).unwrap();
        }
        fs::write(world.at(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        for (path, text) in OLD {
            fs::write(world.at(path), text).unwrap();
        }
        let stage = |((path, before), (_, after)): ((&str, &'static str), (_, &'static str))| {
            let after = after.as_bytes();
            let staged = crate::fs::stage(&world.at(path), after, crate::fs::NewMode::Private).unwrap();
            let is_keys_file = NEW.iter().take(keys_files).any(|(of, _)| *of == path);
            let keys = if is_keys_file { vec![PrivateKey::generate().public()] } else { Vec::new() };
            ReadyFile { staged, before: Some(before.as_bytes()), after, keys }
        };
        let files: Vec<_> = OLD.into_iter().zip(NEW).map(stage).collect();
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
        self.0.path().canonicalize().unwrap()
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
fn before_the_first_file_it_is_undone_after_it_finished() {
    for (keys_files, steps) in (0..=2).flat_map(|keys_files| (0..=3).map(move |steps| (keys_files, steps))) {
        println!("{keys_files} keys files, {steps} steps");
        let world = World::interrupted_with(steps, keys_files);
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
    // The last is the old keys file, put back: values encrypted to the new key can't be decrypted any more.
    for (steps, path, text) in [(1, "sub/.env", "B=mine"), (2, ".env", "A=mine"), (2, ".env.keys", OLD[0].1)]
    {
        let world = World::interrupted(steps);
        fs::write(world.at(path), text).unwrap();
        world.is_stuck(CHANGED_SINCE);
    }
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
    for (place, why) in
        [("sub", IMPOSSIBLE_PATH), ("a temporary file", NEW_CONTENT_GONE), (".env", CHANGED_SINCE)]
    {
        let world = World::interrupted(1);
        let path = if place.contains(' ') { world.temps().remove(0) } else { world.at(place) };
        fs::rename(&path, world.at("elsewhere")).unwrap();
        symlink(world.at("elsewhere"), &path).unwrap();
        world.is_stuck(why);
    }
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
fn it_holds_neither_key_nor_plaintext() {
    let world = World::interrupted(0);
    let text = fs::read_to_string(world.journal()).unwrap();
    assert!(!text.contains("OLD") && !text.contains("A=") && text.contains("\"path\": \"sub/.env\""));
    let journal = Journal::parse(text.as_bytes()).unwrap();
    assert_eq!(journal.to_text(), text);
}

#[test]
fn without_keys_a_persons_own_change_ends_it() {
    for (steps, left) in [(1, [NEW[0], OLD[1]]), (2, [NEW[0], NEW[1]])] {
        let world = World::interrupted_with(steps, 0);
        fs::write(world.at("sub/.env"), "B=mine").unwrap();
        assert_eq!(recover(&world.root()).unwrap(), Some(RecoveredChange::Undone));
        world.is(&[left[0], left[1], ("sub/.env", "B=mine")]);
        let world = World::interrupted_with(steps, 0);
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
