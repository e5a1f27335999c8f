//! `bench apply`.

use std::time::Duration;

use cyclades_bed::Programs;
use cyclades_control_plane::Progress;
use serde_json::{Value, json};

use crate::{
    backend::{CONNECTIONS, Ganeti, JOBS_IN_FLIGHT},
    campaign::Campaign,
    figures::{APPLY, Numbers},
    manifests::{self, BACKEND},
    options::{Apply, Part},
    pace::Dice,
    phases::{ceiling, floor, latency, rest, restart, throughput},
    samples::median,
    sizes::{self, Sizes},
    stand::Stand,
    writes::{Requests, float},
};

/// Measures, and returns a table for people.
pub(crate) async fn run(options: &Apply, progress: &dyn Progress) -> anyhow::Result<String> {
    let sizes = Sizes::of(&options.common);
    let campaign = Campaign {
        name: "apply",
        kinds: &APPLY,
        options: &options.common,
        settings: settings(&sizes),
        progress,
    };
    campaign
        .run(async |programs, number| {
            let mut bench =
                Bench { options, sizes, programs, campaign: &campaign, numbers: Numbers::default() };
            bench.run(number).await?;
            Ok(bench.numbers)
        })
        .await
}

fn settings(sizes: &Sizes) -> Value {
    json!({
        "jobs_in_flight": JOBS_IN_FLIGHT,
        "connections": CONNECTIONS,
        "polling": "the defaults of GanetiBackend",
        "ganeti_latency": "zero",
        "etcd_fsync": false,
        "clients": sizes::CLIENTS,
        "idle_gap_ms": [sizes::IDLE_GAP.0.as_millis() as u64, sizes::IDLE_GAP.1.as_millis() as u64],
        "loaded_creates_per_s": sizes::LOADED_PER_SECOND,
        "machines_idle": sizes.idle,
        "machines_loaded": sizes.loaded,
        "machines_burst": sizes.burst,
        "machines_at_rest": sizes.rest,
        "user_data_bytes_at_rest": sizes::USER_DATA_BYTES,
        "rest_window_s": sizes.rest_window.as_secs(),
    })
}

/// One run.
struct Bench<'a> {
    options: &'a Apply,
    sizes: Sizes,
    programs: &'a Programs,
    campaign: &'a Campaign<'a>,
    numbers: Numbers,
}

