//! Every field of every kind, changed and changed back: what Ganeti has in the end equals a fresh apply.

use anyhow::{Context as _, Result};
use cyclades_bed::NAMESPACE;
use cyclades_e2e::fields::{Ganeti, Ground, Play, Subject, backend, catalog, machine, networks};
use cyclades_e2e::{SOON, SimCluster, Stage};
use ganeti_sim::{Options, OsSpec};
use secrecy::ExposeSecret as _;
use serde_json::json;

/// Backends whose fields are changed at a time.
const LANES: usize = 6;

/// A cluster of kvm guests, of the OS definitions that a real one of the bed has.
fn cluster<'a>(stage: &'a Stage, name: &str) -> Result<SimCluster<'a>> {
    let guest = OsSpec::new("guest", &["user_data", "hostname", "greeting"]);
    let os = vec![guest, OsSpec::new("noop", &[])];
    stage.undeclared_sim(name, Options { hypervisors: vec!["kvm".to_owned()], os, ..Options::default() })
}

fn ganeti(cluster: &SimCluster<'_>) -> Result<Ganeti> {
    let user = cluster.sim.write_credentials();
    Ganeti::at(&cluster.sim.url(), &user.username, &user.password)
}

/// A ground on a cluster of its own, and what the cluster is like before any machine.
async fn ground<'a>(
    stage: &'a Stage,
    name: &str,
    cluster: &SimCluster<'a>,
) -> Result<(Ground<'a>, serde_json::Value)> {
    let spec = json!({
        "allowedHypervisorParameters": ["acpi", "kernel_path"], "rescueMedia": [Ground::media(stage)],
        "macFilteredBridge": "br0",
    });
    cluster.declare(spec).await?;
    cluster.backend.ready(SOON).await?;
    let ground = Ground::new(stage, name, cluster.backend.name(), ganeti(cluster)?).await?;
    let before = ground.cluster().await?;
    Ok((ground, before))
}

/// Those of a VirtualMachine.
pub async fn of_machines(stage: &Stage) -> Result<()> {
    let cluster = cluster(stage, "fields-vm")?;
    let (ground, before) = ground(stage, "fields-vm", &cluster).await?;
    Play::new(&ground, machine(ground.namespace(), ground.backend()))?.machines().await?;
    ground.clear(&before).await
}

/// Those of a Flavor, an Image and a VolumeType: machines that are made of them are left alone. And of what connects machines.
pub async fn of_what_machines_are_made_of(stage: &Stage) -> Result<()> {
    let cluster = cluster(stage, "fields-made-of")?;
    let (ground, before) = ground(stage, "fields-made-of", &cluster).await?;
    for subject in catalog().into_iter().chain(networks()) {
        Play::new(&ground, subject)?.catalog().await?;
    }
    ground.clear(&before).await
}

/// Those of a GanetiBackend, on several backends at a time.
pub async fn of_backends(stage: &Stage) -> Result<()> {
    futures::future::try_join_all((0..LANES).map(async |lane| {
        let cluster = cluster(stage, "fields-gbe")?;
        let (sim, name) = (&cluster.sim, cluster.backend.name().to_owned());
        let subject = backend(&sim.url(), &sim.certificate_sha256(), &sim.certificate_pem(), &name);
        let user = sim.write_credentials();
        let other = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": format!("{name}-other"), "namespace": NAMESPACE},
            "type": "kubernetes.io/basic-auth",
            "stringData": {"username": user.username, "password": user.password.expose_secret()},
        });
        stage.apply(&[cluster.secret(), other, declared(&name, &subject)]).await?;
        cluster.backend.ready(SOON).await?;
        let ground = Ground::new(stage, "fields-gbe", &name, ganeti(&cluster)?).await?;
        let before = ground.cluster().await?;
        Play::new(&ground, subject)?.part(lane, LANES).on_backend().await?;
        ground.clear(&before).await.with_context(|| name)
    }))
    .await
    .map(drop)
}

fn declared(name: &str, subject: &Subject) -> serde_json::Value {
    json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": subject.kind, "metadata": {"name": name}, "spec": subject.base,
    })
}
