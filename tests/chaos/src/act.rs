//! Steps of a scenario, done.

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::Failure;
use crate::catalog::{cyclades, flavor, network, secret};
use crate::foretell::foretell;
use crate::ganeti::{Said, backend_name};
use crate::kubernetes::{Kubernetes, NAMESPACE};
use crate::operators::Order;
use crate::scene::{Scene, condition};
use crate::stage::Stage;
use crate::step::{Deed, Fields, Kind, Step, Wanted};

/// Somebody who does the steps.
pub(crate) struct Actor<'a> {
    stage: &'a Stage,
}

impl<'a> Actor<'a> {
    pub fn new(stage: &'a Stage) -> Self {
        Self { stage }
    }

    /// Does a step, or waits for what it says.
    pub async fn step(&self, text: &str, step: &Step) -> Result<(), Failure> {
        self.stage.calls.begin(text);
        let done = match step {
            Step::Until { kind, name, wanted } => {
                return self.until(text, |scene| says(scene, *kind, name, wanted)).await;
            }
            Step::UntilJob { opcode, status } => {
                return self.until(text, |scene| has_job(scene, opcode, status)).await;
            }
            Step::UntilInstances(count) => {
                return self.until(text, |scene| scene.instances.len() == *count).await;
            }
            Step::UntilTag(tag) => {
                return self
                    .until(text, |scene| scene.instances.iter().any(|it| it.tags.contains(tag)))
                    .await;
            }
            Step::Wait(time) => {
                sleep(*time).await;
                Ok(())
            }
            Step::NoMoreJobs => {
                self.stage.calls.no_more_jobs();
                Ok(())
            }
            Step::OperatorDies => self.order(text, Order::Kill).await?,
            Step::OperatorFreezes => self.order(text, Order::Freeze).await?,
            Step::OperatorThaws => self.order(text, |_| Order::Thaw).await?,
            Step::OperatorHandsOver => self.order(text, Order::Stop).await?,
            Step::Ganeti { deed, backend, vm } => self.ganeti(deed, *backend, vm.as_deref()).await,
            _ => self.kubernetes(step).await,
        };
        let done = match (done, step) {
            (
                Ok(()),
                Step::Apply { kind: Kind::Vm, name, .. }
                | Step::Set { kind: Kind::Vm, name, .. }
                | Step::Delete { kind: Kind::Vm, name },
            ) => self.stage.tell(name).await,
            (done, _) => done,
        };
        done.and_then(|()| self.foretell()).map_err(|why| Failure::Step { step: text.to_owned(), why })
    }

    /// Notes what is foreseen now, where somebody wants to be told.
    fn foretell(&self) -> Said<()> {
        if let (true, Kubernetes::Memory(kube)) = (self.stage.foretells, &self.stage.kube) {
            self.stage.calls.foresee(foretell(kube)?);
        }
        Ok(())
    }

    /// Something becomes of the operator that holds the first backend, once one does.
    async fn order(&self, what: &str, order: impl FnOnce(usize) -> Order) -> Result<Said<()>, Failure> {
        let stage = self.stage;
        let holder = |scene: &Scene| {
            let backend = scene.backends.iter().find(|it| it["metadata"]["name"] == backend_name(0).as_str());
            let holder = backend.and_then(|backend| backend["status"]["holder"].as_str())?;
            (0..stage.replicas).find(|number| stage.replicas == 1 || stage.operator_name(*number) == holder)
        };
        self.until(what, |scene| holder(scene).is_some()).await?;
        let scene = stage.look(&[], &[]).await.map_err(Failure::Stage)?;
        stage.calls.interrupt();
        Ok(holder(&scene)
            .map(|number| stage.calls.order(order(number)))
            .ok_or_else(|| "nobody holds it".to_owned()))
    }

    async fn kubernetes(&self, step: &Step) -> Said<()> {
        let kube = &self.stage.kube;
        match step {
            Step::Apply { kind: Kind::Flavor, name, fields } => kube.apply(&flavor(name, spec(fields))).await,
            Step::Apply { kind: Kind::Network, name, fields } => {
                for object in network(name, spec(fields)) {
                    kube.apply(&object).await?;
                }
                Ok(())
            }
            Step::Apply { name, fields, .. } => kube.apply(&machine(name, fields)).await,
            Step::Set { kind, name, fields } => kube.patch(*kind, name, &json!({"spec": spec(fields)})).await,
            Step::Annotate { kind, name, key, value } => {
                let value = if value.is_empty() { Value::Null } else { value.as_str().into() };
                let key = format!("cyclades.io/{key}");
                kube.patch(*kind, name, &json!({"metadata": {"annotations": {key: value}}})).await
            }
            Step::Delete { kind, name } => kube.delete(*kind, name).await,
            Step::Password { right } => {
                let ganeti = self.stage.ganetis.first().ok_or("there is no cluster")?;
                self.stage.calls.interrupt();
                kube.apply(&secret(ganeti, (!right).then_some("mistyped"))).await
            }
            Step::Lost => {
                self.stage.calls.interrupt();
                self.stage.lose_everything().await
            }
            Step::Catalog { taking_over } => {
                let mut catalog = self.stage.catalog();
                if *taking_over {
                    catalog.take_over_from = self.stage.former_life();
                }
                self.stage.apply_catalog(&catalog).await
            }
            _ => Err("is no step of Kubernetes".to_owned()),
        }
    }

