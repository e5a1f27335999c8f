//! Where there is room for a machine that is not placed yet.

use std::collections::BTreeMap;

use anyhow::Result;
use cyclades_crds::{Flavor, GanetiBackend, VirtualMachine, VolumeType, virtual_machine::Shape};
use cyclades_domain::{
    parameters::{closed_to, not_allowed},
    placement::{Candidate, Door, Placement, place},
    shape::with_disks,
    vm::{Extras, Instance},
};
use kube::{Api, Resource, ResourceExt as _, api::ListParams};
use serde::de::DeserializeOwned;

use super::ganeti::{Other, Sight};
use super::identity::id_of;
use crate::cluster::Cluster;
use crate::declared::Declared;
use crate::look::{Look, code, said};
use crate::references::{shape_of, wanted_extras};
use crate::scene::Scene;
use crate::status::trouble;

/// What is known of the backends' room.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room {
    /// Each backend with what is used there.
    backends: Vec<Place>,
    /// Where an instance with the machine's id was found, and how it is.
    home: Option<(String, Instance)>,
    /// Number that breaks ties: from the machine's id.
    spread: u64,
    /// Where what is told comes from.
    pub(crate) sources: Vec<String>,
}

/// A backend and what is used there.
#[derive(Clone, Debug)]
struct Place {
    backend: GanetiBackend,
    memory_mib: u64,
    disk_mib: u64,
    vcpus: u64,
}

impl Room {
    /// What is known from these objects, and from what was seen in Ganeti.
    pub(crate) fn of(
        machine: &VirtualMachine,
        backends: Vec<GanetiBackend>,
        machines: &[VirtualMachine],
        sights: &[Sight],
        catalog: &Scene,
    ) -> Self {
        let home =
            sights.iter().find_map(|sight| Some((sight.backend.clone(), sight.seen()?.instance.clone()?)));
        let declared = Declared::by(machines);
        let used = |backend| used(backend, (machines, &declared), sights, catalog);
        let mut backends: Vec<Place> = backends.into_iter().map(used).collect();
        backends.sort_by_key(|place| place.backend.name_any());
        Self { backends, home, spread: spread(machine), sources: Vec::new() }
    }

    /// Where a machine of that shape goes, as the operator's scheduler decides.
    pub(crate) fn place(&self, shape: &Shape, extras: Option<&Extras>) -> Placement {
        if let Some((home, _)) = &self.home {
            return Placement { chosen: Some(home.clone()), rejected: Vec::new() };
        }
        let closed: Vec<Option<String>> =
            self.backends.iter().map(|place| closed(&place.backend, extras)).collect();
        let names: Vec<String> = self.backends.iter().map(|place| place.backend.name_any()).collect();
        let candidates: Vec<Candidate<'_>> = self
            .backends
            .iter()
            .zip(&names)
            .zip(&closed)
            .map(|((place, name), closed)| candidate(place, name, closed.as_deref()))
            .collect();
        let own_disk_mib = extras.map_or(0, Extras::disk_mib);
        place(&with_disks(shape, own_disk_mib), &candidates, self.spread)
    }

    /// The instance with the machine's id that was found.
    pub(crate) fn instance(&self) -> Option<&Instance> {
        self.home.as_ref().map(|(_, instance)| instance)
    }
}

/// Why a backend takes no new machine.
fn closed(backend: &GanetiBackend, extras: Option<&Extras>) -> Option<String> {
    let door = Door {
        deleting: backend.metadata.deletion_timestamp.is_some(),
        drained: backend.spec.drained,
        offline: backend.spec.offline,
        trouble: trouble(backend).map(|trouble| trouble.reason.as_str()),
        hypervisor: backend.spec.hypervisor.as_deref(),
        enabled: backend.status.as_ref().map_or(&[], |status| &status.hypervisors),
    };
    let parameters = extras.iter().flat_map(|extras| extras.parameters.keys()).map(|name| &**name);
    let refused = not_allowed(parameters, &backend.spec.allowed_hypervisor_parameters);
    door.closed().or_else(|| refused.map(closed_to))
}

