//! Every example is what its kind takes.

use anyhow::{Context as _, Result};
use cyclades_crds::{Flavor, GanetiBackend, Image, LinkPool, Network, Subnet, VirtualMachine, VolumeType};
use cyclades_house::{manifests, tree};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

#[test]
fn every_example_parses_to_the_last_field() -> Result<()> {
    let files = tree::files("examples")?;
    let manifests = files.iter().filter(|file| file.is("yaml") || file.is("yml"));
    let mut seen = 0;
    for file in manifests {
        for document in manifests::documents(file)? {
            let lost = unknown_fields(&document).with_context(|| file.path.clone())?;
            assert_eq!(lost, Vec::<String>::new(), "{}: the kind has no such fields", file.path);
            seen += 1;
        }
    }
    assert!(seen > 4, "the examples are found");
    Ok(())
}

fn unknown_fields(document: &Value) -> Result<Vec<String>> {
    match document["kind"].as_str().unwrap_or_default() {
        "Flavor" => round_trip::<Flavor>(document),
        "GanetiBackend" => round_trip::<GanetiBackend>(document),
        "Image" => round_trip::<Image>(document),
        "VirtualMachine" => round_trip::<VirtualMachine>(document),
        "VolumeType" => round_trip::<VolumeType>(document),
        "LinkPool" => round_trip::<LinkPool>(document),
        "Network" => round_trip::<Network>(document),
        "Subnet" => round_trip::<Subnet>(document),
        "Namespace" => round_trip::<Namespace>(document),
        "Secret" => {
            // The API server turns stringData into data; the type has it as it is written.
            round_trip::<Secret>(document)
        }
        kind => anyhow::bail!("an example of the kind {kind:?}, which this test does not know: teach it"),
    }
}

fn round_trip<K: Serialize + DeserializeOwned>(document: &Value) -> Result<Vec<String>> {
    let read: K = serde_json::from_value(document.clone())?;
    Ok(manifests::lost(document, &serde_json::to_value(read)?))
}
