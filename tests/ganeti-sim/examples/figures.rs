//! How fast the simulator is: creates a second over real connections, and queries of 10,000 instances.
//!
//! `cargo run --release -p ganeti-sim --example figures`

#![allow(clippy::print_stdout)] // figures are its output

use std::time::{Duration, Instant};

use ganeti_rapi::{
    Client, Config, ConfigRow, CreateInstance, Credentials, LiveRow, QueryRow, Resource, Submit, Trust,
};
use ganeti_sim::{InstanceSpec, Options, Sim};

const CREATES: usize = 5_000;
const CLIENTS: usize = 16;
const INSTANCES: usize = 10_000;
const QUERIES: usize = 20;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    creates().await?;
    queries().await
}

fn client(sim: &Sim) -> Outcome<Client> {
    let user = sim.write_credentials();
    let credentials = Credentials::new(user.username, user.password);
    Ok(Client::new(Config::new(
        [sim.url()],
        credentials,
        Trust::Pins(vec![sim.certificate_sha256().parse()?]),
    ))?)
}

/// Processor time of the simulator's own threads.
fn cpu() -> Outcome<Duration> {
    let mut ticks: u64 = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let stat = std::fs::read_to_string(task?.path().join("stat"))?;
        if let Some((_, rest)) = stat.rsplit_once(')').filter(|(head, _)| head.contains("ganeti-sim")) {
            let fields = rest.split_whitespace().skip(11).take(2);
            ticks += fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>();
        }
    }
    // 100 ticks a second on every Linux that Rust runs on.
    Ok(Duration::from_millis(ticks * 10))
}

async fn creates() -> Outcome<()> {
    let sim = Sim::start(Options { max_clients: 64, ..Options::default() })?;
    let (started, before) = (Instant::now(), cpu()?);
    let mut tasks = tokio::task::JoinSet::new();
    let rapi = client(&sim)?;
    for worker in 0..CLIENTS {
        let rapi = rapi.clone();
        tasks.spawn(async move {
            for number in 0..CREATES / CLIENTS {
                let mut create = CreateInstance::named(format!("web{number}.w{worker}.example.com"));
                create.disk_template = Some("diskless".to_owned());
                create.os_type = Some("noop".to_owned());
                create.osparams.insert("user_data".to_owned(), "x".repeat(1200).into());
                create.tags = vec!["cyclades:id:1".to_owned(), "cyclades:ns:bench".to_owned()];
                rapi.create_instance(&create, &Submit::because("cyclades/prod/0000000001/a/1/create"))
                    .await?;
            }
            Ok::<_, ganeti_rapi::Failure>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let wanted = CREATES / CLIENTS * CLIENTS;
    sim.wait_for("all instances", Duration::from_secs(60), |sim| sim.instance_count() == wanted).await?;
    let (took, used) = (started.elapsed(), cpu()? - before);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / wanted as f64;
    println!(
        "{wanted} creates in {took:.2?}: {:.0}/s, {:.0} us each; its own cpu {:.0} us each",
        wanted as f64 / took.as_secs_f64(),
        each(took),
        each(used)
    );
    Ok(())
}

async fn queries() -> Outcome<()> {
    let sim = Sim::start(Options::default())?;
    let started = Instant::now();
    sim.preload_instances(INSTANCES, |index| {
        let mut spec = InstanceSpec::small(format!("cyclades-{index}.example.com"));
        spec.tags =
            vec![format!("cyclades:id:{index}"), "cyclades:ns:bench".into(), "cyclades:cluster:one".into()];
        spec
    });
    println!("preload of {INSTANCES}: {:.2?}", started.elapsed());
    let rapi = client(&sim)?;
    timed(&rapi, "configuration", ConfigRow::FIELDS).await?;
    timed(&rapi, "live status", LiveRow::FIELDS).await?;
    let started = Instant::now();
    for _ in 0..QUERIES {
        rapi.jobs_above(0, &[]).await?;
    }
    println!("job feed: {:.2?} each", started.elapsed() / QUERIES as u32);
    Ok(())
}

async fn timed(rapi: &Client, what: &str, fields: &[&'static str]) -> Outcome<()> {
    let mut best = Duration::MAX;
    let mut total = Duration::ZERO;
    for _ in 0..QUERIES {
        let started = Instant::now();
        rapi.query_raw(Resource::Instance, fields, None).await?;
        let took = started.elapsed();
        best = best.min(took);
        total += took;
    }
    println!("{what} of {INSTANCES}: {:.2?} mean, {best:.2?} best", total / QUERIES as u32);
    Ok(())
}
