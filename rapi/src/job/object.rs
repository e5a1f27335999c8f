//! Job objects as `GET /2/jobs/ID` and `/2/query/job` give them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{JobError, JobId};
use crate::model::RebootKind;
use crate::word::words;

words! {
    /// The state of a job or of one of its opcodes.
    JobStatus {
        /// Not looked at yet.
        Queued = "queued",
        /// Waits for locks or for other jobs.
        Waiting = "waiting",
        /// A cancel is under way.
        Canceling = "canceling",
        /// Runs.
        Running = "running",
        /// Ended: cancelled, by request or by a job filter.
        Canceled = "canceled",
        /// Ended: done.
        Success = "success",
        /// Ended: failed.
        Error = "error",
    }
}

impl JobStatus {
    /// Whether the job has ended and will not change any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Canceled | Self::Success | Self::Error)
    }
}

/// A moment on the master's clock, `[seconds, microseconds]` since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub struct Timestamp(pub i64, pub i64);

impl Timestamp {
    /// Seconds since the epoch, with their fraction.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // seconds of this epoch fit into 53 bits
    pub fn as_secs_f64(&self) -> f64 {
        self.0 as f64 + self.1 as f64 / 1e6
    }
}

/// A job that has to end before another may run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The job waited for.
    pub job: JobId,
    /// The states in which it must have ended; another one fails the dependent job. Empty: any but
    /// `canceled`. A cancelled dependency always cancels its dependents.
    pub statuses: Vec<JobStatus>,
}

impl Dependency {
    /// Run only after `job` succeeded.
    #[must_use]
    pub fn success_of(job: JobId) -> Self {
        Self { job, statuses: vec![JobStatus::Success] }
    }
}

impl Serialize for Dependency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.job, &self.statuses).serialize(serializer)
    }
}

/// The little one needs to follow a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSummary {
    /// Its number.
    pub id: JobId,
    /// Its state.
    pub status: JobStatus,
    /// One text for each opcode, such as `INSTANCE_CREATE(web1.example.com)`.
    pub summary: Vec<String>,
}

/// A job with its opcodes.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// Its state.
    pub status: JobStatus,
    /// One text for each opcode, such as `INSTANCE_CREATE(web1.example.com)`.
    pub summary: Vec<String>,
    /// The `OP_ID` of each opcode, such as `OP_INSTANCE_CREATE`.
    pub op_ids: Vec<String>,
    /// It reboots an instance softly (`reboot_type`): what runs has the devices that it had.
    pub soft_reboot: bool,
    /// What the submitter gave as reason, each text once; Ganeti's own entries are left out.
    pub reasons: Vec<String>,
    /// Why it failed or was cancelled; `None` unless it ended so.
    pub error: Option<JobError>,
    /// The result of each opcode as Ganeti wrote it, empty while there is none.
    pub results: Vec<Box<RawValue>>,
    /// When it was submitted.
    pub received: Option<Timestamp>,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// The part of an opcode dictionary that is read.
#[derive(Debug, Deserialize)]
pub(crate) struct RawOp {
    #[serde(rename = "OP_ID", default)]
    op_id: String,
    #[serde(default)]
    reason: Option<Vec<(String, String, Value)>>,
    #[serde(default)]
    reboot_type: Option<String>,
}

/// A job as on the wire; of an unknown job every field but `id` is null.
#[derive(Debug, Deserialize)]
pub(crate) struct RawJob {
    pub(crate) id: JobId,
    pub(crate) status: Option<JobStatus>,
    pub(crate) summary: Option<Vec<String>>,
    pub(crate) ops: Option<Vec<RawOp>>,
    pub(crate) opstatus: Option<Vec<JobStatus>>,
    pub(crate) opresult: Option<Vec<Box<RawValue>>>,
    pub(crate) received_ts: Option<Timestamp>,
    pub(crate) start_ts: Option<Timestamp>,
    pub(crate) end_ts: Option<Timestamp>,
}

impl RawJob {
    /// `None` for a job the queue does not know.
    pub(crate) fn known(self) -> Option<Job> {
        let status = self.status?;
        let ops = self.ops.unwrap_or_default();
        let results = self.opresult.unwrap_or_default();
        let error = error_of(&status, self.opstatus.as_deref().unwrap_or_default(), &results);
        Some(Job {
            id: self.id,
            status,
            summary: self.summary.unwrap_or_default(),
            reasons: user_reasons(&ops),
            soft_reboot: ops.iter().any(|op| op.reboot_type.as_deref() == Some(RebootKind::Soft.as_str())),
            op_ids: ops.into_iter().map(|op| op.op_id).collect(),
            error,
            results,
            received: self.received_ts,
            started: self.start_ts,
            ended: self.end_ts,
        })
    }
}

