//! Changes of instances.

use ganeti_sim::{InstanceSpec, Options, Runtime, Sim};
use serde_json::{Value, json};

use crate::raw::{create, done, job, send};

async fn up(hypervisor: &str) -> Sim {
    let hypervisors = vec![hypervisor.to_owned()];
    let sim = Sim::start(Options { hypervisors, runtime: Runtime::Current, ..Options::default() }).unwrap();
    let more =
        json!({"disk_template": "file", "disks": [{"size": 64, "name": "root"}], "nics": [{"name": "eth"}]});
    done(&sim, "POST", "/2/instances", create("web", more)).await;
    sim
}

async fn modify(sim: &Sim, body: Value) -> Value {
    done(sim, "PUT", "/2/instances/web/modify", body).await
}

async fn refused(sim: &Sim, body: Value) -> Value {
    let (status, result) = job(sim, "PUT", "/2/instances/web/modify", Some(body)).await;
    assert_eq!(status, "error", "{result}");
    result
}

fn serial(sim: &Sim) -> u64 {
    sim.instance("web").unwrap().serial_no
}

#[tokio::test]
async fn a_running_guest_of_kvm_takes_devices() {
    let sim = up("kvm").await;
    let before = serial(&sim);
    let result =
        modify(&sim, json!({"hotplug": true, "nics": [["add", -1, {"mac": "aa:00:00:01:02:03"}]]})).await;
    let text = "add:mac=aa:00:00:01:02:03,ip=None,mode=bridged,link=br0,network=None";
    assert_eq!(result, json!([["nic.1", text], ["nic.1", "hotplug:done"]]));
    let result = modify(&sim, json!({"hotplug": true, "disks": [["add", -1, {"size": 33}]]})).await;
    assert_eq!(
        result,
        json!([["disk/1", "add:size=36,mode=rw"], ["disk/1", "hotplug:done"]]),
        "a multiple of 4"
    );
    assert_eq!(serial(&sim), before + 2);
    let taken = refused(&sim, json!({"nics": [["add", -1, {"mac": "aa:00:00:01:02:03"}]]})).await;
    assert_eq!(taken[1][1], "resource_not_unique");
    modify(
        &sim,
        json!({"hotplug": true, "disks": [["remove", "root", {}]], "nics": [["remove", "eth", {}]]}),
    )
    .await;
    let web = sim.instance("web").unwrap();
    assert_eq!((web.disks_mib, web.macs), (vec![36], vec!["aa:00:00:01:02:03".to_owned()]));
    modify(&sim, json!({"nics": [["remove", 0, {}]]})).await;
    modify(&sim, json!({"nics": [["add", -1, {"mac": "aa:00:00:01:02:03"}]]})).await;
}

#[tokio::test]
async fn fake_guests_take_none_while_they_run() {
    let sim = up("fake").await;
    let result = refused(&sim, json!({"hotplug": true, "nics": [["add", -1, {}]]})).await;
    assert_eq!(result[1][1], "wrong_state");
    let result = refused(&sim, json!({"disks": [["remove", 0, {}]]})).await;
    assert!(result[1][0].as_str().unwrap().contains("without using hotplug"), "{result}");
    let result = refused(&sim, json!({"disks": [["modify", 0, {"size": 128}]]})).await;
    assert_eq!(result[1][0], "Disk size change not possible, use grow-disk");
    let result = refused(&sim, json!({"nics": [["modify", "nothing", {"ip": "192.0.2.1"}]]})).await;
    assert_eq!(
        result,
        json!(["OpPrereqError", ["Cannot find NIC with identifier nothing", "unknown_entity"]])
    );
    modify(&sim, json!({"disks": [["modify", "root", {"name": "system"}]]})).await;
    modify(&sim, json!({"nics": [["modify", "eth", {"ip": "192.0.2.1"}]]})).await;
    assert_eq!(sim.instance("web").unwrap().ips, [Some("192.0.2.1".to_owned())]);
}

