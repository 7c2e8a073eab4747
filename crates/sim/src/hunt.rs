//! Many seeds: the search for a broken promise, and for every planted bug the proof that it is found.

use crate::bug::Bug;
use crate::doubt;
use crate::run::{Ended, run};
use std::collections::BTreeMap;

/// What many seeds came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Seeds that ran.
    pub seeds: u64,
    /// Events in all of them.
    pub events: u64,
    /// Payments in all of them.
    pub payments: u64,
    /// The seeds that broke a promise; only the first few are kept.
    pub failed: Vec<Ended>,
    /// How many broke one.
    pub failures: u64,
    /// How long their doubts lasted once the links were back.
    pub doubts: doubt::Ended,
}

/// Failed seeds that are kept.
const KEPT: usize = 3;

/// Runs `count` seeds from `from`.
pub fn hunt(from: u64, count: u64) -> Report {
    let mut report = Report::default();
    for seed in from..from.saturating_add(count) {
        let ended = run(seed, false, None);
        report.seeds = report.seeds.saturating_add(1);
        report.events = report.events.saturating_add(u64::from(ended.events));
        report.payments = report.payments.saturating_add(u64::try_from(ended.payments).unwrap_or(0));
        report.doubts.merge(&ended.doubts);
        if ended.broken.is_some() {
            report.failures = report.failures.saturating_add(1);
            if report.failed.len() < KEPT {
                report.failed.push(ended);
            }
        }
    }
    report
}

/// How a planted bug was caught.
#[derive(Clone, Debug)]
pub struct Caught {
    /// Which.
    pub bug: Bug,
    /// Seeds until the first that saw it, from 1.
    pub first: Option<u64>,
    /// How many of the seeds saw it, by check.
    pub checks: BTreeMap<&'static str, u64>,
    /// Seeds that ran.
    pub seeds: u64,
    /// How long their doubts lasted once the links were back.
    pub doubts: doubt::Ended,
}

impl Caught {
    /// Seeds that saw it.
    pub fn times(&self) -> u64 {
        self.checks.values().sum()
    }
}

/// The check that no single seed can make.
const MOST_ARE_SHORT: &str = "99 % of the doubts end within ten seconds";
/// Doubts from which on it counts how long most of them lasted.
const ENOUGH_DOUBTS: u64 = 100;

/// Plants a bug in so many seeds.
pub fn catch(bug: Bug, from: u64, count: u64) -> Caught {
    let mut caught =
        Caught { bug, first: None, checks: BTreeMap::new(), seeds: count, doubts: doubt::Ended::default() };
    for (number, seed) in (1..).zip(from..from.saturating_add(count)) {
        let ended = run(seed, false, Some(bug));
        if let Some(broken) = ended.broken {
            caught.first = caught.first.or(Some(number));
            let times = caught.checks.entry(broken.check).or_default();
            *times = times.saturating_add(1);
        }
        // What no single story tells: most doubts are short.
        caught.doubts.merge(&ended.doubts);
        let found = &caught.doubts.found;
        if caught.first.is_none() && found.count() >= ENOUGH_DOUBTS && !found.most_are_short() {
            caught.first = Some(number);
            caught.checks.insert(MOST_ARE_SHORT, 1);
        }
    }
    caught
}

/// The table of all planted bugs.
pub fn planted(from: u64, count: u64) -> String {
    let mut text = String::from(
        "| bug | what it does | first caught by | after seeds | share of seeds |\n|---|---|---|---|---|\n",
    );
    for bug in Bug::ALL {
        let caught = catch(bug, from, count);
        let most =
            caught.checks.iter().max_by_key(|(_, times)| **times).map_or("nothing", |(check, _)| *check);
        let first = caught.first.map_or_else(|| "never".to_owned(), |first| first.to_string());
        let permille = caught.times().saturating_mul(1000).checked_div(count).unwrap_or(0);
        let share = match most {
            MOST_ARE_SHORT => "all together".to_owned(),
            _ => format!("{}.{} %", permille / 10, permille % 10),
        };
        text.push_str(&format!("| {} | {} | {most} | {first} | {share} |\n", bug.word(), bug.words()));
    }
    text
}

/// The story of a seed with its end, for people.
pub fn tell(seed: u64, bug: Option<Bug>) -> String {
    let ended = run(seed, true, bug);
    let mut text = ended.story.lines().join("\n");
    let end = match &ended.broken {
        Some(broken) => format!("\n\nseed {seed}: {}: {}", broken.check, broken.what),
        None => format!("\n\nseed {seed}: all promises kept"),
    };
    text.push_str(&end);
    let planted = bug.map_or_else(String::new, |bug| format!(" --bug {}", bug.word()));
    text.push_str(&format!("\nagain: cargo xtask sim --seeds 1 --from {seed}{planted} --story\n"));
    text
}

/// The hashes of many stories, a line a seed: the golden file that every build must reproduce.
pub fn hashes(from: u64, count: u64) -> String {
    let line = |seed| format!("{seed} {:016x}\n", run(seed, false, None).story.hash());
    (from..from.saturating_add(count)).map(line).collect()
}
