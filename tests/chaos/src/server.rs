//! A real API server as a stage's Kubernetes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, StatusCode};
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::client::Body;
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, ResourceExt as _};
use kube_sim::Spoil;
use serde_json::{Value, json};
use tower_service::Service;

use crate::calls::{Calls, Seen};
use crate::ganeti::Said;
use crate::kubernetes::namespace;
use crate::stage::SYSTEM;
use crate::step::Kind;

/// Kinds of ours, in the order in which they are removed.
const OURS: [(&str, &str); 9] = [
    ("VirtualMachine", "virtualmachines"),
    ("Subnet", "subnets"),
    ("Network", "networks"),
    ("IPBlock", "ipblocks"),
    ("LinkPool", "linkpools"),
    ("GanetiBackend", "ganetibackends"),
    ("Flavor", "flavors"),
    ("VolumeType", "volumetypes"),
    ("Image", "images"),
];

/// A real API server.
#[derive(Clone)]
pub(crate) struct Server {
    client: Client,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

impl Server {
    /// The server that a client leads to, as its administrator. The kinds of ours are defined there.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// A client of an operator, whose requests are counted and spoilt.
    pub fn operators_client(&self, operator: usize, calls: &Arc<Calls>) -> Client {
        Client::new(Between { client: self.client.clone(), operator, calls: Arc::clone(calls) }, "default")
    }

    /// Server-side apply of a person.
    pub async fn apply(&self, object: &Value) -> Said<()> {
        let kind = object["kind"].as_str().unwrap_or_default();
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let api = self.api(&resource(kind), object["metadata"]["namespace"].as_str());
        let parameters = PatchParams::apply("person").force();
        api.patch(name, &parameters, &Patch::Apply(object)).await.map(drop).map_err(|error| error.to_string())
    }

    /// Merges a patch into an object.
    pub async fn patch(&self, kind: Kind, name: &str, patch: &Value) -> Said<()> {
        let api = self.api(&resource(name_of(kind)), namespace(kind));
        let patched = api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await;
        patched.map(drop).map_err(|error| error.to_string())
    }

    /// Deletes an object.
    pub async fn delete(&self, kind: Kind, name: &str) -> Said<()> {
        let api = self.api(&resource(name_of(kind)), namespace(kind));
        api.delete(name, &DeleteParams::default()).await.map(drop).map_err(|error| error.to_string())
    }

    /// All objects of a kind.
    pub async fn list(&self, kind: Kind) -> Said<Vec<Value>> {
        let api = self.api(&resource(name_of(kind)), None);
        let list = api.list(&ListParams::default()).await.map_err(|error| error.to_string())?;
        list.items
            .into_iter()
            .map(|object| serde_json::to_value(object).map_err(|error| error.to_string()))
            .collect()
    }

    /// Removes all that a point left, finalizers or not.
    pub async fn clear(&self) -> Said<()> {
        let said = |error: kube::Error| error.to_string();
        for (kind, _) in OURS {
            let all = self.api(&resource(kind), None);
            for object in all.list(&ListParams::default()).await.map_err(said)? {
                let api = self.api(&resource(kind), object.namespace().as_deref());
                let name = object.name_any();
                let none = Patch::Merge(json!({"metadata": {"finalizers": null}}));
                let _ = api.patch(&name, &PatchParams::default(), &none).await;
                match api.delete(&name, &DeleteParams::default()).await {
                    Err(kube::Error::Api(status)) if status.code == 404 => {}
                    done => done.map(drop).map_err(said)?,
                }
            }
        }
        let events = self.api(&resource("Event"), Some("default"));
        events.delete_collection(&DeleteParams::default(), &ListParams::default()).await.map_err(said)?;
        // Leases of replicas that are no more would be waited for, and backends would fall to them.
        for kind in ["Secret", "Lease"] {
            let all = self.api(&resource(kind), Some(SYSTEM));
            match all.delete_collection(&DeleteParams::default(), &ListParams::default()).await {
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                done => done.map(drop).map_err(said)?,
            }
        }
        Ok(())
    }

    fn api(&self, resource: &ApiResource, namespace: Option<&str>) -> Api<DynamicObject> {
        match namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, resource),
            None => Api::all_with(self.client.clone(), resource),
        }
    }
}

fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Vm => "VirtualMachine",
        Kind::Flavor => "Flavor",
        Kind::Backend => "GanetiBackend",
        Kind::Network => "Network",
        Kind::Block => "IPBlock",
    }
}

fn resource(kind: &str) -> ApiResource {
    let ours = OURS.iter().find(|(name, _)| *name == kind);
    match (ours, kind) {
        (Some((_, plural)), _) => {
            ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("cyclades.io", "v1alpha1", kind), plural)
        }
        (None, "Lease") => ApiResource::from_gvk(&GroupVersionKind::gvk("coordination.k8s.io", "v1", kind)),
        (None, "Event") => ApiResource::from_gvk(&GroupVersionKind::gvk("events.k8s.io", "v1", kind)),
        (None, _) => ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", kind)),
    }
}

/// Stands between the operator and its API server.
struct Between {
    client: Client,
    operator: usize,
    calls: Arc<Calls>,
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, kube::Error>> + Send>>;

impl Service<Request<Body>> for Between {
    type Response = Response<Body>;
    type Error = kube::Error;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), kube::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        let (client, operator, calls) = (self.client.clone(), self.operator, Arc::clone(&self.calls));
        Box::pin(async move {
            let method = request.method().as_str().to_owned();
            let target = request.uri().to_string();
            match calls.kubernetes(operator, Seen::Before, &method, &target) {
                Some(Spoil::Hang) => std::future::pending().await,
                Some(Spoil::Cut) => return Err(cut()),
                Some(Spoil::Status(code)) => return refused(code),
                None => {}
            }
            let answer = client.send(request).await?;
            match calls.kubernetes(operator, Seen::After, &method, &target) {
                Some(Spoil::Hang) => std::future::pending().await,
                Some(Spoil::Cut) => Err(cut()),
                Some(Spoil::Status(_)) | None => Ok(answer),
            }
        })
    }
}

fn cut() -> kube::Error {
    kube::Error::Service(Box::new(std::io::Error::from(std::io::ErrorKind::ConnectionReset)))
}

fn refused(code: u16) -> Result<Response<Body>, kube::Error> {
    let reason = match code {
        409 => "Conflict",
        429 => "TooManyRequests",
        _ => "InternalError",
    };
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "spoilt on purpose", "reason": reason, "code": code,
    });
    let mut response = Response::new(Body::from(status.to_string().into_bytes()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Ok(response)
}
