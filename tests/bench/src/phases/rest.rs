//! At rest: nobody changes anything, Ganeti is polled.

use std::time::{Duration, Instant};

use crate::stand::Stand;

/// What rest costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rest {
    /// Processor time of the operator, in percent of one core.
    pub(crate) cpu_percent: f64,
    /// Memory resident at the end, MiB.
    pub(crate) resident_mib: f64,
    /// Requests to Ganeti a minute.
    pub(crate) rapi_per_min: f64,
}

/// Watches the operator for a while.
#[allow(clippy::cast_precision_loss, reason = "some hundreds")]
pub(crate) async fn measure(stand: &Stand, window: Duration) -> anyhow::Result<Rest> {
    let operator = stand.operator()?;
    let (cpu, requests, begun) = (operator.cpu()?, stand.requests(), Instant::now());
    tokio::time::sleep(window).await;
    let (cpu, requests) = (operator.cpu()? - cpu, stand.requests() - requests);
    let took = begun.elapsed().as_secs_f64();
    Ok(Rest {
        cpu_percent: cpu.as_secs_f64() / took * 100.0,
        resident_mib: operator.resident_mib()?,
        rapi_per_min: requests as f64 / took * 60.0,
    })
}
