//! What the real Ganeti was seen to do, kept as text.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write};

use crate::Outcome;

/// The notes of a run: for each case its facts, one to a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    cases: BTreeMap<String, Vec<String>>,
}

impl Record {
    /// The notes of the cases that met all expectations.
    #[must_use]
    pub fn of(outcomes: &[Outcome]) -> Self {
        let cases = outcomes.iter().filter_map(|outcome| {
            let notes = outcome.notes.as_ref().ok()?;
            Some((outcome.case.to_owned(), notes.facts().to_vec()))
        });
        Self { cases: cases.collect() }
    }

    /// Reads what [`Display`] has written: names of cases at the start of a line, facts indented,
    /// `#` before a comment.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut record = Self::default();
        let mut current = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            match line.strip_prefix("    ") {
                Some(fact) => record.cases.entry(current.clone()).or_default().push(fact.to_owned()),
                None => line.clone_into(&mut current),
            }
        }
        record
    }

    /// What another run saw otherwise, one text for each case. A case that failed there is left to its
    /// own error.
    #[must_use]
    pub fn differences(&self, outcomes: &[Outcome]) -> Vec<String> {
        let seen = Self::of(outcomes).cases;
        let names = outcomes.iter().map(|outcome| outcome.case).filter(|case| seen.contains_key(*case));
        let mut texts: Vec<String> =
            names.filter_map(|case| differing(case, self.cases.get(case), seen.get(case))).collect();
        let known = |case: &str| outcomes.iter().any(|outcome| outcome.case == case);
        let gone = self.cases.keys().filter(|case| !known(case));
        texts.extend(gone.map(|case| format!("{case}: recorded, but there is no such case")));
        texts
    }
}

fn differing(case: &str, recorded: Option<&Vec<String>>, seen: Option<&Vec<String>>) -> Option<String> {
    if recorded == seen {
        return None;
    }
    let (none, mut text) = (Vec::new(), format!("{case}:\n"));
    let (recorded, seen) = (recorded.unwrap_or(&none), seen.unwrap_or(&none));
    for index in 0..recorded.len().max(seen.len()) {
        let (left, right) = (recorded.get(index), seen.get(index));
        if left != right {
            let shown = |fact: Option<&String>| fact.map_or("(nothing)", String::as_str).to_owned();
            text.push_str(&format!("    recorded  {}\n    seen      {}\n", shown(left), shown(right)));
        }
    }
    Some(text)
}

impl Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (case, facts) in &self.cases {
            writeln!(f, "{case}")?;
            facts.iter().try_for_each(|fact| writeln!(f, "    {fact}"))?;
            f.write_char('\n')?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Record;
    use crate::{Notes, Outcome};

    fn outcome(case: &'static str, facts: &[&str]) -> Outcome {
        let mut notes = Notes::default();
        facts.iter().for_each(|fact| notes.fact("saw", fact));
        Outcome { case, notes: Ok(notes), took: Duration::ZERO }
    }

    #[test]
    fn what_is_written_is_read() {
        let record = Record::of(&[outcome("b::y", &["1", "2"]), outcome("a::x", &["a: b"])]);
        assert_eq!(Record::parse(&format!("# Ganeti\n{record}")), record);
    }

    #[test]
    fn differing_missing_and_new_facts_are_told() {
        let record = Record::parse("a\n    saw: 1\n    saw: 2\nold\n    saw: 1\n");
        let told = record.differences(&[outcome("a", &["1", "3"]), outcome("new", &["x"])]);
        assert_eq!(
            told,
            [
                "a:\n    recorded  saw: 2\n    seen      saw: 3\n",
                "new:\n    recorded  (nothing)\n    seen      saw: x\n",
                "old: recorded, but there is no such case",
            ]
        );
        assert!(record.differences(&[outcome("a", &["1", "2"]), outcome("old", &["1"])]).is_empty());
    }
}
