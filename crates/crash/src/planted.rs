//! Bugs that the program can be told to have, and the proof that the sweep finds each of them.
//!
//! A green sweep proves nothing until a bug turns it red. The switches are compiled under the feature
//! `planted` alone (`crates/store/src/planted.rs`).

use crate::fault::Mode;
use crate::flow;
use crate::sweep::{Swept, Wanted, sweep};
use crate::tools::Tools;
use crate::town::Party;
use anyhow::{Context as _, Result};
use std::io::Write;

/// A planted bug.
#[derive(Clone, Copy, Debug)]
pub struct Bug {
    /// The value of `CHOBA_PLANTED`.
    pub name: &'static str,
    /// What is wrong with the program then.
    pub about: &'static str,
    /// The flow in which it shows for certain.
    flow: &'static str,
    /// Who must be struck for it.
    party: Party,
}

const fn bug(name: &'static str, party: Party, flow: &'static str, about: &'static str) -> Bug {
    Bug { name, about, flow, party }
}

/// Every bug that a killed process brings to light. `no-sync` needs a power cut (`cargo xtask powercut`).
///
/// One shows at one call alone, so every call of its flow is struck: a sample would find it by chance.
pub const BUGS: &[Bug] = &[
    bug(
        "forget-doubt",
        Party::Center,
        "chip",
        "the center forgets at its start what was asked and not answered",
    ),
    bug(
        "send-before-journal",
        Party::Terminal,
        "chip",
        "the terminal asks before it has journaled that it asks",
    ),
    bug("split-commit", Party::Center, "chip", "state and ledger of a payment are two commits"),
    bug("drop-outbox", Party::Center, "silent", "what the network must be told is not written down"),
    // It shows between the center's last commit and its answer.
    bug("silence-means-no", Party::Center, "tap", "the terminal takes a missing answer for a refusal"),
];

/// Looks for a bug, before and after every call that can show it, until the first violation.
pub fn hunt(tools: &Tools, bug: Bug, jobs: usize, out: &mut (dyn Write + Send)) -> Result<Swept> {
    let tools = Tools { planted: Some(bug.name.to_owned()), ..tools.clone() };
    let wanted = Wanted {
        flows: vec![flow::named(bug.flow).context("a flow")?],
        parties: vec![bug.party],
        modes: vec![Mode::Before, Mode::After],
        jobs,
        stop_after: 1,
        even_if_wrong: true,
        ..Wanted::default()
    };
    sweep(&tools, &wanted, out)
}

/// Hunts them all and prints a table; gives the names of those that were not found.
pub fn hunt_all(tools: &Tools, jobs: usize, out: &mut (dyn Write + Send)) -> Result<Vec<&'static str>> {
    let mut table = String::from("| planted bug | what is wrong | found after | by |\n|---|---|---:|---|\n");
    let mut missed = Vec::new();
    for bug in BUGS {
        let mut told = Vec::new();
        let swept = hunt(tools, *bug, jobs, &mut told)?;
        let found = swept.violations.first().zip(swept.first);
        let row = if let Some(((point, outcome), after)) = found {
            let by = outcome.problems.first().map_or("", String::as_str);
            let (party, mode, flow) = (point.party.word(), point.mode.word(), point.flow.name);
            let at = format!("{party} killed {mode} a call in flow {flow}");
            format!("| `{}` | {} | {after} points | {at}: {} |\n", bug.name, bug.about, without_ids(by))
        } else {
            missed.push(bug.name);
            format!("| `{}` | {} | **not found** in {} points | |\n", bug.name, bug.about, swept.reached)
        };
        write!(out, "{row}")?;
        out.flush()?;
        table.push_str(&row);
    }
    writeln!(out, "\n{table}")?;
    Ok(missed)
}

/// A sentence without payment ids, cut to a readable length.
fn without_ids(sentence: &str) -> String {
    let words = sentence.split(' ').filter(|word| !(word.len() > 30 && word.contains('-')));
    let text: String =
        words.collect::<Vec<_>>().join(" ").lines().next().unwrap_or_default().chars().take(90).collect();
    text.replace('|', "/")
}
