//! A simulator and its client.

use std::time::Duration;

use ganeti_rapi::{Answer, Client, Config, CreateInstance, Credentials, Job, JobId, Trust};
use ganeti_sim::{Options, Runtime, Sim};

/// No wait takes longer.
pub const WITHIN: Duration = Duration::from_secs(20);

pub struct Bed {
    pub sim: Sim,
    pub client: Client,
}

impl Bed {
    pub fn up(options: Options) -> Self {
        let sim = Sim::start(Options { runtime: Runtime::Current, ..options }).unwrap();
        let client = client(&sim, sim.write_credentials());
        Self { sim, client }
    }

    /// Waits for the end of a job.
    pub async fn end(&self, submitted: Answer<JobId>) -> Job {
        let id = submitted.unwrap();
        let ended = |sim: &Sim| sim.job(id.0).is_some_and(|job| job.is_final());
        self.sim.wait_for(&format!("the end of job {id}"), WITHIN, ended).await.unwrap();
        self.client.job(id).await.unwrap().unwrap()
    }
}

pub fn client(sim: &Sim, credentials: ganeti_sim::Credentials) -> Client {
    let credentials = Credentials::new(credentials.username, credentials.password);
    let pin = sim.certificate_sha256().parse().unwrap();
    Client::new(Config::new([sim.url()], credentials, Trust::Pins(vec![pin]))).unwrap()
}

/// A diskless instance with 16 MiB.
pub fn small(name: &str) -> CreateInstance {
    let mut create = CreateInstance::named(name);
    create.disk_template = Some("diskless".to_owned());
    create.os_type = Some("noop".to_owned());
    create.beparams.insert("minmem".to_owned(), 16.into());
    create.beparams.insert("maxmem".to_owned(), 16.into());
    create
}
