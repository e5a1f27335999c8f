//! The story of a scenario: what is done, and what the operator does and says then, for people to read.

use std::collections::{BTreeMap, BTreeSet};

use cyclades_domain::reason::JobReason;
use serde_json::Value;

use crate::calls::Plan;
use crate::ground::Ground;
use crate::run::play;
use crate::scene::{Job, Scene, condition, id_of};
use crate::stage::Stage;
use crate::{Failure, Point, Scenario, Weather};

/// Conditions that are told, the first one with its message.
const CONDITIONS: [&str; 3] = ["Ready", "Placed", "InSync"];

/// The story of a scenario in which nothing goes wrong but what it says itself. It is the same each time.
///
/// # Errors
/// What failed, with the story up to there.
pub fn story(scenario: &Scenario) -> Result<String, (Failure, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| (Failure::Stage(error.to_string()), String::new()))?;
    let mut teller = Teller::default();
    let point = Point { scenario: scenario.name.clone(), seed: 1, weather: Weather::Calm, blow: None };
    let outcome = runtime.block_on(play(scenario, &point, Ground::Memory, Some(&mut teller)));
    let text = format!("{}\n{}\n", scenario.about, teller.lines.join("\n"));
    match outcome.failure {
        None => Ok(text),
        Some(failure) => Err((failure, text)),
    }
}

/// Tells what is seen.
#[derive(Debug, Default)]
pub(crate) struct Teller {
    lines: Vec<String>,
    /// Steps that were told.
    steps: usize,
    /// What was told last of each object and matter.
    told: BTreeMap<(String, &'static str), String>,
    /// Jobs that were told, with their statuses.
    jobs: BTreeMap<(usize, u64), String>,
    events: BTreeSet<String>,
    /// Names of machines, by their ids.
    names: BTreeMap<String, String>,
}

impl Teller {
    /// Sees what is there.
    pub fn see(&mut self, stage: &Stage, scene: &Scene) {
        for machine in &scene.machines {
            self.names.insert(id_of(machine), name_of(machine));
        }
        for step in stage.calls.steps().into_iter().skip(self.steps) {
            self.steps += 1;
            self.lines.push(format!("\n> {}", step.text));
            step.plans.iter().for_each(|plan| self.plan(plan));
        }
        for job in &scene.jobs {
            self.job(job);
        }
        for machine in &scene.machines {
            self.machine(machine);
        }
        for backend in &scene.backends {
            let name = name_of(backend);
            self.condition(&name, backend, "Ready");
        }
        self.gone(scene);
        for event in stage.kube.events() {
            self.event(&event);
        }
    }

    /// What is foreseen, where that has changed.
    fn plan(&mut self, plan: &Plan) {
        let Plan { machine, steps } = plan;
        let what = steps.join("\n");
        let before = self.told.insert((machine.clone(), "plan"), what.clone());
        if before.as_ref() != Some(&what) {
            steps.iter().for_each(|step| self.push(&format!("  plan   {machine}: {step}")));
        }
    }

    fn machine(&mut self, machine: &Value) {
        let name = name_of(machine);
        if let Some(backend) = machine["spec"]["backendName"].as_str() {
            self.say(&name, "place", format!("  step   {name}: place on {backend}"), backend);
        }
        for kind in CONDITIONS {
            self.condition(&name, machine, kind);
        }
        if let Some(power) = machine["status"]["powerState"].as_str() {
            self.say(&name, "power", format!("  says   {name}: powerState {power}"), power);
        }
        let action = &machine["status"]["lastAction"];
        if let (Some(id), Some(result)) = (action["id"].as_str(), action["result"].as_str()) {
            let what = format!("{id} {result}");
            self.say(&name, "action", format!("  says   {name}: action {id}: {result}"), &what);
        }
    }

    fn condition(&mut self, name: &str, object: &Value, kind: &'static str) {
        let Some(found) = condition(object, kind) else { return };
        let text = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
        let (status, reason, message) = (text("status"), text("reason"), text("message"));
        let verdict = format!("{kind}={status} {reason}");
        let line = match kind {
            "Ready" => format!("  says   {name}: {verdict}: {message}"),
            _ => format!("  says   {name}: {verdict}"),
        };
        self.say(name, kind, line.clone(), &line);
    }

    fn gone(&mut self, scene: &Scene) {
        let is_there = |name: &String| {
            scene.machines.iter().chain(&scene.backends).any(|object| name_of(object) == *name)
        };
        let gone: BTreeSet<String> =
            self.told.keys().map(|(name, _)| name.clone()).filter(|name| !is_there(name)).collect();
        for name in gone {
            self.told.retain(|(of, _), _| *of != name);
            self.lines.push(format!("  gone   {name}"));
        }
    }

    fn job(&mut self, job: &Job) {
        let place = (job.cluster, job.id);
        let whose = job.reasons.iter().find_map(|text| JobReason::parse(text));
        let line = match (&whose, self.jobs.get(&place)) {
            (Some(reason), None) => format!("  step   {}: job {}", reason.step.as_str(), job.summary),
            (None, None) if !job.is_of_instance() => return,
            (None, None) => format!("  other  job {}", job.summary),
            (_, Some(_)) if job.is_final() && self.jobs[&place] != job.status => {
                format!("  ended  job {}: {}", job.summary, job.status)
            }
            _ => return,
        };
        let status = if self.jobs.contains_key(&place) { job.status.clone() } else { String::new() };
        self.jobs.insert(place, status);
        self.push(&line);
    }

    fn event(&mut self, event: &Value) {
        let name = event["metadata"]["name"].as_str().unwrap_or_default();
        let count = event["series"]["count"].as_u64().unwrap_or(1);
        if !self.events.insert(format!("{name} {count}")) {
            return;
        }
        let text = |field: &str| event[field].as_str().unwrap_or_default();
        let about = event["regarding"]["name"].as_str().unwrap_or_default();
        let line = format!("  event  {about}: {} {}: {}", text("type"), text("reason"), text("note"));
        self.push(&line);
    }

    /// Says something of an object, unless it was what was said last.
    fn say(&mut self, name: &str, matter: &'static str, line: String, what: &str) {
        let before = self.told.insert((name.to_owned(), matter), what.to_owned());
        if before.as_deref() != Some(what) {
            self.push(&line);
        }
    }

    /// Ids become names, and numbers that mean nothing to a reader go.
    fn push(&mut self, line: &str) {
        let mut line = line.to_owned();
        for (id, name) in &self.names {
            line = line.replace(id.as_str(), name);
        }
        let words: Vec<String> = line.split(' ').map(plain).collect();
        self.lines.push(words.join(" "));
    }
}

/// A word as it is the same each time.
fn plain(word: &str) -> String {
    let is_uuid =
        |text: &str| text.len() == 36 && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if is_uuid(core) { word.replace(core, "UUID") } else { word.to_owned() }
}

fn name_of(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}
