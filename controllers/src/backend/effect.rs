//! Whether the effect of a job is to be seen.

use cyclades_domain::{power::Power, reason::JobStep, vm::Presence};

use crate::world::window::Job;

/// Whether an instance shows the effect of a step that succeeded.
pub(super) fn shows(presence: &Presence, job: &Job) -> bool {
    match (presence, job.step) {
        (
            Presence::Present(_),
            JobStep::Create
            | JobStep::RebootSoft
            | JobStep::RebootHard
            | JobStep::Adopt
            | JobStep::Tag
            | JobStep::Untag
            | JobStep::SetOs
            | JobStep::Reinstall,
        ) => true,
        // Whatever comes after a step of a resize, it is not the same step again.
        (
            Presence::Present(instance),
            step @ (JobStep::Modify | JobStep::Grow | JobStep::AddDisk | JobStep::GrowDisk),
        ) => {
            let due = job.due.as_ref();
            job.shape.as_ref().is_none_or(|shape| instance.step_towards(shape) != Some(step))
                && due.is_none_or(|due| due.is_shown(step, instance.extras.as_deref()))
        }
        (Presence::Present(instance), JobStep::SetBoot) => instance.boot.medium() == job.source.as_ref(),
        (Presence::Present(instance), JobStep::Start) => instance.power == Power::Running,
        (Presence::Present(instance), JobStep::Stop) => instance.power == Power::Stopped,
        _ => false,
    }
}
