//! What a tenant may not do: the verbs of administrators, and what is protected. The same on every kind of Ganeti.

use anyhow::{Result, ensure};
use cyclades_crds::{condition::Reason, virtual_machine::ObservedPower};
use serde_json::{Value, json};

use crate::{LONG, Look, Machine, SOON, Space, eventually};

/// A user who may edit everything in one namespace.
const TENANT: &str = "tenant";

/// kubectl as the tenant; the words of the refusal, or nothing where it was allowed.
async fn as_tenant(space: &Space<'_>, arguments: &[&str], input: &str) -> Result<Option<String>> {
    let arguments = [arguments, &["-n", space.namespace(), "--as", TENANT]].concat();
    let output = space.stage().kubectl_output(&arguments, input).await?;
    let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok((!output.status.success()).then_some(words))
}

async fn patched(space: &Space<'_>, patch: Value) -> Result<Option<String>> {
    as_tenant(space, &["patch", "vm", "web", "--type", "merge", "-p", &patch.to_string()], "").await
}

async fn tenant(space: &Space<'_>) -> Result<()> {
    let user = format!("--user={TENANT}");
    let arguments = ["-n", space.namespace(), "create", "rolebinding", "edit", "--clusterrole=edit", &user];
    space.stage().kubectl(&arguments).await?;
    // The role is put together by a controller.
    eventually("the tenant may edit", SOON, async || {
        let words = patched(space, json!({"metadata": {"labels": {"may": "edit"}}})).await?;
        Ok(words.map_or(Look::Is(()), Look::NotYet))
    })
    .await
}

fn refused(words: Option<String>, verb: &str) -> Result<()> {
    let words = words.unwrap_or_default();
    let grant = format!("create rolebinding {verb} --clusterrole=cyclades-{verb} --user={TENANT}");
    ensure!(words.contains(&format!("needs the verb {verb}")), "the verb is named: {words}");
    ensure!(words.contains(&grant), "and how it is granted: {words}");
    Ok(())
}

/// Each administrative field, tried by somebody with edit rights in the namespace of the running machine `web`.
///
/// # Errors
/// Where something is not refused, or not in the right words.
pub async fn a_tenant_is_refused_and_told_the_verb(space: &Space<'_>, web: &Machine<'_>) -> Result<()> {
    tenant(space).await?;
    refused(patched(space, json!({"spec": {"suspended": true}})).await?, "suspend")?;
    refused(patched(space, json!({"spec": {"deletionPolicy": "Detach"}})).await?, "detach")?;
    for (field, value, verb) in [
        ("suspended", json!(true), "suspend"),
        ("deletionPolicy", json!("Detach"), "detach"),
        ("backendName", json!("anywhere"), "pin"),
        ("adopt", json!("legacy"), "adopt"),
    ] {
        // What names an instance says where it is, too.
        let mut spec = json!({ field: value });
        if field == "adopt" {
            spec["backendName"] = json!("anywhere");
        }
        let manifest = space.manifest("other", spec).to_string();
        refused(as_tenant(space, &["apply", "-f", "-"], &manifest).await?, verb)?;
    }

    web.patch(&json!({"spec": {"suspended": true}})).await?;
    web.not_ready(Reason::Suspended, LONG).await?;
    refused(patched(space, json!({"spec": {"suspended": false}})).await?, "suspend")?;
    refused(patched(space, json!({"spec": {"powerState": "Stopped"}})).await?, "suspend")?;
    let reboot = json!({"spec": {"action": {"id": "1", "type": "RebootHard"}}});
    refused(patched(space, reboot.clone()).await?, "suspend")?;
    let label = patched(space, json!({"metadata": {"labels": {"still": "mine"}}})).await?;
    ensure!(label.is_none(), "what is not switched is the tenant's: {label:?}");

    web.patch(&json!({"spec": {"suspended": false}})).await?;
    web.ready_and(ObservedPower::Running, LONG).await?;
    let words = patched(space, reboot).await?;
    ensure!(words.is_none(), "a machine that is not suspended is the tenant's to reboot: {words:?}");
    Ok(())
}

/// What is protected is deleted by nobody, alone or with its namespace: tried with the running machine `web`, which is gone
/// in the end.
///
/// # Errors
/// Where something is not refused, or not in the right words.
pub async fn what_is_protected_stays(space: &Space<'_>, web: &Machine<'_>) -> Result<()> {
    let stage = space.stage();
    web.patch(&json!({"spec": {"protected": true}})).await?;
    let namespace = space.namespace();
    let refusal = |words: &[u8]| String::from_utf8_lossy(words).into_owned();
    let output = stage.kubectl_output(&["delete", "vm", "web", "-n", namespace], "").await?;
    let words = refusal(&output.stderr);
    ensure!(!output.status.success() && words.contains("the machine is protected"), "{words}");
    ensure!(
        words.contains(&format!("kubectl -n {namespace} patch vm web --type merge")),
        "the cure: {words}"
    );

    stage.kubectl(&["label", "namespace", namespace, "cyclades.io/protected=true"]).await?;
    let output = stage.kubectl_output(&["delete", "namespace", namespace, "--wait=false"], "").await?;
    let words = refusal(&output.stderr);
    ensure!(!output.status.success() && words.contains("the namespace is protected"), "{words}");
    stage.kubectl(&["label", "namespace", namespace, "cyclades.io/protected-"]).await?;

    web.patch(&json!({"spec": {"protected": false}})).await?;
    web.delete().await?;
    web.gone(LONG).await
}
