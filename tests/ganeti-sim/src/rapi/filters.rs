//! Job filters.

use serde_json::{Value, json};

use super::instances::uri_list;
use super::query::undecodable;
use super::{Answer, Call, HttpError, Reply};
use crate::json;
use crate::query::{Selection, rule_fields};
use crate::queue::{Action, Predicate, Rule};

/// `FILTER_RULE_FIELDS`.
const FIELDS: [&str; 6] = ["watermark", "priority", "predicates", "action", "reason_trail", "uuid"];

fn names() -> Vec<String> {
    FIELDS.iter().map(|name| (*name).to_owned()).collect()
}

pub(super) fn list(call: &Call<'_>) -> Answer {
    let bulk = call.request.args.flag("bulk")?;
    let rules: Vec<Rule> = call.shared.state().rules.iter().cloned().collect();
    let rules = call.request.rows.shape(rules);
    let mut out = Vec::new();
    if bulk {
        let names = names();
        let selection = Selection::new(rule_fields(), &names);
        json::list(&mut out, &rules, |out, rule| selection.write_object(&(), rule, out));
    } else {
        let mut uuids: Vec<&str> = rules.iter().map(|rule| rule.uuid.as_str()).collect();
        uuids.sort_unstable();
        uri_list(&mut out, "uuid", "filters", &uuids);
    }
    Ok(Reply::json(out))
}

pub(super) fn get(call: &Call<'_>, uuid: &str) -> Answer {
    let rule = call.shared.state().rules.get(uuid).cloned().ok_or_else(|| HttpError::of(404))?;
    let names = names();
    let mut out = Vec::new();
    Selection::new(rule_fields(), &names).write_object(&(), &rule, &mut out);
    Ok(Reply::json(out))
}

pub(super) fn add(call: &Call<'_>) -> Answer {
    let uuid = call.shared.state().random.uuid();
    put(call, &uuid, Value::Null)
}

pub(super) fn replace(call: &Call<'_>, uuid: &str) -> Answer {
    let groups: Vec<_> = uuid.split('-').collect();
    let lengths = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]);
    if !lengths || !groups.iter().all(|group| group.bytes().all(|digit| digit.is_ascii_hexdigit())) {
        return Err(HttpError::new(500, "Unable to parse UUID"));
    }
    put(call, uuid, uuid.into())
}

pub(super) fn delete(call: &Call<'_>, uuid: &str) -> Answer {
    let mut state = call.shared.state();
    if !state.rules.remove(uuid) {
        return Err(HttpError::new(500, format!("Filter rule with UUID {uuid} does not exist")));
    }
    state.requeue_held();
    drop(state);
    call.shared.wake();
    Ok(Reply::json("null"))
}

fn put(call: &Call<'_>, uuid: &str, shown: Value) -> Answer {
    let (priority, predicates, action, reason) = read(call)?;
    let decode = || {
        let negative = |_| format!("Invalid value for non-negative type '{priority}'");
        let number = u64::try_from(priority).map_err(negative)?;
        let parsed = predicates.iter().map(Predicate::parse).collect::<Result<Vec<_>, _>>()?;
        Ok((number, parsed, Action::parse(&action)?))
    };
    let (priority, parsed, action) = decode().map_err(|error: String| {
        let arguments = json!([shown, priority, predicates, action, reason]);
        undecodable(&arguments, &error)
    })?;
    let mut state = call.shared.state();
    let (now, watermark) = (state.now().nanos(), state.queue.last());
    let trail: Vec<Value> = reason.into_iter().chain([json!(["luxid", "", now])]).collect();
    state.rules.put(Rule {
        uuid: uuid.to_owned(),
        watermark,
        priority,
        predicates: parsed,
        shown: predicates.into(),
        action,
        reason: trail.into(),
    });
    state.requeue_all();
    drop(state);
    call.shared.wake();
    Ok(Reply::json(json::bytes_of(uuid)))
}

type Parts = (i64, Vec<Value>, Value, Vec<Value>);

/// `checkFilterParameters`.
fn read(call: &Call<'_>) -> Result<Parts, HttpError> {
    let Some(Value::Object(body)) = &call.body else {
        return Err(HttpError::new(400, "Invalid body contents, not a dictionary"));
    };
    let known = ["priority", "predicates", "action", "reason"];
    if let Some(key) = body.keys().find(|key| !known.contains(&key.as_str())) {
        let text = format!("Invalid body parameters: filter rule doesn't support the parameter '{key}'");
        return Err(HttpError::new(400, text));
    }
    let wrong = |name: &str, value: &Value, expected: &str| {
        let given = crate::opcode::python_type(value);
        HttpError::new(400, format!("'{name}' parameter: Type is '{given}', but '{expected}' is expected"))
    };
    let list = |name: &str| match body.get(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items.clone()),
        Some(other) => Err(wrong(name, other, "list")),
    };
    let priority = match body.get("priority") {
        None => 0,
        Some(value) => value.as_i64().ok_or_else(|| wrong("priority", value, "int"))?,
    };
    let action = body.get("action").cloned().unwrap_or_else(|| json!("CONTINUE"));
    Ok((priority, list("predicates")?, action, list("reason")?))
}
