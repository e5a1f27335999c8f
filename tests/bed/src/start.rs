//! From nothing to a bed whose backends are Ready.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use cyclades_control_plane::{ControlPlane, Progress};
use secrecy::ExposeSecret as _;

use crate::bed::Remains;
use crate::chart::Chart;
use crate::layout::Layout;
use crate::options::NAMESPACE;
use crate::record::Record;
use crate::{Bed, Cluster, Error, Operator, OperatorOptions, Options, Programs, backend, down};

/// The API server establishes a kind within a second.
const ESTABLISHED_LIMIT: Duration = Duration::from_secs(60);

/// From the operator's first request to a backend whose inventory was read.
const BACKENDS_READY_LIMIT: Duration = Duration::from_secs(90);

/// Life of the operator's token. A Pod's is renewed by its kubelet; here it outlasts any bed that somebody forgot.
const TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

impl Bed {
    /// Starts a bed; on two idle cores in about 6 s.
    ///
    /// If it fails, everything it began is ended and removed. If it is given up by dropping the future, what is not detached
    /// ends at once, and [`down`] removes the rest.
    ///
    /// # Errors
    /// Whatever went wrong, with the last words of the part that is to blame.
    pub async fn start(
        options: Options,
        programs: &Programs,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        let layout = Layout::create(&options.dir)?;
        let record = Record::of(&options, programs);
        record.write(&layout)?;
        match assemble(&options, programs, layout.clone(), record, progress).await {
            Ok(bed) => Ok(bed),
            Err(error) => {
                // The first error is the one to tell.
                let _ = down(layout.dir()).await;
                Err(error)
            }
        }
    }
}

async fn assemble(
    options: &Options,
    programs: &Programs,
    layout: Layout,
    record: Record,
    progress: &dyn Progress,
) -> Result<Bed, Error> {
    let begun = Instant::now();
    let operator_options = options.operator.clone().unwrap_or_default();
    let (control_plane, clusters, chart) = tokio::try_join!(
        start_control_plane(options, programs, &layout, progress),
        start_clusters(options, &layout, programs, progress),
        render(programs, &layout, &operator_options),
    )?;
    let remains = Remains { dir: layout.dir().to_path_buf(), keep: options.detached };
    let mut bed = Bed { operator: None, clusters, control_plane, layout, record, _remains: remains };
    bed.install(&chart).await?;
    progress.line("the chart is installed");
    if options.backends {
        bed.declare_backends(options).await?;
    }
    if options.operator.is_some() {
        bed.start_operator(&chart, programs, options.detached).await?;
        if options.backends {
            bed.ready(BACKENDS_READY_LIMIT).await?;
        } else {
            bed.operator()?.ready().await?;
        }
        progress.line("the operator is ready");
    }
    bed.record.complete = true;
    bed.record.write(&bed.layout)?;
    progress.line(&format!("the bed is up after {:.1} s", begun.elapsed().as_secs_f64()));
    Ok(bed)
}

async fn start_control_plane(
    options: &Options,
    programs: &Programs,
    layout: &Layout,
    progress: &dyn Progress,
) -> Result<ControlPlane, Error> {
    let mut wanted = cyclades_control_plane::Options::in_dir(layout.control_plane());
    wanted.detached = options.detached;
    wanted.audit = options.audit;
    wanted.saved.clone_from(&options.saved);
    let control_plane = ControlPlane::start(&programs.control_plane, wanted).await?;
    progress.line(&format!("the API server answers at {}", control_plane.server()));
    Ok(control_plane)
}

/// All at the same time.
async fn start_clusters(
    options: &Options,
    layout: &Layout,
    programs: &Programs,
    progress: &dyn Progress,
) -> Result<Vec<Cluster>, Error> {
    let numbered = options.clusters.iter().zip(1..);
    let starts =
        numbered.map(|(kind, number)| Cluster::start(*kind, number, options, layout, programs, progress));
    futures::future::try_join_all(starts).await
}

async fn render(programs: &Programs, layout: &Layout, options: &OperatorOptions) -> Result<Chart, Error> {
    Chart::render(&programs.helm, layout, options).await
}

impl Bed {
    /// What `helm install` does, but for the Deployment: no node runs here.
    async fn install(&self, chart: &Chart) -> Result<(), Error> {
        self.apply_chart(&namespace()).await?;
        self.apply_chart(&chart.definitions()).await?;
        self.wait_for(&["customresourcedefinitions", "--all"], "condition=Established", ESTABLISHED_LIMIT)
            .await?;
        self.apply_chart(&chart.others()).await
    }

    /// A Secret and a GanetiBackend for each cluster, as an administrator would apply them.
    async fn declare_backends(&self, options: &Options) -> Result<(), Error> {
        for (cluster, number) in self.clusters.iter().zip(1..) {
            let manifest = backend::manifest(number, &cluster.access()?, options);
            self.apply_yaml(manifest.expose_secret()).await?;
        }
        Ok(())
    }

    /// Under the ServiceAccount that the chart gives the operator's Pod, never as administrator.
    async fn start_operator(
        &mut self,
        chart: &Chart,
        programs: &Programs,
        detached: bool,
    ) -> Result<(), Error> {
        let account = chart.service_account()?;
        let token = self.control_plane.kubeconfig_for_service_account(NAMESPACE, &account, TOKEN_LIFETIME);
        let kubeconfig: PathBuf = token.await?;
        let mut operator = Operator::new(&programs.own.operator, chart, &kubeconfig, &self.layout, detached)?;
        operator.start()?;
        self.operator = Some(operator);
        Ok(())
    }
}

fn namespace() -> String {
    serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}).to_string()
}
