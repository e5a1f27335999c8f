//! The chart, rendered and installed by the real helm on a real API server.

#[cfg(test)]
mod bed;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bed::{Bed, Said, eventually, run};
use cyclades_control_plane::{ensure_helm, progress::Stderr};
use cyclades_house::tree::File;
use cyclades_house::{manifests, tree};
use serde_json::Value;
use tokio::process::Command;

const NAMESPACE: &str = "cyclades-system";
/// The least that an API server grants.
const TOKEN_LIFETIME: Duration = Duration::from_secs(600);

/// helm, with its files in a folder that goes away.
struct Helm {
    program: PathBuf,
    home: tempfile::TempDir,
}

impl Helm {
    async fn new() -> Result<Self> {
        Ok(Self { program: ensure_helm(&Stderr::new()).await?, home: tempfile::tempdir()? })
    }

    async fn run(&self, kubeconfig: Option<&Path>, arguments: &[&str]) -> Result<Said> {
        let mut command = Command::new(&self.program);
        for variable in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            command.env(variable, self.home.path());
        }
        // Without a cluster it must not find that of the developer.
        command.env("KUBECONFIG", kubeconfig.unwrap_or(Path::new("/dev/null")));
        command.args(arguments).args(["--namespace", NAMESPACE]);
        run(command, "").await
    }

    async fn template(&self, values: &[&str]) -> Result<Said> {
        let chart = chart();
        let mut arguments = vec!["template", "cyclades", chart.as_str()];
        arguments.extend(values.iter().flat_map(|value| ["--set", value]));
        self.run(None, &arguments).await
    }
}

fn chart() -> String {
    tree::root().join("charts/cyclades").to_string_lossy().into_owned()
}

fn documents(text: &str) -> Result<Vec<Value>> {
    manifests::documents(&File { path: "the rendered chart".into(), text: text.into() })
}

#[tokio::test]
async fn bad_values_are_refused_with_words() -> Result<()> {
    let helm = Helm::new().await?;
    for (values, words) in [
        (vec![], "set clusterId, e.g. --set clusterId=prod-1"),
        (vec!["clusterId=Prod"], "does not match pattern"),
        (vec!["clusterId=dev", "clusterID=dev"], "'clusterID' not allowed"),
        (vec!["clusterId=dev", "log.format=xml"], "must be one of 'json', 'text'"),
        (vec!["clusterId=dev", "serviceAccount.create=false"], "set serviceAccount.name"),
    ] {
        let said = helm.template(&values).await?;
        assert!(!said.ok && said.err.contains(words), "{values:?}: {}", said.err);
    }
    Ok(())
}

#[tokio::test]
async fn switches_leave_out_what_they_name() -> Result<()> {
    let helm = Helm::new().await?;
    let kinds = async |values: &[&str]| -> Result<Vec<String>> {
        let said = helm.template(&[&["clusterId=dev"], values].concat()).await?.done()?;
        Ok(documents(&said)?
            .iter()
            .map(|document| document["kind"].as_str().unwrap_or_default().to_owned())
            .collect())
    };
    let all = kinds(&[]).await?;
    for (value, kind) in [
        ("crds.install=false", "CustomResourceDefinition"),
        ("serviceAccount.create=false,serviceAccount.name=other", "ServiceAccount"),
        ("rbac.create=false", "ClusterRoleBinding"),
        ("admissionPolicies.create=false", "ValidatingAdmissionPolicy"),
        ("metrics.service.create=false", "Service"),
    ] {
        assert!(all.iter().any(|found| found == kind), "{kind} is there by default");
        assert!(!kinds(&[value]).await?.iter().any(|found| found == kind), "{value} leaves out {kind}");
    }
    Ok(())
}

#[tokio::test]
async fn no_role_has_a_wildcard_and_secrets_are_read_in_one_namespace() -> Result<()> {
    let rendered = Helm::new().await?.template(&["clusterId=dev"]).await?.done()?;
    let mut rules = 0;
    for document in documents(&rendered)? {
        let kind = document["kind"].as_str().unwrap_or_default();
        for rule in document["rules"].as_array().into_iter().flatten() {
            rules += 1;
            let text = rule.to_string();
            assert!(!text.contains('*'), "{}: {text}", document["metadata"]["name"]);
            assert!(kind == "Role" || !text.contains("secrets"), "{}: {text}", document["metadata"]["name"]);
        }
    }
    assert!(rules > 8, "the roles are found");
    Ok(())
}

