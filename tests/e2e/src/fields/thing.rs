//! An object of any of our kinds.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use cyclades_crds::condition::ConditionType;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};

use crate::{Look, Stage, eventually};

/// What waits behind the jobs of other changes, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// An object by its name.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    api: Api<DynamicObject>,
    kind: String,
    pub(super) name: String,
}

impl Thing {
    /// The object of a name, there or not.
    pub(super) fn new(stage: &Stage, kind: &str, namespace: &str, name: &str) -> Result<Self> {
        let crds = cyclades_crds::all();
        let crd = crds.into_iter().find(|crd| crd.spec.names.kind == kind);
        let crd = crd.with_context(|| format!("there is no kind {kind}"))?;
        let version = &crd.spec.versions.first().context("a version")?.name;
        let kinds = GroupVersionKind::gvk(&crd.spec.group, version, kind);
        let resource = ApiResource::from_gvk_with_plural(&kinds, &crd.spec.names.plural);
        let api = match crd.spec.scope.as_str() {
            "Namespaced" => Api::namespaced_with(stage.client(), namespace, &resource),
            _ => Api::all_with(stage.client(), &resource),
        };
        Ok(Self { api, kind: kind.to_owned(), name: name.to_owned() })
    }

    /// Makes it.
    pub(super) async fn create(&self, spec: &Value) -> Result<()> {
        let object = json!({
            "apiVersion": "cyclades.io/v1alpha1", "kind": self.kind,
            "metadata": {"name": self.name, "namespace": self.api.namespace()}, "spec": spec,
        });
        let object: DynamicObject = serde_json::from_value(object)?;
        self.api.create(&PostParams::default(), &object).await.with_context(|| format!("{self}: {spec}"))?;
        Ok(())
    }

    /// What it is now.
    pub(super) async fn object(&self) -> Result<DynamicObject> {
        self.api.get(&self.name).await.with_context(|| self.to_string())
    }

    /// Its spec.
    pub(super) async fn spec(&self) -> Result<Value> {
        Ok(self.object().await?.data["spec"].clone())
    }

    /// A merge patch of its spec.
    pub(super) async fn patch(&self, spec: &Value) -> Result<()> {
        let patch = Patch::Merge(json!({ "spec": spec }));
        let patched = self.api.patch(&self.name, &PatchParams::default(), &patch).await;
        patched.with_context(|| format!("{self}: {spec}")).map(drop)
    }

    /// A merge patch of its spec that is refused, for one of these reasons, and changes nothing.
    pub(super) async fn refuses(&self, spec: &Value, reasons: &[String]) -> Result<()> {
        let before = self.spec().await?;
        let patch = Patch::Merge(json!({ "spec": spec }));
        match self.api.patch(&self.name, &PatchParams::default(), &patch).await {
            Err(kube::Error::Api(status)) => {
                let is_meant = reasons.iter().any(|reason| status.message.contains(reason.as_str()));
                if !is_meant {
                    bail!("{self}: {spec} is refused, and not by a rule about what was: {}", status.message);
                }
            }
            Err(error) => return Err(error).with_context(|| self.to_string()),
            Ok(_) => bail!("{self}: {spec} is taken, and was to be refused"),
        }
        let after = self.spec().await?;
        if after == before {
            Ok(())
        } else {
            Err(anyhow!("{self}: refused, and yet changed: {before}, {after}"))
        }
    }

    /// Waits until the operator has told of the present generation and is not at work on it; gives what it says of its
    /// readiness.
    pub(super) async fn settled(&self) -> Result<String> {
        eventually(&format!("{self} is settled"), PATIENCE, async || {
            let object = self.object().await?;
            let ready = told(&object, ConditionType::Ready);
            let is_current = |told: &Told| Some(told.generation) == object.metadata.generation;
            let is_at_work =
                told(&object, ConditionType::Reconciling).is_none_or(|told| told.status != "False");
            Ok(match ready.filter(is_current) {
                Some(ready) if !is_at_work => Look::Is(ready.words),
                _ => Look::NotYet(format!(
                    "{:?}, {}",
                    object.metadata.generation, object.data["status"]["conditions"]
                )),
            })
        })
        .await
    }

    /// Waits until the operator says that it is well at the present generation.
    pub(super) async fn ready(&self) -> Result<()> {
        eventually(&format!("{self} is Ready"), PATIENCE, async || {
            let object = self.object().await?;
            let ready = told(&object, ConditionType::Ready);
            let is = ready.as_ref().is_some_and(|told| {
                Some(told.generation) == object.metadata.generation && told.status == "True"
            });
            Ok(if is {
                Look::Is(())
            } else {
                Look::NotYet(ready.map_or_else(String::new, |told| told.words))
            })
        })
        .await
    }

    /// Waits until the operator has told of the present generation, whatever it says.
    pub(super) async fn observed(&self) -> Result<()> {
        eventually(&format!("the generation of {self} is observed"), PATIENCE, async || {
            let object = self.object().await?;
            let ready = told(&object, ConditionType::Ready);
            let is = ready.as_ref().is_some_and(|told| Some(told.generation) == object.metadata.generation);
            Ok(if is {
                Look::Is(())
            } else {
                Look::NotYet(ready.map_or_else(String::new, |told| told.words))
            })
        })
        .await
    }

    /// Id of a machine: `spec.id`, else the object's uid.
    pub(super) async fn id(&self) -> Result<String> {
        let object = self.object().await?;
        let id = object.data["spec"]["id"].as_str().map(str::to_owned);
        id.or_else(|| object.uid()).context("an object has a uid")
    }
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

struct Told {
    status: String,
    generation: i64,
    words: String,
}

/// A condition of an object.
fn told(object: &DynamicObject, kind: ConditionType) -> Option<Told> {
    let conditions = object.data["status"]["conditions"].as_array()?;
    let found = conditions.iter().find(|condition| condition["type"] == kind.as_str())?;
    let text = |name: &str| found[name].as_str().unwrap_or_default();
    Some(Told {
        status: text("status").to_owned(),
        generation: found["observedGeneration"].as_i64()?,
        words: format!("{} {}: {}", text("status"), text("reason"), text("message")),
    })
}