impl Bench<'_> {
    async fn run(&mut self, seed: u64) -> anyhow::Result<()> {
        if self.options.wants(Part::Create) {
            let mut stand =
                Stand::start(self.programs, vec![Ganeti::start(BACKEND)?], self.campaign.progress).await?;
            self.create(&mut stand, &mut Dice::seeded(seed)).await?;
            self.end(stand).await?;
        }
        if self.options.wants(Part::Rest) {
            let mut stand =
                Stand::start(self.programs, vec![Ganeti::start(BACKEND)?], self.campaign.progress).await?;
            self.rest(&mut stand).await?;
            self.end(stand).await?;
        }
        Ok(())
    }

    async fn end(&self, stand: Stand) -> anyhow::Result<()> {
        self.campaign.hold(&stand.describe()).await?;
        stand.stop().await
    }

    fn say(&self, text: &str) {
        self.campaign.progress.line(text);
    }

    /// Floor and ceiling are measured before and after the operator: a young API server is not as quick as an old one.
    async fn create(&mut self, stand: &mut Stand, dice: &mut Dice) -> anyhow::Result<()> {
        let sizes = self.sizes;
        self.campaign.progress.step("Floor and ceiling", "what the bed gives a bare client");
        let floor = floor::measure(&stand.bare, sizes.idle, dice).await?;
        self.say(&format!("floor before: {}", floor.accepted.line()));
        let before = ceiling::measure(&stand.bare, sizes.burst).await?;
        self.say(&format!("ceiling before: {before:.0} machines/s"));

        self.campaign.progress.step("Latency", "from the answer to the create to the accepted job");
        stand.start_operator()?;
        stand.backends_ready().await?;
        let idle = latency::idle(stand, sizes.idle, dice).await?;
        self.say(&format!("idle: {}", idle.line()));
        let loaded = latency::loaded(stand, sizes.loaded, dice).await?;
        self.say(&format!("loaded: {}", loaded.line()));
        self.throughput(stand).await?;
        stand.stop_operator().await?;

        self.campaign.progress.step("Floor and ceiling again", "");
        let after = ceiling::measure(&stand.bare, sizes.burst).await?;
        self.say(&format!("ceiling after: {after:.0} machines/s"));
        let again = floor::measure(&stand.bare, sizes.idle, dice).await?;
        self.say(&format!("floor after: {}", again.accepted.line()));
        let floor = floor.with(again);

        let numbers = &mut self.numbers;
        numbers.set("floor_p50_ms", floor.accepted.percentile_ms(50));
        numbers.set("floor_p99_ms", floor.accepted.percentile_ms(99));
        numbers.set("floor_answered_p50_ms", floor.answered.percentile_ms(50));
        numbers.set("floor_answered_p99_ms", floor.answered.percentile_ms(99));
        numbers.set("ceiling_creates_per_s", f64::midpoint(before, after));
        numbers.set("ceiling_before_per_s", before);
        numbers.set("ceiling_after_per_s", after);
        numbers.set("apply_to_job_p50_ms", idle.percentile_ms(50));
        numbers.set("apply_to_job_p99_ms", idle.percentile_ms(99));
        numbers.set("loaded_apply_to_job_p50_ms", loaded.percentile_ms(50));
        numbers.set("loaded_apply_to_job_p99_ms", loaded.percentile_ms(99));
        Ok(())
    }

    async fn throughput(&mut self, stand: &Stand) -> anyhow::Result<()> {
        self.campaign.progress.step("Throughput", "machines per second until Ready");
        let burst =
            throughput::measure(stand, self.sizes.burst, "burst", manifests::machine, self.campaign.progress)
                .await?;
        self.say(&format!(
            "{:.0} machines/s, operator {:.2} ms of CPU and {:.3} writes each; writes {}",
            burst.per_second, burst.cpu_ms, burst.writes_each, burst.writes
        ));
        self.numbers.set("creates_per_s", burst.per_second);
        self.numbers.set("operator_cpu_ms_per_vm", burst.cpu_ms);
        self.numbers.set("operator_writes_per_vm", burst.writes_each);
        self.numbers.set("event_writes_during_creates", float(burst.writes.events));
        self.numbers.set("lease_writes_during_creates", float(burst.writes.leases));
        Ok(())
    }

    async fn rest(&mut self, stand: &mut Stand) -> anyhow::Result<()> {
        let machines = self.sizes.rest;
        self.campaign.progress.step("Rest", &format!("{machines} machines with user data"));
        stand.start_operator()?;
        stand.backends_ready().await?;
        let empty = rest::measure(stand, self.sizes.rest_window / 2).await?;
        self.say(&format!(
            "with none: {:.1} MiB, {:.0} requests/min",
            empty.resident_mib, empty.rapi_per_min
        ));
        let manifest = manifests::machine_with_user_data;
        let fill = throughput::measure(stand, machines, "rest", manifest, self.campaign.progress).await?;
        let grown = stand.operator()?.resident_mib()?;
        self.say(&format!("{machines} are Ready at {:.0}/s; operator {grown:.1} MiB", fill.per_second));
        self.numbers.set("rest_rapi_per_min_empty", empty.rapi_per_min);
        self.numbers.set("rest_rss_empty_mib", empty.resident_mib);
        self.numbers.set("rest_rss_after_creates_mib", grown);
        self.numbers.set("fill_creates_per_s", fill.per_second);
        self.numbers.set("fill_cpu_ms_per_vm", fill.cpu_ms);
        self.numbers.set("fill_writes_per_vm", fill.writes_each);
        self.restarts(stand).await
    }

    async fn restarts(&mut self, stand: &mut Stand) -> anyhow::Result<()> {
        let before = Requests::read(stand.control_plane()).await?;
        let mut restarts = Vec::new();
        for _ in 0..self.sizes.restarts {
            let restart = restart::measure(stand, self.sizes.rest).await?;
            self.say(&format!("restart: {:.2} s, peak {:.1} MiB", restart.verified_s, restart.peak_mib));
            restarts.push(restart);
        }
        let cool_down = Duration::from_secs(5);
        tokio::time::sleep(cool_down).await;
        let rest = rest::measure(stand, self.sizes.rest_window).await?;
        let writes = Requests::read(stand.control_plane()).await?.since(&before);
        self.say(&format!(
            "at rest: {:.2} % CPU, {:.1} MiB, {:.0} requests/min; writes {writes}",
            rest.cpu_percent, rest.resident_mib, rest.rapi_per_min
        ));
        self.numbers.set("restart_verified_s", median(restarts.iter().map(|restart| restart.verified_s)));
        self.numbers.set("restart_peak_rss_mib", median(restarts.iter().map(|restart| restart.peak_mib)));
        self.numbers.set("rest_cpu_percent", rest.cpu_percent);
        self.numbers.set("rest_rss_mib", rest.resident_mib);
        self.numbers.set("rest_rapi_per_min", rest.rapi_per_min);
        self.numbers.set("idle_writes", float(writes.ours));
        self.numbers.set("idle_event_writes", float(writes.events));
        self.numbers.set("idle_lease_writes", float(writes.leases));
        Ok(())
    }
}
