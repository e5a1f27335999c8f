//! Networks: added, connected to the node group, used by NICs whose address and MAC we choose, removed.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use ganeti_rapi::{
    AddNetwork, ConnectNetwork, CreateInstance, Instance, Job, JobStatus, Network, NicSpec, Submit,
};

use crate::{Notes, World};

/// How long Ganeti may serve an older list of networks.
const SHOWN_WITHIN: Duration = Duration::from_secs(20);

fn add(name: &str, range: &str) -> AddNetwork {
    AddNetwork { network_name: name.to_owned(), network: range.to_owned(), ..AddNetwork::default() }
}

/// Routed, as that needs no bridge on the nodes.
fn connect(group: &str) -> ConnectNetwork {
    ConnectNetwork {
        group_name: group.to_owned(),
        network_mode: "routed".to_owned(),
        network_link: "main".to_owned(),
        network_vlan: String::new(),
        conflicts_check: false,
    }
}

fn nic(network: &str, ip: Option<&str>, mac: Option<&str>) -> NicSpec {
    NicSpec {
        network: Some(network.to_owned()),
        ip: ip.map(str::to_owned),
        mac: mac.map(str::to_owned),
        name: Some("eth0".to_owned()),
        ..NicSpec::default()
    }
}

fn with(world: &World, name: &str, nic: NicSpec) -> CreateInstance {
    let mut create = world.small(name);
    create.nics = vec![nic];
    create.conflicts_check = Some(false);
    create
}

async fn group(world: &World) -> Result<String> {
    Ok(world.client.groups().await?.first().context("no node group")?.name.clone())
}

/// Waits until a network is shown as wanted.
async fn shown(
    world: &World,
    name: &str,
    wanted: impl Fn(Option<&Network>) -> bool,
) -> Result<Option<Network>> {
    let start = Instant::now();
    loop {
        let found = world.client.networks().await?.into_iter().find(|network| network.name == name);
        if wanted(found.as_ref()) {
            return Ok(found);
        }
        if start.elapsed() > SHOWN_WITHIN {
            bail!("{name} is shown as {found:?} after {SHOWN_WITHIN:?}");
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
}

fn told(network: &Network) -> String {
    let connections: Vec<String> =
        network.connections.iter().map(|it| format!("{} {} {:?}", it.1, it.2, it.3)).collect();
    format!(
        "{} gateway {:?}, {:?} gateway {:?}, {:?}, on [{}], {} instances, reserved {}, tags {}",
        network.network,
        network.gateway,
        network.network6,
        network.gateway6,
        network.mac_prefix,
        connections.join("; "),
        network.instances,
        network.reserved.join(" "),
        network.tags.join(" "),
    )
}

fn told_nics(instance: &Instance) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?}",
        instance.nic_networks, instance.nic_ips, instance.nic_macs, instance.nic_modes, instance.nic_links
    )
}

/// Takes a network from a group. The real Ganeti asks to try again where instances came or went in the group between its
/// look and its locks, as those of other cases do.
async fn disconnected(world: &World, name: &str, group: &str, submit: &Submit) -> Result<Job> {
    let start = Instant::now();
    loop {
        let job = world.end(world.client.disconnect_network(name, group, submit).await).await?;
        let told = job.error.as_ref().map(ToString::to_string).unwrap_or_default();
        if !told.contains("retry the operation") {
            ensure!(job.status == JobStatus::Success, "disconnecting {name} ended: {}: {told}", job.status);
            return Ok(job);
        }
        ensure!(
            start.elapsed() < SHOWN_WITHIN,
            "disconnecting {name} is to be tried again after {SHOWN_WITHIN:?}"
        );
    }
}

/// Takes a network away again.
async fn clear(world: &World, name: &str, group: &str) -> Result<()> {
    let submit = &Submit::default();
    disconnected(world, name, group, submit).await?;
    world.done(world.client.remove_network(name, submit).await).await?;
    Ok(())
}

