//! Queries.

use ganeti_rapi::{ConfigRow, Filter, QueryRow, Resource, Submit};
use ganeti_sim::{InstanceSpec, Options};
use serde_json::{Value, json};

use crate::bed::Bed;
use crate::raw::send;

async fn query(bed: &Bed, kind: &str, fields: &[&str], filter: Value) -> Value {
    let body = json!({"fields": fields, "qfilter": filter});
    let answer = send(&bed.sim, "PUT", &format!("/2/query/{kind}"), Some(body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["data"].clone()
}

#[tokio::test]
async fn ten_thousand_instances_are_listed_in_order() {
    let bed = Bed::up(Options::default());
    bed.sim.preload_instances(10_000, |index| {
        let mut spec = InstanceSpec::small(format!("web{index}.example.com"));
        spec.tags.push(format!("parity:{}", index % 2));
        spec
    });
    let body = bed.client.query_raw(Resource::Instance, ConfigRow::FIELDS, None).await.unwrap();
    let mut names = Vec::new();
    body.for_each(|row: ConfigRow<'_>| names.push(row.name.to_string())).unwrap();
    assert_eq!(names.len(), 10_000);
    assert_eq!(
        (names[2].as_str(), names[10].as_str()),
        ("web2.example.com", "web10.example.com"),
        "numbers by value"
    );
    let odd = Some(Filter::contains("tags", "parity:1"));
    let body = bed.client.query_raw(Resource::Instance, ConfigRow::FIELDS, odd).await.unwrap();
    assert_eq!(body.for_each(|_: ConfigRow<'_>| {}).unwrap(), 5_000);
    let nodes = query(&bed, "node", &["pinst_cnt", "mfree", "mtotal"], Value::Null).await;
    assert_eq!(nodes[0][0], json!([0, 10_000]));
    let (free, total) = (nodes[0][1][1].as_u64().unwrap(), nodes[0][2][1].as_u64().unwrap());
    assert_eq!(total - total / 32 - free, 160_000, "16 MiB each");
}

#[tokio::test]
async fn fields_that_are_missing_say_why() {
    let bed = Bed::up(Options::default());
    bed.sim.preload_instances(1, |_| InstanceSpec { running: false, ..InstanceSpec::small("web") });
    let fields =
        ["nic.ip/0", "disk.size/3", "oper_ram", "bogus", "network_port", "snodes", "hv/acpi", "vcpus"];
    let row =
        query(&bed, "instance", &fields, json!(["=", "uuid", bed.sim.instance("web").unwrap().uuid])).await;
    let none = json!([3, null]);
    assert_eq!(row[0], json!([none, none, none, [1, null], none, [0, []], none, [0, 1]]));
    let fields = send(&bed.sim, "GET", "/2/query/instance/fields", None).await.body["fields"].clone();
    let names: Vec<_> =
        fields.as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
    for name in
        ["be/maxmem", "disk.uuid/15", "nic.network.name/7", "hv/vnc_bind_address", "sda_size", "console"]
    {
        assert!(names.contains(&name), "{name}");
    }
}

#[tokio::test]
async fn only_new_jobs_are_asked_for() {
    let bed = Bed::up(Options::default());
    for number in 0..20 {
        bed.end(bed.client.startup_instance(&format!("nobody{number}"), &Submit::default()).await).await;
    }
    let above = query(&bed, "job", &["id", "status", "summary"], json!([">", "id", 18])).await;
    let row = |id: u64| json!([[0, id], [0, "error"], [0, [format!("INSTANCE_STARTUP(nobody{})", id - 1)]]]);
    assert_eq!(above, json!([row(19), row(20)]));
    let some = query(&bed, "job", &["id"], json!(["|", [">", "id", 19], ["=", "id", 3]])).await;
    assert_eq!(some, json!([[[0, 3]], [[0, 20]]]));
    let unknown = query(&bed, "job", &["id", "status"], json!(["=", "id", 99])).await;
    assert_eq!(unknown, json!([[[0, 99], [3, null]]]));
    let by_status =
        query(&bed, "job", &["id"], json!(["&", ["=", "status", "success"], [">", "id", 0]])).await;
    assert_eq!(by_status, json!([]));
}

#[tokio::test]
async fn every_kind_answers() {
    let bed = Bed::up(Options::default());
    for (kind, field) in [
        ("node", "name"),
        ("group", "name"),
        ("network", "name"),
        ("filter", "uuid"),
        ("lock", "name"),
        ("export", "node"),
        ("job", "id"),
        ("instance", "name"),
    ] {
        query(&bed, kind, &[field], Value::Null).await;
        let fields = send(&bed.sim, "GET", &format!("/2/query/{kind}/fields"), None).await;
        assert!(fields.body["fields"].as_array().unwrap().len() > 1, "{kind}");
    }
    for (kind, status) in [("bogus", 502), ("os", 500)] {
        let body = json!({"fields": ["name"], "qfilter": null});
        assert_eq!(
            send(&bed.sim, "PUT", &format!("/2/query/{kind}"), Some(body)).await.status,
            status,
            "{kind}"
        );
    }
    for (path, keys) in [
        ("/2/nodes?bulk=1", 31),
        ("/2/groups?bulk=1", 15),
        ("/2/info", 50),
        ("/2/nodes/node1", 31),
        ("/2/groups/default", 15),
    ] {
        let body = send(&bed.sim, "GET", path, None).await.body;
        let object = body.get(0).unwrap_or(&body).as_object().unwrap();
        assert!(object.len() >= keys, "{path}: {} keys", object.len());
    }
    assert_eq!(send(&bed.sim, "GET", "/2/os", None).await.body, json!(["noop"]));
    assert_eq!(send(&bed.sim, "GET", "/2/nodes/node1/role", None).await.body, "master");
    assert_eq!(send(&bed.sim, "GET", "/2/nodes/nothing", None).await.status, 404);
}
