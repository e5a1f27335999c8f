//! What must hold at every moment, and at the end.

use std::collections::{BTreeMap, BTreeSet};

use cyclades_crds::names::FORGET_ANNOTATION;
use serde_json::Value;

use crate::Failure;
use crate::addresses;
use crate::ganeti::backend_name;
use crate::scene::{Instance, Job, Scene, condition, id_of};
use crate::stage::Stage;

/// An instance: its cluster and its name.
type Place = (usize, String);

/// Looks at a stage again and again, and remembers what it must.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    /// The last jobs that were looked at, by cluster.
    last: Vec<u64>,
    /// Jobs of ours that have not ended.
    open: BTreeSet<(usize, u64)>,
    /// Instances whose creation has succeeded.
    created: BTreeSet<Place>,
    /// Instances that a creation that failed may have left.
    half_made: BTreeSet<Place>,
    /// Ids of machines that were seen as being deleted.
    leaving: BTreeSet<String>,
    /// Ids of machines whose instances are to stay when they are deleted.
    kept: BTreeSet<String>,
    /// Ids of machines that are only looked at.
    watched: BTreeSet<String>,
    /// Ids of machines whose instance somebody else has removed.
    lost: BTreeSet<String>,
    /// Instances that were seen to be removed by somebody else, with the machines that they were.
    owners: BTreeMap<Place, String>,
    /// Machines and the actions that were asked of them.
    actions: BTreeSet<(String, String)>,
    /// Machines with the number of times that we rebooted or rebuilt them.
    acts: BTreeMap<String, usize>,
}

impl Checker {
    /// A checker to whom jobs up to these are none of its business.
    pub fn since(last: Vec<u64>) -> Self {
        Self { last, ..Self::default() }
    }

    /// What must hold at every moment.
    pub async fn check(&mut self, stage: &Stage) -> Result<Scene, Failure> {
        stage.turn_clocks();
        let open: Vec<_> = self.open.iter().copied().collect();
        let scene = stage.look(&self.last, &open).await.map_err(Failure::Stage)?;
        self.remember(stage, &scene);
        self.follow_jobs(stage, &scene)?;
        addresses::are_given_once(&scene)?;
        for machine in &scene.machines {
            one_instance(&scene, machine)?;
            if !scene.moving.contains(&id_of(machine)) {
                self.lost_is_true(machine)?;
                ready_is_true(stage, &scene, machine)?;
            }
        }
        Ok(scene)
    }

    /// What must hold when everything has come to rest.
    pub async fn check_end(&mut self, stage: &Stage) -> Result<(), Failure> {
        let scene = self.check(stage).await?;
        let forgotten = |number: usize| {
            let name = backend_name(number);
            let backend = scene.backends.iter().find(|backend| backend["metadata"]["name"] == name.as_str());
            backend.is_none_or(|it| it["metadata"]["annotations"][FORGET_ANNOTATION].is_string())
        };
        for instance in &scene.instances {
            let Some(id) = instance.machine() else { continue };
            // Another installation's, or on a cluster that is nobody's business any more.
            let other = instance.tags.iter().any(|tag| tag.ends_with(":elsewhere"));
            if scene.machine(id).is_none() && !other && !forgotten(instance.cluster) {
                return broken(format!("instance {} is left, and machine {id} is gone", instance.name));
            }
        }
        addresses::are_given_back(stage, &scene).await?;
        if let Some(machine) =
            scene.machines.iter().find(|it| it["status"]["lastAction"]["result"] == "Taken")
        {
            let name = &machine["metadata"]["name"];
            return broken(format!("machine {name} is at rest, and still does its action"));
        }
        if let Some(job) = scene.jobs.iter().find(|job| self.open.contains(&(job.cluster, job.id))) {
            return broken(format!("{} has not ended", job.told()));
        }
        Ok(())
    }

