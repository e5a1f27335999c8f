//! What an opcode is called and takes.

/// Which opcode it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    ClusterRedistConf,
    ClusterSetParams,
    GroupAdd,
    GroupAssignNodes,
    GroupRemove,
    GroupRename,
    GroupSetParams,
    InstanceActivateDisks,
    InstanceCreate,
    InstanceDeactivateDisks,
    InstanceFailover,
    InstanceGrowDisk,
    InstanceMigrate,
    InstanceQueryData,
    InstanceReboot,
    InstanceReinstall,
    InstanceRemove,
    InstanceRename,
    InstanceSetParams,
    InstanceShutdown,
    InstanceStartup,
    NetworkAdd,
    NetworkConnect,
    NetworkDisconnect,
    NetworkRemove,
    NetworkSetParams,
    NodeSetParams,
    OsDiagnose,
    TagsDel,
    TagsSet,
}

/// The type test of a parameter (`ganeti.ht`).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Check {
    Bool,
    Text,
    NonEmpty,
    Int,
    NonNegative,
    Positive,
    DiskIndex,
    Dict,
    List,
    Texts,
    NonEmptyTexts,
    OneOf(&'static [&'static str]),
    Priority,
    Depends,
    Disks,
    Nics,
    DeviceChanges,
    Ipv4,
    Ipv4Net,
    Ipv6,
    Ipv6Net,
    Ipv4s,
}

/// A parameter's value when none is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Default {
    /// None: fails the test unless `maybe`.
    Null,
    False,
    True,
    Int(i64),
    Text(&'static str),
    EmptyDict,
    EmptyList,
}

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Param {
    pub name: &'static str,
    /// Whether null is allowed.
    pub maybe: bool,
    pub check: Check,
    pub default: Default,
}

/// An opcode's names and parameters.
#[derive(Debug)]
pub(crate) struct OpSpec {
    pub kind: Kind,
    /// `OP_INSTANCE_CREATE`.
    pub id: &'static str,
    /// `OpInstanceCreate`.
    pub class: &'static str,
    /// The parameter that the summary shows.
    pub summary: Option<&'static str>,
    pub params: &'static [Param],
}

impl OpSpec {
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().chain(COMMON).find(|param| param.name == name)
    }

    pub fn all_params(&self) -> impl Iterator<Item = &'static Param> {
        self.params.iter().chain(COMMON)
    }
}

/// A parameter that has to be given.
pub(super) const fn required(name: &'static str, check: Check) -> Param {
    Param { name, maybe: false, check, default: Default::Null }
}

/// A parameter that may be null.
pub(super) const fn maybe(name: &'static str, check: Check) -> Param {
    Param { name, maybe: true, check, default: Default::Null }
}

/// A flag.
pub(super) const fn flag(name: &'static str, default: bool) -> Param {
    Param {
        name,
        maybe: false,
        check: Check::Bool,
        default: if default { Default::True } else { Default::False },
    }
}

/// A parameter with a default of its own.
pub(super) const fn with(name: &'static str, check: Check, default: Default) -> Param {
    Param { name, maybe: false, check, default }
}

/// What every opcode takes.
const COMMON: &[Param] = &[
    maybe("dry_run", Check::Bool),
    maybe("debug_level", Check::NonNegative),
    with("priority", Check::Priority, Default::Int(0)),
    maybe("depends", Check::Depends),
    maybe("comment", Check::Text),
    Param { name: "reason", maybe: true, check: Check::List, default: Default::EmptyList },
];
