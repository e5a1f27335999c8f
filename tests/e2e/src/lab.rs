//! A real Ganeti, as its administrator sees it.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::{Look, Stage, eventually};

/// A job in Ganeti's queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: u64,
    /// `success`, `error`, `running` …
    pub status: String,
    /// What it does: `INSTANCE_CREATE(cyclades-…)`.
    pub summary: String,
}

impl Stage {
    /// A command of a real cluster: its standard output.
    ///
    /// # Errors
    /// With the command's words; if the cluster is none.
    pub async fn gnt(&self, cluster: usize, argv: &[&str]) -> Result<String> {
        let bed = self.bed().await;
        let lab = bed.cluster(cluster)?.lab().context("the cluster is no real Ganeti")?;
        lab.run(argv).await.with_context(|| argv.join(" "))
    }

    /// Fields of an instance, as `gnt-instance list` prints them; none if there is no such instance.
    ///
    /// # Errors
    /// With the command's words.
    pub async fn row(&self, cluster: usize, instance: &str, fields: &str) -> Result<Option<Vec<String>>> {
        let fields = format!("name,{fields}");
        let argv = ["gnt-instance", "list", "--no-headers", "--separator=|", "-o", &fields];
        let list = self.gnt(cluster, &argv).await?;
        let rows = list.lines().map(|line| line.split('|').map(str::to_owned).collect::<Vec<_>>());
        let mut found = rows.filter(|row| row.first().is_some_and(|name| name == instance));
        Ok(found.next().map(|row| row[1..].to_vec()))
    }

    /// Waits until a field of an instance has a value.
    ///
    /// # Errors
    /// After `limit`, with the value that it has.
    pub async fn field(
        &self,
        cluster: usize,
        instance: &str,
        (field, wanted): (&str, &str),
        limit: Duration,
    ) -> Result<()> {
        eventually(&format!("{field} of {instance} is {wanted}"), limit, async || {
            let row = self.row(cluster, instance, field).await?;
            let is = row.as_deref().is_some_and(|row| row == [wanted.to_owned()]);
            Ok(if is { Look::Is(()) } else { Look::NotYet(format!("{row:?}")) })
        })
        .await
    }

    /// All jobs on an instance, oldest first.
    ///
    /// # Errors
    /// With the command's words.
    pub async fn jobs(&self, cluster: usize, instance: &str) -> Result<Vec<Job>> {
        let argv = ["gnt-job", "list", "--no-headers", "--separator=|", "-o", "id,status,summary"];
        let list = self.gnt(cluster, &argv).await?;
        let about = format!("({instance})");
        let jobs = list.lines().filter(|line| line.contains(&about)).filter_map(|line| {
            let mut cells = line.splitn(3, '|');
            Some(Job {
                id: cells.next()?.trim().parse().ok()?,
                status: cells.next()?.trim().to_owned(),
                summary: cells.next()?.trim().to_owned(),
            })
        });
        let mut jobs: Vec<Job> = jobs.collect();
        jobs.sort_by_key(|job| job.id);
        Ok(jobs)
    }
}