fn candidate<'a>(place: &'a Place, name: &'a str, closed: Option<&'a str>) -> Candidate<'a> {
    let status = place.backend.status.as_ref();
    let capacity = status.and_then(|status| status.capacity.clone()).unwrap_or_default();
    Candidate {
        name,
        closed,
        disk_templates: status.map_or(&[], |status| &status.disk_templates),
        memory_mib: capacity.memory_mib,
        memory_used_mib: place.memory_mib,
        disk_mib: capacity.disk_mib,
        disk_used_mib: place.disk_mib,
        vcpus: u64::from(capacity.cpus) * u64::from(place.backend.spec.limits.vcpus_per_cpu),
        vcpus_used: place.vcpus,
    }
}

/// Looks at all backends and at what is placed on them.
///
/// # Errors
/// The API server's, but for want of a right, which is told as a source.
pub(crate) async fn survey(cluster: &Cluster, machine: &VirtualMachine, sights: &[Sight]) -> Result<Room> {
    let Some(backends) = all::<GanetiBackend>(cluster).await? else {
        let why = "you may not list ganetibackends: where there is room is not known".to_owned();
        return Ok(Room { spread: spread(machine), sources: vec![why], ..Room::default() });
    };
    let mut sources = Vec::new();
    let machines = match all::<VirtualMachine>(cluster).await? {
        Some(machines) => machines,
        None => {
            let why = "you may not list the machines of all namespaces: those of others are counted as Ganeti shows them";
            sources.push(why.to_owned());
            crate::status::machines(cluster, false, None).await?
        }
    };
    let catalog = catalog(cluster).await?;
    Ok(Room { sources, ..Room::of(machine, backends, &machines, sights, &catalog) })
}

/// What breaks ties: the first half of the machine's id, as the scheduler has it.
fn spread(machine: &VirtualMachine) -> u64 {
    let id = id_of(machine).unwrap_or_default();
    u64::from_le_bytes(id.as_bytes()[..8].try_into().unwrap_or_default())
}

/// A backend with what is used there, by machines and by what they do not declare.
fn used(
    backend: GanetiBackend,
    (machines, declared): (&[VirtualMachine], &Declared),
    sights: &[Sight],
    catalog: &Scene,
) -> Place {
    let name = backend.name_any();
    let sight = sights.iter().find(|sight| sight.backend == name).and_then(Sight::seen);
    let mut place = Place { backend, memory_mib: 0, disk_mib: 0, vcpus: 0 };
    // What machines declare is counted by their shapes, also before they are made.
    let is_declared =
        |it: &Other| it.id.map_or_else(|| declared.adopts(&name, &it.name), |id| declared.has(id));
    for other in sight.iter().flat_map(|seen| &seen.others).filter(|other| !is_declared(other)) {
        place.memory_mib += other.memory_mib;
        place.vcpus += other.vcpus;
    }
    for machine in machines.iter().filter(|machine| machine.spec.backend_name.as_deref() == Some(&*name)) {
        let told = machine.status.as_ref().and_then(|status| status.shape.clone());
        let Some(shape) = told.or_else(|| shape_of(machine, catalog).ok().flatten()) else { continue };
        place.memory_mib += shape.memory_mib;
        place.disk_mib += shape.disk_mib + wanted_extras(machine).map_or(0, |extras| extras.disk_mib());
        place.vcpus += u64::from(shape.vcpus);
    }
    place
}

/// All flavors and volume types, for machines that do not say their shape yet.
async fn catalog(cluster: &Cluster) -> Result<Scene> {
    fn by_name<K: Resource>(all: Option<Vec<K>>) -> BTreeMap<String, Look<K>> {
        let all = all.into_iter().flatten();
        all.map(|object| (object.name_any(), Look::Found(object))).collect()
    }
    let (flavors, volume_types) = (all::<Flavor>(cluster).await?, all::<VolumeType>(cluster).await?);
    Ok(Scene { flavors: by_name(flavors), volume_types: by_name(volume_types), ..Scene::default() })
}