#[tokio::test]
async fn it_installs_guards_placement_and_leaves_the_machines() -> Result<()> {
    let helm = Helm::new().await?;
    let bed = Bed::start().await?;
    let result = scenario(&helm, &bed).await;
    bed.stop().await?;
    result
}

async fn scenario(helm: &Helm, bed: &Bed) -> Result<()> {
    restricted_namespace(bed).await?;
    install(helm, bed).await?;
    nothing_is_warned_about(helm, bed).await?;
    policies_are_well_typed(bed).await?;
    pin_is_asked_for(bed).await?;
    the_operator_may_do_its_work_and_no_more(bed).await?;
    uninstalling_keeps_the_machines(helm, bed).await
}

async fn restricted_namespace(bed: &Bed) -> Result<()> {
    bed.kubectl(&["create", "namespace", NAMESPACE], "").await?.done()?;
    let label = "pod-security.kubernetes.io/warn=restricted";
    bed.kubectl(&["label", "namespace", NAMESPACE, label], "").await?.done().map(drop)
}

async fn install(helm: &Helm, bed: &Bed) -> Result<()> {
    let chart = chart();
    let arguments = ["install", "cyclades", chart.as_str(), "--set", "clusterId=dev"];
    let said = helm.run(Some(bed.plane.admin_kubeconfig()), &arguments).await?.done()?;
    ensure!(said.contains("create secret generic ganeti-1"), "the notes say how to go on: {said}");
    Ok(())
}

/// The API server warns of pods that are not restricted, of unknown fields, of formats it does not know.
async fn nothing_is_warned_about(helm: &Helm, bed: &Bed) -> Result<()> {
    let rendered = helm.template(&["clusterId=dev"]).await?.done()?;
    let apply = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-"];
    let said = bed.kubectl(&apply, &rendered).await?;
    ensure!(said.ok && !said.err.contains("Warning"), "{}", said.err);
    let lax = rendered.replace("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true");
    let said = bed.kubectl(&apply, &lax).await?;
    ensure!(said.err.contains("would violate PodSecurity"), "a lax pod is warned about: {}", said.err);
    Ok(())
}

async fn policies_are_well_typed(bed: &Bed) -> Result<()> {
    let get = ["get", "validatingadmissionpolicies", "cyclades-pin", "-o", "json"];
    let status = eventually("the policy's types are checked", async || {
        let policy: Value = serde_json::from_str(&bed.kubectl(&get, "").await?.done()?)?;
        let seen = policy["status"]["observedGeneration"] == policy["metadata"]["generation"];
        Ok(seen.then(|| policy["status"].clone()))
    })
    .await?;
    let warnings = &status["typeChecking"]["expressionWarnings"];
    ensure!(warnings.is_null(), "{warnings}");
    Ok(())
}

fn machine(name: &str, pinned: bool) -> String {
    let backend = if pinned { "backendName: ganeti-1, " } else { "" };
    format!(
        "apiVersion: cyclades.io/v1alpha1\nkind: VirtualMachine\nmetadata: {{name: {name}, namespace: team-a}}\n\
         spec: {{{backend}flavorRef: {{name: small}}, imageRef: {{name: guest}}}}\n"
    )
}

