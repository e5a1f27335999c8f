//! OS definitions.

use std::collections::BTreeSet;

use crate::json;
use crate::opcode::{OpError, ecode};
use crate::state::{Dict, Instance, State};

/// Checks an OS name, its variant and its parameters as the node does.
pub(super) fn check(
    state: &State,
    name: &str,
    parameters: &Dict,
    node: &str,
    force_variant: bool,
) -> Result<(), OpError> {
    let fail =
        |text: String| Err(OpError::exec(format!("OS Parameters validation failed on node {node}: {text}")));
    let (bare, variant) = name.split_once('+').map_or((name, None), |(bare, variant)| (bare, Some(variant)));
    let Some(os) = state.cluster.os.iter().find(|os| os.name == bare) else {
        return fail(format!("Directory for OS {bare} not found in search path"));
    };
    if !force_variant {
        match variant {
            Some(variant) if os.variants.is_empty() => {
                return fail(format!("OS '{bare}' does not support variants ('{variant}' passed)"));
            }
            None if !os.variants.is_empty() => {
                return fail(format!("OS name '{name}' must include a variant"));
            }
            Some(variant) if !os.variants.iter().any(|known| known == variant) => {
                return fail(format!("OS '{bare}' does not support variant '{variant}'"));
            }
            _ => {}
        }
    }
    let unknown: BTreeSet<_> =
        parameters.keys().filter(|key| !os.parameters.contains(key)).cloned().collect();
    if !unknown.is_empty() {
        let unknown = unknown.into_iter().collect::<Vec<_>>().join(", ");
        return fail(format!("The following parameters are not supported by the OS {bare}: {unknown}"));
    }
    Ok(())
}

/// Refuses a create that names neither an OS nor an image.
pub(super) fn check_given(name: Option<&str>, parameters: &Dict) -> Result<(), OpError> {
    if name.is_none() && !parameters.contains_key("os-image") {
        return Err(OpError::prereq("No guest OS or OS image specified", ecode::INVAL));
    }
    Ok(())
}

/// Runs the create script. If it fails, the instance stays, not running; `what`: how the error begins.
pub(super) fn run_create(state: &State, instance: &Instance, what: &str) -> Result<(), OpError> {
    let bare = instance.os.split('+').next().unwrap_or_default();
    let os = state.cluster.os.iter().find(|os| os.name == bare);
    let Some(words) = os.and_then(|os| os.create_fails.as_deref()) else { return Ok(()) };
    Err(OpError::exec(format!(
        "{what}: OS create script failed (exited with exit code 1), last lines in the log file:\n{words}"
    )))
}

/// Name and variants of every definition, as `OP_OS_DIAGNOSE` gives them.
pub(super) fn diagnose(state: &State) -> Box<str> {
    let all: Vec<_> = state.cluster.os.iter().map(|os| (&os.name, &os.variants)).collect();
    String::from_utf8_lossy(&json::bytes_of(&all)).into()
}
