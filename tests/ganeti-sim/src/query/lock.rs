//! Fields of locks.

use std::sync::LazyLock;

use serde_json::json;

use super::cell::Cell;
use super::field::{Field, Fields, Type};

/// A lock that a job holds, and the jobs that wait for it.
pub(crate) struct LockRow {
    pub name: String,
    pub jobs: Vec<u64>,
}

impl AsRef<LockRow> for LockRow {
    fn as_ref(&self) -> &LockRow {
        self
    }
}

/// All fields of locks.
pub(crate) fn lock_fields() -> &'static Fields<(), LockRow> {
    static FIELDS: LazyLock<Fields<(), LockRow>> = LazyLock::new(|| Fields::new(fields()));
    &FIELDS
}

fn fields() -> Vec<Field<(), LockRow>> {
    vec![
        Field::new("name", "Name", Type::Other, "Lock name", |(), lock: &LockRow, _| Cell::Text(&lock.name)),
        Field::new(
            "mode",
            "Mode",
            Type::Other,
            "Mode in which the lock is currently acquired (exclusive or shared)",
            |(), _: &LockRow, _| Cell::Text("exclusive"),
        )
        .live(),
        Field::new("owner", "Owner", Type::Other, "Current lock owner(s)", |(), lock: &LockRow, _| {
            Cell::Value(lock.jobs.iter().take(1).map(|job| format!("{job}/")).collect())
        })
        .live(),
        Field::new(
            "pending",
            "Pending",
            Type::Other,
            "Jobs waiting for the lock",
            |(), lock: &LockRow, _| {
                let waiting: Vec<_> = lock.jobs.iter().skip(1).map(|job| format!("{job}/")).collect();
                Cell::Value(json!([["exclusive", waiting]]))
            },
        )
        .live(),
    ]
}
