//! Scenarios: what people do, as text.

use std::fmt;

use crate::step::Step;

/// A scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// Its name, which is that of its file.
    pub name: String,
    /// What happens, for people.
    pub about: String,
    /// How many Ganeti clusters there are.
    pub backends: usize,
    /// How many operators there are.
    pub replicas: usize,
    /// Memory of each cluster, MiB, where it is short of it.
    pub memory_mib: Option<u64>,
    /// It takes minutes, which only a simulated clock makes short.
    pub takes_long: bool,
    /// Steps, with their texts.
    pub steps: Vec<(String, Step)>,
}

macro_rules! scenario_files {
    ($($name:literal),+ $(,)?) => {
        /// Names and texts of all scenarios.
        const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../scenarios/", $name, ".scn")))),+];
    };
}

scenario_files!(
    "adopt",
    "adopt-refused",
    "another-claims",
    "backend-down",
    "create",
    "create-delete",
    "create-dies",
    "deaf",
    "detach",
    "drift",
    "enforce",
    "flavor-missing",
    "foreign-cancel",
    "foreign-shutdown",
    "forget",
    "guest-dies",
    "job-dies",
    "lost",
    "network",
    "no-room",
    "no-take-over",
    "observe",
    "offline",
    "operator-dies",
    "os-script-fails",
    "password",
    "paused",
    "powered-off",
    "protected",
    "queue-drained",
    "reboot",
    "rebuild",
    "rebuild-fails",
    "replica-freezes",
    "replica-leaves",
    "resize",
    "resize-waits",
    "shrink-refused",
    "start-fails",
    "stop-start",
    "suspend",
    "tags",
    "take-over",
    "three",
    "two-backends",
    "two-lives",
);

/// All scenarios.
///
/// # Errors
/// The first line that is no step.
pub fn scenarios() -> Result<Vec<Scenario>, String> {
    FILES.iter().map(|(name, text)| Scenario::parse(name, text)).collect()
}

impl Scenario {
    /// Reads a scenario: a line with `#` says what it is about, `backends N`, `replicas N` and `memory MIB` what
    /// there is, `takes long`
    /// that it is for a simulated clock alone, each other line is a step.
    ///
    /// # Errors
    /// The first line that is no step.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut about = Vec::new();
        let mut scenario = Self {
            name: name.to_owned(),
            about: String::new(),
            backends: 1,
            replicas: 1,
            memory_mib: None,
            takes_long: false,
            steps: Vec::new(),
        };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let wrong = || format!("{name}: `{line}` is no step");
            if let Some(words) = line.strip_prefix('#') {
                about.push(words.trim());
            } else if line == "takes long" {
                scenario.takes_long = true;
            } else if let Some(count) = line.strip_prefix("backends ") {
                scenario.backends = count.parse().map_err(|_| wrong())?;
            } else if let Some(count) = line.strip_prefix("replicas ") {
                scenario.replicas = count.parse().map_err(|_| wrong())?;
            } else if let Some(memory) = line.strip_prefix("memory ") {
                scenario.memory_mib = Some(memory.parse().map_err(|_| wrong())?);
            } else {
                scenario.steps.push((line.to_owned(), Step::parse(line).ok_or_else(wrong)?));
            }
        }
        scenario.about = about.join(" ");
        Ok(scenario)
    }
}

impl Scenario {
    /// Whether it can be played on a real API server, within some seconds.
    #[must_use]
    pub fn suits_an_api_server(&self) -> bool {
        !self.takes_long && !self.steps.iter().any(|(_, step)| matches!(step, Step::Lost))
    }

    /// Whether it can be played on a real Ganeti of one cluster, within a minute.
    #[must_use]
    pub fn suits_a_real_ganeti(&self) -> bool {
        let is_possible = |step: &Step| match step {
            Step::Ganeti { deed, .. } => deed.can_be_done_to_a_real_one(),
            _ => true,
        };
        !self.takes_long
            && self.backends == 1
            && self.memory_mib.is_none()
            && self.steps.iter().all(|(_, step)| is_possible(step))
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_reads() {
        let all = scenarios().unwrap();
        assert!(all.len() >= 15);
        assert!(all.iter().all(|scenario| !scenario.about.is_empty() && !scenario.steps.is_empty()));
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
        let files = std::fs::read_dir(folder).unwrap().flatten();
        let files = files.filter(|file| file.path().extension().is_some_and(|it| it == "scn")).count();
        assert_eq!(files, all.len(), "each file of {folder} is in the list");
    }

    #[test]
    fn a_line_that_is_no_step_is_told() {
        let error = Scenario::parse("x", "# about\napply vm a\nuntil vm a").unwrap_err();
        assert_eq!(error, "x: `until vm a` is no step");
    }
}
