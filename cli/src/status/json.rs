//! The status for programs.

use anyhow::Result;
use cyclades_crds::VirtualMachine;
use serde::Serialize;

use super::{Rights, blocker::Blocker, cure::Who, group::Cause, subject};
use crate::subject::Subject;

/// What blocks, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BlockerOut<'a> {
    /// The object that is in the way.
    on: &'a Subject,
    /// The objects from the machine to that one.
    way: &'a [Subject],
    reason: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    todo: &'a str,
    who: Who,
    /// Whether the user may do it; absent where that is not for Kubernetes to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    you_may: Option<bool>,
}

impl<'a> BlockerOut<'a> {
    fn of(blocker: &'a Blocker, rights: &Rights) -> Self {
        let cure = &blocker.cure;
        Self {
            on: blocker.on(),
            way: &blocker.way,
            reason: &blocker.reason,
            message: &blocker.message,
            since: blocker.since.map(|since| since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            todo: &cure.todo,
            who: cure.who,
            you_may: cure.right.as_ref().and_then(|right| rights.get(right)).copied(),
        }
    }
}

/// One machine.
pub(super) fn one(machine: &VirtualMachine, blocker: Option<&Blocker>, rights: &Rights) -> Result<String> {
    #[derive(Serialize)]
    struct Out<'a> {
        machine: Subject,
        ready: bool,
        blocker: Option<BlockerOut<'a>>,
    }
    let blocker = blocker.map(|blocker| BlockerOut::of(blocker, rights));
    line(&Out { machine: subject(machine), ready: blocker.is_none(), blocker })
}

/// All machines of a place.
pub(super) fn all(machines: usize, causes: &[Cause], rights: &Rights) -> Result<String> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Out<'a> {
        machines: usize,
        not_ready: usize,
        causes: Vec<CauseOut<'a>>,
    }
    #[derive(Serialize)]
    struct CauseOut<'a> {
        count: usize,
        machines: &'a [Subject],
        blocker: BlockerOut<'a>,
    }
    let not_ready = causes.iter().map(|cause| cause.machines.len()).sum();
    let causes = causes.iter().map(|cause| CauseOut {
        count: cause.machines.len(),
        machines: &cause.machines,
        blocker: BlockerOut::of(&cause.blocker, rights),
    });
    line(&Out { machines, not_ready, causes: causes.collect() })
}

fn line(value: &impl Serialize) -> Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(value)?))
}
