//! Chores of the house: `cargo xtask demo`, `cargo xtask test`, and the steps they are made of.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its user")]

mod assets;
mod fuzz;
mod machine;
mod order;
mod run;
mod test;
mod tidy;

use anyhow::{Result, bail};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask demo [--data DIR] [--port-base N] [--database URL] [--fresh] [--timers test]
                      build everything and run the whole of Choba on this machine
cargo xtask test      install what is missing and run every check
cargo xtask assets    build the web bundle (npm, esbuild)
cargo xtask tidy      the cheap checks: files, edges between crates, links, ids, licences
cargo xtask browser   only the browser pass (Chromium drives the demo)
cargo xtask bench     payments per second beside the raw limit, start-up time, click to paint
cargo xtask sim [--seeds N] [--from S] [--planted] [--story] [--bug NAME]
                      the seeded simulation, in the release build (docs/simulation.md)
cargo xtask crash     strike one program at every write, sync, send and connect; --help says more
cargo xtask crash-settle [--sample N]
                      strike closing and the bank file at every write and sync, begin again, compare bytes
cargo xtask fuzz [TARGET …] [--seconds N] [--keep]
                      coverage-guided fuzzers on every parser (crates/fuzzing)
cargo xtask hammer [--messages N] [--seed S]
                      mutated messages at every door of the running programs while payments go on
cargo xtask failover [--rounds N]
                      kill PostgreSQL's primary under load, let its standby take over
cargo xtask powercut  cut the power under the programs' file system (root, loop device)
cargo xtask hunt [--quick]
                      look for card numbers, tracks and PINs in everything that programs leave
cargo xtask order     what a start of the release build touches, for the linker (needs valgrind)
cargo xtask edges     print the table of edges between crates, for ARCHITECTURE.md";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    match dispatch(command, rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &str, rest: &[String]) -> Result<()> {
    match command {
        "demo" => demo(rest),
        "test" => test::everything(),
        "assets" => assets::build(),
        "tidy" => tidy::check(),
        "browser" => test::browser(),
        "bench" => bench(rest),
        "sim" => sim(rest),
        "fuzz" => fuzz::fuzz(rest),
        "order" => order::order(),
        "edges" => tidy::print_edges(),
        "crash" | "crash-settle" | "powercut" | "hunt" | "hammer" => checks(command, rest),
        "failover" => failover(rest),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => bail!("there is no `cargo xtask {other}`\n\n{HELP}"),
    }
}

/// Builds the bundle and the program, then becomes `choba demo`.
fn demo(rest: &[String]) -> Result<()> {
    run::step("web bundle", assets::build)?;
    run::step("choba (the first time takes some minutes)", || {
        run::cargo(&["build", "--package", "choba", "--bin", "choba"])
    })?;
    let binary = run::target_dir()?.join("debug").join("choba");
    let mut command = std::process::Command::new(binary);
    command.arg("demo").args(rest);
    run::become_command(command)
}

/// Many seeds, one story, or the planted bugs.
fn sim(rest: &[String]) -> Result<()> {
    let mut args = vec!["run", "--release", "--quiet", "--package", "sim", "--"];
    args.extend(rest.iter().map(String::as_str));
    run::cargo(&args)
}

/// The checks on the real programs, with their own flags (crates/crash).
fn checks(command: &str, rest: &[String]) -> Result<()> {
    let mut args = vec!["run", "--quiet", "--package", "crash", "--bin", "crash", "--", command];
    args.extend(rest.iter().map(String::as_str));
    run::cargo(&args)
}

/// PostgreSQL's primary killed under load (crates/stories/tests/failover).
fn failover(rest: &[String]) -> Result<()> {
    let mut args = vec!["test", "--quiet", "--package", "stories", "--test", "failover", "--"];
    args.extend(rest.iter().map(String::as_str));
    run::cargo(&args)
}

/// The promises of speed (docs/bench.md): `pay`, `start` and `iso8583` are programs of crates/stories,
/// `page` is the browser's. Without a name all of them run.
fn bench(rest: &[String]) -> Result<()> {
    // The build prints the size of every script, which is a promise too.
    run::step("web bundle", assets::build)?;
    run::cargo(&["build", "--release", "--package", "choba", "--bin", "choba"])?;
    let binary = run::target_dir()?.join("release").join("choba");
    let only_page = rest.first().is_some_and(|name| name == "page");
    if !only_page {
        let mut args = vec!["bench", "--package", "stories", "--bench", "promises", "--"];
        args.extend(rest.iter().map(String::as_str));
        run::cargo(&args)?;
    }
    let script = run::root().join("web/e2e/paint.mjs");
    if (only_page || rest.is_empty()) && script.exists() {
        run::shown(std::process::Command::new("node").arg(script).arg(binary))?;
    }
    Ok(())
}
