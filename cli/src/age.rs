//! How long something has been so.

use jiff::Timestamp;

/// The time from `since` to `now` in its largest unit, as `kubectl get` shows ages: `12s`, `5m`, `3h`, `2d`. A clock
/// that is behind makes it `0s`.
pub(crate) fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(since.as_second()).max(0);
    // The borders are kubectl's: two units would be more than one wants to know.
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::age;
    use jiff::Timestamp;

    #[test]
    fn ages_have_one_unit() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let ages = [0, 119, 120, 7_199, 7_200, 172_800].map(|second| age(at(0), at(second)));
        assert_eq!(ages, ["0s", "119s", "2m", "119m", "2h", "2d"]);
        assert_eq!(age(at(10), at(0)), "0s", "clocks differ");
    }
}
