//! Bad days of a cluster: its backend tells cause and cure, its machines wait and keep what they said, others do not
//! notice, few requests are made, and it recovers by itself.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::condition::Reason;
use cyclades_e2e::{LONG, Machine, Proxy, SOON, SimCluster, Space, Stage};
use ganeti_sim::{Access, Credentials, Fault, FaultKind, InstanceSpec, Matcher};
use secrecy::ExposeSecret as _;
use serde_json::json;

/// A cluster with a running machine, before the bad day.
struct Eve<'a> {
    space: Space<'a>,
    cluster: SimCluster<'a>,
    old: Machine<'a>,
}

impl<'a> Eve<'a> {
    async fn of(stage: &'a Stage, name: &str) -> Result<Self> {
        let (space, cluster) = (stage.space(name).await?, stage.sim(name).await?);
        let old = cluster.running(&space, "old").await?;
        Ok(Self { space, cluster, old })
    }

    /// A machine that is wanted now says that its backend is not ready, and why; what ran says what it said.
    async fn new_one_waits(&self, cause: &str) -> Result<Machine<'a>> {
        let version = self.old.object().await?.metadata.resource_version;
        let new = self.space.apply("new", self.cluster.here(json!({}))).await?;
        let message = new.not_ready(Reason::BackendNotReady, SOON).await?;
        ensure!(message.contains(self.cluster.backend.name()) && message.contains(cause), "{message}");
        let now = self.old.object().await?.metadata.resource_version;
        ensure!(now == version, "a machine that nothing happened to was written");
        Ok(new)
    }

    async fn ends(&self, new: &Machine<'_>) -> Result<()> {
        self.cluster.backend.ready(LONG).await?;
        new.ready(SOON).await?;
        self.old.ready(SOON).await?;
        ensure!(self.cluster.sim.instance_count() == 2, "{:?}", self.cluster.sim.instances());
        Ok(())
    }
}

/// Requests while `looks` of a second each go by, which the operator's own clock counts.
async fn requests_in(cluster: &SimCluster<'_>, seconds: u64) -> u64 {
    let before = cluster.sim.requests().total;
    // Nothing is waited for here: it is a rate that is measured.
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    cluster.sim.requests().total - before
}

pub async fn a_missing_secret_is_named_and_its_appearance_heals(stage: &Stage) -> Result<()> {
    let space = stage.space("nosecret").await?;
    let cluster = stage.undeclared_sim("nosecret", ganeti_sim::Options::default())?;
    stage.apply(&[cluster.manifest(json!({}))]).await?;
    let message = cluster.backend.not_ready(Reason::CredentialsMissing, SOON).await?;
    ensure!(
        message.contains(cluster.backend.name()) && message.contains("kubernetes.io/basic-auth"),
        "{message}"
    );
    let machine = space.apply("web", cluster.here(json!({}))).await?;
    let waits = machine.not_ready(Reason::BackendNotReady, SOON).await?;
    ensure!(waits.contains("Secret"), "the machine passes on the cause: {waits}");
    ensure!(cluster.sim.requests().total == 0, "RAPI was asked without credentials");
    stage.apply(&[cluster.secret()]).await?;
    cluster.backend.ready(SOON).await?;
    machine.ready(SOON).await.map(drop)
}

pub async fn a_wrong_password_is_told_and_hardly_tried(stage: &Stage) -> Result<()> {
    let eve = Eve::of(stage, "password").await?;
    let user = eve.cluster.sim.write_credentials();
    let other = Credentials { username: user.username.clone(), password: "changed".to_owned().into() };
    eve.cluster.sim.set_password(other, Access::Write);
    let message = eve.cluster.backend.not_ready(Reason::CredentialsRefused, SOON).await?;
    ensure!(message.contains("correct the Secret"), "the cure: {message}");
    let new = eve.new_one_waits("refused the user name or password").await?;
    let rate = requests_in(&eve.cluster, 6).await;
    ensure!(rate <= 12, "{rate} requests in 6 s with a password that is known to be wrong");
    eve.cluster.backend.set_credentials(&user.username, "changed").await?;
    eve.ends(&new).await
}

pub async fn a_user_who_may_only_read_is_told(stage: &Stage) -> Result<()> {
    let space = stage.space("reader").await?;
    let cluster = stage.undeclared_sim("reader", ganeti_sim::Options::default())?;
    let (reader, writer) = (cluster.sim.read_credentials(), cluster.sim.write_credentials());
    let set = async |who: &Credentials| {
        cluster.backend.set_credentials(&who.username, who.password.expose_secret()).await
    };
    set(&reader).await?;
    stage.apply(&[cluster.manifest(json!({}))]).await?;
    let message = cluster.backend.not_ready(Reason::CredentialsReadOnly, SOON).await?;
    ensure!(message.contains("option write"), "the cure: {message}");
    let machine = space.apply("web", cluster.here(json!({}))).await?;
    machine.not_ready(Reason::BackendNotReady, SOON).await?;
    set(&writer).await?;
    cluster.backend.ready(SOON).await?;
    machine.ready(SOON).await.map(drop)
}

