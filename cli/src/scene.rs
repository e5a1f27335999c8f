//! What a machine's state depends on, as the API server has it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use cyclades_crds::{Flavor, GanetiBackend, Image, VirtualMachine, VolumeType, names};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;

use crate::cluster::Cluster;
use crate::look::{Look, look};

/// Requests at a time.
const PARALLEL: usize = 8;

/// Objects that machines refer to. What nobody refers to is not in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scene {
    /// Flavors, by name.
    pub(crate) flavors: BTreeMap<String, Look<Flavor>>,
    /// Volume types of those flavors, by name.
    pub(crate) volume_types: BTreeMap<String, Look<VolumeType>>,
    /// Images, by namespace and name.
    pub(crate) images: BTreeMap<(String, String), Look<Image>>,
    /// Backends that machines are placed on, by name.
    pub(crate) backends: BTreeMap<String, Look<GanetiBackend>>,
    /// Namespaces of the machines that are paused, as far as they may be read.
    pub(crate) paused_namespaces: BTreeSet<String>,
    /// Namespace of the operator, with the Secrets of the backends.
    pub(crate) operator_namespace: String,
}

/// Namespace and name of the image of a machine.
pub(crate) fn image_of(machine: &VirtualMachine) -> (String, String) {
    let reference = &machine.spec.image_ref;
    let namespace = reference.namespace.clone().or_else(|| machine.metadata.namespace.clone());
    (namespace.unwrap_or_default(), reference.name.clone())
}

/// Namespace and name of the image that a machine is to be rescued with.
pub(crate) fn rescue_image_of(machine: &VirtualMachine) -> Option<(String, String)> {
    let reference = &machine.spec.rescue.as_ref()?.image_ref;
    let namespace = reference.namespace.clone().or_else(|| machine.metadata.namespace.clone());
    Some((namespace.unwrap_or_default(), reference.name.clone()))
}

impl Scene {
    /// Looks at everything that the machines refer to, each object once.
    ///
    /// # Errors
    /// The API server's, but for what is missing or may not be read, which is part of the scene.
    pub(crate) async fn gather(cluster: &Cluster, machines: &[VirtualMachine]) -> Result<Self> {
        let client = || cluster.client.clone();
        let backends = machines.iter().filter_map(|machine| machine.spec.backend_name.clone());
        let backends = each(backends, async |name| look(&Api::all(client()), name).await);
        let flavors = machines.iter().map(|machine| machine.spec.flavor_ref.name.clone());
        let flavors = each(flavors, async |name| look::<Flavor>(&Api::all(client()), name).await);
        let named = machines.iter().map(image_of).chain(machines.iter().filter_map(rescue_image_of));
        let images =
            each(named, async |(namespace, name)| look(&Api::namespaced(client(), namespace), name).await);
        let namespaces = machines.iter().filter_map(|machine| machine.metadata.namespace.clone());
        let namespaces = each(namespaces, async |name| look::<Namespace>(&Api::all(client()), name).await);
        let (backends, flavors, images, namespaces) =
            futures::try_join!(backends, flavors, images, namespaces)?;
        let paused = namespaces.into_iter().filter(|(_, found)| found.found().is_some_and(is_paused));
        let paused_namespaces = paused.map(|(name, _)| name).collect();
        let operator_namespace = cluster.operator_namespace.clone();
        let mut scene = Self {
            flavors,
            volume_types: BTreeMap::new(),
            images,
            backends,
            paused_namespaces,
            operator_namespace,
        };
        scene.complete(cluster).await?;
        Ok(scene)
    }

    /// Looks at the volume types of flavors that were not looked at yet.
    ///
    /// # Errors
    /// As [`Scene::gather`].
    pub(crate) async fn complete(&mut self, cluster: &Cluster) -> Result<()> {
        let named = self.flavors.values().filter_map(Look::found);
        let named = named.map(|flavor| flavor.spec.volume_type_ref.name.clone());
        let wanted = named.filter(|name| !self.volume_types.contains_key(name));
        let client = || cluster.client.clone();
        let found = each(wanted, async |name| look(&Api::all(client()), name).await).await?;
        self.volume_types.extend(found);
        Ok(())
    }

    /// Whether the namespace of a machine is paused.
    pub(crate) fn is_paused_around(&self, machine: &VirtualMachine) -> bool {
        machine.metadata.namespace.as_ref().is_some_and(|name| self.paused_namespaces.contains(name))
    }

    /// A flavor. What was not looked at is as good as hidden.
    pub(crate) fn flavor(&self, name: &str) -> &Look<Flavor> {
        self.flavors.get(name).unwrap_or(&Look::Hidden)
    }

    /// A volume type.
    pub(crate) fn volume_type(&self, name: &str) -> &Look<VolumeType> {
        self.volume_types.get(name).unwrap_or(&Look::Hidden)
    }

    /// The image of a machine.
    pub(crate) fn image(&self, machine: &VirtualMachine) -> &Look<Image> {
        self.images.get(&image_of(machine)).unwrap_or(&Look::Hidden)
    }

    /// A backend.
    pub(crate) fn backend(&self, name: &str) -> &Look<GanetiBackend> {
        self.backends.get(name).unwrap_or(&Look::Hidden)
    }
}

/// Whether a namespace carries the label that has its machines left alone (any value but `false`).
pub(crate) fn is_paused(namespace: &Namespace) -> bool {
    let labels = namespace.metadata.labels.iter().flatten();
    labels.into_iter().any(|(key, value)| key == names::PAUSED_LABEL && value != "false")
}

/// Looks at each of the names once, some at a time.
async fn each<Name: Ord + Clone, T>(
    names: impl Iterator<Item = Name>,
    look: impl AsyncFn(&Name) -> Result<Look<T>>,
) -> Result<BTreeMap<Name, Look<T>>> {
    let names: std::collections::BTreeSet<Name> = names.collect();
    let look = &look;
    let looks = names.into_iter().map(|name| async move {
        let found = look(&name).await?;
        anyhow::Ok((name, found))
    });
    stream::iter(looks).buffer_unordered(PARALLEL).try_collect().await
}
