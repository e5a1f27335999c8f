//! The project's one menu.

mod bench;
mod chaos;
mod cli;
mod console;
mod demo;
mod down;
mod generate;
mod guest;
mod image;
mod lab;
mod lint;
mod lock;
mod setup;
mod signals;
mod state;
mod status;
mod test;
mod tool;
mod up;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Lab, Verb};
use crate::console::Console;
use crate::state::State;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome =
        runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(run(cli, &console)));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            console.error(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli, console: &Console) -> anyhow::Result<ExitCode> {
    let state = State::find(cli.state)?;
    match cli.verb {
        Verb::Demo(flags) => demo::run(&flags, &state, console).await,
        Verb::Test(flags) => test::run(&flags, console).await,
        Verb::Up(flags) => up::run(&flags, &state, console).await,
        Verb::Status => status::run(&state, console).await,
        Verb::Down => down::run(&state, console).await,
        Verb::Lab(Lab::Exec { number, command }) => lab::exec(&state, number, &command).await,
        Verb::Lab(Lab::Install) => lab::install(console).await,
        Verb::Gen(flags) => generate::run(&flags, console).await,
        Verb::Bench(flags) => bench::run(&flags),
        Verb::Chaos(flags) => chaos::run(&flags),
        Verb::Image(flags) => image::run(&flags, console).await,
        Verb::Lint => lint::run(console).await,
    }
}
