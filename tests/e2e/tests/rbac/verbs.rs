//! Verbs granted by the rendered chart against verbs that the API server saw.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use cyclades_bed::NAMESPACE;
use cyclades_control_plane::AuditEvent;
use cyclades_crds::virtual_machine::ObservedPower;
use cyclades_e2e::{LONG, Look, Machine, SOON, SimCluster, Space, Stage, eventually, network};
use serde_json::{Value, json};

/// The operator's account, as its token says.
const SUBJECT: &str = "cyclades";

/// One thing that is allowed or done: API group, resource with subresource, verb, and the object's name where a rule
/// names it.
type Right = (String, String, String, Option<String>);

pub async fn the_role_has_no_wildcard_and_grants_what_is_used_and_nothing_else(stage: &Stage) -> Result<()> {
    everything_the_operator_does(stage).await?;
    let granted = granted(stage).await?;
    let wild: Vec<_> = granted
        .iter()
        .filter(|(group, resource, verb, _)| [group, resource, verb].iter().any(|it| it.contains('*')))
        .collect();
    ensure!(wild.is_empty(), "wildcards: {wild:?}");
    let requests = stage.operator_requests().await?;
    let denied: Vec<_> = requests.iter().filter(|request| request.code == 403).collect();
    ensure!(denied.is_empty(), "the operator needs what it has not: {denied:?}");

    ensure!(granted.contains(&pin()), "the operator may place machines");
    let left_over = unused(&granted, &requests);
    ensure!(left_over.is_empty(), "granted and never used: {left_over:?}");
    let elsewhere =
        requests.iter().filter(|request| request.resource == "secrets" && request.namespace != NAMESPACE);
    ensure!(elsewhere.count() == 0, "Secrets of other namespaces were asked for");

    // The comparison finds what it is there to find.
    let more = json!([{"op": "add", "path": "/rules/-", "value": {
        "apiGroups": ["cyclades.io"], "resources": ["flavors"], "verbs": ["delete"],
    }}]);
    let role = "clusterrole/cyclades-operator";
    stage.kubectl(&["patch", role, "--type", "json", "-p", &more.to_string()]).await?;
    let left_over = unused(&self::granted(stage).await?, &requests);
    ensure!(left_over.len() == 1 && left_over[0].2 == "delete", "{left_over:?}");
    Ok(())
}

/// No verb of the API: the policy asks for it when the operator sets `spec.backendName`, which it does in these scenarios.
fn pin() -> Right {
    ("cyclades.io".to_owned(), "virtualmachines".to_owned(), "pin".to_owned(), None)
}

/// What is granted and was never used.
fn unused(granted: &BTreeSet<Right>, requests: &[AuditEvent]) -> Vec<Right> {
    let named: BTreeSet<_> = granted.iter().filter_map(|right| right.3.clone()).collect();
    let used: BTreeSet<Right> = requests
        .iter()
        .map(|request| {
            let resource = match request.subresource.as_str() {
                "" => request.resource.clone(),
                subresource => format!("{}/{subresource}", request.resource),
            };
            let name = Some(request.name.clone()).filter(|name| named.contains(name));
            (request.group.clone(), resource, request.verb.clone(), name)
        })
        .collect();
    granted.difference(&used).filter(|right| **right != pin()).cloned().collect()
}

/// Every kind of write and read, once.
async fn everything_the_operator_does(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("rights").await?, stage.sim("rights").await?);
    cluster.backend.patch(&json!({"spec": {"drained": false}})).await?;
    let policy =
        stage.kubectl(&["get", "validatingadmissionpolicybinding", "cyclades-pin", "-o", "name"]).await?;
    ensure!(!policy.is_empty(), "the policy that asks for pin is in force");
    let placed = space.apply("placed", json!({})).await?;
    let object = placed.ready(LONG).await?;
    ensure!(
        object.spec.backend_name.as_deref() == Some(cluster.backend.name()),
        "it was placed by the operator"
    );
    let pinned = space.apply("pinned", cluster.here(json!({}))).await?;
    pinned.ready(SOON).await?;
    // The same words twice: the second time an event is counted, not created.
    for state in ["Stopped", "Running", "Stopped", "Running"] {
        let power = if state == "Running" { ObservedPower::Running } else { ObservedPower::Stopped };
        placed.power(state).await?;
        placed.ready_and(power, SOON).await?;
    }
    eventually("an event is counted", SOON, async || {
        let events = placed.events().await?;
        let counted = events.iter().any(|event| event.times > 1);
        Ok(if counted { Look::Is(()) } else { Look::NotYet(format!("{events:?}")) })
    })
    .await?;
    let networked = two_in_a_network(&space, &cluster).await?;
    stage.kubectl(&["delete", "ganetibackend", cluster.backend.name(), "--wait=false"]).await?;
    for machine in networked.iter().chain([&placed, &pinned]) {
        machine.delete().await?;
        machine.gone(SOON).await?;
    }
    stage
        .kubectl(&["wait", "ganetibackend", cluster.backend.name(), "--for=delete", "--timeout=20s"])
        .await?;
    stage.kubectl(&["delete", "network", "lan", "-n", space.namespace(), "--timeout=20s"]).await?;
    // The catalog's statuses were written when the stage was set.
    stage
        .kubectl(&["wait", "flavor/tiny", "volumetype/diskless", "--for=condition=Ready", "--timeout=20s"])
        .await?;
    stage
        .kubectl(&["wait", "image/noop", "-n", space.namespace(), "--for=condition=Ready", "--timeout=20s"])
        .await?;
    // Its Lease goes with it.
    Ok(stage.bed_mut().await.operator()?.restart().await?)
}

