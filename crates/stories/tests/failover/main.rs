//! The primary of the center's database is killed under load and its standby takes over (R6): no payment
//! that was acknowledged is lost, none is doubled, and what had no answer is settled by its id.
//!
//! `cargo xtask failover --rounds 20` prints a JSON line for every round and a verdict. The test command
//! runs one round. Method and figures: docs/crash-points.md.
#![expect(clippy::print_stdout, reason = "a check on the machine prints its figures")]

mod books;
#[path = "../../benches/cast.rs"]
mod cast;
mod load;
#[expect(dead_code, reason = "the benches use the rest of it")]
#[path = "../../benches/reader.rs"]
mod reader;
mod town;

use anyhow::{Context as _, Result};
use load::{Load, Settled};
use serde_json::{Value, json};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use store::testing::{Node, Pair};
use town::{Town, until};

/// Terminals that pay, one payment at a time each.
const TERMINALS: usize = 32;
/// Payments approved before the primary is killed, after the standby took over, and beside an old primary
/// that has come back.
const PAYMENTS: usize = 100;
/// How long service may take to come back after the promotion (R6).
const SERVICE_BACK: Duration = Duration::from_secs(15);

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            println!("✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `--rounds N`; what a test command adds for its other programs is not for this one.
fn rounds() -> Result<u32> {
    let args: Vec<String> = std::env::args().collect();
    let given = args.iter().position(|arg| arg == "--rounds").and_then(|at| args.get(at + 1));
    given.map_or(Ok(1), |number| number.parse().with_context(|| format!("--rounds {number}")))
}

fn run() -> Result<bool> {
    let rounds = rounds()?;
    let pair = Pair::start();
    let town = Town::start(&pair, &cast::terminals(TERMINALS))?;
    let (mut primary, mut settled, mut wrong) = (Node::A, Settled::default(), Vec::new());
    let mut terminals = town.with_readers()?;
    for number in 1..=rounds {
        let load = Load::start(&town, terminals)?;
        let told = round(&pair, &town, &load, primary);
        let ended = load.end()?;
        terminals = ended.0;
        settled.extend(ended.1);
        let (mut told, mut found) = told?;
        found.extend(books::differences(&town, &settled)?);
        if let Some(line) = told.as_object_mut() {
            line.insert("round".into(), number.into());
            line.insert("acknowledged".into(), settled.taken.len().into());
            line.insert("not_taken".into(), settled.not_taken.len().into());
            line.insert("settled_by_id".into(), settled.by_id.into());
            line.insert("of_these_taken".into(), settled.by_id_taken.into());
            line.insert("commits_looked_up".into(), town.looked_up().into());
            line.insert("wrong".into(), found.clone().into());
        }
        println!("{told}");
        wrong.extend(found);
        primary = primary.other();
    }
    println!(
        "verdict failover: {rounds} primaries killed, {} payments acknowledged, {} settled by id, {} wrong",
        settled.taken.len(),
        settled.by_id,
        wrong.len()
    );
    if !wrong.is_empty() {
        println!("{}", town.said());
    }
    Ok(wrong.is_empty())
}

/// Kills the primary, lets the standby take over, lets the old primary come back and be passed over, and
/// makes it the new standby; payments go on all the time.
fn round(pair: &Pair, town: &Town, load: &Load, primary: Node) -> Result<(Value, Vec<String>)> {
    let standby = primary.other();
    until("payments before the kill", || load.approved() >= PAYMENTS)?;
    let rate = load.per_second();
    pair.kill(primary);
    let killed = Instant::now();
    pair.promote(standby);
    let promoted = killed.elapsed();
    let before = load.approved();
    until("the first payment after the promotion", || load.approved() > before)?;
    let back = killed.elapsed().saturating_sub(promoted);
    until("payments on the new primary", || load.approved() >= before + PAYMENTS)?;

    pair.come_back(primary);
    let old = books::rows(pair, primary)?;
    let kicked = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'choba'";
    pair.client(standby).batch_execute(kicked)?;
    let before = load.approved();
    until("payments beside the old primary", || load.approved() >= before + PAYMENTS)?;
    let old_after = books::rows(pair, primary)?;
    pair.kill(primary);
    pair.follow(primary);
    let before = load.approved();
    until("payments with the new standby", || load.approved() >= before + PAYMENTS / 4)?;

    let mut wrong = Vec::new();
    if old != old_after {
        wrong.push(format!("the old primary was written: {old:?}, then {old_after:?}"));
    }
    if back > SERVICE_BACK {
        wrong.push(format!("service came back {} ms after the promotion", back.as_millis()));
    }
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let line = json!({
        "check": "failover", "killed": format!("{primary:?}"), "terminals": town.tills(),
        "approved_per_s": u64::try_from(rate).unwrap_or(0), "promoted_ms": millis(promoted),
        "service_back_ms": millis(back),
    });
    Ok((line, wrong))
}
