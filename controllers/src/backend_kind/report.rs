//! Report: a backend's status, written only if it says something new.

use cyclades_crds::{
    GanetiBackendStatus,
    backend::{Capacity, Undeclared},
    condition::{ConditionType, Reason},
};
use cyclades_domain::{
    backend::Health,
    conditions::{Standing, Verdict, kstatus},
};
use serde_json::json;

use super::observe::ObservedBackend;
use crate::{
    runtime::{
        conditions,
        context::Ctx,
        kube_api::Place,
        pass::{Next, PassError},
        told::Told,
    },
    world::{Census, Facts, Key},
};

/// Writes the status.
pub(super) async fn report(ctx: &Ctx, seen: &ObservedBackend, health: &Health) -> Result<Next, PassError> {
    // While it synchronises, which takes a moment, what was told before stays: a restart of the operator is no news.
    if *health == Health::Synchronising
        && seen.status.observed_generation == Some(seen.generation)
        && !seen.deleting
    {
        return Ok(Next::Rest);
    }
    let verdicts = verdicts(seen, health);
    let (were, since) = conditions::read(&seen.status.conditions);
    let facts = facts(seen);
    if were == verdicts
        && seen.status.observed_generation == Some(seen.generation)
        && says(&seen.status, &facts)
    {
        return Ok(Next::Rest);
    }
    let times = conditions::times(&verdicts, &were, &since, ctx.clock.now());
    let patch = json!({
        "metadata": { "resourceVersion": seen.version.to_string() },
        "status": {
            "observedGeneration": seen.generation,
            "clusterUUID": facts.cluster_uuid,
            "clusterName": facts.cluster_name,
            "softwareVersion": facts.software_version,
            "hypervisors": facts.hypervisors,
            "diskTemplates": facts.disk_templates,
            "capacity": facts.capacity,
            "undeclared": facts.undeclared,
            "conditions": conditions::out(&verdicts, &times, seen.generation),
        },
    });
    let place = Place { plural: "ganetibackends", namespace: None, name: &seen.name };
    let written = ctx.kube.patch(place, true, &patch).await?;
    // What was just written outranks what the watch will bring later.
    let status = GanetiBackendStatus {
        observed_generation: Some(seen.generation),
        conditions: conditions::stored(&verdicts, &times, seen.generation),
        ..facts
    };
    ctx.world.change(|world| {
        let backend =
            world.backends.get_mut(&seen.name).filter(|backend| backend.object.version == seen.version);
        if let Some(backend) = backend {
            backend.object.version = written.metadata.version();
            backend.object.status = std::rc::Rc::new(status);
        }
    });
    announce(ctx, seen, &were, &verdicts);
    announce_orphans(ctx, seen);
    Ok(Next::Rest)
}

fn verdicts(seen: &ObservedBackend, health: &Health) -> Vec<Verdict> {
    let mut verdicts = health.verdicts();
    if seen.deleting {
        let message = format!(
            "{} VirtualMachines are placed here: delete them (kubectl get vm -A --field-selector spec.backendName={}), and the backend goes.",
            seen.machines, seen.name
        );
        let held = kstatus(Standing::Reconciling, Reason::MachinesPlaced, &message.into());
        verdicts.retain(|verdict| held.iter().all(|other| other.kind != verdict.kind));
        verdicts.splice(0..0, held);
    }
    verdicts
}

/// What the status says of the cluster: what was found now, else what was found before. The cluster it was bound to
/// never changes.
fn facts(seen: &ObservedBackend) -> GanetiBackendStatus {
    let before = &*seen.status;
    let undeclared = seen.census.as_ref().map(undeclared).or_else(|| before.undeclared.clone());
    let Some(facts) = &seen.facts else { return GanetiBackendStatus { undeclared, ..before.clone() } };
    GanetiBackendStatus {
        cluster_uuid: before.cluster_uuid.clone().or_else(|| Some(facts.uuid.clone())),
        cluster_name: Some(facts.name.clone()),
        software_version: Some(facts.software_version.clone()),
        hypervisors: facts.hypervisors.clone(),
        disk_templates: facts.disk_templates.clone(),
        capacity: Some(capacity(facts)),
        undeclared,
        holder: before.holder.clone(),
        epoch: before.epoch,
        ..GanetiBackendStatus::default()
    }
}

fn undeclared(census: &Census) -> Undeclared {
    Undeclared {
        instances: census.undeclared,
        orphans: census.orphans,
        orphan_names: census.orphan_names.iter().map(|name| name.as_ref().to_owned()).collect(),
    }
}

fn capacity(facts: &Facts) -> Capacity {
    // In tenths of a Gi, so that small clusters do not all show the same.
    let tenths = facts.memory_mib * 10 / 1024;
    Capacity {
        nodes: facts.nodes,
        cpus: facts.cpus,
        memory: format!("{}.{}Gi", tenths / 10, tenths % 10),
        memory_mib: facts.memory_mib,
        disk_mib: facts.disk_mib,
    }
}

fn says(status: &GanetiBackendStatus, facts: &GanetiBackendStatus) -> bool {
    status.cluster_uuid == facts.cluster_uuid
        && status.cluster_name == facts.cluster_name
        && status.software_version == facts.software_version
        && status.hypervisors == facts.hypervisors
        && status.disk_templates == facts.disk_templates
        && status.capacity == facts.capacity
        && status.undeclared == facts.undeclared
}

/// One event for each transition of `Ready`.
fn announce(ctx: &Ctx, seen: &ObservedBackend, were: &[Verdict], are: &[Verdict]) {
    let ready = |verdicts: &[Verdict]| {
        verdicts
            .iter()
            .find(|verdict| verdict.kind == ConditionType::Ready)
            .map(|v| (v.status, v.reason, v.message.clone()))
    };
    let (before, now) = (ready(were), ready(are));
    let Some((status, reason, message)) = now else { return };
    if before.is_some_and(|(was, why, _)| (was, why) == (status, reason)) {
        return;
    }
    ctx.events.tell(Told {
        about: Key::Backend(seen.name.as_ref().into()),
        uid: seen.uid,
        warning: status != Some(true) && !matches!(reason, Reason::Synchronising | Reason::BackendOffline),
        reason: reason.as_str(),
        action: "Observe",
        message: message.to_string(),
    });
}

/// One event each time that there are more orphans than before.
fn announce_orphans(ctx: &Ctx, seen: &ObservedBackend) {
    let before = seen.status.undeclared.as_ref().map_or(0, |undeclared| undeclared.orphans);
    let Some(census) = seen.census.as_ref().filter(|census| census.orphans > before) else { return };
    let more = if census.orphans as usize > census.orphan_names.len() { ", …" } else { "" };
    ctx.events.tell(Told {
        about: Key::Backend(seen.name.as_ref().into()),
        uid: seen.uid,
        warning: true,
        reason: "OrphansFound",
        action: "Observe",
        message: format!(
            "Instances of ours without a VirtualMachine: {} ({}{more}). Nothing is done to them; kubectl cyclades import --backend {} --orphans writes the manifests that are missing.",
            census.orphans,
            census.orphan_names.join(", "),
            seen.name
        ),
    });
}
