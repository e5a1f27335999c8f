//! The number of a job.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};

/// A job's number: it only grows within one cluster, also across a master failover. A cluster that is
/// initialised anew starts again, so keep the cluster's uuid next to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct JobId(pub u64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Serialize for JobId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for JobId {
    /// Ganeti 3 answers a number; its documentation, and older versions, a string.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Id;
        impl Visitor<'_> for Id {
            type Value = JobId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a job id, as a number or a string")
            }
            fn visit_u64<E: Error>(self, id: u64) -> Result<JobId, E> {
                Ok(JobId(id))
            }
            fn visit_str<E: Error>(self, id: &str) -> Result<JobId, E> {
                id.parse().map_err(|_| E::invalid_value(serde::de::Unexpected::Str(id), &self))
            }
        }
        deserializer.deserialize_any(Id)
    }
}
