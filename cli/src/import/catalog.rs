//! Flavors, volume types and images that fit what is there; where none fits, one that does.

use std::collections::{BTreeMap, BTreeSet};

use cyclades_crds::image::Visibility;
use cyclades_crds::quantity::ByteQuantity;
use cyclades_crds::virtual_machine::Shape;
use cyclades_crds::volume_type::DiskTemplate;
use cyclades_crds::{Flavor, Image, VolumeType};
use cyclades_domain::shape;
use kube::ResourceExt as _;
use serde_json::{Value, json};

use super::name;
use crate::inventory::Found;

/// Disk templates that a VolumeType can be made of without knowing more.
const TEMPLATES: [DiskTemplate; 7] = [
    DiskTemplate::Diskless,
    DiskTemplate::File,
    DiskTemplate::SharedFile,
    DiskTemplate::Plain,
    DiskTemplate::Drbd,
    DiskTemplate::Rbd,
    DiskTemplate::Gluster,
];

/// What there is to refer to, and what has to be made.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    flavors: BTreeMap<String, Flavor>,
    volume_types: BTreeMap<String, VolumeType>,
    images: Vec<Image>,
    made: Made,
}

/// Manifests of what is not there, by their names: a shape, a template and an OS are made once.
#[derive(Debug, Default)]
pub(super) struct Made {
    volume_types: BTreeMap<String, (String, Value)>,
    flavors: BTreeMap<(u64, u64, u64, String), (String, Value)>,
    images: BTreeMap<(String, String), (String, Value)>,
}

impl Made {
    /// All of them, in an order in which nothing waits for what comes later.
    pub(super) fn manifests(&self) -> Vec<Value> {
        let volume_types = self.volume_types.values().map(|(_, manifest)| manifest);
        let flavors = self.flavors.values().map(|(_, manifest)| manifest);
        let images = self.images.values().map(|(_, manifest)| manifest);
        volume_types.chain(flavors).chain(images).cloned().collect()
    }
}

impl Catalog {
    /// What the API server has.
    pub(super) fn new(flavors: Vec<Flavor>, volume_types: Vec<VolumeType>, images: Vec<Image>) -> Self {
        Self {
            flavors: flavors.into_iter().map(|flavor| (flavor.name_any(), flavor)).collect(),
            volume_types: volume_types.into_iter().map(|it| (it.name_any(), it)).collect(),
            images,
            made: Made::default(),
        }
    }

    /// What had to be made.
    pub(super) fn into_made(self) -> Made {
        self.made
    }

