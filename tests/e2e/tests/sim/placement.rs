//! Which backend a machine goes to.
//!
//! Cases run side by side, so these use a disk template that only their own clusters have.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::{condition::Reason, virtual_machine::ObservedPower};
use cyclades_e2e::{LONG, Look, Machine, SOON, SimCluster, Space, Stage, eventually};
use ganeti_sim::{NodeSpec, Options};
use serde_json::{Value, json};

/// Two clusters that enable one template, the second with twice the memory, and a flavor of it.
struct Two<'a> {
    space: Space<'a>,
    small: SimCluster<'a>,
    large: SimCluster<'a>,
}

impl<'a> Two<'a> {
    async fn start(stage: &'a Stage, name: &str, template: &str, ganetis: &str) -> Result<Self> {
        let space = stage.space(name).await?;
        let cluster = |which: &str, memory_mib: u64| {
            let node = NodeSpec { memory_mib, ..NodeSpec::large(format!("node1.{which}.{name}.test")) };
            let disk_templates = vec![ganetis.to_owned()];
            let options = Options { nodes: vec![node], disk_templates, ..Options::default() };
            stage.undeclared_sim(&format!("{name}-{which}"), options)
        };
        let (small, large) = (cluster("small", 4096)?, cluster("large", 8192)?);
        for cluster in [&small, &large] {
            cluster.declare(json!({"drained": false})).await?;
            cluster.backend.ready(SOON).await?;
        }
        let volume_type = json!({
            "apiVersion": "cyclades.io/v1alpha1", "kind": "VolumeType", "metadata": {"name": space.namespace()},
            "spec": {"diskTemplate": template},
        });
        stage.apply(&[volume_type, flavor(space.namespace(), space.namespace(), "1Gi")]).await?;
        Ok(Self { space, small, large })
    }

    fn spec(&self) -> Value {
        json!({"flavorRef": {"name": self.space.namespace()}})
    }
}

fn flavor(name: &str, volume_type: &str, memory: &str) -> Value {
    json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": name},
        "spec": {"vcpus": 1, "memory": memory, "disk": "16Mi", "volumeTypeRef": {"name": volume_type}},
    })
}

/// Machines go where more is free, and what nobody declared counts as used.
pub async fn machines_spread_by_free_memory(stage: &Stage) -> Result<()> {
    let two = Two::start(stage, "spread", "Rbd", "rbd").await?;
    let mut on_small = 0;
    for number in 0..6 {
        let machine = two.space.apply(&format!("vm-{number}"), two.spec()).await?;
        let object = machine.ready(SOON).await?;
        let backend = object.spec.backend_name.context("it is placed")?;
        on_small += usize::from(backend == two.small.backend.name());
        // Events are paced, and all cases share the pace.
        let placed = machine.told("Scheduled", LONG).await?;
        ensure!(placed.iter().any(|event| event.message.contains(&backend)), "{placed:?}");
    }
    ensure!(on_small == 2, "{on_small} of 6 on the one with a third of the memory");
    ensure!(two.small.sim.instance_count() == 2 && two.large.sim.instance_count() == 4, "Ganeti agrees");
    Ok(())
}

/// Nothing fits: the machine says why for each backend, and goes on when one of them changes.
pub async fn what_fits_nowhere_says_why_and_is_woken(stage: &Stage) -> Result<()> {
    let two = Two::start(stage, "full", "Gluster", "gluster").await?;
    let huge = format!("{}-huge", two.space.namespace());
    stage.apply(&[flavor(&huge, two.space.namespace(), "6Gi")]).await?;
    two.large.backend.patch(&json!({"spec": {"drained": true}})).await?;
    let machine = two.space.apply("huge", json!({"flavorRef": {"name": huge}})).await?;
    let message = machine.not_ready(Reason::NoBackendFits, SOON).await?;
    let (small, large) = (two.small.backend.name(), two.large.backend.name());
    ensure!(message.contains(&format!("{large}: is drained")), "{message}");
    ensure!(message.contains(&format!("{small}: needs 6144 MiB of memory")), "{message}");
    let status = machine.object().await?.status.context("a status")?;
    let placed = cyclades_e2e::condition(&status.conditions, cyclades_crds::condition::ConditionType::Placed);
    ensure!(placed.starts_with("False NoBackendFits"), "{placed}");

    // Those that fit are not held up.
    let other = two.space.apply("other", two.spec()).await?;
    other.ready(SOON).await?;
    two.large.backend.patch(&json!({"spec": {"drained": false}})).await?;
    let object = machine.ready(Duration::from_secs(15)).await?;
    ensure!(object.spec.backend_name.as_deref() == Some(large), "{:?}", object.spec.backend_name);
    Ok(())
}

