//! Where a secret may not be.

use std::path::Path;

use anyhow::Result;

use crate::Stage;

/// Kinds of objects that anybody who runs machines may read, beside events.
const READABLE: &str = "virtualmachines,ganetibackends,flavors,images,volumetypes";

impl Stage {
    /// Places where a secret can be read by who should not: the command line of any process, the operator's environment
    /// and log, events, objects, metrics.
    ///
    /// # Errors
    /// If one of them cannot be looked at.
    pub async fn exposes(&self, secret: &str) -> Result<Vec<String>> {
        let mut found = command_lines_with(secret);
        if let Some(pid) = self.bed().await.operator_pid() {
            let environment = std::fs::read(format!("/proc/{pid}/environ"))?;
            found.extend(has(&environment, secret).then(|| "the operator's environment".to_owned()));
        }
        let texts = [
            ("the operator's log", self.operator_log()),
            ("the operator's metrics", self.bed().await.metrics().await?),
            ("events", self.kubectl(&["get", "events", "-A", "-o", "yaml"]).await?),
            ("objects", self.kubectl(&["get", READABLE, "-A", "-o", "yaml"]).await?),
        ];
        found.extend(
            texts.iter().filter(|(_, text)| text.contains(secret)).map(|(place, _)| (*place).to_owned()),
        );
        Ok(found)
    }
}

/// Processes that have it on their command line: what `ps` shows to everybody.
fn command_lines_with(secret: &str) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = processes
        .filter_map(|process| Some((process.path(), std::fs::read(process.path().join("cmdline")).ok()?)));
    let with = lines.filter(|(_, line)| has(line, secret));
    with.map(|(path, line)| {
        format!("{}: {}", path.display(), String::from_utf8_lossy(&line).replace('\0', " "))
    })
    .collect()
}

fn has(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

/// Files below a folder that hold it, whatever else they hold.
#[must_use]
pub fn files_with(folder: &Path, secret: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(kind) if kind.is_file() => {
                    let holds = std::fs::read(&path).is_ok_and(|bytes| has(&bytes, secret));
                    found.extend(holds.then(|| path.display().to_string()));
                }
                _ => {}
            }
        }
    }
    found
}
