//! Networks.

use super::instances::{refuse_locking, uri_list};
use super::submit::Submission;
use super::{Answer, Call, HttpError, Reply};
use crate::json;
use crate::opcode::Kind;
use crate::query::{NetworkView, Selection, network_fields};

/// `NET_FIELDS`.
const FIELDS: &[&str] = &[
    "name",
    "network",
    "gateway",
    "network6",
    "gateway6",
    "mac_prefix",
    "free_count",
    "reserved_count",
    "map",
    "group_list",
    "inst_list",
    "external_reservations",
    "ctime",
    "mtime",
    "uuid",
    "serial_no",
    "tags",
];

fn names() -> Vec<String> {
    FIELDS.iter().map(|name| (*name).to_owned()).collect()
}

pub(super) fn view(call: &Call<'_>) -> NetworkView {
    let state = call.shared.state();
    NetworkView { world: state.world(), instances: state.instances.iter().cloned().collect() }
}

pub(super) fn list(call: &Call<'_>) -> Answer {
    let bulk = call.request.args.flag("bulk")?;
    let view = view(call);
    let networks = call.request.rows.shape(view.world.networks.clone());
    let mut out = Vec::new();
    if bulk {
        let names = names();
        let selection = Selection::new(network_fields(), &names);
        json::list(&mut out, &networks, |out, network| selection.write_object(&view, network, out));
    } else {
        let mut names: Vec<&str> = networks.iter().map(|network| network.name.as_str()).collect();
        names.sort_unstable();
        uri_list(&mut out, "name", "networks", &names);
    }
    Ok(Reply::json(out))
}

pub(super) fn get(call: &Call<'_>, name: &str) -> Answer {
    refuse_locking(call)?;
    let view = view(call);
    let found = view.world.networks.iter().find(|network| network.name == name || network.uuid == name);
    let network = found.ok_or_else(|| HttpError::of(404))?;
    let names = names();
    let mut out = Vec::new();
    Selection::new(network_fields(), &names).write_object(&view, network, &mut out);
    Ok(Reply::json(out))
}

pub(super) fn add(mut call: Call<'_>) -> Answer {
    let body = call.body.take();
    let submission = Submission::new(Kind::NetworkAdd, "networks", body)
        .fix("dry_run", call.dry_run()?)
        .rename(&[("name", "network_name")]);
    call.submit(submission)
}

pub(super) fn remove(mut call: Call<'_>, name: &str) -> Answer {
    let body = call.body.take();
    let submission = Submission::new(Kind::NetworkRemove, "networks_name", body)
        .fix("network_name", name)
        .fix("dry_run", call.dry_run()?);
    call.submit(submission)
}

pub(super) fn act(mut call: Call<'_>, name: &str, kind: Kind) -> Answer {
    let body = call.body.take();
    let dry_run = call.dry_run()?;
    let submission = match kind {
        Kind::NetworkConnect => Submission::new(kind, "networks_name_connect", body).fix("dry_run", dry_run),
        Kind::NetworkDisconnect => {
            Submission::new(kind, "networks_name_disconnect", body).fix("dry_run", dry_run)
        }
        _ => Submission::new(kind, "networks_name_modify", body),
    };
    call.submit(submission.fix("network_name", name))
}
