//! The commands.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::http::Endpoint;
use super::table::{Layout, lines};

/// How long a command waits for its job.
const JOB_WITHIN: Duration = Duration::from_secs(300);
const JOB_EVERY: Duration = Duration::from_millis(50);

/// What a command was given.
#[derive(Debug, Default)]
struct Given {
    names: Vec<String>,
    fields: Option<String>,
    layout: Layout,
    submit: bool,
    offline: Option<bool>,
    renew: bool,
}

/// Reads options that commands share; those that change nothing here (`--force` …) are skipped.
fn read(words: &[String]) -> Result<Given> {
    let mut given = Given::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (option, attached) = match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let mut value = || {
            attached
                .clone()
                .or_else(|| words.next().cloned())
                .with_context(|| format!("{option} needs a value"))
        };
        match option {
            "-o" | "--output" => given.fields = Some(value()?),
            "--separator" => given.layout.separator = Some(value()?),
            "--units" => given.layout.units = Some(value()?),
            "-O" | "--offline" => given.offline = Some(value()? == "yes"),
            "--timeout" | "--shutdown-timeout" | "--reason" => drop(value()?),
            "--no-headers" => given.layout.no_headers = true,
            "--submit" => given.submit = true,
            "--new-rapi-certificate" => given.renew = true,
            "-f" | "--force" | "--yes-do-it" | "-v" | "--ignore-failures" => {}
            other if other.starts_with('-') => bail!("the option {other} is not simulated"),
            name => given.names.push(name.to_owned()),
        }
    }
    Ok(given)
}

/// Runs a command such as `gnt-instance list`.
pub fn run(control: &Endpoint, words: &[String]) -> Result<ExitCode> {
    let [program, verb, rest @ ..] = words else { bail!("use for example: gnt-instance list") };
    let given = read(rest)?;
    let program = program.trim_start_matches("gnt-");
    match (program, verb.as_str()) {
        ("instance", "list") => list(control, "instance", "name,hypervisor,os,pnode,status,oper_ram", &given),
        ("node", "list") => {
            list(control, "node", "name,dtotal,dfree,mtotal,mnode,mfree,pinst_cnt,sinst_cnt", &given)
        }
        ("job", "list") => list(control, "job", "id,status,summary", &given),
        ("group", "list") => list(control, "group", "name,node_cnt,pinst_cnt,alloc_policy,ndparams", &given),
        ("network", "list") => {
            list(control, "network", "name,network,gateway,mac_prefix,group_list,tags", &given)
        }
        ("instance", "shutdown" | "stop") => each(control, &given, "shutdown"),
        ("instance", "startup" | "start") => each(control, &given, "startup"),
        ("instance", "remove") => each(control, &given, "remove"),
        ("instance" | "node" | "group" | "network", "list-tags") => list_tags(control, program, &given),
        ("cluster", "list-tags") => print(strings(&control.get("/cluster")?["tags"])),
        (_, "add-tags" | "remove-tags") => change_tags(control, program, &given, verb == "remove-tags"),
        ("instance", "info") => info(control, "instance", &given),
        ("job", "info") => info(control, "job", &given),
        ("job", "cancel") => cancel(control, &given),
        ("cluster", "info") => cluster_info(control),
        ("cluster", "getmaster") => {
            print([control.get("/cluster")?["master"].as_str().unwrap_or_default().to_owned()])
        }
        ("cluster", "queue") => queue(control, &given),
        ("cluster", "renew-crypto") if given.renew => {
            control.post("/certificate", &Value::Null)?;
            Ok(ExitCode::SUCCESS)
        }
        ("node", "modify") => node_modify(control, &given),
        _ => bail!("gnt-{program} {verb} is not simulated"),
    }
}

fn print(lines: impl IntoIterator<Item = String>) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn query(control: &Endpoint, kind: &str, fields: &[&str], filter: &Value) -> Result<Value> {
    control.post(&format!("/query/{kind}"), &json!({"fields": fields, "qfilter": filter}))
}

/// `["|", ["=", field, name], …]`, or no filter for no names.
fn by_name(kind: &str, names: &[String]) -> Value {
    if names.is_empty() {
        return Value::Null;
    }
    let equal = |name: &String| match (kind, name.parse::<u64>()) {
        ("job", Ok(id)) => json!(["=", "id", id]),
        _ => json!(["=", "name", name]),
    };
    let parts: Vec<Value> = std::iter::once(json!("|")).chain(names.iter().map(equal)).collect();
    parts.into()
}

fn list(control: &Endpoint, kind: &str, default: &str, given: &Given) -> Result<ExitCode> {
    let fields = match given.fields.as_deref() {
        None => default.to_owned(),
        Some(more) => {
            more.strip_prefix('+').map_or_else(|| more.to_owned(), |more| format!("{default},{more}"))
        }
    };
    let fields: Vec<&str> = fields.split(',').collect();
    let answer = query(control, kind, &fields, &by_name(kind, &given.names))?;
    print(lines(&answer, &given.layout))
}

