//! Keys of objects.

use std::{fmt, rc::Rc};

/// Namespace and name of an object.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ObjectName(Rc<(Box<str>, Box<str>)>);

impl ObjectName {
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self(Rc::new((namespace.into(), name.into())))
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.0.0
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.1
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace(), self.name())
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a pass is about. What machines need comes before them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Key {
    /// A GanetiBackend.
    Backend(Rc<str>),
    /// A Flavor.
    Flavor(Rc<str>),
    /// A VolumeType.
    VolumeType(Rc<str>),
    /// An Image.
    Image(ObjectName),
    /// A LinkPool.
    LinkPool(Rc<str>),
    /// A Network.
    Network(ObjectName),
    /// A Subnet.
    Subnet(ObjectName),
    /// A VirtualMachine.
    Vm(ObjectName),
}

impl Key {
    /// The kind, as a metric label.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Vm(_) => "VirtualMachine",
            Self::Backend(_) => "GanetiBackend",
            Self::Flavor(_) => "Flavor",
            Self::VolumeType(_) => "VolumeType",
            Self::Image(_) => "Image",
            Self::LinkPool(_) => "LinkPool",
            Self::Network(_) => "Network",
            Self::Subnet(_) => "Subnet",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vm(name) | Self::Image(name) | Self::Network(name) | Self::Subnet(name) => {
                write!(f, "{} {name}", self.kind())
            }
            Self::Backend(name) | Self::Flavor(name) | Self::VolumeType(name) | Self::LinkPool(name) => {
                write!(f, "{} {name}", self.kind())
            }
        }
    }
}