    fn remember(&mut self, stage: &Stage, scene: &Scene) {
        for machine in stage.take_told().iter().chain(&scene.machines) {
            let id = id_of(machine);
            if machine["metadata"]["deletionTimestamp"].is_string() {
                self.leaving.insert(id.clone());
            }
            if machine["spec"]["deletionPolicy"] == "Detach" {
                self.kept.insert(id.clone());
            }
            if let Some(action) = machine["spec"]["action"]["id"].as_str() {
                self.actions.insert((id.clone(), action.to_owned()));
            }
            match machine["spec"]["managementPolicy"] == "Observe" {
                true => self.watched.insert(id),
                false => self.watched.remove(&id),
            };
        }
        for instance in &scene.instances {
            if let Some(id) = instance.machine() {
                self.owners.insert((instance.cluster, instance.name.clone()), id.to_owned());
            }
        }
    }

    fn follow_jobs(&mut self, stage: &Stage, scene: &Scene) -> Result<(), Failure> {
        for job in scene.jobs.iter().filter(|job| job.is_final()) {
            if self.open.remove(&(job.cluster, job.id)) {
                self.ended(job)?;
            }
        }
        // In their order: where looks are rare, one may have begun and ended before somebody else's.
        for job in &scene.jobs {
            if self.last.len() <= job.cluster {
                self.last.resize(job.cluster + 1, 0);
            }
            if job.id <= self.last[job.cluster] {
                continue;
            }
            self.last[job.cluster] = job.id;
            if !job.is_of_instance() {
                continue;
            }
            if job.is_ours() {
                self.begun(stage, scene, job)?;
                if job.is_final() {
                    self.ended(job)?;
                } else {
                    self.open.insert((job.cluster, job.id));
                }
            } else {
                stage.calls.disturb();
                self.foreign(job);
            }
        }
        self.one_job_each(scene)
    }

    /// Somebody else does something to an instance.
    fn foreign(&mut self, job: &Job) {
        if job.opcode == "OP_INSTANCE_REMOVE" {
            let place = place(job);
            self.created.remove(&place);
            self.lost.extend(self.owners.get(&place).cloned());
        }
    }

    /// A job of ours was submitted.
    fn begun(&mut self, stage: &Stage, scene: &Scene, job: &Job) -> Result<(), Failure> {
        if !stage.calls.jobs_may_be() {
            return broken(format!("{}, and none was to be submitted any more", job.told()));
        }
        let instance = scene.instance(job.cluster, job.instance.as_deref().unwrap_or_default());
        let of_instance =
            || instance.and_then(Instance::machine).filter(|_| job.is_rebuild()).map(str::to_owned);
        let Some(id) = job.machine().or_else(of_instance) else {
            return broken(format!("{} does not say which machine it is for", job.told()));
        };
        if self.watched.contains(&id) {
            return broken(format!("{}, and its machine is only to be looked at", job.told()));
        }
        match (job.opcode.as_str(), instance) {
            ("OP_INSTANCE_CREATE", _) => return self.may_be_made(scene, job, &id),
            ("OP_TAGS_SET", Some(instance)) if instance.machine().is_none() => return Ok(()),
            // It has ended by the time it is looked at, and the tags are gone.
            ("OP_TAGS_DEL", Some(instance)) if instance.machine().is_none() => return Ok(()),
            (_, Some(instance)) if instance.machine() != Some(&id) => {
                return broken(format!("{}, whose instance is not its machine's", job.told()));
            }
            ("OP_INSTANCE_REMOVE", _) => return self.may_go(job, &id),
            ("OP_INSTANCE_REBOOT" | "OP_INSTANCE_REINSTALL", _) => return self.acted(job, &id),
            _ => {}
        }
        Ok(())
    }

    fn may_be_made(&self, scene: &Scene, job: &Job, id: &str) -> Result<(), Failure> {
        let anew = scene.machine(id).is_some_and(|machine| machine["spec"]["onMissing"] == "Recreate");
        if self.lost.contains(id) && !anew {
            return broken(format!("{} after it was removed by somebody else", job.told()));
        }
        // The creation itself may have made it by now.
        let is_there = |it: &&Instance| it.machine() == Some(id) && it.status == "running";
        if job.status == "queued" && scene.instances.iter().any(|it| is_there(&it)) {
            return broken(format!("{}, and it is there already", job.told()));
        }
        Ok(())
    }

