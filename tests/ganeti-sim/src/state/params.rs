//! Parameters of instances and their cluster-wide defaults.

use serde_json::{Map, Value};

/// A JSON object.
pub(crate) type Dict = Map<String, Value>;

/// Backend parameters with all values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FilledBe {
    pub minmem: u64,
    pub maxmem: u64,
    pub vcpus: u64,
    pub spindle_use: u64,
    pub auto_balance: bool,
    pub always_failover: bool,
}

/// Ganeti's defaults (`BEC_DEFAULTS`).
pub(crate) const BE_DEFAULTS: FilledBe = FilledBe {
    minmem: 128,
    maxmem: 128,
    vcpus: 1,
    spindle_use: 1,
    auto_balance: true,
    always_failover: false,
};

/// Backend parameters that are set on one instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PartialBe {
    pub minmem: Option<u64>,
    pub maxmem: Option<u64>,
    pub vcpus: Option<u64>,
    pub spindle_use: Option<u64>,
    pub auto_balance: Option<bool>,
    pub always_failover: Option<bool>,
}

impl PartialBe {
    pub fn fill(&self, default: &FilledBe) -> FilledBe {
        FilledBe {
            minmem: self.minmem.unwrap_or(default.minmem),
            maxmem: self.maxmem.unwrap_or(default.maxmem),
            vcpus: self.vcpus.unwrap_or(default.vcpus),
            spindle_use: self.spindle_use.unwrap_or(default.spindle_use),
            auto_balance: self.auto_balance.unwrap_or(default.auto_balance),
            always_failover: self.always_failover.unwrap_or(default.always_failover),
        }
    }

    /// What is set, as an object.
    pub fn to_dict(self) -> Dict {
        let numbers = [
            ("minmem", self.minmem),
            ("maxmem", self.maxmem),
            ("vcpus", self.vcpus),
            ("spindle_use", self.spindle_use),
        ];
        let flags = [("auto_balance", self.auto_balance), ("always_failover", self.always_failover)];
        let numbers = numbers.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into())));
        let flags = flags.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into())));
        numbers.chain(flags).collect()
    }
}

impl FilledBe {
    pub fn to_dict(self) -> Dict {
        PartialBe {
            minmem: Some(self.minmem),
            maxmem: Some(self.maxmem),
            vcpus: Some(self.vcpus),
            spindle_use: Some(self.spindle_use),
            auto_balance: Some(self.auto_balance),
            always_failover: Some(self.always_failover),
        }
        .to_dict()
    }
}

/// NIC parameters with all values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilledNic {
    pub mode: String,
    pub link: String,
    pub vlan: String,
}

/// NIC parameters that are set on one NIC or group connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PartialNic {
    pub mode: Option<String>,
    pub link: Option<String>,
    pub vlan: Option<String>,
}

impl PartialNic {
    pub fn mode<'a>(&'a self, default: &'a FilledNic) -> &'a str {
        self.mode.as_deref().unwrap_or(&default.mode)
    }

    pub fn link<'a>(&'a self, default: &'a FilledNic) -> &'a str {
        self.link.as_deref().unwrap_or(&default.link)
    }

    pub fn vlan<'a>(&'a self, default: &'a FilledNic) -> &'a str {
        self.vlan.as_deref().unwrap_or(&default.vlan)
    }

    pub fn to_dict(&self) -> Dict {
        [("mode", &self.mode), ("link", &self.link), ("vlan", &self.vlan)]
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value.clone()?.into())))
            .collect()
    }
}
