//! `kubectl cyclades plan`.

use anyhow::{Result, ensure};
use cyclades_crds::condition::Reason;
use cyclades_e2e::{SOON, Stage};
use ganeti_sim::InstanceSpec;
use serde_json::json;

use cyclades_e2e::plugin::{cyclades, cyclades_as, cyclades_with, tenant};

pub async fn a_stop_is_planned_and_not_done(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("stop").await?, stage.sim("stop").await?);
    let machine = cluster.running(&space, "web").await?;
    let instance = machine.instance().await?;
    let before = (machine.object().await?.metadata.resource_version, cluster.sim.last_job());
    let file =
        space.manifest("web", cluster.here(json!({"powerState": "Stopped", "shutdownTimeoutSeconds": 5})));
    let told = cyclades_with(stage, &["plan", "-f", "-"], &file.to_string()).await?;
    told.is(
        0,
        &[
            &format!("now        instance {instance}, running on node "),
            "change     spec.powerState: Running → Stopped\n",
            "spec.shutdownTimeoutSeconds: 120 → 5\n",
            &format!("next       1. submit a job: stop instance {instance}; its guest has 5 s to shut down"),
            "since spec.powerState is Stopped, and Running is what was brought about last\n",
            "in the end Ready: The machine is stopped as declared.\n",
            "read over RAPI just now",
        ],
    )?;
    let after = (machine.object().await?.metadata.resource_version, cluster.sim.last_job());
    ensure!(after == before, "a plan changes nothing");
    // What is planned is what happens.
    stage.apply(&[file]).await?;
    machine.ready(SOON).await?;
    ensure!(cluster.jobs_on(&instance, "OP_INSTANCE_SHUTDOWN").len() == 1, "{:?}", cluster.sim.jobs());
    let told = cyclades(stage, &["plan", "web", "-n", space.namespace()]).await?;
    told.is(0, &["stopped on node ", "next       nothing\n"])
}

pub async fn a_file_that_changes_nothing_leads_to_nothing(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("same").await?, stage.sim("same").await?);
    cluster.running(&space, "web").await?;
    // As `kubectl get -o yaml` prints it, with all that only the API server writes.
    let file = stage.kubectl(&["get", "vm", "web", "-n", space.namespace(), "-o", "yaml"]).await?;
    let told = cyclades_with(stage, &["plan", "-f", "-"], &file).await?;
    told.is(0, &["change     none: the object is as the file says\n", "next       nothing\n"])
}

pub async fn a_file_that_the_api_server_refuses_is_told(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("refused").await?, stage.sim("refused").await?);
    cluster.running(&space, "web").await?;
    let file = space.manifest("web", json!({"backendName": "elsewhere"}));
    let told = cyclades_with(stage, &["plan", "-f", "-"], &file.to_string()).await?;
    told.is(1, &["refused    by the API server: ", "spec.backendName is set once"])
}

pub async fn a_new_machine_is_planned_from_placement_to_ready(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("new").await?, stage.sim("new").await?);
    let drained = space.manifest("web", json!({}));
    let told = cyclades_with(stage, &["plan", "-f", "-"], &drained.to_string()).await?;
    let why = format!("{}: is drained", cluster.backend.name());
    told.is(1, &["no object and no instance", "stays at   NoBackendFits: No backend fits: ", &why])?;
    let pinned = space.manifest("web", cluster.here(json!({})));
    let told = cyclades_with(stage, &["plan", "-f", "-"], &pinned.to_string()).await?;
    told.is(0, &[
        "next       1. put the finalizer cyclades.io/instance on the object\n",
        "then       2. submit a job: create the instance with 1 vcpus, 16 MiB of memory, 0 MiB of disk (diskless)\n",
        "since the machine has no instance yet\n",
        "in the end Ready: The machine runs as declared.\n",
    ])?;
    ensure!(space.machine("web").find().await?.is_none(), "nothing is stored");
    // A flavor that is in the same file counts as applied; one that is nowhere does not.
    let flavor = format!("late-{}", space.namespace());
    let machine = space.manifest("web", cluster.here(json!({"flavorRef": {"name": flavor}})));
    let told = cyclades_with(stage, &["plan", "-f", "-"], &machine.to_string()).await?;
    told.is(1, &[&format!("{}: Flavor {flavor} does not exist", Reason::FlavorNotFound.as_str())])?;
    let shape = json!({"vcpus": 1, "memory": "32Mi", "volumeTypeRef": {"name": "diskless"}});
    let flavor = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": flavor}, "spec": shape,
    });
    let both = json!({"apiVersion": "v1", "kind": "List", "items": [flavor, machine]});
    let told = cyclades_with(stage, &["plan", "-f", "-"], &both.to_string()).await?;
    told.is(0, &["32 MiB of memory"])
}

