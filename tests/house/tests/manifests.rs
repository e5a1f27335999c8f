//! Manifests that the API server refuses, with its own words, and such that it takes.
//!
//! A file holds any number of documents that are applied first and one, the last, that is tried: with
//! `--dry-run=server` and for real, which must say the same. Its first comment says why it is refused or accepted.
//! A `status` in a document is written through the status subresource; `# kubectl: replace` tries with that verb.
//!
//! `UPDATE_GOLDEN=1 cargo test -p cyclades-house --test manifests` writes the words anew.

#[cfg(test)]
mod bed;

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use bed::Bed;
use cyclades_house::tree::File;
use cyclades_house::{manifests, tree};
use serde_json::Value;

/// The golden file, from the root of the repository.
const GOLDEN: &str = "tests/house/manifests/rejected.golden";

#[tokio::test]
async fn the_api_server_refuses_and_accepts() -> Result<()> {
    let bed = Bed::start().await?;
    bed.install_crds().await?;
    let rejected = rejected(&bed).await;
    let accepted = accepted(&bed).await;
    let placed = placed_machines_are_applied_again(&bed).await;
    let examples = examples(&bed).await;
    bed.stop().await?;
    accepted?;
    placed?;
    examples?;
    compare(&rejected?)
}

/// What the API server says of each file that it refuses.
async fn rejected(bed: &Bed) -> Result<String> {
    let mut words = String::new();
    let files = tree::files("tests/house/manifests/rejected")?;
    ensure!(files.len() > 50, "the manifests are found");
    for file in &files {
        let said = attempt(bed, file).await.with_context(|| file.path.clone())?;
        ensure!(!said.ok, "{} is accepted: {}", file.path, said.text);
        let name = file.path.rsplit('/').next().unwrap_or(&file.path).trim_end_matches(".yaml");
        let why = file.text.lines().next().unwrap_or_default().trim_start_matches("# ");
        write!(words, "== {name}: {why}\n{}\n", said.text)?;
    }
    Ok(words)
}

async fn accepted(bed: &Bed) -> Result<()> {
    for file in tree::files("tests/house/manifests/accepted")? {
        let said = attempt(bed, &file).await.with_context(|| file.path.clone())?;
        ensure!(said.ok, "{} is refused: {}", file.path, said.text);
        ensure!(!said.text.contains("Warning"), "{}: {}", file.path, said.text);
    }
    Ok(())
}

/// Every manifest that users are shown, with no field unknown to the API server.
async fn examples(bed: &Bed) -> Result<()> {
    bed.kubectl(&["create", "namespace", "cyclades-system"], "").await?.done()?;
    for file in tree::files("examples")?.iter().filter(|file| file.is("yaml")) {
        let said = bed.kubectl(&["apply", "--dry-run=server", "-f", "-"], &file.text).await?;
        ensure!(said.ok && said.err.is_empty(), "{}: {}", file.path, said.err);
    }
    Ok(())
}

/// What an attempt came to.
struct Verdict {
    ok: bool,
    text: String,
}

/// Prepares and tries a file, dry and for real.
async fn attempt(bed: &Bed, file: &File) -> Result<Verdict> {
    let documents = manifests::documents(file)?;
    let (tried, given) = documents.split_last().context("it holds no document")?;
    for document in given {
        give(bed, document).await?;
    }
    let verb = file.text.lines().find_map(|line| line.strip_prefix("# kubectl: ")).unwrap_or("apply");
    // As it is written: YAML 1.1 is kubectl's to read.
    let text = file.text.rsplit("\n---\n").next().unwrap_or(&file.text);
    let dry = verdict(bed, &[verb, "--dry-run=server", "-f", "-"], text).await?;
    let real = verdict(bed, &[verb, "-f", "-"], text).await?;
    ensure!(
        dry.ok == real.ok && (dry.ok || dry.text == real.text),
        "dry: {}\nfor real: {}",
        dry.text,
        real.text
    );
    ensure!(tried["kind"].is_string(), "the last document has a kind");
    Ok(real)
}

async fn give(bed: &Bed, document: &Value) -> Result<()> {
    let text = document.to_string();
    bed.kubectl(&["apply", "-f", "-"], &text).await?.done()?;
    if document.get("status").is_some() {
        let status = ["apply", "--server-side", "--subresource=status", "--force-conflicts", "-f", "-"];
        bed.kubectl(&status, &text).await?.done()?;
    }
    Ok(())
}

async fn verdict(bed: &Bed, arguments: &[&str], input: &str) -> Result<Verdict> {
    let said = bed.kubectl(arguments, input).await?;
    // Several findings come in no order of their own.
    let (mut points, rest): (Vec<_>, Vec<_>) = said.err.lines().partition(|line| line.starts_with("* "));
    points.sort_unstable();
    Ok(Verdict { ok: said.ok, text: [rest, points].concat().join("\n") + "\n" })
}

/// A manifest that never named the backend does not take it away when it is applied again.
async fn placed_machines_are_applied_again(bed: &Bed) -> Result<()> {
    let manifest = |note: &str| {
        format!(
            "apiVersion: cyclades.io/v1alpha1\nkind: VirtualMachine\nmetadata: {{name: placed, namespace: default}}\n\
             spec: {{description: {note}, flavorRef: {{name: small}}, imageRef: {{name: guest}}}}\n"
        )
    };
    bed.kubectl(&["apply", "-f", "-"], &manifest("one")).await?.done()?;
    let patch = r#"{"spec":{"backendName":"ganeti-1"}}"#;
    bed.kubectl(&["patch", "vm", "placed", "--type=merge", "-p", patch], "").await?.done()?;
    bed.kubectl(&["apply", "-f", "-"], &manifest("two")).await?.done()?;
    let found = ["get", "vm", "placed", "-o", "jsonpath={.spec.description} {.spec.backendName}"];
    let found = bed.kubectl(&found, "").await?.done()?;
    ensure!(found == "two ganeti-1", "{found}");
    Ok(())
}

fn compare(words: &str) -> Result<()> {
    let path = tree::root().join(GOLDEN);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return std::fs::write(&path, words).context("write the golden file");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let differing: Vec<_> =
        words.split_inclusive("== ").filter(|part| !golden.contains(part.trim_end_matches("== "))).collect();
    assert!(
        golden == words,
        "the API server's words are not those of {GOLDEN}: read these, and if they are good, write them with \
         UPDATE_GOLDEN=1\n{}",
        differing.concat()
    );
    Ok(())
}
