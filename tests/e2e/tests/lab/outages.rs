//! Bad days of a whole cluster: cause and cure stand in the backend's condition, and it heals without a restart.
//!
//! The cluster is these cases' own, one after the other.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::condition::Reason;
use cyclades_e2e::{Backend, LONG, Machine, SOON, Stage};
use ganeti_lab::{Cluster, Credentials};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard, RwLockReadGuard};

/// The cluster that these cases disturb.
const CLUSTER: usize = 3;
const BACKEND: &str = "ganeti-3";

static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// The cluster, healthy, for one case.
struct Day<'a> {
    _turn: MutexGuard<'static, ()>,
    stage: &'a Stage,
    backend: Backend<'a>,
    /// A machine from before, which nothing of this may touch.
    old: Machine<'a>,
    operator: Option<i32>,
}

impl<'a> Day<'a> {
    async fn begins(stage: &'a Stage, name: &str) -> Result<Self> {
        let turn = ONE_AT_A_TIME.lock().await;
        let backend = stage.backend(BACKEND);
        backend.ready(SOON).await.context("the day before left the backend ill")?;
        let space = stage.space(name).await?;
        let old = space.apply("old", json!({"backendName": BACKEND})).await?;
        old.ready(LONG).await?;
        let operator = stage.bed().await.operator_pid();
        Ok(Self { _turn: turn, stage, backend, old, operator })
    }

    async fn lab(&self) -> Result<RwLockReadGuard<'a, Cluster>> {
        let bed = self.stage.bed().await;
        ensure!(bed.cluster(CLUSTER)?.lab().is_some(), "cluster {CLUSTER} is no lab");
        RwLockReadGuard::try_map(bed, |bed| bed.cluster(CLUSTER).ok()?.lab()).ok().context("a lab")
    }

    /// A machine that is wanted in the middle of it waits, and says for what; the old one keeps what it said.
    async fn machines_wait(&self) -> Result<Machine<'a>> {
        let space = self.stage.space("waits").await?;
        let new = space.apply("new", json!({"backendName": BACKEND})).await?;
        let message = new.not_ready(Reason::BackendNotReady, SOON).await?;
        ensure!(message.contains(BACKEND) && message.contains("is not ready"), "{message}");
        self.old.ready(SOON).await.context("a machine that nothing happened to says something new")?;
        Ok(new)
    }

    /// All is well again, by itself.
    async fn ends(&self, new: &Machine<'_>) -> Result<()> {
        self.backend.ready(LONG).await?;
        new.ready(LONG).await?;
        self.old.ready(SOON).await?;
        ensure!(self.stage.bed().await.operator_pid() == self.operator, "the operator was restarted");
        Ok(())
    }
}

pub async fn a_drained_queue_is_told_and_waited_for(stage: &Stage) -> Result<()> {
    let day = Day::begins(stage, "drained").await?;
    day.lab().await?.drain_queue().await?;
    // Nothing tells that a queue is drained but a job that is refused.
    let space = stage.space("first").await?;
    let first = space.apply("first", json!({"backendName": BACKEND})).await?;
    let message = day.backend.not_ready(Reason::QueueDrained, SOON).await?;
    ensure!(message.contains("gnt-cluster queue undrain"), "the cure: {message}");
    let new = day.machines_wait().await?;
    day.lab().await?.undrain_queue().await?;
    day.ends(&new).await?;
    first.ready(LONG).await.map(drop)
}

pub async fn a_rapi_that_is_down_is_told_and_comes_back(stage: &Stage) -> Result<()> {
    let day = Day::begins(stage, "down").await?;
    day.lab().await?.stop_rapi().await?;
    let message = day.backend.not_ready(Reason::Unreachable, SOON).await?;
    ensure!(message.contains("https://") && message.contains("refused"), "cause: {message}");
    let new = day.machines_wait().await?;
    day.lab().await?.start_rapi().await?;
    day.ends(&new).await?;
    let events = day.backend.events().await?;
    let told = events.iter().filter(|event| event.reason == "Unreachable").count();
    ensure!(told == 1, "one event for the transition: {events:?}");
    Ok(())
}

