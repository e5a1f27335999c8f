//! What a machine has beside its flavor: disks of its own, OS and hypervisor parameters.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::{condition::Reason, virtual_machine::ObservedPower};
use cyclades_e2e::{Machine, SOON, SimCluster, Space, Stage};
use ganeti_sim::{Fault, FaultKind, InstanceView, Matcher, Options};
use serde_json::{Value, json};

/// A cluster of one hypervisor, and the name of a flavor with a disk.
async fn cluster<'a>(space: &Space<'a>, hypervisor: &str, spec: Value) -> Result<(SimCluster<'a>, String)> {
    let stage = space.stage();
    let hypervisors = vec![hypervisor.to_owned()];
    let cluster = stage.undeclared_sim("extras", Options { hypervisors, ..Options::default() })?;
    cluster.declare(spec).await?;
    cluster.backend.ready(SOON).await?;
    let flavor = space.namespace().to_owned();
    let shape = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": flavor},
        "spec": {"vcpus": 1, "memory": "16Mi", "disk": "16Mi", "volumeTypeRef": {"name": "file"}},
    });
    stage.apply(&[shape]).await?;
    Ok((cluster, flavor))
}

async fn instance(cluster: &SimCluster<'_>, machine: &Machine<'_>) -> Result<InstanceView> {
    cluster.sim.instance(&machine.instance().await?).context("an instance")
}

async fn disks(machine: &Machine<'_>, disks: Value) -> Result<()> {
    machine.patch(&json!({"spec": {"disks": disks}})).await
}

/// Made with the machine, plugged in, grown while it runs; never smaller and never away.
pub async fn own_disks_come_and_grow_while_the_guest_runs(stage: &Stage) -> Result<()> {
    let space = stage.space("disks").await?;
    let (cluster, flavor) = cluster(&space, "kvm", json!({})).await?;
    let spec = json!({"flavorRef": {"name": flavor}, "disks": [{"name": "data", "size": "64Mi"}]});
    let machine = space.apply("web", cluster.here(spec)).await?;
    machine.ready_and(ObservedPower::Running, SOON).await?;
    let made = instance(&cluster, &machine).await?;
    ensure!(made.disks_mib == [16, 64] && made.disk_names[1].as_deref() == Some("data"), "{made:?}");
    let first = cluster.sim.last_job();

    let grown = json!([{"name": "data", "size": "100M"}, {"name": "logs", "size": "32Mi"}]);
    disks(&machine, grown.clone()).await?;
    let object = machine.ready_and(ObservedPower::Running, SOON).await?;
    let now = instance(&cluster, &machine).await?;
    ensure!(now.disks_mib == [16, 96, 32], "{now:?}");
    let status = object.status.context("a status")?;
    let told: Vec<_> = status.disks.iter().map(|disk| (disk.name.as_str(), disk.size_mib)).collect();
    ensure!(told == [("data", 96), ("logs", 32)], "{told:?}");
    let jobs: Vec<_> = cluster.sim.jobs_above(first).iter().flat_map(|job| job.opcodes.clone()).collect();
    ensure!(jobs == ["OP_INSTANCE_SET_PARAMS", "OP_INSTANCE_GROW_DISK"], "the guest runs on: {jobs:?}");
    let wide = stage.kubectl(&["get", "vm", "web", "-n", space.namespace(), "-o", "wide"]).await?;
    ensure!(wide.contains("logs"), "{wide}");

    for lost in [
        json!([{"name": "data", "size": "100M"}]),
        json!(null),
        json!([{"name": "data", "size": "64Mi"}, {"name": "logs", "size": "32Mi"}]),
    ] {
        let refused = disks(&machine, lost.clone()).await;
        let error = format!("{:#}", refused.err().with_context(|| format!("{lost} was taken"))?);
        ensure!(error.contains("neither taken away nor made smaller"), "{error}");
    }
    disks(&machine, grown).await?;
    cluster.polls(2).await?;
    ensure!(cluster.sim.jobs_above(first).len() == 2, "{:?}", cluster.sim.jobs_above(first));
    Ok(())
}

/// A hypervisor that plugs nothing in: it waits for a stop, is shown, and is done then.
pub async fn own_disks_wait_where_the_guest_takes_none(stage: &Stage) -> Result<()> {
    let space = stage.space("wait").await?;
    let (cluster, flavor) = cluster(&space, "fake", json!({})).await?;
    let machine = space.apply("web", cluster.here(json!({"flavorRef": {"name": flavor}}))).await?;
    machine.ready_and(ObservedPower::Running, SOON).await?;
    disks(&machine, json!([{"name": "data", "size": "64Mi"}])).await?;
    let message = machine.not_ready(Reason::ResizePending, SOON).await?;
    ensure!(message.contains("disk data of 64 MiB is added"), "{message}");
    cluster.polls(2).await?;
    ensure!(instance(&cluster, &machine).await?.disks_mib == [16], "the running guest is left alone");
    machine.patch(&json!({"spec": {"resizePolicy": "Restart"}})).await?;
    machine.ready_and(ObservedPower::Running, SOON).await?;
    ensure!(instance(&cluster, &machine).await?.disks_mib == [16, 64], "{:?}", cluster.sim.instances());

    let diskless =
        space.apply("diskless", cluster.here(json!({"disks": [{"name": "data", "size": "64Mi"}]}))).await?;
    let message = diskless.stalled(Reason::DisksRefused, SOON).await?;
    ensure!(message.contains("name a flavor with a disk"), "{message}");
    Ok(())
}

