//! The files of one cluster's directory, most of which it sees in the place of the machine's own.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::config::Config;
use crate::subnet::Subnet;
use crate::{Error, os_definitions};

/// Where a file-based disk may be.
pub(crate) const FILE_STORAGE: &str = "/srv/ganeti/file-storage";
/// The same for the `sharedfile` template.
pub(crate) const SHARED_FILE_STORAGE: &str = "/srv/ganeti/shared-file-storage";
/// Inside the cluster: what the guests write to their serial line, a file for each.
pub(crate) const CONSOLES: &str = "/srv/ganeti/lab/console";
/// Inside the cluster: what OS definitions wrote down, a file for each instance.
pub(crate) const OS_ENVIRONMENT: &str = "/srv/ganeti/lab/os-environment";
/// Inside the cluster: stands between Ganeti and QEMU.
pub(crate) const KVM_WRAPPER: &str = "/srv/ganeti/lab/kvm";
/// Inside the cluster: where the guests' kernel and initramfs are.
pub(crate) const GUEST: &str = "/srv/ganeti/lab/guest";

/// Names of a cluster and its only node.
pub(crate) struct Names {
    pub cluster: String,
    pub node: String,
}

impl Names {
    pub fn of(name: &str) -> Self {
        Self { cluster: format!("{name}.cyclades.test"), node: format!("node1.{name}.cyclades.test") }
    }
}

/// Makes the directory, for root's eyes only; it may exist if it is empty.
pub(crate) fn create_directory(dir: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(dir).map_err(Error::file("create", dir))?;
    let mut entries = std::fs::read_dir(dir).map_err(Error::file("read", dir))?;
    if entries.next().is_some() {
        return Err(Error::Config(format!(
            "{} is not empty: take another directory, or end the cluster in it first",
            dir.display()
        )));
    }
    std::fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(Error::file("protect", dir))
}

/// Writes everything that does not depend on the subnet.
pub(crate) fn write(config: &Config) -> Result<(), Error> {
    let dir = &config.dir;
    let etc = dir.join("etc");
    write_executable(&dir.join("init.sh"), include_str!("../assets/init.sh"))?;
    write_file(&etc.join("hostname"), &format!("{}\n", Names::of(&config.name).node))?;
    // A closed port answers at once; a name server out of reach would cost seconds for every name.
    write_file(&etc.join("resolv.conf"), "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")?;
    write_file(&etc.join("default/ganeti"), "RAPI_ARGS=\"-b 0.0.0.0 --require-authentication\"\n")?;
    write_file(&etc.join("hosts"), "127.0.0.1 localhost\n")?;
    write_etc_ganeti(&etc.join("ganeti"))?;
    write_executable(&dir.join("iallocators/hail"), include_str!("../assets/hail.sh"))?;
    create(&dir.join("log"))?;
    write_srv(&dir.join("srv"))
}

/// Fills in the hosts file, in place: the cluster already has it mounted.
pub(crate) fn write_hosts(config: &Config, subnet: Subnet) -> Result<(), Error> {
    let Names { cluster, node } = Names::of(&config.name);
    let (node_ip, cluster_ip) = (subnet.node(), subnet.cluster());
    let text = format!("127.0.0.1 localhost\n{node_ip} {node}\n{cluster_ip} {cluster}\n");
    write_file(&config.dir.join("etc/hosts"), &text)
}

fn write_etc_ganeti(directory: &Path) -> Result<(), Error> {
    create(directory)?;
    // `lib` and `share` choose the installed version of Ganeti.
    for name in ["lib", "share"] {
        let installed = Path::new("/etc/ganeti").join(name);
        let target = std::fs::read_link(&installed).map_err(Error::file("read", &installed))?;
        let link = directory.join(name);
        std::os::unix::fs::symlink(target, &link).map_err(Error::file("link", &link))?;
    }
    write_file(&directory.join("file-storage-paths"), &format!("{FILE_STORAGE}\n{SHARED_FILE_STORAGE}\n"))?;
    write_executable(&directory.join("scripts/master-ip-setup"), include_str!("../assets/master-ip-setup.sh"))
}

fn write_srv(srv: &Path) -> Result<(), Error> {
    let inside = |path: &str| srv.join(path.trim_start_matches("/srv/"));
    for directory in [FILE_STORAGE, SHARED_FILE_STORAGE, CONSOLES, OS_ENVIRONMENT, GUEST] {
        create(&inside(directory))?;
    }
    write_executable(&inside(KVM_WRAPPER), include_str!("../assets/kvm.sh"))?;
    os_definitions::write(&srv.join("ganeti/os"))
}

/// Whatever the caller's umask is: Ganeti's other users must get there.
fn create(directory: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(directory).map_err(Error::file("create", directory))?;
    std::fs::set_permissions(directory, Permissions::from_mode(0o755)).map_err(Error::file("open", directory))
}

pub(crate) fn write_file(path: &Path, text: &str) -> Result<(), Error> {
    write_with_mode(path, text, 0o644)
}

pub(crate) fn write_executable(path: &Path, text: &str) -> Result<(), Error> {
    write_with_mode(path, text, 0o755)
}

fn write_with_mode(path: &Path, text: &str, mode: u32) -> Result<(), Error> {
    if let Some(directory) = path.parent().filter(|directory| !directory.exists()) {
        create(directory)?;
    }
    std::fs::write(path, text).map_err(Error::file("write", path))?;
    std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(Error::file("open", path))
}
