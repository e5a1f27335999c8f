//! Ganeti's ways to order and find names.

use std::cmp::Ordering;
use std::sync::Arc;

/// A name in Ganeti's order: runs of digits compare as numbers, so `web2` comes before `web10`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Natural(pub Arc<str>);

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        natural(&self.0, &other.0).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares runs of digits by value and everything else by text.
pub(crate) fn natural(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    while let (Some(a), Some(b)) = (left.first(), right.first()) {
        if a.is_ascii_digit() && b.is_ascii_digit() {
            let (one, rest) = number(left);
            let (other, other_rest) = number(right);
            // Without leading zeros the longer number is the greater one.
            let order = one.len().cmp(&other.len()).then_with(|| one.cmp(other));
            if order != Ordering::Equal {
                return order;
            }
            (left, right) = (rest, other_rest);
        } else if a == b {
            (left, right) = (&left[1..], &right[1..]);
        } else {
            return a.cmp(b);
        }
    }
    left.len().cmp(&right.len())
}

fn number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let zeros = digits.iter().position(|byte| *byte != b'0').unwrap_or(digits.len());
    (&digits[zeros..], rest)
}

/// Whether a short name stands for the full one: equal, or a prefix of it that ends at a dot.
pub(crate) fn is_component(full: &str, short: &str) -> bool {
    full == short
        || (full.len() > short.len() && full.starts_with(short) && full.as_bytes()[short.len()] == b'.')
}

#[cfg(test)]
mod tests {
    use super::{is_component, natural};
    use std::cmp::Ordering;

    #[test]
    fn numbers_compare_by_value() {
        assert_eq!(natural("web2.example.com", "web10.example.com"), Ordering::Less);
        assert_eq!(natural("web10", "web10a"), Ordering::Less);
        assert_eq!(natural("b1", "a2"), Ordering::Greater);
        assert_eq!(natural("n007", "n7"), Ordering::Equal);
    }

    #[test]
    fn a_short_name_ends_at_a_dot() {
        assert!(is_component("web.example.com", "web"));
        assert!(is_component("web.example.com", "web.example"));
        assert!(!is_component("web2.example.com", "web"));
        assert!(!is_component("web", "web.example.com"));
    }
}
