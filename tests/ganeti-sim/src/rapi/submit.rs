//! Submitting jobs.

use serde_json::Value;

use super::{Answer, Call, HttpError, Reply};
use crate::opcode::{Kind, Op, Reason, decode, fill};
use crate::shared::Shared;
use crate::state::Dict;

/// How a resource makes an opcode of a request.
pub(super) struct Submission<'a> {
    pub kind: Kind,
    /// The resource's name in the reason trail.
    pub resource: &'a str,
    pub body: Option<Value>,
    /// What the URL fixes.
    pub fixed: Dict,
    pub renames: &'a [(&'a str, &'a str)],
}

impl<'a> Submission<'a> {
    pub fn new(kind: Kind, resource: &'a str, body: Option<Value>) -> Self {
        Self { kind, resource, body, fixed: Dict::new(), renames: &[] }
    }

    pub fn fix(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fixed.insert(name.to_owned(), value.into());
        self
    }

    pub fn rename(mut self, renames: &'a [(&'a str, &'a str)]) -> Self {
        self.renames = renames;
        self
    }
}

impl Call<'_> {
    /// Whether `dry-run` was asked for.
    pub(super) fn dry_run(&self) -> Result<bool, HttpError> {
        self.request.args.flag("dry-run")
    }

    /// An empty body for resources that ignore theirs, with the `depends` of the one that was sent.
    pub(super) fn only_depends(&mut self) -> Option<Value> {
        let depends = self.body.as_mut().and_then(|body| body.get_mut("depends")).map(Value::take);
        let depends = depends.filter(|depends| depends.as_array().is_some_and(|list| !list.is_empty()));
        Some(Value::Object(depends.map(|depends| ("depends".to_owned(), depends)).into_iter().collect()))
    }

    fn reason(&self, resource: &str) -> Vec<Reason> {
        let now = self.shared.state().now().nanos();
        let user =
            self.request.args.first("reason").map(|text| ("gnt:user".to_owned(), text.to_owned(), now));
        let library = (format!("gnt:library:rlib2:{resource}"), String::new(), now);
        user.into_iter().chain([library]).collect()
    }

    /// Makes the opcode and submits it; the job's id.
    pub(super) fn submit(&self, submission: Submission<'_>) -> Answer {
        let Submission { kind, resource, body, fixed, renames } = submission;
        let reason = self.reason(resource);
        let mut op = fill(kind, body, fixed, reason, renames).map_err(HttpError::from)?;
        decode(&mut op).map_err(|error| HttpError::new(502, error))?;
        enqueue(self.shared, vec![op]).map(|id| Reply::json(id.to_string()))
    }
}

/// Submits a job; its id.
pub(super) fn enqueue(shared: &Shared, ops: Vec<Op>) -> Result<u64, HttpError> {
    let plain = shared.options.utf8_locale || ops.iter().all(is_ascii);
    let mut state = shared.state();
    if !plain && !state.queue.drained {
        // A master daemon in the C locale, as Ganeti starts it, cannot write such a text to its queue.
        let id = state.queue.last() + 1;
        let text =
            format!("/var/lib/ganeti/queue/job-{id}: commitBuffer: invalid argument (invalid character)");
        return Err(HttpError::new(500, text));
    }
    let submitted = state.submit(ops);
    drop(state);
    let id = submitted.map_err(|_| HttpError::new(500, "Queue drained"))?;
    shared.wake();
    Ok(id)
}

fn is_ascii(op: &Op) -> bool {
    op.reason.iter().all(|(_, text, _)| text.is_ascii())
        && op.params.iter().all(|(key, value)| key.is_ascii() && value_is_ascii(value))
}

fn value_is_ascii(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_ascii(),
        Value::Array(items) => items.iter().all(value_is_ascii),
        Value::Object(map) => map.iter().all(|(key, value)| key.is_ascii() && value_is_ascii(value)),
        _ => true,
    }
}
