//! On simulated clusters, one for each case that disturbs it: bad input, bad days, deletion, placement.

use std::process::ExitCode;

use cyclades_bed::Options;
use cyclades_e2e::{Case, Need, Suite, cases};

mod answers;
mod days;
mod deletion;
mod extras;
mod fields;
mod guards;
mod input;
mod networks;
mod placement;
mod power;
mod refusals;
mod rescue;
mod words;

fn main() -> ExitCode {
    Suite {
        need: Need::Nothing,
        options: Options { audit: true, ..Options::for_test(Vec::new()) },
        threads: None,
        cases: [bad_input(), bad_days(), a_life()].into_iter().flatten().collect(),
    }
    .run()
}

/// Bad input, and what is missing.
fn bad_input() -> Vec<Case> {
    cases![
        input::a_missing_flavor_is_named_and_its_appearance_wakes,
        input::a_missing_image_is_named_and_its_appearance_wakes,
        input::the_scheduler_waits_for_a_missing_flavor_too,
        input::a_missing_volume_type_is_told_by_flavor_and_machine,
        input::a_private_image_of_others_is_refused_until_it_is_shared,
        input::a_retired_flavor_takes_no_new_machines_until_it_is_opened,
        input::user_data_that_the_image_cannot_take_is_told,
        input::a_backend_that_does_not_exist_is_waited_for,
        input::an_id_belongs_to_one_machine,
        input::a_dry_run_says_what_apply_would_say,
        refusals::what_only_another_spec_can_cure_is_tried_once,
        refusals::a_passing_failure_is_tried_again_with_a_pause,
        refusals::what_a_failed_create_leaves_is_removed_before_the_next,
        refusals::a_removal_that_fails_is_no_storm,
        refusals::a_job_whose_process_died_is_looked_at_first,
        refusals::a_cancelled_job_holds_its_machine_alone,
        refusals::a_machine_that_keeps_dying_is_started_ever_less_often,
        guards::a_tenant_is_refused_and_told_the_verb,
        guards::what_is_protected_stays,
    ]
}

/// Backends in trouble, answers that are lost.
fn bad_days() -> Vec<Case> {
    cases![
        days::a_missing_secret_is_named_and_its_appearance_heals,
        days::a_wrong_password_is_told_and_hardly_tried,
        days::a_user_who_may_only_read_is_told,
        days::an_unknown_peer_gets_nothing,
        days::a_rapi_that_is_down_is_waited_for_and_others_do_not_notice,
        days::who_is_not_there_is_hardly_tried,
        days::a_cluster_that_hangs_holds_up_no_other,
        days::a_drained_queue_is_told_and_waited_for,
        days::another_cluster_at_the_same_address_is_left_alone,
        days::the_claim_of_another_incarnation_is_respected_until_taken_over,
        days::two_backends_that_lead_to_one_cluster_do_not_fight,
        days::an_inventory_that_cannot_be_is_not_believed,
        days::answers_that_are_cut_off_are_not_believed,
        days::a_node_that_does_not_answer_leaves_power_unknown,
        days::an_offline_backend_is_not_asked_anything,
        answers::every_lost_answer_is_found,
        answers::every_lost_request_is_repeated_once,
        answers::a_rebuild_whose_answer_is_lost_is_found_by_what_it_does,
        answers::a_rebuild_that_may_have_been_sent_is_not_sent_again,
        answers::many_changes_of_mind_end_as_the_last_one_said,
    ]
}

/// What is done to machines.
fn a_life() -> Vec<Case> {
    cases![
        power::a_guest_that_powers_off_is_respected_under_follow,
        power::a_stop_by_hand_is_seen_within_a_poll,
        power::a_paused_machine_is_left_alone,
        power::a_paused_namespace_is_left_alone,
        power::a_paused_backend_is_not_asked_anything,
        power::a_machine_that_moves_is_followed,
        power::long_names_make_tags_that_ganeti_takes,
        extras::own_disks_come_and_grow_while_the_guest_runs,
        extras::a_disk_that_is_not_plugged_in_is_told_until_the_guest_is_another,
        extras::own_disks_wait_where_the_guest_takes_none,
        extras::hypervisor_parameters_are_those_that_the_backend_allows,
        extras::os_parameters_are_those_that_the_image_allows,
        extras::the_scheduler_counts_disks_and_asks_for_parameters,
        fields::of_machines,
        fields::of_what_machines_are_made_of,
        fields::of_backends,
        words::names_and_metadata_change_and_ganeti_is_not_told,
        words::metadata_has_bounds,
        networks::machines_have_addresses_while_they_live,
        networks::who_gets_no_address_waits_for_one,
        networks::no_address_is_given_twice,
        networks::what_an_orphan_uses_is_not_given_away,
        rescue::a_machine_is_rescued_and_boots_from_its_disk_again,
        rescue::a_medium_that_is_not_allowed_is_refused_until_it_is,
        rescue::only_kvm_can_be_rescued,
        placement::machines_spread_by_free_memory,
        placement::what_fits_nowhere_says_why_and_is_woken,
        placement::room_that_becomes_free_wakes_who_waits,
        placement::where_ganeti_has_no_room_the_next_to_leave_makes_it,
        placement::a_pin_goes_to_a_drained_backend,
        placement::an_orphan_with_the_machines_id_is_followed,
        deletion::deleted_while_its_create_runs_nothing_is_left,
        deletion::deleted_while_their_creates_are_queued_nothing_is_left,
        deletion::deleted_while_the_answer_to_its_create_is_lost_nothing_is_left,
        deletion::a_backend_with_machines_is_held_and_says_so,
        deletion::with_its_secret_gone_a_deletion_says_what_it_waits_for,
        deletion::with_its_backend_object_gone_a_deletion_says_what_it_waits_for,
        deletion::a_cluster_that_is_gone_for_good_holds_nothing,
        deletion::a_namespace_with_machines_goes_and_their_instances_first,
        deletion::a_machine_that_vanished_is_lost_until_its_owner_says_otherwise,
        deletion::slow_removals_leave_room_for_creates,
    ]
}
