//! A GanetiBackend, as its administrator sees it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use cyclades_crds::{
    GanetiBackend,
    condition::{self as catalog, ConditionType, Reason},
};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use serde_json::{Value, json};

use crate::{Look, SOON, Stage, Told, condition, eventually};

/// A backend by its name.
#[derive(Debug)]
pub struct Backend<'a> {
    stage: &'a Stage,
    name: String,
}

impl Stage {
    /// A backend, there or not.
    #[must_use]
    pub fn backend(&self, name: &str) -> Backend<'_> {
        Backend { stage: self, name: name.to_owned() }
    }
}

impl Backend<'_> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The object, if there is one.
    ///
    /// # Errors
    /// The API server's.
    pub async fn find(&self) -> Result<Option<GanetiBackend>> {
        let api: Api<GanetiBackend> = Api::all(self.stage.client());
        Ok(api.get_opt(&self.name).await?)
    }

    /// The object.
    ///
    /// # Errors
    /// The API server's, and if there is none.
    pub async fn object(&self) -> Result<GanetiBackend> {
        self.find().await?.with_context(|| format!("there is no GanetiBackend {}", self.name))
    }

    /// Waits until its condition `Ready` has this status and reason; gives the message.
    ///
    /// # Errors
    /// After `limit`, with what it says.
    pub async fn says(&self, status: &str, reason: Reason, limit: Duration) -> Result<String> {
        let what = format!("{} is Ready={status}, {}", self.name, reason.as_str());
        eventually(&what, limit, async || {
            let object = self.object().await?;
            let conditions = object.status.map(|status| status.conditions).unwrap_or_default();
            let found = catalog::find(&conditions, ConditionType::Ready).filter(|found| {
                let current = found.observed_generation == object.metadata.generation;
                current && found.status == status && found.reason == reason.as_str()
            });
            Ok(match found {
                Some(found) => Look::Is(found.message.clone()),
                None => Look::NotYet(condition(&conditions, ConditionType::Ready)),
            })
        })
        .await
    }

    /// Waits until it is Ready.
    ///
    /// # Errors
    /// After `limit`, with what it says.
    pub async fn ready(&self, limit: Duration) -> Result<()> {
        self.says("True", Reason::Ready, limit).await.map(drop)
    }

    /// Waits until it is not Ready for this reason; gives cause and cure.
    ///
    /// # Errors
    /// After `limit`, with what it says.
    pub async fn not_ready(&self, reason: Reason, limit: Duration) -> Result<String> {
        self.says("False", reason, limit).await
    }

    /// Waits until it is not Ready, for whatever reason; gives cause and cure.
    ///
    /// # Errors
    /// After `limit`, with what it says.
    pub async fn says_not_ready(&self, limit: Duration) -> Result<String> {
        eventually(&format!("{} is not Ready", self.name), limit, async || {
            let conditions = self.object().await?.status.map(|status| status.conditions).unwrap_or_default();
            let found =
                catalog::find(&conditions, ConditionType::Ready).filter(|found| found.status == "False");
            Ok(match found {
                Some(found) => Look::Is(found.message.clone()),
                None => Look::NotYet(condition(&conditions, ConditionType::Ready)),
            })
        })
        .await
    }

    /// Its Secret and itself, as they would be kept in Git.
    ///
    /// # Errors
    /// The API server's.
    pub async fn manifests(&self) -> Result<[Value; 2]> {
        let secrets: Api<Secret> = Api::namespaced(self.stage.client(), cyclades_bed::NAMESPACE);
        let secret = secrets.get(&self.name).await?;
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": self.name, "namespace": cyclades_bed::NAMESPACE},
            "type": secret.type_, "data": secret.data,
        });
        let backend = json!({
            "apiVersion": "cyclades.io/v1alpha1", "kind": "GanetiBackend",
            "metadata": {"name": self.name}, "spec": self.object().await?.spec,
        });
        Ok([secret, backend])
    }

    /// Waits until its status counts so many undeclared instances and names these orphans.
    ///
    /// # Errors
    /// After a while, with what it says.
    pub async fn counts(&self, undeclared: u32, orphans: &[&str]) -> Result<()> {
        eventually(&format!("{undeclared} undeclared and {orphans:?} are counted"), SOON, async || {
            let status = self.object().await?.status.and_then(|status| status.undeclared).unwrap_or_default();
            let is = status.instances == undeclared
                && status.orphans as usize == orphans.len()
                && status.orphan_names == orphans;
            Ok(if is { Look::Is(()) } else { Look::NotYet(format!("{status:?}")) })
        })
        .await
    }

    /// `kubectl patch`.
    ///
    /// # Errors
    /// With the API server's words.
    pub async fn patch(&self, patch: &Value) -> Result<()> {
        self.stage.patch(&["ganetibackend", &self.name], patch).await
    }

    /// Adds a pin to those that it trusts.
    ///
    /// # Errors
    /// With the API server's words.
    pub async fn also_trust(&self, pin: &str) -> Result<()> {
        let mut pins = self.object().await?.spec.tls.pins.unwrap_or_default();
        pins.push(pin.to_owned());
        self.patch(&json!({"spec": {"tls": {"pins": pins}}})).await
    }

    /// Puts user and password into its Secret, which has its name.
    ///
    /// # Errors
    /// With the API server's words.
    pub async fn set_credentials(&self, username: &str, password: &str) -> Result<()> {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": self.name, "namespace": cyclades_bed::NAMESPACE},
            "type": "kubernetes.io/basic-auth",
            "stringData": {"username": username, "password": password},
        });
        self.stage.apply(&[secret]).await
    }

    /// Waits until an event of this reason was told; gives all events up to then.
    ///
    /// # Errors
    /// After a while, with the events that there are.
    pub async fn told(&self, reason: &str) -> Result<Vec<Told>> {
        eventually(&format!("an event {reason} about {}", self.name), SOON, async || {
            let events = self.events().await?;
            let told = events.iter().any(|event| event.reason == reason);
            Ok(if told { Look::Is(events) } else { Look::NotYet(format!("{events:?}")) })
        })
        .await
    }

    /// Its events, oldest first.
    ///
    /// # Errors
    /// The API server's.
    pub async fn events(&self) -> Result<Vec<Told>> {
        self.stage.events("GanetiBackend", None, &self.name).await
    }
}
