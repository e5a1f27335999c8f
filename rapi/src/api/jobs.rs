//! Jobs.

use http::Method;
use serde::de::SeqAccess;

use crate::client::Client;
use crate::failure::Answer;
use crate::job::{Job, JobId, JobSummary, RawJob};
use crate::net::Request;
use crate::query::{Cells, Filter, JobRow, QueryRow, Resource};

impl Client {
    /// All jobs with an id above `last`, and those of `and` that the queue knows. With the highest id of
    /// the last answer this is a cheap event log of everything done to the cluster, by whomever: Ganeti
    /// compares ids before it reads any job.
    ///
    /// # Errors
    /// [`crate::Failure`].
    pub async fn jobs_above(&self, last: u64, and: &[JobId]) -> Answer<Vec<JobSummary>> {
        let above = Filter::greater("id", JobId(last));
        let filter = if and.is_empty() {
            above
        } else {
            Filter::Or(std::iter::once(above).chain(and.iter().map(|id| Filter::equal("id", *id))).collect())
        };
        let body = self.query_raw(Resource::Job, JobRow::FIELDS, Some(filter)).await?;
        let mut jobs = Vec::new();
        body.for_each(|row: JobRow<'_>| {
            let JobRow { id, status, summary, .. } = row;
            jobs.extend(status.map(|status| JobSummary { id, status, summary: summary.to_vec() }));
        })?;
        Ok(jobs)
    }

    /// These jobs with their opcodes; those the queue does not know are left out.
    ///
    /// # Errors
    /// [`crate::Failure`].
    pub async fn job_details(&self, ids: &[JobId]) -> Answer<Vec<Job>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.jobs_where(Filter::any_of("id", ids.iter().copied())).await
    }

    /// All jobs with an id above `last`, with their opcodes: how to find a job again by its reason.
    ///
    /// # Errors
    /// [`crate::Failure`].
    pub async fn job_details_above(&self, last: u64) -> Answer<Vec<Job>> {
        self.jobs_where(Filter::greater("id", JobId(last))).await
    }

    async fn jobs_where(&self, filter: Filter) -> Answer<Vec<Job>> {
        let body = self.query_raw(Resource::Job, RawJob::FIELDS, Some(filter)).await?;
        let mut jobs = Vec::new();
        body.for_each(|job: RawJob| jobs.extend(job.known()))?;
        Ok(jobs)
    }

    /// One job; `None` when the queue does not know it.
    ///
    /// # Errors
    /// [`crate::Failure`].
    pub async fn job(&self, id: JobId) -> Answer<Option<Job>> {
        let job: RawJob = self.call(Request::read(Method::GET, format!("/2/jobs/{id}"))).await?;
        Ok(job.known())
    }

    /// Cancels a job that is queued or waits for locks; for the latter Ganeti itself waits up to 44 s.
    /// Answers Ganeti's verdict and words. A job that ended is "not found in queue", `false`; one that is
    /// about to end may be "already dead", `true`: read the job to know what became of it.
    ///
    /// # Errors
    /// [`crate::Failure`].
    pub async fn cancel_job(&self, id: JobId) -> Answer<(bool, String)> {
        self.call(Request::change(Method::DELETE, format!("/2/jobs/{id}"))).await
    }
}

impl<'de> QueryRow<'de> for RawJob {
    const FIELDS: &'static [&'static str] =
        &["id", "status", "summary", "ops", "opstatus", "opresult", "received_ts", "start_ts", "end_ts"];

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        Ok(Self {
            id: cells.required()?,
            status: cells.optional()?,
            summary: cells.optional()?,
            ops: cells.optional()?,
            opstatus: cells.optional()?,
            opresult: cells.optional()?,
            received_ts: cells.optional()?,
            start_ts: cells.optional()?,
            end_ts: cells.optional()?,
        })
    }
}
