//! Telling what happened to a machine, as an event of its object.

use super::observe::ObservedMachine;
use crate::{
    runtime::{context::Ctx, told::Told},
    world::Key,
};

/// Tells something of a machine: a reason and what was done, in `PascalCase`, and a message for people.
pub(super) fn tell(
    ctx: &Ctx,
    seen: &ObservedMachine,
    warning: bool,
    reason: &'static str,
    action: &'static str,
    message: String,
) {
    let about = Key::Vm(seen.key.clone());
    ctx.events.tell(Told { about, uid: seen.uid, warning, reason, action, message });
}
