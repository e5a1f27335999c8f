//! Networks: who gets which address, what a cluster has of them, and in which order it all goes.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::{
    VirtualMachine, condition::Reason, names::VM_FINALIZER, nic::NicStatus, virtual_machine::ObservedPower,
};
use cyclades_e2e::{LINK_POOL, LONG, Look, Machine, SOON, SimCluster, Space, Stage, eventually, network};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde_json::{Value, json};

/// A cluster that has a bridge for networks of type MACFiltered.
async fn cluster<'a>(stage: &'a Stage) -> Result<SimCluster<'a>> {
    let cluster = stage.undeclared_sim("networks", ganeti_sim::Options::default())?;
    cluster.declare(json!({"macFilteredBridge": "br0"})).await?;
    cluster.backend.ready(SOON).await?;
    Ok(cluster)
}

fn with_nic(network: &str) -> Value {
    json!({"nics": [{"name": "eth0", "networkRef": {"name": network}}]})
}

async fn nics(machine: &Machine<'_>) -> Result<Vec<NicStatus>> {
    Ok(machine.object().await?.status.context("a status")?.nics)
}

async fn address(machine: &Machine<'_>) -> Result<String> {
    let nics = nics(machine).await?;
    nics.first().and_then(|nic| nic.address.clone()).with_context(|| format!("no address: {nics:?}"))
}

async fn jsonpath(stage: &Stage, what: &[&str], path: &str) -> Result<String> {
    let output = format!("jsonpath={path}");
    stage.kubectl(&[&["get"], what, &["-o", &output]].concat()).await
}

async fn no_network(cluster: &SimCluster<'_>) -> Result<()> {
    eventually("no network on the cluster", LONG, async || {
        let left = cluster.sim.networks();
        Ok(if left.is_empty() { Look::Is(()) } else { Look::NotYet(format!("{left:?}")) })
    })
    .await
}

/// Applied in the worst order; addresses are the lowest, known to Ganeti, free again when their machine is gone; the network
/// is on the cluster while a machine there needs it, and gives all back in the end.
pub async fn machines_have_addresses_while_they_live(stage: &Stage) -> Result<()> {
    let space = stage.space("lan").await?;
    let cluster = cluster(stage).await?;
    let first = space.apply("first", cluster.here(with_nic("lan"))).await?;
    let message = first.not_ready(Reason::NetworkNotFound, SOON).await?;
    ensure!(message.contains("Network lan of NIC eth0 does not exist"), "{message}");
    let [lan, subnet] = network(space.namespace(), "lan", "10.0.0.0/29", "10.0.0.1");
    stage.apply(&[lan]).await?;
    let has_none = |condition: &Condition| condition.message.contains("has no Subnet");
    first
        .until("it waits for a Subnet", SOON, |object| {
            object.status.as_ref().is_some_and(|status| status.conditions.iter().any(has_none))
        })
        .await?;
    ensure!(cluster.sim.networks().is_empty(), "nothing is made before it is needed");
    stage.apply(&[subnet]).await?;

    first.ready_and(ObservedPower::Running, SOON).await?;
    let second = space.apply("second", cluster.here(with_nic("lan"))).await?;
    second.ready_and(ObservedPower::Running, SOON).await?;
    let had = [address(&first).await?, address(&second).await?];
    ensure!(had == ["10.0.0.2", "10.0.0.3"], "the gateway's and the network's own are nobody's: {had:?}");
    for machine in [&first, &second] {
        let instance = cluster.sim.instance(&machine.instance().await?).context("an instance")?;
        let told = nics(machine).await?;
        ensure!(instance.ips == [told[0].address.clone()], "{instance:?}");
        ensure!(instance.macs == [told[0].mac_address.clone()], "{instance:?}");
    }
    let shown = stage.kubectl(&["get", "vm", "-n", space.namespace()]).await?;
    ensure!(shown.contains("10.0.0.2") && shown.contains("10.0.0.3"), "{shown}");
    let made = cluster.sim.networks();
    ensure!(made.len() == 1 && made[0].range == "10.0.0.0/29", "{made:?}");
    ensure!(made[0].tags.iter().any(|tag| tag == "private-filtered"), "{made:?}");

    applied_again_it_keeps(&first, &had[0], &space, &cluster).await?;

    first.delete().await?;
    first.gone(LONG).await?;
    let third = space.apply("third", cluster.here(with_nic("lan"))).await?;
    third.ready_and(ObservedPower::Running, SOON).await?;
    ensure!(address(&third).await? == had[0], "it is free again");

    the_network_goes_after_its_machines(&space, &cluster, "second, third").await
}

