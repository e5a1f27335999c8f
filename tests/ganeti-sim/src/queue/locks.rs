//! Locks: one job after the other on the same object.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// What a job locks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum LockKey {
    Instance(Arc<str>),
    Node(String),
    Group(String),
    Network(String),
}

impl std::fmt::Display for LockKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Instance(name) => write!(f, "instance/{name}"),
            Self::Node(name) => write!(f, "node/{name}"),
            Self::Group(name) => write!(f, "nodegroup/{name}"),
            Self::Network(name) => write!(f, "network/{name}"),
        }
    }
}

/// Who holds and who waits for each lock, in order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    queues: HashMap<LockKey, VecDeque<u64>>,
}

impl Locks {
    /// Lines up for a lock; whether it is got at once.
    pub fn acquire(&mut self, key: &LockKey, job: u64) -> bool {
        let queue = self.queues.entry(key.clone()).or_default();
        queue.push_back(job);
        queue.len() == 1
    }

    /// Leaves the line; who holds the lock from now on because of that.
    pub fn release(&mut self, key: &LockKey, job: u64) -> Option<u64> {
        let queue = self.queues.get_mut(key)?;
        let held = queue.front() == Some(&job);
        queue.retain(|other| *other != job);
        let next = queue.front().copied();
        if next.is_none() {
            self.queues.remove(key);
        }
        next.filter(|_| held)
    }

    /// Each lock with its holder and those who wait.
    pub fn iter(&self) -> impl Iterator<Item = (&LockKey, &VecDeque<u64>)> {
        self.queues.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::{LockKey, Locks};

    #[test]
    fn are_given_in_order_of_arrival() {
        let key = LockKey::Instance("web".into());
        let mut locks = Locks::default();
        assert!(locks.acquire(&key, 1));
        assert!(!locks.acquire(&key, 2));
        assert!(!locks.acquire(&key, 3));
        assert_eq!(locks.release(&key, 2), None, "2 only waited");
        assert_eq!(locks.release(&key, 1), Some(3));
        assert_eq!(locks.release(&key, 3), None);
        assert!(locks.acquire(&key, 4));
    }
}
