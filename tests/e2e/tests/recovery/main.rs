//! What becomes of a real Ganeti when Kubernetes loses its memory: all of it, an hour of it, or when there are two.

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use cyclades_bed::{ClusterKind, Options};
use cyclades_e2e::{Machine, Need, Stage, Suite, cases};

mod restored;
mod wiped;

/// The cluster whose guests run under QEMU.
const KVM: usize = 1;
/// Its backend.
const KVM_BACKEND: &str = "ganeti-1";
/// The cluster with the fake hypervisor.
const FAKE: usize = 2;
/// Its backend.
const FAKE_BACKEND: &str = "ganeti-2";

/// Both.
const BACKENDS: [&str; 2] = [KVM_BACKEND, FAKE_BACKEND];

/// What a Ganeti administrator would see of everything: instances with what changes when they are touched, and jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ganeti {
    instances: Vec<String>,
    jobs: Vec<String>,
}

impl Ganeti {
    async fn of(stage: &Stage) -> Result<Self> {
        let list = "name,uuid,serial_no,admin_state,pnode,be/maxmem,tags";
        let list = ["gnt-instance", "list", "--no-headers", "--separator=|", "-o", list];
        let jobs = ["gnt-job", "list", "--no-headers", "--separator=|", "-o", "id,summary"];
        let mut all = Self { instances: Vec::new(), jobs: Vec::new() };
        for cluster in [KVM, FAKE] {
            let lines =
                |text: String| text.lines().map(|line| format!("{cluster} {line}")).collect::<Vec<_>>();
            all.instances.extend(lines(stage.gnt(cluster, &list).await?));
            all.jobs.extend(lines(stage.gnt(cluster, &jobs).await?));
        }
        Ok(all)
    }

    /// Jobs that were made since.
    fn since(&self, before: &Self) -> Vec<String> {
        self.jobs.iter().filter(|job| !before.jobs.contains(job)).cloned().collect()
    }
}

/// Process id of a guest's QEMU: another one is another boot.
async fn pid(stage: &Stage, instance: &str) -> Result<u32> {
    let bed = stage.bed().await;
    bed.cluster(KVM)?.lab().context("a lab")?.qemu_pid(instance).map_err(Into::into)
}

/// The id that a machine tells.
async fn id(machine: &Machine<'_>) -> Result<String> {
    machine.object().await?.status.and_then(|status| status.id).context("a machine tells its id")
}

/// Which life of an installation it is.
async fn incarnation(stage: &Stage) -> Result<String> {
    stage.kubectl(&["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]).await
}

/// The first installation ends, as with its Kubernetes cluster.
async fn ends(stage: &Stage) -> Result<()> {
    ensure!(stage.bed_mut().await.operator()?.stop().await?, "SIGTERM was not enough");
    Ok(())
}

/// The first installation is there again.
async fn begins(stage: &Stage) -> Result<()> {
    let mut bed = stage.bed_mut().await;
    let operator = bed.operator()?;
    operator.start()?;
    operator.ready().await?;
    Ok(())
}

fn main() -> ExitCode {
    Suite {
        need: Need::Lab,
        options: Options::for_test(vec![ClusterKind::LabKvm, ClusterKind::LabFake]),
        // Each ends the operator that the others need.
        threads: Some(1),
        cases: cases![
            restored::after_a_restore_nothing_is_made_anew_and_nothing_is_deleted,
            wiped::an_empty_kubernetes_takes_everything_over_once_it_is_told_to,
        ],
    }
    .run()
}