    /// Waits, and looks now and then.
    async fn until(&self, what: &str, holds: impl Fn(&Scene) -> bool) -> Result<(), Failure> {
        let pace = self.stage.pace;
        let deadline = Instant::now() + pace.within;
        loop {
            let scene = self.stage.look(&[], &[]).await.map_err(Failure::Stage)?;
            if holds(&scene) {
                return Ok(());
            }
            if Instant::now() >= deadline || self.stage.calls.too_many() {
                let machines = scene.machines.iter().chain(&scene.backends);
                let instead = machines.map(shown).collect::<Vec<_>>().join("; ");
                return Err(Failure::TooLate { what: what.to_owned(), within: pace.within, instead });
            }
            sleep(pace.look_every).await;
        }
    }

    async fn ganeti(&self, deed: &Deed, backend: usize, vm: Option<&str>) -> Said<()> {
        let (mut number, mut instance) = (backend, None);
        if let Some(vm) = vm {
            let machine = self.stage.kube.get(Kind::Vm, vm).await?.ok_or("there is no such machine")?;
            instance = machine["status"]["instanceName"].as_str().map(str::to_owned);
            let placed = machine["spec"]["backendName"].as_str().unwrap_or_default();
            let found = self.stage.ganetis.iter().find(|ganeti| ganeti.backend() == placed);
            number = found.ok_or("the machine is nowhere")?.number;
        }
        let ganeti = self.stage.ganetis.get(number).ok_or("there is no such cluster")?;
        match deed {
            Deed::Dies
            | Deed::PowersOff
            | Deed::Add { .. }
            | Deed::Shutdown
            | Deed::Startup
            | Deed::Remove
            | Deed::Modify(_) => self.stage.calls.disturb(),
            Deed::Down | Deed::Up | Deed::Hangs | Deed::Drain(_) => self.stage.calls.interrupt(),
            _ => {}
        }
        ganeti.act(deed, instance.as_deref()).await
    }
}

fn machine(vm: &str, fields: &Fields) -> Value {
    let mut spec = spec(fields);
    if spec["flavorRef"].is_null() {
        spec["flavorRef"] = json!({"name": "tiny"});
    }
    spec["imageRef"] = json!({"name": "noop"});
    let mut object = cyclades("VirtualMachine", vm, spec);
    object["metadata"]["namespace"] = NAMESPACE.into();
    object
}

/// Fields of a spec: a value that is JSON is taken as such, anything else is a text; dots lead into objects.
fn spec(fields: &Fields) -> Value {
    let mut spec = json!({});
    for (name, text) in fields {
        let value = serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into());
        let place = name.split('.').fold(&mut spec, |place, part| &mut place[part]);
        *place = value;
    }
    spec
}

fn says(scene: &Scene, kind: Kind, name: &str, wanted: &[Wanted]) -> bool {
    let all = match kind {
        Kind::Backend => &scene.backends,
        Kind::Network => &scene.networks,
        Kind::Block => &scene.blocks,
        Kind::Vm | Kind::Flavor => &scene.machines,
    };
    let object = all.iter().find(|object| object["metadata"]["name"] == name);
    wanted.iter().all(|wanted| match (wanted, &object) {
        (Wanted::Gone, object) => object.is_none(),
        (_, None) => false,
        (Wanted::Ready, Some(object)) => {
            condition(object, "Ready").is_some_and(|ready| ready["status"] == "True")
        }
        (Wanted::Condition(kind, value), Some(object)) => condition(object, kind)
            .is_some_and(|found| found["reason"] == value.as_str() || found["status"] == value.as_str()),
        (Wanted::Field(name, value), Some(object)) => {
            let found = name.split('.').fold(&object["status"], |place, part| &place[part]);
            found.as_str().map_or_else(|| found.to_string(), str::to_owned) == *value
        }
    })
}

fn has_job(scene: &Scene, opcode: &str, status: &str) -> bool {
    let opcode = format!("OP_{opcode}");
    scene.jobs.iter().filter(|job| job.opcode == opcode).any(|job| match status {
        "queued" => true,
        "running" => job.status == "running" || job.is_final(),
        _ => job.is_final(),
    })
}

/// An object in a few words.
fn shown(object: &Value) -> String {
    let ready = condition(object, "Ready");
    let said = ready.map_or("nothing is said of it".to_owned(), |ready| {
        format!("{} {}", ready["reason"], ready["message"])
    });
    format!("{}: {said}", object["metadata"]["name"])
}
