//! When jobs were accepted, as the Ganeti cluster says.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use ganeti_rapi::{Cells, Client, QueryRow, Resource, StrList, Timestamp};
use serde::de::SeqAccess;

use crate::{manifests::PREFIX, objects::Created, samples::Samples};

struct Accepted<'a> {
    summary: StrList<'a>,
    received: Timestamp,
}

impl<'de> QueryRow<'de> for Accepted<'de> {
    const FIELDS: &'static [&'static str] = &["summary", "received_ts"];

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        Ok(Self { summary: cells.required()?, received: cells.required()? })
    }
}

/// What Ganeti calls the creation of an instance.
pub(crate) const CREATE: &str = "INSTANCE_CREATE";
/// What Ganeti calls its stop.
pub(crate) const SHUTDOWN: &str = "INSTANCE_SHUTDOWN";
/// What Ganeti calls its start.
pub(crate) const STARTUP: &str = "INSTANCE_STARTUP";

/// When the first job of a kind was accepted for each machine, by the machine's uid. The cluster's clock is this machine's.
pub(crate) async fn accepted(rapi: &Client, opcode: &str) -> anyhow::Result<HashMap<String, SystemTime>> {
    let body = rapi.query_raw(Resource::Job, Accepted::FIELDS, None).await.context("cannot query jobs")?;
    let mut times = HashMap::new();
    body.for_each(|row: Accepted<'_>| {
        for summary in row.summary.iter() {
            if let Some(uid) = uid(opcode, summary.as_ref()) {
                times.entry(uid.to_owned()).or_insert(time(row.received));
            }
        }
    })?;
    Ok(times)
}

/// The machine whose job of this kind a summary tells.
fn uid<'a>(opcode: &str, summary: &'a str) -> Option<&'a str> {
    summary.strip_prefix(opcode)?.strip_prefix('(')?.strip_suffix(')')?.strip_prefix(PREFIX)
}

fn time(Timestamp(seconds, micros): Timestamp) -> SystemTime {
    let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
    UNIX_EPOCH + Duration::from_secs(unsigned(seconds)) + Duration::from_micros(unsigned(micros))
}

/// Times from the answer to each request until its job was accepted.
pub(crate) fn latencies(
    created: &[Created],
    accepted: &HashMap<String, SystemTime>,
) -> anyhow::Result<Samples> {
    created
        .iter()
        .map(|machine| {
            let accepted = accepted
                .get(&machine.uid)
                .with_context(|| format!("no such job for machine {}", machine.uid))?;
            // The watch may show the object, and the job be in, before the client has read its answer.
            Ok(accepted.duration_since(machine.answered).unwrap_or_default())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_jobs_of_the_kind_on_machines_count() {
        assert_eq!(uid(CREATE, "INSTANCE_CREATE(cyclades-1-2)"), Some("1-2"));
        assert_eq!(uid(CREATE, "INSTANCE_CREATE(web)"), None);
        assert_eq!(uid(CREATE, "INSTANCE_REMOVE(cyclades-1-2)"), None);
    }
}
