//! What the operator counts.

use std::time::Duration;

use anyhow::Result;

use crate::{Look, Stage, eventually};

impl Stage {
    /// Sum of all samples of a metric whose labels have all these texts, e.g. `backend="a"`.
    ///
    /// # Errors
    /// If the operator does not answer.
    pub async fn metric(&self, name: &str, labels: &[&str]) -> Result<f64> {
        let text = self.bed().await.metrics().await?;
        let samples = text.lines().filter_map(|line| {
            let rest = line
                .strip_prefix(name)?
                .strip_prefix('{')
                .or_else(|| line.strip_prefix(name)?.strip_prefix(' '))?;
            labels
                .iter()
                .all(|label| rest.contains(label))
                .then(|| rest.split_whitespace().last()?.parse::<f64>().ok())?
        });
        Ok(samples.sum())
    }

    /// Waits until the operator has read a backend's inventory so many times more: whatever it would do about what it
    /// sees there, it has begun by then.
    ///
    /// # Errors
    /// After `limit`.
    pub async fn polls(&self, backend: &str, more: u32, limit: Duration) -> Result<()> {
        let label = format!("backend=\"{backend}\"");
        let polls = async || self.metric("cyclades_inventory_polls_total", &[&label]).await;
        let enough = polls().await? + f64::from(more);
        eventually(&format!("{more} more readings of {backend}"), limit, async || {
            let now = polls().await?;
            Ok(if now >= enough { Look::Is(()) } else { Look::NotYet(format!("{now} of {enough}")) })
        })
        .await
    }
}
