//! The binary: commands and settings, and one clear sentence when something cannot start.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program talks to its user")]

mod cli;
mod people;
mod serve;
mod settings;
mod settle;

use crate::serve::say;
use choba::admin::{self, Places};
use choba::programs::{StartFault, center};
use clap::FromArgMatches as _;
use cli::{AdminCommand, BooksArgs, Cli, Program, TerminalAct, TerminalArgs};
use clock::Clock;
use std::process::ExitCode;

/// A payment makes some hundred small values on one thread and drops them on another, the hardest case for
/// the C library's allocator, which took a fifth of the center's time and more than half of the network's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    let matches = settings::parse::<Cli>(std::env::args_os().collect())?;
    let cli = Cli::from_arg_matches(&matches)?;
    if cli.show_config {
        if let Some((program, sub)) = matches.subcommand() {
            print!("{}", settings::shown(program, sub));
        }
        return Ok(ExitCode::SUCCESS);
    }
    serve::log();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        match cli.program {
            Program::Center(args) => serve::center(args).await,
            Program::Terminal(TerminalArgs { command: Some(command), .. }) => serve::pair(command).await,
            Program::Terminal(args) => serve::terminal(args).await,
            Program::Networks(args) => serve::networks(args).await,
            Program::Demo(args) => serve::demo(args).await,
            Program::Admin(command) => return admin(command).await,
        }
        .map(|()| ExitCode::SUCCESS)
    });
    Ok(done?)
}

async fn admin(command: AdminCommand) -> Result<ExitCode, StartFault> {
    match command {
        AdminCommand::Verify { books, json } => verify(books, json).await,
        AdminCommand::Export { which, books, json: _ } => {
            let places = Places::find(&books.data, books.database)?;
            let exported = blocking(move || admin::export(which, &places, &Clock::real())).await?;
            say(format_args!("{exported}"));
            Ok(ExitCode::SUCCESS)
        }
        AdminCommand::Migrate(args) => {
            let opened = center::open(&serve::center_settings(args, Clock::real()))?;
            opened.base.db.clone().close();
            say(format_args!("the center's database is up to date"));
            Ok(ExitCode::SUCCESS)
        }
        AdminCommand::People(command) => people::run(command).await,
        AdminCommand::Load { center, file } => {
            admin::load_cast(&serve::center_settings(center, Clock::real()), &file).await?;
            say(format_args!("loaded {}", file.display()));
            Ok(ExitCode::SUCCESS)
        }
        AdminCommand::BlockTerminal(TerminalAct { center, terminal, reason }) => {
            admin::block_terminal(&serve::center_settings(center, Clock::real()), &terminal, &reason).await?;
            say(format_args!("{terminal} is blocked"));
            Ok(ExitCode::SUCCESS)
        }
        AdminCommand::LetInTerminal(TerminalAct { center, terminal, reason }) => {
            let told = serve::center_settings(center, Clock::real());
            admin::let_in_terminal(&told, &terminal, &reason).await?;
            say(format_args!("{terminal} may work again"));
            Ok(ExitCode::SUCCESS)
        }
        AdminCommand::TerminalPassword { center, terminal } => {
            let told = serve::center_settings(center, Clock::real());
            let password = admin::terminal_password(&told, &terminal).await?;
            say(format_args!("terminal  {terminal}\npassword  {password}   (once, within 15 minutes)"));
            Ok(ExitCode::SUCCESS)
        }
        AdminCommand::Notice { center, number, out, json } => {
            let told = serve::center_settings(center, Clock::real());
            let written = admin::notice(&told, &number, &out).await?;
            let file = |name: &str| written.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
            let (pdf, zip) = (file("pdf"), file("zip"));
            if json {
                say(format_args!("{written}"));
            } else {
                say(format_args!("{pdf}\n{zip}"));
            }
            Ok(ExitCode::SUCCESS)
        }
        AdminCommand::Totals { center, on, json } => {
            let report = admin::totals(&serve::center_settings(center, Clock::real()), on).await?;
            let agreed = report.get("standing").is_some_and(|standing| standing == "in_balance");
            ended(&report, json, agreed, "the network agrees", "THE NETWORK HAS NOT AGREED")
        }
        AdminCommand::Settle(command) => settle::run(command).await,
    }
}

/// Shows what a command found; exit code 2 unless it is as it should be.
fn ended(
    found: &serde_json::Value,
    json: bool,
    good: bool,
    well: &str,
    ill: &str,
) -> Result<ExitCode, StartFault> {
    if json {
        say(format_args!("{found}"));
    } else {
        say(format_args!("{}", serde_json::to_string_pretty(found).map_err(StartFault::new)?));
        say(format_args!("{}", if good { well } else { ill }));
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

async fn verify(books: BooksArgs, json: bool) -> Result<ExitCode, StartFault> {
    let places = Places::find(&books.data, books.database)?;
    let report = blocking(move || admin::verify(&places, &Clock::real())).await?;
    let sound = report.get("sound").and_then(serde_json::Value::as_bool).unwrap_or(false);
    ended(&report, json, sound, "the books are sound", "THE BOOKS ARE NOT SOUND")
}

/// Runs work that blocks beside the runtime's own threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StartFault> + Send + 'static,
) -> Result<T, StartFault> {
    tokio::task::spawn_blocking(work).await.map_err(StartFault::new)?
}
