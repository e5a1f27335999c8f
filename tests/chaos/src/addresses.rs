//! What must hold of addresses and MACs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::Failure;
use crate::check::broken;
use crate::scene::{Scene, id_of};
use crate::stage::Stage;

/// One claim of a block.
#[derive(Debug)]
struct Claim<'a> {
    network: &'a str,
    place: Option<(u64, u64)>,
    mac: Option<&'a str>,
    owner: &'a str,
    nic: &'a str,
}

fn claims(scene: &Scene) -> Vec<Claim<'_>> {
    scene.blocks.iter().flat_map(claims_of).collect()
}

fn claims_of(block: &Value) -> Vec<Claim<'_>> {
    let spec = &block["spec"];
    let all = spec["claims"].as_array().map(Vec::as_slice).unwrap_or_default();
    let claims = all.iter().map(|claim| Claim {
        network: spec["network"].as_str().unwrap_or_default(),
        place: claim["at"].as_u64().map(|at| (spec["index"].as_u64().unwrap_or_default(), at)),
        mac: claim["mac"].as_str(),
        owner: claim["owner"].as_str().unwrap_or_default(),
        nic: claim["nic"].as_str().unwrap_or_default(),
    });
    claims.collect()
}

/// No address and no MAC is anybody's twice, nor what an instance has somebody else's.
pub(crate) fn are_given_once(scene: &Scene) -> Result<(), Failure> {
    let (mut places, mut macs) = (BTreeMap::new(), BTreeMap::new());
    for claim in claims(scene) {
        let who = (claim.owner, claim.nic);
        if let Some(place) = claim.place
            && let Some(other) = places.insert((claim.network, place), who)
        {
            return broken(format!(
                "place {place:?} of network {} is {who:?}'s and {other:?}'s",
                claim.network
            ));
        }
        if let Some(mac) = claim.mac
            && let Some(other) = macs.insert(mac, who)
        {
            return broken(format!("MAC {mac} is {who:?}'s and {other:?}'s"));
        }
    }
    let mut used = BTreeSet::new();
    for instance in &scene.instances {
        let Some(machine) = instance.machine() else { continue };
        for mac in &instance.macs {
            if !used.insert(mac.as_str()) {
                return broken(format!("MAC {mac} is in use twice"));
            }
            // A machine that is gone has been looked at before its instances were.
            let is_there = scene.machine(machine).is_some();
            if is_there && macs.get(mac.as_str()).is_none_or(|(owner, _)| *owner != machine) {
                return broken(format!(
                    "instance {} has MAC {mac}, which is not claimed for it",
                    instance.name
                ));
            }
        }
    }
    Ok(())
}

/// At rest, machines that say Ready have what they tell; networks that are gone have left nothing, nor those on clusters
/// that nobody needs.
pub(crate) async fn are_given_back(stage: &Stage, scene: &Scene) -> Result<(), Failure> {
    let ids: BTreeSet<String> = scene.networks.iter().map(id_of).collect();
    let claims = claims(scene);
    if let Some(claim) = claims.iter().find(|claim| !ids.contains(claim.network)) {
        return broken(format!("{claim:?} is left, and its network is gone"));
    }
    for machine in &scene.machines {
        for nic in machine["status"]["nics"].as_array().into_iter().flatten() {
            let is_it =
                |claim: &&Claim<'_>| claim.mac == nic["macAddress"].as_str() && claim.owner == id_of(machine);
            if !claims.iter().any(|claim| is_it(&claim)) {
                return broken(format!(
                    "machine {} tells {nic}, which it has not",
                    machine["metadata"]["name"]
                ));
            }
        }
    }
    let needs = scene.machines.iter().any(|machine| machine["spec"]["nics"].is_array());
    for ganeti in stage.ganetis.iter().filter(|_| !needs) {
        let left = ganeti.networks().await.map_err(Failure::Stage)?;
        if let Some(network) = left.first() {
            return broken(format!("network {network} is left on {}, and nobody needs it", ganeti.backend()));
        }
    }
    Ok(())
}
