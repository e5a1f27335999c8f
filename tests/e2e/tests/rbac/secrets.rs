//! Secrets with the log wide open.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::condition::Reason;
use cyclades_e2e::{LONG, SOON, Stage};
use ganeti_sim::{Fault, FaultKind, Matcher};
use secrecy::ExposeSecret as _;

/// RAPI's password, also while it is refused and while RAPI fails, and the token for the API server.
pub async fn no_secret_is_told_at_any_log_level(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("secrets").await?, stage.sim("secrets").await?);
    let user = cluster.sim.write_credentials();
    let password = user.password.expose_secret().to_owned();
    let machine = cluster.running(&space, "web").await?;

    let wrong = "this-is-not-the-password";
    cluster.backend.set_credentials(&user.username, wrong).await?;
    cluster.backend.not_ready(Reason::CredentialsRefused, SOON).await?;
    cluster.backend.set_credentials(&user.username, &password).await?;
    cluster.backend.ready(SOON).await?;
    let failing = FaultKind::Status { code: 500, message: "internal trouble".to_owned() };
    cluster.sim.add_fault(Fault { kind: failing, matcher: Matcher::default(), times: Some(8) });
    cluster.backend.ready(LONG).await?;
    machine.delete().await?;
    machine.gone(LONG).await?;

    let token = token(stage).await?;
    let basic = base64(&format!("{}:{password}", user.username));
    ensure!(stage.operator_log().contains("TRACE"), "the log is wide open");
    for secret in [password.as_str(), wrong, &basic, &token] {
        let places = stage.exposes(secret).await?;
        ensure!(places.is_empty(), "it is in {places:?}");
    }
    Ok(())
}

fn base64(text: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(text)
}

/// The operator's token, from its kubeconfig.
async fn token(stage: &Stage) -> Result<String> {
    let kubeconfig = stage.bed_mut().await.operator()?.kubeconfig().context("a kubeconfig")?;
    let text = std::fs::read_to_string(kubeconfig)?;
    let token = text.lines().find_map(|line| line.trim().trim_start_matches('"').strip_prefix("token"));
    let token = token.or_else(|| text.split("\"token\"").nth(1)).context("a token")?;
    let token =
        token.trim_start_matches(['"', ':', ' ']).split(['"', ',', '}']).next().context("a token")?.trim();
    ensure!(token.len() > 100, "that is no token");
    Ok(token.to_owned())
}
