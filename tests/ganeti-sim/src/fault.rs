//! What can be made to go wrong.

use std::time::Duration;

use crate::opcode::{Op, OpError, ecode};

/// A fault, whom it meets, and how often.
#[derive(Debug, Clone)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// For which requests or jobs.
    pub matcher: Matcher,
    /// How often; `None` until it is removed.
    pub times: Option<u32>,
}

impl Fault {
    /// A fault that meets everything until it is removed.
    pub fn always(kind: FaultKind) -> Self {
        Self { kind, matcher: Matcher::default(), times: None }
    }

    /// A fault that meets what matches, once.
    pub fn once(kind: FaultKind, matcher: Matcher) -> Self {
        Self { kind, matcher, times: Some(1) }
    }
}

/// Whom a fault meets: everything that fits all that is set.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    /// `GET`, `PUT` … (requests only).
    pub method: Option<String>,
    /// The start of the path (requests only).
    pub path_prefix: Option<String>,
    /// Such as `OP_INSTANCE_CREATE`.
    pub opcode: Option<String>,
    /// The start of the instance's name.
    pub instance_prefix: Option<String>,
}

impl Matcher {
    /// Requests and jobs of one opcode.
    pub fn opcode(id: &str) -> Self {
        Self { opcode: Some(id.to_owned()), ..Self::default() }
    }

    /// Requests of one method whose path starts so.
    pub fn request(method: &str, path_prefix: &str) -> Self {
        Self { method: Some(method.to_owned()), path_prefix: Some(path_prefix.to_owned()), ..Self::default() }
    }

    fn fits_request(&self, method: &str, path: &str, opcode: Option<&str>) -> bool {
        let instance = || path.strip_prefix("/2/instances/").unwrap_or("");
        self.method.as_ref().is_none_or(|wanted| wanted == method)
            && self.path_prefix.as_ref().is_none_or(|prefix| path.starts_with(prefix.as_str()))
            && self.opcode.as_ref().is_none_or(|wanted| opcode == Some(wanted.as_str()))
            && self.instance_prefix.as_ref().is_none_or(|prefix| instance().starts_with(prefix.as_str()))
    }

    fn fits_job(&self, op: &Op) -> bool {
        let instance = || op.text("instance_name").unwrap_or("");
        self.opcode.as_ref().is_none_or(|wanted| op.spec.id == wanted)
            && self.instance_prefix.as_ref().is_none_or(|prefix| instance().starts_with(prefix.as_str()))
    }
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// No connection is accepted while this stands; [`Fault::matcher`] and [`Fault::times`] do not count.
    Refuse,
    /// The request is read and never answered; the connection ends after this time.
    Hang(Duration),
    /// The connection ends without an answer, and nothing was done.
    CloseBeforeEffect,
    /// What was asked for is done, and the connection ends without an answer.
    CutAfterEffect,
    /// The answer ends after so many bytes of its body, although its header promises more.
    Truncate(usize),
    /// A list or query is answered with no rows.
    EmptyList,
    /// A list or query is answered with every other row.
    HalfOfRows,
    /// A list or query is answered with every row twice.
    DuplicatedRows,
    /// This HTTP status and message instead of an answer.
    Status {
        /// Such as 401, 500, 502.
        code: u16,
        /// What the `message` of the error says.
        message: String,
    },
    /// `Queue drained`, as after `gnt-cluster queue drain`.
    QueueDrained,
    /// The answer comes this much later.
    Slow(Duration),
    /// A job fails.
    JobError {
        /// Such as `OpExecError`.
        class: String,
        /// Ganeti's text.
        message: String,
        /// Such as `environment_error`.
        ecode: Option<String>,
        /// A create leaves the instance in the configuration, not running.
        leaves_instance: bool,
    },
    /// A job's process dies: its results read `detected death of job N`.
    JobDeath {
        /// Whether it had done its work by then.
        after_effect: bool,
    },
    /// Someone else cancels the job while it is queued.
    JobCancel,
    /// A device cannot be plugged into the running guest: the job succeeds all the same, and its result says so.
    HotplugFailed,
}

impl FaultKind {
    pub(crate) fn is_of_jobs(&self) -> bool {
        matches!(self, Self::JobError { .. } | Self::JobDeath { .. } | Self::JobCancel | Self::HotplugFailed)
    }

    /// The failure that a [`FaultKind::JobError`] stands for.
    pub(crate) fn error(&self) -> Option<OpError> {
        let Self::JobError { class, message, ecode, .. } = self else { return None };
        let known_class = CLASSES.iter().find(|known| *known == class).copied().unwrap_or("OpExecError");
        let known_code = ecode.as_ref().map(|code| CODES.iter().find(|known| *known == code).copied());
        Some(OpError { class: known_class, message: message.clone(), ecode: known_code.flatten() })
    }
}

