//! Instances.

use std::sync::Arc;

use serde_json::{Value, json};

use super::submit::{Submission, enqueue};
use super::{Answer, Call, HttpError, Reply};
use crate::json;
use crate::opcode::{FillError, Kind, OpError, ecode, fill, python_type};
use crate::query::{Selection, instance_fields};
use crate::state::{Dict, Instance, World};

/// What `GET /2/instances?bulk=1` and `GET /2/instances/NAME` show (`I_FIELDS`).
const FIELDS: &[&str] = &[
    "name",
    "admin_state",
    "os",
    "pnode",
    "snodes",
    "disk_template",
    "nic.ips",
    "nic.macs",
    "nic.modes",
    "nic.uuids",
    "nic.names",
    "nic.links",
    "nic.networks",
    "nic.networks.names",
    "nic.bridges",
    "network_port",
    "disk.sizes",
    "disk.spindles",
    "disk_usage",
    "disk.uuids",
    "disk.names",
    "beparams",
    "hvparams",
    "oper_state",
    "oper_ram",
    "oper_vcpus",
    "status",
    "custom_hvparams",
    "custom_beparams",
    "custom_nicparams",
    "ctime",
    "mtime",
    "uuid",
    "serial_no",
    "tags",
];

/// The error of every read that asks for locks.
pub(super) fn refuse_locking(call: &Call<'_>) -> Result<(), HttpError> {
    if call.request.args.flag("lock")? {
        return Err(HttpError::internal(&OpError::prereq("Sync queries are not allowed", ecode::INVAL)));
    }
    Ok(())
}

pub(super) fn list(call: &Call<'_>) -> Answer {
    refuse_locking(call)?;
    let bulk = call.request.args.flag("bulk")?;
    let (world, instances) = snapshot(call);
    let instances = call.request.rows.shape(instances);
    let mut out = Vec::with_capacity(instances.len() * if bulk { 1024 } else { 96 });
    if bulk {
        json::list(&mut out, &instances, |out, instance| write_instance(&world, instance, out));
    } else {
        let mut names: Vec<&str> = instances.iter().map(|instance| &*instance.name).collect();
        names.sort_unstable();
        uri_list(&mut out, "id", "instances", &names);
    }
    Ok(Reply::json(out))
}

/// `[{"id": NAME, "uri": "/2/…/NAME"}, …]`.
pub(super) fn uri_list(out: &mut Vec<u8>, key: &str, path: &str, names: &[&str]) {
    json::list(out, names, |out, name| {
        out.push(b'{');
        json::text(out, key);
        out.push(b':');
        json::text(out, name);
        out.extend_from_slice(b",\"uri\":");
        json::text(out, &format!("/2/{path}/{name}"));
        out.push(b'}');
    });
}

fn snapshot(call: &Call<'_>) -> (World, Vec<Arc<Instance>>) {
    let state = call.shared.state();
    (state.world(), state.instances.iter().cloned().collect())
}

fn write_instance(world: &World, instance: &Instance, out: &mut Vec<u8>) {
    let fields = instance_fields();
    out.push(b'{');
    for (index, name) in FIELDS.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::text(out, name);
        out.push(b':');
        if *name == "beparams" {
            // RAPI adds the old name of maxmem.
            let be = instance.beparams.fill(&world.cluster.be);
            let mut shown = be.to_dict();
            shown.insert("memory".to_owned(), be.maxmem.into());
            json::value_of(out, &shown);
        } else if let Some(field) = fields.get(name) {
            field.value(world, instance).write_value(out);
        }
    }
    out.push(b'}');
}

fn find(call: &Call<'_>, name: &str) -> Option<(World, Arc<Instance>)> {
    let state = call.shared.state();
    let slot = state.instances.find(name)?;
    Some((state.world(), state.instances.get(slot)?.clone()))
}

