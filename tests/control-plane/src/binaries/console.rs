//! Running a build tool: its output is read as it comes, its time is bounded.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;

use crate::Error;

/// Lines kept of what a tool said, for the message when it fails.
const TAIL_LINES: usize = 30;

/// Runs a command to its end, hands every line of its standard error to `line`, returns its standard output.
///
/// `line` says whether the line is worth showing if the command fails.
///
/// # Errors
/// [`Error::Command`] with the last lines when it fails, [`Error::Timeout`] after `limit` (it is killed then).
pub(super) async fn run(
    what: &str,
    command: &mut Command,
    limit: Duration,
    mut line: impl FnMut(&str) -> bool,
) -> Result<String, Error> {
    let failed = |status: String, tail: String| Error::Command { what: what.to_owned(), status, tail };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| failed(error.to_string(), String::new()))?;
    let (Some(mut stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(failed("its output cannot be read".to_owned(), String::new()));
    };
    let mut tail: Vec<String> = Vec::new();
    let work = async {
        let mut output = String::new();
        let errors = async {
            let mut lines = BufReader::new(stderr).lines();
            while let Some(text) = lines.next_line().await? {
                if line(&text) {
                    if tail.len() == TAIL_LINES {
                        tail.remove(0);
                    }
                    tail.push(text);
                }
            }
            Ok::<_, std::io::Error>(())
        };
        tokio::try_join!(stdout.read_to_string(&mut output), errors)?;
        Ok::<_, std::io::Error>((child.wait().await?, output))
    };
    let ended = tokio::time::timeout(limit, work).await;
    let said = tail.join("\n");
    match ended {
        Ok(Ok((status, output))) if status.success() => Ok(output),
        Ok(Ok((status, _))) => Err(failed(status.to_string(), said)),
        Ok(Err(error)) => Err(failed(error.to_string(), said)),
        Err(_) => Err(Error::Timeout { what: what.to_owned(), after: limit, last: said }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn a_failure_shows_the_last_words() {
        let mut command = shell("seq 1 100 >&2; exit 3");
        let error =
            run("counting", &mut command, Duration::from_secs(30), |_| true).await.unwrap_err().to_string();
        assert!(error.starts_with("counting failed: exit status: 3\n71\n"), "{error}");
        assert!(error.ends_with("\n100"), "{error}");
    }

    #[tokio::test]
    async fn a_tool_that_hangs_is_ended() {
        let mut command = shell("echo waiting >&2; exec sleep 600");
        let error = run("waiting", &mut command, Duration::from_millis(300), |_| true).await.unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error}");
    }
}
