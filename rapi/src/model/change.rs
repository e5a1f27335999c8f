//! The bodies of requests that change or remove an instance.
//!
//! `instance_uuid` is Ganeti's only guard against acting on another instance of the same name: on a
//! mismatch the job fails with `resource_not_unique` before it does anything.

use serde::Serialize;

use super::{DiskSpec, NicSpec, Params, SecretParams};

/// How an instance is removed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DeleteInstance {
    /// How long the guest may take to shut down, seconds; Ganeti's default is 120.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shutdown_timeout: Option<u32>,
    /// The instance that is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
}

/// How an instance is shut down.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ShutdownInstance {
    /// How long the guest may take before it is stopped hard, seconds; 0 is at once, Ganeti's default 120.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
    /// Also when it is marked offline.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// The instance that is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
}

/// How an instance is rebooted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RebootKind {
    /// The hypervisor resets it; changed parameters stay without effect.
    Soft,
    /// Stop and start on the node, with the present parameters.
    #[default]
    Hard,
    /// The same, and its disks are deactivated in between.
    Full,
}

impl RebootKind {
    /// The word in the request.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Soft => "soft",
            Self::Hard => "hard",
            Self::Full => "full",
        }
    }
}

/// A reboot. A stopped instance is started by it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RebootInstance {
    /// How.
    #[serde(skip)]
    pub kind: RebootKind,
    /// How long the guest may take to shut down, seconds; Ganeti's default is 120.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shutdown_timeout: Option<u32>,
    /// The instance that is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
}

/// What is installed on the disks of an instance.
#[derive(Debug, Clone, Serialize)]
pub struct ReinstallInstance {
    /// The OS; the one that the instance has where it is `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// OS parameters. The scripts get those of the instance, changed by these; afterwards the instance has exactly these,
    /// `"default"`s included.
    pub osparams: Params,
    /// Whether it is started afterwards.
    pub start: bool,
}

/// How a disk grows. It never shrinks.
#[derive(Debug, Clone, Serialize)]
pub struct GrowDisk {
    /// MiB: what is added or, with `absolute`, the size it is to have.
    pub amount: u64,
    /// The amount is the size to have. A disk that has it already is fine, so that a lost answer does no harm.
    pub absolute: bool,
    /// Whether the job waits until mirrors are in sync.
    pub wait_for_sync: bool,
    /// The instance that is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
}

/// One change in a list of NICs or disks, applied in order. `at` is an index, `-1` for the end, or a
/// name or uuid; do not mix numbers with names in one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T> {
    /// Adds one at this place.
    Add {
        /// Where.
        at: String,
        /// What.
        item: T,
    },
    /// Changes the one at this place.
    Modify {
        /// Which.
        at: String,
        /// To what; `None`s stay.
        item: T,
    },
    /// Removes the one at this place.
    Remove {
        /// Which.
        at: String,
    },
}

impl<T: Serialize> Serialize for Change<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Add { at, item } => ("add", Place(at), item).serialize(serializer),
            Self::Modify { at, item } => ("modify", Place(at), item).serialize(serializer),
            Self::Remove { at } => ("remove", Place(at), Params::new()).serialize(serializer),
        }
    }
}

/// An index is sent as a number.
struct Place<'a>(&'a str);

impl Serialize for Place<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.parse::<i32>() {
            Ok(index) => serializer.serialize_i32(index),
            Err(_) => serializer.serialize_str(self.0),
        }
    }
}

/// A change of an instance's configuration. Hypervisor and backend parameters take effect when Ganeti
/// starts it the next time; a reboot from inside does not do.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ModifyInstance {
    /// The instance that is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// Changes of NICs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nics: Vec<Change<NicSpec>>,
    /// Changes of disks; a size cannot be changed here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disks: Vec<Change<DiskSpec>>,
    /// Backend parameters to set; `"default"` resets one.
    #[serde(skip_serializing_if = "Params::is_empty")]
    pub beparams: Params,
    /// Hypervisor parameters to set; `"default"` resets one.
    #[serde(skip_serializing_if = "Params::is_empty")]
    pub hvparams: Params,
    /// OS parameters to set.
    #[serde(skip_serializing_if = "Params::is_empty")]
    pub osparams: Params,
    /// Private OS parameters to set.
    #[serde(skip_serializing_if = "SecretParams::is_empty")]
    pub osparams_private: SecretParams,
    /// Mark offline (`true`) or not any more (`false`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offline: Option<bool>,
    /// Plug into or out of the running guest. Say it: Ganeti's default differs between versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hotplug: Option<bool>,
    /// Any further parameter of the opcode, by its own name.
    #[serde(flatten)]
    pub more: Params,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Change, ModifyInstance};
    use crate::NicSpec;

    #[test]
    fn changes_are_triples_with_numbers_for_indices() {
        let nic = |link: &str| NicSpec { link: Some(link.to_owned()), ..NicSpec::default() };
        let modify = ModifyInstance {
            nics: vec![
                Change::Add { at: "-1".to_owned(), item: nic("br0") },
                Change::Modify { at: "0".to_owned(), item: nic("br1") },
                Change::Remove { at: "a-uuid".to_owned() },
            ],
            ..ModifyInstance::default()
        };
        assert_eq!(
            serde_json::to_value(&modify).unwrap(),
            json!({"nics": [["add", -1, {"link": "br0"}], ["modify", 0, {"link": "br1"}], ["remove", "a-uuid", {}]]})
        );
    }
}
