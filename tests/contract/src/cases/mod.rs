//! The cases.

mod access;
mod changes;
mod cluster;
mod create;
mod disks;
mod faults;
mod jobs;
mod networks;
mod power;
mod queries;
mod queue;
mod reinstall;
mod tags;

use anyhow::Result;
use futures::future::BoxFuture;

use crate::{Notes, World};

/// One case.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its name.
    pub name: &'static str,
    /// Whether it changes what all others need.
    pub alone: bool,
    /// What it does.
    pub run: for<'a> fn(&'a World) -> BoxFuture<'a, Result<Notes>>,
}

macro_rules! case {
    ($alone:literal, $module:ident :: $function:ident) => {
        Case {
            name: concat!(stringify!($module), "::", stringify!($function)),
            alone: $alone,
            run: |world| Box::pin($module::$function(world)),
        }
    };
}

/// All cases, in the order they run.
#[must_use]
pub fn cases() -> Vec<Case> {
    vec![
        case!(false, cluster::version_and_features),
        case!(false, cluster::info),
        case!(false, cluster::nodes_and_groups),
        case!(false, access::passwords),
        case!(false, access::a_reader_may_look_but_not_touch),
        case!(false, access::a_wrong_pin),
        case!(false, create::what_was_asked_for),
        case!(false, create::the_same_name_twice),
        case!(false, create::text_outside_ascii),
        case!(false, create::a_tag_outside_ascii),
        case!(false, create::too_much_memory),
        case!(false, create::against_the_policy),
        case!(false, create::a_disk_template_that_is_not_enabled),
        case!(false, create::an_unknown_os),
        case!(false, create::an_unknown_hypervisor),
        case!(false, create::bad_parameters),
        case!(false, create::not_started),
        case!(false, create::with_a_disk),
        case!(false, create::deleted_and_made_again),
        case!(false, create::a_longer_name_with_the_same_start),
        case!(false, power::down_up_and_round),
        case!(false, power::unknown_instances),
        case!(false, power::the_uuid_guard),
        case!(false, changes::nothing_to_change),
        case!(false, changes::backend_parameters),
        case!(false, changes::what_the_serial_number_counts),
        case!(false, reinstall::another_os_on_the_same_disk),
        case!(false, reinstall::what_is_refused_before_anything_is_erased),
        case!(false, reinstall::a_script_that_fails),
        case!(false, disks::added_and_grown),
        case!(false, disks::of_a_diskless_instance),
        case!(false, networks::made_used_and_removed),
        case!(false, networks::the_same_range_twice),
        case!(false, networks::what_is_refused),
        case!(false, tags::of_an_instance),
        case!(false, tags::of_the_cluster),
        case!(false, jobs::an_unknown_one),
        case!(false, jobs::the_feed),
        case!(false, jobs::a_reason_comes_back),
        case!(false, jobs::one_after_the_other),
        case!(false, jobs::delete_after_whatever_became_of_the_create),
        case!(false, jobs::cancel_a_finished_one),
        case!(false, queries::by_tag),
        case!(false, queries::unknown_fields),
        case!(false, queries::filters_that_are_none),
        case!(false, queries::an_unknown_name),
        case!(false, faults::a_crash),
        case!(true, queue::drained),
        case!(true, queue::rejected_by_reason),
        case!(true, queue::a_fence_spares_what_was_accepted_before),
        case!(true, queue::cancel_a_waiting_job),
    ]
}
