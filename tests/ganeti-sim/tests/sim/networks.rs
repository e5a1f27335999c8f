//! Networks, their addresses, and the groups they are connected to.

use ganeti_sim::{Options, Runtime, Sim};
use serde_json::{Value, json};

use crate::raw::{create, done, job, send};

async fn up() -> Sim {
    let sim = Sim::start(Options { runtime: Runtime::Current, ..Options::default() }).unwrap();
    let add = json!({
        "network_name": "net", "network": "192.0.2.0/29", "gateway": "192.0.2.1", "mac_prefix": "aa:bb:cc",
        "conflicts_check": false, "tags": ["a"],
    });
    done(&sim, "POST", "/2/networks", add).await;
    sim
}

async fn connect(sim: &Sim) {
    let body = json!({"group_name": "default", "network_mode": "bridged", "network_link": "br0", "conflicts_check": false});
    done(sim, "PUT", "/2/networks/net/connect", body).await;
}

fn nic(ip: &str) -> Value {
    json!({"nics": [{"network": "net", "ip": ip}]})
}

async fn error(sim: &Sim, method: &str, path: &str, body: Value) -> Value {
    let (status, result) = job(sim, method, path, Some(body)).await;
    assert_eq!(status, "error", "{path}: {result}");
    result[1].clone()
}

#[tokio::test]
async fn addresses_come_from_the_pool_and_go_back() {
    let sim = up().await;
    let late = error(&sim, "POST", "/2/instances", create("early", nic("pool"))).await;
    assert!(
        late[0].as_str().unwrap().contains("group default is not connected to a network required"),
        "{late}"
    );
    connect(&sim).await;
    for (name, ip) in [("a", "192.0.2.2"), ("b", "192.0.2.3")] {
        done(&sim, "POST", "/2/instances", create(name, nic("pool"))).await;
        let instance = sim.instance(name).unwrap();
        assert_eq!(instance.ips, [Some(ip.to_owned())]);
        assert!(instance.macs[0].starts_with("aa:bb:cc:"), "{:?}", instance.macs);
    }
    let taken = error(&sim, "POST", "/2/instances", create("c", nic("192.0.2.3"))).await;
    assert_eq!(
        taken,
        json!([
            "IP address 192.0.2.3 already in use or does not belong to network net",
            "resource_not_unique"
        ])
    );
    done(&sim, "DELETE", "/2/instances/a", json!({})).await;
    done(&sim, "POST", "/2/instances", create("c", nic("pool"))).await;
    assert_eq!(sim.instance("c").unwrap().ips, [Some("192.0.2.2".to_owned())], "the lowest free one");
    for name in ["d", "e", "f"] {
        done(&sim, "POST", "/2/instances", create(name, nic("pool"))).await;
    }
    let full = error(&sim, "POST", "/2/instances", create("g", nic("pool"))).await;
    assert_eq!(full, json!(["Unable to get a free IP for NIC 0 from the address pool", "wrong_state"]));
    let shown = send(&sim, "GET", "/2/networks/net", None).await.body;
    assert_eq!((&shown["map"], &shown["free_count"]), (&json!("XXXXXXXX"), &json!(0)));
    assert_eq!(shown["external_reservations"], "192.0.2.0, 192.0.2.1, 192.0.2.7");
    assert_eq!(shown["group_list"], json!([["default", "bridged", "br0", ""]]));
}

#[tokio::test]
async fn a_network_in_use_stays_connected() {
    let sim = up().await;
    connect(&sim).await;
    connect(&sim).await;
    let again = json!({"network_name": "net", "network": "198.51.100.0/24"});
    assert_eq!(error(&sim, "POST", "/2/networks", again).await[1], "already_exists");
    let connected = error(&sim, "DELETE", "/2/networks/net", json!({})).await;
    assert_eq!(connected, json!(["Network still connected", "wrong_state"]));
    done(&sim, "POST", "/2/instances", create("a", nic("pool"))).await;
    let group = json!({"group_name": "default"});
    assert_eq!(error(&sim, "PUT", "/2/networks/net/disconnect", group.clone()).await[1], "wrong_state");
    done(
        &sim,
        "PUT",
        "/2/instances/a/modify",
        json!({"nics": [["modify", 0, {"network": "none", "ip": "none"}]]}),
    )
    .await;
    done(&sim, "PUT", "/2/networks/net/disconnect", group).await;
    done(&sim, "DELETE", "/2/networks/net", json!({})).await;
    assert_eq!(send(&sim, "GET", "/2/networks/net", None).await.status, 404);
    let unknown = error(&sim, "DELETE", "/2/networks/net", json!({})).await;
    assert_eq!(unknown, json!(["Network 'net' not found", "unknown_entity"]));
}

#[tokio::test]
async fn bounds_are_ganetis() {
    let sim = up().await;
    for (network, fits) in
        [("10.0.0.0/15", false), ("10.0.0.0/16", true), ("10.1.0.0/30", true), ("10.1.0.4/31", false)]
    {
        let body = json!({"network_name": format!("n-{}", network.len()), "network": network, "conflicts_check": false});
        let name = network.replace(['/', '.'], "-");
        let body =
            json!({"network_name": name, "network": network, "conflicts_check": body["conflicts_check"]});
        let (status, result) = job(&sim, "POST", "/2/networks", Some(body)).await;
        assert_eq!(status == "success", fits, "{network}: {result}");
    }
    let body = json!({"network_name": "bad", "network": "nothing"});
    assert_eq!(send(&sim, "POST", "/2/networks", Some(body)).await.status, 400);
    done(&sim, "PUT", "/2/networks/net/modify", json!({"add_reserved_ips": ["192.0.2.2"]})).await;
    let shown = send(&sim, "GET", "/2/networks/net", None).await.body;
    assert_eq!((&shown["map"], &shown["tags"]), (&json!("XXX....X"), &json!(["a"])));
}
