//! Scenarios: what people do, as text.

use std::fmt;
use std::time::Duration;

/// What somebody does or waits for. Its text is what a scenario's file has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `apply vm NAME [FIELD=VALUE …]`: a manifest is applied, with these fields of the spec.
    Apply {
        /// Name of the machine.
        vm: String,
        /// Fields of its spec.
        fields: Vec<(String, String)>,
    },
    /// `set vm NAME FIELD=VALUE …`: these fields of the spec are changed.
    Set {
        /// Name of the machine.
        vm: String,
        /// Fields of its spec.
        fields: Vec<(String, String)>,
    },
    /// `delete vm NAME`
    Delete {
        /// Name of the machine.
        vm: String,
    },
    /// `until vm NAME [gone] [Ready] [reason=REASON] [FIELD=VALUE …]`: the machine says so. Fields are those of its status.
    UntilVm {
        /// Name of the machine.
        vm: String,
        /// What must be said of it.
        wanted: Vec<Wanted>,
    },
    /// `until job OPCODE STATUS`: a job has got so far, or farther.
    UntilJob {
        /// Opcode without `OP_`.
        opcode: String,
        /// `queued`, `running` or `ended`.
        status: String,
    },
    /// `until instances N`: the cluster has so many instances.
    UntilInstances(usize),
    /// `wait Ns`: seconds pass.
    Wait(Duration),
    /// `backend down`, `backend up`: RAPI takes no connections, or takes them again.
    Backend {
        /// Whether it takes them.
        up: bool,
    },
    /// `ganeti shutdown|startup|remove VM`: an administrator submits a job.
    Ganeti {
        /// What the administrator does.
        verb: String,
        /// Name of the machine.
        vm: String,
    },
    /// `guest dies VM`: its process ends, and Ganeti means it to run.
    GuestDies {
        /// Name of the machine.
        vm: String,
    },
    /// `ganeti cancels OPCODE once`: an administrator cancels the next such job while it is queued.
    Cancels {
        /// Opcode without `OP_`.
        opcode: String,
    },
    /// `ganeti fails OPCODE once|always`: such jobs fail, creations after half of their work.
    Fails {
        /// Opcode without `OP_`.
        opcode: String,
        /// Only the next one.
        once: bool,
    },
    /// `ganeti works`: nothing fails any more.
    Works,
}

/// What must be said of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// It is gone.
    Gone,
    /// It is ready, and that is said of its present generation.
    Ready,
    /// The condition `Ready` has this reason.
    Reason(String),
    /// A field of the status has this value.
    Field(String, String),
}

/// A scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// Its name, which is that of its file.
    pub name: String,
    /// What happens, for people.
    pub about: String,
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
    "create",
    "create-delete",
    "stop-start",
    "backend-down",
    "foreign-shutdown",
    "foreign-cancel",
    "os-script-fails",
    "two-lives",
    "reboot",
    "rebuild",
    "rebuild-fails",
    "resize",
    "suspend",
    "detach",
    "enforce",
    "guest-dies",
    "lost",
);

/// All scenarios.
///
/// # Errors
/// The first line that is no step.
pub fn scenarios() -> Result<Vec<Scenario>, String> {
    FILES.iter().map(|(name, text)| Scenario::parse(name, text)).collect()
}

impl Scenario {
    /// Reads a scenario: a line with `#` says what it is about, each other line is a step.
    ///
    /// # Errors
    /// The first line that is no step.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut about = Vec::new();
        let mut steps = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.strip_prefix('#') {
                Some(words) => about.push(words.trim()),
                None => {
                    let step = step(line).ok_or_else(|| format!("{name}: `{line}` is no step"))?;
                    steps.push((line.to_owned(), step));
                }
            }
        }
        Ok(Self { name: name.to_owned(), about: about.join(" "), steps })
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.about)
    }
}

fn step(line: &str) -> Option<Step> {
    let words: Vec<&str> = line.split_whitespace().collect();
    Some(match words[..] {
        ["apply", "vm", vm, ref rest @ ..] => Step::Apply { vm: vm.into(), fields: fields(rest)? },
        ["set", "vm", vm, ref rest @ ..] => Step::Set { vm: vm.into(), fields: fields(rest)? },
        ["delete", "vm", vm] => Step::Delete { vm: vm.into() },
        ["until", "vm", vm, ref rest @ ..] if !rest.is_empty() => Step::UntilVm {
            vm: vm.into(),
            wanted: rest.iter().map(|word| wanted(word)).collect::<Option<_>>()?,
        },
        ["until", "job", opcode, status @ ("queued" | "running" | "ended")] => {
            Step::UntilJob { opcode: opcode.into(), status: status.into() }
        }
        ["until", "instances", count] => Step::UntilInstances(count.parse().ok()?),
        ["guest", "dies", vm] => Step::GuestDies { vm: vm.into() },
        ["wait", time] => Step::Wait(Duration::from_secs(time.strip_suffix('s')?.parse().ok()?)),
        ["backend", "down"] => Step::Backend { up: false },
        ["backend", "up"] => Step::Backend { up: true },
        ["ganeti", verb @ ("shutdown" | "startup" | "remove"), vm] => {
            Step::Ganeti { verb: verb.into(), vm: vm.into() }
        }
        ["ganeti", "cancels", opcode, "once"] => Step::Cancels { opcode: opcode.into() },
        ["ganeti", "fails", opcode, times @ ("once" | "always")] => {
            Step::Fails { opcode: opcode.into(), once: times == "once" }
        }
        ["ganeti", "works"] => Step::Works,
        _ => return None,
    })
}

fn fields(words: &[&str]) -> Option<Vec<(String, String)>> {
    let pair = |word: &&str| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    words.iter().map(pair).collect()
}

fn wanted(word: &str) -> Option<Wanted> {
    Some(match (word, word.split_once('=')) {
        ("gone", _) => Wanted::Gone,
        ("Ready", _) => Wanted::Ready,
        (_, Some(("reason", reason))) => Wanted::Reason(reason.to_owned()),
        (_, Some((field, value))) => Wanted::Field(field.to_owned(), value.to_owned()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_reads() {
        let all = scenarios().unwrap();
        assert!(all.len() >= 8);
        assert!(all.iter().all(|scenario| !scenario.about.is_empty() && !scenario.steps.is_empty()));
    }

    #[test]
    fn a_line_that_is_no_step_is_told() {
        let error = Scenario::parse("x", "# about\napply vm a\nuntil vm a").unwrap_err();
        assert_eq!(error, "x: `until vm a` is no step");
    }
}
