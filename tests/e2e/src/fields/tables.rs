//! What the fields of each kind are changed to, where their schemas alone do not tell.

use serde_json::{Value, json};

use super::change::Change;

/// A kind, with what its objects have before any change.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The kind.
    pub kind: &'static str,
    /// The spec that all have.
    pub base: Value,
    /// Changes, of which a field may have several. Fields that have none get those that follow from their schema.
    pub table: Vec<Change>,
}

/// Disk and memory of a machine's flavor, and what else a machine needs, under the names that a ground gives them.
#[must_use]
pub fn machine(namespace: &str, backend: &str) -> Subject {
    let flavor = |size: &str| format!("{namespace}-{size}");
    let base = json!({
        "flavorRef": {"name": flavor("small")}, "imageRef": {"name": "guest"}, "backendName": backend,
        "shutdownTimeoutSeconds": 0,
    });
    let mut table = at_work(&flavor("large"));
    table.extend(of_identity());
    table.extend(of_software(namespace));
    table.extend(of_devices());
    table.extend(of_rescue(namespace));
    Subject { kind: "VirtualMachine", base, table }
}

/// Power, shape, actions, tags.
fn at_work(large: &str) -> Vec<Change> {
    let action = |id: &str, kind: &str| json!({"action": {"id": id, "type": kind}});
    vec![
        Change::new("powerState", json!({"powerState": "Stopped"})).jobs(),
        Change::new("suspended", json!({"suspended": true})).jobs(),
        Change::new("flavorRef.name", json!({"flavorRef": {"name": large}})),
        Change::new("flavorRef.name", json!({"flavorRef": {"name": large}}))
            .with(json!({"resizePolicy": "Restart"}))
            .jobs(),
        // An action that came with the machine is not done, and another type under the same id is not another action.
        Change::new("action.type", action("1", "RebootHard")).with(action("1", "RebootSoft")),
        Change::new("action.id", action("2", "RebootSoft")).with(action("1", "RebootSoft")).jobs(),
        Change::new("action.id", action("2", "RebootHard")).jobs(),
        Change::new("action.type", action("2", "Rebuild")).with(action("1", "RebootSoft")).jobs(),
        Change::new("tags", json!({"tags": ["red", "blue"]})).jobs(),
        Change::new("tags", json!({"tags": ["blue"]})).with(json!({"tags": ["red", "blue"]})).jobs(),
        Change::new("metadata", json!({"metadata": {"OS": "debian"}})),
        Change::new("metadata", json!({"metadata": {"OS": null, "colour": "red"}}))
            .with(json!({"metadata": {"OS": "debian"}})),
        Change::new("protected", json!({"protected": true})),
    ]
}

/// What never changes once there is a machine.
fn of_identity() -> Vec<Change> {
    let id = "6d1b3ff4-5a4c-4d42-9c3a-8e7f00000001";
    vec![
        Change::new("id", json!({ "id": id })).refused(),
        Change::new("backendName", json!({"backendName": "another"})).refused(),
        Change::new("backendName", json!({"backendName": null})).refused(),
        Change::new("adopt", json!({"adopt": "web.example.com"})).refused(),
    ]
}

/// What is installed. The guest is left alone until it is rebuilt.
fn of_software(namespace: &str) -> Vec<Change> {
    let data = "#cloud-config\n";
    vec![
        Change::new("imageRef.name", json!({"imageRef": {"name": "other"}})),
        Change::new("imageRef.namespace", json!({"imageRef": {"namespace": format!("{namespace}-images")}})),
        Change::new("osParameters", json!({"osParameters": {"hostname": "web"}})),
        Change::new("osParameters", json!({"osParameters": {"hostname": "web2"}}))
            .with(json!({"osParameters": {"hostname": "web"}})),
        Change::new("userData", json!({ "userData": data })).refused(),
        Change::new("userData", json!({"userData": data, "action": {"id": "1", "type": "Rebuild"}}))
            .back(json!({"userData": null, "action": {"id": "2", "type": "Rebuild"}}))
            .jobs(),
    ]
}

/// Disks and parameters of the hypervisor.
fn of_devices() -> Vec<Change> {
    let disks = |size: &str| json!({"disks": [{"name": "data", "size": size}]});
    let restart = json!({"resizePolicy": "Restart"});
    let parameter = |value: &str| json!({"hypervisorParameters": {"acpi": value}});
    let mut both = restart.clone();
    both["hypervisorParameters"] = json!({"acpi": "false"});
    vec![
        // Plugged into the running guest where that can be, else as `resizePolicy` says.
        Change::new("disks", disks("16Mi")).with(restart.clone()).stays().jobs(),
        Change::new("disks", json!({"disks": null})).with(disks("16Mi")).refused(),
        Change::new("disks[].size", disks("32Mi"))
            .with(super::change::merged(&restart, &disks("16Mi")))
            .stays()
            .jobs(),
        Change::new("disks[].name", json!({"disks": [{"name": "logs", "size": "16Mi"}]}))
            .with(disks("16Mi"))
            .refused(),
        Change::new("hypervisorParameters", parameter("false")).with(restart).jobs().kvm(),
        Change::new("hypervisorParameters", parameter("true")).with(both).jobs().kvm(),
    ]
}

/// Another medium to boot from. A kernel of the node would come before it.
fn of_rescue(namespace: &str) -> Vec<Change> {
    let disk = json!({"hypervisorParameters": {"kernel_path": ""}, "rescuePolicy": "Restart"});
    let from = |name: &str| json!({"rescue": {"imageRef": {"name": name}}});
    let images = format!("{namespace}-images");
    vec![
        Change::new("rescue.imageRef.name", from("medium")).with(disk.clone()).jobs().kvm(),
        Change::new("rescue.imageRef.name", from("medium2"))
            .with(super::change::merged(&disk, &from("medium")))
            .jobs()
            .kvm(),
        Change::new("rescue.imageRef.namespace", json!({"rescue": {"imageRef": {"namespace": images}}}))
            .with(super::change::merged(&disk, &from("medium")))
            .jobs()
            .kvm(),
        Change::new("rescuePolicy", json!({"rescuePolicy": "Restart"})),
    ]
}

