//! The programs a bed is made of: found, or built once.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use cyclades_control_plane::{Binaries, Progress, ensure_helm, progress};
use serde_json::Value;
use tokio::process::Command;

use crate::{Error, Profile, command};

/// The release build of everything on one slow core.
const BUILD_LIMIT: Duration = Duration::from_secs(60 * 60);

const OPERATOR: &str = "cyclades-operator";
const SIM: &str = "ganeti-sim";

/// Where the programs of a bed are.
#[derive(Debug, Clone)]
pub struct Programs {
    /// Kubernetes.
    pub control_plane: Binaries,
    /// Renders the chart.
    pub helm: PathBuf,
    /// This repository's own.
    pub own: OwnPrograms,
}

/// The programs that this repository builds.
#[derive(Debug, Clone)]
pub struct OwnPrograms {
    /// The operator.
    pub operator: PathBuf,
    /// The simulator as a process.
    pub sim: PathBuf,
}

/// What becomes of cargo's own words while it builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CargoOutput {
    /// They go to this process's standard error.
    Shown,
    /// They are kept for the error.
    Kept,
}

impl Programs {
    /// All of them; what has to be built is built, with words about it.
    ///
    /// # Errors
    /// Whatever keeps a program from being there, with the cure.
    pub async fn ensure(
        profile: Profile,
        output: CargoOutput,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        let control_plane = Binaries::ensure(progress).await?;
        let helm = ensure_helm(progress).await?;
        let own = OwnPrograms::ensure(profile, output, progress).await?;
        Ok(Self { control_plane, helm, own })
    }
}

impl OwnPrograms {
    /// Those that `CYCLADES_OPERATOR` and `GANETI_SIM` name, else those that cargo builds now: a program that was built
    /// earlier may be older than the sources that a test is about.
    ///
    /// # Errors
    /// [`Error::NotBuilt`] if cargo fails.
    pub async fn ensure(
        profile: Profile,
        output: CargoOutput,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        let named =
            |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let (Some(operator), Some(sim)) = (named("CYCLADES_OPERATOR"), named("GANETI_SIM")) {
            return Ok(Self { operator, sim });
        }
        progress.step(
            "building the operator and the simulator",
            "cargo compiles what has changed since the last time",
        );
        let building = || "cargo still builds the operator and the simulator".to_owned();
        let built = progress::pulse(progress, building, build(profile, output)).await?;
        let find = |name: &str| built.iter().find(|file| file.ends_with(name)).cloned();
        let missing = |program: &str| Error::NotBuilt {
            program: program.to_owned(),
            cure: "cargo said that it built it, but not where; please report this".to_owned(),
        };
        Ok(Self {
            operator: named("CYCLADES_OPERATOR")
                .or_else(|| find(OPERATOR))
                .ok_or_else(|| missing(OPERATOR))?,
            sim: named("GANETI_SIM").or_else(|| find(SIM)).ok_or_else(|| missing(SIM))?,
        })
    }
}

/// cargo in this repository, as if started by a person: without what the cargo around us tells the programs it runs.
/// Build scripts that look at these variables would else build everything anew.
#[must_use]
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let told = |name: &str| {
        ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|part| name.starts_with(part))
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(told)) {
        cargo.env_remove(name);
    }
    cargo
}

/// The executables that cargo built or found up to date.
async fn build(profile: Profile, output: CargoOutput) -> Result<Vec<PathBuf>, Error> {
    let mut cargo = cargo();
    cargo.args(["build", "--message-format=json-render-diagnostics"]);
    cargo.args(["-p", "cyclades-controllers", "--bin", OPERATOR, "-p", "ganeti-sim", "--bin", SIM]);
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    let messages = match output {
        CargoOutput::Kept => command::run(&mut cargo, None, BUILD_LIMIT).await,
        CargoOutput::Shown => shown(&mut cargo).await,
    };
    let failed =
        |error: Error| Error::NotBuilt { program: format!("{OPERATOR} or {SIM}"), cure: error.to_string() };
    Ok(executables(&messages.map_err(failed)?))
}

/// Runs cargo with its words on this process's standard error; only its messages are taken.
async fn shown(cargo: &mut Command) -> Result<String, Error> {
    let failed = |status: String| Error::Command {
        command: "cargo build".to_owned(),
        status,
        output: "see above".to_owned(),
    };
    cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    let child = cargo.spawn().map_err(|error| failed(error.to_string()))?;
    let ended = tokio::time::timeout(BUILD_LIMIT, child.wait_with_output()).await;
    match ended {
        Ok(Ok(output)) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(Ok(output)) => Err(failed(output.status.to_string())),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => {
            Err(Error::Timeout { what: "`cargo build`".to_owned(), after: BUILD_LIMIT, last: String::new() })
        }
    }
}

/// Paths in cargo's messages, one JSON object a line (reason `compiler-artifact`, key `executable`).
fn executables(messages: &str) -> Vec<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_messages_with_an_executable_count() {
        let text = "noise\n{\"reason\":\"compiler-artifact\",\"executable\":null}\n\
                    {\"reason\":\"compiler-artifact\",\"executable\":\"/t/debug/ganeti-sim\"}\n";
        assert_eq!(super::executables(text), [std::path::Path::new("/t/debug/ganeti-sim")]);
    }
}
