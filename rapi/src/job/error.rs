//! What a job that did not succeed says, and what to do about it.

use std::fmt;

use serde_json::Value;

use crate::word::words;

words! {
    /// The class of a Ganeti error.
    ErrorClass {
        /// Refused in the checks before execution: nothing was done.
        OpPrereqError = "OpPrereqError",
        /// Failed during execution: the state may be partial.
        OpExecError = "OpExecError",
        /// A pre-hook refused.
        HooksAbort = "HooksAbort",
        /// A hook failed.
        HooksFailure = "HooksFailure",
        /// The hypervisor failed.
        HypervisorError = "HypervisorError",
        /// A device could not be plugged into a running guest.
        HotplugError = "HotplugError",
        /// A disk failed.
        BlockDeviceError = "BlockDeviceError",
        /// Storage failed.
        StorageError = "StorageError",
        /// A command on a node failed.
        CommandError = "CommandError",
        /// A remote cluster or node failed.
        RemoteError = "RemoteError",
        /// The configuration changed underneath.
        ConfigurationError = "ConfigurationError",
        /// A resource could not be reserved.
        ReservationError = "ReservationError",
        /// An address pool has nothing left, or not that address.
        AddressPoolError = "AddressPoolError",
        /// A lock could not be had.
        LockError = "LockError",
        /// The job is not in the queue.
        JobLost = "JobLost",
        /// The queue failed.
        JobQueueError = "JobQueueError",
        /// The job's file cannot be read.
        JobFileCorrupted = "JobFileCorrupted",
        /// The queue is drained.
        JobQueueDrainError = "JobQueueDrainError",
        /// The queue is full.
        JobQueueFull = "JobQueueFull",
        /// A parameter is invalid.
        ParameterError = "ParameterError",
        /// A parameter has the wrong type.
        TypeEnforcementError = "TypeEnforcementError",
        /// A tag is invalid.
        TagError = "TagError",
        /// The opcode is not known to this version.
        OpCodeUnknown = "OpCodeUnknown",
        /// A defect of Ganeti.
        ProgrammerError = "ProgrammerError",
        /// A name does not resolve.
        ResolverError = "ResolverError",
        /// Any other error of Ganeti's own.
        GenericError = "GenericError",
    }
}

words! {
    /// The code of an `OpPrereqError`.
    ErrorCode {
        /// A name does not resolve.
        ResolverError = "resolver_error",
        /// No node fits, or not enough memory or disk.
        InsufficientResources = "insufficient_resources",
        /// The same, for a moment only.
        TempInsufficientResources = "temp_insufficient_resources",
        /// A parameter is wrong, also: violates the instance policy.
        WrongInput = "wrong_input",
        /// The object is in a state that does not allow it.
        WrongState = "wrong_state",
        /// The object does not exist.
        UnknownEntity = "unknown_entity",
        /// An object of that name exists.
        AlreadyExists = "already_exists",
        /// MAC, address or volume in use; also: `instance_uuid` names another instance.
        ResourceNotUnique = "resource_not_unique",
        /// A fault of the cluster.
        InternalError = "internal_error",
        /// A node or disk does not do what it should.
        EnvironmentError = "environment_error",
    }
}

/// What may help after a [`JobError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// The same request may succeed later: wait, longer each time.
    BackOff,
    /// The same request may succeed when the cluster has more room.
    OnCapacity,
    /// The same request will fail again: what is asked for has to change.
    OnSpecChange,
    /// Look at the object first: it may be partly done, gone, or another one.
    Reobserve,
}

/// Why a job failed, as its `opresult` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobError {
    /// Ganeti's error class; absent when the job's process died or the result has another shape.
    pub class: Option<ErrorClass>,
    /// The code, which only an `OpPrereqError` has, and not every one.
    pub ecode: Option<ErrorCode>,
    /// Ganeti's words; may be empty (a timeout on the configuration lock says nothing).
    pub message: String,
    /// The job's process died (killed, node rebooted, master failover): nobody knows how far it got.
    pub death_of_job: bool,
}

/// What luxid writes into every result of a job whose process is gone.
const DEATH_OF_JOB: &str = "detected death of job";
/// What a cancelled job has as result.
const CANCELED: &str = "Job canceled";

impl JobError {
    /// Reads one `opresult`: `[class, [message]]`, `[class, [message, ecode]]`, a bare string, or
    /// anything else, which becomes the message as it is.
    #[must_use]
    pub fn from_opresult(result: &Value) -> Self {
        match result {
            Value::String(text) => Self {
                class: None,
                ecode: None,
                message: text.clone(),
                death_of_job: text.contains(DEATH_OF_JOB),
            },
            Value::Array(pair) => match pair.as_slice() {
                [Value::String(class), args] => Self::from_class(class, args),
                _ => Self::shapeless(result),
            },
            _ => Self::shapeless(result),
        }
    }

    /// For a job that was cancelled and has nothing to say about it.
    pub(super) fn rejected() -> Self {
        let message = format!("{CANCELED} by the cluster, as a job filter does");
        Self { class: None, ecode: None, message, death_of_job: false }
    }

    fn from_class(class: &str, args: &Value) -> Self {
        let (message, ecode) = match args {
            Value::Array(args) => match args.as_slice() {
                [Value::String(message)] => (message.clone(), None),
                [Value::String(message), Value::String(code)] => {
                    (message.clone(), Some(code.as_str().into()))
                }
                [] => (String::new(), None),
                _ => (Value::Array(args.clone()).to_string(), None),
            },
            Value::String(message) => (message.clone(), None),
            other => (other.to_string(), None),
        };
        Self { class: Some(class.into()), ecode, message, death_of_job: false }
    }

