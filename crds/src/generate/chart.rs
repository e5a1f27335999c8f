//! A CustomResourceDefinition as a Helm template.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Number, Value};

use super::NotYaml;

/// The template: installed unless `crds.install` is false, kept by `helm uninstall` unless `crds.keep` is false.
/// Helm's own `crds/` folder is not used, as an upgrade never applies what lies there.
pub fn template(crd: &CustomResourceDefinition) -> Result<String, NotYaml> {
    let mut value = serde_json::to_value(crd)?;
    whole_numbers(&mut value);
    let spec = serde_yaml::to_string(&serde_json::json!({ "spec": value["spec"] })).map_err(NotYaml)?;
    let name = crd.metadata.name.as_deref().unwrap_or_default();
    Ok(format!(
        "{{{{- /* Made by `cargo xtask gen` from crds/: change it there. */ -}}}}
{{{{- if .Values.crds.install }}}}
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: {name}
  labels:
    {{{{- include \"cyclades.labels\" . | nindent 4 }}}}
  {{{{- if .Values.crds.keep }}}}
  annotations:
    helm.sh/resource-policy: keep
  {{{{- end }}}}
{}{{{{- end }}}}
",
        literal(&spec)
    ))
}

/// A text that Helm's template language leaves as it is.
fn literal(text: &str) -> String {
    text.replace("{{", "{{ \"{{\" }}")
}

/// Writes 64 where the API machinery's float type says 64.0.
pub fn whole_numbers(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        Value::Number(number) => {
            if let Some(whole) = whole(number) {
                *number = whole;
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// The integer that a float is, where it is one that a float holds exactly (up to 2^53).
fn whole(number: &Number) -> Option<Number> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    let float = number
        .as_f64()
        .filter(|float| number.is_f64() && float.fract() == 0.0 && float.abs() <= EXACT_MAX)?;
    format!("{float:.0}").parse::<i64>().ok().map(Number::from)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn braces_reach_the_cluster_as_they_were() {
        assert_eq!(super::literal("a {{ b }} c"), "a {{ \"{{\" }} b }} c");
    }

    #[test]
    fn whole_floats_are_written_as_integers() {
        let mut value = json!({ "maximum": 64.0, "ratio": 1.5, "list": [-3.0, 7] });
        super::whole_numbers(&mut value);
        assert_eq!(value.to_string(), json!({ "maximum": 64, "ratio": 1.5, "list": [-3, 7] }).to_string());
    }
}
