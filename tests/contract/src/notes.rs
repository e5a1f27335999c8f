//! What a case has seen, in a form that two clusters can be compared by.

use std::fmt::{self, Display};

use ganeti_rapi::{Failure, Job, JobStatus};

/// Facts in the order they were seen. Nothing in them depends on the cluster's age or the time: a fact
/// is a state, a class, a code or a text with uuids, numbers of jobs and times masked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    facts: Vec<String>,
}

impl Notes {
    /// Notes a fact.
    pub fn fact(&mut self, name: &str, value: impl Display) {
        self.facts.push(mask(&format!("{name}: {value}")));
    }

    /// Notes how a job ended: its state, and class and code where it failed.
    pub fn outcome(&mut self, name: &str, job: &Job) {
        self.fact(name, ending(job));
    }

    /// Notes a call that was not done: category, status and code.
    pub fn failure(&mut self, name: &str, failure: &Failure) {
        let told = match failure {
            Failure::Refused(refusal) => {
                let ecode = refusal.ecode.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("refused {} {ecode}", refusal.status)
            }
            Failure::NotAuthorised(denied) => format!("not_authorised {}", denied.status),
            other => other.category().to_owned(),
        };
        // Not masked: a status is a number of three digits.
        self.facts.push(format!("{}: {}", mask(name), told.trim_end()));
    }

    /// All facts.
    #[must_use]
    pub fn facts(&self) -> &[String] {
        &self.facts
    }
}

impl Display for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.facts.iter().try_for_each(|fact| writeln!(f, "    {fact}"))
    }
}

/// A job's end in one line.
#[must_use]
pub(crate) fn ending(job: &Job) -> String {
    let Some(error) = &job.error else { return job.status.to_string() };
    if job.status == JobStatus::Canceled {
        return job.status.to_string();
    }
    let class = error.class.as_ref().map_or("no class", |class| class.as_str());
    let ecode = error.ecode.as_ref().map_or("no code", |ecode| ecode.as_str());
    format!("{} {class} {ecode}", job.status)
}

/// Puts `<uuid>` in the place of uuids, and `<n>` in the place of numbers of three and more digits:
/// no case uses such a number as a fact.
fn mask(text: &str) -> String {
    let words = text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words.map(mask_word).collect()
}

fn mask_word(word: &str) -> String {
    let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(word.len());
    let (bare, rest) = word.split_at(end);
    let uuid = bare.len() == 36 && bare.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    let number = bare.len() > 2 && bare.bytes().all(|byte| byte.is_ascii_digit());
    let masked = if uuid {
        "<uuid>"
    } else if number {
        "<n>"
    } else {
        bare
    };
    format!("{masked}{rest}")
}

#[cfg(test)]
mod tests {
    use super::Notes;

    #[test]
    fn what_differs_between_clusters_is_masked() {
        let mut notes = Notes::default();
        notes.fact("a", "job 1234 of 0b1f8c62-6f0e-4b38-a1c7-0123456789ab, twice; web1 2 vcpus");
        assert_eq!(notes.facts(), ["a: job <n> of <uuid>, twice; web1 2 vcpus"]);
    }
}
