//! `cargo xtask sim`: many seeds, one story, or the planted bugs.
#![expect(clippy::print_stdout, reason = "a command-line tool talks to its user")]

use sim::{Bug, catch, hashes, hunt, planted, tell};
use std::process::ExitCode;
use std::time::Instant;

const HELP: &str = "cargo xtask sim [--seeds N] [--from S] [--planted] [--hashes] [--story] [--bug NAME]";

/// What was asked for.
struct Asked {
    seeds: u64,
    from: u64,
    planted: bool,
    hashes: bool,
    story: bool,
    bug: Option<Bug>,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match read(&args) {
        Ok(asked) if asked.hashes => {
            print!("{}", hashes(asked.from, asked.seeds));
            ExitCode::SUCCESS
        }
        Ok(asked) if asked.planted => {
            print!("{}", planted(asked.from, asked.seeds));
            ExitCode::SUCCESS
        }
        Ok(asked) if asked.story => {
            print!("{}", tell(asked.from, asked.bug));
            ExitCode::SUCCESS
        }
        Ok(asked) => {
            let same = same_as_ever();
            let kept = seeds(&asked);
            if same { kept } else { ExitCode::FAILURE }
        }
        Err(why) => {
            println!("{why}\n{HELP}");
            ExitCode::FAILURE
        }
    }
}

/// Compares the stories of 200 seeds with those of the test build.
fn same_as_ever() -> bool {
    let same = hashes(1, 200) == include_str!("../tests/golden/hashes.txt");
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    println!("200 seeds tell {} story in the {build} build", if same { "the same" } else { "ANOTHER" });
    same
}

fn seeds(asked: &Asked) -> ExitCode {
    if let Some(bug) = asked.bug {
        let caught = catch(bug, asked.from, asked.seeds);
        println!(
            "{}: seen in {} of {} seeds, first in {:?}",
            bug.word(),
            caught.times(),
            caught.seeds,
            caught.first
        );
        println!("doubts that the links' return found: {}", caught.doubts.found);
        println!("doubts that began afterwards: {}", caught.doubts.later);
        return if caught.first.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let begun = Instant::now();
    let report = hunt(asked.from, asked.seeds);
    let took_ms = begun.elapsed().as_millis().max(1);
    let per_s = u128::from(report.seeds).saturating_mul(1000) / took_ms;
    for ended in &report.failed {
        println!("{}", tell(ended.seed, None));
    }
    println!(
        "{} seeds from {}: {} payments, {} events, {} broken; {per_s} seeds/s",
        report.seeds, asked.from, report.payments, report.events, report.failures
    );
    println!("doubts that the links' return found: {}", report.doubts.found);
    println!("doubts that began afterwards: {}", report.doubts.later);
    if report.failures == 0 && report.doubts.found.most_are_short() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn read(args: &[String]) -> Result<Asked, String> {
    let mut asked = Asked { seeds: 20_000, from: 1, planted: false, hashes: false, story: false, bug: None };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        let number = |text: &String| text.parse().map_err(|_| format!("{arg}: not a number: {text}"));
        match arg.as_str() {
            "--seeds" => asked.seeds = number(value()?)?,
            "--from" => asked.from = number(value()?)?,
            "--planted" => asked.planted = true,
            "--hashes" => asked.hashes = true,
            "--story" => asked.story = true,
            "--bug" => {
                let word = value()?;
                asked.bug = Some(Bug::from_word(word).ok_or_else(|| format!("no such bug: {word}"))?);
            }
            _ => return Err(format!("unknown: {arg}")),
        }
    }
    Ok(asked)
}