/// Does something to each instance and waits for it.
fn each(control: &Endpoint, given: &Given, verb: &str) -> Result<ExitCode> {
    if given.names.is_empty() {
        bail!("name an instance");
    }
    let mut code = ExitCode::SUCCESS;
    for name in &given.names {
        let job = control.post(&format!("/instance/{verb}"), &json!({"name": name}))?["job"].clone();
        if given.submit {
            print([format!("JobID: {job}")])?;
        } else if !succeeded(control, &job)? {
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

/// Waits for a job, and tells of its failure.
fn succeeded(control: &Endpoint, job: &Value) -> Result<bool> {
    let started = Instant::now();
    loop {
        let answer = query(control, "job", &["status", "opresult"], &json!(["=", "id", job]))?;
        let row = &answer["data"][0];
        match row[0][1].as_str() {
            Some("success") => return Ok(true),
            Some("error" | "canceled") => {
                let text = format!("Failure: job {job} failed: {}", row[1][1]);
                writeln!(std::io::stderr(), "{text}")?;
                return Ok(false);
            }
            _ if started.elapsed() > JOB_WITHIN => bail!("job {job} has not ended within {JOB_WITHIN:?}"),
            _ => pause(),
        }
    }
}

/// The pace of polling.
fn pause() {
    std::thread::park_timeout(JOB_EVERY);
}

fn list_tags(control: &Endpoint, kind: &str, given: &Given) -> Result<ExitCode> {
    let answer = query(control, kind, &["tags"], &by_name(kind, &given.names))?;
    print(strings(&answer["data"][0][0][1]))
}

fn change_tags(control: &Endpoint, program: &str, given: &Given, remove: bool) -> Result<ExitCode> {
    let kind = if program == "group" { "nodegroup" } else { program };
    let (name, tags) = if program == "cluster" {
        (None, given.names.as_slice())
    } else {
        let (name, tags) = given.names.split_first().context("name an object and its tags")?;
        (Some(name), tags)
    };
    let body = json!({"kind": kind, "name": name, "tags": tags, "remove": remove});
    let job = control.post("/tags", &body)?["job"].clone();
    Ok(if succeeded(control, &job)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

const INSTANCE_INFO: &[&str] = &[
    "name",
    "uuid",
    "serial_no",
    "status",
    "admin_state",
    "pnode",
    "os",
    "hypervisor",
    "disk_template",
    "disk.sizes",
    "nic.macs",
    "nic.ips",
    "be/maxmem",
    "be/vcpus",
    "osparams",
    "tags",
];
const JOB_INFO: &[&str] = &["id", "status", "summary", "ops", "opstatus", "opresult", "oplog"];

fn info(control: &Endpoint, kind: &str, given: &Given) -> Result<ExitCode> {
    let fields = if kind == "job" { JOB_INFO } else { INSTANCE_INFO };
    let answer = query(control, kind, fields, &by_name(kind, &given.names))?;
    for row in answer["data"].as_array().into_iter().flatten() {
        print(fields.iter().enumerate().map(|(index, field)| format!("{field}: {}", row[index][1])))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn cancel(control: &Endpoint, given: &Given) -> Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for id in &given.names {
        let id: u64 = id.parse().with_context(|| format!("{id} is no job's number"))?;
        if control.post("/job/cancel", &json!({"id": id}))?["cancelled"] != true {
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

fn cluster_info(control: &Endpoint) -> Result<ExitCode> {
    let info = control.get("/cluster")?;
    let text = |key: &str| info[key].as_str().unwrap_or_default().to_owned();
    let list = |key: &str| strings(&info[key]).join(", ");
    print([
        format!("Cluster name: {}", text("name")),
        format!("Cluster UUID: {}", text("uuid")),
        format!("Master node: {}", text("master")),
        format!("Tags: {}", if list("tags").is_empty() { "(none)".to_owned() } else { list("tags") }),
        format!("Default hypervisor: {}", strings(&info["hypervisors"]).first().cloned().unwrap_or_default()),
        format!("Enabled hypervisors: {}", list("hypervisors")),
        format!("Enabled disk templates: {}", list("disk_templates")),
        format!("Software version: {}", text("software_version")),
    ])
}

fn queue(control: &Endpoint, given: &Given) -> Result<ExitCode> {
    match given.names.first().map(String::as_str) {
        Some("drain") => control.post("/queue", &json!({"drained": true}))?,
        Some("undrain") => control.post("/queue", &json!({"drained": false}))?,
        Some("info") => {
            let drained = control.get("/cluster")?["drained"] == true;
            return print([format!("The drain flag is {}", if drained { "set" } else { "unset" })]);
        }
        _ => bail!("use drain, undrain or info"),
    };
    Ok(ExitCode::SUCCESS)
}

fn node_modify(control: &Endpoint, given: &Given) -> Result<ExitCode> {
    let offline = given.offline.context("only -O yes and -O no are simulated")?;
    for name in &given.names {
        control.post("/node", &json!({"name": name, "offline": offline}))?;
    }
    Ok(ExitCode::SUCCESS)
}