pub(super) fn get(call: &Call<'_>, name: &str) -> Answer {
    refuse_locking(call)?;
    let (world, instance) = find(call, name).ok_or_else(|| HttpError::of(404))?;
    let mut out = Vec::with_capacity(2048);
    write_instance(&world, &instance, &mut out);
    Ok(Reply::json(out))
}

pub(super) fn console(call: &Call<'_>, name: &str) -> Answer {
    let (world, instance) = find(call, name).ok_or_else(HttpError::out_of_range)?;
    if !instance.is_running() {
        return Err(HttpError::new(503, "Instance console unavailable"));
    }
    let names = ["console".to_owned()];
    let selection = Selection::new(instance_fields(), &names);
    let mut out = Vec::new();
    selection.write_values(&world, &instance, &mut out);
    // A list of one value.
    Ok(Reply::json(out.get(1..out.len() - 1).unwrap_or_default().to_vec()))
}

pub(super) fn create(mut call: Call<'_>) -> Answer {
    let mut body = match call.body.take() {
        Some(Value::Object(body)) => body,
        other => {
            let given = other.as_ref().map_or("NoneType", python_type);
            return Err(HttpError::new(
                400,
                format!("Body contents: Type is '{given}', but 'dict' is expected"),
            ));
        }
    };
    match body.remove("__version__") {
        None => {
            return Err(HttpError::new(400, "Instance creation request version 0 is no longer supported"));
        }
        Some(version) if version == json!(0) => {
            return Err(HttpError::new(400, "Instance creation request version 0 is no longer supported"));
        }
        Some(version) if version != json!(1) => {
            return Err(HttpError::new(400, format!("Unsupported request data version {version}")));
        }
        Some(_) => {}
    }
    convert_usb_devices(&mut body);
    let submission = Submission::new(Kind::InstanceCreate, "instances", Some(Value::Object(body)))
        .fix("dry_run", call.dry_run()?)
        .rename(&[("os", "os_type"), ("name", "instance_name")]);
    call.submit(submission)
}

fn convert_usb_devices(body: &mut Dict) {
    let devices = body.get_mut("hvparams").and_then(|hvparams| hvparams.get_mut("usb_devices"));
    if let Some(Value::String(devices)) = devices {
        *devices = devices.replace(' ', ",");
    }
}

pub(super) fn delete(mut call: Call<'_>, name: &str) -> Answer {
    let body = call.body.take();
    let submission = Submission::new(Kind::InstanceRemove, "instances_name", body)
        .fix("instance_name", name)
        .fix("ignore_failures", false)
        .fix("dry_run", call.dry_run()?);
    call.submit(submission)
}

pub(super) fn info(mut call: Call<'_>, name: &str) -> Answer {
    let only_static = call.request.args.flag("static")?;
    let body = call.only_depends();
    let submission = Submission::new(Kind::InstanceQueryData, "instances_name_info", body)
        .fix("instances", vec![name])
        .fix("static", only_static);
    call.submit(submission)
}

pub(super) fn grow(mut call: Call<'_>, name: &str, disk: u64) -> Answer {
    let body = call.body.take();
    let submission = Submission::new(Kind::InstanceGrowDisk, "instances_name_disk_grow", body)
        .fix("instance_name", name)
        .fix("disk", disk);
    call.submit(submission)
}

