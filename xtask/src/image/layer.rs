//! The files of the image: the program, the libraries that it was linked against, and nothing else.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use tar::{Builder, EntryType, Header};

/// Where the program is.
pub const PROGRAM: &str = "/cyclades-operator";
/// The C library asks here how names become addresses; without the file it would ask a daemon first.
const RESOLVER: (&str, &[u8]) = ("/etc/nsswitch.conf", b"hosts: files dns\n");

/// A tar archive of the files. The same program gives the same bytes.
pub fn of(program: &Path) -> anyhow::Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    let mut files = vec![(PathBuf::from(PROGRAM), read(program)?, 0o755)];
    for library in libraries(program)? {
        let content = read(&library)?;
        files.push((library, content, 0o755));
    }
    files.push((RESOLVER.0.into(), RESOLVER.1.to_vec(), 0o644));
    files.sort_by(|one, other| one.0.cmp(&other.0));
    let mut folders: Vec<&Path> = files
        .iter()
        .flat_map(|(path, ..)| path.ancestors().skip(1))
        .filter(|it| it.parent().is_some())
        .collect();
    folders.sort_unstable();
    folders.dedup();
    for folder in folders {
        add(&mut archive, folder, EntryType::Directory, 0o755, &[])?;
    }
    for (path, content, mode) in &files {
        add(&mut archive, path, EntryType::Regular, *mode, content)?;
    }
    Ok(archive.into_inner()?)
}

fn add(
    archive: &mut Builder<Vec<u8>>,
    path: &Path,
    kind: EntryType,
    mode: u32,
    content: &[u8],
) -> anyhow::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(content.len() as u64);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    archive.append_data(&mut header, path.strip_prefix("/")?, content)?;
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("read {}", path.display()))
}

/// The shared libraries of a program by the names that its loader knows, and the loader itself.
fn libraries(program: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let output =
        Command::new("ldd").arg(program).output().context("ldd tells which libraries a program needs")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("statically linked") {
        return Ok(Vec::new());
    }
    ensure!(output.status.success(), "ldd: {text}{}", String::from_utf8_lossy(&output.stderr));
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        let name = line.split(' ').next().unwrap_or_default();
        let path =
            line.split_once(" => ").map_or(name, |(_, path)| path.split(' ').next().unwrap_or_default());
        match path {
            // The kernel's own, which is no file.
            _ if name.starts_with("linux-vdso") => {}
            "not" => bail!("library {name} is not installed"),
            path if path.starts_with('/') => found.push(PathBuf::from(path)),
            _ => bail!("ldd says what is not understood: {line}"),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_runs_on_the_files_of_its_layer_alone() {
        // This test's own program stands for the operator: it is linked as that one is.
        let program = std::env::current_exe().unwrap();
        let root = tempfile::tempdir().unwrap();
        let layer = of(&program).unwrap();
        tar::Archive::new(layer.as_slice()).unpack(root.path()).unwrap();
        // unshare gives the right to chroot also to those who are not root.
        let output = Command::new("unshare")
            .args(["--map-root-user", "chroot"])
            .arg(root.path())
            .args([PROGRAM, "--list"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("on_the_files_of_its_layer_alone: test"), "{output:?}");
        assert_eq!(of(&program).unwrap(), layer, "the same each time");
    }
}
