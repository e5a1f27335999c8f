//! The files of the repository.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Folders that are not part of the source: build output, git's own data, what the beds keep.
const SKIPPED: [&str; 3] = ["target", ".git", ".cyclades"];

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// A file of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path from the root, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl File {
    /// Whether its name ends in `.extension`.
    #[must_use]
    pub fn is(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }
}

/// All text files below `folder` (a path from the root), sorted by path. Files that are not UTF-8 are left out.
///
/// # Errors
/// A folder or file that cannot be read.
pub fn files(folder: &str) -> Result<Vec<File>> {
    let root = root();
    let mut found = Vec::new();
    collect(&root, &root.join(folder), &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<File>) -> Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("read the folder {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("read the folder {}", folder.display()))?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() && !SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
            collect(root, &path, found)?;
        } else if kind.is_file() {
            found.extend(read(root, &path)?);
        }
    }
    Ok(())
}

/// `None` for a file that is not text, or that went away while the tree was read.
fn read(root: &Path, path: &Path) -> Result<Option<File>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
    };
    let Ok(text) = String::from_utf8(bytes) else { return Ok(None) };
    let path = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    Ok(Some(File { path, text }))
}