/// Ganeti makes the disk and cannot plug it in: told, with the cure, until the guest is another one, whoever starts it.
pub async fn a_disk_that_is_not_plugged_in_is_told_until_the_guest_is_another(stage: &Stage) -> Result<()> {
    let space = stage.space("unplugged").await?;
    let (cluster, flavor) = cluster(&space, "kvm", json!({})).await?;
    let machine = space.apply("web", cluster.here(json!({"flavorRef": {"name": flavor}}))).await?;
    machine.ready_and(ObservedPower::Running, SOON).await?;
    let name = machine.instance().await?;
    let fails = || Fault::once(FaultKind::HotplugFailed, Matcher::opcode("OP_INSTANCE_SET_PARAMS"));
    let told = async || {
        let message = machine.not_ready(Reason::HotplugFailed, SOON).await?;
        ensure!(message.contains("Stop and start it"), "the cure: {message}");
        let status = machine.object().await?.status.context("a status")?;
        ensure!(status.restart_required == Some(true), "{status:?}");
        anyhow::Ok(())
    };
    cluster.sim.add_fault(fails());
    disks(&machine, json!([{"name": "data", "size": "64Mi"}])).await?;
    told().await?;
    cluster.polls(2).await?;
    ensure!(instance(&cluster, &machine).await?.disks_mib == [16, 64], "the disk is there");
    // A soft reboot keeps the guest's devices; who restarts it in Ganeti gives it all.
    machine.patch(&json!({"spec": {"action": {"id": "soft", "type": "RebootSoft"}}})).await?;
    machine.told("Rebooted", SOON).await?;
    told().await?;
    cluster.sim.admin_shutdown(&name)?;
    machine.not_ready(Reason::StoppedOutside, SOON).await?;
    cluster.sim.admin_startup(&name)?;
    let object = machine.ready_and(ObservedPower::Running, SOON).await?;
    ensure!(object.status.context("a status")?.restart_required.is_none(), "it has all disks");

    // Whatever else waits hides it not.
    cluster.sim.add_fault(fails());
    let two = json!([{"name": "data", "size": "64Mi"}, {"name": "logs", "size": "32Mi"}]);
    machine.patch(&json!({"spec": {"disks": two, "imageRef": {"name": "another"}}})).await?;
    told().await?;
    machine.patch(&json!({"spec": {"imageRef": {"name": "noop"}}})).await?;
    told().await?;
    machine.patch(&json!({"spec": {"action": {"id": "hard", "type": "RebootHard"}}})).await?;
    machine.ready_and(ObservedPower::Running, SOON).await.map(drop)
}

/// What is not allowed is named; what is takes effect at a start, and is the cluster's again when it is taken away.
pub async fn hypervisor_parameters_are_those_that_the_backend_allows(stage: &Stage) -> Result<()> {
    let space = stage.space("hv").await?;
    let (cluster, flavor) = cluster(&space, "kvm", json!({})).await?;
    let spec = json!({"flavorRef": {"name": flavor}, "hypervisorParameters": {"acpi": "False"}});
    let machine = space.apply("web", cluster.here(spec)).await?;
    let message = machine.not_ready(Reason::ParameterNotAllowed, SOON).await?;
    ensure!(message.contains("does not allow hypervisor parameter acpi"), "{message}");
    ensure!(cluster.sim.instance_count() == 0, "{:?}", cluster.sim.instances());
    cluster.backend.patch(&json!({"spec": {"allowedHypervisorParameters": ["acpi"]}})).await?;
    machine.ready_and(ObservedPower::Running, SOON).await?;
    let made = instance(&cluster, &machine).await?;
    ensure!(made.hvparams == json!({"acpi": false}), "{made:?}");

    let set =
        async |parameters: Value| machine.patch(&json!({"spec": {"hypervisorParameters": parameters}})).await;
    set(json!({"serial_console": "false"})).await?;
    machine.not_ready(Reason::ParameterNotAllowed, SOON).await?;
    cluster.backend.patch(&json!({"spec": {"allowedHypervisorParameters": ["serial_console"]}})).await?;
    let message = machine.not_ready(Reason::ResizePending, SOON).await?;
    ensure!(message.contains("hypervisor parameter serial_console becomes \"false\""), "{message}");
    cluster.polls(2).await?;
    ensure!(
        instance(&cluster, &machine).await?.serial_no == made.serial_no,
        "the running guest is left alone"
    );
    set(json!({"acpi": null})).await?;
    machine.power("Stopped").await?;
    let object = machine.ready_and(ObservedPower::Stopped, SOON).await?;
    let now = instance(&cluster, &machine).await?;
    ensure!(now.hvparams == json!({"serial_console": false}), "{now:?}");
    let told = object.status.context("a status")?.hypervisor_parameters;
    ensure!(serde_json::to_value(&told)? == json!({"serial_console": "false"}), "{told:?}");

    set(json!({"serial_console": "perhaps"})).await?;
    let message = machine.stalled(Reason::JobRefused, SOON).await?;
    ensure!(message.contains("perhaps"), "Ganeti's words: {message}");
    set(json!({"serial_console": "false"})).await?;
    machine.ready_and(ObservedPower::Stopped, SOON).await.map(drop)
}

