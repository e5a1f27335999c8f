//! Changes of a spec: their accounting, and the way back.

use anyhow::{Result, ensure};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Map, Value, json};

use super::schema::{Field, fields};

/// What becomes of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is changed back.
    Returns,
    /// The API server refuses it, by a rule that compares with what was.
    Refused,
    /// It is made, and its way back is refused likewise.
    Stays,
}

/// A change of one field.
#[derive(Clone, Debug)]
pub struct Change {
    /// The field, such as `disks[].size`.
    pub path: String,
    /// What the spec has before beside what all have, as a merge patch.
    pub with: Value,
    /// The change, as a merge patch of the spec.
    pub to: Value,
    /// The way back, where it is not just the change undone.
    pub back: Option<Value>,
    /// What becomes of it.
    pub end: End,
    /// It is brought about by jobs of Ganeti; no other change makes any.
    pub jobs: bool,
    /// Only a hypervisor with devices can do it.
    pub kvm: bool,
    /// Nothing can be made of the object, it stands alone.
    pub alone: bool,
}

impl Change {
    /// A change that is no business of Ganeti's.
    #[must_use]
    pub fn new(path: &str, to: Value) -> Self {
        Self {
            path: path.to_owned(),
            with: json!({}),
            to,
            back: None,
            end: End::Returns,
            jobs: false,
            kvm: false,
            alone: false,
        }
    }

    /// With more in the spec before.
    #[must_use]
    pub fn with(self, with: Value) -> Self {
        Self { with, ..self }
    }

    /// Another way back than the change undone.
    #[must_use]
    pub fn back(self, back: Value) -> Self {
        Self { back: Some(back), ..self }
    }

    /// One that Ganeti has jobs for.
    #[must_use]
    pub fn jobs(self) -> Self {
        Self { jobs: true, ..self }
    }

    /// One that needs kvm.
    #[must_use]
    pub fn kvm(self) -> Self {
        Self { kvm: true, ..self }
    }

    /// One that the API server refuses.
    #[must_use]
    pub fn refused(self) -> Self {
        Self { end: End::Refused, ..self }
    }

    /// One whose way back the API server refuses.
    #[must_use]
    pub fn stays(self) -> Self {
        Self { end: End::Stays, ..self }
    }

    /// One of an object that no machine can be made of.
    #[must_use]
    pub fn alone(self) -> Self {
        Self { alone: true, ..self }
    }

    /// The spec before it.
    #[must_use]
    pub fn before(&self, base: &Value) -> Value {
        merged(base, &self.with)
    }

    /// The patch that leads back, for a spec that was `before`.
    #[must_use]
    pub fn way_back(&self, before: &Value) -> Value {
        self.back.clone().unwrap_or_else(|| undone(&self.to, before))
    }
}

/// The changes of all fields of a kind: those of the table, and what follows from the schema for the others.
///
/// # Errors
/// With all fields that no change is known for, and all changes of fields that do not exist.
pub fn account(crd: &CustomResourceDefinition, base: &Value, table: &[Change]) -> Result<Vec<Change>> {
    let kind = &crd.spec.names.kind;
    let fields = fields(crd);
    ensure!(!fields.is_empty(), "{kind} has no fields below spec");
    let (mut changes, mut lacks) = (Vec::new(), Vec::new());
    for field in &fields {
        let told: Vec<Change> = table.iter().filter(|change| change.path == field.path).cloned().collect();
        let all = if told.is_empty() { guessed(field, base) } else { told };
        if all.is_empty() {
            lacks.push(format!(
                "{kind}: say in tests/e2e/src/fields/tables what spec.{} may be changed to",
                field.path
            ));
        }
        lacks.extend(
            missed(field, base, &all)
                .into_iter()
                .map(|value| format!("{kind}: no change of spec.{} leads to {value} or from it", field.path)),
        );
        changes.extend(all);
    }
    let is_field = |change: &&Change| fields.iter().any(|field| field.path == change.path);
    let stale = table.iter().filter(|change| !is_field(change));
    lacks.extend(
        stale.map(|change| format!("{kind} has no field spec.{}: take it out of the table", change.path)),
    );
    ensure!(lacks.is_empty(), "{}", lacks.join("\n"));
    Ok(changes)
}

