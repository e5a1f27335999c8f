//! The ceiling: how many machines a second 16 bare clients create and write twice, with nobody else at work.

use std::time::Instant;

use crate::{manifests, objects::Objects, phases::in_parallel};

/// Machines per second.
#[allow(clippy::cast_precision_loss, reason = "some thousands")]
pub(crate) async fn measure(objects: &Objects, machines: usize) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let shared = objects.clone();
    in_parallel(machines, move |number| {
        let objects = shared.clone();
        async move {
            let name = format!("ceiling-{number}");
            let created = objects.create(&manifests::machine(&name)).await?;
            objects.patch(&name, false, &manifests::placement()).await?;
            objects.patch(&name, true, &manifests::status(&created.uid)).await
        }
    })
    .await?;
    let took = begun.elapsed();
    objects.clear().await?;
    Ok(machines as f64 / took.as_secs_f64())
}
