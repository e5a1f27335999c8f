//! `kubectl cyclades export`.

use anyhow::{Result, ensure};
use cyclades_e2e::{SOON, Stage};
use serde_json::json;

use cyclades_e2e::plugin::cyclades;

/// Texts that YAML 1.1, which kubectl reads, takes for something else where they are not quoted.
const ODD: [&str; 8] = ["no", "012", "1e3", "2026-01-01", "1:30", "~", "0x1f", "a: b #c"];

pub async fn exported_deleted_and_applied_it_is_the_same_machine(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("again").await?, stage.sim("again").await?);
    for (number, text) in ODD.iter().enumerate() {
        let spec = json!({"displayName": text, "powerState": "Stopped", "description": "two\nlines\n"});
        space.apply(&format!("vm-{number}"), cluster.here(spec)).await?;
    }
    let mut ids = Vec::new();
    for number in 0..ODD.len() {
        let object = space.machine(&format!("vm-{number}")).ready(SOON).await?;
        ids.push(object.status.and_then(|status| status.id));
    }
    let written = cyclades(stage, &["export", "-n", space.namespace()]).await?;
    written.is(0, &["  backendName: ", "  description: |\n    two\n    lines\n"])?;
    for word in [
        "status:",
        "uid:",
        "resourceVersion:",
        "managedFields:",
        "finalizers:",
        "last-applied",
        "creationTimestamp:",
    ] {
        ensure!(!written.text.contains(word), "{word} in:\n{}", written.text);
    }
    let again = cyclades(stage, &["export", "-n", space.namespace()]).await?;
    ensure!(again.text == written.text, "the order is stable");
    // Over the objects that it was made from: nothing changes but the id, which is written down.
    stage.kubectl_with(&["apply", "-f", "-"], &written.text).await?;
    stage.kubectl(&["delete", "vm", "--all", "-n", space.namespace(), "--timeout=60s"]).await?;
    ensure!(cluster.sim.instance_count() == 0, "{:?}", cluster.sim.instances());
    stage.kubectl_with(&["apply", "-f", "-"], &written.text).await?;
    for (number, text) in ODD.iter().enumerate() {
        let object = space.machine(&format!("vm-{number}")).ready(SOON).await?;
        ensure!(object.spec.display_name.as_deref() == Some(*text), "{:?}", object.spec);
        ensure!(object.spec.description.as_deref() == Some("two\nlines\n"), "{:?}", object.spec);
        ensure!(object.spec.backend_name.as_deref() == Some(cluster.backend.name()), "{:?}", object.spec);
        ensure!(object.status.and_then(|status| status.id) == ids[number], "another id");
    }
    let exported = cyclades(stage, &["export", "-n", space.namespace()]).await?;
    ensure!(exported.text == written.text, "what is made of it is what it says");
    Ok(())
}

pub async fn a_tenant_applies_what_says_no_placement(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("tenant").await?, stage.sim("tenant").await?);
    let machine = cluster.running(&space, "web").await?;
    let namespace = space.namespace();
    let placed = cyclades(stage, &["export", "web", "-n", namespace]).await?;
    let without = cyclades(stage, &["export", "web", "-n", namespace, "--no-placement"]).await?;
    machine.delete().await?;
    machine.gone(SOON).await?;
    let user = ["--as", "tenant", "-n", namespace];
    stage
        .kubectl(&["create", "rolebinding", "tenant", "-n", namespace, "--clusterrole=edit", "--user=tenant"])
        .await?;
    let apply = [&["apply", "--dry-run=server", "-f", "-"][..], &user].concat();
    let refused = stage.kubectl_output(&apply, &placed.text).await?;
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(!refused.status.success() && words.contains("the verb pin"), "{words}");
    stage.kubectl_with(&apply, &without.text).await?;
    Ok(())
}

pub async fn with_references_nothing_is_missing_elsewhere(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("whole").await?, stage.sim("whole").await?);
    let labelled = |name: &str, tier: &str| {
        let mut manifest = space.manifest(name, cluster.here(json!({})));
        manifest["metadata"]["labels"] = json!({"tier": tier});
        manifest
    };
    stage.apply(&[labelled("web", "front"), labelled("db", "back")]).await?;
    space.machine("web").ready(SOON).await?;
    let namespace = space.namespace();
    let written =
        cyclades(stage, &["export", "-n", namespace, "-l", "tier=front", "--with-references"]).await?;
    let kinds: Vec<&str> = written.text.lines().filter(|line| line.starts_with("kind: ")).collect();
    let wanted = ["kind: VolumeType", "kind: Flavor", "kind: Image", "kind: VirtualMachine"];
    ensure!(kinds == wanted, "what is referred to comes first: {}", written.text);
    stage.kubectl_with(&["apply", "--dry-run=server", "-f", "-"], &written.text).await?;
    let none = cyclades(stage, &["export", "-n", namespace, "-l", "tier=none"]).await?;
    ensure!(none.status == 0 && none.text.is_empty() && none.words.contains("no machine"), "{none:?}");
    Ok(())
}