/// The result of the first opcode that did not succeed: those after it only say that one before failed.
fn error_of(status: &JobStatus, opstatus: &[JobStatus], results: &[Box<RawValue>]) -> Option<JobError> {
    if !matches!(status, JobStatus::Error | JobStatus::Canceled) {
        return None;
    }
    let first = opstatus
        .iter()
        .position(|status| matches!(status, JobStatus::Error | JobStatus::Canceled))
        .unwrap_or_default();
    let result =
        results.get(first).and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or(Value::Null);
    // A job that a filter rejected has no result at all.
    let rejected = *status == JobStatus::Canceled && result.is_null();
    Some(if rejected { JobError::rejected() } else { JobError::from_opresult(&result) })
}

/// Who wrote a reason: the caller of RAPI or of `gnt-*`.
const USER_SOURCE: &str = "gnt:user";

fn user_reasons(ops: &[RawOp]) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for (source, text, _) in ops.iter().flat_map(|op| op.reason.iter().flatten()) {
        if source == USER_SOURCE && !text.is_empty() && !reasons.contains(text) {
            reasons.push(text.clone());
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Dependency, Job, JobStatus, RawJob};
    use crate::job::{ErrorClass, JobId, Retry};

    fn job(value: serde_json::Value) -> Option<Job> {
        serde_json::from_str::<RawJob>(&value.to_string()).unwrap().known()
    }

    #[test]
    fn the_first_failed_opcode_tells_why() {
        let job = job(json!({
            "id": "7", "status": "error", "summary": ["A(x)", "B(x)", "C(x)"],
            "ops": [
                {"OP_ID": "OP_A", "reason": [["gnt:user", "mark", 1], ["gnt:library:rlib2:x", "", 2]], "depends": null},
                {"OP_ID": "OP_B", "reason": [["gnt:user", "mark", 1]]},
                {"OP_ID": "OP_C", "reason": null},
            ],
            "opstatus": ["success", "error", "error"],
            "opresult": [["node1"], ["OpExecError", ["broken"]], ["OpExecError", ["Preceding opcode failed"]]],
            "received_ts": [1700000000, 500000], "start_ts": [1700000001, 0], "end_ts": null,
        }))
        .unwrap();
        assert_eq!(job.id, JobId(7));
        assert_eq!(job.reasons, ["mark"]);
        assert_eq!(job.op_ids, ["OP_A", "OP_B", "OP_C"]);
        let error = job.error.unwrap();
        assert_eq!((error.class, error.message.as_str()), (Some(ErrorClass::OpExecError), "broken"));
        assert!((job.received.unwrap().as_secs_f64() - 1_700_000_000.5).abs() < 1e-3);
    }

    #[test]
    fn the_result_of_a_job_that_succeeded_is_no_error() {
        let job = job(json!({"id": 8, "status": "success", "opstatus": ["success"],
                             "opresult": [[["nic.2", "hotplug:failed"]]]}))
        .unwrap();
        assert!(job.error.is_none());
        assert_eq!(job.results[0].get(), r#"[["nic.2","hotplug:failed"]]"#);
    }

    #[test]
    fn a_dead_jobs_string_stands_in_every_result() {
        let text = "detected death of job 9";
        let job = job(
            json!({"id": 9, "status": "error", "opstatus": ["error", "error"], "opresult": [text, text]}),
        );
        assert!(job.unwrap().error.unwrap().death_of_job);
    }

    #[test]
    fn a_job_that_a_filter_rejected_may_be_sent_again_later() {
        let job = job(json!({"id": 9, "status": "canceled", "opstatus": ["canceled"], "opresult": [null]}))
            .unwrap();
        let error = job.error.unwrap();
        assert_eq!(error.retry(), Retry::BackOff);
        assert!(error.message.contains("filter"), "{error}");
    }

    #[test]
    fn states_of_the_future_are_kept() {
        let job = job(json!({"id": 1, "status": "hibernating"})).unwrap();
        assert_eq!(job.status, JobStatus::Other("hibernating".to_owned()));
        assert!(!job.status.is_final());
    }

    #[test]
    fn dependencies_are_pairs() {
        let json = serde_json::to_value([Dependency::success_of(JobId(4))]).unwrap();
        assert_eq!(json, json!([[4, ["success"]]]));
    }
}
