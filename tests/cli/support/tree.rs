//! A folder in memory that is written again for each test that starts from it.

use std::path::{Path, PathBuf};

/// The folders and files below a folder, with their permissions.
pub(crate) struct Tree(Vec<(PathBuf, std::fs::Permissions, Option<Vec<u8>>)>);

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
        Self(items)
    }

    /// Writes it into an empty folder.
    pub(crate) fn write(&self, root: &Path) {
        for (name, permissions, bytes) in &self.0 {
            let path = root.join(name);
            match bytes {
                Some(bytes) => std::fs::write(&path, bytes).unwrap(),
                None => std::fs::create_dir(&path).unwrap(),
            }
            std::fs::set_permissions(&path, permissions.clone()).unwrap();
        }
    }
}
