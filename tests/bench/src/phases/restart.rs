//! A restart: from the process's start until every machine is found as declared.

use std::time::Duration;

use crate::{phases::patience, stand::Stand};

/// What a restart took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Restart {
    /// Seconds until all machines were verified.
    pub(crate) verified_s: f64,
    /// Most memory that was resident until shortly after, MiB.
    pub(crate) peak_mib: f64,
}

/// What a process still frees and reads after all is verified.
const SETTLE: Duration = Duration::from_secs(3);

/// Stops the operator and starts it again.
pub(crate) async fn measure(stand: &mut Stand, machines: usize) -> anyhow::Result<Restart> {
    stand.stop_operator().await?;
    let begun = stand.start_operator()?;
    let verified = stand.verified(machines, patience(machines)).await?;
    tokio::time::sleep(SETTLE).await;
    let peak_mib = stand.operator()?.peak_mib()?;
    Ok(Restart { verified_s: (verified - begun).as_secs_f64(), peak_mib })
}
