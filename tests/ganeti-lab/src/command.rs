//! Running programs, on the machine or inside a cluster's namespaces.

use std::ffi::OsStr;
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::{Error, ProcessId};

/// How long a command may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(pub Duration);

/// What `timeout` (coreutils) exits with when it had to end the command.
const TIMED_OUT: i32 = 124;

/// How much of a failed command's output an error carries, bytes.
const OUTPUT_TAIL: usize = 2000;

/// `program` with a known environment: the caller's `PYTHONPATH` or `LC_ALL` shall not change what Ganeti does.
fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", "/root")
        .env("LANG", "C.UTF-8")
        .current_dir("/");
    command
}

/// `nsenter` into the namespaces of `init`; the command to run is to follow as arguments.
/// The shell sets what a process brings along from its parent: Ganeti's other users must be able to read what it makes.
fn entering(init: ProcessId) -> Command {
    let mut command = program("nsenter");
    command.args(["--target", &init.pid().to_string(), "--net", "--uts", "--ipc", "--mount", "--pid", "--"]);
    command.args(["sh", "-c", "umask 022; cd /; exec \"$@\"", "lab"]);
    command
}

async fn output(
    command: &mut Command,
    argv: &[&str],
    input: Option<&str>,
    limit: Limit,
) -> Result<Output, Error> {
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let failed = |error: std::io::Error| not_started(argv, &error);
    let mut child = command.spawn().map_err(failed)?;
    let stdin = child.stdin.take();
    let finished = async {
        if let (Some(mut pipe), Some(text)) = (stdin, input) {
            // A program that ends without reading says why by its status.
            let _ = pipe.write_all(text.as_bytes()).await;
        }
        child.wait_with_output().await
    };
    match tokio::time::timeout(limit.0, finished).await {
        Ok(output) => output.map_err(failed),
        Err(_) => Err(timed_out(argv, limit)),
    }
}

fn not_started(argv: &[&str], error: &std::io::Error) -> Error {
    Error::Command { command: argv.join(" "), status: "not started".to_owned(), output: error.to_string() }
}

fn timed_out(argv: &[&str], limit: Limit) -> Error {
    Error::Timeout { what: format!("`{}` did not end", argv.join(" ")), after: limit.0 }
}

/// Runs `argv` on the machine and gives its standard output.
///
/// # Errors
/// [`Error::Command`] if it cannot be started or fails, [`Error::Timeout`].
pub(crate) async fn run(argv: &[&str], input: Option<&str>, limit: Limit) -> Result<String, Error> {
    run_with(argv, &[], input, limit).await
}

/// [`run`] with additions to the environment.
pub(crate) async fn run_with(
    argv: &[&str],
    environment: &[(&str, &str)],
    input: Option<&str>,
    limit: Limit,
) -> Result<String, Error> {
    let (name, arguments) = split(argv)?;
    let mut command = program(name);
    command.args(arguments).envs(environment.iter().copied());
    success(argv, output(&mut command, argv, input, limit).await?)
}

/// [`run`] inside a cluster.
pub(crate) async fn run_in(
    init: ProcessId,
    argv: &[&str],
    input: Option<&str>,
    limit: Limit,
) -> Result<String, Error> {
    success(argv, output_in(init, argv, input, limit).await?)
}

/// Runs `argv` inside a cluster and gives whatever came of it.
///
/// # Errors
/// [`Error::Command`] if it cannot be started, [`Error::Timeout`]; the command is ended then.
pub(crate) async fn output_in(
    init: ProcessId,
    argv: &[&str],
    input: Option<&str>,
    limit: Limit,
) -> Result<Output, Error> {
    let mut command = entering(init);
    // Ending `nsenter` would leave the command running inside: `timeout` is inside, too.
    command.args(["timeout", "--kill-after=5", &format!("{:.3}", limit.0.as_secs_f64())]).args(argv);
    let outer = Limit(limit.0 + Duration::from_secs(10));
    let output = output(&mut command, argv, input, outer).await?;
    if output.status.code() == Some(TIMED_OUT) {
        return Err(timed_out(argv, limit));
    }
    Ok(output)
}

/// Runs `argv` inside a cluster with the caller's terminal, for as long as it likes.
pub(crate) async fn status_in(init: ProcessId, argv: &[&str]) -> Result<ExitStatus, Error> {
    let mut command = entering(init);
    if let Some(terminal) = std::env::var_os("TERM") {
        command.env("TERM", terminal);
    }
    command.args(argv).status().await.map_err(|error| not_started(argv, &error))
}

fn split<'a>(argv: &'a [&'a str]) -> Result<(&'a str, &'a [&'a str]), Error> {
    argv.split_first()
        .map(|(name, arguments)| (*name, arguments))
        .ok_or_else(|| Error::Config("an empty command".to_owned()))
}

fn success(argv: &[&str], output: Output) -> Result<String, Error> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let mut all = text;
    all.push_str(&String::from_utf8_lossy(&output.stderr));
    Err(Error::Command {
        command: argv.join(" "),
        status: output.status.to_string(),
        output: tail(all.trim()).to_owned(),
    })
}

/// The end of `text`, where programs say why they failed.
pub(crate) fn tail(text: &str) -> &str {
    let start = text.len().saturating_sub(OUTPUT_TAIL);
    let start = (start..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::{Limit, run};
    use std::time::Duration;

    const LIMIT: Limit = Limit(Duration::from_secs(10));

    #[tokio::test]
    async fn gives_output_feeds_input_and_reports_failure() {
        assert_eq!(run(&["cat"], Some("text"), LIMIT).await.unwrap(), "text");
        let error =
            run(&["sh", "-c", "echo because >&2; exit 3"], None, LIMIT).await.unwrap_err().to_string();
        assert!(error.contains("because") && error.contains('3'), "{error}");
        assert!(
            run(&["no-such-program"], None, LIMIT).await.unwrap_err().to_string().contains("not started")
        );
        assert!(run(&[], None, LIMIT).await.is_err());
    }

    #[tokio::test]
    async fn gives_up_in_time() {
        let error = run(&["sleep", "60"], None, Limit(Duration::from_millis(50))).await.unwrap_err();
        assert!(matches!(error, crate::Error::Timeout { .. }), "{error}");
    }

    #[test]
    fn cuts_between_characters() {
        let text = "ä".repeat(2000);
        assert!(super::tail(&text).len() <= 2000);
    }
}
