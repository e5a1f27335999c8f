//! `OP_INSTANCE_CREATE`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::capacity::{self, Need};
use super::{Begun, Pending, be, disks, find, info, lock, nics, os, power, synced, tags, unit};
use crate::json;
use crate::latency::Cost;
use crate::opcode::{Op, OpError, ecode};
use crate::state::{AdminState, Dict, Disk, FilledBe, Instance, Live, Nic, PartialBe, State, StateSource};

/// The name as it will be stored.
pub(super) fn normalized_name(op: &Op) -> Result<String, OpError> {
    let name = op.text("instance_name").unwrap_or_default().to_lowercase();
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let fits = (1..=255).contains(&name.len()) && name.bytes().all(known);
    if !fits || name.contains("..") || name.starts_with('.') {
        return Err(OpError::prereq(format!("Invalid hostname '{name}'"), ecode::INVAL));
    }
    Ok(name.trim_end_matches('.').to_owned())
}

/// What is done with a new instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub start: bool,
    pub install: bool,
}

/// A new instance as far as its node need not be known.
struct Draft {
    name: String,
    start: bool,
    hypervisor: Arc<str>,
    template: String,
    beparams: PartialBe,
    be: FilledBe,
    hvparams: Dict,
    osparams: Dict,
    tags: BTreeSet<String>,
    disks: Vec<Disk>,
    nics: Vec<Nic>,
}

/// Everything before the configuration is changed, in Ganeti's order; then the change.
pub(super) fn begin(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    let mut draft = draft(state, op, messages)?;
    let need = Need {
        name: &draft.name,
        networks: draft.nics.iter().filter_map(|nic| nic.network.as_deref()).collect(),
        memory_mib: draft.be.maxmem,
        vcpus: draft.be.vcpus,
        disk_mib: draft.disks.iter().map(|disk| disk.size_mib).sum(),
    };
    let pnode = choose_node(state, op, &need)?;
    let node = state.nodes.get(pnode).map(|node| node.name.clone()).unwrap_or_default();
    if op.text("pnode").is_none() {
        let allocator =
            op.text("iallocator").filter(|name| *name != ".").unwrap_or(&state.cluster.iallocator);
        let text = format!("Selected nodes for instance {} via iallocator {allocator}: {node}", draft.name);
        messages.push(info(text));
    }
    let taken = nics::assign(state, &mut draft.nics, pnode, op.flag("conflicts_check"), messages)?;
    check_on_node(state, op, &draft, pnode, &node)?;
    if op.flag("dry_run") {
        let uuid = state.nodes.get(pnode).map(|node| node.uuid.clone()).unwrap_or_default();
        return Ok(Begun::done(format!("[\"{uuid}\"]")));
    }
    let secondaries = secondary(state, op)?;
    nics::reserve(state, &taken);
    messages.push("* creating instance disks...".to_owned());
    let sizes = draft.disks.iter().enumerate();
    messages.extend(sizes.map(|(index, disk)| format!("* disk {index}, size {}", unit(disk.size_mib))));
    messages.push(format!("adding instance {} to cluster config", draft.name));
    messages.push("adding disks to cluster config".to_owned());
    if op.flag("wait_for_sync") && !draft.disks.is_empty() {
        // Once after wiping, once after imaging, although nothing is wiped or imaged.
        messages.extend(synced(&draft.name));
        messages.extend(synced(&draft.name));
    }
    let start = draft.start;
    let uuid = add(state, op, draft, pnode, secondaries);
    let result = String::from_utf8_lossy(&json::bytes_of(&[&node])).into();
    let start = Start { start, install: !op.flag("no_install") };
    Ok(Begun { pending: Pending::Create { uuid, start, result }, cost: Cost::Create, wait: Duration::ZERO })
}

