//! The Lease of this replica: one object, renewed whatever the number of backends, removed at the end.

use std::time::Duration;

use cyclades_crds::names;
use k8s_openapi::api::coordination::v1::Lease;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use tracing::{error, warn};

use super::assess::assess;
use crate::runtime::{context::Ctx, jitter, jittered};

/// A Lease is renewed so many times while it lasts.
const RENEWALS: u32 = 5;
/// Longest time for the removal of the Lease at the end.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);
/// The Lease of a replica that has been silent for this long is removed.
const REFUSE_AFTER: Duration = Duration::from_secs(600);

/// Why the Lease was not renewed.
#[derive(Debug, thiserror::Error)]
enum NotRenewed {
    /// The API server refused, or could not be asked.
    #[error(transparent)]
    Failed(#[from] kube::Error),
    /// No answer came in time.
    #[error("the API server did not answer in time")]
    NoAnswer,
    /// Another process has this replica's name.
    #[error("another process runs under this name")]
    Superseded,
}

/// Name of the Lease of a replica.
pub(crate) fn lease_name(replica: &str) -> String {
    format!("{}{replica}", names::LEASE_PREFIX)
}

/// Takes the Lease, and renews it for ever; returns once another process has taken it.
pub(crate) async fn keep(ctx: Ctx, api: Api<Lease>) {
    let lasts = ctx.replica.identity.lasts;
    let (every, limit) = (lasts / RENEWALS, lasts / 4);
    let mut ours = false;
    loop {
        let sent = Instant::now();
        let written = match timeout(limit, write(&ctx, &api, ours)).await {
            Ok(written) => written,
            Err(_) => Err(NotRenewed::NoAnswer),
        };
        let pause = match written {
            Ok(version) => {
                ours = true;
                ctx.metrics.renewal("done");
                ctx.replica.renewed(version, sent);
                assess(&ctx);
                remove_refuse(&ctx, &api);
                jittered(every)
            }
            Err(NotRenewed::Superseded) => {
                error!(replica = %ctx.replica.identity.name, "another process runs under the name of this one, which ends: give each replica a name of its own");
                ctx.replica.leave();
                ctx.replica.superseded.notify_one();
                return;
            }
            Err(not) => {
                ctx.metrics.renewal("failed");
                warn!(error = %not, "the Lease was not renewed, trying again");
                // What was not answered may have been done.
                every / 4 + Duration::from_millis(jitter() % 100)
            }
        };
        tokio::select! {
            biased;
            () = tokio::time::sleep(pause) => {}
            () = ctx.replica.renew.notified() => {}
        }
    }
}

/// One write: a renewal where the Lease is ours; else it is made, or taken from a former life of this replica. That one is
/// not waited for: what it may have left under way is fenced off by the next epoch.
async fn write(ctx: &Ctx, api: &Api<Lease>, ours: bool) -> Result<u64, NotRenewed> {
    let identity = &ctx.replica.identity;
    let name = lease_name(&identity.name);
    let now = ctx.clock.now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    if ours {
        let renewal = json!({"spec": {"renewTime": now}});
        match api.patch(&name, &params(), &Patch::Merge(&renewal)).await {
            Ok(lease) => {
                let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref());
                return if holder == Some(&identity.session) {
                    Ok(version(&lease))
                } else {
                    Err(NotRenewed::Superseded)
                };
            }
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => return Err(error.into()),
        }
    }
    let spec = json!({
        "holderIdentity": identity.session,
        "leaseDurationSeconds": identity.lasts.as_secs(),
        "acquireTime": now,
        "renewTime": now,
    });
    match api
        .create(
            &PostParams { field_manager: params().field_manager, ..PostParams::default() },
            &lease(&name, &spec)?,
        )
        .await
    {
        Ok(lease) => Ok(version(&lease)),
        Err(kube::Error::Api(status)) if status.code == 409 => {
            let taken = api.patch(&name, &params(), &Patch::Merge(&json!({"spec": spec}))).await?;
            Ok(version(&taken))
        }
        Err(error) => Err(error.into()),
    }
}

fn lease(name: &str, spec: &Value) -> Result<Lease, kube::Error> {
    let lease = json!({
        "metadata": {
            "name": name,
            "labels": {"app.kubernetes.io/part-of": "cyclades", "app.kubernetes.io/component": "operator"},
        },
        "spec": spec,
    });
    serde_json::from_value(lease).map_err(kube::Error::SerdeError)
}

/// Removes the Lease: the others take over at once.
pub(crate) async fn release(ctx: &Ctx, api: &Api<Lease>) {
    let name = lease_name(&ctx.replica.identity.name);
    match timeout(RELEASE_TIMEOUT, api.delete(&name, &DeleteParams::default())).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => warn!(%error, "the Lease could not be removed: others wait until it is over"),
        Err(_) => warn!("the Lease was not removed in time: others wait until it is over"),
    }
}

/// The leader removes the Leases of replicas that will not come back, and would make another one should they.
fn remove_refuse(ctx: &Ctx, api: &Api<Lease>) {
    if !ctx.replica.leads() {
        return;
    }
    for replica in ctx.replica.silent_for(REFUSE_AFTER.max(ctx.replica.identity.lasts * 10)) {
        let api = api.clone();
        ctx.replica.forget(&replica);
        tokio::task::spawn_local(async move {
            let name = lease_name(&replica);
            if let Ok(Err(error)) =
                timeout(RELEASE_TIMEOUT, api.delete(&name, &DeleteParams::default())).await
            {
                warn!(%replica, %error, "the Lease of a replica that is gone could not be removed");
            }
        });
    }
}

fn params() -> PatchParams {
    PatchParams { field_manager: Some(names::FIELD_MANAGER.to_owned()), ..PatchParams::default() }
}

fn version(lease: &Lease) -> u64 {
    lease.metadata.resource_version.as_deref().and_then(|version| version.parse().ok()).unwrap_or(0)
}