/// All objects of a kind; `None` where the user may not list them.
async fn all<K>(cluster: &Cluster) -> Result<Option<Vec<K>>>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
{
    let api: Api<K> = Api::all(cluster.client.clone());
    match api.list(&ListParams::default()).await {
        Ok(list) => Ok(Some(list.items)),
        Err(error) if code(&error) == Some(403) => Ok(None),
        Err(error) => Err(said(error)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::fixtures::{backend, machine, scene};
    use crate::plan::ganeti::Sighting;

    fn with_room(name: &str, memory_mib: u64, more: serde_json::Value) -> GanetiBackend {
        let mut backend = backend(name, "True", "Ready", more);
        let status = backend.status.as_mut().unwrap();
        status.disk_templates = vec!["diskless".to_owned()];
        let capacity = json!({"nodes": 1, "cpus": 8, "memory": "1Gi", "memoryMiB": memory_mib, "diskMiB": 0});
        status.capacity = serde_json::from_value(capacity).unwrap();
        backend
    }

    fn shape(memory_mib: u64) -> Shape {
        Shape { vcpus: 1, memory_mib, disk_mib: 0, disk_template: "diskless".into() }
    }

    fn room(machines: &[VirtualMachine], sights: &[Sight], backends: Vec<GanetiBackend>) -> Room {
        let all = (machines, &Declared::by(machines));
        let backends = backends.into_iter().map(|it| used(it, all, sights, &scene())).collect();
        Room { backends, ..Room::default() }
    }

    #[test]
    fn an_instance_is_counted_once_whether_its_machine_exists_or_not() {
        let id = Uuid::from_u128(7);
        let ours = Other { id: Some(id), memory_mib: 512, vcpus: 1, ..Other::default() };
        let sights = [Sight {
            backend: "a".into(),
            outcome: Ok(Sighting { others: vec![ours], ..Sighting::default() }),
        }];
        let used = |machines: &[VirtualMachine]| {
            let room = room(machines, &sights, vec![with_room("a", 4096, json!({}))]);
            (room.backends[0].memory_mib, room.backends[0].vcpus)
        };
        assert_eq!(used(&[]), (512, 1), "an orphan");
        let spec = json!({"backendName": "a", "id": id.to_string()});
        assert_eq!(used(&[machine("web", None, spec)]), (1024, 1), "the machine's own shape");
    }

    #[test]
    fn machines_that_are_placed_and_instances_of_others_use_room() {
        let placed = machine("web", None, json!({"backendName": "a"}));
        let other = Other { memory_mib: 512, vcpus: 1, ..Other::default() };
        let others = Sighting { others: vec![other], ..Sighting::default() };
        let sights = [Sight { backend: "a".into(), outcome: Ok(others) }];
        let room = room(&[placed], &sights, vec![with_room("a", 2048, json!({}))]);
        assert_eq!(
            room.place(&shape(512), None).chosen.as_deref(),
            Some("a"),
            "1 GiB and 512 MiB of 2 GiB are used"
        );
        let words = room.place(&shape(516), None).explain();
        assert_eq!(words, "No backend fits: a: needs 516 MiB of memory, 512 of 2048 are free.");
    }

    #[test]
    fn what_takes_no_machines_says_why() {
        let backends = vec![
            with_room("a", 4096, json!({"drained": true})),
            with_room("b", 4096, json!({"offline": true})),
            with_room("c", 4096, json!({"hypervisor": "xen-pvm"})),
        ];
        let words = room(&[], &[], backends).place(&shape(4), None).explain();
        let wanted = "No backend fits: a: is drained; b: is offline; c: hypervisor xen-pvm is not enabled in its cluster.";
        assert_eq!(words, wanted);
    }
}
