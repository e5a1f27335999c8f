//! What fits and what does not.

use ganeti_sim::{NodeSpec, Options, Runtime, Sim};
use serde_json::json;

use crate::raw::{create, done, job};

fn node(name: &str, memory_mib: u64) -> NodeSpec {
    NodeSpec { name: name.to_owned(), memory_mib, disk_mib: 2048, cpus: 2 }
}

fn up(nodes: Vec<NodeSpec>) -> Sim {
    Sim::start(Options { nodes, vcpu_ratio: 2.0, runtime: Runtime::Current, ..Options::default() }).unwrap()
}

async fn refusal(sim: &Sim, name: &str, more: serde_json::Value) -> (String, String) {
    let (status, result) = job(sim, "POST", "/2/instances", Some(create(name, more))).await;
    assert_eq!(status, "error", "{name}: {result}");
    assert_eq!(result[0], "OpPrereqError", "{result}");
    (result[1][0].as_str().unwrap().to_owned(), result[1][1].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn instances_spread_until_the_memory_is_given_away() {
    let sim = up(vec![node("n1.example.com", 1024), node("n2.example.com", 1024)]);
    for (name, pnode) in [("a", "n1.example.com"), ("b", "n2.example.com")] {
        let result =
            done(&sim, "POST", "/2/instances", create(name, json!({"beparams": {"memory": 600}}))).await;
        assert_eq!(result, json!([pnode]));
    }
    let (message, ecode) = refusal(&sim, "c", json!({"beparams": {"memory": 600}})).await;
    assert_eq!(ecode, "insufficient_resources");
    assert!(message.ends_with("No valid allocation solutions, failure reasons: FailMem: 2"), "{message}");
    // A stopped instance keeps its memory in the allocator's books, a removed one does not.
    done(&sim, "PUT", "/2/instances/a/shutdown", json!({})).await;
    refusal(&sim, "c", json!({"beparams": {"memory": 600}})).await;
    done(&sim, "DELETE", "/2/instances/a", json!({})).await;
    done(&sim, "POST", "/2/instances", create("c", json!({"beparams": {"memory": 600}}))).await;
}

#[tokio::test]
async fn processors_disks_and_the_policy_are_bounds_too() {
    let sim = up(vec![node("n1.example.com", 65536)]);
    let (message, _) = refusal(&sim, "a", json!({"beparams": {"memory": 16, "vcpus": 5}})).await;
    assert!(message.contains("FailCPU: 1"), "{message}");
    let big = json!({"disk_template": "file", "disks": [{"size": 4096}]});
    let (message, _) = refusal(&sim, "a", big).await;
    assert!(message.contains("FailDisk: 1"), "{message}");
    let tiny = json!({"disk_template": "file", "disks": [{"size": 2}], "nics": [{"link": "br9"}]});
    let (message, ecode) = refusal(&sim, "a", tiny).await;
    assert_eq!(ecode, "environment_error");
    assert!(message.contains("Missing bridges br9"), "{message}");
    let (_, ecode) =
        refusal(&sim, "a", json!({"pnode": "n1", "beparams": {"memory": 16, "vcpus": 65}})).await;
    assert_eq!(ecode, "wrong_input");
    let (_, ecode) = refusal(&sim, "a", json!({"pnode": "n2"})).await;
    assert_eq!(ecode, "unknown_entity");
}

#[tokio::test]
async fn an_offline_node_takes_nothing() {
    let sim = up(vec![node("n1.example.com", 1024), node("n2.example.com", 1024)]);
    sim.node_offline("n2.example.com", true).unwrap();
    for name in ["a", "b", "c"] {
        let result = done(&sim, "POST", "/2/instances", create(name, json!({}))).await;
        assert_eq!(result, json!(["n1.example.com"]));
    }
    let (message, ecode) = refusal(&sim, "d", json!({"pnode": "n2.example.com"})).await;
    assert_eq!(
        (message.as_str(), ecode.as_str()),
        ("Cannot use offline primary node 'n2.example.com'", "wrong_state")
    );
    done(&sim, "PUT", "/2/nodes/n2/role", json!("regular")).await;
    done(&sim, "POST", "/2/instances", create("d", json!({"pnode": "n2.example.com"}))).await;
}
