//! helm, which renders the operator's chart.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use super::{compile, console, module};
use crate::environment::is_executable;
use crate::progress::Progress;
use crate::{Environment, Error};

/// The oldest helm that does what the chart needs; OCI registries are on by default since then.
const OLDEST: (u32, u32) = (3, 8);

/// `helm version` reads nothing from the network.
const ASK_LIMIT: Duration = Duration::from_secs(60);

/// The helm that this process's environment leads to; see [`ensure_helm_in`].
///
/// # Errors
/// As of [`ensure_helm_in`], and [`Error::NoCacheFolder`].
pub async fn ensure_helm(progress: &dyn Progress) -> Result<PathBuf, Error> {
    ensure_helm_in(&Environment::from_process()?, progress).await
}

/// helm: `HELM` if set, else a recent one on `PATH`, else our cache, else built once into our cache.
///
/// # Errors
/// [`Error::NoProgram`] if `HELM` names no usable helm; else as [`super::Binaries::ensure_in`].
pub async fn ensure_helm_in(environment: &Environment, progress: &dyn Progress) -> Result<PathBuf, Error> {
    if let Some(helm) = &environment.helm {
        return if usable(helm).await {
            Ok(helm.clone())
        } else {
            Err(Error::NoProgram {
                place: format!("HELM={}", helm.display()),
                program: "helm".to_owned(),
                cure: "name a helm of version 3.8 or newer, or unset the variable",
            })
        };
    }
    if let Some(helm) = environment.on_path("helm")
        && usable(&helm).await
    {
        return Ok(helm);
    }
    Ok(compile::ensure(&module::HELM, environment, progress).await?.join("helm"))
}

async fn usable(helm: &Path) -> bool {
    if !is_executable(helm) {
        return false;
    }
    let mut command = Command::new(helm);
    command.args(["version", "--template", "{{.Version}}"]);
    let answer = console::run("helm version", &mut command, ASK_LIMIT, |_| true).await;
    answer.is_ok_and(|version| recent(version.trim()))
}

fn recent(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map_while(|part| part.parse::<u32>().ok());
    matches!((numbers.next(), numbers.next()), (Some(major), Some(minor)) if (major, minor) >= OLDEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_helms_and_nonsense_are_passed_over() {
        assert!(recent("v3.8.0") && recent("v3.19.4") && recent("v4.3.1"));
        assert!(!recent("v3.7.2") && !recent("v2.17.0") && !recent("") && !recent("v3"));
    }
}
