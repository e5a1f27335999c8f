//! Fields of job filters.

use std::sync::LazyLock;

use super::cell::Cell;
use super::field::{Field, Fields, Type};
use crate::queue::Rule;

/// All fields of job filters.
pub(crate) fn rule_fields() -> &'static Fields<(), Rule> {
    static FIELDS: LazyLock<Fields<(), Rule>> = LazyLock::new(|| Fields::new(fields()));
    &FIELDS
}

fn fields() -> Vec<Field<(), Rule>> {
    use Type::Other;
    vec![
        Field::new(
            "watermark",
            "Watermark",
            Other,
            "Highest job ID used at the time when the filter was added",
            |(), rule: &Rule, _| Cell::count(rule.watermark),
        ),
        Field::new("priority", "Priority", Other, "Filter priority", |(), rule, _| {
            Cell::count(rule.priority)
        }),
        Field::new("predicates", "Predicates", Other, "List of filter predicates", |(), rule, _| {
            Cell::Value(rule.shown.clone())
        }),
        Field::new("action", "Action", Other, "Filter action", |(), rule, _| {
            Cell::Value(rule.action.to_value())
        }),
        Field::new(
            "reason_trail",
            "ReasonTrail",
            Other,
            "Reason why this filter was added",
            |(), rule, _| Cell::Value(rule.reason.clone()),
        ),
        Field::new("uuid", "UUID", Other, "Filter ID", |(), rule, _| Cell::Text(&rule.uuid)),
    ]
}
