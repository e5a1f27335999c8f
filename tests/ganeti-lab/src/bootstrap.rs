//! From empty namespaces to a Ganeti that answers.

use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::command::{self, Limit};
use crate::config::Config;
use crate::layout::{FILE_STORAGE, GUEST, KVM_WRAPPER, Names, SHARED_FILE_STORAGE};
use crate::subnet::Subnet;
use crate::{Error, ProcessId};

/// RAPI's port (Ganeti's `defaultRapiPort`).
pub(crate) const RAPI_PORT: u16 = 5080;

/// `gnt-cluster init` takes 3.5 s on two idle cores; many at once share them.
const INIT: Limit = Limit(Duration::from_secs(180));
/// From the end of `init` to an answer takes milliseconds.
const ANSWER: Duration = Duration::from_secs(60);
const OFTEN: Duration = Duration::from_millis(20);

/// Wide open, so that only what a test asks for is refused.
const BOUNDS: &str = "--ipolicy-bounds-specs=\
    min:memory-size=4,disk-size=4,cpu-count=1,disk-count=0,nic-count=0,spindle-use=0/\
    max:memory-size=1048576,disk-size=1048576,cpu-count=64,disk-count=16,nic-count=8,spindle-use=64";

/// Initialises the cluster and waits until it answers.
pub(crate) async fn init(config: &Config, process: ProcessId, subnet: Subnet) -> Result<(), Error> {
    let arguments = arguments(config, subnet);
    let argv: Vec<&str> = arguments.iter().map(String::as_str).collect();
    command::run_in(process, &argv, None, INIT).await?;
    let route = format!("{}/32", subnet.cluster());
    let limit = Limit(Duration::from_secs(20));
    command::run_in(process, &["ip", "route", "del", "unreachable", &route], None, limit).await?;
    answering(process, subnet).await
}

fn arguments(config: &Config, subnet: Subnet) -> Vec<String> {
    let names: Vec<&str> = config.hypervisors.iter().map(|hypervisor| hypervisor.name()).collect();
    let mut arguments: Vec<String> = vec![
        "gnt-cluster".into(),
        "init".into(),
        format!("--enabled-hypervisors={}", names.join(",")),
        "--enabled-disk-templates=diskless,file,sharedfile".into(),
        format!("--file-storage-dir={FILE_STORAGE}"),
        format!("--shared-file-storage-dir={SHARED_FILE_STORAGE}"),
        "--no-ssh-init".into(),
        "--no-etc-hosts".into(),
        "--default-iallocator=hail".into(),
        "--master-netdev=br0".into(),
        "--use-external-mip-script=yes".into(),
        "--nic-parameters=mode=bridged,link=br0".into(),
        format!("--mac-prefix={}", subnet.mac_prefix()),
        format!("--user-shutdown={}", if config.user_shutdown { "yes" } else { "no" }),
        format!("--ipolicy-vcpu-ratio={}", config.vcpu_ratio),
        BOUNDS.into(),
    ];
    if config.has_kvm() {
        arguments.push("--hypervisor-parameters".into());
        arguments.push(kvm_parameters(config));
    }
    arguments.push(Names::of(&config.name).cluster);
    arguments
}

/// The kernel's own messages are kept off the serial line: they take most of the time of a start in emulation.
fn kvm_parameters(config: &Config) -> String {
    format!(
        "kvm:kvm_path={KVM_WRAPPER},kernel_path={GUEST}/vmlinuz,initrd_path={GUEST}/initrd,root_path=/dev/vda,\
         kernel_args=quiet,kvm_flag=disabled,serial_console=true,vnc_bind_address=,user_shutdown={}",
        config.user_shutdown
    )
}

/// Waits until RAPI takes connections and the daemon behind it (luxid) does.
pub(crate) async fn answering(process: ProcessId, subnet: Subnet) -> Result<(), Error> {
    let start = Instant::now();
    let rapi = SocketAddr::from((subnet.node(), RAPI_PORT));
    let luxid = process.view("/run/ganeti/socket/ganeti-query");
    loop {
        let connected =
            tokio::time::timeout(Duration::from_secs(1), tokio::net::TcpStream::connect(rapi)).await;
        let missing = match connected {
            Ok(Ok(_)) => match UnixStream::connect(&luxid) {
                Ok(_) => return Ok(()),
                Err(error) => format!("luxid ({error})"),
            },
            Ok(Err(error)) => format!("RAPI at {rapi} ({error})"),
            Err(_) => format!("RAPI at {rapi} (no answer)"),
        };
        if start.elapsed() > ANSWER {
            return Err(Error::Timeout { what: missing, after: ANSWER });
        }
        tokio::time::sleep(OFTEN).await;
    }
}