/// How many of five machines that are applied at once are Ready, and who is told that there is no room.
async fn five_at_once<'a>(two: &Two<'a>, spec: &Value) -> Result<(Vec<Machine<'a>>, Vec<Machine<'a>>)> {
    two.large.backend.patch(&json!({"spec": {"drained": true}})).await?;
    let manifests: Vec<_> = (0..5).map(|n| two.space.manifest(&format!("vm-{n}"), spec.clone())).collect();
    two.space.stage().apply(&manifests).await?;
    let (mut running, mut waiting) = (Vec::new(), Vec::new());
    for number in 0..5 {
        let machine = two.space.machine(&format!("vm-{number}"));
        let says = |object: &cyclades_crds::VirtualMachine, reason: &str| {
            let conditions = object.status.as_ref().map(|status| &status.conditions[..]).unwrap_or_default();
            conditions.iter().any(|it| it.type_ == "Ready" && it.reason == reason)
        };
        let no_room = |object: &_| says(object, "NoBackendFits") || says(object, "InsufficientCapacity");
        let told = |object: &_| says(object, "Ready") || no_room(object);
        let object = machine.until("Ready or told why not", SOON, told).await?;
        if says(&object, "Ready") { running.push(machine) } else { waiting.push(machine) }
    }
    Ok((running, waiting))
}

/// Room that becomes free wakes who waits for it; room in use, also by creates in flight, is counted.
pub async fn room_that_becomes_free_wakes_who_waits(stage: &Stage) -> Result<()> {
    let two = Two::start(stage, "room", "Plain", "plain").await?;
    // Two fit into 4 GiB, with as much left as the node itself may need.
    let large = format!("{}-large", two.space.namespace());
    stage.apply(&[flavor(&large, two.space.namespace(), "1400Mi")]).await?;
    let (running, waiting) = five_at_once(&two, &json!({"flavorRef": {"name": large}})).await?;
    ensure!(running.len() == 2 && waiting.len() == 3, "{} run, {} wait", running.len(), waiting.len());
    ensure!(two.small.sim.jobs().iter().all(|job| job.status != "error"), "Ganeti was not asked in vain");
    running[0].delete().await?;
    one_of_them_runs(&waiting).await
}

/// Ganeti counts what its node needs for itself, which nobody else knows: its refusal stops nobody for longer than there
/// is no room.
pub async fn where_ganeti_has_no_room_the_next_to_leave_makes_it(stage: &Stage) -> Result<()> {
    let two = Two::start(stage, "tight", "SharedFile", "sharedfile").await?;
    let (running, waiting) = five_at_once(&two, &two.spec()).await?;
    ensure!(running.len() == 3 && waiting.len() == 2, "{} run, {} wait", running.len(), waiting.len());
    let refused = two.small.sim.jobs().iter().filter(|job| job.status == "error").count();
    ensure!(refused == 1, "Ganeti refused {refused}");
    running[0].delete().await?;
    one_of_them_runs(&waiting).await
}

/// Well before the backoff of any of them has ended.
async fn one_of_them_runs(waiting: &[Machine<'_>]) -> Result<()> {
    eventually("one of those that wait runs", Duration::from_secs(10), async || {
        for machine in waiting {
            let status = machine.object().await?.status.unwrap_or_default();
            if status.power_state == Some(ObservedPower::Running) {
                return Ok(Look::Is(()));
            }
        }
        Ok(Look::NotYet("none does".to_owned()))
    })
    .await
}

/// An administrator's pin works on a drained backend too.
pub async fn a_pin_goes_to_a_drained_backend(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("pin").await?, stage.sim("pin").await?);
    let object = cluster.backend.object().await?;
    ensure!(object.spec.drained, "it is drained");
    cluster.running(&space, "web").await?;
    ensure!(cluster.instances_of(&space, "web").len() == 1, "it is there");
    Ok(())
}

/// An instance that carries the machine's id is followed to where it is, whatever the scheduler would choose.
pub async fn an_orphan_with_the_machines_id_is_followed(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("orphan").await?, stage.sim("orphan").await?);
    let id = uuid::Uuid::new_v4().to_string();
    let tags = vec![format!("cyclades:id:{id}"), "cyclades:cluster:bed".to_owned()];
    let name = format!("cyclades-{id}");
    let orphan = ganeti_sim::InstanceSpec { tags, ..ganeti_sim::InstanceSpec::small(&name) };
    cluster.sim.add_foreign_instance(orphan);
    cluster.polls(2).await?;
    let before = cluster.sim.instance(&name).context("the orphan")?;
    let jobs = cluster.sim.last_job();
    let machine = space.apply("web", json!({"id": id})).await?;
    let object = machine.ready(LONG).await?;
    ensure!(
        object.spec.backend_name.as_deref() == Some(cluster.backend.name()),
        "{:?}",
        object.spec.backend_name
    );
    ensure!(cluster.sim.last_job() == jobs, "no job: {:?}", cluster.sim.jobs_above(jobs));
    let after = cluster.sim.instance(&name).context("the orphan")?;
    ensure!((after.uuid, after.serial_no) == (before.uuid, before.serial_no), "untouched");
    Ok(())
}
