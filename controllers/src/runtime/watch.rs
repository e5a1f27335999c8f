//! Watches: one kind each, through `kube::runtime`'s watcher, with objects left unparsed until we look at them.

use std::fmt;

use futures::{Stream, StreamExt};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Client, Resource,
    api::{ApiResource, DynamicObject},
    core::GroupVersionKind,
    runtime::{WatchStreamExt, watcher},
};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;
use tracing::warn;

use crate::world::{ObjectName, wire::AnyWire};

/// An object as it came: its JSON, and as much metadata as the watcher needs. It parses whatever its spec says, so one
/// object that a newer or older schema let through cannot stop the watch of all others.
#[derive(Clone)]
pub(crate) struct Unparsed {
    meta: ObjectMeta,
    json: Box<str>,
}

impl Unparsed {
    /// The object's JSON.
    pub(crate) fn json(&self) -> &str {
        &self.json
    }

    /// Namespace and name.
    pub(crate) fn object_name(&self) -> ObjectName {
        ObjectName::new(self.meta.namespace.as_deref().unwrap_or(""), self.plain_name())
    }

    /// Name alone, for kinds without a namespace.
    pub(crate) fn plain_name(&self) -> &str {
        self.meta.name.as_deref().unwrap_or("")
    }

    /// Resource version as a number.
    pub(crate) fn version(&self) -> u64 {
        self.meta.resource_version.as_deref().and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}

impl fmt::Debug for Unparsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The JSON may be a Secret's.
        f.debug_struct("Unparsed").field("name", &self.meta.name).finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for Unparsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let any: AnyWire<'_> = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        let meta = ObjectMeta {
            name: Some(any.metadata.name.into_owned()),
            namespace: any.metadata.namespace.map(std::borrow::Cow::into_owned),
            resource_version: Some(any.metadata.resource_version.into_owned()),
            ..ObjectMeta::default()
        };
        Ok(Self { meta, json: Box::<str>::from(raw) })
    }
}

impl Resource for Unparsed {
    type DynamicType = ApiResource;
    type Scope = <DynamicObject as Resource>::Scope;

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

/// What a watch tells.
#[derive(Debug)]
pub(crate) enum Told {
    /// The list begins anew: whatever is not shown until [`Told::Complete`] does not exist.
    Restart,
    /// The list is complete.
    Complete,
    /// An object is there, or has changed.
    Object(Unparsed),
    /// An object is gone.
    Gone(Unparsed),
}

/// What to watch.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    /// Kind, version and group.
    pub(crate) gvk: GroupVersionKind,
    /// Plural name in URLs.
    pub(crate) plural: &'static str,
    /// One namespace, or all of them.
    pub(crate) namespace: Option<String>,
    /// Field selector.
    pub(crate) fields: Option<String>,
}

/// Watches a kind for ever. Lists stream, a watch that the API server ends is resumed at once from where it was,
/// failures are logged once each and retried with a backoff and jitter.
pub(crate) fn watch(client: Client, watched: &Watched) -> impl Stream<Item = Told> + use<> {
    let resource = ApiResource::from_gvk_with_plural(&watched.gvk, watched.plural);
    let api: Api<Unparsed> = match &watched.namespace {
        Some(namespace) => Api::namespaced_with(client, namespace, &resource),
        None => Api::all_with(client, &resource),
    };
    let mut config = watcher::Config::default().streaming_lists();
    if let Some(fields) = &watched.fields {
        config = config.fields(fields);
    }
    let plural = watched.plural;
    watcher(api, config).default_backoff().filter_map(move |event| {
        let told = match event {
            Ok(watcher::Event::Init) => Some(Told::Restart),
            Ok(watcher::Event::InitDone) => Some(Told::Complete),
            Ok(watcher::Event::InitApply(object) | watcher::Event::Apply(object)) => {
                Some(Told::Object(object))
            }
            Ok(watcher::Event::Delete(object)) => Some(Told::Gone(object)),
            Err(error) => {
                warn!(%plural, %error, "watch failed, trying again");
                None
            }
        };
        std::future::ready(told)
    })
}
