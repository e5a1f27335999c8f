//! What the operator asked of the API server, by the server's own audit log.

use anyhow::Result;
use cyclades_control_plane::AuditEvent;

use crate::Stage;

/// What every ServiceAccount's name begins with.
const ACCOUNTS: &str = "system:serviceaccount:cyclades-system:";

impl Stage {
    /// All its requests that were answered.
    ///
    /// # Errors
    /// If the bed has no audit log.
    pub async fn operator_requests(&self) -> Result<Vec<AuditEvent>> {
        let all = self.bed().await.control_plane().audit_events().await?;
        Ok(all.into_iter().filter(|event| event.user.starts_with(ACCOUNTS)).collect())
    }

    /// Those of them that change something: objects, statuses, events. The renewals of its Lease, which go on for ever,
    /// are left out.
    ///
    /// # Errors
    /// As [`Stage::operator_requests`].
    pub async fn operator_writes(&self) -> Result<Vec<AuditEvent>> {
        let reads = ["get", "list", "watch"];
        let all = self.operator_requests().await?;
        let writes = |event: &AuditEvent| !reads.contains(&event.verb.as_str()) && event.resource != "leases";
        Ok(all.into_iter().filter(writes).collect())
    }

    /// Those of them that are more than taking the backends, which every operator that begins does.
    ///
    /// # Errors
    /// As [`Stage::operator_requests`].
    pub async fn operator_changes(&self) -> Result<Vec<AuditEvent>> {
        let taking = |event: &AuditEvent| event.resource == "ganetibackends" && event.subresource == "status";
        Ok(self.operator_writes().await?.into_iter().filter(|event| !taking(event)).collect())
    }
}
