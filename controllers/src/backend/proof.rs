//! The proof that a machine has no instance, before its object goes: what no list shows may still be there.

use std::{rc::Rc, sync::Arc};

use cyclades_crds::condition::Reason;
use cyclades_domain::backend::Health;
use tokio::time::Instant;
use tracing::{info, warn};
use uuid::Uuid;

use super::trouble::health_of;
use crate::{runtime::context::Ctx, world::Backend};

/// Whether a machine's instance is proved gone: by our own job, or by a direct read, which is one request. Where it is
/// there after all, or cannot be read, the session ends, and everything is read anew.
pub(crate) async fn is_gone(ctx: &Ctx, backend: &Arc<str>, id: Uuid, instance: &Arc<str>) -> bool {
    let found = ctx.world.look(|world| {
        // One that is in trouble is asked again once its session is good.
        let found = world.backends.get(backend).filter(|backend| backend.trouble.is_none())?;
        let proved = found.inventory.is_proved_absent(id);
        Some((proved, found.client.clone()?, Rc::clone(&found.connections)))
    });
    let Some((proved, client, connections)) = found else { return false };
    if proved {
        return true;
    }
    let (_connection, start) = (connections.acquire().await, Instant::now());
    let answer = client.instance(instance).await;
    let outcome = answer.as_ref().map_or_else(|failure| failure.category(), |_| "done");
    ctx.metrics.rapi(backend, "instance", outcome, start.elapsed());
    let trouble = match answer {
        Ok(None) => {
            info!(%backend, %instance, "there is no such instance in Ganeti");
            change(ctx, backend, |backend| backend.inventory.confirm_absent(id, instance));
            return true;
        }
        Ok(Some(_)) => {
            warn!(%backend, %instance, "an instance is there that no list shows");
            Health::impaired(
                Reason::InventoryImplausible,
                format!(
                    "Instance {instance} exists, and Ganeti's list of instances does not show it. The list is read again."
                ),
            )
        }
        Err(failure) => health_of(&failure),
    };
    change(ctx, backend, |backend| {
        backend.trouble = Some(trouble);
        backend.troubled.notify_one();
    });
    false
}

fn change(ctx: &Ctx, backend: &Arc<str>, change: impl FnOnce(&mut Backend)) {
    ctx.world.change(|world| {
        if let Some(backend) = world.backends.get_mut(backend) {
            change(backend);
        }
    });
}
