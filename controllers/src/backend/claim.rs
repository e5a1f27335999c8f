//! The claim on a cluster: a tag that says which installation, and which life of it, manages its instances.

use cyclades_crds::condition::Reason;
use cyclades_domain::{backend::Health, naming::Claim};

/// What the cluster's tags say about our right to manage it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The claim is ours.
    Ours,
    /// Nobody claims it, or the claim that is there is to be taken over: these tags go, ours comes.
    Free {
        /// Claims to remove.
        superseded: Vec<String>,
    },
    /// Somebody else claims it: no mutation at all.
    Foreign(Claim),
}

/// Judges the tags of a cluster. Claims on other name prefixes do not concern us: installations may share a cluster.
pub(crate) fn judge(tags: &[String], ours: &Claim, take_over_from: Option<&str>) -> Standing {
    let mut superseded = Vec::new();
    let mut held = false;
    for claim in tags.iter().filter_map(|tag| Claim::parse(tag)).filter(|claim| claim.prefix == ours.prefix) {
        if claim == *ours {
            held = true;
        } else if take_over_from == Some(claim.incarnation.as_str()) {
            superseded.push(claim.to_string());
        } else {
            return Standing::Foreign(claim);
        }
    }
    if held && superseded.is_empty() { Standing::Ours } else { Standing::Free { superseded } }
}

/// How a backend stands whose cluster somebody else claims.
pub(crate) fn foreign(claim: &Claim) -> Health {
    Health::impaired(
        Reason::ClaimedByAnother,
        format!(
            "Installation {} (incarnation {}) manages the instances named {}* of this cluster; nothing is changed here. \
             If that installation is gone for good and this one recovers it, set spec.takeOverFrom: {}. \
             If it still runs, give this backend another instanceNamePrefix.",
            claim.cluster_id, claim.incarnation, claim.prefix, claim.incarnation
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(incarnation: &str) -> Claim {
        Claim { prefix: "vm-".into(), cluster_id: "prod".into(), incarnation: incarnation.into() }
    }

    #[test]
    fn a_free_cluster_may_be_claimed_and_ours_is_kept() {
        assert_eq!(judge(&["other".into()], &claim("a"), None), Standing::Free { superseded: vec![] });
        assert_eq!(judge(&[claim("a").to_string()], &claim("a"), None), Standing::Ours);
    }

    #[test]
    fn another_incarnation_is_respected_until_it_is_named() {
        let tags = [claim("old").to_string()];
        assert_eq!(judge(&tags, &claim("new"), None), Standing::Foreign(claim("old")));
        assert_eq!(judge(&tags, &claim("new"), Some("older")), Standing::Foreign(claim("old")));
        assert_eq!(judge(&tags, &claim("new"), Some("old")), Standing::Free { superseded: tags.to_vec() });
    }

    #[test]
    fn claims_on_other_prefixes_do_not_concern_us() {
        let other = Claim { prefix: "snf-".into(), ..claim("old") };
        assert_eq!(judge(&[other.to_string()], &claim("new"), None), Standing::Free { superseded: vec![] });
    }
}
