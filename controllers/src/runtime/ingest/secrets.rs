//! RAPI credentials into the world: Secrets of type `kubernetes.io/basic-auth` in our namespace, no others.

use std::collections::BTreeMap;

use cyclades_crds::names;
use k8s_openapi::ByteString;
use kube::Client;
use secrecy::SecretString;
use serde::Deserialize;

use super::{Intake, take};
use crate::{
    runtime::{
        context::Ctx,
        queue::Urgency,
        watch::{Unparsed, Watched},
    },
    world::{Key, RapiCredentials, World},
};

/// The intake.
#[derive(Debug)]
pub(crate) struct Secrets;

/// Watches the credentials in a namespace for ever.
pub(crate) async fn run(ctx: Ctx, client: Client, namespace: String) {
    let watched = Watched {
        path: format!("/api/v1/namespaces/{namespace}/secrets"),
        selector: format!("&fieldSelector=type%3D{}", names::CREDENTIALS_SECRET_TYPE.replace('/', "%2F")),
    };
    take::<Secrets>(ctx, client, watched).await;
}

impl Intake for Secrets {
    type Name = Box<str>;
    const PLURAL: &'static str = "secrets";

    fn name(object: &Unparsed<'_>) -> Box<str> {
        object.plain_name().into()
    }

    fn names(world: &World) -> Vec<Box<str>> {
        world.credentials.keys().cloned().collect()
    }

    fn put(ctx: &Ctx, object: &Unparsed<'_>, _: Urgency) {
        let name = Self::name(object);
        match read(object) {
            Some(credentials) => {
                ctx.world.change(|world| world.credentials.insert(name.clone(), credentials));
                wake(ctx, &name);
            }
            None => Self::remove(ctx, &name),
        }
    }

    fn remove(ctx: &Ctx, name: &Box<str>) {
        ctx.world.change(|world| world.credentials.remove(name));
        wake(ctx, name);
    }

    fn listed(ctx: &Ctx) {
        ctx.world.change(|world| world.listed.secrets = true);
    }
}

fn read(object: &Unparsed<'_>) -> Option<RapiCredentials> {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(default)]
        data: BTreeMap<String, ByteString>,
    }
    let mut wire: Wire = serde_json::from_str(object.json()).ok()?;
    let mut text = |key| wire.data.remove(key).and_then(|bytes| String::from_utf8(bytes.0).ok());
    Some(RapiCredentials { username: text("username")?, password: SecretString::from(text("password")?) })
}

/// Wakes the backends that name a Secret.
fn wake(ctx: &Ctx, name: &str) {
    let keys: Vec<Key> = ctx.world.look(|world| {
        let all = world.listed.all();
        let named = world
            .backends
            .values()
            .filter(|backend| all && backend.object.spec.credentials_secret_ref.name == *name);
        named.map(|backend| Key::Backend(backend.name.as_ref().into())).collect()
    });
    for key in keys {
        ctx.queue.wake(&key, Urgency::User);
    }
}
