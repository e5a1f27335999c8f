//! `bench fleet`.

use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use cyclades_bed::{Programs, backend_name};
use cyclades_control_plane::Progress;
use serde_json::json;

use crate::{
    backend::Ganeti,
    campaign::Campaign,
    figures::{FLEET, Numbers},
    jobs::{self, SHUTDOWN},
    manifests,
    options::Common,
    phases::{patience, rest, throughput},
    sizes::{self, FLEET_CLUSTERS, Sizes},
    stand::Stand,
    writes::{Requests, float},
};

/// What a process still frees and reads after all is verified.
const SETTLE: Duration = Duration::from_secs(5);

/// Measures, and returns a table for people.
pub(crate) async fn run(options: &Common, progress: &dyn Progress) -> anyhow::Result<String> {
    let sizes = Sizes::of(options);
    let settings = json!({
        "polling": "the defaults of GanetiBackend",
        "ganeti_latency": "zero",
        "etcd_fsync": false,
        "clusters": FLEET_CLUSTERS,
        "machines": sizes.fleet,
        "rest_window_s": sizes.rest_window.as_secs(),
        "clients": sizes::CLIENTS,
    });
    let campaign = Campaign { name: "fleet", kinds: &FLEET, options, settings, progress };
    campaign.run(async |programs, _| measure(programs, &campaign).await).await
}

async fn measure(programs: &Programs, campaign: &Campaign<'_>) -> anyhow::Result<Numbers> {
    let (sizes, progress) = (campaign.sizes(), campaign.progress);
    let machines = sizes.fleet;
    let mut numbers = Numbers::default();
    let ganetis = (1..=FLEET_CLUSTERS).map(|number| Ganeti::start(&backend_name(number)));
    let mut stand = Stand::start(programs, ganetis.collect::<anyhow::Result<_>>()?, progress).await?;

    progress.step("Fill", &format!("{machines} machines on {FLEET_CLUSTERS} clusters"));
    stand.start_operator()?;
    stand.backends_ready().await?;
    let fill = throughput::measure(&stand, machines, "fleet", manifests::machine, progress).await?;
    progress.line(&format!("all are Ready at {:.0}/s", fill.per_second));
    numbers.set("fleet_fill_per_s", fill.per_second);
    numbers.set("fleet_fill_writes_per_vm", fill.writes_each);

    progress.step("Restart", "with a change that has waited for it");
    let restart = restart(&mut stand, machines).await?;
    progress.line(&format!(
        "listed after {:.2} s, verified after {:.2} s; the change's job {:.2} s after the list",
        restart.listed_s, restart.verified_s, restart.first_change_s
    ));
    tokio::time::sleep(SETTLE).await;
    numbers.set("fleet_restart_listed_s", restart.listed_s);
    numbers.set("fleet_restart_verified_s", restart.verified_s);
    numbers.set("fleet_first_change_s", restart.first_change_s);
    numbers.set("fleet_restart_peak_rss_mib", stand.operator()?.peak_mib()?);

    progress.step("Rest", &format!("for {} s", sizes.rest_window.as_secs()));
    let before = Requests::read(stand.control_plane()).await?;
    let rest = rest::measure(&stand, sizes.rest_window).await?;
    let writes = Requests::read(stand.control_plane()).await?.since(&before);
    progress.line(&format!(
        "{:.2} % CPU, {:.1} MiB, {:.0} requests/min; writes {writes}",
        rest.cpu_percent, rest.resident_mib, rest.rapi_per_min
    ));
    numbers.set("fleet_rest_cpu_percent", rest.cpu_percent);
    numbers.set("fleet_rest_rss_mib", rest.resident_mib);
    numbers.set("fleet_rest_rapi_per_min", rest.rapi_per_min);
    numbers.set("fleet_idle_writes", float(writes.ours));
    numbers.set("fleet_lease_writes", float(writes.leases));
    campaign.hold(&stand.describe()).await?;
    stand.stop().await?;
    Ok(numbers)
}

/// What a restart took, in seconds.
struct Restart {
    /// From the start until all machines were read.
    listed_s: f64,
    /// From the start until all were found in Ganeti.
    verified_s: f64,
    /// From the end of the list until the job of a change was accepted that had been waiting.
    first_change_s: f64,
}

async fn restart(stand: &mut Stand, machines: usize) -> anyhow::Result<Restart> {
    const CHANGED: &str = "fleet-0";
    stand.stop_operator().await?;
    stand.objects.patch(CHANGED, false, &json!({"spec": {"powerState": "Stopped"}})).await?;
    let begun = stand.start_operator()?;
    let listed = stand.listed(machines, patience(machines)).await?;
    let listed_at = SystemTime::now();
    let verified = stand.verified(machines, patience(machines)).await?;
    let accepted = first_job(stand).await?;
    let seconds = |moment: Instant| (moment - begun).as_secs_f64();
    Ok(Restart {
        listed_s: seconds(listed),
        verified_s: seconds(verified),
        first_change_s: accepted.duration_since(listed_at).unwrap_or_default().as_secs_f64(),
    })
}

/// When the job of the one change was accepted, on whichever cluster.
async fn first_job(stand: &Stand) -> anyhow::Result<SystemTime> {
    const LIMIT: Duration = Duration::from_secs(30);
    let deadline = Instant::now() + LIMIT;
    loop {
        for ganeti in &stand.ganetis {
            if let Some(at) = jobs::accepted(&ganeti.rapi, SHUTDOWN).await?.into_values().min() {
                return Ok(at);
            }
        }
        (Instant::now() < deadline).then_some(()).context("no cluster has a job for the change")?;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