/// The checks that ask no node.
fn draft(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Draft, OpError> {
    let name = normalized_name(op)?;
    let start = check_arguments(state, op, &name, messages)?;
    if state.instances.named(&name).is_some() {
        return Err(lock::already_there(&name));
    }
    let hypervisor = check_hypervisor(state, op)?;
    let tags: BTreeSet<String> = op.texts("tags").map(str::to_owned).collect();
    tags.iter().try_for_each(|tag| tags::validate(tag))?;
    let empty = Dict::new();
    let hvparams = be::check_hv(&state.cluster, &hypervisor, op.dict("hvparams").unwrap_or(&empty), false)?;
    let beparams = be::apply_be(PartialBe::default(), op.dict("beparams").unwrap_or(&empty), false)?;
    let filled = beparams.fill(&state.cluster.be);
    let mut nics = nics::build(state, op)?;
    let disks = disks::build(op.list("disks"))?;
    nics::generate_macs(state, &mut nics)?;
    Ok(Draft {
        name,
        start,
        hypervisor,
        template: template_of(state, op),
        beparams,
        be: filled,
        hvparams,
        osparams: op.dict("osparams").cloned().unwrap_or_default(),
        tags,
        disks,
        nics,
    })
}

/// The checks that need the node.
fn check_on_node(state: &State, op: &Op, draft: &Draft, pnode: usize, node: &str) -> Result<(), OpError> {
    let sizes: Vec<_> = draft.disks.iter().map(|disk| disk.size_mib).collect();
    if !op.flag("ignore_ipolicy") {
        check_policy(state, pnode, &capacity::violations(state, &draft.be, &sizes, draft.nics.len()))?;
    }
    if let Some(os) = op.text("os_type") {
        let mut given = draft.osparams.clone();
        let hidden = ["osparams_private", "osparams_secret"].into_iter().filter_map(|key| op.dict(key));
        given.extend(hidden.flat_map(|dict| dict.clone()));
        os::check(state, os, &given, node, op.flag("force_variant"))?;
    }
    nics::check_bridges(state, &draft.nics, pnode, "destination node")?;
    if draft.start {
        let reason = format!("creating instance {}", draft.name);
        capacity::check_free_memory(state, pnode, &reason, draft.be.maxmem)?;
    }
    Ok(())
}

/// Adds the instance to the configuration; its uuid.
fn add(state: &mut State, op: &Op, mut draft: Draft, pnode: usize, snodes: Vec<usize>) -> String {
    for disk in &mut draft.disks {
        disk.uuid = state.random.uuid();
    }
    for nic in &mut draft.nics {
        nic.uuid = state.random.uuid();
    }
    let (now, uuid) = (state.now(), state.random.uuid());
    let network_port = (&*draft.hypervisor == "kvm").then(|| state.allocate_port());
    state.add_instance(Instance {
        name: draft.name.into(),
        uuid: uuid.clone(),
        // Each disk is added by a change of its own.
        serial_no: 1 + draft.disks.len() as u64,
        ctime: now,
        mtime: now,
        admin_state: AdminState::Down,
        admin_state_source: StateSource::Admin,
        disks_active: false,
        hypervisor: draft.hypervisor,
        os: op.text("os_type").unwrap_or_default().to_owned(),
        pnode,
        snodes,
        disk_template: draft.template,
        disks: draft.disks,
        nics: draft.nics,
        beparams: draft.beparams,
        hvparams: draft.hvparams,
        osparams: draft.osparams,
        network_port,
        tags: draft.tags,
        live: Live::Absent,
    });
    uuid
}

/// Starts the new instance, if it is to be started.
pub(super) fn finish(
    state: &mut State,
    uuid: &str,
    Start { start, install }: Start,
    result: Box<str>,
    messages: &mut Vec<String>,
) -> Result<Box<str>, OpError> {
    let (slot, instance) = find::again(state, uuid)?;
    let memory = power::startup_memory(state, &instance);
    if install && !instance.disks.is_empty() && !instance.os.is_empty() {
        messages.push("* running the instance OS create scripts...".to_owned());
        let node = state.nodes.get(instance.pnode).map_or("", |node| node.name.as_str());
        os::run_create(
            state,
            &instance,
            &format!("Could not add os for instance {} on node {node}", instance.name),
        )?;
    }
    drop(instance);
    if start {
        messages.push("* starting instance...".to_owned());
        let now = state.now();
        state.edit(slot, |instance| {
            instance.admin_state = AdminState::Up;
            instance.disks_active = true;
            instance.touch(now);
            instance.run(memory);
        });
    }
    Ok(result)
}

/// `CheckArguments`; whether the instance is to be started.
pub(super) fn check_arguments(
    state: &State,
    op: &Op,
    name: &str,
    messages: &mut Vec<String>,
) -> Result<bool, OpError> {
    let invalid = |text: &str| Err(OpError::prereq(text, ecode::INVAL));
    if op.flag("forthcoming") && op.flag("commit") {
        return invalid("Forthcoming generation and commiting are mutually exclusive");
    }
    let install = !op.flag("no_install");
    if !install && op.flag("start") {
        messages.push(info("No-installation mode selected, disabling startup"));
    }
    if op.flag("ip_check") && !op.flag("name_check") {
        return invalid("Cannot do IP address check without a name check");
    }
    if op.flag("name_check") {
        // No simulated name resolves.
        let text = format!("The given name ({name}) does not resolve: Temporary failure in name resolution");
        return Err(OpError::prereq(text, "resolver_error"));
    }
    if op.text("mode") != Some("create") {
        return invalid("The simulator creates instances only; it imports none");
    }
    nics::check_names(op)?;
    disks::check_names(op.list("disks"))?;
    let template = template_of(state, op);
    if !state.cluster.disk_templates.contains(&template) {
        let enabled = state.cluster.disk_templates.join(",");
        // Ganeti gives no code here.
        let text = format!(
            "Disk template '{template}' is not enabled in cluster. Enabled disk templates are: {enabled}"
        );
        return Err(OpError::of("OpPrereqError", text));
    }
    if op.text("pnode").is_some() && op.text("iallocator").is_some() {
        return invalid("Do not specify both, iallocator and node");
    }
    if template == "drbd" && op.text("pnode").is_some() && op.text("snode").is_none() {
        return invalid("The networked disk templates need a mirror node");
    }
    if op.flag("opportunistic_locking") && op.text("pnode").is_some() {
        return invalid("Opportunistic locking is only available in combination with an instance allocator");
    }
    os::check_given(op.text("os_type"), op.dict("osparams").unwrap_or(&Dict::new()))?;
    Ok(op.flag("start") && install)
}

fn template_of(state: &State, op: &Op) -> String {
    let default = || state.cluster.disk_templates.first().cloned().unwrap_or_else(|| "diskless".to_owned());
    op.text("disk_template").map_or_else(default, str::to_owned)
}

fn check_hypervisor(state: &State, op: &Op) -> Result<Arc<str>, OpError> {
    let enabled = &state.cluster.hypervisors;
    let wanted = op.text("hypervisor").filter(|name| *name != "auto");
    let chosen = match wanted {
        None => enabled.first(),
        Some(name) => enabled.iter().find(|known| known.as_ref() == name),
    };
    chosen.cloned().ok_or_else(|| {
        let all = enabled.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(",");
        let text = format!(
            "Selected hypervisor ({}) not enabled in the cluster ({all})",
            wanted.unwrap_or_default()
        );
        OpError::prereq(text, ecode::STATE)
    })
}

fn choose_node(state: &State, op: &Op, need: &Need<'_>) -> Result<usize, OpError> {
    let Some(name) = op.text("pnode") else {
        let group = op.text("group_name").map(|name| find::group(state, name)).transpose()?;
        return capacity::allocate(state, need, group);
    };
    let index = find::node(state, name)?;
    let Some(node) = state.nodes.get(index) else { return Ok(index) };
    let refused = |text: String| Err(OpError::prereq(text, ecode::STATE));
    if node.offline {
        return refused(format!("Cannot use offline primary node '{}'", node.name));
    }
    if node.drained {
        return refused(format!("Cannot use drained primary node '{}'", node.name));
    }
    if !node.vm_capable {
        return refused(format!("Cannot use non-vm_capable primary node '{}'", node.name));
    }
    Ok(index)
}

fn secondary(state: &State, op: &Op) -> Result<Vec<usize>, OpError> {
    let mirrored = op.text("disk_template") == Some("drbd");
    op.text("snode").filter(|_| mirrored).map(|name| find::node(state, name)).transpose().map(Vec::from_iter)
}

fn check_policy(state: &State, pnode: usize, violations: &[String]) -> Result<(), OpError> {
    if violations.is_empty() {
        return Ok(());
    }
    let group = state.nodes.get(pnode).and_then(|node| state.groups.get(node.group));
    let (uuid, name) = group.map_or(("", ""), |group| (group.uuid.as_str(), group.name.as_str()));
    let text =
        format!("Instance allocation to group {uuid} ({name}) violates policy: {}", violations.join(", "));
    Err(OpError::prereq(text, ecode::INVAL))
}
