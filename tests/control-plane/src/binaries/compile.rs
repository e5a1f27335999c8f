//! One build per machine: locked, watched, put in place whole.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::process::Command;

use super::module::Module;
use super::{console, go};
use crate::progress::{Progress, pulse};
use crate::{Environment, Error, files};

/// The longest a build may take; 5 minutes were measured on 2 cores, slow single cores take several times that.
const BUILD_LIMIT: Duration = Duration::from_secs(60 * 60);

/// The longest the module downloads may take; 10 s were measured, for 1 GiB.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(20 * 60);

/// The folder of the module's programs; builds them if the cache has none.
pub(super) async fn ensure(
    module: &Module,
    environment: &Environment,
    progress: &dyn Progress,
) -> Result<PathBuf, Error> {
    if let Some(folder) = module.cached(environment) {
        return Ok(folder);
    }
    let target = module.folder(environment);
    let shelf = environment.cache.join(module.kind);
    files::make_private_folder(&shelf)?;
    let lock = shelf.join(format!(".lock-{}", module.version));
    let _held = files::lock(&lock, BUILD_LIMIT, progress).await?;
    if let Some(folder) = module.cached(environment) {
        return Ok(folder);
    }
    progress.step(&format!("building {} into {}", module.what, target.display()), module.why);
    let go = go::find(environment, progress).await?;
    // A fixed name: a build that was interrupted goes on where it stopped. The lock keeps others out.
    let site = Site { go, folder: shelf.join(format!(".build-{}", module.version)) };
    site.prepare(module)?;
    site.build(module, progress).await?;
    site.install(module, &target)?;
    progress.step(&format!("built {}", module.what), "");
    Ok(target)
}

/// A folder in which one module is built.
struct Site {
    go: PathBuf,
    folder: PathBuf,
}

impl Site {
    fn output(&self) -> PathBuf {
        self.folder.join("out")
    }

    /// Where Go works; a killed build leaves it full.
    fn scratch(&self) -> PathBuf {
        self.folder.join("tmp")
    }

    fn prepare(&self, module: &Module) -> Result<(), Error> {
        for folder in [self.output(), self.scratch()] {
            files::remove(&folder)?;
            files::make_private_folder(&folder)?;
        }
        files::write_private(&self.folder.join("go.mod"), module.go_mod.as_bytes())?;
        files::write_private(&self.folder.join("go.sum"), module.go_sum.as_bytes())
    }

    fn go(&self, module: &Module, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.go);
        command.args(arguments).args(module.programs.iter().map(|package| package.path));
        command.current_dir(&self.folder);
        // A build cache of its own can be thrown away afterwards: it grows to 4 GiB.
        command.env("GOCACHE", self.folder.join("gocache")).env("GOTMPDIR", self.scratch());
        // The caller's workspace, flags, target or C compiler must not change what is built.
        command.env("GOWORK", "off").env("GOTOOLCHAIN", "local").env("CGO_ENABLED", "0");
        for variable in ["GOFLAGS", "GOOS", "GOARCH", "GOEXPERIMENT"] {
            command.env_remove(variable);
        }
        command
    }

    async fn build(&self, module: &Module, progress: &dyn Progress) -> Result<(), Error> {
        progress.step(
            "downloading Go modules",
            "sources of these programs, about 1 GiB, kept in Go's module cache",
        );
        let seen = Mutex::new(Seen::default());
        let mut list = self.go(module, &["list", "-deps"]);
        let listing = console::run("go list", &mut list, DOWNLOAD_LIMIT, |line| look(&seen).read(line));
        let packages = pulse(progress, || look(&seen).downloads(), listing).await?.lines().count();

        progress.step(&format!("compiling {packages} Go packages"), "");
        let linker = format!("-ldflags=-s -w {}", module.link_settings);
        let mut build = self.go(module, &["build", "-v", "-trimpath", &linker, "-o", "out/"]);
        let building = console::run("go build", &mut build, BUILD_LIMIT, |line| look(&seen).read(line));
        pulse(progress, || look(&seen).compiled(packages), building).await?;
        Ok(())
    }

    fn install(&self, module: &Module, target: &Path) -> Result<(), Error> {
        let out = self.output();
        for package in module.programs.iter().filter(|package| package.built_as != package.program) {
            let built = out.join(package.built_as);
            std::fs::rename(&built, out.join(package.program)).map_err(Error::io("rename", &built))?;
        }
        files::remove(target)?;
        std::fs::rename(&out, target).map_err(Error::io("put in place", target))?;
        files::remove(&self.folder)
    }
}

/// A count is never left half-made, so one that a panic left behind is as good as any.
fn look(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `go` has said so far.
#[derive(Default)]
struct Seen {
    modules: usize,
    packages: usize,
    last: String,
}

impl Seen {
    /// `go: downloading M V` while it downloads; a bare import path per package that `-v` compiles.
    /// Anything else is a complaint: true, as it explains a failure.
    fn read(&mut self, line: &str) -> bool {
        if let Some(module) = line.strip_prefix("go: downloading ") {
            self.modules += 1;
            module.clone_into(&mut self.last);
            return false;
        }
        if !line.contains(' ') {
            self.packages += 1;
            line.clone_into(&mut self.last);
            return false;
        }
        true
    }

    fn downloads(&self) -> String {
        format!("{} modules so far, now {}", self.modules, self.last)
    }

    /// A package that an interrupted build compiled is not compiled again, so the count may end early.
    fn compiled(&self, packages: usize) -> String {
        format!("{} of {packages} packages, now {}", self.packages, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn downloads_and_packages_are_counted_apart() {
        let mut seen = Seen::default();
        assert!(!seen.read("go: downloading k8s.io/api v0.36.3"));
        assert!(!seen.read("internal/abi"));
        assert!(seen.read("# a/package with a complaint"));
        assert_eq!(seen.downloads(), "1 modules so far, now internal/abi");
        assert_eq!(seen.compiled(9), "1 of 9 packages, now internal/abi");
    }
}
