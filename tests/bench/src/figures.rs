//! The figures and their goals.

use std::collections::BTreeMap;

use crate::samples::median;

/// What a figure is compared with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// Nothing: it is what others are compared with.
    None,
    /// At most this.
    AtMost(f64),
    /// At most so many times another figure.
    AtMostTimes(f64, &'static str),
    /// At least so many times another figure.
    AtLeastTimes(f64, &'static str),
    /// What it is with no machine at all (a detail), give or take a tenth for jitter.
    As(&'static str),
}

/// A figure: its key, its unit, its goal.
pub(crate) type Kind = (&'static str, &'static str, Goal);

/// Figures of `bench apply`, in the order in which they are shown.
pub(crate) const APPLY: [Kind; 15] = [
    ("floor_p50_ms", "ms", Goal::None),
    ("floor_p99_ms", "ms", Goal::None),
    ("ceiling_creates_per_s", "/s", Goal::None),
    ("apply_to_job_p50_ms", "ms", Goal::AtMostTimes(1.1, "floor_p50_ms")),
    ("apply_to_job_p99_ms", "ms", Goal::AtMostTimes(1.3, "floor_p99_ms")),
    ("loaded_apply_to_job_p99_ms", "ms", Goal::AtMost(15.0)),
    ("creates_per_s", "/s", Goal::AtLeastTimes(0.9, "ceiling_creates_per_s")),
    ("operator_cpu_ms_per_vm", "ms", Goal::AtMost(0.5)),
    ("operator_writes_per_vm", "", Goal::AtMost(2.0)),
    ("idle_writes", "", Goal::AtMost(0.0)),
    ("rest_cpu_percent", "%", Goal::AtMost(1.0)),
    ("rest_rss_mib", "MiB", Goal::AtMost(40.0)),
    ("rest_rapi_per_min", "/min", Goal::As("rest_rapi_per_min_empty")),
    ("restart_verified_s", "s", Goal::AtMost(0.9)),
    ("restart_peak_rss_mib", "MiB", Goal::AtMost(55.0)),
];

/// Figures of `bench actions`.
pub(crate) const ACTIONS: [Kind; 9] = [
    ("power_floor_p50_ms", "ms", Goal::None),
    ("power_floor_p99_ms", "ms", Goal::None),
    ("power_to_job_p50_ms", "ms", Goal::AtMostTimes(1.1, "power_floor_p50_ms")),
    ("power_to_job_p99_ms", "ms", Goal::AtMostTimes(1.3, "power_floor_p99_ms")),
    ("power_writes_per_action", "", Goal::AtMost(1.0)),
    ("drift_shown_max_s", "s", Goal::AtMost(DRIFT_S)),
    ("alone_p50_ms", "ms", Goal::None),
    ("alone_p99_ms", "ms", Goal::None),
    ("beside_hung_p99_ms", "ms", Goal::AtMostTimes(1.1, "alone_p99_ms")),
];

/// The default of `spec.polling.jobsSeconds`, and half a second.
const DRIFT_S: f64 = 2.5;

/// Figures of `bench fleet`.
pub(crate) const FLEET: [Kind; 6] = [
    ("fleet_idle_writes", "", Goal::AtMost(0.0)),
    ("fleet_rest_cpu_percent", "%", Goal::AtMost(5.0)),
    ("fleet_rest_rss_mib", "MiB", Goal::AtMost(200.0)),
    ("fleet_restart_verified_s", "s", Goal::AtMost(5.0)),
    ("fleet_first_change_s", "s", Goal::AtMost(1.0)),
    ("fleet_restart_peak_rss_mib", "MiB", Goal::None),
];

/// Figures of `bench ganeti`.
pub(crate) const GANETI: [Kind; 2] =
    [("raw_creates_s", "s", Goal::None), ("creates_s", "s", Goal::AtMostTimes(1.05, "raw_creates_s"))];

/// Numbers by key: of one run, or the medians of several.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers(BTreeMap<&'static str, f64>);

impl Numbers {
    pub(crate) fn set(&mut self, key: &'static str, value: f64) {
        self.0.insert(key, value);
    }

    pub(crate) fn get(&self, key: &str) -> Option<f64> {
        self.0.get(key).copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.0.iter().map(|(key, value)| (*key, *value))
    }

    /// The median of each number; of writes at rest, of which there shall be none, the most.
    pub(crate) fn medians(runs: &[Self]) -> Self {
        let keys = runs.iter().flat_map(|run| run.0.keys().copied());
        let of = |key: &'static str| {
            let values = runs.iter().filter_map(|run| run.get(key));
            let value =
                if key.ends_with("idle_writes") { values.fold(0.0, f64::max) } else { median(values) };
            (key, value)
        };
        Self(keys.map(of).collect())
    }

    /// The goal of a figure in words, and whether it is met; `None` where there is none or it was not measured.
    pub(crate) fn judge(&self, (key, unit, goal): Kind) -> (String, Option<bool>) {
        let value = self.get(key);
        let bound = |bound: f64, at_most: bool| {
            value.map(|value| if at_most { value <= bound } else { value >= bound })
        };
        let times = |factor: f64, other: &str| self.get(other).map(|other| factor * other);
        match goal {
            Goal::None => (String::new(), None),
            Goal::AtMost(most) => (format!("≤ {most} {unit}").trim_end().to_owned(), bound(most, true)),
            Goal::AtMostTimes(factor, other) => {
                (format!("≤ {factor} × {other}"), times(factor, other).and_then(|most| bound(most, true)))
            }
            Goal::AtLeastTimes(factor, other) => {
                (format!("≥ {factor} × {other}"), times(factor, other).and_then(|least| bound(least, false)))
            }
            Goal::As(other) => {
                let most = self.get(other).map(|other| 1.1 * other);
                let words = self.get(other).map_or_else(String::new, |other| format!(" ({other:.0})"));
                (format!("as with no machine{words}"), most.and_then(|most| bound(most, true)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(all: &[(&'static str, f64)]) -> Numbers {
        Numbers(all.iter().copied().collect())
    }

    fn kind(key: &str) -> Kind {
        APPLY.into_iter().find(|(found, ..)| *found == key).unwrap()
    }

    #[test]
    fn goals_are_judged_against_the_same_run() {
        let run = numbers(&[
            ("floor_p50_ms", 4.0),
            ("apply_to_job_p50_ms", 4.4),
            ("ceiling_creates_per_s", 250.0),
            ("creates_per_s", 200.0),
        ]);
        assert_eq!(run.judge(kind("apply_to_job_p50_ms")).1, Some(true));
        assert_eq!(run.judge(kind("creates_per_s")), ("≥ 0.9 × ceiling_creates_per_s".into(), Some(false)));
        assert_eq!(run.judge(kind("rest_rss_mib")), ("≤ 40 MiB".into(), None));
    }

    #[test]
    fn one_write_in_one_run_shows() {
        let runs =
            [0.0, 0.0, 1.0].map(|writes| numbers(&[("idle_writes", writes), ("rest_rss_mib", writes)]));
        let medians = Numbers::medians(&runs);
        assert_eq!((medians.get("idle_writes"), medians.get("rest_rss_mib")), (Some(1.0), Some(0.0)));
    }
}
