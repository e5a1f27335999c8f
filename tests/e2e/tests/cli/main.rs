//! `kubectl cyclades`, as its user types it: kubectl finds the plugin on `PATH`.

use std::process::ExitCode;

use cyclades_bed::Options;
use cyclades_e2e::{Need, Suite, cases};

mod export;
mod import;
mod plan;
mod pool;
mod status;

fn main() -> ExitCode {
    Suite {
        need: Need::Nothing,
        options: Options::for_test(Vec::new()),
        threads: None,
        cases: cases![
            status::what_a_machine_waits_for_is_named_and_who_can_help,
            status::a_healthy_machine_is_well,
            status::a_backend_that_is_down_is_one_line_for_three_machines,
            status::a_secret_that_is_missing_is_at_the_end_of_the_chain,
            status::a_tenant_reads_what_the_machine_passes_on,
            status::what_cannot_be_found_out_is_no_verdict,
            export::exported_deleted_and_applied_it_is_the_same_machine,
            export::a_tenant_applies_what_says_no_placement,
            export::with_references_nothing_is_missing_elsewhere,
            import::what_nobody_declared_is_written_down_and_looked_at,
            import::an_instance_whose_object_is_gone_is_told_and_comes_back,
            import::what_cannot_be_imported_says_why,
            plan::a_stop_is_planned_and_not_done,
            plan::a_file_that_changes_nothing_leads_to_nothing,
            plan::a_file_that_the_api_server_refuses_is_told,
            plan::a_new_machine_is_planned_from_placement_to_ready,
            plan::what_is_taken_over_is_shown_with_its_difference_first,
            plan::a_copy_with_the_same_id_is_told,
            pool::the_map_of_a_network_is_shown,
            plan::without_the_secret_the_status_has_to_do,
        ],
    }
    .run()
}