/// Everything else that is done to an instance.
pub(super) fn act(mut call: Call<'_>, name: &str, kind: Kind) -> Answer {
    if kind == Kind::InstanceReinstall {
        return reinstall(&call, name);
    }
    let ignores_body =
        matches!(kind, Kind::InstanceStartup | Kind::InstanceActivateDisks | Kind::InstanceDeactivateDisks);
    let body = if ignores_body { call.only_depends() } else { call.body.take() };
    let args = &call.request.args;
    let submission = Submission::new(kind, resource(kind), body).fix("instance_name", name);
    let submission = match kind {
        Kind::InstanceStartup => submission
            .fix("force", args.flag("force")?)
            .fix("dry_run", call.dry_run()?)
            .fix("no_remember", args.flag("no_remember")?),
        Kind::InstanceShutdown => {
            submission.fix("no_remember", args.flag("no_remember")?).fix("dry_run", call.dry_run()?)
        }
        Kind::InstanceReboot => submission
            .fix("reboot_type", args.first("type").unwrap_or("hard"))
            .fix("ignore_secondaries", args.flag("ignore_secondaries")?)
            .fix("dry_run", call.dry_run()?),
        Kind::InstanceActivateDisks => submission.fix("ignore_size", args.flag("ignore_size")?),
        Kind::InstanceDeactivateDisks => submission.fix("force", args.flag("force")?),
        Kind::InstanceSetParams => return modify(&call, submission),
        _ => submission,
    };
    call.submit(submission)
}

fn modify(call: &Call<'_>, mut submission: Submission<'_>) -> Answer {
    match &mut submission.body {
        Some(Value::Object(body)) => convert_usb_devices(body),
        // The handler copies the body before it looks at it.
        Some(Value::Array(_)) => {
            return Err(HttpError::new(500, "list indices must be integers or slices, not str"));
        }
        _ => return Err(HttpError::new(500, "'NoneType' object has no attribute 'copy'")),
    }
    call.submit(submission.rename(&[("custom_beparams", "beparams"), ("custom_hvparams", "hvparams")]))
}

fn resource(kind: Kind) -> &'static str {
    match kind {
        Kind::InstanceReboot => "instances_name_reboot",
        Kind::InstanceShutdown => "instances_name_shutdown",
        Kind::InstanceStartup => "instances_name_startup",
        Kind::InstanceActivateDisks => "instances_name_activate_disks",
        Kind::InstanceDeactivateDisks => "instances_name_deactivate_disks",
        Kind::InstanceMigrate => "instances_name_migrate",
        Kind::InstanceFailover => "instances_name_failover",
        Kind::InstanceRename => "instances_name_rename",
        _ => "instances_name_modify",
    }
}

/// A job of up to three opcodes, without a reason trail of RAPI's.
fn reinstall(call: &Call<'_>, name: &str) -> Answer {
    let args = &call.request.args;
    let body = match &call.body {
        Some(_) if !args.is_empty() => {
            return Err(HttpError::new(400, "Can't combine query and body parameters"));
        }
        Some(Value::Object(body)) => body.clone(),
        Some(_) => return Err(HttpError::new(400, "Invalid body contents, not a dictionary")),
        None => {
            let legacy = json!({"os": args.first("os"), "start": !args.flag("nostartup")?});
            legacy.as_object().cloned().unwrap_or_default()
        }
    };
    let start = match body.get("start") {
        None => true,
        Some(Value::Bool(start)) => *start,
        Some(_) => {
            return Err(HttpError::new(400, "'start' parameter: Type is 'int', but 'bool' is expected"));
        }
    };
    let fixed = |mut more: Dict| {
        more.insert("instance_name".to_owned(), name.into());
        more
    };
    let mut os = Dict::new();
    for (from, to) in [("os", "os_type"), ("osparams", "osparams")] {
        if let Some(value) = body.get(from).filter(|value| !value.is_null()) {
            os.insert(to.to_owned(), value.clone());
        }
    }
    let mut ops = vec![(Kind::InstanceShutdown, Dict::new()), (Kind::InstanceReinstall, os)];
    if start {
        ops.push((Kind::InstanceStartup, Dict::new()));
    }
    let ops = ops.into_iter().map(|(kind, more)| fill(kind, None, fixed(more), Vec::new(), &[]));
    let ops =
        ops.collect::<Result<Vec<_>, FillError>>().map_err(|error| HttpError::new(502, error.text()))?;
    enqueue(call.shared, ops).map(|id| Reply::json(id.to_string()))
}
