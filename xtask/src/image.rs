//! `cargo xtask image`: a container image of the operator, made without a container engine.

mod layer;
mod oci;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use cyclades_control_plane::Progress as _;

use crate::cli::Image;
use crate::console::Console;
use crate::generate::root;
use crate::tool;

/// The program of the image, and its name in it.
const OPERATOR: &str = "cyclades-operator";

/// Builds the operator and writes its image.
pub async fn run(flags: &Image, console: &Console) -> anyhow::Result<ExitCode> {
    console.step("building the operator", "a release build takes some minutes at first");
    let arguments = ["build", "--release", "--package", "cyclades-controllers", "--bin", OPERATOR];
    let status = tool::run(&mut tool::command("cargo", &arguments)).await?;
    ensure!(status.success(), "the operator was not built ({status})");
    let program = target().join("release").join(OPERATOR);
    let layer =
        layer::of(&program).with_context(|| format!("{} cannot be put into an image", program.display()))?;
    let name = match &flags.tag {
        Some(tag) => tag.clone(),
        None => format!("{OPERATOR}:{}", env!("CARGO_PKG_VERSION")),
    };
    let image = oci::image(&layer, &name)?;
    let output = flags.output.clone().unwrap_or_else(|| target().join(format!("{OPERATOR}.oci.tar")));
    std::fs::write(&output, &image).with_context(|| format!("write {}", output.display()))?;
    let size = image.len() / (1 << 20);
    console.note(&format!(
        "{name}, {size} MiB, for {} with Linux. To publish it, one of:\n  skopeo copy oci-archive:{path} docker://registry.example.com/{name}\n  docker load < {path}\n  ctr --namespace k8s.io images import {path}      # on a node itself",
        std::env::consts::ARCH,
        path = output.display(),
    ));
    console.result(&output.display().to_string());
    Ok(ExitCode::SUCCESS)
}

/// Where cargo puts what it builds.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |dir| Path::new(&dir).to_owned())
}
