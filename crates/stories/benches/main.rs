//! The promises of speed, each measured beside its limit in the same run. Method and figures: docs/bench.md.
//!
//! `cargo xtask bench [pay|start|store|iso8583|settle] [--option value]…` prints a JSON line for every round and a line
//! that begins with `verdict` for every promise.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod cast;
mod limit;
mod load;
mod machine;
mod options;
mod pay;
mod peers;
mod programs;
mod reader;
mod record;
mod settle;
mod start;
mod store_speed;
mod verdict;
mod wire;

use anyhow::{Result, bail};
use options::Options;

/// The product's: parts of it run in this process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    // cargo itself adds `--bench`.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let (names, options): (Vec<&String>, Vec<&String>) = match args.iter().position(|a| a.starts_with("--")) {
        Some(at) => (args.iter().take(at).collect(), args.iter().skip(at).collect()),
        None => (args.iter().collect(), Vec::new()),
    };
    let options = Options::read(&options)?;
    println!("{}", machine::describe());
    if names.is_empty() {
        start::run(&options)?;
        wire::run(&options)?;
        store_speed::run(&options)?;
        settle::run(&options)?;
        return pay::run(&options);
    }
    for name in names {
        match name.as_str() {
            "pay" => pay::run(&options)?,
            "start" => start::run(&options)?,
            "iso8583" => wire::run(&options)?,
            "store" => store_speed::run(&options)?,
            "settle" => settle::run(&options)?,
            other => bail!("there is no bench {other}: pay, start, store, iso8583, settle"),
        }
    }
    Ok(())
}
