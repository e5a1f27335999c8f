//! The real Ganeti as a bed.

use anyhow::{Context, Result};
use futures::future::BoxFuture;
use ganeti_lab::{Cluster, Config};
use ganeti_rapi::{Credentials, Pin};
use rapi_contract::Bed;
use tempfile::TempDir;

/// One cluster of one node with the fake hypervisor. It ends with this value.
pub struct LabBed {
    cluster: Cluster,
    pin: Pin,
    _parent: TempDir,
}

impl LabBed {
    pub async fn up() -> Result<Self> {
        let parent = tempfile::tempdir()?;
        ganeti_lab::install(&|line| eprintln!("lab: {line}")).await?;
        let cluster = Cluster::up(Config::new("contract", parent.path().join("cluster"))).await?;
        let pin = cluster.certificate_sha256()?.parse().context("the lab's certificate")?;
        Ok(Self { cluster, pin, _parent: parent })
    }
}

fn credentials(of: &ganeti_lab::Credentials) -> Credentials {
    Credentials::new(of.username.clone(), of.password.clone())
}

impl Bed for LabBed {
    fn name(&self) -> &'static str {
        "lab"
    }

    fn url(&self) -> String {
        self.cluster.rapi_url()
    }

    fn pin(&self) -> Pin {
        self.pin
    }

    fn writer(&self) -> Credentials {
        credentials(self.cluster.write_credentials())
    }

    fn reader(&self) -> Credentials {
        credentials(self.cluster.read_credentials())
    }

    fn os(&self) -> String {
        "guest".to_owned()
    }

    fn os_parameter(&self) -> String {
        "greeting".to_owned()
    }

    fn drain(&self, drained: bool) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if drained {
                self.cluster.drain_queue().await?;
            } else {
                self.cluster.undrain_queue().await?;
            }
            Ok(())
        })
    }

    fn crash<'a>(&'a self, instance: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { Ok(self.cluster.crash_fake_instance(instance)?) })
    }
}