/// One after the other: the first has a block of addresses made, the second has it changed.
async fn two_in_a_network<'a>(space: &Space<'a>, cluster: &SimCluster<'_>) -> Result<[Machine<'a>; 2]> {
    cluster.backend.patch(&json!({"spec": {"macFilteredBridge": "br0"}})).await?;
    space.stage().apply(&network(space.namespace(), "lan", "10.0.0.0/24", "10.0.0.1")).await?;
    let spec = cluster.here(json!({"nics": [{"name": "eth0", "networkRef": {"name": "lan"}}]}));
    let left = space.apply("left", spec.clone()).await?;
    left.ready(SOON).await?;
    let right = space.apply("right", spec).await?;
    right.ready(SOON).await?;
    Ok([left, right])
}

/// All rules that are bound to the operator's account.
async fn granted(stage: &Stage) -> Result<BTreeSet<Right>> {
    let mut rights = BTreeSet::new();
    for (bindings, all) in [("clusterrolebindings", None), ("rolebindings", Some("-A"))] {
        let arguments = [&["get", bindings, "-o", "json"][..], &all.into_iter().collect::<Vec<_>>()].concat();
        let list: Value = serde_json::from_str(&stage.kubectl(&arguments).await?)?;
        for binding in list["items"].as_array().context("a list")?.iter().filter(|it| is_for_operator(it)) {
            let namespace = binding["metadata"]["namespace"].as_str();
            ensure!(namespace.is_none_or(|it| it == NAMESPACE), "bound in another namespace: {binding}");
            rights.extend(rules(stage, binding, namespace).await?);
        }
    }
    ensure!(rights.len() > 10, "the rules are found: {rights:?}");
    Ok(rights)
}

fn is_for_operator(binding: &Value) -> bool {
    let subjects = binding["subjects"].as_array().into_iter().flatten();
    let groups = ["system:serviceaccounts", &format!("system:serviceaccounts:{NAMESPACE}")];
    subjects.into_iter().any(|subject| match subject["kind"].as_str() {
        Some("ServiceAccount") => subject["name"] == SUBJECT && subject["namespace"] == NAMESPACE,
        // What every account may is not the chart's: discovery, for one.
        Some("Group") => {
            groups.iter().any(|group| subject["name"] == *group)
                && binding["metadata"]["labels"]["kubernetes.io/bootstrapping"].is_null()
        }
        _ => false,
    })
}

async fn rules(stage: &Stage, binding: &Value, namespace: Option<&str>) -> Result<Vec<Right>> {
    let (kind, name) = (&binding["roleRef"]["kind"], &binding["roleRef"]["name"]);
    let (kind, name) = (kind.as_str().context("a kind")?, name.as_str().context("a name")?);
    let place = namespace.filter(|_| kind == "Role").map_or(Vec::new(), |namespace| vec!["-n", namespace]);
    let role = stage.kubectl(&[&["get", kind, name, "-o", "json"][..], &place].concat()).await?;
    let role: Value = serde_json::from_str(&role)?;
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)).collect()
    };
    let mut rights = Vec::new();
    for rule in role["rules"].as_array().into_iter().flatten() {
        ensure!(rule["nonResourceURLs"].is_null(), "URLs are granted: {rule}");
        let names = texts(&rule["resourceNames"]);
        let names = if names.is_empty() { vec![None] } else { names.into_iter().map(Some).collect() };
        for (group, resource) in texts(&rule["apiGroups"])
            .iter()
            .flat_map(|g| texts(&rule["resources"]).into_iter().map(move |r| (g.clone(), r)))
        {
            for verb in texts(&rule["verbs"]) {
                rights.extend(
                    names.iter().map(|name| (group.clone(), resource.clone(), verb.clone(), name.clone())),
                );
            }
        }
    }
    Ok(rights)
}
