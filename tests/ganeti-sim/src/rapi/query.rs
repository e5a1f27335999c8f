//! Queries of chosen fields.

use std::sync::Arc;

use serde_json::Value;

use super::{Answer, Call, HttpError, Reply, groups, networks, nodes};
use crate::json;
use crate::opcode::{OpError, ecode};
use crate::query::{
    Fields, Filter, JobRow, LockRow, Matcher, Operand, Selection, export_fields, group_fields,
    instance_fields, job_fields, job_ids, lock_fields, network_fields, node_fields, rule_fields,
    write_fields,
};
use crate::state::Instance;

/// A request that RAPI passes on and the query daemon cannot decode: its arguments and its complaint.
pub(super) fn undecodable(arguments: &Value, error: &str) -> HttpError {
    let given = json::pretty(arguments);
    HttpError::new(502, format!("Failed to parse request: Cannot convert value '{given}', error: {error}"))
}

/// How the daemon names a kind of object.
fn kind_name(kind: &str) -> Option<&'static str> {
    let names = [
        ("cluster", "ItemTypeOpCode QRCluster"),
        ("export", "ItemTypeOpCode QRExport"),
        ("filter", "ItemTypeLuxi QRFilter"),
        ("group", "ItemTypeOpCode QRGroup"),
        ("instance", "ItemTypeOpCode QRInstance"),
        ("job", "ItemTypeLuxi QRJob"),
        ("lock", "ItemTypeLuxi QRLock"),
        ("network", "ItemTypeOpCode QRNetwork"),
        ("node", "ItemTypeOpCode QRNode"),
        ("os", "ItemTypeOpCode QROs"),
    ];
    names.into_iter().find(|(name, _)| *name == kind).map(|(_, name)| name)
}

fn unknown_kind(kind: &str) -> String {
    // There is no blank.
    format!("Can't parse value '{kind}' as neitherQueryTypeLuxi nor QueryTypeOp")
}

/// A filter that does not fit the fields.
fn parameter_error(error: String) -> HttpError {
    HttpError::new(500, error)
}

pub(super) fn run(call: &Call<'_>, kind: &str) -> Answer {
    let (fields, filter) = read(call)?;
    let arguments = Value::from(vec![kind.into(), fields, filter]);
    let decoded = decode(&arguments).map_err(|error| undecodable(&arguments, &error));
    let (kind_name, fields, filter) = decoded?;
    let out = match kind {
        "instance" => instances(call, &fields, &filter)?,
        "job" => jobs(call, &fields, &filter)?,
        "node" => {
            let view = nodes::view(call);
            let rows = view.world.nodes.clone();
            write(call, node_fields(), &fields, &filter, &view, rows)?
        }
        "export" => write(call, export_fields(), &fields, &filter, &nodes::view(call), Vec::<Arc<_>>::new())?,
        "group" => {
            let view = groups::view(call);
            let rows = view.world.groups.clone();
            write(call, group_fields(), &fields, &filter, &view, rows)?
        }
        "network" => {
            let view = networks::view(call);
            let rows = view.world.networks.clone();
            write(call, network_fields(), &fields, &filter, &view, rows)?
        }
        "filter" => {
            let rows: Vec<_> = call.shared.state().rules.iter().cloned().map(Arc::new).collect();
            write(call, rule_fields(), &fields, &filter, &(), rows)?
        }
        "lock" => write(call, lock_fields(), &fields, &filter, &(), locks(call))?,
        _ => return Err(HttpError::new(500, format!("Query '{kind_name}' not supported"))),
    };
    Ok(Reply::json(out))
}

/// What is asked for: the kind, the fields, the filter.
fn decode(arguments: &Value) -> Result<(&'static str, Vec<String>, Filter), String> {
    let kind = arguments[0].as_str().unwrap_or_default();
    let name = kind_name(kind).ok_or_else(|| unknown_kind(kind))?;
    let fields = arguments[1].as_array().ok_or("Unable to read list")?;
    let fields = fields.iter().map(|field| field.as_str().map(str::to_owned)).collect::<Option<_>>();
    Ok((name, fields.ok_or("Unable to read String")?, Filter::parse(&arguments[2])?))
}

pub(super) fn fields(call: &Call<'_>, kind: &str) -> Answer {
    let names = call.request.args.first("fields").map(split);
    let names = names.as_deref();
    let mut out = Vec::new();
    match kind {
        "instance" => write_fields(instance_fields(), names, &mut out),
        "job" => write_fields(job_fields(), names, &mut out),
        "node" => write_fields(node_fields(), names, &mut out),
        "export" => write_fields(export_fields(), names, &mut out),
        "group" => write_fields(group_fields(), names, &mut out),
        "network" => write_fields(network_fields(), names, &mut out),
        "filter" => write_fields(rule_fields(), names, &mut out),
        "lock" => write_fields(lock_fields(), names, &mut out),
        other => {
            return Err(match kind_name(other) {
                Some(name) => HttpError::new(500, format!("QueryFields '{name}' not supported")),
                None => undecodable(&serde_json::json!([other, names]), &unknown_kind(other)),
            });
        }
    }
    Ok(Reply::json(out))
}

