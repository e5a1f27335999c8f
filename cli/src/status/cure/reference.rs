//! What a machine is made of.

use cyclades_crds::condition::Reason;

use super::{Advice, Who};
use crate::subject::Subject;

/// What to do about a flavor, a volume type or an image that is in the way.
pub(super) fn advice(reason: Option<Reason>, on: &Subject) -> Advice {
    let name = &on.name;
    match reason {
        Some(Reason::FlavorNotFound) => (
            Who::Administrator,
            Some("create"),
            format!(
                "have Flavor {name} created; or name one that exists (kubectl get flavors) in the machine's spec.flavorRef, which its owner can"
            ),
        ),
        Some(Reason::FlavorNotAllowed) => (
            Who::Administrator,
            Some("patch"),
            format!(
                "have Flavor {name} opened (spec.allowCreate: true); or name another one (kubectl get flavors -o wide) in the machine's spec.flavorRef, which its owner can"
            ),
        ),
        Some(Reason::VolumeTypeNotFound) => {
            (Who::Administrator, Some("create"), format!("have VolumeType {name} created"))
        }
        Some(Reason::ImageNotFound) => (
            Who::ImageOwner,
            Some("create"),
            format!("create {on}, or name another one (kubectl get images -A) in spec.imageRef"),
        ),
        Some(Reason::ImageNotShared) => (
            Who::ImageOwner,
            Some("patch"),
            format!("have {on} shared (spec.visibility: Public), or name another one in spec.imageRef"),
        ),
        Some(Reason::ParameterNotAllowed) => (
            Who::ImageOwner,
            Some("patch"),
            format!(
                "list the parameter that the message names in spec.source.ganetiOS.allowedParameters of {on}; or take it out of the machine's spec.osParameters"
            ),
        ),
        Some(Reason::UserDataNotSupported) => (
            Who::ImageOwner,
            Some("patch"),
            format!(
                "name the OS parameter that takes user data in spec.source.ganetiOS.userDataParameter of {on}; or leave spec.userData out of the machine"
            ),
        ),
        _ => (Who::Administrator, Some("patch"), format!("correct {on}; the message says where")),
    }
}
