//! Conditions as they are written: verdicts with their times.

use cyclades_crds::condition::{ConditionType, Reason};
use cyclades_domain::conditions::Verdict;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use serde::Serialize;

/// A condition as it is written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConditionOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    status: &'static str,
    reason: &'static str,
    message: &'a str,
    observed_generation: i64,
    last_transition_time: String,
}

/// Transition times: a verdict whose status is the same as before keeps its time.
pub(crate) fn times(
    now_are: &[Verdict],
    were: &[Verdict],
    since: &[jiff::Timestamp],
    now: jiff::Timestamp,
) -> Vec<jiff::Timestamp> {
    let kept = |verdict: &Verdict| {
        let at =
            were.iter().position(|before| before.kind == verdict.kind && before.status == verdict.status)?;
        since.get(at).copied()
    };
    now_are.iter().map(|verdict| kept(verdict).unwrap_or(now)).collect()
}

/// The conditions to write.
pub(crate) fn out<'a>(
    verdicts: &'a [Verdict],
    times: &[jiff::Timestamp],
    generation: i64,
) -> Vec<ConditionOut<'a>> {
    verdicts
        .iter()
        .zip(times)
        .map(|(verdict, time)| ConditionOut {
            kind: verdict.kind.as_str(),
            status: verdict.status_str(),
            reason: verdict.reason.as_str(),
            message: &verdict.message,
            observed_generation: generation,
            last_transition_time: time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        })
        .collect()
}

/// Conditions of an object as verdicts, with their times. One that we do not know is dropped, and so overwritten.
pub(crate) fn read(conditions: &[Condition]) -> (Vec<Verdict>, Vec<jiff::Timestamp>) {
    let known = conditions.iter().filter_map(|condition| {
        let status = match condition.status.as_str() {
            "True" => Some(true),
            "False" => Some(false),
            _ => None,
        };
        let verdict = Verdict {
            kind: ConditionType::parse(&condition.type_)?,
            status,
            reason: Reason::parse(&condition.reason)?,
            message: condition.message.as_str().into(),
        };
        Some((verdict, condition.last_transition_time.0))
    });
    known.unzip()
}

/// The conditions as the object has them after they were written.
pub(crate) fn stored(verdicts: &[Verdict], times: &[jiff::Timestamp], generation: i64) -> Vec<Condition> {
    let stored = |(verdict, time): (&Verdict, &jiff::Timestamp)| Condition {
        type_: verdict.kind.as_str().into(),
        status: verdict.status_str().into(),
        reason: verdict.reason.as_str().into(),
        message: verdict.message.to_string(),
        observed_generation: Some(generation),
        last_transition_time: Time(*time),
    };
    verdicts.iter().zip(times).map(stored).collect()
}
