//! Prints the CustomResourceDefinitions as YAML documents, for `kubectl apply -f -`; with the path of a checkout,
//! writes every generated file into it instead, as `cargo xtask gen` does.

use std::io::Write;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args_os().nth(1) {
        Some(root) => write(&PathBuf::from(root)),
        None => print(),
    }
}

fn print() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    for crd in cyclades_crds::all() {
        writeln!(out, "---")?;
        out.write_all(cyclades_crds::generate::yaml(&crd)?.as_bytes())?;
    }
    Ok(())
}

fn write(root: &Path) -> Result<(), Box<dyn std::error::Error>> {
    for (path, text) in cyclades_crds::generate::files()? {
        let path = root.join(path);
        path.parent().map(std::fs::create_dir_all).transpose()?;
        std::fs::write(path, text)?;
    }
    Ok(())
}
