//! `cargo xtask crash`, `cargo xtask powercut`, `cargo xtask hunt`: the checks from the command line.
#![expect(clippy::print_stderr, reason = "a command-line tool talks to its user")]

use anyhow::{Context as _, Result};
use clap::{Args, Parser};
use crash::fault::Mode;
use crash::flow::{self, FLOWS};
use crash::hammer::hammer;
use crash::hunt::hunt;
use crash::planted::hunt_all;
use crash::powercut;
use crash::settle;
use crash::sweep::{Wanted, sweep};
use crash::tools::Tools;
use crash::town::Party;
use std::process::ExitCode;

/// Checks on the real programs.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// Strikes one program of a running town at every call that writes, syncs, sends or connects, and
    /// compares the books.
    Crash(Sweep),
    /// Cuts the power under the file system of all programs and looks for what was acknowledged.
    Powercut(Power),
    /// Strikes closing and the bank file at every call that writes or syncs, begins again, and compares bytes.
    CrashSettle(Settle),
    /// Sends mutated messages to every door of the running programs while payments go on.
    Hammer(Blows),
    /// Pays with every card and looks for numbers, tracks and PINs in all that is left behind.
    Hunt(Game),
}

#[derive(Args)]
struct Power {
    /// So many cuts.
    #[arg(long, default_value_t = 40)]
    cuts: u32,
    /// Chooses the calls.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run a program that has this bug (`no-sync`): a cut must find it.
    #[arg(long)]
    planted: Option<String>,
}

#[derive(Args)]
struct Settle {
    /// So many points chosen by the seed, instead of all.
    #[arg(long)]
    sample: Option<usize>,
    /// Of the sample.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Points at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
}

#[derive(Args)]
struct Game {
    /// One card a way and one kind of trouble.
    #[arg(long)]
    quick: bool,
}

#[derive(Args)]
struct Blows {
    /// So many messages.
    #[arg(long, default_value_t = 100_000)]
    messages: usize,
    /// Chooses the damage.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Args)]
struct Sweep {
    /// A flow; may be repeated. All when none is named.
    #[arg(long)]
    flow: Vec<String>,
    /// Who is struck; may be repeated.
    #[arg(long, value_enum)]
    party: Vec<Party>,
    /// What happens at the call; may be repeated.
    #[arg(long, value_enum)]
    mode: Vec<Mode>,
    /// So many points chosen by the seed, instead of all.
    #[arg(long)]
    sample: Option<usize>,
    /// Of the sample.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Leave out the points below this number.
    #[arg(long, default_value_t = 1)]
    from: u32,
    /// This point alone.
    #[arg(long)]
    only: Option<u32>,
    /// Points at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Stop after so many violations; 0 never.
    #[arg(long, default_value_t = 0)]
    stop_after: usize,
    /// Print every counted call.
    #[arg(long)]
    calls: bool,
    /// Run a program that has this bug, or `all` one after the other: each must be found.
    #[arg(long)]
    planted: Option<String>,
    /// Run this program instead of the one that is built now.
    #[arg(long)]
    program: Option<std::path::PathBuf>,
    /// List the flows and stop.
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Crash(args) => run(args),
        Command::Powercut(args) => power(&args),
        Command::CrashSettle(args) => Tools::build(None)
            .and_then(|tools| {
                settle::sweep(&tools, args.sample, args.seed, args.jobs, &mut std::io::stdout())
            })
            .map(|settled| settled.problems.is_empty()),
        Command::Hammer(args) => Tools::build(None)
            .and_then(|tools| hammer(&tools, args.messages, args.seed, &mut std::io::stdout()))
            .map(|hammered| hammered.problems.is_empty()),
        Command::Hunt(args) => Tools::build(None)
            .and_then(|tools| hunt(&tools, args.quick, &mut std::io::stdout()))
            .map(|hunted| hunted.hits.is_empty()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn power(args: &Power) -> Result<bool> {
    if let Some(why) = powercut::impossible() {
        eprintln!("skipped: {why}");
        return Ok(true);
    }
    let tools = Tools::build(args.planted.as_deref())?;
    let mut out = std::io::stdout();
    let done = powercut::cuts(&tools, (args.cuts, args.seed), args.planted.is_some(), &mut out)?;
    eprintln!(
        "{} cuts, {} payments acknowledged before them, {} wrong",
        done.made, done.acknowledged, done.wrong
    );
    // A planted bug that no cut finds is the failure.
    Ok((done.wrong == 0) == args.planted.is_none())
}

fn run(args: Sweep) -> Result<bool> {
    if args.list {
        for flow in FLOWS {
            eprintln!("{:<10} {}", flow.name, flow.about);
        }
        return Ok(true);
    }
    let flows = args
        .flow
        .iter()
        .map(|name| flow::named(name).with_context(|| format!("there is no flow {name:?}")))
        .collect::<Result<Vec<_>>>()?;
    let planted = args.planted.as_deref();
    let tools = match args.program {
        Some(program) => Tools::of(program, planted)?,
        None => Tools::build(planted)?,
    };
    if planted == Some("all") {
        return Ok(hunt_all(&tools, args.jobs, &mut std::io::stdout())?.is_empty());
    }
    let wanted = Wanted {
        flows,
        parties: args.party,
        modes: args.mode,
        sample: args.sample,
        seed: args.seed,
        from: args.from,
        only: args.only,
        jobs: args.jobs,
        stop_after: args.stop_after,
        calls: args.calls,
        even_if_wrong: false,
    };
    let swept = sweep(&tools, &wanted, &mut std::io::stdout())?;
    Ok(swept.violations.is_empty())
}
