//! A VirtualMachine, as its user sees it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use cyclades_crds::{
    VirtualMachine,
    condition::{self as catalog, ConditionType, Reason},
    virtual_machine::ObservedPower,
};
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};

use crate::{Look, Stage, Told, condition, eventually};

/// A machine by its name.
#[derive(Debug)]
pub struct Machine<'a> {
    stage: &'a Stage,
    namespace: String,
    name: String,
}

impl Stage {
    /// A machine of any namespace, there or not.
    #[must_use]
    pub fn machine(&self, namespace: &str, name: &str) -> Machine<'_> {
        Machine::new(self, namespace, name)
    }
}

impl<'a> Machine<'a> {
    pub(crate) fn new(stage: &'a Stage, namespace: &str, name: &str) -> Self {
        Self { stage, namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn api(&self) -> Api<VirtualMachine> {
        Api::namespaced(self.stage.client(), &self.namespace)
    }

    /// What kubectl calls it, with its namespace.
    fn target(&self) -> [&str; 4] {
        ["vm", &self.name, "-n", &self.namespace]
    }

    /// The object, if there is one.
    ///
    /// # Errors
    /// The API server's.
    pub async fn find(&self) -> Result<Option<VirtualMachine>> {
        Ok(self.api().get_opt(&self.name).await?)
    }

    /// The object.
    ///
    /// # Errors
    /// The API server's, and if there is none.
    pub async fn object(&self) -> Result<VirtualMachine> {
        self.find().await?.with_context(|| format!("there is no VirtualMachine {}", self.name))
    }

    /// Waits until the object is as wanted.
    ///
    /// # Errors
    /// After `limit`, with its conditions.
    pub async fn until(
        &self,
        what: &str,
        limit: Duration,
        is: impl Fn(&VirtualMachine) -> bool,
    ) -> Result<VirtualMachine> {
        eventually(&format!("{} is {what}", self.name), limit, async || {
            let object = self.object().await?;
            Ok(if is(&object) { Look::Is(object) } else { Look::NotYet(summary(&object)) })
        })
        .await
    }

    /// Waits until it is Ready at the present generation.
    ///
    /// # Errors
    /// After `limit`, with its conditions.
    pub async fn ready(&self, limit: Duration) -> Result<VirtualMachine> {
        self.until("Ready", limit, |object| says(object, ConditionType::Ready, "True", Reason::Ready)).await
    }

    /// Waits until it is Ready and Ganeti reports this power.
    ///
    /// # Errors
    /// After `limit`, with its conditions.
    pub async fn ready_and(&self, power: ObservedPower, limit: Duration) -> Result<VirtualMachine> {
        let is = |object: &VirtualMachine| {
            says(object, ConditionType::Ready, "True", Reason::Ready) && power_of(object) == Some(power)
        };
        self.until(&format!("Ready and {power:?}"), limit, is).await
    }

    /// Waits until it is not Ready for this reason; gives the message.
    ///
    /// # Errors
    /// After `limit`, with its conditions.
    pub async fn not_ready(&self, reason: Reason, limit: Duration) -> Result<String> {
        let is = |object: &VirtualMachine| says(object, ConditionType::Ready, "False", reason);
        let object = self.until(&format!("not Ready for {}", reason.as_str()), limit, is).await?;
        Ok(message(&object, ConditionType::Ready))
    }

    /// Waits until it is Stalled for this reason; gives the message.
    ///
    /// # Errors
    /// After `limit`, with its conditions.
    pub async fn stalled(&self, reason: Reason, limit: Duration) -> Result<String> {
        let is = |object: &VirtualMachine| says(object, ConditionType::Stalled, "True", reason);
        let object = self.until(&format!("Stalled for {}", reason.as_str()), limit, is).await?;
        Ok(message(&object, ConditionType::Stalled))
    }

    /// Waits until there is no object any more.
    ///
    /// # Errors
    /// After `limit`, with its conditions.
    pub async fn gone(&self, limit: Duration) -> Result<()> {
        eventually(&format!("{} is gone", self.name), limit, async || {
            Ok(match self.find().await? {
                None => Look::Is(()),
                Some(object) => Look::NotYet(summary(&object)),
            })
        })
        .await
    }

    /// `kubectl patch`.
    ///
    /// # Errors
    /// With the API server's words.
    pub async fn patch(&self, patch: &Value) -> Result<()> {
        self.stage.patch(&self.target(), patch).await
    }

    /// `kubectl patch` of `spec.powerState`.
    ///
    /// # Errors
    /// With the API server's words.
    pub async fn power(&self, state: &str) -> Result<()> {
        self.patch(&json!({"spec": {"powerState": state}})).await
    }

    /// `kubectl delete`, without waiting.
    ///
    /// # Errors
    /// With the API server's words.
    pub async fn delete(&self) -> Result<()> {
        let arguments = [&["delete", "--wait=false"], &self.target()[..]].concat();
        self.stage.kubectl(&arguments).await.map(drop)
    }

    /// `kubectl describe`.
    ///
    /// # Errors
    /// With kubectl's words.
    pub async fn describe(&self) -> Result<String> {
        self.stage.kubectl(&[&["describe"], &self.target()[..]].concat()).await
    }

    /// Its events, oldest first.
    ///
    /// # Errors
    /// The API server's.
    pub async fn events(&self) -> Result<Vec<Told>> {
        self.stage.events("VirtualMachine", Some(&self.namespace), &self.name).await
    }

    /// Waits until an event of this reason was told; gives all events up to then.
    ///
    /// # Errors
    /// After `limit`, with the events that there are.
    pub async fn told(&self, reason: &str, limit: Duration) -> Result<Vec<Told>> {
        eventually(&format!("an event {reason} about {}", self.name), limit, async || {
            let events = self.events().await?;
            let told = events.iter().any(|event| event.reason == reason);
            Ok(if told { Look::Is(events) } else { Look::NotYet(format!("{events:?}")) })
        })
        .await
    }

    /// The name its instance has, or will have: the default prefix and its id.
    ///
    /// # Errors
    /// The API server's, and if there is no object.
    pub async fn instance(&self) -> Result<String> {
        let object = self.object().await?;
        let id = object.spec.id.clone().or_else(|| object.uid()).context("an object has a uid")?;
        Ok(format!("cyclades-{id}"))
    }
}

/// Whether a condition of the present generation has this status and reason.
fn says(object: &VirtualMachine, kind: ConditionType, status: &str, reason: Reason) -> bool {
    let Some(found) = object.status.as_ref().and_then(|it| catalog::find(&it.conditions, kind)) else {
        return false;
    };
    let current = found.observed_generation == object.metadata.generation;
    current && found.status == status && found.reason == reason.as_str()
}

fn message(object: &VirtualMachine, kind: ConditionType) -> String {
    let conditions = object.status.as_ref().map_or(&[][..], |status| &status.conditions);
    catalog::find(conditions, kind).map(|found| found.message.clone()).unwrap_or_default()
}

/// What Ganeti reports, by the object's status.
#[must_use]
pub(crate) fn power_of(object: &VirtualMachine) -> Option<ObservedPower> {
    object.status.as_ref().and_then(|status| status.power_state)
}

/// An object in a line, for messages.
fn summary(object: &VirtualMachine) -> String {
    let conditions = object.status.as_ref().map_or(&[][..], |status| &status.conditions);
    let kinds = [ConditionType::Ready, ConditionType::Stalled, ConditionType::Placed];
    let all = kinds.map(|kind| format!("{}={}", kind.as_str(), condition(conditions, kind)));
    let deleting = if object.metadata.deletion_timestamp.is_some() { ", being deleted" } else { "" };
    format!(
        "generation {:?}, on {:?}, {:?}{deleting}, {}",
        object.metadata.generation,
        object.spec.backend_name,
        power_of(object),
        all.join(", ")
    )
}