    /// Name of a flavor that has the shape of an instance.
    ///
    /// # Errors
    /// Why there can be none.
    pub(super) fn flavor(&mut self, found: &Found) -> Result<String, String> {
        let disk_mib = found.disks_mib.first().copied().unwrap_or(0);
        let template = if disk_mib == 0 { "diskless" } else { &found.disk_template };
        let fits = |shape: &Shape| {
            u64::from(shape.vcpus) == found.vcpus
                && (shape.memory_mib, shape.disk_mib) == (found.memory_mib, disk_mib)
                && shape.disk_template == template
        };
        let fit = self.flavors.iter().filter(|(_, flavor)| self.shape(flavor).as_ref().is_some_and(fits));
        // One that is open, before one that is retired.
        if let Some((name, _)) = fit.min_by_key(|(name, flavor)| (!flavor.spec.allow_create, (*name).clone()))
        {
            return Ok(name.clone());
        }
        let key = (found.vcpus, found.memory_mib, disk_mib, template.to_owned());
        if let Some((name, _)) = self.made.flavors.get(&key) {
            return Ok(name.clone());
        }
        let volume_type = self.volume_type(template)?;
        let name = format!("{}c-{}m-{disk_mib}m-{template}", found.vcpus, found.memory_mib);
        let name = name::free(name::of(&name), &mut self.flavors.keys().cloned().collect());
        let manifest = json!({
            "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": name},
            "spec": {
                // It is for what is there: nobody is to make new machines of it.
                "allowCreate": false,
                "disk": mebibytes(disk_mib), "memory": mebibytes(found.memory_mib), "vcpus": found.vcpus,
                "volumeTypeRef": {"name": volume_type},
            },
        });
        self.made.flavors.insert(key, (name.clone(), manifest));
        Ok(name)
    }

    fn shape(&self, flavor: &Flavor) -> Option<Shape> {
        let volume_type = self.volume_types.get(&flavor.spec.volume_type_ref.name)?;
        shape::resolve(&flavor.spec, &volume_type.spec).ok()
    }

    fn volume_type(&mut self, template: &str) -> Result<String, String> {
        let fit = self.volume_types.iter().find(|(_, it)| it.spec.disk_template.ganeti_name() == template);
        if let Some((name, _)) = fit {
            return Ok(name.clone());
        }
        if let Some((name, _)) = self.made.volume_types.get(template) {
            return Ok(name.clone());
        }
        let known = TEMPLATES.into_iter().find(|known| known.ganeti_name() == template);
        let known = known.ok_or_else(|| {
            format!("no VolumeType has disk template {template}, and one cannot be guessed: make it first")
        })?;
        let name = name::free(name::of(template), &mut self.volume_types.keys().cloned().collect());
        let manifest = json!({
            "apiVersion": "cyclades.io/v1alpha1", "kind": "VolumeType", "metadata": {"name": name},
            "spec": {"diskTemplate": known},
        });
        self.made.volume_types.insert(template.to_owned(), (name.clone(), manifest));
        Ok(name)
    }

    /// Reference to an image of the instance's OS that machines of a namespace may use.
    ///
    /// # Errors
    /// Why there can be none.
    pub(super) fn image(&mut self, found: &Found, namespace: &str) -> Result<Value, String> {
        if found.os.is_empty() {
            return Err("it has no OS definition".to_owned());
        }
        let fits = |image: &&Image| {
            let at_home = image.namespace().as_deref() == Some(namespace);
            let os = image.spec.source.ganeti_os.as_ref();
            os.is_some_and(|os| os.ganeti_name() == found.os)
                && (at_home || image.spec.visibility == Visibility::Public)
        };
        let away = |image: &&Image| image.namespace().as_deref() != Some(namespace);
        let key = |image: &&Image| (away(image), image.namespace(), image.name_any());
        if let Some(image) = self.images.iter().filter(fits).min_by_key(key) {
            return Ok(match away(&image) {
                true => json!({"name": image.name_any(), "namespace": image.namespace()}),
                false => json!({"name": image.name_any()}),
            });
        }
        let key = (namespace.to_owned(), found.os.clone());
        if let Some((name, _)) = self.made.images.get(&key) {
            return Ok(json!({"name": name}));
        }
        let here = self.images.iter().filter(|image| image.namespace().as_deref() == Some(namespace));
        let made = self.made.images.iter().filter(|((of, _), _)| of == namespace).map(|(_, (name, _))| name);
        let mut taken: BTreeSet<String> = here.map(|image| image.name_any()).chain(made.cloned()).collect();
        let name = name::free(name::of(&found.os), &mut taken);
        let os = match found.os.split_once('+') {
            Some((os, variant)) => json!({"name": os, "variant": variant}),
            None => json!({"name": found.os}),
        };
        let manifest = json!({
            "apiVersion": "cyclades.io/v1alpha1", "kind": "Image",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"source": {"ganetiOS": os}},
        });
        self.made.images.insert(key, (name.clone(), manifest));
        Ok(json!({"name": name}))
    }
}

/// An amount as people write it.
fn mebibytes(amount: u64) -> ByteQuantity {
    ByteQuantity(match amount {
        0 => "0".to_owned(),
        _ if amount.is_multiple_of(1024) => format!("{}Gi", amount / 1024),
        _ => format!("{amount}Mi"),
    })
}
