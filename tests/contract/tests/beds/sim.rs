//! The simulator as a bed.

use anyhow::{Context, Result};
use futures::future::BoxFuture;
use ganeti_rapi::{Credentials, Pin};
use ganeti_sim::{NodeSpec, Options, OsSpec, Sim};
use rapi_contract::Bed;

const OS: &str = "guest";
const OS_PARAMETER: &str = "greeting";

/// One cluster of one node of an ordinary size. It ends with this value.
pub struct SimBed {
    sim: Sim,
    pin: Pin,
}

impl SimBed {
    pub fn up() -> Result<Self> {
        let node = NodeSpec {
            name: "node1.sim.example.com".to_owned(),
            memory_mib: 16 << 10,
            disk_mib: 64 << 10,
            cpus: 2,
        };
        let plain = |name: &str| OsSpec::new(name, &[]);
        let os = vec![
            OsSpec::new(OS, &[OS_PARAMETER]),
            plain("noop"),
            OsSpec {
                create_fails: Some("this operating system cannot be created".to_owned()),
                ..plain("fail-create")
            },
            OsSpec { variants: vec!["alpha".to_owned(), "beta".to_owned()], ..plain("variants-os") },
        ];
        let sim = Sim::start(Options { nodes: vec![node], os, ..Options::default() })?;
        let pin = sim.certificate_sha256().parse().context("the simulator's certificate")?;
        Ok(Self { sim, pin })
    }
}

fn credentials(of: ganeti_sim::Credentials) -> Credentials {
    Credentials::new(of.username, of.password)
}

impl Bed for SimBed {
    fn name(&self) -> &'static str {
        "sim"
    }

    fn url(&self) -> String {
        self.sim.url()
    }

    fn pin(&self) -> Pin {
        self.pin
    }

    fn writer(&self) -> Credentials {
        credentials(self.sim.write_credentials())
    }

    fn reader(&self) -> Credentials {
        credentials(self.sim.read_credentials())
    }

    fn os(&self) -> String {
        OS.to_owned()
    }

    fn os_parameter(&self) -> String {
        OS_PARAMETER.to_owned()
    }

    fn drain(&self, drained: bool) -> BoxFuture<'_, Result<()>> {
        self.sim.drain_queue(drained);
        Box::pin(async { Ok(()) })
    }

    fn crash<'a>(&'a self, instance: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { Ok(self.sim.crash_instance(instance)?) })
    }
}
