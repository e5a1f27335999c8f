//! What becomes of what is found.

use cyclades_crds::{Flavor, Image, VolumeType};
use cyclades_domain::naming::Owner;
use serde_json::{Value, json};
use uuid::Uuid;

use super::catalog::Catalog;
use super::{Imported, Wish, import};
use crate::fixtures::{machine, scene};
use crate::inventory::Found;
use crate::yaml;

const ID: &str = "6d1b3ff4-5a4c-4d42-9c3a-8e7f00000001";

fn found(name: &str) -> Found {
    Found {
        name: name.to_owned(),
        uuid: ID.to_owned(),
        owner: Owner::Nobody,
        machine: None,
        user_tags: Vec::new(),
        runs: true,
        os: "noop".to_owned(),
        disk_template: "file".to_owned(),
        disks_mib: vec![64],
        nics: 0,
        vcpus: 2,
        memory_mib: 2048,
    }
}

fn catalog() -> Catalog {
    let scene = scene();
    let flavors: Vec<Flavor> = scene.flavors.values().filter_map(|it| it.found().cloned()).collect();
    let volume_types: Vec<VolumeType> =
        scene.volume_types.values().filter_map(|it| it.found().cloned()).collect();
    let images: Vec<Image> = scene.images.values().filter_map(|it| it.found().cloned()).collect();
    Catalog::new(flavors, volume_types, images)
}

fn imported(orphans: bool, all: &[Found]) -> Imported {
    let wish = Wish { backend: "a", namespace: "shop", orphans, named: &[] };
    import(&wish, all, &[], catalog())
}

fn kinds(manifests: &[Value]) -> Vec<&str> {
    manifests.iter().map(|manifest| manifest["kind"].as_str().unwrap_or_default()).collect()
}

#[test]
fn what_fits_is_referred_to_and_what_is_missing_is_written_once() {
    let small = Found { vcpus: 1, memory_mib: 1024, disks_mib: Vec::new(), ..found("small.example.com") };
    let big = found("big.example.com");
    let twin = Found { os: "other+v1".to_owned(), ..found("twin.example.com") };
    let Imported { manifests, notes, .. } = imported(false, &[big, small, twin]);
    assert_eq!(kinds(&manifests), ["Flavor", "Image", "VirtualMachine", "VirtualMachine", "VirtualMachine"]);
    let text = yaml::documents(&manifests);
    let wanted = "\
apiVersion: cyclades.io/v1alpha1
kind: Flavor
metadata:
  name: 2c-2048m-64m-file
spec:
  allowCreate: false
  disk: \"64Mi\"
  memory: \"2Gi\"
  vcpus: 2
  volumeTypeRef:
    name: file
---
apiVersion: cyclades.io/v1alpha1
kind: Image
metadata:
  name: other-v1
  namespace: shop
spec:
  source:
    ganetiOS:
      name: other
      variant: v1
---
apiVersion: cyclades.io/v1alpha1
kind: VirtualMachine
metadata:
  name: big.example.com
  namespace: shop
spec:
  adopt: big.example.com
  backendName: a
  flavorRef:
    name: \"2c-2048m-64m-file\"
  id: \"6d1b3ff4-5a4c-4d42-9c3a-8e7f00000001\"
  imageRef:
    name: guest
  managementPolicy: Observe
  powerState: Running
";
    let wanted = wanted.replace("  name: 2c", "  name: \"2c").replacen("64m-file\n", "64m-file\"\n", 1);
    assert!(text.starts_with(&wanted), "{text}");
    assert_eq!(manifests[3]["spec"]["flavorRef"]["name"], "small");
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn an_orphan_is_the_machine_that_its_tags_say() {
    let id = Uuid::from_u128(7);
    let orphan = Found {
        owner: Owner::Ours(id),
        machine: Some(("db".to_owned(), "main".to_owned())),
        user_tags: vec!["cyclades:user:two+words*/C3/A9".to_owned()],
        runs: false,
        ..found("cyclades-7")
    };
    let all = [orphan, found("legacy")];
    let Imported { manifests, .. } = imported(true, &all);
    let machine = manifests.last().unwrap();
    assert_eq!(machine["metadata"], json!({"name": "main", "namespace": "db"}));
    let spec = &machine["spec"];
    assert_eq!(spec["id"], id.to_string());
    assert_eq!(spec["tags"], json!(["two words_é"]));
    assert_eq!(spec["powerState"], "Stopped");
    assert!(spec.get("adopt").is_none() && spec.get("managementPolicy").is_none(), "{spec}");
    let Imported { manifests, notes, .. } = imported(false, &all);
    assert_eq!(manifests.last().unwrap()["spec"]["adopt"], "legacy");
    assert!(notes[0].contains("--orphans"), "{notes:?}");
}

#[test]
fn what_is_declared_or_anothers_is_left_out() {
    let of_another = Found { owner: Owner::Another, ..found("other") };
    let ours = Found { owner: Owner::Ours(Uuid::from_u128(7)), ..found("cyclades-7") };
    let all = [of_another, ours, found("legacy")];
    let id = Uuid::from_u128(7).to_string();
    let machines = [
        machine("web", None, json!({"id": id, "backendName": "a"})),
        machine("seen", None, json!({"adopt": "legacy", "backendName": "a"})),
    ];
    for orphans in [false, true] {
        let wish = Wish { backend: "a", namespace: "shop", orphans, named: &[] };
        let imported = import(&wish, &all, &machines, catalog());
        assert!(imported.manifests.is_empty(), "{imported:?}");
        assert!(imported.notes.iter().any(|note| note.contains("nothing to import")), "{imported:?}");
    }
    // Elsewhere it is another instance of that name.
    let wish = Wish { backend: "b", namespace: "shop", orphans: false, named: &[] };
    assert_eq!(import(&wish, &all, &machines, catalog()).manifests.len(), 2);
}

#[test]
fn what_was_asked_for_and_is_not_there_is_told() {
    let named = ["legacy".to_owned(), "nobody".to_owned()];
    let wish = Wish { backend: "a", namespace: "shop", orphans: false, named: &named };
    let imported = import(&wish, &[found("legacy"), found("more")], &[], catalog());
    assert_eq!(imported.not_there, ["nobody".to_owned()].into());
    assert_eq!(kinds(&imported.manifests), ["Flavor", "VirtualMachine"]);
}

#[test]
fn a_template_that_nothing_is_known_of_is_left_out() {
    let imported = imported(false, &[Found { disk_template: "ext".to_owned(), ..found("legacy") }]);
    assert!(imported.manifests.is_empty());
    assert!(imported.notes[0].contains("no VolumeType has disk template ext"), "{:?}", imported.notes);
}
