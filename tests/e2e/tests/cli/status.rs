//! `kubectl cyclades status`.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::condition::Reason;
use cyclades_e2e::{SOON, Stage};
use ganeti_sim::{Fault, FaultKind, Options};
use serde_json::json;

use cyclades_e2e::plugin::{cyclades, cyclades_as, tenant};

pub async fn what_a_machine_waits_for_is_named_and_who_can_help(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("flavor").await?, stage.sim("flavor").await?);
    let flavor = format!("late-{}", space.namespace());
    let machine = space.apply("web", cluster.here(json!({"flavorRef": {"name": flavor}}))).await?;
    machine.not_ready(Reason::FlavorNotFound, SOON).await?;
    let told = cyclades(stage, &["status", "web", "-n", space.namespace()]).await?;
    let (way, cure) = (
        format!("where  VirtualMachine web → Flavor {flavor}\n"),
        format!("do     have Flavor {flavor} created; or name one that exists"),
    );
    told.is(
        1,
        &[
            &format!(
                "VirtualMachine web in namespace {} is not Ready: FlavorNotFound, for ",
                space.namespace()
            ),
            &format!("what   Flavor {flavor} does not exist: create it, and the machine goes on.\n"),
            &way,
            &cure,
            "who    an administrator of Cyclades; you may\n",
        ],
    )?;
    let told = cyclades(stage, &["status", "vm/web", "-n", space.namespace(), "-o", "json"]).await?.json()?;
    ensure!(told["ready"] == false && told["blocker"]["reason"] == "FlavorNotFound", "{told}");
    ensure!(told["blocker"]["on"] == json!({"kind": "Flavor", "name": flavor}), "{told}");
    ensure!(told["blocker"]["youMay"] == true, "{told}");

    let shape = json!({"vcpus": 1, "memory": "16Mi", "volumeTypeRef": {"name": "diskless"}});
    let flavor = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": flavor}, "spec": shape,
    });
    stage.apply(&[flavor]).await?;
    machine.ready(SOON).await?;
    cyclades(stage, &["status", "web", "-n", space.namespace()]).await?.is(0, &["is Ready: "])
}

pub async fn a_healthy_machine_is_well(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("healthy").await?, stage.sim("healthy").await?);
    let machine = cluster.running(&space, "web").await?;
    let place = format!("instance {} on node ", machine.instance().await?);
    let told = cyclades(stage, &["status", "web", "-n", space.namespace()]).await?;
    told.is(0, &["is Ready: The machine runs as declared.\n", &place, cluster.backend.name()])?;
    let told = cyclades(stage, &["status", "web", "-n", space.namespace(), "-o", "json"]).await?.json()?;
    ensure!(told["ready"] == true && told["blocker"].is_null(), "{told}");
    let all = format!("The one machine in namespace {} is Ready.\n", space.namespace());
    cyclades(stage, &["status", "-n", space.namespace()]).await?.is(0, &[&all])
}

pub async fn a_backend_that_is_down_is_one_line_for_three_machines(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("outage").await?, stage.sim("outage").await?);
    for name in ["c", "a"] {
        cluster.running(&space, name).await?;
    }
    cluster.sim.add_fault(Fault::always(FaultKind::Refuse));
    cluster.backend.not_ready(Reason::Unreachable, SOON).await?;
    // Two that were well and cannot be seen any more, and one that waits.
    let new = space.apply("b", cluster.here(json!({}))).await?;
    new.not_ready(Reason::BackendNotReady, SOON).await?;
    let told = cyclades(stage, &["status", "-n", space.namespace()]).await?;
    let cause = format!("GanetiBackend {}", cluster.backend.name());
    told.is(1, &[&format!("\n{cause}: Unreachable\n  what   No endpoint answers: "), "a, b, c\n"])?;
    let lines: Vec<&str> = told.text.lines().filter(|line| line.starts_with("3  ")).collect();
    ensure!(
        lines.len() == 1 && lines[0].contains(&cause) && lines[0].contains("Unreachable"),
        "{}",
        told.text
    );
    ensure!(told.text.contains("\n3 of 3 machines in namespace "), "{}", told.text);

    let told = cyclades(stage, &["status", "-n", space.namespace(), "-o", "json"]).await?;
    ensure!(told.status == 1, "{told:?}");
    let causes = told.json()?["causes"].clone();
    ensure!(causes.as_array().is_some_and(|all| all.len() == 1), "{causes}");
    ensure!(causes[0]["count"] == 3 && causes[0]["blocker"]["who"] == "ganetiAdministrator", "{causes}");

    let told = cyclades(stage, &["status", "a", "-n", space.namespace()]).await?;
    told.is(
        1,
        &["was Ready when it was last seen: Unreachable, for ", &format!("VirtualMachine a → {cause}\n")],
    )
}

