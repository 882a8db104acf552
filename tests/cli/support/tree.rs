//! A folder in memory that is written again for each test that starts from it.

use std::path::{Path, PathBuf};

/// The folders and files below a folder, with their permissions.
pub(crate) struct Tree {
    root: PathBuf,
    items: Vec<(PathBuf, std::fs::Permissions, Option<Vec<u8>>)>,
}

impl Tree {
    /// Reads a folder that contains no symbolic links.
    pub(crate) fn read(root: &Path) -> Self {
        let mut items = Vec::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for item in std::fs::read_dir(folder).unwrap() {
                let path = item.unwrap().path();
                let metadata = path.symlink_metadata().unwrap();
                let name = path.strip_prefix(root).unwrap().to_owned();
                let bytes = metadata.is_file().then(|| std::fs::read(&path).unwrap());
                if bytes.is_none() {
                    folders.push(path);
                }
                items.push((name, metadata.permissions(), bytes));
            }
        }
        // A folder comes before its contents.
        items.sort_by(|one, other| one.0.cmp(&other.0));
        Self { root: root.to_owned(), items }
    }

    /// Writes it into a folder without such files. Where git's configuration names the old folder, it names this one.
    pub(crate) fn write(&self, root: &Path) {
        for (name, permissions, bytes) in &self.items {
            let path = root.join(name);
            match bytes {
                Some(bytes) if name.ends_with("config") => {
                    let text = std::str::from_utf8(bytes).unwrap();
                    let [old, new] = [&self.root, root].map(|root| root.to_str().unwrap());
                    std::fs::write(&path, text.replace(old, new)).unwrap();
                }
                Some(bytes) => std::fs::write(&path, bytes).unwrap(),
                None => std::fs::create_dir_all(&path).unwrap(),
            }
            std::fs::set_permissions(&path, permissions.clone()).unwrap();
        }
    }
}