/// `gnt-cluster renew-crypto`: the new peer gets nothing, and its pin heals it without a restart.
pub async fn a_renewed_certificate_is_not_trusted_until_it_is_pinned(stage: &Stage) -> Result<()> {
    let day = Day::begins(stage, "renewed").await?;
    let pin = {
        let lab = day.lab().await?;
        lab.renew_certificate().await?;
        lab.certificate_sha256()?
    };
    let message = day.backend.not_ready(Reason::UntrustedPeer, LONG).await?;
    ensure!(message.contains("nothing was sent to it"), "{message}");
    ensure!(
        message.to_lowercase().replace(':', "").contains(&pin),
        "it shows what to verify, {pin}: {message}"
    );
    ensure!(message.contains("spec.tls.pins"), "the cure: {message}");
    let new = day.machines_wait().await?;
    day.backend.also_trust(&pin).await?;
    day.ends(&new).await
}

/// A password that is wrong, then one that may only read, then the right one.
pub async fn credentials_are_told_and_corrected_in_the_secret(stage: &Stage) -> Result<()> {
    let day = Day::begins(stage, "secret").await?;
    let (writer, reader) = {
        let lab = day.lab().await?;
        (lab.write_credentials().clone(), lab.read_credentials().clone())
    };
    let set = async |who: &Credentials| {
        day.backend.set_credentials(&who.username, who.password.expose_secret()).await
    };
    day.backend.set_credentials(&writer.username, "not-the-password").await?;
    let message = day.backend.not_ready(Reason::CredentialsRefused, SOON).await?;
    ensure!(message.contains("correct the Secret"), "the cure: {message}");
    let new = day.machines_wait().await?;
    set(&reader).await?;
    let message = day.backend.not_ready(Reason::CredentialsReadOnly, SOON).await?;
    ensure!(
        message.contains("write") && message.contains("/var/lib/ganeti/rapi/users"),
        "the cure: {message}"
    );
    set(&writer).await?;
    day.ends(&new).await
}

/// `cyclades.io/forget`: the cluster never comes back, and nothing is sent to it any more. Machines that are deleted go, the
/// others say what became of them. Should it come back after all, its instances still run.
pub async fn a_cluster_that_is_forgotten_holds_nothing_and_is_left_alone(stage: &Stage) -> Result<()> {
    let day = Day::begins(stage, "forgotten").await?;
    let space = stage.space("gone").await?;
    let machine = space.apply("web", json!({"backendName": BACKEND})).await?;
    machine.ready(LONG).await?;
    let instance = machine.instance().await?;
    let before = stage.row(CLUSTER, &instance, "uuid,serial_no,status").await?;
    day.lab().await?.stop_rapi().await?;
    day.backend.not_ready(Reason::Unreachable, SOON).await?;
    machine.delete().await?;
    machine.not_ready(Reason::BackendNotReady, SOON).await?;
    let forget = |value: Value| json!({"metadata": {"annotations": {"cyclades.io/forget": value}}});
    day.backend.patch(&forget(json!("true"))).await?;
    machine.gone(SOON).await?;
    let message = day.old.stalled(Reason::BackendForgotten, SOON).await?;
    ensure!(message.contains("gone for good"), "{message}");

    day.lab().await?.start_rapi().await?;
    day.backend.patch(&forget(Value::Null)).await?;
    day.backend.ready(LONG).await?;
    day.old.ready(LONG).await?;
    day.backend.counts(0, &[&instance]).await.context("its instance is ours, and nobody declares it")?;
    ensure!(
        stage.row(CLUSTER, &instance, "uuid,serial_no,status").await? == before,
        "it was touched: {before:?}"
    );
    ensure!(stage.bed().await.operator_pid() == day.operator, "the operator was restarted");
    stage.gnt(CLUSTER, &["gnt-instance", "remove", "--force", &instance]).await.map(drop)
}
