//! The figures as JSON: the keys of [`KINDS`] at the top, beside them how they came about.

use std::path::Path;

use anyhow::Context as _;
use cyclades_control_plane::binaries::{ETCD_VERSION, KUBERNETES_VERSION};
use serde_json::{Map, Value, json};

use crate::{
    backend::{CONNECTIONS, JOBS_IN_FLIGHT},
    figures::{KINDS, Numbers},
    machine, sizes,
    sizes::Sizes,
};

/// What is written down about a measurement.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    /// Figures and details of each run.
    pub(crate) runs: &'a [Numbers],
    /// Their medians.
    pub(crate) medians: &'a Numbers,
    /// How much was measured.
    pub(crate) sizes: &'a Sizes,
    /// How to do it again.
    pub(crate) command: &'a str,
}

impl Report<'_> {
    fn json(&self) -> Value {
        let mut all = Map::new();
        for (key, _, _) in KINDS {
            all.insert(key.to_owned(), self.medians.get(key).map_or(Value::Null, number));
        }
        let is_figure = |key: &str| KINDS.iter().any(|(figure, ..)| *figure == key);
        let details = self.medians.iter().filter(|(key, _)| !is_figure(key));
        all.insert("details".to_owned(), object(details));
        all.insert("runs".to_owned(), self.runs.iter().map(|run| object(run.iter())).collect());
        all.insert("machine".to_owned(), machine::describe().into());
        all.insert(
            "date".to_owned(),
            jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string().into(),
        );
        all.insert("command".to_owned(), self.command.into());
        all.insert("versions".to_owned(), versions());
        all.insert("settings".to_owned(), self.settings());
        Value::Object(all)
    }

    fn settings(&self) -> Value {
        json!({
            "jobs_in_flight": JOBS_IN_FLIGHT,
            "connections": CONNECTIONS,
            "polling": "the defaults of GanetiBackend",
            "ganeti_latency": "zero",
            "etcd_fsync": false,
            "clients": sizes::CLIENTS,
            "idle_gap_ms": [sizes::IDLE_GAP.0.as_millis() as u64, sizes::IDLE_GAP.1.as_millis() as u64],
            "loaded_creates_per_s": sizes::LOADED_PER_SECOND,
            "machines_idle": self.sizes.idle,
            "machines_loaded": self.sizes.loaded,
            "machines_burst": self.sizes.burst,
            "machines_at_rest": self.sizes.rest,
            "user_data_bytes_at_rest": sizes::USER_DATA_BYTES,
            "rest_window_s": self.sizes.rest_window.as_secs(),
        })
    }

    /// Writes it.
    pub(crate) fn write(&self, file: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(&self.json())? + "\n";
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    }
}

fn versions() -> Value {
    json!({
        "kubernetes": KUBERNETES_VERSION,
        "etcd": ETCD_VERSION,
        "cyclades": env!("CARGO_PKG_VERSION"),
    })
}

fn object(numbers: impl Iterator<Item = (&'static str, f64)>) -> Value {
    Value::Object(numbers.map(|(key, value)| (key.to_owned(), number(value))).collect())
}

/// To three digits after the point: no clock here is better.
fn number(value: f64) -> Value {
    let rounded = (value * 1e3).round() / 1e3;
    serde_json::Number::from_f64(rounded).map_or(Value::Null, Value::Number)
}
