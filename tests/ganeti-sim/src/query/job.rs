//! Fields of jobs, and which jobs a filter can be about.

use std::sync::{Arc, LazyLock};

use super::cell::{Cell, Missing};
use super::field::{Field, Fields, Type};
use super::filter::{Compare, Filter, Operand};
use crate::json;
use crate::queue::{Job, JobOp};

/// The number of a job.
pub(crate) type JobId = u64;

/// A job that was asked for; the second part is missing if there is no such job.
pub(crate) struct JobRow {
    pub id: JobId,
    pub job: Option<Arc<Job>>,
}

impl AsRef<JobRow> for JobRow {
    fn as_ref(&self) -> &JobRow {
        self
    }
}

/// All fields of jobs.
pub(crate) fn job_fields() -> &'static Fields<(), JobRow> {
    static FIELDS: LazyLock<Fields<(), JobRow>> = LazyLock::new(|| Fields::new(fields()));
    &FIELDS
}

fn of<'a>(row: &'a JobRow, get: impl FnOnce(&'a Job) -> Cell<'a>) -> Cell<'a> {
    row.job.as_ref().map_or(Cell::Missing(Missing::Unavailable), |job| get(job))
}

/// A list with one entry for each opcode.
fn each<'a>(row: &'a JobRow, write: impl Fn(&mut Vec<u8>, &JobOp)) -> Cell<'a> {
    of(row, |job| {
        let mut out = Vec::with_capacity(128);
        json::list(&mut out, &job.ops, |out, op| write(out, op));
        Cell::Raw(out)
    })
}

fn fields() -> Vec<Field<(), JobRow>> {
    use Type::{Bool, Number, Other, Text};
    let mut all: Vec<Field<(), JobRow>> = vec![
        Field::new("id", "ID", Number, "Job ID", |(), row: &JobRow, _| Cell::count(row.id)),
        Field::new("status", "Status", Text, "Job status", |(), row: &JobRow, _| {
            of(row, |job| Cell::Text(job.status.as_str()))
        })
        .live(),
        Field::new(
            "priority",
            "Priority",
            Number,
            "Current job priority (-20 to 19)",
            |(), row: &JobRow, _| of(row, |job| Cell::Int(job.priority())),
        )
        .live(),
        Field::new("archived", "Archived", Bool, "Whether job is archived", |(), row: &JobRow, _| {
            of(row, |_| Cell::Bool(false))
        })
        .live(),
        Field::new("ops", "OpCodes", Other, "List of all opcodes", |(), row: &JobRow, _| {
            each(row, |out, op| op.op.write(out))
        })
        .live(),
        Field::new("opresult", "OpCode_result", Other, "List of opcodes results", |(), row: &JobRow, _| {
            each(row, |out, op| out.extend_from_slice(op.result.as_bytes()))
        })
        .live(),
        Field::new("opstatus", "OpCode_status", Other, "List of opcodes status", |(), row: &JobRow, _| {
            each(row, |out, op| json::text(out, op.status.as_str()))
        })
        .live(),
    ];
    all.extend(times());
    all
}

