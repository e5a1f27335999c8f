//! Job filters: rules that decide what becomes of submitted jobs.

use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::query::Filter;

/// What becomes of a job that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// It runs; later rules are not asked.
    Accept,
    /// Later rules decide.
    Continue,
    /// It stays queued.
    Pause,
    /// It ends `canceled` at once, with an id.
    Reject,
    /// At most so many of the matching jobs run at once.
    RateLimit(u32),
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Accept => serializer.serialize_str("ACCEPT"),
            Self::Continue => serializer.serialize_str("CONTINUE"),
            Self::Pause => serializer.serialize_str("PAUSE"),
            Self::Reject => serializer.serialize_str("REJECT"),
            Self::RateLimit(jobs) => ("RATE_LIMIT", jobs).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if let Some([Value::String(word), jobs]) = value.as_array().map(Vec::as_slice)
            && word == "RATE_LIMIT"
        {
            return u32::deserialize(jobs).map(Self::RateLimit).map_err(D::Error::custom);
        }
        match value.as_str() {
            Some("ACCEPT") => Ok(Self::Accept),
            Some("CONTINUE") => Ok(Self::Continue),
            Some("PAUSE") => Ok(Self::Pause),
            Some("REJECT") => Ok(Self::Reject),
            _ => Err(D::Error::custom(format_args!("unknown action {value}"))),
        }
    }
}

/// What a rule looks at; a rule matches when all its predicates do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Predicate {
    /// The job's id, as field `id`; `watermark` is the highest id when the rule was made.
    JobId(Filter),
    /// An opcode's fields, such as `OP_ID`.
    Opcode(Filter),
    /// An entry of the reason trail, with fields `source`, `reason`, `timestamp`. Equality and order
    /// work on `reason`; regular expressions never match there (seen with Ganeti 3.0.2).
    Reason(Filter),
    /// One this client does not know, as it came.
    Other(Value),
}

impl Serialize for Predicate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::JobId(filter) => ("jobid", filter).serialize(serializer),
            Self::Opcode(filter) => ("opcode", filter).serialize(serializer),
            Self::Reason(filter) => ("reason", filter).serialize(serializer),
            Self::Other(value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Predicate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let known = value.as_array().and_then(|pair| match pair.as_slice() {
            [Value::String(kind), filter] => {
                let filter = Filter::deserialize(filter).ok()?;
                match kind.as_str() {
                    "jobid" => Some(Self::JobId(filter)),
                    "opcode" => Some(Self::Opcode(filter)),
                    "reason" => Some(Self::Reason(filter)),
                    _ => None,
                }
            }
            _ => None,
        });
        Ok(known.unwrap_or(Self::Other(value)))
    }
}

/// A rule to add, or to put in the place of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobFilterSpec {
    /// Rules of lower priority numbers are asked first.
    pub priority: u32,
    /// All of them have to match.
    pub predicates: Vec<Predicate>,
    /// What becomes of the job.
    pub action: Action,
}

/// A rule of the cluster.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[non_exhaustive]
pub struct JobFilter {
    /// Its identity.
    pub uuid: String,
    /// Rules of lower priority numbers are asked first.
    pub priority: u32,
    /// All of them have to match.
    pub predicates: Vec<Predicate>,
    /// What becomes of the job.
    pub action: Action,
    /// The highest job id when it was made.
    #[serde(default)]
    pub watermark: Option<crate::JobId>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Action, JobFilter, JobFilterSpec, Predicate};
    use crate::Filter;

    #[test]
    fn a_rule_is_written_as_ganeti_reads_it() {
        let spec = JobFilterSpec {
            priority: 0,
            predicates: vec![Predicate::Reason(Filter::And(vec![
                Filter::at_least("reason", "x/"),
                Filter::less("reason", "x/5"),
            ]))],
            action: Action::Reject,
        };
        assert_eq!(
            serde_json::to_value(&spec).unwrap(),
            json!({"priority": 0, "action": "REJECT",
                   "predicates": [["reason", ["&", [">=", "reason", "x/"], ["<", "reason", "x/5"]]]]})
        );
    }

    #[test]
    fn rules_of_others_are_kept_even_if_not_understood() {
        let rule: JobFilter = serde_json::from_value(json!({
            "uuid": "u", "watermark": 12, "priority": 3, "action": ["RATE_LIMIT", 2],
            "predicates": [["jobid", [">", "id", "watermark"]], ["weather", "rain"]], "reason_trail": [],
        }))
        .unwrap();
        assert_eq!(rule.action, Action::RateLimit(2));
        assert_eq!(rule.predicates[0], Predicate::JobId(Filter::greater("id", "watermark")));
        assert_eq!(rule.predicates[1], Predicate::Other(json!(["weather", "rain"])));
    }
}
