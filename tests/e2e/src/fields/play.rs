//! Changes made on a bed, and what comes of them.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::change::{Change, End, account};
use super::dump::{Ganeti, difference};
use super::schema::refusals;
use super::tables::{Subject, machine};
use super::thing::Thing;
use crate::{
    LONG, Look, Stage, eventually,
    space::{flavor, network},
};

/// Changes at a time on a simulator: it does a job in a moment, and the operator looks every second.
const AT_ONCE: usize = 8;
/// Kinds that no machine is made of.
const APART: [&str; 3] = ["Network", "Subnet", "LinkPool"];
/// Readings of the inventory in which nothing may happen any more.
const REST: u32 = 2;

/// Where machines are made: a namespace with all that they refer to, a backend, and the cluster that it leads to.
#[derive(Debug)]
pub struct Ground<'a> {
    stage: &'a Stage,
    namespace: String,
    backend: String,
    ganeti: Ganeti,
    at_once: usize,
}

/// The changes of a kind on a ground.
#[derive(Debug)]
pub struct Play<'a> {
    ground: &'a Ground<'a>,
    kind: &'static str,
    base: Value,
    changes: Vec<Change>,
    refusals: Vec<String>,
}

/// What Ganeti has of a machine, and the jobs that made it so.
#[derive(Debug, PartialEq)]
struct Sight {
    instance: Value,
    jobs: Vec<u64>,
}

/// A machine that has been through its change.
#[derive(Debug)]
struct Done {
    machine: Thing,
    spec: Value,
    sight: Sight,
}

impl Sight {
    /// What has changed since another one.
    fn since(&self, was: &Self) -> String {
        let changed = difference(&self.instance, &was.instance).join("; ");
        format!("jobs {:?}, were {:?}; {changed}", self.jobs, was.jobs)
    }
}

impl<'a> Ground<'a> {
    /// Makes flavors and images in a namespace of its own, and another namespace with images.
    ///
    /// # Errors
    /// With the API server's words.
    pub async fn new(stage: &'a Stage, name: &str, backend: &str, ganeti: Ganeti) -> Result<Self> {
        let space = stage.space(name).await?;
        let namespace = space.namespace().to_owned();
        let images = format!("{namespace}-images");
        let image = |namespace: &str, name: &str, source: Value| {
            json!({
                "apiVersion": "cyclades.io/v1alpha1", "kind": "Image",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {"visibility": "Public", "source": source},
            })
        };
        let guest = json!({"ganetiOS": {
            "name": "guest", "userDataParameter": "user_data", "allowedParameters": ["hostname"],
        }});
        let medium = |name: &str| json!({"cdrom": {"location": stage.dir().join(name)}});
        let mut objects = vec![
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": images}}),
            flavor(&format!("{namespace}-small"), "16Mi", "file", "16Mi"),
            flavor(&format!("{namespace}-large"), "32Mi", "file", "16Mi"),
            image(&namespace, "other", json!({"ganetiOS": {"name": "noop"}})),
            image(&namespace, "medium2", medium("medium2.iso")),
        ];
        objects.extend(network(&namespace, "lan", "10.0.0.0/24", "10.0.0.1"));
        objects.extend(network(&namespace, "dmz", "10.1.0.0/24", "10.1.0.1"));
        for place in [&namespace, &images] {
            objects.push(image(place, "guest", guest.clone()));
            objects.push(image(place, "medium", medium(&format!("{place}.iso"))));
        }
        for name in ["medium2".to_owned(), namespace.clone(), images] {
            let file = stage.dir().join(format!("{name}.iso"));
            std::fs::write(&file, vec![0; 1 << 20]).with_context(|| file.display().to_string())?;
        }
        stage.apply(&objects).await?;
        Ok(Self { stage, namespace, backend: backend.to_owned(), ganeti, at_once: AT_ONCE })
    }

    /// So many changes at a time: a real cluster's jobs take seconds, and wait for each other.
    #[must_use]
    pub fn at_once(self, at_once: usize) -> Self {
        Self { at_once, ..self }
    }

    /// Where its machines may be rescued from, as a backend has to say.
    #[must_use]
    pub fn media(stage: &Stage) -> String {
        format!("{}/", stage.dir().display())
    }

    fn machine(&self, name: &str) -> Result<Thing> {
        Thing::new(self.stage, "VirtualMachine", &self.namespace, name)
    }

    /// Makes a machine and waits until it is Ready.
    async fn make(&self, name: &str, spec: &Value) -> Result<Thing> {
        let machine = self.machine(name)?;
        machine.create(spec).await?;
        machine.ready().await?;
        Ok(machine)
    }

    async fn look(&self, machine: &Thing) -> Result<Sight> {
        let instance = format!("cyclades-{}", machine.id().await?);
        Ok(Sight {
            jobs: self.ganeti.jobs(&instance).await?,
            instance: self.ganeti.instance(&instance).await?,
        })
    }

