//! Queries: fields, filters and answers.

mod answer;
mod cell;
mod field;
mod filter;
mod group;
mod instance;
mod instance_devices;
mod instance_live;
mod job;
mod lock;
mod network;
mod node;
mod rule;

pub(crate) use answer::{Matcher, Selection, write_fields};
pub(crate) use cell::Cell;
pub(crate) use field::{Field, Fields, Type};
pub(crate) use filter::{Compare, Filter, Operand};
pub(crate) use group::{GroupView, group_fields};
pub(crate) use instance::{hv_type, instance_fields};
pub(crate) use instance_live::status_of;
pub(crate) use job::{JobRow, job_fields, job_ids};
pub(crate) use lock::{LockRow, lock_fields};
pub(crate) use network::{NetworkView, network_fields};
pub(crate) use node::{NodeView, export_fields, node_fields};
pub(crate) use rule::rule_fields;

/// The common fields of configuration objects.
macro_rules! common_fields {
    ($context:ty, $object:ty, $label:literal) => {
        [
            $crate::query::Field::<$context, $object>::new(
                "ctime",
                "CTime",
                $crate::query::Type::Timestamp,
                "Creation timestamp",
                |_, object, _| $crate::query::Cell::Float(object.ctime.seconds()),
            ),
            $crate::query::Field::new(
                "mtime",
                "MTime",
                $crate::query::Type::Timestamp,
                "Modification timestamp",
                |_, object, _| $crate::query::Cell::Float(object.mtime.seconds()),
            ),
            $crate::query::Field::new(
                "uuid",
                "UUID",
                $crate::query::Type::Text,
                concat!($label, " UUID"),
                |_, object, _| $crate::query::Cell::Text(&object.uuid),
            ),
            $crate::query::Field::new(
                "serial_no",
                "SerialNo",
                $crate::query::Type::Number,
                concat!($label, " object serial number, incremented on each modification"),
                |_, object, _| $crate::query::Cell::count(object.serial_no),
            ),
            $crate::query::Field::new("tags", "Tags", $crate::query::Type::Other, "Tags", |_, object, _| {
                $crate::query::Cell::Set(&object.tags)
            }),
        ]
    };
}
pub(crate) use common_fields;