pub async fn a_secret_that_is_missing_is_at_the_end_of_the_chain(stage: &Stage) -> Result<()> {
    let space = stage.space("chain").await?;
    let cluster = stage.undeclared_sim("chain", Options::default())?;
    stage.apply(&[cluster.manifest(json!({}))]).await?;
    cluster.backend.not_ready(Reason::CredentialsMissing, SOON).await?;
    space.apply("web", cluster.here(json!({}))).await?;
    let name = cluster.backend.name();
    let told = cyclades(stage, &["status", "web", "-n", space.namespace()]).await?;
    let way = format!(
        "VirtualMachine web → GanetiBackend {name} → Secret {name} in namespace {}\n",
        cyclades_bed::NAMESPACE
    );
    told.is(1, &["CredentialsMissing", &way, "kubernetes.io/basic-auth"])
}

/// Somebody who may edit machines of one namespace and see no backend.
pub async fn a_tenant_reads_what_the_machine_passes_on(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("tenant").await?, stage.sim("tenant").await?);
    let namespace = space.namespace();
    cluster.running(&space, "old").await?;
    cluster.sim.add_fault(Fault::always(FaultKind::Refuse));
    cluster.backend.not_ready(Reason::Unreachable, SOON).await?;
    space.apply("web", cluster.here(json!({}))).await?.not_ready(Reason::BackendNotReady, SOON).await?;
    let kubeconfig = tenant(stage, namespace).await?;
    // Its kubeconfig names the namespace.
    let told = cyclades_as(stage, &kubeconfig, &["status", "web"]).await.context("as tenant")?;
    let way = format!("VirtualMachine web → GanetiBackend {}\n", cluster.backend.name());
    told.is(
        1,
        &["BackendNotReady", "No endpoint answers", &way, "an administrator of Cyclades; you may not\n"],
    )?;
    let told = cyclades_as(stage, &kubeconfig, &["status", "-A"]).await?;
    ensure!(told.status == 3 && told.words.contains("forbidden"), "{told:?}");
    Ok(())
}

pub async fn what_cannot_be_found_out_is_no_verdict(stage: &Stage) -> Result<()> {
    let space = stage.space("unknown").await?;
    let told = cyclades(stage, &["status", "nobody", "-n", space.namespace()]).await?;
    ensure!(told.status == 3 && told.words.contains("there is no VirtualMachine nobody"), "{told:?}");
    let told = cyclades(stage, &["status", "--output", "xml"]).await?;
    ensure!(told.status == 2 && told.words.contains("--output"), "{told:?}");
    let none = format!("There is no VirtualMachine in namespace {}.\n", space.namespace());
    cyclades(stage, &["status", "-n", space.namespace()]).await?.is(0, &[&none])?;
    let told = cyclades(stage, &["status", "--kubeconfig", "/nowhere"]).await?;
    ensure!(told.status == 3 && told.words.contains("/nowhere"), "{told:?}");
    Ok(())
}
