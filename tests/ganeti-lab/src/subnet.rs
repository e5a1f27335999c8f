//! The wire between the machine and one cluster: an interface pair and eight addresses.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::command::{self, Limit};
use crate::{Error, ProcessId};

/// How many subnets of eight addresses the lab's range, 198.19.0.0/16, holds. The range is a part of 198.18.0.0/15,
/// set aside for tests of network devices (RFC 2544), so it meets no real network.
pub(crate) const COUNT: u32 = 1 << 13;

/// One cluster's subnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subnet {
    index: u32,
}

impl Subnet {
    fn address(self, host: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(Ipv4Addr::new(198, 19, 0, 0).to_bits() + self.index * 8 + host)
    }

    /// The machine's own.
    pub fn machine(self) -> Ipv4Addr {
        self.address(1)
    }

    /// The node's, where RAPI listens.
    pub fn node(self) -> Ipv4Addr {
        self.address(2)
    }

    /// The cluster's, which a real installation moves to another node when the master fails.
    pub fn cluster(self) -> Ipv4Addr {
        self.address(3)
    }

    /// The machine's end of the wire. The longest, `gntlab8191`, has 10 of the 15 characters Linux allows.
    pub fn interface(self) -> String {
        format!("gntlab{}", self.index)
    }

    /// MAC prefix of the cluster, so that no two clusters of the lab mint the same address.
    pub fn mac_prefix(self) -> String {
        format!("aa:{:02x}:{:02x}", self.index >> 8, self.index & 0xff)
    }

    /// Whether the machine's end of the wire exists.
    pub fn is_wired(self) -> bool {
        interfaces().contains(&self.interface())
    }

    /// Takes a free subnet (or the wanted one) by making its interface pair, one end in the namespace of `init`.
    ///
    /// The kernel refuses a second interface of a name: that is the lock between all processes that do this.
    pub async fn claim(init: ProcessId, wanted: Option<u32>) -> Result<Self, Error> {
        let taken = interfaces();
        let candidates = wanted.map_or(0..COUNT, |index| index..index + 1);
        for subnet in
            candidates.map(|index| Self { index }).filter(|subnet| !taken.contains(&subnet.interface()))
        {
            if subnet.wire(init).await? {
                subnet.configure(init).await?;
                return Ok(subnet);
            }
        }
        Err(Error::Config(match wanted {
            Some(index) => format!("index {index} is in use by another cluster"),
            None => format!("all {COUNT} subnets of the lab are in use"),
        }))
    }

    /// False if somebody else has it.
    async fn wire(self, init: ProcessId) -> Result<bool, Error> {
        let (name, pid) = (self.interface(), init.pid().to_string());
        let argv =
            ["ip", "link", "add", "name", &name, "type", "veth", "peer", "name", "eth0", "netns", &pid];
        match command::run(&argv, None, LIMIT).await {
            Ok(_) => Ok(true),
            Err(Error::Command { output, .. }) if output.contains("File exists") => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn configure(self, init: ProcessId) -> Result<(), Error> {
        let (name, machine) = (self.interface(), self.machine());
        let outside = format!("address add {machine}/29 dev {name}\nlink set dev {name} up\n");
        command::run(&["ip", "-batch", "-"], Some(&outside), LIMIT).await?;
        // Ganeti probes the cluster's address before it takes it: unreachable answers at once, silence takes seconds.
        let inside = format!(
            "link set dev lo up\n\
             link add name br0 type bridge\n\
             link set dev eth0 master br0 up\n\
             address add {node}/29 dev br0\n\
             link set dev br0 up\n\
             route add unreachable {cluster}/32\n",
            node = self.node(),
            cluster = self.cluster(),
        );
        command::run_in(init, &["ip", "-batch", "-"], Some(&inside), LIMIT).await.map(drop)
    }
}

const LIMIT: Limit = Limit(Duration::from_secs(20));

/// Names of this network namespace's interfaces. `/sys` would show those of the namespace it was mounted in.
fn interfaces() -> Vec<String> {
    let table = std::fs::read_to_string("/proc/self/net/dev").unwrap_or_default();
    table.lines().filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::{COUNT, Subnet};

    #[test]
    fn neighbours_do_not_overlap_and_the_last_fits() {
        let (first, second, last) = (Subnet { index: 0 }, Subnet { index: 1 }, Subnet { index: COUNT - 1 });
        assert_eq!(first.machine().to_string(), "198.19.0.1");
        assert_eq!(second.node().to_string(), "198.19.0.10");
        assert_eq!(last.cluster().to_string(), "198.19.255.251");
        assert_eq!(last.mac_prefix(), "aa:1f:ff");
        assert!(last.interface().len() <= 15);
    }
}
