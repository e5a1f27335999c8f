//! Manifests as files of a folder, one for each.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::yaml;

/// Writes each manifest into a file of its own; returns how many. A file that exists is not touched: it may have been
/// worked on since the last import.
pub(super) fn write(dir: &Path, manifests: &[Value]) -> Result<usize> {
    fs::create_dir_all(dir).with_context(|| format!("make {}", dir.display()))?;
    for manifest in manifests {
        let path = dir.join(file_name(manifest));
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let mut file = file.with_context(|| {
            format!("write {}: name a folder that has no file of that name", path.display())
        })?;
        let text = yaml::documents(std::slice::from_ref(manifest));
        file.write_all(text.as_bytes()).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(manifests.len())
}

/// `virtualmachine-NAMESPACE-NAME.yaml`. In alphabetical order, as kubectl applies them, nothing is missing for long.
fn file_name(manifest: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_ascii_lowercase();
    let metadata = &manifest["metadata"];
    let parts = [text(&manifest["kind"]), text(&metadata["namespace"]), text(&metadata["name"])];
    let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    format!("{}.yaml", parts.join("-"))
}
