//! Passwords and tokens stay where they belong.

use anyhow::{Context as _, Result, ensure};
use cyclades_e2e::{LONG, Stage, files_with};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::{FAKE, FAKE_BACKEND};

/// Looked for while a machine is made and after it is gone: in `ps`, in Ganeti's jobs and logs, in what Kubernetes shows,
/// in what the operator says of itself.
pub async fn no_password_is_anywhere_it_can_be_read(stage: &Stage) -> Result<()> {
    let space = stage.space("secrets").await?;
    let machine = space.apply("web", json!({"backendName": FAKE_BACKEND})).await?;
    let (password, folder) = {
        let bed = stage.bed().await;
        let lab = bed.cluster(FAKE)?.lab().context("a lab")?;
        (lab.write_credentials().password.expose_secret().to_owned(), lab.dir().to_path_buf())
    };
    let during = stage.exposes(&password).await?;
    machine.ready(LONG).await?;
    machine.delete().await?;
    machine.gone(LONG).await?;
    let after = stage.exposes(&password).await?;
    ensure!(during.is_empty() && after.is_empty(), "{during:?} {after:?}");

    let ids = stage.gnt(FAKE, &["gnt-job", "list", "--no-headers", "-o", "id"]).await?;
    let ids: Vec<&str> = ids.split_whitespace().collect();
    ensure!(ids.len() >= 3, "there are jobs to look at");
    let jobs = stage.gnt(FAKE, &[&["gnt-job", "info"], &ids[..]].concat()).await?;
    ensure!(jobs.contains("OP_INSTANCE_CREATE") && !jobs.contains(&password), "gnt-job info shows it");
    let logs = files_with(&folder.join("log"), &password);
    ensure!(logs.is_empty(), "Ganeti's logs have it: {logs:?}");
    // Where it does belong it is found, so the search works.
    ensure!(!files_with(&folder, &password).is_empty(), "it is not even where it belongs");
    Ok(())
}
