//! `cargo xtask demo`: from nothing to a virtual machine.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use cyclades_bed::{Bed, ClusterKind, Options, down};
use cyclades_control_plane::Progress as _;

use crate::cli::Demo;
use crate::console::Console;
use crate::lock::Lock;
use crate::setup::{self, Wanted};
use crate::signals::{INTERRUPTED, Wish};
use crate::state::State;
use crate::{generate, guest, up};

/// A guest under software emulation is Ready in about 3 s on idle cores.
const READY_LIMIT: Duration = Duration::from_secs(180);

/// A guest that is killed, not asked, goes in a second; one that is asked may take Ganeti's whole shutdown timeout of 120 s.
const GONE_LIMIT: Duration = Duration::from_secs(180);

/// How often a bed that nobody asks anything of is looked at.
const WATCH_PERIOD: Duration = Duration::from_secs(2);

/// Makes the bed, shows the machine, and removes both.
pub async fn run(flags: &Demo, state: &State, console: &Console) -> anyhow::Result<ExitCode> {
    let _lock = match Lock::take(state, "demo")? {
        Ok(lock) => lock,
        Err(holder) => {
            bail!("{holder} is at work on the bed: wait for it, or end it with `cargo xtask down`")
        }
    };
    if Bed::attach(&state.bed()).is_ok() {
        bail!("a bed is up already: end it with `cargo xtask down`, or use it: `cargo xtask status`");
    }
    up::clean(&state.bed(), console).await?;
    let mut wish = Wish::listen()?;
    let outcome = wish.unless(show(flags, state, console)).await;
    let outcome = match outcome {
        Some(Ok(bed)) if flags.once => bed.stop().await.map(|()| ExitCode::SUCCESS).map_err(Into::into),
        Some(Ok(bed)) => stay(bed, &mut wish, console).await,
        Some(Err(error)) => Err(error),
        None => Ok(ExitCode::from(INTERRUPTED)),
    };
    // Whatever happened: nothing stays.
    down(&state.bed()).await?;
    console.note("Removed; nothing is left running.");
    outcome
}

/// Everything up to the machine that runs, and with `--once` to the machine that is gone.
async fn show(flags: &Demo, state: &State, console: &Console) -> anyhow::Result<Bed> {
    let wanted = if flags.sim { Wanted::Sim } else { Wanted::Lab(ClusterKind::LabKvm) };
    let kind = setup::choose(wanted, console);
    let programs = setup::programs(kind, console).await?;
    console.step(&format!("starting {} in {}", up::describe(&[kind]), state.bed().display()), "");
    let mut bed = Bed::start(Options::in_dir(state.bed(), vec![kind]), &programs, console).await?;
    apply(&bed, console).await?;
    if let Err(error) = bed.wait_for(&["vm/web"], "condition=Ready", READY_LIMIT).await {
        explain(&mut bed, console).await;
        return Err(error.into());
    }
    console.step("vm/web is Ready", "");
    let table = bed.kubectl(&["get", "vm,gbe,flv,img", "-o", "wide"]).await?;
    console.result(&format!("\n$ kubectl get vm,gbe,flv,img -o wide\n{}", table.trim_end()));
    guest::greet(&bed, console).await?;
    if flags.once {
        delete(&bed, console).await?;
    } else {
        invite(&bed, console);
    }
    Ok(bed)
}

async fn apply(bed: &Bed, console: &Console) -> anyhow::Result<()> {
    let folder = generate::root().join("examples/quickstart").canonicalize()?;
    let folder = folder.to_str().context("the checkout's path is no text")?;
    console.step("kubectl apply -f examples/quickstart/", "a volume type, a flavor, an image and a machine");
    let said = bed.kubectl(&["apply", "-f", folder]).await?;
    said.lines().for_each(|line| console.line(line));
    Ok(())
}

/// What a person would look at.
async fn explain(bed: &mut Bed, console: &Console) {
    let described = bed.kubectl(&["describe", "vm/web"]).await;
    console.note(&described.unwrap_or_else(|error| error.to_string()));
    if let Ok(operator) = bed.operator() {
        console.note(&format!("The end of {}:\n{}", operator.log().display(), operator.log_tail()));
    }
}

/// Deletes the machine as a user would and asks Ganeti whether it is gone.
async fn delete(bed: &Bed, console: &Console) -> anyhow::Result<()> {
    let instance = guest::instance(bed).await?;
    console.step("kubectl delete vm/web", "");
    bed.kubectl(&["delete", "vm/web", "--wait=false"]).await?;
    bed.wait_for(&["vm/web"], "delete", GONE_LIMIT).await?;
    let left = bed.cluster(1)?.instances().await?;
    ensure!(!left.contains(&instance), "vm/web is deleted, but Ganeti still has {instance}");
    console.result(&format!("\nvm/web is deleted, and Ganeti has no instance {instance} any more."));
    Ok(())
}

fn invite(bed: &Bed, console: &Console) {
    let shell = up::exports_of(bed).join("\n  ");
    console.result(&format!(
        "\nIn another terminal:\n  {shell}\nand try:\n\
         \x20 kubectl describe vm web\n\
         \x20 kubectl patch vm web --type merge -p '{{\"spec\":{{\"powerState\":\"Stopped\"}}}}'\n\
         \x20 kubectl get vm web -w\n\
         \x20 cargo xtask lab exec 1 -- gnt-instance list -o name,status,tags\n\
         \x20 kubectl explain vm.spec\n\n\
         It stays until Ctrl-C, which removes everything."
    ));
}

/// Until Ctrl-C, or until a part of the bed ends by itself.
async fn stay(mut bed: Bed, wish: &mut Wish, console: &Console) -> anyhow::Result<ExitCode> {
    let broken = async {
        loop {
            tokio::time::sleep(WATCH_PERIOD).await;
            if let Err(error) = bed.check() {
                return error;
            }
        }
    };
    let broken = wish.unless(broken).await;
    console.note("Removing everything");
    bed.stop().await?;
    broken.map_or(Ok(ExitCode::SUCCESS), |error| Err(error.into()))
}
