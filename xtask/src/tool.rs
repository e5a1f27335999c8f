//! Other programs that a developer may have.

use std::process::{ExitStatus, Stdio};

use anyhow::Context as _;
use tokio::process::Command;

/// A program with its arguments.
pub fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = if program == "cargo" { cyclades_bed::cargo() } else { Command::new(program) };
    command.args(arguments).kill_on_drop(true);
    command
}

/// Runs it with this process's terminal.
pub async fn run(command: &mut Command) -> anyhow::Result<ExitStatus> {
    let line = line(command);
    command.status().await.with_context(|| format!("cannot run {line}"))
}

/// Whether it can be run: `program --version` and the like end well.
pub async fn is_there(program: &str, arguments: &[&str]) -> bool {
    let mut command = command(program, arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().await.is_ok_and(|status| status.success())
}

/// As it would be typed.
pub fn line(command: &Command) -> String {
    let command = command.as_std();
    let program = std::path::Path::new(command.get_program());
    let words = std::iter::once(program.file_name().unwrap_or(program.as_os_str())).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Another program's end as our own.
pub fn exit_code(status: ExitStatus) -> std::process::ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    std::process::ExitCode::from(code)
}
