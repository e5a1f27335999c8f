//! An image as one archive: the OCI image layout, with the list that `docker load` of older versions reads.
//!
//! Source: the OCI Image Format Specification 1.1 (image-layout, config, manifest).

use anyhow::Context as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{Builder, Header};

use super::layer::PROGRAM;

/// The chart runs it as this user and group, which nobody else is.
const USER: &str = "65532:65532";

/// An archive with one image of one layer.
pub fn image(layer: &[u8], name: &str) -> anyhow::Result<Vec<u8>> {
    let layer_digest = digest(layer);
    let config = serde_json::to_vec(&json!({
        "architecture": architecture()?,
        "os": "linux",
        "config": {"Entrypoint": [PROGRAM], "User": USER},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer_digest}")]},
    }))?;
    let manifest = serde_json::to_vec(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    }))?;
    let mut listed = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
    let tag = name.rsplit_once(':').map_or("latest", |(_, tag)| tag);
    listed["annotations"] =
        json!({"org.opencontainers.image.ref.name": tag, "io.containerd.image.name": name});
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [listed],
    });
    let blob = |content: &[u8]| format!("blobs/sha256/{}", digest(content));
    let for_docker = json!([{"Config": blob(&config), "RepoTags": [name], "Layers": [blob(layer)]}]);
    let mut archive = Builder::new(Vec::new());
    add(&mut archive, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    add(&mut archive, "index.json", &serde_json::to_vec(&index)?)?;
    add(&mut archive, "manifest.json", &serde_json::to_vec(&for_docker)?)?;
    for content in [&config, &manifest, layer] {
        add(&mut archive, &blob(content), content)?;
    }
    Ok(archive.into_inner()?)
}

fn add(archive: &mut Builder<Vec<u8>>, path: &str, content: &[u8]) -> anyhow::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(content.len() as u64);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    archive.append_data(&mut header, path, content).with_context(|| path.to_owned())
}

fn descriptor(kind: &str, content: &[u8]) -> Value {
    json!({"mediaType": kind, "digest": format!("sha256:{}", digest(content)), "size": content.len()})
}

fn digest(content: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(content).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// This machine's, in Go's words, which are the specification's.
fn architecture() -> anyhow::Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        other => anyhow::bail!("images are made on x86_64 and aarch64, this machine is {other}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read as _;

    use super::*;

    #[test]
    fn every_digest_and_size_is_that_of_what_it_names() {
        let image = image(b"a layer", "registry.example.com:5000/operator:1.2").unwrap();
        let mut files = BTreeMap::new();
        for entry in tar::Archive::new(image.as_slice()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            files.insert(entry.path().unwrap().display().to_string(), content);
        }
        let read = |path: &str| serde_json::from_slice::<Value>(&files[path]).unwrap();
        let follow = |descriptor: &Value| {
            let path = descriptor["digest"].as_str().unwrap().replace("sha256:", "blobs/sha256/");
            assert_eq!(descriptor["size"], files[&path].len(), "{path}");
            assert_eq!(path, format!("blobs/sha256/{}", digest(&files[&path])));
            path
        };
        let listed = &read("index.json")["manifests"][0];
        assert_eq!(listed["annotations"]["org.opencontainers.image.ref.name"], "1.2");
        let manifest = read(&follow(listed));
        let (config, layer) = (follow(&manifest["config"]), follow(&manifest["layers"][0]));
        assert_eq!(files[&layer], b"a layer");
        assert_eq!(read(&config)["rootfs"]["diff_ids"][0], manifest["layers"][0]["digest"]);
        assert_eq!(read("manifest.json")[0]["Layers"][0], layer);
        assert_eq!(files.len(), 6);
    }
}