fn times() -> Vec<Field<(), JobRow>> {
    use Type::Other;
    let time = |name: &'static str, title: &'static str, get: super::field::Getter<(), JobRow>| {
        Field::new(name, title, Other, "Timestamp (tuple containing seconds and microseconds)", get).live()
    };
    vec![
        Field::new("oplog", "OpCode_log", Other, "List of opcode output logs", |(), row: &JobRow, _| {
            each(row, |out, op| {
                json::list(out, &op.log, |out, entry| {
                    json::value_of(out, &(entry.serial, entry.time.pair(), "message", &entry.text));
                });
            })
        })
        .live(),
        time("opstart", "OpCode_start", |(), row: &JobRow, _| {
            each(row, |out, op| json::value_of(out, &op.started.map(crate::clock::Timestamp::pair)))
        }),
        time("opexec", "OpCode_exec", |(), row: &JobRow, _| {
            each(row, |out, op| json::value_of(out, &op.executed.map(crate::clock::Timestamp::pair)))
        }),
        time("opend", "OpCode_end", |(), row: &JobRow, _| {
            each(row, |out, op| json::value_of(out, &op.ended.map(crate::clock::Timestamp::pair)))
        }),
        Field::new("oppriority", "OpCode_prio", Other, "List of opcode priorities", |(), row: &JobRow, _| {
            each(row, |out, op| json::integer(out, op.priority))
        })
        .live(),
        Field::new("summary", "Summary", Other, "List of per-opcode summaries", |(), row: &JobRow, _| {
            each(row, |out, op| json::text(out, &op.op.summary()))
        })
        .live(),
        time("received_ts", "Received", |(), row: &JobRow, _| of(row, |job| Cell::Time(job.received))),
        time("start_ts", "Start", |(), row: &JobRow, _| {
            of(row, |job| job.started.map_or(Cell::Missing(Missing::Unavailable), Cell::Time))
        }),
        time("end_ts", "End", |(), row: &JobRow, _| {
            of(row, |job| job.ended.map_or(Cell::Missing(Missing::Unavailable), Cell::Time))
        }),
    ]
}

/// Ranges of ids, both ends included, outside of which no job can match: jobs outside of them are never
/// looked at, so a query above an id costs what is new.
pub(crate) fn job_ids(filter: &Filter) -> Vec<(JobId, JobId)> {
    let mut ranges = candidates(filter);
    ranges.sort_unstable();
    let mut merged: Vec<(JobId, JobId)> = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        match merged.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

const ALL: (JobId, JobId) = (0, JobId::MAX);

fn candidates(filter: &Filter) -> Vec<(JobId, JobId)> {
    match filter {
        Filter::Compare(compare, field, Operand::Number(number)) if field == "id" => {
            let Ok(id) = JobId::try_from(*number) else { return vec![ALL] };
            let range = match compare {
                Compare::Equal => (id, id),
                Compare::Less if id == 0 => return Vec::new(),
                Compare::Less => (0, id - 1),
                Compare::LessOrEqual => (0, id),
                Compare::Greater => (id.saturating_add(1), JobId::MAX),
                Compare::GreaterOrEqual => (id, JobId::MAX),
            };
            vec![range]
        }
        Filter::And(parts) => {
            parts.iter().map(candidates).fold(vec![ALL], |one, other| intersect(&one, &other))
        }
        Filter::Or(parts) => parts.iter().flat_map(candidates).collect(),
        _ => vec![ALL],
    }
}

fn intersect(one: &[(JobId, JobId)], other: &[(JobId, JobId)]) -> Vec<(JobId, JobId)> {
    let pairs = one.iter().flat_map(|a| other.iter().map(move |b| (a.0.max(b.0), a.1.min(b.1))));
    pairs.filter(|(from, to)| from <= to).collect()
}

#[cfg(test)]
mod tests {
    use super::{Filter, JobId, job_ids};
    use serde_json::json;

    #[test]
    fn only_jobs_that_can_match_are_looked_at() {
        let ids = |filter| job_ids(&Filter::parse(&filter).unwrap());
        assert_eq!(ids(json!([">", "id", 10])), [(11, JobId::MAX)]);
        let tracked = json!(["|", [">", "id", 10], ["=", "id", 3], ["=", "id", 4], ["=", "id", 11]]);
        assert_eq!(ids(tracked), [(3, 4), (11, JobId::MAX)]);
        assert_eq!(ids(json!(["&", [">=", "id", 5], ["<", "id", 8], ["=", "status", "error"]])), [(5, 7)]);
        assert_eq!(ids(json!(["=", "status", "error"])), [(0, JobId::MAX)]);
        assert_eq!(ids(json!(["!", ["=", "id", 5]])), [(0, JobId::MAX)]);
        assert_eq!(ids(json!(["<", "id", 0])), []);
    }
}