/// What is applied again, in whatever way, moves no address.
async fn applied_again_it_keeps(
    machine: &Machine<'_>,
    had: &str,
    space: &Space<'_>,
    cluster: &SimCluster<'_>,
) -> Result<()> {
    let stage = space.stage();
    for arguments in [&["apply"][..], &["apply", "--server-side", "--force-conflicts"], &["replace"]] {
        let manifest = space.manifest(machine.name(), cluster.here(with_nic("lan")));
        stage.kubectl_with(&[arguments, &["-f", "-"]].concat(), &manifest.to_string()).await?;
        // Whoever replaces an object takes all finalizers off that his manifest does not name.
        let is_guarded = |object: &VirtualMachine| {
            object.metadata.finalizers.iter().flatten().any(|finalizer| finalizer == VM_FINALIZER)
        };
        machine.until("the operator looks after it", SOON, is_guarded).await?;
        machine.ready_and(ObservedPower::Running, SOON).await?;
        ensure!(address(machine).await? == had, "{arguments:?}");
    }
    Ok(())
}

/// A network that is deleted names those it waits for, and gives back all that it had when they are gone.
async fn the_network_goes_after_its_machines(
    space: &Space<'_>,
    cluster: &SimCluster<'_>,
    machines: &str,
) -> Result<()> {
    let stage = space.stage();
    stage.kubectl(&["delete", "network", "lan", "-n", space.namespace(), "--wait=false"]).await?;
    let at = ["network", "lan", "-n", space.namespace()];
    eventually("it says for whom it waits", SOON, async || {
        let said = jsonpath(stage, &at, "{.status.conditions[?(@.type==\"Reconciling\")].message}").await?;
        let is = said.contains(machines);
        Ok(if is { Look::Is(()) } else { Look::NotYet(said) })
    })
    .await?;
    let id = jsonpath(stage, &at, "{.status.id}").await?;
    stage.kubectl(&["delete", "vm", "--all", "--wait=false", "-n", space.namespace()]).await?;
    no_network(cluster).await?;
    eventually("the network is gone with all that it had", LONG, async || {
        let left = stage.kubectl(&["get", "network", "-n", space.namespace(), "-o", "name"]).await?;
        let blocks = stage.kubectl(&["get", "ipblock", "-o", "name"]).await?;
        let taken = jsonpath(stage, &["linkpool", LINK_POOL], "{.status.taken[*].network}").await?;
        let left = [left.as_str(), &blocks, &taken].join(" ");
        let is = !left.contains(&id) && !left.contains("/lan");
        Ok(if is { Look::Is(()) } else { Look::NotYet(left) })
    })
    .await
}

/// More machines than addresses: who has none waits and says so, and goes on when one is free.
pub async fn who_gets_no_address_waits_for_one(stage: &Stage) -> Result<()> {
    let space = stage.space("full").await?;
    let cluster = cluster(stage).await?;
    stage.apply(&network(space.namespace(), "lan", "10.0.0.0/30", "10.0.0.1")).await?;
    let first = space.apply("first", cluster.here(with_nic("lan"))).await?;
    first.ready_and(ObservedPower::Running, SOON).await?;
    let second = space.apply("second", cluster.here(with_nic("lan"))).await?;
    let message = second.not_ready(Reason::AddressesExhausted, SOON).await?;
    ensure!(message.contains("NIC eth0 in Network lan"), "{message}");
    let taken = json!({"nics": [{"name": "eth0", "networkRef": {"name": "lan"}, "address": "10.0.0.2"}]});
    let third = space.apply("third", cluster.here(taken)).await?;
    let message = third.not_ready(Reason::AddressRefused, SOON).await?;
    ensure!(message.contains("10.0.0.2"), "{message}");
    third.delete().await?;
    ensure!(cluster.sim.instance_count() == 1, "nothing was made for them");
    first.delete().await?;
    second.ready_and(ObservedPower::Running, LONG).await?;
    ensure!(address(&second).await? == "10.0.0.2");
    Ok(())
}