/// OS parameters are those that the image allows; they go before the image's own.
pub async fn os_parameters_are_those_that_the_image_allows(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("os").await?, stage.sim("os").await?);
    let source = |allowed: Value| json!({"ganetiOS": {"name": "noop", "parameters": {"ssh_key": "image", "user_data": "image"}, "allowedParameters": allowed}});
    stage.apply(&[space.image("picky", &source(json!([])))]).await?;
    let spec = json!({"imageRef": {"name": "picky"}, "osParameters": {"ssh_key": "machine"}});
    let machine = space.apply("web", cluster.here(spec)).await?;
    let message = machine.not_ready(Reason::ParameterNotAllowed, SOON).await?;
    ensure!(message.contains("does not allow OS parameter ssh_key"), "{message}");
    stage.apply(&[space.image("picky", &source(json!(["ssh_key"])))]).await?;
    machine.ready(SOON).await?;
    let made = instance(&cluster, &machine).await?;
    ensure!(made.osparams == json!({"ssh_key": "machine", "user_data": "image"}), "{made:?}");
    let job = cluster.sim.last_job();
    machine.patch(&json!({"spec": {"osParameters": {"ssh_key": "other"}}})).await?;
    machine.ready(SOON).await?;
    cluster.polls(2).await?;
    ensure!(cluster.sim.last_job() == job, "it is read when the machine is made");
    Ok(())
}

/// The scheduler goes round a backend that does not allow a parameter, and round one that has no room for all disks.
pub async fn the_scheduler_counts_disks_and_asks_for_parameters(stage: &Stage) -> Result<()> {
    let space = stage.space("where").await?;
    let open = json!({"drained": false, "allowedHypervisorParameters": ["acpi"]});
    let options = || Options {
        hypervisors: vec!["kvm".to_owned()],
        disk_templates: vec!["gluster".to_owned()],
        ..Options::default()
    };
    let (open_cluster, shut) =
        (stage.undeclared_sim("open", options())?, stage.undeclared_sim("shut", options())?);
    open_cluster.declare(open).await?;
    shut.declare(json!({"drained": false})).await?;
    for cluster in [&open_cluster, &shut] {
        cluster.backend.ready(SOON).await?;
    }
    let name = space.namespace();
    stage
        .apply(&[
            json!({
                "apiVersion": "cyclades.io/v1alpha1", "kind": "VolumeType", "metadata": {"name": name},
                "spec": {"diskTemplate": "Gluster"},
            }),
            json!({
                "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": name},
                "spec": {"vcpus": 1, "memory": "16Mi", "disk": "16Mi", "volumeTypeRef": {"name": name}},
            }),
        ])
        .await?;
    for number in 0..4 {
        let spec = json!({"flavorRef": {"name": name}, "hypervisorParameters": {"acpi": "true"}});
        let object = space.apply(&format!("vm-{number}"), spec).await?.ready(SOON).await?;
        ensure!(
            object.spec.backend_name.as_deref() == Some(open_cluster.backend.name()),
            "{:?}",
            object.spec
        );
    }
    let spec = json!({"flavorRef": {"name": name}, "disks": [{"name": "data", "size": "900Ti"}]});
    let message = space.apply("large", spec).await?.not_ready(Reason::NoBackendFits, SOON).await?;
    ensure!(message.contains("MiB of disk"), "{message}");
    let spec = json!({"flavorRef": {"name": name}, "hypervisorParameters": {"kvm_extra": "-x"}});
    let message = space.apply("odd", spec).await?.not_ready(Reason::NoBackendFits, SOON).await?;
    ensure!(message.contains("does not allow hypervisor parameter kvm_extra"), "{message}");
    Ok(())
}
