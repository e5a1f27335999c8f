//! Flavors, VolumeTypes and Images: few, small, kept whole.

use std::{collections::HashMap, rc::Rc};

use cyclades_crds::{FlavorSpec, ImageSpec, VolumeTypeSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::ObjectName;

/// An object of the catalog.
#[derive(Debug)]
pub(crate) struct Entry<Spec> {
    /// Resource version that this is.
    pub(crate) version: u64,
    /// Generation of the spec.
    pub(crate) generation: i64,
    /// Being deleted.
    pub(crate) deleting: bool,
    /// The spec.
    pub(crate) spec: Rc<Spec>,
    /// `status.observedGeneration`.
    pub(crate) observed_generation: Option<i64>,
    /// `status.conditions`.
    pub(crate) conditions: Vec<Condition>,
}

/// The catalog.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    /// Flavors by name.
    pub(crate) flavors: HashMap<Rc<str>, Entry<FlavorSpec>>,
    /// VolumeTypes by name.
    pub(crate) volume_types: HashMap<Rc<str>, Entry<VolumeTypeSpec>>,
    /// Images by namespace and name.
    pub(crate) images: HashMap<ObjectName, Entry<ImageSpec>>,
}