    async fn look_at(&self, machine: Option<&Thing>) -> Result<Option<Sight>> {
        match machine {
            Some(machine) => self.look(machine).await.map(Some),
            None => Ok(None),
        }
    }

    /// Compares what machines have become with fresh ones of the same manifests.
    async fn compare(&self, all: Vec<Done>) -> Result<()> {
        self.stage.polls(&self.backend, REST, LONG).await?;
        let mut manifests: BTreeMap<String, Vec<Done>> = BTreeMap::new();
        for done in all {
            manifests.entry(done.spec.to_string()).or_default().push(done);
        }
        let twins = stream::iter(manifests.into_values()).map(|alike| async move {
            let Some(first) = alike.first() else { return Ok(()) };
            let twin = self.make(&format!("twin-of-{}", first.machine.name), &first.spec).await?;
            let fresh = self.look(&twin).await?;
            for done in alike {
                let now = self.look(&done.machine).await?;
                let wrong = difference(&now.instance, &fresh.instance);
                ensure!(wrong.is_empty(), "{}: not as a fresh apply: {}", done.machine, wrong.join("; "));
                ensure!(now == done.sight, "{}: it does not rest: {}", done.machine, now.since(&done.sight));
            }
            Ok(())
        });
        all_of(twins.buffer_unordered(self.at_once).collect().await).map(drop)
    }
}

/// All failures at once: one says little of the others.
fn all_of<T>(results: Vec<Result<T>>) -> Result<Vec<T>> {
    let (mut well, mut wrong) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => well.push(value),
            Err(error) => wrong.push(format!("{error:#}")),
        }
    }
    if wrong.is_empty() { Ok(well) } else { bail!("{} fail:\n{}", wrong.len(), wrong.join("\n")) }
}

impl<'a> Play<'a> {
    /// The changes of all fields of a kind.
    ///
    /// # Errors
    /// For a field that no change is known for.
    pub fn new(ground: &'a Ground<'a>, subject: Subject) -> Result<Self> {
        let crd = cyclades_crds::all().into_iter().find(|crd| crd.spec.names.kind == subject.kind);
        let crd = crd.with_context(|| format!("there is no kind {}", subject.kind))?;
        let changes = account(&crd, &subject.base, &subject.table)?;
        Ok(Self { ground, kind: subject.kind, base: subject.base, changes, refusals: refusals(&crd) })
    }

    /// Only those changes.
    #[must_use]
    pub fn only(mut self, is: impl FnMut(&Change) -> bool) -> Self {
        self.changes = self.changes.into_iter().filter(is).collect();
        self
    }

    /// One of `parts` equal parts.
    #[must_use]
    pub fn part(mut self, number: usize, parts: usize) -> Self {
        self.changes = self.changes.into_iter().skip(number).step_by(parts).collect();
        self
    }

    /// The changes of VirtualMachines, each on a machine of its own.
    ///
    /// # Errors
    /// With all that is not as it has to be.
    pub async fn machines(&self) -> Result<()> {
        ensure!(!self.changes.is_empty(), "nothing is to be changed");
        let played = stream::iter(self.changes.iter().enumerate()).map(|(number, change)| async move {
            let played = self.on_machine(&format!("m{number}"), change).await;
            played.with_context(|| format!("spec.{} {}", change.path, change.to))
        });
        let done = all_of(played.buffer_unordered(self.ground.at_once).collect().await)?;
        self.ground.compare(done).await
    }

    async fn on_machine(&self, name: &str, change: &Change) -> Result<Done> {
        let ground = self.ground;
        let before = change.before(&self.base);
        let machine = ground.make(name, &before).await?;
        let was = ground.look(&machine).await?;
        if change.end == End::Refused {
            machine.refuses(&change.to, &self.refusals).await?;
            return ground.done(machine, was).await;
        }
        machine.patch(&change.to).await?;
        let words = machine.settled().await?;
        let now = ground.look(&machine).await?;
        let worked = now.jobs != was.jobs;
        ensure!(worked == change.jobs, "jobs were made: {worked}; {words}; {}", now.since(&was));
        let back = change.way_back(&before);
        if change.end == End::Stays {
            machine.refuses(&back, &self.refusals).await?;
            return ground.done(machine, now).await;
        }
        machine.patch(&back).await?;
        machine.ready().await?;
        let end = ground.look(&machine).await?;
        ensure!(change.jobs || end == was, "it was to leave Ganeti alone: {}", end.since(&was));
        ground.done(machine, end).await
    }

