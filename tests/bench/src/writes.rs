//! Writes as the API server counts them.

use std::{collections::BTreeMap, fmt};

use cyclades_control_plane::ControlPlane;

/// Our kinds, as resources.
const OURS: [&str; 5] = ["virtualmachines", "ganetibackends", "flavors", "volumetypes", "images"];

/// Requests by verb and resource since the API server's start.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requests(BTreeMap<(String, String), u64>);

/// Writes between two looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Writes {
    /// To objects of our kinds and their statuses, creations left out: these are the clients'.
    pub(crate) ours: u64,
    /// The same by verb and resource.
    pub(crate) detail: BTreeMap<String, u64>,
    /// Events.
    pub(crate) events: u64,
    /// Leases.
    pub(crate) leases: u64,
}

impl Requests {
    /// As of now.
    pub(crate) async fn read(control_plane: &ControlPlane) -> anyhow::Result<Self> {
        Ok(Self(control_plane.request_counts().await?))
    }

    /// What was written since another look.
    pub(crate) fn since(&self, before: &Self) -> Writes {
        let mut writes = Writes::default();
        for ((verb, resource), count) in &self.0 {
            let new = count - before.0.get(&(verb.clone(), resource.clone())).unwrap_or(&0);
            let plural = resource.split('/').next().unwrap_or_default();
            let writing = !matches!(verb.as_str(), "GET" | "LIST" | "WATCH" | "WATCHLIST" | "CONNECT");
            match plural {
                _ if !writing => {}
                "events" => writes.events += new,
                "leases" => writes.leases += new,
                plural if OURS.contains(&plural) && verb != "POST" && new > 0 => {
                    writes.ours += new;
                    writes.detail.insert(format!("{verb} {resource}"), new);
                }
                _ => {}
            }
        }
        writes
    }
}

impl fmt::Display for Writes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail: Vec<String> = self.detail.iter().map(|(what, count)| format!("{count} {what}")).collect();
        let detail = if detail.is_empty() { String::new() } else { format!(" ({})", detail.join(", ")) };
        write!(f, "{}{detail}, events {}, leases {}", self.ours, self.events, self.leases)
    }
}

/// A count as a figure.
#[allow(clippy::cast_precision_loss, reason = "counts of some thousands")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_creations_are_no_writes_of_the_operator() {
        let requests = |counts: &[(&str, &str, u64)]| {
            let key =
                |(verb, resource, count): &(&str, &str, u64)| (((*verb).into(), (*resource).into()), *count);
            Requests(counts.iter().map(key).collect())
        };
        let before = requests(&[("PATCH", "virtualmachines", 5)]);
        let after = requests(&[
            ("PATCH", "virtualmachines", 7),
            ("PATCH", "virtualmachines/status", 2),
            ("POST", "virtualmachines", 9),
            ("LIST", "virtualmachines", 9),
            ("POST", "events", 3),
            ("PUT", "leases", 1),
        ]);
        let writes = after.since(&before);
        assert_eq!((writes.ours, writes.events, writes.leases), (4, 3, 1));
        assert_eq!(
            writes.to_string(),
            "4 (2 PATCH virtualmachines, 2 PATCH virtualmachines/status), events 3, leases 1"
        );
    }
}