/// A backend that leads to a cluster at `url`, whose certificate has `pin` and is `pem`.
#[must_use]
pub fn backend(url: &str, pin: &str, pem: &str, secret: &str) -> Subject {
    let base = json!({
        "endpoints": [url], "credentialsSecretRef": {"name": secret}, "tls": {"pins": [pin]}, "drained": true,
        "polling": {"jobsSeconds": 1, "configurationSeconds": 1, "statusSeconds": 1, "clusterSeconds": 5},
        "limits": {"vcpusPerCpu": 1000},
    });
    let other = "a".repeat(64);
    let table = vec![
        // The second one is not there; the first one answers.
        Change::new("endpoints", json!({"endpoints": [url, "https://127.0.0.1:1"]})),
        Change::new(
            "credentialsSecretRef.name",
            json!({"credentialsSecretRef": {"name": format!("{secret}-other")}}),
        ),
        Change::new("tls.pins", json!({"tls": {"pins": [other, pin]}})),
        // With a pin that is not the cluster's, nothing is sent.
        Change::new("tls.pins", json!({"tls": {"pins": ["b".repeat(64)]}})),
        Change::new("tls.caBundle", json!({"tls": {"pins": null, "caBundle": pem}})),
        Change::new("instanceNamePrefix", json!({"instanceNamePrefix": "other-"})).refused(),
        Change::new("hypervisor", json!({"hypervisor": "kvm"})),
        Change::new("allowedHypervisorParameters", json!({"allowedHypervisorParameters": ["acpi"]})),
        Change::new("rescueMedia", json!({"rescueMedia": ["/srv/iso/"]})),
        Change::new("takeOverFrom", json!({"takeOverFrom": "6d1b3ff4-5a4c-4d42-9c3a-8e7f00000002"})),
    ];
    Subject { kind: "GanetiBackend", base, table }
}

/// What machines are made of: changes of it touch none that is made.
#[must_use]
pub fn catalog() -> [Subject; 3] {
    let id = json!({"id": "6d1b3ff4-5a4c-4d42-9c3a-8e7f00000003"});
    let never = |path: &str, to: Value| Change::new(path, to).refused();
    let flavor = Subject {
        kind: "Flavor",
        base: json!({"vcpus": 1, "memory": "16Mi", "disk": "16Mi", "volumeTypeRef": {"name": "file"}}),
        table: vec![
            never("id", id.clone()),
            never("vcpus", json!({"vcpus": 2})),
            never("memory", json!({"memory": "32Mi"})),
            never("disk", json!({"disk": "32Mi"})),
            never("volumeTypeRef.name", json!({"volumeTypeRef": {"name": "diskless"}})),
        ],
    };
    let os = |with: Value| json!({"source": {"ganetiOS": with}});
    let cdrom = |location: &str| json!({"source": {"ganetiOS": null, "cdrom": {"location": location}}});
    let image = Subject {
        kind: "Image",
        base: os(json!({"name": "guest"})),
        table: vec![
            never("id", id),
            Change::new("source.ganetiOS.name", os(json!({"name": "noop"}))),
            Change::new("source.ganetiOS.variant", os(json!({"variant": "alpha"}))),
            Change::new("source.ganetiOS.parameters", os(json!({"parameters": {"greeting": "hello"}}))),
            Change::new("source.ganetiOS.parameters", os(json!({"parameters": {"greeting": "good bye"}})))
                .with(os(json!({"parameters": {"greeting": "hello"}}))),
            Change::new("source.ganetiOS.allowedParameters", os(json!({"allowedParameters": ["hostname"]}))),
            Change::new("source.ganetiOS.userDataParameter", os(json!({"userDataParameter": "user_data"}))),
            Change::new("source.cdrom.location", cdrom("/srv/iso/a.iso")),
            Change::new("source.cdrom.location", cdrom("/srv/iso/b.iso"))
                .with(cdrom("/srv/iso/a.iso"))
                .alone(),
        ],
    };
    let ext = json!({"diskTemplate": "Ext", "provider": "one"});
    let volume_type = Subject {
        kind: "VolumeType",
        base: json!({"diskTemplate": "File"}),
        table: vec![
            // One change for each, as all are values that it may begin with.
            never("diskTemplate", json!({"diskTemplate": "Plain"})),
            never("diskTemplate", json!({"diskTemplate": "Drbd"})),
            never("diskTemplate", json!({"diskTemplate": "SharedFile"})),
            never("diskTemplate", json!({"diskTemplate": "Rbd"}))
                .with(json!({"diskTemplate": "Gluster"}))
                .alone(),
            never("diskTemplate", json!({"diskTemplate": "File"}))
                .with(json!({"diskTemplate": "Diskless"}))
                .alone(),
            never("diskTemplate", ext.clone()),
            Change::new("provider", json!({"provider": "two"})).with(ext.clone()).alone(),
            Change::new("parameters", json!({"parameters": {"size": "large"}})).with(ext).alone(),
        ],
    };
    [flavor, image, volume_type]
}

#[cfg(test)]
impl Subject {
    /// One of each, of places that do not exist.
    pub(super) fn all_for_accounting() -> Vec<Self> {
        let mut all = Vec::from(catalog());
        all.push(machine("default", "ganeti-1"));
        all.push(backend("https://cluster.example.com:5080", "pin", "pem", "secret"));
        all
    }
}
