//! Writes to the API server: merge patches, answered with metadata only.

use std::time::Duration;

use cyclades_crds::names;
use http::{Method, Request, header};
use kube::Client;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::metrics::Metrics;

/// Asks the API server to answer a write with the object's metadata instead of the whole object.
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

/// Longest time for one write. A connection that swallows what it is sent would hold up its object until the kernel
/// gives it up; what became of the write is seen on the watch.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Writes to the API server.
#[derive(Clone)]
pub(crate) struct KubeApi {
    client: Client,
    metrics: Metrics,
}

impl std::fmt::Debug for KubeApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KubeApi")
    }
}

/// Where an object is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// Plural of its kind.
    pub(crate) plural: &'static str,
    /// Its namespace, where its kind has one.
    pub(crate) namespace: Option<&'a str>,
    /// Its name.
    pub(crate) name: &'a str,
}

/// A merge patch. It carries the version it was decided on, so it changes that version or nothing.
#[derive(Debug, Serialize)]
pub(crate) struct Patch<'a, Spec: Serialize, Status: Serialize> {
    metadata: MetaPatch<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spec: Option<Spec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

/// The metadata of a patch.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MetaPatch<'a> {
    resource_version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    finalizers: Option<&'a [&'a str]>,
}

/// For the part of a patch that is not there.
pub(crate) type Nothing = ();

impl<'a, Spec: Serialize> Patch<'a, Spec, Nothing> {
    /// Changes finalizers and, where it is given, the spec.
    pub(crate) fn object(version: u64, finalizers: &'a [&'a str], spec: Option<Spec>) -> Self {
        let metadata = MetaPatch { resource_version: version.to_string(), finalizers: Some(finalizers) };
        Self { metadata, spec, status: None }
    }
}

impl<Status: Serialize> Patch<'_, Nothing, Status> {
    /// Changes the status.
    pub(crate) fn status(version: u64, status: Status) -> Self {
        let metadata = MetaPatch { resource_version: version.to_string(), finalizers: None };
        Self { metadata, spec: None, status: Some(status) }
    }
}

/// Metadata of an object after a write.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Written {
    pub(crate) metadata: WrittenMeta,
}

/// The part of the metadata that matters after a write.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WrittenMeta {
    #[serde(default)]
    pub(crate) resource_version: String,
    #[serde(default)]
    pub(crate) generation: i64,
    #[serde(default)]
    pub(crate) finalizers: Vec<Box<str>>,
}

impl WrittenMeta {
    /// The resource version as a number.
    pub(crate) fn version(&self) -> u64 {
        self.resource_version.parse().unwrap_or(0)
    }
}

/// Why a write was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// The object has changed since; the watch brings the new one.
    #[error("the object has changed since it was read")]
    Conflict,
    /// The object is gone; the watch says so.
    #[error("the object is gone")]
    Gone,
    /// The API server refuses the write.
    #[error("the API server refuses the write: {0}")]
    Refused(String),
    /// No answer came in time: the write was made or not, and the watch tells.
    #[error("the API server did not answer within {} s", WRITE_TIMEOUT.as_secs())]
    NoAnswer,
    /// The API server could not be asked, or failed.
    #[error(transparent)]
    Failed(#[from] kube::Error),
}

impl WriteError {
    fn of(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) if status.code == 409 => Self::Conflict,
            kube::Error::Api(status) if status.code == 404 => Self::Gone,
            kube::Error::Api(status) if matches!(status.code, 400 | 403 | 422) => {
                Self::Refused(status.message.clone())
            }
            other => Self::Failed(other),
        }
    }
}

impl KubeApi {
    pub(crate) fn new(client: Client, metrics: Metrics) -> Self {
        Self { client, metrics }
    }

    /// Applies a merge patch to an object or, with `status`, to its status.
    pub(crate) async fn patch(
        &self,
        place: Place<'_>,
        status: bool,
        patch: &impl Serialize,
    ) -> Result<Written, WriteError> {
        let body = serde_json::to_vec(patch).map_err(kube::Error::SerdeError)?;
        let request = Request::builder()
            .method(Method::PATCH)
            .uri(path(place, status))
            .header(header::CONTENT_TYPE, "application/merge-patch+json")
            .header(header::ACCEPT, METADATA_ONLY)
            .body(body)
            .map_err(kube::Error::HttpError)?;
        let answer = timeout(WRITE_TIMEOUT, self.client.request::<Written>(request)).await;
        let what = if status { "status" } else { "object" };
        let written = match answer {
            Ok(answer) => answer.map_err(WriteError::of),
            Err(_) => Err(WriteError::NoAnswer),
        };
        self.count(place, what, &written);
        written
    }

    /// Makes an object; one of that name is a conflict.
    pub(crate) async fn create(
        &self,
        place: Place<'_>,
        kind: &'static str,
        spec: &impl Serialize,
    ) -> Result<Written, WriteError> {
        let object = serde_json::json!({
            "apiVersion": format!("{}/{}", names::GROUP, names::VERSION),
            "kind": kind,
            "metadata": { "name": place.name, "namespace": place.namespace },
            "spec": spec,
        });
        let body = serde_json::to_vec(&object).map_err(kube::Error::SerdeError)?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(path(Place { name: "", ..place }, false))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, METADATA_ONLY)
            .body(body)
            .map_err(kube::Error::HttpError)?;
        let answer = timeout(WRITE_TIMEOUT, self.client.request::<Written>(request)).await;
        let written = match answer {
            Ok(answer) => answer.map_err(WriteError::of),
            Err(_) => Err(WriteError::NoAnswer),
        };
        self.count(place, "create", &written);
        written
    }

    /// Deletes an object. One that is gone already is fine.
    pub(crate) async fn delete(&self, place: Place<'_>) -> Result<(), WriteError> {
        let request = Request::builder()
            .method(Method::DELETE)
            .uri(path(place, false))
            .header(header::ACCEPT, METADATA_ONLY)
            .body(Vec::new())
            .map_err(kube::Error::HttpError)?;
        let answer = timeout(WRITE_TIMEOUT, self.client.request_text(request)).await;
        let deleted = match answer {
            Ok(answer) => answer.map(|_| ()).map_err(WriteError::of),
            Err(_) => Err(WriteError::NoAnswer),
        };
        self.count(place, "delete", &deleted);
        match deleted {
            Err(WriteError::Gone) => Ok(()),
            deleted => deleted,
        }
    }

    fn count<T>(&self, place: Place<'_>, what: &'static str, written: &Result<T, WriteError>) {
        let outcome = match written {
            Ok(_) => "done",
            Err(WriteError::Conflict) => "conflict",
            Err(WriteError::Gone) => "gone",
            Err(WriteError::Refused(_)) => "refused",
            Err(WriteError::NoAnswer) => "no_answer",
            Err(WriteError::Failed(_)) => "failed",
        };
        self.metrics.write(place.plural, what, outcome);
    }
}

/// URL of an object or, without a name, of all of its kind. Names are those of Kubernetes objects, which need no escaping.
fn path(place: Place<'_>, status: bool) -> String {
    let Place { plural, namespace, name } = place;
    let (group, version, manager) = (names::GROUP, names::VERSION, names::FIELD_MANAGER);
    let namespace = namespace.map_or(String::new(), |namespace| format!("/namespaces/{namespace}"));
    let status = if status { "/status" } else { "" };
    let name = if name.is_empty() { String::new() } else { format!("/{name}") };
    format!("/apis/{group}/{version}{namespace}/{plural}{name}{status}?fieldManager={manager}")
}