pub(super) async fn made_used_and_removed(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let (net, name) = ("suite-used", "used.networks.example.com");
    let (client, submit, group) = (&world.client, &Submit::because("suite/networks"), &group(world).await?);
    let full = AddNetwork {
        gateway: Some("198.18.0.1".to_owned()),
        network6: Some("2001:db8:18::/64".to_owned()),
        gateway6: Some("2001:db8:18::1".to_owned()),
        mac_prefix: Some("aa:00:10".to_owned()),
        tags: vec!["suite:network".to_owned()],
        ..add(net, "198.18.0.0/28")
    };
    let job = world.done(client.add_network(&full, submit).await).await?;
    notes.fact("add", format!("{} because of {}", job.summary.join(" "), job.reasons.join(" ")));
    let network = shown(world, net, |network| network.is_some()).await?.context("no network")?;
    notes.fact("added", told(&network));
    let job = world.done(client.connect_network(net, &connect(group), submit).await).await?;
    notes.fact("connect", format!("{} because of {}", job.summary.join(" "), job.reasons.join(" ")));
    let network = shown(world, net, |network| network.is_some_and(|it| !it.connections.is_empty())).await?;
    notes.fact("connected", told(&network.context("no network")?));
    let again = world.end(client.connect_network(net, &connect(group), submit).await).await?;
    notes.outcome("connect again", &again);

    let chosen = nic(net, Some("198.18.0.9"), Some("aa:00:12:34:56:78"));
    world.done(client.create_instance(&with(world, name, chosen), &Submit::default()).await).await?;
    let instance = world.status(name, "running").await?;
    notes.fact("instance", told_nics(&instance));
    let network = shown(world, net, |network| network.is_some_and(|it| it.instances == 1)).await?;
    notes.fact("used", told(&network.context("no network")?));
    notes
        .outcome("disconnect in use", &world.end(client.disconnect_network(net, group, submit).await).await?);
    notes.outcome("remove while connected", &world.end(client.remove_network(net, submit).await).await?);
    world.remove(name).await?;
    let job = disconnected(world, net, group, submit).await?;
    notes.fact("disconnect", format!("{} because of {}", job.summary.join(" "), job.reasons.join(" ")));
    notes.outcome("disconnect again", &disconnected(world, net, group, submit).await?);
    let job = world.done(client.remove_network(net, submit).await).await?;
    notes.fact("remove", format!("{} because of {}", job.summary.join(" "), job.reasons.join(" ")));
    shown(world, net, |network| network.is_none()).await?;
    Ok(notes)
}

pub(super) async fn the_same_range_twice(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let (client, submit, group) = (&world.client, &Submit::default(), &group(world).await?);
    let (one, two) = ("suite-one", "suite-two");
    let (first, second) = ("one.networks.example.com", "two.networks.example.com");
    for net in [one, two] {
        world.done(client.add_network(&add(net, "198.18.1.0/28"), submit).await).await?;
        notes.outcome(
            "connect",
            &world.end(client.connect_network(net, &connect(group), submit).await).await?,
        );
    }
    // Two tenants have the same address in networks of their own.
    for (instance, net) in [(first, one), (second, two)] {
        let create = with(world, instance, nic(net, Some("198.18.1.5"), None));
        notes.outcome("the address", &world.end(client.create_instance(&create, submit).await).await?);
    }
    for instance in [first, second] {
        world.remove(instance).await?;
    }
    for net in [one, two] {
        clear(world, net, group).await?;
    }
    Ok(notes)
}

pub(super) async fn what_is_refused(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let (client, submit, group) = (&world.client, &Submit::default(), &group(world).await?);
    let (net, name, other) = ("suite-refused", "has.networks.example.com", "wants.networks.example.com");
    world.done(client.add_network(&add(net, "198.18.2.0/28"), submit).await).await?;
    notes.outcome(
        "the same name",
        &world.end(client.add_network(&add(net, "198.18.3.0/28"), submit).await).await?,
    );
    for range in ["198.18.0.0/15", "198.18.2.0/31"] {
        notes.outcome(range, &world.end(client.add_network(&add("suite-size", range), submit).await).await?);
    }
    notes.outcome("no such network", &world.end(client.remove_network("suite-none", submit).await).await?);
    let nowhere = connect("no-such-group");
    notes.outcome("no such group", &world.end(client.connect_network(net, &nowhere, submit).await).await?);
    world.done(client.connect_network(net, &connect(group), submit).await).await?;

    let chosen = nic(net, Some("198.18.2.5"), Some("aa:00:22:22:22:22"));
    world.done(client.create_instance(&with(world, name, chosen), submit).await).await?;
    for (what, nic) in [
        ("an address that is taken", nic(net, Some("198.18.2.5"), None)),
        ("an address outside", nic(net, Some("198.18.9.5"), None)),
        ("a MAC that is taken", nic(net, Some("198.18.2.6"), Some("aa:00:22:22:22:22"))),
        ("a network that is not there", nic("suite-none", Some("198.18.2.6"), None)),
    ] {
        let create = with(world, other, nic);
        notes.outcome(what, &world.end(client.create_instance(&create, submit).await).await?);
    }
    // A network is no pool to be taken from: a NIC may be in it without an address.
    let without = with(world, other, nic(net, None, Some("aa:00:22:22:22:23")));
    world.done(client.create_instance(&without, submit).await).await?;
    notes.fact("without an address", told_nics(&world.status(other, "running").await?));
    world.remove(other).await?;
    world.remove(name).await?;
    clear(world, net, group).await?;
    Ok(notes)
}