/// Many at once: no address is given twice, and two tenants may have the same range on one cluster.
pub async fn no_address_is_given_twice(stage: &Stage) -> Result<()> {
    const MANY: usize = 8;
    let cluster = cluster(stage).await?;
    let tenants = [stage.space("tenant").await?, stage.space("tenant").await?];
    for space in &tenants {
        let machine = |number| space.manifest(&format!("m{number}"), cluster.here(with_nic("lan")));
        let machines = (0..MANY).map(machine);
        let all: Vec<Value> =
            machines.chain(network(space.namespace(), "lan", "10.0.0.0/24", "10.0.0.254")).collect();
        stage.apply(&all).await?;
    }
    let mut macs = BTreeSet::new();
    for space in &tenants {
        let mut addresses = BTreeSet::new();
        for number in 0..MANY {
            let machine = space.machine(&format!("m{number}"));
            machine.ready_and(ObservedPower::Running, LONG).await?;
            let nic = nics(&machine).await?.into_iter().next().context("a NIC")?;
            ensure!(addresses.insert(nic.address.context("an address")?), "twice in {}", space.namespace());
            ensure!(macs.insert(nic.mac_address), "a MAC twice");
        }
        ensure!(addresses.contains("10.0.0.1") && addresses.len() == MANY, "{addresses:?}");
    }
    ensure!(cluster.sim.networks().len() == 2, "{:?}", cluster.sim.networks());
    for space in &tenants {
        stage.kubectl(&["delete", "namespace", space.namespace(), "--wait=false"]).await?;
    }
    no_network(&cluster).await?;
    ensure!(cluster.sim.instance_count() == 0, "no instance is left");
    Ok(())
}

/// An instance whose object somebody made vanish keeps its address: nobody else is given it before the instance is gone.
pub async fn what_an_orphan_uses_is_not_given_away(stage: &Stage) -> Result<()> {
    let space = stage.space("orphan").await?;
    let cluster = cluster(stage).await?;
    stage.apply(&network(space.namespace(), "lan", "10.0.0.0/29", "10.0.0.1")).await?;
    let first = space.apply("first", cluster.here(with_nic("lan"))).await?;
    first.ready_and(ObservedPower::Running, SOON).await?;
    let (had, instance) = (address(&first).await?, first.instance().await?);
    // A machine that is left alone gets no finalizer back.
    first.patch(&json!({"metadata": {"annotations": {"cyclades.io/paused": "true"}}})).await?;
    first.patch(&json!({"metadata": {"finalizers": null}})).await?;
    first.delete().await?;
    first.gone(SOON).await?;
    let second = space.apply("second", cluster.here(with_nic("lan"))).await?;
    second.ready_and(ObservedPower::Running, SOON).await?;
    ensure!(address(&second).await? != had, "its instance is there still");

    cluster.sim.admin_remove(&instance)?;
    eventually("its address is free", LONG, async || {
        let blocks = jsonpath(stage, &["ipblock"], "{.items[*].spec.claims[*].owner}").await?;
        let is = !blocks.contains(instance.trim_start_matches("cyclades-"));
        Ok(if is { Look::Is(()) } else { Look::NotYet(blocks) })
    })
    .await?;
    let third = space.apply("third", cluster.here(with_nic("lan"))).await?;
    third.ready_and(ObservedPower::Running, SOON).await?;
    ensure!(address(&third).await? == had, "it is free again");
    Ok(())
}
