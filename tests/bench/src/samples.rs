//! Measured times and what is said of them.

use std::time::Duration;

/// Measured times.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<Duration>);

impl FromIterator<Duration> for Samples {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        let mut times: Vec<_> = times.into_iter().collect();
        times.sort_unstable();
        Self(times)
    }
}

impl Samples {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// All times of both.
    pub(crate) fn with(self, other: Self) -> Self {
        self.0.into_iter().chain(other.0).collect()
    }

    /// The time that `percent` of all do not exceed, in milliseconds (nearest rank); NaN of nothing.
    pub(crate) fn percentile_ms(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }

    /// One line about them.
    pub(crate) fn line(&self) -> String {
        let p = |percent| self.percentile_ms(percent);
        format!(
            "n {}, p50 {:.2} ms, p90 {:.2}, p99 {:.2}, max {:.2}",
            self.len(),
            p(50),
            p(90),
            p(99),
            p(100)
        )
    }
}

/// The middle of some numbers, the mean of the middle two; NaN of nothing.
pub(crate) fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.into_iter().filter(|number| number.is_finite()).collect();
    numbers.sort_unstable_by(f64::total_cmp);
    let half = numbers.len() / 2;
    match (numbers.is_empty(), numbers.len() % 2) {
        (true, _) => f64::NAN,
        (_, 1) => numbers[half],
        _ => f64::midpoint(numbers[half - 1], numbers[half]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let samples: Samples = (1..=200).rev().map(Duration::from_millis).collect();
        let all = [50, 99, 100].map(|percent| samples.percentile_ms(percent).round());
        assert_eq!(all, [100.0, 198.0, 200.0]);
        assert!(Samples::default().percentile_ms(50).is_nan());
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "small whole numbers")]
    fn the_median_ignores_what_was_not_measured() {
        assert_eq!(median([3.0, f64::NAN, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0]), 2.5);
        assert!(median([]).is_nan());
    }
}
