//! Every point of the chosen flows, or a sample of them, some at a time.

use crate::fault::Mode;
use crate::flow::{FLOWS, Flow};
use crate::point::{self, Outcome, Point, Tallies};
use crate::tools::{Tools, shuffled};
use crate::town::{Party, Template};
use anyhow::{Result, bail};
use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is swept.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Flows; all when empty.
    pub flows: Vec<&'static Flow>,
    /// Programs; all when empty.
    pub parties: Vec<Party>,
    /// Modes; all when empty.
    pub modes: Vec<Mode>,
    /// So many points, chosen by the seed, instead of all.
    pub sample: Option<usize>,
    /// Of the sample.
    pub seed: u64,
    /// Points below this number are left out.
    pub from: u32,
    /// This point alone.
    pub only: Option<u32>,
    /// Points at the same time.
    pub jobs: usize,
    /// Stop after so many violations; 0 never.
    pub stop_after: usize,
    /// Print every counted call.
    pub calls: bool,
    /// Go on when a flow is wrong without any fault: a planted bug may show there already.
    pub even_if_wrong: bool,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            flows: Vec::new(),
            parties: Vec::new(),
            modes: Vec::new(),
            sample: None,
            seed: 1,
            from: 1,
            only: None,
            jobs: 2,
            stop_after: 0,
            calls: false,
            even_if_wrong: false,
        }
    }
}

/// What came of a sweep.
#[derive(Debug, Default)]
pub struct Swept {
    /// Points that were reached.
    pub reached: usize,
    /// Points whose call was never made in their run: the number of calls differs a little between runs.
    pub unreached: usize,
    /// Reached points where something is wrong.
    pub violations: Vec<(Point, Outcome)>,
    /// The number of the reached point at which the first violation showed.
    pub first: Option<usize>,
    /// By flow, program and mode.
    pub tallies: Tallies,
    /// The longest time from the quiet counter to closed books.
    pub slowest: Duration,
    /// The whole.
    pub took: Duration,
}

struct Work {
    waiting: VecDeque<Point>,
    swept: Swept,
}

/// Sweeps and tells `out` about it.
pub fn sweep(tools: &Tools, wanted: &Wanted, out: &mut (dyn Write + Send)) -> Result<Swept> {
    let begun = Instant::now();
    let template = Template::prepare(tools)?;
    let points = points(&template, tools, wanted, out)?;
    writeln!(out, "{} points, {} at a time", points.len(), wanted.jobs)?;
    let work = Mutex::new(Work { waiting: points.into(), swept: Swept::default() });
    let out = Mutex::new(out);
    std::thread::scope(|scope| {
        for _ in 0..wanted.jobs.max(1) {
            scope.spawn(|| worker(&template, tools, wanted, &work, &out));
        }
    });
    let mut swept = work.into_inner().unwrap_or_else(PoisonError::into_inner).swept;
    swept.took = begun.elapsed();
    let mut out = out.into_inner().unwrap_or_else(PoisonError::into_inner);
    table(&mut out, &swept)?;
    Ok(swept)
}

fn worker(
    template: &Template,
    tools: &Tools,
    wanted: &Wanted,
    work: &Mutex<Work>,
    out: &Mutex<&mut (dyn Write + Send)>,
) {
    loop {
        let next = {
            let mut work = work.lock().unwrap_or_else(PoisonError::into_inner);
            let enough = wanted.stop_after > 0 && work.swept.violations.len() >= wanted.stop_after;
            if enough { None } else { work.waiting.pop_front() }
        };
        let Some(point) = next else { return };
        let outcome = point::run(template, tools, point);
        let mut work = work.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
        drop(tell(&mut **out, &mut work.swept, point, outcome));
    }
}

fn tell(out: &mut dyn Write, swept: &mut Swept, point: Point, outcome: Outcome) -> Result<()> {
    let broken = !outcome.problems.is_empty();
    if !outcome.fired && !broken {
        swept.unreached += 1;
        return Ok(());
    }
    swept.reached += 1;
    swept.slowest = swept.slowest.max(outcome.settled);
    let tally = swept.tallies.entry((point.flow.name, point.party, point.mode)).or_default();
    tally.points += 1;
    if swept.reached.is_multiple_of(50) {
        writeln!(out, "… {} points, {} violations", swept.reached, swept.violations.len())?;
    }
    if broken {
        tally.wrong += 1;
        swept.first.get_or_insert(swept.reached);
        writeln!(out, "\n✗ {}\n  at call {}", point.again(), outcome.call)?;
        for problem in &outcome.problems {
            writeln!(out, "  {problem}")?;
        }
        writeln!(out, "{}", outcome.story)?;
        if let Some(kept) = &outcome.kept {
            writeln!(out, "  the folder is kept: {}", kept.display())?;
        }
        swept.violations.push((point, outcome));
    }
    out.flush()?;
    Ok(())
}