fn split(text: &str) -> Vec<String> {
    text.split(',').map(|name| name.trim().to_owned()).collect()
}

/// Fields and filter: from the URL alone with GET, from the body with PUT.
fn read(call: &Call<'_>) -> Result<(Value, Value), HttpError> {
    let from_url = || {
        let fields = call.request.args.first("fields");
        fields
            .map(|fields| split(fields).into())
            .ok_or_else(|| HttpError::new(400, "Missing 'fields' query argument"))
    };
    if call.request.method == "GET" {
        return Ok((from_url()?, Value::Null));
    }
    let Some(Value::Object(body)) = &call.body else {
        let given = call.body.as_ref().map_or("NoneType", crate::opcode::python_type);
        return Err(HttpError::new(400, format!("Body contents: Type is '{given}', but 'dict' is expected")));
    };
    let fields = match body.get("fields") {
        None => from_url()?,
        Some(fields) => fields.clone(),
    };
    let filter = body.get("qfilter").filter(|filter| !filter.is_null()).or_else(|| body.get("filter"));
    Ok((fields, filter.cloned().unwrap_or(Value::Null)))
}

/// Filters the rows and writes those that match.
fn write<C, T, R: AsRef<T> + Clone>(
    call: &Call<'_>,
    all: &'static Fields<C, T>,
    names: &[String],
    filter: &Filter,
    context: &C,
    rows: Vec<R>,
) -> Result<Vec<u8>, HttpError> {
    let matcher = Matcher::new(all, filter).map_err(parameter_error)?;
    let rows = matcher.select(context, rows).map_err(parameter_error)?;
    let rows = call.request.rows.shape(rows);
    let mut out = Vec::with_capacity(256 + rows.len() * names.len() * 24);
    Selection::new(all, names).write_query(context, rows.iter().map(AsRef::as_ref), &mut out);
    Ok(out)
}

fn instances(call: &Call<'_>, names: &[String], filter: &Filter) -> Result<Vec<u8>, HttpError> {
    let state = call.shared.state();
    let wanted = filter.requested("name").filter(|wanted| !wanted.is_empty());
    let rows: Vec<Arc<Instance>> = match wanted {
        None => state.instances.iter().cloned().collect(),
        Some(wanted) => {
            let texts = wanted.into_iter().filter_map(|operand| match operand {
                Operand::Text(text) => Some(text),
                Operand::Number(_) => None,
            });
            let find = |name: &String| {
                let found = state.instances.find(name).and_then(|slot| state.instances.get(slot).cloned());
                found.ok_or_else(|| {
                    let error = OpError::prereq(format!("Instance name {name} not found"), ecode::NOENT);
                    HttpError::internal(&error)
                })
            };
            let rows = texts.map(find).collect::<Result<Vec<_>, _>>()?;
            // Numbers only: nothing is looked up, and the comparison with a name fails.
            if rows.is_empty() { state.instances.iter().cloned().collect() } else { rows }
        }
    };
    let world = state.world();
    drop(state);
    write(call, instance_fields(), names, filter, &world, rows)
}

fn jobs(call: &Call<'_>, names: &[String], filter: &Filter) -> Result<Vec<u8>, HttpError> {
    let all = job_fields();
    let matcher = Matcher::new(all, filter).map_err(parameter_error)?;
    let state = call.shared.state();
    let requested = filter.requested("id").filter(|wanted| !wanted.is_empty());
    let rows: Vec<Arc<JobRow>> = match requested {
        Some(wanted) => {
            let mut ids = Vec::new();
            for operand in wanted {
                let id = match operand {
                    Operand::Number(number) => u64::try_from(*number).ok(),
                    Operand::Text(text) => text.parse().ok(),
                };
                let id = id.ok_or_else(|| match operand {
                    Operand::Text(text) => {
                        parameter_error(format!("parsing job id: cannot parse string '{text}'"))
                    }
                    Operand::Number(number) => parameter_error(format!("Job id is negative: {number}")),
                })?;
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            ids.into_iter().map(|id| Arc::new(JobRow { id, job: state.queue.get(id).cloned() })).collect()
        }
        None => {
            let ranges = job_ids(filter);
            let jobs = ranges.into_iter().flat_map(|(from, to)| state.queue.range(from, to));
            jobs.map(|job| Arc::new(JobRow { id: job.id, job: Some(Arc::clone(job)) })).collect()
        }
    };
    drop(state);
    let rows = matcher.select(&(), rows).map_err(parameter_error)?;
    let rows = call.request.rows.shape(rows);
    let mut out = Vec::with_capacity(256 + rows.len() * names.len() * 24);
    Selection::new(all, names).write_query(&(), rows.iter().map(AsRef::as_ref), &mut out);
    Ok(out)
}

fn locks(call: &Call<'_>) -> Vec<Arc<LockRow>> {
    let state = call.shared.state();
    let held = state.queue.locks().iter();
    let mut rows: Vec<_> = held
        .map(|(key, jobs)| Arc::new(LockRow { name: key.to_string(), jobs: jobs.iter().copied().collect() }))
        .collect();
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    rows
}
