//! A Ganeti cluster. Most are simulated, without latency, in a thread of this process, so that nothing they cost is counted
//! as the operator's.

use anyhow::Context as _;
use cyclades_bed::{Access, NAMESPACE};
use cyclades_crds::names::{CREDENTIALS_SECRET_TYPE, GROUP, VERSION};
use ganeti_rapi::{Client, Config, CreateInstance, Credentials, Trust};
use ganeti_sim::{OsSpec, Sim};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::manifests::{MEMORY_MIB, OS, PREFIX, USER_DATA_PARAMETER, VCPUS};

/// Unfinished jobs at a time: as many as the kind allows, since a cluster without latency can take them.
pub(crate) const JOBS_IN_FLIGHT: u32 = 1000;
/// Connections at a time: as many as the kind allows.
pub(crate) const CONNECTIONS: u32 = 64;

/// A cluster and a client of it.
pub(crate) struct Ganeti {
    /// Name of its GanetiBackend.
    pub(crate) name: String,
    access: Access,
    /// The simulator, if it is one in this process.
    sim: Option<Sim>,
    /// A client with the right to write.
    pub(crate) rapi: Client,
}

impl Ganeti {
    /// Starts a simulated one.
    pub(crate) fn start(name: &str) -> anyhow::Result<Self> {
        let options = ganeti_sim::Options {
            os: vec![OsSpec::new(OS, &[USER_DATA_PARAMETER])],
            // One more than the operator may use, for our own questions.
            max_clients: CONNECTIONS as usize + 1,
            name: format!("{name}.sim.example.com"),
            // Two clusters of one seed would have the same uuid.
            seed: name.bytes().fold(1, |seed, byte| seed * 31 + u64::from(byte)),
            ..ganeti_sim::Options::default()
        };
        let sim = Sim::start(options).context("the simulated Ganeti does not start")?;
        let user = sim.write_credentials();
        let access = Access {
            endpoint: sim.url(),
            pin: sim.certificate_sha256(),
            username: user.username,
            password: user.password,
            hypervisor: "fake".to_owned(),
        };
        Ok(Self { sim: Some(sim), ..Self::elsewhere(name, access)? })
    }

    /// One that is not in this process.
    pub(crate) fn elsewhere(name: &str, access: Access) -> anyhow::Result<Self> {
        let credentials = Credentials::new(access.username.clone(), access.password.clone());
        let trust = Trust::Pins(vec![access.pin.parse()?]);
        let rapi = Client::new(Config::new([access.endpoint.clone()], credentials, trust))?;
        Ok(Self { name: name.to_owned(), access, sim: None, rapi })
    }

    /// Requests that it has answered since its start, if it is in this process.
    pub(crate) fn requests(&self) -> u64 {
        self.sim.as_ref().map_or(0, |sim| sim.requests().total)
    }

    /// The Secret with its credentials and the GanetiBackend, with their paths.
    pub(crate) fn manifests(&self) -> [(String, Value); 2] {
        let Access { endpoint, pin, username, password, .. } = &self.access;
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": self.name, "namespace": NAMESPACE},
            "type": CREDENTIALS_SECRET_TYPE,
            "stringData": {"username": username, "password": password.expose_secret()},
        });
        let backend = json!({
            "apiVersion": format!("{GROUP}/{VERSION}"),
            "kind": "GanetiBackend",
            "metadata": {"name": self.name},
            "spec": {
                "endpoints": [endpoint],
                "credentialsSecretRef": {"name": self.name},
                "tls": {"pins": [pin]},
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
