//! On a real Ganeti: guests under QEMU, and bad days that only a real cluster has.

use std::process::ExitCode;

use cyclades_bed::{ClusterKind, Options};
use cyclades_e2e::{Need, Suite, cases};

mod life;

fn main() -> ExitCode {
    Suite {
        need: Need::Lab,
        options: Options::for_test(vec![ClusterKind::LabKvm, ClusterKind::LabFake]),
        threads: None,
        cases: cases![
            life::two_machines_are_made_stopped_started_and_deleted,
            life::explain_documents_every_field,
        ],
    }
    .run()
}
