//! `cargo xtask gen`: the files that are made from the types in crds/.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};

use crate::cli::Gen;
use crate::console::Console;
use crate::tool;

/// Folders in which every file is generated.
const FOLDERS: [&str; 2] = ["charts/cyclades/templates/crds", "docs/reference"];

/// Writes them, or with `--check` tells which are out of date.
pub async fn run(flags: &Gen, console: &Console) -> anyhow::Result<ExitCode> {
    let fresh = tempfile::tempdir()?;
    let target = fresh.path().to_str().context("the temporary folder's name is no text")?;
    // In a process of its own: the types need a Kubernetes library, which would make this menu slow to compile.
    let arguments = ["run", "--quiet", "--package", "cyclades-crds", "--bin", "crdgen", "--", target];
    let status = tool::run(&mut tool::command("cargo", &arguments)).await?;
    ensure!(status.success(), "crdgen failed ({status})");
    let stale = differences(fresh.path(), &root())?;
    for path in &stale {
        console.result(&format!(
            "{} {}",
            if flags.check { "out of date:" } else { "written:" },
            path.display()
        ));
    }
    if flags.check {
        ensure!(stale.is_empty(), "run `cargo xtask gen` and commit what it writes");
        return Ok(ExitCode::SUCCESS);
    }
    stale.iter().try_for_each(|path| update(fresh.path(), &root(), path))?;
    Ok(ExitCode::SUCCESS)
}

/// Root of this checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Paths from the root that are missing, different, or no longer made.
fn differences(fresh: &Path, tree: &Path) -> anyhow::Result<BTreeSet<PathBuf>> {
    let mut paths = BTreeSet::new();
    for folder in FOLDERS {
        for root in [fresh, tree] {
            paths.extend(files(&root.join(folder))?.into_iter().map(|name| Path::new(folder).join(name)));
        }
    }
    paths.retain(|path| read(&fresh.join(path)) != read(&tree.join(path)));
    Ok(paths)
}

fn update(fresh: &Path, tree: &Path, path: &Path) -> anyhow::Result<()> {
    let target = tree.join(path);
    let done = match read(&fresh.join(path)) {
        Some(text) => {
            target.parent().map(std::fs::create_dir_all).transpose()?;
            std::fs::write(&target, text)
        }
        None => std::fs::remove_file(&target),
    };
    done.with_context(|| format!("cannot write {}", target.display()))
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(folder)?.flatten();
    Ok(entries.filter(|entry| entry.path().is_file()).map(|entry| entry.file_name().into()).collect())
}

fn read(path: &Path) -> Option<Vec<u8>> {
    std::fs::read(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_different_and_forgotten_files_are_told_and_mended() {
        let (fresh, tree) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let write = |root: &Path, name: &str, text: &str| {
            let path = root.join(FOLDERS[1]).join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(fresh.path(), "same.md", "1");
        write(tree.path(), "same.md", "1");
        write(fresh.path(), "changed.md", "2");
        write(tree.path(), "changed.md", "1");
        write(fresh.path(), "new.md", "1");
        write(tree.path(), "old.md", "1");
        let stale = differences(fresh.path(), tree.path()).unwrap();
        let names: Vec<_> = stale.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["changed.md", "new.md", "old.md"]);
        stale.iter().for_each(|path| update(fresh.path(), tree.path(), path).unwrap());
        assert!(differences(fresh.path(), tree.path()).unwrap().is_empty());
    }
}
