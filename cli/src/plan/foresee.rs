//! A plan from objects that are at hand, without an API server and without Ganeti: for tests that tell what was foreseen
//! beside what came.

use std::collections::BTreeMap;

use cyclades_crds::{Flavor, GanetiBackend, Image, VirtualMachine, VolumeType};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Resource, ResourceExt as _};

use super::ahead::{World, ahead};
use super::identity::id_of;
use super::rival::outranked;
use super::room::Room;
use super::text::{end, what};
use super::view::view;
use crate::look::Look;
use crate::scene::{Scene, image_of, is_paused, rescue_image_of};

/// All objects that a plan may depend on.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// Machines, of all namespaces.
    pub machines: Vec<VirtualMachine>,
    /// Flavors.
    pub flavors: Vec<Flavor>,
    /// Volume types.
    pub volume_types: Vec<VolumeType>,
    /// Images, of all namespaces.
    pub images: Vec<Image>,
    /// Backends.
    pub backends: Vec<GanetiBackend>,
    /// Namespaces.
    pub namespaces: Vec<Namespace>,
}

/// What the operator would do next with a machine, a step each and why, and where that leads to: what `kubectl cyclades plan`
/// says to somebody who may read these objects and may not look into Ganeti.
#[must_use]
pub fn foresee(machine: &VirtualMachine, objects: &Objects) -> Vec<String> {
    let scene = scene(machine, objects);
    let view = view(machine, &scene, None);
    let room = match machine.spec.backend_name {
        None => Room::of(machine, objects.backends.clone(), &objects.machines, &[], &scene),
        Some(_) => Room::default(),
    };
    let id = id_of(machine);
    let same: Vec<VirtualMachine> =
        objects.machines.iter().filter(|other| id_of(other) == id).cloned().collect();
    let rival = outranked(machine, &same);
    let world = World { machine, scene: &scene, room: &room, view: &view, rival: rival.as_deref() };
    let course = ahead(&world);
    let steps = course.strides.iter().map(|stride| format!("{}, since {}", what(&world, stride), stride.why));
    let lead = if course.well { "in the end" } else { "stays at" };
    steps.chain([format!("{lead} {}", end(&course))]).collect()
}

fn scene(machine: &VirtualMachine, objects: &Objects) -> Scene {
    let looked = |key: &(String, String)| {
        let is_it = |image: &&Image| (image.namespace().unwrap_or_default(), image.name_any()) == *key;
        objects.images.iter().find(is_it).cloned().map_or(Look::Absent, Look::Found)
    };
    let images = [Some(image_of(machine)), rescue_image_of(machine)].into_iter().flatten();
    let paused = objects.namespaces.iter().filter(|namespace| is_paused(namespace));
    Scene {
        flavors: by_name(&objects.flavors, Some(machine.spec.flavor_ref.name.clone())),
        volume_types: by_name(&objects.volume_types, None),
        images: images.map(|key| (key.clone(), looked(&key))).collect(),
        backends: by_name(&objects.backends, machine.spec.backend_name.clone()),
        paused_namespaces: paused.map(|namespace| namespace.name_any()).collect(),
        operator_namespace: String::new(),
    }
}

/// Objects by their names, and one that may be missing.
fn by_name<K: Resource + Clone>(all: &[K], named: Option<String>) -> BTreeMap<String, Look<K>> {
    let absent = named.map(|name| (name, Look::Absent));
    absent.into_iter().chain(all.iter().map(|it| (it.name_any(), Look::Found(it.clone())))).collect()
}