/// Classes that a fault may name; others become `OpExecError`.
const CLASSES: &[&str] = &[
    "OpPrereqError",
    "OpExecError",
    "HooksAbort",
    "HooksFailure",
    "HypervisorError",
    "HotplugError",
    "BlockDeviceError",
    "StorageError",
    "ConfigurationError",
    "ReservationError",
    "AddressPoolError",
    "LockError",
    "ResolverError",
    "TypeEnforcementError",
    "TagError",
];

/// Codes that a fault may name; others are left out.
const CODES: &[&str] = &[
    ecode::NORES,
    ecode::INVAL,
    ecode::STATE,
    ecode::NOENT,
    ecode::EXISTS,
    ecode::NOTUNIQUE,
    ecode::ENVIRON,
    "internal_error",
    "temp_insufficient_resources",
    "resolver_error",
];

/// Names a fault that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FaultId(pub(crate) u64);

#[derive(Debug)]
struct Active {
    id: FaultId,
    fault: Fault,
}

fn take(active: &mut Vec<Active>, fits: impl Fn(&Fault) -> bool) -> Option<FaultKind> {
    let at = active.iter().position(|entry| fits(&entry.fault))?;
    let kind = active[at].fault.kind.clone();
    if let Some(times) = &mut active[at].fault.times {
        *times = times.saturating_sub(1);
        if *times == 0 {
            active.remove(at);
        }
    }
    Some(kind)
}

/// The faults of requests.
#[derive(Debug, Default)]
pub(crate) struct RequestFaults {
    active: Vec<Active>,
}

impl RequestFaults {
    pub fn add(&mut self, id: FaultId, fault: Fault) {
        self.active.push(Active { id, fault });
    }

    pub fn remove(&mut self, id: Option<FaultId>) {
        self.active.retain(|entry| id.is_some_and(|id| entry.id != id));
    }

    pub fn refuses(&self) -> bool {
        self.active.iter().any(|entry| entry.fault.kind == FaultKind::Refuse)
    }

    /// The fault that meets this request, if any. It counts as used.
    pub fn take(&mut self, method: &str, path: &str, opcode: Option<&str>) -> Option<FaultKind> {
        if self.active.is_empty() {
            return None;
        }
        take(&mut self.active, |fault| {
            fault.kind != FaultKind::Refuse && fault.matcher.fits_request(method, path, opcode)
        })
    }
}

/// The faults of jobs.
#[derive(Debug, Default)]
pub(crate) struct JobFaults {
    active: Vec<Active>,
}

impl JobFaults {
    pub fn add(&mut self, id: FaultId, fault: Fault) {
        self.active.push(Active { id, fault });
    }

    pub fn remove(&mut self, id: Option<FaultId>) {
        self.active.retain(|entry| id.is_some_and(|id| entry.id != id));
    }

    /// Whether this job is cancelled while it is queued. That counts as used.
    pub fn cancels(&mut self, op: &Op) -> bool {
        !self.active.is_empty()
            && take(&mut self.active, |fault| {
                fault.kind == FaultKind::JobCancel && fault.matcher.fits_job(op)
            })
            .is_some()
    }

    /// How this opcode fails, if it does. That counts as used.
    pub fn take(&mut self, op: &Op) -> Option<FaultKind> {
        if self.active.is_empty() {
            return None;
        }
        let fails = |kind: &FaultKind| !matches!(kind, FaultKind::JobCancel | FaultKind::HotplugFailed);
        take(&mut self.active, |fault| fails(&fault.kind) && fault.matcher.fits_job(op))
    }

    /// Whether this opcode cannot plug a device in. That counts as used.
    pub fn unplugs(&mut self, op: &Op) -> bool {
        let is = |fault: &Fault| fault.kind == FaultKind::HotplugFailed && fault.matcher.fits_job(op);
        !self.active.is_empty() && take(&mut self.active, is).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, FaultId, FaultKind, Matcher, RequestFaults};

    #[test]
    fn a_fault_meets_what_matches_as_often_as_it_says() {
        let mut faults = RequestFaults::default();
        let matcher = Matcher::request("POST", "/2/instances");
        faults.add(FaultId(1), Fault { kind: FaultKind::CutAfterEffect, matcher, times: Some(2) });
        assert_eq!(faults.take("GET", "/2/instances", None), None);
        assert_eq!(faults.take("POST", "/2/instances", None), Some(FaultKind::CutAfterEffect));
        assert_eq!(faults.take("POST", "/2/instances", None), Some(FaultKind::CutAfterEffect));
        assert_eq!(faults.take("POST", "/2/instances", None), None);
        faults.add(FaultId(2), Fault::always(FaultKind::Refuse));
        assert!(faults.refuses());
        assert_eq!(faults.take("GET", "/2/info", None), None, "refusal is the listener's");
        faults.remove(Some(FaultId(2)));
        assert!(!faults.refuses());
    }
}