    fn may_go(&self, job: &Job, id: &str) -> Result<(), Failure> {
        if self.kept.contains(id) {
            return broken(format!("{} and it was to be let go", job.told()));
        }
        if self.leaving.contains(id) || self.half_made.contains(&place(job)) {
            return Ok(());
        }
        broken(format!("{} and nobody wants its machine gone", job.told()))
    }

    /// At most one reboot or rebuild for each action.
    fn acted(&mut self, job: &Job, id: &str) -> Result<(), Failure> {
        let count = self.acts.entry(id.to_owned()).or_default();
        *count += 1;
        let asked = self.actions.iter().filter(|(of, _)| of == id).count();
        if *count <= asked {
            return Ok(());
        }
        broken(format!("{} is action number {count}, and {asked} were asked for", job.told()))
    }

    /// A job of ours has ended.
    fn ended(&mut self, job: &Job) -> Result<(), Failure> {
        let succeeded = job.status == "success";
        let place = place(job);
        if job.opcode == "OP_INSTANCE_CREATE" {
            if !succeeded {
                self.half_made.insert(place);
            } else if self.created.insert(place.clone()) {
                self.half_made.remove(&place);
            } else {
                return broken(format!("{} is the second creation that succeeded", job.told()));
            }
        } else if job.opcode == "OP_INSTANCE_REMOVE" && succeeded {
            self.half_made.remove(&place);
            self.created.remove(&place);
        }
        Ok(())
    }

    /// Never two of our jobs on one instance.
    fn one_job_each(&self, scene: &Scene) -> Result<(), Failure> {
        let mut busy = BTreeSet::new();
        for job in scene.jobs.iter().filter(|job| self.open.contains(&(job.cluster, job.id))) {
            if !job.is_final() && !busy.insert(place(job)) {
                return broken(format!("{} is our second job on its instance at a time", job.told()));
            }
        }
        Ok(())
    }

    /// Nobody is told that an instance is lost which nobody has removed.
    fn lost_is_true(&self, machine: &Value) -> Result<(), Failure> {
        let told = machine["status"]["powerState"] == "Lost"
            || condition(machine, "Ready").is_some_and(|ready| ready["reason"] == "InstanceLost");
        if told && !self.lost.contains(&id_of(machine)) {
            return broken(format!("machine {} is told to be lost, and is not", machine["metadata"]["name"]));
        }
        Ok(())
    }
}

/// Who says Ready tells the truth, as far as it can be known.
fn ready_is_true(stage: &Stage, scene: &Scene, machine: &Value) -> Result<(), Failure> {
    let ready = condition(machine, "Ready").is_some_and(|ready| ready["status"] == "True");
    let unseen = stage.calls.undisturbed_for().is_some_and(|(time, interruptions, unanswered)| {
        time < stage.pace.unseen_for(interruptions, unanswered)
    });
    if !ready || unseen || machine["metadata"]["deletionTimestamp"].is_string() {
        return Ok(());
    }
    let name = &machine["metadata"]["name"];
    let instances = scene.instances_of(machine);
    let Some(instance) = instances.first() else {
        return broken(format!("machine {name} is Ready and has no instance"));
    };
    let wanted = if machine["spec"]["powerState"] == "Stopped" { "ADMIN_down" } else { "running" };
    if instance.status != wanted {
        let status = &instance.status;
        return broken(format!("machine {name} is Ready, and its instance is {status}, not {wanted}"));
    }
    if machine["status"]["image"].as_str().is_some_and(|image| image != instance.os) {
        return broken(format!("machine {name} is Ready, and its instance has {}", instance.os));
    }
    let shape = &machine["status"]["shape"];
    let has_shape = shape["memoryMiB"] == instance.memory_mib && shape["vcpus"] == instance.vcpus;
    // Whoever accepts what was changed elsewhere is Ready with another shape than the flavor's.
    if shape.is_object() && !has_shape && machine["spec"]["driftPolicy"] != "Accept" {
        return broken(format!("machine {name} is Ready, and its instance has not the shape that it tells"));
    }
    Ok(())
}

