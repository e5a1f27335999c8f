//! What an operator relies on, asked over kube's own client.

#![allow(clippy::unwrap_used, clippy::expect_used)] // functions that only tests call

use std::sync::Arc;
use std::time::Duration;

use cyclades_crds::VirtualMachine;
use futures::{AsyncBufReadExt as _, StreamExt as _, TryStreamExt as _};
use http::Request;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube_sim::{Kinds, KubeSim, Moment, Options, Spoil, WatchFaults};
use serde_json::{Value, json};
use tokio::time::Instant;

fn server() -> KubeSim {
    KubeSim::new(Options { seed: 1, kinds: Kinds::with(&cyclades_crds::all()), latency: Duration::ZERO })
}

fn manifest(name: &str) -> Value {
    json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "VirtualMachine", "metadata": {"name": name},
        "spec": {"flavorRef": {"name": "tiny"}, "imageRef": {"name": "noop"}},
    })
}

fn machines(sim: &KubeSim) -> Api<VirtualMachine> {
    Api::default_namespaced(sim.client())
}

async fn create(sim: &KubeSim, name: &str) -> VirtualMachine {
    let machine = serde_json::from_value(manifest(name)).unwrap();
    machines(sim).create(&PostParams::default(), &machine).await.unwrap()
}

async fn merge(sim: &KubeSim, name: &str, patch: Value) -> Result<VirtualMachine, kube::Error> {
    machines(sim).patch(name, &PatchParams::default(), &Patch::Merge(patch)).await
}

fn code(error: kube::Error) -> u16 {
    match error {
        kube::Error::Api(status) => status.code,
        other => panic!("no answer of the server: {other}"),
    }
}

/// Lines of a watch, as they come.
async fn watch(sim: &KubeSim, query: &str) -> impl futures::Stream<Item = std::io::Result<Value>> + use<> {
    let path = format!("/apis/cyclades.io/v1alpha1/virtualmachines?watch=true{query}");
    let body = sim.client().request_stream(Request::get(path).body(Vec::new()).unwrap()).await.unwrap();
    Box::pin(body.lines().map_ok(|line| serde_json::from_str(&line).unwrap()))
}

fn told(event: &Value) -> String {
    let object = &event["object"];
    format!("{} {} {}", event["type"], object["metadata"]["name"], object["metadata"]["resourceVersion"])
        .replace('"', "")
}

#[tokio::test(start_paused = true)]
async fn what_is_created_has_identity_defaults_and_no_status() {
    let sim = server();
    let mut wanted = manifest("web");
    wanted["status"] = json!({"id": "x"});
    let made = sim.create(&wanted).unwrap();
    assert_eq!(made["metadata"]["generation"], 1);
    assert_eq!(made["metadata"]["resourceVersion"], "1001");
    assert_eq!(made["metadata"]["creationTimestamp"], "2026-01-01T00:00:00Z");
    assert_eq!(made["metadata"]["uid"].as_str().map(str::len), Some(36));
    assert_eq!(made["spec"]["powerState"], "Running", "the schema's default");
    assert!(made.get("status").is_none());
    let twice = machines(&sim).create(&PostParams::default(), &serde_json::from_value(wanted).unwrap()).await;
    assert_eq!(code(twice.unwrap_err()), 409);
}

#[tokio::test(start_paused = true)]
async fn spec_and_status_are_written_apart() {
    let sim = server();
    create(&sim, "web").await;
    let both = json!({"spec": {"powerState": "Stopped"}, "status": {"id": "a"}});
    let machine = merge(&sim, "web", both).await.unwrap();
    assert_eq!(machine.metadata.generation, Some(2));
    assert!(machine.status.is_none());
    let both = Patch::Merge(json!({"spec": {"powerState": "Running"}, "status": {"id": "a"}}));
    let machine = machines(&sim).patch_status("web", &PatchParams::default(), &both).await.unwrap();
    assert_eq!(machine.metadata.generation, Some(2), "status does not count");
    assert_eq!(serde_json::to_value(machine.spec.power_state).unwrap(), "Stopped");
    assert_eq!(machine.status.unwrap().id.as_deref(), Some("a"));
    let version = sim.version();
    merge(&sim, "web", json!({"spec": {"powerState": "Stopped"}})).await.unwrap();
    assert_eq!(sim.version(), version, "what changes nothing is no write");
}

#[tokio::test(start_paused = true)]
async fn a_version_in_a_patch_is_a_precondition() {
    let sim = server();
    let version = create(&sim, "web").await.metadata.resource_version.unwrap();
    let patch = |text: &str| json!({"metadata": {"resourceVersion": version}, "spec": {"displayName": text}});
    merge(&sim, "web", patch("a")).await.unwrap();
    assert_eq!(code(merge(&sim, "web", patch("b")).await.unwrap_err()), 409);
    assert_eq!(code(merge(&sim, "db", patch("b")).await.unwrap_err()), 404);
    assert_eq!(sim.get("virtualmachines", Some("default"), "web").unwrap()["spec"]["displayName"], "a");
}

