//! VirtualMachines as a lean client reads and writes them: it does no more than it has to, so that what it measures is
//! the bed.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, ensure};
use cyclades_crds::names::{GROUP, VERSION};
use futures::{Stream, TryStreamExt as _};
use http::{Method, Request, header};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject},
    core::GroupVersionKind,
    runtime::{WatchStreamExt as _, watcher},
};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::json;

/// Namespace of the machines that the operator serves.
pub(crate) const NAMESPACE: &str = "bench";
/// Namespace of the machines that only the bare clients see: the operator does not run while there are any.
pub(crate) const BARE_NAMESPACE: &str = "bare";

/// Asks for the metadata of what was written instead of all of it.
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

/// The same of a list.
const LIST_METADATA_ONLY: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// Ten thousand objects are deleted in about half a minute.
const CLEAR_LIMIT: Duration = Duration::from_secs(300);
const CLEAR_POLL: Duration = Duration::from_millis(200);

/// The machines of a namespace.
#[derive(Clone)]
pub(crate) struct Objects {
    client: Client,
    namespace: &'static str,
}

/// A machine that was created or changed.
#[derive(Debug, Clone)]
pub(crate) struct Created {
    /// uid of the object.
    pub(crate) uid: String,
    /// When the API server had answered.
    pub(crate) answered: SystemTime,
}

impl Objects {
    pub(crate) fn new(client: Client, namespace: &'static str) -> Self {
        Self { client, namespace }
    }

    fn path(&self, rest: &str) -> String {
        let namespace = self.namespace;
        format!("/apis/{GROUP}/{VERSION}/namespaces/{namespace}/virtualmachines{rest}")
    }

    /// Creates a machine.
    pub(crate) async fn create(&self, manifest: &impl Serialize) -> anyhow::Result<Created> {
        #[derive(Deserialize)]
        struct Answer {
            metadata: Meta,
        }
        #[derive(Deserialize)]
        struct Meta {
            uid: String,
        }
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.path(""))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, METADATA_ONLY)
            .body(serde_json::to_vec(manifest)?)?;
        let answer: Answer = self.client.request(request).await.context("cannot create a machine")?;
        Ok(Created { uid: answer.metadata.uid, answered: SystemTime::now() })
    }

    /// Applies a merge patch to a machine, or to its status.
    pub(crate) async fn patch(&self, name: &str, status: bool, patch: &impl Serialize) -> anyhow::Result<()> {
        let part = if status { "/status" } else { "" };
        let request = Request::builder()
            .method(Method::PATCH)
            .uri(self.path(&format!("/{name}{part}?fieldManager=bench")))
            .header(header::CONTENT_TYPE, "application/merge-patch+json")
            .header(header::ACCEPT, METADATA_ONLY)
            .body(serde_json::to_vec(patch)?)?;
        self.client
            .request::<IgnoredAny>(request)
            .await
            .with_context(|| format!("cannot patch machine {name}"))?;
        Ok(())
    }

    /// Deletes all machines, and waits until none is left.
    pub(crate) async fn clear(&self) -> anyhow::Result<()> {
        #[derive(Deserialize)]
        struct List {
            items: Vec<IgnoredAny>,
        }
        let delete = Request::builder()
            .method(Method::DELETE)
            .uri(self.path(""))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, LIST_METADATA_ONLY)
            .body(serde_json::to_vec(&json!({"propagationPolicy": "Background"}))?)?;
        self.client.request::<IgnoredAny>(delete).await.context("cannot delete the machines")?;
        let deadline = Instant::now() + CLEAR_LIMIT;
        loop {
            let list = Request::builder().method(Method::GET).uri(self.path("?limit=1")).body(Vec::new())?;
            if self.client.request::<List>(list).await?.items.is_empty() {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "machines are left after {} s", CLEAR_LIMIT.as_secs());
            tokio::time::sleep(CLEAR_POLL).await;
        }
    }

    /// Watches the machines: first those that are there, then every change, deletions left out.
    pub(crate) fn watch(&self) -> impl Stream<Item = anyhow::Result<Shown>> + use<> {
        let gvk = GroupVersionKind::gvk(GROUP, VERSION, "VirtualMachine");
        let resource = ApiResource::from_gvk_with_plural(&gvk, "virtualmachines");
        let api: Api<Seen> = Api::namespaced_with(self.client.clone(), self.namespace, &resource);
        watcher(api, watcher::Config::default().streaming_lists())
            .default_backoff()
            .try_filter_map(|event| {
                std::future::ready(Ok(match event {
                    watcher::Event::InitDone => Some(Shown::Complete),
                    watcher::Event::Apply(seen) | watcher::Event::InitApply(seen) => {
                        Some(Shown::Machine(Box::new(seen)))
                    }
                    watcher::Event::Init | watcher::Event::Delete(_) => None,
                }))
            })
            .map_err(anyhow::Error::from)
    }
}

