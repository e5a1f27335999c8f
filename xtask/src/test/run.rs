//! Running one test program.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use cyclades_bed::Programs;
use cyclades_control_plane::Progress as _;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::Sum;
use super::libtest::{self, Counts};
use super::plan::Part;
use crate::console::Console;
use crate::tool;

/// A test program that takes longer hangs: all of them together are meant to take less than twice as long.
const LIMIT: Duration = Duration::from_secs(25 * 60);

/// How often a long test program is said to be still at work.
const PULSE: Duration = Duration::from_secs(15);

/// Lines between the readers of a program's output and the one who keeps them.
const QUEUE: usize = 256;

/// Runs it, adds to the sum, and shows its whole output if it failed.
pub async fn part(
    part: &Part,
    programs: &Programs,
    without_lab: bool,
    sum: &mut Sum,
    console: &Console,
) -> anyhow::Result<()> {
    console.step(&part.to_string(), "");
    let begun = Instant::now();
    let mut seen = Seen::default();
    let failure = execute(part, programs, without_lab, &mut seen, console).await?;
    sum.passed += seen.counts.passed;
    sum.failed += seen.counts.failed;
    sum.left_out += seen.counts.left_out;
    sum.failures.extend(seen.failures.iter().map(|test| format!("{part}: {test}")));
    if let Some(how) = &failure {
        console.note(&seen.output.join("\n"));
        if seen.counts.failed == 0 {
            sum.check(&format!("{part} ({how})"), false);
        }
    }
    let Counts { passed, failed, left_out } = seen.counts;
    let others = if left_out > 0 { format!(", {left_out} left out") } else { String::new() };
    console
        .line(&format!("{passed} passed, {failed} failed{others} in {:.1} s", begun.elapsed().as_secs_f64()));
    Ok(())
}

/// What a test program has printed so far.
#[derive(Debug, Default)]
struct Seen {
    counts: Counts,
    failures: Vec<String>,
    tests: usize,
    output: Vec<String>,
}

impl Seen {
    fn read(&mut self, line: String) {
        libtest::read(&mut self.counts, &line);
        self.failures.extend(libtest::failure(&line).map(str::to_owned));
        if line.starts_with("test ") && line.contains(" ... ") {
            self.tests += 1;
        }
        self.output.push(line);
    }
}

/// How it failed, if it did.
async fn execute(
    part: &Part,
    programs: &Programs,
    without_lab: bool,
    seen: &mut Seen,
    console: &Console,
) -> anyhow::Result<Option<String>> {
    let mut command = command(part, programs, without_lab);
    let mut child = command.spawn().with_context(|| format!("cannot run {part}"))?;
    let (lines, mut read) = channel(QUEUE);
    child.stdout.take().map(|stream| follow(stream, lines.clone()));
    child.stderr.take().map(|stream| follow(stream, lines));
    let work = async {
        listen(&mut read, seen, console).await;
        child.wait().await
    };
    let ended = tokio::time::timeout(LIMIT, work).await;
    match ended {
        Ok(status) => {
            let status = status?;
            Ok((!status.success()).then(|| status.to_string()))
        }
        Err(_) => Ok(Some(format!("not done after {} min", LIMIT.as_secs() / 60))),
    }
}

fn command(part: &Part, programs: &Programs, without_lab: bool) -> Command {
    let mut command = match &part.executable {
        Some(executable) => {
            let mut command = Command::new(executable);
            command.current_dir(&part.folder).env("CARGO_MANIFEST_DIR", &part.folder);
            command
        }
        None => tool::command("cargo", &["test", "--workspace", "--doc", "--quiet"]),
    };
    if without_lab {
        // Suites that share a bed mark their cases as ignored; others have `lab` in the names of such tests.
        command.args(["--skip", "lab"]).env("CYCLADES_LAB", "off");
    }
    // Built once for all, so that no test program waits for cargo.
    command.env("CYCLADES_OPERATOR", &programs.own.operator).env("GANETI_SIM", &programs.own.sim);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Sends every line until the end of the stream.
fn follow(
    stream: impl AsyncRead + Unpin + Send + 'static,
    lines: Sender<String>,
) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut reader = BufReader::new(stream);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).await.is_ok_and(|length| length > 0) {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            if lines.send(line).await.is_err() {
                return;
            }
            bytes.clear();
        }
    })
}

/// Reads until both streams have ended; says from time to time how far it is.
async fn listen(lines: &mut Receiver<String>, seen: &mut Seen, console: &Console) {
    let mut pulse = tokio::time::interval_at(tokio::time::Instant::now() + PULSE, PULSE);
    loop {
        tokio::select! {
            line = lines.recv() => match line {
                Some(line) => seen.read(line),
                None => return,
            },
            _ = pulse.tick() => console.line(&format!("{} tests done so far", seen.tests)),
        }
    }
}
