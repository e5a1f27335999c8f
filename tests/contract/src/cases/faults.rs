//! What happens to instances without anyone asking.

use anyhow::Result;
use ganeti_rapi::{Filter, LiveRow, QueryRow, Resource, Submit};

use crate::{Notes, World};

pub(super) async fn a_crash(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "crash.faults.example.com";
    let before = world.running(name).await?;
    world.bed.crash(name).await?;
    let crashed = world.status(name, "ERROR_down").await?;
    notes.fact("states", format!("{} {:?} {:?}", crashed.admin_state, crashed.oper_state, crashed.oper_ram));
    notes.fact("serial number as before", crashed.serial_no == before.serial_no);
    let filter = Some(Filter::equal("name", name));
    let body = world.client.query_raw(Resource::Instance, LiveRow::FIELDS, filter).await?;
    body.for_each(|row: LiveRow<'_>| notes.fact("row", format!("{} {:?}", row.status, row.oper_state)))?;

    let job = world.end(world.client.startup_instance(name, &Submit::default()).await).await?;
    notes.outcome("startup", &job);
    let healed = world.status(name, "running").await?;
    notes.fact("serial number as before", healed.serial_no == before.serial_no);
    world.remove(name).await?;
    Ok(notes)
}
