//! `bench actions`.

use cyclades_bed::{ClusterKind, Programs, backend_name};
use cyclades_control_plane::Progress;
use serde_json::json;

use crate::{
    backend::Ganeti,
    campaign::Campaign,
    figures::{ACTIONS, Numbers},
    manifests,
    options::Common,
    pace::Dice,
    phases::{drift, neighbour, power, throughput},
    sizes::{self, Sizes},
    stand::Stand,
};

/// Measures, and returns a table for people.
pub(crate) async fn run(options: &Common, progress: &dyn Progress) -> anyhow::Result<String> {
    let sizes = Sizes::of(options);
    let settings = json!({
        "polling": "the defaults of GanetiBackend",
        "ganeti_latency": "zero",
        "etcd_fsync": false,
        "idle_gap_ms": [sizes::IDLE_GAP.0.as_millis() as u64, sizes::IDLE_GAP.1.as_millis() as u64],
        "machines_stopped_and_started": sizes.power,
        "changes_in_ganeti": sizes.drift,
        "creates_beside_a_hung_cluster": sizes.idle,
    });
    let campaign = Campaign { name: "actions", kinds: &ACTIONS, options, settings, progress };
    campaign
        .run(async |programs, number| {
            let dice = Dice::seeded(number);
            let mut bench = Bench { programs, campaign: &campaign, dice, numbers: Numbers::default() };
            bench.power_and_drift().await?;
            bench.neighbour().await?;
            Ok(bench.numbers)
        })
        .await
}

/// One run.
struct Bench<'a> {
    programs: &'a Programs,
    campaign: &'a Campaign<'a>,
    dice: Dice,
    numbers: Numbers,
}

impl Bench<'_> {
    async fn power_and_drift(&mut self) -> anyhow::Result<()> {
        let progress = self.campaign.progress;
        let sizes = self.campaign.sizes();
        let clusters = vec![Ganeti::start(manifests::BACKEND)?];
        let mut stand = Stand::start(self.programs, clusters, progress).await?;

        progress.step("Floor", "one job for each change, by a bare client");
        let floor = power::floor(&stand.bare, sizes.power, &mut self.dice).await?;
        progress.line(&format!("floor before: {}", floor.line()));

        progress.step("Stop and start", "from the answer to the change to the accepted job");
        stand.start_operator()?;
        stand.backends_ready().await?;
        throughput::measure(&stand, sizes.power, "power", manifests::machine, progress).await?;
        let power = power::measure(&stand, sizes.power, &mut self.dice).await?;
        progress.line(&format!("{}; writes {}", power.accepted.line(), power.writes));

        progress.step("Drift", "changes made in Ganeti until they show");
        let drift = drift::measure(&stand, sizes.drift, &mut self.dice).await?;
        progress.line(&drift.line());

        stand.stop_operator().await?;
        let again = power::floor(&stand.bare, sizes.power, &mut self.dice).await?;
        progress.line(&format!("floor after: {}", again.line()));
        let floor = floor.with(again);

        self.numbers.set("power_floor_p50_ms", floor.percentile_ms(50));
        self.numbers.set("power_floor_p99_ms", floor.percentile_ms(99));
        self.numbers.set("power_to_job_p50_ms", power.accepted.percentile_ms(50));
        self.numbers.set("power_to_job_p99_ms", power.accepted.percentile_ms(99));
        self.numbers.set("power_writes_per_action", power.writes_each);
        self.numbers.set("drift_shown_p50_s", drift.percentile_ms(50) / 1e3);
        self.numbers.set("drift_shown_max_s", drift.percentile_ms(100) / 1e3);
        self.campaign.hold(&stand.describe()).await?;
        stand.stop().await
    }

    async fn neighbour(&mut self) -> anyhow::Result<()> {
        let progress = self.campaign.progress;
        let creates = self.campaign.sizes().idle;
        progress.step("A neighbour that hangs", "what it costs a cluster that does not");
        let clusters = vec![ClusterKind::SimProcess];
        let ganetis = async |bed: &cyclades_bed::Bed| {
            let neighbour = Ganeti::elsewhere(&backend_name(2), bed.cluster(1)?.access()?)?;
            Ok(vec![Ganeti::start(manifests::BACKEND)?, neighbour])
        };
        let mut stand = Stand::with_bed(self.programs, clusters, ganetis, progress).await?;
        stand.start_operator()?;
        stand.backends_ready().await?;
        let neighbour = neighbour::measure(&mut stand, creates, &mut self.dice).await?;
        progress.line(&format!("alone: {}", neighbour.alone.line()));
        progress.line(&format!("beside one that hangs: {}", neighbour.beside.line()));
        self.numbers.set("alone_p50_ms", neighbour.alone.percentile_ms(50));
        self.numbers.set("alone_p99_ms", neighbour.alone.percentile_ms(99));
        self.numbers.set("beside_hung_p50_ms", neighbour.beside.percentile_ms(50));
        self.numbers.set("beside_hung_p99_ms", neighbour.beside.percentile_ms(99));
        self.campaign.hold(&stand.describe()).await?;
        stand.stop().await
    }
}
