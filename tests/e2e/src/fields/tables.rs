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
    table.extend(of_nics());
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

/// The NICs that a machine was made with stay as they are.
fn of_nics() -> Vec<Change> {
    let nics = |name: &str, network: &str| json!({"nics": [{"name": name, "networkRef": {"name": network}}]});
    let mut address = nics("eth0", "lan");
    address["nics"][0]["address"] = json!("10.0.0.77");
    let mut mac = nics("eth0", "lan");
    mac["nics"][0]["macAddress"] = json!("aa:00:01:23:45:67");
    let lan = nics("eth0", "lan");
    vec![
        Change::new("nics", lan.clone()).refused(),
        Change::new("nics", json!({"nics": null})).with(lan.clone()).refused(),
        Change::new("nics[].name", nics("eth1", "lan")).with(lan.clone()).refused(),
        Change::new("nics[].networkRef.name", nics("eth0", "dmz")).with(lan.clone()).refused(),
        Change::new("nics[].address", address).with(lan.clone()).refused(),
        Change::new("nics[].macAddress", mac).with(lan).refused(),
    ]
}

/// What connects machines. None of them needs a machine to be changed.
#[must_use]
pub fn networks() -> [Subject; 3] {
    let never = |path: &str, patch: Value| Change::new(path, patch).refused();
    let id = json!({"id": "6d1b3ff4-5a4c-4d42-9c3a-8e7f00000004"});
    let custom = |link: &str| json!({"type": "Custom", "link": link});
    let network = Subject {
        kind: "Network",
        base: json!({}),
        table: vec![
            never("id", id.clone()),
            never("type", custom("br1")),
            never("type", json!({"type": "MACFiltered", "link": null})).with(custom("br1")),
            never("link", custom("br2")).with(custom("br1")),
        ],
    };
    let pools = |start: &str, end: &str| json!({"allocationPools": [{"start": start, "end": end}]});
    let whole = pools("10.9.0.10", "10.9.0.20");
    let subnet = Subject {
        kind: "Subnet",
        base: json!({"networkRef": {"name": "lan"}, "cidr": "10.9.0.0/24"}),
        table: vec![
            never("id", id),
            never("networkRef.name", json!({"networkRef": {"name": "dmz"}})),
            never("cidr", json!({"cidr": "10.8.0.0/24"})),
            never("gateway", json!({"gateway": "10.9.0.1"})),
            Change::new("allocationPools[].start", pools("10.9.0.11", "10.9.0.20")).with(whole.clone()),
            Change::new("allocationPools[].end", pools("10.9.0.10", "10.9.0.21")).with(whole.clone()),
            Change::new("allocationPools", whole),
        ],
    };
    let pool = Subject {
        kind: "LinkPool",
        base: json!({"macPrefixes": {"first": "aa:0f:0", "count": 2}}),
        table: vec![
            never("macPrefixes.first", json!({"macPrefixes": {"first": "aa:0e:0"}})),
            never("macPrefixes.count", json!({"macPrefixes": {"count": 1}})),
            Change::new("macPrefixes.count", json!({"macPrefixes": {"count": 3}})).stays(),
            Change::new("reserved", json!({"reserved": ["aa:0f:1"]})),
        ],
    };
    [network, subnet, pool]
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
        Change::new("macFilteredBridge", json!({"macFilteredBridge": "prv0"})),
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
        all.extend(networks());
        // The operator's own: nobody else changes it.
        all.push(Self { kind: "IPBlock", base: json!({}), table: of_blocks() });
        all.push(machine("default", "ganeti-1"));
        all.push(backend("https://cluster.example.com:5080", "pin", "pem", "secret"));
        all
    }
}

#[cfg(test)]
fn of_blocks() -> Vec<Change> {
    ["network", "index", "claims", "claims[].at", "claims[].mac", "claims[].owner", "claims[].nic"]
        .map(|path| Change::new(path, json!({})))
        .into()
}
