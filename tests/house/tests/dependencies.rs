//! `crds ← domain ← controllers → rapi`: who may depend on whom.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use cyclades_house::{cargo, tree};

/// The product's crates and which of the workspace's crates each may use. A crate that is not here is a tool or a
/// test bed and may use anything, but nothing of the product may use it.
const MAY_USE: [(&str, &[&str]); 5] = [
    ("cyclades-crds", &[]),
    ("cyclades-domain", &["cyclades-crds"]),
    ("cyclades-controllers", &["cyclades-crds", "cyclades-domain", "ganeti-rapi"]),
    ("cyclades-cli", &["cyclades-crds", "cyclades-domain", "ganeti-rapi"]),
    ("ganeti-rapi", &[]),
];

/// Folders whose crates are tools and test beds.
const TOOLS: [&str; 2] = ["xtask", "tests/"];

/// Crates that pure code must not link: a runtime, an HTTP stack, a Kubernetes client.
const EFFECTS: [&str; 8] =
    ["tokio", "reqwest", "hyper", "hyper-util", "tower", "kube-client", "kube-runtime", "ganeti-rapi"];

/// TLS providers other than ring, of which a process must have none.
const OTHER_TLS: [&str; 5] = ["aws-lc-rs", "aws-lc-sys", "openssl", "openssl-sys", "native-tls"];

#[test]
fn the_products_crates_use_only_what_stands_below_them() -> Result<()> {
    let members = cargo::members()?;
    let mut wrong = Vec::new();
    for (name, allowed) in MAY_USE {
        let package = members.get(name).unwrap_or_else(|| panic!("{name} is gone: take it out of MAY_USE"));
        let used = package.dependencies.iter().filter(|used| used.kind.as_deref() != Some("dev"));
        for used in
            used.filter(|used| members.contains_key(&used.name) && !allowed.contains(&used.name.as_str()))
        {
            wrong.push(format!("{name} must not use {}", used.name));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    Ok(())
}

#[test]
fn every_member_has_its_place() -> Result<()> {
    let product: BTreeSet<_> = MAY_USE.iter().map(|(name, _)| *name).collect();
    let manifest = std::fs::read_to_string(tree::root().join("Cargo.toml"))?;
    for name in cargo::members()?.keys().filter(|name| !product.contains(name.as_str())) {
        let folder = folder_of(name)?;
        assert!(
            manifest.contains(&format!("\"{folder}\"")),
            "{name} in {folder} is no member of the workspace"
        );
        assert!(
            TOOLS.iter().any(|tools| folder.starts_with(tools)),
            "{name} in {folder} is new: say in MAY_USE which crates it may use"
        );
    }
    Ok(())
}

/// The folder of a member, from the root.
fn folder_of(name: &str) -> Result<String> {
    let stated = format!("name = \"{name}\"");
    let manifests = tree::files(".")?.into_iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    let mut folders = manifests.filter(|file| file.text.lines().any(|line| line == stated));
    let file = folders.next().unwrap_or_else(|| panic!("no Cargo.toml names {name}"));
    Ok(file.path.trim_end_matches("/Cargo.toml").trim_start_matches("./").to_owned())
}

#[test]
fn pure_crates_link_no_effects() -> Result<()> {
    for name in ["cyclades-crds", "cyclades-domain"] {
        let linked = cargo::linked(name)?;
        assert!(linked.contains("serde"), "cargo tree shows what {name} links");
        let effects: Vec<_> = EFFECTS.iter().filter(|effect| linked.contains(**effect)).collect();
        assert!(
            effects.is_empty(),
            "{name} links {effects:?}: `cargo tree -p {name} -e normal -i {}` shows how",
            effects[0]
        );
    }
    Ok(())
}

#[test]
fn the_rapi_client_knows_nothing_of_kubernetes() -> Result<()> {
    let linked = cargo::linked("ganeti-rapi")?;
    assert!(linked.contains("tokio"), "cargo tree shows what it links");
    let known: Vec<_> = linked
        .iter()
        .filter(|name| name.starts_with("kube") || name.starts_with("k8s") || name.starts_with("cyclades"))
        .collect();
    assert!(known.is_empty(), "ganeti-rapi links {known:?}");
    Ok(())
}

#[test]
fn ring_is_the_one_tls_provider() -> Result<()> {
    let mut found = BTreeMap::new();
    for name in cargo::members()?.keys() {
        let linked = cargo::linked(name)?;
        let other: Vec<_> = OTHER_TLS.iter().copied().filter(|provider| linked.contains(*provider)).collect();
        if !other.is_empty() {
            found.insert(name.clone(), other);
        }
    }
    assert!(
        found.is_empty(),
        "a second provider makes rustls ask which one is meant, at run time: {found:?}"
    );
    Ok(())
}
