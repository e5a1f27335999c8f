//! A Ganeti cluster that is read over RAPI with the backend's own credentials, where the user may read them.

use std::collections::BTreeMap;
use std::time::Duration;

use cyclades_crds::{GanetiBackend, names};
use cyclades_domain::naming::Claim;
use ganeti_rapi::{Client, Config, Credentials, Timeouts, Trust};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use secrecy::SecretString;

use crate::cluster::Cluster;
use crate::look::{Look, look};
use crate::status::trouble;

/// A Ganeti cluster that answers.
#[derive(Debug)]
pub(crate) struct Ganeti {
    /// It is only read with.
    pub(crate) client: Client,
    /// Name of the installation that manages instances of the backend's prefix there; empty where none does.
    pub(crate) cluster_id: String,
}

impl Ganeti {
    /// The cluster of a backend, if it is the one that the backend is bound to; else why it cannot be read.
    pub(crate) async fn of(cluster: &Cluster, backend: &GanetiBackend) -> Result<Self, String> {
        if let Some(trouble) = trouble(backend) {
            return Err(format!("it is not ready ({})", trouble.reason.as_str()));
        }
        let client = connect(cluster, backend).await?;
        let info = client.info().await.map_err(|failure| failure.to_string())?;
        let bound = backend.status.as_ref().and_then(|status| status.cluster_uuid.as_ref());
        if bound.is_some_and(|bound| *bound != info.uuid) {
            return Err("another cluster answers at its endpoints".to_owned());
        }
        let claims = info.tags.iter().filter_map(|tag| Claim::parse(tag));
        let mut own = claims.filter(|claim| claim.prefix == backend.spec.instance_name_prefix);
        let cluster_id = own.next().map(|claim| claim.cluster_id).unwrap_or_default();
        Ok(Self { client, cluster_id })
    }
}

/// A client with the credentials that the operator uses. They are only read with.
async fn connect(cluster: &Cluster, backend: &GanetiBackend) -> Result<Client, String> {
    let (spec, namespace) = (&backend.spec, &cluster.operator_namespace);
    let name = &spec.credentials_secret_ref.name;
    let api: Api<Secret> = Api::namespaced(cluster.client.clone(), namespace);
    let secret = match look(&api, name).await {
        Ok(Look::Found(secret)) => secret,
        Ok(Look::Absent) => return Err(format!("there is no Secret {name} in namespace {namespace}")),
        Ok(Look::Hidden) => return Err(format!("you may not read Secret {name} in namespace {namespace}")),
        Err(error) => return Err(format!("Secret {name} cannot be read: {error:#}")),
    };
    let credentials =
        credentials(secret).ok_or_else(|| format!("Secret {name} has no username and password"))?;
    let trust = match (&spec.tls.pins, &spec.tls.ca_bundle) {
        (Some(pins), _) => {
            let pins: Result<Vec<_>, _> = pins.iter().map(|pin| pin.parse()).collect();
            Trust::Pins(pins.map_err(|error: ganeti_rapi::PinError| error.to_string())?)
        }
        (None, Some(bundle)) => Trust::CaBundle(bundle.clone().into_bytes()),
        (None, None) => return Err("it says neither pins nor caBundle".to_owned()),
    };
    let endpoints = spec.endpoints.iter().map(|endpoint| endpoint.trim_end_matches('/').to_owned());
    let mut config = Config::new(endpoints, credentials, trust);
    config.user_agent = concat!("kubectl-cyclades/", env!("CARGO_PKG_VERSION")).into();
    config.timeouts = within(config.timeouts, cluster.timeout);
    Client::new(config).map_err(|error| error.to_string())
}

fn within(timeouts: Timeouts, most: Duration) -> Timeouts {
    Timeouts {
        connect: timeouts.connect.min(most),
        read: timeouts.read.min(most),
        submit: timeouts.submit.min(most),
    }
}

fn credentials(secret: Secret) -> Option<Credentials> {
    if secret.type_.as_deref() != Some(names::CREDENTIALS_SECRET_TYPE) {
        return None;
    }
    let mut data: BTreeMap<_, _> = secret.data?;
    let mut text = |key| data.remove(key).and_then(|bytes| String::from_utf8(bytes.0).ok());
    Some(Credentials::new(text("username")?, SecretString::from(text("password")?)))
}
