//! A connection for a job that is about to be submitted.

use std::{rc::Rc, time::Duration};

use cyclades_domain::lanes::Lane;

use crate::runtime::context::Ctx;

/// How long a connection is kept for a job: the write to the API server that comes before it takes a few milliseconds.
const HOLD: Duration = Duration::from_secs(1);

/// Opens a connection to a backend, for the creation of a machine, while something else is finished, if a job would go out at once. RAPI takes a
/// handshake for every request, about as long as the write that precedes a creation.
pub(crate) fn open(ctx: &Ctx, backend: &str) {
    let prepared = ctx.world.look(|world| {
        let backend = world.backends.get(backend).filter(|backend| backend.window.has_room(Lane::Create))?;
        // The other half is for those who are ready to send: they never wait for one who only prepares.
        if backend.connections.available_permits() * 2 <= backend.object.spec.limits.connections as usize {
            return None;
        }
        Some((backend.client.clone()?, Rc::clone(&backend.connections)))
    });
    let Some((client, connections)) = prepared else { return };
    tokio::task::spawn_local(async move {
        if let Ok(_connection) = connections.try_acquire() {
            client.open_ahead(HOLD).await;
        }
    });
}
