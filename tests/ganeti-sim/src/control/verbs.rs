//! What the control endpoint can do.

use hyper::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{FaultRequest, Refusal};
use crate::fault::FaultId;
use crate::preload::InstanceSpec;
use crate::users::{Access, Credentials};
use crate::{Sim, rapi};

type Outcome = Result<Vec<u8>, Refusal>;

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Tags {
    kind: String,
    #[serde(default)]
    name: Option<String>,
    tags: Vec<String>,
    #[serde(default)]
    remove: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Preload {
    count: usize,
    #[serde(default)]
    prefix: Option<String>,
    #[serde(default)]
    domain: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    memory_mib: Option<u64>,
    #[serde(default)]
    vcpus: Option<u64>,
}

#[derive(Deserialize)]
struct Queue {
    drained: bool,
}

#[derive(Deserialize)]
struct NodeChange {
    name: String,
    #[serde(default)]
    offline: Option<bool>,
    #[serde(default)]
    unreachable: Option<bool>,
}

#[derive(Deserialize)]
struct Password {
    username: String,
    password: String,
    access: String,
}

#[derive(Deserialize)]
struct Uuid {
    uuid: String,
}

#[derive(Deserialize)]
struct Numbered {
    id: u64,
}

fn parse<T: DeserializeOwned>(body: Value) -> Result<T, Refusal> {
    serde_json::from_value(body).map_err(|error| Refusal(StatusCode::BAD_REQUEST, error.to_string()))
}

fn reply(value: &Value) -> Outcome {
    Ok(value.to_string().into_bytes())
}

fn done() -> Outcome {
    reply(&json!({}))
}

pub(super) fn run(sim: &Sim, method: &str, path: &str, body: Value) -> Outcome {
    match (method, path) {
        ("GET", "/cluster") => cluster(sim),
        ("GET", "/requests") => requests(sim),
        ("POST", "/tags") => tags(sim, parse(body)?),
        ("POST", "/preload") => preload(sim, parse(body)?),
        ("POST", "/queue") => {
            sim.drain_queue(parse::<Queue>(body)?.drained);
            done()
        }
        ("POST", "/node") => node(sim, &parse(body)?),
        ("POST", "/job/cancel") => reply(&json!({"cancelled": sim.cancel_job(parse::<Numbered>(body)?.id)})),
        ("POST", "/certificate") => {
            sim.renew_certificate()?;
            reply(&json!({"certificate_sha256": sim.certificate_sha256()}))
        }
        ("POST", "/password") => password(sim, parse(body)?),
        ("POST", "/uuid") => {
            sim.set_uuid(&parse::<Uuid>(body)?.uuid);
            done()
        }
        ("POST", "/wipe") => {
            sim.wipe();
            done()
        }
        ("POST", "/faults") => {
            let fault = parse::<FaultRequest>(body)?.into_fault();
            let fault = fault.map_err(|error| Refusal(StatusCode::BAD_REQUEST, error))?;
            reply(&json!({"id": sim.add_fault(fault).0}))
        }
        ("DELETE", "/faults") => {
            match body.get("id").and_then(Value::as_u64) {
                Some(id) => sim.remove_fault(FaultId(id)),
                None => sim.clear_faults(),
            }
            done()
        }
        ("POST", path) => match (path.strip_prefix("/query/"), path.strip_prefix("/instance/")) {
            (Some(kind), _) => query(sim, kind, body),
            (_, Some(verb)) => instance(sim, verb, &parse::<Named>(body)?.name),
            _ => Err(unknown(method, path)),
        },
        _ => Err(unknown(method, path)),
    }
}

fn unknown(method: &str, path: &str) -> Refusal {
    Refusal(StatusCode::NOT_FOUND, format!("there is no {method} {path}"))
}

fn cluster(sim: &Sim) -> Outcome {
    let state = sim.shared.state();
    let hypervisors: Vec<&str> = state.cluster.hypervisors.iter().map(AsRef::as_ref).collect();
    reply(&json!({
        "name": state.cluster.name,
        "uuid": state.cluster.uuid,
        "url": sim.url(),
        "certificate_sha256": sim.certificate_sha256(),
        "master": state.master(),
        "software_version": crate::state::SOFTWARE_VERSION,
        "hypervisors": hypervisors,
        "disk_templates": state.cluster.disk_templates,
        "nodes": state.nodes.len(),
        "instances": state.instances.len(),
        "last_job": state.queue.last(),
        "drained": state.queue.drained,
        "tags": state.cluster.tags,
    }))
}

fn requests(sim: &Sim) -> Outcome {
    let counts = sim.requests();
    reply(&json!({
        "total": counts.total,
        "changes": counts.changes,
        "creates": counts.creates,
        "instance_queries": counts.instance_queries,
        "instance_lists": counts.instance_lists,
        "instance_reads": counts.instance_reads,
        "job_queries": counts.job_queries,
        "job_reads": counts.job_reads,
        "other_queries": counts.other_queries,
        "infos": counts.infos,
        "denied": counts.denied,
    }))
}

fn query(sim: &Sim, kind: &str, body: Value) -> Outcome {
    let answer = rapi::query(&sim.shared, kind, body);
    answer.map(|reply| reply.body).map_err(|error| Refusal(StatusCode::BAD_REQUEST, error.message))
}

fn instance(sim: &Sim, verb: &str, name: &str) -> Outcome {
    let job = match verb {
        "shutdown" => sim.admin_shutdown(name)?,
        "startup" => sim.admin_startup(name)?,
        "remove" => sim.admin_remove(name)?,
        "crash" => {
            sim.crash_instance(name)?;
            return done();
        }
        "user-down" => {
            sim.user_down(name)?;
            return done();
        }
        other => return Err(unknown("POST", &format!("/instance/{other}"))),
    };
    reply(&json!({"job": job}))
}

fn tags(sim: &Sim, Tags { kind, name, tags, remove }: Tags) -> Outcome {
    reply(&json!({"job": sim.admin_tags(&kind, name.as_deref(), &tags, remove)?}))
}

fn preload(sim: &Sim, wanted: Preload) -> Outcome {
    let (prefix, domain) = (wanted.prefix.as_deref().unwrap_or("instance"), wanted.domain.as_deref());
    sim.preload_instances(wanted.count, |index| {
        let mut spec = InstanceSpec::small(format!("{prefix}{index}.{}", domain.unwrap_or("example.com")));
        spec.tags.clone_from(&wanted.tags);
        spec.memory_mib = wanted.memory_mib.unwrap_or(spec.memory_mib);
        spec.vcpus = wanted.vcpus.unwrap_or(spec.vcpus);
        spec
    });
    reply(&json!({"instances": sim.instance_count()}))
}

fn node(sim: &Sim, change: &NodeChange) -> Outcome {
    if let Some(offline) = change.offline {
        sim.node_offline(&change.name, offline)?;
    }
    if let Some(unreachable) = change.unreachable {
        sim.node_unreachable(&change.name, unreachable)?;
    }
    done()
}

fn password(sim: &Sim, Password { username, password, access }: Password) -> Outcome {
    let access = match access.as_str() {
        "write" => Access::Write,
        "read" => Access::Read,
        "plain" => Access::Plain,
        other => {
            return Err(Refusal(StatusCode::BAD_REQUEST, format!("there is no access {other:?}")));
        }
    };
    sim.set_password(Credentials { username, password: password.into() }, access);
    done()
}