/// The wrong pin from the start, and a certificate that is renewed later: not one request arrives there.
pub async fn an_unknown_peer_gets_nothing(stage: &Stage) -> Result<()> {
    let eve = Eve::of(stage, "peer").await?;
    eve.cluster.sim.renew_certificate()?;
    let message = eve.cluster.backend.not_ready(Reason::UntrustedPeer, SOON).await?;
    let pin = eve.cluster.sim.certificate_sha256();
    ensure!(message.to_lowercase().replace(':', "").contains(&pin), "it shows what it saw, {pin}: {message}");
    let new = eve.new_one_waits("not trusted").await?;
    let asked = requests_in(&eve.cluster, 4).await;
    ensure!(asked == 0, "{asked} requests to a peer that nobody verified");
    eve.cluster.backend.also_trust(&pin).await?;
    eve.ends(&new).await?;

    let wrong = stage.undeclared_sim("wrongpin", ganeti_sim::Options::default())?;
    wrong.declare(json!({"tls": {"pins": ["0".repeat(64)]}})).await?;
    wrong.backend.not_ready(Reason::UntrustedPeer, SOON).await?;
    ensure!(wrong.sim.requests().total == 0, "something was sent");
    Ok(())
}

pub async fn a_rapi_that_is_down_is_waited_for_and_others_do_not_notice(stage: &Stage) -> Result<()> {
    let eve = Eve::of(stage, "down").await?;
    let down = eve.cluster.sim.add_fault(Fault::always(FaultKind::Refuse));
    let message = eve.cluster.backend.not_ready(Reason::Unreachable, SOON).await?;
    ensure!(message.contains(&eve.cluster.sim.url()), "{message}");
    let new = eve.new_one_waits("No endpoint answers").await?;
    let (space, other) = (stage.space("others").await?, stage.sim("others").await?);
    other.running(&space, "web").await?;
    let events = eve.cluster.backend.events().await?;
    let told = events.iter().filter(|event| event.reason == "Unreachable").count();
    ensure!(told == 1, "told once: {events:?}");
    eve.cluster.sim.remove_fault(down);
    eve.ends(&new).await
}

/// A cluster that cannot be reached is tried ever less often.
pub async fn who_is_not_there_is_hardly_tried(stage: &Stage) -> Result<()> {
    // A line that leads nowhere: each try is a connection that ends at once.
    let line = Proxy::to("127.0.0.1:1").await?;
    let cluster = stage.undeclared_sim("nowhere", ganeti_sim::Options::default())?;
    cluster.declare(json!({"endpoints": [line.url()]})).await?;
    cluster.backend.not_ready(Reason::Unreachable, SOON).await?;
    // Nothing is waited for here: it is a rate that is measured.
    tokio::time::sleep(Duration::from_secs(12)).await;
    ensure!((2..=10).contains(&line.connections()), "{} tries in 12 s", line.connections());
    let events = cluster.backend.events().await?;
    let told: Vec<_> = events.iter().filter(|event| event.reason == "Unreachable").collect();
    ensure!(told.len() == 1 && told[0].times == 1, "told once: {events:?}");
    cluster.backend.patch(&json!({"spec": {"endpoints": [cluster.sim.url()]}})).await?;
    cluster.backend.ready(Duration::from_secs(10)).await?;
    Ok(())
}

/// A cluster that takes requests and never answers holds up nobody else.
pub async fn a_cluster_that_hangs_holds_up_no_other(stage: &Stage) -> Result<()> {
    let (space, sick) = (stage.space("sick").await?, stage.sim("sick").await?);
    let hang = sick.sim.add_fault(Fault::always(FaultKind::Hang(Duration::from_secs(300))));
    for number in 0..3 {
        space.apply(&format!("sick-{number}"), sick.here(json!({}))).await?;
    }
    let healthy = stage.sim("healthy").await?;
    for number in 0..5 {
        let machine = space.apply(&format!("healthy-{number}"), healthy.here(json!({}))).await?;
        machine.ready(Duration::from_secs(10)).await?;
    }
    sick.sim.remove_fault(hang);
    Ok(())
}

