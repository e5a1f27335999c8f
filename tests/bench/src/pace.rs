//! When things are begun: gaps that lock on to no poll, arrivals that wait for nobody.

use std::time::Duration;

/// A source of gaps, the same in every run (`SplitMix64`, Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to but not including 1.
    #[allow(clippy::cast_precision_loss, reason = "the upper 53 bits fit into a double")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A gap between two bounds, each as likely as another.
    pub(crate) fn gap(&mut self, from: Duration, to: Duration) -> Duration {
        from + (to - from).mul_f64(self.unit())
    }

    /// The time to the next arrival of a Poisson process.
    pub(crate) fn arrival(&mut self, per_second: f64) -> Duration {
        Duration::from_secs_f64(-(1.0 - self.unit()).ln() / per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_stay_between_their_bounds_and_differ() {
        let (from, to) = (Duration::from_millis(20), Duration::from_millis(60));
        let mut dice = Dice::seeded(1);
        let gaps: Vec<_> = (0..1000).map(|_| dice.gap(from, to)).collect();
        assert!(gaps.iter().all(|gap| (from..to).contains(gap)));
        let mean = gaps.iter().sum::<Duration>() / 1000;
        assert!((38..42).contains(&mean.as_millis()), "{mean:?}");
    }

    #[test]
    fn arrivals_come_at_their_rate() {
        let mut dice = Dice::seeded(2);
        let all: Duration = (0..10_000).map(|_| dice.arrival(100.0)).sum();
        assert!((95.0..105.0).contains(&all.as_secs_f64()), "{all:?}");
    }
}