#[tokio::test(start_paused = true)]
async fn finalizers_hold_what_is_deleted() {
    let sim = server();
    create(&sim, "web").await;
    merge(&sim, "web", json!({"metadata": {"finalizers": ["a/b"]}})).await.unwrap();
    let deleted = machines(&sim).delete("web", &DeleteParams::default()).await.unwrap();
    let machine = deleted.left().expect("it is still there");
    assert!(machine.metadata.deletion_timestamp.is_some());
    assert_eq!(machine.metadata.generation, Some(2), "deletion is a change of what is wanted");
    let more = merge(&sim, "web", json!({"metadata": {"finalizers": ["a/b", "c/d"]}})).await;
    assert_eq!(code(more.unwrap_err()), 422);
    merge(&sim, "web", json!({"metadata": {"deletionTimestamp": null}})).await.unwrap();
    let machine = machines(&sim).get("web").await.unwrap();
    assert!(machine.metadata.deletion_timestamp.is_some(), "nobody takes a deletion back");
    merge(&sim, "web", json!({"metadata": {"finalizers": null}})).await.unwrap();
    assert_eq!(code(machines(&sim).get("web").await.unwrap_err()), 404);
}

#[tokio::test(start_paused = true)]
async fn a_watch_goes_on_from_a_version_and_ends_with_a_bookmark() {
    let sim = server();
    create(&sim, "web").await;
    let list = machines(&sim).list(&ListParams::default()).await.unwrap();
    let from = format!("&resourceVersion={}&timeoutSeconds=10", list.metadata.resource_version.unwrap());
    let watch = watch(&sim, &from).await;
    create(&sim, "db").await;
    machines(&sim).delete("web", &DeleteParams::default()).await.unwrap();
    sim.create(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "of-another-kind"}}))
        .unwrap();
    let start = Instant::now();
    let events: Vec<Value> = watch.try_collect().await.unwrap();
    let events: Vec<String> = events.iter().map(told).collect();
    assert_eq!(events, ["ADDED db 1002", "DELETED web 1003", "BOOKMARK null 1003"]);
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_version_is_told() {
    let sim = server();
    create(&sim, "web").await;
    create(&sim, "db").await;
    sim.compact();
    let mut old = watch(&sim, "&resourceVersion=1001").await;
    let event = old.next().await.unwrap().unwrap();
    assert_eq!((&event["type"], &event["object"]["code"]), (&json!("ERROR"), &json!(410)));
    assert!(old.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn watches_lag_tell_twice_and_break() {
    let sim = server();
    let lag = Duration::from_secs(2);
    sim.set_watch_faults(WatchFaults { lag, duplicated: true, breaks_after: Some(2), expires: true });
    let watch = watch(&sim, "&resourceVersion=1000").await;
    for name in ["a", "b", "c"] {
        create(&sim, name).await;
    }
    let start = Instant::now();
    let lines: Vec<std::io::Result<Value>> = watch.collect().await;
    assert!(start.elapsed() > Duration::ZERO && start.elapsed() <= lag, "{:?}", start.elapsed());
    let told: Vec<String> = lines.iter().flatten().map(told).collect();
    assert_eq!(told, ["ADDED a 1001", "ADDED a 1001", "ADDED b 1002", "ADDED b 1002"]);
    assert!(lines.last().unwrap().is_err(), "no end in good order");
    let mut resumed = self::watch(&sim, "&resourceVersion=1002").await;
    assert_eq!(resumed.next().await.unwrap().unwrap()["object"]["code"], 410);
}

#[tokio::test(start_paused = true)]
async fn requests_are_spoilt_before_or_after_their_effect() {
    let sim = server();
    let spoil = |moment, spoil| {
        sim.interpose(Arc::new(move |call| {
            (call.method == "POST" && call.moment == moment).then_some(spoil)
        }));
    };
    let post = |name: &'static str| {
        let machine: VirtualMachine = serde_json::from_value(manifest(name)).unwrap();
        let machines = machines(&sim);
        async move { machines.create(&PostParams::default(), &machine).await.map(drop) }
    };
    let exists = |name| sim.get("virtualmachines", Some("default"), name).is_some();
    spoil(Moment::Before, Spoil::Status(429));
    assert_eq!(code(post("a").await.unwrap_err()), 429);
    spoil(Moment::Before, Spoil::Cut);
    assert!(post("a").await.is_err());
    assert!(!exists("a"));
    spoil(Moment::After, Spoil::Cut);
    assert!(post("a").await.is_err());
    assert!(exists("a"), "only the answer is lost");
    spoil(Moment::After, Spoil::Hang);
    assert!(tokio::time::timeout(Duration::from_secs(3600), post("b")).await.is_err());
    assert!(exists("b"));
}

#[tokio::test(start_paused = true)]
async fn metadata_is_answered_alone_where_it_is_asked_for() {
    let sim = server();
    create(&sim, "web").await;
    let metadata = machines(&sim).get_metadata("web").await.unwrap();
    assert_eq!(metadata.metadata.name.as_deref(), Some("web"));
    assert_eq!(metadata.types.unwrap().kind, "PartialObjectMetadata");
}
