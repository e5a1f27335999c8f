//! A place of its own for a case.

use anyhow::Result;
use serde_json::{Value, json};

use crate::{Machine, Stage};

/// VolumeType of machines without a disk.
const DISKLESS: &str = "diskless";
/// Flavor of the least machine there is.
const TINY: &str = "tiny";
/// LinkPool of every bed.
pub const LINK_POOL: &str = "networks";
/// Image that every space has; every bed's clusters know this OS.
const IMAGE: &str = "noop";

/// A namespace of a case.
#[derive(Debug)]
pub struct Space<'a> {
    stage: &'a Stage,
    namespace: String,
}

impl Stage {
    /// Makes a namespace with an image to make machines from.
    ///
    /// # Errors
    /// With kubectl's words.
    pub async fn space(&self, name: &str) -> Result<Space<'_>> {
        let random = uuid::Uuid::new_v4().simple().to_string();
        let namespace = format!("{name}-{}", &random[..6]);
        let space = Space { stage: self, namespace };
        self.apply(&[
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space.namespace}}),
            space.image(IMAGE, &json!({"ganetiOS": {"name": "noop"}})),
        ])
        .await?;
        Ok(space)
    }
}

impl<'a> Space<'a> {
    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The stage.
    #[must_use]
    pub fn stage(&self) -> &'a Stage {
        self.stage
    }

    /// A machine of this namespace, there or not.
    #[must_use]
    pub fn machine(&self, name: &str) -> Machine<'a> {
        Machine::new(self.stage, &self.namespace, name)
    }

    /// Applies a machine; what its spec does not say is the least.
    ///
    /// # Errors
    /// With the API server's words.
    pub async fn apply(&self, name: &str, spec: Value) -> Result<Machine<'a>> {
        self.stage.apply(&[self.manifest(name, spec)]).await?;
        Ok(self.machine(name))
    }

    /// The manifest of a machine; what its spec does not say is the least.
    #[must_use]
    pub fn manifest(&self, name: &str, spec: Value) -> Value {
        let mut whole = json!({"flavorRef": {"name": TINY}, "imageRef": {"name": IMAGE}});
        if let (Value::Object(whole), Value::Object(spec)) = (&mut whole, spec) {
            whole.extend(spec);
        }
        json!({
            "apiVersion": "cyclades.io/v1alpha1",
            "kind": "VirtualMachine",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": whole,
        })
    }

    /// The manifest of an image.
    #[must_use]
    pub fn image(&self, name: &str, source: &Value) -> Value {
        json!({
            "apiVersion": "cyclades.io/v1alpha1",
            "kind": "Image",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"source": source},
        })
    }
}

/// The manifest of a Flavor.
#[must_use]
pub(crate) fn flavor(name: &str, memory: &str, volume_type: &str, disk: &str) -> Value {
    json!({
        "apiVersion": "cyclades.io/v1alpha1",
        "kind": "Flavor",
        "metadata": {"name": name},
        "spec": {"vcpus": 1, "memory": memory, "disk": disk, "volumeTypeRef": {"name": volume_type}},
    })
}

/// The manifest of a VolumeType.
#[must_use]
pub(crate) fn volume_type(name: &str, template: &str) -> Value {
    json!({
        "apiVersion": "cyclades.io/v1alpha1",
        "kind": "VolumeType",
        "metadata": {"name": name},
        "spec": {"diskTemplate": template},
    })
}

/// The manifests of a Network and of its Subnet.
#[must_use]
pub fn network(namespace: &str, name: &str, cidr: &str, gateway: &str) -> [Value; 2] {
    let object = |kind: &str, spec: Value| {
        json!({
            "apiVersion": "cyclades.io/v1alpha1", "kind": kind,
            "metadata": {"name": name, "namespace": namespace}, "spec": spec,
        })
    };
    let subnet = json!({"networkRef": {"name": name}, "cidr": cidr, "gateway": gateway});
    [object("Network", json!({})), object("Subnet", subnet)]
}

/// The manifest of the LinkPool that all networks have their prefixes from.
fn link_pool() -> Value {
    json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "LinkPool", "metadata": {"name": LINK_POOL},
        "spec": {"macPrefixes": {"first": "aa:00:0", "count": 256}},
    })
}

/// What every suite's cases share.
pub(crate) fn catalog() -> [Value; 4] {
    let tiny = flavor(TINY, "16Mi", DISKLESS, "0");
    [volume_type(DISKLESS, "Diskless"), volume_type("file", "File"), tiny, link_pool()]
}
