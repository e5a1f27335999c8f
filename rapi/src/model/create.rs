//! What an instance is created from.

use serde::Serialize;

use super::{Params, SecretParams};

/// The body of a create (`OP_INSTANCE_CREATE`). What is `None` or empty is not sent, so that the
/// cluster's own default holds, with three exceptions: `name_check` and `ip_check` are sent as `false`
/// (the default of Ganeti 3.0 needs a DNS entry and may replace the name), `disks` and `nics` are
/// always sent, as they are required.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CreateInstance {
    #[serde(rename = "__version__")]
    version: V1,
    mode: Create,
    name_check: bool,
    ip_check: bool,
    /// Its name; Ganeti lower-cases it.
    pub instance_name: String,
    /// `diskless`, `file`, `plain`, `drbd`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_template: Option<String>,
    /// Its disks; none for `diskless`.
    pub disks: Vec<DiskSpec>,
    /// Its NICs; may be empty.
    pub nics: Vec<NicSpec>,
    /// The OS definition, `name` or `name+variant`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_type: Option<String>,
    /// Accept a variant the OS does not list.
    #[serde(skip_serializing_if = "is_false")]
    pub force_variant: bool,
    /// Do not run the OS scripts; the instance is then not started either.
    #[serde(skip_serializing_if = "is_false")]
    pub no_install: bool,
    /// Parameters of the OS scripts, readable by anyone who may read the instance.
    #[serde(skip_serializing_if = "Params::is_empty")]
    pub osparams: Params,
    /// Parameters that are stored and never shown.
    #[serde(skip_serializing_if = "SecretParams::is_empty")]
    pub osparams_private: SecretParams,
    /// Parameters for this installation only, not stored.
    #[serde(skip_serializing_if = "SecretParams::is_empty")]
    pub osparams_secret: SecretParams,
    /// `kvm`, `fake`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hypervisor: Option<String>,
    /// Hypervisor parameters that differ from the cluster's.
    #[serde(skip_serializing_if = "Params::is_empty")]
    pub hvparams: Params,
    /// Backend parameters that differ from the cluster's: `maxmem`, `minmem` (MiB), `vcpus`, ….
    #[serde(skip_serializing_if = "Params::is_empty")]
    pub beparams: Params,
    /// The primary node, instead of an allocator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pnode: Option<String>,
    /// The secondary node, with `drbd` and `pnode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snode: Option<String>,
    /// The allocator; without it and `pnode` the cluster's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iallocator: Option<String>,
    /// The node group the allocator has to stay in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    /// Lock only the nodes that are free; only with an allocator.
    #[serde(skip_serializing_if = "is_false")]
    pub opportunistic_locking: bool,
    /// Start it when it is made; Ganeti's default is yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<bool>,
    /// Wait until mirrored disks are in sync; Ganeti's default is yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for_sync: Option<bool>,
    /// Refuse addresses that belong to a network the NIC is not in; Ganeti's default is yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflicts_check: Option<bool>,
    /// Ignore the instance policy.
    #[serde(skip_serializing_if = "is_false")]
    pub ignore_ipolicy: bool,
    /// Its tags, set in the same step that creates it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Any further parameter of the opcode, by its own name.
    #[serde(flatten)]
    pub more: Params,
}

impl CreateInstance {
    /// A diskless instance without NICs, to be filled in.
    #[must_use]
    pub fn named(instance_name: impl Into<String>) -> Self {
        Self { instance_name: instance_name.into(), ..Self::default() }
    }
}

/// Always `1`.
#[derive(Debug, Clone, Copy, Default)]
struct V1;

impl Serialize for V1 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(1)
    }
}

/// Always `create`.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "lowercase")]
enum Create {
    #[default]
    Create,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A disk to create.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DiskSpec {
    /// Size, MiB; Ganeti rounds up to a multiple of 4.
    pub size: u64,
    /// `rw` (Ganeti's default) or `ro`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// A name, unique within the instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Any further parameter (`vg`, `access`, `provider`, `adopt`, …).
    #[serde(flatten)]
    pub more: Params,
}

/// A NIC to create. All `None` is one with the cluster's default mode and link and a generated MAC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NicSpec {
    /// `auto`, `generate` or an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// An address, `pool` (needs `network`) or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// `bridged`, `routed` or `openvswitch`; not with `network`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Bridge or routing table; not with `network`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// VLAN, with `openvswitch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vlan: Option<String>,
    /// A Ganeti network's name or uuid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// A name, unique within the instance and not a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{CreateInstance, DiskSpec, NicSpec};

    #[test]
    fn the_least_body_is_valid_for_every_version() {
        assert_eq!(
            serde_json::to_value(CreateInstance::named("web")).unwrap(),
            json!({"__version__": 1, "mode": "create", "instance_name": "web", "disks": [], "nics": [],
                   "name_check": false, "ip_check": false})
        );
    }

    #[test]
    fn secrets_are_sent_and_not_shown() {
        let mut create = CreateInstance::named("web");
        create.osparams_secret.0.insert("root_password".to_owned(), "hunter2".to_owned().into());
        create.disks = vec![DiskSpec { size: 1024, ..DiskSpec::default() }];
        create.nics = vec![NicSpec {
            network: Some("lan".to_owned()),
            ip: Some("pool".to_owned()),
            ..NicSpec::default()
        }];
        create.more.insert("file_driver".to_owned(), "loop".into());
        let shown = format!("{create:?}");
        assert!(shown.contains("root_password") && !shown.contains("hunter2"), "{shown}");
        let sent = serde_json::to_value(&create).unwrap();
        assert_eq!(sent["osparams_secret"], json!({"root_password": "hunter2"}));
        assert_eq!(sent["disks"], json!([{"size": 1024}]));
        assert_eq!(sent["nics"], json!([{"ip": "pool", "network": "lan"}]));
        assert_eq!(sent["file_driver"], "loop");
    }
}
