//! What a failed call says about a backend.

use cyclades_crds::condition::Reason;
use cyclades_domain::backend::Health;
use ganeti_rapi::Failure;

/// What a failed call says about the backend: cause and cure.
pub(crate) fn health_of(failure: &Failure) -> Health {
    if failure.is_queue_drained() {
        return Health::impaired(
            Reason::QueueDrained,
            "The job queue is drained: nothing is submitted until an administrator opens it with gnt-cluster queue undrain.",
        );
    }
    match failure {
        Failure::UntrustedPeer(untrusted) => Health::impaired(
            Reason::UntrustedPeer,
            format!(
                "{} presented the certificate {}, which is not trusted ({}); nothing was sent to it. If the certificate was renewed, verify it on the master (openssl x509 -in /var/lib/ganeti/rapi.pem -noout -fingerprint -sha256) and add it to spec.tls.pins.",
                untrusted.endpoint, untrusted.presented, untrusted.why
            ),
        ),
        Failure::NotAuthorised(denied) if denied.status == 403 => Health::impaired(
            Reason::CredentialsReadOnly,
            "The RAPI user may not write: give it the option write in /var/lib/ganeti/rapi/users, or name another Secret.",
        ),
        Failure::NotAuthorised(_) => Health::impaired(
            Reason::CredentialsRefused,
            "RAPI refused the user name or password: correct the Secret, or /var/lib/ganeti/rapi/users on the master.",
        ),
        Failure::Unreachable(unreachable) => {
            Health::impaired(Reason::Unreachable, format!("No endpoint answers: {}.", causes(unreachable)))
        }
        other => Health::impaired(Reason::RapiFailing, format!("RAPI answers with errors: {other}")),
    }
}

/// The obstacles without what changes from try to try, so that the text stays the same while the cause does.
fn causes(unreachable: &ganeti_rapi::Unreachable) -> String {
    let attempts: Vec<String> = unreachable
        .attempts
        .iter()
        .map(|attempt| format!("{}: {}", attempt.endpoint, attempt.obstacle))
        .collect();
    attempts.join("; ")
}
