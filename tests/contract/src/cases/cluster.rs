//! What the cluster says about itself.

use anyhow::{Context, Result, ensure};

use crate::{Notes, World};

pub(super) async fn version_and_features(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let version = world.client.version().await?;
    ensure!(version == 2, "version {version}");
    let mut features = world.client.features().await?;
    features.sort();
    ensure!(features.iter().any(|feature| feature == "instance-create-reqv1"), "{features:?}");
    notes.fact("features", features.join(" "));
    Ok(notes)
}

pub(super) async fn info(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let info = world.client.info().await?;
    notes.fact("uuid", &info.uuid);
    ensure!(notes.facts() == ["uuid: <uuid>"], "no uuid: {}", info.uuid);
    ensure!(info.software_version.starts_with("3."), "version {}", info.software_version);
    ensure!(info.name.contains('.'), "the cluster's name is a full one: {}", info.name);
    for (list, word, holds) in [
        (&info.enabled_hypervisors, "fake", true),
        (&info.enabled_disk_templates, "diskless", true),
        (&info.enabled_disk_templates, "plain", false),
    ] {
        ensure!(list.iter().any(|entry| entry == word) == holds, "{word} in {list:?}");
    }
    notes.fact("default hypervisor", info.default_hypervisor.context("no default hypervisor")?);
    let defaults = info.beparams.get("default").context("no default backend parameters")?;
    notes.fact("default vcpus", defaults.vcpus);
    notes.fact("default memory at least and at most equal", defaults.minmem == defaults.maxmem);
    let policy = info.ipolicy.context("no policy")?;
    let range = policy.minmax.first().context("a policy without ranges")?;
    notes.fact("policy keys", range.min.keys().cloned().collect::<Vec<_>>().join(" "));
    notes.fact("policy has a vcpu ratio", policy.vcpu_ratio.is_some());
    notes.fact("mac prefix bytes", info.mac_prefix.context("no prefix")?.split(':').count());
    notes.fact("has an allocator", info.default_iallocator.is_some_and(|name| !name.is_empty()));
    notes.fact("runs jobs at once", info.max_running_jobs.context("no limit")? > 0);
    Ok(notes)
}

pub(super) async fn nodes_and_groups(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let master = world.client.info().await?.master;
    let nodes = world.client.nodes().await?;
    let groups = world.client.groups().await?;
    let node = nodes.iter().find(|node| node.name == master).context("the master is no node")?;
    notes.fact("role of the master", &node.role);
    ensure!(node.is_usable(), "{node:?}");
    let group = node.group_uuid.as_ref().and_then(|uuid| groups.iter().find(|group| &group.uuid == uuid));
    let group = group.context("the master is in no group")?;
    notes.fact("group", format!("{} {}", group.name, group.alloc_policy));
    ensure!(group.node_list.contains(&master), "{group:?}");
    ensure!(usize::try_from(group.node_cnt)? == group.node_list.len(), "{group:?}");
    let total = node.mtotal.context("no memory")?;
    let free = node.mfree.context("no free memory")?;
    ensure!(free <= total && total > 0, "{free} of {total} MiB free");
    ensure!(node.ctotal.context("no processors")? > 0, "{node:?}");
    ensure!(node.dfree.context("no free disk")? <= node.dtotal.context("no disk")?, "{node:?}");
    notes.fact("group has a policy", group.ipolicy.is_some());
    Ok(notes)
}
