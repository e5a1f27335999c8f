//! Faults as JSON.

use std::time::Duration;

use serde::Deserialize;

use crate::fault::{Fault, FaultKind, Matcher};

/// A fault as JSON: `{"kind": "cut-after-effect", "method": "POST", "path_prefix": "/2/instances", "times": 1}`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultRequest {
    /// `refuse`, `hang`, `close-before-effect`, `cut-after-effect`, `truncate`, `empty-list`, `half-of-rows`,
    /// `duplicated-rows`, `status`, `queue-drained`, `slow`, `job-error`, `job-death`, `job-cancel`,
    /// `hotplug-failed`.
    kind: String,
    method: Option<String>,
    path_prefix: Option<String>,
    opcode: Option<String>,
    instance_prefix: Option<String>,
    times: Option<u32>,
    /// For `hang` and `slow`.
    milliseconds: Option<u64>,
    /// For `truncate`.
    bytes: Option<usize>,
    /// For `status`.
    code: Option<u16>,
    /// For `status` and `job-error`.
    message: Option<String>,
    /// For `job-error`.
    class: Option<String>,
    /// For `job-error`.
    ecode: Option<String>,
    /// For `job-error`.
    leaves_instance: bool,
    /// For `job-death`.
    after_effect: bool,
}

impl FaultRequest {
    /// The fault it stands for.
    ///
    /// # Errors
    /// A text about what is unknown.
    pub fn into_fault(self) -> Result<Fault, String> {
        let time = Duration::from_millis(self.milliseconds.unwrap_or(1000));
        let message = self.message.unwrap_or_else(|| "a simulated fault".to_owned());
        let kind = match self.kind.as_str() {
            "refuse" => FaultKind::Refuse,
            "hang" => FaultKind::Hang(time),
            "close-before-effect" => FaultKind::CloseBeforeEffect,
            "cut-after-effect" => FaultKind::CutAfterEffect,
            "truncate" => FaultKind::Truncate(self.bytes.unwrap_or(10)),
            "empty-list" => FaultKind::EmptyList,
            "half-of-rows" => FaultKind::HalfOfRows,
            "duplicated-rows" => FaultKind::DuplicatedRows,
            "status" => FaultKind::Status { code: self.code.unwrap_or(500), message },
            "queue-drained" => FaultKind::QueueDrained,
            "slow" => FaultKind::Slow(time),
            "job-error" => FaultKind::JobError {
                class: self.class.unwrap_or_else(|| "OpExecError".to_owned()),
                message,
                ecode: self.ecode,
                leaves_instance: self.leaves_instance,
            },
            "job-death" => FaultKind::JobDeath { after_effect: self.after_effect },
            "job-cancel" => FaultKind::JobCancel,
            "hotplug-failed" => FaultKind::HotplugFailed,
            other => return Err(format!("there is no fault of kind {other:?}")),
        };
        let matcher = Matcher {
            method: self.method,
            path_prefix: self.path_prefix,
            opcode: self.opcode,
            instance_prefix: self.instance_prefix,
        };
        Ok(Fault { kind, matcher, times: self.times })
    }
}
