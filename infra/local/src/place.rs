//! Files in the data folder.

use anyhow::Context as _;
use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// The data folder, or nothing.
#[derive(Debug, Clone)]
pub struct Place(Option<PathBuf>);

impl Place {
    /// Opens the folder, empty if `reset` says so.
    ///
    /// # Errors
    /// The folder cannot be made or emptied.
    pub fn open(folder: Option<PathBuf>, reset: bool) -> anyhow::Result<Self> {
        if let Some(folder) = &folder {
            if reset && folder.exists() {
                let known = folder.join("secrets.json").exists() || fs::read_dir(folder)?.next().is_none();
                anyhow::ensure!(known, "{} does not look like a data folder of this program; it is left as it is", folder.display());
                fs::remove_dir_all(folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
            }
            fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        Ok(Self(folder))
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.0.as_deref()
    }

    /// A file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        self.0.as_ref().map(|folder| folder.join(name))
    }

    /// What stands in a file, if it is there.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self, name: &str) -> anyhow::Result<Option<String>> {
        match self.file(name).filter(|path| path.exists()) {
            Some(path) => Ok(Some(fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?)),
            None => Ok(None),
        }
    }

    /// Writes a file whole or not at all, for its owner's eyes only.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let Some(path) = self.file(name) else { return Ok(()) };
        let draft = path.with_extension("new");
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, &path).with_context(|| format!("{} cannot be written", path.display()))
    }
}
