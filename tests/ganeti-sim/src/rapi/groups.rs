//! Node groups.

use super::instances::{refuse_locking, uri_list};
use super::submit::Submission;
use super::{Answer, Call, HttpError, Reply};
use crate::json;
use crate::opcode::Kind;
use crate::query::{GroupView, Selection, group_fields};

/// `G_FIELDS`.
const FIELDS: &[&str] = &[
    "alloc_policy",
    "name",
    "node_cnt",
    "node_list",
    "ipolicy",
    "custom_ipolicy",
    "diskparams",
    "custom_diskparams",
    "ndparams",
    "custom_ndparams",
    "ctime",
    "mtime",
    "uuid",
    "serial_no",
    "tags",
];

fn names() -> Vec<String> {
    FIELDS.iter().map(|name| (*name).to_owned()).collect()
}

pub(super) fn view(call: &Call<'_>) -> GroupView {
    let state = call.shared.state();
    GroupView { world: state.world(), instances: state.instances.iter().cloned().collect() }
}

pub(super) fn list(call: &Call<'_>) -> Answer {
    let bulk = call.request.args.flag("bulk")?;
    let view = view(call);
    let groups = call.request.rows.shape(view.world.groups.clone());
    let mut out = Vec::new();
    if bulk {
        let names = names();
        let selection = Selection::new(group_fields(), &names);
        json::list(&mut out, &groups, |out, group| selection.write_object(&view, group, out));
    } else {
        let mut names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        names.sort_unstable();
        uri_list(&mut out, "name", "groups", &names);
    }
    Ok(Reply::json(out))
}

pub(super) fn get(call: &Call<'_>, name: &str) -> Answer {
    refuse_locking(call)?;
    let view = view(call);
    let found = view.world.groups.iter().find(|group| group.name == name || group.uuid == name);
    let group = found.ok_or_else(|| HttpError::of(404))?;
    let names = names();
    let mut out = Vec::new();
    Selection::new(group_fields(), &names).write_object(&view, group, &mut out);
    Ok(Reply::json(out))
}

pub(super) fn add(mut call: Call<'_>) -> Answer {
    let body = call.body.take();
    let submission = Submission::new(Kind::GroupAdd, "groups", body)
        .fix("dry_run", call.dry_run()?)
        .rename(&[("name", "group_name")]);
    call.submit(submission)
}

pub(super) fn remove(mut call: Call<'_>, name: &str) -> Answer {
    let body = call.only_depends();
    let submission = Submission::new(Kind::GroupRemove, "groups_name", body)
        .fix("group_name", name)
        .fix("dry_run", call.dry_run()?);
    call.submit(submission)
}

pub(super) fn act(mut call: Call<'_>, name: &str, kind: Kind) -> Answer {
    let body = call.body.take();
    let dry_run = call.dry_run()?;
    let submission = match kind {
        Kind::GroupRename => Submission::new(kind, "groups_name_rename", body).fix("dry_run", dry_run),
        Kind::GroupAssignNodes => Submission::new(kind, "groups_name_assign_nodes", body)
            .fix("dry_run", dry_run)
            .fix("force", call.request.args.flag("force")?),
        _ => Submission::new(kind, "groups_name_modify", body).rename(&[
            ("custom_ndparams", "ndparams"),
            ("custom_ipolicy", "ipolicy"),
            ("custom_diskparams", "diskparams"),
        ]),
    };
    call.submit(submission.fix("group_name", name))
}
