//! The operator's chart, rendered by helm as a user's `helm install` would.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize as _;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::layout::Layout;
use crate::mark::{BED, PART};
use crate::options::{CLUSTER_ID, NAMESPACE, OperatorOptions, REPLICA};
use crate::{Error, command};

/// helm reads a few files and computes.
const RENDER_LIMIT: Duration = Duration::from_secs(60);

/// What the chart renders to.
#[derive(Debug)]
pub(crate) struct Chart {
    objects: Vec<Value>,
}

impl Chart {
    /// `helm template`, with the operator's log as the bed wants it.
    pub(crate) async fn render(
        helm: &Path,
        layout: &Layout,
        options: &OperatorOptions,
    ) -> Result<Self, Error> {
        let mut helm = Command::new(helm);
        // If this process is killed meanwhile, whoever takes the bed down finds it.
        helm.env(BED, layout.dir()).env(PART, "helm");
        helm.arg("template").arg("cyclades").arg(folder()).args(["--namespace", NAMESPACE]);
        helm.args(["--kube-version", cyclades_control_plane::binaries::KUBERNETES_VERSION]);
        let own = [
            format!("clusterId={CLUSTER_ID}"),
            format!("log.format={}", options.log_format),
            // A comma parts values; a log filter has some.
            format!("log.level={}", options.log.replace(',', "\\,")),
        ];
        for value in own.iter().chain(&options.values) {
            helm.arg("--set").arg(value);
        }
        for variable in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            helm.env(variable, layout.helm());
        }
        Self::parse(&command::run(&mut helm, None, RENDER_LIMIT).await?)
    }

    fn parse(text: &str) -> Result<Self, Error> {
        let malformed = |error: serde_yaml::Error| Error::Chart(format!("is no YAML: {error}"));
        let documents = serde_yaml::Deserializer::from_str(text).map(Value::deserialize);
        let objects: Vec<Value> = documents.collect::<Result<_, _>>().map_err(malformed)?;
        Ok(Self { objects: objects.into_iter().filter(|object| !object.is_null()).collect() })
    }

    /// The CustomResourceDefinitions, as one List.
    pub(crate) fn definitions(&self) -> String {
        self.list(|kind| kind == "CustomResourceDefinition")
    }

    /// Everything else that means something where no node runs, as one List.
    pub(crate) fn others(&self) -> String {
        self.list(|kind| !matches!(kind, "CustomResourceDefinition" | "Deployment"))
    }

    fn list(&self, wanted: impl Fn(&str) -> bool) -> String {
        let items: Vec<_> = self.objects.iter().filter(|object| wanted(kind(object))).collect();
        json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
    }

    fn pod(&self) -> Result<&Value, Error> {
        let deployment = self.objects.iter().find(|object| kind(object) == "Deployment");
        let deployment = deployment.ok_or_else(|| Error::Chart("has no Deployment".to_owned()))?;
        Ok(&deployment["spec"]["template"]["spec"])
    }

    /// The account that the operator's Pod runs as.
    pub(crate) fn service_account(&self) -> Result<String, Error> {
        let name = self.pod()?["serviceAccountName"].as_str();
        name.map(str::to_owned)
            .ok_or_else(|| Error::Chart("names no ServiceAccount for the operator".to_owned()))
    }

    /// The arguments of the operator's container.
    pub(crate) fn arguments(&self) -> Result<Vec<String>, Error> {
        let arguments = self.container()?["args"].as_array();
        Ok(arguments
            .into_iter()
            .flatten()
            .filter_map(|argument| Some(argument.as_str()?.to_owned()))
            .collect())
    }

    /// The environment that a kubelet would give the operator's container.
    pub(crate) fn environment(&self) -> Result<Vec<(String, String)>, Error> {
        let entries = self.container()?["env"].as_array();
        entries.into_iter().flatten().map(variable).collect()
    }

    fn container(&self) -> Result<&Value, Error> {
        let container = &self.pod()?["containers"][0];
        if container.is_object() { Ok(container) } else { Err(Error::Chart("has no container".to_owned())) }
    }
}

fn kind(object: &Value) -> &str {
    object["kind"].as_str().unwrap_or_default()
}

fn variable(entry: &Value) -> Result<(String, String), Error> {
    let name = entry["name"].as_str().unwrap_or_default();
    let value = entry["value"].as_str().or_else(|| {
        let field = entry["valueFrom"]["fieldRef"]["fieldPath"].as_str()?;
        match field {
            "metadata.namespace" => Some(NAMESPACE),
            "metadata.name" => Some(REPLICA),
            _ => None,
        }
    });
    match value {
        Some(value) => Ok((name.to_owned(), value.to_owned())),
        None => Err(Error::Chart(format!("takes the variable {name} from where no bed can: {entry}"))),
    }
}

/// The chart of the checkout that this crate was built in.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/cyclades")
}

#[cfg(test)]
mod tests {
    use super::*;

    const RENDERED: &str = "---
# Source: a comment alone
---
kind: CustomResourceDefinition
metadata: {name: x}
---
kind: Role
---
kind: Deployment
spec: {template: {spec: {serviceAccountName: operator, containers: [{args: [run], env: [
  {name: A, value: '1'},
  {name: B, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}]}]}}}
";

    #[test]
    fn the_operator_runs_as_the_deployment_says() {
        let chart = Chart::parse(RENDERED).unwrap();
        assert_eq!(chart.service_account().unwrap(), "operator");
        assert_eq!(chart.arguments().unwrap(), ["run"]);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(chart.environment().unwrap(), [pair("A", "1"), pair("B", NAMESPACE)]);
    }

    #[test]
    fn definitions_go_first_and_the_deployment_not_at_all() {
        let chart = Chart::parse(RENDERED).unwrap();
        let kinds = |list: String| {
            let list: Value = serde_json::from_str(&list).unwrap();
            list["items"].as_array().unwrap().iter().map(|item| kind(item).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(kinds(chart.definitions()), ["CustomResourceDefinition"]);
        assert_eq!(kinds(chart.others()), ["Role"]);
    }

    #[test]
    fn what_no_bed_can_give_is_named() {
        let text =
            "kind: Deployment\nspec: {template: {spec: {containers: [{env: [{name: A, valueFrom: {}}]}]}}}";
        let error = Chart::parse(text).unwrap().environment().unwrap_err().to_string();
        assert!(error.contains("variable A"), "{error}");
    }
}
