//! Writes: what an API server checks and fills in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::changes::Change;
use crate::kind::Kind;
use crate::merge::merge;
use crate::meta::{finalizers, is_deleting, keep_own};
use crate::reply::Refused;
use crate::schema;
use crate::state::{Place, State};

/// The place of an object.
pub(crate) fn place(kind: &Kind, namespace: Option<&str>, name: &str) -> Place {
    (kind.plural.clone(), namespace.unwrap_or("").to_owned(), name.to_owned())
}

/// Words for an object in an answer: `virtualmachines.cyclades.io "web"`.
fn words(kind: &Kind, name: &str) -> String {
    let dot = if kind.group.is_empty() { "" } else { "." };
    format!("{}{dot}{} {name:?}", kind.plural, kind.group)
}

fn not_found(kind: &Kind, name: &str) -> Refused {
    Refused::new(404, format!("{} not found", words(kind, name)))
}

impl State {
    /// Reads an object.
    pub fn read(&self, kind: &Kind, namespace: Option<&str>, name: &str) -> Result<&Value, Refused> {
        self.objects.get(&place(kind, namespace, name)).ok_or_else(|| not_found(kind, name))
    }

    /// Creates an object.
    pub fn create(
        &mut self,
        kind: &Kind,
        namespace: Option<&str>,
        mut object: Value,
    ) -> Result<Value, Refused> {
        if !object["metadata"].is_object() {
            return Err(Refused::new(400, "the object has no metadata"));
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(Refused::new(422, "metadata.name: Required value: name is required"));
        }
        if let Some(namespace) = namespace {
            self.check_namespace(namespace)?;
            object["metadata"]["namespace"] = namespace.into();
        }
        let place = place(kind, namespace, &name);
        if self.objects.contains_key(&place) {
            return Err(Refused::already_exists(&words(kind, &name)));
        }
        object["apiVersion"] = kind.api_version().into();
        object["kind"] = kind.name.clone().into();
        let metadata = &mut object["metadata"];
        metadata["uid"] = self.origin.uid().into();
        metadata["creationTimestamp"] = self.origin.now().into();
        if kind.has_status {
            metadata["generation"] = 1.into();
            // The status has its own endpoint.
            if let Some(fields) = object.as_object_mut() {
                fields.remove("status");
            }
        }
        settle(kind, &mut object);
        Ok(self.commit(place, "ADDED", object))
    }

    fn check_namespace(&self, namespace: &str) -> Result<(), Refused> {
        let place = ("namespaces".to_owned(), String::new(), namespace.to_owned());
        match self.objects.contains_key(&place) {
            true => Ok(()),
            false => Err(Refused::new(404, format!("namespaces {namespace:?} not found"))),
        }
    }

    /// Applies a merge patch to an object or to its status.
    pub fn patch(
        &mut self,
        kind: &Kind,
        namespace: Option<&str>,
        name: &str,
        status: bool,
        patch: &Value,
    ) -> Result<Value, Refused> {
        let place = place(kind, namespace, name);
        let before = self.objects.get(&place).cloned().ok_or_else(|| not_found(kind, name))?;
        check_version(kind, name, &before, patch)?;
        let mut after = before.clone();
        if status {
            if let Some(patch) = patch.get("status") {
                merge(&mut after["status"], patch);
            }
        } else {
            merge(&mut after, patch);
            keep_own(&before, &mut after);
            if kind.has_status {
                restore(&before, &mut after, "status");
            }
        }
        settle(kind, &mut after);
        restore_version(&before, &mut after);
        if after == before {
            return Ok(before);
        }
        check_finalizers(kind, name, &before, &after)?;
        if kind.has_status && !status && of_spec(&before) != of_spec(&after) {
            after["metadata"]["generation"] =
                (before["metadata"]["generation"].as_i64().unwrap_or(0) + 1).into();
        }
        if is_deleting(&after) && finalizers(&after).is_empty() {
            return Ok(self.remove(place, after));
        }
        Ok(self.commit(place, "MODIFIED", after))
    }

    /// Deletes an object, or marks it where finalizers hold it.
    pub fn delete(&mut self, kind: &Kind, namespace: Option<&str>, name: &str) -> Result<Value, Refused> {
        let place = place(kind, namespace, name);
        let mut object = self.objects.get(&place).cloned().ok_or_else(|| not_found(kind, name))?;
        if finalizers(&object).is_empty() {
            return Ok(self.remove(place, object));
        }
        if is_deleting(&object) {
            return Ok(object);
        }
        let metadata = &mut object["metadata"];
        metadata["deletionTimestamp"] = self.origin.now().into();
        metadata["deletionGracePeriodSeconds"] = 0.into();
        if let Some(generation) = metadata["generation"].as_i64() {
            metadata["generation"] = (generation + 1).into();
        }
        Ok(self.commit(place, "MODIFIED", object))
    }

    fn remove(&mut self, place: Place, object: Value) -> Value {
        let object = self.commit(place.clone(), "DELETED", object);
        self.objects.remove(&place);
        object
    }

    fn commit(&mut self, place: Place, what: &'static str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        let (plural, namespace, _) = place.clone();
        let change = Change {
            version: self.version,
            at: Instant::now(),
            plural,
            namespace,
            what,
            object: object.clone(),
            before: self.objects.get(&place).cloned(),
        };
        self.changes.add(change);
        self.objects.insert(place, object.clone());
        object
    }
}

/// A version in a patch is a precondition.
fn check_version(kind: &Kind, name: &str, before: &Value, patch: &Value) -> Result<(), Refused> {
    let wanted = &patch["metadata"]["resourceVersion"];
    if wanted.is_null() || *wanted == before["metadata"]["resourceVersion"] {
        return Ok(());
    }
    let message = format!(
        "Operation cannot be fulfilled on {}: the object has been modified; please apply your changes to the latest version and try again",
        words(kind, name)
    );
    Err(Refused::new(409, message))
}

/// What is being deleted gets no new finalizers.
fn check_finalizers(kind: &Kind, name: &str, before: &Value, after: &Value) -> Result<(), Refused> {
    let known = finalizers(before);
    if !is_deleting(before) || finalizers(after).iter().all(|finalizer| known.contains(finalizer)) {
        return Ok(());
    }
    let message = format!(
        "{} is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted",
        words(kind, name)
    );
    Err(Refused::new(422, message))
}

/// Fills in defaults, and what Secrets are written with.
fn settle(kind: &Kind, object: &mut Value) {
    if let Some(schema) = &kind.schema {
        schema::fill(schema, object);
    }
    let Some(plain) = object.as_object_mut().and_then(|fields| fields.remove("stringData")) else { return };
    for (name, text) in plain.as_object().into_iter().flatten() {
        object["data"][name] = json!(STANDARD.encode(text.as_str().unwrap_or_default()));
    }
}

fn restore(before: &Value, after: &mut Value, field: &str) {
    match before.get(field) {
        Some(value) => after[field] = value.clone(),
        None => {
            if let Some(fields) = after.as_object_mut() {
                fields.remove(field);
            }
        }
    }
}

fn restore_version(before: &Value, after: &mut Value) {
    after["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"].clone();
}

/// What counts for the generation: all but metadata and status.
fn of_spec(object: &Value) -> Value {
    let mut rest = object.clone();
    if let Some(fields) = rest.as_object_mut() {
        fields.remove("metadata");
        fields.remove("status");
    }
    rest
}