/// A tenant with all rights of `admin` in a namespace, who asks for a backend.
async fn pin_is_asked_for(bed: &Bed) -> Result<()> {
    let tenant = tenant(bed).await?;
    let create = ["create", "-f", "-"];
    let dry = ["create", "--dry-run=server", "-f", "-"];
    bed.kubectl_as(&tenant, &create, &machine("free", false)).await?.done()?;
    let refusal = eventually("the policy is in force", async || {
        let said = bed.kubectl_as(&tenant, &dry, &machine("pinned", true)).await?;
        Ok((!said.ok).then_some(said.err))
    })
    .await?;
    ensure!(refusal.contains("needs the verb pin on virtualmachines.cyclades.io"), "{refusal}");
    ensure!(refusal.contains("leave spec.backendName out"), "{refusal}");

    let later = ["patch", "vm", "free", "--type=merge", "-p", r#"{"spec":{"backendName":"ganeti-1"}}"#];
    let said = bed.kubectl_as(&tenant, &later, "").await?;
    ensure!(
        !said.ok && said.err.contains("needs the verb pin"),
        "an update cannot go round it: {}",
        said.err
    );
    let stop = ["patch", "vm", "free", "--type=merge", "-p", r#"{"spec":{"powerState":"Stopped"}}"#];
    bed.kubectl_as(&tenant, &stop, "").await?.done()?;

    let cure = refusal.split("run: kubectl ").nth(1).context("the refusal has a command that cures it")?;
    bed.kubectl(&cure.split_whitespace().collect::<Vec<_>>(), "").await?.done()?;
    eventually("who has the verb may pin", async || {
        Ok(bed.kubectl_as(&tenant, &dry, &machine("pinned", true)).await?.ok.then_some(()))
    })
    .await?;
    bed.kubectl_as(&tenant, &create, &machine("pinned", true)).await?.done()?;
    // A machine that has its backend is no longer asked about.
    let stop = ["patch", "vm", "pinned", "--type=merge", "-p", r#"{"spec":{"powerState":"Stopped"}}"#];
    bed.kubectl_as(&tenant, &stop, "").await?.done().map(drop)
}

async fn tenant(bed: &Bed) -> Result<PathBuf> {
    bed.kubectl(&["create", "namespace", "team-a"], "").await?.done()?;
    bed.kubectl(&["-n", "team-a", "create", "serviceaccount", "tenant"], "").await?.done()?;
    let binding = [
        "-n",
        "team-a",
        "create",
        "rolebinding",
        "admin",
        "--clusterrole=admin",
        "--serviceaccount=team-a:tenant",
    ];
    bed.kubectl(&binding, "").await?.done()?;
    let tenant = bed.plane.kubeconfig_for_service_account("team-a", "tenant", TOKEN_LIFETIME).await?;
    eventually("cyclades-edit is added to the role admin", async || {
        let may = bed.kubectl_as(&tenant, &["auth", "can-i", "create", "virtualmachines"], "").await?;
        Ok(may.ok.then_some(()))
    })
    .await?;
    Ok(tenant)
}

async fn the_operator_may_do_its_work_and_no_more(bed: &Bed) -> Result<()> {
    let operator = bed.plane.kubeconfig_for_service_account(NAMESPACE, "cyclades", TOKEN_LIFETIME).await?;
    // Server-side, as kubectl's other patches read the object first.
    let place = "apiVersion: cyclades.io/v1alpha1\nkind: VirtualMachine\n\
                 metadata: {name: free, namespace: team-a, finalizers: [cyclades.io/instance]}\n\
                 spec: {backendName: ganeti-1}\n";
    let placement = ["apply", "--server-side", "--field-manager=cyclades-operator", "-f", "-"];
    bed.kubectl_as(&operator, &placement, place).await?.done()?;
    for (expected, question) in [
        (true, vec!["list", "secrets", "-n", NAMESPACE]),
        (true, vec!["get", "namespaces/kube-system"]),
        (true, vec!["create", "events.events.k8s.io", "-n", "team-a"]),
        (true, vec!["patch", "virtualmachines", "--subresource=status", "-n", "team-a"]),
        (false, vec!["list", "secrets", "-n", "team-a"]),
        (true, vec!["list", "namespaces"]),
        (false, vec!["get", "namespaces/team-a"]),
        (false, vec!["list", "pods", "-n", NAMESPACE]),
        (false, vec!["create", "virtualmachines", "-n", "team-a"]),
        (false, vec!["delete", "virtualmachines", "-n", "team-a"]),
        (false, vec!["patch", "flavors"]),
    ] {
        let said = bed.kubectl_as(&operator, &[&["auth", "can-i"], &question[..]].concat(), "").await?;
        ensure!(said.ok == expected, "may the operator {}? {}{}", question.join(" "), said.out, said.err);
    }
    Ok(())
}

async fn uninstalling_keeps_the_machines(helm: &Helm, bed: &Bed) -> Result<()> {
    let kubeconfig = Some(bed.plane.admin_kubeconfig());
    helm.run(kubeconfig, &["uninstall", "cyclades"]).await?.done()?;
    let machines = bed.kubectl(&["get", "vm", "-A", "-o", "name"], "").await?.done()?;
    ensure!(machines.lines().count() == 2, "the machines are still there: {machines}");
    let gone = bed.kubectl(&["get", "clusterrole", "cyclades-operator"], "").await?;
    ensure!(!gone.ok, "the operator's role is gone");
    // And the kept definitions are no hindrance to the next installation.
    install(helm, bed).await
}