/// What follows from the schema.
fn guessed(field: &Field, base: &Value) -> Vec<Change> {
    let others = field.others(at(base, &field.path));
    others.into_iter().map(|value| Change::new(&field.path, nested(&field.path, value))).collect()
}

/// Values of an enum that no change leads to or from.
fn missed(field: &Field, base: &Value, changes: &[Change]) -> Vec<Value> {
    let default = field.schema.default.as_ref().map(|value| value.0.clone());
    let is_met = |value: &Value| {
        let is = |spec: &Value| at(spec, &field.path) == Some(value);
        default.as_ref() == Some(value)
            || is(base)
            || changes.iter().any(|change| is(&change.with) || is(&change.to))
    };
    field.values().into_iter().filter(|value| !is_met(value)).collect()
}

/// What a spec has at a path, which does not lead into lists.
fn at<'a>(spec: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(spec, |value, name| value.get(name))
}

/// A value under the names of a path.
fn nested(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |inner, name| json!({ name: inner }))
}

/// A merge patch (RFC 7386) laid over a value.
#[must_use]
pub(super) fn merged(base: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut whole = base.as_object().cloned().unwrap_or_default();
    for (name, value) in patch {
        match value {
            Value::Null => drop(whole.remove(name)),
            value => {
                let inner = merged(whole.get(name).unwrap_or(&Value::Null), value);
                whole.insert(name.clone(), inner);
            }
        }
    }
    Value::Object(whole)
}

/// The merge patch that undoes one.
fn undone(patch: &Value, before: &Value) -> Value {
    match (patch, before) {
        (Value::Object(patch), Value::Object(before)) => {
            let names = patch.iter().map(|(name, value)| {
                let was = before.get(name).map_or(Value::Null, |was| undone(value, was));
                (name.clone(), was)
            });
            Value::Object(names.collect::<Map<_, _>>())
        }
        // A map that takes the place of what was none goes as a whole.
        (_, before) => before.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables::Subject;
    use super::*;

    #[test]
    fn every_field_of_every_kind_is_accounted_for() {
        let subjects = Subject::all_for_accounting();
        let mut counted = 0;
        for crd in cyclades_crds::all() {
            let kind = crd.spec.names.kind.clone();
            let subject = subjects.iter().find(|subject| subject.kind == kind);
            let subject = subject
                .unwrap_or_else(|| panic!("{kind} is new: give it a table in tests/e2e/src/fields/tables"));
            counted += account(&crd, &subject.base, &subject.table).unwrap().len();
        }
        assert!(counted > 90, "{counted}");
    }

    #[test]
    fn a_field_that_nobody_thought_of_is_named() {
        let crd =
            cyclades_crds::all().into_iter().find(|crd| crd.spec.names.kind == "VirtualMachine").unwrap();
        let error = account(&crd, &json!({}), &[Change::new("colour", json!({}))]).unwrap_err().to_string();
        for part in ["spec.disks[].size may be", "spec.hypervisorParameters may be", "no field spec.colour"] {
            assert!(error.contains(part), "no {part:?} in {error}");
        }
        assert!(!error.contains("spec.powerPolicy"), "its schema has its values: {error}");
    }

    #[test]
    fn a_patch_is_undone_by_what_was() {
        let before = json!({"a": 1, "m": {"x": "1"}, "l": [1]});
        for patch in [
            json!({"a": 2, "b": 3}),
            json!({"m": {"x": null, "y": "2"}}),
            json!({"m": null}),
            json!({"l": [1, 2], "n": {"deep": {"er": 1}}}),
        ] {
            let after = merged(&before, &patch);
            assert_ne!(after, before, "{patch}");
            assert_eq!(merged(&after, &undone(&patch, &before)), before, "{patch}");
        }
    }
}