fn one_instance(scene: &Scene, machine: &Value) -> Result<(), Failure> {
    let names: Vec<_> = scene.instances_of(machine).iter().map(|instance| instance.name.as_str()).collect();
    if names.len() > 1 {
        let name = &machine["metadata"]["name"];
        return broken(format!("machine {name} has the instances {}", names.join(", ")));
    }
    Ok(())
}

fn place(job: &Job) -> Place {
    (job.cluster, job.instance.clone().unwrap_or_default())
}

pub(crate) fn broken<T>(what: String) -> Result<T, Failure> {
    Err(Failure::Broken(what))
}

#[cfg(test)]
mod tests {
    use cyclades_crds::names::TAG_ID;
    use ganeti_sim::InstanceSpec;
    use serde_json::json;

    use super::*;
    use crate::ground::Ground;
    use crate::kubernetes::Kubernetes;
    use crate::step::Kind;
    use crate::{Point, Scenario, Weather};

    /// A stage with a machine that nobody looks after.
    async fn stage() -> Stage {
        let point = Point { scenario: "none".into(), seed: 1, weather: Weather::Calm, blow: None };
        let stage = Stage::new(&Scenario::parse("none", "").unwrap(), &point, Ground::Memory).await.unwrap();
        let machine = json!({
            "apiVersion": "cyclades.io/v1alpha1", "kind": "VirtualMachine",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"flavorRef": {"name": "tiny"}, "imageRef": {"name": "noop"}},
        });
        stage.kube.apply(&machine).await.unwrap();
        stage
    }

    /// Instances with the tag of the stage's machine.
    async fn instances(stage: &Stage, count: usize) {
        let machine = stage.kube.get(Kind::Vm, "web").await.unwrap().unwrap();
        let tag = format!("{TAG_ID}{}", id_of(&machine));
        stage.ganetis[0].sim().preload_instances(count, |number| {
            let mut spec = InstanceSpec::small(format!("i{number}.example.com"));
            spec.tags = vec![tag.clone()];
            spec
        });
    }

    fn say_ready(stage: &Stage) {
        let status = json!({"status": {
            "observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True", "reason": "Ready"}],
        }});
        let Kubernetes::Memory(sim) = &stage.kube else { panic!("in memory") };
        sim.patch_status("virtualmachines", Some("default"), "web", &status).unwrap();
    }

    async fn words(stage: &Stage) -> String {
        let checked = Checker::default().check(stage).await;
        checked.map_or_else(|failure| failure.to_string(), |_| "all is well".to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn two_instances_of_one_machine_are_seen() {
        let stage = stage().await;
        instances(&stage, 1).await;
        assert_eq!(words(&stage).await, "all is well");
        instances(&stage, 2).await;
        assert!(words(&stage).await.contains("has the instances"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_that_outlives_its_machine_is_seen() {
        let stage = stage().await;
        instances(&stage, 1).await;
        assert!(Checker::default().check_end(&stage).await.is_ok());
        stage.kube.delete(Kind::Vm, "web").await.unwrap();
        let failure = Checker::default().check_end(&stage).await.unwrap_err();
        assert!(failure.to_string().contains("is left"), "{failure}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_says_ready_must_run() {
        let stage = stage().await;
        say_ready(&stage);
        assert!(words(&stage).await.contains("has no instance"));
        instances(&stage, 1).await;
        assert_eq!(words(&stage).await, "all is well");
        let name = stage.ganetis[0].instances().await.unwrap()[0].name.clone();
        stage.ganetis[0].sim().crash_instance(&name).unwrap();
        assert!(words(&stage).await.contains("not running"));
    }
}
