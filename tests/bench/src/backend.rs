//! The Ganeti cluster: simulated, without latency, in a thread of this process, so that nothing it costs is counted as the
//! operator's.

use anyhow::Context as _;
use cyclades_bed::NAMESPACE;
use cyclades_crds::names::{CREDENTIALS_SECRET_TYPE, GROUP, VERSION};
use ganeti_rapi::{Client, Config, CreateInstance, Credentials, Trust};
use ganeti_sim::{OsSpec, Sim};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::manifests::{BACKEND, MEMORY_MIB, OS, PREFIX, USER_DATA_PARAMETER, VCPUS};

/// Unfinished jobs at a time: as many as the kind allows, since a cluster without latency can take them.
pub(crate) const JOBS_IN_FLIGHT: u32 = 1000;
/// Connections at a time: as many as the kind allows.
pub(crate) const CONNECTIONS: u32 = 64;

/// A simulated cluster and a client of it.
pub(crate) struct Ganeti {
    sim: Sim,
    /// A client with the right to write.
    pub(crate) rapi: Client,
}

impl Ganeti {
    /// Starts one.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let options = ganeti_sim::Options {
            os: vec![OsSpec::new(OS, &[USER_DATA_PARAMETER])],
            // One more than the operator may use, for our own questions.
            max_clients: CONNECTIONS as usize + 1,
            ..ganeti_sim::Options::default()
        };
        let sim = Sim::start(options).context("the simulated Ganeti does not start")?;
        let pin = sim.certificate_sha256().parse()?;
        let user = sim.write_credentials();
        let credentials = Credentials::new(user.username.clone(), user.password.clone());
        let rapi = Client::new(Config::new([sim.url()], credentials, Trust::Pins(vec![pin])))?;
        Ok(Self { sim, rapi })
    }

    /// Requests that it has answered since its start.
    pub(crate) fn requests(&self) -> u64 {
        self.sim.requests().total
    }

    /// The Secret with its credentials and the GanetiBackend, with their paths.
    pub(crate) fn manifests(&self) -> [(String, Value); 2] {
        let user = self.sim.write_credentials();
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": BACKEND, "namespace": NAMESPACE},
            "type": CREDENTIALS_SECRET_TYPE,
            "stringData": {"username": user.username, "password": user.password.expose_secret()},
        });
        let backend = json!({
            "apiVersion": format!("{GROUP}/{VERSION}"),
            "kind": "GanetiBackend",
            "metadata": {"name": BACKEND},
            "spec": {
                "endpoints": [self.sim.url()],
                "credentialsSecretRef": {"name": BACKEND},
                "tls": {"pins": [self.sim.certificate_sha256()]},
                "instanceNamePrefix": PREFIX,
                "limits": {"jobsInFlight": JOBS_IN_FLIGHT, "connections": CONNECTIONS, "vcpusPerCpu": 1000},
            },
        });
        [
            (format!("/api/v1/namespaces/{NAMESPACE}/secrets"), secret),
            (format!("/apis/{GROUP}/{VERSION}/ganetibackends"), backend),
        ]
    }
}

/// The instance of a machine, as the operator orders it.
pub(crate) fn instance(uid: &str, name: &str) -> CreateInstance {
    let mut create = CreateInstance::named(format!("{PREFIX}{uid}"));
    create.disk_template = Some("diskless".to_owned());
    create.os_type = Some(OS.to_owned());
    for (key, value) in [("maxmem", MEMORY_MIB), ("minmem", MEMORY_MIB), ("vcpus", VCPUS.into())] {
        create.beparams.insert(key.to_owned(), json!(value));
    }
    create.opportunistic_locking = true;
    create.wait_for_sync = Some(false);
    create.start = Some(true);
    create.tags = vec![
        format!("cyclades:id:{uid}"),
        "cyclades:ns:bench".to_owned(),
        format!("cyclades:name:{name}"),
        "cyclades:cluster:floor".to_owned(),
    ];
    create
}
