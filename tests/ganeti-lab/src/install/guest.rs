//! What the guests boot: the cloud kernel, and an initramfs that is the whole guest.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::Progress;
use super::kernel::Unpacked;
use crate::command::{self, Limit};
use crate::layout::{write_executable, write_file};
use crate::{Error, cache};

const INIT: &str = include_str!("../../assets/guest-init.sh");

/// Network and disk as Ganeti gives them, and the power button as an input device.
const MODULES: [&str; 5] = ["virtio_pci", "virtio_net", "virtio_blk", "button", "evdev"];

/// Where this version of the guest is kept. Another version gets another directory, as running clusters use theirs.
pub(crate) fn directory() -> PathBuf {
    let recipe = Sha256::digest(format!("{INIT}{MODULES:?}").as_bytes());
    let short: String = recipe.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    cache::directory().join(format!("guest-{short}"))
}

/// Whether the guest is there; the directory comes into being as a whole.
pub(crate) fn is_built(directory: &Path) -> bool {
    directory.is_dir()
}

/// Builds it if it is not there.
pub(super) async fn build(progress: Progress<'_>) -> Result<(), Error> {
    let target = directory();
    if is_built(&target) {
        return Ok(());
    }
    let cache = cache::directory();
    let unpacked = Unpacked::fetch(&cache, progress).await?;
    progress("building the guests' initramfs");
    let next = cache.join("guest.new");
    if next.exists() {
        std::fs::remove_dir_all(&next).map_err(Error::file("remove", &next))?;
    }
    let tree = next.join("tree");
    fill(&tree, &unpacked)?;
    pack(&tree, &next.join("initrd")).await?;
    std::fs::remove_dir_all(&tree).map_err(Error::file("remove", &tree))?;
    copy(&unpacked.kernel()?, &next.join("vmlinuz"))?;
    std::fs::rename(&next, &target).map_err(Error::file("put in place", &target))
}

fn fill(tree: &Path, unpacked: &Unpacked) -> Result<(), Error> {
    for name in ["bin", "dev", "proc", "sys", "lib/modules"] {
        let directory = tree.join(name);
        std::fs::create_dir_all(&directory).map_err(Error::file("create", &directory))?;
    }
    write_executable(&tree.join("init"), INIT)?;
    copy(&unpacked.busybox(), &tree.join("bin/busybox"))?;
    let mut order = String::new();
    for module in unpacked.modules(&MODULES)? {
        let name = module.file_name().unwrap_or_default();
        copy(&module, &tree.join("lib/modules").join(name))?;
        order.push_str(&module.file_stem().unwrap_or_default().to_string_lossy());
        order.push('\n');
    }
    write_file(&tree.join("lib/modules/order"), &order)
}

/// Not compressed: unpacking would cost each start more than reading does.
async fn pack(tree: &Path, initrd: &Path) -> Result<(), Error> {
    let script = "cd \"$1\" && find . | cpio --create --format=newc --owner=0:0 --quiet >\"$2\"";
    let (tree, initrd) = (tree.display().to_string(), initrd.display().to_string());
    let limit = Limit(Duration::from_secs(60));
    command::run(&["sh", "-c", script, "pack", &tree, &initrd], None, limit).await.map(drop)
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::copy(from, to).map(drop).map_err(Error::file("copy", from))
}