/// What a watch shows.
#[derive(Debug)]
pub(crate) enum Shown {
    /// The first list is complete.
    Complete,
    /// A machine is there, or has changed.
    Machine(Box<Seen>),
}

/// A machine on a watch, as little of it as is needed.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Wire")]
pub(crate) struct Seen {
    meta: ObjectMeta,
    /// Whether its condition `Ready` is true.
    pub(crate) ready: bool,
    /// Whether a backend has been chosen.
    pub(crate) placed: bool,
    /// Whether it shall run.
    pub(crate) wanted: bool,
    /// Whether it runs.
    pub(crate) runs: bool,
    /// Whether its condition `InSync` is false.
    pub(crate) drifted: bool,
}

impl Seen {
    pub(crate) fn name(&self) -> &str {
        self.meta.name.as_deref().unwrap_or_default()
    }

    pub(crate) fn uid(&self) -> &str {
        self.meta.uid.as_deref().unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct Wire {
    metadata: MetaWire,
    #[serde(default)]
    spec: SpecWire,
    #[serde(default)]
    status: StatusWire,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetaWire {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    uid: Option<String>,
    #[serde(default)]
    resource_version: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpecWire {
    #[serde(default)]
    backend_name: Option<IgnoredAny>,
    #[serde(default)]
    power_state: Option<Kind>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusWire {
    #[serde(default)]
    power_state: Option<Kind>,
    #[serde(default)]
    conditions: Vec<ConditionWire>,
}

#[derive(Deserialize)]
struct ConditionWire {
    #[serde(rename = "type")]
    kind: Kind,
    status: Kind,
}

/// A word, compared and not kept.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
enum Kind {
    Ready,
    InSync,
    True,
    False,
    Running,
    #[serde(other)]
    Other,
}

impl From<Wire> for Seen {
    fn from(wire: Wire) -> Self {
        let MetaWire { name, uid, resource_version } = wire.metadata;
        let says = |kind, status| wire.status.conditions.iter().any(|c| c.kind == kind && c.status == status);
        let meta = ObjectMeta { name, uid, resource_version, ..ObjectMeta::default() };
        Self {
            meta,
            ready: says(Kind::Ready, Kind::True),
            placed: wire.spec.backend_name.is_some(),
            wanted: wire.spec.power_state.is_none_or(|power| power == Kind::Running),
            runs: wire.status.power_state == Some(Kind::Running),
            drifted: says(Kind::InSync, Kind::False),
        }
    }
}

impl kube::Resource for Seen {
    type DynamicType = ApiResource;
    type Scope = <DynamicObject as kube::Resource>::Scope;

    fn kind(dt: &ApiResource) -> std::borrow::Cow<'_, str> {
        dt.kind.as_str().into()
    }
    fn group(dt: &ApiResource) -> std::borrow::Cow<'_, str> {
        dt.group.as_str().into()
    }
    fn version(dt: &ApiResource) -> std::borrow::Cow<'_, str> {
        dt.version.as_str().into()
    }
    fn api_version(dt: &ApiResource) -> std::borrow::Cow<'_, str> {
        dt.api_version.as_str().into()
    }
    fn plural(dt: &ApiResource) -> std::borrow::Cow<'_, str> {
        dt.plural.as_str().into()
    }
    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}
