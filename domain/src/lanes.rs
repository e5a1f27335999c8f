//! Lanes of a backend's job window: who may submit when slots are scarce.

/// A lane. Each has a share of the window that no other lane can take, so slow deletes cannot hold up creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Starts and stops that a user asked for.
    Action,
    /// Creations.
    Create,
    /// Removals.
    Delete,
}

impl Lane {
    /// All lanes, in the order in which free slots are offered.
    pub const ALL: [Lane; 3] = [Lane::Action, Lane::Create, Lane::Delete];

    /// Position in arrays of per-lane counts.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Action => 0,
            Self::Create => 1,
            Self::Delete => 2,
        }
    }
}

/// Whether a lane may take one more slot of a window of `slots`, given the slots in use per lane.
///
/// A tenth of the window (at least one slot, where there are enough) is kept for each other lane.
#[must_use]
pub fn admits(slots: u32, in_use: [u32; 3], lane: Lane) -> bool {
    if in_use.iter().sum::<u32>() >= slots {
        return false;
    }
    let kept = (slots / 10).max(1);
    let kept_for_others: u32 = Lane::ALL
        .into_iter()
        .filter(|other| *other != lane)
        .map(|other| kept.saturating_sub(in_use[other.index()]))
        .sum();
    let room = slots.saturating_sub(in_use.iter().sum::<u32>());
    // A window too small to keep anything back serves whoever comes first.
    slots < 3 || room > kept_for_others
}

#[cfg(test)]
mod tests {
    use super::{Lane, admits};

    #[test]
    fn deletes_alone_leave_room_for_creates_and_actions() {
        let mut in_use = [0; 3];
        while admits(10, in_use, Lane::Delete) {
            in_use[Lane::Delete.index()] += 1;
        }
        assert_eq!(in_use[Lane::Delete.index()], 8);
        assert!(admits(10, in_use, Lane::Create) && admits(10, in_use, Lane::Action));
    }

    #[test]
    fn a_window_of_one_serves_everybody_in_turn() {
        assert!(Lane::ALL.into_iter().all(|lane| admits(1, [0; 3], lane)));
        assert!(Lane::ALL.into_iter().all(|lane| !admits(1, [1, 0, 0], lane)));
    }

    #[test]
    fn the_window_is_never_exceeded() {
        assert!(!admits(10, [8, 1, 1], Lane::Create));
    }
}
