//! The last action of a machine: which, what came of it, and why.

use std::sync::Arc;

use cyclades_crds::virtual_machine::{ActionResult, ActionType};

use super::{Decision, Desired, Observed, Presence, Record, Request, Step, rebuild, report::Status};

/// The last action, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastAction {
    /// Its id.
    pub id: Arc<str>,
    /// What came of it.
    pub result: ActionResult,
    /// Why, where it was not done.
    pub message: Option<Arc<str>>,
    /// The image that a rebuild installs.
    pub image: Option<Arc<str>>,
    /// The last job of Ganeti when a rebuild was taken.
    pub after_job: Option<u64>,
}

impl LastAction {
    /// Whether it is a rebuild that is being done.
    #[must_use]
    pub fn is_unfinished_rebuild(&self) -> bool {
        self.result == ActionResult::Taken && self.image.is_some()
    }
}

/// The last action: one that is being decided on, or one that came with the machine and is only noted.
pub(super) fn last_action(
    desired: &Desired,
    observed: &Observed,
    decision: &Decision,
    before: &Status,
) -> Option<Arc<LastAction>> {
    let Some(request) = &observed.request else { return before.last_action.clone() };
    let (result, message) = match decision {
        Decision::Act(Step::Record(record)) => {
            (record.result(), why_not(desired, observed, request, *record))
        }
        Decision::Settled if !observed.was_created => (Some(ActionResult::Baseline), None),
        Decision::Watch => (Some(ActionResult::Baseline), None),
        _ => (None, None),
    };
    let Some(result) = result else { return before.last_action.clone() };
    let rebuild = request.kind == ActionType::Rebuild;
    let image = match (result, &before.last_action) {
        (ActionResult::Taken, _) if rebuild => Some(Arc::clone(&observed.image)),
        (_, Some(last)) if last.id == request.id => last.image.clone(),
        _ => None,
    };
    let after_job = (rebuild && result == ActionResult::Taken).then_some(request.last_job);
    Some(Arc::new(LastAction { id: Arc::clone(&request.id), result, message, image, after_job }))
}

/// Why an action was not done, and what to do.
fn why_not(desired: &Desired, observed: &Observed, request: &Request, record: Record) -> Option<Arc<str>> {
    let words = || observed.setback.as_ref().map_or("its job failed", |setback| &setback.message);
    let instance = match &observed.presence {
        Presence::Present(instance) => Some(instance),
        _ => None,
    };
    Some(match record {
        Record::Restart | Record::Rescue | Record::Take | Record::Done => return None,
        Record::Failed => words().into(),
        Record::Refused => format!("Nothing was erased: {}", words()).into(),
        Record::Decline => match request.kind {
            ActionType::Rebuild => instance
                .and_then(|instance| rebuild::refusal(desired, instance, request))
                .unwrap_or("the machine is in no state for it"),
            _ if desired.suspended => "the machine is suspended",
            _ => "the machine is not running",
        }
        .into(),
        Record::Forget => {
            "The operator was interrupted: whether it was done is not known. To have it done, give spec.action another id.".into()
        }
    })
}