fn or_all<T: Copy>(chosen: &[T], all: &[T]) -> Vec<T> {
    if chosen.is_empty() { all.to_vec() } else { chosen.to_vec() }
}

/// Counts the calls of every flow and lists the points. A count also proves the flow without any fault:
/// when that is wrong, nothing else is worth looking at.
fn points(
    template: &Template,
    tools: &Tools,
    wanted: &Wanted,
    out: &mut (dyn Write + Send),
) -> Result<Vec<Point>> {
    let all: Vec<&'static Flow> = FLOWS.iter().collect();
    let flows = or_all(&wanted.flows, &all);
    let parties = or_all(&wanted.parties, &Party::ALL);
    let modes = or_all(&wanted.modes, &Mode::ALL);
    let counts =
        if wanted.only.is_some() { Vec::new() } else { counts(template, tools, &flows, wanted.jobs) };
    let mut points = Vec::new();
    for (flow, outcome) in &counts {
        if !outcome.problems.is_empty() && !wanted.even_if_wrong {
            bail!("flow {} is wrong without any fault: {:?}\n{}", flow.name, outcome.problems, outcome.story);
        }
        for party in &parties {
            let calls = outcome.calls.get(party).map_or("", String::as_str);
            writeln!(out, "{:<8} {:<8} {:>3} calls", flow.name, party.word(), calls.lines().count())?;
            if wanted.calls {
                writeln!(out, "{calls}")?;
            }
            for mode in &modes {
                let range = wanted.from.max(1)..=mode.points(calls);
                points.extend(range.map(|at| Point { flow, party: *party, mode: *mode, at }));
            }
        }
    }
    if let Some(at) = wanted.only {
        for (flow, party) in flows.iter().flat_map(|flow| parties.iter().map(move |party| (*flow, *party))) {
            points.extend(modes.iter().map(|mode| Point { flow, party, mode: *mode, at }));
        }
    }
    // A sample, and a sweep that is stopped half-way, has seen something of every flow.
    shuffled(&mut points, wanted.seed);
    let mut ranks: BTreeMap<&str, usize> = BTreeMap::new();
    points.sort_by_cached_key(|point| {
        let rank = ranks.entry(point.flow.name).or_default();
        *rank += 1;
        *rank
    });
    points.truncate(wanted.sample.unwrap_or(usize::MAX));
    Ok(points)
}

/// Every flow without a fault, some at a time.
fn counts(
    template: &Template,
    tools: &Tools,
    flows: &[&'static Flow],
    jobs: usize,
) -> Vec<(&'static Flow, Outcome)> {
    let waiting = Mutex::new(flows.to_vec());
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
                    let Some(flow) = next else { return };
                    let outcome = point::count(template, tools, flow);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((flow, outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(flow, _)| flow.name);
    done
}

fn table(out: &mut dyn Write, swept: &Swept) -> Result<()> {
    writeln!(out, "\n| flow | struck | {} |", Mode::ALL.map(Mode::word).join(" | "))?;
    writeln!(out, "|---|---|{}", "---:|".repeat(Mode::ALL.len()))?;
    let mut rows: Vec<(&str, Party)> = swept.tallies.keys().map(|(flow, party, _)| (*flow, *party)).collect();
    rows.dedup();
    for (flow, party) in rows {
        let cells = Mode::ALL.map(|mode| match swept.tallies.get(&(flow, party, mode)) {
            None => String::new(),
            Some(tally) if tally.wrong == 0 => tally.points.to_string(),
            Some(tally) => format!("{} of {} wrong", tally.wrong, tally.points),
        });
        writeln!(out, "| {flow} | {} | {} |", party.word(), cells.join(" | "))?;
    }
    writeln!(
        out,
        "\n{} points, {} violations, {} not reached, books closed after at most {} ms, {} s",
        swept.reached,
        swept.violations.len(),
        swept.unreached,
        swept.slowest.as_millis(),
        swept.took.as_secs()
    )?;
    Ok(())
}
