//! What the operator is allowed is what it uses, no more and no less; and what it uses it does as nobody else.

use std::process::ExitCode;

use cyclades_bed::{OperatorOptions, Options};
use cyclades_e2e::{Need, Suite, cases};

mod secrets;
mod verbs;

fn main() -> ExitCode {
    // Everything that any log level could tell is told, so that no secret hides in a level that is off.
    let operator = OperatorOptions { log: "trace".to_owned(), ..OperatorOptions::default() };
    let bed = Options::for_test(Vec::new());
    Suite {
        need: Need::Nothing,
        options: Options { audit: true, operator: Some(operator), ..bed },
        threads: Some(1),
        cases: cases![
            verbs::the_role_has_no_wildcard_and_grants_what_is_used_and_nothing_else,
            secrets::no_secret_is_told_at_any_log_level,
        ],
    }
    .run()
}
