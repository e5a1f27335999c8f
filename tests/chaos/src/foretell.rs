//! What is foreseen for the machines of a scenario: the words of `kubectl cyclades plan`.

use cyclades_cli::{Objects, foresee};
use cyclades_crds::VirtualMachine;
use kube::ResourceExt as _;
use kube_sim::KubeSim;
use serde::de::DeserializeOwned;

use crate::calls::Plan;
use crate::ganeti::Said;

/// What the operator would do with each machine, as the objects stand.
pub(crate) fn foretell(kube: &KubeSim) -> Said<Vec<Plan>> {
    let objects = Objects {
        machines: all(kube, "virtualmachines")?,
        flavors: all(kube, "flavors")?,
        volume_types: all(kube, "volumetypes")?,
        images: all(kube, "images")?,
        backends: all(kube, "ganetibackends")?,
        namespaces: all(kube, "namespaces")?,
    };
    let plan =
        |machine: &VirtualMachine| Plan { machine: machine.name_any(), steps: foresee(machine, &objects) };
    Ok(objects.machines.iter().map(plan).collect())
}

fn all<T: DeserializeOwned>(kube: &KubeSim, plural: &str) -> Said<Vec<T>> {
    let objects = kube.list(plural).into_iter();
    objects
        .map(|object| serde_json::from_value(object).map_err(|error| format!("{plural}: {error}")))
        .collect()
}
