//! The figures as JSON: the keys of the figures at the top, beside them how they came about.

use std::path::Path;

use anyhow::Context as _;
use cyclades_control_plane::binaries::{ETCD_VERSION, KUBERNETES_VERSION};
use serde_json::{Map, Value, json};

use crate::{
    figures::{Kind, Numbers},
    machine,
};

/// What is written down about a measurement.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    /// The figures.
    pub(crate) kinds: &'a [Kind],
    /// Figures and details of each run.
    pub(crate) runs: &'a [Numbers],
    /// Their medians.
    pub(crate) medians: &'a Numbers,
    /// How much was measured, and how.
    pub(crate) settings: Value,
    /// How to do it again.
    pub(crate) command: String,
}

impl Report<'_> {
    fn json(self) -> Value {
        let mut all = Map::new();
        for (key, _, _) in self.kinds {
            all.insert((*key).to_owned(), self.medians.get(key).map_or(Value::Null, number));
        }
        let is_figure = |key: &str| self.kinds.iter().any(|(figure, ..)| *figure == key);
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
        all.insert("settings".to_owned(), self.settings);
        Value::Object(all)
    }

    /// Writes it.
    pub(crate) fn write(self, file: &Path) -> anyhow::Result<()> {
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
