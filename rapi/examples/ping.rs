//! Asks a cluster for its name and version again and again and tells how long it took:
//! `RAPI_PASSWORD=… cargo run --example ping -- https://CLUSTER:5080 USER sha256:PIN [COUNT]`.

use std::io::Write;
use std::time::{Duration, Instant};

use ganeti_rapi::{Client, Config, Credentials, Trust};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let usage = "usage: RAPI_PASSWORD=… ping URL USER PIN [COUNT]";
    let mut args = std::env::args().skip(1);
    let (url, user, pin) = (args.next().ok_or(usage)?, args.next().ok_or(usage)?, args.next().ok_or(usage)?);
    let count: usize = args.next().map_or(Ok(1), |count| count.parse())?;
    let password = std::env::var("RAPI_PASSWORD").map_err(|_| usage)?;
    let client =
        Client::new(Config::new([url], Credentials::new(user, password), Trust::Pins(vec![pin.parse()?])))?;

    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        client.info().await?;
        times.push(start.elapsed());
    }
    let info = client.info().await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} runs Ganeti {} on {}", info.name, info.software_version, info.master)?;
    times.sort();
    let median = times.get(times.len() / 2).copied().unwrap_or(Duration::ZERO);
    let longest = times.last().copied().unwrap_or(Duration::ZERO);
    writeln!(out, "{count} requests: median {median:?}, longest {longest:?}")?;
    Ok(())
}
