//! On a real Ganeti: guests under QEMU, and bad days that only a real cluster has.

use std::process::ExitCode;

use cyclades_bed::{ClusterKind, Options};
use cyclades_e2e::{Need, Suite, cases};

mod changes;
mod deletion;
mod extras;
mod fields;
mod guards;
mod life;
mod networks;
mod outages;
mod power;
mod rebuild;
mod reconcile;
mod refusals;
mod rescue;
mod secrets;
mod words;

/// The cluster whose guests run under QEMU.
const KVM: usize = 1;
/// Its backend.
const KVM_BACKEND: &str = "ganeti-1";
/// The cluster with the fake hypervisor, whose machines come and go in a second.
const FAKE: usize = 2;
/// Its backend.
const FAKE_BACKEND: &str = "ganeti-2";

/// Hypervisor parameters that cases have machines declare. All allow all of them, as they share the cluster.
const PARAMETERS: [&str; 5] = ["serial_console", "acpi", "keymap", "kernel_path", "kvm_pci_reservations"];

fn main() -> ExitCode {
    Suite {
        need: Need::Lab,
        options: Options::for_test(vec![ClusterKind::LabKvm, ClusterKind::LabFake, ClusterKind::LabFake]),
        // A job of a real Ganeti is half a second of work for both cores: more cases at a time only wait for each other.
        threads: Some(4),
        cases: cases![
            life::two_machines_are_made_stopped_started_and_deleted,
            outages::a_drained_queue_is_told_and_waited_for,
            outages::a_rapi_that_is_down_is_told_and_comes_back,
            outages::a_renewed_certificate_is_not_trusted_until_it_is_pinned,
            outages::credentials_are_told_and_corrected_in_the_secret,
            outages::a_cluster_that_is_forgotten_holds_nothing_and_is_left_alone,
            power::a_stop_by_hand_is_respected_under_follow,
            power::a_stop_by_hand_is_corrected_under_enforce,
            power::a_start_by_hand_is_respected_or_corrected,
            power::a_crash_is_started_again,
            power::drift_is_shown,
            power::a_paused_namespace_is_left_alone,
            changes::another_flavor_takes_effect_at_the_next_stop,
            changes::another_flavor_restarts_the_guest_when_that_is_wanted,
            changes::a_reboot_is_done_once_for_each_id,
            changes::a_detached_instance_runs_on,
            changes::an_instance_is_looked_at_and_then_taken_over,
            changes::what_is_not_nobodys_is_not_taken_over,
            changes::tags_are_kept_while_the_guest_runs,
            changes::a_suspended_machine_stays_stopped_until_it_is_released,
            extras::a_disk_is_plugged_into_the_running_guest,
            extras::a_disk_that_is_not_plugged_in_is_told_until_the_guest_is_another,
            extras::a_disk_that_is_removed_by_hand_is_shown,
            extras::a_hypervisor_parameter_takes_effect_at_a_start,
            fields::that_reach_ganeti,
            fields::that_reach_qemu,
            networks::a_network_spans_clusters_while_machines_there_need_it,
            words::names_and_metadata_are_not_told_to_ganeti,
            rebuild::another_image_is_installed_once_for_each_id,
            rebuild::a_mistake_shows_before_anything_is_lost,
            rebuild::what_has_no_disk_is_not_rebuilt,
            reconcile::what_is_removed_in_ganeti_is_lost_and_not_made_anew,
            reconcile::an_instance_whose_object_is_gone_is_told_and_left_alone,
            reconcile::a_network_interface_that_is_plugged_in_is_left_alone,
            reconcile::a_disk_that_was_grown_is_shown_and_never_shrinks,
            reconcile::a_job_that_vanishes_is_not_waited_for,
            reconcile::a_renamed_instance_is_followed,
            reconcile::a_guest_that_powers_itself_off_is_respected,
            reconcile::what_nobody_declared_is_counted_and_imported_without_a_trace,
            guards::a_tenant_is_refused_and_told_the_verb,
            guards::what_is_protected_stays,
            rescue::a_guest_boots_from_the_medium_and_then_from_its_disk,
            deletion::deleted_while_its_create_runs_nothing_is_left,
            refusals::a_machine_too_big_says_so_in_ganetis_words,
            refusals::a_disk_template_that_is_not_enabled_is_refused_in_ganetis_words,
            refusals::an_os_that_cannot_be_created_leaves_nothing,
            refusals::an_instance_of_that_name_is_left_alone,
            refusals::user_data_reaches_the_os,
            secrets::no_password_is_anywhere_it_can_be_read,
            life::explain_documents_every_field,
        ],
    }
    .run()
}
