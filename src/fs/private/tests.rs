use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

/// A runtime folder, and a file in it.
fn made() -> (tempfile::TempDir, PrivateFile) {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let file = PrivateFile::new(Some(dir.path()), ".env").unwrap();
    assert!(file.path().starts_with(dir.path()) && file.is_in_memory());
    (dir, file)
}

fn is_empty(dir: &Path) -> bool {
    fs::read_dir(dir).unwrap().next().is_none()
}

#[test]
fn nobody_else_can_look_at_it() {
    let (_dir, mut file) = made();
    file.put(b"A=1\n").unwrap();
    assert_eq!(mode_bits(file.path()), Some(0o600));
    assert_eq!(mode_bits(file.path().parent().unwrap()), Some(0o700));
    assert_eq!(*file.read().unwrap(), b"A=1\n");
}

#[test]
fn a_folder_that_others_can_look_into_is_not_taken() {
    let dir = tempfile::tempdir().unwrap();
    for mode in [0o755, 0o710, 0o701] {
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).unwrap();
        assert!(!is_private_folder(dir.path()), "{mode:o}");
    }
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    assert!(is_private_folder(dir.path()));
    assert!(!is_private_folder(Path::new("relative")) && !is_private_folder(&dir.path().join("none")));
    let file = PrivateFile::new(Some(Path::new(".")), ".env").unwrap();
    assert!(file.path().is_absolute() && !file.path().starts_with(Path::new(".").canonicalize().unwrap()));
}

#[test]
fn whatever_an_editor_leaves_is_wiped_and_links_are_not_followed() {
    let (dir, mut file) = made();
    file.put(b"secret").unwrap();
    let (folder, outside) = (file.path().parent().unwrap().to_owned(), tempfile::tempdir().unwrap());
    let victim = outside.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    let deep = folder.join("backup/old");
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("copy"), "secret").unwrap();
    fs::write(folder.join(".env.swp"), "secret").unwrap();
    fs::set_permissions(folder.join(".env.swp"), fs::Permissions::from_mode(0o400)).unwrap();
    symlink(&victim, folder.join("link")).unwrap();
    symlink(outside.path(), folder.join("folder")).unwrap();
    fs::hard_link(&victim, folder.join("hard")).unwrap();
    // What still has them open sees the zeros' place, not the text.
    let mut swap = File::open(folder.join(".env.swp")).unwrap();
    drop(file);
    assert!(is_empty(dir.path()));
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    assert_eq!(io::Read::read(&mut swap, &mut [0; 8]).unwrap(), 0);
}

#[test]
fn a_file_that_was_renamed_over_is_wiped_too() {
    let (_dir, mut file) = made();
    file.put(b"first").unwrap();
    let mut first = File::open(file.path()).unwrap();
    let saved = file.path().with_file_name("saved");
    fs::write(&saved, "second").unwrap();
    fs::rename(&saved, file.path()).unwrap();
    assert_eq!(*file.read().unwrap(), b"second");
    file.put(b"third").unwrap();
    assert_eq!(io::Read::read(&mut first, &mut [0; 8]).unwrap(), 0);
    assert_eq!(*file.read().unwrap(), b"third");
}

#[test]
fn what_stands_in_its_place_is_not_followed() {
    let (_dir, mut file) = made();
    file.put(b"x").unwrap();
    fs::remove_file(file.path()).unwrap();
    assert!(matches!(file.read(), Err(FsError::NotFound { .. })));
    symlink("/etc/hostname", file.path()).unwrap();
    assert!(matches!(file.read(), Err(FsError::NotRegular { .. })));
    file.put(b"y").unwrap();
    assert_eq!(*file.read().unwrap(), b"y");
}

#[test]
fn what_is_made_while_it_is_wiped_is_wiped_too() {
    for _ in 0..10 {
        let (dir, mut file) = made();
        file.put(b"x").unwrap();
        let folder = file.path().parent().unwrap().to_owned();
        let (begin, begun) = std::sync::mpsc::channel();
        let writer = std::thread::spawn(move || {
            begin.send(()).unwrap();
            (0..50).take_while(|at| fs::write(folder.join(at.to_string()), "secret").is_ok()).count()
        });
        begun.recv().unwrap();
        drop(file);
        writer.join().unwrap();
        assert!(is_empty(dir.path()));
    }
}