/// The operator would refuse it, so the plan does.
pub async fn a_copy_with_the_same_id_is_told(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("copy").await?, stage.sim("copy").await?);
    let id = uuid::Uuid::new_v4().to_string();
    let original = space.apply("web", cluster.here(json!({"id": id}))).await?;
    original.ready(SOON).await?;
    let copy = space.manifest("copy", cluster.here(json!({"id": id})));
    let told = cyclades_with(stage, &["plan", "-f", "-"], &copy.to_string()).await?;
    told.is(1, &["next       nothing\n", "InvalidSpec: VirtualMachine web has the same spec.id"])?;
    cyclades(stage, &["plan", "web", "-n", space.namespace()]).await?.is(0, &["in the end Ready: "])
}

/// The difference is shown before anything is put on the instance.
pub async fn what_is_taken_over_is_shown_with_its_difference_first(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("adopt").await?, stage.sim("adopt").await?);
    let larger = InstanceSpec { memory_mib: 64, ..InstanceSpec::small("old.example.com") };
    cluster.sim.add_foreign_instance(larger);
    let before = cluster.sim.instances();
    let file = space.manifest("web", cluster.here(json!({"adopt": "old.example.com"})));
    let told = cyclades_with(stage, &["plan", "-f", "-"], &file.to_string()).await?;
    told.is(1, &[
        "now        instance old.example.com of nobody, running on node ",
        "then       2. submit a job: adopt instance old.example.com: our tags are put on it, its guest goes on\n",
        "stays at   Drifted: Ganeti differs: memory: declared 16 MiB, Ganeti has 64 MiB.",
    ])?;
    ensure!(cluster.sim.instances() == before, "a plan changes nothing");
    let observe = json!({"adopt": "old.example.com", "managementPolicy": "Observe"});
    let file = space.manifest("web", cluster.here(observe));
    let told = cyclades_with(stage, &["plan", "-f", "-"], &file.to_string()).await?;
    told.is(1, &["next       nothing\n", "stays at   Observed: "])
}

/// A tenant may read neither the backend nor its Secret: the status has to do, and the plan says so.
pub async fn without_the_secret_the_status_has_to_do(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("blind").await?, stage.sim("blind").await?);
    let namespace = space.namespace();
    let machine = cluster.running(&space, "web").await?;
    let kubeconfig = tenant(stage, namespace).await?;
    // Nobody looks at the machine while it is paused, so its status stays as it is.
    let paused = json!({"metadata": {"annotations": {"cyclades.io/paused": "true"}}});
    machine.patch(&paused).await?;
    machine.not_ready(Reason::Paused, SOON).await?;
    let told = cyclades_as(stage, &kubeconfig, &["plan", "web"]).await?;
    told.is(
        1,
        &[
            "running on node ",
            "stays at   Paused: ",
            "and what the status says\n",
            &format!(
                "GanetiBackend {}: what is said in Kubernetes alone, since you may not read",
                cluster.backend.name()
            ),
        ],
    )
}