pub async fn a_drained_queue_is_told_and_waited_for(stage: &Stage) -> Result<()> {
    let eve = Eve::of(stage, "drained").await?;
    eve.cluster.sim.drain_queue(true);
    let first = eve.space.apply("first", eve.cluster.here(json!({}))).await?;
    let message = eve.cluster.backend.not_ready(Reason::QueueDrained, SOON).await?;
    ensure!(message.contains("gnt-cluster queue undrain"), "the cure: {message}");
    first.not_ready(Reason::BackendNotReady, SOON).await?;
    let rate = requests_in(&eve.cluster, 6).await;
    ensure!(rate <= 30, "{rate} requests in 6 s to a drained queue");
    eve.cluster.sim.drain_queue(false);
    eve.ends(&first).await
}

/// Another cluster at the same address: no change is made there.
pub async fn another_cluster_at_the_same_address_is_left_alone(stage: &Stage) -> Result<()> {
    let eve = Eve::of(stage, "uuid").await?;
    let uuid = eve.cluster.sim.uuid();
    eve.cluster.sim.set_uuid("11111111-2222-4333-8444-555555555555");
    let message = eve.cluster.backend.not_ready(Reason::ClusterChanged, SOON).await?;
    ensure!(message.contains(&uuid) && message.contains("11111111-2222-4333-8444-555555555555"), "{message}");
    ensure!(message.contains("Correct the endpoints"), "the cure: {message}");
    let (jobs, before) = (eve.cluster.sim.last_job(), eve.cluster.sim.instances());
    let new = eve.new_one_waits("bound to cluster").await?;
    eve.old.power("Stopped").await?;
    requests_in(&eve.cluster, 3).await;
    ensure!(eve.cluster.sim.last_job() == jobs && eve.cluster.sim.instances() == before, "it was changed");
    eve.old.power("Running").await?;
    eve.cluster.sim.set_uuid(&uuid);
    eve.ends(&new).await
}

/// The claim of another life of this installation: nothing is changed until it is said that this is a recovery.
pub async fn the_claim_of_another_incarnation_is_respected_until_taken_over(stage: &Stage) -> Result<()> {
    const FORMER: &str = "0a0a0a0a-1b1b-4c2c-8d3d-4e4e4e4e4e4e";
    let space = stage.space("claim").await?;
    let cluster = stage.undeclared_sim("claim", ganeti_sim::Options::default())?;
    let claim = format!("cyclades:claim:cyclades-:bed:{FORMER}");
    // An instance of that former life, whose manifest is applied again.
    let id = uuid::Uuid::new_v4();
    let instance = format!("cyclades-{id}");
    let tags = ["cyclades:id:", "cyclades:ns:x", "cyclades:name:web", "cyclades:cluster:bed"];
    let tags = tags.map(|tag| if tag.ends_with("id:") { format!("{tag}{id}") } else { tag.to_owned() });
    cluster.sim.add_foreign_instance(InstanceSpec { tags: tags.to_vec(), ..InstanceSpec::small(&instance) });
    let job = cluster.sim.admin_tags("cluster", None, std::slice::from_ref(&claim), false)?;
    cluster.until("the claim is there", SOON, |sim| sim.job(job).is_some_and(|job| job.is_final())).await?;

    // Manifests are applied in any order: what the machine says of its backend is what is so now.
    let machine = space.apply("web", cluster.here(json!({"id": id.to_string()}))).await?;
    machine.not_ready(Reason::BackendNotFound, SOON).await?;
    cluster.declare(json!({})).await?;
    let message = cluster.backend.not_ready(Reason::ClaimedByAnother, SOON).await?;
    ensure!(message.contains(FORMER) && message.contains("spec.takeOverFrom"), "cause and cure: {message}");
    let message = machine.not_ready(Reason::BackendNotReady, SOON).await?;
    ensure!(message.contains(FORMER), "{message}");
    ensure!(cluster.sim.last_job() == job, "a job was made: {:?}", cluster.sim.jobs_above(job));
    ensure!(cluster.sim.cluster_tags() == [claim.clone()], "{:?}", cluster.sim.cluster_tags());

    let before = cluster.sim.instance(&instance).context("the instance")?;
    cluster.backend.patch(&json!({"spec": {"takeOverFrom": FORMER}})).await?;
    cluster.backend.ready(SOON).await?;
    machine.ready(SOON).await?;
    let tags = cluster.sim.cluster_tags();
    ensure!(tags.len() == 1 && tags[0] != claim, "one claim, ours: {tags:?}");
    let after = cluster.sim.instance(&instance).context("the instance")?;
    ensure!((after.uuid, after.serial_no) == (before.uuid, before.serial_no), "it was touched, or made anew");
    Ok(())
}

