//! Jobs.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Answer, Call, HttpError, Reply};
use crate::json;
use crate::query::{JobRow, Selection, job_fields};
use crate::shared::changed_before;

/// `J_FIELDS_BULK`, and what a single job shows besides.
const FIELDS: [&str; 10] =
    ["id", "ops", "status", "summary", "opstatus", "received_ts", "start_ts", "end_ts", "oplog", "opresult"];
const BULK: usize = 8;
/// How long `/wait` waits (`_WFJC_TIMEOUT`).
const WAIT: Duration = Duration::from_secs(10);

fn names(count: usize) -> Vec<String> {
    FIELDS.iter().take(count).map(|name| (*name).to_owned()).collect()
}

pub(super) fn list(call: &Call<'_>) -> Answer {
    let bulk = call.request.args.flag("bulk")?;
    let jobs: Vec<_> = call.shared.state().queue.all().cloned().collect();
    let jobs = call.request.rows.shape(jobs);
    let mut out = Vec::with_capacity(jobs.len() * if bulk { 512 } else { 32 });
    if bulk {
        let names = names(BULK);
        let selection = Selection::new(job_fields(), &names);
        json::list(&mut out, jobs, |out, job| {
            let row = JobRow { id: job.id, job: Some(job) };
            selection.write_object(&(), &row, out);
        });
    } else {
        json::list(&mut out, jobs, |out, job| {
            json::value_of(out, &json!({"id": job.id, "uri": format!("/2/jobs/{}", job.id)}));
        });
    }
    Ok(Reply::json(out))
}

/// An unknown job has its id and nothing else.
pub(super) fn get(call: &Call<'_>, id: u64) -> Answer {
    let job = call.shared.state().queue.get(id).cloned();
    let names = names(FIELDS.len());
    let mut out = Vec::with_capacity(1024);
    Selection::new(job_fields(), &names).write_object(&(), &JobRow { id, job }, &mut out);
    Ok(Reply::json(out))
}

pub(super) fn cancel(call: &Call<'_>, id: u64) -> Answer {
    let outcome = call.shared.state().cancel(id);
    call.shared.wake();
    Ok(Reply::json(json::bytes_of(&outcome)))
}

/// Waits until the fields asked for differ from those given, or there are newer log entries.
pub(super) async fn wait(call: &Call<'_>, id: u64) -> Answer {
    let Some(Value::Object(body)) = &call.body else {
        return Err(HttpError::new(500, "'NoneType' object is not subscriptable"));
    };
    let Some(fields) = body.get("fields") else {
        return Err(HttpError::new(400, "Required parameter 'fields' is missing"));
    };
    let Some(fields) = fields.as_array() else {
        return Err(HttpError::new(400, "The 'fields' parameter should be a list"));
    };
    let before = body.get("previous_job_info").cloned().unwrap_or_default();
    if !(before.is_null() || before.is_array()) {
        return Err(HttpError::new(400, "The 'previous_job_info' parameter should be a list"));
    }
    let serial = body.get("previous_log_serial").cloned().unwrap_or_default();
    if !(serial.is_null() || serial.is_i64()) {
        return Err(HttpError::new(400, "The 'previous_log_serial' parameter should be a number"));
    }
    let names: Vec<String> = fields.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
    let look = || look(call, id, &names, serial.as_u64());
    let lost = || HttpError::new(500, "Can't load job file");
    let mut changes = call.shared.changes();
    let (mut info, mut log, mut is_final) = look().ok_or_else(lost)?;
    let deadline = tokio::time::Instant::now() + WAIT;
    while !is_final && info == before && log.is_empty() {
        if !changed_before(&mut changes, deadline).await {
            break;
        }
        (info, log, is_final) = look().ok_or_else(lost)?;
    }
    Ok(Reply::json(json::bytes_of(&json!({"job_info": info, "log_entries": log}))))
}

/// The fields of a job, its log entries above a serial number, and whether it has ended.
fn look(
    call: &Call<'_>,
    id: u64,
    names: &[String],
    serial: Option<u64>,
) -> Option<(Value, Vec<Value>, bool)> {
    let job = call.shared.state().queue.get(id).cloned()?;
    let is_final = job.status.is_final();
    let entries = job
        .ops
        .iter()
        .flat_map(|op| &op.log)
        .filter(|entry| serial.is_none_or(|serial| entry.serial > serial));
    let log = entries.map(|entry| json!([entry.serial, entry.time.pair(), "message", entry.text])).collect();
    let mut out = Vec::new();
    Selection::new(job_fields(), names).write_values(&(), &JobRow { id, job: Some(job.clone()) }, &mut out);
    Some((serde_json::from_slice(&out).unwrap_or_default(), log, is_final))
}
