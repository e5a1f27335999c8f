//! The reference page of conditions and reasons.

use super::{GENERATED, cell};
use crate::condition::{ConditionType, Reason};

/// The page, in Markdown.
pub fn page() -> String {
    let mut out = format!(
        "{GENERATED}# Conditions and reasons\n\n\
         Every kind says in `status.conditions` how it stands. Each condition names the generation of the spec that it \
         speaks of (`observedGeneration`): one that is behind `metadata.generation` has not seen your last change yet.\n\n\
         `kubectl wait --for=condition=Ready vm/web` waits for a machine.\n\n"
    );
    out.push_str("## Conditions\n\n| type | it is `True` when |\n|---|---|\n");
    for kind in ConditionType::ALL {
        out.push_str(&format!("| `{}` | {} |\n", kind.as_str(), cell(kind.doc())));
    }
    out.push_str("\n## Reasons\n\nThe list is closed: scripts and alerts may match on it.\n\n");
    out.push_str("| reason | it is given when |\n|---|---|\n");
    for reason in Reason::ALL {
        out.push_str(&format!("| `{}` | {} |\n", reason.as_str(), cell(reason.doc())));
    }
    out
}