pub async fn two_backends_that_lead_to_one_cluster_do_not_fight(stage: &Stage) -> Result<()> {
    let eve = Eve::of(stage, "one").await?;
    let mut second = eve.cluster.manifest(json!({"instanceNamePrefix": "other-"}));
    let name = format!("{}-again", eve.cluster.backend.name());
    second["metadata"]["name"] = json!(name);
    stage.apply(&[second]).await?;
    let message = stage.backend(&name).not_ready(Reason::ClusterBoundElsewhere, SOON).await?;
    ensure!(message.contains(eve.cluster.backend.name()), "{message}");
    eve.cluster.polls(3).await?;
    eve.cluster.backend.ready(SOON).await?;
    eve.old.ready(SOON).await?;
    stage.kubectl(&["delete", "ganetibackend", &name, "--timeout=20s"]).await.map(drop)
}

/// An empty inventory, half of it, all of it twice: nothing is created, nothing is deleted, nothing is written about
/// machines, until readings agree.
pub async fn an_inventory_that_cannot_be_is_not_believed(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("empty").await?, stage.sim("empty").await?);
    let manifests: Vec<_> = (0..12)
        .map(|n| space.manifest(&format!("vm-{n}"), cluster.here(json!({"onMissing": "Recreate"}))))
        .collect();
    stage.apply(&manifests).await?;
    for number in 0..12 {
        space.machine(&format!("vm-{number}")).ready(SOON).await?;
    }
    let (jobs, before) = (cluster.sim.last_job(), cluster.sim.instances());
    for kind in [FaultKind::EmptyList, FaultKind::HalfOfRows, FaultKind::DuplicatedRows] {
        let matcher = Matcher { path_prefix: Some("/2/query/instance".to_owned()), ..Matcher::default() };
        let fault = cluster.sim.add_fault(Fault { kind: kind.clone(), matcher, times: None });
        let message = cluster.backend.not_ready(Reason::InventoryImplausible, SOON).await;
        let message = message.with_context(|| format!("{kind:?}"))?;
        ensure!(message.contains("Nothing is created or deleted"), "{message}");
        requests_in(&cluster, 3).await;
        cluster.sim.remove_fault(fault);
        cluster.backend.ready(LONG).await.with_context(|| format!("after {kind:?}"))?;
    }
    cluster.polls(2).await?;
    ensure!(cluster.sim.last_job() == jobs, "jobs were made: {:?}", cluster.sim.jobs_above(jobs));
    ensure!(cluster.sim.instances() == before, "instances changed");
    for number in 0..12 {
        space.machine(&format!("vm-{number}")).ready(SOON).await?;
    }
    Ok(())
}

/// Answers that end in the middle are no inventory either.
pub async fn answers_that_are_cut_off_are_not_believed(stage: &Stage) -> Result<()> {
    let eve = Eve::of(stage, "cutoff").await?;
    let (jobs, before) = (eve.cluster.sim.last_job(), eve.cluster.sim.instances());
    let fault = eve.cluster.sim.add_fault(Fault::always(FaultKind::Truncate(20)));
    eve.cluster.backend.says_not_ready(SOON).await?;
    eve.cluster.sim.remove_fault(fault);
    eve.cluster.backend.ready(LONG).await?;
    ensure!(
        eve.cluster.sim.last_job() == jobs && eve.cluster.sim.instances() == before,
        "something was done"
    );
    eve.old.ready(SOON).await.map(drop)
}

/// A node that does not answer makes nobody's power known, and nothing is switched in the dark.
pub async fn a_node_that_does_not_answer_leaves_power_unknown(stage: &Stage) -> Result<()> {
    let eve = Eve::of(stage, "node").await?;
    let node = eve.cluster.sim.instances()[0].node.clone();
    let jobs = eve.cluster.sim.last_job();
    eve.cluster.sim.node_unreachable(&node, true)?;
    let message = eve.old.not_ready(Reason::NodeUnknown, SOON).await?;
    ensure!(message.contains(&node), "{message}");
    eve.cluster.polls(3).await?;
    ensure!(eve.cluster.sim.last_job() == jobs, "jobs were made: {:?}", eve.cluster.sim.jobs_above(jobs));
    eve.cluster.sim.node_unreachable(&node, false)?;
    eve.old.ready(SOON).await.map(drop)
}

/// `offline: true` means no request at all.
pub async fn an_offline_backend_is_not_asked_anything(stage: &Stage) -> Result<()> {
    let eve = Eve::of(stage, "offline").await?;
    eve.cluster.backend.patch(&json!({"spec": {"offline": true}})).await?;
    let message = eve.cluster.backend.not_ready(Reason::BackendOffline, SOON).await?;
    ensure!(message.contains("spec.offline"), "{message}");
    let asked = requests_in(&eve.cluster, 3).await;
    ensure!(asked == 0, "{asked} requests");
    let new = eve.space.apply("new", eve.cluster.here(json!({}))).await?;
    new.not_ready(Reason::BackendOffline, SOON).await?;
    eve.cluster.backend.patch(&json!({"spec": {"offline": false}})).await?;
    eve.ends(&new).await
}
