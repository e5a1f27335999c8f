//! How long to wait before something is tried again.

use std::time::Duration;

/// An exponential backoff: the first delay, and the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Delay after the first failure.
    pub first: Duration,
    /// Longest delay.
    pub longest: Duration,
}

impl Backoff {
    /// Delay after `failures` failures in a row (1 or more), with `jitter` of ±25 % taken from a number that the caller
    /// draws or derives, so that many machines that failed together do not come back together.
    #[must_use]
    pub fn delay(self, failures: u32, jitter: u64) -> Duration {
        let doubled = self.first.saturating_mul(1 << failures.saturating_sub(1).min(20));
        let delay = doubled.min(self.longest);
        let per_mille = 750 + u32::try_from(jitter % 501).unwrap_or(250);
        delay.saturating_mul(per_mille) / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::Backoff;
    use proptest::prelude::*;
    use std::time::Duration;

    proptest! {
        #[test]
        fn delays_grow_to_the_longest_and_stay_within_a_quarter(failures in 1u32..100, jitter in any::<u64>()) {
            let backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_secs(300) };
            let delay = backoff.delay(failures, jitter);
            let plain = Duration::from_secs(5 * 2u64.pow((failures - 1).min(10))).min(Duration::from_secs(300));
            prop_assert!(delay >= plain * 3 / 4 && delay <= plain * 5 / 4, "{:?} of {:?}", delay, plain);
        }
    }
}
