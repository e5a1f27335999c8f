//! What administrators and bad luck do.

use ganeti_rapi::Failure;
use ganeti_sim::{Access, Credentials, InstanceSpec, NodeSpec, Options};

use crate::bed::{Bed, WITHIN, client};
use crate::raw;

fn one(options: Options) -> Bed {
    let bed = Bed::up(options);
    bed.sim.preload_instances(1, |_| InstanceSpec::small("web.example.com"));
    bed
}

fn status(bed: &Bed) -> &'static str {
    bed.sim.instance("web.example.com").unwrap().status
}

#[tokio::test]
async fn statuses_follow_what_happens() {
    let nodes = vec![NodeSpec::large("n1.example.com"), NodeSpec::large("n2.example.com")];
    let bed = one(Options { nodes, ..Options::default() });
    let node = bed.sim.instance("web.example.com").unwrap().node;
    assert_eq!(status(&bed), "running");
    bed.sim.crash_instance("web.example.com").unwrap();
    assert_eq!(status(&bed), "ERROR_down");
    assert!(bed.sim.crash_instance("web.example.com").is_err(), "it does not run");
    bed.sim.node_unreachable(&node, true).unwrap();
    assert_eq!(status(&bed), "ERROR_nodedown");
    bed.sim.node_offline(&node, true).unwrap();
    assert_eq!(status(&bed), "ERROR_nodeoffline");
    let path = "/2/query/instance?fields=status,oper_state,oper_ram,name";
    let row = raw::send(&bed.sim, "GET", path, None).await.body["data"][0].clone();
    let offline = serde_json::json!([[0, "ERROR_nodeoffline"], [2, null], [4, null], [0, "web.example.com"]]);
    assert_eq!(row, offline);
    bed.sim.node_offline(&node, false).unwrap();
    bed.sim.node_unreachable(&node, false).unwrap();
    let job = bed.sim.admin_shutdown("web").unwrap();
    bed.sim.wait_for("shutdown", WITHIN, |sim| sim.job(job).unwrap().status == "success").await.unwrap();
    assert_eq!(status(&bed), "ADMIN_down");
    bed.sim.wipe();
    assert_eq!((bed.sim.instance_count(), bed.sim.last_job()), (0, 1), "jobs stay");
}

#[tokio::test]
async fn a_guest_may_stay_down_only_where_it_is_allowed() {
    for (user_shutdown, wanted) in [(true, "USER_down"), (false, "ERROR_down")] {
        let bed = one(Options { user_shutdown, ..Options::default() });
        bed.sim.user_down("web.example.com").unwrap();
        assert_eq!(status(&bed), wanted);
    }
}

#[tokio::test]
async fn a_renewed_certificate_and_password_count_at_once() {
    let bed = one(Options::default());
    let before = bed.sim.certificate_sha256();
    bed.sim.renew_certificate().unwrap();
    assert_ne!(bed.sim.certificate_sha256(), before);
    assert!(matches!(bed.client.info().await, Err(Failure::UntrustedPeer(_))));
    let again = client(&bed.sim, bed.sim.write_credentials());
    again.info().await.unwrap();
    let changed = Credentials { username: "operator".to_owned(), password: "other".to_owned().into() };
    bed.sim.set_password(changed.clone(), Access::Write);
    assert!(matches!(again.info().await, Err(Failure::NotAuthorised(_))));
    client(&bed.sim, changed).info().await.unwrap();
}

#[tokio::test]
async fn the_same_seed_makes_the_same_cluster() {
    let uuids = |seed| {
        let bed = one(Options { seed, ..Options::default() });
        (bed.sim.uuid(), bed.sim.instance("web.example.com").unwrap().uuid)
    };
    assert_eq!(uuids(7), uuids(7));
    assert_ne!(uuids(7), uuids(8));
    let bed = one(Options::default());
    bed.sim.set_uuid("0b1f8c62-6f0e-4b38-a1c7-0123456789ab");
    assert_eq!(bed.client.info().await.unwrap().uuid, "0b1f8c62-6f0e-4b38-a1c7-0123456789ab");
}
