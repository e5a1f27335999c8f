//! Debian's cloud kernel and a static busybox, unpacked from their packages without installing them: an installed
//! kernel would change how the machine starts, and busybox-static pushes out busybox.

use std::path::{Path, PathBuf};

use super::Progress;
use super::packages::{APT, with_lists};
use super::scratch::Scratch;
use crate::Error;
use crate::command;

/// Depends on the kernel of the day.
const META_PACKAGE: &str = "linux-image-cloud-amd64";

/// Two unpacked packages.
pub(super) struct Unpacked {
    directory: Scratch,
}

impl Unpacked {
    /// Fetches and unpacks below `cache`.
    pub async fn fetch(cache: &Path, progress: Progress<'_>) -> Result<Self, Error> {
        let directory = Scratch::new(cache.join("unpacking"))?;
        let depends = with_lists(progress, &["apt-cache", "depends", META_PACKAGE]).await?;
        let kernel = concrete_package(&depends)
            .ok_or_else(|| Error::content(META_PACKAGE, "it does not depend on a kernel image"))?;
        progress(&format!("fetching {kernel} and busybox-static (what the lab's guests boot)"));
        for package in [kernel, "busybox-static"] {
            // apt-get download writes where it is.
            let script = "cd \"$1\" && apt-get download --quiet=2 -o APT::Sandbox::User=root \"$2\"";
            let path = directory.path().display().to_string();
            with_lists(progress, &["sh", "-c", script, "download", &path, package]).await?;
        }
        for package in files(directory.path(), "deb")? {
            let (package, target) = (package.display().to_string(), directory.path().join("root"));
            let target = target.display().to_string();
            command::run(&["dpkg-deb", "--extract", &package, &target], None, APT).await?;
        }
        Ok(Self { directory })
    }

    fn root(&self) -> PathBuf {
        self.directory.path().join("root")
    }

    pub fn busybox(&self) -> PathBuf {
        self.root().join("bin/busybox")
    }

    pub fn kernel(&self) -> Result<PathBuf, Error> {
        let boot = self.root().join("boot");
        let entries = std::fs::read_dir(&boot).map_err(Error::file("read", &boot))?;
        entries
            .flatten()
            .map(|entry| entry.path())
            .find(|path| {
                path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"vmlinuz-"))
            })
            .ok_or_else(|| Error::content(&boot, "no kernel"))
    }

    /// The files of `names` and of what they depend on, in the order in which they must be loaded.
    pub fn modules(&self, names: &[&str]) -> Result<Vec<PathBuf>, Error> {
        let all = files(&self.root().join("lib/modules"), "ko")?;
        let mut order = Vec::new();
        names.iter().try_for_each(|name| add_module(&all, name, &mut order))?;
        Ok(order)
    }
}

fn add_module(all: &[PathBuf], name: &str, order: &mut Vec<PathBuf>) -> Result<(), Error> {
    let file = all
        .iter()
        .find(|path| path.file_stem().is_some_and(|stem| stem == name))
        .ok_or_else(|| Error::content(META_PACKAGE, format!("no module {name}")))?;
    if order.contains(file) {
        return Ok(());
    }
    let bytes = std::fs::read(file).map_err(Error::file("read", file))?;
    dependencies(&bytes).iter().try_for_each(|dependency| add_module(all, dependency, order))?;
    order.push(file.clone());
    Ok(())
}

/// From the module's `.modinfo`: `depends=a,b`, ended by NUL.
fn dependencies(module: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\0depends=";
    let Some(start) = module.windows(KEY.len()).position(|window| window == KEY) else { return Vec::new() };
    let value: Vec<u8> = module[start + KEY.len()..].iter().copied().take_while(|&byte| byte != 0).collect();
    let value = String::from_utf8_lossy(&value).into_owned();
    value.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn concrete_package(depends: &str) -> Option<&str> {
    depends
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "))
        .find(|name| name.starts_with("linux-image-"))
}

/// All files below `directory` with this extension.
fn files(directory: &Path, extension: &str) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut waiting = vec![directory.to_path_buf()];
    while let Some(next) = waiting.pop() {
        let entries = std::fs::read_dir(&next).map_err(Error::file("read", &next))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() && !path.is_symlink() {
                waiting.push(path);
            } else if path.extension().is_some_and(|this| this == extension) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #[test]
    fn reads_a_modules_dependencies() {
        let module = b"ELF\0license=GPL\0depends=virtio,virtio_ring\0retpoline=Y\0";
        assert_eq!(super::dependencies(module), ["virtio", "virtio_ring"]);
        assert!(super::dependencies(b"ELF\0depends=\0name=x\0").is_empty());
        assert!(super::dependencies(b"ELF").is_empty());
    }

    #[test]
    fn finds_the_kernel_of_the_day() {
        let text = "linux-image-cloud-amd64\n  Depends: linux-image-6.1.0-56-cloud-amd64\n";
        assert_eq!(super::concrete_package(text), Some("linux-image-6.1.0-56-cloud-amd64"));
        assert_eq!(super::concrete_package("x\n"), None);
    }
}
