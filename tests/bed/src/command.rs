//! Running a program to its end, with a bound.

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::Error;

/// How much of a failed command's words an error carries, bytes.
const OUTPUT_TAIL: usize = 3000;

/// Runs `command`, feeds it `input`, and gives whatever came of it.
///
/// # Errors
/// [`Error::Command`] if it cannot be started, [`Error::Timeout`] after `limit`; it is ended then.
pub(crate) async fn output(
    command: &mut Command,
    input: Option<&str>,
    limit: Duration,
) -> Result<Output, Error> {
    let line = line(command);
    let failed =
        |error: std::io::Error| failure(&line, "not started".to_owned(), error.to_string().as_bytes());
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(failed)?;
    let stdin = child.stdin.take();
    let finished = async {
        if let (Some(mut pipe), Some(text)) = (stdin, input) {
            // A program that ends without reading says why by its status.
            let _ = pipe.write_all(text.as_bytes()).await;
        }
        child.wait_with_output().await
    };
    match tokio::time::timeout(limit, finished).await {
        Ok(output) => output.map_err(failed),
        Err(_) => Err(Error::Timeout { what: format!("`{line}`"), after: limit, last: String::new() }),
    }
}

/// [`output`], where another status than 0 is an error and the standard output is what is wanted.
///
/// # Errors
/// As [`output`], and [`Error::Command`] with the end of what it said.
pub(crate) async fn run(
    command: &mut Command,
    input: Option<&str>,
    limit: Duration,
) -> Result<String, Error> {
    let output = output(command, input, limit).await?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
    Err(failure(&line(command), output.status.to_string(), said))
}

/// Program and arguments. No secret is ever among them: credentials travel by standard input or by file.
fn line(command: &Command) -> String {
    let command = command.as_std();
    let program = std::path::Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn failure(line: &str, status: String, said: &[u8]) -> Error {
    let text = String::from_utf8_lossy(&said[said.len().saturating_sub(OUTPUT_TAIL)..]);
    Error::Command { command: line.to_owned(), status, output: text.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn gives_output_feeds_input_and_reports_failure() {
        assert_eq!(run(&mut shell("cat"), Some("text"), LIMIT).await.unwrap(), "text");
        let error = run(&mut shell("echo because >&2; exit 3"), None, LIMIT).await.unwrap_err().to_string();
        assert!(
            error.starts_with("`sh -c") && error.contains("exit status: 3") && error.ends_with("because")
        );
    }

    #[tokio::test]
    async fn gives_up_in_time() {
        let error = run(&mut shell("sleep 60"), None, Duration::from_millis(50)).await.unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error}");
    }
}
