//! The term of a holder: who may still submit jobs to a backend, and who comes too late.

use std::fmt;

/// A time for which a process holds a backend. Later terms are greater, and their texts are greater as texts, as Ganeti's job
/// filters know nothing but the order of texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    /// How often the backend was taken, as its status tells.
    pub epoch: u64,
    /// When the process began, in milliseconds since 1970 by its own clock. It keeps the lives of one replica apart, so that a
    /// replica that begins anew goes on without a write. Where the clock went back, the fence of the former life is found to
    /// be a later one, and the next epoch is taken.
    pub life: u64,
}

impl Term {
    /// Reads what [`Term`] displays.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (epoch, life) = text.split_once('.')?;
        Some(Self { epoch: epoch.parse().ok()?, life: life.parse().ok()? })
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ten digits of takings, and milliseconds up to the year 2286.
        write!(f, "{:010}.{:013}", self.epoch, self.life)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn term() -> impl Strategy<Value = Term> {
        (0u64..10_000_000_000, 0u64..10_000_000_000_000).prop_map(|(epoch, life)| Term { epoch, life })
    }

    proptest! {
        #[test]
        fn a_term_reads_back(term in term()) {
            prop_assert_eq!(Term::parse(&term.to_string()), Some(term));
        }

        #[test]
        fn texts_are_in_the_order_of_terms(one in term(), other in term()) {
            prop_assert_eq!(one.to_string().cmp(&other.to_string()), one.cmp(&other));
        }
    }
}
