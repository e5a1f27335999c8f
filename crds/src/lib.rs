//! Custom resources of Cyclades: spec, status, conditions, CEL rules, printer columns, every string name.
//!
//! Types only. What is decided from them lives in `cyclades-domain`; what is done lives in the controllers.
//! The documentation of a field here *is* what `kubectl explain` and the reference in `docs/` print.

pub mod backend;
pub mod condition;
pub mod disk;
pub mod flavor;
pub mod generate;
pub mod image;
pub mod ip_block;
pub mod link_pool;
pub mod names;
pub mod network;
pub mod nic;
pub mod quantity;
pub mod reference;
pub mod schema;
pub mod subnet;
mod text;
pub mod virtual_machine;
pub mod volume_type;

pub use backend::{GanetiBackend, GanetiBackendSpec, GanetiBackendStatus};
pub use flavor::{Flavor, FlavorSpec, FlavorStatus};
pub use image::{Image, ImageSpec, ImageStatus};
pub use ip_block::{IPBlock, IPBlockSpec};
pub use link_pool::{LinkPool, LinkPoolSpec, LinkPoolStatus};
pub use network::{Network, NetworkSpec, NetworkStatus};
pub use subnet::{Subnet, SubnetSpec, SubnetStatus};
pub use virtual_machine::{VirtualMachine, VirtualMachineSpec, VirtualMachineStatus};
pub use volume_type::{VolumeType, VolumeTypeSpec, VolumeTypeStatus};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

/// Every CustomResourceDefinition of the project, as an API server takes it, in the order in which they are
/// documented.
#[must_use]
pub fn all() -> Vec<CustomResourceDefinition> {
    let mut all = vec![
        GanetiBackend::crd(),
        VolumeType::crd(),
        Flavor::crd(),
        Image::crd(),
        LinkPool::crd(),
        Network::crd(),
        Subnet::crd(),
        IPBlock::crd(),
        VirtualMachine::crd(),
    ];
    all.iter_mut().for_each(schema::polish);
    all
}
