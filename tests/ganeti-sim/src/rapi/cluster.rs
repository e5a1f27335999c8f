//! The cluster itself.

use serde_json::{Value, json};

use super::submit::{Submission, enqueue};
use super::{Answer, Call, HttpError, Reply};
use crate::json;
use crate::opcode::{Kind, fill};
use crate::queue::Status;
use crate::state::{Dict, SOFTWARE_VERSION, State};

pub(super) fn features() -> Answer {
    let all = ["instance-create-reqv1", "instance-reinstall-reqv1", "node-migrate-reqv1", "node-evac-res1"];
    Ok(Reply::json(json::bytes_of(&all)))
}

pub(super) fn info(call: &Call<'_>) -> Answer {
    let state = call.shared.state();
    let mut info = identity(&state);
    info.extend(settings(&state));
    Ok(Reply::json(json::bytes_of(&info)))
}

fn object(value: Value) -> Dict {
    match value {
        Value::Object(object) => object,
        _ => Dict::new(),
    }
}

fn identity(state: &State) -> Dict {
    let cluster = &state.cluster;
    let hypervisors: Vec<&str> = cluster.hypervisors.iter().map(AsRef::as_ref).collect();
    object(json!({
        "software_version": SOFTWARE_VERSION,
        "protocol_version": 3_000_000,
        "config_version": 3_000_000,
        "os_api_version": 20,
        "export_version": 0,
        "vcs_version": format!("{SOFTWARE_VERSION}-3"),
        "architecture": ["64bits", "x86_64"],
        "name": cluster.name,
        "master": state.master(),
        "uuid": cluster.uuid,
        "default_hypervisor": hypervisors.first(),
        "enabled_hypervisors": hypervisors,
        "enabled_disk_templates": cluster.disk_templates,
        "enabled_user_shutdown": cluster.user_shutdown,
        "ctime": cluster.ctime.seconds(),
        "mtime": cluster.mtime.seconds(),
        "tags": cluster.tags,
    }))
}

fn settings(state: &State) -> Dict {
    let cluster = &state.cluster;
    let hvparams: Dict = cluster
        .hypervisors
        .iter()
        .map(|name| (name.to_string(), cluster.hv_defaults(name).cloned().unwrap_or_default().into()))
        .collect();
    let nic = &cluster.nic;
    object(json!({
        "hvparams": hvparams,
        "os_hvp": {},
        "beparams": {"default": cluster.be.to_dict()},
        "osparams": {},
        "ipolicy": cluster.ipolicy,
        "nicparams": {"default": {"mode": nic.mode, "link": nic.link, "vlan": nic.vlan}},
        "ndparams": cluster.ndparams,
        "diskparams": cluster.diskparams,
        "candidate_pool_size": 10,
        "max_running_jobs": cluster.max_running_jobs,
        "max_tracked_jobs": 25,
        "mac_prefix": cluster.mac_prefix,
        "master_netdev": nic.link,
        "master_netmask": 32,
        "use_external_mip_script": false,
        "volume_group_name": null,
        "vg_name": null,
        "drbd_usermode_helper": null,
        "drbd_helper": null,
        "file_storage_dir": "/srv/ganeti/file-storage",
        "shared_file_storage_dir": "/srv/ganeti/shared-file-storage",
        "gluster_storage_dir": "/var/run/ganeti/gluster",
        "maintain_node_health": false,
        "uid_pool": [],
        "default_iallocator": cluster.iallocator,
        "default_iallocator_params": {},
        "reserved_lvs": [],
        "primary_ip_version": 4,
        "prealloc_wipe_disks": false,
        "hidden_os": [],
        "blacklisted_os": [],
        "install_image": "",
        "instance_communication_network": "",
        "zeroing_image": "",
        "compression_tools": ["gzip", "gzip-fast", "gzip-slow"],
        "enabled_data_collectors": {},
        "data_collector_interval": {},
        "modify_ssh_setup": false,
        "ssh_key_type": "rsa",
        "ssh_key_bits": 2048,
    }))
}

/// Submits a job and waits for it, as the real one does.
pub(super) async fn os(call: &Call<'_>) -> Answer {
    let fixed = object(json!({"output_fields": ["name", "variants"], "names": []}));
    let op = fill(Kind::OsDiagnose, None, fixed, Vec::new(), &[])?;
    let id = enqueue(call.shared, vec![op])?;
    call.shared.wait_until(|state| state.queue.get(id).is_none_or(|job| job.status.is_final())).await;
    let state = call.shared.state();
    if state.queue.get(id).is_none_or(|job| job.status != Status::Success) {
        return Err(HttpError::new(502, "Can't get OS list"));
    }
    let names = state.cluster.os.iter().flat_map(|os| {
        let variants = os.variants.iter().map(|variant| format!("{}+{variant}", os.name));
        let bare = os.variants.is_empty().then(|| os.name.clone());
        bare.into_iter().chain(variants).collect::<Vec<_>>()
    });
    Ok(Reply::json(json::bytes_of(&names.collect::<Vec<_>>())))
}

pub(super) fn modify(mut call: Call<'_>) -> Answer {
    let body = call.body.take();
    let forbidden = "compression_tools";
    if body.as_ref().is_some_and(|body| body.get(forbidden).is_some())
        || call.request.args.first(forbidden).is_some()
    {
        return Err(HttpError::new(403, format!("The parameter {forbidden} cannot be set via RAPI")));
    }
    call.submit(Submission::new(Kind::ClusterSetParams, "cluster_modify", body))
}

pub(super) fn redistribute(mut call: Call<'_>) -> Answer {
    let body = call.body.take();
    call.submit(Submission::new(Kind::ClusterRedistConf, "redist_config", body))
}