    fn shapeless(result: &Value) -> Self {
        let message = if result.is_null() { String::new() } else { result.to_string() };
        Self { class: None, ecode: None, message, death_of_job: false }
    }

    /// What may help. The rules are those of Ganeti's error classes and codes: a failed precondition
    /// changed nothing, so its code decides; a failed execution may have changed anything.
    #[must_use]
    pub fn retry(&self) -> Retry {
        if self.death_of_job {
            return Retry::Reobserve;
        }
        if let Some(ecode) = &self.ecode {
            return by_code(ecode);
        }
        match &self.class {
            Some(class) => by_class(class, &self.message),
            None if self.message.starts_with(CANCELED) => Retry::BackOff,
            None => Retry::Reobserve,
        }
    }
}

fn by_code(ecode: &ErrorCode) -> Retry {
    match ecode {
        ErrorCode::InsufficientResources => Retry::OnCapacity,
        ErrorCode::WrongInput => Retry::OnSpecChange,
        ErrorCode::UnknownEntity | ErrorCode::AlreadyExists | ErrorCode::ResourceNotUnique => {
            Retry::Reobserve
        }
        ErrorCode::ResolverError
        | ErrorCode::TempInsufficientResources
        | ErrorCode::WrongState
        | ErrorCode::InternalError
        | ErrorCode::EnvironmentError
        | ErrorCode::Other(_) => Retry::BackOff,
    }
}

fn by_class(class: &ErrorClass, message: &str) -> Retry {
    match class {
        // An empty message is a timeout on the configuration lock: nothing was done.
        ErrorClass::OpExecError if message.is_empty() => Retry::BackOff,
        ErrorClass::OpExecError
        | ErrorClass::JobLost
        | ErrorClass::JobQueueError
        | ErrorClass::JobFileCorrupted
        | ErrorClass::Other(_) => Retry::Reobserve,
        ErrorClass::ParameterError
        | ErrorClass::TypeEnforcementError
        | ErrorClass::TagError
        | ErrorClass::OpCodeUnknown
        | ErrorClass::ProgrammerError => Retry::OnSpecChange,
        // An OpPrereqError without a code is most often a wrong state.
        _ => Retry::BackOff,
    }
}

impl std::error::Error for JobError {}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.message.is_empty() { "no reason given" } else { &self.message })?;
        match (&self.class, &self.ecode) {
            (Some(class), Some(ecode)) => write!(f, " ({class}, {ecode})"),
            (Some(class), None) => write!(f, " ({class})"),
            (None, _) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{ErrorClass, ErrorCode, JobError, Retry};

    fn read(result: Value) -> JobError {
        JobError::from_opresult(&result)
    }

    #[test]
    fn class_message_and_code_are_told_apart() {
        let error = read(json!(["OpPrereqError", ["Instance 'x' not known", "unknown_entity"]]));
        assert_eq!(error.class, Some(ErrorClass::OpPrereqError));
        assert_eq!(error.ecode, Some(ErrorCode::UnknownEntity));
        assert_eq!(error.to_string(), "Instance 'x' not known (OpPrereqError, unknown_entity)");
        assert_eq!(error.retry(), Retry::Reobserve);
    }

    #[test]
    fn a_dead_jobs_bare_string_means_nobody_knows() {
        let error = read(json!("detected death of job 17"));
        assert!(error.death_of_job);
        assert_eq!((error.class.clone(), error.retry()), (None, Retry::Reobserve));
    }

    #[test]
    fn what_may_help_follows_class_and_code() {
        for (result, retry) in [
            (json!(["OpPrereqError", ["m", "insufficient_resources"]]), Retry::OnCapacity),
            (json!(["OpPrereqError", ["m", "temp_insufficient_resources"]]), Retry::BackOff),
            (json!(["OpPrereqError", ["m", "wrong_input"]]), Retry::OnSpecChange),
            (json!(["OpPrereqError", ["m", "wrong_state"]]), Retry::BackOff),
            (json!(["OpPrereqError", ["m", "already_exists"]]), Retry::Reobserve),
            (json!(["OpPrereqError", ["m", "resource_not_unique"]]), Retry::Reobserve),
            (json!(["OpPrereqError", ["m", "code_of_the_future"]]), Retry::BackOff),
            (json!(["OpPrereqError", ["m"]]), Retry::BackOff),
            (json!(["OpExecError", ["Could not start instance: x"]]), Retry::Reobserve),
            (json!(["OpExecError", [""]]), Retry::BackOff),
            (json!(["OpExecError", []]), Retry::BackOff),
            (json!(["HooksAbort", [[["node1", "script", "output"]]]]), Retry::BackOff),
            (json!(["TagError", ["Tag contains invalid characters"]]), Retry::OnSpecChange),
            (json!(["ErrorOfTheFuture", ["m"]]), Retry::Reobserve),
            (json!("Job canceled by request"), Retry::BackOff),
            (json!(["node1"]), Retry::Reobserve),
            (json!(null), Retry::Reobserve),
        ] {
            assert_eq!(read(result.clone()).retry(), retry, "{result}");
        }
    }

    #[test]
    fn arguments_of_another_shape_stay_readable() {
        let error = read(json!(["HooksAbort", [[["node1", "00-check", "no"]]]]));
        assert!(error.message.contains("00-check"), "{error}");
        assert_eq!(read(json!({"odd": 1})).message, r#"{"odd":1}"#);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            Just(Value::from("OpPrereqError")),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::from))
    }

    proptest! {
        #[test]
        fn any_result_is_read(result in any_json()) {
            let error = read(result);
            prop_assert!(!error.to_string().is_empty());
            let _ = error.retry();
        }
    }
}
