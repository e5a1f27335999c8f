//! Tags of the cluster, nodes, groups, networks and instances.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Begun, NULL, find};
use crate::opcode::{Op, OpError, ecode};
use crate::state::State;

/// Ganeti's bounds (`MAX_TAG_LEN`, `MAX_TAGS_PER_OBJ`).
const LONGEST: usize = 128;
const MOST: usize = 4096;

/// Whether a text can be a tag.
pub(super) fn validate(tag: &str) -> Result<(), OpError> {
    let fail = |text: &str| Err(OpError::of("TagError", text));
    if tag.chars().count() > LONGEST {
        return fail("Tag too long (>128 characters)");
    }
    if tag.is_empty() {
        return fail("Tags cannot be empty");
    }
    // `\w` of a Python regular expression takes letters of any script.
    let known = |c: char| c.is_alphanumeric() || "_.+*/:@-".contains(c);
    if !tag.chars().all(known) {
        return fail("Tag contains invalid characters");
    }
    Ok(())
}

pub(super) fn set(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    op.texts("tags").try_for_each(validate)?;
    change(state, op, |tags| {
        for tag in op.texts("tags") {
            if tags.len() >= MOST {
                return Err(OpError::exec("Error while setting tag: Too many tags"));
            }
            tags.insert(tag.to_owned());
        }
        Ok(())
    })
}

pub(super) fn delete(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    op.texts("tags").try_for_each(validate)?;
    change(state, op, |tags| {
        let unknown: BTreeSet<_> = op.texts("tags").filter(|tag| !tags.contains(*tag)).collect();
        if !unknown.is_empty() {
            let shown: Vec<_> = unknown.into_iter().map(|tag| format!("'{tag}'")).collect();
            let text = format!("Tag(s) {} not found", shown.join(", "));
            return Err(OpError::prereq(text, ecode::NOENT));
        }
        tags.retain(|tag| op.texts("tags").all(|removed| removed != tag));
        Ok(())
    })
}

/// Changes the tags of what the opcode names. The object counts it only if a tag has changed.
fn change(
    state: &mut State,
    op: &Op,
    edit: impl FnOnce(&mut BTreeSet<String>) -> Result<(), OpError>,
) -> Result<Begun, OpError> {
    let (now, name) = (state.now(), op.text("name").unwrap_or_default());
    let dry = op.flag("dry_run");
    match op.text("kind") {
        Some("instance") => {
            let (slot, instance) = find::instance_named(state, name)?;
            let mut tags = instance.tags.clone();
            edit(&mut tags)?;
            let changed = tags != instance.tags;
            drop(instance);
            if changed && !dry {
                state.edit(slot, |instance| {
                    instance.tags = tags;
                    instance.touch(now);
                });
            }
        }
        Some("node") => {
            let index = find::node(state, name)?;
            if let Some(node) = state.nodes.get_mut(index).map(Arc::make_mut) {
                edit(&mut node.tags)?;
                node.touch(now);
            }
        }
        Some("nodegroup") => {
            let index = find::group(state, name)?;
            if let Some(group) = state.groups.get_mut(index).map(Arc::make_mut) {
                edit(&mut group.tags)?;
                group.touch(now);
            }
        }
        Some("network") => {
            let name = find::network(state, name)?;
            if let Some(network) = state.networks.get_mut(&name).map(Arc::make_mut) {
                edit(&mut network.tags)?;
                network.touch(now);
            }
        }
        _ => {
            let cluster = Arc::make_mut(&mut state.cluster);
            edit(&mut cluster.tags)?;
            cluster.mtime = now;
        }
    }
    Ok(Begun::done(NULL))
}
