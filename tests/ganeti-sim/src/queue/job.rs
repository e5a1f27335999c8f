//! A job.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::opcode::Op;

/// The state of a job or opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Queued,
    Waiting,
    Running,
    Canceled,
    Success,
    Error,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Canceled => "canceled",
            Self::Success => "success",
            Self::Error => "error",
        }
    }

    pub fn is_final(self) -> bool {
        matches!(self, Self::Canceled | Self::Success | Self::Error)
    }
}

/// A message that an opcode left.
#[derive(Debug, Clone)]
pub(crate) struct LogEntry {
    /// Counts over the whole job.
    pub serial: u64,
    pub time: Timestamp,
    pub text: String,
}

/// An opcode in a job.
#[derive(Debug, Clone)]
pub(crate) struct JobOp {
    pub op: Arc<Op>,
    pub status: Status,
    /// JSON.
    pub result: Box<str>,
    pub log: Vec<LogEntry>,
    pub started: Option<Timestamp>,
    pub executed: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub priority: i64,
}

/// A job.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub id: u64,
    pub ops: Vec<JobOp>,
    pub status: Status,
    pub received: Timestamp,
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
}

impl Job {
    pub fn new(id: u64, ops: Vec<Op>, now: Timestamp) -> Self {
        let ops = ops.into_iter().enumerate().map(|(index, mut op)| {
            op.extend_reason(id, index, now);
            let priority = op.value("priority").and_then(serde_json::Value::as_i64).unwrap_or(0);
            JobOp {
                op: Arc::new(op),
                status: Status::Queued,
                result: "null".into(),
                log: Vec::new(),
                started: None,
                executed: None,
                ended: None,
                priority,
            }
        });
        Self { id, ops: ops.collect(), status: Status::Queued, received: now, started: None, ended: None }
    }

    /// Priority of the next opcode: the lower, the sooner.
    pub fn priority(&self) -> i64 {
        self.ops.iter().find(|op| !op.status.is_final()).or(self.ops.last()).map_or(0, |op| op.priority)
    }

    /// Ends every opcode that has not ended.
    pub fn end_remaining(&mut self, from: usize, status: Status, result: &str, now: Timestamp) {
        for op in self.ops.iter_mut().skip(from) {
            op.status = status;
            op.result = result.into();
            op.ended = Some(now);
        }
    }

    pub fn log(&mut self, index: usize, messages: Vec<String>, now: Timestamp) {
        let mut serial: u64 = self.ops.iter().map(|op| op.log.len() as u64).sum();
        if let Some(op) = self.ops.get_mut(index) {
            op.log.extend(messages.into_iter().map(|text| {
                serial += 1;
                LogEntry { serial, time: now, text }
            }));
        }
    }
}