    /// The changes of a kind that machines are made of, each with an object and a machine of its own.
    ///
    /// # Errors
    /// With all that is not as it has to be.
    pub async fn catalog(&self) -> Result<()> {
        let played = stream::iter(self.changes.iter().enumerate()).map(|(number, change)| async move {
            let name = format!("{}-{}-{number}", self.ground.namespace, self.kind.to_lowercase());
            let played = self.on_entry(&name, change).await;
            played.with_context(|| format!("{} spec.{} {}", self.kind, change.path, change.to))
        });
        let done = all_of(played.buffer_unordered(self.ground.at_once).collect().await)?;
        self.ground.compare(done.into_iter().flatten().collect()).await
    }

    async fn on_entry(&self, name: &str, change: &Change) -> Result<Option<Done>> {
        let ground = self.ground;
        let before = change.before(&self.base);
        let entry = Thing::new(ground.stage, self.kind, &ground.namespace, name)?;
        entry.create(&before).await?;
        entry.observed().await?;
        let machine = match change.alone || APART.contains(&self.kind) {
            true => None,
            false => Some(ground.make(name, &self.made_of(name).await?).await?),
        };
        let was = ground.look_at(machine.as_ref()).await?;
        let back = change.way_back(&before);
        let ends = [(&change.to, change.end == End::Refused), (&back, change.end == End::Stays)];
        for (patch, is_refused) in ends {
            if is_refused {
                entry.refuses(patch, &self.refusals).await?;
                break;
            }
            entry.patch(patch).await?;
            entry.observed().await?;
            ground.stage.polls(&ground.backend, 1, LONG).await?;
            if let (Some(now), Some(was)) = (ground.look_at(machine.as_ref()).await?, &was) {
                ensure!(now == *was, "the machine was to be left alone: {}", now.since(was));
            }
        }
        match machine.zip(was) {
            Some((machine, was)) => ground.done(machine, was).await.map(Some),
            None => Ok(None),
        }
    }

    /// The spec of a machine that is made of an object of this kind.
    async fn made_of(&self, name: &str) -> Result<Value> {
        let ground = self.ground;
        let mut spec = machine(&ground.namespace, &ground.backend).base;
        match self.kind {
            "Flavor" => spec["flavorRef"]["name"] = json!(name),
            "Image" => spec["imageRef"]["name"] = json!(name),
            _ => {
                ground.stage.apply(&[flavor(name, "16Mi", name, "16Mi")]).await?;
                spec["flavorRef"]["name"] = json!(name);
            }
        }
        Ok(spec)
    }

    /// The changes of a GanetiBackend, one after the other, on that of the ground. A machine there is left alone, and
    /// another one can be made in the end.
    ///
    /// # Errors
    /// With the first that is not as it has to be.
    pub async fn on_backend(&self) -> Result<()> {
        let ground = self.ground;
        let backend = Thing::new(ground.stage, self.kind, &ground.namespace, &ground.backend)?;
        let machine = ground.make("web", &machine(&ground.namespace, &ground.backend).base).await?;
        let was = ground.look(&machine).await?;
        for change in &self.changes {
            let what = || format!("{backend} spec.{} {}", change.path, change.to);
            if change.end == End::Refused {
                backend.refuses(&change.to, &self.refusals).await.with_context(what)?;
                continue;
            }
            let before = backend.spec().await?;
            backend.patch(&change.to).await.with_context(what)?;
            backend.observed().await.with_context(what)?;
            backend.patch(&change.way_back(&before)).await.with_context(what)?;
            backend.ready().await.with_context(what)?;
            let after = backend.spec().await?;
            ensure!(after == before, "{}: {after}, was {before}", what());
            machine.ready().await.with_context(what)?;
            ground.stage.polls(&ground.backend, 1, LONG).await.with_context(what)?;
            let now = ground.look(&machine).await?;
            ensure!(now == was, "{}: {}", what(), now.since(&was));
        }
        let done = ground.done(machine, was).await?;
        ground.compare(vec![done]).await
    }
}

impl Ground<'_> {
    async fn done(&self, machine: Thing, sight: Sight) -> Result<Done> {
        Ok(Done { spec: machine.spec().await?, machine, sight })
    }

    /// Deletes all machines, and waits until the cluster is as it was before them.
    ///
    /// # Errors
    /// After a while, with what is left.
    pub async fn clear(&self, before: &Value) -> Result<()> {
        self.stage.kubectl(&["delete", "vm", "--all", "--wait=false", "-n", &self.namespace]).await?;
        eventually("the cluster is as it was", LONG, async || {
            let wrong = difference(&self.ganeti.cluster().await?, before);
            Ok(if wrong.is_empty() { Look::Is(()) } else { Look::NotYet(wrong.join("; ")) })
        })
        .await
    }

    /// Its namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Name of its backend.
    #[must_use]
    pub fn backend(&self) -> &str {
        &self.backend
    }

    /// The cluster's nodes, tags and instances.
    ///
    /// # Errors
    /// RAPI's.
    pub async fn cluster(&self) -> Result<Value> {
        self.ganeti.cluster().await
    }
}
