//! Whether an inventory is credible: unknown is not absent.

/// Fewest vanished instances that make an inventory suspect.
const VANISHED_MIN: usize = 5;

/// Polls that must miss an instance before a direct read is asked whether it is gone.
pub const POLLS_BEFORE_ABSENT: u8 = 2;

/// What to make of a bulk answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credibility {
    /// It may be believed.
    Credible,
    /// Too much is missing at once, or names repeat: nothing is created or deleted on its strength.
    Implausible,
}

/// Judges a bulk answer by what was known before: `known` instances, of which `missing` are not in it, and whether a
/// name stood in it twice. More than max(5, 2 %) missing, or everything, is implausible.
#[must_use]
pub fn judge(known: usize, missing: usize, repeated: bool) -> Credibility {
    let tolerated = VANISHED_MIN.max(known / 50);
    let emptied = known > 0 && missing == known;
    if repeated || emptied || missing > tolerated { Credibility::Implausible } else { Credibility::Credible }
}

#[cfg(test)]
mod tests {
    use super::{Credibility, judge};

    #[test]
    fn an_empty_or_halved_answer_is_not_believed_however_few_there_are() {
        assert_eq!(judge(3, 3, false), Credibility::Implausible);
        assert_eq!(judge(100, 50, false), Credibility::Implausible);
        assert_eq!(judge(1000, 21, false), Credibility::Implausible);
    }

    #[test]
    fn a_few_may_vanish() {
        assert_eq!(judge(3, 1, false), Credibility::Credible);
        assert_eq!(judge(1000, 20, false), Credibility::Credible);
        assert_eq!(judge(0, 0, false), Credibility::Credible, "an empty cluster is a fine cluster");
    }

    #[test]
    fn repeated_names_are_not_believed() {
        assert_eq!(judge(10, 0, true), Credibility::Implausible);
    }
}
