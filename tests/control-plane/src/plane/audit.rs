//! Who asked what of the API server: its audit log.

use std::collections::BTreeMap;
use std::ffi::OsString;

use serde::Deserialize;

use super::layout::Layout;
use crate::process::flag;
use crate::{Error, files};

/// One request that the API server answered, in the words of RBAC.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditEvent {
    /// User name, for example `system:serviceaccount:NAMESPACE:NAME`.
    pub user: String,
    /// RBAC verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// API group, empty for the core group.
    pub group: String,
    /// Resource, plural.
    pub resource: String,
    /// Subresource, empty if none.
    pub subresource: String,
    /// Namespace, empty if none.
    pub namespace: String,
    /// Object name, empty for a whole collection.
    pub name: String,
    /// HTTP status of the answer.
    pub code: u16,
}

/// All that ServiceAccounts do, as a test compares their granted with their used verbs; of all others
/// (administrator, controller manager) only what concerns our kinds and the objects an operator leaves behind.
const POLICY: &str = r#"apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: ["RequestReceived"]
rules:
- level: Metadata
  userGroups: ["system:serviceaccounts"]
- level: Metadata
  resources:
  - {group: cyclades.io}
  - {group: "", resources: [events, secrets]}
  - {group: events.k8s.io, resources: [events]}
  - {group: coordination.k8s.io, resources: [leases]}
- level: None
"#;

/// The policy and the log. Its size is bounded only to bound the disk: a rotated part is not read.
pub(crate) fn flags(layout: &Layout) -> [OsString; 3] {
    [
        flag("audit-policy-file", layout.audit_policy()),
        flag("audit-log-path", layout.audit_log()),
        flag("audit-log-maxsize", "2000"),
    ]
}

/// Writes the policy that [`flags`] name.
pub(crate) fn write_policy(layout: &Layout) -> Result<(), Error> {
    files::write_private(&layout.audit_policy(), POLICY.as_bytes())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(rename = "auditID")]
    audit_id: String,
    verb: String,
    user: User,
    object_ref: Option<ObjectRef>,
    response_status: Option<ResponseStatus>,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct ObjectRef {
    api_group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
struct ResponseStatus {
    #[serde(default)]
    code: u16,
}

/// The requests of a log, in order of their first line.
///
/// A watch has a line when it begins and another when it ends: it is one request. Requests that name no
/// resource (discovery, health) are left out.
pub(crate) fn parse(log: &str) -> Result<Vec<AuditEvent>, Error> {
    let mut order = BTreeMap::new();
    let mut events: Vec<AuditEvent> = Vec::new();
    // What follows the last newline is still being written.
    let whole = log.rfind('\n').map_or("", |end| &log[..end]);
    for line in whole.lines() {
        let line: Line = serde_json::from_str(line).map_err(|error| Error::Malformed {
            what: "the audit log".to_owned(),
            reason: error.to_string(),
        })?;
        let id = line.audit_id.clone();
        let Some(event) = event(line) else { continue };
        match order.get(&id) {
            Some(index) => events[*index] = event,
            None => {
                order.insert(id, events.len());
                events.push(event);
            }
        }
    }
    Ok(events)
}

fn event(line: Line) -> Option<AuditEvent> {
    let object = line.object_ref?;
    Some(AuditEvent {
        user: line.user.username,
        verb: line.verb,
        group: object.api_group,
        resource: object.resource,
        subresource: object.subresource,
        namespace: object.namespace,
        name: object.name,
        code: line.response_status.map_or(0, |status| status.code),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, verb: &str, object: &str, code: u16) -> String {
        format!(
            "{{\"auditID\":\"{id}\",\"verb\":\"{verb}\",\"user\":{{\"username\":\"u\"}}{object},\
             \"responseStatus\":{{\"metadata\":{{}},\"code\":{code}}}}}\n"
        )
    }

    #[test]
    fn a_watch_is_one_request_and_a_half_written_line_is_not_read() {
        let object = ",\"objectRef\":{\"resource\":\"leases\",\"apiGroup\":\"coordination.k8s.io\"}";
        let log = [
            line("1", "watch", object, 200),
            line("2", "get", "", 200),
            line("3", "create", object, 403),
            line("1", "watch", object, 200),
            "{\"auditID\":".to_owned(),
        ]
        .concat();
        let events = parse(&log).unwrap();
        let seen: Vec<_> = events.iter().map(|event| (event.verb.as_str(), event.code)).collect();
        assert_eq!(seen, [("watch", 200), ("create", 403)]);
        assert_eq!(events[0].group, "coordination.k8s.io");
    }
}