#[tokio::test]
async fn parameters_merge_and_go_back() {
    let sim = up("kvm").await;
    modify(&sim, json!({"hvparams": {"acpi": "false", "kernel_path": ""}, "osparams": {"ssh_key": "a"}}))
        .await;
    let path = "/2/query/instance?fields=hv/acpi,custom_hvparams,osparams,be/vcpus";
    let row = send(&sim, "GET", path, None).await.body["data"][0].clone();
    let wanted = json!([[0, false], [0, {"acpi": false, "kernel_path": ""}], [0, {"ssh_key": "a"}], [0, 1]]);
    assert_eq!(row, wanted);
    modify(&sim, json!({"hvparams": {"acpi": "default"}, "osparams": {"ssh_key": "default"}})).await;
    let row = send(&sim, "GET", path, None).await.body["data"][0].clone();
    assert_eq!(row, json!([[0, true], [0, {"kernel_path": ""}], [0, {}], [0, 1]]));
    for (body, class) in [
        (json!({"hvparams": {"bogus": 1}}), "TypeEnforcementError"),
        (json!({"hvparams": {"xen_cmd": "xl"}}), "OpPrereqError"),
        (json!({"beparams": {"vcpus": "many"}}), "TypeEnforcementError"),
        (json!({"osparams": {"bogus": "a"}}), "OpExecError"),
        (json!({"offline": true}), "OpPrereqError"),
    ] {
        assert_eq!(refused(&sim, body.clone()).await[0], class, "{body}");
    }
    let missing = send(&sim, "PUT", "/2/instances/web/modify", None).await;
    assert_eq!(missing.status, 500);
}

#[tokio::test]
async fn disks_grow_names_change_and_an_os_is_put_on_again() {
    let sim = up("fake").await;
    done(&sim, "POST", "/2/instances/web/disk/0/grow", json!({"amount": 128, "absolute": true})).await;
    assert_eq!(sim.instance("web").unwrap().disks_mib, [128]);
    let (_, result) =
        job(&sim, "POST", "/2/instances/web/disk/0/grow", Some(json!({"amount": 64, "absolute": true})))
            .await;
    assert_eq!(result[1][1], "wrong_state");
    let uuid = sim.instance("web").unwrap().uuid;
    let rename = json!({"new_name": "web2", "name_check": false, "ip_check": false});
    let (_, result) = job(&sim, "PUT", "/2/instances/web/rename", Some(rename.clone())).await;
    assert_eq!(result[1][1], "wrong_state", "it runs");
    done(&sim, "PUT", "/2/instances/web/shutdown", json!({})).await;
    done(&sim, "PUT", "/2/instances/web/rename", rename).await;
    assert_eq!(sim.instance("web2").unwrap().uuid, uuid);
    assert!(sim.instance("web").is_none());
    done(&sim, "POST", "/2/instances/web2/reinstall", json!({"os": "noop", "start": true})).await;
    let last = sim.jobs().pop().unwrap();
    assert_eq!(last.opcodes, ["OP_INSTANCE_SHUTDOWN", "OP_INSTANCE_REINSTALL", "OP_INSTANCE_STARTUP"]);
    assert_eq!(sim.instance("web2").unwrap().status, "running");
    done(&sim, "PUT", "/2/instances/web2/shutdown", json!({})).await;
    done(&sim, "PUT", "/2/instances/web2/modify", json!({"offline": true})).await;
    assert_eq!(sim.instance("web2").unwrap().status, "ADMIN_offline");
    let (_, result) = job(&sim, "PUT", "/2/instances/web2/startup", None).await;
    assert_eq!(result[1][1], "wrong_state");
}

#[tokio::test]
async fn a_tag_it_has_counts_nothing() {
    let sim = up("fake").await;
    assert!(!sim.add_foreign_instance(InstanceSpec::small("web")), "the name is taken");
    done(&sim, "PUT", "/2/instances/web/tags?tag=a&tag=b", json!({})).await;
    let before = serial(&sim);
    done(&sim, "PUT", "/2/instances/web/tags?tag=a", json!({})).await;
    assert_eq!(serial(&sim), before);
    done(&sim, "DELETE", "/2/instances/web/tags?tag=b", json!({})).await;
    assert_eq!((serial(&sim), sim.instance("web").unwrap().tags), (before + 1, vec!["a".to_owned()]));
}
